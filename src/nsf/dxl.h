/*
 * Domino XML (spec/notes.md 7): documents one by one, however large the file.
 * Attached files go to a spool, rich text is turned into text and HTML as it is
 * read.
 */
#ifndef MAILMIG_NSF_DXL_H
#define MAILMIG_NSF_DXL_H

#include "base/spool.h"
#include "nsf/note.h"

#define NSF_DXL_TEXT_MAX (64 << 20) /* bytes of one text in memory */

typedef struct NsfDxl NsfDxl;

/* ST_MAILBOX: cannot be opened. */
enum status nsf_dxl_open(
    NsfDxl **out, const char *path, const char *spool_dir, GError **error);
void nsf_dxl_close(NsfDxl *dxl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NsfDxl, nsf_dxl_close)

/*
 * The next document, in place of what note held; design notes are passed over.
 * ST_END. ST_MAILBOX with ERR_FORMAT when the file is not well-formed: after
 * all documents that could be read.
 */
enum status nsf_dxl_next(NsfDxl *dxl, struct nsf_note *note, GError **error);
/* Files and whole messages of the last document, until the next call. */
Spool *nsf_dxl_files(NsfDxl *dxl);

#endif
