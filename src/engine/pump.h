/*
 * The pump: one attempt at one share of a mailbox. It pulls records from a
 * source and puts them into a destination until the source is dry, and enters
 * in the ledger what the destination has made durable.
 */
#ifndef MAILMIG_ENGINE_PUMP_H
#define MAILMIG_ENGINE_PUMP_H

#include "dest/dest.h"
#include "engine/feed.h"
#include "source/source.h"

#define PUMP_IDLE_MS 200 /* between looks at the flags while waiting */

struct pump_params {
	Ledger *ledger;
	Feed *feed; /* feed_share() was called */
	const Plan *plan;
	const struct ledger_share *share;
	const struct plan_route *route;
	const struct source_driver *source_driver;
	const struct dest_driver *dest_driver;
	volatile int *stop, *pause;
};

/*
 * ST_OK: the share is complete; items may have failed, each told in an event.
 * ST_END: the stop flag was set; what was under way is safe. Otherwise the
 * reach of what went wrong, never ST_ITEM; what was committed stays.
 */
struct pump_result {
	bool opened; /* both ends were open */
	const char
	    *side; /* "source", "destination", "engine": where it ended */
	gint64 recovered;	/* records kept in the recovery set */
	char *recovery_dir;	/* NULL: nothing was kept; g_free() */
	GPtrArray *kept;	/* of struct rescue_item, or NULL */
	char *recovery_trouble; /* why nothing could be; g_free() */
};
void pump_result_clear(struct pump_result *result);
enum status pump_run(const struct pump_params *params,
    struct pump_result *result, GError **error);

#endif
