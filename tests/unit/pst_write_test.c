/*
 * pst: the writer, judged by the strict checker and read back by the reader,
 * neither of which shares code with it.
 */
#include "pst/bytes.h"
#include "pst/check.h"
#include "pst/format.h"
#include "pst/messaging-read.h"
#include "pst/messaging-write.h"
#include "pst/ndb-decode.h"
#include "pst/ndb-encode.h"

#include <glib/gstdio.h>
#include <string.h>

#define TEXT(id)   ((guint32)(id) << 16 | PST_T_UNICODE)
#define BINARY(id) ((guint32)(id) << 16 | PST_T_BINARY)

struct fixture {
	char *dir, *path;
	PstWriter *writer;
	GError *error;
};

static void
set_up(struct fixture *f, gconstpointer data)
{
	struct pst_writer_params params = {.name = "Anna"};

	f->dir = g_dir_make_tmp("pst-write-XXXXXX", NULL);
	f->path = g_build_filename(f->dir, "anna.pst.partial", NULL);
	params.spool_dir = f->dir;
	g_assert_cmpint(
	    pst_writer_open(&f->writer, f->path, &params, &f->error), ==,
	    ST_OK);
}

static void
tear_down(struct fixture *f, gconstpointer data)
{
	pst_writer_close(f->writer);
	g_unlink(f->path);
	g_assert_cmpint(g_rmdir(f->dir), ==, 0);
	g_clear_error(&f->error);
	g_free(f->path);
	g_free(f->dir);
}

/* Finish, and hold the file to every rule. */
static void
finish(struct fixture *f, struct pst_report_counts *counts)
{
	g_autoptr(PstReport) report = NULL;

	g_assert_cmpint(pst_writer_finish(f->writer, &f->error), ==, ST_OK);
	g_clear_pointer(&f->writer, pst_writer_close);
	g_assert_cmpint(pst_check(&report, f->path, true, NULL), ==, ST_OK);
	for (guint i = 0; i < pst_report_n(report) && i < 20; i++)
		g_test_message("%s: %s", pst_report_at(report, i)->rule,
		    pst_report_at(report, i)->what);
	g_assert_cmpint(pst_report_n(report), ==, 0);
	pst_report_counts(report, counts);
}

static guint32
folder(struct fixture *f, guint32 parent, const char *name)
{
	guint32 nid;

	g_assert_cmpint(
	    pst_writer_folder(f->writer, parent, name, NULL, &nid, &f->error),
	    ==, ST_OK);
	return nid;
}

static void
subject(struct fixture *f, const char *text)
{
	g_autofree char *marked = g_strdup_printf("\x01\x01%s", text);

	g_assert_cmpint(pst_bag_text(pst_writer_bag(f->writer),
			    TEXT(PST_P_SUBJECT), marked, -1, 255, &f->error),
	    ==, ST_OK);
}

static void
message(struct fixture *f, guint32 nid, const char *text)
{
	g_assert_cmpint(
	    pst_writer_message(f->writer, nid, &f->error), ==, ST_OK);
	subject(f, text);
}

static void
recipient(struct fixture *f, enum pst_recipient_kind kind, const char *name,
    const char *address)
{
	struct pst_recipient r = {kind, name, "SMTP", address};

	g_assert_cmpint(
	    pst_writer_recipient(f->writer, &r, &f->error), ==, ST_OK);
}

static void
end(struct fixture *f)
{
	guint32 nid;

	g_assert_cmpint(
	    pst_writer_message_end(f->writer, &nid, &f->error), ==, ST_OK);
	g_assert_cmpint(PST_NID_TYPE(nid), ==, PST_MESSAGE);
}

static guint8
pattern(gsize i)
{
	return (guint8)(i * 31 + i / 253);
}

static guint8 *
patterned(gsize len)
{
	guint8 *p = g_malloc(len + 1);

	for (gsize i = 0; i < len; i++)
		p[i] = pattern(i);
	return p;
}

