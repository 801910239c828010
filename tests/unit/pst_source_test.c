/*
 * pst as a source: records of a file that the writer made, and of one that was
 * damaged afterwards; of Outlook's files with MAILMIG_DATA.
 */
#include "base/digest.h"
#include "base/url.h"
#include "pst/format.h"
#include "pst/mapi-from-mime.h"
#include "pst/messaging-read.h"
#include "source/pst.h"

#include <glib/gstdio.h>
#include <string.h>

#define CRLF "\r\n"

/* The table that src/drivers.c has in the program. */
const struct source_driver *const source_drivers[] = {&source_pst_driver, NULL};

static const char plain[] =
    "From: Bob <bob@example.org>" CRLF "To: anna@example.org" CRLF
    "Subject: plain" CRLF "Date: Fri, 21 Nov 1997 09:55:06 -0600" CRLF
    "X-Odd: kept" CRLF "stray line" CRLF "  folded" CRLF "X-Last: z" CRLF
    "another" CRLF CRLF "one" CRLF "two" CRLF;
static const char parts[] =
    "From: Bob <bob@example.org>" CRLF "Subject: parts" CRLF
    "Date: Fri, 21 Nov 1997 09:55:06 -0600" CRLF
    "Content-Type: multipart/mixed; boundary=m" CRLF CRLF "--m" CRLF
    "Content-Type: multipart/alternative; boundary=a" CRLF CRLF "--a" CRLF CRLF
    "text \xc3\xa4" CRLF "--a" CRLF
    "Content-Type: text/html; charset=koi8-r" CRLF CRLF
    "<p>\xf0\xcf\xde\xd4\xc1</p>" CRLF "--a--" CRLF "--m" CRLF
    "Content-Type: application/pdf; name=a.pdf" CRLF
    "Content-Transfer-Encoding: base64" CRLF CRLF "AAECAwQ=" CRLF "--m" CRLF
    "Content-Type: message/rfc822" CRLF CRLF "Subject: inner" CRLF CRLF
    "inside" CRLF "--m--" CRLF;
static const char signed_mail[] =
    "From: Bob <bob@example.org>" CRLF "Subject: signed" CRLF
    "Content-Type: multipart/signed; protocol=\"application/pkcs7-"
    "signature\"; boundary=s" CRLF CRLF "--s" CRLF CRLF "signed  text" CRLF
    "--s" CRLF "Content-Type: application/pkcs7-signature" CRLF
    "Content-Transfer-Encoding: base64" CRLF CRLF "AAEC" CRLF "--s--" CRLF;
static const char sealed[] =
    "From: Bob <bob@example.org>" CRLF "Subject: sealed" CRLF
    "Content-Type: application/pkcs7-mime; name=smime.p7m" CRLF
    "Content-Transfer-Encoding: base64" CRLF CRLF "AAECAwQFBgc=" CRLF;
static const char *const mails[] = {plain, parts, signed_mail, sealed};
static const char *const categories[] = {"Urgent", "Work", NULL};

struct fixture {
	char *dir, *path;
	struct url url;
	Options *options;
	struct login login;
	struct mailbox *mailbox;
	struct job job;
	Source *source;
	GError *error;
	guint remarks;
};

static void
count_remark(void *ctx, const struct remark *remark)
{
	struct fixture *f = ctx;

	g_assert_nonnull(remark->text);
	f->remarks++;
}

static void
make(const char *dir, const char *path)
{
	struct pst_writer_params params = {.name = "Anna", .spool_dir = dir};
	g_autoptr(PstWriter) w = NULL;
	g_autoptr(PstMapper) mapper = pst_mapper_new(dir);
	guint32 inbox, sub;

	g_assert_cmpint(pst_writer_open(&w, path, &params, NULL), ==, ST_OK);
	pst_writer_folder(w, PST_NID_TOP, "Inbox", NULL, &inbox, NULL);
	pst_writer_folder(w, inbox, "a/b", "IPF.Contact", &sub, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(mails); i++) {
		struct pst_mail mail = {
		    .raw = blob_from_mem(mails[i], strlen(mails[i])),
		    .flags = i == 0 ? PST_MAIL_SEEN | PST_MAIL_FLAGGED |
					  PST_MAIL_FORWARDED
				    : 0,
		    .categories = i == 0 ? categories : NULL,
		    .received = {.utc = 900000000 + i, .known = true}};

		g_assert_cmpint(
		    pst_mapper_write(mapper, w, inbox, &mail, NULL, NULL), ==,
		    ST_OK);
	}
	g_assert_cmpint(pst_writer_finish(w, NULL), ==, ST_OK);
}

