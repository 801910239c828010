/*
 * pst: iCalendar and vCard become Outlook's own items; read back by the reader,
 * held to every rule by the checker.
 */
#include "pst_item.h"

#include "pst/bytes.h"
#include "pst/contact-write.h"
#include "pst/mapi-from-calendar.h"

static const guint8 set_common[16] = {
    0x08, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
static const guint8 set_address[16] = {
    0x04, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
static const guint8 set_appointment[16] = {
    0x02, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
static const guint8 set_task[16] = {
    0x03, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
static const guint8 set_meeting[16] = {0x90, 0xda, 0xd8, 0x6e, 0x0b, 0x45, 0x1b,
    0x10, 0x98, 0xda, 0x00, 0xaa, 0x00, 0x3f, 0x13, 0x05};

static guint64
time_of(Pst *pst, const PstProps *props, const guint8 set[16], guint32 lid)
{
	guint64 time;

	g_assert_true(pst_props_int64(props, named(pst, set, lid), &time));
	return time;
}

/* iCalendar */

#define MAIL_HEAD(method)                                                      \
	"From: Bob <bob@example.org>" CRLF "To: anna@example.org" CRLF         \
	"Date: Fri, 21 Nov 1997 09:55:06 -0600" CRLF "Subject: Meet" CRLF      \
	"Content-Type: multipart/alternative; boundary=b" CRLF CRLF            \
	"--b" CRLF CRLF "come" CRLF "--b" CRLF                                 \
	"Content-Type: text/calendar; charset=utf-8; method=" method CRLF CRLF
#define STORED_HEAD                                                            \
	"Date: Fri, 21 Nov 1997 09:55:06 -0600" CRLF                           \
	"Content-Type: text/calendar; charset=utf-8" CRLF CRLF
#define ZONE                                                                   \
	"BEGIN:VTIMEZONE" CRLF "TZID:Oslo" CRLF "BEGIN:STANDARD" CRLF          \
	"DTSTART:19701025T030000" CRLF                                         \
	"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU" CRLF                         \
	"TZOFFSETFROM:+0200" CRLF "TZOFFSETTO:+0100" CRLF "END:STANDARD" CRLF  \
	"BEGIN:DAYLIGHT" CRLF "DTSTART:19700329T020000" CRLF                   \
	"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU" CRLF                          \
	"TZOFFSETFROM:+0100" CRLF "TZOFFSETTO:+0200" CRLF "END:DAYLIGHT" CRLF  \
	"END:VTIMEZONE" CRLF
#define BEGIN "BEGIN:VCALENDAR" CRLF "VERSION:2.0" CRLF "PRODID:x" CRLF
#define END   "END:VCALENDAR" CRLF

static guint64
filetime(const char *iso)
{
	g_autoptr(GDateTime) t = g_date_time_new_from_iso8601(iso, NULL);

	return pst_filetime(g_date_time_to_unix(t));
}

static void
test_request(void)
{
	static const char raw[] = MAIL_HEAD("REQUEST") BEGIN
	    "METHOD:REQUEST" CRLF ZONE "BEGIN:VEVENT" CRLF "UID:u1@x" CRLF
	    "DTSTART;TZID=Oslo:20260706T090000" CRLF
	    "DTEND;TZID=Oslo:20260706T103000" CRLF "SUMMARY:Meet" CRLF
	    "LOCATION:Room\\, 5" CRLF "SEQUENCE:2" CRLF
	    "ORGANIZER;CN=Bob:mailto:bob@example.org" CRLF
	    "ATTENDEE:mailto:anna@example.org" CRLF "X-MINE:1" CRLF
	    "BEGIN:VALARM" CRLF "ACTION:DISPLAY" CRLF "TRIGGER:-PT15M" CRLF
	    "END:VALARM" CRLF "END:VEVENT" CRLF END CRLF "--b--" CRLF;
	struct fixture f;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstMessage) m = NULL;
	g_autoptr(GBytes) id = NULL;
	g_autoptr(GBytes) zone = NULL;
	PstAttachment *a;
	const PstProps *p;
	const guint8 *bytes;
	guint32 nid, n;
	gsize len;

	set_up(&f);
	nid = put(&f, raw, strlen(raw), PST_PLACE_MAIL);
	g_assert_cmpstr(f.remarks->str, ==, "");
	pst = finish(&f);
	g_assert_cmpint(pst_message_open(&m, pst, nid, NULL), ==, ST_OK);
	p = pst_message_props(m);
	expect_text(p, PST_P_MESSAGE_CLASS, "IPM.Schedule.Meeting.Request");
	expect_text(p, PST_P_BODY, "come");
	expect_text(p, named(pst, set_appointment, 0x8208), "Room, 5");
	g_assert_cmpuint(time_of(pst, p, set_appointment, 0x820d), ==,
	    filetime("2026-07-06T07:00:00Z"));
	g_assert_cmpuint(time_of(pst, p, set_appointment, 0x820e), ==,
	    filetime("2026-07-06T08:30:00Z"));
	g_assert_true(pst_props_int(p, named(pst, set_common, 0x8501), &n));
	g_assert_cmpuint(n, ==, 15);
	g_assert_true(
	    pst_props_int(p, named(pst, set_appointment, 0x8213), &n));
	g_assert_cmpuint(n, ==, 90);
	g_assert_true(
	    pst_props_int(p, named(pst, set_appointment, 0x8201), &n));
	g_assert_cmpuint(n, ==, 2);
	id = pst_props_bytes(p, named(pst, set_meeting, 0x0003));
	bytes = g_bytes_get_data(id, &len);
	g_assert_cmpuint(len, ==, 40 + 12 + 5);
	g_assert_cmpmem(bytes + 40, 8, "vCal-Uid", 8);
	g_assert_cmpmem(bytes + 52, 5, "u1@x", 5);
	/* The rule of the zone: last Sundays, an hour. */
	zone = pst_props_bytes(p, named(pst, set_appointment, 0x825e));
	bytes = g_bytes_get_data(zone, &len);
	g_assert_cmpuint(len, ==, 2 + 2 + 2 + 2 + 2 * 4 + 2 + 66);
	bytes += len - 44; /* biases and two days */
	g_assert_cmpint((gint32)get_le32(bytes), ==, -60);
	g_assert_cmpint((gint32)get_le32(bytes + 8), ==, -60);
	g_assert_cmpuint(get_le16(bytes + 14), ==, 10);
	g_assert_cmpuint(get_le16(bytes + 18), ==, 5);
	g_assert_cmpuint(get_le16(bytes + 20), ==, 3);
	g_assert_cmpuint(get_le16(bytes + 30), ==, 3);
	g_assert_cmpuint(get_le16(bytes + 36), ==, 2);
	/* The object itself is kept, and not shown. */
	g_assert_cmpint(pst_message_next_attachment(m, &a, NULL), ==, ST_OK);
	g_assert_cmpuint(
	    pst_props_int_or(pst_attachment_props(a), PST_P_ATTACH_HIDDEN, 0),
	    ==, 1);
	pst_attachment_close(a);
	tear_down(&f);
}

static const struct {
	const char *method, *line, *class;
} methods[] = {
    {"CANCEL", "", "IPM.Schedule.Meeting.Canceled"},
    {"REPLY", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@x" CRLF,
	"IPM.Schedule.Meeting.Resp.Pos"},
    {"REPLY", "ATTENDEE;PARTSTAT=DECLINED:mailto:a@x" CRLF,
	"IPM.Schedule.Meeting.Resp.Neg"},
    {"REPLY", "ATTENDEE;PARTSTAT=TENTATIVE:mailto:a@x" CRLF,
	"IPM.Schedule.Meeting.Resp.Tent"},
    {"COUNTER", "", "IPM.Schedule.Meeting.Resp.Tent"},
    {"REFRESH", "", "IPM.Note"},
};

static void
test_methods(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
		g_autofree char *raw = g_strdup_printf(MAIL_HEAD("x") BEGIN
		    "METHOD:%s" CRLF "BEGIN:VEVENT" CRLF "UID:1" CRLF
		    "DTSTART:20260706T090000Z" CRLF "%sEND:VEVENT" CRLF END CRLF
		    "--b--" CRLF,
		    methods[i].method, methods[i].line);
		struct fixture f;
		g_autoptr(Pst) pst = NULL;
		g_autoptr(PstMessage) m = NULL;
		PstAttachment *a;
		guint32 nid;

		g_test_message("row %u", i);
		set_up(&f);
		nid = put(&f, raw, strlen(raw), PST_PLACE_MAIL);
		pst = finish(&f);
		g_assert_cmpint(
		    pst_message_open(&m, pst, nid, NULL), ==, ST_OK);
		expect_text(pst_message_props(m), PST_P_MESSAGE_CLASS,
		    methods[i].class);
		/* All of it is in the item, but for people who did not get
		 * the message. */
		g_assert_cmpint(pst_message_next_attachment(m, &a, NULL), ==,
		    *methods[i].line || i == 5 ? ST_OK : ST_END);
		if (*methods[i].line || i == 5)
			pst_attachment_close(a);
		tear_down(&f);
	}
}

/* A rule, and the first fields of its blob: frequency, pattern, first day of
 * the pattern, period, what is special to it, how it ends, how often. NULL: it
 * cannot be said. DTSTART is Monday, 2026-07-06. */
static const struct {
	const char *rule;
	guint frequency, pattern, period;
	guint32 specific[2];
	guint n_specific;
	guint32 end, count;
} recurrences[] = {
    {"FREQ=DAILY;COUNT=3", 0x200a, 0, 1440, {0}, 0, 0x2022, 3},
    {"FREQ=DAILY;INTERVAL=2;UNTIL=20260712T070000Z", 0x200a, 0, 2880, {0}, 0,
	0x2021, 4},
    {"FREQ=WEEKLY", 0x200b, 1, 1, {2}, 1, 0x2023, 10},
    {"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", 0x200b, 1, 2, {0x22}, 1, 0x2023, 10},
    {"FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", 0x200b, 1, 1, {0x3e}, 1, 0x2023, 10},
    {"FREQ=MONTHLY;BYMONTHDAY=6;COUNT=5", 0x200c, 2, 1, {6}, 1, 0x2022, 5},
    {"FREQ=MONTHLY;BYMONTHDAY=-1", 0x200c, 2, 1, {31}, 1, 0x2023, 10},
    {"FREQ=MONTHLY;BYDAY=1MO", 0x200c, 3, 1, {2, 1}, 2, 0x2023, 10},
    {"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", 0x200c, 3, 1, {0x3e, 5},
	2, 0x2023, 10},
    {"FREQ=YEARLY", 0x200d, 2, 12, {6}, 1, 0x2023, 10},
    {"FREQ=YEARLY;BYMONTH=7;BYDAY=-1MO", 0x200d, 3, 12, {2, 5}, 2, 0x2023, 10},
    {"FREQ=MONTHLY;BYMONTHDAY=30", 0},
    {"FREQ=MONTHLY;BYMONTHDAY=1,15", 0},
    {"FREQ=MONTHLY;BYDAY=5MO", 0},
    {"FREQ=YEARLY;BYWEEKNO=20", 0},
    {"FREQ=HOURLY", 0},
    {"FREQ=DAILY;BYMONTH=1", 0},
};

static void
test_recurrences(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(recurrences); i++) {
		g_autofree char *raw = g_strdup_printf(STORED_HEAD BEGIN ZONE
		    "BEGIN:VEVENT" CRLF "UID:1" CRLF
		    "DTSTART;TZID=Oslo:20260706T090000" CRLF
		    "DURATION:PT1H" CRLF "SUMMARY:often" CRLF "RRULE:%s" CRLF
		    "END:VEVENT" CRLF END,
		    recurrences[i].rule);
		struct fixture f;
		g_autoptr(Pst) pst = NULL;
		g_autoptr(PstMessage) m = NULL;
		g_autoptr(GBytes) blob = NULL;
		PstAttachment *a;
		const guint8 *b;
		guint32 nid;
		guint id;
		bool said = recurrences[i].frequency != 0;

		g_test_message("%s", recurrences[i].rule);
		set_up(&f);
		nid = put(&f, raw, strlen(raw), PST_PLACE_CALENDAR);
		g_assert_cmpstr(
		    f.remarks->str, ==, said ? "" : "PST_CALENDAR_KEPT ");
		pst = finish(&f);
		g_assert_cmpint(
		    pst_message_open(&m, pst, nid, NULL), ==, ST_OK);
		expect_text(pst_message_props(m), PST_P_MESSAGE_CLASS,
		    "IPM.Appointment");
		g_assert_cmpint(pst_message_next_attachment(m, &a, NULL), ==,
		    said ? ST_END : ST_OK);
		if (!said) {
			pst_attachment_close(a);
			tear_down(&f);
			continue;
		}
		id = named(pst, set_appointment, 0x8216);
		blob = pst_props_bytes(pst_message_props(m), id);
		b = g_bytes_get_data(blob, NULL);
		g_assert_cmpuint(get_le16(b), ==, 0x3004);
		g_assert_cmpuint(get_le16(b + 4), ==, recurrences[i].frequency);
		g_assert_cmpuint(get_le16(b + 6), ==, recurrences[i].pattern);
		g_assert_cmpuint(get_le32(b + 14), ==, recurrences[i].period);
		b += 22;
		for (guint k = 0; k < recurrences[i].n_specific; k++, b += 4)
			g_assert_cmpuint(
			    get_le32(b), ==, recurrences[i].specific[k]);
		g_assert_cmpuint(get_le32(b), ==, recurrences[i].end);
		g_assert_cmpuint(get_le32(b + 4), ==, recurrences[i].count);
		g_assert_cmpuint(get_le32(b + 8), ==, 1); /* Mondays */
		/* No exceptions, days, versions, times of day */
		g_assert_cmpuint(get_le32(b + 12), ==, 0);
		g_assert_cmpuint(get_le32(b + 16), ==, 0);
		g_assert_cmpuint(get_le32(b + 20), ==, 155414 * 1440u);
		g_assert_cmpuint(get_le32(b + 28), ==, 0x3006);
		g_assert_cmpuint(get_le32(b + 36), ==, 540);
		g_assert_cmpuint(get_le32(b + 40), ==, 600);
		g_assert_cmpuint(get_le16(b + 44), ==, 0);
		tear_down(&f);
	}
}

static void
test_exceptions(void)
{
	static const char raw[] = STORED_HEAD BEGIN ZONE
	    "BEGIN:VEVENT" CRLF "UID:1" CRLF
	    "DTSTART;TZID=Oslo:20260706T090000" CRLF "DURATION:PT1H" CRLF
	    "SUMMARY:often" CRLF "RRULE:FREQ=DAILY;COUNT=5" CRLF
	    "EXDATE;TZID=Oslo:20260707T090000" CRLF "END:VEVENT" CRLF
	    "BEGIN:VEVENT" CRLF "UID:1" CRLF
	    "RECURRENCE-ID:20260708T070000Z" CRLF
	    "DTSTART;TZID=Oslo:20260708T140000" CRLF "DURATION:PT30M" CRLF
	    "SUMMARY:later \xc3\xa4" CRLF "END:VEVENT" CRLF END;
	struct fixture f;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstMessage) m = NULL;
	g_autoptr(GBytes) blob = NULL;
	PstMessage *inner;
	PstAttachment *a;
	const guint8 *b;
	guint32 nid, day = 155414;
	gsize len;

	set_up(&f);
	nid = put(&f, raw, strlen(raw), PST_PLACE_CALENDAR);
	g_assert_cmpstr(f.remarks->str, ==, "");
	pst = finish(&f);
	g_assert_cmpint(pst_message_open(&m, pst, nid, NULL), ==, ST_OK);
	blob = pst_props_bytes(
	    pst_message_props(m), named(pst, set_appointment, 0x8216));
	b = g_bytes_get_data(blob, &len);
	b += 22 + 12;
	g_assert_cmpuint(get_le32(b), ==, 2);
	g_assert_cmpuint(get_le32(b + 4), ==, (day + 1) * 1440);
	g_assert_cmpuint(get_le32(b + 8), ==, (day + 2) * 1440);
	g_assert_cmpuint(get_le32(b + 12), ==, 1);
	g_assert_cmpuint(get_le32(b + 16), ==, (day + 2) * 1440);
	b += 20 + 8 + 8 + 8;
	g_assert_cmpuint(get_le16(b), ==, 1);
	g_assert_cmpuint(get_le32(b + 2), ==, (day + 2) * 1440 + 840);
	g_assert_cmpuint(get_le32(b + 6), ==, (day + 2) * 1440 + 870);
	g_assert_cmpuint(get_le32(b + 10), ==, (day + 2) * 1440 + 540);
	g_assert_cmpuint(get_le16(b + 14), ==, 1);
	g_assert_cmpuint(get_le16(b + 18), ==, 7);
	g_assert_cmpmem(b + 20, 7, "later \xe4", 7);
	/* And its own object. */
	g_assert_cmpint(pst_message_next_attachment(m, &a, NULL), ==, ST_OK);
	g_assert_cmpint(pst_attachment_message(a, &inner, NULL), ==, ST_OK);
	g_assert_cmpuint(
	    time_of(pst, pst_message_props(inner), set_appointment, 0x820d), ==,
	    filetime("2026-07-08T12:00:00Z"));
	g_assert_cmpuint(
	    time_of(pst, pst_message_props(inner), set_appointment, 0x8228), ==,
	    filetime("2026-07-08T07:00:00Z"));
	pst_message_close(inner);
	pst_attachment_close(a);
	tear_down(&f);
}

