/*
 * The reader of Notes databases on what nsf_make.c writes (which follows
 * spec/notes.md, not Notes), on damage, and, with MAILMIG_DATA, on databases
 * that Notes wrote.
 */
#include "nsf/cx.h"
#include "nsf/lmbcs.h"
#include "nsf/mail.h"
#include "nsf/object.h"
#include "nsf/richtext.h"
#include "nsf_make.h"

#include <glib/gstdio.h>
#include <string.h>

static char *dir;

static char *
path_of(const char *name)
{
	return g_build_filename(dir, name, NULL);
}

static void
test_cx(void)
{
	static const gsize sizes[] = {0, 1, 2, 3, 255, 256, 700, 5000, 70000};

	for (guint kind = 0; kind < 3; kind++)
		for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
			gsize n = sizes[i];
			g_autofree guint8 *data = g_malloc(n + 1);
			g_autofree guint8 *back = g_malloc(n + 1);
			g_autoptr(GByteArray) cx = NULL;

			for (gsize k = 0; k < n; k++)
				data[k] = kind == 0   ? (guint8)(k / 100)
					  : kind == 1 ? (guint8)(k * k >> 3)
						      : (guint8)(k % 300 / 2);
			cx = nsf_make_cx(data, n);
			g_assert_cmpint(nsf_cx_inflate(cx->data, cx->len, back,
					    n, NULL, NULL),
			    ==, ST_OK);
			g_assert_cmpmem(back, n, data, n);
			/* Cut, or longer than it is: never accepted. */
			for (gsize cut = 0;
			     n > 3 && n < 300 && cut + 4 < cx->len; cut++)
				g_assert_cmpint(nsf_cx_inflate(cx->data, cut,
						    back, n, NULL, NULL),
				    ==, ST_ITEM);
			g_assert_cmpint(nsf_cx_inflate(cx->data, cx->len,
					    (back = g_realloc(back, n + 2)),
					    n + 1, NULL, NULL),
			    ==, ST_ITEM);
		}
}

static void
test_huffman(void)
{
	g_autoptr(Spool) out = spool_new(dir);
	g_autofree guint8 *data = g_malloc(200000);
	g_autoptr(GByteArray) packed = NULL;
	struct blob stored, content, all;
	bool verified;

	for (guint i = 0; i < 200000; i++)
		data[i] = (guint8)(i * 7 + i / 300);
	packed = nsf_make_huffman(data, 200000);
	stored = blob_from_mem(packed->data, packed->len);
	g_assert_cmpint(nsf_file_decode(NSF_HUFFMAN, 200000, &stored, out,
			    &content, &verified, NULL),
	    ==, ST_OK);
	g_assert_true(verified);
	all = spool_blob(out);
	g_assert_cmpmem(all.mem, (gsize)all.len, data, 200000);
	/* One bit of the sum, one byte short, a tree that leads away. */
	packed->data[0] ^= 1;
	g_assert_cmpint(nsf_file_decode(NSF_HUFFMAN, 200000, &stored, out,
			    &content, &verified, NULL),
	    ==, ST_ITEM);
	packed->data[0] ^= 1;
	stored.len--;
	g_assert_cmpint(nsf_file_decode(NSF_HUFFMAN, 200000, &stored, out,
			    &content, &verified, NULL),
	    ==, ST_ITEM);
	packed->data[7] = 0x80;
	g_assert_cmpint(nsf_file_decode(NSF_HUFFMAN, 200000, &stored, out,
			    &content, &verified, NULL),
	    ==, ST_ITEM);
	/* LZ1 is read, and said to be unverified. */
	spool_reset(out);
	g_byte_array_unref(packed);
	packed = nsf_make_cx(data, 200000);
	stored = blob_from_mem(packed->data, packed->len);
	g_assert_cmpint(nsf_file_decode(NSF_LZ1, 200000, &stored, out, &content,
			    &verified, NULL),
	    ==, ST_OK);
	g_assert_false(verified);
	all = spool_blob(out);
	g_assert_cmpmem(all.mem, (gsize)all.len, data, 200000);
}