static void
attach(struct fixture *f, const char *name, gsize len)
{
	g_autofree guint8 *p = patterned(len);
	PstBag *bag;

	g_assert_cmpint(pst_writer_attachment(f->writer, &f->error), ==, ST_OK);
	bag = pst_writer_bag(f->writer);
	g_assert_cmpint(pst_bag_text(bag, TEXT(PST_P_ATTACH_FILENAME), name, -1,
			    255, &f->error),
	    ==, ST_OK);
	g_assert_cmpint(
	    pst_bag_bytes(bag, BINARY(PST_P_ATTACH_DATA), p, len, &f->error),
	    ==, ST_OK);
	g_assert_cmpint(
	    pst_writer_attachment_end(f->writer, &f->error), ==, ST_OK);
}

/* An empty mailbox still gets its file, and it is one (Q174749). */
static void
test_empty(struct fixture *f, gconstpointer data)
{
	struct pst_report_counts counts;
	g_autoptr(Pst) pst = NULL;
	g_autofree char *name = NULL;
	gsize len;
	g_autofree char *bytes = NULL;

	finish(f, &counts);
	g_assert_cmpint(counts.folders, ==, 5);
	g_assert_true(g_file_get_contents(f->path, &bytes, &len, NULL));
	/* As small as Outlook's own. */
	g_assert_cmpint(len, ==, 271360);
	g_assert_cmpint(pst_open(&pst, f->path, NULL), ==, ST_OK);
	name = pst_props_text(pst_store(pst), PST_P_DISPLAY_NAME);
	g_assert_cmpstr(name, ==, "Anna");
	g_assert_false(pst_has_password(pst));
	g_assert_cmphex(pst_top_folder(pst), ==, PST_NID_TOP);
}

/* Sizes around every border: heap item, block, list of blocks. */
static void
test_sizes(struct fixture *f, gconstpointer data)
{
	static const gsize sizes[] = {0, 1, 3579, 3580, 3581, 8175, 8176, 8177,
	    2 * 8176, 2 * 8176 + 1, 1021 * 8176 - 1, 1021 * 8176,
	    1021 * 8176 + 1, 2 * 1021 * 8176 + 1};
	struct pst_report_counts counts;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstFolder) back = NULL;
	guint32 inbox = folder(f, PST_NID_TOP, "Inbox"), nid;
	guint n = 0;

	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		message(f, inbox, "sizes");
		attach(f, "a.bin", sizes[i]);
		end(f);
	}
	finish(f, &counts);
	g_assert_cmpint(counts.messages, ==, G_N_ELEMENTS(sizes));
	g_assert_cmpint(counts.attachments, ==, G_N_ELEMENTS(sizes));
	g_assert_cmpint(pst_open(&pst, f->path, NULL), ==, ST_OK);
	g_assert_cmpint(pst_folder_open(&back, pst, inbox, NULL), ==, ST_OK);
	while (pst_folder_next_message(back, &nid, NULL) == ST_OK) {
		g_autoptr(PstMessage) m = NULL;
		g_autoptr(PstAttachment) a = NULL;
		g_auto(PstValue) value = {0};
		g_autofree guint8 *want = patterned(sizes[n]);
		g_autofree guint8 *got = g_malloc(sizes[n] + 1);
		gsize have;

		g_test_message("size %" G_GSIZE_FORMAT, sizes[n]);
		g_assert_cmpint(
		    pst_message_open(&m, pst, nid, NULL), ==, ST_OK);
		g_assert_cmpint(
		    pst_message_next_attachment(m, &a, NULL), ==, ST_OK);
		g_assert_cmpint(pst_props_value(pst_attachment_props(a),
				    pst_props_find(pst_attachment_props(a),
					PST_P_ATTACH_DATA),
				    &value, NULL),
		    ==, ST_OK);
		g_assert_cmpint(value.len, ==, sizes[n]);
		g_assert_cmpint(
		    pst_value_read(&value, 0, got, sizes[n] + 1, &have, NULL),
		    ==, ST_OK);
		g_assert_cmpmem(got, have, want, sizes[n]);
		n++;
	}
	g_assert_cmpint(n, ==, G_N_ELEMENTS(sizes));
}

