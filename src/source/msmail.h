#ifndef MAILMIG_SOURCE_MSMAIL_H
#define MAILMIG_SOURCE_MSMAIL_H

#include "source/source.h"

/* msmail:FILE, msmail:DIR; see msmail.c and mailmig-lan-mail(7). */
extern const struct source_driver source_msmail_driver;

#endif
