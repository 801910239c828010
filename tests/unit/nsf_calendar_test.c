/*
 * Calendar entries and tasks of Notes as iCalendar. The items are written as the
 * C API user guide describes them (chapter 12-15, Calendar and Scheduling; see
 * nsf/calendar.h); no real entry was at hand.
 */
#include "nsf/calendar.h"
#include "nsf_make.h"

#include <glib/gstdio.h>
#include <libical/ical.h>
#include <string.h>

#define EASTERN	  "Z=5$DO=1$DL=3 2 1 11 1 1$ZX=40$ZN=Eastern"
#define W_EUROPE  "Z=-1$DO=1$DL=3 -1 1 10 -1 1$ZX=134$ZN=W. Europe"
#define INDIA	  "Z=-3005$DO=0$ZX=35$ZN=India"
#define ITEMS	  14
#define PHRASES	  10

struct item {
	const char *name;
	char kind; /* t text, n number, l list of texts, d dates, r reference */
	const char *value;
};

struct row {
	const char *name, *form;
	struct item items[ITEMS];
	const char *want[PHRASES], *not[PHRASES];
};

/* clang-format off */
static const struct row rows[] = {
{"/kb/Q273356/backslashes", "Appointment", {
	{"Subject", 't', "on \\\\server\\share"},
	{"StartDateTime", 'd', "2001-09-09T02:46:40+01"}},
	{"SUMMARY:on \\\\\\\\server\\\\share\r\n", "DTSTART:20010909T014640Z\r\n"},
	{"RRULE", "RDATE", "VALARM"}},
{"/kb/Q221843/no-end", "Appointment", {
	{"StartDateTime", 'd', "2001-09-09T02:46:40+01"}},
	{"DTSTART:20010909T014640Z\r\n"}, {"DTEND"}},
{"/kb/Q221843/end-is-start", "Appointment", {
	{"StartDateTime", 'd', "2001-09-09T02:46:40+01"},
	{"EndDateTime", 'd', "2001-09-09T02:46:40+01"},
	{"AppointmentType", 't', "4"}},
	{"DTSTART:20010909T014640Z\r\n"}, {"DTEND"}},
{"/nsf/calendar/end", "Appointment", {
	{"StartDateTime", 'd', "2001-09-09T02:46:40+01"},
	{"EndDateTime", 'd', "2001-09-09T03:16:40+01"}},
	{"DTEND:20010909T021640Z\r\n"}, {NULL}},
{"/kb/885455/endless", "Appointment", {
	{"StartDateTime", 'd', "2001-09-09T02:46:40+01"},
	{"RepeatUnit", 't', "W"}, {"RepeatFor", 'n', "-1"}},
	{"RRULE:FREQ=WEEKLY\r\n"}, {"65535", "COUNT", "UNTIL"}},
/* Every Tuesday at nine of New York, over the change of clocks: one rule, on
 * the wall's time. */
{"/nsf/calendar/rule-over-change", "Appointment", {
	{"StartDateTime", 'd', "2014-03-04T09:00:00-05 2014-03-11T09:00:00-04 "
	    "2014-03-18T09:00:00-04 2014-03-25T09:00:00-04"},
	{"EndDateTime", 'd', "2014-03-04T10:00:00-05 2014-03-11T10:00:00-04 "
	    "2014-03-18T10:00:00-04 2014-03-25T10:00:00-04"},
	{"StartTimeZone", 't', EASTERN}},
	{"DTSTART;TZID=Eastern:20140304T090000\r\n",
	 "RRULE:FREQ=WEEKLY;COUNT=4\r\n", "BEGIN:VTIMEZONE\r\nTZID:Eastern\r\n",
	 "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\r\n", "TZOFFSETTO:-0400\r\n",
	 "DTEND:20140304T150000Z\r\n"},
	{"RDATE", "EXDATE"}},
/* The same without the zone: no rule in UTC gives these, so each date by
 * itself (Q281734). */
{"/nsf/calendar/no-zone-over-change", "Appointment", {
	{"StartDateTime", 'd', "2014-03-04T09:00:00-05 2014-03-11T09:00:00-04 "
	    "2014-03-18T09:00:00-04"}},
	{"DTSTART:20140304T140000Z\r\n", "RDATE:20140311T130000Z\r\n",
	 "RDATE:20140318T130000Z\r\n"},
	{"RRULE", "VTIMEZONE"}},
/* A zone that does not give these dates is not stood on. */
{"/nsf/calendar/wrong-zone", "Appointment", {
	{"StartDateTime", 'd', "2014-03-04T09:00:00-05 2014-03-11T09:00:00-04 "
	    "2014-03-18T09:00:00-04"}, {"StartTimeZone", 't', INDIA}},
	{"RDATE:20140311T130000Z\r\n"}, {"RRULE", "VTIMEZONE"}},
{"/nsf/calendar/fixed-zone", "Appointment", {
	{"StartDateTime", 'd', "2014-03-04T09:00:00+05:30 "
	    "2014-03-05T09:00:00+05:30 2014-03-06T09:00:00+05:30"},
	{"StartTimeZone", 't', INDIA}},
	{"DTSTART;TZID=India:20140304T090000\r\n", "TZOFFSETTO:+0530\r\n",
	 "RRULE:FREQ=DAILY;COUNT=3\r\n"}, {"DAYLIGHT"}},
/* Last Sunday of March: half past two is still winter on the 25th. */
{"/nsf/calendar/last-week-zone", "Appointment", {
	{"StartDateTime", 'd', "2014-03-17T02:30:00+01 2014-03-24T02:30:00+01 "
	    "2014-03-31T02:30:00+02"}, {"StartTimeZone", 't', W_EUROPE}},
	{"DTSTART;TZID=W. Europe:20140317T023000\r\n",
	 "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n",
	 "RRULE:FREQ=WEEKLY;COUNT=3\r\n"}, {"RDATE"}},
{"/nsf/calendar/workdays", "Appointment", {
	{"StartDateTime", 'd', "2014-03-05T09:00:00Z 2014-03-06T09:00:00Z "
	    "2014-03-07T09:00:00Z 2014-03-10T09:00:00Z 2014-03-11T09:00:00Z "
	    "2014-03-12T09:00:00Z 2014-03-13T09:00:00Z"}},
	{"RRULE:FREQ=WEEKLY;COUNT=7;BYDAY=MO,TU,WE,TH,FR\r\n"},
	{"RDATE", "EXDATE"}},
{"/nsf/calendar/monthly-date", "Appointment", {
	{"StartDateTime", 'd', "2014-01-15T09:00:00Z 2014-03-15T09:00:00Z "
	    "2014-05-15T09:00:00Z"}},
	{"RRULE:FREQ=MONTHLY;COUNT=3;INTERVAL=2\r\n"}, {"RDATE"}},
{"/nsf/calendar/monthly-second-tuesday", "Appointment", {
	{"StartDateTime", 'd', "2014-01-14T09:00:00Z 2014-02-11T09:00:00Z "
	    "2014-03-11T09:00:00Z 2014-04-08T09:00:00Z 2014-05-13T09:00:00Z"}},
	{"RRULE:FREQ=MONTHLY;COUNT=5;BYDAY=2TU\r\n"}, {"RDATE"}},
{"/nsf/calendar/monthly-last-friday", "Appointment", {
	{"StartDateTime", 'd', "2014-01-31T09:00:00Z 2014-02-28T09:00:00Z "
	    "2014-03-28T09:00:00Z 2014-04-25T09:00:00Z 2014-05-30T09:00:00Z"}},
	{"RRULE:FREQ=MONTHLY;COUNT=5;BYDAY=-1FR\r\n"}, {"RDATE"}},
/* One instance was taken out, or is a note of its own now. */
{"/nsf/calendar/hole", "Appointment", {
	{"StartDateTime", 'd', "2014-03-03T09:00:00Z 2014-03-10T09:00:00Z "
	    "2014-03-24T09:00:00Z 2014-03-31T09:00:00Z"}},
	{"RRULE:FREQ=WEEKLY;COUNT=5\r\n", "EXDATE:20140317T090000Z\r\n"},
	{"RDATE"}},
{"/nsf/calendar/irregular", "Appointment", {
	{"StartDateTime", 'd', "2014-03-03T09:00:00Z 2014-03-04T11:30:00Z "
	    "2014-05-17T09:00:00Z"}},
	{"RDATE:20140304T113000Z\r\n", "RDATE:20140517T090000Z\r\n"}, {"RRULE"}},
/* Moved: the snapshot of the first dates says nothing any more. */
{"/kb/831188/series-moved", "Appointment", {
	{"RepeatInstanceDates", 'd', "2014-03-03T09:00:00Z 2014-03-04T09:00:00Z "
	    "2014-03-05T09:00:00Z"},
	{"StartDateTime", 'd', "2014-03-03T10:00:00Z 2014-03-04T10:00:00Z "
	    "2014-03-05T10:00:00Z"}, {"$REF", 'r', ""},
	{"ApptUNID", 't', "SERIES"}},
	{"DTSTART:20140303T100000Z\r\n", "RRULE:FREQ=DAILY;COUNT=3\r\n"},
	{"T090000", "UID:SERIES"}},
/* A parent whose instances are lost still has their dates. */
{"/nsf/calendar/parent", "Appointment", {
	{"StartDateTime", 'd', "2014-03-03T10:00:00Z"},
	{"RepeatDates", 'd', "2014-03-03T10:00:00Z 2014-03-10T10:00:00Z "
	    "2014-03-17T10:00:00Z"}, {"ApptUNID", 't', "SERIES"}},
	{"RRULE:FREQ=WEEKLY;COUNT=3\r\n", "UID:SERIES\r\n"}, {"RDATE"}},
{"/nsf/calendar/rule-only", "Appointment", {
	{"StartDateTime", 'd', "2014-03-03T10:00:00Z"},
	{"RepeatUnit", 't', "W"}, {"RepeatInterval", 't', "2"},
	{"RepeatAdjust", 'l', "1 3"}, {"RepeatHow", 't', "U"},
	{"RepeatUntil", 'd', "2014-04-01T00:00:00Z"}},
	{"RRULE:FREQ=WEEKLY;UNTIL=20140401T235959Z;INTERVAL=2;BYDAY=MO,WE\r\n"},
	{"COUNT"}},
{"/nsf/calendar/rule-from-end", "Appointment", {
	{"StartDateTime", 'd', "2014-03-31T10:00:00Z"},
	{"RepeatUnit", 't', "MD"}, {"RepeatAdjust", 'l', "1"},
	{"RepeatFromEnd", 't', "1"}, {"RepeatHow", 't', "F"},
	{"RepeatFor", 'n', "2"}},
	{"BYMONTHDAY=-1", "RRULE:FREQ=MONTHLY;UNTIL=20140601T095959Z"}, {"COUNT"}},
{"/nsf/calendar/all-day", "Appointment", {
	{"AppointmentType", 't', "2"},
	{"StartDateTime", 'd', "2014-03-03T04:00:00+10"},
	{"EndDateTime", 'd', "2014-03-05T20:00:00+10"}},
	{"DTSTART;VALUE=DATE:20140303\r\n", "DTEND;VALUE=DATE:20140306\r\n"},
	{"TZID"}},
{"/nsf/calendar/anniversary", "Appointment", {
	{"AppointmentType", 't', "1"}, {"StartTimeZone", 't', EASTERN},
	{"StartDateTime", 'd', "2014-03-03T04:00:00-05 2015-03-03T04:00:00-05 "
	    "2016-03-03T04:00:00-05"},
	{"EndDateTime", 'd', "2014-03-03T20:00:00-05 2015-03-03T20:00:00-05 "
	    "2016-03-03T20:00:00-05"}},
	{"DTSTART;VALUE=DATE:20140303\r\n",
	 "RRULE:FREQ=MONTHLY;COUNT=3;INTERVAL=12\r\n"},
	{"DTEND", "VTIMEZONE"}},
{"/kb/Q201506/alarm", "Appointment", {
	{"StartDateTime", 'd', "2014-03-03T10:00:00Z"}, {"$Alarm", 'n', "1"},
	{"$AlarmOffset", 'n', "-1200"}, {"$AlarmDescription", 't', "Go"}},
	{"TRIGGER:-PT20H\r\n", "DESCRIPTION:Go\r\n"}, {NULL}},
{"/nsf/calendar/alarm-unit", "Appointment", {
	{"StartDateTime", 'd', "2014-03-03T10:00:00Z"}, {"$Alarm", 'n', "1"},
	{"$AlarmOffset", 'n', "-2"}, {"$AlarmUnit", 't', "D"}},
	{"TRIGGER:-P2D\r\n"}, {NULL}},
{"/nsf/calendar/alarm-time", "Appointment", {
	{"StartDateTime", 'd', "2014-03-03T10:00:00Z"}, {"$Alarm", 'n', "1"},
	{"$AlarmTime", 'd', "2014-03-03T08:00:00Z"}},
	{"TRIGGER;VALUE=DATE-TIME:20140303T080000Z\r\n"}, {NULL}},
{"/nsf/calendar/alarm-off", "Appointment", {
	{"StartDateTime", 'd', "2014-03-03T10:00:00Z"},
	{"$AlarmOffset", 'n', "-20"}, {"$AlarmDisabled", 'n', "1"}},
	{"BEGIN:VEVENT"}, {"VALARM"}},
{"/kb/Q201436/own-meeting", "Appointment", {
	{"StartDateTime", 'd', "2014-03-03T10:00:00Z"},
	{"AppointmentType", 't', "3"}, {"From", 't', "CN=Mia Holm/O=Fjord"},
	{"Chair", 't', "CN=Mia Holm/O=Fjord"},
	{"RequiredAttendees", 'l', "ann@example.org CN=Ole/O=Fjord"},
	{"OptionalAttendees", 'l', "bob@example.org"},
	{"Room", 't', "CN=Blue/O=Fjord"}},
	{"mailto:ann@example.org", "CN=Ole/Fjord", "ROLE=OPT-PARTICIPANT",
	 "CUTYPE=ROOM", "LOCATION:CN=Blue/O=Fjord"}, {"ORGANIZER"}},
{"/nsf/calendar/invited", "Appointment", {
	{"StartDateTime", 'd', "2014-03-03T10:00:00Z"},
	{"AppointmentType", 't', "3"}, {"From", 't', "CN=Mia Holm/O=Fjord"},
	{"Chair", 't', "ole@example.org"}, {"OrgConfidential", 't', "1"},
	{"BookFreeTime", 't', "1"}, {"SequenceNum", 'n', "3"},
	{"Location", 't', "Quay 7"}},
	{"ORGANIZER", "mailto:ole@example.org", "CLASS:PRIVATE\r\n",
	 "TRANSP:TRANSPARENT\r\n", "SEQUENCE:2\r\n", "LOCATION:Quay 7\r\n"},
	{NULL}},
{"/kb/Q279216/invitation", "Notice", {
	{"StartDateTime", 'd', "2014-03-03T10:00:00Z"}, {"NoticeType", 't', "I"},
	{"From", 't', "ole@example.org"}, {"Chair", 't', "ole@example.org"},
	{"RequiredAttendees", 'l', "mia@example.org"}, {"$REF", 'r', ""},
	{"ApptUNID", 't', "OLES"}},
	{"METHOD:REQUEST\r\n", "ORGANIZER", "mailto:ole@example.org",
	 "mailto:mia@example.org", "UID:OLES\r\n"}, {NULL}},
{"/nsf/calendar/cancelled", "Notice", {
	{"StartDateTime", 'd', "2014-03-03T10:00:00Z"}, {"NoticeType", 't', "C"},
	{"Chair", 't', "ole@example.org"}, {"ApptUNID", 't', "OLES"}},
	{"METHOD:CANCEL\r\n", "UID:OLES\r\n"}, {NULL}},
{"/nsf/calendar/task", "Task", {
	{"Subject", 't', "paint"}, {"StartDateTime", 'd', "2014-03-03T10:00:00Z"},
	{"DueDateTime", 'd', "2014-03-04T10:00:00Z"}, {"DueState", 'n', "9"}},
	{"BEGIN:VTODO", "SUMMARY:paint\r\n", "DUE:20140304T100000Z\r\n",
	 "STATUS:COMPLETED\r\n"}, {"VEVENT"}},
};
/* clang-format on */

