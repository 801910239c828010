/* Calendar files in migration files as items (doc/spec/migration-files.md
 * 10.5, 11.4). */
#include "iff_set.h"

static const char sc2[] =
    "SCHEDULE+2 EXPORT VERSION 103\r\n"
    "SingleAppointments:\r\n{\r\nText: \"caf\xe9\"\r\n"
    "Start: 3-9-1998 09:00\r\nEnd: 3-9-1998 10:00\r\n}\r\n"
    "SingleAppointments:\r\n{\r\nText: \"caf\xe9\"\r\n"
    "Start: 3-9-1998 09:00\r\nEnd: 3-9-1998 10:00\r\n}\r\n"
    "Projects:\r\n{\r\nText: \"p\"\r\n}\r\n"
    "SingleTasks:\r\n{\r\nText: \"paint\"\r\n}\r\n"
    "Contacts:\r\n{\r\nFirstName: \"Ann\"\r\nLastName: \"Ro\"\r\n}\r\n"
    "SingleEvents:\r\n{\r\nText: \"no date\"\r\n}\r\n";

/* text: the body before the calendar file. */
static char *
read_set(const char *text, const char *options, bool keys)
{
	static const char pkl[] =
	    "1252\r\n\r\nFilename,Filetype\r\nA.PRI,Primary\r\n"
	    "A.SEC,Secondary\r\n";
	static const char head[] =
	    "Type,Length,Encoding,Islast,Name,Position,Format\r\n";
	struct set_run run = {.options = options, .keys = keys};
	char *dir = set_dir_new(), *out;
	g_autofree char *pri = g_strdup_printf(
	    "MAILMESSAGE,HOST:ANN\r\n"
	    "Folder,Sender,To,Cc,Bcc,Subject,Send-Date,Received-Date,Priority,"
	    "Unread,Unsent,Body\r\n"
	    ",Ann,,,,Migrated Calendar Information,19980401120000,,,,,"
	    "#A.SEC(%zu)\r\n"
	    ",Ann,,,,after,19980401120000,,,,,\r\n",
	    sizeof head - 1);
	g_autofree char *sec = g_strdup_printf(
	    "%sBody,%zu,,FALSE,,,\r\n%s\r\nSchedule,%zu,,TRUE,c.sc2,-1,\r\n"
	    "%s\r\n",
	    head, strlen(text), text, sizeof sc2 - 1, sc2);

	set_write(dir, "A.PKL", pkl, -1);
	set_write(dir, "A.PRI", pri, -1);
	set_write(dir, "A.SEC", sec, -1);
	out = set_read(dir, &run);
	set_dir_remove(dir);
	g_free(dir);
	return out;
}

static void
has(const char *text, const char *want)
{
	bool no = *want == '!';

	if ((strstr(text, want + no) != NULL) == no)
		g_test_fail_printf("\"%s\" in:\n%s", want, text);
}

static void
items(void)
{
	static const char *const wants[] = {"folder Calendar calendar "
					    "IPF.Appointment\n",
	    "folder Tasks tasks IPF.Task\n",
	    "message Calendar received=1998-04-01T12:00:00+00:00 flags=S "
	    "class=IPM.Appointment "
	    "raw=From: Ann:;",
	    "Content-Type: text/calendar; charset=\"utf-8\"",
	    "message Tasks received=1998-04-01T12:00:00+00:00 flags=S "
	    "class=IPM.Task",
	    "BEGIN:VTODO", "SUMMARY:paint",
	    "entry unsendable Display-Name=Ann Ro First=Ann Last=Ro",
	    "E calendar item \"no date\" A.PRI:3 LOST", "W SC2_LOST",
	    "end Calendar 3 0\n", "end Tasks 1 0\n", "end INBOX 1 0\n",
	    "subject=after", "!Migrated Calendar", "!schedule"};
	g_autofree char *out = read_set("", "calendar=items", true);

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++)
		has(out, wants[i]);
}

/* A text of the sender's own is no instruction: the message stays. */
static void
with_text(void)
{
	g_autofree char *out = read_set("See below.", "calendar=items", false);

	has(out, "[text:See below.] [schedule c.sc2");
	has(out, "end Calendar 3 0\n");
	has(out, "end INBOX 2 0\n");
}

static void
both(void)
{
	g_autofree char *out = read_set("", "calendar=both", false);

	has(out, "[schedule c.sc2");
	has(out, "[text:The calendar of this mailbox");
	has(out, "end Calendar 3 0\n");
}

static void
file(void)
{
	g_autofree char *out = read_set("", "calendar=file", false);

	has(out, "[schedule c.sc2");
	has(out, "!Calendar 3");
	has(out, "end INBOX 2 0\n");
}

/* The message with the file, and what any calendar program opens. */
static void
ics(void)
{
	g_autofree char *out = read_set("", "calendar=ics", false);

	has(out, "[schedule c.sc2");
	has(out, "[file calendar.ics type=text/calendar:BEGIN:VCALENDAR");
	has(out, "SUMMARY:caf\xc3\xa9");
	has(out, "BEGIN:VTODO");
	has(out, "W SC2_LOST");
	has(out, "!folder Calendar");
	has(out, "end INBOX 2 0\n");
}

int
main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/kb/Q200250/items", items);
	g_test_add_func("/kb/Q201421/with-text", with_text);
	g_test_add_func("/sc2/both", both);
	g_test_add_func("/sc2/file", file);
	g_test_add_func("/sc2/ics", ics);
	return g_test_run();
}
