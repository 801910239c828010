/*
 * Appointments, notes and tasks of the API gateway as iCalendar (RFC 5545).
 * Their keywords are Novell's (spec/groupwise.md 4); no captured file of one is
 * public, so the source gives them only when it is asked to.
 */
#include "source/groupwise-private.h"

#include <libical/ical.h>
#include <string.h>

/* RFC 2606 2: GroupWise addresses lead nowhere on the Internet. */
#define NO_ADDRESS "mailto:unknown@groupwise.invalid"

bool
gw_is_calendar(const char *type)
{
	return g_ascii_strcasecmp(type, "APPT") == 0 ||
	       g_ascii_strcasecmp(type, "NOTE") == 0 || gw_is_task(type);
}

bool
gw_is_task(const char *type)
{
	return g_ascii_strcasecmp(type, "TASK") == 0;
}

/* In UTC; or the day that it is where it was written. */
static struct icaltimetype
ical_time(const struct groupwise_source *s, const struct stamp *stamp, bool day)
{
	struct icaltimetype t = icaltime_null_time();
	struct stamp at = *stamp;
	int weekday;

	if (day) {
		gint interval = g_time_zone_find_interval(
		    s->zone, G_TIME_TYPE_UNIVERSAL, stamp->utc);

		at.has_zone = true;
		if (!stamp->has_zone)
			at.zone =
			    (gint16)(g_time_zone_get_offset(s->zone, interval) /
				     60);
	} else
		at.has_zone = false;
	if (!at.has_zone)
		at.zone = 0;
	stamp_to_fields(&at, &t.year, &t.month, &t.day, &t.hour, &t.minute,
	    &t.second, &weekday);
	if (day) {
		t.hour = t.minute = t.second = 0;
		t.is_date = 1;
	} else
		t.zone = icaltimezone_get_utc_timezone();
	return t;
}

static void
add_text(icalcomponent *to, icalproperty *(*make)(const char *), char *text)
{
	g_autofree char *owned = text;

	for (char *p = owned; p && *p; p++)
		if (((guint8)*p < 0x20 && *p != '\n') || *p == 0x7f)
			*p = ' ';
	if (owned && *g_strstrip(owned))
		icalcomponent_add_property(to, make(owned));
}

static void
add_person(icalcomponent *to, const struct person *person, bool organizer,
    icalparameter_role role)
{
	bool smtp = g_strcmp0(person->type, "SMTP") == 0 &&
		    !strpbrk(person->address, " \t\r\n\"<>");
	g_autofree char *uri =
	    smtp ? g_strconcat("mailto:", person->address, NULL)
		 : g_strdup(NO_ADDRESS);
	g_autofree char *name =
	    g_strdup(person->name ? person->name : person->address);
	icalproperty *p = organizer ? icalproperty_new_organizer(uri)
				    : icalproperty_new_attendee(uri);

	if (!organizer)
		icalproperty_add_parameter(p, icalparameter_new_role(role));
	if (name) {
		g_strdelimit(name, "\"\r\n", ' ');
		icalproperty_add_parameter(p, icalparameter_new_cn(name));
	}
	icalcomponent_add_property(to, p);
}

/* Meetings keep who was there (Q184746); an entry for oneself has nobody. */
static void
add_people(icalcomponent *to, const struct envelope *e)
{
	if (e->to->len + e->cc->len < 2)
		return;
	if (e->from->len > 0)
		add_person(to, e->from->pdata[0], true, ICAL_ROLE_CHAIR);
	for (guint i = 0; i < e->to->len; i++)
		add_person(
		    to, e->to->pdata[i], false, ICAL_ROLE_REQPARTICIPANT);
	for (guint i = 0; i < e->cc->len; i++)
		add_person(
		    to, e->cc->pdata[i], false, ICAL_ROLE_NONPARTICIPANT);
}

/* "A1" is 1, "B1" is 4, "C3" is 9 (RFC 5545 3.8.1.9); a number stands for
 * itself, a letter for its first. 0: none. */
static int
task_priority(const char *category, const char *number)
{
	int n = number && g_ascii_isdigit(*number)
		    ? (int)g_ascii_strtoull(number, NULL, 10)
		    : 0;
	int letter = category && g_ascii_isalpha(*category)
			 ? g_ascii_toupper(*category) - 'A'
			 : -1;

	if (letter < 0)
		return CLAMP(n, 0, 9);
	return MIN(3 * letter + CLAMP(n, 1, 3), 9);
}

