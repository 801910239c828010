#include "pst/ndb-write.h"

#include "base/spool.h"
#include "pst/bytes.h"
#include "pst/format.h"
#include "pst/ndb-encode.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Space: spec/pst.md 5 */
#define HEADER_LEN  564
#define FIRST_AMAP  0x4400
#define DLIST_AT    0x4200
#define SECTION	    253952 /* bytes: 496 * 8 slots of 64 */
#define MAP_BODY    496	   /* bytes of a map page before its trailer */
#define PMAP_EVERY  8
#define FMAP_FIRST  128
#define FMAP_EVERY  496
#define FPMAP_FIRST 8192
#define FPMAP_EVERY 31744
#define TAIL_LEAST  (256 * 64) /* bytes free that make a free-map byte 255 */

/* Trees: spec/pst.md 6 */
#define NBT_LEAF     15
#define BBT_LEAF     20
#define TREE_BRANCH  20
#define BRANCH_ENTRY 24

#define BLOCK_SPOOLED 18   /* bytes: id, place, length */
#define NODE_SPOOLED  24   /* bytes: id, data, sub, parent */
#define PENDING_MAX   4096 /* blocks put off before they are spooled */

struct mark {
	guint64 section, pos, next_bid, data_bytes, free_slots;
	guint sections; /* free-map bytes */
	guint32 nids[32];
};

struct PstOut {
	char *path;
	int fd;
	bool permute, finished;
	guint64 section;      /* the one that is being filled */
	guint8 *buf;	      /* of it */
	gsize pos;	      /* bytes used in it */
	gsize hole, hole_len; /* bytes of it that are not */
	guint64 next_bid, next_page_bid;
	guint32 nids[32]; /* highest index issued */
	guint64 data_bytes, free_slots;
	GByteArray *free_bytes; /* one of each finished section */
	Spool *blocks, *nodes;
	guint64 n_blocks, n_messages;
	GByteArray *new_blocks, *new_nodes; /* since the mark */
	GArray *others;	   /* of struct other: nodes that are no messages */
	GHashTable *extra; /* block id to references beyond the first */
	struct mark mark;
};

struct other {
	guint32 nid, parent;
	guint64 data, sub;
};

static enum status
io_failed(const PstOut *out, GError **error)
{
	return fail(ST_MAILBOX, error, ERR_IO, RETRY_LATER,
	    "cannot write %s: %s", out->path, g_strerror(errno));
}

