/*
 * pst: the reader, on files of all three variants made here byte by byte, and
 * on files that Outlook made (MAILMIG_DATA, else those tests are skipped).
 */
#include "pst/bytes.h"
#include "pst/format.h"
#include "pst/messaging-read.h"
#include "pst/ndb-decode.h"
#include "pst/rtf-read.h"
#include "pst/rtf-text.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* A file of two nodes: 21, a property context with a subnode, and 201, a value
 * of two blocks. Written straight from the format's tables. */
struct kind {
	const char *name;
	guint16 version;
	guint8 crypt;
	bool deflate;
};
static const struct kind kinds[] = {
    {"ansi", 14, PST_CRYPT_NONE, false},
    {"ansi-permute", 15, PST_CRYPT_PERMUTE, false},
    {"unicode", 23, PST_CRYPT_NONE, false},
    {"unicode-permute", 23, PST_CRYPT_PERMUTE, false},
    {"unicode-cyclic", 23, PST_CRYPT_CYCLIC, false},
    {"4k", 36, PST_CRYPT_NONE, false},
    {"4k-deflate", 37, PST_CRYPT_NONE, true},
    {"4k-permute", 36, PST_CRYPT_PERMUTE, false},
};

struct maker {
	const struct kind *kind;
	guint w, page, body, trailer_at, trailer, grid, full;
	GByteArray *file;
	GByteArray *bbt; /* leaf entries */
	guint n_blocks;
	guint64 next;
};

static void
put_word(const struct maker *m, guint8 *p, guint64 n)
{
	if (m->w == 4)
		put_le32(p, (guint32)n);
	else
		put_le64(p, n);
}

static guint64
align(struct maker *m, guint to)
{
	static const guint8 zeros[4096];
	guint n = m->file->len % to;

	if (n)
		g_byte_array_append(m->file, zeros, to - n);
	return m->file->len;
}

/* The encodings undo themselves only in the cyclic case; the permutation is
 * inverted here by search. */
static void
encode(guint8 *p, gsize len, guint8 crypt, guint64 bid)
{
	guint8 forth[256];

	if (crypt == PST_CRYPT_CYCLIC)
		pst_decode(p, len, crypt, bid);
	if (crypt != PST_CRYPT_PERMUTE)
		return;
	for (guint i = 0; i < 256; i++) {
		guint8 b = (guint8)i;

		pst_decode(&b, 1, crypt, 0);
		forth[b] = (guint8)i;
	}
	for (gsize i = 0; i < len; i++)
		p[i] = forth[p[i]];
}

static guint64
add_block(struct maker *m, const guint8 *data, gsize len, bool internal)
{
	guint64 bid = m->next | (internal ? PST_BID_INTERNAL : 0);
	guint64 ib = align(m, m->grid);
	g_autofree guint8 *p = g_malloc0(2 * len + 64);
	guint8 trailer[24] = {0}, entry[24] = {0};
	gsize stored = len;

	memcpy(p, data, len);
	if (m->kind->deflate && len > 100) {
		uLongf n = 2 * len + 64;

		g_assert_cmpint(compress(p, &n, data, len), ==, Z_OK);
		stored = n;
	} else if (!internal) {
		encode(p, len, m->kind->crypt, bid);
	}
	g_byte_array_append(m->file, p, (guint)stored);
	while ((m->file->len + m->trailer) % m->grid)
		g_byte_array_append(m->file, (const guint8 *)"", 1);
	put_le16(trailer, (guint)stored);
	put_le16(trailer + 2, pst_signature(ib, bid));
	put_le32(trailer + (m->w == 4 ? 8 : 4), pst_crc(p, stored));
	put_word(m, trailer + (m->w == 4 ? 4 : 8), bid);
	if (m->trailer == 24)
		put_le16(trailer + 18, (guint)len);
	g_byte_array_append(m->file, trailer, m->trailer);
	put_word(m, entry, bid);
	put_word(m, entry + m->w, ib);
	put_le16(entry + 2 * m->w, (guint)stored);
	put_le16(entry + 2 * m->w + 2, 2);
	g_byte_array_append(m->bbt, entry, m->w == 4 ? 12 : 24);
	m->n_blocks++;
	m->next += 4;
	return bid;
}

