/*
 * A job: one mailbox, or one share of it, on its way. It is what the engine
 * tells a driver at begin(), and all a driver may know of the rest.
 */
#ifndef MAILMIG_MODEL_JOB_H
#define MAILMIG_MODEL_JOB_H

#include "base/option.h"
#include "model/filter.h"
#include "model/record.h"

/* How to log on at one end; strings may be NULL; secrets are wiped on clear. */
struct login {
	char *user; /* whose mailbox */
	char *authuser; /* who logs on instead (migration account), or NULL */
	char *password;
	char *token_command; /* prints an OAuth 2.0 access token */
};
void login_clear(struct login *login);

/* One end of a run: a driver's address. */
struct end {
	const struct url *url;
	const Options *options; /* of the driver's own table, checked */
	const struct login *login; /* of this job; may be empty */
	volatile int *stop; /* set by a signal: wait no longer; or NULL */
};

/* A mailbox as a source lists it. */
struct mailbox {
	char *name; /* unique in the source; the section address, the login */
	char *ref; /* where the source finds it again; its own text, or NULL */
	gint64 messages, bytes; /* -1 when not known without a long look */
	bool is_public; /* public folders, no owner */
	bool no_mail; /* nobody's: directory rows and remarks, never messages */
};
struct mailbox *mailbox_new(const char *name, const char *ref);
void mailbox_free(struct mailbox *mailbox);

/*
 * What earlier passes left, kept by the engine in its ledger. Folders are those
 * of this job's source, recognised by their path. All of it may be asked for at
 * any time between begin() and the end of the job; texts live as long as that.
 */
struct known {
	void *ctx;
	/* The state of the folder's last complete pass (record.state), or NULL. */
	const char *(*state)(void *ctx, const struct folder *folder);
	/* Messages that earlier passes settled: moved, or found there. */
	gint64 (*settled)(void *ctx, const struct folder *folder);
	bool (*is_settled)(void *ctx, const struct folder *folder,
	    const char *key);
	/* The settled keys that are decimal numbers, ascending: appends guint64
	 * to out. For sources that count (IMAP UIDs). */
	void (*settled_numbers)(void *ctx, const struct folder *folder,
	    GArray *out);
	/* With several connections for one mailbox: is this folder mine? True
	 * once, for the first that asks in this pass. Asked before anything of
	 * the folder is given, RECORD_FOLDER included. */
	bool (*claim)(void *ctx, const struct folder *folder);
	/* Every folder of the mailbox, with several connections those of the
	 * others too, in an order that is the same for all, before begin()
	 * returns. The destination names them in that order, so that each part
	 * and each pass calls them the same. A source that learns of its
	 * folders only as it goes does without. May be NULL. */
	void (*announce)(void *ctx, const struct folder *folder);

	/* For destinations. Text that it wants to find again if this run is cut,
	 * such as where the folder ended before the first put(). Saved before
	 * hold() returns. */
	const char *(*dest_state)(void *ctx, const struct folder *folder);
	void (*set_dest_state)(void *ctx, const struct folder *folder,
	    const char *text);
	enum status (*hold)(void *ctx, GError **error);
	/* Is this key of the destination (outcome.dest_key) already entered for
	 * some message of the folder? */
	bool (*dest_key_taken)(void *ctx, const struct folder *folder,
	    const char *dest_key);
};

/* A remark of a driver on something it mended or could not carry: the engine
 * makes an event of it. file may be NULL; line, offset -1 when they mean
 * nothing. code is a word of the driver's documented list ("MSG_BAD_DATE"). */
enum remark_level { REMARK_INFO, REMARK_WARNING, REMARK_ERROR };
struct remark {
	enum remark_level level;
	const char *code;
	const char *text; /* one line: who, what, what was done */
	const char *file, *other_file; /* primary; secondary */
	gint64 line; /* in file, from 1 */
	gint64 offset; /* bytes, in other_file or else in file */
	const struct folder *folder; /* or NULL */
	const char *key; /* of the record, or NULL */
};

struct job {
	guint64 id; /* the same on every pass */
	guint64 pass; /* counts from 1 */
	const struct mailbox *mailbox; /* at the source */
	const char *destination; /* the mailbox's name there */
	guint part, parts; /* this share and how many there are; 0 of 1 */
	const struct filter *filter;
	const struct known *known;
	/* The last pass ended before its end: records may carry again. */
	bool interrupted;
	/* Nothing will be put: a destination is only asked for its names, and
	 * makes nothing. */
	bool look_only;
	/* Of public folders that are made: a name that the destination knows;
	 * "none", "author", "pubeditor"; NULL: as it does by itself. */
	const char *public_owner, *public_rights;
	const char *spool_dir; /* for spools; exists */
	const char *recovery_dir; /* for rows a file source rejects; may not exist yet */
	void (*remark)(void *ctx, const struct remark *remark);
	void *remark_ctx;
	volatile int *stop; /* set by a signal: finish soon; or NULL */
};

#endif
