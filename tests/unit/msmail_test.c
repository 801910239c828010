/*
 * Microsoft Mail. The message of Q103801, the listing lines of Q99419 and the
 * mailbag record of Q108027 are as those articles print them; the rest is made
 * here after the fact of doc/spec/msmail.md that its comment names.
 */
#include "msmail/address.h"
#include "msmail/office.h"
#include "old_mail.h"
#include "source/msmail.h"

#define NL  "\r\n"
#define UTC "msmail:%s?zone=0"
#define TOP                                                                    \
	"VERSION:3.00" NL "FROM:N/P/ann" NL "TO:N/P/bo" NL                     \
	"DATE:1996-02-29" NL "TIME:23:44" NL

/* 291 octets, as its line says. */
#define CONFIG                                                                 \
	"DEVICE=C:\\WIN\\HIMEM.SYS" NL "DOS=HIGH,UMB" NL "FILES=35" NL           \
	"BUFFERS=20" NL "LASTDRIVE=Z" NL NL                                    \
	"DEVICE=C:\\WIN\\EMM386.EXE NoEMS x=d800-dfff" NL                        \
	"devicehigh=c:\\dos\\ansi.sys" NL NL "STACKS=9,256" NL "FCBS=20,0" NL NL \
	"device=C:\\WIN\\protman.dos /i:C:\\WIN" NL                              \
	"device=C:\\WIN\\workgrp.sys" NL "device=C:\\WIN\\ubnei.dos" NL           \
	"device=C:\\WIN\\ubxps.dos" NL
G_STATIC_ASSERT(sizeof CONFIG - 1 == 291);

/* Q108027: 116 octets. */
static const char mailbag[] =
    "\x00\x00Martian\0\0\0\0This is the subject\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0\0\0\0\0\0\0\x19\0\x10\0\x08\0\x0a\0\xc9\x07\0"
    "00000062\0\0\0\x28\x02\0\0\0\0\0\0\0\0\x18\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0\0\0\x98\xc9\x5b\0\0\0\0";
G_STATIC_ASSERT(sizeof mailbag == 116);

