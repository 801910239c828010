/*
 * mailmig import: the second step of two. It is a migration from migration
 * files.
 */
#include "cli/command.h"

#include <string.h>

int
cmd_import(struct cli *cli)
{
	const Plan *plan = cli->plan;

	if (strcmp(plan->from.url.scheme, "files") != 0) {
		cli_say("import reads migration files: files:DIR; to move mail "
			"from %s in one step, use 'mailmig migrate'",
		    plan->from.text);
		return CLI_USAGE;
	}
	return cli_pass(cli, false, false);
}
