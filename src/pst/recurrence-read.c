#include "pst/recurrence-read.h"

#include "pst/bytes.h"
#include "pst/ltp-read.h"

#include <string.h>

#define EPOCH	  G_GINT64_CONSTANT(11644473600) /* 1601 to 1970, seconds */
#define END_DATE  0x2021u
#define END_COUNT 0x2022u
#define TEXT_MAX  65535	  /* characters: their number has two bytes */
#define HIGHLIGHT 0x3009u /* WriterVersion2 from which it is there */

/* A reader of little-endian numbers that never runs over the end. */
struct bytes {
	const guint8 *p;
	gsize len;
	bool over;
};

static const guint8 *
take(struct bytes *b, gsize n)
{
	const guint8 *p = b->p;

	if (n > b->len) {
		b->over = true;
		b->len = 0;
		return NULL;
	}
	b->p += n;
	b->len -= n;
	return p;
}

static guint
take16(struct bytes *b)
{
	const guint8 *p = take(b, 2);

	return p ? get_le16(p) : 0;
}

static guint32
take32(struct bytes *b)
{
	const guint8 *p = take(b, 4);

	return p ? get_le32(p) : 0;
}

/* Minutes since 1601. */
static gint64
take_day(struct bytes *b)
{
	return (gint64)take32(b) * 60 - EPOCH;
}

static void
skip_block(struct bytes *b)
{
	guint32 size = take32(b);

	take(b, size);
}

static void
exception_clear(gpointer data)
{
	struct pst_pattern_exception *e = data;

	g_free(e->subject);
	g_free(e->location);
}

void
pst_pattern_clear(struct pst_pattern *r)
{
	if (r->deleted)
		g_array_unref(r->deleted);
	if (r->exceptions)
		g_array_unref(r->exceptions);
	memset(r, 0, sizeof *r);
}

/* The length with a NUL that is not there, the length, the bytes. */
static char *
take_narrow(struct bytes *b, guint codepage)
{
	guint n;
	const guint8 *p;

	take16(b);
	n = take16(b);
	p = take(b, n);
	return p ? pst_text_from_string8(p, n, codepage) : NULL;
}

static void
take_wide(struct bytes *b, char **to)
{
	guint n = take16(b);
	const guint8 *p = take(b, 2 * (gsize)n);

	if (p == NULL)
		return;
	g_free(*to);
	*to = pst_text_from_utf16(p, 2 * (gsize)n);
}

static void
take_exception(struct bytes *b, struct pst_pattern_exception *e, guint codepage)
{
	memset(e, 0, sizeof *e);
	e->start = take_day(b);
	e->end = take_day(b);
	e->original = take_day(b);
	e->flags = take16(b);
	if (e->flags & PST_EX_SUBJECT)
		e->subject = take_narrow(b, codepage);
	if (e->flags & PST_EX_MEETING)
		take32(b);
	if (e->flags & PST_EX_REMINDER_DELTA)
		e->reminder_minutes = take32(b);
	if (e->flags & PST_EX_REMINDER)
		e->reminder_set = take32(b);
	if (e->flags & PST_EX_LOCATION)
		e->location = take_narrow(b, codepage);
	if (e->flags & PST_EX_BUSY)
		e->busy = take32(b);
	if (e->flags & PST_EX_ATTACHMENT)
		take32(b);
	if (e->flags & PST_EX_ALL_DAY)
		e->all_day = take32(b);
	if (e->flags & PST_EX_COLOUR)
		take32(b);
}

/* The same texts once more, in Unicode: ExtendedException, 2.2.1.44.4 */
static void
take_extended(struct bytes *b, struct pst_pattern_exception *e, guint version)
{
	if (version >= HIGHLIGHT)
		skip_block(b);
	skip_block(b);
	if ((e->flags & (PST_EX_SUBJECT | PST_EX_LOCATION)) == 0)
		return;
	take(b, 12);
	if (e->flags & PST_EX_SUBJECT)
		take_wide(b, &e->subject);
	if (e->flags & PST_EX_LOCATION)
		take_wide(b, &e->location);
	skip_block(b);
}

static void
take_exceptions(struct bytes *b, struct pst_pattern *r, guint codepage)
{
	guint version, n;

	take32(b);
	version = take32(b);
	r->start_minutes = take32(b);
	r->end_minutes = take32(b);
	n = take16(b);
	n = MIN(n, PST_EXCEPTIONS_MAX);
	for (guint i = 0; i < n && !b->over; i++) {
		struct pst_pattern_exception e;

		take_exception(b, &e, codepage);
		if (b->over)
			exception_clear(&e);
		else
			g_array_append_val(r->exceptions, e);
	}
	skip_block(b);
	for (guint i = 0; i < r->exceptions->len && !b->over; i++)
		take_extended(b,
		    &g_array_index(
			r->exceptions, struct pst_pattern_exception, i),
		    version);
}

