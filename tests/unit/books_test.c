/* The books are made of events alone. */
#include "engine/run.h"

struct row {
	enum event_id id;
	gint64 n, bytes, failed, found, filtered; /* parameters */
	struct books expect;
};

/* found moved filtered there failed updated bytes folders others warnings
 * errors mailboxes mailboxes_failed */
static const struct row rows[] = {
    {EVENT_RUN_BEGUN, 9, 0, 0, 0, 0, {0}},
    {EVENT_MESSAGES_MOVED, 3, 100, 0, 0, 0, {.moved = 3, .bytes = 100}},
    {EVENT_MESSAGES_THERE, 2, 0, 0, 0, 0, {.there = 2}},
    {EVENT_MESSAGES_STAGED, 2, 50, 0, 0, 0, {0}},
    {EVENT_MESSAGE_FILTERED, 0, 0, 0, 0, 0, {.filtered = 1}},
    {EVENT_FOLDER_FILTERED, 5, 0, 0, 0, 0, {.found = 5, .filtered = 5}},
    {EVENT_FOLDER_DONE, 6, 0, 0, 0, 0, {.found = 6}},
    {EVENT_FOLDER_UNCHANGED, 4, 0, 0, 0, 0, {.found = 4, .there = 4}},
    {EVENT_FLAGS_UPDATED, 2, 0, 0, 0, 0, {.updated = 2}},
    {EVENT_FLAGS_NOT_CARRIED, 2, 0, 0, 0, 0, {.warnings = 1}},
    {EVENT_FOLDER_MADE, 0, 0, 0, 0, 0, {.folders = 1}},
    {EVENT_OTHERS_MOVED, 7, 0, 0, 0, 0, {.others = 7}},
    {EVENT_MESSAGE_FAILED, 0, 0, 1, 0, 0, {.failed = 1, .errors = 1}},
    /* By the original's number, with a message and without. */
    {EVENT_SECONDARY_DAMAGED, 0, 0, 1, 0, 0, {.failed = 1, .errors = 1}},
    {EVENT_BAD_SECTION, 0, 0, 0, 0, 0, {.errors = 1}},
    {EVENT_RECORD_FAILED, 0, 0, 0, 0, 0, {.errors = 1}},
    {EVENT_COUNT_MISMATCH, 0, 0, 0, 6, 0, {.errors = 1}},
    {EVENT_JOB_ENDED, 0, 0, 0, 0, 0, {.mailboxes = 1}},
    {EVENT_JOB_ENDED, 0, 0, 1, 0, 0, {.mailboxes = 1, .mailboxes_failed = 1}},
    {EVENT_TOTALS, 5, 5, 5, 5, 5, {0}}, /* told of, not counted */
    {EVENT_RUN_ENDED, 5, 5, 5, 5, 5, {0}},
    {EVENT_VERIFY_FOLDER_DONE, 3, 0, 0, 5, 1,
	{.found = 5, .there = 3, .filtered = 1}},
    {EVENT_VERIFY_MISSING, 0, 0, 0, 0, 0, {.failed = 1, .errors = 1}},
    {EVENT_VERIFY_EXTRA, 0, 0, 0, 0, 0, {.errors = 1}},
    {EVENT_LINK_LOST, 0, 0, 0, 0, 0, {0}},
    {EVENT_RECOVERY_FILE, 2, 0, 0, 0, 0, {.warnings = 1}},
};

static void
test_apply(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];
		const struct books *e = &row->expect;
		g_autoptr(Event) event = event_new(row->id);
		struct books b = {0};

		event_number(event, "n", row->n);
		event_number(event, "bytes", row->bytes);
		event_number(event, "failed", row->failed);
		event_number(event, "found", row->found);
		event_number(event, "filtered", row->filtered);
		books_apply(&b, event);
		g_test_message(
		    "row %u: %s", i, event_entry_find(row->id)->name);
		g_assert_cmpint(b.found, ==, e->found);
		g_assert_cmpint(b.moved, ==, e->moved);
		g_assert_cmpint(b.filtered, ==, e->filtered);
		g_assert_cmpint(b.there, ==, e->there);
		g_assert_cmpint(b.failed, ==, e->failed);
		g_assert_cmpint(b.updated, ==, e->updated);
		g_assert_cmpint(b.bytes, ==, e->bytes);
		g_assert_cmpint(b.folders, ==, e->folders);
		g_assert_cmpint(b.others, ==, e->others);
		g_assert_cmpint(b.warnings, ==, e->warnings);
		g_assert_cmpint(b.errors, ==, e->errors);
		g_assert_cmpint(b.mailboxes, ==, e->mailboxes);
		g_assert_cmpint(b.mailboxes_failed, ==, e->mailboxes_failed);
	}
}

static void
test_status(void)
{
	static const struct {
		struct books books;
		bool balance;
		int status;
	} cases[] = {
	    {{0}, true, 0},
	    {{.found = 10, .moved = 4, .filtered = 3, .there = 3}, true, 0},
	    {{.found = 1, .moved = 1, .warnings = 1}, true, 1},
	    {{.found = 1, .failed = 1}, true, 2},
	    {{.errors = 1}, true, 2},
	    {{.mailboxes_failed = 1}, true, 2},
	    /* Mail that nobody accounts for is never a success. */
	    {{.found = 2, .moved = 1}, false, 2},
	    {{.found = 1, .moved = 2}, false, 2},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("case %u", i);
		g_assert_cmpint(
		    books_balance(&cases[i].books), ==, cases[i].balance);
		g_assert_cmpint(
		    run_exit_status(&cases[i].books), ==, cases[i].status);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/books/apply", test_apply);
	g_test_add_func("/books/status", test_status);
	return g_test_run();
}
