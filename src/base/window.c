#include "base/window.h"

#include <string.h>

#define CHUNK (256 << 10) /* bytes read at a time */

struct Window {
	struct blob data;
	guint8 *buffer; /* NULL when the blob is in memory */
	gint64 at;	/* of the buffer's first byte */
	gsize len;
};

Window *
window_new(const struct blob *data)
{
	Window *w = g_new0(Window, 1);

	w->data = *data;
	if (data->mem == NULL)
		w->buffer = g_malloc(CHUNK);
	return w;
}

void
window_free(Window *w)
{
	if (w == NULL)
		return;
	g_free(w->buffer);
	g_free(w);
}

enum status
window_bytes(Window *w, gint64 at, gsize want, const guint8 **data, gsize *len,
    GError **error)
{
	enum status st;

	g_assert(want <= CHUNK);
	*len = 0;
	*data = (const guint8 *)"";
	if (at < 0 || at >= w->data.len)
		return ST_OK;
	want = (gsize)MIN((gint64)want, w->data.len - at);
	if (w->data.mem) {
		*data = w->data.mem + at;
		*len = want;
		return ST_OK;
	}
	if (at < w->at || at + (gint64)want > w->at + (gint64)w->len) {
		w->at = at;
		w->len = 0;
		st = blob_read(&w->data, at, w->buffer, CHUNK, &w->len, error);
		if (st < 0)
			return st;
	}
	*data = w->buffer + (at - w->at);
	*len = MIN(want, w->len - (gsize)(at - w->at));
	return ST_OK;
}

/* The first CR or LF, or NULL. */
static const guint8 *
line_end(const guint8 *data, gsize len)
{
	const guint8 *lf = memchr(data, '\n', len);
	const guint8 *cr = memchr(data, '\r', lf ? (gsize)(lf - data) : len);

	return cr ? cr : lf;
}

enum status
window_line(Window *w, gint64 at, struct window_line *out, GError **error)
{
	const guint8 *data, *end;
	gint64 pos = at;
	gsize len;
	enum status st;

	*out = (struct window_line){.text = "", .at = at, .next = at};
	if (at < 0 || at >= w->data.len)
		return ST_END;
	for (;;) {
		/* One more, to see an LF behind a CR. */
		st = window_bytes(
		    w, pos, WINDOW_LINE_MAX + 1, &data, &len, error);
		if (st < 0)
			return st;
		end = line_end(data, MIN(len, WINDOW_LINE_MAX));
		if (end || len <= WINDOW_LINE_MAX)
			break;
		pos += WINDOW_LINE_MAX;
	}
	if (end) {
		gsize n = (gsize)(end - data);

		out->next = pos + (gint64)n + 1;
		if (*end == '\r' && n + 1 < len && end[1] == '\n')
			out->next++;
		out->len =
		    (gsize)MIN(pos + (gint64)n - at, (gint64)WINDOW_LINE_MAX);
	} else {
		out->next = pos + (gint64)len;
		out->len = (gsize)MIN(out->next - at, (gint64)WINDOW_LINE_MAX);
	}
	if (pos != at) {
		st = window_bytes(w, at, out->len, &data, &len, error);
		if (st < 0)
			return st;
	}
	out->text = (const char *)data;
	return ST_OK;
}
