#include "pst/calendar-private.h"

#include "mime/address.h"
#include "mime/vcard.h"
#include "pst/bytes.h"
#include "pst/format.h"
#include "pst/rtf-read.h"
#include "pst/rtf-text.h"

#include <string.h>

#define HTML_MAX (1 << 20) /* bytes of formatted description */

static const struct {
	const char *class, *method;
	enum pst_calendar_kind kind;
} classes[] = {
    {"IPM.Appointment", NULL, PST_CALENDAR_EVENT},
    {"IPM.Task", NULL, PST_CALENDAR_TASK},
    {"IPM.Schedule.Meeting.Request", "REQUEST", PST_CALENDAR_MEETING},
    {"IPM.Schedule.Meeting.Canceled", "CANCEL", PST_CALENDAR_MEETING},
    {"IPM.Schedule.Meeting.Resp.Pos", "REPLY", PST_CALENDAR_MEETING},
    {"IPM.Schedule.Meeting.Resp.Neg", "REPLY", PST_CALENDAR_MEETING},
    {"IPM.Schedule.Meeting.Resp.Tent", "REPLY", PST_CALENDAR_MEETING},
};

enum pst_calendar_kind
pst_calendar_kind(const char *class, const char **method)
{
	for (guint i = 0; class && i < G_N_ELEMENTS(classes); i++) {
		gsize n = strlen(classes[i].class);

		if (g_ascii_strncasecmp(class, classes[i].class, n) != 0 ||
		    (class[n] != '\0' && class[n] != '.'))
			continue;
		if (method)
			*method = classes[i].method;
		return classes[i].kind;
	}
	if (method)
		*method = NULL;
	return PST_CALENDAR_NONE;
}

bool
pst_calendar_is_exception(const PstProps *p)
{
	guint32 flags = pst_props_int_or(p, 0x7ffd, 0);

	/* PidTagAttachmentFlags: afException */
	return pst_props_int_or(p, PST_P_ATTACH_METHOD, 0) ==
		   PST_ATTACH_EMBEDDED &&
	       (flags & 2) != 0;
}

guint
pst_cal_id(const struct pst_cal *c, const guint8 set[16], guint32 lid)
{
	return pst_name_id(c->pst, set, lid, NULL);
}

guint32
pst_cal_int(const struct pst_cal *c, const guint8 set[16], guint32 lid,
    guint32 fallback)
{
	guint id = pst_cal_id(c, set, lid);

	return id ? pst_props_int_or(c->props, id, fallback) : fallback;
}

bool
pst_cal_filetime(guint64 time, gint64 *out)
{
	*out = (gint64)(time / 10000000) - G_GINT64_CONSTANT(11644473600);
	/* Outlook's "none" is in 4501. */
	return time != 0 && *out < G_GINT64_CONSTANT(79870000000);
}

bool
pst_cal_time(
    const struct pst_cal *c, const guint8 set[16], guint32 lid, gint64 *out)
{
	guint id = set ? pst_cal_id(c, set, lid) : lid;
	guint64 time;

	return id && pst_props_int64(c->props, id, &time) &&
	       pst_cal_filetime(time, out);
}

char *
pst_cal_text(const struct pst_cal *c, const guint8 set[16], guint32 lid)
{
	guint id = set ? pst_cal_id(c, set, lid) : lid;
	char *text = id ? pst_props_text(c->props, id) : NULL;

	if (text && *text == '\0')
		g_clear_pointer(&text, g_free);
	return text;
}

/* "19980118T230000Z" */
static char *
format(gint64 seconds, const char *pattern)
{
	g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc(seconds);

	return t ? g_date_time_format(t, pattern) : g_strdup("19700101");
}

void
pst_cal_put_utc(struct pst_cal *c, const char *name, gint64 utc)
{
	g_autofree char *text = format(utc, "%Y%m%dT%H%M%SZ");

	vcard_write_raw(c->out, name, NULL, text);
}

