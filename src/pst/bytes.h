/*
 * Little-endian numbers in bytes: everything in the format is that. Nothing
 * is ever cast onto data.
 */
#ifndef MAILMIG_PST_BYTES_H
#define MAILMIG_PST_BYTES_H

#include <glib.h>

static inline guint16
get_le16(const guint8 *p)
{
	return (guint16)(p[0] | p[1] << 8);
}

static inline guint32
get_le32(const guint8 *p)
{
	return (guint32)get_le16(p) | (guint32)get_le16(p + 2) << 16;
}

static inline guint64
get_le64(const guint8 *p)
{
	return get_le32(p) | (guint64)get_le32(p + 4) << 32;
}

static inline void
put_le16(guint8 *p, guint n)
{
	p[0] = (guint8)n;
	p[1] = (guint8)(n >> 8);
}

static inline void
put_le32(guint8 *p, guint32 n)
{
	put_le16(p, n & 0xffff);
	put_le16(p + 2, n >> 16);
}

static inline void
put_le64(guint8 *p, guint64 n)
{
	put_le32(p, (guint32)n);
	put_le32(p + 4, (guint32)(n >> 32));
}

#endif
