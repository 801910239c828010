/*
 * Reading a mail store ([MS-PST] 2.4): the store object, folders and their
 * tables, messages with recipients and attachments, messages within messages,
 * named properties.
 *
 * Everything is opened when it is asked for. ST_ITEM damages one thing only:
 * what comes after it can be read. Where a folder's own tables are damaged its
 * content is found through the node tree instead.
 */
#ifndef MAILMIG_PST_MESSAGING_READ_H
#define MAILMIG_PST_MESSAGING_READ_H

#include "pst/ltp-read.h"

#define PST_EMBED_MAX 32    /* messages within messages; deeper is hostile */
#define PST_NAMES_MAX 32767 /* named properties: ids 8000..FFFE */

typedef struct Pst Pst;
enum status pst_open(Pst **out, const char *path, GError **error);
void pst_close(Pst *pst);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pst, pst_close)

PstNdb *pst_ndb(Pst *pst);
/* The store object's properties, until pst_close(); NULL when unreadable. */
const PstProps *pst_store(Pst *pst);
/* The folder that holds what a user sees: from the store object, else the
 * usual number. */
guint32 pst_top_folder(Pst *pst);
/* Where mail is delivered: [MS-PST] 2.4.5. 0 when the file does not say. */
guint32 pst_receive_folder(Pst *pst);
/* A password is marked (never needed for reading): [MS-PST] 4.2 */
bool pst_has_password(Pst *pst);

/* Named properties: [MS-PST] 2.4.7 */
struct pst_name {
	guint8 guid[16];  /* the property set, as it is stored */
	guint32 lid;	  /* number, when name is NULL */
	const char *name; /* UTF-8, until pst_close() */
};
extern const guint8 pst_guid_mapi[16], pst_guid_public_strings[16],
    pst_guid_common[16], pst_guid_appointment[16], pst_guid_address[16],
    pst_guid_task[16], pst_guid_meeting[16], pst_guid_internet_headers[16];
/* Name of property id (8000 and up); false when it has none. */
bool pst_name_of(Pst *pst, guint id, struct pst_name *out);
/* The id of a name (name NULL: of lid); 0 when the file does not have it. Text
 * is compared without regard to ASCII case. */
guint pst_name_id(
    Pst *pst, const guint8 guid[16], guint32 lid, const char *name);

typedef struct PstFolder PstFolder;
/* On errors too *out is a folder: without properties, but what is in it may
 * still be found. */
enum status pst_folder_open(
    PstFolder **out, Pst *pst, guint32 nid, GError **error);
void pst_folder_close(PstFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstFolder, pst_folder_close)
guint32 pst_folder_nid(const PstFolder *folder);
const PstProps *pst_folder_props(const PstFolder *folder);
/* The next subfolder (search folders are not given), or message. ST_END;
 * ST_ITEM for an entry that cannot be read, and the next call goes on. */
enum status pst_folder_next_child(
    PstFolder *folder, guint32 *nid, GError **error);
enum status pst_folder_next_message(
    PstFolder *folder, guint32 *nid, GError **error);
/* Start both again. */
void pst_folder_rewind(PstFolder *folder);

typedef struct PstMessage PstMessage;
typedef struct PstAttachment PstAttachment;

/* Must be closed before the Pst. */
enum status pst_message_open(
    PstMessage **out, Pst *pst, guint32 nid, GError **error);
void pst_message_close(PstMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstMessage, pst_message_close)
guint32 pst_message_nid(const PstMessage *message);
guint32 pst_message_parent(const PstMessage *message); /* folder; 0: embedded */
const PstProps *pst_message_props(const PstMessage *message);
/* The subject without the marker of its prefix (spec/pst.md 13.3), or NULL.
 * Free with g_free(). */
char *pst_message_subject(const PstMessage *message);
/* The recipients' table, opened at the first call; until the message is closed.
 * ST_END when it has none. */
enum status pst_message_recipients(
    PstMessage *message, PstTable **out, GError **error);
/* The next attachment. ST_END; ST_ITEM for one that cannot be read. */
enum status pst_message_next_attachment(
    PstMessage *message, PstAttachment **out, GError **error);
/* Start again with the first. */
void pst_message_rewind_attachments(PstMessage *message);
void pst_attachment_close(PstAttachment *attachment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstAttachment, pst_attachment_close)
const PstProps *pst_attachment_props(const PstAttachment *attachment);
guint32 pst_attachment_nid(const PstAttachment *attachment);
/* The bytes of an attachment: its data, or those of the object storage that it
 * holds (method 6). ST_END when there are none. */
enum status pst_attachment_value(
    PstAttachment *attachment, struct pst_value *out, GError **error);
/* The message in an attachment of method 5. ST_END when it holds none;
 * ERR_LIMIT beyond PST_EMBED_MAX levels. */
enum status pst_attachment_message(
    PstAttachment *attachment, PstMessage **out, GError **error);

#endif
