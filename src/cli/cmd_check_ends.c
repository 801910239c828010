/*
 * mailmig check --from URL --to URL, or PLAN: what will go wrong, before
 * anything is written.
 */
#include "cli/watch.h"

#include "base/human.h"
#include "engine/preflight.h"

#include <string.h>
#include <unistd.h>

#define ROWS_MAX 40 /* mailboxes listed when nothing is wrong with them */

/* A mailbox as it stands in the table. */
struct row {
	char *mailbox, *destination;
	gint64 messages, bytes, largest, quota_left;
	guint warnings, errors;
	bool counted;
};

struct sight {
	const struct cli *cli;
	GPtrArray *rows; /* of struct row */
	GHashTable *by_name;
	GPtrArray *findings; /* of char *: lines below the table */
	Watch *watch;
};

static void
row_free(void *data)
{
	struct row *row = data;

	g_free(row->mailbox);
	g_free(row->destination);
	g_free(row);
}

static struct row *
row_of(struct sight *s, const Event *event)
{
	const char *name = event_get_text(event, "mailbox");
	struct row *row;

	if (name == NULL || event_id_of(event) == EVENT_MAILBOX_WITHOUT_ACCOUNT)
		return NULL;
	row = g_hash_table_lookup(s->by_name, name);
	if (row == NULL) {
		row = g_new0(struct row, 1);
		row->mailbox = g_strdup(name);
		row->quota_left = -1;
		g_ptr_array_add(s->rows, row);
		g_hash_table_insert(s->by_name, row->mailbox, row);
	}
	if (row->destination == NULL)
		row->destination =
		    g_strdup(event_get_text(event, "destination"));
	return row;
}

static void
keep(struct sight *s, const Event *event)
{
	struct row *row = row_of(s, event);
	enum event_level level = event_level_of(event);
	const struct event_entry *entry = event_entry_find(event_id_of(event));

	if (event_id_of(event) == EVENT_CHECK_MAILBOX) {
		row->counted = true;
		row->messages = event_get_number(event, "messages");
		row->bytes = event_get_number(event, "bytes");
		row->largest = event_get_number(event, "largest");
		if (event_has(event, "quota_left"))
			row->quota_left = event_get_number(event, "quota_left");
	}
	if (row != NULL) {
		row->warnings += level == EVENT_WARNING;
		row->errors += level == EVENT_ERROR;
	}
	if (level >= EVENT_WARNING ||
	    event_id_of(event) == EVENT_CHECK_RENAMED) {
		g_autofree char *text = event_to_text(event);

		g_ptr_array_add(s->findings,
		    g_strdup_printf("%s: %s%s%s", event_level_name(level), text,
			*entry->remedy ? "\n    " : "", entry->remedy));
	}
}

static void
sink(const Event *event, void *user)
{
	struct sight *s = user;

	keep(s, event);
	watch_event(s->watch, event);
}

static void
tick(void *user)
{
	struct sight *s = user;

	watch_tick(s->watch);
}

static void
put_row(GPtrArray *cells, const struct row *row)
{
	g_ptr_array_add(cells, human_cut(row->mailbox, 34));
	g_ptr_array_add(
	    cells, human_cut(row->destination ? row->destination : "", 34));
	g_ptr_array_add(
	    cells, row->counted ? human_count(row->messages) : g_strdup("?"));
	g_ptr_array_add(
	    cells, row->counted ? human_bytes(row->bytes) : g_strdup("?"));
	g_ptr_array_add(
	    cells, row->counted ? human_bytes(row->largest) : g_strdup("?"));
	g_ptr_array_add(cells, row->quota_left >= 0
				   ? human_bytes(row->quota_left)
				   : g_strdup("-"));
	g_ptr_array_add(cells, g_strdup(row->errors > 0	    ? "errors"
					: row->warnings > 0 ? "warnings"
					: row->counted	    ? "ok"
							    : "?"));
}

static int
compare_rows(const void *a, const void *b)
{
	const struct row *x = *(struct row *const *)a;
	const struct row *y = *(struct row *const *)b;

	return g_utf8_collate(x->mailbox, y->mailbox);
}

static void
put_table(struct sight *s)
{
	static const char *const headings[] = {"mailbox", "goes to", "messages",
	    "size", "largest", "quota left", ""};
	g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
	bool all = s->rows->len <= ROWS_MAX;
	guint left_out = 0;

	g_ptr_array_sort(s->rows, compare_rows);
	for (guint i = 0; i < G_N_ELEMENTS(headings); i++)
		g_ptr_array_add(cells, g_strdup(headings[i]));
	for (guint i = 0; i < s->rows->len; i++) {
		const struct row *row = s->rows->pdata[i];

		if (all || row->errors > 0 || row->warnings > 0)
			put_row(cells, row);
		else
			left_out++;
	}
	cli_table(stdout, cells, G_N_ELEMENTS(headings), 0x3c);
	if (left_out > 0)
		printf("(and %u mailboxes without findings)\n", left_out);
	if (s->findings->len > 0)
		putchar('\n');
	for (guint i = 0; i < s->findings->len; i++)
		printf("%s\n", (const char *)s->findings->pdata[i]);
}

static void
put_sums(const struct preflight *found, const Plan *plan)
{
	g_autofree char *messages = human_count(found->messages);
	g_autofree char *bytes = human_bytes(found->bytes);
	g_autofree char *failed = human_count(found->failed);
	g_autofree char *mailboxes = human_count(found->mailboxes);

	printf("\n%s mailboxes, %s of them cannot be moved; %s messages, %s\n",
	    mailboxes, failed, messages, bytes);
	if (found->looked < found->mailboxes) {
		g_autofree char *left =
		    human_count(found->mailboxes - found->looked);

		printf("Stopped before the end: %s mailboxes were not looked "
		       "at.\n",
		    left);
	}
	if (found->estimate_s >= 0) {
		g_autofree char *time = human_duration(found->estimate_s);
		g_autofree char *sampled = human_count(found->sampled_messages);

		printf("Reading them takes about %s with %u workers, by a "
		       "sample of %s messages; how fast the destination "
		       "writes is not known before it does.\n",
		    time, plan->workers, sampled);
	}
	printf("%s Nothing was written.\n",
	    found->errors > 0 ? "Some of this will not go well."
	    : found->warnings > 0
		? "All mailboxes can be moved; look at the warnings."
		: "Nothing stands in the way.");
}

int
cli_check_ends(struct cli *cli)
{
	struct preflight found;
	g_autoptr(GError) error = NULL;
	struct sight s = {.cli = cli};
	struct run_params params = {.plan = cli->plan,
	    .starter = cli->starter,
	    .sink = sink,
	    .tick = tick,
	    .user = &s};
	int status = cli_finish_plan(cli, true);
	enum status st;

	if (status >= 0)
		return status;
	s.rows = g_ptr_array_new_with_free_func(row_free);
	s.findings = g_ptr_array_new_with_free_func(g_free);
	s.by_name = g_hash_table_new(g_str_hash, g_str_equal);
	s.watch = watch_new(cli, false);
	watch_wishes(&params);
	tick(&s);
	st = preflight_run(&params, &found, &error);
	watch_end(s.watch);
	if (st < 0) {
		status = cli_fail(error);
	} else {
		status = preflight_exit_status(&found);
		if (!cli->on[CLI_JSON]) {
			put_table(&s);
			put_sums(&found, cli->plan);
		}
	}
	g_hash_table_unref(s.by_name);
	g_ptr_array_unref(s.rows);
	g_ptr_array_unref(s.findings);
	watch_free(s.watch);
	return status;
}
