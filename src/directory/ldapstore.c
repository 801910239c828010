/*
 * The store in an LDAP server: OpenLDAP or Active Directory with Exchange's
 * attributes, or an Internet directory (inetOrgPerson). Which of them it is, is
 * read from the server itself (TN03 aa995747), not asked.
 */
#include "directory/dn.h"
#include "directory/schema.h"
#include "directory/store.h"
#include "directory/wire.h"
#include "ldap/lds.h"

#include <string.h>

struct ldap_store {
	struct store_base base;
	Lds *lds;
	struct wire_profile profile;
	char *domain;
};

static const struct option options[] = {
    {"base", OPTION_TEXT, NULL, NULL, "everything is below this name"},
    {"mailboxes", OPTION_TEXT, NULL, NULL, "container of new mailboxes"},
    {"contacts", OPTION_TEXT, NULL, NULL, "container of new contacts"},
    {"lists", OPTION_TEXT, NULL, NULL, "container of new lists"},
    {"tls", OPTION_CHOICE, "auto", "auto|starttls|no",
	"StartTLS; auto: unless it stays on this machine"},
    {"ca", OPTION_TEXT, NULL, NULL, "file of trusted certificates"},
    {"domain", OPTION_TEXT, NULL, NULL, "of userPrincipalName"},
    {NULL},
};

static const char any_recipient[] =
    "(|(objectClass=person)(objectClass=group)(objectClass=contact)"
    "(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)"
    "(objectClass=inetOrgPerson)(objectClass=MDaemonUser))";

static void ldap_store_close(Store *store);

static bool
allows(void *ctx, const char *const *classes, const char *name)
{
	struct ldap_store *ls = ctx;

	return lds_allows(ls->lds, classes, name);
}

static bool
is_own(void *ctx, const char *name)
{
	return lds_is_own(((struct ldap_store *)ctx)->lds, name);
}

/* Which classes and attributes this server has for people. */
static void
choose_profile(struct ldap_store *ls)
{
	Lds *lds = ls->lds;

	if (lds_is_active_directory(lds))
		ls->profile = wire_ad;
	else if (lds_knows_class(lds, "user") &&
		 lds_knows_attribute(lds, "proxyAddresses"))
		ls->profile = lds_knows_class(lds, "mailRecipient")
				  ? wire_openldap
				  : wire_ad;
	else
		ls->profile = wire_inetorg;
	if (!lds_is_active_directory(lds))
		ls->profile.active_directory = false;
	ls->profile.proxies = lds_knows_attribute(lds, "proxyAddresses");
	ls->profile.allows = allows;
	ls->profile.is_own = is_own;
	ls->profile.ctx = ls;
	ls->profile.domain = ls->domain;
	ls->base.profile = &ls->profile;
}

static enum status
search(struct ldap_store *ls, const char *base, bool one, const char *filter,
    GError **error)
{
	return lds_search(ls->lds, base, one, filter, error);
}

static bool
is_there(struct ldap_store *ls, const char *dn)
{
	g_autoptr(GPtrArray) attributes = NULL;
	g_autofree char *name = NULL;

	return search(ls, dn, true, "(objectClass=*)", NULL) == ST_OK &&
	       lds_next(ls->lds, &name, &attributes, NULL) == ST_OK;
}

/* A DN, a path ("Sales/People"), or a name to be found (Q274393). */
static enum status
find_container(
    struct ldap_store *ls, const char *text, char **out, GError **error)
{
	g_autofree char *whole =
	    dn_check(text) ? g_strdup_printf("%s,%s", text, ls->base.base)
			   : NULL;
	g_autofree char *name =
	    lds_escape(strrchr(text, '/') ? strrchr(text, '/') + 1 : text);
	g_autofree char *filter = g_strdup_printf(
	    "(|(ou=%s)(&(cn=%s)(objectClass=container)))", name, name);
	g_autoptr(GString) found = g_string_new(NULL);
	guint n = 0;
	enum status st;

	if (dn_check(text) && is_there(ls, text)) {
		*out = g_strdup(text);
		return ST_OK;
	}
	if (whole && is_there(ls, whole)) {
		*out = g_steal_pointer(&whole);
		return ST_OK;
	}
	st = search(ls, ls->base.base, false, filter, error);
	while (st == ST_OK) {
		g_autoptr(GPtrArray) attributes = NULL;
		g_autofree char *dn = NULL;

		st = lds_next(ls->lds, &dn, &attributes, error);
		if (st != ST_OK)
			break;
		n++;
		g_string_append_printf(found, "%s%s", n > 1 ? "; " : "", dn);
	}
	if (st < 0)
		return ST_RUN;
	if (n == 1) {
		*out = g_strdup(found->str);
		return ST_OK;
	}
	return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
	    "%s: there is no container %s%s%s", store_text((Store *)ls), text,
	    n ? "; it could be one of: " : " below ",
	    n ? found->str : ls->base.base);
}

