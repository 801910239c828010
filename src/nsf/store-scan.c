/*
 * The whole file, page by page, for what looks like a bucket, a page of ids or
 * a large note: when the tables are gone, or nobody trusts them.
 */
#include "nsf/store-private.h"

#include "nsf/bytes.h"
#include "nsf/note.h"

#include <string.h>

#define WINDOW	    (1 << 20) /* bytes looked at in one go */
#define BUCKETS_MAX (1 << 24) /* numbers: 24 bits */
#define NOTE_LEAST  100
#define ITEM_ENTRY  8

static void
set_offset(GArray *offsets, guint32 number, gint64 at)
{
	if (number >= BUCKETS_MAX)
		return;
	if (offsets->len <= number)
		g_array_set_size(offsets, number + 1);
	g_array_index(offsets, gint64, number) = at;
}

static void
add_found(Nsf *nsf, guint32 id, const struct nsf_place *place)
{
	struct nsf_found found = {.id = id, .place = *place};

	if (nsf->found->len < NSF_NOTES_MAX)
		g_array_append_val(nsf->found, found);
}

/* Whose slots are notes is a summary bucket. */
static enum status
take_bucket(Nsf *nsf, gint64 at, gsize size, GError **error)
{
	g_autofree guint8 *b = g_malloc(size);
	gsize end = size - size / 1024;
	guint32 number, slots;
	bool notes = false;
	enum status st;

	st = nsf_read(nsf, at, b, size, error);
	if (st < 0)
		return st;
	nsf_bucket_mend(b, size, (guint)(size / 1024));
	number = get_le32(b + 2);
	slots = MIN(get_le32(b + 44), (guint32)((end - 66) / 4));
	for (guint32 i = 1; i <= slots; i++) {
		gsize from = get_le16(b + end - 4 * i);
		gsize len = get_le16(b + end - 4 * i + 2);
		struct nsf_place place = {
		    .in_bucket = true, .bucket = number + 1, .slot = i};

		if (from < 54 || len < 10 || len > end || from > end - len)
			continue;
		if (get_le16(b + from) == 0x0010) {
			set_offset(nsf->other.offsets, number, at);
			return ST_OK;
		}
		if (get_le16(b + from) != 0x0004)
			continue;
		notes = true;
		add_found(nsf, get_le32(b + from + 6), &place);
	}
	if (notes)
		set_offset(nsf->summary.offsets, number, at);
	return ST_OK;
}

/* Does a large note begin here? Its items must fit into it. */
static bool
is_note(const Nsf *nsf, const guint8 *p, gint64 at)
{
	guint32 len = get_le32(p + 2), id = get_le32(p + 6);
	guint items = get_le16(p + 50);
	guint class = get_le16(p + 40) & NSF_CLASS_MASK;

	return get_le16(p) == 0x0004 && len >= NOTE_LEAST &&
	       (gint64)len <= nsf->size - at && id != 0 && id % 2 == 0 &&
	       NOTE_LEAST + (gsize)items * ITEM_ENTRY <= len && class != 0 &&
	       (class & (class - 1)) == 0;
}

static enum status
look(Nsf *nsf, const guint8 *p, gint64 at, gint64 *skip, GError **error)
{
	gsize size = nsf_bucket_size(p);

	*skip = NSF_POSITION;
	if (size > 0 && (gint64)size <= nsf->size - at) {
		*skip = (gint64)size;
		return take_bucket(nsf, at, size, error);
	}
	if (p[0] == 0x06 && p[1] == 0x20 && at + NSF_RRV_PAGE <= nsf->size) {
		struct nsf_page page = {.first = get_le32(p + 6), .offset = at};

		if (page.first % 2 == 0)
			g_array_append_val(nsf->pages, page);
	} else if (is_note(nsf, p, at)) {
		struct nsf_place place = {.offset = at};

		add_found(nsf, get_le32(p + 6), &place);
	}
	return ST_OK;
}

enum status
nsf_scan(Nsf *nsf, GError **error)
{
	g_autofree guint8 *window = g_malloc(WINDOW + NOTE_LEAST);
	gint64 at = 0;

	nsf->found = g_array_new(FALSE, FALSE, sizeof(struct nsf_found));
	g_array_set_size(nsf->pages, 0);
	while (at < nsf->size) {
		gsize n = (gsize)MIN(nsf->size - at, WINDOW + NOTE_LEAST);
		gint64 from = at;
		enum status st;

		memset(window, 0, WINDOW + NOTE_LEAST);
		st = nsf_read(nsf, at, window, n, error);
		if (st < 0)
			return st;
		while (at < from + WINDOW && at < nsf->size) {
			gint64 skip = 0;

			st = look(nsf, window + (at - from), at, &skip, error);
			if (st < 0)
				return st;
			at += skip;
		}
	}
	if (nsf->found->len == 0)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "no note was found in all of it: the database is empty, or "
		    "encrypted locally");
	return ST_OK;
}
