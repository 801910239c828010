#include "nsf/note.h"

#include "nsf/bytes.h"
#include "nsf/cx.h"
#include "nsf/richtext.h"

#include <string.h>

#define NOTE_HEADER  100
#define STUB_LEN     64
#define ITEM_ENTRY   8
#define OTHER_HEADER 68
#define NOTE_TAIL    8 /* bytes */

static void
item_clear(gpointer data)
{
	struct nsf_item *item = data;

	g_free(item->inflated);
	g_strfreev(item->texts);
	nsf_rich_free(item->rich);
	if (item->file) {
		g_free(item->file->name);
		g_free(item->file);
	}
}

void
nsf_note_init(struct nsf_note *note)
{
	memset(note, 0, sizeof *note);
	note->items = g_array_new(FALSE, TRUE, sizeof(struct nsf_item));
	g_array_set_clear_func(note->items, item_clear);
	note->buf = g_byte_array_new();
	note->other = g_byte_array_new();
	note->texts = g_string_chunk_new(1024);
}

void
nsf_note_reset(struct nsf_note *note)
{
	struct nsf_note keep = *note;

	g_array_set_size(keep.items, 0);
	g_byte_array_set_size(keep.buf, 0);
	g_byte_array_set_size(keep.other, 0);
	g_string_chunk_clear(keep.texts);
	*note = (struct nsf_note){.items = keep.items,
	    .buf = keep.buf,
	    .other = keep.other,
	    .texts = keep.texts};
}

void
nsf_note_clear(struct nsf_note *note)
{
	if (note->items == NULL)
		return;
	g_array_unref(note->items);
	g_byte_array_unref(note->buf);
	g_byte_array_unref(note->other);
	g_string_chunk_free(note->texts);
	memset(note, 0, sizeof *note);
}

void
nsf_unid_print(const guint8 raw[16], char out[NSF_UNID_HEX])
{
	g_snprintf(out, NSF_UNID_HEX, "%08X%08X%08X%08X", get_le32(raw + 4),
	    get_le32(raw), get_le32(raw + 12), get_le32(raw + 8));
}

/* A record in a bucket or in the file: its length is the dword at 2. */
static enum status
record_read(Nsf *nsf, const struct nsf_place *place, bool summary,
    guint16 signature, gsize least, GByteArray *out, GError **error)
{
	const guint8 *data;
	guint8 head[6];
	guint32 n;
	gsize len;
	enum status st;

	g_byte_array_set_size(out, 0);
	if (place->in_bucket) {
		st = nsf_slot(nsf, summary, place->bucket, place->slot, &data,
		    &len, error);
		if (st < 0)
			return st;
		if (len < 6 || get_le16(data) != signature)
			return ST_END;
		n = get_le32(data + 2);
		if (n > len || n < least)
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "a record of %u bytes in a slot of "
			    "%" G_GSIZE_FORMAT,
			    n, len);
		g_byte_array_append(out, data, n);
		return ST_OK;
	}
	st = nsf_read(nsf, place->offset, head, sizeof head, error);
	if (st < 0)
		return st;
	if (get_le16(head) != signature)
		return ST_END;
	n = get_le32(head + 2);
	if (n < least || n > NSF_NOTE_MAX ||
	    (gint64)n > nsf_size(nsf) - place->offset)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "a record of %u bytes at %" G_GINT64_FORMAT, n,
		    place->offset);
	g_byte_array_set_size(out, n);
	return nsf_read(nsf, place->offset, out->data, n, error);
}

static void
take_header(struct nsf_note *note, const guint8 *p)
{
	note->id = get_le32(p + 6);
	memcpy(note->unid_raw, p + 10, 16);
	nsf_unid_print(note->unid_raw, note->unid);
	note->sequence = get_le32(p + 26);
	note->status = get_le16(p + 38);
	note->class = get_le16(p + 40);
	nsf_time(p + 42, &note->modified, NULL);
	nsf_time(p + 72, &note->added, NULL);
	/* The last two dwords of a UNID are the time of the first copy
	 * (CAPI, ORIGINATORID). */
	nsf_time(p + 18, &note->created, NULL);
	note->parent = get_le32(p + 80);
}

static void
take_value(struct nsf_item *item, const guint8 *p, gsize len)
{
	/* Without the flag, the value begins with its real type (3.2). */
	if (!(item->flags & NSF_ITEM_TYPED) && len >= 2) {
		item->type = get_le16(p);
		p += 2;
		len -= 2;
	}
	item->raw = p;
	item->raw_len = len;
}

static enum status
sums(GError **error, const char *what)
{
	return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
	    "the sizes of its items do not add up in %s", what);
}

/*
 * Measured on all notes of eleven databases of ODS 43: the length of the record
 * is that of header, item table, values and responses, rounded up to four, and
 * eight bytes more that mean nothing; with appended values there is room for
 * the header of the record that they might have been, too.
 */
static bool
sum_is_right(guint64 sum, guint64 len, bool appended)
{
	guint room = NOTE_TAIL + (appended ? OTHER_HEADER : 0);

	return sum <= len && len - sum <= room + 3;
}

/* Values of non-summary items: behind the responses, or in a record of their
 * own (3.3). */
static enum status
take_others(
    struct nsf_note *note, Nsf *nsf, gsize at, guint64 total, GError **error)
{
	const guint8 *p = note->buf->data;
	guint32 pos = get_le32(p + 56), len = get_le32(p + 60);
	const guint8 *data;
	enum status st;

