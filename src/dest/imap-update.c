/*
 * Flags that changed at the source: exactly the difference, by UID, so that
 * what people did at the destination stays as they left it. Collected per
 * folder and difference, sent at the last commit.
 */
#include "dest/imap-private.h"
#include "base/step.h"

#include <string.h>

#define STORE_SET_MAX 4000 /* chars of a sequence set, RFC 7162 4 says 8192 */

static void
uids_free(void *array)
{
	g_array_unref(array);
}

static void
change(struct box *box, const char *verb, GString *names, guint32 uid)
{
	g_autofree char *key = NULL;
	GArray *uids;

	if (names->len == 0)
		return;
	key = g_strdup_printf("%s (%s)", verb, names->str);
	if (!box->changes)
		box->changes = g_hash_table_new_full(
		    g_str_hash, g_str_equal, g_free, uids_free);
	uids = g_hash_table_lookup(box->changes, key);
	if (!uids) {
		uids = g_array_new(FALSE, FALSE, sizeof(guint32));
		g_hash_table_insert(box->changes, g_strdup(key), uids);
	}
	g_array_append_val(uids, uid);
}

/* Those of a that are not in b. */
static void
keywords(GString *out, const char *const *a, const char *const *b)
{
	for (; a && *a; a++)
		if (!(b && g_strv_contains(b, *a)) &&
		    dest_imap_keyword_legal(*a)) {
			if (out->len)
				g_string_append_c(out, ' ');
			g_string_append(out, *a);
		}
}

enum status
dest_imap_update(Dest *dest, const struct record *record, const char *dest_key,
    guint32 old_flags, const char *const *old_keywords, GError **error)
{
	DestImap *d = (DestImap *)(void *)dest;
	const struct message *m = &record->message;
	struct box *box;
	g_autoptr(GString) names = g_string_new(NULL);
	guint32 uidvalidity, uid;

	if (d->failed < 0 || d->quota)
		return dest_imap_failure(d, error);
	box = dest_imap_box(d, m->folder);
	if (!dest_imap_key(dest_key, &uidvalidity, &uid))
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "folder %s: the server did not say how it calls the "
		    "message; its changed flags are not carried over",
		    box->wire);
	if (!box->listed)
		return ST_THERE; /* the folder is gone, and the message */
	if (box->changes && box->changes_validity != uidvalidity)
		return fail(ST_ITEM, error, ERR_REFUSED, RETRY_NEVER,
		    "folder %s was made anew; changed flags of an older "
		    "message are not carried over",
		    box->wire);
	box->changes_validity = uidvalidity;
	dest_imap_flags(names, m->flags & ~old_flags);
	keywords(names, m->keywords, old_keywords);
	change(box, "+FLAGS.SILENT", names, uid);
	g_string_truncate(names, 0);
	dest_imap_flags(names, old_flags & ~m->flags);
	keywords(names, old_keywords, m->keywords);
	change(box, "-FLAGS.SILENT", names, uid);
	return ST_OK;
}

static int
by_number(const void *a, const void *b)
{
	guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;

	return x < y ? -1 : x > y;
}

static enum status
send_box(DestImap *d, struct box *box, GError **error)
{
	GHashTableIter iter;
	gpointer key, value;
	struct command *command = NULL;
	enum status st = ST_OK;

	/* LIST-STATUS told the UIDVALIDITY a moment ago: no need to wait */
	if (d->selected != box)
		st = dest_imap_select(d, box,
		    box->uidvalidity == box->changes_validity ? NULL : &command,
		    error);
	if (st == ST_OK && command) {
		bool there;

		st = dest_imap_wait(d, command, error);
		if (st < 0)
			return st;
		there = command->result == IMAP_OK;
		dest_imap_command_free(command);
		if (!there)
			return ST_OK; /* gone with all its messages */
	}
	if (st < 0)
		return st;
	if (box->uidvalidity != box->changes_validity) {
		dest_imap_remark(d, REMARK_WARNING, "DEST_UIDVALIDITY",
		    box->owner,
		    "%s was made anew (UIDVALIDITY %u, was %u): changed flags "
		    "are not carried over",
		    box->wire, box->uidvalidity, box->changes_validity);
		return ST_OK;
	}
	st = dest_imap_quiet(d, error);
	if (st < 0)
		return st;
	step("imap: before flags are changed");
	g_hash_table_iter_init(&iter, box->changes);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		GArray *uids = value;

		g_array_sort(uids, by_number);
		for (guint at = 0; at < uids->len;) {
			g_autofree char *set =
			    dest_imap_set(uids, &at, STORE_SET_MAX);

			dest_imap_sent(d,
			    imap_command(d->session, "UID STORE %s %s", set,
				(const char *)key),
			    COMMAND_STORE, box);
		}
	}
	return ST_OK;
}

enum status
dest_imap_update_send(DestImap *d, GError **error)
{
	for (guint i = 0; i < d->boxes->len; i++) {
		struct box *box = d->boxes->pdata[i];
		enum status st;

		if (!box->changes)
			continue;
		st = send_box(d, box, error);
		g_clear_pointer(&box->changes, g_hash_table_unref);
		if (st < 0)
			return st;
	}
	return ST_OK;
}
