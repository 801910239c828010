#include "pst/ndb-read.h"

#include "pst/bytes.h"
#include "pst/format.h"
#include "pst/ndb-decode.h"
#include "pst/ndb-rescue.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static const struct pst_layout layouts[] = {
    [PST_ANSI] = {.word = 4,
	.page = 512,
	.page_body = 496,
	.page_trailer = 500,
	.trailer = 12,
	.grid = 64,
	.block_data = 8192 - 12,
	.hid_shift = 16},
    [PST_UNICODE] = {.word = 8,
	.page = 512,
	.page_body = 488,
	.page_trailer = 496,
	.trailer = 16,
	.grid = 64,
	.block_data = 8192 - 16,
	.hid_shift = 16},
    /* Not published; as libpff's documentation describes it. */
    [PST_UNICODE_4K] = {.word = 8,
	.page = 4096,
	.page_body = 4056,
	.page_trailer = 4072,
	.trailer = 24,
	.grid = 512,
	.block_data = 65536 - 24,
	.hid_shift = 19},
};

struct entry { /* of the cache */
	guint64 key;
	GBytes *bytes;
	GList link; /* in PstNdb.recent; data is the entry */
};

struct PstNdb {
	char *path;
	int fd;
	guint64 size;
	struct pst_header header;
	const struct pst_layout *layout;
	guint64 damage;
	GHashTable *cache; /* guint64 key of an entry, to the entry */
	GQueue recent;	   /* of entries, the last used first */
	gsize cached;	   /* bytes */
	PstRescue *rescue; /* once a tree was found damaged, or NULL */
	bool no_search;
};

static void
entry_free(gpointer data)
{
	struct entry *entry = data;

	g_bytes_unref(entry->bytes);
	g_free(entry);
}

static GBytes *
cache_look(PstNdb *ndb, guint64 key)
{
	struct entry *entry = g_hash_table_lookup(ndb->cache, &key);

	if (entry == NULL)
		return NULL;
	g_queue_unlink(&ndb->recent, &entry->link);
	g_queue_push_head_link(&ndb->recent, &entry->link);
	return g_bytes_ref(entry->bytes);
}

/* Takes data over. */
static GBytes *
cache_put(PstNdb *ndb, guint64 key, guint8 *data, gsize len)
{
	struct entry *entry = g_new0(struct entry, 1);

	entry->key = key;
	entry->bytes = g_bytes_new_take(data, len);
	entry->link.data = entry;
	while (ndb->cached + len > PST_CACHE_MAX && ndb->recent.tail) {
		struct entry *old = ndb->recent.tail->data;

		ndb->cached -= g_bytes_get_size(old->bytes);
		g_queue_unlink(&ndb->recent, &old->link);
		g_hash_table_remove(ndb->cache, &old->key);
	}
	ndb->cached += len;
	g_queue_push_head_link(&ndb->recent, &entry->link);
	g_hash_table_insert(ndb->cache, &entry->key, entry);
	return g_bytes_ref(entry->bytes);
}

