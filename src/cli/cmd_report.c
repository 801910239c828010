/*
 * mailmig report [RUN]: the report of a run, made anew from its event log.
 */
#include "cli/state.h"

#include "event/log.h"
#include "ui/report.h"

#include <string.h>

char *
cli_report_path(const char *state_dir, const char *name, const char *suffix)
{
	g_autofree char *file = g_strconcat(name, suffix, NULL);

	return g_build_filename(state_dir, "reports", file, NULL);
}

static void
put(const UiReport *report, void (*make)(const UiReport *report, GString *out))
{
	GString *text = g_string_new(NULL);

	make(report, text);
	fwrite(text->str, 1, text->len, stdout);
	g_string_free(text, TRUE);
}

static void
html(const UiReport *report, GString *out)
{
	ui_report_html(report, MAILMIG_VERSION, out);
}

static void
json(const UiReport *report, GString *out)
{
	ui_report_json(report, MAILMIG_VERSION, out);
}

/* Without a switch: files, and where they are. */
static int
save(const UiReport *report, const char *state_dir, guint64 run)
{
	static const char *const suffixes[] = {
	    ".html", ".csv", "-failures.csv", ".json"};
	g_autofree char *dir = g_build_filename(state_dir, "reports", NULL);
	g_autofree char *name = g_strdup_printf("%" G_GUINT64_FORMAT, run);
	g_autoptr(GError) error = NULL;

	if (ui_report_save(report, dir, name, MAILMIG_VERSION, &error) < 0)
		return cli_fail(error);
	for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path =
		    cli_report_path(state_dir, name, suffixes[i]);

		printf("%s\n", path);
	}
	return 0;
}

int
cmd_report(struct cli *cli)
{
	g_autoptr(UiReport) report = ui_report_new();
	const char *state_dir = cli->plan->state_dir;
	g_autoptr(Ledger) ledger = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	struct ledger_run run;
	int status = cli_state_open(cli, &ledger);

	if (status < 0)
		status = cli_state_run(cli, ledger, &run);
	if (status >= 0)
		return status;
	path = event_log_path(state_dir, run.id);
	report->run = run.id;
	ledger_run_clear(&run);
	if (ui_report_read(report, path, &error) < 0)
		return cli_fail(error);
	if (cli->on[CLI_HTML])
		put(report, html);
	else if (cli->on[CLI_CSV])
		put(report, ui_report_csv);
	else if (cli->on[CLI_FAILURES])
		put(report, ui_report_items_csv);
	else if (cli->on[CLI_JSON])
		put(report, json);
	else
		return save(report, state_dir, report->run);
	return 0;
}
