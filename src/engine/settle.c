#include "base/step.h"
#include "engine/pump-private.h"

#include <string.h>

static void
join_keywords(GString *out, const char *const *keywords)
{
	for (guint i = 0; keywords && keywords[i]; i++) {
		if (i > 0)
			g_string_append_c(out, '\n');
		g_string_append(out, keywords[i]);
	}
}

struct slot *
pump_slot(struct pump *pump, struct box *box, const struct record *record)
{
	struct slot *slot = batch_slot(pump->batch);

	slot->box = box;
	g_string_assign(slot->key, record->key);
	if (record->kind == RECORD_MESSAGE) {
		slot->flags = record->message.flags;
		slot->received = record->message.received;
		join_keywords(slot->keywords, record->message.keywords);
	}
	return slot;
}

static void
keep(struct pump *pump, const struct record *record, const struct box *box,
    const struct blob *octets, const struct slot *slot)
{
	struct record copy = *record;
	g_auto(GStrv) keywords = NULL;
	g_autoptr(GError) error = NULL;

	if (copy.kind == RECORD_MESSAGE) {
		if (octets) {
			keywords = g_strsplit(slot->keywords->str, "\n", -1);
			copy.message = (struct message){
			    .received = slot->received,
			    .flags = slot->flags,
			    .keywords = (const char *const *)keywords,
			    .size = octets->len,
			    .has_body = true,
			    .raw = *octets,
			};
		}
		if (!copy.message.has_body || box->src == NULL)
			return;
		copy.message.folder = box->src;
	}
	copy.again = copy.known = false;
	/* Trouble is told once, at the end. */
	rescue_put(pump->recovery, &copy, &error);
}

void
pump_failed(struct pump *pump, struct slot *slot, const struct record *record,
    const struct blob *octets, const char *side, const GError *error)
{
	struct box *box = slot->box;

	slot->fate = SLOT_FAILED;
	g_string_assign(slot->reason, error ? error->message : "");
	if (!slot->told)
		feed_count(pump->p->feed, report_failed(pump->report, record,
					      box->src, octets, side, error));
	keep(pump, record, box, octets, slot);
	pump->failed++;
	batch_settle(pump->batch, slot);
}

void
pump_failed_before(
    struct pump *pump, struct slot *slot, const struct record *record)
{
	slot->told = true;
	pump_failed(pump, slot, record, NULL, NULL, NULL);
}

void
pump_refuse_box(
    struct pump *pump, struct box *box, const char *side, const GError *error)
{
	struct record record = {.kind = RECORD_FOLDER, .key = ""};

	if (box->refused)
		return;
	box->refused = true;
	box->refusal = g_strdup(error ? error->message : "refused");
	feed_tell(pump->p->feed,
	    report_failed(pump->report, &record, box->src, NULL, side, error));
}

/* What was staged, back as a slot. ST_END: not there. */
static enum status
unstage(struct pump *pump, guint64 seq, struct slot **out, GError **error)
{
	struct ledger_staged staged;
	struct slot *slot;
	enum status st;

	st = ledger_staged_find(
	    pump->p->ledger, pump->p->share, seq, &staged, error);
	if (st != ST_OK)
		return st;
	slot = batch_slot(pump->batch);
	slot->seq = seq;
	slot->box = boxes_by_id(pump->boxes, staged.folder);
	g_assert(slot->box); /* staged by this attempt */
	g_string_assign(slot->key, staged.item.key);
	if (staged.item.keywords)
		g_string_assign(slot->keywords, staged.item.keywords);
	slot->flags = staged.item.flags;
	slot->has_digest = staged.item.has_digest;
	slot->digest = staged.item.digest;
	slot->bytes = staged.bytes;
	*out = slot;
	return ST_OK;
}

