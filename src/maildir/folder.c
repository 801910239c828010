#include "maildir/maildir.h"

#include "base/digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGEST_KEPT 16 /* hexadecimal digits behind a name that was cut */

/* Cut to MAILDIR_NAME_MAX bytes, with a digest of the whole instead of the end,
 * so that two long names stay two. The cut never splits a shifted run: it ends
 * before the last '&' when that is open. */
static char *
shorten(char *name, const char *whole, bool *shortened)
{
	struct digest digest;
	char hex[DIGEST_HEX];
	gsize keep = MAILDIR_NAME_MAX - DIGEST_KEPT - 1;
	char *open;

	if (strlen(name) <= MAILDIR_NAME_MAX)
		return name;
	digest_mem(whole, strlen(whole), &digest);
	digest_to_hex(&digest, hex);
	hex[DIGEST_KEPT] = '\0';
	name[keep] = '\0';
	open = strrchr(name, '&');
	if (open && !strchr(open, '-'))
		*open = '\0';
	open = g_strdup_printf("%s_%s", name, hex);
	g_free(name);
	if (shortened)
		*shortened = true;
	return open;
}

char *
maildir_folder_to_dir(
    char *const *path, enum maildir_layout layout, bool *shortened)
{
	GString *out = g_string_new(NULL);
	bool plus = layout != MAILDIR_FS;
	char *dir;

	if (shortened)
		*shortened = false;
	if (!g_ascii_strcasecmp(path[0], "INBOX") && !path[1])
		return g_string_free(out, FALSE);
	for (guint i = 0; path[i]; i++) {
		const char *name = path[i];
		g_autofree char *one = NULL;

		/* RFC 9051 5.1: one name in any case */
		if (i == 0 && !g_ascii_strcasecmp(name, "INBOX"))
			name = "INBOX";
		one = maildir_name_encode(name, plus);
		if (!plus)
			one = shorten(g_steal_pointer(&one), one, shortened);
		if (plus)
			g_string_append_c(out, '.');
		else if (i > 0)
			g_string_append_c(out, '/');
		g_string_append(out, one);
	}
	dir = g_string_free(out, FALSE);
	if (plus) {
		g_autofree char *whole = g_strdup(dir);

		dir = shorten(dir, whole, shortened);
	}
	return dir;
}

char **
maildir_folder_from_dir(const char *dir, enum maildir_layout layout)
{
	GPtrArray *path = g_ptr_array_new();
	char separator = layout == MAILDIR_FS ? '/' : '.';
	const char *p = dir;

	if (!*dir) {
		g_ptr_array_add(path, g_strdup("INBOX"));
	} else {
		if (*p == '.' && separator == '.')
			p++;
		for (;;) {
			const char *end = strchrnul(p, separator);

			g_ptr_array_add(
			    path, maildir_name_decode(p, (gsize)(end - p)));
			if (!*end)
				break;
			p = end + 1;
		}
	}
	g_ptr_array_add(path, NULL);
	return (char **)g_ptr_array_free(path, FALSE);
}

static bool
is_dir(int dirfd, const char *path)
{
	struct stat sb;

	return fstatat(dirfd, path, &sb, 0) == 0 && S_ISDIR(sb.st_mode);
}

bool
maildir_is_one(int dirfd, const char *dir)
{
	g_autofree char *cur = g_build_filename(*dir ? dir : ".", "cur", NULL);
	g_autofree char *new = g_build_filename(*dir ? dir : ".", "new", NULL);

	return is_dir(dirfd, cur) && is_dir(dirfd, new);
}

/* Directories in dir that may be folders; appends their paths below the root.
 */
static enum status
list(int rootfd, const char *dir, enum maildir_layout layout, guint depth,
    GPtrArray *out, GError **error)
{
	int fd = openat(rootfd, *dir ? dir : ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	enum status st = ST_OK;
	struct dirent *entry;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "maildir: cannot read folder directory %s: %s",
		    *dir ? dir : ".", g_strerror(errno));
	}
	while (st == ST_OK && (errno = 0, entry = readdir(d))) {
		const char *name = entry->d_name;
		g_autofree char *path = NULL;
		bool dot = *name == '.';

		if (!strcmp(name, ".") || !strcmp(name, "..") ||
		    !strcmp(name, "cur") || !strcmp(name, "new") ||
		    !strcmp(name, "tmp") ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
			continue;
		if (dot ? (layout == MAILDIR_FS || depth > 0)
			: layout == MAILDIR_PLUSPLUS)
			continue;
		path =
		    *dir ? g_build_filename(dir, name, NULL) : g_strdup(name);
		if (maildir_is_one(rootfd, path))
			g_ptr_array_add(out, g_strdup(path));
		else if (dot || !is_dir(rootfd, path))
			continue;
		if (!dot && depth < MAILDIR_DEPTH_MAX)
			st = list(rootfd, path, layout, depth + 1, out, error);
	}
	if (st == ST_OK && errno)
		st = fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "maildir: cannot read folder directory %s: %s",
		    *dir ? dir : ".", g_strerror(errno));
	closedir(d);
	return st;
}

static int
by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

enum status
maildir_folders(
    int rootfd, enum maildir_layout layout, GPtrArray *dirs, GError **error)
{
	enum status st;

	if (maildir_is_one(rootfd, ""))
		g_ptr_array_add(dirs, g_strdup(""));
	st = list(rootfd, "", layout, 0, dirs, error);
	g_ptr_array_sort(dirs, by_name); /* "" comes first */
	return st;
}
