#include "state/ledger.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

struct place {
	char *dir;
	Ledger *ledger;
};

static void
setup(struct place *p, const void *unused)
{
	g_autoptr(GError) error = NULL;

	p->dir = g_dir_make_tmp("mailmig-ledger-XXXXXX", NULL);
	ledger_open(&p->ledger, p->dir, &error);
	g_assert_no_error(error);
}

static void
teardown(struct place *p, const void *unused)
{
	g_autoptr(GError) error = NULL;

	ledger_check(p->ledger, &error);
	g_assert_no_error(error);
	ledger_close(p->ledger);
	for (guint i = 0; i < 3; i++) {
		static const char *const ends[] = {"", "-wal", "-shm"};
		g_autofree char *path =
		    g_strconcat(p->dir, "/ledger.sqlite", ends[i], NULL);

		g_unlink(path);
	}
	g_assert_cmpint(g_rmdir(p->dir), ==, 0);
	g_free(p->dir);
}

#define OK(call)                                                               \
	do {                                                                   \
		GError *ok_error = NULL;                                       \
		enum status ok_st = call;                                      \
		g_assert_no_error(ok_error);                                   \
		g_assert_cmpint(ok_st, ==, ST_OK);                             \
	} while (0)

static gint64
enter(struct place *p, guint64 run, const char *name, guint parts,
    bool unfinished, bool expect)
{
	struct ledger_job job = {.identity = name,
	    .mailbox = name,
	    .destination = name,
	    .account = -1,
	    .parts = parts};
	bool entered;

	OK(ledger_begin(p->ledger, false, &ok_error));
	OK(ledger_job_enter(
	    p->ledger, run, &job, unfinished, &entered, &ok_error));
	OK(ledger_commit(p->ledger, &ok_error));
	g_assert_cmpint(entered, ==, expect);
	return job.id;
}

static guint64
begin_run(struct place *p)
{
	guint64 run;

	OK(ledger_run_begin(p->ledger, "test", &run, &ok_error));
	return run;
}

/* Whether one came. */
static bool
claim(struct place *p, guint64 run, guint worker, struct ledger_share *share)
{
	g_autoptr(GError) error = NULL;
	guint wait_s;
	enum status st =
	    ledger_share_claim(p->ledger, run, worker, share, &wait_s, &error);

	g_assert_no_error(error);
	return st == ST_OK;
}

static enum ledger_state
end(struct place *p, struct ledger_share *share, enum ledger_state state)
{
	enum ledger_state job;

	OK(ledger_share_end(
	    p->ledger, share, state, 0, "why", &job, &ok_error));
	ledger_share_clear(share);
	return job;
}

static void
test_mode(struct place *p, const void *unused)
{
	g_autofree char *path = g_build_filename(p->dir, "ledger.sqlite", NULL);
	struct stat st;

	g_assert_cmpint(g_stat(path, &st), ==, 0);
	g_assert_cmpint(st.st_mode & 0777, ==, 0600);
}

