#include "dest/fail.h"

#include "base/url.h"
#include "model/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A store in one file of JSON lines, so that a test can look at what arrived,
 * and a failure of choice on the way there. */
static const struct option options[] = {
    {"where", OPTION_CHOICE, "none",
	"none|open|begin|put|body|commit|committed|outcome",
	"what fails; body: in the middle of one; committed: stored, but not "
	"said"},
    {"at", OPTION_NUMBER, "1", NULL, "at the n-th message or commit"},
    {"reach", OPTION_CHOICE, "link", "item|mailbox|link|run",
	"how far the failure reaches"},
    {"retry", OPTION_CHOICE, "now", "never|later|now",
	"what it says of trying again"},
    {"die", OPTION_BOOL, "no", NULL, "end the process as by SIGKILL"},
    {"once", OPTION_TEXT, NULL, NULL,
	"a file that is made at the failure; while it is there, none"},
    {NULL}};

struct fail_dest {
	struct dest_base base;
	char *file; /* or NULL: nothing is kept beyond the job */
	char *where, *once;
	gint64 at, puts, commits;
	enum status reach;
	enum retry retry;
	bool die, done;
	const struct job *job;
	GHashTable *there;	 /* "folder\nkey" of all in the file */
	GString *lines;		 /* accepted, not yet in the file */
	GArray *waiting, *ready; /* of guint64: seq */
	guint ready_at;
	Spool *scratch;
	GError *refusal;
};

static bool
is_due(struct fail_dest *f)
{
	int fd;

	if (f->done || (f->once && access(f->once, F_OK) == 0))
		return false;
	f->done = true;
	if (f->once) {
		fd = open(f->once, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd >= 0)
			close(fd);
	}
	if (f->die)
		kill(getpid(), SIGKILL);
	return true;
}

static bool
fails_in(struct fail_dest *f, const char *where, gint64 n)
{
	return !strcmp(f->where, where) && n == f->at && is_due(f);
}

static enum status
fail_now(struct fail_dest *f, GError **error)
{
	return fail(f->reach, error, ERR_IO, f->retry,
	    "fail: the destination fails in %s, as asked for", f->where);
}

static void
fail_close(Dest *dest)
{
	struct fail_dest *f = (struct fail_dest *)dest;

	g_clear_error(&f->refusal);
	g_free(f->file);
	g_free(f->where);
	g_free(f->once);
	g_free(f);
}

static enum status
fail_open(Dest **out, const struct end *end, GError **error)
{
	static const struct {
		const char *name;
		enum status reach;
	} reaches[] = {{"item", ST_ITEM}, {"mailbox", ST_MAILBOX},
	    {"link", ST_LINK}, {"run", ST_RUN}};
	const char *retry = options_text(end->options, "retry");
	struct fail_dest *f = g_new0(struct fail_dest, 1);
	enum status st;

	if (end->url->path && *end->url->path)
		f->file = g_strdup(end->url->path);
	f->where = g_strdup(options_text(end->options, "where"));
	f->once = g_strdup(options_text(end->options, "once"));
	f->at = options_number(end->options, "at");
	f->die = options_bool(end->options, "die");
	f->retry = !strcmp(retry, "now")     ? RETRY_NOW
		   : !strcmp(retry, "later") ? RETRY_LATER
					     : RETRY_NEVER;
	for (guint i = 0; i < G_N_ELEMENTS(reaches); i++)
		if (!strcmp(
			options_text(end->options, "reach"), reaches[i].name))
			f->reach = reaches[i].reach;
	if (fails_in(f, "open", f->at)) {
		st = fail_now(f, error);
		fail_close((Dest *)f);
		return st;
	}
	f->base.driver = &dest_fail_driver;
	*out = (Dest *)f;
	return ST_OK;
}

/* Every line of the file begins with a comment-like key for ourselves:
 * "destination\tfolder\tkey\t" and then the JSON. */
static char *
name_of(struct fail_dest *f, const struct record *record)
{
	g_autofree char *folder =
	    record->kind == RECORD_MESSAGE
		? folder_path_to_text(record->message.folder->path)
		: g_strdup("");

	return g_strdup_printf(
	    "%s\t%s\t%s", f->job->destination, folder, record->key);
}

static void
load(struct fail_dest *f)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!f->file || !g_file_get_contents(f->file, &text, NULL, NULL))
		return;
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++) {
		char *json = strstr(lines[i], "\t{");

		if (json)
			g_hash_table_add(f->there,
			    g_strndup(lines[i], (gsize)(json - lines[i])));
	}
}

