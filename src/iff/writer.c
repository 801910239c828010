#include "iff/writer.h"
#include "iff/field.h"
#include "iff/sec.h"
#include "iff/value.h"
#include "iff/schedule-write.h"
#include "iff/schedule.h"
#include "iff/writer-private.h"

#include <string.h>

/* Bytes of a field that stays in its line: with twenty of these a line has less
 * than WRITER_LINE_MAX. */
#define FIELD_LONG 1500

static const char mail_heading[] =
    "Folder,Sender,To,Cc,Bcc,Subject,Send-Date,Received-Date,Priority,"
    "Unread,Unsent,Body";
static const char ext1_heading[] = ",Kind,Use,Flags,Send-Zone,Received-Zone,"
				   "Message-ID,Class,Key,Headers";

static void
clear_part(void *p)
{
	part_clear(p);
}

enum status
writer_new(Writer **out, Out *pri, Out *sec,
    const struct writer_options *options, GError **error)
{
	Writer *w = g_new0(Writer, 1);
	enum status st;

	w->pri = pri;
	w->sec = sec;
	w->opts = *options;
	w->row = g_string_sized_new(4096);
	w->value = g_string_sized_new(1024);
	w->bytes = g_string_sized_new(4096);
	w->id = g_string_sized_new(256);
	w->text = spool_new(options->spool_dir);
	w->store = spool_new(options->spool_dir);
	w->parts = g_array_new(FALSE, TRUE, sizeof(struct part));
	g_array_set_clear_func(w->parts, clear_part);
	w->list = g_ptr_array_new_with_free_func(g_free);
	w->columns = g_ptr_array_new_with_free_func(g_free);
	w->schedule = g_string_new(NULL);
	envelope_init(&w->envelope);
	*out = w;
	st = sec ? out_write(
		       sec, SEC_HEADING "\r\n", strlen(SEC_HEADING) + 2, error)
		 : ST_OK;
	if (st == ST_OK)
		return ST_OK;
	writer_free(w);
	*out = NULL;
	return st;
}

void
writer_free(Writer *w)
{
	if (w == NULL)
		return;
	g_string_free(w->row, TRUE);
	g_string_free(w->value, TRUE);
	g_string_free(w->bytes, TRUE);
	g_string_free(w->id, TRUE);
	spool_free(w->text);
	spool_free(w->store);
	g_array_free(w->parts, TRUE);
	g_ptr_array_free(w->list, TRUE);
	g_ptr_array_free(w->columns, TRUE);
	g_string_free(w->schedule, TRUE);
	envelope_clear(&w->envelope);
	g_free(w);
}

const struct writer_losses *
writer_losses(const Writer *w)
{
	return &w->losses;
}

enum status
writer_row_out(Writer *w, GError **error)
{
	g_string_append(w->row, "\r\n");
	g_string_truncate(w->bytes, 0);
	w->losses.characters += (gint64)codepage_encode(
	    w->opts.page, w->row->str, w->row->len, true, NULL, w->bytes);
	g_string_truncate(w->row, 0);
	return out_write(w->pri, w->bytes->str, w->bytes->len, error);
}

enum status
writer_comment(Writer *w, const char *text, GError **error)
{
	g_string_printf(w->row, "! %s", text);
	g_strdelimit(w->row->str, "\r\n", ' ');
	return writer_row_out(w, error);
}

enum status
writer_section(Writer *w, enum pri_kind kind, const char *owner, bool is_public,
    GError **error)
{
	if (w->section == kind && kind != PRI_DIRECTORY)
		return ST_OK;
	g_string_assign(w->row, w->begun ? "\r\n" : "");
	w->begun = true;
	w->section = kind;
	switch (kind) {
	case PRI_MAIL:
		g_string_append(w->row, "MAILMESSAGE,");
		field_put(w->row, is_public ? "PublicMessages" : owner);
		g_string_append_printf(w->row, "\r\n%s%s", mail_heading,
		    w->opts.ext1 ? ext1_heading : "");
		break;
	case PRI_PAB:
		g_string_append(w->row, "PAB,");
		field_put(w->row, owner);
		g_string_append(w->row, "\r\n");
		for (guint i = 0; i < ADDRESS_FIELDS; i++)
			g_string_append_printf(w->row, "%s%s", i ? "," : "",
			    address_field_names[i]);
		if (w->opts.ext1)
			g_string_append(w->row, ",VCard");
		break;
	case PRI_DIRECTORY:
	case PRI_OUTSIDE:
		g_assert_not_reached();
	}
	return writer_row_out(w, error);
}

