/*
 * Initial passwords of new mailboxes: none, random ones, or by a rule; written
 * to a list that only its owner can read, before the mailbox is made.
 *
 *	Recipient,Account,Password
 *
 * The list is the only place where they are: no event, plan, ledger or undo
 * file has one. Who is in it already keeps that password, so that a run that
 * was cut gives the same one again. Nothing is padded or cut (Q200004,
 * Q261155): what the server refuses fails that recipient, with its reason.
 */
#ifndef MAILMIG_DIRECTORY_PASSWORDS_H
#define MAILMIG_DIRECTORY_PASSWORDS_H

#include "directory/entry.h"

typedef struct Passwords Passwords;
/*
 * how: "random" or "rule:PATTERN" (policy.h); path: of the list, made when it
 * is not there (mode 0600, nothing that others can read or a link is used).
 * ST_RUN with ERR_CONFIG or ERR_IO.
 */
enum status passwords_open(
    Passwords **out, const char *how, const char *path, GError **error);
void passwords_close(Passwords *passwords);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Passwords, passwords_close)

/* Of an entry that is about to be made; the caller's, for secret_free(). The
 * list is on the disk when it returns. ST_ITEM: the rule gives nothing. */
enum status passwords_take(
    Passwords *passwords, const Entry *entry, char **out, GError **error);

const char *passwords_path(const Passwords *passwords);
guint passwords_count(const Passwords *passwords); /* new ones */

#endif
