#include "pst/mapi-from-calendar.h"

#include "pst/bytes.h"
#include "pst/mapi-calendar-private.h"
#include "pst/recurrence-write.h"
#include "pst/timezone-write.h"

#include <libical/ical.h>
#include <string.h>

#define CATEGORIES_MAX	1000
#define EXCEPTION_CLASS "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}"

/* What is being made of the object. */
struct kind {
	icalproperty_method method;
	const char *class;
	guint32 icon, state, response, busy;
	bool meeting; /* it travels */
};

/* [MS-OXCICAL] 2.1.3.1.1.1; icons: [MS-OXOCAL] 2.2.1.49 */
static const struct kind kinds[] = {
    {ICAL_METHOD_REQUEST, "IPM.Schedule.Meeting.Request", 0x404, 3, 5, 1, true},
    {ICAL_METHOD_CANCEL, "IPM.Schedule.Meeting.Canceled", 0x405, 7, 5, 0, true},
    {ICAL_METHOD_REPLY, "IPM.Schedule.Meeting.Resp.Pos", 0x406, 3, 3, 2, true},
    {ICAL_METHOD_REPLY, "IPM.Schedule.Meeting.Resp.Neg", 0x407, 3, 4, 0, true},
    {ICAL_METHOD_REPLY, "IPM.Schedule.Meeting.Resp.Tent", 0x408, 3, 2, 1, true},
    {ICAL_METHOD_COUNTER, "IPM.Schedule.Meeting.Resp.Tent", 0x408, 3, 2, 1,
	true},
};
static const struct kind appointment = {
    ICAL_METHOD_NONE, "IPM.Appointment", 0x400, 0, 0, 2, false};

void
pst_calendar_global_id(GByteArray *out, const char *uid)
{
	static const guint8 head[16] = {0x04, 0, 0, 0, 0x82, 0, 0xe0, 0, 0x74,
	    0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 0x08};
	static const guint8 none[20] = {0};
	gsize len = strlen(uid), n = len / 2;
	g_autofree guint8 *bytes = g_malloc(n + 1);
	guint8 size[4];
	bool hex = len % 2 == 0 && n >= 40;

	for (gsize i = 0; i < n && hex; i++) {
		hex = g_ascii_isxdigit(uid[2 * i]) &&
		      g_ascii_isxdigit(uid[2 * i + 1]);
		if (hex)
			bytes[i] =
			    (guint8)(g_ascii_xdigit_value(uid[2 * i]) << 4 |
				     g_ascii_xdigit_value(uid[2 * i + 1]));
	}
	/* Outlook's own, written as hexadecimal digits. */
	if (hex && memcmp(bytes, head, 16) == 0) {
		memset(bytes + 16, 0, 4);
		g_byte_array_append(out, bytes, (guint)n);
		return;
	}
	g_byte_array_append(out, head, sizeof head);
	g_byte_array_append(out, none, sizeof none);
	put_le32(size, (guint32)(13 + len));
	g_byte_array_append(out, size, 4);
	g_byte_array_append(out, (const guint8 *)"vCal-Uid\x01\0\0\0", 12);
	g_byte_array_append(out, (const guint8 *)uid, (guint)len + 1);
}

static guint64
filetime(struct icaltimetype t, icaltimezone *zone)
{
	time_t utc = icaltime_as_timet_with_zone(
	    t, zone ? zone : icaltimezone_get_utc_timezone());

	return pst_filetime(utc);
}

static bool
in_range(struct icaltimetype t)
{
	return !icaltime_is_null_time(t) && icaltime_is_valid_time(t) &&
	       t.year >= 1700 && t.year < 4500;
}

