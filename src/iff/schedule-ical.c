#include "iff/schedule-ical.h"

#include <libical/ical.h>
#include <nettle/sha2.h>
#include <string.h>

#define YEAR_MIN 1900
#define YEAR_MAX                                                               \
	4500 /* Schedule+'s calendar ends there; 65535 is none (885455) */
#define DAYS_MAX 3660 /* of one event */

struct maker {
	const struct schedule_object *object;
	GTimeZone *zone;
	icaltimezone *tz; /* owned when own_tz */
	char *tzid;	  /* its name in the text */
	bool own_tz, whole_days, is_task;
	gint64 now;
	struct schedule_ical *out;
};

static const struct {
	const char *name;
	enum schedule_kind kind;
	bool recurs;
} kinds[] = {
    {"SingleAppointments", SCHEDULE_APPOINTMENT, false},
    {"RecurringAppointments", SCHEDULE_APPOINTMENT, true},
    {"SingleEvents", SCHEDULE_EVENT, false},
    {"RecurringEvents", SCHEDULE_EVENT, true},
    {"SingleTasks", SCHEDULE_TASK, false},
    {"RecurringTasks", SCHEDULE_TASK, true},
    {"Contacts", SCHEDULE_CONTACT, false},
    {"Projects", SCHEDULE_PROJECT, false},
};

enum schedule_kind
schedule_kind(const struct schedule_object *object)
{
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (g_ascii_strcasecmp(object->kind, kinds[i].name) == 0)
			return kinds[i].kind;
	return SCHEDULE_UNKNOWN;
}

static bool
recurs(const struct schedule_object *object)
{
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (g_ascii_strcasecmp(object->kind, kinds[i].name) == 0)
			return kinds[i].recurs;
	return false;
}

void
schedule_ical_init(struct schedule_ical *ical)
{
	ical->text = g_string_new(NULL);
	ical->summary = g_string_new(NULL);
	ical->lost = g_ptr_array_new_with_free_func(g_free);
	ical->uid[0] = '\0';
}

void
schedule_ical_clear(struct schedule_ical *ical)
{
	g_string_free(ical->text, TRUE);
	g_string_free(ical->summary, TRUE);
	g_ptr_array_unref(ical->lost);
}

static void
lose(struct maker *m, const char *words)
{
	g_ptr_array_add(m->out->lost, g_strdup(words));
}

/* Values. */

static const char *
text_of(const struct schedule_object *object, const char *name)
{
	const struct schedule_property *p = schedule_get(object, name);

	return p && p->type == SCHEDULE_STRING ? p->text : "";
}

static bool
number_of(const struct schedule_object *object, const char *name, gint64 *out)
{
	const struct schedule_property *p = schedule_get(object, name);

	*out = 0;
	if (p == NULL || p->type != SCHEDULE_NUMBER)
		return false;
	*out = p->number;
	return true;
}

static bool
flag_of(const struct schedule_object *object, const char *name, bool fallback)
{
	const struct schedule_property *p = schedule_get(object, name);

	return p && p->type == SCHEDULE_BOOL ? p->number != 0 : fallback;
}

static const struct schedule_property *
moment_of(const struct schedule_object *object, const char *name)
{
	const struct schedule_property *p = schedule_get(object, name);

	if (p == NULL || p->type != SCHEDULE_MOMENT)
		return NULL;
	if (p->has_date && (p->year < YEAR_MIN || p->year > YEAR_MAX))
		return NULL;
	return p;
}

/* Text that content lines can hold (RFC 5545 3.1: no controls). */
static char *
plain(const char *text)
{
	char *out = g_strdup(text);

	for (char *p = out; *p; p++)
		if (((guint8)*p < 0x20 && *p != '\n' && *p != '\t') ||
		    *p == 0x7f)
			*p = ' ';
	return out;
}

static struct icaltimetype
date_time(const struct maker *m, const struct schedule_property *date,
    const struct schedule_property *at)
{
	struct icaltimetype t = icaltime_null_time();

	t.year = date->year;
	t.month = date->month;
	t.day = date->day;
	t.is_date = m->whole_days;
	if (m->whole_days)
		return t;
	t.hour = at && at->has_time ? at->hour : 0;
	t.minute = at && at->has_time ? at->minute : 0;
	t.zone = m->tz;
	return t;
}