enum status
pst_ndb_raw(PstNdb *ndb, guint64 ib, void *buf, gsize len, GError **error)
{
	gsize done = 0;

	if (ib > ndb->size || len > ndb->size - ib)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "%" G_GSIZE_FORMAT " bytes at %" G_GUINT64_FORMAT
		    " lie beyond the end of the file (%" G_GUINT64_FORMAT
		    " bytes)",
		    len, ib, ndb->size);
	while (done < len) {
		ssize_t n = pread(ndb->fd, (guint8 *)buf + done, len - done,
		    (off_t)(ib + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(ST_ITEM, error, ERR_IO, RETRY_NEVER,
			    "cannot read at %" G_GUINT64_FORMAT ": %s", ib,
			    n < 0 ? g_strerror(errno) : "the file got shorter");
		done += (gsize)n;
	}
	return ST_OK;
}

/* Header: [MS-PST] 2.2.2.6. The fields lie elsewhere in the ANSI form, and its
 * words are shorter. */
static enum status
header_parse(PstNdb *ndb, const guint8 *p, GError **error)
{
	struct pst_header *h = &ndb->header;
	bool ansi;
	const guint8 *root;

	if (memcmp(p, "!BDN", 4) != 0)
		return fail(ST_MAILBOX, error, ERR_FORMAT, RETRY_NEVER,
		    "not a personal folder file: it does not begin with !BDN");
	h->version = get_le16(p + 10);
	if (h->version == 14 || h->version == 15)
		h->variant = PST_ANSI;
	else if (h->version >= 36)
		h->variant = PST_UNICODE_4K;
	else if (h->version >= 20)
		h->variant = PST_UNICODE;
	else
		return fail(ST_MAILBOX, error, ERR_FORMAT, RETRY_NEVER,
		    "personal folder file of unknown version %u", h->version);
	ndb->layout = &layouts[h->variant];
	ansi = h->variant == PST_ANSI;
	if (pst_crc(p + 8, 471) != get_le32(p + 4))
		ndb->damage++;
	if (!ansi && pst_crc(p + 8, 516) != get_le32(p + 524))
		ndb->damage++;
	root = p + (ansi ? 164 : 180);
	h->crypt = p[ansi ? 461 : 513];
	if (h->crypt > PST_CRYPT_CYCLIC)
		return fail(ST_MAILBOX, error, ERR_FORMAT, RETRY_NEVER,
		    "personal folder file with unknown encoding %u", h->crypt);
	for (guint i = 0; i < 32; i++)
		h->nid_high[i] = get_le32(p + (ansi ? 36 : 44) + 4 * i);
	if (ansi) {
		h->next_bid = get_le32(p + 24);
		h->next_page_bid = get_le32(p + 28);
		h->unique = get_le32(p + 32);
		h->eof = get_le32(root + 4);
		h->last_amap = get_le32(root + 8);
		h->amap_free = get_le32(root + 12);
		h->nbt.bid = get_le32(root + 20);
		h->nbt.ib = get_le32(root + 24);
		h->bbt.bid = get_le32(root + 28);
		h->bbt.ib = get_le32(root + 32);
		h->amap_valid = root[36];
	} else {
		h->next_page_bid = get_le64(p + 32);
		h->unique = get_le32(p + 40);
		h->next_bid = get_le64(p + 516);
		h->eof = get_le64(root + 4);
		h->last_amap = get_le64(root + 12);
		h->amap_free = get_le64(root + 20);
		h->nbt.bid = get_le64(root + 36);
		h->nbt.ib = get_le64(root + 44);
		h->bbt.bid = get_le64(root + 52);
		h->bbt.ib = get_le64(root + 60);
		h->amap_valid = root[68];
	}
	return ST_OK;
}

enum status
pst_ndb_open(PstNdb **out, const char *path, GError **error)
{
	g_autoptr(PstNdb) ndb = g_new0(PstNdb, 1);
	guint8 p[PST_HEADER_LEN];
	struct stat sb;
	enum status st;

	*out = NULL;
	ndb->path = g_strdup(path);
	ndb->cache = g_hash_table_new_full(
	    g_int64_hash, g_int64_equal, NULL, entry_free);
	ndb->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (ndb->fd < 0 || fstat(ndb->fd, &sb) < 0)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "cannot open %s: %s", path, g_strerror(errno));
	ndb->size = (guint64)sb.st_size;
	if (!S_ISREG(sb.st_mode) || ndb->size < sizeof p)
		return fail(ST_MAILBOX, error, ERR_FORMAT, RETRY_NEVER,
		    "%s is not a personal folder file: too short", path);
	if (pst_ndb_raw(ndb, 0, p, sizeof p, error) < 0)
		return ST_MAILBOX;
	st = header_parse(ndb, p, error);
	if (st < 0) {
		g_prefix_error(error, "%s: ", path);
		return st;
	}
	*out = g_steal_pointer(&ndb);
	return ST_OK;
}

