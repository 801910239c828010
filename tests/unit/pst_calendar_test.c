/*
 * pst: appointments, tasks and meetings as iCalendar, from files that the
 * writer made property by property, and from Outlook's own with MAILMIG_DATA.
 */
#include "pst/calendar-read.h"
#include "pst/format.h"
#include "pst/messaging-write.h"
#include "pst/mime-from-mapi.h"
#include "pst/recurrence-read.h"
#include "pst/timezone-read.h"

#include <glib/gstdio.h>
#include <string.h>

#define TAG(id, type) ((guint32)(id) << 16 | (type))
#define CRLF	      "\r\n"
#define DAY	      G_GINT64_CONSTANT(86400)

static void
le16(GByteArray *b, guint n)
{
	guint8 p[2] = {(guint8)n, (guint8)(n >> 8)};

	g_byte_array_append(b, p, 2);
}

static void
le32(GByteArray *b, guint32 n)
{
	le16(b, n & 0xffff);
	le16(b, n >> 16);
}

/* Minutes since 1601 of a day since 1970. */
static guint32
minutes(gint64 day)
{
	return (guint32)((day * DAY + G_GINT64_CONSTANT(11644473600)) / 60);
}

struct pattern {
	guint frequency, pattern, period;
	guint32 days, nth, end, count;
	const char *rule;
};

static GByteArray *
make_blob(const struct pattern *p, gint64 first, gint64 last, guint n_deleted,
    const gint64 *deleted)
{
	GByteArray *b = g_byte_array_new();

	le16(b, 0x3004);
	le16(b, 0x3004);
	le16(b, p->frequency);
	le16(b, p->pattern);
	le16(b, p->pattern >= 0xa ? 10 : 0);
	le32(b, 0);
	le32(b, p->period);
	le32(b, 0);
	if (p->pattern)
		le32(b, p->days);
	if (p->pattern == 3 || p->pattern == 0xb)
		le32(b, p->nth);
	le32(b, p->end);
	le32(b, p->count);
	le32(b, 1);
	le32(b, n_deleted);
	for (guint i = 0; i < n_deleted; i++)
		le32(b, minutes(deleted[i]));
	le32(b, 0);
	le32(b, minutes(first));
	le32(b, minutes(last));
	return b;
}

