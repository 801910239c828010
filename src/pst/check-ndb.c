/* The checker: header, trees, blocks, space, references (spec/pst.md 17.2,
 * rules 1 to 7). Pages are parsed here once more, from their bytes. */
#include "pst/check-private.h"

#include "pst/bytes.h"
#include "pst/format.h"
#include "pst/ndb-decode.h"

#include <string.h>

#define SECTION	     253952 /* bytes of a section: 496 * 8 * 64 */
#define FIRST_AMAP   0x4400
#define DLIST_AT     0x4200
#define SECTION_BITS 3968 /* slots of 64 bytes */

static guint64
word(const struct check *c, const guint8 *p)
{
	return c->layout->word == 4 ? get_le32(p) : get_le64(p);
}

static void
take_node(struct check *c, const guint8 *e)
{
	guint w = c->layout->word;
	struct pst_node node = {.nid = get_le32(e),
	    .data = word(c, e + w),
	    .sub = word(c, e + 2 * w),
	    .parent = get_le32(e + 3 * w)};

	g_array_append_val(c->nodes, node);
}

static void
take_block(struct check *c, const guint8 *e)
{
	guint w = c->layout->word;
	bool large = c->header->variant == PST_UNICODE_4K;
	struct check_block b = {.bid = word(c, e),
	    .ib = word(c, e + w),
	    .cb = get_le16(e + 2 * w),
	    .refs = get_le16(e + 2 * w + (large ? 4 : 2))};
	struct check_extent x = {.ib = b.ib};

	if (b.bid & 1)
		pst_check_say(c, R_BID,
		    "block %" G_GINT64_MODIFIER "x has bit 0 set", b.bid);
	b.bid &= ~1ull;
	if (b.bid >= c->header->next_bid)
		pst_check_say(c, R_BID,
		    "block %" G_GINT64_MODIFIER
		    "x is not below the next id %" G_GINT64_MODIFIER "x",
		    b.bid, c->header->next_bid);
	x.len = (b.cb + c->layout->trailer + c->layout->grid - 1) /
		c->layout->grid * c->layout->grid;
	g_array_append_val(c->blocks, b);
	g_array_append_val(c->extents, x);
}

/* One page and those under it. level: what it must be, -1 for the root; *last:
 * the key before, in and out. */
