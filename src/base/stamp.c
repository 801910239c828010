#include "base/stamp.h"

#include <string.h>

static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May",
	"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Days since 1970-01-01 of a proleptic Gregorian date; counted in eras of 400
 * years from 0000-03-01, so that leap days end a year. */
static gint64
days_from_civil(int year, int month, int day)
{
	gint64 y = year - (month <= 2);
	gint64 era = (y >= 0 ? y : y - 399) / 400;
	gint64 yoe = y - era * 400;
	gint64 doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	gint64 doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool
stamp_from_fields(int year, int month, int day, int hour, int minute,
    int second, int zone_minutes, struct stamp *out)
{
	static const int month_days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31 };

	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > month_days[month - 1] + (month == 2 && is_leap(year)) ||
	    hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
	    second > 60 || zone_minutes < -24 * 60 || zone_minutes > 24 * 60)
		return false;
	out->utc = days_from_civil(year, month, day) * 86400 + hour * 3600 +
	    minute * 60 + MIN(second, 59) - (gint64)zone_minutes * 60;
	out->zone = (gint16)zone_minutes;
	out->known = true;
	out->has_zone = true;
	return true;
}

void
stamp_to_fields(const struct stamp *stamp, int *year, int *month, int *day,
    int *hour, int *minute, int *second, int *weekday)
{
	gint64 t = stamp->utc + (gint64)stamp->zone * 60;
	gint64 days = t / 86400;
	gint64 rest = t % 86400;
	gint64 z, era, doe, yoe, doy, mp;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	z = days + 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
	*hour = (int)(rest / 3600);
	*minute = (int)(rest / 60 % 60);
	*second = (int)(rest % 60);
	*weekday = (int)(((days % 7) + 11) % 7); /* 1970-01-01: a Thursday */
}

void
stamp_to_imap(const struct stamp *stamp, char out[STAMP_IMAP_LEN])
{
	int year, month, day, hour, minute, second, weekday;
	int zone = ABS(stamp->zone);

	stamp_to_fields(
	    stamp, &year, &month, &day, &hour, &minute, &second, &weekday);
	year = CLAMP(year, 0, 9999);
	g_snprintf(out, STAMP_IMAP_LEN, "%2d-%s-%04d %02d:%02d:%02d %c%02d%02d",
	    day, month_names[month - 1], year, hour, minute, second,
	    stamp->zone < 0 ? '-' : '+', zone / 60 % 100, zone % 60);
}

/* n digits at p; -1 when one is not a digit. */
static int
digits(const char *p, guint n)
{
	int value = 0;

	while (n-- > 0) {
		if (!g_ascii_isdigit(*p))
			return -1;
		value = value * 10 + (*p++ - '0');
	}
	return value;
}

bool
stamp_from_imap(const char *text, gsize len, struct stamp *out)
{
	int day, month, zone;

	/* " 1-Jan-2020 ..." and, from some servers, "1-Jan-2020 ..." */
	if (len == 25) {
		day = digits(text, 1);
		text--;
	} else if (len == 26) {
		day = text[0] == ' ' ? digits(text + 1, 1) : digits(text, 2);
	} else {
		return false;
	}
	for (month = 0; month < 12; month++)
		if (g_ascii_strncasecmp(text + 3, month_names[month], 3) == 0)
			break;
	if (text[2] != '-' || text[6] != '-' || text[11] != ' ' ||
	    text[14] != ':' || text[17] != ':' || text[20] != ' ' ||
	    (text[21] != '+' && text[21] != '-') || digits(text + 22, 4) < 0)
		return false;
	zone = digits(text + 22, 2) * 60 + digits(text + 24, 2);
	return stamp_from_fields(digits(text + 7, 4), month + 1, day,
	    digits(text + 12, 2), digits(text + 15, 2), digits(text + 18, 2),
	    text[21] == '-' ? -zone : zone, out);
}

char *
stamp_to_iso(const struct stamp *stamp)
{
	int year, month, day, hour, minute, second, weekday;
	int zone = ABS(stamp->zone);
	char suffix[16] = "Z";

	if (!stamp->known)
		return g_strdup("");
	stamp_to_fields(
	    stamp, &year, &month, &day, &hour, &minute, &second, &weekday);
	if (stamp->has_zone)
		g_snprintf(suffix, sizeof suffix, "%c%02d:%02d",
		    stamp->zone < 0 ? '-' : '+', zone / 60, zone % 60);
	return g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02d%s", year, month,
	    day, hour, minute, second, suffix);
}

bool
stamp_from_iso(const char *text, struct stamp *out)
{
	gsize len = strlen(text);
	struct stamp stamp;
	int zone = 0;
	bool has_zone = false;

	/* A date alone is its first second, UTC. */
	if (len == 10) {
		if (text[4] != '-' || text[7] != '-' ||
		    !stamp_from_fields(digits(text, 4), digits(text + 5, 2),
			digits(text + 8, 2), 0, 0, 0, 0, &stamp))
			return false;
		stamp.has_zone = false;
		*out = stamp;
		return true;
	}
	if (len < 19 || text[4] != '-' || text[7] != '-' ||
	    (text[10] != 'T' && text[10] != ' ') || text[13] != ':' ||
	    text[16] != ':')
		return false;
	if (len == 25 && (text[19] == '+' || text[19] == '-') &&
	    text[22] == ':' && digits(text + 20, 2) >= 0 &&
	    digits(text + 23, 2) >= 0) {
		zone = digits(text + 20, 2) * 60 + digits(text + 23, 2);
		zone = text[19] == '-' ? -zone : zone;
		has_zone = true;
	} else if (!(len == 19 || (len == 20 && text[19] == 'Z'))) {
		return false;
	}
	if (!stamp_from_fields(digits(text, 4), digits(text + 5, 2),
		digits(text + 8, 2), digits(text + 11, 2), digits(text + 14, 2),
		digits(text + 17, 2), zone, &stamp))
		return false;
	stamp.has_zone = has_zone;
	*out = stamp;
	return true;
}
