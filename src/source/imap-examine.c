/*
 * A folder whose STATUS was refused, or that the server did not name in its
 * LIST, says the same when it is opened.
 */
#include "source/imap-private.h"

#include <string.h>

static enum status
learn_box(const struct imap_reply *reply, void *user, GError **error)
{
	struct imap_mailbox *m = ((struct box *)user)->mailbox;
	static const char *const codes[] = {
	    "UIDVALIDITY ", "UIDNEXT ", "HIGHESTMODSEQ "};
	guint64 n;

	if (reply->name && strcmp(reply->name, "EXISTS") == 0)
		m->messages = reply->number;
	for (guint i = 0; reply->code && i < G_N_ELEMENTS(codes); i++) {
		gsize len = strlen(codes[i]);

		if (g_ascii_strncasecmp(reply->code, codes[i], len) != 0 ||
		    !g_ascii_string_to_unsigned(reply->code + len, 10, 0,
			i < 2 ? G_MAXUINT32 : G_MAXINT64, &n, NULL))
			continue;
		if (i == 0)
			m->uidvalidity = (guint32)n;
		else if (i == 1)
			m->uidnext = (guint32)n;
		else
			m->highestmodseq = n;
	}
	return ST_OK;
}

enum status
source_imap_box_examine_all(SourceImap *s, GError **error)
{
	g_autoptr(GArray) tags = g_array_new(FALSE, TRUE, sizeof(guint));

	g_array_set_size(tags, s->boxes->len);
	for (guint i = 0; i < s->boxes->len; i++) {
		struct box *box = g_ptr_array_index(s->boxes, i);
		g_autofree char *quoted = NULL;

		if (box->mailbox->has_status || box->left_out)
			continue;
		if (!imap_can_say(s->session, box->mailbox->wire)) {
			box->refused = true;
			box->words = g_strdup("its name has a line end, and "
					      "the server takes no LITERAL+");
			continue;
		}
		quoted = imap_quote(box->mailbox->wire);
		g_array_index(tags, guint, i) =
		    imap_command(s->session, "EXAMINE %s", quoted);
	}
	for (guint i = 0; i < s->boxes->len; i++) {
		struct box *box = g_ptr_array_index(s->boxes, i);
		guint tag = g_array_index(tags, guint, i);
		g_autofree char *words = NULL;
		enum imap_result result;
		enum status st;

		if (tag == 0)
			continue;
		st = imap_wait(
		    s->session, tag, learn_box, box, &result, &words, error);
		if (st < 0)
			return st;
		box->mailbox->has_status =
		    result == IMAP_OK && box->mailbox->uidvalidity;
		if (result == IMAP_OK)
			continue;
		box->refused = true;
		box->words =
		    g_strdup_printf("server refused EXAMINE: %s", words);
	}
	return ST_OK;
}
