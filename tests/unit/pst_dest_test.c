/*
 * pst as a destination: a whole file for each mailbox and pass, several when it
 * would grow too large, nothing written over, nothing half done.
 */
#include "base/url.h"
#include "dest/pst.h"
#include "pst/bytes.h"
#include "pst/check.h"
#include "pst/format.h"
#include "pst/messaging-read.h"

#include <glib/gstdio.h>
#include <string.h>

/* The table that src/drivers.c has in the program. */
const struct dest_driver *const dest_drivers[] = {&dest_pst_driver, NULL};

struct fixture {
	char *dir;
	struct url url;
	Options *options;
	struct login login;
	struct mailbox *mailbox;
	struct job job;
	Dest *dest;
	GError *error;
};

static void
start(struct fixture *f, const char *place, const char *split)
{
	g_autofree char *text =
	    g_strdup_printf("pst:%s%s", f->dir, place ? place : "");
	struct end end;

	g_assert_cmpint(url_parse(text, &f->url, NULL), ==, ST_OK);
	f->options = options_new(dest_pst_driver.options);
	if (split)
		g_assert_cmpint(
		    options_set(f->options, "split", split, NULL), ==, ST_OK);
	end = (struct end){&f->url, f->options, &f->login};
	g_assert_cmpint(
	    dest_open(&f->dest, &dest_pst_driver, &end, &f->error), ==, ST_OK);
	f->job.spool_dir = f->dir;
	f->job.mailbox = f->mailbox;
	if (f->job.pass == 0)
		f->job.pass = 1;
	g_assert_cmpint(dest_begin(f->dest, &f->job, &f->error), ==, ST_OK);
}

static void
stop(struct fixture *f)
{
	g_clear_pointer(&f->dest, dest_close);
	g_clear_pointer(&f->options, options_free);
	url_clear(&f->url);
	g_clear_error(&f->error);
}

static void
set_up(struct fixture *f, gconstpointer data)
{
	f->dir = g_dir_make_tmp("pst-dest-XXXXXX", NULL);
	f->mailbox = mailbox_new("anna@example.org", NULL);
}

static void
tear_down(struct fixture *f, gconstpointer data)
{
	GDir *dir;
	const char *name;

	stop(f);
	mailbox_free(f->mailbox);
	dir = g_dir_open(f->dir, 0, NULL);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(f->dir, name, NULL);

		g_unlink(path);
	}
	g_dir_close(dir);
	g_assert_cmpint(g_rmdir(f->dir), ==, 0);
	g_free(f->dir);
}

static char *inbox_path[] = {(char *)"INBOX", NULL};
static char *sub_path[] = {(char *)"INBOX", (char *)"Sub", NULL};
static char *trash_path[] = {(char *)"Trash", NULL};
static char *case_path[] = {(char *)"trash", NULL};
static const struct folder inbox = {.path = inbox_path, .use = FOLDER_INBOX};
static const struct folder sub = {.path = sub_path};
static const struct folder trash = {.path = trash_path, .use = FOLDER_TRASH};
static const struct folder lower = {.path = case_path};

static void
put_folder(struct fixture *f, const struct folder *folder)
{
	struct record r = {.kind = RECORD_FOLDER, .folder = folder};

	g_assert_cmpint(dest_put(f->dest, &r, 0, &f->error), ==, ST_OK);
}

static enum status
put(struct fixture *f, const struct folder *folder, const char *raw,
    guint64 seq)
{
	struct record r = {.kind = RECORD_MESSAGE, .key = "1"};

	r.message.folder = folder;
	r.message.has_body = true;
	r.message.raw = blob_from_mem(raw, strlen(raw));
	return dest_put(f->dest, &r, seq, &f->error);
}

static guint
outcomes(struct fixture *f)
{
	struct outcome out;
	guint n = 0;

	while (dest_outcome(f->dest, &out, NULL) == ST_OK) {
		g_assert_cmpint(out.st, ==, ST_OK);
		g_assert_nonnull(out.dest_key);
		n++;
	}
	return n;
}

