/*
 * Verify: read both ends and compare, content by content. What was read lies in
 * a temporary data base, so that a mailbox of any size costs little memory.
 * Both ends are read as sources; nothing is written to either.
 */
#include "dest/dest.h"
#include "engine/boxes.h"
#include "engine/feed.h"
#include "engine/jobs.h"
#include "engine/likeness.h"
#include "engine/people.h"
#include "engine/run.h"
#include "engine/verify-watch.h"
#include "model/address-message.h"
#include "source/source.h"

#include <sqlite3.h>
#include <string.h>

enum side { SOURCE, DEST };

struct verify {
	const struct run_params *params;
	Feed *feed;
	struct books *books;
	sqlite3 *db;
	sqlite3_stmt *add;
	const struct wanted *wanted;
	const struct plan_route *route;
	char *spool_dir;
	Spool *scratch, *letter;
	GString *card;
	GArray *split; /* of struct part: scratch */
	bool contacts; /* address books became messages there */
	struct envelope envelope;
	bool by_likeness; /* else by octets */
	/* For the folders' names at the destination. */
	Boxes *boxes;
	Dest *dest;
};

/* One row of either end. */
static const char schema[] =
    "CREATE TABLE seen (side INTEGER, folder TEXT, digest BLOB,"
    " received INTEGER, flags INTEGER, keywords TEXT, key TEXT, subject TEXT,"
    " message_id TEXT, same INTEGER DEFAULT 0);"
    "CREATE TABLE folders (side INTEGER, folder TEXT, name TEXT,"
    " filtered INTEGER, PRIMARY KEY (side, folder));";

static enum status
db_fail(struct verify *v, GError **error)
{
	return fail(ST_RUN, error, ERR_IO, RETRY_LATER,
	    "cannot keep what was read: %s", sqlite3_errmsg(v->db));
}

static enum status
db_exec(struct verify *v, const char *sql, GError **error)
{
	return sqlite3_exec(v->db, sql, NULL, NULL, NULL) == SQLITE_OK
		   ? ST_OK
		   : db_fail(v, error);
}

static void
tell_unreadable(struct verify *v, enum side side, const struct folder *folder,
    const char *key, const GError *why)
{
	Event *event = event_new(EVENT_VERIFY_UNREADABLE);

	if (folder)
		event_path(event, "folder", folder->path);
	event_text(event, "key", key);
	event_text(event, "side", side == SOURCE ? "source" : "destination");
	event_text(event, "reason", why ? why->message : "unknown");
	feed_tell(v->feed, event);
}

/* Where a folder is looked for: its name after the map of the plan and what
 * the destination cannot have. INBOX is the same in any case. */
static char *
place_of(struct verify *v, enum side side, const struct folder *folder)
{
	char *const *path = folder->path;
	char *place;

	if (side == SOURCE) {
		struct box *box = boxes_of(v->boxes, folder);

		path = box->dst.path;
		if (v->dest)
			path = dest_map(v->dest, box_place(box));
	}
	place = folder_path_to_text(path);
	if (g_ascii_strncasecmp(place, "INBOX", 5) == 0 &&
	    (place[5] == '\0' || place[5] == '/'))
		memcpy(place, "INBOX", 5);
	return place;
}

static enum status
add_folder(struct verify *v, enum side side, const char *place,
    const char *name, gint64 filtered, GError **error)
{
	sqlite3_stmt *stmt;
	bool good;

	if (sqlite3_prepare_v2(v->db,
		"INSERT INTO folders VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO "
		"UPDATE SET filtered = filtered + ?4",
		-1, &stmt, NULL) != SQLITE_OK)
		return db_fail(v, error);
	sqlite3_bind_int(stmt, 1, side);
	sqlite3_bind_text(stmt, 2, place, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 4, filtered);
	good = sqlite3_step(stmt) == SQLITE_DONE;
	sqlite3_finalize(stmt);
	return good ? ST_OK : db_fail(v, error);
}

/* Keywords that begin with a dollar sign are IMAP's own ($Forwarded, $Label1);
 * few of them have a place elsewhere. */
static char *
keywords_of(const struct verify *v, const struct message *m)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; m->keywords && m->keywords[i]; i++) {
		if (v->by_likeness && m->keywords[i][0] == '$')
			continue;
		if (out->len)
			g_string_append_c(out, ' ');
		g_string_append(out, m->keywords[i]);
	}
	return g_string_free(out, FALSE);
}

