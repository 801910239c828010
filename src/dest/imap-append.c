/*
 * Messages on their way. One APPEND carries many where the server has
 * MULTIAPPEND (RFC 3502): measured 5 to 60 times as fast as one by one. It is
 * atomic, so a refusal of one message refuses the batch; it is then sent again
 * in halves until the culprit stands alone. Every octet is kept until the
 * server has answered.
 */
#include "dest/imap-private.h"
#include "base/step.h"

#include <string.h>
#include <unistd.h>

#define LITERAL_MINUS_MAX 4096 /* octets, RFC 7888 5 */
#define LITERAL_TEXT_MAX  32   /* "{4294967295+}" and CR LF */
#define NAMES_EVERY	  64 /* single APPENDs between two questions for UIDs */
#define REMADE_MAX	  2 /* times a folder is created because of TRYCREATE */

void
dest_imap_item_free(struct item *item)
{
	if (item->slab)
		item->slab->live--;
	g_free(item->own_head);
	g_free(item);
}

struct append *
dest_imap_append_new(struct box *box)
{
	struct append *append = g_new0(struct append, 1);

	append->box = box;
	append->items = g_ptr_array_new();
	return append;
}

void
dest_imap_append_free(struct append *append)
{
	g_ptr_array_free(append->items, TRUE);
	g_free(append);
}

static void
append_drop(struct append *append)
{
	for (guint i = 0; i < append->items->len; i++)
		dest_imap_item_free(append->items->pdata[i]);
	dest_imap_append_free(append);
}

void
dest_imap_append_clear(DestImap *d)
{
	struct append *append;
	struct command *command;

	while ((command = g_queue_pop_head(&d->flight))) {
		if (command->append &&
		    !g_queue_find(&d->sends, command->append))
			append_drop(command->append);
		dest_imap_command_free(command);
	}
	while ((append = g_queue_pop_head(&d->sends)))
		append_drop(append);
	d->open = NULL;
	if (d->held)
		append_drop(d->held);
	d->held = NULL;
	for (guint i = 0; i < DEST_IMAP_SLABS; i++) {
		g_free(d->slabs[i].data);
		memset(&d->slabs[i], 0, sizeof(d->slabs[i]));
	}
}

/* " (flags) "date" "; what a keyword can't say on this server is left out and
 * told once. */
static bool
head_flags(DestImap *d, struct box *box, const struct message *m)
{
	GString *out = d->head;
	bool any = false;

	g_string_assign(out, " (");
	dest_imap_flags(out, m->flags);
	for (guint i = 0; m->keywords && m->keywords[i]; i++) {
		const char *keyword = m->keywords[i];
		bool legal = dest_imap_keyword_legal(keyword);

		if (legal &&
		    (!box->keywords_closed ||
			g_strv_contains(
			    (const char *const *)box->keywords, keyword))) {
			if (out->str[out->len - 1] != '(')
				g_string_append_c(out, ' ');
			g_string_append(out, keyword);
			any = true;
		} else if (legal && !box->keywords_told) {
			box->keywords_told = true;
			dest_imap_remark(d, REMARK_WARNING, "KEYWORDS_REFUSED",
			    box->owner,
			    "%s takes no new keywords (PERMANENTFLAGS); they "
			    "are left out, the first was %s",
			    box->wire, keyword);
		} else if (!legal && !g_hash_table_contains(d->told, keyword)) {
			g_hash_table_add(d->told, g_strdup(keyword));
			dest_imap_remark(d, REMARK_WARNING, "KEYWORD_ILLEGAL",
			    box->owner,
			    "keyword \"%s\" is no IMAP atom and is left out",
			    keyword);
		}
	}
	g_string_append(out, ") ");
	return any;
}

void
dest_imap_head_date(GString *out, const struct stamp *received)
{
	char date[STAMP_IMAP_LEN];

	if (!received->known)
		return; /* the server takes the present (RFC 9051 6.3.12) */
	stamp_to_imap(received, date);
	g_string_append_printf(out, "\"%s\" ", date);
}

