#include "pst/timezone-read.h"

#include "mime/vcard.h"
#include "pst/bytes.h"
#include "pst/ltp-read.h"

#include <string.h>

#define STRUCT_LEN 48	     /* TZREG */
#define RULE_LEN   66	     /* TZRule */
#define BIAS_MAX   (48 * 60) /* minutes; more is damage */
#define YEAR_MIN   1601

void
pst_zone_clear(struct pst_zone *zone)
{
	g_free(zone->name);
	memset(zone, 0, sizeof *zone);
}

/* SYSTEMTIME: [MS-DTYP] 2.3.13 */
static void
read_change(struct pst_zone_change *out, const guint8 *p)
{
	*out = (struct pst_zone_change){.year = get_le16(p),
	    .month = get_le16(p + 2),
	    .weekday = get_le16(p + 4),
	    .week = get_le16(p + 6),
	    .hour = get_le16(p + 8),
	    .minute = get_le16(p + 10)};
	if (out->month > 12 || out->weekday > 6 || out->week < 1 ||
	    out->week > (out->year ? 31 : 5) || out->hour > 23 ||
	    out->minute > 59)
		memset(out, 0, sizeof *out);
}

static bool
is_sound(struct pst_zone *z)
{
	if (ABS(z->bias) > BIAS_MAX || ABS(z->standard_bias) > BIAS_MAX ||
	    ABS(z->daylight_bias) > BIAS_MAX)
		return false;
	/* One change alone would never be undone. */
	if (z->standard.month == 0 || z->daylight.month == 0)
		z->standard.month = z->daylight.month = 0;
	return true;
}

static void
set_name(struct pst_zone *z, const char *name)
{
	g_autofree char *text = g_strdup(name ? name : "");

	g_strstrip(text);
	if (*text == '\0') {
		gint east = -(z->bias + z->standard_bias);

		z->name = g_strdup_printf("UTC%c%02d:%02d%s",
		    east < 0 ? '-' : '+', ABS(east) / 60, ABS(east) % 60,
		    z->standard.month ? " with daylight saving" : "");
	} else {
		z->name = g_steal_pointer(&text);
	}
}

bool
pst_zone_from_struct(
    struct pst_zone *out, const guint8 *p, gsize len, const char *name)
{
	memset(out, 0, sizeof *out);
	if (len < STRUCT_LEN)
		return false;
	out->bias = (gint)get_le32(p);
	out->standard_bias = (gint)get_le32(p + 4);
	out->daylight_bias = (gint)get_le32(p + 8);
	read_change(&out->standard, p + 14);
	read_change(&out->daylight, p + 32);
	if (!is_sound(out))
		return false;
	set_name(out, name);
	return true;
}

bool
pst_zone_from_definition(
    struct pst_zone *out, const guint8 *p, gsize len, bool recurring)
{
	guint wanted = recurring ? 1 : 2; /* TZRULE_FLAG_... */
	const guint8 *rule = NULL;
	g_autofree char *name = NULL;
	gsize head, chars;
	guint n;

	memset(out, 0, sizeof *out);
	if (len < 10)
		return false;
	head = get_le16(p + 2);
	chars = get_le16(p + 6);
	if (head < 6 || 8 + 2 * chars + 2 > len || head + 4 > len)
		return false;
	name = pst_text_from_utf16(p + 8, 2 * chars);
	n = get_le16(p + head + 2);
	p += head + 4;
	len -= head + 4;
	for (; n > 0 && len >= RULE_LEN; n--, p += RULE_LEN, len -= RULE_LEN) {
		guint flags = get_le16(p + 4);

		if (rule == NULL || flags & wanted)
			rule = p;
		if (flags & wanted)
			break;
	}
	if (rule == NULL)
		return false;
	out->bias = (gint)get_le32(rule + 22);
	out->standard_bias = (gint)get_le32(rule + 26);
	out->daylight_bias = (gint)get_le32(rule + 30);
	read_change(&out->standard, rule + 34);
	read_change(&out->daylight, rule + 50);
	if (!is_sound(out))
		return false;
	set_name(out, name);
	return true;
}

void
pst_zone_fixed(struct pst_zone *out, gint east)
{
	memset(out, 0, sizeof *out);
	out->bias = -east / 60;
	set_name(out, NULL);
}

