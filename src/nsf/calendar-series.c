#include "nsf/calendar-series.h"

#include <string.h>

#define ZONE_HOURS_MAX 15
#define HOLES_MAX      400 /* instances that a rule has and the series has not */
#define DAY	       86400

static const char *const days[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

/* A number of its own between name and '$'. */
static bool
zone_number(const char *text, const char *name, gint64 *out)
{
	const char *at = strstr(text, name);
	char *end;

	if (at == NULL)
		return false;
	*out = g_ascii_strtoll(at + strlen(name), &end, 10);
	return end > at + strlen(name) && (*end == '$' || *end == '\0');
}

/* "3 2 1 11 1 1" */
static bool
zone_changes(const char *text, int change[6])
{
	const char *at = strstr(text, "$DL=");

	if (at == NULL)
		return false;
	at += 4;
	for (guint i = 0; i < 6; i++) {
		char *end;
		gint64 n = g_ascii_strtoll(at, &end, 10);
		gint64 most = i % 3 == 0 ? 12 : i % 3 == 1 ? 5 : 7;

		if (end == at || n < (i % 3 == 1 ? -1 : 1) || n == 0 ||
		    n > most)
			return false;
		change[i] = (int)n;
		at = end;
	}
	return true;
}

static void
put_offset(GString *out, const char *name, int minutes)
{
	g_string_append_printf(out, "%s:%c%02d%02d\r\n", name,
	    minutes < 0 ? '-' : '+', ABS(minutes) / 60, ABS(minutes) % 60);
}

static void
put_change(GString *out, const char *kind, const int *change, int from, int to)
{
	g_string_append_printf(
	    out, "BEGIN:%s\r\nDTSTART:19700101T020000\r\n", kind);
	if (change)
		g_string_append_printf(out,
		    "RRULE:FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s\r\n", change[0],
		    change[1] == 5 ? -1 : change[1], days[change[2] - 1]);
	put_offset(out, "TZOFFSETFROM", from);
	put_offset(out, "TZOFFSETTO", to);
	g_string_append_printf(out, "END:%s\r\n", kind);
}

icalcomponent *
nsf_zone_from_text(const char *text)
{
	g_autoptr(GString) out = g_string_new("BEGIN:VTIMEZONE\r\nTZID:");
	const char *name = strstr(text, "$ZN=");
	gint64 west, saving = 0;
	int change[6], offset;

	if (!g_str_has_prefix(text, "Z=") || !zone_number(text, "Z=", &west) ||
	    ABS(west % 100) > ZONE_HOURS_MAX || ABS(west / 100) >= 60)
		return NULL;
	offset = -(int)((west % 100) * 60 + west / 100);
	zone_number(text, "$DO=", &saving);
	if (saving && !zone_changes(text, change))
		return NULL;
	if (name && name[4] && strcspn(name + 4, "$;:,\"\r\n") < 64)
		g_string_append_len(
		    out, name + 4, (gssize)strcspn(name + 4, "$;:,\"\r\n"));
	else
		g_string_append_printf(out, "Notes%+d", offset);
	g_string_append(out, "\r\n");
	put_change(out, "STANDARD", saving ? change + 3 : NULL,
	    saving ? offset + 60 : offset, offset);
	if (saving)
		put_change(out, "DAYLIGHT", change, offset, offset + 60);
	g_string_append(out, "END:VTIMEZONE\r\n");
	return icalcomponent_new_from_string(out->str);
}

/* As the clock on the wall showed it, or UTC. */
static struct icaltimetype
wall(const struct stamp *stamp, icaltimezone *zone, bool all_day)
{
	gint64 local = stamp->utc + (stamp->has_zone ? stamp->zone * 60 : 0);
	icaltimezone *utc = icaltimezone_get_utc_timezone();
	struct icaltimetype t = icaltime_from_timet_with_zone(
	    (time_t)(all_day ? local : stamp->utc), all_day, utc);

	return zone ? icaltime_convert_to_zone(t, zone) : t;
}

static int
by_time(gconstpointer a, gconstpointer b)
{
	return icaltime_compare(
	    *(const struct icaltimetype *)a, *(const struct icaltimetype *)b);
}

/* The instances in order, each once. */
static GArray *
instances(const GArray *times, icaltimezone *zone, bool all_day)
{
	GArray *out = g_array_new(FALSE, FALSE, sizeof(struct icaltimetype));
	guint n = 0;

	for (guint i = 0; i < times->len && i < NSF_INSTANCES_MAX; i++) {
		struct icaltimetype t =
		    wall(&g_array_index(times, struct stamp, i), zone, all_day);

		g_array_append_val(out, t);
	}
	g_array_sort(out, by_time);
	for (guint i = 0; i < out->len; i++) {
		struct icaltimetype t =
		    g_array_index(out, struct icaltimetype, i);

		if (n > 0 &&
		    icaltime_compare(
			t, g_array_index(out, struct icaltimetype, n - 1)) == 0)
			continue;
		g_array_index(out, struct icaltimetype, n++) = t;
	}
	g_array_set_size(out, n);
	return out;
}

static const struct icaltimetype *
nth(const GArray *all, guint i)
{
	return &g_array_index(all, struct icaltimetype, i);
}

/* Days since an ancient one. */
static int
day_number(const struct icaltimetype *t)
{
	struct icaltimetype day = *t;

	day.is_date = 1;
	day.zone = NULL;
	return (int)(icaltime_as_timet(day) / DAY);
}

static int
month_number(const struct icaltimetype *t)
{
	return t->year * 12 + t->month;
}

static int
gcd(int a, int b)
{
	while (b) {
		int r = a % b;

		a = b;
		b = r;
	}
	return a;
}

/* A rule of that frequency that the first days of the series would follow. */
static bool
guess(const GArray *all, icalrecurrencetype_frequency freq, bool by_week,
    struct icalrecurrencetype *rule)
{
	const struct icaltimetype *first = nth(all, 0);
	int step = 0, weekdays = 0, weekday;
	bool last = true; /* each is the last such day of its month */

	icalrecurrencetype_clear(rule);
	rule->freq = freq;
	for (guint i = 0; i < all->len; i++) {
		const struct icaltimetype *t = nth(all, i);

		weekdays |= 1 << (icaltime_day_of_week(*t) - 1);
		last = last &&
		       t->day + 7 > icaltime_days_in_month(t->month, t->year);
		if (i == 0)
			continue;
		step = gcd(step, freq == ICAL_MONTHLY_RECURRENCE
				     ? month_number(t) - month_number(first)
				     : day_number(t) - day_number(first));
	}
	if (step <= 0)
		return false;
	switch (freq) {
	case ICAL_DAILY_RECURRENCE:
		break;
	case ICAL_WEEKLY_RECURRENCE:
		if (!by_week) {
			step /= 7;
			break;
		}
		step = 1;
		for (int d = 0, n = 0; d < 7; d++)
			if (weekdays & 1 << d)
				rule->by_day[n++] = (short)(d + 1);
		break;
	case ICAL_MONTHLY_RECURRENCE:
		if (!by_week)
			break;
		/* The position in eights, with the sign of both. */
		weekday = icaltime_day_of_week(*first);
		rule->by_day[0] =
		    (short)(last ? -(8 + weekday)
				 : 8 * ((first->day - 1) / 7 + 1) + weekday);
		break;
	default:
		return false;
	}
	rule->interval = (short)CLAMP(step, 1, 1000);
	return step >= 1 && step <= 1000;
}

/* Does it give each of them, and hardly anything else? What it gives besides
 * goes to holes; the rule then ends behind the last one. */
static bool
fits(const GArray *all, struct icalrecurrencetype *rule, GArray *holes)
{
	guint most = all->len + HOLES_MAX, given = 0, at = 0;
	icalrecur_iterator *it = icalrecur_iterator_new(*rule, *nth(all, 0));
	struct icaltimetype t;

	g_array_set_size(holes, 0);
	while (it && at < all->len && given < most) {
		int order;

		t = icalrecur_iterator_next(it);
		if (icaltime_is_null_time(t))
			break;
		given++;
		order = icaltime_compare(t, *nth(all, at));
		if (order > 0)
			break;
		if (order == 0)
			at++;
		else
			g_array_append_val(holes, t);
	}
	if (it)
		icalrecur_iterator_free(it);
	rule->count = (int)given;
	return at == all->len && holes->len <= all->len;
}

static bool
find_rule(const GArray *all, struct icalrecurrencetype *rule, GArray *holes)
{
	static const struct {
		icalrecurrencetype_frequency freq;
		bool by_week;
	} kinds[] = {
	    {ICAL_WEEKLY_RECURRENCE, false},
	    {ICAL_DAILY_RECURRENCE, false},
	    {ICAL_MONTHLY_RECURRENCE, false},
	    {ICAL_MONTHLY_RECURRENCE, true},
	    {ICAL_WEEKLY_RECURRENCE, true},
	};
	struct icalrecurrencetype one;
	g_autoptr(GArray) missing =
	    g_array_new(FALSE, FALSE, sizeof(struct icaltimetype));
	bool found = false;

	/* The one with the fewest holes; with two dates anything fits. */
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (!guess(all, kinds[i].freq, kinds[i].by_week, &one) ||
		    !fits(all, &one, missing) ||
		    (found && missing->len >= holes->len))
			continue;
		found = true;
		*rule = one;
		g_array_set_size(holes, 0);
		g_array_append_vals(holes, missing->data, missing->len);
	}
	return found;
}

