/*
 * What arrived of a run that was cut. Before the first message goes into a
 * folder, the place where the folder ended is written down (known->hold()
 * makes it last). After a cut everything behind that place that is not in the
 * ledger under its UID is fetched and digested: a message that the engine
 * sends again is there if, and as often as, its digest is. So equal messages
 * stay as many as they are, and nobody guesses.
 *
 * The note: "PASS UIDVALIDITY UIDNEXT", the last two 0 and 1 for a folder that
 * this pass makes, and behind them the UIDs of what was sent again, if any
 * (imap-late.c). Two more lines are of imap-folders.c. It is written anew only
 * when the last pass was complete: the place must not move over what is in
 * doubt.
 */
#include "dest/imap-private.h"
#include "base/step.h"

#include <string.h>

/*
 * A server may still be storing what a cut connection brought: it has the
 * octets, and nothing tells us when it is done with them. What counts is taken
 * once the folder has been quiet for the time of option settle since the new
 * connection was there, or longer where the server is slow to answer (a busy
 * machine stores slowly too), but not for ever: others may deliver into the
 * folder.
 */
#define LOOK_QUIET_TURNS 100 /* times that the server needs for an answer */
#define LOOK_MAX_US	 (30 * G_USEC_PER_SEC)
#define LOOK_PAUSE_US	 (G_USEC_PER_SEC / 5)
#define LOOK_SET_MAX	 4000 /* chars of a sequence set, RFC 7162 4 says 8192 */

struct note {
	guint64 pass;
	guint32 uidvalidity, uidnext;
};

static bool
note_from_text(const char *text, struct note *out)
{
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", 2) : NULL;
	g_auto(GStrv) words =
	    lines && lines[0] ? g_strsplit(lines[0], " ", 4) : NULL;
	guint64 value[3];

	if (!words || g_strv_length(words) < 3)
		return false;
	for (guint i = 0; i < 3; i++)
		if (!g_ascii_string_to_unsigned(words[i], 10, 0,
			i ? G_MAXUINT32 : G_MAXUINT64, &value[i], NULL))
			return false;
	out->pass = value[0];
	out->uidvalidity = (guint32)value[1];
	out->uidnext = (guint32)value[2];
	return true;
}

static void
uids_free(void *array)
{
	g_array_unref(array);
}

static guint
digest_hash(gconstpointer key)
{
	guint hash;

	memcpy(&hash, ((const struct digest *)key)->b, sizeof(hash));
	return hash;
}

static gboolean
digest_same(gconstpointer a, gconstpointer b)
{
	return digest_equal(a, b);
}

enum status
dest_imap_strangers(
    DestImap *d, struct box *box, guint32 from, GArray *out, GError **error)
{
	const struct known *known = d->job->known;
	bool search = (d->caps & IMAP_CAP_ESEARCH) && !d->no_esearch;
	struct command *command;
	enum status st;

	d->searched = false;
	command = dest_imap_sent(d,
	    imap_command(d->session,
		search ? "UID SEARCH RETURN (ALL) UID %u:*"
		       : "UID FETCH %u:* (UID)",
		from),
	    COMMAND_LOOK, box);
	command->waited = true;
	st = dest_imap_wait(d, command, error);
	if (st < 0)
		return st;
	if (search && (command->result != IMAP_OK || !d->searched)) {
		/* offered and not kept */
		dest_imap_command_free(command);
		g_array_set_size(d->uids, 0);
		d->no_esearch = true;
		return dest_imap_strangers(d, box, from, out, error);
	}
	if (command->result != IMAP_OK)
		st = fail(ST_LINK, error, ERR_REFUSED, RETRY_NOW,
		    "folder %s: the server refused UID FETCH: %s", box->wire,
		    command->text ? command->text : "no reason given");
	dest_imap_command_free(command);
	for (guint i = 0; st == ST_OK && i < d->uids->len; i++) {
		guint32 uid = g_array_index(d->uids, guint32, i);
		char key[24];

		g_snprintf(key, sizeof(key), "%u.%u", box->uidvalidity, uid);
		if (box->stored &&
		    g_hash_table_contains(box->stored, GUINT_TO_POINTER(uid)))
			continue; /* its outcome is known to us alone */
		if (uid >= from &&
		    !known->dest_key_taken(known->ctx, box->owner, key))
			g_array_append_val(out, uid);
	}
	g_array_set_size(d->uids, 0);
	g_array_set_size(d->sizes, 0);
	return st;
}

