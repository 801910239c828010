/* Code pages against published tables: all 256 bytes of 437 and 10000 (the
 * original lost their symbols, Q174725), and double-byte pages whose second
 * byte may be a backslash (Q198861). */
#include "base/codepage.h"

#include <string.h>

/* Bytes 80 to FF. */
static const guint16 cp437[128] = {
    0x00c7,
    0x00fc,
    0x00e9,
    0x00e2,
    0x00e4,
    0x00e0,
    0x00e5,
    0x00e7,
    0x00ea,
    0x00eb,
    0x00e8,
    0x00ef,
    0x00ee,
    0x00ec,
    0x00c4,
    0x00c5,
    0x00c9,
    0x00e6,
    0x00c6,
    0x00f4,
    0x00f6,
    0x00f2,
    0x00fb,
    0x00f9,
    0x00ff,
    0x00d6,
    0x00dc,
    0x00a2,
    0x00a3,
    0x00a5,
    0x20a7,
    0x0192,
    0x00e1,
    0x00ed,
    0x00f3,
    0x00fa,
    0x00f1,
    0x00d1,
    0x00aa,
    0x00ba,
    0x00bf,
    0x2310,
    0x00ac,
    0x00bd,
    0x00bc,
    0x00a1,
    0x00ab,
    0x00bb,
    0x2591,
    0x2592,
    0x2593,
    0x2502,
    0x2524,
    0x2561,
    0x2562,
    0x2556,
    0x2555,
    0x2563,
    0x2551,
    0x2557,
    0x255d,
    0x255c,
    0x255b,
    0x2510,
    0x2514,
    0x2534,
    0x252c,
    0x251c,
    0x2500,
    0x253c,
    0x255e,
    0x255f,
    0x255a,
    0x2554,
    0x2569,
    0x2566,
    0x2560,
    0x2550,
    0x256c,
    0x2567,
    0x2568,
    0x2564,
    0x2565,
    0x2559,
    0x2558,
    0x2552,
    0x2553,
    0x256b,
    0x256a,
    0x2518,
    0x250c,
    0x2588,
    0x2584,
    0x258c,
    0x2590,
    0x2580,
    0x03b1,
    0x00df,
    0x0393,
    0x03c0,
    0x03a3,
    0x03c3,
    0x00b5,
    0x03c4,
    0x03a6,
    0x0398,
    0x03a9,
    0x03b4,
    0x221e,
    0x03c6,
    0x03b5,
    0x2229,
    0x2261,
    0x00b1,
    0x2265,
    0x2264,
    0x2320,
    0x2321,
    0x00f7,
    0x2248,
    0x00b0,
    0x2219,
    0x00b7,
    0x221a,
    0x207f,
    0x00b2,
    0x25a0,
    0x00a0,
};

/* Bytes 80 to FF. */
static const guint16 mac_roman[128] = {
    0x00c4,
    0x00c5,
    0x00c7,
    0x00c9,
    0x00d1,
    0x00d6,
    0x00dc,
    0x00e1,
    0x00e0,
    0x00e2,
    0x00e4,
    0x00e3,
    0x00e5,
    0x00e7,
    0x00e9,
    0x00e8,
    0x00ea,
    0x00eb,
    0x00ed,
    0x00ec,
    0x00ee,
    0x00ef,
    0x00f1,
    0x00f3,
    0x00f2,
    0x00f4,
    0x00f6,
    0x00f5,
    0x00fa,
    0x00f9,
    0x00fb,
    0x00fc,
    0x2020,
    0x00b0,
    0x00a2,
    0x00a3,
    0x00a7,
    0x2022,
    0x00b6,
    0x00df,
    0x00ae,
    0x00a9,
    0x2122,
    0x00b4,
    0x00a8,
    0x2260,
    0x00c6,
    0x00d8,
    0x221e,
    0x00b1,
    0x2264,
    0x2265,
    0x00a5,
    0x00b5,
    0x2202,
    0x2211,
    0x220f,
    0x03c0,
    0x222b,
    0x00aa,
    0x00ba,
    0x03a9,
    0x00e6,
    0x00f8,
    0x00bf,
    0x00a1,
    0x00ac,
    0x221a,
    0x0192,
    0x2248,
    0x2206,
    0x00ab,
    0x00bb,
    0x2026,
    0x00a0,
    0x00c0,
    0x00c3,
    0x00d5,
    0x0152,
    0x0153,
    0x2013,
    0x2014,
    0x201c,
    0x201d,
    0x2018,
    0x2019,
    0x00f7,
    0x25ca,
    0x00ff,
    0x0178,
    0x2044,
    0x20ac,
    0x2039,
    0x203a,
    0xfb01,
    0xfb02,
    0x2021,
    0x00b7,
    0x201a,
    0x201e,
    0x2030,
    0x00c2,
    0x00ca,
    0x00c1,
    0x00cb,
    0x00c8,
    0x00cd,
    0x00ce,
    0x00cf,
    0x00cc,
    0x00d3,
    0x00d4,
    0xf8ff,
    0x00d2,
    0x00da,
    0x00db,
    0x00d9,
    0x0131,
    0x02c6,
    0x02dc,
    0x00af,
    0x02d8,
    0x02d9,
    0x02da,
    0x00b8,
    0x02dd,
    0x02db,
    0x02c7,
};

