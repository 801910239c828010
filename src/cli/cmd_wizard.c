/*
 * mailmig wizard [PLAN], and mailmig alone on a terminal: pages that edit a
 * plan, then save or run it.
 */
#include "cli/command.h"

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

int
cmd_wizard(struct cli *cli)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	enum ui_wizard_end end;
	int status = 0;

	if (cli->arguments->len > 0 &&
	    plan_load(cli->plan, cli->arguments->pdata[0], &error) < 0)
		return cli_fail(error);
	if (ui_wizard(cli->plan, &end, &path, &error) < 0)
		return cli_fail(error);
	switch (end) {
	case UI_CANCEL:
		printf("Cancelled; nothing was done.\n");
		break;
	case UI_SAVE:
		status = save(cli->plan, path);
		break;
	case UI_RUN:
		hand_over(&cli->plan->from, true);
		hand_over(&cli->plan->to, false);
		status = cli_pass(cli, false, false);
		break;
	}
	ui_wizard_forget();
	return status;
}
