#include "maildir/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK (64 << 10) /* bytes at a time for what is larger than memory */

struct MaildirReader {
	Spool *spool;
	guint8 *file;		    /* a small file as it is, */
	guint8 *wire;		    /* and with CR LF; reused */
	gsize file_room, wire_room; /* bytes */
	int fd;			    /* a large file handed out as it is; -1 */
};

MaildirReader *
maildir_reader_new(const char *spool_dir)
{
	MaildirReader *reader = g_new0(MaildirReader, 1);

	reader->spool = spool_new(spool_dir);
	reader->fd = -1;
	return reader;
}

void
maildir_reader_free(MaildirReader *reader)
{
	if (!reader)
		return;
	if (reader->fd >= 0)
		close(reader->fd);
	spool_free(reader->spool);
	g_free(reader->file);
	g_free(reader->wire);
	g_free(reader);
}

static guint8 *
room(guint8 **buf, gsize *have, gsize want)
{
	if (*have < want) {
		*have = want + want / 4 + 4096;
		g_free(*buf);
		*buf = g_malloc(*have);
	}
	return *buf;
}

/* Octet for octet, by the first line? */
static bool
is_wire(const guint8 *data, gsize len)
{
	const guint8 *lf = memchr(data, '\n', len);

	return !lf || (lf > data && lf[-1] == '\r');
}

/* LF that no CR precedes becomes CR LF; *last is the octet before data. */
static gsize
to_wire(const guint8 *data, gsize len, guint8 *out, guint8 *last)
{
	const guint8 *end = data + len;
	guint8 *to = out;

	while (data < end) {
		const guint8 *lf = memchr(data, '\n', (gsize)(end - data));
		gsize n = (gsize)((lf ? lf : end) - data);

		memcpy(to, data, n);
		to += n;
		if (n > 0)
			*last = data[n - 1];
		data += n;
		if (!lf)
			break;
		if (*last != '\r')
			*to++ = '\r';
		*to++ = '\n';
		*last = '\n';
		data++;
	}
	return (gsize)(to - out);
}

static enum status
read_all(int fd, guint8 *buf, gsize want, gsize *got, const char *file,
    GError **error)
{
	*got = 0;
	while (*got < want) {
		ssize_t n = pread(fd, buf + *got, want - *got, (off_t)*got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(ST_ITEM, error, ERR_IO, RETRY_NEVER,
			    "maildir: cannot read %s: %s", file,
			    g_strerror(errno));
		if (n == 0)
			break;
		*got += (gsize)n;
	}
	return ST_OK;
}

/* A large file with bare LF, through the spool. */
static enum status
spool_file(
    MaildirReader *r, int fd, gint64 size, struct blob *out, GError **error)
{
	struct blob raw = {.fd = fd, .len = size};
	guint8 *in = room(&r->file, &r->file_room, CHUNK);
	guint8 *wire = room(&r->wire, &r->wire_room, 2 * CHUNK);
	const guint8 *data;
	guint8 last = 0;
	enum status st;
	gint64 at = 0;
	gsize len;

	spool_reset(r->spool);
	while ((st = blob_next(&raw, &at, in, CHUNK, &data, &len, error)) ==
	       ST_OK) {
		len = to_wire(data, len, wire, &last);
		if ((st = spool_write(r->spool, wire, len, error)) < 0)
			break;
	}
	*out = spool_blob(r->spool);
	return st < 0 ? st : ST_OK;
}

/* gzip, several members one behind the other as gzip(1) takes them. */
static enum status
unpack(MaildirReader *r, int fd, const struct maildir_name *name,
    const char *file, struct blob *out, GError **error)
{
	guint8 *in = room(&r->file, &r->file_room, 2 * CHUNK);
	guint8 *plain = in + CHUNK;
	guint8 *wire = room(&r->wire, &r->wire_room, 2 * CHUNK);
	z_stream z = {0};
	guint8 last = 0;
	gint64 total = 0;
	off_t at = 0;
	enum status st = ST_OK;
	int zr = Z_OK;
	/* -1: not known yet */
	int exact =
	    name->wire_size >= 0 && name->wire_size == name->file_size ? 1 : -1;

	spool_reset(r->spool);
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_LATER,
		    "maildir: %s: no memory to unpack it", file);
	while (st == ST_OK) {
		gsize n;

		if (z.avail_in == 0) {
			ssize_t got = pread(fd, in, CHUNK, at);

			if (got <= 0)
				break;
			at += got;
			z.next_in = in;
			z.avail_in = (uInt)got;
		}
		if (zr == Z_STREAM_END && inflateReset(&z) != Z_OK)
			break;
		z.next_out = plain;
		z.avail_out = CHUNK;
		zr = inflate(&z, Z_NO_FLUSH);
		n = CHUNK - z.avail_out;
		total += (gint64)n;
		if (zr != Z_OK && zr != Z_STREAM_END && zr != Z_BUF_ERROR)
			break;
		if (total > MAILDIR_MESSAGE_MAX) {
			st = fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
			    "maildir: %s unpacks to more than 4 GiB", file);
			break;
		}
		if (exact < 0 && n > 0)
			exact = is_wire(plain, n);
		if (exact > 0) {
			st = spool_write(r->spool, plain, n, error);
		} else {
			n = to_wire(plain, n, wire, &last);
			st = spool_write(r->spool, wire, n, error);
		}
	}
	inflateEnd(&z);
	if (st == ST_OK && zr != Z_STREAM_END)
		st = fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "maildir: %s: its gzip data is damaged or cut off", file);
	*out = spool_blob(r->spool);
	return st;
}

