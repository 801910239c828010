#include "mime/part-private.h"

#include "mime/text.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <string.h>

bool
part_charset_is_doubtful(const char *charset)
{
	static const char *const names[] = {"us-ascii", "ascii", "utf-8",
	    "utf8", "ansi_x3.4-1968", "unknown-8bit", "x-unknown", "unknown"};

	if (!charset || !*charset)
		return true;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (!g_ascii_strcasecmp(charset, names[i]))
			return true;
	return false;
}

struct look {
	bool utf8;  /* valid so far */
	bool clean; /* and no NUL, every line end CR LF */
	guint8 last;
	guint8 tail[4];
	gsize n_tail; /* bytes of a character that began in the last chunk */
};

/* How many of eight bytes, from the front, leave everything as it is: of ASCII,
 * and none a control character, found by borrowing from the top bit of each. A
 * borrow may go on to the bytes behind one, never to those before it. */
static guint
plain_bytes(const guint8 *data)
{
	const guint64 tops = G_GUINT64_CONSTANT(0x8080808080808080);
	guint64 eight;

	memcpy(&eight, data, sizeof eight);
	eight = GUINT64_FROM_LE(eight);
	eight = ((eight - tops / 0x80 * ' ') | eight) & tops;
	return eight ? (guint)__builtin_ctzll(eight) / 8 : 8;
}

/* Valid but for an unfinished last character, which goes to the tail. */
static void
look_at(struct look *look, const guint8 *data, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		guint8 c;

		if (look->n_tail == 0 && look->last != '\r') {
			gsize from = i;

			while (len - i >= sizeof(guint64)) {
				guint n = plain_bytes(data + i);

				i += n;
				if (n < sizeof(guint64))
					break;
			}
			if (i > from)
				look->last = data[i - 1];
			if (i == len)
				break;
			if (data[i] == '\r' && len - i > 1 &&
			    data[i + 1] == '\n') {
				look->last = data[++i];
				continue;
			}
		}
		c = data[i];
		if (c == 0 || (c == '\n' && look->last != '\r') ||
		    (c != '\n' && look->last == '\r'))
			look->clean = false;
		look->last = c;
		if (look->n_tail == 0) {
			if (c < 0x80)
				continue;
			look->tail[look->n_tail++] = c;
			if (c < 0xc2 || c > 0xf4)
				look->utf8 = false;
		} else {
			look->tail[look->n_tail++] = c;
			if ((c & 0xc0) != 0x80)
				look->utf8 = false;
			if (look->n_tail == (look->tail[0] < 0xe0      ? 2U
						: look->tail[0] < 0xf0 ? 3U
								       : 4U)) {
				if (!g_utf8_validate_len(
					(char *)look->tail, look->n_tail, NULL))
					look->utf8 = false;
				look->n_tail = 0;
			}
		}
		if (!look->utf8) {
			look->n_tail = 0;
			look->clean = false;
			return;
		}
	}
}

static enum status
look_over(Spool *store, gint64 from, struct look *look, GError **error)
{
	g_autofree guint8 *scratch = NULL;
	struct blob blob = spool_blob(store);
	const guint8 *data;
	enum status st;
	gint64 at = from;
	gsize len;

	memset(look, 0, sizeof(*look));
	look->utf8 = look->clean = true;
	if (!blob.mem)
		scratch = g_malloc(PART_CHUNK);
	while (look->utf8 && (st = blob_next(&blob, &at, scratch, PART_CHUNK,
				  &data, &len, error)) != ST_END) {
		if (st < 0)
			return st;
		look_at(look, data, len);
	}
	if (look->n_tail > 0)
		look->utf8 = false;
	if (look->last == '\r' || !look->utf8)
		look->clean = false;
	return ST_OK;
}

enum status
part_is_utf8(Spool *store, gint64 from, bool *yes, GError **error)
{
	struct look look;
	enum status st;

	st = look_over(store, from, &look, error);
	*yes = look.utf8;
	return st;
}

/* Text on its way to the end of the store. */
struct writer {
	Spool *store;
	GString *out;
	bool cr; /* a line end that is not yet written */
};

