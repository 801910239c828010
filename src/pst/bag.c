/* Properties on their way out. */
#include "pst/ltp-write.h"

#include "pst/bag-private.h"
#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

#define TEXT_CHUNK 4096 /* bytes of UTF-8 converted at a time */
#define NO_DATA	   0	/* bid of a value that is in the bag itself */

PstBag *
pst_bag_new(PstOut *out)
{
	PstBag *bag = g_new0(PstBag, 1);

	bag->out = out;
	bag->items = g_array_new(FALSE, TRUE, sizeof(struct bag_item));
	bag->bytes = g_byte_array_new();
	return bag;
}

void
pst_bag_free(PstBag *bag)
{
	if (bag == NULL)
		return;
	g_array_unref(bag->items);
	g_byte_array_unref(bag->bytes);
	pst_out_data_free(bag->spill);
	g_free(bag);
}

void
pst_bag_reset(PstBag *bag)
{
	g_array_set_size(bag->items, 0);
	memset(bag->slots, 0, sizeof bag->slots);
	g_byte_array_set_size(bag->bytes, 0);
	bag->nul = false;
}

bool
pst_bag_left_nul(const PstBag *bag)
{
	return bag->nul;
}

static guint
slot_of(guint32 tag)
{
	return (tag >> 16 ^ tag >> 22) % BAG_SLOTS;
}

const struct bag_item *
pst_bag_find(const PstBag *bag, guint32 tag)
{
	const struct bag_item *items = (struct bag_item *)bag->items->data;

	for (guint32 i = bag->slots[slot_of(tag)]; i > 0; i = items[i - 1].next)
		if (items[i - 1].tag == tag)
			return &items[i - 1];
	return NULL;
}

/* The item for a tag, new or emptied. */
static struct bag_item *
item_for(PstBag *bag, guint32 tag)
{
	struct bag_item *item = (struct bag_item *)pst_bag_find(bag, tag);
	guint32 *slot = &bag->slots[slot_of(tag)];

	if (item) {
		*item = (struct bag_item){.tag = tag, .next = item->next};
		return item;
	}
	g_array_set_size(bag->items, bag->items->len + 1);
	item = &g_array_index(bag->items, struct bag_item, bag->items->len - 1);
	*item = (struct bag_item){.tag = tag, .next = *slot};
	*slot = bag->items->len;
	return item;
}

void
pst_bag_int(PstBag *bag, guint32 tag, guint32 value)
{
	struct bag_item *item = item_for(bag, tag);

	item->number = value;
	item->len = (tag & 0xffff) == PST_T_BOOL    ? 1
		    : (tag & 0xffff) == PST_T_INT16 ? 2
						    : 4;
}

void
pst_bag_int64(PstBag *bag, guint32 tag, guint64 value)
{
	struct bag_item *item = item_for(bag, tag);

	item->number = value;
	item->len = 8;
}

void
pst_bag_data(PstBag *bag, guint32 tag, guint64 bid, guint64 len)
{
	struct bag_item *item = item_for(bag, tag);

	item->bid = bid;
	item->len = len;
}

void
pst_bag_object(PstBag *bag, guint32 tag, guint32 nid, guint32 size)
{
	struct bag_item *item = item_for(bag, tag);

	item->number = nid | (guint64)size << 32;
	item->len = 8;
}

static PstOutData *
spill(PstBag *bag)
{
	if (bag->spill == NULL)
		bag->spill = pst_out_data_new(bag->out);
	return bag->spill;
}

enum status
pst_bag_bytes(
    PstBag *bag, guint32 tag, const void *p, gsize len, GError **error)
{
	struct bag_item *item;
	guint64 bid, n;
	enum status st;

	if (len > PST_OUT_ITEM_MAX) {
		st = pst_out_data_write(spill(bag), p, len, error);
		if (st == ST_OK)
			st = pst_out_data_end(bag->spill, &bid, &n, error);
		if (st == ST_OK)
			pst_bag_data(bag, tag, bid, n);
		else
			g_clear_pointer(&bag->spill, pst_out_data_free);
		return st;
	}
	item = item_for(bag, tag);
	item->at = bag->bytes->len;
	item->len = len;
	g_byte_array_append(bag->bytes, p, (guint)len);
	return ST_OK;
}

#define RUN 16 /* bytes looked at and widened at a time */

/* ASCII without a NUL: nothing to decode or to leave out. */
static bool
is_ascii(const char *text)
{
	const guint64 tops = G_GUINT64_CONSTANT(0x8080808080808080);
	guint64 word[RUN / 8];

	memcpy(word, text, RUN);
	return (((word[0] - tops / 0x80) | word[0] | (word[1] - tops / 0x80) |
		    word[1]) &
		   tops) == 0;
}