static void
check_page(struct check *c, const struct pst_ref *ref, guint8 type, int level,
    const guint64 *first_key, guint64 *last, bool *begun)
{
	const struct pst_layout *l = c->layout;
	g_autofree guint8 *p = g_malloc(l->page);
	g_autoptr(GError) error = NULL;
	const guint8 *t = p + l->page_trailer, *b = p + l->page_body;
	struct check_extent x = {.ib = ref->ib, .len = l->page, .page = true};
	bool small = l->word == 4, large = l->page == 4096;
	guint n, max, size, lev, right;

	/* More pages than the file has room for: some are listed again. */
	if (c->pages++ > pst_ndb_size(c->ndb) / l->page)
		return;
	if (pst_ndb_raw(c->ndb, ref->ib, p, l->page, &error) < 0) {
		pst_check_say(c, R_PAGE, "%s", error->message);
		return;
	}
	if (t[0] != type || t[1] != type ||
	    word(c, t + (small ? 4 : 8)) != ref->bid ||
	    get_le16(t + 2) != pst_signature(ref->ib, ref->bid) ||
	    get_le32(t + (small ? 8 : 4)) != pst_crc(p, l->page_trailer)) {
		pst_check_say(c, R_PAGE,
		    "page at %" G_GINT64_MODIFIER "x, id %" G_GINT64_MODIFIER
		    "x",
		    ref->ib, ref->bid);
		if (t[0] != type)
			return;
	}
	if (ref->ib % 512)
		pst_check_say(c, R_PAGE_ALIGN,
		    "page at %" G_GINT64_MODIFIER "x", ref->ib);
	if (ref->bid >= c->header->next_page_bid)
		pst_check_say(c, R_BID,
		    "page %" G_GINT64_MODIFIER
		    "x is not below the next id %" G_GINT64_MODIFIER "x",
		    ref->bid, c->header->next_page_bid);
	g_array_append_val(c->extents, x);
	n = large ? get_le16(b) : b[0];
	max = large ? get_le16(b + 2) : b[1];
	size = large ? b[4] : b[2];
	lev = large ? b[5] : b[3];
	right = lev > 0		       ? 3 * l->word
		: type == PST_PAGE_NBT ? 4 * l->word
		: small		       ? 12
				       : 24;
	if (level >= 0 && lev != (guint)level)
		pst_check_say(c, R_PAGE,
		    "page at %" G_GINT64_MODIFIER "x is of level %u, not %d",
		    ref->ib, lev, level);
	if (size != right || n > max || max != l->page_body / right ||
	    lev > PST_DEPTH_MAX || (level >= 0 && n == 0) ||
	    (!small && !large && get_le32(b + 4) != 0)) {
		pst_check_say(c, R_PAGE_ENTRIES,
		    "page at %" G_GINT64_MODIFIER
		    "x: %u of at most %u entries of %u bytes",
		    ref->ib, n, max, size);
		if (size != right || n > l->page_body / right ||
		    lev > PST_DEPTH_MAX || (level >= 0 && lev != (guint)level))
			return;
	}
	for (guint i = 0; i < n; i++) {
		const guint8 *e = p + i * size;
		guint64 key =
		    type == PST_PAGE_NBT ? get_le32(e) : word(c, e) & ~1ull;
		struct pst_ref child;

		if (i == 0 && first_key && key != *first_key)
			pst_check_say(c, R_PAGE_KEYS,
			    "page at %" G_GINT64_MODIFIER
			    "x begins with %" G_GINT64_MODIFIER
			    "x, its parent says %" G_GINT64_MODIFIER "x",
			    ref->ib, key, *first_key);
		if (lev == 0) {
			if (*begun && key <= *last) {
				pst_check_say(c, R_PAGE_KEYS,
				    "page at %" G_GINT64_MODIFIER
				    "x: %" G_GINT64_MODIFIER "x is too low",
				    ref->ib, key);
				return;
			}
			*begun = true;
			*last = key;
			type == PST_PAGE_NBT ? take_node(c, e)
					     : take_block(c, e);
			continue;
		}
		if (*begun && key <= *last) {
			pst_check_say(c, R_PAGE_KEYS,
			    "page at %" G_GINT64_MODIFIER
			    "x: %" G_GINT64_MODIFIER "x is too low",
			    ref->ib, key);
			return;
		}
		child.bid = word(c, e + l->word);
		child.ib = word(c, e + 2 * l->word);
		check_page(c, &child, type, (int)lev - 1, &key, last, begun);
	}
}

static void
check_header(struct check *c)
{
	const struct pst_header *h = c->header;
	guint8 p[PST_HEADER_LEN];
	guint64 sections;

	if (pst_ndb_raw(c->ndb, 0, p, sizeof p, NULL) < 0)
		return;
	if (memcmp(p + 8, "SM", 2) != 0 || get_le16(p + 10) != 23 ||
	    get_le16(p + 12) != 19 || p[14] != 1 || p[15] != 1 ||
	    p[512] != 0x80 || p[513] > 2)
		pst_check_say(c, R_HEADER,
		    "client %02x%02x, version %u, client version %u, "
		    "sentinel %02x",
		    p[8], p[9], get_le16(p + 10), get_le16(p + 12), p[512]);
	if (get_le32(p + 4) != pst_crc(p + 8, 471) ||
	    get_le32(p + 524) != pst_crc(p + 8, 516))
		pst_check_say(c, R_HEADER_CRC, "at 4 and 524");
	sections = (h->eof - FIRST_AMAP) / SECTION;
	if (h->eof <= FIRST_AMAP || (h->eof - FIRST_AMAP) % SECTION ||
	    h->eof != pst_ndb_size(c->ndb) ||
	    h->last_amap != FIRST_AMAP + (sections - 1) * SECTION)
		pst_check_say(c, R_EOF,
		    "%" G_GUINT64_FORMAT
		    " bytes, the header says %" G_GUINT64_FORMAT
		    ", last map at %" G_GINT64_MODIFIER "x",
		    pst_ndb_size(c->ndb), h->eof, h->last_amap);
	if (h->amap_valid != 2)
		pst_check_say(c, R_AMAP_VALID, "it is %u", h->amap_valid);
}

