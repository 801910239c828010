/*
 * Recipients for today's Exchange: what its own cmdlets then make of them.
 *
 *	recipients.csv	a row for each mailbox, contact and group
 *	links.csv	Holder,Relation,Target: members, owners, forwarding, ...
 *	recipients.ps1	the PowerShell script that reads both
 *
 * The script is the same for every directory: all values are in the files,
 * which Import-Csv reads, so that no name can become a command. Every field is
 * quoted (RFC 4180), in UTF-8 with a byte order mark, as Windows PowerShell
 * wants it. Several values of a field are lines. Passwords are in neither: the
 * script takes a file with them.
 */
#ifndef MAILMIG_DIRECTORY_EXCHANGE_H
#define MAILMIG_DIRECTORY_EXCHANGE_H

#include "directory/store.h"

struct exchange_counts {
	guint mailboxes, contacts, groups, links;
	guint accounts; /* log-ins without a mailbox: they are not written */
	/* Names of attributes that the files have no place for, to the number
	 * of recipients that have one. */
	GHashTable *left_out;
};
void exchange_counts_clear(struct exchange_counts *counts);

/*
 * All of a store into a directory, which is made when it is not there; files
 * of these names must not be in it. complain gets recipients that cannot be
 * read or written whole. ST_RUN: nothing usable was written.
 */
enum status exchange_save(Store *store, const char *dir,
    void (*complain)(void *user, const char *recipient, const char *text),
    void *user, struct exchange_counts *out, GError **error);

#endif
