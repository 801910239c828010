#include "base/digest.h"
#include "mime/address.h"
#include "mime/base64.h"
#include "mime/date.h"
#include "mime/encode.h"
#include "mime/envelope.h"
#include "mime/part.h"
#include "mime/text.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

static void
test_dates(void)
{
	static const struct {
		const char *text, *iso; /* NULL: no date */
	} rows[] = {
	    /* RFC 5322 A.1.1, A.5, A.6.2 */
	    {"Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"},
	    {"Thu,\r\n 13\r\n  Feb\r\n  1969\r\n 23:32\r\n"
	     " -0330 (Newfoundland Time)",
		"1969-02-13T23:32:00-03:30"},
	    {"21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06+00:00"},
	    /* RFC 5322 4.3: two and three digits */
	    {"1 Jan 49 00:00:00 +0000", "2049-01-01T00:00:00+00:00"},
	    {"1 Jan 50 00:00:00 +0000", "1950-01-01T00:00:00+00:00"},
	    {"1 Jan 100 00:00:00 +0000", "2000-01-01T00:00:00+00:00"},
	    {"Sat, 1 Jan 19100 12:00:00 +0100", "2000-01-01T12:00:00+01:00"},
	    {"Tue, 3 Mar 1998 10:00:00 PST", "1998-03-03T10:00:00-08:00"},
	    {"Tue, 3 Mar 1998 10:00:00 MESZ", "1998-03-03T10:00:00+02:00"},
	    {"Tue, 3 Mar 1998 10:00:00 IST", "1998-03-03T10:00:00Z"},
	    {"Tue, 3 Mar 1998 10:00:00 -0000", "1998-03-03T10:00:00Z"},
	    {"Tue, 3 Mar 1998 10:00:00 GMT+0100", "1998-03-03T10:00:00+01:00"},
	    {"Tue, 3 Mar 1998 10:00:00 +01:00", "1998-03-03T10:00:00+01:00"},
	    {"Tue, 3 Mar 1998 10:00:00 (CET)", "1998-03-03T10:00:00+01:00"},
	    {"Tue, 3 Mar 1998 10:00:00 +9900", "1998-03-03T10:00:00Z"},
	    {"Fri Nov 21 09:55:06 1997", "1997-11-21T09:55:06Z"},
	    {"Fri Nov 21 09:55:06 EST 1997", "1997-11-21T09:55:06-05:00"},
	    {"21-Nov-1997 09:55", "1997-11-21T09:55:00Z"},
	    {"Fri, 21 Nov 1997 9.55.06 +0100", "1997-11-21T09:55:06+01:00"},
	    {"Fri, 21 Nov 1997 9:55:06 PM", "1997-11-21T21:55:06Z"},
	    {"Fri, 21 Nov 1997 12:55:06 AM", "1997-11-21T00:55:06Z"},
	    {"2004-03-01T12:33:11Z", "2004-03-01T12:33:11+00:00"},
	    {"2004-03-01T12:33:11.250-05:00", "2004-03-01T12:33:11-05:00"},
	    {"31.12.2003 23:59:60", "2003-12-31T23:59:59Z"},
	    {"12/31/2003 10:00", "2003-12-31T10:00:00Z"},
	    {"Mon, 29 Feb 2000 00:00:00 +0000", "2000-02-29T00:00:00+00:00"},
	    {"29 Feb 2001 00:00:00 +0000", NULL},
	    {"3/4/98 10:00", NULL},
	    {"1 Jan 2000 24:00:00", NULL},
	    {"", NULL},
	    {"yesterday", NULL},
	    {"99999999999999999999", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct stamp stamp = {0};
		g_autofree char *iso = NULL;
		bool ok =
		    date_parse(rows[i].text, strlen(rows[i].text), &stamp);
		char out[DATE_LEN];

		g_test_message("row %u: %s", i, rows[i].text);
		g_assert_cmpint(ok, ==, rows[i].iso != NULL);
		if (!ok)
			continue;
		iso = stamp_to_iso(&stamp);
		g_assert_cmpstr(iso, ==, rows[i].iso);
		date_format(&stamp, out);
		g_clear_pointer(&iso, g_free);
		g_assert_true(date_parse(out, strlen(out), &stamp));
		iso = stamp_to_iso(&stamp);
		g_assert_cmpstr(iso, ==, rows[i].iso);
	}
}

/* "name|type|address" of each, joined by ", " */
static char *
persons_text(const GPtrArray *persons)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < persons->len; i++) {
		const struct person *p = g_ptr_array_index(persons, i);

		g_string_append_printf(out, "%s%s|%s|%s", i ? ", " : "",
		    p->name ? p->name : "-", p->type ? p->type : "-",
		    p->address ? p->address : "-");
	}
	return g_string_free(out, FALSE);
}