static enum status
write_at(PstOut *out, const guint8 *p, gsize len, guint64 at, GError **error)
{
	while (len > 0) {
		ssize_t n = pwrite(out->fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return io_failed(out, error);
		p += n;
		len -= (gsize)n;
		at += (guint64)n;
	}
	return ST_OK;
}

static guint64
section_at(guint64 section)
{
	return FIRST_AMAP + section * SECTION;
}

/* Bytes that maps take at the beginning of a section. */
static gsize
maps_len(guint64 section)
{
	bool fmap =
	    section >= FMAP_FIRST && (section - FMAP_FIRST) % FMAP_EVERY == 0;
	bool fpmap = section >= FPMAP_FIRST &&
		     (section - FPMAP_FIRST) % FPMAP_EVERY == 0;

	/* Free maps fall only where a page map is, 128, 496, 8192 and 31744
	 * being multiples of 8; so there is no hole before them. */
	if (fmap || fpmap)
		return 0x600;
	return section % PMAP_EVERY == 0 ? 0x400 : 0x200;
}

static void
map_trailer(guint8 *page, guint8 type, guint64 at)
{
	page[MAP_BODY] = type;
	page[MAP_BODY + 1] = type;
	put_le16(page + MAP_BODY + 2, 0);
	put_le32(page + MAP_BODY + 4, pst_encode_crc(page, MAP_BODY));
	put_le64(page + MAP_BODY + 8, at);
}

/* Fill in a section's maps; its space is used from the front, but for the hole
 * before tree pages in the last one. */
static void
section_maps(PstOut *out)
{
	guint8 *amap = out->buf;
	guint64 at = section_at(out->section), s = out->section;
	guint used = (guint)((out->pos + 63) / 64);
	guint free_slots = MAP_BODY * 8 - used;
	guint8 level = (guint8)MIN(free_slots, 255);

	memset(amap, 0xff, used / 8);
	memset(amap + used / 8, 0, MAP_BODY - used / 8);
	if (used % 8)
		amap[used / 8] = (guint8)(0xff << (8 - used % 8));
	for (guint i = 0; i < out->hole_len / 64; i++) {
		guint slot = (guint)(out->hole / 64) + i;

		amap[slot / 8] &= (guint8) ~(0x80 >> slot % 8);
		free_slots++;
	}
	out->hole_len = 0;
	map_trailer(amap, PST_PAGE_AMAP, at);
	if (s % PMAP_EVERY == 0) {
		memset(out->buf + 0x200, 0xff, MAP_BODY);
		map_trailer(out->buf + 0x200, PST_PAGE_PMAP, at + 0x200);
	}
	if (s >= FPMAP_FIRST && (s - FPMAP_FIRST) % FPMAP_EVERY == 0) {
		memset(out->buf + 0x400, 0xff, MAP_BODY);
		map_trailer(out->buf + 0x400, PST_PAGE_FPMAP, at + 0x400);
	}
	out->free_slots += free_slots;
	g_byte_array_append(out->free_bytes, &level, 1);
}

static void
section_begin(PstOut *out)
{
	memset(out->buf, 0, SECTION);
	out->pos = maps_len(out->section);
}

static enum status
section_end(PstOut *out, GError **error)
{
	enum status st;

	section_maps(out);
	st = write_at(out, out->buf, SECTION, section_at(out->section), error);
	if (st < 0)
		return st;
	out->section++;
	section_begin(out);
	return ST_OK;
}

enum status
pst_out_open(PstOut **result, const char *path, bool permute,
    const char *spool_dir, GError **error)
{
	g_autoptr(PstOut) out = g_new0(PstOut, 1);

	*result = NULL;
	out->path = g_strdup(path);
	out->permute = permute;
	/* Until here nothing is ours to delete. */
	out->fd = -1;
	out->buf = g_malloc(SECTION);
	out->free_bytes = g_byte_array_new();
	out->new_blocks = g_byte_array_new();
	out->new_nodes = g_byte_array_new();
	out->others = g_array_new(FALSE, FALSE, sizeof(struct other));
	out->extra =
	    g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	out->blocks = spool_new(spool_dir);
	out->nodes = spool_new(spool_dir);
	out->next_bid = 4;
	out->next_page_bid = 1;
	/* Below these Outlook thinks of a file as malformed: spec/pst.md 2.1 */
	for (guint i = 0; i < 32; i++)
		out->nids[i] = 0x400;
	out->nids[PST_SEARCH_FOLDER] = 0x4000;
	out->nids[PST_MESSAGE] = 0x10000;
	out->nids[PST_ASSOC_MESSAGE] = 0x8000;
	out->nids[PST_FOLDER] = 0x404; /* 8022, 8042, 8062, 8082 */
	out->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out->fd < 0)
		return io_failed(out, error);
	section_begin(out);
	pst_out_mark(out);
	*result = g_steal_pointer(&out);
	return ST_OK;
}

void
pst_out_free(PstOut *out)
{
	if (out == NULL)
		return;
	if (out->fd >= 0) {
		close(out->fd);
		if (!out->finished)
			unlink(out->path);
	}
	g_free(out->buf);
	g_byte_array_unref(out->free_bytes);
	g_byte_array_unref(out->new_blocks);
	g_byte_array_unref(out->new_nodes);
	g_array_unref(out->others);
	g_hash_table_destroy(out->extra);
	spool_free(out->blocks);
	spool_free(out->nodes);
	g_free(out->path);
	g_free(out);
}

guint64
pst_out_data_bytes(const PstOut *out)
{
	return out->data_bytes;
}

guint32
pst_out_nid(PstOut *out, guint type)
{
	return PST_NID(++out->nids[type], type);
}

static guint16
signature(guint64 ib, guint64 bid)
{
	guint32 x = (guint32)(ib ^ bid);

	return (guint16)(x >> 16 ^ x);
}

/* Room for len bytes that must lie together; *p is where they go. */
static enum status
room(PstOut *out, gsize len, guint8 **p, guint64 *ib, GError **error)
{
	enum status st;

	if (out->pos + len > SECTION) {
		st = section_end(out, error);
		if (st < 0)
			return st;
	}
	*p = out->buf + out->pos;
	*ib = section_at(out->section) + out->pos;
	out->pos += len;
	return ST_OK;
}

