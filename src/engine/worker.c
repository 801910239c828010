/*
 * A worker: claims shares from the ledger until none is left, gives each an
 * attempt, and says how it ended. It is a process of its own, so that whatever
 * happens to it costs one mailbox one more attempt.
 */
#include "engine/worker.h"

#include "base/step.h"
#include "engine/pump.h"
#include "engine/rescue.h"
#include "engine/run.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PAUSE_MAX_S	  900 /* a server that is down longer is asked this often */
#define PAUSE_NAMED_MAX_S 3600 /* and no server is waited for longer */

static volatile int stop, rest;

static void
on_signal(int sig)
{
	stop = 1;
}

static void
on_pause(int sig)
{
	rest = sig == SIGUSR1;
}

/* The parent asks by SIGTERM, SIGUSR1 and SIGUSR2; the last two were blocked
 * when we were started, so that none of them comes too early (starter.c). */
static void
hear_signals(void)
{
	struct sigaction on_stop = {.sa_handler = on_signal};
	struct sigaction on_rest = {
	    .sa_handler = on_pause, .sa_flags = SA_RESTART};
	sigset_t set;

	/* The terminal's Ctrl-C reaches us as it reaches the parent. */
	sigaction(SIGINT, &on_stop, NULL);
	sigaction(SIGTERM, &on_stop, NULL);
	sigaction(SIGUSR1, &on_rest, NULL);
	sigaction(SIGUSR2, &on_rest, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static enum status
read_plan(Plan **out, const char *state_dir, guint64 run, GError **error)
{
	g_autoptr(Plan) plan = plan_new();
	enum status st = plan_run_load(plan, state_dir, run, error);

	if (st == ST_OK)
		st = plan_finish(plan, true, error);
	if (st == ST_OK)
		*out = g_steal_pointer(&plan);
	return st;
}

static Event *
with_reason(enum event_id id, const GError *error)
{
	Event *event = event_new(id);

	event_text(event, "reason", error ? error->message : NULL);
	event_text(
	    event, "error", error ? error_kind_name(error_kind(error)) : NULL);
	return event;
}

/* The one event of a mailbox that is given up; with the original's number
 * where it had one for this. */
static void
tell_failed(Feed *feed, const Plan *plan, const struct pump_result *result,
    const GError *error)
{
	enum event_id id = EVENT_JOB_FAILED;
	bool at_source = strcmp(result->side, "source") == 0;
	const char *scheme =
	    at_source ? plan->from.url.scheme : plan->to.url.scheme;
	Event *event;

	if (g_str_has_prefix(scheme, "imap") &&
	    error_kind(error) == ERR_PROTOCOL)
		id = EVENT_IMAP_PROTOCOL;
	else if (!result->opened)
		id = EVENT_MAILBOX_NOT_OPENED;
	else if (g_str_has_prefix(scheme, "imap") &&
		 error_kind(error) == ERR_REFUSED)
		id = EVENT_IMAP_REFUSED;
	event = with_reason(id, error);
	event_text(event, "side", result->side);
	feed_tell(feed, event);
}

static void
tell_recovery(Feed *feed, const struct pump_result *result)
{
	Event *event;

	if (result->recovery_trouble) {
		event = event_new(EVENT_RECOVERY_FAILED);
		event_text(event, "reason", result->recovery_trouble);
		feed_tell(feed, event);
	} else if (result->recovery_dir) {
		event = event_new(EVENT_RECOVERY_FILE);
		event_text(event, "path", result->recovery_dir);
		event_number(event, "n", result->recovered);
		feed_tell(feed, event);
	}
	for (guint i = 0; result->kept && i < result->kept->len; i++) {
		const struct rescue_item *item = result->kept->pdata[i];

		if (item->file == NULL)
			continue;
		event = event_new(EVENT_RECOVERY_ITEM);
		event_path(event, "folder", item->folder);
		event_text(event, "key", item->key);
		event_text(event, "path", result->recovery_dir);
		event_text(event, "list", item->list);
		event_text(event, "file", item->file);
		event_number(event, "line", item->line);
		event_text(event, "entry", item->entry);
		feed_tell(feed, event);
	}
}

static void
loose(const char *path, gint64 found, void *user)
{
	Event *event = event_new(EVENT_FOLDER_DONE);
	g_auto(GStrv) names = folder_path_from_text(path);

	event_path(event, "folder", names);
	event_number(event, "n", found);
	feed_count(user, event);
}

/* A job that is cut short: the folders it did not finish still balance. */
static enum status
close_books(Feed *feed, Ledger *ledger, const struct ledger_share *share,
    GError **error)
{
	enum status st = ledger_begin(ledger, false, error);

	if (st == ST_OK)
		st = ledger_folder_close(ledger, share, loose, feed, error);
	if (st == ST_OK)
		st = feed_enter(feed, ledger, error);
	if (st == ST_OK)
		st = ledger_commit(ledger, error);
	ledger_rollback(ledger);
	if (st == ST_OK)
		feed_entered(feed);
	return st;
}

enum status
worker_end_share(Feed *feed, Ledger *ledger, const struct ledger_share *share,
    enum ledger_state state, guint pause_s, const char *reason, GError **error)
{
	enum ledger_state job;
	enum status st;
	Event *event;

	st = ledger_share_end(
	    ledger, share, state, pause_s, reason, &job, error);
	if (st < 0 || job == LEDGER_RUNNING || job == LEDGER_PENDING)
		return st;
	if (job != LEDGER_DONE)
		st = close_books(feed, ledger, share, error);
	if (job == LEDGER_STOPPED)
		feed_tell(feed, event_new(EVENT_JOB_STOPPED));
	event = event_new(EVENT_JOB_ENDED);
	event_text(event, "state", ledger_state_name(job));
	event_number(event, "failed", job == LEDGER_FAILED);
	feed_tell(feed, event);
	return st;
}

/* The pause before another attempt, doubled each time that nothing came of the
 * last one, and no shorter than the server asked for. */
static guint
pause_s(const Plan *plan, guint attempts, const GError *why)
{
	bool later = error_retry(why) == RETRY_LATER;
	guint64 pause = plan->retry_pause_s;
	/* Coming back sooner than it was told makes a server count anew. */
	guint named = MIN(error_pause_s(why), PAUSE_NAMED_MAX_S);

	if (attempts == 0 && !later)
		return named;
	pause <<= MIN(later ? attempts : attempts - 1, 10);
	return MAX((guint)MIN(pause, PAUSE_MAX_S), named);
}

static enum status
end_attempt(const struct pump_params *p, enum status st,
    const struct pump_result *result, const GError *why, GError **error)
{
	const struct ledger_share *share = p->share;
	const char *reason = why ? why->message : NULL;
	enum status ended;
	guint pause;
	Event *event;

	if (st == ST_LINK && *p->stop)
		st = ST_END;
	if (st == ST_LINK && share->attempts < p->plan->retries) {
		pause = pause_s(p->plan, share->attempts, why);
		event =
		    with_reason(pause ? EVENT_WAITING : EVENT_LINK_LOST, why);
		event_number(event, "pause_s", pause);
		event_number(event, "attempt", share->attempts + 1);
		event_text(event, "side", result->side);
		feed_tell(p->feed, event);
		return worker_end_share(p->feed, p->ledger, share,
		    LEDGER_PENDING, pause, reason, error);
	}
	tell_recovery(p->feed, result);
	if (st == ST_OK)
		return worker_end_share(
		    p->feed, p->ledger, share, LEDGER_DONE, 0, NULL, error);
	if (st == ST_END)
		return worker_end_share(p->feed, p->ledger, share,
		    LEDGER_STOPPED, 0, "stopped", error);
	if (st == ST_RUN) {
		/* The run has the one event of this; its other mailboxes are
		 * as little to blame as this one. */
		ended = worker_end_share(
		    p->feed, p->ledger, share, LEDGER_STOPPED, 0, reason, NULL);
		g_propagate_error(error, g_error_copy(why));
		return ended < 0 ? ended : ST_RUN;
	}
	tell_failed(p->feed, p->plan, result, why);
	return worker_end_share(
	    p->feed, p->ledger, share, LEDGER_FAILED, 0, reason, error);
}

static const struct account *
account_of(const Plan *plan, const struct ledger_share *share)
{
	const struct account *account;

	if (share->account < 0 || share->account >= plan->accounts->len)
		return NULL;
	account = plan->accounts->pdata[share->account];
	return strcmp(account->source, share->mailbox) == 0 ? account : NULL;
}

static enum status
attempt(struct pump_params *p, GError **error)
{
	const struct ledger_share *share = p->share;
	const struct account *account = account_of(p->plan, share);
	struct pump_result result = {.side = "engine"};
	/* The directory named the mailbox there, in the ledger (people.h). */
	const struct account placed = {
	    .source = share->mailbox, .destination = share->destination};
	struct plan_route route;
	g_autoptr(GError) why = NULL;
	Event *event;
	enum status st;

	event =
	    event_new(share->attempts ? EVENT_LINK_RESUMED : EVENT_JOB_BEGUN);
	event_text(event, "destination", share->destination);
	event_number(event, "pass", (gint64)share->pass);
	feed_tell(p->feed, event);

	memset(&route, 0, sizeof route);
	if (account == NULL && share->account < 0 && p->plan->directory.url &&
	    !share->no_mail && !share->is_public)
		account = &placed;
	if (share->account >= 0 && account == NULL)
		st = fail(ST_MAILBOX, &why, ERR_CONFIG, RETRY_NEVER,
		    "the accounts file was changed while the run began");
	else
		st = plan_route(p->plan, account, share->mailbox, &route, &why);
	if (st == ST_OK) {
		route.from.stop = route.to.stop = p->stop;
		p->route = &route;
		p->source_driver = source_driver_find(route.from_url.scheme);
		p->dest_driver = dest_driver_find(route.to_url.scheme);
		g_assert(
		    p->source_driver && p->dest_driver); /* plan_finish() */
		st = pump_run(p, &result, &why);
	}
	st = end_attempt(p, st, &result, why, error);
	pump_result_clear(&result);
	plan_route_clear(&route);
	return st;
}

static enum status
work(Ledger *ledger, Feed *feed, const Plan *plan, guint64 run, guint worker,
    GError **error)
{
	struct ledger_share share;
	struct pump_params p = {.ledger = ledger,
	    .feed = feed,
	    .plan = plan,
	    .share = &share,
	    .stop = &stop,
	    .pause = &rest};
	enum status st = ST_OK;
	guint wait_s;

	while (st == ST_OK && !stop) {
		if (rest) {
			g_usleep(PUMP_IDLE_MS * 1000);
			continue;
		}
		st = ledger_share_claim(
		    ledger, run, worker, &share, &wait_s, error);
		if (st == ST_END && wait_s > 0) {
			/* a pause that was asked for */
			g_usleep(PUMP_IDLE_MS * 1000);
			st = ST_OK;
			continue;
		}
		if (st != ST_OK)
			break;
		feed_share(feed, &share);
		step("claimed");
		st = attempt(&p, error);
		feed_share(feed, NULL);
		ledger_share_clear(&share);
	}
	return st == ST_END ? ST_OK : st;
}

enum status
worker_main(
    const char *state_dir, guint64 run, guint worker, int out, GError **error)
{
	g_autoptr(Ledger) ledger = NULL;
	g_autoptr(Feed) feed = feed_new(out, &stop, run, worker);
	g_autoptr(Plan) plan = NULL;
	enum status st;

	hear_signals();
	/* Without a parent nobody counts; it may be gone by now. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == 1)
		stop = 1;

	st = read_plan(&plan, state_dir, run, error);
	if (st == ST_OK)
		st = ledger_open(&ledger, state_dir, error);
	if (st == ST_OK)
		st = work(ledger, feed, plan, run, worker, error);
	if (st < 0) {
		const GError *why = error ? *error : NULL;

		feed_tell(feed, with_reason(EVENT_RUN_FAILED, why));
	}
	return st;
}
