/*
 * Entries as LDAP and LDIF have them: attributes with LDAP's names, classes,
 * mail beside proxyAddresses. What a server's schema lacks is named, not sent.
 */
#ifndef MAILMIG_DIRECTORY_WIRE_H
#define MAILMIG_DIRECTORY_WIRE_H

#include "directory/entry.h"

struct wire_profile {
	/* Values of objectClass for each class of entry, NULL-ended. */
	const char *const *classes[3];
	bool proxies; /* proxyAddresses; else mail and mailAlternateAddress */
	bool active_directory; /* userAccountControl, unicodePwd, groupType */
	const char *group_member; /* "member", or "uniqueMember" */
	/* Domain of userPrincipalName, or NULL: none is written. */
	const char *domain;
	/* May an entry of these classes have the attribute? NULL: any may. */
	bool (*allows)(void *ctx, const char *const *classes, const char *name);
	/* Is it one that the server makes itself? NULL: those of the schema
	 * table alone. */
	bool (*is_own)(void *ctx, const char *name);
	void *ctx;
};
extern const struct wire_profile wire_ad, wire_openldap, wire_inetorg;

/* attributes: of struct entry_attribute with LDAP's names; they become the
 * entry's. NULL when it is no recipient (a container, a computer). */
Entry *wire_to_entry(const char *dn, const GPtrArray *attributes);
/*
 * New array of struct entry_attribute with LDAP's names, objectClass first.
 * left_out (of char *, may be NULL): names of attributes with no place there.
 * A target address without an attribute of its own is among the proxies. */
GPtrArray *wire_from_entry(const Entry *entry,
    const struct wire_profile *profile, GPtrArray *left_out);
GPtrArray *wire_attributes_new(void);
struct entry_attribute *wire_attribute(GPtrArray *attributes, const char *name);
/* Bytes become text, or base64 when they are none. */
void wire_add(
    GPtrArray *attributes, const char *name, const void *data, gsize len);
/* The octets of a value. g_free(). */
guint8 *wire_octets(
    const struct entry_attribute *attribute, guint i, gsize *len);

/* LDAP's name of an attribute. */
const char *wire_name(const char *name, const struct wire_profile *profile);

/* A password that is set when the entry is made, never read or kept. */
#define WIRE_PASSWORD "Initial-Password"

#endif
