/*
 * Options of a driver: one table feeds the URL and plan parsers, --help, the
 * wizard's forms, the shell completion and the man page.
 */
#ifndef MAILMIG_BASE_OPTION_H
#define MAILMIG_BASE_OPTION_H

#include "base/status.h"

#include <stdbool.h>

enum option_type {
	OPTION_BOOL, /* yes no true false on off 1 0 */
	OPTION_NUMBER, /* decimal, not negative */
	OPTION_SIZE, /* bytes: 10, 8KiB, 45GiB, 5MB */
	OPTION_TEXT,
	OPTION_CHOICE, /* one of choices */
};

struct option {
	const char *name; /* lower case, words joined by '-' */
	enum option_type type;
	const char *fallback; /* the value when none is given; NULL: unset */
	const char *choices; /* OPTION_CHOICE: "plain|ext1" */
	const char *summary; /* one line, no dot */
};
/* A table ends with a row whose name is NULL. */

/* Values by name, checked against a table. */
typedef struct Options Options;

Options *options_new(const struct option *table);
void options_free(Options *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Options, options_free)

/* ST_RUN with ERR_CONFIG: unknown name (the text gives the nearest known one),
 * or a value that is not of the type. */
enum status options_set(Options *options, const char *name, const char *value,
    GError **error);

/* Getters: asking for a name that is not in the table is an assertion. */
const char *options_text(const Options *options, const char *name);
bool options_bool(const Options *options, const char *name);
gint64 options_number(const Options *options, const char *name); /* or size */
bool options_is_set(const Options *options, const char *name);

#endif
