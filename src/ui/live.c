#include "ui/live.h"

#include "base/human.h"
#include "event/progress.h"
#include "ui/wizard-private.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define TROUBLES_MAX 6	/* lines: the last ones; all are in the report */
#define LINES_MAX    64 /* of the page */
#define ASK_US	     (10 * G_USEC_PER_SEC) /* to press a second time */
#define HELP_US	     (20 * G_USEC_PER_SEC)
#define COLUMNS_MIN  20 /* in less than that nothing is drawn */
#define ROWS_MIN     8
#define FEW_ROWS     16 /* in less, no room is wasted */
#define ITEMS_MAX    50 /* failed items on the page of the result */
#define LEAST_BARS   4	/* lines: one mailbox, others, all, the numbers */

struct UiLive {
	const Plan *plan;
	Progress *progress;
	GQueue troubles; /* of char *, the newest first */
	gint64 asked_us, help_us;
	bool gone; /* the terminal */
	bool stopping;
	/* The window, when there is one. */
	int columns, rows;
	newtComponent form, stop, lines[LINES_MAX];
	int n_lines, width;
};

static const char *const help_lines[] = {
    "A bar is a mailbox that is on its way; the last one is all of them.",
    "Stop ends the run when what is under way is safe; nothing that was",
    "moved is lost, and 'mailmig resume' goes on from there.",
    "When this terminal goes away, the run goes on to its end.",
    "Everything that is shown here is also in the event log and the report.",
};

UiLive *
ui_live_open(const Plan *plan)
{
	UiLive *live = g_new0(UiLive, 1);

	live->plan = plan;
	live->progress =
	    progress_new(stderr, PROGRESS_BARS, g_get_charset(NULL));
	g_queue_init(&live->troubles);
	newtInit();
	return live;
}

static void
close_window(UiLive *live)
{
	if (live->form == NULL)
		return;
	newtFormDestroy(live->form);
	newtPopWindow();
	newtPopHelpLine();
	live->form = NULL;
}

void
ui_live_close(UiLive *live)
{
	if (live == NULL)
		return;
	if (!live->gone) {
		close_window(live);
		newtFinished();
	} else if (live->form != NULL) { /* nothing is drawn any more */
		newtFormDestroy(live->form);
	}
	progress_free(live->progress);
	g_queue_clear_full(&live->troubles, g_free);
	g_free(live);
}

void
ui_live_event(UiLive *live, const Event *event)
{
	const char *mailbox = event_get_text(event, "mailbox");
	g_autofree char *text = NULL;

	progress_event(live->progress, event);
	if (event_level_of(event) < EVENT_WARNING)
		return;
	text = event_to_text(event);
	g_queue_push_head(
	    &live->troubles, g_strconcat(mailbox ? mailbox : "",
				 mailbox ? ": " : "", text, NULL));
	if (g_queue_get_length(&live->troubles) > TROUBLES_MAX)
		g_free(g_queue_pop_tail(&live->troubles));
}

/* As large as the terminal allows, now. */
static bool
open_window(UiLive *live)
{
	int height, frame;

	ui_size(&live->columns, &live->rows);
	if (live->columns < COLUMNS_MIN || live->rows < ROWS_MIN)
		return false;
	live->width = live->columns - 6;
	frame = live->rows < FEW_ROWS ? 1 : 2;
	height = live->rows - 4 - frame;
	live->n_lines = MIN(height - frame, LINES_MAX);
	newtCls();
	newtDrawRootText(0, 0, "mailmig");
	newtPushHelpLine(" F1 help   Enter stop");
	newtCenteredWindow((unsigned)live->width, (unsigned)height, "The run");
	live->form = newtForm(NULL, NULL, 0);
	for (int i = 0; i < live->n_lines; i++) {
		live->lines[i] = newtLabel(1, i, "");
		newtFormAddComponent(live->form, live->lines[i]);
	}
	live->stop = newtCompactButton(1, height - 1, "Stop");
	newtFormAddComponent(live->form, live->stop);
	newtFormAddHotKey(live->form, NEWT_KEY_F1);
	newtFormAddHotKey(live->form, NEWT_KEY_ESCAPE);
	newtFormAddHotKey(live->form, UI_KEY_CTRL_C);
	newtFormSetTimer(live->form, 1);
	return true;
}

