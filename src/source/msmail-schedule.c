/*
 * Schedule+ text beside the mail of Microsoft Mail: what 1.0 exported (.SCH;
 * spec/msmail.md 9), as far as its fields are known, and the interchange files
 * of 7.0 (.SC2; spec/migration-files.md 11), as items of a calendar.
 */
#include "source/msmail-private.h"

#include "base/digest.h"
#include "iff/schedule-ical.h"
#include "iff/value.h"
#include "msmail/sch.h"
#include "source/calendar-item.h"

#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>

#define SAID_FIELDS 20 /* names of fields that are told */
#define DATE_WORDS  40 /* octets of a heading's date that are looked at */

struct ms_schedule {
	Sch *sch;
	Schedule *sc2;
	struct stamp made; /* by the heading */

	bool pending; /* the entry at hand waits behind its folder */
	const struct sch_block *block;
	const struct schedule_object *object;
	enum schedule_kind kind;
	struct schedule_ical ical;

	GHashTable *projects; /* number to UID */
	GHashTable *unknown;  /* names of fields */
	guint timeless, lost_projects;
	GString *name;
	const char *fields[ADDRESS_FIELDS];
};

bool
ms_schedule_probe(const struct blob *data)
{
	char first[sizeof SCHEDULE_HEADING - 1];
	gsize got = 0;

	return sch_probe(data) ||
	       (blob_read(data, 0, first, sizeof first, &got, NULL) >= 0 &&
		   got == sizeof first &&
		   memcmp(first, SCHEDULE_HEADING, sizeof first) == 0);
}

/* "... ON m/dd/yy AT hh:mm AM": when the file was made. */
static void
take_heading(struct msmail_source *s, struct stamp *out)
{
	char line[256], plain[16];
	gsize got = 0;
	char *on, *p;
	guint n[5] = {0}, count = 0;

	*out = (struct stamp){.known = false};
	if (blob_read(&s->data, 0, line, sizeof line - 1, &got, NULL) < 0)
		return;
	line[got] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	on = g_strrstr(line, " ON ");
	for (p = on; p && *p && p - on < DATE_WORDS && count < 5;)
		if (g_ascii_isdigit(*p)) {
			gulong value = strtoul(p, &p, 10);

			n[count++] = (guint)MIN(value, 9999);
		} else
			p++;
	if (count < 5)
		return;
	if (n[2] < 100)
		n[2] += n[2] < 70 ? 2000 : 1900;
	n[3] = n[3] % 12 + (strstr(on, "PM") ? 12 : 0);
	g_snprintf(plain, sizeof plain, "%04u%02u%02u%02u%02u00", n[2],
	    MIN(n[0], 99), MIN(n[1], 99), n[3], MIN(n[4], 99));
	value_date(plain, s->opts.zone, NULL, out);
}

static void
oddity(void *ctx, enum diag_code code, gint64 line, gint64 offset,
    const char *text)
{
	struct msmail_source *s = ctx;

	(void)line;
	if (s->said++ < MS_SAID_MAX)
		ms_say(s, REMARK_WARNING,
		    code == DIAG_SC2_BAD_DATE ? "SC2_BAD_DATE" : "SC2_SYNTAX",
		    text, offset, NULL, NULL);
}

void
ms_schedule_open(struct msmail_source *s)
{
	struct ms_schedule *c = g_new0(struct ms_schedule, 1);

	schedule_ical_init(&c->ical);
	c->name = g_string_new(NULL);
	c->projects =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	c->unknown =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (sch_probe(&s->data)) {
		c->sch = sch_new(&s->data);
		take_heading(s, &c->made);
	} else
		c->sc2 = schedule_new(&s->data, s->page, false, oddity, s);
	s->schedule = c;
}

void
ms_schedule_close(struct msmail_source *s)
{
	struct ms_schedule *c = s->schedule;

	if (c == NULL)
		return;
	sch_free(c->sch);
	schedule_free(c->sc2);
	schedule_ical_clear(&c->ical);
	g_string_free(c->name, TRUE);
	g_hash_table_destroy(c->projects);
	g_hash_table_destroy(c->unknown);
	g_clear_pointer(&s->schedule, g_free);
}

