#include "engine/preflight-private.h"

#include "dest/dest.h"
#include "engine/people.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 200
#define LINE_MAX_BYTES                                                         \
	(1 << 20) /* of one event: nothing of ours is as long                  \
		   */
#define PLAN_MAX_BYTES (64 << 20)
/* Migration files and .pst hold more than the messages: rows, indices, names;
 * a Maildir rounds each message up to a block. */
#define ROOM_PER_MESSAGE 4096
#define ROOM_PERCENT	 115

struct checker {
	Starter *starter;
	pid_t pid;
	int fd;
	GString *buf;
};

struct parent {
	const struct run_params *params;
	struct preflight *found;
	GPtrArray *checkers;
	guint parts;
	gint64 begun; /* mailboxes that were begun, or are not there */
	bool paused, finishing;
};

static void
checker_free(void *data)
{
	struct checker *checker = data;

	if (checker->fd >= 0)
		close(checker->fd);
	if (checker->pid > 0) {
		int status;

		kill(checker->pid, SIGTERM);
		kill(checker->pid, SIGCONT); /* should it rest */
		starter_wait(checker->starter, checker->pid, &status, NULL);
	}
	g_string_free(checker->buf, TRUE);
	g_free(checker);
}

static void
deliver(struct parent *parent, const Event *event)
{
	struct preflight *f = parent->found;

	f->warnings += event_level_of(event) == EVENT_WARNING;
	f->errors += event_level_of(event) == EVENT_ERROR;
	switch (event_id_of(event)) {
	case EVENT_CHECK_MAILBOX:
		f->folders += event_get_number(event, "folders");
		f->messages += event_get_number(event, "messages");
		f->bytes += event_get_number(event, "bytes");
		f->left_out += event_get_number(event, "left_out");
		f->sampled_messages +=
		    event_get_number(event, "sampled_messages");
		f->sampled_bytes += event_get_number(event, "sampled_bytes");
		f->sampled_us += event_get_number(event, "sampled_us");
		break;
	case EVENT_MAILBOX_READ:
		parent->begun++;
		break;
	case EVENT_CHECK_NO_SOURCE:
	case EVENT_CHECK_NO_DESTINATION:
		f->failed++;
		break;
	case EVENT_ACCOUNT_WITHOUT_MAILBOX:
	case EVENT_MAILBOX_NOT_OPENED: /* nobody in the directory */
		parent->begun++;
		f->failed++;
		break;
	}
	if (parent->params->sink)
		parent->params->sink(event, parent->params->user);
}

static void
deliver_new(struct parent *parent, Event *event)
{
	deliver(parent, event);
	event_free(event);
}

/* What the directory says against it; nothing was made, so that is not told. */
static void
tell_people(Event *event, void *user)
{
	if (event_level_of(event) >= EVENT_WARNING)
		deliver(user, event);
	event_free(event);
}

static enum status
spawn_one(struct parent *parent, int plan_fd, guint part, GError **error)
{
	struct checker *checker;
	int fd;
	pid_t pid;
	enum status st = starter_checker(parent->params->starter, plan_fd, part,
	    parent->parts, &pid, &fd, error);

	if (st < 0)
		return st;
	checker = g_new0(struct checker, 1);
	checker->starter = parent->params->starter;
	checker->pid = pid;
	checker->fd = fd;
	checker->buf = g_string_new(NULL);
	g_ptr_array_add(parent->checkers, checker);
	return ST_OK;
}

/* The plan as text, in memory that has no name. */
static int
plan_memory(const Plan *plan)
{
	g_autofree char *text = plan_to_text(plan);
	gsize len = strlen(text), done = 0;
	int fd = memfd_create("plan", MFD_CLOEXEC);

	while (fd >= 0 && done < len) {
		gssize n = write(fd, text + done, len - done);

		if (n <= 0) {
			close(fd);
			return -1;
		}
		done += (gsize)n;
	}
	return fd;
}

