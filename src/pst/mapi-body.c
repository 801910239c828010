/* The texts of a message: plain, HTML, rich. */
#include "pst/mapi-parts.h"

#include "pst/rtf-write.h"

#include <string.h>

#define UTF8_PAGE   65001
#define CONVERT_MAX (64 << 20) /* bytes of HTML converted in memory */
#define RTF_MAX	    (16 << 20) /* bytes of rich text packed in memory */

guint
pst_codepage(const char *charset)
{
	static const struct {
		const char *charset;
		guint page;
	} pages[] = {
	    {"utf-8", UTF8_PAGE},
	    {"utf8", UTF8_PAGE},
	    {"us-ascii", 20127},
	    {"ascii", 20127},
	    {"iso-8859-1", 28591},
	    {"iso-8859-2", 28592},
	    {"iso-8859-3", 28593},
	    {"iso-8859-4", 28594},
	    {"iso-8859-5", 28595},
	    {"iso-8859-6", 28596},
	    {"iso-8859-7", 28597},
	    {"iso-8859-8", 28598},
	    {"iso-8859-8-i", 38598},
	    {"iso-8859-9", 28599},
	    {"iso-8859-13", 28603},
	    {"iso-8859-15", 28605},
	    {"windows-874", 874},
	    {"tis-620", 874},
	    {"windows-1250", 1250},
	    {"windows-1251", 1251},
	    {"windows-1252", 1252},
	    {"windows-1253", 1253},
	    {"windows-1254", 1254},
	    {"windows-1255", 1255},
	    {"windows-1256", 1256},
	    {"windows-1257", 1257},
	    {"windows-1258", 1258},
	    {"iso-2022-jp", 50220},
	    {"shift_jis", 932},
	    {"shift-jis", 932},
	    {"euc-jp", 51932},
	    {"euc-kr", 51949},
	    {"ks_c_5601-1987", 949},
	    {"iso-2022-kr", 50225},
	    {"gb2312", 936},
	    {"gbk", 936},
	    {"gb18030", 54936},
	    {"big5", 950},
	    {"koi8-r", 20866},
	    {"koi8-u", 21866},
	};

	if (charset == NULL)
		return UTF8_PAGE;
	for (guint i = 0; i < G_N_ELEMENTS(pages); i++)
		if (g_ascii_strcasecmp(charset, pages[i].charset) == 0)
			return pages[i].page;
	return 0;
}

static bool
same_charset(const struct part *a, const struct part *b)
{
	return g_ascii_strcasecmp(a->charset ? a->charset : "utf-8",
		   b->charset ? b->charset : "utf-8") == 0;
}

/* Which parts are shown as the message's own text. */
const struct part *
pst_parts_html(const struct pst_parts_context *c)
{
	for (guint i = 0; i < c->n_parts; i++)
		if (c->parts[i].kind == PART_HTML)
			return &c->parts[i];
	return NULL;
}

/* Rich text is a body where there is no HTML, and small enough to pack. */
static const struct part *
rich_text(const struct pst_parts_context *c)
{
	if (pst_parts_html(c))
		return NULL;
	for (guint i = 0; i < c->n_parts; i++)
		if (c->parts[i].kind == PART_RTF &&
		    c->parts[i].blob.len <= RTF_MAX && c->parts[i].blob.len > 0)
			return &c->parts[i];
	return NULL;
}

bool
pst_parts_is_body(const struct pst_parts_context *c, const struct part *part)
{
	return part->kind == PART_TEXT ||
	       (part->kind == PART_HTML &&
		   same_charset(part, pst_parts_html(c))) ||
	       (part->kind == PART_RTF && part == rich_text(c));
}

/* Does the last text stop in the middle of a line? */
static bool
is_open(const GArray *texts)
{
	const struct blob *blob;
	char last = '\n';
	gsize got;

	if (texts->len == 0)
		return false;
	blob = &g_array_index(texts, struct blob, texts->len - 1);
	blob_read(blob, blob->len - 1, &last, 1, &got, NULL);
	return last != '\n';
}

GArray *
pst_parts_body(const struct pst_parts_context *c, enum part_kind kind)
{
	GArray *blobs = g_array_new(FALSE, FALSE, sizeof(struct blob));
	struct blob eol = blob_from_mem("\r\n", 2);

	for (guint i = 0; i < c->n_parts; i++) {
		const struct part *part = &c->parts[i];

		if (part->kind != kind || part->blob.len == 0 ||
		    !pst_parts_is_body(c, part))
			continue;
		/* Each text begins a line of its own. */
		if (kind == PART_TEXT && is_open(blobs))
			g_array_append_val(blobs, eol);
		g_array_append_val(blobs, part->blob);
	}
	return blobs;
}