static void
check_stored(struct check *c, const struct check_block *b, guint8 *p)
{
	const struct pst_layout *l = c->layout;
	guint len = (b->cb + l->trailer + l->grid - 1) / l->grid * l->grid;
	const guint8 *t;
	g_autoptr(GError) error = NULL;

	if (b->cb == 0 || b->cb > l->block_data) {
		pst_check_say(c, R_BLOCK_EMPTY,
		    "block %" G_GINT64_MODIFIER "x has %u bytes", b->bid,
		    b->cb);
		return;
	}
	if (pst_ndb_raw(c->ndb, b->ib, p, len, &error) < 0) {
		pst_check_say(c, R_BLOCK, "block %" G_GINT64_MODIFIER "x: %s",
		    b->bid, error->message);
		return;
	}
	t = p + len - l->trailer;
	if (get_le16(t) != b->cb ||
	    get_le16(t + 2) !=
		pst_signature(b->ib, word(c, t + (l->word == 4 ? 4 : 8))) ||
	    (word(c, t + (l->word == 4 ? 4 : 8)) & ~1ull) != b->bid ||
	    get_le32(t + (l->word == 4 ? 8 : 4)) != pst_crc(p, b->cb))
		pst_check_say(c, R_BLOCK,
		    "block %" G_GINT64_MODIFIER "x at %" G_GINT64_MODIFIER "x",
		    b->bid, b->ib);
	for (guint i = b->cb; i < len - l->trailer; i++)
		if (p[i] != 0) {
			pst_check_say(c, R_BLOCK_PAD,
			    "block %" G_GINT64_MODIFIER "x", b->bid);
			break;
		}
	if (b->ib % l->grid ||
	    (c->unicode && (b->ib < FIRST_AMAP ||
			       (b->ib - FIRST_AMAP) / SECTION !=
				   (b->ib + len - 1 - FIRST_AMAP) / SECTION)))
		pst_check_say(c, R_BLOCK_PLACE,
		    "block %" G_GINT64_MODIFIER "x at %" G_GINT64_MODIFIER "x",
		    b->bid, b->ib);
}

void
pst_check_trees(struct check *c)
{
	g_autofree guint8 *p = g_malloc(PST_BLOCK_MAX + 512);
	guint64 last = 0;
	bool begun = false;

	if (c->unicode)
		check_header(c);
	check_page(c, &c->header->bbt, PST_PAGE_BBT, -1, NULL, &last, &begun);
	last = 0;
	begun = false;
	check_page(c, &c->header->nbt, PST_PAGE_NBT, -1, NULL, &last, &begun);
	for (guint i = 0; i < c->blocks->len; i++)
		check_stored(
		    c, &g_array_index(c->blocks, struct check_block, i), p);
}

/* Space: spec/pst.md 5 */

static int
extent_compare(gconstpointer a, gconstpointer b)
{
	const struct check_extent *x = a, *y = b;

	return x->ib < y->ib ? -1 : x->ib > y->ib;
}

