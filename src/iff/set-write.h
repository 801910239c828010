/*
 * A directory of migration files that grows: pairs of files with numbered
 * names, one packing list (spec/migration-files.md 2 point 6, 15).
 *
 * Nothing that is listed is ever touched again. A pair is written under
 * temporary names (00000003.PRI.tmp) with a reservation (00000003.TMP) that is
 * locked while its writer lives; at the end both are renamed and the packing
 * list replaced, last of all. What a writer that died has left is removed by
 * the next one: files of a reservation that nobody locks and nobody lists.
 */
#ifndef MAILMIG_IFF_SET_WRITE_H
#define MAILMIG_IFF_SET_WRITE_H

#include "base/status.h"

#include <stdbool.h>

typedef struct SetWrite SetWrite;

/* dir is made if it is not there. name: of the packing list without its
 * ending, or NULL for the one that is there, else MAILMIG. A set that exists
 * keeps its profile and code page. ST_RUN: cannot be made, or of the other
 * profile. */
enum status set_write_open(SetWrite **out, const char *dir, const char *name,
    bool ext1, guint codepage, GError **error);
void set_write_close(SetWrite *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SetWrite, set_write_close)
guint set_write_codepage(const SetWrite *set);
/* The path of the packing list. */
const char *set_write_pkl(const SetWrite *set);

/* Has the owner a section in the set, as of now? */
bool set_write_has(SetWrite *set, const char *owner);
/* Is this primary listed for this owner? */
bool set_write_lists(SetWrite *set, const char *primary, const char *owner);
/* The primaries that this job has written for the owner, NULL-ended; free with
 * g_strfreev(). */
char **set_write_primaries(SetWrite *set, const char *owner, guint64 job);

/* Begin a pair, after removing what dead writers left. first_name: a primary
 * name to use if it is free ("DIRECTORY"), or NULL. The files are open for
 * reading and writing, and the set's own. */
enum status set_write_begin(
    SetWrite *set, const char *first_name, int *pri, int *sec, GError **error);
const char *set_write_primary(const SetWrite *set); /* "00000003.PRI" */
const char *set_write_secondary(const SetWrite *set);
/* Durable under their names and in the packing list when it returns. */
enum status set_write_commit(SetWrite *set, bool with_secondary,
    const char *owner, guint64 job, GError **error);
/* Remove the pair. */
void set_write_abort(SetWrite *set);

#endif