static void
test_shares(struct place *p, const void *unused)
{
	guint64 run = begin_run(p);
	struct ledger_share a, b, c;
	gint64 anna = enter(p, run, "anna", 2, false, true);
	gint64 bert = enter(p, run, "bert", 1, false, true);

	g_assert_true(claim(p, run, 1, &a));
	g_assert_true(claim(p, run, 2, &b));
	g_assert_true(claim(p, run, 3, &c));
	g_assert_cmpint(a.job, ==, anna);
	g_assert_cmpuint(a.part, ==, 0);
	g_assert_cmpint(b.job, ==, anna);
	g_assert_cmpuint(b.part, ==, 1);
	g_assert_cmpint(c.job, ==, bert);
	g_assert_cmpuint(c.pass, ==, 1);
	g_assert_false(c.interrupted);

	/* The job ends when all of its parts did. */
	g_assert_cmpint(end(p, &b, LEDGER_DONE), ==, LEDGER_RUNNING);
	g_assert_cmpint(end(p, &a, LEDGER_DONE), ==, LEDGER_DONE);

	/* Died: the parent finds what it held and puts it back. */
	ledger_share_clear(&c);
	OK(ledger_share_of_worker(p->ledger, run, 3, &c, &ok_error));
	g_assert_cmpint(c.job, ==, bert);
	g_assert_cmpint(end(p, &c, LEDGER_PENDING), ==, LEDGER_PENDING);
	g_assert_true(claim(p, run, 1, &c));
	g_assert_true(c.interrupted);
	g_assert_true(c.same_boot);
	g_assert_cmpuint(c.attempts, ==, 1);
	g_assert_cmpuint(c.pass, ==, 1); /* still the same */
	g_assert_cmpint(end(p, &c, LEDGER_FAILED), ==, LEDGER_FAILED);
	g_assert_false(claim(p, run, 1, &c));

	/* Resume: only what is not done, and as interrupted. */
	run = begin_run(p);
	enter(p, run, "anna", 1, true, false);
	enter(p, run, "bert", 1, true, true);
	g_assert_true(claim(p, run, 1, &c));
	g_assert_cmpint(c.job, ==, bert);
	g_assert_true(c.interrupted);
	g_assert_cmpuint(c.attempts, ==, 0);
	g_assert_cmpint(end(p, &c, LEDGER_DONE), ==, LEDGER_DONE);
	g_assert_false(claim(p, run, 1, &c));

	/* Another pass over all. */
	run = begin_run(p);
	enter(p, run, "anna", 1, false, true);
	g_assert_true(claim(p, run, 1, &a));
	g_assert_cmpuint(a.pass, ==, 2);
	g_assert_false(a.interrupted);
	end(p, &a, LEDGER_DONE);
}

/* All processes died with a share running. */
static void
test_orphan(struct place *p, const void *unused)
{
	guint64 run = begin_run(p);
	struct ledger_share share;

	enter(p, run, "anna", 1, false, true);
	g_assert_true(claim(p, run, 1, &share));
	ledger_share_clear(&share);
	ledger_close(p->ledger);
	OK(ledger_open(&p->ledger, p->dir, &ok_error));
	run = begin_run(p);
	enter(p, run, "anna", 3, true, true);
	for (guint part = 0; part < 3; part++) {
		g_assert_true(claim(p, run, 1, &share));
		g_assert_true(share.interrupted);
		end(p, &share, LEDGER_DONE);
	}
}

static gint64
lease(struct place *p, guint worker)
{
	g_autofree char *path = g_build_filename(p->dir, "ledger.sqlite", NULL);
	g_autofree char *sql = g_strdup_printf(
	    "SELECT lease - unixepoch() FROM shares WHERE owner = %u", worker);
	sqlite3_stmt *stmt;
	sqlite3 *db;
	gint64 left;

	g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), ==, 0);
	g_assert_cmpint(sqlite3_step(stmt), ==, SQLITE_ROW);
	left = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return left;
}

static void
expire(struct place *p)
{
	g_autofree char *path = g_build_filename(p->dir, "ledger.sqlite", NULL);
	sqlite3 *db;

	g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
	g_assert_cmpint(
	    sqlite3_exec(db, "UPDATE shares SET lease = 1", NULL, NULL, NULL),
	    ==, SQLITE_OK);
	sqlite3_close(db);
}

/* Whose lease is over hangs, unless somebody saw that it lives. */
static void
test_lease(struct place *p, const void *unused)
{
	g_autoptr(GArray) lapsed = g_array_new(FALSE, FALSE, sizeof(guint));
	guint64 run = begin_run(p);
	struct ledger_share a, b;

	enter(p, run, "anna", 1, false, true);
	enter(p, run, "bert", 1, false, true);
	g_assert_true(claim(p, run, 1, &a));
	g_assert_true(claim(p, run, 2, &b));
	g_assert_cmpint(lease(p, 1), >, LEDGER_LEASE_S - 60);
	expire(p);
	OK(ledger_worker_renew(p->ledger, run, 1, &ok_error));
	g_assert_cmpint(lease(p, 1), >, LEDGER_LEASE_S - 60);
	OK(ledger_share_lapsed(p->ledger, run, lapsed, &ok_error));
	g_assert_cmpuint(lapsed->len, ==, 1);
	g_assert_cmpuint(g_array_index(lapsed, guint, 0), ==, 2);
	end(p, &a, LEDGER_DONE);
	end(p, &b, LEDGER_DONE);
}