static enum status
write_text(struct writer *w, const char *text, gsize len, GError **error)
{
	enum status st = ST_OK;

	for (gsize i = 0; i < len; i++) {
		char c = text[i];
		gsize run = i;

		while (run < len && text[run] != '\n' && text[run] != '\r' &&
		       text[run] != '\0')
			run++;
		if (run > i && !w->cr) {
			g_string_append_len(
			    w->out, text + i, (gssize)(run - i));
			i = run - 1;
			continue;
		}
		if (c == '\n' || w->cr) {
			g_string_append(w->out, "\r\n");
			w->cr = false;
			if (c == '\n')
				continue;
		}
		if (c == '\r')
			w->cr = true; /* alone, or the first half of CR LF */
		else if (c == '\0')
			g_string_append(w->out, "\xef\xbf\xbd");
		else
			g_string_append_c(w->out, c);
	}
	if (w->out->len >= PART_CHUNK) {
		st = spool_write(w->store, w->out->str, w->out->len, error);
		g_string_truncate(w->out, 0);
	}
	return st;
}

static enum status
write_end(struct writer *w, GError **error)
{
	if (w->cr)
		g_string_append(w->out, "\r\n");
	return spool_write(w->store, w->out->str, w->out->len, error);
}

/* One chunk through iconv; what it does not take is left at the start of in,
 * *have bytes. last: nothing follows. */
static enum status
iconv_chunk(GIConv cd, char *in, gsize *have, bool last, struct writer *w,
    GError **error)
{
	char buf[4096];
	char *p = in;
	gsize left = *have;
	enum status st;

	while (left > 0) {
		char *to = buf;
		gsize room = sizeof(buf);
		gsize r = g_iconv(cd, &p, &left, &to, &room);
		int err = errno;

		st = write_text(w, buf, sizeof(buf) - room, error);
		if (st < 0)
			return st;
		if (r != (gsize)-1 || err == E2BIG)
			continue;
		if (err == EINVAL && !last)
			break;
		st = write_text(w, "\xef\xbf\xbd", 3, error);
		if (st < 0)
			return st;
		p++; /* EILSEQ, or the end cuts a character */
		left--;
	}
	memmove(in, p, left);
	*have = left;
	return ST_OK;
}

static enum status
convert(
    Spool *store, gint64 from, gint64 to, GIConv cd, bool utf8, GError **error)
{
	g_autofree char *in = g_malloc(PART_CHUNK);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GString) out = g_string_sized_new(PART_CHUNK);
	struct writer w = {.store = store, .out = out};
	enum status st = ST_OK;
	gsize have = 0;

	while (from < to && st == ST_OK) {
		struct blob blob = spool_blob(store); /* moves as it grows */
		gsize want = (gsize)MIN(to - from, (gint64)(PART_CHUNK - have));
		gsize got;

		st = blob_read(&blob, from, in + have, want, &got, error);
		if (st < 0)
			return st;
		from += (gint64)got;
		have += got;
		if (cd != (GIConv)-1) {
			st = iconv_chunk(cd, in, &have, from >= to, &w, error);
			continue;
		}
		if (utf8) {
			st = write_text(&w, in, have, error);
		} else {
			g_string_truncate(text, 0);
			mime_text_from_1252(text, (guint8 *)in, have);
			st = write_text(&w, text->str, text->len, error);
		}
		have = 0;
	}
	return st < 0 ? st : write_end(&w, error);
}

enum status
part_text(Spool *store, gint64 from, const char *charset, gint64 *at,
    gint64 *len, GError **error)
{
	struct look look;
	GIConv cd = (GIConv)-1;
	enum status st;
	gint64 to = spool_blob(store).len;

	*at = from;
	*len = to - from;
	st = look_over(store, from, &look, error);
	if (st < 0)
		return st;
	if (part_charset_is_doubtful(charset)) {
		if (look.clean)
			return ST_OK;
	} else if (!g_ascii_strcasecmp(charset, "iso-8859-1") ||
		   !g_ascii_strcasecmp(charset, "windows-1252")) {
		look.utf8 = false;
	} else {
		mime_start();
		cd = g_iconv_open("UTF-8", g_mime_charset_iconv_name(charset));
	}
	st = convert(store, from, to, cd, look.utf8, error);
	if (cd != (GIConv)-1)
		g_iconv_close(cd);
	*at = to;
	*len = spool_blob(store).len - to;
	return st;
}