static const char *
packed(const guint8 *data, gsize len)
{
	static const struct {
		const char *magic;
		gsize len;
		const char *name;
	} kinds[] = {
	    {"\x1f\x8b\x08", 3, "gzip"},
	    {"\x28\xb5\x2f\xfd", 4, "zstd"},
	    {"BZh91AY&SY", 10, "bzip2"},
	    {"\xfd"
	     "7zXZ\0",
		6, "xz"},
	    {"\x04\x22\x4d\x18", 4, "lz4"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (len >= kinds[i].len &&
		    !memcmp(data, kinds[i].magic, kinds[i].len))
			return kinds[i].name;
	return NULL;
}

enum status
maildir_read(MaildirReader *r, int dirfd, const char *file, struct blob *out,
    gint64 *mtime, GError **error)
{
	const char *slash = strrchr(file, '/'), *how;
	struct maildir_name name;
	struct stat sb;
	enum status st;
	guint8 *data, last = 0;
	gsize got;

	if (r->fd >= 0)
		close(r->fd);
	maildir_name_parse(slash ? slash + 1 : file, &name);
	r->fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r->fd < 0 || fstat(r->fd, &sb) < 0)
		return fail(ST_ITEM, error, ERR_IO, RETRY_NEVER,
		    "maildir: cannot read %s: %s", file, g_strerror(errno));
	if (!S_ISREG(sb.st_mode))
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "maildir: %s is no file", file);
	*mtime = sb.st_mtime;
	data = room(&r->file, &r->file_room,
	    (gsize)MIN(sb.st_size, SPOOL_MEMORY_MAX) + 1);
	st = read_all(r->fd, data, (gsize)MIN(sb.st_size, SPOOL_MEMORY_MAX) + 1,
	    &got, file, error);
	if (st < 0)
		return st;
	how = packed(data, got);
	if (how && !strcmp(how, "gzip"))
		return unpack(r, r->fd, &name, file, out, error);
	if (how)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "maildir: %s is packed with %s, which is not read here; "
		    "unpack it first",
		    file, how);
	if (name.wire_size == sb.st_size || is_wire(data, got)) {
		*out = blob_from_mem(data, got);
		if (got > SPOOL_MEMORY_MAX)
			*out = (struct blob){.fd = r->fd, .len = sb.st_size};
		return ST_OK;
	}
	if (got > SPOOL_MEMORY_MAX)
		return spool_file(r, r->fd, sb.st_size, out, error);
	room(&r->wire, &r->wire_room, 2 * got);
	*out = blob_from_mem(r->wire, to_wire(data, got, r->wire, &last));
	return ST_OK;
}
