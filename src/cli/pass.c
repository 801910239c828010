/*
 * A pass, as people and machines see it: passwords asked for, events told,
 * progress drawn, Ctrl-C heard, books closed.
 */
#include "cli/command.h"

#include "base/human.h"
#include "base/secret.h"
#include "cli/watch.h"
#include "ui/report.h"

#include <string.h>
#include <unistd.h>

#define TABLE_ROWS_MAX                                                         \
	40 /* mailboxes listed when nothing is wrong with them                 \
	    */

struct pass {
	const struct cli *cli;
	Watch *watch;
	/* Books of each mailbox, in the order of their first event. */
	GHashTable *books; /* name: struct books */
	GPtrArray *names;
	GPtrArray *recovery; /* of char *: paths of recovery sets */
	UiReport *report;
	char *report_path;   /* of the HTML page, or NULL */
};

static int
ask_password(struct cli *cli, struct plan_end *end)
{
	g_autofree char *question = NULL;
	g_autoptr(GError) error = NULL;
	char *password = NULL;

	if (!plan_needs_password(cli->plan, end))
		return -1;
	if (!isatty(STDIN_FILENO)) {
		cli_say("%s: no password; give --password-file FILE, "
			"--password-command COMMAND, --accounts FILE, or the "
			"environment variable %s",
		    end->text, end->secret.env);
		return CLI_USAGE;
	}
	question = g_strdup_printf("Password for %s: ", end->text);
	if (secret_from_prompt(&password, question, &error) < 0) {
		g_prefix_error(&error, "%s: ", end->text);
		return cli_fail(error);
	}
	plan_set_password(cli->plan, end, password);
	secret_free(password);
	return -1;
}

int
cli_finish_plan(struct cli *cli, bool need_to)
{
	g_autoptr(GError) error = NULL;
	enum status st = plan_finish(cli->plan, need_to, &error);
	int status;

	for (guint i = 0; i < cli->plan->warnings->len; i++)
		cli_say(
		    "warning: %s", (const char *)cli->plan->warnings->pdata[i]);
	if (st < 0)
		return cli_fail(error);
	status = ask_password(cli, &cli->plan->from);
	if (status < 0 && cli->plan->to.text != NULL)
		status = ask_password(cli, &cli->plan->to);
	return status;
}

static void
tick(void *user)
{
	struct pass *pass = user;

	watch_tick(pass->watch);
}

static void
keep_books(struct pass *pass, const Event *event)
{
	const char *mailbox = event_get_text(event, "mailbox");
	struct books *books;

	if (event_id_of(event) == EVENT_RECOVERY_FILE)
		g_ptr_array_add(
		    pass->recovery, g_strdup(event_get_text(event, "path")));
	if (mailbox == NULL)
		return;
	books = g_hash_table_lookup(pass->books, mailbox);
	if (books == NULL) {
		char *name = g_strdup(mailbox);

		books = g_new0(struct books, 1);
		g_hash_table_insert(pass->books, name, books);
		g_ptr_array_add(pass->names, name);
	}
	books_apply(books, event);
}

static void
sink(const Event *event, void *user)
{
	struct pass *pass = user;

	keep_books(pass, event);
	ui_report_event(pass->report, event);
	watch_event(pass->watch, event);
}

static void
pass_init(struct pass *pass, const struct cli *cli)
{
	memset(pass, 0, sizeof *pass);
	pass->cli = cli;
	pass->watch = watch_new(cli, true);
	pass->books =
	    g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	pass->names = g_ptr_array_new_with_free_func(g_free);
	pass->recovery = g_ptr_array_new_with_free_func(g_free);
	pass->report = ui_report_new();
}

static void
pass_clear(struct pass *pass)
{
	watch_free(pass->watch);
	g_hash_table_unref(pass->books);
	g_ptr_array_unref(pass->names);
	g_ptr_array_unref(pass->recovery);
	ui_report_free(pass->report);
	g_free(pass->report_path);
}

static bool
has_trouble(const struct books *books)
{
	return books->failed > 0 || books->errors > 0 || books->warnings > 0 ||
	       books->mailboxes_failed > 0 || !books_balance(books);
}

/* The directory of a set of migration files stands among the mailboxes; without
 * mail, it is of no interest here. */
static bool
is_nobody(const char *name, const struct books *books)
{
	return *name == '(' && books->found == 0 && !has_trouble(books);
}

static void
put_row(GPtrArray *cells, const char *name, const struct books *books)
{
	const gint64 counts[] = {books->found, books->moved, books->there,
	    books->filtered, books->failed};

	g_ptr_array_add(cells, human_cut(name, 40));
	for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
		g_ptr_array_add(cells, human_count(counts[i]));
	g_ptr_array_add(cells, human_bytes(books->bytes));
	g_ptr_array_add(
	    cells, g_strdup(books->mailboxes_failed > 0		     ? "failed"
			    : books->errors > 0 || books->failed > 0 ? "errors"
			    : books->warnings > 0 ? "warnings"
						  : "ok"));
}

static int
compare_names(const void *a, const void *b)
{
	return g_utf8_collate(*(char *const *)a, *(char *const *)b);
}