static guint64
add_page(struct maker *m, guint8 type, const guint8 *entries, guint len,
    guint n, guint size, guint64 bid)
{
	guint64 ib = align(m, m->page);
	guint8 p[4096] = {0};
	guint8 *t = p + m->trailer_at, *c = p + m->body;

	memcpy(p, entries, len);
	if (m->page == 4096) {
		put_le16(c, n);
		put_le16(c + 2, m->body / size);
		c[4] = (guint8)size;
	} else {
		c[0] = (guint8)n;
		c[1] = (guint8)(m->body / size);
		c[2] = (guint8)size;
	}
	t[0] = t[1] = type;
	put_le16(t + 2, pst_signature(ib, bid));
	put_le32(t + (m->w == 4 ? 8 : 4), pst_crc(p, m->trailer_at));
	put_word(m, t + (m->w == 4 ? 4 : 8), bid);
	g_byte_array_append(m->file, p, m->page);
	return ib;
}

static const char store_name[] = "Store \xe2\x82\xac \xf0\x9f\x93\xac";

/* A heap of a property context: header 20, records 40, name 60. */
static guint64
add_store(struct maker *m, guint32 spilled)
{
	g_autofree gunichar2 *wide = NULL;
	glong n_wide;
	guint8 p[256] = {0};
	guint at = 12, name_len, map, records;
	bool ansi = m->w == 4;
	guint32 hid_step = 0x20;

	wide = g_utf8_to_utf16(store_name, -1, NULL, &n_wide, NULL);
	p[2] = PST_HN_SIG;
	p[3] = PST_HN_PC;
	put_le32(p + 4, hid_step);
	p[at] = PST_BTH_SIG;
	p[at + 1] = 2;
	p[at + 2] = 6;
	put_le32(p + at + 4, 2 * hid_step);
	at += 8;
	records = at;
	put_le16(p + at, PST_P_DISPLAY_NAME);
	put_le16(p + at + 2, ansi ? PST_T_STRING8 : PST_T_UNICODE);
	put_le32(p + at + 4, 3 * hid_step);
	put_le16(p + at + 8, 0x6000);
	put_le16(p + at + 10, PST_T_BINARY);
	put_le32(p + at + 12, spilled);
	put_le16(p + at + 16, PST_P_PASSWORD);
	put_le16(p + at + 18, PST_T_INT32);
	put_le32(p + at + 20, 0x1234);
	at += 24;
	if (ansi) {
		name_len = 7;
		memcpy(p + at, "Store \x80", name_len); /* the euro in 1252 */
	} else {
		name_len = (guint)(2 * n_wide);
		for (glong i = 0; i < n_wide; i++)
			put_le16(p + at + 2 * i, wide[i]);
	}
	map = (at + name_len + 1) & ~1u;
	put_le16(p, map);
	put_le16(p + map, 3);
	put_le16(p + map + 4, 12);
	put_le16(p + map + 6, records);
	put_le16(p + map + 8, at);
	put_le16(p + map + 10, at + name_len);
	return add_block(m, p, map + 12, false);
}

static guint8
pattern(gsize i)
{
	return (guint8)(i * 7 + i / 251);
}

static gsize
value_size(const struct maker *m)
{
	return m->full + 1000;
}

