/*
 * pst: the checker. Outlook's own files are clean; and for each rule a file
 * that breaks it, made from Outlook's blank file by changing a few bytes,
 * checksums set right again, is found out. (Needs MAILMIG_DATA, else skipped.)
 */
#include "pst/bytes.h"
#include "pst/check.h"
#include "pst/format.h"
#include "pst/messaging-read.h"
#include "pst/messaging-write.h"
#include "pst/ndb-decode.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

struct file {
	guint8 *p;
	gsize len;
	PstNdb *ndb; /* of the unchanged file */
};

static void
fix_header(struct file *f)
{
	put_le32(f->p + 4, pst_crc(f->p + 8, 471));
	put_le32(f->p + 524, pst_crc(f->p + 8, 516));
}

static void
fix_page(guint8 *page)
{
	put_le32(page + 500, pst_crc(page, 496));
}

/* The leaf entry with a key in the tree under the page at ib; *page is what
 * must be fixed afterwards. */
static guint8 *
leaf_entry(struct file *f, guint64 ib, guint64 key, guint8 **page)
{
	guint8 *p = f->p + ib, *e, *found = NULL;

	for (guint i = 0; i < p[488] && found == NULL; i++) {
		e = p + p[490] * i;
		if (p[491] > 0)
			found = leaf_entry(f, get_le64(e + 16), key, page);
		else if ((get_le64(e) & ~1ull) == (key & ~1ull) &&
			 (p[496] == PST_PAGE_BBT || get_le64(e) == key))
			found = e;
		if (found == e)
			*page = p;
	}
	return found;
}

static guint8 *
node_entry(struct file *f, guint32 nid, guint8 **page)
{
	guint8 *e = leaf_entry(f, pst_ndb_header(f->ndb)->nbt.ib, nid, page);

	g_assert_nonnull(e);
	return e;
}

static guint8 *
block_entry(struct file *f, guint64 bid, guint8 **page)
{
	guint8 *e = leaf_entry(f, pst_ndb_header(f->ndb)->bbt.ib, bid, page);

	g_assert_nonnull(e);
	return e;
}

/* Change one byte of a block as it is before encoding. */
static void
poke(struct file *f, guint64 bid, guint at, guint8 value)
{
	guint8 crypt = pst_ndb_header(f->ndb)->crypt, stored = value;
	struct pst_block block;
	gsize len;
	guint8 *p;

	g_assert_cmpint(
	    pst_ndb_block_entry(f->ndb, bid, &block, NULL), ==, ST_OK);
	g_assert_cmpint(at, <, block.cb);
	p = f->p + block.ib;
	if ((bid & PST_BID_INTERNAL) == 0 && crypt == PST_CRYPT_PERMUTE)
		for (guint i = 0; i < 256; i++) {
			guint8 b = (guint8)i;

			pst_decode(&b, 1, crypt, bid);
			if (b == value)
				stored = (guint8)i;
		}
	p[at] = stored;
	len = (block.cb + 16 + 63) / 64 * 64;
	put_le32(p + len - 12, pst_crc(p, block.cb));
}

static guint8
peek(struct file *f, guint64 bid, guint at)
{
	g_autoptr(GBytes) bytes = NULL;

	g_assert_cmpint(pst_ndb_block(f->ndb, bid, &bytes, NULL), ==, ST_OK);
	return ((const guint8 *)g_bytes_get_data(bytes, NULL))[at];
}

static guint64
data_of(struct file *f, guint32 nid)
{
	struct pst_node node;

	g_assert_cmpint(pst_ndb_node(f->ndb, nid, &node, NULL), ==, ST_OK);
	return node.data;
}

/* Where the heap item of a single-block heap lies. */
static guint
item_at(struct file *f, guint64 bid, guint32 hid)
{
	guint map = peek(f, bid, 0) | peek(f, bid, 1) << 8;
	guint at = map + 4 + 2 * ((hid >> 5) - 1);

	return peek(f, bid, at) | (guint)peek(f, bid, at + 1) << 8;
}

