/*
 * Progress and sentences, on a terminal made of an array: it understands what
 * progress.c writes (text, line feed, carriage return, cursor up, two ways to
 * erase) and nothing else.
 */
#include "event/progress.h"
#include "event/terminal.h"

#include "base/human.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define ROWS   40
#define SECOND G_USEC_PER_SEC

struct screen {
	FILE *file;
	char *bytes;
	size_t len, read;
	GString *rows[ROWS];
	int row, columns;
	guint writes;
};

static void
screen_open(struct screen *s)
{
	memset(s, 0, sizeof *s);
	s->file = open_memstream(&s->bytes, &s->len);
	for (int i = 0; i < ROWS; i++)
		s->rows[i] = g_string_new(NULL);
	s->columns = 80;
}

static void
screen_close(struct screen *s)
{
	fclose(s->file);
	free(s->bytes);
	for (int i = 0; i < ROWS; i++)
		g_string_free(s->rows[i], TRUE);
}

/* ECMA-48 8.3: ESC [ n A (up), ESC [ K (erase to the end of the line), ESC [ J
 * (erase to the end of the screen). */
static const char *
escape(struct screen *s, const char *p, bool *fresh)
{
	char *end;
	gint64 n = g_ascii_strtoll(p + 2, &end, 10);

	g_assert_cmpint(p[1], ==, '[');
	if (*end == 'A') {
		g_assert_cmpint(n, <=, s->row);
		s->row -= (int)n;
	} else if (*end == 'K') {
		if (*fresh)
			g_string_truncate(s->rows[s->row], 0);
	} else if (*end == 'J') {
		for (int i = *fresh ? s->row : s->row + 1; i < ROWS; i++)
			g_string_truncate(s->rows[i], 0);
	} else {
		g_assert_not_reached();
	}
	return end + 1;
}

/* Shows what was written since the last call. */
static void
screen_update(struct screen *s)
{
	const char *p, *stop;
	bool fresh = true; /* at the first column */

	fflush(s->file);
	s->writes += s->len > s->read;
	p = s->bytes + s->read;
	stop = s->bytes + s->len;
	s->read = s->len;
	while (p < stop) {
		if (*p == '\033') {
			p = escape(s, p, &fresh);
		} else if (*p == '\n') {
			s->row++;
			g_assert_cmpint(s->row, <, ROWS);
			fresh = true;
			p++;
		} else if (*p == '\r') {
			fresh = true;
			p++;
		} else {
			if (fresh)
				g_string_truncate(s->rows[s->row], 0);
			fresh = false;
			g_string_append_c(s->rows[s->row], *p++);
		}
	}
	for (int i = 0; i < ROWS; i++)
		g_assert_cmpint(human_width(s->rows[i]->str), <, s->columns);
}

static char *
screen_text(const struct screen *s)
{
	GString *out = g_string_new(NULL);

	for (int i = 0; i < ROWS; i++)
		if (s->rows[i]->len > 0)
			g_string_append_printf(out, "%s\n", s->rows[i]->str);
	return g_string_free(out, FALSE);
}

static Event *
job_event(enum event_id id, int worker, const char *mailbox)
{
	Event *event = event_new(id);

	event_number(event, "worker", worker);
	event_text(event, "mailbox", mailbox);
	return event;
}

static void
begin(Progress *p, int worker, const char *mailbox, gint64 messages)
{
	g_autoptr(Event) event = job_event(EVENT_JOB_BEGUN, worker, mailbox);
	g_autoptr(Event) size = job_event(EVENT_JOB_SIZED, worker, mailbox);

	progress_event(p, event);
	if (messages < 0)
		return;
	event_number(size, "messages", messages);
	event_number(size, "parts", 1);
	progress_event(p, size);
}

static void
tell(Progress *p, enum event_id id, int worker, const char *folder, gint64 n,
    gint64 bytes)
{
	g_autoptr(Event) event = job_event(id, worker, "x");
	char *path[] = {(char *)folder, NULL};

	if (folder != NULL)
		event_path(event, "folder", path);
	event_number(event, "n", n);
	event_number(event, "bytes", bytes);
	progress_event(p, event);
}

