/*
 * What a cut connection brought after we had looked. A server may hold the
 * octets of a connection that is gone for longer than anybody waits; when it
 * stores them at last, what imap-look.c did not find, and what was therefore
 * sent again, is there twice. So at the end of the job each folder in doubt is
 * looked at once more, for messages that neither the ledger nor this run put
 * there.
 *
 * Nothing that somebody else put there may be removed, and IMAP does not say
 * who stored a message. What is known is what ours must look like:
 *	it came behind the place where the folder ended before the cut run, and
 *	    after our look: what was there then and is equal to a message that
 *	    was to be sent again was taken for it;
 *	it is equal to a message that we sent again in octets, in received date,
 *	    in flags and keywords: nobody has read, marked or answered either;
 *	both are there at this moment;
 *	there are no more such messages than we sent;
 *	they are a beginning of what was sent again, in that order and with
 *	    none missing between them: a connection that ends loses what is
 *	    behind a place, never something in the middle.
 * A message of which all of that holds is the second copy of one that stays in
 * the same folder with everything that IMAP shows of it, so that its removal
 * takes nothing from anybody, even if somebody did in these seconds just what
 * the cut run would have done. Where one of these fails, and where a server
 * cannot remove one message without others (no UIDPLUS: EXPUNGE takes what
 * people have marked as deleted), none is removed but all that are equal in
 * octets are named. remove-late=no always does that.
 *
 * The messages that were sent again are noted by UID behind the place where
 * the folder ended (imap-look.c), in the transaction that enters them: another
 * cut does not lose sight of them. A copy that comes after the end of the job
 * stays, and is not named: there is no last moment.
 */
#include "dest/imap-private.h"

#include <string.h>

#define LATE_SET_MAX   4000   /* chars of a sequence set */
#define LATE_NOTED_MAX 100000 /* UIDs: two slabs of tiny mail */
#define LATE_NAMED_MAX 1000   /* chars of UIDs in a remark */

struct row {
	guint32 uid;
	struct digest digest;
	bool whole, deleted;
	char *date, *flags;
	bool twin;  /* a late one that is equal to one of ours in octets */
	bool taken; /* one of ours of which that is the second copy */
};

static void
row_free(void *data)
{
	struct row *row = data;

	g_free(row->date);
	g_free(row->flags);
	g_free(row);
}

void
dest_imap_late_note(struct box *box, guint32 uid)
{
	if (!box->resent)
		box->resent = g_array_new(FALSE, FALSE, sizeof(guint32));
	if (box->resent->len < LATE_NOTED_MAX)
		g_array_append_val(box->resent, uid);
}

void
dest_imap_late_save(DestImap *d, struct box *box)
{
	const struct known *known = d->job->known;
	g_autofree char *set = NULL, *place = NULL, *text = NULL;
	guint at = 0;

	if (!box->doubted || !box->resent || box->resent->len == 0)
		return;
	set = dest_imap_set(box->resent, &at, G_MAXINT);
	place = g_strdup_printf("%s %s", box->note, set);
	text = dest_imap_note(d, box, place);
	known->set_dest_state(known->ctx, box->owner, text);
}

void
dest_imap_late_noted(struct box *box, const char *set)
{
	g_auto(GStrv) ranges = g_strsplit(set, ",", -1);

	if (!box->resent)
		box->resent = g_array_new(FALSE, FALSE, sizeof(guint32));
	for (guint i = 0; ranges[i]; i++) {
		char *end;
		guint64 from = g_ascii_strtoull(ranges[i], &end, 10);
		guint64 to =
		    *end == ':' ? g_ascii_strtoull(end + 1, NULL, 10) : from;

		for (; from > 0 && from <= to && to <= G_MAXUINT32 &&
		       box->resent->len < LATE_NOTED_MAX;
		     from++) {
			guint32 uid = (guint32)from;

			g_array_append_val(box->resent, uid);
		}
	}
}

static int
by_octets(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* From t[i], behind "(", to ")": all but \Recent, in an order of its own. */
static guint
read_flags(const struct imap_reply *reply, guint i, struct row *row)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	for (; i < reply->n_tokens; i++) {
		const struct imap_token *t = &reply->tokens[i];
		char *name;

		if (t->kind == IMAP_CLOSE)
			break;
		if (t->kind != IMAP_ATOM || imap_token_is(t, "\\Recent"))
			continue;
		row->deleted |= imap_token_is(t, "\\Deleted");
		name = g_strndup((const char *)t->blob.mem, (gsize)t->blob.len);
		g_ptr_array_add(names, g_ascii_strdown(name, -1));
		g_free(name);
	}
	g_ptr_array_sort(names, by_octets);
	g_ptr_array_add(names, NULL);
	g_free(row->flags);
	row->flags = g_strjoinv(" ", (char **)names->pdata);
	return i;
}

