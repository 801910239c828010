/*
 * An entry of an address book for a destination that has only messages: one
 * message with one text/vcard part, in a folder for contacts.
 */
#ifndef MAILMIG_MODEL_ADDRESS_MESSAGE_H
#define MAILMIG_MODEL_ADDRESS_MESSAGE_H

#include "model/record.h"

/* The folder, when the source has none for contacts: "Contacts". */
extern const struct folder address_folder;

/*
 * The message of that address, without a folder. text, out: scratch, reset
 * first; what *message points to lives as long as out's content. Its octets are
 * the same on every run, so that the digest recognises it. Its Date says 1970,
 * as RFC 5322 3.6 wants one and an address has none; it has neither author nor
 * Message-ID.
 * Errors: of blob_read() and spool_write().
 */
enum status address_to_message(const struct address *address, GString *text,
    Spool *out, struct message *message, GError **error);

/*
 * The way back: is the message one that address_to_message() made, wherever it
 * lies now? It is known by its first octets, which no mail has: the made-up
 * date, and neither author nor Message-ID. Then *address has its card alone
 * (fields NULL), which lives as long as store's content. parts (of struct part)
 * and store are scratch.
 * ST_END: it is another message; nothing is said about why. Errors: of
 * part_split().
 */
enum status address_from_message(const struct message *message, GArray *parts,
    Spool *store, struct address *address, GError **error);

#endif