enum status
pst_out_block(PstOut *out, const void *data, gsize len, bool internal,
    guint64 *bid, GError **error)
{
	gsize stored = (len + 16 + 63) / 64 * 64;
	guint8 record[BLOCK_SPOOLED], *p, *t;
	guint64 ib;
	enum status st;

	g_assert(len > 0 && len <= PST_OUT_BLOCK_DATA);
	st = room(out, stored, &p, &ib, error);
	if (st < 0)
		return st;
	*bid = out->next_bid | (internal ? PST_BID_INTERNAL : 0);
	out->next_bid += 4;
	if (out->permute && !internal)
		pst_encode(p, data, len);
	else
		memcpy(p, data, len);
	t = p + stored - 16;
	put_le16(t, (guint)len);
	put_le16(t + 2, signature(ib, *bid));
	put_le32(t + 4, pst_encode_crc(p, len));
	put_le64(t + 8, *bid);
	if (!internal)
		out->data_bytes += len;
	put_le64(record, *bid);
	put_le64(record + 8, ib);
	put_le16(record + 16, (guint)len);
	g_byte_array_append(out->new_blocks, record, BLOCK_SPOOLED);
	return ST_OK;
}

void
pst_out_refer(PstOut *out, guint64 bid)
{
	guint n;

	if (bid == 0)
		return;
	n = GPOINTER_TO_UINT(g_hash_table_lookup(out->extra, &bid));
	g_hash_table_insert(
	    out->extra, g_memdup2(&bid, sizeof bid), GUINT_TO_POINTER(n + 1));
}

enum status
pst_out_node(PstOut *out, guint32 nid, guint64 data, guint64 sub,
    guint32 parent, GError **error)
{
	guint8 record[NODE_SPOOLED];

	if (PST_NID_TYPE(nid) != PST_MESSAGE) {
		struct other other = {
		    .nid = nid, .parent = parent, .data = data, .sub = sub};

		g_array_append_val(out->others, other);
		return ST_OK;
	}
	put_le32(record, nid);
	put_le64(record + 4, data);
	put_le64(record + 12, sub);
	put_le32(record + 20, parent);
	g_byte_array_append(out->new_nodes, record, NODE_SPOOLED);
	return ST_OK;
}

void
pst_out_mark(PstOut *out)
{
	struct mark *m = &out->mark;

	m->section = out->section;
	m->pos = out->pos;
	m->next_bid = out->next_bid;
	m->data_bytes = out->data_bytes;
	m->free_slots = out->free_slots;
	m->sections = out->free_bytes->len;
	memcpy(m->nids, out->nids, sizeof m->nids);
}

enum status
pst_out_keep(PstOut *out, GError **error)
{
	enum status st = spool_write(
	    out->blocks, out->new_blocks->data, out->new_blocks->len, error);

	if (st < 0)
		return st;
	st = spool_write(
	    out->nodes, out->new_nodes->data, out->new_nodes->len, error);
	if (st < 0)
		return st;
	out->n_blocks += out->new_blocks->len / BLOCK_SPOOLED;
	out->n_messages += out->new_nodes->len / NODE_SPOOLED;
	/* One enormous message must not keep its memory for ever. */
	if (out->new_blocks->len > PENDING_MAX * BLOCK_SPOOLED) {
		g_byte_array_unref(out->new_blocks);
		out->new_blocks = g_byte_array_new();
	}
	g_byte_array_set_size(out->new_blocks, 0);
	g_byte_array_set_size(out->new_nodes, 0);
	pst_out_mark(out);
	return ST_OK;
}

enum status
pst_out_rollback(PstOut *out, GError **error)
{
	const struct mark *m = &out->mark;

	if (m->section != out->section) {
		/* It has gone out: get its beginning back. */
		gsize done = 0;

		out->section = m->section;
		section_begin(out);
		while (done < m->pos) {
			ssize_t n =
			    pread(out->fd, out->buf + done, m->pos - done,
				(off_t)(section_at(m->section) + done));

			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0)
				return io_failed(out, error);
			done += (gsize)n;
		}
		memset(out->buf, 0, maps_len(out->section));
		if (ftruncate(out->fd, (off_t)section_at(m->section)) < 0)
			return io_failed(out, error);
	} else {
		memset(out->buf + m->pos, 0, out->pos - m->pos);
	}
	out->pos = m->pos;
	out->next_bid = m->next_bid;
	out->data_bytes = m->data_bytes;
	out->free_slots = m->free_slots;
	g_byte_array_set_size(out->free_bytes, m->sections);
	memcpy(out->nids, m->nids, sizeof out->nids);
	g_byte_array_set_size(out->new_blocks, 0);
	g_byte_array_set_size(out->new_nodes, 0);
	return ST_OK;
}

