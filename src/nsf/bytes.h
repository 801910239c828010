/*
 * Little-endian numbers in bytes: everything in a database is that (spec/
 * notes.md 2). Nothing is ever cast onto data.
 */
#ifndef MAILMIG_NSF_BYTES_H
#define MAILMIG_NSF_BYTES_H

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

/* An IEEE double, which may be anything, also no number at all. */
static inline double
get_double(const guint8 *p)
{
	union {
		guint64 bits;
		double number;
	} u = {.bits = get_le64(p)};

	return u.number;
}

#endif
