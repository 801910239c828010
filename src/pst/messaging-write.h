/*
 * Writing a mail store: folders, messages with recipients and attachments,
 * messages within messages, named properties; and all that Outlook expects in a
 * file besides (spec/pst.md 8, 10 to 14).
 *
 * Messages go out as they come, whatever their folders; the tables of the
 * folders are made at the end from rows that were spooled. Memory does not grow
 * with messages, but by some hundred bytes a folder and 16 bytes per 16 KiB of
 * rows.
 *
 * Errors: ST_ITEM, this message only: take it back with pst_writer_abort().
 * ST_MAILBOX with ERR_IO: the file cannot be written; close it.
 */
#ifndef MAILMIG_PST_MESSAGING_WRITE_H
#define MAILMIG_PST_MESSAGING_WRITE_H

#include "pst/ltp-write.h"

#define PST_WRITER_NAMES_MAX 4096 /* named properties of a file */
#define PST_WRITER_DEPTH_MAX 32	  /* messages within messages */
#define PST_WRITER_NAME_MAX  255  /* UTF-16 units of a folder's name */
#define PST_WRITER_TEXT_MAX  255  /* UTF-16 units of a subject, a name */

typedef struct PstWriter PstWriter;

struct pst_writer_params {
	const char *name;      /* of the store, as Outlook shows it */
	const char *spool_dir; /* exists */
	bool plain;	       /* do not encode data blocks */
	bool no_item_ids;      /* rows without ids, an empty id map */
};

/* The file must not exist; it is no .pst before pst_writer_finish(). */
enum status pst_writer_open(PstWriter **out, const char *path,
    const struct pst_writer_params *params, GError **error);
/* Closes, and deletes the file unless it was finished. */
void pst_writer_close(PstWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstWriter, pst_writer_close)

/*
 * A folder under parent (PST_NID_TOP for the first level). The name is cut, and
 * control characters in it become spaces; where a sibling has it already, case
 * aside, " (2)" and so on is added. class: "IPF.Note".
 */
enum status pst_writer_folder(PstWriter *writer, guint32 parent,
    const char *name, const char *class, guint32 *nid, GError **error);

/* Another class for a folder, once it is known what lies in it. */
void pst_writer_folder_class(PstWriter *writer, guint32 nid, const char *class);

/* Folders that Outlook finds by what they are for, not by their names. */
enum pst_special {
	PST_SPECIAL_INBOX, /* receives mail of every class */
	PST_SPECIAL_SENT,
	PST_SPECIAL_OUTBOX,
	PST_SPECIAL_CALENDAR,
	PST_SPECIAL_CONTACTS,
	PST_SPECIAL_JOURNAL,
	PST_SPECIAL_NOTES,
	PST_SPECIAL_TASKS,
	PST_SPECIAL_DRAFTS,
	PST_SPECIAL_JUNK,
	PST_SPECIALS
};
/* Say that a folder is the one for something; the first one is. */
void pst_writer_special(PstWriter *writer, enum pst_special what, guint32 nid);

/* Begin a message in a folder. */
enum status pst_writer_message(
    PstWriter *writer, guint32 folder, GError **error);
/* The properties of what is being made: the message, or the attachment. */
PstBag *pst_writer_bag(PstWriter *writer);
/* Cells that only the message's row in its folder's table has. */
PstBag *pst_writer_row(PstWriter *writer);
/* For large values: write, end, pst_bag_data(). One at a time. */
PstOutData *pst_writer_data(PstWriter *writer);
/* The property id of a name (name NULL: of a number) in a property set; 0 when
 * the file has PST_WRITER_NAMES_MAX. Names differing in case are the same. */
guint pst_writer_name(
    PstWriter *writer, const guint8 guid[16], guint32 lid, const char *name);

enum pst_recipient_kind { PST_TO = 1, PST_CC = 2, PST_BCC = 3 };
struct pst_recipient {
	enum pst_recipient_kind kind;
	const char *name;    /* UTF-8; NULL: the address */
	const char *type;    /* "SMTP" */
	const char *address; /* or NULL */
};
enum status pst_writer_recipient(
    PstWriter *writer, const struct pst_recipient *recipient, GError **error);
/* One-off entry id and search key of a person: spec/pst.md 13.4. Appended. */
void pst_one_off(
    GByteArray *to, const char *name, const char *type, const char *address);
void pst_address_key(GByteArray *to, const char *type, const char *address);

/* An attachment of the message; within it perhaps a message. */
enum status pst_writer_attachment(PstWriter *writer, GError **error);
enum status pst_writer_attachment_end(PstWriter *writer, GError **error);
enum status pst_writer_embedded(PstWriter *writer, GError **error);
enum status pst_writer_embedded_end(PstWriter *writer, GError **error);
/* How deep we are: 0 in no message, 1 in one, 2 in its attachment, ... */
guint pst_writer_depth(const PstWriter *writer);

/* What must be there and is not (class, flags, times, search key) is set: as
 * for a plain, unread message of now. */
enum status pst_writer_message_end(
    PstWriter *writer, guint32 *nid, GError **error);
/* Take the message back that was begun; does nothing when there is none. */
enum status pst_writer_abort(PstWriter *writer, GError **error);

/* Bytes the file would have if it were finished now. */
guint64 pst_writer_size(const PstWriter *writer);
enum status pst_writer_finish(PstWriter *writer, GError **error);

/* 100 ns since 1601 of seconds since 1970. */
guint64 pst_filetime(gint64 utc);

#endif