void
pst_ndb_close(PstNdb *ndb)
{
	if (ndb == NULL)
		return;
	if (ndb->fd >= 0)
		close(ndb->fd);
	g_hash_table_destroy(ndb->cache);
	pst_rescue_free(ndb->rescue);
	g_free(ndb->path);
	g_free(ndb);
}

const struct pst_header *
pst_ndb_header(const PstNdb *ndb)
{
	return &ndb->header;
}

const struct pst_layout *
pst_ndb_layout(const PstNdb *ndb)
{
	return ndb->layout;
}

guint64
pst_ndb_size(const PstNdb *ndb)
{
	return ndb->size;
}

guint64
pst_ndb_damage(const PstNdb *ndb)
{
	return ndb->damage;
}

bool
pst_ndb_searched(const PstNdb *ndb)
{
	return ndb->rescue != NULL;
}

void
pst_ndb_no_search(PstNdb *ndb)
{
	ndb->no_search = true;
}

/* A page of a tree cannot be read. True: the file was searched. */
static bool
need_rescue(PstNdb *ndb)
{
	if (ndb->rescue == NULL && !ndb->no_search)
		ndb->rescue = pst_rescue_new(ndb);
	return ndb->rescue != NULL;
}

static guint64
word(const PstNdb *ndb, const guint8 *p)
{
	return ndb->layout->word == 4 ? get_le32(p) : get_le64(p);
}

/* B-tree pages: [MS-PST] 2.2.2.7.7.1 */

struct page {
	GBytes *bytes;
	const guint8 *p;
	guint n;     /* entries */
	guint size;  /* bytes of one */
	guint level; /* 0: leaf */
};

static void
page_clear(struct page *page)
{
	g_clear_pointer(&page->bytes, g_bytes_unref);
}
typedef struct page Page;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Page, page_clear)

/* Bytes of a page, its trailer checked but for the checksum, which counts. */
static enum status
page_bytes(PstNdb *ndb, const struct pst_ref *ref, guint8 type, GBytes **out,
    GError **error)
{
	const struct pst_layout *l = ndb->layout;
	g_autofree guint8 *p = NULL;
	const guint8 *t;
	guint64 bid;
	guint32 crc;
	enum status st;

	*out = cache_look(ndb, ref->ib << 1);
	if (*out)
		return ST_OK;
	p = g_malloc(l->page);
	st = pst_ndb_raw(ndb, ref->ib, p, l->page, error);
	if (st < 0)
		return st;
	t = p + l->page_trailer;
	crc = get_le32(t + (l->word == 4 ? 8 : 4));
	bid = word(ndb, t + (l->word == 4 ? 4 : 8));
	if (t[0] != type || t[1] != type || bid != ref->bid)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "page at %" G_GUINT64_FORMAT " is damaged: expected type "
		    "%02x id %" G_GINT64_MODIFIER
		    "x, found %02x %" G_GINT64_MODIFIER "x",
		    ref->ib, type, ref->bid, t[0], bid);
	if (pst_crc(p, l->page_trailer) != crc)
		ndb->damage++;
	*out = cache_put(ndb, ref->ib << 1, g_steal_pointer(&p), l->page);
	return ST_OK;
}

/* level: what the parent promises, or -1 for the root. */
static enum status
page_read(PstNdb *ndb, const struct pst_ref *ref, guint8 type, int level,
    struct page *out, GError **error)
{
	const struct pst_layout *l = ndb->layout;
	const guint8 *c;
	guint least;
	enum status st;

	page_clear(out);
	st = page_bytes(ndb, ref, type, &out->bytes, error);
	if (st < 0)
		return st;
	out->p = g_bytes_get_data(out->bytes, NULL);
	if (out->p[l->page_trailer] != type)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "page at %" G_GUINT64_FORMAT " serves two trees", ref->ib);
	c = out->p + l->page_body;
	if (l == &layouts[PST_UNICODE_4K]) {
		out->n = get_le16(c);
		out->size = c[4];
		out->level = c[5];
	} else {
		out->n = c[0];
		out->size = c[2];
		out->level = c[3];
	}
	if (out->level > 0)
		least = 3 * l->word;
	else if (type == PST_PAGE_NBT)
		least = 3 * l->word + 4;
	else
		least = 2 * l->word + 4;
	if (out->size < least || out->n > l->page_body / out->size ||
	    out->level > PST_DEPTH_MAX ||
	    (level >= 0 && out->level != (guint)level))
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "page at %" G_GUINT64_FORMAT " is damaged: level %u, %u "
		    "entries of %u bytes",
		    ref->ib, out->level, out->n, out->size);
	return ST_OK;
}

