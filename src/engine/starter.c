#include "engine/starter.h"

#include "engine/preflight.h"
#include "engine/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FD_MIN	    10 /* ours lie above those that a child is given */
#define HELD_FD	    3  /* of a worker: the lock, at which it never looks */
#define NAME_OCTETS 16 /* of a process, for ps(1): prctl(2) */

struct Starter {
	int fd; /* of a socket that keeps packets apart */
	pid_t pid;
};

enum what { WORKER, CHECKER, WAIT };

struct request {
	enum what what;
	pid_t pid;		      /* WAIT */
	guint64 run;		      /* WORKER */
	guint number, parts;	      /* parts: CHECKER */
	char state_dir[PATH_MAX + 1]; /* WORKER */
};

struct reply {
	int problem; /* errno, or 0 */
	pid_t pid;
	int status;
};

/* Those that a terminal or a user sends to all of a run: not meant for it. */
static const int unheard[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

/* With a request that starts a process: its input or the lock, its output, its
 * environment. */
#define FDS_SENT 3

extern char **environ;

union ancillary {
	struct cmsghdr align;
	char room[CMSG_SPACE(FDS_SENT * sizeof(int))];
};

/* The environment as a file without a name, its secrets with it. */
static int
environment_out(void)
{
	int fd = memfd_create("environment", MFD_CLOEXEC);

	for (char **e = environ; fd >= 0 && e && *e; e++) {
		gsize len = strlen(*e) + 1;

		if (write(fd, *e, len) != (gssize)len) {
			close(fd);
			fd = -1;
		}
	}
	return fd;
}

static bool
environment_in(int fd)
{
	struct stat file;
	char *all, *e; /* stays: it is the environment */
	gsize len;

	if (fstat(fd, &file) < 0)
		return false;
	len = (gsize)file.st_size;
	all = g_malloc0(len + 1);
	if (pread(fd, all, len, 0) != file.st_size)
		return false;
	clearenv();
	for (e = all; e < all + len; e += strlen(e) + 1)
		putenv(e);
	return true;
}

static int
upwards(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, FD_MIN);

	close(fd);
	return moved;
}

static int
null_to(int fd, int flags)
{
	int null = open("/dev/null", flags | O_CLOEXEC);
	int done = dup2(null, fd);

	if (null != fd)
		close(null);
	return done;
}

/* In the new process. */
static int
be(const struct request *request)
{
	g_autoptr(GError) error = NULL;
	char name[NAME_OCTETS];
	enum status st;

	g_snprintf(name, sizeof name, "mailmig-%c%u",
	    request->what == WORKER ? 'w' : 'c', request->number);
	prctl(PR_SET_NAME, name);
	if (request->what == WORKER) {
		/* The parent has heard why, as an event: it is not said
		 * twice. */
		st = worker_main(request->state_dir, request->run,
		    request->number, STDOUT_FILENO, &error);
		return st < 0 ? 2 : 0;
	}
	st = preflight_main(STDIN_FILENO, STDOUT_FILENO, request->number,
	    request->parts, &error);
	if (st >= 0)
		return 0;
	fprintf(stderr, "mailmig: check: %s\n", error->message);
	return 2;
}

static void
make(const struct request *request, const int fds[FDS_SENT], int socket_fd,
    const struct sigaction *heard, struct reply *reply)
{
	pid_t pid = fork();

	if (pid != 0) {
		reply->pid = pid;
		reply->problem = pid < 0 ? errno : 0;
		return;
	}
	close(socket_fd);
	for (guint i = 0; i < G_N_ELEMENTS(unheard); i++)
		sigaction(unheard[i], &heard[i], NULL);
	if (request->what == WORKER)
		dup2(fds[0], HELD_FD);
	else
		dup2(fds[0], STDIN_FILENO);
	dup2(fds[1], STDOUT_FILENO);
	if (!environment_in(fds[2]))
		_exit(2);
	for (guint i = 0; i < FDS_SENT; i++)
		close(fds[i]);
	exit(be(request));
}

static bool
receive(int socket_fd, struct request *request, int fds[FDS_SENT])
{
	union ancillary ancillary;
	struct iovec iov = {.iov_base = request, .iov_len = sizeof *request};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = ancillary.room,
	    .msg_controllen = sizeof ancillary.room};
	struct cmsghdr *c;
	gssize n;

	do
		n = recvmsg(socket_fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	for (guint i = 0; i < FDS_SENT; i++)
		fds[i] = -1;
	if (n != sizeof *request)
		return false; /* the end of whom it works for */
	c = CMSG_FIRSTHDR(&msg);
	if (c == NULL)
		return request->what == WAIT;
	memcpy(fds, CMSG_DATA(c), sizeof(int) * FDS_SENT);
	for (guint i = 0; i < FDS_SENT; i++)
		fds[i] = upwards(fds[i]);
	return true;
}

