#include "mime/envelope.h"

#include "mime/address.h"
#include "mime/date.h"
#include "mime/header.h"
#include "mime/text.h"

#include <string.h>

static GPtrArray *
persons_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)person_free);
}

void
envelope_init(struct envelope *envelope)
{
	memset(envelope, 0, sizeof(*envelope));
	envelope->from = persons_new();
	envelope->to = persons_new();
	envelope->cc = persons_new();
	envelope->bcc = persons_new();
	envelope->reply_to = persons_new();
}

static void
clear_values(struct envelope *envelope)
{
	g_clear_pointer(&envelope->sender, person_free);
	g_clear_pointer(&envelope->subject, g_free);
	g_clear_pointer(&envelope->message_id, g_free);
	g_clear_pointer(&envelope->content_type, g_free);
}

void
envelope_clear(struct envelope *envelope)
{
	clear_values(envelope);
	g_clear_pointer(&envelope->from, g_ptr_array_unref);
	g_clear_pointer(&envelope->to, g_ptr_array_unref);
	g_clear_pointer(&envelope->cc, g_ptr_array_unref);
	g_clear_pointer(&envelope->bcc, g_ptr_array_unref);
	g_clear_pointer(&envelope->reply_to, g_ptr_array_unref);
}

void
envelope_reset(struct envelope *envelope)
{
	clear_values(envelope);
	g_ptr_array_set_size(envelope->from, 0);
	g_ptr_array_set_size(envelope->to, 0);
	g_ptr_array_set_size(envelope->cc, 0);
	g_ptr_array_set_size(envelope->bcc, 0);
	g_ptr_array_set_size(envelope->reply_to, 0);
	memset(&envelope->sent, 0, sizeof(envelope->sent));
	envelope->priority = PRIORITY_NORMAL;
}

/* "<left@right>", spaces taken out; without brackets the first word gets
 * them (RFC 5322 3.6.4 asks for them, some mailers forget). */
static char *
message_id(const char *value, gsize len)
{
	g_autofree char *clean = mime_text_clean(value, len);
	GString *out;
	const char *p = strchr(clean, '<');
	const char *end = p ? strchr(p, '>') : NULL;

	if (!p || !end) {
		p = clean + strspn(clean, " <");
		end = p + strcspn(p, " >");
	} else {
		p++;
	}
	out = g_string_new("<");
	for (; p < end; p++)
		if (*p != ' ')
			g_string_append_c(out, *p);
	g_string_append_c(out, '>');
	if (out->len == 2) {
		g_string_free(out, TRUE);
		return NULL;
	}
	return g_string_free(out, FALSE);
}

/* "type/subtype", lower case, without parameters. */
static char *
content_type(const char *value, gsize len)
{
	gsize n = 0, slashes = 0;

	for (; n < len && value[n] > 32 && value[n] < 127 && value[n] != ';' &&
	       value[n] != '(';
	     n++)
		slashes += value[n] == '/';
	if (slashes != 1 || value[0] == '/' || value[n - 1] == '/')
		return NULL;
	return g_ascii_strdown(value, (gssize)n);
}

/* How much a field says about priority: the better known one wins. */
enum priority_rank {
	RANK_NONE,
	RANK_PRIORITY,
	RANK_X_PRIORITY,
	RANK_IMPORTANCE
};

static bool
starts(const char *value, gsize len, const char *word)
{
	return len >= strlen(word) &&
	       !g_ascii_strncasecmp(value, word, strlen(word));
}

static void
priority(struct envelope *out, int *rank, enum priority_rank mine,
    const char *value, gsize len)
{
	enum priority p = PRIORITY_NORMAL;

	if ((int)mine <= *rank || len == 0)
		return;
	/* RFC 4021 2.1.54 Importance, RFC 2156 5.3.6 Priority, and the number
	 * of X-Priority (Eudora, Outlook), 1 highest to 5 lowest */
	if (starts(value, len, "high") || starts(value, len, "urgent") ||
	    *value == '1' || *value == '2')
		p = PRIORITY_HIGH;
	else if (starts(value, len, "low") ||
		 starts(value, len, "non-urgent") || *value == '4' ||
		 *value == '5')
		p = PRIORITY_LOW;
	else if (!starts(value, len, "normal") && *value != '3')
		return;
	*rank = mine;
	out->priority = p;
}

/* Each field may stand once (RFC 5322 3.6); where it does not, the first of a
 * single value counts, and lists are joined. */
static void
take_field(struct envelope *out, int *rank, const struct header_field *f)
{
	const char *v = f->value;
	gsize n = f->value_len;

	switch (g_ascii_tolower(f->name[0])) {
	case 'b':
		if (header_is(f, "bcc"))
			address_parse(v, n, out->bcc);
		break;
	case 'c':
		if (header_is(f, "cc"))
			address_parse(v, n, out->cc);
		else if (!out->content_type && header_is(f, "content-type"))
			out->content_type = content_type(v, n);
		break;
	case 'd':
		if (!out->sent.known && header_is(f, "date"))
			date_parse(v, n, &out->sent);
		break;
	case 'f':
		if (header_is(f, "from"))
			address_parse(v, n, out->from);
		break;
	case 'i':
		if (header_is(f, "importance"))
			priority(out, rank, RANK_IMPORTANCE, v, n);
		break;
	case 'm':
		if (!out->message_id && header_is(f, "message-id"))
			out->message_id = message_id(v, n);
		break;
	case 'p':
		if (header_is(f, "priority"))
			priority(out, rank, RANK_PRIORITY, v, n);
		break;
	case 'r':
		if (header_is(f, "reply-to"))
			address_parse(v, n, out->reply_to);
		break;
	case 's':
		if (!out->subject && header_is(f, "subject")) {
			out->subject = mime_text_decode(v, n);
		} else if (!out->sender && header_is(f, "sender")) {
			g_autoptr(GPtrArray) one = persons_new();

			address_parse(v, n, one);
			if (one->len > 0)
				out->sender = g_ptr_array_steal_index(one, 0);
		}
		break;
	case 't':
		if (header_is(f, "to"))
			address_parse(v, n, out->to);
		break;
	case 'x':
		if (header_is(f, "x-priority") ||
		    header_is(f, "x-msmail-priority"))
			priority(out, rank, RANK_X_PRIORITY, v, n);
		break;
	}
}

enum status
envelope_parse(const struct blob *raw, struct envelope *out, GError **error)
{
	struct header_block block;
	struct header_field field;
	int rank = RANK_NONE;
	enum status st;
	gsize pos;

	envelope_reset(out);
	st = header_block_read(raw, ENVELOPE_HEADER_MAX, &block, error);
	if (st < 0)
		return st;
	pos = header_block_start(block.data, block.len);
	while (header_next(block.data, block.len, &pos, &field))
		take_field(out, &rank, &field);
	header_block_clear(&block);
	return ST_OK;
}
