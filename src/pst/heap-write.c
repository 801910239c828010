/* Heaps and the trees on them, for writing: spec/pst.md 7.2, 7.3. */
#include "pst/ltp-write.h"

#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

#define BLOCK	     PST_OUT_BLOCK_DATA
#define ITEMS_MAX    2047 /* of one block */
#define BITMAP_EVERY 128  /* blocks between those that hold fill levels */
#define BITMAP_FIRST 8

struct page {
	guint8 p[BLOCK];
	guint pos;   /* bytes used from the front */
	guint n;     /* items */
	guint index; /* in the heap */
	guint len;   /* bytes, once closed */
	guint16 offsets[ITEMS_MAX + 1];
};

/*
 * Block 0 is kept until the end, since what it says depends on all that
 * follows; of the others those with fill levels are kept until their 128
 * blocks are done. Ids need not ascend: a list ties them together.
 */
struct PstHeapOut {
	PstOut *out;
	guint8 client;
	struct page first, held, other;
	struct page *page; /* the one that is being filled */
	bool holding;	   /* held is closed and not written */
	GArray *bids;	   /* guint64, by block */
};

static void
page_begin(PstHeapOut *heap, struct page *page, guint index)
{
	guint head = 2;

	if (index == 0)
		head = 12;
	else if (index >= BITMAP_FIRST &&
		 (index - BITMAP_FIRST) % BITMAP_EVERY == 0)
		head = 66;
	memset(page->p, 0, BLOCK);
	page->pos = head;
	page->n = 0;
	page->index = index;
	page->offsets[0] = (guint16)head;
	heap->page = page;
}

PstHeapOut *
pst_heap_out_new(PstOut *out, guint8 client)
{
	PstHeapOut *heap = g_new(PstHeapOut, 1);

	heap->out = out;
	heap->bids = g_array_new(FALSE, TRUE, sizeof(guint64));
	pst_heap_out_reset(heap, client);
	return heap;
}

void
pst_heap_out_free(PstHeapOut *heap)
{
	if (heap == NULL)
		return;
	g_array_unref(heap->bids);
	g_free(heap);
}

void
pst_heap_out_reset(PstHeapOut *heap, guint8 client)
{
	heap->client = client;
	heap->holding = false;
	g_array_set_size(heap->bids, 1);
	page_begin(heap, &heap->first, 0);
}

/* The level of a block's fullness. Its own header is taken off once more than
 * one would think; so does Outlook. */
static guint
fill_level(int room)
{
	static const guint16 least[15] = {3584, 2560, 2048, 1792, 1536, 1280,
	    1024, 768, 512, 256, 128, 64, 32, 16, 8};
	guint level;

	for (level = 0; level < 15 && room < least[level]; level++)
		;
	return level;
}

/* The page map, and the block's level where it belongs. */
static void
page_close(PstHeapOut *heap, bool last)
{
	struct page *page = heap->page;
	guint map = (page->pos + 1) & ~1u, len = 4 + 2 * (page->n + 1), level;
	guint8 *levels = heap->first.p + 8;
	guint at = page->index;

	put_le16(page->p, map);
	put_le16(page->p + map, page->n);
	put_le16(page->p + map + 2, 0);
	for (guint i = 0; i <= page->n; i++)
		put_le16(page->p + map + 4 + 2 * i, page->offsets[i]);
	page->len = last ? map + len : BLOCK;
	level = fill_level(BLOCK - (int)(map + len + page->offsets[0]));
	if (at >= BITMAP_FIRST) {
		levels = heap->held.p + 2;
		at = (at - BITMAP_FIRST) % BITMAP_EVERY;
	}
	levels[at / 2] |= (guint8)(level << at % 2 * 4);
}

static enum status
page_write(PstHeapOut *heap, const struct page *page, GError **error)
{
	return pst_out_block(heap->out, page->p, page->len, false,
	    &g_array_index(heap->bids, guint64, page->index), error);
}

static enum status
page_next(PstHeapOut *heap, GError **error)
{
	guint index = heap->page->index + 1;
	bool bitmap =
	    index >= BITMAP_FIRST && (index - BITMAP_FIRST) % BITMAP_EVERY == 0;
	enum status st = ST_OK;

	if (index >= PST_OUT_HEAP_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "a table or item needs more than %d blocks",
		    PST_OUT_HEAP_MAX);
	page_close(heap, false);
	if (heap->page == &heap->other)
		st = page_write(heap, &heap->other, error);
	else if (heap->page == &heap->held)
		heap->holding = true;
	if (st == ST_OK && bitmap && heap->holding) {
		st = page_write(heap, &heap->held, error);
		heap->holding = false;
	}
	g_array_set_size(heap->bids, index + 1);
	page_begin(heap, bitmap ? &heap->held : &heap->other, index);
	return st;
}

