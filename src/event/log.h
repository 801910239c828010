/*
 * The event log: one file per run, one event per line, as JSON. It is written
 * by the parent of a run alone, readable by its owner alone, and appended to
 * when a run with the same number goes on.
 */
#ifndef MAILMIG_EVENT_LOG_H
#define MAILMIG_EVENT_LOG_H

#include "base/status.h"
#include "event/event.h"

typedef struct EventLog EventLog;

/* state_dir/events/RUN.jsonl; the folder is made. ST_RUN with ERR_IO. */
enum status event_log_open(
    EventLog **out, const char *state_dir, guint64 run, GError **error);
/* Only queued: event_log_flush() hands it to the operating system. */
void event_log_write(EventLog *log, const Event *event);
/* ST_RUN with ERR_IO, RETRY_LATER: the disk is full. What could not be written
 * stays queued. */
enum status event_log_flush(EventLog *log, GError **error);
/* Flushes; NULL is fine. */
void event_log_close(EventLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EventLog, event_log_close)
/* Where the log of a run lies. g_free(). */
char *event_log_path(const char *state_dir, guint64 run);

#endif