#define STORE	      data_of(f, PST_NID_STORE)
#define ROOT_CONTENTS data_of(f, 0x12e)
#define ROOT_CHILDREN data_of(f, 0x12d)

static void
m_header(struct file *f)
{
	f->p[12] = 21;
	fix_header(f);
}
static void
m_header_crc(struct file *f)
{
	f->p[16] ^= 1;
}
static void
m_eof(struct file *f)
{
	f->p[184] ^= 64;
	fix_header(f);
}
static void
m_amap_valid(struct file *f)
{
	f->p[248] = 0;
	fix_header(f);
}
static void
m_map_page(struct file *f)
{
	f->p[0x4400 + 498] = 1;
}
static void
m_dlist(struct file *f)
{
	f->p[0x4200 + 496] = 0;
}
static void
m_pmap(struct file *f)
{
	f->p[0x4600] = 0x7f;
	fix_page(f->p + 0x4600);
}
static void
m_fmap(struct file *f)
{
	f->p[256] ^= 1;
	fix_header(f);
}
static void
m_amap_free(struct file *f)
{
	f->p[200] ^= 64;
	fix_header(f);
}
static void
m_amap_set(struct file *f)
{
	struct pst_block block;
	guint slot;

	pst_ndb_block_entry(f->ndb, STORE, &block, NULL);
	slot = (guint)(block.ib - 0x4400) / 64;
	f->p[0x4400 + slot / 8] &= (guint8) ~(0x80 >> slot % 8);
	fix_page(f->p + 0x4400);
}
static void
m_amap_stray(struct file *f)
{
	f->p[0x4400 + 495] |= 1;
	fix_page(f->p + 0x4400);
}
static void
m_page(struct file *f)
{
	guint8 *page;

	node_entry(f, PST_NID_STORE, &page);
	page[500] ^= 1;
}
static void
m_page_align(struct file *f)
{
	/* The top page of the node tree goes to the free end of the file. */
	guint64 bid = pst_ndb_header(f->ndb)->nbt.bid;
	guint64 to = f->len - 1024 + 64;
	guint8 *p = f->p + to;

	memcpy(p, f->p + pst_ndb_header(f->ndb)->nbt.ib, 512);
	put_le16(p + 498, pst_signature(to, bid));
	put_le64(f->p + 216 + 8, to);
	fix_header(f);
}
static void
m_page_entries(struct file *f)
{
	guint8 *page;

	node_entry(f, PST_NID_STORE, &page);
	page[489]++;
	fix_page(page);
}
static void
m_page_keys(struct file *f)
{
	guint8 *page, *e = node_entry(f, PST_NID_NAMES, &page);

	put_le32(e, 0x20);
	fix_page(page);
}
static void
m_block(struct file *f)
{
	struct pst_block block;

	pst_ndb_block_entry(f->ndb, STORE, &block, NULL);
	f->p[block.ib + 20] ^= 1;
}
static void
m_block_place(struct file *f)
{
	guint8 *page, *e = block_entry(f, STORE, &page);

	put_le64(e + 8, get_le64(e + 8) + 32);
	fix_page(page);
}
static void
m_overlap(struct file *f)
{
	guint8 *page, *e = block_entry(f, STORE, &page);

	put_le64(e + 8, get_le64(e + 8) - 64);
	fix_page(page);
}
static void
m_block_empty(struct file *f)
{
	guint8 *page, *e = block_entry(f, STORE, &page);

	put_le16(e + 16, 0);
	fix_page(page);
}
static void
m_refs(struct file *f)
{
	guint8 *page, *e = block_entry(f, STORE, &page);

	e[18]++;
	fix_page(page);
}
static void
m_orphan(struct file *f)
{
	guint8 *page, *e = node_entry(f, PST_NID_SEARCH_LIST, &page);

	e[8] = 0;
	e[9] = 0;
	fix_page(page);
}
static void
m_missing(struct file *f)
{
	guint8 *page, *e = node_entry(f, PST_NID_STORE, &page);

	put_le64(e + 8, 0xfff0);
	fix_page(page);
}
static void
m_bid(struct file *f)
{
	put_le64(f->p + 516, 8);
	fix_header(f);
}
static void
m_heap(struct file *f)
{
	guint64 bid = STORE;
	guint map = peek(f, bid, 0) | peek(f, bid, 1) << 8;

	poke(f, bid, map + 2, 7); /* cFree */
}
static void
m_heap_fill(struct file *f)
{
	poke(f, STORE, 8, 0x0f);
}
static void
m_bth(struct file *f)
{
	poke(f, STORE, item_at(f, STORE, 0x20), 0xb4);
}
static void
m_prop(struct file *f)
{
	guint64 bid = STORE;
	guint header = item_at(f, bid, 0x20);
	guint32 root =
	    peek(f, bid, header + 4) | (guint32)peek(f, bid, header + 5) << 8;

	poke(f, bid, item_at(f, bid, root) + 2, 0x77);
}
/* Where the record of a property lies in its object's first block. */
static guint
record_at(struct file *f, guint64 bid, guint id)
{
	guint header = item_at(f, bid, 0x20);
	guint32 root =
	    peek(f, bid, header + 4) | (guint32)peek(f, bid, header + 5) << 8;
	guint at = item_at(f, bid, root);

	while ((peek(f, bid, at) | peek(f, bid, at + 1) << 8) != (int)id)
		at += 8;
	return at;
}

