/* Data trees and subnode trees, for writing: spec/pst.md 7.1. */
#include "pst/ndb-write.h"

#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

#define X_MAX  1021 /* block ids of one list */
#define SL_MAX 340  /* entries of a list of subnodes */
#define SI_MAX 510  /* lists of subnodes */

struct PstOutData {
	PstOut *out;
	guint8 buf[PST_OUT_BLOCK_DATA];
	gsize filled;
	guint64 total;
	GArray *leaves; /* guint64: of the list in the making */
	GArray *lists;	/* guint64: lists that are full */
};

PstOutData *
pst_out_data_new(PstOut *out)
{
	PstOutData *data = g_new(PstOutData, 1);

	data->out = out;
	data->filled = 0;
	data->total = 0;
	data->leaves = g_array_new(FALSE, FALSE, sizeof(guint64));
	data->lists = g_array_new(FALSE, FALSE, sizeof(guint64));
	return data;
}

void
pst_out_data_free(PstOutData *data)
{
	if (data == NULL)
		return;
	g_array_unref(data->leaves);
	g_array_unref(data->lists);
	g_free(data);
}

/* An XBLOCK (level 1) or XXBLOCK (2). */
static enum status
list_write(PstOut *out, guint level, const guint64 *bids, guint n,
    guint64 total, guint64 *bid, GError **error)
{
	guint8 p[8 + 8 * X_MAX];

	p[0] = PST_BTYPE_X;
	p[1] = (guint8)level;
	put_le16(p + 2, n);
	put_le32(p + 4, (guint32)total);
	for (guint i = 0; i < n; i++)
		put_le64(p + 8 + 8 * i, bids[i]);
	return pst_out_block(out, p, 8 + 8 * n, true, bid, error);
}

static enum status
leaf_write(PstOutData *data, const guint8 *p, gsize len, GError **error)
{
	guint64 bid;
	enum status st;

	if (data->leaves->len == X_MAX) {
		st = list_write(data->out, 1, (guint64 *)data->leaves->data,
		    X_MAX, (guint64)X_MAX * PST_OUT_BLOCK_DATA, &bid, error);
		if (st < 0)
			return st;
		g_array_append_val(data->lists, bid);
		g_array_set_size(data->leaves, 0);
	}
	st = pst_out_block(data->out, p, len, false, &bid, error);
	if (st < 0)
		return st;
	g_array_append_val(data->leaves, bid);
	return ST_OK;
}

enum status
pst_out_data_write(PstOutData *data, const void *p, gsize len, GError **error)
{
	const guint8 *from = p;
	enum status st;

	if (len > PST_OUT_VALUE_MAX - data->total)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "a value of more than 2 GiB has no room in a .pst");
	data->total += len;
	while (len > 0) {
		gsize n;

		/* Whole blocks need no copy. A block is written only when more
		 * follows, or at the end. */
		if (data->filled == PST_OUT_BLOCK_DATA) {
			st = leaf_write(data, data->buf, data->filled, error);
			if (st < 0)
				return st;
			data->filled = 0;
		}
		if (data->filled == 0 && len > PST_OUT_BLOCK_DATA) {
			st = leaf_write(data, from, PST_OUT_BLOCK_DATA, error);
			if (st < 0)
				return st;
			from += PST_OUT_BLOCK_DATA;
			len -= PST_OUT_BLOCK_DATA;
			continue;
		}
		n = MIN(len, PST_OUT_BLOCK_DATA - data->filled);
		memcpy(data->buf + data->filled, from, n);
		data->filled += n;
		from += n;
		len -= n;
	}
	return ST_OK;
}

