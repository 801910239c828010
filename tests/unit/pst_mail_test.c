/*
 * pst: Internet messages become Outlook's, read back by the reader and held to
 * every rule by the checker.
 */
#include "pst/check.h"
#include "pst/format.h"
#include "pst/mapi-from-mime.h"
#include "pst/messaging-read.h"

#include <glib/gstdio.h>
#include <string.h>

#define CRLF "\r\n"

struct fixture {
	char *dir, *path;
	PstWriter *writer;
	PstMapper *mapper;
	guint32 inbox;
};

static void
set_up(struct fixture *f)
{
	struct pst_writer_params params = {.name = "Anna"};

	f->dir = g_dir_make_tmp("pst-mail-XXXXXX", NULL);
	f->path = g_build_filename(f->dir, "anna.pst", NULL);
	params.spool_dir = f->dir;
	g_assert_cmpint(
	    pst_writer_open(&f->writer, f->path, &params, NULL), ==, ST_OK);
	f->mapper = pst_mapper_new(f->dir);
	g_assert_cmpint(pst_writer_folder(f->writer, PST_NID_TOP, "Inbox", NULL,
			    &f->inbox, NULL),
	    ==, ST_OK);
}

static guint32
put(struct fixture *f, const char *raw, gsize len, guint32 flags,
    const char *const *categories)
{
	struct pst_mail mail = {.raw = blob_from_mem(raw, len),
	    .flags = flags,
	    .categories = categories};
	g_autoptr(GError) error = NULL;
	guint32 nid = 0;

	g_assert_cmpint(pst_mapper_write(f->mapper, f->writer, f->inbox, &mail,
			    &nid, &error),
	    ==, ST_OK);
	g_assert_no_error(error);
	return nid;
}

static Pst *
finish(struct fixture *f)
{
	g_autoptr(PstReport) report = NULL;
	Pst *pst;

	g_assert_cmpint(pst_writer_finish(f->writer, NULL), ==, ST_OK);
	pst_writer_close(f->writer);
	pst_mapper_free(f->mapper);
	g_assert_cmpint(pst_check(&report, f->path, true, NULL), ==, ST_OK);
	for (guint i = 0; i < pst_report_n(report) && i < 20; i++)
		g_test_message("%s: %s", pst_report_at(report, i)->rule,
		    pst_report_at(report, i)->what);
	g_assert_cmpint(pst_report_n(report), ==, 0);
	g_assert_cmpint(pst_open(&pst, f->path, NULL), ==, ST_OK);
	return pst;
}

static void
tear_down(struct fixture *f)
{
	g_unlink(f->path);
	g_assert_cmpint(g_rmdir(f->dir), ==, 0);
	g_free(f->path);
	g_free(f->dir);
}

