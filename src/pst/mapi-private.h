/* What the files mapi-* share: property tags, property sets, and how the
 * properties that several kinds of items have are written. */
#ifndef MAILMIG_PST_MAPI_PRIVATE_H
#define MAILMIG_PST_MAPI_PRIVATE_H

#include "pst/format.h"
#include "pst/mapi-from-mime.h"

#define TAG(id, type) ((guint32)(id) << 16 | (type))
#define TEXT(id)      TAG(id, PST_T_UNICODE)
#define INT(id)	      TAG(id, PST_T_INT32)
#define BOOL(id)      TAG(id, PST_T_BOOL)
#define TIME(id)      TAG(id, PST_T_TIME)
#define BINARY(id)    TAG(id, PST_T_BINARY)

#define PST_MAPI_NAME_UNITS 255 /* UTF-16 units of names and subjects */

/* Property sets: [MS-OXPROPS] 1.3.2 */
extern const guint8 pst_set_public[16];	     /* PS_PUBLIC_STRINGS */
extern const guint8 pst_set_common[16];	     /* PSETID_Common */
extern const guint8 pst_set_address[16];     /* PSETID_Address */
extern const guint8 pst_set_appointment[16]; /* PSETID_Appointment */
extern const guint8 pst_set_meeting[16];     /* PSETID_Meeting */
extern const guint8 pst_set_task[16];	     /* PSETID_Task */

/* A message on its way, or one within it. */
struct pst_mapi {
	PstMapper *mapper;
	PstWriter *w;
	const struct pst_mail *mail;
	bool embedded;
	guint64 time; /* when it came, as PidTagMessageDeliveryTime */
};

/* The class that the message got. */
void pst_mapi_class(const struct pst_mapi *m, const char *class);
/* One line on what was mended or could not be kept; code: dest/pst.h. */
void pst_mapi_remark(const struct pst_mapi *m, const char *code,
    const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Of an error, which it clears. */
void pst_mapi_remark_error(
    const struct pst_mapi *m, const char *code, GError **error);

enum status pst_mapi_subject(PstBag *bag, const char *subject, GError **error);
/* Topic, index and id of the conversation; thread_topic and index (of the
 * header) may be NULL. */
enum status pst_mapi_conversation(const struct pst_mapi *m, const char *subject,
    const char *thread_topic, GBytes *index, GError **error);
/* ids: name, type, address, entry id, search key, SMTP address. */
enum status pst_mapi_person(PstBag *bag, const struct person *person,
    const guint ids[6], GError **error);
extern const guint pst_mapi_sender[6], pst_mapi_representing[6];
/* Both senders from one. */
enum status pst_mapi_senders(PstBag *bag, const struct person *author,
    const struct person *agent, GError **error);

/* The tag of a named property; 0 when the file has no room for its name. */
guint32 pst_mapi_tag(
    const struct pst_mapi *m, const guint8 set[16], guint32 lid, guint type);
/* A named property of the object that is being made; what has no room is left
 * out. Text that is NULL or empty: nothing. */
void pst_mapi_int(
    const struct pst_mapi *m, const guint8 set[16], guint32 lid, guint32 v);
void pst_mapi_bool(
    const struct pst_mapi *m, const guint8 set[16], guint32 lid, bool v);
void pst_mapi_time(
    const struct pst_mapi *m, const guint8 set[16], guint32 lid, guint64 v);
enum status pst_mapi_text(const struct pst_mapi *m, const guint8 set[16],
    guint32 lid, const char *text, GError **error);
enum status pst_mapi_bytes(const struct pst_mapi *m, const guint8 set[16],
    guint32 lid, const void *p, gsize len, GError **error);
enum status pst_mapi_categories(const struct pst_mapi *m,
    const char *const *words, guint n, GError **error);

/* A contact into the message that is being made: contact-write.c. */
struct pst_entry;
enum status pst_mapi_contact(
    const struct pst_mapi *m, const struct pst_entry *contact, GError **error);
/* Write a whole Internet message into the embedded object that was begun. */
enum status pst_mapi_inner(
    const struct pst_mapi *m, const struct blob *raw, GError **error);

#endif
