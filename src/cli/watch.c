#include "cli/watch.h"

#include "cli/keys.h"
#include "event/progress.h"
#include "event/terminal.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Set by a signal or a key, read by the engine. */
static volatile int stop, rest, finish;

struct Watch {
	const struct cli_screen *screen; /* or NULL; shows it all */
	Progress *progress; /* or NULL */
	Terminal *terminal; /* or NULL, with --json */
	GString *line;
	bool tell, keys;
	bool stop_told, finish_told;
};

static void
on_signal(int signum)
{
	stop = 1;
	/* A second one is meant: workers die, the ledger knows how far they
	 * came. The terminal must not stay without an echo. */
	keys_close();
	signal(signum, SIG_DFL);
}

Watch *
watch_new(const struct cli *cli, bool tell)
{
	const char *term = g_getenv("TERM");
	bool bars =
	    isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
	Watch *watch = g_new0(Watch, 1);

	watch->screen = cli->screen;
	watch->tell = tell;
	watch->line = g_string_new(NULL);
	stop = rest = finish = 0;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	/* A terminal that goes away is no reason to stop: what is told is in
	 * the event log, and the workers inherit this. */
	signal(SIGHUP, SIG_IGN);
	if (cli->on[CLI_JSON] || cli->screen)
		return watch;
	watch->terminal = terminal_new(stderr, cli_colour(STDERR_FILENO));
	if (cli->on[CLI_QUIET] || cli->on[CLI_NO_PROGRESS])
		return watch;
	watch->progress = progress_new(
	    stderr, bars ? PROGRESS_BARS : PROGRESS_LINES, g_get_charset(NULL));
	watch->keys = isatty(STDERR_FILENO) && keys_open();
	if (watch->keys)
		progress_keys(watch->progress,
		    "p pause  e errors  s stop after these mailboxes  "
		    "Ctrl-C stop");
	return watch;
}

void
watch_free(Watch *watch)
{
	if (watch == NULL)
		return;
	if (watch->keys)
		keys_close();
	progress_free(watch->progress);
	terminal_free(watch->terminal);
	g_string_free(watch->line, TRUE);
	g_free(watch);
}

void
watch_wishes(struct run_params *params)
{
	params->stop = &stop;
	params->pause = &rest;
	params->finish = &finish;
}

void
watch_event(Watch *watch, const Event *event)
{
	if (watch->screen != NULL) {
		watch->screen->event(watch->screen->user, event);
		return;
	}
	if (watch->terminal == NULL) {
		g_string_truncate(watch->line, 0);
		event_to_json(event, watch->line);
		fwrite(watch->line->str, 1, watch->line->len, stdout);
		fflush(stdout);
		return;
	}
	if (watch->progress != NULL) {
		if (watch->tell && terminal_wants(watch->terminal, event))
			progress_hide(watch->progress);
		progress_event(watch->progress, event);
	}
	if (watch->tell)
		terminal_event(watch->terminal, event);
	else
		terminal_keep(watch->terminal, event);
}

static void
screen_size(int *columns, int *rows)
{
	struct winsize size;

	*columns = 80;
	*rows = 24;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
		*columns = size.ws_col;
		*rows = size.ws_row > 0 ? size.ws_row : 24;
	}
}

static void
press(Watch *watch, int key)
{
	switch (key) {
	case 'p':
	case 'P':
	case ' ':
		rest = !rest;
		break;
	case 'e':
	case 'E':
		progress_hide(watch->progress);
		terminal_show(watch->terminal);
		break;
	case 's':
	case 'S':
		finish = 1;
		break;
	}
}

void
watch_tick(Watch *watch)
{
	int columns, rows, key;

	if (watch->screen != NULL) {
		watch->screen->tick(watch->screen->user, &stop);
		return;
	}
	if (stop && !watch->stop_told) {
		watch->stop_told = true;
		if (watch->progress != NULL)
			progress_hide(watch->progress);
		cli_say("stopping when what is under way is safe; Ctrl-C again "
			"stops at once, nothing moved is lost either way");
	}
	while (watch->keys && (key = keys_next()) != 0)
		press(watch, key);
	if (watch->progress == NULL)
		return;
	screen_size(&columns, &rows);
	progress_tick(watch->progress, g_get_monotonic_time(), columns, rows);
}

void
watch_end(Watch *watch)
{
	if (watch->keys)
		keys_close();
	watch->keys = false;
	if (watch->progress != NULL)
		progress_end(watch->progress, g_get_monotonic_time());
}
