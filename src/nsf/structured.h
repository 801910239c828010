/*
 * Structured text, the old form of export of Notes (spec/notes.md 8). Nobody
 * published its grammar and no real file was at hand: the working grammar of
 * the specification is read, and what does not fit is counted.
 */
#ifndef MAILMIG_NSF_STRUCTURED_H
#define MAILMIG_NSF_STRUCTURED_H

#include "nsf/note.h"

#define NSF_STRUCTURED_MAX (64 << 20) /* bytes of one document */

/* In which order the exporting client printed dates. */
enum nsf_date_order { NSF_DATE_MDY, NSF_DATE_DMY, NSF_DATE_YMD };

typedef struct NsfStructured NsfStructured;

/* separator: the byte between documents, 0x0C as a rule. */
enum status nsf_structured_open(NsfStructured **out, const char *path,
    enum nsf_date_order order, guint8 separator, GError **error);
void nsf_structured_close(NsfStructured *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NsfStructured, nsf_structured_close)

/*
 * The next document, in place of what note held. Its key is a digest of its
 * text. ST_END; ST_MAILBOX when the file cannot be read.
 */
enum status nsf_structured_next(
    NsfStructured *text, struct nsf_note *note, GError **error);
/* Lines that belong to no field, dates that are none: so far. */
guint nsf_structured_misfits(const NsfStructured *text);

/* "03/14/2003 09:12:44 AM" in that order; the zone is not known. */
bool nsf_structured_date(
    const char *text, enum nsf_date_order order, guint8 out[NSF_TIMEDATE]);

#endif