/* One row; what it does not know is NULL. */
struct row {
	enum side side;
	const char *place;
	struct digest digest;
	struct stamp received;
	guint32 flags;
	const char *keywords, *key, *subject, *message_id;
};

static enum status
add_row(struct verify *v, const struct row *row, GError **error)
{
	const char *const texts[] = {
	    row->keywords, row->key, row->subject, row->message_id};
	bool good;

	sqlite3_reset(v->add);
	sqlite3_bind_int(v->add, 1, row->side);
	sqlite3_bind_text(v->add, 2, row->place, -1, SQLITE_STATIC);
	sqlite3_bind_blob(v->add, 3, row->digest.b, DIGEST_LEN, SQLITE_STATIC);
	if (row->received.known)
		sqlite3_bind_int64(v->add, 4, row->received.utc);
	else
		sqlite3_bind_null(v->add, 4);
	sqlite3_bind_int64(v->add, 5, row->flags);
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		sqlite3_bind_text(
		    v->add, 6 + (int)i, texts[i], -1, SQLITE_STATIC);
	good = sqlite3_step(v->add) == SQLITE_DONE;
	sqlite3_reset(v->add);
	return good ? ST_OK : db_fail(v, error);
}

static enum status
add_message(struct verify *v, enum side side, const char *place,
    const struct record *record, GError **error)
{
	const struct message *m = &record->message;
	const struct envelope *envelope = NULL;
	g_autofree char *keywords = NULL;
	struct row row = {.side = side,
	    .place = place,
	    .received = m->received,
	    .flags = m->flags,
	    .key = record->key};
	struct blob octets;
	enum status st;

	if (!m->has_body)
		return fail(
		    ST_ITEM, error, ERR_FORMAT, RETRY_NEVER, "it has no body");
	/* There, whatever is in the folder of drafts is one (Q200278). */
	if (v->by_likeness && m->folder->use == FOLDER_DRAFTS)
		row.flags |= MESSAGE_DRAFT;
	st = message_raw(m, v->scratch, &octets, error);
	if (st == ST_OK)
		st = v->by_likeness ? likeness_of(&octets, v->spool_dir,
					  &row.digest, error)
				    : digest_blob(&octets, &row.digest, error);
	if (st < 0)
		return st;
	if (message_envelope(m, &v->envelope, &envelope, NULL) < 0)
		envelope = NULL;
	row.keywords = keywords = keywords_of(v, m);
	row.subject = envelope ? envelope->subject : NULL;
	row.message_id = envelope ? envelope->message_id : NULL;
	return add_row(v, &row, error);
}

/* An entry of an address book, or a message that is one for a server of mail.
 * Where a destination makes contacts of both, they lie in no particular folder:
 * all of them are compared as if they were in one. */
static enum status
add_address(struct verify *v, enum side side, const char *key,
    const struct address *address, GError **error)
{
	g_autofree char *place = folder_path_to_text(address_folder.path);
	g_autofree char *name = NULL;
	struct row row = {
	    .side = side, .place = place, .keywords = "", .key = key};
	g_autoptr(GError) why = NULL;
	enum status st = likeness_of_address(address, &row.digest, &name, &why);

	if (st == ST_ITEM) {
		tell_unreadable(v, side, &address_folder, key, why);
		return ST_OK;
	}
	if (st < 0) {
		g_propagate_error(error, g_steal_pointer(&why));
		return st;
	}
	row.subject = name;
	st = add_row(v, &row, error);
	return st < 0 ? st : add_folder(v, side, place, place, 0, error);
}

/* Is the record an entry of an address book that is compared as one? */
static enum status
address_of(struct verify *v, const struct record *record, struct address *out,
    GError **error)
{
	if (!v->by_likeness)
		return ST_END;
	if (record->kind == RECORD_MESSAGE)
		return address_from_message(
		    &record->message, v->split, v->letter, out, error);
	if (record->kind != RECORD_ADDRESS)
		return ST_END;
	*out = record->address;
	return ST_OK;
}

