/*
 * Account names of Active Directory. A user or group that is made without one
 * gets a name of the server's like "$2FE2903F-3560D7843CB2C1EE"; people expect
 * the alias, or the common name (migration-files.md 7.5).
 */
#ifndef MAILMIG_DIRECTORY_ACCOUNT_H
#define MAILMIG_DIRECTORY_ACCOUNT_H

#include "directory/store.h"

#define ACCOUNT_MAX   20   /* characters (Q184532: 253) */
#define ACCOUNT_TRIES 1000 /* anna2 to anna999 */

/* Gives the entry an Assoc-NT-Account that nobody in known has; nothing to a
 * contact, or where there is one. ST_RUN: known cannot be read. */
enum status account_name(Store *known, Entry *entry, GError **error);

#endif
