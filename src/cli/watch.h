/*
 * A run, a check or a comparison as somebody watches it: events told and
 * progress drawn on standard error, or events as JSON on standard output; what
 * is asked for meanwhile by a key or a signal. All of it is made of the one
 * stream of events.
 *
 *	p	rest, and go on		e	warnings and errors so far
 *	s	stop after the current mailboxes
 *	Ctrl-C	stop when what is under way is safe; a second time: at once
 */
#ifndef MAILMIG_CLI_WATCH_H
#define MAILMIG_CLI_WATCH_H

#include "cli/command.h"
#include "engine/run.h"

typedef struct Watch Watch;

/* tell: warnings and errors are printed as they come. Without, they are only
 * counted, and shown when a key asks for them. Takes the signals. */
Watch *watch_new(const struct cli *cli, bool tell);
void watch_free(Watch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Watch, watch_free)

/* Sets stop, pause and finish of a run. */
void watch_wishes(struct run_params *params);

void watch_event(Watch *watch, const Event *event);
/* Several times a second. */
void watch_tick(Watch *watch);
/* Bars vanish, keys are keys again. */
void watch_end(Watch *watch);

#endif