static enum status
take(struct verify *v, enum side side, const struct record *record,
    GError **error)
{
	const struct filter *filter = &v->params->plan->filter;
	const struct folder *folder = NULL;
	struct record copy = {.kind = RECORD_MESSAGE, .key = record->key};
	g_autofree char *place = NULL;
	g_autoptr(GError) why = NULL;
	struct address address;
	gint64 filtered = 0;
	bool contact =
	    side == SOURCE && v->contacts && record->kind == RECORD_ADDRESS;
	enum status st = ST_OK;

	if (contact) {
		folder = boxes_of_contacts(v->boxes)->src;
		st = address_to_message(
		    &record->address, v->card, v->letter, &copy.message, &why);
		copy.message.folder = folder;
		record = &copy;
	}
	switch (record->kind) {
	case RECORD_FOLDER:
		folder = record->folder;
		break;
	case RECORD_MESSAGE:
		folder = record->message.folder;
		break;
	case RECORD_ADDRESS:
		folder = &address_folder;
		if (v->by_likeness)
			break;
		return ST_OK;
	case RECORD_FOLDER_END:
	case RECORD_RECIPIENT:
		return ST_OK;
	}
	if (side == SOURCE && filter_folder(filter, folder) != FILTER_PASS)
		return ST_OK;
	if (address_of(v, record, &address, NULL) == ST_OK)
		return add_address(v, side, record->key, &address, error);
	place = place_of(v, side, folder);
	if (record->kind == RECORD_MESSAGE) {
		filtered =
		    side == SOURCE && !contact &&
		    filter_message(filter, &record->message) != FILTER_PASS;
		if (st == ST_OK && !filtered)
			st = add_message(v, side, place, record, &why);
		if (st == ST_ITEM) {
			tell_unreadable(v, side, folder, record->key, why);
			return ST_OK;
		}
		if (st < 0) {
			g_propagate_error(error, g_steal_pointer(&why));
			return st;
		}
		/* Nobody told of the folder of an address book. */
		if (!filtered && !contact)
			return ST_OK;
	}
	return add_folder(v, side, place, place, filtered, error);
}

static void
no_remark(void *ctx, const struct remark *remark)
{
}

static void
make_job(struct verify *v, enum side side, struct mailbox *mailbox,
    const struct filter *filter, struct job *job)
{
	*mailbox = (struct mailbox){
	    .name = side == SOURCE ? v->wanted->mailbox : v->route->destination,
	    .ref = side == SOURCE ? v->wanted->ref : NULL,
	    .messages = -1,
	    .bytes = -1,
	    .is_public = v->wanted->is_public,
	};
	*job = (struct job){
	    .id = 1,
	    .pass = 1,
	    .mailbox = mailbox,
	    .destination = v->route->destination,
	    .parts = 1,
	    .filter = filter,
	    .known = &boxes_nothing,
	    .spool_dir = v->spool_dir,
	    .recovery_dir = v->spool_dir,
	    .remark = no_remark,
	    .stop = v->params->stop,
	    .look_only = true,
	};
}

/* A mailbox as its own source finds it: the ref is known to list() alone. */
static enum status
find_ref(
    Source *source, struct mailbox *mailbox, GPtrArray *listed, GError **error)
{
	enum status st = source_list(source, listed, error);

	if (st < 0)
		return st;
	for (guint i = 0; i < listed->len; i++) {
		const struct mailbox *other = listed->pdata[i];

		if (strcmp(other->name, mailbox->name) == 0 ||
		    listed->len == 1) {
			mailbox->name = other->name;
			mailbox->ref = other->ref;
			mailbox->is_public = other->is_public;
			return ST_OK;
		}
	}
	return fail(ST_MAILBOX, error, ERR_CONFIG, RETRY_NEVER,
	    "the destination has no mailbox %s", mailbox->name);
}

static void
mailbox_free_one(void *data)
{
	mailbox_free(data);
}

static enum status
read_records(struct verify *v, Source *source, enum side side, GError **error)
{
	struct record record;
	enum status st = ST_OK;
	guint n = 0;

	verify_tell_size(v->feed, source);
	while (st == ST_OK) {
		g_autoptr(GError) why = NULL;

		if (v->params->stop && *v->params->stop)
			return fail(ST_RUN, error, ERR_CANCELLED, RETRY_NEVER,
			    "stopped");
		memset(&record, 0, sizeof record);
		record.key = "";
		st = source_next(source, &record, &why);
		if (st == ST_ITEM) {
			tell_unreadable(v, side,
			    record.kind == RECORD_MESSAGE
				? record.message.folder
				: NULL,
			    record.key, why);
			st = ST_OK;
		} else if (st < 0) {
			g_propagate_error(error, g_steal_pointer(&why));
		} else if (st == ST_OK) {
			n += record.kind == RECORD_MESSAGE;
			if (n >= VERIFY_READ_TOLD)
				verify_tell_read(
				    v->feed, record.message.folder, &n);
			st = take(v, side, &record, error);
		}
		verify_look_up(v->feed, v->params);
	}
	verify_tell_read(v->feed, NULL, &n);
	return st == ST_END ? ST_OK : st;
}

