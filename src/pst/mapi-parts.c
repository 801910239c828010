#include "pst/mapi-parts.h"

#include "mime/header.h"
#include "pst/kept.h"
#include "pst/mapi-from-calendar.h"
#include "pst/mapi-from-tnef.h"
#include "pst/mapi-from-vcard.h"

#include <string.h>

#define NAME_BYTES    200	/* UTF-8 of a name made from a subject */
#define HTML_LOOKED   (4 << 20) /* bytes of HTML searched for its pictures */
#define REPORT_LOOKED 65536	/* bytes of a report's part */
#define HEADERS_MAX   (1 << 20)
#define ITEM_LOOKED                                                            \
	(16 << 20)	       /* bytes of a calendar or a card that are read  \
				*/
#define SMART_NO_ATTACH 0x8514 /* PidLidSmartNoAttach */

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

	if (g_utf8_strlen(name, -1) <= PST_MAPI_NAME_UNITS / 2 || len < 250)
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

enum status
pst_parts_name(PstBag *bag, const char *name, GError **error)
{
	g_autofree char *cut = cut_name(name);
	const char *dot = strrchr(cut, '.');
	static const guint ids[] = {PST_P_ATTACH_FILENAME,
	    PST_P_ATTACH_LONG_FILENAME, PST_P_DISPLAY_NAME};
	enum status st = ST_OK;

	for (guint i = 0; i < G_N_ELEMENTS(ids) && st == ST_OK; i++)
		st = pst_bag_text(
		    bag, TEXT(ids[i]), cut, -1, PST_MAPI_NAME_UNITS, error);
	if (dot && dot != cut && strlen(dot) < 20 && st == ST_OK)
		st = pst_bag_text(
		    bag, TEXT(PST_P_ATTACH_EXTENSION), dot, -1, 0, error);
	return st;
}

enum status
pst_parts_file(struct pst_parts_context *c, const struct part *part,
    guint number, bool shown, bool hidden, GError **error)
{
	PstWriter *w = c->mapi->w;
	g_autofree char *made = NULL;
	const char *name = part->name, *type = type_of(part);
	PstBag *bag;
	enum status st = pst_writer_attachment(w, error);

	if (st < 0)
		return st;
	bag = pst_writer_bag(w);
	if (name == NULL || *name == '\0')
		name = made = g_strdup_printf(
		    "attachment-%u%s", number, extension_of_type(type));
	st = pst_parts_name(bag, name, error);
	if (st == ST_OK)
		st = pst_bag_text(
		    bag, TEXT(PST_P_ATTACH_MIME), type, -1, 0, error);
	/* PidTagTextAttachmentCharset: the bytes stay as they are. */
	if (st == ST_OK && g_ascii_strncasecmp(type, "text/", 5) == 0 &&
	    (part->charset || part->kind == PART_TEXT))
		st = pst_bag_text(bag, TEXT(PST_P_ATTACH_TEXT_CHARSET),
		    part->charset ? part->charset : "utf-8", -1,
		    PST_MAPI_NAME_UNITS, error);
	if (part->content_id && st == ST_OK)
		st = pst_bag_text(bag, TEXT(PST_P_ATTACH_CONTENT_ID),
		    part->content_id, -1, 0, error);
	if (part == c->kept && st == ST_OK)
		st = pst_bag_text(bag, TEXT(PST_P_ATTACH_CONTENT_LOCATION),
		    PST_KEPT_LOCATION, -1, 0, error);
	pst_bag_int(bag, INT(PST_P_ATTACH_FLAGS), shown ? 4 : 0);
	pst_bag_int(bag, BOOL(PST_P_ATTACH_HIDDEN), shown || hidden);
	if (st == ST_OK)
		st = pst_bag_bytes_blobs(
		    bag, BINARY(PST_P_ATTACH_DATA), &part->blob, 1, error);
	if (st == ST_OK)
		st = pst_writer_attachment_end(w, error);
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
	if (pst_writer_depth(c->mapi->w) / 2 + 1 >= PST_WRITER_DEPTH_MAX) {
		pst_mapi_remark(c->mapi, "PST_TOO_DEEP",
		    "messages within messages, more than %d deep: the inner "
		    "ones are a file",
		    PST_WRITER_DEPTH_MAX);
		return pst_parts_file(c, part, number, false, false, error);
	}
	envelope_init(&e);
	st = envelope_parse(&part->blob, &e, error);
	if (st == ST_OK)
		st = pst_writer_attachment(c->mapi->w, error);
	if (st == ST_OK) {
		name =
		    g_strdup(e.subject && *e.subject ? e.subject : "message");
		if (strlen(name) > NAME_BYTES)
			*g_utf8_find_prev_char(name, name + NAME_BYTES) = '\0';
		st = pst_parts_name(pst_writer_bag(c->mapi->w), name, error);
	}
	if (st == ST_OK)
		st = pst_writer_embedded(c->mapi->w, error);
	if (st == ST_OK)
		st = pst_mapi_inner(c->mapi, &part->blob, error);
	if (st == ST_OK)
		st = pst_writer_embedded_end(c->mapi->w, error);
	if (st == ST_OK)
		st = pst_writer_attachment_end(c->mapi->w, error);
	envelope_clear(&e);
	return st;
}

