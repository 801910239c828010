#include "engine/report.h"

#include <string.h>

#define HELD_MAX 100 /* remarks on one item: the first tells the cause */

struct held {
	char *code, *text, *file, *other_file, *key;
	gint64 line, offset;
	char **folder;
};

struct Report {
	Feed *feed;
	bool holding;
	GPtrArray *held;
	struct envelope scratch;
};

static void
held_free(void *data)
{
	struct held *held = data;

	g_free(held->code);
	g_free(held->text);
	g_free(held->file);
	g_free(held->other_file);
	g_free(held->key);
	g_strfreev(held->folder);
	g_free(held);
}

Report *
report_new(Feed *feed)
{
	Report *report = g_new0(Report, 1);

	report->feed = feed;
	report->held = g_ptr_array_new_with_free_func(held_free);
	envelope_init(&report->scratch);
	return report;
}

void
report_free(Report *report)
{
	if (report == NULL)
		return;
	g_ptr_array_unref(report->held);
	envelope_clear(&report->scratch);
	g_free(report);
}

/* Diagnostics that the original had a number for (migration-files(5)). */
static int
original_event(const char *code)
{
	static const struct {
		const char *code;
		enum event_id id;
	} map[] = {
	    {"PRI_TEXT_AFTER_QUOTE", EVENT_TEXT_AFTER_QUOTE},
	    {"PRI_BAD_SECTION_HEADER", EVENT_BAD_SECTION},
	    {"PRI_UNKNOWN_SECTION", EVENT_BAD_SECTION},
	    {"PAB_BAD_HEADING", EVENT_PAB_HEADING},
	    {"SEC_BAD_SECTION_HEADER", EVENT_SECONDARY_HEADING},
	    {"SEC_BAD_LENGTH", EVENT_SECONDARY_HEADING},
	    {"SEC_TRUNCATED", EVENT_SECONDARY_DAMAGED},
	    {"SEC_NAME_MISSING", EVENT_ATTACHMENT_NAME_MISSING},
	};

	for (guint i = 0; code && i < G_N_ELEMENTS(map); i++)
		if (strcmp(map[i].code, code) == 0)
			return map[i].id;
	return 0;
}

static Event *
remark_event(const struct held *held, enum remark_level level)
{
	enum event_id id = EVENT_REMARK_INFO;
	Event *event;

	switch (level) {
	case REMARK_INFO:
		id = EVENT_REMARK_INFO;
		break;
	case REMARK_WARNING:
		id = EVENT_REMARK_WARNING;
		break;
	case REMARK_ERROR:
		id = EVENT_REMARK_ERROR;
		if (original_event(held->code))
			id = (enum event_id)original_event(held->code);
		break;
	}
	event = event_new(id);
	event_text(event, "code", held->code);
	event_text(event, "reason", held->text);
	if (held->folder)
		event_path(event, "folder", held->folder);
	event_text(event, "key", held->key);
	return event;
}

static void
put_place(Event *event, const struct held *held)
{
	event_text(event, "file", held->file);
	if (held->file && held->line > 0)
		event_number(event, "line", held->line);
	event_text(event, "other_file", held->other_file);
	if ((held->file || held->other_file) && held->offset >= 0)
		event_number(event, "offset", held->offset);
}

static void
tell(Report *report, const struct held *held, enum remark_level level)
{
	Event *event = remark_event(held, level);

	put_place(event, held);
	feed_tell(report->feed, event);
}

void
report_remark(void *ctx, const struct remark *remark)
{
	Report *report = ctx;
	struct held *held = g_new(struct held, 1);

	*held = (struct held){
	    .code = g_strdup(remark->code ? remark->code : "REMARK"),
	    .text = g_strdup(remark->text),
	    .file = g_strdup(remark->file),
	    .other_file = g_strdup(remark->other_file),
	    .key = g_strdup(remark->key),
	    .line = remark->line,
	    .offset = remark->offset,
	    .folder = remark->folder ? g_strdupv(remark->folder->path) : NULL,
	};
	if (report->holding && remark->level == REMARK_ERROR &&
	    report->held->len < HELD_MAX) {
		g_ptr_array_add(report->held, held);
		return;
	}
	tell(report, held, remark->level);
	held_free(held);
}

void
report_hold(Report *report)
{
	report->holding = true;
	g_ptr_array_set_size(report->held, 0);
}

void
report_release(Report *report)
{
	report->holding = false;
	for (guint i = 0; i < report->held->len; i++)
		tell(report, report->held->pdata[i], REMARK_ERROR);
	g_ptr_array_set_size(report->held, 0);
}

static void
put_envelope(
    Event *event, const struct message *message, struct envelope *scratch)
{
	const struct envelope *envelope = NULL;
	g_autofree char *sent = NULL;

	if (message->has_body &&
	    message_envelope(message, scratch, &envelope, NULL) < 0)
		return;
	if (envelope == NULL)
		envelope = message->envelope;
	if (envelope == NULL)
		return;
	event_text(event, "subject", envelope->subject);
	event_text(event, "message_id", envelope->message_id);
	sent = stamp_to_iso(&envelope->sent);
	if (*sent)
		event_text(event, "date", sent);
}

Event *
report_failed(Report *report, const struct record *record,
    const struct folder *folder, const struct blob *octets, const char *side,
    const GError *error)
{
	const struct held *cause =
	    report->held->len > 0 ? report->held->pdata[0] : NULL;
	int original = cause ? original_event(cause->code) : 0;
	Event *event;

	report->holding = false;
	if (record->kind != RECORD_MESSAGE)
		event = event_new(record->kind == RECORD_FOLDER
				      ? EVENT_FOLDER_FAILED
				      : EVENT_RECORD_FAILED);
	else
		event = event_new(
		    original ? (enum event_id)original : EVENT_MESSAGE_FAILED);
	event_text(event, "kind", record_kind_name(record->kind));
	if (folder)
		event_path(event, "folder", folder->path);
	event_text(event, "key", record->key);
	if (record->kind == RECORD_MESSAGE) {
		struct message message = record->message;

		event_number(event, "failed", 1);
		if (octets) {
			message.has_body = true;
			message.raw = *octets;
			message.n_parts = 0;
			message.envelope = NULL;
			message.size = octets->len;
		}
		put_envelope(event, &message, &report->scratch);
		if (message.size >= 0)
			event_number(event, "size", message.size);
	}
	event_text(event, "side", side);
	if (cause) {
		event_text(event, "code", cause->code);
		put_place(event, cause);
	}
	event_text(
	    event, "error", error ? error_kind_name(error_kind(error)) : NULL);
	event_text(event, "reason",
	    cause   ? cause->text
	    : error ? error->message
		    : "unknown");
	g_ptr_array_set_size(report->held, 0);
	return event;
}