static enum status
find_containers(struct ldap_store *ls, const Options *opts, GError **error)
{
	static const char *const names[] = {[RECIPIENT_MAILBOX] = "mailboxes",
	    [RECIPIENT_CONTACT] = "contacts",
	    [RECIPIENT_LIST] = "lists"};
	/* What is usual: the test directories, and AD. */
	static const char *const usual[][2] = {
	    [RECIPIENT_MAILBOX] = {"ou=People", "cn=Users"},
	    [RECIPIENT_CONTACT] = {"ou=Contacts", "cn=Users"},
	    [RECIPIENT_LIST] = {"ou=Groups", "cn=Users"}};
	enum status st = ST_OK;

	for (guint i = 0; st == ST_OK && i < G_N_ELEMENTS(names); i++) {
		const char *text = options_text(opts, names[i]);

		if (text) {
			st = find_container(
			    ls, text, &ls->base.containers[i], error);
			continue;
		}
		for (guint k = 0; k < 2 && ls->base.containers[i] == NULL;
		     k++) {
			g_autofree char *dn = g_strdup_printf(
			    "%s,%s", usual[i][k], ls->base.base);

			if (is_there(ls, dn))
				ls->base.containers[i] = g_steal_pointer(&dn);
		}
	}
	return st;
}

static bool
is_local(const char *host)
{
	return host == NULL || strcmp(host, "localhost") == 0 ||
	       strcmp(host, "::1") == 0 || g_str_has_prefix(host, "127.");
}

static enum status
choose_base(
    struct ldap_store *ls, const struct store_where *where, GError **error)
{
	const char *path = where->url->path, *const * contexts;

	if (options_text(where->options, "base"))
		path = options_text(where->options, "base");
	while (path && *path == '/')
		path++;
	contexts = lds_contexts(ls->lds);
	if ((path == NULL || *path == '\0') && contexts[0])
		path = contexts[0];
	if (path == NULL || !dn_check(path))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "directory: what is below which name? write "
		    "ldap://HOST/dc=example,dc=org");
	ls->base.base = g_strdup(path);
	if (is_there(ls, path))
		return ST_OK;
	return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
	    "directory: the server has nothing of the name %s%s%s", path,
	    contexts[0] ? "; it has " : "", contexts[0] ? contexts[0] : "");
}

static enum status
ldap_store_open(Store **out, const struct store_where *where, GError **error)
{
	const struct url *url = where->url;
	const char *tls = options_text(where->options, "tls");
	g_autofree char *uri = g_strdup_printf("%s://%s:%d", url->scheme,
	    url->host ? url->host : "localhost",
	    url->port				? url->port
	    : strcmp(url->scheme, "ldaps") == 0 ? 636
						: 389);
	struct ldap_store *ls = g_new0(struct ldap_store, 1);
	struct lds_params params = {.uri = uri,
	    .local = is_local(url->host),
	    .tls = *tls == 'a'	 ? LDS_TLS_AUTO
		   : *tls == 's' ? LDS_TLS_START
				 : LDS_TLS_NO,
	    .ca_file = options_text(where->options, "ca"),
	    .user = where->user,
	    .password = where->password};
	enum status st;

	*out = NULL;
	ls->base.driver = &store_ldap_driver;
	ls->domain = g_strdup(options_text(where->options, "domain"));
	st = lds_open(&ls->lds, &params, error);
	if (st == ST_OK)
		st = choose_base(ls, where, error);
	if (st == ST_OK) {
		choose_profile(ls);
		st = find_containers(ls, where->options, error);
	}
	if (st < 0) {
		store_close((Store *)ls);
		return st;
	}
	*out = (Store *)ls;
	return ST_OK;
}

static void
ldap_store_close(Store *store)
{
	struct ldap_store *ls = (struct ldap_store *)store;

	lds_close(ls->lds);
	g_free(ls->domain);
	g_free(ls);
}

static GPtrArray *
to_wire(const GPtrArray *from)
{
	GPtrArray *out = wire_attributes_new();

	for (guint i = 0; i < from->len; i++) {
		const struct lds_attribute *a = from->pdata[i];

		for (guint j = 0; j < a->values->len; j++) {
			gsize len;
			const void *data =
			    g_bytes_get_data(a->values->pdata[j], &len);

			wire_add(out, a->name, data ? data : "", len);
		}
	}
	return out;
}

