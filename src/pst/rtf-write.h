/* Compressed rich text, for writing: [MS-OXRTFCP]. */
#ifndef MAILMIG_PST_RTF_WRITE_H
#define MAILMIG_PST_RTF_WRITE_H

#include <glib.h>
#include <stdbool.h>

/* "LZFu" of len bytes, appended; len below 1 GiB. */
void pst_rtf_compress(GByteArray *out, const guint8 *p, gsize len);

#endif
