/*
 * The IMAP destination: imap:// and imaps://. What it does with folder names is
 * in imap-folders.c, with a run that was cut in imap-look.c.
 */
#ifndef MAILMIG_DEST_IMAP_H
#define MAILMIG_DEST_IMAP_H

#include "dest/dest.h"

extern const struct dest_driver dest_imap_driver;

#endif
