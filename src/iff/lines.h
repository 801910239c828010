/*
 * Lines of a file through a bounded buffer: a primary of any size is read in
 * constant memory. Lines end with CR LF; a bare LF is taken too and said.
 */
#ifndef MAILMIG_IFF_LINES_H
#define MAILMIG_IFF_LINES_H

#include "base/status.h"

#include <stdbool.h>

/* Bytes of a physical line, and of a logical one: 4 times what 4.6 asks. */
#define LINE_MAX_BYTES (4 << 20)

struct line {
	const guint8 *data; /* without its end; until the next call */
	gsize len;	    /* bytes */
	gint64 start, end;  /* bytes in the file; end is behind the line end */
	gint64 number;	    /* from 1 */
	bool bare_lf, no_eol;
	bool
	    too_long; /* longer than LINE_MAX_BYTES: data is some bytes of it */
};

typedef struct Lines Lines;

/* fd stays the caller's and is read with pread(); at: where to begin, which is
 * the beginning of the line numbered number. */
Lines *lines_new(int fd, gint64 at, gint64 number);
void lines_free(Lines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lines, lines_free)
/* ST_END after the last; ST_MAILBOX with ERR_IO when the file can't be read. */
enum status lines_next(Lines *lines, struct line *out, GError **error);

#endif