static void
start(struct fixture *f, const char *place)
{
	g_autofree char *text = g_strdup_printf("pst:%s", place);
	g_autoptr(GPtrArray) boxes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	struct end end;

	g_assert_cmpint(url_parse(text, &f->url, NULL), ==, ST_OK);
	f->options = options_new(source_pst_driver.options);
	end = (struct end){&f->url, f->options, &f->login};
	g_assert_cmpint(
	    source_open(&f->source, &source_pst_driver, &end, &f->error), ==,
	    ST_OK);
	g_assert_cmpint(source_list(f->source, boxes, &f->error), ==, ST_OK);
	g_assert_cmpint(boxes->len, ==, 1);
	f->mailbox = g_ptr_array_steal_index(boxes, 0);
	f->job.mailbox = f->mailbox;
	f->job.pass = 1;
	f->job.spool_dir = f->dir;
	f->job.remark = count_remark;
	f->job.remark_ctx = f;
	g_assert_cmpint(source_begin(f->source, &f->job, &f->error), ==, ST_OK);
}

static void
set_up(struct fixture *f, gconstpointer data)
{
	f->dir = g_dir_make_tmp("pst-source-XXXXXX", NULL);
	f->path = g_build_filename(f->dir, "anna.pst", NULL);
	make(f->dir, f->path);
}

static void
stop(struct fixture *f)
{
	g_clear_pointer(&f->source, source_close);
	g_clear_pointer(&f->mailbox, mailbox_free);
	g_clear_pointer(&f->options, options_free);
	url_clear(&f->url);
	g_clear_error(&f->error);
}

static void
tear_down(struct fixture *f, gconstpointer data)
{
	stop(f);
	g_unlink(f->path);
	g_assert_cmpint(g_rmdir(f->dir), ==, 0);
	g_free(f->path);
	g_free(f->dir);
}

static void
test_records(struct fixture *f, gconstpointer data)
{
	g_autoptr(GString) seen = g_string_new(NULL);
	struct record r;
	guint n = 0;
	enum status st;

	start(f, f->dir);
	g_assert_cmpstr(f->mailbox->name, ==, "anna");
	while ((st = source_next(f->source, &r, &f->error)) != ST_END) {
		g_assert_cmpint(st, ==, ST_OK);
		if (r.kind == RECORD_FOLDER) {
			g_autofree char *path =
			    folder_path_to_text(r.folder->path);

			g_string_append_printf(seen, "+%s(%s)", path,
			    folder_use_name(r.folder->use));
		} else if (r.kind == RECORD_FOLDER_END) {
			g_string_append_printf(
			    seen, "-%" G_GINT64_FORMAT " ", r.found);
		} else {
			g_autofree char *key =
			    g_strdup_printf("%x", 0x200024 + 0x20 * n);

			/* Embedded messages took ids, too. */
			if (n < 2)
				g_assert_cmpstr(r.key, ==, key);
			g_assert_cmpint(
			    r.message.received.utc, ==, 900000000 + n);
			g_assert_cmpint(r.message.flags, ==,
			    n == 0 ? MESSAGE_SEEN | MESSAGE_FLAGGED : 0);
			if (n == 0) {
				g_assert_cmpstr(
				    r.message.keywords[0], ==, "$Forwarded");
				g_assert_cmpstr(
				    r.message.keywords[1], ==, "Urgent");
				g_assert_cmpstr(
				    r.message.keywords[2], ==, "Work");
				g_assert_null(r.message.keywords[3]);
			}
			n++;
		}
	}
	g_assert_cmpint(n, ==, G_N_ELEMENTS(mails));
	g_assert_cmpstr(seen->str, ==,
	    "+Deleted Items(trash)-0 +INBOX(inbox)-4 "
	    "+INBOX/a%2Fb(contacts)-0 ");
	g_assert_cmpint(f->remarks, ==, 0);
}

