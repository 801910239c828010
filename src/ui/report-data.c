/*
 * The report for machines: CSV for spreadsheets, JSON for programs; and the
 * files of all of them.
 */
#include "ui/report.h"

#include "base/csv.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

static void
end_row(GString *out)
{
	g_string_append(out, "\r\n");
}

/* One more field of the row. A spreadsheet takes a text that begins like a
 * formula for one: such a text, which may be a sender's, gets an apostrophe. */
static void
put(GString *out, const char *text)
{
	g_autofree char *safe = NULL;

	if (out->len > 0 && out->str[out->len - 1] != '\n')
		g_string_append_c(out, ',');
	if (text == NULL)
		text = "";
	if (*text != '\0' && strchr("=+-@\t\r", *text) != NULL)
		text = safe = g_strconcat("'", text, NULL);
	csv_put(out, text, ',');
}

static void
put_number(GString *out, gint64 n)
{
	g_string_append_printf(out, ",%" G_GINT64_FORMAT, n);
}

static void
put_time(GString *out, gint64 t_us)
{
	g_autoptr(GDateTime) t =
	    g_date_time_new_from_unix_utc(t_us / G_USEC_PER_SEC);
	g_autofree char *text =
	    t && t_us > 0 ? g_date_time_format(t, "%Y-%m-%dT%H:%M:%SZ") : NULL;

	put(out, text ? text : "");
}

void
ui_report_csv(const UiReport *report, GString *out)
{
	g_string_append(out,
	    "mailbox,destination,outcome,found,moved,there,filtered,failed,"
	    "bytes,updated,warnings,errors,begun,ended,reason,recovery\r\n");
	for (guint i = 0; i < report->mailboxes->len; i++) {
		const struct ui_mailbox *m = report->mailboxes->pdata[i];
		const struct books *b = &m->books;
		const gint64 counts[] = {b->found, b->moved, b->there,
		    b->filtered, b->failed, b->bytes, b->updated, b->warnings,
		    b->errors};

		if (ui_mailbox_is_nobody(m))
			continue;
		put(out, m->name);
		put(out, m->destination ? m->destination : "");
		put(out, ui_mailbox_outcome(m));
		for (guint j = 0; j < G_N_ELEMENTS(counts); j++)
			put_number(out, counts[j]);
		put_time(out, m->begun_us);
		put_time(out, m->ended_us);
		put(out, m->reason);
		put(out, m->recovery);
		end_row(out);
	}
}

static const char *
mailbox_of(const UiReport *report, const struct ui_item *item)
{
	const struct ui_mailbox *m;

	if (item->mailbox == G_MAXUINT)
		return "";
	m = report->mailboxes->pdata[item->mailbox];
	return m->name;
}

void
ui_report_items_csv(const UiReport *report, GString *out)
{
	g_string_append(out,
	    "mailbox,folder,key,subject,date,message_id,size,event,cause,side,"
	    "error,reason,remedy,file,line,recovery,place\r\n");
	for (guint i = 0; i < report->items->len; i++) {
		const struct ui_item *item = report->items->pdata[i];
		const struct event_entry *entry = event_entry_find(item->event);
		g_autofree char *place = ui_item_place(report, item);

		put(out, mailbox_of(report, item));
		put(out, item->folder);
		put(out, item->key);
		put(out, item->subject);
		put(out, item->date);
		put(out, item->message_id);
		if (item->size >= 0)
			put_number(out, item->size);
		else
			put(out, "");
		put_number(out, item->event);
		put(out, entry->name);
		put(out, item->side);
		put(out, item->kind);
		put(out, item->reason);
		put(out, entry->remedy);
		put(out, item->file);
		if (item->line > 0)
			put_number(out, item->line);
		else
			put(out, "");
		put(out, ui_item_recovery(report, item));
		put(out, place);
		end_row(out);
	}
}

static void
set_text(json_t *object, const char *name, const char *value)
{
	json_object_set_new(
	    object, name, value ? json_string(value) : json_null());
}

static void
set_time(json_t *object, const char *name, gint64 t_us)
{
	json_object_set_new(object, name,
	    t_us > 0 ? json_real((double)t_us / G_USEC_PER_SEC) : json_null());
}

static json_t *
books_json(const struct books *b)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:b}", "found",
	    (json_int_t)b->found, "moved", (json_int_t)b->moved, "there",
	    (json_int_t)b->there, "filtered", (json_int_t)b->filtered, "failed",
	    (json_int_t)b->failed, "bytes", (json_int_t)b->bytes, "updated",
	    (json_int_t)b->updated, "warnings", (json_int_t)b->warnings,
	    "errors", (json_int_t)b->errors, "balance", books_balance(b));
}

static json_t *
mailbox_json(const struct ui_mailbox *m)
{
	json_t *object = books_json(&m->books);

	set_text(object, "mailbox", m->name);
	set_text(object, "destination", m->destination);
	set_text(object, "outcome", ui_mailbox_outcome(m));
	set_text(object, "reason", m->reason);
	set_text(object, "recovery", m->recovery);
	set_time(object, "begun", m->begun_us);
	set_time(object, "ended", m->ended_us);
	return object;
}

