/*
 * Makes the processes of a run: workers and checkers. It is a process itself,
 * forked from the program before that has a second thread, an open database or
 * a connection, so that its own forks are sound and cheap: a worker begins at
 * once, with all libraries bound, where the program started anew would load for
 * longer than a run that finds nothing new takes.
 */
#ifndef MAILMIG_ENGINE_STARTER_H
#define MAILMIG_ENGINE_STARTER_H

#include "base/status.h"

#include <sys/types.h>

typedef struct Starter Starter;

/* Call it first of all, while the process has one thread. It lives as long as
 * its maker at most. ST_RUN. */
enum status starter_new(Starter **out, GError **error);
/* Ends it; its children get SIGTERM. */
void starter_free(Starter *starter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Starter, starter_free)

/*
 * The functions below give the process in *pid: signals may be sent to it until
 * starter_wait() was called for it, which must be done once for each. *out_fd is
 * the reading end of its standard output; the caller closes it. Its environment
 * is the caller's at this moment: secrets travel in it (plan_finish()). ST_RUN.
 */

/* worker_main(). lock_fd: held open by the worker. state_dir: at most PATH_MAX
 * octets. */
enum status starter_worker(Starter *starter, const char *state_dir,
    guint64 run, guint number, int lock_fd, pid_t *pid, int *out_fd,
    GError **error);
/* preflight_main(): part of parts. plan_fd: a file with the text of the plan,
 * read from its beginning. */
enum status starter_checker(Starter *starter, int plan_fd, guint part,
    guint parts, pid_t *pid, int *out_fd, GError **error);

/* Wait for the end of a process whose output has ended, or that was killed.
 * *status: as of waitpid(2). ST_RUN. */
enum status starter_wait(
    Starter *starter, pid_t pid, int *status, GError **error);

#endif
