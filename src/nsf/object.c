#include "nsf/object.h"

#include "nsf/bytes.h"
#include "nsf/cx.h"
#include "nsf/lmbcs.h"

#include <string.h>

#define OBJECT_OLD	  0x0007 /* ODS 43: data from 22 */
#define OBJECT_OLD_HEADER 22
#define OBJECT_NEW	  0x001B /* ODS 52: data from 115 */
#define OBJECT_NEW_HEADER 115
#define DAOS_KEY_AT	  24
#define DAOS_KEY_LEN	  48
#define TREE_MAX	  1024 /* bytes; 511 nodes are enough for 256 values */
#define LZ1_MAX		  (512 << 20) /* bytes: is inflated in memory */
#define PIECE		  65536

bool
nsf_object_kind(struct nsf_item *item, guint *kind, guint32 *id)
{
	const guint8 *data;
	gsize len;

	if (item->type != NSF_TYPE_OBJECT ||
	    nsf_item_value(item, &data, &len, NULL) < 0 || len < 6)
		return false;
	*kind = get_le16(data);
	*id = get_le32(data + 2);
	return true;
}

void
nsf_file_clear(struct nsf_file *file)
{
	g_free(file->name);
	memset(file, 0, sizeof *file);
}

enum status
nsf_file_read(struct nsf_item *item, struct nsf_file *out, GError **error)
{
	const guint8 *p;
	gsize len, name;

	memset(out, 0, sizeof *out);
	if (item->file) {
		out->name = g_strdup(item->file->name);
		out->compression = item->file->compression;
		out->size = item->file->size;
		out->from_dxl = item->file;
		return ST_OK;
	}
	if (item->type != NSF_TYPE_OBJECT)
		return ST_END;
	if (nsf_item_value(item, &p, &len, error) < 0)
		return ST_ITEM;
	if (len >= 2 && get_le16(p) != NSF_OBJECT_FILE)
		return ST_END;
	if (len < 36)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the item of an attachment is cut");
	name = get_le16(p + 6);
	if (name > NSF_FILE_NAME_MAX || name > len - 36)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the name of an attachment is cut");
	out->object = get_le32(p + 2);
	out->host = get_le16(p + 8);
	out->compression = get_le16(p + 10);
	out->flags = get_le16(p + 14);
	out->size = get_le32(p + 16);
	nsf_time(p + 28, &out->modified, NULL);
	out->name = nsf_lmbcs_text(p + 36, name);
	return ST_OK;
}

static bool
is_daos_key(const guint8 *p)
{
	for (guint i = 0; i < DAOS_KEY_LEN; i++)
		if (!g_ascii_isxdigit(p[i]))
			return false;
	return true;
}

enum status
nsf_object_open(Nsf *nsf, guint32 id, struct blob *out, GError **error)
{
	guint8 head[OBJECT_NEW_HEADER];
	struct nsf_place place;
	bool daos = false;
	gint64 from;
	guint32 len;
	enum status st;

	st = nsf_locate(nsf, id, &place, error);
	if (st < 0)
		return st;
	if (place.in_bucket)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the object %X is a note", id);
	st = nsf_read(nsf, place.offset, head, OBJECT_OLD_HEADER, error);
	if (st < 0)
		return st;
	len = get_le32(head + 2);
	if (get_le16(head) == OBJECT_OLD) {
		from = place.offset + OBJECT_OLD_HEADER;
	} else if (get_le16(head) == OBJECT_NEW) {
		st = nsf_read(nsf, place.offset, head, sizeof head, error);
		if (st < 0)
			return st;
		from = place.offset + OBJECT_NEW_HEADER;
		daos = is_daos_key(head + DAOS_KEY_AT);
	} else {
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "there is no object %X at %" G_GINT64_FORMAT, id,
		    place.offset);
	}
	/* The length counts the header (measured, ODS 43). */
	len -= MIN(len, (guint32)(from - place.offset));
	if ((gint64)len > nsf_size(nsf) - from)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    daos ? "the object %X is not in the database: it is kept "
			   "outside of it (DAOS)"
			 : "the object %X reaches beyond the end of the file",
		    id);
	*out = (struct blob){.fd = nsf_fd(nsf), .off = from, .len = len};
	return ST_OK;
}

/*
 * Huffman: dword sum, word length of the tree, the tree as pairs of signed
 * words, bits from the highest on. A negative word leads to another pair.
 */
struct huffman {
	const struct blob *in;
	gint64 at;
	guint8 scratch[PIECE];
	const guint8 *data;
	gsize left;
	guint8 tree[TREE_MAX * 4];
	guint pairs;
};