static enum status
doubtful_when_quiet(
    DestImap *d, struct box *box, guint32 from, GArray *out, GError **error)
{
	gint64 last_us = d->begun_us;
	gint64 slowest_us = 0;

	for (;;) {
		gint64 asked_us = g_get_monotonic_time(), now_us, quiet_us;
		guint before = out->len;
		enum status st;

		g_array_set_size(out, 0);
		st = dest_imap_strangers(d, box, from, out, error);
		if (st < 0)
			return st;
		now_us = g_get_monotonic_time();
		slowest_us = MAX(slowest_us, now_us - asked_us);
		if (out->len != before)
			last_us = now_us;
		quiet_us = MAX(d->settle_us, LOOK_QUIET_TURNS * slowest_us);
		if (d->settle_us == 0 || now_us - last_us >= quiet_us ||
		    now_us - d->begun_us >= d->settle_us + LOOK_MAX_US ||
		    (d->job->stop && *d->job->stop))
			return ST_OK;
		g_usleep(LOOK_PAUSE_US);
	}
}

enum status
dest_imap_look_body(DestImap *d, const struct imap_reply *reply, GError **error)
{
	struct box *box = d->look_box;
	const struct blob *body = NULL;
	struct digest digest;
	GArray *uids;
	guint32 uid = 0;
	enum status st;

	for (guint i = 0; i + 1 < reply->n_tokens; i++) {
		const struct imap_token *t = &reply->tokens[i];
		const char *name = (const char *)t->blob.mem;

		if (t->kind != IMAP_ATOM)
			continue;
		if (t->blob.len == 3 &&
		    g_ascii_strncasecmp(name, "UID", 3) == 0) {
			g_autofree char *text = g_strndup(
			    (const char *)t[1].blob.mem, (gsize)t[1].blob.len);

			uid = (guint32)g_ascii_strtoull(text, NULL, 10);
		} else if (t->blob.len == 6 &&
			   g_ascii_strncasecmp(name, "BODY[]", 6) == 0 &&
			   (t[1].kind == IMAP_LITERAL ||
			       t[1].kind == IMAP_STRING)) {
			body = &t[1].blob;
		}
	}
	if (uid == 0 || !body)
		return ST_OK;
	st = digest_blob(body, &digest, error);
	if (st < 0)
		return st;
	uids = g_hash_table_lookup(box->arrived, &digest);
	if (!uids) {
		uids = g_array_new(FALSE, FALSE, sizeof(guint32));
		g_hash_table_insert(
		    box->arrived, g_memdup2(&digest, sizeof(digest)), uids);
	}
	for (guint i = 0; i < uids->len; i++)
		if (g_array_index(uids, guint32, i) == uid)
			return ST_OK; /* said twice */
	g_array_append_val(uids, uid);
	return ST_OK;
}

static enum status
bodies(DestImap *d, struct box *box, const GArray *uids, GError **error)
{
	d->look_box = box;
	for (guint at = 0; at < uids->len;) {
		g_autofree char *set = dest_imap_set(uids, &at, LOOK_SET_MAX);
		struct command *command;
		enum imap_result result;
		g_autofree char *words = NULL;
		enum status st;

		command = dest_imap_sent(d,
		    imap_command(
			d->session, "UID FETCH %s (UID BODY.PEEK[])", set),
		    COMMAND_BODIES, box);
		command->waited = true;
		st = dest_imap_wait(d, command, error);
		if (st < 0)
			return st;
		result = command->result;
		words = dest_imap_words(command->code, command->text);
		dest_imap_command_free(command);
		if (result != IMAP_OK)
			return fail(ST_LINK, error, ERR_REFUSED, RETRY_NOW,
			    "folder %s: the server refused to show what "
			    "arrived of the interrupted run: %s",
			    box->wire, words);
	}
	return ST_OK;
}

