/*
 * The stores in files: LDIF, and directory files of Exchange. Read into a table
 * when they are opened, written again when something has changed.
 */
#include "directory/dn.h"
#include "directory/ldif.h"
#include "directory/rows.h"
#include "directory/table.h"
#include "directory/wire.h"

#include <string.h>

static const struct option ldif_options[] = {
    {"base", OPTION_TEXT, "", NULL, "everything is below this name"},
    {"schema", OPTION_CHOICE, "ad", "ad|openldap|inetorg",
	"classes of what is written"},
    {NULL},
};
static const struct option csv_options[] = {
    {"base", OPTION_TEXT, "", NULL, "name of the site, above all containers"},
    {"container", OPTION_TEXT, "Recipients", NULL,
	"where rows without Obj-Container are"},
    {NULL},
};

static void
complain(const struct store_where *where, int line, const char *text)
{
	if (where->complain)
		where->complain(where->complain_user, line, text);
}

static enum status
path_of(const struct store_where *where, const char **out, GError **error)
{
	*out = where->url->path;
	return *out && **out ? ST_OK
			     : fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
				   "directory %s: no file; write %s:FILE",
				   where->url->scheme, where->url->scheme);
}

/* A store that cannot hold one of its own records leaves it out, and says so.
 */
static enum status
enter(Store *store, Entry *entry, const struct store_where *where, int line,
    GError **error)
{
	g_autoptr(GError) why = NULL;
	enum status st = store_create(store, entry, &why);

	if (st == ST_ITEM)
		complain(where, line, why->message);
	else if (st < 0)
		g_propagate_error(error, g_steal_pointer(&why));
	return st == ST_ITEM ? ST_OK : st;
}

static enum status
load_ldif(Store *store, const char *path, const struct store_where *where,
    GError **error)
{
	g_autoptr(Ldif) ldif = NULL;
	enum status st = ldif_open(&ldif, path, error);

	while (st == ST_OK) {
		struct ldif_record *record = NULL;
		g_autoptr(Entry) entry = NULL;
		g_autoptr(GError) why = NULL;

		st = ldif_next(ldif, &record, &why);
		if (st == ST_ITEM) {
			complain(where, 0, why->message);
			st = ST_OK;
			continue;
		}
		if (st == ST_OK && record->change != LDIF_CONTENT &&
		    record->change != LDIF_ADD)
			st = fail(ST_RUN, &why, ERR_CONFIG, RETRY_NEVER,
			    "ldif %s:%d: change records are no directory; "
			    "apply them with: mailmig directory import",
			    path, record->line);
		if (st == ST_OK)
			entry = wire_to_entry(record->dn, record->attributes);
		if (st == ST_OK && entry && !dn_check(record->dn))
			complain(where, record->line, "no valid name");
		else if (st == ST_OK && entry)
			st = enter(store, entry, where, record->line, error);
		if (st < 0 && why)
			g_propagate_error(error, g_steal_pointer(&why));
		ldif_record_free(record);
	}
	return st == ST_END ? ST_OK : st;
}

static enum status
save_ldif_as(Store *store, const char *path, const struct wire_profile *profile,
    GError **error)
{
	g_autoptr(GString) out = g_string_new("version: 1\n\n");
	g_autoptr(GError) why = NULL;
	enum status st = store_scan(store, error);

	while (st == ST_OK) {
		g_autoptr(Entry) entry = NULL;
		g_autoptr(GPtrArray) attributes = NULL;

		st = store_next(store, &entry, error);
		if (st != ST_OK)
			break;
		attributes = wire_from_entry(entry, profile, NULL);
		ldif_put_entry(out, entry->id, NULL, attributes);
	}
	if (st < 0)
		return st;
	if (!g_file_set_contents_full(path, out->str, (gssize)out->len,
		G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
		0600, &why))
		return fail(
		    ST_RUN, error, ERR_IO, RETRY_NEVER, "%s", why->message);
	return ST_OK;
}