/* 2.1, and Q200432: what is stored is UTC, whatever the zone beside it. */
static void
test_time(void)
{
	static const struct {
		gint64 utc;
		int zone;
		gboolean dst;
		const char *iso;
	} rows[] = {
	    {0, 0, FALSE, "1970-01-01T00:00:00+00:00"},
	    {1155286608, 8, FALSE, "2006-08-11T16:56:48+08:00"},
	    {1155286608, -4, TRUE, "2006-08-11T04:56:48-04:00"},
	    {951782399, 2, TRUE, "2000-02-29T01:59:59+02:00"},
	};
	static const guint8 bad[][8] = {
	    {0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
	    {0xff, 0xff, 0xff, 0x7f, 0x8c, 0x3d, 0x25, 0},
	    {0, 0, 0, 0, 0, 0, 0, 0},
	    {0, 0, 0, 0, 0xff, 0xff, 0xff, 0},
	};
	struct stamp stamp;
	guint8 data[8];
	bool date_only;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *iso = NULL;

		nsf_make_timedate(data, rows[i].utc, rows[i].zone, rows[i].dst);
		g_assert_true(nsf_time(data, &stamp, &date_only));
		g_assert_false(date_only);
		g_assert_cmpint(stamp.utc, ==, rows[i].utc);
		iso = stamp_to_iso(&stamp);
		g_assert_cmpstr(iso, ==, rows[i].iso);
	}
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_false(nsf_time(bad[i], &stamp, NULL));
	nsf_make_timedate(data, 86400 * 100, 0, FALSE);
	memset(data, 0xff, 4);
	g_assert_true(nsf_time(data, &stamp, &date_only));
	g_assert_true(date_only);
	g_assert_cmpint(stamp.utc, ==, 86400 * 100);
}

