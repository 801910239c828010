/*
 * The sections of a message: spec/migration-files.md 10, 15.1 rules 8 and 9,
 * 15.2 points 4 and 5, 15.3.
 */
#include "iff/field.h"
#include "iff/writer-private.h"

#include <string.h>

#define CHUNK	       (64 << 10) /* bytes of text encoded at a time */
#define NAME_MAX_BYTES 255	  /* of an attachment name, 15.3 */
#define HTML_MAX       (4 << 20)  /* bytes of HTML turned to text */

enum status
writer_section_out(Writer *w, const char *type, const struct blob *blob,
    const char *encoding, bool last, const char *name, const char *position,
    const char *format, GError **error)
{
	GString *line = w->value;
	enum status st;

	if (!w->opts.ext1 && blob->len > WRITER_PLAIN_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "a part of %" G_GINT64_FORMAT " bytes does not fit the "
		    "plain profile; use profile=ext1",
		    blob->len);
	g_string_printf(line, "%s,%" G_GINT64_FORMAT ",", type, blob->len);
	field_put(line, encoding);
	g_string_append(line, last ? ",TRUE," : ",FALSE,");
	field_put(line, name);
	g_string_append_printf(line, ",%s,%s\r\n", position, format);
	g_string_truncate(w->bytes, 0);
	w->losses.characters += (gint64)codepage_encode(
	    w->opts.page, line->str, line->len, true, NULL, w->bytes);
	st = out_write(w->sec, w->bytes->str, w->bytes->len, error);
	if (st == ST_OK)
		st = out_blob(w->sec, blob, error);
	if (st == ST_OK)
		st = out_write(w->sec, "\r\n", 2, error);
	return st;
}

/* UTF-8 text into w->text in the set's code page. */
static enum status
encode_text(Writer *w, const struct blob *text, GError **error)
{
	g_autofree guint8 *scratch = g_malloc(CHUNK);
	g_autoptr(GString) pending = g_string_new(NULL);
	const guint8 *data;
	gsize len, used;
	gint64 at = 0;
	enum status st;

	spool_reset(w->text);
	while ((st = blob_next(
		    text, &at, scratch, CHUNK, &data, &len, error)) == ST_OK) {
		g_string_append_len(pending, (const char *)data, (gssize)len);
		g_string_truncate(w->bytes, 0);
		w->losses.characters +=
		    (gint64)codepage_encode(w->opts.page, pending->str,
			pending->len, at >= text->len, &used, w->bytes);
		g_string_erase(pending, 0, (gssize)used);
		st = spool_write(w->text, w->bytes->str, w->bytes->len, error);
		if (st < 0)
			return st;
	}
	return st < 0 ? st : ST_OK;
}

static const struct {
	const char *tag, *text;
} breaks[] = {{"br", "\r\n"}, {"/p", "\r\n\r\n"}, {"/div", "\r\n"},
    {"/tr", "\r\n"}, {"/h1", "\r\n\r\n"}, {"/h2", "\r\n\r\n"}, {"/h3", "\r\n"},
    {"li", "\r\n- "}, {"/td", " "}, {"hr", "\r\n"}};

static const struct {
	const char *name, *text;
} entities[] = {{"amp;", "&"}, {"lt;", "<"}, {"gt;", ">"}, {"quot;", "\""},
    {"nbsp;", " "}, {"apos;", "'"}};

