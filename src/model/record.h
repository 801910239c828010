/*
 * Records: what travels from a source to a destination.
 *
 * Text is UTF-8 and valid. A folder path is a NULL-ended array of names, never
 * joined; the inbox is { "INBOX" } with use FOLDER_INBOX everywhere. What a
 * record points to belongs to the source and lives until the next next(), but
 * for struct folder, which lives until the job's end: its address is its name.
 */
#ifndef MAILMIG_MODEL_RECORD_H
#define MAILMIG_MODEL_RECORD_H

#include "base/blob.h"
#include "base/stamp.h"
#include "mime/envelope.h"
#include "mime/part.h"

/* What a folder is for: RFC 6154, and ext1 (spec/migration-files.md 15.2). */
enum folder_use {
	FOLDER_PLAIN,
	FOLDER_INBOX,
	FOLDER_SENT,
	FOLDER_DRAFTS,
	FOLDER_TRASH,
	FOLDER_JUNK,
	FOLDER_ARCHIVE,
	FOLDER_OUTBOX,
	FOLDER_FLAGGED,
	FOLDER_ALL,
	FOLDER_CALENDAR,
	FOLDER_CONTACTS,
	FOLDER_TASKS,
	FOLDER_NOTES,
	FOLDER_JOURNAL,
};
const char *folder_use_name(enum folder_use use); /* "sent"; "" for plain */
bool folder_use_from_name(const char *name, enum folder_use *out);

#define FOLDER_DEPTH_MAX 100 /* names in a path */
#define FOLDER_NAME_MAX 1024 /* bytes of one name */

struct folder {
	char **path; /* NULL-ended, at least one name */
	enum folder_use use;
	char *class; /* "IPF.Contact", or NULL */
	/* What makes the keys in it comparable with those of an earlier pass:
	 * IMAP's UIDVALIDITY; NULL where keys are good for ever. */
	char *identity;
	void *source_data; /* the source's own */
};

/* One word for logs and tables: names joined by '/', '/' and '%' within a name
 * as %2F and %25. Free with g_free(). Never to be taken apart again, but by
 * folder_path_from_text(), which is its inverse. */
char *folder_path_to_text(char *const *path);
char **folder_path_from_text(const char *text);
bool folder_path_equal(char *const *a, char *const *b); /* INBOX without case */

enum message_flag {
	MESSAGE_SEEN = 1 << 0,
	MESSAGE_ANSWERED = 1 << 1,
	MESSAGE_FLAGGED = 1 << 2,
	MESSAGE_DELETED = 1 << 3,
	MESSAGE_DRAFT = 1 << 4,
};

struct message {
	const struct folder *folder;
	struct stamp received; /* INTERNALDATE */
	guint32 flags; /* enum message_flag, or-ed */
	const char *const *keywords; /* NULL-ended, in byte order, or NULL for none */
	gint64 size; /* octets as the source announces them, -1 unknown; a hint */

	/* Exactly one of the two forms, or none (has_body false: a record that
	 * only tells of a message, see record.known and filter). */
	bool has_body;
	struct blob raw; /* wire form, CR LF; n_parts is 0 and envelope NULL */
	const struct part *parts;
	guint n_parts;

	/* Given with parts; with raw, ask message_envelope(). */
	const struct envelope *envelope;
	const char *headers; /* original header block for parts, or NULL */
	const char *class; /* "IPM.Note", or NULL */
};

/* Attribute of a recipient, spec/migration-files.md 7.4: schema name, values. */
struct attribute {
	char *name;
	char **values; /* NULL-ended */
};
enum recipient_class { RECIPIENT_MAILBOX, RECIPIENT_CONTACT, RECIPIENT_LIST };
enum recipient_mode { MODE_CREATE, MODE_UPDATE, MODE_MODIFY, MODE_DELETE };
struct recipient {
	enum recipient_class class;
	enum recipient_mode mode;
	const struct attribute *attributes; /* in the order of the source */
	guint n_attributes;
};

/* An entry or list of a personal address book, spec/migration-files.md 8. */
struct address {
	bool is_list;
	const char *const *fields; /* the 24 columns in their order; "" when empty */
	const struct person *members; /* of a list, resolved */
	guint n_members;
	bool not_sendable; /* "USER: name": no usable address */
	struct blob vcard; /* ext1; len 0 when there is none */
};
#define ADDRESS_FIELDS 24
extern const char *const address_field_names[ADDRESS_FIELDS];

enum record_kind {
	RECORD_FOLDER, /* a folder begins: before its first message */
	RECORD_MESSAGE,
	RECORD_FOLDER_END, /* all of its messages have been given */
	RECORD_RECIPIENT,
	RECORD_ADDRESS,
};
const char *record_kind_name(enum record_kind kind);

struct record {
	enum record_kind kind;
	/* Same thing, same key, on every run of the source; unique in its folder
	 * (messages) or mailbox (others); any text without control characters. */
	const char *key;
	/* Set by the engine: it may have arrived in an interrupted run; the
	 * destination looks before it writes. */
	bool again;
	/* Set by the source: an earlier pass settled this message; only flags and
	 * keywords are given (has_body false), because they may have changed. */
	bool known;
	union {
		const struct folder *folder; /* FOLDER, and FOLDER_END with: */
		struct message message;
		struct recipient recipient;
		struct address address;
	};
	/* FOLDER_END only: */
	gint64 found; /* messages the folder holds in this pass, seen or skipped */
	gint64 skipped; /* of these: settled earlier, not given, or given as known */
	const char *state; /* for the next pass; the source's own text, or NULL */
};

/*
 * The envelope of any message: its own, or read from its octets into scratch
 * (reset first). *out points into the record or to scratch.
 */
enum status message_envelope(const struct message *message,
    struct envelope *scratch, const struct envelope **out, GError **error);
/* The octets of any message: its raw blob, or its parts joined into scratch. */
enum status message_raw(const struct message *message, Spool *scratch,
    struct blob *out, GError **error);

#endif
