/* vCard content lines: versions, folding, escapes, charsets, limits. */
#include "mime/vcard.h"

#include <string.h>

#define CRLF "\r\n"

static char *
show(const struct vcard *card)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < card->lines->len; i++) {
		const struct vcard_line *l = card->lines->pdata[i];

		if (l->group)
			g_string_append_printf(out, "%s.", l->group);
		g_string_append(out, l->name);
		for (guint k = 0; k < l->params->len; k++) {
			const struct vcard_param *p = l->params->pdata[k];

			g_string_append_printf(out, " %s", p->name);
			for (guint v = 0; v < p->values->len; v++)
				g_string_append_printf(
				    out, "<%s>", (char *)p->values->pdata[v]);
		}
		g_string_append_printf(out, "=%s\n", l->value);
	}
	return g_string_free(out, FALSE);
}

/* First card of a text, its lines, and the version. */
static const struct {
	const char *raw, *lines;
	guint version;
} rows[] = {
    {"BEGIN:VCARD" CRLF "VERSION:4.0" CRLF "FN:Anna" CRLF "END:VCARD" CRLF,
	"FN=Anna\n", 40},
    /* RFC 6350 3.2: a fold may stand in the middle of a word, or a character */
    {"BEGIN:VCARD\nVERSION:3.0\nNOTE:lo\n ng\xc3\n \xa4\nEND:VCARD\n",
	"NOTE=long\xc3\xa4\n", 30},
    {"BEGIN:VCARD\nVERSION:4.0\nitem1.EMAIL;TYPE=work,home;PREF=1:a@x\n"
     "END:VCARD\n",
	"item1.EMAIL TYPE<work><home> PREF<1>=a@x\n", 40},
    {"BEGIN:VCARD\nVERSION:4.0\nADR;LABEL=\"a; b: c^nd ^'e^' ^^\":;;x\n"
     "END:VCARD\n",
	"ADR LABEL<a; b: c\nd \"e\" ^>=;;x\n", 40},
    /* 2.1: bare parameters, quoted-printable with soft breaks, charset */
    {"BEGIN:VCARD" CRLF "VERSION:2.1" CRLF "TEL;WORK;VOICE:+1" CRLF
     "N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6r=" CRLF
     "g" CRLF "NOTE;QUOTED-PRINTABLE:one=0D=0Atwo, three\\x" CRLF
     "END:VCARD" CRLF,
	"TEL TYPE<WORK><VOICE>=+1\nN=M\xc3\xbcller;J\xc3\xb6rg\n"
	"NOTE=one\\ntwo\\, three\\\\x\n",
	21},
    /* "=" at the end means nothing where the encoding is another one */
    {"BEGIN:VCARD\nVERSION:2.1\nN;X=QUOTED-PRINTABLES:a=\nTEL:1\n"
     "URL;TYPE=quoted-printable:http://x/?y=\nFN;encoding=Quoted-Printable:a=\n"
     "b\nNOTE;ENCODING=8bit,quoted-printable:c=\nEND:VCARD\n",
	"N X<QUOTED-PRINTABLES>=a=\nTEL=1\n"
	"URL TYPE<quoted-printable>=http://x/?y=\nFN=ab\n"
	"NOTE ENCODING<8bit>=c=\n",
	21},
    /* 2.1: base64 until an empty line, not indented */
    {"BEGIN:VCARD\nVERSION:2.1\nPHOTO;JPEG;ENCODING=BASE64:\nAAEC\nAwQF\n\n"
     "FN:x\nEND:VCARD\n",
	"PHOTO TYPE<JPEG> ENCODING<BASE64>=AAECAwQF\nFN=x\n", 21},
    /* 2.1: a fold stands for its blank */
    {"BEGIN:VCARD\nVERSION:2.1\nNOTE:one\n two\nEND:VCARD\n", "NOTE=one two\n",
	21},
    /* A card in a card */
    {"BEGIN:VCARD\nVERSION:2.1\nFN:a\nAGENT:\nBEGIN:VCARD\nFN:b\nEND:VCARD\n"
     "TEL:1\nEND:VCARD\n",
	"FN=a\nAGENT=\nTEL=1\n", 21},
    /* Neither UTF-8 nor a charset: Windows-1252 */
    {"BEGIN:VCARD\nVERSION:3.0\nFN:J\xf6rg\nEND:VCARD\n", "FN=J\xc3\xb6rg\n",
	30},
    /* No end, lines that are none, nothing before the colon */
    {"\xef\xbb\xbfjunk\nbegin:vcard\nFN:a\nno colon\n:x\n=?:y\n", "FN=a\n", 40},
    /* The next one begins before this has ended */
    {"BEGIN:VCARD\nFN:a\nBEGIN:VCARD\nFN:b\nEND:VCARD\n", "FN=a\n", 40},
};

