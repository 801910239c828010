/*
 * Directories of Notes as a source: persons and groups as recipients or as
 * entries of an address book; of nsf_make.c's databases, and of a real one with
 * MAILMIG_DATA.
 */
#include "notes_source.h"

/* The table that src/drivers.c has in the program. */
const struct source_driver *const source_drivers[] = {
    &source_notes_driver, NULL};

static void
make_directory(struct fixture *f)
{
	static const char *const names[] = {MIA, "Mia Holm", NULL};
	static const char *const members[] = {MIA, "ole@example.org", NULL};
	NsfMake *m = nsf_make_new(f->path, 43, "Book");

	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
	nsf_make_text(m, "Form", "Person");
	nsf_make_texts(m, "FullName", names);
	nsf_make_text(m, "FirstName", "Mia");
	nsf_make_text(m, "LastName", "Holm");
	nsf_make_text(m, "MailFile", "mail\\mia");
	nsf_make_text(m, "InternetAddress", "mia@fjord.example");
	nsf_make_text(m, "OfficePhoneNumber", "+47 1");
	nsf_make_text(m, "CompanyName", "Fjord; Ltd");
	nsf_make_end(m, FALSE, 0);
	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
	nsf_make_text(m, "Form", "Group");
	nsf_make_text(m, "ListName", "Crew");
	nsf_make_texts(m, "Members", members);
	nsf_make_end(m, FALSE, 0);
	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
	nsf_make_text(m, "Form", "Connection");
	nsf_make_end(m, FALSE, 0);
	nsf_make_close(m);
}

/* Q236300: any address book, its whole map of fields. */
static void
test_directory(struct fixture *f, gconstpointer data)
{
	make_directory(f);
	start(f, "");
	g_assert_true(f->mailbox->no_mail);
	read_all(f);
	g_assert_cmpint(f->people, ==, 2);
	g_assert_cmpstr(f->card->str, ==,
	    "[recipient]Common-Name=Mia Holm;"
	    "Display-Name=Mia Holm/Fjord;Given-Name=Mia;Surname=Holm;"
	    "Company=Fjord; Ltd;Telephone-Office1=+47 1;"
	    "Secondary-Proxy-Addresses=SMTP:mia@fjord.example%"
	    "NOTES:CN=Mia Holm/O=Fjord;"
	    "[recipient]Common-Name=Crew;Display-Name=Crew;"
	    "Member=Mia Holm%ole@example.org;"
	    "Secondary-Proxy-Addresses=NOTES:Crew;");
	g_assert_cmpstr(f->remarks->str, ==, "NOTES_NO_PERSON ");
	stop(f);
	start(f, "?as=contacts");
	read_all(f);
	g_assert_cmpint(f->people, ==, 2);
	g_assert_nonnull(strstr(f->card->str, "FN:Mia Holm/Fjord\r\n"));
	g_assert_nonnull(strstr(f->card->str, "ORG:Fjord\\; Ltd\r\n"));
	g_assert_nonnull(strstr(f->card->str, "EMAIL:mia@fjord.example\r\n"));
	g_assert_nonnull(strstr(f->card->str, "KIND:group\r\n"));
	g_assert_nonnull(
	    strstr(f->card->str, "MEMBER:mailto:ole@example.org\r\n"));
}

static void
person(NsfMake *m, const char *const *names, const char *short_name,
    const char *smtp)
{
	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
	nsf_make_text(m, "Form", "Person");
	nsf_make_texts(m, "FullName", names);
	if (short_name)
		nsf_make_text(m, "ShortName", short_name);
	if (smtp)
		nsf_make_text(m, "InternetAddress", smtp);
	nsf_make_text(m, "MailFile", "mail\\x");
	nsf_make_end(m, FALSE, 0);
}

static void
group(
    NsfMake *m, const char *name, const char *type, const char *const *members)
{
	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
	nsf_make_text(m, "Form", "Group");
	nsf_make_text(m, "ListName", name);
	nsf_make_text(m, "GroupType", type);
	nsf_make_texts(m, "Members", members);
	nsf_make_end(m, FALSE, 0);
}

