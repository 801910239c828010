/*
 * The recovery set: what could not be imported, as migration files that can be
 * repaired and imported again (spec/migration-files.md 12.7). For HOLMEN.PRI of
 * HOLMEN.PKL it is HOLMEN.RECOVERY.PRI: section line and heading as in the
 * source, each failed logical line byte for byte behind a comment
 * "! HOLMEN.PRI:5 SEC_TRUNCATED"; HOLMEN.RECOVERY.PKL names it and all
 * secondaries, which are linked beside it.
 *
 * Several jobs share these files; the lines of one job stand behind a comment
 * "! mailmig job N" and are replaced when the job is done again. Nothing is
 * written before recovery_finish(), and no file is left when nothing failed.
 */
#ifndef MAILMIG_IFF_RECOVERY_H
#define MAILMIG_IFF_RECOVERY_H

#include "base/spool.h"
#include "iff/set.h"

typedef struct Recovery Recovery;

/* dir may not exist yet. set lives as long. */
Recovery *recovery_new(
    const char *dir, const char *spool_dir, Set *set, guint64 job);
void recovery_free(Recovery *recovery);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Recovery, recovery_free)

/* A logical line of the primary that failed. ST_MAILBOX when it cannot be
 * kept. */
enum status recovery_add(Recovery *recovery, const char *primary,
    const struct pri_item *item, enum diag_code code, GError **error);
/* Write. ST_MAILBOX with ERR_IO. */
enum status recovery_finish(Recovery *recovery, GError **error);

#endif