/* Line at of the page; one too many is left out. */
static void
put_line(UiLive *live, int at, const char *text)
{
	g_autofree char *cut = human_cut(text, live->width - 2);
	g_autofree char *padded = human_pad(cut, live->width - 2);

	if (at >= 0 && at < live->n_lines)
		newtLabelSetText(live->lines[at], padded);
}

static void
draw(UiLive *live, gint64 now_us)
{
	const char *const *help = now_us < live->help_us ? help_lines : NULL;
	int troubles = MIN(live->n_lines / 3, TROUBLES_MAX);
	int room = live->n_lines - troubles - 3;
	g_autofree char *ends = g_strdup_printf(
	    "%s -> %s", live->plan->from.text, live->plan->to.text);
	g_autoptr(GPtrArray) bars = NULL;
	GList *trouble = live->troubles.head;
	const char *said =
	    live->stopping ? "Stopping when what is under way is safe..."
	    : now_us < live->asked_us
		? "Stop? Once more, and the run ends when what is under way "
		  "is safe."
	    : help || trouble == NULL ? ""
				      : "The last troubles:";
	int at = 0;

	if (room < LEAST_BARS)
		troubles = 0, room = live->n_lines;
	else
		put_line(live, at++, ends);
	bars = progress_lines(live->progress, now_us, room);
	/* With little room, the sums, which come last, are worth more. */
	for (guint i = (guint)MAX((int)bars->len - room, 0); i < bars->len; i++)
		put_line(live, at++, bars->pdata[i]);
	while (at < live->n_lines - troubles - 1)
		put_line(live, at++, "");
	if (*said != '\0' || troubles > 0)
		put_line(live, live->n_lines - troubles - 1, said);
	for (int i = 0; i < troubles; i++) {
		const char *text =
		    help      ? i < (int)G_N_ELEMENTS(help_lines) ? help[i] : ""
		    : trouble ? trouble->data
			      : "";

		put_line(live, live->n_lines - troubles + i, text);
		trouble = trouble ? trouble->next : NULL;
	}
}

/* The first time asks, the second one stops, and a third is meant. */
static void
ask_to_stop(UiLive *live, gint64 now_us, volatile int *stop)
{
	if (live->stopping) {
		newtFinished();
		signal(SIGINT, SIG_DFL);
		raise(SIGINT);
	} else if (now_us < live->asked_us) {
		live->stopping = true;
		*stop = 1;
	} else {
		live->asked_us = now_us + ASK_US;
	}
}

static void
look_at_keys(UiLive *live, gint64 now_us, volatile int *stop)
{
	struct newtExitStruct es;

	newtFormRun(live->form, &es);
	if (es.reason == NEWT_EXIT_ERROR)
		live->gone = true;
	else if (es.reason == NEWT_EXIT_HOTKEY && es.u.key == NEWT_KEY_F1)
		live->help_us = now_us < live->help_us ? 0 : now_us + HELP_US;
	else if (es.reason == NEWT_EXIT_HOTKEY ||
		 es.reason == NEWT_EXIT_COMPONENT)
		ask_to_stop(live, now_us, stop);
}

void
ui_live_tick(UiLive *live, volatile int *stop)
{
	gint64 now_us = g_get_monotonic_time();
	int columns, rows;

	/* Rates need it also while nothing is drawn. */
	if (*stop)
		live->stopping = true;
	if (live->gone)
		return;
	ui_size(&columns, &rows);
	if (live->form != NULL &&
	    (columns != live->columns || rows != live->rows)) {
		close_window(live);
		newtFinished();
		newtInit();
	}
	if (live->form == NULL && !open_window(live))
		return;
	draw(live, now_us);
	look_at_keys(live, now_us, stop);
}

static void
append_sum(GString *out, const char *sign, gint64 n, const char *what)
{
	g_autofree char *count = human_count(n);

	g_string_append_printf(out, "  %s %9s  %s\n", sign, count, what);
}

static const char *
verdict(const UiReport *report)
{
	const struct books *b = &report->total;

	if (report->stopped)
		return "It was stopped before the end.";
	if (run_exit_status(b) > 1)
		return "It went to its end, but something failed.";
	if (b->warnings > 0)
		return "All is moved. There were warnings; the report tells.";
	return "All is moved.";
}