static enum status
read_side(struct verify *v, enum side side, GError **error)
{
	const struct end *end =
	    side == SOURCE ? &v->route->from : &v->route->to;
	const struct source_driver *driver =
	    source_driver_find(end->url->scheme);
	g_autoptr(GPtrArray) listed =
	    g_ptr_array_new_with_free_func(mailbox_free_one);
	g_autoptr(Options) options = NULL;
	struct end as_source = *end;
	struct filter all;
	struct mailbox mailbox;
	struct job job;
	Source *source = NULL;
	enum status st;

	if (driver == NULL)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s: what was written there cannot be read back, so it "
		    "cannot be verified",
		    end->url->scheme);
	if (side == DEST) { /* its options are a destination's: take those that
			       the source has too */
		options = options_new(driver->options);
		for (guint i = 0; end->url->names && end->url->names[i]; i++)
			options_set(options, end->url->names[i],
			    end->url->values[i], NULL);
		as_source.options = options;
	}
	as_source.stop = v->params->stop;
	filter_init(&all);
	make_job(v, side, &mailbox,
	    side == SOURCE ? &v->params->plan->filter : &all, &job);
	st = source_open(&source, driver, &as_source, error);
	if (st == ST_OK && side == DEST && !driver->accounts)
		st = find_ref(source, &mailbox, listed, error);
	if (st == ST_OK)
		st = source_begin(source, &job, error);
	/* A destination that is not there is this mailbox's trouble: perhaps
	 * nothing of it was ever moved. */
	if (st == ST_RUN && side == DEST)
		st = ST_MAILBOX;
	if (st == ST_OK) {
		st = db_exec(v, "BEGIN", error);
		if (st == ST_OK)
			st = read_records(v, source, side, error);
		if (st == ST_OK)
			st = db_exec(v, "COMMIT", error);
		source_end(source);
	}
	source_close(source);
	filter_clear(&all);
	if (st < 0)
		g_prefix_error(
		    error, "%s: ", side == SOURCE ? "source" : "destination");
	return st;
}

/* The same message at both ends: equal in everything first, then in content.
 * Each row of one end is paired with one of the other. */
static enum status
pair(struct verify *v, GError **error)
{
	static const char sql[] =
	    "CREATE INDEX by_content ON seen (folder, digest, side);"
	    "CREATE TEMP TABLE ranked AS SELECT rowid AS row, side, folder,"
	    " digest, received, flags, keywords, row_number() OVER (PARTITION "
	    "BY"
	    " side, folder, digest, received, flags, keywords) AS rank"
	    " FROM seen;"
	    "CREATE INDEX ranked_by ON ranked"
	    " (folder, digest, received, flags, keywords, rank);"
	    "UPDATE seen SET same = 2 WHERE rowid IN (SELECT a.row FROM ranked"
	    " a JOIN ranked b ON a.folder = b.folder AND a.digest = b.digest"
	    " AND a.received IS b.received AND a.flags = b.flags"
	    " AND a.keywords = b.keywords AND a.rank = b.rank"
	    " AND a.side <> b.side);"
	    "DELETE FROM ranked;"
	    "INSERT INTO ranked SELECT rowid, side, folder, digest, NULL, 0, "
	    "'',"
	    " row_number() OVER (PARTITION BY side, folder, digest"
	    " ORDER BY rowid) FROM seen WHERE same = 0;"
	    "UPDATE seen SET same = 1 WHERE rowid IN (SELECT a.row FROM ranked"
	    " a JOIN ranked b ON a.folder = b.folder AND a.digest = b.digest"
	    " AND a.rank = b.rank AND a.side <> b.side);"
	    "CREATE TEMP TABLE twins AS SELECT a.row AS one, b.row AS other"
	    " FROM ranked a JOIN ranked b ON a.folder = b.folder"
	    " AND a.digest = b.digest AND a.rank = b.rank"
	    " WHERE a.side = 0 AND b.side = 1;";

	return db_exec(v, sql, error);
}

