/* The generate: driver of tests and benches, for src/drivers.c. */
#ifndef MAILMIG_SOURCE_GENERATE_H
#define MAILMIG_SOURCE_GENERATE_H

#include "source/source.h"

extern const struct source_driver source_generate_driver;

#endif
