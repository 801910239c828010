/* Entries of an address book as vCards and as messages. */
#include "model/address-message.h"
#include "model/address-vcard.h"

#include "mime/vcard.h"

#include <string.h>

static const struct person members[] = {
    {(char *)"Ida, the \"first\"", (char *)"SMTP", (char *)"ida@example.net"},
    {NULL, (char *)"X400", (char *)"c=NO;a= ;s=Leo"},
    {(char *)"A name alone", NULL, NULL},
};

static const struct {
	const char *name;
	const char *fields[ADDRESS_FIELDS];
	bool is_list, not_sendable;
	guint n_members;
	const char *card; /* between VERSION and END */
} rows[] = {
    {"nothing", {"entry"}, false, false, 0, "FN:\r\n"},
    {"all columns",
	{"entry", "Ø, Nina; jr", "SMTP:nina@example.net", "Nina", "Ø",
	    "1 \\ Road", "Oslo", "O", "0101", "Norway", "Boss", "Firm", "Dept",
	    "Room 1", "Per", "1", "2", "3", "4", "5", "6", "7", "8",
	    "one\r\ntwo"},
	false, false, 0,
	"FN:Ø\\, Nina\\; jr\r\nN:Ø;Nina;;;\r\nORG:Firm;Dept;Room 1\r\n"
	"EMAIL;PREF=1:nina@example.net\r\n"
	"ADR;TYPE=work:;;1 \\\\ Road;Oslo;O;0101;Norway\r\nTITLE:Boss\r\n"
	"RELATED;TYPE=x-assistant;VALUE=text:Per\r\nTEL;TYPE=work:1\r\n"
	"TEL;TYPE=work:2\r\nTEL;TYPE=x-assistant:3\r\n"
	"TEL;TYPE=work,fax:4\r\nTEL;TYPE=home:5\r\nTEL;TYPE=home:6\r\n"
	"TEL;TYPE=cell:7\r\nTEL;TYPE=pager:8\r\nNOTE:one\\ntwo\r\n"},
    {"no name", {"entry", "", "X400:c=NO", "Ada", "Lie"}, false, false, 0,
	"FN:Ada Lie\r\nN:Lie;Ada;;;\r\n"
	"EMAIL;PREF=1;X-ADDRTYPE=X400:c=NO\r\n"},
    {"no address", {"entry", "Bo", "USER: Bo"}, false, true, 0, "FN:Bo\r\n"},
    {"list", {"dl", "Family", "x", "not", "of lists"}, true, false, 3,
	"KIND:group\r\nFN:Family\r\n"
	"MEMBER;X-CN=\"Ida, the ^'first^'\":mailto:ida@example.net\r\n"
	"MEMBER;X-ADDRTYPE=X400:x-mapi:c%3DNO%3Ba%3D%20%3Bs%3DLeo\r\n"
	"MEMBER;X-CN=A name alone:\r\n"},
};

static struct address
address_of(guint i)
{
	return (struct address){.is_list = rows[i].is_list,
	    .not_sendable = rows[i].not_sendable,
	    .fields = rows[i].fields,
	    .members = members,
	    .n_members = rows[i].n_members};
}

static void
test_card(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct address a = address_of(i);
		g_autoptr(GString) out = g_string_new(NULL);
		g_autofree char *want = g_strdup_printf(
		    "BEGIN:VCARD\r\nVERSION:4.0\r\n%sEND:VCARD\r\n",
		    rows[i].card);

		g_test_message("%s", rows[i].name);
		address_to_vcard(&a, out);
		g_assert_cmpstr(out->str, ==, want);
	}
}

static char *
octets_of(const struct address *a)
{
	g_autoptr(GString) text = g_string_new("left over");
	g_autoptr(Spool) out = spool_new("/");
	struct message m;
	char *all;
	gsize got;

	g_assert_cmpint(address_to_message(a, text, out, &m, NULL), ==, ST_OK);
	g_assert_true(m.has_body && m.size == m.raw.len);
	all = g_malloc0((gsize)m.raw.len + 1);
	g_assert_cmpint(
	    blob_read(&m.raw, 0, all, (gsize)m.raw.len, &got, NULL), ==, ST_OK);
	return all;
}

