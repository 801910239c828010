/*
 * Calendar files in migration files, item by item: appointments, events and
 * tasks as iCalendar messages in folders of their own, contacts as entries of
 * the address book (spec/migration-files.md 10.5, 11.4; Q168182, Q201421).
 */
#include "source/files-private.h"

#include "iff/schedule-ical.h"
#include "source/calendar-item.h"

struct files_calendar {
	GArray *files; /* of struct blob */
	guint at;
	Schedule *schedule;
	struct schedule_ical ical;
	GString *stem, *name;
	GPtrArray *from; /* of struct person */
	struct stamp received;
	Spool *spool;
	GHashTable *seen; /* uid to how often */
	bool has_item;	  /* it waits behind the RECORD_FOLDER just given */
	const struct schedule_object *object;
	enum schedule_kind kind;
	const char *fields[ADDRESS_FIELDS];
	guint projects;
};

void
files_calendar_free(struct files_calendar *c)
{
	if (c == NULL)
		return;
	schedule_free(c->schedule);
	schedule_ical_clear(&c->ical);
	g_array_unref(c->files);
	g_string_free(c->stem, TRUE);
	g_string_free(c->name, TRUE);
	g_ptr_array_unref(c->from);
	spool_free(c->spool);
	g_hash_table_unref(c->seen);
	g_free(c);
}

bool
files_calendar_begin(
    struct files_source *fs, const struct message *message, bool *alone)
{
	struct files_calendar *c;
	guint others = 0, n = 0;

	*alone = false;
	for (guint i = 0; i < message->n_parts; i++) {
		n += message->parts[i].kind == PART_SCHEDULE;
		others += message->parts[i].kind != PART_SCHEDULE &&
			  message->parts[i].blob.len > 0;
	}
	if (n == 0 || fs->calendar_mode == FILES_CALENDAR_FILE ||
	    fs->calendar_mode == FILES_CALENDAR_ICS)
		return false;
	*alone = others == 0 && fs->calendar_mode == FILES_CALENDAR_ITEMS;
	c = g_new0(struct files_calendar, 1);
	c->files = g_array_new(FALSE, FALSE, sizeof(struct blob));
	c->stem = g_string_new(fs->key->str);
	c->name = g_string_new(NULL);
	c->spool = spool_new(fs->job->spool_dir);
	c->received = message->received;
	if (!c->received.known && message->envelope)
		c->received = message->envelope->sent;
	c->from = g_ptr_array_new_with_free_func((GDestroyNotify)person_free);
	c->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	schedule_ical_init(&c->ical);
	for (guint i = 0; i < message->n_parts; i++)
		if (message->parts[i].kind == PART_SCHEDULE)
			g_array_append_val(c->files, message->parts[i].blob);
	for (guint i = 0; message->envelope && i < message->envelope->from->len;
	     i++) {
		const struct person *p = message->envelope->from->pdata[i];

		g_ptr_array_add(
		    c->from, person_new(p->name, p->type, p->address));
	}
	files_calendar_free(fs->calendar);
	fs->calendar = c;
	return true;
}

static void
say(struct files_source *fs, const char *code, const char *text)
{
	struct remark note = {.level = REMARK_WARNING,
	    .code = code,
	    .text = text,
	    .file = fs->file,
	    .line = fs->item.line,
	    .offset = -1,
	    .folder = fs->box ? &fs->box->folder : NULL,
	    .key = fs->key->str};

	if (fs->job->remark)
		fs->job->remark(fs->job->remark_ctx, &note);
}

/* All items of one calendar file, into fs->ics. */
static enum status
put_items(struct files_source *fs, const struct blob *file, GError **error)
{
	/* Oddities were said when the row was read. */
	g_autoptr(Schedule) schedule =
	    schedule_new(file, set_page(fs->set), false, NULL, NULL);
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	const struct schedule_object *object;
	struct schedule_ical ical;
	enum status st;

	schedule_ical_init(&ical);
	while ((st = schedule_next(schedule, &object, error)) == ST_OK) {
		schedule_to_ical(object, fs->zone, now, &ical);
		for (guint i = 0; i < ical.lost->len; i++)
			say(fs, "SC2_LOST", ical.lost->pdata[i]);
		st =
		    spool_write(fs->ics, ical.text->str, ical.text->len, error);
		if (st < 0)
			break;
	}
	schedule_ical_clear(&ical);
	return st < 0 ? st : ST_OK;
}

enum status
files_calendar_attach(
    struct files_source *fs, struct message *message, GError **error)
{
	struct part part = {.kind = PART_FILE,
	    .name = (char *)"calendar.ics",
	    .type = (char *)"text/calendar",
	    .position = -1};
	enum status st = ST_OK;

	if (fs->calendar_mode != FILES_CALENDAR_ICS)
		return ST_OK;
	if (fs->ics == NULL) {
		fs->ics = spool_new(fs->job->spool_dir);
		fs->ics_parts = g_array_new(FALSE, TRUE, sizeof(struct part));
	}
	spool_reset(fs->ics);
	for (guint i = 0; st == ST_OK && i < message->n_parts; i++)
		if (message->parts[i].kind == PART_SCHEDULE)
			st = put_items(fs, &message->parts[i].blob, error);
	part.blob = spool_blob(fs->ics);
	if (st < 0 || part.blob.len == 0)
		return st;
	g_array_set_size(fs->ics_parts, 0);
	g_array_append_vals(fs->ics_parts, message->parts, message->n_parts);
	g_array_append_val(fs->ics_parts, part);
	message->parts = (const struct part *)(void *)fs->ics_parts->data;
	message->n_parts = fs->ics_parts->len;
	return ST_OK;
}

