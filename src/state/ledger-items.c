#include "state/ledger-private.h"

#include <string.h>

void
ledger_folder_clear(struct ledger_folder *folder)
{
	g_clear_pointer(&folder->identity, g_free);
	g_clear_pointer(&folder->state, g_free);
	g_clear_pointer(&folder->dest_state, g_free);
}

enum status
ledger_folder_find(Ledger *ledger, gint64 job, const char *path,
    struct ledger_folder *out, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st =
	    ledger_bind(ledger, SQL_FOLDER_FIND, &stmt, error, "it", job, path);

	memset(out, 0, sizeof *out);
	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st != ST_OK)
		return st;
	*out = (struct ledger_folder){
	    .id = sqlite3_column_int64(stmt, 0),
	    .identity = g_strdup(ledger_text(stmt, 1)),
	    .state = g_strdup(ledger_text(stmt, 2)),
	    .dest_state = g_strdup(ledger_text(stmt, 3)),
	    .open = sqlite3_column_int(stmt, 4),
	    .made = sqlite3_column_int(stmt, 5),
	    .old = sqlite3_column_int(stmt, 6),
	    .done_pass = (guint64)sqlite3_column_int64(stmt, 7),
	    .settled = sqlite3_column_int64(stmt, 8),
	    .run = (guint64)sqlite3_column_int64(stmt, 9),
	    .counts = {sqlite3_column_int64(stmt, 10),
		sqlite3_column_int64(stmt, 11), sqlite3_column_int64(stmt, 12),
		sqlite3_column_int64(stmt, 13), sqlite3_column_int64(stmt, 14)},
	};
	sqlite3_reset(stmt);
	return ST_OK;
}

enum status
ledger_folder_save(Ledger *ledger, gint64 job, const char *path,
    struct ledger_folder *folder, GError **error)
{
	const struct ledger_counts *c = &folder->counts;
	enum status st = ST_OK;

	g_assert(ledger->in_transaction);
	if (folder->id == 0) {
		st = ledger_run_sql(
		    ledger, SQL_FOLDER_ADD, error, "it", job, path);
		if (st < 0)
			return st;
		folder->id = sqlite3_last_insert_rowid(ledger->db);
	}
	return ledger_run_sql(ledger, SQL_FOLDER_SAVE, error, "tttiiiiiiiiiiii",
	    folder->identity, folder->state, folder->dest_state,
	    (gint64)folder->open, (gint64)folder->made, (gint64)folder->old,
	    (gint64)folder->done_pass, folder->settled, (gint64)folder->run,
	    c->found, c->moved, c->filtered, c->there, c->failed, folder->id);
}

enum status
ledger_folder_renew(Ledger *ledger, struct ledger_folder *folder,
    const char *identity, GError **error)
{
	enum status st = ST_OK;

	g_assert(ledger->in_transaction);
	if (folder->settled > 0) {
		st = ledger_run_sql(
		    ledger, SQL_ITEM_ASIDE, error, "i", folder->id);
		folder->old = true;
		g_hash_table_remove(ledger->aside, &folder->id);
		g_hash_table_remove(ledger->taken, &folder->id);
	}
	/* What is left only says that events were made: of the old keys. */
	if (st == ST_OK && folder->id)
		st = ledger_run_sql(
		    ledger, SQL_ITEM_DROP, error, "i", folder->id);
	folder->settled = 0;
	g_clear_pointer(&folder->state, g_free);
	g_free(folder->identity);
	folder->identity = g_strdup(identity);
	return st;
}

enum status
ledger_folder_forget_old(
    Ledger *ledger, struct ledger_folder *folder, GError **error)
{
	g_assert(ledger->in_transaction);
	folder->old = false;
	return ledger_run_sql(ledger, SQL_ITEM_DROP, error, "i", -folder->id);
}

enum status
ledger_folder_close(Ledger *ledger, const struct ledger_share *share,
    ledger_loose_fn fn, void *user, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st;

	g_assert(ledger->in_transaction);
	st = ledger_bind(ledger, SQL_FOLDER_LOOSE, &stmt, error, "ii",
	    share->job, (gint64)share->run);
	while (st == ST_OK && (st = ledger_step(ledger, stmt, error)) == ST_OK)
		fn(ledger_text(stmt, 0), sqlite3_column_int64(stmt, 1), user);
	if (st == ST_END)
		st = ledger_run_sql(ledger, SQL_FOLDER_TIGHT, error, "ii",
		    share->job, (gint64)share->run);
	return st;
}

