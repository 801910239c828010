/*
 * pst: contacts and lists as vCards, from a file that the writer made property
 * by property, and from Outlook's own with MAILMIG_DATA.
 */
#include "pst/contact-read.h"
#include "pst/format.h"
#include "pst/messaging-write-private.h"

#include <glib/gstdio.h>
#include <string.h>

#define TAG(id, type) ((guint32)(id) << 16 | (type))
#define CRLF	      "\r\n"

struct fixture {
	char *dir, *path;
	guint32 nids[8];
	guint n;
	Pst *pst;
};

static PstWriter *w;

static void
named_text(guint32 lid, const char *text)
{
	guint id = pst_writer_name(w, pst_guid_address, lid, NULL);

	pst_bag_text(
	    pst_writer_bag(w), TAG(id, PST_T_UNICODE), text, -1, 0, NULL);
}

static void
texts(const guint *ids, const char *const *values)
{
	for (; *values; ids++, values++)
		pst_bag_text(pst_writer_bag(w), TAG(*ids, PST_T_UNICODE),
		    *values, -1, 0, NULL);
}

static void
end(struct fixture *f)
{
	g_assert_cmpint(
	    pst_writer_message_end(w, &f->nids[f->n++], NULL), ==, ST_OK);
}

/* Everything a contact can have. */
static void
full(struct fixture *f)
{
	static const guint ids[] = {PST_P_MESSAGE_CLASS, 0x3001, 0x3a06, 0x3a11,
	    0x3a44, 0x3a45, 0x3a05, 0x3a16, 0x3a18, 0x3a17, 0x3a08, 0x3a1c,
	    0x3a24, 0x3a09, 0x3a19, 0x3a30, 0x3a4e, 0x3a48, 0x3a5d, 0x3a59,
	    0x3a5a, PST_P_BODY};
	static const char *const values[] = {"IPM.Contact",
	    "Dr. Anna B. M\xc3\xbcller", "Anna", "M\xc3\xbcller", "B.", "Dr.",
	    "jr.", "Firma, GmbH", "R;D", "Head", "+49 1", "+49 2", "+49 3",
	    "+49 4", "Room 7", "Otto", "Boss", "Bert",
	    "Hauptstr. 1\r\nHinterhaus", "Bonn", "Germany",
	    "line one\r\nline two", NULL};
	static const guint8 png[] = "\x89PNG\r\n\x1a\n picture";
	static const char *const words[] = {"Friends", "A, B"};
	guint id;

	pst_writer_message(w, PST_NID_TOP + 0x80, NULL);
	texts(ids, values);
	named_text(0x8082, "SMTP");
	named_text(0x8083, "anna@example.org");
	named_text(0x8092, "EX");
	named_text(0x8093, "/o=Org/ou=Site/cn=Recipients/cn=anna");
	named_text(0x8094, "anna@work.example");
	named_text(0x80a2, "X400");
	named_text(0x80a3, "c=de;a=a;s=anna");
	named_text(0x8045, "Werkstr. 2");
	named_text(0x8046, "K\xc3\xb6ln");
	named_text(0x8048, "50667");
	named_text(0x8062, "anna@chat");
	/* 1970-03-01, midnight in Bonn. */
	pst_bag_int64(pst_writer_bag(w), TAG(0x3a42, PST_T_TIME),
	    pst_filetime(58 * 86400 + 23 * 3600));
	id = pst_writer_name(w, pst_guid_public_strings, 0, "Keywords");
	pst_bag_texts(
	    pst_writer_bag(w), TAG(id, PST_T_MV_UNICODE), words, 2, NULL);
	pst_bag_bytes(pst_writer_bag(w), TAG(PST_P_SEARCH_KEY, PST_T_BINARY),
	    "0123456789abcdef", 16, NULL);
	pst_bag_int64(pst_writer_bag(w),
	    TAG(PST_P_MODIFICATION_TIME, PST_T_TIME), pst_filetime(86399));
	pst_writer_attachment(w, NULL);
	pst_bag_int(pst_writer_bag(w), TAG(0x7fff, PST_T_BOOL), 1);
	pst_bag_bytes(pst_writer_bag(w), TAG(PST_P_ATTACH_DATA, PST_T_BINARY),
	    png, sizeof png - 1, NULL);
	pst_writer_attachment_end(w, NULL);
	pst_writer_attachment(w, NULL);
	pst_bag_text(pst_writer_bag(w),
	    TAG(PST_P_ATTACH_FILENAME, PST_T_UNICODE), "cv.pdf", -1, 0, NULL);
	pst_bag_bytes(pst_writer_bag(w), TAG(PST_P_ATTACH_DATA, PST_T_BINARY),
	    "pdf", 3, NULL);
	pst_writer_attachment_end(w, NULL);
	end(f);
}

