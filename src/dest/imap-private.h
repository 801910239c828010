/*
 * The IMAP destination, what its files share:
 *	imap.c             driver table, options, begin to close, outcomes
 *	imap-command.c     commands on their way and the answers that come back
 *	imap-append.c      messages: batches, refusals, what they were called
 *	imap-append-big.c  one message too large for that
 *	imap-folders.c     which folder of the server a source folder becomes
 *	imap-names.c       names that every server takes (no connection needed)
 *	imap-look.c        after a cut: what arrived of the last run
 *	imap-late.c        what of it arrives after that look
 *	imap-recover.c     what a cut left in doubt, batch by batch
 *	imap-rights.c      owner and rights of public folders
 *	imap-update.c      flags that changed at the source
 *
 * Everything is pipelined: put() queues, answers are taken in when they are
 * there. The wire carries one command after another, and a command may be
 * `open` for long: the MULTIAPPEND into which messages stream as they come. To
 * send anything else it must be closed first (dest_imap_quiet()).
 *
 * Ownership: a Box lives as long as the job. An item belongs to its append
 * until it is settled or refused; its octets lie in a slab.
 */
#ifndef MAILMIG_DEST_IMAP_PRIVATE_H
#define MAILMIG_DEST_IMAP_PRIVATE_H

#include "base/digest.h"
#include "dest/dest.h"
#include "imap/session.h"

/*
 * Octets on their way lie in two slabs of batch-bytes each: while the server
 * works on the one, the other fills. A slab is used again when the server has
 * answered for everything in it.
 */
#define DEST_IMAP_SLABS 2

struct slab {
	guint8 *data; /* batch-bytes, or NULL before its first use */
	gsize used;   /* bytes */
	guint live;   /* items in it without an answer */
};

/* A folder of the destination. */
struct box {
	char *wire, *quoted; /* the server's spelling; as a quoted string */
	char **path;	     /* UTF-8, as an IMAP source would list it */
	char *folded;	     /* wire without case, for clashes */
	enum folder_use use; /* FOLDER_PLAIN, or what the server has it for */
	bool use_guessed; /* from its name */
	const struct folder *owner; /* the source folder that goes here */
	const char *why; /* it has another name; not remarked yet, or NULL */

	bool listed;  /* was there and selectable at begin(), or was made */
	bool asked;   /* CREATE is on its way or answered */
	bool made_here; /* by a CREATE of this session */
	bool rights_set; /* SETACL was tried */
	bool renamed; /* its name was replaced once already */
	bool use_asked, use_left; /* CREATE carried USE; was tried without */
	guint remade;		  /* times TRYCREATE sent us back to CREATE */
	guint made;		  /* times CREATE went out */
	char *refused; /* the server's words when it can't be made, or NULL */
	guint64 seq;   /* of RECORD_FOLDER, for its outcome when refused */

	guint32 uidvalidity, uidnext; /* at begin(); 0 unknown */
	guint32 uid_seen;     /* the highest UID that APPENDUID or FETCH gave */
	bool keywords_closed; /* PERMANENTFLAGS without \* */
	char **keywords;      /* then: those it takes */
	bool keywords_told;   /* remarked */

	bool looked;	     /* dest_imap_look() was here in this session */
	bool doubted;	     /* and found that a cut left it in doubt */
	char *note;	     /* then: what was noted of it, see imap-look.c */
	bool filled;	     /* put() of this session named it */
	bool named;	     /* as an earlier pass did */
	guint32 late_from;   /* then: what was not seen there begins here */
	GArray *resent;	     /* then: UIDs of what was sent again; or NULL */
	guint resent_before; /* how many of these in earlier sessions */
	GHashTable *stored;  /* UIDs that were named while careful; or NULL */
	GHashTable *arrived; /* digest -> GArray of guint32; or NULL */
	GPtrArray *nameless; /* items stored, their UIDs not known yet */
	GHashTable *changes; /* "+FLAGS.SILENT (\Seen)" -> GArray of guint32 */
	guint32 changes_validity; /* UIDVALIDITY that these UIDs belong to */
};

