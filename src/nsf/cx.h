/*
 * The compressed stream of Notes databases, "CX" or LZ1 (spec/notes.md 2.3):
 * superblocks, descriptor blocks, item values.
 */
#ifndef MAILMIG_NSF_CX_H
#define MAILMIG_NSF_CX_H

#include "base/status.h"

/*
 * Inflate into exactly out_len bytes of out; the stream may have an end mark
 * behind them. *used (or NULL): bytes of the stream that were read.
 * ST_ITEM with ERR_FORMAT: it ends early, points before its beginning, or holds
 * more or fewer bytes than out_len.
 */
enum status nsf_cx_inflate(const guint8 *data, gsize len, guint8 *out,
    gsize out_len, gsize *used, GError **error);

#endif
