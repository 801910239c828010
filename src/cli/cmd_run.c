/*
 * mailmig run PLAN: what a plan file says. The parser has read it.
 */
#include "cli/command.h"

int
cmd_run(struct cli *cli)
{
	return cli_pass(cli, false, false);
}
