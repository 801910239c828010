#include "state/ledger.h"

#include "state/ledger-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BOOT_ID	    "/proc/sys/kernel/random/boot_id"
#define JOURNAL_MAX 16777216 /* bytes of the -wal file kept between runs */

static const char *const sql_texts[SQL_COUNT] = {
#define SQL(name, text) text,
#include "state/ledger-sql.def"
#undef SQL
};

static const char schema[] =
    "CREATE TABLE runs (id INTEGER PRIMARY KEY, command TEXT NOT NULL,"
    " begun INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0,"
    " exit INTEGER NOT NULL DEFAULT 0, found INTEGER NOT NULL DEFAULT 0,"
    " moved INTEGER NOT NULL DEFAULT 0, filtered INTEGER NOT NULL DEFAULT 0,"
    " there INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,"
    " bytes INTEGER NOT NULL DEFAULT 0, warnings INTEGER NOT NULL DEFAULT 0,"
    " errors INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE jobs (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE,"
    " mailbox TEXT NOT NULL, ref TEXT, destination TEXT NOT NULL,"
    " account INTEGER NOT NULL, public INTEGER NOT NULL,"
    " no_mail INTEGER NOT NULL,"
    " parts INTEGER NOT NULL, run INTEGER NOT NULL, ordinal INTEGER NOT NULL,"
    " passes INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX jobs_by_run ON jobs (run, ordinal);"
    "CREATE TABLE shares (job INTEGER NOT NULL REFERENCES jobs,"
    " part INTEGER NOT NULL, state INTEGER NOT NULL, owner INTEGER,"
    " lease INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,"
    " progress INTEGER NOT NULL DEFAULT 0,"
    " not_before INTEGER NOT NULL DEFAULT 0, dirty INTEGER NOT NULL,"
    " boot TEXT, reason TEXT, PRIMARY KEY (job, part)) WITHOUT ROWID;"
    "CREATE INDEX shares_by_state ON shares (state) WHERE state <= 1;"
    "CREATE TABLE claims (job INTEGER NOT NULL, path TEXT NOT NULL,"
    " run INTEGER NOT NULL, part INTEGER NOT NULL,"
    " PRIMARY KEY (job, path)) WITHOUT ROWID;"
    "CREATE TABLE outbox (job INTEGER NOT NULL, part INTEGER NOT NULL,"
    " run INTEGER NOT NULL, serial INTEGER NOT NULL, lines TEXT NOT NULL,"
    " PRIMARY KEY (job, part)) WITHOUT ROWID;"
    "CREATE TABLE folders (id INTEGER PRIMARY KEY,"
    " job INTEGER NOT NULL REFERENCES jobs, path TEXT NOT NULL, identity TEXT,"
    " state TEXT, dest_state TEXT, open INTEGER NOT NULL DEFAULT 0,"
    " made INTEGER NOT NULL DEFAULT 0, old INTEGER NOT NULL DEFAULT 0,"
    " done_pass INTEGER NOT NULL DEFAULT 0,"
    " settled INTEGER NOT NULL DEFAULT 0, run INTEGER NOT NULL DEFAULT 0,"
    " counts_found INTEGER NOT NULL DEFAULT 0,"
    " counts_moved INTEGER NOT NULL DEFAULT 0,"
    " counts_filtered INTEGER NOT NULL DEFAULT 0,"
    " counts_there INTEGER NOT NULL DEFAULT 0,"
    " counts_failed INTEGER NOT NULL DEFAULT 0, UNIQUE (job, path));"
    /* key has no type: a number is kept as one, so that UIDs sort by value
     * and new ones go to the end of the tree. */
    "CREATE TABLE items (folder INTEGER NOT NULL, key NOT NULL,"
    " fate INTEGER NOT NULL, run INTEGER NOT NULL, digest BLOB,"
    " flags INTEGER NOT NULL, keywords TEXT, dest_key, reason TEXT,"
    " PRIMARY KEY (folder, key)) WITHOUT ROWID;"
    "CREATE TABLE staged (job INTEGER NOT NULL, part INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, folder INTEGER NOT NULL, key NOT NULL,"
    " digest BLOB, flags INTEGER NOT NULL, keywords TEXT,"
    " bytes INTEGER NOT NULL, PRIMARY KEY (job, part, seq)) WITHOUT ROWID;"
    "PRAGMA user_version = " G_STRINGIFY(LEDGER_SCHEMA) ";";

