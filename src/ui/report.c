#include "ui/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void
ui_mailbox_free(void *data)
{
	struct ui_mailbox *mailbox = data;

	g_free(mailbox->name);
	g_free(mailbox->destination);
	g_free(mailbox->state);
	g_free(mailbox->reason);
	g_free(mailbox->recovery);
	g_free(mailbox);
}

static void
item_free(void *data)
{
	struct ui_item *item = data;

	g_free(item->folder);
	g_free(item->key);
	g_free(item->subject);
	g_free(item->date);
	g_free(item->message_id);
	g_free(item->side);
	g_free(item->kind);
	g_free(item->reason);
	g_free(item->file);
	g_free(item->place);
	g_free(item);
}

static void
warning_free(void *data)
{
	struct ui_warning *warning = data;

	g_free(warning->first);
	g_free(warning->first_mailbox);
	g_free(warning);
}

UiReport *
ui_report_new(void)
{
	UiReport *report = g_new0(UiReport, 1);

	report->mailboxes = g_ptr_array_new_with_free_func(ui_mailbox_free);
	report->items = g_ptr_array_new_with_free_func(item_free);
	report->warnings = g_ptr_array_new_with_free_func(warning_free);
	report->samples = g_array_new(FALSE, FALSE, sizeof(struct ui_sample));
	report->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	report->by_item =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return report;
}

void
ui_report_free(UiReport *report)
{
	if (report == NULL)
		return;
	g_free(report->command);
	g_free(report->from);
	g_free(report->to);
	g_hash_table_unref(report->by_name);
	g_hash_table_unref(report->by_item);
	g_ptr_array_unref(report->mailboxes);
	g_ptr_array_unref(report->items);
	g_ptr_array_unref(report->warnings);
	g_array_unref(report->samples);
	g_free(report);
}

/* Its index, or G_MAXUINT for what concerns no single mailbox. */
static guint
find_mailbox(UiReport *report, const char *name)
{
	struct ui_mailbox *mailbox;
	guint at;

	if (name == NULL)
		return G_MAXUINT;
	at = GPOINTER_TO_UINT(g_hash_table_lookup(report->by_name, name));
	if (at > 0)
		return at - 1;
	mailbox = g_new0(struct ui_mailbox, 1);
	mailbox->name = g_strdup(name);
	mailbox->state = g_strdup("cut");
	g_ptr_array_add(report->mailboxes, mailbox);
	at = report->mailboxes->len;
	g_hash_table_insert(
	    report->by_name, mailbox->name, GUINT_TO_POINTER(at));
	return at - 1;
}

static void
set(char **field, const char *value)
{
	if (value == NULL)
		return;
	g_free(*field);
	*field = g_strdup(value);
}

static char *
item_name(guint mailbox, const char *folder, const char *key)
{
	return g_strdup_printf(
	    "%u\n%s\n%s", mailbox, folder ? folder : "", key ? key : "");
}

static void
add_item(UiReport *report, const Event *event, guint mailbox)
{
	char *const *folder = event_get_path(event, "folder");
	struct ui_item *item;

	if (report->items->len >= UI_REPORT_ITEMS_MAX) {
		report->items_left_out++;
		return;
	}
	item = g_new0(struct ui_item, 1);
	item->event = event_id_of(event);
	item->mailbox = mailbox;
	item->message = event_get_number(event, "failed") > 0 &&
			item->event != EVENT_JOB_ENDED;
	if (folder != NULL)
		item->folder = g_strjoinv("/", (char **)folder);
	set(&item->key, event_get_text(event, "key"));
	set(&item->subject, event_get_text(event, "subject"));
	set(&item->date, event_get_text(event, "date"));
	set(&item->message_id, event_get_text(event, "message_id"));
	set(&item->side, event_get_text(event, "side"));
	set(&item->kind, event_get_text(event, "error"));
	set(&item->reason, event_get_text(event, "reason"));
	if (item->reason == NULL)
		item->reason = event_to_text(event);
	set(&item->file, event_get_text(event, "file"));
	item->line = event_get_number(event, "line");
	item->size =
	    event_has(event, "size") ? event_get_number(event, "size") : -1;
	g_ptr_array_add(report->items, item);
	if (item->message)
		g_hash_table_insert(report->by_item,
		    item_name(mailbox, item->folder, item->key), item);
}

