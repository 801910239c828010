/* What is written is read back as the same records, in both profiles; bodies in
 * ext1 octet for octet; cut and second passes. */
#include "iff_set.h"

#include "dest/files.h"

#include <sys/wait.h>
#include <unistd.h>

const struct dest_driver *const dest_drivers[] = { &dest_files_driver, NULL };

struct copy {
	const char *from, *to, *options;
	guint64 job;
	bool again; /* every record may have arrived */
	bool stop; /* no last commit */
	const char *only;
	gint64 there; /* put() said so */
};

/* One pass, source to destination, as the engine does it. */
static void
copy(struct copy *c)
{
	Options *in = set_options_new(
	    source_files_driver.options, "zone=0;calendar=file");
	Options *out = set_options_new(dest_files_driver.options, c->options);
	struct url from = { .path = (char *)c->from };
	struct url to = { .path = (char *)c->to };
	struct end a = { .url = &from, .options = in };
	struct end b = { .url = &to, .options = out };
	GPtrArray *boxes = g_ptr_array_new_with_free_func(
	    (GDestroyNotify)mailbox_free);
	GError *error = NULL;
	Source *source;
	Dest *dest;

	source_open(&source, &source_files_driver, &a, &error);
	g_assert_no_error(error);
	dest_open(&dest, &dest_files_driver, &b, &error);
	g_assert_no_error(error);
	source_list(source, boxes, &error);
	for (guint i = 0; i < boxes->len; i++) {
		struct mailbox *box = boxes->pdata[i];
		struct job job = { .id = c->job + i,
			.pass = 1,
			.mailbox = box,
			.parts = 1,
			.destination = box->name,
			.spool_dir = g_get_tmp_dir() };
		struct record record;
		struct outcome outcome;
		guint64 seq = 0, accepted = 0, told = 0;
		enum status st;

		if (c->only && strcmp(c->only, box->name) != 0)
			continue;
		source_begin(source, &job, &error);
		g_assert_no_error(error);
		dest_begin(dest, &job, &error);
		g_assert_no_error(error);
		while ((st = source_next(source, &record, &error)) != ST_END) {
			if (st == ST_ITEM) {
				g_clear_error(&error);
				continue;
			}
			g_assert_no_error(error);
			record.again = c->again;
			st = dest_put(dest, &record, ++seq, &error);
			g_assert_no_error(error);
			c->there += st == ST_THERE;
			accepted += st == ST_OK
			    && record.kind != RECORD_FOLDER
			    && record.kind != RECORD_FOLDER_END;
			g_assert_cmpint(dest_outcome(dest, &outcome, &error),
			    ==, ST_END);
		}
		g_assert_no_error(error);
		g_assert_cmpint(st, ==, ST_END);
		if (!c->stop) {
			dest_commit(dest, true, &error);
			g_assert_no_error(error);
			while (dest_outcome(dest, &outcome, &error) == ST_OK) {
				g_assert_cmpint(outcome.st, ==, ST_OK);
				told++;
			}
			g_assert_cmpuint(told, ==, accepted);
		}
		dest_end(dest);
		source_end(source);
	}
	dest_close(dest);
	source_close(source);
	g_ptr_array_free(boxes, TRUE);
	options_free(in);
	options_free(out);
}

static char *
golden(const char *name)
{
	return g_test_build_filename(G_TEST_DIST, "golden", "iff", name, NULL);
}

/* Records alone: folders' ends and remarks apart. */
static char *
records_of(const char *dir)
{
	struct set_run run = { .options = "zone=0" };
	char *all = set_read(dir, &run);
	char **lines = g_strsplit(all, "\n", -1);
	GString *out = g_string_new(NULL);

	for (guint i = 0; lines[i]; i++)
		if (!g_str_has_prefix(lines[i], "W ")
		    && !g_str_has_prefix(lines[i], "E ")
		    && !g_str_has_prefix(lines[i], "end "))
			g_string_append_printf(out, "%s\n", lines[i]);
	g_strfreev(lines);
	g_free(all);
	return g_string_free(out, FALSE);
}