/* Where its value lies, in the heap. */
static guint
value_at(struct file *f, guint64 bid, guint id)
{
	guint at = record_at(f, bid, id);

	return item_at(
	    f, bid, peek(f, bid, at + 4) | (guint32)peek(f, bid, at + 5) << 8);
}

static void
m_store(struct file *f)
{
	/* The password field becomes something else. */
	poke(f, STORE, record_at(f, STORE, PST_P_PASSWORD), 0xfe);
}
static void
m_table(struct file *f)
{
	guint at = item_at(f, ROOT_CHILDREN, 0x40);

	poke(f, ROOT_CHILDREN, at + 22 + 6, 2); /* width of a 4-byte column */
}
static void
m_table_columns(struct file *f)
{
	guint64 bid = ROOT_CONTENTS;
	guint at = item_at(f, bid, 0x40);

	poke(f, bid, at + 22, 0x02); /* 00170003 becomes 00170002 */
}
static void
m_table_columns_new(struct file *f)
{
	guint64 bid = ROOT_CONTENTS;
	guint at = item_at(f, bid, 0x40) + 22;

	while (peek(f, bid, at + 2) != 0x13 || peek(f, bid, at + 3) != 0x30)
		at += 8;
	poke(f, bid, at, 0x03); /* 30130102 becomes 30130103 */
}
static void
m_table_rows(struct file *f)
{
	guint64 bid = ROOT_CHILDREN;
	guint at = item_at(f, bid, 0x80);

	poke(f, bid, at, peek(f, bid, at) ^ 0x20);
}
static void
m_row(struct file *f)
{
	guint64 bid = ROOT_CHILDREN;
	guint at = item_at(f, bid, 0x80);

	poke(f, bid, at + 12, 9); /* 36020003 */
}
static void
m_row_version(struct file *f)
{
	put_le32(f->p + 40, 1);
	fix_header(f);
}
static void
m_nodes(struct file *f)
{
	guint8 *page, *e = node_entry(f, PST_NID_RECEIVE_FOLDERS, &page);

	put_le32(e, 0x62a);
	fix_page(page);
}
static void
m_nid_high(struct file *f)
{
	put_le32(f->p + 44 + 4 * PST_FOLDER, 0x400);
	fix_header(f);
}
static void
m_parent(struct file *f)
{
	guint8 *page, *e = node_entry(f, 0x12d, &page);

	put_le32(e + 24, PST_NID_ROOT);
	fix_page(page);
}
static void
m_folder(struct file *f)
{
	guint8 *page, *e = node_entry(f, PST_NID_DELETED, &page);

	put_le32(e + 24, PST_NID_ROOT);
	fix_page(page);
}
static void
m_names(struct file *f)
{
	guint64 bid = data_of(f, PST_NID_NAMES);

	/* The first entry gets another index. */
	poke(f, bid, value_at(f, bid, 3) + 6, 0x7e);
}

