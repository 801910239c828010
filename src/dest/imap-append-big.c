/*
 * A message that is larger than a slab travels alone: read and written step by
 * step, so that one of 1 GB costs no memory, and with a synchronising literal,
 * so that the server can decline before it has got all of it (RFC 7888 4). Its
 * answer is waited for: nothing else keeps its octets.
 */
#include "dest/imap-private.h"
#include "base/step.h"

#include <string.h>

#define BIG_STEP    (256 << 10) /* bytes read and queued at a time */
#define BIG_PENDING (1 << 20)	/* bytes queued at most */
#define BIG_TRIES   4 /* a folder to be made twice, keywords left out, itself */

enum status
dest_imap_nul(GError **error)
{
	return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
	    "the message holds a NUL octet, which IMAP cannot carry (RFC 9051 "
	    "section 9, CHAR8); it is left as it is in the recovery set");
}

/* All of it can be read and holds no NUL: once the server waits for it, it is
 * too late to find out. */
static enum status
look_through(const struct blob *raw, guint8 *buffer, GError **error)
{
	gint64 at = 0;
	const guint8 *data;
	gsize len;
	enum status st;

	while ((st = blob_next(
		    raw, &at, buffer, BIG_STEP, &data, &len, error)) == ST_OK)
		if (memchr(data, '\0', len))
			return dest_imap_nul(error);
	return st == ST_END ? ST_OK : st;
}

/* Sent and answered: see command->result. */
static enum status
send_big(DestImap *d, struct box *box, const char *head, const struct blob *raw,
    guint8 *buffer, struct command *command, GError **error)
{
	gint64 at = 0;
	const guint8 *data;
	gsize len;
	enum status st;

	imap_piece(d->session, "APPEND ", 7);
	imap_piece(d->session, box->quoted, strlen(box->quoted));
	imap_piece(d->session, head, strlen(head));
	d->big_go = false;
	while (!command->done && !d->big_go) {
		st = dest_imap_take(d, true, error);
		if (st < 0)
			return st;
	}
	while (!command->done) {
		st = blob_next(raw, &at, buffer, BIG_STEP, &data, &len, error);
		if (st == ST_END)
			break;
		if (st < 0) {
			/* the server waits for octets that are not there: only
			 * a cut ends the command without a wrong message */
			g_prefix_error(error, "in the middle of an APPEND: ");
			return dest_imap_broke(d, ST_LINK, error);
		}
		imap_piece(d->session, data, len);
		st = conn_flush(imap_conn(d->session), BIG_PENDING, error);
		if (st < 0)
			return dest_imap_broke(d, st, error);
	}
	if (!command->done) {
		imap_end(d->session);
		step("imap: big message queued");
	}
	return dest_imap_wait(d, command, error);
}

enum status
dest_imap_append_big(DestImap *d, struct box *box,
    const struct message *message, const struct blob *raw, guint64 seq,
    GError **error)
{
	g_autofree guint8 *buffer = g_malloc(BIG_STEP);
	g_autoptr(GString) head = g_string_new(d->head->str);
	bool bare = !message->keywords || !message->keywords[0];
	guint lost = 0;
	enum status st = look_through(raw, buffer, error);

	g_string_append_printf(head, "{%" G_GINT64_FORMAT "}\r\n", raw->len);
	for (guint try = 0; st == ST_OK; try++) {
		struct command *command;
		g_autofree char *words = NULL;
		g_autoptr(GError) why = NULL;
		enum refusal refusal;

		st = dest_imap_quiet(d, error);
		if (st < 0)
			return st;
		command =
		    dest_imap_sent(d, imap_begin(d->session), COMMAND_BIG, box);
		command->waited = true;
		st = send_big(d, box, head->str, raw, buffer, command, &why);
		if (st < 0 && d->careful && dest_imap_come_back(d, st, why)) {
			struct digest digest;
			guint32 uid;

			st = digest_blob(raw, &digest, error);
			if (st == ST_OK)
				st = dest_imap_look_again(d, box, error);
			if (st < 0)
				return dest_imap_broke(d, st, error);
			uid = dest_imap_arrived(box, &digest);
			if (uid) {
				dest_imap_ended(d, seq, ST_OK, box->uidvalidity,
				    uid, NULL, NULL, 0);
				return ST_OK;
			}
			if (++lost < DEST_IMAP_LOST_MAX)
				continue;
			g_propagate_error(
			    error, dest_imap_lost(box, raw->len, why));
			return ST_ITEM;
		}
		if (st < 0) { /* the flight still owns the command */
			g_propagate_error(error, g_steal_pointer(&why));
			return st;
		}
		if (command->result == IMAP_OK) {
			struct append *a = dest_imap_append_new(box);
			struct item *item = g_new0(struct item, 1);

			item->seq = seq;
			item->len = (gsize)raw->len;
			item->careful = d->careful > 0;
			g_ptr_array_add(a->items, item);
			dest_imap_stored(d, a, command->code);
			dest_imap_command_free(command);
			return ST_OK;
		}
		words = dest_imap_words(command->code, command->text);
		refusal = dest_imap_refusal(command->code, command->text);
		dest_imap_command_free(command);
		if (refusal == REFUSAL_LATER)
			return dest_imap_broke(d,
			    dest_imap_refused_whole(
				d, box, refusal, words, error),
			    error);
		if (refusal == REFUSAL_QUOTA && !d->quota) {
			d->quota = true;
			dest_imap_refused_whole(
			    d, box, refusal, words, &d->error);
		}
		if (d->quota)
			return dest_imap_failure(d, error);
		if (refusal == REFUSAL_NO_BOX && !box->refused &&
		    try + 1 < BIG_TRIES) {
			box->listed = box->asked = false;
			st = dest_imap_make(d, box, error);
			continue;
		}
		if (refusal == REFUSAL_OTHER && !bare) {
			bare = true;
			g_string_assign(head, " (");
			dest_imap_flags(head, message->flags);
			g_string_append(head, ") ");
			dest_imap_head_date(head, &message->received);
			g_string_append_printf(
			    head, "{%" G_GINT64_FORMAT "}\r\n", raw->len);
			continue;
		}
		return fail(ST_ITEM, error,
		    refusal == REFUSAL_TOO_BIG ? ERR_LIMIT : ERR_REFUSED,
		    RETRY_NEVER,
		    "folder %s: the server refused the message "
		    "(%" G_GINT64_FORMAT " octets): %s",
		    box->wire, raw->len, words);
	}
	return st;
}
