#include "nsf/cx.h"

#include <stdbool.h>
#include <string.h>

#define GAMMA_MAX  16	 /* spec/notes.md 2.3: a longer number is damage */
#define LENGTH_END 0x102 /* a copy of this length or more ends the stream */

struct bits {
	const guint8 *data;
	gsize len, at;
	guint32 held; /* bits not yet taken, the next one lowest */
	guint n;
	bool dry;
};

static void
fill(struct bits *b, guint n)
{
	while (b->n < n) {
		if (b->at < b->len)
			b->held |= (guint32)b->data[b->at++] << b->n;
		else
			b->dry = true;
		b->n += 8;
	}
}

static guint
take(struct bits *b, guint n)
{
	guint value;

	fill(b, n);
	value = b->held & ((1u << n) - 1);
	b->held >>= n;
	b->n -= n;
	return value;
}

/* A number as the stream writes it; G_MAXUINT when it is too long. */
static guint
take_gamma(struct bits *b)
{
	guint k = 1;

	while (!take(b, 1)) {
		if (b->dry || ++k > GAMMA_MAX)
			return G_MAXUINT;
	}
	return (1u << k) - 1 + take(b, k);
}

static enum status
bad(GError **error, const char *what)
{
	return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
	    "compressed data are damaged: %s", what);
}

enum status
nsf_cx_inflate(const guint8 *data, gsize len, guint8 *out, gsize out_len,
    gsize *used, GError **error)
{
	struct bits b = {.data = data, .len = len};
	gsize at = 0;

	if (take(&b, 3) != 4)
		return bad(error, "they do not begin as such");
	while (at < out_len) {
		guint length, g, high = 0, distance;

		if (b.dry)
			return bad(error, "they end early");
		if (!take(&b, 1)) {
			out[at++] = (guint8)take(&b, 8);
			continue;
		}
		if (take(&b, 1)) {
			length = 2;
		} else {
			g = take_gamma(&b);
			if (g == G_MAXUINT)
				return bad(error, "a length is too long");
			length = 2 + g;
			if (length >= LENGTH_END)
				return bad(error, "fewer bytes than announced");
			if (!take(&b, 1)) {
				high = take_gamma(&b);
				if (high == G_MAXUINT)
					return bad(
					    error, "a distance is too long");
			}
		}
		distance = high * 256 + take(&b, 8);
		if (distance == 0 || distance > at)
			return bad(error, "a copy from before the beginning");
		if (length > out_len - at)
			return bad(error, "more bytes than announced");
		if (distance >= length) {
			memcpy(out + at, out + at - distance, length);
			at += length;
		} else {
			for (; length > 0; length--, at++)
				out[at] = out[at - distance];
		}
	}
	if (b.dry)
		return bad(error, "they end early");
	if (used)
		*used = b.at;
	return ST_OK;
}