static void
test_addresses(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"a@b.c", "-|SMTP|a@b.c"},
	    {"Anna Berg <anna@example.org>", "Anna Berg|SMTP|anna@example.org"},
	    {"\"Berg, Anna\" <anna@example.org>,b@c.d",
		"Berg, Anna|SMTP|anna@example.org, -|SMTP|b@c.d"},
	    {"\"A \\\"x\\\" B\" <a@b>", "A \"x\" B|SMTP|a@b"},
	    /* RFC 5322 A.1.2, A.1.3, A.5, A.6.1 */
	    {"Mary Smith <mary@x.test>, jdoe@example.org, Who? "
	     "<one@y.test>",
		"Mary Smith|SMTP|mary@x.test, -|SMTP|jdoe@example.org, "
		"Who?|SMTP|one@y.test"},
	    {"A Group:Ed Jones <c@a.test>,joe@where.test,John "
	     "<jdoe@one.test>;",
		"Ed Jones|SMTP|c@a.test, -|SMTP|joe@where.test, "
		"John|SMTP|jdoe@one.test"},
	    {"Undisclosed recipients:;", ""},
	    {"undisclosed-recipients: ;, a@b.c", "-|SMTP|a@b.c"},
	    {"Pete(A nice \\) chap) <pete(his account)@silly.test>",
		"Pete|SMTP|pete@silly.test"},
	    {"Mary Smith <@node.test:mary@example.net>, , jdoe@test   . "
	     "example",
		"Mary Smith|SMTP|mary@example.net, "
		"-|SMTP|jdoe@test.example"},
	    {"anna@example.org (Anna Berg)", "Anna Berg|SMTP|anna@example.org"},
	    {"=?iso-8859-1?Q?J=F6rg?= <j@x.de>", "Jörg|SMTP|j@x.de"},
	    {"\"=?utf-8?B?SsO2cmc=?=\" <j@x.de>", "Jörg|SMTP|j@x.de"},
	    {"J\xf6rg <j@x.de>", "Jörg|SMTP|j@x.de"},
	    {"J\xc3\xb6rg <j\xc3\xb6rg@x.de>", "Jörg|SMTP|jörg@x.de"},
	    {"Anna Berg anna@example.org", "Anna Berg|SMTP|anna@example.org"},
	    {"a@b.c; d@e.f", "-|SMTP|a@b.c, -|SMTP|d@e.f"},
	    {"<<a@b.c>>", "-|SMTP|a@b.c"},
	    {"mailto:a@b.c", "-|SMTP|a@b.c"},
	    {"root", "root|-|-"},
	    {"Anna <>", "Anna|-|-"},
	    {"\"Anna [X400:c=de;a=x]\":;", "Anna|X400|c=de;a=x"},
	    {"\"[CCMAIL:Anna at PO]\":;", "-|CCMAIL|Anna at PO"},
	    {"\"Anna Berg\":;", "Anna Berg|-|-"},
	    {"x@[IPv6:2001:db8::1]", "-|SMTP|x@[IPv6:2001:db8::1]"},
	    {"\"john doe\"@example.org", "-|SMTP|\"john doe\"@example.org"},
	    {"\"never ends <a@b.c>, d@e.f",
		"never ends|SMTP|a@b.c, -|SMTP|d@e.f"},
	    {"a@b.c d@e.f", "-|SMTP|a@b.c, -|SMTP|d@e.f"},
	    {"a@b.c  a@b.c", "a@b.c|SMTP|a@b.c"},
	    {"a@b.c d@e.f (both)", "a@b.c|SMTP|d@e.f"},
	    {"Mikel@Lindsaar <a@b.c>", "Mikel@Lindsaar|SMTP|a@b.c"},
	    /* RFC 2822 A.5 */
	    {"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)"
	     "public.example>,\r\n         joe@example.org,\r\n  John "
	     "<jdoe@one.test> (my dear friend); (the end of the group)",
		"Chris Jones|SMTP|c@public.example, -|SMTP|joe@example.org, "
		"John|SMTP|jdoe@one.test"},
	    {"(Empty list)(start)Undisclosed recipients  :(nobody(that I "
	     "know))  ;",
		""},
	    {"(((((", ""},
	    {",,,;;;", ""},
	    {"", ""},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) got =
		    g_ptr_array_new_with_free_func((GDestroyNotify)person_free);
		g_autoptr(GPtrArray) again =
		    g_ptr_array_new_with_free_func((GDestroyNotify)person_free);
		g_autoptr(GString) text = g_string_new(NULL);
		g_autofree char *a = NULL, *b = NULL;
		g_autofree char *shown = g_strescape(rows[i].text, NULL);

		g_test_message("row %u: %s", i, shown);
		address_parse(rows[i].text, strlen(rows[i].text), got);
		a = persons_text(got);
		g_assert_cmpstr(a, ==, rows[i].want);
		/* what is written is read back the same */
		for (guint k = 0; k < got->len; k++) {
			g_string_append(text, k ? ",\r\n\t" : "");
			address_format(g_ptr_array_index(got, k), text);
		}
		address_parse(text->str, text->len, again);
		b = persons_text(again);
		g_assert_cmpstr(b, ==, a);
	}
}

static void
test_text(void)
{
	static const struct {
		const char *bytes;
		gsize len; /* 0: up to the NUL */
		const char *want;
	} rows[] = {
	    {"plain", 5, "plain"},
	    {" a\r\n b ", 7, "a b"},
	    {"a\0b", 3, "a b"},
	    {"caf\xe9 \x80", 6, "café €"},
	    {"caf\xc3\xa9", 5, "café"},
	    {"\x81", 1, "\xef\xbf\xbd"},
	    {"=?utf-8?Q?caf=C3=A9?=", 0, "café"},
	    /* a character cut between two words (RFC 2047 5 forbids) */
	    {"=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=", 0, "café"},
	    {"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", 0, "日本"},
	    {"=?utf-8?Q?a=0Ab=0D=00c?=", 0, NULL},
	    {"=?utf-8?B?YQ==?= =?utf-8?B?Yg==?= c", 0, "ab c"},
	    {"=?utf-8?B?YQ?=", 0, "a"},
	    {"a =?utf-8?Q?b?= =?iso-8859-1?Q?=E9?= d", 0, "a bé d"},
	    {"=?utf-8?Q?b?=c=?utf-8?Q?d?=", 0, "bcd"},
	    {"=?us-ascii*en?Q?b_c?=", 0, "b c"},
	    {"=?utf-8?Q?open", 0, "=?utf-8?Q?open"},
	    {"=?nonsense?Q?abc?=", 0, NULL},
	    {"=?utf-8?B?%%%%?=", 0, NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = mime_text_decode(rows[i].bytes,
		    rows[i].len ? rows[i].len : strlen(rows[i].bytes));

		g_test_message("row %u", i);
		g_assert_true(g_utf8_validate(got, -1, NULL));
		g_assert_null(strpbrk(got, "\r\n"));
		if (rows[i].want)
			g_assert_cmpstr(got, ==, rows[i].want);
	}
}

static void
test_envelope(void)
{
	static const char text[] = "\xef\xbb\xbf"
				   "Received: from x\r\n"
				   "no field at all\r\n"
				   "Subject : =?utf-8?Q?caf=C3=A9?=\r\n"
				   "\tau lait\r\n"
				   "subject: second\r\n"
				   "FROM: Anna <a@b.c>\r\n"
				   "Sender: s@b.c\r\n"
				   "To: x@y.z\r\nTo: q@y.z\r\nCC:\r\n"
				   "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
				   "Message-ID: < 1@ b.c >\r\n"
				   "X-Priority: 5 (lowest)\r\n"
				   "Importance: High\r\n"
				   "Content-Type: Text/HTML; charset=x\r\n"
				   "\r\nSubject: body\r\n";
	struct envelope e;
	struct blob raw = blob_from_mem(text, sizeof(text) - 1);
	g_autofree char *to = NULL;

	envelope_init(&e);
	for (guint i = 0; i < 2; i++) {
		g_assert_cmpint(envelope_parse(&raw, &e, NULL), ==, ST_OK);
		g_assert_cmpstr(e.subject, ==, "café au lait");
		g_assert_cmpstr(e.message_id, ==, "<1@b.c>");
		g_assert_cmpstr(e.content_type, ==, "text/html");
		g_assert_cmpint(e.priority, ==, PRIORITY_HIGH);
		g_assert_cmpint(e.sent.utc, ==, 880127706);
		g_assert_cmpint(e.sent.zone, ==, -360);
		g_assert_cmpuint(e.from->len, ==, 1);
		g_assert_cmpuint(e.cc->len, ==, 0);
		g_assert_cmpstr(e.sender->address, ==, "s@b.c");
	}
	to = persons_text(e.to);
	g_assert_cmpstr(to, ==, "-|SMTP|x@y.z, -|SMTP|q@y.z");
	/* nothing at all */
	raw = blob_from_mem(NULL, 0);
	g_assert_cmpint(envelope_parse(&raw, &e, NULL), ==, ST_OK);
	g_assert_null(e.subject);
	g_assert_false(e.sent.known);
	envelope_clear(&e);
}

/* A header block in a file, larger than the first read. */
static void
test_envelope_file(void)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(Spool) spool = spool_new(g_get_tmp_dir());
	struct envelope e;
	struct blob raw;

	for (guint i = 0; i < 3000; i++)
		g_string_append_printf(text, "X-Field-%u: some words\r\n", i);
	g_string_append(text, "Subject: far down\r\n\r\n");
	spool_write(spool, text->str, text->len, NULL);
	g_string_set_size(text, SPOOL_MEMORY_MAX);
	memset(text->str, 'x', text->len);
	spool_write(spool, text->str, text->len, NULL);
	raw = spool_blob(spool);
	g_assert_null(raw.mem);
	envelope_init(&e);
	g_assert_cmpint(envelope_parse(&raw, &e, &error), ==, ST_OK);
	g_assert_cmpstr(e.subject, ==, "far down");
	raw.len += 10; /* shorter than it says */
	raw.off += raw.len - 5;
	g_assert_cmpint(envelope_parse(&raw, &e, &error), ==, ST_ITEM);
	g_assert_nonnull(error);
	envelope_clear(&e);
}

