#include "directory/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#define BUSY_MS 30000

struct Journal {
	sqlite3 *db;
	char *path, *store;
	gint64 run;
	int fd;
	guint count;
};

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS run("
    " id INTEGER PRIMARY KEY, store TEXT NOT NULL, path TEXT,"
    " ended INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE IF NOT EXISTS change("
    " id INTEGER PRIMARY KEY, run INTEGER NOT NULL, undo TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS change_run ON change(run);"
    "CREATE TABLE IF NOT EXISTS convert("
    " id INTEGER PRIMARY KEY, store TEXT NOT NULL, old BLOB NOT NULL,"
    " new BLOB NOT NULL, links TEXT NOT NULL, ended INTEGER NOT NULL);";

static enum status
trouble(Journal *j, GError **error)
{
	return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
	    "ledger of directory changes: %s", sqlite3_errmsg(j->db));
}

static enum status
run_text(
    Journal *j, const char *sql, const char *text, gint64 n, GError **error)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(j->db, sql, -1, &s, NULL);

	if (code == SQLITE_OK) {
		if (text)
			sqlite3_bind_text(s, 1, text, -1, SQLITE_TRANSIENT);
		sqlite3_bind_int64(s, 2, n);
		code = sqlite3_step(s);
	}
	sqlite3_finalize(s);
	return code == SQLITE_DONE ? ST_OK : trouble(j, error);
}

enum status
journal_open(Journal **out, const char *state_dir, const char *store_text,
    GError **error)
{
	g_autofree char *path =
	    g_build_filename(state_dir, "directory-ledger.sqlite", NULL);
	g_autofree char *name = NULL;
	Journal *j = g_new0(Journal, 1);
	enum status st;

	*out = NULL;
	j->fd = -1;
	j->store = g_strdup(store_text);
	if (g_mkdir_with_parents(state_dir, 0700) < 0 ||
	    sqlite3_open(path, &j->db) != SQLITE_OK) {
		st = fail(ST_RUN, error, ERR_IO, RETRY_NEVER, "%s: %s", path,
		    j->db ? sqlite3_errmsg(j->db) : g_strerror(errno));
		journal_close(j);
		return st;
	}
	g_chmod(path, 0600);
	sqlite3_busy_timeout(j->db, BUSY_MS);
	st = sqlite3_exec(j->db,
		 "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;", NULL,
		 NULL, NULL) == SQLITE_OK &&
		     sqlite3_exec(j->db, schema_sql, NULL, NULL, NULL) ==
			 SQLITE_OK
		 ? ST_OK
		 : trouble(j, error);
	if (st == ST_OK)
		st = run_text(j, "INSERT INTO run(store, ended) VALUES(?, ?)",
		    store_text, 0, error);
	if (st < 0) {
		journal_close(j);
		return st;
	}
	j->run = sqlite3_last_insert_rowid(j->db);
	name =
	    g_strdup_printf("directory-undo-%" G_GINT64_FORMAT ".ldif", j->run);
	j->path = g_build_filename(state_dir, name, NULL);
	*out = j;
	return ST_OK;
}

/* The undo file of the run, the last change first. */
static void
turn_round(Journal *j)
{
	g_autoptr(GString) out = g_string_new("version: 1\n\n");
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(j->db,
		"SELECT undo FROM change WHERE run = ? ORDER BY id DESC", -1,
		&s, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(s, 1, j->run);
		while (sqlite3_step(s) == SQLITE_ROW)
			g_string_append(
			    out, (const char *)sqlite3_column_text(s, 0));
	}
	sqlite3_finalize(s);
	/* It stays as it was appended when this fails: still complete. */
	g_file_set_contents_full(j->path, out->str, (gssize)out->len,
	    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
	    NULL);
}

void
journal_close(Journal *j)
{
	if (j == NULL)
		return;
	if (j->fd >= 0)
		close(j->fd);
	if (j->db && j->count > 0)
		turn_round(j);
	if (j->db)
		run_text(j, "UPDATE run SET path = ?, ended = 1 WHERE id = ?",
		    j->count > 0 ? j->path : NULL, j->run, NULL);
	sqlite3_close(j->db);
	g_free(j->path);
	g_free(j->store);
	g_free(j);
}

const char *
journal_undo_path(const Journal *j)
{
	return j->path;
}

guint
journal_count(const Journal *j)
{
	return j->count;
}