/* Text of several lines, LF between them. g_free() */
static char *
lines_of(const struct msmail_source *s, const struct sch_field *field)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (field)
		codepage_decode(
		    s->page, field->value, field->len, true, false, NULL, out);
	for (char *p = out->str; *p; p++)
		if (((guint8)*p < 0x20 && *p != '\n') || *p == 0x7f)
			*p = ' ';
	return g_strstrip(g_string_free(g_steal_pointer(&out), FALSE));
}

static char *
value_of(const struct msmail_source *s, const char *name)
{
	const struct sch_field *field = sch_field(s->schedule->block, name);

	return field ? ms_text(s, field->value, field->len) : NULL;
}

static bool
is_task(const struct msmail_source *s)
{
	const struct sch_field *field = sch_field(s->schedule->block, "fTask");

	return field && g_ascii_toupper(*field->value) == 'T';
}

static void
make_uid(const struct sch_block *block, char hex[DIGEST_HEX])
{
	g_autoptr(GString) all = g_string_new(block->kind);
	struct digest digest;

	for (guint i = 0; i < block->fields->len; i++) {
		const struct sch_field *field =
		    &g_array_index(block->fields, struct sch_field, i);

		g_string_append_c(all, '\n');
		g_string_append(all, field->name);
		g_string_append_c(all, '\t');
		g_string_append_len(all, field->value, (gssize)field->len);
	}
	digest_mem(all->str, all->len, &digest);
	digest_to_hex(&digest, hex);
	hex[32] = '\0';
}

static icalproperty *
text_property(icalproperty *(*make)(const char *), const char *text)
{
	return *text ? make(text) : NULL;
}

static void
add(icalcomponent *to, icalproperty *property)
{
	if (property)
		icalcomponent_add_property(to, property);
}

/* 1 to 9 as it is; 10 to 35 are A to Z (9). */
static int
priority_of(const char *text)
{
	guint64 n = text ? g_ascii_strtoull(text, NULL, 10) : 0;

	return n > 35 ? 0 : (int)(n >= 10 ? MIN(n - 9, 9) : n);
}

/* A field that nobody described goes along under its name. */
static void
add_unknown(struct msmail_source *s, icalcomponent *to)
{
	static const char *const known[] = {"szText", "fTask", "aidProject",
	    "aidParent", "bpri", "aaplWorld", "aid", NULL};
	struct ms_schedule *c = s->schedule;

	for (guint i = 0; i < c->block->fields->len; i++) {
		const struct sch_field *field =
		    &g_array_index(c->block->fields, struct sch_field, i);
		g_autofree char *text = NULL, *name = NULL, *upper = NULL;
		icalproperty *p;

		if (g_strv_contains(known, field->name))
			continue;
		g_hash_table_add(c->unknown, g_strdup(field->name));
		text = ms_text(s, field->value, field->len);
		if (*text == '\0')
			continue;
		upper = g_ascii_strup(field->name, -1);
		name = g_strconcat("X-SCHEDULE-", upper, NULL);
		p = icalproperty_new_x(text);
		icalproperty_set_x_name(p, name);
		icalcomponent_add_property(to, p);
	}
}

/* A task, or a project, which is a task with others below it. */
static void
make_task(struct msmail_source *s, const char *uid)
{
	struct ms_schedule *c = s->schedule;
	icalcomponent *calendar = icalcomponent_new_vcalendar();
	icalcomponent *item = icalcomponent_new_vtodo();
	g_autofree char *full = lines_of(s, sch_field(c->block, "szText"));
	g_autofree char *id = g_strconcat(uid, "@sch.invalid", NULL);
	g_autofree char *pri = value_of(s, "bpri");
	g_autofree char *world = value_of(s, "aaplWorld");
	g_autofree char *number = value_of(s, "aidProject");
	g_autofree char *parent = value_of(s, "aidParent");
	const char *project =
	    parent ? g_hash_table_lookup(c->projects, parent) : NULL;
	/* Not the time of this run: the same file gives the same octets. */
	struct icaltimetype stamp = icaltime_from_timet_with_zone(
	    (time_t)c->made.utc, 0, icaltimezone_get_utc_timezone());
	char *text;

	g_string_assign(c->ical.summary, full);
	g_string_truncate(c->ical.summary, strcspn(full, "\n"));
	add(calendar, icalproperty_new_version("2.0"));
	add(calendar, icalproperty_new_prodid("-//mailmig//EN"));
	icalcomponent_add_component(calendar, item);
	add(item, icalproperty_new_uid(id));
	add(item, icalproperty_new_dtstamp(stamp));
	add(item,
	    text_property(icalproperty_new_summary, c->ical.summary->str));
	if (strchr(full, '\n'))
		add(item, icalproperty_new_description(full));
	if (priority_of(pri) > 0)
		add(item, icalproperty_new_priority(priority_of(pri)));
	if (world && g_ascii_strcasecmp(world, "Read") == 0)
		add(item, icalproperty_new_class(ICAL_CLASS_PRIVATE));
	if (project)
		add(item, icalproperty_new_relatedto(project));
	if (number && parent == NULL)
		g_hash_table_replace(c->projects, g_steal_pointer(&number),
		    g_steal_pointer(&id));
	add_unknown(s, item);
	text = icalcomponent_as_ical_string_r(calendar);
	g_string_assign(c->ical.text, text);
	icalmemory_free_buffer(text);
	icalcomponent_free(calendar);
}