static gint64 *
new_number(gint64 n)
{
	gint64 *out = g_new(gint64, 1);

	*out = n;
	return out;
}

static enum status
put_item(Ledger *ledger, enum ledger_sql sql, gint64 folder,
    const struct ledger_item *item, GError **error)
{
	return ledger_run_sql(ledger, sql, error, "ikiiditkt", folder,
	    item->key, (gint64)item->fate, (gint64)item->run,
	    item->has_digest ? &item->digest : NULL, (gint64)item->flags,
	    item->keywords && *item->keywords ? item->keywords : NULL,
	    item->dest_key, item->reason);
}

enum status
ledger_item_put(Ledger *ledger, gint64 folder, const struct ledger_item *item,
    bool *was_settled, GError **error)
{
	enum status st;

	g_assert(ledger->in_transaction);
	*was_settled = false;
	st = put_item(ledger, SQL_ITEM_ADD, folder, item, error);
	if (st == ST_OK && sqlite3_changes(ledger->db) == 0) {
		sqlite3_stmt *stmt;

		st = ledger_bind(ledger, SQL_ITEM_FATE, &stmt, error, "ik",
		    folder, item->key);
		if (st == ST_OK)
			st = ledger_step(ledger, stmt, error);
		if (st == ST_OK) {
			*was_settled =
			    sqlite3_column_int(stmt, 0) <= LEDGER_THERE;
			sqlite3_reset(stmt);
			st =
			    put_item(ledger, SQL_ITEM_PUT, folder, item, error);
		}
	}
	if (st == ST_OK && item->dest_key &&
	    g_hash_table_size(ledger->taken) > 0 &&
	    g_hash_table_contains(ledger->taken, &folder))
		st = ledger_run_sql(
		    ledger, SQL_TAKEN_ADD, error, "ik", folder, item->dest_key);
	return st;
}

enum status
ledger_item_flags(Ledger *ledger, gint64 folder, const char *key, guint32 flags,
    const char *keywords, GError **error)
{
	g_assert(ledger->in_transaction);
	return ledger_run_sql(ledger, SQL_ITEM_FLAGS, error, "itik",
	    (gint64)flags, keywords && *keywords ? keywords : NULL, folder,
	    key);
}

static void
take_digest(sqlite3_stmt *stmt, int column, struct ledger_item *out)
{
	const void *blob = sqlite3_column_blob(stmt, column);

	out->has_digest =
	    blob && sqlite3_column_bytes(stmt, column) == DIGEST_LEN;
	if (out->has_digest)
		memcpy(out->digest.b, blob, DIGEST_LEN);
}

enum status
ledger_item_get(Ledger *ledger, gint64 folder, const char *key,
    struct ledger_item *out, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st =
	    ledger_bind(ledger, SQL_ITEM_GET, &stmt, error, "ik", folder, key);

	memset(out, 0, sizeof *out);
	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st != ST_OK)
		return st;
	out->key = ledger_key(stmt, 0, ledger->number[0]);
	out->fate = (enum ledger_fate)sqlite3_column_int(stmt, 1);
	out->run = (guint64)sqlite3_column_int64(stmt, 2);
	take_digest(stmt, 3, out);
	out->flags = (guint32)sqlite3_column_int64(stmt, 4);
	out->keywords = ledger_text(stmt, 5) ? ledger_text(stmt, 5) : "";
	out->dest_key = ledger_key(stmt, 6, ledger->number[1]);
	out->reason = ledger_text(stmt, 7);
	ledger->reading = stmt;
	return ST_OK;
}

enum status
ledger_item_numbers(Ledger *ledger, gint64 folder, GArray *out, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st =
	    ledger_bind(ledger, SQL_ITEM_NUMBERS, &stmt, error, "i", folder);

	while (
	    st == ST_OK && (st = ledger_step(ledger, stmt, error)) == ST_OK) {
		guint64 n = (guint64)sqlite3_column_int64(stmt, 0);

		g_array_append_val(out, n);
	}
	return st == ST_END ? ST_OK : st;
}

