/*
 * The directory without a server: names, files, matching, conversion. Rows of
 * the Knowledge Base that need a server are named in tests/e2e/directory*.py
 * (Q162833, Q216292, Q221422, Q240135, Q274393, Q275341). Not here at all:
 * Q150438, whose template fields the reader of a post office would have to
 * find.
 */
#include "directory/dn.h"
#include "directory/import.h"
#include "directory/ldif.h"
#include "directory/wire.h"

#include <glib/gstdio.h>
#include <string.h>

#define OK(call)                                                               \
	do {                                                                   \
		GError *ok_error = NULL;                                       \
		enum status ok_st = call;                                      \
		g_assert_no_error(ok_error);                                   \
		g_assert_cmpint(ok_st, >=, ST_OK);                             \
	} while (0)

struct place {
	char *dir;
	Changes *changes;
	Import *import;
	struct policy policy;
	GString *told; /* names of events, one a line, with their reasons */
};

static void
tell(Event *event, void *user)
{
	struct place *p = user;
	g_autofree char *text = event_to_text(event);

	g_string_append_printf(p->told, "%d %s\n", event_id_of(event), text);
	event_free(event);
}

static void
open_place(struct place *p)
{
	struct changes_params params = {
	    .state_dir = p->dir, .tell = tell, .tell_user = p};

	OK(changes_open(&p->changes, &params, &ok_error));
	p->import = import_new(p->changes, &p->policy);
}

static void
close_place(struct place *p)
{
	import_free(p->import);
	changes_close(p->changes);
}

static void
setup(struct place *p, const void *unused)
{
	p->dir = g_dir_make_tmp("mailmig-directory-XXXXXX", NULL);
	p->told = g_string_new(NULL);
	open_place(p);
}

static void
teardown(struct place *p, const void *unused)
{
	g_autoptr(GDir) dir = NULL;
	const char *name;

	close_place(p);
	dir = g_dir_open(p->dir, 0, NULL);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(p->dir, name, NULL);

		g_unlink(path);
	}
	g_assert_cmpint(g_rmdir(p->dir), ==, 0);
	g_free(p->dir);
	g_string_free(p->told, TRUE);
}

/* Import the text of a directory file (or LDIF). */
static void
import(struct place *p, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(p->dir, name, NULL);

	g_string_truncate(p->told, 0);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	OK(import_file(p->import, path, NULL, &ok_error));
}

static Entry *
get(struct place *p, const char *name)
{
	g_autofree char *dn = dn_child("cn", name, "cn=Recipients");
	Entry *entry = NULL;

	OK(store_read(changes_store(p->changes), dn, &entry, &ok_error));
	return entry;
}

static void
convert(struct place *p, const char *source, enum match_rule rule)
{
	struct match match;

	g_string_truncate(p->told, 0);
	OK(match_find(
	    changes_store(p->changes), NULL, source, &match, &ok_error));
	g_assert_cmpint(match.rule, ==, rule);
	g_assert_nonnull(match.entry);
	OK(changes_convert(
	    p->changes, match.entry, source, NULL, NULL, &ok_error));
	OK(changes_commit(p->changes, &ok_error));
	match_clear(&match);
}

#define HEADING                                                                \
	"Obj-Class,Mode,Common-Name,Display-Name,Target-Address,"              \
	"Proxy-Addresses,Secondary-Proxy-Addresses,Home-Server,Members,"       \
	"Hide from AB\r\n"

