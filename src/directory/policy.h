/*
 * Address policy and naming rules: patterns for addresses and aliases, and what
 * happens when a name is taken (Q146293, Q154053, Q152927).
 *
 *	%g given name  %s surname  %i initials  %d display name  %m alias
 *	%1g its first letter, %2s the first two, ...  %% a percent sign
 *
 * An address pattern without a type is an SMTP one; the first of a type is the
 * primary address unless the recipient has one (Q142266), the others are
 * secondary. What is no letter or digit in a name becomes '.' or is left out,
 * letters with marks lose them, only in addresses.
 */
#ifndef MAILMIG_DIRECTORY_POLICY_H
#define MAILMIG_DIRECTORY_POLICY_H

#include "directory/entry.h"

enum policy_conflict {
	POLICY_SKIP,   /* leave the row out, and say whose the name is */
	POLICY_LINK,   /* whoever has it is who is meant */
	POLICY_RENAME, /* anna2 */
};
struct policy {
	char **addresses; /* patterns, NULL-ended, or NULL */
	char *alias;	  /* pattern, or NULL: as the row has it */
	char *display;	  /* the same of the display name: "%s, %g" */
	enum policy_conflict conflict;
};
/* ST_RUN with ERR_CONFIG: a letter that is no pattern. */
enum status policy_check(const char *pattern, GError **error);
/* The text; "" when the entry has none of what it needs. address: made fit for
 * one. g_free(). */
char *policy_expand(const char *pattern, const Entry *entry, bool address);
/* Display name and alias that the entry lacks (Q146293). */
void policy_names(const struct policy *policy, Entry *entry);
/* Addresses that the entry lacks. taken says whose an address is
 * already; such a one gets a number. True: something was added. */
bool policy_apply(const struct policy *policy, Entry *entry,
    bool (*taken)(void *ctx, const char *address), void *ctx);

#endif