static void
round_trip(const char *name, const char *options)
{
	char *from = golden(name), *to = set_dir_new(), *want, *got, *p;
	struct copy c = { .from = from, .to = to, .options = options,
		.job = 1 };

	copy(&c);
	want = records_of(from);
	got = records_of(to);
	/* The counts of rows with errors differ, for damage. */
	while ((p = strstr(want, "(BO) 6\n")))
		p[5] = '3';
	g_assert_cmpstr(got, ==, want);
	g_free(want);
	g_free(got);
	set_dir_remove(to);
	g_free(to);
	g_free(from);
}

static void
test_round_trip(void)
{
	static const char *const names[] = { "basic", "quoting", "address-book",
		"public", "damage" };

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		round_trip(names[i], "profile=ext1");
		round_trip(names[i], "profile=plain;zone=0");
	}
}

static void
put_raw(const char *dir, const char *options, const char *owner,
    char *const *path, enum folder_use use, const char *const *raws,
    const gsize *lens, guint n)
{
	Options *out = set_options_new(dest_files_driver.options, options);
	struct url to = { .path = (char *)dir };
	struct end b = { .url = &to, .options = out };
	struct mailbox *box = mailbox_new(owner, NULL);
	struct folder folder = { .path = (char **)path, .use = use };
	struct job job = { .id = 7, .pass = 1, .mailbox = box, .parts = 1,
		.destination = owner, .spool_dir = g_get_tmp_dir() };
	const char *keywords[] = { "$Forwarded", "invoice", NULL };
	GError *error = NULL;
	Dest *dest;

	dest_open(&dest, &dest_files_driver, &b, &error);
	g_assert_no_error(error);
	dest_begin(dest, &job, &error);
	if (path) {
		struct record record = { .kind = RECORD_FOLDER, .key = "",
			.folder = &folder };

		dest_put(dest, &record, 1, &error);
		g_assert_no_error(error);
	}
	for (guint i = 0; i < n; i++) {
		struct record record = { .kind = RECORD_MESSAGE };
		char key[16];

		g_snprintf(key, sizeof key, "%u", i + 1);
		record.key = key;
		record.message = (struct message) { .folder = &folder,
			.flags = MESSAGE_SEEN | MESSAGE_FLAGGED
			    | MESSAGE_DELETED,
			.keywords = keywords,
			.size = -1,
			.has_body = true,
			.raw = blob_from_mem(raws[i], lens[i]) };
		stamp_from_fields(2024, 10, 27, 2, 30, 15, 120,
		    &record.message.received);
		dest_put(dest, &record, i + 2, &error);
		g_assert_no_error(error);
	}
	dest_commit(dest, true, &error);
	g_assert_no_error(error);
	dest_end(dest);
	dest_close(dest);
	mailbox_free(box);
	options_free(out);
}