static void
test_rows(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(Vcard) card = {0};
		g_autofree char *got = NULL;
		gsize pos = 0;

		g_test_message("row %u", i);
		g_assert_cmpint(vcard_next(rows[i].raw, strlen(rows[i].raw),
				    &pos, &card, NULL),
		    ==, ST_OK);
		got = show(&card);
		g_assert_cmpstr(got, ==, rows[i].lines);
		g_assert_cmpuint(card.version, ==, rows[i].version);
	}
}

static void
test_several(void)
{
	static const char raw[] =
	    "BEGIN:VCARD\nFN:a\nEND:VCARD\n\nBEGIN:VCARD\nFN:b\nEND:VCARD\n\n";
	g_auto(Vcard) card = {0};
	gsize pos = 0;

	for (const char *name = "ab"; *name; name++) {
		guint at = 0;
		const struct vcard_line *fn;

		g_assert_cmpint(
		    vcard_next(raw, strlen(raw), &pos, &card, NULL), ==, ST_OK);
		fn = vcard_find(&card, "FN", &at);
		g_assert_nonnull(fn);
		g_assert_cmpint(fn->value[0], ==, *name);
		g_assert_null(vcard_find(&card, "FN", &at));
	}
	g_assert_cmpint(
	    vcard_next(raw, strlen(raw), &pos, &card, NULL), ==, ST_END);
	pos = 0;
	g_assert_cmpint(vcard_next("", 0, &pos, &card, NULL), ==, ST_END);
	/* A card without lines is one. */
	g_assert_cmpint(
	    vcard_next("BEGIN:VCARD\nEND:VCARD\n", 22, &pos, &card, NULL), ==,
	    ST_OK);
	g_assert_cmpuint(card.lines->len, ==, 0);
	pos = 0;
	g_assert_cmpint(vcard_next("junk\n", 5, &pos, &card, NULL), ==, ST_END);
}

static void
test_values(void)
{
	static const char raw[] = "BEGIN:VCARD\nVERSION:4.0\n"
				  "N:van\\; Gogh;Vin\\,cent;\\\\;;\n"
				  "CATEGORIES:a\\,b,c\n"
				  "NOTE:one\\nt\\Nwo\n"
				  "TEL;TYPE=\"work,voice\";PREF=1:1\n"
				  "PHOTO:data:image/png;base64,AAEC\n"
				  "LOGO;ENCODING=b:/wA=\n"
				  "END:VCARD\n";
	g_auto(Vcard) card = {0};
	gsize pos = 0;
	const struct vcard_line *l[6];
	g_autoptr(GPtrArray) n = NULL;
	g_autoptr(GPtrArray) categories = NULL;
	g_autofree char *note = NULL;
	g_autoptr(GBytes) photo = NULL;
	g_autoptr(GBytes) logo = NULL;

	g_assert_cmpint(
	    vcard_next(raw, strlen(raw), &pos, &card, NULL), ==, ST_OK);
	g_assert_cmpuint(card.lines->len, ==, G_N_ELEMENTS(l));
	for (guint i = 0; i < G_N_ELEMENTS(l); i++)
		l[i] = card.lines->pdata[i];
	n = vcard_line_split(l[0], ';');
	g_assert_cmpuint(n->len, ==, 5);
	g_assert_cmpstr(n->pdata[0], ==, "van; Gogh");
	g_assert_cmpstr(n->pdata[1], ==, "Vin,cent");
	g_assert_cmpstr(n->pdata[2], ==, "\\");
	g_assert_cmpstr(n->pdata[4], ==, "");
	categories = vcard_line_split(l[1], ',');
	g_assert_cmpuint(categories->len, ==, 2);
	g_assert_cmpstr(categories->pdata[0], ==, "a,b");
	note = vcard_line_text(l[2]);
	g_assert_cmpstr(note, ==, "one\nt\nwo");
	g_assert_true(vcard_line_is(l[3], "WORK"));
	g_assert_true(vcard_line_is(l[3], "voice"));
	g_assert_true(vcard_line_is(l[3], "pref"));
	g_assert_false(vcard_line_is(l[3], "home"));
	photo = vcard_line_bytes(l[4]);
	logo = vcard_line_bytes(l[5]);
	g_assert_cmpmem(g_bytes_get_data(photo, NULL), g_bytes_get_size(photo),
	    "\0\1\2", 3);
	g_assert_cmpmem(
	    g_bytes_get_data(logo, NULL), g_bytes_get_size(logo), "\xff\0", 2);
	g_assert_null(vcard_line_bytes(l[2]));
}

