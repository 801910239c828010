#include "engine/feed.h"

#include <errno.h>
#include <unistd.h>

struct Feed {
	int fd; /* -1: sink */
	volatile int *stop;
	run_sink sink;
	void *user;
	guint64 run;
	guint worker;
	const struct ledger_share *share;
	char *mailbox;	  /* without a share */
	guint64 serial;	  /* of the share's last counting event */
	GString *counted; /* lines not yet entered, then not yet told */
	GString *line;
};

Feed *
feed_new(int fd, volatile int *stop, guint64 run, guint worker)
{
	Feed *feed = g_new0(Feed, 1);

	feed->fd = fd;
	feed->stop = stop;
	feed->run = run;
	feed->worker = worker;
	feed->counted = g_string_new(NULL);
	feed->line = g_string_new(NULL);
	return feed;
}

Feed *
feed_new_sink(run_sink sink, void *user, guint64 run)
{
	Feed *feed = feed_new(-1, NULL, run, 0);

	feed->sink = sink;
	feed->user = user;
	return feed;
}

void
feed_free(Feed *feed)
{
	if (feed == NULL)
		return;
	g_string_free(feed->counted, TRUE);
	g_string_free(feed->line, TRUE);
	g_free(feed->mailbox);
	g_free(feed);
}

void
feed_share(Feed *feed, const struct ledger_share *share)
{
	feed->share = share;
	feed->serial = 0;
	g_string_truncate(feed->counted, 0);
}

void
feed_mailbox(Feed *feed, const char *mailbox)
{
	g_free(feed->mailbox);
	feed->mailbox = g_strdup(mailbox);
}

/* Lines may hold several; each goes to a sink on its own. */
static void
send_lines(Feed *feed, const GString *lines)
{
	gsize at = 0;

	if (feed->sink) {
		g_auto(GStrv) each = g_strsplit(lines->str, "\n", -1);

		for (guint i = 0; each[i]; i++) {
			g_autoptr(Event) event = event_from_json(each[i]);

			if (event)
				feed->sink(event, feed->user);
		}
		return;
	}
	while (at < lines->len) {
		gssize n = write(feed->fd, lines->str + at, lines->len - at);

		if (n >= 0) {
			at += (gsize)n;
		} else if (errno != EINTR) {
			/* The parent is gone: nobody would believe us. */
			*feed->stop = 1;
			return;
		}
	}
}

static void
dress(Feed *feed, Event *event)
{
	event_number(event, "run", (gint64)feed->run);
	if (feed->worker)
		event_number(event, "worker", feed->worker);
	if (feed->share) {
		event_text(event, "mailbox", feed->share->mailbox);
		event_number(event, "job", feed->share->job);
		if (feed->share->parts > 1)
			event_number(event, "part", feed->share->part);
	} else {
		event_text(event, "mailbox", feed->mailbox);
	}
}

void
feed_tell(Feed *feed, Event *event)
{
	dress(feed, event);
	if (feed->sink) {
		feed->sink(event, feed->user);
	} else {
		g_string_truncate(feed->line, 0);
		event_to_json(event, feed->line);
		send_lines(feed, feed->line);
	}
	event_free(event);
}

void
feed_count(Feed *feed, Event *event)
{
	dress(feed, event);
	event_number(event, "serial", (gint64)++feed->serial);
	event_to_json(event, feed->counted);
	event_free(event);
}

enum status
feed_enter(Feed *feed, Ledger *ledger, GError **error)
{
	if (feed->counted->len == 0)
		return ST_OK;
	return ledger_outbox_put(
	    ledger, feed->share, feed->serial, feed->counted->str, error);
}

void
feed_entered(Feed *feed)
{
	send_lines(feed, feed->counted);
	g_string_truncate(feed->counted, 0);
}

enum status
feed_again(Feed *feed, Ledger *ledger, GError **error)
{
	g_autofree char *lines = NULL;
	enum status st;

	st = ledger_outbox_get(
	    ledger, feed->share, &feed->serial, &lines, error);
	if (st == ST_OK && lines) {
		g_string_assign(feed->counted, lines);
		feed_entered(feed);
	}
	return st;
}