static enum status
append(Journal *j, const char *undo, bool durable, GError **error)
{
	gsize len = strlen(undo), at = 0;

	if (j->fd < 0) {
		j->fd = open(
		    j->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (j->fd >= 0 && write(j->fd, "version: 1\n\n", 12) != 12)
			at = len + 1;
	}
	while (j->fd >= 0 && at < len) {
		gssize n = write(j->fd, undo + at, len - at);

		if (n < 0)
			break;
		at += (gsize)n;
	}
	if (j->fd < 0 || at != len || (durable && fsync(j->fd) < 0))
		return fail(ST_RUN, error, ERR_IO, RETRY_LATER,
		    "undo file %s: %s", j->path, g_strerror(errno));
	return ST_OK;
}

enum status
journal_add(Journal *j, const char *undo, bool durable, GError **error)
{
	enum status st;

	if (durable)
		sqlite3_exec(
		    j->db, "PRAGMA synchronous=FULL", NULL, NULL, NULL);
	st = run_text(j, "INSERT INTO change(undo, run) VALUES(?, ?)", undo,
	    j->run, error);
	if (st == ST_OK)
		st = append(j, undo, durable, error);
	j->count += st == ST_OK;
	return st;
}

enum status
journal_begin_convert(Journal *j, const char *undo, const Entry *old,
    const Entry *new, const GPtrArray *links, gint64 *id, GError **error)
{
	g_autoptr(GBytes) a = entry_to_bytes(old), b = entry_to_bytes(new);
	g_autoptr(GString) text = g_string_new(NULL);
	sqlite3_stmt *s = NULL;
	gsize len;
	const void *data;
	int code;
	enum status st = journal_add(j, undo, true, error);

	if (st < 0)
		return st;
	for (guint i = 0; i < links->len; i++) {
		const struct store_link *link = links->pdata[i];

		g_string_append_printf(
		    text, "%s\n%s\n", link->attribute, link->holder);
	}
	code = sqlite3_prepare_v2(j->db,
	    "INSERT INTO convert(store, old, new, links, ended)"
	    " VALUES(?, ?, ?, ?, 0)",
	    -1, &s, NULL);
	if (code == SQLITE_OK) {
		sqlite3_bind_text(s, 1, j->store, -1, SQLITE_TRANSIENT);
		data = g_bytes_get_data(a, &len);
		sqlite3_bind_blob(s, 2, data, (int)len, SQLITE_TRANSIENT);
		data = g_bytes_get_data(b, &len);
		sqlite3_bind_blob(s, 3, data, (int)len, SQLITE_TRANSIENT);
		sqlite3_bind_text(s, 4, text->str, -1, SQLITE_TRANSIENT);
		code = sqlite3_step(s);
	}
	sqlite3_finalize(s);
	*id = sqlite3_last_insert_rowid(j->db);
	return code == SQLITE_DONE ? ST_OK : trouble(j, error);
}

enum status
journal_end_convert(Journal *j, gint64 id, GError **error)
{
	return run_text(
	    j, "UPDATE convert SET ended = 1 WHERE id = ?2", NULL, id, error);
}

enum status
journal_open_convert(Journal *j, Entry **old, Entry **new, GPtrArray *links,
    gint64 *id, GError **error)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(j->db,
	    "SELECT id, old, new, links FROM convert WHERE store = ? AND"
	    " ended = 0 ORDER BY id LIMIT 1",
	    -1, &s, NULL);
	enum status st = ST_END;

	*old = *new = NULL;
	if (code == SQLITE_OK) {
		sqlite3_bind_text(s, 1, j->store, -1, SQLITE_TRANSIENT);
		code = sqlite3_step(s);
	}
	if (code == SQLITE_ROW) {
		g_auto(GStrv) lines = g_strsplit(
		    (const char *)sqlite3_column_text(s, 3), "\n", -1);

		*id = sqlite3_column_int64(s, 0);
		*old = entry_from_bytes(sqlite3_column_blob(s, 1),
		    (gsize)sqlite3_column_bytes(s, 1));
		*new = entry_from_bytes(sqlite3_column_blob(s, 2),
		    (gsize)sqlite3_column_bytes(s, 2));
		for (guint i = 0; lines[i] && lines[i + 1]; i += 2) {
			struct store_link *link = g_new0(struct store_link, 1);

			for (guint k = 0; entry_links[k]; k++)
				if (strcmp(entry_links[k], lines[i]) == 0)
					link->attribute = entry_links[k];
			link->holder = g_strdup(lines[i + 1]);
			if (link->attribute)
				g_ptr_array_add(links, link);
			else
				store_link_free(link);
		}
		st = ST_OK;
	} else if (code != SQLITE_DONE)
		st = trouble(j, error);
	sqlite3_finalize(s);
	return st;
}
