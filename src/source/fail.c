#include "source/fail.h"

#include "source/generate.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* generate:, and a failure of choice on the way. */
static const struct option options[] = {
    {"mailboxes", OPTION_NUMBER, "1", NULL, "how many mailboxes"},
    {"messages", OPTION_NUMBER, "100", NULL, "messages per mailbox"},
    {"size", OPTION_SIZE, "2KiB", NULL, "size of a message, about"},
    {"folders", OPTION_NUMBER, "3", NULL, "folders per mailbox"},
    {"seed", OPTION_NUMBER, "1", NULL, "another number, other messages"},
    {"big", OPTION_SIZE, "0", NULL, "one more message of this size"},
    {"fail-at", OPTION_NUMBER, "0", NULL,
	"this message (from 1) cannot be read"},
    {"where", OPTION_CHOICE, "next", "open|list|begin|next|body",
	"what fails; body: the blob ends before its length"},
    {"at", OPTION_NUMBER, "1", NULL, "at the n-th record (next, body)"},
    {"reach", OPTION_CHOICE, "link", "item|mailbox|link|run",
	"how far the failure reaches"},
    {"retry", OPTION_CHOICE, "now", "never|later|now",
	"what it says of trying again"},
    {"die", OPTION_BOOL, "no", NULL, "end the process as by SIGKILL"},
    {"once", OPTION_TEXT, NULL, NULL,
	"a file that is made at the failure; while it is there, none"},
    {NULL}};

struct fail_source {
	struct source_base base;
	Source *inner;
	char *where, *once;
	gint64 at, seen;
	enum status reach;
	enum retry retry;
	bool die, done;
	Spool *body; /* a body in a file, so that it can be too short */
};

static bool
is_due(struct fail_source *f)
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

static enum status
fail_now(struct fail_source *f, GError **error)
{
	return fail(f->reach, error, ERR_IO, f->retry,
	    "fail: the source fails in %s, as asked for", f->where);
}

static void
fail_close(Source *source)
{
	struct fail_source *f = (struct fail_source *)source;

	source_close(f->inner);
	g_free(f->where);
	g_free(f->once);
	g_free(f);
}

static enum status
fail_open(Source **out, const struct end *end, GError **error)
{
	static const struct {
		const char *name;
		enum status reach;
	} reaches[] = {{"item", ST_ITEM}, {"mailbox", ST_MAILBOX},
	    {"link", ST_LINK}, {"run", ST_RUN}};
	const char *retry = options_text(end->options, "retry");
	struct fail_source *f = g_new0(struct fail_source, 1);
	enum status st;

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
	if (!strcmp(f->where, "open") && is_due(f))
		st = fail_now(f, error);
	else
		st =
		    source_open(&f->inner, &source_generate_driver, end, error);
	if (st < 0) {
		g_free(f->where);
		g_free(f->once);
		g_free(f);
		return st;
	}
	f->base.driver = &source_fail_driver;
	*out = (Source *)f;
	return ST_OK;
}

static enum status
fail_list(Source *source, GPtrArray *out, GError **error)
{
	struct fail_source *f = (struct fail_source *)source;

	if (!strcmp(f->where, "list") && is_due(f))
		return fail_now(f, error);
	return source_list(f->inner, out, error);
}

static enum status
fail_begin(Source *source, const struct job *job, GError **error)
{
	struct fail_source *f = (struct fail_source *)source;
	enum status st;

	if (!strcmp(f->where, "begin") && is_due(f))
		return fail_now(f, error);
	f->seen = 0;
	st = source_begin(f->inner, job, error);
	if (st == ST_OK)
		f->body = spool_new(job->spool_dir);
	return st;
}

/* The same body in a file that ends before its length: who reads it gets
 * ST_ITEM in the middle. */
static enum status
cut_body(struct fail_source *f, struct message *m, GError **error)
{
	static const guint8 zeros[4096];
	enum status st = ST_OK;

	spool_reset(f->body);
	for (gint64 n = 0; st == ST_OK && n <= SPOOL_MEMORY_MAX;
	     n += sizeof(zeros))
		st = spool_write(f->body, zeros, sizeof(zeros), error);
	m->raw = spool_blob(f->body);
	m->raw.len *= 2;
	return st;
}

static enum status
fail_next(Source *source, struct record *record, GError **error)
{
	struct fail_source *f = (struct fail_source *)source;
	bool now = ++f->seen == f->at && !strcmp(f->where, "next");
	enum status st;

	if (now && f->reach != ST_ITEM && is_due(f))
		return fail_now(f, error);
	st = source_next(f->inner, record, error);
	if (st != ST_OK)
		return st;
	if (now && is_due(f)) /* kind and key are known, as the contract asks */
		return fail_now(f, error);
	if (!strcmp(f->where, "body") && f->seen >= f->at &&
	    record->kind == RECORD_MESSAGE && record->message.has_body &&
	    is_due(f))
		return cut_body(f, &record->message, error);
	return ST_OK;
}

static void
fail_end(Source *source)
{
	struct fail_source *f = (struct fail_source *)source;

	source_end(f->inner);
	g_clear_pointer(&f->body, spool_free);
}

static const char *const schemes[] = {"fail", NULL};

const struct source_driver source_fail_driver = {
    .name = "fail",
    .schemes = schemes,
    .summary = "made-up messages and a failure of choice, for tests",
    .options = options,
    .gives =
	1u << RECORD_FOLDER | 1u << RECORD_MESSAGE | 1u << RECORD_FOLDER_END,
    .open = fail_open,
    .list = fail_list,
    .begin = fail_begin,
    .next = fail_next,
    .end = fail_end,
    .close = fail_close,
};
