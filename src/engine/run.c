#include "engine/run.h"

#include "dest/dest.h"
#include "engine/crew.h"
#include "engine/jobs.h"
#include "engine/people.h"
#include "engine/worker.h"
#include "event/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_WAIT_MS  30000 /* for the workers of a run that was just killed */
#define LOCK_LOOK_MS  50
#define TICK_MS	      200 /* between calls of tick(), and looks at stop */
#define LAPSED_US     (10 * G_USEC_PER_SEC) /* between looks for hung workers */
#define RENEW_US      (60 * G_USEC_PER_SEC) /* between renewals of a lease */
#define STILLBORN_MAX 3 /* workers that end at once, without a mailbox */

struct parent {
	const struct run_params *params;
	struct books *books;
	int lock_fd;
	Ledger *ledger;
	EventLog *log;
	Feed *feed;
	Crew *crew;
	guint64 run;
	GHashTable *serials; /* of what was heard, by job and part */
	GHashTable *ended;   /* ids of jobs whose end was told */
	guint wanted_workers, stillborn;
	bool stopping, failed, paused, finishing;
	guint held; /* mailboxes that were not begun any more */
	gint64 begun_us, lapsed_us, renewed_us;
};

/* A line that is told again by the attempt after one that was killed. */
static bool
heard_before(struct parent *parent, const Event *event)
{
	gint64 serial = event_get_number(event, "serial");
	gint64 share = event_get_number(event, "job") * 256 +
		       event_get_number(event, "part");
	gint64 *last;

	if (serial == 0)
		return false;
	last = g_hash_table_lookup(parent->serials, &share);
	if (last == NULL) {
		gint64 *key = g_new(gint64, 1);

		*key = share;
		last = g_new0(gint64, 1);
		g_hash_table_insert(parent->serials, key, last);
	}
	if (serial <= *last)
		return true;
	*last = serial;
	return false;
}

static void
deliver(const Event *event, void *user)
{
	struct parent *parent = user;

	if (heard_before(parent, event))
		return;
	if (event_id_of(event) == EVENT_JOB_ENDED)
		g_hash_table_add(parent->ended,
		    GSIZE_TO_POINTER(event_get_number(event, "job")));
	if (event_id_of(event) == EVENT_RUN_FAILED) {
		/* Every worker comes to the same end: one event. */
		if (parent->failed)
			return;
		parent->failed = true;
	}
	books_apply(parent->books, event);
	event_log_write(parent->log, event);
	if (parent->params->sink)
		parent->params->sink(event, parent->params->user);
}

/*
 * Who runs here, 0: nobody, only workers whose parent was killed. flock() is
 * inherited by the workers, so that the directory is not free before the last
 * of them has ended; a lock of fcntl() is the parent's own, goes with it
 * however it ends, and has its number.
 */
static pid_t
holder(int fd)
{
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_GETLK, &range) < 0 || range.l_type == F_UNLCK)
		return 0;
	return range.l_pid;
}

static enum status
refuse(const char *dir, pid_t pid, GError **error)
{
	return fail(ST_RUN, error, ERR_REFUSED, RETRY_LATER,
	    "state directory %s is in use by another run, process %d; wait for "
	    "its end, or name another one with --state",
	    dir, (int)pid);
}

enum status
run_look(const char *state_dir, GError **error)
{
	g_autofree char *path = g_build_filename(state_dir, "lock", NULL);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	pid_t pid = fd < 0 ? 0 : holder(fd);

	if (fd >= 0)
		close(fd);
	return pid > 0 ? refuse(state_dir, pid, error) : ST_OK;
}

static enum status
lock(struct parent *parent, GError **error)
{
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	const char *dir = parent->params->plan->state_dir;
	g_autofree char *path = g_build_filename(dir, "lock", NULL);

	if (g_mkdir_with_parents(dir, 0700) < 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "cannot make the state directory %s: %s; name another one "
		    "with --state",
		    dir, g_strerror(errno));
	parent->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (parent->lock_fd < 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "cannot write in the state directory %s: %s; name another "
		    "one with --state",
		    dir, g_strerror(errno));
	for (guint ms = 0; ms < LOCK_WAIT_MS; ms += LOCK_LOOK_MS) {
		pid_t pid;

		if (flock(parent->lock_fd, LOCK_EX | LOCK_NB) == 0) {
			fcntl(parent->lock_fd, F_SETLK, &range);
			return ST_OK;
		}
		pid = holder(parent->lock_fd);
		if (pid > 0)
			return refuse(dir, pid, error);
		if (parent->params->stop && *parent->params->stop)
			break;
		g_usleep(LOCK_LOOK_MS * 1000);
	}
	return fail(ST_RUN, error, ERR_REFUSED, RETRY_LATER,
	    "state directory %s is still in use by the workers of a run that "
	    "was killed; try again in a minute",
	    dir);
}