static void
test_dn(void)
{
	static const struct {
		const char *value, *escaped;
	} rows[] = {
	    {"ToveL", "ToveL"},
	    {"Berg, Anna", "Berg\\, Anna"},
	    {" a ", "\\ a\\ "},
	    {"#1", "\\#1"},
	    {"a\\b\"c=d+e<f>g;h", "a\\\\b\\\"c\\=d\\+e\\<f\\>g\\;h"},
	    {"\u65e5\u672c \u0410\u043d\u043d\u0430",
		"\u65e5\u672c \u0410\u043d\u043d\u0430"},
	    {"a\nb", "a\\0Ab"},
	};
	static const struct {
		const char *path, *container, *base, *dn;
	} paths[] = {
	    {"ToveL", "cn=Recipients", "", "cn=ToveL,cn=Recipients"},
	    {"Recipients/cn=Branch/cn=ToveL", "cn=x", "ou=S,o=O",
		"cn=ToveL,cn=Branch,cn=Recipients,ou=S,o=O"},
	    {"/o=O/ou=S/cn=Recipients/cn=T", "cn=x", "",
		"cn=T,cn=Recipients,ou=S,o=O"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *dn =
		    dn_child("cn", rows[i].value, "cn=Recipients");
		g_autofree char *want =
		    g_strdup_printf("cn=%s,cn=Recipients", rows[i].escaped);
		g_autofree char *back = dn_name(dn);

		g_assert_cmpstr(dn, ==, want);
		g_assert_cmpstr(back, ==, rows[i].value);
		g_assert_cmpstr(dn_parent(dn), ==, "cn=Recipients");
		g_assert_true(dn_check(dn));
	}
	for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autofree char *dn = dn_from_path(
		    paths[i].path, paths[i].container, paths[i].base);

		g_assert_cmpstr(dn, ==, paths[i].dn);
	}
	g_assert_true(dn_is_below("CN=A , OU=S,O=o", "ou=s,o=O"));
	g_assert_false(dn_is_below("cn=a,ou=xs,o=o", "ou=s,o=o"));
	g_assert_false(dn_check("no name"));
	g_assert_false(dn_check("=x,o=y"));
}