static void
run_begun(Progress *p, gint64 mailboxes)
{
	g_autoptr(Event) event = event_new(EVENT_RUN_BEGUN);

	event_number(event, "mailboxes", mailboxes);
	progress_event(p, event);
}

static void
test_bars(void)
{
	g_autoptr(Progress) p = NULL;
	g_autofree char *text = NULL;
	g_autofree char *empty = NULL;
	struct screen s;

	screen_open(&s);
	p = progress_new(s.file, PROGRESS_BARS, false);
	progress_tick(p, SECOND, 80, 24);
	run_begun(p, 2);
	begin(p, 1, "anna", 400);
	begin(p, 0, "a mailbox with a very long name", 100);
	tell(p, EVENT_MESSAGES_MOVED, 1, "Sent", 100, 10 << 20);
	tell(p, EVENT_MESSAGES_THERE, 0, "INBOX", 50, 0);
	progress_tick(p, 2 * SECOND, 80, 24);
	tell(p, EVENT_MESSAGES_MOVED, 1, "Sent", 100, 10 << 20);
	progress_tick(p, 3 * SECOND, 80, 24);
	screen_update(&s);
	text = screen_text(&s);
	g_assert_cmpstr(text, ==,
	    "a mailbox with a ve\xe2\x80\xa6 ##########..........  50%        "
	    "50"
	    "  INBOX\n"
	    "anna                 ##########..........  50%       200  Sent\n"
	    "all                  ##########..........  50%       250  "
	    "messages\n"
	    "0 of 2 mailboxes, 20.0 MiB, 10.0 MiB/s, 2 s, about 3 s left\n");
	progress_hide(p);
	screen_update(&s);
	empty = screen_text(&s);
	g_assert_cmpstr(empty, ==, "");
	g_assert_cmpint(s.row, ==, 0);
	screen_close(&s);
}

/* However often it is called, ten times a second is the most. */
static void
test_draws(void)
{
	g_autoptr(Progress) p = NULL;
	struct screen s;

	screen_open(&s);
	p = progress_new(s.file, PROGRESS_BARS, false);
	begin(p, 0, "anna", 1000000);
	for (int ms = 0; ms < 3000; ms++) {
		tell(p, EVENT_MESSAGES_MOVED, 0, "INBOX", 1, 1000);
		progress_tick(p, SECOND + ms * 1000, 80, 24);
		screen_update(&s);
	}
	g_assert_cmpuint(s.writes, >=, 25);
	g_assert_cmpuint(s.writes, <=, 30);
	screen_close(&s);
}

/* A terminal that becomes narrow, then wide; one with few rows. */
static void
test_resize(void)
{
	g_autoptr(Progress) p = NULL;
	g_autofree char *text = NULL;
	struct screen s;

	screen_open(&s);
	p = progress_new(s.file, PROGRESS_BARS, true);
	progress_tick(p, SECOND, 80, 24);
	for (int i = 0; i < 30; i++)
		begin(p, i, "anna", 10);
	s.columns = 200;
	progress_tick(p, 2 * SECOND, 200, 10);
	screen_update(&s);
	progress_tick(p, 3 * SECOND, 200, 10);
	screen_update(&s);
	g_assert_cmpint(s.row, ==, 9); /* 6 workers, "and more", all, numbers */
	text = screen_text(&s);
	g_assert_nonnull(strstr(text, "and 24 more"));
	g_assert_nonnull(strstr(text, "░"));
	progress_hide(p);
	screen_update(&s);
	s.columns = 20;
	progress_tick(p, 4 * SECOND, 20, 10);
	progress_tick(p, 5 * SECOND, 20, 10);
	screen_update(&s);
	g_assert_cmpint(s.row, ==, 9);
	/* From 20 columns to 10: every row takes two now. */
	progress_tick(p, 6 * SECOND, 10, 10);
	fflush(s.file);
	g_assert_nonnull(strstr(s.bytes + s.read, "\033[18A"));
	screen_close(&s);
}