static enum status
fail_begin(Dest *dest, const struct job *job, GError **error)
{
	struct fail_dest *f = (struct fail_dest *)dest;

	if (fails_in(f, "begin", f->at))
		return fail_now(f, error);
	f->job = job;
	f->puts = f->commits = 0;
	f->there = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	f->lines = g_string_new(NULL);
	f->waiting = g_array_new(FALSE, FALSE, sizeof(guint64));
	f->ready = g_array_new(FALSE, FALSE, sizeof(guint64));
	f->ready_at = 0;
	f->scratch = spool_new(job->spool_dir);
	load(f);
	return ST_OK;
}

static enum status
fail_put(Dest *dest, const struct record *record, guint64 seq, GError **error)
{
	struct fail_dest *f = (struct fail_dest *)dest;
	g_autofree char *name = NULL;
	gsize before = f->lines->len;
	enum status st;

	if (record->kind == RECORD_FOLDER || record->kind == RECORD_FOLDER_END)
		return ST_OK;
	f->puts++;
	if (fails_in(f, "put", f->puts))
		return fail_now(f, error);
	name = name_of(f, record);
	if (record->again && g_hash_table_contains(f->there, name))
		return ST_THERE;
	g_string_append_printf(f->lines, "%s\t", name);
	st = record_dump(
	    record, f->job->destination, f->scratch, f->lines, error);
	if (st == ST_OK && fails_in(f, "body", f->puts))
		st = fail_now(f, error);
	if (st < 0) {
		g_string_truncate(f->lines, before);
		return st;
	}
	g_array_append_val(f->waiting, seq);
	return ST_OK;
}

static enum status
append(struct fail_dest *f, GError **error)
{
	int fd;
	bool ok;

	if (!f->file || f->lines->len == 0)
		return ST_OK;
	fd = open(f->file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	ok =
	    fd >= 0 &&
	    write(fd, f->lines->str, f->lines->len) == (ssize_t)f->lines->len &&
	    fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	if (!ok)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "fail: cannot write %s: %s", f->file, g_strerror(errno));
	return ST_OK;
}

static enum status
fail_commit(Dest *dest, bool last, GError **error)
{
	struct fail_dest *f = (struct fail_dest *)dest;
	enum status st;

	f->commits++;
	if (fails_in(f, "commit", f->commits))
		return fail_now(f, error);
	st = append(f, error);
	if (st < 0)
		return st;
	g_string_truncate(f->lines, 0);
	if (fails_in(f, "committed", f->commits))
		return fail_now(f, error);
	g_array_append_vals(f->ready, f->waiting->data, f->waiting->len);
	g_array_set_size(f->waiting, 0);
	return ST_OK;
}

static enum status
fail_outcome(Dest *dest, struct outcome *out, GError **error)
{
	struct fail_dest *f = (struct fail_dest *)dest;

	if (f->ready_at >= f->ready->len) {
		g_array_set_size(f->ready, 0);
		f->ready_at = 0;
		return ST_END;
	}
	*out = (struct outcome){
	    .st = ST_OK, .seq = g_array_index(f->ready, guint64, f->ready_at)};
	f->ready_at++;
	if (strcmp(f->where, "outcome") || (gint64)out->seq < f->at ||
	    !is_due(f))
		return ST_OK;
	if (f->reach != ST_ITEM)
		return fail_now(f, error);
	g_clear_error(&f->refusal);
	fail_now(f, &f->refusal);
	out->st = ST_ITEM;
	out->error = f->refusal;
	return ST_OK;
}

static void
fail_end(Dest *dest)
{
	struct fail_dest *f = (struct fail_dest *)dest;

	g_clear_pointer(&f->there, g_hash_table_destroy);
	g_clear_pointer(&f->waiting, g_array_unref);
	g_clear_pointer(&f->ready, g_array_unref);
	g_clear_pointer(&f->scratch, spool_free);
	if (f->lines)
		g_string_free(f->lines, TRUE);
	f->lines = NULL;
}

static const char *const schemes[] = {"fail", NULL};

const struct dest_driver dest_fail_driver = {
    .name = "fail",
    .schemes = schemes,
    .summary = "a file of JSON lines and a failure of choice, for tests",
    .options = options,
    .takes = 1u << RECORD_FOLDER | 1u << RECORD_MESSAGE |
	     1u << RECORD_FOLDER_END | 1u << RECORD_RECIPIENT |
	     1u << RECORD_ADDRESS,
    .open = fail_open,
    .begin = fail_begin,
    .put = fail_put,
    .outcome = fail_outcome,
    .commit = fail_commit,
    .end = fail_end,
    .close = fail_close,
};
