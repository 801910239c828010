/*
 * A comparison as somebody watches it: what it tells for progress, and what it
 * is asked for meanwhile. Its books do not depend on it.
 */
#ifndef MAILMIG_ENGINE_VERIFY_WATCH_H
#define MAILMIG_ENGINE_VERIFY_WATCH_H

#include "engine/feed.h"
#include "source/source.h"

#define VERIFY_READ_TOLD 100 /* messages between two events of progress */

/* *n more messages were read, at one of the two ends; it is 0 then. folder may
 * be NULL. */
void verify_tell_read(Feed *feed, const struct folder *folder, guint *n);
/* How many the mailbox holds; the source has the last word. */
void verify_tell_size(Feed *feed, const Source *source);
/* Lets somebody look, and rests while they ask for it. */
void verify_look_up(Feed *feed, const struct run_params *params);
/* Stopped after the current mailbox, with so many left. */
void verify_tell_left(Feed *feed, guint mailboxes);

#endif
