/*
 * mailmig resume [RUN]: the same plan again, for what is not done.
 */
#include "cli/state.h"

int
cmd_resume(struct cli *cli)
{
	g_autofree char *dir = g_strdup(cli->plan->state_dir);
	g_autoptr(Ledger) ledger = NULL;
	g_autoptr(GError) error = NULL;
	struct ledger_run run;
	guint64 id;
	int status = cli_state_open(cli, &ledger);

	if (status < 0)
		status = cli_state_run(cli, ledger, &run);
	if (status >= 0)
		return status;
	id = run.id;
	ledger_run_clear(&run);
	g_clear_pointer(&ledger, ledger_close);
	if (plan_run_load(cli->plan, dir, id, &error) < 0)
		return cli_fail(error);
	/* Where it is now, should it have been moved. */
	if (plan_set(cli->plan, "run", "state", dir, &error) < 0)
		return cli_fail(error);
	return cli_pass(cli, false, true);
}