static void
clear_part(gpointer part)
{
	part_clear(part);
}

static GArray *
parts_new(void)
{
	GArray *parts = g_array_new(FALSE, TRUE, sizeof(struct part));

	g_array_set_clear_func(parts, clear_part);
	return parts;
}

static char *
blob_text(const struct blob *blob, gsize *len)
{
	char *text = g_malloc((gsize)blob->len + 1);
	gsize got;

	g_assert_cmpint(
	    blob_read(blob, 0, text, (gsize)blob->len, &got, NULL), ==, ST_OK);
	text[got] = '\0';
	if (len)
		*len = got;
	return text;
}

/* "kind:name:type:text" of each part, one a line. */
static char *
parts_text(GArray *parts)
{
	static const char *const kinds[] = {"text", "html", "rtf", "file",
	    "message", "ole", "document", "schedule", "macbinary"};
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < parts->len; i++) {
		struct part *p = &g_array_index(parts, struct part, i);
		g_autofree char *text = blob_text(&p->blob, NULL);
		g_autofree char *escaped = g_strescape(text, NULL);

		g_string_append_printf(out, "%s:%s:%s:%s:%s\n", kinds[p->kind],
		    p->name ? p->name : "", p->type ? p->type : "",
		    p->charset ? p->charset : "", escaped);
	}
	return g_string_free(out, FALSE);
}

#define MIXED "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"

static void
test_split(void)
{
	static const struct {
		const char *name, *raw, *want;
	} rows[] = {
	    {"plain", "Subject: x\r\n\r\nhello\r\n", "text::::hello\\r\\n\n"},
	    {"bare LF", "Subject: x\n\nhello\nyou", "text::::hello\\r\\nyou\n"},
	    {"old Mac", "Subject: x\n\na\rb\r\rc",
		"text::::a\\r\\nb\\r\\n\\r\\nc\n"},
	    {"no body", "Subject: x\r\n", "text::::\n"},
	    {"8-bit without a word", "\r\n\r\ncaf\xe9",
		"text::::\\r\\ncaf\\303\\251\n"},
	    {"latin1",
		"Content-Type: text/plain; charset=iso-8859-1\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		"caf=E9 =80=\r\n!\r\n",
		"text::::caf\\303\\251 \\342\\202\\254!\\r\\n\n"},
	    {"html keeps its charset",
		"Content-Type: text/html; charset=koi8-r\r\n\r\n<p>\xc1",
		"html:::koi8-r:<p>\\301\n"},
	    {"html that lies",
		"Content-Type: text/html; charset=utf-8\r\n\r\n<p>\xe9",
		"html:::windows-1252:<p>\\351\n"},
	    {"mixed",
		MIXED "preamble\r\n--b\r\n\r\nhi\r\n--b \r\n"
		      "Content-Type: image/png; name=\"../../x.png\"\r\n"
		      "Content-Transfer-Encoding: base64\r\n\r\n"
		      "AQIDBA==\r\n--b--\r\nepilogue\r\n",
		"text::::hi\nfile:x.png:image/png::\\001\\002\\003\\004\n"},
	    {"text as attachment",
		MIXED "--b\r\nContent-Disposition: attachment;"
		      " filename*=utf-8''caf%C3%A9.txt\r\n\r\nhi\n\r\n--b--",
		"file:café.txt:text/plain::hi\\n\n"},
	    {"boundary never comes", MIXED "hello\r\n--c\r\n",
		"text::::hello\\r\\n--c\\r\\n\n"},
	    {"no boundary", "Content-Type: multipart/mixed\r\n\r\nhello",
		"text::::hello\n"},
	    {"cut off", MIXED "--b\r\n\r\nhi\r\n--b\r\nContent-Type: a/b\r\n",
		"text::::hi\n"},
	    {"header without a body", MIXED "--b\r\nContent-Type: a/b\r\n--b--",
		"file::a/b::\n"},
	    {"inner is not closed",
		MIXED "--b\r\nContent-Type: multipart/alternative;"
		      " boundary=i\r\n\r\n--i\r\n\r\na\r\n--i\r\n"
		      "Content-Type: text/html\r\n\r\nb\r\n--b\r\n"
		      "Content-Type: a/b\r\n\r\nc\r\n--b--\r\n",
		"text::::a\nhtml::::b\nfile::a/b::c\n"},
	    {"a message",
		MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\n"
		      "Subject: in\r\n\r\n\xff\nx\r\n\r\n--b--\r\n",
		"message::message/rfc822::Subject: in\\r\\n\\r\\n"
		"\\377\\nx\\r\\n\n"},
	    {"digest",
		"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n"
		"\r\nSubject: in\r\n\r\n--b--\r\n",
		"message::message/rfc822::Subject: in\\r\\n\n"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GArray) parts = parts_new();
		g_autoptr(Spool) store = spool_new(g_get_tmp_dir());
		struct blob raw =
		    blob_from_mem(rows[i].raw, strlen(rows[i].raw));
		g_autofree char *got = NULL;

		g_test_message("row %u: %s", i, rows[i].name);
		g_assert_cmpint(
		    part_split(&raw, parts, store, NULL), ==, ST_OK);
		got = parts_text(parts);
		g_assert_cmpstr(got, ==, rows[i].want);
	}
}