/* The compiler knows a widening move. */
static void
widen(guint8 *to, const char *text)
{
	guint16 units[RUN];

	for (guint i = 0; i < RUN; i++)
		units[i] = GUINT16_TO_LE((guint16)(guint8)text[i]);
	memcpy(to, units, sizeof units);
}

/* UTF-8 to UTF-16LE; at most max units. Bytes that are no UTF-8 become U+FFFD,
 * NUL is left out. Returns bytes written; *used: bytes read. Stops before a
 * character that is cut by the end, unless it is the very end. */
static gsize
utf16(PstBag *bag, guint8 *to, guint max, const char *text, gsize len, bool end,
    gsize *used)
{
	guint units = 0;
	gsize i = 0;

	while (i < len && units < max) {
		gunichar c = (guint8)text[i];

		if (len - i >= RUN && max - units >= RUN &&
		    is_ascii(text + i)) {
			widen(to + 2 * (gsize)units, text + i);
			i += RUN;
			units += RUN;
			continue;
		}
		if (c < 0x80) {
			i++;
			if (c == 0) {
				bag->nul = true;
				continue;
			}
		} else {
			c = g_utf8_get_char_validated(
			    text + i, (gssize)MIN(len - i, 6));
			if (c == (gunichar)-2 && !end)
				break;
			if (c == (gunichar)-2 || c == (gunichar)-1) {
				c = 0xfffd;
				i++;
			} else {
				i += (gsize)(g_utf8_next_char(text + i) -
					     (text + i));
			}
		}
		if (c >= 0x10000) {
			if (units + 2 > max)
				break;
			c -= 0x10000;
			put_le16(to + 2 * units++, 0xd800 + (c >> 10));
			c = 0xdc00 + (c & 0x3ff);
		}
		put_le16(to + 2 * units++, c);
	}
	*used = i;
	return 2 * (gsize)units;
}

enum status
pst_bag_text(PstBag *bag, guint32 tag, const char *text, gssize length,
    guint max, GError **error)
{
	guint8 wide[2 * TEXT_CHUNK];
	gsize len = length < 0 ? strlen(text) : (gsize)length, used, n;
	guint64 bid, total;
	enum status st = ST_OK;

	if (max == 0 || max > TEXT_CHUNK)
		max = TEXT_CHUNK;
	else
		len = MIN(len, TEXT_CHUNK);
	/* As many units as bytes, or fewer. */
	if (len <= PST_OUT_ITEM_MAX / 2) {
		struct bag_item *item = item_for(bag, tag);

		item->at = bag->bytes->len;
		g_byte_array_set_size(bag->bytes, (guint)(item->at + 2 * len));
		item->len = utf16(bag, bag->bytes->data + item->at, max, text,
		    len, true, &used);
		g_byte_array_set_size(
		    bag->bytes, (guint)(item->at + item->len));
		return ST_OK;
	}
	if (len <= TEXT_CHUNK) {
		n = utf16(bag, wide, max, text, len, true, &used);
		return pst_bag_bytes(bag, tag, wide, n, error);
	}
	while (len > 0 && st == ST_OK) {
		gsize part = MIN(len, TEXT_CHUNK);

		n = utf16(
		    bag, wide, TEXT_CHUNK, text, part, part == len, &used);
		st = pst_out_data_write(spill(bag), wide, n, error);
		text += used;
		len -= used;
	}
	if (st == ST_OK)
		st = pst_out_data_end(bag->spill, &bid, &total, error);
	if (st < 0) {
		g_clear_pointer(&bag->spill, pst_out_data_free);
		return st;
	}
	/* Four bytes of UTF-8 can become one unit, or none. */
	if (bid == 0)
		return pst_bag_bytes(bag, tag, "", 0, error);
	pst_bag_data(bag, tag, bid, total);
	return ST_OK;
}

/* One chunk of a text in blobs: UTF-8, as much of it as is whole characters. */
static enum status
text_chunk(PstBag *bag, char *text, gsize *have, bool end, GError **error)
{
	guint8 wide[2 * TEXT_CHUNK];
	gsize used, n = utf16(bag, wide, TEXT_CHUNK, text, *have, end, &used);

	memmove(text, text + used, *have - used);
	*have -= used;
	return pst_out_data_write(spill(bag), wide, n, error);
}

/* Small values belong into the bag, not into blocks of their own. */
static enum status
small_blobs(const struct blob *blobs, guint n, guint8 *p, gsize max, gsize *len,
    GError **error)
{
	gsize got;

	*len = 0;
	for (guint i = 0; i < n; i++) {
		enum status st =
		    blob_read(&blobs[i], 0, p + *len, max - *len, &got, error);

		if (st < 0)
			return st;
		*len += got;
	}
	return ST_OK;
}

