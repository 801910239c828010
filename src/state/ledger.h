/*
 * The ledger: what happened to every message of every mailbox, so that a run
 * can be killed at any instant and continued, and a later pass moves only what
 * is new. One SQLite file in the state directory. It knows texts and numbers,
 * nothing of records; and never a secret.
 *
 *	run	one pass of a plan
 *	job	one mailbox on its way; the same identity on every run
 *	share	a part of a job for one worker; the unit that is claimed
 *	folder	of a job: what its last complete pass left, and this run's
 *counts item	of a folder: one message by its key
 *
 * Durability: WAL with synchronous=NORMAL. A commit survives the death of every
 * process at once, without waiting for the disk. After a power cut the last
 * commits may be missing, but never the begin of a share (which is written
 * through, with the boot it happened in): so a later pass sees that the share
 * did not end and that the machine has started anew since, takes every folder
 * that is not complete for open, and its messages carry `again`: the
 * destination looks before it writes. What a lost tail costs is those looks.
 *
 * Every function: ST_OK, ST_END where it says so, or ST_RUN: ERR_IO with
 * RETRY_LATER when the disk is full, ERR_FORMAT when the file is no ledger of
 * ours. Writing functions must be called between ledger_begin() and
 * ledger_commit() where they say "in a transaction". Texts handed out are
 * valid until the next call with the same Ledger, but for those in structures
 * that have a _clear().
 */
#ifndef MAILMIG_STATE_LEDGER_H
#define MAILMIG_STATE_LEDGER_H

#include "base/digest.h"
#include "base/status.h"

#include <stdbool.h>

typedef struct Ledger Ledger;

#define LEDGER_SCHEMA	1     /* PRAGMA user_version */
#define LEDGER_BUSY_MS	60000 /* how long another writer is waited for */
#define LEDGER_CACHE_KB 2048  /* pages kept in memory */
#define LEDGER_LEASE_S	600   /* a worker silent for longer hangs */

/* state_dir/ledger.sqlite, made with mode 0600 when it is not there. */
enum status ledger_open(Ledger **out, const char *state_dir, GError **error);
void ledger_close(Ledger *ledger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ledger, ledger_close)

/*
 * One transaction at a time; begin waits for other writers, so keep it short.
 * durable: when commit returns it is on the disk.
 */
enum status ledger_begin(Ledger *ledger, bool durable, GError **error);
enum status ledger_commit(Ledger *ledger, GError **error);
void ledger_rollback(Ledger *ledger); /* also when none is open */

/*
 * Invariants, for tests and after a crash: SQLite's own check; every folder's
 * settled is the number of its settled items; no item without a folder; nothing
 * staged for a share that is done. ST_RUN with ERR_FORMAT names the first one
 * that is broken.
 */
enum status ledger_check(Ledger *ledger, GError **error);

/* Runs. */

struct ledger_counts {
	gint64 found, moved, filtered, there, failed; /* messages */
};
struct ledger_run {
	guint64 id;
	char *command;
	gint64 begun_s, ended_s; /* seconds UTC; 0: it did not end */
	int exit_status;	 /* when it ended */
	struct ledger_counts counts;
	gint64 bytes, warnings, errors;
};
void ledger_run_clear(struct ledger_run *run);
/* Enters the next run; also forgets whoever claimed shares in earlier ones:
 * the caller holds the lock of the state directory, so they are dead. */
enum status ledger_run_begin(
    Ledger *ledger, const char *command, guint64 *out, GError **error);
enum status ledger_run_end(
    Ledger *ledger, const struct ledger_run *run, GError **error);
/* Appends struct ledger_run, the oldest first. */
enum status ledger_run_list(Ledger *ledger, GArray *out, GError **error);

/* Jobs and their shares. */

enum ledger_state {
	LEDGER_PENDING,
	LEDGER_RUNNING,
	LEDGER_DONE,
	LEDGER_FAILED,
	LEDGER_STOPPED,
};
const char *ledger_state_name(enum ledger_state state);