/* The value of a property, which must not point to a zone that goes. */
static struct icaltimetype
value_of(const struct icaltimetype *t, const icaltimezone *zone)
{
	struct icaltimetype value = *t;

	if (zone)
		value.zone = NULL;
	return value;
}

static void
put_time(icalcomponent *to, icalproperty *p, icaltimezone *zone)
{
	if (zone)
		icalproperty_add_parameter(
		    p, icalparameter_new_tzid(icaltimezone_get_tzid(zone)));
	icalcomponent_add_property(to, p);
}

static void
put_dates(icalcomponent *event, const GArray *all, icaltimezone *zone)
{
	for (guint i = 1; i < all->len; i++) {
		struct icaldatetimeperiodtype when = {
		    .time = value_of(nth(all, i), zone)};

		when.period = icalperiodtype_null_period();
		put_time(event, icalproperty_new_rdate(when), zone);
	}
}

void
nsf_series_add(icalcomponent *calendar, icalcomponent *event,
    const GArray *times, bool all_day, const char *zone_text)
{
	icalcomponent *vtimezone = zone_text && !all_day && times->len > 1
				       ? nsf_zone_from_text(zone_text)
				       : NULL;
	icaltimezone *zone = vtimezone ? icaltimezone_new() : NULL;
	g_autoptr(GArray) all = NULL;
	g_autoptr(GArray) holes =
	    g_array_new(FALSE, FALSE, sizeof(struct icaltimetype));
	struct icalrecurrencetype rule;
	bool ruled;

	if (zone)
		icaltimezone_set_component(zone, vtimezone);
	all = instances(times, zone, all_day);
	ruled = all->len > 2 && find_rule(all, &rule, holes);
	if (!ruled && zone) {
		/* Nothing stands on the zone: UTC moves with no change. */
		icaltimezone_free(zone, 1);
		zone = NULL;
		g_array_unref(all);
		all = instances(times, NULL, all_day);
	}
	put_time(
	    event, icalproperty_new_dtstart(value_of(nth(all, 0), zone)), zone);
	if (!ruled) {
		put_dates(event, all, zone);
		return;
	}
	icalcomponent_add_property(event, icalproperty_new_rrule(rule));
	for (guint i = 0; i < holes->len; i++)
		put_time(event,
		    icalproperty_new_exdate(value_of(nth(holes, i), zone)),
		    zone);
	if (zone) {
		icalcomponent_add_component(
		    calendar, icalcomponent_new_clone(vtimezone));
		icaltimezone_free(zone, 1);
	}
}
