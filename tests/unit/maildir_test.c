#include "base/digest.h"
#include "base/url.h"
#include "dest/maildir.h"
#include "maildir/maildir.h"
#include "source/maildir.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

/* The program has its own tables, src/drivers.c. */
const struct source_driver *const source_drivers[] = {
    &source_maildir_driver, NULL};
const struct dest_driver *const dest_drivers[] = {&dest_maildir_driver, NULL};

static void
test_names(void)
{
	static const struct {
		const char *file;
		gsize base_len;
		guint32 flags, keywords;
		gint64 s, w;
		const char *info;
	} rows[] = {
	    {"1.a.host:2,", 8, 0, 0, -1, -1, ":2,"},
	    {"1.a.host,S=10,W=12:2,FS", 18, MAILDIR_FLAGGED | MAILDIR_SEEN, 0,
		10, 12, ":2,FS"},
	    {"1.a;2,DPRT", 3,
		MAILDIR_DRAFT | MAILDIR_PASSED | MAILDIR_REPLIED |
		    MAILDIR_TRASHED,
		0, -1, -1, ":2,DPRT"},
	    {"1.a!2,Sac", 3, MAILDIR_SEEN, 5, -1, -1, ":2,Sac"},
	    {"1.a", 3, 0, 0, -1, -1, ":2,"},
	    {"1.a:1,xyz", 9, 0, 0, -1, -1, ":2,"},
	    {"1,S=x,W=99999999999999999999:2,S", 28, MAILDIR_SEEN, 0, -1, -1,
		":2,S"},
	    {"", 0, 0, 0, -1, -1, ":2,"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct maildir_name name;
		g_autoptr(GString) info = g_string_new(NULL);

		g_test_message("row %u: %s", i, rows[i].file);
		maildir_name_parse(rows[i].file, &name);
		g_assert_cmpuint(name.base_len, ==, rows[i].base_len);
		g_assert_cmpuint(name.flags, ==, rows[i].flags);
		g_assert_cmpuint(name.keywords, ==, rows[i].keywords);
		g_assert_cmpint(name.file_size, ==, rows[i].s);
		if (rows[i].w >= 0)
			g_assert_cmpint(name.wire_size, ==, rows[i].w);
		maildir_name_add_info(info, name.flags, name.keywords);
		g_assert_cmpstr(info->str, ==, rows[i].info);
	}
}

static void
test_folder_names(void)
{
	static const struct {
		const char *path[4], *plus, *fs;
	} rows[] = {
	    {{"INBOX"}, "", ""},
	    {{"inbox"}, "", ""},
	    {{"Sent"}, ".Sent", "Sent"},
	    {{"A", "B"}, ".A.B", "A/B"},
	    {{"inbox", "B"}, ".INBOX.B", "INBOX/B"},
	    {{"a.b"}, ".a&AC4-b", "a.b"},
	    {{"..", "x"}, ".&AC4ALg-.x", "&AC4-./x"},
	    {{".hidden"}, ".&AC4-hidden", "&AC4-hidden"},
	    {{"a/b"}, ".a&AC8-b", "a&AC8-b"},
	    {{"Entwürfe & Co"}, ".Entw&APw-rfe &- Co", "Entw&APw-rfe &- Co"},
	    {{"日本\xf0\x9f\x98\x80"}, ".&ZeVnLNg93gA-", "&ZeVnLNg93gA-"},
	    {{"cur"}, ".&AGM-ur", "&AGM-ur"},
	    {{"~root"}, ".&AH4-root", "&AH4-root"},
	    {{"a\nb\x7f"}, ".a&AAo-b&AH8-", "a&AAo-b&AH8-"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		char *const *path = (char *const *)rows[i].path;
		g_autofree char *plus =
		    maildir_folder_to_dir(path, MAILDIR_PLUSPLUS, NULL);
		g_autofree char *fs =
		    maildir_folder_to_dir(path, MAILDIR_FS, NULL);
		g_auto(GStrv) a =
		    maildir_folder_from_dir(plus, MAILDIR_PLUSPLUS);
		g_auto(GStrv) b = maildir_folder_from_dir(fs, MAILDIR_FS);

		g_test_message("row %u", i);
		g_assert_cmpstr(plus, ==, rows[i].plus);
		g_assert_cmpstr(fs, ==, rows[i].fs);
		g_assert_true(folder_path_equal(a, path));
		g_assert_true(folder_path_equal(b, path));
	}
}

static void
test_long_names(void)
{
	g_autofree char *long1 = g_strnfill(1000, 'x');
	g_autofree char *long2 = g_strnfill(1001, 'x');
	char *a[] = {long1, NULL}, *b[] = {long2, NULL};
	bool cut;
	g_autofree char *da = maildir_folder_to_dir(a, MAILDIR_PLUSPLUS, &cut);
	g_autofree char *db = maildir_folder_to_dir(b, MAILDIR_PLUSPLUS, NULL);

	g_assert_true(cut);
	g_assert_cmpuint(strlen(da), <=, 255);
	g_assert_cmpstr(da, !=, db);
}

static void
test_name_decode(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"plain", "plain"}, {"&", "&"}, {"a&b", "a&b"}, {"&AGE", "&AGE"},
	    {"&2AA-", "&2AA-"}, /* half a pair */
	    {"Entw\xc3\xbcrfe", "Entwürfe"}, {"Entw\xfcrfe", "Entwürfe"},
	    {"&AAA-", "&AAA-"}, /* NUL */
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got =
		    maildir_name_decode(rows[i].text, strlen(rows[i].text));

		g_assert_cmpstr(got, ==, rows[i].want);
	}
}