struct ledger_job {
	gint64 id;
	const char *identity; /* both ends and both names, no secrets */
	const char *mailbox, *ref, *destination; /* ref may be NULL */
	gint64 account; /* row of the accounts file, from 0; -1: none */
	bool is_public, no_mail;
	guint parts;
	guint64 run;		 /* the last one it was entered in */
	guint64 passes;		 /* complete ones */
	enum ledger_state state; /* of all parts: the worst that is not done */
	const char *error;	 /* why it failed, or NULL */
};
/*
 * In a transaction. Enter a job into a run as pending; job->id is set. With
 * unfinished_only a job whose last pass is complete is left as it is and
 * *entered false.
 */
enum status ledger_job_enter(Ledger *ledger, guint64 run,
    struct ledger_job *job, bool unfinished_only, bool *entered,
    GError **error);
typedef void (*ledger_job_fn)(const struct ledger_job *job, void *user);
/* All jobs of a run, in the order they were entered; run 0: of every run. */
enum status ledger_job_each(
    Ledger *ledger, guint64 run, ledger_job_fn fn, void *user, GError **error);

struct ledger_share {
	gint64 job;
	guint part, parts;
	guint64 run, pass; /* the pass this is part of */
	guint attempts;	   /* earlier ones in this run */
	gint64 progress;  /* what the last attempt had settled, for the limit */
	bool interrupted; /* an earlier attempt did not come to its end */
	bool same_boot;	  /* and the machine has run on since then */
	char *mailbox, *ref, *destination;
	gint64 account;
	bool is_public, no_mail;
};
void ledger_share_clear(struct ledger_share *share);
/*
 * Claim the next share of a run for a worker. ST_END: nothing is left to
 * claim; *wait_s is then 0, or the seconds until a share that waits for another
 * attempt may be claimed.
 */
enum status ledger_share_claim(Ledger *ledger, guint64 run, guint worker,
    struct ledger_share *out, guint *wait_s, GError **error);
/*
 * End an attempt. state LEDGER_PENDING: another attempt is due in pause_s
 * seconds. *job_state: that of the whole job now. Done: the pass is complete
 * when the job is.
 */
enum status ledger_share_end(Ledger *ledger, const struct ledger_share *share,
    enum ledger_state state, guint pause_s, const char *reason,
    enum ledger_state *job_state, GError **error);
/*
 * In a transaction. The pass is complete though its share is not ended: for a
 * whole destination, in the transaction that enters all of it, because another
 * attempt at this pass would write its file anew without what is entered.
 */
enum status ledger_share_passed(
    Ledger *ledger, const struct ledger_share *share, GError **error);
/* The share that a dead worker held: as ledger_share_claim() gives it, with
 * attempts counting the one that died. ST_END: none. */
enum status ledger_share_of_worker(Ledger *ledger, guint64 run, guint worker,
    struct ledger_share *out, GError **error);
/* In a transaction: the worker lives. */
enum status ledger_share_renew(
    Ledger *ledger, const struct ledger_share *share, GError **error);
/* The same by whoever sees that the worker lives. */
enum status ledger_worker_renew(
    Ledger *ledger, guint64 run, guint worker, GError **error);
/* Appends guint: workers whose share has not been renewed for the lease. */
enum status ledger_share_lapsed(
    Ledger *ledger, guint64 run, GArray *out, GError **error);
/* Jobs of the run that no worker has begun are stopped; *jobs: how many. */
enum status ledger_job_hold(
    Ledger *ledger, guint64 run, guint *jobs, GError **error);
/* Shares of the run that can be claimed, now or later. */
enum status ledger_share_pending(
    Ledger *ledger, guint64 run, guint *out, GError **error);

/* With several parts: who asks first in a run gets the folder, and gets it
 * again after a lost connection. */
enum status ledger_folder_claim(Ledger *ledger,
    const struct ledger_share *share, const char *path, bool *mine,
    GError **error);

/*
 * The last batch of event lines of a share, kept until the next one: entered in
 * the transaction that made them true, and sent again by the next attempt of
 * the same run (the parent knows by serial what it has).
 */
enum status ledger_outbox_put(Ledger *ledger, const struct ledger_share *share,
    guint64 serial, const char *lines, GError **error); /* in a transaction */
enum status ledger_outbox_get(Ledger *ledger, const struct ledger_share *share,
    guint64 *serial, char **lines, GError **error); /* NULL: none; g_free() */

