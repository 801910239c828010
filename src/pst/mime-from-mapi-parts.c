#include "pst/mime-from-mapi-private.h"

#include "pst/bytes.h"
#include "pst/format.h"
#include "pst/rtf-read.h"
#include "pst/rtf-text.h"

#include <string.h>

#define CHUNK	    8192      /* bytes read from the file at a time */
#define TEXT_LOOKED (1 << 20) /* bytes of a text whose charset is unknown */

/* Bytes into the store; for text CR LF is made of every line end. */
struct writer {
	Spool *store;
	bool lines;
	char last;
};

static enum status
put(struct writer *w, const char *p, gsize len, GError **error)
{
	GString *out;
	enum status st;

	if (!w->lines)
		return spool_write(w->store, p, len, error);
	out = g_string_sized_new(len + len / 16 + 4);
	for (gsize i = 0; i < len; i++) {
		if (p[i] == '\n' && w->last != '\r')
			g_string_append_c(out, '\r');
		else if (p[i] != '\n' && w->last == '\r')
			g_string_append_c(out, '\n');
		g_string_append_c(out, p[i]);
		w->last = p[i];
	}
	st = spool_write(w->store, out->str, out->len, error);
	g_string_free(out, TRUE);
	return st;
}

/* A value into a store, from its own form to bytes or UTF-8. ST_ITEM: what
 * could be read is there. */
static enum status
store_value(Spool *store, const struct pst_value *value, guint codepage,
    bool lines, GError **error)
{
	struct writer w = {.store = store, .lines = lines};
	guint8 buf[CHUNK];
	gsize got;
	enum status st = ST_OK;

	if (value->type == PST_T_STRING8) {
		g_autofree char *text = NULL;

		st = pst_value_text(value, codepage, &text, error);
		return st < 0 ? st : put(&w, text, strlen(text), error);
	}
	for (guint64 at = 0; at < value->len && st == ST_OK; at += got) {
		st = pst_value_read(value, at, buf, sizeof buf, &got, error);
		if (st < 0 || got == 0)
			break;
		if (value->type == PST_T_UNICODE) {
			g_autofree char *text = NULL;

			/* Both halves of a character belong together. */
			if (at + got < value->len && got > 2 &&
			    (buf[got - 1] & 0xfc) == 0xd8)
				got -= 2;
			text = pst_text_from_utf16(buf, got);
			st = put(&w, text, strlen(text), error);
		} else {
			st = put(&w, (const char *)buf, got, error);
		}
	}
	if (st == ST_OK && lines && w.last == '\r')
		st = spool_write(store, "\n", 1, error);
	return st;
}

/* A part whose bytes are those of the store from an offset on: a range, made a
 * blob when the store is complete. */
static void
add_part(PstContent *c, struct part *part, gint64 from)
{
	part->blob.off = from;
	part->blob.len = spool_blob(c->store).len - from;
	part->position = -1;
	g_array_append_val(c->out.parts, *part);
}

enum status
pst_content_made(PstContent *c, struct part *part, const char *data, gsize len,
    GError **error)
{
	gint64 from = spool_blob(c->store).len;
	enum status st = spool_write(c->store, data, len, error);

	if (st == ST_OK)
		add_part(c, part, from);
	return st;
}

static char *
charset_of(guint page)
{
	static const struct {
		guint page;
		const char *charset;
	} names[] = {
	    {874, "windows-874"},
	    {932, "shift_jis"},
	    {936, "gbk"},
	    {949, "euc-kr"},
	    {950, "big5"},
	    {20127, "us-ascii"},
	    {20866, "koi8-r"},
	    {21866, "koi8-u"},
	    {38598, "iso-8859-8-i"},
	    {50220, "iso-2022-jp"},
	    {50221, "iso-2022-jp"},
	    {50222, "iso-2022-jp"},
	    {50225, "iso-2022-kr"},
	    {51932, "euc-jp"},
	    {51949, "euc-kr"},
	    {54936, "gb18030"},
	};

	if (page == 65001)
		return NULL;
	if (page >= 1250 && page <= 1258)
		return g_strdup_printf("windows-%u", page);
	if (page > 28590 && page <= 28605)
		return g_strdup_printf("iso-8859-%u", page - 28590);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (names[i].page == page)
			return g_strdup(names[i].charset);
	return g_strdup("windows-1252");
}

