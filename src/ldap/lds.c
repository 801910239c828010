#include "ldap/lds.h"

#include <lber.h>
#include <ldap.h>
#include <ldap_schema.h>
#include <string.h>

#define AD_CAPABILITY "1.2.840.113556.1.4.800" /* [MS-ADTS] 3.1.1.3.4.3 */

struct Lds {
	LDAP *ld;
	char *uri;
	char **contexts;
	char *schema_dn;
	bool ad, schema_read;
	GHashTable *attributes; /* names in lower case */
	GHashTable *classes;	/* name in lower case to LDAPObjectClass */
	GPtrArray *class_list;	/* owns them */

	/* the search */
	char *base, *filter;
	int scope;
	LDAPMessage *result, *entry;
	struct berval cookie;
	bool more, names_only;
};

void
lds_attribute_free(struct lds_attribute *attribute)
{
	if (attribute == NULL)
		return;
	g_free(attribute->name);
	g_ptr_array_unref(attribute->values);
	g_free(attribute);
}

struct lds_attribute *
lds_attribute_new(const char *name)
{
	struct lds_attribute *a = g_new0(struct lds_attribute, 1);

	a->name = g_strdup(name);
	a->values =
	    g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	return a;
}

static bool
is_gone(int rc)
{
	return rc == LDAP_SERVER_DOWN || rc == LDAP_CONNECT_ERROR ||
	       rc == LDAP_TIMEOUT || rc == LDAP_UNAVAILABLE || rc == LDAP_BUSY;
}