static void
test_rules(void)
{
	static const struct pattern rows[] = {
	    {0x200a, 0, 1440, 0, 0, 0x2023, 10, "FREQ=DAILY"},
	    {0x200a, 0, 4320, 0, 0, 0x2022, 10,
		"FREQ=DAILY;INTERVAL=3;COUNT=10"},
	    {0x200a, 1, 1, 0x3e, 0, 0x2023, 10,
		"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;WKST=MO"},
	    {0x200b, 1, 2, 0x41, 0, 0x2021, 10,
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,SA;WKST=MO;UNTIL=X"},
	    {0x200c, 2, 1, 15, 0, 0x2023, 10, "FREQ=MONTHLY;BYMONTHDAY=15"},
	    {0x200c, 2, 3, 31, 0, 0x2023, 10,
		"FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-1"},
	    {0x200c, 4, 1, 31, 0, 0xffffffff, 10, "FREQ=MONTHLY;BYMONTHDAY=-1"},
	    {0x200c, 3, 1, 0x04, 2, 0x2023, 10, "FREQ=MONTHLY;BYDAY=2TU"},
	    {0x200c, 3, 1, 0x3e, 5, 0x2023, 10,
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"},
	    {0x200d, 2, 12, 21, 0, 0x2023, 10,
		"FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=21"},
	    {0x200d, 3, 24, 0x10, 4, 0x2022, 5,
		"FREQ=YEARLY;INTERVAL=2;BYMONTH=11;BYDAY=4TH;COUNT=5"},
	    {0x200c, 0xa, 1, 1, 0, 0x2023, 10, NULL}, /* Hijri */
	    {0x2000, 0, 1440, 0, 0, 0x2023, 10, ""},  /* damaged */
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GByteArray) b =
		    make_blob(&rows[i], 20778, 20800, 0, NULL);
		g_auto(PstPattern) r = {0};
		g_autoptr(GString) rule = g_string_new(NULL);
		enum status st =
		    pst_pattern_read(&r, b->data, b->len, false, 1252, NULL);

		g_test_message("row %u", i);
		if (rows[i].rule && *rows[i].rule == '\0') {
			g_assert_cmpint(st, ==, ST_ITEM);
			continue;
		}
		g_assert_cmpint(st, ==, ST_OK);
		g_assert_cmpint(r.first_day, ==, 20778 * DAY);
		g_assert_true(
		    pst_pattern_rule(&r, "X", rule) == (rows[i].rule != NULL));
		if (rows[i].rule)
			g_assert_cmpstr(rule->str, ==, rows[i].rule);
		/* Cut anywhere: damaged, and never read beyond. */
		for (gsize n = 0; n < b->len; n++) {
			g_auto(PstPattern) cut = {0};
			g_autofree guint8 *copy = g_memdup2(b->data, n);

			g_assert_cmpint(
			    pst_pattern_read(&cut, copy, n, false, 1252, NULL),
			    ==, ST_ITEM);
		}
	}
}

/* Berlin: an hour east, two from the last Sunday in March to October's. */
static GByteArray *
berlin(void)
{
	GByteArray *b = g_byte_array_new();

	le32(b, (guint32)-60);
	le32(b, 0);
	le32(b, (guint32)-60);
	le16(b, 0);
	for (guint i = 0; i < 2; i++) {
		if (i == 1)
			le16(b, 0);
		le16(b, 0);
		le16(b, i == 0 ? 10 : 3);
		le16(b, 0);
		le16(b, 5);
		le16(b, i == 0 ? 3 : 2);
		le16(b, 0);
		le32(b, 0);
	}
	return b;
}

static void
test_zones(void)
{
	static const struct {
		gint64 utc;
		gint hours;
	} rows[] = {
	    {1774745999, 1},		      /* 2026-03-29 00:59:59 */
	    {1774746000, 2}, {1792889999, 2}, /* 2026-10-25 00:59:59 */
	    {1792890000, 1}, {1767225600, 1}, /* New Year */
	    {1782864000, 2},		      /* July */
	};
	g_autoptr(GByteArray) b = berlin();
	g_auto(PstZone) zone = {0};
	g_autoptr(GString) text = g_string_new(NULL);

	g_assert_false(pst_zone_from_struct(&zone, b->data, b->len - 1, NULL));
	g_assert_true(pst_zone_from_struct(&zone, b->data, b->len, "(UTC+1)"));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		gint64 local = rows[i].utc + 3600 * rows[i].hours;

		g_test_message("row %u", i);
		g_assert_cmpint(
		    pst_zone_to_local(&zone, rows[i].utc), ==, local);
		/* 02:59:59 is there twice in October; the first counts. */
		if (i != 3)
			g_assert_cmpint(
			    pst_zone_to_utc(&zone, local), ==, rows[i].utc);
	}
	pst_zone_write(&zone, text);
	g_assert_cmpstr(text->str, ==,
	    "BEGIN:VTIMEZONE" CRLF "TZID:(UTC+1)" CRLF "BEGIN:STANDARD" CRLF
	    "DTSTART:16011028T030000" CRLF "TZOFFSETFROM:+0200" CRLF
	    "TZOFFSETTO:+0100" CRLF
	    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU" CRLF "END:STANDARD" CRLF
	    "BEGIN:DAYLIGHT" CRLF "DTSTART:16010325T020000" CRLF
	    "TZOFFSETFROM:+0100" CRLF "TZOFFSETTO:+0200" CRLF
	    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU" CRLF "END:DAYLIGHT" CRLF
	    "END:VTIMEZONE" CRLF);
}

struct fixture {
	char *dir, *path;
	guint32 nid, folder;
	PstWriter *w;
	Pst *pst;
	char *text; /* of the message that was read */
	PstContent *content;
};

static void
set_up(struct fixture *f, gconstpointer data)
{
	struct pst_writer_params params = {.name = "x"};

	f->dir = g_dir_make_tmp("pst-calendar-XXXXXX", NULL);
	f->path = g_build_filename(f->dir, "x.pst", NULL);
	params.spool_dir = f->dir;
	g_assert_cmpint(
	    pst_writer_open(&f->w, f->path, &params, NULL), ==, ST_OK);
	pst_writer_folder(
	    f->w, PST_NID_TOP, "x", "IPF.Appointment", &f->folder, NULL);
	pst_writer_message(f->w, f->folder, NULL);
}

static void
tear_down(struct fixture *f, gconstpointer data)
{
	g_free(f->text);
	pst_content_free(f->content);
	pst_close(f->pst);
	g_unlink(f->path);
	g_rmdir(f->dir);
	g_free(f->path);
	g_free(f->dir);
}

static void
put_text(struct fixture *f, guint id, const char *text)
{
	pst_bag_text(
	    pst_writer_bag(f->w), TAG(id, PST_T_UNICODE), text, -1, 0, NULL);
}

