/*
 * Entries in SQLite. An entry is a row with its attributes in one value
 * (GVariant); what can be searched for, and every link, has a row of its own,
 * so that a member is added to a list of ten thousand with one insert.
 */
#include "directory/table.h"

#include "directory/dn.h"

#include <sqlite3.h>
#include <string.h>

#define LINK_KEY                                                               \
	100 /* keys from here on: links, by their place in entry_links */
#define BUSY_MS	       30000 /* another run writes at the same time (Q195911) */
#define BODY_TYPE      "a(sbas)"
#define APPLICATION_ID 0x6d6d6472 /* "mmdr" */

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS entry("
    " id INTEGER PRIMARY KEY, dn TEXT NOT NULL, folded TEXT NOT NULL UNIQUE,"
    " class INTEGER NOT NULL, account_only INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS key("
    " entry INTEGER NOT NULL, kind INTEGER NOT NULL, folded TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS key_folded ON key(folded, kind);"
    "CREATE INDEX IF NOT EXISTS key_entry ON key(entry);"
    "CREATE TABLE IF NOT EXISTS link("
    " entry INTEGER NOT NULL, kind INTEGER NOT NULL, folded TEXT NOT NULL,"
    " dn TEXT NOT NULL, UNIQUE(entry, kind, folded));"
    "CREATE INDEX IF NOT EXISTS link_folded ON link(folded);";

enum {
	SQL_FIND,
	SQL_BY_ID,
	SQL_INSERT,
	SQL_UPDATE,
	SQL_DELETE,
	SQL_KEY_ADD,
	SQL_KEYS_DROP,
	SQL_SEARCH,
	SQL_LINK_ADD,
	SQL_LINK_DROP,
	SQL_LINKS_DROP,
	SQL_LINKS_OF,
	SQL_LINKS_TO,
	SQL_UNREFER,
	SQL_AFTER,
	SQL_COUNT,
	SQLS,
};
static const char *const sqls[SQLS] = {
    [SQL_FIND] = "SELECT id, dn, class, account_only, body FROM entry"
		 " WHERE folded = ?",
    [SQL_BY_ID] = "SELECT id, dn, class, account_only, body FROM entry"
		  " WHERE id = ?",
    [SQL_INSERT] = "INSERT INTO entry(dn, folded, class, account_only, body)"
		   " VALUES(?, ?, ?, ?, ?)",
    [SQL_UPDATE] = "UPDATE entry SET class = ?, account_only = ?, body = ?"
		   " WHERE id = ?",
    [SQL_DELETE] = "DELETE FROM entry WHERE id = ?",
    [SQL_KEY_ADD] = "INSERT INTO key(entry, kind, folded) VALUES(?, ?, ?)",
    [SQL_KEYS_DROP] = "DELETE FROM key WHERE entry = ?",
    [SQL_SEARCH] = "SELECT DISTINCT entry FROM key WHERE folded = ? AND"
		   " kind = ? ORDER BY entry",
    [SQL_LINK_ADD] = "INSERT OR IGNORE INTO link(entry, kind, folded, dn)"
		     " VALUES(?, ?, ?, ?)",
    [SQL_LINK_DROP] = "DELETE FROM link WHERE entry = ? AND kind = ? AND"
		      " folded = ?",
    [SQL_LINKS_DROP] = "DELETE FROM link WHERE entry = ?",
    [SQL_LINKS_OF] = "SELECT kind, dn FROM link WHERE entry = ?"
		     " ORDER BY kind, rowid",
    [SQL_LINKS_TO] = "SELECT l.kind, e.dn FROM link l JOIN entry e ON"
		     " e.id = l.entry WHERE l.folded = ? ORDER BY e.id, l.kind",
    [SQL_UNREFER] = "DELETE FROM link WHERE folded = ?",
    [SQL_AFTER] = "SELECT id, dn, class, account_only, body FROM entry"
		  " WHERE id > ? ORDER BY id LIMIT 1",
    [SQL_COUNT] = "SELECT count(*) FROM entry",
};

typedef struct Table Table;
struct Table {
	struct store_base base;
	char *path; /* NULL: private */
	table_save save;
	sqlite3 *db;
	sqlite3_stmt *stmts[SQLS];
	gint64 at; /* of scan */
	bool writing, changed;
};

static enum status
trouble(Table *t, enum status reach, GError **error)
{
	int code = sqlite3_errcode(t->db);
	bool busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;

	return fail(reach, error, ERR_IO, busy ? RETRY_LATER : RETRY_NEVER,
	    "directory %s: %s", t->path ? t->path : "table",
	    sqlite3_errmsg(t->db));
}

static sqlite3_stmt *
stmt(Table *t, guint which)
{
	if (t->stmts[which] == NULL)
		sqlite3_prepare_v3(t->db, sqls[which], -1,
		    SQLITE_PREPARE_PERSISTENT, &t->stmts[which], NULL);
	sqlite3_reset(t->stmts[which]);
	return t->stmts[which];
}

static void
bind(sqlite3_stmt *s, int n, const char *text)
{
	sqlite3_bind_text(s, n, text, -1, SQLITE_TRANSIENT);
}

static enum status
run(Table *t, sqlite3_stmt *s, GError **error)
{
	int code = sqlite3_step(s);

	sqlite3_reset(s);
	return code == SQLITE_DONE ? ST_OK : trouble(t, ST_RUN, error);
}

static enum status
exec(Table *t, const char *sql, GError **error)
{
	return sqlite3_exec(t->db, sql, NULL, NULL, NULL) == SQLITE_OK
		   ? ST_OK
		   : trouble(t, ST_RUN, error);
}

/* Before the first write: from here on it is all or nothing, and nobody else
 * writes; a reading transaction that wants to write later may fail. */
static enum status
begin_write(Table *t, GError **error)
{
	enum status st;

	t->changed = true;
	if (t->writing)
		return ST_OK;
	st = exec(t, "BEGIN IMMEDIATE", error);
	t->writing = st == ST_OK;
	return st;
}

enum status
table_open_for(Store **out, const struct store_driver *driver, const char *path,
    table_save save, GError **error)
{
	Table *t = g_new0(Table, 1);
	bool own = driver->open == NULL || save != NULL || path == NULL;
	sqlite3_stmt *s = NULL;
	gint64 id = 0;
	enum status st;

	t->base.driver = driver;
	t->path = g_strdup(path);
	t->save = save;
	*out = NULL;
	/* "" is a file without a name that goes away with the connection. */
	if (sqlite3_open_v2(own ? "" : path, &t->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		NULL) != SQLITE_OK) {
		st = trouble(t, ST_RUN, error);
		table_close((Store *)t);
		return st;
	}
	sqlite3_busy_timeout(t->db, BUSY_MS);
	if (sqlite3_prepare_v2(t->db, "PRAGMA application_id", -1, &s, NULL) ==
		SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		id = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	if (id != 0 && id != APPLICATION_ID) {
		table_close((Store *)t);
		return fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
		    "directory %s: a database of another program", path);
	}
	st = exec(t,
	    own ? "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
		: "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		  "PRAGMA application_id=1835885682",
	    error);
	if (st == ST_OK)
		st = exec(t, schema_sql, error);
	if (st < 0) {
		table_close((Store *)t);
		return st;
	}
	*out = (Store *)t;
	return ST_OK;
}

void
table_close(Store *store)
{
	Table *t = (Table *)store;

	for (guint i = 0; i < SQLS; i++)
		sqlite3_finalize(t->stmts[i]);
	if (t->writing)
		sqlite3_exec(t->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(t->db);
	g_free(t->path);
	g_free(t);
}

bool
table_is_changed(const Store *store)
{
	return ((const Table *)store)->changed;
}

void
table_unchanged(Store *store)
{
	((Table *)store)->changed = false;
}

const char *
table_path(const Store *store)
{
	return ((const Table *)store)->path;
}

static int
link_kind(const char *name)
{
	for (int i = 0; entry_links[i]; i++)
		if (g_ascii_strcasecmp(entry_links[i], name) == 0)
			return LINK_KEY + i;
	return -1;
}

static GBytes *
body_of(const Entry *entry)
{
	GVariantBuilder all;
	g_autoptr(GVariant) body = NULL;

	g_variant_builder_init(&all, G_VARIANT_TYPE(BODY_TYPE));
	for (guint i = 0; i < entry->attributes->len; i++) {
		const struct entry_attribute *a = entry->attributes->pdata[i];

		if (entry_is_link(a->name))
			continue;
		g_variant_builder_open(&all, G_VARIANT_TYPE("(sbas)"));
		g_variant_builder_add(&all, "s", a->name);
		g_variant_builder_add(&all, "b", a->binary);
		g_variant_builder_open(&all, G_VARIANT_TYPE("as"));
		for (guint j = 0; j < a->values->len; j++)
			g_variant_builder_add(
			    &all, "s", (char *)a->values->pdata[j]);
		g_variant_builder_close(&all);
		g_variant_builder_close(&all);
	}
	body = g_variant_ref_sink(g_variant_builder_end(&all));
	return g_variant_get_data_as_bytes(body);
}

static void
take_body(Entry *entry, const void *data, gsize len)
{
	g_autoptr(GBytes) bytes = g_bytes_new(data, len);
	g_autoptr(GVariant) body = g_variant_ref_sink(
	    g_variant_new_from_bytes(G_VARIANT_TYPE(BODY_TYPE), bytes, FALSE));
	GVariantIter iter, *values;
	const char *name, *value;
	gboolean binary;

	g_variant_iter_init(&iter, body);
	while (g_variant_iter_next(&iter, "(&sbas)", &name, &binary, &values)) {
		struct entry_attribute *a = NULL;

		while (g_variant_iter_next(values, "&s", &value)) {
			if (a == NULL) {
				entry_set(entry, name, value);
				a = entry_find(entry, name);
				a->binary = binary;
			} else
				g_ptr_array_add(a->values, g_strdup(value));
		}
		g_variant_iter_free(values);
	}
}

/* The entry of a row of SQL_FIND and its like, with its links. */
static Entry *
take_row(Table *t, sqlite3_stmt *s, gint64 *id)
{
	Entry *entry =
	    entry_new((enum recipient_class)sqlite3_column_int(s, 2));
	sqlite3_stmt *links;

	*id = sqlite3_column_int64(s, 0);
	entry->id = g_strdup((const char *)sqlite3_column_text(s, 1));
	entry->account_only = sqlite3_column_int(s, 3) != 0;
	take_body(entry, sqlite3_column_blob(s, 4),
	    (gsize)sqlite3_column_bytes(s, 4));
	links = stmt(t, SQL_LINKS_OF);
	sqlite3_bind_int64(links, 1, *id);
	while (sqlite3_step(links) == SQLITE_ROW) {
		int kind = sqlite3_column_int(links, 0) - LINK_KEY;
		const char *dn = (const char *)sqlite3_column_text(links, 1);
		struct entry_attribute *a;

		if (kind < 0 ||
		    kind >= (int)g_strv_length((char **)entry_links))
			continue;
		a = entry_find(entry, entry_links[kind]);
		if (a)
			g_ptr_array_add(a->values, g_strdup(dn));
		else
			entry_set(entry, entry_links[kind], dn);
	}
	sqlite3_reset(links);
	return entry;
}

static enum status
find(Table *t, const char *dn, Entry **out, gint64 *id, GError **error)
{
	g_autofree char *folded = dn_fold(dn);
	sqlite3_stmt *s = stmt(t, SQL_FIND);
	enum status st = ST_END;
	int code;

	*out = NULL;
	if (folded == NULL)
		return ST_END;
	bind(s, 1, folded);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW) {
		*out = take_row(t, s, id);
		st = ST_OK;
	} else if (code != SQLITE_DONE)
		st = trouble(t, ST_RUN, error);
	sqlite3_reset(s);
	return st;
}

enum status
table_read(Store *store, const char *id, Entry **out, GError **error)
{
	gint64 row;

	return find((Table *)store, id, out, &row, error);
}

enum status
table_scan(Store *store, GError **error)
{
	((Table *)store)->at = 0;
	return ST_OK;
}

enum status
table_next(Store *store, Entry **out, GError **error)
{
	Table *t = (Table *)store;
	sqlite3_stmt *s = stmt(t, SQL_AFTER);
	enum status st = ST_END;
	int code;

	*out = NULL;
	sqlite3_bind_int64(s, 1, t->at);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW) {
		*out = take_row(t, s, &t->at);
		st = ST_OK;
	} else if (code != SQLITE_DONE)
		st = trouble(t, ST_RUN, error);
	sqlite3_reset(s);
	return st;
}