void
writer_comma(Writer *w)
{
	g_string_append_c(w->row, ',');
}

enum status
writer_other(Writer *w, const struct blob *blob, GError **error)
{
	gint64 at = out_at(w->sec);

	g_string_append_printf(
	    w->row, "#%s(%" G_GINT64_FORMAT ")", w->opts.sec_name, at);
	return writer_section_out(
	    w, "Other", blob, "", true, "", "", "", error);
}

/* UTF-8 text as an Other section (10.6). */
static enum status
other_text(Writer *w, const char *text, gsize len, GError **error)
{
	g_autoptr(GString) bytes = g_string_sized_new(len + 2);
	struct blob blob;

	w->losses.characters +=
	    (gint64)codepage_encode(w->opts.page, text, len, true, NULL, bytes);
	/* One line end at the end is stripped by readers. */
	if (len > 0 && text[len - 1] == '\n')
		g_string_append(bytes, "\r\n");
	blob = blob_from_mem(bytes->str, bytes->len);
	return writer_other(w, &blob, error);
}

static void
put_quoted(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			g_string_append_c(out, '"');
		g_string_append_c(out, *text);
	}
	g_string_append_c(out, '"');
}

enum status
writer_field(Writer *w, const char *text, GError **error)
{
	gsize len = strlen(text);

	if (len < FIELD_LONG && text[strcspn(text, "\r\n")] == '\0') {
		field_put(w->row, text);
		return ST_OK;
	}
	if (text[0] == '"') {
		/* As it is, readers might take it for a quoted run. */
		g_autoptr(GString) quoted = g_string_sized_new(len + 8);

		put_quoted(quoted, text);
		return other_text(w, quoted->str, quoted->len, error);
	}
	return other_text(w, text, len, error);
}

enum status
writer_list(Writer *w, char *const *values, guint n, GError **error)
{
	gsize before = w->row->len;
	g_autoptr(GString) list = NULL;

	field_put_list(w->row, values, n);
	if (w->row->len - before < FIELD_LONG)
		return ST_OK;
	g_string_truncate(w->row, before);
	list = g_string_new(NULL);
	for (guint i = 0; i < n; i++) {
		if (i > 0)
			g_string_append_c(list, ';');
		/* A single value that is quoted would be form A. */
		if (values[i][strcspn(values[i], ";,\"")] && n > 1)
			put_quoted(list, values[i]);
		else
			g_string_append(list, values[i]);
	}
	return other_text(w, list->str, list->len, error);
}

static enum status
people(Writer *w, const GPtrArray *people, GError **error)
{
	g_ptr_array_set_size(w->list, 0);
	for (guint i = 0; i < people->len; i++) {
		g_string_truncate(w->value, 0);
		value_person_put(w->value, people->pdata[i]);
		if (w->value->len > 0)
			g_ptr_array_add(
			    w->list, g_strndup(w->value->str, w->value->len));
	}
	return writer_list(
	    w, (char *const *)w->list->pdata, w->list->len, error);
}

static void
put_folder(Writer *w, const struct folder *folder, bool is_public)
{
	g_string_truncate(w->value, 0);
	w->losses.names += value_folder_put(
	    w->value, folder->path, folder->use, w->opts.ext1, is_public);
	field_put_path(w->row, w->value->str);
}

enum status
writer_folder(
    Writer *w, const struct folder *folder, bool is_public, GError **error)
{
	if (!w->opts.ext1)
		return ST_OK;
	g_string_truncate(w->row, 0);
	put_folder(w, folder, is_public);
	g_string_append_printf(
	    w->row, ",,,,,,,,,,,,folder,%s,,,,,", folder_use_name(folder->use));
	field_put(w->row, folder->class ? folder->class : "");
	g_string_append(w->row, ",,");
	return writer_row_out(w, error);
}

