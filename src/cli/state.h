/*
 * What status, runs and resume share: a state directory, looked at.
 */
#ifndef MAILMIG_CLI_STATE_H
#define MAILMIG_CLI_STATE_H

#include "cli/command.h"
#include "state/ledger.h"

/* Opens the ledger of --state. -1 to go on; else what is wrong has been said:
 * a directory without a ledger is not made into one. */
int cli_state_open(struct cli *cli, Ledger **out);
/* The run named by the first argument, or the last one; *out is cleared with
 * ledger_run_clear(). -1 to go on. */
int cli_state_run(struct cli *cli, Ledger *ledger, struct ledger_run *out);
/* "2026-11-21 03:15:07" in local time; g_free(). */
char *cli_state_time(gint64 seconds);

#endif
