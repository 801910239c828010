/* Property contexts and table contexts, for writing: spec/pst.md 7.4, 7.5. */
#include "pst/bag-private.h"

#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

/* A tag above the number of its item: 447 at most, nearly in order. */
static void
sort(guint64 *order, guint n)
{
	for (guint i = 1; i < n; i++) {
		guint64 key = order[i];
		guint at = i;

		for (; at > 0 && order[at - 1] > key; at--)
			order[at] = order[at - 1];
		order[at] = key;
	}
}

/* What stands for a value that is not inline: a heap id, a subnode, or 0. */
static enum status
place(PstOut *out, PstHeapOut *heap, GArray *subnodes, const PstBag *bag,
    const struct bag_item *item, guint32 *hnid, GError **error)
{
	struct pst_subnode sub = {.data = item->bid};
	guint8 *p;
	enum status st;

	*hnid = 0;
	if (item->bid != 0) {
		*hnid = sub.nid = pst_out_nid(out, PST_LTP);
		g_array_append_val(subnodes, sub);
		return ST_OK;
	}
	if (item->len == 0)
		return ST_OK;
	st = pst_heap_out_item(heap, item->len, hnid, &p, error);
	if (st < 0)
		return st;
	if (pst_bag_is_fixed(item->tag))
		put_le64(p, item->number);
	else
		memcpy(p, pst_bag_item_bytes(bag, item), item->len);
	return ST_OK;
}

enum status
pst_props_write(PstBag *bag, PstHeapOut *heap, GArray *subnodes,
    gint64 count_from, guint64 *bid, GError **error)
{
	guint n;
	guint64 order[PST_OUT_PROPS_MAX];
	guint8 *header, *records = NULL, *size_at = NULL;
	guint32 root, hid, size = 0;
	enum status st;

	if (count_from >= 0)
		pst_bag_int(bag, PST_P_MESSAGE_SIZE << 16 | PST_T_INT32, 0);
	n = bag->items->len;
	if (n > PST_OUT_PROPS_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "%u properties are too many for one item of a .pst (%d)", n,
		    PST_OUT_PROPS_MAX);
	for (guint i = 0; i < n; i++)
		order[i] =
		    (guint64)g_array_index(bag->items, struct bag_item, i).tag
			<< 32 |
		    i;
	sort(order, n);
	pst_heap_out_reset(heap, PST_HN_PC);
	st = pst_heap_out_item(heap, 8, &root, &header, error);
	if (st == ST_OK && n > 0)
		st = pst_heap_out_item(heap, 8 * n, &hid, &records, error);
	if (st < 0)
		return st;
	header[0] = PST_BTH_SIG;
	header[1] = 2;
	header[2] = 6;
	put_le32(header + 4, n > 0 ? hid : 0);
	for (guint i = 0; i < n; i++) {
		const struct bag_item *item = &g_array_index(
		    bag->items, struct bag_item, (guint32)order[i]);
		guint8 *r = records + 8 * i;
		guint32 value = (guint32)item->number;

		if (!pst_bag_is_fixed(item->tag) || item->len > 4) {
			st = place(
			    bag->out, heap, subnodes, bag, item, &value, error);
			if (st < 0)
				return st;
		}
		put_le16(r, item->tag >> 16);
		put_le16(r + 2, item->tag & 0xffff);
		put_le32(r + 4, value);
		if (item->tag >> 16 == PST_P_MESSAGE_SIZE)
			size_at = r + 4;
	}
	st = pst_heap_out_end(heap, root, count_from >= 0 ? size_at : NULL,
	    (guint64)count_from, &size, bid, error);
	if (st == ST_OK && count_from >= 0)
		pst_bag_int(bag, PST_P_MESSAGE_SIZE << 16 | PST_T_INT32, size);
	return st;
}

struct PstTableOut {
	PstOut *out;
	PstHeapOut *heap;
	PstBthOut *index;
	const struct pst_template *template;
	guint64 n_rows, row;
	guint size;   /* bytes of a row */
	guint8 *info; /* TCINFO, in the first block */
	guint8
	    *matrix; /* rows, in the first block; NULL: in their own blocks */
	PstOutData *data;
	guint8 block[PST_OUT_BLOCK_DATA];
	guint in_block; /* rows */
	GArray *subnodes;
};

PstTableOut *
pst_table_out_new(PstOut *out)
{
	PstTableOut *t = g_new0(PstTableOut, 1);

	t->out = out;
	t->heap = pst_heap_out_new(out, PST_HN_TC);
	t->data = pst_out_data_new(out);
	t->subnodes = g_array_new(FALSE, FALSE, sizeof(struct pst_subnode));
	return t;
}

void
pst_table_out_free(PstTableOut *table)
{
	if (table == NULL)
		return;
	pst_bth_out_free(table->index);
	pst_heap_out_free(table->heap);
	pst_out_data_free(table->data);
	g_array_unref(table->subnodes);
	g_free(table);
}