static char *
make_file(const struct kind *kind)
{
	struct maker m = {.kind = kind, .next = 4};
	guint8 header[PST_HEADER_LEN] = {0}, list[64] = {0}, nbt[64] = {0};
	g_autofree guint8 *value = NULL;
	guint64 half[2], x, sub, small, store, ib_nbt, ib_bbt;
	guint head, nbt_size;
	guint8 *root;
	char *path;
	int fd;

	m.w = kind->version < 20 ? 4 : 8;
	m.page = kind->version >= 36 ? 4096 : 512;
	m.body = m.w == 4 ? 496 : m.page == 4096 ? 4056 : 488;
	m.trailer_at = m.w == 4 ? 500 : m.page == 4096 ? 4072 : 496;
	m.trailer = m.w == 4 ? 12 : m.page == 4096 ? 24 : 16;
	m.grid = m.page == 4096 ? 512 : 64;
	m.full = (m.page == 4096 ? 65536 : 8192) - m.trailer;
	m.file = g_byte_array_new();
	m.bbt = g_byte_array_new();
	g_byte_array_append(m.file, header, sizeof header);

	value = g_malloc(value_size(&m));
	for (gsize i = 0; i < value_size(&m); i++)
		value[i] = pattern(i);
	half[0] = add_block(&m, value, m.full, false);
	half[1] = add_block(&m, value + m.full, 1000, false);
	list[0] = PST_BTYPE_X;
	list[1] = 1;
	put_le16(list + 2, 2);
	put_le32(list + 4, (guint32)value_size(&m));
	put_word(&m, list + 8, half[0]);
	put_word(&m, list + 8 + m.w, half[1]);
	x = add_block(&m, list, 8 + 2 * m.w, true);
	small = add_block(&m, (const guint8 *)"spilled", 7, false);
	head = m.w == 4 ? 4 : 8;
	memset(list, 0, sizeof list);
	list[0] = PST_BTYPE_S;
	put_le16(list + 2, 1);
	put_word(&m, list + head, 0x803f);
	put_word(&m, list + head + m.w, small);
	sub = add_block(&m, list, head + 3 * m.w, true);
	store = add_store(&m, 0x803f);

	nbt_size = m.w == 4 ? 16 : 32;
	put_word(&m, nbt, PST_NID_STORE);
	put_word(&m, nbt + m.w, store);
	put_word(&m, nbt + 2 * m.w, sub);
	put_word(&m, nbt + nbt_size, PST_NID_SEARCH_LIST);
	put_word(&m, nbt + nbt_size + m.w, x);
	ib_nbt =
	    add_page(&m, PST_PAGE_NBT, nbt, 2 * nbt_size, 2, nbt_size, 0x50);
	ib_bbt = add_page(&m, PST_PAGE_BBT, m.bbt->data, m.bbt->len, m.n_blocks,
	    m.w == 4 ? 12 : 24, 0x51);

	memcpy(header, "!BDN", 4);
	memcpy(header + 8, "SM", 2);
	put_le16(header + 10, kind->version);
	header[m.w == 4 ? 461 : 513] = kind->crypt;
	root = header + (m.w == 4 ? 164 : 180);
	put_word(&m, root + 4, m.file->len);
	put_word(&m, root + 4 + 4 * m.w, 0x50);
	put_word(&m, root + 4 + 5 * m.w, ib_nbt);
	put_word(&m, root + 4 + 6 * m.w, 0x51);
	put_word(&m, root + 4 + 7 * m.w, ib_bbt);
	put_le32(header + 4, pst_crc(header + 8, 471));
	if (m.w == 8)
		put_le32(header + 524, pst_crc(header + 8, 516));
	memcpy(m.file->data, header, sizeof header);

	fd = g_file_open_tmp("pst-read-XXXXXX", &path, NULL);
	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(write(fd, m.file->data, m.file->len), ==, m.file->len);
	close(fd);
	g_byte_array_unref(m.file);
	g_byte_array_unref(m.bbt);
	return path;
}

static void
test_variant(gconstpointer data)
{
	const struct kind *kind = data;
	g_autofree char *path = make_file(kind);
	g_autofree char *name = NULL;
	g_autofree guint8 *buf = g_malloc(70000);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(Pst) pst = NULL;
	struct pst_walk walk;
	struct pst_node node;
	struct pst_block block;
	struct pst_data tree;
	gsize got;
	guint n = 0;

	g_assert_cmpint(pst_open(&pst, path, &error), ==, ST_OK);
	g_assert_no_error(error);
	g_assert_nonnull(pst_store(pst));
	name = pst_props_text(pst_store(pst), PST_P_DISPLAY_NAME);
	g_assert_cmpstr(
	    name, ==, kind->version < 20 ? "Store \xe2\x82\xac" : store_name);
	bytes = pst_props_bytes(pst_store(pst), 0x6000);
	g_assert_nonnull(bytes);
	g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
	    "spilled", 7);
	g_assert_true(pst_has_password(pst));

	g_assert_cmpint(
	    pst_ndb_node(pst_ndb(pst), PST_NID_SEARCH_LIST, &node, &error), ==,
	    ST_OK);
	g_assert_cmpint(
	    pst_data_open(&tree, pst_ndb(pst), node.data, &error), ==, ST_OK);
	g_assert_cmpint(tree.n_blocks, ==, 2);
	/* Across the border of the two blocks. */
	g_assert_cmpint(
	    pst_data_read(&tree, tree.size - 1500, buf, 70000, &got, &error),
	    ==, ST_OK);
	g_assert_cmpint(got, ==, 1500);
	for (gsize i = 0; i < got; i++)
		g_assert_cmpint(buf[i], ==, pattern(tree.size - 1500 + i));

	pst_walk_init(&walk, pst_ndb(pst), PST_PAGE_NBT);
	while (pst_walk_node(&walk, &node, &error) == ST_OK)
		n++;
	g_assert_cmpint(n, ==, 2);
	pst_walk_init(&walk, pst_ndb(pst), PST_PAGE_BBT);
	while (pst_walk_block(&walk, &block, &error) == ST_OK)
		n++;
	g_assert_cmpint(n, ==, 8);
	g_assert_no_error(error);
	g_assert_cmpint(
	    pst_ndb_node(pst_ndb(pst), 0x122, &node, &error), ==, ST_END);
	g_assert_cmpint(pst_ndb_damage(pst_ndb(pst)), ==, 0);
	g_unlink(path);
}

