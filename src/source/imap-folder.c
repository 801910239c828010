#include "source/imap-private.h"

#include <string.h>

#define SET_MAX 4000 /* chars of a UID set: lines of 8 kB pass everywhere */
#define SINGLES_AT_ONCE                                                        \
	50 /* messages asked for alone, ahead of the answers                   \
	    */
#define STATE_FORMAT "1"
#define LISTED_MAX   50000000 /* messages of a folder */

/* BODY.PEEK and nothing else: \Seen must not be set (Q258731: some servers do
 * not know RFC822.PEEK). */
#define ITEMS_BODY  "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])"
#define ITEMS_LOOK  "(UID FLAGS INTERNALDATE RFC822.SIZE)"
#define ITEMS_FLAGS "(UID FLAGS)"

void
source_imap_box_free(struct box *box)
{
	if (box == NULL)
		return;
	g_strfreev(box->folder.path);
	g_free(box->folder.class);
	g_free(box->folder.identity);
	imap_mailbox_free(box->mailbox);
	g_free(box->name);
	if (box->settled)
		g_array_unref(box->settled);
	source_imap_uids_clear(&box->looked);
	source_imap_uids_clear(&box->wanted);
	source_imap_uids_clear(&box->received);
	source_imap_uids_clear(&box->lacking);
	if (box->missing)
		g_array_unref(box->missing);
	g_free(box->words);
	g_free(box->state);
	g_free(box);
}

/* Commands. */

static void
sent(SourceImap *s, struct box *box, enum command_what what, guint missing,
    guint tag)
{
	struct command *c = g_new0(struct command, 1);

	c->tag = tag;
	c->what = what;
	c->box = box;
	c->missing = missing;
	box->open++;
	g_queue_push_tail(&s->commands, c);
}

static void
send_examine(SourceImap *s, struct box *box)
{
	g_autofree char *quoted = NULL;

	if (s->selected == box)
		return;
	quoted = imap_quote(box->mailbox->wire);
	sent(s, box, COMMAND_EXAMINE, 0,
	    imap_command(s->session, "EXAMINE %s", quoted));
	s->selected = box;
}

static void
send_all(SourceImap *s, struct box *box)
{
	box->step = BOX_ALL;
	send_examine(s, box);
	sent(s, box, COMMAND_FETCH, 0,
	    imap_command(s->session, "UID FETCH 1:* " ITEMS_BODY));
}

/* EXAMINE that tells what changed since the last pass, new messages too: RFC
 * 7162 3.2.5. Its FETCHes say UID and FLAGS and no more. */
static bool
send_resync(SourceImap *s, struct box *box)
{
	g_autofree char *quoted = NULL;

	if (!(imap_caps(s->session) & IMAP_CAP_QRESYNC) ||
	    !(imap_caps(s->session) & IMAP_CAP_ENABLE) || s->no_qresync ||
	    s->selected == box)
		return false;
	quoted = imap_quote(box->mailbox->wire);
	sent(s, box, COMMAND_RESYNC, 0,
	    imap_command(s->session,
		"EXAMINE %s (QRESYNC (%u %" G_GUINT64_FORMAT "))", quoted,
		box->mailbox->uidvalidity, box->past.highestmodseq));
	s->selected = box;
	return true;
}

static void
send_look(SourceImap *s, struct box *box)
{
	bool meta =
	    box->step == BOX_MEND || filter_needs_metadata(s->job->filter);
	g_autofree char *since = NULL;

	if (box->changed_only && !meta && send_resync(s, box))
		return;
	send_examine(s, box);
	if (box->searched) {
		for (guint at = 0; at < box->lacking.ranges->len;) {
			g_autofree char *set =
			    source_imap_uids_text(&box->lacking, &at, SET_MAX);

			sent(s, box, COMMAND_LOOK, 0,
			    imap_command(
				s->session, "UID FETCH %s " ITEMS_LOOK, set));
		}
		return;
	}
	if (box->changed_only)
		since = g_strdup_printf(" (CHANGEDSINCE %" G_GUINT64_FORMAT ")",
		    box->past.highestmodseq);
	sent(s, box, COMMAND_LOOK, 0,
	    imap_command(s->session, "UID FETCH 1:* %s%s",
		meta ? ITEMS_LOOK : ITEMS_FLAGS, since ? since : ""));
}

