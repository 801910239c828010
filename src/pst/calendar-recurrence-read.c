#include "pst/calendar-private.h"

#include "mime/vcard.h"
#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

static void
lose(struct pst_cal *c, const char *text)
{
	g_ptr_array_add(c->lost, g_strdup(text));
}

static bool
read_blob(struct pst_cal *c, const guint8 set[16], guint32 lid, bool task)
{
	guint id = pst_cal_id(c, set, lid);
	g_autoptr(GBytes) bytes = id ? pst_props_bytes(c->props, id) : NULL;
	g_autoptr(GError) error = NULL;
	const guint8 *p;
	gsize len;

	if (bytes == NULL || g_bytes_get_size(bytes) == 0)
		return false;
	p = g_bytes_get_data(bytes, &len);
	if (pst_pattern_read(&c->recurrence, p, len, task,
		pst_props_codepage(c->props), &error) < 0) {
		lose(c, error->message);
		return false;
	}
	return true;
}

void
pst_cal_recurrence(struct pst_cal *c, gint64 start)
{
	const struct pst_pattern *r = &c->recurrence;
	gint64 local;

	c->recurs = read_blob(c, pst_guid_appointment, 0x8216, false);
	if (!c->recurs || c->has_zone)
		return;
	local = r->first_day + 60 * (gint64)r->start_minutes;
	if (ABS(local - start) > 16 * 3600)
		return;
	pst_zone_fixed(&c->zone, (gint)(local - start));
	c->has_zone = true;
}

static gint64
to_utc(const struct pst_cal *c, gint64 local)
{
	return c->has_zone ? pst_zone_to_utc(&c->zone, local) : local;
}

static void
put_rule(struct pst_cal *c, const char *until)
{
	g_autoptr(GString) rule = g_string_new(NULL);

	if (pst_pattern_rule(&c->recurrence, until, rule))
		vcard_write_raw(c->out, "RRULE", NULL, rule->str);
	else
		lose(c, "recurrence in a calendar that is not Gregorian: only "
			"the first time is kept");
}

static char *
format(gint64 seconds, const char *pattern)
{
	g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc(seconds);

	return t ? g_date_time_format(t, pattern) : NULL;
}

/* Was this day taken out, and not only changed? */
static bool
is_left_out(const struct pst_pattern *r, gint64 day)
{
	for (guint i = 0; i < r->exceptions->len; i++) {
		const struct pst_pattern_exception *e = &g_array_index(
		    r->exceptions, struct pst_pattern_exception, i);

		if (e->original >= day && e->original < day + 86400)
			return false;
	}
	return true;
}

void
pst_cal_put_rule(struct pst_cal *c, bool all_day)
{
	const struct pst_pattern *r = &c->recurrence;
	gint64 time = all_day ? 0 : 60 * (gint64)r->start_minutes;
	g_autofree char *until = NULL;

	if (!c->recurs)
		return;
	if (pst_pattern_has_end(r))
		until = all_day ? format(r->last_day, "%Y%m%d")
				: format(to_utc(c, r->last_day + time),
				      "%Y%m%dT%H%M%SZ");
	put_rule(c, until);
	for (guint i = 0; i < r->deleted->len; i++) {
		gint64 day = g_array_index(r->deleted, gint64, i);

		if (is_left_out(r, day))
			pst_cal_put_local(c, "EXDATE", day + time, all_day);
	}
}

void
pst_cal_put_task_rule(struct pst_cal *c)
{
	g_autofree char *until = NULL;

	if (!pst_cal_int(c, pst_guid_task, 0x8126, 0) ||
	    !read_blob(c, pst_guid_task, 0x8116, true))
		return;
	if (pst_pattern_has_end(&c->recurrence))
		until = format(c->recurrence.last_day, "%Y%m%d");
	put_rule(c, until);
}

/* The message that an exception is in: [MS-OXOCAL] 2.2.10.1. Found by the time
 * that it replaces; NULL when there is none. */