static struct lds_attribute *
from_wire(const struct entry_attribute *from)
{
	struct lds_attribute *a = lds_attribute_new(from->name);

	for (guint i = 0; i < from->values->len; i++) {
		gsize len;
		guint8 *data = wire_octets(from, i, &len);

		g_ptr_array_add(a->values, g_bytes_new_take(data, len));
	}
	return a;
}

static enum status
take_next(struct ldap_store *ls, Entry **out, GError **error)
{
	*out = NULL;
	for (;;) {
		g_autoptr(GPtrArray) attributes = NULL, wire = NULL;
		g_autofree char *dn = NULL;
		enum status st = lds_next(ls->lds, &dn, &attributes, error);

		if (st != ST_OK)
			return st;
		wire = to_wire(attributes);
		*out = wire_to_entry(dn, wire);
		if (*out)
			return ST_OK;
	}
}

static enum status
ldap_store_scan(Store *store, GError **error)
{
	struct ldap_store *ls = (struct ldap_store *)store;

	return search(ls, ls->base.base, false, any_recipient, error);
}

static enum status
ldap_store_next(Store *store, Entry **out, GError **error)
{
	return take_next((struct ldap_store *)store, out, error);
}

static enum status
ldap_store_search(Store *store, enum store_key key, const char *value,
    GPtrArray *out, GError **error)
{
	static const char *const names[] = {[STORE_STAMP] = "importedFrom",
	    [STORE_ADDRESS] = "proxyAddresses",
	    [STORE_ALIAS] = "mailNickname",
	    [STORE_NAME] = "cn",
	    [STORE_DISPLAY] = "displayName",
	    [STORE_ACCOUNT] = "sAMAccountName"};
	struct ldap_store *ls = (struct ldap_store *)store;
	g_autofree char *text = lds_escape(value);
	g_autofree char *filter =
	    key == STORE_ADDRESS
		? g_strdup_printf("(|(proxyAddresses=%s)(targetAddress=%s)"
				  "(mail=%s))",
		      text, text,
		      g_ascii_strncasecmp(text, "smtp:", 5) == 0 ? text + 5
								 : "\\00")
		: g_strdup_printf("(%s=%s)", names[key], text);
	enum status st = search(ls, ls->base.base, false, filter, error);

	while (st == ST_OK) {
		Entry *entry;

		st = take_next(ls, &entry, error);
		if (st == ST_OK)
			g_ptr_array_add(out, entry);
	}
	return st == ST_END ? ST_OK : st;
}

static enum status
ldap_store_read(Store *store, const char *id, Entry **out, GError **error)
{
	struct ldap_store *ls = (struct ldap_store *)store;
	g_autoptr(GError) why = NULL;
	enum status st = search(ls, id, true, "(objectClass=*)", &why);

	*out = NULL;
	if (st == ST_ITEM) /* no such object */
		return ST_END;
	if (st < 0) {
		g_propagate_error(error, g_steal_pointer(&why));
		return st;
	}
	return take_next(ls, out, error);
}

static void
add_link(GPtrArray *out, const char *holder)
{
	struct store_link *link = g_new0(struct store_link, 1);

	link->holder = g_strdup(holder);
	link->attribute = "Member";
	g_ptr_array_add(out, link);
}

/* The entry's own memberOf, where the server keeps it: one read, and no search
 * through everybody. It names lists outside of our base, too. */
static enum status
own_lists(struct ldap_store *ls, const char *id, GPtrArray *out, GError **error)
{
	g_autoptr(GPtrArray) attributes = NULL;
	g_autofree char *dn = NULL;
	enum status st = search(ls, id, true, "(objectClass=*)", error);

	if (st == ST_OK)
		st = lds_next(ls->lds, &dn, &attributes, error);
	for (guint i = 0; st == ST_OK && i < attributes->len; i++) {
		const struct lds_attribute *a = attributes->pdata[i];

		if (g_ascii_strcasecmp(a->name, "memberOf") != 0)
			continue;
		for (guint k = 0; k < a->values->len; k++) {
			gsize len;
			const char *data =
			    g_bytes_get_data(a->values->pdata[k], &len);
			g_autofree char *holder = g_strndup(data, len);

			add_link(out, holder);
		}
	}
	return st == ST_END ? ST_OK : st;
}

/* Lists alone: that somebody is in one is often changed by others meanwhile.
 * To look for every kind of link without an index would read all entries. */
