#include "ccmail/value.h"

#include <string.h>

void
ccmail_address_clear(struct ccmail_address *a)
{
	g_clear_pointer(&a->name, g_free);
	g_clear_pointer(&a->post_office, g_free);
	g_clear_pointer(&a->internet, g_free);
}

static char *
stripped(const char *p, gsize n)
{
	char *out = g_strstrip(g_strndup(p, n));

	if (*out == '\0')
		g_clear_pointer(&out, g_free);
	return out;
}

/* local@domain without blanks, and nothing else. */
static bool
is_internet(const char *text)
{
	const char *at = strchr(text, '@');

	return at && at > text && at[1] && strchr(at + 1, '@') == NULL &&
	       strpbrk(text, " \t<>,;\"()") == NULL;
}

/* The " at " that ends the name, or NULL. */
static const char *
find_at(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((p == text || p[-1] == ' ') &&
		    g_ascii_strncasecmp(p, "at ", 3) == 0)
			return p;
	return NULL;
}

void
ccmail_address_parse(const char *text, struct ccmail_address *out)
{
	const char *at = find_at(text), *open, *close;
	g_autofree char *left = NULL;

	*out = (struct ccmail_address){NULL};
	left = g_strndup(text, at ? (gsize)(at - text) : strlen(text));
	if (at)
		out->post_office = stripped(at + 3, strlen(at + 3));
	open = strchr(text, '<');
	close = open ? strchr(open, '>') : NULL;
	if (close) {
		out->internet = stripped(open + 1, (gsize)(close - open) - 1);
		if (out->internet && !is_internet(out->internet))
			g_clear_pointer(&out->internet, g_free);
	}
	if (out->internet) {
		char *bracket = strchr(left, '<');

		if (bracket)
			*bracket = '\0';
	}
	out->name = stripped(left, strlen(left));
	if (out->internet == NULL && out->name && is_internet(out->name))
		out->internet = g_strdup(out->name);
}

/* Up to six digits. */
static bool
number(const char **p, int *out, int *digits)
{
	const char *start = *p;

	*out = 0;
	while (g_ascii_isdigit(**p) && *p - start < 6)
		*out = *out * 10 + (*(*p)++ - '0');
	*digits = (int)(*p - start);
	return *p > start && !g_ascii_isdigit(**p);
}

static void
blanks(const char **p)
{
	while (**p == ' ' || **p == '\t')
		(*p)++;
}

/* Three numbers with the same separator, and how many digits they have. */
static bool
three(const char **p, int n[3], int digits[3])
{
	char separator = '\0';

	for (int i = 0; i < 3; i++) {
		if (i > 0) {
			if (**p == '\0' || !strchr("/-.", **p) ||
			    (separator && **p != separator))
				return false;
			separator = *(*p)++;
		}
		if (!number(p, &n[i], &digits[i]))
			return false;
	}
	return true;
}

/* Where year, month and day are. */
static const guint8 places[CCMAIL_ORDERS][3] = {
    [CCMAIL_MDY] = {2, 0, 1},
    [CCMAIL_DMY] = {2, 1, 0},
    [CCMAIL_YMD] = {0, 1, 2},
};

static int
full_year(int year, int digits)
{
	if (digits <= 2)
		return year < 70 ? 2000 + year : 1900 + year;
	if (year >= 100 && year < 170)
		return 1900 + year;
	return year >= 1900 && year < 1970 ? year + 100 : year;
}

static bool
clock_time(const char *p, struct ccmail_date *out)
{
	int digits, hour;

	blanks(&p);
	if (*p == '\0')
		return true;
	if (!number(&p, &hour, &digits) || (*p != ':' && *p != '.'))
		return false;
	p++;
	if (!number(&p, &out->minute, &digits))
		return false;
	if (*p == ':' || *p == '.') {
		p++;
		if (!number(&p, &out->second, &digits))
			return false;
	}
	blanks(&p);
	if (g_ascii_tolower(*p) == 'p' && hour < 12)
		hour += 12;
	else if (g_ascii_tolower(*p) == 'a' && hour == 12)
		hour = 0;
	out->hour = hour;
	return hour < 24 && out->minute < 60 && out->second < 61;
}