/* Start and end of an event; false: it has no start. */
static bool
read_times(struct pst_calendar *it)
{
	icalproperty *p =
	    icalcomponent_get_first_property(it->event, ICAL_DTSTART_PROPERTY);
	struct icaldurationtype length;

	if (p == NULL)
		return false;
	it->start = icalproperty_get_datetime_with_component(p, it->root);
	if (!in_range(it->start))
		return false;
	it->zone = (icaltimezone *)it->start.zone;
	if (it->zone == icaltimezone_get_utc_timezone())
		it->zone = NULL;
	p = icalcomponent_get_first_property(it->event, ICAL_DTEND_PROPERTY);
	if (p) {
		it->end = icalproperty_get_datetime_with_component(p, it->root);
		if (it->zone && it->end.zone && !it->end.is_date &&
		    it->end.zone != it->start.zone)
			it->end = icaltime_convert_to_zone(it->end, it->zone);
	} else {
		length = icaldurationtype_null_duration();
		p = icalcomponent_get_first_property(
		    it->event, ICAL_DURATION_PROPERTY);
		if (p)
			length = icalproperty_get_duration(p);
		else if (it->start.is_date)
			length.days = 1; /* RFC 5545 3.6.1 */
		it->end = icaltime_add(it->start, length);
	}
	if (!in_range(it->end) || icaltime_compare(it->end, it->start) < 0)
		it->end = it->start;
	return true;
}

/* Valid UTF-8 of a property's value, unescaped; NULL when it has none. */
static char *
text_of(icalcomponent *c, icalproperty_kind kind)
{
	icalproperty *p = icalcomponent_get_first_property(c, kind);
	icalvalue *v = p ? icalproperty_get_value(p) : NULL;
	const char *text = NULL;

	if (v == NULL)
		return NULL;
	switch (icalvalue_isa(v)) {
	case ICAL_TEXT_VALUE:
		text = icalvalue_get_text(v);
		break;
	case ICAL_URI_VALUE:
		text = icalvalue_get_uri(v);
		break;
	default:
		text = icalproperty_get_value_as_string(p);
	}
	return text && *text ? g_utf8_make_valid(text, -1) : NULL;
}

static enum status
put_subject(const struct pst_mapi *m, icalcomponent *c, GError **error)
{
	g_autofree char *summary = text_of(c, ICAL_SUMMARY_PROPERTY);
	enum status st;

	if (summary == NULL)
		return ST_OK;
	g_strdelimit(summary, "\r\n\t", ' ');
	st = pst_mapi_subject(pst_writer_bag(m->w), summary, error);
	return st < 0 ? st
		      : pst_mapi_conversation(m, summary, NULL, NULL, error);
}

static enum status
put_body(const struct pst_mapi *m, icalcomponent *c, GError **error)
{
	g_autofree char *text = text_of(c, ICAL_DESCRIPTION_PROPERTY);
	g_auto(GStrv) lines = NULL;
	g_autofree char *body = NULL;

	if (text == NULL || pst_bag_has_id(pst_writer_bag(m->w), PST_P_BODY) ||
	    pst_bag_has_id(pst_writer_bag(m->w), PST_P_HTML))
		return ST_OK;
	lines = g_strsplit(text, "\n", -1);
	body = g_strjoinv("\r\n", lines);
	return pst_bag_text(
	    pst_writer_bag(m->w), TEXT(PST_P_BODY), body, -1, 0, error);
}

static enum status
put_categories(const struct pst_mapi *m, icalcomponent *c, GError **error)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

	if (m->mail->categories && m->mail->categories[0])
		return ST_OK;
	for (icalproperty *p =
		 icalcomponent_get_first_property(c, ICAL_CATEGORIES_PROPERTY);
	     p;
	     p = icalcomponent_get_next_property(c, ICAL_CATEGORIES_PROPERTY)) {
		const char *text = icalproperty_get_categories(p);
		g_auto(GStrv) list = NULL;

		if (text == NULL || !g_utf8_validate(text, -1, NULL))
			continue;
		list = g_strsplit(text, ",", CATEGORIES_MAX);
		for (guint i = 0; list[i] && words->len < CATEGORIES_MAX; i++)
			if (*g_strstrip(list[i]))
				g_ptr_array_add(words, g_strdup(list[i]));
	}
	return pst_mapi_categories(
	    m, (const char *const *)words->pdata, words->len, error);
}

