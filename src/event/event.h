/*
 * Events: what happened, once each, and the only counters of a run.
 *
 * events.def is the catalogue. Where the original wizard had an event, its
 * number is kept (spec/events.md); ours start at 30000. A number keeps its
 * meaning for ever. An event is made by the engine, written as one line of JSON
 * (also by a worker to its parent, through a pipe), and handed to sinks: event
 * log, terminal, progress. Secrets never appear in one.
 *
 *	{"t":"2026-11-21T03:15:00.123Z","id":30010,"name":"messages_moved",
 *	 "level":"info","run":3,"mailbox":"anna","n":200,"bytes":7340032,...}
 */
#ifndef MAILMIG_EVENT_EVENT_H
#define MAILMIG_EVENT_EVENT_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

enum event_level { EVENT_DEBUG, EVENT_INFO, EVENT_WARNING, EVENT_ERROR };

enum event_id {
#define EVENT(id, NAME, name, level, text, why, remedy) EVENT_##NAME = id,
#include "event/events.def"
#undef EVENT
};

struct event_entry {
	int id;
	const char *name; /* lower case: "messages_moved" */
	enum event_level level;
	const char *text;   /* "{n} messages moved to {folder}": {parameter} */
	const char *why;    /* what it means; the KB row it stems from */
	const char *remedy; /* what to do; "" for good news */
};
extern const struct event_entry event_catalogue[]; /* by id, ends with id 0 */
const struct event_entry *event_entry_find(int id);
const char *event_level_name(enum event_level level);

/* One event with its parameters: names are fixed strings, text is copied. */
typedef struct Event Event;

Event *event_new(enum event_id id);
void event_free(Event *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Event, event_free)
void event_text(
    Event *event, const char *name, const char *value); /* NULL: left out */
void event_number(Event *event, const char *name, gint64 value);
void event_path(Event *event, const char *name, char *const *path); /* array */

int event_id_of(const Event *event);
enum event_level event_level_of(const Event *event);
gint64 event_time_us(const Event *event); /* microseconds since 1970 */
bool event_has(const Event *event, const char *name);
const char *event_get_text(const Event *event, const char *name); /* or NULL */
gint64 event_get_number(
    const Event *event, const char *name); /* 0 when absent */
char *const *event_get_path(const Event *event, const char *name); /* or NULL */

/* The JSON line with its newline, appended; and back. */
void event_to_json(const Event *event, GString *out);
/* NULL when line is none of ours (a library wrote to the pipe). */
Event *event_from_json(const char *line);
/* The sentence for people, from the catalogue's text. g_free(). */
char *event_to_text(const Event *event);

#endif
