#include "iff/schedule-write.h"

#include "base/stamp.h"
#include "iff/schedule.h"

#include <libical/ical.h>
#include <string.h>

#define LINE_MAX_BYTES 72    /* of a string before it is continued: 80 (11.1) */
#define INSTANCES_MAX  10000 /* of a series with a count */
#define EXCEPTIONS_MAX 5000
#define YEAR_MIN       1900
#define YEAR_MAX       4500 /* Schedule+'s calendar ends there */

struct moment {
	int year, month, day, hour, minute;
	bool is_date;
};

struct writing {
	GTimeZone *zone;
	GString *out;
};

/* A string: quotation marks escaped, line breaks as two backslashes in a row,
 * long lines continued (11.1). */
static void
put_string(struct writing *w, const char *name, const char *value)
{
	guint column = 0;

	g_string_append_printf(w->out, "%s: \"", name);
	for (const char *p = value; *p; p++) {
		if (*p == '\r')
			continue;
		if (*p == '\n') {
			g_string_append(w->out, "\\\r\n\\\r\n");
			column = 0;
			continue;
		}
		/* Whole characters; nothing that begins a line is lost. */
		if (column >= LINE_MAX_BYTES && (*p & 0xC0) != 0x80 &&
		    *p != ' ' && *p != '\t' && *p != '\\') {
			g_string_append(w->out, "\\\r\n");
			column = 0;
		}
		if (*p == '"')
			g_string_append_c(w->out, '\\');
		g_string_append_c(w->out, *p);
		column++;
	}
	/* Not before the closing mark, which it would escape. */
	if (w->out->str[w->out->len - 1] == '\\')
		g_string_append(w->out, "\\\r\n");
	g_string_append(w->out, "\"\r\n");
}

static void
put_date(struct writing *w, const char *name, const struct moment *m)
{
	g_string_append_printf(
	    w->out, "%s: %02d-%02d-%04d\r\n", name, m->month, m->day, m->year);
}

static void
put_time(struct writing *w, const char *name, const struct moment *m)
{
	g_string_append_printf(
	    w->out, "%s: %02d:%02d\r\n", name, m->hour, m->minute);
}

static void
put_moment(struct writing *w, const char *name, const struct moment *m)
{
	g_string_append_printf(w->out, "%s: %02d-%02d-%04d %02d:%02d\r\n", name,
	    m->month, m->day, m->year, m->hour, m->minute);
}

static void
put_number(struct writing *w, const char *name, gint64 value)
{
	g_string_append_printf(
	    w->out, "%s: %" G_GINT64_FORMAT "\r\n", name, value);
}

/* In the zone; a time without one is there already. */
static struct moment
local(const struct writing *w, struct icaltimetype t)
{
	struct moment m = {t.year, t.month, t.day, t.hour, t.minute, t.is_date};
	struct stamp stamp = {.known = true, .has_zone = true};
	int second, weekday;
	gint interval;

	if (t.is_date || t.zone == NULL)
		return m;
	stamp.utc = icaltime_as_timet_with_zone(t, t.zone);
	interval = g_time_zone_find_interval(
	    w->zone, G_TIME_TYPE_UNIVERSAL, stamp.utc);
	stamp.zone = (gint16)(g_time_zone_get_offset(w->zone, interval) / 60);
	stamp_to_fields(&stamp, &m.year, &m.month, &m.day, &m.hour, &m.minute,
	    &second, &weekday);
	return m;
}

/* The day before: an end of whole days is not in them (RFC 5545 3.6.1). */
static void
day_before(struct moment *m)
{
	GDate date;

	g_date_clear(&date, 1);
	g_date_set_dmy(
	    &date, (GDateDay)m->day, (GDateMonth)m->month, (GDateYear)m->year);
	g_date_subtract_days(&date, 1);
	m->day = g_date_get_day(&date);
	m->month = g_date_get_month(&date);
	m->year = g_date_get_year(&date);
}

/* A date that the format and its readers have. */
static bool
is_date(const struct moment *m)
{
	return m->year >= YEAR_MIN && m->year <= YEAR_MAX &&
	       g_date_valid_dmy(
		   (GDateDay)m->day, (GDateMonth)m->month, (GDateYear)m->year);
}