/* The wall clock's time of a change in a year, before it is changed. */
static gint64
change_in(const struct pst_zone_change *c, gint year)
{
	g_autoptr(GDateTime) first =
	    g_date_time_new_utc(year, (gint)c->month, 1, 0, 0, 0);
	gint day, days;

	if (first == NULL)
		return 0;
	days = g_date_get_days_in_month(
	    (GDateMonth)c->month, (GDateYear)CLAMP(year, 1, 9999));
	if (c->year) {
		day = (gint)c->week;
	} else {
		/* GLib: Monday 1 to Sunday 7 */
		gint weekday = g_date_time_get_day_of_week(first) % 7;

		day = 1 + ((gint)c->weekday - weekday + 7) % 7 +
		      7 * ((gint)c->week - 1);
		if (day > days)
			day -= 7;
	}
	return g_date_time_to_unix(first) +
	       (gint64)(MIN(day, days) - 1) * 86400 + c->hour * 3600 +
	       c->minute * 60;
}

static gint
year_of(gint64 seconds)
{
	g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc(seconds);

	return t ? g_date_time_get_year(t) : 1970;
}

/* Does daylight saving time hold? local: standard time on the wall. */
static bool
is_daylight(const struct pst_zone *z, gint64 local)
{
	gint year = year_of(local);
	gint64 begins, ends;

	if (z->standard.month == 0)
		return false;
	begins = change_in(&z->daylight, year);
	/* The end is said in daylight time. */
	ends = change_in(&z->standard, year) +
	       60 * (z->daylight_bias - z->standard_bias);
	return begins < ends ? local >= begins && local < ends
			     : local >= begins || local < ends;
}

gint64
pst_zone_to_local(const struct pst_zone *z, gint64 utc)
{
	gint64 standard = utc - 60 * (gint64)(z->bias + z->standard_bias);

	return is_daylight(z, standard)
		   ? utc - 60 * (gint64)(z->bias + z->daylight_bias)
		   : standard;
}

gint64
pst_zone_to_utc(const struct pst_zone *z, gint64 local)
{
	gint64 utc = local + 60 * (gint64)(z->bias + z->daylight_bias);

	/* What comes back is right; an hour that is there twice is the first,
	 * one that is not there at all is taken as standard time. */
	if (z->standard.month && pst_zone_to_local(z, utc) == local)
		return utc;
	return local + 60 * (gint64)(z->bias + z->standard_bias);
}

static void
write_half(const struct pst_zone *z, bool summer, GString *out)
{
	static const char *const days[] = {
	    "SU", "MO", "TU", "WE", "TH", "FR", "SA"};
	const struct pst_zone_change *c =
	    summer ? &z->daylight : &z->standard;
	const char *name = summer ? "DAYLIGHT" : "STANDARD";
	gint to = -(z->bias + (summer ? z->daylight_bias : z->standard_bias));
	gint from =
	    -(z->bias + (summer ? z->standard_bias : z->daylight_bias));
	gint64 first = 0;
	g_autoptr(GDateTime) t = NULL;
	g_autofree char *start = NULL;

	if (c->month == 0)
		from = to;
	else
		first = change_in(c, c->year ? (gint)c->year : YEAR_MIN);
	t = g_date_time_new_from_unix_utc(first);
	start = c->month && t ? g_date_time_format(t, "%Y%m%dT%H%M%S")
			      : g_strdup("16010101T000000");
	g_string_append_printf(out,
	    "BEGIN:%s\r\nDTSTART:%s\r\nTZOFFSETFROM:%c%02d%02d\r\n"
	    "TZOFFSETTO:%c%02d%02d\r\n",
	    name, start, from < 0 ? '-' : '+', ABS(from) / 60, ABS(from) % 60,
	    to < 0 ? '-' : '+', ABS(to) / 60, ABS(to) % 60);
	if (c->month && c->year == 0)
		g_string_append_printf(out,
		    "RRULE:FREQ=YEARLY;BYMONTH=%u;BYDAY=%d%s\r\n", c->month,
		    c->week == 5 ? -1 : (gint)c->week, days[c->weekday]);
	g_string_append_printf(out, "END:%s\r\n", name);
}

void
pst_zone_write(const struct pst_zone *z, GString *out)
{
	g_string_append(out, "BEGIN:VTIMEZONE\r\n");
	vcard_write_text(out, "TZID", NULL, z->name);
	write_half(z, false, out);
	if (z->standard.month)
		write_half(z, true, out);
	g_string_append(out, "END:VTIMEZONE\r\n");
}
