/*
 * Reading the node database of a .pst or .ost file: header, pages, the two
 * B-trees, blocks, data trees and subnodes ([MS-PST] 2.2, spec/pst.md 2-7.1).
 *
 * Unicode (version 23), ANSI (14, 15) and Unicode with 4-KiB pages (36 and
 * up, Outlook 2013's .ost). The file is opened for reading only, nothing is
 * loaded until it is asked for, and memory is bounded: blocks and pages pass
 * through one cache of PST_CACHE_MAX bytes.
 *
 * Every length is checked before it is used. ST_ITEM with ERR_FORMAT means that
 * what was asked for is damaged; something else in the file may be fine. A
 * wrong checksum alone is no error, since the content is often whole: it is
 * counted, see pst_ndb_damage().
 *
 * Where a page of one of the trees cannot be read, the file is searched, once,
 * for what that page led to (pst/ndb-rescue.h): see pst_ndb_searched().
 */
#ifndef MAILMIG_PST_NDB_READ_H
#define MAILMIG_PST_NDB_READ_H

#include "base/status.h"

#include <stdbool.h>

#define PST_CACHE_MAX  (16u << 20) /* bytes of blocks and pages kept */
#define PST_DEPTH_MAX  8     /* levels of any B-tree; [MS-PST] 2.2.2.7.7.1 */
#define PST_BLOCK_MAX  65536 /* bytes stored; 8192 but in 4-KiB page files */
#define PST_HEADER_LEN 564   /* bytes of the Unicode header */

enum pst_variant { PST_ANSI, PST_UNICODE, PST_UNICODE_4K };
enum pst_crypt { PST_CRYPT_NONE, PST_CRYPT_PERMUTE, PST_CRYPT_CYCLIC };

struct pst_ref { /* where a page is: BREF, [MS-PST] 2.2.2.4 */
	guint64 bid;
	guint64 ib; /* bytes from the start of the file */
};

struct pst_header { /* [MS-PST] 2.2.2.6, 2.2.2.5 */
	enum pst_variant variant;
	guint16 version; /* wVer */
	guint8 crypt;	 /* enum pst_crypt */
	guint64 next_bid, next_page_bid;
	guint32 unique;
	guint32 nid_high[32];		   /* rgnid */
	guint64 eof, last_amap, amap_free; /* bytes */
	struct pst_ref nbt, bbt;
	guint8 amap_valid;
};

/* How the three variants differ; constants of [MS-PST] 2.2.2.7, 2.2.2.8. */
struct pst_layout {
	guint word;	    /* bytes of a bid or ib: 4 or 8 */
	guint page;	    /* bytes of a page */
	guint page_body;    /* bytes of it for B-tree entries */
	guint page_trailer; /* offset of the page's trailer */
	guint trailer;	    /* bytes of a block's trailer */
	guint grid; /* blocks are stored in multiples of this many bytes */
	guint block_data; /* bytes of data in a full block */
	guint hid_shift;  /* bits of a heap id below the block number */
};

typedef struct PstNdb PstNdb;

/* ST_MAILBOX: ERR_IO when it cannot be opened, ERR_FORMAT when it is not a file
 * of this format or its header is beyond use. */
enum status pst_ndb_open(PstNdb **out, const char *path, GError **error);
void pst_ndb_close(PstNdb *ndb);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstNdb, pst_ndb_close)

const struct pst_header *pst_ndb_header(const PstNdb *ndb);
const struct pst_layout *pst_ndb_layout(const PstNdb *ndb);
guint64 pst_ndb_size(const PstNdb *ndb); /* bytes, of the real file */
/* How many wrong checksums were met so far; a caller that sees it grow while
 * it reads an item can say so. */
