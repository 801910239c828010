/*
 * Contacts and distribution lists of a .pst ([MS-OXOCNTC]) as vCards (RFC 6350,
 * 4.0), and as the columns of a personal address book.
 *
 * What vCard has no word for: the manager is X-MS-MANAGER, the assistant
 * X-MS-ASSISTANT, the four free fields are X-MS-USERFIELD1 to 4, and the name
 * of a list's member is its parameter X-CN. An address that is not of the
 * Internet has its type in the parameter X-ADDRTYPE.
 */
#ifndef MAILMIG_PST_CONTACT_READ_H
#define MAILMIG_PST_CONTACT_READ_H

#include "mime/envelope.h"
#include "pst/messaging-read.h"

#define PST_CARD_FIELDS	     24
#define PST_CARD_MEMBERS_MAX 65535

struct pst_card {
	bool is_list;
	bool not_sendable; /* it has no address */
	/* spec/migration-files.md 8, in that order; never NULL. */
	char *fields[PST_CARD_FIELDS];
	GPtrArray *members; /* of struct person *: of a list */
	GString *vcard;
	GPtrArray *lost; /* char *: a line on each thing that has no place */
};
void pst_card_init(struct pst_card *contact);
void pst_card_clear(struct pst_card *contact);
typedef struct pst_card PstCard;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstCard, pst_card_clear)

/* Is this message class one of a contact or list? */
bool pst_card_is(const char *class);
/* Filled anew; its attachments are walked. ST_ITEM when the file cannot be read
 * there. */
enum status pst_card_read(
    struct pst_card *contact, Pst *pst, PstMessage *message, GError **error);

#endif
