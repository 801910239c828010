/* Bytes on their way into a file, through one large buffer, with a position
 * that can be gone back to. */
#ifndef MAILMIG_IFF_OUT_H
#define MAILMIG_IFF_OUT_H

#include "base/blob.h"

typedef struct Out Out;

/* fd stays the caller's; writing begins at its end, position 0 is its start.
 * name is for messages. */
Out *out_new(int fd, const char *name);
void out_free(Out *out);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Out, out_free)

gint64 out_at(const Out *out); /* bytes written so far: where the next goes */
/* ST_MAILBOX with ERR_IO, RETRY_LATER: the disk is full, for one. */
enum status out_write(Out *out, const void *data, gsize len, GError **error);
/* ST_ITEM when the blob cannot be read: go back then. */
enum status out_blob(Out *out, const struct blob *blob, GError **error);
/* Forget everything from this position on. */
enum status out_back(Out *out, gint64 at, GError **error);
enum status out_flush(Out *out, GError **error);

#endif