enum status
dest_imap_late_row(DestImap *d, const struct imap_reply *reply, GError **error)
{
	struct row *row = g_new0(struct row, 1);
	bool has_body = false;
	enum status st = ST_OK;

	for (guint i = 0; st == ST_OK && i + 1 < reply->n_tokens; i++) {
		const struct imap_token *t = &reply->tokens[i];
		guint64 number;

		if (t->kind != IMAP_ATOM)
			continue;
		if (imap_token_is(t, "UID") &&
		    imap_token_number(t + 1, &number)) {
			row->uid = (guint32)number;
		} else if (imap_token_is(t, "FLAGS") &&
			   t[1].kind == IMAP_OPEN) {
			i = read_flags(reply, i + 2, row);
		} else if (imap_token_is(t, "INTERNALDATE") &&
			   t[1].kind == IMAP_STRING) {
			g_free(row->date);
			row->date = imap_token_text(t + 1, 100);
		} else if (imap_token_is(t, "BODY[]") &&
			   (t[1].kind == IMAP_LITERAL ||
			       t[1].kind == IMAP_STRING)) {
			has_body = true;
			st = digest_blob(&t[1].blob, &row->digest, error);
		}
	}
	row->whole = row->uid && row->date && row->flags && has_body;
	/* news of flags alone come at any time */
	if (st == ST_OK && row->whole)
		g_ptr_array_add(d->rows, row);
	else
		row_free(row);
	return st;
}

/* What IMAP shows of these; GPtrArray of struct row, ascending. */
static int
by_uid(gconstpointer a, gconstpointer b)
{
	guint32 x = (*(struct row *const *)a)->uid;
	guint32 y = (*(struct row *const *)b)->uid;

	return x < y ? -1 : x > y;
}

static enum status
rows_of(DestImap *d, struct box *box, const GArray *uids, GPtrArray *out,
    GError **error)
{
	enum status st = ST_OK;

	d->rows = out;
	for (guint at = 0; st == ST_OK && at < uids->len;) {
		g_autofree char *set = dest_imap_set(uids, &at, LATE_SET_MAX);
		struct command *command = dest_imap_sent(d,
		    imap_command(d->session,
			"UID FETCH %s (UID FLAGS INTERNALDATE BODY.PEEK[])",
			set),
		    COMMAND_LATE, box);

		command->waited = true;
		st = dest_imap_wait(d, command, error);
		if (st == ST_OK)
			dest_imap_command_free(command);
	}
	d->rows = NULL;
	g_ptr_array_sort(out, by_uid);
	return st;
}

/* Not those whose outcome the engine has not fetched yet. */
static void
leave_out_ours(DestImap *d, const struct box *box, GArray *uids)
{
	g_autoptr(GHashTable) ours = g_hash_table_new(NULL, NULL);
	guint left = 0;

	for (guint i = 0; i < box->resent->len; i++)
		g_hash_table_add(ours,
		    GUINT_TO_POINTER(g_array_index(box->resent, guint32, i)));
	for (GList *l = d->outcomes.head; l; l = l->next) {
		const struct done *done = l->data;

		if (done->uid && done->uidvalidity == box->uidvalidity)
			g_hash_table_add(ours, GUINT_TO_POINTER(done->uid));
	}
	for (guint i = 0; i < uids->len; i++) {
		guint32 uid = g_array_index(uids, guint32, i);

		if (!g_hash_table_contains(ours, GUINT_TO_POINTER(uid)))
			g_array_index(uids, guint32, left++) = uid;
	}
	g_array_set_size(uids, left);
}

/* The first of ours, by UID, that is equal to row and not yet the twin of one;
 * *equal: there is one that is equal. G_MAXUINT: none. */
static guint
twin_of(const struct row *row, const GPtrArray *ours, bool *equal)
{
	*equal = false;
	for (guint i = 0; i < ours->len; i++) {
		const struct row *other = ours->pdata[i];

		if (!digest_equal(&row->digest, &other->digest))
			continue;
		*equal = true;
		if (!other->taken)
			return i;
	}
	return G_MAXUINT;
}

/* Who is the second copy of one of ours; how many are. *sure: of all of them
 * it is proven that they are. first: the first UID that this run sent again. */
static guint
find_twins(GPtrArray *late, GPtrArray *ours, guint32 first, bool *sure)
{
	guint next = G_MAXUINT, n = 0;

	*sure = true;
	for (guint i = 0; i < late->len; i++) {
		struct row *row = late->pdata[i], *other;
		bool equal;
		guint at = twin_of(row, ours, &equal);

		row->twin = equal;
		n += equal;
		if (at == G_MAXUINT) {
			*sure &= !equal; /* one more than we sent */
			continue;
		}
		other = ours->pdata[at];
		other->taken = true;
		*sure &= n == 1 ? at == 0 || other->uid == first : at == next;
		next = at + 1;
		if (row->deleted || other->deleted ||
		    strcmp(row->date, other->date) != 0 ||
		    strcmp(row->flags, other->flags) != 0)
			*sure = false;
	}
	return n;
}

