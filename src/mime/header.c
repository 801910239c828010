#include "mime/header.h"

#include <string.h>

#define HEADER_READ_FIRST (16 << 10) /* bytes: holds most header blocks */

static const char *
line_end(const char *data, const char *end)
{
	const char *lf = memchr(data, '\n', (gsize)(end - data));

	return lf ? lf + 1 : end;
}

static bool
is_empty_line(const char *p, const char *end)
{
	if (p < end && *p == '\r')
		p++;
	return p < end && *p == '\n';
}

/* The length of a field name at p, 0 when this is no field (RFC 5322 3.6.8; a
 * space before the colon is obsolete syntax, 4.5). */
static gsize
name_len(const char *p, const char *end, const char **colon)
{
	const char *q = p;
	gsize len;

	while (q<end && * q> 32 && *q < 127 && *q != ':')
		q++;
	len = (gsize)(q - p);
	while (q < end && (*q == ' ' || *q == '\t'))
		q++;
	if (len == 0 || q == end || *q != ':')
		return 0;
	*colon = q;
	return len;
}

gsize
header_block_start(const char *data, gsize len)
{
	const char *end = data + len, *p = data, *q, *colon;

	if (len >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	for (q = p; is_empty_line(q, end);)
		q = line_end(q, end);
	if (q > p && name_len(q, end, &colon))
		p = q;
	/* The line of an mbox; "From  : x" is a field: RFC 5322 4.5 */
	if (((end - p >= 5 && !memcmp(p, "From ", 5)) ||
		(end - p >= 6 && !memcmp(p, ">From ", 6))) &&
	    !name_len(p, end, &colon))
		p = line_end(p, end);
	return (gsize)(p - data);
}

bool
header_next(const char *data, gsize len, gsize *pos, struct header_field *out)
{
	const char *end = data + len, *p = data + *pos, *q, *colon;

	while (p < end) {
		const char *from = p;

		if (is_empty_line(p, end)) {
			*pos = (gsize)(line_end(p, end) - data);
			return false;
		}
		out->name_len = name_len(p, end, &colon);
		do
			p = line_end(p, end);
		while (p < end && (*p == ' ' || *p == '\t'));
		if (!out->name_len)
			continue;
		out->name = from;
		out->raw = from;
		out->raw_len = (gsize)(p - from);
		q = p;
		while (q > colon + 1 && (q[-1] == '\n' || q[-1] == '\r' ||
					    q[-1] == ' ' || q[-1] == '\t'))
			q--;
		for (colon++; colon < q && (*colon == ' ' || *colon == '\t');)
			colon++;
		out->value = colon;
		out->value_len = (gsize)(q - colon);
		*pos = (gsize)(p - data);
		return true;
	}
	*pos = len;
	return false;
}

bool
header_is(const struct header_field *field, const char *name)
{
	return strlen(name) == field->name_len &&
	       !g_ascii_strncasecmp(field->name, name, field->name_len);
}

static bool
has_block_end(const char *data, gsize len)
{
	struct header_field field;
	gsize pos = header_block_start(data, len);

	while (header_next(data, len, &pos, &field))
		;
	return pos < len;
}

enum status
header_block_read(
    const struct blob *raw, gsize max, struct header_block *out, GError **error)
{
	gsize want = HEADER_READ_FIRST, got = 0, more;
	enum status st;

	out->owned = NULL;
	if (raw->mem || raw->len == 0) {
		out->data = (const char *)raw->mem;
		out->len = (gsize)MIN(raw->len, (gint64)max);
		return ST_OK;
	}
	for (;;) {
		want = MIN(want, max);
		out->owned = g_realloc(out->owned, want);
		st = blob_read(raw, (gint64)got, (char *)out->owned + got,
		    want - got, &more, error);
		if (st < 0) {
			header_block_clear(out);
			return st;
		}
		got += more;
		out->data = out->owned;
		out->len = got;
		if (got < want || want == max || has_block_end(out->data, got))
			return ST_OK;
		want *= 4;
	}
}

void
header_block_clear(struct header_block *block)
{
	g_clear_pointer(&block->owned, g_free);
	block->data = NULL;
	block->len = 0;
}
