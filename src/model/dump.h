/*
 * A record as one line of JSON, every field of the model: what `mailmig show
 * --records --json` prints, golden tests compare, and people script with.
 */
#ifndef MAILMIG_MODEL_DUMP_H
#define MAILMIG_MODEL_DUMP_H

#include "model/record.h"

/* Appends one line with its newline. Keys in a fixed order; bodies as length
 * and SHA-256; scratch is reset. mailbox may be NULL. */
enum status record_dump(const struct record *record, const char *mailbox,
    Spool *scratch, GString *out, GError **error);

#endif