enum status
pst_out_data_end(PstOutData *data, guint64 *bid, guint64 *len, GError **error)
{
	enum status st = ST_OK;
	guint64 full, list;

	*bid = 0;
	*len = data->total;
	if (data->filled > 0)
		st = leaf_write(data, data->buf, data->filled, error);
	full = (guint64)data->lists->len * X_MAX * PST_OUT_BLOCK_DATA;
	if (st == ST_OK && data->lists->len == 0 && data->leaves->len == 1) {
		*bid = g_array_index(data->leaves, guint64, 0);
	} else if (st == ST_OK && data->leaves->len > 0) {
		st = list_write(data->out, 1, (guint64 *)data->leaves->data,
		    data->leaves->len, data->total - full, &list, error);
		*bid = list;
		if (st == ST_OK && data->lists->len > 0) {
			g_array_append_val(data->lists, list);
			st = list_write(data->out, 2,
			    (guint64 *)data->lists->data, data->lists->len,
			    data->total, bid, error);
		}
	}
	data->filled = 0;
	data->total = 0;
	g_array_set_size(data->leaves, 0);
	g_array_set_size(data->lists, 0);
	return st;
}

enum status
pst_out_data_over(PstOut *out, const guint64 *bids, guint n, guint64 total,
    guint64 *bid, GError **error)
{
	g_autoptr(GArray) lists = NULL;
	enum status st = ST_OK;

	if (n <= 1) {
		*bid = n ? bids[0] : 0;
		return ST_OK;
	}
	if (n <= X_MAX)
		return list_write(out, 1, bids, n, total, bid, error);
	if (n > X_MAX * X_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "more than %d blocks in one value", X_MAX * X_MAX);
	lists = g_array_new(FALSE, FALSE, sizeof(guint64));
	for (guint i = 0; i < n && st == ST_OK; i += X_MAX) {
		guint part = MIN(n - i, X_MAX);
		guint64 before = (guint64)i * PST_OUT_BLOCK_DATA, list;
		guint64 bytes = i + part < n
				    ? (guint64)part * PST_OUT_BLOCK_DATA
				    : total - before;

		st = list_write(out, 1, bids + i, part, bytes, &list, error);
		g_array_append_val(lists, list);
	}
	if (st < 0)
		return st;
	return list_write(
	    out, 2, (guint64 *)lists->data, lists->len, total, bid, error);
}

static int
subnode_compare(gconstpointer a, gconstpointer b)
{
	const struct pst_subnode *x = a, *y = b;

	return x->nid < y->nid ? -1 : x->nid > y->nid;
}

enum status
pst_out_subnodes(PstOut *out, GArray *entries, guint64 *bid, GError **error)
{
	guint n = entries->len, lists = (n + SL_MAX - 1) / SL_MAX, at = 0;
	guint8 top[8 + 16 * SI_MAX] = {PST_BTYPE_S, 1};
	guint8 p[8 + 24 * SL_MAX] = {PST_BTYPE_S, 0};
	enum status st;

	*bid = 0;
	if (n == 0)
		return ST_OK;
	if (n > PST_OUT_SUBNODE_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "%u parts are too many for one item of a .pst (%d)", n,
		    PST_OUT_SUBNODE_MAX);
	g_array_sort(entries, subnode_compare);
	for (guint list = 0; list < lists; list++) {
		guint part = n / lists + (list < n % lists);

		for (guint i = 0; i < part; i++, at++) {
			const struct pst_subnode *s =
			    &g_array_index(entries, struct pst_subnode, at);

			if (i == 0)
				put_le64(top + 8 + 16 * list, s->nid);
			put_le64(p + 8 + 24 * i, s->nid);
			put_le64(p + 16 + 24 * i, s->data);
			put_le64(p + 24 + 24 * i, s->sub);
		}
		put_le16(p + 2, part);
		st = pst_out_block(out, p, 8 + 24 * part, true, bid, error);
		if (st < 0)
			return st;
		put_le64(top + 16 + 16 * list, *bid);
	}
	if (lists == 1)
		return ST_OK;
	put_le16(top + 2, lists);
	return pst_out_block(out, top, 8 + 16 * lists, true, bid, error);
}