static gint64
blobs_len(const struct blob *blobs, guint n)
{
	gint64 sum = 0;

	for (guint i = 0; i < n; i++)
		sum += blobs[i].len;
	return sum;
}

enum status
pst_bag_text_blobs(
    PstBag *bag, guint32 tag, const struct blob *blobs, guint n, GError **error)
{
	char text[TEXT_CHUNK];
	guint64 bid, total;
	gsize have = 0, got;
	enum status st = ST_OK;

	if (blobs_len(blobs, n) <= TEXT_CHUNK) {
		st = small_blobs(
		    blobs, n, (guint8 *)text, TEXT_CHUNK, &have, error);
		if (st < 0)
			return st;
		return pst_bag_text(bag, tag, text, (gssize)have, 0, error);
	}
	for (guint i = 0; i < n && st == ST_OK; i++)
		for (gint64 at = 0; at < blobs[i].len && st == ST_OK;) {
			st = blob_read(&blobs[i], at, text + have,
			    TEXT_CHUNK - have, &got, error);
			if (st < 0)
				break;
			at += (gint64)got;
			have += got;
			st = text_chunk(bag, text, &have, false, error);
		}
	while (st == ST_OK && have > 0)
		st = text_chunk(bag, text, &have, true, error);
	if (st == ST_OK && bag->spill)
		st = pst_out_data_end(bag->spill, &bid, &total, error);
	if (st < 0) {
		g_clear_pointer(&bag->spill, pst_out_data_free);
		return st;
	}
	if (bid == 0)
		return pst_bag_bytes(bag, tag, "", 0, error);
	pst_bag_data(bag, tag, bid, total);
	return ST_OK;
}

enum status
pst_bag_bytes_blobs(
    PstBag *bag, guint32 tag, const struct blob *blobs, guint n, GError **error)
{
	guint8 chunk[4 * PST_OUT_BLOCK_DATA];
	guint64 bid, total;
	gsize len;
	enum status st = ST_OK;

	if (blobs_len(blobs, n) <= PST_OUT_ITEM_MAX) {
		st =
		    small_blobs(blobs, n, chunk, PST_OUT_ITEM_MAX, &len, error);
		if (st < 0)
			return st;
		return pst_bag_bytes(bag, tag, chunk, len, error);
	}
	for (guint i = 0; i < n && st == ST_OK; i++) {
		const guint8 *p;
		gint64 at = 0;

		while ((st = blob_next(&blobs[i], &at, chunk, sizeof chunk, &p,
			    &len, error)) == ST_OK) {
			st = pst_out_data_write(spill(bag), p, len, error);
			if (st < 0)
				break;
		}
		if (st == ST_END)
			st = ST_OK;
	}
	if (st == ST_OK)
		st = pst_out_data_end(bag->spill, &bid, &total, error);
	if (st < 0) {
		g_clear_pointer(&bag->spill, pst_out_data_free);
		return st;
	}
	pst_bag_data(bag, tag, bid, total);
	return ST_OK;
}

enum status
pst_bag_texts(
    PstBag *bag, guint32 tag, const char *const *texts, guint n, GError **error)
{
	g_autoptr(GByteArray) all = g_byte_array_new();

	/* Count, offsets from the beginning, then the texts: spec/pst.md 7.4 */
	g_byte_array_set_size(all, 4 + 4 * n);
	put_le32(all->data, n);
	for (guint i = 0; i < n; i++) {
		guint8 wide[2 * TEXT_CHUNK];
		gsize used, len = MIN(strlen(texts[i]), TEXT_CHUNK);

		put_le32(all->data + 4 + 4 * i, all->len);
		len = utf16(bag, wide, TEXT_CHUNK, texts[i], len, true, &used);
		g_byte_array_append(all, wide, (guint)len);
	}
	return pst_bag_bytes(bag, tag, all->data, all->len, error);
}

enum status
pst_bag_binaries(
    PstBag *bag, guint32 tag, GBytes *const *values, guint n, GError **error)
{
	g_autoptr(GByteArray) all = g_byte_array_new();

	g_byte_array_set_size(all, 4 + 4 * n);
	put_le32(all->data, n);
	for (guint i = 0; i < n; i++) {
		gsize len;
		const guint8 *p = g_bytes_get_data(values[i], &len);

		put_le32(all->data + 4 + 4 * i, all->len);
		if (len > 0)
			g_byte_array_append(all, p, (guint)len);
	}
	return pst_bag_bytes(bag, tag, all->data, all->len, error);
}

bool
pst_bag_has_id(const PstBag *bag, guint id)
{
	const struct bag_item *items = (struct bag_item *)bag->items->data;

	for (guint32 i = bag->slots[slot_of((guint32)id << 16)]; i > 0;
	     i = items[i - 1].next)
		if (items[i - 1].tag >> 16 == id)
			return true;
	return false;
}