/* Stop after the current mailboxes: those with a part that was begun, or that
 * wait for another attempt, go on. */
static void
test_hold(struct place *p, const void *unused)
{
	guint64 run = begin_run(p);
	struct ledger_share a, b, c;
	guint jobs, pending;

	enter(p, run, "anna", 2, false, true);
	enter(p, run, "bert", 1, false, true);
	enter(p, run, "carl", 2, false, true);
	enter(p, run, "dora", 1, false, true);
	g_assert_true(claim(p, run, 1, &a));
	g_assert_true(claim(p, run, 2, &c)); /* anna's other part */
	end(p, &c, LEDGER_PENDING);
	OK(ledger_job_hold(p->ledger, run, &jobs, &ok_error));
	g_assert_cmpuint(jobs, ==, 3);
	OK(ledger_share_pending(p->ledger, run, &pending, &ok_error));
	g_assert_cmpuint(pending, ==, 1);
	g_assert_true(claim(p, run, 2, &b));
	g_assert_cmpint(b.job, ==, a.job);
	g_assert_cmpint(end(p, &b, LEDGER_DONE), ==, LEDGER_RUNNING);
	g_assert_cmpint(end(p, &a, LEDGER_DONE), ==, LEDGER_DONE);
	g_assert_false(claim(p, run, 1, &a));

	run = begin_run(p);
	enter(p, run, "anna", 2, true, false);
	enter(p, run, "bert", 1, true, true);
	enter(p, run, "carl", 2, true, true);
}

static void
test_wait(struct place *p, const void *unused)
{
	guint64 run = begin_run(p);
	struct ledger_share share;
	enum ledger_state state;
	guint wait_s, pending;

	enter(p, run, "anna", 1, false, true);
	g_assert_true(claim(p, run, 1, &share));
	OK(ledger_share_end(
	    p->ledger, &share, LEDGER_PENDING, 100, "busy", &state, &ok_error));
	ledger_share_clear(&share);
	g_assert_cmpint(
	    ledger_share_claim(p->ledger, run, 1, &share, &wait_s, NULL), ==,
	    ST_END);
	g_assert_cmpuint(wait_s, >=, 98);
	g_assert_cmpuint(wait_s, <=, 100);
	OK(ledger_share_pending(p->ledger, run, &pending, &ok_error));
	g_assert_cmpuint(pending, ==, 1);
}

static void
test_claims(struct place *p, const void *unused)
{
	guint64 run = begin_run(p);
	struct ledger_share a, b;
	bool mine;

	enter(p, run, "anna", 2, false, true);
	g_assert_true(claim(p, run, 1, &a));
	g_assert_true(claim(p, run, 2, &b));
	OK(ledger_folder_claim(p->ledger, &a, "INBOX", &mine, &ok_error));
	g_assert_true(mine);
	OK(ledger_folder_claim(p->ledger, &b, "INBOX", &mine, &ok_error));
	g_assert_false(mine);
	OK(ledger_folder_claim(p->ledger, &a, "INBOX", &mine, &ok_error));
	g_assert_true(mine); /* after a lost connection */
	OK(ledger_folder_claim(p->ledger, &b, "Sent", &mine, &ok_error));
	g_assert_true(mine);
	b.run++; /* the next run deals anew */
	OK(ledger_folder_claim(p->ledger, &b, "INBOX", &mine, &ok_error));
	g_assert_true(mine);
	ledger_share_clear(&a);
	ledger_share_clear(&b);
}

static void
put(struct place *p, gint64 folder, const struct ledger_item *item, bool expect)
{
	bool was_settled;

	OK(ledger_item_put(p->ledger, folder, item, &was_settled, &ok_error));
	g_assert_cmpint(was_settled, ==, expect);
}