static guint64
page_key(const PstNdb *ndb, const struct page *page, guint8 type, guint i)
{
	guint64 key = word(ndb, page->p + i * page->size);

	/* Outlook leaves what it likes in the upper half of a node id; bit 0
	 * of a block id has no meaning: spec/pst.md 3. */
	return type == PST_PAGE_NBT ? key & G_MAXUINT32 : key & ~1ull;
}

static void
page_ref(
    const PstNdb *ndb, const struct page *page, guint i, struct pst_ref *out)
{
	const guint8 *e = page->p + i * page->size;

	out->bid = word(ndb, e + ndb->layout->word);
	out->ib = word(ndb, e + 2 * ndb->layout->word);
}

/* The last entry whose key is not above key; -1 when there is none. */
static int
page_search(
    const PstNdb *ndb, const struct page *page, guint8 type, guint64 key)
{
	int low = -1, high = (int)page->n;

	while (high - low > 1) {
		int mid = (low + high) / 2;

		if (page_key(ndb, page, type, (guint)mid) <= key)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* *out is the leaf, *i the entry with the key. ST_END: there is none. */
static enum status
tree_find(PstNdb *ndb, guint8 type, guint64 key, struct page *out, guint *i,
    GError **error)
{
	struct pst_ref ref =
	    type == PST_PAGE_NBT ? ndb->header.nbt : ndb->header.bbt;
	int level = -1;

	for (;;) {
		int at;
		enum status st = page_read(ndb, &ref, type, level, out, error);

		if (st < 0)
			return st;
		at = page_search(ndb, out, type, key);
		if (at < 0)
			return ST_END;
		*i = (guint)at;
		if (out->level == 0)
			return page_key(ndb, out, type, *i) == key ? ST_OK
								   : ST_END;
		page_ref(ndb, out, *i, &ref);
		level = (int)out->level - 1;
	}
}

static void
node_parse(const PstNdb *ndb, const guint8 *e, struct pst_node *out)
{
	guint w = ndb->layout->word;

	out->nid = get_le32(e);
	out->data = word(ndb, e + w);
	out->sub = word(ndb, e + 2 * w);
	out->parent = get_le32(e + 3 * w);
}

static void
block_parse(const PstNdb *ndb, const guint8 *e, struct pst_block *out)
{
	guint w = ndb->layout->word;

	out->bid = word(ndb, e) & ~1ull;
	out->ib = word(ndb, e + w);
	out->cb = get_le16(e + 2 * w);
	/* 4-KiB page files keep the inflated size between the two. */
	out->refs = get_le16(
	    e + 2 * w + (ndb->header.variant == PST_UNICODE_4K ? 4 : 2));
}

enum status
pst_ndb_node(PstNdb *ndb, guint32 nid, struct pst_node *out, GError **error)
{
	g_auto(Page) page = {0};
	guint i;
	enum status st = tree_find(ndb, PST_PAGE_NBT, nid, &page, &i, error);

	if (st == ST_OK)
		node_parse(ndb, page.p + i * page.size, out);
	if (st == ST_ITEM && need_rescue(ndb) &&
	    pst_rescue_node_at(ndb->rescue,
		pst_rescue_find(ndb->rescue, PST_PAGE_NBT, nid), out) &&
	    out->nid == nid) {
		g_clear_error(error);
		return ST_OK;
	}
	return st;
}

enum status
pst_ndb_block_entry(
    PstNdb *ndb, guint64 bid, struct pst_block *out, GError **error)
{
	g_auto(Page) page = {0};
	guint i;
	enum status st =
	    tree_find(ndb, PST_PAGE_BBT, bid & ~1ull, &page, &i, error);

	if (st == ST_OK)
		block_parse(ndb, page.p + i * page.size, out);
	bid &= ~1ull;
	if (st == ST_ITEM && need_rescue(ndb) &&
	    pst_rescue_block_at(ndb->rescue,
		pst_rescue_find(ndb->rescue, PST_PAGE_BBT, bid), out) &&
	    out->bid == bid) {
		g_clear_error(error);
		return ST_OK;
	}
	return st;
}

void
pst_walk_init(struct pst_walk *walk, PstNdb *ndb, guint8 type)
{
	*walk = (struct pst_walk){.ndb = ndb, .type = type};
	walk->depth = 1;
	walk->at[0].ref =
	    type == PST_PAGE_NBT ? ndb->header.nbt : ndb->header.bbt;
}

static enum status
walk_next(struct pst_walk *walk, struct page *page, guint *i, GError **error)
{
	while (walk->depth > 0) {
		guint d = walk->depth - 1;
		int level = d == 0 ? -1 : (int)walk->at[d].level;
		guint64 key;
		enum status st = page_read(walk->ndb, &walk->at[d].ref,
		    walk->type, level, page, error);

		if (st < 0) {
			walk->depth--;
			return st;
		}
		*i = walk->at[d].next++;
		if (*i >= page->n) {
			walk->depth--;
			continue;
		}
		key = page_key(walk->ndb, page, walk->type, *i);
		/* Ascending keys also end the walk over pages that a hostile
		 * file lists again and again. */
		if (walk->begun && key <= walk->last &&
		    !(key == walk->last && *i == 0)) {
			walk->depth--;
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "page at %" G_GUINT64_FORMAT
			    " is damaged: its keys are out of order",
			    walk->at[d].ref.ib);
		}
		walk->last = key;
		walk->begun = true;
		if (page->level == 0)
			return ST_OK;
		if (walk->depth > PST_DEPTH_MAX) {
			walk->depth--;
			return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
			    "tree deeper than %d levels", PST_DEPTH_MAX);
		}
		page_ref(walk->ndb, page, *i, &walk->at[d + 1].ref);
		walk->at[d + 1].next = 0;
		walk->at[d + 1].level = page->level - 1;
		walk->depth++;
	}
	return ST_END;
}