/* A directory of this test's own. */
static char *
tmp_dir(void)
{
	char *dir = g_dir_make_tmp("maildir-XXXXXX", NULL);

	g_assert_nonnull(dir);
	return dir;
}

static void
remove_tree(const char *path)
{
	g_autoptr(GDir) d = g_dir_open(path, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *one = g_build_filename(path, name, NULL);

		if (g_file_test(one, G_FILE_TEST_IS_DIR) &&
		    !g_file_test(one, G_FILE_TEST_IS_SYMLINK))
			remove_tree(one);
		else
			g_unlink(one);
	}
	g_rmdir(path);
}

static void
put_file(const char *dir, const char *name, const void *data, gsize len)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *above = g_path_get_dirname(path);

	g_assert_cmpint(g_mkdir_with_parents(above, 0700), ==, 0);
	g_assert_true(g_file_set_contents(path, data, (gssize)len, NULL));
}

static void
test_files(void)
{
	static const struct {
		const char *name, *content;
		gsize len;
		const char *want; /* NULL: cannot be read */
		gsize want_len;
	} rows[] = {
	    {"lf", "a\nb\n", 4, "a\r\nb\r\n", 6},
	    {"crlf", "a\r\nb\n", 5, "a\r\nb\n", 5},
	    {"mixed", "a\nb\r\nc\n", 7, "a\r\nb\r\nc\r\n", 9},
	    {"x,S=4,W=4:2,S", "a\nb\n", 4, "a\nb\n", 4},
	    {"x,S=4,W=6:2,S", "a\nb\n", 4, "a\r\nb\r\n", 6},
	    {"no end", "a", 1, "a", 1},
	    {"empty", "", 0, "", 0},
	    {"nul", "a\0\n", 3, "a\0\r\n", 4},
	    {"cr", "a\rb\r", 4, "a\rb\r", 4},
	    {"zstd", "\x28\xb5\x2f\xfdxxxx", 8, NULL, 0},
	    {"bad gzip", "\x1f\x8b\x08xxxxxxxxx", 12, NULL, 0},
	};
	g_autofree char *dir = tmp_dir();
	g_autoptr(MaildirReader) reader = maildir_reader_new(dir);
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	struct blob blob;
	gint64 mtime;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		enum status st;

		g_test_message("row %u: %s", i, rows[i].name);
		put_file(dir, rows[i].name, rows[i].content, rows[i].len);
		st = maildir_read(
		    reader, fd, rows[i].name, &blob, &mtime, &error);
		g_assert_cmpint(st, ==, rows[i].want ? ST_OK : ST_ITEM);
		if (!rows[i].want) {
			g_assert_nonnull(strstr(error->message, rows[i].name));
			continue;
		}
		g_assert_cmpmem(
		    blob.mem, blob.len, rows[i].want, rows[i].want_len);
	}
	g_assert_cmpint(
	    maildir_read(reader, fd, "not there", &blob, &mtime, NULL), ==,
	    ST_ITEM);
	close(fd);
	remove_tree(dir);
}

/* Larger than memory: as it is, with LF, and packed. */
static void
test_large_files(void)
{
	g_autofree char *dir = tmp_dir();
	g_autoptr(MaildirReader) reader = maildir_reader_new(dir);
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	g_autoptr(GString) lf = g_string_new(NULL), wire = g_string_new(NULL);
	g_autofree char *gz = g_build_filename(dir, "gz", NULL);
	struct digest want, got;
	struct blob blob;
	gint64 mtime;
	gzFile z;

	for (guint i = 0; i < 60000; i++) {
		g_string_append_printf(lf, "line %u of a large message\n", i);
		g_string_append_printf(
		    wire, "line %u of a large message\r\n", i);
	}
	g_assert_cmpuint(lf->len, >, SPOOL_MEMORY_MAX);
	digest_mem(wire->str, wire->len, &want);
	put_file(dir, "lf", lf->str, lf->len);
	put_file(dir, "crlf", wire->str, wire->len);
	z = gzopen(gz, "wb");
	gzwrite(z, lf->str, (unsigned)lf->len / 2);
	gzclose(z);
	z = gzopen(gz, "ab"); /* a second member */
	gzwrite(z, lf->str + lf->len / 2, (unsigned)(lf->len - lf->len / 2));
	gzclose(z);
	for (guint i = 0; i < 3; i++) {
		static const char *const names[] = {"lf", "crlf", "gz"};

		g_assert_cmpint(
		    maildir_read(reader, fd, names[i], &blob, &mtime, NULL), ==,
		    ST_OK);
		g_assert_null(blob.mem);
		digest_blob(&blob, &got, NULL);
		g_assert_true(digest_equal(&want, &got));
	}
	close(fd);
	remove_tree(dir);
}