static gint64
add_folder(struct place *p, const char *path, struct ledger_folder *folder)
{
	guint64 run = begin_run(p);
	gint64 job = enter(p, run, "anna", 1, false, true);

	memset(folder, 0, sizeof *folder);
	OK(ledger_begin(p->ledger, false, &ok_error));
	OK(ledger_folder_save(p->ledger, job, path, folder, &ok_error));
	OK(ledger_commit(p->ledger, &ok_error));
	return job;
}

static void
test_folder(struct place *p, const void *unused)
{
	struct ledger_folder folder, again;
	gint64 job = add_folder(p, "INBOX/a%2Fb", &folder);

	folder.identity = g_strdup("123");
	folder.state = g_strdup("modseq 9");
	folder.run = 1;
	folder.counts = (struct ledger_counts){1, 2, 3, 4, 5};
	folder.made = true;
	folder.done_pass = 7;
	OK(ledger_begin(p->ledger, false, &ok_error));
	OK(ledger_folder_save(
	    p->ledger, job, "INBOX/a%2Fb", &folder, &ok_error));
	OK(ledger_commit(p->ledger, &ok_error));
	OK(ledger_folder_find(
	    p->ledger, job, "INBOX/a%2Fb", &again, &ok_error));
	g_assert_cmpint(again.id, ==, folder.id);
	g_assert_cmpstr(again.identity, ==, "123");
	g_assert_cmpstr(again.state, ==, "modseq 9");
	g_assert_null(again.dest_state);
	g_assert_true(again.made);
	g_assert_false(again.open);
	g_assert_cmpuint(again.done_pass, ==, 7);
	g_assert_cmpint(again.counts.failed, ==, 5);
	ledger_folder_clear(&again);
	ledger_folder_clear(&folder);
	g_assert_cmpint(
	    ledger_folder_find(p->ledger, job, "other", &again, NULL), ==,
	    ST_END);
	g_assert_cmpint(again.id, ==, 0);
}

static void
test_items(struct place *p, const void *unused)
{
	static const struct {
		const char *key, *dest_key, *keywords;
		enum ledger_fate fate;
	} rows[] = {
	    {"10", "77", "a\nb", LEDGER_MOVED},
	    {"9", NULL, "", LEDGER_THERE},
	    {"007", "x:1", "", LEDGER_MOVED}, /* no number: zeros count */
	    {"", NULL, "", LEDGER_MOVED},
	    {"1234567890123456789", NULL, "", LEDGER_MOVED},
	    {"-5", NULL, "", LEDGER_MOVED},
	    {"8", NULL, "", LEDGER_REFUSED},
	    {"7", NULL, "", LEDGER_FILTERED},
	};
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint64));
	struct ledger_folder folder;
	struct ledger_item item;
	gint64 job = add_folder(p, "INBOX", &folder);
	bool taken;

	OK(ledger_begin(p->ledger, false, &ok_error));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		memset(&item, 0, sizeof item);
		item.key = rows[i].key;
		item.fate = rows[i].fate;
		item.run = 3;
		item.has_digest = i % 2;
		item.digest.b[0] = (guint8)i;
		item.flags = 1 << i;
		item.keywords = rows[i].keywords;
		item.dest_key = rows[i].dest_key;
		item.reason = i == 6 ? "too big" : NULL;
		put(p, folder.id, &item, false);
	}
	folder.settled = 6;
	OK(ledger_folder_save(p->ledger, job, "INBOX", &folder, &ok_error));
	OK(ledger_commit(p->ledger, &ok_error));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		OK(ledger_item_get(
		    p->ledger, folder.id, rows[i].key, &item, &ok_error));
		g_assert_cmpstr(item.key, ==, rows[i].key);
		g_assert_cmpstr(item.dest_key, ==, rows[i].dest_key);
		g_assert_cmpstr(item.keywords, ==, rows[i].keywords);
		g_assert_cmpint(item.fate, ==, rows[i].fate);
		g_assert_cmpuint(item.flags, ==, 1 << i);
		g_assert_cmpint(item.has_digest, ==, i % 2);
	}
	g_assert_cmpint(
	    ledger_item_get(p->ledger, folder.id, "11", &item, NULL), ==,
	    ST_END);
	OK(ledger_item_numbers(p->ledger, folder.id, numbers, &ok_error));
	g_assert_cmpuint(numbers->len, ==, 2);
	g_assert_cmpuint(g_array_index(numbers, guint64, 0), ==, 9);
	g_assert_cmpuint(g_array_index(numbers, guint64, 1), ==, 10);

	OK(ledger_dest_key_taken(
	    p->ledger, folder.id, "77", &taken, &ok_error));
	g_assert_true(taken);
	OK(ledger_dest_key_taken(
	    p->ledger, folder.id, "78", &taken, &ok_error));
	g_assert_false(taken);
	OK(ledger_begin(p->ledger, false, &ok_error));
	item = (struct ledger_item){.key = "10", .dest_key = "78"};
	put(p, folder.id, &item, true);
	OK(ledger_item_flags(p->ledger, folder.id, "9", 5, "k", &ok_error));
	OK(ledger_commit(p->ledger, &ok_error));
	OK(ledger_dest_key_taken(
	    p->ledger, folder.id, "78", &taken, &ok_error));
	g_assert_true(taken);
	OK(ledger_item_get(p->ledger, folder.id, "9", &item, &ok_error));
	g_assert_cmpuint(item.flags, ==, 5);
	g_assert_cmpstr(item.keywords, ==, "k");
}