/* Seconds UTC of a local time, by the rules of the zone at that date. */
static gint64
utc_of(const struct maker *m, struct icaltimetype t)
{
	struct stamp stamp;
	gint64 local;
	gint interval;

	if (!stamp_from_fields(
		t.year, t.month, t.day, t.hour, t.minute, t.second, 0, &stamp))
		return 0;
	local = stamp.utc;
	interval =
	    g_time_zone_adjust_time(m->zone, G_TIME_TYPE_STANDARD, &local);
	return local - g_time_zone_get_offset(m->zone, interval);
}

static struct icaltimetype
as_utc(gint64 seconds)
{
	struct icaltimetype t = icaltime_null_time();
	struct stamp stamp = {.utc = seconds, .known = true};
	int weekday;

	stamp_to_fields(&stamp, &t.year, &t.month, &t.day, &t.hour, &t.minute,
	    &t.second, &weekday);
	t.zone = icaltimezone_get_utc_timezone();
	return t;
}

/* Zones: of the system's tables by name; a fixed offset as a zone of its own,
 * because days of the week would shift in UTC. */
static void
find_zone(struct maker *m)
{
	const char *name = g_time_zone_get_identifier(m->zone);
	gint32 offset = g_time_zone_get_offset(m->zone, 0);
	icalcomponent *zone, *standard;

	if (strchr(name, '/') && *name != '/')
		m->tz = icaltimezone_get_builtin_timezone(name);
	m->tzid = m->tz ? g_strdup(name)
			: g_strdup_printf("UTC%+03d%02d", offset / 3600,
			      ABS(offset) / 60 % 60);
	if (m->tz)
		return;
	zone = icalcomponent_new(ICAL_VTIMEZONE_COMPONENT);
	standard = icalcomponent_new(ICAL_XSTANDARD_COMPONENT);
	icalcomponent_add_property(zone, icalproperty_new_tzid(m->tzid));
	icalcomponent_add_property(standard,
	    icalproperty_new_dtstart(icaltime_from_string("19700101T000000")));
	icalcomponent_add_property(
	    standard, icalproperty_new_tzoffsetfrom(offset));
	icalcomponent_add_property(
	    standard, icalproperty_new_tzoffsetto(offset));
	icalcomponent_add_component(zone, standard);
	m->tz = icaltimezone_new();
	m->own_tz = true;
	icaltimezone_set_component(m->tz, zone);
}

static icalproperty *
with_zone(const struct maker *m, icalproperty *property)
{
	if (!m->whole_days)
		icalproperty_add_parameter(
		    property, icalparameter_new_tzid(m->tzid));
	return property;
}

/* What every kind has in common. */

/* 3 = 0x2033, C = 0x4320, A3 = 0x4133 (11.2): the letter decides. */
static int
priority_of(gint64 value)
{
	int first = (int)(value >> 8 & 0xff), second = (int)(value & 0xff);

	if (g_ascii_isalpha(first))
		return MIN(g_ascii_toupper((char)first) - 'A' + 1, 9);
	return g_ascii_isdigit(second) ? second - '0' : 0;
}

static void
put_attendees(
    struct maker *m, const struct schedule_object *object, icalcomponent *c)
{
	for (guint i = 0; i < object->objects->len; i++) {
		const struct schedule_object *one = object->objects->pdata[i];
		g_autoptr(GByteArray) key = g_byte_array_new();
		g_autofree char *name = NULL, *address = NULL;
		const struct schedule_property *search;
		icalproperty *p;

		if (g_ascii_strcasecmp(one->kind, "Attendees") != 0)
			continue;
		name = plain(text_of(one, "UserDisplay"));
		search = schedule_get(one, "UserSearchKey");
		if (search)
			schedule_bytes(search->text, key);
		g_byte_array_append(key, (const guint8 *)"", 1);
		if (g_ascii_strncasecmp((char *)key->data, "SMTP:", 5) == 0)
			address =
			    g_strconcat("mailto:", (char *)key->data + 5, NULL);
		else if (*name == '\0')
			continue;
		/* RFC 5545 wants an address of everyone; this one leads
		 * nowhere (RFC 2606 2). */
		p = icalproperty_new_attendee(
		    address && g_utf8_validate(address, -1, NULL) &&
			    !strpbrk(address, " \t\r\n\"")
			? address
			: "mailto:unknown@invalid");
		if (*name) {
			g_strdelimit(name, "\"\n", ' ');
			icalproperty_add_parameter(
			    p, icalparameter_new_cn(name));
		}
		icalcomponent_add_property(c, p);
	}
}