static void
test_task(void)
{
	static const char raw[] = STORED_HEAD BEGIN
	    "BEGIN:VTODO" CRLF "UID:1" CRLF "SUMMARY:Paint" CRLF
	    "DUE;VALUE=DATE:20261201" CRLF "STATUS:IN-PROCESS" CRLF
	    "PERCENT-COMPLETE:25" CRLF "CATEGORIES:House,Red" CRLF
	    "CLASS:PRIVATE" CRLF "PRIORITY:1" CRLF "END:VTODO" CRLF END;
	struct fixture f;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstMessage) m = NULL;
	const PstProps *p;
	guint32 nid, n;
	guint64 bits;
	double part;

	set_up(&f);
	nid = put(&f, raw, strlen(raw), PST_PLACE_CALENDAR);
	pst = finish(&f);
	g_assert_cmpint(pst_message_open(&m, pst, nid, NULL), ==, ST_OK);
	p = pst_message_props(m);
	expect_text(p, PST_P_MESSAGE_CLASS, "IPM.Task");
	expect_text(p, PST_P_CONVERSATION_TOPIC, "Paint");
	g_assert_cmpuint(time_of(pst, p, set_task, 0x8105), ==,
	    filetime("2026-12-01T00:00:00Z"));
	g_assert_true(pst_props_int(p, named(pst, set_task, 0x8101), &n));
	g_assert_cmpuint(n, ==, 1);
	bits = time_of(pst, p, set_task, 0x8102);
	memcpy(&part, &bits, sizeof part);
	g_assert_true(part == 0.25);
	g_assert_cmpuint(pst_props_int_or(p, PST_P_SENSITIVITY, 0), ==, 2);
	g_assert_cmpuint(pst_props_int_or(p, PST_P_IMPORTANCE, 0), ==, 2);
	tear_down(&f);
}