enum status
ledger_fail(Ledger *ledger, GError **error)
{
	int code = sqlite3_errcode(ledger->db);
	const char *text = sqlite3_errmsg(ledger->db);

	switch (code) {
	case SQLITE_FULL:
	case SQLITE_IOERR:
		return fail(ST_RUN, error, ERR_IO, RETRY_LATER,
		    "ledger %s: %s; make room in the state directory",
		    ledger->path, text);
	case SQLITE_BUSY:
		return fail(ST_RUN, error, ERR_IO, RETRY_LATER,
		    "ledger %s: another program keeps it locked", ledger->path);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
		    "ledger %s: %s; put it aside and begin with a new state "
		    "directory",
		    ledger->path, text);
	}
	return fail(ST_RUN, error, ERR_IO, RETRY_NEVER, "ledger %s: %s",
	    ledger->path, text);
}

const char *
ledger_text(sqlite3_stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt, column);
}

/* Canonical decimals are kept as numbers; everything else as it is. */
static bool
key_number(const char *key, gint64 *out)
{
	gsize len = strlen(key);
	gint64 n = 0;

	if (len == 0 || len > 18 || (key[0] == '0' && len > 1))
		return false;
	for (; *key; key++) {
		if (!g_ascii_isdigit(*key))
			return false;
		n = n * 10 + (*key - '0');
	}
	*out = n;
	return true;
}

const char *
ledger_key(sqlite3_stmt *stmt, int column, char buf[LEDGER_KEY_NUMBER])
{
	if (sqlite3_column_type(stmt, column) != SQLITE_INTEGER)
		return ledger_text(stmt, column);
	g_snprintf(buf, LEDGER_KEY_NUMBER, "%" G_GINT64_FORMAT,
	    (gint64)sqlite3_column_int64(stmt, column));
	return buf;
}

static enum status
bind_all(Ledger *ledger, enum ledger_sql sql, sqlite3_stmt **out,
    GError **error, const char *types, va_list ap)
{
	sqlite3_stmt *stmt = ledger->sql[sql];

	if (stmt == NULL) {
		if (sqlite3_prepare_v3(ledger->db, sql_texts[sql], -1,
			SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK)
			return ledger_fail(ledger, error);
		ledger->sql[sql] = stmt;
	}
	sqlite3_reset(stmt);
	if (ledger->reading && ledger->reading != stmt)
		sqlite3_reset(ledger->reading);
	ledger->reading = NULL;
	for (int i = 1; *types; types++, i++) {
		const char *text;
		const struct digest *digest;
		gint64 n;

		switch (*types) {
		case 'i':
			sqlite3_bind_int64(stmt, i, va_arg(ap, gint64));
			break;
		case 't':
		case 'k':
			text = va_arg(ap, const char *);
			if (*types == 'k' && text && key_number(text, &n))
				sqlite3_bind_int64(stmt, i, n);
			else
				sqlite3_bind_text(
				    stmt, i, text, -1, SQLITE_STATIC);
			break;
		case 'd':
			digest = va_arg(ap, const struct digest *);
			sqlite3_bind_blob(stmt, i, digest ? digest->b : NULL,
			    digest ? DIGEST_LEN : 0, SQLITE_STATIC);
			break;
		default:
			g_assert_not_reached();
		}
	}
	*out = stmt;
	return ST_OK;
}

enum status
ledger_bind(Ledger *ledger, enum ledger_sql sql, sqlite3_stmt **out,
    GError **error, const char *types, ...)
{
	enum status st;
	va_list ap;

	va_start(ap, types);
	st = bind_all(ledger, sql, out, error, types, ap);
	va_end(ap);
	return st;
}

enum status
ledger_step(Ledger *ledger, sqlite3_stmt *stmt, GError **error)
{
	enum status st;

	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		return ST_OK;
	case SQLITE_DONE:
		sqlite3_reset(stmt); /* an open read keeps the journal long */
		return ST_END;
	}
	st = ledger_fail(ledger, error);
	sqlite3_reset(stmt);
	return st;
}