static bool
literal_waits(const DestImap *d, gsize len)
{
	return !d->plus && !(d->minus && len <= LITERAL_MINUS_MAX);
}

/* Room for need bytes in one piece. May take in answers. */
static enum status
room(DestImap *d, gsize need, struct slab **out, GError **error)
{
	struct slab *slab = &d->slabs[d->slab];
	enum status st;

	if (slab->data && slab->live == 0 && !d->early)
		slab->used = 0;
	if (slab->data && d->batch_bytes - slab->used >= need) {
		*out = slab;
		return ST_OK;
	}
	if (slab->data)
		slab = &d->slabs[d->slab = (d->slab + 1) % DEST_IMAP_SLABS];
	while (slab->live > 0) {
		dest_imap_append_close(d);
		st = dest_imap_take(d, true, error);
		if (st < 0)
			return st;
	}
	if (d->early) {
		/* answered before it was written: the queue may still point
		 * into the slab */
		st = conn_flush(imap_conn(d->session), 0, error);
		if (st < 0)
			return dest_imap_broke(d, st, error);
		d->early = false;
	}
	if (!slab->data)
		slab->data = g_malloc(d->batch_bytes);
	slab->used = 0;
	*out = slab;
	return ST_OK;
}

/* Queue as much as the literals allow. */
static void
advance(DestImap *d)
{
	struct append *a;

	while ((a = g_queue_peek_head(&d->sends))) {
		if (!a->begun) {
			struct command *command;

			command = dest_imap_sent(
			    d, imap_begin(d->session), COMMAND_APPEND, a->box);
			command->append = a;
			imap_piece(d->session, "APPEND ", 7);
			imap_piece(
			    d->session, a->box->quoted, strlen(a->box->quoted));
			a->begun = true;
			a->made = a->box->made;
			a->begun_us = g_get_monotonic_time();
		}
		for (; a->next < a->items->len; a->next++) {
			struct item *item = a->items->pdata[a->next];
			const char *own = item->own_head;

			if (a->waiting)
				return;
			d->unflushed += item->head_len + item->len;
			if (!own && !item->sync) {
				imap_piece_static(d->session, item->head,
				    item->head_len + item->len);
				continue;
			}
			imap_piece(d->session,
			    own ? own : (const char *)item->head,
			    own ? strlen(own) : item->head_len);
			if (item->sync) {
				a->waiting = true;
				d->unflushed = G_MAXSIZE / 2; /* at once */
				return;
			}
			imap_piece_static(d->session, item->body, item->len);
		}
		if (!a->closed)
			return;
		imap_end(d->session);
		step("imap: batch queued");
		g_queue_pop_head(&d->sends);
		d->unasked++;
	}
}

/* RFC 9051 7.6: go on with the literal. */
enum status
dest_imap_append_continue(DestImap *d, GError **error)
{
	struct append *a = g_queue_peek_head(&d->sends);
	struct item *item;

	if (!a || !a->waiting) {
		d->big_go = true;
		return ST_OK;
	}
	item = a->items->pdata[a->next];
	imap_piece_static(d->session, item->body, item->len);
	a->waiting = false;
	a->next++;
	advance(d);
	d->unflushed = 0;
	return conn_flush(imap_conn(d->session), G_MAXSIZE, error);
}

void
dest_imap_append_close(DestImap *d)
{
	struct append *a = d->open;

	if (!a)
		return;
	d->open = NULL;
	a->closed = true;
	advance(d);
}

void
dest_imap_append_send(DestImap *d, struct append *a)
{
	dest_imap_append_close(d);
	a->closed = true;
	g_queue_push_tail(&d->sends, a);
	advance(d);
}

/* Send again, or for the first time, what is complete. */
static void
queue_items(DestImap *d, struct box *box, struct item *const *items, guint n)
{
	guint each = d->multi ? n : 1;

	for (guint at = 0; at < n; at += each) {
		struct append *a = dest_imap_append_new(box);

		for (guint i = at; i < at + each; i++)
			g_ptr_array_add(a->items, items[i]);
		a->closed = true;
		dest_imap_append_close(d);
		g_queue_push_tail(&d->sends, a);
	}
}