static void
test_alias_of(void)
{
	static const struct {
		const char *source, *alias, *display;
	} rows[] = {
	    {"HOSTMAIL:HOLMEN(TOVEL)", "TOVEL", NULL},
	    {"MIGRATE:MS:NET/PO/USER", "USER", NULL},
	    {"GWise:domain.po.user", "user", NULL},
	    {"anna@example.org", "anna", NULL},
	    {"CCMAIL:Berg, Anna at PO1", NULL, "Berg, Anna"},
	    {"NOTES:CN=Anna Berg/OU=Sales/O=Fjord", NULL, "Anna Berg"},
	    {"NOTES:Anna Berg/Fjord", "Fjord", "Anna Berg"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *alias = match_alias_of(rows[i].source);
		g_autofree char *display = match_display_of(rows[i].source);

		g_assert_cmpstr(alias, ==, rows[i].alias);
		g_assert_cmpstr(display, ==, rows[i].display);
	}
}

static const char contact_rows[] = HEADING
    "remote,create,AnnaB,Anna Berg,\"CCMAIL:Berg, Anna at PO1\","
    "SMTP:anna@old.example,,,,1\r\n"
    "dl,create,Open,Open,,SMTP:open@example.org,,,AnnaB,\r\n"
    "dl,create,Secret,Secret,,SMTP:secret@example.org,,,AnnaB%Open,1\r\n";

/* A user without mail whose contact exists gets the mailbox: nothing but the
 * section is needed; all that the contact was, the mailbox is. */
static void
test_q194218(struct place *p, const void *unused)
{
	g_autoptr(Entry) anna = NULL, open = NULL, secret = NULL;

	import(p, "a.csv", contact_rows);
	convert(p, "CCMAIL:Berg, Anna at PO1", MATCH_NATIVE);
	anna = get(p, "AnnaB");
	g_assert_cmpint(anna->class, ==, RECIPIENT_MAILBOX);
	g_assert_null(entry_get(anna, "Target-Address"));
	g_assert_true(entry_has_address(anna, "CCMAIL:Berg, Anna at PO1"));
	g_assert_true(
	    entry_has_address(anna, "MIGRATE:CCMAIL:Berg, Anna at PO1"));
	g_assert_cmpstr(entry_primary(anna, "SMTP"), ==, "anna@old.example");
	g_assert_cmpstr(entry_get(anna, "Hide-From-Address-Book"), ==, "1");
	open = get(p, "Open");
	secret = get(p, "Secret");
	g_assert_true(entry_has(open, "Member", anna->id));
	g_assert_true(entry_has(secret, "Member", anna->id));
	g_assert_nonnull(strstr(p->told->str, "30401 "));
}

/* ... and again it is found by our own mark, and nothing is written. */
static void
test_q170540(struct place *p, const void *unused)
{
	guint changes;

	import(p, "a.csv", contact_rows);
	convert(p, "CCMAIL:Berg, Anna at PO1", MATCH_NATIVE);
	changes = changes_counts(p->changes)->created +
		  changes_counts(p->changes)->changed +
		  changes_counts(p->changes)->converted +
		  changes_counts(p->changes)->linked;
	convert(p, "CCMAIL:Berg, Anna at PO1", MATCH_BY_STAMP);
	g_assert_cmpstr(p->told->str, ==, "");
	import(p, "b.csv",
	    HEADING "dl,create,Open,Open,,SMTP:open@example.org,,,AnnaB,\r\n");
	g_assert_cmpuint(changes_counts(p->changes)->created +
			     changes_counts(p->changes)->changed +
			     changes_counts(p->changes)->converted +
			     changes_counts(p->changes)->linked,
	    ==, changes);
}

/* A contact of directory synchronisation, hidden, whose addresses a mailbox row
 * has: it is converted, and no error is told (238, 8149). */
static void
test_q234665(struct place *p, const void *unused)
{
	g_autoptr(Entry) anna = NULL, secret = NULL;

	import(p, "a.csv", contact_rows);
	import(p, "b.csv",
	    HEADING "mailbox,create,AnnaB,Anna B. Berg,,SMTP:anna@example.org,"
		    "\"MIGRATE:CCMAIL:Berg, Anna at PO1\"%smtp:anna@old.example"
		    ",~Server,,\r\n");
	g_assert_null(strstr(p->told->str, "30404"));
	g_assert_nonnull(strstr(p->told->str, "30401 "));
	anna = get(p, "AnnaB");
	secret = get(p, "Secret");
	g_assert_cmpint(anna->class, ==, RECIPIENT_MAILBOX);
	g_assert_cmpstr(entry_get(anna, "Display-Name"), ==, "Anna B. Berg");
	g_assert_cmpstr(entry_primary(anna, "SMTP"), ==, "anna@example.org");
	g_assert_true(entry_has_address(anna, "smtp:anna@old.example"));
	g_assert_true(entry_has(secret, "Member", anna->id));
}

/* New proxies for who is converted. */
static void
test_q185202(struct place *p, const void *unused)
{
	char *patterns[] = {"%m@new.example", "X400:c=no;s=%d", NULL};
	g_autoptr(Entry) anna = NULL;

	import(p, "a.csv", contact_rows);
	p->policy.addresses = patterns;
	import(p, "b.csv",
	    HEADING "mailbox,create,AnnaB,Anna Berg,,,smtp:anna@old.example,"
		    "~Server,,\r\n");
	p->policy.addresses = NULL;
	anna = get(p, "AnnaB");
	g_assert_true(entry_has_address(anna, "smtp:AnnaB@new.example"));
	/* The old Internet address stays the primary one (Q142266). */
	g_assert_cmpstr(entry_primary(anna, "SMTP"), ==, "anna@old.example");
}

/* Found without a MIGRATE: address, by the user's name in the source. */
static void
test_q182665(struct place *p, const void *unused)
{
	g_autoptr(Entry) carl = NULL;

	import(p, "a.csv",
	    HEADING "mailbox,create,Carl,Carl Dahl,,SMTP:carl@example.org,,"
		    "~Server,,\r\n");
	convert(p, "MS:NET/PO/CARL", MATCH_ALIAS);
	carl = get(p, "Carl");
	g_assert_true(entry_has_address(carl, "MIGRATE:MS:NET/PO/CARL"));
	convert(p, "MS:NET/PO/CARL", MATCH_BY_STAMP);
}

static void
test_ambiguous(struct place *p, const void *unused)
{
	struct match match;

	import(p, "a.csv",
	    HEADING "mailbox,create,A1,Anna Berg,,SMTP:a1@e.org,,~Server,,\r\n"
		    "mailbox,create,A2,Anna Berg,,SMTP:a2@e.org,,~Server,,\r\n"
		    "dl,create,L,Anna Berg,,SMTP:l@e.org,,,,\r\n");
	OK(match_find(changes_store(p->changes), NULL,
	    "CCMAIL:Berg, Anna at PO", &match, &ok_error));
	g_assert_null(match.entry);
	g_assert_cmpuint(match.candidates->len, ==, 2);
	match_clear(&match);
}

/* One account, two people: a conflict, and what the policy says. */
static void
test_q152927(struct place *p, const void *unused)
{
	static const char first[] =
	    "Obj-Class,Mode,Common-Name,Alias Name,Home-Server\r\n"
	    "mailbox,create,One,anna,~Server\r\n";
	static const char second[] =
	    "Obj-Class,Mode,Common-Name,Alias Name,Home-Server\r\n"
	    "mailbox,create,Two,anna,~Server\r\n";
	g_autoptr(Entry) two = NULL;

	import(p, "a.csv", first);
	import(p, "b.csv", second);
	g_assert_nonnull(strstr(p->told->str, "belongs to cn=One"));
	two = get(p, "Two");
	g_assert_null(two);
	p->policy.conflict = POLICY_RENAME;
	import(p, "b.csv", second);
	two = get(p, "Two");
	g_assert_cmpstr(entry_get(two, "Mail-nickname"), ==, "anna2");
	g_assert_nonnull(strstr(p->told->str, "30408"));
}

/* Nothing is cut in silence. */
static void
test_q261155(struct place *p, const void *unused)
{
	import(p, "a.csv",
	    "Obj-Class,Mode,Common-Name,Initials,Home-Server\r\n"
	    "mailbox,create,One,ABCDEFGH,~Server\r\n");
	g_assert_nonnull(
	    strstr(p->told->str, "Initials has more than 6 characters"));
	g_assert_cmpuint(changes_counts(p->changes)->created, ==, 0);
}

/* Blank mode on somebody who is there is an update; the heading is none of the
 * users; two lines of the post office come first. */
static void
test_q152321(struct place *p, const void *unused)
{
	static const char text[] =
	    "POSTOFFICE\r\n1,2\r\n"
	    "SFS_UserName,SFS_FullName,MigrateUser,Obj-Class,Mode,Common-Name,"
	    "Display-Name,Home-Server,Secondary-Proxy-Addresses\r\n"
	    "EVA,Eva,Y,mailbox,,Eva,Eva Rask,~SERVER,migrate:MS:NET/PO/EVA\r\n"
	    "BO,Bo,N,mailbox,,Bo,Bo,~SERVER,migrate:MS:NET/PO/BO\r\n"
	    "ADMIN,Admin,Y,mailbox,create,ADMIN,Admin,~SERVER,"
	    "migrate:MS:NET/OSLO/ADMIN\r\n"
	    "ADMINSCH,x,Y,mailbox,create,ADMINSCH,x,~SERVER,"
	    "migrate:MS:NET/OSLO/ADMINSCH\r\n";
	g_autoptr(Entry) eva = NULL, bo = NULL, admin = NULL;

	import(p, "a.csv", text);
	import(p, "a.csv", text);
	g_assert_null(strstr(p->told->str, "30404"));
	eva = get(p, "Eva");
	bo = get(p, "Bo");
	admin = get(p, "OSLO"); /* of the post office */
	g_assert_nonnull(eva);
	g_assert_null(bo);
	g_assert_nonnull(admin);
	g_assert_cmpuint(changes_counts(p->changes)->created, ==, 2);
	g_assert_cmpuint(changes_counts(p->changes)->changed, ==, 0);
}

/* modify, delete, ~DEL in its three forms (Q152854, Q184536, Q290091). */
static void
test_modes(struct place *p, const void *unused)
{
	g_autoptr(Entry) eva = NULL, gone = NULL;

	import(p, "a.csv",
	    "Obj-Class,Mode,Common-Name,Title,Comment,"
	    "Secondary-Proxy-Addresses,Home-Server\r\n"
	    "mailbox,create,Eva,Boss,x,ms:a/b/c%x400:c=no%x400:c=se,~Server\r\n"
	    "mailbox,create,Bo,Boss,x,,~Server\r\n"
	    "mailbox,modify,Eva,Chef,~DEL,~DEL<x400:>,\r\n"
	    "mailbox,modify,Eva,,,smtp:new@e.org,\r\n"
	    "mailbox,delete,Bo,,,,\r\n"
	    "mailbox,modify,Nobody,x,,,\r\n");
	eva = get(p, "Eva");
	gone = get(p, "Bo");
	g_assert_cmpstr(entry_get(eva, "Title"), ==, "Chef");
	g_assert_null(entry_get(eva, "Comment"));
	g_assert_true(entry_has_address(eva, "MS:a/b/c"));
	g_assert_true(entry_has_address(eva, "smtp:new@e.org"));
	g_assert_false(entry_has_address(eva, "X400:c=no"));
	g_assert_null(gone);
	g_assert_nonnull(strstr(p->told->str, "nobody of that name to change"));
}

static void
test_bad_rows(struct place *p, const void *unused)
{
	static const struct {
		const char *row, *says;
	} rows[] = {
	    {"mailbox,create,A,A,,,,~Server,\r\n", "wrong number of fields"},
	    {"robot,create,A,A,,,,~Server,,\r\n", "the class is none of"},
	    {"mailbox,make,A,A,,,,~Server,,\r\n", "the mode is none of"},
	    {"mailbox,create,A,\"A\" x,,,,~Server,,\r\n", "quotation marks"},
	    {"mailbox,create,A,\"A,,,,~Server,,\r\n", "quotation marks"},
	    {"mailbox,create,A,=file.txt,,,,~Server,,\r\n", "not opened"},
	    {"mailbox,create,A,~DEL,,,,~Server,,\r\n", "~DEL has no meaning"},
	    {"mailbox,create,,A,,,,~Server,,\r\n", "no Common-Name"},
	    {"remote,create,A,A,,,,,,\r\n", "needs a Target-Address"},
	    {"mailbox,create,A,A,,a@b,,~Server,,\r\n", "TYPE:address"},
	    {"mailbox,create,A,A,,VERYLONGT:a,,~Server,,\r\n", "TYPE:address"},
	    {"dl,create,A,A,,,,,x%y,\r\n", "cn=x,cn=Recipients is not there"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strconcat(HEADING, rows[i].row,
		    "mailbox,update,Good,Good,,,,~Server,,\r\n", NULL);
		g_autoptr(Entry) good = NULL;

		import(p, "a.csv", text);
		good = get(p, "Good"); /* the rest goes on */
		g_assert_nonnull(good);
		if (strstr(p->told->str, rows[i].says) == NULL)
			g_error("row %u: %s", i, p->told->str);
	}
}

/* a\b\r: unknown escapes lose the backslash with a warning (RN50 5.2). */
static void
test_rn50_5_2(struct place *p, const void *unused)
{
	g_autoptr(Entry) a = NULL;

	import(p, "a.csv",
	    HEADING "mailbox,create,A,\"x\\\\y\\rz\\q\",,,,~Server,,\r\n");
	a = get(p, "A");
	g_assert_cmpstr(entry_get(a, "Display-Name"), ==, "x\\y\rzq");
	g_assert_nonnull(strstr(p->told->str, "30405"));
}

/* Both "First Last" and "Last, First"; patterns. */
static void
test_q154053(void)
{
	static const struct {
		const char *pattern, *text;
	} rows[] = {{"%g.%s@e.org", "Asa.Berg-Moe@e.org"},
	    {"%1g%s@e.org", "ABerg-Moe@e.org"},
	    {"%s.%g@e.org", "Berg-Moe.Asa@e.org"}, {"%i@e.org", ""},
	    {"100%%", "100%"}};
	g_autoptr(Entry) entry = entry_new(RECIPIENT_MAILBOX);
	g_autoptr(GError) error = NULL;

	entry_set(entry, "Given-Name", "\u00c5sa");
	entry_set(entry, "Surname", "Berg-Moe");
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text =
		    policy_expand(rows[i].pattern, entry, true);

		g_assert_cmpstr(text, ==, rows[i].text);
	}
	g_assert_cmpint(policy_check("%z@e.org", &error), ==, ST_RUN);
}

/* "First Last" and "Last, First" are both addresses; who comes second gets a
 * number, and that is said (Q152927). */
static void
test_q188680(struct place *p, const void *unused)
{
	static const char rows[] =
	    "Obj-Class,Mode,Common-Name,Given-Name,Surname,Home-Server\r\n"
	    "mailbox,create,One,Eva,Rask,~Server\r\n"
	    "mailbox,create,Two,Eva,Rask,~Server\r\n";
	char *patterns[] = {"%g.%s@e.org", "%s.%g@e.org", NULL};
	g_autoptr(Entry) one = NULL, two = NULL;

	p->policy.addresses = patterns;
	import(p, "a.csv", rows);
	p->policy.addresses = NULL;
	one = get(p, "One");
	two = get(p, "Two");
	g_assert_cmpstr(entry_primary(one, "SMTP"), ==, "Eva.Rask@e.org");
	g_assert_true(entry_has_address(one, "smtp:Rask.Eva@e.org"));
	g_assert_cmpstr(entry_primary(two, "SMTP"), ==, "Eva.Rask2@e.org");
	g_assert_true(entry_has_address(two, "smtp:Rask.Eva2@e.org"));
	g_assert_nonnull(strstr(p->told->str,
	    "30408 directory: Eva Rask: the address SMTP:Eva.Rask@e.org "
	    "belongs to cn=One"));
}

/* Names follow the rule, where the row has none of its own. */
static void
test_q146293(struct place *p, const void *unused)
{
	static const char rows[] =
	    "Obj-Class,Mode,Common-Name,Display-Name,Given-Name,Surname,"
	    "Alias Name,Home-Server\r\n"
	    "mailbox,create,One,,Åsa,Berg,,~Server\r\n"
	    "mailbox,create,Two,Own Name,Bo,Dahl,own,~Server\r\n"
	    "mailbox,create,Three,,,,,~Server\r\n";
	static const struct {
		const char *name, *display, *alias;
	} want[] = {{"One", "Berg, Åsa", "ABerg"}, {"Two", "Own Name", "own"},
	    {"Three", "Three", "Three"}};

	p->policy.display = (char *)"%s, %g";
	p->policy.alias = (char *)"%1g%s";
	import(p, "a.csv", rows);
	p->policy.display = p->policy.alias = NULL;
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(Entry) entry = get(p, want[i].name);

		g_assert_cmpstr(
		    entry_get(entry, "Display-Name"), ==, want[i].display);
		g_assert_cmpstr(
		    entry_get(entry, "Mail-nickname"), ==, want[i].alias);
	}
}