static void
add_class(struct groupwise_source *s, icalcomponent *to)
{
	g_autofree char *security = gw_value(s, s->api.nodes, "Security");

	if (security == NULL || g_ascii_strcasecmp(security, "Normal") == 0)
		return;
	icalcomponent_add_property(
	    to, icalproperty_new_class(
		    g_ascii_strcasecmp(security, "Proprietary") == 0
			? ICAL_CLASS_PRIVATE
			: ICAL_CLASS_CONFIDENTIAL));
}

static void
add_event(struct groupwise_source *s, icalcomponent *to, bool whole_day,
    const struct stamp *start, const struct stamp *end)
{
	struct icaltimetype from = ical_time(s, start, whole_day), until;

	icalcomponent_add_property(to, icalproperty_new_dtstart(from));
	/* No end, or one before the beginning: it is the beginning (Q221843).
	 * Of days, DTEND is the one behind the last (RFC 5545 3.6.1). */
	until = end->known && end->utc > start->utc
		    ? ical_time(s, end, whole_day)
		    : from;
	if (whole_day)
		icaltime_adjust(&until, 1, 0, 0, 0);
	icalcomponent_add_property(to, icalproperty_new_dtend(until));
	/* A note is for nobody else: the day stays free (Q201135). */
	icalcomponent_add_property(
	    to, icalproperty_new_transp(
		    whole_day ? ICAL_TRANSP_TRANSPARENT : ICAL_TRANSP_OPAQUE));
}

static void
add_task(struct groupwise_source *s, icalcomponent *to,
    const struct stamp *start, const struct stamp *due)
{
	g_autofree char *category = gw_value(s, s->api.nodes, "Task-Category");
	g_autofree char *number = gw_value(s, s->api.nodes, "Task-Priority");
	int priority = task_priority(category, number);

	if (start->known)
		icalcomponent_add_property(
		    to, icalproperty_new_dtstart(ical_time(s, start, true)));
	if (due->known && (!start->known || due->utc >= start->utc))
		icalcomponent_add_property(
		    to, icalproperty_new_due(ical_time(s, due, true)));
	if (priority > 0)
		icalcomponent_add_property(
		    to, icalproperty_new_priority(priority));
}

bool
gw_calendar_write(struct groupwise_source *s, const char *type, const char *uid,
    const char *description, GString *out)
{
	bool task = gw_is_task(type);
	const struct envelope *e = &s->envelope;
	struct stamp start, end;
	icalcomponent *calendar, *item;
	char *text;

	gw_stamp(s, "Begin-Time", &start);
	gw_stamp(s, "End-Time", &end);
	if (!start.known && !task)
		return false;
	calendar = icalcomponent_new_vcalendar();
	icalcomponent_add_property(calendar, icalproperty_new_version("2.0"));
	icalcomponent_add_property(
	    calendar, icalproperty_new_prodid("-//mailmig//EN"));
	item = task ? icalcomponent_new_vtodo() : icalcomponent_new_vevent();
	icalcomponent_add_component(calendar, item);
	add_text(item, icalproperty_new_uid,
	    g_strconcat(uid, "@groupwise.invalid", NULL));
	/* Not the time of this run: the same file gives the same octets. */
	icalcomponent_add_property(
	    item, icalproperty_new_dtstamp(
		      ical_time(s, e->sent.known ? &e->sent : &start, false)));
	add_text(item, icalproperty_new_summary, g_strdup(e->subject));
	text = gw_value(s, s->api.nodes, "Location");
	add_text(item, icalproperty_new_location,
	    text ? text : gw_value(s, s->api.nodes, "Place"));
	add_class(s, item);
	if (task)
		add_task(s, item, &start, &end);
	else
		add_event(s, item, g_ascii_strcasecmp(type, "NOTE") == 0,
		    &start, &end);
	add_people(item, e);
	text = g_strdup(description);
	for (char *p = text, *q = text; p && (*q = *p) != '\0'; p++)
		if (*p != '\r')
			q++;
	add_text(item, icalproperty_new_description, text);
	text = icalcomponent_as_ical_string_r(calendar);
	g_string_assign(out, text);
	icalmemory_free_buffer(text);
	icalcomponent_free(calendar);
	return true;
}
