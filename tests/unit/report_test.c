/* The report of a run: what events add up to, and how it is written. */
#include "ui/report.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

static Event *
event_of(enum event_id id, const char *mailbox)
{
	Event *event = event_new(id);

	event_number(event, "run", 7);
	event_text(event, "mailbox", mailbox);
	return event;
}

static void
give(UiReport *report, Event *event)
{
	ui_report_event(report, event);
	event_free(event);
}

static void
give_n(UiReport *report, enum event_id id, const char *mailbox, gint64 n)
{
	Event *event = event_of(id, mailbox);
	static char *const folder[] = {(char *)"Archive", (char *)"2019", NULL};

	event_path(event, "folder", folder);
	event_number(event, "n", n);
	event_number(event, "bytes", n * 1000);
	give(report, event);
}

static Event *
failed(const char *mailbox, const char *subject)
{
	Event *event = event_of(EVENT_MESSAGE_FAILED, mailbox);

	event_number(event, "failed", 1);
	event_text(event, "subject", subject);
	event_text(event, "key", "44");
	event_text(event, "side", "destination");
	event_text(event, "error", "refused");
	event_text(event, "reason", "NO [TOOBIG]");
	return event;
}

static void
give_place(UiReport *report, int line)
{
	Event *event = event_of(EVENT_RECOVERY_ITEM, "anna");

	event_text(event, "key", "44");
	event_text(event, "list", "MAILMIG.PKL");
	event_text(event, "file", "00000001.PRI");
	event_number(event, "line", line);
	event_text(event, "entry", "00000001.SEC(50)");
	give(report, event);
}

static UiReport *
sample(void)
{
	UiReport *report = ui_report_new();
	Event *event = event_of(EVENT_RUN_BEGUN, NULL);

	event_text(event, "command", "mailmig run x.plan");
	event_text(event, "from", "imaps://old");
	event_text(event, "to", "imaps://new");
	give(report, event);
	event = event_of(EVENT_JOB_BEGUN, "anna");
	event_text(event, "destination", "anna@new");
	give(report, event);
	give_n(report, EVENT_MESSAGES_MOVED, "anna", 10);
	give_n(report, EVENT_MESSAGES_THERE, "anna", 5);
	give(report, failed("anna", "<b>=SUM(A1)</b> & \"more\""));
	give_n(report, EVENT_FOLDER_DONE, "anna", 16);
	event = event_of(EVENT_RECOVERY_FILE, "anna");
	event_number(event, "n", 1);
	event_text(event, "path", "/state/recovery/7/anna");
	give(report, event);
	give_place(report, 4);
	give_place(report, 5); /* the last word counts */
	event = event_of(EVENT_JOB_ENDED, "anna");
	event_text(event, "state", "done");
	give(report, event);
	event = event_of(EVENT_MAILBOX_NOT_OPENED, "=bad,\"name\"");
	event_text(event, "reason", "wrong password");
	give(report, event);
	event = event_of(EVENT_JOB_ENDED, "=bad,\"name\"");
	event_number(event, "failed", 1);
	give(report, event);
	give(report, event_of(EVENT_RUN_ENDED, NULL));
	return report;
}

static void
test_sums(void)
{
	g_autoptr(UiReport) report = sample();
	const struct ui_mailbox *anna = report->mailboxes->pdata[0];
	const struct ui_mailbox *bad = report->mailboxes->pdata[1];
	const struct ui_item *item = report->items->pdata[0];
	g_autofree char *place = NULL;

	g_assert_cmpuint(report->run, ==, 7);
	g_assert_cmpuint(report->mailboxes->len, ==, 2);
	g_assert_cmpint(report->total.found, ==, 16);
	g_assert_true(books_balance(&report->total));
	g_assert_cmpint(anna->books.failed, ==, 1);
	g_assert_cmpstr(ui_mailbox_outcome(anna), ==, "errors");
	g_assert_cmpstr(ui_mailbox_outcome(bad), ==, "failed");
	g_assert_cmpstr(bad->reason, ==, "wrong password");
	g_assert_cmpuint(report->items->len, ==, 2);
	g_assert_cmpstr(
	    ui_item_recovery(report, item), ==, "/state/recovery/7/anna");
	place = ui_item_place(report, item);
	g_assert_cmpstr(
	    place, ==, "MAILMIG.PKL: 00000001.PRI line 5, 00000001.SEC(50)");
	g_assert_null(ui_item_place(report, report->items->pdata[1]));
	/* A mailbox that was not opened has nothing in a recovery set. */
	g_assert_null(ui_item_recovery(report, report->items->pdata[1]));
	g_assert_cmpuint(report->samples->len, ==, 1);
	g_assert_true(report->complete);
}

/* An unfinished run is no success, and neither is its mailbox. */
static void
test_cut(void)
{
	g_autoptr(UiReport) report = ui_report_new();
	GString *html = g_string_new(NULL);

	give(report, event_of(EVENT_RUN_BEGUN, NULL));
	give(report, event_of(EVENT_JOB_BEGUN, "anna"));
	give_n(report, EVENT_MESSAGES_MOVED, "anna", 3);
	g_assert_cmpstr(
	    ui_mailbox_outcome(report->mailboxes->pdata[0]), ==, "errors");
	ui_report_html(report, "1", html);
	g_assert_nonnull(strstr(html->str, "Cut before its end"));
	g_assert_nonnull(strstr(html->str, "The books are off by 3"));
	g_string_free(html, TRUE);
}

