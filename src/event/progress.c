#include "event/progress.h"

#include "base/human.h"

#include <string.h>

#define NAME_WIDTH 20 /* columns for the name of a mailbox */
#define BAR_WIDTH  20 /* columns of a bar */
#define SAMPLES	   (PROGRESS_WINDOW_S + 1) /* one a second */

/* One worker at its mailbox. */
struct task {
	gint64 worker;
	char *mailbox;
	char *folder;	 /* the last one heard of */
	char *state;	 /* "waits 30 s: ...", or NULL */
	gint64 expected; /* messages; -1: not known */
	gint64 settled;	 /* messages moved, there, left out, failed */
	gint64 staged, staged_bytes; /* written, not committed yet */
	gint64 reads, read; /* of all its ends; and what was settled for that */
};

struct sample {
	gint64 t_us, settled, bytes;
};

struct Progress {
	FILE *out;
	enum progress_style style;
	bool utf8;
	GPtrArray *tasks;	       /* of struct task, by worker */
	gint64 start_us, drawn_us;     /* monotonic; 0: not yet */
	gint64 mailboxes, begun, done; /* mailboxes; -1: not known */
	GHashTable *sizes; /* messages (gint64) of the mailboxes that told */
	gint64 sized, expected; /* how many these are, and their sum */
	gint64 settled, bytes, warnings, errors;
	struct sample samples[SAMPLES]; /* a ring */
	guint n_samples;
	char *keys; /* the help line, or NULL */
	bool paused, finishing;
	bool looks; /* it only reads: there is no rate of bytes */
	bool dirty; /* something happened since it was drawn */
	bool ended;
	GArray *widths; /* of int: columns of the lines on the screen */
	int columns;
};

static void
task_free(struct task *task)
{
	g_free(task->mailbox);
	g_free(task->folder);
	g_free(task->state);
	g_free(task);
}

Progress *
progress_new(FILE *out, enum progress_style style, bool utf8)
{
	Progress *p = g_new0(Progress, 1);

	p->out = out;
	p->style = style;
	p->utf8 = utf8;
	p->tasks = g_ptr_array_new_with_free_func((GDestroyNotify)task_free);
	p->widths = g_array_new(FALSE, FALSE, sizeof(int));
	p->mailboxes = -1;
	p->sizes =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return p;
}

void
progress_free(Progress *p)
{
	if (p == NULL)
		return;
	g_ptr_array_unref(p->tasks);
	g_array_unref(p->widths);
	g_hash_table_unref(p->sizes);
	g_free(p->keys);
	g_free(p);
}

void
progress_keys(Progress *p, const char *text)
{
	g_free(p->keys);
	p->keys = g_strdup(text);
	if (p->style == PROGRESS_LINES)
		fprintf(p->out, "mailmig: keys: %s\n", text);
}

static struct task *
find_task(Progress *p, gint64 worker)
{
	for (guint i = 0; i < p->tasks->len; i++) {
		struct task *task = p->tasks->pdata[i];

		if (task->worker == worker)
			return task;
	}
	return NULL;
}

/* What was written and never committed is written again. */
static void
unstage(Progress *p, struct task *task)
{
	p->settled -= task->staged;
	p->bytes -= task->staged_bytes;
	task->settled -= task->staged;
	task->staged = task->staged_bytes = 0;
}

static void
end_task(Progress *p, gint64 worker)
{
	struct task *task = find_task(p, worker);

	if (task == NULL)
		return;
	unstage(p, task);
	g_ptr_array_remove(p->tasks, task);
}

static void
begin_task(Progress *p, const Event *event)
{
	struct task *task = g_new0(struct task, 1);
	const char *name = event_get_text(event, "mailbox");
	gint64 *known = name ? g_hash_table_lookup(p->sizes, name) : NULL;
	guint at = 0;

	task->worker = event_get_number(event, "worker");
	task->mailbox = g_strdup(name);
	task->expected = known ? *known : -1;
	end_task(p, task->worker);
	while (at < p->tasks->len &&
	       ((struct task *)p->tasks->pdata[at])->worker < task->worker)
		at++;
	g_ptr_array_insert(p->tasks, (int)at, task);
	p->begun++;
}

