/*
 * A window over a blob, for formats that mix lines with counted octets: lines
 * and bytes at any offset, without the whole of a large file in memory. A line
 * ends with CR LF, with LF, or with CR alone.
 */
#ifndef MAILMIG_BASE_WINDOW_H
#define MAILMIG_BASE_WINDOW_H

#include "base/blob.h"

#include <stdbool.h>

#define WINDOW_LINE_MAX (16 << 10) /* bytes of a line that are shown */

typedef struct Window Window;

/* What the blob lies in must live as long as the window. */
Window *window_new(const struct blob *data);
void window_free(Window *window);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Window, window_free)

struct window_line {
	const char *text; /* not NUL-ended; until the next call */
	gsize len; /* bytes without the line end, at most WINDOW_LINE_MAX */
	gint64 at, next; /* offsets: of the line, and of the one behind it */
};

/* The line that begins at offset at, whatever is before it. ST_END: no byte is
 * there. Errors as blob_read(). */
enum status window_line(
    Window *window, gint64 at, struct window_line *out, GError **error);

/* Up to want bytes (at most WINDOW_LINE_MAX) from offset at, fewer only at the
 * end of the data; valid until the next call. Errors as blob_read(). */
enum status window_bytes(Window *window, gint64 at, gsize want,
    const guint8 **data, gsize *len, GError **error);

#endif
