#include "source/exports.h"

#include "base/codepage.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *
exports_names(const char *dir)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d)))
		g_ptr_array_add(out, g_strdup(name));
	g_ptr_array_sort(out, by_name);
	return out;
}

char *
exports_stem(const char *file)
{
	char *name = g_filename_display_basename(file);
	char *dot = strrchr(name, '.');

	if (dot && dot > name)
		*dot = '\0';
	return name;
}

bool
exports_probe(const char *path, bool (*probe)(const struct blob *data))
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat sb;
	bool yes = false;

	if (fd < 0)
		return false;
	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode)) {
		struct blob blob = {.fd = fd, .len = sb.st_size};

		yes = probe(&blob);
	}
	close(fd);
	return yes;
}

enum status
exports_codepage(
    const Options *options, const char *name, guint *out, GError **error)
{
	const char *page = options_text(options, "codepage");
	guint64 number;
	char *end;

	if (strcmp(page, "auto") == 0)
		return ST_OK;
	number = g_ascii_strtoull(page, &end, 10);
	if (*end || number > G_MAXUINT16 || !codepage_is_known((guint)number))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s: code page \"%s\" is not known; it is a number such as "
		    "437, 850, 932 or 1252",
		    name, page);
	*out = (guint)number;
	return ST_OK;
}
