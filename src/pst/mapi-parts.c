#include "pst/mapi-parts.h"

#include "mime/header.h"
#include "pst/format.h"

#include <string.h>

#define TAG(id, type) ((guint32)(id) << 16 | (type))
#define TEXT(id)      TAG(id, PST_T_UNICODE)
#define INT(id)	      TAG(id, PST_T_INT32)
#define BOOL(id)      TAG(id, PST_T_BOOL)
#define BINARY(id)    TAG(id, PST_T_BINARY)

#define UTF8_PAGE	65001
#define NAME_UNITS	255	   /* UTF-16 units of a file name */
#define NAME_BYTES	200	   /* UTF-8 of a name made from a subject */
#define HTML_LOOKED	(4 << 20)  /* bytes of HTML searched for its pictures */
#define CONVERT_MAX	(64 << 20) /* bytes of HTML converted in memory */
#define REPORT_LOOKED	65536	   /* bytes of a report's part */
#define HEADERS_MAX	(1 << 20)
#define SMART_NO_ATTACH 0x8514 /* PidLidSmartNoAttach */

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
static const struct part *
first_html(const struct pst_parts_context *c)
{
	for (guint i = 0; i < c->n_parts; i++)
		if (c->parts[i].kind == PART_HTML)
			return &c->parts[i];
	return NULL;
}

static bool
is_body(const struct pst_parts_context *c, const struct part *part)
{
	return part->kind == PART_TEXT ||
	       (part->kind == PART_HTML && same_charset(part, first_html(c)));
}

