/*
 * Waiting for what GIO does in a thread of its own (looking a name up, the
 * handshake of TLS), in a main context that nobody else uses. These are the
 * only operations of a connection that cannot be done with poll() alone, and
 * without this a signal would be noticed when they are over.
 */
#include "base/conn-private.h"

static gboolean
on_tick(gpointer user)
{
	return G_SOURCE_CONTINUE; /* only wakes the loop */
}

void
wire_wait_begin(struct wire_wait *wait)
{
	wait->context = g_main_context_new();
	wait->cancel = g_cancellable_new();
	wait->result = NULL;
	g_main_context_push_thread_default(wait->context);
}

void
wire_wait_done(GObject *source, GAsyncResult *result, gpointer user)
{
	struct wire_wait *wait = user;

	wait->result = g_object_ref(result);
}

enum wire_wait_end
wire_wait_run(struct wire_wait *wait, const struct wire *wire)
{
	enum wire_wait_end end = WIRE_WAIT_DONE;
	gint64 end_us =
	    g_get_monotonic_time() + (gint64)wire->timeout_ms * 1000;
	g_autoptr(GSource) tick = g_timeout_source_new(STOP_LOOK_MS);

	g_source_set_callback(tick, on_tick, NULL, NULL);
	g_source_attach(tick, wait->context);
	while (wait->result == NULL) {
		if (end == WIRE_WAIT_DONE) {
			if (wire->stop && *wire->stop)
				end = WIRE_WAIT_STOPPED;
			else if (g_get_monotonic_time() >= end_us)
				end = WIRE_WAIT_LATE;
			/* its callback still comes, soon now */
			if (end != WIRE_WAIT_DONE)
				g_cancellable_cancel(wait->cancel);
		}
		g_main_context_iteration(wait->context, TRUE);
	}
	g_source_destroy(tick);
	return end;
}

void
wire_wait_end(struct wire_wait *wait)
{
	g_main_context_pop_thread_default(wait->context);
	g_clear_object(&wait->result);
	g_clear_object(&wait->cancel);
	g_clear_pointer(&wait->context, g_main_context_unref);
}
