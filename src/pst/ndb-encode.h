/*
 * Encoding data blocks, and their checksum, for writing ([MS-PST] 5.1, 5.3).
 */
#ifndef MAILMIG_PST_NDB_ENCODE_H
#define MAILMIG_PST_NDB_ENCODE_H

#include <glib.h>

/* Copies len bytes, each through the permutation of NDB_CRYPT_PERMUTE. */
void pst_encode(guint8 *to, const guint8 *from, gsize len);
guint32 pst_encode_crc(const guint8 *data, gsize len);

#endif
