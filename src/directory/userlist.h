/*
 * The IMAP user list of the original (wizard.md 6.4): its migration from an
 * Internet directory wrote it, its IMAP migration read it.
 *
 *	IMAP_Mailbox,IMAP_Password,SMTP_Address,IMAP_Server,Ex_Mailbox,IMAP_Port,IMAP_SSL
 *
 * Passwords are neither read here nor written: the administrator enters them.
 */
#ifndef MAILMIG_DIRECTORY_USERLIST_H
#define MAILMIG_DIRECTORY_USERLIST_H

#include "directory/store.h"

/* Does the file begin with such a heading? */
bool userlist_is(const char *path);

typedef struct Userlist Userlist;
enum status userlist_open(Userlist **out, const char *path, GError **error);
void userlist_close(Userlist *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Userlist, userlist_close)
/* A row of mode update: a mailbox with its Internet address, its alias, and
 * MIGRATE: with the log-in, by which its mail finds it. ST_ITEM; ST_END. */
enum status userlist_next(Userlist *list, Entry **out, GError **error);

/*
 * The mailboxes of a store, to a file that is not there yet. The log-in is uid,
 * the server mailHost (wizard.md 6.5); else the alias, and an empty field.
 * complain gets who has no Internet address and is left out. n: rows.
 */
enum status userlist_save(Store *store, const char *path,
    void (*complain)(void *user, const char *recipient, const char *text),
    void *user, guint *n, GError **error);

#endif
