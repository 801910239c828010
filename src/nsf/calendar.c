#include "nsf/calendar.h"

#include "nsf/mail-private.h"

#include <libical/ical.h>
#include <string.h>

#define TYPE_ANNIVERSARY 1 /* AppointmentType */
#define TYPE_ALL_DAY	 2
#define TYPE_MEETING	 3
#define DUE_COMPLETED	 9 /* DueState */

static struct icaltimetype
ical_time(const struct stamp *stamp, bool date_only)
{
	gint64 local = stamp->utc + (stamp->has_zone ? stamp->zone * 60 : 0);
	struct icaltimetype t = icaltime_from_timet_with_zone(
	    (time_t)(date_only ? local : stamp->utc), date_only,
	    icaltimezone_get_utc_timezone());

	return t;
}

static void
add_text(icalcomponent *to, icalproperty *(*make)(const char *), char *text)
{
	g_autofree char *owned = text;

	if (owned && *owned)
		icalcomponent_add_property(to, make(owned));
}

static guint
type_of(const struct nsf_note *note)
{
	g_autofree char *text = nsf_note_text(note, "AppointmentType");

	return text ? (guint)g_ascii_strtoull(text, NULL, 10) : 0;
}

/* The first of these items that has a date. */
static bool
first_time(
    const struct nsf_note *note, const char *const *names, struct stamp *out)
{
	for (; *names; names++)
		if (nsf_note_time(note, *names, out))
			return true;
	return false;
}

/* mailto: for what is an Internet address; a Notes name has none. */
static char *
calendar_address(const char *value, char **shown)
{
	g_autoptr(GPtrArray) people =
	    g_ptr_array_new_with_free_func((GDestroyNotify)person_free);
	guint unresolved = 0;
	const struct person *p;

	nsf_person_add(people, value, NULL, NULL, &unresolved);
	if (people->len == 0)
		return NULL;
	p = people->pdata[0];
	*shown = g_strdup(p->name ? p->name : p->address);
	if (g_strcmp0(p->type, "SMTP") == 0)
		return g_strconcat("mailto:", p->address, NULL);
	/* RFC 6761: .invalid leads nowhere, which is the truth. */
	return g_strdup("mailto:unknown@notes.invalid");
}

static void
add_attendees(icalcomponent *to, const struct nsf_note *note)
{
	static const struct {
		const char *item;
		icalparameter_role role;
	} rows[] = {
	    {"RequiredAttendees", ICAL_ROLE_REQPARTICIPANT},
	    {"OptionalAttendees", ICAL_ROLE_OPTPARTICIPANT},
	    {"FYIAttendees", ICAL_ROLE_NONPARTICIPANT},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(GStrv) names = nsf_note_texts(note, rows[i].item);

		for (guint k = 0; names[k]; k++) {
			g_autofree char *shown = NULL;
			g_autofree char *uri =
			    calendar_address(names[k], &shown);
			icalproperty *p;

			if (uri == NULL)
				continue;
			p = icalproperty_new_attendee(uri);
			icalproperty_add_parameter(
			    p, icalparameter_new_role(rows[i].role));
			if (shown)
				icalproperty_add_parameter(
				    p, icalparameter_new_cn(shown));
			icalcomponent_add_property(to, p);
		}
	}
}

/* Only when it is somebody else: an own meeting can then be changed (Q201436).
 */
static void
add_organizer(icalcomponent *to, const struct nsf_note *note)
{
	g_autofree char *chair = nsf_note_text(note, "Chair");
	g_autofree char *from = nsf_note_text(note, "From");
	g_autofree char *shown = NULL;
	g_autofree char *uri = NULL;
	icalproperty *p;

	if (chair == NULL || (from && g_ascii_strcasecmp(chair, from) == 0))
		return;
	uri = calendar_address(chair, &shown);
	if (uri == NULL)
		return;
	p = icalproperty_new_organizer(uri);
	if (shown)
		icalproperty_add_parameter(p, icalparameter_new_cn(shown));
	icalcomponent_add_property(to, p);
}

/* Minutes, negative before the beginning; locale-free (Q201506). */
static void
add_alarm(icalcomponent *to, const struct nsf_note *note)
{
	double offset;
	icalcomponent *alarm;
	struct icaltriggertype trigger = {0};

	if (!nsf_note_number(note, "$AlarmOffset", &offset) ||
	    offset < -525600 || offset > 525600)
		return;
	trigger.time = icaltime_null_time();
	trigger.duration = icaldurationtype_from_int((int)(offset * 60));
	alarm = icalcomponent_new_valarm();
	icalcomponent_add_property(
	    alarm, icalproperty_new_action(ICAL_ACTION_DISPLAY));
	icalcomponent_add_property(alarm, icalproperty_new_trigger(trigger));
	icalcomponent_add_property(
	    alarm, icalproperty_new_description("Reminder"));
	icalcomponent_add_component(to, alarm);
}