/* Every byte of a small file wrong in turn: never a crash, and what is read is
 * an error or something. */
static void
test_damage(void)
{
	g_autofree char *path = make_file(&kinds[3]);
	g_autofree char *data = NULL;
	gsize len;
	guint unread = 0;

	g_assert_true(g_file_get_contents(path, &data, &len, NULL));
	for (gsize i = 0; i < len; i += i < PST_HEADER_LEN ? 1 : 13) {
		g_autoptr(Pst) pst = NULL;
		g_autoptr(GError) error = NULL;
		g_autofree char *name = NULL;
		char was = data[i];

		data[i] = (char)~was;
		g_assert_true(
		    g_file_set_contents(path, data, (gssize)len, NULL));
		data[i] = was;
		if (pst_open(&pst, path, &error) < 0) {
			g_assert_nonnull(error);
			unread++;
			continue;
		}
		if (pst_store(pst))
			name =
			    pst_props_text(pst_store(pst), PST_P_DISPLAY_NAME);
		if (name == NULL)
			unread++;
		pst_has_password(pst);
	}
	g_assert_cmpint(unread, >, 0);
	g_unlink(path);
}

static void
test_not_pst(void)
{
	static const char *const contents[] = {"", "!BDN", "From nobody"};
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("pst-read-XXXXXX", &path, NULL);

	close(fd);
	for (guint i = 0; i < G_N_ELEMENTS(contents); i++) {
		g_autoptr(Pst) pst = NULL;
		g_autoptr(GError) error = NULL;

		g_file_set_contents(path, contents[i], -1, NULL);
		g_assert_cmpint(pst_open(&pst, path, &error), ==, ST_MAILBOX);
		g_assert_cmpint(error_kind(error), ==, ERR_FORMAT);
	}
	g_unlink(path);
}

/* What other readers (pffexport, readpst) also say of these files. */
static const struct {
	const char *file;
	guint folders, messages, attachments, embedded, recipients;
	const char *folder;  /* one of them */
	const char *subject; /* one of them */
	bool password;
	guint32 receive; /* node */
} samples[] = {
    {"ansi-32-bit.pst", 4, 1, 0, 0, 7, "Calendar",
	"Updated: Olympus training for new hires", false, 0x122},
    {"dist-list.pst", 17, 4, 2, 2, 0, "RSS Feeds", "Test appointment", false,
	0x8082},
    {"outlook-empty.pst", 4, 0, 0, 0, 0, "Deleted Items", NULL, false, 0x122},
    {"passworded.pst", 17, 3, 0, 0, 0, "Junk E-mail", "contact name 1", true,
	0x8082},
    {"support.pst", 23, 17, 2, 0, 1073, "Attivit\xc3\xa0",
	"Desktop exploits suspension notice", false, 0x122},
};

struct tally {
	guint folders, messages, attachments, embedded, recipients, errors;
	GHashTable *names, *subjects;
};