static enum status
read_body(PstContent *c, const PstProps *p, guint id, enum part_kind kind,
    GError **error)
{
	const struct pst_prop *prop = pst_props_find(p, id);
	g_auto(PstValue) value = {0};
	GError *why = NULL;
	struct part part = {.kind = kind};
	gint64 from = spool_blob(c->store).len;
	enum status st;

	if (prop == NULL)
		return ST_OK;
	st = pst_props_value(p, prop, &value, &why);
	if (st == ST_OK)
		st = store_value(c->store, &value, pst_props_codepage(p),
		    kind == PART_TEXT, &why);
	if (st == ST_MAILBOX) {
		g_propagate_error(error, why);
		return st;
	}
	if (st < 0)
		pst_content_lose(
		    c, kind == PART_TEXT ? "text" : "HTML text", why);
	if (spool_blob(c->store).len == from)
		return ST_OK;
	/* Of HTML that is a string the store has UTF-8. */
	if (kind == PART_HTML && value.type == PST_T_BINARY)
		part.charset = charset_of(pst_props_int_or(
		    p, PST_P_INTERNET_CODEPAGE, pst_props_codepage(p)));
	add_part(c, &part, from);
	return ST_OK;
}

/* Rich text, where there is no HTML that says the same. */
static enum status
read_rich_text(PstContent *c, const PstProps *p, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GByteArray) rtf = NULL;
	g_autoptr(GString) text = g_string_new(NULL);
	enum pst_rtf_kind kind = PST_RTF_OWN;
	struct part part = {0};
	const guint8 *data;
	GError *why = NULL;
	gsize len;
	enum status st = ST_OK;

	if (pst_props_find(p, PST_P_RTF) == NULL ||
	    pst_props_find(p, PST_P_HTML) != NULL)
		return ST_OK;
	bytes = pst_props_bytes(p, PST_P_RTF);
	if (bytes == NULL) {
		pst_content_lose(c, "rich text", NULL);
		return ST_OK;
	}
	data = g_bytes_get_data(bytes, &len);
	if (len == 0)
		return ST_OK;
	if (pst_rtf_decompress(data, len, &rtf, &why) < 0 ||
	    (rtf->len > 0 &&
		pst_rtf_text(rtf->data, rtf->len, &kind, text, &why) < 0)) {
		pst_content_lose(c, "rich text", why);
		return ST_OK;
	}
	/* It is the HTML of the message, or its plain text once more, or text
	 * that was written in it. */
	if (kind == PST_RTF_HTML) {
		part.kind = PART_HTML;
		return pst_content_made(c, &part, text->str, text->len, error);
	}
	if (pst_props_find(p, PST_P_BODY) == NULL && text->len > 0) {
		part.kind = PART_TEXT;
		st = pst_content_made(c, &part, text->str, text->len, error);
	}
	part.kind = PART_RTF;
	if (st == ST_OK && kind == PST_RTF_OWN && rtf->len > 0)
		st = pst_content_made(
		    c, &part, (const char *)rtf->data, rtf->len, error);
	return st;
}

enum status
pst_content_bodies(PstContent *c, const PstProps *p, GError **error)
{
	enum status st = read_body(c, p, PST_P_BODY, PART_TEXT, error);

	if (st == ST_OK)
		st = read_body(c, p, PST_P_HTML, PART_HTML, error);
	if (st == ST_OK)
		st = read_rich_text(c, p, error);
	return st;
}

/* A message within the message, joined, into the store. */
static enum status
read_inner(PstContent *c, Pst *pst, PstMessage *message, struct part *part,
    GError **error)
{
	const struct pst_content *in;
	guint8 scratch[CHUNK];
	const guint8 *p;
	struct blob raw;
	gint64 at = 0, from = spool_blob(c->store).len;
	gsize len;
	enum status st;

	if (c->inner == NULL)
		c->inner = pst_content_new(c->spool_dir);
	st = pst_content_read(c->inner, pst, message, error);
	if (st < 0)
		return st;
	in = pst_content_get(c->inner);
	for (guint i = 0; i < in->lost->len; i++)
		g_ptr_array_add(c->out.lost, g_strdup(in->lost->pdata[i]));
	raw = in->raw;
	if (raw.len == 0) {
		st = part_join(&in->envelope, in->headers,
		    (const struct part *)in->parts->data, in->parts->len,
		    c->inner->whole, error);
		if (st < 0)
			return st;
		raw = spool_blob(c->inner->whole);
	}
	while ((st = blob_next(&raw, &at, scratch, sizeof scratch, &p, &len,
		    error)) == ST_OK) {
		st = spool_write(c->store, p, len, error);
		if (st < 0)
			return st;
	}
	if (st < 0)
		return st;
	part->kind = PART_MESSAGE;
	add_part(c, part, from);
	return ST_OK;
}