/* How many pages a tree of n entries takes. */
static guint64
tree_pages(guint64 n, guint leaf)
{
	guint64 pages = MAX((n + leaf - 1) / leaf, 1), all = pages;

	while (pages > 1) {
		pages = (pages + TREE_BRANCH - 1) / TREE_BRANCH;
		all += pages;
	}
	return all;
}

static guint64
all_pages(const PstOut *out)
{
	guint64 blocks = out->n_blocks + out->new_blocks->len / BLOCK_SPOOLED;
	guint64 nodes = out->n_messages + out->others->len +
			out->new_nodes->len / NODE_SPOOLED;

	return tree_pages(blocks, BBT_LEAF) + tree_pages(nodes, NBT_LEAF);
}

guint64
pst_out_size(const PstOut *out)
{
	guint64 bytes = out->pos + all_pages(out) * 512;

	return section_at(out->section) + (bytes / SECTION + 1) * SECTION;
}

/* A tree that is being built from its leaves up: spec/pst.md 6. */
struct tree {
	PstOut *out;
	guint8 type;
	guint level, entry, capacity;
	guint64 n, page, pages; /* entries, pages of this level */
	guint8 body[512];
	guint filled, want; /* entries of the page in the making */
	GArray *firsts;	    /* of struct branch: the pages of this level */
};

struct branch {
	guint64 key, bid, ib;
};

static void
tree_level(struct tree *t, guint level, guint entry, guint capacity, guint64 n)
{
	t->level = level;
	t->entry = entry;
	t->capacity = capacity;
	t->n = n;
	t->page = 0;
	t->pages = MAX((n + capacity - 1) / capacity, 1);
	t->filled = 0;
	t->want = (guint)(n / t->pages + (n % t->pages > 0));
	memset(t->body, 0, sizeof t->body);
}

static enum status
tree_flush(struct tree *t, GError **error)
{
	PstOut *out = t->out;
	struct branch branch;
	guint8 *p;
	enum status st = room(out, 512, &p, &branch.ib, error);

	if (st < 0)
		return st;
	g_assert(branch.ib % 512 == 0);
	branch.bid = out->next_page_bid++;
	branch.key = get_le64(t->body);
	memcpy(p, t->body, 488);
	p[488] = (guint8)t->filled;
	p[489] = (guint8)t->capacity;
	p[490] = (guint8)t->entry;
	p[491] = (guint8)t->level;
	p[496] = p[497] = t->type;
	put_le16(p + 498, signature(branch.ib, branch.bid));
	put_le32(p + 500, pst_encode_crc(p, 496));
	put_le64(p + 504, branch.bid);
	g_array_append_val(t->firsts, branch);
	t->page++;
	/* Entries are spread evenly: no page is nearly empty. */
	t->want = (guint)(t->n / t->pages + (t->page < t->n % t->pages));
	t->filled = 0;
	memset(t->body, 0, sizeof t->body);
	return ST_OK;
}

static enum status
tree_add(struct tree *t, const guint8 *entry, GError **error)
{
	memcpy(t->body + t->filled * t->entry, entry, t->entry);
	if (++t->filled < t->want)
		return ST_OK;
	return tree_flush(t, error);
}

/* The levels above the leaves. */
static enum status
tree_end(struct tree *t, struct branch *root, GError **error)
{
	enum status st;

	if (t->n == 0) {
		st = tree_flush(t, error);
		if (st < 0)
			return st;
	}
	while (t->firsts->len > 1) {
		g_autoptr(GArray) below = t->firsts;

		t->firsts = g_array_new(FALSE, FALSE, sizeof(struct branch));
		tree_level(
		    t, t->level + 1, BRANCH_ENTRY, TREE_BRANCH, below->len);
		for (guint i = 0; i < below->len; i++) {
			const struct branch *b =
			    &g_array_index(below, struct branch, i);
			guint8 e[BRANCH_ENTRY];

			put_le64(e, b->key);
			put_le64(e + 8, b->bid);
			put_le64(e + 16, b->ib);
			st = tree_add(t, e, error);
			if (st < 0)
				return st;
		}
	}
	*root = g_array_index(t->firsts, struct branch, 0);
	return ST_OK;
}

