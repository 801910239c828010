#include "iff/recovery.h"

#include "base/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOB_COMMENT "! mailmig job "
#define LOCK_NAME   ".recovery.lock"
#define COPY	    (64 << 10) /* bytes at a time */

struct part_of {
	char *primary;
	Spool *spool;
	gint64 section_line; /* of the section written last; -1: none */
};

struct Recovery {
	char *dir, *spool_dir;
	Set *set;
	guint64 job;
	GPtrArray *parts; /* of struct part_of */
};

static void
part_free(void *p)
{
	struct part_of *part = p;

	g_free(part->primary);
	spool_free(part->spool);
	g_free(part);
}

Recovery *
recovery_new(const char *dir, const char *spool_dir, Set *set, guint64 job)
{
	Recovery *rec = g_new0(Recovery, 1);

	rec->dir = g_strdup(dir);
	rec->spool_dir = g_strdup(spool_dir);
	rec->set = set;
	rec->job = job;
	rec->parts = g_ptr_array_new_with_free_func(part_free);
	return rec;
}

void
recovery_free(Recovery *rec)
{
	if (rec == NULL)
		return;
	g_ptr_array_free(rec->parts, TRUE);
	g_free(rec->dir);
	g_free(rec->spool_dir);
	g_free(rec);
}

static struct part_of *
part_for(Recovery *rec, const char *primary)
{
	struct part_of *part;

	for (guint i = 0; i < rec->parts->len; i++) {
		part = g_ptr_array_index(rec->parts, i);
		if (strcmp(part->primary, primary) == 0)
			return part;
	}
	part = g_new0(struct part_of, 1);
	part->primary = g_strdup(primary);
	part->spool = spool_new(rec->spool_dir);
	part->section_line = -1;
	g_ptr_array_add(rec->parts, part);
	return part;
}

/* Bytes of the source, with a line end if the file ended without one. */
static enum status
copy_raw(Spool *spool, const struct blob *raw, GError **error)
{
	g_autofree guint8 *scratch = g_malloc(COPY);
	const guint8 *data = NULL;
	gsize len = 0;
	gint64 at = 0;
	enum status st;
	bool ended = false;

	if (raw->len == 0)
		return ST_OK;
	while ((st = blob_next(raw, &at, scratch, COPY, &data, &len, error)) ==
	       ST_OK) {
		ended = data[len - 1] == '\n';
		st = spool_write(spool, data, len, error);
		if (st < 0)
			return st;
	}
	if (st < 0)
		return st == ST_ITEM ? ST_MAILBOX : st;
	return ended ? ST_OK : spool_write(spool, "\r\n", 2, error);
}

enum status
recovery_add(Recovery *rec, const char *primary, const struct pri_item *item,
    enum diag_code code, GError **error)
{
	struct part_of *part = part_for(rec, primary);
	const struct pri_section *section = item->section;
	g_autofree char *comment = NULL;
	enum status st;

	if (part->section_line != section->line) {
		part->section_line = section->line;
		st = spool_write(part->spool, "\r\n", 2, error);
		if (st == ST_OK)
			st = copy_raw(part->spool, &section->raw, error);
		if (st == ST_OK)
			st =
			    copy_raw(part->spool, &section->heading_raw, error);
		if (st < 0)
			return st;
	}
	comment = g_strdup_printf("! %s:%" G_GINT64_FORMAT " %s\r\n", primary,
	    item->line, diag_table[code].name);
	st = spool_write(part->spool, comment, strlen(comment), error);
	if (st == ST_OK)
		st = copy_raw(part->spool, &item->raw, error);
	return st;
}

/* "HOLMEN.PRI" to "HOLMEN.RECOVERY.PRI"; other endings are kept before it, so
 * that no two primaries meet. */
static char *
recovery_name(const char *name, const char *extension)
{
	gsize len = strlen(name);

	if (len > 4 && g_ascii_strcasecmp(name + len - 4, extension) == 0)
		len -= 4;
	return g_strdup_printf("%.*s.RECOVERY%s", (int)len, name, extension);
}

/* What other jobs have in the file. */
static char *
others(const char *path, guint64 job, gsize *out_len)
{
	g_autofree char *text = NULL;
	g_autofree char *mine =
	    g_strdup_printf(JOB_COMMENT "%" G_GUINT64_FORMAT "\r\n", job);
	GString *out;
	gsize len;
	bool keep = true;

	*out_len = 0;
	if (!g_file_get_contents(path, &text, &len, NULL))
		return NULL;
	out = g_string_sized_new(len);
	for (const char *p = text, *end = text + len; p < end;) {
		const char *lf = memchr(p, '\n', (gsize)(end - p));
		gsize n = (gsize)((lf ? lf + 1 : end) - p);

		if (n >= strlen(JOB_COMMENT) &&
		    memcmp(p, JOB_COMMENT, strlen(JOB_COMMENT)) == 0)
			keep = n != strlen(mine) || memcmp(p, mine, n) != 0;
		if (keep)
			g_string_append_len(out, p, (gssize)n);
		p += n;
	}
	*out_len = out->len;
	return g_string_free(out, FALSE);
}

static enum status
io_error(const char *path, GError **error)
{
	return fail(ST_MAILBOX, error, ERR_IO, RETRY_LATER, "%s: %s", path,
	    g_strerror(errno));
}

static enum status
write_all(int fd, const void *data, gsize len, const char *path, GError **error)
{
	const char *p = data;

	while (len > 0) {
		gssize n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return io_error(path, error);
		p += n;
		len -= (gsize)n;
	}
	return ST_OK;
}