static void
put_date(Writer *w, const struct stamp *stamp)
{
	char date[VALUE_DATE_LEN];

	value_date_put(stamp, w->opts.zone, w->opts.ext1, date);
	g_string_append(w->row, date);
	writer_comma(w);
}

static void
put_zone(Writer *w, const struct stamp *stamp)
{
	if (stamp->known)
		g_string_append_printf(w->row, "%d", stamp->zone);
	writer_comma(w);
}

static void
put_flags(Writer *w, const struct message *message)
{
	GString *words = w->value;

	g_string_truncate(words, 0);
	if (message->flags & MESSAGE_ANSWERED)
		g_string_append(words, "\\Answered ");
	if (message->flags & MESSAGE_FLAGGED)
		g_string_append(words, "\\Flagged ");
	if (message->flags & MESSAGE_DELETED)
		g_string_append(words, "\\Deleted ");
	for (guint i = 0; message->keywords && message->keywords[i]; i++)
		g_string_append_printf(words, "%s ", message->keywords[i]);
	if (words->len > 0)
		g_string_truncate(words, words->len - 1);
	field_put(w->row, words->str);
	writer_comma(w);
}

/* A subject is reduced to one line first (15.1 rule 11). */
static enum status
put_subject(Writer *w, const char *subject, GError **error)
{
	g_autofree char *line = NULL;

	if (subject == NULL)
		return ST_OK;
	if (subject[strcspn(subject, "\r\n")] == '\0')
		return writer_field(w, subject, error);
	line = g_strdelimit(g_strdup(subject), "\r\n", ' ');
	return writer_field(w, line, error);
}

static enum status
put_envelope(Writer *w, const struct envelope *envelope, GError **error)
{
	enum status st;

	g_string_truncate(w->value, 0);
	if (envelope->from->len > 0)
		value_person_put(w->value, envelope->from->pdata[0]);
	else if (envelope->sender)
		value_person_put(w->value, envelope->sender);
	g_string_assign(w->id, w->value->str);
	st = writer_field(w, w->id->str, error);
	writer_comma(w);
	if (st == ST_OK)
		st = people(w, envelope->to, error);
	writer_comma(w);
	if (st == ST_OK)
		st = people(w, envelope->cc, error);
	writer_comma(w);
	if (st == ST_OK)
		st = people(w, envelope->bcc, error);
	writer_comma(w);
	if (st == ST_OK)
		st = put_subject(w, envelope->subject, error);
	writer_comma(w);
	return st;
}

static enum status
put_row(Writer *w, const struct record *record, bool is_public,
    const struct envelope *envelope, gint64 body, GError **error)
{
	const struct message *message = &record->message;
	enum status st;

	put_folder(w, message->folder, is_public);
	writer_comma(w);
	st = put_envelope(w, envelope, error);
	if (st < 0)
		return st;
	put_date(w, &envelope->sent);
	put_date(w, &message->received);
	if (envelope->priority != PRIORITY_NORMAL)
		g_string_append_printf(w->row, "%d", (int)envelope->priority);
	g_string_append_printf(w->row, ",%s,%s,#%s(%" G_GINT64_FORMAT ")",
	    message->flags & MESSAGE_SEEN ? "FALSE" : "TRUE",
	    message->flags & MESSAGE_DRAFT ? "TRUE" : "FALSE", w->opts.sec_name,
	    body);
	if (!w->opts.ext1) {
		w->losses.flags +=
		    message->keywords != NULL ||
		    (message->flags & (MESSAGE_ANSWERED | MESSAGE_FLAGGED |
					  MESSAGE_DELETED)) != 0;
		return ST_OK;
	}
	g_string_append(w->row, ",,,");
	put_flags(w, message);
	put_zone(w, &envelope->sent);
	put_zone(w, &message->received);
	st = writer_field(
	    w, envelope->message_id ? envelope->message_id : "", error);
	writer_comma(w);
	field_put(w->row, message->class ? message->class : "");
	writer_comma(w);
	if (st == ST_OK)
		st = writer_field(w, record->key ? record->key : "", error);
	writer_comma(w);
	if (st == ST_OK && message->headers) {
		struct blob blob =
		    blob_from_mem(message->headers, strlen(message->headers));

		st = writer_other(w, &blob, error);
	}
	return st;
}

