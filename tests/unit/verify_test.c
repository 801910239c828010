/*
 * Verify, on real Maildirs: clean after a migration, and every difference that
 * is made by hand is found and named.
 */
#include "dest/maildir.h"
#include "engine/run.h"
#include "source/generate.h"
#include "source/maildir.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct source_driver *const source_drivers[] = {
    &source_generate_driver, &source_maildir_driver, NULL};
const struct dest_driver *const dest_drivers[] = {&dest_maildir_driver, NULL};

static Starter *starter;

struct place {
	char *dir, *state, *to;
	struct books books;
	GString *ids; /* of errors, in order */
};

static void
note(const Event *event, void *user)
{
	struct place *p = user;

	if (event_level_of(event) == EVENT_ERROR)
		g_string_append_printf(
		    p->ids, "%s ", event_entry_find(event_id_of(event))->name);
}

static int
run(struct place *p, const char *from, bool verify, const char *exclude)
{
	g_autoptr(Plan) plan = plan_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *to = g_strconcat("maildir:", p->to, NULL);
	volatile int stop = 0;
	struct run_params params = {.plan = plan,
	    .command = "test",
	    .starter = starter,
	    .sink = note,
	    .user = p,
	    .stop = &stop};

	plan_set(plan, "from", "url", from, &error);
	g_assert_no_error(error);
	plan_set(plan, "to", "url", to, &error);
	g_assert_no_error(error);
	plan_set(plan, "run", "state", p->state, &error);
	g_assert_no_error(error);
	if (exclude)
		plan_set(plan, "filter", "exclude", exclude, &error);
	g_assert_no_error(error);
	plan_finish(plan, true, &error);
	g_assert_no_error(error);
	g_string_truncate(p->ids, 0);
	if (verify)
		run_verify(&params, &p->books, &error);
	else
		run_pass(&params, &p->books, &error);
	g_assert_no_error(error);
	return run_exit_status(&p->books);
}

static void
remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *child = g_build_filename(path, name, NULL);

		if (g_unlink(child) < 0)
			remove_tree(child);
	}
	g_rmdir(path);
}

#define FROM "generate:x?messages=12&folders=2&size=400"

static void
setup(struct place *p, const void *unused)
{
	p->dir = g_dir_make_tmp("mailmig-verify-XXXXXX", NULL);
	p->state = g_build_filename(p->dir, "state", NULL);
	p->to = g_build_filename(p->dir, "to", NULL);
	p->ids = g_string_new(NULL);
	g_assert_cmpint(run(p, FROM, false, NULL), ==, 0);
	g_assert_cmpint(p->books.moved, ==, 12);
}

static void
teardown(struct place *p, const void *unused)
{
	remove_tree(p->dir);
	g_free(p->dir);
	g_free(p->state);
	g_free(p->to);
	g_string_free(p->ids, TRUE);
}

static void
test_clean(struct place *p, const void *unused)
{
	g_assert_cmpint(run(p, FROM, true, NULL), ==, 0);
	g_assert_cmpint(p->books.found, ==, 12);
	g_assert_cmpint(p->books.there, ==, 12);
	g_assert_cmpint(p->books.failed, ==, 0);
	g_assert_cmpint(p->books.mailboxes, ==, 1);
}

/* The first message of the inbox: its directory and name. */
static char *
one_file(struct place *p, char **name)
{
	g_autofree char *cur = g_build_filename(p->to, "user1", "cur", NULL);
	g_autoptr(GDir) dir = g_dir_open(cur, 0, NULL);

	g_assert_nonnull(dir);
	*name = g_strdup(g_dir_read_name(dir));
	g_assert_nonnull(*name);
	return g_build_filename(cur, *name, NULL);
}

