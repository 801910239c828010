/*
 * Schedule+ objects as iCalendar: what the text says, and at which instants the
 * series happens, counted by libical from the text. Fixtures are made after
 * doc/spec/migration-files.md 11.2 and 11.3.
 */
#include "iff/schedule-ical.h"
#include "iff/schedule-write.h"

#include <libical/ical.h>
#include <string.h>

#define H   "SCHEDULE+2 EXPORT VERSION 103\r\n"
#define NOW 884563200 /* 1998-01-12 */

static const struct {
	const char *name, *zone, *text;
	const char *wants[8]; /* "!text": must not be there */
	const char *instants; /* the first ones, UTC; NULL: not asked */
} rows[] = {
    {"/sc2/ical/single", "Europe/Oslo",
	"SingleAppointments:\r\n{\r\nText: \"Ferry; new, times\"\r\n"
	"Notes: \"one\\\r\n\\\r\ntwo\"\r\nWhere: \"Pier 2\"\r\n"
	"Start: 3-9-1998 09:00\r\nEnd: 3-9-1998 10:30\r\nBusyType: 1\r\n"
	"Ring: T\r\nAlarmAmount: 15\r\nAlarmTypeUnit: 0\r\n}\r\n",
	{"SUMMARY:Ferry\\; new\\, times\r\n", "DESCRIPTION:one\\ntwo\r\n",
	    "LOCATION:Pier 2\r\n", "DTSTART;TZID=Europe/Oslo:19980309T090000",
	    "DTEND;TZID=Europe/Oslo:19980309T103000", "TRIGGER:-PT15M",
	    "TRANSP:OPAQUE", "TZID:Europe/Oslo"},
	"19980309T080000Z"},
    /* no alarm in the past */
    {"/kb/Q195852/past-alarm", "0",
	"SingleAppointments:\r\n{\r\nText: \"x\"\r\nStart: 1-11-1998 09:00\r\n"
	"End: 1-11-1998 10:00\r\nRing: T\r\nAlarmAmount: 1\r\n"
	"AlarmTypeUnit: 1\r\n}\r\n",
	{"!VALARM", "TZID=UTC+0000:19980111T090000"}, "19980111T090000Z"},
    {"/kb/Q195852/series-that-goes-on", "0",
	"RecurringAppointments:\r\n{\r\nText: \"x\"\r\nRecurringType: 64\r\n"
	"DayInterval: 1\r\nStartRecurringDate: 1-1-1998\r\n"
	"StartRecurringTime: 09:00\r\nEndRecurringTime: 10:00\r\nRing: T\r\n"
	"AlarmAmount: 1\r\nAlarmTypeUnit: 1\r\n}\r\n",
	{"TRIGGER:-PT1H"}, "19980101T090000Z 19980102T090000Z"},
    /* 885455: 65535 for each part is no end */
    {"/kb/885455/endless", "0",
	"RecurringAppointments:\r\n{\r\nText: \"x\"\r\nRecurringType: 64\r\n"
	"DayInterval: 2\r\nStartRecurringDate: 1-1-1998\r\n"
	"EndRecurringDate: 65535-65535-65535\r\n"
	"StartRecurringTime: 09:00\r\nEndRecurringTime: 10:00\r\n}\r\n",
	{"RRULE:FREQ=DAILY;INTERVAL=2\r\n", "!UNTIL"},
	"19980101T090000Z 19980103T090000Z 19980105T090000Z"},
    /* Q221843 */
    {"/kb/Q221843/no-end", "0",
	"SingleAppointments:\r\n{\r\nText: \"x\"\r\nStart: 1-20-1998 09:00\r\n"
	"}\r\n",
	{"DTEND;TZID=UTC+0000:19980120T090000"}, "19980120T090000Z"},
    /* Q201135: whole days are free, and end on the day behind */
    {"/kb/Q201135/event", "0",
	"SingleEvents:\r\n{\r\nText: \"x\"\r\nStartDate: 12-31-1998\r\n"
	"EndDate: 1-1-1999\r\n}\r\n",
	{"DTSTART;VALUE=DATE:19981231", "DTEND;VALUE=DATE:19990102",
	    "TRANSP:TRANSPARENT", "!TZID"},
	"19981231"},
    {"/kb/Q235699/subject-that-swallowed-the-notes", "0",
	"SingleEvents:\r\n{\r\nText: \"Subject\r\nmore\r\n"
	"StartDate: 12-31-1998\r\nEndDate: 12-31-1998\r\n}\r\n",
	{"SUMMARY:Subject more\r\n", "DESCRIPTION:Subject\\nmore"}, NULL},
    {"/kb/Q273356/backslashes-kept", "0",
	"SingleEvents:\r\n{\r\nText: \"\\\\server\\share\"\r\n"
	"StartDate: 12-31-1998\r\nEndDate: 12-31-1998\r\n}\r\n",
	{"SUMMARY:\\\\\\\\server\\\\share\r\n"}, NULL},
    {"/kb/Q184746/attendees", "0",
	"SingleAppointments:\r\n{\r\nText: \"x\"\r\nStart: 1-20-1998 09:00\r\n"
	"End: 1-20-1998 10:00\r\nAttendees:\r\n{\r\nUserDisplay: \"Ann\"\r\n"
	"UserSearchKey: \"SMTP/3Aann/40example/2Eorg/00\"\r\n}\r\nAttendees:"
	"\r\n{\r\nUserDisplay: \"Bo\"\r\nUserSearchKey: \"EX/3Ax/00\"\r\n}\r\n"
	"}\r\n",
	{"ATTENDEE;CN=Ann:mailto:ann@example.org",
	    "ATTENDEE;CN=Bo:mailto:unknown@invalid"},
	NULL},
    /* 11.3, all six types. The first instance is DTSTART (RFC 5545 3.8.5.3):
     * 1 January 1998 was a Thursday. */
    {"/sc2/ical/recurrence/weekly", "Europe/Oslo",
	"RecurringAppointments:\r\n{\r\nText: \"x\"\r\nRecurringType: 48\r\n"
	"DayOfWeekMask: 34\r\nDayOfWeekStart: 1\r\nWeekInterval: 2\r\n"
	"StartRecurringDate: 1-1-1998\r\nEndRecurringDate: 1-31-1998\r\n"
	"StartRecurringTime: 00:30\r\nEndRecurringTime: 10:00\r\n}\r\n",
	{"FREQ=WEEKLY", "INTERVAL=2", "BYDAY=MO,FR", "UNTIL=19980131T225959Z"},
	"19980101T233000Z 19980111T233000Z 19980115T233000Z "
	"19980125T233000Z 19980129T233000Z end"},
    {"/sc2/ical/recurrence/monthly-by-day", "0",
	"RecurringAppointments:\r\n{\r\nText: \"x\"\r\nRecurringType: 12\r\n"
	"DayOfMonthMask: 1073741825\r\nMonthInterval: 1\r\n"
	"StartRecurringDate: 1-2-1998\r\nStartRecurringTime: 9:00\r\n"
	"EndRecurringTime: 10:00\r\n}\r\n",
	{"FREQ=MONTHLY", "BYMONTHDAY=1,31"},
	"19980131T090000Z 19980201T090000Z 19980301T090000Z 19980331T090000Z"},
    {"/sc2/ical/recurrence/monthly-by-pattern", "0",
	"RecurringAppointments:\r\n{\r\nText: \"x\"\r\nRecurringType: 56\r\n"
	"DayOfWeekMask: 4\r\nMonthInterval: 2\r\nWeekInterval: 2\r\n"
	"StartRecurringDate: 1-1-1998\r\nStartRecurringTime: 9:00\r\n"
	"EndRecurringTime: 10:00\r\n}\r\n",
	{"BYDAY=TU", "BYSETPOS=2", "INTERVAL=2"},
	"19980113T090000Z 19980310T090000Z 19980512T090000Z"},
    {"/sc2/ical/recurrence/last-weekday-of-the-month", "0",
	"RecurringEvents:\r\n{\r\nText: \"x\"\r\nRecurringType: 56\r\n"
	"DayOfWeekMask: 62\r\nMonthInterval: 1\r\nWeekInterval: 5\r\n"
	"StartRecurringDate: 1-1-1998\r\nEndRecurringDate: 3-1-1998\r\n}\r\n",
	{"BYSETPOS=-1", "UNTIL=19980301;"}, "19980130 19980227 end"},
    {"/sc2/ical/recurrence/yearly-on-a-day", "0",
	"RecurringEvents:\r\n{\r\nText: \"x\"\r\nRecurringType: 7\r\n"
	"DayOfMonthMask: 16\r\nMonthOfYearMask: 4\r\nYearInterval: 1\r\n"
	"StartRecurringDate: 6-1-1998\r\n}\r\n",
	{"FREQ=YEARLY", "BYMONTH=3", "BYMONTHDAY=5"}, "19990305 20000305"},
    {"/sc2/ical/recurrence/yearly-by-pattern", "0",
	"RecurringEvents:\r\n{\r\nText: \"x\"\r\nRecurringType: 51\r\n"
	"DayOfWeekMask: 1\r\nMonthOfYearMask: 516\r\nWeekInterval: 5\r\n"
	"StartRecurringDate: 1-1-1998\r\n}\r\n",
	{"BYMONTH=3,10", "BYDAY=SU"}, "19980329 19981025 19990328"},
    {"/sc2/ical/recurrence/unknown", "0",
	"RecurringEvents:\r\n{\r\nText: \"x\"\r\nRecurringType: 99\r\n"
	"StartRecurringDate: 1-1-1998\r\n}\r\n",
	{"!RRULE", "lost: the recurrence"}, "19980101 end"},
    /* 831188, Q247622: instances deleted and changed */
    {"/kb/831188/exceptions", "Europe/Oslo",
	"RecurringAppointments:\r\n{\r\nText: \"series\"\r\n"
	"RecurringType: 64\r\nDayInterval: 1\r\n"
	"StartRecurringDate: 3-28-1998\r\nEndRecurringDate: 4-1-1998\r\n"
	"StartRecurringTime: 09:00\r\nEndRecurringTime: 10:00\r\nExceptions:"
	"\r\n{\r\nInstanceDate: 3-29-1998\r\nDeleted: T\r\n}\r\nExceptions:"
	"\r\n{\r\nInstanceDate: 3-30-1998\r\nText: \"moved\"\r\n"
	"Start: 3-30-1998 14:00\r\nEnd: 3-30-1998 15:00\r\n}\r\n}\r\n",
	{"EXDATE;TZID=Europe/Oslo:19980329T090000",
	    "RECURRENCE-ID;TZID=Europe/Oslo:19980330T090000", "SUMMARY:moved",
	    "DTSTART;TZID=Europe/Oslo:19980330T140000"},
	"19980328T080000Z 19980329T070000Z 19980330T070000Z"},
    {"/sc2/ical/task", "0",
	"SingleTasks:\r\n{\r\nText: \"Paint\"\r\nPriority: 16691\r\n"
	"StartDate: 1-2-1998\r\nEndDate: 1-9-1998\r\n"
	"CompletedDate: 1-8-1998\r\nPercentCompleted: 100\r\n}\r\n",
	{"BEGIN:VTODO", "PRIORITY:1\r\n", "DUE;VALUE=DATE:19980109",
	    "DTSTART;VALUE=DATE:19980102", "STATUS:COMPLETED",
	    "PERCENT-COMPLETE:100", "COMPLETED:19980108T000000Z"},
	NULL},
    {"/sc2/ical/no-date", "0",
	"SingleAppointments:\r\n{\r\nText: \"x\"\r\n}\r\n",
	{"none", "lost: no date to put it at"}, NULL},
};