static void
add_value(GByteArray *starts, GByteArray *data, const GByteArray *value)
{
	guint8 at[4];

	at[0] = (guint8)data->len;
	at[1] = (guint8)(data->len >> 8);
	at[2] = at[3] = 0;
	g_byte_array_append(starts, at, 4);
	g_byte_array_append(data, value->data, value->len);
}

/* A property of several values: starts are relative until here. */
static void
put_values(guint32 lid, GByteArray *starts, const GByteArray *data)
{
	guint n = starts->len / 4;
	g_autoptr(GByteArray) all = g_byte_array_new();
	guint8 count[4] = {(guint8)n};
	guint id = pst_writer_name(w, pst_guid_address, lid, NULL);

	for (guint i = 0; i < n; i++) {
		guint at =
		    (starts->data[4 * i] | starts->data[4 * i + 1] << 8) + 4 +
		    4 * n;

		starts->data[4 * i] = (guint8)at;
		starts->data[4 * i + 1] = (guint8)(at >> 8);
	}
	g_byte_array_append(all, count, 4);
	g_byte_array_append(all, starts->data, starts->len);
	g_byte_array_append(all, data->data, data->len);
	pst_bag_bytes(pst_writer_bag(w), TAG(id, PST_T_MV_BINARY), all->data,
	    all->len, NULL);
}

/* Members: a one-off, the contact of this file by its node, and bytes that are
 * nothing. */
static void
list(struct fixture *f, const guint8 record_key[16])
{
	static const guint8 wrap[21] = {0, 0, 0, 0, 0xc0, 0x91, 0xad, 0xd3,
	    0x51, 0x9d, 0xcf, 0x11, 0xa4, 0xa9, 0, 0xaa, 0, 0x47, 0xfa, 0xa4,
	    0xc3};
	g_autoptr(GByteArray) starts = g_byte_array_new();
	g_autoptr(GByteArray) data = g_byte_array_new();
	g_autoptr(GByteArray) one = g_byte_array_new();
	guint32 nid = f->nids[0];
	guint8 id[8] = {0};

	pst_writer_message(w, PST_NID_TOP + 0x80, NULL);
	pst_bag_text(pst_writer_bag(w), TAG(PST_P_MESSAGE_CLASS, PST_T_UNICODE),
	    "IPM.DistList", -1, 0, NULL);
	named_text(0x8053, "Team");
	pst_one_off(one, "Bob \"B\"", "SMTP", "bob@example.org");
	add_value(starts, data, one);
	g_byte_array_set_size(one, 0);
	g_byte_array_append(one, wrap, sizeof wrap);
	g_byte_array_append(one, id, 4);
	g_byte_array_append(one, record_key, 16);
	for (guint i = 0; i < 4; i++)
		id[i] = (guint8)(nid >> 8 * i);
	g_byte_array_append(one, id, 4);
	add_value(starts, data, one);
	g_byte_array_set_size(one, 0);
	g_byte_array_append(one, (const guint8 *)"nothing", 7);
	add_value(starts, data, one);
	put_values(0x8055, starts, data);
	end(f);
}

