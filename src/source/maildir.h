/* The driver of Maildir trees, for src/drivers.c. */
#ifndef MAILMIG_SOURCE_MAILDIR_H
#define MAILMIG_SOURCE_MAILDIR_H

#include "source/source.h"

extern const struct source_driver source_maildir_driver;

#endif
