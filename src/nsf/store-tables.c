/* Superblock and bucket descriptor block: spec/notes.md 2.4, 2.5. */
#include "nsf/store-private.h"

#include "nsf/bytes.h"
#include "nsf/cx.h"
#include "nsf/lmbcs.h"

#include <string.h>

#define SUPERBLOCKS    4
#define SUPERBLOCK_AT  0x230
#define SUPERBLOCK_LEN 100
#define BDB_COPIES     2
#define BDB_AT	       0x270
#define BDB_LEN	       0x42
#define SUMMARY_PAGE   8206
#define SUMMARY_FIRST  224
#define SUMMARY_ENTRY  14
#define SUMMARY_PER    570
#define OTHER_PAGE     8198
#define OTHER_FIRST    70
#define OTHER_ENTRY    6
#define OTHER_PER      812
#define BITMAP_LEN     20
#define STORED_MAX     (64 << 20) /* bytes of one stored block */

/* The data behind a header: blocks of a dword length and a CX stream, until the
 * announced length is reached; or plain. */
static enum status
load_data(Nsf *nsf, gint64 at, guint32 len, bool compressed, guint8 **out,
    GError **error)
{
	g_autofree guint8 *data = NULL;
	guint32 done = 0;
	enum status st;

	if (len == 0 || len > NSF_INFLATED_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "tables of %u bytes; at most %d are believed", len,
		    NSF_INFLATED_MAX);
	if (!compressed) {
		if ((gint64)len > nsf->size)
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "tables are longer than the file");
		data = g_malloc(len);
		st = nsf_read(nsf, at, data, len, error);
		*out = st < 0 ? NULL : g_steal_pointer(&data);
		return st;
	}
	data = g_malloc(len);
	while (done < len) {
		g_autofree guint8 *block = NULL;
		guint8 head[4];
		guint32 n, part = len - done;

		st = nsf_read(nsf, at, head, sizeof head, error);
		if (st < 0)
			return st;
		n = get_le32(head);
		if (n == 0 || n > STORED_MAX || (gint64)n > nsf->size)
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "tables are damaged");
		block = g_malloc(n);
		st = nsf_read(nsf, at + 4, block, n, error);
		if (st < 0)
			return st;
		st = nsf_cx_inflate(block, n, data + done, part, NULL, error);
		if (st < 0)
			return st;
		done += part;
		at += 4 + (gint64)n;
	}
	*out = g_steal_pointer(&data);
	return ST_OK;
}

static void
take_offsets(Nsf *nsf, GArray *out, const guint8 *page, gsize from, gsize entry,
    guint per, guint32 count)
{
	for (guint i = 0; i < per && out->len < count; i++) {
		gint64 at =
		    (gint64)get_le32(page + from + i * entry) * NSF_POSITION;

		if (at >= nsf->size)
			at = 0;
		g_array_append_val(out, at);
	}
}

static enum status
take_superblock(
    Nsf *nsf, const guint8 *data, gsize len, const guint8 *head, GError **error)
{
	guint32 n_summary = get_le32(head + 14), n_other = get_le32(head + 18);
	guint32 bitmaps = get_le32(head + 22), rrv = get_le32(head + 26);
	guint32 p = get_le32(head + 70), q = get_le32(head + 74);
	guint64 need = (guint64)p * SUMMARY_PAGE + (guint64)q * OTHER_PAGE +
		       (guint64)bitmaps * BITMAP_LEN;
	gsize at = 0;

	if (need > len || rrv > len - need)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "it is shorter than its own counts say");
	for (guint i = 0; i < p; i++, at += SUMMARY_PAGE)
		take_offsets(nsf, nsf->summary.offsets, data + at,
		    SUMMARY_FIRST, SUMMARY_ENTRY, SUMMARY_PER, n_summary);
	for (guint i = 0; i < q; i++, at += OTHER_PAGE)
		take_offsets(nsf, nsf->other.offsets, data + at, OTHER_FIRST,
		    OTHER_ENTRY, OTHER_PER, n_other);
	at += (gsize)bitmaps * BITMAP_LEN;
	/* The page of ids that is being filled; the copy in the file is
	 * stale. */
	if (rrv > NSF_RRV_HEADER && data[at] == 0x06) {
		struct nsf_page page = {
		    .first = get_le32(data + at + 6), .offset = -1};

		nsf->current = g_memdup2(data + at, rrv);
		nsf->current_len = rrv;
		g_array_append_val(nsf->pages, page);
	}
	return ST_OK;
}