/* What only a file with mail can break: the writer's, see make_mail(). */

#define MAIL	    0x200024
#define MAIL_DATA   data_of(f, MAIL)
#define MAIL_FOLDER 0x80a2
static void
m_message_size(struct file *f)
{
	guint at = record_at(f, MAIL_DATA, PST_P_MESSAGE_SIZE) + 4;

	poke(f, MAIL_DATA, at, peek(f, MAIL_DATA, at) ^ 1);
}
static void
m_nid(struct file *f)
{
	guint8 *page, *e = node_entry(f, MAIL, &page);

	put_le32(e, 0x200004);
	fix_page(page);
}
static void
m_message(struct file *f)
{
	/* The search key becomes something else. */
	poke(f, MAIL_DATA, record_at(f, MAIL_DATA, PST_P_SEARCH_KEY), 0x0c);
}
static void
m_subject(struct file *f)
{
	poke(f, MAIL_DATA, value_at(f, MAIL_DATA, PST_P_SUBJECT), 2);
}
static void
m_display(struct file *f)
{
	poke(f, MAIL_DATA, value_at(f, MAIL_DATA, PST_P_DISPLAY_TO), 'X');
}
static void
m_prop_text(struct file *f)
{
	guint at = value_at(f, MAIL_DATA, PST_P_DISPLAY_TO);

	poke(f, MAIL_DATA, at + 1, 0xd8);
}
static void
m_named(struct file *f)
{
	guint at = record_at(f, MAIL_DATA, 0x8001);

	poke(f, MAIL_DATA, at + 1, 0x90);
}
static void
m_heap_item(struct file *f)
{
	guint at = record_at(f, MAIL_DATA, PST_P_DISPLAY_TO);
	guint other = record_at(f, MAIL_DATA, PST_P_SUBJECT);

	poke(f, MAIL_DATA, at + 4, peek(f, MAIL_DATA, other + 4));
	poke(f, MAIL_DATA, at + 5, peek(f, MAIL_DATA, other + 5));
}
static void
m_folder_counts(struct file *f)
{
	guint64 bid = data_of(f, MAIL_FOLDER);

	poke(f, bid, record_at(f, bid, PST_P_CONTENT_COUNT) + 4, 77);
}
static void
m_listed(struct file *f)
{
	guint8 *page, *e = node_entry(f, MAIL, &page);

	put_le32(e + 24, PST_NID_TOP);
	fix_page(page);
}
static struct pst_node
mail_subnode(struct file *f, guint type)
{
	struct pst_node node, sub = {0};
	struct pst_sub_walk walk;

	g_assert_cmpint(pst_ndb_node(f->ndb, MAIL, &node, NULL), ==, ST_OK);
	pst_sub_walk_init(&walk, f->ndb, node.sub);
	while (pst_sub_walk_next(&walk, &sub, NULL) == ST_OK)
		if (PST_NID_TYPE(sub.nid) == type)
			return sub;
	g_assert_not_reached();
}
static void
m_attach_size(struct file *f)
{
	guint64 bid = mail_subnode(f, PST_ATTACHMENT).data;
	guint at = record_at(f, bid, PST_P_ATTACH_SIZE) + 4;

	poke(f, bid, at, peek(f, bid, at) ^ 1);
}
static void
m_attachment(struct file *f)
{
	struct pst_node node;

	/* Its node becomes one of another type, in its place in the order. */
	pst_ndb_node(f->ndb, MAIL, &node, NULL);
	for (guint at = 8;; at += 24)
		if ((peek(f, node.sub, at) & 0x1f) == PST_ATTACHMENT) {
			poke(f, node.sub, at, peek(f, node.sub, at) | 2);
			break;
		}
}
/* A heap of two blocks, the first one a byte shorter. */
static void
m_heap_full(struct file *f)
{
	struct pst_node second = {0};
	struct pst_node node, sub;
	struct pst_sub_walk walk;
	struct pst_block block;
	guint64 bid = 0;
	guint8 *page, *e;

	pst_ndb_node(f->ndb, MAIL, &node, NULL);
	pst_sub_walk_init(&walk, f->ndb, node.sub);
	while (pst_sub_walk_next(&walk, &sub, NULL) == ST_OK)
		if (PST_NID_TYPE(sub.nid) == PST_ATTACHMENT)
			second = sub;
	g_assert_true(second.data & PST_BID_INTERNAL);
	for (guint i = 8; i-- > 0;)
		bid = bid << 8 | peek(f, second.data, 8 + i);
	pst_ndb_block_entry(f->ndb, bid, &block, NULL);
	g_assert_cmpint(block.cb, ==, 8176);
	e = block_entry(f, bid, &page);
	put_le16(e + 16, 8175);
	fix_page(page);
	put_le16(f->p + block.ib + 8176, 8175);
	put_le32(f->p + block.ib + 8180, pst_crc(f->p + block.ib, 8175));
}
static void
m_slblock(struct file *f)
{
	struct pst_node node;

	pst_ndb_node(f->ndb, MAIL, &node, NULL);
	poke(f, node.sub, 8, 0xff);
	poke(f, node.sub, 9, 0xff);
}
static void
m_xblock(struct file *f)
{
	struct pst_node attachment = mail_subnode(f, PST_ATTACHMENT), value;
	struct pst_sub_walk walk;

	pst_sub_walk_init(&walk, f->ndb, attachment.sub);
	g_assert_cmpint(pst_sub_walk_next(&walk, &value, NULL), ==, ST_OK);
	g_assert_true(value.data & PST_BID_INTERNAL);
	poke(f, value.data, 4, peek(f, value.data, 4) ^ 1);
}
static void
m_block_pad(struct file *f)
{
	struct pst_block block;

	pst_ndb_block_entry(f->ndb, MAIL_DATA, &block, NULL);
	g_assert_cmpint((block.cb + 16) % 64, !=, 0);
	f->p[block.ib + block.cb] = 1;
}
static void
m_id_map(struct file *f)
{
	guint64 bid = data_of(f, PST_NID_ID_MAP);
	guint at = item_at(f, bid, 0x60) + 15;

	poke(f, bid, at, peek(f, bid, at) ^ 0x80);
}

