/*
 * DIRECTORY sections (spec/migration-files.md 7): headings, rows to recipients,
 * and the checks that need no directory. What does need one is asked through a
 * struct directory_lookup.
 */
#ifndef MAILMIG_IFF_DIRECTORY_H
#define MAILMIG_IFF_DIRECTORY_H

#include "iff/field.h"
#include "model/record.h"

struct pri_item;
struct pri_section;

/* What the target's directory knows; every function may be NULL (nothing is
 * known there, but every server is). Names and addresses in any case. */
struct directory_lookup {
	void *ctx;
	bool (*server_known)(void *ctx, const char *server);
	bool (*exists)(void *ctx, const char *container, const char *name);
	bool (*address_taken)(void *ctx, const char *address);
};

/* Column names: the schema name for a schema or display name; NULL when it is
 * unknown (7.4). '-' and space are equal, case does not matter. */
const char *directory_column(const char *name);
/* May it hold several values, separated by '%'? */
bool directory_is_multi(const char *schema_name);

/* Check a heading; false after DIR_BAD_HEADING. Columns keep their text. */
bool directory_heading(const GPtrArray *columns, gint64 line, Diags *diags);

typedef struct Directory Directory;

/* Remembers names and addresses of one set. lenient: update and modify rows
 * are taken. lookup may be NULL. */
Directory *directory_new(bool lenient, const struct directory_lookup *lookup);
void directory_free(Directory *directory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Directory, directory_free)

void directory_section(Directory *directory, const struct pri_section *section);
/*
 * A row to a recipient, valid until the next call; the texts of the row are
 * changed. key: the name within its container. False after an error.
 */
bool directory_row(Directory *directory, struct pri_item *item,
    const char *file, Diags *diags, struct recipient *out, const char **key);
/* The set has been read: DIR_MEMBER_UNRESOLVED for members nobody was. */
void directory_end(Directory *directory, Diags *diags);

#endif