/* CLASS and PRIORITY: [MS-OXCICAL] 2.1.3.1.1.20.4 and .17 */
static void
put_class(const struct pst_mapi *m, icalcomponent *c)
{
	PstBag *bag = pst_writer_bag(m->w);
	icalproperty *p =
	    icalcomponent_get_first_property(c, ICAL_CLASS_PROPERTY);
	icalproperty_class class =
	    p ? icalproperty_get_class(p) : ICAL_CLASS_PUBLIC;
	int priority;

	if (class == ICAL_CLASS_PRIVATE || class == ICAL_CLASS_CONFIDENTIAL) {
		pst_bag_int(bag, INT(PST_P_SENSITIVITY),
		    class == ICAL_CLASS_PRIVATE ? 2 : 3);
		pst_mapi_bool(m, pst_set_common, 0x8506, true);
	}
	p = icalcomponent_get_first_property(c, ICAL_PRIORITY_PROPERTY);
	priority = p ? icalproperty_get_priority(p) : 0;
	if (priority >= 1 && priority <= 9)
		pst_bag_int(bag, INT(PST_P_IMPORTANCE),
		    priority < 5   ? 2
		    : priority > 5 ? 0
				   : 1);
}

static enum status
put_zone(struct pst_calendar *it, bool recurring, GError **error)
{
	static const guint16 lids[] = {0x825e, 0x825f, 0x8260};
	const struct pst_mapi *m = it->m;
	enum status st = ST_OK;

	for (guint i = 0; i < G_N_ELEMENTS(lids) && st == ST_OK; i++) {
		g_autoptr(GByteArray) zone = g_byte_array_new();

		if (lids[i] == 0x8260 && !recurring)
			continue;
		pst_timezone_definition(
		    zone, it->zone, it->start.year, lids[i] == 0x8260);
		st = pst_mapi_bytes(m, pst_set_appointment, lids[i], zone->data,
		    zone->len, error);
	}
	if (recurring && st == ST_OK) {
		g_autoptr(GByteArray) zone = g_byte_array_new();

		pst_timezone_struct(zone, it->zone, it->start.year);
		st = pst_mapi_bytes(m, pst_set_appointment, 0x8233, zone->data,
		    zone->len, error);
	}
	if (recurring && st == ST_OK)
		st = pst_mapi_text(m, pst_set_appointment, 0x8234,
		    pst_timezone_name(it->zone), error);
	return st;
}

/* An occurrence that differs, as [MS-OXOCAL] 2.2.10 wants it: a hidden message
 * of its own. */
static enum status
put_exception(
    struct pst_calendar *it, const struct pst_exception *x, GError **error)
{
	const struct pst_mapi *m = it->m;
	struct pst_mail mail = {
	    .remark = m->mail->remark, .remark_ctx = m->mail->remark_ctx};
	struct pst_mapi inner = {.mapper = m->mapper,
	    .w = m->w,
	    .mail = &mail,
	    .embedded = true,
	    .time = m->time};
	g_autofree char *location = text_of(x->event, ICAL_LOCATION_PROPERTY);
	guint64 start = filetime(x->start, it->zone);
	guint64 end = filetime(x->end, it->zone);
	PstBag *bag;
	enum status st = pst_writer_attachment(m->w, error);

	if (st < 0)
		return st;
	bag = pst_writer_bag(m->w);
	st = pst_parts_name(bag, "Untitled", error);
	/* On the clock of the series, 100 ns since 1601. */
	pst_bag_int64(bag, TIME(0x7ffb),
	    pst_recurrence_minutes(x->start) * G_GUINT64_CONSTANT(600000000));
	pst_bag_int64(bag, TIME(0x7ffc),
	    pst_recurrence_minutes(x->end) * G_GUINT64_CONSTANT(600000000));
	pst_bag_int(bag, INT(0x7ffa), 0);
	pst_bag_int(bag, INT(0x7ffd), 2);
	pst_bag_int(bag, BOOL(PST_P_ATTACH_HIDDEN), 1);
	if (st == ST_OK)
		st = pst_writer_embedded(m->w, error);
	if (st < 0)
		return st;
	bag = pst_writer_bag(m->w);
	pst_bag_int(bag, INT(PST_P_MESSAGE_FLAGS), PST_MSGFLAG_READ);
	pst_mapi_time(&inner, pst_set_appointment, 0x820d, start);
	pst_mapi_time(&inner, pst_set_appointment, 0x820e, end);
	pst_mapi_time(&inner, pst_set_appointment, 0x8228,
	    filetime(x->original, it->zone));
	pst_mapi_bool(&inner, pst_set_appointment, 0x8215, it->start.is_date);
	pst_mapi_bool(&inner, pst_set_appointment, 0x8223, false);
	st = pst_bag_text(
	    bag, TEXT(PST_P_MESSAGE_CLASS), EXCEPTION_CLASS, -1, 0, error);
	if (st == ST_OK)
		st = put_subject(&inner, x->event, error);
	if (st == ST_OK)
		st = pst_mapi_text(
		    &inner, pst_set_appointment, 0x8208, location, error);
	if (st == ST_OK)
		st = put_body(&inner, x->event, error);
	if (st == ST_OK)
		st = pst_writer_embedded_end(m->w, error);
	if (st == ST_OK)
		st = pst_writer_attachment_end(m->w, error);
	return st;
}

