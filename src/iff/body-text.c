/*
 * The text of a body on its way into the spool: decoded from the code page or a
 * charset, its line ends made CR LF, the places of attachments counted
 * (spec/migration-files.md 3.1, 3.6, 10.2, 15.2 point 4).
 */
#include "iff/message-private.h"

#include <errno.h>
#include <string.h>

#define CHUNK (64 << 10) /* bytes of body text decoded at a time */

/* Text on its way into the spool: ends of lines become CR LF (3.6). */
static enum status
put_text(struct body *body, bool *cr, GError **error)
{
	const char *p = body->chunk->str, *end = p + body->chunk->len;
	g_autoptr(GString) out = NULL;

	if (memchr(p, '\r', body->chunk->len) == NULL &&
	    memchr(p, '\n', body->chunk->len) == NULL) {
		if (body->chunk->len > 0)
			*cr = false;
		return spool_write(body->spool, p, body->chunk->len, error);
	}
	out = g_string_sized_new(body->chunk->len + 64);
	while (p < end) {
		const char *run = p;

		while (p < end && *p != '\r' && *p != '\n')
			p++;
		g_string_append_len(out, run, p - run);
		if (p > run)
			*cr = false;
		if (p == end)
			break;
		/* A LF behind a CR belongs to it, even across chunks. */
		if (*p == '\n' && *cr)
			*cr = false;
		else {
			g_string_append(out, "\r\n");
			*cr = *p == '\r';
		}
		p++;
	}
	return spool_write(body->spool, out->str, out->len, error);
}

/* Decodes body text of one section, piece by piece, counting characters at the
 * places of attachments. */
struct decoder {
	const Codepage *page;
	GIConv conv;	  /* for a charset, or (GIConv)-1 */
	GString *pending; /* bytes of a character cut at the end of a piece */
	bool cr;
	gint64 chars; /* written so far, as the reader of the part counts */
	gsize bad;
};

static void
decode_conv(
    struct decoder *dec, const guint8 *data, gsize len, bool last, GString *out)
{
	char buf[4096];
	char *in;
	gsize left;

	g_string_append_len(dec->pending, (const char *)data, (gssize)len);
	in = dec->pending->str;
	left = dec->pending->len;
	while (left > 0) {
		char *to = buf;
		gsize room = sizeof buf, n;
		int why;

		n = g_iconv(dec->conv, &in, &left, &to, &room);
		why = n == (gsize)-1 ? errno : 0;
		g_string_append_len(out, buf, to - buf);
		if (why == 0 || why == E2BIG)
			continue;
		if (why == EINVAL && !last)
			break;
		g_string_append(out, "\xEF\xBF\xBD");
		dec->bad++;
		in++;
		left--;
	}
	g_string_erase(dec->pending, 0, (gssize)(in - dec->pending->str));
}

static enum status
decode_piece(struct body *body, struct decoder *dec, const guint8 *data,
    gsize len, bool last, GError **error)
{
	gint64 before = spool_blob(body->spool).len;
	enum status st;
	gsize used;

	g_string_truncate(body->chunk, 0);
	if (dec->conv != (GIConv)-1)
		decode_conv(dec, data, len, last, body->chunk);
	else {
		if (dec->pending->len > 0) {
			g_string_append_len(
			    dec->pending, (const char *)data, (gssize)len);
			data = (const guint8 *)dec->pending->str;
			len = dec->pending->len;
		}
		dec->bad += codepage_decode(
		    dec->page, data, len, last, true, &used, body->chunk);
		if (used < len) {
			g_autofree char *rest =
			    g_memdup2(data + used, len - used);

			g_string_truncate(dec->pending, 0);
			g_string_append_len(
			    dec->pending, rest, (gssize)(len - used));
		} else
			g_string_truncate(dec->pending, 0);
	}
	st = put_text(body, &dec->cr, error);
	if (st == ST_OK) {
		/* Characters: bytes that do not continue one, and what the
		 * line ends have grown or shrunk by. */
		gint64 grown = spool_blob(body->spool).len - before -
			       (gint64)body->chunk->len;

		for (gsize i = 0; i < body->chunk->len; i++)
			dec->chars +=
			    ((guint8)body->chunk->str[i] & 0xC0) != 0x80;
		dec->chars += grown;
	}
	return st;
}

enum status
body_text_decode(struct body *body, Set *set, struct body_text *text,
    GPtrArray *places, Diags *diags, const char *file, GError **error)
{
	struct decoder dec = {.page = set_page(set),
	    .conv = (GIConv)-1,
	    .pending = g_string_new(NULL)};
	g_autofree guint8 *scratch = g_malloc(CHUNK);
	gint64 done = 0; /* bytes of earlier sections */
	guint next = 0;	 /* in places */
	enum status st = ST_OK;

	if (text->charset)
		dec.conv = g_iconv_open("UTF-8", text->charset);
	text->at = spool_blob(body->spool).len;
	for (guint i = 0; i < body->sections->len && st >= 0; i++) {
		struct body_section *section =
		    &g_array_index(body->sections, struct body_section, i);
		gint64 at = 0;

		if (section->type != SEC_BODY ||
		    strcmp(section->encoding, text->encoding) != 0)
			continue;
		while (st >= 0 && at < section->data.len) {
			gsize want = CHUNK, len;
			const guint8 *data;

			while (places && next < places->len) {
				struct body_section *mark = places->pdata[next];

				if (mark->byte_place > done + at)
					break;
				mark->place = dec.chars;
				next++;
			}
			if (places && next < places->len)
				want = (gsize)MIN((gint64)want,
				    ((struct body_section *)places->pdata[next])
					    ->byte_place -
					done - at);
			st = blob_next(&section->data, &at, scratch, want,
			    &data, &len, error);
			if (st == ST_OK)
				st = decode_piece(
				    body, &dec, data, len, false, error);
		}
		done += section->data.len;
	}
	if (st >= 0)
		st = decode_piece(body, &dec, NULL, 0, true, error);
	for (; places && next < places->len; next++)
		((struct body_section *)places->pdata[next])->place = dec.chars;
	text->len = spool_blob(body->spool).len - text->at;
	if (dec.bad > 0)
		diags_add(diags, DIAG_SEC_UNDECODABLE, file, -1,
		    "%" G_GSIZE_FORMAT " bytes of the text are not valid in "
		    "%s %.40s",
		    dec.bad, text->charset ? "charset" : "the code page",
		    text->charset ? text->charset : "");
	if (dec.conv != (GIConv)-1)
		g_iconv_close(dec.conv);
	g_string_free(dec.pending, TRUE);
	return st;
}

enum status
body_text_copy(struct body *body, struct body_text *text, GError **error)
{
	g_autofree guint8 *scratch = g_malloc(CHUNK);
	enum status st = ST_OK;

	text->at = spool_blob(body->spool).len;
	for (guint i = 0; i < body->sections->len && st >= 0; i++) {
		const struct body_section *section =
		    &g_array_index(body->sections, struct body_section, i);
		gint64 at = 0;
		const guint8 *data;
		gsize len;

		if (section->type != SEC_BODY ||
		    strcmp(section->encoding, text->encoding) != 0)
			continue;
		while ((st = blob_next(&section->data, &at, scratch, CHUNK,
			    &data, &len, error)) == ST_OK) {
			st = spool_write(body->spool, data, len, error);
			if (st < 0)
				break;
		}
	}
	text->len = spool_blob(body->spool).len - text->at;
	return st < 0 ? st : ST_OK;
}