struct item {
	guint64 seq;
	struct slab *slab;
	const guint8 *head; /* " (flags) "date" {n+}", CR LF, in the slab */
	gsize head_len;
	char *own_head;	    /* instead of head, when keywords were left out */
	const guint8 *body; /* follows head in the slab */
	gsize len;	    /* octets of the body */
	bool sync;	    /* the literal waits for "+" */
	bool keywords;	    /* head names some */
	guint lost;	    /* times the connection ended at it alone */
	bool careful;	    /* sent while its batch was in doubt */
	guint32 flags;
	struct stamp received;
};

/* One APPEND command. */
struct append {
	struct box *box;
	GPtrArray *items; /* struct item * */
	gsize bytes;
	guint next;   /* items before this one are wholly queued */
	bool begun;   /* its tag is on the wire */
	guint made;   /* box->made then */
	bool waiting; /* items[next]: header sent, "+" awaited */
	bool closed;  /* no more items */
	gint64 begun_us;
};

enum command_kind {
	COMMAND_APPEND,
	COMMAND_BIG, /* APPEND of one big message, waited for */
	COMMAND_CREATE,
	COMMAND_SUBSCRIBE,
	COMMAND_RIGHTS, /* SETACL, waited for */
	COMMAND_SELECT,
	COMMAND_NAMES, /* UID FETCH (UID RFC822.SIZE): what items were called */
	COMMAND_LOOK,  /* UID FETCH (UID): what arrived after a cut */
	COMMAND_BODIES, /* UID FETCH (UID BODY.PEEK[]) of these */
	COMMAND_LATE,	/* the same with flags and date, imap-late.c */
	COMMAND_STORE,
};
struct command {
	guint tag;
	enum command_kind kind;
	struct box *box;
	struct append *append;
	bool waited; /* the waiter frees it */
	bool done;
	enum imap_result result;
	char *code, *text; /* of a waited command */
};

/* An outcome that the engine has not fetched yet. */
struct done {
	guint64 seq;
	enum status st;
	guint32 uidvalidity, uid; /* 0: not known */
	GError *error;
	guint8 *body;
	gsize len;
};

struct dest_imap {
	struct dest_base base;
	ImapSession *session;
	guint32 caps;
	bool subscribe;
	bool remove_late; /* what arrived twice, see imap-late.c */
	gsize batch_bytes; /* capacity of a slab */
	gint64 settle_us; /* quiet time of a folder after a cut */
	guint batch_messages;

	const struct job *job;
	gint64 begun_us; /* when begin() had listed the folders */
	char separator;
	GPtrArray *boxes;      /* struct box *, owned */
	GHashTable *by_wire;   /* wire -> struct box * */
	GHashTable *by_folded; /* wire without case -> the first such */
	GHashTable *by_path;   /* source path as text -> struct box * */
	GHashTable *by_folder; /* struct folder * -> struct box * */

	bool multi, plus, minus; /* MULTIAPPEND, LITERAL+, LITERAL- */
	bool ask_names;		 /* no (honest) UIDPLUS: UIDs are asked for */
	bool finishing; /* nothing more comes: no UID now, no UID ever */
	guint unasked;	/* appends since UIDs were asked for */
	struct slab slabs[DEST_IMAP_SLABS];
	guint slab;
	GQueue sends;	     /* struct append *, the head is on the wire */
	struct append *open; /* the tail, while it takes more; or NULL */
	gsize careful; /* octets to go that are sent batch by batch */
	struct append *held; /* the batch that is gathered then; or NULL */
	guint recoveries;    /* in this job */
	struct imap_params address; /* to come back; owned */
	GQueue flight;	     /* struct command *, in order of their tags */
	struct box *selected;
	gsize unflushed; /* bytes queued since the last flush */
	bool big_go;	 /* "+" for a COMMAND_BIG */
	bool early;	 /* an answer came before its command was written */
	GString *head;	 /* scratch */
	Spool *scratch;	 /* for messages in parts */

	bool no_esearch; /* it is offered and does not work */
	bool searched; /* an ESEARCH came for the COMMAND_LOOK */
	GArray *uids;  /* of the COMMAND_NAMES or _LOOK that is answered now */
	GArray *sizes; /* in parallel, for _NAMES */
	guint32 select_validity; /* of the SELECT that is answered now */
	struct box *look_box;	 /* whose bodies are fetched */
	GPtrArray *rows; /* of the COMMAND_LATE; belongs to its sender */