static void
tell_accounts(
    struct parent *parent, const GPtrArray *missing, const GPtrArray *left_out)
{
	for (guint i = 0; i < missing->len; i++) {
		feed_mailbox(parent->feed, missing->pdata[i]);
		feed_tell(
		    parent->feed, event_new(EVENT_ACCOUNT_WITHOUT_MAILBOX));
	}
	for (guint i = 0; i < left_out->len; i++) {
		feed_mailbox(parent->feed, left_out->pdata[i]);
		feed_tell(
		    parent->feed, event_new(EVENT_MAILBOX_WITHOUT_ACCOUNT));
	}
	feed_mailbox(parent->feed, NULL);
}

/* What the source's list had already told, for progress; a worker that knows
 * better says so. */
static void
tell_sizes(struct parent *parent, const GPtrArray *wanted)
{
	for (guint i = 0; i < wanted->len; i++) {
		const struct wanted *w = wanted->pdata[i];
		Event *event;

		if (w->messages < 0 || !w->entered || w->no_mail)
			continue;
		feed_mailbox(parent->feed, w->mailbox);
		event = event_new(EVENT_JOB_SIZED);
		event_number(event, "messages", w->messages);
		event_number(event, "parts", 1);
		feed_tell(parent->feed, event);
	}
	feed_mailbox(parent->feed, NULL);
}

/* What the directory says, until there is a log to write it in. */
static void
keep(Event *event, void *user)
{
	g_ptr_array_add(user, event);
}

/* Everything up to the first worker. */
static enum status
begin(struct parent *parent, GError **error)
{
	const struct run_params *params = parent->params;
	const Plan *plan = params->plan;
	g_autoptr(GPtrArray) wanted = g_ptr_array_new();
	g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) left_out = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) people =
	    g_ptr_array_new_with_free_func((GDestroyNotify)event_free);
	guint jobs = 0, shares = 0;
	Event *event;
	enum status st;

	st = jobs_list(plan, wanted, missing, left_out, error);
	if (st == ST_OK)
		st = lock(parent, error);
	if (st == ST_OK)
		st = people_place_all(
		    plan, wanted, PEOPLE_WRITE, keep, people, error);
	if (st == ST_OK)
		st = ledger_open(&parent->ledger, plan->state_dir, error);
	if (st == ST_OK)
		st = ledger_run_begin(
		    parent->ledger, params->command, &parent->run, error);
	if (st == ST_OK)
		st = plan_run_save(plan, parent->run, error);
	if (st == ST_OK)
		st = event_log_open(
		    &parent->log, plan->state_dir, parent->run, error);
	if (st == ST_OK)
		st = jobs_enter(parent->ledger, plan, parent->run, wanted,
		    params->retry_failed_only, &jobs, &shares, error);
	if (st < 0)
		return st;
	parent->feed = feed_new_sink(deliver, parent, parent->run);
	event = event_new(EVENT_RUN_BEGUN);
	event_text(event, "command", params->command);
	event_text(event, "from", plan->from.text);
	event_text(event, "to", plan->to.text);
	event_number(event, "mailboxes", jobs);
	feed_tell(parent->feed, event);
	tell_accounts(parent, missing, left_out);
	tell_sizes(parent, wanted);
	while (people->len > 0)
		feed_tell(parent->feed, g_ptr_array_steal_index(people, 0));

	parent->crew = crew_new(
	    params->starter, plan->state_dir, parent->run, parent->lock_fd);
	parent->wanted_workers =
	    MIN(shares, MAX(plan->workers, 1) * MAX(plan->connections, 1));
	for (guint i = 0; st == ST_OK && i < parent->wanted_workers; i++)
		st = crew_start(parent->crew, error);
	return st;
}