guint
table_count(Store *store)
{
	sqlite3_stmt *s = stmt((Table *)store, SQL_COUNT);
	guint n = 0;

	if (sqlite3_step(s) == SQLITE_ROW)
		n = (guint)sqlite3_column_int(s, 0);
	sqlite3_reset(s);
	return n;
}

enum status
table_search(Store *store, enum store_key key, const char *value,
    GPtrArray *out, GError **error)
{
	Table *t = (Table *)store;
	g_autofree char *folded = entry_fold(value);
	sqlite3_stmt *s = stmt(t, SQL_SEARCH);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	int code;

	bind(s, 1, folded);
	sqlite3_bind_int(s, 2, (int)key);
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		gint64 id = sqlite3_column_int64(s, 0);

		g_array_append_val(ids, id);
	}
	sqlite3_reset(s);
	if (code != SQLITE_DONE)
		return trouble(t, ST_RUN, error);
	for (guint i = 0; i < ids->len; i++) {
		gint64 id = g_array_index(ids, gint64, i);

		s = stmt(t, SQL_BY_ID);
		sqlite3_bind_int64(s, 1, id);
		if (sqlite3_step(s) == SQLITE_ROW)
			g_ptr_array_add(out, take_row(t, s, &id));
		sqlite3_reset(s);
	}
	return ST_OK;
}