static void
test_missing(struct place *p, const void *unused)
{
	g_autofree char *name = NULL;
	g_autofree char *path = one_file(p, &name);

	g_unlink(path);
	g_assert_cmpint(run(p, FROM, true, NULL), ==, 2);
	g_assert_cmpstr(p->ids->str, ==, "verify_missing ");
	g_assert_cmpint(p->books.there, ==, 11);
	g_assert_cmpint(p->books.failed, ==, 1);
	g_assert_true(books_balance(&p->books));
}

/* The same message twice is one too many. */
static void
test_extra(struct place *p, const void *unused)
{
	g_autofree char *name = NULL;
	g_autofree char *path = one_file(p, &name);
	g_autofree char *twin = g_strdup(path);
	char *unique = strrchr(twin, '/') + 1;

	*unique = *unique == '9' ? '8' : '9'; /* another base name */
	g_assert_cmpint(link(path, twin), ==, 0);
	g_assert_cmpint(run(p, FROM, true, NULL), ==, 2);
	g_assert_cmpstr(p->ids->str, ==, "verify_extra ");
	g_assert_cmpint(p->books.there, ==, 12);
}

static void
test_flags(struct place *p, const void *unused)
{
	g_autofree char *name = NULL;
	g_autofree char *path = one_file(p, &name);
	bool trashed = strchr(strrchr(path, ',') + 1, 'T') != NULL;
	g_autofree char *other = g_strconcat(path, "T", NULL);

	g_assert_false(trashed);
	g_assert_cmpint(g_rename(path, other), ==, 0);
	g_assert_cmpint(run(p, FROM, true, NULL), ==, 2);
	g_assert_cmpstr(p->ids->str, ==, "verify_different ");
	g_assert_cmpint(p->books.failed, ==, 1);
	g_assert_cmpint(p->books.there, ==, 11);
}

static void
test_content(struct place *p, const void *unused)
{
	g_autofree char *name = NULL;
	g_autofree char *path = one_file(p, &name);
	g_autofree char *content = NULL;
	gsize len;

	g_assert_true(g_file_get_contents(path, &content, &len, NULL));
	content[len - 3] ^= 1;
	g_assert_true(g_file_set_contents(path, content, (gssize)len, NULL));
	g_assert_cmpint(run(p, FROM, true, NULL), ==, 2);
	g_assert_cmpstr(p->ids->str, ==, "verify_missing verify_extra ");
}

/* What the filter leaves out is neither missing nor extra at the source. */
static void
test_filter(struct place *p, const void *unused)
{
	remove_tree(p->to);
	remove_tree(p->state);
	run(p, FROM, false, "Ordner*");
	g_assert_cmpint(p->books.moved, ==, 6);
	g_assert_cmpint(run(p, FROM, true, "Ordner*"), ==, 0);
	g_assert_cmpint(p->books.there, ==, 6);
	/* Without it the folder is missing, message by message. */
	g_assert_cmpint(run(p, FROM, true, NULL), ==, 2);
	g_assert_cmpint(p->books.failed, ==, 6);
}

/* Nothing at the destination: said so, and not taken for a match. */
static void
test_nothing(struct place *p, const void *unused)
{
	remove_tree(p->to);
	g_assert_cmpint(run(p, FROM, true, NULL), ==, 2);
	g_assert_cmpstr(p->ids->str, ==, "mailbox_not_opened ");
	g_assert_cmpint(p->books.mailboxes_failed, ==, 1);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(struct place *p, const void *unused);
	} tests[] = {
	    {"/verify/clean", test_clean},
	    {"/verify/missing", test_missing},
	    {"/verify/extra", test_extra},
	    {"/verify/flags", test_flags},
	    {"/verify/content", test_content},
	    {"/verify/filter", test_filter},
	    {"/verify/nothing", test_nothing},
	};
	int status;

	g_assert_cmpint(starter_new(&starter, NULL), ==, ST_OK);
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].name, struct place, NULL, setup,
		    tests[i].fn, teardown);
	status = g_test_run();
	starter_free(starter);
	return status;
}
