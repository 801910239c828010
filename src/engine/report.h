/*
 * The words for what went wrong with an item, and the remarks of drivers: each
 * failed item is one event, which takes up the source's remark on its cause
 * instead of standing beside it.
 */
#ifndef MAILMIG_ENGINE_REPORT_H
#define MAILMIG_ENGINE_REPORT_H

#include "engine/feed.h"
#include "model/job.h"

typedef struct Report Report;

Report *report_new(Feed *feed);
void report_free(Report *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Report, report_free)

/* For struct job: ctx is the Report. While held, remarks of errors wait for
 * the end of the source's next(). */
void report_remark(void *ctx, const struct remark *remark);
void report_hold(Report *report);
/* They stand alone: tell them. */
void report_release(Report *report);

/*
 * The event of an item that failed; takes up what is held. record: as much as
 * is known; octets: of a message, or NULL; folder: where it was at the source,
 * or NULL. side: "source" or "destination".
 */
Event *report_failed(Report *report, const struct record *record,
    const struct folder *folder, const struct blob *octets, const char *side,
    const GError *error);

#endif