void
pst_cal_put_day(struct pst_cal *c, const char *name, gint64 local)
{
	g_autofree char *text = format(local, "%Y%m%d");

	vcard_write_raw(c->out, name, "VALUE=DATE", text);
}

void
pst_cal_put_local(
    struct pst_cal *c, const char *name, gint64 local, bool all_day)
{
	g_autoptr(GString) params = g_string_new(NULL);
	g_autofree char *text = format(local, "%Y%m%dT%H%M%S");

	if (all_day) {
		pst_cal_put_day(c, name, local);
	} else if (c->has_zone) {
		vcard_param(params, "TZID", c->zone.name);
		vcard_write_raw(c->out, name, params->str, text);
	} else {
		pst_cal_put_utc(c, name, local);
	}
}

gint64
pst_cal_local(const struct pst_cal *c, gint64 utc, bool all_day)
{
	if (c->has_zone)
		return pst_zone_to_local(&c->zone, utc);
	/* Midnight somewhere: half a day later it is that day everywhere. */
	return all_day ? (utc + 43200) / 86400 * 86400 : utc;
}

static void
put_int(struct pst_cal *c, const char *name, guint32 n)
{
	g_autofree char *text = g_strdup_printf("%u", n);

	vcard_write_raw(c->out, name, NULL, text);
}

/* [MS-OXCICAL] 2.1.3.1.1.20.26: the id of another program, or Outlook's own in
 * hexadecimal digits. */
static void
put_uid(struct pst_cal *c)
{
	static const guint32 lids[] = {0x0023, 0x0003};
	static const char foreign[] = "vCal-Uid\x01\0\0";
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GString) uid = g_string_new(NULL);
	const guint8 *p = NULL;
	gsize len = 0;

	for (guint i = 0; i < G_N_ELEMENTS(lids) && bytes == NULL; i++) {
		guint id = pst_cal_id(c, pst_guid_meeting, lids[i]);

		if (id)
			bytes = pst_props_bytes(c->props, id);
	}
	if (bytes)
		p = g_bytes_get_data(bytes, &len);
	if (len > 52 && memcmp(p + 40, foreign, 12) == 0) {
		g_autofree char *text =
		    g_strndup((const char *)p + 52, len - 52);
		g_autofree char *valid = g_utf8_make_valid(text, -1);

		vcard_write_text(c->out, "UID", NULL, valid);
		return;
	}
	if (len < 40) {
		g_clear_pointer(&bytes, g_bytes_unref);
		bytes = pst_props_bytes(c->props, PST_P_SEARCH_KEY);
		len = 0;
		if (bytes)
			p = g_bytes_get_data(bytes, &len);
		g_string_append(uid, "x-mapi-search-key-");
	}
	for (gsize i = 0; i < MIN(len, 4096); i++)
		/* The day of one occurrence is not the series'. */
		g_string_append_printf(uid, "%02X",
		    bytes && len >= 40 && i >= 16 && i < 20 ? 0 : p[i]);
	vcard_write_raw(c->out, "UID", NULL, uid->str);
}

static void
put_stamps(struct pst_cal *c)
{
	gint64 stamp = 0, t;
	bool reply = c->method && strcmp(c->method, "REPLY") == 0;

	if (!pst_cal_time(
		c, pst_guid_meeting, reply ? 0x0001 : 0x001a, &stamp) &&
	    !pst_cal_time(c, NULL, PST_P_MODIFICATION_TIME, &stamp))
		pst_cal_time(c, NULL, PST_P_CREATION_TIME, &stamp);
	pst_cal_put_utc(c, "DTSTAMP", stamp);
	if (pst_cal_time(c, NULL, PST_P_CREATION_TIME, &t))
		pst_cal_put_utc(c, "CREATED", t);
	if (pst_cal_time(c, NULL, PST_P_MODIFICATION_TIME, &t))
		pst_cal_put_utc(c, "LAST-MODIFIED", t);
}

