/*
 * Progress: what the events of a run add up to, while it runs. On a terminal a
 * bar for each worker and one for all, drawn at most ten times a second in one
 * write; elsewhere a plain line every few seconds.
 *
 * It counts for the eye: the books are made elsewhere (engine/run.h). What is
 * to come is known from run_begun, verify_begun or check_begun (mailboxes), and
 * job_sized (messages).
 */
#ifndef MAILMIG_EVENT_PROGRESS_H
#define MAILMIG_EVENT_PROGRESS_H

#include "event/event.h"

#define PROGRESS_DRAW_US  (G_USEC_PER_SEC / 10)
#define PROGRESS_LINE_US  (5 * G_USEC_PER_SEC)
#define PROGRESS_WINDOW_S 10 /* the rate is that of the last seconds */

enum progress_style {
	PROGRESS_BARS, /* a terminal that understands ECMA-48 */
	PROGRESS_LINES,
};

typedef struct Progress Progress;

/* out stays the caller's. utf8: whether it can show block characters. */
Progress *progress_new(FILE *out, enum progress_style style, bool utf8);
void progress_free(Progress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)

/* A line below the bars: which keys there are. As lines, it is said once. */
void progress_keys(Progress *progress, const char *text);

void progress_event(Progress *progress, const Event *event);
/* Draws when it is time to. now_us: monotonic; columns, rows: of the terminal
 * at this moment. */
void progress_tick(Progress *progress, gint64 now_us, int columns, int rows);
/* For a page that somebody else draws: a line for each worker as far as rows
 * allow, then all of them, then the numbers; at least four. g_ptr_array_unref().
 */
GPtrArray *progress_lines(Progress *progress, gint64 now_us, int rows);
/* Takes the bars off the terminal, so that something else can be printed; the
 * next tick draws them again. With PROGRESS_LINES nothing happens. */
void progress_hide(Progress *progress);
/* The end: bars vanish; as lines, a last one is printed. */
void progress_end(Progress *progress, gint64 now_us);

#endif
