/* A vCard as Outlook's contact or list: [MS-OXVCARD], RFC 6350. */
#ifndef MAILMIG_PST_MAPI_FROM_VCARD_H
#define MAILMIG_PST_MAPI_FROM_VCARD_H

#include "mime/vcard.h"
#include "pst/contact-write.h"
#include "pst/mapi-parts.h"

/* Fill an initialised contact from a card. False: the card says more than a
 * contact has room for, and is better kept besides. */
bool pst_entry_from_vcard(struct pst_entry *contact, const struct vcard *card);

/* For pst/mapi-parts.c: the bytes of a text/vcard part make the message a
 * contact. */
enum status pst_entry_item(const struct pst_mapi *m, const char *text,
    gsize len, char **class, enum pst_item_kept *kept, GError **error);

#endif
