#include "dest/maildir-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status
maildir_io_fail(struct maildir_dest *d, const char *what, const char *path,
    int err, GError **error)
{
	bool full = err == ENOSPC || err == EDQUOT;

	return fail(ST_MAILBOX, error, full ? ERR_LIMIT : ERR_IO,
	    full ? RETRY_LATER : RETRY_NEVER,
	    "maildir: %s: cannot %s %s/%s: %s%s", d->job->destination, what,
	    d->root, path, g_strerror(err),
	    full ? "; make room there and resume" : "");
}

void
maildir_place_free(gpointer data)
{
	struct maildir_place *place = data;

	g_free(place->dir);
	g_strfreev(place->path);
	maildir_keywords_clear(&place->keywords);
	if (place->index)
		g_hash_table_destroy(place->index);
	g_free(place);
}

static void
remark(struct maildir_dest *d, const struct folder *folder, const char *code,
    const char *text)
{
	struct remark r = {.level = REMARK_WARNING,
	    .code = code,
	    .text = text,
	    .line = -1,
	    .offset = -1,
	    .folder = folder};

	if (d->job->remark)
		d->job->remark(d->job->remark_ctx, &r);
}

/* Is there an entry of exactly this name? On a file system that folds case,
 * looking a name up does not tell. */
static bool
is_spelled_so(struct maildir_dest *d, const char *dir)
{
	g_autofree char *parent = g_path_get_dirname(dir);
	g_autofree char *base = g_path_get_basename(dir);
	int fd = openat(d->fd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dp = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	bool found = false;

	if (!dp)
		return false;
	while (!found && (entry = readdir(dp)))
		found = !strcmp(entry->d_name, base);
	closedir(dp);
	return found;
}

/* The directory that a folder gets: its own name, unless another folder of the
 * job has it, or one whose name differs in case where case makes no difference.
 */
static char *
choose_dir(struct maildir_dest *d, const struct folder *folder)
{
	bool shortened;
	char *dir = maildir_folder_to_dir(folder->path, d->layout, &shortened);
	struct stat sb;
	gsize len = strlen(dir);

	if (len == 0)
		return dir;
	for (guint i = 2;; i++) {
		bool clash =
		    g_hash_table_contains(d->dirs, dir) ||
		    (fstatat(d->fd, dir, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
			!is_spelled_so(d, dir));
		char *next;

		if (!clash)
			return dir;
		next = g_strdup_printf("%.*s_%u", (int)MIN(len, 240), dir, i);
		g_free(dir);
		dir = next;
	}
}

static void
tell_renamed(
    struct maildir_dest *d, const struct folder *folder, const char *dir)
{
	bool shortened;
	g_autofree char *own =
	    maildir_folder_to_dir(folder->path, d->layout, &shortened);

	if (shortened)
		remark(d, folder, "FOLDER_NAME_CUT",
		    "folder name is longer than a file name may be; it was "
		    "cut");
	if (strcmp(own, dir) != 0)
		remark(d, folder, "FOLDER_NAME_CLASH",
		    "another folder has this name but for case; a number was "
		    "added");
}

/* One directory; *made is set when it was not there. */
static enum status
make_dir(struct maildir_dest *d, const char *dir, bool *made, GError **error)
{
	if (mkdirat(d->fd, dir, 0700) == 0) {
		*made = true;
		return ST_OK;
	}
	if (errno == EEXIST)
		return ST_OK;
	return maildir_io_fail(d, "make directory", dir, errno, error);
}

static enum status
make_dirs(struct maildir_dest *d, struct maildir_place *place, GError **error)
{
	static const char *const three[] = {"tmp", "new", "cur"};
	bool made = false, made_cur = false;
	enum status st = ST_OK;

	/* LAYOUT=fs: the directories above, if they are not there */
	for (char *p = strchr(place->dir, '/'); st == ST_OK && p;
	     p = strchr(p + 1, '/')) {
		*p = '\0';
		st = make_dir(d, place->dir, &made, error);
		*p = '/';
	}
	if (st == ST_OK && *place->dir)
		st = make_dir(d, place->dir, &made, error);
	for (guint i = 0; st == ST_OK && i < G_N_ELEMENTS(three); i++) {
		g_autofree char *dir = g_build_filename(
		    *place->dir ? place->dir : ".", three[i], NULL);

		made_cur = false;
		st = make_dir(d, dir, &made_cur, error);
	}
	if (st < 0)
		return st;
	place->existed = !made_cur;
	d->made |= made || made_cur;
	place->touched = true;
	if (*place->dir == '.') { /* Maildir++: says that it is a folder */
		g_autofree char *file =
		    g_build_filename(place->dir, "maildirfolder", NULL);
		int fd =
		    openat(d->fd, file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		if (fd < 0)
			return maildir_io_fail(d, "make", file, errno, error);
		close(fd);
	}
	return ST_OK;
}

/* Of our making, by a process that is gone, or by us for an earlier mailbox or
 * attempt: another worker may be filling the same folder from another mailbox.
 * The last word of the name is its process. */
static bool
is_left_over(const char *name)
{
	const char *ours = strstr(name, ".mailmig,");
	const char *word = ours ? strrchr(ours + 1, '.') : NULL;
	guint64 pid;

	if (ours == NULL)
		return false;
	if (word == NULL ||
	    !g_ascii_string_to_unsigned(word + 1, 10, 1, G_MAXINT, &pid, NULL))
		return true;
	return (pid_t)pid == getpid() ||
	       (kill((pid_t)pid, 0) < 0 && errno == ESRCH);
}

/* What an interrupted run left in tmp. */
static void
sweep(struct maildir_dest *d, const struct maildir_place *place)
{
	g_autofree char *dir =
	    g_build_filename(*place->dir ? place->dir : ".", "tmp", NULL);
	int fd = openat(d->fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dp = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dp)
		return;
	while ((entry = readdir(dp)))
		if (is_left_over(entry->d_name))
			unlinkat(fd, entry->d_name, 0);
	closedir(dp);
}

void
maildir_place_announce(struct maildir_dest *d, const struct folder *folder)
{
	char *dir;

	if (g_hash_table_contains(d->announced, folder))
		return;
	dir = choose_dir(d, folder);
	g_hash_table_insert(d->announced, (gpointer)folder, dir);
	g_hash_table_add(d->dirs, dir);
}

enum status
maildir_place_find(struct maildir_dest *d, const struct folder *folder,
    struct maildir_place **out, GError **error)
{
	struct maildir_place *place = g_hash_table_lookup(d->places, folder);
	const char *dir = g_hash_table_lookup(d->announced, folder);
	enum status st;

	*out = place;
	if (place)
		return ST_OK;
	place = g_new0(struct maildir_place, 1);
	place->folder = folder;
	place->dir = dir ? g_strdup(dir) : choose_dir(d, folder);
	tell_renamed(d, folder, place->dir);
	st = make_dirs(d, place, error);
	if (st < 0) {
		maildir_place_free(place);
		return st;
	}
	if (place->existed)
		sweep(d, place);
	place->path = maildir_folder_from_dir(
	    place->dir, *place->dir == '.' ? MAILDIR_PLUSPLUS : MAILDIR_FS);
	g_hash_table_insert(d->places, (gpointer)folder, place);
	if (!dir)
		g_hash_table_add(d->dirs, place->dir);
	*out = place;
	return ST_OK;
}

/* "<seconds>.<hash>.mailmig,S=..." */
static bool
take_hash(const char *file, char hash[MAILDIR_HASH_LEN + 1])
{
	const char *p = strchr(file, '.');

	if (!p || strlen(p + 1) < MAILDIR_HASH_LEN ||
	    !g_str_has_prefix(p + 1 + MAILDIR_HASH_LEN, ".mailmig"))
		return false;
	memcpy(hash, p + 1, MAILDIR_HASH_LEN);
	hash[MAILDIR_HASH_LEN] = '\0';
	return true;
}

static void
index_dir(struct maildir_dest *d, struct maildir_place *place, const char *sub)
{
	g_autofree char *dir =
	    g_build_filename(*place->dir ? place->dir : ".", sub, NULL);
	int fd = openat(d->fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dp = fd >= 0 ? fdopendir(fd) : NULL;
	char hash[MAILDIR_HASH_LEN + 1];
	struct dirent *entry;

	if (!dp)
		return;
	while ((entry = readdir(dp)))
		if (take_hash(entry->d_name, hash))
			g_hash_table_replace(place->index, g_strdup(hash),
			    g_strdup_printf("%s/%s", sub, entry->d_name));
	closedir(dp);
}

const char *
maildir_place_look(struct maildir_dest *d, struct maildir_place *place,
    const char *hash, bool again)
{
	if (again && place->index)
		g_clear_pointer(&place->index, g_hash_table_destroy);
	if (!place->index) {
		place->index = g_hash_table_new_full(
		    g_str_hash, g_str_equal, g_free, g_free);
		index_dir(d, place, "new");
		index_dir(d, place, "cur");
	}
	return g_hash_table_lookup(place->index, hash);
}

guint32
maildir_place_keywords(struct maildir_dest *d, struct maildir_place *place,
    const char *const *keywords)
{
	guint32 letters = 0;

	if (!keywords)
		return 0;
	if (!place->keywords_read)
		maildir_keywords_read(d->fd, place->dir, &place->keywords);
	place->keywords_read = true;
	for (; *keywords; keywords++) {
		guint n, gap = MAILDIR_KEYWORDS_MAX;

		for (n = 0; n < MAILDIR_KEYWORDS_MAX; n++) {
			const char *name = place->keywords.names[n];

			if (name && !g_ascii_strcasecmp(name, *keywords))
				break;
			if (!name && gap == MAILDIR_KEYWORDS_MAX)
				gap = n;
		}
		if (n == MAILDIR_KEYWORDS_MAX && gap < n) {
			n = gap;
			place->keywords.names[n] = g_strdup(*keywords);
			place->keywords_new = true;
		}
		if (n < MAILDIR_KEYWORDS_MAX) {
			letters |= 1U << n;
		} else if (!place->keywords_full) {
			g_autofree char *text =
			    g_strdup_printf("a maildir folder has letters for "
					    "26 keywords; %s and "
					    "further ones are left out here",
				*keywords);

			place->keywords_full = true;
			remark(d, place->folder, "KEYWORDS_FULL", text);
		}
	}
	return letters;
}
