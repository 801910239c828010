/*
 * Which mailboxes a plan means: those of its accounts, or those that its source
 * lists; and how they are entered in the ledger, the same on every run.
 */
#ifndef MAILMIG_ENGINE_JOBS_H
#define MAILMIG_ENGINE_JOBS_H

#include "engine/plan.h"
#include "state/ledger.h"

struct wanted {
	char *mailbox, *ref, *destination;
	gint64 account; /* index in plan->accounts, or -1 */
	gint64 messages; /* as the source listed it; -1: not known */
	bool is_public, no_mail;
	bool entered; /* it has a job in this run: jobs_enter() */
};
void wanted_free(struct wanted *wanted);

/*
 * out: of struct wanted. missing: of char *, names in the accounts file that
 * the source does not list; left_out: of char *, mailboxes without an account.
 * The source is opened only when it must be asked. ST_RUN when it cannot be
 * read, or holds no mailbox.
 */
enum status jobs_list(const Plan *plan, GPtrArray *out, GPtrArray *missing,
    GPtrArray *left_out, GError **error);
/* In one transaction. *shares: how many were entered. */
enum status jobs_enter(Ledger *ledger, const Plan *plan, guint64 run,
    const GPtrArray *wanted, bool unfinished_only, guint *jobs, guint *shares,
    GError **error);

#endif