static bool
take(const int n[3], const int digits[3], enum ccmail_order order,
    struct ccmail_date *out)
{
	const guint8 *at = places[order];

	out->year = full_year(n[at[0]], digits[at[0]]);
	out->month = n[at[1]];
	out->day = n[at[2]];
	return out->year > 0 && out->year <= 9999 && out->month >= 1 &&
	       out->month <= 12 && out->day >= 1;
}

enum ccmail_date_result
ccmail_date_parse(
    const char *text, enum ccmail_order order, struct ccmail_date *out)
{
	enum ccmail_date_result result = CCMAIL_DATE_GOOD;
	int n[3], digits[3];
	guint8 last;

	*out = (struct ccmail_date){0};
	blanks(&text);
	if (!three(&text, n, digits))
		return CCMAIL_DATE_NONE;
	/* A year of four digits in front is in front whatever was said. */
	if (digits[0] == 4)
		order = CCMAIL_YMD;
	else if (digits[2] == 4 && order == CCMAIL_YMD)
		order = CCMAIL_MDY;
	if (!take(n, digits, order, out)) {
		bool found = false;

		result = CCMAIL_DATE_MENDED;
		for (int other = 0; !found && other < CCMAIL_ORDERS; other++)
			found = take(n, digits, (enum ccmail_order)other, out);
		if (!found)
			return CCMAIL_DATE_NONE;
	}
	last = g_date_get_days_in_month(
	    (GDateMonth)out->month, (GDateYear)out->year);
	if (out->day > last) {
		out->day = last;
		result = CCMAIL_DATE_MENDED;
	}
	if (!clock_time(text, out)) {
		out->hour = out->minute = out->second = 0;
		result = CCMAIL_DATE_MENDED;
	}
	return result;
}

void
ccmail_order_vote(struct ccmail_order_votes *votes, const char *text)
{
	int n[3], digits[3];

	blanks(&text);
	if (!three(&text, n, digits))
		return;
	votes->dates++;
	for (int i = 0; i < CCMAIL_ORDERS; i++) {
		struct ccmail_date date;
		const guint8 *at = places[i];

		if (!take(n, digits, (enum ccmail_order)i, &date) ||
		    date.day > 31 || digits[at[1]] > 2 || digits[at[2]] > 2)
			votes->against[i]++;
	}
}

enum ccmail_order
ccmail_order_of(
    const struct ccmail_order_votes *votes, enum ccmail_order fallback)
{
	enum ccmail_order best = fallback;

	for (int i = 0; i < CCMAIL_ORDERS; i++)
		if (votes->against[i] < votes->against[best])
			best = (enum ccmail_order)i;
	return best;
}

/* "m/d/yy", or "m-d-yy h:mmAM" behind it, up to the end. */
static bool
is_stamp(const char *p)
{
	struct ccmail_date date = {0};
	int n[3], digits[3];

	return three(&p, n, digits) && (*p == '\0' || *p == ' ') &&
	       clock_time(p, &date);
}

char *
ccmail_file_name(const char *title)
{
	g_autofree char *copy = g_strstrip(g_strdup(title));
	const char *name = copy;

	/* The first blank behind which there is a stamp and nothing else. */
	for (char *p = strchr(copy, ' '); p; p = strchr(p + 1, ' ')) {
		const char *rest = p;

		blanks(&rest);
		if (p > copy && is_stamp(rest)) {
			*p = '\0';
			break;
		}
	}
	for (const char *p = copy; *p; p++)
		if (*p == '\\' || *p == '/' || *p == ':')
			name = p + 1;
	return g_strstrip(g_strdup(name));
}

gsize
ccmail_strip_highlight(guint8 *text, gsize len)
{
	gsize to = 0;

	for (gsize i = 0; i < len; i++) {
		if (text[i] == 0x1e || text[i] == 0x1f) {
			if (i + 1 < len && text[i + 1] == 0x70)
				i++;
			continue;
		}
		text[to++] = text[i];
	}
	return to;
}