static char *dir;

static void
put_dates(NsfMake *m, const char *name, const char *value)
{
	g_auto(GStrv) texts = g_strsplit(value, " ", -1);
	guint n = g_strv_length(texts);
	g_autofree guint8 *v = g_malloc0(4 + 8 * (gsize)n);

	v[0] = (guint8)n;
	for (guint i = 0; i < n; i++) {
		g_autoptr(GDateTime) t =
		    g_date_time_new_from_iso8601(texts[i], NULL);
		GTimeSpan off = g_date_time_get_utc_offset(t);

		g_assert_nonnull(t);
		nsf_make_timedate(v + 4 + 8 * i, g_date_time_to_unix(t),
		    (int)(off / G_TIME_SPAN_HOUR), FALSE);
		/* quarters of an hour, and east of Greenwich (2.1) */
		v[4 + 8 * i + 7] |= (guint8)(off % G_TIME_SPAN_HOUR /
					     (15 * G_TIME_SPAN_MINUTE) << 4);
	}
	nsf_make_item(
	    m, name, NSF_TYPE_TIMES, NSF_ITEM_TYPED, v, 4 + 8 * (gsize)n);
}

static void
put_item(NsfMake *m, const struct item *item)
{
	g_auto(GStrv) list = NULL;
	guint8 ref[18] = {1};

	switch (item->kind) {
	case 't':
		nsf_make_text(m, item->name, item->value);
		break;
	case 'n':
		nsf_make_number(m, item->name, g_ascii_strtod(item->value, NULL));
		break;
	case 'l':
		list = g_strsplit(item->value, " ", -1);
		nsf_make_texts(m, item->name, (const char *const *)list);
		break;
	case 'd':
		put_dates(m, item->name, item->value);
		break;
	case 'r':
		ref[2] = 7;
		nsf_make_item(m, item->name, NSF_TYPE_REFERENCES,
		    NSF_ITEM_SUMMARY | NSF_ITEM_TYPED, ref, sizeof ref);
		break;
	default:
		g_assert_not_reached();
	}
}

