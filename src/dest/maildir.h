/* The driver of Maildir trees, for src/drivers.c. */
#ifndef MAILMIG_DEST_MAILDIR_H
#define MAILMIG_DEST_MAILDIR_H

#include "dest/dest.h"

extern const struct dest_driver dest_maildir_driver;

#endif
