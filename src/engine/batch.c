#include "engine/batch.h"

#include "base/step.h"

#include <string.h>

struct Batch {
	Ledger *ledger;
	Feed *feed;
	Boxes *boxes;
	const struct ledger_share *share;
	GPtrArray *slots; /* settled */
	GPtrArray *unused;
	GPtrArray *touched; /* boxes */
	gint64 oldest_us;
};

static void
slot_free(void *data)
{
	struct slot *slot = data;

	g_string_free(slot->key, TRUE);
	g_string_free(slot->keywords, TRUE);
	g_string_free(slot->dest_key, TRUE);
	g_string_free(slot->reason, TRUE);
	g_string_free(slot->old_key, TRUE);
	g_free(slot);
}

Batch *
batch_new(
    Ledger *ledger, Feed *feed, Boxes *boxes, const struct ledger_share *share)
{
	Batch *batch = g_new0(Batch, 1);

	batch->ledger = ledger;
	batch->feed = feed;
	batch->boxes = boxes;
	batch->share = share;
	batch->slots = g_ptr_array_new_with_free_func(slot_free);
	batch->unused = g_ptr_array_new_with_free_func(slot_free);
	batch->touched = g_ptr_array_new();
	return batch;
}

void
batch_free(Batch *batch)
{
	if (batch == NULL)
		return;
	g_ptr_array_unref(batch->slots);
	g_ptr_array_unref(batch->unused);
	g_ptr_array_unref(batch->touched);
	g_free(batch);
}

struct slot *
batch_slot(Batch *batch)
{
	struct slot *slot;

	if (batch->unused->len == 0) {
		slot = g_new0(struct slot, 1);
		slot->key = g_string_new(NULL);
		slot->keywords = g_string_new(NULL);
		slot->dest_key = g_string_new(NULL);
		slot->reason = g_string_new(NULL);
		slot->old_key = g_string_new(NULL);
		return slot;
	}
	slot = g_ptr_array_steal_index(batch->unused, batch->unused->len - 1);
	slot->has_digest = slot->has_dest_key = slot->has_old_key = false;
	slot->told = false;
	slot->flags = 0;
	slot->bytes = 0;
	g_string_truncate(slot->keywords, 0);
	g_string_truncate(slot->reason, 0);
	return slot;
}

void
batch_drop(Batch *batch, struct slot *slot)
{
	g_ptr_array_add(batch->unused, slot);
}

void
batch_touch(Batch *batch, struct box *box)
{
	if (box->listed)
		return;
	box->listed = true;
	box->touched = true;
	g_ptr_array_add(batch->touched, box);
}

void
batch_settle(Batch *batch, struct slot *slot)
{
	struct box *box = slot->box;

	switch (slot->fate) {
	case SLOT_MOVED:
		box->moved++;
		box->bytes += slot->bytes;
		box->open--;
		break;
	case SLOT_THERE:
		box->there++;
		box->open--;
		break;
	case SLOT_FAILED:
		box->failed++;
		box->new_failed += !slot->told;
		box->open--;
		break;
	case SLOT_FILTERED:
		box->filtered++;
		box->new_filtered += !slot->told;
		box->open--;
		break;
	case SLOT_STAGED: /* stays open */
		box->staged++;
		box->staged_bytes += slot->bytes;
		break;
	case SLOT_UPDATED:
		break;
	}
	if (box->again && slot->has_dest_key) {
		if (box->fresh == NULL)
			box->fresh = g_hash_table_new_full(
			    g_str_hash, g_str_equal, g_free, NULL);
		g_hash_table_add(box->fresh, g_strdup(slot->dest_key->str));
	}
	if (batch->slots->len == 0)
		batch->oldest_us = g_get_monotonic_time();
	g_ptr_array_add(batch->slots, slot);
	batch_touch(batch, box);
}

guint
batch_size(const Batch *batch)
{
	return batch->slots->len;
}

gint64
batch_age_us(const Batch *batch)
{
	return batch->slots->len ? g_get_monotonic_time() - batch->oldest_us
				 : 0;
}