/* Rows around every border: matrix in the heap, blocks, leaves of the index. */
static void
test_rows(struct fixture *f, gconstpointer data)
{
	static const guint rows[] = {1, 2, 28, 29, 64, 65, 447, 448, 900, 3000};
	struct pst_report_counts counts;
	guint all = 0;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = g_strdup_printf("rows %u", rows[i]);
		guint32 nid = folder(f, PST_NID_TOP, name);

		for (guint k = 0; k < rows[i]; k++) {
			g_autofree char *text =
			    g_strdup_printf("message %u of %u", k, rows[i]);

			message(f, nid, text);
			recipient(f, PST_TO, "Bob", "bob@example.org");
			if (k % 3 == 0)
				pst_bag_int(pst_writer_bag(f->writer),
				    PST_P_MESSAGE_FLAGS << 16 | PST_T_INT32,
				    PST_MSGFLAG_READ);
			end(f);
			all++;
		}
	}
	finish(f, &counts);
	g_assert_cmpint(counts.messages, ==, all);
	g_assert_cmpint(counts.recipients, ==, all);
}

static void
test_recipients(struct fixture *f, gconstpointer data)
{
	static const guint numbers[] = {0, 1, 71, 72, 447, 448, 2000};
	struct pst_report_counts counts;
	guint32 nid = folder(f, PST_NID_TOP, "Inbox");
	guint all = 0;

	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
		message(f, nid, "recipients");
		for (guint k = 0; k < numbers[i]; k++) {
			g_autofree char *name = g_strdup_printf(
			    "Person %u \xc3\xa4\xf0\x9f\x93\xac", k);
			g_autofree char *address =
			    g_strdup_printf("person%u@example.org", k);

			recipient(f, 1 + k % 3, name, address);
		}
		all += numbers[i];
		end(f);
	}
	finish(f, &counts);
	g_assert_cmpint(counts.recipients, ==, all);
}

static void
test_attachments(struct fixture *f, gconstpointer data)
{
	static const guint numbers[] = {1, 148, 149, 340, 341, 500};
	struct pst_report_counts counts;
	guint32 nid = folder(f, PST_NID_TOP, "Inbox");
	guint all = 0;

	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
		message(f, nid, "attachments");
		for (guint k = 0; k < numbers[i]; k++)
			attach(f, "file.bin", k);
		all += numbers[i];
		end(f);
	}
	finish(f, &counts);
	g_assert_cmpint(counts.attachments, ==, all);
}

static void
embed(struct fixture *f, guint depth)
{
	g_assert_cmpint(pst_writer_attachment(f->writer, &f->error), ==, ST_OK);
	g_assert_cmpint(pst_writer_embedded(f->writer, &f->error), ==, ST_OK);
	subject(f, "inner");
	recipient(f, PST_CC, "Inner", "inner@example.org");
	attach(f, "inner.bin", 5000);
	if (depth > 1)
		embed(f, depth - 1);
	g_assert_cmpint(
	    pst_writer_embedded_end(f->writer, &f->error), ==, ST_OK);
	g_assert_cmpint(
	    pst_writer_attachment_end(f->writer, &f->error), ==, ST_OK);
}

static void
test_embedded(struct fixture *f, gconstpointer data)
{
	struct pst_report_counts counts;
	guint32 nid = folder(f, PST_NID_TOP, "Inbox");

	message(f, nid, "outer");
	recipient(f, PST_TO, "Outer", "outer@example.org");
	embed(f, PST_WRITER_DEPTH_MAX - 1);
	end(f);
	/* One more is refused, and can be taken back. */
	message(f, nid, "too deep");
	for (guint i = 0; i < PST_WRITER_DEPTH_MAX - 1; i++) {
		pst_writer_attachment(f->writer, NULL);
		g_assert_cmpint(
		    pst_writer_embedded(f->writer, NULL), ==, ST_OK);
	}
	pst_writer_attachment(f->writer, NULL);
	g_assert_cmpint(pst_writer_embedded(f->writer, &f->error), ==, ST_ITEM);
	g_assert_cmpint(error_kind(f->error), ==, ERR_LIMIT);
	g_clear_error(&f->error);
	g_assert_cmpint(pst_writer_abort(f->writer, &f->error), ==, ST_OK);
	finish(f, &counts);
	g_assert_cmpint(counts.messages, ==, PST_WRITER_DEPTH_MAX);
}

