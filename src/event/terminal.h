/*
 * Events for people: warnings and errors as they come, one line each, with the
 * mailbox and what to do. What is said again and again is cut short; all of it
 * is in the event log.
 */
#ifndef MAILMIG_EVENT_TERMINAL_H
#define MAILMIG_EVENT_TERMINAL_H

#include "event/event.h"

#define TERMINAL_REPEAT_MAX 20 /* lines of one kind of event */
#define TERMINAL_KEPT_MAX   10 /* of the last warnings and errors */

typedef struct Terminal Terminal;

/* out stays the caller's. */
Terminal *terminal_new(FILE *out, bool colour);
void terminal_free(Terminal *terminal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Terminal, terminal_free)

/* Would this event be printed? (Then progress must be hidden first.) */
bool terminal_wants(const Terminal *terminal, const Event *event);
/* Prints it, if so. */
void terminal_event(Terminal *terminal, const Event *event);
/* Keeps it for terminal_show() and prints nothing. */
void terminal_keep(Terminal *terminal, const Event *event);
/* How many of each kind there were, what to do about them, and the last
 * TERMINAL_KEPT_MAX of them in words. */
void terminal_show(Terminal *terminal);

#endif