static void
check_page(guint number, const guint16 *high)
{
	g_autoptr(Codepage) page = NULL;

	codepage_open(&page, number, NULL);
	for (guint i = 0; i < 256; i++) {
		guint8 byte = (guint8)i;
		g_autoptr(GString) text = g_string_new(NULL);
		g_autoptr(GString) back = g_string_new(NULL);
		gunichar want = i < 128 ? i : high[i - 128];

		g_assert_cmpuint(
		    codepage_decode(page, &byte, 1, true, true, NULL, text), ==,
		    0);
		g_assert_cmphex(i ? g_utf8_get_char(text->str) : 0, ==, want);
		g_assert_cmpuint(codepage_encode(page, text->str, text->len,
				     true, NULL, back),
		    ==, 0);
		g_assert_cmpuint(back->len, ==, 1);
		g_assert_cmphex((guint8)back->str[0], ==, i);
	}
}

static void
test_symbols(void)
{
	check_page(437, cp437);
	check_page(10000, mac_roman);
}

static const struct {
	guint page;
	const char *bytes, *text;
	gsize bad;
} rows[] = {
    {932, "\x95\x5c\x8e\xa6", "\xe8\xa1\xa8\xe7\xa4\xba", 0}, /* 5C */
    {932, "\x83\x5c,\xb1", "\xe3\x82\xbd,\xef\xbd\xb1", 0},
    {936, "\xd6\xd0\xce\xc4\x80", "\xe4\xb8\xad\xe6\x96\x87\xe2\x82\xac", 0},
    {936, "\x81\x5c", "\xe4\xb9\x97", 0},
    {949, "\xc7\xd1\xb1\xdb", "\xed\x95\x9c\xea\xb8\x80", 0},
    {950, "\xb3\x5c\xa4\xe5", "\xe8\xa8\xb1\xe6\x96\x87", 0},
    {1251, "\xcf\xf0\xe8", "\xd0\x9f\xd1\x80\xd0\xb8", 0},
    {1252, "\x80\x81x", "\xe2\x82\xac\xef\xbf\xbdx", 1},
    /* a stray lead byte does not swallow the separator */
    {932, "\x81,x", "\xef\xbf\xbd,x", 1},
    {932, "a\x95", "a\xef\xbf\xbd", 1},
    {65001, "\xc3\xa9\xff\xe2\x82",
	"\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef"
	"\xbf\xbd",
	3},
};

static void
test_decode(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Codepage) page = NULL;
		g_autoptr(GString) whole = g_string_new(NULL);
		g_autoptr(GString) pieces = g_string_new(NULL);
		g_autoptr(GString) rest = g_string_new(NULL);
		gsize len = strlen(rows[i].bytes), used;

		g_assert_cmpint(
		    codepage_open(&page, rows[i].page, NULL), ==, ST_OK);
		g_assert_cmpuint(codepage_decode(page, rows[i].bytes, len, true,
				     false, NULL, whole),
		    ==, rows[i].bad);
		g_assert_cmpstr(whole->str, ==, rows[i].text);
		/* The same byte by byte. */
		for (gsize at = 0; at < len; at++) {
			g_string_append_c(rest, rows[i].bytes[at]);
			codepage_decode(page, rest->str, rest->len,
			    at + 1 == len, false, &used, pieces);
			g_string_erase(rest, 0, (gssize)used);
		}
		g_assert_cmpstr(pieces->str, ==, rows[i].text);
	}
}

static const struct {
	guint page;
	const char *text, *bytes;
	gsize replaced;
} outs[] = {
    {1252, "\xe2\x82\xac\xc3\xa9", "\x80\xe9", 0},
    {850, "\xe2\x80\x9c\xe2\x82\xac\xe2\x80\x9d", "\"E\"", 3},
    {1252, "\xc5\x84\xce\xa9", "n?", 2},
    {932, "\xe8\xa1\xa8", "\x95\x5c", 0},
    {437, "\xf0\x9f\x98\x80", "?", 1},
};

static void
test_encode(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(outs); i++) {
		g_autoptr(Codepage) page = NULL;
		g_autoptr(GString) got = g_string_new(NULL);

		codepage_open(&page, outs[i].page, NULL);
		g_assert_cmpuint(codepage_encode(page, outs[i].text,
				     strlen(outs[i].text), true, NULL, got),
		    ==, outs[i].replaced);
		g_assert_cmpstr(got->str, ==, outs[i].bytes);
		g_assert_true(
		    codepage_holds(page, outs[i].text, strlen(outs[i].text)) ==
		    (outs[i].replaced == 0));
	}
}

static void
test_unknown(void)
{
	static const guint numbers[] = {0, 1, 1200, 1201, 65000, 12345};
	Codepage *page;

	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_cmpint(
		    codepage_open(&page, numbers[i], &error), ==, ST_RUN);
		g_assert_nonnull(error);
		g_assert_null(page);
	}
}

static void
test_ascii(void)
{
	g_autoptr(GString) out = g_string_new(NULL);

	g_assert_cmpuint(
	    codepage_to_ascii("\xc3\x85\xc2\xa3x\xe4\xb8\xad", out), ==, 3);
	g_assert_cmpstr(out->str, ==, "ALx ");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/kb/Q174725/symbols", test_symbols);
	g_test_add_func("/kb/Q198861/decode", test_decode);
	g_test_add_func("/codepage/encode", test_encode);
	g_test_add_func("/codepage/unknown", test_unknown);
	g_test_add_func("/codepage/ascii", test_ascii);
	return g_test_run();
}
