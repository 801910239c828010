/*
 * Encoding and checksum as processors of today do them. Each function returns
 * how many bytes it did from the front: 0 where the processor has no
 * instructions for it, and perhaps fewer than len; the portable code does the
 * rest.
 */
#ifndef MAILMIG_PST_NDB_ENCODE_PRIVATE_H
#define MAILMIG_PST_NDB_ENCODE_PRIVATE_H

#include <glib.h>

/* table: 256 bytes. to and from may be the same. */
gsize pst_encode_fast(
    guint8 *to, const guint8 *from, gsize len, const guint8 *table);
/* rest: 16 bytes that have, as a message, the remainder of what was done; they
 * go before what is left. */
gsize pst_encode_crc_fast(guint8 rest[16], const guint8 *data, gsize len);

#endif
