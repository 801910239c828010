/*
 * mailmig status [RUN]: the mailboxes of a run. Their states are in the ledger;
 * their counts are made of the events, as they were during the run.
 */
#include "cli/state.h"

#include "base/human.h"
#include "engine/run.h"
#include "event/log.h"

#include <jansson.h>
#include <string.h>

struct status_job {
	char *mailbox, *destination, *error;
	enum ledger_state state;
	struct books books;
};

static void
status_job_free(struct status_job *job)
{
	g_free(job->mailbox);
	g_free(job->destination);
	g_free(job->error);
	g_free(job);
}

static void
add_job(const struct ledger_job *job, void *user)
{
	GPtrArray *jobs = user;
	struct status_job *out = g_new0(struct status_job, 1);

	out->mailbox = g_strdup(job->mailbox);
	out->destination = g_strdup(job->destination);
	out->error = g_strdup(job->error);
	out->state = job->state;
	g_ptr_array_add(jobs, out);
}

static struct status_job *
find_job(const GPtrArray *jobs, const char *mailbox)
{
	for (guint i = 0; i < jobs->len; i++) {
		struct status_job *job = jobs->pdata[i];

		if (strcmp(job->mailbox, mailbox) == 0)
			return job;
	}
	return NULL;
}

/* Adds up the event log; one that is gone leaves the counts at zero. */
static void
read_log(const GPtrArray *jobs, const char *path)
{
	g_autoptr(GHashTable) by_name =
	    g_hash_table_new(g_str_hash, g_str_equal);
	char *line = NULL;
	size_t size = 0;
	FILE *file = fopen(path, "re");

	if (file == NULL) {
		cli_say("warning: event log %s cannot be read; counts are not "
			"known",
		    path);
		return;
	}
	while (getline(&line, &size, file) >= 0) {
		g_autoptr(Event) event = event_from_json(line);
		const char *mailbox =
		    event ? event_get_text(event, "mailbox") : NULL;
		struct status_job *job;

		if (mailbox == NULL)
			continue;
		job = g_hash_table_lookup(by_name, mailbox);
		if (job == NULL) {
			job = find_job(jobs, mailbox);
			if (job == NULL)
				continue;
			g_hash_table_insert(by_name, job->mailbox, job);
		}
		books_apply(&job->books, event);
	}
	free(line);
	fclose(file);
}

static void
put_json(const struct status_job *job, guint64 run)
{
	const struct books *b = &job->books;
	json_t *object =
	    json_pack("{s:I,s:s,s:s?,s:s,s:s?,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}",
		"run", (json_int_t)run, "mailbox", job->mailbox, "destination",
		job->destination, "state", ledger_state_name(job->state),
		"error", job->error, "found", (json_int_t)b->found, "moved",
		(json_int_t)b->moved, "filtered", (json_int_t)b->filtered,
		"there", (json_int_t)b->there, "failed", (json_int_t)b->failed,
		"bytes", (json_int_t)b->bytes, "warnings",
		(json_int_t)b->warnings, "errors", (json_int_t)b->errors);

	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void
put_row(GPtrArray *cells, const struct status_job *job)
{
	const struct books *b = &job->books;
	const gint64 counts[] = {
	    b->found, b->moved, b->there, b->filtered, b->failed};

	g_ptr_array_add(cells, human_cut(job->mailbox, 40));
	g_ptr_array_add(cells, g_strdup(ledger_state_name(job->state)));
	for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
		g_ptr_array_add(cells, human_count(counts[i]));
	g_ptr_array_add(cells, human_bytes(b->bytes));
	g_ptr_array_add(cells, human_cut(job->error ? job->error : "", 200));
}

static void
put_run(const struct ledger_run *run)
{
	g_autofree char *begun = cli_state_time(run->begun_s);
	g_autofree char *ended = cli_state_time(run->ended_s);

	printf("run %" G_GUINT64_FORMAT ", begun %s, %s%s\n%s\n\n", run->id,
	    begun, run->ended_s ? "ended " : "did not come to its end",
	    run->ended_s ? ended : "", run->command ? run->command : "");
}

static void
put_table(const GPtrArray *jobs)
{
	static const char *const headings[] = {"mailbox", "state", "found",
	    "moved", "there", "filtered", "failed", "size", ""};
	g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < G_N_ELEMENTS(headings); i++)
		g_ptr_array_add(cells, g_strdup(headings[i]));
	for (guint i = 0; i < jobs->len; i++)
		put_row(cells, jobs->pdata[i]);
	cli_table(stdout, cells, G_N_ELEMENTS(headings), 0xfc);
}

int
cmd_status(struct cli *cli)
{
	g_autoptr(GPtrArray) jobs =
	    g_ptr_array_new_with_free_func((GDestroyNotify)status_job_free);
	g_autoptr(Ledger) ledger = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	struct ledger_run run;
	int status = cli_state_open(cli, &ledger);

	if (status < 0)
		status = cli_state_run(cli, ledger, &run);
	if (status >= 0)
		return status;
	if (ledger_job_each(ledger, run.id, add_job, jobs, &error) < 0) {
		ledger_run_clear(&run);
		return cli_fail(error);
	}
	path = event_log_path(cli->plan->state_dir, run.id);
	read_log(jobs, path);
	if (cli->on[CLI_JSON]) {
		for (guint i = 0; i < jobs->len; i++)
			put_json(jobs->pdata[i], run.id);
	} else {
		put_run(&run);
		put_table(jobs);
	}
	ledger_run_clear(&run);
	return 0;
}
