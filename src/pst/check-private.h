/* What the files of the checker share. */
#ifndef MAILMIG_PST_CHECK_PRIVATE_H
#define MAILMIG_PST_CHECK_PRIVATE_H

#include "pst/check.h"
#include "pst/messaging-read.h"

/* name, grade, words; B: broken, M: mended by Outlook without a word, O: only
 * ours */
/* clang-format off */
#define PST_RULES(X) \
	X(R_HEADER, "header", B, \
	    "the header's constants are those of a Unicode file") \
	X(R_HEADER_CRC, "header-crc", B, \
	    "both checksums of the header are right") \
	X(R_EOF, "eof", B, \
	    "the file ends where its last section ends, and the header says so") \
	X(R_AMAP_VALID, "amap-valid", O, \
	    "the header says that the allocation maps are valid") \
	X(R_MAP_PAGE, "map-page", B, \
	    "every map page is in its place, with its offset as id, no signature and the right checksum") \
	X(R_DLIST, "dlist", O, \
	    "there is a density list at 4200") \
	X(R_PMAP, "pmap", O, \
	    "page maps are all ones") \
	X(R_FMAP, "fmap", O, \
	    "each byte of a free map is the longest run of free slots of its section, at most 255") \
	X(R_AMAP_FREE, "amap-free", M, \
	    "the header's free space is that of the allocation maps") \
	X(R_AMAP_SET, "amap-set", B, \
	    "what the trees use is marked as used in the allocation map") \
	X(R_AMAP_STRAY, "amap-stray", O, \
	    "nothing is marked as used but what the trees use") \
	X(R_PAGE, "page", B, \
	    "a tree page has its type twice, the id and level its parent says, its signature and checksum") \
	X(R_PAGE_ALIGN, "page-align", B, \
	    "tree pages begin at multiples of 512") \
	X(R_PAGE_ENTRIES, "page-entries", B, \
	    "a tree page says how many entries of which size it has, within its room") \
	X(R_PAGE_KEYS, "page-keys", B, \
	    "keys of a tree ascend, and a parent's key is the first of its child") \
	X(R_BLOCK, "block", B, \
	    "a block's trailer repeats its size and id, with signature and checksum") \
	X(R_BLOCK_PLACE, "block-place", B, \
	    "a block begins at a multiple of 64 and lies inside one section") \
	X(R_BLOCK_PAD, "block-pad", O, \
	    "what pads a block is zero") \
	X(R_OVERLAP, "overlap", B, \
	    "nothing overlaps") \
	X(R_BLOCK_EMPTY, "block-empty", B, \
	    "no block is empty or longer than 8176 bytes") \
	X(R_REFS, "refs", B, \
	    "a block's reference count is one more than its references") \
	X(R_ORPHAN, "orphan", O, \
	    "every block is referred to") \
	X(R_MISSING, "missing", B, \
	    "every block that is referred to exists") \
	X(R_BID, "bid", B, \
	    "block and page ids are below the header's next ones, unique, with bit 0 clear") \
	X(R_XBLOCK, "xblock", B, \
	    "a list of blocks names as many bytes as its blocks hold, all but the last full") \
	X(R_SLBLOCK, "slblock", B, \
	    "subnode lists are sorted and of the right level") \
	X(R_HEAP, "heap", B, \
	    "a heap block's page map is even-placed, with ascending offsets up to it, and counts its empty items") \
	X(R_HEAP_FULL, "heap-full", B, \
	    "all blocks of a heap but the last are full") \
	X(R_HEAP_FILL, "heap-fill", B, \
	    "a heap's fill levels are those of its blocks") \
	X(R_HEAP_ITEM, "heap-item", O, \
	    "what refers into a heap finds an item, and no item is found twice or never") \
	X(R_BTH, "bth", B, \
	    "a tree on a heap is whole, its keys ascend") \
	X(R_PROP, "prop", B, \
	    "a property's type is known and its value is there, of the right size") \
	X(R_PROP_TEXT, "prop-text", O, \
	    "text is UTF-16 of whole characters without a NUL at its end") \
	X(R_TABLE, "table", B, \
	    "a table's header is consistent: sorted columns that do not overlap, row ends that ascend") \
	X(R_TABLE_ROWS, "table-rows", B, \
	    "row index and rows correspond, a row begins with its id, ids are not 0") \
	X(R_TABLE_COLUMNS, "table-columns", B, \
	    "a table has the columns that Outlook has always made, with their types") \
	X(R_TABLE_NEW, "table-columns-new", O, \
	    "a table has the columns that today's Outlook makes") \
	X(R_NODES, "nodes", B, \
	    "the nodes that Outlook needs are there") \
	X(R_NID, "nid", B, \
	    "node ids lie in their ranges") \
	X(R_NID_HIGH, "nid-high", M, \
	    "the header's counters cover the node ids in use") \
	X(R_PARENT, "parent", B, \
	    "nodes name the right parent") \
	X(R_FOLDER, "folder", B, \
	    "a folder has its three tables and is listed in its parent's") \
	X(R_FOLDER_COUNTS, "folder-counts", O, \
	    "a folder's counts are those of its table") \
	X(R_ROW, "row", O, \
	    "a row holds what its object holds") \
	X(R_LISTED, "listed", B, \
	    "every message is listed once, in its folder's table") \
	X(R_MESSAGE, "message", O, \
	    "a message has its class, flags, size, times, search key and table of recipients") \
	X(R_ATTACHMENT, "attachment", B, \
	    "attachments and the rows of their table correspond") \
	X(R_ATTACH_SIZE, "attach-size", O, \
	    "an attachment's size is the sum of its values") \
	X(R_MESSAGE_SIZE, "message-size", O, \
	    "a message's size is that of its data blocks") \
	X(R_DISPLAY, "display", O, \
	    "display names are those of the recipients, absent where there are none") \
	X(R_SUBJECT, "subject", O, \
	    "a subject begins with the marker of its prefix and is at most 255 characters") \
	X(R_ROW_VERSION, "row-version", O, \
	    "row versions are unique and below the header's counter") \
	X(R_ID_MAP, "id-map", O, \
	    "the id map lists the ids that rows carry") \
	X(R_NAMES, "names", B, \
	    "the name map is whole: streams not empty, buckets by hash, no two names equal but for case") \
	X(R_NAMED, "named", B, \
	    "every named property in use has a name") \
	X(R_STORE, "store", B, \
	    "the store has its record key, its folders and its password field")
