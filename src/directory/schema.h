/*
 * Names of attributes: the schema of the original (migration-files.md 7.4,
 * appendix B) and LDAP's, as Active Directory with Exchange's attributes and
 * inetOrgPerson (RFC 2798) have them.
 */
#ifndef MAILMIG_DIRECTORY_SCHEMA_H
#define MAILMIG_DIRECTORY_SCHEMA_H

#include "model/record.h"

struct schema_row {
	const char *name; /* of the schema: "Mail-nickname" */
	const char *ldap; /* "mailNickname" */
	bool yes_no;	  /* TRUE and FALSE in LDAP, a number here */
	bool read_only;	  /* made by the server: never written */
	guint limit;	  /* characters, 0: none (7.8 and the schema of AD) */
};
extern const struct schema_row schema_rows[]; /* ends with NULLs */

/* NULL: known by one name only. */
const struct schema_row *schema_by_name(const char *name);
const struct schema_row *schema_by_ldap(const char *ldap);

/* What an LDAP entry is, by its classes and attributes; false: no recipient. */
struct schema_signs {
	const char *const *classes; /* NULL-ended values of objectClass */
	bool mail;		    /* it has an address, an alias or a store */
	bool target;		    /* it has a target address */
};
bool schema_class(const struct schema_signs *signs, enum recipient_class *class,
    bool *account_only);

#endif
