#include "base/blob.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct blob
blob_from_mem(const void *mem, gsize len)
{
	struct blob blob = { .mem = len ? mem : (const guint8 *)"",
		.fd = -1,
		.len = (gint64)len };

	g_assert(mem != NULL || len == 0);
	return blob;
}

struct blob
blob_range(const struct blob *blob, gint64 at, gint64 len)
{
	struct blob part = *blob;

	at = CLAMP(at, 0, blob->len);
	part.len = CLAMP(len, 0, blob->len - at);
	if (part.mem)
		part.mem += at;
	else
		part.off += at;
	return part;
}

enum status
blob_read(const struct blob *blob, gint64 at, void *buf, gsize len, gsize *got,
    GError **error)
{
	gsize done = 0;

	*got = 0;
	if (at >= blob->len)
		return ST_OK;
	len = (gsize)MIN((gint64)len, blob->len - at);
	if (blob->mem) {
		memcpy(buf, blob->mem + at, len);
		*got = len;
		return ST_OK;
	}
	while (done < len) {
		ssize_t n = pread(blob->fd, (guint8 *)buf + done, len - done,
		    blob->off + at + (gint64)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(ST_ITEM, error, ERR_IO, RETRY_NEVER,
			    "cannot read: %s", g_strerror(errno));
		if (n == 0)
			return fail(ST_ITEM, error, ERR_IO, RETRY_NEVER,
			    "file ends %" G_GINT64_FORMAT
			    " bytes before it should",
			    blob->len - at - (gint64)done);
		done += (gsize)n;
	}
	*got = done;
	return ST_OK;
}

enum status
blob_next(const struct blob *blob, gint64 *at, void *scratch, gsize want,
    const guint8 **data, gsize *len, GError **error)
{
	enum status st;

	if (*at >= blob->len)
		return ST_END;
	if (blob->mem) {
		*data = blob->mem + *at;
		*len = (gsize)MIN((gint64)want, blob->len - *at);
	} else {
		st = blob_read(blob, *at, scratch, want, len, error);
		if (st < 0)
			return st;
		*data = scratch;
	}
	*at += (gint64)*len;
	return ST_OK;
}