/* Beside, fsync, rename. spool may be NULL. */
static enum status
write_beside(const char *path, const char *text, gsize len, const Spool *spool,
    GError **error)
{
	g_autofree char *temp = g_strconcat(path, ".tmp", NULL);
	g_autofree guint8 *scratch = g_malloc(COPY);
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct blob blob = {.mem = NULL};
	const guint8 *data;
	gsize n;
	gint64 at = 0;
	enum status st;

	if (fd < 0)
		return io_error(temp, error);
	st = write_all(fd, text, len, temp, error);
	if (spool)
		blob = spool_blob(spool);
	while (st == ST_OK && spool &&
	       (st = blob_next(&blob, &at, scratch, COPY, &data, &n, error)) ==
		   ST_OK)
		st = write_all(fd, data, n, temp, error);
	if (st >= 0 && fsync(fd) < 0)
		st = io_error(temp, error);
	close(fd);
	if (st < 0)
		return st == ST_ITEM ? ST_MAILBOX : st;
	step("recovery: rename");
	if (rename(temp, path) < 0)
		return io_error(path, error);
	return ST_OK;
}

/* A secondary beside the recovery files, by symbolic or hard link. */
static enum status
link_secondary(Recovery *rec, const char *name, GError **error)
{
	g_autofree char *real = set_file_name(rec->set, name);
	g_autofree char *from = NULL, *whole = NULL, *to = NULL;
	struct stat a, b;

	if (real == NULL)
		return ST_OK; /* missing: the rows say so again */
	from = g_build_filename(set_directory(rec->set), real, NULL);
	whole = g_canonicalize_filename(from, NULL);
	to = g_build_filename(rec->dir, name, NULL);
	if (stat(whole, &a) == 0 && stat(to, &b) == 0 && a.st_dev == b.st_dev &&
	    a.st_ino == b.st_ino)
		return ST_OK;
	if (symlink(whole, to) == 0 ||
	    (errno != EEXIST && link(whole, to) == 0))
		return ST_OK;
	return io_error(to, error);
}

static enum status
write_list(Recovery *rec, GError **error)
{
	const Pkl *from = set_pkl(rec->set);
	g_autoptr(Pkl) pkl = pkl_new(from->codepage, from->ext1);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *name = recovery_name(set_pkl_name(rec->set), ".PKL");
	g_autofree char *path = g_build_filename(rec->dir, name, NULL);
	enum status st = ST_OK;
	guint primaries = 0;

	for (guint i = 0; i < from->files->len; i++) {
		const struct pkl_file *file = g_ptr_array_index(from->files, i);
		g_autofree char *beside = NULL;
		g_autofree char *there = NULL;

		if (file->secondary)
			continue;
		beside = recovery_name(file->name, ".PRI");
		there = g_build_filename(rec->dir, beside, NULL);
		if (!g_file_test(there, G_FILE_TEST_EXISTS))
			continue;
		pkl_add(pkl, beside, false, NULL, 0);
		primaries++;
	}
	if (primaries == 0) {
		unlink(path);
		return ST_OK;
	}
	for (guint i = 0; i < from->files->len && st == ST_OK; i++) {
		const struct pkl_file *file = g_ptr_array_index(from->files, i);

		if (!file->secondary)
			continue;
		pkl_add(pkl, file->name, true, NULL, 0);
		st = link_secondary(rec, file->name, error);
	}
	if (st < 0)
		return st;
	pkl_format(pkl, text);
	return write_beside(path, text->str, text->len, NULL, error);
}

static bool
has_files(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, ".RECOVERY.PRI"))
			return true;
	return false;
}

/* Replace this job's lines in one recovery primary. */
static enum status
rewrite(Recovery *rec, const char *primary, GError **error)
{
	g_autofree char *name = recovery_name(primary, ".PRI");
	g_autofree char *path = g_build_filename(rec->dir, name, NULL);
	g_autofree char *kept = NULL, *head = NULL;
	const struct part_of *part = NULL;
	gsize len;

	for (guint i = 0; i < rec->parts->len; i++) {
		const struct part_of *p = g_ptr_array_index(rec->parts, i);

		if (strcmp(p->primary, primary) == 0)
			part = p;
	}
	if (part == NULL && !g_file_test(path, G_FILE_TEST_EXISTS))
		return ST_OK;
	kept = others(path, rec->job, &len);
	if (part == NULL && len == 0) {
		unlink(path);
		return ST_OK;
	}
	if (part == NULL)
		return write_beside(path, kept, len, NULL, error);
	head = g_strdup_printf("%s" JOB_COMMENT "%" G_GUINT64_FORMAT "\r\n",
	    kept ? kept : "", rec->job);
	return write_beside(path, head, strlen(head), part->spool, error);
}

enum status
recovery_finish(Recovery *rec, GError **error)
{
	const Pkl *pkl = set_pkl(rec->set);
	g_autofree char *lock = NULL;
	enum status st = ST_OK;
	int fd;

	if (rec->parts->len == 0 && !has_files(rec->dir))
		return ST_OK;
	if (g_mkdir_with_parents(rec->dir, 0700) < 0)
		return io_error(rec->dir, error);
	lock = g_build_filename(rec->dir, LOCK_NAME, NULL);
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) < 0) {
		st = io_error(lock, error);
		if (fd >= 0)
			close(fd);
		return st;
	}
	for (guint i = 0; i < pkl->files->len && st == ST_OK; i++) {
		const struct pkl_file *file = g_ptr_array_index(pkl->files, i);

		if (!file->secondary)
			st = rewrite(rec, file->name, error);
	}
	if (st == ST_OK)
		st = write_list(rec, error);
	close(fd);
	return st;
}