static guint
id_of(struct fixture *f, const guint8 set[16], guint32 lid)
{
	return pst_writer_name(f->w, set, lid, NULL);
}

static void
put_time(struct fixture *f, const guint8 set[16], guint32 lid, gint64 utc)
{
	pst_bag_int64(pst_writer_bag(f->w), TAG(id_of(f, set, lid), PST_T_TIME),
	    pst_filetime(utc));
}

static void
put_number(struct fixture *f, const guint8 set[16], guint32 lid, guint32 n)
{
	pst_bag_int(
	    pst_writer_bag(f->w), TAG(id_of(f, set, lid), PST_T_INT32), n);
}

static void
put_bytes(
    struct fixture *f, const guint8 set[16], guint32 lid, const GByteArray *b)
{
	pst_bag_bytes(pst_writer_bag(f->w),
	    TAG(id_of(f, set, lid), PST_T_BINARY), b->data, b->len, NULL);
}

/* The message as it comes out, base64 parts decoded behind it. */
static const char *
read_back(struct fixture *f)
{
	g_autoptr(PstMessage) message = NULL;
	const struct pst_content *c;
	g_autofree guchar *ics = NULL;
	const char *begins;
	g_autofree char *raw = NULL;
	gsize got, n = 0;

	g_assert_cmpint(pst_writer_message_end(f->w, &f->nid, NULL), ==, ST_OK);
	g_assert_cmpint(pst_writer_finish(f->w, NULL), ==, ST_OK);
	g_clear_pointer(&f->w, pst_writer_close);
	g_assert_cmpint(pst_open(&f->pst, f->path, NULL), ==, ST_OK);
	g_assert_cmpint(
	    pst_message_open(&message, f->pst, f->nid, NULL), ==, ST_OK);
	f->content = pst_content_new(f->dir);
	g_assert_cmpint(
	    pst_content_read(f->content, f->pst, message, NULL), ==, ST_OK);
	c = pst_content_get(f->content);
	raw = g_malloc0((gsize)c->raw.len + 1);
	blob_read(&c->raw, 0, raw, (gsize)c->raw.len, &got, NULL);
	begins = strstr(raw, "QkVHSU46VkNBTEVOREFS"); /* BEGIN:VCALENDAR */
	g_assert_nonnull(begins);
	{
		g_autofree char *base64 =
		    g_strndup(begins, strcspn(begins, "-"));

		ics = g_base64_decode(base64, &n);
	}
	f->text = g_strdup_printf("%s\n%.*s", raw, (int)n, (char *)ics);
	return f->text;
}

static void
has_all(const char *text, const char *const *wants)
{
	g_autoptr(GRegex) fold = g_regex_new("\r\n ", 0, 0, NULL);
	g_autofree char *flat =
	    g_regex_replace_literal(fold, text, -1, 0, "", 0, NULL);

	for (; *wants; wants++) {
		if (!strstr(flat, *wants))
			g_test_message("%s", flat);
		g_test_message("want %s", *wants);
		g_assert_nonnull(strstr(flat, *wants));
	}
}