/* Broken objects stay what they are: files. */
static void
test_bad_calendars(void)
{
	static const char *const bodies[] = {"", "junk", "BEGIN:VCALENDAR",
	    BEGIN END, BEGIN "BEGIN:VEVENT" CRLF "END:VEVENT" CRLF END,
	    BEGIN "BEGIN:VEVENT" CRLF "DTSTART:99999999T999999" CRLF
		  "END:VEVENT" CRLF END,
	    BEGIN "BEGIN:VEVENT" CRLF "DTSTART:20260706T090000" CRLF
		  "DTEND:19990706T090000" CRLF
		  "RRULE:FREQ=DAILY;COUNT=99999999" CRLF "END:VEVENT" CRLF END};

	for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
		g_autofree char *raw =
		    g_strconcat(STORED_HEAD, bodies[i], NULL);
		struct fixture f;
		g_autoptr(Pst) pst = NULL;

		g_test_message("row %u", i);
		set_up(&f);
		put(&f, raw, strlen(raw), PST_PLACE_CALENDAR);
		pst = finish(&f);
		tear_down(&f);
	}
}

/* Outlook's own ids are taken as they are. */
static void
test_global_id(void)
{
	static const char own[] =
	    "040000008200E00074C5B7101A82E0080000000010E3CD4D79B3C70100000000"
	    "00000000100000000123456789ABCDEF0123456789ABCDEF";
	g_autoptr(GByteArray) id = g_byte_array_new();

	pst_calendar_global_id(id, own);
	g_assert_cmpuint(id->len, ==, strlen(own) / 2);
	g_assert_cmpuint(id->data[8], ==, 0x74);
	g_assert_cmpuint(id->data[id->len - 1], ==, 0xef);
}