static void
test_octets(void)
{
	static const char hostile[]
	    = "Subject: x\r\n\r\nbare\rCR \0 NUL \xff\xfe 8-bit\nbare LF\r\n"
	      "Body,7,,TRUE,,,\r\nType,Length,Encoding,Islast,Name,Position,"
	      "Format\r\n\r\n";
	static const char none[] = "no header at all";
	static const char zone[] = "From: \"B, \xc3\x85\" <b@example.org>\r\n"
				   "To: c@example.org, \"D;E\" <d@example.org>"
				   "\r\nMessage-ID: <1@x>\r\nDate: Sun, 27 Oct "
				   "2024 02:30:15 +0200\r\n\r\nhi";
	const char *raws[] = { hostile, none, zone, "" };
	const gsize lens[] = { sizeof hostile - 1, sizeof none - 1,
		sizeof zone - 1, 0 };
	char *path[] = { "A\\B%", "x,\"y\";#", "e!", NULL };
	char *dir = set_dir_new(), *got, *want;
	struct set_run run = { .keys = true };

	put_raw(dir, NULL, "anna@example.org", path, FOLDER_PLAIN, raws, lens,
	    4);
	got = set_read(dir, &run);
	want = g_strdup_printf(
	    "== (directory) 0\n== anna@example.org 4\n"
	    "<> folder A\\B%%25/x,\"y\";#/e! \n"
	    "<1> message A\\B%%25/x,\"y\";#/e! "
	    "received=2024-10-27T02:30:15+02:00 flags=SFD +$Forwarded +invoice "
	    "raw=Subject: x\\r\\n\\r\\nbare\\rCR \\x00 NUL \xff\xfe 8-bit\\n"
	    "bare LF\\r\\nBody,7,,TRUE,,,\\r\\nType,Length,Encoding,Islast,Name"
	    ",Position,Format\\r\\n\\r\\n\n"
	    "<2> message A\\B%%25/x,\"y\";#/e! "
	    "received=2024-10-27T02:30:15+02:00 flags=SFD +$Forwarded +invoice "
	    "raw=no header at all\n"
	    "<3> message A\\B%%25/x,\"y\";#/e! "
	    "received=2024-10-27T02:30:15+02:00 flags=SFD +$Forwarded +invoice "
	    "raw=From: \"B, \xc3\x85\" <b@example.org>\\r\\nTo: c@example.org, "
	    "\"D;E\" <d@example.org>\\r\\nMessage-ID: <1@x>\\r\\nDate: Sun, 27 "
	    "Oct 2024 02:30:15 +0200\\r\\n\\r\\nhi\n"
	    "<4> message A\\B%%25/x,\"y\";#/e! "
	    "received=2024-10-27T02:30:15+02:00 flags=SFD +$Forwarded +invoice "
	    "raw=\n"
	    "<> end A\\B%%25/x,\"y\";#/e! 4 0\n");
	g_assert_cmpstr(got, ==, want);
	g_free(got);
	g_free(want);
	set_dir_remove(dir);
	g_free(dir);
}

/* Not inlined: gcc 12 would take the text for a dangling pointer. */
G_NO_INLINE static char *
text_of(const char *dir, const char *name)
{
	char *path = g_build_filename(dir, name, NULL), *text = NULL;

	g_file_get_contents(path, &text, NULL, NULL);
	g_free(path);
	return text;
}

/* Q194218: a user without mail needs the section too, or the mailbox is not
 * made. Q214822: the customary names. */
static void
test_empty_mailbox(void)
{
	char *dir = set_dir_new(), *text;

	put_raw(dir, "profile=plain", "HOSTMAIL:A(B)", NULL, FOLDER_PLAIN, NULL,
	    NULL, 0);
	text = text_of(dir, "00000001.PRI");
	g_assert_cmpstr(text, ==,
	    "MAILMESSAGE,HOSTMAIL:A(B)\r\nFolder,Sender,To,Cc,Bcc,Subject,"
	    "Send-Date,Received-Date,Priority,Unread,Unsent,Body\r\n");
	g_free(text);
	/* Nothing new: no second pair. */
	put_raw(dir, "profile=plain", "HOSTMAIL:A(B)", NULL, FOLDER_PLAIN, NULL,
	    NULL, 0);
	text = text_of(dir, "00000002.PRI");
	g_assert_null(text);
	text = text_of(dir, "MAILMIG.PKL");
	g_assert_cmpstr(text, ==,
	    "1252\r\n\r\nFilename,Filetype\r\n! mailmig owner="
	    "HOSTMAIL%3AA%28B%29 job=7\r\n00000001.PRI,Primary\r\n"
	    "00000001.SEC,Secondary\r\n");
	g_free(text);
	set_dir_remove(dir);
	g_free(dir);
}

/* The plain profile: parts, look-alikes, local time, headers on request. */
static void
test_plain(void)
{
	static const char html[]
	    = "From: a@example.org\r\nSubject: =?utf-8?Q?=E2=82=AC_and_"
	      "=CE=A9?=\r\nDate: Mon, 1 Jan 2024 00:30:00 +0100\r\n"
	      "MIME-Version: 1.0\r\nContent-Type: text/html; "
	      "charset=utf-8\r\n\r\n<p>Gr\xc3\xbc\xc3\x9f <b>Gott</b> &amp; "
	      "\xce\xa9</p>";
	const char *raws[] = { html };
	const gsize lens[] = { sizeof html - 1 };
	char *path[] = { "INBOX", NULL };
	char *dir = set_dir_new(), *got;
	struct set_run run = { .only = "u" };

	put_raw(dir, "profile=plain;zone=60;headers=yes", "u", path,
	    FOLDER_INBOX, raws, lens, 1);
	run.options = "zone=60";
	got = set_read(dir, &run);
	g_assert_nonnull(strstr(got, "subject=\xe2\x82\xac and ?"));
	g_assert_nonnull(strstr(got, "sent=2024-01-01T00:30:00+01:00"));
	g_assert_nonnull(strstr(got, "Gr\xc3\xbc\xc3\x9f Gott & ?"));
	g_assert_nonnull(strstr(got, "[file BODY.HTM:<p>Gr\xc3\xbc"));
	g_assert_nonnull(strstr(got, "[file HEADERS.TXT:From: a@example.org"));
	g_free(got);
	set_dir_remove(dir);
	g_free(dir);
}