static void
tally_message(PstMessage *message, struct tally *t)
{
	g_autofree char *subject = pst_message_subject(message);
	PstAttachment *a;
	PstTable *table;
	enum status st;

	if (subject)
		g_hash_table_add(t->subjects, g_steal_pointer(&subject));
	if (pst_message_recipients(message, &table, NULL) == ST_OK) {
		g_auto(PstRow) row = {0};

		while ((st = pst_table_next(table, &row, NULL)) != ST_END)
			st < 0 ? t->errors++ : t->recipients++;
	}
	while (
	    (st = pst_message_next_attachment(message, &a, NULL)) != ST_END) {
		PstMessage *inner;

		if (st < 0) {
			t->errors++;
			continue;
		}
		t->attachments++;
		if (pst_attachment_message(a, &inner, NULL) == ST_OK) {
			t->embedded++;
			tally_message(inner, t);
			pst_message_close(inner);
		}
		pst_attachment_close(a);
	}
}

static void
tally_folder(Pst *pst, guint32 nid, struct tally *t)
{
	g_autoptr(PstFolder) folder = NULL;
	g_autoptr(GError) error = NULL;
	char *name;
	guint32 id;
	enum status st;

	g_assert_cmpint(pst_folder_open(&folder, pst, nid, &error), ==, ST_OK);
	name = pst_props_text(pst_folder_props(folder), PST_P_DISPLAY_NAME);
	if (name)
		g_hash_table_add(t->names, name);
	while ((st = pst_folder_next_message(folder, &id, &error)) != ST_END) {
		g_autoptr(PstMessage) message = NULL;

		g_assert_no_error(error);
		g_assert_cmpint(
		    pst_message_open(&message, pst, id, &error), ==, ST_OK);
		t->messages++;
		tally_message(message, t);
	}
	while ((st = pst_folder_next_child(folder, &id, &error)) != ST_END) {
		g_assert_no_error(error);
		t->folders++;
		tally_folder(pst, id, t);
	}
}

static void
test_samples(void)
{
	const char *dir = g_getenv("MAILMIG_DATA");

	if (dir == NULL) {
		g_test_skip("MAILMIG_DATA is not set");
		return;
	}
	for (guint i = 0; i < G_N_ELEMENTS(samples); i++) {
		g_autofree char *path =
		    g_build_filename(dir, "pst", samples[i].file, NULL);
		g_autoptr(Pst) pst = NULL;
		g_autoptr(GError) error = NULL;
		struct tally t = {.names = g_hash_table_new_full(
				      g_str_hash, g_str_equal, g_free, NULL),
		    .subjects = g_hash_table_new_full(
			g_str_hash, g_str_equal, g_free, NULL)};

		g_test_message("%s", samples[i].file);
		g_assert_cmpint(pst_open(&pst, path, &error), ==, ST_OK);
		tally_folder(pst, PST_NID_ROOT, &t);
		g_assert_cmpint(t.folders, ==, samples[i].folders);
		g_assert_cmpint(t.messages, ==, samples[i].messages);
		g_assert_cmpint(t.attachments, ==, samples[i].attachments);
		g_assert_cmpint(t.recipients, ==, samples[i].recipients);
		g_assert_cmpint(t.embedded, ==, samples[i].embedded);
		g_assert_cmpint(t.errors, ==, 0);
		g_assert_true(
		    g_hash_table_contains(t.names, samples[i].folder));
		if (samples[i].subject)
			g_assert_true(g_hash_table_contains(
			    t.subjects, samples[i].subject));
		g_assert_cmpint(pst_has_password(pst), ==, samples[i].password);
		g_assert_cmphex(
		    pst_receive_folder(pst), ==, samples[i].receive);
		g_assert_cmpint(pst_ndb_damage(pst_ndb(pst)), ==, 0);
		g_hash_table_unref(t.names);
		g_hash_table_unref(t.subjects);
	}
}

static void
test_names(void)
{
	const char *dir = g_getenv("MAILMIG_DATA");
	g_autofree char *path = NULL;
	g_autoptr(Pst) pst = NULL;
	struct pst_name name;
	guint id;

	if (dir == NULL) {
		g_test_skip("MAILMIG_DATA is not set");
		return;
	}
	path = g_build_filename(dir, "pst", "dist-list.pst", NULL);
	g_assert_cmpint(pst_open(&pst, path, NULL), ==, ST_OK);
	/* PidLidReminderSet, which every Outlook file has. */
	id = pst_name_id(pst, pst_guid_common, 0x8503, NULL);
	g_assert_cmpint(id, >=, 0x8000);
	g_assert_true(pst_name_of(pst, id, &name));
	g_assert_cmpint(name.lid, ==, 0x8503);
	g_assert_cmpint(pst_name_id(pst, pst_guid_common, 0x1, NULL), ==, 0);
}

