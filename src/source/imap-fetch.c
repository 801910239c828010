#include "source/imap-private.h"

#include <string.h>

#define KEYWORD_MAX 1024  /* octets of one flag */
#define FLAGS_MAX   10000 /* per message */

void
source_imap_fetched_init(struct fetched *f)
{
	memset(f, 0, sizeof(*f));
	f->keywords = g_ptr_array_new();
	f->chunk = g_string_chunk_new(1024);
}

void
source_imap_fetched_clear(struct fetched *f)
{
	if (f->keywords)
		g_ptr_array_unref(f->keywords);
	if (f->chunk)
		g_string_chunk_free(f->chunk);
	memset(f, 0, sizeof(*f));
}

static void
take_flag(struct fetched *f, const struct imap_token *t)
{
	static const struct {
		const char *name;
		guint32 flag;
	} table[] = {
	    {"\\Seen", MESSAGE_SEEN},
	    {"\\Answered", MESSAGE_ANSWERED},
	    {"\\Flagged", MESSAGE_FLAGGED},
	    {"\\Deleted", MESSAGE_DELETED},
	    {"\\Draft", MESSAGE_DRAFT},
	};
	const char *text = (const char *)t->blob.mem;
	gsize len = (gsize)t->blob.len;

	if (len == 0 || len > KEYWORD_MAX || memchr(text, 0, len) ||
	    t->kind == IMAP_LITERAL)
		return;
	for (guint i = 0; text[0] == '\\' && i < G_N_ELEMENTS(table); i++)
		if (strlen(table[i].name) == len &&
		    g_ascii_strncasecmp(text, table[i].name, len) == 0)
			f->flags |= table[i].flag;
	/* \Recent is the session's, others the server's own: neither can be
	 * set anywhere (RFC 9051 2.3.2). */
	if (text[0] == '\\' || f->keywords->len >= FLAGS_MAX)
		return;
	if (g_utf8_validate(text, (gssize)len, NULL)) {
		g_ptr_array_add(f->keywords,
		    g_string_chunk_insert_len(f->chunk, text, (gssize)len));
	} else {
		g_autofree char *valid = g_utf8_make_valid(text, (gssize)len);

		g_ptr_array_add(
		    f->keywords, g_string_chunk_insert(f->chunk, valid));
	}
}

static int
by_octets(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
take_flags(struct fetched *f, const struct imap_token *t, guint n)
{
	guint kept = 0;

	f->has_flags = true;
	for (guint i = 0; i < n; i++)
		if (t[i].kind == IMAP_ATOM || t[i].kind == IMAP_NIL ||
		    t[i].kind == IMAP_STRING)
			take_flag(f, &t[i]);
	g_ptr_array_sort(f->keywords, by_octets);
	for (guint i = 0; i < f->keywords->len; i++)
		if (kept == 0 || strcmp(f->keywords->pdata[kept - 1],
				     f->keywords->pdata[i]) != 0)
			f->keywords->pdata[kept++] = f->keywords->pdata[i];
	g_ptr_array_set_size(f->keywords, (int)kept);
}

static bool
is_body(const struct imap_token *t)
{
	/* "BODY[]", and what servers have made of it: "BODY[]<0>". */
	return t->kind == IMAP_ATOM && t->blob.len >= 6 &&
	       g_ascii_strncasecmp((const char *)t->blob.mem, "BODY[]", 6) == 0;
}

/* One item: its name at t[0], its value from t[1] to t[n - 1]. */
static void
take_item(struct fetched *f, const struct imap_token *t, guint n)
{
	const struct imap_token *value = &t[1];
	guint64 number;

	if (imap_token_is(&t[0], "UID")) {
		if (imap_token_number(value, &number) && number <= G_MAXUINT32)
			f->uid = (guint32)number;
	} else if (imap_token_is(&t[0], "FLAGS")) {
		if (value->kind == IMAP_OPEN)
			take_flags(f, value + 1, n - 3);
	} else if (imap_token_is(&t[0], "INTERNALDATE")) {
		if (value->kind == IMAP_STRING)
			stamp_from_imap((const char *)value->blob.mem,
			    (gsize)value->blob.len, &f->received);
	} else if (imap_token_is(&t[0], "RFC822.SIZE")) {
		if (imap_token_number(value, &number) && number <= G_MAXINT64)
			f->size = (gint64)number;
	} else if (is_body(&t[0])) {
		/* NIL: the server has lost it. */
		if (value->kind == IMAP_LITERAL || value->kind == IMAP_STRING) {
			f->has_body = true;
			f->body = value->blob;
		}
	}
}

enum status
source_imap_fetched_read(
    struct fetched *f, const struct imap_reply *reply, GError **error)
{
	const struct imap_token *t = reply->tokens;
	guint n = reply->n_tokens, i = 1;

	f->uid = 0;
	f->has_flags = f->has_body = false;
	f->flags = 0;
	f->size = -1;
	memset(&f->received, 0, sizeof(f->received));
	g_ptr_array_set_size(f->keywords, 0);
	g_string_chunk_clear(f->chunk);
	if (n < 2 || t[0].kind != IMAP_OPEN)
		goto bad;
	while (i < n && t[i].kind != IMAP_CLOSE) {
		guint from = i++, depth = 0;

		if (i >= n || t[from].kind != IMAP_ATOM)
			goto bad;
		do {
			if (t[i].kind == IMAP_OPEN)
				depth++;
			else if (t[i].kind == IMAP_CLOSE && depth-- == 0)
				goto bad;
			i++;
		} while (depth && i < n);
		take_item(f, t + from, i - from);
	}
	return ST_OK;
bad:
	return fail(ST_LINK, error, ERR_PROTOCOL, RETRY_NOW,
	    "the server's FETCH answer cannot be understood");
}