/* What is staged is counted once, and given back when its mailbox fails. */
static void
test_staged(void)
{
	g_autoptr(Progress) p = NULL;
	g_autofree char *text = NULL;
	struct screen s;

	screen_open(&s);
	p = progress_new(s.file, PROGRESS_BARS, false);
	progress_tick(p, SECOND, 100, 24);
	begin(p, 0, "anna", 10);
	begin(p, 1, "bob", 10);
	tell(p, EVENT_MESSAGES_STAGED, 0, "INBOX", 10, 1 << 20);
	tell(p, EVENT_MESSAGES_STAGED, 1, "INBOX", 5, 1 << 20);
	tell(p, EVENT_MESSAGES_MOVED, 0, "INBOX", 10, 1 << 20);
	tell(p, EVENT_JOB_ENDED, 0, NULL, 0, 0);
	tell(p, EVENT_JOB_FAILED, 1, NULL, 0, 0);
	tell(p, EVENT_JOB_ENDED, 1, NULL, 0, 0);
	s.columns = 100;
	progress_tick(p, 2 * SECOND, 100, 24);
	screen_update(&s);
	text = screen_text(&s);
	g_assert_nonnull(strstr(text, " 10  messages"));
	g_assert_nonnull(strstr(text, "2 mailboxes, 1.0 MiB,"));
	g_assert_nonnull(strstr(text, "1 error"));
	screen_close(&s);
}

static void
test_lines(void)
{
	g_autoptr(Progress) p = NULL;
	struct screen s;

	screen_open(&s);
	p = progress_new(s.file, PROGRESS_LINES, true);
	progress_tick(p, SECOND, 80, 24);
	run_begun(p, 3);
	begin(p, 0, "anna", -1);
	tell(p, EVENT_MESSAGES_MOVED, 0, "INBOX", 1234, 5 << 20);
	for (int i = 0; i < 200; i++) /* twenty seconds without news */
		progress_tick(p, SECOND + i * SECOND / 10, 80, 24);
	progress_hide(p);
	tell(p, EVENT_JOB_ENDED, 0, NULL, 0, 0);
	progress_end(p, 30 * SECOND);
	fflush(s.file);
	g_assert_cmpstr(s.bytes, ==,
	    "mailmig: 0 of 3 mailboxes, 1 234 messages, 5.0 MiB, 1.0 MiB/s, 5 "
	    "s\n"
	    "mailmig: 1 of 3 mailboxes, 1 234 messages, 5.0 MiB, 176.6 KiB/s, "
	    "29 s\n");
	screen_close(&s);
}

/* A mailbox that is read at both ends is half done after one; what is told at
 * its end is the truth. */
static void
test_reads(void)
{
	g_autoptr(Progress) p = NULL;
	g_autoptr(Event) begun = event_new(EVENT_VERIFY_BEGUN);
	g_autoptr(Event) box = job_event(EVENT_MAILBOX_READ, 0, "anna");
	g_autoptr(Event) size = job_event(EVENT_JOB_SIZED, 0, "anna");
	g_autoptr(Event) done = job_event(EVENT_VERIFY_FOLDER_DONE, 0, "anna");
	g_autofree char *half = NULL;
	g_autofree char *end = NULL;
	struct screen s;

	screen_open(&s);
	p = progress_new(s.file, PROGRESS_BARS, false);
	progress_keys(p, "p pause");
	progress_tick(p, SECOND, 80, 24);
	event_number(begun, "mailboxes", 1);
	progress_event(p, begun);
	progress_event(p, box);
	event_number(size, "messages", 100);
	event_number(size, "parts", 1);
	progress_event(p, size);
	for (int i = 0; i < 2; i++) {
		g_autoptr(Event) read =
		    job_event(EVENT_MESSAGES_READ, 0, "anna");

		event_number(read, "n", 55);
		event_number(read, "ends", 2);
		progress_event(p, read);
	}
	progress_tick(p, 2 * SECOND, 80, 24);
	screen_update(&s);
	half = screen_text(&s);
	g_assert_nonnull(strstr(half, " 55%        55  messages\n"));
	g_assert_nonnull(strstr(half, "0 of 1 mailboxes, 55 messages/s, 1 s"));
	g_assert_true(g_str_has_suffix(half, "\np pause\n"));
	event_number(done, "found", 100);
	progress_event(p, done);
	tell(p, EVENT_JOB_ENDED, 0, NULL, 0, 0);
	progress_tick(p, 3 * SECOND, 80, 24);
	screen_update(&s);
	end = screen_text(&s);
	g_assert_nonnull(strstr(end, "100%       100  messages\n"));
	g_assert_nonnull(strstr(end, "1 of 1 mailboxes"));
	screen_close(&s);
}