/* The series; *recurring: it is one. */
static enum status
put_recurrence(
    struct pst_calendar *it, bool exceptions, bool *recurring, GError **error)
{
	const struct pst_mapi *m = it->m;
	g_autoptr(GByteArray) blob = g_byte_array_new();
	struct pst_recurrence info;
	const char *why;
	enum status st = ST_OK;

	*recurring = false;
	if (icalcomponent_get_first_property(it->event, ICAL_RRULE_PROPERTY) ==
	    NULL) {
		if (icalcomponent_get_first_property(
			it->event, ICAL_RDATE_PROPERTY))
			it->more = "it recurs on single dates";
		return ST_OK;
	}
	why = pst_recurrence_write(
	    blob, it->root, it->event, it->start, it->end, &info);
	if (why) {
		it->more = why;
	} else {
		*recurring = true;
		st = pst_mapi_bytes(m, pst_set_appointment, 0x8216, blob->data,
		    blob->len, error);
		pst_mapi_int(m, pst_set_appointment, 0x8231, info.type);
		pst_mapi_time(m, pst_set_appointment, 0x8235,
		    info.first * G_GUINT64_CONSTANT(600000000));
		pst_mapi_time(m, pst_set_appointment, 0x8236,
		    info.last * G_GUINT64_CONSTANT(600000000));
		for (guint i = 0;
		     exceptions && i < info.exceptions->len && st == ST_OK; i++)
			st = put_exception(it,
			    &g_array_index(
				info.exceptions, struct pst_exception, i),
			    error);
	}
	pst_recurrence_clear(&info);
	return st;
}

/* VALARM: [MS-OXCICAL] 2.1.3.1.1.20.62 */
static void
put_reminder(struct pst_calendar *it)
{
	icalcomponent *alarm =
	    icalcomponent_get_first_component(it->event, ICAL_VALARM_COMPONENT);
	icalproperty *p = alarm ? icalcomponent_get_first_property(
				      alarm, ICAL_TRIGGER_PROPERTY)
				: NULL;
	guint64 start = filetime(it->start, it->zone);
	struct icaltriggertype trigger;
	int seconds;

	pst_mapi_bool(it->m, pst_set_common, 0x8503, p != NULL);
	if (p == NULL)
		return;
	trigger = icalproperty_get_trigger(p);
	if (icaltime_is_null_time(trigger.time))
		seconds = -icaldurationtype_as_int(trigger.duration);
	else
		seconds = (int)((gint64)(start - filetime(trigger.time, NULL)) /
				10000000);
	seconds = CLAMP(seconds, 0, 60 * 60 * 24 * 365);
	pst_mapi_int(it->m, pst_set_common, 0x8501, (guint32)seconds / 60);
	pst_mapi_time(it->m, pst_set_common, 0x8502, start);
	pst_mapi_time(
	    it->m, pst_set_common, 0x8560, start - (guint64)seconds * 10000000);
}