/* One end of a run and its job, for both drivers. */
struct rig {
	struct url url;
	Options *options;
	struct login login;
	struct end end;
	struct mailbox *mailbox;
	struct job job;
	GPtrArray *remarks;
};

static void
take_remark(void *ctx, const struct remark *remark)
{
	g_ptr_array_add(ctx, g_strdup(remark->code));
}

static void
rig_init(struct rig *r, const struct option *table, const char *dir,
    const char *const *options)
{
	g_autofree char *text = g_strconcat("maildir:", dir, NULL);

	memset(r, 0, sizeof(*r));
	g_assert_cmpint(url_parse(text, &r->url, NULL), ==, ST_OK);
	r->options = options_new(table);
	for (; options && *options; options += 2)
		g_assert_cmpint(
		    options_set(r->options, options[0], options[1], NULL), ==,
		    ST_OK);
	r->end = (struct end){&r->url, r->options, &r->login};
	r->mailbox = mailbox_new("anna", NULL);
	r->remarks = g_ptr_array_new_with_free_func(g_free);
	r->job = (struct job){.id = 1,
	    .pass = 1,
	    .mailbox = r->mailbox,
	    .destination = "anna@example.org",
	    .parts = 1,
	    .spool_dir = g_get_tmp_dir(),
	    .remark = take_remark,
	    .remark_ctx = r->remarks};
}

static void
rig_clear(struct rig *r)
{
	url_clear(&r->url);
	options_free(r->options);
	mailbox_free(r->mailbox);
	g_ptr_array_unref(r->remarks);
}

static const char *const hostile_paths[][4] = {
    {"INBOX"},
    {"..", "..", "etc"},
    {"a.b"},
    {"a/b", "."},
    {"Entwürfe"},
    {"&", "&-"},
    {"cur"},
    {"new", "tmp"},
    {"日本語", "x"},
    {"Leer  "},
    {"case"},
    {"Case"},
    {""
     "~"},
    {"INBOX", "sub"},
    {"%2F\\*?<>|\""},
};
#define N_PATHS G_N_ELEMENTS(hostile_paths)

struct sample {
	const char *text;
	gsize len;
};
static struct sample samples[14];
#define N_SAMPLES G_N_ELEMENTS(samples)

static void
make_samples(void)
{
	static const struct sample fixed[] = {
	    {"", 0},
	    {"Subject: a\r\n\r\nb\r\n", 17},
	    {"Subject: a\r\n\r\nno end", 20},
	    {"Subject: a\n\nbare LF\n", 20},
	    {"Subject: a\r\n\r\nmixed\n\r\n", 23},
	    {"Subject: a\r\n\r\nbare\rCR\r\n", 24},
	    {"Subject: a\r\n\r\ntwo\r\r\n", 21},
	    {"Subject: a\r\n\r\nNUL\0\r\n", 20},
	    {"Subject: a\r\n\r\n\xff\xfe\x80\r\n", 19},
	    {"\r\n", 2},
	    {"\r", 1},
	    {"\n", 1},
	};
	GString *s;

	if (samples[1].text)
		return;
	memcpy(samples, fixed, sizeof(fixed));
	s = g_string_new("Subject: long line\r\n\r\n");
	for (guint i = 0; i < 20000; i++)
		g_string_append_c(s, 'x');
	g_string_append(s, "\r\n");
	samples[12] = (struct sample){s->str, s->len};
	g_string_free(s, FALSE);
	s = g_string_new("Subject: large\r\n\r\n");
	while (s->len < SPOOL_MEMORY_MAX + 300000)
		g_string_append(s, "a line of the large one\r\n");
	samples[13] = (struct sample){s->str, s->len};
	g_string_free(s, FALSE);
}

static const char *const some_words[] = {
    "$Forwarded", "invoice", "Ärger", NULL};

/* Message n of folder f: flags, keywords and date follow from its number. */
static void
make_message(
    struct record *record, const struct folder *folder, guint n, char key[16])
{
	g_snprintf(key, 16, "%u", n);
	*record = (struct record){.kind = RECORD_MESSAGE, .key = key};
	record->message = (struct message){.folder = folder,
	    .received = {.utc = 1000000000 + n * 1000, .known = true},
	    .flags = n % 32,
	    .keywords = n % 3 ? some_words + n % 3 - 1 : NULL,
	    .has_body = true,
	    .raw = blob_from_mem(
		samples[n % N_SAMPLES].text, samples[n % N_SAMPLES].len)};
}

static guint
collect(Dest *dest)
{
	struct outcome out;
	guint n = 0;

	while (dest_outcome(dest, &out, NULL) == ST_OK) {
		g_assert_cmpint(out.st, ==, ST_OK);
		g_assert_nonnull(out.dest_key);
		n++;
	}
	return n;
}

/* All folders and samples into dir; again: as after a cut. Returns how many
 * were there already. */