/* A recovery set that is written again, after a lost connection, tells its
 * places again: the last word counts. */
static void
add_place(UiReport *report, const Event *event, guint mailbox)
{
	char *const *path = event_get_path(event, "folder");
	g_autofree char *folder = path ? g_strjoinv("/", (char **)path) : NULL;
	g_autofree char *name =
	    item_name(mailbox, folder, event_get_text(event, "key"));
	struct ui_item *item = g_hash_table_lookup(report->by_item, name);
	const char *list = event_get_text(event, "list");

	if (item == NULL)
		return;
	g_free(item->place);
	item->place = g_strdup_printf("%s%s%s line %" G_GINT64_FORMAT ", %s",
	    list ? list : "", list ? ": " : "", event_get_text(event, "file"),
	    event_get_number(event, "line"), event_get_text(event, "entry"));
}

static void
add_warning(UiReport *report, const Event *event)
{
	struct ui_warning *warning;

	for (guint i = 0; i < report->warnings->len; i++) {
		warning = report->warnings->pdata[i];
		if (warning->event == event_id_of(event)) {
			warning->n++;
			return;
		}
	}
	warning = g_new0(struct ui_warning, 1);
	warning->event = event_id_of(event);
	warning->n = 1;
	warning->first = event_to_text(event);
	set(&warning->first_mailbox, event_get_text(event, "mailbox"));
	g_ptr_array_add(report->warnings, warning);
}

/* Workers' events come in the order of their arrival: nearly, but not quite,
 * that of their times. */
static void
add_sample(UiReport *report, gint64 t_us, gint64 messages, gint64 bytes)
{
	struct ui_sample sample = {t_us / G_USEC_PER_SEC, messages, bytes};
	guint at = report->samples->len;

	while (at > 0) {
		struct ui_sample *s =
		    &g_array_index(report->samples, struct ui_sample, at - 1);

		if (s->second == sample.second) {
			s->messages += messages;
			s->bytes += bytes;
			return;
		}
		if (s->second < sample.second)
			break;
		at--;
	}
	g_array_insert_val(report->samples, at, sample);
}

static void
apply_mailbox(struct ui_mailbox *mailbox, const Event *event)
{
	const char *state = event_get_text(event, "state");

	books_apply(&mailbox->books, event);
	switch (event_id_of(event)) {
	case EVENT_JOB_BEGUN:
		set(&mailbox->destination,
		    event_get_text(event, "destination"));
		if (mailbox->begun_us == 0)
			mailbox->begun_us = event_time_us(event) / 1000 * 1000;
		break;
	case EVENT_JOB_ENDED:
		mailbox->ended_us = event_time_us(event) / 1000 * 1000;
		set(&mailbox->state, state ? state
				     : event_get_number(event, "failed") > 0
					 ? "failed"
					 : "done");
		break;
	case EVENT_JOB_STOPPED:
		mailbox->ended_us = event_time_us(event) / 1000 * 1000;
		set(&mailbox->state, "stopped");
		break;
	case EVENT_JOB_FAILED:
	case EVENT_MAILBOX_NOT_OPENED:
	case EVENT_IMAP_PROTOCOL:
	case EVENT_IMAP_REFUSED:
		set(&mailbox->reason, event_get_text(event, "reason"));
		break;
	case EVENT_ACCOUNT_WITHOUT_MAILBOX:
		set(&mailbox->state, "failed");
		set(&mailbox->reason, "not in the source");
		break;
	case EVENT_RECOVERY_FILE:
		set(&mailbox->recovery, event_get_text(event, "path"));
		mailbox->kept += event_get_number(event, "n");
		break;
	}
}