static guint32
busy_status(struct pst_calendar *it, guint32 usual)
{
	static const struct {
		const char *word;
		guint32 status;
	} words[] = {{"FREE", 0}, {"TENTATIVE", 1}, {"BUSY", 2}, {"OOF", 3},
	    {"WORKINGELSEWHERE", 4}};
	icalproperty *p;

	for (p = icalcomponent_get_first_property(it->event, ICAL_X_PROPERTY);
	     p;
	     p = icalcomponent_get_next_property(it->event, ICAL_X_PROPERTY)) {
		const char *value = icalproperty_get_value_as_string(p);

		if (g_strcmp0(icalproperty_get_x_name(p),
			"X-MICROSOFT-CDO-BUSYSTATUS") != 0)
			continue;
		for (guint i = 0; value && i < G_N_ELEMENTS(words); i++)
			if (strcmp(value, words[i].word) == 0)
				return words[i].status;
	}
	p = icalcomponent_get_first_property(it->event, ICAL_TRANSP_PROPERTY);
	if (p && (icalproperty_get_transp(p) == ICAL_TRANSP_TRANSPARENT ||
		     icalproperty_get_transp(p) ==
			 ICAL_TRANSP_TRANSPARENTNOCONFLICT))
		return 0;
	if (icalcomponent_get_status(it->event) == ICAL_STATUS_TENTATIVE)
		return 1;
	return usual;
}

/* Ids by which the copies of a meeting find each other. */
static enum status
put_ids(struct pst_calendar *it, GError **error)
{
	static const guint16 lids[] = {0x0003, 0x0023};
	const char *uid = icalcomponent_get_uid(it->event);
	g_autofree char *valid = g_utf8_make_valid(uid ? uid : "", -1);
	g_autoptr(GByteArray) id = g_byte_array_new();
	icalproperty *p = icalcomponent_get_first_property(
	    it->event, ICAL_RECURRENCEID_PROPERTY);
	struct icaltimetype t;
	enum status st = ST_OK;

	if (*valid == '\0' || strlen(valid) > 4096)
		return ST_OK;
	pst_calendar_global_id(id, valid);
	/* The clean one is the series'; the other says which occurrence. */
	for (guint i = G_N_ELEMENTS(lids); i-- > 0 && st == ST_OK;) {
		if (i == 0 && p && id->len >= 20) {
			t = icalproperty_get_datetime_with_component(
			    p, it->root);
			id->data[16] = (guint8)(t.year >> 8);
			id->data[17] = (guint8)t.year;
			id->data[18] = (guint8)t.month;
			id->data[19] = (guint8)t.day;
		}
		st = pst_mapi_bytes(
		    it->m, pst_set_meeting, lids[i], id->data, id->len, error);
	}
	pst_mapi_bool(it->m, pst_set_meeting, 0x000a, p != NULL);
	return st;
}

