/*
 * mailmig verify: both ends, compared.
 */
#include "cli/command.h"

int
cmd_verify(struct cli *cli)
{
	return cli_pass(cli, true, false);
}