static void
set_up(struct fixture *f, gconstpointer data)
{
	static const guint ids[] = {PST_P_MESSAGE_CLASS, PST_P_SUBJECT};
	static const char *const only_subject[] = {
	    "IPM.Contact.Company", "\x01\x01Nobody", NULL};
	struct pst_writer_params params = {.name = "x"};

	f->dir = g_dir_make_tmp("pst-contact-XXXXXX", NULL);
	f->path = g_build_filename(f->dir, "x.pst", NULL);
	params.spool_dir = f->dir;
	g_assert_cmpint(pst_writer_open(&w, f->path, &params, NULL), ==, ST_OK);
	{
		guint32 folder;

		pst_writer_folder(
		    w, PST_NID_TOP, "People", "IPF.Contact", &folder, NULL);
		g_assert_cmphex(folder, ==, PST_NID_TOP + 0x80);
	}
	full(f);
	pst_writer_message(w, PST_NID_TOP + 0x80, NULL);
	texts(ids, only_subject);
	end(f);
	list(f, w->store_key);
	g_assert_cmpint(pst_writer_finish(w, NULL), ==, ST_OK);
	g_clear_pointer(&w, pst_writer_close);
	g_assert_cmpint(pst_open(&f->pst, f->path, NULL), ==, ST_OK);
}

static void
tear_down(struct fixture *f, gconstpointer data)
{
	pst_close(f->pst);
	g_unlink(f->path);
	g_assert_cmpint(g_rmdir(f->dir), ==, 0);
	g_free(f->path);
	g_free(f->dir);
}

static void
read_one(struct fixture *f, guint i, struct pst_card *c)
{
	g_autoptr(PstMessage) message = NULL;

	pst_card_init(c);
	g_assert_cmpint(
	    pst_message_open(&message, f->pst, f->nids[i], NULL), ==, ST_OK);
	g_assert_cmpint(pst_card_read(c, f->pst, message, NULL), ==, ST_OK);
}

/* Lines as they are before folding. */
static char *
unfolded(const struct pst_card *c)
{
	char **parts = g_strsplit(c->vcard->str, CRLF " ", -1);
	char *text = g_strjoinv("", parts);

	g_strfreev(parts);
	return text;
}

static void
test_full(struct fixture *f, gconstpointer data)
{
	static const char want[] =
	    "BEGIN:VCARD" CRLF "VERSION:4.0" CRLF
	    "FN:Dr. Anna B. M\xc3\xbcller" CRLF
	    "N:M\xc3\xbcller;Anna;B.;Dr.;jr." CRLF
	    "ORG:Firma\\, GmbH;R\\;D" CRLF "EMAIL;PREF=1:anna@example.org" CRLF
	    "EMAIL:anna@work.example" CRLF
	    "EMAIL;X-ADDRTYPE=X400:c=de\\;a=a\\;s=anna" CRLF
	    "ADR;TYPE=work:;;Werkstr. 2;K\xc3\xb6ln;;50667;" CRLF
	    "ADR;TYPE=home:;;Hauptstr. 1\\nHinterhaus;Bonn;;;Germany" CRLF
	    "TEL;TYPE=work,voice:+49 1" CRLF "TEL;TYPE=home,voice:+49 4" CRLF
	    "TEL;TYPE=cell:+49 2" CRLF "TEL;TYPE=work,fax:+49 3" CRLF
	    "TITLE:Head" CRLF "IMPP;VALUE=text:anna@chat" CRLF
	    "RELATED;TYPE=spouse;VALUE=text:Bert" CRLF "X-MS-MANAGER:Boss" CRLF
	    "X-MS-ASSISTANT:Otto" CRLF "X-OFFICE:Room 7" CRLF
	    "BDAY:19700301" CRLF "NOTE:line one\\nline two" CRLF
	    "CATEGORIES:Friends,A\\, B" CRLF
	    "UID:urn:x-mapi-search-key:30313233343536373839616263646566" CRLF
	    "REV:19700101T235959Z" CRLF
	    "PHOTO:data:image/png;base64\\,iVBORw0KGgogcGljdHVyZQ==" CRLF
	    "END:VCARD" CRLF;
	g_auto(PstCard) c = {0};
	g_autofree char *got = NULL;

	read_one(f, 0, &c);
	got = unfolded(&c);
	g_assert_cmpstr(got, ==, want);
	g_assert_false(c.is_list);
	g_assert_false(c.not_sendable);
	g_assert_cmpstr(c.fields[0], ==, "entry");
	g_assert_cmpstr(c.fields[2], ==, "SMTP:anna@example.org");
	g_assert_cmpstr(c.fields[5], ==, "Werkstr. 2");
	g_assert_cmpstr(c.fields[6], ==, "K\xc3\xb6ln");
	g_assert_cmpstr(c.fields[9], ==, "");
	g_assert_cmpstr(c.fields[18], ==, "+49 3");
	/* The other attachment is named. */
	g_assert_cmpint(c.lost->len, ==, 1);
	g_assert_nonnull(strstr(c.lost->pdata[0], "cv.pdf"));
}