enum status
table_links(Store *store, const char *id, GPtrArray *out, GError **error)
{
	Table *t = (Table *)store;
	g_autofree char *folded = dn_fold(id);
	sqlite3_stmt *s = stmt(t, SQL_LINKS_TO);
	int code;

	if (folded == NULL)
		return ST_OK;
	bind(s, 1, folded);
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		struct store_link *link = g_new0(struct store_link, 1);

		link->attribute =
		    entry_links[sqlite3_column_int(s, 0) - LINK_KEY];
		link->holder =
		    g_strdup((const char *)sqlite3_column_text(s, 1));
		g_ptr_array_add(out, link);
	}
	sqlite3_reset(s);
	return code == SQLITE_DONE ? ST_OK : trouble(t, ST_RUN, error);
}

static enum status
add_key(Table *t, gint64 id, int kind, const char *text, GError **error)
{
	g_autofree char *folded = entry_fold(text);
	sqlite3_stmt *s = stmt(t, SQL_KEY_ADD);

	sqlite3_bind_int64(s, 1, id);
	sqlite3_bind_int(s, 2, kind);
	bind(s, 3, folded);
	return run(t, s, error);
}

static enum status
add_keys(Table *t, gint64 id, const Entry *entry, GError **error)
{
	static const struct {
		const char *name;
		enum store_key key;
	} names[] = {
	    {"Imported-From", STORE_STAMP},
	    {"Proxy-Addresses", STORE_ADDRESS},
	    {"Target-Address", STORE_ADDRESS},
	    {"Mail-nickname", STORE_ALIAS},
	    {"Common-Name", STORE_NAME},
	    {"Display-Name", STORE_DISPLAY},
	    {"Assoc-NT-Account", STORE_ACCOUNT},
	};
	enum status st = ST_OK;

	for (guint i = 0; st == ST_OK && i < G_N_ELEMENTS(names); i++) {
		const struct entry_attribute *a =
		    entry_find(entry, names[i].name);

		for (guint j = 0; st == ST_OK && a && j < a->values->len; j++)
			st = add_key(t, id, (int)names[i].key,
			    a->values->pdata[j], error);
	}
	return st;
}

