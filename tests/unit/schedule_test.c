/* Calendar files: a tree as text, and what is said of damage. */
#include "iff/schedule.h"

#include <string.h>

#define H "SCHEDULE+2 EXPORT VERSION 103\r\n"

static const struct {
	const char *name, *text, *tree, *said;
	guint page; /* 0: 1252 */
	bool undouble;
} rows[] = {
	/* spec/migration-files.md 16.4 */
	{ "/sc2/example",
	    H "SingleAppointments:\r\n{\r\n    Text: \"Say \\\"hi\\\"\"\r\n"
	      "    Start: 3-9-1998 09:00\r\n    End: 03-09-1998 10:00\r\n}\r\n",
	    "SingleAppointments{Text=\"Say \"hi\"\" Start=1998-03-09,09:00 "
	    "End=1998-03-09,10:00 }", "" },
	{ "/sc2/values",
	    H "RecurringTasks:\r\n{\r\nPriority:\t8243\r\nRing:  T\r\n"
	      "BeforeEnd: F\r\nStartRecurringTime: 9:05\r\nX: -1\r\n"
	      "StartDate: 12-31-2003\r\n}\r\nProjects:\r\n\r\n{\r\n}",
	    "RecurringTasks{Priority=8243 Ring=T BeforeEnd=F "
	    "StartRecurringTime=09:05 X=-1 StartDate=2003-12-31 }Projects{}",
	    "" },
	{ "/sc2/nested",
	    H "RecurringAppointments:\r\n{\r\nText: \"a\"\r\nExceptions:\r\n"
	      "{\r\nInstanceDate: 1-2-1998\r\nDeleted: T\r\n}\r\nExceptions:"
	      "\r\n{\r\nDeleted: F\r\nAttendees:\r\n{\r\nUserWell: 1\r\n}\r\n"
	      "}\r\nNotes: \"b\"\r\n}\r\n",
	    "RecurringAppointments{Text=\"a\" Notes=\"b\" Exceptions{"
	    "InstanceDate=1998-01-02 Deleted=T }Exceptions{Deleted=F "
	    "Attendees{UserWell=1 }}}", "" },
	/* a continued line, a line break, a continued one once more */
	{ "/sc2/continued",
	    H "SingleTasks:\r\n{\r\nNotes: \"one \\\r\ntwo\\\r\n\\\r\nthree\""
	      "\r\n}\r\n",
	    "SingleTasks{Notes=\"one two|three\" }", "" },
	/* 5C is half of a character */
	{ "/sc2/double-byte",
	    H "SingleTasks:\r\n{\r\nText: \"\x95\x5c\"\r\nNotes: \"\x83\x5c"
	      "\"\r\n}\r\n",
	    "SingleTasks{Text=\"\xe8\xa1\xa8\" Notes=\"\xe3\x82\xbd\" }", "",
	    932 },
	{ "/sc2/no-heading", "SingleTasks:\n{\nText: \"x\"\n}\n",
	    "SingleTasks{Text=\"x\" }", "SYNTAX 1(0) " },
	{ "/sc2/empty", "", "", "SYNTAX 0(0) " },
	{ "/sc2/loose",
	    H "loose\r\n}\r\nA: 1\r\n{\r\nText: \"x\"\r\n}\r\nB:\r\nC:\r\n{\r\n"
	      "no property\r\nRing: maybe\r\nWhere:\r\n}\r\nD:\r\n{\r\n"
	      "Text: \"y\"\r\n",
	    "{Text=\"x\" }C{Ring=?maybe Where= }D{Text=\"y\" }",
	    "SYNTAX 2(31) SYNTAX 3(38) SYNTAX 4(41) SYNTAX 5(47) "
	    "SYNTAX 9(68) SYNTAX 11(75) SYNTAX 12(88) SYNTAX 14(109) "
	    "SYNTAX 17(119) " },
	{ "/sc2/bad-date",
	    H "SingleEvents:\r\n{\r\nStartDate: 2-29-1999\r\n"
	      "EndDate: 2-29-2000\r\nStart: 13-1-1999 09:00\r\n"
	      "End: 1-1-1999 24:00\r\n}\r\n",
	    "SingleEvents{StartDate=none EndDate=2000-02-29 Start=none "
	    "End=none }",
	    "BAD_DATE 4(49) BAD_DATE 6(91) BAD_DATE 7(115) " },
	/* backslashes are kept, or made single on request; a quotation mark
	 * that is not escaped; a binary value over two lines */
	{ "/kb/Q273356/doubled",
	    H "SingleAppointments:\r\n{\r\n\tText:  \"\\\\\\\\server\\\\share\""
	      "\r\n}\r\n",
	    "SingleAppointments{Text=\"\\\\\\\\server\\\\share\" }", "" },
	{ "/kb/Q273356/undoubled",
	    H "SingleAppointments:\r\n{\r\n\tText:  \"\\\\\\\\server\\\\share\""
	      "\r\n}\r\n",
	    "SingleAppointments{Text=\"\\\\server\\share\" }", "", 0, true },
	{ "/kb/Q273356/quotes",
	    H "SingleAppointments:\r\n{\r\n\tText:  \"test \"x\" 2\"\r\nloose"
	      "\r\n\tBusyType: 1\r\n}\r\n",
	    "SingleAppointments{Text=\"test \"x\" 2\" BusyType=1 }",
	    "SYNTAX 4(55) SYNTAX 5(77) " },
	{ "/kb/Q273356/attendee",
	    H "SingleAppointments:\r\n{\r\n   Attendees:\r\n   {\r\n"
	      "\tUserEntryID:  \"00/2B/00First\\ \r\n         /20Last/00\"\r\n"
	      "\tIsUserDistributionList: F\r\n   }\r\n}\r\n",
	    "SingleAppointments{Attendees{UserEntryID=\"00/2B/00First"
	    "         /20Last/00\" IsUserDistributionList=F }}", "" },
	/* the subject swallowed the notes */
	{ "/kb/Q235699/subject",
	    H "SingleAppointments:\r\n{\r\nText: \"Budget\r\nNotes: \"bring "
	      "it\"\r\nRing: F\r\n}\r\n",
	    "SingleAppointments{Text=\"Budget\" Notes=\"bring it\" Ring=F }",
	    "SYNTAX 4(55) " },
	{ "/kb/Q235699/object",
	    H "SingleTasks:\r\n{\r\nText: \"a\r\n}\r\nSingleTasks:\r\n{\r\n"
	      "Text: \"b\r\nFrom: c\"\r\n}\r\n",
	    "SingleTasks{Text=\"a\" }SingleTasks{Text=\"b|From: c\" }",
	    "SYNTAX 4(48) SYNTAX 8(78) " },
	{ "/kb/Q195852/value-on-the-following-line",
	    H "SingleAppointments:\r\n{\r\n   Start: 09-10-1998 11:20\r\n"
	      "   Ring: T\r\n   BusyType:   1\r\n   Text: \"app\"\r\n   Notes:"
	      "\r\n    \"-----From: admin-----To: admin\"\r\n}\r\n",
	    "SingleAppointments{Start=1998-09-10,11:20 Ring=T BusyType=1 "
	    "Text=\"app\" Notes=\"-----From: admin-----To: admin\" }", "" },
	{ "/kb/885455/no-end",
	    H "RecurringAppointments:\r\n{\r\nStartRecurringDate: 01-05-2004"
	      "\r\nEndRecurringDate: 65535-65535-65535\r\n}\r\n",
	    "RecurringAppointments{StartRecurringDate=2004-01-05 "
	    "EndRecurringDate=none }", "BAD_DATE 5(90) " },
};

