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
};

struct PstBag {
	PstOut *out;
	GArray *items;
	GByteArray *bytes;
	PstOutData *spill;
	bool nul; /* a NUL was left out of a text */
};

const struct bag_item *pst_bag_find(const PstBag *bag, guint32 tag);
const guint8 *pst_bag_item_bytes(
    const PstBag *bag, const struct bag_item *item);
bool pst_bag_is_fixed(guint32 tag);

#endif