static enum status
put_link(
    Table *t, gint64 id, int kind, const char *dn, bool add, GError **error)
{
	g_autofree char *folded = dn_fold(dn);
	sqlite3_stmt *s = stmt(t, add ? SQL_LINK_ADD : SQL_LINK_DROP);
	enum status st;

	if (folded == NULL)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "%s is no distinguished name", dn);
	sqlite3_bind_int64(s, 1, id);
	sqlite3_bind_int(s, 2, kind);
	bind(s, 3, folded);
	if (add)
		bind(s, 4, dn);
	st = run(t, s, error);
	return st == ST_OK && sqlite3_changes(t->db) == 0 ? ST_THERE : st;
}

static enum status
add_links(Table *t, gint64 id, const Entry *entry, GError **error)
{
	enum status st = ST_OK;

	for (guint i = 0; st >= 0 && entry_links[i]; i++) {
		const struct entry_attribute *a =
		    entry_find(entry, entry_links[i]);

		for (guint j = 0; st >= 0 && a && j < a->values->len; j++)
			st = put_link(t, id, LINK_KEY + (int)i,
			    a->values->pdata[j], true, error);
	}
	return st < 0 ? st : ST_OK;
}

enum status
table_create(Store *store, Entry *entry, GError **error)
{
	Table *t = (Table *)store;
	g_autofree char *folded = dn_fold(entry->id);
	g_autoptr(GBytes) body = body_of(entry);
	gsize len;
	const void *data = g_bytes_get_data(body, &len);
	enum status st = begin_write(t, error);
	sqlite3_stmt *s = stmt(t, SQL_INSERT);
	gint64 id;

	if (st < 0)
		return st;
	bind(s, 1, entry->id);
	bind(s, 2, folded);
	sqlite3_bind_int(s, 3, (int)entry->class);
	sqlite3_bind_int(s, 4, entry->account_only);
	sqlite3_bind_blob(s, 5, data ? data : "", (int)len, SQLITE_TRANSIENT);
	if (sqlite3_step(s) != SQLITE_DONE) {
		bool there = sqlite3_errcode(t->db) == SQLITE_CONSTRAINT;

		st = there ? fail(ST_ITEM, error, ERR_REFUSED, RETRY_NEVER,
				 "%s exists already", entry->id)
			   : trouble(t, ST_RUN, error);
		sqlite3_reset(s);
		return st;
	}
	sqlite3_reset(s);
	id = sqlite3_last_insert_rowid(t->db);
	st = add_keys(t, id, entry, error);
	return st == ST_OK ? add_links(t, id, entry, error) : st;
}

