#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct Spool {
	char *dir;
	guint8 *mem;
	gsize room; /* bytes at mem, at most SPOOL_MEMORY_MAX */
	gsize in_mem; /* bytes of content at mem; what fd does not hold yet */
	int fd; /* -1 while all is in memory */
	gint64 in_file; /* bytes of content in fd */
};

Spool *
spool_new(const char *dir)
{
	Spool *spool = g_new0(Spool, 1);

	spool->dir = g_strdup(dir);
	spool->fd = -1;
	return spool;
}

void
spool_free(Spool *spool)
{
	if (spool == NULL)
		return;
	if (spool->fd >= 0)
		close(spool->fd);
	g_free(spool->mem);
	g_free(spool->dir);
	g_free(spool);
}

void
spool_reset(Spool *spool)
{
	/* A large file is given back to the file system at once. */
	if (spool->fd >= 0)
		close(spool->fd);
	spool->fd = -1;
	spool->in_file = 0;
	spool->in_mem = 0;
}

/* A file without a name: O_TMPFILE, or a name that is gone at once where the
 * file system does not know it. */
static int
spool_file(const char *dir)
{
	g_autofree char *name = NULL;
	int fd;

	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 ||
	    (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	name = g_build_filename(dir, "spool-XXXXXX", NULL);
	fd = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		unlink(name);
	return fd;
}

static enum status
spool_write_out(Spool *spool, const guint8 *data, gsize len, GError **error)
{
	while (len > 0) {
		ssize_t n = pwrite(spool->fd, data, len, spool->in_file);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(ST_MAILBOX, error, ERR_IO, RETRY_LATER,
			    "cannot keep a large message in %s: %s; make room "
			    "there and resume",
			    spool->dir, g_strerror(errno));
		data += n;
		len -= (gsize)n;
		spool->in_file += n;
	}
	return ST_OK;
}

enum status
spool_write(Spool *spool, const void *data, gsize len, GError **error)
{
	enum status st;

	if (len == 0)
		return ST_OK;
	if (spool->fd < 0 && spool->in_mem + len <= SPOOL_MEMORY_MAX) {
		if (spool->in_mem + len > spool->room) {
			gsize room = MAX(spool->room, 4096);

			while (room < spool->in_mem + len)
				room *= 2;
			spool->room = MIN(room, SPOOL_MEMORY_MAX);
			spool->mem = g_realloc(spool->mem, spool->room);
		}
		memcpy(spool->mem + spool->in_mem, data, len);
		spool->in_mem += len;
		return ST_OK;
	}
	if (spool->fd < 0) {
		spool->fd = spool_file(spool->dir);
		if (spool->fd < 0)
			return fail(ST_MAILBOX, error, ERR_IO, RETRY_LATER,
			    "cannot make a file in %s: %s", spool->dir,
			    g_strerror(errno));
		st = spool_write_out(
		    spool, spool->mem, spool->in_mem, error);
		if (st < 0)
			return st;
		spool->in_mem = 0;
	}
	return spool_write_out(spool, data, len, error);
}

struct blob
spool_blob(const Spool *spool)
{
	struct blob blob = { .fd = spool->fd, .len = spool->in_file };

	if (spool->fd < 0)
		return blob_from_mem(spool->mem, spool->in_mem);
	return blob;
}

void
spool_take(Spool *spool, struct blob *blob)
{
	if (spool->fd < 0) {
		*blob = blob_from_mem(
		    g_memdup2(spool->mem, spool->in_mem), spool->in_mem);
		spool->in_mem = 0;
		return;
	}
	*blob = spool_blob(spool);
	spool->fd = -1;
	spool->in_file = 0;
}

void
blob_free_taken(struct blob *blob)
{
	if (blob->mem && blob->len > 0)
		g_free((void *)blob->mem);
	else if (blob->mem == NULL && blob->fd >= 0)
		close(blob->fd);
	*blob = blob_from_mem(NULL, 0);
}