/* A pass that ended before its last commit leaves nothing. */
static void
test_cut(void)
{
	char *from = golden("basic"), *dir = set_dir_new();
	struct copy c = { .from = from, .to = dir, .job = 1, .stop = true };
	GDir *list;
	const char *name;

	copy(&c);
	list = g_dir_open(dir, 0, NULL);
	while ((name = g_dir_read_name(list)))
		g_assert_cmpstr(name, ==, ".mailmig.lock");
	g_dir_close(list);
	/* A writer that was killed: temporary names, nobody's lock. */
	set_write(dir, "00000001.TMP", "", 0);
	set_write(dir, "00000001.PRI.tmp", "x", 1);
	set_write(dir, "00000001.SEC", "x", 1);
	set_write(dir, "00000009.PRI", "not ours", 8);
	c.stop = false;
	copy(&c);
	list = g_dir_open(dir, 0, NULL);
	while ((name = g_dir_read_name(list))) {
		g_assert_false(g_str_has_suffix(name, ".tmp"));
		g_assert_false(g_str_has_suffix(name, ".TMP"));
		g_assert_cmpstr(name, !=, "00000001.SEC");
	}
	g_dir_close(list);
	set_dir_remove(dir);
	g_free(dir);
	g_free(from);
}

/* The files were complete, the ledger was not: nothing arrives twice. */
static void
test_again(void)
{
	static const char *const profiles[]
	    = { "profile=ext1", "profile=plain;zone=0" };

	for (guint i = 0; i < G_N_ELEMENTS(profiles); i++) {
		char *from = golden("basic"), *dir = set_dir_new(), *a, *b;
		struct copy c = { .from = from, .to = dir, .job = 1,
			.options = profiles[i],
			.only = "HOSTMAIL:HOLMEN(TOVEL)" };

		copy(&c);
		a = records_of(dir);
		c.again = true;
		copy(&c);
		g_assert_cmpint(c.there, ==, 2);
		b = records_of(dir);
		g_assert_cmpstr(a, ==, b);
		g_free(a);
		g_free(b);
		set_dir_remove(dir);
		g_free(dir);
		g_free(from);
	}
}

/* A set made elsewhere has no comments with owners: its sections count. */
static void
test_foreign(void)
{
	static const char list[] = "1252\r\n\r\nFilename,Filetype\r\n"
				   "x.pri,Primary\r\n";
	static const char primary[] = "PAB,HOSTMAIL:C(D)\r\n\r\n"
	    "MAILMESSAGE,MIGRATE:HOSTMAIL:A(B)\r\nFolder,Sender,To,Cc,Bcc,"
	    "Subject,Send-Date,Received-Date,Priority,Unread,Unsent,Body\r\n";
	char *dir = set_dir_new(), *text;

	set_write(dir, "E.PKL", list, -1);
	set_write(dir, "X.PRI", primary, -1);
	put_raw(dir, "profile=plain", "hostmail:a(b)", NULL, FOLDER_PLAIN,
	    NULL, NULL, 0);
	text = text_of(dir, "E.PKL");
	g_assert_cmpstr(text, ==, list);
	g_free(text);
	/* An address book is no mailbox. */
	put_raw(dir, "profile=plain", "HOSTMAIL:C(D)", NULL, FOLDER_PLAIN,
	    NULL, NULL, 0);
	text = text_of(dir, "00000001.PRI");
	g_assert_true(g_str_has_prefix(text, "MAILMESSAGE,HOSTMAIL:C(D)"));
	g_free(text);
	set_dir_remove(dir);
	g_free(dir);
}