static char *
instants(const char *text, guint count)
{
	icalcomponent *calendar = icalparser_parse_string(text);
	icalcomponent *c =
	    icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
	icalproperty *rule =
	    icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY);
	struct icaltimetype start = icalcomponent_get_dtstart(c);
	GString *out = g_string_new(NULL);
	icalrecur_iterator *i = NULL;

	if (rule)
		i = icalrecur_iterator_new(icalproperty_get_rrule(rule), start);
	for (guint n = 0; n < count; n++) {
		struct icaltimetype t = n == 0 ? start : icaltime_null_time();

		if (i)
			t = icalrecur_iterator_next(i);
		g_string_append(out, n > 0 ? " " : "");
		if (icaltime_is_null_time(t)) {
			g_string_append(out, "end");
			break;
		}
		if (!t.is_date)
			t = icaltime_convert_to_zone(
			    t, icaltimezone_get_utc_timezone());
		g_string_append(out, icaltime_as_ical_string(t));
	}
	if (i)
		icalrecur_iterator_free(i);
	icalcomponent_free(calendar);
	return g_string_free(out, FALSE);
}

static void
row(gconstpointer data)
{
	guint i = GPOINTER_TO_UINT(data);
	g_autofree char *text = g_strconcat(H, rows[i].text, NULL);
	struct blob blob = blob_from_mem(text, strlen(text));
	g_autoptr(GTimeZone) zone =
	    strcmp(rows[i].zone, "0") == 0
		? g_time_zone_new_offset(0)
		: g_time_zone_new_identifier(rows[i].zone);
	g_autoptr(Codepage) page = NULL;
	g_autoptr(Schedule) schedule = NULL;
	const struct schedule_object *object;
	struct schedule_ical ical;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *unfolded = NULL;
	char **pieces;

	g_assert_nonnull(zone);
	g_assert_cmpint(codepage_open(&page, 1252, NULL), ==, ST_OK);
	schedule = schedule_new(&blob, page, false, NULL, NULL);
	g_assert_cmpint(schedule_next(schedule, &object, NULL), ==, ST_OK);
	schedule_ical_init(&ical);
	if (schedule_to_ical(object, zone, NOW, &ical))
		g_string_append(out, ical.text->str);
	else
		g_string_append(out, "none");
	for (guint j = 0; j < ical.lost->len; j++)
		g_string_append_printf(
		    out, "lost: %s\n", (char *)ical.lost->pdata[j]);
	pieces = g_strsplit(out->str, "\r\n ", -1);
	unfolded = g_strjoinv("", pieces);
	g_strfreev(pieces);
	for (guint j = 0; j < 8 && rows[i].wants[j]; j++) {
		const char *want = rows[i].wants[j];
		bool there = strstr(unfolded, want + (*want == '!')) != NULL;

		if (there == (*want == '!'))
			g_test_fail_printf("\"%s\" in:\n%s", want, unfolded);
	}
	if (rows[i].instants) {
		guint n = 1;
		g_autofree char *got = NULL;

		for (const char *p = rows[i].instants; *p; p++)
			n += *p == ' ';
		got = instants(ical.text->str, n);
		g_assert_cmpstr(got, ==, rows[i].instants);
	}
	schedule_ical_clear(&ical);
}