static bool
exists(struct fixture *f, const char *name)
{
	g_autofree char *path = g_build_filename(f->dir, name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* How many messages a file without fault holds. */
static guint64
messages(struct fixture *f, const char *name)
{
	g_autofree char *path = g_build_filename(f->dir, name, NULL);
	g_autoptr(PstReport) report = NULL;
	struct pst_report_counts counts;

	g_assert_cmpint(pst_check(&report, path, true, NULL), ==, ST_OK);
	for (guint i = 0; i < pst_report_n(report); i++)
		g_test_message("%s: %s", pst_report_at(report, i)->rule,
		    pst_report_at(report, i)->what);
	g_assert_cmpint(pst_report_n(report), ==, 0);
	pst_report_counts(report, &counts);
	return counts.messages;
}

/* From any source to .pst every message was lost (838799). */
static void
test_all_arrive(struct fixture *f, gconstpointer data)
{
	g_autofree char *path = NULL;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstFolder) top = NULL;
	g_autoptr(GString) names = g_string_new(NULL);
	guint32 nid;

	start(f, NULL, NULL);
	put_folder(f, &inbox);
	put_folder(f, &sub);
	put_folder(f, &trash);
	put_folder(f, &lower);
	for (guint i = 0; i < 10; i++) {
		g_assert_cmpint(
		    put(f, &inbox, "Subject: a\r\n\r\n", i), ==, ST_OK);
		g_assert_cmpint(
		    put(f, &sub, "Subject: b\r\n\r\n", 100 + i), ==, ST_OK);
		g_assert_cmpint(
		    put(f, &trash, "Subject: c\r\n\r\n", 200 + i), ==, ST_OK);
	}
	g_assert_cmpint(dest_commit(f->dest, false, &f->error), ==, ST_OK);
	g_assert_cmpint(outcomes(f), ==, 0);
	g_assert_false(exists(f, "anna@example.org.pst"));
	g_assert_cmpint(dest_commit(f->dest, true, &f->error), ==, ST_OK);
	g_assert_cmpint(outcomes(f), ==, 30);
	dest_end(f->dest);
	g_assert_cmpint(messages(f, "anna@example.org.pst"), ==, 30);
	g_assert_false(exists(f, "anna@example.org.pst.partial"));

	path = g_build_filename(f->dir, "anna@example.org.pst", NULL);
	g_assert_cmpint(pst_open(&pst, path, NULL), ==, ST_OK);
	g_assert_cmpint(
	    pst_folder_open(&top, pst, pst_top_folder(pst), NULL), ==, ST_OK);
	while (pst_folder_next_child(top, &nid, NULL) == ST_OK) {
		g_autoptr(PstFolder) one = NULL;
		g_autofree char *name = NULL;

		pst_folder_open(&one, pst, nid, NULL);
		name =
		    pst_props_text(pst_folder_props(one), PST_P_DISPLAY_NAME);
		g_string_append_printf(names, "%s %u;", name,
		    pst_props_int_or(
			pst_folder_props(one), PST_P_CONTENT_COUNT, 0));
	}
	g_assert_cmpstr(names->str, ==, "Deleted Items 10;Inbox 10;trash 0;");
}

/* Copies with one Message-ID, and so one search key, all arrive, also the one
 * that was edited (842105). */
static void
test_copies(struct fixture *f, gconstpointer data)
{
	static const char copy[] = "Message-ID: <1@b.c>\r\nSubject: a\r\n\r\nx";

	start(f, NULL, NULL);
	put_folder(f, &inbox);
	g_assert_cmpint(put(f, &inbox, copy, 0), ==, ST_OK);
	g_assert_cmpint(put(f, &inbox, copy, 1), ==, ST_OK);
	g_assert_cmpint(
	    put(f, &inbox, "Message-ID: <1@b.c>\r\nSubject: a\r\n\r\ny", 2), ==,
	    ST_OK);
	g_assert_cmpint(dest_commit(f->dest, true, &f->error), ==, ST_OK);
	g_assert_cmpint(outcomes(f), ==, 3);
	dest_end(f->dest);
	g_assert_cmpint(messages(f, "anna@example.org.pst"), ==, 3);
}

/* Nobody needs a password that only a file of the original knew (Q174738). */
static void
test_no_password(struct fixture *f, gconstpointer data)
{
	g_autofree char *path =
	    g_build_filename(f->dir, "anna@example.org.pst", NULL);
	g_autoptr(Pst) pst = NULL;

	start(f, NULL, NULL);
	g_assert_cmpint(dest_commit(f->dest, true, &f->error), ==, ST_OK);
	dest_end(f->dest);
	g_assert_cmpint(pst_open(&pst, path, NULL), ==, ST_OK);
	g_assert_cmpint(
	    pst_props_int_or(pst_store(pst), PST_P_PASSWORD, 1), ==, 0);
}

/* An empty mailbox still gets its file; an empty later pass gets none. */
static void
test_empty(struct fixture *f, gconstpointer data)
{
	start(f, NULL, NULL);
	g_assert_cmpint(dest_commit(f->dest, true, &f->error), ==, ST_OK);
	dest_end(f->dest);
	g_assert_cmpint(messages(f, "anna@example.org.pst"), ==, 0);
	stop(f);
	f->job.pass = 2;
	start(f, NULL, NULL);
	put_folder(f, &inbox);
	g_assert_cmpint(dest_commit(f->dest, true, &f->error), ==, ST_OK);
	dest_end(f->dest);
	g_assert_false(exists(f, "anna@example.org.pass-2.pst"));
	stop(f);
	f->job.pass = 3;
	start(f, NULL, NULL);
	g_assert_cmpint(put(f, &inbox, "Subject: new\r\n\r\n", 1), ==, ST_OK);
	g_assert_cmpint(dest_commit(f->dest, true, &f->error), ==, ST_OK);
	g_assert_cmpint(outcomes(f), ==, 1);
	dest_end(f->dest);
	g_assert_cmpint(messages(f, "anna@example.org.pass-3.pst"), ==, 1);
}

/* Parts: each complete in itself, none beyond the size, all appear at once. */
static void
test_split(struct fixture *f, gconstpointer data)
{
	g_autofree char *body = g_strnfill(100000, 'x');
	g_autofree char *raw =
	    g_strconcat("Subject: big\r\n\r\n", body, "\r\n", NULL);
	guint64 all = 0;

	start(f, "/anna.pst", "2MiB");
	put_folder(f, &inbox);
	for (guint i = 0; i < 30; i++)
		g_assert_cmpint(put(f, &sub, raw, i), ==, ST_OK);
	g_assert_false(exists(f, "anna.pst"));
	g_assert_cmpint(dest_commit(f->dest, true, &f->error), ==, ST_OK);
	g_assert_cmpint(outcomes(f), ==, 30);
	dest_end(f->dest);
	for (guint i = 1; i < 20; i++) {
		g_autofree char *name = i == 1
					    ? g_strdup("anna.pst")
					    : g_strdup_printf("anna-%u.pst", i);
		g_autofree char *path = g_build_filename(f->dir, name, NULL);
		GStatBuf sb;

		if (!exists(f, name)) {
			g_assert_cmpint(i, >, 3);
			break;
		}
		all += messages(f, name);
		g_assert_cmpint(g_stat(path, &sb), ==, 0);
		g_assert_cmpint(sb.st_size, <=, 2 << 20);
	}
	g_assert_cmpint(all, ==, 30);
}

/* Given up, or killed: no file under the name; what was left is cleared. */
static void
test_given_up(struct fixture *f, gconstpointer data)
{
	g_autofree char *stale =
	    g_build_filename(f->dir, "anna@example.org.pst.partial", NULL);

	g_assert_true(g_file_set_contents(stale, "half", -1, NULL));
	start(f, NULL, NULL);
	g_assert_cmpint(put(f, &inbox, "Subject: a\r\n\r\n", 1), ==, ST_OK);
	g_assert_true(exists(f, "anna@example.org.pst.partial"));
	dest_end(f->dest);
	g_assert_false(exists(f, "anna@example.org.pst.partial"));
	g_assert_false(exists(f, "anna@example.org.pst"));
}

/* A file that is there is left alone, but by the pass that made it. */
static void
test_exists(struct fixture *f, gconstpointer data)
{
	g_autofree char *path =
	    g_build_filename(f->dir, "anna@example.org.pst", NULL);
	g_autofree char *back = NULL;

	g_assert_true(g_file_set_contents(path, "precious", -1, NULL));
	start(f, NULL, NULL);
	g_assert_cmpint(
	    put(f, &inbox, "Subject: a\r\n\r\n", 1), ==, ST_MAILBOX);
	g_assert_cmpint(error_kind(f->error), ==, ERR_REFUSED);
	dest_end(f->dest);
	g_assert_true(g_file_get_contents(path, &back, NULL, NULL));
	g_assert_cmpstr(back, ==, "precious");
	stop(f);
	f->job.interrupted = true;
	start(f, NULL, NULL);
	g_assert_cmpint(put(f, &inbox, "Subject: a\r\n\r\n", 1), ==, ST_OK);
	g_assert_cmpint(dest_commit(f->dest, true, &f->error), ==, ST_OK);
	dest_end(f->dest);
	g_assert_cmpint(messages(f, "anna@example.org.pst"), ==, 1);
}

/* Names of mailboxes never lead elsewhere. */
static void
test_names(struct fixture *f, gconstpointer data)
{
	mailbox_free(f->mailbox);
	f->mailbox = mailbox_new("../a/b:c\n", NULL);
	start(f, NULL, NULL);
	g_assert_cmpint(dest_commit(f->dest, true, &f->error), ==, ST_OK);
	dest_end(f->dest);
	g_assert_cmpint(messages(f, "_._a_b_c_.pst"), ==, 0);
}

static const guint8 set_address[16] = {
    0x04, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};

/* The message of a number in the folder of a name, NULL when there is none. */
static PstMessage *
item_of(Pst *pst, const char *folder, guint n)
{
	PstFolder *top;
	PstMessage *m = NULL;
	guint32 nid;

	g_assert_cmpint(
	    pst_folder_open(&top, pst, PST_NID_TOP, NULL), ==, ST_OK);
	while (m == NULL && pst_folder_next_child(top, &nid, NULL) == ST_OK) {
		PstFolder *f;
		g_autofree char *name = NULL;

		g_assert_cmpint(pst_folder_open(&f, pst, nid, NULL), ==, ST_OK);
		name = pst_props_text(pst_folder_props(f), PST_P_DISPLAY_NAME);
		if (g_strcmp0(name, folder) == 0)
			while (pst_folder_next_message(f, &nid, NULL) == ST_OK)
				if (n-- == 0)
					g_assert_cmpint(pst_message_open(
							    &m, pst, nid, NULL),
					    ==, ST_OK);
		pst_folder_close(f);
	}
	pst_folder_close(top);
	return m;
}

static void
expect(const PstMessage *m, guint id, const char *want)
{
	g_autofree char *got = pst_props_text(pst_message_props(m), id);

	g_test_message("property %04x", id);
	g_assert_cmpstr(got, ==, want);
}

/* Address books become contacts and lists, from columns and from vCards. */
static void
test_addresses(struct fixture *f, gconstpointer data)
{
	static const char *const row[ADDRESS_FIELDS] = {"entry", "Anna Holm",
	    "X400:c=no;s=holm", "Anna", "Holm", "Street 1", "Town", "", "0123",
	    "Norway", "Boss", "Klippe", "Nets", "Room 5", "", "+47 1", "", "",
	    "+47 2", "", "", "+47 3", "", "a note"};
	static const char *const list[ADDRESS_FIELDS] = {"dl", "Friends",
	    "SMTP:bob@example.org", "", "", "", "", "", "", "", "", "", "", "",
	    "", "", "", "", "", "", "", "", "", ""};
	static const char card[] = "BEGIN:VCARD\r\nVERSION:4.0\r\n"
				   "FN:Bob\r\nEMAIL:bob@example.org\r\n"
				   "X-SKILL:juggling\r\nEND:VCARD\r\n";
	static const struct person members[] = {
	    {(char *)"Bob", (char *)"SMTP", (char *)"bob@example.org"}};
	struct address addresses[] = {{.fields = row},
	    {.is_list = true,
		.fields = list,
		.members = members,
		.n_members = 1},
	    {.fields = row, .vcard = blob_from_mem(card, strlen(card))}};
	g_autofree char *path =
	    g_build_filename(f->dir, "anna@example.org.pst", NULL);
	g_autoptr(Pst) pst = NULL;
	PstMessage *m;
	PstAttachment *a;

	start(f, NULL, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(addresses); i++) {
		struct record r = {.kind = RECORD_ADDRESS, .key = "1"};

		r.address = addresses[i];
		g_assert_cmpint(
		    dest_put(f->dest, &r, i + 1, &f->error), ==, ST_OK);
	}
	g_assert_cmpint(dest_commit(f->dest, true, &f->error), ==, ST_OK);
	g_assert_cmpuint(outcomes(f), ==, 3);
	dest_end(f->dest);
	g_assert_cmpint(messages(f, "anna@example.org.pst"), ==, 3);
	g_assert_cmpint(pst_open(&pst, path, NULL), ==, ST_OK);
	m = item_of(pst, "Contacts", 0);
	expect(m, PST_P_MESSAGE_CLASS, "IPM.Contact");
	expect(m, PST_P_DISPLAY_NAME, "Anna Holm");
	expect(m, 0x3a11, "Holm");
	expect(m, 0x3a08, "+47 1");
	expect(m, 0x3a24, "+47 2");
	expect(m, 0x3a1c, "+47 3");
	expect(m, PST_P_BODY, "a note");
	expect(m, pst_name_id(pst, set_address, 0x8082, NULL), "X400");
	expect(m, pst_name_id(pst, set_address, 0x8083, NULL), "c=no;s=holm");
	expect(m, pst_name_id(pst, set_address, 0x8046, NULL), "Town");
	pst_message_close(m);
	m = item_of(pst, "Contacts", 1);
	expect(m, PST_P_MESSAGE_CLASS, "IPM.DistList");
	expect(m, PST_P_DISPLAY_NAME, "Friends");
	g_assert_nonnull(pst_props_find(
	    pst_message_props(m), pst_name_id(pst, set_address, 0x8054, NULL)));
	pst_message_close(m);
	/* The card wins over the columns, and is kept for what it says more. */
	m = item_of(pst, "Contacts", 2);
	expect(m, PST_P_DISPLAY_NAME, "Bob");
	g_assert_cmpint(pst_message_next_attachment(m, &a, NULL), ==, ST_OK);
	pst_attachment_close(a);
	pst_message_close(m);
}

/* Outlook finds its folders by entry ids, whatever they are called. */
static void
test_special_folders(struct fixture *f, gconstpointer data)
{
	static char *names[][2] = {{(char *)"INBOX", NULL},
	    {(char *)"Kalender", NULL}, {(char *)"Kontakte", NULL},
	    {(char *)"Gesendet", NULL}, {(char *)"Entw\xc3\xbcrfe", NULL},
	    {(char *)"Werbung", NULL}};
	static const enum folder_use uses[] = {FOLDER_INBOX, FOLDER_CALENDAR,
	    FOLDER_CONTACTS, FOLDER_SENT, FOLDER_DRAFTS, FOLDER_JUNK};
	struct folder folders[G_N_ELEMENTS(uses)];
	g_autofree char *path =
	    g_build_filename(f->dir, "anna@example.org.pst", NULL);
	g_autoptr(Pst) pst = NULL;
	PstFolder *root;
	const PstProps *p;
	g_autoptr(GBytes) calendar = NULL;
	g_autoptr(GBytes) sent = NULL;
	guint32 mask, first;

	start(f, NULL, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(uses); i++) {
		folders[i] = (struct folder){.path = names[i], .use = uses[i]};
		put_folder(f, &folders[i]);
	}
	g_assert_cmpint(dest_commit(f->dest, true, &f->error), ==, ST_OK);
	dest_end(f->dest);
	/* The strict checker is happy with them. */
	g_assert_cmpint(messages(f, "anna@example.org.pst"), ==, 0);
	g_assert_cmpint(pst_open(&pst, path, NULL), ==, ST_OK);
	g_assert_cmpint(
	    pst_folder_open(&root, pst, PST_NID_ROOT, NULL), ==, ST_OK);
	p = pst_folder_props(root);
	first = PST_NID(0x405, PST_FOLDER);
	calendar = pst_props_bytes(p, 0x36d0);
	g_assert_nonnull(calendar);
	g_assert_cmpuint(g_bytes_get_size(calendar), ==, 24);
	g_assert_cmpuint(
	    get_le32((const guint8 *)g_bytes_get_data(calendar, NULL) + 20), ==,
	    first + 0x20);
	g_assert_nonnull(pst_props_find(p, 0x36d1));
	g_assert_nonnull(pst_props_find(p, 0x36d7));
	g_assert_nonnull(pst_props_find(p, 0x36d8));
	g_assert_null(pst_props_find(p, 0x36d4));
	sent = pst_props_bytes(pst_store(pst), 0x35e4);
	g_assert_nonnull(sent);
	g_assert_cmpuint(
	    get_le32((const guint8 *)g_bytes_get_data(sent, NULL) + 20), ==,
	    first + 0x60);
	g_assert_true(pst_props_int(pst_store(pst), 0x35df, &mask));
	g_assert_cmpuint(mask, ==, 0xdb);
	pst_folder_close(root);
}

/* A draft is one by its folder, too: else it looks like sent mail. */
static void
test_drafts(struct fixture *f, gconstpointer data)
{
	static char *path_of_drafts[] = {(char *)"Drafts", NULL};
	const struct folder drafts = {
	    .path = path_of_drafts, .use = FOLDER_DRAFTS};
	g_autofree char *path =
	    g_build_filename(f->dir, "anna@example.org.pst", NULL);
	static const char raw[] = "Subject: later\r\n\r\nnot yet\r\n";
	g_autoptr(Pst) pst = NULL;
	guint seen = 0;

	start(f, NULL, NULL);
	put_folder(f, &inbox);
	put_folder(f, &drafts);
	g_assert_cmpint(put(f, &inbox, raw, 1), ==, ST_OK);
	g_assert_cmpint(put(f, &drafts, raw, 2), ==, ST_OK);
	g_assert_cmpint(dest_commit(f->dest, true, &f->error), ==, ST_OK);
	dest_end(f->dest);
	g_assert_cmpint(pst_open(&pst, path, NULL), ==, ST_OK);
	for (guint i = 1; i <= 2; i++) {
		PstMessage *m;
		guint32 flags = 0;

		m = item_of(pst, i == 1 ? "Inbox" : "Drafts", 0);
		g_assert_nonnull(m);
		g_assert_true(pst_props_int(
		    pst_message_props(m), PST_P_MESSAGE_FLAGS, &flags));
		g_assert_cmpuint((flags & PST_MSGFLAG_UNSENT) != 0, ==, i == 2);
		seen++;
		pst_message_close(m);
	}
	g_assert_cmpuint(seen, ==, 2);
}

/* A document of a public folder is an item, not mail. */
static void
test_document(struct fixture *f, gconstpointer data)
{
	struct part part = {.kind = PART_DOCUMENT,
	    .blob = blob_from_mem("data", 4),
	    .name = (char *)"plan.doc",
	    .position = -1};
	struct record r = {.kind = RECORD_MESSAGE, .key = "1"};
	struct envelope e;
	g_autofree char *path =
	    g_build_filename(f->dir, "anna@example.org.pst", NULL);
	g_autoptr(Pst) pst = NULL;
	PstMessage *m;

	envelope_init(&e);
	e.subject = g_strdup("plan.doc");
	r.message.folder = &inbox;
	r.message.has_body = true;
	r.message.parts = &part;
	r.message.n_parts = 1;
	r.message.envelope = &e;
	start(f, NULL, NULL);
	g_assert_cmpint(dest_put(f->dest, &r, 1, &f->error), ==, ST_OK);
	g_assert_cmpint(dest_commit(f->dest, true, &f->error), ==, ST_OK);
	dest_end(f->dest);
	envelope_clear(&e);
	g_assert_cmpint(messages(f, "anna@example.org.pst"), ==, 1);
	g_assert_cmpint(pst_open(&pst, path, NULL), ==, ST_OK);
	m = item_of(pst, "Inbox", 0);
	expect(m, PST_P_MESSAGE_CLASS, "IPM.Document.Word.Document.8");
	pst_message_close(m);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(struct fixture *f, gconstpointer data);
	} tests[] = {
	    {"/kb/838799/all-arrive", test_all_arrive},
	    {"/kb/Q174749/empty-mailbox-pst", test_empty},
	    {"/kb/842105/copies", test_copies},
	    {"/kb/Q174738/no-password", test_no_password},
	    {"/pst/dest/split", test_split},
	    {"/pst/dest/given-up", test_given_up},
	    {"/pst/dest/exists", test_exists},
	    {"/pst/dest/names", test_names},
	    {"/pst/dest/addresses", test_addresses},
	    {"/pst/dest/special-folders", test_special_folders},
	    {"/pst/dest/document", test_document},
	    {"/kb/Q200278/drafts-without-a-flag", test_drafts},
	};

	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].name, struct fixture, NULL, set_up,
		    tests[i].test, tear_down);
	return g_test_run();
}