/* Records of a spool, one after the other. */
struct records {
	struct blob blob;
	gint64 at;
	guint size;
	guint8 *buf;
	const guint8 *p;
	gsize have;
};
#define RECORDS_AT_ONCE 2048

static void
records_init(struct records *r, const Spool *spool, guint size)
{
	*r = (struct records){.blob = spool_blob(spool), .size = size};
	r->buf = g_malloc((gsize)size * RECORDS_AT_ONCE);
}

static enum status
records_next(struct records *r, const guint8 **record, GError **error)
{
	enum status st;

	if (r->have == 0) {
		st = blob_next(&r->blob, &r->at, r->buf,
		    (gsize)r->size * RECORDS_AT_ONCE, &r->p, &r->have, error);
		if (st != ST_OK)
			return st < 0 ? ST_MAILBOX : st;
	}
	*record = r->p;
	r->p += r->size;
	r->have -= r->size;
	return ST_OK;
}

static enum status
write_bbt(PstOut *out, struct branch *root, GError **error)
{
	struct tree t = {.out = out, .type = PST_PAGE_BBT};
	struct records r;
	const guint8 *record;
	enum status st;

	t.firsts = g_array_new(FALSE, FALSE, sizeof(struct branch));
	records_init(&r, out->blocks, BLOCK_SPOOLED);
	tree_level(&t, 0, 24, BBT_LEAF, out->n_blocks);
	while ((st = records_next(&r, &record, error)) == ST_OK) {
		guint64 bid = get_le64(record);
		guint refs =
		    2 + GPOINTER_TO_UINT(g_hash_table_lookup(out->extra, &bid));
		guint8 e[24] = {0};

		memcpy(e, record, BLOCK_SPOOLED);
		put_le16(e + 18, MIN(refs, 0xffff));
		st = tree_add(&t, e, error);
		if (st < 0)
			break;
	}
	if (st == ST_END)
		st = tree_end(&t, root, error);
	g_free(r.buf);
	g_array_unref(t.firsts);
	return st;
}

static int
other_compare(gconstpointer a, gconstpointer b)
{
	const struct other *x = a, *y = b;

	return x->nid < y->nid ? -1 : x->nid > y->nid;
}

static enum status
write_nbt(PstOut *out, struct branch *root, GError **error)
{
	struct tree t = {.out = out, .type = PST_PAGE_NBT};
	struct records r;
	const guint8 *record = NULL;
	guint i = 0;
	enum status st;

	g_array_sort(out->others, other_compare);
	t.firsts = g_array_new(FALSE, FALSE, sizeof(struct branch));
	records_init(&r, out->nodes, NODE_SPOOLED);
	tree_level(&t, 0, 32, NBT_LEAF, out->n_messages + out->others->len);
	st = records_next(&r, &record, error);
	while (st == ST_OK || (st == ST_END && i < out->others->len)) {
		const struct other *o =
		    i < out->others->len
			? &g_array_index(out->others, struct other, i)
			: NULL;
		guint8 e[32] = {0};

		if (st == ST_END || (o && o->nid < get_le32(record))) {
			put_le32(e, o->nid);
			put_le64(e + 8, o->data);
			put_le64(e + 16, o->sub);
			put_le32(e + 24, o->parent);
			i++;
		} else {
			memcpy(e, record, 4);
			memcpy(e + 8, record + 4, 20);
			st = records_next(&r, &record, error);
		}
		if (st >= 0 && tree_add(&t, e, error) < 0)
			st = ST_MAILBOX;
	}
	if (st == ST_END)
		st = tree_end(&t, root, error);
	g_free(r.buf);
	g_array_unref(t.firsts);
	return st;
}

