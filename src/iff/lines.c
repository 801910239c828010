#include "iff/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define WINDOW (256 << 10) /* bytes read at a time */

struct Lines {
	int fd;
	guint8 *buf;
	gsize size;	/* of buf */
	gsize at, len;	/* unread bytes: buf[at..len) */
	gint64 file_at; /* file position of buf[at] */
	gint64 number;
	bool eof;
};

Lines *
lines_new(int fd, gint64 at, gint64 number)
{
	Lines *lines = g_new0(Lines, 1);

	lines->fd = fd;
	lines->file_at = at;
	lines->number = number;
	lines->size = WINDOW;
	lines->buf = g_malloc(lines->size);
	return lines;
}

void
lines_free(Lines *lines)
{
	if (lines == NULL)
		return;
	g_free(lines->buf);
	g_free(lines);
}

/* More bytes behind those that are there. */
static enum status
fill(Lines *lines, GError **error)
{
	gssize n;

	if (lines->at > 0) {
		memmove(
		    lines->buf, lines->buf + lines->at, lines->len - lines->at);
		lines->len -= lines->at;
		lines->at = 0;
	}
	if (lines->len == lines->size) {
		lines->size *= 2;
		lines->buf = g_realloc(lines->buf, lines->size);
	}
	do
		n = pread(lines->fd, lines->buf + lines->len,
		    lines->size - lines->len,
		    lines->file_at + (gint64)lines->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER, "read: %s",
		    g_strerror(errno));
	if (n == 0)
		lines->eof = true;
	lines->len += (gsize)n;
	return ST_OK;
}

enum status
lines_next(Lines *lines, struct line *out, GError **error)
{
	gsize seen = 0;
	gint64 dropped = 0; /* of a line that is too long */
	const guint8 *lf = NULL;

	*out = (struct line){.start = lines->file_at, .number = lines->number};
	for (;;) {
		gsize have = lines->len - lines->at;
		enum status st;

		lf = memchr(lines->buf + lines->at + seen, '\n', have - seen);
		if (lf || lines->eof)
			break;
		seen = have;
		if (seen > LINE_MAX_BYTES) {
			/* Its last byte may be the CR of the line end. */
			dropped += (gint64)(seen - 1);
			lines->file_at += (gint64)(seen - 1);
			lines->at += seen - 1;
			seen = 1;
			out->too_long = true;
		}
		st = fill(lines, error);
		if (st < 0)
			return st;
	}
	out->data = lines->buf + lines->at;
	if (lf == NULL) {
		out->len = lines->len - lines->at;
		if (out->len == 0 && dropped == 0)
			return ST_END;
		out->no_eol = true;
		lines->at = lines->len;
		lines->file_at += (gint64)out->len;
	} else {
		gsize whole = (gsize)(lf - out->data) + 1;

		out->len = whole - 1;
		if (out->len > 0 && out->data[out->len - 1] == '\r')
			out->len--;
		else
			out->bare_lf = true;
		lines->at += whole;
		lines->file_at += (gint64)whole;
	}
	if (out->len > LINE_MAX_BYTES)
		out->too_long = true;
	if (out->too_long)
		out->len = MIN(out->len, 64); /* enough to name it */
	out->end = lines->file_at;
	lines->number++;
	return ST_OK;
}