/* What the dead worker's mailbox gets: another attempt, or the end. */
static enum status
inherit(struct parent *parent, const struct crew_news *news, GError **error)
{
	const Plan *plan = parent->params->plan;
	struct ledger_share share;
	bool last;
	Event *event;
	enum status st;

	st = ledger_share_of_worker(
	    parent->ledger, parent->run, news->left, &share, error);
	if (st == ST_END) {
		/* A worker that cannot even begin: the next one will not. */
		if (news->died && !parent->failed &&
		    ++parent->stillborn >= STILLBORN_MAX)
			return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
			    "workers cannot work: %s", news->reason);
		return ST_OK;
	}
	if (st < 0)
		return st;
	feed_share(parent->feed, &share);
	st = feed_again(parent->feed, parent->ledger, error);
	event = event_new(EVENT_WORKER_DIED);
	event_number(event, "worker", news->left);
	event_text(event, "reason", news->reason);
	feed_tell(parent->feed, event);
	last = share.attempts >= plan->retries;
	if (st == ST_OK && parent->stopping) {
		st = worker_end_share(parent->feed, parent->ledger, &share,
		    LEDGER_STOPPED, 0, "stopped", error);
	} else if (st == ST_OK) {
		if (last) {
			event = event_new(EVENT_JOB_FAILED);
			event_text(event, "reason", news->reason);
			feed_tell(parent->feed, event);
		}
		st = worker_end_share(parent->feed, parent->ledger, &share,
		    last ? LEDGER_FAILED : LEDGER_PENDING, 0, news->reason,
		    error);
	}
	feed_share(parent->feed, NULL);
	ledger_share_clear(&share);
	return st;
}

static enum status
refill(struct parent *parent, GError **error)
{
	guint pending = 0;
	enum status st = ST_OK;

	if (parent->stopping ||
	    crew_size(parent->crew) >= parent->wanted_workers)
		return ST_OK;
	st = ledger_share_pending(parent->ledger, parent->run, &pending, error);
	/* One more at a time: each one's end asks again. */
	if (st == ST_OK && pending > 0)
		st = crew_start(parent->crew, error);
	return st;
}

static void
begin_to_stop(struct parent *parent)
{
	if (parent->stopping)
		return;
	parent->stopping = true;
	crew_stop(parent->crew);
}

/* Whoever waits for a slow server, or rests, commits nothing for long; but it
 * lives. all: whatever they look like. */
static enum status
renew_leases(struct parent *parent, bool all, GError **error)
{
	enum status st = ST_OK;

	for (guint i = 0; st == ST_OK && i < crew_size(parent->crew); i++) {
		guint worker = crew_member(parent->crew, i);

		if (crew_alive(parent->crew, worker) || all)
			st = ledger_worker_renew(
			    parent->ledger, parent->run, worker, error);
	}
	return st;
}

static enum status
look_for_hung(struct parent *parent, GError **error)
{
	g_autoptr(GArray) workers = NULL;
	gint64 now = g_get_monotonic_time();
	gint64 since = now - parent->lapsed_us;
	enum status st = ST_OK;

	if (since < LAPSED_US)
		return ST_OK;
	parent->lapsed_us = now;
	/* We were stopped ourselves (Ctrl-Z), and they were with us. */
	if (since > RENEW_US)
		st = renew_leases(parent, true, error);
	workers = g_array_new(FALSE, FALSE, sizeof(guint));
	if (st == ST_OK)
		st = ledger_share_lapsed(
		    parent->ledger, parent->run, workers, error);
	for (guint i = 0; i < workers->len; i++)
		crew_kill(parent->crew, g_array_index(workers, guint, i));
	if (st == ST_OK && now - parent->renewed_us >= RENEW_US) {
		parent->renewed_us = now;
		st = renew_leases(parent, false, error);
	}
	return st;
}

/* What people asked for since the last look. */
static enum status
heed(struct parent *parent, GError **error)
{
	const struct run_params *params = parent->params;
	bool pause;
	Event *event;
	enum status st;

	if ((params->stop && *params->stop) || parent->failed)
		begin_to_stop(parent);
	if (parent->stopping)
		return ST_OK;
	pause = params->pause && *params->pause;
	if (pause != parent->paused) {
		parent->paused = pause;
		crew_pause(parent->crew, pause);
		feed_tell(parent->feed,
		    event_new(pause ? EVENT_RUN_PAUSED : EVENT_RUN_CONTINUED));
	}
	if (!params->finish || !*params->finish || parent->finishing)
		return ST_OK;
	parent->finishing = true;
	st = ledger_job_hold(parent->ledger, parent->run, &parent->held, error);
	event = event_new(EVENT_RUN_FINISHING);
	event_number(event, "mailboxes", parent->held);
	feed_tell(parent->feed, event);
	return st;
}

static enum status
supervise(struct parent *parent, GError **error)
{
	const struct run_params *params = parent->params;
	gint64 ticked_us = 0;
	enum status st = ST_OK;

	while (st >= 0 && crew_size(parent->crew) > 0) {
		struct crew_news news;
		gint64 now = g_get_monotonic_time();

		st = heed(parent, error);
		if (st < 0)
			break;
		if (params->tick && now - ticked_us >= TICK_MS * 1000) {
			ticked_us = now;
			params->tick(params->user);
		}
		st = crew_wait(parent->crew, TICK_MS, &news, error);
		if (st == ST_OK && news.event) {
			deliver(news.event, parent);
			event_free(news.event);
		} else if (st == ST_OK) {
			st = inherit(parent, &news, error);
			if (st >= 0)
				st = refill(parent, error);
		} else if (st == ST_END) { /* quiet: a good moment */
			st = event_log_flush(parent->log, error);
		}
		/* also while the others are never quiet */
		if (st >= 0)
			st = look_for_hung(parent, error);
	}
	return st < 0 ? st : ST_OK;
}