/* vCard */

static void
test_contact(void)
{
	static const char raw[] =
	    "Content-Type: text/vcard; charset=utf-8" CRLF CRLF
	    "BEGIN:VCARD" CRLF "VERSION:4.0" CRLF "FN:Anna Holm" CRLF
	    "N:Holm;Anna;Maria;Dr.;" CRLF "ORG:Klippe;Nets" CRLF
	    "EMAIL:second@example.org" CRLF "EMAIL;PREF=1:anna@example.org" CRLF
	    "TEL;TYPE=work:+47 1" CRLF "TEL;TYPE=\"work,fax\":+47 2" CRLF
	    "TEL;TYPE=cell;VALUE=uri:tel:+47-3" CRLF
	    "ADR;TYPE=home:;;Street 1;Town;Region;0123;Norway" CRLF
	    "BDAY:19850412" CRLF "NOTE:one\\ntwo" CRLF
	    "CATEGORIES:Friends,Work" CRLF
	    "PHOTO:data:image/png;base64,iVBORw0KGgo=" CRLF "END:VCARD" CRLF;
	struct fixture f;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstMessage) m = NULL;
	PstAttachment *a;
	const PstProps *p;
	guint64 time;
	guint32 nid;

	set_up(&f);
	nid = put(&f, raw, strlen(raw), PST_PLACE_CONTACTS);
	g_assert_cmpstr(f.remarks->str, ==, "PST_NO_DATE ");
	pst = finish(&f);
	g_assert_cmpint(pst_message_open(&m, pst, nid, NULL), ==, ST_OK);
	p = pst_message_props(m);
	expect_text(p, PST_P_MESSAGE_CLASS, "IPM.Contact");
	expect_text(p, PST_P_SUBJECT,
	    "\x01\x01"
	    "Anna Holm");
	expect_text(p, PST_P_DISPLAY_NAME, "Anna Holm");
	expect_text(p, 0x3a11, "Holm");
	expect_text(p, 0x3a06, "Anna");
	expect_text(p, 0x3a44, "Maria");
	expect_text(p, 0x3a16, "Klippe");
	expect_text(p, 0x3a18, "Nets");
	expect_text(p, 0x3a08, "+47 1");
	expect_text(p, 0x3a24, "+47 2");
	expect_text(p, 0x3a1c, "+47-3");
	expect_text(p, 0x3a5d, "Street 1");
	expect_text(p, 0x3a27, "Town");
	expect_text(p, PST_P_BODY, "one\r\ntwo");
	expect_text(p, named(pst, set_address, 0x8083), "anna@example.org");
	expect_text(p, named(pst, set_address, 0x8093), "second@example.org");
	expect_text(p, named(pst, set_address, 0x8082), "SMTP");
	expect_text(p, named(pst, set_address, 0x8005), "Holm, Anna");
	expect_text(p, named(pst, set_address, 0x801a),
	    "Street 1\r\nTown Region 0123\r\nNorway");
	g_assert_true(pst_props_int64(p, 0x3a42, &time));
	g_assert_cmpuint(time, ==, filetime("1985-04-12T11:59:00Z"));
	g_assert_cmpint(pst_message_next_attachment(m, &a, NULL), ==, ST_OK);
	expect_text(pst_attachment_props(a), PST_P_ATTACH_LONG_FILENAME,
	    "ContactPicture.png");
	pst_attachment_close(a);
	g_assert_cmpint(pst_message_next_attachment(m, &a, NULL), ==, ST_END);
	tear_down(&f);
}