static gint64
alarm_seconds(gint64 amount, gint64 unit)
{
	static const int seconds[] = {60, 3600, 86400, 7 * 86400, 30 * 86400};

	if (unit < 0 || unit >= (gint64)G_N_ELEMENTS(seconds) || amount < 0 ||
	    amount > 100000)
		return -1;
	return amount * seconds[unit];
}

/* ends: when the last of it begins, seconds UTC; G_MAXINT64: never. */
static void
put_alarm(struct maker *m, const struct schedule_object *object,
    icalcomponent *c, gint64 ends)
{
	gint64 amount, unit, before;
	struct icaltriggertype trigger = {0};
	icalcomponent *alarm;
	icalproperty *p;

	if (!flag_of(object, "Ring", true) ||
	    !number_of(object, "AlarmAmount", &amount))
		return;
	number_of(object, "AlarmTypeUnit", &unit);
	before = alarm_seconds(amount, unit);
	if (before < 0 || ends - before < m->now) /* Q195852 */
		return;
	alarm = icalcomponent_new(ICAL_VALARM_COMPONENT);
	icalcomponent_add_property(
	    alarm, icalproperty_new_action(ICAL_ACTION_DISPLAY));
	trigger.time = icaltime_null_time();
	trigger.duration = icaldurationtype_from_int((int)-before);
	p = icalproperty_new_trigger(trigger);
	if (flag_of(object, "BeforeEnd", false))
		icalproperty_add_parameter(
		    p, icalparameter_new_related(ICAL_RELATED_END));
	icalcomponent_add_property(alarm, p);
	icalcomponent_add_property(
	    alarm, icalproperty_new_description(m->out->summary->str));
	icalcomponent_add_component(c, alarm);
}

static void
put_texts(
    struct maker *m, const struct schedule_object *object, icalcomponent *c)
{
	g_autofree char *summary = plain(text_of(object, "Text"));
	g_autofree char *notes = plain(text_of(object, "Notes"));
	g_autofree char *where = plain(text_of(object, "Where"));
	gint64 busy, value;

	/* The first line is the subject; Schedule+ had one field for both. */
	if (*notes == '\0' && strchr(summary, '\n')) {
		g_free(notes);
		notes = g_strdup(summary);
	}
	g_strdelimit(summary, "\n\t", ' ');
	g_strstrip(summary);
	icalcomponent_add_property(c, icalproperty_new_summary(summary));
	if (*notes)
		icalcomponent_add_property(
		    c, icalproperty_new_description(notes));
	if (*where)
		icalcomponent_add_property(c, icalproperty_new_location(where));
	if (number_of(object, "Priority", &value) && priority_of(value))
		icalcomponent_add_property(
		    c, icalproperty_new_priority(priority_of(value)));
	if (m->is_task)
		return;
	/* Whole days were notes in other systems: free (Q201135). */
	if (!number_of(object, "BusyType", &busy))
		busy = m->whole_days ? -1 : 1;
	icalcomponent_add_property(
	    c, icalproperty_new_transp(
		   busy >= 0 ? ICAL_TRANSP_OPAQUE : ICAL_TRANSP_TRANSPARENT));
	if (busy == 0)
		icalcomponent_add_property(
		    c, icalproperty_new_status(ICAL_STATUS_TENTATIVE));
	put_attendees(m, object, c);
}