/* Every instance by itself, as Notes keeps them; no limit but theirs (Q247622).
 * The zone of each is its own, so a change of clocks moves none (Q281734). */
static bool
add_instances(icalcomponent *to, const struct nsf_note *note,
    const struct stamp *start, bool all_day)
{
	/* The times as they are now; the last one has those that the
	 * instances began with, before the series was moved (831188). */
	static const char *const names[] = {
	    "StartDateTime", "CalendarDateTime", "RepeatInstanceDates"};
	g_autoptr(GArray) times =
	    g_array_new(FALSE, FALSE, sizeof(struct stamp));

	for (guint i = 0; times->len < 2 && i < G_N_ELEMENTS(names); i++) {
		g_array_set_size(times, 0);
		nsf_note_times(note, names[i], times);
	}
	if (times->len < 2)
		return false;
	for (guint i = 0; i < times->len && i < NSF_INSTANCES_MAX; i++) {
		const struct stamp *one =
		    &g_array_index(times, struct stamp, i);
		struct icaldatetimeperiodtype when = {
		    .time = ical_time(one, all_day)};

		if (one->utc == start->utc)
			continue;
		when.period = icalperiodtype_null_period();
		icalcomponent_add_property(to, icalproperty_new_rdate(when));
	}
	return true;
}

/* A rule, where only that is there; RepeatFor -1 is one without end, never
 * 65535-65535 (885455). */
static void
add_rule(icalcomponent *to, const struct nsf_note *note)
{
	static const struct {
		const char *unit;
		icalrecurrencetype_frequency freq;
	} units[] = {
	    {"D", ICAL_DAILY_RECURRENCE},
	    {"W", ICAL_WEEKLY_RECURRENCE},
	    {"MD", ICAL_MONTHLY_RECURRENCE},
	    {"MP", ICAL_MONTHLY_RECURRENCE},
	    {"YD", ICAL_YEARLY_RECURRENCE},
	};
	g_autofree char *unit = nsf_note_text(note, "RepeatUnit");
	struct icalrecurrencetype rule;
	struct stamp until;
	double n;

	icalrecurrencetype_clear(&rule);
	for (guint i = 0; unit && i < G_N_ELEMENTS(units); i++)
		if (strcmp(unit, units[i].unit) == 0)
			rule.freq = units[i].freq;
	if (rule.freq == ICAL_NO_RECURRENCE)
		return;
	if (nsf_note_number(note, "RepeatInterval", &n) && n >= 1 && n <= 1000)
		rule.interval = (short)n;
	if (nsf_note_time(note, "RepeatUntil", &until))
		rule.until = ical_time(&until, false);
	else if (nsf_note_number(note, "RepeatFor", &n) && n >= 1 &&
		 n <= NSF_INSTANCES_MAX)
		rule.count = (int)n;
	icalcomponent_add_property(to, icalproperty_new_rrule(rule));
}

static void
add_event(
    icalcomponent *to, const struct nsf_note *note, const struct stamp *start)
{
	guint type = type_of(note);
	bool all_day = type == TYPE_ANNIVERSARY || type == TYPE_ALL_DAY;
	static const char *const ends[] = {"EndDateTime", "EndDate", NULL};
	struct stamp end;

	icalcomponent_add_property(
	    to, icalproperty_new_dtstart(ical_time(start, all_day)));
	/* Without an end, end = start (Q221843): for a day, that is one day. */
	if (!first_time(note, ends, &end) || end.utc < start->utc)
		end = *start;
	if (!all_day)
		icalcomponent_add_property(
		    to, icalproperty_new_dtend(ical_time(&end, false)));
	if (!add_instances(to, note, start, all_day))
		add_rule(to, note);
	add_text(
	    to, icalproperty_new_location, nsf_note_text(note, "Location"));
	if (type == TYPE_MEETING) {
		add_organizer(to, note);
		add_attendees(to, note);
	}
	add_alarm(to, note);
}