/* An alias that is taken, policy link: whoever has it is who is meant. */
static void
test_link(struct place *p, const void *unused)
{
	static const char heading[] =
	    "Obj-Class,Mode,Common-Name,Alias Name,Company,Home-Server\r\n";
	g_autofree char *first =
	    g_strconcat(heading, "mailbox,create,One,anna,,~Server\r\n", NULL);
	g_autofree char *second = g_strconcat(
	    heading, "mailbox,create,Two,anna,Fjord,~Server\r\n", NULL);
	g_autoptr(Entry) one = NULL, two = NULL;

	import(p, "a.csv", first);
	p->policy.conflict = POLICY_LINK;
	import(p, "b.csv", second);
	p->policy.conflict = POLICY_SKIP;
	one = get(p, "One");
	two = get(p, "Two");
	g_assert_null(two);
	g_assert_cmpstr(entry_get(one, "Company"), ==, "Fjord");
	g_assert_cmpstr(entry_get(one, "Mail-nickname"), ==, "anna");
	g_assert_nonnull(strstr(p->told->str, "taken to be the same person"));
}

/* The undo file takes everything back. */
static void
test_undo(struct place *p, const void *unused)
{
	g_autoptr(Entry) before = NULL, after = NULL, list = NULL;
	g_autofree char *undo = NULL, *text = NULL;

	import(p, "a.csv", contact_rows);
	before = get(p, "AnnaB");
	close_place(p);
	open_place(p);
	convert(p, "CCMAIL:Berg, Anna at PO1", MATCH_NATIVE);
	undo = g_strdup(changes_undo_path(p->changes));
	close_place(p);
	open_place(p);
	g_assert_true(g_file_get_contents(undo, &text, NULL, NULL));
	import(p, "undo.ldif", text);
	after = get(p, "AnnaB");
	entry_set(after, "objectClass", NULL);
	g_assert_true(entry_equal(before, after));
	list = get(p, "Secret");
	g_assert_true(entry_has(list, "Member", after->id));
}

