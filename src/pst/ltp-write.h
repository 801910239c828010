/*
 * Writing heaps, property contexts and table contexts (spec/pst.md 7, 9), on
 * pst/ndb-write.h, with its errors.
 */
#ifndef MAILMIG_PST_LTP_WRITE_H
#define MAILMIG_PST_LTP_WRITE_H

#include "base/blob.h"
#include "pst/ndb-write.h"

#define PST_OUT_ITEM_MAX 3580 /* bytes of a value in a heap */
#define PST_OUT_PROPS_MAX                                                      \
	447 /* of an object: one leaf, all that readpst reads */
#define PST_OUT_HEAP_MAX 65536 /* blocks of a heap */

/*
 * A bag of properties on their way into an object or a row. Text is UTF-8 and
 * becomes UTF-16. Values of more than PST_OUT_ITEM_MAX bytes are written at
 * once; the bag keeps where. Adding a tag again replaces it.
 */
typedef struct PstBag PstBag;
PstBag *pst_bag_new(PstOut *out);
void pst_bag_free(PstBag *bag);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstBag, pst_bag_free)
void pst_bag_reset(PstBag *bag); /* keeps its memory */
void pst_bag_int(PstBag *bag, guint32 tag, guint32 value);   /* or bool */
void pst_bag_int64(PstBag *bag, guint32 tag, guint64 value); /* or time */
enum status pst_bag_bytes(
    PstBag *bag, guint32 tag, const void *p, gsize len, GError **error);
/* len: bytes, or -1; max: UTF-16 units, the rest is cut; 0: all. */
enum status pst_bag_text(PstBag *bag, guint32 tag, const char *text, gssize len,
    guint max, GError **error);
/* UTF-8 and bytes from blobs, one behind the other, of any length. Reading
 * errors are ST_ITEM. */
enum status pst_bag_text_blobs(PstBag *bag, guint32 tag,
    const struct blob *blobs, guint n, GError **error);
enum status pst_bag_bytes_blobs(PstBag *bag, guint32 tag,
    const struct blob *blobs, guint n, GError **error);
/* Several texts in one value: PtypMultipleString. */
enum status pst_bag_texts(PstBag *bag, guint32 tag, const char *const *texts,
    guint n, GError **error);
/* Several runs of bytes in one value: PtypMultipleBinary. */
enum status pst_bag_binaries(
    PstBag *bag, guint32 tag, GBytes *const *values, guint n, GError **error);
/* A value written by the caller with PstOutData. */
void pst_bag_data(PstBag *bag, guint32 tag, guint64 bid, guint64 len);
/* An embedded object: its node id, its size in bytes. */
void pst_bag_object(PstBag *bag, guint32 tag, guint32 nid, guint32 size);
/* Was a NUL left out of one of its texts since it was reset? */
bool pst_bag_left_nul(const PstBag *bag);
bool pst_bag_has(const PstBag *bag, guint32 tag);
/* Has it the property, of whatever type? An object holds each id once. */
bool pst_bag_has_id(const PstBag *bag, guint id);
guint32 pst_bag_get_int(const PstBag *bag, guint32 tag, guint32 fallback);
guint pst_bag_n(const PstBag *bag);
/* Sum of the values' sizes as PidTagAttachSize counts them: spec/pst.md 14.2 */
guint64 pst_bag_size(const PstBag *bag);
/* Copies one value from another bag, if it has it: the same data, referred to
 * once more if it is large. */
void pst_bag_copy(PstBag *bag, const PstBag *from, guint32 tag);
/* To bytes and back, for spools. load: false when p is not what dump made. */
/* What is loaded counts as another object's too, unless unshared. */
void pst_bag_unshare(PstBag *bag);
void pst_bag_dump(const PstBag *bag, GByteArray *to);
bool pst_bag_load(PstBag *bag, const guint8 *p, gsize len);

/*
 * A heap with a client signature; items are allocated one after the other.
 * *p: where the bytes of the item go; of items in the first block until the
 * end, of others until the next allocation.
 */
typedef struct PstHeapOut PstHeapOut;
PstHeapOut *pst_heap_out_new(PstOut *out, guint8 client);
void pst_heap_out_free(PstHeapOut *heap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstHeapOut, pst_heap_out_free)
void pst_heap_out_reset(PstHeapOut *heap, guint8 client);
enum status pst_heap_out_item(
    PstHeapOut *heap, gsize len, guint32 *hid, guint8 **p, GError **error);
/* root: hidUserRoot. size_at: where a size is to be put that the heap itself is
 * part of, counted from base; or NULL. */
enum status pst_heap_out_end(PstHeapOut *heap, guint32 root, guint8 *size_at,
    guint64 base, guint32 *size, guint64 *bid, GError **error);

/* Records with ascending keys into a B-tree on a heap. */
typedef struct PstBthOut PstBthOut;
/* header: 8 bytes in the first block. */
PstBthOut *pst_bth_out_new(
    PstHeapOut *heap, guint8 *header, guint key_len, guint value_len);
void pst_bth_out_free(PstBthOut *bth);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstBthOut, pst_bth_out_free)
/* Before the first record: all n go into one leaf, whose place in the first
 * block is taken now. Does nothing when they do not fit into one. */
enum status pst_bth_out_reserve(PstBthOut *bth, guint64 n, GError **error);
enum status pst_bth_out_add(PstBthOut *bth, const void *record, GError **error);
enum status pst_bth_out_end(PstBthOut *bth, GError **error);

/*
 * Write an object's properties. Large values become subnodes, added to the
 * caller's entries. With count_from >= 0, PidTagMessageSize is set to the data
 * bytes written since (the heap's own included) before it goes out.
 */
enum status pst_props_write(PstBag *bag, PstHeapOut *heap, GArray *subnodes,
    gint64 count_from, guint64 *bid, GError **error);

/* Columns of the tables: spec/pst.md 9. */
struct pst_out_column {
	guint32 tag;
	guint16 at;
	guint8 len, bit;
};
struct pst_template {
	guint32 nid; /* of the template's own node */
	guint16 ends[4];
	const struct pst_out_column *columns;
	guint n;
};
const struct pst_template *pst_template(guint32 nid);

/*
 * A table of a known number of rows, with ascending ids. Cells are taken from
 * bags: those whose tags are columns.
 */
typedef struct PstTableOut PstTableOut;
PstTableOut *pst_table_out_new(PstOut *out);
void pst_table_out_free(PstTableOut *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstTableOut, pst_table_out_free)
enum status pst_table_out_begin(PstTableOut *table,
    const struct pst_template *template, guint64 n_rows, GError **error);
enum status pst_table_out_row(PstTableOut *table, guint32 id, guint32 version,
    const PstBag *cells, GError **error);
enum status pst_table_out_end(
    PstTableOut *table, guint64 *data, guint64 *sub, GError **error);

#endif