/* A message taken back leaves nothing, in its section or beyond. */
static void
test_abort(struct fixture *f, gconstpointer data)
{
	static const gsize sizes[] = {10, 10000, 200000, 254000, 3000000};
	struct pst_report_counts counts;
	guint32 nid = folder(f, PST_NID_TOP, "Inbox");

	for (guint i = 0; i < 20; i++) {
		message(f, nid, "kept");
		attach(f, "kept.bin", 700 * i);
		end(f);
		message(f, nid, "taken back");
		recipient(f, PST_TO, "Nobody", "nobody@example.org");
		attach(f, "gone.bin", sizes[i % G_N_ELEMENTS(sizes)]);
		g_assert_cmpint(
		    pst_writer_abort(f->writer, &f->error), ==, ST_OK);
	}
	finish(f, &counts);
	g_assert_cmpint(counts.messages, ==, 20);
	g_assert_cmpint(counts.recipients, ==, 0);
}

/* Not finished: no file is left. */
static void
test_given_up(struct fixture *f, gconstpointer data)
{
	message(f, folder(f, PST_NID_TOP, "Inbox"), "half");
	attach(f, "half.bin", 1000000);
	g_clear_pointer(&f->writer, pst_writer_close);
	g_assert_false(g_file_test(f->path, G_FILE_TEST_EXISTS));
}

static void
test_folders(struct fixture *f, gconstpointer data)
{
	static const struct {
		const char *name, *back;
	} names[] = {
	    {"Inbox", "Inbox"},
	    {"INBOX", "INBOX (2)"},
	    {"inbox", "inbox (3)"},
	    {"a/b\\c", "a/b\\c"},
	    {"tab\tand\nline", "tab and line"},
	    {"blank  ", "blank"},
	    {"", "_"},
	    {"   ", "_ (2)"},
	    {"Deleted Items", "Deleted Items (2)"},
	    {"\xd0\x9f\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0 \xf0\x9f\x93\xac",
		"\xd0\x9f\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0 \xf0\x9f\x93\xac"},
	};
	struct pst_report_counts counts;
	g_autofree char *big = g_strnfill(1000, 'x');
	g_autofree char *cut = g_strnfill(255, 'x');
	g_autofree char *back = NULL;
	g_autoptr(Pst) pst = NULL;
	guint32 nids[G_N_ELEMENTS(names)], long_nid, deep = PST_NID_TOP;

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		nids[i] = folder(f, PST_NID_TOP, names[i].name);
	long_nid = folder(f, PST_NID_TOP, big);
	for (guint i = 0; i < 100; i++)
		deep = folder(f, deep, "deeper");
	for (guint i = 0; i < 3000; i++) {
		g_autofree char *name = g_strdup_printf("many %u", i);

		folder(f, nids[0], name);
	}
	message(f, deep, "at the bottom");
	end(f);
	finish(f, &counts);
	g_assert_cmpint(
	    counts.folders, ==, 5 + G_N_ELEMENTS(names) + 1 + 100 + 3000);
	g_assert_cmpint(pst_open(&pst, f->path, NULL), ==, ST_OK);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(PstFolder) one = NULL;
		g_autofree char *name = NULL;

		g_assert_cmpint(
		    pst_folder_open(&one, pst, nids[i], NULL), ==, ST_OK);
		name =
		    pst_props_text(pst_folder_props(one), PST_P_DISPLAY_NAME);
		g_assert_cmpstr(name, ==, names[i].back);
	}
	{
		g_autoptr(PstFolder) one = NULL;

		pst_folder_open(&one, pst, long_nid, NULL);
		back =
		    pst_props_text(pst_folder_props(one), PST_P_DISPLAY_NAME);
		g_assert_cmpstr(back, ==, cut);
	}
}

