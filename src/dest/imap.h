/*
 * The IMAP destination: imap:// and imaps://. What it does with folder names is
 * in imap-folders.c, with a run that was cut in imap-look.c.
 *
 * Remarks it makes:
 *	FOLDER_RENAMED    a folder gets another name there, and why
 *	KEYWORD_ILLEGAL   a keyword that is no IMAP atom is left out
 *	KEYWORDS_REFUSED  a folder takes no new keywords; they are left out
 *	FLAGS_REFUSED     changed flags of the source were not carried over
 *	DEST_UIDVALIDITY  a folder was made anew since an earlier pass
 *	LATE_REMOVED      second copies of what a cut run sent were removed
 *	LATE_TWINS        what may be such copies, or somebody's own, is named
 */
#ifndef MAILMIG_DEST_IMAP_H
#define MAILMIG_DEST_IMAP_H

#include "dest/dest.h"

extern const struct dest_driver dest_imap_driver;

#endif