/* What is not there yet may still come: imap-late.c. */
static void
in_doubt(DestImap *d, struct box *box, const struct note *note, guint32 from,
    const GArray *uids)
{
	const struct known *known = d->job->known;
	g_auto(GStrv) lines = NULL, words = NULL;

	if (box->doubted)
		return;
	box->doubted = true;
	box->late_from = from;
	box->note = g_strdup_printf("%" G_GUINT64_FORMAT " %u %u", note->pass,
	    note->uidvalidity, note->uidnext);
	lines = g_strsplit(known->dest_state(known->ctx, box->owner), "\n", 2);
	words = g_strsplit(lines[0], " ", 4);
	if (words[3] && note->uidvalidity == box->uidvalidity) {
		/* sent again before: their copies may be among these */
		dest_imap_late_noted(box, words[3]);
		box->resent_before = box->resent->len;
		return;
	}
	for (guint i = 0; i < uids->len; i++)
		box->late_from =
		    MAX(box->late_from, g_array_index(uids, guint32, i) + 1);
}

static enum status
look(DestImap *d, struct box *box, const struct note *note, GError **error)
{
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	guint32 from = MAX(note->uidnext, 1);
	struct command *command;
	enum imap_result result;
	enum status st;

	d->selected = NULL;
	st = dest_imap_select(d, box, &command, error);
	if (st == ST_OK)
		st = dest_imap_wait(d, command, error);
	if (st < 0)
		return st;
	result = command->result;
	dest_imap_command_free(command);
	if (result != IMAP_OK)
		return ST_OK; /* not there: nothing arrived */
	if (note->uidvalidity && note->uidvalidity != box->uidvalidity) {
		from = 1;
		dest_imap_remark(d, REMARK_WARNING, "DEST_UIDVALIDITY",
		    box->owner,
		    "%s was made anew since the interrupted run (UIDVALIDITY "
		    "%u, was %u): all of it is compared",
		    box->wire, box->uidvalidity, note->uidvalidity);
	}
	st = doubtful_when_quiet(d, box, from, uids, error);
	if (st < 0)
		return st;
	in_doubt(d, box, note, from, uids);
	if (uids->len == 0)
		return ST_OK;
	box->arrived =
	    g_hash_table_new_full(digest_hash, digest_same, g_free, uids_free);
	return bodies(d, box, uids, error);
}

enum status
dest_imap_look(DestImap *d, struct box *box, bool again, GError **error)
{
	const struct known *known = d->job->known;
	struct note note;
	g_autofree char *text = NULL, *place = NULL;
	bool noted, doubt;
	enum status st;

	if (box->looked)
		return ST_OK;
	if (!known || !known->dest_state) {
		box->looked = true;
		return ST_OK;
	}
	noted =
	    note_from_text(known->dest_state(known->ctx, box->owner), &note);
	doubt = noted &&
		(again || d->job->interrupted || note.pass == d->job->pass);
	if (doubt) {
		st = look(d, box, &note, error);
		if (st < 0)
			return st;
		box->looked = true;
		/* what was on its way then is no more than the slabs hold */
		d->careful = DEST_IMAP_SLABS * d->batch_bytes;
		return ST_OK;
	}
	place = g_strdup_printf("%" G_GUINT64_FORMAT " %u %u", d->job->pass,
	    box->listed && box->uidnext ? box->uidvalidity : 0,
	    box->listed && box->uidnext ? box->uidnext : 1);
	text = dest_imap_note(d, box, place);
	step("imap: before the folder's end is noted");
	known->set_dest_state(known->ctx, box->owner, text);
	st = known->hold(known->ctx, error);
	if (st < 0)
		return st;
	step("imap: after the folder's end was noted");
	box->looked = true;
	return ST_OK;
}

guint32
dest_imap_arrived(struct box *box, const struct digest *digest)
{
	GArray *uids =
	    box->arrived ? g_hash_table_lookup(box->arrived, digest) : NULL;
	guint32 uid;

	if (!uids || uids->len == 0)
		return 0;
	uid = g_array_index(uids, guint32, 0);
	g_array_remove_index(uids, 0);
	return uid;
}

enum status
dest_imap_look_again(DestImap *d, struct box *box, GError **error)
{
	const struct known *known = d->job->known;
	struct note note;

	g_clear_pointer(&box->arrived, g_hash_table_unref);
	if (!note_from_text(known->dest_state(known->ctx, box->owner), &note))
		return fail(ST_LINK, error, ERR_PROTOCOL, RETRY_NOW,
		    "folder %s: nothing is noted of it", box->wire);
	return look(d, box, &note, error);
}