static void
test_ldif(void)
{
	static const char text[] =
	    "version: 1\n# a comment\n that goes on\n\n"
	    "dn:: Y249w4VzYSxvPWU=\nobjectClass: user\ncn: a\n b\nmail: x@y\n"
	    "jpegPhoto:: /9j/4A==\n\n"
	    "dn: cn=bad,o=e\nphoto:< file:///etc/passwd\ncn: x\n\n"
	    "dn: cn=c,o=e\nchangetype: modify\nadd: member\nmember: cn=a\n-\n"
	    "replace: info\n-\n\n";
	g_autofree char *path = NULL;
	g_autoptr(Ldif) ldif = NULL;
	struct ldif_record *record;
	g_autoptr(GError) error = NULL;
	g_autoptr(Entry) entry = NULL;
	int fd = g_file_open_tmp("mailmig-XXXXXX.ldif", &path, NULL);

	g_close(fd, NULL);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	OK(ldif_open(&ldif, path, &ok_error));
	OK(ldif_next(ldif, &record, &ok_error));
	g_assert_cmpstr(record->dn, ==, "cn=\u00c5sa,o=e");
	entry = wire_to_entry(record->dn, record->attributes);
	g_assert_cmpstr(entry_get(entry, "Common-Name"), ==, "ab");
	g_assert_true(entry_find(entry, "jpegPhoto")->binary);
	ldif_record_free(record);
	g_assert_cmpint(ldif_next(ldif, &record, &error), ==, ST_ITEM);
	g_assert_nonnull(strstr(error->message, "file or URL"));
	OK(ldif_next(ldif, &record, &ok_error));
	g_assert_cmpint(record->change, ==, LDIF_MODIFY);
	g_assert_cmpuint(record->mods->len, ==, 2);
	ldif_record_free(record);
	g_assert_cmpint(ldif_next(ldif, &record, NULL), ==, ST_END);
	g_unlink(path);
}