static void
append_item(GString *out, const UiReport *report, const struct ui_item *item)
{
	const struct ui_mailbox *mailbox =
	    item->mailbox < report->mailboxes->len
		? report->mailboxes->pdata[item->mailbox]
		: NULL;
	const struct event_entry *entry = event_entry_find(item->event);

	g_string_append_printf(out, "- %s%s%s%s%s: %s\n",
	    mailbox ? mailbox->name : "the run", item->folder ? ", " : "",
	    item->folder ? item->folder : "", item->subject ? ", " : "",
	    item->subject ? item->subject : "",
	    item->reason ? item->reason
	    : entry	 ? entry->name
			 : "");
}

static void
append_places(GString *out, const UiReport *report, const char *report_path,
    const char *state_dir)
{
	const struct books *b = &report->total;

	for (guint i = 0; i < report->mailboxes->len; i++) {
		const struct ui_mailbox *m = report->mailboxes->pdata[i];

		if (m->recovery != NULL)
			g_string_append_printf(out,
			    "Failed items of %s are kept in\n  %s\n", m->name,
			    m->recovery);
	}
	if (report->stopped)
		g_string_append_printf(
		    out, "To go on:\n  mailmig resume --state %s\n", state_dir);
	else if (run_exit_status(b) > 1)
		g_string_append_printf(out,
		    "When the causes are removed:\n  mailmig resume --state "
		    "%s\n",
		    state_dir);
	if (report_path != NULL)
		g_string_append_printf(out, "Report:\n  %s\n", report_path);
	g_string_append_printf(
	    out, "Ledger, event log and recovery files:\n  %s\n", state_dir);
}

char *
ui_live_text(
    const UiReport *report, const char *report_path, const char *state_dir)
{
	const struct books *b = &report->total;
	g_autofree char *bytes = human_bytes(b->bytes);
	g_autofree char *took = human_duration(
	    (report->ended_us - report->begun_us) / G_USEC_PER_SEC);
	g_autofree char *mailboxes = NULL;
	GString *out = g_string_new(verdict(report));
	gint64 n = 0;

	for (guint i = 0; i < report->mailboxes->len; i++)
		n += !ui_mailbox_is_nobody(report->mailboxes->pdata[i]);
	mailboxes = human_count(n);
	g_string_append_printf(out, "\n\n%s mailbox%s, %s, in %s\n", mailboxes,
	    n == 1 ? "" : "es", bytes, took);
	append_sum(out, " ", b->found, "found");
	append_sum(out, "=", b->moved, "moved");
	append_sum(out, "+", b->there, "already there");
	append_sum(out, "+", b->filtered, "left out by a filter");
	append_sum(out, "+", b->failed, "failed");
	if (!books_balance(b))
		g_string_append(out,
		    "  The sum is wrong: something was not accounted for.\n");
	g_string_append_c(out, '\n');
	for (guint i = 0; i < MIN(report->items->len, ITEMS_MAX); i++)
		append_item(out, report, report->items->pdata[i]);
	if (report->items->len > ITEMS_MAX)
		g_string_append_printf(out, "and %u more, in the report\n",
		    report->items->len - ITEMS_MAX);
	if (report->items->len > 0)
		g_string_append_c(out, '\n');
	append_places(out, report, report_path, state_dir);
	return g_string_free(out, FALSE);
}

static const char result_help[] =
    "Found is the sum of the other four, for every mailbox; the report, a page "
    "for a browser, has a row for each. What failed is kept in a recovery set, "
    "which can be imported. The same plan can be run again at any time with "
    "the "
    "same state directory: it moves what is new.";

bool
ui_live_result(UiLive *live, const UiReport *report, const char *report_path)
{
	g_autofree char *text =
	    ui_live_text(report, report_path, live->plan->state_dir);

	if (live->gone)
		return false;
	close_window(live);
	return ui_text("Result", text, result_help, "Done", NULL, true) ==
	       ANSWER_BACK;
}

bool
ui_live_failed(UiLive *live, const char *why)
{
	if (live->gone)
		return false;
	close_window(live);
	return ui_ask("It could not begin", why, "Correct it", "Leave");
}