enum status
pst_pattern_read(struct pst_pattern *r, const guint8 *p, gsize len, bool task,
    guint codepage, GError **error)
{
	struct bytes b = {p, len, false};
	guint32 n;

	memset(r, 0, sizeof *r);
	r->deleted = g_array_new(FALSE, FALSE, sizeof(gint64));
	r->exceptions =
	    g_array_new(FALSE, FALSE, sizeof(struct pst_pattern_exception));
	g_array_set_clear_func(r->exceptions, exception_clear);
	take(&b, 4); /* versions of who reads and wrote */
	r->frequency = take16(&b);
	r->pattern = take16(&b);
	r->calendar = take16(&b);
	take32(&b); /* FirstDateTime: for computing only */
	r->period = take32(&b);
	take32(&b); /* SlidingFlag */
	if (r->pattern != 0)
		r->days = take32(&b);
	if (r->pattern == 3 || r->pattern == 0xb)
		r->nth = take32(&b);
	r->end_type = take32(&b);
	r->count = take32(&b);
	r->first_weekday = take32(&b);
	for (n = take32(&b); n > 0 && !b.over; n--) {
		gint64 day = take_day(&b);

		if (!b.over && r->deleted->len < PST_EXCEPTIONS_MAX)
			g_array_append_val(r->deleted, day);
	}
	for (n = take32(&b); n > 0 && !b.over; n--)
		take32(&b); /* the days that exceptions are on now */
	r->first_day = take_day(&b);
	r->last_day = take_day(&b);
	if (b.over || r->frequency < 0x200a || r->frequency > 0x200d) {
		pst_pattern_clear(r);
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "recurrence is damaged");
	}
	if (!task && b.len > 0)
		take_exceptions(&b, r, codepage);
	return ST_OK;
}

bool
pst_pattern_has_end(const struct pst_pattern *r)
{
	return r->end_type == END_DATE;
}

static void
put_days(guint32 mask, gint nth, GString *out)
{
	static const char *const days[] = {
	    "SU", "MO", "TU", "WE", "TH", "FR", "SA"};
	const char *separator = ";BYDAY=";

	for (guint i = 0; i < G_N_ELEMENTS(days); i++) {
		if (!(mask & 1u << i))
			continue;
		g_string_append(out, separator);
		if (nth != 0)
			g_string_append_printf(out, "%d", nth);
		g_string_append(out, days[i]);
		separator = ",";
	}
}

/* The day of the month, or one of some days of the week in it. */
static void
put_month(const struct pst_pattern *r, GString *out)
{
	gint nth = r->nth == 5 ? -1 : (gint)r->nth;
	guint32 mask = r->days & 0x7f;

	if (r->pattern == 3) {
		bool one = mask != 0 && (mask & (mask - 1)) == 0;

		put_days(mask, one ? nth : 0, out);
		if (!one)
			g_string_append_printf(out, ";BYSETPOS=%d", nth);
	} else {
		/* The 31st is the last day, also of shorter months:
		 * [MS-OXCICAL] 2.1.3.2.2 */
		g_string_append_printf(out, ";BYMONTHDAY=%d",
		    r->pattern == 4 || r->days >= 31 ? -1
						     : (gint)MAX(r->days, 1));
	}
}

bool
pst_pattern_rule(const struct pst_pattern *r, const char *until, GString *out)
{
	static const char *const weekdays[] = {
	    "SU", "MO", "TU", "WE", "TH", "FR", "SA"};
	guint32 interval = MAX(r->period, 1);
	g_autoptr(GDateTime) first =
	    g_date_time_new_from_unix_utc(r->first_day);

	if (r->calendar > 1 || r->pattern > 4 || first == NULL)
		return false;
	if (r->pattern == 0) {
		interval = MAX(r->period / 1440, 1);
		g_string_append(out, "FREQ=DAILY");
	} else if (r->pattern == 1) {
		/* "Every weekday" is daily by name, weekly by its mask. */
		if (r->frequency == 0x200a)
			interval = 1;
		g_string_append(out, "FREQ=WEEKLY");
	} else if (r->frequency == 0x200d || r->period % 12 == 0) {
		interval = MAX(r->period / 12, 1);
		g_string_append(out, "FREQ=YEARLY");
	} else {
		g_string_append(out, "FREQ=MONTHLY");
	}
	if (interval > 1)
		g_string_append_printf(out, ";INTERVAL=%u", interval);
	if (r->pattern == 1) {
		put_days(r->days & 0x7f, 0, out);
		if (r->first_weekday < 7)
			g_string_append_printf(
			    out, ";WKST=%s", weekdays[r->first_weekday]);
	} else if (r->pattern >= 2) {
		if (r->frequency == 0x200d || r->period % 12 == 0)
			g_string_append_printf(
			    out, ";BYMONTH=%d", g_date_time_get_month(first));
		put_month(r, out);
	}
	if (r->end_type == END_COUNT && r->count > 0)
		g_string_append_printf(out, ";COUNT=%u", r->count);
	else if (r->end_type == END_DATE && until)
		g_string_append_printf(out, ";UNTIL=%s", until);
	return true;
}