/* What was mended is said of the part that it was mended in. */
static void
test_split_flaws(void)
{
#define MULTI  "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define PACKED "Content-Transfer-Encoding: base64\r\n\r\n"
	static const struct {
		const char *name, *raw;
		guint flaws[3];
		const char *last; /* octets of the last part, or NULL */
	} rows[] = {
	    {"nothing", "Subject: x\r\n\r\nx\r\n", {0}, NULL},
	    {"header alone", "Subject: x\r\n", {0}, NULL},
	    {"whole", MULTI "--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--\r\n", {0},
		"y"},
	    {"open", MULTI "--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n",
		{0, PART_FLAW_OPEN}, "y\r\n"},
	    {"inner open",
		MULTI "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n"
		      "\r\n--c\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--\r\n",
		{PART_FLAW_OPEN, 0}, "y"},
	    {"no boundary line", MULTI "text\r\n", {PART_FLAW_WHOLE},
		"text\r\n"},
	    {"no boundary", "Content-Type: multipart/mixed\r\n\r\nx\r\n",
		{PART_FLAW_WHOLE}, "x\r\n"},
	    {"base64", PACKED "QUJD\r\n QQ==\t\r\n", {0}, "ABCA"},
	    {"empty base64", PACKED, {0}, ""},
	    {"a stranger in base64", PACKED "QUJD\r\nQU!JD\r\n",
		{PART_FLAW_BASE64}, "ABCABC"},
	    {"no padding", PACKED "QUJDRA", {PART_FLAW_BASE64}, "ABCD"},
	    {"one for two", PACKED "QUJDRA=\r\n", {PART_FLAW_BASE64}, "ABCD"},
	    {"no padding for one", PACKED "QUJDREU\r\n", {PART_FLAW_BASE64},
		"ABCDE"},
	    {"a group cut", PACKED "QUJDR\r\n", {PART_FLAW_BASE64}, "ABC"},
	    {"padding within", PACKED "QQ==QUJD\r\n", {PART_FLAW_BASE64}, NULL},
	    {"padding too long", PACKED "QUJD=\r\n", {PART_FLAW_BASE64}, NULL},
	    {"rubbish", PACKED "!!!=A=A===\r\n", {PART_FLAW_BASE64}, NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GArray) parts = parts_new();
		g_autoptr(Spool) store = spool_new(g_get_tmp_dir());
		struct blob raw =
		    blob_from_mem(rows[i].raw, strlen(rows[i].raw));
		const struct part *p = NULL;

		g_test_message("%s", rows[i].name);
		g_assert_cmpint(
		    part_split(&raw, parts, store, NULL), ==, ST_OK);
		g_assert_cmpuint(parts->len, <=, 3);
		for (guint k = 0; k < parts->len; k++) {
			p = &g_array_index(parts, struct part, k);
			g_assert_cmphex(p->flaws, ==, rows[i].flaws[k]);
		}
		if (rows[i].last)
			g_assert_cmpmem(p->blob.mem, (gsize)p->blob.len,
			    rows[i].last, strlen(rows[i].last));
	}
}

/* Whatever text is looked at and written in runs of, wherever it stands. */
static void
test_split_anywhere(void)
{
	static const struct {
		const char *special;
		gsize len;
		const char *want;
	} rows[] = {
	    {"\n", 1, "\r\n"},
	    {"\r\n", 2, "\r\n"},
	    {"\r", 1, "\r\n"},
	    {"\r\r\n\n\r", 5, "\r\n\r\n\r\n\r\n"},
	    {"\0", 1, "\xef\xbf\xbd"},
	    {"\x1f", 1, "\x1f"},
	    {"\x7f", 1, "\x7f"},
	    {"é", 2, "é"},
	    {"\xe9", 1, "é"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows) * 24; i++) {
		guint row = i / 24, before = i % 24;
		g_autofree char *a = g_strnfill(before, 'a');
		g_autofree char *b = g_strnfill(24 - before, 'b');
		g_autofree char *want = g_strconcat(a, rows[row].want, b, NULL);
		g_autoptr(GString) raw = g_string_new("Subject: x\r\n\r\n");
		g_autoptr(GArray) parts = parts_new();
		g_autoptr(Spool) store = spool_new(g_get_tmp_dir());
		const struct part *part;
		struct blob blob;

		g_string_append(raw, a);
		g_string_append_len(
		    raw, rows[row].special, (gssize)rows[row].len);
		g_string_append(raw, b);
		blob = blob_from_mem(raw->str, raw->len);
		g_test_message("row %u behind %u", row, before);
		g_assert_cmpint(
		    part_split(&blob, parts, store, NULL), ==, ST_OK);
		g_assert_cmpuint(parts->len, ==, 1);
		part = &g_array_index(parts, struct part, 0);
		g_assert_cmpmem(
		    part->blob.mem, (gsize)part->blob.len, want, strlen(want));
	}
}

/* Lines of every length, whole groups or not, and rubbish within. */
static void
test_base64(void)
{
	static const guint widths[] = {1, 3, 4, 5, 72, 75, 76, 77, 1000};
	static const char *const rubbish[] = {"\r\n", "\n", " \r\n", "\r\n!"};
	guint8 bytes[200];

	for (guint i = 0; i < sizeof bytes; i++)
		bytes[i] = (guint8)(i * 37 + i / 7);
	for (guint i = 0; i < G_N_ELEMENTS(widths) * sizeof bytes; i++) {
		guint width = widths[i / sizeof bytes], len = i % sizeof bytes;
		g_autofree char *code = g_base64_encode(bytes, len);
		g_autoptr(GString) raw =
		    g_string_new("Content-Type: image/png\r\n"
				 "Content-Transfer-Encoding: base64\r\n\r\n");
		g_autoptr(GArray) parts = parts_new();
		g_autoptr(Spool) store = spool_new(g_get_tmp_dir());
		const struct part *part;
		struct blob blob;

		for (guint at = 0; at < strlen(code); at += width) {
			g_string_append_len(raw, code + at,
			    (gssize)MIN(width, strlen(code) - at));
			g_string_append(
			    raw, rubbish[(i + at) % G_N_ELEMENTS(rubbish)]);
		}
		blob = blob_from_mem(raw->str, raw->len);
		g_test_message("%u bytes in lines of %u", len, width);
		g_assert_cmpint(
		    part_split(&blob, parts, store, NULL), ==, ST_OK);
		g_assert_cmpuint(parts->len, ==, 1);
		part = &g_array_index(parts, struct part, 0);
		g_assert_cmpmem(
		    part->blob.mem, (gsize)part->blob.len, bytes, len);
	}
}