/* UIDVALIDITY changed: three messages, two of them equal. */
static void
test_renew(struct place *p, const void *unused)
{
	struct ledger_folder folder;
	struct ledger_item item = {.fate = LEDGER_MOVED, .has_digest = true};
	gint64 job = add_folder(p, "INBOX", &folder);
	static const guint8 contents[] = {5, 6, 5};
	struct digest digest = {{5}};
	char key[2] = "1";

	OK(ledger_begin(p->ledger, false, &ok_error));
	for (guint i = 0; i < 3; i++, key[0]++) {
		item.key = key;
		item.digest.b[0] = contents[i];
		put(p, folder.id, &item, false);
	}
	folder.settled = 3;
	OK(ledger_folder_renew(p->ledger, &folder, "2", &ok_error));
	g_assert_cmpint(folder.settled, ==, 0);
	g_assert_true(folder.old);
	OK(ledger_folder_save(p->ledger, job, "INBOX", &folder, &ok_error));
	OK(ledger_commit(p->ledger, &ok_error));
	g_assert_cmpint(ledger_item_get(p->ledger, folder.id, "1", &item, NULL),
	    ==, ST_END);
	for (guint i = 0; i < 2; i++) {
		OK(ledger_old_find(
		    p->ledger, folder.id, &digest, &item, &ok_error));
		g_assert_cmpstr(item.key, ==, i == 0 ? "1" : "3");
	}
	g_assert_cmpint(
	    ledger_old_find(p->ledger, folder.id, &digest, &item, NULL), ==,
	    ST_END);
	OK(ledger_begin(p->ledger, false, &ok_error));
	OK(ledger_old_take(p->ledger, folder.id, "1", &ok_error));
	OK(ledger_folder_forget_old(p->ledger, &folder, &ok_error));
	OK(ledger_folder_save(p->ledger, job, "INBOX", &folder, &ok_error));
	OK(ledger_commit(p->ledger, &ok_error));
	ledger_folder_clear(&folder);
}