static enum status
write_slot(Batch *batch, const struct slot *slot, GError **error)
{
	struct box *box = slot->box;
	struct ledger_staged staged = {
	    .folder = box->row.id, .bytes = slot->bytes};
	struct ledger_item *item = &staged.item;
	bool was_settled;
	enum status st;

	if (slot->fate == SLOT_UPDATED)
		return ledger_item_flags(batch->ledger, box->row.id,
		    slot->key->str, slot->flags, slot->keywords->str, error);
	item->key = slot->key->str;
	item->run = batch->share->run;
	item->has_digest = slot->has_digest;
	item->digest = slot->digest;
	item->flags = slot->flags;
	item->keywords = slot->keywords->str;
	if (slot->fate == SLOT_STAGED)
		return ledger_staged_put(
		    batch->ledger, batch->share, slot->seq, &staged, error);
	item->fate = slot->fate == SLOT_MOVED	   ? LEDGER_MOVED
		     : slot->fate == SLOT_THERE	   ? LEDGER_THERE
		     : slot->fate == SLOT_FILTERED ? LEDGER_FILTERED
						   : LEDGER_REFUSED;
	item->dest_key = slot->has_dest_key ? slot->dest_key->str : NULL;
	item->reason = slot->reason->len ? slot->reason->str : NULL;
	st = ledger_item_put(
	    batch->ledger, box->row.id, item, &was_settled, error);
	if (st == ST_OK && slot->has_old_key)
		st = ledger_old_take(
		    batch->ledger, box->row.id, slot->old_key->str, error);
	box->settled_change += (item->fate <= LEDGER_THERE) - was_settled;
	return st;
}

static Event *
box_event(enum event_id id, const struct box *box, gint64 n)
{
	Event *event = event_new(id);

	if (box->src)
		event_path(event, "folder", box->src->path);
	else
		event_text(event, "kind", record_kind_name(box->kind));
	event_number(event, "n", n);
	return event;
}

static void
count_batch(Batch *batch, struct box *box)
{
	Feed *feed = batch->feed;
	Event *event;

	if (box->moved && box->src) {
		event = box_event(EVENT_MESSAGES_MOVED, box, box->moved);
		event_number(event, "bytes", box->bytes);
		feed_count(feed, event);
	} else if (box->moved) {
		feed_count(
		    feed, box_event(EVENT_OTHERS_MOVED, box, box->moved));
	}
	if (box->there && box->src)
		feed_count(
		    feed, box_event(EVENT_MESSAGES_THERE, box, box->there));
	if (box->updated)
		feed_count(
		    feed, box_event(EVENT_FLAGS_UPDATED, box, box->updated));
	if (box->not_carried)
		feed_count(feed,
		    box_event(EVENT_FLAGS_NOT_CARRIED, box, box->not_carried));
	if (box->staged && box->src) {
		event = box_event(EVENT_MESSAGES_STAGED, box, box->staged);
		event_number(event, "bytes", box->staged_bytes);
		feed_count(feed, event);
	}
}

/* Messages that failed before anybody knew their folder: found, and failed. */
static void
count_homeless(Batch *batch, struct box *box)
{
	if (box->src || box->kind != RECORD_MESSAGE || box->new_failed == 0)
		return;
	box->row.counts.found += box->new_failed;
	feed_count(
	    batch->feed, box_event(EVENT_FOLDER_DONE, box, box->new_failed));
}

static gint64
counts_sum(const struct ledger_counts *c)
{
	return c->moved + c->filtered + c->there + c->failed;
}

/*
 * The source has given all of the folder, and all of it is settled: what it
 * skipped was there. What was settled earlier in this run has been told as
 * moved or there; if fewer are skipped than that, the others are gone from the
 * source since, and were found all the same.
 */
static void
count_end(Batch *batch, struct box *box)
{
	struct ledger_counts *c = &box->row.counts;
	gint64 there = MAX(0, box->skipped + box->resettled - box->base);
	gint64 gap = box->found - (box->given + box->resettled + box->skipped);
	Event *event;

	if (box->given + box->resettled == 0 && box->found == box->skipped &&
	    there == box->found && counts_sum(c) == 0 && there > 0) {
		c->there = c->found = there;
		feed_count(
		    batch->feed, box_event(EVENT_FOLDER_UNCHANGED, box, there));
		return;
	}
	c->there += there;
	if (there)
		feed_count(
		    batch->feed, box_event(EVENT_MESSAGES_THERE, box, there));
	if (gap) {
		event = event_new(EVENT_COUNT_MISMATCH);
		event_path(event, "folder", box->src->path);
		event_number(event, "found", box->found);
		event_number(
		    event, "given", box->given + box->resettled + box->skipped);
		feed_count(batch->feed, event);
	}
	gap += counts_sum(c) - c->found;
	c->found += gap;
	feed_count(batch->feed, box_event(EVENT_FOLDER_DONE, box, gap));
}