/* 10.2: Position counts bytes of the code page, which has one or two of them
 * for a character, or several for a look-alike. */
static void
test_position(void)
{
	static const struct {
		const char *pkl, *body, *position, *options, *want;
	} rows[] = {
		{ "932", "a\x83\x5c\x83\x5c z", "5", "profile=plain;codepage=932",
		    "Attachment,1,,TRUE,n.x,5,\r\n" },
		{ "932", "a\x83\x5c\x83\x5c z", "3", "profile=plain;codepage=932",
		    "Attachment,1,,TRUE,n.x,3,\r\n" },
		/* inside of a character is before it */
		{ "932", "a\x83\x5c\x83\x5c z", "4", "profile=plain;codepage=932",
		    "Attachment,1,,TRUE,n.x,3,\r\n" },
		{ "932", "a\x83\x5c\x83\x5c z", "7", "profile=plain;codepage=932",
		    "Attachment,1,,TRUE,n.x,7,\r\n" },
		{ "932", "a\x83\x5c\x83\x5c z", "5", "profile=ext1",
		    "Attachment,1,,TRUE,n.x,7,\r\n" },
		{ "1252", "\xfc\r\n\x80z", "4", "profile=plain;codepage=1252",
		    "Attachment,1,,TRUE,n.x,4,\r\n" },
		/* 1252 to 437: the sign of the euro becomes EUR */
		{ "1252", "\x80z", "1", "profile=plain;codepage=437", NULL },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		char *from = set_dir_new(), *to = set_dir_new();
		char *list = g_strconcat(rows[i].pkl,
		    "\r\n\r\nFilename,Filetype\r\nP.PRI,Primary\r\n"
		    "S.SEC,Secondary\r\n", NULL);
		char *sec = g_strdup_printf(
		    "Type,Length,Encoding,Islast,Name,Position,Format\r\n"
		    "Body,%zu,,FALSE,,,\r\n%s\r\nAttachment,1,,TRUE,n.x,%s,"
		    "\r\nx\r\n",
		    strlen(rows[i].body), rows[i].body, rows[i].position);
		struct copy c = { .from = from, .to = to, .job = 1,
			.options = rows[i].options };
		char *got, *z;

		set_write(from, "T.PKL", list, -1);
		set_write(from, "P.PRI",
		    "MAILMESSAGE,U\r\nFolder,Sender,To,Cc,Bcc,Subject,"
		    "Send-Date,Received-Date,Priority,Unread,Unsent,Body\r\n"
		    ",,,,,s,,,,,,#S.SEC(50)\r\n", -1);
		set_write(from, "S.SEC", sec, -1);
		copy(&c);
		got = text_of(to, "00000001.SEC");
		g_assert_nonnull(got);
		if (rows[i].want == NULL) {
			/* Wherever it went, the z comes after it. */
			char *body = strchr(strchr(got, '\n') + 1, '\n') + 1;

			z = strchr(body, 'z');
			g_assert_nonnull(z);
			g_free(list);
			list = g_strdup_printf(",n.x,%d,\r\n",
			    (int)(z - body));
			g_assert_nonnull(strstr(got, list));
		} else if (strstr(got, rows[i].want) == NULL)
			g_assert_cmpstr(got, ==, rows[i].want);
		g_free(got);
		g_free(sec);
		g_free(list);
		set_dir_remove(from);
		set_dir_remove(to);
		g_free(from);
		g_free(to);
	}
}

#define CUT_MAX 200 /* steps; a pass of one mailbox has about ten */

/* The pass in a process of its own, which ends as by SIGKILL at the step, or
 * with 0 when it has fewer. A fresh program: step() looks at MAILMIG_CUT once,
 * and GLib has threads. */