/* A card that says more is kept besides; several are an address book. */
static void
test_contact_kept(void)
{
	static const struct {
		const char *cards, *class, *remarks;
		guint attachments;
	} cards[] = {
	    {"BEGIN:VCARD" CRLF "FN:a" CRLF "X-SKILL:juggling" CRLF
	     "END:VCARD" CRLF,
		"IPM.Contact", "PST_NO_DATE PST_CONTACT_KEPT ", 1},
	    {"BEGIN:VCARD" CRLF "FN:a" CRLF "END:VCARD" CRLF "BEGIN:VCARD" CRLF
	     "FN:b" CRLF "END:VCARD" CRLF,
		"IPM.Note", "PST_NO_DATE ", 1},
	    {"no card", "IPM.Note", "PST_NO_DATE PST_CONTACT_KEPT ", 1},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cards); i++) {
		g_autofree char *raw = g_strconcat(
		    "Content-Type: text/vcard" CRLF CRLF, cards[i].cards, NULL);
		struct fixture f;
		g_autoptr(Pst) pst = NULL;
		g_autoptr(PstMessage) m = NULL;
		PstAttachment *a;
		guint32 nid;
		guint n = 0;

		g_test_message("row %u", i);
		set_up(&f);
		nid = put(&f, raw, strlen(raw), PST_PLACE_CONTACTS);
		g_assert_cmpstr(f.remarks->str, ==, cards[i].remarks);
		pst = finish(&f);
		g_assert_cmpint(
		    pst_message_open(&m, pst, nid, NULL), ==, ST_OK);
		expect_text(
		    pst_message_props(m), PST_P_MESSAGE_CLASS, cards[i].class);
		while (pst_message_next_attachment(m, &a, NULL) == ST_OK) {
			pst_attachment_close(a);
			n++;
		}
		g_assert_cmpuint(n, ==, cards[i].attachments);
		tear_down(&f);
	}
}