static void
digest(const struct schedule_object *object, struct sha256_ctx *sha)
{
	sha256_update(
	    sha, strlen(object->kind) + 1, (const guint8 *)object->kind);
	for (guint i = 0; i < object->properties->len; i++) {
		const struct schedule_property *p = &g_array_index(
		    object->properties, struct schedule_property, i);

		sha256_update(
		    sha, strlen(p->name) + 1, (const guint8 *)p->name);
		sha256_update(
		    sha, strlen(p->text) + 1, (const guint8 *)p->text);
	}
	for (guint i = 0; i < object->objects->len; i++)
		digest(object->objects->pdata[i], sha);
}

static void
make_uid(const struct schedule_object *object, char uid[33])
{
	struct sha256_ctx sha;
	guint8 octets[16];

	sha256_init(&sha);
	digest(object, &sha);
	sha256_digest(&sha, sizeof octets, octets);
	for (guint i = 0; i < sizeof octets; i++)
		g_snprintf(uid + 2 * i, 3, "%02x", octets[i]);
}

static icalcomponent *
component(struct maker *m, const struct schedule_object *object,
    struct icaltimetype stamp)
{
	icalcomponent *c = icalcomponent_new(
	    m->is_task ? ICAL_VTODO_COMPONENT : ICAL_VEVENT_COMPONENT);
	g_autofree char *uid = g_strconcat(m->out->uid, "@sc2.invalid", NULL);

	icalcomponent_add_property(c, icalproperty_new_uid(uid));
	/* Not the time of this run: the same file gives the same octets. */
	icalcomponent_add_property(
	    c, icalproperty_new_dtstamp(as_utc(utc_of(m, stamp))));
	put_texts(m, object, c);
	return c;
}

static int
days_between(struct icaltimetype a, struct icaltimetype b)
{
	gint64 days;
	struct stamp x, y;

	if (!stamp_from_fields(a.year, a.month, a.day, 0, 0, 0, 0, &x) ||
	    !stamp_from_fields(b.year, b.month, b.day, 0, 0, 0, 0, &y))
		return 0;
	days = (y.utc - x.utc) / 86400;
	return days < 0 || days > DAYS_MAX ? 0 : (int)days;
}

/* DTSTART and DTEND (RFC 5545 3.6.1: the day behind the last one). */
static void
put_span(struct maker *m, icalcomponent *c, struct icaltimetype start,
    struct icaltimetype end)
{
	if (m->whole_days) {
		int days = days_between(start, end);

		end = start;
		icaltime_adjust(&end, days + 1, 0, 0, 0);
	} else if (icaltime_compare(end, start) < 0)
		end = start; /* Q221843 */
	icalcomponent_add_property(
	    c, with_zone(m, icalproperty_new_dtstart(start)));
	icalcomponent_add_property(
	    c, with_zone(m, icalproperty_new_dtend(end)));
}

/* A single item, or the changed instance of a series. */
static icalcomponent *
single(struct maker *m, const struct schedule_object *object)
{
	const char *names[2] = {m->whole_days ? "StartDate" : "Start",
	    m->whole_days ? "EndDate" : "End"};
	const struct schedule_property *from = moment_of(object, names[0]);
	const struct schedule_property *to = moment_of(object, names[1]);
	struct icaltimetype start;
	icalcomponent *c;

	if (from == NULL || !from->has_date)
		return NULL;
	if (to == NULL || !to->has_date)
		to = from;
	start = date_time(m, from, from);
	c = component(m, object, start);
	put_span(m, c, start, date_time(m, to, to));
	put_alarm(m, object, c, utc_of(m, start));
	return c;
}

static void
put_task_dates(
    struct maker *m, const struct schedule_object *object, icalcomponent *c)
{
	const struct schedule_property *from = moment_of(object, "StartDate");
	const struct schedule_property *due = moment_of(object, "EndDate");
	const struct schedule_property *done =
	    moment_of(object, "CompletedDate");
	gint64 percent;