static const struct old_row rows[] = {
    /* Its TEXT of 152 is not the text that is printed; the attachment is. */
    {"/kb/Q103801/as-printed", UTC,
	{{"A.MSG",
	    "VERSION:3.00" NL "TO:CSI:COMPANY/DEPT/jsmith" NL
	    "FROM:CSI:COMPANY/DEPT/sjones" NL "DATE:1992-11-29" NL
	    "TIME:23:44" NL "SUBJECT:Automatic File Transfer (1 files)" NL
	    "PRIORITY:F" NL "ATTACHMENT:config.sys 291" NL "TEXT:152" NL
	    "Automatic File Transfer" NL "-----------------------" NL NL
	    "   Use Attachments/Save or FFAPI AppGet -w to save." NL NL
	    "Attached files:" NL "---------------" NL NL
	    "   config.sys" NL CONFIG,
	    -1}},
	{"from=sjones<MS:COMPANY/DEPT/sjones>",
	    "to=jsmith<MS:COMPANY/DEPT/jsmith>", "sent=1992-11-29T23:44",
	    "subject=Automatic File Transfer (1 files)", "headers=22",
	    "config.sys\\r\\n] [file config.sys:DEVICE=C:\\WIN\\HIMEM.SYS", "device=C:\\WIN\\ubxps.dos\\r\\n]",
	    "W MS_TRUNCATED", "end INBOX 1 0"}},
    {"/msmail/mmff/attachment-exact", UTC,
	{{"A.MSG", TOP "ATTACHMENT:config.sys 291" NL "TEXT:4" NL "hi" NL CONFIG,
	    -1}},
	{"[text:hi\\r\\n] [file config.sys:DEVICE=C:\\WIN\\HIMEM.SYS\\r\\n",
	    "!W MS_"}},
    /* 6.1: several messages, both spellings, a VERSION line inside of them */
    {"/msmail/mmff/two", UTC,
	{{"A.MSG",
	    TOP "ATTACHMENTS:a b.txt 3" NL "ATTACHMENT:c 16" NL "TEXT:5" NL
	    "one" NL "xyzVERSION:3.00" NL "!Q"
	    "VERSION:3.00" NL "from:SMTP:ann@example.org" NL
	    "TO:FAX:Bo^0DOslo^0D4711^0D" NL "CC:x400:c=NO;a= ;s=Bo" NL
	    "PRIORITY:5" NL "TEXT:3" NL "two",
	    -1}},
	{"[text:one\\r\\n] [file a b.txt:xyz] [file c:VERSION:3.00\\r\\n!Q",
	    "from=-<SMTP:ann@example.org>", "to=Bo Oslo 4711<FAX:Bo Oslo 4711>",
	    "cc=c=NO;a= ;s=Bo<X400:c=NO;a= ;s=Bo>", "priority=1",
	    "W MS_BAD_DATE", "[text:two]", "end INBOX 2 0"}},
    /* Q85055: CR alone is what is written by default */
    {"/kb/Q85055/line-ends/cr", UTC,
	{{"A.MSG", "VERSION:3.00\rFROM:N/P/a\rSUBJECT:s\rTEXT:6\ra\rb\rcd", -1}},
	{"subject=s", "[text:a\\r\\nb\\r\\ncd]"}},
    {"/kb/Q85055/line-ends/lf", UTC,
	{{"A.MSG", "VERSION:3.00\nFROM:N/P/a\nSUBJECT:s\nTEXT:4\na\nb\n", -1}},
	{"subject=s", "[text:a\\r\\nb\\r\\n]"}},
    {"/kb/Q147034/ext", UTC,
	{{"A.MSG", TOP "EXT:I:3:HEADLEN" NL "9" NL "TEXT:1" NL "x", -1}},
	{"[text:x] headers=", "!W MS_"}},
    {"/msmail/mmff/count-lies", UTC,
	{{"A.MSG",
	    TOP "ATTACHMENT:a 99999999999" NL "TEXT:2" NL "hi" NL TOP
		"TEXT:999" NL "rest" NL,
	    -1}},
	{"W MS_BAD_COUNT", "[text:hi] [file a:\\r\\n]", "W MS_TRUNCATED",
	    "[text:rest\\r\\n]", "end INBOX 2 0"}},
    {"/msmail/mmff/outside", UTC,
	{{"A.MSG", TOP "XATTACH:C:\\X.DAT" NL "TEXT:1" NL "x", -1}},
	{"W MS_OUTSIDE", "[text:x]"}},
    {"/kb/Q176397/attachment-names", UTC,
	{{"A.MSG",
	    TOP "ATTACHMENT:C:\\DIR\\long name of a file.document 1" NL
		"ATTACHMENT: 1" NL "TEXT:0" NL "ab",
	    -1}},
	{"[file long name of a file.document:a]", "[file attachment2.bin:b]"}},
    {"/kb/Q174153/codepage", UTC "&codepage=866",
	{{"A.MSG", TOP "SUBJECT:\x8f\xe0\xa8\xa2\xa5\xe2" NL "TEXT:0" NL, -1}},
	{"subject=\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"}},
    /* 11.1: a directory for each user, or a file */
    {"/msmail/directories", UTC "&post-office=NORTH/PO2",
	{{"bo/1.MSG", TOP "TEXT:1" NL "x", -1},
	    {"bo/2.MSG", TOP "TEXT:1" NL "y", -1},
	    {"ann.msg", TOP "TEXT:1" NL "z", -1}, {"README", "x", -1}},
	{"== MS:NORTH/PO2/bo\n", "== MS:NORTH/PO2/ann\n", "end INBOX 2 0",
	    "end INBOX 1 0"}},
    /* the listing of a post office; its text is not claimed */
    {"/kb/Q108027/mailbag", UTC,
	{{"GLB/MASTER.GLB", "short", -1}, {"MBG/00000012.MBG", mailbag, 116},
	    {"NME/ADMIN.NME",
		"\0\1Martin Ian\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		"\0\0\0\0\x12\0\0",
		45}},
	{"== Martin Ian (00000012)",
	    "lost: msmail: Martin Ian (00000012): message 00000062 from "
	    "Martian, \"This is the subject\": nobody has described",
	    "W MS_OFFICE: GLB/MASTER.GLB", "GLB/ACCESS.GLB (users: settings) is "
					   "not there",
	    "end INBOX 1 0"}},
    {"/msmail/nothing", UTC, {{"x", "y", -1}}, {"refused: msmail: no file"}},
};

static void
row(gconstpointer data)
{
	old_check(&source_msmail_driver, data);
}

static void
check_with(const char *name, const char *text, const char *option,
    const char *const *wants)
{
	g_autofree char *dir = set_dir_new(), *spool = set_dir_new();
	g_autofree char *address = g_strdup_printf(
	    "msmail:%%s?zone=0&post-office=NORTH/PO2&%s=%s/%s", option, spool,
	    name);
	g_autofree char *out = NULL;
	struct old_file list = {name, text, -1};
	struct old_file mail = {"IDUARTE/1.MSG", TOP "TEXT:1" NL "x", -1};

	old_write(spool, &list);
	old_write(dir, &mail);
	out = old_read(&source_msmail_driver, address, dir, spool);
	for (guint i = 0; wants[i]; i++)
		if ((strstr(out, wants[i] + (*wants[i] == '!')) != NULL) ==
		    (*wants[i] == '!'))
			g_test_fail_printf("\"%s\" in:\n%s", wants[i], out);
	set_dir_remove(dir);
	set_dir_remove(spool);
}