static enum status
put_event(struct pst_calendar *it, const struct kind *kind,
    const struct envelope *e, GError **error)
{
	const struct pst_mapi *m = it->m;
	PstBag *bag = pst_writer_bag(m->w);
	g_autofree char *location = text_of(it->event, ICAL_LOCATION_PROPERTY);
	guint64 start = filetime(it->start, it->zone);
	guint64 end = filetime(it->end, it->zone);
	guint32 busy = kind->class == appointment.class || kind->icon == 0x404
			   ? busy_status(it, 2)
			   : kind->busy;
	icalproperty *p =
	    icalcomponent_get_first_property(it->event, ICAL_SEQUENCE_PROPERTY);
	guint32 state = kind->state, response = kind->response;
	bool recurring;
	guint n;
	enum status st = pst_calendar_people(it, e, &n, error);

	if (!kind->meeting && n > 0)
		state = response = 1; /* a meeting of one's own */
	if (st == ST_OK && (!kind->meeting || e->subject == NULL))
		st = put_subject(m, it->event, error);
	if (st == ST_OK)
		st = put_body(m, it->event, error);
	if (st == ST_OK)
		st = put_categories(m, it->event, error);
	if (st == ST_OK)
		st = put_recurrence(it, !kind->meeting, &recurring, error);
	if (st < 0)
		return st;
	put_class(m, it->event);
	pst_mapi_time(m, pst_set_appointment, 0x820d, start);
	pst_mapi_time(m, pst_set_appointment, 0x820e, end);
	pst_mapi_int(m, pst_set_appointment, 0x8213,
	    (guint32)MIN((end - start) / 600000000, 0x7fffffff));
	pst_mapi_bool(m, pst_set_appointment, 0x8215, it->start.is_date);
	pst_mapi_int(m, pst_set_appointment, 0x8205,
	    kind->icon == 0x404 ? kind->busy : busy);
	pst_mapi_int(m, pst_set_appointment, 0x8217, state);
	pst_mapi_int(m, pst_set_appointment, 0x8218, response);
	pst_mapi_bool(m, pst_set_appointment, 0x8223, recurring);
	if (!recurring)
		pst_mapi_int(m, pst_set_appointment, 0x8231, 0);
	pst_mapi_int(m, pst_set_appointment, 0x8201,
	    p ? (guint32)MAX(icalproperty_get_sequence(p), 0) : 0);
	pst_mapi_bool(m, pst_set_appointment, 0x8229, state & 1);
	pst_mapi_time(m, pst_set_common, 0x8516, start);
	pst_mapi_time(m, pst_set_common, 0x8517, end);
	pst_mapi_int(m, pst_set_common, 0x8510, kind->meeting ? 0x1c61 : 0x171);
	pst_bag_int64(bag, TIME(0x0060), start);
	pst_bag_int64(bag, TIME(0x0061), end);
	pst_bag_int(bag, INT(PST_P_ICON_INDEX),
	    kind->icon + (kind->meeting ? 0 : recurring) +
		(kind->meeting || !(state & 1) ? 0 : 2));
	if (kind->icon == 0x404) {
		pst_mapi_int(m, pst_set_appointment, 0x8224, busy);
		pst_mapi_int(m, pst_set_meeting, 0x0026, 1);
		pst_bag_int(bag, BOOL(0x0063), 1);
	}
	if (kind->method == ICAL_METHOD_COUNTER) {
		pst_mapi_bool(m, pst_set_appointment, 0x8257, true);
		pst_mapi_time(m, pst_set_appointment, 0x8250, start);
		pst_mapi_time(m, pst_set_appointment, 0x8251, end);
	}
	put_reminder(it);
	st = pst_mapi_text(m, pst_set_appointment, 0x8208, location, error);
	if (st == ST_OK && kind->meeting)
		st = pst_mapi_text(m, pst_set_meeting, 0x0002, location, error);
	if (st == ST_OK)
		st = put_zone(it, recurring, error);
	return st < 0 ? st : put_ids(it, error);
}

