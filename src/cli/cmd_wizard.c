/*
 * mailmig wizard [PLAN], and mailmig alone on a terminal: pages that edit a
 * plan, then save or run it.
 */
#include "cli/command.h"

#include "ui/live.h"
#include "ui/wizard.h"

static int
save(const Plan *plan, const char *path)
{
	g_autofree char *text = plan_to_text(plan);
	g_autoptr(GError) error = NULL;

	if (!g_file_set_contents_full(
		path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error)) {
		cli_say("the plan was not saved: %s", error->message);
		return 2;
	}
	printf("The plan is in %s.\nTry it:  mailmig check %s\nRun it:  "
	       "mailmig run %s\n",
	    path, path, path);
	return 0;
}

/* Typed passwords go on as the environment variables that the plan names. */
static void
hand_over(const struct plan_end *end, bool source)
{
	const char *password = ui_wizard_password(source);

	if (password != NULL && end->secret.env != NULL)
		g_setenv(end->secret.env, password, TRUE);
}

struct shown {
	UiLive *live;
	bool again; /* back to the pages */
};

static void
on_begin(void *user, const Plan *plan)
{
	struct shown *shown = user;

	shown->live = ui_live_open(plan);
}

static void
on_event(void *user, const Event *event)
{
	struct shown *shown = user;

	ui_live_event(shown->live, event);
}

static void
on_tick(void *user, volatile int *stop)
{
	struct shown *shown = user;

	ui_live_tick(shown->live, stop);
}

static void
on_failed(void *user, const GError *error)
{
	struct shown *shown = user;

	shown->again = ui_live_failed(shown->live, error->message);
	g_clear_pointer(&shown->live, ui_live_close);
}

static void
on_end(void *user, const UiReport *report, const char *path)
{
	struct shown *shown = user;

	shown->again = ui_live_result(shown->live, report, path);
	g_clear_pointer(&shown->live, ui_live_close);
}

/* The run that the pages described, as a page of its own. A copy of their plan
 * is finished, so that they can change it afterwards. */
static int
run(struct cli *cli, bool *again)
{
	struct shown shown = {0};
	const struct cli_screen screen = {
	    on_begin, on_event, on_tick, on_failed, on_end, &shown};
	g_autofree char *text = plan_to_text(cli->plan);
	g_autoptr(GError) error = NULL;
	Plan *pages = cli->plan;
	int status;

	cli->plan = plan_new();
	cli->screen = &screen;
	if (plan_load_text(cli->plan, text, "plan", &error) < 0) {
		status = cli_fail(error);
	} else {
		hand_over(&cli->plan->from, true);
		hand_over(&cli->plan->to, false);
		status = cli_pass(cli, false, false);
	}
	ui_live_close(shown.live);
	plan_free(cli->plan);
	cli->plan = pages;
	cli->screen = NULL;
	*again = shown.again;
	return status;
}

int
cmd_wizard(struct cli *cli)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	enum ui_wizard_end end = UI_CANCEL;
	bool again = false;
	int status = 0;

	if (cli->arguments->len > 0 &&
	    plan_load(cli->plan, cli->arguments->pdata[0], &error) < 0)
		return cli_fail(error);
	do {
		g_clear_pointer(&path, g_free);
		if (ui_wizard(cli->plan, cli->starter, again, &end, &path,
			&error) < 0)
			return cli_fail(error);
		again = false;
		if (end == UI_SAVE)
			status = save(cli->plan, path);
		else if (end == UI_RUN)
			status = run(cli, &again);
		else if (end == UI_CANCEL)
			printf("Cancelled; nothing was done.\n");
	} while (again);
	ui_wizard_forget();
	return status;
}
