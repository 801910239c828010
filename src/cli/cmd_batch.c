/*
 * mailmig batch CONTROLFILE, and the original's switches. Exit status as there:
 * 0 clean, 1 warnings, 2 errors, also of the control file.
 */
#include "cli/cmd_batch.h"

#include <string.h>

static void
drive_free(void *data)
{
	struct cmd_batch_drive *drive = data;

	g_free(drive->windows);
	g_free(drive->here);
	g_free(drive);
}

/* "/C:file" and "-C:file"; a file of this machine is none of them, because
 * behind the letter comes nothing or a colon. */
static bool
is_switch(const char *word)
{
	if (*word != '/' && *word != '-')
		return false;
	if (strcmp(word + 1, "?") == 0 ||
	    g_ascii_strcasecmp(word + 1, "h") == 0 ||
	    g_ascii_strcasecmp(word + 1, "help") == 0)
		return true;
	return word[1] != '\0' && strchr("CcAaPpSsGgMmDdFf", word[1]) != NULL &&
	       (word[2] == '\0' || word[2] == ':');
}

guint
cli_batch_words(int argc, char **argv, int i)
{
	if (strcmp(argv[i], "--drive") == 0)
		return i + 1 < argc ? 2 : 1;
	return is_switch(argv[i]) || g_str_has_prefix(argv[i], "--drive=");
}

static int
help(const struct cmd_batch *batch)
{
	cli_help_command(batch->cli->command, false);
	return 0;
}

/* "M:=/mnt/po", "\\SERVER=/mnt/server". */
static bool
take_drive(struct cmd_batch *batch, const char *text)
{
	const char *equals = strchr(text, '=');
	struct cmd_batch_drive *drive;

	if (equals == NULL || equals == text || equals[1] == '\0')
		return cmd_batch_error(
		    batch, 0, "--drive %s: write --drive M:=DIRECTORY", text);
	drive = g_new0(struct cmd_batch_drive, 1);
	drive->windows = g_strndup(text, (gsize)(equals - text));
	drive->here = g_strdup(equals + 1);
	g_ptr_array_add(batch->drives, drive);
	return true;
}

/* -1 to go on. */
static int
take_switch(struct cmd_batch *batch, const char *word)
{
	const char *value = word[1] && word[2] == ':' ? word + 3 : "";

	switch (g_ascii_toupper(word[1])) {
	case 'C':
		g_free(batch->path);
		batch->path = g_strdup(value);
		return -1;
	case 'A':
		g_free(batch->account);
		batch->account = g_strdup(value);
		return -1;
	case 'P':
		g_free(batch->password);
		batch->password = g_strdup(value);
		cmd_batch_warn(batch, 0,
		    "/P: everybody on this machine can read the password in "
		    "the list of processes; --password-file is better");
		return -1;
	case 'S':
		batch->silent = true;
		return -1;
	case 'G':
		batch->no_ole = true;
		return -1;
	case 'M':
		cmd_batch_warn(batch, 0,
		    "/M: there is no clone mode; nothing is ever changed or "
		    "merged here");
		return -1;
	case 'D':
		cmd_batch_warn(batch, 0,
		    "/D: no target address is set at the destination");
		return -1;
	case 'F':
		cmd_batch_warn(
		    batch, 0, "/F: everything is in the event log of the run");
		return -1;
	default: /* ? h help */
		return help(batch);
	}
}

static int
take_words(struct cmd_batch *batch)
{
	const GPtrArray *words = batch->cli->arguments;

	for (guint i = 0; i < words->len; i++) {
		const char *word = words->pdata[i];
		int status = -1;

		if (strcmp(word, "--drive") == 0) {
			if (!take_drive(batch,
				i + 1 < words->len ? words->pdata[++i] : ""))
				status = 2;
		} else if (g_str_has_prefix(word, "--drive=")) {
			if (!take_drive(batch, word + strlen("--drive=")))
				status = 2;
		} else if (is_switch(word)) {
			status = take_switch(batch, word);
		} else if (batch->path == NULL) {
			batch->path = g_strdup(word);
		} else {
			cli_say("batch: '%s' is one too many: mailmig batch "
				"CONTROLFILE",
			    word);
			status = CLI_USAGE;
		}
		if (status >= 0)
			return status;
	}
	if (batch->path != NULL && *batch->path != '\0')
		return -1;
	cli_say("batch needs a control file: mailmig batch CONTROLFILE, or "
		"/C:CONTROLFILE");
	return CLI_USAGE;
}

static int
run(struct cmd_batch *batch)
{
	struct cli *cli = batch->cli;
	int status;

	if (!cmd_batch_read(batch) || !cmd_batch_plan(batch))
		return 2;
	if (batch->silent)
		cli->on[CLI_QUIET] = true;
	/* As the variable that the plan names; never in the plan. */
	if (batch->password != NULL)
		g_setenv(cli->plan->from.secret.env, batch->password, TRUE);
	fflush(stdout);
	status = cli_pass(cli, false, false);
	if (status == CLI_USAGE)
		return 2;
	return MAX(status, batch->warnings > 0 ? 1 : 0);
}

int
cmd_batch(struct cli *cli)
{
	struct cmd_batch batch = {.cli = cli};
	int status;

	batch.drives = g_ptr_array_new_with_free_func(drive_free);
	status = take_words(&batch);
	if (status < 0)
		status = run(&batch);
	g_ptr_array_unref(batch.drives);
	for (int i = 0; i < BATCH_KEYS; i++)
		g_free(batch.values[i]);
	g_free(batch.path);
	g_free(batch.account);
	g_free(batch.password);
	return status;
}