	if (from && from->has_date &&
	    schedule_get(object, "RecurringType") == NULL)
		icalcomponent_add_property(
		    c, icalproperty_new_dtstart(date_time(m, from, NULL)));
	if (due && due->has_date &&
	    schedule_get(object, "RecurringType") == NULL)
		icalcomponent_add_property(
		    c, icalproperty_new_due(date_time(m, due, NULL)));
	if (number_of(object, "PercentCompleted", &percent) && percent > 0 &&
	    percent <= 100)
		icalcomponent_add_property(
		    c, icalproperty_new_percentcomplete((int)percent));
	if (done && done->has_date) {
		icalcomponent_add_property(
		    c, icalproperty_new_completed(
			   as_utc(utc_of(m, date_time(m, done, NULL)))));
		icalcomponent_add_property(
		    c, icalproperty_new_status(ICAL_STATUS_COMPLETED));
	}
}

/* Recurrence: 11.3. */

static void
days_of_week(gint64 mask, short *out)
{
	guint n = 0;

	for (short day = 0; day < 7; day++)
		if (mask & 1 << day)
			out[n++] = (short)(day + 1); /* libical: Sunday is 1 */
	out[n] = ICAL_RECURRENCE_ARRAY_MAX;
}

static void
bits(gint64 mask, guint count, short *out)
{
	guint n = 0;

	for (guint i = 0; i < count; i++)
		if (mask & G_GINT64_CONSTANT(1) << i)
			out[n++] = (short)(i + 1);
	out[n] = ICAL_RECURRENCE_ARRAY_MAX;
}

static short
interval(const struct schedule_object *object, const char *name)
{
	gint64 value;

	return number_of(object, name, &value) && value >= 1 && value <= 999
		   ? (short)value
		   : 1;
}

/* The week of the month; 5 is the last one. */
static void
week(const struct schedule_object *object, struct icalrecurrencetype *r)
{
	gint64 value;

	if (!number_of(object, "WeekInterval", &value) || value < 1)
		value = 1;
	r->by_set_pos[0] = (short)(value >= 5 ? -1 : value);
	r->by_set_pos[1] = ICAL_RECURRENCE_ARRAY_MAX;
}

/* False: no rule that could be kept. */
static bool
make_rule(const struct schedule_object *object, struct icalrecurrencetype *r)
{
	gint64 type = 0, days = 0, dates = 0, months = 0, first = 0;

	icalrecurrencetype_clear(r);
	if (!number_of(object, "RecurringType", &type))
		return false;
	number_of(object, "DayOfWeekMask", &days);
	number_of(object, "DayOfMonthMask", &dates);
	number_of(object, "MonthOfYearMask", &months);
	days &= 0x7f;
	dates &= 0x7fffffff;
	months &= 0xfff;
	switch (type) {
	case 64:
		r->freq = ICAL_DAILY_RECURRENCE;
		r->interval = interval(object, "DayInterval");
		return true;
	case 48:
		r->freq = ICAL_WEEKLY_RECURRENCE;
		r->interval = interval(object, "WeekInterval");
		days_of_week(days, r->by_day);
		if (number_of(object, "DayOfWeekStart", &first) && first >= 0 &&
		    first < 7)
			r->week_start = (icalrecurrencetype_weekday)(first + 1);
		return days != 0;
	case 12:
		r->freq = ICAL_MONTHLY_RECURRENCE;
		r->interval = interval(object, "MonthInterval");
		bits(dates, 31, r->by_month_day);
		return dates != 0;
	case 56:
		r->freq = ICAL_MONTHLY_RECURRENCE;
		r->interval = interval(object, "MonthInterval");
		days_of_week(days, r->by_day);
		week(object, r);
		return days != 0;
	case 7:
		r->freq = ICAL_YEARLY_RECURRENCE;
		r->interval = interval(object, "YearInterval");
		bits(dates, 31, r->by_month_day);
		bits(months, 12, r->by_month);
		return dates != 0 && months != 0;
	case 51:
		/* The week is that of each month, so it is counted there. */
		r->freq = ICAL_MONTHLY_RECURRENCE;
		r->interval = 1;
		days_of_week(days, r->by_day);
		bits(months, 12, r->by_month);
		week(object, r);
		return days != 0 && months != 0;
	default:
		return false;
	}
}