/* Parts of the message that are more than attachments. */
struct items {
	const struct part *tnef_part, *item_part;
	Tnef *tnef;	  /* unpacked, or NULL: kept as a file */
	bool item_hidden; /* what it says is said by properties, and hidden */
	bool item_gone;	  /* ... and nothing else is in it */
};

static enum status
put_attachments(
    struct pst_parts_context *c, const struct items *items, GError **error)
{
	g_autofree char *html = NULL;
	gsize html_len = 0;
	guint n = 0, n_shown = 0;
	enum status st = ST_OK;

	if (pst_parts_html(c)) {
		g_autoptr(GArray) blobs = pst_parts_body(c, PART_HTML);

		html = pst_parts_text(blobs, HTML_LOOKED, &html_len);
	}
	for (guint i = 0; i < c->n_parts && st == ST_OK; i++) {
		const struct part *part = &c->parts[i];
		bool shown, hidden = false;

		if (pst_parts_is_body(c, part) ||
		    (part == items->tnef_part && items->tnef) ||
		    (part == items->item_part && items->item_gone))
			continue;
		n++;
		if (part->kind == PART_MESSAGE) {
			st = put_message(c, part, n, error);
			continue;
		}
		shown = is_shown(part, html, html_len);
		if (part == items->item_part)
			hidden = items->item_hidden;
		n_shown += shown || hidden;
		st = pst_parts_file(c, part, n, shown, hidden, error);
	}
	if (items->tnef) {
		n += items->tnef->attachments->len;
		if (st == ST_OK)
			st = pst_tnef_attachments(c, items->tnef, error);
	}
	/* Pictures of the text alone are no reason for a paper clip. */
	if (n > 0 && n == n_shown && st == ST_OK)
		pst_mapi_bool(c->mapi, pst_set_common, SMART_NO_ATTACH, true);
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
	st = pst_writer_attachment(c->mapi->w, error);
	if (st == ST_OK) {
		bag = pst_writer_bag(c->mapi->w);
		st = pst_parts_name(bag, "smime.p7m", error);
		if (st == ST_OK)
			st = pst_bag_text(bag, TEXT(PST_P_ATTACH_MIME),
			    "multipart/signed", -1, 0, error);
		if (st == ST_OK)
			st = pst_bag_bytes_blobs(
			    bag, BINARY(PST_P_ATTACH_DATA), blobs, 2, error);
		if (st == ST_OK)
			st = pst_writer_attachment_end(c->mapi->w, error);
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
		said = pst_parts_text(one, REPORT_LOOKED, &len);
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
/* IPM.Document and what the system calls such a file: [MS-OXODOC] 2.2.1. */
static char *
document_class(const struct part *part)
{
	static const struct {
		const char *extension, *class;
	} classes[] = {
	    {".doc", "Word.Document.8"},
	    {".docx", "Word.Document.12"},
	    {".xls", "Excel.Sheet.8"},
	    {".xlsx", "Excel.Sheet.12"},
	    {".ppt", "PowerPoint.Show.8"},
	    {".pptx", "PowerPoint.Show.12"},
	    {".pdf", "AcroExch.Document"},
	    {".txt", "txtfile"},
	    {".htm", "htmlfile"},
	    {".html", "htmlfile"},
	};
	const char *dot = part->name ? strrchr(part->name, '.') : NULL;

	for (guint i = 0; dot && i < G_N_ELEMENTS(classes); i++)
		if (g_ascii_strcasecmp(dot, classes[i].extension) == 0)
			return g_strconcat(
			    "IPM.Document.", classes[i].class, NULL);
	return g_strdup("IPM.Document");
}

static char *
class_of(const struct pst_parts_context *c)
{
	const char *type = c->content_type ? c->content_type : "";

	if (c->mapi->mail->class &&
	    g_ascii_strncasecmp(c->mapi->mail->class, "IPM.", 4) == 0)
		return g_strdup(c->mapi->mail->class);
	if (g_ascii_strncasecmp(type, "multipart/signed", 16) == 0 &&
	    has(type, "pkcs7-signature"))
		return g_strdup("IPM.Note.SMIME.MultipartSigned");
	if (g_ascii_strncasecmp(type, "application/pkcs7-mime", 22) == 0 ||
	    g_ascii_strncasecmp(type, "application/x-pkcs7-mime", 24) == 0)
		return g_strdup("IPM.Note.SMIME");
	/* A file of its own: spec/migration-files.md 10.4 */
	for (guint i = 0; i < c->n_parts; i++)
		if (c->parts[i].kind == PART_DOCUMENT)
			return document_class(&c->parts[i]);
	if (g_ascii_strncasecmp(type, "multipart/report", 16) != 0)
		return g_strdup("IPM.Note");
	if (has(type, "delivery-status")) {
		static const char status[] = "message/delivery-status";

		if (report_says(c, status, "action: failed"))
			return g_strdup("REPORT.IPM.Note.NDR");
		if (report_says(c, status, "action: delayed"))
			return g_strdup("REPORT.IPM.Note.Delayed");
		if (report_says(c, status, "action: delivered"))
			return g_strdup("REPORT.IPM.Note.DR");
	}
	if (has(type, "disposition-notification")) {
		static const char receipt[] =
		    "message/disposition-notification";

		if (report_says(c, receipt, "displayed"))
			return g_strdup("REPORT.IPM.Note.IPNRN");
		if (report_says(c, receipt, "deleted"))
			return g_strdup("REPORT.IPM.Note.IPNNRN");
	}
	return g_strdup("IPM.Note");
}

/* All of a part in memory; NULL when it is larger than we look at. */
static char *
part_bytes(const struct part *part, gint64 max, gsize *len)
{
	g_autoptr(GArray) one = NULL;

	if (part->blob.len > max)
		return NULL;
	one = g_array_new(FALSE, FALSE, sizeof(struct blob));
	g_array_append_val(one, part->blob);
	return pst_parts_text(one, (gsize)max, len);
}

static bool
is_type(const struct part *part, const char *const *types)
{
	for (guint i = 0; part->type && types[i]; i++)
		if (strcmp(part->type, types[i]) == 0)
			return true;
	return false;
}

/* winmail.dat: [MS-OXTNEF]. Damaged, it stays an attachment. */
static void
look_for_tnef(struct pst_parts_context *c, struct items *items)
{
	static const char *const types[] = {
	    "application/ms-tnef", "application/vnd.ms-tnef", NULL};

	for (guint i = 0; i < c->n_parts && !items->tnef; i++) {
		const struct part *part = &c->parts[i];
		g_autoptr(GError) why = NULL;
		gsize len;

		if (part->kind != PART_FILE ||
		    (!is_type(part, types) &&
			(part->name == NULL ||
			    g_ascii_strcasecmp(part->name, "winmail.dat"))))
			continue;
		g_free(c->tnef_bytes);
		c->tnef_bytes = part_bytes(part, TNEF_MAX, &len);
		if (c->tnef_bytes == NULL)
			pst_mapi_remark(c->mapi, "PST_TNEF_KEPT",
			    "winmail.dat has more than %d MiB: it is kept as "
			    "an attachment",
			    TNEF_MAX >> 20);
		else if (tnef_read(&items->tnef, (const guint8 *)c->tnef_bytes,
			     len, &why) < 0)
			pst_mapi_remark(c->mapi, "PST_TNEF_KEPT",
			    "%s: it is kept as an attachment", why->message);
		items->tnef_part = part;
	}
}

/* A calendar object or a card that makes the message an item of its own. */
static enum status
put_item(struct pst_parts_context *c, struct items *items, char **class,
    GError **error)
{
	static const char *const calendars[] = {"text/calendar", NULL};
	static const char *const cards[] = {
	    "text/vcard", "text/x-vcard", "text/directory", NULL};
	enum pst_place place = c->mapi->mail->place;
	enum pst_item_kept kept = PST_ITEM_NONE;
	enum status st = ST_OK;

	for (guint i = 0; i < c->n_parts; i++) {
		const struct part *part = &c->parts[i];
		g_autofree char *text = NULL;
		gsize len;
		bool calendar = is_type(part, calendars);

		if (!calendar &&
		    !(place == PST_PLACE_CONTACTS && is_type(part, cards)))
			continue;
		text = part_bytes(part, ITEM_LOOKED, &len);
		if (text == NULL)
			continue;
		if (calendar)
			st = pst_calendar_item(
			    c, part, text, len, class, &kept, error);
		else
			st = pst_entry_item(
			    c->mapi, text, len, class, &kept, error);
		if (kept == PST_ITEM_NONE && st == ST_OK)
			continue;
		items->item_part = part;
		c->kept = kept == PST_ITEM_VISIBLE ? part : NULL;
		items->item_hidden = kept == PST_ITEM_HIDDEN;
		items->item_gone = kept == PST_ITEM_WHOLE;
		break;
	}
	return st;
}

enum status
pst_parts_write(struct pst_parts_context *c, GError **error)
{
	g_autofree char *class = class_of(c);
	struct items items = {0};
	enum status st = pst_parts_bodies(c, error);

	if (st == ST_OK &&
	    strcmp(class, "IPM.Note.SMIME.MultipartSigned") == 0 &&
	    c->raw.len > 0) {
		st = put_signed(c, error);
	} else if (st == ST_OK) {
		look_for_tnef(c, &items);
		if (items.tnef)
			st = pst_tnef_message(c, items.tnef, &class, error);
		else
			st = put_item(c, &items, &class, error);
		if (st == ST_OK)
			st = put_attachments(c, &items, error);
	}
	pst_mapi_class(c->mapi, class);
	if (st == ST_OK)
		st = pst_bag_text(pst_writer_bag(c->mapi->w),
		    TEXT(PST_P_MESSAGE_CLASS), class, -1, PST_MAPI_NAME_UNITS,
		    error);
	tnef_free(items.tnef);
	g_clear_pointer(&c->tnef_bytes, g_free);
	return st;
}
