/*
 * Packing lists (spec/migration-files.md 5, 15.1, 15.2): the code page of a set
 * and the names and kinds of its files. Reading is bounded by PKL_FILE_MAX.
 */
#ifndef MAILMIG_IFF_PKL_H
#define MAILMIG_IFF_PKL_H

#include "iff/diag.h"

#include <stdbool.h>

#define PKL_FILE_MAX (64 << 20) /* bytes; 1,000,000 files are 40 MB */

struct pkl_file {
	char *name;
	bool secondary;
	gint64 line; /* in the packing list */
	/* From a comment that our writer puts before the row, or NULL: whose
	 * sections are in it. Spares reading every primary to know. */
	char *owner;
	guint64 job; /* 0: not known */
};

typedef struct Pkl Pkl;
struct Pkl {
	guint codepage;
	bool ext1;
	GPtrArray *files; /* of struct pkl_file, in order; valid rows only */
};

/*
 * data: the whole file. Reports to diags, whose file is the packing list.
 * names_codepage: of the list itself, 0 for 1252 (3.1). override: a code page
 * instead of the one inside, or 0 (Q177418).
 * ST_RUN with ERR_FORMAT after a fatal diagnostic.
 */
enum status pkl_parse(Pkl **out, const void *data, gsize len,
    guint names_codepage, guint override, Diags *diags, GError **error);
/* An empty one, to be filled and written. */
Pkl *pkl_new(guint codepage, bool ext1);
void pkl_free(Pkl *pkl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pkl, pkl_free)
/* owner may be NULL. */
void pkl_add(
    Pkl *pkl, const char *name, bool secondary, const char *owner, guint64 job);
/* Its row, by name without case; or NULL. */
struct pkl_file *pkl_find(const Pkl *pkl, const char *name);
/* The bytes of the file; names in 1252, which they fit (our names are ASCII;
 * others were read from it). */
void pkl_format(const Pkl *pkl, GString *out);

#endif