/* Without what is made of the text or the day, not of the meaning. */
static char *
meaning(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
	GString *out = g_string_new(NULL);

	for (guint i = 0; lines[i]; i++)
		if (!g_str_has_prefix(lines[i], "UID:") &&
		    !g_str_has_prefix(lines[i], "DTSTAMP:"))
			g_string_append_printf(out, "%s\n", lines[i]);
	return g_string_free(out, FALSE);
}

/* There and back: the second iCalendar says what the first one says. */
static void
back(gconstpointer data)
{
	guint i = GPOINTER_TO_UINT(data);
	g_autofree char *text = g_strconcat(H, rows[i].text, NULL);
	g_autoptr(GTimeZone) zone =
	    strcmp(rows[i].zone, "0") == 0
		? g_time_zone_new_offset(0)
		: g_time_zone_new_identifier(rows[i].zone);
	g_autoptr(Codepage) page = NULL;
	g_autoptr(GString) sc2 = g_string_new(NULL);
	char *said[2] = {NULL, NULL};

	g_assert_cmpint(codepage_open(&page, 65001, NULL), ==, ST_OK);
	for (guint pass = 0; pass < 2; pass++) {
		const char *from = pass ? sc2->str : text;
		struct blob blob = blob_from_mem(from, strlen(from));
		g_autoptr(Schedule) schedule =
		    schedule_new(&blob, page, false, NULL, NULL);
		const struct schedule_object *object;
		struct schedule_ical ical;

		g_assert_cmpint(
		    schedule_next(schedule, &object, NULL), ==, ST_OK);
		schedule_ical_init(&ical);
		if (!schedule_to_ical(object, zone, NOW, &ical)) {
			schedule_ical_clear(&ical);
			g_test_skip("nothing to give back");
			return;
		}
		said[pass] = meaning(ical.text->str);
		if (pass == 0 && !schedule_from_ical(
				     ical.text->str, ical.text->len, zone, sc2))
			g_test_fail_printf("not written: %s", ical.text->str);
		schedule_ical_clear(&ical);
	}
	g_assert_cmpstr(said[0], ==, said[1]);
	g_free(said[0]);
	g_free(said[1]);
}