/* The octets of message i, read back. */
static char *
octets(struct fixture *f, guint i)
{
	g_autoptr(Spool) scratch = spool_new(f->dir);
	struct record r;
	struct blob raw;
	char *text;
	gsize got;

	start(f, f->path);
	do {
		g_assert_cmpint(
		    source_next(f->source, &r, &f->error), ==, ST_OK);
	} while (r.kind != RECORD_MESSAGE || i-- > 0);
	g_assert_true(r.message.has_body);
	g_assert_cmpint(
	    message_raw(&r.message, scratch, &raw, &f->error), ==, ST_OK);
	text = g_malloc0((gsize)raw.len + 1);
	blob_read(&raw, 0, text, (gsize)raw.len, &got, NULL);
	stop(f);
	return text;
}

/* What is signed or encrypted comes back to the byte; of other mail the header
 * does, and all of the content. */
static void
test_octets(struct fixture *f, gconstpointer data)
{
	static const char *const wants[] = {"From: Bob <bob@example.org>",
	    "X-Odd: kept\r\n stray line\r\n  folded\r\nX-Last: z\r\n "
	    "another\r\n",
	    "Fri, 21 Nov 1997 09:55:06 -0600", "one\r\ntwo\r\n"};
	static const char *const in_parts[] = {"dGV4dCDDpA==", "koi8-r",
	    "AAECAwQ=", "a.pdf", "message/rfc822", "Subject: inner", "inside"};
	g_autofree char *one = octets(f, 0);
	g_autofree char *two = octets(f, 1);
	g_autofree char *three = octets(f, 2);
	g_autofree char *four = octets(f, 3);

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++)
		g_assert_nonnull(strstr(one, wants[i]));
	for (guint i = 0; i < G_N_ELEMENTS(in_parts); i++) {
		g_test_message("%s", in_parts[i]);
		g_assert_nonnull(strstr(two, in_parts[i]));
	}
	g_assert_cmpstr(three, ==, signed_mail);
	g_assert_cmpstr(four, ==, sealed);
}

/* A file with one message: what fill puts into it; its octets. */
static char *
one_message(struct fixture *f, void (*fill)(PstWriter *w, guint32 folder))
{
	struct pst_writer_params params = {.name = "x", .spool_dir = f->dir};
	g_autoptr(PstWriter) w = NULL;
	guint32 inbox;
	char *text;

	g_unlink(f->path);
	g_assert_cmpint(pst_writer_open(&w, f->path, &params, NULL), ==, ST_OK);
	pst_writer_folder(w, PST_NID_TOP, "Inbox", NULL, &inbox, NULL);
	fill(w, inbox);
	g_assert_cmpint(pst_writer_finish(w, NULL), ==, ST_OK);
	text = octets(f, 0);
	return text;
}

/* Rich text that encapsulates HTML, an attachment that is elsewhere, a text of
 * unknown charset, an answer to others. */
static void
fill_odd(PstWriter *w, guint32 folder)
{
	static const char rtf[] = "{\\rtf1\\ansi\\fromhtml1 "
				  "{\\*\\htmltag64 <p>}caf\\'e9"
				  "{\\*\\htmltag72 </p>}}";
	static const guint8 head[16] = {sizeof rtf - 1 + 12, 0, 0, 0,
	    sizeof rtf - 1, 0, 0, 0, 'M', 'E', 'L', 'A', 0, 0, 0, 0};
	guint8 value[16 + sizeof rtf - 1];
	g_autoptr(GByteArray) list = g_byte_array_new();
	PstBag *bag;

	memcpy(value, head, 16);
	memcpy(value + 16, rtf, sizeof rtf - 1);
	pst_writer_message(w, folder, NULL);
	bag = pst_writer_bag(w);
	pst_bag_text(bag, PST_P_SUBJECT << 16 | PST_T_UNICODE, "\x01\x01odd",
	    -1, 0, NULL);
	pst_bag_bytes(
	    bag, PST_P_RTF << 16 | PST_T_BINARY, value, sizeof value, NULL);
	g_byte_array_set_size(list, 12);
	memset(list->data, 0, 12);
	pst_one_off(list, "Desk", "SMTP", "desk@example.org");
	list->data[0] = 1;
	list->data[4] = (guint8)(list->len - 8);
	list->data[8] = (guint8)(list->len - 12);
	pst_bag_bytes(bag, PST_P_REPLY_RECIPIENT_ENTRIES << 16 | PST_T_BINARY,
	    list->data, list->len, NULL);
	pst_writer_attachment(w, NULL);
	bag = pst_writer_bag(w);
	pst_bag_int(bag, PST_P_ATTACH_METHOD << 16 | PST_T_INT32, 2);
	pst_bag_text(bag, PST_P_ATTACH_LONG_FILENAME << 16 | PST_T_UNICODE,
	    "plan.doc", -1, 0, NULL);
	pst_bag_text(bag, 0x370du << 16 | PST_T_UNICODE,
	    "\\\\server\\share\\plan.doc", -1, 0, NULL);
	pst_writer_attachment_end(w, NULL);
	pst_writer_attachment(w, NULL);
	bag = pst_writer_bag(w);
	pst_bag_text(bag, PST_P_ATTACH_LONG_FILENAME << 16 | PST_T_UNICODE,
	    "a.txt", -1, 0, NULL);
	pst_bag_text(bag, PST_P_ATTACH_MIME << 16 | PST_T_UNICODE, "text/plain",
	    -1, 0, NULL);
	pst_bag_bytes(
	    bag, PST_P_ATTACH_DATA << 16 | PST_T_BINARY, "\xc3\xa4", 2, NULL);
	pst_writer_attachment_end(w, NULL);
	g_assert_cmpint(pst_writer_message_end(w, NULL, NULL), ==, ST_OK);
}