static void
test_staged(struct place *p, const void *unused)
{
	struct ledger_folder folder;
	struct ledger_share share;
	struct ledger_staged in = {.bytes = 99}, out;

	add_folder(p, "INBOX", &folder);
	g_assert_true(claim(p, 1, 1, &share));
	in.folder = folder.id;
	in.item = (struct ledger_item){.key = "4", .keywords = "", .flags = 3};
	OK(ledger_begin(p->ledger, false, &ok_error));
	OK(ledger_staged_put(p->ledger, &share, 12, &in, &ok_error));
	OK(ledger_commit(p->ledger, &ok_error));
	OK(ledger_staged_find(p->ledger, &share, 12, &out, &ok_error));
	g_assert_cmpint(out.folder, ==, folder.id);
	g_assert_cmpint(out.bytes, ==, 99);
	g_assert_cmpstr(out.item.key, ==, "4");
	g_assert_cmpint(
	    ledger_staged_find(p->ledger, &share, 13, &out, NULL), ==, ST_END);
	OK(ledger_begin(p->ledger, false, &ok_error));
	OK(ledger_staged_clear(p->ledger, &share, &ok_error));
	OK(ledger_commit(p->ledger, &ok_error));
	g_assert_cmpint(
	    ledger_staged_find(p->ledger, &share, 12, &out, NULL), ==, ST_END);
	ledger_share_clear(&share);
}

static void
test_outbox(struct place *p, const void *unused)
{
	struct ledger_share share;
	struct ledger_folder folder;
	g_autofree char *lines = NULL;
	guint64 serial;

	add_folder(p, "INBOX", &folder);
	g_assert_true(claim(p, 1, 1, &share));
	OK(ledger_outbox_get(p->ledger, &share, &serial, &lines, &ok_error));
	g_assert_null(lines);
	for (guint64 i = 1; i <= 2; i++) {
		OK(ledger_begin(p->ledger, false, &ok_error));
		OK(ledger_outbox_put(
		    p->ledger, &share, i, i == 1 ? "a\n" : "b\n", &ok_error));
		OK(ledger_commit(p->ledger, &ok_error));
	}
	OK(ledger_outbox_get(p->ledger, &share, &serial, &lines, &ok_error));
	g_assert_cmpuint(serial, ==, 2);
	g_assert_cmpstr(lines, ==, "b\n");
	g_clear_pointer(&lines, g_free);
	share.run++;
	OK(ledger_outbox_get(p->ledger, &share, &serial, &lines, &ok_error));
	g_assert_null(lines);
	ledger_share_clear(&share);
}

/* A transaction that is not committed never was. */
static void
test_rollback(struct place *p, const void *unused)
{
	struct ledger_folder folder;
	struct ledger_item item = {.key = "1", .dest_key = "9"};
	bool taken;

	add_folder(p, "INBOX", &folder);
	OK(ledger_begin(p->ledger, false, &ok_error));
	put(p, folder.id, &item, false);
	OK(ledger_dest_key_taken(p->ledger, folder.id, "9", &taken, &ok_error));
	g_assert_true(taken);
	ledger_rollback(p->ledger);
	g_assert_cmpint(ledger_item_get(p->ledger, folder.id, "1", &item, NULL),
	    ==, ST_END);
	OK(ledger_dest_key_taken(p->ledger, folder.id, "9", &taken, &ok_error));
	g_assert_false(taken);
}

/* The check sees what is broken. */
static void
test_check(struct place *p, const void *unused)
{
	struct ledger_folder folder;
	gint64 job = add_folder(p, "INBOX", &folder);
	g_autoptr(GError) error = NULL;

	folder.settled = 1;
	OK(ledger_begin(p->ledger, false, &ok_error));
	OK(ledger_folder_save(p->ledger, job, "INBOX", &folder, &ok_error));
	OK(ledger_commit(p->ledger, &ok_error));
	g_assert_cmpint(ledger_check(p->ledger, &error), ==, ST_RUN);
	g_assert_cmpint(error_kind(error), ==, ERR_FORMAT);
	folder.settled = 0;
	OK(ledger_begin(p->ledger, false, &ok_error));
	OK(ledger_folder_save(p->ledger, job, "INBOX", &folder, &ok_error));
	OK(ledger_commit(p->ledger, &ok_error));
}