enum status
pst_table_out_begin(PstTableOut *t, const struct pst_template *template,
    guint64 n_rows, GError **error)
{
	guint8 *header, *p;
	guint32 index_hid, info_hid, rows_hid = 0;
	enum status st;

	t->template = template;
	t->n_rows = n_rows;
	t->row = 0;
	t->size = template->ends[3];
	t->matrix = NULL;
	t->in_block = 0;
	memset(t->block, 0, sizeof t->block);
	g_array_set_size(t->subnodes, 0);
	g_clear_pointer(&t->index, pst_bth_out_free);
	/* 20 is the row index, 40 the table's header, 60 the leaf of the index,
	 * 80 the rows: where Outlook has them. */
	pst_heap_out_reset(t->heap, PST_HN_TC);
	st = pst_heap_out_item(t->heap, 8, &index_hid, &header, error);
	if (st == ST_OK)
		st = pst_heap_out_item(
		    t->heap, 22 + 8 * template->n, &info_hid, &t->info, error);
	if (st < 0)
		return st;
	g_assert(index_hid == 0x20 && info_hid == 0x40);
	p = t->info;
	p[0] = PST_HN_TC;
	p[1] = (guint8) template->n;
	for (guint i = 0; i < 4; i++)
		put_le16(p + 2 + 2 * i, template->ends[i]);
	put_le32(p + 10, index_hid);
	for (guint i = 0; i < template->n; i++) {
		const struct pst_out_column *c = &template->columns[i];

		put_le32(p + 22 + 8 * i, c->tag);
		put_le16(p + 26 + 8 * i, c->at);
		p[28 + 8 * i] = c->len;
		p[29 + 8 * i] = c->bit;
	}
	t->index = pst_bth_out_new(t->heap, header, 4, 4);
	st = pst_bth_out_reserve(t->index, n_rows, error);
	if (st == ST_OK && n_rows > 0 && n_rows * t->size <= PST_OUT_ITEM_MAX) {
		st = pst_heap_out_item(t->heap, (gsize)n_rows * t->size,
		    &rows_hid, &t->matrix, error);
		put_le32(t->info + 14, rows_hid);
	}
	return st;
}

static enum status
row_write(PstTableOut *t, const guint8 *row, GError **error)
{
	guint per_block = PST_OUT_BLOCK_DATA / t->size;
	enum status st = ST_OK;

	if (t->matrix) {
		memcpy(t->matrix + t->row * t->size, row, t->size);
		return ST_OK;
	}
	/* Rows do not straddle blocks; a block that is not the last is full. */
	if (t->in_block == per_block) {
		st = pst_out_data_write(
		    t->data, t->block, sizeof t->block, error);
		memset(t->block, 0, sizeof t->block);
		t->in_block = 0;
	}
	memcpy(t->block + (gsize)t->in_block++ * t->size, row, t->size);
	return st;
}

enum status
pst_table_out_row(PstTableOut *t, guint32 id, guint32 version,
    const PstBag *cells, GError **error)
{
	const struct pst_template *template = t->template;
	guint8 row[256] = {0}, record[8];
	guint8 *bits = row + template->ends[2];
	enum status st;

	g_assert(t->size <= sizeof row && t->row < t->n_rows);
	for (guint i = 0; i < template->n; i++) {
		const struct pst_out_column *c = &template->columns[i];
		const struct bag_item *item;
		guint8 value[8] = {0};
		guint32 hnid;

		if (c->tag >> 16 == PST_P_ROW_ID) {
			put_le32(value, id);
		} else if (c->tag >> 16 == PST_P_ROW_VERSION) {
			put_le32(value, version);
		} else if ((item = pst_bag_find(cells, c->tag)) == NULL) {
			continue;
		} else if (pst_bag_is_fixed(c->tag)) {
			put_le64(value, item->number);
		} else {
			st = place(t->out, t->heap, t->subnodes, cells, item,
			    &hnid, error);
			if (st < 0)
				return st;
			/* The same data as the object's: spec/pst.md 13.4 */
			if (item->shared)
				pst_out_refer(t->out, item->bid);
			put_le32(value, hnid);
		}
		memcpy(row + c->at, value, c->len);
		bits[c->bit / 8] |= (guint8)(0x80 >> c->bit % 8);
	}
	put_le32(record, id);
	put_le32(record + 4, (guint32)t->row);
	st = pst_bth_out_add(t->index, record, error);
	if (st == ST_OK)
		st = row_write(t, row, error);
	t->row++;
	return st;
}

enum status
pst_table_out_end(PstTableOut *t, guint64 *data, guint64 *sub, GError **error)
{
	struct pst_subnode rows = {0};
	guint64 len;
	enum status st;

	g_assert(t->row == t->n_rows);
	st = pst_bth_out_end(t->index, error);
	if (st == ST_OK && t->matrix == NULL && t->n_rows > 0) {
		st = pst_out_data_write(
		    t->data, t->block, (gsize)t->in_block * t->size, error);
		if (st == ST_OK)
			st = pst_out_data_end(t->data, &rows.data, &len, error);
		rows.nid = pst_out_nid(t->out, PST_LTP);
		put_le32(t->info + 14, rows.nid);
		g_array_append_val(t->subnodes, rows);
	}
	if (st == ST_OK)
		st =
		    pst_heap_out_end(t->heap, 0x40, NULL, 0, NULL, data, error);
	if (st == ST_OK)
		st = pst_out_subnodes(t->out, t->subnodes, sub, error);
	return st;
}