guint64 pst_ndb_damage(const PstNdb *ndb);
/* Was a tree so damaged that the file had to be searched? */
bool pst_ndb_searched(const PstNdb *ndb);
/* The checker wants the trees as they are: nothing is searched for. */
void pst_ndb_no_search(PstNdb *ndb);
/* For the checker: bytes as they lie in the file. ST_ITEM when they do not. */
enum status pst_ndb_raw(
    PstNdb *ndb, guint64 ib, void *buf, gsize len, GError **error);

/* A node: an entry of the node B-tree or of a subnode tree. */
struct pst_node {
	guint32 nid;
	guint64 data;	/* block id, 0: none */
	guint64 sub;	/* block id of the subnode tree, 0: none */
	guint32 parent; /* 0 in subnode trees */
};
/* ST_END when the file has no such node. */
enum status pst_ndb_node(
    PstNdb *ndb, guint32 nid, struct pst_node *out, GError **error);

/* An entry of the block B-tree, bit 0 of its id cleared. */
struct pst_block {
	guint64 bid, ib;
	guint cb; /* bytes stored, without padding and trailer */
	guint refs;
};
enum status pst_ndb_block_entry(
    PstNdb *ndb, guint64 bid, struct pst_block *out, GError **error);

/*
 * Walk one of the trees in the order of its keys. A damaged page is ST_ITEM,
 * once; the next call goes on behind it, or, after a search, with what was
 * found in its place. ST_END at the end.
 */
struct pst_walk {
	PstNdb *ndb;
	guint8 type; /* PST_PAGE_NBT or PST_PAGE_BBT */
	guint depth;
	struct {
		struct pst_ref ref;
		guint next; /* entry */
		guint level;
	} at[PST_DEPTH_MAX + 1];
	guint64 last; /* key */
	bool begun;
	/* Behind a damaged page what the search found comes first: */
	bool searched, held;
	guint64 next; /* the first key that was not given yet */
	union {
		struct pst_node node;
		struct pst_block block;
	} hold; /* what the tree goes on with */
};
void pst_walk_init(struct pst_walk *walk, PstNdb *ndb, guint8 type);
enum status pst_walk_node(
    struct pst_walk *walk, struct pst_node *out, GError **error);
enum status pst_walk_block(
    struct pst_walk *walk, struct pst_block *out, GError **error);

/*
 * The content of one block, decoded: data blocks decrypted, those of 4-KiB page
 * files inflated. *out belongs to the caller (g_bytes_unref()).
 */
enum status pst_ndb_block(
    PstNdb *ndb, guint64 bid, GBytes **out, GError **error);

/*
 * A data tree: a block, or XBLOCKs over blocks; plain data, valid as long as
 * the file is open. Random access; every block but the last is full.
 */
struct pst_data {
	PstNdb *ndb;
	guint64 bid;
	guint64 size; /* bytes */
	guint n_blocks;
	guint level; /* 0 a block, 1 XBLOCK, 2 XXBLOCK */
};
/* A bid of 0 gives a tree of no bytes. */
enum status pst_data_open(
    struct pst_data *out, PstNdb *ndb, guint64 bid, GError **error);
/* Block i, from 0; *out is the caller's. */
enum status pst_data_block(
    const struct pst_data *data, guint i, GBytes **out, GError **error);
/* As blob_read(): fewer bytes only at the end. */
enum status pst_data_read(const struct pst_data *data, guint64 at, void *buf,
    gsize len, gsize *got, GError **error);

/* Look a subnode up; ST_END when there is none (sub may be 0). */
enum status pst_sub_node(PstNdb *ndb, guint64 sub, guint32 nid,
    struct pst_node *out, GError **error);
/* Walk the subnodes in the order of their ids. */
struct pst_sub_walk {
	PstNdb *ndb;
	guint64 sub;
	guint outer, inner;
	guint32 last;
	bool begun;
};
void pst_sub_walk_init(struct pst_sub_walk *walk, PstNdb *ndb, guint64 sub);
enum status pst_sub_walk_next(
    struct pst_sub_walk *walk, struct pst_node *out, GError **error);

#endif
