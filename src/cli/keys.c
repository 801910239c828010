#include "cli/keys.h"

#include <glib.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static volatile int is_open;

bool
keys_open(void)
{
	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) < 0)
		return false;
	is_open = 1;
	return true;
}

/* Asked before each look: a shell that stopped us (Ctrl-Z) has put its own
 * settings back, and one that goes on with us in the background must not lose
 * its terminal to us (SIGTTOU). */
static bool
in_front(void)
{
	struct termios now;

	if (tcgetpgrp(STDIN_FILENO) != getpgrp() ||
	    tcgetattr(STDIN_FILENO, &now) < 0)
		return false;
	if (!(now.c_lflag & (ICANON | ECHO)))
		return true;
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
}

int
keys_next(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	guint8 key;

	if (!is_open || !in_front())
		return 0;
	if (poll(&input, 1, 0) <= 0)
		return 0;
	/* Nothing to read any more: the terminal has gone. */
	if (!(input.revents & POLLIN) || read(STDIN_FILENO, &key, 1) != 1) {
		is_open = 0;
		return 0;
	}
	return key;
}

void
keys_close(void)
{
	if (!is_open)
		return;
	is_open = 0;
	if (tcgetpgrp(STDIN_FILENO) == getpgrp())
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
}