/* Text properties of a message by id. */
struct want {
	guint id;
	const char *text; /* NULL: it must not be there */
};
#define WANTS 8
static const struct {
	const char *name, *raw;
	struct want wants[WANTS];
} rows[] = {
    {"/pst/mail/plain",
	"From: Bob Builder <bob@example.org>" CRLF
	"To: Anna <anna@example.org>, carl@example.org" CRLF
	"Cc: Dora <dora@example.org>" CRLF "Subject: RE: hello" CRLF
	"Message-ID: <1@example.org>" CRLF
	"Date: Fri, 21 Nov 1997 09:55:06 -0600" CRLF CRLF "one" CRLF "two" CRLF,
	{{PST_P_SUBJECT, "\x01\x05RE: hello"},
	    {PST_P_CONVERSATION_TOPIC, "hello"}, {PST_P_BODY, "one\r\ntwo\r\n"},
	    {PST_P_DISPLAY_TO, "Anna; carl@example.org"},
	    {PST_P_DISPLAY_CC, "Dora"}, {PST_P_DISPLAY_BCC, NULL},
	    {PST_P_MESSAGE_CLASS, "IPM.Note"},
	    {PST_P_INTERNET_MESSAGE_ID, "<1@example.org>"}}},
    /* Senders could not be replied to. */
    {"/kb/Q237993/reply-to-sender",
	"From: Bob Builder <bob@example.org>" CRLF
	"Sender: list@example.org" CRLF "Subject: x" CRLF CRLF,
	{{PST_P_REPRESENTING_NAME, "Bob Builder"},
	    {PST_P_REPRESENTING_ADDRTYPE, "SMTP"},
	    {PST_P_REPRESENTING_EMAIL, "bob@example.org"},
	    {PST_P_REPRESENTING_SMTP, "bob@example.org"},
	    {PST_P_SENDER_EMAIL, "list@example.org"},
	    {PST_P_SENDER_ADDRTYPE, "SMTP"}}},
    /* A bare CR ended the message. */
    {"/kb/Q192526/bare-cr",
	"Subject: bare" CRLF CRLF "before\rafter" CRLF "last" CRLF,
	{{PST_P_SUBJECT, "\x01\x01"
			 "bare"},
	    {PST_P_BODY, "before\r\nafter\r\nlast\r\n"}}},
    /* Double-byte subjects were lost. */
    {"/kb/Q201278/double-byte-subject",
	"Subject: =?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=" CRLF
	"Content-Type: text/plain; charset=shift_jis" CRLF CRLF
	"\x83\x65\x83\x58\x83\x67" CRLF,
	{{PST_P_SUBJECT, "\x01\x01\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88"},
	    {PST_P_CONVERSATION_TOPIC, "\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88"},
	    {PST_P_BODY, "\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88\r\n"}}},
    {"/pst/mail/no-header", "\r\njust text\r\n",
	{{PST_P_SUBJECT, NULL}, {PST_P_BODY, "just text\r\n"}}},
    {"/pst/mail/text-alone", "just text\r\n\r\nand more\r\n",
	{{PST_P_SUBJECT, NULL}, {PST_P_TRANSPORT_HEADERS, NULL},
	    {PST_P_BODY, "just text\r\n\r\nand more\r\n"}}},
    /* A field, however it is spaced, and not the line of an mbox. */
    {"/pst/mail/spaced-from",
	"From  : Bob <bob@example.org>" CRLF "Subject : s" CRLF CRLF "x" CRLF,
	{{PST_P_REPRESENTING_EMAIL, "bob@example.org"},
	    {PST_P_SUBJECT, "\x01\x01s"}, {PST_P_BODY, "x\r\n"}}},
    {"/pst/mail/mbox-line",
	"From bob@example.org Fri Nov 21 09:55:06 1997" CRLF
	"Subject: s" CRLF CRLF "x" CRLF,
	{{PST_P_REPRESENTING_EMAIL, NULL}, {PST_P_SUBJECT, "\x01\x01s"},
	    {PST_P_TRANSPORT_HEADERS, "Subject: s\r\n\r\n"}}},
    /* Each text begins a line of its own. */
    {"/pst/mail/several-texts",
	"Subject: abdk" CRLF
	"Content-Type: multipart/mixed; boundary=b" CRLF CRLF "--b" CRLF CRLF
	"A" CRLF "--b" CRLF CRLF CRLF "--b" CRLF CRLF "B" CRLF CRLF
	"--b" CRLF CRLF "D" CRLF "--b--" CRLF,
	{{PST_P_BODY, "A\r\nB\r\nD"}}},
    {"/pst/mail/nothing", "",
	{{PST_P_SUBJECT, NULL}, {PST_P_MESSAGE_CLASS, "IPM.Note"}}},
    {"/pst/mail/alternative",
	"Subject: alt" CRLF
	"Content-Type: multipart/alternative; boundary=b" CRLF CRLF
	"--b" CRLF CRLF "plain" CRLF "--b" CRLF
	"Content-Type: text/html; charset=koi8-r" CRLF CRLF
	"<p>\xf0\xcf\xde\xd4\xc1</p>" CRLF "--b--" CRLF,
	{{PST_P_BODY, "plain"}}},
    {"/pst/mail/report",
	"Subject: failed" CRLF "Content-Type: multipart/report; "
	"report-type=delivery-status; boundary=b" CRLF CRLF "--b" CRLF CRLF
	"It failed" CRLF "--b" CRLF
	"Content-Type: message/delivery-status" CRLF CRLF
	"Reporting-MTA: dns; x" CRLF CRLF "Action: Failed" CRLF CRLF
	"--b--" CRLF,
	{{PST_P_MESSAGE_CLASS, "REPORT.IPM.Note.NDR"},
	    {PST_P_BODY, "It failed"}}},
    {"/pst/mail/encrypted",
	"Subject: secret" CRLF
	"Content-Type: application/pkcs7-mime; name=smime.p7m" CRLF
	"Content-Transfer-Encoding: base64" CRLF CRLF "AAEC" CRLF,
	{{PST_P_MESSAGE_CLASS, "IPM.Note.SMIME"}}},
    {"/pst/mail/subject-prefixes", "Subject: a: b" CRLF CRLF,
	{{PST_P_SUBJECT, "\x01\x04"
			 "a: b"},
	    {PST_P_CONVERSATION_TOPIC, "b"}}},
    {"/pst/mail/no-prefix", "Subject: C:\\path 1: two" CRLF CRLF,
	{{PST_P_SUBJECT, "\x01\x01"
			 "C:\\path 1: two"}}},
    {"/pst/mail/odd-charset",
	"Subject: odd" CRLF
	"Content-Type: text/html; charset=x-nobody" CRLF CRLF
	"<p>\xe4</p>" CRLF,
	{{PST_P_MESSAGE_CLASS, "IPM.Note"}}},
};