/* The header block of a raw message, for HEADERS.TXT. */
static char *
header_block(const struct blob *raw)
{
	gsize len = (gsize)MIN(raw->len, ENVELOPE_HEADER_MAX), got = 0;
	g_autofree char *text = g_malloc(len + 1);
	const char *end;

	if (len == 0 || blob_read(raw, 0, text, len, &got, NULL) < 0)
		return NULL;
	text[got] = '\0';
	end = strstr(text, "\r\n\r\n");
	return g_strndup(text, end ? (gsize)(end + 2 - text) : strlen(text));
}

/*
 * An item of a calendar becomes the calendar file that the plain profile has
 * for it (10.5, 11); one that cannot be said there stays an attachment.
 */
static enum status
calendar_part(Writer *w, const struct message *message, GError **error)
{
	enum folder_use use = message->folder->use;
	g_autoptr(GString) text = NULL;
	g_autofree char *ical = NULL;
	struct part *part = NULL;
	gsize got = 0;
	enum status st;

	for (guint i = 0; i < w->parts->len && part == NULL; i++) {
		part = &g_array_index(w->parts, struct part, i);
		if (part->type == NULL ||
		    g_ascii_strcasecmp(part->type, "text/calendar") != 0)
			part = NULL;
	}
	if (part == NULL || part->blob.len == 0 ||
	    part->blob.len > SCHEDULE_BYTES_MAX ||
	    (use != FOLDER_CALENDAR && use != FOLDER_TASKS))
		return ST_OK;
	ical = g_malloc((gsize)part->blob.len);
	st = blob_read(
	    &part->blob, 0, ical, (gsize)part->blob.len, &got, error);
	if (st < 0)
		return st;
	text = g_string_new(NULL);
	if (!schedule_from_ical(ical, got, w->opts.zone, text))
		return ST_OK;
	g_string_truncate(w->schedule, 0);
	w->losses.characters += (gint64)codepage_encode(
	    w->opts.page, text->str, text->len, true, NULL, w->schedule);
	part_clear(part);
	*part = (struct part){.kind = PART_SCHEDULE,
	    .name = g_strdup("calendar.sc2"),
	    .blob = blob_from_mem(w->schedule->str, w->schedule->len),
	    .position = -1};
	return ST_OK;
}

static enum status
write_message(Writer *w, const struct record *record, bool is_public,
    gint64 *offset, GError **error)
{
	const struct message *message = &record->message;
	const struct envelope *envelope = NULL;
	const struct part *parts = message->parts;
	guint n = message->n_parts;
	g_autofree char *headers = NULL;
	enum status st =
	    message_envelope(message, &w->envelope, &envelope, error);

	if (st < 0)
		return st;
	if (parts == NULL && !w->opts.ext1) {
		g_array_set_size(w->parts, 0);
		spool_reset(w->store);
		st = part_split(&message->raw, w->parts, w->store, error);
		if (st == ST_OK)
			st = calendar_part(w, message, error);
		if (st < 0)
			return st;
		parts = (const struct part *)w->parts->data;
		n = w->parts->len;
		if (w->opts.headers)
			headers = header_block(&message->raw);
	} else if (!w->opts.ext1 && w->opts.headers)
		headers = g_strdup(message->headers);
	*offset = out_at(w->sec);
	/* A message with parts but none in them still has a body. */
	if (parts == NULL && envelope == message->envelope && envelope)
		parts = (const struct part *)w->parts->data;
	st = writer_body(w, message, parts, n, headers, error);
	if (st < 0)
		return st;
	g_string_truncate(w->row, 0);
	return put_row(w, record, is_public, envelope, *offset, error);
}

/* ext1: folder and key; plain: everything before Body, pointers as '#'. */
static void
row_id_field(GString *out, const char *raw, gsize len)
{
	if (len > 0 && raw[0] == '#')
		g_string_append_c(out, '#');
	else
		g_string_append_len(out, raw, (gssize)len);
	g_string_append_c(out, ',');
}

