#include "base/step.h"
#include "engine/pump-private.h"
#include "model/address-message.h"

#include <string.h>

static bool
takes(const struct pump *pump, enum record_kind kind)
{
	return pump->p->dest_driver->takes & 1u << kind;
}

static Event *
box_event(enum event_id id, const struct box *box)
{
	Event *event = event_new(id);

	event_path(event, "folder", box->src->path);
	return event;
}

static enum status
tell_renamed(struct pump *pump, const struct box *box)
{
	char *const *path = dest_map(pump->dest, box_place(box));
	Event *event;

	if (path == NULL || folder_path_equal(path, box->src->path))
		return ST_OK;
	event = box_event(EVENT_FOLDER_RENAMED, box);
	event_path(event, "to", path);
	feed_tell(pump->p->feed, event);
	return ST_OK;
}

/* Tell the destination of a folder, once. */
static enum status
put_box(struct pump *pump, struct box *box, GError **error)
{
	struct record record = {.kind = RECORD_FOLDER, .key = ""};
	g_autoptr(GError) refusal = NULL;
	const struct box *other;
	enum status st;

	if (box->joined) {
		st = put_box(pump, box->joined, error);
		if (box->joined->refused && !box->refused) {
			box->refused = true;
			box->refusal = g_strdup(box->joined->refusal);
		}
		return st;
	}
	if (box->put || !takes(pump, RECORD_FOLDER))
		return ST_OK;
	box->put = true;
	record.folder = &box->dst;
	record.again = box->again;
	g_hash_table_insert(pump->folders, GSIZE_TO_POINTER(++pump->seq), box);
	st = dest_put(pump->dest, &record, pump->seq, &refusal);
	if (st == ST_ITEM) {
		pump_refuse_box(pump, box, "destination", refusal);
		return ST_OK;
	}
	if (st < 0) {
		g_propagate_error(error, g_steal_pointer(&refusal));
		return st;
	}
	other = boxes_joined(pump->boxes, box);
	if (other && !box->row.made) {
		Event *event = box_event(EVENT_FOLDER_JOINED, box);

		event_path(event, "other", other->src->path);
		event_path(event, "to", box->dst.path);
		feed_tell(pump->p->feed, event);
	}
	if (!box->row.made) {
		if (st == ST_OK)
			feed_tell(
			    pump->p->feed, box_event(EVENT_FOLDER_MADE, box));
		tell_renamed(pump, box);
	}
	return ST_OK;
}

static enum status
renew_box(struct pump *pump, struct box *box, GError **error)
{
	Ledger *ledger = pump->p->ledger;
	enum status st = batch_enter(pump->batch, error);

	if (st == ST_OK)
		st = ledger_begin(ledger, false, error);
	if (st == ST_OK)
		st = ledger_folder_renew(
		    ledger, &box->row, box->src->identity, error);
	if (st == ST_OK)
		st = ledger_folder_save(
		    ledger, pump->p->share->job, box->text, &box->row, error);
	if (st == ST_OK)
		st = ledger_commit(ledger, error);
	ledger_rollback(ledger);
	box->lookup = false;
	return st;
}

static enum status
begin_box(struct pump *pump, const struct folder *folder, GError **error)
{
	struct box *box = boxes_of(pump->boxes, folder);
	enum status st = ST_OK;

	box->begun = true;
	if (!boxes_claim(pump->boxes, box))
		return ST_OK;
	box->left_out =
	    filter_folder(&pump->p->plan->filter, folder) != FILTER_PASS;
	if (box->left_out)
		return ST_OK;
	if (box_is_renewed(box))
		st = renew_box(pump, box, error);
	else if (box->row.identity == NULL && folder->identity)
		box->row.identity = g_strdup(folder->identity);
	if (st < 0)
		return st;
	batch_touch(pump->batch, box);
	/*
	 * A folder that an earlier pass made is not made again before there is
	 * mail for it: it costs nothing when nothing is new, and somebody may
	 * have removed it since. A whole destination begins from nothing until
	 * a pass was complete.
	 */
	if (box->row.made &&
	    !(pump->whole && (box->row.done_pass == 0 ||
				 box->row.done_pass == pump->job.pass)))
		return ST_OK;
	return put_box(pump, box, error);
}