static void
test_row(gconstpointer data)
{
	guint i = GPOINTER_TO_UINT(data);
	struct fixture f;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstMessage) m = NULL;
	guint32 nid;

	set_up(&f);
	nid = put(&f, rows[i].raw, strlen(rows[i].raw), 0, NULL);
	pst = finish(&f);
	g_assert_cmpint(pst_message_open(&m, pst, nid, NULL), ==, ST_OK);
	for (guint k = 0; k < WANTS && rows[i].wants[k].id; k++) {
		g_autofree char *text =
		    pst_props_text(pst_message_props(m), rows[i].wants[k].id);

		g_test_message("property %04x", rows[i].wants[k].id);
		g_assert_cmpstr(text, ==, rows[i].wants[k].text);
	}
	tear_down(&f);
}

static void
test_flags(void)
{
	static const char *const categories[] = {"Work", "\xc3\x84rger", NULL};
	static const char raw[] = "Subject: f" CRLF CRLF;
	struct fixture f;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstMessage) m = NULL;
	g_autoptr(GBytes) keywords = NULL;
	const PstProps *props;
	const struct pst_prop *prop;
	guint32 nid;

	set_up(&f);
	nid = put(&f, raw, strlen(raw),
	    PST_MAIL_SEEN | PST_MAIL_ANSWERED | PST_MAIL_FLAGGED |
		PST_MAIL_DRAFT,
	    categories);
	pst = finish(&f);
	pst_message_open(&m, pst, nid, NULL);
	props = pst_message_props(m);
	g_assert_cmphex(pst_props_int_or(props, PST_P_MESSAGE_FLAGS, 0), ==,
	    PST_MSGFLAG_READ | PST_MSGFLAG_UNSENT);
	g_assert_cmpint(pst_props_int_or(props, PST_P_LAST_VERB, 0), ==, 102);
	g_assert_cmpint(pst_props_int_or(props, PST_P_FLAG_STATUS, 0), ==, 2);
	prop = pst_props_find(
	    props, pst_name_id(pst, pst_guid_public_strings, 0, "Keywords"));
	g_assert_nonnull(prop);
	g_assert_cmphex(prop->type, ==, PST_T_MV_UNICODE);
	keywords = pst_props_bytes(props, prop->id);
	/* Count and two offsets, 4 and 5 characters. */
	g_assert_cmpint(g_bytes_get_size(keywords), ==, 4 + 8 + 8 + 10);
	tear_down(&f);
}

