/*
 * An entry of an address book as a vCard (RFC 6350, 4.0), for whatever has no
 * columns: spec/migration-files.md 8 and 15.
 */
#ifndef MAILMIG_MODEL_ADDRESS_VCARD_H
#define MAILMIG_MODEL_ADDRESS_VCARD_H

#include "model/record.h"

/*
 * Append the 24 columns of an entry, or a list with its members (KIND:group),
 * as one card. The same address gives the same octets on every run.
 * address->vcard is not looked at: when there is one, it says more.
 */
void address_to_vcard(const struct address *address, GString *out);
/* The name that it is shown with: of its columns, never NULL, on one line;
 * g_free(). */
char *address_title(const struct address *address);

#endif
