#include "base/codepage.h"

#include <string.h>

#define BMP	 65536		/* no page but UTF-8 reaches beyond it */
#define NOTHING	 0xffff		/* a byte or pair that means nothing */
#define UNKNOWN	 "\xEF\xBF\xBD" /* U+FFFD */
#define UTF8_MAX 4		/* bytes of a character */

struct Codepage {
	guint number;
	bool utf8;
	guint16 one[256]; /* byte to character, NOTHING for lead bytes */
	bool lead[256];
	guint16 *two;  /* [lead << 8 | trail], double-byte pages only */
	guint16 *back; /* character to byte or pair; 0: none */
};

static const struct {
	guint number;
	const char *name; /* for iconv */
	bool wide;	  /* double-byte */
} pages[] = {
    {437, "CP437", false},
    {737, "CP737", false},
    {850, "CP850", false},
    {852, "CP852", false},
    {866, "CP866", false},
    {874, "CP874", false},
    {932, "CP932", true},
    {936, "CP936", true},
    {949, "CP949", true},
    {950, "CP950", true},
    {1250, "CP1250", false},
    {1251, "CP1251", false},
    {1252, "CP1252", false},
    {1253, "CP1253", false},
    {1254, "CP1254", false},
    {1255, "CP1255", false},
    {1256, "CP1256", false},
    {1257, "CP1257", false},
    {1258, "CP1258", false},
    {10000, "MACINTOSH", false},
    {20261, "T.61-8BIT", false},
    {28591, "ISO-8859-1", false},
    {28592, "ISO-8859-2", false},
    {28593, "ISO-8859-3", false},
    {28594, "ISO-8859-4", false},
    {28595, "ISO-8859-5", false},
    {28596, "ISO-8859-6", false},
    {28597, "ISO-8859-7", false},
    {28598, "ISO-8859-8", false},
    {28599, "ISO-8859-9", false},
    {28603, "ISO-8859-13", false},
    {28605, "ISO-8859-15", false},
    {CODEPAGE_UTF8, "UTF-8", false},
};

/* Where glibc's tables are not what the page says (Q174725: a converter that
 * is nearly right loses the symbols). */
static const struct {
	guint number;
	guint8 byte;
	guint16 character;
} exceptions[] = {
    {10000, 0xC6, 0x2206}, /* INCREMENT; glibc: GREEK CAPITAL DELTA */
    {10000, 0xF0, 0xF8FF}, /* the apple, as Apple maps it */
};

static int
page_find(guint number)
{
	for (guint i = 0; i < G_N_ELEMENTS(pages); i++)
		if (pages[i].number == number)
			return (int)i;
	return -1;
}

bool
codepage_is_known(guint number)
{
	return page_find(number) >= 0;
}

/* One character of len bytes, or NOTHING. */
static guint16
ask_iconv(GIConv conv, const guint8 *bytes, gsize len)
{
	guint8 out[8];
	char *in = (char *)bytes, *to = (char *)out;
	gsize left = len, room = sizeof out;

	g_iconv(conv, NULL, NULL, NULL, NULL);
	if (g_iconv(conv, &in, &left, &to, &room) == (gsize)-1 || left > 0)
		return NOTHING;
	/* CP1255 and CP1258 hold a letter back for the accent that follows. */
	if (g_iconv(conv, NULL, NULL, &to, &room) == (gsize)-1)
		return NOTHING;
	if (sizeof out - room != 2)
		return NOTHING;
	return (guint16)(out[0] | out[1] << 8);
}

static void
fill(Codepage *page, GIConv conv, bool wide)
{
	guint8 bytes[2];

	page->back = g_new0(guint16, BMP);
	if (wide) {
		page->two = g_new(guint16, BMP);
		memset(page->two, 0xff, BMP * sizeof *page->two);
	}
	for (int a = 0; a < 256; a++) {
		bytes[0] = (guint8)a;
		page->one[a] =
		    a < 0x80 ? (guint16)a : ask_iconv(conv, bytes, 1);
		for (guint i = 0; i < G_N_ELEMENTS(exceptions); i++)
			if (exceptions[i].number == page->number &&
			    exceptions[i].byte == a)
				page->one[a] = exceptions[i].character;
		if (page->one[a] != NOTHING && page->back[page->one[a]] == 0)
			page->back[page->one[a]] = (guint16)a;
		if (!wide || a < 0x80 || page->one[a] != NOTHING)
			continue;
		for (int b = 0x40; b < 0xff; b++) {
			guint16 c;

			bytes[1] = (guint8)b;
			c = ask_iconv(conv, bytes, 2);
			page->two[a << 8 | b] = c;
			if (c == NOTHING)
				continue;
			page->lead[a] = true;
			if (page->back[c] == 0)
				page->back[c] = (guint16)(a << 8 | b);
		}
	}
}

