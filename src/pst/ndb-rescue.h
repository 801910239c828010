/*
 * What the two B-trees of a damaged file would say: the file is read once from
 * its beginning to its end for pages that were leaves of the node B-tree, and
 * for blocks, which say at their end who they are. For pst/ndb-read.c.
 *
 * A page or block counts when its own checksum is right; of several versions of
 * a node the one in the newest page is taken. That may bring back what was
 * deleted long ago where the page that forgot it is the one that is damaged.
 */
#ifndef MAILMIG_PST_NDB_RESCUE_H
#define MAILMIG_PST_NDB_RESCUE_H

#include "pst/ndb-read.h"

#define PST_RESCUE_MAX (16u << 20) /* nodes, and blocks; 24 and 40 bytes each  \
				    */

typedef struct PstRescue PstRescue;
/* Never fails: what cannot be read is not found. */
PstRescue *pst_rescue_new(PstNdb *ndb);
void pst_rescue_free(PstRescue *rescue);

/* Entry i of the nodes, in the order of their ids; false: no more. */
bool pst_rescue_node_at(const PstRescue *rescue, guint i, struct pst_node *out);
bool pst_rescue_block_at(
    const PstRescue *rescue, guint i, struct pst_block *out);
/* Where the first entry lies whose key is not below that. */
guint pst_rescue_find(const PstRescue *rescue, guint8 type, guint64 key);

#endif
