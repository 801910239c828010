/* The null: driver of tests and benches, for src/drivers.c. */
#ifndef MAILMIG_DEST_NULL_H
#define MAILMIG_DEST_NULL_H

#include "dest/dest.h"

extern const struct dest_driver dest_null_driver;

#endif
