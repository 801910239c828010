/* What the files of the ledger share among themselves. */
#ifndef MAILMIG_STATE_LEDGER_PRIVATE_H
#define MAILMIG_STATE_LEDGER_PRIVATE_H

#include "state/ledger.h"

#include <sqlite3.h>

/* Every statement of the ledger, prepared when it is first used and kept. */
enum ledger_sql {
#define SQL(name, text) SQL_##name,
#include "state/ledger-sql.def"
#undef SQL
	SQL_COUNT
};

struct Ledger {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *sql[SQL_COUNT];
	bool in_transaction, durable;
	/* A row whose texts were handed out. It is let go by the next call: a
	 * read that stays open keeps its snapshot, and BEGIN IMMEDIATE then
	 * fails at once when another process has written since. */
	sqlite3_stmt *reading;
	GHashTable *taken; /* folders whose dest keys are in temp.taken */
	GHashTable *aside; /* folders whose old digests are in temp.aside */
	char *boot;	   /* of this machine, now */
	char number[3]
		   [24]; /* keys that are numbers, as text: LEDGER_KEY_NUMBER */
};

/* The statement, reset, with its parameters bound: one letter each,
 * 'i' gint64, 't' const char * (may be NULL), 'k' const char * key, 'd' const
 * struct digest * (may be NULL). Texts must live until the next use. */
enum status ledger_bind(Ledger *ledger, enum ledger_sql sql, sqlite3_stmt **out,
    GError **error, const char *types, ...);
/* One step: ST_OK a row, ST_END no more. */
enum status ledger_step(Ledger *ledger, sqlite3_stmt *stmt, GError **error);
/* Bind and run to the end. */
#define ledger_run_sql(ledger, sql, error, ...)                                \
	ledger_exec_bound(ledger, sql, error, __VA_ARGS__)
enum status ledger_exec_bound(Ledger *ledger, enum ledger_sql sql,
    GError **error, const char *types, ...);
enum status ledger_fail(Ledger *ledger, GError **error);

/* Columns. */
const char *ledger_text(sqlite3_stmt *stmt, int column); /* or NULL */
/* A key, whatever its storage class; into buf when it is a number. */
#define LEDGER_KEY_NUMBER 24 /* chars with the NUL */
const char *ledger_key(
    sqlite3_stmt *stmt, int column, char buf[LEDGER_KEY_NUMBER]);

#endif