static const char *
skip_tag(const char *p, GString *out)
{
	static const char *const silent[] = {
	    "script", "style", "head", "title"};
	const char *name = p + 1, *end;
	gsize n;

	if (g_str_has_prefix(p, "<!--")) {
		end = strstr(p + 4, "-->");
		return end ? end + 3 : p + strlen(p);
	}
	n = strspn(name, "/abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	for (guint i = 0; i < G_N_ELEMENTS(breaks); i++)
		if (strlen(breaks[i].tag) == n &&
		    g_ascii_strncasecmp(name, breaks[i].tag, n) == 0)
			g_string_append(out, breaks[i].text);
	end = strchr(p, '>');
	p = end ? end + 1 : p + strlen(p);
	for (guint i = 0; i < G_N_ELEMENTS(silent); i++) {
		gsize len = strlen(silent[i]);

		if (len != n || g_ascii_strncasecmp(name, silent[i], n) != 0)
			continue;
		for (end = strchr(p, '<'); end; end = strchr(end + 1, '<'))
			if (end[1] == '/' &&
			    g_ascii_strncasecmp(end + 2, silent[i], len) == 0)
				return end;
		return p + strlen(p);
	}
	return p;
}

/* The text of HTML, roughly: the original is attached beside it (15.3). */
static void
html_to_text(const char *p, GString *out)
{
	bool space = true;

	while (*p) {
		if (*p == '<' &&
		    (g_ascii_isalpha(p[1]) || p[1] == '/' || p[1] == '!')) {
			gsize before = out->len;

			p = skip_tag(p, out);
			space = space || out->len > before;
			continue;
		}
		if (g_ascii_isspace(*p)) {
			if (!space)
				g_string_append_c(out, ' ');
			space = true;
			p++;
			continue;
		}
		space = false;
		if (*p == '&') {
			guint i;

			for (i = 0; i < G_N_ELEMENTS(entities); i++)
				if (g_str_has_prefix(p + 1, entities[i].name))
					break;
			if (i < G_N_ELEMENTS(entities)) {
				g_string_append(out, entities[i].text);
				p += 1 + strlen(entities[i].name);
				continue;
			}
			if (p[1] == '#') {
				char *end;
				bool hex = (p[2] | 0x20) == 'x';
				guint64 c = g_ascii_strtoull(
				    p + 2 + hex, &end, hex ? 16 : 10);

				if (*end == ';' && c >= 0x20 && c < 0x110000 &&
				    g_unichar_validate((gunichar)c)) {
					g_string_append_unichar(
					    out, (gunichar)c);
					p = end + 1;
					continue;
				}
			}
		}
		g_string_append_c(out, *p++);
	}
}

/* The text a plain body gets when there is only HTML. */
static enum status
text_from_html(Writer *w, const struct part *part, GString *out, GError **error)
{
	gsize len = (gsize)MIN(part->blob.len, HTML_MAX), got = 0, n;
	g_autofree char *html = g_malloc(len + 1);
	g_autofree char *utf8 = NULL;
	enum status st =
	    len ? blob_read(&part->blob, 0, html, len, &got, error) : ST_OK;

	if (st < 0)
		return st;
	html[got] = '\0';
	if (part->charset)
		utf8 = g_convert_with_fallback(html, (gssize)got, "UTF-8",
		    part->charset, "?", NULL, &n, NULL);
	if (utf8 == NULL)
		utf8 = g_utf8_make_valid(html, (gssize)got);
	html_to_text(utf8, out);
	return ST_OK;
}

static bool
is_text(const struct part *part)
{
	return part->kind == PART_TEXT || part->kind == PART_HTML ||
	       part->kind == PART_RTF;
}

/*
 * Bytes of the body, as the set's code page has it, where so many of its
 * characters end (10.2). It is encoded as encode_text() does it: characters of
 * wide pages have one byte or two, look-alikes may have several.
 */
static enum status
byte_position(Writer *w, const struct blob *text, gint64 chars, gint64 *out,
    GError **error)
{
	g_autofree guint8 *scratch = g_malloc(CHUNK);
	g_autoptr(GString) pending = g_string_new(NULL);
	const guint8 *data;
	gsize len, used, n;
	gint64 at = 0, seen = 0;
	bool over = false;
	enum status st = ST_OK;

	*out = 0;
	if (text == NULL)
		return ST_OK;
	while (!over && (st = blob_next(text, &at, scratch, CHUNK, &data, &len,
			     error)) == ST_OK) {
		for (n = 0; n < len && !over; n += !over) {
			bool begins = (data[n] & 0xC0) != 0x80;

			over = begins && seen == chars;
			seen += begins && !over;
		}
		g_string_append_len(pending, (const char *)data, (gssize)n);
		g_string_truncate(w->bytes, 0);
		codepage_encode(w->opts.page, pending->str, pending->len,
		    over || at >= text->len, &used, w->bytes);
		g_string_erase(pending, 0, (gssize)used);
		*out += (gint64)w->bytes->len;
	}
	return st < 0 ? st : ST_OK;
}

struct file_kind {
	const char *type, *encoding, *format, *fallback_name;
};

static struct file_kind
file_kind(enum part_kind kind)
{
	switch (kind) {
	case PART_DOCUMENT:
		return (struct file_kind){"Document", "", "", "document.bin"};
	case PART_SCHEDULE:
		return (struct file_kind){"Schedule", "", "", "calendar.sc2"};
	case PART_MACBINARY:
		return (struct file_kind){
		    "Attachment", "", "Macbinary", "attachment.bin"};
	case PART_MESSAGE:
		return (struct file_kind){
		    "Attachment", "EML", "", "message.eml"};
	case PART_OLE:
		return (struct file_kind){
		    "Attachment", "OLE", "", "object.ole"};
	case PART_HTML:
		return (struct file_kind){"Attachment", "", "", "BODY.HTM"};
	case PART_RTF:
		return (struct file_kind){"Attachment", "", "", "BODY.RTF"};
	case PART_TEXT:
	case PART_FILE:
		break;
	}
	return (struct file_kind){"Attachment", "", "", "attachment.bin"};
}

static char *
file_name(const struct part *part, const char *fallback)
{
	char *name =
	    g_strdup(part->name && part->name[0] && !is_text(part) ? part->name
								   : fallback);
	gsize len = strlen(name);
	const char *end;

	for (char *p = name; *p; p++)
		if ((guint8)*p < 0x20 || *p == 0x7f || strchr("\\/:", *p))
			*p = '_';
	if (len > NAME_MAX_BYTES) {
		/* Whole characters, and the extension if it is a short one. */
		g_autofree char *extension = g_strdup(strrchr(name, '.'));
		gsize keep = extension && strlen(extension) <= 10
				 ? strlen(extension)
				 : 0;

		name[NAME_MAX_BYTES - keep] = '\0';
		if (!g_utf8_validate(name, -1, &end))
			*(char *)end = '\0';
		if (keep) {
			char *whole = g_strconcat(name, extension, NULL);

			g_free(name);
			name = whole;
		}
	}
	return name;
}

static enum status
write_file(Writer *w, const struct part *part, const struct blob *text,
    bool last, GError **error)
{
	struct file_kind kind = file_kind(part->kind);
	g_autofree char *name = file_name(part, kind.fallback_name);
	g_autoptr(GString) encoding = g_string_new(NULL);
	char position[24] = "";
	gint64 bytes;
	enum status st;

	if (w->opts.ext1) {
		g_string_append(encoding, kind.encoding);
		if (part->type)
			g_string_append_printf(
			    encoding, ";type=%s", part->type);
		if (part->content_id)
			g_string_append_printf(
			    encoding, ";cid=%s", part->content_id);
		if (part->is_inline)
			g_string_append(encoding, ";inline");
		g_strdelimit(encoding->str, "\r\n", ' ');
	}
	if (part->position >= 0) {
		st = byte_position(w, text, part->position, &bytes, error);
		if (st < 0)
			return st;
		g_snprintf(
		    position, sizeof position, "%" G_GINT64_FORMAT, bytes);
	} else if (part->kind == PART_SCHEDULE)
		g_strlcpy(position, "-1", sizeof position);
	return writer_section_out(w, kind.type, &part->blob, encoding->str,
	    last, name, position, kind.format, error);
}

/* One Body for each alternative (ext1). */
static enum status
write_texts_ext1(
    Writer *w, const struct part *parts, guint n, bool more, GError **error)
{
	enum status st = ST_OK;
	guint left = 0;

	for (guint i = 0; i < n; i++)
		left += is_text(&parts[i]);
	if (left == 0) {
		struct blob none = blob_from_mem("", 0);

		return writer_section_out(
		    w, "Body", &none, "", !more, "", "", "", error);
	}
	for (guint i = 0; i < n && st == ST_OK; i++) {
		g_autofree char *encoding = NULL;

		if (!is_text(&parts[i]))
			continue;
		left--;
		encoding = parts[i].kind == PART_TEXT
			       ? g_strdup("")
			       : g_strconcat(parts[i].kind == PART_HTML ? "HTML"
									: "RTF",
				     parts[i].charset ? ";charset=" : "",
				     parts[i].charset, NULL);
		st = writer_section_out(w, "Body", &parts[i].blob, encoding,
		    left == 0 && !more, "", "", "", error);
	}
	return st;
}

/* All texts as one Body; what is not plain text is attached too (plain). */
static enum status
write_texts_plain(
    Writer *w, const struct part *parts, guint n, bool more, GError **error)
{
	g_autoptr(GString) made = NULL;
	struct blob body;
	enum status st = ST_OK;
	const struct part *text = NULL, *html = NULL;

	for (guint i = 0; i < n; i++) {
		if (parts[i].kind == PART_TEXT && text == NULL)
			text = &parts[i];
		if (parts[i].kind == PART_HTML && html == NULL)
			html = &parts[i];
	}
	body = blob_from_mem("", 0);
	if (text)
		body = text->blob;
	else if (html) {
		made = g_string_new(NULL);
		st = text_from_html(w, html, made, error);
		body = blob_from_mem(made->str, made->len);
	}
	if (st == ST_OK)
		st = encode_text(w, &body, error);
	if (st < 0)
		return st;
	body = spool_blob(w->text);
	return writer_section_out(
	    w, "Body", &body, "", !more, "", "", "", error);
}

/* Is the part a section of its own, beside the texts? */
static bool
is_file(const Writer *w, const struct part *parts, guint i)
{
	if (!is_text(&parts[i]))
		return true;
	if (w->opts.ext1)
		return false;
	if (parts[i].kind != PART_TEXT)
		return true;
	/* A second plain text has no place in the one body. */
	for (guint j = 0; j < i; j++)
		if (parts[j].kind == PART_TEXT)
			return true;
	return false;
}

enum status
writer_body(Writer *w, const struct message *message, const struct part *parts,
    guint n, const char *headers, GError **error)
{
	const struct blob *text = NULL;
	guint files = 0;
	enum status st;

	if (parts == NULL)
		return writer_section_out(
		    w, "Body", &message->raw, "MIME", true, "", "", "", error);
	for (guint i = 0; i < n; i++) {
		files += is_file(w, parts, i);
		if (text == NULL && parts[i].kind == PART_TEXT)
			text = &parts[i].blob;
	}
	files += headers != NULL;
	st = w->opts.ext1 ? write_texts_ext1(w, parts, n, files > 0, error)
			  : write_texts_plain(w, parts, n, files > 0, error);
	for (guint i = 0; i < n && st == ST_OK; i++)
		if (is_file(w, parts, i))
			st =
			    write_file(w, &parts[i], text, --files == 0, error);
	if (st == ST_OK && headers) {
		struct blob blob = blob_from_mem(headers, strlen(headers));

		st = writer_section_out(w, "Attachment", &blob, "", true,
		    "HEADERS.TXT", "", "", error);
	}
	return st;
}