/* A value of no bytes is better left out: libpff complains of it. */
static bool
is_empty(const GArray *blobs)
{
	for (guint i = 0; i < blobs->len; i++)
		if (g_array_index(blobs, struct blob, i).len > 0)
			return false;
	return true;
}

/* The beginning of some blobs, in memory; NUL-terminated. */
char *
pst_parts_text(const GArray *blobs, gsize max, gsize *len)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < blobs->len && text->len < max; i++) {
		const struct blob *blob = &g_array_index(blobs, struct blob, i);
		gsize want = (gsize)MIN(blob->len, (gint64)(max - text->len));
		gsize at = text->len, got = 0;

		g_string_set_size(text, at + want);
		blob_read(blob, 0, text->str + at, want, &got, NULL);
		g_string_truncate(text, at + got);
	}
	*len = text->len;
	return g_string_free(text, FALSE);
}

/* HTML in a charset that Windows has no number for becomes UTF-8. */
static enum status
convert_html(struct pst_parts_context *c, const GArray *html,
    const char *charset, GError **error)
{
	PstBag *bag = pst_writer_bag(c->mapi->w);
	gsize len, written;
	g_autofree char *text = pst_parts_text(html, CONVERT_MAX, &len);
	g_autofree char *out = g_convert_with_fallback(
	    text, (gssize)len, "UTF-8", charset, "?", NULL, &written, NULL);

	if (out == NULL) {
		/* Nobody knows it: as Windows-1252, like everybody. */
		pst_mapi_remark(c->mapi, "PST_BAD_CHARSET",
		    "the HTML text is of charset \"%s\", or says so and is "
		    "not: taken as Windows-1252",
		    charset);
		out = g_convert_with_fallback(text, (gssize)len, "UTF-8",
		    "WINDOWS-1252", "?", NULL, &written, NULL);
		if (out == NULL) {
			out = g_utf8_make_valid(text, (gssize)len);
			written = strlen(out);
		}
	}
	return pst_bag_bytes(bag, BINARY(PST_P_HTML), out, written, error);
}

/* [MS-OXRTFCP]; PidTagRtfInSync: the text says the same. */
static enum status
put_rich_text(
    struct pst_parts_context *c, const struct part *part, GError **error)
{
	PstBag *bag = pst_writer_bag(c->mapi->w);
	g_autofree guint8 *text = g_malloc((gsize)part->blob.len);
	g_autoptr(GByteArray) packed = g_byte_array_new();
	gsize got;
	enum status st =
	    blob_read(&part->blob, 0, text, (gsize)part->blob.len, &got, error);

	if (st < 0)
		return st;
	pst_rtf_compress(packed, text, got);
	pst_bag_int(bag, BOOL(PST_P_RTF_IN_SYNC), 1);
	return pst_bag_bytes(
	    bag, BINARY(PST_P_RTF), packed->data, packed->len, error);
}

enum status
pst_parts_bodies(struct pst_parts_context *c, GError **error)
{
	PstBag *bag = pst_writer_bag(c->mapi->w);
	g_autoptr(GArray) text = pst_parts_body(c, PART_TEXT);
	g_autoptr(GArray) html = NULL;
	const struct part *first = pst_parts_html(c), *rich = rich_text(c);
	guint page = UTF8_PAGE;
	enum status st = ST_OK;

	if (!is_empty(text))
		st = pst_bag_text_blobs(bag, TEXT(PST_P_BODY),
		    (struct blob *)text->data, text->len, error);
	if (first)
		html = pst_parts_body(c, PART_HTML);
	if (html && !is_empty(html) && st == ST_OK) {
		page = pst_codepage(first->charset);
		if (page != 0) {
			st = pst_bag_bytes_blobs(bag, BINARY(PST_P_HTML),
			    (struct blob *)html->data, html->len, error);
		} else {
			st = convert_html(c, html, first->charset, error);
			page = UTF8_PAGE;
		}
	}
	if (rich && st == ST_OK)
		st = put_rich_text(c, rich, error);
	pst_bag_int(bag, INT(PST_P_INTERNET_CODEPAGE), page);
	return st;
}