static enum status
end_box(struct pump *pump, const struct record *record, GError **error)
{
	struct box *box = boxes_of(pump->boxes, record->folder);
	enum status st = ST_OK;

	if (!boxes_claim(pump->boxes, box))
		return ST_OK;
	box->ended = true;
	box->found = record->found;
	box->skipped = record->skipped;
	g_free(box->state);
	box->state = g_strdup(record->state);
	batch_touch(pump->batch, box);
	if (box->put && !box->refused) {
		struct record copy = *record;

		copy.folder = &box->dst;
		st = dest_put(pump->dest, &copy, ++pump->seq, error);
		if (st == ST_ITEM)
			g_clear_error(error); /* a hint, no more */
	}
	return st < ST_ITEM ? st : ST_OK;
}

/*
 * A message that is settled: its flags or keywords may have changed at the
 * source. slot: what they are now. Takes the slot.
 */
static enum status
update(struct pump *pump, struct slot *slot, const struct record *record,
    const struct ledger_item *item, GError **error)
{
	struct box *box = slot->box;
	g_auto(GStrv) old_keywords = NULL;
	guint32 old_flags = item->flags;
	g_autoptr(GError) refusal = NULL;
	struct record copy = *record;
	enum status st;

	if (slot->flags == item->flags &&
	    strcmp(slot->keywords->str, item->keywords) == 0) {
		batch_drop(pump->batch, slot);
		return ST_OK;
	}
	slot->fate = SLOT_UPDATED;
	if (item->dest_key == NULL || !dest_can_update(pump->dest)) {
		/* Entered all the same: said once, not on every pass. */
		box->not_carried++;
		batch_settle(pump->batch, slot);
		return ST_OK;
	}
	old_keywords = g_strsplit(item->keywords, "\n", -1);
	g_string_assign(slot->dest_key, item->dest_key);
	copy.message.folder = box_place(box);
	st = dest_update(pump->dest, &copy, slot->dest_key->str, old_flags,
	    (const char *const *)old_keywords, &refusal);
	if (st == ST_ITEM) {
		Event *event = box_event(EVENT_FLAGS_FAILED, box);

		event_text(event, "key", record->key);
		event_text(
		    event, "reason", refusal ? refusal->message : "refused");
		feed_tell(pump->p->feed, event);
		batch_drop(pump->batch, slot);
		return ST_OK;
	}
	if (st < 0) {
		g_propagate_error(error, g_steal_pointer(&refusal));
		batch_drop(pump->batch, slot);
		return st;
	}
	box->updated += st == ST_OK; /* ST_THERE: somebody removed it */
	g_ptr_array_add(pump->updates, slot);
	if (pump->updates->len >= PUMP_UPDATES_MAX)
		return pump_commit(pump, false, error);
	return ST_OK;
}

static void
leave_out(struct pump *pump, struct slot *slot, const char *reason)
{
	slot->fate = SLOT_FILTERED;
	g_string_assign(slot->reason, reason);
	if (!slot->told) {
		Event *event = box_event(EVENT_MESSAGE_FILTERED, slot->box);

		event_text(event, "key", slot->key->str);
		event_text(event, "reason", reason);
		feed_count(pump->p->feed, event);
	}
	batch_settle(pump->batch, slot);
}

/* Before the first message goes to a folder the ledger says so: if this is cut
 * the next attempt knows where to look. */
static enum status
open_box(struct pump *pump, struct box *box, GError **error)
{
	if (box->joined) {
		enum status st = open_box(pump, box->joined, error);

		if (st < 0)
			return st;
	}
	if (box->row.open || pump->whole)
		return ST_OK;
	box->row.open = true;
	batch_touch(pump->batch, box);
	return batch_enter(pump->batch, error);
}

