/*
 * mailmig plan: a plan file to begin with, on standard output.
 */
#include "cli/command.h"

static void
warn_password(const struct plan_end *end, const char *side)
{
	if (end->url.password != NULL)
		cli_say("warning: the password in %s is not written into the "
			"plan, which says where one comes from; fill in "
			"password-file or password-command of [%s]",
		    end->text, side);
}

int
cmd_plan(struct cli *cli)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	if (plan_check_ends(cli->plan, true, &error) < 0)
		return cli_fail(error);
	warn_password(&cli->plan->from, "from");
	warn_password(&cli->plan->to, "to");
	text = plan_example(cli->plan);
	fputs(text, stdout);
	return 0;
}
