/*
 * What fails is kept: one event and one entry of a recovery set that imports
 * again, octet for octet; and a set that is not complete does not exist.
 */
#include "dest/fail.h"
#include "dest/files.h"
#include "dest/maildir.h"
#include "engine/run.h"
#include "source/files.h"
#include "source/generate.h"
#include "source/maildir.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct source_driver *const source_drivers[] = {&source_generate_driver,
    &source_files_driver, &source_maildir_driver, NULL};
const struct dest_driver *const dest_drivers[] = {
    &dest_fail_driver, &dest_files_driver, &dest_maildir_driver, NULL};

static Starter *starter;

struct place {
	char *dir, *to;
	struct books books;
	guint failed;	/* events */
	char *recovery; /* where the set is, as the event says */
	gint64 kept;
};

static void
note(const Event *event, void *user)
{
	struct place *p = user;

	p->failed += event_id_of(event) == EVENT_MESSAGE_FAILED;
	if (event_id_of(event) != EVENT_RECOVERY_FILE)
		return;
	g_free(p->recovery);
	p->recovery = g_strdup(event_get_text(event, "path"));
	p->kept = event_get_number(event, "n");
}

static int
run(struct place *p, const char *from, const char *to, const char *state,
    bool verify)
{
	g_autoptr(Plan) plan = plan_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *state_dir = g_build_filename(p->dir, state, NULL);
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
	plan_set(plan, "run", "state", state_dir, &error);
	plan_set(plan, "run", "retry-pause", "0", &error);
	plan_set(plan, "accounts", "mailbox", "user1", &error);
	g_assert_no_error(error);
	plan_finish(plan, true, &error);
	g_assert_no_error(error);
	p->failed = 0;
	p->kept = 0;
	if (verify)
		run_verify(&params, &p->books, &error);
	else
		run_pass(&params, &p->books, &error);
	g_assert_no_error(error);
	g_assert_true(books_balance(&p->books));
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

static void
setup(struct place *p, const void *unused)
{
	p->dir = g_dir_make_tmp("mailmig-rescue-XXXXXX", NULL);
}

static void
teardown(struct place *p, const void *unused)
{
	remove_tree(p->dir);
	g_free(p->dir);
	g_free(p->recovery);
}

#define FROM "generate:x?messages=9&folders=2&size=500"

/* Every message refused but none: each in turn, then the set brings it. */
static void
test_each(struct place *p, const void *unused)
{
	for (guint i = 1; i <= 9; i++) {
		g_autofree char *to = g_strdup_printf(
		    "fail:%s/lines%u?where=put&at=%u&reach=item", p->dir, i, i);
		g_autofree char *state = g_strdup_printf("state%u", i);
		g_autofree char *second = g_strdup_printf("second%u", i);
		g_autofree char *maildir =
		    g_strdup_printf("maildir:%s/mail", p->dir);
		g_autofree char *files = NULL;

		g_assert_cmpint(run(p, FROM, to, state, false), ==, 2);
		g_assert_cmpint(p->books.moved, ==, 8);
		g_assert_cmpint(p->books.failed, ==, 1);
		g_assert_cmpuint(p->failed, ==, 1);
		g_assert_cmpint(p->kept, ==, 1);
		files = g_strconcat("files:", p->recovery, NULL);
		g_assert_cmpint(run(p, files, maildir, second, false), ==, 0);
		g_assert_cmpint(p->books.moved, ==, 1);
	}
	/* The nine sets are the mailbox. */
	{
		g_autofree char *maildir =
		    g_strdup_printf("maildir:%s/mail", p->dir);

		g_assert_cmpint(run(p, FROM, maildir, "v", true), ==, 0);
		g_assert_cmpint(p->books.there, ==, 9);
	}
}

/* Nothing failed, nothing kept; not even a directory. */
static void
test_none(struct place *p, const void *unused)
{
	g_autofree char *to = g_strdup_printf("fail:%s/lines", p->dir);
	g_autofree char *dir =
	    g_build_filename(p->dir, "state", "recovery", NULL);

	g_assert_cmpint(run(p, FROM, to, "state", false), ==, 0);
	g_assert_null(p->recovery);
	g_assert_false(g_file_test(dir, G_FILE_TEST_EXISTS));
}

/* A message that the source cannot read is one event, and cannot be kept. */
static void
test_unreadable(struct place *p, const void *unused)
{
	g_autofree char *to = g_strdup_printf("fail:%s/lines", p->dir);

	g_assert_cmpint(run(p, FROM "&fail-at=4", to, "state", false), ==, 2);
	g_assert_cmpuint(p->failed, ==, 1);
	g_assert_cmpint(p->books.moved, ==, 8);
	g_assert_null(p->recovery);
}

/* The next pass tries again what failed, and only that. */
static void
test_next_pass(struct place *p, const void *unused)
{
	g_autofree char *once = g_build_filename(p->dir, "once", NULL);
	g_autofree char *to = g_strdup_printf(
	    "fail:%s/lines?where=put&at=3&reach=item&once=%s", p->dir, once);

	g_assert_cmpint(run(p, FROM, to, "state", false), ==, 2);
	g_assert_cmpint(run(p, FROM, to, "state", false), ==, 0);
	g_assert_cmpint(p->books.moved, ==, 1);
	g_assert_cmpint(p->books.there, ==, 8);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(struct place *p, const void *unused);
	} tests[] = {
	    {"/rescue/each", test_each},
	    {"/rescue/none", test_none},
	    {"/rescue/unreadable", test_unreadable},
	    {"/rescue/next-pass", test_next_pass},
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
