/*
 * Plans: keys, files, ends, routes. The drivers here are tables alone, since a
 * plan only looks at what a driver says of itself.
 */
#include "engine/plan.h"

#include "dest/dest.h"
#include "source/source.h"

#include <glib/gstdio.h>
#include <string.h>

static const struct option server_options[] = {
    {"security", OPTION_CHOICE, "auto", "auto|starttls|plain", "how"},
    {"connections-max", OPTION_NUMBER, "4", NULL, "how many"},
    {NULL},
};
static const struct option file_options[] = {
    {"lenient", OPTION_BOOL, "no", NULL, "take damaged rows"},
    {NULL},
};
static const char *const server_schemes[] = {"imap", "imaps", NULL};
static const char *const file_schemes[] = {"files", NULL};
static const struct source_driver server_source = {
    .name = "imap",
    .schemes = server_schemes,
    .options = server_options,
    .accounts = true,
};
static const struct source_driver file_source = {
    .name = "files",
    .schemes = file_schemes,
    .options = file_options,
};
static const struct dest_driver server_dest = {
    .name = "imap",
    .schemes = server_schemes,
    .options = server_options,
    .accounts = true,
};
static const struct dest_driver file_dest = {
    .name = "files",
    .schemes = file_schemes,
    .options = file_options,
};
const struct source_driver *const source_drivers[] = {
    &server_source, &file_source, NULL};
const struct dest_driver *const dest_drivers[] = {
    &server_dest, &file_dest, NULL};

static void
set_ok(Plan *plan, const char *group, const char *key, const char *value)
{
	g_autoptr(GError) error = NULL;
	enum status st = plan_set(plan, group, key, value, &error);

	g_assert_no_error(error);
	g_assert_cmpint(st, ==, ST_OK);
}

static Plan *
plan_of(const char *from, const char *to)
{
	Plan *plan = plan_new();

	set_ok(plan, "from", "url", from);
	if (to != NULL)
		set_ok(plan, "to", "url", to);
	return plan;
}

static void
finish_ok(Plan *plan)
{
	g_autoptr(GError) error = NULL;

	plan_finish(plan, false, &error);
	g_assert_no_error(error);
}

/* A directory of the test's own, gone at its end. */
static char *
make_dir(void)
{
	g_autoptr(GError) error = NULL;
	char *dir = g_dir_make_tmp("mailmig-plan-XXXXXX", &error);

	g_assert_no_error(error);
	return dir;
}

static char *
write_file(const char *dir, const char *name, const char *text, int mode)
{
	g_autoptr(GError) error = NULL;
	char *path = g_build_filename(dir, name, NULL);

	g_file_set_contents_full(
	    path, text, -1, G_FILE_SET_CONTENTS_NONE, mode, &error);
	g_assert_no_error(error);
	return path;
}

static void
remove_dir(const char *dir)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(d)) != NULL) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		g_assert_cmpint(g_remove(path), ==, 0);
	}
	g_assert_cmpint(g_remove(dir), ==, 0);
}

static void
test_values(void)
{
	static const struct {
		const char *group, *key, *value;
		const char *error; /* a part of it, or NULL */
	} rows[] = {
	    {"filter", "since", "2026-11-21", NULL},
	    {"filter", "since", "2026-11-21T18:00:00+01:00", NULL},
	    {"filter", "since", "yesterday", "'yesterday' is not a date"},
	    {"filter", "since", "2026-13-01", "is not a date"},
	    {"filter", "max-size", "20MiB", NULL},
	    {"filter", "max-size", "big", "'big' is not a size"},
	    {"filter", "deleted", "no", NULL},
	    {"filter", "deleted", "perhaps", "is not yes or no"},
	    {"filter", "sinse", "2026-11-21", "did you mean 'since'?"},
	    {"filtre", "since", "2026-11-21", "did you mean 'filter'?"},
	    {"run", "workers", "4", NULL},
	    {"run", "workers", "-4", "is not a number"},
	    {"run", "workers", "257", "greatest possible, 256"},
	    {"run", "connections", "17", "greatest possible, 16"},
	    {"from", "url", "imaps://anna@mail.example.org", NULL},
	    {"from", "url", "mail.example.org", "begins with a scheme"},
	    {"from", "url", "imaps://h:99999", "port"},
	    {"from", "some-option", "checked later", NULL},
	    {"to", "user", "\xff", "not UTF-8"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Plan) plan = plan_new();
		g_autoptr(GError) error = NULL;
		enum status st = plan_set(
		    plan, rows[i].group, rows[i].key, rows[i].value, &error);

		if (rows[i].error == NULL) {
			g_assert_no_error(error);
			g_assert_cmpint(st, ==, ST_OK);
			continue;
		}
		g_assert_cmpint(st, ==, ST_RUN);
		g_assert_nonnull(error);
		g_assert_cmpint(error_kind(error), ==, ERR_CONFIG);
		if (strstr(error->message, rows[i].error) == NULL)
			g_error("row %u: %s", i, error->message);
	}
}

