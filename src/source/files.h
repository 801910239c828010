/* The driver of migration files, for src/drivers.c. */
#ifndef MAILMIG_SOURCE_FILES_H
#define MAILMIG_SOURCE_FILES_H

#include "source/source.h"

extern const struct source_driver source_files_driver;

#endif