static void
test_odd(struct fixture *f, gconstpointer data)
{
	static const char *const wants[] = {"Reply-To: Desk <desk@example.org>",
	    "Content-Type: text/html;\r\n\tcharset=\"utf-8\"",
	    "<p>caf=C3=A9</p>", "filename=\"plan.doc.txt\"",
	    /* "This file is kept elsewhere: \\\\server" */
	    "VGhpcyBmaWxlIGlzIGtlcHQgZWxzZXdoZXJlOiBcXHNlcnZlcl",
	    "Content-Type: text/plain;\r\n\tcharset=\"utf-8\"\r\n"
	    "Content-Transfer-Encoding: base64"};
	g_autofree char *text = one_message(f, fill_odd);

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		if (!strstr(text, wants[i]))
			g_test_message("%s: %s", wants[i], text);
		g_assert_nonnull(strstr(text, wants[i]));
	}
	g_assert_cmpint(f->remarks, ==, 1); /* the one that is elsewhere */
}

static const char report[] =
    "From: <>" CRLF "Subject: failed" CRLF
    "Content-Type: multipart/report; report-type=delivery-status; "
    "boundary=r" CRLF CRLF "--r" CRLF CRLF "It failed." CRLF "--r" CRLF
    "Content-Type: message/delivery-status" CRLF CRLF
    "Reporting-MTA: dns; x" CRLF CRLF "Action: failed" CRLF "--r--" CRLF;

static void
fill_report(PstWriter *w, guint32 folder)
{
	g_autoptr(PstMapper) mapper = pst_mapper_new(g_get_tmp_dir());
	struct pst_mail mail = {.raw = blob_from_mem(report, strlen(report))};

	g_assert_cmpint(
	    pst_mapper_write(mapper, w, folder, &mail, NULL, NULL), ==, ST_OK);
}

static void
test_report(struct fixture *f, gconstpointer data)
{
	static const char *const wants[] = {
	    "Content-Type: multipart/report; report-type=delivery-status;",
	    "Content-Type: message/delivery-status\r\n"
	    "Content-Transfer-Encoding: 7bit",
	    "Reporting-MTA: dns; x\r\n\r\nAction: failed", "It failed."};
	g_autofree char *text = one_message(f, fill_report);

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		g_test_message("%s", wants[i]);
		g_assert_nonnull(strstr(text, wants[i]));
	}
}

#define MEETING                                                                \
	"BEGIN:VCALENDAR" CRLF "VERSION:2.0" CRLF "PRODID:x" CRLF              \
	"METHOD:REQUEST" CRLF "BEGIN:VEVENT" CRLF "UID:u1@x" CRLF              \
	"DTSTART:20260706T090000Z" CRLF "DTEND:20260706T103000Z" CRLF          \
	"SUMMARY:Meet" CRLF "ORGANIZER:mailto:bob@example.org" CRLF            \
	"X-MINE:kept" CRLF "END:VEVENT" CRLF "END:VCALENDAR" CRLF
