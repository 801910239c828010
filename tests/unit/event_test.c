#include "event/event.h"

#include "event/log.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static void
test_catalogue(void)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	int last = 0;

	for (guint i = 0; event_catalogue[i].id; i++) {
		const struct event_entry *e = &event_catalogue[i];

		g_assert_cmpint(e->id, >, last); /* found by halving */
		last = e->id;
		g_assert_true(event_entry_find(e->id) == e);
		g_assert_true(g_hash_table_add(names, (char *)e->name));
		for (const char *p = e->name; *p; p++)
			g_assert_true(g_ascii_islower(*p) || *p == '_');
		/* No bad news without a cause and a cure. */
		if (e->level >= EVENT_WARNING) {
			g_assert_cmpstr(e->why, !=, "");
			g_assert_cmpstr(e->remedy, !=, "");
		}
		for (const char *p = e->text; (p = strchr(p, '{')); p++)
			g_assert_nonnull(strchr(p, '}'));
	}
	g_assert_null(event_entry_find(0));
	g_assert_null(event_entry_find(1));
	g_assert_null(event_entry_find(99999));
}

static void
test_json(void)
{
	static const char *const texts[] = {"plain", "", "\"quoted\\\"",
	    "two\nlines\x01\x7f", "M\xc3\xbcller", "raw \xfc bytes"};
	char *path[] = {"INBOX", "a/b", "\xe6\x97\xa5", NULL};

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(Event) a = event_new(EVENT_MESSAGE_FAILED);
		g_autoptr(Event) b = NULL;
		g_autoptr(GString) json = g_string_new(NULL);
		g_autoptr(GString) again = g_string_new(NULL);

		event_text(a, "reason", texts[i]);
		event_text(a, "left_out", NULL);
		event_number(a, "run", 7);
		event_number(a, "run", G_MAXINT64); /* the later one holds */
		event_number(a, "offset", -1);
		event_path(a, "folder", path);
		event_to_json(a, json);
		g_assert_true(g_str_has_suffix(json->str, "}\n"));
		g_assert_true(
		    strchr(json->str, '\n') == json->str + json->len - 1);
		b = event_from_json(json->str);
		g_assert_nonnull(b);
		event_to_json(b, again);
		g_assert_cmpstr(json->str, ==, again->str);
		g_assert_cmpint(event_id_of(b), ==, 30020);
		g_assert_cmpint(event_level_of(b), ==, EVENT_ERROR);
		g_assert_cmpint(event_get_number(b, "run"), ==, G_MAXINT64);
		g_assert_cmpint(event_get_number(b, "offset"), ==, -1);
		g_assert_cmpint(event_get_number(b, "none"), ==, 0);
		g_assert_null(event_get_text(b, "run"));
		g_assert_null(event_get_text(b, "left_out"));
		g_assert_cmpstr(event_get_path(b, "folder")[2], ==, path[2]);
		/* Milliseconds are all a line keeps. */
		g_assert_cmpint(
		    event_time_us(b), ==, event_time_us(a) / 1000 * 1000);
	}
}

/* What else may come through a pipe. */
static void
test_foreign(void)
{
	static const char *const lines[] = {"", "warning: no locale", "{", "{}",
	    "[1]", "{\"id\":30010}", "{\"id\":\"30010\",\"t\":1}",
	    "{\"t\":\"2026-11-21T03:15:00.123Z\",\"id\":1}",
	    "{\"t\":\"never\",\"id\":30010}",
	    "{\"t\":\"2026-11-21T03:15:00.123Z\",\"id\":30010,\"x\":null}",
	    "{\"t\":\"2026-11-21T03:15:00.123Z\",\"id\":30010,\"x\":[1]}"};

	for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
		g_assert_null(event_from_json(lines[i]));
}

static void
test_text(void)
{
	g_autoptr(Event) event = event_new(EVENT_MESSAGES_MOVED);
	char *path[] = {"a", "b", NULL};
	g_autofree char *text = NULL, *without = event_to_text(event);

	event_number(event, "n", 3);
	event_number(event, "bytes", 12);
	event_path(event, "folder", path);
	text = event_to_text(event);
	g_assert_cmpstr(text, ==, "3 messages (12 bytes) moved to a/b");
	g_assert_cmpstr(without, ==, "- messages (- bytes) moved to -");
}

static void
test_text_is_one_line(void)
{
	g_autoptr(Event) event = event_new(EVENT_RUN_FAILED);
	g_autofree char *text = NULL;

	event_text(event, "reason", "a\x1b[2J\r\nb");
	text = event_to_text(event);
	g_assert_cmpstr(text, ==, "the run cannot go on: a [2J  b");
}

static void
test_log(void)
{
	g_autofree char *dir = g_dir_make_tmp("mailmig-event-XXXXXX", NULL);
	g_autofree char *path = event_log_path(dir, 3);
	g_autofree char *events = g_build_filename(dir, "events", NULL);
	g_autofree char *content = NULL;
	g_auto(GStrv) lines = NULL;
	struct stat st;

	for (guint i = 0; i < 2; i++) { /* the second one appends */
		g_autoptr(EventLog) log = NULL;
		g_autoptr(Event) event = event_new(EVENT_RUN_BEGUN);
		g_autoptr(GError) error = NULL;

		g_assert_cmpint(
		    event_log_open(&log, dir, 3, &error), ==, ST_OK);
		event_log_write(log, event);
		g_assert_cmpint(event_log_flush(log, &error), ==, ST_OK);
	}
	g_assert_cmpint(g_stat(path, &st), ==, 0);
	g_assert_cmpint(st.st_mode & 0777, ==, 0600);
	g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
	lines = g_strsplit(content, "\n", -1);
	g_assert_cmpuint(g_strv_length(lines), ==, 3);
	g_unlink(path);
	g_rmdir(events);
	g_rmdir(dir);
}

static void
test_log_refused(void)
{
	g_autoptr(EventLog) log = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(
	    event_log_open(&log, "/proc/self", 1, &error), ==, ST_RUN);
	g_assert_error(error, STATUS_ERROR, error->code);
	g_assert_cmpint(error_kind(error), ==, ERR_IO);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/event/catalogue", test_catalogue);
	g_test_add_func("/event/json", test_json);
	g_test_add_func("/event/foreign", test_foreign);
	g_test_add_func("/event/text", test_text);
	g_test_add_func("/event/one-line", test_text_is_one_line);
	g_test_add_func("/event/log", test_log);
	g_test_add_func("/event/log-refused", test_log_refused);
	return g_test_run();
}