/* VTODO: [MS-OXOTASK] 2.2.2.2 */
static enum status
put_task(struct pst_calendar *it, GError **error)
{
	static const struct {
		icalproperty_status said;
		guint32 status;
	} states[] = {{ICAL_STATUS_NEEDSACTION, 0}, {ICAL_STATUS_INPROCESS, 1},
	    {ICAL_STATUS_COMPLETED, 2}, {ICAL_STATUS_CANCELLED, 4}};
	static const struct {
		icalproperty_kind kind;
		guint32 lid, common;
	} days[] = {{ICAL_DTSTART_PROPERTY, 0x8104, 0x8516},
	    {ICAL_DUE_PROPERTY, 0x8105, 0x8517},
	    {ICAL_COMPLETED_PROPERTY, 0x810f, 0}};
	const struct pst_mapi *m = it->m;
	icalproperty *p = icalcomponent_get_first_property(
	    it->event, ICAL_PERCENTCOMPLETE_PROPERTY);
	int percent = p ? icalproperty_get_percentcomplete(p) : 0;
	double part = CLAMP(percent, 0, 100) / 100.0;
	guint32 status = percent > 0 && percent < 100, tag;
	icalproperty_status said = icalcomponent_get_status(it->event);
	enum status st = put_subject(m, it->event, error);

	if (st == ST_OK)
		st = put_body(m, it->event, error);
	if (st == ST_OK)
		st = put_categories(m, it->event, error);
	if (st < 0)
		return st;
	put_class(m, it->event);
	for (guint i = 0; i < G_N_ELEMENTS(states); i++)
		if (states[i].said == said)
			status = states[i].status;
	if (status == 2)
		part = 1;
	tag = pst_mapi_tag(m, pst_set_task, 0x8102, PST_T_DOUBLE);
	if (tag) {
		guint64 bits;

		memcpy(&bits, &part, sizeof bits);
		pst_bag_int64(pst_writer_bag(m->w), tag, bits);
	}
	pst_mapi_int(m, pst_set_task, 0x8101, status);
	pst_mapi_bool(m, pst_set_task, 0x811c, status == 2);
	pst_mapi_bool(m, pst_set_task, 0x8103, false);
	pst_mapi_bool(m, pst_set_task, 0x8126, false);
	pst_mapi_int(m, pst_set_task, 0x8120, 1);
	pst_mapi_int(m, pst_set_task, 0x8129, 0);
	for (guint i = 0; i < G_N_ELEMENTS(days); i++) {
		struct icaltimetype t;

		p = icalcomponent_get_first_property(it->event, days[i].kind);
		if (p == NULL)
			continue;
		t = icalproperty_get_datetime_with_component(p, it->root);
		if (!in_range(t))
			continue;
		if (days[i].common)
			pst_mapi_time(m, pst_set_common, days[i].common,
			    filetime(t, (icaltimezone *)t.zone));
		/* Days on the clock of whoever has them, no time of day. */
		t.hour = t.minute = t.second = 0;
		pst_mapi_time(m, pst_set_task, days[i].lid, filetime(t, NULL));
	}
	if (icalcomponent_get_first_property(it->event, ICAL_RRULE_PROPERTY))
		it->more = "it is a task that recurs";
	it->start = icaltime_from_timet_with_zone(
	    (time_t)((gint64)(m->time / 10000000) -
		     G_GINT64_CONSTANT(11644473600)),
	    0, icaltimezone_get_utc_timezone());
	pst_bag_int(pst_writer_bag(m->w), INT(PST_P_ICON_INDEX), 0x500);
	return ST_OK;
}

/* A response's kind is what its one attendee says. */
static const struct kind *
kind_of(icalproperty_method method, icalcomponent *event)
{
	icalproperty *p =
	    icalcomponent_get_first_property(event, ICAL_ATTENDEE_PROPERTY);
	icalparameter *stat =
	    p ? icalproperty_get_first_parameter(p, ICAL_PARTSTAT_PARAMETER)
	      : NULL;

	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (kinds[i].method != method)
			continue;
		if (method != ICAL_METHOD_REPLY)
			return &kinds[i];
		if (stat == NULL)
			return NULL;
		switch (icalparameter_get_partstat(stat)) {
		case ICAL_PARTSTAT_ACCEPTED:
			return &kinds[2];
		case ICAL_PARTSTAT_DECLINED:
			return &kinds[3];
		case ICAL_PARTSTAT_TENTATIVE:
			return &kinds[4];
		default:
			return NULL;
		}
	}
	return NULL;
}

/* The event that the others are exceptions of; the only one if need be. */
static icalcomponent *
main_event(icalcomponent *root, const char **more)
{
	icalcomponent *main = NULL, *first = NULL;

	for (icalcomponent *e =
		 icalcomponent_get_first_component(root, ICAL_VEVENT_COMPONENT);
	     e; e = icalcomponent_get_next_component(
		    root, ICAL_VEVENT_COMPONENT)) {
		if (first == NULL)
			first = e;
		else if (g_strcmp0(icalcomponent_get_uid(e),
			     icalcomponent_get_uid(first)) != 0)
			*more = "it holds several events";
		if (main == NULL && icalcomponent_get_first_property(
					e, ICAL_RECURRENCEID_PROPERTY) == NULL)
			main = e;
	}
	return main ? main : first;
}

/*
 * An item that somebody made a message of, for a place that has only messages:
 * its class says so (as Exchange and our own reader of .pst files have it), or
 * that we are the maker of the object; and it is all of the message, or its
 * first part, shown, before what is attached to the item. A calendar that was
 * sent has a METHOD (RFC 6047 2.4), or is attached to a text.
 */
