#include "imap/parser.h"
#include "imap/session.h"

#include <string.h>

/* A response as one line of text: kind, name, tokens. */
static char *
show(const struct imap_reply *r)
{
	static const char *const results[] = {
	    "OK", "NO", "BAD", "BYE", "PREAUTH", ""};
	GString *out = g_string_new(NULL);

	if (r->response == IMAP_TAGGED)
		g_string_append_printf(out, "tag %u ", r->tag);
	if (r->response == IMAP_CONTINUE)
		g_string_append(out, "+ ");
	g_string_append(out, results[r->result]);
	if (r->code)
		g_string_append_printf(out, " code<%s>", r->code);
	if (r->text)
		g_string_append_printf(out, " text<%s>", r->text);
	if (r->number)
		g_string_append_printf(
		    out, "%" G_GUINT64_FORMAT " ", r->number);
	if (r->name)
		g_string_append(out, r->name);
	for (guint i = 0; i < r->n_tokens; i++) {
		const struct blob *b = &r->tokens[i].blob;
		static const char *const marks[] = {"a", "s", "l"};
		g_autofree guint8 *bytes = g_malloc0((gsize)b->len + 1);
		gsize got;

		g_assert_cmpint(
		    blob_read(b, 0, bytes, (gsize)b->len, &got, NULL), ==,
		    ST_OK);
		switch (r->tokens[i].kind) {
		case IMAP_ATOM:
		case IMAP_STRING:
		case IMAP_LITERAL:
			g_string_append_printf(
			    out, " %s<%s>", marks[r->tokens[i].kind], bytes);
			break;
		case IMAP_NIL:
			g_string_append(out, " NIL");
			break;
		case IMAP_OPEN:
			g_string_append(out, " (");
			break;
		case IMAP_CLOSE:
			g_string_append(out, " )");
			break;
		}
	}
	return g_string_free(out, FALSE);
}

/* All responses in text, one line each, fed in pieces of step octets. */
static char *
parse(const char *text, gsize size, gsize step)
{
	g_autoptr(ImapParser) parser = imap_parser_new(NULL);
	GString *out = g_string_new(NULL);
	gsize at = 0, there = MIN(step, size);

	for (;;) {
		g_autoptr(GError) error = NULL;
		g_autofree char *line = NULL;
		struct imap_reply reply;
		gsize used;
		enum status st =
		    imap_parser_run(parser, (const guint8 *)text + at,
			there - at, &used, &reply, &error);

		at += used;
		if (st < 0) {
			g_string_append_printf(out, "fails %d %s\n", (int)st,
			    error_kind_name(error_kind(error)));
			break;
		}
		if (st == ST_OK) {
			line = show(&reply);
			g_string_append_printf(out, "%s\n", line);
			continue;
		}
		if (there == size)
			break;
		there = MIN(size, there + step);
	}
	return g_string_free(out, FALSE);
}

