/*
 * Migration files as a destination: one pair of files for each mailbox and pass
 * (spec/migration-files.md 15, migration-files(5)).
 *
 * A mailbox gets a MAILMESSAGE section on its first pass even when it is empty:
 * that section is what turns a contact into a mailbox at import (Q194218).
 */
#include "dest/files.h"

#include "base/step.h"
#include "base/url.h"
#include "iff/field.h"
#include "iff/set-write.h"
#include "iff/value.h"
#include "iff/writer.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DIRECTORY_OWNER "(directory)"

static const char *const schemes[] = {"files", NULL};

static const struct option options[] = {
    {"profile", OPTION_CHOICE, "ext1", "plain|ext1",
	"plain: readable by every original version; ext1: keeps everything"},
    {"codepage", OPTION_NUMBER, "1252", NULL,
	"code page of a new set in the plain profile"},
    {"zone", OPTION_TEXT, "local", NULL,
	"time zone of dates in the plain profile: minutes east of UTC, or a "
	"name"},
    {"headers", OPTION_BOOL, "no", NULL,
	"plain: keep each message's header block as HEADERS.TXT"},
    {"name", OPTION_TEXT, NULL, NULL,
	"name of the packing list, without its ending"},
    {NULL},
};

struct put {
	guint64 seq;
	gint64 offset; /* of the Body section; -1: not a message */
};

struct files_dest {
	struct dest_base base;
	char *dir;
	bool ext1, headers;
	SetWrite *set;
	Codepage *page;
	GTimeZone *zone;

	/* one job */
	const struct job *job;
	char *owner;
	bool is_public, is_directory;
	bool open; /* a pair is being written */
	bool new;  /* something that must be kept is in it */
	Out *pri, *sec;
	Writer *writer;
	GArray *puts; /* of struct put */
	guint given;  /* outcomes, after the last commit */
	bool committed;
	char *primary, *secondary; /* their names, for outcomes */
	GPtrArray *folders;	   /* struct folder * whose rows are new */
	GHashTable *seen;	   /* folders with a row in this pair */
	GHashTable *earlier;	   /* row ids of an interrupted pass, counted */
	GString *key;
};

static void files_close(Dest *dest);
static void files_end(Dest *dest);

static enum status
files_open(Dest **out, const struct end *end, GError **error)
{
	struct files_dest *fd = g_new0(struct files_dest, 1);
	const Options *opts = end->options;
	guint page = CODEPAGE_UTF8;
	enum status st;

	*out = NULL;
	fd->base.driver = &dest_files_driver;
	fd->dir = g_strdup(end->url->path ? end->url->path : ".");
	fd->ext1 = strcmp(options_text(opts, "profile"), "ext1") == 0;
	fd->headers = options_bool(opts, "headers");
	if (!fd->ext1)
		page = (guint)options_number(opts, "codepage");
	st = value_zone(&fd->zone, options_text(opts, "zone"), error);
	if (st == ST_OK && !fd->ext1 && page == CODEPAGE_UTF8)
		st = fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "files: the plain profile cannot be Unicode; use "
		    "profile=ext1 or another codepage");
	if (st == ST_OK)
		st = codepage_open(&fd->page, page, error);
	if (st == ST_OK)
		st = set_write_open(&fd->set, fd->dir,
		    options_text(opts, "name"), fd->ext1, page, error);
	/* A set that exists keeps the code page it has. */
	if (st == ST_OK && set_write_codepage(fd->set) != page) {
		g_clear_pointer(&fd->page, codepage_close);
		st = codepage_open(
		    &fd->page, set_write_codepage(fd->set), error);
	}
	if (st < 0) {
		files_close((Dest *)fd);
		return st;
	}
	*out = (Dest *)fd;
	return ST_OK;
}