static enum status
drop(Table *t, guint which, gint64 id, GError **error)
{
	sqlite3_stmt *s = stmt(t, which);

	sqlite3_bind_int64(s, 1, id);
	return run(t, s, error);
}

enum status
table_modify(Store *store, const Entry *old, const Entry *new, GError **error)
{
	Table *t = (Table *)store;
	g_autoptr(Entry) now = NULL;
	g_autoptr(GBytes) body = NULL;
	gsize len;
	const void *data;
	sqlite3_stmt *s;
	gint64 id;
	enum status st = find(t, old->id, &now, &id, error);

	if (st == ST_END)
		return fail(ST_ITEM, error, ERR_REFUSED, RETRY_NEVER,
		    "%s is not there any more", old->id);
	if (st == ST_OK)
		st = begin_write(t, error);
	if (st < 0)
		return st;
	body = body_of(new);
	data = g_bytes_get_data(body, &len);
	s = stmt(t, SQL_UPDATE);
	sqlite3_bind_int(s, 1, (int)new->class);
	sqlite3_bind_int(s, 2, new->account_only);
	sqlite3_bind_blob(s, 3, data ? data : "", (int)len, SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 4, id);
	st = run(t, s, error);
	if (st == ST_OK)
		st = drop(t, SQL_KEYS_DROP, id, error);
	if (st == ST_OK)
		st = add_keys(t, id, new, error);
	if (st == ST_OK)
		st = drop(t, SQL_LINKS_DROP, id, error);
	return st == ST_OK ? add_links(t, id, new, error) : st;
}