static void
test_text(void)
{
	static const struct {
		guint8 in[8];
		gsize len;
		const char *out;
	} rows[] = {
	    {"a\0b\0", 4, "ab"},
	    {"a\0b\0\0\0\0\0", 8, "ab"},
	    {"a\0\0\0b\0", 6, "ab"},
	    {"\x3d\xd8\xec\xdc", 4, "\xf0\x9f\x93\xac"},
	    {"\x3d\xd8", 2, "\xef\xbf\xbd"},
	    {"\xec\xdc"
	     "a\0",
		4,
		"\xef\xbf\xbd"
		"a"},
	    {"a\0b", 3, "a"},
	    {"", 0, ""},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text =
		    pst_text_from_utf16(rows[i].in, rows[i].len);

		g_test_message("row %u", i);
		g_assert_cmpstr(text, ==, rows[i].out);
	}
}

/* Vectors of spec/pst.md 4.1 and 4.2. */
static void
test_vectors(void)
{
	g_assert_cmphex(
	    pst_crc((const guint8 *)"123456789", 9), ==, 0x2DFD2D88);
	g_assert_cmphex(pst_signature(0x900200, 0x246), ==, 0x00D6);
}

/* [MS-OXRTFCP] 3.1 and 3.2, and streams that break off. */
static void
test_rtf(void)
{
	static const guint8 simple[] = {0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 0x4c,
	    0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0x00, 0x0a, 0x00,
	    0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3,
	    0x20, 0x68, 0x65, 0x6c, 0x09, 0x00, 0x20, 0x62, 0x77, 0x05, 0xb0,
	    0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0};
	static const char simple_text[] =
	    "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n";
	static const guint8 overlap[] = {0x1a, 0, 0, 0, 0x1c, 0, 0, 0, 0x4c,
	    0x5a, 0x46, 0x75, 0xe2, 0xd4, 0x4b, 0x51, 0x41, 0x00, 0x04, 0x20,
	    0x57, 0x58, 0x59, 0x5a, 0x0d, 0x6e, 0x7d, 0x01, 0x0e, 0xb0};
	static const char overlap_text[] = "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}";

	for (gsize len = 0; len <= sizeof simple; len++) {
		g_autoptr(GByteArray) text = NULL;
		enum status st = pst_rtf_decompress(simple, len, &text, NULL);

		g_assert_cmpint(st, ==, len < 16 ? ST_ITEM : ST_OK);
		if (st == ST_OK)
			g_assert_cmpmem(text->data, text->len, simple_text,
			    MIN(text->len, strlen(simple_text)));
		if (len == sizeof simple)
			g_assert_cmpint(text->len, ==, strlen(simple_text));
	}
	{
		g_autoptr(GByteArray) text = NULL;

		g_assert_cmpint(
		    pst_rtf_decompress(overlap, sizeof overlap, &text, NULL),
		    ==, ST_OK);
		g_assert_cmpmem(
		    text->data, text->len, overlap_text, strlen(overlap_text));
	}
}

