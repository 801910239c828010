/*
 * A run: one pass of a plan over its mailboxes, by worker processes, into one
 * ledger. The parent of a run has workers started (engine/starter.h), reads
 * their events, and is the only one that counts and reports.
 */
#ifndef MAILMIG_ENGINE_RUN_H
#define MAILMIG_ENGINE_RUN_H

#include "engine/plan.h"
#include "engine/starter.h"
#include "event/event.h"

/* The books of a mailbox or a run: found == moved + filtered + there + failed. */
struct books {
	gint64 found, moved, filtered, there, failed; /* messages */
	gint64 updated; /* of there: flags carried over */
	gint64 bytes; /* octets moved */
	gint64 folders, others; /* folders made; recipients, address-book entries */
	gint64 warnings, errors; /* events */
	gint64 mailboxes, mailboxes_failed;
};
bool books_balance(const struct books *books);
/* The counters are made of events alone: apply one. */
void books_apply(struct books *books, const Event *event);

/* Gets every event of the run, the workers' too, in order of arrival. */
typedef void (*run_sink)(const Event *event, void *user);
/* Called several times a second, for progress. */
typedef void (*run_tick)(void *user);

struct run_params {
	const Plan *plan; /* finished */
	const char *command; /* as typed, without secrets, for the ledger */
	Starter *starter; /* of workers */
	run_sink sink;
	run_tick tick;
	void *user;
	bool retry_failed_only; /* resume: only jobs that are not done */
	/* What people ask for meanwhile; each may be NULL. */
	volatile int *stop;   /* end soon */
	volatile int *pause;  /* rest while it is set */
	volatile int *finish; /* begin no more mailboxes */
};
/* Before anybody is asked for a password: ST_RUN with ERR_REFUSED when a run
 * is under way in the state directory. */
enum status run_look(const char *state_dir, GError **error);
/*
 * One pass. ST_OK: it went to its end, good or bad: see books (exit status 0
 * when nothing is wrong, 1 with warnings, 2 when a message, mailbox or the run
 * failed: run_exit_status()). ST_RUN: it could not begin (state directory in use,
 * source not there).
 */
enum status run_pass(const struct run_params *params, struct books *total,
    GError **error);
int run_exit_status(const struct books *total);

/* The worker's side: claims jobs until none is left;
 * events go to fd out as JSON lines. */
enum status worker_main(const char *state_dir, guint64 run, guint worker,
    int out, GError **error);

/* Compare both ends, content by content; events per difference; the books hold
 * found (source), there (equal), failed (missing, extra or different). */
enum status run_verify(const struct run_params *params, struct books *total,
    GError **error);
/* What it compares at a destination that does not keep octets, in words; NULL:
 * octets, dates, flags. */
const char *run_verify_compares(const Plan *plan);

#endif