/* Every octet at every place of what is decoded at a time. */
static void
test_base64_groups(void)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				       "nopqrstuvwxyz0123456789+/";
	char code[2 * 76 + 1];

	for (guint i = 0; i < sizeof code; i++)
		code[i] = alphabet[i * 29 % 64];
	code[sizeof code - 1] = '\0';
	for (guint i = 0; i < 76 * 256; i++) {
		guint at = i / 256, c = i % 256;
		bool in = c && strchr(alphabet, (int)c);
		gsize used, n, want = in ? sizeof code - 1 : at / 4 * 4;
		guint8 got[sizeof code / 4 * 3 + 1], last = 0x5a;
		char before = code[at];
		g_autofree char *part = NULL;
		g_autofree guchar *bytes = NULL;
		gsize n_bytes;

		code[at] = (char)c;
		got[want / 4 * 3] = last;
		n = mime_base64_groups(
		    got, (guint8 *)code, in ? want : sizeof code - 1, &used);
		part = g_strndup(code, want);
		bytes = g_base64_decode(part, &n_bytes);
		code[at] = before;
		g_test_message("octet %u at %u", c, at);
		g_assert_cmpuint(used, ==, want);
		g_assert_cmpmem(got, n, bytes, n_bytes);
		if (in)
			g_assert_cmphex(got[n], ==, last);
	}
}

/* More than is in hand at a time, in memory and in a file, to a boundary. */
static void
test_base64_long(void)
{
	g_autofree guchar *bytes = g_malloc(300000);
	g_autofree char *code = NULL;
	g_autoptr(GString) raw =
	    g_string_new(MIXED "--b\r\nContent-Type: image/png\r\n"
			       "Content-Transfer-Encoding: base64\r\n\r\n");
	gsize len;

	for (gsize i = 0; i < 300000; i++)
		bytes[i] = (guchar)(i * 31 + i / 251);
	code = g_base64_encode(bytes, 300000);
	len = strlen(code);
	for (gsize at = 0; at < len; at += 76) {
		g_string_append_len(raw, code + at, (gssize)MIN(76, len - at));
		g_string_append(raw, at % 5 ? "\r\n" : "\n");
	}
	g_string_append(raw, "--b\r\n\r\ntext\r\n--b--\r\n");
	for (guint in_file = 0; in_file < 2; in_file++) {
		g_autoptr(GArray) parts = parts_new();
		g_autoptr(Spool) store = spool_new(g_get_tmp_dir());
		struct blob blob = blob_from_mem(raw->str, raw->len);
		const struct part *part;
		FILE *file = tmpfile();

		g_assert_nonnull(file);
		if (in_file) {
			g_assert_cmpuint(
			    fwrite(raw->str, 1, raw->len, file), ==, raw->len);
			g_assert_cmpint(fflush(file), ==, 0);
			blob.mem = NULL;
			blob.fd = fileno(file);
		}
		g_assert_cmpint(
		    part_split(&blob, parts, store, NULL), ==, ST_OK);
		g_assert_cmpuint(parts->len, ==, 2);
		part = &g_array_index(parts, struct part, 0);
		g_assert_cmpmem(
		    part->blob.mem, (gsize)part->blob.len, bytes, 300000);
		part = &g_array_index(parts, struct part, 1);
		g_assert_cmpmem(
		    part->blob.mem, (gsize)part->blob.len, "text", 4);
		fclose(file);
	}
}

static struct part
make_part(
    enum part_kind kind, const char *text, const char *name, const char *type)
{
	struct part part = {.kind = kind,
	    .blob = blob_from_mem(text, strlen(text)),
	    .name = g_strdup(name),
	    .type = g_strdup(type),
	    .position = -1};

	return part;
}

/* Every length of a last line, against GLib's encoder. */
static void
test_base64_out(void)
{
	guint8 bytes[57 * 3];

	for (guint i = 0; i < sizeof bytes; i++)
		bytes[i] = (guint8)(i * 37 + i / 7);
	for (guint len = 0; len <= sizeof bytes; len++) {
		struct blob blob = blob_from_mem(bytes, len), got;
		g_autoptr(Spool) out = spool_new(g_get_tmp_dir());
		g_autoptr(GString) want = g_string_new(NULL);

		for (guint at = 0; at < len; at += 57) {
			g_autofree char *line =
			    g_base64_encode(bytes + at, MIN(57, len - at));

			g_string_append_printf(want, "%s\r\n", line);
		}
		g_assert_cmpint(
		    encode_blob(&blob, ENCODING_BASE64, out, NULL), ==, ST_OK);
		got = spool_blob(out);
		g_assert_cmpint(encode_base64_len(len), ==, got.len);
		g_assert_cmpmem(got.mem, (gsize)got.len, want->str, want->len);
	}
}

/* Counted in one go and in pieces of every size: octet by octet is the same. */
static void
test_scan(void)
{
	static const char *const texts[] = {
	    "plain text, long enough to be looked at in words\r\nand more\r\n",
	    "a lone\nline feed, and a lone\rcarriage return\r\n",
	    "ends with one: eight octets behind it\r",
	    "\x1f"
	    "1234567 \x7f\x80 tab\tand\vvertical \xff\xfe 8 more octets",
	    "1234567\r12345678\r\n1234567\n\r\n12345678\r\n",
	};

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		const guint8 *text = (const guint8 *)texts[i];
		gsize len = strlen(texts[i]);
		struct content_scan one = {0};

		for (gsize k = 0; k < len; k++)
			content_scan(&one, text + k, 1);
		for (gsize piece = 2; piece <= len; piece++) {
			struct content_scan scan = {0};

			for (gsize at = 0; at < len; at += piece)
				content_scan(
				    &scan, text + at, MIN(piece, len - at));
			g_test_message("text %u in pieces of %zu", i, piece);
			g_assert_cmpint(scan.len, ==, one.len);
			g_assert_cmpint(scan.high, ==, one.high);
			g_assert_cmpint(scan.odd, ==, one.odd);
			g_assert_cmpint(scan.line, ==, one.line);
			g_assert_cmpint(scan.line_max, ==, one.line_max);
			g_assert_cmpuint(scan.last, ==, one.last);
		}
	}
}