static void
show(const struct schedule_object *object, GString *out)
{
	g_string_append_printf(out, "%s{", object->kind);
	for (guint i = 0; i < object->properties->len; i++) {
		const struct schedule_property *p = &g_array_index(
		    object->properties, struct schedule_property, i);

		g_string_append_printf(out, "%s=", p->name);
		switch (p->type) {
		case SCHEDULE_EMPTY:
			break;
		case SCHEDULE_STRING:
			g_string_append_printf(out, "\"%s\"", p->text);
			break;
		case SCHEDULE_NUMBER:
			g_string_append_printf(out, "%" G_GINT64_FORMAT,
			    p->number);
			break;
		case SCHEDULE_BOOL:
			g_string_append(out, p->number ? "T" : "F");
			break;
		case SCHEDULE_MOMENT:
			if (p->has_date)
				g_string_append_printf(out, "%04u-%02u-%02u%s",
				    p->year, p->month, p->day,
				    p->has_time ? "," : "");
			if (p->has_time)
				g_string_append_printf(out, "%02u:%02u",
				    p->hour, p->minute);
			break;
		case SCHEDULE_NO_DATE:
			g_string_append(out, "none");
			break;
		case SCHEDULE_OTHER:
			g_string_append_printf(out, "?%s", p->text);
			break;
		}
		g_string_append_c(out, ' ');
	}
	for (guint i = 0; i < object->objects->len; i++)
		show(object->objects->pdata[i], out);
	g_string_append_c(out, '}');
}