enum status
table_remove(Store *store, const char *dn, GError **error)
{
	Table *t = (Table *)store;
	g_autofree char *folded = dn_fold(dn);
	g_autoptr(Entry) now = NULL;
	sqlite3_stmt *s;
	gint64 id;
	enum status st = find(t, dn, &now, &id, error);

	if (st == ST_END)
		return fail(ST_ITEM, error, ERR_REFUSED, RETRY_NEVER,
		    "%s is not there", dn);
	if (st == ST_OK)
		st = begin_write(t, error);
	if (st == ST_OK)
		st = drop(t, SQL_KEYS_DROP, id, error);
	if (st == ST_OK)
		st = drop(t, SQL_LINKS_DROP, id, error);
	if (st == ST_OK)
		st = drop(t, SQL_DELETE, id, error);
	if (st < 0)
		return st;
	/* As directories do: who is gone is in no list any more. */
	s = stmt(t, SQL_UNREFER);
	bind(s, 1, folded);
	return run(t, s, error);
}

enum status
table_link(Store *store, const char *holder, const char *attribute,
    const char *const *targets, guint n, bool add, GError **error)
{
	Table *t = (Table *)store;
	g_autofree char *folded = dn_fold(holder);
	int kind = link_kind(attribute), code;
	sqlite3_stmt *s = stmt(t, SQL_FIND);
	gint64 id = 0;
	enum status st;

	g_assert(kind >= 0);
	bind(s, 1, folded ? folded : "");
	code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		id = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	if (code != SQLITE_ROW)
		return code == SQLITE_DONE
			   ? fail(ST_ITEM, error, ERR_REFUSED, RETRY_NEVER,
				 "%s is not there", holder)
			   : trouble(t, ST_RUN, error);
	st = begin_write(t, error);
	for (guint i = 0; st >= 0 && i < n; i++)
		st = put_link(t, id, kind, targets[i], add, error);
	return st == ST_THERE && n > 1 ? ST_OK : st;
}

bool
table_has_container(Store *store, const char *dn)
{
	return true; /* they are only names here */
}

enum status
table_commit(Store *store, GError **error)
{
	Table *t = (Table *)store;
	enum status st = ST_OK;

	if (t->writing)
		st = exec(t, "COMMIT", error);
	if (st < 0)
		return st;
	t->writing = false;
	if (t->save && t->changed)
		st = t->save(store, t->path, error);
	if (st == ST_OK)
		t->changed = false;
	return st;
}

static const struct option options[] = {
    {"base", OPTION_TEXT, "", NULL, "everything is below this name"},
    {NULL},
};

static enum status
sqlite_open(Store **out, const struct store_where *where, GError **error)
{
	enum status st;

	if (where->url->path == NULL || *where->url->path == '\0')
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "directory sqlite: no file; write sqlite:FILE");
	st = table_open_for(
	    out, &store_sqlite_driver, where->url->path, NULL, error);
	if (st == ST_OK) {
		struct store_base *base = (struct store_base *)*out;

		base->base = g_strdup(options_text(where->options, "base"));
		for (guint i = 0; i < G_N_ELEMENTS(base->containers); i++)
			base->containers[i] =
			    dn_child("cn", "Recipients", base->base);
	}
	return st;
}

static const char *const schemes[] = {"sqlite", NULL};
const struct store_driver store_sqlite_driver = {
    .name = "sqlite",
    .schemes = schemes,
    .summary = "a directory of our own, in a file: needs nothing else",
    .options = options,
    .open = sqlite_open,
    TABLE_OPERATIONS,
};

static const struct store_driver private_driver = {
    .name = "table",
    TABLE_OPERATIONS,
};

enum status
table_open_private(Store **out, const char *name, GError **error)
{
	enum status st =
	    table_open_for(out, &private_driver, NULL, NULL, error);

	if (st == ST_OK)
		((struct store_base *)*out)->text = g_strdup(name);
	return st;
}