static void
test_join(void)
{
	static const struct {
		const char *name;
		struct {
			enum part_kind kind;
			const char *text, *name, *type;
		} parts[4];
		guint n;
		const char *want; /* after split(join()) */
		const char *has;  /* a line of the octets */
	} rows[] = {
	    {"text", {{PART_TEXT, "hello\r\n"}}, 1, "text::::hello\\r\\n\n",
		"\r\n\r\nhello\r\n"},
	    {"nothing", {{0}}, 0, "text::::\n", "Content-Type: text/plain"},
	    {"8-bit",
		{{PART_TEXT, "caf\xc3\xa9 au lait, s'il vous plait \r\n."
			     "\r\nFrom me"}},
		1,
		"text::::caf\\303\\251 au lait, s'il vous plait \\r\\n.\\r\\n"
		"From me\n",
		"quoted-printable"},
	    {"base64", {{PART_TEXT, "\xd0\x9f\xd1\x80\xd0\xb8\r\n"}}, 1,
		"text::::\\320\\237\\321\\200\\320\\270\\r\\n\n", "base64"},
	    {"two texts", {{PART_TEXT, "\xd0\x9f"}, {PART_TEXT, "\xd0\x9f"}}, 2,
		"text::::\\320\\237\\320\\237\n", "quoted-printable"},
	    {"alternatives", {{PART_HTML, "<p>"}, {PART_TEXT, "p"}}, 2,
		"text::::p\nhtml::::<p>\n", "multipart/alternative"},
	    {"attachments",
		{{PART_TEXT, "t"}, {PART_FILE, "x", "a \"b\".txt", "a/b"},
		    {PART_OLE, "o", "caf\xc3\xa9"},
		    {PART_MACBINARY, "m", "m.bin"}},
		4,
		"text::::t\nfile:a \"b\".txt:a/b::x\n"
		"file:café:application/x-oleobject::o\n"
		"macbinary:m.bin:application/macbinary::m\n",
		"filename*=UTF-8''caf%C3%A9"},
	    {"message", {{PART_MESSAGE, "Subject: \xff\r\n\r\n\r\n--=_\r\nx"}},
		1,
		"message::message/rfc822::Subject: \\377\\r\\n\\r\\n\\r\\n"
		"--=_\\r\\nx\n",
		"Content-Transfer-Encoding: 8bit"},
	    {"message that is no lines", {{PART_MESSAGE, "a\nb"}}, 1,
		"message::message/rfc822::a\\nb\n",
		"Content-Transfer-Encoding: binary"},
	    {"schedule", {{PART_TEXT, ""}, {PART_SCHEDULE, "S", "anna.SC2"}}, 2,
		NULL, "calendar"},
	    {"document", {{PART_DOCUMENT, "D", "a.doc"}}, 1,
		"file:a.doc:application/octet-stream::D\n",
		"\r\nContent-Type: application/octet-stream"},
	    {"a type that would mean something else",
		{{PART_FILE, "x", NULL, "multipart/mixed"}}, 1,
		"file::application/octet-stream::x\n", NULL},
	    {"a type with a line end",
		{{PART_FILE, "x", NULL, "a/b\r\nX-Bad: 1"}}, 1,
		"file::application/octet-stream::x\n", NULL},
	};
	struct envelope e;

	envelope_init(&e);
	e.subject = g_strdup("Übergröße – ein langer Betreff, der in mehr als "
			     "eine Zeile passt und dort wieder lesbar ist");
	e.message_id = g_strdup("<1@b.c>");
	e.sent = (struct stamp){880127706, -360, true, true};
	e.priority = PRIORITY_LOW;
	g_ptr_array_add(e.from, person_new("Jörg Ö", "SMTP", "j@x.de"));
	g_ptr_array_add(e.to, person_new("Anna", "X400", "c=de;a=x;\"q\""));
	g_ptr_array_add(e.to, person_new("Nur Name", NULL, NULL));
	g_ptr_array_add(e.to, person_new("Berg, A.", "SMTP", "a@x.de"));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GArray) parts = parts_new();
		g_autoptr(GArray) back = parts_new();
		g_autoptr(Spool) out = spool_new(g_get_tmp_dir());
		g_autoptr(Spool) out2 = spool_new(g_get_tmp_dir());
		g_autoptr(Spool) store = spool_new(g_get_tmp_dir());
		g_autofree char *text = NULL, *text2 = NULL, *got = NULL;
		g_autofree char *shown = NULL;
		g_autofree char *to = NULL, *to2 = NULL;
		struct envelope read;
		struct blob raw;

		g_test_message("row %u: %s", i, rows[i].name);
		for (guint k = 0; k < rows[i].n; k++) {
			struct part p = make_part(rows[i].parts[k].kind,
			    rows[i].parts[k].text, rows[i].parts[k].name,
			    rows[i].parts[k].type);

			g_array_append_val(parts, p);
		}
		g_assert_cmpint(part_join(&e, NULL, (struct part *)parts->data,
				    parts->len, out, NULL),
		    ==, ST_OK);
		part_join(&e, NULL, (struct part *)parts->data, parts->len,
		    out2, NULL);
		raw = spool_blob(out);
		text = blob_text(&raw, NULL);
		shown = g_strescape(text, NULL); /* not all are UTF-8 */
		g_test_message("%s", shown);
		raw = spool_blob(out2);
		text2 = blob_text(&raw, NULL);
		g_assert_cmpstr(text, ==, text2);
		if (rows[i].has)
			g_assert_nonnull(strstr(text, rows[i].has));
		for (char *p = text, *q; (q = strstr(p, "\r\n")); p = q + 2)
			g_assert_cmpint(q - p, <=, 79);
		g_assert_cmpint(part_split(&raw, back, store, NULL), ==, ST_OK);
		if (rows[i].want) {
			got = parts_text(back);
			g_assert_cmpstr(got, ==, rows[i].want);
		}
		envelope_init(&read);
		g_assert_cmpint(envelope_parse(&raw, &read, NULL), ==, ST_OK);
		g_assert_cmpstr(read.subject, ==, e.subject);
		g_assert_cmpstr(read.message_id, ==, e.message_id);
		g_assert_cmpint(read.sent.utc, ==, e.sent.utc);
		g_assert_cmpint(read.sent.zone, ==, e.sent.zone);
		g_assert_cmpint(read.priority, ==, e.priority);
		to = persons_text(e.to);
		to2 = persons_text(read.to);
		g_assert_cmpstr(to, ==, to2);
		envelope_clear(&read);
	}
	envelope_clear(&e);
}

static void
test_join_headers(void)
{
	g_autoptr(Spool) out = spool_new(g_get_tmp_dir());
	g_autofree char *text = NULL;
	struct part part = make_part(PART_TEXT, "x\r\n", NULL, NULL);
	struct envelope e;
	struct blob raw;

	envelope_init(&e);
	e.subject = g_strdup("of the envelope");
	e.message_id = g_strdup("<e@x>");
	g_assert_cmpint(
	    part_join(&e,
		"Received: a\n\tb\nSubject: original\nMIME-Version: 1.0\n"
		"Content-Type: text/html;\n\tx=y\nX-Last: 1",
		&part, 1, out, NULL),
	    ==, ST_OK);
	raw = spool_blob(out);
	text = blob_text(&raw, NULL);
	g_assert_cmpstr(text, ==,
	    "Received: a\r\n\tb\r\nSubject: original\r\nX-Last: 1\r\n"
	    "Message-ID: <e@x>\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain;\r\n\tcharset=\"us-ascii\"\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\nx\r\n");
	part_clear(&part);
	envelope_clear(&e);
}