static const struct {
	const char *in, *out;
} table[] = {
    {"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] Dovecot ready.\r\n",
	"OK code<CAPABILITY IMAP4rev1 AUTH=PLAIN> text<Dovecot ready.>\n"},
    {"* PREAUTH hello\r\n", "PREAUTH text<hello>\n"},
    {"* BYE\r\n", "BYE text<>\n"},
    {"* OK\r\n", "OK text<>\n"},
    {"m12 OK [APPENDUID 38505 3955] done\r\n",
	"tag 12 OK code<APPENDUID 38505 3955> text<done>\n"},
    {"m1 NO [OVERQUOTA] full\r\nm2 bad what\r\n",
	"tag 1 NO code<OVERQUOTA> text<full>\ntag 2 BAD text<what>\n"},
    /* Text ends where the line ends, whatever it says. */
    {"* OK take this {5}\r\n* 3 EXISTS\r\n",
	"OK text<take this {5}>\n3 EXISTS\n"},
    {"m1 NO why {3}\r\n", "tag 1 NO text<why {3}>\n"},
    {"+ \r\n+\r\n+ YmFzZTY0\r\n", "+  text<>\n+  text<>\n+  text<YmFzZTY0>\n"},
    /* A flag with "]" in a code; a code without its end. */
    {"* OK [PERMANENTFLAGS (\\Seen a]b \\*)] ok\r\n",
	"OK code<PERMANENTFLAGS (\\Seen a]b \\*)> text<ok>\n"},
    {"* OK [UNSEEN 3\r\n", "OK text<[UNSEEN 3>\n"},
    {"* OK [BADCHARSET (\"a]\" b)] x\r\n",
	"OK code<BADCHARSET (\"a]\" b)> text<x>\n"},
    {"* NO caf\xe9\r\n", "NO text<caf\xef\xbf\xbd>\n"},
    /* Numbers and names. */
    {"* 23 exists\r\n* 5 Expunge\r\n", "23 EXISTS\n5 EXPUNGE\n"},
    {"*  23   EXISTS  \r\n", "23 EXISTS\n"},
    {"* 99999999999999999999 EXISTS\r\n",
	"99999999999999999999 a<EXISTS>\n"}, /* too large: just a word */
    {"* SEARCH\r\n* SEARCH 1 2\r\n", "SEARCH\nSEARCH a<1> a<2>\n"},
    {"* ESEARCH (TAG \"m1\") UID ALL 1:3,5\r\n",
	"ESEARCH ( a<TAG> s<m1> ) a<UID> a<ALL> a<1:3,5>\n"},
    /* Strings. */
    {"* LIST () \"\\\\\" \"a \\\"b\\\" \\\\c\"\r\n",
	"LIST ( ) s<\\> s<a \"b\" \\c>\n"},
    {"* LIST (\\HasNoChildren) NIL nil\r\n",
	"LIST ( a<\\HasNoChildren> ) NIL NIL\n"},
    {"* LIST(\\Noselect) \".\" \"\"\r\n", "LIST ( a<\\Noselect> ) s<.> s<>\n"},
    {"* LIST () \"/\" {6}\r\na\r\nb\r\n\r\n", "LIST ( ) s</> l<a\r\nb\r\n>\n"},
    {"* LIST () \"/\" {0}\r\n\r\n* 1 EXISTS\r\n",
	"LIST ( ) s</> l<>\n1 EXISTS\n"},
    {"* LIST () \"/\" \"a {5}\"\r\n", "LIST ( ) s</> s<a {5}>\n"},
    {"* LIST () \"/\" a{5}b\r\n", "LIST ( ) s</> a<a{5}b>\n"},
    {"* LIST () \"/\" \"no end\r\n", "fails -3 protocol\n"},
    /* FETCH. */
    {"* 1 FETCH (UID 3 FLAGS (\\Seen $X) BODY[] {4}\r\na)b( X \"y\")\r\n",
	"1 FETCH ( a<UID> a<3> a<FLAGS> ( a<\\Seen> a<$X> ) a<BODY[]> "
	"l<a)b(> a<X> s<y> )\n"},
    {"* 1 FETCH (BODY[HEADER.FIELDS (DATE FROM)]<0> \"x\" UID 3)\r\n",
	"1 FETCH ( a<BODY[HEADER.FIELDS (DATE FROM)]<0>> s<x> a<UID> a<3> "
	")\n"},
    {"* 1 FETCH (BINARY[1] ~{3}\r\na\nb)\r\n",
	"1 FETCH ( a<BINARY[1]> l<a\nb> )\n"},
    {"* 1 FETCH (BODY[1] {2}\r\nab BODY[2] {3+}\r\ncde)\r\n",
	"1 FETCH ( a<BODY[1]> l<ab> a<BODY[2]> l<cde> )\n"},
    {"* 1 FETCH (FLAGS (a[b c]d))\r\n",
	"1 FETCH ( a<FLAGS> ( a<a[b> a<c]d> ) )\n"},
    {"* 1 FETCH (BODY[] NIL)\r\n", "1 FETCH ( a<BODY[]> NIL )\n"},
    /* Line ends and blanks as they are sent. */
    {"* 1 FETCH (UID 3)\n\n\r\n* 2 EXISTS\n",
	"1 FETCH ( a<UID> a<3> )\n2 EXISTS\n"},
    {"* 1 FETCH (BODY[] {3}\nabc)\n", "1 FETCH ( a<BODY[]> l<abc> )\n"},
    /* A literal that is longer or shorter than it is said to be. */
    {"* 1 FETCH (BODY[] {3}\r\nabcdef)\r\n", "fails -3 protocol\n"},
    {"* 1 FETCH (BODY[] {9}\r\nabc)\r\n* 2 FETCH (UID 3)\r\n",
	"fails -3 protocol\n"},
    {"* 1 FETCH (BODY[] {99999999999999999999}\r\n", "fails -3 limit\n"},
    {"* 1 FETCH (BODY[] {4294967297}\r\n", "fails -3 limit\n"},
    {"* 1 FETCH (BODY[] {-1}\r\n", "fails -3 protocol\n"},
    /* Nonsense. */
    {"HTTP/1.1 400 Bad Request\r\n", "fails -3 protocol\n"},
    {"* 1 FETCH (UID 3\r\n", "fails -3 protocol\n"},
    {"* 1 FETCH UID 3)\r\n", "fails -3 protocol\n"},
    {"*OK\r\n", "fails -3 protocol\n"},
    {"* \r\n", "fails -3 protocol\n"},
    {"m0 OK x\r\n", "fails -3 protocol\n"},
    {"m1 PREAUTH x\r\n", "fails -3 protocol\n"},
    {"m99999999999 OK x\r\n", "fails -3 protocol\n"},
};

static void
test_table(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		gsize size = strlen(table[i].in);

		for (gsize step = 1; step <= size; step++) {
			g_autofree char *got = parse(table[i].in, size, step);

			if (strcmp(got, table[i].out) != 0)
				g_error("row %u, step %zu:\n%s\nbut:\n%s", i,
				    step, table[i].out, got);
		}
	}
}

