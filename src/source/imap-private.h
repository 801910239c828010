/*
 * The IMAP source, among its files:
 *	imap.c		the driver; which folders, in which order
 *	imap-folder.c	one folder: its steps, and what each asks the server
 *	imap-examine.c	a folder whose STATUS was refused
 *	imap-fetch.c	a FETCH response taken apart
 *	imap-recover.c	a server that hangs up at one message
 *	imap-uids.c	sets of UIDs
 *
 * A folder goes through these steps; every command is sent as soon as it is
 * known, for many folders ahead of the answers:
 *
 *	ALL	EXAMINE, UID FETCH 1:* with bodies: nothing was settled before
 *	LOOK	EXAMINE, UID FETCH 1:* without bodies; or only what changed,
 *		with QRESYNC in the EXAMINE itself, else by CHANGEDSINCE:
 *		what is settled, filtered, wanted?
 *	BODIES	the wanted ones
 *	SEARCH	when ALL or BODIES gave less than there is, with ESEARCH:
 *		which UIDs are listed?
 *	MEND	as LOOK, then: of those listed and not received; without
 *		ESEARCH of all
 *	SINGLES each missing one alone; those that do not come are named
 */
#ifndef MAILMIG_SOURCE_IMAP_PRIVATE_H
#define MAILMIG_SOURCE_IMAP_PRIVATE_H

#include "base/secret.h"
#include "imap/session.h"
#include "source/imap.h"

/* A set of UIDs in ascending, disjoint ranges. */
struct uid_range {
	guint32 from, to; /* both in it */
};
typedef struct UidSet {
	GArray *ranges; /* of struct uid_range */
	guint64 count;
} UidSet;
void source_imap_uids_init(UidSet *set);
void source_imap_uids_clear(UidSet *set);
bool source_imap_uids_has(const UidSet *set, guint32 uid);
/* False when it was there already. Cheap in ascending order. */
bool source_imap_uids_add(UidSet *set, guint32 uid);
/* Wanted UIDs as the server shall read them: only existing ones are added, in
 * ascending order; skipped() tells that one in between is not wanted. */
void source_imap_uids_extend(UidSet *set, guint32 uid, bool adjacent);
/* "1:4,7" from range *at on, up to about max chars; *at is moved on. */
char *source_imap_uids_text(const UidSet *set, guint *at, gsize max);

/* What a FETCH response says of a message. */
struct fetched {
	guint32 uid; /* 0: not said */
	bool has_flags, has_body;
	guint32 flags; /* enum message_flag */
	struct stamp received;
	gint64 size; /* RFC822.SIZE, -1 not said */
	struct blob body;
	GPtrArray *keywords; /* of char *, sorted, NULL-ended; texts in chunk */
	GStringChunk *chunk;
};
void source_imap_fetched_init(struct fetched *fetched);
void source_imap_fetched_clear(struct fetched *fetched);
/* ST_LINK with ERR_PROTOCOL when the response makes no sense. */
enum status source_imap_fetched_read(
    struct fetched *fetched, const struct imap_reply *reply, GError **error);

/* A message that the server lists but did not give. */
struct missing {
	guint32 uid;
	guint32 flags;
	struct stamp received;
	gint64 size;
};

/* What the last complete pass left (record.state):
 * "1 UIDVALIDITY UIDNEXT HIGHESTMODSEQ MESSAGES GONE". */
struct past {
	bool known;
	guint64 uidvalidity, uidnext, highestmodseq, messages;
	guint64 gone; /* settled messages that are no longer there */
};

enum box_step {
	BOX_ALL,
	BOX_LOOK,
	BOX_BODIES,
	BOX_SEARCH,
	BOX_MEND,
	BOX_SINGLES,
	BOX_DONE
};