static void
test_html(void)
{
	g_autoptr(UiReport) report = sample();
	GString *html = g_string_new(NULL);
	static const char *const wanted[] = {"Completed with failures",
	    "The books balance",
	    "&lt;b&gt;=SUM(A1)&lt;/b&gt; &amp; "
	    "&quot;more&quot;",
	    "/state/recovery/7/anna", "wrong password",
	    "data-outcome=\"failed\"", "<svg ", "What to do."};

	ui_report_html(report, "1.2.3", html);
	for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
		g_test_message("%s", wanted[i]);
		g_assert_nonnull(strstr(html->str, wanted[i]));
	}
	g_assert_null(strstr(html->str, "<b>=SUM"));
	g_assert_null(strstr(html->str, "http://")); /* nothing is loaded */
	g_assert_null(strstr(html->str, "https://"));
	g_assert_null(strstr(html->str, "src="));
	g_string_free(html, TRUE);
}

/* The columns of the chart of sizes count every mailbox once. */
static void
test_sizes(void)
{
	g_autoptr(UiReport) report = sample();
	g_autoptr(GString) html = g_string_new(NULL);
	guint columns = 0;

	ui_report_html(report, "1", html);
	for (const char *p = html->str;
	     (p = strstr(p, "<rect class=\"col\"")) != NULL; p++) {
		const char *end = strstr(p, "</text>");

		g_assert_nonnull(end);
		g_assert_cmpint(end[-2], ==, '>');
		g_assert_cmpint(end[-1], ==, '1');
		columns++;
	}
	g_assert_cmpuint(columns, ==, 2);
}

static void
test_csv(void)
{
	g_autoptr(UiReport) report = sample();
	GString *csv = g_string_new(NULL);

	ui_report_csv(report, csv);
	g_assert_nonnull(
	    strstr(csv->str, "\r\nanna,anna@new,errors,16,10,5,0,1,10000,0,"));
	/* No formula for a spreadsheet, whatever a mailbox is called. */
	g_assert_nonnull(strstr(
	    csv->str, "\r\n\"'=bad,\"\"name\"\"\",\"\",failed,0,0,0,0,0,"));
	g_string_truncate(csv, 0);
	ui_report_items_csv(report, csv);
	g_assert_nonnull(strstr(
	    csv->str, "\r\nanna,\"\",44,\"<b>=SUM(A1)</b> & \"\"more\"\"\","));
	g_assert_nonnull(strstr(csv->str, ",30020,message_failed,destination,"
					  "refused,NO [TOOBIG],"));
	g_string_free(csv, TRUE);
}

static void
test_json(void)
{
	g_autoptr(UiReport) report = sample();
	GString *text = g_string_new(NULL);
	json_t *root, *mailbox;

	ui_report_json(report, "1", text);
	root = json_loads(text->str, 0, NULL);
	g_assert_nonnull(root);
	g_assert_cmpint(json_integer_value(json_object_get(
			    json_object_get(root, "total"), "moved")),
	    ==, 10);
	g_assert_cmpint(
	    json_integer_value(json_object_get(root, "exit_status")), ==, 2);
	mailbox = json_array_get(json_object_get(root, "mailboxes"), 0);
	g_assert_cmpstr(
	    json_string_value(json_object_get(mailbox, "mailbox")), ==, "anna");
	g_assert_true(json_is_true(json_object_get(mailbox, "balance")));
	g_assert_cmpuint(
	    json_array_size(json_object_get(root, "failures")), ==, 2);
	json_decref(root);
	g_string_free(text, TRUE);
}

/* What a log holds beside events is skipped; a log that is not there is an
 * error in words. */
static void
test_files(void)
{
	g_autofree char *dir = g_dir_make_tmp("report-XXXXXX", NULL);
	g_autofree char *log = g_build_filename(dir, "1.jsonl", NULL);
	g_autofree char *html = g_build_filename(dir, "7.html", NULL);
	g_autoptr(UiReport) report = ui_report_new();
	g_autoptr(GError) error = NULL;
	static const char *const suffixes[] = {
	    ".html", ".csv", "-failures.csv", ".json"};
	GString *lines = g_string_new("no event\n{\"id\":1}\n");
	struct stat st;

	for (int i = 0; i < 3; i++) {
		g_autoptr(Event) event = failed("anna", "x");

		event_to_json(event, lines);
	}
	g_string_append(lines, "{\"t\":\"2026"); /* torn */
	g_file_set_contents(log, lines->str, -1, NULL);
	g_string_free(lines, TRUE);
	g_assert_cmpint(ui_report_read(report, log, NULL), ==, ST_OK);
	g_assert_cmpint(report->total.failed, ==, 3);
	g_assert_cmpint(
	    ui_report_save(report, dir, "7", "1", &error), ==, ST_OK);
	g_assert_cmpint(g_stat(html, &st), ==, 0);
	g_assert_cmpint(st.st_mode & 0777, ==, 0600);
	for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path =
		    g_strconcat(dir, "/7", suffixes[i], NULL);

		g_assert_cmpint(g_unlink(path), ==, 0);
	}
	/* Nowhere to write. */
	g_assert_cmpint(
	    ui_report_save(report, log, "7", "1", &error), ==, ST_RUN);
	g_assert_nonnull(strstr(error->message, log));
	g_clear_error(&error);
	g_unlink(log);
	g_rmdir(dir);
	g_assert_cmpint(ui_report_read(report, log, &error), ==, ST_RUN);
	g_assert_nonnull(strstr(error->message, log));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/report/sums", test_sums);
	g_test_add_func("/report/cut", test_cut);
	g_test_add_func("/report/html", test_html);
	g_test_add_func("/report/sizes", test_sizes);
	g_test_add_func("/report/csv", test_csv);
	g_test_add_func("/report/json", test_json);
	g_test_add_func("/report/files", test_files);
	return g_test_run();
}