/* Free maps of sections 128 and up, each page once all its bytes are known. */
static enum status
write_fmaps(PstOut *out, GError **error)
{
	for (guint64 s = FMAP_FIRST; s < out->section; s += FMAP_EVERY) {
		guint64 at = section_at(s) + 0x400;
		guint8 page[512];
		enum status st;

		memset(page, 0xff, MAP_BODY);
		memcpy(page, out->free_bytes->data + s,
		    MIN(FMAP_EVERY, out->section - s));
		map_trailer(page, PST_PAGE_FMAP, at);
		st = write_at(out, page, sizeof page, at, error);
		if (st < 0)
			return st;
	}
	return ST_OK;
}

static enum status
write_dlist(PstOut *out, GError **error)
{
	guint64 bid = out->next_page_bid++;
	guint8 page[512] = {0};

	page[496] = page[497] = PST_PAGE_DLIST;
	put_le16(page + 498, signature(DLIST_AT, bid));
	put_le32(page + 500, pst_encode_crc(page, MAP_BODY));
	put_le64(page + 504, bid);
	return write_at(out, page, sizeof page, DLIST_AT, error);
}

static enum status
write_header(PstOut *out, guint32 unique, const struct branch *nbt,
    const struct branch *bbt, GError **error)
{
	guint8 p[HEADER_LEN] = {0};

	memcpy(p, "!BDN", 4);
	memcpy(p + 8, "SM", 2);
	put_le16(p + 10, 23);
	put_le16(p + 12, 19);
	p[14] = p[15] = 1;
	put_le64(p + 24, 0x0000000100000004);
	put_le64(p + 32, out->next_page_bid);
	put_le32(p + 40, unique);
	/* A folder's tables share its index: spec/pst.md 2.1 */
	out->nids[PST_HIERARCHY_TABLE] = out->nids[PST_FOLDER];
	out->nids[PST_CONTENTS_TABLE] = out->nids[PST_FOLDER];
	out->nids[PST_ASSOC_TABLE] = out->nids[PST_FOLDER];
	for (guint i = 0; i < 32; i++)
		put_le32(p + 44 + 4 * i, out->nids[i]);
	put_le64(p + 184, section_at(out->section));
	put_le64(p + 192, section_at(out->section - 1));
	put_le64(p + 200, 64 * out->free_slots);
	put_le64(p + 216, nbt->bid);
	put_le64(p + 224, nbt->ib);
	put_le64(p + 232, bbt->bid);
	put_le64(p + 240, bbt->ib);
	p[248] = 2;
	memset(p + 256, 0xff, 256);
	memcpy(p + 256, out->free_bytes->data,
	    MIN(FMAP_FIRST, out->free_bytes->len));
	p[512] = 0x80;
	p[513] = out->permute ? 1 : 0;
	put_le64(p + 516, out->next_bid);
	put_le32(p + 4, pst_encode_crc(p + 8, 471));
	put_le32(p + 524, pst_encode_crc(p + 8, 516));
	return write_at(out, p, sizeof p, 0, error);
}

enum status
pst_out_finish(PstOut *out, guint32 unique, GError **error)
{
	struct branch nbt, bbt;
	gsize aligned = (out->pos + 511) / 512 * 512;
	enum status st = pst_out_keep(out, error);

	if (st < 0)
		return st;
	/*
	 * Pages begin at multiples of 512. They go behind the data when all of
	 * them fit there and enough is left over; else into a section of their
	 * own, so that each section's free space is one run.
	 */
	if (aligned + all_pages(out) * 512 + TAIL_LEAST <= SECTION) {
		out->hole = out->pos;
		out->hole_len = aligned - out->pos;
		out->pos = aligned;
	} else {
		st = section_end(out, error);
		if (st < 0)
			return st;
	}
	st = write_bbt(out, &bbt, error);
	if (st == ST_OK)
		st = write_nbt(out, &nbt, error);
	if (st == ST_OK)
		st = section_end(out, error);
	if (st == ST_OK)
		st = write_fmaps(out, error);
	if (st == ST_OK)
		st = write_dlist(out, error);
	if (st < 0)
		return st;
	/* The header last, and only when all else is on the disk: without it
	 * nothing takes the file for a .pst. */
	if (fdatasync(out->fd) < 0)
		return io_failed(out, error);
	st = write_header(out, unique, &nbt, &bbt, error);
	if (st < 0)
		return st;
	if (fsync(out->fd) < 0)
		return io_failed(out, error);
	out->finished = true;
	return ST_OK;
}