static enum status
ldap_store_links(Store *store, const char *id, GPtrArray *out, GError **error)
{
	struct ldap_store *ls = (struct ldap_store *)store;
	g_autofree char *text = lds_escape(id);
	g_autofree char *filter =
	    g_strdup_printf("(%s=%s)", ls->profile.group_member, text);
	g_autoptr(GPtrArray) holders = g_ptr_array_new_with_free_func(g_free);
	enum status st;

	if (lds_knows_attribute(ls->lds, "memberOf"))
		return own_lists(ls, id, out, error);
	st = lds_names(ls->lds, ls->base.base, filter, holders, error);
	for (guint i = 0; st == ST_OK && i < holders->len; i++)
		add_link(out, holders->pdata[i]);
	return st;
}

static bool
is_link(const struct ldap_store *ls, const char *name)
{
	for (guint i = 0; entry_links[i]; i++)
		if (g_ascii_strcasecmp(
			wire_name(entry_links[i], &ls->profile), name) == 0)
			return true;
	return false;
}

/* Values of a link attribute, as many at a time as a server takes. */
static enum status
put_links(struct ldap_store *ls, const char *dn, const char *name,
    const GPtrArray *values, guint from, enum lds_op op, GError **error)
{
	enum status st = ST_OK;

	while (st >= 0 && from < values->len) {
		struct lds_attribute *a = lds_attribute_new(name);
		struct lds_change change = {op, a};

		for (; from < values->len && a->values->len < STORE_LINKS_MAX;
		     from++) {
			const char *text = values->pdata[from];

			g_ptr_array_add(
			    a->values, g_bytes_new(text, strlen(text)));
		}
		st = lds_modify(ls->lds, dn, &change, 1, error);
		lds_attribute_free(a);
	}
	return st < 0 ? st : ST_OK;
}

static enum status
ldap_store_create(Store *store, Entry *entry, GError **error)
{
	struct ldap_store *ls = (struct ldap_store *)store;
	g_autoptr(GPtrArray) wire = wire_from_entry(entry, &ls->profile, NULL);
	g_autoptr(GPtrArray) attributes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)lds_attribute_free);
	enum status st;

	for (guint i = 0; i < wire->len; i++) {
		const struct entry_attribute *from = wire->pdata[i];
		struct lds_attribute *a = from_wire(from);

		if (a->values->len > STORE_LINKS_MAX && is_link(ls, from->name))
			g_ptr_array_set_size(a->values, STORE_LINKS_MAX);
		g_ptr_array_add(attributes, a);
	}
	st = lds_add(ls->lds, entry->id, attributes, error);
	for (guint i = 0; st == ST_OK && i < wire->len; i++) {
		const struct entry_attribute *from = wire->pdata[i];

		if (is_link(ls, from->name))
			st = put_links(ls, entry->id, from->name, from->values,
			    STORE_LINKS_MAX, LDS_ADD, error);
	}
	return st;
}

static const struct entry_attribute *
find(const GPtrArray *wire, const char *name)
{
	for (guint i = 0; i < wire->len; i++) {
		const struct entry_attribute *a = wire->pdata[i];

		if (g_ascii_strcasecmp(a->name, name) == 0)
			return a;
	}
	return NULL;
}

static bool
equal(const struct entry_attribute *a, const struct entry_attribute *b)
{
	if (a->values->len != b->values->len || a->binary != b->binary)
		return false;
	for (guint i = 0; i < a->values->len; i++)
		if (strcmp(a->values->pdata[i], b->values->pdata[i]) != 0)
			return false;
	return true;
}

/* Those of a that b has not; pointers into a. Either may be NULL. */
static GPtrArray *
without(const struct entry_attribute *a, const struct entry_attribute *b)
{
	GPtrArray *out = g_ptr_array_new();
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; b && i < b->values->len; i++)
		g_hash_table_add(seen, dn_fold(b->values->pdata[i]));
	for (guint i = 0; a && i < a->values->len; i++) {
		g_autofree char *folded = dn_fold(a->values->pdata[i]);

		if (folded && !g_hash_table_contains(seen, folded))
			g_ptr_array_add(out, a->values->pdata[i]);
	}
	return out;
}

/* Of lists only who comes and goes: the others are not sent again, and who is
 * added by somebody else meanwhile stays. */
static enum status
modify_links(struct ldap_store *ls, const char *dn,
    const struct entry_attribute *was, const struct entry_attribute *is,
    GError **error)
{
	const char *name = was ? was->name : is->name;
	g_autoptr(GPtrArray) gone = without(was, is), come = without(is, was);
	enum status st = put_links(ls, dn, name, gone, 0, LDS_DELETE, error);

	return st == ST_OK ? put_links(ls, dn, name, come, 0, LDS_ADD, error)
			   : st;
}