void
writer_row_id(const struct pri_item *row, bool ext1, GString *out)
{
	guint key = 19; /* our own heading: Key is the twentieth */

	g_string_truncate(out, 0);
	for (guint i = 0; i + 1 < PRI_MAIL_COLUMNS && i < row->n_fields; i++)
		if (!ext1 || i == 0)
			row_id_field(
			    out, row->fields[i].raw, row->fields[i].len);
	if (ext1 && key < row->n_fields)
		row_id_field(out, row->fields[key].raw, row->fields[key].len);
}

enum status
writer_message(Writer *w, const struct record *record, bool is_public,
    gint64 *offset, const char **row_id, GError **error)
{
	enum status st;

	w->mark = out_at(w->sec);
	st = write_message(w, record, is_public, offset, error);
	if (st < 0) {
		GError *ignored = NULL;

		g_string_truncate(w->row, 0);
		if (out_back(w->sec, w->mark, &ignored) < 0) {
			g_clear_error(error);
			g_propagate_error(error, ignored);
			return ST_MAILBOX;
		}
		return st;
	}
	if (row_id) {
		g_autoptr(GArray) fields =
		    g_array_new(FALSE, FALSE, sizeof(struct field));
		g_autofree char *copy = NULL;
		struct pri_item item = {0};

		/* As a reader will see it, after the code page. */
		g_string_truncate(w->bytes, 0);
		codepage_encode(w->opts.page, w->row->str, w->row->len, true,
		    NULL, w->bytes);
		g_string_truncate(w->value, 0);
		codepage_decode(w->opts.page, w->bytes->str, w->bytes->len,
		    true, false, NULL, w->value);
		copy = g_strndup(w->value->str, w->value->len);
		field_split(copy, strlen(copy), FIELD_LIST, fields, NULL);
		item.fields = (struct field *)fields->data;
		item.n_fields = fields->len;
		writer_row_id(&item, w->opts.ext1, w->id);
		*row_id = w->id->str;
	}
	return ST_OK;
}

enum status
writer_keep(Writer *w, GError **error)
{
	return writer_row_out(w, error);
}

enum status
writer_drop(Writer *w, GError **error)
{
	g_string_truncate(w->row, 0);
	return out_back(w->sec, w->mark, error);
}

enum status
writer_address(Writer *w, const struct address *address, GError **error)
{
	enum status st = ST_OK;

	g_string_truncate(w->row, 0);
	for (guint i = 0; i < ADDRESS_FIELDS && st == ST_OK; i++) {
		if (i > 0)
			writer_comma(w);
		if (i == 0)
			g_string_append(
			    w->row, address->is_list ? "dl" : "entry");
		else if (i == 2 && address->is_list) {
			g_ptr_array_set_size(w->list, 0);
			for (guint j = 0; j < address->n_members; j++) {
				const struct person *p = &address->members[j];

				/* By name where it has one: it is an entry of
				 * the section, or stays a name. */
				g_ptr_array_add(w->list,
				    p->name || !p->address
					? g_strdup(p->name ? p->name : "")
					: g_strconcat(
					      p->type, ":", p->address, NULL));
			}
			st = writer_list(w, (char *const *)w->list->pdata,
			    w->list->len, error);
		} else
			st = writer_field(w, address->fields[i], error);
	}
	if (st == ST_OK && w->opts.ext1) {
		writer_comma(w);
		if (address->vcard.len > 0)
			st = writer_other(w, &address->vcard, error);
	}
	if (st < 0) {
		g_string_truncate(w->row, 0);
		return st;
	}
	return writer_row_out(w, error);
}

guint
writer_choose_codepage(const char *const *texts, guint n)
{
	static const guint pages[] = {1252, 850, 1250, 1251, 1253, 1254, 1255,
	    1256, 1257, 1258, 932, 936, 949, 950};

	for (guint i = 0; i < G_N_ELEMENTS(pages); i++) {
		g_autoptr(Codepage) page = NULL;
		bool holds = true;

		if (codepage_open(&page, pages[i], NULL) < 0)
			continue;
		for (guint j = 0; j < n && holds; j++)
			holds =
			    codepage_holds(page, texts[j], strlen(texts[j]));
		if (holds)
			return pages[i];
	}
	return 1252;
}
