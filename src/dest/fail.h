/* The fail: driver of tests and benches, for src/drivers.c. */
#ifndef MAILMIG_DEST_FAIL_H
#define MAILMIG_DEST_FAIL_H

#include "dest/dest.h"

extern const struct dest_driver dest_fail_driver;

#endif
