/* The five worked examples of the format, byte for byte: what they import to
 * and which diagnostics they give (doc/migration-files.5, EXAMPLES). */
#include "iff_set.h"

static void
check(const char *name, const char *want)
{
	char *path = g_test_build_filename(G_TEST_DIST, "golden", "iff", name,
	    NULL);
	char *got = set_read(path, NULL);

	g_assert_cmpstr(got, ==, want);
	g_free(got);
	g_free(path);
}

static void
test_basic(void)
{
	check("basic",
	    "== (directory) 0\n"
	    "mailbox Common-Name=ToveL Display-Name=Tove Lind Secondary-Proxy-Addresses=MIGRATE:HOSTMAIL:HOLMEN(TOVEL) Home-Server=~Server\n"
	    "== HOSTMAIL:HOLMEN(TOVEL) 2\n"
	    "folder Orders/Caf\303\251 \n"
	    "message Orders/Caf\303\251 from=Borg, Arne to=Tove Lind subject=Caf\303\251 order, urgent sent=1996-11-04T08:30:00+00:00 priority=1 received=1996-11-04T08:30:15+00:00 flags=S [text:Hello Tove,\\r\\n\\r\\nthe caf\303\251 order is in the file.\\r\\n] [file order.csv @0:espresso;4\\r\\ndecaf;1\\r\\n]\n"
	    "folder INBOX inbox\n"
	    "message INBOX from=Borg, Arne to=Tove Lind to=Borg, Arne subject=Second sent=1996-11-04T09:00:00+00:00 received= flags= [text:Nothing attached.\\r\\n]\n"
	    "end Orders/Caf\303\251 1 0\n"
	    "end INBOX 1 0\n");
}
static void
test_quoting(void)
{
	check("quoting",
	    "== (directory) 0\n"
	    "mailbox Common-Name=SiriV Display-Name=Vik, Siri Secondary-Proxy-Addresses=MIGRATE:HOSTMAIL:NOR(SIRI) Home-Server=~Server Comment=share is \\\\nas\\siri, 90% full\n"
	    "== HOSTMAIL:NOR(SIRI) 2\n"
	    "folder INBOX/Done \n"
	    "message INBOX/Done from=Per Moe to=Dal; Liv to=Per Moe<SMTP:per@example.org> cc=Vik, Siri cc=Ola Li subject=Meeting, \"room 5\" sent=1997-05-28T13:00:00+00:00 received= flags=S [text:See you there.\\r\\n]\n"
	    "folder PAB \n"
	    "message PAB from=Per Moe subject=Vik, Siri is a name; this is a subject sent=1997-05-29T08:00:00+00:00 priority=-1 received= flags=S [text:Done.\\r\\n]\n"
	    "end INBOX/Done 1 0\n"
	    "end PAB 1 0\n");
}
static void
test_book(void)
{
	check("address-book",
	    "== (directory) 0\n"
	    "mailbox Common-Name=IdaS Display-Name=Ida Str\303\270m Secondary-Proxy-Addresses=MIGRATE:HOSTMAIL:KLIPPE(IDAS) Home-Server=~Server\n"
	    "== HOSTMAIL:KLIPPE(IDAS) 0\n"
	    "entry Display-Name=Nina \303\206by Email-Address=SMTP:nina@example.net First=Nina Last=\303\206by Note=Likes tea.\\r\\nAllergic to nuts.\n"
	    "entry Display-Name=Uncle Leo Email-Address=X400:c=NO;a= ;p=FJELL;s=Leo\n"
	    "list Display-Name=Family Email-Address=Nina \303\206by;Uncle Leo (Nina \303\206by SMTP:nina@example.net) (Uncle Leo X400:c=NO;a= ;p=FJELL;s=Leo)\n"
	    "list Display-Name=Post Email-Address=SMTP:nina@example.net;\"X400:c=NO;a= ;p=FJELL;s=Leo\" Note=for letters (- SMTP:nina@example.net) (- X400:c=NO;a= ;p=FJELL;s=Leo)\n");
}
static void
test_public(void)
{
	check("public",
	    "== (directory) 0\n"
	    "mailbox Common-Name=EvaR Display-Name=Eva Rask Secondary-Proxy-Addresses=MIGRATE:HOSTMAIL:BAKERY(EVA) Home-Server=~Server\n"
	    "== PublicMessages 1 public\n"
	    "folder Recipes/Bread \n"
	    "message Recipes/Bread from=Eva Rask subject=bread.txt sent=1998-03-01T12:00:00+00:00 received=1998-03-01T12:00:00+00:00 flags=S class=IPM.Document [document bread.txt @0:1 kg flour\\r\\n]\n"
	    "end Recipes/Bread 1 0\n"
	    "== HOSTMAIL:BAKERY(EVA) 1\n"
	    "folder INBOX inbox\n"
	    "message INBOX from=Eva Rask to=Eva Rask subject=My calendar sent=1998-03-02T12:00:00+00:00 received= flags= [text:The calendar of this mailbox is attached to this message as a Schedule+ interchange file.\\r\\nTo import it, save the attachment and open it with a program that reads such files.\\r\\n] [schedule EVA.SC2:SCHEDULE+2 EXPORT VERSION 103\\r\\nSingleAppointments:\\r\\n{\\r\\n    Text: \"Say \\\"hi\\\"\"\\r\\n    Start: 3-9-1998 09:00\\r\\n    End: 03-09-1998 10:00\\r\\n}\\r\\n]\n"
	    "end INBOX 1 0\n");
}
static void
test_damage(void)
{
	check("damage",
	    "== (directory) 0\n"
	    "== HOSTMAIL:SKAGEN(BO) 6\n"
	    "folder INBOX inbox\n"
	    "message INBOX from=Ane to=Bo subject=good sent=1996-01-01T00:00:00+00:00 received= flags=S [text:Kept.\\r\\n]\n"
	    "W SEC_OFFSET_AT_BLANK SKAGEN.PRI:4 SKAGEN.SEC(74)\n"
	    "W MSG_BAD_DATE SKAGEN.PRI:4\n"
	    "message INBOX from=Ane to=Bo subject=two bytes early sent= received= flags=S [text:Early.\\r\\n]\n"
	    "E SEC_BAD_SECTION_HEADER SKAGEN.PRI:5 SKAGEN.SEC(51) LOST\n"
	    "E PRI_UNTERMINATED_QUOTE SKAGEN.PRI:6 LOST\n"
	    "E SEC_CHAIN_BROKEN SKAGEN.PRI:7 SKAGEN.SEC(138) LOST\n"
	    "message INBOX from=Ane to=Bo subject=good again sent=1996-01-01T00:00:00+00:00 received= flags=S [text:Kept.\\r\\n]\n"
	    "end INBOX 6 0\n");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/iff/golden/basic", test_basic);
	g_test_add_func("/iff/golden/quoting", test_quoting);
	g_test_add_func("/iff/golden/address-book", test_book);
	g_test_add_func("/iff/golden/public", test_public);
	g_test_add_func("/iff/golden/damage", test_damage);
	return g_test_run();
}
