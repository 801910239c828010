/*
 * Writing the node database of a Unicode .pst ([MS-PST] 2.2, spec/pst.md 2-7.1,
 * 12): blocks go out in the order they come, section after section, and the two
 * trees, the maps and the header at the end. Nothing is read back but the
 * spools; memory does not grow with the file but by one byte a section (248
 * KiB) and 32 bytes a node that is no message.
 *
 * Errors: ST_MAILBOX with ERR_IO, RETRY_LATER when the file or a spool cannot
 * be written. ST_ITEM with ERR_LIMIT: what was asked for has no room in the
 * format. After ST_MAILBOX the only thing to do is pst_out_free().
 */
#ifndef MAILMIG_PST_NDB_WRITE_H
#define MAILMIG_PST_NDB_WRITE_H

#include "base/status.h"

#include <stdbool.h>

#define PST_OUT_BLOCK_DATA  8176 /* bytes of a full block: [MS-PST] 2.2.2.8 */
#define PST_OUT_VALUE_MAX   0x7fffffff /* bytes of one value: spec/pst.md 7.1 */
#define PST_OUT_SUBNODE_MAX 173400     /* of one node: 510 lists of 340 */

typedef struct PstOut PstOut;

/*
 * Begin a file at path, which must not exist; until pst_out_finish() its header
 * is zero, so that nothing takes it for a .pst. permute: encode data blocks, as
 * Outlook does. spool_dir: for what does not fit in memory; copied.
 */
enum status pst_out_open(PstOut **out, const char *path, bool permute,
    const char *spool_dir, GError **error);
/* Closes, and deletes the file unless it was finished. */
void pst_out_free(PstOut *out);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstOut, pst_out_free)

/* One block of 1..8176 bytes; internal: a list of blocks, never encoded. */
enum status pst_out_block(PstOut *out, const void *data, gsize len,
    bool internal, guint64 *bid, GError **error);
/* One more reference to a block that has one: its count is kept right. */
void pst_out_refer(PstOut *out, guint64 bid);
/* Bytes of data blocks so far: what sizes are made of (spec/pst.md 14.2). */
guint64 pst_out_data_bytes(const PstOut *out);

/* A new node id of a type: spec/pst.md 2.1. */
guint32 pst_out_nid(PstOut *out, guint type);
/* A node of the node tree. Messages must come with ascending ids. */
enum status pst_out_node(PstOut *out, guint32 nid, guint64 data, guint64 sub,
    guint32 parent, GError **error);

/*
 * What is written after a mark can be taken back, as long as it is not kept:
 * blocks, message nodes and node ids (but not what pst_out_refer() counted).
 */
void pst_out_mark(PstOut *out);
enum status pst_out_keep(PstOut *out, GError **error);
enum status pst_out_rollback(PstOut *out, GError **error);

/* Bytes the file would have if it were finished now (a good estimate). */
guint64 pst_out_size(const PstOut *out);
/* Trees, maps, header, fsync. unique: above all row versions. */
enum status pst_out_finish(PstOut *out, guint32 unique, GError **error);

/* A value of any length, in blocks; plain data. */
typedef struct PstOutData PstOutData;
PstOutData *pst_out_data_new(PstOut *out);
void pst_out_data_free(PstOutData *data);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstOutData, pst_out_data_free)
enum status pst_out_data_write(
    PstOutData *data, const void *p, gsize len, GError **error);
/* *bid is 0 when nothing was written; the data can be used again. */
enum status pst_out_data_end(
    PstOutData *data, guint64 *bid, guint64 *len, GError **error);
/* A tree over blocks that the caller wrote, all but the last full. total: bytes
 * in them. */
enum status pst_out_data_over(PstOut *out, const guint64 *bids, guint n,
    guint64 total, guint64 *bid, GError **error);

/* A subnode tree over entries, which are sorted here; *bid is 0 for none. */
struct pst_subnode {
	guint32 nid;
	guint64 data, sub;
};
enum status pst_out_subnodes(
    PstOut *out, GArray *entries, guint64 *bid, GError **error);

#endif
