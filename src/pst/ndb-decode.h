/*
 * Undoing the two encodings of data blocks, and the checksum, for reading
 * ([MS-PST] 5.1-5.3). Neither encoding is a protection: there is no key.
 */
#ifndef MAILMIG_PST_NDB_DECODE_H
#define MAILMIG_PST_NDB_DECODE_H

#include <glib.h>

/* crypt: enum pst_crypt; bid is the start value of the cyclic encoding. */
void pst_decode(guint8 *data, gsize len, guint8 crypt, guint64 bid);
/* CRC-32 of polynomial EDB88320 without the usual inversions. */
guint32 pst_crc(const guint8 *data, gsize len);
/* The 16-bit signature of a block or page: [MS-PST] 5.5. */
guint16 pst_signature(guint64 ib, guint64 bid);

#endif