static void
test_event(struct fixture *f, gconstpointer data)
{
	static const struct pattern weekly = {
	    0x200b, 1, 1, 0x02, 0, 0x2021, 4, NULL};
	static const gint64 deleted[] = {20785, 20792};
	static const char *const wants[] = {"Content-Type: text/calendar;",
	    "SUMMARY:caf\xc3\xa9" CRLF, "BEGIN:VEVENT" CRLF "UID:my-id@x" CRLF,
	    "DESCRIPTION:one\\ntwo" CRLF, "CLASS:PRIVATE", "PRIORITY:1",
	    "TZID:Berlin", "DTSTART;TZID=Berlin:20261121T090000",
	    "DTEND;TZID=Berlin:20261121T103000",
	    "RRULE:FREQ=WEEKLY;BYDAY=MO;WKST=MO;UNTIL=20261213T080000Z",
	    "EXDATE;TZID=Berlin:20261128T090000" CRLF "LOCATION",
	    "LOCATION:Room\\, 7", "SEQUENCE:3",
	    "X-MICROSOFT-CDO-BUSYSTATUS:OOF", "TRIGGER:-PT30M",
	    /* The exception: of another day, with its own place. */
	    "RECURRENCE-ID;TZID=Berlin:20261205T090000",
	    "DTSTART;TZID=Berlin:20261206T100000", "SUMMARY:\xce\xb1\xce\xb2",
	    "X-MICROSOFT-CDO-BUSYSTATUS:FREE", NULL};
	static const guint8 goid[] = "\x04\0\0\0\x82\0\xe0\0\x74\xc5\xb7\x10"
				     "\x1a\x82\xe0\x08\0\0\0\0\0\0\0\0\0\0\0\0"
				     "\0\0\0\0\0\0\0\0\x14\0\0\0vCal-Uid\x01"
				     "\0\0\0my-id@x";
	const guint8 *app = pst_guid_appointment;
	g_autoptr(GByteArray) zone = berlin();
	g_autoptr(GByteArray) id = g_byte_array_new();
	g_autoptr(GByteArray) b = make_blob(&weekly, 20778, 20800, 2, deleted);
	const char *text;

	put_text(f, PST_P_MESSAGE_CLASS, "IPM.Appointment");
	put_text(f, PST_P_SUBJECT,
	    "\x01\x01\x63"
	    "af\xc3\xa9");
	put_text(f, PST_P_BODY, "one\r\ntwo");
	pst_bag_int(
	    pst_writer_bag(f->w), TAG(PST_P_SENSITIVITY, PST_T_INT32), 2);
	pst_bag_int(
	    pst_writer_bag(f->w), TAG(PST_P_IMPORTANCE, PST_T_INT32), 2);
	put_time(f, app, 0x820d, 20778 * DAY + 8 * 3600);
	put_time(f, app, 0x820e, 20778 * DAY + 9 * 3600 + 1800);
	put_bytes(f, app, 0x8233, zone);
	put_text(f, id_of(f, app, 0x8234), "Berlin");
	put_text(f, id_of(f, app, 0x8208), "Room, 7");
	put_number(f, app, 0x8201, 3);
	put_number(f, app, 0x8205, 3);
	put_number(f, pst_guid_common, 0x8503, 1);
	put_number(f, pst_guid_common, 0x8501, 30);
	g_byte_array_append(id, goid, sizeof goid);
	put_bytes(f, pst_guid_meeting, 0x23, id);
	/* Behind the pattern: times of day, one exception, its Unicode form. */
	le32(b, 0x3006);
	le32(b, 0x3008);
	le32(b, 540);
	le32(b, 630);
	le16(b, 1);
	le32(b, minutes(20793) + 600);
	le32(b, minutes(20793) + 660);
	le32(b, minutes(20792) + 540);
	le16(b, PST_EX_SUBJECT | PST_EX_BUSY);
	le16(b, 3);
	le16(b, 2);
	g_byte_array_append(b, (const guint8 *)"??", 2);
	le32(b, 0);
	le32(b, 0);
	le32(b, 0);
	le32(b, 0);
	le32(b, 0);
	le32(b, 0);
	le16(b, 2);
	le16(b, 0x3b1);
	le16(b, 0x3b2);
	le32(b, 0);
	put_bytes(f, app, 0x8216, b);
	text = read_back(f);
	has_all(text, wants);
	g_assert_null(strstr(text, "ORGANIZER"));
	g_assert_cmpint(pst_content_get(f->content)->lost->len, ==, 0);
}

static void
test_all_day(struct fixture *f, gconstpointer data)
{
	static const char *const wants[] = {"DTSTART;VALUE=DATE:20261121",
	    "DTEND;VALUE=DATE:20261122", "UID:x-mapi-search-key-", NULL};

	put_text(f, PST_P_MESSAGE_CLASS, "IPM.Appointment");
	/* Midnight in Berlin, which the file does not say. */
	put_time(f, pst_guid_appointment, 0x820d, 20778 * DAY - 3600);
	put_time(f, pst_guid_appointment, 0x820e, 20779 * DAY - 3600);
	put_number(f, pst_guid_appointment, 0x8215, 1);
	has_all(read_back(f), wants);
}

static void
test_task(struct fixture *f, gconstpointer data)
{
	static const struct pattern daily = {
	    0x200a, 0, 2880, 0, 0, 0x2022, 4, NULL};
	static const char *const wants[] = {"BEGIN:VTODO",
	    "DTSTART;VALUE=DATE:20261121", "DUE;VALUE=DATE:20261123",
	    "PERCENT-COMPLETE:50", "STATUS:IN-PROCESS",
	    "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=4",
	    "TRIGGER;VALUE=DATE-TIME:20261121T080000Z", NULL};
	g_autoptr(GByteArray) b = make_blob(&daily, 20778, 20800, 0, NULL);
	const guint8 *set = pst_guid_task;
	gdouble half = 0.5;
	guint64 bits;

	put_text(f, PST_P_MESSAGE_CLASS, "IPM.Task");
	put_time(f, set, 0x8104, 20778 * DAY);
	put_time(f, set, 0x8105, 20780 * DAY);
	put_number(f, set, 0x8101, 1);
	memcpy(&bits, &half, 8);
	pst_bag_int64(
	    pst_writer_bag(f->w), TAG(id_of(f, set, 0x8102), 0x0005), bits);
	put_number(f, set, 0x8126, 1);
	put_bytes(f, set, 0x8116, b);
	put_number(f, pst_guid_common, 0x8503, 1);
	put_time(f, pst_guid_common, 0x8502, 20778 * DAY + 8 * 3600);
	has_all(read_back(f), wants);
}