/* What has no form there is refused, not bent. */
static void
refused(void)
{
	static const char *const rules[] = {"FREQ=HOURLY",
	    "FREQ=MONTHLY;BYDAY=1MO,2TU", "FREQ=YEARLY;BYWEEKNO=20",
	    "FREQ=MONTHLY;BYMONTHDAY=-1",
	    "FREQ=YEARLY;INTERVAL=2;BYMONTH=3;BYDAY=1SU"};
	static const char *const kept[] = {
	    "FREQ=MONTHLY;BYDAY=2MO", "FREQ=WEEKLY;COUNT=3", "FREQ=YEARLY"};
	g_autoptr(GTimeZone) zone = g_time_zone_new_offset(0);
	g_autoptr(GString) sc2 = g_string_new(NULL);
	static const char *const frame =
	    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:19980105T090000Z\r\n"
	    "RRULE:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

	for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
		g_auto(GStrv) around = g_strsplit(frame, "%s", 2);
		g_autofree char *text =
		    g_strconcat(around[0], rules[i], around[1], NULL);

		g_assert_false(
		    schedule_from_ical(text, strlen(text), zone, sc2));
	}
	for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
		g_auto(GStrv) around = g_strsplit(frame, "%s", 2);
		g_autofree char *text =
		    g_strconcat(around[0], kept[i], around[1], NULL);

		g_assert_true(
		    schedule_from_ical(text, strlen(text), zone, sc2));
		if (i == 1)
			g_assert_nonnull(
			    strstr(sc2->str, "EndRecurringDate: 01-19-1998"));
	}
	g_assert_false(schedule_from_ical("x", 1, zone, sc2));
	g_assert_false(schedule_from_ical("", 0, zone, sc2));
}

