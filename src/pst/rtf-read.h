/*
 * Compressed rich text ([MS-OXRTFCP]): what PidTagRtfCompressed holds.
 */
#ifndef MAILMIG_PST_RTF_READ_H
#define MAILMIG_PST_RTF_READ_H

#include "base/status.h"

#define PST_RTF_MAX (64u << 20) /* bytes of rich text */

/*
 * Decompress len bytes; *out is the caller's (g_byte_array_unref()).
 * ST_ITEM: ERR_FORMAT when they are no compressed rich text, ERR_LIMIT when the
 * text is longer than PST_RTF_MAX. A stream that breaks off gives what there
 * is.
 */
enum status pst_rtf_decompress(
    const guint8 *p, gsize len, GByteArray **out, GError **error);

#endif