/* Depth and number have their ends, and nothing is lost there. */
static void
test_limits(void)
{
	g_autoptr(GString) deep = g_string_new(NULL);
	g_autoptr(GString) wide = g_string_new(NULL);
	g_autoptr(GArray) parts = parts_new();
	g_autoptr(Spool) store = spool_new(g_get_tmp_dir());
	struct blob raw;
	struct part *last;
	g_autofree char *text = NULL;

	for (guint i = 0; i < PART_DEPTH_MAX + 20; i++)
		g_string_append_printf(deep,
		    "Content-Type: multipart/mixed; boundary=b%u\r\n\r\n"
		    "--b%u\r\n",
		    i, i);
	g_string_append(deep, "\r\nbottom");
	raw = blob_from_mem(deep->str, deep->len);
	g_assert_cmpint(part_split(&raw, parts, store, NULL), ==, ST_OK);
	g_assert_cmpuint(parts->len, ==, 1);
	last = &g_array_index(parts, struct part, 0);
	text = blob_text(&last->blob, NULL);
	g_assert_true(g_str_has_suffix(text, "bottom"));

	g_string_append(wide, MIXED);
	for (guint i = 0; i < PARTS_MAX + 100; i++)
		g_string_append(wide, "--b\r\n\r\nx\r\n");
	g_string_append(wide, "--b\r\n\r\nthe end");
	raw = blob_from_mem(wide->str, wide->len);
	g_assert_cmpint(part_split(&raw, parts, store, NULL), ==, ST_OK);
	g_assert_cmpuint(parts->len, ==, PARTS_MAX);
	last = &g_array_index(parts, struct part, PARTS_MAX - 1);
	g_clear_pointer(&text, g_free);
	text = blob_text(&last->blob, NULL);
	g_assert_true(g_str_has_suffix(text, "the end"));
}

/* 40 MB through files: the same octets come out, no blob in memory. */
static void
test_large(void)
{
	g_autoptr(Spool) body = spool_new(g_get_tmp_dir());
	g_autoptr(Spool) out = spool_new(g_get_tmp_dir());
	g_autoptr(Spool) store = spool_new(g_get_tmp_dir());
	g_autoptr(GArray) parts = parts_new();
	g_autofree guint8 *chunk = g_malloc(1 << 20);
	struct part part = {.kind = PART_FILE};
	struct envelope e;
	struct digest a, b;
	struct blob raw;
	guint32 x = 1;

	for (guint i = 0; i < 40; i++) {
		for (guint k = 0; k < 1 << 20; k++)
			chunk[k] =
			    (guint8)((x = x * 1664525 + 1013904223) >> 24);
		spool_write(body, chunk, 1 << 20, NULL);
	}
	envelope_init(&e);
	part.blob = spool_blob(body);
	g_assert_cmpint(part_join(&e, NULL, &part, 1, out, NULL), ==, ST_OK);
	raw = spool_blob(out);
	g_assert_null(raw.mem);
	g_assert_cmpint(part_split(&raw, parts, store, NULL), ==, ST_OK);
	g_assert_cmpuint(parts->len, ==, 1);
	digest_blob(&part.blob, &a, NULL);
	digest_blob(&g_array_index(parts, struct part, 0).blob, &b, NULL);
	g_assert_true(digest_equal(&a, &b));
	/* a source that fails in the middle of a body */
	part.blob.len += 1;
	g_assert_cmpint(part_join(&e, NULL, &part, 1, out, NULL), ==, ST_ITEM);
	envelope_clear(&e);
}

/* The value of a header of mail-parser's expected JSON, last one of its name.
 */
static json_t *
expected(json_t *root, const char *name)
{
	json_t *headers = json_object_get(
	    json_array_get(json_object_get(root, "parts"), 0), "headers");
	json_t *h, *found = NULL;
	size_t i;

	json_array_foreach(headers, i,
	    h) if (!g_strcmp0(json_string_value(json_object_get(h, "name")),
		       name) &&
		   !found) found = json_object_get(h, "value");
	return found;
}

static void
squeeze(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (*s != ' ' && *s != '\t' && *s != '\r' && *s != '\n')
			*to++ = *s;
	*to = '\0';
}

static void
compare_expected(
    const char *file, const struct envelope *e, guint *agreed, guint *differ)
{
	g_autofree char *name = g_strndup(file, strlen(file) - 4);
	g_autofree char *path = g_strconcat(name, ".json", NULL);
	json_t *root = json_load_file(path, 0, NULL), *v;
	const char *text;
	bool same;

	if (!root)
		return;
	text = json_string_value(
	    json_object_get(expected(root, "subject"), "Text"));
	if (text && e->subject) {
		g_autofree char *a = g_strdup(text), *b = g_strdup(e->subject);

		squeeze(a);
		squeeze(b);
		same = !strcmp(a, b);
		(*(same ? agreed : differ))++;
		if (!same)
			g_test_message(
			    "%s: subject: %s / %s", file, text, e->subject);
	}
	v = json_object_get(expected(root, "date"), "DateTime");
	if (v) {
		struct stamp s = {0};
		int zone =
		    (int)(json_integer_value(json_object_get(v, "tz_hour")) *
			      60 +
			  json_integer_value(json_object_get(v, "tz_minute")));

		if (json_is_true(json_object_get(v, "tz_before_gmt")))
			zone = -zone;
#define F(name) (int)json_integer_value(json_object_get(v, name))
		if (stamp_from_fields(F("year"), F("month"), F("day"),
			F("hour"), F("minute"), F("second"), zone, &s)) {
			same = e->sent.known && s.utc == e->sent.utc;
			(*(same ? agreed : differ))++;
			if (!same)
				g_test_message("%s: date: %" G_GINT64_FORMAT
					       " / %" G_GINT64_FORMAT,
				    file, s.utc, e->sent.utc);
		}
#undef F
	}
	text = json_string_value(
	    json_object_get(expected(root, "message_id"), "Text"));
	if (text) {
		g_autofree char *want = g_strdup_printf("<%s>", text);

		same = !g_strcmp0(want, e->message_id);
		(*(same ? agreed : differ))++;
		if (!same)
			g_test_message(
			    "%s: id: %s / %s", file, want, e->message_id);
	}
	for (guint i = 0; i < 3; i++) {
		static const char *const names[] = {"from", "to", "cc"};
		const GPtrArray *mine = i == 0	 ? e->from
					: i == 1 ? e->to
						 : e->cc;
		json_t *list = json_object_get(
		    json_object_get(expected(root, names[i]), "Address"),
		    "List");
		const struct person *p = mine->len ? mine->pdata[0] : NULL;
		json_t *first = json_array_get(list, 0);
		const char *address =
		    json_string_value(json_object_get(first, "address"));
		const char *who =
		    json_string_value(json_object_get(first, "name"));

		if (!list || !address || !strchr(address, '@'))
			continue;
		same = p && mine->len == json_array_size(list) &&
		       !g_strcmp0(p->address, address) &&
		       !g_strcmp0(p->name, who);
		(*(same ? agreed : differ))++;
		if (!same)
			g_test_message("%s: %s: %zu %s <%s> / %u %s <%s>", file,
			    names[i], json_array_size(list), who, address,
			    mine->len, p ? p->name : "", p ? p->address : "");
	}
	json_decref(root);
}