enum status
pst_heap_out_item(
    PstHeapOut *heap, gsize len, guint32 *hid, guint8 **p, GError **error)
{
	struct page *page = heap->page;
	gsize end = (page->pos + len + 1) & ~(gsize)1;
	enum status st;

	g_assert(len > 0 && len <= PST_OUT_ITEM_MAX);
	if (end + 4 + 2 * (page->n + 2) > BLOCK || page->n == ITEMS_MAX) {
		st = page_next(heap, error);
		if (st < 0)
			return st;
		page = heap->page;
	}
	*p = page->p + page->pos;
	page->pos += len;
	page->offsets[++page->n] = (guint16)page->pos;
	*hid = page->index << 16 | page->n << 5;
	return ST_OK;
}

enum status
pst_heap_out_end(PstHeapOut *heap, guint32 root, guint8 *size_at, guint64 base,
    guint32 *size, guint64 *bid, GError **error)
{
	guint8 *p = heap->first.p;
	struct page *last = heap->page;
	guint64 total;
	enum status st = ST_OK;

	page_close(heap, true);
	total = (guint64)last->index * BLOCK + last->len;
	if (last == &heap->other)
		st = page_write(heap, last, error);
	if (st == ST_OK && (heap->holding || last == &heap->held))
		st = page_write(heap, &heap->held, error);
	if (st < 0)
		return st;
	p[2] = PST_HN_SIG;
	p[3] = heap->client;
	put_le32(p + 4, root);
	if (size_at) {
		*size = (guint32)(pst_out_data_bytes(heap->out) - base +
				  heap->first.len);
		put_le32(size_at, *size);
	}
	st = page_write(heap, &heap->first, error);
	if (st < 0)
		return st;
	return pst_out_data_over(heap->out, (guint64 *)heap->bids->data,
	    heap->bids->len, total, bid, error);
}

struct PstBthOut {
	PstHeapOut *heap;
	guint8 *header;
	guint key_len, record_len;
	guint8 leaf[PST_OUT_ITEM_MAX];
	guint filled;	  /* bytes of it */
	guint8 *reserved; /* where it goes, or NULL */
	guint32 reserved_hid;
	GByteArray *nodes; /* key and HID of each finished item of this level */
};

PstBthOut *
pst_bth_out_new(
    PstHeapOut *heap, guint8 *header, guint key_len, guint value_len)
{
	PstBthOut *bth = g_new(PstBthOut, 1);

	bth->heap = heap;
	bth->header = header;
	bth->key_len = key_len;
	bth->record_len = key_len + value_len;
	bth->filled = 0;
	bth->reserved = NULL;
	bth->nodes = g_byte_array_new();
	header[0] = PST_BTH_SIG;
	header[1] = (guint8)key_len;
	header[2] = (guint8)value_len;
	return bth;
}

void
pst_bth_out_free(PstBthOut *bth)
{
	if (bth == NULL)
		return;
	g_byte_array_unref(bth->nodes);
	g_free(bth);
}

static enum status
bth_item(PstBthOut *bth, const guint8 *from, guint len, GError **error)
{
	guint8 hid_bytes[4], *p;
	guint32 hid;
	enum status st = pst_heap_out_item(bth->heap, len, &hid, &p, error);

	if (st < 0)
		return st;
	memcpy(p, from, len);
	put_le32(hid_bytes, hid);
	g_byte_array_append(bth->nodes, from, bth->key_len);
	g_byte_array_append(bth->nodes, hid_bytes, 4);
	return ST_OK;
}

enum status
pst_bth_out_reserve(PstBthOut *bth, guint64 n, GError **error)
{
	if (n == 0 || n * bth->record_len > PST_OUT_ITEM_MAX)
		return ST_OK;
	return pst_heap_out_item(bth->heap, (gsize)n * bth->record_len,
	    &bth->reserved_hid, &bth->reserved, error);
}

enum status
pst_bth_out_add(PstBthOut *bth, const void *record, GError **error)
{
	enum status st;

	if (bth->filled + bth->record_len > PST_OUT_ITEM_MAX) {
		st = bth_item(bth, bth->leaf, bth->filled, error);
		if (st < 0)
			return st;
		bth->filled = 0;
	}
	memcpy(bth->leaf + bth->filled, record, bth->record_len);
	bth->filled += bth->record_len;
	return ST_OK;
}

enum status
pst_bth_out_end(PstBthOut *bth, GError **error)
{
	guint node = bth->key_len + 4, per = PST_OUT_ITEM_MAX / node;
	guint8 levels = 0;
	enum status st;

	if (bth->reserved) {
		memcpy(bth->reserved, bth->leaf, bth->filled);
		put_le32(bth->header + 4, bth->reserved_hid);
		return ST_OK;
	}
	if (bth->filled > 0) {
		st = bth_item(bth, bth->leaf, bth->filled, error);
		if (st < 0)
			return st;
	}
	while (bth->nodes->len > node) {
		g_autoptr(GByteArray) below = bth->nodes;

		bth->nodes = g_byte_array_new();
		for (guint at = 0; at < below->len; at += per * node) {
			st = bth_item(bth, below->data + at,
			    MIN(per * node, below->len - at), error);
			if (st < 0)
				return st;
		}
		levels++;
	}
	bth->header[3] = levels;
	put_le32(bth->header + 4,
	    bth->nodes->len ? get_le32(bth->nodes->data + bth->key_len) : 0);
	return ST_OK;
}
