/* The driver of Lotus Notes databases, for src/drivers.c. */
#ifndef MAILMIG_SOURCE_NOTES_H
#define MAILMIG_SOURCE_NOTES_H

#include "source/source.h"

extern const struct source_driver source_notes_driver;

#endif
