/*
 * pst as a source, of damaged files: each message that can be read is read, as
 * it was; each that cannot is named once; nothing else is said to be wrong.
 */
#include "base/digest.h"
#include "base/url.h"
#include "pst/bytes.h"
#include "pst/format.h"
#include "pst/mapi-from-mime.h"
#include "pst/messaging-read.h"
#include "source/pst.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define CRLF	 "\r\n"
#define MESSAGES 120
#define FOLDERS	 2

/* The table that src/drivers.c has in the program. */
const struct source_driver *const source_drivers[] = {&source_pst_driver, NULL};

/* What came out of a file. */
struct reading {
	GHashTable *good; /* key of a message to the digest of its octets */
	GHashTable *bad;  /* keys that failed, to the reason */
	guint remarks, checksums, folders;
	enum status st;
	char *error;
};

static void
note_remark(void *ctx, const struct remark *remark)
{
	struct reading *r = ctx;

	g_assert_nonnull(remark->text);
	g_test_message("%s %s: %s", remark->key ? remark->key : "",
	    remark->code, remark->text);
	if (strcmp(remark->code, "PST_CHECKSUM") == 0)
		r->checksums++;
	else
		r->remarks++;
}

static void
reading_clear(struct reading *r)
{
	g_hash_table_unref(r->good);
	g_hash_table_unref(r->bad);
	g_free(r->error);
}

static void
take(struct reading *r, const struct record *record, const char *dir)
{
	g_autoptr(Spool) scratch = spool_new(dir);
	struct blob raw;
	struct digest digest;
	char hex[DIGEST_HEX];

	g_assert_cmpint(
	    message_raw(&record->message, scratch, &raw, NULL), ==, ST_OK);
	g_assert_cmpint(digest_blob(&raw, &digest, NULL), ==, ST_OK);
	digest_to_hex(&digest, hex);
	g_assert_true(
	    g_hash_table_insert(r->good, g_strdup(record->key), g_strdup(hex)));
}