static void
send_wanted(SourceImap *s, struct box *box)
{
	guint at = 0;

	box->step = BOX_BODIES;
	send_examine(s, box);
	while (at < box->wanted.ranges->len) {
		g_autofree char *set =
		    source_imap_uids_text(&box->wanted, &at, SET_MAX);

		sent(s, box, COMMAND_FETCH, 0,
		    imap_command(s->session, "UID FETCH %s " ITEMS_BODY, set));
	}
}

static void
send_singles(SourceImap *s, struct box *box)
{
	guint end = MIN(box->missing->len, box->missing_at + SINGLES_AT_ONCE);

	box->step = BOX_SINGLES;
	send_examine(s, box);
	for (; box->missing_at < end; box->missing_at++) {
		guint32 uid =
		    g_array_index(box->missing, struct missing, box->missing_at)
			.uid;

		sent(s, box, COMMAND_FETCH, box->missing_at,
		    imap_command(s->session,
			"UID FETCH %" G_GUINT32_FORMAT " " ITEMS_BODY, uid));
		sent(s, box, COMMAND_CHECK, box->missing_at,
		    imap_command(s->session,
			"UID FETCH %" G_GUINT32_FORMAT " " ITEMS_FLAGS, uid));
	}
}

/* Beginning and ending. */

static void
read_past(struct box *box, const char *text)
{
	guint64 n[5];
	g_auto(GStrv) words = NULL;

	box->past.known = false;
	if (text == NULL)
		return;
	words = g_strsplit(text, " ", -1);
	if (g_strv_length(words) != 6 || strcmp(words[0], STATE_FORMAT) != 0)
		return;
	for (guint i = 0; i < 5; i++)
		if (!g_ascii_string_to_unsigned(
			words[i + 1], 10, 0, G_MAXUINT64, &n[i], NULL))
			return;
	box->past.known = true;
	box->past.uidvalidity = n[0];
	box->past.uidnext = n[1];
	box->past.highestmodseq = n[2];
	box->past.messages = n[3];
	box->past.gone = n[4];
}

/* The values of before the reading: what happens meanwhile is news for the
 * next pass. */
static void
write_state(struct box *box)
{
	const struct imap_mailbox *m = box->mailbox;
	gint64 gone = MAX(0, box->settled_before - box->skipped);

	g_free(box->state);
	box->state = NULL;
	if (!m->has_status || box->refused || box->left_out)
		return;
	box->state = g_strdup_printf(STATE_FORMAT " %u %u %" G_GUINT64_FORMAT
						  " %" G_GUINT64_FORMAT
						  " %" G_GINT64_FORMAT,
	    m->uidvalidity, m->uidnext, m->highestmodseq, m->messages, gone);
}

static void
finish(SourceImap *s, struct box *box)
{
	struct ready *end = g_new0(struct ready, 1);

	write_state(box);
	box->step = BOX_DONE;
	s->active--;
	if (box->settled)
		g_array_unref(box->settled);
	box->settled = NULL;
	source_imap_uids_clear(&box->looked);
	source_imap_uids_clear(&box->wanted);
	source_imap_uids_clear(&box->received);
	source_imap_uids_clear(&box->lacking);
	end->kind = RECORD_FOLDER_END;
	end->box = box;
	g_queue_push_tail(&s->ready, end);
}

/* Was every message that was there at the last pass settled then or since? */
static bool
all_was_settled(const struct box *box)
{
	return box->past.known && (guint64)box->settled_before ==
				      box->past.messages + box->past.gone;
}

static bool
is_unchanged(const struct box *box)
{
	const struct imap_mailbox *m = box->mailbox;

	/* Without mod-sequences a changed flag shows nowhere but in itself. */
	return all_was_settled(box) && m->highestmodseq != 0 &&
	       box->past.uidnext == m->uidnext &&
	       box->past.highestmodseq == m->highestmodseq &&
	       box->past.messages == m->messages;
}