	if (total == 0 && (pos == 0 || len == 0))
		return ST_OK;
	if (note->status & NSF_STATUS_APPENDED) {
		if (total != len || total > note->buf->len - at)
			return sums(error, "the note");
		data = p + at;
	} else {
		struct nsf_place place = {.in_bucket = pos >> 31,
		    .bucket = pos & 0xFFFFFF,
		    .slot = pos >> 24 & 0x7F,
		    .offset = (gint64)pos * NSF_POSITION};

		st = record_read(nsf, &place, false, 0x0010, OTHER_HEADER,
		    note->other, error);
		if (st == ST_END)
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "there is no record with its large items");
		if (st < 0)
			return st;
		if (total + OTHER_HEADER != note->other->len ||
		    len != note->other->len)
			return sums(error, "the record of large items");
		data = note->other->data + OTHER_HEADER;
	}
	for (guint i = 0; i < note->items->len; i++) {
		struct nsf_item *item =
		    &g_array_index(note->items, struct nsf_item, i);
		gsize n = item->raw_len;

		if (item->flags & NSF_ITEM_SUMMARY)
			continue;
		take_value(item, data, n);
		data += n;
	}
	return ST_OK;
}

enum status
nsf_note_read(struct nsf_note *note, Nsf *nsf, guint32 id,
    const struct nsf_place *place, bool summary, GError **error)
{
	const guint8 *p;
	guint n_items, n_responses;
	guint64 in_note = 0, elsewhere = 0;
	bool appended;
	gsize at;
	enum status st;

	nsf_note_reset(note);
	st = record_read(nsf, place, true, 0x0004, STUB_LEN, note->buf, error);
	if (st != ST_OK)
		return st;
	p = note->buf->data;
	if (note->buf->len < NOTE_HEADER) {
		note->stub = true;
		note->id = get_le32(p + 6);
		return ST_OK;
	}
	take_header(note, p);
	if (id != 0 && note->id != id)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the note says that its id is %X", note->id);
	n_items = get_le16(p + 50);
	n_responses = get_le16(p + 54);
	at = NOTE_HEADER + (gsize)n_items * ITEM_ENTRY;
	if (at > note->buf->len)
		return sums(error, "the note");
	for (guint i = 0; i < n_items; i++) {
		const guint8 *e = p + NOTE_HEADER + (gsize)i * ITEM_ENTRY;
		const struct nsf_item_name *name =
		    nsf_item_name(nsf, get_le16(e));
		struct nsf_item item = {.name = name ? name->name : "",
		    .type = name ? name->type : 0,
		    .flags = get_le16(e + 2),
		    .raw_len = get_le16(e + 4),
		    .nth = e[6]};

		if (item.flags & NSF_ITEM_SUMMARY)
			in_note += item.raw_len;
		else
			elsewhere += item.raw_len;
		g_array_append_val(note->items, item);
	}
	if (in_note + 4 * (guint64)n_responses > note->buf->len - at)
		return sums(error, "the note");
	for (guint i = 0; i < n_items; i++) {
		struct nsf_item *item =
		    &g_array_index(note->items, struct nsf_item, i);
		gsize n = item->raw_len;

		if (!(item->flags & NSF_ITEM_SUMMARY))
			continue;
		take_value(item, p + at, n);
		at += n;
	}
	note->others = (gsize)elsewhere;
	at += 4 * (gsize)n_responses;
	appended = (note->status & NSF_STATUS_APPENDED) != 0;
	if (!sum_is_right(
		at + (appended ? elsewhere : 0), note->buf->len, appended))
		return sums(error, "the note");
	if (!summary || appended)
		return take_others(note, nsf, at, elsewhere, error);
	note->partial = true;
	for (guint i = 0; i < n_items; i++) {
		struct nsf_item *item =
		    &g_array_index(note->items, struct nsf_item, i);

		if (!(item->flags & NSF_ITEM_SUMMARY))
			item->raw_len = 0;
	}
	return ST_OK;
}

struct nsf_item *
nsf_note_item(const struct nsf_note *note, const char *name)
{
	for (guint i = 0; i < note->items->len; i++) {
		struct nsf_item *item =
		    &g_array_index(note->items, struct nsf_item, i);

		if (g_ascii_strcasecmp(item->name, name) == 0)
			return item;
	}
	return NULL;
}

struct nsf_item *
nsf_note_next(const struct nsf_note *note, const struct nsf_item *item)
{
	guint i = (guint)(item - (struct nsf_item *)note->items->data) + 1;

	for (; i < note->items->len; i++) {
		struct nsf_item *next =
		    &g_array_index(note->items, struct nsf_item, i);

		if (g_ascii_strcasecmp(item->name, next->name) == 0)
			return next;
	}
	return NULL;
}

enum status
nsf_item_value(
    struct nsf_item *item, const guint8 **data, gsize *len, GError **error)
{
	guint32 n;
	enum status st;

	if (!(item->flags & NSF_ITEM_COMPRESSED) || item->raw_len == 0) {
		*data = item->raw;
		*len = item->raw_len;
		return ST_OK;
	}
	if (item->inflated == NULL) {
		n = item->raw_len >= 4 ? get_le32(item->raw) : 0;
		/* No byte of the stream gives more than 0x101 * 8. */
		if (n > NSF_ITEM_MAX || n / 2056 > item->raw_len)
			return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
			    "item %s says that it has %u bytes", item->name, n);
		item->inflated = g_malloc(n + 1);
		st = item->raw_len < 4
			 ? ST_OK
			 : nsf_cx_inflate(item->raw + 4, item->raw_len - 4,
			       item->inflated, n, NULL, error);
		if (st < 0) {
			g_clear_pointer(&item->inflated, g_free);
			g_prefix_error(error, "item %s: ", item->name);
			return st;
		}
		item->inflated_len = n;
	}
	*data = item->inflated;
	*len = item->inflated_len;
	return ST_OK;
}
