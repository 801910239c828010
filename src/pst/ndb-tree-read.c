/* Data trees and subnode trees: what blocks of blocks say. */
#include "pst/ndb-read.h"

#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

/* An internal block: XBLOCK, XXBLOCK ([MS-PST] 2.2.2.8.3.2), SLBLOCK, SIBLOCK
 * (2.2.2.8.3.3): type, level, count, then entries. */
struct list {
	GBytes *bytes;
	const guint8 *entries;
	guint level, n, size;
	guint64 total; /* lcbTotal of XBLOCKs, bytes */
};

static void
list_clear(struct list *list)
{
	g_clear_pointer(&list->bytes, g_bytes_unref);
}
typedef struct list List;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(List, list_clear)

static guint64
word(const PstNdb *ndb, const guint8 *p)
{
	return pst_ndb_layout(ndb)->word == 4 ? get_le32(p) : get_le64(p);
}

static enum status
list_read(
    PstNdb *ndb, guint64 bid, guint8 btype, struct list *out, GError **error)
{
	guint w = pst_ndb_layout(ndb)->word, head = 8;
	const guint8 *p;
	gsize len;
	enum status st;

	list_clear(out);
	st = pst_ndb_block(ndb, bid, &out->bytes, error);
	if (st < 0)
		return st;
	p = g_bytes_get_data(out->bytes, &len);
	/* ANSI subnode blocks have no padding after the count. */
	if (btype == PST_BTYPE_S && w == 4)
		head = 4;
	if (len < head || p[0] != btype)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "block %" G_GINT64_MODIFIER
		    "x is damaged: not a list of type %u",
		    bid, btype);
	out->level = p[1];
	out->n = get_le16(p + 2);
	out->entries = p + head;
	if (btype == PST_BTYPE_X) {
		out->size = w;
		out->total = get_le32(p + 4);
	} else {
		out->size = out->level == 0 ? 3 * w : 2 * w;
	}
	if (out->n > (len - head) / out->size ||
	    (btype == PST_BTYPE_X && (out->level < 1 || out->level > 2)) ||
	    (btype == PST_BTYPE_S && out->level > 1))
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "block %" G_GINT64_MODIFIER
		    "x is damaged: level %u, %u entries in %" G_GSIZE_FORMAT
		    " bytes",
		    bid, out->level, out->n, len);
	return ST_OK;
}

/* How many block ids a full XBLOCK holds. */
static guint
x_capacity(const PstNdb *ndb)
{
	const struct pst_layout *l = pst_ndb_layout(ndb);

	return (l->block_data - 8) / l->word;
}

enum status
pst_data_open(struct pst_data *out, PstNdb *ndb, guint64 bid, GError **error)
{
	g_auto(List) list = {0}, last = {0};
	g_autoptr(GBytes) bytes = NULL;
	enum status st;

	*out = (struct pst_data){.ndb = ndb, .bid = bid};
	if (bid == 0)
		return ST_OK;
	if ((bid & PST_BID_INTERNAL) == 0) {
		st = pst_ndb_block(ndb, bid, &bytes, error);
		if (st < 0)
			return st;
		out->n_blocks = 1;
		out->size = g_bytes_get_size(bytes);
		return ST_OK;
	}
	st = list_read(ndb, bid, PST_BTYPE_X, &list, error);
	if (st < 0)
		return st;
	out->level = list.level;
	out->size = list.total;
	out->n_blocks = list.n;
	if (list.level == 2 && list.n > 0) {
		st = list_read(ndb,
		    word(ndb, list.entries + (list.n - 1) * list.size),
		    PST_BTYPE_X, &last, error);
		if (st < 0)
			return st;
		if (last.level != 1)
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "block %" G_GINT64_MODIFIER
			    "x is damaged: lists within lists",
			    bid);
		out->n_blocks = (list.n - 1) * x_capacity(ndb) + last.n;
	}
	if (out->size >
	    (guint64)out->n_blocks * pst_ndb_layout(ndb)->block_data)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "block %" G_GINT64_MODIFIER
		    "x is damaged: %" G_GUINT64_FORMAT " bytes in %u blocks",
		    bid, out->size, out->n_blocks);
	return ST_OK;
}

enum status
pst_data_block(
    const struct pst_data *data, guint i, GBytes **out, GError **error)
{
	g_auto(List) list = {0};
	PstNdb *ndb = data->ndb;
	guint64 bid = data->bid;
	guint capacity = x_capacity(ndb);
	enum status st;

	*out = NULL;
	if (i >= data->n_blocks)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "block %u of %u is asked for", i, data->n_blocks);
	for (guint level = data->level; level > 0; level--) {
		guint at = level == 2 ? i / capacity : i;

		st = list_read(ndb, bid, PST_BTYPE_X, &list, error);
		if (st < 0)
			return st;
		if (list.level != level || at >= list.n)
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "block %" G_GINT64_MODIFIER
			    "x is damaged: a list that is not full, or of the "
			    "wrong level",
			    bid);
		bid = word(ndb, list.entries + at * list.size);
		i %= capacity;
	}
	if (bid & PST_BID_INTERNAL)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "block %" G_GINT64_MODIFIER
		    "x is damaged: a list where data belongs",
		    bid);
	return pst_ndb_block(ndb, bid, out, error);
}

