/*
 * Boxes: the folders of one attempt at one mailbox, each with what the ledger
 * knows of it, where it goes, and what was counted. They also answer the
 * drivers' questions about earlier passes (struct known).
 */
#ifndef MAILMIG_ENGINE_BOXES_H
#define MAILMIG_ENGINE_BOXES_H

#include "model/job.h"
#include "state/ledger.h"

struct box {
	const struct folder *src; /* the source's; NULL for other records */
	struct folder dst;	  /* the same after the folder map; owned */
	char *text; /* path at the source, or "/address" for other records */
	enum record_kind kind; /* RECORD_MESSAGE, or of the other records */
	bool contacts; /* messages made from an address book; not of src */
	struct box *joined; /* what is for it goes there; NULL: to its dst */
	/* As in the ledger; counts are changed by batch.c only, in the
	 * transaction that enters them: hold() saves the row at any time. */
	struct ledger_folder row;
	gint64 base;	  /* settled earlier in this run: not there, but told */
	bool lookup;	  /* the ledger may know messages of it */
	bool again;	  /* messages may have arrived without our knowing */
	bool asked, mine; /* who takes it, with several parts */
	bool announced;	  /* by the source, at its begin */
	bool begun;	  /* RECORD_FOLDER was given */
	bool left_out;	  /* by the filter */
	bool put;	  /* the destination was told of it */
	bool refused;	  /* and did not want it */
	bool ended;	  /* RECORD_FOLDER_END was given */
	bool done;	  /* and everything in it is settled and entered */
	char *refusal;	  /* why */
	GHashTable *fresh; /* dest keys of this attempt, when again; or NULL */
	char *state;	   /* the source's, for the next pass */

	/* Of this attempt. */
	gint64 given;	  /* new messages */
	gint64 resettled; /* given though settled: the engine knew, not the
			     source */
	gint64 open;	  /* given, and no verdict yet */
	gint64 failed, filtered;
	gint64 found, skipped; /* as the source said */

	/* Of this batch: not yet entered in the ledger. */
	bool touched; /* the row is to be saved */
	bool listed;  /* and the batch knows */
	gint64 moved, bytes, there, updated, not_carried, staged, staged_bytes;
	gint64 new_failed,
	    new_filtered; /* told for the first time in this run */
	gint64 settled_change;
};

typedef struct Boxes Boxes;

/* Everything must live as long as the boxes. map: pairs, as in the plan.
 * ledger NULL: for the names of folders only. */
Boxes *boxes_new(
    Ledger *ledger, const struct ledger_share *share, const GPtrArray *map);
void boxes_free(Boxes *boxes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Boxes, boxes_free)

/* The box of a folder, by its address: the source's or ours. Never NULL; a
 * ledger failure is kept for boxes_error(). */
struct box *boxes_of(Boxes *boxes, const struct folder *folder);
struct box *boxes_of_kind(Boxes *boxes, enum record_kind kind);
/* The one of an address book whose entries become messages, a row of its own in
 * the ledger. It shares the place of the source's folder for contacts, or of
 * one with the same name. */
struct box *boxes_of_contacts(Boxes *boxes);
/* The destination's folder: what a driver is told. */
const struct folder *box_place(const struct box *box);
struct box *boxes_by_id(Boxes *boxes, gint64 folder);
const GPtrArray *boxes_all(const Boxes *boxes); /* of struct box */
/* Another box that goes to the same place, or NULL. */
const struct box *boxes_joined(Boxes *boxes, const struct box *box);
/* Is it for this part? Asks the ledger once. */
bool boxes_claim(Boxes *boxes, struct box *box);
/* The source's keys of this folder are not those of the ledger's items. */
bool box_is_renewed(const struct box *box);

const struct known *boxes_known(Boxes *boxes);
/* For jobs without a past: it knows nothing and claims everything. */
extern const struct known boxes_nothing;
/* ST_OK, or what went wrong in a question that could not say so. */
enum status boxes_error(Boxes *boxes, GError **error);

#endif