/* The map page of a type at ib; false (and said) when it is not right. */
static bool
map_page(struct check *c, guint64 ib, guint8 type, guint8 p[512])
{
	g_autoptr(GError) error = NULL;

	if (pst_ndb_raw(c->ndb, ib, p, 512, &error) < 0 || p[496] != type ||
	    p[497] != type || get_le64(p + 504) != ib ||
	    get_le16(p + 498) != 0 || get_le32(p + 500) != pst_crc(p, 496)) {
		pst_check_say(c, R_MAP_PAGE,
		    "page of type %02x at %" G_GINT64_MODIFIER "x", type, ib);
		return false;
	}
	return true;
}

static void
set_bits(guint8 bits[496], guint64 from, guint64 len)
{
	for (guint64 i = from / 64; i < (from + len + 63) / 64; i++)
		if (i < SECTION_BITS)
			bits[i / 8] |= (guint8)(0x80 >> i % 8);
}

static guint
longest_run(const guint8 bits[496], guint *free_bits)
{
	guint run = 0, best = 0;

	*free_bits = 0;
	for (guint i = 0; i < SECTION_BITS; i++) {
		if (bits[i / 8] & 0x80 >> i % 8) {
			run = 0;
			continue;
		}
		(*free_bits)++;
		run++;
		best = MAX(best, run);
	}
	return best;
}

void
pst_check_space(struct check *c)
{
	guint64 n = pst_ndb_size(c->ndb) > FIRST_AMAP
			? (pst_ndb_size(c->ndb) - FIRST_AMAP) / SECTION
			: 0;
	guint64 total_free = 0, end = 0;
	guint at = 0;
	guint8 page[512], fmap[512] = {0}, header[PST_HEADER_LEN];

	g_array_sort(c->extents, extent_compare);
	for (guint i = 0; i < c->extents->len; i++) {
		const struct check_extent *x =
		    &g_array_index(c->extents, struct check_extent, i);

		if (x->ib < end)
			pst_check_say(
			    c, R_OVERLAP, "at %" G_GINT64_MODIFIER "x", x->ib);
		end = MAX(end, x->ib + x->len);
	}
	if (pst_ndb_raw(c->ndb, DLIST_AT, page, 512, NULL) < 0 ||
	    page[496] != PST_PAGE_DLIST || page[497] != PST_PAGE_DLIST ||
	    get_le32(page + 500) != pst_crc(page, 496))
		pst_check_say(c, R_DLIST, "its type or checksum is wrong");
	if (pst_ndb_raw(c->ndb, 0, header, sizeof header, NULL) < 0)
		return;
	for (guint64 s = 0; s < n; s++) {
		guint64 a = FIRST_AMAP + s * SECTION;
		guint8 want[496] = {0};
		guint run, free_bits, level;

		set_bits(want, 0, 512);
		if (s % 8 == 0) {
			set_bits(want, 0x200, 512);
			if (map_page(c, a + 0x200, PST_PAGE_PMAP, page))
				for (guint i = 0; i < 496; i++)
					if (page[i] != 0xff) {
						pst_check_say(c, R_PMAP,
						    "at %" G_GINT64_MODIFIER
						    "x",
						    a + 0x200);
						break;
					}
		}
		if (s >= 128 && (s - 128) % 496 == 0) {
			set_bits(want, 0x400, 512);
			map_page(c, a + 0x400, PST_PAGE_FMAP, fmap);
		}
		if (s >= 8192 && (s - 8192) % 31744 == 0) {
			set_bits(want, 0x400, 512);
			map_page(c, a + 0x400, PST_PAGE_FPMAP, page);
		}
		for (; at < c->extents->len; at++) {
			const struct check_extent *x =
			    &g_array_index(c->extents, struct check_extent, at);
			guint64 from;

			if (x->ib >= a + SECTION)
				break;
			if (x->ib < a)
				continue;
			from = x->ib - a;
			for (guint64 i = from / 64;
			     i < (from + x->len) / 64 && i < SECTION_BITS; i++)
				if (want[i / 8] & 0x80 >> i % 8) {
					pst_check_say(c, R_OVERLAP,
					    "at %" G_GINT64_MODIFIER "x",
					    x->ib);
					break;
				}
			set_bits(want, from, x->len);
		}
		if (!map_page(c, a, PST_PAGE_AMAP, page))
			continue;
		for (guint i = 0; i < 496; i++)
			if (want[i] & ~page[i]) {
				pst_check_say(c, R_AMAP_SET,
				    "map at %" G_GINT64_MODIFIER
				    "x, near %" G_GINT64_MODIFIER "x",
				    a, a + i * 512);
				break;
			}
		for (guint i = 0; i < 496; i++)
			if (page[i] & ~want[i]) {
				pst_check_say(c, R_AMAP_STRAY,
				    "map at %" G_GINT64_MODIFIER
				    "x, near %" G_GINT64_MODIFIER "x",
				    a, a + i * 512);
				break;
			}
		run = longest_run(page, &free_bits);
		total_free += 64ull * free_bits;
		level = s < 128 ? header[256 + s] : fmap[(s - 128) % 496];
		if (level != MIN(run, 255))
			pst_check_say(c, R_FMAP,
			    "section %" G_GUINT64_FORMAT
			    " has %u, should have %u",
			    s, level, MIN(run, 255));
	}
	if (total_free != c->header->amap_free)
		pst_check_say(c, R_AMAP_FREE,
		    "the header says %" G_GUINT64_FORMAT
		    ", the maps %" G_GUINT64_FORMAT,
		    c->header->amap_free, total_free);
}