static void
put_table(const struct pass *pass, const struct books *total, bool verify)
{
	static const char *const headings[] = {"mailbox", "found", "moved",
	    "there", "filtered", "failed", "size", ""};
	static const char *const verify_headings[] = {
	    "mailbox", "found", "", "equal", "filtered", "not equal", "", ""};
	g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
	bool all = pass->names->len <= TABLE_ROWS_MAX;
	guint left_out = 0;

	g_ptr_array_sort(pass->names, compare_names);
	for (guint i = 0; i < G_N_ELEMENTS(headings); i++)
		g_ptr_array_add(
		    cells, g_strdup((verify ? verify_headings : headings)[i]));
	for (guint i = 0; i < pass->names->len; i++) {
		const char *name = pass->names->pdata[i];
		const struct books *books =
		    g_hash_table_lookup(pass->books, name);

		if (is_nobody(name, books))
			continue;
		if (all || has_trouble(books))
			put_row(cells, name, books);
		else
			left_out++;
	}
	put_row(cells, "all", total);
	if (verify)
		for (guint i = G_N_ELEMENTS(headings); i < cells->len; i++)
			if (i % 8 == 2 || i % 8 == 6)
				*(char *)cells->pdata[i] = '\0';
	cli_table(stdout, cells, G_N_ELEMENTS(headings), 0x7e);
	if (left_out > 0)
		printf("(and %u mailboxes without trouble)\n", left_out);
}

static void
put_next(const struct pass *pass, const struct books *total, bool verify)
{
	const Plan *plan = pass->cli->plan;

	for (guint i = 0; i < pass->recovery->len; i++)
		printf("Failed items are kept in %s\n",
		    (const char *)pass->recovery->pdata[i]);
	if (!verify && pass->report->stopped)
		printf("Stopped before the end. Go on with: mailmig resume "
		       "--state %s\n",
		    plan->state_dir);
	else if (!verify && total->failed + total->mailboxes_failed > 0)
		printf("When the causes are removed: mailmig resume --state "
		       "%s\n",
		    plan->state_dir);
	if (verify && run_verify_compares(plan))
		printf("This destination does not keep octets; compared were "
		       "%s\n",
		    run_verify_compares(plan));
	if (pass->report_path != NULL)
		printf("Report: %s\n", pass->report_path);
	printf("Ledger, event log and recovery files: %s\n", plan->state_dir);
}

/* A report that cannot be written is no failure of the migration: `mailmig
 * report` makes it again. */
static void
save_report(struct pass *pass, bool verify)
{
	const char *state_dir = pass->cli->plan->state_dir;
	g_autofree char *dir = g_build_filename(state_dir, "reports", NULL);
	g_autofree char *name =
	    verify ? g_strdup("verify")
		   : g_strdup_printf(
			 "%" G_GUINT64_FORMAT, pass->report->run);
	g_autoptr(GError) error = NULL;

	pass->report->verify = verify;
	if (ui_report_save(
		pass->report, dir, name, MAILMIG_VERSION, &error) < 0) {
		cli_say("warning: %s", error->message);
		return;
	}
	pass->report_path = cli_report_path(state_dir, name, ".html");
}

static char *
typed_text(const struct cli *cli)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < cli->typed->len; i++) {
		const char *word = cli->typed->pdata[i];
		g_autofree char *quoted = g_shell_quote(word);
		bool plain =
		    *word != '\0' &&
		    strpbrk(word, " \t\n'\"\\$`!*?[](){}<>|&;~#") == NULL;

		g_string_append_printf(
		    out, "%s%s", i > 0 ? " " : "", plain ? word : quoted);
	}
	return g_string_free(out, FALSE);
}

int
cli_pass(struct cli *cli, bool verify, bool resume)
{
	g_autofree char *typed = typed_text(cli);
	g_autoptr(GError) error = NULL;
	const struct cli_screen *screen = cli->screen;
	struct books total = {0};
	struct pass pass;
	struct run_params params = {
	    .plan = cli->plan,
	    .command = typed,
	    .starter = cli->starter,
	    .sink = sink,
	    .tick = tick,
	    .user = &pass,
	    .retry_failed_only = resume,
	};
	enum status st;
	int status;

	if (cli->on[CLI_PRINT_PLAN]) {
		g_autofree char *text = plan_to_text(cli->plan);

		fputs(text, stdout);
		return 0;
	}
	if (!verify && run_look(cli->plan->state_dir, &error) < 0)
		return cli_fail(error);
	status = cli_finish_plan(cli, true);
	if (status >= 0)
		return status;
	pass_init(&pass, cli);
	if (screen != NULL)
		screen->begin(screen->user, cli->plan);
	watch_wishes(&params);
	tick(&pass); /* the clock of progress starts */
	st = verify ? run_verify(&params, &total, &error)
		    : run_pass(&params, &total, &error);
	watch_end(pass.watch);
	if (st < 0 && screen != NULL)
		screen->failed(screen->user, error);
	if (st < 0) {
		status = cli_fail(error);
	} else if (resume && total.mailboxes == 0 && total.errors == 0) {
		status = 0;
		if (!cli->on[CLI_JSON])
			printf("Nothing is left to resume: every mailbox is "
			       "done.\n");
	} else {
		status = run_exit_status(&total);
		save_report(&pass, verify);
		if (screen != NULL)
			screen->end(
			    screen->user, pass.report, pass.report_path);
		if (!cli->on[CLI_JSON]) {
			if (!cli->on[CLI_QUIET])
				put_table(&pass, &total, verify);
			put_next(&pass, &total, verify);
		}
	}
	pass_clear(&pass);
	return status;
}