static guint
fill(const char *dir, const char *const *options, bool again, guint *remarks)
{
	g_autofree struct folder *folders = g_new0(struct folder, N_PATHS);
	struct record record = {0};
	struct rig rig;
	guint there = 0, stored = 0, seq = 0;
	Dest *dest = NULL;
	enum status st;
	char key[16];

	make_samples();
	rig_init(&rig, dest_maildir_driver.options, dir, options);
	rig.job.interrupted = again;
	g_assert_cmpint(
	    dest_open(&dest, &dest_maildir_driver, &rig.end, NULL), ==, ST_OK);
	g_assert_cmpint(dest_begin(dest, &rig.job, NULL), ==, ST_OK);
	for (guint i = 0; i < N_PATHS; i++) {
		folders[i].path = (char **)hostile_paths[i];
		record = (struct record){
		    .kind = RECORD_FOLDER, .folder = &folders[i]};
		g_assert_cmpint(dest_put(dest, &record, 0, NULL), ==, ST_OK);
		for (guint n = 0; n < (i ? 3 : 2) * N_SAMPLES && i != 4; n++) {
			make_message(&record, &folders[i], n, key);
			record.again = again;
			st = dest_put(dest, &record, ++seq, NULL);
			g_assert_cmpint(st, >=, ST_OK);
			there += st == ST_THERE;
			if (n % 20 == 19) {
				g_assert_cmpint(
				    dest_commit(dest, false, NULL), ==, ST_OK);
				stored += collect(dest);
			}
		}
	}
	g_assert_cmpint(dest_commit(dest, true, NULL), ==, ST_OK);
	stored += collect(dest);
	g_assert_cmpuint(stored + there, ==, seq);
	if (remarks)
		*remarks = rig.remarks->len;
	dest_end(dest);
	dest_close(dest);
	rig_clear(&rig);
	return there;
}

static guint
sample_of(const struct message *m)
{
	return (guint)(m->received.utc - 1000000000) / 1000;
}

/* Read dir back: every folder, every message once, all of it the same. */
static void
check(const char *dir)
{
	struct rig rig;
	Source *source = NULL;
	struct record record;
	g_autoptr(GPtrArray) list =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GError) error = NULL;
	guint folders = 0, messages = 0, want = 0;
	enum status st;

	rig_init(&rig, source_maildir_driver.options, dir, NULL);
	g_assert_cmpint(
	    source_open(&source, &source_maildir_driver, &rig.end, NULL), ==,
	    ST_OK);
	g_assert_cmpint(source_list(source, list, NULL), ==, ST_OK);
	g_assert_cmpuint(list->len, ==, 1);
	rig.job.mailbox = list->pdata[0];
	g_assert_cmpstr(rig.job.mailbox->name, ==, "anna@example.org");
	g_assert_cmpint(source_begin(source, &rig.job, NULL), ==, ST_OK);
	while ((st = source_next(source, &record, &error)) == ST_OK) {
		const struct message *m = &record.message;
		const struct folder *f = record.folder;
		g_autofree char *path = NULL;
		guint i, n;
		struct digest a, b;

		if (record.kind == RECORD_FOLDER) {
			for (i = 0; i < N_PATHS; i++)
				if (folder_path_equal(f->path,
					(char *const *)hostile_paths[i]))
					break;
			path = folder_path_to_text(f->path);
			if (i == N_PATHS)
				g_error("nobody wrote %s", path);
			g_assert_true(
			    g_hash_table_add(seen, g_steal_pointer(&path)));
			folders++;
			want += i == 4 ? 0 : (i ? 3 : 2) * (guint)N_SAMPLES;
			continue;
		}
		if (record.kind == RECORD_FOLDER_END)
			continue;
		messages++;
		n = sample_of(m);
		g_assert_cmpuint(m->flags, ==, n % 32);
		if (n % 3 == 0) {
			g_assert_null(m->keywords);
		} else {
			g_assert_nonnull(m->keywords);
			/* in byte order, and so were they given */
			g_assert_true(
			    g_strv_equal(m->keywords, some_words + n % 3 - 1));
		}
		digest_blob(&m->raw, &a, NULL);
		digest_mem(samples[n % N_SAMPLES].text,
		    samples[n % N_SAMPLES].len, &b);
		if (!digest_equal(&a, &b))
			g_error("sample %u came back different", n % 14);
		path = folder_path_to_text(m->folder->path);
		if (!g_hash_table_add(seen, g_strdup_printf("%s %u", path, n)))
			g_error("twice: %s %u", path, n);
	}
	g_assert_no_error(error);
	g_assert_cmpint(st, ==, ST_END);
	g_assert_cmpuint(folders, ==, N_PATHS);
	g_assert_cmpuint(messages, ==, want);
	source_end(source);
	source_close(source);
	rig_clear(&rig);
}

static void
assert_tmp_empty(const char *dir)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *one = g_build_filename(dir, name, NULL);

		g_assert_false(
		    strstr(dir, "/maildir-") && g_str_has_suffix(dir, "/tmp"));
		if (g_file_test(one, G_FILE_TEST_IS_DIR))
			assert_tmp_empty(one);
	}
}

