/*
 * mailmig runs: what a state directory has seen.
 */
#include "cli/state.h"

#include "base/human.h"

#include <jansson.h>

static void
put_json(const struct ledger_run *run)
{
	json_t *object =
	    json_pack("{s:I,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}",
		"run", (json_int_t)run->id, "command",
		run->command ? run->command : "", "begun",
		(json_int_t)run->begun_s, "ended", (json_int_t)run->ended_s,
		"exit_status", (json_int_t)run->exit_status, "found",
		(json_int_t)run->counts.found, "moved",
		(json_int_t)run->counts.moved, "filtered",
		(json_int_t)run->counts.filtered, "there",
		(json_int_t)run->counts.there, "failed",
		(json_int_t)run->counts.failed, "bytes", (json_int_t)run->bytes,
		"warnings", (json_int_t)run->warnings, "errors",
		(json_int_t)run->errors);

	if (run->ended_s == 0) {
		json_object_set_new(object, "ended", json_null());
		json_object_set_new(object, "exit_status", json_null());
	}
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void
put_row(GPtrArray *cells, const struct ledger_run *run)
{
	bool ended = run->ended_s != 0;

	g_ptr_array_add(cells, g_strdup_printf("%" G_GUINT64_FORMAT, run->id));
	g_ptr_array_add(cells, cli_state_time(run->begun_s));
	g_ptr_array_add(cells, ended
				   ? human_duration(run->ended_s - run->begun_s)
				   : g_strdup("cut"));
	g_ptr_array_add(cells, human_count(run->counts.found));
	g_ptr_array_add(cells, human_count(run->counts.moved));
	g_ptr_array_add(cells, human_count(run->counts.failed));
	g_ptr_array_add(cells, g_strdup(!ended			? ""
					: run->exit_status == 0 ? "ok"
					: run->exit_status == 1 ? "warnings"
								: "errors"));
	g_ptr_array_add(
	    cells, human_cut(run->command ? run->command : "", 100));
}

int
cmd_runs(struct cli *cli)
{
	static const char *const headings[] = {
	    "run", "begun", "took", "found", "moved", "failed", "", "command"};
	g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GArray) runs =
	    g_array_new(FALSE, FALSE, sizeof(struct ledger_run));
	g_autoptr(Ledger) ledger = NULL;
	g_autoptr(GError) error = NULL;
	int status = cli_state_open(cli, &ledger);

	if (status >= 0)
		return status;
	g_array_set_clear_func(runs, (GDestroyNotify)ledger_run_clear);
	if (ledger_run_list(ledger, runs, &error) < 0)
		return cli_fail(error);
	for (guint i = 0; i < G_N_ELEMENTS(headings); i++)
		g_ptr_array_add(cells, g_strdup(headings[i]));
	for (guint i = 0; i < runs->len; i++) {
		const struct ledger_run *run =
		    &g_array_index(runs, struct ledger_run, i);

		if (cli->on[CLI_JSON])
			put_json(run);
		else
			put_row(cells, run);
	}
	if (!cli->on[CLI_JSON])
		cli_table(stdout, cells, G_N_ELEMENTS(headings), 0x3d);
	return 0;
}
