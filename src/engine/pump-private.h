/* What pump.c and settle.c share: one attempt. */
#ifndef MAILMIG_ENGINE_PUMP_PRIVATE_H
#define MAILMIG_ENGINE_PUMP_PRIVATE_H

#include "engine/batch.h"
#include "engine/ends.h"
#include "engine/pump.h"
#include "engine/rescue.h"
#include "engine/report.h"

#define PUMP_BATCH_BYTES    (6 << 20) /* MULTIAPPEND is atomic: bounded */
#define PUMP_BATCH_MESSAGES 200	      /* what a crash may repeat */
#define PUMP_BATCH_US	    (2 * G_USEC_PER_SEC) /* between commits */
#define PUMP_UPDATES_MAX    2000 /* new flags held for a commit */

struct pump {
	const struct pump_params *p;
	struct job job;
	struct mailbox mailbox;
	char *spool_dir, *recovery_dir;
	Boxes *boxes;
	Batch *batch;
	Report *report;
	Rescue *recovery;
	Source *source;
	Dest *dest;
	bool source_begun, dest_begun;
	Spool *scratch;
	GString *card; /* of an address that becomes a message */
	Spool *letter; /* that message */
	bool whole;
	guint64 seq;
	GHashTable *flying;  /* seq: struct slot */
	GHashTable *folders; /* seq: struct box, of RECORD_FOLDER */
	GPtrArray *updates;  /* slots of new flags, until the next commit */
	gint64 bytes;	     /* since the last commit */
	guint messages;
	gint64 committed_us;
	gint64 not_taken[RECORD_ADDRESS + 1]; /* by kind */
	gint64 failed;			      /* items, for the recovery set */
};

/* carry.c: one record from the source on its way. */
enum status pump_take(
    struct pump *pump, const struct record *record, GError **error);
/* The source could not read it. */
enum status pump_unreadable(struct pump *pump, const struct record *record,
    const GError *why, GError **error);

/* settle.c: how it ended. */
/* The message's slot, with all that the ledger wants but the digest. */
struct slot *pump_slot(
    struct pump *pump, struct box *box, const struct record *record);
/* The slot's item failed; body: record's, when it could be read, is kept. */
void pump_failed(struct pump *pump, struct slot *slot,
    const struct record *record, const struct blob *octets, const char *side,
    const GError *error);
/* It failed in an earlier attempt of this run and was told: keep it again. */
void pump_failed_before(
    struct pump *pump, struct slot *slot, const struct record *record);
/* Take what outcomes there are. */
enum status pump_drain(struct pump *pump, GError **error);
/* Commit the destination, then the ledger; last: everything of the job. */
enum status pump_commit(struct pump *pump, bool last, GError **error);
void pump_refuse_box(
    struct pump *pump, struct box *box, const char *side, const GError *error);

#endif