/* Members of a run, of the directory, from outside, nested; nobody is lost when
 * a second run adds its own (Q195911). */
static void
test_q195911(struct place *p, const void *unused)
{
	g_autoptr(Entry) list = NULL;

	import(p, "a.csv",
	    HEADING "mailbox,create,A,A,,,,~Server,,\r\n"
		    "dl,create,Inner,Inner,,,,,A,\r\n"
		    "dl,create,L,L,,,,,A%Inner%out@other.example,\r\n");
	import(p, "b.csv",
	    HEADING "mailbox,create,B,B,,,,~Server,,\r\n"
		    "dl,update,L,L,,,,,B,\r\n");
	list = get(p, "L");
	g_assert_cmpuint(entry_find(list, "Member")->values->len, ==, 4);
}

/* A type in small letters is a secondary address and stays one, through every
 * store in a file and back (E55 xmg03003). */
static void
test_small_letters(struct place *p, const void *unused)
{
	static const char *const kinds[] = {"ldif", "csv", "sqlite"};
	static const char *const want[] = {"SMTP:anna@e.org",
	    "CCMAIL:Anna at PO", "smtp:anna@old.org", "x400:c=no;s=Anna",
	    "ms:NET/PO/ANNA"};
	g_autoptr(Entry) first = NULL;

	import(p, "a.csv",
	    HEADING "mailbox,create,Anna,,,SMTP:anna@e.org%CCMAIL:Anna at PO,"
		    "smtp:anna@old.org%x400:c=no;s=Anna%MS:NET/PO/ANNA"
		    ",~Server,,\r\n");
	first = get(p, "Anna");
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *url = g_strdup_printf(
		    "%s:%s/store.%s", kinds[i], p->dir, kinds[i]);
		g_autoptr(Entry) again = NULL, copy = entry_copy(first);
		const struct entry_attribute *a;
		Store *store = NULL;

		OK(store_open(
		    &store, url, NULL, NULL, p->dir, NULL, NULL, &ok_error));
		OK(store_create(store, copy, &ok_error));
		OK(store_commit(store, &ok_error));
		store_close(store);
		OK(store_open(
		    &store, url, NULL, NULL, p->dir, NULL, NULL, &ok_error));
		OK(store_scan(store, &ok_error));
		OK(store_next(store, &again, &ok_error));
		a = entry_find(again, "Proxy-Addresses");
		g_assert_cmpuint(a->values->len, ==, G_N_ELEMENTS(want));
		for (guint k = 0; k < G_N_ELEMENTS(want); k++)
			g_assert_true(g_ptr_array_find_with_equal_func(
			    a->values, want[k], g_str_equal, NULL));
		store_close(store);
	}
}