/* References: spec/pst.md 6, 7.1 */

static struct check_block *
refer(struct check *c, guint64 bid, guint64 from, bool internal, bool any)
{
	struct check_block *b;

	if (bid == 0)
		return NULL;
	b = pst_check_block(c, bid);
	if (b == NULL) {
		pst_check_say(c, R_MISSING,
		    "block %" G_GINT64_MODIFIER "x, from %" G_GINT64_MODIFIER
		    "x",
		    bid, from);
		return NULL;
	}
	b->seen++;
	if (!any && ((bid & PST_BID_INTERNAL) != 0) != internal)
		pst_check_say(c, R_BID,
		    "block %" G_GINT64_MODIFIER
		    "x is of the wrong kind for where %" G_GINT64_MODIFIER
		    "x has it",
		    bid, from);
	return b;
}

static void
note_nid(struct check *c, guint32 nid)
{
	guint type = PST_NID_TYPE(nid);

	c->nid_high[type] = MAX(c->nid_high[type], PST_NID_INDEX(nid));
}

static void
check_xblock(
    struct check *c, const struct check_block *b, const guint8 *p, gsize len)
{
	guint w = c->layout->word, n = get_le16(p + 2);
	guint full = (c->layout->block_data - 8) / w;
	guint64 total = 0;
	bool broken = p[1] < 1 || p[1] > 2 || n == 0 || len != 8 + n * w;

	for (guint i = 0; !broken && i < n; i++) {
		guint64 bid = word(c, p + 8 + i * w);
		struct check_block *child =
		    refer(c, bid, b->bid, p[1] == 2, false);

		if (child == NULL)
			continue;
		if (p[1] == 2) {
			g_autoptr(GBytes) bytes = NULL;
			const guint8 *q;

			if (pst_ndb_block(c->ndb, bid, &bytes, NULL) < 0 ||
			    g_bytes_get_size(bytes) < 8)
				continue;
			q = g_bytes_get_data(bytes, NULL);
			total += get_le32(q + 4);
			if (i + 1 < n && get_le16(q + 2) != full)
				broken = true;
		} else if (c->header->variant != PST_UNICODE_4K) {
			total += child->cb;
			if (i + 1 < n && child->cb != c->layout->block_data)
				broken = true;
		}
	}
	if (c->header->variant != PST_UNICODE_4K && total != get_le32(p + 4))
		broken = true;
	if (broken)
		pst_check_say(c, R_XBLOCK,
		    "block %" G_GINT64_MODIFIER "x: level %u, %u blocks, %u "
		    "bytes, found %" G_GUINT64_FORMAT,
		    b->bid, p[1], n, get_le32(p + 4), total);
}

