/*
 * The crew of a run: its worker processes, and the lines they send. The parent
 * waits for all of them at once.
 */
#ifndef MAILMIG_ENGINE_CREW_H
#define MAILMIG_ENGINE_CREW_H

#include "engine/run.h"
#include "engine/starter.h"

typedef struct Crew Crew;

/* lock_fd: kept open by every worker, so that a state directory is in use as
 * long as one of them lives. All texts must live as long as the crew. */
Crew *crew_new(
    Starter *starter, const char *state_dir, guint64 run, int lock_fd);
/* Kills whoever is left. */
void crew_free(Crew *crew);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Crew, crew_free)

/* One more worker; numbers count from 1 and are not used again. ST_RUN. */
enum status crew_start(Crew *crew, GError **error);
guint crew_size(const Crew *crew);	      /* alive */
guint crew_member(const Crew *crew, guint i); /* its number; i < crew_size() */
void crew_stop(Crew *crew);		  /* ask all of them to finish soon */
/* All of them rest, those that are started later too; or go on. */
void crew_pause(Crew *crew, bool pause);
/* Has it waited for anything (a server, a disk, a lock, time) since the last
 * call? Whoever works does, all the time; whoever hangs in a loop, or is
 * stopped, or waits for a disk that is gone does not. */
bool crew_alive(Crew *crew, guint worker);
void crew_kill(Crew *crew, guint worker); /* it hangs */

struct crew_news {
	Event *event;	 /* or NULL; the caller's */
	guint left;	 /* number of a worker that ended, or 0 */
	bool died;	 /* it did not end by itself */
	char reason[64]; /* "killed by signal 9" */
};
/* Wait up to timeout_ms for news. ST_OK: *out is one; ST_END: none in time. */
enum status crew_wait(
    Crew *crew, int timeout_ms, struct crew_news *out, GError **error);

#endif
