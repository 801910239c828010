/* What the parent of a run does in the place of a worker that died. */
#ifndef MAILMIG_ENGINE_WORKER_H
#define MAILMIG_ENGINE_WORKER_H

#include "engine/feed.h"

/* End an attempt in the ledger, and the job with its last share: its books are
 * closed and the event of its end is told. */
enum status worker_end_share(Feed *feed, Ledger *ledger,
    const struct ledger_share *share, enum ledger_state state, guint pause_s,
    const char *reason, GError **error);

#endif
