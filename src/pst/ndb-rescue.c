#include "pst/ndb-rescue.h"

#include "pst/bytes.h"
#include "pst/format.h"
#include "pst/ndb-decode.h"

#include <string.h>

#define STEP (1u << 20) /* bytes read at a time; a multiple of every page */

struct found_node {
	guint64 page; /* id of the page that says so */
	struct pst_node node;
};

struct PstRescue {
	GArray *nodes;	/* of struct found_node, by id */
	GArray *blocks; /* of struct pst_block, by id */
};

static guint64
word(const struct pst_layout *l, const guint8 *p)
{
	return l->word == 4 ? get_le32(p) : get_le64(p);
}

/* A leaf of the node B-tree, whole: [MS-PST] 2.2.2.7.7.1. */
static void
look_at_page(PstRescue *r, const struct pst_layout *l, const guint8 *p)
{
	const guint8 *t = p + l->page_trailer, *c = p + l->page_body;
	bool wide = l->page == 4096;
	guint n = wide ? get_le16(c) : c[0];
	guint size = wide ? c[4] : c[2], level = wide ? c[5] : c[3];

	if (t[0] != PST_PAGE_NBT || t[1] != PST_PAGE_NBT || level != 0 ||
	    size < 3 * l->word + 4 || n == 0 || n > l->page_body / size ||
	    pst_crc(p, l->page_trailer) != get_le32(t + (l->word == 4 ? 8 : 4)))
		return;
	for (guint i = 0; i < n && r->nodes->len < PST_RESCUE_MAX; i++) {
		const guint8 *e = p + i * size;
		struct found_node found = {
		    .page = word(l, t + (l->word == 4 ? 4 : 8)),
		    .node = {.nid = get_le32(e),
			.data = word(l, e + l->word),
			.sub = word(l, e + 2 * l->word),
			.parent = get_le32(e + 3 * l->word)}};

		g_array_append_val(r->nodes, found);
	}
}

/* Does a block end at that offset? t: its trailer, [MS-PST] 2.2.2.8.1. */
static void
look_at_trailer(PstRescue *r, PstNdb *ndb, const struct pst_layout *l,
    const guint8 *t, guint64 end)
{
	struct pst_block block = {.cb = get_le16(t), .refs = 2};
	guint64 stored, bid = word(l, t + (l->word == 4 ? 4 : 8));
	g_autofree guint8 *data = NULL;

	if (block.cb == 0 || block.cb > l->block_data || bid == 0 ||
	    r->blocks->len >= PST_RESCUE_MAX)
		return;
	stored = (block.cb + l->trailer + l->grid - 1) / l->grid * l->grid;
	if (stored > end)
		return;
	block.ib = end - stored;
	block.bid = bid & ~1ull;
	if (pst_signature(block.ib, bid) != get_le16(t + 2))
		return;
	data = g_malloc(block.cb);
	if (pst_ndb_raw(ndb, block.ib, data, block.cb, NULL) == ST_OK &&
	    pst_crc(data, block.cb) == get_le32(t + (l->word == 4 ? 8 : 4)))
		g_array_append_val(r->blocks, block);
}

/* By id; of the same id the newest page first. */
static int
by_node(gconstpointer a, gconstpointer b)
{
	const struct found_node *x = a, *y = b;

	if (x->node.nid != y->node.nid)
		return x->node.nid < y->node.nid ? -1 : 1;
	return x->page > y->page ? -1 : x->page < y->page;
}

static int
by_block(gconstpointer a, gconstpointer b)
{
	const struct pst_block *x = a, *y = b;

	return x->bid < y->bid ? -1 : x->bid > y->bid;
}

/* One entry for each id: the first. */
static void
settle(PstRescue *r)
{
	guint n = 0;

	g_array_sort(r->nodes, by_node);
	g_array_sort(r->blocks, by_block);
	for (guint i = 0; i < r->nodes->len; i++) {
		struct found_node *all = (struct found_node *)r->nodes->data;

		if (n == 0 || all[n - 1].node.nid != all[i].node.nid)
			all[n++] = all[i];
	}
	g_array_set_size(r->nodes, n);
	n = 0;
	for (guint i = 0; i < r->blocks->len; i++) {
		struct pst_block *all = (struct pst_block *)r->blocks->data;

		if (n == 0 || all[n - 1].bid != all[i].bid)
			all[n++] = all[i];
	}
	g_array_set_size(r->blocks, n);
}

PstRescue *
pst_rescue_new(PstNdb *ndb)
{
	const struct pst_layout *l = pst_ndb_layout(ndb);
	guint64 size = pst_ndb_size(ndb);
	g_autofree guint8 *p = g_malloc(STEP);
	PstRescue *r = g_new0(PstRescue, 1);

	r->nodes = g_array_new(FALSE, FALSE, sizeof(struct found_node));
	r->blocks = g_array_new(FALSE, FALSE, sizeof(struct pst_block));
	for (guint64 at = 0; at < size; at += STEP) {
		gsize len = (gsize)MIN(STEP, size - at);

		if (pst_ndb_raw(ndb, at, p, len, NULL) < 0)
			continue;
		for (gsize i = 0; i + l->page <= len; i += l->page)
			look_at_page(r, l, p + i);
		for (gsize i = l->grid; i <= len; i += l->grid)
			look_at_trailer(r, ndb, l, p + i - l->trailer, at + i);
	}
	settle(r);
	return r;
}

void
pst_rescue_free(PstRescue *r)
{
	if (r == NULL)
		return;
	g_array_unref(r->nodes);
	g_array_unref(r->blocks);
	g_free(r);
}

bool
pst_rescue_node_at(const PstRescue *r, guint i, struct pst_node *out)
{
	if (i >= r->nodes->len)
		return false;
	*out = g_array_index(r->nodes, struct found_node, i).node;
	return true;
}

bool
pst_rescue_block_at(const PstRescue *r, guint i, struct pst_block *out)
{
	if (i >= r->blocks->len)
		return false;
	*out = g_array_index(r->blocks, struct pst_block, i);
	return true;
}

guint
pst_rescue_find(const PstRescue *r, guint8 type, guint64 key)
{
	bool nodes = type == PST_PAGE_NBT;
	guint low = 0, high = nodes ? r->nodes->len : r->blocks->len;

	while (low < high) {
		guint mid = low + (high - low) / 2;
		guint64 at =
		    nodes ? g_array_index(r->nodes, struct found_node, mid)
				.node.nid
			  : g_array_index(r->blocks, struct pst_block, mid).bid;

		if (at < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