static bool
get(const struct writing *w, icalcomponent *c, icalproperty_kind kind,
    struct moment *out)
{
	icalproperty *p = icalcomponent_get_first_property(c, kind);
	struct icaltimetype t;

	if (p == NULL)
		return false;
	t = icalproperty_get_datetime_with_component(p, c);
	*out = local(w, t);
	return !icaltime_is_null_time(t) && is_date(out);
}

/* Of an event: DTEND, or the start and DURATION, or the start (RFC 5545 3.6.1).
 */
static void
get_end(const struct writing *w, icalcomponent *c, const struct moment *start,
    struct moment *out)
{
	icalproperty *from =
	    icalcomponent_get_first_property(c, ICAL_DTSTART_PROPERTY);
	icalproperty *p =
	    icalcomponent_get_first_property(c, ICAL_DURATION_PROPERTY);
	bool there = get(w, c, ICAL_DTEND_PROPERTY, out);

	if (!there && p) {
		*out = local(
		    w, icaltime_add(
			   icalproperty_get_datetime_with_component(from, c),
			   icalproperty_get_duration(p)));
		there = is_date(out);
	}
	if (!there)
		*out = *start;
	else if (start->is_date)
		day_before(out);
}

static void
put_attendees(struct writing *w, icalcomponent *c)
{
	for (icalproperty *p =
		 icalcomponent_get_first_property(c, ICAL_ATTENDEE_PROPERTY);
	     p;
	     p = icalcomponent_get_next_property(c, ICAL_ATTENDEE_PROPERTY)) {
		icalparameter *cn =
		    icalproperty_get_first_parameter(p, ICAL_CN_PARAMETER);
		const char *address = icalproperty_get_attendee(p);

		g_string_append(w->out, "Attendees:\r\n{\r\n");
		if (cn)
			put_string(w, "UserDisplay", icalparameter_get_cn(cn));
		if (address &&
		    g_ascii_strncasecmp(address, "mailto:", 7) == 0 &&
		    strcmp(address, "mailto:unknown@invalid") != 0) {
			g_string_append(w->out, "UserSearchKey: \"SMTP/3A");
			for (const char *q = address + 7; *q; q++)
				if (g_ascii_isalnum(*q))
					g_string_append_c(w->out, *q);
				else
					g_string_append_printf(
					    w->out, "/%02X", (guint8)*q);
			g_string_append(w->out, "/00\"\r\n");
		}
		g_string_append(w->out, "}\r\n");
	}
}

static void
put_alarm(struct writing *w, icalcomponent *c)
{
	icalcomponent *alarm =
	    icalcomponent_get_first_component(c, ICAL_VALARM_COMPONENT);
	icalproperty *p = alarm ? icalcomponent_get_first_property(
				      alarm, ICAL_TRIGGER_PROPERTY)
				: NULL;
	struct icaltriggertype trigger;
	int seconds;

	if (p) {
		trigger = icalproperty_get_trigger(p);
		seconds = -icaldurationtype_as_int(trigger.duration);
		if (icaltime_is_null_time(trigger.time) && seconds >= 0) {
			g_string_append(w->out, "Ring: T\r\n");
			put_number(w, "AlarmAmount", seconds / 60);
			put_number(w, "AlarmTypeUnit", 0);
			return;
		}
	}
	g_string_append(w->out, "Ring: F\r\n");
}

static void
put_texts(struct writing *w, icalcomponent *c, bool task, bool whole)
{
	const char *text = icalcomponent_get_summary(c);
	icalproperty *p =
	    icalcomponent_get_first_property(c, ICAL_PRIORITY_PROPERTY);
	int priority = p ? icalproperty_get_priority(p) : 0;

	put_string(w, "Text", text ? text : "");
	text = icalcomponent_get_description(c);
	if (text)
		put_string(w, "Notes", text);
	text = icalcomponent_get_location(c);
	if (text && !task)
		put_string(w, "Where", text);
	if (priority >= 1 && priority <= 9) /* 3 = 0x2033 */
		put_number(w, "Priority", 0x2030 + priority);
	if (task)
		return;
	p = icalcomponent_get_first_property(c, ICAL_TRANSP_PROPERTY);
	if (icalcomponent_get_status(c) == ICAL_STATUS_TENTATIVE)
		put_number(w, "BusyType", 0);
	else if (!whole ||
		 (p && icalproperty_get_transp(p) == ICAL_TRANSP_OPAQUE))
		put_number(w, "BusyType", 1);
	put_attendees(w, c);
	put_alarm(w, c);
}

