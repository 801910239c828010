/* The fail: driver of tests and benches, for src/drivers.c. */
#ifndef MAILMIG_SOURCE_FAIL_H
#define MAILMIG_SOURCE_FAIL_H

#include "source/source.h"

extern const struct source_driver source_fail_driver;

#endif