/* The plain text of a body, also out of rich text. */
static char *
body_text(const PstProps *props)
{
	char *text = pst_props_text(props, PST_P_BODY);
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GByteArray) rtf = NULL;
	g_autoptr(GString) out = NULL;
	enum pst_rtf_kind kind;
	const guint8 *p;
	gsize len;

	if (text && *text)
		return text;
	g_free(text);
	bytes = pst_props_bytes(props, PST_P_RTF);
	if (bytes == NULL)
		return NULL;
	p = g_bytes_get_data(bytes, &len);
	out = g_string_new(NULL);
	if (pst_rtf_decompress(p, len, &rtf, NULL) < 0 ||
	    pst_rtf_text(rtf->data, rtf->len, &kind, out, NULL) < 0 ||
	    kind == PST_RTF_HTML)
		return NULL;
	return g_string_free(g_steal_pointer(&out), FALSE);
}

void
pst_cal_put_body(struct pst_cal *c, const PstProps *props)
{
	g_autofree char *text = body_text(props);
	g_autoptr(GBytes) html = NULL;

	if (text && *g_strchomp(text))
		vcard_write_text(c->out, "DESCRIPTION", NULL, text);
	if (pst_props_find(props, PST_P_HTML) == NULL)
		return;
	html = pst_props_bytes(props, PST_P_HTML);
	if (html && g_bytes_get_size(html) <= HTML_MAX) {
		gsize len;
		const guint8 *p = g_bytes_get_data(html, &len);
		g_autofree char *utf8 = pst_text_from_string8(p, len,
		    pst_props_int_or(props, PST_P_INTERNET_CODEPAGE, 65001));

		vcard_write_text(
		    c->out, "X-ALT-DESC", "FMTTYPE=text/html", utf8);
	}
}

static void
put_common(struct pst_cal *c)
{
	static const char *const access[] = {
	    "PUBLIC", "X-PERSONAL", "PRIVATE", "CONFIDENTIAL"};
	static const guint priorities[] = {9, 5, 1};
	g_autofree char *subject = pst_message_subject(c->message);
	g_autoptr(GPtrArray) words = pst_props_texts(c->props,
	    pst_name_id(c->pst, pst_guid_public_strings, 0, "Keywords"));
	guint32 n;

	put_uid(c);
	put_stamps(c);
	if (subject && *subject)
		vcard_write_text(c->out, "SUMMARY", NULL, subject);
	pst_cal_put_body(c, c->props);
	if (words->len > 0)
		vcard_write_list(c->out, "CATEGORIES", NULL,
		    (const char *const *)words->pdata, words->len, ',');
	n = pst_props_int_or(c->props, PST_P_SENSITIVITY, 0);
	vcard_write_raw(
	    c->out, "CLASS", NULL, access[n < G_N_ELEMENTS(access) ? n : 0]);
	n = pst_props_int_or(c->props, PST_P_IMPORTANCE, 1);
	put_int(c, "PRIORITY", priorities[n < 3 ? n : 1]);
}

/* People */

static void
put_person(struct pst_cal *c, const char *property, const char *more,
    const char *name, const char *address)
{
	g_autoptr(GString) params = g_string_new(more);
	g_autoptr(GString) uri = g_string_new(NULL);

	if (name && *name)
		vcard_param(params, "CN", name);
	if (address && address_is_smtp(address)) {
		g_string_append(uri, "mailto:");
		g_string_append_uri_escaped(uri, address, "@+", TRUE);
	} else {
		/* As Outlook writes who has no Internet address. */
		g_string_append(uri, "invalid:nomail");
	}
	vcard_write_raw(
	    c->out, property, params->len ? params->str : NULL, uri->str);
}