enum status
codepage_open(Codepage **out, guint number, GError **error)
{
	int at = page_find(number);
	Codepage *page;
	GIConv conv;

	*out = NULL;
	if (at < 0)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "code page %u is unknown or not a code page of bytes",
		    number);
	page = g_new0(Codepage, 1);
	page->number = number;
	page->utf8 = number == CODEPAGE_UTF8;
	if (!page->utf8) {
		conv = g_iconv_open("UTF-16LE", pages[at].name);
		if (conv == (GIConv)-1) {
			codepage_close(page);
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "this system has no converter for code page %u "
			    "(%s); install the libc locale converters",
			    number, pages[at].name);
		}
		fill(page, conv, pages[at].wide);
		g_iconv_close(conv);
	}
	*out = page;
	return ST_OK;
}

void
codepage_close(Codepage *page)
{
	if (page == NULL)
		return;
	g_free(page->two);
	g_free(page->back);
	g_free(page);
}

guint
codepage_number(const Codepage *page)
{
	return page->number;
}

static gsize
decode_utf8(
    const char *p, gsize len, bool last, bool nul, gsize *used, GString *out)
{
	gsize bad = 0, at = 0;

	while (at < len) {
		const char *end;
		gsize left;

		g_utf8_validate_len(p + at, len - at, &end);
		g_string_append_len(out, p + at, end - (p + at));
		at = (gsize)(end - p);
		if (at == len)
			break;
		left = len - at;
		if (p[at] == '\0') {
			if (nul)
				g_string_append_c(out, '\0');
			else
				g_string_append(out, UNKNOWN);
			bad += !nul;
			at++;
			continue;
		}
		if (!last && left < UTF8_MAX &&
		    g_utf8_get_char_validated(p + at, (gssize)left) ==
			(gunichar)-2)
			break;
		g_string_append(out, UNKNOWN);
		bad++;
		at++;
	}
	if (used)
		*used = at;
	return bad;
}

gsize
codepage_decode(const Codepage *page, const void *data, gsize len, bool last,
    bool nul, gsize *used, GString *out)
{
	const guint8 *p = data;
	gsize bad = 0, at = 0;

	if (page->utf8)
		return decode_utf8(data, len, last, nul, used, out);
	while (at < len) {
		gsize run = at;
		guint16 c;

		while (run < len && p[run] < 0x80 && p[run] != 0)
			run++;
		g_string_append_len(
		    out, (const char *)p + at, (gssize)(run - at));
		at = run;
		if (at == len)
			break;
		c = page->one[p[at]];
		if (page->two && page->lead[p[at]]) {
			if (at + 1 == len) {
				if (!last)
					break;
			} else {
				c = page->two[p[at] << 8 | p[at + 1]];
				/* An ASCII byte after a stray lead byte is
				 * itself: it may be the separator. */
				if (c != NOTHING || p[at + 1] >= 0x80)
					at++;
			}
		}
		at++;
		if (c == NOTHING || (c == 0 && !nul)) {
			g_string_append(out, UNKNOWN);
			bad++;
		} else if (c == 0)
			g_string_append_c(out, '\0');
		else
			g_string_append_unichar(out, c);
	}
	if (used)
		*used = at;
	return bad;
}