/*
 * The keys of this folder changed, but not its messages: one with the same
 * content that was settled under an old key, and was not yet found again, is
 * this one. ST_END: there is none.
 */
static enum status
recognise(struct pump *pump, struct slot *slot, const struct record *record,
    GError **error)
{
	struct box *box = slot->box;
	struct ledger_item item;
	struct slot *flags;
	enum status st;

	if (!box->row.old)
		return ST_END;
	st = ledger_old_find(
	    pump->p->ledger, box->row.id, &slot->digest, &item, error);
	if (st != ST_OK)
		return st;
	slot->fate = SLOT_THERE;
	slot->has_old_key = true;
	g_string_assign(slot->old_key, item.key);
	slot->has_dest_key = item.dest_key != NULL;
	if (item.dest_key)
		g_string_assign(slot->dest_key, item.dest_key);
	flags = pump_slot(pump, box, record);
	/* Entered before its flags are: the row must be there. */
	st = update(pump, flags, record, &item, error);
	batch_settle(pump->batch, slot);
	return st;
}

/* Give it to the destination; its outcome settles the slot, now or later. */
static enum status
put(struct pump *pump, struct slot *slot, const struct record *record,
    GError **error)
{
	struct record copy = *record;
	g_autoptr(GError) refusal = NULL;
	enum status st;

	if (record->kind == RECORD_MESSAGE)
		copy.message.folder = box_place(slot->box);
	/* A whole one was cut with all or nothing of it in place; which, only
	 * the destination can tell. */
	copy.again = pump->whole || record->kind != RECORD_MESSAGE
			 ? pump->job.interrupted
			 : slot->box->again;
	slot->seq = ++pump->seq;
	step("put");
	st = dest_put(pump->dest, &copy, slot->seq, &refusal);
	if (st == ST_OK && pump->whole) {
		slot->fate = SLOT_STAGED;
		batch_settle(pump->batch, slot);
	} else if (st == ST_OK) {
		g_hash_table_insert(
		    pump->flying, GSIZE_TO_POINTER(slot->seq), slot);
	} else if (st == ST_THERE) {
		slot->fate = SLOT_THERE;
		batch_settle(pump->batch, slot);
	} else if (st == ST_ITEM) {
		pump_failed(pump, slot, record, NULL, "destination", refusal);
	} else {
		g_propagate_error(error, g_steal_pointer(&refusal));
		batch_drop(pump->batch, slot);
		return st;
	}
	return ST_OK;
}

/* The octets of the message, and their digest. */
static enum status
read_message(struct pump *pump, struct slot *slot,
    const struct message *message, GError **error)
{
	struct blob octets;
	enum status st;

	if (!message->has_body)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the source gave no body");
	st = message_raw(message, pump->scratch, &octets, error);
	if (st == ST_OK)
		st = digest_blob(&octets, &slot->digest, error);
	if (st < 0)
		return st;
	slot->has_digest = true;
	slot->bytes = octets.len;
	pump->bytes += octets.len;
	pump->messages++;
	return ST_OK;
}

/*
 * What the ledger says of a record that the source gives as new: *settled (item
 * is its row), or *failed, and told, by an earlier attempt of this run.
 */
static enum status
look_up(struct pump *pump, struct slot *slot, struct ledger_item *item,
    bool *settled, bool *failed, GError **error)
{
	const struct box *box = slot->box;
	enum status st;

	*settled = *failed = false;
	if (!box->lookup)
		return ST_OK;
	st = ledger_item_get(
	    pump->p->ledger, box->row.id, slot->key->str, item, error);
	if (st < 0)
		batch_drop(pump->batch, slot);
	if (st != ST_OK)
		return st == ST_END ? ST_OK : st;
	*settled = item->fate <= LEDGER_THERE;
	slot->told = !*settled && item->run == pump->p->share->run;
	*failed = slot->told && item->fate == LEDGER_REFUSED;
	return ST_OK;
}