static void
put_attendees(struct pst_cal *c)
{
	static const char *const answers[] = {"NEEDS-ACTION", "NEEDS-ACTION",
	    "TENTATIVE", "ACCEPTED", "DECLINED", "NEEDS-ACTION"};
	static const char *const roles[] = {
	    "CHAIR", "REQ-PARTICIPANT", "OPT-PARTICIPANT", "NON-PARTICIPANT"};
	guint codepage = pst_props_codepage(c->props);
	g_autoptr(GError) error = NULL;
	g_auto(PstRow) row = {0};
	PstTable *table;
	enum status st = pst_message_recipients(c->message, &table, &error);

	if (st != ST_OK)
		return; /* the envelope has told of it */
	pst_table_rewind(table);
	while ((st = pst_table_next(table, &row, NULL)) != ST_END) {
		g_autofree char *name = NULL, *address = NULL, *params = NULL;
		guint32 kind = 1, flags = 0, answer = 0;

		if (st < 0)
			continue;
		pst_row_int(table, &row, PST_P_RECIPIENT_TYPE, &kind);
		pst_row_int(table, &row, 0x5ffd, &flags);
		pst_row_int(table, &row, 0x5fff, &answer);
		kind &= 0xf;
		/* recipOrganizer: ORGANIZER says it */
		if (flags & 2 || kind >= G_N_ELEMENTS(roles))
			continue;
		name = pst_row_text(table, &row, PST_P_DISPLAY_NAME, codepage);
		address =
		    pst_row_text(table, &row, PST_P_SMTP_ADDRESS, codepage);
		if (address == NULL)
			address =
			    pst_row_text(table, &row, PST_P_EMAIL, codepage);
		params = g_strdup_printf("%sROLE=%s;PARTSTAT=%s%s",
		    kind == 3 ? "CUTYPE=RESOURCE;" : "", roles[kind],
		    answers[answer < G_N_ELEMENTS(answers) ? answer : 0],
		    c->method && strcmp(c->method, "REQUEST") == 0
			? ";RSVP=TRUE"
			: "");
		put_person(c, "ATTENDEE", params, name, address);
	}
}

static void
put_people(struct pst_cal *c, const char *class)
{
	const GPtrArray *from = c->envelope->from, *to = c->envelope->to;
	const struct person *author = from->len ? from->pdata[0] : NULL;
	const struct person *first = to->len ? to->pdata[0] : NULL;
	guint32 state = pst_cal_int(c, pst_guid_appointment, 0x8217, 0);

	if (c->method && strcmp(c->method, "REPLY") == 0) {
		const char *answer =
		    g_str_has_suffix(class, "Pos")   ? "PARTSTAT=ACCEPTED"
		    : g_str_has_suffix(class, "Neg") ? "PARTSTAT=DECLINED"
						     : "PARTSTAT=TENTATIVE";

		if (first)
			put_person(
			    c, "ORGANIZER", NULL, first->name, first->address);
		if (author)
			put_person(c, "ATTENDEE", answer, author->name,
			    author->address);
		return;
	}
	/* asfMeeting; what nobody was asked to has no organizer. */
	if (c->method == NULL && (state & 1) == 0)
		return;
	if (author)
		put_person(c, "ORGANIZER", NULL, author->name, author->address);
	put_attendees(c);
}

/* Events */

