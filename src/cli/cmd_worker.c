/*
 * mailmig worker --state DIR --run N --worker N: a process of a run, started by
 * its parent. Events go to stdout as lines of JSON.
 */
#include "cli/command.h"

#include "engine/run.h"

#include <string.h>
#include <unistd.h>

static bool
take_number(const char *text, guint64 *out)
{
	return g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, out, NULL);
}

int
cmd_worker(int argc, char **argv)
{
	const char *state_dir = NULL;
	guint64 run = 0, worker = 0;
	g_autoptr(GError) error = NULL;
	bool ok = argc % 2 == 1;

	for (int i = 1; ok && i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--state") == 0)
			state_dir = argv[i + 1];
		else if (strcmp(argv[i], "--run") == 0)
			ok = take_number(argv[i + 1], &run);
		else if (strcmp(argv[i], "--worker") == 0)
			ok = take_number(argv[i + 1], &worker);
		else
			ok = false;
	}
	if (!ok || state_dir == NULL || run == 0) {
		cli_say("worker: a run starts its workers itself: 'mailmig "
			"migrate --workers N'");
		return CLI_USAGE;
	}
	/* The parent has heard why, as an event: it is not said twice. */
	if (worker_main(state_dir, run, (guint)worker, STDOUT_FILENO, &error) <
	    0)
		return 2;
	return 0;
}