static void
add_todo(
    icalcomponent *to, const struct nsf_note *note, const struct stamp *start)
{
	static const char *const dues[] = {"DueDateTime", "DueDate", NULL};
	static const char *const dones[] = {
	    "CompletedDateTime", "CompletedDate", NULL};
	g_autofree char *state = nsf_note_text(note, "DueState");
	struct stamp due, done;

	icalcomponent_add_property(
	    to, icalproperty_new_dtstart(ical_time(start, false)));
	if (first_time(note, dues, &due) && due.utc >= start->utc)
		icalcomponent_add_property(
		    to, icalproperty_new_due(ical_time(&due, false)));
	if (first_time(note, dones, &done))
		icalcomponent_add_property(
		    to, icalproperty_new_completed(ical_time(&done, false)));
	else if (state == NULL ||
		 g_ascii_strtoull(state, NULL, 10) != DUE_COMPLETED)
		return;
	icalcomponent_add_property(
	    to, icalproperty_new_status(ICAL_STATUS_COMPLETED));
}

static void
add_categories(icalcomponent *to, const struct nsf_note *note)
{
	g_auto(GStrv) words = nsf_note_texts(note, "Categories");

	for (guint i = 0; words[i]; i++)
		if (*words[i])
			icalcomponent_add_property(
			    to, icalproperty_new_categories(words[i]));
}

bool
nsf_calendar_write(const struct nsf_note *note, bool task,
    const char *description, GString *out)
{
	static const char *const starts[] = {"StartDateTime",
	    "CalendarDateTime", "StartDate", "DueDateTime", NULL};
	icalcomponent *calendar, *item;
	struct stamp start;
	char *text;

	if (!first_time(note, starts, &start))
		return false;
	calendar = icalcomponent_new_vcalendar();
	icalcomponent_add_property(calendar, icalproperty_new_version("2.0"));
	icalcomponent_add_property(
	    calendar, icalproperty_new_prodid("-//mailmig//notes//EN"));
	item = task ? icalcomponent_new_vtodo() : icalcomponent_new_vevent();
	icalcomponent_add_component(calendar, item);
	text = nsf_note_text(note, "ApptUNID");
	add_text(
	    item, icalproperty_new_uid, text ? text : g_strdup(note->unid));
	icalcomponent_add_property(
	    item, icalproperty_new_dtstamp(ical_time(
		      note->modified.known ? &note->modified : &start, false)));
	add_text(
	    item, icalproperty_new_summary, nsf_note_text(note, "Subject"));
	add_text(item, icalproperty_new_description, g_strdup(description));
	add_categories(item, note);
	if (task)
		add_todo(item, note, &start);
	else
		add_event(item, note, &start);
	text = icalcomponent_as_ical_string_r(calendar);
	g_string_append(out, text);
	icalmemory_free_buffer(text);
	icalcomponent_free(calendar);
	return true;
}

enum status
nsf_calendar_join(
    struct nsf_mail *mail, const struct nsf_note *note, GError **error)
{
	g_autoptr(GString) ical = g_string_new(NULL);
	g_autoptr(GString) block = NULL;
	g_autofree char *description = NULL;
	const struct part *parts =
	    (const struct part *)(void *)mail->parts->data;
	enum status st;

	for (guint i = 0; i < mail->parts->len && !description; i++) {
		gsize len = (gsize)MIN(parts[i].blob.len, 1 << 20), got = 0;

		if (parts[i].kind != PART_TEXT)
			continue;
		description = g_malloc0(len + 1);
		st =
		    blob_read(&parts[i].blob, 0, description, len, &got, error);
		if (st < 0)
			return st;
		description[got] = '\0';
		g_strchomp(description);
		if (!g_utf8_validate(description, -1, NULL))
			g_clear_pointer(&description, g_free);
	}
	if (!nsf_calendar_write(
		note, mail->form == NSF_FORM_TASK, description, ical))
		return ST_OK;
	if (mail->parts->len > 2 ||
	    (mail->parts->len > 0 &&
		parts[mail->parts->len - 1].kind == PART_FILE)) {
		/* Files go with it: beside the calendar part. */
		st = nsf_mail_add(mail, PART_FILE, ical->str, ical->len,
		    "calendar.ics", "text/calendar", error);
		nsf_mail_settle(mail);
		return st;
	}
	block = g_string_new(NULL);
	nsf_mail_fields(mail, block);
	g_string_append(block, "Content-Type: text/calendar; charset=utf-8\r\n"
			       "Content-Transfer-Encoding: 8bit\r\n\r\n");
	g_string_append(block, ical->str);
	g_array_set_size(mail->parts, 0);
	spool_reset(mail->store);
	st = spool_write(mail->store, block->str, block->len, error);
	mail->raw = spool_blob(mail->store);
	return st;
}
