/*
 * A blob is a run of bytes that somebody else owns: all of it in memory, or a
 * range of an open file. It is plain data, copied by assignment; how long the
 * bytes live is said by whoever hands it out ("until the next call to next()").
 * Bodies and attachments travel as blobs, so that one of 1 GB costs no memory.
 */
#ifndef MAILMIG_BASE_BLOB_H
#define MAILMIG_BASE_BLOB_H

#include "base/status.h"

struct blob {
	const guint8 *mem; /* all bytes, or NULL when they lie in fd */
	int fd; /* meaningful when mem is NULL; used with pread() only */
	gint64 off; /* bytes, where the range starts in fd */
	gint64 len; /* bytes */
};

/* A blob over memory; mem may be NULL only when len is 0. */
struct blob blob_from_mem(const void *mem, gsize len);

/* A part of a blob; at and len are clamped to it. */
struct blob blob_range(const struct blob *blob, gint64 at, gint64 len);

/*
 * Read bytes [at, at + len) of the blob into buf; *got is how many there were
 * (fewer than len only at the end of the blob).
 * ST_ITEM with ERR_IO when the file is shorter than the blob says, or on a read
 * error.
 */
enum status blob_read(const struct blob *blob, gint64 at, void *buf, gsize len,
    gsize *got, GError **error);

/*
 * The next piece of a blob for a loop: *data, *len point to up to want bytes
 * from position *at on, which is moved on. In memory nothing is copied; from a
 * file the bytes go through scratch (want bytes, the caller's).
 * ST_END at the end; otherwise as blob_read().
 */
enum status blob_next(const struct blob *blob, gint64 *at, void *scratch,
    gsize want, const guint8 **data, gsize *len, GError **error);

#endif