static const struct {
	const char *rule;
	void (*break_it)(struct file *f);
	bool mail; /* needs make_mail()'s file */
} mutations[] = {
    {"header", m_header},
    {"header-crc", m_header_crc},
    {"eof", m_eof},
    {"amap-valid", m_amap_valid},
    {"map-page", m_map_page},
    {"dlist", m_dlist},
    {"pmap", m_pmap},
    {"fmap", m_fmap},
    {"amap-free", m_amap_free},
    {"amap-set", m_amap_set},
    {"amap-stray", m_amap_stray},
    {"page", m_page},
    {"page-align", m_page_align},
    {"page-entries", m_page_entries},
    {"page-keys", m_page_keys},
    {"block", m_block},
    {"block-place", m_block_place},
    {"overlap", m_overlap},
    {"block-empty", m_block_empty},
    {"refs", m_refs},
    {"orphan", m_orphan},
    {"missing", m_missing},
    {"bid", m_bid},
    {"heap", m_heap},
    {"heap-fill", m_heap_fill},
    {"bth", m_bth},
    {"prop", m_prop},
    {"store", m_store},
    {"table", m_table},
    {"table-columns", m_table_columns},
    {"table-columns-new", m_table_columns_new},
    {"table-rows", m_table_rows},
    {"row", m_row},
    {"row-version", m_row_version},
    {"nodes", m_nodes},
    {"nid-high", m_nid_high},
    {"parent", m_parent},
    {"folder", m_folder},
    {"names", m_names},
    {"message-size", m_message_size, true},
    {"message", m_message, true},
    {"subject", m_subject, true},
    {"display", m_display, true},
    {"prop-text", m_prop_text, true},
    {"named", m_named, true},
    {"heap-item", m_heap_item, true},
    {"folder-counts", m_folder_counts, true},
    {"listed", m_listed, true},
    {"attach-size", m_attach_size, true},
    {"attachment", m_attachment, true},
    {"nid", m_nid, true},
    {"heap-full", m_heap_full, true},
    {"slblock", m_slblock, true},
    {"xblock", m_xblock, true},
    {"block-pad", m_block_pad, true},
    {"id-map", m_id_map, true},
};