/* One command on these; false: refused, in *words. */
static enum status
command_on(DestImap *d, struct box *box, const GArray *uids,
    const char *command_text, const char *tail, bool *ok, char **words,
    GError **error)
{
	enum status st = ST_OK;

	*ok = true;
	for (guint at = 0; st == ST_OK && *ok && at < uids->len;) {
		g_autofree char *set = dest_imap_set(uids, &at, LATE_SET_MAX);
		struct command *command = dest_imap_sent(d,
		    imap_command(
			d->session, "%s %s%s", command_text, set, tail),
		    COMMAND_LOOK, box);

		command->waited = true;
		st = dest_imap_wait(d, command, error);
		if (st < 0)
			return st;
		*ok = command->result == IMAP_OK;
		if (!*ok) {
			g_free(*words);
			*words = dest_imap_words(command->code, command->text);
		}
		dest_imap_command_free(command);
		g_array_set_size(d->uids, 0);
		g_array_set_size(d->sizes, 0);
	}
	return st;
}

static char *
named(const GArray *uids)
{
	guint at = 0;
	g_autofree char *set = dest_imap_set(uids, &at, LATE_NAMED_MAX);

	return g_strdup_printf("%s%s", set, at < uids->len ? ",..." : "");
}

static enum status
remove_these(
    DestImap *d, struct box *box, GArray *uids, bool *removed, GError **error)
{
	g_autofree char *words = NULL, *text = named(uids);
	enum status st = command_on(d, box, uids, "UID STORE",
	    " +FLAGS.SILENT (\\Deleted)", removed, &words, error);

	if (st == ST_OK && *removed)
		st = command_on(
		    d, box, uids, "UID EXPUNGE", "", removed, &words, error);
	if (st == ST_OK && *removed) {
		dest_imap_remark(d, REMARK_INFO, "LATE_REMOVED", box->owner,
		    "%s: %u messages of the run that was cut arrived after "
		    "they had been sent again; the second copies (UID %s) were "
		    "removed",
		    box->wire, uids->len, text);
	} else if (st == ST_OK) {
		bool back; /* as they were */

		st = command_on(d, box, uids, "UID STORE",
		    " -FLAGS.SILENT (\\Deleted)", &back, &words, error);
	}
	return st;
}

static enum status
settle_box(DestImap *d, struct box *box, GError **error)
{
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autoptr(GArray) twins = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autoptr(GPtrArray) late = g_ptr_array_new_with_free_func(row_free);
	g_autoptr(GPtrArray) ours = g_ptr_array_new_with_free_func(row_free);
	g_autofree char *text = NULL;
	guint32 uidvalidity = box->uidvalidity;
	bool may = d->remove_late &&
		   (d->caps & (IMAP_CAP_UIDPLUS | IMAP_CAP_IMAP4REV2));
	bool sure;
	struct command *command;
	enum imap_result result;
	enum status st;

	/* anew: in a selected folder some servers show what others appended
	 * only later */
	d->selected = NULL;
	st = dest_imap_select(d, box, &command, error);
	if (st == ST_OK)
		st = dest_imap_wait(d, command, error);
	if (st < 0)
		return st;
	result = command->result;
	dest_imap_command_free(command);
	if (result != IMAP_OK || box->uidvalidity != uidvalidity)
		return ST_OK; /* gone meanwhile */
	st = dest_imap_strangers(d, box, box->late_from, uids, error);
	if (st < 0)
		return st;
	leave_out_ours(d, box, uids);
	if (uids->len == 0)
		return ST_OK;
	st = rows_of(d, box, uids, late, error);
	if (st == ST_OK)
		st = rows_of(d, box, box->resent, ours, error);
	if (st < 0)
		return st;
	if (find_twins(late, ours,
		box->resent_before < box->resent->len
		    ? g_array_index(box->resent, guint32, box->resent_before)
		    : 0,
		&sure) == 0)
		return ST_OK;
	for (guint i = 0; i < late->len; i++) {
		const struct row *row = late->pdata[i];

		if (row->twin)
			g_array_append_val(twins, row->uid);
	}
	if (may && sure) {
		st = remove_these(d, box, twins, &sure, error);
		if (st < 0 || sure)
			return st;
	}
	text = named(twins);
	dest_imap_remark(d, REMARK_WARNING, "LATE_TWINS", box->owner,
	    "%s: %u messages (UID %s) are equal to messages that were sent "
	    "again after a cut; the server may have stored what the cut run "
	    "sent so late, or somebody put them there: they stay; look at "
	    "them, and delete those that are too many",
	    box->wire, twins->len, text);
	return ST_OK;
}

enum status
dest_imap_late(DestImap *d, GError **error)
{
	enum status st = ST_OK;

	for (guint i = 0; st == ST_OK && i < d->boxes->len; i++) {
		struct box *box = d->boxes->pdata[i];

		if (box->doubted && box->resent && box->resent->len > 0)
			st = settle_box(d, box, error);
	}
	return st;
}