/* Folders. */

struct ledger_folder {
	gint64 id; /* 0: not in the ledger */
	char *identity, *state,
	    *dest_state; /* the drivers' own texts, or NULL */
	bool open; /* something may be at the destination and not in here */
	bool made; /* the destination has it */
	bool old;  /* items of an earlier identity are left */
	guint64 done_pass; /* the last pass in which it was completed */
	gint64 settled;	   /* items moved or there */
	guint64 run;	   /* counts are of this run */
	struct ledger_counts counts; /* told in events */
};
void ledger_folder_clear(struct ledger_folder *folder);
/* ST_END: not there; *out is cleared to zeros. */
enum status ledger_folder_find(Ledger *ledger, gint64 job, const char *path,
    struct ledger_folder *out, GError **error);
/* In a transaction. Writes it all; enters it when its id is 0. */
enum status ledger_folder_save(Ledger *ledger, gint64 job, const char *path,
    struct ledger_folder *folder, GError **error);
/* In a transaction. The keys have a new identity: set the items aside, to be
 * recognised by their digests. Changes *folder; save it afterwards. */
enum status ledger_folder_renew(Ledger *ledger, struct ledger_folder *folder,
    const char *identity, GError **error);
/* In a transaction. Forget what was set aside and never recognised. */
enum status ledger_folder_forget_old(
    Ledger *ledger, struct ledger_folder *folder, GError **error);

/*
 * In a transaction, when a job ends before its end: fn hears of each folder
 * whose counts of this run do not add up, and how many more were found than it
 * said; then they do.
 */
typedef void (*ledger_loose_fn)(const char *path, gint64 found, void *user);
enum status ledger_folder_close(Ledger *ledger,
    const struct ledger_share *share, ledger_loose_fn fn, void *user,
    GError **error);

/* Items. */

enum ledger_fate {
	LEDGER_MOVED,
	LEDGER_THERE,
	LEDGER_FILTERED, /* only that the event was made in that run */
	LEDGER_REFUSED,	 /* failed in that run; the next one tries again */
};
struct ledger_item {
	const char *key;
	enum ledger_fate fate;
	guint64 run;
	bool has_digest;
	struct digest digest;
	guint32 flags;
	const char *keywords; /* joined by line feeds; "" for none */
	const char *dest_key; /* or NULL */
	const char *reason;   /* or NULL */
};
/* In a transaction. Replaces one with the same key; *was_settled: that one was
 * moved or there. */
enum status ledger_item_put(Ledger *ledger, gint64 folder,
    const struct ledger_item *item, bool *was_settled, GError **error);
enum status ledger_item_flags(Ledger *ledger, gint64 folder, const char *key,
    guint32 flags, const char *keywords, GError **error);
/* ST_END: not there. */
enum status ledger_item_get(Ledger *ledger, gint64 folder, const char *key,
    struct ledger_item *out, GError **error);
/* Appends, ascending, the guint64 keys of settled items that are numbers. */
enum status ledger_item_numbers(
    Ledger *ledger, gint64 folder, GArray *out, GError **error);
enum status ledger_dest_key_taken(Ledger *ledger, gint64 folder,
    const char *dest_key, bool *taken, GError **error);
/*
 * An item set aside with this digest, not given out before; out->key is its old
 * key. ST_END: none. ledger_old_take() is in a transaction and removes it.
 */
enum status ledger_old_find(Ledger *ledger, gint64 folder,
    const struct digest *digest, struct ledger_item *out, GError **error);
enum status ledger_old_take(
    Ledger *ledger, gint64 folder, const char *key, GError **error);

/* Items on their way into a destination that counts only when it is whole. All
 * in a transaction, but for find. */
struct ledger_staged {
	gint64 folder;
	gint64 bytes;
	struct ledger_item item;
};
enum status ledger_staged_put(Ledger *ledger, const struct ledger_share *share,
    guint64 seq, const struct ledger_staged *staged, GError **error);
enum status ledger_staged_find(Ledger *ledger, const struct ledger_share *share,
    guint64 seq, struct ledger_staged *out, GError **error); /* ST_END */
enum status ledger_staged_clear(
    Ledger *ledger, const struct ledger_share *share, GError **error);

#endif