static GArray *
body_blobs(const struct pst_parts_context *c, enum part_kind kind)
{
	GArray *blobs = g_array_new(FALSE, FALSE, sizeof(struct blob));

	for (guint i = 0; i < c->n_parts; i++)
		if (c->parts[i].kind == kind && is_body(c, &c->parts[i]))
			g_array_append_val(blobs, c->parts[i].blob);
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
static char *
in_memory(const GArray *blobs, gsize max, gsize *len)
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
convert_html(
    PstBag *bag, const GArray *html, const char *charset, GError **error)
{
	gsize len, written;
	g_autofree char *text = in_memory(html, CONVERT_MAX, &len);
	g_autofree char *out = g_convert_with_fallback(
	    text, (gssize)len, "UTF-8", charset, "?", NULL, &written, NULL);

	if (out == NULL) {
		/* Nobody knows it: as Windows-1252, like everybody. */
		out = g_convert_with_fallback(text, (gssize)len, "UTF-8",
		    "WINDOWS-1252", "?", NULL, &written, NULL);
		if (out == NULL) {
			out = g_utf8_make_valid(text, (gssize)len);
			written = strlen(out);
		}
	}
	return pst_bag_bytes(bag, BINARY(PST_P_HTML), out, written, error);
}

static enum status
put_bodies(struct pst_parts_context *c, GError **error)
{
	PstBag *bag = pst_writer_bag(c->writer);
	g_autoptr(GArray) text = body_blobs(c, PART_TEXT);
	g_autoptr(GArray) html = NULL;
	const struct part *first = first_html(c);
	guint page = UTF8_PAGE;
	enum status st = ST_OK;

	if (!is_empty(text))
		st = pst_bag_text_blobs(bag, TEXT(PST_P_BODY),
		    (struct blob *)text->data, text->len, error);
	if (first)
		html = body_blobs(c, PART_HTML);
	if (html && !is_empty(html) && st == ST_OK) {
		page = pst_codepage(first->charset);
		if (page != 0) {
			st = pst_bag_bytes_blobs(bag, BINARY(PST_P_HTML),
			    (struct blob *)html->data, html->len, error);
		} else {
			st = convert_html(bag, html, first->charset, error);
			page = UTF8_PAGE;
		}
	}
	pst_bag_int(bag, INT(PST_P_INTERNET_CODEPAGE), page);
	return st;
}

/* Pictures that the HTML shows; text is NULL when there is none. */
static bool
is_shown(const struct part *part, const char *html, gsize len)
{
	gsize n;

	if (html == NULL || part->content_id == NULL ||
	    *part->content_id == '\0')
		return false;
	n = strlen(part->content_id);
	for (const char *p = html;
	     (p = memmem(p, len - (gsize)(p - html), "cid:", 4)) != NULL;) {
		p += 4;
		if (len - (gsize)(p - html) >= n &&
		    g_ascii_strncasecmp(p, part->content_id, n) == 0)
			return true;
	}
	return false;
}

static const char *
extension_of_type(const char *type)
{
	static const struct {
		const char *type, *extension;
	} types[] = {
	    {"text/plain", ".txt"},
	    {"text/html", ".html"},
	    {"text/calendar", ".ics"},
	    {"text/vcard", ".vcf"},
	    {"text/x-vcard", ".vcf"},
	    {"text/csv", ".csv"},
	    {"text/rtf", ".rtf"},
	    {"application/rtf", ".rtf"},
	    {"application/pdf", ".pdf"},
	    {"application/zip", ".zip"},
	    {"application/ms-tnef", ".dat"},
	    {"application/pgp-signature", ".asc"},
	    {"application/pkcs7-signature", ".p7s"},
	    {"message/rfc822", ".eml"},
	    {"image/png", ".png"},
	    {"image/jpeg", ".jpg"},
	    {"image/gif", ".gif"},
	    {"image/svg+xml", ".svg"},
	    {"audio/mpeg", ".mp3"},
	    {"video/mp4", ".mp4"},
	};

	for (guint i = 0; type && i < G_N_ELEMENTS(types); i++)
		if (g_ascii_strcasecmp(type, types[i].type) == 0)
			return types[i].extension;
	return ".bin";
}

static const char *
type_of(const struct part *part)
{
	if (part->type)
		return part->type;
	switch (part->kind) {
	case PART_TEXT:
		return "text/plain";
	case PART_HTML:
		return "text/html";
	case PART_RTF:
		return "application/rtf";
	case PART_MESSAGE:
		return "message/rfc822";
	case PART_MACBINARY:
		return "application/macbinary";
	case PART_FILE:
	case PART_OLE:
	case PART_DOCUMENT:
	case PART_SCHEDULE:
		break;
	}
	return "application/octet-stream";
}

/* A file name cut to what fits, its extension kept. */
static char *
cut_name(const char *name)
{
	const char *dot = strrchr(name, '.');
	gsize ext = dot ? strlen(dot) : 0;
	gsize len = strlen(name);

	if (g_utf8_strlen(name, -1) <= NAME_UNITS / 2 || len < 250)
		return g_strdup(name);
	if (ext > 20)
		ext = 0;
	else
		len -= ext;
	len = MIN(len, 200);
	while (len > 0 && (name[len] & 0xc0) == 0x80)
		len--;
	return g_strdup_printf("%.*s%s", (int)len, name, ext ? dot : "");
}

static enum status
put_name(PstBag *bag, const char *name, GError **error)
{
	g_autofree char *cut = cut_name(name);
	const char *dot = strrchr(cut, '.');
	static const guint ids[] = {PST_P_ATTACH_FILENAME,
	    PST_P_ATTACH_LONG_FILENAME, PST_P_DISPLAY_NAME};
	enum status st = ST_OK;

	for (guint i = 0; i < G_N_ELEMENTS(ids) && st == ST_OK; i++)
		st =
		    pst_bag_text(bag, TEXT(ids[i]), cut, -1, NAME_UNITS, error);
	if (dot && dot != cut && strlen(dot) < 20 && st == ST_OK)
		st = pst_bag_text(
		    bag, TEXT(PST_P_ATTACH_EXTENSION), dot, -1, 0, error);
	return st;
}

static enum status
put_file(struct pst_parts_context *c, const struct part *part, guint number,
    bool shown, GError **error)
{
	g_autofree char *made = NULL;
	const char *name = part->name, *type = type_of(part);
	PstBag *bag;
	enum status st = pst_writer_attachment(c->writer, error);

	if (st < 0)
		return st;
	bag = pst_writer_bag(c->writer);
	if (name == NULL || *name == '\0')
		name = made = g_strdup_printf(
		    "attachment-%u%s", number, extension_of_type(type));
	st = put_name(bag, name, error);
	if (st == ST_OK)
		st = pst_bag_text(
		    bag, TEXT(PST_P_ATTACH_MIME), type, -1, 0, error);
	if (part->content_id && st == ST_OK)
		st = pst_bag_text(bag, TEXT(PST_P_ATTACH_CONTENT_ID),
		    part->content_id, -1, 0, error);
	pst_bag_int(bag, INT(PST_P_ATTACH_FLAGS), shown ? 4 : 0);
	pst_bag_int(bag, BOOL(PST_P_ATTACH_HIDDEN), shown);
	if (st == ST_OK)
		st = pst_bag_bytes_blobs(
		    bag, BINARY(PST_P_ATTACH_DATA), &part->blob, 1, error);
	if (st == ST_OK)
		st = pst_writer_attachment_end(c->writer, error);
	return st;
}

/* A message within the message, as an object of its own. */
static enum status
put_message(struct pst_parts_context *c, const struct part *part, guint number,
    GError **error)
{
	struct envelope e;
	g_autofree char *name = NULL;
	enum status st;

	/* Deeper than the format's readers go: as a file. */
	if (pst_writer_depth(c->writer) / 2 + 1 >= PST_WRITER_DEPTH_MAX)
		return put_file(c, part, number, false, error);
	envelope_init(&e);
	st = envelope_parse(&part->blob, &e, error);
	if (st == ST_OK)
		st = pst_writer_attachment(c->writer, error);
	if (st == ST_OK) {
		name =
		    g_strdup(e.subject && *e.subject ? e.subject : "message");
		if (strlen(name) > NAME_BYTES)
			*g_utf8_find_prev_char(name, name + NAME_BYTES) = '\0';
		st = put_name(pst_writer_bag(c->writer), name, error);
	}
	if (st == ST_OK)
		st = pst_writer_embedded(c->writer, error);
	if (st == ST_OK)
		st = c->embed(c, &part->blob, error);
	if (st == ST_OK)
		st = pst_writer_embedded_end(c->writer, error);
	if (st == ST_OK)
		st = pst_writer_attachment_end(c->writer, error);
	envelope_clear(&e);
	return st;
}

static enum status
put_attachments(struct pst_parts_context *c, GError **error)
{
	static const guint8 common[16] = {
	    0x08, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
	g_autofree char *html = NULL;
	gsize html_len = 0;
	guint n = 0, n_shown = 0, id;
	enum status st = ST_OK;

	if (first_html(c)) {
		g_autoptr(GArray) blobs = body_blobs(c, PART_HTML);

		html = in_memory(blobs, HTML_LOOKED, &html_len);
	}
	for (guint i = 0; i < c->n_parts && st == ST_OK; i++) {
		const struct part *part = &c->parts[i];
		bool shown;

		if (is_body(c, part))
			continue;
		n++;
		if (part->kind == PART_MESSAGE) {
			st = put_message(c, part, n, error);
			continue;
		}
		shown = is_shown(part, html, html_len);
		n_shown += shown;
		st = put_file(c, part, n, shown, error);
	}
	/* Pictures of the text alone are no reason for a paper clip. */
	if (n > 0 && n == n_shown && st == ST_OK) {
		id = pst_writer_name(c->writer, common, SMART_NO_ATTACH, NULL);
		if (id)
			pst_bag_int(
			    pst_writer_bag(c->writer), TAG(id, PST_T_BOOL), 1);
	}
	return st;
}

/* Signed mail is kept whole, with the fields that say what it is: its signature
 * is over these very bytes. */
static enum status
put_signed(struct pst_parts_context *c, GError **error)
{
	struct header_block block = {0};
	struct header_field f;
	g_autoptr(GString) fields = g_string_new(NULL);
	struct blob blobs[2];
	PstBag *bag;
	gsize pos;
	enum status st = header_block_read(&c->raw, HEADERS_MAX, &block, error);

	if (st < 0)
		return st;
	pos = header_block_start(block.data, block.len);
	while (header_next(block.data, block.len, &pos, &f))
		if (f.name_len > 8 &&
		    g_ascii_strncasecmp(f.name, "content-", 8) == 0)
			g_string_append_len(fields, f.raw, (gssize)f.raw_len);
	g_string_append(fields, "\r\n");
	blobs[0] = blob_from_mem(fields->str, fields->len);
	blobs[1] = blob_range(&c->raw, (gint64)pos, c->raw.len);
	st = pst_writer_attachment(c->writer, error);
	if (st == ST_OK) {
		bag = pst_writer_bag(c->writer);
		st = put_name(bag, "smime.p7m", error);
		if (st == ST_OK)
			st = pst_bag_text(bag, TEXT(PST_P_ATTACH_MIME),
			    "multipart/signed", -1, 0, error);
		if (st == ST_OK)
			st = pst_bag_bytes_blobs(
			    bag, BINARY(PST_P_ATTACH_DATA), blobs, 2, error);
		if (st == ST_OK)
			st = pst_writer_attachment_end(c->writer, error);
	}
	header_block_clear(&block);
	return st;
}

/* Does the part of a report say so? text in lower case. */
static bool
report_says(
    const struct pst_parts_context *c, const char *type, const char *text)
{
	for (guint i = 0; i < c->n_parts; i++) {
		g_autoptr(GArray) one = NULL;
		g_autofree char *said = NULL;
		g_autofree char *lower = NULL;
		gsize len;

		if (g_strcmp0(c->parts[i].type, type) != 0)
			continue;
		one = g_array_new(FALSE, FALSE, sizeof(struct blob));
		g_array_append_val(one, c->parts[i].blob);
		said = in_memory(one, REPORT_LOOKED, &len);
		lower = g_ascii_strdown(said, -1);
		if (strstr(lower, text))
			return true;
	}
	return false;
}

static bool
has(const char *field, const char *word)
{
	g_autofree char *lower = g_ascii_strdown(field, -1);

	return strstr(lower, word) != NULL;
}

/* spec/pst.md 13.6 */
static const char *
class_of(const struct pst_parts_context *c)
{
	const char *type = c->content_type ? c->content_type : "";

	if (c->class && g_ascii_strncasecmp(c->class, "IPM.", 4) == 0)
		return c->class;
	if (g_ascii_strncasecmp(type, "multipart/signed", 16) == 0 &&
	    has(type, "pkcs7-signature"))
		return "IPM.Note.SMIME.MultipartSigned";
	if (g_ascii_strncasecmp(type, "application/pkcs7-mime", 22) == 0 ||
	    g_ascii_strncasecmp(type, "application/x-pkcs7-mime", 24) == 0)
		return "IPM.Note.SMIME";
	if (g_ascii_strncasecmp(type, "multipart/report", 16) != 0)
		return "IPM.Note";
	if (has(type, "delivery-status")) {
		static const char status[] = "message/delivery-status";

		if (report_says(c, status, "action: failed"))
			return "REPORT.IPM.Note.NDR";
		if (report_says(c, status, "action: delayed"))
			return "REPORT.IPM.Note.Delayed";
		if (report_says(c, status, "action: delivered"))
			return "REPORT.IPM.Note.DR";
	}
	if (has(type, "disposition-notification")) {
		static const char receipt[] =
		    "message/disposition-notification";

		if (report_says(c, receipt, "displayed"))
			return "REPORT.IPM.Note.IPNRN";
		if (report_says(c, receipt, "deleted"))
			return "REPORT.IPM.Note.IPNNRN";
	}
	return "IPM.Note";
}

enum status
pst_parts_write(struct pst_parts_context *c, GError **error)
{
	const char *class = class_of(c);
	enum status st = pst_bag_text(pst_writer_bag(c->writer),
	    TEXT(PST_P_MESSAGE_CLASS), class, -1, NAME_UNITS, error);

	if (st == ST_OK)
		st = put_bodies(c, error);
	if (st < 0)
		return st;
	if (strcmp(class, "IPM.Note.SMIME.MultipartSigned") == 0 &&
	    c->raw.len > 0)
		return put_signed(c, error);
	return put_attachments(c, error);
}