static const char meeting[] =
    "From: Bob <bob@example.org>" CRLF "To: anna@example.org" CRLF
    "Date: Fri, 21 Nov 1997 09:55:06 -0600" CRLF "Subject: Meet" CRLF
    "Content-Type: multipart/alternative; boundary=b" CRLF CRLF "--b" CRLF CRLF
    "come" CRLF "--b" CRLF
    "Content-Type: text/calendar; charset=utf-8; method=REQUEST" CRLF CRLF
	MEETING CRLF "--b--" CRLF;

static void
fill_meeting(PstWriter *w, guint32 folder)
{
	g_autoptr(PstMapper) mapper = pst_mapper_new(g_get_tmp_dir());
	struct pst_mail mail = {.raw = blob_from_mem(meeting, strlen(meeting))};

	g_assert_cmpint(
	    pst_mapper_write(mapper, w, folder, &mail, NULL, NULL), ==, ST_OK);
}

/* The calendar of a request comes back once, with what no property says. */
static void
test_meeting(struct fixture *f, gconstpointer data)
{
	g_autofree char *text = one_message(f, fill_meeting);
	const char *type = strstr(text, "Content-Type: text/calendar");
	const char *base64, *end;
	g_autofree char *packed = NULL;
	g_autofree char *calendar = NULL;
	gsize n;

	g_assert_nonnull(type);
	g_assert_true(g_strrstr(text, "Content-Type: text/calendar") == type);
	g_assert_nonnull(strstr(type, "method=REQUEST"));
	base64 = strstr(type, "\r\n\r\n");
	g_assert_nonnull(base64);
	end = strstr(base64, "\r\n--");
	g_assert_nonnull(end);
	packed = g_strndup(base64, (gsize)(end - base64));
	calendar = (char *)g_base64_decode(packed, &n);
	g_assert_cmpmem(calendar, n, MEETING, strlen(MEETING));
}

/* Once through and through again: nothing changes any more. */
static void
test_fixed_point(struct fixture *f, gconstpointer data)
{
	g_autofree char *again_path =
	    g_build_filename(f->dir, "again.pst", NULL);

	for (guint i = 0; i < G_N_ELEMENTS(mails); i++) {
		g_autofree char *once = octets(f, i);
		g_autofree char *twice = NULL;
		struct pst_writer_params params = {
		    .name = "x", .spool_dir = f->dir};
		struct pst_mail mail = {
		    .raw = blob_from_mem(once, strlen(once))};
		g_autoptr(PstWriter) w = NULL;
		g_autoptr(PstMapper) mapper = pst_mapper_new(f->dir);
		char *kept = f->path;
		guint32 inbox;

		g_assert_cmpint(
		    pst_writer_open(&w, again_path, &params, NULL), ==, ST_OK);
		pst_writer_folder(w, PST_NID_TOP, "Inbox", NULL, &inbox, NULL);
		g_assert_cmpint(
		    pst_mapper_write(mapper, w, inbox, &mail, NULL, NULL), ==,
		    ST_OK);
		g_assert_cmpint(pst_writer_finish(w, NULL), ==, ST_OK);
		f->path = again_path;
		twice = octets(f, 0);
		f->path = kept;
		g_assert_cmpstr(twice, ==, once);
		g_unlink(again_path);
	}
}

/* One message damaged: it is named, the others are read. */
static void
test_damaged(struct fixture *f, gconstpointer data)
{
	g_autoptr(PstNdb) ndb = NULL;
	g_autofree char *bytes = NULL;
	struct pst_node node;
	struct pst_block block;
	struct record r;
	guint good = 0, bad = 0;
	gsize len;
	enum status st;

	g_assert_cmpint(pst_ndb_open(&ndb, f->path, NULL), ==, ST_OK);
	g_assert_cmpint(pst_ndb_node(ndb, 0x200024, &node, NULL), ==, ST_OK);
	g_assert_cmpint(
	    pst_ndb_block_entry(ndb, node.data, &block, NULL), ==, ST_OK);
	g_assert_true(g_file_get_contents(f->path, &bytes, &len, NULL));
	bytes[block.ib + 2] ^= 0x55; /* the heap's signature */
	g_assert_true(g_file_set_contents(f->path, bytes, (gssize)len, NULL));
	start(f, f->path);
	while ((st = source_next(f->source, &r, &f->error)) != ST_END) {
		if (r.kind != RECORD_MESSAGE)
			continue;
		if (st < 0) {
			g_assert_cmpint(st, ==, ST_ITEM);
			g_assert_cmpstr(r.key, ==, "200024");
			g_assert_nonnull(f->error);
			g_clear_error(&f->error);
			bad++;
		} else {
			good++;
		}
	}
	g_assert_cmpint(good, ==, G_N_ELEMENTS(mails) - 1);
	g_assert_cmpint(bad, ==, 1);
}

