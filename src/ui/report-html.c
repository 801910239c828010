/*
 * The report as one HTML page: style and script are in it, nothing is loaded.
 */
#include "ui/report-private.h"

#include "base/human.h"
#include "ui/ui-resources.h"

#include <string.h>

#define ROWS_SHOWN 100 /* before the script turns pages; also report.js */

void
ui_html_text(GString *out, const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		switch (*text) {
		case '&':
			g_string_append(out, "&amp;");
			break;
		case '<':
			g_string_append(out, "&lt;");
			break;
		case '>':
			g_string_append(out, "&gt;");
			break;
		case '"':
			g_string_append(out, "&quot;");
			break;
		case '\'':
			g_string_append(out, "&#39;");
			break;
		default:
			g_string_append_c(
			    out, g_ascii_iscntrl(*text) ? ' ' : *text);
		}
	}
}

char *
ui_time_text(gint64 t_us)
{
	g_autoptr(GDateTime) t =
	    g_date_time_new_from_unix_local(t_us / G_USEC_PER_SEC);

	return t && t_us > 0 ? g_date_time_format(t, "%Y-%m-%d %H:%M:%S %z")
			     : g_strdup("?");
}

static void
put_resource(GString *out, const char *name)
{
	g_autofree char *path = g_strconcat("/mailmig/", name, NULL);
	g_autoptr(GBytes) bytes =
	    g_resource_lookup_data(ui_resources_get_resource(), path,
		G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

	g_assert(bytes); /* it is in this program */
	g_string_append_len(out, g_bytes_get_data(bytes, NULL),
	    (gssize)g_bytes_get_size(bytes));
}

/* 0 clean, 1 warnings, 2 errors; a run without an end is no success. */
static int
verdict(const UiReport *report)
{
	int status = run_exit_status(&report->total);

	return !report->complete && !report->verify ? 2 : status;
}

static void
put_head(const UiReport *report, const char *version, GString *out)
{
	static const char *const words[] = {
	    "Completed", "Completed with warnings", "Completed with failures"};
	static const char *const classes[] = {"", "warnings", "errors"};
	int status = verdict(report);
	g_autofree char *begun = ui_time_text(report->begun_us);
	g_autofree char *took = human_duration(
	    (report->ended_us - report->begun_us) / G_USEC_PER_SEC);
	const char *what = report->verify ? "Verification" : "Migration report";
	const char *word = report->stopped ? "Stopped before its end"
			   : !report->complete && !report->verify
			       ? "Cut before its end"
			       : words[status];

	g_string_append(out,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
	    "charset=\"utf-8\">"
	    "\n<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" "
	    "content=\"default-src 'none'; style-src 'unsafe-inline'; "
	    "script-src 'unsafe-inline'\">\n<meta name=\"color-scheme\" "
	    "content=\"light dark\">\n<meta name=\"generator\" "
	    "content=\"mailmig ");
	ui_html_text(out, version);
	g_string_append_printf(out,
	    "\">\n<title>%s, run %" G_GUINT64_FORMAT "</title>\n<style>\n",
	    what, report->run);
	put_resource(out, "report.css");
	g_string_append(out,
	    "</style>\n<noscript><style>tbody[hidden]{display:table-row-group}"
	    ".tools,.pager{display:none}</style></noscript>\n</head>\n<body>\n"
	    "<a class=\"skip\" href=\"#mailboxes\">To the mailboxes</a>\n"
	    "<header>\n<div class=\"top\"><h1>");
	g_string_append_printf(out,
	    "%s</h1> <span class=\"badge %s\">%s</span></div>\n", what,
	    report->complete || report->verify ? classes[status] : "errors",
	    word);
	if (report->from != NULL) {
		g_string_append(out, "<p class=\"way\"><b>");
		ui_html_text(out, report->from);
		g_string_append(out, "</b><span aria-label=\"to\">\xe2\x86\x92"
				     "</span><b>");
		ui_html_text(out, report->to);
		g_string_append(out, "</b></p>\n");
	}
	g_string_append(out, "<p class=\"meta\">");
	if (report->run > 0)
		g_string_append_printf(
		    out, "Run %" G_GUINT64_FORMAT ", ", report->run);
	g_string_append_printf(out, "begun %s, took %s</p>\n", begun, took);
	if (report->command != NULL) {
		g_string_append(out, "<p class=\"meta\"><code>");
		ui_html_text(out, report->command);
		g_string_append(out, "</code></p>\n");
	}
	g_string_append(out, "</header>\n<main>\n");
}

static void
put_term(GString *out, const char *class, const char *name, gint64 n)
{
	g_autofree char *count = human_count(n);

	g_string_append_printf(out,
	    "<div class=\"%s\"><dt>%s</dt><dd>%s</dd></div>\n",
	    n == 0 ? "c-zero" : class, name, count);
}

static void
put_bar(GString *out, const char *class, gint64 n, gint64 all)
{
	if (n > 0 && all > 0)
		g_string_append_printf(out,
		    "<i class=\"%s\" style=\"flex:%.6f\"></i>", class,
		    (double)n / (double)all);
}

static void
put_books(const UiReport *report, GString *out)
{
	const struct books *b = &report->total;
	gint64 sum = b->moved + b->there + b->filtered + b->failed;
	gint64 all = MAX(b->found, sum);

	g_string_append(out,
	    "<section aria-labelledby=\"h-books\">\n<h2 id=\"h-books\">"
	    "Messages</h2>\n<dl class=\"books\">\n");
	put_term(out, "c-found", "found", b->found);
	g_string_append(out, "<span class=\"op\">=</span>\n");
	if (!report->verify) {
		put_term(out, "c-moved", "moved", b->moved);
		g_string_append(out, "<span class=\"op\">+</span>\n");
	}
	put_term(out, "c-there",
	    report->verify ? "equal at the destination" : "already there",
	    b->there);
	g_string_append(out, "<span class=\"op\">+</span>\n");
	put_term(out, "c-filtered", "left out by a filter", b->filtered);
	g_string_append(out, "<span class=\"op\">+</span>\n");
	put_term(out, "c-failed", report->verify ? "not equal" : "failed",
	    b->failed);
	g_string_append(out, "</dl>\n<div class=\"bar\" aria-hidden=\"true\">");
	put_bar(out, "f-moved", b->moved, all);
	put_bar(out, "f-there", b->there, all);
	put_bar(out, "f-filtered", b->filtered, all);
	put_bar(out, "f-failed", b->failed, all);
	g_string_append(out, "</div>\n");
	if (books_balance(b)) {
		g_string_append(out,
		    "<p class=\"verdict\"><b>\xe2\x9c\x93 The books "
		    "balance:</b> "
		    "every message that was found is accounted for.</p>\n");
	} else {
		g_autofree char *off = human_count(ABS(b->found - sum));

		g_string_append_printf(out,
		    "<p class=\"verdict bad\"><b>\xe2\x9c\x97 The books are "
		    "off "
		    "by %s:</b> a mailbox did not come to its end, or an error "
		    "below says why.</p>\n",
		    off);
	}
	g_string_append(out, "</section>\n");
}

static void
put_fact(GString *out, const char *name, const char *value)
{
	g_string_append_printf(
	    out, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

static void
put_facts(const UiReport *report, GString *out)
{
	const struct books *b = &report->total;
	gint64 us = MAX(report->ended_us - report->begun_us, 1000);
	double seconds = (double)us / G_USEC_PER_SEC;
	g_autofree char *mailboxes = human_count(b->mailboxes);
	g_autofree char *bytes = human_bytes(b->bytes);
	g_autofree char *rate =
	    human_bytes((gint64)((double)b->bytes / seconds));
	g_autofree char *messages = human_count(
	    (gint64)((double)(report->verify ? b->found : b->moved) / seconds));
	g_autofree char *warnings = human_count(b->warnings);
	g_autofree char *errors = human_count(b->errors);
	g_autofree char *failed = human_count(b->mailboxes_failed);
	g_autofree char *folders = human_count(b->folders);
	g_autofree char *others = human_count(b->others);
	g_autofree char *updated = human_count(b->updated);
	g_autofree char *both = g_strdup_printf("%s/s, %s/s", messages, rate);

	g_string_append(out, "<section aria-labelledby=\"h-facts\">\n<h2 "
			     "id=\"h-facts\">The run</h2>\n<dl class=\"facts\">"
			     "\n");
	put_fact(out, "mailboxes", mailboxes);
	put_fact(out, "of them failed", failed);
	if (!report->verify) {
		put_fact(out, "size moved", bytes);
		put_fact(out, "speed", both);
		put_fact(out, "folders made", folders);
		if (b->updated > 0)
			put_fact(out, "flags carried over", updated);
		if (b->others > 0)
			put_fact(out, "addresses, people", others);
	}
	put_fact(out, "warnings", warnings);
	put_fact(out, "errors", errors);
	g_string_append(out, "</dl>\n</section>\n");
	g_string_append(out, "<section aria-labelledby=\"h-charts\">\n<h2 "
			     "id=\"h-charts\">Charts</h2>\n<div "
			     "class=\"charts\">\n");
	ui_chart_throughput(report, out);
	if (!report->verify)
		ui_chart_sizes(report, out);
	ui_chart_causes(report, out);
	g_string_append(out, "</div>\n</section>\n");
}

static void
put_column(GString *out, const char *class, const char *name)
{
	g_string_append_printf(out,
	    "<th scope=\"col\" aria-sort=\"none\"%s%s%s><button "
	    "type=\"button\">%s</button></th>",
	    class ? " class=\"" : "", class ? class : "", class ? "\"" : "",
	    name);
}

static void
put_cell(GString *out, gint64 n, const char *text, bool bad)
{
	g_string_append_printf(out,
	    "<td class=\"n%s\" data-v=\"%" G_GINT64_FORMAT "\">%s</td>",
	    n == 0 ? " z"
	    : bad  ? " bad"
		   : "",
	    n, text);
}

static void
put_mailbox(const UiReport *report, const struct ui_mailbox *m, GString *out)
{
	const struct books *b = &m->books;
	const gint64 counts[] = {
	    b->found, b->moved, b->there, b->filtered, b->failed};
	const char *outcome = ui_mailbox_outcome(m);
	gint64 took = m->begun_us > 0 && m->ended_us > m->begun_us
			  ? m->ended_us - m->begun_us
			  : 0;
	g_autofree char *bytes = human_bytes(b->bytes);
	g_autofree char *time = human_duration(took / G_USEC_PER_SEC);

	g_string_append_printf(
	    out, "<tr data-outcome=\"%s\"><th scope=\"row\">", outcome);
	ui_html_text(out, m->name);
	if (m->destination != NULL && strcmp(m->destination, m->name) != 0) {
		g_string_append(out, " <span class=\"why\">\xe2\x86\x92 ");
		ui_html_text(out, m->destination);
		g_string_append(out, "</span>");
	}
	if (m->reason != NULL) {
		g_string_append(out, "<div class=\"why\">");
		ui_html_text(out, m->reason);
		g_string_append(out, "</div>");
	}
	g_string_append_printf(out,
	    "</th><td><span class=\"pill %s\">%s</span></td>", outcome,
	    outcome);
	for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
		g_autofree char *text = human_count(counts[i]);

		if (!report->verify || i != 1)
			put_cell(out, counts[i], text, i == 4);
	}
	if (!report->verify)
		put_cell(out, b->bytes, bytes, false);
	put_cell(out, took, time, false);
	g_string_append(out, "</tr>\n");
}

static void
put_grid_tools(GString *out, const char *what, bool outcomes)
{
	static const char *const words[] = {
	    "ok", "warnings", "errors", "failed", "stopped", "cut"};

	g_string_append_printf(out,
	    "<div class=\"tools\"><label>Search <input type=\"search\" "
	    "placeholder=\"%s\"></label>\n",
	    what);
	if (outcomes) {
		g_string_append(out, "<label>Outcome <select><option "
				     "value=\"\">all</option>");
		for (guint i = 0; i < G_N_ELEMENTS(words); i++)
			g_string_append_printf(
			    out, "<option>%s</option>", words[i]);
		g_string_append(out, "</select></label>\n");
	}
	g_string_append(out, "<span class=\"count\" role=\"status\" "
			     "aria-live=\"polite\"></span></div>\n");
}

static void
put_pager(GString *out)
{
	g_string_append(out,
	    "<div class=\"pager\" hidden><button type=\"button\">Back</button>"
	    " <span aria-live=\"polite\"></span> <button type=\"button\">"
	    "Next</button></div>\n");
}

/* The rows beyond the first page stand in a second body, which nobody lays
 * out until the script takes it apart, or the page is printed. */
static void
put_break(GString *out, guint row)
{
	if (row == ROWS_SHOWN)
		g_string_append(out, "</tbody><tbody hidden>\n");
}

static void
put_mailboxes(const UiReport *report, GString *out)
{
	guint row = 0;

	g_string_append(out,
	    "<section id=\"mailboxes\" data-grid aria-labelledby=\"h-boxes\">\n"
	    "<h2 id=\"h-boxes\">Mailboxes</h2>\n");
	put_grid_tools(out, "name, destination, reason", true);
	g_string_append(out,
	    "<div class=\"scroll\"><table><caption>Mailboxes of the run with "
	    "their counts</caption><thead><tr>");
	put_column(out, NULL, "mailbox");
	put_column(out, NULL, "outcome");
	put_column(out, "n", "found");
	if (!report->verify)
		put_column(out, "n", "moved");
	put_column(out, "n", report->verify ? "equal" : "there");
	put_column(out, "n", "filtered");
	put_column(out, "n", report->verify ? "not equal" : "failed");
	if (!report->verify)
		put_column(out, "n", "size");
	put_column(out, "n", "time");
	g_string_append(out, "</tr></thead>\n<tbody>\n");
	for (guint i = 0; i < report->mailboxes->len; i++) {
		const struct ui_mailbox *m = report->mailboxes->pdata[i];

		if (ui_mailbox_is_nobody(m))
			continue;
		put_break(out, row++);
		put_mailbox(report, m, out);
	}
	g_string_append(out, "</tbody></table></div>\n");
	put_pager(out);
	g_string_append(out, "</section>\n");
}

/* What it is, to whoever looks for it: subject and date, else its key. */
static void
put_item(const UiReport *report, const struct ui_item *item, GString *out)
{
	const char *recovery = ui_item_recovery(report, item);
	g_autofree char *place = ui_item_place(report, item);
	const struct ui_mailbox *m =
	    item->mailbox == G_MAXUINT
		? NULL
		: report->mailboxes->pdata[item->mailbox];

	g_string_append(out, "<tr><th scope=\"row\">");
	ui_html_text(out, m ? m->name : "(the run)");
	if (item->folder != NULL) {
		g_string_append(out, "<div class=\"why\">");
		ui_html_text(out, item->folder);
		g_string_append(out, "</div>");
	}
	g_string_append(out, "</th><td>");
	ui_html_text(out, item->subject);
	g_string_append(out, item->subject ? "<div class=\"why\">" : "<div>");
	if (item->key != NULL) {
		g_string_append(out, item->message ? "message " : "");
		ui_html_text(out, item->key);
	}
	if (item->date != NULL) {
		g_string_append(out, ", <span class=\"date\">");
		ui_html_text(out, item->date);
		g_string_append(out, "</span>");
	}
	if (item->size > 0) {
		g_autofree char *size = human_bytes(item->size);

		g_string_append_printf(out, ", %s", size);
	}
	if (item->message_id != NULL) {
		g_string_append(out, "<br><code>");
		ui_html_text(out, item->message_id);
		g_string_append(out, "</code>");
	}
	g_string_append(out, "</div></td><td>");
	ui_html_text(out, item->reason);
	if (item->file != NULL) {
		g_string_append(out, "<div class=\"why\">");
		ui_html_text(out, item->file);
		if (item->line > 0)
			g_string_append_printf(
			    out, ", line %" G_GINT64_FORMAT, item->line);
		g_string_append(out, "</div>");
	}
	g_string_append(out, "</td><td>");
	if (recovery != NULL) {
		g_string_append(out, "<code>");
		ui_html_text(out, recovery);
		g_string_append(out, "</code>");
		if (place != NULL) {
			g_string_append(out, "<div class=\"why\">");
			ui_html_text(out, place);
			g_string_append(out, "</div>");
		}
	} else if (item->message) {
		g_string_append(out, "at the source");
	}
	g_string_append(out, "</td></tr>\n");
}

static void
put_cause(const UiReport *report, const struct ui_cause *cause, bool open,
    guint *left, GString *out)
{
	const struct event_entry *entry = event_entry_find(cause->event);
	g_autofree char *name = ui_cause_name(cause);
	g_autofree char *count = human_count(cause->items->len);
	guint shown = MIN(cause->items->len, *left);

	g_string_append_printf(out,
	    "<details%s data-grid><summary><b>%c%s</b> <span class=\"why\">"
	    "event %d</span> <span class=\"count\">%s</span></summary>\n<div "
	    "class=\"inside\">\n<div class=\"remedy\">",
	    open ? " open" : "", g_ascii_toupper(*name), name + 1, entry->id,
	    count);
	if (*entry->why != '\0') {
		g_string_append(out, "<p><b>What it means.</b> ");
		ui_html_text(out, entry->why);
		g_string_append(out, "</p>");
	}
	if (*entry->remedy != '\0') {
		g_string_append(out, "<p><b>What to do.</b> ");
		ui_html_text(out, entry->remedy);
		g_string_append(out, "</p>");
	}
	g_string_append(out, "</div>\n");
	if (shown > 12)
		put_grid_tools(out, "mailbox, folder, subject, reason", false);
	g_string_append(out,
	    "<div class=\"scroll\"><table><caption>Items that failed for this "
	    "cause</caption><thead><tr>");
	put_column(out, NULL, "mailbox, folder");
	put_column(out, NULL, "item");
	put_column(out, NULL, "reason");
	put_column(out, NULL, "kept in");
	g_string_append(out, "</tr></thead>\n<tbody>\n");
	for (guint i = 0; i < shown; i++) {
		put_break(out, i);
		put_item(report,
		    report->items->pdata[g_array_index(cause->items, guint, i)],
		    out);
	}
	g_string_append(out, "</tbody></table></div>\n");
	put_pager(out);
	if (shown < cause->items->len) {
		g_autofree char *more = human_count(cause->items->len - shown);

		g_string_append_printf(out,
		    "<p class=\"why\">%s more are in the CSV file of this "
		    "report.</p>\n",
		    more);
	}
	g_string_append(out, "</div></details>\n");
	*left -= shown;
}

static void
put_failures(const UiReport *report, GString *out)
{
	g_autoptr(GPtrArray) causes = ui_causes(report);
	guint left = UI_REPORT_PAGE_ITEMS_MAX;

	g_string_append(out, "<section aria-labelledby=\"h-bad\">\n<h2 "
			     "id=\"h-bad\">What failed</h2>\n");
	if (causes->len == 0)
		g_string_append(out, "<p class=\"meta\">Nothing.</p>\n");
	for (guint i = 0; i < causes->len; i++)
		put_cause(report, causes->pdata[i], i == 0, &left, out);
	if (report->items_left_out > 0) {
		g_autofree char *more = human_count(report->items_left_out);

		g_string_append_printf(out,
		    "<p class=\"why\">%s more are in the event log "
		    "alone.</p>\n",
		    more);
	}
	g_string_append(out, "</section>\n");
}

static void
put_warnings(const UiReport *report, GString *out)
{
	if (report->warnings->len == 0)
		return;
	g_string_append(out,
	    "<section aria-labelledby=\"h-warn\">\n<h2 id=\"h-warn\">Warnings"
	    "</h2>\n<div class=\"scroll\"><table><caption>Warnings by kind"
	    "</caption><thead><tr><th scope=\"col\">event</th><th "
	    "scope=\"col\">the first one</th><th scope=\"col\">what to do</th>"
	    "<th scope=\"col\" class=\"n\">times</th></tr></thead>\n<tbody>\n");
	for (guint i = 0; i < report->warnings->len; i++) {
		const struct ui_warning *w = report->warnings->pdata[i];
		const struct event_entry *entry = event_entry_find(w->event);
		g_autofree char *count = human_count(w->n);

		g_string_append_printf(out,
		    "<tr><th scope=\"row\">%s <span class=\"why\">%d</span>"
		    "</th><td>",
		    entry->name, entry->id);
		if (w->first_mailbox != NULL) {
			ui_html_text(out, w->first_mailbox);
			g_string_append(out, ": ");
		}
		ui_html_text(out, w->first);
		g_string_append(out, "</td><td>");
		ui_html_text(out, entry->remedy);
		g_string_append_printf(
		    out, "</td><td class=\"n\">%s</td></tr>\n", count);
	}
	g_string_append(out, "</tbody></table></div>\n</section>\n");
}

void
ui_report_html(const UiReport *report, const char *version, GString *out)
{
	g_autofree char *now = ui_time_text(g_get_real_time());

	put_head(report, version, out);
	put_books(report, out);
	put_facts(report, out);
	put_failures(report, out);
	put_warnings(report, out);
	put_mailboxes(report, out);
	g_string_append(out, "</main>\n<footer><p>Made by mailmig ");
	ui_html_text(out, version);
	g_string_append_printf(out,
	    " on %s, from the event log of the run and nothing else. "
	    "<code>mailmig events NUMBER</code> explains an event.</p></footer>"
	    "\n<script>\n",
	    now);
	put_resource(out, "report.js");
	g_string_append(out, "</script>\n</body>\n</html>\n");
}