/* An appointment: where its times are, the description that is public does not
 * say. All that is there, as a text. */
static void
make_text(struct msmail_source *s)
{
	struct ms_schedule *c = s->schedule;
	struct part body = {.kind = PART_TEXT, .position = -1};
	g_autofree char *full = lines_of(s, sch_field(c->block, "szText"));

	g_string_truncate(s->text, 0);
	for (guint i = 0; i < c->block->fields->len; i++) {
		const struct sch_field *field =
		    &g_array_index(c->block->fields, struct sch_field, i);
		g_autofree char *text = lines_of(s, field);
		g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
		g_autofree char *joined = g_strjoinv("\r\n    ", lines);

		g_string_append_printf(
		    s->text, "%s: %s\r\n", field->name, joined);
	}
	g_array_set_size(s->parts, 0);
	body.blob = blob_from_mem(s->text->str, s->text->len);
	g_array_append_val(s->parts, body);
	envelope_reset(&s->envelope);
	g_ptr_array_add(
	    s->envelope.from, person_new(s->place->user, NULL, NULL));
	s->envelope.subject = g_strndup(full, strcspn(full, "\n"));
	s->envelope.sent = c->made;
}

static struct filing_box *
box_of(struct msmail_source *s)
{
	struct ms_schedule *c = s->schedule;
	bool task = c->sch ? is_task(s) : c->kind == SCHEDULE_TASK;
	const char *const path[] = {task ? "Tasks" : "Calendar", NULL};

	return filing_box(s->filing, path,
	    task ? FOLDER_TASKS : FOLDER_CALENDAR,
	    task ? "IPF.Task" : "IPF.Appointment");
}

/* An item of a calendar, as c->ical has it. */
static enum status
give_item(struct msmail_source *s, struct message *m, GError **error)
{
	struct ms_schedule *c = s->schedule;
	enum status st;

	envelope_reset(&s->envelope);
	g_ptr_array_add(
	    s->envelope.from, person_new(s->place->user, NULL, NULL));
	st = calendar_item_write(
	    &(const struct calendar_item){.from = s->envelope.from,
		.subject = c->ical.summary->str,
		.date = m->received,
		.ical = c->ical.text},
	    s->spool, error);
	m->has_body = true;
	m->raw = spool_blob(s->spool);
	m->size = m->raw.len;
	return st;
}

static enum status
give(struct msmail_source *s, struct filing_box *box, const char *uid,
    struct record *record, GError **error)
{
	struct ms_schedule *c = s->schedule;
	struct message *m = &record->message;
	const char *key = filing_key(s->filing, uid);
	bool task = c->sch ? is_task(s) : c->kind == SCHEDULE_TASK;
	enum status st;

