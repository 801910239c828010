#include "pst/mime-from-mapi-private.h"

#include "mime/encode.h"
#include "mime/header.h"
#include "pst/calendar-read.h"
#include "pst/format.h"
#include "pst/kept.h"

#include <string.h>

#define CHUNK	    8192
#define HEADERS_MAX (16 << 20) /* bytes of a header block of our own making */

/* Property set of journal entries: [MS-OXPROPS] 1.3.2 */
static const guint8 guid_log[16] = {
    0x0a, 0x20, 0x06, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};

static enum status
copy(Spool *to, const struct blob *blob, gint64 at, GError **error)
{
	guint8 scratch[CHUNK];
	const guint8 *p;
	gsize n;
	enum status st;

	while ((st = blob_next(blob, &at, scratch, sizeof scratch, &p, &n,
		    error)) == ST_OK) {
		st = spool_write(to, p, n, error);
		if (st < 0)
			return st;
	}
	return st < 0 ? st : ST_OK;
}

/* The joined message becomes the first part of another one; fields that tell of
 * its content go with it, all others are those of the whole. */
static enum status
wrap(PstContent *c, const struct blob *joined, const char *method,
    const GString *calendar, GError **error)
{
	struct blob text = blob_from_mem(calendar->str, calendar->len);
	g_autofree char *sum = g_compute_checksum_for_string(
	    G_CHECKSUM_SHA256, calendar->str, (gssize)calendar->len);
	g_autoptr(GString) head = g_string_new(NULL);
	g_autoptr(GString) inner = g_string_new(NULL);
	struct header_block block = {0};
	struct header_field f;
	gsize pos = 0;
	enum status st = header_block_read(joined, HEADERS_MAX, &block, error);

	if (st < 0)
		return st;
	while (header_next(block.data, block.len, &pos, &f))
		g_string_append_len(
		    f.name_len > 8 &&
			    g_ascii_strncasecmp(f.name, "content-", 8) == 0
			? inner
			: head,
		    f.raw, (gssize)f.raw_len);
	header_block_clear(&block);
	g_string_append_printf(head,
	    "Content-Type: multipart/mixed;\r\n\tboundary=\"=_k%.36s\"\r\n\r\n"
	    "--=_k%.36s\r\n%s\r\n",
	    sum, sum, inner->str);
	st = spool_write(c->whole, head->str, head->len, error);
	if (st == ST_OK)
		st = copy(c->whole, joined, (gint64)pos, error);
	g_string_printf(head,
	    "\r\n--=_k%.36s\r\nContent-Type: text/calendar; charset=\"utf-8\"; "
	    "method=%s\r\nContent-Transfer-Encoding: base64\r\n\r\n",
	    sum, method);
	if (st == ST_OK)
		st = spool_write(c->whole, head->str, head->len, error);
	if (st == ST_OK)
		st = encode_blob(&text, ENCODING_BASE64, c->whole, error);
	g_string_printf(head, "\r\n--=_k%.36s--\r\n", sum);
	if (st == ST_OK)
		st = spool_write(c->whole, head->str, head->len, error);
	return st;
}

enum status
pst_content_calendar(PstContent *c, Pst *pst, PstMessage *message,
    const char **method, GString *out, bool *stored, GError **error)
{
	enum pst_calendar_kind kind = pst_calendar_kind(c->out.class, method);
	struct part part = {.kind = PART_FILE, .is_inline = true};

	*stored = false;
	if (kind == PST_CALENDAR_NONE)
		return ST_OK;
	if (!pst_calendar_read(
		pst, message, &c->out.envelope, out, c->out.lost)) {
		g_ptr_array_add(c->out.lost,
		    g_strdup("calendar item without a time: its text alone is "
			     "kept"));
		return ST_OK;
	}
	if (kind == PST_CALENDAR_MEETING)
		return ST_OK;
	*stored = true;
	part.type = g_strdup("text/calendar");
	part.charset = g_strdup("utf-8");
	return pst_content_made(c, &part, out->str, out->len, error);
}