static void
test_message(void)
{
	static const char card[] = "BEGIN:VCARD\nVERSION:3.0\nFN:As it is\n"
				   "END:VCARD\n";
	struct address a = address_of(3);
	g_autofree char *one = octets_of(&a), *again = octets_of(&a);
	g_autofree char *kept = NULL;
	g_autofree char *base64 =
	    g_base64_encode((const guchar *)card, strlen(card));

	g_assert_cmpstr(one, ==, again);
	g_assert_cmpstr(one, ==,
	    "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nSubject: Bo\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/vcard; charset=utf-8\r\n"
	    "Content-Disposition: attachment; filename=\"contact.vcf\"\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n"
	    "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Bo\r\nEND:VCARD\r\n");
	/* A card of the source's own is kept to the octet. */
	a.vcard = blob_from_mem(card, strlen(card));
	kept = octets_of(&a);
	g_strdelimit(strstr(kept, "\r\n\r\n") + 4, "\r\n", ' ');
	g_assert_true(strstr(kept, base64) || strstr(kept, "FN:As it is"));
	g_assert_null(strstr(kept, "FN:Bo"));
}

/* Its own messages are known wherever they lie, and no others. */
static void
test_back(void)
{
	static const struct {
		const char *name, *from, *to; /* a change of the message */
		bool known;
	} changes[] = {
	    {"as it is", NULL, NULL, true},
	    {"sent by somebody", "Subject:", "From: a@b\r\nSubject:", false},
	    {"another date", "Thu, 01 Jan 1970", "Fri, 02 Jan 1970", false},
	    {"an id", "\r\n\r\n", "\r\nMessage-ID: <1@b>\r\n\r\n", false},
	    {"a calendar", "text/vcard;", "text/calendar;", false},
	    {"cut in the header", "\r\nContent-Type", NULL, false},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct address a = address_of(i), got;
		g_autofree char *made = octets_of(&a);

		for (guint k = 0; k < G_N_ELEMENTS(changes); k++) {
			g_autoptr(GString) octets = g_string_new(made);
			g_autoptr(GArray) parts =
			    g_array_new(FALSE, TRUE, sizeof(struct part));
			g_autoptr(Spool) store = spool_new("/");
			struct message m = {.has_body = true};

			g_test_message("%s, %s", rows[i].name, changes[k].name);
			g_array_set_clear_func(
			    parts, (GDestroyNotify)part_clear);
			if (changes[k].to)
				g_string_replace(
				    octets, changes[k].from, changes[k].to, 1);
			else if (changes[k].from)
				*strstr(octets->str, changes[k].from) = '\0';
			m.raw = blob_from_mem(octets->str, strlen(octets->str));
			g_assert_cmpint(
			    address_from_message(&m, parts, store, &got, NULL),
			    ==, changes[k].known ? ST_OK : ST_END);
			if (!changes[k].known)
				continue;
			g_assert_true(got.is_list == rows[i].is_list);
			g_assert_true(g_str_has_prefix(
			    (const char *)got.vcard.mem, "BEGIN:VCARD\r\n"));
		}
	}
}

/* The error of a card that cannot be read gets through. */
static void
test_unreadable(void)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(Spool) out = spool_new("/");
	struct address a = address_of(0);
	g_autoptr(GError) error = NULL;
	struct message m;

	a.vcard = (struct blob){.fd = -1, .len = 10};
	g_assert_cmpint(
	    address_to_message(&a, text, out, &m, &error), ==, ST_ITEM);
	g_assert_nonnull(error);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/address/card", test_card);
	g_test_add_func("/address/message", test_message);
	g_test_add_func("/address/back", test_back);
	g_test_add_func("/address/unreadable", test_unreadable);
	return g_test_run();
}