static void
test_runs(struct place *p, const void *unused)
{
	g_autoptr(GArray) runs =
	    g_array_new(FALSE, FALSE, sizeof(struct ledger_run));
	struct ledger_run run = {
	    .exit_status = 2, .bytes = 5, .counts = {10, 4, 3, 2, 1}};

	g_array_set_clear_func(runs, (GDestroyNotify)ledger_run_clear);
	run.id = begin_run(p);
	begin_run(p);
	OK(ledger_run_end(p->ledger, &run, &ok_error));
	OK(ledger_run_list(p->ledger, runs, &ok_error));
	g_assert_cmpuint(runs->len, ==, 2);
	g_assert_cmpint(
	    g_array_index(runs, struct ledger_run, 0).counts.moved, ==, 4);
	g_assert_cmpint(
	    g_array_index(runs, struct ledger_run, 0).ended_s, >, 0);
	g_assert_cmpint(
	    g_array_index(runs, struct ledger_run, 1).ended_s, ==, 0);
}

/* What is no ledger is refused with words, and not changed. */
static void
test_foreign(void)
{
	g_autofree char *dir = g_dir_make_tmp("mailmig-ledger-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "ledger.sqlite", NULL);
	g_autofree char *content = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) missing = NULL;
	Ledger *ledger = NULL;
	static const char text[] = "this is a letter, and a long one, "
				   "certainly no data base of any kind";

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	g_assert_cmpint(ledger_open(&ledger, dir, &error), ==, ST_RUN);
	g_assert_cmpint(error_kind(error), ==, ERR_FORMAT);
	g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
	g_assert_cmpstr(content, ==, text);
	g_unlink(path);
	g_rmdir(dir);
	g_assert_cmpint(ledger_open(&ledger, dir, &missing), ==, ST_RUN);
	g_assert_cmpint(error_kind(missing), ==, ERR_IO);
}

/* Not a check of time: it prints what it took (--verbose), and that twenty
 * thousand entries are all there. */
static void
test_many(struct place *p, const void *unused)
{
	enum { N = 20000, BATCH = 200 };
	struct ledger_folder folder;
	struct ledger_item item = {.has_digest = true, .keywords = ""};
	gint64 job = add_folder(p, "INBOX", &folder);
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint64));
	g_autoptr(GTimer) timer = g_timer_new();

	for (guint i = 0; i < N; i++) {
		char key[32], dest_key[32];

		if (i % BATCH == 0)
			OK(ledger_begin(p->ledger, false, &ok_error));
		g_snprintf(key, sizeof key, "%u", i + 1);
		g_snprintf(dest_key, sizeof dest_key, "1700000000:%u", i + 1);
		item.key = key;
		item.dest_key = dest_key;
		memcpy(item.digest.b, &i, sizeof i);
		put(p, folder.id, &item, false);
		folder.settled++;
		if (i % BATCH == BATCH - 1) {
			OK(ledger_folder_save(
			    p->ledger, job, "INBOX", &folder, &ok_error));
			OK(ledger_commit(p->ledger, &ok_error));
		}
	}
	g_test_message("%d items in %.3f s", N, g_timer_elapsed(timer, NULL));
	OK(ledger_item_numbers(p->ledger, folder.id, numbers, &ok_error));
	g_assert_cmpuint(numbers->len, ==, N);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(struct place *p, const void *unused);
	} tests[] = {
	    {"/ledger/mode", test_mode},
	    {"/ledger/shares", test_shares},
	    {"/ledger/orphan", test_orphan},
	    {"/ledger/lease", test_lease},
	    {"/ledger/hold", test_hold},
	    {"/ledger/wait", test_wait},
	    {"/ledger/claims", test_claims},
	    {"/ledger/folder", test_folder},
	    {"/ledger/items", test_items},
	    {"/ledger/renew", test_renew},
	    {"/ledger/staged", test_staged},
	    {"/ledger/outbox", test_outbox},
	    {"/ledger/rollback", test_rollback},
	    {"/ledger/check", test_check},
	    {"/ledger/runs", test_runs},
	    {"/ledger/many", test_many},
	};

	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].name, struct place, NULL, setup,
		    tests[i].fn, teardown);
	g_test_add_func("/ledger/foreign", test_foreign);
	return g_test_run();
}