	GHashTable *told;   /* keywords remarked */
	bool rights_told;   /* why rights are not set */
	GQueue outcomes;    /* struct done * */
	struct done *given; /* what outcome() handed out last */
	char key[24];	    /* "UIDVALIDITY.UID" of it */

	enum status failed; /* what every call returns once it is < 0 */
	GError *error;
	bool announcing; /* the folder may be for another part */
	bool quota; /* failed for room: what is in flight is still settled */
};
typedef struct dest_imap DestImap;

/* imap-place.c: of the driver's table. */
enum status dest_imap_place(
    Dest *dest, struct dest_place *out, GError **error);

void dest_imap_remark(DestImap *d, enum remark_level level, const char *code,
    const struct folder *folder, const char *format, ...) G_GNUC_PRINTF(5, 6);
/* Note a failure wider than an item, for every later call; returns st. */
enum status dest_imap_broke(DestImap *d, enum status st, GError **error);
/* What it failed with, once more. */
enum status dest_imap_failure(DestImap *d, GError **error);
/* Queue an outcome. error and body become its own. */
void dest_imap_ended(DestImap *d, guint64 seq, enum status st,
    guint32 uidvalidity, guint32 uid, GError *error, guint8 *body, gsize len);

/* imap-command.c */
struct command *dest_imap_sent(
    DestImap *d, guint tag, enum command_kind kind, struct box *box);
void dest_imap_command_free(struct command *command);
/* Take in one response; ST_END when none is there and wait is false. */
enum status dest_imap_take(DestImap *d, bool wait, GError **error);
/* Write what the socket takes and take in all that arrived. */
enum status dest_imap_tend(DestImap *d, GError **error);
/* Until the command is answered; it must be marked waited. */
enum status dest_imap_wait(
    DestImap *d, struct command *command, GError **error);
/* Until every command is answered. */
enum status dest_imap_settle(DestImap *d, GError **error);
/* Close the open APPEND and send all of it: another command may follow. */
enum status dest_imap_quiet(DestImap *d, GError **error);
enum status dest_imap_select(
    DestImap *d, struct box *box, struct command **out, GError **error);
/* What a refusal means, from its response code (RFC 5530, 7889, 9051 7.1) and,
 * for servers without codes, from its text. */
enum refusal {
	REFUSAL_OTHER,
	REFUSAL_NO_BOX,	 /* create it and try again */
	REFUSAL_QUOTA,	 /* nothing more fits */
	REFUSAL_TOO_BIG, /* this message never fits */
	REFUSAL_LATER,	 /* throttled, unavailable */
	REFUSAL_RIGHTS,	 /* this folder takes nothing from us */
};
enum refusal dest_imap_refusal(const char *code, const char *text);

/* imap-append.c */
enum status dest_imap_append(DestImap *d, struct box *box,
    const struct record *record, const struct blob *raw, guint64 seq,
    GError **error);
void dest_imap_append_close(DestImap *d);
struct append *dest_imap_append_new(struct box *box);
/* The tagged OK with its response code: outcomes; a is used up. */
void dest_imap_stored(DestImap *d, struct append *a, const char *code);
void dest_imap_head_date(GString *out, const struct stamp *received);
enum status dest_imap_refused_whole(DestImap *d, struct box *box,
    enum refusal refusal, const char *words, GError **error);
char *dest_imap_words(const char *code, const char *text); /* g_free() */
enum status dest_imap_append_continue(DestImap *d, GError **error);
enum status dest_imap_append_answered(DestImap *d, struct append *append,
    const struct imap_reply *reply, GError **error);
enum status dest_imap_ask_names(DestImap *d, struct box *box, GError **error);
void dest_imap_names_answered(
    DestImap *d, struct box *box, enum imap_result result);
void dest_imap_append_clear(DestImap *d);
void dest_imap_item_free(struct item *item);

/* Send what is queued anew, or held. */
void dest_imap_append_send(DestImap *d, struct append *a);
void dest_imap_append_free(struct append *append); /* not its items */

/* imap-recover.c */
/* What a cut left in doubt, one batch at a time; a message at which the server
 * hangs up again and again is refused, and what is behind it goes on. */
