/*
 * Directory files of Exchange (spec/migration-files.md 7; Q146304, Q184532):
 *	Obj-Class,Mode,Common-Name,...,Secondary-Proxy-Addresses,Home-Server
 * with create, update, modify and delete, '%' between the values of a field,
 * ~SERVER and ~DEL; and the user lists of MS Mail, which begin with two lines
 * of the post office and SFS_UserName (wizard.md 6.2).
 */
#ifndef MAILMIG_DIRECTORY_ROWS_H
#define MAILMIG_DIRECTORY_ROWS_H

#include "directory/store.h"

#define ROWS_FILE_MAX (1 << 30) /* bytes */

typedef struct Rows Rows;
/*
 * container, base: see entry_from_recipient(). complain gets what is odd and
 * not an error: columns that are not known, backslashes that were dropped.
 * ST_RUN: cannot be read, or no heading that could be one (which column is
 * missing is said).
 */
enum status rows_open(Rows **out, const char *path, const char *container,
    const char *base, void (*complain)(void *user, int line, const char *text),
    void *user, GError **error);
void rows_close(Rows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rows, rows_close)
/* ST_ITEM: this row cannot be used, the next one may be fine. ST_END. */
enum status rows_next(Rows *rows, Entry **out, GError **error);
/* The last row as it stands in the file, and the heading: for recovery. */
const char *rows_raw(const Rows *rows);
const char *rows_heading(const Rows *rows);
int rows_line(const Rows *rows);

/* Write a store as such a file, beside the old one and renamed. Accounts and
 * groups of AD without mail are no recipients: they are counted, not written. */
struct rows_count {
	guint written, accounts;
};
enum status rows_write(
    Store *store, const char *path, struct rows_count *count, GError **error);
enum status rows_save(Store *store, const char *path, GError **error);

#endif
