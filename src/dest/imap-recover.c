/*
 * A server, or what stands before it, that hangs up at one message would do so
 * at every attempt, and nothing behind that message would ever move. So what a
 * cut has left in doubt is sent batch by batch, each answered before the next
 * one goes out. Where the connection ends again we come back at once, look what
 * arrived, and send the batch in halves, until the message stands alone; when
 * it ends the connection alone, and once more, it is refused with that reason.
 * The first loss of a connection, and one that cannot be made anew, are the
 * engine's business.
 */
#include "dest/imap-private.h"
#include "imap/options.h"

#include <string.h>

#define RECOVERIES_MAX 100 /* per job: each is a log-on */

GError *
dest_imap_lost(const struct box *box, gint64 octets, const GError *why)
{
	GError *error = NULL;

	fail(ST_ITEM, &error, ERR_REFUSED, RETRY_LATER,
	    "folder %s: whenever this message (%" G_GINT64_FORMAT
	    " octets) is sent, the connection ends: %s",
	    box->wire, octets, why ? why->message : "no reason given");
	return error;
}

/* Commands of the lost connection. */
static void
forget_flight(DestImap *d)
{
	struct command *command;

	while ((command = g_queue_pop_head(&d->flight)))
		dest_imap_command_free(command);
	g_queue_clear(&d->sends);
	d->open = NULL;
	d->selected = NULL;
	d->early = false;
	d->unflushed = 0;
	g_array_set_size(d->uids, 0);
	g_array_set_size(d->sizes, 0);
}

bool
dest_imap_come_back(DestImap *d, enum status st, const GError *why)
{
	const struct known *known = d->job->known;
	g_autoptr(GPtrArray) list =
	    g_ptr_array_new_with_free_func((GDestroyNotify)imap_mailbox_free);
	ImapSession *again;

	/* Without UIDs nothing can be told apart. */
	if (st != ST_LINK || error_retry(why) != RETRY_NOW ||
	    (error_kind(why) != ERR_IO && error_kind(why) != ERR_REFUSED) ||
	    d->quota || d->ask_names || !known || !known->dest_state ||
	    d->recoveries >= RECOVERIES_MAX)
		return false;
	if (imap_open(&again, &d->address, NULL) < 0)
		return false;
	/* this also learns prefix and separator anew */
	if (imap_list(again, false, list, NULL) < 0) {
		imap_close(again);
		return false;
	}
	imap_close(d->session);
	d->session = again;
	forget_flight(d);
	d->failed = ST_OK;
	g_clear_error(&d->error);
	d->begun_us = g_get_monotonic_time();
	d->recoveries++;
	d->careful = MAX(d->careful, DEST_IMAP_SLABS * d->batch_bytes);
	return true;
}

/* Every append that has no answer yet, the oldest first. */
static void
unanswered(DestImap *d, GQueue *out)
{
	for (GList *l = d->flight.head; l; l = l->next) {
		struct command *command = l->data;

		if (command->append)
			g_queue_push_tail(out, command->append);
	}
	for (GList *l = d->sends.head; l; l = l->next)
		if (!g_queue_find(out, l->data))
			g_queue_push_tail(out, l->data);
}

static void
drop(GQueue *appends)
{
	struct append *a;

	while ((a = g_queue_pop_head(appends))) {
		for (guint i = 0; i < a->items->len; i++)
			dest_imap_item_free(a->items->pdata[i]);
		dest_imap_append_free(a);
	}
}

/* The items of a that did not arrive are left in it. */
static enum status
take_arrived(DestImap *d, struct append *a, GError **error)
{
	struct box *box = a->box;
	guint left = 0;
	enum status st = dest_imap_look_again(d, box, error);

	if (st < 0)
		return st;
	for (guint i = 0; i < a->items->len; i++) {
		struct item *item = a->items->pdata[i];
		struct digest digest;
		guint32 uid;

		digest_mem(item->body, item->len, &digest);
		uid = dest_imap_arrived(box, &digest);
		if (!uid) {
			a->items->pdata[left++] = item;
			continue;
		}
		if (!box->stored)
			box->stored = g_hash_table_new(NULL, NULL);
		g_hash_table_add(box->stored, GUINT_TO_POINTER(uid));
		dest_imap_ended(
		    d, item->seq, ST_OK, box->uidvalidity, uid, NULL, NULL, 0);
		dest_imap_item_free(item);
	}
	g_ptr_array_set_size(a->items, (gint)left);
	return ST_OK;
}

static struct append *
part_of(const struct append *a, guint from, guint to)
{
	struct append *part = dest_imap_append_new(a->box);

	for (guint i = from; i < to; i++)
		g_ptr_array_add(part->items, a->items->pdata[i]);
	return part;
}

/* The connection ended when a was the oldest without an answer. */
static void
divide(DestImap *d, const struct append *a, const GError *why, GQueue *waiting)
{
	guint n = a->items->len;
	struct item *item = n ? a->items->pdata[0] : NULL;

	if (n > 1) {
		g_queue_push_head(waiting, part_of(a, n / 2, n));
		g_queue_push_head(waiting, part_of(a, 0, n / 2));
	} else if (n == 1 && ++item->lost < DEST_IMAP_LOST_MAX) {
		g_queue_push_head(waiting, part_of(a, 0, 1));
	} else if (n == 1) {
		dest_imap_ended(d, item->seq, ST_ITEM, 0, 0,
		    dest_imap_lost(a->box, (gint64)item->len, why),
		    g_memdup2(item->body, item->len), item->len);
		dest_imap_item_free(item);
	}
}

/* What is to be sent again goes in front of waiting. */
static enum status
sort_out(DestImap *d, GQueue *left, const GError *why, GQueue *waiting,
    GError **error)
{
	struct append *first = g_queue_peek_head(left), *a;
	enum status st = ST_OK;

	for (GList *l = left->head; st == ST_OK && l; l = l->next)
		st = take_arrived(d, l->data, error);
	if (st < 0)
		return st;
	while ((a = g_queue_pop_tail(left))) {
		if (a == first)
			divide(d, a, why, waiting);
		else if (a->items->len)
			g_queue_push_head(
			    waiting, part_of(a, 0, a->items->len));
		dest_imap_append_free(a);
	}
	return ST_OK;
}

enum status
dest_imap_send_held(DestImap *d, GError **error)
{
	GQueue waiting = G_QUEUE_INIT, left = G_QUEUE_INIT;
	struct append *a;
	enum status st = ST_OK;

	if (!d->held)
		return ST_OK;
	g_queue_push_tail(&waiting, d->held);
	d->held = NULL;
	while (st == ST_OK && (a = g_queue_pop_head(&waiting))) {
		g_autoptr(GError) why = NULL;

		dest_imap_append_send(d, a);
		st = dest_imap_settle(d, &why);
		if (st == ST_OK)
			continue;
		unanswered(d, &left);
		if (g_queue_is_empty(&left) ||
		    !dest_imap_come_back(d, st, why)) {
			g_queue_clear(&left); /* the flight owns them */
			g_propagate_error(error, g_steal_pointer(&why));
			break;
		}
		st = sort_out(d, &left, why, &waiting, error);
		if (st < 0)
			dest_imap_broke(d, st, error);
		drop(&left);
	}
	drop(&waiting);
	return st;
}