/* A request: mail with its text, and the calendar with a method beside it. */
static void
test_meeting(struct fixture *f, gconstpointer data)
{
	static const char *const wants[] = {"X-Kept: yes" CRLF,
	    "Content-Type: multipart/mixed;", "please come",
	    "Content-Type: text/calendar; charset=\"utf-8\"; method=REQUEST",
	    "METHOD:REQUEST", "DTSTART:20261121T080000Z",
	    "ORGANIZER;CN=Boss:mailto:boss@example.org",
	    "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;"
	    "CN=Anna:mailto:anna@example.org",
	    "ATTENDEE;CUTYPE=RESOURCE;ROLE=NON-PARTICIPANT;", NULL};
	struct pst_recipient to = {PST_TO, "Anna", "SMTP", "anna@example.org"};
	struct pst_recipient room = {PST_BCC, "Room", "SMTP", "r@example.org"};

	put_text(f, PST_P_MESSAGE_CLASS, "IPM.Schedule.Meeting.Request");
	put_text(f, PST_P_TRANSPORT_HEADERS,
	    "From: Boss <boss@example.org>" CRLF "X-Kept: yes" CRLF
	    "Content-Type: text/x-old" CRLF CRLF);
	put_text(f, PST_P_REPRESENTING_NAME, "Boss");
	put_text(f, PST_P_REPRESENTING_SMTP, "boss@example.org");
	put_text(f, PST_P_BODY, "please come");
	pst_writer_recipient(f->w, &to, NULL);
	pst_writer_recipient(f->w, &room, NULL);
	put_time(f, pst_guid_appointment, 0x820d, 20778 * DAY + 8 * 3600);
	put_time(f, pst_guid_appointment, 0x820e, 20778 * DAY + 9 * 3600);
	has_all(read_back(f), wants);
	g_assert_null(strstr(f->text, "x-old"));
}

/* Outlook's own: every Tuesday, one left out, two moved, each with its text. */
static void
test_sample(struct fixture *f, gconstpointer data)
{
	static const char *const wants[] = {
	    "RRULE:FREQ=WEEKLY;BYDAY=TU;WKST=SU",
	    "EXDATE;TZID=Pacific Standard Time:20160809T080000",
	    "DTSTART;TZID=Pacific Standard Time:20160823T090000",
	    "DESCRIPTION:This is the appointment at 9",
	    "DTSTART;TZID=Pacific Standard Time:20160830T100000",
	    "DESCRIPTION:This is the one at 10", NULL};
	const char *dir = g_getenv("MAILMIG_DATA");
	g_autofree char *path =
	    g_build_filename(dir ? dir : "", "pst", "dist-list.pst", NULL);
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstMessage) message = NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);
	struct envelope e;

	g_clear_pointer(&f->w, pst_writer_close);
	if (dir == NULL) {
		g_test_skip("MAILMIG_DATA is not set");
		return;
	}
	envelope_init(&e);
	g_assert_cmpint(pst_open(&pst, path, NULL), ==, ST_OK);
	g_assert_cmpint(
	    pst_message_open(&message, pst, 0x2000c4, NULL), ==, ST_OK);
	g_assert_true(pst_calendar_read(pst, message, &e, out, lost));
	has_all(out->str, wants);
	g_assert_cmpint(lost->len, ==, 0);
	envelope_clear(&e);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(struct fixture *f, gconstpointer data);
	} tests[] = {
	    {"/pst/calendar/event", test_event},
	    {"/pst/calendar/all-day", test_all_day},
	    {"/pst/calendar/task", test_task},
	    {"/pst/calendar/meeting", test_meeting},
	    {"/pst/calendar/sample", test_sample},
	};

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pst/calendar/rules", test_rules);
	g_test_add_func("/pst/calendar/zones", test_zones);
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].name, struct fixture, NULL, set_up,
		    tests[i].test, tear_down);
	return g_test_run();
}
