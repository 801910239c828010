#include "engine/ends.h"

#include "base/conn.h"

struct opening {
	const struct ends *ends;
	Dest *dest;
	ConnSet *conns;
	GError *error;
	enum status st;
};

static void *
open_dest(void *user)
{
	struct opening *o = user;

	o->st =
	    dest_open(&o->dest, o->ends->dest_driver, o->ends->to, &o->error);
	o->conns = conn_leave();
	return NULL;
}

enum status
ends_open(const struct ends *ends, Source **source, Dest **dest,
    bool *dest_failed, GError **error)
{
	struct opening o = {.ends = ends};
	GThread *beside = NULL;
	enum status st;

	/* A log-on is three or four waits for a server, and often for a process
	 * that it starts: no reason to begin the second after the first. */
	if (ends->source_driver->accounts && ends->dest_driver->accounts)
		beside = g_thread_try_new("destination", open_dest, &o, NULL);
	st = source_open(source, ends->source_driver, ends->from, error);
	if (beside) {
		g_thread_join(beside);
		conn_take(o.conns);
	} else if (st == ST_OK) {
		o.st =
		    dest_open(&o.dest, ends->dest_driver, ends->to, &o.error);
	}
	*dest = o.dest;
	*dest_failed = st == ST_OK && o.st < 0;
	if (*dest_failed) {
		st = o.st;
		g_propagate_error(error, o.error);
	} else {
		g_clear_error(&o.error);
	}
	return st;
}
