/* Entries of address books on their way into a .pst; for dest/pst.c. */
#ifndef MAILMIG_DEST_PST_ADDRESS_H
#define MAILMIG_DEST_PST_ADDRESS_H

#include "model/record.h"
#include "pst/contact-write.h"

/*
 * The contact that an address is: its vCard, or where that is missing, damaged
 * or too large, its fields (spec/migration-files.md 8). contact: initialised
 * and empty. *card: what to keep of it besides, because a contact cannot say
 * all of it; a blob of the address's own. ST_ITEM: its vCard cannot be read.
 */
enum status pst_address_read(const struct address *address,
    struct pst_entry *contact, struct blob *card, GError **error);

#endif
