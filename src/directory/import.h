/*
 * Rows into a directory: create, update, modify, delete; lists when everybody
 * is there. A row for somebody whom the directory knows as a custom recipient
 * converts that one (Q154443, Q200564), in one who has the mailbox already
 * nothing is in conflict (Q234665).
 */
#ifndef MAILMIG_DIRECTORY_IMPORT_H
#define MAILMIG_DIRECTORY_IMPORT_H

#include "directory/changes.h"
#include "directory/policy.h"

#define IMPORT_BATCH 200 /* rows between two commits */

typedef struct Import Import;
/* policy may be NULL: addresses are as the rows have them. */
Import *import_new(Changes *changes, const struct policy *policy);
void import_free(Import *import);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Import, import_free)
Changes *import_changes(Import *import);
/* One row; its members wait for import_end(). ST_ITEM: told, not written;
 * ST_THERE: as it is already. */
enum status import_row(Import *import, const Entry *row, GError **error);
/* Memberships, warnings for members that nobody is; and the last commit. */
enum status import_end(Import *import, GError **error);

/*
 * A file: directory CSV, or LDIF with content or change records (an undo file
 * too), by its ending (.ldif, .ldi) or first line. Rows that failed are kept in
 * rejects (a path; written only if there are any; NULL: nobody wants them).
 */
enum status import_file(
    Import *import, const char *path, const char *rejects, GError **error);

/* Everybody of another store, each as a row of mode update under his own name;
 * passwords are left where they are. */
enum status import_store(Import *import, Store *from, GError **error);
/* An IMAP user list (userlist.h). */
enum status import_userlist(Import *import, const char *path, GError **error);
/* The name by which an entry's mail is called at its source: what is behind
 * MIGRATE:, else a native target address, else its Internet address, alias or
 * name. g_free(). */
char *import_source_of(const Entry *entry);

#endif