/* The next entry of the tree into hold. ST_ITEM: a page is damaged, and what
 * it led to is looked for. */
static enum status
walk_hold(struct pst_walk *walk, GError **error)
{
	g_auto(Page) page = {0};
	guint i;
	enum status st;

	if (walk->held)
		return ST_OK;
	st = walk_next(walk, &page, &i, error);
	if (st < 0 && need_rescue(walk->ndb))
		walk->searched = true;
	if (st != ST_OK)
		return st;
	walk->held = true;
	if (walk->type == PST_PAGE_NBT)
		node_parse(walk->ndb, page.p + i * page.size, &walk->hold.node);
	else
		block_parse(
		    walk->ndb, page.p + i * page.size, &walk->hold.block);
	return ST_OK;
}

enum status
pst_walk_node(struct pst_walk *walk, struct pst_node *out, GError **error)
{
	enum status st = walk_hold(walk, error);

	if (st < 0)
		return st;
	if (walk->searched &&
	    pst_rescue_node_at(walk->ndb->rescue,
		pst_rescue_find(walk->ndb->rescue, walk->type, walk->next),
		out) &&
	    (!walk->held || out->nid < walk->hold.node.nid)) {
		walk->next = (guint64)out->nid + 1;
		return ST_OK;
	}
	walk->searched = walk->searched && !walk->held;
	if (!walk->held)
		return ST_END;
	*out = walk->hold.node;
	walk->held = false;
	walk->next = (guint64)out->nid + 1;
	return ST_OK;
}