/* How much the mailbox holds; the first of several connections tells for all of
 * them. Again after a lost connection: the last word counts. */
static void
size_task(Progress *p, struct task *task, const Event *event)
{
	const char *name = event_get_text(event, "mailbox");
	gint64 messages = event_get_number(event, "messages");
	gint64 *known = name ? g_hash_table_lookup(p->sizes, name) : NULL;

	if (name == NULL)
		return;
	if (known == NULL) {
		known = g_new0(gint64, 1);
		g_hash_table_insert(p->sizes, g_strdup(name), known);
		p->sized++;
	}
	p->expected += messages - *known;
	*known = messages;
	if (task != NULL)
		task->expected =
		    event_get_number(event, "parts") <= 1 ? messages : -1;
}

static void
settle(Progress *p, struct task *task, gint64 n, gint64 bytes)
{
	p->settled += n;
	p->bytes += bytes;
	if (task != NULL)
		task->settled += n;
}

/* What was staged is now moved: it has been counted. */
static void
moved(Progress *p, struct task *task, gint64 n, gint64 bytes)
{
	gint64 known = task ? MIN(task->staged, n) : 0;
	gint64 known_bytes = task ? MIN(task->staged_bytes, bytes) : 0;

	if (task != NULL) {
		task->staged -= known;
		task->staged_bytes -= known_bytes;
		task->settled -= known;
	}
	settle(p, task, n, bytes);
	p->settled -= known;
	p->bytes -= known_bytes;
}

/* A mailbox that is read twice, once at each end, is half done after one. */
static void
read_some(Progress *p, struct task *task, const Event *event)
{
	gint64 ends = MAX(event_get_number(event, "ends"), 1);
	gint64 more;

	if (task == NULL)
		return;
	task->reads += event_get_number(event, "n");
	more = task->reads / ends - task->read;
	task->read += more;
	settle(p, task, more, 0);
}

/* Now it is told what that was. */
static void
unread(Progress *p, struct task *task)
{
	if (task == NULL)
		return;
	settle(p, task, -task->read, 0);
	task->read = task->reads = 0;
}

static void
note_folder(struct task *task, const Event *event)
{
	char *const *path = event_get_path(event, "folder");

	if (task == NULL || path == NULL)
		return;
	g_free(task->folder);
	task->folder = g_strjoinv("/", (char **)path);
	g_clear_pointer(&task->state, g_free);
}