static enum status
known_message(struct pump *pump, struct box *box, const struct record *record,
    GError **error)
{
	struct ledger_item item;
	enum status st;

	if (box->row.id == 0)
		return ST_OK;
	st = ledger_item_get(
	    pump->p->ledger, box->row.id, record->key, &item, error);
	if (st == ST_OK && item.fate <= LEDGER_THERE)
		return update(
		    pump, pump_slot(pump, box, record), record, &item, error);
	return st == ST_END ? ST_OK : st;
}

static enum status
message(struct pump *pump, const struct record *record, GError **error)
{
	struct box *box = boxes_of(pump->boxes, record->message.folder);
	enum filter_reason reason;
	struct ledger_item item;
	struct slot *slot;
	bool settled, failed;
	g_autoptr(GError) local = NULL;
	enum status st;

	if (!boxes_claim(pump->boxes, box) || box->left_out)
		return ST_OK;
	if (record->known)
		return known_message(pump, box, record, error);
	slot = pump_slot(pump, box, record);
	st = look_up(pump, slot, &item, &settled, &failed, error);
	if (st < 0)
		return st;
	if (settled) {
		box->resettled++;
		return update(pump, slot, record, &item, error);
	}
	box->given++;
	box->open++;
	/* An entry of an address book has neither date nor size. */
	reason = box->contacts ? FILTER_PASS
			       : filter_message(&pump->p->plan->filter,
				     &record->message);
	if (reason != FILTER_PASS) {
		leave_out(pump, slot, filter_reason_name(reason));
		return ST_OK;
	}
	if (!takes(pump, RECORD_MESSAGE)) {
		pump->not_taken[RECORD_MESSAGE]++;
		leave_out(pump, slot, "destination takes no messages");
		return ST_OK;
	}
	if (failed) {
		pump_failed_before(pump, slot, record);
		return ST_OK;
	}
	st = read_message(pump, slot, &record->message, &local);
	if (st == ST_ITEM) {
		pump_failed(pump, slot, record, NULL, "source", local);
		return ST_OK;
	}
	if (st < 0) {
		g_propagate_error(error, g_steal_pointer(&local));
		batch_drop(pump->batch, slot);
		return st;
	}
	st = recognise(pump, slot, record, error);
	if (st != ST_END)
		return st;
	st = put_box(pump, box, error);
	if (st == ST_OK && !box->refused)
		st = open_box(pump, box, error);
	if (st < 0)
		return st;
	if (box->refused) {
		fail(ST_ITEM, &local, ERR_REFUSED, RETRY_NEVER,
		    "its folder could not be made: %s", box->refusal);
		pump_failed(pump, slot, record, NULL, "destination", local);
		return ST_OK;
	}
	return put(pump, slot, record, error);
}

/* For a destination that has only messages. */
static bool
becomes_message(const struct pump *pump, const struct record *record)
{
	return record->kind == RECORD_ADDRESS &&
	       !takes(pump, RECORD_ADDRESS) && takes(pump, RECORD_MESSAGE);
}

/* The box of the messages that an address book becomes, filtered as its folder
 * would be. */
static struct box *
contacts_box(struct pump *pump)
{
	struct box *box = boxes_of_contacts(pump->boxes);

	box->left_out = filter_folder(&pump->p->plan->filter, box->src) !=
			FILTER_PASS;
	batch_touch(pump->batch, box);
	return box;
}

static enum status
contact(struct pump *pump, const struct record *record, GError **error)
{
	struct record copy = {.kind = RECORD_MESSAGE, .key = record->key};
	g_autoptr(GError) why = NULL;
	struct box *box;
	enum status st;

	if (pump->job.part > 0)
		return ST_OK;
	box = contacts_box(pump);
	if (box->left_out) {
		box->given++;
		return ST_OK;
	}
	st = address_to_message(&record->address, pump->card, pump->letter,
	    &copy.message, &why);
	copy.message.folder = box->src;
	if (st == ST_ITEM) {
		copy.message.size = -1;
		return pump_unreadable(pump, &copy, why, error);
	}
	if (st < 0) {
		g_propagate_error(error, g_steal_pointer(&why));
		return st;
	}
	return message(pump, &copy, error);
}