static void
try_file(const char *file, guint *agreed, guint *differ)
{
	g_autofree char *text = NULL;
	g_autoptr(GArray) parts = parts_new(), again = parts_new();
	g_autoptr(Spool) store = spool_new(g_get_tmp_dir());
	g_autoptr(Spool) store2 = spool_new(g_get_tmp_dir());
	g_autoptr(Spool) out = spool_new(g_get_tmp_dir());
	g_autofree char *a = NULL, *b = NULL;
	struct envelope e, e2;
	struct blob raw;
	gsize len;

	g_assert_true(g_file_get_contents(file, &text, &len, NULL));
	raw = blob_from_mem(text, len);
	envelope_init(&e);
	envelope_init(&e2);
	g_assert_cmpint(envelope_parse(&raw, &e, NULL), ==, ST_OK);
	g_assert_cmpint(part_split(&raw, parts, store, NULL), ==, ST_OK);
	g_assert_cmpuint(parts->len, >, 0);
	/* joined, then read and split: the same message again, as often as one
	 * likes */
	g_assert_cmpint(part_join(&e, NULL, (struct part *)parts->data,
			    parts->len, out, NULL),
	    ==, ST_OK);
	raw = spool_blob(out);
	g_assert_cmpint(part_split(&raw, again, store2, NULL), ==, ST_OK);
	g_assert_cmpint(envelope_parse(&raw, &e2, NULL), ==, ST_OK);
	if (e.subject && *e.subject)
		g_assert_cmpstr(e2.subject, ==, e.subject);
	g_assert_cmpint(e2.sent.utc, ==, e.sent.utc);
	a = persons_text(e.to);
	b = persons_text(e2.to);
	g_assert_cmpstr(b, ==, a);
	for (guint i = 0; i < parts->len; i++) {
		struct part *p = &g_array_index(parts, struct part, i);

		if (p->kind != PART_FILE && p->kind != PART_MESSAGE)
			continue;
		for (guint k = 0;; k++) {
			struct part *q;

			if (k == again->len)
				g_error("%s: part %u is lost", file, i);
			q = &g_array_index(again, struct part, k);
			if (q->kind == p->kind && q->blob.len == p->blob.len) {
				g_autofree char *x = blob_text(&p->blob, NULL);
				g_autofree char *y = blob_text(&q->blob, NULL);

				if (!memcmp(x, y, (gsize)p->blob.len))
					break;
			}
		}
	}
	compare_expected(file, &e, agreed, differ);
	envelope_clear(&e);
	envelope_clear(&e2);
}

static void
try_folder(const char *dir, guint *files, guint *agreed, guint *differ)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
			try_folder(path, files, agreed, differ);
		} else if (!g_str_has_suffix(name, ".json") &&
			   strcmp(name, "COPYING") && *name != '.') {
			g_test_message("%s", path);
			try_file(path, agreed, differ);
			(*files)++;
		}
	}
}

/* Real mail that others collected: see the data folder's SOURCES.md. */
static void
test_samples(void)
{
	g_autofree char *dir = g_test_build_filename(
	    G_TEST_DIST, "..", "..", "shared", "data", "mime", NULL);
	guint files = 0, agreed = 0, differ = 0;

	if (!g_file_test(dir, G_FILE_TEST_IS_DIR)) {
		g_test_skip("no sample mail here");
		return;
	}
	try_folder(dir, &files, &agreed, &differ);
	g_test_message(
	    "%u files, %u fields as expected, %u not", files, agreed, differ);
	g_assert_cmpuint(files, >, 100);
	g_assert_cmpuint(agreed, >, 80);
	/* where we differ on purpose; doc/VIOLATIONS.md */
	g_assert_cmpuint(differ, <=, 20);
}

static void
test_speed(void)
{
	GString *text = g_string_new(NULL);
	struct envelope e;
	struct blob raw;
	gint64 from;

	if (!g_test_perf()) {
		g_test_skip("with -m perf only");
		return;
	}
	for (guint i = 0; i < 5; i++)
		g_string_append(text,
		    "Received: from mail.example.org (mail.example.org "
		    "[192.0.2.1])\r\n\tby mx.example.net (Postfix) with ESMTPS "
		    "id 4F1A2B3C4D\r\n\tfor <anna@example.net>; Fri, 21 Nov "
		    "1997 09:55:06 -0600 (CST)\r\n");
	g_string_append(text,
	    "Message-ID: <20240101.abcdef@example.org>\r\n"
	    "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
	    "From: Anna Berg <anna@example.org>\r\n"
	    "To: \"Carl, D.\" <carl@example.org>, eve@example.org\r\n"
	    "Subject: What we said about the plan\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n\r\nhi\r\n");
	raw = blob_from_mem(text->str, text->len);
	envelope_init(&e);
	from = g_get_monotonic_time();
	for (guint i = 0; i < 100000; i++)
		envelope_parse(&raw, &e, NULL);
	g_test_message("%.2f us for %zu bytes",
	    (double)(g_get_monotonic_time() - from) / 100000, text->len);
	envelope_clear(&e);
	g_string_free(text, TRUE);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mime/dates", test_dates);
	g_test_add_func("/mime/addresses", test_addresses);
	g_test_add_func("/mime/text", test_text);
	g_test_add_func("/mime/envelope", test_envelope);
	g_test_add_func("/mime/envelope-file", test_envelope_file);
	g_test_add_func("/mime/split", test_split);
	g_test_add_func("/mime/split/flaws", test_split_flaws);
	g_test_add_func("/mime/split-anywhere", test_split_anywhere);
	g_test_add_func("/mime/base64", test_base64);
	g_test_add_func("/mime/base64-out", test_base64_out);
	g_test_add_func("/mime/scan", test_scan);
	g_test_add_func("/mime/base64/groups", test_base64_groups);
	g_test_add_func("/mime/base64/long", test_base64_long);
	g_test_add_func("/mime/join", test_join);
	g_test_add_func("/mime/join-headers", test_join_headers);
	g_test_add_func("/mime/limits", test_limits);
	g_test_add_func("/mime/large", test_large);
	g_test_add_func("/mime/samples", test_samples);
	g_test_add_func("/mime/speed", test_speed);
	return g_test_run();
}
