#include "mime/encode.h"

#include <stdbool.h>
#include <string.h>

#define WORD_MAX	75  /* chars of one encoded word; RFC 2047 2 */
#define LINE_MAX_OCTETS 998 /* RFC 5322 2.1.1 */
#define PARAMETER_MAX	60  /* chars of a value that fits beside its name */
#define CHUNK		(57 * 1024) /* bytes read at a time; 57 make a base64 line */

static const char base64_chars[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char hex_chars[] = "0123456789ABCDEF";

static bool
is_printable(const char *text)
{
	for (; *text; text++)
		if ((guint8)*text < 32 || (guint8)*text > 126)
			return false;
	return true;
}

/* May a byte stand for itself in a Q word, everywhere (RFC 2047 5 (3))? */
static bool
is_q_safe(guint8 c)
{
	return g_ascii_isalnum(c) || c == '!' || c == '*' || c == '+' ||
	       c == '-' || c == '/';
}

/* How many columns are taken on the last line of out. */
static gsize
column(const GString *out)
{
	const char *lf = memrchr(out->str, '\n', out->len);

	return lf ? (gsize)(out->str + out->len - lf - 1) : out->len;
}

static void
one_word(GString *out, const char *text, gsize len, bool base64)
{
	g_string_append(out, base64 ? "=?UTF-8?B?" : "=?UTF-8?Q?");
	if (base64) {
		g_autofree char *b = g_base64_encode((const guchar *)text, len);

		g_string_append(out, b);
	} else {
		for (gsize i = 0; i < len; i++) {
			guint8 c = (guint8)text[i];

			if (c == ' ') {
				g_string_append_c(out, '_');
			} else if (is_q_safe(c)) {
				g_string_append_c(out, (char)c);
			} else {
				g_string_append_c(out, '=');
				g_string_append_c(out, hex_chars[c >> 4]);
				g_string_append_c(out, hex_chars[c & 15]);
			}
		}
	}
	g_string_append(out, "?=");
}

/* The whole text as encoded words, never cut inside a character (RFC 2047 5):
 * B or Q, whichever is shorter. */
static void
encoded_words(GString *out, const char *text)
{
	gsize len = strlen(text), q = 0;
	const char *p = text, *end = text + len;
	bool base64;

	for (gsize i = 0; i < len; i++)
		q += text[i] == ' ' || is_q_safe((guint8)text[i]) ? 1 : 3;
	base64 = q > (len + 2) / 3 * 4;
	while (p < end) {
		gsize room = WORD_MAX - 12 /* =?UTF-8?Q? and ?= */, used = 0;
		gsize col = column(out);
		const char *from = p;

		if (col + WORD_MAX + 1 > ENCODE_LINE &&
		    col + 30 > ENCODE_LINE) {
			g_string_append(out, "\r\n ");
			col = 1;
		}
		room = MIN(room, (gsize)ENCODE_LINE - col - 12);
		while (p < end) {
			gsize n = (gsize)(g_utf8_next_char(p) - p), cost = 0;

			for (gsize i = 0; i < n; i++)
				cost += p[i] == ' ' || is_q_safe((guint8)p[i])
					    ? 1
					    : 3;
			if (base64)
				cost =
				    ((gsize)(p - from) + n + 2) / 3 * 4 - used;
			if (used + cost > room && p > from)
				break;
			used += cost;
			p += n;
		}
		one_word(out, from, (gsize)(p - from), base64);
		if (p < end)
			g_string_append(out, "\r\n ");
	}
}

/* Plain words, folded at spaces; runs of spaces stay as they are. */
static bool
plain_words(GString *out, const char *text)
{
	const char *p = text;

	if (!is_printable(text) || strstr(text, "=?"))
		return false;
	/* no place to fold: too long for a line */
	for (const char *q = p; *q;) {
		gsize n = strcspn(q, " ");

		if (n > LINE_MAX_OCTETS - 100)
			return false;
		q += n + strspn(q + n, " ");
	}
	while (*p) {
		gsize spaces = strspn(p, " ");
		gsize word = strcspn(p + spaces, " ");

		if (p > text && spaces > 0 &&
		    column(out) + spaces + word > ENCODE_LINE)
			g_string_append(out, "\r\n");
		g_string_append_len(out, p, (gssize)(spaces + word));
		p += spaces + word;
	}
	return true;
}

void
encode_text_field(GString *out, const char *name, const char *text)
{
	g_string_append_printf(out, "%s: ", name);
	if (!plain_words(out, text))
		encoded_words(out, text);
	g_string_append(out, "\r\n");
}

void
encode_phrase(GString *out, const char *text)
{
	bool atoms = *text != '\0';

	if (!is_printable(text) || strstr(text, "=?") || strlen(text) > 200) {
		encoded_words(out, text);
		return;
	}
	for (const char *p = text; *p; p++)
		if (!g_ascii_isalnum(*p) && !strchr("!#$%&'*+-/=?^_`{|}~ ", *p))
			atoms = false;
	if (atoms && *text != ' ' && text[strlen(text) - 1] != ' ' &&
	    !strstr(text, "  ")) {
		g_string_append(out, text);
		return;
	}
	g_string_append_c(out, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *p);
	}
	g_string_append_c(out, '"');
}

