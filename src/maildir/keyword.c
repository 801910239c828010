#include "maildir/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEYWORD_FILE	 "dovecot-keywords"
#define KEYWORD_FILE_MAX (64 << 10) /* bytes; 26 names and then some */

void
maildir_keywords_clear(struct maildir_keywords *keywords)
{
	for (guint i = 0; i < MAILDIR_KEYWORDS_MAX; i++)
		g_clear_pointer(&keywords->names[i], g_free);
}

/* A small file as text, or NULL. */
static char *
read_small(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	char *text;
	ssize_t n, got = 0;

	if (fd < 0)
		return NULL;
	text = g_malloc(KEYWORD_FILE_MAX + 1);
	while (got < KEYWORD_FILE_MAX &&
	       (n = read(fd, text + got, (size_t)(KEYWORD_FILE_MAX - got))) > 0)
		got += n;
	close(fd);
	text[got] = '\0';
	return text;
}

/* No spaces or controls: an IMAP keyword is an atom (RFC 9051 9). */
static bool
is_keyword(const char *name)
{
	for (const char *p = name; *p; p++)
		if ((guint8)*p <= 32 || *p == 127)
			return false;
	return *name && g_utf8_validate(name, -1, NULL);
}

void
maildir_keywords_read(int dirfd, const char *dir, struct maildir_keywords *out)
{
	g_autofree char *path =
	    g_build_filename(*dir ? dir : ".", KEYWORD_FILE, NULL);
	g_autofree char *text = read_small(dirfd, path);
	g_auto(GStrv) lines = NULL;

	maildir_keywords_clear(out);
	if (!text)
		return;
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++) {
		char *name = g_strchomp(lines[i]);
		guint64 n;

		if (!g_ascii_isdigit(*name))
			continue;
		n = g_ascii_strtoull(name, &name, 10);
		if (n < MAILDIR_KEYWORDS_MAX && *name == ' ' &&
		    is_keyword(name + 1) && !out->names[n])
			out->names[n] = g_strdup(name + 1);
	}
}

enum status
maildir_keywords_write(int dirfd, const char *dir,
    const struct maildir_keywords *keywords, GError **error)
{
	g_autofree char *path =
	    g_build_filename(*dir ? dir : ".", KEYWORD_FILE, NULL);
	g_autofree char *beside =
	    g_build_filename(*dir ? dir : ".", KEYWORD_FILE ".mailmig", NULL);
	g_autoptr(GString) text = g_string_new(NULL);
	int fd;
	bool ok;

	for (guint i = 0; i < MAILDIR_KEYWORDS_MAX; i++)
		if (keywords->names[i])
			g_string_append_printf(
			    text, "%u %s\n", i, keywords->names[i]);
	fd = openat(
	    dirfd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ok = fd >= 0 && write(fd, text->str, text->len) == (ssize_t)text->len &&
	     fsync(fd) == 0;
	if (fd >= 0 && close(fd) < 0)
		ok = false;
	if (ok && renameat(dirfd, beside, dirfd, path) == 0)
		return ST_OK;
	return fail(ST_MAILBOX, error, ERR_IO,
	    errno == ENOSPC || errno == EDQUOT ? RETRY_LATER : RETRY_NEVER,
	    "maildir: cannot write %s: %s", path, g_strerror(errno));
}

char **
maildir_courier_keywords(int dirfd, const char *dir, const char *base)
{
	g_autofree char *path = g_build_filename(
	    *dir ? dir : ".", "courierimapkeywords", base, NULL);
	g_autofree char *text = read_small(dirfd, path);
	g_auto(GStrv) lines = NULL;
	GPtrArray *out;

	if (!text)
		return NULL;
	out = g_ptr_array_new();
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++)
		if (is_keyword(g_strchomp(lines[i])))
			g_ptr_array_add(out, g_strdup(lines[i]));
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(out, FALSE);
}