/* Is there a line "METHOD:..." of this method? */
static bool
has_method(const char *text, const char *method)
{
	gsize n = strlen(method);

	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (g_ascii_strncasecmp(p, "METHOD:", 7) == 0)
			return g_ascii_strncasecmp(p + 7, method, n) == 0 &&
			       (p[7 + n] == '\r' || p[7 + n] == '\n');
	}
	return false;
}

static const char *const calendars[] = {"text/calendar", NULL};

bool
pst_content_calendar_stored(PstContent *c, const PstProps *item,
    const PstProps *p, enum status *st, GError **error)
{
	g_autoptr(GBytes) bytes = pst_kept_bytes(item, p, calendars);
	struct part part = {.kind = PART_FILE, .is_inline = true};
	struct part *parts;
	const char *data;
	gsize len;

	if (bytes == NULL)
		return false;
	data = g_bytes_get_data(bytes, &len);
	part.type = g_strdup(calendars[0]);
	part.charset = pst_props_text(p, PST_P_ATTACH_TEXT_CHARSET);
	if (part.charset == NULL && g_utf8_validate_len(data, len, NULL))
		part.charset = g_strdup("utf-8");
	*st = pst_content_made(c, &part, data, len, error);
	if (*st < 0)
		return true;
	/* In the place of the one that the properties gave. */
	parts = (struct part *)c->out.parts->data;
	part = parts[0];
	parts[0] = parts[c->out.parts->len - 1];
	parts[c->out.parts->len - 1] = part;
	g_array_set_size(c->out.parts, c->out.parts->len - 1);
	return true;
}

bool
pst_content_calendar_kept(const PstProps *item, const PstProps *p,
    const char *method, GString *calendar)
{
	g_autofree char *type = pst_props_text(p, PST_P_ATTACH_MIME);
	g_autofree char *charset = NULL;
	g_autofree char *text = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GBytes) kept = pst_kept_bytes(item, p, calendars);
	const char *data;
	gsize len = 0, n;

	if (type == NULL || g_ascii_strcasecmp(type, calendars[0]) != 0 ||
	    (pst_props_int_or(p, PST_P_ATTACH_HIDDEN, 0) == 0 && kept == NULL))
		return false;
	bytes = pst_props_bytes(p, PST_P_ATTACH_DATA);
	data = bytes ? g_bytes_get_data(bytes, &len) : NULL;
	if (len == 0)
		return true;
	charset = pst_props_text(p, PST_P_ATTACH_TEXT_CHARSET);
	if (g_utf8_validate_len(data, len, NULL))
		text = g_strndup(data, len);
	else if (charset && *charset)
		text = g_convert(
		    data, (gssize)len, "UTF-8", charset, NULL, &n, NULL);
	if (text && method && has_method(text, method))
		g_string_assign(calendar, text);
	return true;
}

enum status
pst_content_calendar_raw(
    PstContent *c, const char *method, const GString *calendar, GError **error)
{
	struct part *parts = (struct part *)c->out.parts->data;
	g_autoptr(Spool) joined = NULL;
	g_autofree char *class = NULL;
	struct blob blob;
	enum status st;

	if (method == NULL) {
		/* Alone it is the message itself, not an attachment of none. */
		if (c->out.parts->len == 1)
			parts[0].kind = PART_DOCUMENT;
	}
	joined = spool_new(c->spool_dir);
	st = part_join(&c->out.envelope, c->out.headers, parts,
	    c->out.parts->len, joined, error);
	blob = spool_blob(joined);
	if (st == ST_OK && method) {
		st = wrap(c, &blob, method, calendar, error);
	} else if (st == ST_OK) {
		class = g_strdup_printf("Content-Class: urn:content-classes:%s"
					"\r\n",
		    g_ascii_strncasecmp(c->out.class, "IPM.Task", 8) == 0
			? "task"
			: "appointment");
		st = spool_write(c->whole, class, strlen(class), error);
		if (st == ST_OK)
			st = copy(c->whole, &blob, 0, error);
	}
	if (st == ST_OK)
		c->out.raw = spool_blob(c->whole);
	return st;
}