/* Everything that is attached arrives, whatever it is. */
static void
test_attachments(void)
{
	static const char raw[] =
	    "Subject: parts" CRLF
	    "Content-Type: multipart/mixed; boundary=m" CRLF CRLF "--m" CRLF
	    "Content-Type: multipart/related; boundary=r" CRLF CRLF "--r" CRLF
	    "Content-Type: text/html" CRLF CRLF "<img src=\"cid:pic@1\">" CRLF
	    "--r" CRLF "Content-Type: image/png; name=pic.png" CRLF
	    "Content-ID: <pic@1>" CRLF
	    "Content-Transfer-Encoding: base64" CRLF CRLF "AAECAwQ=" CRLF
	    "--r--" CRLF "--m" CRLF "Content-Type: message/rfc822" CRLF CRLF
	    "Subject: inner" CRLF "To: i@example.org" CRLF CRLF "inside" CRLF
	    "--m" CRLF "Content-Type: application/pdf" CRLF CRLF CRLF
	    "--m--" CRLF;
	static const struct {
		const char *name, *mime;
		guint method, flags;
		gsize len;
	} wants[] = {
	    {"pic.png", "image/png", PST_ATTACH_BY_VALUE, 4, 5},
	    {"inner", NULL, PST_ATTACH_EMBEDDED, 0, 0},
	    {"attachment-3.pdf", "application/pdf", PST_ATTACH_BY_VALUE, 0, 0},
	};
	struct fixture f;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstMessage) m = NULL;
	PstAttachment *a;
	guint32 nid;
	guint n = 0;

	set_up(&f);
	nid = put(&f, raw, strlen(raw), 0, NULL);
	pst = finish(&f);
	pst_message_open(&m, pst, nid, NULL);
	while (pst_message_next_attachment(m, &a, NULL) == ST_OK) {
		const PstProps *props = pst_attachment_props(a);
		g_autofree char *name =
		    pst_props_text(props, PST_P_ATTACH_LONG_FILENAME);
		g_autofree char *mime =
		    pst_props_text(props, PST_P_ATTACH_MIME);
		g_autoptr(PstMessage) inner = NULL;

		g_assert_cmpint(n, <, G_N_ELEMENTS(wants));
		g_assert_cmpstr(name, ==, wants[n].name);
		g_assert_cmpstr(mime, ==, wants[n].mime);
		g_assert_cmpint(pst_props_int_or(props, PST_P_ATTACH_METHOD, 0),
		    ==, wants[n].method);
		g_assert_cmpint(pst_props_int_or(props, PST_P_ATTACH_FLAGS, 0),
		    ==, wants[n].flags);
		if (wants[n].method == PST_ATTACH_EMBEDDED) {
			g_autofree char *body = NULL;
			g_autofree char *subject = NULL;

			g_assert_cmpint(
			    pst_attachment_message(a, &inner, NULL), ==, ST_OK);
			body = pst_props_text(
			    pst_message_props(inner), PST_P_BODY);
			subject = pst_message_subject(inner);
			g_assert_cmpstr(body, ==, "inside");
			g_assert_cmpstr(subject, ==, "inner");
		} else {
			g_autoptr(GBytes) bytes =
			    pst_props_bytes(props, PST_P_ATTACH_DATA);

			g_assert_nonnull(bytes);
			g_assert_cmpint(
			    g_bytes_get_size(bytes), ==, wants[n].len);
		}
		n++;
		pst_attachment_close(a);
	}
	g_assert_cmpint(n, ==, G_N_ELEMENTS(wants));
	tear_down(&f);
}

/* Signed mail: the very bytes that were signed. */
static void
test_signed(void)
{
	static const char body[] =
	    "--s" CRLF CRLF "signed  text" CRLF "--s" CRLF
	    "Content-Type: application/pkcs7-signature; name=smime.p7s" CRLF
	    "Content-Transfer-Encoding: base64" CRLF CRLF "AAEC" CRLF
	    "--s--" CRLF;
	static const char field[] =
	    "Content-Type: multipart/signed; "
	    "protocol=\"application/pkcs7-signature\"; boundary=s" CRLF;
	g_autofree char *raw = g_strconcat(
	    "Subject: signed" CRLF, field, "X-After: y" CRLF CRLF, body, NULL);
	g_autofree char *want = g_strconcat(field, CRLF, body, NULL);
	struct fixture f;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstMessage) m = NULL;
	g_autoptr(PstAttachment) a = NULL;
	g_autoptr(PstAttachment) none = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *class = NULL;
	guint32 nid;

	set_up(&f);
	nid = put(&f, raw, strlen(raw), 0, NULL);
	pst = finish(&f);
	pst_message_open(&m, pst, nid, NULL);
	class = pst_props_text(pst_message_props(m), PST_P_MESSAGE_CLASS);
	g_assert_cmpstr(class, ==, "IPM.Note.SMIME.MultipartSigned");
	g_assert_cmpint(pst_message_next_attachment(m, &a, NULL), ==, ST_OK);
	bytes = pst_props_bytes(pst_attachment_props(a), PST_P_ATTACH_DATA);
	g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
	    want, strlen(want));
	g_assert_cmpint(
	    pst_message_next_attachment(m, &none, NULL), ==, ST_END);
	tear_down(&f);
}