static void
percent(GString *out, const char *from, const char *to)
{
	for (; from < to; from++) {
		guint8 c = (guint8)*from;

		/* RFC 2231 7: attribute-char */
		if (g_ascii_isalnum(c) || strchr("!#$&+-.^_`{|}~", c)) {
			g_string_append_c(out, (char)c);
		} else {
			g_string_append_c(out, '%');
			g_string_append_c(out, hex_chars[c >> 4]);
			g_string_append_c(out, hex_chars[c & 15]);
		}
	}
}

void
encode_parameter(GString *out, const char *name, const char *value)
{
	const char *p = value;

	if (is_printable(value) && strlen(value) <= PARAMETER_MAX) {
		g_string_append_printf(out, ";\r\n\t%s=\"", name);
		for (; *p; p++) {
			if (*p == '"' || *p == '\\')
				g_string_append_c(out, '\\');
			g_string_append_c(out, *p);
		}
		g_string_append_c(out, '"');
		return;
	}
	/* RFC 2231 4.1: in sections, each a whole number of characters */
	for (guint section = 0; *p; section++) {
		const char *from = p;
		gsize used = 0;

		while (*p && used < PARAMETER_MAX - 12) {
			const char *next = g_utf8_next_char(p);

			used += (gsize)(next - p) * 3;
			p = next;
		}
		if (section == 0 && !*p)
			g_string_append_printf(out, ";\r\n\t%s*=UTF-8''", name);
		else
			g_string_append_printf(out, ";\r\n\t%s*%u*=%s", name,
			    section, section == 0 ? "UTF-8''" : "");
		percent(out, from, p);
	}
}

const char *
encoding_name(enum encoding encoding)
{
	switch (encoding) {
	case ENCODING_7BIT:
		return "7bit";
	case ENCODING_8BIT:
		return "8bit";
	case ENCODING_BINARY:
		return "binary";
	case ENCODING_QUOTED:
		return "quoted-printable";
	case ENCODING_BASE64:
		return "base64";
	}
	g_assert_not_reached();
}

/* Eight octets of ASCII without a control: nothing but a longer line. */
static bool
is_plain(const guint8 *data)
{
	const guint64 low = G_GUINT64_CONSTANT(0x2020202020202020);
	const guint64 top = G_GUINT64_CONSTANT(0x8080808080808080);
	guint64 word;

	memcpy(&word, data, sizeof word);
	/* An octet below 0x20 borrows from its top bit, and one that does not
	 * cannot hide it: the first from the low end that is below shows. */
	return ((word | (word - low)) & top) == 0;
}