static void
say_all(const PstReport *report)
{
	for (guint i = 0; i < pst_report_n(report) && i < 10; i++)
		g_test_message("%s: %s", pst_report_at(report, i)->rule,
		    pst_report_at(report, i)->what);
}

/* A good file with a message that has all there is. */
static char *
make_mail(const char *dir)
{
	char *path = g_build_filename(dir, "mail.pst", NULL);
	struct pst_writer_params params = {.name = "Mail", .spool_dir = dir};
	struct pst_recipient to = {PST_TO, "Bob", "SMTP", "bob@example.org"};
	g_autoptr(PstWriter) w = NULL;
	g_autofree guint8 *bytes = g_malloc0(20000);
	guint32 nid;

	g_assert_cmpint(pst_writer_open(&w, path, &params, NULL), ==, ST_OK);
	pst_writer_folder(w, PST_NID_TOP, "Inbox", NULL, &nid, NULL);
	g_assert_cmphex(nid, ==, MAIL_FOLDER);
	pst_writer_message(w, nid, NULL);
	pst_bag_text(pst_writer_bag(w), PST_P_SUBJECT << 16 | PST_T_UNICODE,
	    "\x01\x01odd", -1, 0, NULL);
	pst_bag_int(pst_writer_bag(w),
	    pst_writer_name(w, pst_guid_common, 0x8514, NULL) << 16 |
		PST_T_BOOL,
	    1);
	pst_bag_int(pst_writer_bag(w), 0x8000u << 16 | PST_T_INT32, 1);
	pst_writer_recipient(w, &to, NULL);
	pst_writer_attachment(w, NULL);
	pst_bag_bytes(pst_writer_bag(w), PST_P_ATTACH_DATA << 16 | PST_T_BINARY,
	    bytes, 20000, NULL);
	pst_writer_attachment_end(w, NULL);
	/* More than a block holds, in values that a heap takes. */
	pst_writer_attachment(w, NULL);
	for (guint i = 0; i < 3; i++)
		pst_bag_bytes(pst_writer_bag(w),
		    (0x3702u + 2 * i) << 16 | PST_T_BINARY, bytes, 3500, NULL);
	pst_writer_attachment_end(w, NULL);
	g_assert_cmpint(pst_writer_message_end(w, &nid, NULL), ==, ST_OK);
	g_assert_cmphex(nid, ==, MAIL);
	g_assert_cmpint(pst_writer_finish(w, NULL), ==, ST_OK);
	return path;
}