void
progress_event(Progress *p, const Event *event)
{
	struct task *task = find_task(p, event_get_number(event, "worker"));
	gint64 n = event_get_number(event, "n");
	gint64 bytes = event_get_number(event, "bytes");

	p->dirty = true;
	p->warnings += event_level_of(event) == EVENT_WARNING;
	p->errors += event_level_of(event) == EVENT_ERROR;
	note_folder(task, event);
	switch (event_id_of(event)) {
	case EVENT_CHECK_BEGUN:
	case EVENT_VERIFY_BEGUN:
		p->looks = true;
		p->mailboxes = event_get_number(event, "mailboxes");
		break;
	case EVENT_RUN_BEGUN:
		if (event_has(event, "mailboxes"))
			p->mailboxes = event_get_number(event, "mailboxes");
		break;
	case EVENT_RUN_PAUSED:
		p->paused = true;
		break;
	case EVENT_RUN_CONTINUED:
		p->paused = false;
		/* The rate is not that of the pause. */
		p->n_samples = 0;
		break;
	case EVENT_RUN_FINISHING:
		p->finishing = true;
		if (p->mailboxes >= 0)
			p->mailboxes = MAX(
			    p->mailboxes - event_get_number(event, "mailboxes"),
			    0);
		break;
	case EVENT_JOB_BEGUN:
	case EVENT_MAILBOX_READ:
		begin_task(p, event);
		break;
	case EVENT_JOB_SIZED:
		size_task(p, task, event);
		break;
	case EVENT_JOB_ENDED: /* well or not */
		p->done++;
		end_task(p, event_get_number(event, "worker"));
		break;
	case EVENT_JOB_STOPPED:
	case EVENT_WORKER_DIED:
		end_task(p, event_get_number(event, "worker"));
		break;
	case EVENT_MESSAGES_STAGED:
		settle(p, task, n, bytes);
		if (task != NULL) {
			task->staged += n;
			task->staged_bytes += bytes;
		}
		break;
	case EVENT_MESSAGES_MOVED:
		moved(p, task, n, bytes);
		break;
	case EVENT_MESSAGES_THERE:
	case EVENT_FOLDER_UNCHANGED:
	case EVENT_FOLDER_FILTERED:
		settle(p, task, n, 0);
		break;
	case EVENT_MESSAGES_READ:
		read_some(p, task, event);
		break;
	case EVENT_VERIFY_FOLDER_DONE:
		unread(p, task);
		settle(p, task, event_get_number(event, "found"), 0);
		break;
	case EVENT_CHECK_MAILBOX:
		unread(p, task);
		settle(p, task,
		    event_get_number(event, "messages") +
			event_get_number(event, "left_out"),
		    0);
		p->done++;
		end_task(p, event_get_number(event, "worker"));
		break;
	case EVENT_CHECK_NO_SOURCE:
		p->done++;
		end_task(p, event_get_number(event, "worker"));
		break;
	case EVENT_ACCOUNT_WITHOUT_MAILBOX:
		p->done += p->looks; /* a check counts them among the others */
		break;
	case EVENT_MESSAGE_FILTERED:
		settle(p, task, 1, 0);
		break;
	/* A message that failed, by whatever number. */
	case EVENT_TEXT_AFTER_QUOTE:
	case EVENT_SECONDARY_DAMAGED:
	case EVENT_PAB_HEADING:
	case EVENT_ATTACHMENT_NAME_MISSING:
	case EVENT_SECONDARY_HEADING:
	case EVENT_BAD_SECTION:
	case EVENT_MESSAGE_FAILED:
		settle(p, task, event_get_number(event, "failed"), 0);
		break;
	case EVENT_LINK_RESUMED: /* by another worker, if the first one died */
		if (task == NULL)
			begin_task(p, event);
		break;
	case EVENT_WAITING:
	case EVENT_JOB_RETRY:
	case EVENT_LINK_LOST:
		if (task != NULL) {
			unstage(p, task);
			g_free(task->state);
			task->state = event_to_text(event);
		}
		break;
	}
}

/* Messages and bytes a second, over the last PROGRESS_WINDOW_S. */
static void
rates(Progress *p, gint64 now_us, double *messages, double *bytes)
{
	const struct sample *last;
	struct sample now = {now_us, p->settled, p->bytes}, first = now;
	double seconds;

	last = &p->samples[(p->n_samples + SAMPLES - 1) % SAMPLES];
	if (p->n_samples == 0 || now_us - last->t_us >= G_USEC_PER_SEC)
		p->samples[p->n_samples++ % SAMPLES] = now;
	for (guint i = 0; i < MIN(p->n_samples, SAMPLES); i++)
		if (p->samples[i].t_us < first.t_us)
			first = p->samples[i];
	/* At the end, and before there is anything to compare with, the rate
	 * is that of the whole run. */
	if (p->ended || now_us - first.t_us < G_USEC_PER_SEC)
		first = (struct sample){p->start_us, 0, 0};
	seconds = (double)(now_us - first.t_us) / G_USEC_PER_SEC;
	*messages = *bytes = 0;
	if (seconds <= 0)
		return;
	*messages = MAX((double)(now.settled - first.settled), 0) / seconds;
	*bytes = MAX((double)(now.bytes - first.bytes), 0) / seconds;
}

/* All messages there will be, or -1. Mailboxes that have not told are taken to
 * be as large as the others. */
static gint64
expected_total(const Progress *p)
{
	if (p->sized == 0)
		return -1;
	if (p->mailboxes > p->sized)
		return p->expected / p->sized * p->mailboxes;
	return p->expected;
}

