/*
 * Distinguished names (RFC 4514): the names of entries in every store of
 * recipients, and the paths by which directory files name them:
 *	cn=ToveL,cn=Branch,cn=Recipients	here, in LDIF and in LDAP
 *	Recipients/cn=Branch/cn=ToveL		in lists of a directory file
 *	/o=Fjord/ou=Holmen/cn=Recipients/cn=ToveL	the full form there
 */
#ifndef MAILMIG_DIRECTORY_DN_H
#define MAILMIG_DIRECTORY_DN_H

#include <glib.h>
#include <stdbool.h>

#define DN_DEPTH_MAX 64	  /* names in a DN; directories have about 10 */
#define DN_MAX	     8192 /* bytes */

/* A value as it stands in a DN: , + " \ < > ; = and outer spaces escaped
 * (RFC 4514 2.4). g_free(). */
char *dn_escape(const char *value);
/* type=value,parent; parent NULL or "" for none. g_free(). */
char *dn_child(const char *type, const char *value, const char *parent);
/* Value of the first RDN, unescaped; NULL when dn is none. g_free(). */
char *dn_name(const char *dn);
/* What is behind the first RDN; "" at the top. Points into dn. */
const char *dn_parent(const char *dn);
/* Is it one at all? At most DN_MAX bytes, DN_DEPTH_MAX names. */
bool dn_check(const char *dn);
/* For comparison: types in lower case, values unescaped, case folded and
 * escaped again, no blanks around. NULL when dn is none. g_free(). */
char *dn_fold(const char *dn);
/* Is dn below base, or base itself? base "": always. */
bool dn_is_below(const char *dn, const char *base);

/*
 * A path of a directory file to a DN: names without a type are cn. base: what
 * a relative path is below, or "". A name without '/' is below container
 * (a DN, or ""). g_free(); NULL when it cannot be one.
 */
char *dn_from_path(const char *path, const char *container, const char *base);
/* The path below base, as in Obj-Container: "Recipients/cn=Branch"; all of it
 * in the full form when it is not below base. g_free(). */
char *dn_to_path(const char *dn, const char *base);

#endif