bool
pst_bag_has(const PstBag *bag, guint32 tag)
{
	return pst_bag_find(bag, tag) != NULL;
}

guint32
pst_bag_get_int(const PstBag *bag, guint32 tag, guint32 fallback)
{
	const struct bag_item *item = pst_bag_find(bag, tag);

	return item ? (guint32)item->number : fallback;
}

guint
pst_bag_n(const PstBag *bag)
{
	return bag->items->len;
}

guint64
pst_bag_size(const PstBag *bag)
{
	guint64 sum = 0;

	for (guint i = 0; i < bag->items->len; i++) {
		const struct bag_item *item =
		    &g_array_index(bag->items, struct bag_item, i);

		/* Of an embedded message, its own size. */
		if ((item->tag & 0xffff) == PST_T_OBJECT)
			sum += item->number >> 32;
		else
			sum += item->len;
	}
	return sum;
}

const guint8 *
pst_bag_item_bytes(const PstBag *bag, const struct bag_item *item)
{
	return bag->bytes->data ? bag->bytes->data + item->at
				: (const guint8 *)"";
}

void
pst_bag_copy(PstBag *bag, const PstBag *from, guint32 tag)
{
	const struct bag_item *item = pst_bag_find(from, tag);
	struct bag_item copy, *to;

	if (item == NULL)
		return;
	copy = *item;
	if (copy.bid == NO_DATA && !pst_bag_is_fixed(tag)) {
		copy.at = bag->bytes->len;
		g_byte_array_append(bag->bytes, pst_bag_item_bytes(from, item),
		    (guint)item->len);
	}
	copy.shared = copy.bid != NO_DATA;
	to = item_for(bag, tag);
	copy.next = to->next;
	*to = copy;
}

bool
pst_bag_is_fixed(guint32 tag)
{
	switch (tag & 0xffff) {
	case PST_T_INT16:
	case PST_T_INT32:
	case PST_T_FLOAT:
	case PST_T_ERROR:
	case PST_T_BOOL:
	case PST_T_DOUBLE:
	case PST_T_CURRENCY:
	case PST_T_APPTIME:
	case PST_T_INT64:
	case PST_T_TIME:
	case PST_T_OBJECT:
		return true;
	}
	return false;
}

void
pst_bag_unshare(PstBag *bag)
{
	for (guint i = 0; i < bag->items->len; i++)
		g_array_index(bag->items, struct bag_item, i).shared = false;
}

/* Each: tag(4), length(4), place of its data(8) or 0, then the number(8) of a
 * fixed type or the bytes that are here. */
#define DUMP_HEAD 16

static gsize
dumped_len(const struct bag_item *item)
{
	if (pst_bag_is_fixed(item->tag))
		return 8;
	return item->bid == NO_DATA ? item->len : 0;
}

void
pst_bag_dump(const PstBag *bag, GByteArray *to)
{
	gsize at = to->len, len = 0;

	for (guint i = 0; i < bag->items->len; i++) {
		const struct bag_item *item =
		    &g_array_index(bag->items, struct bag_item, i);

		len += DUMP_HEAD + dumped_len(item);
	}
	g_byte_array_set_size(to, (guint)(at + len));
	for (guint i = 0; i < bag->items->len; i++) {
		const struct bag_item *item =
		    &g_array_index(bag->items, struct bag_item, i);
		guint8 *p = to->data + at;

		put_le32(p, item->tag);
		put_le32(p + 4, (guint32)item->len);
		put_le64(p + 8, item->bid);
		if (pst_bag_is_fixed(item->tag))
			put_le64(p + DUMP_HEAD, item->number);
		else if (item->bid == NO_DATA && item->len > 0)
			memcpy(p + DUMP_HEAD, pst_bag_item_bytes(bag, item),
			    item->len);
		at += DUMP_HEAD + dumped_len(item);
	}
}

bool
pst_bag_load(PstBag *bag, const guint8 *p, gsize len)
{
	while (len >= DUMP_HEAD) {
		struct bag_item *item = item_for(bag, get_le32(p));
		gsize n = 0;

		item->len = get_le32(p + 4);
		item->bid = get_le64(p + 8);
		item->shared = item->bid != NO_DATA;
		p += DUMP_HEAD;
		len -= DUMP_HEAD;
		if (pst_bag_is_fixed(item->tag)) {
			n = 8;
			if (len >= n)
				item->number = get_le64(p);
		} else if (item->bid == NO_DATA) {
			n = item->len;
			item->at = bag->bytes->len;
			if (len >= n)
				g_byte_array_append(bag->bytes, p, (guint)n);
		}
		if (len < n)
			return false;
		p += n;
		len -= n;
	}
	return len == 0;
}
