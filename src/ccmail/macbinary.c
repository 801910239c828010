#include "ccmail/macbinary.h"

#include <string.h>

#define CHUNK (64 << 10)

static guint32
get_be32(const guint8 *p)
{
	return (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 |
	       p[3];
}

static void
put_be32(guint8 *p, guint32 value)
{
	for (int i = 3; i >= 0; i--, value >>= 8)
		p[i] = (guint8)value;
}

/* CRC-16/CCITT of XMODEM: polynomial 1021, from 0. */
static guint16
crc16(const guint8 *p, gsize len)
{
	guint16 crc = 0;

	while (len-- > 0) {
		crc ^= (guint16)(*p++ << 8);
		for (int i = 0; i < 8; i++)
			crc = (guint16)(crc & 0x8000 ? crc << 1 ^ 0x1021
						     : crc << 1);
	}
	return crc;
}

bool
macbinary_parse(const struct blob *blob, struct macbinary *out)
{
	guint8 h[MACBINARY_HEADER];
	gint64 data, resource, at;
	gsize got = 0;

	if (blob->len < MACBINARY_HEADER ||
	    blob_read(blob, 0, h, sizeof h, &got, NULL) < 0 || got < sizeof h)
		return false;
	if (h[0] != 0 || h[1] < 1 || h[1] > 63 || h[74] != 0 || h[82] != 0 ||
	    h[122] < 129 || h[123] < 129 ||
	    crc16(h, 124) != (guint16)(h[124] << 8 | h[125]))
		return false;
	data = get_be32(h + 83);
	resource = get_be32(h + 87);
	/* A second header of this length may lie in front of the forks. */
	at = MACBINARY_HEADER + ((h[120] << 8 | h[121]) + 127) / 128 * 128;
	if (at + data > blob->len)
		return false;
	*out = (struct macbinary){.data = blob_range(blob, at, data)};
	memcpy(out->name, h + 2, h[1]);
	memcpy(out->type, h + 65, 4);
	memcpy(out->creator, h + 69, 4);
	memcpy(out->finder, h + 65, 9); /* type, creator, flags' high byte */
	out->finder[9] = h[101];
	memcpy(out->finder + 10, h + 75, 6); /* place in the window, folder */
	at += (data + 127) / 128 * 128;
	out->resource = blob_range(blob, at, resource);
	return out->resource.len == resource;
}

enum status
macbinary_to_appledouble(
    const struct macbinary *file, Spool *out, GError **error)
{
	/* RFC 1740 appendix A: magic, version, filler, two entries: 9 Finder
	 * information, 2 resource fork. */
	guint8 h[50 + 32] = {0x00, 0x05, 0x16, 0x07, 0x00, 0x02, 0x00, 0x00};
	g_autofree guint8 *scratch = g_malloc(CHUNK);
	const guint8 *data;
	gint64 at = 0;
	gsize len;
	enum status st;

	h[25] = 2;
	put_be32(h + 26, 9);
	put_be32(h + 30, 50);
	put_be32(h + 34, 32);
	put_be32(h + 38, 2);
	put_be32(h + 42, 82);
	put_be32(h + 46, (guint32)file->resource.len);
	memcpy(h + 50, file->finder, sizeof file->finder);
	st = spool_write(out, h, sizeof h, error);
	while (st == ST_OK && (st = blob_next(&file->resource, &at, scratch,
				   CHUNK, &data, &len, error)) == ST_OK)
		st = spool_write(out, data, len, error);
	return st < 0 ? st : ST_OK;
}