/* Not inetOrgPerson alone (Q197330), and what MDaemon has (TN03 aa995747). */
static void
test_q197330(void)
{
	static const struct {
		const char *class;
		enum recipient_class want;
	} rows[] = {{"inetOrgPerson", RECIPIENT_MAILBOX},
	    {"organizationalPerson", RECIPIENT_MAILBOX},
	    {"person", RECIPIENT_MAILBOX}, {"MDaemonUser", RECIPIENT_MAILBOX},
	    {"contact", RECIPIENT_CONTACT},
	    {"groupOfUniqueNames", RECIPIENT_LIST}};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) wire = wire_attributes_new();
		g_autoptr(Entry) entry = NULL;

		wire_add(
		    wire, "objectClass", rows[i].class, strlen(rows[i].class));
		wire_add(wire, "mail", "anna@e.org", 10);
		entry = wire_to_entry("cn=Anna,dc=e", wire);
		g_assert_nonnull(entry);
		g_assert_cmpint(entry->class, ==, rows[i].want);
		g_assert_cmpstr(entry_primary(entry, "SMTP"), ==, "anna@e.org");
	}
}

/* A name of an attribute is letters and digits, and not what fell there. */
static void
test_ldif_names(void)
{
	static const char *const texts[] = {"dn: cn=a\nsn\x05\xa8=: x\n",
	    "dn: cn=a\nsn w: x\n", "dn: cn=a\n;binary: x\n",
	    "dn: cn=a\nchangetype: modify\nadd: s\xa8n\ns\xa8n: x\n-\n"};

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *path =
		    g_build_filename(g_get_tmp_dir(), "names-XXXXXX", NULL);
		int fd = g_mkstemp(path);
		struct ldif_record *record = NULL;
		g_autoptr(GError) error = NULL;
		Ldif *ldif = NULL;

		g_assert_cmpint(fd, >=, 0);
		g_assert_true(g_file_set_contents(path, texts[i], -1, NULL));
		OK(ldif_open(&ldif, path, &ok_error));
		g_assert_cmpint(ldif_next(ldif, &record, &error), ==, ST_ITEM);
		g_assert_nonnull(error);
		ldif_close(ldif);
		g_close(fd, NULL);
		g_unlink(path);
	}
}