enum status
ledger_dest_key_taken(Ledger *ledger, gint64 folder, const char *dest_key,
    bool *taken, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st = ST_OK;

	/* Few folders are ever asked about, so the index is made then, and
	 * every insert of the others is spared it. */
	if (!g_hash_table_contains(ledger->taken, &folder)) {
		st = ledger_run_sql(ledger, SQL_TAKEN_FILL, error, "i", folder);
		if (st == ST_OK)
			st = ledger_run_sql(
			    ledger, SQL_TAKEN_FILL, error, "i", -folder);
		if (st == ST_OK)
			g_hash_table_add(ledger->taken, new_number(folder));
	}
	if (st == ST_OK)
		st = ledger_bind(ledger, SQL_TAKEN_GET, &stmt, error, "ik",
		    folder, dest_key);
	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	*taken = st == ST_OK;
	if (st == ST_OK)
		sqlite3_reset(stmt);
	return st == ST_END ? ST_OK : st;
}

enum status
ledger_old_find(Ledger *ledger, gint64 folder, const struct digest *digest,
    struct ledger_item *out, GError **error)
{
	g_autofree char *key = NULL;
	sqlite3_stmt *stmt;
	enum status st = ST_OK;

	if (!g_hash_table_contains(ledger->aside, &folder)) {
		st =
		    ledger_run_sql(ledger, SQL_ASIDE_FILL, error, "i", -folder);
		if (st == ST_OK)
			g_hash_table_add(ledger->aside, new_number(folder));
	}
	if (st == ST_OK)
		st = ledger_bind(
		    ledger, SQL_ASIDE_GET, &stmt, error, "id", folder, digest);
	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st != ST_OK)
		return st;
	key = g_strdup(ledger_key(stmt, 0, ledger->number[2]));
	sqlite3_reset(stmt);
	/* Given out: an equal one gets the next. */
	st = ledger_run_sql(ledger, SQL_ASIDE_REMOVE, error, "ik", folder, key);
	if (st == ST_OK)
		st = ledger_item_get(ledger, -folder, key, out, error);
	return st;
}

enum status
ledger_old_take(Ledger *ledger, gint64 folder, const char *key, GError **error)
{
	g_assert(ledger->in_transaction);
	return ledger_run_sql(
	    ledger, SQL_ITEM_REMOVE, error, "ik", -folder, key);
}

enum status
ledger_staged_put(Ledger *ledger, const struct ledger_share *share, guint64 seq,
    const struct ledger_staged *staged, GError **error)
{
	const struct ledger_item *item = &staged->item;

	g_assert(ledger->in_transaction);
	return ledger_run_sql(ledger, SQL_STAGED_PUT, error, "iiiikditi",
	    share->job, (gint64)share->part, (gint64)seq, staged->folder,
	    item->key, item->has_digest ? &item->digest : NULL,
	    (gint64)item->flags, item->keywords, staged->bytes);
}

enum status
ledger_staged_find(Ledger *ledger, const struct ledger_share *share,
    guint64 seq, struct ledger_staged *out, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st = ledger_bind(ledger, SQL_STAGED_FIND, &stmt, error,
	    "iii", share->job, (gint64)share->part, (gint64)seq);

	memset(out, 0, sizeof *out);
	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st != ST_OK)
		return st;
	out->folder = sqlite3_column_int64(stmt, 0);
	out->item.key = ledger_key(stmt, 1, ledger->number[0]);
	take_digest(stmt, 2, &out->item);
	out->item.flags = (guint32)sqlite3_column_int64(stmt, 3);
	out->item.keywords = ledger_text(stmt, 4);
	out->bytes = sqlite3_column_int64(stmt, 5);
	ledger->reading = stmt;
	return ST_OK;
}

enum status
ledger_staged_clear(
    Ledger *ledger, const struct ledger_share *share, GError **error)
{
	g_assert(ledger->in_transaction);
	return ledger_run_sql(ledger, SQL_STAGED_CLEAR, error, "ii", share->job,
	    (gint64)share->part);
}
