#include "pst/timezone-write.h"

#include "pst/bytes.h"

#include <string.h>

#define NAME_UNITS 260 /* UTF-16 units of a zone's name: [MS-OXOCAL] */
#define DAY	   86400

/* A day of the year on which the clock changes: "last Sunday in March". */
struct change {
	guint month, week_day, nth, hour, minute; /* nth 5: the last */
};

struct rules {
	int standard, daylight; /* seconds east of UTC */
	bool has_daylight;
	struct change to_standard, to_daylight;
};

static int
offset_at(icaltimezone *zone, gint64 utc)
{
	struct icaltimetype t = icaltime_from_timet_with_zone(
	    (time_t)utc, 0, icaltimezone_get_utc_timezone());

	return icaltimezone_get_utc_offset_of_utc_time(zone, &t, NULL);
}

/* What a change at a moment means on the clock that it ends. */
static void
describe(gint64 utc, int before, struct change *out)
{
	g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc(utc + before);
	guint day, days;

	if (t == NULL)
		return;
	day = (guint)g_date_time_get_day_of_month(t);
	days = g_date_get_days_in_month((GDateMonth)g_date_time_get_month(t),
	    (GDateYear)g_date_time_get_year(t));
	*out = (struct change){.month = (guint)g_date_time_get_month(t),
	    .week_day = (guint)g_date_time_get_day_of_week(t) % 7,
	    .nth = day + 7 > days ? 5 : (day - 1) / 7 + 1,
	    .hour = (guint)g_date_time_get_hour(t),
	    .minute = (guint)g_date_time_get_minute(t)};
}

static void
find_rules(icaltimezone *zone, int year, struct rules *out)
{
	g_autoptr(GDateTime) first = g_date_time_new_utc(year, 1, 1, 0, 0, 0);
	gint64 at, from;
	int before;
	guint n = 0;

	memset(out, 0, sizeof *out);
	if (zone == NULL || first == NULL)
		return;
	from = g_date_time_to_unix(first);
	before = out->standard = out->daylight = offset_at(zone, from);
	for (guint day = 1; day <= 366; day++) {
		int after = offset_at(zone, from + DAY * (gint64)day);
		gint64 low = from + DAY * (gint64)(day - 1), high = low + DAY;

		if (after == before)
			continue;
		while (high - low > 60) {
			gint64 mid = low + (high - low) / 120 * 60;

			if (offset_at(zone, mid) == before)
				low = mid;
			else
				high = mid;
		}
		at = high;
		/* Clocks go forward into summer. */
		describe(at, before,
		    after > before ? &out->to_daylight : &out->to_standard);
		if (after > before) {
			out->daylight = after;
			out->standard = before;
		} else {
			out->daylight = before;
			out->standard = after;
		}
		before = after;
		n++;
	}
	/* Anything but once there and once back is no rule. */
	out->has_daylight = n == 2 && out->to_daylight.month != 0 &&
			    out->to_standard.month != 0;
}

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

/* SYSTEMTIME of a rule; all zero when there is none. */
static void
add_change(GByteArray *out, const struct rules *r, const struct change *c)
{
	const guint words[8] = {
	    0, c->month, c->week_day, c->nth, c->hour, c->minute, 0, 0};

	for (guint i = 0; i < 8; i++)
		add16(out, r->has_daylight ? words[i] : 0);
}

/* Biases are minutes to add to local time to get UTC. */
static void
add_biases(GByteArray *out, const struct rules *r)
{
	add32(out, (guint32)(-r->standard / 60));
	add32(out, 0);
	add32(out,
	    r->has_daylight ? (guint32)(-(r->daylight - r->standard) / 60) : 0);
}

void
pst_timezone_struct(GByteArray *out, icaltimezone *zone, int year)
{
	struct rules r;

	find_rules(zone, year, &r);
	add_biases(out, &r);
	add16(out, 0);
	add_change(out, &r, &r.to_standard);
	add16(out, 0);
	add_change(out, &r, &r.to_daylight);
}

const char *
pst_timezone_name(icaltimezone *zone)
{
	const char *name = zone ? icaltimezone_get_display_name(zone) : NULL;

	return name && g_utf8_validate(name, -1, NULL) ? name : "UTC";
}

void
pst_timezone_definition(
    GByteArray *out, icaltimezone *zone, int year, bool recur)
{
	static const guint8 version[2] = {2, 1}, none[14] = {0};
	glong units = 0;
	g_autofree gunichar2 *name =
	    g_utf8_to_utf16(pst_timezone_name(zone), -1, NULL, &units, NULL);
	struct rules r;

	find_rules(zone, year, &r);
	units = MIN(units, NAME_UNITS);
	g_byte_array_append(out, version, 2);
	add16(out, 6 + 2 * (guint)units);
	add16(out, 2);
	add16(out, (guint)units);
	for (glong i = 0; i < units; i++)
		add16(out, name[i]);
	add16(out, 1);
	/* TZRULE */
	g_byte_array_append(out, version, 2);
	add16(out, 0x3e);
	add16(out, recur ? 3 : 2);
	add16(out, recur ? 1601 : (guint)year);
	g_byte_array_append(out, none, sizeof none);
	add_biases(out, &r);
	add_change(out, &r, &r.to_standard);
	add_change(out, &r, &r.to_daylight);
}
