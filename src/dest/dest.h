/*
 * The contract of a destination driver. It takes records and asks nothing of
 * the source. Putting is asynchronous: put() accepts, outcome() tells how each
 * one ended, in any order. An outcome is final: what it calls stored survives a
 * crash; only then does the engine enter it in the ledger.
 */
#ifndef MAILMIG_DEST_DEST_H
#define MAILMIG_DEST_DEST_H

#include "model/job.h"

typedef struct Dest Dest;

struct outcome {
	guint64 seq; /* as given to put() */
	enum status st; /* ST_OK stored, ST_THERE was there, ST_ITEM refused */
	const char *dest_key; /* how the destination knows it; NULL if it can't say */
	const GError *error; /* ST_ITEM: the reason, with the peer's own words */
	/* ST_ITEM of a message: its octets, for the recovery set. */
	struct blob body;
}; /* pointers live until the next call into the driver */

/* What a destination says of itself for one log-in, before anything is written;
 * -1 and NULL where it does not say. */
struct dest_place {
	gint64 message_max; /* octets of one message */
	gint64 bytes_left, messages_left; /* of the quota */
	char missing_rights[32]; /* letters of RFC 4314 that are needed, not given */
	char *server; /* its own name and version */
	char *capabilities; /* those that we use, separated by blanks */
};
void dest_place_init(struct dest_place *place);
void dest_place_clear(struct dest_place *place);

struct dest_driver {
	const char *name;
	const char *const *schemes;
	const char *summary;
	const struct option *options;
	guint32 takes; /* 1u << enum record_kind, or-ed */
	bool accounts; /* needs a login for each mailbox */
	bool rights; /* has owners and rights of folders: job->public_owner */
	/* Builds one file (set) per mailbox and pass beside its final name: no
	 * outcome before the last commit, and a cut pass starts over. */
	bool whole;
	/* Keeps what a message says in terms of its own, not its octets: verify
	 * compares that (engine/likeness.h). */
	bool rejoins;

	enum status (*open)(Dest **out, const struct end *end, GError **error);
	enum status (*begin)(Dest *dest, const struct job *job, GError **error);
	/*
	 * Every folder of the job, whichever part will fill it, in the same
	 * order for all, those of earlier passes first, between begin() and
	 * the first put(); not from a source that learns of its folders as it
	 * goes (it has one part). A folder that is not told apart from
	 * another, or lies below one that is called otherwise here, so gets
	 * one name from all parts and in all passes. A refusal is kept for
	 * put(). May be NULL: names stay as they are.
	 */
	enum status (*announce)(Dest *dest, const struct folder *folder,
	    GError **error);
	/*
	 * Accept one record; its pointers are valid only during the call.
	 * RECORD_FOLDER makes the folder, RECORD_FOLDER_END says that no more
	 * comes for it (a hint; neither has an outcome unless refused).
	 * ST_OK: accepted, an outcome with seq follows. ST_THERE, ST_ITEM: ended
	 * at once, no outcome follows. Wider reaches: everything without an
	 * outcome is in doubt; the engine opens anew and sends it with `again`.
	 */
	enum status (*put)(Dest *dest, const struct record *record, guint64 seq,
	    GError **error);
	/* ST_OK: *out is one more; ST_END: no more at the moment. Never waits. */
	enum status (*outcome)(Dest *dest, struct outcome *out, GError **error);
	/*
	 * A message that was moved earlier has new flags or keywords at the
	 * source: carry over exactly the difference between old and record, and
	 * touch nothing else. Gone at the destination: ST_THERE, not an error.
	 * NULL when the driver cannot. May be deferred until commit().
	 */
	enum status (*update)(Dest *dest, const struct record *record,
	    const char *dest_key, guint32 old_flags,
	    const char *const *old_keywords, GError **error);
	/*
	 * A good moment to make durable what was put (called about every 6 MiB,
	 * 200 messages or 2 seconds); may do nothing where it costs a round trip.
	 * With last: everything ends, all outcomes are there when it returns.
	 */
	enum status (*commit)(Dest *dest, bool last, GError **error);
	/* The path a folder gets here (names changed for what is illegal, case
	 * clashes, special folders), for tables and verify; NULL-ended, until
	 * the job's end. May be NULL: the same path. */
	char *const *(*map)(Dest *dest, const struct folder *folder);
	/* Fill in what is known of the place; between open() and begin(), and
	 * nothing is written. May be NULL: nothing is known. */
	enum status (*place)(Dest *dest, struct dest_place *out,
	    GError **error);
	/* After commit(last), or to give up: what is not committed is undone. */
	void (*end)(Dest *dest);
	void (*close)(Dest *dest);
};
struct dest_base {
	const struct dest_driver *driver;
};
enum status dest_open(Dest **out, const struct dest_driver *driver,
    const struct end *end, GError **error);
enum status dest_begin(Dest *dest, const struct job *job, GError **error);
enum status dest_announce(Dest *dest, const struct folder *folder,
    GError **error);
enum status dest_put(Dest *dest, const struct record *record, guint64 seq,
    GError **error);
enum status dest_outcome(Dest *dest, struct outcome *out, GError **error);
bool dest_can_update(const Dest *dest);
enum status dest_update(Dest *dest, const struct record *record,
    const char *dest_key, guint32 old_flags, const char *const *old_keywords,
    GError **error);
enum status dest_commit(Dest *dest, bool last, GError **error);
char *const *dest_map(Dest *dest, const struct folder *folder);
enum status dest_place(Dest *dest, struct dest_place *out, GError **error);
void dest_end(Dest *dest);
void dest_close(Dest *dest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dest, dest_close)

extern const struct dest_driver *const dest_drivers[]; /* NULL-ended */
const struct dest_driver *dest_driver_find(const char *scheme);

#endif