enum status
ledger_exec_bound(
    Ledger *ledger, enum ledger_sql sql, GError **error, const char *types, ...)
{
	sqlite3_stmt *stmt;
	enum status st;
	va_list ap;

	va_start(ap, types);
	st = bind_all(ledger, sql, &stmt, error, types, ap);
	va_end(ap);
	while (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	return st == ST_END ? ST_OK : st;
}

static enum status
exec(Ledger *ledger, const char *text, GError **error)
{
	if (sqlite3_exec(ledger->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return ledger_fail(ledger, error);
	return ST_OK;
}

enum status
ledger_begin(Ledger *ledger, bool durable, GError **error)
{
	enum status st = ST_OK;

	g_assert(!ledger->in_transaction);
	if (durable != ledger->durable) /* not possible within one */
		st = exec(ledger,
		    durable ? "PRAGMA synchronous = FULL"
			    : "PRAGMA synchronous = NORMAL",
		    error);
	if (st == ST_OK) {
		ledger->durable = durable;
		st = ledger_run_sql(ledger, SQL_BEGIN, error, "");
	}
	ledger->in_transaction = st == ST_OK;
	return st;
}

enum status
ledger_commit(Ledger *ledger, GError **error)
{
	enum status st;

	g_assert(ledger->in_transaction);
	st = ledger_run_sql(ledger, SQL_COMMIT, error, "");
	if (st < 0)
		ledger_rollback(ledger);
	ledger->in_transaction = false;
	return st;
}

void
ledger_rollback(Ledger *ledger)
{
	if (!ledger->in_transaction)
		return;
	ledger->in_transaction = false;
	/* SQLite may have rolled back by itself: then this fails, and may. */
	ledger_run_sql(ledger, SQL_ROLLBACK, NULL, "");
	/* What was learnt within the transaction is void. */
	g_hash_table_remove_all(ledger->taken);
	g_hash_table_remove_all(ledger->aside);
}

static enum status
get_version(Ledger *ledger, int *out, GError **error)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(ledger->db, "PRAGMA user_version", -1, &stmt,
		NULL) != SQLITE_OK)
		return ledger_fail(ledger, error);
	if (sqlite3_step(stmt) != SQLITE_ROW) {
		sqlite3_finalize(stmt);
		return ledger_fail(ledger, error);
	}
	*out = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return ST_OK;
}

static enum status
prepare_file(Ledger *ledger, GError **error)
{
	int version;
	enum status st;

	st = get_version(ledger, &version, error);
	if (st == ST_OK && version == 0) {
		st = exec(ledger, "PRAGMA journal_mode = WAL", error);
		if (st == ST_OK)
			st = ledger_begin(ledger, false, error);
		/* Another process may have been faster. */
		if (st == ST_OK)
			st = get_version(ledger, &version, error);
		if (st == ST_OK && version == 0)
			st = exec(ledger, schema, error);
		if (st == ST_OK)
			st = ledger_commit(ledger, error);
		else
			ledger_rollback(ledger);
		version = version ? version : LEDGER_SCHEMA;
	}
	if (st == ST_OK && version != LEDGER_SCHEMA)
		st = fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
		    "ledger %s has schema %d and this program knows %d; use "
		    "the version of mailmig that began the migration",
		    ledger->path, version, LEDGER_SCHEMA);
	return st;
}