/* Paused and finishing stand there, from the run's own words; a size that was
 * known before the mailbox began is its bar's. */
static void
test_wishes(void)
{
	g_autoptr(Progress) p = NULL;
	g_autoptr(Event) size = job_event(EVENT_JOB_SIZED, 0, "anna");
	g_autoptr(Event) pause = event_new(EVENT_RUN_PAUSED);
	g_autoptr(Event) on = event_new(EVENT_RUN_CONTINUED);
	g_autoptr(Event) finish = event_new(EVENT_RUN_FINISHING);
	g_autofree char *rests = NULL;
	g_autofree char *ends = NULL;
	struct screen s;

	screen_open(&s);
	p = progress_new(s.file, PROGRESS_BARS, false);
	progress_keys(p, "p pause");
	progress_tick(p, SECOND, 80, 24);
	run_begun(p, 5);
	event_number(size, "messages", 10);
	event_number(size, "parts", 1);
	progress_event(p, size);
	begin(p, 0, "anna", -1);
	tell(p, EVENT_MESSAGES_MOVED, 0, "INBOX", 5, 1000);
	progress_event(p, pause);
	progress_tick(p, 2 * SECOND, 80, 24);
	screen_update(&s);
	rests = screen_text(&s);
	g_assert_nonnull(
	    strstr(rests, "anna                 ##########.........."));
	g_assert_nonnull(strstr(rests, "paused: 0 of 5 mailboxes"));
	g_assert_nonnull(strstr(rests, "; p goes on"));
	progress_event(p, on);
	event_number(finish, "mailboxes", 4);
	progress_event(p, finish);
	s.columns = 120;
	progress_tick(p, 3 * SECOND, 120, 24);
	screen_update(&s);
	ends = screen_text(&s);
	g_assert_nonnull(strstr(ends, "\n0 of 1 mailboxes"));
	g_assert_nonnull(strstr(ends, "; these mailboxes are the last\n"));
	screen_close(&s);
}

/* All kinds with their numbers and remedies, the last ones in words. */
static void
test_show(void)
{
	g_autoptr(Terminal) t = NULL;
	struct screen s;
	guint lines = 0;

	screen_open(&s);
	t = terminal_new(s.file, false);
	terminal_show(t);
	fflush(s.file);
	g_assert_cmpstr(s.bytes, ==, "mailmig: no warnings or errors so far\n");
	for (int i = 0; i < 30; i++) {
		g_autoptr(Event) event =
		    job_event(EVENT_MESSAGE_FAILED, 0, "anna");
		g_autofree char *key = g_strdup_printf("%d", i);

		event_text(event, "key", key);
		event_text(event, "reason", "too large");
		terminal_keep(t, event);
	}
	fflush(s.file);
	g_assert_null(strstr(s.bytes, "too large")); /* only kept */
	terminal_show(t);
	fflush(s.file);
	for (const char *p = s.bytes; (p = strstr(p, "anna: ")) != NULL; p++)
		lines++;
	g_assert_cmpuint(lines, ==, TERMINAL_KEPT_MAX);
	g_assert_nonnull(strstr(s.bytes, "error: anna: message 29 in"));
	g_assert_null(strstr(s.bytes, "message 19 in"));
	g_assert_nonnull(strstr(s.bytes,
	    "mailmig: 30 errors so far (message_failed 30020): Remove the "));
	screen_close(&s);
}