static bool
is_item(const struct pst_parts_context *c, const struct part *part,
    icalcomponent *root, icalproperty_method method)
{
	static const char *const classes[] = {
	    "urn:content-classes:appointment", "urn:content-classes:task"};
	icalproperty *p =
	    icalcomponent_get_first_property(root, ICAL_PRODID_PROPERTY);
	const char *maker = p ? icalproperty_get_prodid(p) : NULL;
	bool said = maker && g_str_has_prefix(maker, "-//mailmig//") &&
		    method == ICAL_METHOD_NONE;

	for (guint i = 0; c->content_class && i < G_N_ELEMENTS(classes); i++)
		said = said ||
		       g_ascii_strcasecmp(c->content_class, classes[i]) == 0;
	return said && part == &c->parts[0] &&
	       (c->n_parts == 1 || part->is_inline);
}

static enum status
put_object(struct pst_parts_context *c, const struct part *part,
    struct pst_calendar *it, char **class, enum pst_item_kept *kept,
    GError **error)
{
	const struct pst_mapi *m = c->mapi;
	icalproperty_method method = icalcomponent_get_method(it->root);
	bool stored = m->mail->place == PST_PLACE_CALENDAR ||
		      is_item(c, part, it->root, method);
	const struct kind *kind = NULL;
	enum status st;

	it->event = main_event(it->root, &it->more);
	if (it->event) {
		if (stored && (method == ICAL_METHOD_NONE ||
				  method == ICAL_METHOD_PUBLISH))
			kind = &appointment;
		else
			kind = kind_of(method, it->event);
		if (kind == NULL)
			return ST_OK;
		if (!read_times(it)) {
			pst_mapi_remark(m, "PST_CALENDAR_KEPT",
			    "the calendar object has no start that can be "
			    "read: it is kept as an attachment");
			return ST_OK;
		}
		st = put_event(it, kind, c->envelope, error);
		g_free(*class);
		*class = g_strdup(kind->class);
	} else {
		it->event = icalcomponent_get_first_component(
		    it->root, ICAL_VTODO_COMPONENT);
		if (it->event == NULL || !stored)
			return ST_OK;
		st = put_task(it, error);
		g_free(*class);
		*class = g_strdup("IPM.Task");
	}
	if (icalcomponent_get_first_property(it->event, ICAL_ATTACH_PROPERTY))
		it->more = "it has attachments of its own";
	if (it->more)
		pst_mapi_remark(m, "PST_CALENDAR_KEPT",
		    "the item cannot say all of the calendar object (%s): "
		    "that is kept as an attachment",
		    it->more);
	*kept = it->more ? PST_ITEM_VISIBLE
		: kind && kind->meeting &&
			!pst_calendar_is_said(it->event, c->envelope)
		    ? PST_ITEM_HIDDEN
		    : PST_ITEM_WHOLE;
	return st;
}

enum status
pst_calendar_item(struct pst_parts_context *c, const struct part *part,
    const char *text, gsize len, char **class, enum pst_item_kept *kept,
    GError **error)
{
	g_autofree char *utf8 = NULL;
	struct pst_calendar it = {.m = c->mapi};
	icalcomponent *whole;
	enum status st = ST_OK;

	if (part->charset && pst_codepage(part->charset) != 65001)
		utf8 = g_convert_with_fallback(text, (gssize)len, "UTF-8",
		    part->charset, "?", NULL, NULL, NULL);
	if (utf8 == NULL)
		utf8 = g_utf8_make_valid(text, (gssize)len);
	icalerror_set_errors_are_fatal(0);
	whole = icalparser_parse_string(utf8);
	it.root = whole;
	if (whole && icalcomponent_isa(whole) != ICAL_VCALENDAR_COMPONENT) {
		it.root = icalcomponent_get_first_component(
		    whole, ICAL_VCALENDAR_COMPONENT);
		it.more = "it holds several calendars";
	}
	if (it.root == NULL)
		pst_mapi_remark(c->mapi, "PST_CALENDAR_KEPT",
		    "the calendar object is damaged: it is kept as an "
		    "attachment");
	else
		st = put_object(c, part, &it, class, kept, error);
	if (whole)
		icalcomponent_free(whole);
	return st;
}