void
content_scan(struct content_scan *scan, const guint8 *data, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		guint8 c;

		if (scan->last != '\r' && len - i >= sizeof(guint64) &&
		    is_plain(data + i)) {
			scan->line += sizeof(guint64);
			i += sizeof(guint64) - 1;
			scan->last = data[i];
			continue;
		}
		c = data[i];
		if (scan->last == '\r' && c != '\n')
			scan->odd++;
		if (c == '\n') {
			if (scan->last != '\r')
				scan->odd++;
			scan->line_max = MAX(scan->line_max, scan->line);
			scan->line = 0;
		} else if (c != '\r') {
			scan->line++;
			if (c > 0x7f)
				scan->high++;
			else if (c < 0x20 && c != '\t')
				scan->odd++;
		}
		scan->last = c;
	}
	scan->len += (gint64)len;
}

static gint64
longest_line(const struct content_scan *scan)
{
	return MAX(scan->line, scan->line_max);
}

static bool
is_odd(const struct content_scan *scan)
{
	return scan->odd > 0 || scan->last == '\r';
}

enum encoding
content_scan_text(const struct content_scan *scan)
{
	if (!is_odd(scan) && scan->high == 0 &&
	    longest_line(scan) <= LINE_MAX_OCTETS)
		return ENCODING_7BIT;
	/* Beyond one in six, base64 is shorter. */
	if ((scan->high + scan->odd) * 6 <= scan->len)
		return ENCODING_QUOTED;
	return ENCODING_BASE64;
}

enum encoding
content_scan_plain(const struct content_scan *scan)
{
	if (is_odd(scan) || longest_line(scan) > LINE_MAX_OCTETS)
		return ENCODING_BINARY;
	return scan->high ? ENCODING_8BIT : ENCODING_7BIT;
}

/* Output of an encoder, so that a large one costs few writes. */
struct sink {
	Spool *out;
	gsize used;
	guint8 buf[CHUNK * 2];
};

static enum status
sink_flush(struct sink *sink, GError **error)
{
	gsize used = sink->used;

	sink->used = 0;
	return spool_write(sink->out, sink->buf, used, error);
}

gint64
encode_base64_len(gint64 octets)
{
	const gint64 line = ENCODE_LINE / 4 * 3;

	return (octets + 2) / 3 * 4 + (octets + line - 1) / line * 2;
}

static guint8 *
base64_group(guint8 *to, guint32 v /* 24 bits */)
{
	to[0] = (guint8)base64_chars[v >> 18];
	to[1] = (guint8)base64_chars[v >> 12 & 63];
	to[2] = (guint8)base64_chars[v >> 6 & 63];
	to[3] = (guint8)base64_chars[v & 63];
	return to + 4;
}

static void
base64_chunk(struct sink *sink, const guint8 *p, gsize len)
{
	guint8 *to = sink->buf + sink->used;

	while (len > 0) {
		gsize n = MIN(len, ENCODE_LINE / 4 * 3);
		const guint8 *end = p + n / 3 * 3;

		for (; p < end; p += 3)
			to = base64_group(to,
			    (guint32)p[0] << 16 | (guint32)p[1] << 8 | p[2]);
		if (n % 3) {
			base64_group(
			    to, (guint32)p[0] << 16 |
				    (n % 3 > 1 ? (guint32)p[1] << 8 : 0));
			to[3] = '=';
			if (n % 3 == 1)
				to[2] = '=';
			to += 4;
			p += n % 3;
		}
		*to++ = '\r';
		*to++ = '\n';
		len -= n;
	}
	sink->used = (gsize)(to - sink->buf);
}

static enum status
base64_blob(const struct blob *blob, struct sink *sink, GError **error)
{
	g_autofree guint8 *in = g_malloc(CHUNK);
	enum status st = ST_OK;
	gint64 at = 0;
	gsize got;

	/* blob_read() fills each chunk, so that only the last is not a whole
	 * number of lines. */
	while (st == ST_OK && at < blob->len) {
		st = blob_read(blob, at, in, CHUNK, &got, error);
		if (st < 0)
			return st;
		at += (gint64)got;
		base64_chunk(sink, in, got);
		st = sink_flush(sink, error);
	}
	return st;
}