static void
take_lines(struct parent *parent, struct checker *checker)
{
	char *newline;
	gsize at = 0;

	while ((newline = memchr(checker->buf->str + at, '\n',
		    checker->buf->len - at)) != NULL) {
		g_autoptr(Event) event = NULL;

		*newline = '\0';
		event = event_from_json(checker->buf->str + at);
		at = (gsize)(newline + 1 - checker->buf->str);
		if (event != NULL)
			deliver(parent, event);
	}
	g_string_erase(checker->buf, 0, (gssize)at);
	if (checker->buf->len > LINE_MAX_BYTES)
		g_string_truncate(checker->buf, 0);
}

static enum status
read_one(struct parent *parent, guint i, GError **error)
{
	struct checker *checker = parent->checkers->pdata[i];
	char buf[65536];
	gssize n = read(checker->fd, buf, sizeof buf);
	int status;
	Event *event;
	enum status st;

	if (n > 0) {
		g_string_append_len(checker->buf, buf, n);
		take_lines(parent, checker);
		return ST_OK;
	}
	if (n < 0 && errno == EINTR)
		return ST_OK;
	st = starter_wait(checker->starter, checker->pid, &status, error);
	if (st < 0)
		return st;
	checker->pid = 0;
	if (status != 0) {
		g_autofree char *reason =
		    WIFSIGNALED(status) ? g_strdup_printf("killed by signal %d",
					      WTERMSIG(status))
					: g_strdup_printf("exit status %d",
					      WEXITSTATUS(status));

		event = event_new(EVENT_CHECK_DIED);
		event_text(event, "reason", reason);
		deliver_new(parent, event);
	}
	g_ptr_array_remove_index(parent->checkers, i);
	return ST_OK;
}

static void
signal_all(const struct parent *parent, int sig)
{
	for (guint i = 0; i < parent->checkers->len; i++) {
		const struct checker *checker = parent->checkers->pdata[i];

		if (checker->pid > 0)
			kill(checker->pid, sig);
	}
}

/* What people asked for since the last look. */
static void
heed(struct parent *parent)
{
	const struct run_params *params = parent->params;
	bool pause = params->pause && *params->pause;

	if (pause != parent->paused) {
		parent->paused = pause;
		signal_all(parent, pause ? SIGSTOP : SIGCONT);
		deliver_new(parent,
		    event_new(pause ? EVENT_RUN_PAUSED : EVENT_RUN_CONTINUED));
	}
	if (params->finish && *params->finish && !parent->finishing) {
		Event *event = event_new(EVENT_RUN_FINISHING);

		parent->finishing = true;
		signal_all(parent, SIGUSR1);
		event_number(event, "mailboxes",
		    parent->found->mailboxes - parent->begun);
		deliver_new(parent, event);
	}
}

static enum status
supervise(struct parent *parent, GError **error)
{
	enum status st = ST_OK;

	while (st == ST_OK && parent->checkers->len > 0) {
		guint n = parent->checkers->len;
		g_autofree struct pollfd *fds = g_new0(struct pollfd, n);

		if (parent->params->stop != NULL && *parent->params->stop)
			return fail(ST_RUN, error, ERR_CANCELLED, RETRY_NEVER,
			    "stopped; nothing was written");
		heed(parent);
		if (parent->params->tick)
			parent->params->tick(parent->params->user);
		for (guint i = 0; i < n; i++) {
			struct checker *checker = parent->checkers->pdata[i];

			fds[i].fd = checker->fd;
			fds[i].events = POLLIN;
		}
		if (poll(fds, n, TICK_MS) <= 0)
			continue;
		for (guint i = n; st == ST_OK && i-- > 0;)
			if (fds[i].revents != 0)
				st = read_one(parent, i, error);
	}
	return st;
}

gint64
preflight_needs(const Plan *plan, gint64 messages, gint64 bytes)
{
	if (plan->to.text == NULL || plan->to.url.host != NULL ||
	    plan->to.url.path == NULL || *plan->to.url.path == '\0')
		return -1;
	return bytes / 100 * ROOM_PERCENT + messages * ROOM_PER_MESSAGE;
}