/* What other programs write: a length for an end, days that are none; and what
 * the format has no room for. */
static void
written(void)
{
	static const struct {
		const char *inner, *want; /* NULL: refused; "!x": not there */
	} table[] = {
	    {"BEGIN:VEVENT\r\nDTSTART:19980105T090000Z\r\nDURATION:PT90M\r\n"
	     "END:VEVENT\r\n",
		"End: 01-05-1998 10:30"},
	    {"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:19980105\r\nDURATION:P2D\r\n"
	     "END:VEVENT\r\n",
		"EndDate: 01-06-1998"},
	    {"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:19980105\r\nEND:VEVENT\r\n",
		"EndDate: 01-05-1998"},
	    {"BEGIN:VEVENT\r\nDTSTART:19980105T090000Z\r\n"
	     "RRULE:FREQ=DAILY\r\nEXDATE:1998-413T090000\r\nEND:VEVENT\r\n",
		"!InstanceDate"},
	    {"BEGIN:VEVENT\r\nDTSTART:19980105T090000Z\r\nEND:VEVENT\r\n"
	     "BEGIN:VEVENT\r\nDTSTART:19980106T090000Z\r\nEND:VEVENT\r\n",
		NULL},
	    {"BEGIN:VEVENT\r\nDTSTART:19980105T090000Z\r\nEND:VEVENT\r\n"
	     "BEGIN:VTODO\r\nSUMMARY:x\r\nEND:VTODO\r\n",
		NULL},
	    {"BEGIN:VJOURNAL\r\nSUMMARY:x\r\nEND:VJOURNAL\r\n", NULL},
	};
	g_autoptr(GTimeZone) zone = g_time_zone_new_offset(0);
	g_autoptr(GString) sc2 = g_string_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *text = g_strconcat("BEGIN:VCALENDAR\r\n",
		    table[i].inner, "END:VCALENDAR\r\n", NULL);
		const char *want = table[i].want;
		bool good = schedule_from_ical(text, strlen(text), zone, sc2);

		if (good != (want != NULL) ||
		    (want && (strstr(sc2->str, want + (*want == '!')) ==
				 NULL) != (*want == '!')))
			g_test_fail_printf("%u: %s", i, sc2->str);
	}
}