static PstMessage *
exception_message(struct pst_cal *c, gint64 original_utc)
{
	guint id = pst_cal_id(c, pst_guid_appointment, 0x8228);
	PstMessage *found = NULL;
	PstAttachment *a;
	enum status st;

	if (id == 0)
		return NULL;
	pst_message_rewind_attachments(c->message);
	while (found == NULL && (st = pst_message_next_attachment(
				     c->message, &a, NULL)) != ST_END) {
		g_autoptr(PstMessage) message = NULL;
		guint64 time;
		gint64 utc;

		if (st < 0)
			continue;
		if (pst_calendar_is_exception(pst_attachment_props(a)) &&
		    pst_attachment_message(a, &message, NULL) == ST_OK &&
		    pst_props_int64(pst_message_props(message), id, &time) &&
		    pst_cal_filetime(time, &utc) &&
		    ABS(utc - original_utc) < 60)
			found = g_steal_pointer(&message);
		pst_attachment_close(a);
	}
	pst_message_rewind_attachments(c->message);
	return found;
}

static void
put_exception(struct pst_cal *c, const struct pst_pattern_exception *e,
    bool all_day, void (*put_uid)(struct pst_cal *c))
{
	g_autofree char *subject = pst_message_subject(c->message);
	g_autofree char *location =
	    pst_cal_text(c, pst_guid_appointment, 0x8208);
	g_autoptr(PstMessage) message =
	    exception_message(c, to_utc(c, e->original));
	bool day = e->flags & PST_EX_ALL_DAY ? e->all_day != 0 : all_day;
	guint32 reminder = pst_cal_int(c, pst_guid_common, 0x8503, 0);
	guint32 minutes = pst_cal_int(c, pst_guid_common, 0x8501, 15);
	gint64 stamp = 0;

	g_string_append(c->out, "BEGIN:VEVENT\r\n");
	put_uid(c);
	if (!pst_cal_time(c, pst_guid_meeting, 0x001a, &stamp))
		pst_cal_time(c, NULL, PST_P_MODIFICATION_TIME, &stamp);
	pst_cal_put_utc(c, "DTSTAMP", stamp);
	pst_cal_put_local(c, "RECURRENCE-ID", e->original, all_day);
	pst_cal_put_local(c, "DTSTART", e->start, day);
	pst_cal_put_local(c, "DTEND", MAX(e->start, e->end), day);
	if (e->flags & PST_EX_SUBJECT && e->subject) {
		g_free(subject);
		subject = g_strdup(e->subject);
	}
	if (e->flags & PST_EX_LOCATION && e->location) {
		g_free(location);
		location = g_strdup(e->location);
	}
	if (subject && *subject)
		vcard_write_text(c->out, "SUMMARY", NULL, subject);
	if (location && *location)
		vcard_write_text(c->out, "LOCATION", NULL, location);
	if (message && pst_props_find(pst_message_props(message), PST_P_BODY))
		pst_cal_put_body(c, pst_message_props(message));
	else
		pst_cal_put_body(c, c->props);
	pst_cal_put_busy(
	    c, e->flags & PST_EX_BUSY
		   ? e->busy
		   : pst_cal_int(c, pst_guid_appointment, 0x8205, 2));
	if (e->flags & PST_EX_REMINDER)
		reminder = e->reminder_set;
	if (e->flags & PST_EX_REMINDER_DELTA)
		minutes = e->reminder_minutes;
	if (reminder)
		pst_cal_put_alarm(c, minutes);
	g_string_append(c->out, "END:VEVENT\r\n");
}

void
pst_cal_put_exceptions(
    struct pst_cal *c, bool all_day, void (*put_uid)(struct pst_cal *c))
{
	if (!c->recurs)
		return;
	for (guint i = 0; i < c->recurrence.exceptions->len; i++)
		put_exception(c,
		    &g_array_index(c->recurrence.exceptions,
			struct pst_pattern_exception, i),
		    all_day, put_uid);
}
