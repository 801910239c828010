#include "nsf/calendar.h"

#include "nsf/bytes.h"
#include "nsf/calendar-series.h"
#include "nsf/mail-private.h"

#include <libical/ical.h>
#include <string.h>

#define TYPE_ANNIVERSARY 1 /* AppointmentType */
#define TYPE_ALL_DAY	 2
#define TYPE_MEETING	 3
#define DUE_COMPLETED	 9 /* DueState */
#define ALARM_MAX	 525600 /* minutes: a year */

bool
nsf_calendar_is_parent(const struct nsf_note *note)
{
	g_autofree char *flags = nsf_note_text(note, "$CSFlags");

	return flags && strchr(flags, 'c') != NULL;
}

bool
nsf_note_reference(const struct nsf_note *note, guint8 unid[16])
{
	struct nsf_item *ref = nsf_note_item(note, "$REF");
	const guint8 *data;
	gsize len;

	if (ref == NULL || ref->type != NSF_TYPE_REFERENCES)
		return false;
	/* DXL has it as text. */
	if (ref->texts) {
		memset(unid, 0, 16);
		return ref->texts[0] != NULL;
	}
	if (nsf_item_value(ref, &data, &len, NULL) < 0 || len < 18 ||
	    get_le16(data) == 0)
		return false;
	memcpy(unid, data + 2, 16);
	return true;
}

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
		icalparameter_cutype type; /* 0: a person */
	} rows[] = {
	    {"RequiredAttendees", ICAL_ROLE_REQPARTICIPANT, 0},
	    {"OptionalAttendees", ICAL_ROLE_OPTPARTICIPANT, 0},
	    {"FYIAttendees", ICAL_ROLE_NONPARTICIPANT, 0},
	    {"Room", ICAL_ROLE_REQPARTICIPANT, ICAL_CUTYPE_ROOM},
	    {"RequiredResources", ICAL_ROLE_REQPARTICIPANT,
		ICAL_CUTYPE_RESOURCE},
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
			if (rows[i].type)
				icalproperty_add_parameter(
				    p, icalparameter_new_cutype(rows[i].type));
			if (shown)
				icalproperty_add_parameter(
				    p, icalparameter_new_cn(shown));
			icalcomponent_add_property(to, p);
		}
	}
}

/* Only when it is somebody else: an own meeting can then be changed (Q201436).
 * An invitation always has one (RFC 5546 3.2.2). */
static void
add_organizer(icalcomponent *to, const struct nsf_note *note, bool always)
{
	g_autofree char *chair = nsf_note_text(note, "Chair");
	g_autofree char *from = nsf_note_text(note, "From");
	g_autofree char *shown = NULL;
	g_autofree char *uri = NULL;
	icalproperty *p;

	if (chair == NULL && always)
		chair = g_strdup(from);
	if (chair == NULL ||
	    (!always && from && g_ascii_strcasecmp(chair, from) == 0))
		return;
	uri = calendar_address(chair, &shown);
	if (uri == NULL)
		return;
	p = icalproperty_new_organizer(uri);
	if (shown)
		icalproperty_add_parameter(p, icalparameter_new_cn(shown));
	icalcomponent_add_property(to, p);
}

/* Is the item "1", as text or as a number? */
static bool
is_on(const struct nsf_note *note, const char *name)
{
	g_autofree char *text = nsf_note_text(note, name);

	return text && strcmp(text, "1") == 0;
}

/* $AlarmOffset counts $AlarmUnits, negative ones before the beginning; numbers
 * know no locale (Q201506). $AlarmTime is a date of its own. */
static void
add_alarm(icalcomponent *to, const struct nsf_note *note)
{
	g_autofree char *unit = nsf_note_text(note, "$AlarmUnit");
	g_autofree char *text = nsf_note_text(note, "$AlarmDescription");
	struct icaltriggertype trigger = {0};
	struct stamp at;
	icalcomponent *alarm;
	double offset;

	if (!is_on(note, "$Alarm") || is_on(note, "$AlarmDisabled"))
		return;
	if (nsf_note_time(note, "$AlarmTime", &at)) {
		trigger.time = ical_time(&at, false);
		trigger.duration = icaldurationtype_null_duration();
	} else if (nsf_note_number(note, "$AlarmOffset", &offset)) {
		offset *= unit && *unit == 'D'	 ? 1440
			  : unit && *unit == 'H' ? 60
						 : 1;
		if (offset < -ALARM_MAX || offset > ALARM_MAX)
			return;
		trigger.time = icaltime_null_time();
		trigger.duration =
		    icaldurationtype_from_int((int)(offset * 60));
	} else {
		return;
	}
	alarm = icalcomponent_new_valarm();
	icalcomponent_add_property(
	    alarm, icalproperty_new_action(ICAL_ACTION_DISPLAY));
	icalcomponent_add_property(alarm, icalproperty_new_trigger(trigger));
	icalcomponent_add_property(alarm,
	    icalproperty_new_description(text && *text ? text : "Reminder"));
	icalcomponent_add_component(to, alarm);
}

