#include "iff/out.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BUFFER (512 << 10) /* bytes: few writes, little memory */

struct Out {
	int fd;
	char *name;
	guint8 *buf;
	gsize len;
	gint64 flushed; /* bytes in the file */
	guint8 *scratch;
};

Out *
out_new(int fd, const char *name)
{
	Out *out = g_new0(Out, 1);

	out->fd = fd;
	out->name = g_strdup(name);
	out->buf = g_malloc(BUFFER);
	return out;
}

void
out_free(Out *out)
{
	if (out == NULL)
		return;
	g_free(out->name);
	g_free(out->buf);
	g_free(out->scratch);
	g_free(out);
}

gint64
out_at(const Out *out)
{
	return out->flushed + (gint64)out->len;
}

static enum status
put(Out *out, const guint8 *data, gsize len, GError **error)
{
	while (len > 0) {
		gssize n = pwrite(out->fd, data, len, out->flushed);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(ST_MAILBOX, error, ERR_IO, RETRY_LATER,
			    "files: %s: %s", out->name, g_strerror(errno));
		data += n;
		len -= (gsize)n;
		out->flushed += n;
	}
	return ST_OK;
}

enum status
out_flush(Out *out, GError **error)
{
	gint64 before = out->flushed;
	enum status st = put(out, out->buf, out->len, error);
	gsize done = (gsize)(out->flushed - before);

	/* What found no room stays here, so that out_back() can undo it. */
	memmove(out->buf, out->buf + done, out->len - done);
	out->len -= done;
	return st;
}

enum status
out_write(Out *out, const void *data, gsize len, GError **error)
{
	enum status st = ST_OK;

	if (len > BUFFER - out->len)
		st = out_flush(out, error);
	if (st < 0)
		return st;
	if (len >= BUFFER)
		return put(out, data, len, error);
	if (len > 0)
		memcpy(out->buf + out->len, data, len);
	out->len += len;
	return ST_OK;
}

enum status
out_blob(Out *out, const struct blob *blob, GError **error)
{
	enum status st;
	gint64 at = 0;

	if (blob->mem)
		return out_write(out, blob->mem, (gsize)blob->len, error);
	/* Read from the file right into the buffer. */
	while (at < blob->len) {
		gsize got, want;

		if (out->len == BUFFER && (st = out_flush(out, error)) < 0)
			return st;
		want = (gsize)MIN(blob->len - at, (gint64)(BUFFER - out->len));
		st =
		    blob_read(blob, at, out->buf + out->len, want, &got, error);
		if (st < 0)
			return st;
		if (got == 0)
			return fail(ST_ITEM, error, ERR_IO, RETRY_NEVER,
			    "the body ends before its length");
		out->len += got;
		at += (gint64)got;
	}
	return ST_OK;
}

enum status
out_back(Out *out, gint64 at, GError **error)
{
	g_assert(at <= out_at(out));
	if (at >= out->flushed) {
		out->len = (gsize)(at - out->flushed);
		return ST_OK;
	}
	out->len = 0;
	out->flushed = at;
	if (ftruncate(out->fd, at) == 0)
		return ST_OK;
	return fail(ST_MAILBOX, error, ERR_IO, RETRY_LATER, "files: %s: %s",
	    out->name, g_strerror(errno));
}