static void
test_write(void)
{
	static const char *const name[] = {"M\xc3\xbcller; Co", NULL, "\\"};
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GString) params = g_string_new(NULL);
	g_autoptr(GString) note = g_string_new(NULL);
	g_auto(Vcard) card = {0};
	g_autofree char *text = NULL;
	gsize pos = 0;

	/* Every length of a line, with characters of all lengths. */
	for (guint i = 0; i < 200; i++)
		g_string_append(note, i % 3 == 0   ? "\xf0\x9f\x98\x80"
				      : i % 3 == 1 ? "\xc3\xa4"
						   : "x");
	vcard_param(params, "TYPE", "work");
	vcard_param(params, "LABEL", "a;\"b\"\n^");
	vcard_write_begin(out);
	vcard_write_list(out, "N", NULL, name, 3, ';');
	vcard_write_text(out, "EMAIL", params->str, "a,b@x");
	vcard_write_text(out, "NOTE", NULL, note->str);
	vcard_write_text(out, "NOTE", NULL, "a\r\nb\rc\nd\x01");
	vcard_write_end(out);
	for (const char *p = out->str; *p;) {
		const char *end = strstr(p, "\r\n");

		g_assert_nonnull(end);
		g_assert_cmpuint((gsize)(end - p), <=, 75);
		g_assert_true(g_utf8_validate(p, end - p, NULL));
		p = end + 2;
	}
	g_assert_cmpint(
	    vcard_next(out->str, out->len, &pos, &card, NULL), ==, ST_OK);
	g_assert_cmpuint(card.version, ==, 40);
	g_assert_cmpuint(pos, ==, out->len);
	g_assert_cmpuint(card.lines->len, ==, 4);
	text = show(&card);
	g_assert_true(g_str_has_prefix(text,
	    "N=M\xc3\xbcller\\; Co;;\\\\\n"
	    "EMAIL TYPE<work> LABEL<a;\"b\"\n^>=a\\,b@x\nNOTE="));
	g_assert_true(g_str_has_suffix(text, "NOTE=a\\nb\\nc\\nd\n"));
	g_free(text);
	text = vcard_line_text(card.lines->pdata[2]);
	g_assert_cmpstr(text, ==, note->str);
	/* A line that was read is written as it was. */
	g_string_truncate(note, 0);
	vcard_write_line(note, card.lines->pdata[1]);
	g_assert_cmpstr(
	    note->str, ==, "EMAIL;TYPE=work;LABEL=\"a;^'b^'^n^^\":a\\,b@x\r\n");
}

static void
test_limits(void)
{
	g_autoptr(GString) raw = g_string_new("BEGIN:VCARD\n");
	g_auto(Vcard) card = {0};
	g_autoptr(GError) error = NULL;
	gsize pos = 0, first;

	for (guint i = 0; i <= VCARD_LINES_MAX; i++)
		g_string_append(raw, "NOTE:x\n");
	g_string_append(raw, "END:VCARD\n");
	first = raw->len;
	g_string_append(raw, "BEGIN:VCARD\nFN:a\nEND:VCARD\n");
	g_assert_cmpint(
	    vcard_next(raw->str, raw->len, &pos, &card, &error), ==, ST_ITEM);
	g_assert_cmpint(error_kind(error), ==, ERR_LIMIT);
	g_assert_cmpuint(pos, ==, first);
	g_assert_cmpint(
	    vcard_next(raw->str, raw->len, &pos, &card, NULL), ==, ST_OK);
	g_assert_cmpuint(card.lines->len, ==, 1);
	/* As many parameters as one likes: some are kept. */
	g_string_assign(raw, "BEGIN:VCARD\nTEL");
	for (guint i = 0; i < 1000; i++)
		g_string_append_printf(raw, ";P%u=x;TYPE=%u", i, i);
	g_string_append(raw, ":1\n");
	pos = 0;
	g_assert_cmpint(
	    vcard_next(raw->str, raw->len, &pos, &card, NULL), ==, ST_OK);
	g_assert_cmpuint(
	    ((struct vcard_line *)card.lines->pdata[0])->params->len, ==,
	    VCARD_PARAMS_MAX);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/vcard/read", test_rows);
	g_test_add_func("/vcard/several", test_several);
	g_test_add_func("/vcard/values", test_values);
	g_test_add_func("/vcard/write", test_write);
	g_test_add_func("/vcard/limits", test_limits);
	return g_test_run();
}
