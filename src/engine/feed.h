/*
 * The feed: where the events of a worker come from. It knows whose they are
 * (run, worker, mailbox, job), and writes them as lines to the parent of the
 * run, or hands them to a sink when the parent itself is at work.
 *
 * Two kinds. feed_tell() is for what just happened. feed_count() is for events
 * that the books are made of: they may be told only when the ledger has what
 * they say, and must not be lost or told twice when the worker is killed in
 * between. So they are collected with a serial number each, entered in the
 * ledger's outbox in the very transaction that makes them true, and told after
 * it; the next attempt of the same run tells them again, and the parent drops
 * the serials it has seen.
 */
#ifndef MAILMIG_ENGINE_FEED_H
#define MAILMIG_ENGINE_FEED_H

#include "engine/run.h"
#include "state/ledger.h"

typedef struct Feed Feed;

/* Lines go to fd; nobody reading any more sets *stop. */
Feed *feed_new(int fd, volatile int *stop, guint64 run, guint worker);
Feed *feed_new_sink(run_sink sink, void *user, guint64 run);
void feed_free(Feed *feed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Feed, feed_free)

/* Whose events follow; NULL: nobody's. share must live as long. */
void feed_share(Feed *feed, const struct ledger_share *share);
void feed_mailbox(Feed *feed, const char *mailbox); /* without a share */

/* Both take the event. */
void feed_tell(Feed *feed, Event *event);
void feed_count(Feed *feed, Event *event);

/* In the transaction: what was counted since the last one goes to the outbox.
 */
enum status feed_enter(Feed *feed, Ledger *ledger, GError **error);
/* After it: tell it. */
void feed_entered(Feed *feed);
/* At the begin of an attempt: tell what the last one may not have told. */
enum status feed_again(Feed *feed, Ledger *ledger, GError **error);

#endif
