/*
 * MacBinary II (the published description of 1987): a 128-byte header, then the
 * data fork and the resource fork of a Macintosh file, each padded to 128.
 * EXPORT's /FILES/MACBIN2 wraps attachments so (spec/ccmail.md 3.4).
 */
#ifndef MAILMIG_CCMAIL_MACBINARY_H
#define MAILMIG_CCMAIL_MACBINARY_H

#include "base/spool.h"

#include <stdbool.h>

#define MACBINARY_HEADER 128 /* bytes */

struct macbinary {
	char name[64]; /* octets of Mac Roman, NUL-ended */
	guint8 type[4], creator[4];
	guint8 finder[16]; /* type, creator, flags, place: 16 bytes of FInfo */
	struct blob data, resource;
};

/* False when it is none: the marks and the checksum of the header must be
 * right, and the forks must be there. */
bool macbinary_parse(const struct blob *blob, struct macbinary *out);

/* Resource fork and Finder information as an AppleDouble header file (RFC
 * 1740), which goes beside the data fork. Errors as spool_write(), blob_read().
 */
enum status macbinary_to_appledouble(
    const struct macbinary *file, Spool *out, GError **error);

#endif
