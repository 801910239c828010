/* A bag's inside, for what writes it out. */
#ifndef MAILMIG_PST_BAG_PRIVATE_H
#define MAILMIG_PST_BAG_PRIVATE_H

#include "pst/ltp-write.h"

struct bag_item {
	guint32 tag;
	guint64 number; /* of fixed types; of an object: node id, size << 32 */
	guint64 len;	/* bytes */
	gsize at;	/* in bytes, when bid is 0 */
	guint64 bid;	/* where it is written already, or 0 */
	bool shared;	/* bid is another object's too */
	guint32 next;	/* from 1: of those with the same slot */
};

#define BAG_SLOTS 64 /* of the index; an item has some 50 properties */

struct PstBag {
	PstOut *out;
	GArray *items;
	guint32 slots[BAG_SLOTS]; /* items from 1, by tag; 0: none */
	GByteArray *bytes;
	PstOutData *spill;
	bool nul; /* a NUL was left out of a text */
};

const struct bag_item *pst_bag_find(const PstBag *bag, guint32 tag);
const guint8 *pst_bag_item_bytes(
    const PstBag *bag, const struct bag_item *item);
bool pst_bag_is_fixed(guint32 tag);

#endif