/* "delivery-status": of the first part that says it. */
static const char *
report_type(const PstContent *c)
{
	static const char *const types[] = {
	    "delivery-status", "disposition-notification", "feedback-report"};

	if (c->out.class == NULL ||
	    g_ascii_strncasecmp(c->out.class, "REPORT.", 7) != 0)
		return NULL;
	for (guint i = 0; i < c->out.parts->len; i++) {
		const char *type =
		    g_array_index(c->out.parts, struct part, i).type;

		for (guint k = 0; type && k < G_N_ELEMENTS(types); k++)
			if (g_ascii_strncasecmp(type, "message/", 8) == 0 &&
			    g_ascii_strcasecmp(type + 8, types[k]) == 0)
				return types[k];
	}
	return NULL;
}

enum status
pst_content_report(PstContent *c, GError **error)
{
	const char *type = report_type(c);
	g_autoptr(Spool) joined = NULL;
	g_autoptr(GString) head = g_string_new(NULL);
	static const char mixed[] = "Content-Type: multipart/mixed;";
	struct header_block block = {0};
	struct header_field f;
	struct blob blob;
	gsize pos = 0;
	enum status st;

	if (type == NULL)
		return ST_OK;
	joined = spool_new(c->spool_dir);
	st = part_join(&c->out.envelope, c->out.headers,
	    (const struct part *)c->out.parts->data, c->out.parts->len, joined,
	    error);
	blob = spool_blob(joined);
	if (st == ST_OK)
		st = header_block_read(&blob, HEADERS_MAX, &block, error);
	if (st < 0)
		return st;
	while (header_next(block.data, block.len, &pos, &f)) {
		gsize skip = 0;

		if (f.raw_len > sizeof mixed - 1 &&
		    memcmp(f.raw, mixed, sizeof mixed - 1) == 0) {
			g_string_append_printf(head,
			    "Content-Type: multipart/report; report-type=%s;",
			    type);
			skip = sizeof mixed - 1;
		}
		g_string_append_len(
		    head, f.raw + skip, (gssize)(f.raw_len - skip));
	}
	header_block_clear(&block);
	g_string_append(head, "\r\n");
	st = spool_write(c->whole, head->str, head->len, error);
	if (st == ST_OK)
		st = copy(c->whole, &blob, (gint64)pos, error);
	if (st == ST_OK)
		c->out.raw = spool_blob(c->whole);
	return st;
}

static void
add_time(GString *text, const char *name, const PstProps *p, guint id)
{
	guint64 time;
	g_autoptr(GDateTime) t = NULL;
	g_autofree char *said = NULL;

	if (id == 0 || !pst_props_int64(p, id, &time) || time == 0)
		return;
	t = g_date_time_new_from_unix_utc(
	    (gint64)(time / 10000000) - G_GINT64_CONSTANT(11644473600));
	said = t ? g_date_time_format(t, "%Y-%m-%d %H:%M UTC") : NULL;
	if (said)
		g_string_append_printf(text, "%s: %s\r\n", name, said);
}

/* [MS-OXOJRNL] 2.2.1 */
enum status
pst_content_journal(PstContent *c, Pst *pst, const PstProps *p, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	guint type_id = pst_name_id(pst, guid_log, 0x8700, NULL);
	guint minutes_id = pst_name_id(pst, guid_log, 0x8707, NULL);
	g_autofree char *type = type_id ? pst_props_text(p, type_id) : NULL;
	struct part part = {.kind = PART_TEXT};
	guint32 minutes;

	if (c->out.class == NULL ||
	    g_ascii_strncasecmp(c->out.class, "IPM.Activity", 12) != 0)
		return ST_OK;
	if (type && *type)
		g_string_append_printf(text, "Entry type: %s\r\n", type);
	add_time(text, "Start", p, pst_name_id(pst, guid_log, 0x8706, NULL));
	add_time(text, "End", p, pst_name_id(pst, guid_log, 0x8708, NULL));
	if (minutes_id && pst_props_int(p, minutes_id, &minutes))
		g_string_append_printf(
		    text, "Duration: %u minutes\r\n", minutes);
	if (text->len == 0)
		return ST_OK;
	g_string_append(text, "\r\n");
	return pst_content_made(c, &part, text->str, text->len, error);
}