static void
read_note(const char *path, struct nsf_note *note, Nsf **nsf)
{
	struct nsf_cursor c = {0};
	struct nsf_place place;
	guint32 id;
	enum status st;

	g_assert_cmpint(nsf_open(nsf, path, false, NULL), ==, ST_OK);
	do {
		g_assert_cmpint(
		    nsf_next(*nsf, &c, &id, &place, NULL), ==, ST_OK);
		st = nsf_note_read(note, *nsf, id, &place, false, NULL);
	} while (st == ST_END);
	g_assert_cmpint(st, ==, ST_OK);
}

static void
convert(const struct row *row, GString *out)
{
	g_autofree char *path = g_build_filename(dir, "calendar.nsf", NULL);
	NsfMake *m = nsf_make_new(path, 43, "calendar");
	g_autoptr(Nsf) nsf = NULL;
	struct nsf_note note;
	icalcomponent *parsed;

	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
	nsf_make_text(m, "Form", row->form);
	for (guint i = 0; i < ITEMS && row->items[i].name; i++)
		put_item(m, &row->items[i]);
	nsf_make_end(m, FALSE, 0);
	nsf_make_close(m);
	nsf_note_init(&note);
	read_note(path, &note, &nsf);
	g_assert_true(nsf_calendar_write(
	    &note, strcmp(row->form, "Task") == 0, "body", out));
	parsed = icalcomponent_new_from_string(out->str);
	g_assert_nonnull(parsed);
	g_assert_cmpint(icalcomponent_count_errors(parsed), ==, 0);
	icalcomponent_free(parsed);
	nsf_note_clear(&note);
	g_unlink(path);
}

