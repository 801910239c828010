#include "iff/set-write.h"
#include "iff/set.h"

#include "base/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME   ".mailmig.lock"
#define RESERVATION ".TMP"
#define NUMBER_MAX  99999999 /* eight digits */

struct SetWrite {
	char *dir, *pkl_path, *pkl_name;
	int dir_fd, lock_fd;
	bool ext1;
	guint codepage;
	Pkl *pkl;	    /* as last read */
	struct stat seen;   /* of the packing list then */
	GHashTable *owners; /* folded; NULL: pkl has changed */
	/* Primaries that others made say nothing of their owners: names of
	 * those that were read, once, and the folded owners in them. */
	GHashTable *foreign, *foreign_owners;
	/* the pair */
	char *stem, *pri_name, *sec_name, *pri_temp, *sec_temp, *reservation;
	int reserve_fd, pri_fd, sec_fd;
};

static enum status
io_error(const SetWrite *set, const char *what, GError **error)
{
	int why = errno;

	return fail(ST_MAILBOX, error, ERR_IO,
	    why == ENOSPC || why == EDQUOT ? RETRY_LATER : RETRY_NEVER,
	    "files: %s/%s: %s", set->dir, what, g_strerror(why));
}

static enum status
lock(SetWrite *set, GError **error)
{
	while (flock(set->lock_fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return io_error(set, LOCK_NAME, error);
	return ST_OK;
}

static void
unlock(SetWrite *set)
{
	flock(set->lock_fd, LOCK_UN);
}

/* Read the packing list if it has changed; none is an empty set. */
static enum status
reread(SetWrite *set, GError **error)
{
	g_autofree char *data = NULL;
	g_autoptr(GError) why = NULL;
	g_autoptr(Diags) diags = NULL;
	struct stat sb;
	gsize len;
	Pkl *pkl = NULL;

	if (stat(set->pkl_path, &sb) < 0) {
		if (errno != ENOENT)
			return io_error(set, set->pkl_name, error);
		if (set->pkl == NULL)
			set->pkl = pkl_new(set->codepage, set->ext1);
		memset(&set->seen, 0, sizeof set->seen);
		return ST_OK;
	}
	if (set->pkl && sb.st_ino == set->seen.st_ino &&
	    sb.st_size == set->seen.st_size &&
	    sb.st_mtim.tv_sec == set->seen.st_mtim.tv_sec &&
	    sb.st_mtim.tv_nsec == set->seen.st_mtim.tv_nsec)
		return ST_OK;
	if (!g_file_get_contents(set->pkl_path, &data, &len, &why))
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER, "files: %s",
		    why->message);
	diags = diags_new(NULL, NULL);
	if (pkl_parse(&pkl, data, len, 0, 0, diags, NULL) < 0)
		return fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
		    "files: %s is not usable as a packing list; move it away "
		    "or name another directory",
		    set->pkl_path);
	pkl_free(set->pkl);
	set->pkl = pkl;
	set->seen = sb;
	g_clear_pointer(&set->owners, g_hash_table_destroy);
	return ST_OK;
}

static enum status
find_name(SetWrite *set, const char *name, GError **error)
{
	g_autoptr(GDir) dir = NULL;
	const char *found;

	if (name) {
		set->pkl_name = g_strconcat(name, ".PKL", NULL);
		return ST_OK;
	}
	dir = g_dir_open(set->dir, 0, NULL);
	while (dir && (found = g_dir_read_name(dir))) {
		gsize len = strlen(found);

		if (found[0] == '.' || len < 5 ||
		    g_ascii_strcasecmp(found + len - 4, ".PKL") != 0)
			continue;
		if (set->pkl_name)
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "files: %s holds several packing lists (%s, %s); "
			    "say which with name=",
			    set->dir, set->pkl_name, found);
		set->pkl_name = g_strdup(found);
	}
	if (set->pkl_name == NULL)
		set->pkl_name = g_strdup("MAILMIG.PKL");
	return ST_OK;
}