static void
check_slblock(
    struct check *c, const struct check_block *b, const guint8 *p, gsize len)
{
	guint w = c->layout->word, head = w == 4 ? 4 : 8, n = get_le16(p + 2);
	guint size = p[1] == 0 ? 3 * w : 2 * w;
	guint32 last = 0;
	bool broken = p[1] > 1 || n == 0 || len < head + (gsize)n * size;

	for (guint i = 0; !broken && i < n; i++) {
		const guint8 *e = p + head + i * size;
		guint32 nid = get_le32(e);

		if (i > 0 && nid <= last)
			broken = true;
		last = nid;
		if (p[1] == 0) {
			note_nid(c, nid);
			refer(c, word(c, e + w), b->bid, false, true);
			refer(c, word(c, e + 2 * w), b->bid, true, false);
		} else {
			struct check_block *child =
			    refer(c, word(c, e + w), b->bid, true, false);
			g_autoptr(GBytes) bytes = NULL;
			const guint8 *q;

			if (child == NULL ||
			    pst_ndb_block(c->ndb, child->bid, &bytes, NULL) <
				0 ||
			    g_bytes_get_size(bytes) < head + 4)
				continue;
			q = g_bytes_get_data(bytes, NULL);
			if (q[1] != 0 || get_le32(q + head) != nid)
				broken = true;
		}
	}
	if (broken)
		pst_check_say(c, R_SLBLOCK,
		    "block %" G_GINT64_MODIFIER "x: level %u, %u entries",
		    b->bid, p[1], n);
}

void
pst_check_references(struct check *c)
{
	for (guint i = 0; i < c->nodes->len; i++) {
		const struct pst_node *n =
		    &g_array_index(c->nodes, struct pst_node, i);

		note_nid(c, n->nid);
		refer(c, n->data, n->nid, false, true);
		refer(c, n->sub, n->nid, true, false);
	}
	for (guint i = 0; i < c->blocks->len; i++) {
		const struct check_block *b =
		    &g_array_index(c->blocks, struct check_block, i);
		g_autoptr(GBytes) bytes = NULL;
		const guint8 *p;
		gsize len;

		if ((b->bid & PST_BID_INTERNAL) == 0 ||
		    pst_ndb_block(c->ndb, b->bid, &bytes, NULL) < 0)
			continue;
		p = g_bytes_get_data(bytes, &len);
		if (len >= 8 && p[0] == PST_BTYPE_X)
			check_xblock(c, b, p, len);
		else if (len >= 8 && p[0] == PST_BTYPE_S)
			check_slblock(c, b, p, len);
		else
			pst_check_say(c, R_XBLOCK,
			    "block %" G_GINT64_MODIFIER
			    "x is internal and no list",
			    b->bid);
	}
	for (guint i = 0; i < c->blocks->len; i++) {
		const struct check_block *b =
		    &g_array_index(c->blocks, struct check_block, i);

		if (b->seen == 0)
			pst_check_say(c, R_ORPHAN,
			    "block %" G_GINT64_MODIFIER "x", b->bid);
		else if (b->refs != b->seen + 1)
			pst_check_say(c, R_REFS,
			    "block %" G_GINT64_MODIFIER
			    "x says %u, has %u references",
			    b->bid, b->refs, b->seen);
	}
	/* Types whose ids are fixed are not counted: spec/pst.md 2.1. */
	for (guint type = 1; c->unicode && type < 32; type++)
		if (type != PST_INTERNAL &&
		    c->nid_high[type] > c->header->nid_high[type])
			pst_check_say(c, R_NID_HIGH,
			    "type %02x: the header says %x, highest is %x",
			    type, c->header->nid_high[type], c->nid_high[type]);
}