static void
test_round_trip(void)
{
	static const char *const ways[][5] = {
	    {NULL},
	    {"layout", "fs", NULL},
	    {"eol", "crlf", NULL},
	    {"layout", "fs", "eol", "crlf", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
		g_autofree char *dir = tmp_dir();
		guint remarks;

		g_test_message("way %u", i);
		g_assert_cmpuint(fill(dir, ways[i], false, &remarks), ==, 0);
		g_assert_cmpuint(remarks, ==, 0);
		check(dir);
		assert_tmp_empty(dir);
		/* all of it once more, as after a cut: nothing twice */
		g_assert_cmpuint(fill(dir, ways[i], true, NULL), >, 500);
		check(dir);
		/* and by somebody who knows of no cut */
		g_assert_cmpuint(fill(dir, ways[i], false, NULL), >, 500);
		check(dir);
		remove_tree(dir);
	}
}

static void
cut_subprocess(void)
{
	fill(g_getenv("MAILDIR_TEST_DIR"), NULL, false, NULL);
}

/* Cut after n steps, resume: everything once, nothing in tmp. */
static void
test_cut(void)
{
	bool finished = false;
	guint cuts = 0;

	for (guint n = 1; !finished; n += n < 60 ? 1 : 97) {
		g_autofree char *dir = tmp_dir();
		g_autofree char *steps = g_strdup_printf("%u", n);

		g_setenv("MAILMIG_CUT", steps, TRUE);
		g_setenv("MAILDIR_TEST_DIR", dir, TRUE);
		g_test_trap_subprocess("/maildir/cut/subprocess", 0, 0);
		g_unsetenv("MAILMIG_CUT");
		finished = g_test_trap_has_passed();
		cuts += !finished;
		fill(dir, NULL, true, NULL);
		check(dir);
		assert_tmp_empty(dir);
		remove_tree(dir);
	}
	g_assert_cmpuint(cuts, >, 50);
}

/* Two mailboxes may go to one: the other worker's files in tmp are no left-over
 * of a run that was cut. */
static void
test_other_worker(void)
{
	static const struct {
		bool alive, ours;
		const char *name;
	} table[] = {
	    {true, true, "tmp/1.ab.mailmig,S=2,W=2.%ld"},
	    {false, true, "tmp/2.ab.mailmig,S=2,W=2.%ld"},
	    {true, false, "tmp/3.ab.other,S=2.%ld"},
	    {false, false, "tmp/4.ab.other,S=2.%ld"},
	    {false, true, "tmp/5.ab.mailmig,S=2,W=2"},
	};
	g_autofree char *top = tmp_dir();
	g_autofree char *dir = g_build_filename(top, "anna@example.org", NULL);
	pid_t dead = fork();

	if (dead == 0)
		_exit(0);
	g_assert_cmpint(waitpid(dead, NULL, 0), ==, dead);
	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *name = g_strdup_printf(table[i].name,
		    table[i].alive ? (long)getppid() : (long)dead);

		put_file(dir, name, "a\n", 2);
	}
	put_file(dir, "cur/9.x:2,", "a\n", 2);
	put_file(dir, "new/.keep", "", 0);
	fill(top, NULL, false, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *name = g_strdup_printf(table[i].name,
		    table[i].alive ? (long)getppid() : (long)dead);
		g_autofree char *path = g_build_filename(dir, name, NULL);

		g_assert_cmpint(g_file_test(path, G_FILE_TEST_EXISTS), ==,
		    table[i].alive || !table[i].ours);
	}
	remove_tree(top);
}

/* Somebody else's maildir: new, foreign separators, Courier's keywords, a file
 * that cannot be read, what is no mail. */
