/*
 * The store in a table (SQLite): the embedded default, and what the stores of
 * files and mirrors of remote stores are made of.
 */
#ifndef MAILMIG_DIRECTORY_TABLE_H
#define MAILMIG_DIRECTORY_TABLE_H

#include "directory/store.h"

/* A table in a temporary file without a name. name is for messages. */
enum status table_open_private(Store **out, const char *name, GError **error);

/* What a store in a file adds: driver, and how the file is read and written. */
typedef enum status (*table_save)(
    Store *store, const char *path, GError **error);
enum status table_open_for(Store **out, const struct store_driver *driver,
    const char *path, table_save save, GError **error);
/* Has something been written since the last commit? */
bool table_is_changed(const Store *store);
/* Everything so far was reading: nothing is to be saved. */
void table_unchanged(Store *store);
const char *table_path(const Store *store);
guint table_count(Store *store);

/* The functions of the table, for such drivers. */
enum status table_scan(Store *store, GError **error);
enum status table_next(Store *store, Entry **out, GError **error);
enum status table_search(Store *store, enum store_key key, const char *value,
    GPtrArray *out, GError **error);
enum status table_read(
    Store *store, const char *id, Entry **out, GError **error);
enum status table_links(
    Store *store, const char *id, GPtrArray *out, GError **error);
enum status table_create(Store *store, Entry *entry, GError **error);
enum status table_modify(
    Store *store, const Entry *old, const Entry *new, GError **error);
enum status table_remove(Store *store, const char *id, GError **error);
enum status table_link(Store *store, const char *holder, const char *attribute,
    const char *const *targets, guint n, bool add, GError **error);
bool table_has_container(Store *store, const char *dn);
enum status table_commit(Store *store, GError **error);
void table_close(Store *store);

/* All of them, in a struct store_driver. */
#define TABLE_OPERATIONS                                                       \
	.scan = table_scan, .next = table_next, .search = table_search,        \
	.read = table_read, .links = table_links, .create = table_create,      \
	.modify = table_modify, .remove = table_remove, .link = table_link,    \
	.has_container = table_has_container, .commit = table_commit,          \
	.close = table_close

#endif