static void
test_dates(void)
{
	g_autoptr(Plan) plan = plan_new();

	set_ok(plan, "filter", "since", "1970-01-02");
	g_assert_cmpint(plan->filter.since, ==, 86400);
	set_ok(plan, "filter", "until", "1970-01-02T02:00:00+01:00");
	g_assert_cmpint(plan->filter.until, ==, 86400 + 3600);
}

/* The password is in the login, and in no text that is kept. */
static void
test_url_password(void)
{
	g_autoptr(Plan) plan =
	    plan_of("imaps://anna:s%3acret@old.example:1993/", NULL);
	g_autofree char *text = NULL;

	g_assert_cmpstr(plan->from.text, ==, "imaps://anna@old.example:1993/");
	text = plan_to_text(plan);
	g_assert_null(strstr(text, "cret"));
	finish_ok(plan);
	g_assert_cmpstr(plan->from.login.password, ==, "s:cret");
	g_assert_cmpstr(plan->from.login.user, ==, "anna");
	g_assert_cmpuint(plan->warnings->len, ==, 1);
	g_assert_false(plan_needs_password(plan, &plan->from));
	g_assert_cmpstr(g_getenv("MAILMIG_HANDOVER_FROM"), ==, "s:cret");
	g_unsetenv("MAILMIG_HANDOVER_FROM");
}

static void
test_url_password_not_in_errors(void)
{
	static const char *const urls[] = {"imaps://anna:hush@h:0/",
	    "imaps://anna:hush%@h/", "imaps://anna:hush@h:99999?x=1"};

	for (guint i = 0; i < G_N_ELEMENTS(urls); i++) {
		g_autoptr(Plan) plan = plan_new();
		g_autoptr(GError) error = NULL;

		g_assert_cmpint(
		    plan_set(plan, "from", "url", urls[i], &error), ==, ST_RUN);
		g_assert_null(strstr(error->message, "hush"));
	}
}

/* What the text of a finished plan says is the same plan. */
static void
test_text(void)
{
	g_autoptr(Plan) plan = plan_of("imaps://%m@old.example?security=plain",
	    "files:out dir?lenient=yes");
	g_autoptr(Plan) again = plan_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	g_autofree char *text_again = NULL;

	set_ok(plan, "accounts", "mailbox", "anna");
	set_ok(plan, "accounts", "mailbox", "b;o;b");
	set_ok(plan, "filter", "exclude", "Trash*");
	set_ok(plan, "filter", "exclude", " a\\b;c");
	set_ok(plan, "filter", "until", "2026-11-21");
	set_ok(plan, "from", "auth-user", "migrator");
	set_ok(plan, "both", "password-command", "printf '%s\\n' \"$PW\"; :");
	set_ok(plan, "from", "connections-max", "2");
	set_ok(plan, "run", "workers", "7");
	text = plan_to_text(plan);
	plan_load_text(again, text, "text", &error);
	g_assert_no_error(error);
	text_again = plan_to_text(again);
	g_assert_cmpstr(text, ==, text_again);
	g_assert_cmpuint(again->filter.exclude->len, ==, 2);
	g_assert_cmpstr(again->filter.exclude->pdata[1], ==, " a\\b;c");
	g_assert_cmpstr(again->mailboxes->pdata[1], ==, "b;o;b");
	g_assert_cmpuint(again->workers, ==, 7);
	g_setenv("PW", "known", TRUE);
	finish_ok(again);
	g_unsetenv("PW");
	g_unsetenv("MAILMIG_HANDOVER_FROM");
	g_assert_cmpstr(again->from.login.password, ==, "known");
	g_assert_cmpint(
	    options_number(again->from.options, "connections-max"), ==, 2);
	g_assert_cmpstr(
	    options_text(again->from.options, "security"), ==, "plain");
	g_assert_true(options_bool(again->to.options, "lenient"));
	g_assert_true(g_path_is_absolute(again->to.url.path));
	g_assert_true(g_str_has_suffix(again->to.url.path, "/out dir"));
}

