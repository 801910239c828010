/*
 * From an Internet message to the properties of a message in a .pst:
 * [MS-OXCMAIL] in the form of spec/pst.md 13. What cannot be mapped is kept as
 * an attachment with its own name and type; the header block is kept whole
 * besides.
 */
#ifndef MAILMIG_PST_MAPI_FROM_MIME_H
#define MAILMIG_PST_MAPI_FROM_MIME_H

#include "mime/part.h"
#include "pst/messaging-write.h"

enum pst_mail_flag {
	PST_MAIL_SEEN = 1 << 0,
	PST_MAIL_ANSWERED = 1 << 1,
	PST_MAIL_FLAGGED = 1 << 2,
	PST_MAIL_DRAFT = 1 << 3,
	PST_MAIL_FORWARDED = 1 << 4,
};

/* What the folder is for: parts that say what they are become items there. */
enum pst_place {
	PST_PLACE_MAIL,
	PST_PLACE_CALENDAR, /* text/calendar: appointments, tasks */
	PST_PLACE_CONTACTS, /* text/vcard: contacts, lists */
};

struct pst_mail {
	/* Raw, wire form; or in parts: raw is empty, envelope is not NULL. */
	struct blob raw;
	const struct envelope *envelope;
	const char *headers; /* of parts: original block, or NULL */
	const struct part *parts;
	guint n_parts;
	const char *class; /* "IPM.Note", or NULL: by content */
	struct stamp received;
	guint32 flags;		       /* enum pst_mail_flag */
	const char *const *categories; /* NULL-ended, or NULL */
	enum pst_place place;
	/* Told of what was mended or could not be kept, one line each; code: a
	 * word of dest/pst.h. May be NULL. */
	void (*remark)(void *ctx, const char *code, const char *text);
	void *remark_ctx;
};

typedef struct PstMapper PstMapper;
/* spool_dir: for contents that do not fit in memory; copied. */
PstMapper *pst_mapper_new(const char *spool_dir);
void pst_mapper_free(PstMapper *mapper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstMapper, pst_mapper_free)

/*
 * Write one message into a folder. ST_ITEM: this message has no room or cannot
 * be read; it was taken back. Wider: as pst/messaging-write.h.
 */
enum status pst_mapper_write(PstMapper *mapper, PstWriter *writer,
    guint32 folder, const struct pst_mail *mail, guint32 *nid, GError **error);
/* The class of the message that was written last: "IPM.Appointment". */
const char *pst_mapper_class(const PstMapper *mapper);

/* The Windows code page of a MIME charset; 0 when it is not known. */
guint pst_codepage(const char *charset);
/* Characters of a subject that are its prefix ("RE: "): spec/pst.md 13.3. */
guint pst_subject_prefix(const char *subject);

#endif
