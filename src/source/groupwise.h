#ifndef MAILMIG_SOURCE_GROUPWISE_H
#define MAILMIG_SOURCE_GROUPWISE_H

#include "source/source.h"

/* groupwise:DIR; see groupwise.c and mailmig-lan-mail(7). */
extern const struct source_driver source_groupwise_driver;

#endif