static void
mutate(const char *path, const char *copy, bool mail)
{
	g_autoptr(PstNdb) ndb = NULL;
	g_autoptr(PstReport) good = NULL;

	g_assert_cmpint(pst_ndb_open(&ndb, path, NULL), ==, ST_OK);
	g_assert_cmpint(pst_check(&good, path, true, NULL), ==, ST_OK);
	say_all(good);
	g_assert_cmpint(pst_report_n(good), ==, 0);
	for (guint i = 0; i < G_N_ELEMENTS(mutations); i++) {
		g_autoptr(PstReport) report = NULL;
		g_autofree char *data = NULL;
		struct file f = {.ndb = ndb};

		if (mutations[i].mail && !mail)
			continue;
		g_assert_true(g_file_get_contents(path, &data, &f.len, NULL));
		f.p = (guint8 *)data;
		g_test_message("mutation %s", mutations[i].rule);
		mutations[i].break_it(&f);
		g_assert_true(
		    g_file_set_contents(copy, data, (gssize)f.len, NULL));
		g_assert_cmpint(
		    pst_check(&report, copy, true, NULL), ==, ST_OK);
		if (pst_report_of_rule(report, mutations[i].rule) == 0)
			say_all(report);
		g_assert_cmpint(
		    pst_report_of_rule(report, mutations[i].rule), >, 0);
	}
}

static void
test_mutations(void)
{
	const char *data = g_getenv("MAILMIG_DATA");
	g_autofree char *dir = g_dir_make_tmp("pst-check-XXXXXX", NULL);
	g_autofree char *ours = make_mail(dir);
	g_autofree char *copy = g_build_filename(dir, "copy.pst", NULL);

	mutate(ours, copy, true);
	if (data) {
		g_autofree char *path =
		    g_build_filename(data, "pst", "outlook-empty.pst", NULL);

		mutate(path, copy, false);
	}
	g_unlink(copy);
	g_unlink(ours);
	g_rmdir(dir);
}

/* The rules are Outlook's: its files keep them. support.pst comes from a
 * server's export, which left the header's counters behind. */
static const struct {
	const char *file;
	bool ours;
	const char *rules; /* "" for none; of grade PST_MENDED */
	guint messages;
} samples[] = {
    {"outlook-empty.pst", true, "", 0},
    {"outlook-empty.pst", false, "", 0},
    {"dist-list.pst", false, "", 6},
    {"passworded.pst", false, "", 3},
    {"ansi-32-bit.pst", false, "", 0},
    {"support.pst", false, "amap-free nid-high nid-high", 17},
};

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
		g_autoptr(PstReport) report = NULL;
		g_autoptr(GString) broken = g_string_new(NULL);
		struct pst_report_counts counts;

		g_test_message("%s", samples[i].file);
		g_assert_cmpint(
		    pst_check(&report, path, samples[i].ours, NULL), ==, ST_OK);
		say_all(report);
		for (guint k = 0; k < pst_report_n(report); k++)
			g_string_append_printf(broken, "%s%s", k ? " " : "",
			    pst_report_at(report, k)->rule);
		g_assert_cmpstr(broken->str, ==, samples[i].rules);
		pst_report_counts(report, &counts);
		g_assert_cmpint(counts.broken, ==, 0);
		g_assert_cmpint(counts.messages, ==, samples[i].messages);
	}
}

static void
test_rules(void)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	const char *name, *words;
	enum pst_grade grade;

	for (guint n = 0; pst_rule_at(n, &name, &words, &grade); n++) {
		bool tested = false;

		g_assert_true(g_hash_table_add(names, (char *)name));
		g_assert_cmpint(strlen(words), >, 10);
		for (guint i = 0; i < G_N_ELEMENTS(mutations); i++)
			tested = tested || strcmp(mutations[i].rule, name) == 0;
		g_test_message("%s", name);
		g_assert_true(tested);
	}
}

static void
test_no_file(void)
{
	g_autoptr(PstReport) report = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(pst_check(&report, "/nonexistent/x.pst", true, &error),
	    ==, ST_MAILBOX);
	g_assert_cmpint(error_kind(error), ==, ERR_IO);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pst/check/rules", test_rules);
	g_test_add_func("/pst/check/no-file", test_no_file);
	g_test_add_func("/pst/check/samples", test_samples);
	g_test_add_func("/pst/check/mutations", test_mutations);
	return g_test_run();
}