/* Recipients, and entries of address books for whom has a place for them. */
static enum status
other(struct pump *pump, const struct record *record, GError **error)
{
	struct box *box = boxes_of_kind(pump->boxes, record->kind);
	struct ledger_item item;
	struct slot *slot;
	bool settled, failed;
	enum status st;

	if (pump->job.part > 0)
		return ST_OK;
	if (record->kind == RECORD_ADDRESS &&
	    filter_without(&pump->p->plan->filter, "contacts"))
		return ST_OK; /* the plan says so */
	if (!takes(pump, record->kind)) {
		Event *event = event_new(EVENT_RECORD_NOT_TAKEN);

		event_text(event, "kind", record_kind_name(record->kind));
		event_text(event, "key", record->key);
		feed_tell(pump->p->feed, event);
		pump->not_taken[record->kind]++;
		return ST_OK;
	}
	slot = pump_slot(pump, box, record);
	st = look_up(pump, slot, &item, &settled, &failed, error);
	if (st < 0)
		return st;
	if (settled) {
		batch_drop(pump->batch, slot);
		return ST_OK;
	}
	box->open++;
	if (failed) {
		pump_failed_before(pump, slot, record);
		return ST_OK;
	}
	return put(pump, slot, record, error);
}

enum status
pump_unreadable(struct pump *pump, const struct record *record,
    const GError *why, GError **error)
{
	struct record lost = {.kind = RECORD_MESSAGE, .key = record->key};
	struct box *box;
	struct ledger_item item;
	struct slot *slot;
	bool settled, failed;
	enum status st;

	if (becomes_message(pump, record)) {
		if (pump->job.part > 0)
			return ST_OK;
		box = contacts_box(pump);
		lost.message.folder = box->src;
		lost.message.size = -1;
		record = &lost;
	}
	if (record->kind == RECORD_FOLDER ||
	    record->kind == RECORD_FOLDER_END) {
		if (record->folder == NULL)
			feed_tell(
			    pump->p->feed, report_failed(pump->report, record,
					       NULL, NULL, "source", why));
		else
			pump_refuse_box(pump,
			    boxes_of(pump->boxes, record->folder), "source",
			    why);
		return ST_OK;
	}
	if (record->kind == RECORD_MESSAGE && record->message.folder) {
		box = boxes_of(pump->boxes, record->message.folder);
		if (!boxes_claim(pump->boxes, box) || box->left_out)
			return ST_OK;
	} else {
		if (pump->job.part > 0)
			return ST_OK;
		box = boxes_of_kind(pump->boxes, record->kind);
	}
	slot = pump_slot(pump, box, record);
	st = look_up(pump, slot, &item, &settled, &failed, error);
	if (st < 0)
		return st;
	if (settled) { /* it was readable once, and is safe */
		box->resettled++;
		batch_drop(pump->batch, slot);
		return ST_OK;
	}
	box->given++;
	box->open++;
	if (failed)
		pump_failed_before(pump, slot, record);
	else
		pump_failed(pump, slot, record, NULL, "source", why);
	return ST_OK;
}

enum status
pump_take(struct pump *pump, const struct record *record, GError **error)
{
	switch (record->kind) {
	case RECORD_FOLDER:
		return begin_box(pump, record->folder, error);
	case RECORD_MESSAGE:
		return message(pump, record, error);
	case RECORD_FOLDER_END:
		return end_box(pump, record, error);
	case RECORD_RECIPIENT:
	case RECORD_ADDRESS:
		if (becomes_message(pump, record))
			return contact(pump, record, error);
		return other(pump, record, error);
	}
	g_assert_not_reached();
}