static Event *
difference(enum event_id id, sqlite3_stmt *stmt)
{
	Event *event = event_new(id);
	g_auto(GStrv) path =
	    folder_path_from_text((const char *)sqlite3_column_text(stmt, 0));

	event_path(event, "folder", path);
	event_text(event, "key", (const char *)sqlite3_column_text(stmt, 1));
	event_text(
	    event, "subject", (const char *)sqlite3_column_text(stmt, 2));
	event_text(
	    event, "message_id", (const char *)sqlite3_column_text(stmt, 3));
	return event;
}

static char *
stamp_text(sqlite3_stmt *stmt, int column)
{
	struct stamp stamp = {.utc = sqlite3_column_int64(stmt, column),
	    .known = sqlite3_column_type(stmt, column) != SQLITE_NULL};
	char *text = stamp_to_iso(&stamp);

	if (*text == '\0') {
		g_free(text);
		text = g_strdup("unknown");
	}
	return text;
}

/* Which of received date, flags, keywords differ, and how. NULL: none that
 * counts: a date that one end does not know is no difference. */
static char *
how_different(sqlite3_stmt *stmt)
{
	GString *out = g_string_new(NULL);
	bool known = sqlite3_column_type(stmt, 4) != SQLITE_NULL &&
		     sqlite3_column_type(stmt, 7) != SQLITE_NULL;

	if (known &&
	    sqlite3_column_int64(stmt, 4) != sqlite3_column_int64(stmt, 7)) {
		g_autofree char *a = stamp_text(stmt, 4);
		g_autofree char *b = stamp_text(stmt, 7);

		g_string_append_printf(out, "received %s, not %s; ", b, a);
	}
	if (sqlite3_column_int(stmt, 5) != sqlite3_column_int(stmt, 8))
		g_string_append_printf(out, "flags %d, not %d; ",
		    sqlite3_column_int(stmt, 8), sqlite3_column_int(stmt, 5));
	if (strcmp((const char *)sqlite3_column_text(stmt, 6),
		(const char *)sqlite3_column_text(stmt, 9)) != 0)
		g_string_append_printf(out, "keywords '%s', not '%s'; ",
		    sqlite3_column_text(stmt, 9), sqlite3_column_text(stmt, 6));
	if (out->len >= 2)
		g_string_truncate(out, out->len - 2);
	return g_string_free(out, out->len == 0);
}

