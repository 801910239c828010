/*
 * The ledger of directory changes, STATE/directory-ledger.sqlite: what undoes
 * each change is in it, and in an LDIF file for people and other tools, before
 * the change is made. A conversion that was cut between its steps is in it with
 * both entries, and is brought to its end by the next run.
 *
 * STATE/directory-undo-N.ldif, one for each run: applied from its first line to
 * its last it takes the run back, the last change first. While a run goes on it
 * is appended to; its end turns it round.
 */
#ifndef MAILMIG_DIRECTORY_JOURNAL_H
#define MAILMIG_DIRECTORY_JOURNAL_H

#include "directory/store.h"

typedef struct Journal Journal;
enum status journal_open(Journal **out, const char *state_dir,
    const char *store_text, GError **error);
/* Ends the run, and its undo file. */
void journal_close(Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_close)
const char *journal_undo_path(const Journal *journal);
guint journal_count(const Journal *journal); /* changes of this run */

/* Before a change. undo: LDIF, with a blank line at its end. durable: it is on
 * the disk when it returns (for what deletes); else it outlives this process,
 * but perhaps not a power cut. */
enum status journal_add(
    Journal *journal, const char *undo, bool durable, GError **error);

/* Conversions. *id is for journal_end_convert(). links: of store_link. */
enum status journal_begin_convert(Journal *journal, const char *undo,
    const Entry *old, const Entry *new, const GPtrArray *links, gint64 *id,
    GError **error);
enum status journal_end_convert(Journal *journal, gint64 id, GError **error);
/* One that was begun in this store and not ended, by an earlier run; ST_END:
 * there is none. The caller's: entries, and links (appended). */
enum status journal_open_convert(Journal *journal, Entry **old, Entry **new,
    GPtrArray *links, gint64 *id, GError **error);

#endif
