/*
 * From a message in a .pst back to what Internet mail knows: envelope, original
 * header block, parts, flags. The way back of pst/mapi-from-mime.h.
 */
#ifndef MAILMIG_PST_MIME_FROM_MAPI_H
#define MAILMIG_PST_MIME_FROM_MAPI_H

#include "mime/part.h"
#include "pst/mapi-from-mime.h"
#include "pst/messaging-read.h"

/* What one message holds; reused for message after message. Everything in it is
 * valid until the next pst_content_read(). */
typedef struct PstContent PstContent;
struct pst_content {
	/* Signed or encrypted mail is given raw, as it was; else len is 0 and
	 * it is in parts. */
	struct blob raw;
	struct envelope envelope;
	char *headers; /* original block, or NULL */
	GArray *parts; /* of struct part */
	char *class;
	struct stamp received;
	guint32 flags;	       /* enum pst_mail_flag */
	GPtrArray *categories; /* char *, NULL-ended */
	GPtrArray *lost; /* char *: one line on each thing that is damaged */
};

/* spool_dir: for contents that do not fit in memory; copied. */
PstContent *pst_content_new(const char *spool_dir);
void pst_content_free(PstContent *content);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstContent, pst_content_free)

/* Flags, times, class and categories alone: without bodies and attachments. */
void pst_content_read_flags(PstContent *content, Pst *pst, PstMessage *message);
/*
 * All of it. What is damaged within the message is left out and named in lost.
 * ST_MAILBOX when the spool cannot be written.
 */
enum status pst_content_read(
    PstContent *content, Pst *pst, PstMessage *message, GError **error);
const struct pst_content *pst_content_get(const PstContent *content);

#endif