enum status
dest_imap_ask_names(DestImap *d, struct box *box, GError **error)
{
	guint32 from = MAX(box->uid_seen + 1, box->uidnext);
	enum status st = dest_imap_quiet(d, error);

	/* SELECT again: in a selected folder Dovecot (2.3.19) shows what was
	 * appended only when it has no command waiting */
	if (st == ST_OK)
		st = dest_imap_select(d, box, NULL, error);
	if (st < 0)
		return st;
	d->unasked = 0;
	dest_imap_sent(d,
	    imap_command(
		d->session, "UID FETCH %u:* (UID RFC822.SIZE)", MAX(from, 1)),
	    COMMAND_NAMES, box);
	return ST_OK;
}

/*
 * Without UIDPLUS: what the server called the messages that it took. Our
 * messages came in order, others may have come between them: when the numbers
 * agree they are ours one by one, else each is the next one of its size. What
 * the server does not show yet is asked for again, at the last commit at last.
 */
void
dest_imap_names_answered(DestImap *d, struct box *box, enum imap_result result)
{
	guint n = box->nameless ? box->nameless->len : 0, at = 0, fresh = 0;
	guint32 seen = box->uid_seen;
	guint left = 0;

	for (guint i = 0; i < d->uids->len; i++) {
		guint32 uid = g_array_index(d->uids, guint32, i);

		/* "n:*" names the last message even when it is below n */
		if (uid <= seen || uid < box->uidnext)
			continue;
		g_array_index(d->uids, guint32, fresh) = uid;
		g_array_index(d->sizes, guint64, fresh) =
		    g_array_index(d->sizes, guint64, i);
		fresh++;
	}
	for (guint i = 0; i < n; i++) {
		struct item *item = box->nameless->pdata[i];
		guint32 uid = 0;
		guint k = at;

		if (fresh == n)
			k = i;
		while (fresh != n && k < fresh &&
		       g_array_index(d->sizes, guint64, k) != item->len)
			k++;
		if (result == IMAP_OK && k < fresh) {
			uid = g_array_index(d->uids, guint32, k);
			box->uid_seen = MAX(box->uid_seen, uid);
			at = k + 1;
		} else if (!d->finishing) {
			box->nameless->pdata[left++] = item;
			continue;
		}
		if (uid && item->careful && box->doubted)
			dest_imap_late_note(box, uid);
		dest_imap_ended(d, item->seq, ST_OK, uid ? box->uidvalidity : 0,
		    uid, NULL, NULL, 0);
		dest_imap_item_free(item);
	}
	if (n)
		g_ptr_array_set_size(box->nameless, (gint)left);
	dest_imap_late_save(d, box);
	g_array_set_size(d->uids, 0);
	g_array_set_size(d->sizes, 0);
}

/* The tagged OK: these are stored. */
void
dest_imap_stored(DestImap *d, struct append *a, const char *code)
{
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	struct box *box = a->box;
	guint32 uidvalidity = 0;
	bool careful = false;
	bool named =
	    (d->caps & (IMAP_CAP_UIDPLUS | IMAP_CAP_IMAP4REV2)) &&
	    dest_imap_appenduid(code, a->items->len, &uidvalidity, uids);

	/* a server that names UIDs of long ago is not to be believed */
	if (named && box->uidvalidity == uidvalidity &&
	    g_array_index(uids, guint32, 0) <
		MAX(box->uidnext, box->uid_seen + 1))
		named = false;
	if (named) {
		box->uidvalidity = uidvalidity;
		box->uid_seen = g_array_index(uids, guint32, uids->len - 1);
	} else {
		d->ask_names = true;
		if (!box->nameless)
			box->nameless = g_ptr_array_new();
	}
	step("imap: batch acknowledged");
	for (guint i = 0; i < a->items->len; i++) {
		struct item *item = a->items->pdata[i];
		guint32 uid;

		if (item->own_head && !box->keywords_told) {
			box->keywords_told = true;
			dest_imap_remark(d, REMARK_WARNING, "KEYWORDS_REFUSED",
			    box->owner,
			    "%s refused keywords; the messages are stored "
			    "without them",
			    box->wire);
		}
		if (!named) {
			if (item->slab)
				item->slab->live--;
			item->slab = NULL;
			g_ptr_array_add(box->nameless, item);
			continue;
		}
		uid = g_array_index(uids, guint32, i);
		if (item->careful && !box->stored)
			box->stored = g_hash_table_new(NULL, NULL);
		if (item->careful)
			g_hash_table_add(box->stored, GUINT_TO_POINTER(uid));
		if (item->careful && box->doubted)
			dest_imap_late_note(box, uid);
		careful |= item->careful;
		dest_imap_ended(
		    d, item->seq, ST_OK, uidvalidity, uid, NULL, NULL, 0);
		dest_imap_item_free(item);
	}
	if (careful)
		dest_imap_late_save(d, box);
	dest_imap_append_free(a);
}