static void
test_nul(void)
{
	static const char text[] = "* X a\0b {3}\r\n\0\0\0 \"\0\"\r\n";
	g_autofree char *got = parse(text, sizeof(text) - 1, 1);

	g_assert_true(g_str_has_prefix(got, "X a<a> l<> s<>"));
}

/* What does not fit into memory goes through the spool, byte for byte. */
static void
test_spooled(void)
{
	const gsize large = SPOOL_MEMORY_MAX + 12345;
	g_autoptr(GString) text = g_string_new("* 1 FETCH (UID 3 BODY[] {");
	g_autoptr(ImapParser) parser = imap_parser_new(NULL);
	struct imap_reply reply = {0};
	gsize at = 0, there = 0;
	guint replies = 0;

	g_string_append_printf(text, "%zu}\r\n", large);
	for (gsize i = 0; i < large; i++)
		g_string_append_c(text, (char)('a' + i % 23));
	g_string_append(text, " FLAGS (\\Seen) BODY[2] {2}\r\nxy)\r\n"
			      "* 2 FETCH (UID 4)\r\n");
	while (replies < 2) {
		gsize used;
		enum status st =
		    imap_parser_run(parser, (const guint8 *)text->str + at,
			there - at, &used, &reply, NULL);

		at += used;
		g_assert_cmpint(st, >=, 0);
		/* Memory stays small whatever the length. */
		g_assert_cmpuint(there - at, <, 70000);
		if (st == ST_END) {
			g_assert_cmpuint(there, <, text->len);
			there = MIN(text->len, there + 65536);
		} else if (++replies == 1) {
			const struct imap_token *t = reply.tokens;
			guint8 byte;
			gsize got;

			g_assert_cmpuint(reply.n_tokens, ==, 12);
			g_assert_cmpint(t[4].kind, ==, IMAP_LITERAL);
			g_assert_cmpint(t[4].blob.len, ==, large);
			for (gsize i = 0; i < large; i += 997) {
				blob_read(&t[4].blob, (gint64)i, &byte, 1, &got,
				    NULL);
				g_assert_cmpint(byte, ==, 'a' + i % 23);
			}
			g_assert_true(imap_token_is(&t[5], "FLAGS"));
			g_assert_cmpint(t[10].blob.len, ==, 2);
			g_assert_cmpmem(t[10].blob.mem, 2, "xy", 2);
		}
	}
	g_assert_cmpuint(reply.number, ==, 2);
	g_assert_cmpuint(at, ==, text->len);
}

static void
test_limits(void)
{
	g_autoptr(GString) text = g_string_new("* LIST () \"/\" ");
	g_autofree char *got = NULL, *words = NULL;

	while (text->len <= IMAP_LINE_MAX)
		g_string_append(text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	got = parse(text->str, text->len, 65536);
	g_assert_cmpstr(got, ==, "fails -3 limit\n");
	g_string_assign(text, "* X");
	for (guint i = 0; i <= IMAP_TOKENS_MAX; i++)
		g_string_append(text, " x");
	g_string_append(text, "\r\n");
	words = parse(text->str, text->len, 65536);
	g_assert_cmpstr(words, ==, "fails -3 limit\n");
}

/* Mail that lists thousands of folders was given up with "error interpreting
 * response" (event 14001). */
static void
test_kb_902237(void)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(ImapParser) parser = imap_parser_new(NULL);
	gsize at = 0, used;
	guint lists = 0;

	for (guint i = 0; i < 2000; i++) {
		g_autofree char *name = g_strdup_printf(
		    "Folder %u\\with \"odd\" ending {%u}", i, i);

		if (i % 3 == 0)
			g_string_append_printf(text,
			    "* LIST (\\HasNoChildren) \"\\\\\" {%zu}\r\n%s\r\n",
			    strlen(name), name);
		else
			g_string_append_printf(text,
			    "* LIST () NIL Deep.%u.er.and.deep.er\r\n", i);
	}
	for (;;) {
		struct imap_reply reply;
		enum status st =
		    imap_parser_run(parser, (const guint8 *)text->str + at,
			text->len - at, &used, &reply, NULL);

		at += used;
		if (st != ST_OK)
			break;
		g_assert_cmpstr(reply.name, ==, "LIST");
		if (lists % 3 == 0) {
			g_autofree char *name = g_strdup_printf(
			    "Folder %u\\with \"odd\" ending {%u}", lists,
			    lists);

			g_assert_cmpmem(reply.tokens[4].blob.mem,
			    (gsize)reply.tokens[4].blob.len, name,
			    strlen(name));
		}
		lists++;
	}
	g_assert_cmpuint(lists, ==, 2000);
	g_assert_cmpuint(at, ==, text->len);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/parser/table", test_table);
	g_test_add_func("/imap/parser/nul", test_nul);
	g_test_add_func("/imap/parser/spooled", test_spooled);
	g_test_add_func("/imap/parser/limits", test_limits);
	g_test_add_func("/kb/902237/thousands of folders", test_kb_902237);
	return g_test_run();
}