void
ui_report_event(UiReport *report, const Event *event)
{
	const char *name = event_get_text(event, "mailbox");
	/* Of a whole millisecond, as in the log: the same report every time. */
	gint64 t_us = event_time_us(event) / 1000 * 1000;
	int id = event_id_of(event);
	guint at = G_MAXUINT;

	if (report->begun_us == 0 || t_us < report->begun_us)
		report->begun_us = t_us;
	report->ended_us = MAX(report->ended_us, t_us);
	if (event_has(event, "run"))
		report->run = (guint64)event_get_number(event, "run");
	books_apply(&report->total, event);
	/* Mailboxes that nobody wanted moved are no part of the run. */
	if (id != EVENT_MAILBOX_WITHOUT_ACCOUNT)
		at = find_mailbox(report, name);
	if (at != G_MAXUINT)
		apply_mailbox(report->mailboxes->pdata[at], event);
	switch (id) {
	case EVENT_RUN_BEGUN:
		set(&report->command, event_get_text(event, "command"));
		set(&report->from, event_get_text(event, "from"));
		set(&report->to, event_get_text(event, "to"));
		break;
	case EVENT_RUN_STOPPED:
		report->stopped = true;
		break;
	case EVENT_RECOVERY_ITEM:
		add_place(report, event, at);
		break;
	case EVENT_RUN_ENDED:
		report->complete = true;
		break;
	case EVENT_MESSAGES_MOVED:
		add_sample(report, t_us, event_get_number(event, "n"),
		    event_get_number(event, "bytes"));
		break;
	case EVENT_VERIFY_FOLDER_DONE:
		report->verify = true;
		add_sample(report, t_us, event_get_number(event, "found"), 0);
		break;
	}
	if (event_level_of(event) == EVENT_ERROR)
		add_item(report, event, at);
	else if (event_level_of(event) == EVENT_WARNING)
		add_warning(report, event);
}

enum status
ui_report_read(UiReport *report, const char *path, GError **error)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (file == NULL)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "event log %s cannot be read: %s", path, g_strerror(errno));
	while (getline(&line, &size, file) >= 0) {
		g_autoptr(Event) event = event_from_json(line);

		if (event != NULL)
			ui_report_event(report, event);
	}
	free(line);
	fclose(file);
	return ST_OK;
}

const char *
ui_mailbox_outcome(const struct ui_mailbox *mailbox)
{
	const struct books *b = &mailbox->books;

	if (b->mailboxes_failed > 0 || strcmp(mailbox->state, "failed") == 0)
		return "failed";
	if (strcmp(mailbox->state, "stopped") == 0)
		return "stopped";
	if (b->failed > 0 || b->errors > 0 || !books_balance(b))
		return "errors";
	if (strcmp(mailbox->state, "done") != 0 && b->found + b->moved > 0)
		return "cut";
	return b->warnings > 0 ? "warnings" : "ok";
}

bool
ui_mailbox_is_nobody(const struct ui_mailbox *mailbox)
{
	return *mailbox->name == '(' && mailbox->books.found == 0 &&
	       strcmp(ui_mailbox_outcome(mailbox), "ok") == 0;
}

const char *
ui_item_recovery(const UiReport *report, const struct ui_item *item)
{
	const struct ui_mailbox *mailbox;

	if (!item->message || item->mailbox == G_MAXUINT)
		return NULL;
	/* What the source could not give is nowhere else. */
	if (item->side != NULL && strcmp(item->side, "source") == 0 &&
	    item->file == NULL)
		return NULL;
	mailbox = report->mailboxes->pdata[item->mailbox];
	return mailbox->recovery;
}

char *
ui_item_place(const UiReport *report, const struct ui_item *item)
{
	if (ui_item_recovery(report, item) == NULL)
		return NULL;
	if (item->place != NULL)
		return g_strdup(item->place);
	/* A row of migration files is kept as it was, behind a comment that
	 * says where it stood (migration-files(5)). */
	if (item->file != NULL && item->line > 0)
		return g_strdup_printf("behind \"! %s:%" G_GINT64_FORMAT "\"",
		    item->file, item->line);
	return NULL;
}
