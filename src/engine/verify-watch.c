#include "engine/verify-watch.h"

#define PAUSE_MS 100 /* between looks while paused */

void
verify_tell_read(Feed *feed, const struct folder *folder, guint *n)
{
	Event *event;

	if (*n == 0)
		return;
	event = event_new(EVENT_MESSAGES_READ);
	if (folder)
		event_path(event, "folder", folder->path);
	event_number(event, "n", *n);
	event_number(event, "ends", 2);
	feed_tell(feed, event);
	*n = 0;
}

void
verify_tell_size(Feed *feed, const Source *source)
{
	gint64 messages = source_expect(source);
	Event *event;

	if (messages < 0)
		return;
	event = event_new(EVENT_JOB_SIZED);
	event_number(event, "messages", messages);
	event_number(event, "parts", 1);
	feed_tell(feed, event);
}

void
verify_look_up(Feed *feed, const struct run_params *params)
{
	bool paused = false;

	for (;;) {
		bool pause = params->pause && *params->pause &&
			     !(params->stop && *params->stop);

		if (params->tick)
			params->tick(params->user);
		if (pause != paused)
			feed_tell(feed, event_new(pause ? EVENT_RUN_PAUSED
							: EVENT_RUN_CONTINUED));
		paused = pause;
		if (!pause)
			return;
		g_usleep(PAUSE_MS * 1000);
	}
}

void
verify_tell_left(Feed *feed, guint mailboxes)
{
	Event *event = event_new(EVENT_RUN_FINISHING);

	event_number(event, "mailboxes", mailboxes);
	feed_tell(feed, event);
	feed_tell(feed, event_new(EVENT_RUN_STOPPED));
}