static char *
words(Lds *lds, int rc)
{
	char *text = NULL;
	char *out;

	ldap_get_option(lds->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
	/* GnuTLS has no words for a certificate that was refused. */
	out = text && *text && strcmp(text, "(unknown error code)") != 0
		  ? g_strdup_printf("%s (%s)", ldap_err2string(rc), text)
		  : g_strdup(ldap_err2string(rc));
	ldap_memfree(text);
	return out;
}

static enum status
trouble(Lds *lds, int rc, const char *what, const char *dn, GError **error)
{
	g_autofree char *text = words(lds, rc);

	if (is_gone(rc))
		return fail(ST_RUN, error, ERR_IO, RETRY_LATER,
		    "%s: the server is gone: %s", lds->uri, text);
	return fail(ST_ITEM, error,
	    rc == LDAP_INSUFFICIENT_ACCESS ? ERR_AUTH : ERR_REFUSED,
	    RETRY_NEVER, "%s: %s refused: %s", dn, what, text);
}

/* Did TLS fail, and not the connection below it? libldap has the same code for
 * both, but it keeps words of the TLS library only if there was TLS. */
static bool
is_tls(Lds *lds, int rc, bool start)
{
	char *text = NULL;
	bool said;

	ldap_get_option(lds->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
	said = text && *text;
	ldap_memfree(text);
	if (start)
		return said || !is_gone(rc) || rc == LDAP_CONNECT_ERROR;
	return said && is_gone(rc) && g_str_has_prefix(lds->uri, "ldaps:");
}

/* How an opening failed: each cause has its own words (Q216292). */
static enum status
not_open(Lds *lds, int rc, const char *step, GError **error)
{
	g_autofree char *text = words(lds, rc);
	enum err kind = ERR_IO;
	const char *hint = "is the host name right, and does a server listen "
			   "at that port?";

	if (strcmp(step, "TLS") == 0) {
		kind = ERR_PROTOCOL;
		hint = "is its certificate from an authority that is trusted "
		       "here (option ca), and for this host name?";
	} else if (rc == LDAP_INVALID_CREDENTIALS) {
		kind = ERR_AUTH;
		hint = "name or password are not those of the server";
	} else if (rc == LDAP_INVALID_DN_SYNTAX) {
		kind = ERR_CONFIG;
		hint = "the name to log in with is no distinguished name";
	} else if (rc == LDAP_NO_SUCH_OBJECT) {
		kind = ERR_CONFIG;
		hint = "the server does not know the name to log in with";
	} else if (!is_gone(rc)) {
		kind = ERR_AUTH;
		hint = "the server does not let this account in this way";
	}
	return fail(ST_RUN, error, kind,
	    kind == ERR_IO ? RETRY_LATER : RETRY_NEVER, "%s: %s: %s; %s",
	    lds->uri, step, text, hint);
}

static void
take_values(GPtrArray *out, struct berval **values)
{
	for (int i = 0; values && values[i]; i++)
		g_ptr_array_add(
		    out, g_bytes_new(values[i]->bv_val, values[i]->bv_len));
}

/* "member;range=0-1499": AD gives long lists in pieces ([MS-ADTS]
 * 3.1.1.3.1.3.3). Asks for the rest. */
static enum status
take_range(Lds *lds, const char *dn, struct lds_attribute *a, const char *name,
    GError **error)
{
	g_autofree char *plain = g_strdup(a->name);
	const char *dash = strrchr(name, '-');
	bool more = dash && dash[1] != '*';

	while (more) {
		g_autofree char *wanted =
		    g_strdup_printf("%s;range=%u-*", plain, a->values->len);
		char *attributes[] = {wanted, NULL};
		struct timeval timeout = {LDS_TIMEOUT_S, 0};
		LDAPMessage *result = NULL, *entry;
		BerElement *ber = NULL;
		char *got;
		int rc = ldap_search_ext_s(lds->ld, dn, LDAP_SCOPE_BASE,
		    "(objectClass=*)", attributes, 0, NULL, NULL, &timeout, 0,
		    &result);

		if (rc != LDAP_SUCCESS) {
			ldap_msgfree(result);
			return trouble(lds, rc, "reading", dn, error);
		}
		entry = ldap_first_entry(lds->ld, result);
		got = entry ? ldap_first_attribute(lds->ld, entry, &ber) : NULL;
		more = false;
		if (got) {
			struct berval **values =
			    ldap_get_values_len(lds->ld, entry, got);

			dash = strrchr(got, '-');
			more = dash && dash[1] != '*' && values && values[0];
			take_values(a->values, values);
			ldap_value_free_len(values);
			ldap_memfree(got);
		}
		ber_free(ber, 0);
		ldap_msgfree(result);
	}
	return ST_OK;
}

static enum status
take_entry(Lds *lds, LDAPMessage *entry, const char *dn, GPtrArray *out,
    GError **error)
{
	BerElement *ber = NULL;
	enum status st = ST_OK;

	for (char *name = ldap_first_attribute(lds->ld, entry, &ber);
	     name && st == ST_OK;
	     name = ldap_next_attribute(lds->ld, entry, ber)) {
		struct berval **values =
		    ldap_get_values_len(lds->ld, entry, name);
		const char *range = strstr(name, ";range=");
		char *semicolon = strchr(name, ';');
		g_autofree char *plain =
		    semicolon ? g_strndup(name, (gsize)(semicolon - name))
			      : g_strdup(name);
		struct lds_attribute *a = NULL;

		for (guint i = 0; i < out->len; i++)
			if (g_ascii_strcasecmp(
				((struct lds_attribute *)out->pdata[i])->name,
				plain) == 0)
				a = out->pdata[i];
		if (a == NULL) {
			a = lds_attribute_new(plain);
			g_ptr_array_add(out, a);
		}
		take_values(a->values, values);
		ldap_value_free_len(values);
		if (range)
			st = take_range(lds, dn, a, name, error);
		ldap_memfree(name);
	}
	ber_free(ber, 0);
	return st;
}

static GPtrArray *
attributes_new(void)
{
	return g_ptr_array_new_with_free_func(
	    (GDestroyNotify)lds_attribute_free);
}

static const struct lds_attribute *
find(const GPtrArray *attributes, const char *name)
{
	for (guint i = 0; i < attributes->len; i++) {
		const struct lds_attribute *a = attributes->pdata[i];

		if (g_ascii_strcasecmp(a->name, name) == 0)
			return a;
	}
	return NULL;
}

static char *
text_of(const struct lds_attribute *a, guint i)
{
	gsize len;
	const char *data = g_bytes_get_data(a->values->pdata[i], &len);

	return g_strndup(data ? data : "", len);
}

/* One entry with the attributes named, operational ones among them. */
static GPtrArray *
read_entry(Lds *lds, const char *dn, const char *const *names)
{
	struct timeval timeout = {LDS_TIMEOUT_S, 0};
	GPtrArray *out = attributes_new();
	LDAPMessage *result = NULL, *entry;
	int rc =
	    ldap_search_ext_s(lds->ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)",
		(char **)names, 0, NULL, NULL, &timeout, 0, &result);

	entry = rc == LDAP_SUCCESS ? ldap_first_entry(lds->ld, result) : NULL;
	if (entry)
		take_entry(lds, entry, dn, out, NULL);
	ldap_msgfree(result);
	return out;
}

static void
read_root(Lds *lds)
{
	static const char *const names[] = {"namingContexts",
	    "defaultNamingContext", "subschemaSubentry",
	    "supportedCapabilities", NULL};
	g_autoptr(GPtrArray) root = read_entry(lds, "", names);
	g_autoptr(GStrvBuilder) contexts = g_strv_builder_new();
	const struct lds_attribute *a;

	/* AD has more than one; this is where people are. */
	a = find(root, "defaultNamingContext");
	if (a == NULL)
		a = find(root, "namingContexts");
	for (guint i = 0; a && i < a->values->len; i++) {
		g_autofree char *text = text_of(a, i);

		g_strv_builder_add(contexts, text);
	}
	lds->contexts = g_strv_builder_end(contexts);
	a = find(root, "subschemaSubentry");
	lds->schema_dn = a && a->values->len > 0 ? text_of(a, 0) : NULL;
	a = find(root, "supportedCapabilities");
	for (guint i = 0; a && i < a->values->len; i++) {
		g_autofree char *text = text_of(a, i);

		lds->ad = lds->ad || strcmp(text, AD_CAPABILITY) == 0;
	}
}

static enum status
start_tls(Lds *lds, const struct lds_params *params, GError **error)
{
	bool plain = g_str_has_prefix(params->uri, "ldap:");
	int rc;

	if (!plain || params->tls == LDS_TLS_NO ||
	    (params->tls == LDS_TLS_AUTO && params->local))
		return ST_OK;
	rc = ldap_start_tls_s(lds->ld, NULL, NULL);
	return rc == LDAP_SUCCESS
		   ? ST_OK
		   : not_open(lds, rc,
			 is_tls(lds, rc, true) ? "TLS" : "connecting", error);
}

enum status
lds_open(Lds **out, const struct lds_params *params, GError **error)
{
	g_autoptr(Lds) lds = g_new0(Lds, 1);
	int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, zero = 0;
	struct timeval timeout = {LDS_TIMEOUT_S, 0};
	struct berval password = {0};
	enum status st;
	int rc;

	*out = NULL;
	lds->uri = g_strdup(params->uri);
	rc = ldap_initialize(&lds->ld, params->uri);
	if (rc != LDAP_SUCCESS)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER, "%s: %s",
		    params->uri, ldap_err2string(rc));
	ldap_set_option(lds->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(lds->ld, LDAP_OPT_NETWORK_TIMEOUT, &timeout);
	ldap_set_option(lds->ld, LDAP_OPT_TIMEOUT, &timeout);
	/* A referral would send the password to who knows whom. */
	ldap_set_option(lds->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	ldap_set_option(lds->ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
	if (params->ca_file)
		ldap_set_option(
		    lds->ld, LDAP_OPT_X_TLS_CACERTFILE, params->ca_file);
	ldap_set_option(lds->ld, LDAP_OPT_X_TLS_NEWCTX, &zero);
	st = start_tls(lds, params, error);
	if (st < 0)
		return st;
	if (params->password) {
		password.bv_val = (char *)params->password;
		password.bv_len = strlen(params->password);
	}
	rc = ldap_sasl_bind_s(lds->ld, params->user, LDAP_SASL_SIMPLE,
	    &password, NULL, NULL, NULL);
	if (rc != LDAP_SUCCESS)
		return not_open(lds, rc,
		    is_tls(lds, rc, false) ? "TLS"
		    : is_gone(rc)	   ? "connecting"
					   : "log-in",
		    error);
	read_root(lds);
	*out = g_steal_pointer(&lds);
	return ST_OK;
}

static void
end_search(Lds *lds)
{
	ldap_msgfree(lds->result);
	lds->result = lds->entry = NULL;
	ber_memfree(lds->cookie.bv_val);
	memset(&lds->cookie, 0, sizeof lds->cookie);
	g_clear_pointer(&lds->base, g_free);
	g_clear_pointer(&lds->filter, g_free);
	lds->more = lds->names_only = false;
}

void
lds_close(Lds *lds)
{
	if (lds == NULL)
		return;
	end_search(lds);
	if (lds->ld)
		ldap_unbind_ext_s(lds->ld, NULL, NULL);
	g_strfreev(lds->contexts);
	g_free(lds->schema_dn);
	g_free(lds->uri);
	g_clear_pointer(&lds->attributes, g_hash_table_unref);
	g_clear_pointer(&lds->classes, g_hash_table_unref);
	g_clear_pointer(&lds->class_list, g_ptr_array_unref);
	g_free(lds);
}

const char *const *
lds_contexts(const Lds *lds)
{
	return (const char *const *)lds->contexts;
}

bool
lds_is_active_directory(const Lds *lds)
{
	return lds->ad;
}

static void
class_free(void *data)
{
	ldap_objectclass_free(data);
}

static void
read_schema(Lds *lds)
{
	static const char *const names[] = {
	    "attributeTypes", "objectClasses", NULL};
	g_autoptr(GPtrArray) schema = NULL;
	const struct lds_attribute *a;
	const char *where;
	int code;

	if (lds->schema_read)
		return;
	lds->schema_read = true;
	lds->attributes =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lds->classes =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lds->class_list = g_ptr_array_new_with_free_func(class_free);
	if (lds->schema_dn == NULL)
		return;
	schema = read_entry(lds, lds->schema_dn, names);
	a = find(schema, "attributeTypes");
	for (guint i = 0; a && i < a->values->len; i++) {
		g_autofree char *text = text_of(a, i);
		LDAPAttributeType *type = ldap_str2attributetype(
		    text, &code, &where, LDAP_SCHEMA_ALLOW_ALL);

		for (int k = 0; type && type->at_names && type->at_names[k];
		     k++)
			g_hash_table_add(lds->attributes,
			    g_ascii_strdown(type->at_names[k], -1));
		if (type)
			ldap_attributetype_free(type);
	}
	a = find(schema, "objectClasses");
	for (guint i = 0; a && i < a->values->len; i++) {
		g_autofree char *text = text_of(a, i);
		LDAPObjectClass *class = ldap_str2objectclass(
		    text, &code, &where, LDAP_SCHEMA_ALLOW_ALL);

		if (class == NULL)
			continue;
		g_ptr_array_add(lds->class_list, class);
		for (int k = 0; class->oc_names && class->oc_names[k]; k++)
			g_hash_table_insert(lds->classes,
			    g_ascii_strdown(class->oc_names[k], -1), class);
	}
}

bool
lds_knows_attribute(Lds *lds, const char *name)
{
	g_autofree char *key = g_ascii_strdown(name, -1);

	read_schema(lds);
	return g_hash_table_size(lds->attributes) == 0 ||
	       g_hash_table_contains(lds->attributes, key);
}

bool
lds_knows_class(Lds *lds, const char *name)
{
	g_autofree char *key = g_ascii_strdown(name, -1);

	read_schema(lds);
	return g_hash_table_contains(lds->classes, key);
}

static bool
listed(char **names, const char *name)
{
	for (int i = 0; names && names[i]; i++)
		if (g_ascii_strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

static bool
class_allows(Lds *lds, const char *class, const char *name, guint depth)
{
	g_autofree char *key = g_ascii_strdown(class, -1);
	const LDAPObjectClass *oc = g_hash_table_lookup(lds->classes, key);

	if (oc == NULL || depth > 32)
		return false;
	if (listed(oc->oc_at_oids_must, name) ||
	    listed(oc->oc_at_oids_may, name))
		return true;
	for (int i = 0; oc->oc_sup_oids && oc->oc_sup_oids[i]; i++)
		if (class_allows(lds, oc->oc_sup_oids[i], name, depth + 1))
			return true;
	return false;
}

bool
lds_allows(Lds *lds, const char *const *classes, const char *name)
{
	read_schema(lds);
	if (g_hash_table_size(lds->classes) == 0)
		return true;
	/* AD adds classes that the entry does not name (auxiliary ones of the
	 * schema), and lists them nowhere a client can rely on. */
	if (lds->ad)
		return lds_knows_attribute(lds, name);
	for (guint i = 0; classes[i]; i++)
		if (class_allows(lds, classes[i], name, 0))
			return true;
	return false;
}

/* A page; ST_OK when one came. */
static enum status
fetch_page(Lds *lds, GError **error)
{
	static char *all[] = {"*", "memberOf", NULL};
	static char *none[] = {LDAP_NO_ATTRS, NULL};
	struct timeval timeout = {LDS_TIMEOUT_S, 0};
	LDAPControl *page = NULL, *controls[2] = {NULL, NULL}, **got = NULL;
	int rc, code;
	char *text = NULL;

	ldap_msgfree(lds->result);
	lds->result = lds->entry = NULL;
	rc =
	    ldap_create_page_control(lds->ld, LDS_PAGE, &lds->cookie, 0, &page);
	controls[0] = page;
	if (rc == LDAP_SUCCESS)
		rc = ldap_search_ext_s(lds->ld, lds->base, lds->scope,
		    lds->filter, lds->names_only ? none : all, 0, controls,
		    NULL, &timeout, LDAP_NO_LIMIT, &lds->result);
	ldap_control_free(page);
	if (rc != LDAP_SUCCESS)
		return trouble(lds, rc, "the search", lds->base, error);
	ber_memfree(lds->cookie.bv_val);
	memset(&lds->cookie, 0, sizeof lds->cookie);
	if (ldap_parse_result(lds->ld, lds->result, &code, NULL, &text, NULL,
		&got, 0) == LDAP_SUCCESS &&
	    got) {
		LDAPControl *c =
		    ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, got, NULL);
		ber_int_t count;

		if (c)
			ldap_parse_pageresponse_control(
			    lds->ld, c, &count, &lds->cookie);
	}
	ldap_memfree(text);
	ldap_controls_free(got);
	lds->more = lds->cookie.bv_len > 0;
	lds->entry = ldap_first_entry(lds->ld, lds->result);
	return ST_OK;
}

enum status
lds_search(Lds *lds, const char *base, bool scope_base, const char *filter,
    GError **error)
{
	end_search(lds);
	lds->base = g_strdup(base);
	lds->filter = g_strdup(filter);
	lds->scope = scope_base ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE;
	return fetch_page(lds, error);
}

enum status
lds_next(Lds *lds, char **dn, GPtrArray **attributes, GError **error)
{
	g_autoptr(GPtrArray) out = NULL;
	char *name;
	enum status st = ST_OK;

	*dn = NULL;
	*attributes = NULL;
	while (lds->entry == NULL) {
		if (!lds->more)
			return ST_END;
		st = fetch_page(lds, error);
		if (st < 0)
			return st == ST_ITEM ? ST_RUN : st;
	}
	name = ldap_get_dn(lds->ld, lds->entry);
	out = attributes_new();
	st = take_entry(lds, lds->entry, name, out, error);
	lds->entry = ldap_next_entry(lds->ld, lds->entry);
	if (st == ST_OK && out->len == 0)
		st = fail(ST_ITEM, error, ERR_AUTH, RETRY_NEVER,
		    "%s: the server shows the name alone", name);
	if (st == ST_OK) {
		*dn = g_strdup(name);
		*attributes = g_steal_pointer(&out);
	}
	ldap_memfree(name);
	return st;
}

enum status
lds_names(Lds *lds, const char *base, const char *filter, GPtrArray *out,
    GError **error)
{
	enum status st;

	end_search(lds);
	lds->base = g_strdup(base);
	lds->filter = g_strdup(filter);
	lds->scope = LDAP_SCOPE_SUBTREE;
	lds->names_only = true;
	do {
		st = fetch_page(lds, error);
		for (; st == ST_OK && lds->entry;
		     lds->entry = ldap_next_entry(lds->ld, lds->entry)) {
			char *name = ldap_get_dn(lds->ld, lds->entry);

			g_ptr_array_add(out, g_strdup(name));
			ldap_memfree(name);
		}
	} while (st == ST_OK && lds->more);
	end_search(lds);
	return st;
}

enum status
lds_has(Lds *lds, const char *dn, const char *name, const char *value,
    bool *has, GError **error)
{
	struct berval text = {strlen(value), (char *)value};
	int rc = ldap_compare_ext_s(lds->ld, dn, name, &text, NULL, NULL);

	*has = rc == LDAP_COMPARE_TRUE;
	return rc == LDAP_COMPARE_TRUE || rc == LDAP_COMPARE_FALSE ||
		       rc == LDAP_NO_SUCH_ATTRIBUTE || rc == LDAP_NO_SUCH_OBJECT
		   ? ST_OK
		   : trouble(lds, rc, "comparing", dn, error);
}

char *
lds_escape(const char *value)
{
	GString *out = g_string_new(NULL);

	for (const char *p = value; *p; p++)
		if (strchr("*()\\", *p))
			g_string_append_printf(out, "\\%02x", (guchar)*p);
		else
			g_string_append_c(out, *p);
	return g_string_free(out, FALSE);
}

static LDAPMod *
mod_new(int op, const struct lds_attribute *a)
{
	LDAPMod *mod = g_new0(LDAPMod, 1);

	mod->mod_op = op | LDAP_MOD_BVALUES;
	mod->mod_type = a->name;
	if (a->values->len == 0)
		return mod;
	mod->mod_bvalues = g_new0(struct berval *, a->values->len + 1);
	for (guint i = 0; i < a->values->len; i++) {
		gsize len;
		const char *data = g_bytes_get_data(a->values->pdata[i], &len);

		mod->mod_bvalues[i] = g_new0(struct berval, 1);
		mod->mod_bvalues[i]->bv_val = (char *)(data ? data : "");
		mod->mod_bvalues[i]->bv_len = len;
	}
	return mod;
}

static void
mod_free(void *data)
{
	LDAPMod *mod = data;

	if (mod == NULL)
		return;
	for (guint i = 0; mod->mod_bvalues && mod->mod_bvalues[i]; i++)
		g_free(mod->mod_bvalues[i]);
	g_free(mod->mod_bvalues);
	g_free(mod);
}

enum status
lds_add(Lds *lds, const char *dn, const GPtrArray *attributes, GError **error)
{
	g_autoptr(GPtrArray) mods = g_ptr_array_new_with_free_func(mod_free);
	int rc;

	for (guint i = 0; i < attributes->len; i++) {
		const struct lds_attribute *a = attributes->pdata[i];

		if (a->values->len > 0)
			g_ptr_array_add(mods, mod_new(LDAP_MOD_ADD, a));
	}
	g_ptr_array_add(mods, NULL);
	rc = ldap_add_ext_s(lds->ld, dn, (LDAPMod **)mods->pdata, NULL, NULL);
	return rc == LDAP_SUCCESS ? ST_OK
				  : trouble(lds, rc, "adding", dn, error);
}

enum status
lds_modify(Lds *lds, const char *dn, const struct lds_change *changes, guint n,
    GError **error)
{
	static const int ops[] = {[LDS_ADD] = LDAP_MOD_ADD,
	    [LDS_DELETE] = LDAP_MOD_DELETE,
	    [LDS_REPLACE] = LDAP_MOD_REPLACE};
	g_autoptr(GPtrArray) mods = g_ptr_array_new_with_free_func(mod_free);
	int rc;

	if (n == 0)
		return ST_THERE;
	for (guint i = 0; i < n; i++)
		g_ptr_array_add(
		    mods, mod_new(ops[changes[i].op], changes[i].attribute));
	g_ptr_array_add(mods, NULL);
	rc =
	    ldap_modify_ext_s(lds->ld, dn, (LDAPMod **)mods->pdata, NULL, NULL);
	/* AD says "already exists" for a member that is one. */
	if (n == 1 &&
	    (rc == LDAP_TYPE_OR_VALUE_EXISTS || rc == LDAP_NO_SUCH_ATTRIBUTE ||
		(lds->ad && rc == LDAP_ALREADY_EXISTS)))
		return ST_THERE;
	return rc == LDAP_SUCCESS ? ST_OK
				  : trouble(lds, rc, "changing", dn, error);
}

enum status
lds_delete(Lds *lds, const char *dn, GError **error)
{
	int rc = ldap_delete_ext_s(lds->ld, dn, NULL, NULL);

	return rc == LDAP_SUCCESS ? ST_OK
				  : trouble(lds, rc, "deleting", dn, error);
}