/* "Common-Name=X;" of the person, and the members of the group, in order. */
static char *
members_of(const struct fixture *f, const char *name)
{
	g_autofree char *mark = g_strdup_printf("Common-Name=%s;", name);
	const char *at = strstr(f->card->str, mark);

	at = at ? strstr(at, "Member=") : NULL;
	g_assert_nonnull(at);
	return g_strndup(at + 7, strcspn(at + 7, ";"));
}

/* Members in every form that a name has; a list in a list; nobody twice; who is
 * not there, or might be somebody else, is not taken for anybody. */
static void
test_members(struct fixture *f, gconstpointer data)
{
	static const char *const mia[] = {"CN=Mia Holm/OU=Bergen/O=Fjord",
	    "Mia Holm", "Mia Berg", "MH", NULL};
	static const char *const ole[] = {
	    "CN=Ole Dahl/O=Fjord", "Ole Dahl", "MH", NULL};
	static const char *const forms[] = {"CN=Mia Holm/OU=Bergen/O=Fjord",
	    "ole dahl/fjord", "Mia Berg@Fjord", "ODAHL", "Staff/All",
	    "ann@example.org", "mia@fjord.example", NULL};
	static const char *const unknown[] = {
	    "CN=Mia Holm/O=Other", "mh", "odahl@example.org", "", NULL};
	NsfMake *m = nsf_make_new(f->path, 43, "Book");
	g_autofree char *crew = NULL, *others = NULL;

	person(m, mia, "mholm", "mia@fjord.example");
	person(m, ole, "odahl", "ole@fjord.example");
	group(m, "Crew", "1", forms);
	group(m, "Others", "0", unknown);
	group(m, "Staff/All", "0", unknown);
	group(m, "Servers only", "2", forms);
	group(m, "Terminated", "3", forms);
	nsf_make_close(m);
	start(f, "");
	read_all(f);
	crew = members_of(f, "Crew");
	others = members_of(f, "Others");
	g_assert_cmpstr(
	    crew, ==, "Mia Holm%Ole Dahl%Staff-All%ann@example.org");
	g_assert_cmpstr(others, ==, "Mia Holm (Other)%mh%odahl@example.org");
	/* Who is denied access must not become a list of recipients. */
	g_assert_cmpint(f->people, ==, 5);
	g_assert_null(strstr(f->card->str, "Terminated"));
	g_assert_cmpstr(f->remarks->str, ==, "NOTES_ACCESS ");
	stop(f);
	/* A name that its members share resolves in an address book, too. */
	start(f, "?as=contacts");
	read_all(f);
	g_assert_nonnull(
	    strstr(f->card->str, "MEMBER:mailto:mia@fjord.example\r\n"));
	/* Not the address of one of the two who have that name. */
	g_assert_nonnull(strstr(f->card->str, "X-NOTES-MEMBER:mh\r\n"));
}

/* Two persons of one name are two, and stay so on every run; a name of a
 * directory file has no '/'. */
static void
test_namesakes(struct fixture *f, gconstpointer data)
{
	static const char *const first[] = {
	    "CN=Jo Berry/OU=Sales/O=Acme", "Jo Berry", NULL};
	static const char *const second[] = {"Jo Berry/Acme", "Jo Berry", NULL};
	static const char *const alone[] = {"Al One/Acme", NULL};
	static const char *const members[] = {
	    "Jo Berry/Sales/Acme", "Jo Berry", "CN=Jo Berry/O=Acme", NULL};
	NsfMake *m = nsf_make_new(f->path, 43, "Book");
	g_autofree char *list = NULL;

	person(m, first, NULL, NULL);
	person(m, second, NULL, NULL);
	person(m, alone, NULL, NULL);
	group(m, "All", "0", members);
	nsf_make_close(m);
	start(f, "");
	read_all(f);
	g_assert_nonnull(
	    strstr(f->card->str, "Common-Name=Jo Berry (Sales, Acme);"));
	g_assert_nonnull(strstr(f->card->str, "Common-Name=Jo Berry (Acme);"));
	g_assert_nonnull(strstr(f->card->str, "Common-Name=Al One;"));
	list = members_of(f, "All");
	g_assert_cmpstr(
	    list, ==, "Jo Berry (Sales, Acme)%Jo Berry%Jo Berry (Acme)");
}