enum status
set_write_open(SetWrite **out, const char *dir, const char *name, bool ext1,
    guint codepage, GError **error)
{
	SetWrite *set = g_new0(SetWrite, 1);
	enum status st = ST_OK;

	*out = NULL;
	set->dir = g_strdup(dir);
	set->foreign =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	set->foreign_owners =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	set->ext1 = ext1;
	set->codepage = codepage;
	set->dir_fd = set->lock_fd = set->reserve_fd = set->pri_fd =
	    set->sec_fd = -1;
	if (g_mkdir_with_parents(dir, 0700) < 0 ||
	    (set->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	    (set->lock_fd = openat(set->dir_fd, LOCK_NAME,
		 O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
		st = fail(ST_RUN, error, ERR_IO, RETRY_NEVER, "files: %s: %s",
		    dir, g_strerror(errno));
	if (st == ST_OK)
		st = find_name(set, name, error);
	if (st == ST_OK) {
		set->pkl_path = g_build_filename(dir, set->pkl_name, NULL);
		st = reread(set, error);
	}
	if (st == ST_OK && set->pkl->ext1 != ext1)
		st = fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "files: %s is a set of profile %s; say profile=%s or name "
		    "another directory",
		    set->pkl_path, set->pkl->ext1 ? "ext1" : "plain",
		    set->pkl->ext1 ? "ext1" : "plain");
	if (st < 0) {
		set_write_close(set);
		return st;
	}
	set->codepage = set->pkl->codepage;
	*out = set;
	return ST_OK;
}

static void
pair_clear(SetWrite *set)
{
	if (set->pri_fd >= 0)
		close(set->pri_fd);
	if (set->sec_fd >= 0)
		close(set->sec_fd);
	if (set->reserve_fd >= 0)
		close(set->reserve_fd);
	set->pri_fd = set->sec_fd = set->reserve_fd = -1;
	g_clear_pointer(&set->stem, g_free);
	g_clear_pointer(&set->pri_name, g_free);
	g_clear_pointer(&set->sec_name, g_free);
	g_clear_pointer(&set->pri_temp, g_free);
	g_clear_pointer(&set->sec_temp, g_free);
	g_clear_pointer(&set->reservation, g_free);
}

void
set_write_close(SetWrite *set)
{
	if (set == NULL)
		return;
	set_write_abort(set);
	if (set->owners)
		g_hash_table_destroy(set->owners);
	g_hash_table_destroy(set->foreign);
	g_hash_table_destroy(set->foreign_owners);
	pkl_free(set->pkl);
	if (set->lock_fd >= 0)
		close(set->lock_fd);
	if (set->dir_fd >= 0)
		close(set->dir_fd);
	g_free(set->dir);
	g_free(set->pkl_path);
	g_free(set->pkl_name);
	g_free(set);
}

guint
set_write_codepage(const SetWrite *set)
{
	return set->codepage;
}

const char *
set_write_pkl(const SetWrite *set)
{
	return set->pkl_path;
}

static void
read_foreign(SetWrite *set, Set *from, const char *name)
{
	g_autoptr(Diags) diags = diags_new(NULL, NULL);
	g_autoptr(Pri) pri = NULL;
	struct pri_item item;
	int fd = set_open_file(from, name);

	g_hash_table_add(set->foreign, g_strdup(name));
	if (fd < 0)
		return;
	pri = pri_new(fd, set_page(from), set->pkl->ext1, diags, 0, 1);
	while (pri_next(pri, &item, NULL) == ST_OK) {
		if (item.what == PRI_SECTION &&
		    item.section->kind == PRI_MAIL && item.section->owner)
			g_hash_table_add(set->foreign_owners,
			    g_utf8_casefold(item.section->is_public
						? "PublicMessages"
						: item.section->owner,
				-1));
		else if (item.what == PRI_ROW)
			diags_row_end(diags);
	}
	close(fd);
}

/* Sets made elsewhere, or edited, have no comments with owners. */
static void
read_foreigners(SetWrite *set)
{
	static const struct set_options plain;
	g_autoptr(Set) from = NULL;

	for (guint i = 0; i < set->pkl->files->len; i++) {
		const struct pkl_file *file =
		    g_ptr_array_index(set->pkl->files, i);

		if (file->secondary || file->owner ||
		    g_hash_table_contains(set->foreign, file->name))
			continue;
		if (from == NULL &&
		    set_open(&from, set->pkl_path, &plain, NULL) < 0)
			return;
		read_foreign(set, from, file->name);
	}
}

bool
set_write_has(SetWrite *set, const char *owner)
{
	g_autofree char *key = g_utf8_casefold(owner, -1);

	if (reread(set, NULL) < 0)
		return false;
	if (set->owners == NULL) {
		set->owners = g_hash_table_new_full(
		    g_str_hash, g_str_equal, g_free, NULL);
		for (guint i = 0; i < set->pkl->files->len; i++) {
			const struct pkl_file *file =
			    g_ptr_array_index(set->pkl->files, i);

			if (file->owner)
				g_hash_table_add(set->owners,
				    g_utf8_casefold(file->owner, -1));
		}
	}
	if (g_hash_table_contains(set->owners, key))
		return true;
	read_foreigners(set);
	return g_hash_table_contains(set->foreign_owners, key);
}

bool
set_write_lists(SetWrite *set, const char *primary, const char *owner)
{
	const struct pkl_file *file;

	if (reread(set, NULL) < 0)
		return false;
	file = pkl_find(set->pkl, primary);
	return file && g_strcmp0(file->owner, owner) == 0;
}

char **
set_write_primaries(SetWrite *set, const char *owner, guint64 job)
{
	GPtrArray *names = g_ptr_array_new();

	if (reread(set, NULL) == ST_OK)
		for (guint i = 0; i < set->pkl->files->len; i++) {
			const struct pkl_file *file =
			    g_ptr_array_index(set->pkl->files, i);

			if (!file->secondary && file->job == job &&
			    g_strcmp0(file->owner, owner) == 0)
				g_ptr_array_add(names, g_strdup(file->name));
		}
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}

static void
remove_file(SetWrite *set, const char *stem, const char *ending)
{
	g_autofree char *name = g_strconcat(stem, ending, NULL);

	unlinkat(set->dir_fd, name, 0);
}

/* What a dead writer left under its reservation. */
static void
clean_one(SetWrite *set, const char *reservation)
{
	g_autofree char *stem =
	    g_strndup(reservation, strlen(reservation) - strlen(RESERVATION));
	g_autofree char *primary = g_strconcat(stem, ".PRI", NULL);
	int fd = openat(set->dir_fd, reservation, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		remove_file(set, stem, ".PRI.tmp");
		remove_file(set, stem, ".SEC.tmp");
		/* Renamed but not listed: the cut came in between. */
		if (pkl_find(set->pkl, primary) == NULL) {
			remove_file(set, stem, ".PRI");
			remove_file(set, stem, ".SEC");
		}
		unlinkat(set->dir_fd, reservation, 0);
	}
	close(fd);
}

/* Clean up, and find the number behind the highest one in use. */
static guint64
next_number(SetWrite *set)
{
	g_autoptr(GDir) dir = g_dir_open(set->dir, 0, NULL);
	g_autoptr(GPtrArray) stale = g_ptr_array_new_with_free_func(g_free);
	guint64 highest = 0;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		char *end;
		guint64 number = g_ascii_strtoull(name, &end, 10);

		if (end - name == 8 && *end == '.' && number > highest)
			highest = number;
		if (g_str_has_suffix(name, RESERVATION))
			g_ptr_array_add(stale, g_strdup(name));
	}
	for (guint i = 0; i < stale->len; i++)
		clean_one(set, stale->pdata[i]);
	return highest + 1;
}

/* Reserve a stem. ST_THERE when it is in use. */
static enum status
reserve(SetWrite *set, char *stem, GError **error)
{
	g_autofree char *primary = g_strconcat(stem, ".PRI", NULL);
	struct stat sb;

	if (pkl_find(set->pkl, primary) ||
	    fstatat(set->dir_fd, primary, &sb, 0) == 0) {
		g_free(stem);
		return ST_THERE;
	}
	set->reservation = g_strconcat(stem, RESERVATION, NULL);
	set->reserve_fd = openat(set->dir_fd, set->reservation,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (set->reserve_fd < 0 && errno == EEXIST) {
		g_clear_pointer(&set->reservation, g_free);
		g_free(stem);
		return ST_THERE;
	}
	set->stem = stem;
	if (set->reserve_fd < 0 ||
	    flock(set->reserve_fd, LOCK_EX | LOCK_NB) < 0)
		return io_error(set, set->reservation, error);
	return ST_OK;
}

static int
create(SetWrite *set, const char *name)
{
	return openat(
	    set->dir_fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

enum status
set_write_begin(
    SetWrite *set, const char *first_name, int *pri, int *sec, GError **error)
{
	enum status st;
	guint64 number;

	g_assert(set->stem == NULL);
	st = lock(set, error);
	if (st < 0)
		return st;
	st = reread(set, error);
	if (st == ST_OK) {
		number = next_number(set);
		st = ST_THERE;
		if (first_name)
			st = reserve(set, g_strdup(first_name), error);
		for (; st == ST_THERE && number <= NUMBER_MAX; number++)
			st = reserve(set,
			    g_strdup_printf("%08" G_GUINT64_FORMAT, number),
			    error);
		if (st == ST_THERE)
			st = fail(ST_RUN, error, ERR_LIMIT, RETRY_NEVER,
			    "files: %s: no number is left", set->dir);
	}
	unlock(set);
	step("files: pair reserved");
	if (st < 0) {
		set_write_abort(set);
		return st;
	}
	set->pri_name = g_strconcat(set->stem, ".PRI", NULL);
	set->sec_name = g_strconcat(set->stem, ".SEC", NULL);
	set->pri_temp = g_strconcat(set->stem, ".PRI.tmp", NULL);
	set->sec_temp = g_strconcat(set->stem, ".SEC.tmp", NULL);
	set->pri_fd = create(set, set->pri_temp);
	set->sec_fd = set->pri_fd < 0 ? -1 : create(set, set->sec_temp);
	if (set->sec_fd < 0) {
		st = io_error(set,
		    set->pri_fd < 0 ? set->pri_temp : set->sec_temp, error);
		set_write_abort(set);
		return st;
	}
	*pri = set->pri_fd;
	*sec = set->sec_fd;
	return ST_OK;
}

const char *
set_write_primary(const SetWrite *set)
{
	return set->pri_name;
}

const char *
set_write_secondary(const SetWrite *set)
{
	return set->sec_name;
}

static enum status
write_list(SetWrite *set, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *temp = g_strconcat(set->pkl_name, ".tmp", NULL);
	const char *p;
	gsize left;
	int fd = create(set, temp);

	if (fd < 0)
		return io_error(set, temp, error);
	pkl_format(set->pkl, text);
	for (p = text->str, left = text->len; left > 0;) {
		gssize n = write(fd, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		p += n;
		left -= (gsize)n;
	}
	if (left > 0 || fsync(fd) < 0) {
		enum status st = io_error(set, temp, error);

		close(fd);
		unlinkat(set->dir_fd, temp, 0);
		return st;
	}
	close(fd);
	step("files: packing list beside");
	if (renameat(set->dir_fd, temp, set->dir_fd, set->pkl_name) < 0 ||
	    fsync(set->dir_fd) < 0)
		return io_error(set, set->pkl_name, error);
	step("files: packing list renamed");
	return ST_OK;
}

static enum status
list_pair(SetWrite *set, bool with_secondary, const char *owner, guint64 job,
    GError **error)
{
	enum status st = reread(set, error);

	if (st < 0)
		return st;
	pkl_add(set->pkl, set->pri_name, false, owner, job);
	if (with_secondary)
		pkl_add(set->pkl, set->sec_name, true, NULL, 0);
	st = write_list(set, error);
	/* Read again next time: others write it too, and this one may have
	 * failed. */
	g_clear_pointer(&set->pkl, pkl_free);
	g_clear_pointer(&set->owners, g_hash_table_destroy);
	return st;
}

enum status
set_write_commit(SetWrite *set, bool with_secondary, const char *owner,
    guint64 job, GError **error)
{
	enum status st;

	g_assert(set->stem);
	if ((with_secondary && fsync(set->sec_fd) < 0) ||
	    fsync(set->pri_fd) < 0)
		return io_error(set, set->pri_temp, error);
	step("files: pair synced");
	if (with_secondary && renameat(set->dir_fd, set->sec_temp, set->dir_fd,
				  set->sec_name) < 0)
		return io_error(set, set->sec_name, error);
	if (!with_secondary)
		unlinkat(set->dir_fd, set->sec_temp, 0);
	step("files: secondary renamed");
	if (renameat(set->dir_fd, set->pri_temp, set->dir_fd, set->pri_name) <
		0 ||
	    fsync(set->dir_fd) < 0)
		return io_error(set, set->pri_name, error);
	step("files: primary renamed");
	st = lock(set, error);
	if (st < 0)
		return st;
	st = list_pair(set, with_secondary, owner, job, error);
	if (st == ST_OK)
		unlinkat(set->dir_fd, set->reservation, 0);
	unlock(set);
	if (st == ST_OK)
		pair_clear(set);
	return st;
}

void
set_write_abort(SetWrite *set)
{
	if (set->stem == NULL) {
		pair_clear(set);
		return;
	}
	/* Also what a failed commit has renamed but not listed. */
	if (set->reserve_fd >= 0 && lock(set, NULL) == ST_OK) {
		remove_file(set, set->stem, ".PRI.tmp");
		remove_file(set, set->stem, ".SEC.tmp");
		if (reread(set, NULL) == ST_OK && set->pri_name &&
		    pkl_find(set->pkl, set->pri_name) == NULL) {
			remove_file(set, set->stem, ".PRI");
			remove_file(set, set->stem, ".SEC");
		}
		unlinkat(set->dir_fd, set->reservation, 0);
		unlock(set);
	}
	pair_clear(set);
}