static void
say(void *ctx, enum diag_code code, gint64 line, gint64 offset,
    const char *text)
{
	g_assert_cmpstr(text, !=, "");
	g_string_append_printf(ctx,
	    "%s %" G_GINT64_FORMAT "(%" G_GINT64_FORMAT ") ",
	    diag_table[code].name + 4, line, offset);
}

static void
test_row(const void *data)
{
	guint i = GPOINTER_TO_UINT(data);
	struct blob blob = blob_from_mem(rows[i].text, strlen(rows[i].text));
	g_autoptr(GString) tree = g_string_new(NULL);
	g_autoptr(GString) said = g_string_new(NULL);
	g_autoptr(Codepage) page = NULL;
	g_autoptr(Schedule) schedule = NULL;
	const struct schedule_object *object;
	enum status st;

	codepage_open(&page, rows[i].page ? rows[i].page : 1252, NULL);
	schedule = schedule_new(&blob, page, rows[i].undouble, say, said);
	while ((st = schedule_next(schedule, &object, NULL)) == ST_OK)
		show(object, tree);
	g_assert_cmpint(st, ==, ST_END);
	g_strdelimit(tree->str, "\n", '|');
	g_assert_cmpstr(tree->str, ==, rows[i].tree);
	g_assert_cmpstr(said->str, ==, rows[i].said);
}

/* One object more than the limits allow costs its own tail, nothing else. */
static void
test_limits(void)
{
	g_autoptr(GString) text = g_string_new(H "SingleTasks:\n{\n");
	g_autoptr(GString) said = g_string_new(NULL);
	g_autoptr(Codepage) page = NULL;
	g_autoptr(Schedule) schedule = NULL;
	const struct schedule_object *object;
	struct blob blob;

	for (int i = 0; i < SCHEDULE_PARTS_MAX + 5; i++)
		g_string_append(text, "A: 1\n");
	g_string_append(text, "}\nDeep:\n{\n");
	for (int i = 0; i < SCHEDULE_DEPTH_MAX + 5; i++)
		g_string_append(text, "Exceptions:\n{\n");
	for (int i = 0; i < SCHEDULE_DEPTH_MAX + 5; i++)
		g_string_append(text, "}\n");
	g_string_append(text, "}\nLong:\n{\nText: \"");
	for (int i = 0; i < 3 * SCHEDULE_VALUE_MAX; i++)
		g_string_append(text, i % 70 ? "x" : "\\\n");
	g_string_append(text, "\"\nB: 2\n}\n");
	codepage_open(&page, 1252, NULL);
	blob = blob_from_mem(text->str, text->len);
	schedule = schedule_new(&blob, page, false, say, said);
	g_assert_cmpint(schedule_next(schedule, &object, NULL), ==, ST_OK);
	g_assert_cmpuint(object->properties->len, ==, SCHEDULE_PARTS_MAX);
	g_assert_cmpint(schedule_next(schedule, &object, NULL), ==, ST_OK);
	g_assert_cmpstr(object->kind, ==, "Deep");
	g_assert_cmpint(schedule_next(schedule, &object, NULL), ==, ST_OK);
	g_assert_cmpstr(object->kind, ==, "Long");
	g_assert_cmpuint(strlen(schedule_get(object, "text")->text), <=,
	    SCHEDULE_VALUE_MAX + 80);
	g_assert_cmpint(schedule_get(object, "b")->number, ==, 2);
	g_assert_cmpint(schedule_next(schedule, &object, NULL), ==, ST_END);
	g_assert_true(g_str_has_prefix(said->str, "SYNTAX 20004("));
}

static void
test_bytes(void)
{
	static const struct {
		const char *text, *hex;
		bool good;
	} cases[] = {
		{ "/00a/2F9", "00612f39", true },
		{ "NOTES/3A\n  X/00", "4e4f5445533a5800", true },
		{ "a-b", "61", false },
		{ "a/0", "61", false },
		{ "", "", true },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		g_autoptr(GString) hex = g_string_new(NULL);

		g_assert_true(schedule_bytes(cases[i].text, bytes)
		    == cases[i].good);
		for (guint j = 0; j < bytes->len; j++)
			g_string_append_printf(hex, "%02x", bytes->data[j]);
		g_assert_cmpstr(hex->str, ==, cases[i].hex);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_test_add_data_func(rows[i].name, GUINT_TO_POINTER(i),
		    test_row);
	g_test_add_func("/sc2/limits", test_limits);
	g_test_add_func("/sc2/bytes", test_bytes);
	return g_test_run();
}