static enum status
ldap_store_modify(
    Store *store, const Entry *old, const Entry *new, GError **error)
{
	struct ldap_store *ls = (struct ldap_store *)store;
	g_autoptr(GPtrArray) from = wire_from_entry(old, &ls->profile, NULL);
	g_autoptr(GPtrArray) to = wire_from_entry(new, &ls->profile, NULL);
	g_autoptr(GPtrArray) attributes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)lds_attribute_free);
	g_autoptr(GArray) changes =
	    g_array_new(FALSE, FALSE, sizeof(struct lds_change));
	enum status st = ST_OK;

	for (guint i = 0; i < to->len; i++) {
		const struct entry_attribute *a = to->pdata[i];
		const struct entry_attribute *was = find(from, a->name);
		struct lds_change change = {LDS_REPLACE, NULL};

		if ((was && equal(was, a)) || is_link(ls, a->name))
			continue;
		g_ptr_array_add(attributes, from_wire(a));
		change.attribute = attributes->pdata[attributes->len - 1];
		g_array_append_val(changes, change);
	}
	for (guint i = 0; i < from->len; i++) {
		const struct entry_attribute *a = from->pdata[i];
		struct lds_change change = {LDS_REPLACE, NULL};

		if (find(to, a->name) || is_link(ls, a->name))
			continue;
		g_ptr_array_add(attributes, lds_attribute_new(a->name));
		change.attribute = attributes->pdata[attributes->len - 1];
		g_array_append_val(changes, change);
	}
	if (changes->len > 0)
		st = lds_modify(ls->lds, old->id,
		    (const struct lds_change *)changes->data, changes->len,
		    error);
	for (guint i = 0; st >= 0 && entry_links[i]; i++) {
		const char *name = wire_name(entry_links[i], &ls->profile);
		const struct entry_attribute *was = find(from, name);
		const struct entry_attribute *is = find(to, name);

		if (was || is)
			st = modify_links(ls, old->id, was, is, error);
	}
	return st;
}

static enum status
ldap_store_remove(Store *store, const char *id, GError **error)
{
	return lds_delete(((struct ldap_store *)store)->lds, id, error);
}

/* These values alone: what others add at the same time stays (Q195911). */
static enum status
ldap_store_link(Store *store, const char *holder, const char *attribute,
    const char *const *targets, guint n, bool add, GError **error)
{
	struct ldap_store *ls = (struct ldap_store *)store;
	struct lds_attribute *a =
	    lds_attribute_new(wire_name(attribute, &ls->profile));
	struct lds_change change = {add ? LDS_ADD : LDS_DELETE, a};
	enum status st;

	for (guint i = 0; i < n; i++)
		g_ptr_array_add(
		    a->values, g_bytes_new(targets[i], strlen(targets[i])));
	st = lds_modify(ls->lds, holder, &change, 1, error);
	lds_attribute_free(a);
	return st;
}

static bool
ldap_store_has_container(Store *store, const char *dn)
{
	struct ldap_store *ls = (struct ldap_store *)store;

	for (guint i = 0; i < G_N_ELEMENTS(ls->base.containers); i++)
		if (g_strcmp0(ls->base.containers[i], dn) == 0)
			return true;
	return is_there(ls, dn);
}

/* Say it before anything is written, not entry by entry (Q240135). */
static const char *
ldap_store_refuses(Store *store, enum recipient_class class)
{
	const struct wire_profile *profile =
	    &((struct ldap_store *)store)->profile;

	return class == RECIPIENT_CONTACT && !profile->proxies
		   ? "this directory has no class for custom recipients"
		   : NULL;
}

static enum status
ldap_store_commit(Store *store, GError **error)
{
	return ST_OK; /* every operation is durable when it is answered */
}

static const char *const schemes[] = {"ldap", "ldaps", NULL};
const struct store_driver store_ldap_driver = {
    .name = "ldap",
    .schemes = schemes,
    .summary = "an LDAP server: Active Directory, OpenLDAP",
    .options = options,
    .remote = true,
    .log_in = true,
    .open = ldap_store_open,
    .scan = ldap_store_scan,
    .next = ldap_store_next,
    .search = ldap_store_search,
    .read = ldap_store_read,
    .links = ldap_store_links,
    .create = ldap_store_create,
    .modify = ldap_store_modify,
    .remove = ldap_store_remove,
    .link = ldap_store_link,
    .has_container = ldap_store_has_container,
    .refuses = ldap_store_refuses,
    .commit = ldap_store_commit,
    .close = ldap_store_close,
};