static bool
put_single(struct writing *w, icalcomponent *c)
{
	struct moment start, end;

	if (!get(w, c, ICAL_DTSTART_PROPERTY, &start))
		return false;
	get_end(w, c, &start, &end);
	if (start.is_date) {
		put_date(w, "StartDate", &start);
		put_date(w, "EndDate", &end);
	} else {
		put_moment(w, "Start", &start);
		put_moment(w, "End", &end);
	}
	put_texts(w, c, false, start.is_date);
	return true;
}

static bool
put_task(struct writing *w, icalcomponent *c)
{
	icalproperty *p =
	    icalcomponent_get_first_property(c, ICAL_PERCENTCOMPLETE_PROPERTY);
	struct moment m;

	if (get(w, c, ICAL_DTSTART_PROPERTY, &m))
		put_date(w, "StartDate", &m);
	if (get(w, c, ICAL_DUE_PROPERTY, &m))
		put_date(w, "EndDate", &m);
	if (get(w, c, ICAL_COMPLETED_PROPERTY, &m))
		put_date(w, "CompletedDate", &m);
	if (p)
		put_number(
		    w, "PercentCompleted", icalproperty_get_percentcomplete(p));
	put_texts(w, c, true, true);
	return true;
}

/* Recurrence (11.3). */

static guint
length(const short *list, guint max)
{
	guint n = 0;

	while (n < max && list[n] != ICAL_RECURRENCE_ARRAY_MAX)
		n++;
	return n;
}

/* Days of the week; *nth: the week that all of them have, 0 for none. */
static bool
days_of(const struct icalrecurrencetype *r, gint64 *mask, int *nth)
{
	guint n = length(r->by_day, ICAL_BY_DAY_SIZE);

	*mask = 0;
	*nth = 0;
	for (guint i = 0; i < n; i++) {
		int day = icalrecurrencetype_day_day_of_week(r->by_day[i]);
		int week = icalrecurrencetype_day_position(r->by_day[i]);

		if (day < 1 || day > 7 || (i > 0 && week != *nth))
			return false;
		*mask |= G_GINT64_CONSTANT(1) << (day - 1);
		*nth = week;
	}
	/* The second Monday, with one day: a position means the same. */
	if (length(r->by_set_pos, ICAL_BY_SETPOS_SIZE) == 1 && *nth == 0)
		*nth = r->by_set_pos[0];
	else if (length(r->by_set_pos, ICAL_BY_SETPOS_SIZE) > 0 ||
		 (n > 1 && *nth != 0))
		return false;
	return *nth >= -1 && *nth <= 4;
}

static bool
mask_of(const short *list, guint max, int last, gint64 *mask)
{
	*mask = 0;
	for (guint i = 0; i < length(list, max); i++) {
		if (list[i] < 1 || list[i] > last)
			return false;
		*mask |= G_GINT64_CONSTANT(1) << (list[i] - 1);
	}
	return true;
}

