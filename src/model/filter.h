/*
 * Which messages and folders a run takes. Sources ask before they fetch a
 * body; the engine asks again and counts: what is left out is found, filtered
 * and named, never dropped in silence.
 */
#ifndef MAILMIG_MODEL_FILTER_H
#define MAILMIG_MODEL_FILTER_H

#include "model/record.h"

enum filter_reason {
	FILTER_PASS,
	FILTER_BEFORE, /* received before since */
	FILTER_AFTER, /* received at or after until */
	FILTER_SIZE, /* larger than size_max */
	FILTER_DELETED, /* \Deleted, and these are not wanted */
	FILTER_FOLDER, /* folder not included, or excluded */
};
const char *filter_reason_name(enum filter_reason reason);

/* Kinds of folders, to leave out as a whole: "mail" is what is none of the
 * others; "public" are mailboxes of public folders (struct mailbox). */
extern const char *const filter_kinds[]; /* NULL-ended */

struct filter {
	gint64 since, until; /* seconds UTC; G_MININT64, G_MAXINT64 when open */
	gint64 size_max; /* octets; G_MAXINT64 when open */
	bool deleted; /* take \Deleted mail too (default; Q216287) */
	GPtrArray *include, *exclude; /* glob patterns over folder path text */
	GPtrArray *without; /* of char *, out of filter_kinds */
};
void filter_init(struct filter *filter); /* takes everything */
void filter_clear(struct filter *filter);

/* By date, size and flags. A message without a date is always taken (wizard.md
 * 5). The size is the announced one; unknown passes. */
enum filter_reason filter_message(const struct filter *filter,
    const struct message *message);
/* Patterns as in fnmatch(3), without case, '*' also crosses '/'; a pattern that
 * names a folder takes what is below it too. */
enum filter_reason filter_folder(const struct filter *filter,
    const struct folder *folder);
/* Is this kind left out? */
bool filter_without(const struct filter *filter, const char *kind);
/* Does any rule need more than the folder (so that metadata is worth a trip)? */
bool filter_needs_metadata(const struct filter *filter);

#endif
