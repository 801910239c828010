/* What the files of the check share. */
#ifndef MAILMIG_ENGINE_PREFLIGHT_PRIVATE_H
#define MAILMIG_ENGINE_PREFLIGHT_PRIVATE_H

#include "engine/jobs.h"
#include "engine/preflight.h"

/* One mailbox of a plan, in a process of the check: both ends. tell takes the
 * event. sampling_us: time that is left for samples, counted down. ST_RUN only
 * when no other mailbox could fare better. */
struct preflight_look {
	const Plan *plan;
	const struct wanted *wanted;
	void (*tell)(Event *event, void *user);
	void *user;
	gint64 *sampling_us;
};
enum status preflight_mailbox(
    const struct preflight_look *look, GError **error);

/* Octets that must be free below a destination that is a path, and are; -1:
 * not known, or no such destination. */
gint64 preflight_needs(const Plan *plan, gint64 messages, gint64 bytes);
gint64 preflight_free(const Plan *plan, char **where);

#endif