enum status
nsf_load_superblock(Nsf *nsf, const guint8 *header, GError **error)
{
	guint8 best[SUPERBLOCK_LEN] = {0};
	gint64 tried[SUPERBLOCKS] = {0};
	bool any = false;

	/* The newest that can be used. */
	for (guint round = 0; round < SUPERBLOCKS; round++) {
		g_autofree guint8 *data = NULL;
		guint8 head[SUPERBLOCK_LEN];
		gint64 at = 0;
		guint which = 0;

		for (guint i = 0; i < SUPERBLOCKS; i++) {
			gint64 pos =
			    (gint64)get_le32(header + SUPERBLOCK_AT + 8 * i) *
			    NSF_POSITION;

			if (pos == 0 || tried[i] ||
			    nsf_read(nsf, pos, head, sizeof head, NULL) < 0 ||
			    get_le16(head) != 0x000E)
				continue;
			if (at && get_le32(head + 60) <= get_le32(best + 60))
				continue;
			memcpy(best, head, sizeof best);
			at = pos;
			which = i;
		}
		if (at == 0)
			break;
		tried[which] = 1;
		any = true;
		g_clear_error(error);
		if (load_data(nsf, at + SUPERBLOCK_LEN, get_le32(best + 10),
			get_le16(best + 68) != 0, &data, error) == ST_OK &&
		    take_superblock(
			nsf, data, get_le32(best + 10), best, error) == ST_OK)
			return ST_OK;
	}
	if (any)
		return ST_ITEM;
	return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
	    "none of the places of the header holds one");
}

static void
take_pages(Nsf *nsf, const guint8 *data, guint32 n)
{
	for (guint32 i = 0; i < n; i++) {
		guint32 pos = get_le32(data + 8 * (gsize)i) & ~1u;
		struct nsf_page page = {
		    .first = get_le32(data + 8 * (gsize)i + 4),
		    .offset = (gint64)pos * NSF_POSITION};

		if (pos != 0 && page.offset < nsf->size)
			g_array_append_val(nsf->pages, page);
	}
}

static enum status
take_names(Nsf *nsf, const guint8 *data, gsize len, guint32 rrvs, guint32 names,
    GError **error)
{
	gsize at = (gsize)rrvs * 8, text_at = at + (gsize)names * 10 + 4;
	g_autoptr(GString) text = g_string_new(NULL);
	guint32 text_len;

	if (rrvs > len / 8 || names > NSF_NAMES_MAX || text_at > len)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the table of item names is shorter than its own counts "
		    "say");
	text_len = get_le32(data + text_at - 4);
	if (text_len > len - text_at)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the text of item names is cut");
	take_pages(nsf, data, rrvs);
	nsf->names = g_new0(struct nsf_item_name, names + 1);
	for (guint32 i = 0; i < names; i++) {
		const guint8 *e = data + at + 10 * (gsize)i;
		guint32 from = get_le32(e), n = get_le16(e + 4);

		nsf->names[i].type = (guint16)(e[7] << 8 | e[6]);
		nsf->names[i].name = GSIZE_TO_POINTER(text->len);
		if (from <= text_len && n <= text_len - from)
			nsf_lmbcs_append(text, data + text_at + from, n);
		g_string_append_c(text, '\0');
	}
	nsf->n_names = names;
	nsf->names_text = g_string_free(g_steal_pointer(&text), FALSE);
	for (guint32 i = 0; i < names; i++)
		nsf->names[i].name =
		    nsf->names_text + GPOINTER_TO_SIZE(nsf->names[i].name);
	return ST_OK;
}

enum status
nsf_load_names(Nsf *nsf, const guint8 *header, GError **error)
{
	bool tried[BDB_COPIES] = {false};

	for (guint round = 0; round < BDB_COPIES; round++) {
		g_autofree guint8 *data = NULL;
		guint8 head[BDB_LEN], best[BDB_LEN];
		gint64 at = 0;
		guint which = 0;
		guint32 len;

		for (guint i = 0; i < BDB_COPIES; i++) {
			gint64 pos =
			    (gint64)get_le32(header + BDB_AT + 8 * i + 4) *
			    NSF_POSITION;

			if (pos == 0 || tried[i] ||
			    nsf_read(nsf, pos, head, sizeof head, NULL) < 0 ||
			    get_le16(head) != 0x0001)
				continue;
			if (at && get_le32(head + 10) <= get_le32(best + 10))
				continue;
			memcpy(best, head, sizeof best);
			at = pos;
			which = i;
		}
		if (at == 0)
			break;
		tried[which] = true;
		g_clear_error(error);
		len = get_le32(best + 6);
		if (load_data(nsf, at + BDB_LEN, len, get_le16(best + 4) != 0,
			&data, error) == ST_OK &&
		    take_names(nsf, data, len, get_le32(best + 38),
			get_le32(best + 26), error) == ST_OK)
			return ST_OK;
	}
	if (error && *error)
		return ST_ITEM;
	return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
	    "no bucket descriptor block: the database is encrypted locally, "
	    "or damaged");
}