/* Bad input is stored as well as it can be, in a file without fault. */
static void
test_bad(void)
{
	struct fixture f;
	g_autoptr(Pst) pst = NULL;
	GString *s = g_string_new("Subject: many" CRLF);
	GRand *rand = g_rand_new_with_seed(7);

	set_up(&f);
	for (guint i = 0; i < 2000; i++)
		g_string_append_printf(
		    s, "To: p%u <p%u@example.org>" CRLF, i, i);
	g_string_append(s, CRLF);
	put(&f, s->str, s->len, 0, NULL);

	/* 500 attachments. */
	g_string_assign(
	    s, "Content-Type: multipart/mixed; boundary=b" CRLF CRLF);
	for (guint i = 0; i < 500; i++)
		g_string_append(s,
		    "--b" CRLF "Content-Type: application/x" CRLF CRLF
		    "x" CRLF);
	put(&f, s->str, s->len, 0, NULL);

	/* Nested 100 deep, as multiparts and as messages. */
	g_string_truncate(s, 0);
	for (guint i = 0; i < 100; i++)
		g_string_append_printf(s,
		    "Content-Type: multipart/mixed; boundary=b%u" CRLF CRLF
		    "--b%u" CRLF,
		    i, i);
	put(&f, s->str, s->len, 0, NULL);
	g_string_truncate(s, 0);
	for (guint i = 0; i < 100; i++)
		g_string_append(s, "Subject: level" CRLF
				   "Content-Type: message/rfc822" CRLF CRLF);
	g_string_append(s, CRLF "bottom" CRLF);
	put(&f, s->str, s->len, 0, NULL);

	/* A header of 4 MiB, NUL bytes, a body of NULs. */
	g_string_assign(s, "Subject: ");
	for (guint i = 0; i < 4 << 20; i++)
		g_string_append_c(s, 'x');
	g_string_append(s, CRLF CRLF);
	put(&f, s->str, s->len, 0, NULL);
	g_string_assign(s, "Subject: n");
	g_string_append_len(s, "\0u\0l\r\n\r\n\0\0\0\r\n", 13);
	put(&f, s->str, s->len, 0, NULL);

	/* Noise. */
	for (guint i = 0; i < 200; i++) {
		g_string_assign(s, i % 2 ? "From: a@b" CRLF "Subject: " : "");
		for (guint k = 0; k < 600; k++)
			g_string_append_c(
			    s, (char)g_rand_int_range(rand, 0, 256));
		put(&f, s->str, s->len, 0, NULL);
	}
	pst = finish(&f);
	g_rand_free(rand);
	g_string_free(s, TRUE);
	tear_down(&f);
}

/* A text that is attached keeps its bytes and says their charset; a message
 * without a header keeps its text. */
static void
test_attached_texts(void)
{
	static const char raw[] =
	    "Subject: parts" CRLF
	    "Content-Type: multipart/mixed; boundary=m" CRLF CRLF "--m" CRLF
	    "Content-Type: text/plain; charset=koi8-r; name=a.txt" CRLF
	    "Content-Disposition: attachment" CRLF CRLF "\xf0\xcf" CRLF
	    "--m" CRLF "Content-Type: application/pdf; name=a.pdf" CRLF CRLF
	    "x" CRLF "--m" CRLF "Content-Type: message/rfc822" CRLF CRLF
	    "not a message, sorry" CRLF "--m--" CRLF;
	static const char *const charsets[] = {"koi8-r", NULL, NULL};
	struct fixture f;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstMessage) m = NULL;
	PstAttachment *a;
	guint32 nid;
	guint n = 0;

	set_up(&f);
	nid = put(&f, raw, strlen(raw), 0, NULL);
	pst = finish(&f);
	pst_message_open(&m, pst, nid, NULL);
	while (pst_message_next_attachment(m, &a, NULL) == ST_OK) {
		g_autofree char *charset = pst_props_text(
		    pst_attachment_props(a), PST_P_ATTACH_TEXT_CHARSET);
		g_autoptr(PstMessage) inner = NULL;

		g_assert_cmpint(n, <, G_N_ELEMENTS(charsets));
		g_assert_cmpstr(charset, ==, charsets[n]);
		if (++n == G_N_ELEMENTS(charsets)) {
			g_autofree char *body = NULL;

			g_assert_cmpint(
			    pst_attachment_message(a, &inner, NULL), ==, ST_OK);
			body = pst_props_text(
			    pst_message_props(inner), PST_P_BODY);
			g_assert_cmpstr(body, ==, "not a message, sorry");
		}
		pst_attachment_close(a);
	}
	g_assert_cmpint(n, ==, G_N_ELEMENTS(charsets));
	tear_down(&f);
}

/* What was mended is said, and nothing of what was not. */
static void
append_code(void *ctx, const char *code, const char *text)
{
	g_assert_cmpstr(text, !=, "");
	g_string_append_printf(ctx, "%s ", code);
}

