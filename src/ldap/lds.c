#include "ldap/lds-private.h"

#include <lber.h>
#include <string.h>

#define AD_CAPABILITY "1.2.840.113556.1.4.800" /* [MS-ADTS] 3.1.1.3.4.3 */

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

enum status
lds_trouble(Lds *lds, int rc, const char *what, const char *dn, GError **error)
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
	} else if (rc == LDAP_STRONG_AUTH_REQUIRED ||
		   rc == LDAP_CONFIDENTIALITY_REQUIRED) {
		/* AD with "LDAP server signing requirements" */
		kind = ERR_CONFIG;
		hint = "the server takes passwords over TLS only: write "
		       "ldaps://, or the option tls=starttls";
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
 * 3.1.1.3.1.3.3), beside the same name without values. The piece of an entry
 * whose name has the option; more says whether it is not the last. */
static void
take_piece(Lds *lds, LDAPMessage *entry, struct lds_attribute *a, bool *more)
{
	BerElement *ber = NULL;

	*more = false;
	for (char *name = ldap_first_attribute(lds->ld, entry, &ber); name;
	     name = ldap_next_attribute(lds->ld, entry, ber)) {
		const char *dash = strrchr(name, '-');

		if (strstr(name, ";range=") && dash) {
			struct berval **values =
			    ldap_get_values_len(lds->ld, entry, name);

			*more = dash[1] != '*' && values && values[0];
			take_values(a->values, values);
			ldap_value_free_len(values);
		}
		ldap_memfree(name);
	}
	ber_free(ber, 0);
}

/* All the other pieces. */
static enum status
take_range(Lds *lds, const char *dn, struct lds_attribute *a, const char *name,
    GError **error)
{
	const char *dash = strrchr(name, '-');
	bool more = dash && dash[1] != '*';

	while (more) {
		g_autofree char *wanted =
		    g_strdup_printf("%s;range=%u-*", a->name, a->values->len);
		char *attributes[] = {wanted, NULL};
		struct timeval timeout = {LDS_TIMEOUT_S, 0};
		LDAPMessage *result = NULL, *entry;
		int rc = ldap_search_ext_s(lds->ld, dn, LDAP_SCOPE_BASE,
		    "(objectClass=*)", attributes, 0, NULL, NULL, &timeout, 0,
		    &result);

		entry = rc == LDAP_SUCCESS ? ldap_first_entry(lds->ld, result)
					   : NULL;
		if (entry)
			take_piece(lds, entry, a, &more);
		ldap_msgfree(result);
		/* Half a list is worse than none: it would be written. */
		if (entry == NULL)
			return lds_trouble(lds,
			    rc == LDAP_SUCCESS ? LDAP_NO_SUCH_OBJECT : rc,
			    "reading the rest", dn, error);
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

const struct lds_attribute *
lds_find(const GPtrArray *attributes, const char *name)
{
	for (guint i = 0; i < attributes->len; i++) {
		const struct lds_attribute *a = attributes->pdata[i];

		if (g_ascii_strcasecmp(a->name, name) == 0)
			return a;
	}
	return NULL;
}

char *
lds_text_of(const struct lds_attribute *a, guint i)
{
	gsize len;
	const char *data = g_bytes_get_data(a->values->pdata[i], &len);

	return g_strndup(data ? data : "", len);
}

/* One entry with the attributes named, operational ones among them. */
GPtrArray *
lds_read_entry(Lds *lds, const char *dn, const char *const *names)
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
	g_autoptr(GPtrArray) root = lds_read_entry(lds, "", names);
	g_autoptr(GStrvBuilder) contexts = g_strv_builder_new();
	const struct lds_attribute *a;

	/* AD has more than one; this is where people are. */
	a = lds_find(root, "defaultNamingContext");
	if (a == NULL)
		a = lds_find(root, "namingContexts");
	for (guint i = 0; a && i < a->values->len; i++) {
		g_autofree char *text = lds_text_of(a, i);

		g_strv_builder_add(contexts, text);
	}
	lds->contexts = g_strv_builder_end(contexts);
	a = lds_find(root, "subschemaSubentry");
	lds->schema_dn = a && a->values->len > 0 ? lds_text_of(a, 0) : NULL;
	a = lds_find(root, "supportedCapabilities");
	for (guint i = 0; a && i < a->values->len; i++) {
		g_autofree char *text = lds_text_of(a, i);

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
	lds_schema_clear(lds);
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
		return lds_trouble(lds, rc, "the search", lds->base, error);
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
		   : lds_trouble(lds, rc, "comparing", dn, error);
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