struct quoted {
	struct sink *sink;
	gsize col;
	bool cr;   /* a CR is held back */
	int space; /* a blank that may end its line, or -1 */
};

static void
quoted_put(struct quoted *q, guint8 c, bool literal)
{
	guint8 *to = q->sink->buf + q->sink->used;
	gsize n = literal ? 1 : 3;

	if (q->col + n > ENCODE_LINE - 1) {
		*to++ = '=';
		*to++ = '\r';
		*to++ = '\n';
		q->col = 0;
	}
	if (literal) {
		*to++ = c;
	} else {
		*to++ = '=';
		*to++ = (guint8)hex_chars[c >> 4];
		*to++ = (guint8)hex_chars[c & 15];
	}
	q->col += n;
	q->sink->used = (gsize)(to - q->sink->buf);
}

/* RFC 2045 6.7: a blank at the end of a line is written as =20. */
static void
quoted_space(struct quoted *q, bool at_end)
{
	if (q->space >= 0)
		quoted_put(q, (guint8)q->space, !at_end);
	q->space = -1;
}

static void
quoted_byte(struct quoted *q, guint8 c)
{
	if (q->cr && c == '\n') {
		guint8 *to = q->sink->buf + q->sink->used;

		quoted_space(q, true);
		to = q->sink->buf + q->sink->used;
		*to++ = '\r';
		*to++ = '\n';
		q->sink->used = (gsize)(to - q->sink->buf);
		q->col = 0;
		q->cr = false;
		return;
	}
	if (c == '\r' && !q->cr) {
		q->cr = true;
		return;
	}
	quoted_space(q, false);
	if (q->cr)
		quoted_put(q, '\r', false);
	q->cr = c == '\r';
	if (q->cr)
		return;
	if (c == ' ' || c == '\t')
		q->space = c;
	else
		/* "From " and a lone dot at a line's start fare badly on old
		 * roads (RFC 2049 3) */
		quoted_put(q, c,
		    c > 32 && c < 127 && c != '=' &&
			!(q->col == 0 && (c == 'F' || c == '.')));
}

static enum status
quoted_blob(const struct blob *blob, struct sink *sink, GError **error)
{
	g_autofree guint8 *in = g_malloc(CHUNK);
	struct quoted q = {.sink = sink, .space = -1};
	const guint8 *data;
	enum status st;
	gint64 at = 0;
	gsize len;

	while ((st = blob_next(blob, &at, in, CHUNK, &data, &len, error)) ==
	       ST_OK) {
		for (gsize i = 0; i < len; i++) {
			quoted_byte(&q, data[i]);
			/* one byte gives at most three of three and a break */
			if (sink->used > sizeof(sink->buf) - 64 &&
			    (st = sink_flush(sink, error)) < 0)
				return st;
		}
	}
	if (st < 0)
		return st;
	quoted_space(&q, true);
	if (q.cr)
		quoted_put(&q, '\r', false);
	if (q.col > 0) { /* a soft break: the text has no line end here */
		memcpy(sink->buf + sink->used, "=\r\n", 3);
		sink->used += 3;
	}
	return sink_flush(sink, error);
}

enum status
encode_blob(
    const struct blob *blob, enum encoding encoding, Spool *out, GError **error)
{
	g_autofree struct sink *sink = NULL;
	const guint8 *data;
	enum status st;
	gint64 at = 0;
	gsize len;

	sink = g_malloc(sizeof(*sink));
	sink->out = out;
	sink->used = 0;
	switch (encoding) {
	case ENCODING_BASE64:
		return base64_blob(blob, sink, error);
	case ENCODING_QUOTED:
		return quoted_blob(blob, sink, error);
	case ENCODING_7BIT:
	case ENCODING_8BIT:
	case ENCODING_BINARY:
		break;
	}
	while ((st = blob_next(blob, &at, sink->buf, sizeof(sink->buf), &data,
		    &len, error)) == ST_OK)
		if ((st = spool_write(out, data, len, error)) < 0)
			return st;
	return st < 0 ? st : ST_OK;
}