static enum status
files_begin(Dest *dest, const struct job *job, GError **error)
{
	struct files_dest *fd = (struct files_dest *)dest;

	files_end(dest);
	fd->job = job;
	fd->is_public = job->mailbox && job->mailbox->is_public;
	fd->is_directory =
	    job->mailbox && g_strcmp0(job->mailbox->name, DIRECTORY_OWNER) == 0;
	fd->owner = g_strdup(fd->is_public	? "PublicMessages"
			     : fd->is_directory ? DIRECTORY_OWNER
			     : job->destination ? job->destination
						: job->mailbox->name);
	fd->puts = g_array_new(FALSE, FALSE, sizeof(struct put));
	fd->folders = g_ptr_array_new();
	fd->seen = g_hash_table_new(NULL, NULL);
	fd->key = g_string_new(NULL);
	fd->given = 0;
	fd->new = fd->committed = false;
	return ST_OK;
}

/* The rows of one primary that an interrupted pass of this job completed, but
 * whose records the ledger may not know. */
static enum status
read_earlier(struct files_dest *fd, const char *primary, GError **error)
{
	g_autofree char *path = g_build_filename(fd->dir, primary, NULL);
	g_autoptr(Diags) diags = diags_new(NULL, NULL);
	g_autoptr(Pri) pri = NULL;
	g_autoptr(GString) id = g_string_new(NULL);
	struct pri_item item;
	enum status st;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return ST_OK;
	pri = pri_new(file, fd->page, fd->ext1, diags, 0, 1);
	while ((st = pri_next(pri, &item, error)) == ST_OK) {
		if (item.what != PRI_ROW)
			continue;
		if (item.section->kind == PRI_MAIL) {
			guint n;

			writer_row_id(&item, fd->ext1, id);
			n = GPOINTER_TO_UINT(
			    g_hash_table_lookup(fd->earlier, id->str));
			g_hash_table_insert(fd->earlier, g_strdup(id->str),
			    GUINT_TO_POINTER(n + 1));
		}
		diags_row_end(diags);
	}
	close(file);
	return st < 0 ? st : ST_OK;
}

static bool
was_earlier(struct files_dest *fd, const char *id, GError **error)
{
	guint n;

	if (fd->earlier == NULL) {
		g_auto(GStrv) names =
		    set_write_primaries(fd->set, fd->owner, fd->job->id);

		fd->earlier = g_hash_table_new_full(
		    g_str_hash, g_str_equal, g_free, NULL);
		for (guint i = 0; names[i]; i++)
			if (read_earlier(fd, names[i], NULL) < 0)
				break;
	}
	n = GPOINTER_TO_UINT(g_hash_table_lookup(fd->earlier, id));
	if (n == 0)
		return false;
	g_hash_table_insert(fd->earlier, g_strdup(id), GUINT_TO_POINTER(n - 1));
	return true;
}

/* The pair, when the first thing comes that needs it. */
static enum status
need_pair(struct files_dest *fd, GError **error)
{
	struct writer_options opts = {.ext1 = fd->ext1,
	    .headers = fd->headers,
	    .page = fd->page,
	    .zone = fd->zone,
	    .spool_dir = fd->job->spool_dir};
	int pri, sec;
	enum status st;

	if (fd->open)
		return ST_OK;
	st = set_write_begin(
	    fd->set, fd->is_directory ? "DIRECTORY" : NULL, &pri, &sec, error);
	if (st < 0)
		return st;
	fd->open = true;
	fd->primary = g_strdup(set_write_primary(fd->set));
	fd->secondary = g_strdup(set_write_secondary(fd->set));
	opts.sec_name = fd->secondary;
	fd->pri = out_new(pri, fd->primary);
	fd->sec = out_new(sec, fd->secondary);
	return writer_new(&fd->writer, fd->pri, fd->sec, &opts, error);
}

static enum status
need_section(struct files_dest *fd, enum pri_kind kind, GError **error)
{
	enum status st = need_pair(fd, error);

	if (st == ST_OK)
		st = writer_section(
		    fd->writer, kind, fd->owner, fd->is_public, error);
	return st;
}

/* Has an earlier pass written the folder's row? The ledger remembers in which
 * primary; it counts only if that is listed. */