/* 5.2; Japanese: Q198580 */
static void
test_lmbcs(void)
{
	static const struct {
		const char *bytes;
		gsize len;
		const char *text;
	} rows[] = {
	    {"plain", 5, "plain"},
	    {"a\0b", 3, "a\nb"},
	    {"caf\x82", 4, "caf\xc3\xa9"},
	    {"\x10\x93\xfa\x10\x96\x7b", 6, "\xe6\x97\xa5\xe6\x9c\xac"},
	    {"\x14\x26\x3a", 3, "\xe2\x98\xba"},
	    {"\x05\xcf", 2, "\xd0\x9f"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text =
		    nsf_lmbcs_text(rows[i].bytes, rows[i].len);

		g_assert_cmpstr(text, ==, rows[i].text);
	}
	for (guint i = 0; i < 65536; i++) { /* anything gives UTF-8 */
		char b[4] = {(char)(i >> 8), (char)i, 'x', '\x14'};
		g_autofree char *text = nsf_lmbcs_text(b, 4);

		g_assert_true(g_utf8_validate(text, -1, NULL));
	}
}

static void
test_names(void)
{
	static const struct {
		const char *value, *internet, *name, *type, *address;
	} rows[] = {
	    {"CN=Jo Berry/OU=Sales/O=Acme", NULL, "Jo Berry/Sales/Acme",
		"NOTES", "CN=Jo Berry/OU=Sales/O=Acme"},
	    {"CN=Jo Berry/OU=Sales/O=Acme", ".", "Jo Berry/Sales/Acme", "NOTES",
		"CN=Jo Berry/OU=Sales/O=Acme"},
	    {"CN=Jo Berry/O=Acme", "jo@example.org", "Jo Berry/Acme", "SMTP",
		"jo@example.org"},
	    {"ann@example.org", NULL, NULL, "SMTP", "ann@example.org"},
	    {"\"Ann B\" <ann@example.org>", NULL, "Ann B", "SMTP",
		"ann@example.org"},
	    {"Jo Berry/Acme@ACME", NULL, "Jo Berry/Acme@ACME", "NOTES",
		"Jo Berry/Acme@ACME"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) out =
		    g_ptr_array_new_with_free_func((GDestroyNotify)person_free);
		guint unresolved = 0;
		const struct person *p;

		nsf_person_add(
		    out, rows[i].value, rows[i].internet, NULL, &unresolved);
		g_assert_cmpint(out->len, ==, 1);
		p = out->pdata[0];
		g_assert_cmpstr(p->name, ==, rows[i].name);
		g_assert_cmpstr(p->type, ==, rows[i].type);
		g_assert_cmpstr(p->address, ==, rows[i].address);
		g_assert_cmpint(
		    unresolved, ==, strcmp(rows[i].type, "NOTES") == 0);
	}
}

static GByteArray *
rich_sample(void)
{
	GByteArray *cd = g_byte_array_new();
	guint8 style[76] = {1}, ref[2] = {1}, none[2] = {9}, cell[14] = {0};
	guint8 link[10] = {0};
	g_autoptr(GByteArray) spot = g_byte_array_new();

	style[2] = 3;	  /* centred */
	style[59] = 0x04; /* bullet */
	nsf_make_cd(cd, 0x82, 'w', style, sizeof style);
	nsf_make_cd_text(cd, 1, "bold");
	nsf_make_cd_text(cd, 0, " & <plain>");
	nsf_make_cd(cd, 0x81, 'b', NULL, 0);
	nsf_make_cd(cd, 0x83, 'b', ref, 2);
	nsf_make_cd_text(cd, 0, "one");
	nsf_make_cd(cd, 0x81, 'b', NULL, 0);
	nsf_make_cd(cd, 0x83, 'b', ref, 2);
	nsf_make_cd_text(cd, 0, "two");
	nsf_make_cd(cd, 0x81, 'b', NULL, 0);
	nsf_make_cd(cd, 0x83, 'b', none, 2);
	nsf_make_cd(cd, 0xA3, 'b', NULL, 0);
	for (guint row = 0; row < 2; row++)
		for (guint column = 0; column < 2; column++) {
			cell[0] = (guint8)row;
			cell[1] = (guint8)column;
			nsf_make_cd(cd, 0xA4, 'b', cell, sizeof cell);
			nsf_make_cd_text(cd, 0, row ? "c" : "a");
		}
	nsf_make_cd(cd, 0xA5, 'b', NULL, 0);
	/* A URL, an attachment, a link to a document. */
	g_byte_array_append(spot, (const guint8 *)"\x0b\0\0\x10\0\0\x12\0", 8);
	g_byte_array_append(spot, (const guint8 *)"http://example.org", 18);
	nsf_make_cd(cd, 0xA9, 'w', spot->data, spot->len);
	nsf_make_cd_text(cd, 0, "site");
	nsf_make_cd(cd, 0xAA, 'b', NULL, 0);
	g_byte_array_set_size(spot, 0);
	g_byte_array_append(spot, (const guint8 *)"\x04\0\0\0\0\0\x0e\0", 8);
	g_byte_array_append(spot, (const guint8 *)"ATT1\0plan.txt", 14);
	nsf_make_cd(cd, 0xA9, 'w', spot->data, spot->len);
	memcpy(link + 2, "see", 3);
	nsf_make_cd(cd, 0x91, 'w', link, sizeof link);
	nsf_make_cd(cd, 0xEE, 'd', "unknown", 7);
	return cd;
}

static void
put_links(NsfMake *m)
{
	guint8 links[2 + 40] = {1};

	links[2] = 0x44; /* replica, view, document */
	links[10] = 0x01;
	links[26] = 0x02;
	nsf_make_item(m, "$Links", NSF_TYPE_LINKS,
	    NSF_ITEM_SUMMARY | NSF_ITEM_TYPED, links, sizeof links);
}

/* Read back note number n (from 0) of a file. */
static enum status
read_nth(
    const char *path, guint n, struct nsf_note *note, Nsf **nsf, GError **error)
{
	struct nsf_cursor c = {0};
	struct nsf_place place;
	guint32 id;

	g_assert_cmpint(nsf_open(nsf, path, false, error), ==, ST_OK);
	for (;;) {
		enum status st = nsf_next(*nsf, &c, &id, &place, error);

		g_assert_cmpint(st, ==, ST_OK);
		st = nsf_note_read(note, *nsf, id, &place, false, error);
		if (st != ST_END && n-- == 0)
			return st;
	}
}

static void
test_richtext(void)
{
	g_autofree char *path = path_of("rich.nsf");
	NsfMake *m = nsf_make_new(path, 43, "rich");
	g_autoptr(GByteArray) cd = rich_sample();
	g_autoptr(Nsf) nsf = NULL;
	struct nsf_note note;
	struct nsf_rich *rich;

	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
	nsf_make_rich(m, "Body", cd);
	put_links(m);
	nsf_make_end(m, FALSE, 0);
	nsf_make_close(m);
	nsf_note_init(&note);
	g_assert_cmpint(read_nth(path, 0, &note, &nsf, NULL), ==, ST_OK);
	rich = nsf_rich_new();
	g_assert_true(nsf_rich_read(rich, &note, "Body"));
	g_assert_false(rich->damaged);
	g_assert_cmpint(rich->unknown, ==, 1);
	g_assert_cmpstr(rich->text->str, ==,
	    "bold & <plain>\n* one\n* two\na\ta\nc\tc\n"
	    "site[attachment: plan.txt]see "
	    "<notes:///0000000000000044/00000000000000010000000000000000/"
	    "00000000000000020000000000000000>\n");
	g_assert_nonnull(
	    strstr(rich->html->str, "<b>bold</b> &amp; &lt;plain&gt;"));
	g_assert_nonnull(strstr(rich->html->str,
	    "<ul>\n<li align=\"center\">one</li>\n<li align=\"center\">two"
	    "</li>\n</ul>"));
	g_assert_nonnull(strstr(rich->html->str, "<table border=\"1\">\n<tr>"
						 "<td><div>a</div>\n</td>"));
	g_assert_nonnull(
	    strstr(rich->html->str, "<a href=\"http://example.org\">site</a>"));
	g_assert_nonnull(strstr(rich->html->str, "<a href=\"notes:///"));
	g_assert_cmpint(rich->files->len, ==, 1);
	g_assert_cmpstr(rich->files->pdata[0], ==, "ATT1");
	nsf_rich_free(rich);
	nsf_note_clear(&note);
	g_unlink(path);
}

/* The sums of 3.3: the note is refused, not the file. */
static void
test_sums(void)
{
	g_autofree char *path = path_of("sums.nsf");
	NsfMake *m = nsf_make_new(path, 52, "sums");
	g_autoptr(Nsf) nsf = NULL;
	g_autoptr(GError) error = NULL;
	struct nsf_note note;

	for (guint i = 0; i < 3; i++) {
		nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
		nsf_make_text(m, "Form", "Memo");
		nsf_make_text(m, "Subject", "a subject of some length");
		nsf_make_end(m, i == 2, i == 1 ? 30 : 0);
	}
	nsf_make_close(m);
	nsf_note_init(&note);
	g_assert_cmpint(read_nth(path, 0, &note, &nsf, NULL), ==, ST_OK);
	g_clear_pointer(&nsf, nsf_close);
	g_assert_cmpint(read_nth(path, 1, &note, &nsf, &error), ==, ST_ITEM);
	g_assert_cmpint(error_kind(error), ==, ERR_FORMAT);
	g_clear_pointer(&nsf, nsf_close);
	g_assert_cmpint(read_nth(path, 2, &note, &nsf, NULL), ==, ST_OK);
	nsf_note_clear(&note);
	g_unlink(path);
}

/* What is no database that can be read says what it is. */
static void
test_refused(void)
{
	static const struct {
		guint at;
		guint8 value;
		const char *says;
	} rows[] = {
	    {0, 'N', "no Notes database"},
	    {6, 17, "Notes 1 to 4"},
	    {0x230, 0xff, "encrypted locally, or damaged"},
	    {0x276, 0xff, "encrypted locally, or damaged"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = path_of("refused.nsf");
		NsfMake *m = nsf_make_new(path, 43, "refused");
		g_autoptr(GError) error = NULL;
		Nsf *nsf;
		FILE *file;

		nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
		nsf_make_text(m, "Form", "Memo");
		nsf_make_end(m, FALSE, 0);
		nsf_make_close(m);
		file = g_fopen(path, "r+b");
		fseek(file, (long)rows[i].at, SEEK_SET);
		fputc(rows[i].value, file);
		fclose(file);
		g_assert_cmpint(
		    nsf_open(&nsf, path, false, &error), ==, ST_MAILBOX);
		g_assert_nonnull(strstr(error->message, rows[i].says));
		g_unlink(path);
	}
}

/* Every note of every sample: sums, inflated items, rich text to its end,
 * attachments to their size and sum (spec/notes.md 12). */
static void
test_samples(void)
{
	const char *data = g_getenv("MAILMIG_DATA");
	g_autofree char *place =
	    data ? g_build_filename(data, "nsf", NULL) : NULL;
	GDir *files = place ? g_dir_open(place, 0, NULL) : NULL;
	g_autoptr(Spool) spool = spool_new(dir);
	guint notes = 0, attachments = 0, plain_txt = 0, bitmap = 0;
	const char *name;

	if (files == NULL) {
		g_test_skip("MAILMIG_DATA has no nsf/");
		return;
	}
	while ((name = g_dir_read_name(files))) {
		g_autofree char *path = g_build_filename(place, name, NULL);
		g_autoptr(Nsf) nsf = NULL;
		g_autoptr(GError) error = NULL;
		struct nsf_cursor c = {0};
		struct nsf_place at;
		struct nsf_note note;
		guint32 id;

		g_assert_cmpint(nsf_open(&nsf, path, false, &error), ==, ST_OK);
		nsf_note_init(&note);
		while (nsf_next(nsf, &c, &id, &at, &error) != ST_END) {
			enum status st =
			    nsf_note_read(&note, nsf, id, &at, false, &error);

			g_assert_no_error(error);
			if (st == ST_END || note.stub)
				continue;
			notes++;
			for (guint i = 0; i < note.items->len; i++) {
				struct nsf_item *item = &g_array_index(
				    note.items, struct nsf_item, i);
				struct nsf_rich *rich = nsf_rich_new();
				struct nsf_file file;
				struct blob blob;
				const guint8 *value;
				bool verified;
				gsize len;

				g_assert_cmpint(
				    nsf_item_value(item, &value, &len, &error),
				    ==, ST_OK);
				if (item->type == NSF_TYPE_COMPOSITE &&
				    note.class == NSF_CLASS_DOCUMENT) {
					nsf_rich_read(rich, &note, item->name);
					g_assert_false(rich->damaged);
					g_assert_true(g_utf8_validate(
					    rich->html->str, -1, NULL));
				}
				nsf_rich_free(rich);
				spool_reset(spool);
				if (item->type != NSF_TYPE_OBJECT ||
				    nsf_file_read(item, &file, &error) != ST_OK)
					continue;
				g_assert_cmpint(
				    nsf_file_content(nsf, &file, spool, &blob,
					&verified, &error),
				    ==, ST_OK);
				g_assert_cmpint(blob.len, ==, file.size);
				attachments++;
				plain_txt +=
				    strcmp(file.name, "Plain.txt") == 0 &&
				    file.size == 510;
				bitmap +=
				    strcmp(file.name, "sampleBMP.bmp") == 0 &&
				    file.size == 296406;
				nsf_file_clear(&file);
			}
		}
		g_assert_no_error(error);
		g_assert_cmpint(nsf_torn(nsf), ==, 0);
		nsf_note_clear(&note);
	}
	g_dir_close(files);
	g_test_message("%u notes, %u attachments", notes, attachments);
	g_assert_cmpint(notes, >, 200);
	g_assert_cmpint(attachments, >=, 7);
	g_assert_cmpint(plain_txt, ==, 1);
	g_assert_cmpint(bitmap, ==, 1);
}

int
main(int argc, char **argv)
{
	int rc;

	g_test_init(&argc, &argv, NULL);
	dir = g_dir_make_tmp("nsf-XXXXXX", NULL);
	g_test_add_func("/nsf/cx", test_cx);
	g_test_add_func("/nsf/huffman", test_huffman);
	g_test_add_func("/nsf/time", test_time);
	g_test_add_func("/kb/Q200432/stored-utc", test_time);
	g_test_add_func("/nsf/lmbcs", test_lmbcs);
	g_test_add_func("/kb/Q198580/japanese", test_lmbcs);
	g_test_add_func("/nsf/names", test_names);
	g_test_add_func("/nsf/richtext", test_richtext);
	g_test_add_func("/nsf/sums", test_sums);
	g_test_add_func("/nsf/refused", test_refused);
	g_test_add_func("/nsf/samples", test_samples);
	rc = g_test_run();
	g_assert_cmpint(g_rmdir(dir), ==, 0);
	g_free(dir);
	return rc;
}
