/*
 * mailmig extract: the first step of two. It is a migration to migration files.
 */
#include "cli/command.h"

#include <string.h>

int
cmd_extract(struct cli *cli)
{
	const Plan *plan = cli->plan;

	if (plan->to.text != NULL &&
	    strcmp(plan->to.url.scheme, "files") != 0) {
		cli_say("extract writes migration files: --to files:DIR; to "
			"move mail to %s in one step, use 'mailmig migrate'",
		    plan->to.text);
		return CLI_USAGE;
	}
	return cli_pass(cli, false, false);
}