/* wizard.md 6.2; the second step finds the mailbox by the proxy (Q182665). */
static void
users(void)
{
	static const char list[] =
	    "Postoffice,NORTH/PO2\r\nsecond line\r\n"
	    "SFS_UserName,SFS_FullName,MigrateUser,Obj-Class,Mode,Common-Name,"
	    "Display-Name,Given-Name,Surname,Home-Server,Comment,"
	    "Assoc-NT-Account\r\n"
	    "iduarte,Ines Duarte,Y,mailbox,create,iduarte,Ines Duarte,Ines,"
	    "Duarte,~SERVER,,\r\n"
	    "left,Left Out,N,mailbox,create,left,Left Out,,,~SERVER,,\r\n"
	    "nomail,No Mail,Y,mailbox,,nomail,No Mail,,,~SERVER,,\r\n";
	static const char *const wants[] = {"== (directory) nobody\nmailbox ",
	    "Secondary-Proxy-Addresses=MIGRATE:MS:NORTH/PO2/iduarte "
	    "Common-Name=iduarte Display-Name=Ines Duarte Given-Name=Ines "
	    "Surname=Duarte Home-Server=~SERVER",
	    "== MS:NORTH/PO2/iduarte\nfolder INBOX inbox\nmessage INBOX",
	    "== MS:NORTH/PO2/nomail\nfolder INBOX inbox\nend INBOX 0 0\n",
	    "!left", "!Left", NULL};

	check_with("USERS.CSV", list, "users", wants);
}

/* Q99419, Q104869: columns 1, 3 and 34; members; a purge is nobody. */
static void
addresses(void)
{
	static const char text[] =
	    "# groups of the north office\r\n"
	    "G Harbour team                   PCM:NORTH/PO2/Harbour\r\n"
	    "A Ines Duarte                    PCM:NORTH/PO2/iduarte\r\n"
	    "A Supplier                       SMTP:desk@example.net\r\n"
	    "D Gone Away                      PCM:NORTH/PO2/gone\r\n";
	static const char names[] =
	    "A Ines Duarte                    PCM:NORTH/PO2/iduarte\r\n"
	    "A\tx\r\nA Far Man\tX400:c=NO;a= ;s=Far\r\nnonsense\r\n";
	static const char *const groups[] = {
	    "dl Common-Name=Harbour Display-Name=Harbour team "
	    "Member=Ines Duarte|Supplier",
	    "!gone", NULL};
	static const char *const people[] = {
	    "mailbox Common-Name=iduarte Display-Name=Ines Duarte "
	    "Secondary-Proxy-Addresses=MIGRATE:MS:NORTH/PO2/iduarte",
	    "remote Common-Name=Far Man Display-Name=Far Man "
	    "Target-Address=X400:c=NO;a= ;s=Far",
	    NULL};

	check_with("GROUPS.TXT", text, "addresses", groups);
	check_with("NAMES.TXT", names, "addresses", people);
}

static void
mbg(void)
{
	struct msmail_mbg bag;

	g_assert_true(msmail_mbg_parse((const guint8 *)mailbag, &bag));
	g_assert_cmpstr(bag.sender, ==, "Martian");
	g_assert_cmpstr(bag.subject, ==, "This is the subject");
	g_assert_cmpstr(bag.file, ==, "00000062");
	g_assert_cmpint(bag.year, ==, 1993);
	g_assert_cmpint(bag.month, ==, 10);
	g_assert_cmpint(bag.day, ==, 8);
	g_assert_cmpint(bag.hour, ==, 16);
	g_assert_cmpint(bag.minute, ==, 25);
	g_assert_cmpint(bag.size, ==, 552);
}

static void
damaged(void)
{
	static const char good[] =
	    TOP "ATTACHMENT:c 4" NL "TEXT:5" NL "one" NL "abcd" TOP "TEXT:3" NL
		"two";
	g_autofree char *dir = set_dir_new(), *spool = set_dir_new();
	char bad[sizeof good];
	struct old_file file = {"A/A.MSG", bad, 0};

	for (gsize i = 0; i < 2 * (sizeof good - 1); i++) {
		g_autofree char *out = NULL;
		gsize at = i % (sizeof good - 1);

		memcpy(bad, good, sizeof good);
		bad[at] ^= (char)(1 << i % 8);
		file.len = i < sizeof good - 1 ? (gssize)at
					       : (gssize)sizeof good - 1;
		old_write(dir, &file);
		out = old_read(&source_msmail_driver, UTC, dir, spool);
		g_assert_null(strstr(out, "lost:"));
	}
	set_dir_remove(dir);
	set_dir_remove(spool);
}

int
main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_test_add_data_func(rows[i].path, &rows[i], row);
	g_test_add_func("/kb/Q182665/users", users);
	g_test_add_func("/kb/Q99419/addresses", addresses);
	g_test_add_func("/kb/Q108027/record", mbg);
	g_test_add_func("/msmail/damaged", damaged);
	return g_test_run();
}