/* This message, alone: its outcome, with its octets for the recovery set. */
static void
item_refused(DestImap *d, struct box *box, struct item *item,
    enum refusal refusal, const char *words)
{
	GError *error = NULL;

	fail(ST_ITEM, &error,
	    refusal == REFUSAL_TOO_BIG ? ERR_LIMIT : ERR_REFUSED, RETRY_NEVER,
	    "folder %s: the server refused the message (%" G_GSIZE_FORMAT
	    " octets): %s",
	    box->wire, item->len, words);
	dest_imap_ended(d, item->seq, ST_ITEM, 0, 0, error,
	    g_memdup2(item->body, item->len), item->len);
	dest_imap_item_free(item);
}

/* Once more without keywords: some servers refuse a message for a flag. */
static bool
without_keywords(DestImap *d, struct box *box, struct item *item)
{
	GString *head;

	if (!item->keywords || item->own_head)
		return false;
	head = g_string_new(" (");
	dest_imap_flags(head, item->flags);
	g_string_append(head, ") ");
	dest_imap_head_date(head, &item->received);
	g_string_append_printf(head, "{%" G_GSIZE_FORMAT "%s}\r\n", item->len,
	    item->sync ? "" : "+");
	item->own_head = g_string_free(head, FALSE);
	queue_items(d, box, &item, 1);
	return true;
}

/* Refusals that reach further than messages. */
enum status
dest_imap_refused_whole(DestImap *d, struct box *box, enum refusal refusal,
    const char *words, GError **error)
{
	if (refusal == REFUSAL_LATER) {
		fail(ST_LINK, error, ERR_REFUSED, RETRY_LATER,
		    "folder %s: the server asks to wait: %s", box->wire, words);
		if (error)
			imap_set_pause(*error, words);
		return ST_LINK;
	}
	return fail(ST_MAILBOX, error, ERR_LIMIT, RETRY_LATER,
	    "folder %s: the mailbox is full: %s; raise its quota, then resume",
	    box->wire, words);
}

char *
dest_imap_words(const char *code, const char *text)
{
	return g_strdup_printf("%s%s%s%s", code ? "[" : "", code ? code : "",
	    code ? "] " : "", text && *text ? text : "no reason given");
}

/* Nothing more fits: what has not been begun need not be sent. */
static void
drop_unsent(DestImap *d)
{
	for (GList *l = d->sends.head, *next; l; l = next) {
		struct append *a = l->data;

		next = l->next;
		if (a->begun)
			continue;
		if (d->open == a)
			d->open = NULL;
		g_queue_delete_link(&d->sends, l);
		append_drop(a);
	}
}

/*
 * NO or BAD. at: the item whose header was answered, or -1 when the whole
 * command had gone out. The append is used up.
 */