static void
load_past(SourceImap *s, struct box *box)
{
	const struct known *known = s->job->known;

	if (known == NULL)
		return;
	if (known->state)
		read_past(box, known->state(known->ctx, &box->folder));
	/* Other UIDVALIDITY, other messages (RFC 9051 2.3.1.1): the engine
	 * knows them by their digests. */
	if (box->past.known &&
	    box->past.uidvalidity != box->mailbox->uidvalidity) {
		box->past.known = false;
		return;
	}
	if (known->settled)
		box->settled_before = known->settled(known->ctx, &box->folder);
}

static void
load_settled(SourceImap *s, struct box *box)
{
	const struct known *known = s->job->known;

	if (box->settled_before == 0 || known->settled_numbers == NULL)
		return;
	box->settled = g_array_new(FALSE, FALSE, sizeof(guint64));
	known->settled_numbers(known->ctx, &box->folder, box->settled);
}

static int
compare_numbers(gconstpointer a, gconstpointer b)
{
	guint64 x = *(const guint64 *)a, y = *(const guint64 *)b;

	return x < y ? -1 : x > y;
}

static bool
is_settled(const struct box *box, guint64 uid)
{
	return box->settled && box->settled->len &&
	       g_array_binary_search(box->settled, &uid, compare_numbers, NULL);
}

void
source_imap_box_begin(SourceImap *s, struct box *box)
{
	const struct imap_mailbox *m = box->mailbox;
	bool meta = filter_needs_metadata(s->job->filter);

	s->active++;
	source_imap_uids_init(&box->wanted);
	source_imap_uids_init(&box->looked);
	source_imap_uids_init(&box->received);
	source_imap_uids_init(&box->lacking);
	box->missing = g_array_new(FALSE, FALSE, sizeof(struct missing));
	if (box->left_out)
		box->given = (gint64)m->messages;
	if (box->left_out || box->refused) {
		finish(s, box);
		return;
	}
	load_past(s, box);
	if (is_unchanged(box)) {
		box->skipped = (gint64)m->messages;
		finish(s, box);
		return;
	}
	if (m->has_status && m->messages == 0) {
		finish(s, box);
		return;
	}
	load_settled(s, box);
	if ((box->settled == NULL || box->settled->len == 0) && !meta) {
		send_all(s, box);
		return;
	}
	/* Only when nothing older waits: what is unsettled from before has not
	 * changed and would not be listed (RFC 7162 3.1.4.1). */
	box->changed_only = all_was_settled(box) && m->highestmodseq != 0 &&
			    box->past.highestmodseq != 0;
	box->step = BOX_LOOK;
	send_look(s, box);
}

static void
send_search(SourceImap *s, struct box *box)
{
	box->step = BOX_SEARCH;
	send_examine(s, box);
	sent(s, box, COMMAND_SEARCH, 0,
	    imap_command(s->session, "UID SEARCH RETURN (ALL) ALL"));
}

static void
start_mending(SourceImap *s, struct box *box)
{
	box->changed_only = false;
	if ((imap_caps(s->session) & IMAP_CAP_ESEARCH) && !s->no_esearch) {
		send_search(s, box);
		return;
	}
	box->step = BOX_MEND;
	send_look(s, box);
}