enum status
pst_data_read(const struct pst_data *data, guint64 at, void *buf, gsize len,
    gsize *got, GError **error)
{
	guint full = pst_ndb_layout(data->ndb)->block_data;

	*got = 0;
	if (at >= data->size)
		return ST_OK;
	len = (gsize)MIN((guint64)len, data->size - at);
	while (*got < len) {
		g_autoptr(GBytes) block = NULL;
		guint i = (guint)(at / full), from = (guint)(at % full);
		const guint8 *p;
		gsize have, n;
		enum status st = pst_data_block(data, i, &block, error);

		if (st < 0)
			return st;
		p = g_bytes_get_data(block, &have);
		if (have <= from || (i + 1 < data->n_blocks && have != full))
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "block %u of a value is damaged: %" G_GSIZE_FORMAT
			    " bytes long",
			    i, have);
		n = MIN(have - from, len - *got);
		memcpy((guint8 *)buf + *got, p + from, n);
		*got += n;
		at += n;
	}
	return ST_OK;
}

static void
sub_parse(const PstNdb *ndb, const guint8 *e, struct pst_node *out)
{
	guint w = pst_ndb_layout(ndb)->word;

	/* The upper half of the 8-byte id is garbage: spec/pst.md 3. */
	out->nid = get_le32(e);
	out->data = word(ndb, e + w);
	out->sub = word(ndb, e + 2 * w);
	out->parent = 0;
}

enum status
pst_sub_node(
    PstNdb *ndb, guint64 sub, guint32 nid, struct pst_node *out, GError **error)
{
	g_auto(List) list = {0};
	enum status st;

	for (int level = -1; sub != 0; level = 0) {
		guint low = 0, high;

		st = list_read(ndb, sub, PST_BTYPE_S, &list, error);
		if (st < 0)
			return st;
		if (level == 0 && list.level != 0)
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "block %" G_GINT64_MODIFIER
			    "x is damaged: lists within lists",
			    sub);
		/* The last entry whose id is not above nid. */
		for (high = list.n; low < high;) {
			guint mid = (low + high) / 2;

			if (get_le32(list.entries + mid * list.size) <= nid)
				low = mid + 1;
			else
				high = mid;
		}
		if (low == 0)
			return ST_END;
		if (list.level == 0) {
			sub_parse(
			    ndb, list.entries + (low - 1) * list.size, out);
			return out->nid == nid ? ST_OK : ST_END;
		}
		sub = word(ndb, list.entries + (low - 1) * list.size +
				    pst_ndb_layout(ndb)->word);
	}
	return ST_END;
}

void
pst_sub_walk_init(struct pst_sub_walk *walk, PstNdb *ndb, guint64 sub)
{
	*walk = (struct pst_sub_walk){.ndb = ndb, .sub = sub};
}

enum status
pst_sub_walk_next(
    struct pst_sub_walk *walk, struct pst_node *out, GError **error)
{
	g_auto(List) top = {0}, list = {0};
	PstNdb *ndb = walk->ndb;
	enum status st;

	while (walk->sub != 0) {
		const struct list *leaf = &top;

		st = list_read(ndb, walk->sub, PST_BTYPE_S, &top, error);
		if (st < 0) {
			walk->sub = 0;
			return st;
		}
		if (top.level == 1) {
			if (walk->outer >= top.n)
				break;
			st = list_read(ndb,
			    word(ndb, top.entries + walk->outer * top.size +
					  pst_ndb_layout(ndb)->word),
			    PST_BTYPE_S, &list, error);
			if (st == ST_OK && list.level != 0)
				st = fail(ST_ITEM, error, ERR_FORMAT,
				    RETRY_NEVER,
				    "block %" G_GINT64_MODIFIER
				    "x is damaged: lists within lists",
				    walk->sub);
			if (st < 0) {
				walk->outer++;
				walk->inner = 0;
				return st;
			}
			leaf = &list;
		}
		if (walk->inner >= leaf->n) {
			walk->inner = 0;
			if (top.level == 0)
				break;
			walk->outer++;
			continue;
		}
		sub_parse(ndb, leaf->entries + walk->inner++ * leaf->size, out);
		if (walk->begun && out->nid <= walk->last) {
			walk->sub = 0;
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "subnodes are out of order at %x", out->nid);
		}
		walk->begun = true;
		walk->last = out->nid;
		return ST_OK;
	}
	return ST_END;
}