static enum status
refused(DestImap *d, struct append *a, const struct imap_reply *reply, int at,
    GError **error)
{
	enum refusal refusal = dest_imap_refusal(reply->code, reply->text);
	g_autofree char *words = dest_imap_words(reply->code, reply->text);
	struct item **items = (struct item **)a->items->pdata;
	struct box *box = a->box;
	guint n = a->items->len, half = n / 2;
	enum status st = ST_OK;

	/* a limit of flags is one of the message (RFC 9051 7.1, LIMIT) */
	if (refusal == REFUSAL_LATER && reply->text &&
	    (strstr(reply->text, "flag") || strstr(reply->text, "keyword")))
		refusal = REFUSAL_OTHER;
	if (d->quota) { /* known already; what is left here is not stored */
		append_drop(a);
		return ST_OK;
	}
	if (!box->refused && a->made != box->made && refusal != REFUSAL_LATER &&
	    refusal != REFUSAL_QUOTA) {
		/* It was made, or renamed, since this was sent; Dovecot calls
		 * a name that it does not allow [CANNOT] here too. */
		queue_items(d, box, items, n);
		dest_imap_append_free(a);
		advance(d);
		return ST_OK;
	}
	switch (refusal) {
	case REFUSAL_LATER:
		append_drop(a);
		return dest_imap_refused_whole(d, box, refusal, words, error);
	case REFUSAL_QUOTA:
		append_drop(a);
		d->quota = true; /* told once all in flight is settled */
		drop_unsent(d);
		dest_imap_refused_whole(d, box, refusal, words, &d->error);
		return ST_OK;
	case REFUSAL_NO_BOX:
		if (!box->refused && box->remade++ < REMADE_MAX) {
			box->listed = box->asked = false;
			st = dest_imap_make(d, box, error);
			if (st >= 0)
				queue_items(d, box, items, n);
			else
				for (guint i = 0; i < n; i++)
					dest_imap_item_free(items[i]);
			dest_imap_append_free(a);
			advance(d);
			return st;
		}
		/* fall through */
	case REFUSAL_RIGHTS:
		for (guint i = 0; i < n; i++)
			item_refused(d, box, items[i], refusal,
			    box->refused ? box->refused : words);
		dest_imap_append_free(a);
		return ST_OK;
	case REFUSAL_TOO_BIG:
	case REFUSAL_OTHER:
		break;
	}
	if (n == 1) {
		if (refusal == REFUSAL_TOO_BIG ||
		    !without_keywords(d, box, items[0]))
			item_refused(d, box, items[0], refusal, words);
	} else if (at >= 0) {
		/* the answer to a header: this is the one */
		if (at > 0)
			queue_items(d, box, items, (guint)at);
		queue_items(d, box, items + at, 1);
		if ((guint)at + 1 < n)
			queue_items(d, box, items + at + 1, n - (guint)at - 1);
	} else {
		queue_items(d, box, items, half);
		queue_items(d, box, items + half, n - half);
	}
	dest_imap_append_free(a);
	advance(d);
	return ST_OK;
}

enum status
dest_imap_append_answered(DestImap *d, struct append *a,
    const struct imap_reply *reply, GError **error)
{
	enum status st;
	int at = -1;

	if (g_queue_find(&d->sends, a)) {
		/* Before the command was at its end: a refused header, or a
		 * refusal that did not wait for the rest of a literal that it
		 * must read all the same (RFC 7888 4). */
		g_queue_remove(&d->sends, a);
		if (d->open == a)
			d->open = NULL;
		d->early = true;
		if (a->waiting)
			at = (int)a->next;
		else
			imap_end(d->session);
		if (reply->result == IMAP_OK) {
			append_drop(a);
			return fail(ST_LINK, error, ERR_PROTOCOL, RETRY_NOW,
			    "the server said OK to an APPEND that it had not "
			    "seen the end of");
		}
	}
	if (reply->result == IMAP_OK) {
		dest_imap_stored(d, a, reply->code);
		advance(d);
		return ST_OK;
	}
	st = refused(d, a, reply, at, error);
	if (st == ST_OK)
		advance(d);
	return st;
}

/* As join(), but what is in doubt goes out batch by batch, so that it shows
 * where the connection ends. */
