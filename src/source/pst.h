/* The driver of Outlook personal folder files, for src/drivers.c. */
#ifndef MAILMIG_SOURCE_PST_H
#define MAILMIG_SOURCE_PST_H

#include "source/source.h"

extern const struct source_driver source_pst_driver;

#endif
