/*
 * A spool takes bytes of unknown number and gives them back as a blob: up to
 * SPOOL_MEMORY_MAX in memory, beyond that in a file without a name, so that
 * neither a big message nor a crash leaves anything behind. One spool is reset
 * and used again for message after message; its memory is reused.
 */
#ifndef MAILMIG_BASE_SPOOL_H
#define MAILMIG_BASE_SPOOL_H

#include "base/blob.h"

#define SPOOL_MEMORY_MAX (1 << 20) /* bytes kept in memory: most mail fits */

typedef struct Spool Spool;

/* dir: where the file goes when one is needed (must exist then); copied. */
Spool *spool_new(const char *dir);
void spool_free(Spool *spool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Spool, spool_free)

/* Forget the content; blobs handed out before are void. */
void spool_reset(Spool *spool);

/*
 * Append. ST_MAILBOX with ERR_IO, RETRY_LATER when the disk is full or the
 * directory cannot be written: the next message would fare no better.
 */
enum status spool_write(Spool *spool, const void *data, gsize len,
    GError **error);

/* What was written so far; valid until the next write, reset or free. */
struct blob spool_blob(const Spool *spool);

/*
 * Take the content out: afterwards the spool is empty and *blob belongs to the
 * caller, who ends it with blob_free_taken(). For what must outlive the next
 * message (a batch on its way to a server).
 */
void spool_take(Spool *spool, struct blob *blob);
void blob_free_taken(struct blob *blob);

#endif