static bool
folder_is_known(struct files_dest *fd, const struct folder *folder)
{
	const struct known *known = fd->job->known;
	const char *where;

	if (known == NULL || known->dest_state == NULL)
		return false;
	where = known->dest_state(known->ctx, folder);
	return where && set_write_lists(fd->set, where, fd->owner);
}

static enum status
put_folder(struct files_dest *fd, const struct folder *folder, GError **error)
{
	enum status st;

	if (!g_hash_table_add(fd->seen, (gpointer)folder))
		return ST_OK;
	if (!fd->ext1 || folder_is_known(fd, folder))
		return ST_OK;
	st = need_section(fd, PRI_MAIL, error);
	if (st == ST_OK)
		st = writer_folder(fd->writer, folder, fd->is_public, error);
	if (st < 0)
		return st;
	g_ptr_array_add(fd->folders, (gpointer)folder);
	fd->new = true;
	return ST_OK;
}

static void
remember(struct files_dest *fd, guint64 seq, gint64 offset)
{
	struct put put = {seq, offset};

	g_array_append_val(fd->puts, put);
	fd->new = true;
}

static enum status
put_message(struct files_dest *fd, const struct record *record, guint64 seq,
    GError **error)
{
	const char *id = NULL;
	gint64 offset;
	enum status st = need_section(fd, PRI_MAIL, error);

	if (st == ST_OK)
		st = writer_message(fd->writer, record, fd->is_public, &offset,
		    record->again ? &id : NULL, error);
	if (st < 0)
		return st;
	if (record->again && was_earlier(fd, id, error)) {
		st = writer_drop(fd->writer, error);
		return st < 0 ? st : ST_THERE;
	}
	st = writer_keep(fd->writer, error);
	if (st == ST_OK)
		remember(fd, seq, offset);
	return st;
}

static enum status
files_put(Dest *dest, const struct record *record, guint64 seq, GError **error)
{
	struct files_dest *fd = (struct files_dest *)dest;
	enum status st = ST_OK;

	switch (record->kind) {
	case RECORD_FOLDER:
		return put_folder(fd, record->folder, error);
	case RECORD_FOLDER_END:
		return ST_OK;
	case RECORD_MESSAGE:
		return put_message(fd, record, seq, error);
	case RECORD_ADDRESS:
		st = need_section(fd, PRI_PAB, error);
		if (st == ST_OK)
			st =
			    writer_address(fd->writer, &record->address, error);
		break;
	case RECORD_RECIPIENT:
		st = need_pair(fd, error);
		if (st == ST_OK)
			st = writer_recipient(
			    fd->writer, &record->recipient, error);
		break;
	}
	if (st == ST_OK)
		remember(fd, seq, -1);
	return st;
}

static enum status
files_outcome(Dest *dest, struct outcome *out, GError **error)
{
	struct files_dest *fd = (struct files_dest *)dest;
	const struct put *put;

	*out = (struct outcome){.st = ST_OK};
	if (!fd->committed || fd->given >= fd->puts->len)
		return ST_END;
	put = &g_array_index(fd->puts, struct put, fd->given++);
	out->seq = put->seq;
	if (put->offset >= 0)
		g_string_printf(fd->key, "%s(%" G_GINT64_FORMAT ")",
		    fd->secondary, put->offset);
	else
		g_string_assign(fd->key, fd->primary);
	out->dest_key = fd->key->str;
	return ST_OK;
}

static void
say(struct files_dest *fd, const char *code, gint64 n, const char *words)
{
	g_autofree char *text = NULL;
	struct remark remark = {.level = REMARK_WARNING,
	    .code = code,
	    .file = fd->primary,
	    .line = -1,
	    .offset = -1};

	if (n == 0 || fd->job->remark == NULL)
		return;
	text = g_strdup_printf("%" G_GINT64_FORMAT " %s", n, words);
	remark.text = text;
	fd->job->remark(fd->job->remark_ctx, &remark);
}