static enum status
hold(DestImap *d, struct box *box, struct item *item, GError **error)
{
	gsize bytes = item->head_len + item->len;

	if (!d->held)
		d->held = dest_imap_append_new(box);
	g_ptr_array_add(d->held->items, item);
	d->held->bytes += bytes;
	d->careful -= MIN(d->careful, bytes);
	if (d->careful && d->multi && d->held->items->len < d->batch_messages)
		return ST_OK;
	return dest_imap_send_held(d, error);
}

/* One more message into the open APPEND, or into a new one. */
static enum status
join(DestImap *d, struct box *box, struct item *item, GError **error)
{
	struct append *a = d->open;
	gsize bytes = item->head_len + item->len;
	enum status st;

	if (a && (a->box != box || a->items->len >= d->batch_messages ||
		     a->bytes + bytes > d->batch_bytes))
		dest_imap_append_close(d);
	if (d->ask_names && d->unasked >= (d->multi ? 1 : NAMES_EVERY) &&
	    !d->open && d->selected) {
		st = dest_imap_ask_names(d, d->selected, error);
		if (st < 0)
			return st;
	}
	/* Into the selected folder a single APPEND costs Dovecot (2.3.19,
	 * Maildir) 0.4 to 0.6 of what it costs into another. */
	if ((!d->multi || d->ask_names) && !d->open && d->selected != box) {
		st = dest_imap_select(d, box, NULL, error);
		if (st < 0)
			return st;
	}
	if (!d->open) {
		d->open = dest_imap_append_new(box);
		g_queue_push_tail(&d->sends, d->open);
	}
	g_ptr_array_add(d->open->items, item);
	d->open->bytes += bytes;
	if (d->multi && d->open->items->len < d->batch_messages)
		advance(d);
	else
		dest_imap_append_close(d);
	return ST_OK;
}

/*
 * Queue a message of box. ST_ITEM: refused at once, no outcome follows.
 */
enum status
dest_imap_append(DestImap *d, struct box *box, const struct record *record,
    const struct blob *raw, guint64 seq, GError **error)
{
	const struct message *m = &record->message;
	struct slab *slab = NULL;
	struct item *item;
	gsize len = (gsize)raw->len, head_len, got;
	bool keywords;
	enum status st;

	keywords = head_flags(d, box, m);
	dest_imap_head_date(d->head, &m->received);
	if (d->head->len + LITERAL_TEXT_MAX + len > d->batch_bytes)
		return dest_imap_append_big(d, box, m, raw, seq, error);
	g_string_append_printf(d->head, "{%" G_GSIZE_FORMAT "%s}\r\n", len,
	    literal_waits(d, len) ? "" : "+");
	head_len = d->head->len;
	slab = &d->slabs[d->slab];
	if (d->held && (d->held->box != box ||
			   d->batch_bytes - slab->used < head_len + len)) {
		st = dest_imap_send_held(d, error);
		if (st < 0)
			return st;
	}
	st = room(d, head_len + len, &slab, error);
	if (st < 0)
		return st;
	memcpy(slab->data + slab->used, d->head->str, head_len);
	st = blob_read(
	    raw, 0, slab->data + slab->used + head_len, len, &got, error);
	if (st < 0)
		return st;
	/* RFC 9051 9, CHAR8: a literal holds no NUL. Some servers refuse it,
	 * Dovecot puts 0x80 in its place: both are worse than saying so. */
	if (memchr(slab->data + slab->used + head_len, '\0', len))
		return dest_imap_nul(error);
	item = g_new0(struct item, 1);
	item->seq = seq;
	item->slab = slab;
	item->head = slab->data + slab->used;
	item->head_len = head_len;
	item->body = item->head + head_len;
	item->len = len;
	item->sync = literal_waits(d, len);
	item->keywords = keywords;
	item->careful = d->careful > 0;
	item->flags = m->flags;
	item->received = m->received;
	slab->used += head_len + len;
	slab->live++;
	st = d->careful ? hold(d, box, item, error)
			: join(d, box, item, error);
	if (st < 0)
		return st;
	return dest_imap_tend(d, error);
}