enum status dest_imap_send_held(DestImap *d, GError **error);
/* After st: a new connection on which to go on. False: it is not worth it. */
bool dest_imap_come_back(DestImap *d, enum status st, const GError *why);
#define DEST_IMAP_LOST_MAX 2 /* times that a connection ends at one message */
GError *dest_imap_lost(
    const struct box *box, gint64 octets, const GError *why);

/* imap-append-big.c: one that no slab holds; waits for its answer. ST_ITEM and
 * wider as put(); d->head holds flags and date. */
enum status dest_imap_append_big(DestImap *d, struct box *box,
    const struct message *message, const struct blob *raw, guint64 seq,
    GError **error);
enum status dest_imap_nul(GError **error);

/* Owner and rights of a public folder that was made; of any other nothing. The
 * first waits until it is made. */
enum status dest_imap_make_public(
    DestImap *d, struct box *box, GError **error);
enum status dest_imap_rights(DestImap *d, struct box *box, GError **error);

/* imap-folders.c */
enum status dest_imap_folders_begin(DestImap *d, GError **error);
void dest_imap_folders_clear(DestImap *d);
/* Which folder it becomes; nothing is asked of the server. */
struct box *dest_imap_box(DestImap *d, const struct folder *folder);
/* Make it where it is not there; waits only where names clash. */
enum status dest_imap_make(DestImap *d, struct box *box, GError **error);
/* Note the names of those that were put; see imap-look.c for the form. */
char *dest_imap_note(DestImap *d, struct box *box, const char *place);
void dest_imap_note_names(DestImap *d);
/* With several parts: name it as every other part does. */
void dest_imap_tell_renamed(DestImap *d, struct box *box);
enum status dest_imap_announce(
    Dest *dest, const struct folder *folder, GError **error);
enum status dest_imap_create_answered(DestImap *d, struct box *box,
    const struct imap_reply *reply, GError **error);

/* imap-names.c: see there */
#define DEST_IMAP_NAME_MAX                                                     \
	255 /* octets on the wire: NAME_MAX of most servers */
char *dest_imap_name(const char *name, char separator, gsize max);
char *dest_imap_plain_name(const char *name);
char *dest_imap_numbered(const char *name, guint number);
bool dest_imap_keyword_legal(const char *keyword);
/* "38505 3955:3957,3960" to its UIDs, in the order said; false: not one, or not
 * n of them. */
bool dest_imap_appenduid(
    const char *code, guint n, guint32 *uidvalidity, GArray *uids);
/* UIDs, ascending, as a sequence set; takes as many as fit in max chars from
 * *at on, and moves it on. */
char *dest_imap_set(const GArray *uids, guint *at, gsize max);
bool dest_imap_key(const char *key, guint32 *uidvalidity, guint32 *uid);

/* imap-look.c */
/* Before the first message of a session into box: note where the folder ended,
 * or look what an earlier session brought. */
enum status dest_imap_look(
    DestImap *d, struct box *box, bool again, GError **error);
/* The same again, after a new connection. */
enum status dest_imap_look_again(DestImap *d, struct box *box, GError **error);
/* Takes one message of this digest out of what was found; 0: none. */
guint32 dest_imap_arrived(struct box *box, const struct digest *digest);
enum status dest_imap_look_body(
    DestImap *d, const struct imap_reply *reply, GError **error);
/* The UIDs of the selected box from `from` on that no message of the ledger
 * has, appended to out. */
enum status dest_imap_strangers(
    DestImap *d, struct box *box, guint32 from, GArray *out, GError **error);

/* imap-late.c */
/* A message that was in doubt was sent again, and got this UID. */
void dest_imap_late_note(struct box *box, guint32 uid);
/* After some: where the next session finds them. */
void dest_imap_late_save(DestImap *d, struct box *box);
/* What such notes of an earlier session say: a sequence set. */
void dest_imap_late_noted(struct box *box, const char *set);
enum status dest_imap_late_row(
    DestImap *d, const struct imap_reply *reply, GError **error);
/* At the end of the job: look for second copies of those. */
enum status dest_imap_late(DestImap *d, GError **error);

/* imap-update.c */
enum status dest_imap_update(Dest *dest, const struct record *record,
    const char *dest_key, guint32 old_flags, const char *const *old_keywords,
    GError **error);
enum status dest_imap_update_send(DestImap *d, GError **error);

/* Blank-separated names of flags, appended. */
void dest_imap_flags(GString *out, guint32 flags);

#endif