static json_t *
item_json(const UiReport *report, const struct ui_item *item)
{
	const struct event_entry *entry = event_entry_find(item->event);
	g_autofree char *place = ui_item_place(report, item);
	json_t *object = json_object();

	set_text(object, "mailbox",
	    item->mailbox == G_MAXUINT ? NULL : mailbox_of(report, item));
	json_object_set_new(object, "event", json_integer(item->event));
	set_text(object, "cause", entry->name);
	set_text(object, "folder", item->folder);
	set_text(object, "key", item->key);
	set_text(object, "subject", item->subject);
	set_text(object, "date", item->date);
	set_text(object, "message_id", item->message_id);
	if (item->size >= 0)
		json_object_set_new(object, "size", json_integer(item->size));
	set_text(object, "side", item->side);
	set_text(object, "error", item->kind);
	set_text(object, "reason", item->reason);
	set_text(object, "remedy", entry->remedy);
	set_text(object, "file", item->file);
	if (item->line > 0)
		json_object_set_new(object, "line", json_integer(item->line));
	set_text(object, "recovery", ui_item_recovery(report, item));
	set_text(object, "place", place);
	return object;
}

void
ui_report_json(const UiReport *report, const char *version, GString *out)
{
	json_t *root = json_object(), *list = json_array();
	g_autofree char *text = NULL;
	json_t *total = books_json(&report->total);

	set_text(root, "mailmig", version);
	json_object_set_new(root, "run", json_integer((json_int_t)report->run));
	set_text(root, "command", report->command);
	set_text(root, "from", report->from);
	set_text(root, "to", report->to);
	set_time(root, "begun", report->begun_us);
	set_time(root, "ended", report->ended_us);
	json_object_set_new(root, "complete", json_boolean(report->complete));
	json_object_set_new(
	    root, "exit_status", json_integer(run_exit_status(&report->total)));
	json_object_set_new(total, "mailboxes",
	    json_integer((json_int_t)report->total.mailboxes));
	json_object_set_new(total, "mailboxes_failed",
	    json_integer((json_int_t)report->total.mailboxes_failed));
	json_object_set_new(root, "total", total);
	for (guint i = 0; i < report->mailboxes->len; i++)
		if (!ui_mailbox_is_nobody(report->mailboxes->pdata[i]))
			json_array_append_new(
			    list, mailbox_json(report->mailboxes->pdata[i]));
	json_object_set_new(root, "mailboxes", list);
	list = json_array();
	for (guint i = 0; i < report->items->len; i++)
		json_array_append_new(
		    list, item_json(report, report->items->pdata[i]));
	json_object_set_new(root, "failures", list);
	json_object_set_new(root, "failures_left_out",
	    json_integer((json_int_t)report->items_left_out));
	list = json_array();
	for (guint i = 0; i < report->warnings->len; i++) {
		const struct ui_warning *w = report->warnings->pdata[i];

		json_array_append_new(
		    list, json_pack("{s:i,s:s,s:I,s:s}", "event", w->event,
			      "name", event_entry_find(w->event)->name, "times",
			      (json_int_t)w->n, "first", w->first));
	}
	json_object_set_new(root, "warnings", list);
	text = json_dumps(root, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	g_string_append(out, text);
	g_string_append_c(out, '\n');
	json_decref(root);
}

static enum status
save(const char *dir, const char *name, const char *suffix, GString *text,
    GError **error)
{
	g_autofree char *file = g_strconcat(name, suffix, NULL);
	g_autofree char *path = g_build_filename(dir, file, NULL);
	g_autoptr(GError) cause = NULL;
	bool good = g_file_set_contents_full(path, text->str, (gssize)text->len,
	    G_FILE_SET_CONTENTS_CONSISTENT, 0600, &cause);

	g_string_truncate(text, 0);
	if (!good)
		return fail(ST_RUN, error, ERR_IO, RETRY_LATER, "report: %s",
		    cause->message);
	return ST_OK;
}

enum status
ui_report_save(const UiReport *report, const char *dir, const char *name,
    const char *version, GError **error)
{
	GString *text = g_string_new(NULL);
	enum status st;

	if (g_mkdir_with_parents(dir, 0700) != 0) {
		g_string_free(text, TRUE);
		return fail(ST_RUN, error, ERR_IO, RETRY_LATER,
		    "report: cannot make %s: %s", dir, g_strerror(errno));
	}
	ui_report_html(report, version, text);
	st = save(dir, name, ".html", text, error);
	if (st == ST_OK) {
		ui_report_csv(report, text);
		st = save(dir, name, ".csv", text, error);
	}
	if (st == ST_OK) {
		ui_report_items_csv(report, text);
		st = save(dir, name, "-failures.csv", text, error);
	}
	if (st == ST_OK) {
		ui_report_json(report, version, text);
		st = save(dir, name, ".json", text, error);
	}
	g_string_free(text, TRUE);
	return st;
}
