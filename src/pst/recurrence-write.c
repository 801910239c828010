#include "pst/recurrence-write.h"

#include "pst/bytes.h"

#include <string.h>

#define DAY	    1440	/* minutes */
#define NEVER	    0x5ae980dfu /* EndDate of a series without end */
#define OCCURRENCES 100000	/* looked at to find the last one */
#define YEARS_1601  584389	/* Julian day of 1601-01-01 in GDate */

/* PatternType */
enum { PATTERN_DAY = 0, PATTERN_WEEK = 1, PATTERN_MONTH = 2, PATTERN_NTH = 3 };

struct pattern {
	guint frequency; /* 0x200a daily ... 0x200d yearly */
	guint type, period;
	guint32 day;	   /* of the month */
	guint32 days;	   /* of the week: bit 0 is Sunday */
	guint32 nth;	   /* 1..4, 5: last */
	guint32 first_day; /* of a week */
};

static void
add16(GByteArray *out, guint n)
{
	guint8 p[2];

	put_le16(p, n);
	g_byte_array_append(out, p, 2);
}

static void
add32(GByteArray *out, guint32 n)
{
	guint8 p[4];

	put_le32(p, n);
	g_byte_array_append(out, p, 4);
}

static guint32
days_of(int year, int month, int day)
{
	GDate date;

	if (!g_date_valid_dmy(
		(GDateDay)day, (GDateMonth)month, (GDateYear)year) ||
	    year < 1601)
		return 0;
	g_date_clear(&date, 1);
	g_date_set_dmy(
	    &date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
	return g_date_get_julian(&date) - YEARS_1601;
}

static guint32
midnight(struct icaltimetype t)
{
	return days_of(t.year, t.month, t.day) * DAY;
}

guint32
pst_recurrence_minutes(struct icaltimetype t)
{
	return midnight(t) +
	       (t.is_date ? 0 : (guint32)(t.hour * 60 + t.minute));
}

static guint
count_short(const short *list, guint max)
{
	guint n = 0;

	while (n < max && list[n] != ICAL_RECURRENCE_ARRAY_MAX)
		n++;
	return n;
}

/* The days of BYDAY as bits; false: one of them is counted ("2MO"). */
static bool
day_bits(const struct icalrecurrencetype *r, guint32 *bits, int *position)
{
	guint n = count_short(r->by_day, ICAL_BY_DAY_SIZE);

	*bits = 0;
	*position = 0;
	for (guint i = 0; i < n; i++) {
		int nth = icalrecurrencetype_day_position(r->by_day[i]);

		*bits |= 1u
			 << (icalrecurrencetype_day_day_of_week(r->by_day[i]) -
				1);
		if (nth != 0 && (i > 0 || n > 1))
			return false;
		*position = nth;
	}
	return true;
}

/* Monthly, and yearly as every twelve months. */
static const char *
monthly(const struct icalrecurrencetype *r, struct icaltimetype start,
    struct pattern *p)
{
	guint n_days = count_short(r->by_day, ICAL_BY_DAY_SIZE);
	guint n_month_days =
	    count_short(r->by_month_day, ICAL_BY_MONTHDAY_SIZE);
	guint n_positions = count_short(r->by_set_pos, ICAL_BY_SETPOS_SIZE);
	int nth;

	if (n_days > 0) {
		if (n_month_days > 0 || n_positions > 1 ||
		    !day_bits(r, &p->days, &nth))
			return "days of the week and of the month together";
		if (n_positions == 1 && nth == 0)
			nth = r->by_set_pos[0];
		else if (n_positions == 1)
			return "positions of counted days";
		if (nth == -1)
			nth = 5;
		if (nth < 1 || nth > 5)
			return "a day that is counted from the end, or every "
			       "such day";
		/* The fifth Monday is not the last one in every month. */
		if (nth == 5 &&
		    (n_positions == 1 ? r->by_set_pos[0]
				      : icalrecurrencetype_day_position(
					    r->by_day[0])) == 5)
			return "a fifth day of the week";
		p->type = PATTERN_NTH;
		p->nth = (guint32)nth;
		return NULL;
	}
	if (n_month_days > 1 || n_positions > 0)
		return "several days of the month";
	p->type = PATTERN_MONTH;
	p->day = (guint32)start.day;
	if (n_month_days == 1) {
		if (r->by_month_day[0] == -1)
			p->day = 31; /* the last one, in every month */
		else if (r->by_month_day[0] < 1 || r->by_month_day[0] > 28)
			return "a day that not every month has";
		else
			p->day = (guint32)r->by_month_day[0];
	} else if (start.day > 28) {
		return "a day that not every month has";
	}
	return NULL;
}

static const char *
make_pattern(const struct icalrecurrencetype *r, struct icaltimetype start,
    struct pattern *p)
{
	guint n_days = count_short(r->by_day, ICAL_BY_DAY_SIZE);
	guint n_months = count_short(r->by_month, ICAL_BY_MONTH_SIZE);
	int nth, week_start = r->week_start;

	if (count_short(r->by_second, ICAL_BY_SECOND_SIZE) ||
	    count_short(r->by_minute, ICAL_BY_MINUTE_SIZE) ||
	    count_short(r->by_hour, ICAL_BY_HOUR_SIZE) ||
	    count_short(r->by_year_day, ICAL_BY_YEARDAY_SIZE) ||
	    count_short(r->by_week_no, ICAL_BY_WEEKNO_SIZE))
		return "hours, days of the year or numbers of weeks";
	if (r->interval < 1 || r->interval > 999)
		return "such an interval";
	p->period = (guint)r->interval;
	p->first_day =
	    week_start >= 1 && week_start <= 7 ? (guint)week_start - 1 : 1;
	if (r->freq != ICAL_YEARLY_RECURRENCE && n_months > 0)
		return "months of another than a yearly rule";
	switch (r->freq) {
	case ICAL_DAILY_RECURRENCE:
		if (count_short(r->by_month_day, ICAL_BY_MONTHDAY_SIZE) ||
		    count_short(r->by_set_pos, ICAL_BY_SETPOS_SIZE))
			return "days of the month of a daily rule";
		p->frequency = 0x200a;
		p->type = PATTERN_DAY;
		if (n_days > 0) {
			/* Every working day is a week's rule. */
			if (r->interval != 1 || !day_bits(r, &p->days, &nth) ||
			    nth != 0)
				return "days of the week of a daily rule";
			p->frequency = 0x200b;
			p->type = PATTERN_WEEK;
		}
		return NULL;
	case ICAL_WEEKLY_RECURRENCE:
		if (count_short(r->by_month_day, ICAL_BY_MONTHDAY_SIZE) ||
		    count_short(r->by_set_pos, ICAL_BY_SETPOS_SIZE))
			return "days of the month of a weekly rule";
		p->frequency = 0x200b;
		p->type = PATTERN_WEEK;
		if (n_days == 0)
			p->days = 1u << (icaltime_day_of_week(start) - 1);
		else if (!day_bits(r, &p->days, &nth) || nth != 0)
			return "counted days of a weekly rule";
		return NULL;
	case ICAL_MONTHLY_RECURRENCE:
		p->frequency = 0x200c;
		return monthly(r, start, p);
	case ICAL_YEARLY_RECURRENCE:
		p->frequency = 0x200d;
		p->period *= 12;
		if (n_months > 1 ||
		    (n_months == 1 && r->by_month[0] != start.month))
			return "several months, or another than the first";
		if (n_months == 0 && n_days > 0)
			return "days of a whole year";
		return monthly(r, start, p);
	default:
		return "hours, minutes or seconds";
	}
}

/* FirstDateTime: where the pattern stands, from 1601 on. */
static guint32
first_date(const struct pattern *p, struct icaltimetype start)
{
	guint32 at = midnight(start), months, weekday;

	switch (p->type) {
	case PATTERN_DAY:
		return at % (p->period * DAY);
	case PATTERN_WEEK:
		weekday = (guint32)icaltime_day_of_week(start) - 1;
		at -= (weekday + 7 - p->first_day) % 7 * DAY;
		return at % (p->period * 7 * DAY);
	}
	months =
	    ((guint32)(start.year - 1601) * 12 + (guint32)start.month - 1) %
	    p->period;
	return days_of(1601 + (int)(months / 12), 1 + (int)(months % 12), 1) *
	       DAY;
}

/* The last day, and how many occurrences there are; false: there is no end. */
static bool
find_end(struct icalrecurrencetype rule, struct icaltimetype start,
    guint32 *last, guint32 *count)
{
	icalrecur_iterator *it;
	struct icaltimetype t;

	*count = 10;
	*last = NEVER;
	if (rule.count == 0 && icaltime_is_null_time(rule.until))
		return false;
	*count = 0;
	it = icalrecur_iterator_new(rule, start);
	if (it == NULL)
		return false;
	while (*count < OCCURRENCES) {
		t = icalrecur_iterator_next(it);
		if (icaltime_is_null_time(t) || t.year >= 4500)
			break;
		*last = midnight(t);
		(*count)++;
	}
	icalrecur_iterator_free(it);
	if (*count == 0) {
		*count = 1;
		*last = midnight(start);
	}
	return true;
}

/* A time of the event on the clock of the series. */
static struct icaltimetype
on_clock(icalproperty *p, icalcomponent *calendar, struct icaltimetype start)
{
	struct icaltimetype t =
	    icalproperty_get_datetime_with_component(p, calendar);

	if (t.is_date || start.zone == NULL || t.zone == NULL)
		return t;
	return icaltime_convert_to_zone(t, (icaltimezone *)start.zone);
}

static int
exception_compare(gconstpointer a, gconstpointer b)
{
	guint32 x =
	    pst_recurrence_minutes(((const struct pst_exception *)a)->original);
	guint32 y =
	    pst_recurrence_minutes(((const struct pst_exception *)b)->original);

	return x < y ? -1 : x > y;
}

static int
number_compare(gconstpointer a, gconstpointer b)
{
	guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;

	return x < y ? -1 : x > y;
}

static bool
same_uid(icalcomponent *a, icalcomponent *b)
{
	return g_strcmp0(icalcomponent_get_uid(a), icalcomponent_get_uid(b)) ==
	       0;
}

static bool
is_cancelled(icalcomponent *event)
{
	return icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED;
}

/* Days on which nothing happens as usual, and what happens instead. */
static const char *
find_exceptions(icalcomponent *calendar, icalcomponent *event,
    struct icaltimetype start, GArray *deleted, GArray *changed)
{
	icalproperty *p;
	guint32 day;

	for (p = icalcomponent_get_first_property(event, ICAL_EXDATE_PROPERTY);
	     p;
	     p = icalcomponent_get_next_property(event, ICAL_EXDATE_PROPERTY)) {
		day = midnight(on_clock(p, calendar, start));
		if (day != 0)
			g_array_append_val(deleted, day);
		if (deleted->len > PST_RECURRENCE_EXCEPTIONS_MAX)
			return "more exceptions than we carry";
	}
	for (icalcomponent *e = icalcomponent_get_first_component(
		 calendar, ICAL_VEVENT_COMPONENT);
	     e; e = icalcomponent_get_next_component(
		    calendar, ICAL_VEVENT_COMPONENT)) {
		struct pst_exception x = {.event = e};
		icalproperty *at;

		p = icalcomponent_get_first_property(
		    e, ICAL_RECURRENCEID_PROPERTY);
		if (e == event || p == NULL || !same_uid(e, event))
			continue;
		x.original = on_clock(p, calendar, start);
		day = midnight(x.original);
		if (day == 0)
			return "an exception without a day";
		g_array_append_val(deleted, day);
		if (is_cancelled(e))
			continue;
		at = icalcomponent_get_first_property(e, ICAL_DTSTART_PROPERTY);
		x.start = at ? on_clock(at, calendar, start) : x.original;
		at = icalcomponent_get_first_property(e, ICAL_DTEND_PROPERTY);
		x.end =
		    at ? on_clock(at, calendar, start)
		       : icaltime_add(x.start, icalcomponent_get_duration(e));
		if (midnight(x.start) == 0 || midnight(x.end) == 0)
			return "an exception without a day";
		g_array_append_val(changed, x);
		if (deleted->len > PST_RECURRENCE_EXCEPTIONS_MAX)
			return "more exceptions than we carry";
	}
	g_array_sort(changed, exception_compare);
	g_array_sort(deleted, number_compare);
	for (guint i = 1; i < deleted->len;)
		if (g_array_index(deleted, guint32, i) ==
		    g_array_index(deleted, guint32, i - 1))
			g_array_remove_index(deleted, i);
		else
			i++;
	for (guint i = 1; i < changed->len; i++)
		if (midnight(g_array_index(changed, struct pst_exception, i)
				 .original) ==
		    midnight(g_array_index(changed, struct pst_exception, i - 1)
				 .original))
			return "two exceptions of one day";
	return NULL;
}

static const char *
text_of(icalcomponent *event, icalproperty_kind kind)
{
	icalproperty *p = icalcomponent_get_first_property(event, kind);

	return p ? icalproperty_get_value_as_string(p) : NULL;
}

/* What the exception says otherwise than the series. */
static const char *
other_text(icalcomponent *master, icalcomponent *event, icalproperty_kind kind)
{
	g_autofree char *usual = g_strdup(text_of(master, kind));
	const char *own = kind == ICAL_SUMMARY_PROPERTY
			      ? icalcomponent_get_summary(event)
			      : icalcomponent_get_location(event);

	if (own == NULL || g_strcmp0(usual, text_of(event, kind)) == 0 ||
	    !g_utf8_validate(own, -1, NULL))
		return NULL;
	return own;
}

static void
add_narrow(GByteArray *out, const char *text)
{
	g_autofree char *narrow = g_convert_with_fallback(
	    text, -1, "WINDOWS-1252", "UTF-8", "?", NULL, NULL, NULL);
	guint n = (guint)MIN(narrow ? strlen(narrow) : 0, 0xfffe);

	add16(out, n + 1);
	add16(out, n);
	g_byte_array_append(out, (const guint8 *)(narrow ? narrow : ""), n);
}

static void
add_wide(GByteArray *out, const char *text)
{
	glong n = 0;
	g_autofree gunichar2 *wide = g_utf8_to_utf16(text, -1, NULL, &n, NULL);

	n = MIN(n, 0xfffe);
	add16(out, (guint)n);
	for (glong i = 0; i < n; i++)
		add16(out, wide[i]);
}

static void
add_exceptions(GByteArray *out, icalcomponent *master, const GArray *changed)
{
	add16(out, changed->len);
	for (guint i = 0; i < changed->len; i++) {
		const struct pst_exception *x =
		    &g_array_index(changed, struct pst_exception, i);
		const char *subject =
		    other_text(master, x->event, ICAL_SUMMARY_PROPERTY);
		const char *location =
		    other_text(master, x->event, ICAL_LOCATION_PROPERTY);

		add32(out, pst_recurrence_minutes(x->start));
		add32(out, pst_recurrence_minutes(x->end));
		add32(out, pst_recurrence_minutes(x->original));
		add16(out, (subject ? 1u : 0) | (location ? 0x10u : 0));
		if (subject)
			add_narrow(out, subject);
		if (location)
			add_narrow(out, location);
	}
	add32(out, 0);
	for (guint i = 0; i < changed->len; i++) {
		const struct pst_exception *x =
		    &g_array_index(changed, struct pst_exception, i);
		const char *subject =
		    other_text(master, x->event, ICAL_SUMMARY_PROPERTY);
		const char *location =
		    other_text(master, x->event, ICAL_LOCATION_PROPERTY);

		/* ChangeHighlight: four bytes, nothing changed. */
		add32(out, 4);
		add32(out, 0);
		add32(out, 0);
		if (subject == NULL && location == NULL)
			continue;
		add32(out, pst_recurrence_minutes(x->start));
		add32(out, pst_recurrence_minutes(x->end));
		add32(out, pst_recurrence_minutes(x->original));
		if (subject)
			add_wide(out, subject);
		if (location)
			add_wide(out, location);
		add32(out, 0);
	}
	add32(out, 0);
}

const char *
pst_recurrence_write(GByteArray *out, icalcomponent *calendar,
    icalcomponent *event, struct icaltimetype start, struct icaltimetype end,
    struct pst_recurrence *info)
{
	icalproperty *p =
	    icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY);
	g_autoptr(GArray) deleted = g_array_new(FALSE, FALSE, sizeof(guint32));
	struct icalrecurrencetype rule;
	struct pattern pattern = {0};
	const char *why;
	guint32 count, minutes, length;
	bool ends;

	memset(info, 0, sizeof *info);
	info->exceptions =
	    g_array_new(FALSE, FALSE, sizeof(struct pst_exception));
	if (p == NULL)
		return "no rule";
	rule = icalproperty_get_rrule(p);
	if (icalcomponent_get_next_property(event, ICAL_RRULE_PROPERTY) ||
	    icalcomponent_get_first_property(event, ICAL_RDATE_PROPERTY) ||
	    icalcomponent_get_first_property(event, ICAL_EXRULE_PROPERTY))
		return "several rules, or single dates besides";
	if (midnight(start) == 0 || start.year >= 4500)
		return "such a first day";
	why = make_pattern(&rule, start, &pattern);
	if (why == NULL)
		why = find_exceptions(
		    calendar, event, start, deleted, info->exceptions);
	if (why)
		return why;
	ends = find_end(rule, start, &info->last, &count);
	info->first = midnight(start);
	info->type = pattern.frequency - 0x2009;
	add16(out, 0x3004);
	add16(out, 0x3004);
	add16(out, pattern.frequency);
	add16(out, pattern.type);
	add16(out, 0); /* the Gregorian calendar */
	add32(out, first_date(&pattern, start));
	add32(out, pattern.type == PATTERN_DAY ? pattern.period * DAY
					       : pattern.period);
	add32(out, 0);
	if (pattern.type == PATTERN_WEEK)
		add32(out, pattern.days);
	else if (pattern.type == PATTERN_MONTH)
		add32(out, pattern.day);
	else if (pattern.type == PATTERN_NTH) {
		add32(out, pattern.days);
		add32(out, pattern.nth);
	}
	add32(out, !ends ? 0x2023 : rule.count > 0 ? 0x2022 : 0x2021);
	add32(out, count);
	add32(out, pattern.first_day);
	add32(out, deleted->len);
	for (guint i = 0; i < deleted->len; i++)
		add32(out, g_array_index(deleted, guint32, i));
	add32(out, info->exceptions->len);
	for (guint i = 0; i < info->exceptions->len; i++)
		add32(out, midnight(g_array_index(
			       info->exceptions, struct pst_exception, i)
					.start));
	add32(out, info->first);
	add32(out, info->last);
	add32(out, 0x3006);
	add32(out, 0x3009);
	minutes = start.is_date ? 0 : (guint32)(start.hour * 60 + start.minute);
	length = pst_recurrence_minutes(end) - pst_recurrence_minutes(start);
	add32(out, minutes);
	add32(out, minutes + length);
	add_exceptions(out, event, info->exceptions);
	return NULL;
}

void
pst_recurrence_clear(struct pst_recurrence *info)
{
	g_clear_pointer(&info->exceptions, g_array_unref);
}