enum status
ledger_open(Ledger **out, const char *state_dir, GError **error)
{
	g_autoptr(Ledger) ledger = g_new0(Ledger, 1);
	enum status st;
	int fd;

	ledger->path = g_build_filename(state_dir, "ledger.sqlite", NULL);
	ledger->taken =
	    g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	ledger->aside =
	    g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	if (!g_file_get_contents(BOOT_ID, &ledger->boot, NULL, NULL))
		ledger->boot = g_strdup("unknown");
	g_strchomp(ledger->boot);

	/* SQLite gives -wal and -shm the mode of the file itself. */
	fd = open(ledger->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "cannot open the ledger %s: %s", ledger->path,
		    g_strerror(errno));
	close(fd);
	if (sqlite3_open_v2(ledger->path, &ledger->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return ledger->db ? ledger_fail(ledger, error)
				  : fail(ST_RUN, error, ERR_IO, RETRY_LATER,
					"ledger %s: no memory", ledger->path);
	sqlite3_extended_result_codes(ledger->db, 0);
	sqlite3_busy_timeout(ledger->db, LEDGER_BUSY_MS);
	ledger->durable = false;
	st = exec(ledger,
	    "PRAGMA synchronous = NORMAL;"
	    "PRAGMA cache_size = -" G_STRINGIFY(
		LEDGER_CACHE_KB) ";"
				 "PRAGMA journal_size_limit = " G_STRINGIFY(
				     JOURNAL_MAX) ";"
						  "CREATE TEMP TABLE taken "
						  "(folder INTEGER, dest_key,"
						  " PRIMARY KEY (folder, "
						  "dest_key)) WITHOUT ROWID;"
						  "CREATE TEMP TABLE aside "
						  "(folder INTEGER, digest "
						  "BLOB, key);"
						  "CREATE INDEX "
						  "temp.aside_by_digest ON "
						  "aside (folder, digest)",
	    error);
	if (st == ST_OK)
		st = prepare_file(ledger, error);
	if (st == ST_OK)
		*out = g_steal_pointer(&ledger);
	return st;
}

void
ledger_close(Ledger *ledger)
{
	if (ledger == NULL)
		return;
	if (ledger->in_transaction)
		ledger_rollback(ledger);
	for (guint i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(ledger->sql[i]);
	sqlite3_close(ledger->db);
	g_hash_table_unref(ledger->taken);
	g_hash_table_unref(ledger->aside);
	g_free(ledger->boot);
	g_free(ledger->path);
	g_free(ledger);
}

/* The first row of a statement that must have none. */
static enum status
check_none(
    Ledger *ledger, enum ledger_sql sql, const char *what, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st = ledger_bind(ledger, sql, &stmt, error, "");

	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st != ST_OK)
		return st == ST_END ? ST_OK : st;
	st = fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER, "ledger %s: %s: %s",
	    ledger->path, what, ledger_text(stmt, 0));
	sqlite3_reset(stmt);
	return st;
}

enum status
ledger_check(Ledger *ledger, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st = ledger_bind(ledger, SQL_CHECK_SELF, &stmt, error, "");

	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st == ST_OK && strcmp(ledger_text(stmt, 0), "ok") != 0)
		st = fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
		    "ledger %s is damaged: %s", ledger->path,
		    ledger_text(stmt, 0));
	if (st == ST_OK) {
		sqlite3_reset(stmt);
		st = check_none(ledger, SQL_CHECK_SETTLED,
		    "settled is not the number of settled items", error);
	}
	if (st == ST_OK)
		st = check_none(
		    ledger, SQL_CHECK_ITEMS, "item without a folder", error);
	if (st == ST_OK)
		st = check_none(ledger, SQL_CHECK_STAGED,
		    "staged for a share that is done", error);
	if (st == ST_OK)
		st = check_none(ledger, SQL_CHECK_OPEN,
		    "folder open though no share was cut", error);
	return st;
}