struct box {
	struct folder folder; /* first: its address is the folder's name */
	struct imap_mailbox *mailbox;
	char *name; /* the path as one word, for messages */
	enum box_step step;
	bool left_out; /* by the filter */
	struct past past;
	gint64 settled_before; /* of this UIDVALIDITY */
	GArray *settled;       /* guint64, ascending; NULL when none */
	guint64 exists;	       /* as EXAMINE said */
	bool changed_only;     /* LOOK asks for what changed since */
	bool no_modseq;	       /* its EXAMINE said so */
	bool searched;	       /* SEARCH was answered: lacking is known */
	UidSet lacking;	       /* listed and not received */
	UidSet looked, wanted, received;
	bool last_wanted;      /* the last one looked at */
	guint64 unsettled;     /* met by LOOK: wanted or filtered */
	gint64 given, skipped; /* records; settled ones that are there */
	GArray *missing;       /* of struct missing */
	guint missing_at;      /* the first not yet asked for alone */
	guint open;	       /* commands without their end */
	bool refused;	       /* EXAMINE or LOOK: the folder cannot be read */
	bool told;	       /* that it cannot be read */
	char *words;	       /* the server's last refusal */
	char *state;	       /* for the next pass */
};

enum command_what {
	COMMAND_EXAMINE,
	COMMAND_FETCH,	/* answers carry bodies: ALL, BODIES, SINGLES */
	COMMAND_LOOK,	/* LOOK, MEND */
	COMMAND_RESYNC, /* LOOK with QRESYNC: EXAMINE that tells what changed */
	COMMAND_SEARCH,
	COMMAND_CHECK, /* after the FETCH of a single one: is it there at all?
			*/
};
struct command {
	guint tag;
	enum command_what what;
	struct box *box;
	guint missing; /* index in box->missing, of SINGLES */
	bool seen;     /* CHECK: it is there */
};

/* Records that wait for their turn, before anything more is read. */
struct ready {
	enum record_kind kind; /* FOLDER, FOLDER_END */
	struct box *box;
};

typedef struct SourceImap {
	struct source_base base;
	ImapSession *session;
	struct imap_params address; /* to come back; owned */
	guint recoveries;	    /* in this job */
	char *user;		    /* whose mailbox, for messages and list() */
	const struct job *job;
	GPtrArray *boxes;	     /* of struct box */
	guint box_at;		     /* the first not yet begun */
	guint active;		     /* begun and not done */
	GQueue commands;	     /* of struct command, in the order sent */
	GQueue ready;		     /* of struct ready */
	bool no_qresync, no_esearch; /* offered, and not understood */
	struct box *selected;	     /* by the last EXAMINE sent, or NULL */
	struct fetched fetched;
	struct fetched before; /* a FETCH response without a body */
	char key[16];	       /* of the record given last */
	bool broken;	       /* a job was left in the middle */
} SourceImap;

void source_imap_box_free(struct box *box);
/* Decide what a folder needs and send its first commands; ends at once when
 * that is nothing. */
void source_imap_box_begin(SourceImap *s, struct box *box);
/* What a reply means: ST_OK: *record is one; ST_ITEM: *record could not be
 * read; ST_END: nothing to give. */
enum status source_imap_box_take(SourceImap *s, const struct imap_reply *reply,
    struct record *record, GError **error);
/* After a new connection: send again what has no answer. culprit: it ended at
 * a message of this folder. */
void source_imap_box_again(SourceImap *s, struct box *box, bool culprit);
/* The missing message i cannot be had: ST_ITEM, or ST_END when it was given. */
enum status source_imap_box_give_up(SourceImap *s, struct box *box, guint i,
    struct record *record, GError **error);

/*
 * The session failed with st and why (taken over). ST_END: go on reading;
 * ST_ITEM: *record is what it failed at, go on; else st and why as they were.
 */
enum status source_imap_recover(SourceImap *s, enum status st, GError *why,
    struct record *record, GError **error);

/* Values of a mailbox whose STATUS was refused, by EXAMINE. */
enum status source_imap_box_examine_all(SourceImap *s, GError **error);

#endif