static void
test_file_errors(void)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
	    {"[from]\nurl = imaps://a@h\n\n[run]\nworkers = many\n",
		"p line 5: workers: 'many' is not a number"},
	    {"[run]\nworkers = 1\nworkers = 2\n",
		"p line 3: this key was given before"},
	    {"workers = 1\n", "p line 1: a key before the first [group]"},
	    {"[run]\n# fine\nworkers\n", "p line 3: neither"},
	    {"[run\n", "p line 1: a group is written [group]"},
	    {"[run]\nworker = 1\n", "p line 2: worker: a plan has no key "
				    "'worker'; did you mean 'workers'?"},
	    {"[nurse]\nx = 1\n", "a plan has no group 'nurse'"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Plan) plan = plan_new();
		g_autoptr(GError) error = NULL;

		g_assert_cmpint(plan_load_text(plan, rows[i].text, "p", &error),
		    ==, ST_RUN);
		if (strstr(error->message, rows[i].error) == NULL)
			g_error("row %u: %s", i, error->message);
	}
}

/* Relative names in a plan file are beside the file. */
static void
test_file_names(void)
{
	g_autofree char *dir = make_dir();
	g_autofree char *path = write_file(
	    dir, "p.plan", "[from]\nurl = files:in\n[run]\nstate = st\n", 0600);
	g_autofree char *in = g_build_filename(dir, "in", NULL);
	g_autofree char *state = g_build_filename(dir, "st", NULL);
	g_autoptr(Plan) plan = plan_new();
	g_autoptr(GError) error = NULL;

	plan_load(plan, path, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(plan->from.url.path, ==, in);
	g_assert_cmpstr(plan->state_dir, ==, state);
	remove_dir(dir);
}

static void
test_finish_errors(void)
{
	static const struct {
		const char *from, *to;
		const char *group, *key, *value;
		const char *error;
	} rows[] = {
	    {NULL, NULL, NULL, NULL, NULL, "add --from URL"},
	    {"files:in", NULL, NULL, NULL, NULL, "add --to URL"},
	    {"imap5://a@h", "files:out", NULL, NULL, NULL,
		"there is no source 'imap5:', did you mean 'imap"},
	    {"imaps://h", "files:out", NULL, NULL, NULL,
		"whose mailbox? write imaps://USER@HOST"},
	    {"imaps://a@h?securty=plain", "files:out", NULL, NULL, NULL,
		"did you mean 'security'?"},
	    {"imaps://a@h", "files:out", "from", "securty", "plain",
		"did you mean 'security'?"},
	    {"imaps://a@h?security=none", "files:out", NULL, NULL, NULL,
		"'none' is not auto|starttls|plain"},
	    {"files:in", "imap://a@", NULL, NULL, NULL, "no server"},
	    {"files:in", "files:out", "filter", "since", "9999-01-01", NULL},
	    {"files:in", "files:out", "filter", "until", "0001-01-01", NULL},
	    {"files:in", "files:out", "accounts", "file", "/nonexistent/x",
		"/nonexistent/x"},
	    {"imaps://a@h", "files:o", "from", "password-file",
		"/nonexistent/x", "password file /nonexistent/x"},
	    {"imaps://a@h", "files:o", "from", "password-command", "exit 3",
		"exit status 3"},
	    {"imaps://a@h", "files:o", "from", "password-command", ":",
		"is empty"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Plan) plan = plan_new();
		g_autoptr(GError) error = NULL;
		enum status st;

		if (rows[i].from != NULL)
			set_ok(plan, "from", "url", rows[i].from);
		if (rows[i].to != NULL)
			set_ok(plan, "to", "url", rows[i].to);
		if (rows[i].group != NULL)
			set_ok(plan, rows[i].group, rows[i].key, rows[i].value);
		st = plan_finish(plan, true, &error);
		if (rows[i].error == NULL) {
			g_assert_no_error(error);
			continue;
		}
		if (st != ST_RUN || error == NULL)
			g_error("row %u: went well", i);
		if (strstr(error->message, rows[i].error) == NULL)
			g_error("row %u: %s", i, error->message);
	}
}

static void
test_fixed_login(void)
{
	g_autoptr(Plan) plan = plan_of("imaps://admin@h", "files:out");
	g_autoptr(GError) error = NULL;

	set_ok(plan, "accounts", "mailbox", "anna");
	set_ok(plan, "accounts", "mailbox", "bob");
	g_assert_cmpint(plan_finish(plan, true, &error), ==, ST_RUN);
	g_assert_nonnull(strstr(error->message, "--source-auth-user admin"));
}

static void
test_many_into_one(void)
{
	struct mailbox *directory;
	g_autoptr(Plan) plan = plan_of("files:in", "imaps://anna@h");
	g_autoptr(GPtrArray) boxes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	g_autoptr(GError) error = NULL;

	finish_ok(plan);
	g_ptr_array_add(boxes, mailbox_new("anna", NULL));
	g_assert_cmpint(plan_check_mailboxes(plan, boxes, &error), ==, ST_OK);
	/* The directory of a set of migration files is nobody's mailbox. */
	directory = mailbox_new("(directory)", NULL);
	directory->no_mail = true;
	g_ptr_array_add(boxes, directory);
	g_assert_cmpint(plan_check_mailboxes(plan, boxes, &error), ==, ST_OK);
	g_ptr_array_add(boxes, mailbox_new("bob", NULL));
	g_assert_cmpint(plan_check_mailboxes(plan, boxes, &error), ==, ST_RUN);
	g_assert_nonnull(strstr(error->message, "2 mailboxes"));
}

static void
test_route_marks(void)
{
	g_autoptr(Plan) plan =
	    plan_of("imaps://%m@old.example", "files:out/%m/x?lenient=yes");
	g_autoptr(GError) error = NULL;
	g_autofree char *cwd = g_get_current_dir();
	g_autofree char *want = NULL;
	struct plan_route route;
	enum status st;

	set_ok(plan, "from", "password-command", "echo pw-%m");
	set_ok(plan, "accounts", "mailbox", "../o'brien");
	finish_ok(plan);
	g_assert_false(plan_needs_password(plan, &plan->from));
	st = plan_route(plan, plan->accounts->pdata[0], NULL, &route, &error);
	g_assert_no_error(error);
	g_assert_cmpint(st, ==, ST_OK);
	g_assert_cmpstr(route.from_login.user, ==, "../o'brien");
	g_assert_cmpstr(route.from_login.password, ==, "pw-../o'brien");
	want = g_build_filename(cwd, "out/%2E.%2Fo'brien/x", NULL);
	g_assert_cmpstr(route.to.url->path, ==, want);
	g_assert_cmpstr(route.destination, ==, "../o'brien");
	plan_route_clear(&route);
}

static void
test_route_failing_command(void)
{
	g_autoptr(Plan) plan = plan_of("imaps://%m@h", NULL);
	g_autoptr(GError) error = NULL;
	struct plan_route route;

	set_ok(plan, "from", "password-command", "test %m = anna && echo pw");
	set_ok(plan, "accounts", "mailbox", "anna");
	set_ok(plan, "accounts", "mailbox", "bob");
	finish_ok(plan);
	g_assert_cmpint(
	    plan_route(plan, plan->accounts->pdata[0], NULL, &route, &error),
	    ==, ST_OK);
	plan_route_clear(&route);
	g_assert_cmpint(
	    plan_route(plan, plan->accounts->pdata[1], NULL, &route, &error),
	    ==, ST_MAILBOX);
	g_assert_true(g_str_has_prefix(error->message, "bob: "));
}

/* Each source of a password, and which one wins. */
static void
test_passwords(void)
{
	g_autofree char *dir = make_dir();
	g_autofree char *file =
	    write_file(dir, "pw", "from file\r\nsecond line\n", 0600);
	g_autofree char *open_file = write_file(dir, "open", "x\n", 0644);
	g_autoptr(Plan) plan = NULL;

	plan = plan_of("imaps://a@h", "imaps://b@h");
	finish_ok(plan);
	g_assert_true(plan_needs_password(plan, &plan->from));
	plan_set_password(plan, &plan->from, "typed");
	g_assert_false(plan_needs_password(plan, &plan->from));
	g_assert_cmpstr(g_getenv("MAILMIG_HANDOVER_FROM"), ==, "typed");
	plan_free(g_steal_pointer(&plan));

	/* What a parent handed over wins over everything. */
	plan = plan_of("imaps://a@h", NULL);
	set_ok(plan, "both", "password-file", file);
	finish_ok(plan);
	g_assert_cmpstr(plan->from.login.password, ==, "typed");
	plan_free(g_steal_pointer(&plan));
	g_unsetenv("MAILMIG_HANDOVER_FROM");

	g_setenv("MAILMIG_SOURCE_PASSWORD", "from variable", TRUE);
	plan = plan_of("imaps://a@h", "imaps://b@h");
	set_ok(plan, "both", "password-file", file);
	set_ok(plan, "to", "password-command",
	    "echo from command; seq 100000; test -z \"$MAILMIG_HANDOVER_X\"");
	g_setenv("MAILMIG_HANDOVER_X", "hidden", TRUE);
	finish_ok(plan);
	g_assert_cmpstr(plan->from.login.password, ==, "from file");
	g_assert_cmpstr(plan->to.login.password, ==, "from command");
	g_assert_cmpuint(plan->warnings->len, ==, 0);
	plan_free(g_steal_pointer(&plan));
	g_unsetenv("MAILMIG_HANDOVER_TO");
	g_unsetenv("MAILMIG_HANDOVER_X");

	plan = plan_of("imaps://a@h", NULL);
	finish_ok(plan);
	g_assert_cmpstr(plan->from.login.password, ==, "from variable");
	plan_free(g_steal_pointer(&plan));
	g_unsetenv("MAILMIG_SOURCE_PASSWORD");

	plan = plan_of("imaps://a@h", NULL);
	set_ok(plan, "both", "password-file", open_file);
	finish_ok(plan);
	g_assert_cmpuint(plan->warnings->len, ==, 1);
	plan_free(g_steal_pointer(&plan));

	/* A token makes passwords unnecessary. */
	plan = plan_of("imaps://a@h", NULL);
	set_ok(plan, "both", "token-command", "get-token %m");
	finish_ok(plan);
	g_assert_false(plan_needs_password(plan, &plan->from));
	remove_dir(dir);
}

/* By use, by class, by name; mail is the rest. */
static void
test_without(void)
{
	static const struct {
		enum folder_use use;
		const char *class, *name, *kind;
	} rows[] = {
	    {FOLDER_CALENDAR, NULL, "Kalender", "calendar"},
	    {FOLDER_PLAIN, "IPF.Contact", "Kontakte", "contacts"},
	    {FOLDER_PLAIN, NULL, "contacts", "contacts"},
	    {FOLDER_PLAIN, "IPF.Note", "Calendar", "mail"},
	    {FOLDER_TASKS, NULL, "Aufgaben", "tasks"},
	    {FOLDER_NOTES, NULL, "x", "notes"},
	    {FOLDER_JOURNAL, NULL, "x", "journal"},
	    {FOLDER_INBOX, NULL, "INBOX", "mail"},
	    {FOLDER_SENT, NULL, "Tasks", "mail"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		char *path[] = {(char *)rows[i].name, NULL};
		const struct folder folder = {.path = path,
		    .use = rows[i].use,
		    .class = (char *)rows[i].class};

		for (guint k = 0; filter_kinds[k] != NULL; k++) {
			g_autoptr(Plan) plan = plan_new();
			bool same = strcmp(filter_kinds[k], rows[i].kind) == 0;

			plan_set(plan, "filter", "without", filter_kinds[k],
			    NULL);
			if (filter_folder(&plan->filter, &folder) !=
			    (same ? FILTER_FOLDER : FILTER_PASS))
				g_error("row %u, %s", i, filter_kinds[k]);
		}
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/plan/values", test_values);
	g_test_add_func("/plan/dates", test_dates);
	g_test_add_func("/plan/url-password", test_url_password);
	g_test_add_func("/plan/url-password-not-in-errors",
	    test_url_password_not_in_errors);
	g_test_add_func("/plan/text", test_text);
	g_test_add_func("/plan/file-errors", test_file_errors);
	g_test_add_func("/plan/file-names", test_file_names);
	g_test_add_func("/plan/finish-errors", test_finish_errors);
	g_test_add_func("/plan/fixed-login", test_fixed_login);
	g_test_add_func("/plan/many-into-one", test_many_into_one);
	g_test_add_func("/plan/route-marks", test_route_marks);
	g_test_add_func(
	    "/plan/route-failing-command", test_route_failing_command);
	g_test_add_func("/plan/passwords", test_passwords);
	g_test_add_func("/plan/without", test_without);
	return g_test_run();
}