static void
test_rtf_text(void)
{
	static const struct {
		const char *rtf;
		enum pst_rtf_kind kind;
		const char *text; /* NULL: refused */
	} rows[] = {
	    {"{\\rtf1\\ansi plain\\par two\\tab x}", PST_RTF_OWN,
		"plain\r\ntwo\tx"},
	    /* The example of [MS-OXRTFEX] 3.1, shortened. */
	    {"{\\rtf1\\ansi\\ansicpg1251\\fromhtml1 \\deff0\r\n"
	     "{\\fonttbl {\\f0\\fmodern Courier New;}{\\f1\\fswiss "
	     "Arial;}{\\f2\\fswiss\\fcharset0 Arial;}}\r\n"
	     "{\\colortbl\\red0\\green0\\blue0;}\r\n\\uc1\\pard\\plain"
	     "\\deftab360 \\f0\\fs24\r\n{\\*\\htmltag19 <html>}\r\n"
	     "{\\*\\htmltag34 \\par }\r\n"
	     "{\\*\\htmltag64 <p>}\\htmlrtf {\\b \\htmlrtf0 "
	     "\\'e0\\f2 \\'e0{\\*\\htmltag84 &lt;}\\htmlrtf <\\htmlrtf0"
	     "{\\*\\mhtmltag64 x}\\htmlrtf }\\htmlrtf0 end"
	     "{\\*\\htmltag27 </html>}}\0behind",
		PST_RTF_HTML, "<html>\r\n<p>\xd0\xb0\xc3\xa0&lt;end</html>"},
	    {"{\\rtf1\\ansi\\fromtext\\deff0 a \\{b\\}\\par\r\n"
	     "c\\\\d}",
		PST_RTF_TEXT, "a {b}\r\nc\\d"},
	    /* Characters and what stands in for them. */
	    {"{\\rtf1\\uc1 \\u8364?\\u-10179?\\u-8694?!{\\uc2\\u960 ab}"
	     "\\u960\\'70z}",
		PST_RTF_OWN, "\xe2\x82\xac\xf0\x9f\x98\x8a!\xcf\x80\xcf\x80z"},
	    /* Two bytes a character, by the font. */
	    {"{\\rtf1{\\fonttbl{\\f7\\fcharset128 MS Mincho;}}\\f7 "
	     "\\'93\\'fa\\'96\\'7b\\plain \\'e4}",
		PST_RTF_OWN, "\xe6\x97\xa5\xe6\x9c\xac\xc3\xa4"},
	    /* What is no text. */
	    {"{\\rtf1{\\stylesheet{\\s1 Normal;}}{\\*\\generator Riched;}"
	     "{\\pict\\bin5 }}}}}ff}a{\\info{\\author me}}b\\bin9 {{}",
		PST_RTF_OWN, "ab"},
	    /* Cut, closed too often, deep. */
	    {"{\\rtf1 a{\\b b", PST_RTF_OWN, "ab"},
	    {"{\\rtf1 a}}} b", PST_RTF_OWN, "a"},
	    {"{\\rtf1 a\\", PST_RTF_OWN, "a"},
	    {"{\\rtf1 a\\'4", PST_RTF_OWN, "a4"},
	    {"", PST_RTF_OWN, NULL},
	    {"{\\html", PST_RTF_OWN, NULL},
	};
	g_autoptr(GString) deep = g_string_new("{\\rtf1 ");

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		enum pst_rtf_kind kind;
		enum status st = pst_rtf_text((const guint8 *)rows[i].rtf,
		    strlen(rows[i].rtf), &kind, out, NULL);

		g_test_message("row %u", i);
		g_assert_cmpint(st, ==, rows[i].text ? ST_OK : ST_ITEM);
		g_assert_cmpstr(out->str, ==, rows[i].text ? rows[i].text : "");
		g_assert_cmpint(kind, ==, rows[i].kind);
	}
	for (guint i = 0; i < 2 * PST_RTF_DEPTH_MAX; i++)
		g_string_append(deep, i == 10 ? "in{" : "x{");
	for (guint i = 0; i < 2 * PST_RTF_DEPTH_MAX; i++)
		g_string_append_c(deep, '}');
	g_string_append(deep, "out}");
	{
		g_autoptr(GString) out = g_string_new(NULL);
		enum pst_rtf_kind kind;

		g_assert_cmpint(pst_rtf_text((const guint8 *)deep->str,
				    deep->len, &kind, out, NULL),
		    ==, ST_OK);
		g_assert_true(g_str_has_suffix(out->str, "xout"));
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *name =
		    g_strdup_printf("/pst/read/%s", kinds[i].name);

		g_test_add_data_func(name, &kinds[i], test_variant);
	}
	g_test_add_func("/pst/read/vectors", test_vectors);
	g_test_add_func("/pst/read/text", test_text);
	g_test_add_func("/pst/read/rtf", test_rtf);
	g_test_add_func("/pst/read/rtf-text", test_rtf_text);
	g_test_add_func("/pst/read/damage", test_damage);
	g_test_add_func("/pst/read/not-pst", test_not_pst);
	g_test_add_func("/pst/read/samples", test_samples);
	g_test_add_func("/pst/read/names", test_names);
	return g_test_run();
}
