/*
 * Likeness: a digest of what a message says, for a destination that keeps that
 * and not its octets (dest_driver.rejoins). The same message read back from
 * there has the same likeness, though another header, other boundaries and
 * transfer encodings; one that lost or changed something has not.
 *
 * In it are: Message-ID, subject, date, sender, To and Cc, the decoded text of
 * the body with every run of white space as one blank, and name and content of
 * each attachment in their order; of attached messages their likeness. Not in
 * it is HTML where there is plain text too: what Outlook's files keep of the
 * one is made from the other.
 */
#ifndef MAILMIG_ENGINE_LIKENESS_H
#define MAILMIG_ENGINE_LIKENESS_H

#include "base/digest.h"
#include "model/record.h"

/* What is compared, in words for the administrator. */
#define LIKENESS_WORDS                                                         \
	"Message-ID, subject, dates, sender, recipients, body text, names "    \
	"and "                                                                 \
	"content of attachments, flags, and keywords that do not begin with "  \
	"$; "                                                                  \
	"of contacts and lists names and addresses"

/*
 * octets: a whole message; spool_dir: for decoded attachments.
 * ST_ITEM when it cannot be read, ST_MAILBOX when the spool is full.
 */
enum status likeness_of(const struct blob *octets, const char *spool_dir,
    struct digest *out, GError **error);
/*
 * Of an entry of an address book: its name and its addresses, or those of its
 * members, in any order. *name: what it is called, g_free(); it is set on
 * success. ST_ITEM when its card cannot be read.
 */
enum status likeness_of_address(const struct address *address,
    struct digest *out, char **name, GError **error);

#endif