/* Backslashes, also before a quotation mark and at the end (Q273356). */
static void
share(void)
{
	static const char text[] =
	    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:19980105T090000Z\r\n"
	    "SUMMARY:\\\\\\\\srv\\\\share\\\\\r\nLOCATION:a\\\\\"b\\\\\r\n"
	    "DESCRIPTION:c\\\\\r\r\n"
	    "END:VEVENT\r\nEND:VCALENDAR\r\n";
	g_autoptr(GTimeZone) zone = g_time_zone_new_offset(0);
	g_autoptr(GString) sc2 = g_string_new(NULL);
	g_autoptr(Codepage) page = NULL;
	g_autoptr(Schedule) schedule = NULL;
	const struct schedule_object *object;
	struct blob blob;

	g_assert_true(schedule_from_ical(text, sizeof text - 1, zone, sc2));
	g_assert_cmpint(codepage_open(&page, 65001, NULL), ==, ST_OK);
	blob = blob_from_mem(sc2->str, sc2->len);
	schedule = schedule_new(&blob, page, false, NULL, NULL);
	g_assert_cmpint(schedule_next(schedule, &object, NULL), ==, ST_OK);
	g_assert_cmpstr(
	    schedule_get(object, "Text")->text, ==, "\\\\srv\\share\\");
	g_assert_cmpstr(schedule_get(object, "Where")->text, ==, "a\\\"b\\");
	g_assert_cmpstr(schedule_get(object, "Notes")->text, ==, "c\\");
}

static void
contact(void)
{
	static const char text[] =
	    H "Contacts:\r\n{\r\nFirstName: \"Ann\"\r\nLastName: \"Ro\"\r\n"
	      "PhoneFax: \"4711\"\r\nNotes: \"n\"\r\nCityBusiness: \"Oslo\"\r\n"
	      "}\r\n";
	struct blob blob = blob_from_mem(text, sizeof text - 1);
	g_autoptr(Codepage) page = NULL;
	g_autoptr(Schedule) schedule = NULL;
	const struct schedule_object *object;
	const char *fields[ADDRESS_FIELDS];

	g_assert_cmpint(codepage_open(&page, 1252, NULL), ==, ST_OK);
	schedule = schedule_new(&blob, page, false, NULL, NULL);
	g_assert_cmpint(schedule_next(schedule, &object, NULL), ==, ST_OK);
	g_assert_cmpint(schedule_kind(object), ==, SCHEDULE_CONTACT);
	schedule_to_address(object, fields);
	g_assert_cmpstr(fields[3], ==, "Ann");
	g_assert_cmpstr(fields[4], ==, "Ro");
	g_assert_cmpstr(fields[6], ==, "Oslo");
	g_assert_cmpstr(fields[18], ==, "4711");
	g_assert_cmpstr(fields[23], ==, "n");
	g_assert_cmpstr(fields[12], ==, "");
}

int
main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_test_add_data_func(rows[i].name, GUINT_TO_POINTER(i), row);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name =
		    g_strconcat("/back", rows[i].name, NULL);

		g_test_add_data_func(name, GUINT_TO_POINTER(i), back);
	}
	g_test_add_func("/sc2/refused", refused);
	g_test_add_func("/sc2/written", written);
	g_test_add_func("/kb/Q273356/backslash-at-the-end", share);
	g_test_add_func("/sc2/ical/contact", contact);
	return g_test_run();
}