static void
count_left_out(Batch *batch, struct box *box)
{
	struct ledger_counts *c = &box->row.counts;

	if (counts_sum(c) > 0 || box->found == 0)
		return; /* told by an earlier attempt */
	c->found = c->filtered = box->found;
	feed_count(
	    batch->feed, box_event(EVENT_FOLDER_FILTERED, box, box->found));
}

static enum status
end_box(Batch *batch, struct box *box, GError **error)
{
	struct ledger_folder *row = &box->row;

	box->done = true;
	if (box->left_out)
		count_left_out(batch, box);
	else if (box->src)
		count_end(batch, box);
	row->open = false;
	row->done_pass = batch->share->pass;
	/* What failed is tried again by the next pass, and what is filtered
	 * may be wanted then: it must look. */
	if (box->failed + box->filtered == 0 && !box->refused &&
	    !box->left_out) {
		g_free(row->state);
		row->state = g_strdup(box->state);
	}
	if (row->old && !box->left_out)
		return ledger_folder_forget_old(batch->ledger, row, error);
	return ST_OK;
}

static enum status
write_box(Batch *batch, struct box *box, GError **error)
{
	struct ledger_counts *c = &box->row.counts;
	enum status st = ST_OK;

	count_batch(batch, box);
	count_homeless(batch, box);
	c->moved += box->moved;
	c->there += box->there;
	c->failed += box->new_failed;
	c->filtered += box->new_filtered;
	box->row.settled += box->settled_change;
	if (box->ended && box->open == 0 && !box->done)
		st = end_box(batch, box, error);
	box->moved = box->bytes = box->there = box->updated = 0;
	box->not_carried = box->staged = box->staged_bytes = 0;
	box->new_failed = box->new_filtered = box->settled_change = 0;
	if (st == ST_OK)
		st = ledger_folder_save(batch->ledger, batch->share->job,
		    box->text, &box->row, error);
	box->touched = box->listed = false;
	return st;
}

enum status
batch_begin(Batch *batch, GError **error)
{
	enum status st = ledger_begin(batch->ledger, false, error);

	if (st == ST_OK)
		st = ledger_share_renew(batch->ledger, batch->share, error);
	if (st < 0)
		ledger_rollback(batch->ledger);
	return st;
}

enum status
batch_write(Batch *batch, GError **error)
{
	enum status st = ST_OK;

	for (guint i = 0; st == ST_OK && i < batch->touched->len; i++) {
		struct box *box = batch->touched->pdata[i];

		if (box->row.id == 0)
			st = ledger_folder_save(batch->ledger,
			    batch->share->job, box->text, &box->row, error);
	}
	for (guint i = 0; st == ST_OK && i < batch->slots->len; i++)
		st = write_slot(batch, batch->slots->pdata[i], error);
	for (guint i = 0; st == ST_OK && i < batch->touched->len; i++)
		st = write_box(batch, batch->touched->pdata[i], error);
	g_ptr_array_set_size(batch->touched, 0);
	while (batch->slots->len > 0)
		g_ptr_array_add(
		    batch->unused, g_ptr_array_steal_index_fast(
				       batch->slots, batch->slots->len - 1));
	if (st < 0)
		ledger_rollback(batch->ledger);
	return st;
}

enum status
batch_end(Batch *batch, GError **error)
{
	enum status st = feed_enter(batch->feed, batch->ledger, error);

	if (st == ST_OK) {
		step("enter");
		st = ledger_commit(batch->ledger, error);
	}
	if (st < 0) {
		ledger_rollback(batch->ledger);
		return st;
	}
	step("entered");
	feed_entered(batch->feed);
	return ST_OK;
}

enum status
batch_enter(Batch *batch, GError **error)
{
	enum status st;

	if (batch->slots->len == 0 && batch->touched->len == 0)
		return ST_OK;
	st = batch_begin(batch, error);
	if (st == ST_OK)
		st = batch_write(batch, error);
	if (st == ST_OK)
		st = batch_end(batch, error);
	return st;
}