/* Text: long, with all planes, not UTF-8. */
static void
test_text(struct fixture *f, gconstpointer data)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"plain", "plain"},
	    {"\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", /* Q201278 */
		"\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88"},
	    {"\xf0\x9f\x93\xac", "\xf0\x9f\x93\xac"},
	    {"bad \xff byte", "bad \xef\xbf\xbd byte"},
	    {"1234567é", "1234567é"},
	    {"12345678é12345678", "12345678é12345678"},
	    {"1234567\xff!2345678", "1234567\xef\xbf\xbd!2345678"},
	    {"cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd"},
	    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	    {"", ""},
	};
	struct pst_report_counts counts;
	g_autoptr(GString) big = g_string_new(NULL);
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstFolder) back = NULL;
	guint32 inbox = folder(f, PST_NID_TOP, "Inbox"), nid;
	guint n = 0;

	while (big->len < 100000)
		g_string_append(big, "0123456789x\xc3\xa9\xe2\x82\xac"
				     "\xf0\x9f\x93\xac");
	for (guint i = 0; i <= G_N_ELEMENTS(rows); i++) {
		message(f, inbox, "text");
		g_assert_cmpint(
		    pst_bag_text(pst_writer_bag(f->writer), TEXT(PST_P_BODY),
			i < G_N_ELEMENTS(rows) ? rows[i].in : big->str, -1, 0,
			&f->error),
		    ==, ST_OK);
		end(f);
	}
	finish(f, &counts);
	g_assert_cmpint(pst_open(&pst, f->path, NULL), ==, ST_OK);
	pst_folder_open(&back, pst, inbox, NULL);
	while (pst_folder_next_message(back, &nid, NULL) == ST_OK) {
		g_autoptr(PstMessage) m = NULL;
		g_autofree char *text = NULL;

		pst_message_open(&m, pst, nid, NULL);
		text = pst_props_text(pst_message_props(m), PST_P_BODY);
		g_assert_cmpstr(
		    text, ==, n < G_N_ELEMENTS(rows) ? rows[n].out : big->str);
		n++;
	}
	g_assert_cmpint(n, ==, G_N_ELEMENTS(rows) + 1);
}

/* Named properties: equal but for case is equal; all of the room. */
static void
test_names(struct fixture *f, gconstpointer data)
{
	struct pst_report_counts counts;
	guint32 inbox = folder(f, PST_NID_TOP, "Inbox");
	guint id, keywords = pst_writer_name(
		      f->writer, pst_guid_public_strings, 0, "Keywords");
	g_autoptr(Pst) pst = NULL;
	struct pst_name name;

	g_assert_cmphex(keywords, ==, 0x8000);
	g_assert_cmphex(
	    pst_writer_name(f->writer, pst_guid_public_strings, 0, "KEYWORDS"),
	    ==, keywords);
	id = pst_writer_name(f->writer, pst_guid_common, 0x8514, NULL);
	g_assert_cmphex(
	    pst_writer_name(f->writer, pst_guid_common, 0x8514, NULL), ==, id);
	message(f, inbox, "named");
	pst_bag_int(pst_writer_bag(f->writer), id << 16 | PST_T_BOOL, 1);
	end(f);
	for (guint i = 0; i < PST_WRITER_NAMES_MAX - 2; i++) {
		g_autofree char *header = g_strdup_printf("x-header-%u", i);

		g_assert_cmphex(pst_writer_name(f->writer,
				    pst_guid_internet_headers, 0, header),
		    ==, 0x8002 + i);
	}
	g_assert_cmphex(pst_writer_name(f->writer, pst_guid_internet_headers, 0,
			    "one-more"),
	    ==, 0);
	finish(f, &counts);
	g_assert_cmpint(pst_open(&pst, f->path, NULL), ==, ST_OK);
	g_assert_cmphex(
	    pst_name_id(pst, pst_guid_common, 0x8514, NULL), ==, id);
	g_assert_true(pst_name_of(pst, 0x8002 + 77, &name));
	g_assert_cmpstr(name.name, ==, "x-header-77");
}

/* Messages of many folders, one after the other as they come. */
static void
test_interleaved(struct fixture *f, gconstpointer data)
{
	struct pst_report_counts counts;
	guint32 nids[200];

	for (guint i = 0; i < G_N_ELEMENTS(nids); i++) {
		g_autofree char *name = g_strdup_printf("folder %u", i);

		nids[i] = folder(f, PST_NID_TOP, name);
	}
	for (guint i = 0; i < 10000; i++) {
		message(f, nids[i * 7919 % G_N_ELEMENTS(nids)], "interleaved");
		end(f);
	}
	finish(f, &counts);
	g_assert_cmpint(counts.messages, ==, 10000);
}