static bool
put_rule(struct writing *w, const struct icalrecurrencetype *r,
    const struct moment *start)
{
	gint64 days, dates, months;
	int nth;

	if (!days_of(r, &days, &nth) ||
	    !mask_of(r->by_month_day, ICAL_BY_MONTHDAY_SIZE, 31, &dates) ||
	    !mask_of(r->by_month, ICAL_BY_MONTH_SIZE, 12, &months) ||
	    length(r->by_year_day, ICAL_BY_YEARDAY_SIZE) > 0 ||
	    length(r->by_week_no, ICAL_BY_WEEKNO_SIZE) > 0 ||
	    length(r->by_hour, ICAL_BY_HOUR_SIZE) > 0 || r->interval < 1 ||
	    r->interval > 999)
		return false;
	if (r->freq == ICAL_DAILY_RECURRENCE && !days && !dates && !months) {
		put_number(w, "RecurringType", 64);
		put_number(w, "DayInterval", r->interval);
		return true;
	}
	if (r->freq == ICAL_WEEKLY_RECURRENCE && nth == 0 && !dates &&
	    !months) {
		if (days == 0) {
			GDate date;

			g_date_clear(&date, 1);
			g_date_set_dmy(&date, (GDateDay)start->day,
			    (GDateMonth)start->month, (GDateYear)start->year);
			days = G_GINT64_CONSTANT(1)
			       << g_date_get_weekday(&date) % 7;
		}
		put_number(w, "RecurringType", 48);
		put_number(w, "DayOfWeekMask", days);
		put_number(w, "DayOfWeekStart",
		    r->week_start >= 1 && r->week_start <= 7 ? r->week_start - 1
							     : 1);
		put_number(w, "WeekInterval", r->interval);
		return true;
	}
	if (r->freq == ICAL_MONTHLY_RECURRENCE && !months && !days) {
		put_number(w, "RecurringType", 12);
		put_number(w, "DayOfMonthMask",
		    dates ? dates : G_GINT64_CONSTANT(1) << (start->day - 1));
		put_number(w, "MonthInterval", r->interval);
		return true;
	}
	if (r->freq == ICAL_MONTHLY_RECURRENCE && days && nth && !dates &&
	    (!months || r->interval == 1)) {
		put_number(w, "RecurringType", months ? 51 : 56);
		put_number(w, "DayOfWeekMask", days);
		if (months)
			put_number(w, "MonthOfYearMask", months);
		else
			put_number(w, "MonthInterval", r->interval);
		put_number(w, "WeekInterval", nth == -1 ? 5 : nth);
		return true;
	}
	if (r->freq != ICAL_YEARLY_RECURRENCE)
		return false;
	if (days && nth && !dates && months && !(months & (months - 1)) &&
	    r->interval == 1) {
		put_number(w, "RecurringType", 51);
		put_number(w, "DayOfWeekMask", days);
		put_number(w, "MonthOfYearMask", months);
		put_number(w, "WeekInterval", nth == -1 ? 5 : nth);
		return true;
	}
	if (days)
		return false;
	put_number(w, "RecurringType", 7);
	put_number(w, "DayOfMonthMask",
	    dates ? dates : G_GINT64_CONSTANT(1) << (start->day - 1));
	put_number(w, "MonthOfYearMask",
	    months ? months : G_GINT64_CONSTANT(1) << (start->month - 1));
	put_number(w, "YearInterval", r->interval);
	return true;
}

/* A count becomes the date of its last instance. */
static bool
last_of(const struct writing *w, struct icalrecurrencetype r,
    struct icaltimetype start, struct moment *out)
{
	icalrecur_iterator *i = icalrecur_iterator_new(r, start);
	struct icaltimetype t, last = start;

	if (i == NULL || r.count > INSTANCES_MAX) {
		if (i)
			icalrecur_iterator_free(i);
		return false;
	}
	while (!icaltime_is_null_time(t = icalrecur_iterator_next(i)))
		last = t;
	icalrecur_iterator_free(i);
	last.zone = start.zone;
	*out = local(w, last);
	return is_date(out);
}

/* False: more than are told. */
static bool
put_deleted(struct writing *w, icalcomponent *c)
{
	guint n = 0;

	for (icalproperty *p =
		 icalcomponent_get_first_property(c, ICAL_EXDATE_PROPERTY);
	     p; p = icalcomponent_get_next_property(c, ICAL_EXDATE_PROPERTY)) {
		struct moment m =
		    local(w, icalproperty_get_datetime_with_component(p, c));

		if (n++ == EXCEPTIONS_MAX)
			return false;
		if (!is_date(&m)) /* no instance is at a day that is none */
			continue;
		g_string_append(w->out, "Exceptions:\r\n{\r\n");
		put_date(w, "InstanceDate", &m);
		g_string_append(w->out, "Deleted: T\r\n}\r\n");
	}
	return true;
}

static bool
put_changed(struct writing *w, icalcomponent *calendar, icalcomponent_kind kind)
{
	guint n = 0;

	for (icalcomponent *c =
		 icalcomponent_get_first_component(calendar, kind);
	     c; c = icalcomponent_get_next_component(calendar, kind)) {
		struct moment m;

		if (n++ > EXCEPTIONS_MAX)
			return false;
		if (!get(w, c, ICAL_RECURRENCEID_PROPERTY, &m))
			continue;
		g_string_append(w->out, "Exceptions:\r\n{\r\n");
		put_date(w, "InstanceDate", &m);
		g_string_append(w->out, "Deleted: F\r\n");
		if (!(kind == ICAL_VTODO_COMPONENT ? put_task(w, c)
						   : put_single(w, c)))
			return false;
		g_string_append(w->out, "}\r\n");
	}
	return true;
}