static void
test_list(void)
{
	static const char raw[] =
	    "Content-Type: text/vcard" CRLF CRLF "BEGIN:VCARD" CRLF
	    "VERSION:4.0" CRLF "KIND:group" CRLF "FN:Friends" CRLF
	    "MEMBER;X-CN=Bob:mailto:bob@example.org" CRLF
	    "MEMBER:mailto:carl%2Bx@example.org" CRLF "END:VCARD" CRLF;
	struct fixture f;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstMessage) m = NULL;
	g_autoptr(GBytes) members = NULL;
	const PstProps *p;
	const struct pst_prop *prop;
	const guint8 *b;
	gsize len;
	guint32 nid, sum;

	set_up(&f);
	nid = put(&f, raw, strlen(raw), PST_PLACE_CONTACTS);
	pst = finish(&f);
	g_assert_cmpint(pst_message_open(&m, pst, nid, NULL), ==, ST_OK);
	p = pst_message_props(m);
	expect_text(p, PST_P_MESSAGE_CLASS, "IPM.DistList");
	expect_text(p, named(pst, set_address, 0x8053), "Friends");
	prop = pst_props_find(p, named(pst, set_address, 0x8055));
	g_assert_nonnull(prop);
	g_assert_cmpuint(prop->type, ==, PST_T_MV_BINARY);
	members = pst_props_bytes(p, prop->id);
	b = g_bytes_get_data(members, &len);
	g_assert_cmpuint(get_le32(b), ==, 2);
	g_assert_cmpuint(get_le32(b + 4), ==, 12);
	g_assert_nonnull(memmem(b, len, "c\0a\0r\0l\0+\0x\0@", 13));
	g_assert_true(pst_props_int(p, named(pst, set_address, 0x804c), &sum));
	g_assert_cmpuint(sum, !=, 0);
	tear_down(&f);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pst/items/meeting-request", test_request);
	g_test_add_func("/pst/items/meeting-methods", test_methods);
	g_test_add_func("/pst/items/recurrences", test_recurrences);
	g_test_add_func("/pst/items/exceptions", test_exceptions);
	g_test_add_func("/pst/items/task", test_task);
	g_test_add_func("/pst/items/bad-calendars", test_bad_calendars);
	g_test_add_func("/pst/items/global-id", test_global_id);
	g_test_add_func("/pst/items/contact", test_contact);
	g_test_add_func("/pst/items/contact-kept", test_contact_kept);
	g_test_add_func("/pst/items/list", test_list);
	return g_test_run();
}