	m->received = c->made;
	m->flags = MESSAGE_SEEN;
	m->size = -1;
	st = filing_item(s->filing, box, key, record);
	if (st != ST_OK)
		return st == ST_END ? ST_OK : st;
	m->class = task ? "IPM.Task" : "IPM.Appointment";
	if (c->sch && !task) {
		c->timeless++;
		make_text(s);
		m->class = NULL;
		m->has_body = true;
		m->envelope = &s->envelope;
		m->parts = (const struct part *)(void *)s->parts->data;
		m->n_parts = s->parts->len;
		return ST_OK;
	}
	if (c->sch)
		make_task(s, uid);
	for (guint i = 0; i < c->ical.lost->len; i++)
		ms_say(s, REMARK_WARNING, "SC2_LOST", c->ical.lost->pdata[i],
		    -1, box, key);
	if (c->ical.text->len == 0)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "msmail: %s: calendar item \"%.60s\": %s", s->place->path,
		    c->ical.summary->str,
		    c->ical.lost->len > 0 ? (char *)c->ical.lost->pdata[0]
					  : "cannot be read");
	return give_item(s, m, error);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What could not be carried, once for a file. */
static void
tell(struct msmail_source *s)
{
	struct ms_schedule *c = s->schedule;
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree const char **names = NULL;
	guint n = 0;

	if (c->timeless > 0) {
		g_string_printf(text,
		    "%u appointments: which fields are their times is not "
		    "known; each is a message with all of its fields",
		    c->timeless);
		ms_say(s, REMARK_WARNING, "MS_SCHEDULE", text->str, -1, NULL,
		    NULL);
	}
	if (c->lost_projects > 0) {
		g_string_printf(text, "%u projects have no form in a calendar",
		    c->lost_projects);
		ms_say(
		    s, REMARK_WARNING, "SC2_LOST", text->str, -1, NULL, NULL);
	}
	if (c->sch && sch_loose(c->sch) > 0) {
		g_string_printf(
		    text, "%u lines belong to no entry", sch_loose(c->sch));
		ms_say(s, REMARK_WARNING, "MS_SCHEDULE", text->str, -1, NULL,
		    NULL);
	}
	names = (const char **)g_hash_table_get_keys_as_array(c->unknown, &n);
	if (n == 0)
		return;
	qsort(names, n, sizeof *names, by_name);
	g_string_assign(text, "fields of tasks that nobody described are kept "
			      "as X-SCHEDULE-NAME:");
	for (guint i = 0; i < n && i < SAID_FIELDS; i++)
		g_string_append_printf(text, " %s", names[i]);
	ms_say(s, REMARK_INFO, "MS_SCHEDULE", text->str, -1, NULL, NULL);
}

/* The next entry of the file that has a form here. */
static enum status
next_entry(struct msmail_source *s, GError **error)
{
	struct ms_schedule *c = s->schedule;
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	enum status st;

	if (c->sch) {
		st = sch_next(c->sch, &c->block, error);
		if (st == ST_OK && (!c->block->ended || c->block->cut))
			ms_say(s, REMARK_WARNING, "MS_SCHEDULE",
			    c->block->cut ? "an entry is too long, and cut"
					  : "an entry has no End",
			    c->block->at, NULL, NULL);
		return st;
	}
	for (;;) {
		st = schedule_next(c->sc2, &c->object, error);
		if (st != ST_OK)
			return st;
		c->kind = schedule_kind(c->object);
		if (c->kind != SCHEDULE_PROJECT)
			break;
		c->lost_projects++;
	}
	schedule_to_ical(c->object, s->opts.zone, now, &c->ical);
	return ST_OK;
}

enum status
ms_schedule_next(struct msmail_source *s, struct record *record, GError **error)
{
	struct ms_schedule *c = s->schedule;
	struct filing_box *box;
	char uid[DIGEST_HEX];
	enum status st;

	for (;;) {
		*record = (struct record){.kind = RECORD_MESSAGE, .key = ""};
		if (!c->pending) {
			st = next_entry(s, error);
			if (st == ST_END)
				tell(s);
			if (st != ST_OK)
				return st == ST_END ? ST_END : ST_MAILBOX;
		}
		if (c->sc2 && c->kind == SCHEDULE_CONTACT) {
			if (s->job->part != 0)
				continue;
			calendar_item_contact(
			    c->object, c->name, c->fields, record);
			record->key = filing_key(s->filing, c->ical.uid);
			return ST_OK;
		}
		box = box_of(s);
		if (!box->mine)
			continue;
		c->pending = filing_tell(box, record);
		if (c->pending)
			return ST_OK;
		g_strlcpy(uid, c->ical.uid, sizeof uid);
		if (c->sch)
			make_uid(c->block, uid);
		st = give(s, box, uid, record, error);
		if (st != ST_THERE)
			return st;
	}
}
