/* The driver of Outlook personal folder files, for src/drivers.c. */
#ifndef MAILMIG_DEST_PST_H
#define MAILMIG_DEST_PST_H

#include "dest/dest.h"

extern const struct dest_driver dest_pst_driver;

#endif