/* A folder whose table is damaged: the tree of nodes has its messages. */
static void
test_damaged_table(struct fixture *f, gconstpointer data)
{
	g_autoptr(PstNdb) ndb = NULL;
	g_autofree char *bytes = NULL;
	struct pst_node node;
	struct pst_block block;
	struct record r;
	guint n = 0;
	gsize len;

	g_assert_cmpint(pst_ndb_open(&ndb, f->path, NULL), ==, ST_OK);
	g_assert_cmpint(pst_ndb_node(ndb, 0x80ae, &node, NULL), ==, ST_OK);
	pst_ndb_block_entry(ndb, node.data, &block, NULL);
	g_assert_true(g_file_get_contents(f->path, &bytes, &len, NULL));
	bytes[block.ib + 2] ^= 0x55;
	g_assert_true(g_file_set_contents(f->path, bytes, (gssize)len, NULL));
	start(f, f->path);
	while (source_next(f->source, &r, &f->error) == ST_OK)
		n += r.kind == RECORD_MESSAGE;
	g_assert_no_error(f->error);
	g_assert_cmpint(n, ==, G_N_ELEMENTS(mails));
	g_assert_cmpint(f->remarks, >, 0);
}

static bool
all_settled(void *ctx, const struct folder *folder, const char *key)
{
	return true;
}

/* Settled earlier: flags alone. */
static void
test_known(struct fixture *f, gconstpointer data)
{
	struct known known = {.is_settled = all_settled};
	struct record r;
	guint n = 0;

	f->job.known = &known;
	start(f, f->path);
	while (source_next(f->source, &r, &f->error) == ST_OK) {
		if (r.kind == RECORD_FOLDER_END)
			g_assert_cmpint(r.found, ==, r.skipped);
		if (r.kind != RECORD_MESSAGE)
			continue;
		g_assert_true(r.known);
		g_assert_false(r.message.has_body);
		if (n++ == 0)
			g_assert_cmpint(r.message.flags, ==,
			    MESSAGE_SEEN | MESSAGE_FLAGGED);
	}
	g_assert_cmpint(n, ==, G_N_ELEMENTS(mails));
}

static void
test_samples(struct fixture *f, gconstpointer data)
{
	static const struct {
		const char *file;
		guint items;
	} samples[] = {{"ansi-32-bit.pst", 1}, {"dist-list.pst", 3},
	    {"outlook-empty.pst", 0}, {"passworded.pst", 2},
	    {"support.pst", 17}};
	const char *dir = g_getenv("MAILMIG_DATA");

	if (dir == NULL) {
		g_test_skip("MAILMIG_DATA is not set");
		return;
	}
	for (guint i = 0; i < G_N_ELEMENTS(samples); i++) {
		g_autofree char *path =
		    g_build_filename(dir, "pst", samples[i].file, NULL);
		struct record r;
		guint n = 0;

		start(f, path);
		while (source_next(f->source, &r, &f->error) == ST_OK)
			n += r.kind == RECORD_ADDRESS ||
			     (r.kind == RECORD_MESSAGE && r.message.has_body);
		g_assert_no_error(f->error);
		g_test_message("%s", samples[i].file);
		g_assert_cmpint(n, ==, samples[i].items);
		g_assert_cmpint(f->remarks, ==, 0);
		stop(f);
	}
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(struct fixture *f, gconstpointer data);
	} tests[] = {
	    {"/pst/source/records", test_records},
	    {"/pst/source/octets", test_octets},
	    {"/pst/source/odd", test_odd},
	    {"/pst/source/report", test_report},
	    {"/pst/source/meeting", test_meeting},
	    {"/pst/source/fixed-point", test_fixed_point},
	    {"/pst/source/damaged", test_damaged},
	    {"/pst/source/damaged-table", test_damaged_table},
	    {"/pst/source/known", test_known},
	    {"/pst/source/samples", test_samples},
	};

	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].name, struct fixture, NULL, set_up,
		    tests[i].test, tear_down);
	return g_test_run();
}