void
pst_cal_put_alarm(struct pst_cal *c, guint32 minutes)
{
	g_autofree char *text = NULL;

	if (minutes == 0x5ae980e1) /* "as usual": [MS-OXORMDR] 2.2.1.1 */
		minutes = 15;
	text = g_strdup_printf("-PT%uM", minutes);
	g_string_append(c->out,
	    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:REMINDER\r\n");
	vcard_write_raw(c->out, "TRIGGER", NULL, text);
	g_string_append(c->out, "END:VALARM\r\n");
}

void
pst_cal_put_busy(struct pst_cal *c, guint32 busy)
{
	static const char *const words[] = {
	    "FREE", "TENTATIVE", "BUSY", "OOF", "WORKINGELSEWHERE"};

	vcard_write_raw(c->out, "X-MICROSOFT-CDO-BUSYSTATUS", NULL,
	    words[busy < G_N_ELEMENTS(words) ? busy : 2]);
	vcard_write_raw(c->out, "TRANSP", NULL,
	    busy == 0 || busy == 4 ? "TRANSPARENT" : "OPAQUE");
}

static void
find_zone(struct pst_cal *c)
{
	static const guint32 lids[] = {0x8260, 0x825e};
	guint id;

	for (guint i = 0; i < G_N_ELEMENTS(lids) && !c->has_zone; i++) {
		g_autoptr(GBytes) bytes = NULL;
		gsize len;
		const guint8 *p;

		id = pst_cal_id(c, pst_guid_appointment, lids[i]);
		bytes = id ? pst_props_bytes(c->props, id) : NULL;
		if (bytes == NULL)
			continue;
		p = g_bytes_get_data(bytes, &len);
		c->has_zone =
		    pst_zone_from_definition(&c->zone, p, len, i == 0);
	}
	id = pst_cal_id(c, pst_guid_appointment, 0x8233);
	if (!c->has_zone && id) {
		g_autoptr(GBytes) bytes = pst_props_bytes(c->props, id);
		g_autofree char *name =
		    pst_cal_text(c, pst_guid_appointment, 0x8234);
		gsize len = 0;
		const guint8 *p = bytes ? g_bytes_get_data(bytes, &len) : NULL;

		c->has_zone = p && pst_zone_from_struct(&c->zone, p, len, name);
	}
}

static bool
put_event(struct pst_cal *c, const char *class)
{
	g_autofree char *location =
	    pst_cal_text(c, pst_guid_appointment, 0x8208);
	bool all_day = pst_cal_int(c, pst_guid_appointment, 0x8215, 0) != 0;
	guint32 state = pst_cal_int(c, pst_guid_appointment, 0x8217, 0);
	gint64 start, end;

	if ((!pst_cal_time(c, pst_guid_appointment, 0x820d, &start) &&
		!pst_cal_time(c, pst_guid_common, 0x8516, &start)))
		return false;
	if (!pst_cal_time(c, pst_guid_appointment, 0x820e, &end) &&
	    !pst_cal_time(c, pst_guid_common, 0x8517, &end))
		end = start + 60 * (gint64)pst_cal_int(
				       c, pst_guid_appointment, 0x8213, 0);
	pst_cal_recurrence(c, start);
	if (c->has_zone && (c->recurs || !all_day))
		pst_zone_write(&c->zone, c->out);
	g_string_append(c->out, "BEGIN:VEVENT\r\n");
	put_common(c);
	if (c->recurs) {
		gint64 day = c->recurrence.first_day;

		start = day + 60 * (gint64)c->recurrence.start_minutes;
		end = day + 60 * (gint64)c->recurrence.end_minutes;
	} else {
		start = pst_cal_local(c, start, all_day);
		end = pst_cal_local(c, end, all_day);
	}
	pst_cal_put_local(c, "DTSTART", start, all_day);
	pst_cal_put_local(c, "DTEND", MAX(start, end), all_day);
	pst_cal_put_rule(c, all_day);
	if (location)
		vcard_write_text(c->out, "LOCATION", NULL, location);
	put_int(c, "SEQUENCE", pst_cal_int(c, pst_guid_appointment, 0x8201, 0));
	if (state & 4)
		vcard_write_raw(c->out, "STATUS", NULL, "CANCELLED");
	if (all_day)
		vcard_write_raw(
		    c->out, "X-MICROSOFT-CDO-ALLDAYEVENT", NULL, "TRUE");
	pst_cal_put_busy(c, pst_cal_int(c, pst_guid_appointment, 0x8205, 2));
	put_people(c, class);
	if (pst_cal_int(c, pst_guid_common, 0x8503, 0))
		pst_cal_put_alarm(
		    c, pst_cal_int(c, pst_guid_common, 0x8501, 15));
	g_string_append(c->out, "END:VEVENT\r\n");
	pst_cal_put_exceptions(c, all_day, put_uid);
	return true;
}

/* Tasks: their days are the same everywhere. */
static bool
put_task(struct pst_cal *c)
{
	static const char *const states[] = {"NEEDS-ACTION", "IN-PROCESS",
	    "COMPLETED", "NEEDS-ACTION", "NEEDS-ACTION"};
	guint32 state = pst_cal_int(c, pst_guid_task, 0x8101, 0);
	guint id = pst_cal_id(c, pst_guid_task, 0x8102);
	g_autofree char *owner = pst_cal_text(c, pst_guid_task, 0x811f);
	guint64 bits;
	gint64 t;

	g_string_append(c->out, "BEGIN:VTODO\r\n");
	put_common(c);
	if (pst_cal_time(c, pst_guid_task, 0x8104, &t))
		pst_cal_put_day(c, "DTSTART", t);
	if (pst_cal_time(c, pst_guid_task, 0x8105, &t))
		pst_cal_put_day(c, "DUE", t);
	if (pst_cal_time(c, pst_guid_task, 0x810f, &t))
		pst_cal_put_utc(c, "COMPLETED", t);
	if (id && pst_props_int64(c->props, id, &bits)) {
		gdouble part;

		memcpy(&part, &bits, sizeof part);
		if (part >= 0 && part <= 1)
			put_int(
			    c, "PERCENT-COMPLETE", (guint32)(part * 100 + 0.5));
	}
	vcard_write_raw(c->out, "STATUS", NULL,
	    states[state < G_N_ELEMENTS(states) ? state : 0]);
	if (state == 3 || state == 4)
		vcard_write_raw(c->out, "X-MS-TASK-STATUS", NULL,
		    state == 3 ? "WAITING" : "DEFERRED");
	if (owner)
		vcard_write_text(c->out, "X-MS-TASK-OWNER", NULL, owner);
	pst_cal_put_task_rule(c);
	if (pst_cal_int(c, pst_guid_common, 0x8503, 0) &&
	    pst_cal_time(c, pst_guid_common, 0x8502, &t)) {
		g_autofree char *when = format(t, "%Y%m%dT%H%M%SZ");

		g_string_append(c->out, "BEGIN:VALARM\r\nACTION:DISPLAY\r\n"
					"DESCRIPTION:REMINDER\r\n");
		vcard_write_raw(c->out, "TRIGGER", "VALUE=DATE-TIME", when);
		g_string_append(c->out, "END:VALARM\r\n");
	}
	g_string_append(c->out, "END:VTODO\r\n");
	return true;
}

bool
pst_calendar_read(Pst *pst, PstMessage *message,
    const struct envelope *envelope, GString *out, GPtrArray *lost)
{
	struct pst_cal c = {.pst = pst,
	    .message = message,
	    .props = pst_message_props(message),
	    .envelope = envelope,
	    .out = out,
	    .lost = lost};
	g_autofree char *class = pst_props_text(c.props, PST_P_MESSAGE_CLASS);
	enum pst_calendar_kind kind = pst_calendar_kind(class, &c.method);
	gsize before = out->len;
	bool done;

	g_string_append(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
			     "PRODID:-//mailmig//pst//EN\r\n");
	if (c.method)
		vcard_write_raw(out, "METHOD", NULL, c.method);
	if (kind != PST_CALENDAR_TASK)
		find_zone(&c);
	done = kind == PST_CALENDAR_TASK ? put_task(&c) : put_event(&c, class);
	g_string_append(out, "END:VCALENDAR\r\n");
	if (!done)
		g_string_truncate(out, before);
	pst_zone_clear(&c.zone);
	pst_pattern_clear(&c.recurrence);
	return done;
}