static void
test_sentences(void)
{
	g_autoptr(Terminal) t = NULL;
	struct screen s;
	guint lines = 0;

	screen_open(&s);
	t = terminal_new(s.file, false);
	for (int i = 0; i < 100; i++) {
		g_autoptr(Event) event =
		    job_event(EVENT_MESSAGE_FAILED, 0, "anna");
		char *path[] = {(char *)"Sent", NULL};

		event_text(event, "key", "17");
		event_path(event, "folder", path);
		event_text(event, "reason", "too\nlarge\x1b[31m");
		terminal_event(t, event);
	}
	for (int i = 0; i < 3; i++) {
		g_autoptr(Event) event = job_event(EVENT_JOB_BEGUN, 0, "anna");

		g_assert_false(terminal_wants(t, event));
		terminal_event(t, event);
	}
	fflush(s.file);
	for (const char *p = s.bytes; *p != '\0'; p++)
		lines += *p == '\n';
	g_assert_cmpuint(lines, ==, TERMINAL_REPEAT_MAX + 1);
	g_assert_true(g_str_has_prefix(s.bytes,
	    "mailmig: error: anna: message 17 in Sent failed: too large"));
	g_assert_null(strchr(s.bytes, '\033'));
	/* What to do: once. */
	g_assert_nonnull(strstr(s.bytes, "Remove the cause"));
	g_assert_null(strstr(
	    strstr(s.bytes, "Remove the cause") + 1, "Remove the cause"));
	g_assert_nonnull(strstr(s.bytes, "only in the event log"));
	screen_close(&s);
}

static void
test_human(void)
{
	static const struct {
		gint64 n;
		const char *count, *bytes, *duration;
	} rows[] = {
	    {0, "0", "0 B", "0 s"},
	    {999, "999", "999 B", "16:39 min"},
	    {1000, "1 000", "1000 B", "16:40 min"},
	    {1048524, "1 048 524", "1023.9 KiB", "291:15:24 h"},
	    {1048575, "1 048 575", "1.0 MiB", "291:16:15 h"},
	    {-1, "-1", "?", NULL},
	    {-1234567, "-1 234 567", "?", NULL},
	};
	static const struct {
		const char *text;
		int width;
		const char *cut;
		const char *padded;
	} texts[] = {
	    {"abc", 5, "abc", "abc  "},
	    {"abc", -5, NULL, "  abc"},
	    {"abcdef", 4, "abc\xe2\x80\xa6", "abcdef"},
	    {"日本語", 6, "日本語", "日本語"},
	    {"日本語", 5, "日本\xe2\x80\xa6", "日本語"},
	    {"日本語", 4, "日\xe2\x80\xa6", "日本語"},
	    {"a\tb\xff", 8, "a b?", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *count = human_count(rows[i].n);
		g_autofree char *bytes = human_bytes(rows[i].n);

		g_assert_cmpstr(count, ==, rows[i].count);
		g_assert_cmpstr(bytes, ==, rows[i].bytes);
		if (rows[i].duration != NULL) {
			g_autofree char *d = human_duration(rows[i].n);

			g_assert_cmpstr(d, ==, rows[i].duration);
		}
	}
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (texts[i].cut != NULL) {
			g_autofree char *cut =
			    human_cut(texts[i].text, texts[i].width);

			g_assert_cmpstr(cut, ==, texts[i].cut);
		}
		if (texts[i].padded != NULL) {
			g_autofree char *padded =
			    human_pad(texts[i].text, texts[i].width);

			g_assert_cmpstr(padded, ==, texts[i].padded);
		}
	}
}

int
main(int argc, char **argv)
{
	/* The ellipsis is one column wide everywhere. */
	if (setlocale(LC_ALL, "C.UTF-8") == NULL)
		g_error("no locale C.UTF-8");
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/progress/bars", test_bars);
	g_test_add_func("/progress/draws", test_draws);
	g_test_add_func("/progress/resize", test_resize);
	g_test_add_func("/progress/staged", test_staged);
	g_test_add_func("/progress/lines", test_lines);
	g_test_add_func("/progress/reads", test_reads);
	g_test_add_func("/progress/wishes", test_wishes);
	g_test_add_func("/terminal/sentences", test_sentences);
	g_test_add_func("/terminal/show", test_show);
	g_test_add_func("/human/texts", test_human);
	return g_test_run();
}
