/*
 * The check before the flight: log on to every mailbox at both ends, count and
 * measure, and say what will go wrong, before anything is written anywhere.
 *
 * Mailboxes are looked at in parallel by processes (this program again, as
 * `mailmig checker`), which tell what they find as events; warnings and errors
 * among these are the findings. The plan goes to them through memory, so that
 * not even the state directory is made. A local destination is not opened,
 * because opening makes its directory: its room is measured, its names are
 * predicted.
 */
#ifndef MAILMIG_ENGINE_PREFLIGHT_H
#define MAILMIG_ENGINE_PREFLIGHT_H

#include "engine/plan.h"
#include "engine/run.h"

#define PREFLIGHT_SAMPLE_US   (1500 * 1000) /* read from one mailbox, at most */
#define PREFLIGHT_SAMPLES_MAX 50	    /* messages of it */
/* Of the whole check, by one process: thousands of mailboxes are not all read
 * for a guess. */
#define PREFLIGHT_SAMPLING_US  (20 * G_USEC_PER_SEC)
#define PREFLIGHT_NAME_MAX     255 /* bytes of a folder's name in a file system */
#define PREFLIGHT_FINDINGS_MAX 20 /* of one kind in one mailbox */

/* What was found, summed up. */
struct preflight {
	gint64 mailboxes, failed; /* failed: one of its ends cannot be used */
	gint64 looked; /* at; fewer when it was asked to stop before its end */
	gint64 folders, messages, bytes, left_out; /* at the source */
	gint64 sampled_bytes, sampled_messages, sampled_us;
	gint64 estimate_s; /* -1: nothing was measured */
	gint64 warnings, errors;
};

/*
 * All mailboxes of a finished plan; what is found goes to params->sink. ST_RUN
 * when the source cannot list them. program, stop and tick as for a run.
 */
enum status preflight_run(
    const struct run_params *params, struct preflight *out, GError **error);
/* 0: nothing stands in the way; 1: warnings; 2: errors. */
int preflight_exit_status(const struct preflight *found);

/* The process's side: the plan is on file descriptor in; it looks at every
 * parts-th mailbox from part (from 0), and writes events to file descriptor
 * out. */
enum status preflight_main(
    int in, int out, guint part, guint parts, GError **error);

#endif