static void
test_remarks(void)
{
#define DATED "Date: Fri, 21 Nov 1997 09:55:06 -0600" CRLF
	g_autofree char *fits = g_strnfill(253, 'x');
	g_autofree char *longer = g_strnfill(254, 'x');
	g_autofree char *good =
	    g_strdup_printf(DATED "Subject: %s" CRLF CRLF "x" CRLF, fits);
	g_autofree char *cut =
	    g_strdup_printf(DATED "Subject: %s" CRLF CRLF "x" CRLF, longer);
	static const char nul_text[] = DATED CRLF "a\0b" CRLF;
	static const char nul_head[] = DATED "X-A: a\0b" CRLF CRLF "x" CRLF;
	static const char binary[] =
	    DATED "Content-Type: application/x" CRLF
		  "Content-Transfer-Encoding: binary" CRLF CRLF "a\0b" CRLF;
	static const char inner[] =
	    DATED "Content-Type: message/rfc822" CRLF CRLF "not one" CRLF;
	const struct {
		const char *raw;
		gsize len;
		const char *codes;
	} mails[] = {
	    {good, strlen(good), ""},
	    {cut, strlen(cut), "PST_SUBJECT_CUT "},
	    {nul_text, sizeof nul_text - 1, "PST_NUL "},
	    {nul_head, sizeof nul_head - 1, "PST_NUL "},
	    {binary, sizeof binary - 1, ""},
	    {good, strlen(good), ""},
	    {"text" CRLF, 6, "PST_NO_HEADER PST_NO_DATE "},
	    {inner, sizeof inner - 1, "PST_NO_HEADER "},
	};
	struct fixture f;
	g_autoptr(Pst) pst = NULL;

	set_up(&f);
	for (guint i = 0; i < G_N_ELEMENTS(mails); i++) {
		g_autoptr(GString) codes = g_string_new(NULL);
		struct pst_mail mail = {
		    .raw = blob_from_mem(mails[i].raw, mails[i].len),
		    .remark = append_code,
		    .remark_ctx = codes};

		g_test_message("mail %u", i);
		g_assert_cmpint(pst_mapper_write(f.mapper, f.writer, f.inbox,
				    &mail, NULL, NULL),
		    ==, ST_OK);
		g_assert_cmpstr(codes->str, ==, mails[i].codes);
	}
	pst = finish(&f);
	tear_down(&f);
}

/* A message that cannot be read leaves nothing behind. */
static void
test_read_error(void)
{
	struct fixture f;
	struct pst_mail mail = {.raw = {.mem = NULL, .fd = -1, .len = 1000}};
	g_autoptr(GError) error = NULL;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstFolder) folder = NULL;
	static const char raw[] = "Subject: good" CRLF CRLF;
	guint32 nid;

	set_up(&f);
	g_assert_cmpint(
	    pst_mapper_write(f.mapper, f.writer, f.inbox, &mail, &nid, &error),
	    ==, ST_ITEM);
	g_assert_nonnull(error);
	put(&f, raw, strlen(raw), 0, NULL);
	pst = finish(&f);
	pst_folder_open(&folder, pst, f.inbox, NULL);
	g_assert_cmpint(
	    pst_props_int_or(pst_folder_props(folder), PST_P_CONTENT_COUNT, 0),
	    ==, 1);
	tear_down(&f);
}

static void
test_codepages(void)
{
	g_assert_cmpint(pst_codepage("UTF-8"), ==, 65001);
	g_assert_cmpint(pst_codepage("ISO-2022-JP"), ==, 50220);
	g_assert_cmpint(pst_codepage(NULL), ==, 65001);
	g_assert_cmpint(pst_codepage("x-nobody"), ==, 0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_test_add_data_func(
		    rows[i].name, GUINT_TO_POINTER(i), test_row);
	g_test_add_func("/pst/mail/flags", test_flags);
	g_test_add_func("/pst/mail/attachments", test_attachments);
	g_test_add_func("/pst/mail/attached-texts", test_attached_texts);
	g_test_add_func("/pst/mail/remarks", test_remarks);
	g_test_add_func("/pst/mail/signed", test_signed);
	g_test_add_func("/pst/mail/bad", test_bad);
	g_test_add_func("/pst/mail/read-error", test_read_error);
	g_test_add_func("/pst/mail/codepages", test_codepages);
	return g_test_run();
}