enum status
pst_walk_block(struct pst_walk *walk, struct pst_block *out, GError **error)
{
	enum status st = walk_hold(walk, error);

	if (st < 0)
		return st;
	if (walk->searched &&
	    pst_rescue_block_at(walk->ndb->rescue,
		pst_rescue_find(walk->ndb->rescue, walk->type, walk->next),
		out) &&
	    (!walk->held || out->bid < walk->hold.block.bid)) {
		walk->next = (guint64)out->bid + 1;
		return ST_OK;
	}
	walk->searched = walk->searched && !walk->held;
	if (!walk->held)
		return ST_END;
	*out = walk->hold.block;
	walk->held = false;
	walk->next = (guint64)out->bid + 1;
	return ST_OK;
}

/* Blocks: [MS-PST] 2.2.2.8 */

/* Whether data begins as a zlib stream does (RFC 1950 2.2): compressed blocks
 * have been seen without the encoding that the header announces. */
static bool
looks_deflated(const guint8 *p, gsize len)
{
	return len > 2 && (p[0] & 0x0f) == 8 && (p[0] << 8 | p[1]) % 31 == 0;
}

static enum status
inflate_block(PstNdb *ndb, guint8 **data, gsize *len, gsize real, guint64 bid,
    GError **error)
{
	g_autofree guint8 *out = g_malloc(real);
	uLongf got = real;

	if (!looks_deflated(*data, *len))
		pst_decode(*data, *len, ndb->header.crypt, bid);
	if (uncompress(out, &got, *data, *len) != Z_OK || got != real)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "block %" G_GINT64_MODIFIER
		    "x is damaged: cannot be inflated",
		    bid);
	g_free(*data);
	*data = g_steal_pointer(&out);
	*len = real;
	return ST_OK;
}

enum status
pst_ndb_block(PstNdb *ndb, guint64 bid, GBytes **out, GError **error)
{
	const struct pst_layout *l = ndb->layout;
	struct pst_block b;
	g_autofree guint8 *p = NULL;
	const guint8 *t;
	gsize stored, len, real = 0;
	guint64 id;
	enum status st;

	*out = NULL;
	st = pst_ndb_block_entry(ndb, bid, &b, error);
	if (st == ST_END)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "block %" G_GINT64_MODIFIER "x is missing", bid);
	if (st < 0)
		return st;
	*out = cache_look(ndb, b.ib << 1 | 1);
	if (*out)
		return ST_OK;
	stored = (b.cb + l->trailer + l->grid - 1) / l->grid * l->grid;
	if (b.cb > l->block_data)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "block %" G_GINT64_MODIFIER "x is too long: %u bytes", bid,
		    b.cb);
	p = g_malloc(stored);
	st = pst_ndb_raw(ndb, b.ib, p, stored, error);
	if (st < 0) {
		g_prefix_error(error, "block %" G_GINT64_MODIFIER "x: ", bid);
		return st;
	}
	t = p + stored - l->trailer;
	id = word(ndb, t + (l->word == 4 ? 4 : 8)) & ~1ull;
	if (get_le16(t) != b.cb || id != b.bid)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "block %" G_GINT64_MODIFIER
		    "x is damaged: its place at %" G_GUINT64_FORMAT
		    " holds block %" G_GINT64_MODIFIER "x of %u bytes",
		    bid, b.ib, id, get_le16(t));
	if (pst_crc(p, b.cb) != get_le32(t + (l->word == 4 ? 8 : 4)))
		ndb->damage++;
	len = b.cb;
	if (ndb->header.variant == PST_UNICODE_4K)
		real = get_le16(t + 18);
	if (real != 0 && real != len) {
		st = inflate_block(ndb, &p, &len, real, b.bid, error);
		if (st < 0)
			return st;
	} else if ((b.bid & PST_BID_INTERNAL) == 0) {
		pst_decode(p, len, ndb->header.crypt, b.bid);
	}
	*out = cache_put(ndb, b.ib << 1 | 1, g_steal_pointer(&p), len);
	return ST_OK;
}