static void
serve(int socket_fd)
{
	struct sigaction heard[G_N_ELEMENTS(unheard)];
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct request request;
	int fds[FDS_SENT];
	sigset_t kept;

	prctl(PR_SET_NAME, "mailmig-starter");
	for (guint i = 0; i < G_N_ELEMENTS(unheard); i++)
		sigaction(unheard[i], &ignore, &heard[i]);
	/* A child that is asked to rest, or to finish, before it can hear that
	 * keeps the signal until it lets it in. */
	sigemptyset(&kept);
	sigaddset(&kept, SIGUSR1);
	sigaddset(&kept, SIGUSR2);
	sigprocmask(SIG_BLOCK, &kept, NULL);
	/* Whoever reads our output waits for the run, not for us. */
	null_to(STDIN_FILENO, O_RDONLY);
	null_to(STDOUT_FILENO, O_WRONLY);
	while (receive(socket_fd, &request, fds)) {
		struct reply reply = {.pid = -1};

		switch (request.what) {
		case WORKER:
		case CHECKER:
			make(&request, fds, socket_fd, heard, &reply);
			for (guint i = 0; i < FDS_SENT; i++)
				close(fds[i]);
			break;
		case WAIT:
			do
				reply.pid =
				    waitpid(request.pid, &reply.status, 0);
			while (reply.pid < 0 && errno == EINTR);
			reply.problem = reply.pid < 0 ? errno : 0;
			break;
		}
		if (send(socket_fd, &reply, sizeof reply, MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0); /* nothing here is ours to end */
}

enum status
starter_new(Starter **out, GError **error)
{
	int pair[2];
	pid_t pid;

	*out = NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_LATER,
		    "cannot make a pair of sockets: %s", g_strerror(errno));
	pair[1] = upwards(pair[1]);
	fflush(NULL); /* or both would write it */
	pid = fork();
	if (pid < 0) {
		int problem = errno;

		close(pair[0]);
		close(pair[1]);
		return fail(ST_RUN, error, ERR_IO, RETRY_LATER,
		    "cannot make a process: %s", g_strerror(problem));
	}
	if (pid == 0) {
		close(pair[0]);
		serve(pair[1]);
	}
	close(pair[1]);
	*out = g_new0(Starter, 1);
	(*out)->fd = pair[0];
	(*out)->pid = pid;
	return ST_OK;
}

void
starter_free(Starter *starter)
{
	if (starter == NULL)
		return;
	close(starter->fd);
	while (waitpid(starter->pid, NULL, 0) < 0 && errno == EINTR)
		;
	g_free(starter);
}

static enum status
ask(Starter *starter, const struct request *request, const int *fds,
    struct reply *reply, GError **error)
{
	union ancillary ancillary = {0};
	struct iovec iov = {
	    .iov_base = (void *)request, .iov_len = sizeof *request};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	gssize n;

	if (fds) {
		struct cmsghdr *c;

		msg.msg_control = ancillary.room;
		msg.msg_controllen = sizeof ancillary.room;
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(FDS_SENT * sizeof(int));
		memcpy(CMSG_DATA(c), fds, FDS_SENT * sizeof(int));
	}
	do
		n = sendmsg(starter->fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	while (n > 0) {
		n = recv(starter->fd, reply, sizeof *reply, 0);
		if (n == sizeof *reply)
			return ST_OK;
		if (n < 0 && errno == EINTR)
			n = 1;
	}
	return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
	    "the process that starts workers was ended; run the same again");
}

static enum status
start(Starter *starter, const struct request *request, int given, pid_t *pid,
    int *out_fd, GError **error)
{
	struct reply reply;
	int pipe_fd[2], env_fd;
	enum status st;

	*pid = 0;
	*out_fd = -1;
	env_fd = environment_out();
	if (env_fd < 0 || pipe2(pipe_fd, O_CLOEXEC) < 0) {
		st = fail(ST_RUN, error, ERR_IO, RETRY_LATER,
		    "cannot make a pipe for a worker: %s", g_strerror(errno));
		if (env_fd >= 0)
			close(env_fd);
		return st;
	}
	st = ask(starter, request, (int[]){given, pipe_fd[1], env_fd}, &reply,
	    error);
	close(env_fd);
	close(pipe_fd[1]);
	if (st == ST_OK && reply.problem)
		st = fail(ST_RUN, error, ERR_IO, RETRY_LATER,
		    "cannot start a worker: %s", g_strerror(reply.problem));
	if (st < 0) {
		close(pipe_fd[0]);
		return st;
	}
	*pid = reply.pid;
	*out_fd = pipe_fd[0];
	return ST_OK;
}

enum status
starter_worker(Starter *starter, const char *state_dir, guint64 run,
    guint number, int lock_fd, pid_t *pid, int *out_fd, GError **error)
{
	struct request request = {.what = WORKER, .run = run, .number = number};

	if (g_strlcpy(request.state_dir, state_dir, sizeof request.state_dir) >=
	    sizeof request.state_dir)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "the name of the state directory is too long");
	return start(starter, &request, lock_fd, pid, out_fd, error);
}

enum status
starter_checker(Starter *starter, int plan_fd, guint part, guint parts,
    pid_t *pid, int *out_fd, GError **error)
{
	struct request request = {
	    .what = CHECKER, .number = part, .parts = parts};
	/* Opened anew, so that each has its own place in it. */
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", plan_fd);
	int own = open(path, O_RDONLY | O_CLOEXEC);
	enum status st;

	if (own < 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_LATER,
		    "cannot open the plan again: %s", g_strerror(errno));
	st = start(starter, &request, own, pid, out_fd, error);
	close(own);
	return st;
}

enum status
starter_wait(Starter *starter, pid_t pid, int *status, GError **error)
{
	const struct request request = {.what = WAIT, .pid = pid};
	struct reply reply;
	enum status st;

	*status = 0;
	st = ask(starter, &request, NULL, &reply, error);
	if (st == ST_OK && reply.problem)
		st = fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "cannot wait for a worker: %s", g_strerror(reply.problem));
	if (st == ST_OK)
		*status = reply.status;
	return st;
}