/* The file system of the nearest directory above that is there. */
gint64
preflight_free(const Plan *plan, char **where)
{
	g_autofree char *path = g_strdup(plan->to.url.path);
	struct statvfs fs;

	*where = NULL;
	while (path != NULL && statvfs(path, &fs) != 0) {
		g_autofree char *above = g_path_get_dirname(path);

		if (strcmp(above, path) == 0)
			return -1;
		g_free(path);
		path = g_steal_pointer(&above);
	}
	*where = g_steal_pointer(&path);
	return (gint64)fs.f_bavail * (gint64)fs.f_frsize;
}

static void
tell_room(struct parent *parent)
{
	const struct preflight *f = parent->found;
	const Plan *plan = parent->params->plan;
	gint64 needs = preflight_needs(plan, f->messages, f->bytes), left;
	g_autofree char *where = NULL;
	Event *event;

	if (needs < 0)
		return;
	left = preflight_free(plan, &where);
	if (where != NULL && access(where, W_OK | X_OK) != 0) {
		event = event_new(EVENT_CHECK_NOT_WRITABLE);
		event_text(event, "path", where);
		event_text(event, "reason", g_strerror(errno));
		deliver_new(parent, event);
	}
	event = event_new(
	    left >= 0 && left < needs ? EVENT_CHECK_NO_ROOM : EVENT_CHECK_ROOM);
	event_text(event, "path", where);
	event_number(event, "needed", needs);
	event_number(event, "free", left);
	deliver_new(parent, event);
}

/* At the pace of the samples, with as many mailboxes at a time as the plan
 * says; what the destination takes longer is not known before it is written. */
static void
estimate(struct parent *parent)
{
	struct preflight *f = parent->found;
	const Plan *plan = parent->params->plan;
	double each, seconds;
	gint64 n = MIN((gint64)plan->workers, MAX(f->mailboxes, 1));

	f->estimate_s = -1;
	if (f->sampled_messages == 0 || f->sampled_us <= 0)
		return;
	/* The larger of both: small messages cost by number, large by size. */
	each = (double)f->sampled_us / G_USEC_PER_SEC;
	seconds = each / (double)f->sampled_messages * (double)f->messages;
	if (f->sampled_bytes > 0)
		seconds = MAX(seconds,
		    each / (double)f->sampled_bytes * (double)f->bytes);
	f->estimate_s = (gint64)(seconds / (double)n) + 1;
}

static void
tell_end(struct parent *parent)
{
	const struct preflight *f = parent->found;
	Event *event = event_new(EVENT_CHECK_ENDED);

	event_number(event, "mailboxes", f->mailboxes);
	event_number(event, "failed", f->failed);
	event_number(event, "folders", f->folders);
	event_number(event, "messages", f->messages);
	event_number(event, "bytes", f->bytes);
	event_number(event, "left_out", f->left_out);
	event_number(event, "warnings", f->warnings);
	event_number(event, "errors", f->errors);
	if (f->estimate_s >= 0)
		event_number(event, "estimate_s", f->estimate_s);
	event_number(event, "exit", preflight_exit_status(f));
	deliver_new(parent, event);
}