static void
test_foreign(void)
{
	g_autofree char *dir = tmp_dir();
	g_autofree char *bad = g_build_filename(dir, "cur", "5.bad:2,", NULL);
	g_autoptr(GPtrArray) list =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	g_autoptr(GString) got = g_string_new(NULL);
	struct rig rig;
	Source *source = NULL;
	struct record record;
	enum status st;

	put_file(dir, "new/1.a", "a\n", 2);
	put_file(dir, "cur/2.b;2,S", "b\n", 2);
	put_file(dir, "cur/3.c!2,Sb", "c\n", 2);
	put_file(dir, "cur/3.c:2,", "c\n", 2);
	put_file(dir, "cur/.hidden", "", 0);
	put_file(dir, "dovecot-keywords", "1 work\n0 $label1\nx\n99 far\n",
	    strlen("1 work\n0 $label1\nx\n99 far\n"));
	put_file(dir, "tmp/x", "", 0);
	put_file(dir, ".Sent/cur/4.d,S=2:2,S", "d\n", 2);
	put_file(dir, ".Sent/new/.keep", "", 0);
	put_file(dir, ".Sent/maildirfolder", "", 0);
	put_file(dir, ".Sent/courierimapkeywords/4.d,S=2", "blue\n\nred\n", 10);
	put_file(dir, "plain/sub/cur/6.e:2,T", "e\n", 2);
	put_file(dir, "plain/sub/new/.keep", "", 0);
	g_assert_cmpint(symlink("nowhere", bad), ==, 0);
	rig_init(&rig, source_maildir_driver.options, dir, NULL);
	g_assert_cmpint(
	    source_open(&source, &source_maildir_driver, &rig.end, NULL), ==,
	    ST_OK);
	g_assert_cmpint(source_list(source, list, NULL), ==, ST_OK);
	rig.job.mailbox = list->pdata[0];
	g_assert_cmpint(source_begin(source, &rig.job, NULL), ==, ST_OK);
	while ((st = source_next(source, &record, NULL)) != ST_END) {
		const char *const *words = record.message.keywords;
		g_autofree char *path = NULL;

		switch (record.kind) {
		case RECORD_FOLDER:
			path = folder_path_to_text(record.folder->path);
			g_string_append_printf(got, "%s(%s):", path,
			    folder_use_name(record.folder->use));
			break;
		case RECORD_MESSAGE:
			path = words ? g_strjoinv(",", (char **)words)
				     : g_strdup("");
			g_string_append_printf(got, " %s=%u[%s]%s", record.key,
			    record.message.flags, path,
			    st < 0			  ? "!"
			    : record.message.raw.len == 3 ? ""
							  : "?");
			break;
		default:
			g_string_append_printf(got, " %d\n", (int)record.found);
		}
	}
	g_assert_cmpstr(got->str, ==,
	    "INBOX(inbox): 1.a=0[] 2.b=1[] 3.c=1[work] 3.c#2=0[]"
	    " 5.bad=0[]! 5\n"
	    "Sent(sent): 4.d,S=2=1[blue,red] 1\n"
	    "plain/sub(): 6.e=8[] 1\n");
	source_end(source);
	source_close(source);
	rig_clear(&rig);
	remove_tree(dir);
}

/* What an earlier pass left, for the second one. */
struct memory {
	char *state;
	gint64 settled;
};

static const char *
memory_state(void *ctx, const struct folder *folder)
{
	return ((struct memory *)ctx)->state;
}

static gint64
memory_settled(void *ctx, const struct folder *folder)
{
	return ((struct memory *)ctx)->settled;
}

static bool
memory_is_settled(void *ctx, const struct folder *folder, const char *key)
{
	return strcmp(key, "3.new") != 0;
}

static void
second_pass(const char *dir, struct memory *memory, guint *known, guint *fresh,
    gint64 *found, gint64 *skipped)
{
	struct known k = {.ctx = memory,
	    .state = memory_state,
	    .settled = memory_settled,
	    .is_settled = memory_is_settled};
	g_autoptr(GPtrArray) list =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	struct rig rig;
	Source *source = NULL;
	struct record record;

	*known = *fresh = 0;
	rig_init(&rig, source_maildir_driver.options, dir, NULL);
	source_open(&source, &source_maildir_driver, &rig.end, NULL);
	source_list(source, list, NULL);
	rig.job.mailbox = list->pdata[0];
	rig.job.known = &k;
	g_assert_cmpint(source_begin(source, &rig.job, NULL), ==, ST_OK);
	while (source_next(source, &record, NULL) == ST_OK) {
		if (record.kind == RECORD_MESSAGE) {
			g_assert_cmpint(
			    record.known, !=, record.message.has_body);
			*(record.known ? known : fresh) += 1;
		} else if (record.kind == RECORD_FOLDER_END) {
			g_free(memory->state);
			memory->state = g_strdup(record.state);
			*found = record.found;
			*skipped = record.skipped;
		}
	}
	source_end(source);
	source_close(source);
	rig_clear(&rig);
}

static void
test_second_pass(void)
{
	g_autofree char *dir = tmp_dir();
	g_autofree char *from = g_build_filename(dir, "cur", "1.a:2,", NULL);
	g_autofree char *to = g_build_filename(dir, "cur", "1.a:2,S", NULL);
	struct memory memory = {NULL, 0};
	gint64 found, skipped;
	guint known, fresh;

	put_file(dir, "cur/1.a:2,", "a\n", 2);
	put_file(dir, "cur/2.b:2,", "b\n", 2);
	put_file(dir, "new/.keep", "", 0);
	second_pass(dir, &memory, &known, &fresh, &found, &skipped);
	g_assert_cmpuint(known, ==, 2); /* no state yet: all are looked at */
	memory.settled = 2;
	second_pass(dir, &memory, &known, &fresh, &found, &skipped);
	g_assert_cmpuint(known + fresh, ==, 0); /* one readdir, no more */
	g_assert_cmpint(found, ==, 2);
	g_assert_cmpint(skipped, ==, 2);
	g_rename(from, to);
	second_pass(dir, &memory, &known, &fresh, &found, &skipped);
	g_assert_cmpuint(known, ==, 2);
	put_file(dir, "new/3.new", "c\n", 2);
	second_pass(dir, &memory, &known, &fresh, &found, &skipped);
	g_assert_cmpuint(known, ==, 2);
	g_assert_cmpuint(fresh, ==, 1);
	g_assert_cmpint(found, ==, 3);
	g_assert_cmpint(skipped, ==, 2);
	g_free(memory.state);
	remove_tree(dir);
}