static struct icaltimetype
first_instance(struct icalrecurrencetype rule, struct icaltimetype start)
{
	icalrecur_iterator *i = icalrecur_iterator_new(rule, start);
	struct icaltimetype first = icaltime_null_time();

	if (i == NULL)
		return first;
	first = icalrecur_iterator_next(i);
	icalrecur_iterator_free(i);
	return first;
}

/* Changed and deleted instances, the former as components of their own. */
static void
put_exceptions(struct maker *m, icalcomponent *calendar, icalcomponent *series,
    const struct schedule_property *at)
{
	for (guint i = 0; i < m->object->objects->len; i++) {
		const struct schedule_object *one =
		    m->object->objects->pdata[i];
		const struct schedule_property *date;
		struct icaltimetype instance;
		icalcomponent *c;

		if (g_ascii_strcasecmp(one->kind, "Exceptions") != 0)
			continue;
		date = moment_of(one, "InstanceDate");
		if (date == NULL || !date->has_date) {
			lose(m, "an exception without the date of its "
				"instance");
			continue;
		}
		instance = date_time(m, date, at);
		if (flag_of(one, "Deleted", false)) {
			icalcomponent_add_property(series,
			    with_zone(m, icalproperty_new_exdate(instance)));
			continue;
		}
		if (m->is_task) {
			c = component(m, one, instance);
			put_task_dates(m, one, c);
		} else
			c = single(m, one);
		if (c == NULL) {
			lose(m, "a changed instance without its date");
			continue;
		}
		icalcomponent_add_property(
		    c, with_zone(m, icalproperty_new_recurrenceid(instance)));
		icalcomponent_add_component(calendar, c);
	}
}

static icalcomponent *
series(struct maker *m, icalcomponent *calendar)
{
	const struct schedule_object *o = m->object;
	const struct schedule_property *date =
	    moment_of(o, "StartRecurringDate");
	const struct schedule_property *at = moment_of(o, "StartRecurringTime");
	const struct schedule_property *to = moment_of(o, "EndRecurringTime");
	const struct schedule_property *until =
	    moment_of(o, "EndRecurringDate");
	const struct schedule_property *from =
	    moment_of(o, m->whole_days ? "StartDate" : "Start");
	const struct schedule_property *last =
	    moment_of(o, m->whole_days ? "EndDate" : "End");
	struct icalrecurrencetype rule;
	struct icaltimetype start, end, first;
	gint64 ends = G_MAXINT64;
	bool has_rule = make_rule(o, &rule);
	icalcomponent *c;

	if (date == NULL || !date->has_date)
		date = from;
	if (date == NULL || !date->has_date)
		return NULL;
	if (at == NULL)
		at = from;
	if (to == NULL)
		to = last;
	start = date_time(m, date, at);
	if (until && until->has_date) {
		struct icaltimetype t = date_time(m, until, NULL);

		t.hour = m->whole_days ? 0 : 23;
		t.minute = t.second = m->whole_days ? 0 : 59;
		ends = utc_of(m, t);
		/* RFC 5545 3.3.10: a date where the start is one, else UTC */
		rule.until = m->whole_days ? t : as_utc(ends);
	}
	if (has_rule) {
		first = first_instance(rule, start);
		if (icaltime_is_null_time(first))
			has_rule = false;
		else
			start = first;
	}
	if (!has_rule)
		lose(m, "the recurrence is not one of the six that are known, "
			"or has no instance; the first date is kept");
	start.zone = m->whole_days ? NULL : m->tz;
	start.is_date = m->whole_days;
	end = start;
	if (m->whole_days && from && last && from->has_date && last->has_date)
		icaltime_adjust(&end,
		    days_between(
			date_time(m, from, NULL), date_time(m, last, NULL)),
		    0, 0, 0);
	else if (!m->whole_days && to && to->has_time) {
		end.hour = to->hour;
		end.minute = to->minute;
		if (icaltime_compare(end, start) < 0)
			icaltime_adjust(&end, 1, 0, 0, 0);
	}
	c = component(m, o, start);
	if (m->is_task)
		icalcomponent_add_property(
		    c, with_zone(m, icalproperty_new_dtstart(start)));
	else
		put_span(m, c, start, end);
	if (m->is_task)
		put_task_dates(m, o, c);
	if (has_rule)
		icalcomponent_add_property(c, icalproperty_new_rrule(rule));
	put_alarm(m, o, c, has_rule ? ends : utc_of(m, start));
	icalcomponent_add_component(calendar, c);
	put_exceptions(m, calendar, c, at);
	return c;
}

