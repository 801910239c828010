/* The IMAP source: imap:// and imaps://. */
#ifndef MAILMIG_SOURCE_IMAP_H
#define MAILMIG_SOURCE_IMAP_H

#include "source/source.h"

extern const struct source_driver source_imap_driver;

#endif