/* Runs a query and tells an event for each row. */
static enum status
tell_rows(struct verify *v, const char *sql, enum event_id id, GError **error)
{
	sqlite3_stmt *stmt;
	int code;

	if (sqlite3_prepare_v2(v->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return db_fail(v, error);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		Event *event;

		if (id == EVENT_VERIFY_DIFFERENT) {
			g_autofree char *how = how_different(stmt);

			if (how == NULL)
				continue;
			event = difference(id, stmt);
			event_text(event, "reason", how);
		} else {
			event = difference(id, stmt);
		}
		feed_tell(v->feed, event);
	}
	sqlite3_finalize(stmt);
	return code == SQLITE_DONE ? ST_OK : db_fail(v, error);
}

static enum status
tell_folders(struct verify *v, GError **error)
{
	static const char sql[] =
	    "SELECT f.folder, f.filtered,"
	    " (SELECT count(*) FROM seen WHERE folder = f.folder AND side = 0),"
	    " (SELECT count(*) FROM seen WHERE folder = f.folder AND side = 0"
	    " AND same = 2), EXISTS (SELECT 1 FROM folders g"
	    " WHERE g.folder = f.folder AND g.side = 1),"
	    " (SELECT count(*) FROM seen s JOIN twins t ON s.rowid = t.one"
	    " JOIN seen o ON o.rowid = t.other WHERE s.folder = f.folder"
	    " AND s.flags = o.flags AND s.keywords = o.keywords"
	    " AND (s.received IS NULL OR o.received IS NULL))"
	    " FROM folders f WHERE f.side = 0 ORDER BY f.folder";
	sqlite3_stmt *stmt;
	int code;

	if (sqlite3_prepare_v2(v->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return db_fail(v, error);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		g_auto(GStrv) path = folder_path_from_text(
		    (const char *)sqlite3_column_text(stmt, 0));
		gint64 filtered = sqlite3_column_int64(stmt, 1);
		Event *event;

		if (!sqlite3_column_int(stmt, 4)) {
			event = event_new(EVENT_VERIFY_FOLDER);
			event_path(event, "folder", path);
			feed_tell(v->feed, event);
		}
		event = event_new(EVENT_VERIFY_FOLDER_DONE);
		event_path(event, "folder", path);
		event_number(
		    event, "found", sqlite3_column_int64(stmt, 2) + filtered);
		event_number(event, "n",
		    sqlite3_column_int64(stmt, 3) +
			sqlite3_column_int64(stmt, 5));
		event_number(event, "filtered", filtered);
		feed_tell(v->feed, event);
	}
	sqlite3_finalize(stmt);
	return code == SQLITE_DONE ? ST_OK : db_fail(v, error);
}

static enum status
compare(struct verify *v, GError **error)
{
	enum status st = pair(v, error);

	if (st == ST_OK)
		st = tell_rows(v,
		    "SELECT folder, key, subject, message_id FROM seen"
		    " WHERE side = 0 AND same = 0 ORDER BY rowid",
		    EVENT_VERIFY_MISSING, error);
	if (st == ST_OK)
		st = tell_rows(v,
		    "SELECT folder, key, subject, message_id FROM seen"
		    " WHERE side = 1 AND same = 0 ORDER BY rowid",
		    EVENT_VERIFY_EXTRA, error);
	if (st == ST_OK)
		st = tell_rows(v,
		    "SELECT s.folder, s.key, s.subject, s.message_id,"
		    " s.received, s.flags, s.keywords,"
		    " o.received, o.flags, o.keywords FROM twins t"
		    " JOIN seen s ON s.rowid = t.one"
		    " JOIN seen o ON o.rowid = t.other ORDER BY s.rowid",
		    EVENT_VERIFY_DIFFERENT, error);
	if (st == ST_OK)
		st = tell_folders(v, error);
	return st;
}

static enum status
open_names(struct verify *v, const struct job *job, GError **error)
{
	const struct dest_driver *driver =
	    dest_driver_find(v->route->to.url->scheme);
	enum status st;

	if (driver->map == NULL)
		return ST_OK;
	st = dest_open(&v->dest, driver, &v->route->to, error);
	if (st == ST_OK)
		st = dest_begin(v->dest, job, error);
	if (st < 0)
		g_clear_pointer(&v->dest, dest_close);
	return st;
}

static enum status
verify_mailbox(struct verify *v, GError **error)
{
	static const struct ledger_share no_share = {.parts = 1};
	struct mailbox mailbox;
	struct job job;
	enum status st = ST_OK;

	/* An empty name: on disk, and gone when it is closed. */
	if (sqlite3_open_v2("", &v->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		    SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		st = db_fail(v, error);
	if (st == ST_OK)
		st = db_exec(v, schema, error);
	if (st == ST_OK &&
	    sqlite3_prepare_v2(v->db,
		"INSERT INTO seen (side, folder, digest, received, flags,"
		" keywords, key, subject, message_id)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		-1, &v->add, NULL) != SQLITE_OK)
		st = db_fail(v, error);
	v->boxes = boxes_new(NULL, &no_share, v->params->plan->folder_map);
	make_job(v, SOURCE, &mailbox, &v->params->plan->filter, &job);
	/* The destination first: when it is not there, nothing is opened that
	 * would make it. */
	if (st == ST_OK)
		st = read_side(v, DEST, error);
	if (st == ST_OK)
		st = open_names(v, &job, error);
	if (st == ST_OK)
		st = read_side(v, SOURCE, error);
	if (v->dest) {
		dest_end(v->dest);
		g_clear_pointer(&v->dest, dest_close);
	}
	g_clear_pointer(&v->boxes, boxes_free);
	if (st == ST_OK)
		st = compare(v, error);
	sqlite3_finalize(v->add);
	v->add = NULL;
	sqlite3_close(v->db);
	v->db = NULL;
	return st;
}

static void
deliver(const Event *event, void *user)
{
	struct verify *v = user;

	books_apply(v->books, event);
	if (v->params->sink)
		v->params->sink(event, v->params->user);
}

const char *
run_verify_compares(const Plan *plan)
{
	const struct dest_driver *driver =
	    dest_driver_find(plan->to.url.scheme);

	return driver && driver->rejoins ? LIKENESS_WORDS : NULL;
}

static void
tell_likeness(struct verify *v)
{
	Event *event = event_new(EVENT_REMARK_INFO);

	event_text(event, "code", "VERIFY_CONTENT");
	event_text(event, "reason",
	    "this destination does not keep octets; compared "
	    "are " LIKENESS_WORDS);
	feed_tell(v->feed, event);
}

static enum status
one(struct verify *v, const struct wanted *wanted, GError **error)
{
	const Plan *plan = v->params->plan;
	struct plan_route route;
	struct account room;
	g_autoptr(GError) why = NULL;
	Event *event;
	enum status st;

	v->wanted = wanted;
	feed_mailbox(v->feed, wanted->mailbox);
	feed_tell(v->feed, event_new(EVENT_MAILBOX_READ));
	st = plan_route(plan, people_account(plan, wanted, &room),
	    wanted->mailbox, &route, &why);
	if (st == ST_OK) {
		v->route = &route;
		v->by_likeness = dest_driver_find(route.to_url.scheme)->rejoins;
		v->contacts = !(dest_driver_find(route.to_url.scheme)->takes &
				1u << RECORD_ADDRESS);
		if (v->by_likeness)
			tell_likeness(v);
		st = verify_mailbox(v, &why);
	}
	plan_route_clear(&route);
	if (st == ST_RUN) {
		g_propagate_error(error, g_steal_pointer(&why));
		return st;
	}
	if (st < 0) {
		event = event_new(EVENT_MAILBOX_NOT_OPENED);
		event_text(event, "reason", why->message);
		feed_tell(v->feed, event);
	}
	event = event_new(EVENT_JOB_ENDED);
	event_number(event, "failed", st < 0);
	feed_tell(v->feed, event);
	feed_mailbox(v->feed, NULL);
	return ST_OK;
}

/* What the directory says of the mailboxes themselves: who has none. */
static void
tell_nobody(Event *event, void *user)
{
	struct verify *v = user;

	if (event_id_of(event) == EVENT_MAILBOX_NOT_OPENED)
		feed_tell(v->feed, event);
	else
		event_free(event);
}

enum status
run_verify(const struct run_params *params, struct books *total, GError **error)
{
	struct verify v = {.params = params, .books = total};
	g_autoptr(GPtrArray) wanted = g_ptr_array_new();
	g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) left_out = g_ptr_array_new_with_free_func(g_free);
	Event *event;
	enum status st;
	bool rows_stay = (dest_driver_find(params->plan->to.url.scheme)->takes &
			     1u << RECORD_RECIPIENT) != 0;

	memset(total, 0, sizeof *total);
	st = jobs_list(params->plan, wanted, missing, left_out, error);
	if (st < 0)
		return st;
	v.feed = feed_new_sink(deliver, &v, 0);
	v.spool_dir = g_strdup(g_get_tmp_dir());
	v.scratch = spool_new(v.spool_dir);
	v.letter = spool_new(v.spool_dir);
	v.card = g_string_new(NULL);
	v.split = g_array_new(FALSE, TRUE, sizeof(struct part));
	g_array_set_clear_func(v.split, (GDestroyNotify)part_clear);
	envelope_init(&v.envelope);
	event = event_new(EVENT_VERIFY_BEGUN);
	event_number(event, "mailboxes", wanted->len);
	feed_tell(v.feed, event);
	for (guint i = 0; i < missing->len; i++) {
		feed_mailbox(v.feed, missing->pdata[i]);
		feed_tell(v.feed, event_new(EVENT_ACCOUNT_WITHOUT_MAILBOX));
	}
	st = people_place_all(
	    params->plan, wanted, PEOPLE_FIND, tell_nobody, &v, error);
	/* Rows of a directory are not mail; most destinations have no place for
	 * them, and then no mailbox of theirs either. */
	for (guint i = 0; st == ST_OK && i < wanted->len; i++) {
		if (params->finish && *params->finish) {
			verify_tell_left(v.feed, wanted->len - i);
			break;
		}
		if (rows_stay || !((struct wanted *)wanted->pdata[i])->no_mail)
			st = one(&v, wanted->pdata[i], error);
	}
	envelope_clear(&v.envelope);
	spool_free(v.scratch);
	spool_free(v.letter);
	g_string_free(v.card, TRUE);
	g_array_unref(v.split);
	feed_free(v.feed);
	g_free(v.spool_dir);
	return st;
}