static void
test_bare(struct fixture *f, gconstpointer data)
{
	g_auto(PstCard) c = {0};

	read_one(f, 1, &c);
	g_assert_nonnull(strstr(c.vcard->str, "FN:Nobody" CRLF));
	g_assert_true(c.not_sendable);
	g_assert_cmpstr(c.fields[2], ==, "USER: Nobody");
}

static void
test_list(struct fixture *f, gconstpointer data)
{
	g_auto(PstCard) c = {0};
	const struct person *p;
	g_autofree char *got = NULL;

	read_one(f, 2, &c);
	got = unfolded(&c);
	g_assert_true(c.is_list);
	g_assert_nonnull(strstr(got, "KIND:group" CRLF "FN:Team" CRLF));
	g_assert_nonnull(
	    strstr(got, "MEMBER;X-CN=Bob ^'B^':mailto:bob@example.org" CRLF));
	/* The third address of the contact: see the type of its wrap. */
	g_assert_cmpint(c.members->len, ==, 2);
	p = c.members->pdata[1];
	g_assert_cmpstr(p->name, ==, "Dr. Anna B. M\xc3\xbcller");
	g_assert_cmpstr(p->type, ==, "X400");
	g_assert_cmpstr(p->address, ==, "c=de;a=a;s=anna");
	g_assert_cmpint(c.lost->len, ==, 1);
}

static void
test_classes(struct fixture *f, gconstpointer data)
{
	static const struct {
		const char *class;
		bool is;
	} rows[] = {{"IPM.Contact", true}, {"ipm.distlist", true},
	    {"IPM.Contact.Mine", true}, {"IPM.ContactX", false},
	    {"IPM.Note", false}, {NULL, false}};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_true(pst_card_is(rows[i].class) == rows[i].is);
}

/* Outlook's own list: three members, one of them a contact. */
static void
test_sample(struct fixture *f, gconstpointer data)
{
	const char *dir = g_getenv("MAILMIG_DATA");
	g_autofree char *path =
	    g_build_filename(dir ? dir : "", "pst", "dist-list.pst", NULL);
	g_autoptr(PstMessage) message = NULL;
	g_autoptr(Pst) pst = NULL;
	g_auto(PstCard) c = {0};

	if (dir == NULL) {
		g_test_skip("MAILMIG_DATA is not set");
		return;
	}
	pst_card_init(&c);
	g_assert_cmpint(pst_open(&pst, path, NULL), ==, ST_OK);
	g_assert_cmpint(
	    pst_message_open(&message, pst, 0x200024, NULL), ==, ST_OK);
	g_assert_cmpint(pst_card_read(&c, pst, message, NULL), ==, ST_OK);
	g_assert_cmpint(c.members->len, ==, 3);
	g_assert_nonnull(strstr(c.vcard->str, "FN:test dist list" CRLF));
	g_assert_nonnull(strstr(c.vcard->str, "mailto:dist2@rjohnson.id.au"));
	g_assert_cmpint(c.lost->len, ==, 0);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(struct fixture *f, gconstpointer data);
	} tests[] = {
	    {"/pst/contact/full", test_full},
	    {"/pst/contact/bare", test_bare},
	    {"/pst/contact/list", test_list},
	    {"/pst/contact/classes", test_classes},
	    {"/pst/contact/sample", test_sample},
	};

	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].name, struct fixture, NULL, set_up,
		    tests[i].test, tear_down);
	return g_test_run();
}