/* The charset of an attached text: as it was said, or UTF-8 where the bytes can
 * be nothing else. */
static char *
attached_charset(
    PstContent *c, const PstProps *p, const char *type, gint64 from)
{
	struct blob all = spool_blob(c->store);
	struct blob text = blob_range(&all, from, all.len - from);
	g_autofree char *bytes = NULL;
	char *said = pst_props_text(p, PST_P_ATTACH_TEXT_CHARSET);
	gsize got = 0;

	if (said && *said)
		return said;
	g_free(said);
	if (type == NULL || g_ascii_strncasecmp(type, "text/", 5) != 0 ||
	    text.len > TEXT_LOOKED)
		return NULL;
	bytes = g_malloc((gsize)text.len + 1);
	if (blob_read(&text, 0, bytes, (gsize)text.len, &got, NULL) < 0)
		return NULL;
	for (gsize i = 0; i < got; i++)
		if (bytes[i] & 0x80)
			return g_utf8_validate(bytes, (gssize)got, NULL)
				   ? g_strdup("utf-8")
				   : NULL;
	return NULL;
}

/* An attachment that is only a path to somewhere: [MS-OXCMSG] 2.2.2.9. What is
 * there cannot be had; where it was is kept as a text. */
static enum status
read_reference(
    PstContent *c, const PstProps *p, struct part *part, GError **error)
{
	static const guint paths[] = {0x370d, 0x3708};
	g_autofree char *path = NULL;
	g_autofree char *name = part->name ? part->name : g_strdup("link");
	g_autofree char *text = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(paths) && path == NULL; i++)
		path = pst_props_text(p, paths[i]);
	if (path == NULL)
		path = g_strdup(name);
	text = g_strdup_printf("This file is kept elsewhere: %s\r\n", path);
	part->name = g_strdup_printf("%s.txt", name);
	g_free(part->type);
	part->type = g_strdup("text/plain");
	part->charset = g_strdup("utf-8");
	g_ptr_array_add(c->out.lost,
	    g_strdup_printf("attachment %s is kept elsewhere: %s", name, path));
	return pst_content_made(c, part, text, strlen(text), error);
}

enum status
pst_content_attachment(
    PstContent *c, Pst *pst, PstAttachment *a, GError **error)
{
	const PstProps *p = pst_attachment_props(a);
	guint32 method = pst_props_int_or(p, PST_P_ATTACH_METHOD, 0);
	g_autoptr(PstMessage) inner = NULL;
	g_auto(PstValue) value = {0};
	struct part part = {.kind = PART_FILE};
	gint64 from = spool_blob(c->store).len;
	GError *why = NULL;
	enum status st;

	st = pst_attachment_message(a, &inner, &why);
	if (st == ST_OK)
		st = read_inner(c, pst, inner, &part, &why);
	if (st == ST_OK)
		return st;
	if (st == ST_END) {
		part.name = pst_props_text(p, PST_P_ATTACH_LONG_FILENAME);
		if (part.name == NULL)
			part.name = pst_props_text(p, PST_P_ATTACH_FILENAME);
		part.type = pst_props_text(p, PST_P_ATTACH_MIME);
		part.content_id = pst_props_text(p, PST_P_ATTACH_CONTENT_ID);
		part.is_inline =
		    part.content_id &&
		    (pst_props_int_or(p, PST_P_ATTACH_FLAGS, 0) & 4 ||
			pst_props_int_or(p, PST_P_ATTACH_HIDDEN, 0));
		if (method == PST_ATTACH_OLE)
			part.kind = PART_OLE;
		/* Reports and their like are lines of text, never base64:
		 * RFC 2046 5.2, RFC 3464 2.1. */
		else if (part.type &&
			 g_ascii_strncasecmp(part.type, "message/", 8) == 0)
			part.kind = PART_MESSAGE;
		st = pst_attachment_value(a, &value, &why);
		/* By reference: 2 to 4, and 7 for the web. */
		if (st == ST_END &&
		    ((method >= 2 && method <= 4) || method == 7))
			return read_reference(c, p, &part, error);
		if (st == ST_END)
			st = ST_OK;
		if (st == ST_OK)
			st = store_value(c->store, &value, 0, false, &why);
		if (part.kind == PART_FILE)
			part.charset = attached_charset(c, p, part.type, from);
		if (st != ST_MAILBOX)
			add_part(c, &part, from);
		else
			part_clear(&part);
	}
	if (st == ST_MAILBOX) {
		g_propagate_error(error, why);
		return st;
	}
	if (st < 0)
		pst_content_lose(c, "attachment", why);
	return ST_OK;
}
