#ifndef MAILMIG_SOURCE_CCMAIL_H
#define MAILMIG_SOURCE_CCMAIL_H

#include "source/source.h"

/* ccmail:FILE, ccmail:DIR; see ccmail.c and mailmig(1). */
extern const struct source_driver source_ccmail_driver;

#endif