/* Everything in a file. */
static void
read_all(struct reading *r, const char *path, const char *dir)
{
	g_autofree char *text = g_strdup_printf("pst:%s", path);
	g_autoptr(Options) options = options_new(source_pst_driver.options);
	g_autoptr(Source) source = NULL;
	g_autoptr(GError) error = NULL;
	struct login login = {0};
	struct mailbox box = {.name = (char *)"x"};
	struct job job = {.mailbox = &box,
	    .pass = 1,
	    .spool_dir = dir,
	    .remark = note_remark,
	    .remark_ctx = r};
	struct record record;
	struct url url;
	struct end end = {&url, options, &login, NULL};

	*r = (struct reading){.good = g_hash_table_new_full(
				  g_str_hash, g_str_equal, g_free, g_free),
	    .bad =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
	g_assert_cmpint(url_parse(text, &url, NULL), ==, ST_OK);
	g_assert_cmpint(
	    source_open(&source, &source_pst_driver, &end, &error), ==, ST_OK);
	r->st = source_begin(source, &job, &error);
	while (r->st == ST_OK || r->st == ST_ITEM) {
		r->st = source_next(source, &record, &error);
		if (r->st == ST_ITEM && record.kind == RECORD_MESSAGE) {
			g_assert_nonnull(error);
			g_assert_nonnull(record.key);
			g_test_message(
			    "%s failed: %s", record.key, error->message);
			g_assert_true(g_hash_table_insert(r->bad,
			    g_strdup(record.key), g_strdup(error->message)));
			g_clear_error(&error);
		} else if (r->st == ST_ITEM) {
			g_clear_error(&error);
		} else if (r->st == ST_OK && record.kind == RECORD_FOLDER) {
			r->folders++;
		} else if (r->st == ST_OK && record.kind == RECORD_MESSAGE) {
			take(r, &record, dir);
		}
	}
	if (error)
		r->error = g_strdup(error->message);
	source_end(source);
	url_clear(&url);
}

struct fixture {
	char *dir, *path, *damaged;
	guint8 *p;
	gsize len;
	PstNdb *ndb; /* of the good file */
	struct reading good;
};

static void
make(const char *dir, const char *path)
{
	struct pst_writer_params params = {.name = "x", .spool_dir = dir};
	g_autoptr(PstWriter) w = NULL;
	g_autoptr(PstMapper) mapper = pst_mapper_new(dir);
	g_autofree char *big = g_malloc(40001);
	guint32 folders[FOLDERS];

	for (guint i = 0; i < 40000; i++)
		big[i] = (char)(i % 72 == 71 ? '\n' : 'a' + i % 23);
	big[40000] = '\0';
	g_assert_cmpint(pst_writer_open(&w, path, &params, NULL), ==, ST_OK);
	pst_writer_folder(w, PST_NID_TOP, "Inbox", NULL, &folders[0], NULL);
	pst_writer_folder(w, folders[0], "Sub", NULL, &folders[1], NULL);
	for (guint i = 0; i < MESSAGES; i++) {
		g_autofree char *text = g_strdup_printf(
		    "From: a@example.org" CRLF "To: b@example.org" CRLF
		    "Subject: number %u" CRLF
		    "Content-Type: multipart/mixed; boundary=m" CRLF CRLF
		    "--m" CRLF CRLF "text %u" CRLF "%s--m" CRLF
		    "Content-Type: image/png; name=%u.png" CRLF CRLF "data" CRLF
		    "--m--" CRLF,
		    i, i, i % 10 == 3 ? big : "", i);
		struct pst_mail mail = {
		    .raw = blob_from_mem(text, strlen(text)),
		    .received = {.utc = 900000000 + i, .known = true}};

		g_assert_cmpint(pst_mapper_write(mapper, w,
				    folders[i % FOLDERS], &mail, NULL, NULL),
		    ==, ST_OK);
	}
	g_assert_cmpint(pst_writer_finish(w, NULL), ==, ST_OK);
}

static void
set_up(struct fixture *f, gconstpointer data)
{
	char *bytes;

	f->dir = g_dir_make_tmp("pst-damage-XXXXXX", NULL);
	f->path = g_build_filename(f->dir, "x.pst", NULL);
	f->damaged = g_build_filename(f->dir, "damaged.pst", NULL);
	make(f->dir, f->path);
	g_assert_true(g_file_get_contents(f->path, &bytes, &f->len, NULL));
	f->p = (guint8 *)bytes;
	g_assert_cmpint(pst_ndb_open(&f->ndb, f->path, NULL), ==, ST_OK);
	read_all(&f->good, f->path, f->dir);
	g_assert_cmpint(f->good.st, ==, ST_END);
	g_assert_cmpint(g_hash_table_size(f->good.good), ==, MESSAGES);
	g_assert_cmpint(f->good.remarks + f->good.checksums, ==, 0);
}

static void
tear_down(struct fixture *f, gconstpointer data)
{
	reading_clear(&f->good);
	pst_ndb_close(f->ndb);
	g_unlink(f->path);
	g_unlink(f->damaged);
	g_assert_cmpint(g_rmdir(f->dir), ==, 0);
	g_free(f->p);
	g_free(f->path);
	g_free(f->damaged);
	g_free(f->dir);
}

/* Read the damaged bytes; what came out came out as before. */
static void
read_damaged(struct fixture *f, struct reading *r)
{
	GHashTableIter it;
	gpointer key, value;

	g_assert_true(g_file_set_contents(
	    f->damaged, (const char *)f->p, (gssize)f->len, NULL));
	read_all(r, f->damaged, f->dir);
	g_hash_table_iter_init(&it, r->bad);
	while (g_hash_table_iter_next(&it, &key, NULL))
		g_assert_true(g_hash_table_contains(f->good.good, key));
	g_hash_table_iter_init(&it, r->good);
	while (g_hash_table_iter_next(&it, &key, &value)) {
		g_assert_false(g_hash_table_contains(r->bad, key));
		g_assert_true(g_hash_table_contains(f->good.good, key));
	}
}

static guint
n_changed(const struct fixture *f, const struct reading *r)
{
	GHashTableIter it;
	gpointer key, value;
	guint n = 0;

	g_hash_table_iter_init(&it, r->good);
	while (g_hash_table_iter_next(&it, &key, &value))
		n += strcmp(value, g_hash_table_lookup(f->good.good, key)) != 0;
	return n;
}

static guint64
leaf_of(struct fixture *f, struct pst_ref ref)
{
	guint64 ib = ref.ib;

	while (f->p[ib + 491] > 0)
		ib = get_le64(f->p + ib + 24 * (f->p[ib + 488] / 2) + 16);
	return ib;
}

/* A page of the node tree is gone: its nodes are, the others are not. */
static void
test_node_page(struct fixture *f, gconstpointer data)
{
	guint64 ib = leaf_of(f, pst_ndb_header(f->ndb)->nbt);
	guint lost = 0;
	struct reading r;

	for (guint i = 0; i < f->p[ib + 488]; i++)
		lost +=
		    PST_NID_TYPE(get_le32(f->p + ib + 32 * i)) == PST_MESSAGE;
	g_assert_cmpint(lost, >, 5);
	memset(f->p + ib, 0, 512);
	read_damaged(f, &r);
	g_assert_cmpint(r.st, ==, ST_END);
	g_assert_cmpint(g_hash_table_size(r.bad), ==, lost);
	g_assert_cmpint(g_hash_table_size(r.good), ==, MESSAGES - lost);
	g_assert_cmpint(n_changed(f, &r), ==, 0);
	reading_clear(&r);
}

/* The same with a wrong level, which must not be followed in a circle. */
static void
test_level(struct fixture *f, gconstpointer data)
{
	guint64 ib = leaf_of(f, pst_ndb_header(f->ndb)->nbt);
	struct reading r;

	f->p[ib + 491] = 1;
	read_damaged(f, &r);
	g_assert_cmpint(r.st, ==, ST_END);
	g_assert_cmpint(g_hash_table_size(r.bad), >, 0);
	g_assert_cmpint(
	    g_hash_table_size(r.good) + g_hash_table_size(r.bad), ==, MESSAGES);
	reading_clear(&r);
}

/* A page of the block tree is gone, or all of them: blocks say themselves who
 * they are. */
static void
test_block_page(struct fixture *f, gconstpointer data)
{
	guint64 leaf = leaf_of(f, pst_ndb_header(f->ndb)->bbt);
	guint64 root = pst_ndb_header(f->ndb)->bbt.ib;

	for (guint i = 0; i < 2; i++) {
		struct reading r;

		memset(f->p + (i == 0 ? leaf : root), 0, 512);
		read_damaged(f, &r);
		g_assert_cmpint(r.st, ==, ST_END);
		g_assert_cmpint(g_hash_table_size(r.good), ==, MESSAGES);
		g_assert_cmpint(n_changed(f, &r), ==, 0);
		g_assert_cmpint(r.remarks, ==, 1);
		reading_clear(&r);
	}
}

/* The root of the node tree is gone, or the header names another one: its
 * leaves are found, whatever else is damaged. */
static void
test_node_root(struct fixture *f, gconstpointer data)
{
	struct pst_ref nbt = pst_ndb_header(f->ndb)->nbt;
	struct reading r;

	g_assert_cmpint(f->p[nbt.ib + 491], >, 0);
	f->p[180 + 44] ^= 0x40;
	for (guint i = 0; i < 3; i++) {
		read_damaged(f, &r);
		g_assert_cmpint(r.st, ==, ST_END);
		g_assert_cmpint(r.folders, ==, f->good.folders);
		g_assert_cmpint(g_hash_table_size(r.good), ==, MESSAGES);
		g_assert_cmpint(n_changed(f, &r), ==, 0);
		g_assert_cmpint(r.remarks, ==, 1);
		reading_clear(&r);
		if (i == 0) {
			f->p[180 + 44] ^= 0x40;
			memset(f->p + nbt.ib, 0xff, 512);
		} else {
			memset(f->p + pst_ndb_header(f->ndb)->bbt.ib, 0, 512);
		}
	}
}

/* One bit wrong, anywhere: it ends, and what came out was there before. */
static void
test_bits(struct fixture *f, gconstpointer data)
{
	guint step = g_test_slow() ? 997 : 39989;

	for (gsize at = 0; at < f->len; at += step) {
		struct reading r;

		f->p[at] ^= (guint8)(1 << at % 8);
		g_assert_true(g_file_set_contents(
		    f->damaged, (const char *)f->p, (gssize)f->len, NULL));
		read_all(&r, f->damaged, f->dir);
		f->p[at] ^= (guint8)(1 << at % 8);
		g_assert_true(r.st == ST_END || r.error);
		if (r.st == ST_END)
			g_assert_cmpint(g_hash_table_size(r.good) +
					    g_hash_table_size(r.bad),
			    >=, MESSAGES);
		reading_clear(&r);
	}
}

/* A stretch of blocks was never written, as on a disk that was full. */
static void
test_hole(struct fixture *f, gconstpointer data)
{
	struct reading r;

	memset(f->p + 0x20000, 0, 0x20000);
	read_damaged(f, &r);
	g_assert_cmpint(r.st, ==, ST_END);
	g_assert_cmpint(g_hash_table_size(r.bad), >, 0);
	g_assert_cmpint(
	    g_hash_table_size(r.good) + g_hash_table_size(r.bad), ==, MESSAGES);
	g_assert_cmpint(r.remarks + r.checksums, >=, n_changed(f, &r));
	reading_clear(&r);
}

/* One bit of one block: the message comes out, with a word on it. */
static void
test_checksum(struct fixture *f, gconstpointer data)
{
	struct pst_node node;
	struct pst_block block;
	struct reading r;

	pst_ndb_node(f->ndb, 0x200024, &node, NULL);
	pst_ndb_block_entry(f->ndb, node.data, &block, NULL);
	/* Its text, somewhere in the values. */
	f->p[block.ib + block.cb / 2] ^= 1;
	read_damaged(f, &r);
	g_assert_cmpint(r.st, ==, ST_END);
	g_assert_cmpint(r.checksums + g_hash_table_size(r.bad), ==, 1);
	g_assert_cmpint(
	    g_hash_table_size(r.good) + g_hash_table_size(r.bad), ==, MESSAGES);
	g_assert_cmpint(n_changed(f, &r), <=, 1);
	reading_clear(&r);
}

/* A subnode that is not there: the attachment or the people of one message. */
static void
test_subnode(struct fixture *f, gconstpointer data)
{
	struct pst_node node;
	struct pst_block block;
	struct reading r;
	guint8 *e;

	pst_ndb_node(f->ndb, 0x200024, &node, NULL);
	pst_ndb_block_entry(f->ndb, node.sub, &block, NULL);
	e = f->p + block.ib + 8;
	for (guint i = 0; i < get_le16(f->p + block.ib + 2); i++, e += 24)
		if (PST_NID_TYPE(get_le32(e)) == PST_ATTACHMENT)
			put_le64(e + 8, 0xfffff0);
	read_damaged(f, &r);
	g_assert_cmpint(r.st, ==, ST_END);
	g_assert_cmpint(g_hash_table_size(r.good), ==, MESSAGES);
	g_assert_cmpint(r.remarks, ==, 1);
	g_assert_cmpint(n_changed(f, &r), ==, 1);
	reading_clear(&r);
}

/* A folder without its properties: its name is gone, its messages are not. */
static void
test_folder(struct fixture *f, gconstpointer data)
{
	struct pst_node node;
	struct pst_block block;
	struct reading r;

	pst_ndb_node(f->ndb, 0x80a2, &node, NULL);
	pst_ndb_block_entry(f->ndb, node.data, &block, NULL);
	memset(f->p + block.ib, 0, block.cb);
	read_damaged(f, &r);
	g_assert_cmpint(r.st, ==, ST_END);
	g_assert_cmpint(r.folders, ==, f->good.folders);
	g_assert_cmpint(g_hash_table_size(r.good), ==, MESSAGES);
	g_assert_cmpint(r.remarks, >, 0);
	g_assert_cmpint(n_changed(f, &r), ==, 0);
	reading_clear(&r);
}

/* Without its trees, or in a code that nobody knows, it is one error that says
 * what is wrong. */
static void
test_whole(struct fixture *f, gconstpointer data)
{
	gsize len = f->len;
	guint8 crypt = f->p[513];
	struct reading r;

	/* Our trees are at the end. */
	f->len = f->len / 2;
	read_damaged(f, &r);
	g_assert_cmpint(g_hash_table_size(r.good), ==, 0);
	g_assert_cmpint(r.st, ==, ST_MAILBOX);
	g_assert_nonnull(strstr(r.error, "no folder is left"));
	reading_clear(&r);
	f->len = len;
	f->p[513] = 0x77;
	read_damaged(f, &r);
	g_assert_cmpint(r.st, ==, ST_MAILBOX);
	g_assert_nonnull(r.error);
	g_test_message("%s", r.error);
	reading_clear(&r);
	f->p[513] = crypt;
	f->len = 300;
	read_damaged(f, &r);
	g_assert_cmpint(r.st, ==, ST_MAILBOX);
	reading_clear(&r);
	f->len = len;
}

/* Files that Outlook made, cut and holed: nothing but what is said. */
static void
test_samples(struct fixture *f, gconstpointer data)
{
	static const char *const names[] = {"dist-list.pst", "support.pst",
	    "passworded.pst", "ansi-32-bit.pst"};
	const char *dir = g_getenv("MAILMIG_DATA");

	if (dir == NULL) {
		g_test_skip("MAILMIG_DATA is not set");
		return;
	}
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path =
		    g_build_filename(dir, "pst", names[i], NULL);
		g_autofree char *bytes = NULL;
		gsize len;

		g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));
		for (gsize at = 0x4600; at < len; at += len / 23) {
			g_autofree char *copy = g_memdup2(bytes, len);
			struct reading r;

			g_test_message("%s at %" G_GSIZE_FORMAT, names[i], at);
			memset(copy + at, 0, MIN(len - at, 3000));
			g_assert_true(g_file_set_contents(
			    f->damaged, copy, (gssize)len, NULL));
			read_all(&r, f->damaged, f->dir);
			g_assert_true(r.st == ST_END || r.error);
			reading_clear(&r);
			g_assert_true(g_file_set_contents(
			    f->damaged, bytes, (gssize)at, NULL));
			read_all(&r, f->damaged, f->dir);
			g_assert_true(r.st == ST_END || r.error);
			reading_clear(&r);
		}
	}
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(struct fixture *f, gconstpointer data);
	} tests[] = {
	    {"/pst/damage/node-page", test_node_page},
	    {"/pst/damage/level", test_level},
	    {"/pst/damage/block-page", test_block_page},
	    {"/pst/damage/node-root", test_node_root},
	    {"/pst/damage/bits", test_bits},
	    {"/pst/damage/hole", test_hole},
	    {"/pst/damage/checksum", test_checksum},
	    {"/pst/damage/subnode", test_subnode},
	    {"/pst/damage/folder", test_folder},
	    {"/pst/damage/whole", test_whole},
	    {"/pst/damage/samples", test_samples},
	};

	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].name, struct fixture, NULL, set_up,
		    tests[i].test, tear_down);
	return g_test_run();
}