static bool
put_series(struct writing *w, icalcomponent *calendar, icalcomponent *c,
    struct icalrecurrencetype rule)
{
	bool task = icalcomponent_isa(c) == ICAL_VTODO_COMPONENT;
	struct moment start, end, until;
	struct icaltimetype first = icalproperty_get_datetime_with_component(
	    icalcomponent_get_first_property(c, ICAL_DTSTART_PROPERTY), c);

	if (!get(w, c, ICAL_DTSTART_PROPERTY, &start) ||
	    !put_rule(w, &rule, &start))
		return false;
	put_date(w, "StartRecurringDate", &start);
	if (rule.count > 0) {
		if (!last_of(w, rule, first, &until))
			return false;
		put_date(w, "EndRecurringDate", &until);
	} else if (!icaltime_is_null_time(rule.until)) {
		until = local(w, rule.until);
		if (!is_date(&until))
			return false;
		put_date(w, "EndRecurringDate", &until);
	}
	if (!start.is_date) {
		get_end(w, c, &start, &end);
		put_time(w, "StartRecurringTime", &start);
		put_time(w, "EndRecurringTime", &end);
	}
	if (!(task ? put_task(w, c) : put_single(w, c)))
		return false;
	return put_deleted(w, c) &&
	       put_changed(w, calendar, icalcomponent_isa(c));
}

/* The component that is no changed instance of another; how many are there is
 * added to *n. */
static icalcomponent *
master(icalcomponent *calendar, icalcomponent_kind kind, guint *n)
{
	icalcomponent *first = NULL;

	for (icalcomponent *c =
		 icalcomponent_get_first_component(calendar, kind);
	     c; c = icalcomponent_get_next_component(calendar, kind)) {
		if (icalcomponent_get_first_property(
			c, ICAL_RECURRENCEID_PROPERTY))
			continue;
		if (first == NULL)
			first = c;
		++*n;
	}
	return first;
}

static bool
put_component(struct writing *w, icalcomponent *calendar)
{
	guint n = 0;
	icalcomponent *c = master(calendar, ICAL_VEVENT_COMPONENT, &n);
	icalcomponent *todo = master(calendar, ICAL_VTODO_COMPONENT, &n);
	icalproperty *rule;
	struct moment start;
	bool task = c == NULL, good;

	if (c == NULL)
		c = todo;
	/* Two items in one file would be one: that stays as it is. */
	if (c == NULL || n != 1 ||
	    icalcomponent_count_properties(c, ICAL_RRULE_PROPERTY) > 1 ||
	    icalcomponent_count_properties(c, ICAL_RDATE_PROPERTY) > 0)
		return false;
	rule = icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY);
	if (!task && !get(w, c, ICAL_DTSTART_PROPERTY, &start))
		return false;
	g_string_append_printf(w->out, "%s%s:\r\n{\r\n",
	    rule ? "Recurring" : "Single",
	    task	    ? "Tasks"
	    : start.is_date ? "Events"
			    : "Appointments");
	if (rule)
		good = put_series(w, calendar, c, icalproperty_get_rrule(rule));
	else
		good = task ? put_task(w, c) : put_single(w, c);
	g_string_append(w->out, "}\r\n");
	return good;
}

bool
schedule_from_ical(const char *ical, gsize len, GTimeZone *zone, GString *out)
{
	g_autofree char *text = g_strndup(ical, len);
	icalcomponent *parsed = icalparser_parse_string(text);
	icalcomponent *calendar = parsed;
	struct writing w = {zone, out};
	bool good = false;

	g_string_assign(out, SCHEDULE_HEADING "\r\n");
	if (parsed && icalcomponent_isa(parsed) != ICAL_VCALENDAR_COMPONENT)
		calendar = icalcomponent_get_first_component(
		    parsed, ICAL_VCALENDAR_COMPONENT);
	if (calendar)
		good = put_component(&w, calendar);
	if (parsed)
		icalcomponent_free(parsed);
	return good;
}