static enum status
settle(struct pump *pump, const struct outcome *out, GError **error)
{
	gpointer seq = GSIZE_TO_POINTER(out->seq);
	struct slot *slot = g_hash_table_lookup(pump->flying, seq);
	enum status st = ST_OK;

	if (slot) {
		g_hash_table_remove(pump->flying, seq);
	} else {
		struct box *box = g_hash_table_lookup(pump->folders, seq);

		if (box) { /* only a refusal is news */
			if (out->st < 0)
				pump_refuse_box(
				    pump, box, "destination", out->error);
			return ST_OK;
		}
		if (pump->whole)
			st = unstage(pump, out->seq, &slot, error);
		if (st != ST_OK || slot == NULL)
			return st == ST_END ? ST_OK : st;
	}
	if (out->dest_key) {
		slot->has_dest_key = true;
		g_string_assign(slot->dest_key, out->dest_key);
	}
	if (out->st == ST_OK || out->st == ST_THERE) {
		slot->fate = out->st == ST_OK ? SLOT_MOVED : SLOT_THERE;
		batch_settle(pump->batch, slot);
	} else {
		struct record record = {
		    .kind = slot->box->kind,
		    .key = slot->key->str,
		};

		record.message.size = slot->bytes;
		pump_failed(pump, slot, &record,
		    slot->box->src && out->body.len > 0 ? &out->body : NULL,
		    "destination", out->error);
	}
	return ST_OK;
}

enum status
pump_drain(struct pump *pump, GError **error)
{
	struct outcome out;
	enum status st;

	memset(&out, 0, sizeof out);
	while ((st = dest_outcome(pump->dest, &out, error)) == ST_OK) {
		st = settle(pump, &out, error);
		if (st < 0)
			return st;
		/* One transaction for all of a whole: see below. */
		if (!pump->whole &&
		    batch_size(pump->batch) >= PUMP_BATCH_MESSAGES) {
			st = batch_enter(pump->batch, error);
			if (st < 0)
				return st;
		}
		memset(&out, 0, sizeof out);
	}
	return st == ST_END ? ST_OK : st;
}

static void
release_updates(struct pump *pump)
{
	for (guint i = 0; i < pump->updates->len; i++)
		batch_settle(pump->batch, pump->updates->pdata[i]);
	g_ptr_array_set_size(pump->updates, 0);
}

/* Every folder that was put is there now. */
static void
mark_made(struct pump *pump)
{
	const GPtrArray *all = boxes_all(pump->boxes);

	for (guint i = 0; i < all->len; i++) {
		struct box *box = all->pdata[i];

		if (!box->put || box->refused || box->row.made)
			continue;
		box->row.made = true;
		batch_touch(pump->batch, box);
	}
}

/*
 * The destination has renamed its file into place: everything staged counts,
 * in one transaction, because a part of it would make the next attempt write
 * the file anew without that part.
 */
static enum status
enter_whole(struct pump *pump, GError **error)
{
	struct outcome out;
	enum status st = batch_enter(pump->batch, error);

	if (st == ST_OK)
		st = batch_begin(pump->batch, error);
	memset(&out, 0, sizeof out);
	while (st == ST_OK &&
	       (st = dest_outcome(pump->dest, &out, error)) == ST_OK) {
		st = settle(pump, &out, error);
		if (st == ST_OK &&
		    batch_size(pump->batch) >= PUMP_BATCH_MESSAGES)
			st = batch_write(pump->batch, error);
		memset(&out, 0, sizeof out);
	}
	if (st == ST_END) {
		mark_made(pump);
		st =
		    ledger_staged_clear(pump->p->ledger, pump->p->share, error);
	}
	if (st == ST_OK)
		st =
		    ledger_share_passed(pump->p->ledger, pump->p->share, error);
	if (st == ST_OK)
		st = batch_write(pump->batch, error);
	if (st == ST_OK)
		st = batch_end(pump->batch, error);
	ledger_rollback(pump->p->ledger);
	return st;
}

enum status
pump_commit(struct pump *pump, bool last, GError **error)
{
	enum status st;

	step("commit");
	st = dest_commit(pump->dest, last, error);
	if (st < 0)
		return st;
	step("committed");
	pump->bytes = 0;
	pump->messages = 0;
	pump->committed_us = g_get_monotonic_time();
	if (last && pump->whole)
		return enter_whole(pump, error);
	if (!pump->whole)
		st = pump_drain(pump, error);
	if (st == ST_OK && (last || pump->updates->len >= PUMP_UPDATES_MAX))
		release_updates(pump);
	if (st == ST_OK && last)
		mark_made(pump);
	if (st == ST_OK)
		st = batch_enter(pump->batch, error);
	return st;
}