/* The dates as they are now; the snapshots that other items keep have those of
 * before the series was moved (831188). No limit but theirs (Q247622). */
static void
take_instances(const struct nsf_note *note, const struct stamp *start,
    GArray *out /* struct stamp */)
{
	static const char *const names[] = {"StartDateTime", "CalendarDateTime",
	    "RepeatDates", "RepeatInstanceDates"};

	for (guint i = 0; out->len < 2 && i < G_N_ELEMENTS(names); i++) {
		g_array_set_size(out, 0);
		nsf_note_times(note, names[i], out);
	}
	if (out->len < 2) {
		g_array_set_size(out, 0);
		g_array_append_vals(out, start, 1);
	}
}

/* "1", "3": days of the week from 0, or of the month from 1. */
static void
take_adjust(const struct nsf_note *note, struct icalrecurrencetype *rule)
{
	g_auto(GStrv) texts = nsf_note_texts(note, "RepeatAdjust");
	bool from_end = is_on(note, "RepeatFromEnd");
	bool weekly = rule->freq == ICAL_WEEKLY_RECURRENCE;
	short *to = weekly ? rule->by_day : rule->by_month_day;
	guint n = 0;

	for (guint i = 0; texts[i] && n < 31; i++) {
		guint64 day;

		if (!g_ascii_string_to_unsigned(texts[i], 10, weekly ? 0 : 1,
			weekly ? 6 : 31, &day, NULL))
			continue;
		to[n++] = (short)(weekly     ? (int)day + 1
				  : from_end ? -(int)day
					     : (int)day);
	}
}

/* A rule, where there is nothing else; RepeatFor -1 is one without end, never
 * 65535-65535 (885455), and else counts units, not instances. */
static void
add_rule(
    icalcomponent *to, const struct nsf_note *note, const struct stamp *start)
{
	static const struct {
		const char *unit;
		icalrecurrencetype_frequency freq;
		int days; /* of one */
	} units[] = {
	    {"D", ICAL_DAILY_RECURRENCE, 1},
	    {"W", ICAL_WEEKLY_RECURRENCE, 7},
	    {"MD", ICAL_MONTHLY_RECURRENCE, 31},
	    {"Y", ICAL_YEARLY_RECURRENCE, 366},
	    {"YD", ICAL_YEARLY_RECURRENCE, 366},
	};
	g_autofree char *unit = nsf_note_text(note, "RepeatUnit");
	g_autofree char *how = nsf_note_text(note, "RepeatHow");
	g_autofree char *interval = nsf_note_text(note, "RepeatInterval");
	struct icalrecurrencetype rule;
	struct stamp until = *start;
	double n;
	int days = 0;

	icalrecurrencetype_clear(&rule);
	for (guint i = 0; unit && i < G_N_ELEMENTS(units); i++)
		if (strcmp(unit, units[i].unit) == 0) {
			rule.freq = units[i].freq;
			days = units[i].days;
		}
	if (days == 0)
		return;
	n = interval ? g_ascii_strtod(interval, NULL) : 1;
	rule.interval = n >= 1 && n <= 1000 ? (short)n : 1;
	if (rule.freq == ICAL_WEEKLY_RECURRENCE ||
	    rule.freq == ICAL_MONTHLY_RECURRENCE)
		take_adjust(note, &rule);
	if ((how == NULL || *how == 'U') &&
	    nsf_note_time(note, "RepeatUntil", &until)) {
		/* The hour in it means nothing. */
		until.utc += 86399 - until.utc % 86400;
		rule.until = ical_time(&until, false);
	} else if (nsf_note_number(note, "RepeatFor", &n) && n >= 1 &&
		   n <= NSF_INSTANCES_MAX) {
		until = *start;
		until.utc += (gint64)n * days * 86400 - 1;
		rule.until = ical_time(&until, false);
	}
	icalcomponent_add_property(to, icalproperty_new_rrule(rule));
}

