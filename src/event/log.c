#include "event/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_QUEUE_MAX (64 << 10) /* bytes queued before a write is tried */

struct EventLog {
	char *path;
	int fd;
	GString *queue;
};

char *
event_log_path(const char *state_dir, guint64 run)
{
	return g_strdup_printf(
	    "%s/events/%" G_GUINT64_FORMAT ".jsonl", state_dir, run);
}

enum status
event_log_open(
    EventLog **out, const char *state_dir, guint64 run, GError **error)
{
	g_autofree char *path = event_log_path(state_dir, run);
	g_autofree char *dir = g_path_get_dirname(path);
	int fd;

	if (g_mkdir_with_parents(dir, 0700) < 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "cannot make %s: %s", dir, g_strerror(errno));
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "cannot write the event log %s: %s", path,
		    g_strerror(errno));
	*out = g_new0(EventLog, 1);
	(*out)->path = g_steal_pointer(&path);
	(*out)->fd = fd;
	(*out)->queue = g_string_sized_new(LOG_QUEUE_MAX);
	return ST_OK;
}

enum status
event_log_flush(EventLog *log, GError **error)
{
	gsize at = 0;

	while (at < log->queue->len) {
		gssize n =
		    write(log->fd, log->queue->str + at, log->queue->len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			g_string_erase(log->queue, 0, (gssize)at);
			return fail(ST_RUN, error, ERR_IO, RETRY_LATER,
			    "cannot write the event log %s: %s", log->path,
			    g_strerror(errno));
		}
		at += (gsize)n;
	}
	g_string_truncate(log->queue, 0);
	return ST_OK;
}

void
event_log_write(EventLog *log, const Event *event)
{
	event_to_json(event, log->queue);
	if (log->queue->len >= LOG_QUEUE_MAX)
		event_log_flush(log, NULL); /* the caller's flush() reports */
}

void
event_log_close(EventLog *log)
{
	if (log == NULL)
		return;
	event_log_flush(log, NULL);
	close(log->fd);
	g_string_free(log->queue, TRUE);
	g_free(log->path);
	g_free(log);
}