static void
advance(SourceImap *s, struct box *box)
{
	if (box->refused) {
		finish(s, box);
		return;
	}
	switch (box->step) {
	case BOX_ALL:
		if (box->words || box->received.count < box->exists)
			start_mending(s, box);
		else
			finish(s, box);
		return;
	case BOX_LOOK:
		source_imap_uids_clear(&box->looked);
		source_imap_uids_init(&box->looked);
		if (box->changed_only)
			box->skipped =
			    CLAMP((gint64)box->exists - (gint64)box->unsettled,
				0, box->settled_before);
		if (box->wanted.count)
			send_wanted(s, box);
		else
			finish(s, box);
		return;
	case BOX_BODIES:
		if (box->words || box->received.count < box->wanted.count)
			start_mending(s, box);
		else
			finish(s, box);
		return;
	case BOX_SEARCH:
		if (!box->searched)
			s->no_esearch = true; /* offered and not kept */
		box->step = BOX_MEND;
		if (box->searched && box->lacking.count == 0)
			finish(s, box);
		else
			send_look(s, box);
		return;
	case BOX_MEND:
	case BOX_SINGLES:
		if (box->missing_at < box->missing->len)
			send_singles(s, box);
		else
			finish(s, box);
		return;
	case BOX_DONE:
		break;
	}
	g_assert_not_reached();
}

/* Records. */

static void
fill(SourceImap *s, struct box *box, guint32 uid, struct record *record)
{
	memset(record, 0, sizeof(*record));
	g_snprintf(s->key, sizeof(s->key), "%" G_GUINT32_FORMAT, uid);
	record->kind = RECORD_MESSAGE;
	record->key = s->key;
	record->message.folder = &box->folder;
	record->message.size = -1;
}

static void
fill_fetched(SourceImap *s, struct box *box, struct record *record)
{
	const struct fetched *f = &s->fetched, *flags = f, *rest = f;
	struct message *m = &record->message;

	fill(s, box, f->uid, record);
	/* A server may give a message in two responses (RFC 9051 7.5.2). */
	if (!f->has_flags && s->before.uid == f->uid)
		flags = &s->before;
	if (!f->received.known && s->before.uid == f->uid)
		rest = &s->before;
	m->flags = flags->flags;
	m->received = rest->received;
	m->size = rest->size;
	if (flags->keywords->len) {
		g_ptr_array_add(flags->keywords, NULL);
		m->keywords =
		    (const char *const *)(void *)flags->keywords->pdata;
	}
}

static enum status
take_look(SourceImap *s, struct box *box, struct record *record)
{
	const struct fetched *f = &s->fetched;
	bool adjacent = box->last_wanted && !box->changed_only;

	if (f->uid == 0 || !f->has_flags ||
	    !source_imap_uids_add(&box->looked, f->uid))
		return ST_END;
	box->last_wanted = false;
	if (is_settled(box, f->uid)) {
		if (box->step == BOX_MEND)
			return ST_END;
		box->skipped++;
		fill_fetched(s, box, record);
		record->known = true;
		return ST_OK;
	}
	fill_fetched(s, box, record);
	if (box->step == BOX_MEND) {
		struct missing one = {f->uid, f->flags, f->received, f->size};

		if (!source_imap_uids_has(&box->received, f->uid) &&
		    filter_message(s->job->filter, &record->message) ==
			FILTER_PASS)
			g_array_append_val(box->missing, one);
		return ST_END;
	}
	box->unsettled++;
	if (filter_message(s->job->filter, &record->message) != FILTER_PASS) {
		box->given++;
		return ST_OK;
	}
	source_imap_uids_extend(&box->wanted, f->uid, adjacent);
	box->last_wanted = true;
	return ST_END;
}

static enum status
take_body(SourceImap *s, struct box *box, struct record *record)
{
	const struct fetched *f = &s->fetched;

	if (f->uid == 0)
		return ST_END;
	if (!f->has_body) {
		struct fetched swap = s->before;

		s->before = s->fetched;
		s->fetched = swap;
		return ST_END;
	}
	/* Without flags only when it never comes with them. */
	if (!f->has_flags && s->before.uid != f->uid &&
	    box->step != BOX_SINGLES)
		return ST_END;
	if (is_settled(box, f->uid) ||
	    (box->step == BOX_BODIES &&
		!source_imap_uids_has(&box->wanted, f->uid)) ||
	    !source_imap_uids_add(&box->received, f->uid))
		return ST_END;
	box->given++;
	fill_fetched(s, box, record);
	record->message.has_body = true;
	record->message.raw = f->body;
	return ST_OK;
}

