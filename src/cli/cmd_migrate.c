/*
 * mailmig migrate: one step.
 */
#include "cli/command.h"

int
cmd_migrate(struct cli *cli)
{
	return cli_pass(cli, false, false);
}