static bool
cut_copy(const char *self, const char *from, const char *to,
    const char *options, guint n, bool again)
{
	g_autofree char *cut = g_strdup_printf("%u", n);
	g_auto(GStrv) env = g_environ_setenv(g_get_environ(), "MAILMIG_CUT",
	    cut, TRUE);
	const char *argv[] = { self, "--pass", from, to, options,
		again ? "again" : "first", NULL };
	GError *error = NULL;
	int status;

	g_spawn_sync(NULL, (char **)argv, env, G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
	    NULL, NULL, NULL, &status, &error);
	g_assert_no_error(error);
	if (WIFEXITED(status)) {
		g_assert_cmpint(WEXITSTATUS(status), ==, 0);
		return false;
	}
	g_assert_true(WIFSIGNALED(status));
	g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
	return true;
}

static void
one_pass(const char *from, const char *to, const char *options, bool again)
{
	struct copy c = { .from = from, .to = to, .options = options,
		.job = 5, .again = again, .only = "HOSTMAIL:HOLMEN(TOVEL)" };

	copy(&c);
}

static bool
has_list(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, "MAILMIG.PKL", NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void
no_leftovers(const char *dir)
{
	g_autoptr(GDir) list = g_dir_open(dir, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(list))) {
		g_assert_false(g_str_has_suffix(name, ".TMP"));
		g_assert_false(g_str_has_suffix(name, ".PRI.tmp")
		    || g_str_has_suffix(name, ".SEC.tmp"));
	}
}

static char *self_path;

/* Cut at every step of a first pass: the set holds all of it or nothing. Then
 * the pass is repeated as the engine does after an interruption, with records
 * that may have arrived, which includes the cut between the packing list and
 * the ledger: every record is there exactly once. Cut at every step of the
 * repetition too, which must not lose what was complete. */
static void
test_every_step(void)
{
	static const char *const profiles[]
	    = { "profile=ext1", "profile=plain;zone=0" };

	for (guint i = 0; i < G_N_ELEMENTS(profiles); i++) {
		char *from = golden("basic"), *dir = set_dir_new(), *whole;
		guint n, none = 0, all = 0, second;
		bool cut = true;

		one_pass(from, dir, profiles[i], false);
		whole = records_of(dir);
		set_dir_remove(dir);
		for (n = 1; cut && n < CUT_MAX; n++) {
			bool complete;

			g_mkdir(dir, 0700);
			cut = cut_copy(self_path, from, dir, profiles[i], n,
			    false);
			complete = has_list(dir);
			if (complete) {
				g_autofree char *got = records_of(dir);

				g_assert_cmpstr(got, ==, whole);
			}
			none += !complete;
			all += complete && cut;
			second = 1 + n % 9;
			while (cut_copy(self_path, from, dir, profiles[i],
			    second, true)) {
				if (complete || has_list(dir)) {
					g_autofree char *got = records_of(dir);

					g_assert_cmpstr(got, ==, whole);
				}
				second += 3;
				g_assert_cmpuint(second, <, CUT_MAX);
			}
			{
				g_autofree char *got = records_of(dir);

				g_assert_cmpstr(got, ==, whole);
			}
			no_leftovers(dir);
			set_dir_remove(dir);
		}
		g_assert_false(cut);
		/* Before and after the packing list was renamed. */
		g_assert_cmpuint(none, >=, 5);
		g_assert_cmpuint(all, >=, 1);
		g_free(whole);
		g_free(dir);
		g_free(from);
	}
}

int
main(int argc, char **argv)
{
	int n;

	if (argc == 6 && strcmp(argv[1], "--pass") == 0) {
		one_pass(argv[2], argv[3], argv[4],
		    strcmp(argv[5], "again") == 0);
		return 0;
	}
	self_path = g_file_read_link("/proc/self/exe", NULL);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/iff/write/every-step", test_every_step);
	g_test_add_func("/iff/write/round-trip", test_round_trip);
	g_test_add_func("/iff/write/octets", test_octets);
	g_test_add_func("/kb/Q194218/empty-mailbox", test_empty_mailbox);
	g_test_add_func("/iff/write/plain", test_plain);
	g_test_add_func("/iff/write/foreign", test_foreign);
	g_test_add_func("/iff/write/position", test_position);
	g_test_add_func("/iff/write/cut", test_cut);
	g_test_add_func("/iff/write/again", test_again);
	n = g_test_run();
	g_free(self_path);
	return n;
}
