#include "cli/state.h"

int
cli_state_open(struct cli *cli, Ledger **out)
{
	const char *dir = cli->plan->state_dir;
	g_autofree char *path = g_build_filename(dir, "ledger.sqlite", NULL);
	g_autoptr(GError) error = NULL;

	if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
		cli_say("%s holds no ledger; a migration makes one there, or "
			"name the directory with --state DIR",
		    dir);
		return 2;
	}
	if (ledger_open(out, dir, &error) < 0)
		return cli_fail(error);
	return -1;
}

int
cli_state_run(struct cli *cli, Ledger *ledger, struct ledger_run *out)
{
	g_autoptr(GArray) runs =
	    g_array_new(FALSE, FALSE, sizeof(struct ledger_run));
	const char *word =
	    cli->arguments->len > 0 ? cli->arguments->pdata[0] : NULL;
	g_autoptr(GError) error = NULL;
	guint64 wanted = 0;
	bool found = false;

	if (word != NULL && !g_ascii_string_to_unsigned(
				word, 10, 1, G_MAXINT64, &wanted, NULL)) {
		cli_say("'%s' is no number of a run; 'mailmig runs' lists them",
		    word);
		return CLI_USAGE;
	}
	g_array_set_clear_func(runs, (GDestroyNotify)ledger_run_clear);
	if (ledger_run_list(ledger, runs, &error) < 0)
		return cli_fail(error);
	for (guint i = runs->len; !found && i-- > 0;) {
		struct ledger_run *run =
		    &g_array_index(runs, struct ledger_run, i);

		if (word != NULL && run->id != wanted)
			continue;
		*out = *run;
		out->command = g_strdup(run->command);
		found = true;
	}
	if (found)
		return -1;
	if (word != NULL)
		cli_say("%s knows no run %s; 'mailmig runs' lists them",
		    cli->plan->state_dir, word);
	else
		cli_say("%s knows no run yet", cli->plan->state_dir);
	return 2;
}

char *
cli_state_time(gint64 seconds)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);

	return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S")
		    : g_strdup("?");
}
