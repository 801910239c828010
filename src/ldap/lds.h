/*
 * A session with an LDAP server (RFC 4511), over libldap: one connection, one
 * operation at a time, paged search (RFC 2696), and what the server says of
 * itself. It knows nothing of recipients.
 */
#ifndef MAILMIG_LDAP_LDS_H
#define MAILMIG_LDAP_LDS_H

#include "base/status.h"

#include <stdbool.h>

#define LDS_PAGE      500 /* entries of a page: below AD's limit of 1000 */
#define LDS_TIMEOUT_S 60  /* for an answer */

enum lds_tls { LDS_TLS_AUTO, LDS_TLS_START, LDS_TLS_NO };
struct lds_params {
	const char *uri; /* ldap://host:port, ldaps://, ldapi:// */
	bool local;	 /* it does not leave this machine */
	/* AUTO: StartTLS, unless it is local or TLS anyway. A password goes
	 * over a connection without TLS only with NO, or local. */
	enum lds_tls tls;
	const char *ca_file; /* or NULL: those of the system */
	const char *user;    /* DN, or what the server takes; NULL: anonymous */
	const char *password;
};

/* Values are octets; names as the server spells them, without options but
 * ";binary". */
struct lds_attribute {
	char *name;
	GPtrArray *values; /* of GBytes */
};
void lds_attribute_free(struct lds_attribute *attribute);
struct lds_attribute *lds_attribute_new(const char *name);

typedef struct Lds Lds;
/* ST_RUN, each cause with words of its own (Q216292): ERR_IO no such host, or
 * nobody listens there; ERR_PROTOCOL TLS; ERR_AUTH name or password. */
enum status lds_open(
    Lds **out, const struct lds_params *params, GError **error);
void lds_close(Lds *lds);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lds, lds_close)

/* What the root entry says. */
const char *const *lds_contexts(const Lds *lds); /* naming contexts */
bool lds_is_active_directory(const Lds *lds);
/* Schema, read once. A server that hides it knows everything. */
bool lds_knows_attribute(Lds *lds, const char *name);
/* Does the server keep it itself, and take it from nobody? In AD every link
 * has such a one at its other end: memberOf, managedObjects. */
bool lds_is_own(Lds *lds, const char *name);
bool lds_knows_class(Lds *lds, const char *name);
/* May an entry of these classes (NULL-ended) have it? */
bool lds_allows(Lds *lds, const char *const *classes, const char *name);

/* Begin a search of the whole tree below base (scope_base: of that entry
 * alone); one at a time. */
enum status lds_search(Lds *lds, const char *base, bool scope_base,
    const char *filter, GError **error);
/* *attributes: of struct lds_attribute; the caller's, as is *dn. ST_END.
 * ST_ITEM: this entry is refused; its name is in the error. */
enum status lds_next(
    Lds *lds, char **dn, GPtrArray **attributes, GError **error);
/* The names alone of all entries below base that the filter finds, appended;
 * ends a search that is open. */
enum status lds_names(Lds *lds, const char *base, const char *filter,
    GPtrArray *out, GError **error);
/* Has the entry this value? By the server's own rules of equality; an entry
 * that is gone has none. */
enum status lds_has(Lds *lds, const char *dn, const char *name,
    const char *value, bool *has, GError **error);
/* A value within a filter (RFC 4515 3). g_free(). */
char *lds_escape(const char *value);

/* Writing: ST_ITEM with ERR_REFUSED and the server's words; ST_THERE where it
 * is so already (the one value that exists, or does not); ST_RUN: the server is
 * gone. */
enum lds_op { LDS_ADD, LDS_DELETE, LDS_REPLACE };
struct lds_change {
	enum lds_op op;
	const struct lds_attribute *attribute;
};
enum status lds_add(
    Lds *lds, const char *dn, const GPtrArray *attributes, GError **error);
enum status lds_modify(Lds *lds, const char *dn,
    const struct lds_change *changes, guint n, GError **error);
enum status lds_delete(Lds *lds, const char *dn, GError **error);

#endif
