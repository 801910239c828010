/*
 * Address lists (RFC 5322 3.4 and 4.4, RFC 6854, RFC 6532), read as widely as
 * people write them.
 */
#ifndef MAILMIG_MIME_ADDRESS_H
#define MAILMIG_MIME_ADDRESS_H

#include "mime/envelope.h"

#include <stdbool.h>

/*
 * Appends struct person * to out, at most ENVELOPE_PERSONS_MAX in all. Members
 * of groups are given without the group; an empty group is a person without an
 * address, but those that say "undisclosed recipients" are nobody, and so is a
 * comment alone. Addresses with blanks between them are several. A person of
 * another system, as address_format() writes one, gets type and address back.
 */
void address_parse(const char *value, gsize len, GPtrArray *out);

/*
 * One person as a mailbox. Without an Internet address it becomes an empty
 * group, "Name [X400:...]":; (RFC 6854 allows groups in From: too): no address
 * is made up, and address_parse() reads it back. Appends
 * ASCII with encoded words, but for an address that is not ASCII (RFC 6532).
 */
void address_format(const struct person *person, GString *out);

/* "local@domain" of characters that can stand between < and >. */
bool address_is_smtp(const char *address);

#endif