/* The next object that is to be given. ST_END: none left. */
static enum status
next_object(struct files_source *fs, GError **error)
{
	struct files_calendar *c = fs->calendar;
	enum status st;

	for (;;) {
		if (c->schedule == NULL) {
			if (c->at >= c->files->len)
				return ST_END;
			/* Oddities were said when the row was read. */
			c->schedule = schedule_new(
			    &g_array_index(c->files, struct blob, c->at++),
			    set_page(fs->set), false, NULL, NULL);
		}
		st = schedule_next(c->schedule, &c->object, error);
		if (st == ST_END) {
			g_clear_pointer(&c->schedule, schedule_free);
			continue;
		}
		if (st < 0)
			return ST_MAILBOX;
		c->kind = schedule_kind(c->object);
		if (c->kind != SCHEDULE_PROJECT)
			return ST_OK;
		c->projects++;
	}
}

static void
make_key(struct files_source *fs)
{
	struct files_calendar *c = fs->calendar;
	guint n = GPOINTER_TO_UINT(g_hash_table_lookup(c->seen, c->ical.uid));

	g_hash_table_replace(
	    c->seen, g_strdup(c->ical.uid), GUINT_TO_POINTER(n + 1));
	g_string_printf(fs->key, "%s:%s", c->stem->str, c->ical.uid);
	if (n > 0)
		g_string_append_printf(fs->key, "-%u", n);
}

static enum status
give_item(struct files_source *fs, struct record *record, GError **error)
{
	struct files_calendar *c = fs->calendar;
	const struct known *known = fs->job->known;
	struct message *m = &record->message;
	enum status st;

	*record = (struct record){.kind = RECORD_MESSAGE, .key = fs->key->str};
	fs->box->found++;
	*m = (struct message){.folder = &fs->box->folder,
	    .size = (gint64)c->ical.text->len,
	    .received = c->received,
	    .flags = MESSAGE_SEEN,
	    .class = c->kind == SCHEDULE_TASK ? "IPM.Task" : "IPM.Appointment"};
	if (known && known->is_settled &&
	    known->is_settled(known->ctx, &fs->box->folder, fs->key->str)) {
		fs->box->skipped++;
		return ST_THERE;
	}
	if (fs->job->filter &&
	    filter_folder(fs->job->filter, &fs->box->folder) != FILTER_PASS)
		return ST_OK;
	for (guint i = 0; i < c->ical.lost->len; i++)
		say(fs, "SC2_LOST", c->ical.lost->pdata[i]);
	if (c->ical.text->len == 0)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "files: %s:%" G_GINT64_FORMAT ": calendar item \"%.60s\": "
		    "%s",
		    fs->file, fs->item.line, c->ical.summary->str,
		    c->ical.lost->len > 0 ? (char *)c->ical.lost->pdata[0]
					  : "cannot be read");
	st = calendar_item_write(&(const struct calendar_item){.from = c->from,
				     .subject = c->ical.summary->str,
				     .date = c->received,
				     .ical = c->ical.text},
	    c->spool, error);
	if (st < 0)
		return st;
	m->has_body = true;
	m->raw = spool_blob(c->spool);
	m->size = m->raw.len;
	return ST_OK;
}

/* The folder of the object at hand. True: it is new, and record tells of it. */
static bool
need_folder(struct files_source *fs, struct record *record)
{
	bool task = fs->calendar->kind == SCHEDULE_TASK, is_new;
	char *path[] = {task ? (char *)"Tasks" : (char *)"Calendar", NULL};
	struct message_id id = {.path = path,
	    .use = task ? FOLDER_TASKS : FOLDER_CALENDAR,
	    .class = task ? "IPF.Task" : "IPF.Appointment"};

	fs->box = files_box_of(fs, &id, &is_new);
	if (!is_new || !fs->box->mine)
		return false;
	*record = (struct record){.kind = RECORD_FOLDER, .key = ""};
	record->folder = &fs->box->folder;
	return true;
}

enum status
files_calendar_next(
    struct files_source *fs, struct record *record, GError **error)
{
	struct files_calendar *c = fs->calendar;
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	enum status st;

	for (;;) {
		if (!c->has_item) {
			st = next_object(fs, error);
			if (st != ST_OK)
				break;
			schedule_to_ical(c->object, fs->zone, now, &c->ical);
			make_key(fs);
			if (c->kind == SCHEDULE_CONTACT) {
				if (fs->job->part != 0)
					continue;
				calendar_item_contact(
				    c->object, c->name, c->fields, record);
				record->key = fs->key->str;
				return ST_OK;
			}
			if (need_folder(fs, record)) {
				c->has_item = true;
				return ST_OK;
			}
		}
		c->has_item = false;
		if (!fs->box->mine)
			continue;
		st = give_item(fs, record, error);
		if (st != ST_THERE)
			return st;
	}
	if (st == ST_END && c->projects > 0) {
		g_autofree char *text = g_strdup_printf(
		    "%u projects have no form in a calendar", c->projects);

		say(fs, "SC2_LOST", text);
	}
	g_clear_pointer(&fs->calendar, files_calendar_free);
	return st;
}