static char *
only_file(const char *dir, const char *sub)
{
	g_autofree char *path =
	    g_build_filename(dir, "anna@example.org", sub, NULL);
	g_autoptr(GDir) d = g_dir_open(path, 0, NULL);
	const char *name = d ? g_dir_read_name(d) : NULL;

	return g_strdup(name);
}

/* Only the difference is carried over, wherever the file is by now. */
static void
test_update(void)
{
	static const char *const old_words[] = {"invoice", NULL};
	static const char *const new_words[] = {"paid", NULL};
	g_autofree char *dir = tmp_dir();
	g_autofree char *dest_key = NULL, *file = NULL, *path = NULL;
	g_autofree char *to = NULL;
	char *inbox[] = {(char *)"INBOX", NULL};
	struct folder folder = {.path = inbox, .use = FOLDER_INBOX};
	struct record record;
	struct outcome out;
	struct rig rig;
	Dest *dest = NULL;
	char key[16];

	make_samples();
	rig_init(&rig, dest_maildir_driver.options, dir, NULL);
	dest_open(&dest, &dest_maildir_driver, &rig.end, NULL);
	dest_begin(dest, &rig.job, NULL);
	make_message(&record, &folder, 1, key);
	record.message.flags = 0;
	record.message.keywords = old_words;
	g_assert_cmpint(dest_put(dest, &record, 1, NULL), ==, ST_OK);
	/* accepted is not stored */
	g_assert_cmpint(dest_outcome(dest, &out, NULL), ==, ST_END);
	g_assert_null(only_file(dir, "cur"));
	g_assert_cmpint(dest_commit(dest, false, NULL), ==, ST_OK);
	g_assert_cmpint(dest_outcome(dest, &out, NULL), ==, ST_OK);
	dest_key = g_strdup(out.dest_key);
	file = only_file(dir, "cur");
	g_assert_true(g_str_has_suffix(file, ",S=15,W=17:2,a") ||
		      g_str_has_suffix(file, ",S=14,W=17:2,a"));
	/* its owner reads it and flags it meanwhile */
	path = g_build_filename(dir, "anna@example.org", "cur", file, NULL);
	to = g_strconcat(path, NULL);
	to[strlen(to) - 1] = '\0';
	{
		g_autofree char *renamed = g_strconcat(to, "FSa", NULL);

		g_assert_cmpint(g_rename(path, renamed), ==, 0);
	}
	record.known = true;
	record.message.has_body = false;
	record.message.flags = MESSAGE_ANSWERED;
	record.message.keywords = new_words;
	g_assert_cmpint(
	    dest_update(dest, &record, dest_key, 0, old_words, NULL), ==,
	    ST_OK);
	g_free(file);
	file = only_file(dir, "cur");
	g_assert_true(g_str_has_suffix(file, ":2,FRSb"));
	/* and then throws it away */
	g_free(path);
	path = g_build_filename(dir, "anna@example.org", "cur", file, NULL);
	g_unlink(path);
	g_assert_cmpint(
	    dest_update(dest, &record, dest_key, MESSAGE_SEEN, NULL, NULL), ==,
	    ST_THERE);
	/* given up: what was not committed is not there */
	record.message.has_body = true;
	record.key = "other";
	g_assert_cmpint(dest_put(dest, &record, 2, NULL), ==, ST_OK);
	dest_end(dest);
	g_assert_null(only_file(dir, "tmp"));
	g_assert_null(only_file(dir, "cur"));
	dest_close(dest);
	rig_clear(&rig);
	remove_tree(dir);
}

/* 26 letters, and one remark for all that is beyond. */
static void
test_keywords(void)
{
	g_autofree char *dir = tmp_dir();
	char *inbox[] = {(char *)"INBOX", NULL};
	struct folder folder = {.path = inbox, .use = FOLDER_INBOX};
	struct record record;
	struct rig rig;
	Dest *dest = NULL;
	char key[16];

	make_samples();
	rig_init(&rig, dest_maildir_driver.options, dir, NULL);
	dest_open(&dest, &dest_maildir_driver, &rig.end, NULL);
	dest_begin(dest, &rig.job, NULL);
	for (guint i = 0; i < 30; i++) {
		g_autofree char *word = g_strdup_printf("word%u", i);
		const char *words[] = {word, NULL};

		make_message(&record, &folder, i, key);
		record.message.keywords = words;
		g_assert_cmpint(dest_put(dest, &record, i, NULL), ==, ST_OK);
	}
	g_assert_cmpint(dest_commit(dest, true, NULL), ==, ST_OK);
	g_assert_cmpuint(collect(dest), ==, 30);
	g_assert_cmpuint(rig.remarks->len, ==, 1);
	g_assert_cmpstr(rig.remarks->pdata[0], ==, "KEYWORDS_FULL");
	dest_end(dest);
	dest_close(dest);
	rig_clear(&rig);
	remove_tree(dir);
}