static enum status
huffman_tree(struct huffman *h, guint32 *sum, GError **error)
{
	guint8 head[6];
	gsize got, n;
	enum status st;

	st = blob_read(h->in, 0, head, sizeof head, &got, error);
	if (st < 0)
		return st;
	*sum = got == sizeof head ? get_le32(head) : 0;
	n = got == sizeof head ? get_le16(head + 4) : 0;
	if (n < 4 || n > sizeof h->tree || n % 4 != 0)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the attachment's Huffman tree is damaged");
	st = blob_read(h->in, sizeof head, h->tree, n, &got, error);
	if (st < 0)
		return st;
	if (got != n)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the attachment's Huffman tree is cut");
	h->pairs = (guint)(n / 4);
	h->at = (gint64)(sizeof head + n);
	return ST_OK;
}

static enum status
huffman_decode(
    const struct blob *stored, gint64 size, Spool *out, GError **error)
{
	g_autofree struct huffman *h = g_new0(struct huffman, 1);
	g_autofree guint8 *piece = g_malloc(PIECE);
	guint32 want = 0, sum = 0;
	gint64 done = 0;
	gsize filled = 0;
	guint node = 0;
	enum status st;

	h->in = stored;
	st = huffman_tree(h, &want, error);
	if (st < 0)
		return st;
	while (done < size) {
		guint8 byte;

		if (h->left == 0) {
			st = blob_next(stored, &h->at, h->scratch, PIECE,
			    &h->data, &h->left, error);
			if (st < 0)
				return st;
			if (st == ST_END)
				return fail(ST_ITEM, error, ERR_FORMAT,
				    RETRY_NEVER,
				    "the attachment ends after "
				    "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
				    " bytes",
				    done, size);
		}
		byte = *h->data++;
		h->left--;
		for (guint bit = 0; bit < 8 && done < size; bit++) {
			guint which = byte & 0x80 >> bit ? 0 : 2;
			gint16 w = (gint16)get_le16(h->tree + 4 * node + which);

			if (w < 0) {
				node = (guint)-w;
				if (node >= h->pairs)
					return fail(ST_ITEM, error, ERR_FORMAT,
					    RETRY_NEVER,
					    "the attachment's Huffman tree "
					    "leads nowhere");
				continue;
			}
			node = 0;
			piece[filled++] = (guint8)w;
			sum += (guint8)w;
			done++;
			if (filled < PIECE)
				continue;
			st = spool_write(out, piece, filled, error);
			if (st < 0)
				return st;
			filled = 0;
		}
	}
	st = spool_write(out, piece, filled, error);
	if (st < 0)
		return st;
	if (sum != want)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the attachment's sum of bytes is wrong");
	return ST_OK;
}

/* The stream of items is the obvious candidate (3.5); in memory, because copies
 * may reach back to the beginning. */
static enum status
lz1_decode(const struct blob *stored, gint64 size, Spool *out, GError **error)
{
	g_autofree guint8 *in = NULL;
	g_autofree guint8 *data = NULL;
	gsize got = 0;
	enum status st;

	if (size > LZ1_MAX || stored->len > LZ1_MAX ||
	    size / 2056 > stored->len)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "an LZ1 attachment of %" G_GINT64_FORMAT " bytes", size);
	in = g_try_malloc((gsize)stored->len + 1);
	data = g_try_malloc((gsize)size + 1);
	if (in == NULL || data == NULL)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "no memory for an LZ1 attachment of %" G_GINT64_FORMAT
		    " bytes",
		    size);
	st = blob_read(stored, 0, in, (gsize)stored->len, &got, error);
	if (st == ST_OK)
		st = nsf_cx_inflate(in, got, data, (gsize)size, NULL, error);
	if (st == ST_OK)
		st = spool_write(out, data, (gsize)size, error);
	return st;
}

enum status
nsf_file_decode(guint compression, gint64 size, const struct blob *stored,
    Spool *out, struct blob *content, bool *verified, GError **error)
{
	gint64 from = spool_blob(out).len;
	enum status st = ST_OK;

	*verified = true;
	switch (compression & 0x0f) {
	case NSF_PLAIN:
		if (size >= 0 && stored->len < size)
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "the attachment has %" G_GINT64_FORMAT
			    " of %" G_GINT64_FORMAT " bytes",
			    stored->len, size);
		*content = size >= 0 ? blob_range(stored, 0, size) : *stored;
		return ST_OK;
	case NSF_HUFFMAN:
		st = huffman_decode(stored, size, out, error);
		break;
	case NSF_LZ1:
		*verified = false;
		st = lz1_decode(stored, size, out, error);
		break;
	default:
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the attachment is compressed in an unknown way (%u)",
		    compression);
	}
	if (st < 0)
		return st;
	/* Where it lies is only final when nothing more is written: the caller
	 * asks again. */
	*content =
	    (struct blob){.mem = NULL, .fd = -1, .off = from, .len = size};
	return ST_OK;
}

enum status
nsf_file_content(Nsf *nsf, const struct nsf_file *file, Spool *store,
    struct blob *out, bool *verified, GError **error)
{
	struct blob stored;
	enum status st;

	st = nsf_object_open(nsf, file->object, &stored, error);
	if (st < 0)
		return st;
	return nsf_file_decode(file->compression, file->size, &stored, store,
	    out, verified, error);
}