static void
add_end(icalcomponent *to, const struct nsf_note *note,
    const struct stamp *start, bool all_day, bool series)
{
	static const char *const ends[] = {"EndDateTime", "EndDate", NULL};
	struct icaltimetype first = ical_time(start, all_day), last;
	struct stamp end;

	/* Without an end, end = start (Q221843): a day, or a moment, which has
	 * no DTEND (RFC 5545 3.8.2.2). */
	if (!first_time(note, ends, &end) || end.utc <= start->utc)
		return;
	last = ical_time(&end, all_day);
	if (all_day) {
		/* Days of one entry are a series in Notes (RepeatIds). */
		if (series || icaltime_compare(last, first) <= 0)
			return;
		icaltime_adjust(&last, 1, 0, 0, 0);
	}
	icalcomponent_add_property(to, icalproperty_new_dtend(last));
}

static void
add_state(icalcomponent *to, const struct nsf_note *note)
{
	double sequence;

	if (is_on(note, "OrgConfidential"))
		icalcomponent_add_property(
		    to, icalproperty_new_class(ICAL_CLASS_PRIVATE));
	if (is_on(note, "BookFreeTime"))
		icalcomponent_add_property(
		    to, icalproperty_new_transp(ICAL_TRANSP_TRANSPARENT));
	if (nsf_note_number(note, "SequenceNum", &sequence) && sequence >= 1 &&
	    sequence <= G_MAXUINT16)
		icalcomponent_add_property(
		    to, icalproperty_new_sequence((int)sequence - 1));
}

/* What the chair of a meeting asks for; NULL: something else, or no notice. */
static const char *
notice_method(const struct nsf_note *note)
{
	g_autofree char *type = nsf_note_text(note, "NoticeType");

	if (type == NULL || *type == '\0')
		return NULL;
	/* Invited, delegated to me, confirmed, updated, moved */
	if (strchr("ILNKEU", *type))
		return "REQUEST";
	return *type == 'C' ? "CANCEL" : NULL;
}

static void
add_event(icalcomponent *calendar, icalcomponent *to,
    const struct nsf_note *note, const struct stamp *start)
{
	bool notice = notice_method(note) != NULL;
	guint type = type_of(note);
	bool all_day = type == TYPE_ANNIVERSARY || type == TYPE_ALL_DAY;
	g_autofree char *zone = nsf_note_text(note, "StartTimeZone");
	char *location = nsf_note_text(note, "Location");
	g_autoptr(GArray) times =
	    g_array_new(FALSE, FALSE, sizeof(struct stamp));

	take_instances(note, start, times);
	nsf_series_add(calendar, to, times, all_day, zone);
	if (times->len == 1)
		add_rule(to, note, start);
	add_end(to, note, start, all_day, times->len > 1);
	add_text(to, icalproperty_new_location,
	    location ? location : nsf_note_text(note, "Room"));
	add_state(to, note);
	if (type == TYPE_MEETING || notice) {
		add_organizer(to, note, notice);
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
	const char *method;
	struct stamp start;
	guint8 unid[16];
	char *text;

	if (!first_time(note, starts, &start))
		return false;
	calendar = icalcomponent_new_vcalendar();
	icalcomponent_add_property(calendar, icalproperty_new_version("2.0"));
	icalcomponent_add_property(
	    calendar, icalproperty_new_prodid("-//mailmig//notes//EN"));
	method = task ? NULL : notice_method(note);
	if (method)
		icalcomponent_add_property(calendar,
		    icalproperty_new_method(*method == 'R'
						? ICAL_METHOD_REQUEST
						: ICAL_METHOD_CANCEL));
	item = task ? icalcomponent_new_vtodo() : icalcomponent_new_vevent();
	icalcomponent_add_component(calendar, item);
	/* Notes that were made from a series have its id: each is an event of
	 * its own here, and must not replace the others. */
	text = !method && nsf_note_reference(note, unid)
		   ? NULL
		   : nsf_note_text(note, "ApptUNID");
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
		add_event(calendar, item, note, &start);
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

	/* An answer of somebody, or a message about something else. */
	if (mail->form == NSF_FORM_NOTICE && notice_method(note) == NULL)
		return ST_OK;
	if (mail->raw.len > 0) {
		nsf_lose(mail, "its text is MIME: it comes as a message, "
			       "without its calendar items");
		return ST_OK;
	}
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
	/* An invitation stays mail. */
	if (mail->form == NSF_FORM_NOTICE || mail->parts->len > 2 ||
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