static char *
errors_text(const Progress *p)
{
	GString *out = g_string_new(NULL);

	if (p->warnings > 0)
		g_string_append_printf(out, ", %" G_GINT64_FORMAT " warning%s",
		    p->warnings, p->warnings == 1 ? "" : "s");
	if (p->errors > 0)
		g_string_append_printf(out, ", %" G_GINT64_FORMAT " error%s",
		    p->errors, p->errors == 1 ? "" : "s");
	return g_string_free(out, FALSE);
}

static char *
of_text(gint64 n, gint64 all, const char *what)
{
	g_autofree char *count = human_count(n);
	g_autofree char *total = all >= 0 ? human_count(MAX(all, n)) : NULL;

	return g_strconcat(
	    count, total ? " of " : "", total ? total : "", " ", what, NULL);
}

/* "3 of 5 mailboxes, 56.1 MiB, 3.2 MiB/s, 12 s, about 1:10 min left, 1 error"
 */
static char *
summary(Progress *p, gint64 now_us, bool with_messages)
{
	gint64 all = expected_total(p);
	g_autofree char *mailboxes =
	    of_text(p->done, p->mailboxes, "mailboxes");
	g_autofree char *messages = of_text(p->settled, all, "messages");
	g_autofree char *bytes = human_bytes(p->bytes);
	g_autofree char *errors = errors_text(p);
	g_autofree char *elapsed =
	    human_duration((now_us - p->start_us) / G_USEC_PER_SEC);
	g_autofree char *rate = NULL;
	g_autofree char *left = NULL;
	double message_rate, byte_rate;

	rates(p, now_us, &message_rate, &byte_rate);
	if (p->paused && !p->ended)
		return g_strconcat("paused: ", mailboxes,
		    with_messages ? ", " : "", with_messages ? messages : "",
		    p->looks ? "" : ", ", p->looks ? "" : bytes, ", ", elapsed,
		    errors, p->keys ? "; p goes on" : "", NULL);
	rate = p->looks ? human_count((gint64)message_rate)
			: human_bytes((gint64)byte_rate);
	if (all > p->settled && message_rate > 0 && !p->finishing)
		left = human_duration(
		    (gint64)((double)(all - p->settled) / message_rate) + 1);
	return g_strconcat(mailboxes, with_messages ? ", " : "",
	    with_messages ? messages : "", p->looks ? "" : ", ",
	    p->looks ? "" : bytes, ", ", rate,
	    p->looks ? " messages/s, " : "/s, ", elapsed,
	    left ? ", about " : "", left ? left : "", left ? " left" : "",
	    errors,
	    p->finishing && !p->ended ? "; these mailboxes are the last" : "",
	    NULL);
}

static void
append_bar(const Progress *p, GString *out, gint64 n, gint64 all)
{
	int full = 0;

	if (all > 0)
		full = (int)((double)MIN(n, all) / (double)all * BAR_WIDTH);
	for (int i = 0; i < BAR_WIDTH; i++)
		g_string_append(out,
		    p->utf8 ? (i < full ? "█" : "░") : (i < full ? "#" : "."));
	if (all > 0)
		g_string_append_printf(out, " %3d%%",
		    (int)((double)MIN(n, all) / (double)all * 100));
	else
		g_string_append(out, "     ");
}

static char *
bar_line(
    const Progress *p, const char *name, gint64 n, gint64 all, const char *more)
{
	g_autofree char *cut = human_cut(name, NAME_WIDTH);
	g_autofree char *padded = human_pad(cut, NAME_WIDTH);
	g_autofree char *count = human_count(n);
	GString *out = g_string_new(padded);

	g_string_append_c(out, ' ');
	append_bar(p, out, n, all);
	g_string_append_printf(out, " %9s", count);
	if (more != NULL)
		g_string_append_printf(out, "  %s", more);
	return g_string_free(out, FALSE);
}

