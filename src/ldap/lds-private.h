/*
 * For the files lds*.c alone.
 */
#ifndef MAILMIG_LDAP_LDS_PRIVATE_H
#define MAILMIG_LDAP_LDS_PRIVATE_H

#include "ldap/lds.h"

#include <ldap.h>

struct Lds {
	LDAP *ld;
	char *uri;
	char **contexts;
	char *schema_dn;
	bool ad, schema_read;
	GHashTable *own;	/* NO-USER-MODIFICATION; names in lower case */
	GHashTable *attributes; /* names in lower case */
	GHashTable *classes;	/* name in lower case to LDAPObjectClass */
	GHashTable *rules;	/* class in lower case to LDAPContentRule */
	GPtrArray *class_list, *rule_list; /* own them */

	/* the search */
	char *base, *filter;
	int scope;
	LDAPMessage *result, *entry;
	struct berval cookie;
	bool more, names_only;
};

/* What a refused operation returns: ST_ITEM, or ST_RUN when the server is gone.
 */
enum status lds_trouble(
    Lds *lds, int rc, const char *what, const char *dn, GError **error);
/* One entry with the attributes named, operational ones among them; empty when
 * it cannot be read. Of struct lds_attribute. */
GPtrArray *lds_read_entry(Lds *lds, const char *dn, const char *const *names);
/* NULL: not among them. */
const struct lds_attribute *lds_find(
    const GPtrArray *attributes, const char *name);
/* g_free(). */
char *lds_text_of(const struct lds_attribute *attribute, guint i);
/* Of the schema. */
void lds_schema_clear(Lds *lds);

#endif