enum status
preflight_run(
    const struct run_params *params, struct preflight *out, GError **error)
{
	struct parent parent = {.params = params, .found = out};
	g_autoptr(GPtrArray) wanted = g_ptr_array_new();
	g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) left_out = g_ptr_array_new_with_free_func(g_free);
	enum status st;
	Event *event;
	int fd;

	memset(out, 0, sizeof *out);
	st = jobs_list(params->plan, wanted, missing, left_out, error);
	if (st < 0)
		return st;
	out->mailboxes = wanted->len + missing->len;
	event = event_new(EVENT_CHECK_BEGUN);
	event_text(event, "from", params->plan->from.text);
	event_text(event, "to", params->plan->to.text);
	event_number(event, "mailboxes", out->mailboxes);
	deliver_new(&parent, event);
	for (guint i = 0; i < missing->len; i++) {
		event = event_new(EVENT_ACCOUNT_WITHOUT_MAILBOX);
		event_text(event, "mailbox", missing->pdata[i]);
		deliver_new(&parent, event);
	}
	for (guint i = 0; i < left_out->len; i++) {
		event = event_new(EVENT_MAILBOX_WITHOUT_ACCOUNT);
		event_text(event, "mailbox", left_out->pdata[i]);
		deliver_new(&parent, event);
	}
	st = people_place_all(
	    params->plan, wanted, PEOPLE_TRY, tell_people, &parent, error);
	if (st < 0)
		return st;
	fd = plan_memory(params->plan);
	if (fd < 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_LATER,
		    "no memory for the plan: %s", g_strerror(errno));
	parent.checkers = g_ptr_array_new_with_free_func(checker_free);
	parent.parts = MIN(wanted->len, MAX(params->plan->workers, 1));
	for (guint i = 0; st == ST_OK && i < parent.parts; i++)
		st = spawn_one(&parent, fd, i, error);
	close(fd);
	if (st == ST_OK)
		st = supervise(&parent, error);
	g_ptr_array_unref(parent.checkers);
	if (st < 0)
		return st;
	out->looked = parent.begun;
	if (out->looked < out->mailboxes && parent.finishing)
		deliver_new(&parent, event_new(EVENT_RUN_STOPPED));
	tell_room(&parent);
	estimate(&parent);
	tell_end(&parent);
	return ST_OK;
}

int
preflight_exit_status(const struct preflight *found)
{
	return found->errors > 0 ? 2 : found->warnings > 0 ? 1 : 0;
}

/* The process's side. */

struct teller {
	int fd;
	guint part;
};

static void
write_event(Event *event, void *user)
{
	const struct teller *teller = user;
	GString *line = g_string_new(NULL);
	gsize done = 0;

	event_number(event, "worker", teller->part);
	event_to_json(event, line);
	event_free(event);
	while (done < line->len) {
		gssize n =
		    write(teller->fd, line->str + done, line->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(2); /* nobody reads any more */
		done += (gsize)n;
	}
	g_string_free(line, TRUE);
}

static enum status
read_plan(int in, Plan *plan, GError **error)
{
	GString *text = g_string_new(NULL);
	enum status st;
	gssize n;

	do {
		gsize len = text->len;

		g_string_set_size(text, len + 65536);
		n = read(in, text->str + len, 65536);
		g_string_set_size(text, len + (gsize)MAX(n, 0));
	} while (n > 0 && text->len < PLAN_MAX_BYTES);
	st = plan_load_text(plan, text->str, "plan", error);
	g_string_free(text, TRUE);
	return st;
}

/* The parent has told it. */
static void
forget(Event *event, void *unused)
{
	event_free(event);
}

static volatile int finish;

static void
on_finish(int sig)
{
	finish = 1;
}

enum status
preflight_main(int in, int out, guint part, guint parts, GError **error)
{
	g_autoptr(Plan) plan = plan_new();
	g_autoptr(GPtrArray) wanted = g_ptr_array_new();
	g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) left_out = g_ptr_array_new_with_free_func(g_free);
	gint64 sampling_us = PREFLIGHT_SAMPLING_US;
	struct teller teller = {out, part};
	enum status st = read_plan(in, plan, error);
	sigset_t set;

	if (st == ST_OK)
		st = plan_finish(plan, false, error);
	if (st == ST_OK)
		st = jobs_list(plan, wanted, missing, left_out, error);
	if (st == ST_OK)
		st = people_place_all(
		    plan, wanted, PEOPLE_TRY, forget, NULL, error);
	signal(SIGUSR1, on_finish);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	for (guint i = part; st == ST_OK && !finish && i < wanted->len;
	     i += parts) {
		struct preflight_look look = {.plan = plan,
		    .wanted = wanted->pdata[i],
		    .tell = write_event,
		    .user = &teller,
		    .sampling_us = &sampling_us};

		st = preflight_mailbox(&look, error);
	}
	return st;
}