static icalcomponent *
task(struct maker *m)
{
	const struct schedule_property *from =
	    moment_of(m->object, "StartDate");
	struct icaltimetype stamp = icaltime_from_string("19970101");
	icalcomponent *c;

	if (from && from->has_date)
		stamp = date_time(m, from, NULL);
	c = component(m, m->object, stamp);
	put_task_dates(m, m->object, c);
	return c;
}

bool
schedule_to_ical(const struct schedule_object *object, GTimeZone *zone,
    gint64 now, struct schedule_ical *out)
{
	enum schedule_kind kind = schedule_kind(object);
	struct maker m = {.object = object,
	    .zone = zone,
	    .now = now,
	    .out = out,
	    .whole_days = kind != SCHEDULE_APPOINTMENT,
	    .is_task = kind == SCHEDULE_TASK};
	icalcomponent *calendar = icalcomponent_new(ICAL_VCALENDAR_COMPONENT);
	icalcomponent *c = NULL;
	g_autofree char *summary = plain(text_of(object, "Text"));
	char *text;

	g_string_truncate(out->text, 0);
	g_ptr_array_set_size(out->lost, 0);
	g_strdelimit(summary, "\n\t", ' ');
	g_string_assign(out->summary, g_strstrip(summary));
	make_uid(object, out->uid);
	icalcomponent_add_property(calendar, icalproperty_new_version("2.0"));
	icalcomponent_add_property(
	    calendar, icalproperty_new_prodid("-//mailmig//EN"));
	if (!m.whole_days)
		find_zone(&m);
	if (kind == SCHEDULE_CONTACT || kind == SCHEDULE_PROJECT ||
	    kind == SCHEDULE_UNKNOWN)
		lose(&m, "this kind of object has no form in a calendar");
	else if (recurs(object))
		c = series(&m, calendar);
	else {
		c = m.is_task ? task(&m) : single(&m, object);
		if (c)
			icalcomponent_add_component(calendar, c);
	}
	if (c == NULL && out->lost->len == 0)
		lose(&m, "no date to put it at");
	if (c && m.tz) {
		icalcomponent *vtz =
		    icalcomponent_new_clone(icaltimezone_get_component(m.tz));
		icalproperty *id =
		    icalcomponent_get_first_property(vtz, ICAL_TZID_PROPERTY);

		/* The library's own names have its prefix. */
		icalproperty_set_tzid(id, m.tzid);
		icalcomponent_add_component(calendar, vtz);
	}
	if (c) {
		text = icalcomponent_as_ical_string_r(calendar);
		g_string_assign(out->text, text);
		icalmemory_free_buffer(text);
	}
	icalcomponent_free(calendar);
	if (m.own_tz)
		icaltimezone_free(m.tz, 1);
	g_free(m.tzid);
	return c != NULL;
}

void
schedule_to_address(
    const struct schedule_object *object, const char *fields[ADDRESS_FIELDS])
{
	static const char *const names[ADDRESS_FIELDS] = {NULL, NULL, NULL,
	    "FirstName", "LastName", "AddressBusiness", "CityBusiness",
	    "StateBusiness", "ZipCodeBusiness", "CountryBusiness", "JobTitle",
	    "Company", "Department", "Office", "Assistant", "PhoneBusiness",
	    "PhoneBusiness2", "PhoneAssistant", "PhoneFax", "PhoneHome",
	    "PhoneHome2", "PhoneMobile", "PhonePager", "Notes"};

	for (guint i = 0; i < ADDRESS_FIELDS; i++)
		fields[i] = names[i] ? text_of(object, names[i]) : "";
	fields[0] = "mailuser";
}
