/* The driver of migration files, for src/drivers.c. */
#ifndef MAILMIG_DEST_FILES_H
#define MAILMIG_DEST_FILES_H

#include "dest/dest.h"

extern const struct dest_driver dest_files_driver;

#endif