/* The lines of the moment: a few workers, all of them together, numbers. */
static GPtrArray *
frame_lines(Progress *p, gint64 now_us, int rows)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	guint fit = (guint)MAX(rows - 4 - (p->keys != NULL), 1);

	for (guint i = 0; i < p->tasks->len && i < fit; i++) {
		const struct task *task = p->tasks->pdata[i];

		g_ptr_array_add(
		    lines, bar_line(p, task->mailbox ? task->mailbox : "",
			       task->settled, task->expected,
			       task->state ? task->state : task->folder));
	}
	if (p->tasks->len > fit)
		g_ptr_array_add(
		    lines, g_strdup_printf("and %u more", p->tasks->len - fit));
	g_ptr_array_add(lines,
	    bar_line(p, "all", p->settled, expected_total(p), "messages"));
	g_ptr_array_add(lines, summary(p, now_us, false));
	if (p->keys != NULL)
		g_ptr_array_add(lines, g_strdup(p->keys));
	return lines;
}

GPtrArray *
progress_lines(Progress *p, gint64 now_us, int rows)
{
	if (p->start_us == 0)
		p->start_us = now_us;
	return frame_lines(p, now_us, rows + 1);
}

/* To the first line of the last frame, which takes more rows now if the
 * terminal has become narrower. */
static void
append_up(const Progress *p, GString *out, int columns)
{
	int up = 0;

	for (guint i = 0; i < p->widths->len; i++) {
		int width = g_array_index(p->widths, int, i);

		up += MAX(1, (width + columns - 1) / columns);
	}
	if (up > 0)
		g_string_append_printf(out, "\033[%dA\r", up);
}

static void
draw_bars(Progress *p, gint64 now_us, int columns, int rows)
{
	g_autoptr(GPtrArray) lines = frame_lines(p, now_us, rows);
	GString *out = g_string_new(NULL);

	append_up(p, out, columns);
	if (columns != p->columns)
		g_string_append(out, "\033[J");
	g_array_set_size(p->widths, 0);
	for (guint i = 0; i < lines->len; i++) {
		/* The last column stays free: terminals differ in what a
		 * character there does. */
		g_autofree char *line =
		    human_cut(lines->pdata[i], MAX(columns - 1, 1));
		int width = human_width(line);

		g_string_append_printf(out, "%s\033[K\n", line);
		g_array_append_val(p->widths, width);
	}
	g_string_append(out, "\033[J");
	p->columns = columns;
	fwrite(out->str, 1, out->len, p->out);
	fflush(p->out);
	g_string_free(out, TRUE);
}

static void
draw_line(Progress *p, gint64 now_us)
{
	g_autofree char *text = summary(p, now_us, true);

	fprintf(p->out, "mailmig: %s\n", text);
	fflush(p->out);
}

void
progress_tick(Progress *p, gint64 now_us, int columns, int rows)
{
	bool bars = p->style == PROGRESS_BARS;
	gint64 every = bars ? PROGRESS_DRAW_US : PROGRESS_LINE_US;

	if (p->start_us == 0)
		p->start_us = p->drawn_us = now_us;
	if (now_us - p->drawn_us < every)
		return;
	/* Bars are drawn without news too: time passes. */
	if (!bars && !p->dirty)
		return;
	if (bars)
		draw_bars(p, now_us, MAX(columns, 2), rows);
	else
		draw_line(p, now_us);
	p->drawn_us = now_us;
	p->dirty = false;
}

void
progress_hide(Progress *p)
{
	GString *out = g_string_new(NULL);

	if (p->widths->len > 0) {
		append_up(p, out, p->columns);
		g_string_append(out, "\033[J");
		fwrite(out->str, 1, out->len, p->out);
		fflush(p->out);
		g_array_set_size(p->widths, 0);
		/* Drawn again at once after what is printed now. */
		p->drawn_us = 0;
	}
	g_string_free(out, TRUE);
}

void
progress_end(Progress *p, gint64 now_us)
{
	if (p->start_us == 0)
		p->start_us = now_us;
	p->ended = true;
	if (p->style == PROGRESS_BARS)
		progress_hide(p);
	else if (p->dirty && p->begun > 0)
		draw_line(p, now_us);
	p->dirty = false;
}
