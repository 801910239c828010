#include "engine/crew.h"

#include "state/ledger.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_MAX_BYTES                                                         \
	(1 << 20) /* of one event: nothing of ours is as long                  \
		   */

struct member {
	Starter *starter;
	guint number;
	pid_t pid;
	int fd;
	bool hung;
	guint64 waits; /* voluntary context switches, when last looked at */
	GString *buf;
	gsize at; /* consumed */
};

struct Crew {
	Starter *starter;
	const char *state_dir;
	guint64 run;
	int lock_fd;
	guint last; /* number given out */
	bool paused;
	GPtrArray *members;
};

static void
member_free(void *data)
{
	struct member *member = data;

	if (member->fd >= 0)
		close(member->fd);
	if (member->pid > 0) {
		int status;

		kill(member->pid, SIGKILL);
		starter_wait(member->starter, member->pid, &status, NULL);
	}
	g_string_free(member->buf, TRUE);
	g_free(member);
}

Crew *
crew_new(Starter *starter, const char *state_dir, guint64 run, int lock_fd)
{
	Crew *crew = g_new0(Crew, 1);

	crew->starter = starter;
	crew->state_dir = state_dir;
	crew->run = run;
	crew->lock_fd = lock_fd;
	crew->members = g_ptr_array_new_with_free_func(member_free);
	return crew;
}

void
crew_free(Crew *crew)
{
	if (crew == NULL)
		return;
	g_ptr_array_unref(crew->members);
	g_free(crew);
}

guint
crew_size(const Crew *crew)
{
	return crew->members->len;
}

guint
crew_member(const Crew *crew, guint i)
{
	const struct member *member = crew->members->pdata[i];

	return member->number;
}

enum status
crew_start(Crew *crew, GError **error)
{
	struct member *member;
	int fd;
	pid_t pid;
	enum status st;

	st = starter_worker(crew->starter, crew->state_dir, crew->run,
	    crew->last + 1, crew->lock_fd, &pid, &fd, error);
	if (st < 0)
		return st;
	member = g_new0(struct member, 1);
	member->starter = crew->starter;
	member->number = ++crew->last;
	member->pid = pid;
	member->fd = fd;
	member->buf = g_string_new(NULL);
	g_ptr_array_add(crew->members, member);
	if (crew->paused)
		kill(pid, SIGUSR1);
	return ST_OK;
}

void
crew_pause(Crew *crew, bool pause)
{
	crew->paused = pause;
	for (guint i = 0; i < crew->members->len; i++) {
		struct member *member = crew->members->pdata[i];

		if (member->pid > 0)
			kill(member->pid, pause ? SIGUSR1 : SIGUSR2);
	}
}

/* proc(5); 0 where there is none. */
static guint64
waits_of(pid_t pid)
{
	static const char key[] = "\nvoluntary_ctxt_switches:";
	g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid);
	g_autofree char *text = NULL;
	const char *at;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	at = strstr(text, key);
	return at ? g_ascii_strtoull(at + strlen(key), NULL, 10) : 0;
}

bool
crew_alive(Crew *crew, guint worker)
{
	for (guint i = 0; i < crew->members->len; i++) {
		struct member *member = crew->members->pdata[i];
		guint64 before = member->waits;

		if (member->number != worker || member->pid <= 0)
			continue;
		member->waits = waits_of(member->pid);
		return member->waits != before;
	}
	return false;
}

void
crew_stop(Crew *crew)
{
	for (guint i = 0; i < crew->members->len; i++) {
		struct member *member = crew->members->pdata[i];

		kill(member->pid, SIGTERM);
	}
}

void
crew_kill(Crew *crew, guint worker)
{
	for (guint i = 0; i < crew->members->len; i++) {
		struct member *member = crew->members->pdata[i];

		if (member->number != worker || member->pid <= 0)
			continue;
		member->hung = true;
		kill(member->pid, SIGKILL);
	}
}

/* The next event in what a member has sent; what is none of ours is dropped. */
static Event *
take_line(struct member *member)
{
	char *newline;

	while ((newline = memchr(member->buf->str + member->at, '\n',
		    member->buf->len - member->at)) != NULL) {
		char *line = member->buf->str + member->at;
		Event *event;

		*newline = '\0';
		member->at = (gsize)(newline + 1 - member->buf->str);
		event = event_from_json(line);
		if (event)
			return event;
	}
	g_string_erase(member->buf, 0, (gssize)member->at);
	member->at = 0;
	if (member->buf->len > LINE_MAX_BYTES)
		g_string_truncate(member->buf, 0);
	return NULL;
}

/* Its pipe is at the end, so it has ended or will at once. A line without its
 * end was torn by whatever killed it: the next attempt tells it again. */
static enum status
bury(Crew *crew, guint i, struct crew_news *out, GError **error)
{
	struct member *member = crew->members->pdata[i];
	int status;
	enum status st =
	    starter_wait(crew->starter, member->pid, &status, error);

	if (st < 0)
		return st;
	member->pid = 0;
	out->left = member->number;
	if (WIFSIGNALED(status) && member->hung) {
		out->died = true;
		g_snprintf(out->reason, sizeof out->reason,
		    "no sign of life for %d minutes", LEDGER_LEASE_S / 60);
	} else if (WIFSIGNALED(status)) {
		out->died = true;
		g_snprintf(out->reason, sizeof out->reason,
		    "killed by signal %d (%s)", WTERMSIG(status),
		    g_strsignal(WTERMSIG(status)));
	} else {
		out->died = WEXITSTATUS(status) != 0;
		g_snprintf(out->reason, sizeof out->reason, "exit status %d",
		    WEXITSTATUS(status));
	}
	g_ptr_array_remove_index(crew->members, i);
	return ST_OK;
}

/* Something from the buffers, or ST_END. */
static enum status
from_buffers(Crew *crew, struct crew_news *out, GError **error)
{
	for (guint i = 0; i < crew->members->len; i++) {
		struct member *member = crew->members->pdata[i];

		out->event = take_line(member);
		if (out->event)
			return ST_OK;
		if (member->fd < 0)
			return bury(crew, i, out, error);
	}
	return ST_END;
}

static void
read_member(struct member *member)
{
	gsize len = member->buf->len;
	gssize n;

	g_string_set_size(member->buf, len + 65536);
	do
		n = read(member->fd, member->buf->str + len, 65536);
	while (n < 0 && errno == EINTR);
	g_string_set_size(member->buf, len + (gsize)MAX(n, 0));
	if (n <= 0) {
		close(member->fd);
		member->fd = -1;
	}
}

enum status
crew_wait(Crew *crew, int timeout_ms, struct crew_news *out, GError **error)
{
	g_autofree struct pollfd *fds = NULL;
	enum status st;
	int n;

	memset(out, 0, sizeof *out);
	st = from_buffers(crew, out, error);
	if (st != ST_END)
		return st;
	if (crew->members->len == 0)
		return ST_END;
	fds = g_new0(struct pollfd, crew->members->len);
	for (guint i = 0; i < crew->members->len; i++) {
		struct member *member = crew->members->pdata[i];

		fds[i].fd = member->fd;
		fds[i].events = POLLIN;
	}
	n = poll(fds, crew->members->len, timeout_ms);
	if (n < 0 && errno != EINTR)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "cannot wait for the workers: %s", g_strerror(errno));
	for (guint i = 0; n > 0 && i < crew->members->len; i++)
		if (fds[i].revents)
			read_member(crew->members->pdata[i]);
	return n > 0 ? from_buffers(crew, out, error) : ST_END;
}