/* Characters without a decomposition that have an accepted plain spelling. */
static const struct {
	gunichar c;
	const char *plain;
} look_alikes[] = {
    {0x00A0, " "},
    {0x00A3, "L"}, /* the example of 7.8 */
    {0x00A9, "c"},
    {0x00AB, "\""},
    {0x00AD, "-"},
    {0x00AE, "r"},
    {0x00BB, "\""},
    {0x00C6, "A"},
    {0x00D0, "D"},
    {0x00D8, "O"},
    {0x00DE, "T"},
    {0x00DF, "s"},
    {0x00E6, "a"},
    {0x00F0, "d"},
    {0x00F8, "o"},
    {0x00FE, "t"},
    {0x0110, "D"},
    {0x0111, "d"},
    {0x0126, "H"},
    {0x0127, "h"},
    {0x0131, "i"},
    {0x0141, "L"},
    {0x0142, "l"},
    {0x0152, "O"},
    {0x0153, "o"},
    {0x2010, "-"},
    {0x2011, "-"},
    {0x2012, "-"},
    {0x2013, "-"},
    {0x2014, "-"},
    {0x2015, "-"},
    {0x2018, "'"},
    {0x2019, "'"},
    {0x201A, "'"},
    {0x201C, "\""},
    {0x201D, "\""},
    {0x201E, "\""},
    {0x2022, "*"},
    {0x2026, "."},
    {0x2039, "<"},
    {0x203A, ">"},
    {0x20AC, "E"},
    {0x2122, "T"},
    {0x2212, "-"},
};

/* The plain character of c, or 0. */
static gunichar
look_alike(gunichar c)
{
	gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
	guint lo = 0, hi = G_N_ELEMENTS(look_alikes);

	while (lo < hi) {
		guint mid = (lo + hi) / 2;

		if (look_alikes[mid].c == c)
			return (gunichar)look_alikes[mid].plain[0];
		if (look_alikes[mid].c < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (g_unichar_fully_decompose(c, TRUE, parts, G_N_ELEMENTS(parts)) >
		0 &&
	    parts[0] != c)
		return parts[0];
	return 0;
}

static guint32
encode_one(const Codepage *page, gunichar c)
{
	if (c < 0x80)
		return c;
	return c < BMP ? page->back[c] : 0;
}

gsize
codepage_encode(const Codepage *page, const char *text, gsize len, bool last,
    gsize *used, GString *out)
{
	gsize replaced = 0, at = 0;

	if (page->utf8) {
		g_string_append_len(out, text, (gssize)len);
		if (used)
			*used = len;
		return 0;
	}
	while (at < len) {
		gsize run = at;
		gunichar c;
		guint32 code;

		while (run < len && (guint8)text[run] < 0x80)
			run++;
		g_string_append_len(out, text + at, (gssize)(run - at));
		at = run;
		if (at == len)
			break;
		c = g_utf8_get_char_validated(text + at, (gssize)(len - at));
		if (c == (gunichar)-2 && !last)
			break;
		if (c >= (gunichar)-2) {
			g_string_append_c(out, '?');
			replaced++;
			at++;
			continue;
		}
		at += (gsize)(g_utf8_next_char(text + at) - (text + at));
		code = encode_one(page, c);
		if (code == 0) {
			/* A combining accent whose letter stands before it. */
			if (!g_unichar_ismark(c)) {
				gunichar plain = look_alike(c);

				code = plain ? encode_one(page, plain) : 0;
				if (code == 0)
					code = '?';
			}
			replaced++;
			if (code == 0)
				continue;
		}
		if (code > 0xff)
			g_string_append_c(out, (char)(code >> 8));
		g_string_append_c(out, (char)(code & 0xff));
	}
	if (used)
		*used = at;
	return replaced;
}

bool
codepage_holds(const Codepage *page, const char *text, gsize len)
{
	gsize at = 0;

	if (page->utf8)
		return true;
	while (at < len) {
		gunichar c;

		if ((guint8)text[at] < 0x80) {
			at++;
			continue;
		}
		c = g_utf8_get_char_validated(text + at, (gssize)(len - at));
		if (c >= (gunichar)-2 || encode_one(page, c) == 0)
			return false;
		at += (gsize)(g_utf8_next_char(text + at) - (text + at));
	}
	return true;
}

gsize
codepage_to_ascii(const char *text, GString *out)
{
	gsize changed = 0;

	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p), plain;

		if (c >= 0x20 && c <= 0x7e) {
			g_string_append_c(out, (char)c);
			continue;
		}
		changed++;
		plain = c < 0x80 ? ' ' : look_alike(c);
		if (plain < 0x20 || plain > 0x7e)
			plain = ' ';
		g_string_append_c(out, (char)plain);
	}
	return changed;
}
