/*
 * Rows of MAILMESSAGE sections to messages (spec/migration-files.md 9,
 * 10, 15.2): first who a row is (folder, key), which is cheap, then its body
 * and values.
 */
#ifndef MAILMIG_IFF_MESSAGE_H
#define MAILMIG_IFF_MESSAGE_H

#include "iff/pointer.h"
#include "iff/value.h"

#define MESSAGE_KEY_MAX                                                        \
	80 /* chars with the NUL of a key made from a digest                   \
	    */

struct message_options {
	GTimeZone *zone; /* of dates without a zone column */
	bool detect_rtf; /* "{\rtf1" is rich text (10.7) */
	const char *spool_dir;
	/* Text that a calendar message gets for its empty body (10.5); NULL:
	 * an English one. */
	const char *instruction;
};

/* Who a row is. Pointers live until the next message_identify(). */
struct message_id {
	char *const *path; /* of the folder */
	bool is_folder;	   /* Kind=folder: nothing but a folder */
	bool has_use;	   /* the row says what the folder is for */
	enum folder_use use;
	const char *class; /* of the folder, or NULL */
	const char *key;   /* the Key column, or a digest of the row's values */
	bool unreadable;   /* not even its fields: key is made of its line */
	bool own_key;	   /* from the Key column: unique already */
};

typedef struct MessageReader MessageReader;

/* set and options' texts live as long as the reader. */
MessageReader *message_reader_new(Set *set, const struct message_options *opts);
void message_reader_free(MessageReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MessageReader, message_reader_free)
/* A section of kind PRI_MAIL begins. */
void message_section(MessageReader *reader, const struct pri_section *section);

/*
 * Identify a row; diags is within it. False when its fields or pointers are
 * wrong (in strict policy the row has failed; id is set as far as it goes, with
 * the inbox where the folder is unknown).
 */
bool message_identify(MessageReader *reader, struct pri_item *item,
    Diags *diags, struct message_id *id);
/* Flags, dates and other values without the body: for filters. Says nothing. */
void message_values(MessageReader *reader, struct message *out);
/*
 * All of it: out->folder is left alone. Blobs and texts live until the next
 * message_identify(). False after an error in strict policy; in lenient policy
 * what could be read is there, with a line about the rest, and the error is in
 * diags all the same. ST_MAILBOX when the spool cannot be written.
 */
enum status message_read(MessageReader *reader, Diags *diags, bool *ok,
    struct message *out, GError **error);

#endif