/* The server lists it and does not give it, not even alone. */
static enum status
take_missing(SourceImap *s, struct box *box, guint i, struct record *record,
    GError **error)
{
	const struct missing *m =
	    &g_array_index(box->missing, struct missing, i);

	box->given++;
	fill(s, box, m->uid, record);
	record->message.flags = m->flags;
	record->message.received = m->received;
	record->message.size = m->size;
	return fail(ST_ITEM, error, ERR_REFUSED, RETRY_LATER,
	    "imap: %s: folder %s: UID %u: the server lists the message but "
	    "does not give it: %s",
	    s->user, box->name, m->uid,
	    box->words ? box->words : "it gives no reason");
}

enum status
source_imap_box_give_up(SourceImap *s, struct box *box, guint i,
    struct record *record, GError **error)
{
	guint32 uid = g_array_index(box->missing, struct missing, i).uid;

	box->missing_at = i + 1;
	if (source_imap_uids_has(&box->received, uid))
		return ST_END;
	return take_missing(s, box, i, record, error);
}

/* The answers came in the order of the commands: nothing of what is sent again
 * has been given, but for the folder at which the connection ended. */
void
source_imap_box_again(SourceImap *s, struct box *box, bool culprit)
{
	box->open = 0;
	if (culprit && box->step != BOX_SINGLES) {
		start_mending(s, box);
		return;
	}
	switch (box->step) {
	case BOX_ALL:
		send_all(s, box);
		return;
	case BOX_LOOK:
	case BOX_MEND:
		send_look(s, box);
		return;
	case BOX_BODIES:
		send_wanted(s, box);
		return;
	case BOX_SEARCH:
		send_search(s, box);
		return;
	case BOX_SINGLES:
		/* Those behind it, and of other folders all, are asked for
		 * again; what was received is recognised. */
		if (!culprit)
			box->missing_at = 0;
		if (box->missing_at < box->missing->len)
			send_singles(s, box);
		else
			finish(s, box);
		return;
	case BOX_DONE:
		break;
	}
	g_assert_not_reached();
}

static bool
is_examine(const struct command *c)
{
	return c->what == COMMAND_EXAMINE || c->what == COMMAND_RESYNC;
}

static enum status
command_ended(SourceImap *s, struct command *c, const struct imap_reply *reply,
    struct record *record, GError **error)
{
	struct box *box = c->box;
	enum status out = ST_END;

	box->open--;
	if (c->what == COMMAND_RESYNC &&
	    (reply->result == IMAP_BAD || box->no_modseq)) {
		/* Offered and not understood, or not for this folder. */
		if (reply->result == IMAP_BAD) {
			s->no_qresync = true;
			s->selected = NULL;
		} else {
			box->changed_only = false;
		}
		send_look(s, box);
		return ST_END;
	}
	if (c->what == COMMAND_SEARCH && reply->result != IMAP_OK)
		box->searched = false;
	else if (reply->result != IMAP_OK) {
		g_autoptr(GError) why = NULL;
		enum status st;

		if (c->what == COMMAND_LOOK && box->changed_only &&
		    reply->result == IMAP_BAD) {
			box->changed_only = false;
			send_look(s, box);
			return ST_END;
		}
		st = imap_fail(ST_ITEM, &why, reply->result, reply->code,
		    reply->text, "server refused %s",
		    is_examine(c) ? "EXAMINE" : "FETCH");
		if (st != ST_ITEM) {
			g_propagate_prefixed_error(error, g_steal_pointer(&why),
			    "folder %s: ", box->name);
			return st;
		}
		g_free(box->words);
		box->words = g_strdup(why->message);
		if (is_examine(c) || c->what == COMMAND_LOOK)
			box->refused = true;
		if (is_examine(c) && s->selected == box)
			s->selected = NULL;
	}
	if (c->what == COMMAND_CHECK && c->seen && !box->refused &&
	    !source_imap_uids_has(&box->received,
		g_array_index(box->missing, struct missing, c->missing).uid))
		out = take_missing(s, box, c->missing, record, error);
	if (box->open == 0)
		advance(s, box);
	return out;
}