/* Fields of the original's map that are not in every directory. */
static void
test_fields(struct fixture *f, gconstpointer data)
{
	static const struct {
		const char *item, *value, *want;
	} rows[] = {
	    {"MiddleInitial", "Q", "Initials=Q;"},
	    {"Assistant", "Bo", "Assistant-Name=Bo;"},
	    {"Manager", "CN=Al", "Extension-Attribute-13=CN=Al;"},
	    {"Children", "Kim", "Extension-Attribute-2=Kim;"},
	    {"Spouse", "Pat", "Extension-Attribute-1=Pat;"},
	    {"JobTitle", "Mate", "Title=Mate;"},
	    {"Location", "Quay 7", "Physical-Delivery-Office-Name=Quay 7;"},
	    {"CellPhoneNumber", "+47 2", "Telephone-Mobile=+47 2;"},
	    {"OfficeFAXPhoneNumber", "+47 3", "Telephone-Fax=+47 3;"},
	    {"PhoneNumber", "+47 4", "Telephone-Home=+47 4;"},
	    {"StreetAddress", "Quay\n7", "Street-Address=Quay 7;"},
	    {"City", "Bergen", "Locality-Name=Bergen;"},
	    {"State", "Vest", "State-Or-Province-Name=Vest;"},
	    {"Zip", "5003", "Postal-Code=5003;"},
	    {"Country", "Norway", "Text-Country=Norway;"},
	    {"ShortName", "mholm", "Mail-nickname=mholm;"},
	    {"Department", "Ferries", "Department=Ferries;"},
	    {"EmployeeID", "12", "Employee-Number=12;"},
	    {"Comment", "on leave", "Comment=on leave;"},
	};
	NsfMake *m = nsf_make_new(f->path, 43, "Book");

	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
	nsf_make_text(m, "Form", "Person");
	nsf_make_text(m, "FullName", MIA);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		nsf_make_text(m, rows[i].item, rows[i].value);
	nsf_make_end(m, FALSE, 0);
	nsf_make_close(m);
	start(f, "");
	read_all(f);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_test_message("%s", rows[i].item);
		g_assert_nonnull(strstr(f->card->str, rows[i].want));
	}
}

/* The people of a real directory, and who is in its lists. */
static void
test_sample(struct fixture *f, gconstpointer data)
{
	const char *root = g_getenv("MAILMIG_DATA");
	g_autofree char *path =
	    root ? g_build_filename(root, "nsf", "namelook.nsf", NULL) : NULL;
	g_autofree char *own = f->path;

	f->path = path;
	if (path == NULL || !g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_test_skip("MAILMIG_DATA has no nsf/namelook.nsf");
	} else {
		g_autofree char *list = NULL;

		start(f, "");
		g_assert_true(f->mailbox->no_mail);
		read_all(f);
		g_assert_cmpint(f->failed, ==, 0);
		g_assert_cmpint(f->people, ==, 8);
		g_assert_nonnull(strstr(f->card->str,
		    "Common-Name=Willa Sibert;Display-Name=Willa Sibert;"
		    "Given-Name=Willa;Surname=Sibert;Mail-nickname=WSIBERT;"));
		list = members_of(f, "Chemists");
		g_assert_cmpstr(list, ==,
		    "Willa Sibert%Robert Boyle%Robert Toombs%"
		    "Theobald Wolfe Tone");
		stop(f);
	}
	f->path = g_steal_pointer(&own);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(struct fixture *, gconstpointer);
	} tests[] = {
	    {"/kb/Q236300/directory", test_directory},
	    {"/kb/Q236300/fields", test_fields},
	    {"/notes/people/members", test_members},
	    {"/notes/people/namesakes", test_namesakes},
	    {"/notes/people/sample", test_sample},
	};

	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].name, struct fixture, NULL, set_up,
		    tests[i].test, tear_down);
	return g_test_run();
}
