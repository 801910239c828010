/*
 * Diagnostics of migration files: what was found wrong, where.
 *
 * The readers report through a Diags. What concerns a row is collected between
 * diags_row() and diags_row_end(): a row that fails reports its first error and
 * no warning, a good one its warnings in order (spec/migration-files.md 13).
 * Everything else goes to the sink at once.
 */
#ifndef MAILMIG_IFF_DIAG_H
#define MAILMIG_IFF_DIAG_H

#include "base/status.h"

#include <stdbool.h>

enum diag_code {
#define DIAG(code, severity, scope, meaning, original) DIAG_##code,
#include "iff/codes.def"
#undef DIAG
	DIAG_COUNT
};
enum diag_severity { DIAG_INFO, DIAG_WARNING, DIAG_ERROR, DIAG_FATAL };
enum diag_scope { DIAG_SET, DIAG_ROW, DIAG_DIRECTORY };

struct diag_info {
	const char *name; /* "SEC_TRUNCATED" */
	enum diag_severity severity;
	enum diag_scope scope;
	const char *meaning, *original;
};
extern const struct diag_info diag_table[DIAG_COUNT];

struct diag {
	enum diag_code code;
	const char *file; /* packing list or primary, its name in the set */
	gint64 line;	  /* physical, from 1; 0 when none applies */
	const char *other_file; /* secondary, or NULL */
	gint64 offset;		/* bytes in other_file; -1 when none applies */
	const char *text;	/* one line */
};				/* pointers live during the call of the sink */
typedef void (*diag_sink)(void *ctx, const struct diag *diag);

typedef struct Diags Diags;

/* sink may be NULL: then only the verdict on rows matters. */
Diags *diags_new(diag_sink sink, void *ctx);
void diags_free(Diags *diags);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Diags, diags_free)

/* Where the following ones belong; file is copied. */
void diags_file(Diags *diags, const char *file);
void diags_line(Diags *diags, gint64 line);

/* Report; other_file may be NULL with offset -1. At once, or with the row. */
void diags_add(Diags *diags, enum diag_code code, const char *other_file,
    gint64 offset, const char *format, ...) G_GNUC_PRINTF(5, 6);
/* Report at once, for a line of its own, even within a row. */
void diags_add_at(Diags *diags, enum diag_code code, gint64 line,
    const char *format, ...) G_GNUC_PRINTF(4, 5);

/* A row begins at the line; what was collected before is dropped. */
void diags_row(Diags *diags, gint64 line);
/* Has the row an error? Its first, valid until the row's end; or NULL. */
const struct diag *diags_row_error(const Diags *diags);
/* The row is over: its diagnostics go to the sink. */
void diags_row_end(Diags *diags);
/* The row ends with error and warnings all reported: lenient policy, where the
 * row is imported and its repairs count. */
void diags_row_end_lenient(Diags *diags);

#endif