/* One message into the inbox by a job of its own. */
static enum status
put_one(const char *dir, guint n, const char *key, GError **error)
{
	char *inbox[] = {(char *)"INBOX", NULL};
	struct folder folder = {.path = inbox, .use = FOLDER_INBOX};
	struct record record;
	struct rig rig;
	Dest *dest = NULL;
	enum status st;
	char number[16];

	rig_init(&rig, dest_maildir_driver.options, dir, NULL);
	dest_open(&dest, &dest_maildir_driver, &rig.end, NULL);
	g_assert_cmpint(dest_begin(dest, &rig.job, NULL), ==, ST_OK);
	make_message(&record, &folder, n, number);
	record.key = key;
	st = dest_put(dest, &record, 1, error);
	if (st == ST_OK)
		st = dest_commit(dest, true, error);
	dest_end(dest);
	dest_close(dest);
	rig_clear(&rig);
	return st;
}

static guint
files_in(const char *dir, const char *sub)
{
	g_autofree char *path =
	    g_build_filename(dir, "anna@example.org", sub, NULL);
	g_autoptr(GDir) d = g_dir_open(path, 0, NULL);
	guint n = 0;

	while (d && g_dir_read_name(d))
		n++;
	return n;
}

/* Another source may give its messages the same identity: what counts is the
 * content, and nothing is taken for there that is not. */
static void
test_same_key(void)
{
	g_autofree char *dir = tmp_dir();

	make_samples();
	g_assert_cmpint(put_one(dir, 1, "1", NULL), ==, ST_OK);
	g_assert_cmpint(put_one(dir, 2, "1", NULL), ==, ST_OK);
	g_assert_cmpuint(files_in(dir, "cur"), ==, 2);
	g_assert_cmpint(put_one(dir, 1, "1", NULL), ==, ST_THERE);
	g_assert_cmpint(put_one(dir, 2, "1", NULL), ==, ST_THERE);
	g_assert_cmpint(put_one(dir, 1, "2", NULL), ==, ST_OK);
	g_assert_cmpuint(files_in(dir, "cur"), ==, 3);
	remove_tree(dir);
}

/* A file that may not grow, as on a full disk: the mailbox fails, and nothing
 * is left of the message. */
static void
test_no_room(void)
{
	g_autofree char *dir = tmp_dir();
	g_autoptr(GError) error = NULL;
	struct rlimit old, small;

	make_samples();
	g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
	small = old;
	small.rlim_cur = 4096;
	signal(SIGXFSZ, SIG_IGN);
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
	g_assert_cmpint(put_one(dir, 12, "1", &error), ==, ST_MAILBOX);
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
	g_assert_nonnull(strstr(error->message, "anna@example.org"));
	g_assert_cmpuint(files_in(dir, "tmp") + files_in(dir, "cur"), ==, 0);
	g_assert_cmpint(put_one(dir, 12, "1", NULL), ==, ST_OK);
	remove_tree(dir);
}

static void
test_errors(void)
{
	g_autofree char *dir = tmp_dir();
	g_autofree char *file = g_build_filename(dir, "file", NULL);
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	struct rig rig;
	Source *source = NULL;
	Dest *dest = NULL;

	put_file(dir, "file", "x", 1);
	rig_init(&rig, source_maildir_driver.options, file, NULL);
	g_assert_cmpint(
	    source_open(&source, &source_maildir_driver, &rig.end, &error), ==,
	    ST_RUN);
	g_assert_nonnull(strstr(error->message, file));
	g_clear_error(&error);
	rig_clear(&rig);
	rig_init(&rig, source_maildir_driver.options, dir, NULL);
	g_assert_cmpint(
	    source_open(&source, &source_maildir_driver, &rig.end, NULL), ==,
	    ST_OK);
	g_assert_cmpint(source_list(source, list, &error), ==, ST_RUN);
	g_clear_error(&error);
	g_assert_cmpint(source_begin(source, &rig.job, &error), ==, ST_MAILBOX);
	g_assert_nonnull(strstr(error->message, "anna"));
	source_end(source);
	source_close(source);
	rig_clear(&rig);
	rig_init(&rig, dest_maildir_driver.options, file, NULL);
	g_clear_error(&error);
	g_assert_cmpint(
	    dest_open(&dest, &dest_maildir_driver, &rig.end, &error), ==,
	    ST_RUN);
	rig_clear(&rig);
	remove_tree(dir);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/maildir/names", test_names);
	g_test_add_func("/maildir/folder-names", test_folder_names);
	g_test_add_func("/maildir/long-names", test_long_names);
	g_test_add_func("/maildir/name-decode", test_name_decode);
	g_test_add_func("/maildir/files", test_files);
	g_test_add_func("/maildir/large-files", test_large_files);
	g_test_add_func("/maildir/round-trip", test_round_trip);
	g_test_add_func("/maildir/cut", test_cut);
	g_test_add_func("/maildir/cut/subprocess", cut_subprocess);
	g_test_add_func("/maildir/other-worker", test_other_worker);
	g_test_add_func("/maildir/foreign", test_foreign);
	g_test_add_func("/maildir/second-pass", test_second_pass);
	g_test_add_func("/maildir/update", test_update);
	g_test_add_func("/maildir/keywords", test_keywords);
	g_test_add_func("/maildir/same-key", test_same_key);
	g_test_add_func("/maildir/no-room", test_no_room);
	g_test_add_func("/maildir/errors", test_errors);
	return g_test_run();
}