static enum status
save_ad(Store *store, const char *path, GError **error)
{
	return save_ldif_as(store, path, &wire_ad, error);
}

static enum status
save_openldap(Store *store, const char *path, GError **error)
{
	return save_ldif_as(store, path, &wire_openldap, error);
}

static enum status
save_inetorg(Store *store, const char *path, GError **error)
{
	return save_ldif_as(store, path, &wire_inetorg, error);
}

static enum status
ldif_store_open(Store **out, const struct store_where *where, GError **error)
{
	const char *schema = options_text(where->options, "schema");
	const char *path;
	Store *store = NULL;
	enum status st = path_of(where, &path, error);

	*out = NULL;
	if (st == ST_OK)
		st = table_open_for(&store, &store_ldif_driver, path,
		    *schema == 'a'   ? save_ad
		    : *schema == 'o' ? save_openldap
				     : save_inetorg,
		    error);
	if (st < 0)
		return st;
	((struct store_base *)store)->base =
	    g_strdup(options_text(where->options, "base"));
	((struct store_base *)store)->profile = *schema == 'a' ? &wire_ad
						: *schema == 'o'
						    ? &wire_openldap
						    : &wire_inetorg;
	/* A file that is not there yet is an empty directory. */
	if (g_file_test(path, G_FILE_TEST_EXISTS))
		st = load_ldif(store, path, where, error);
	if (st < 0) {
		store_close(store);
		return st;
	}
	table_unchanged(store);
	*out = store;
	return ST_OK;
}

static enum status
load_rows(Store *store, const char *path, const struct store_where *where,
    GError **error)
{
	g_autoptr(Rows) rows = NULL;
	enum status st = rows_open(&rows, path,
	    store_container(store, RECIPIENT_MAILBOX), store_base_dn(store),
	    where->complain, where->complain_user, error);

	while (st == ST_OK) {
		g_autoptr(Entry) entry = NULL;
		g_autoptr(GError) why = NULL;

		st = rows_next(rows, &entry, &why);
		if (st == ST_ITEM) {
			complain(where, rows_line(rows), why->message);
			st = ST_OK;
		} else if (st == ST_OK && entry->mode == MODE_DELETE)
			complain(where, entry->line,
			    "a row of mode delete is no recipient");
		else if (st == ST_OK)
			st = enter(store, entry, where, entry->line, error);
		else if (st < 0)
			g_propagate_error(error, g_steal_pointer(&why));
	}
	return st == ST_END ? ST_OK : st;
}

static enum status
csv_store_open(Store **out, const struct store_where *where, GError **error)
{
	const char *container = options_text(where->options, "container");
	const char *path;
	Store *store = NULL;
	struct store_base *base;
	enum status st = path_of(where, &path, error);

	*out = NULL;
	if (st == ST_OK)
		st = table_open_for(
		    &store, &store_csv_driver, path, rows_save, error);
	if (st < 0)
		return st;
	base = (struct store_base *)store;
	base->base = g_strdup(options_text(where->options, "base"));
	for (guint i = 0; i < 3; i++)
		base->containers[i] =
		    dn_from_path(container, base->base, base->base);
	if (g_file_test(path, G_FILE_TEST_EXISTS))
		st = load_rows(store, path, where, error);
	if (st < 0) {
		store_close(store);
		return st;
	}
	table_unchanged(store);
	*out = store;
	return ST_OK;
}

static const char *const ldif_schemes[] = {"ldif", NULL};
const struct store_driver store_ldif_driver = {
    .name = "ldif",
    .schemes = ldif_schemes,
    .summary = "LDIF (RFC 2849)",
    .options = ldif_options,
    .open = ldif_store_open,
    TABLE_OPERATIONS,
};
static const char *const csv_schemes[] = {"csv", NULL};
const struct store_driver store_csv_driver = {
    .name = "csv",
    .schemes = csv_schemes,
    .summary = "directory files of Exchange",
    .options = csv_options,
    .open = csv_store_open,
    TABLE_OPERATIONS,
};