/* Lines are folded at 75 octets. */
static void
unfold(GString *text)
{
	g_string_replace(text, "\r\n ", "", 0);
}

static void
test_row(gconstpointer data)
{
	const struct row *row = data;
	g_autoptr(GString) out = g_string_new(NULL);

	convert(row, out);
	unfold(out);
	g_test_message("%s", out->str);
	for (guint i = 0; i < PHRASES && row->want[i]; i++)
		if (!strstr(out->str, row->want[i])) {
			g_test_message("missing: %s", row->want[i]);
			g_test_fail();
		}
	for (guint i = 0; i < PHRASES && row->not[i]; i++)
		if (strstr(out->str, row->not[i])) {
			g_test_message("not wanted: %s", row->not[i]);
			g_test_fail();
		}
}

/* Q247622: five thousand instances, none of which is regular; and as regular
 * ones, which are a rule. */
static void
test_many(void)
{
	for (guint regular = 0; regular < 2; regular++) {
		g_autofree char *path =
		    g_build_filename(dir, "many.nsf", NULL);
		NsfMake *m = nsf_make_new(path, 43, "calendar");
		g_autofree guint8 *v = g_malloc0(4 + 8 * 5000);
		g_autoptr(GString) out = g_string_new(NULL);
		g_autoptr(Nsf) nsf = NULL;
		struct nsf_note note;
		guint n = 0;

		v[0] = 5000 & 0xff;
		v[1] = 5000 >> 8;
		for (guint i = 0; i < 5000; i++)
			nsf_make_timedate(v + 4 + 8 * i,
			    1000000000 + 86400 * (gint64)i +
				(regular ? 0 : i * i % 3600),
			    1, FALSE);
		nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
		nsf_make_text(m, "Form", "Appointment");
		nsf_make_item(m, "StartDateTime", NSF_TYPE_TIMES,
		    NSF_ITEM_TYPED, v, 4 + 8 * 5000);
		nsf_make_end(m, FALSE, 0);
		nsf_make_close(m);
		nsf_note_init(&note);
		read_note(path, &note, &nsf);
		g_assert_true(nsf_calendar_write(&note, false, NULL, out));
		for (const char *p = out->str; (p = strstr(p, "\nRDATE")); p++)
			n++;
		g_assert_cmpint(n, ==, regular ? 0 : 4999);
		g_assert_cmpint(
		    strstr(out->str, "FREQ=DAILY;COUNT=5000") != NULL, ==,
		    regular);
		nsf_note_clear(&note);
		g_unlink(path);
	}
}

int
main(int argc, char **argv)
{
	int rc;

	g_test_init(&argc, &argv, NULL);
	dir = g_dir_make_tmp("nsf-calendar-XXXXXX", NULL);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_test_add_data_func(rows[i].name, &rows[i], test_row);
	g_test_add_func("/kb/Q247622/many-instances", test_many);
	rc = g_test_run();
	g_assert_cmpint(g_rmdir(dir), ==, 0);
	g_free(dir);
	return rc;
}
