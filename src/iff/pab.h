/*
 * PAB sections (spec/migration-files.md 8): rows to address-book entries.
 */
#ifndef MAILMIG_IFF_PAB_H
#define MAILMIG_IFF_PAB_H

#include "model/record.h"

#include "iff/pointer.h"

typedef struct Pab Pab;

Pab *pab_new(Set *set);
void pab_free(Pab *pab);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pab, pab_free)

/*
 * A section begins: its entries' names are read from fd beforehand, because a
 * list may name an entry that comes behind it. ST_MAILBOX when fd cannot be
 * read.
 */
enum status pab_section(
    Pab *pab, int fd, const struct pri_section *section, GError **error);
/*
 * A row to an entry or list, valid until the next call. key: a digest of the
 * row's values. False after an error in diags.
 */
bool pab_row(Pab *pab, struct pri_item *item, Diags *diags, struct address *out,
    const char **key);

#endif