static void
report_losses(struct files_dest *fd)
{
	const struct writer_losses *losses = writer_losses(fd->writer);

	say(fd, "PLAIN_CHARACTERS", losses->characters,
	    "characters are not in the code page of the set; look-alikes are "
	    "written (profile=ext1 keeps them)");
	say(fd, "PLAIN_FLAGS", losses->flags,
	    "messages have flags or keywords that the plain profile cannot "
	    "hold");
	say(fd, "PLAIN_NAMES", losses->names,
	    "folder names hold a backslash or control character; they are "
	    "changed");
}

/* The folders' rows are in this primary: remembered before it is complete,
 * because it counts only once it is listed. */
static enum status
remember_folders(struct files_dest *fd, GError **error)
{
	const struct known *known = fd->job->known;

	if (known == NULL || known->set_dest_state == NULL ||
	    fd->folders->len == 0)
		return ST_OK;
	for (guint i = 0; i < fd->folders->len; i++)
		known->set_dest_state(
		    known->ctx, fd->folders->pdata[i], fd->primary);
	return known->hold ? known->hold(known->ctx, error) : ST_OK;
}

static enum status
files_commit(Dest *dest, bool last, GError **error)
{
	struct files_dest *fd = (struct files_dest *)dest;
	enum status st = ST_OK;
	bool with_secondary = !fd->is_directory;

	/* A whole set of files for each pass: nothing counts before its end. */
	if (!last || fd->committed)
		return ST_OK;
	/* A section for every mailbox, with or without mail (Q194218). */
	if (!fd->new && !fd->is_directory &&
	    !set_write_has(fd->set, fd->owner)) {
		st = need_section(fd, PRI_MAIL, error);
		fd->new = true;
	}
	if (st == ST_OK && fd->new) {
		st = out_flush(fd->sec, error);
		if (st == ST_OK)
			st = out_flush(fd->pri, error);
		step("files: pair written");
		if (st == ST_OK)
			st = remember_folders(fd, error);
		if (st == ST_OK)
			st = set_write_commit(fd->set, with_secondary,
			    fd->owner, fd->job->id, error);
		if (st < 0)
			return st;
		fd->open = false;
		report_losses(fd);
	}
	if (st < 0)
		return st;
	fd->committed = true;
	return ST_OK;
}

static void
files_end(Dest *dest)
{
	struct files_dest *fd = (struct files_dest *)dest;

	if (fd->job == NULL)
		return;
	if (fd->open)
		set_write_abort(fd->set);
	fd->open = false;
	g_clear_pointer(&fd->writer, writer_free);
	g_clear_pointer(&fd->pri, out_free);
	g_clear_pointer(&fd->sec, out_free);
	g_clear_pointer(&fd->owner, g_free);
	g_clear_pointer(&fd->primary, g_free);
	g_clear_pointer(&fd->secondary, g_free);
	g_clear_pointer(&fd->earlier, g_hash_table_destroy);
	g_hash_table_destroy(fd->seen);
	g_array_free(fd->puts, TRUE);
	g_ptr_array_free(fd->folders, TRUE);
	g_string_free(fd->key, TRUE);
	fd->job = NULL;
}

static void
files_close(Dest *dest)
{
	struct files_dest *fd = (struct files_dest *)dest;

	files_end(dest);
	set_write_close(fd->set);
	codepage_close(fd->page);
	g_clear_pointer(&fd->zone, g_time_zone_unref);
	g_free(fd->dir);
	g_free(fd);
}

const struct dest_driver dest_files_driver = {
    .name = "files",
    .schemes = schemes,
    .summary = "migration files: packing list, primaries, secondaries",
    .options = options,
    .takes = 1u << RECORD_FOLDER | 1u << RECORD_MESSAGE |
	     1u << RECORD_FOLDER_END | 1u << RECORD_RECIPIENT |
	     1u << RECORD_ADDRESS,
    .whole = true,
    .open = files_open,
    .begin = files_begin,
    .put = files_put,
    .outcome = files_outcome,
    .commit = files_commit,
    .end = files_end,
    .close = files_close,
};
