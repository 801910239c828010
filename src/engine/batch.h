/*
 * A batch: what the destination has settled and the ledger has not yet entered.
 * One transaction enters it all: items, folders, counts, and the lines that
 * tell of them (feed.h).
 */
#ifndef MAILMIG_ENGINE_BATCH_H
#define MAILMIG_ENGINE_BATCH_H

#include "base/digest.h"
#include "engine/boxes.h"
#include "engine/feed.h"

enum slot_fate {
	SLOT_MOVED,
	SLOT_THERE,
	SLOT_FAILED,
	SLOT_FILTERED,
	SLOT_STAGED,  /* written, counts with the last commit */
	SLOT_UPDATED, /* new flags carried over, or not to be tried again */
};

/* One message, from put() until it is entered; its strings are used again. */
struct slot {
	guint64 seq;
	struct box *box;
	enum slot_fate fate;
	bool has_digest, has_dest_key, has_old_key;
	bool told; /* failed or filtered, and an event of this run said so */
	struct digest digest;
	guint32 flags;
	gint64 bytes;
	struct stamp received;
	GString *key, *keywords, *dest_key, *reason, *old_key;
};

typedef struct Batch Batch;

Batch *batch_new(
    Ledger *ledger, Feed *feed, Boxes *boxes, const struct ledger_share *share);
void batch_free(Batch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Batch, batch_free)

struct slot *batch_slot(Batch *batch);		  /* empty */
void batch_drop(Batch *batch, struct slot *slot); /* it came to nothing */
/* Takes a slot whose fate is known, and counts it in its box. */
void batch_settle(Batch *batch, struct slot *slot);
/* A box changed without a slot: it began, ended, got a state. */
void batch_touch(Batch *batch, struct box *box);
guint batch_size(const Batch *batch);	 /* slots */
gint64 batch_age_us(const Batch *batch); /* of the oldest; 0 when empty */

/* Enter and tell. */
enum status batch_enter(Batch *batch, GError **error);
/* The same in three steps, for a destination that counts only when it is whole:
 * everything of it in one transaction. */
enum status batch_begin(Batch *batch, GError **error);
enum status batch_write(Batch *batch, GError **error);
enum status batch_end(Batch *batch, GError **error);

#endif