static enum status
take_examine(struct box *box, const struct imap_reply *reply, GError **error)
{
	guint64 n;

	if (reply->name && strcmp(reply->name, "EXISTS") == 0)
		box->exists = reply->number;
	if (reply->code && g_ascii_strcasecmp(reply->code, "NOMODSEQ") == 0)
		box->no_modseq = true;
	if (reply->code == NULL ||
	    g_ascii_strncasecmp(reply->code, "UIDVALIDITY ", 12) != 0 ||
	    !g_ascii_string_to_unsigned(
		reply->code + 12, 10, 0, G_MAXUINT32, &n, NULL))
		return ST_END;
	if (box->mailbox->has_status && n != box->mailbox->uidvalidity)
		return fail(ST_LINK, error, ERR_REFUSED, RETRY_NOW,
		    "folder %s was made anew while it was read", box->name);
	return ST_END;
}

/* What the server lists: is any of it lacking? */
static enum status
take_search(struct box *box, const struct imap_reply *reply, GError **error)
{
	g_autoptr(GArray) ranges =
	    g_array_new(FALSE, FALSE, sizeof(struct imap_range));

	if (!imap_esearch_all(reply, LISTED_MAX, ranges))
		return fail(ST_LINK, error, ERR_PROTOCOL, RETRY_NOW,
		    "folder %s: the server's ESEARCH answer cannot be "
		    "understood",
		    box->name);
	box->searched = true;
	for (guint i = 0; i < ranges->len; i++) {
		const struct imap_range *r =
		    &g_array_index(ranges, struct imap_range, i);

		for (guint64 n = r->from; n <= r->to; n++)
			if (!source_imap_uids_has(&box->received, (guint32)n) &&
			    !is_settled(box, n))
				source_imap_uids_add(&box->lacking, (guint32)n);
	}
	return ST_END;
}

static int
by_tag(gconstpointer command, gconstpointer tag)
{
	return ((const struct command *)command)->tag != *(const guint *)tag;
}

enum status
source_imap_box_take(SourceImap *s, const struct imap_reply *reply,
    struct record *record, GError **error)
{
	struct command *c = g_queue_peek_head(&s->commands);
	enum status st;

	if (reply->response == IMAP_TAGGED) {
		g_autofree struct command *ended = NULL;
		GList *link =
		    g_queue_find_custom(&s->commands, &reply->tag, by_tag);

		if (link == NULL)
			return ST_END;
		ended = link->data;
		g_queue_delete_link(&s->commands, link);
		return command_ended(s, ended, reply, record, error);
	}
	if (c == NULL || reply->response != IMAP_UNTAGGED)
		return ST_END;
	if (c->what == COMMAND_EXAMINE ||
	    (c->what == COMMAND_RESYNC && g_strcmp0(reply->name, "FETCH") != 0))
		return take_examine(c->box, reply, error);
	if (c->what == COMMAND_SEARCH)
		return g_strcmp0(reply->name, "ESEARCH") == 0
			   ? take_search(c->box, reply, error)
			   : ST_END;
	/* A server that refused EXAMINE may have left another one selected. */
	if (reply->name == NULL || strcmp(reply->name, "FETCH") != 0 ||
	    c->box->refused)
		return ST_END;
	st = source_imap_fetched_read(&s->fetched, reply, error);
	if (st < 0) {
		g_prefix_error(error, "folder %s: ", c->box->name);
		return st;
	}
	switch (c->what) {
	case COMMAND_LOOK:
	case COMMAND_RESYNC:
		return c->box->no_modseq && c->what == COMMAND_RESYNC
			   ? ST_END
			   : take_look(s, c->box, record);
	case COMMAND_FETCH:
		return take_body(s, c->box, record);
	case COMMAND_CHECK:
		if (s->fetched.uid ==
		    g_array_index(c->box->missing, struct missing, c->missing)
			.uid)
			c->seen = true;
		return ST_END;
	case COMMAND_EXAMINE:
	case COMMAND_SEARCH:
		break;
	}
	g_assert_not_reached();
}