/* As many properties as an item may have, and more: it goes out whole or is
 * refused, and what the writer adds is counted. */
static void
test_properties(struct fixture *f, gconstpointer data)
{
	struct pst_report_counts counts;
	guint32 inbox = folder(f, PST_NID_TOP, "Inbox");
	guint64 written = 0;

	for (guint n = 420; n < 460; n++) {
		enum status st;

		message(f, inbox, "properties");
		/* Backwards, as they are not to lie in the file. */
		for (guint i = n; i > 0; i--)
			pst_bag_int(pst_writer_bag(f->writer),
			    (0x6600 + i) << 16 | PST_T_INT32, i);
		st = pst_writer_message_end(f->writer, NULL, &f->error);
		if (st == ST_OK) {
			g_assert_cmpuint(written, ==, n - 420);
			written++;
			continue;
		}
		g_assert_cmpint(st, ==, ST_ITEM);
		g_assert_cmpint(error_kind(f->error), ==, ERR_LIMIT);
		g_clear_error(&f->error);
		g_assert_cmpint(
		    pst_writer_abort(f->writer, &f->error), ==, ST_OK);
	}
	g_assert_cmpuint(written, >, 10);
	g_assert_cmpuint(written, <, 30);
	finish(f, &counts);
	g_assert_cmpuint(counts.messages, ==, written);
}

/* The division itself: [MS-PST] 5.3. */
static guint32
crc_of(const guint8 *p, gsize len)
{
	guint32 crc = 0;

	for (gsize i = 0; i < len; i++) {
		crc ^= p[i];
		for (guint bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}

/* Whatever the processor does many bytes at a time, at every length and from
 * every address. */
static void
test_encode(struct fixture *f, gconstpointer data)
{
	g_autofree guint8 *from = patterned(PST_OUT_BLOCK_DATA + 64);
	guint8 to[PST_OUT_BLOCK_DATA + 1];

	g_assert_cmphex(
	    pst_encode_crc((const guint8 *)"123456789", 9), ==, 0x2dfd2d88);
	for (guint i = 0; i < 1400; i++) {
		gsize len = i < 700 ? i : PST_OUT_BLOCK_DATA - 700 + i - 699;
		const guint8 *p = from + i * 7 % 64;

		g_test_message("%" G_GSIZE_FORMAT " bytes", len);
		g_assert_cmphex(pst_encode_crc(p, len), ==, crc_of(p, len));
		to[len] = 0x5a;
		pst_encode(to, p, len);
		g_assert_cmphex(to[len], ==, 0x5a);
		g_assert_true(len == 0 || memcmp(to, p, len) != 0);
		pst_decode(to, len, PST_CRYPT_PERMUTE, 0);
		g_assert_cmpmem(to, len, p, len);
	}
}

/* No file is written over. */
static void
test_exists(struct fixture *f, gconstpointer data)
{
	struct pst_writer_params params = {.name = "x", .spool_dir = f->dir};
	PstWriter *second;

	g_assert_cmpint(pst_writer_open(&second, f->path, &params, &f->error),
	    ==, ST_MAILBOX);
	g_assert_cmpint(error_kind(f->error), ==, ERR_IO);
	g_assert_true(g_file_test(f->path, G_FILE_TEST_EXISTS));
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(struct fixture *f, gconstpointer data);
	} tests[] = {
	    {"/kb/Q174749/empty-mailbox", test_empty},
	    {"/pst/write/sizes", test_sizes},
	    {"/pst/write/rows", test_rows},
	    {"/pst/write/recipients", test_recipients},
	    {"/pst/write/attachments", test_attachments},
	    {"/pst/write/embedded", test_embedded},
	    {"/pst/write/abort", test_abort},
	    {"/pst/write/given-up", test_given_up},
	    {"/pst/write/folders", test_folders},
	    {"/pst/write/text", test_text},
	    {"/pst/write/names", test_names},
	    {"/pst/write/interleaved", test_interleaved},
	    {"/pst/write/exists", test_exists},
	    {"/pst/write/encode", test_encode},
	    {"/pst/write/properties", test_properties},
	};

	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].name, struct fixture, NULL, set_up,
		    tests[i].test, tear_down);
	return g_test_run();
}