/* A worker that was killed between the ledger and the pipe told no end. */
static void
end_untold(const struct ledger_job *job, void *user)
{
	struct parent *parent = user;
	Event *event;

	if (job->state == LEDGER_PENDING || job->state == LEDGER_RUNNING ||
	    (job->state == LEDGER_STOPPED && job->error == NULL) ||
	    g_hash_table_contains(parent->ended, GSIZE_TO_POINTER(job->id)))
		return;
	event = event_new(EVENT_JOB_ENDED);
	event_text(event, "mailbox", job->mailbox);
	event_number(event, "job", job->id);
	event_text(event, "state", ledger_state_name(job->state));
	event_number(event, "failed", job->state == LEDGER_FAILED);
	feed_tell(parent->feed, event);
}

static Event *
totals(enum event_id id, const struct parent *parent)
{
	const struct books *b = parent->books;
	Event *event = event_new(id);

	event_number(event, "found", b->found);
	event_number(event, "moved", b->moved);
	event_number(event, "filtered", b->filtered);
	event_number(event, "there", b->there);
	event_number(event, "failed", b->failed);
	event_number(event, "updated", b->updated);
	event_number(event, "bytes", b->bytes);
	event_number(event, "mailboxes", b->mailboxes);
	event_number(event, "mailboxes_failed", b->mailboxes_failed);
	event_number(event, "warnings", b->warnings);
	event_number(event, "errors", b->errors);
	event_number(event, "elapsed_s",
	    (g_get_monotonic_time() - parent->begun_us) / G_USEC_PER_SEC);
	return event;
}

static enum status
end(struct parent *parent, GError **error)
{
	const struct books *b = parent->books;
	const struct dest_driver *driver =
	    dest_driver_find(parent->params->plan->to.url.scheme);
	struct ledger_run run = {
	    .id = parent->run,
	    .counts = {b->found, b->moved, b->filtered, b->there, b->failed},
	    .bytes = b->bytes,
	};
	Event *event;
	enum status st;

	st = ledger_job_each(
	    parent->ledger, parent->run, end_untold, parent, error);
	if ((parent->params->stop && *parent->params->stop) || parent->held > 0)
		feed_tell(parent->feed, event_new(EVENT_RUN_STOPPED));
	feed_tell(parent->feed, totals(EVENT_TOTALS, parent));
	if (strcmp(driver->name, "files") == 0)
		feed_tell(parent->feed, totals(EVENT_EXTRACT_ENDED, parent));
	run.exit_status = run_exit_status(b);
	event = totals(EVENT_RUN_ENDED, parent);
	event_number(event, "exit", run.exit_status);
	feed_tell(parent->feed, event);
	run.warnings = b->warnings;
	run.errors = b->errors;
	if (st == ST_OK)
		st = ledger_run_end(parent->ledger, &run, error);
	if (st == ST_OK)
		st = event_log_flush(parent->log, error);
	return st;
}

enum status
run_pass(const struct run_params *params, struct books *total, GError **error)
{
	struct parent parent = {.params = params,
	    .books = total,
	    .lock_fd = -1,
	    .begun_us = g_get_monotonic_time()};
	g_autoptr(GError) why = NULL;
	enum status st;

	memset(total, 0, sizeof *total);
	parent.lapsed_us = parent.renewed_us = parent.begun_us;
	parent.serials =
	    g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	parent.ended = g_hash_table_new(NULL, NULL);
	st = begin(&parent, &why);
	if (st == ST_OK)
		st = supervise(&parent, &why);
	if (st < 0 && parent.feed) {
		/* It began, so it has an end, a bad one. */
		Event *event = event_new(EVENT_RUN_FAILED);

		event_text(event, "reason", why->message);
		feed_tell(parent.feed, event);
		g_clear_pointer(&parent.crew, crew_free);
		g_clear_error(&why);
		st = ST_OK;
	}
	if (st == ST_OK)
		st = end(&parent, &why);
	if (st < 0)
		g_propagate_error(error, g_steal_pointer(&why));
	crew_free(parent.crew);
	feed_free(parent.feed);
	event_log_close(parent.log);
	ledger_close(parent.ledger);
	g_hash_table_unref(parent.serials);
	g_hash_table_unref(parent.ended);
	if (parent.lock_fd >= 0)
		close(parent.lock_fd);
	return st;
}
