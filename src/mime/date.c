#include "mime/date.h"

#include <string.h>

static const char month_names[12][4] = {"jan", "feb", "mar", "apr", "may",
    "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
static const char day_names[7][4] = {
    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/* Minutes east. The first ten are RFC 822 5.1 and RFC 5322 4.3; the others are
 * what mailers of the nineties wrote; names with several meanings (IST, AST,
 * SST) are left out: an unknown zone is better than a wrong one. */
static const struct {
	char name[6];
	gint16 minutes;
} zones[] = {{"UT", 0}, {"GMT", 0}, {"EST", -300}, {"EDT", -240}, {"CST", -360},
    {"CDT", -300}, {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420},
    {"Z", 0}, /* RFC 822; RFC 3339 5.6 */
    {"UTC", 0}, {"WET", 0}, {"WEST", 60}, {"BST", 60}, /* cc:Mail, elm */
    {"CET", 60}, {"CEST", 120}, {"MET", 60}, {"MEST", 120}, {"MEZ", 60},
    {"MESZ", 120}, /* German Notes and Pegasus */
    {"EET", 120}, {"EEST", 180}, {"MSK", 180}, {"SAST", 120}, {"JST", 540},
    {"KST", 540}, {"HKT", 480}, {"SGT", 480}, {"AEST", 600}, {"AEDT", 660},
    {"NZST", 720}, {"NZDT", 780}, {"AKST", -540}, {"AKDT", -480}, {"HST", -600},
    {"NST", -210}, {"NDT", -150}, {"ADT", -180}};

#define TOKENS_MAX 40	     /* per date; more is no date */
#define ZONE_MAX   (15 * 60) /* minutes; the widest in use is 14 h */

struct token {
	bool number;
	bool in_comment;
	const char *text;
	gsize len;
	int value;
	char before, after; /* the characters beside it, 0 at the ends */
};

struct fields {
	int year, month, day, hour, minute, second, zone;
	bool has_year, has_month, has_day, has_time, has_zone, pm, am;
	bool has_comment_zone;
	int comment_zone;
};

static guint
tokenise(const char *s, gsize len, struct token *out)
{
	guint n = 0, depth = 0;
	gsize i = 0;

	while (i < len && n < TOKENS_MAX) {
		struct token *t = &out[n];
		gsize from = i;

		if (s[i] == '(')
			depth++;
		if (s[i] == ')' && depth > 0)
			depth--;
		if (g_ascii_isdigit(s[i])) {
			t->value = 0;
			for (; i < len && g_ascii_isdigit(s[i]); i++)
				if (t->value < 10000000)
					t->value = t->value * 10 + (s[i] - '0');
			t->number = true;
		} else if (g_ascii_isalpha(s[i])) {
			while (i < len && g_ascii_isalpha(s[i]))
				i++;
			t->number = false;
		} else {
			i++;
			continue;
		}
		t->text = s + from;
		t->len = i - from;
		t->before = from > 0 ? s[from - 1] : 0;
		t->after = i < len ? s[i] : 0;
		t->in_comment = depth > 0;
		n++;
	}
	return n;
}

static int
month_of(const struct token *t)
{
	if (t->len >= 3)
		for (int m = 0; m < 12; m++)
			if (!g_ascii_strncasecmp(t->text, month_names[m], 3))
				return m + 1;
	return 0;
}

static bool
zone_of(const struct token *t, int *minutes)
{
	for (guint i = 0; i < G_N_ELEMENTS(zones); i++)
		if (strlen(zones[i].name) == t->len &&
		    !g_ascii_strncasecmp(t->text, zones[i].name, t->len)) {
			*minutes = zones[i].minutes;
			return true;
		}
	return false;
}

static int
full_year(const struct token *t)
{
	/* RFC 5322 4.3 */
	if (t->len <= 2)
		return t->value + (t->value < 50 ? 2000 : 1900);
	if (t->len == 3)
		return t->value + 1900;
	/* "19100": 1900 and tm_year glued together, seen in 2000 and after */
	if (t->len == 5 && t->value >= 19100 && t->value < 19200)
		return t->value - 19100 + 2000;
	return t->value;
}

/* h:m, h:m:s and the dotted form; returns how many tokens it was. */
static guint
read_time(const struct token *t, guint n, struct fields *f)
{
	char sep = t[0].after;
	guint used;

	f->hour = t[0].value;
	f->minute = t[1].value;
	f->second = 0;
	used = 2;
	if (n > 2 && t[2].number && t[1].after == sep && t[2].before == sep) {
		f->second = t[2].value;
		used = 3;
		/* a fraction of a second (RFC 3339): no use for it */
		if (n > 3 && t[3].number && t[2].after == '.' &&
		    t[3].before == '.')
			used = 4;
	}
	f->has_time = true;
	return used;
}

/* +hhmm, +hh:mm, +hh, +hmm after the time; returns how many tokens. */
static guint
read_zone(const struct token *t, guint n, struct fields *f)
{
	int sign = t[0].before == '-' ? -1 : 1;
	int minutes;
	guint used = 1;

	if (t[0].len <= 2) {
		minutes = t[0].value * 60;
		if (n > 1 && t[1].number && t[0].after == ':' &&
		    t[1].len == 2) {
			minutes += t[1].value;
			used = 2;
		}
	} else {
		minutes = t[0].value / 100 * 60 + t[0].value % 100;
	}
	/* RFC 5322 3.3: -0000 says that the zone is not known. */
	if (minutes <= ZONE_MAX && !(sign < 0 && minutes == 0)) {
		f->zone = sign * minutes;
		f->has_zone = true;
	}
	return used;
}

/* y-m-d, d.m.y and d/m/y or m/d/y where the numbers say which. */
static guint
read_numeric_date(const struct token *t, guint n, struct fields *f)
{
	char sep = t[0].after;
	int a, b;

	if (n < 3 || !t[1].number || !t[2].number || t[1].before != sep ||
	    t[1].after != sep || t[2].before != sep ||
	    (sep != '-' && sep != '/' && sep != '.'))
		return 0;
	a = t[0].value;
	b = t[1].value;
	if (t[0].len == 4) {
		f->year = a;
		f->month = b;
		f->day = t[2].value;
	} else if (sep == '.' || a > 12) {
		f->day = a;
		f->month = b;
		f->year = full_year(&t[2]);
	} else if (b > 12) {
		f->month = a;
		f->day = b;
		f->year = full_year(&t[2]);
	} else {
		return 0; /* 3/4/98: nobody knows */
	}
	f->has_year = f->has_month = f->has_day = true;
	return 3;
}

static guint
read_number(const struct token *t, guint n, struct fields *f)
{
	bool more = n > 1 && t[1].number && t[1].before == t[0].after;

	if (!f->has_time && t[0].len <= 2 && t[0].after == ':' && more)
		return read_time(t, n, f);
	if (f->has_time && (t[0].before == '+' || t[0].before == '-')) {
		if (f->has_zone)
			return 1;
		return read_zone(t, n, f);
	}
	if (!f->has_month && !f->has_day && !f->has_year) {
		guint used = read_numeric_date(t, n, f);

		if (used)
			return used;
	}
	/* "21 Nov 1997 09.55.06" */
	if (!f->has_time && f->has_day && f->has_month && f->has_year &&
	    t[0].len <= 2 && t[0].after == '.' && more)
		return read_time(t, n, f);
	if (t[0].len <= 2 && !f->has_day) {
		f->day = t[0].value;
		f->has_day = true;
	} else if (!f->has_year && (f->has_month || t[0].len >= 4)) {
		f->year = full_year(&t[0]);
		f->has_year = true;
	}
	return 1;
}

static void
read_word(const struct token *t, struct fields *f)
{
	int month = f->has_month ? 0 : month_of(t);
	int zone;

	if (month) {
		f->month = month;
		f->has_month = true;
	} else if (f->has_time && t->len == 2 &&
		   (t->text[1] == 'm' || t->text[1] == 'M')) {
		f->am = t->text[0] == 'a' || t->text[0] == 'A';
		f->pm = t->text[0] == 'p' || t->text[0] == 'P';
	} else if (f->has_time && !f->has_zone && zone_of(t, &zone)) {
		/* "GMT+0100" means what the number says */
		if (t->after == '+' || t->after == '-')
			return;
		f->zone = zone;
		f->has_zone = true;
	}
}

bool
date_parse(const char *text, gsize len, struct stamp *out)
{
	struct token tokens[TOKENS_MAX];
	struct fields f = {0};
	struct stamp stamp;
	guint n, i;

	n = tokenise(text, MIN(len, DATE_MAX), tokens);
	for (i = 0; i < n;) {
		const struct token *t = &tokens[i];

		if (t->in_comment) {
			if (!t->number && f.has_time &&
			    zone_of(t, &f.comment_zone))
				f.has_comment_zone = true;
			i++;
		} else if (t->number) {
			i += read_number(t, n - i, &f);
		} else {
			read_word(t, &f);
			i++;
		}
	}
	if (!f.has_year || !f.has_month || !f.has_day)
		return false;
	if (f.pm && f.hour < 12)
		f.hour += 12;
	if (f.am && f.hour == 12)
		f.hour = 0;
	if (f.second == 60) /* a leap second has no place in a time_t */
		f.second = 59;
	if (f.hour > 23 || f.minute > 59 || f.second > 59 || f.day < 1 ||
	    f.month < 1 || f.month > 12)
		return false;
	if (!f.has_zone && f.has_comment_zone) {
		f.zone = f.comment_zone;
		f.has_zone = true;
	}
	if (!stamp_from_fields(f.year, f.month, f.day, f.hour, f.minute,
		f.second, f.zone, &stamp))
		return false;
	stamp.has_zone = f.has_zone;
	if (!f.has_zone)
		stamp.zone = 0;
	*out = stamp;
	return true;
}

void
date_format(const struct stamp *stamp, char out[DATE_LEN])
{
	int year, month, day, hour, minute, second, weekday;
	int zone = stamp->has_zone ? stamp->zone : 0;

	stamp_to_fields(
	    stamp, &year, &month, &day, &hour, &minute, &second, &weekday);
	g_snprintf(out, DATE_LEN,
	    "%s, %02d %c%s %04d %02d:%02d:%02d %c%02d%02d", day_names[weekday],
	    day, g_ascii_toupper(month_names[month - 1][0]),
	    month_names[month - 1] + 1, year, hour, minute, second,
	    zone < 0 || !stamp->has_zone ? '-' : '+', ABS(zone) / 60,
	    ABS(zone) % 60);
}