/* clang-format on */

enum rule {
#define X(id, name, grade, words) id,
	PST_RULES(X)
#undef X
	    RULE_N
};

struct check_block {
	guint64 bid, ib;
	guint16 cb, refs;
	guint32 seen; /* references found */
};

struct check_extent {
	guint64 ib;
	guint32 len;
	bool page;
};

struct check {
	Pst *pst;
	PstNdb *ndb;
	const struct pst_header *header;
	const struct pst_layout *layout;
	bool ours, unicode;
	PstReport *report;
	struct pst_report_counts *counts;
	GArray *blocks;	  /* of struct check_block, ascending ids */
	GArray *nodes;	  /* of struct pst_node, ascending ids */
	GArray *extents;  /* of struct check_extent: blocks and tree pages */
	GArray *versions; /* of guint32: row versions seen */
	GArray *item_ids; /* of 20 bytes: id and node, from rows */
	guint32 nid_high[32]; /* highest index met, by type */
	guint64 pages;	      /* visited */
};

/* Say that a rule is broken; format: where and how. */
void pst_check_say(struct check *c, enum rule rule, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
struct check_block *pst_check_block(struct check *c, guint64 bid);
const struct pst_node *pst_check_node(struct check *c, guint32 nid);

/* The passes, in this order. */
void pst_check_trees(struct check *c); /* fills blocks, nodes, extents */
void pst_check_space(struct check *c);
void pst_check_references(struct check *c);
void pst_check_contexts(struct check *c);
void pst_check_mail(struct check *c);

/* Of an object's table: the names and the ids that its kind needs. */
void pst_check_names(struct check *c);
void pst_check_id_map(struct check *c);
/* One message and what is in it; the caller closes it. */
void pst_check_message(struct check *c, PstMessage *message);
/* Bytes of a property's value as it is counted in sizes; false: unreadable. */
bool pst_check_value_size(
    const PstProps *props, const struct pst_prop *prop, guint64 *out);
/* Bytes of all data blocks of a node and the subnodes under it. */
guint64 pst_check_data_size(
    struct check *c, guint64 data, guint64 sub, guint depth);

#endif