/* AD without Exchange's schema: a contact keeps its target address. */
static bool
no_target(void *ctx, const char *const *classes, const char *name)
{
	return strcmp(name, "targetAddress") != 0;
}

static void
test_no_target(void)
{
	struct wire_profile profile = wire_ad;
	g_autoptr(Entry) entry = entry_new(RECIPIENT_CONTACT), again = NULL;
	g_autoptr(GPtrArray) wire = NULL;

	profile.allows = no_target;
	entry->id = g_strdup("cn=Anna,dc=e");
	entry_set(entry, "Common-Name", "Anna");
	entry_set(entry, "Target-Address", "CCMAIL:Anna at PO");
	entry_set(entry, "Address", "Kaia 1");
	wire = wire_from_entry(entry, &profile, NULL);
	again = wire_to_entry(entry->id, wire);
	g_assert_cmpint(again->class, ==, RECIPIENT_CONTACT);
	g_assert_true(entry_has_address(again, "CCMAIL:Anna at PO"));
	g_assert_null(entry_get(again, "Target-Address"));
	g_assert_cmpstr(entry_get(again, "Address"), ==, "Kaia 1");
	g_assert_cmpuint(wire_attribute(wire, "streetAddress")->values->len, ==,
	    1); /* where AD's own tools show it */
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/directory/dn", test_dn);
	g_test_add_func("/directory/source-names", test_alias_of);
	g_test_add_func("/directory/ldif", test_ldif);
	g_test_add_func("/directory/ldif-names", test_ldif_names);
	g_test_add_func("/directory/no-target-address", test_no_target);
	g_test_add_func("/kb/Q154053/patterns", test_q154053);
	g_test_add_func("/kb/Q188680/patterns", test_q154053);
	g_test_add_func("/kb/Q197330/classes", test_q197330);
#define PLACE(name, f) g_test_add(name, struct place, NULL, setup, f, teardown)
	PLACE("/directory/ambiguous", test_ambiguous);
	PLACE("/directory/modes", test_modes);
	PLACE("/directory/bad-rows", test_bad_rows);
	PLACE("/directory/undo", test_undo);
	PLACE("/directory/small-letters", test_small_letters);
	PLACE("/kb/Q194218/contact-without-mail", test_q194218);
	PLACE("/kb/Q170540/second-run-writes-nothing", test_q170540);
	PLACE("/kb/Q200564/hidden-contact", test_q234665);
	PLACE("/kb/Q234665/no-false-error", test_q234665);
	PLACE("/kb/Q154443/contact-with-same-address", test_q234665);
	PLACE("/kb/Q185202/policy-after-conversion", test_q185202);
	PLACE("/kb/Q142266/address-stays-primary", test_q185202);
	PLACE("/kb/Q182665/without-migrate-address", test_q182665);
	PLACE("/kb/Q152927/same-account-name", test_q152927);
	PLACE("/kb/Q152927/linked", test_link);
	PLACE("/kb/Q188680/both-addresses", test_q188680);
	PLACE("/kb/Q146293/naming-rules", test_q146293);
	PLACE("/kb/Q261155/nothing-is-cut", test_q261155);
	PLACE("/kb/Q152321/blank-mode-is-update", test_q152321);
	PLACE("/kb/Q180876/heading-is-no-user", test_q152321);
	PLACE("/kb/Q195911/members-stay", test_q195911);
	PLACE("/kb/RN50-5.2/backslash", test_rn50_5_2);
	return g_test_run();
}
