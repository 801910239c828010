#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Variables by which a run hands secrets to its own workers (engine/plan.h);
 * no command of the user's needs them. */
#define HANDOVER_PREFIX "MAILMIG_HANDOVER_"

#define CTRL_C 3

void
secret_free(char *secret)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret, strlen(secret));
	g_free(secret);
}

/* Reads fd up to its end, to the first line end, or to SECRET_MAX bytes; *len
 * is the length of the line. False at the deadline (monotonic, microseconds;
 * 0: none) or on a read error, with errno. */
static bool
read_line(int fd, char *buf, gsize *len, gint64 deadline)
{
	gsize have = 0;

	*len = 0;
	while (have < SECRET_MAX) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		gint64 left = deadline - g_get_monotonic_time();
		ssize_t n;

		if (deadline != 0) {
			if (left <= 0 ||
			    poll(&p, 1, (int)(left / 1000) + 1) == 0) {
				errno = ETIMEDOUT;
				return false;
			}
		}
		n = read(fd, buf + have, SECRET_MAX - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			break;
		have += (gsize)n;
		if (memchr(buf, '\n', have) != NULL)
			break;
	}
	for (*len = 0; *len < have && buf[*len] != '\n'; (*len)++)
		;
	if (*len > 0 && buf[*len - 1] == '\r')
		(*len)--;
	return true;
}

/* Reads fd to its end, so that a command that says more than it is asked does
 * not die of it. False at the deadline. */
static bool
drain(int fd, gint64 deadline)
{
	char rest[4096];
	ssize_t n;

	do {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		gint64 left = deadline - g_get_monotonic_time();

		if (left <= 0 || poll(&p, 1, (int)(left / 1000) + 1) == 0)
			return false;
		n = read(fd, rest, sizeof rest);
		explicit_bzero(rest, sizeof rest);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return true;
}

/* Takes the line over into *out; what it was is for the error text. */
static enum status
take_line(char **out, char *buf, gsize len, const char *what, GError **error)
{
	enum status st = ST_OK;

	if (len == 0)
		st = fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s is empty: its first line must be the password or token",
		    what);
	else if (len >= SECRET_MAX)
		st = fail(ST_RUN, error, ERR_LIMIT, RETRY_NEVER,
		    "%s: the first line is longer than %d bytes", what,
		    SECRET_MAX);
	else if (!g_utf8_validate(buf, (gssize)len, NULL))
		st = fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s: the first line is not UTF-8 text", what);
	else
		*out = g_strndup(buf, len);
	explicit_bzero(buf, SECRET_MAX);
	return st;
}

enum status
secret_from_file(char **out, const char *path, bool *exposed, GError **error)
{
	g_autofree char *buf = NULL;
	g_autofree char *what = NULL;
	struct stat sb;
	gsize len;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "password file %s cannot be opened: %s", path,
		    g_strerror(errno));
	if (exposed != NULL)
		*exposed = fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) &&
			   (sb.st_mode & (S_IRGRP | S_IROTH)) != 0;
	buf = g_malloc(SECRET_MAX);
	if (!read_line(fd, buf, &len, 0)) {
		int saved = errno;

		close(fd);
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "password file %s cannot be read: %s", path,
		    g_strerror(saved));
	}
	close(fd);
	what = g_strdup_printf("password file %s", path);
	return take_line(out, buf, len, what, error);
}

/* Our environment without what is for our own workers only. */
static char **
command_environment(void)
{
	char **env = g_get_environ();
	guint keep = 0;

	for (guint i = 0; env[i] != NULL; i++) {
		if (g_str_has_prefix(env[i], HANDOVER_PREFIX))
			secret_free(env[i]);
		else
			env[keep++] = env[i];
	}
	env[keep] = NULL;
	return env;
}

/* Waits for the child until the deadline, then ends it. */
static bool
wait_child(GPid pid, gint64 deadline, int *wait_status)
{
	for (;;) {
		pid_t r = waitpid(pid, wait_status, WNOHANG);

		if (r == pid)
			return true;
		if (r < 0 && errno != EINTR)
			return false;
		if (g_get_monotonic_time() >= deadline) {
			kill(pid, SIGTERM);
			waitpid(pid, wait_status, 0);
			return false;
		}
		g_usleep(2000);
	}
}

enum status
secret_from_command(char **out, const char *command, GError **error)
{
	const char *argv[] = {"/bin/sh", "-c", command, NULL};
	gint64 deadline =
	    g_get_monotonic_time() + (gint64)SECRET_COMMAND_MS * 1000;
	g_auto(GStrv) env = command_environment();
	g_autoptr(GError) cause = NULL;
	g_autofree char *buf = NULL;
	int fd = -1, wait_status = 0;
	bool read_ok, done;
	enum status st;
	gsize len = 0;
	GPid pid;

	if (!g_spawn_async_with_pipes(NULL, (char **)argv, env,
		G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN, NULL,
		NULL, &pid, NULL, &fd, NULL, &cause))
		return fail(ST_MAILBOX, error, ERR_AUTH, RETRY_NEVER,
		    "password command could not be started: %s",
		    cause->message);
	buf = g_malloc(SECRET_MAX);
	read_ok = read_line(fd, buf, &len, deadline) && drain(fd, deadline);
	close(fd);
	done = wait_child(pid, deadline, &wait_status);
	g_spawn_close_pid(pid);
	if (!read_ok || !done) {
		explicit_bzero(buf, SECRET_MAX);
		return fail(ST_MAILBOX, error, ERR_AUTH, RETRY_LATER,
		    "password command gave no answer within %d s",
		    SECRET_COMMAND_MS / 1000);
	}
	if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
		explicit_bzero(buf, SECRET_MAX);
		return fail(ST_MAILBOX, error, ERR_AUTH, RETRY_NEVER,
		    "password command failed with %s %d",
		    WIFEXITED(wait_status) ? "exit status" : "signal",
		    WIFEXITED(wait_status) ? WEXITSTATUS(wait_status)
					   : WTERMSIG(wait_status));
	}
	st = take_line(out, buf, len, "output of password command", error);
	return st == ST_RUN ? ST_MAILBOX : st;
}

enum status
secret_from_prompt(char **out, const char *question, GError **error)
{
	g_autofree char *buf = NULL;
	struct termios saved, quiet;
	bool echo_off, ok;
	ssize_t n = -1;
	gsize len = 0;
	int fd;

	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "there is no terminal to ask on");
	echo_off = tcgetattr(fd, &saved) == 0;
	if (echo_off) {
		quiet = saved;
		/* Ctrl-C ends the line like Enter, instead of ending us
		 * before the echo is back. */
		quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
		quiet.c_cc[VEOL] = CTRL_C;
		tcsetattr(fd, TCSAFLUSH, &quiet);
	}
	buf = g_malloc(SECRET_MAX);
	ok = write(fd, question, strlen(question)) >= 0;
	if (ok)
		n = read(fd, buf, SECRET_MAX); /* one line */
	ok = write(fd, "\n", 1) == 1 && n > 0;
	if (echo_off)
		tcsetattr(fd, TCSAFLUSH, &saved);
	if (ok)
		for (len = (gsize)n; len > 0 && buf[len - 1] == '\n'; len--)
			;
	close(fd);
	if (!ok || len == 0 || memchr(buf, CTRL_C, len) != NULL) {
		explicit_bzero(buf, SECRET_MAX);
		return fail(ST_RUN, error, ERR_CANCELLED, RETRY_NEVER,
		    "no password was typed");
	}
	return take_line(out, buf, len, "the answer", error);
}
