#include "directory/wire.h"

#include "directory/schema.h"

#include <string.h>

#define ACCOUNT_NORMAL	 "512" /* userAccountControl: [MS-ADTS] 2.2.16 */
#define ACCOUNT_DISABLED "514"
#define GROUP_UNIVERSAL	 "8" /* groupType: a universal distribution group */

static const char *const ad_user[] = {
    "top", "person", "organizationalPerson", "user", NULL};
static const char *const ad_contact[] = {
    "top", "person", "organizationalPerson", "contact", NULL};
static const char *const ad_group[] = {"top", "group", NULL};
static const char *const ol_user[] = {
    "top", "person", "organizationalPerson", "user", "mailRecipient", NULL};
static const char *const ol_contact[] = {
    "top", "person", "organizationalPerson", "contact", "mailRecipient", NULL};
static const char *const ol_group[] = {"top", "group", "mailRecipient", NULL};
static const char *const io_person[] = {
    "top", "person", "organizationalPerson", "inetOrgPerson", NULL};
static const char *const io_group[] = {"top", "groupOfNames", NULL};

const struct wire_profile wire_ad = {
    .classes = {ad_user, ad_contact, ad_group},
    .proxies = true,
    .active_directory = true,
    .group_member = "member",
};
const struct wire_profile wire_openldap = {
    .classes = {ol_user, ol_contact, ol_group},
    .proxies = true,
    .group_member = "member",
};
const struct wire_profile wire_inetorg = {
    .classes = {io_person, io_person, io_group},
    .group_member = "member",
};

static void
attribute_free(void *data)
{
	struct entry_attribute *attribute = data;

	g_free(attribute->name);
	g_ptr_array_unref(attribute->values);
	g_free(attribute);
}

GPtrArray *
wire_attributes_new(void)
{
	return g_ptr_array_new_with_free_func(attribute_free);
}

static struct entry_attribute *
find(const GPtrArray *attributes, const char *name)
{
	for (guint i = 0; i < attributes->len; i++) {
		struct entry_attribute *a = attributes->pdata[i];

		if (g_ascii_strcasecmp(a->name, name) == 0)
			return a;
	}
	return NULL;
}

struct entry_attribute *
wire_attribute(GPtrArray *attributes, const char *name)
{
	struct entry_attribute *a = find(attributes, name);

	if (a == NULL) {
		a = g_new0(struct entry_attribute, 1);
		a->name = g_strdup(name);
		a->values = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(attributes, a);
	}
	return a;
}

void
wire_add(GPtrArray *attributes, const char *name, const void *data, gsize len)
{
	struct entry_attribute *a = wire_attribute(attributes, name);
	bool text = g_utf8_validate_len(data, len, NULL);

	if (a->binary || (!text && a->values->len == 0)) {
		a->binary = true;
		g_ptr_array_add(a->values, g_base64_encode(data, len));
		return;
	}
	if (!text) { /* all values of one attribute are kept alike */
		for (guint i = 0; i < a->values->len; i++) {
			char *old = a->values->pdata[i];

			a->values->pdata[i] =
			    g_base64_encode((guint8 *)old, strlen(old));
			g_free(old);
		}
		a->binary = true;
		g_ptr_array_add(a->values, g_base64_encode(data, len));
		return;
	}
	g_ptr_array_add(a->values, g_strndup(data, len));
}

guint8 *
wire_octets(const struct entry_attribute *attribute, guint i, gsize *len)
{
	const char *value = attribute->values->pdata[i];

	if (attribute->binary)
		return g_base64_decode(value, len);
	*len = strlen(value);
	return (guint8 *)g_strdup(value);
}

static const char *
first(const GPtrArray *attributes, const char *name)
{
	const struct entry_attribute *a = find(attributes, name);

	return a && a->values->len > 0 && !a->binary ? a->values->pdata[0]
						     : NULL;
}

/* Attributes that are made of others here. */
static bool
is_address(const char *name)
{
	static const char *const names[] = {"mail", "proxyAddresses",
	    "mailAlternateAddress", "mailLocalAddress", NULL};

	for (guint i = 0; names[i]; i++)
		if (g_ascii_strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

static void
take_addresses(Entry *entry, const GPtrArray *attributes)
{
	static const char *const others[] = {
	    "mailAlternateAddress", "mailLocalAddress"};
	const struct entry_attribute *a = find(attributes, "proxyAddresses");
	const char *mail = first(attributes, "mail");

	if (a && !a->binary) {
		struct entry_attribute copy = *a;

		copy.name = (char *)"Proxy-Addresses";
		entry_put(entry, &copy);
	}
	if (mail && entry_primary(entry, "SMTP") == NULL) {
		g_autofree char *text = g_strconcat("SMTP:", mail, NULL);

		entry_add_address(entry, text, true);
	}
	for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
		a = find(attributes, others[i]);
		for (guint j = 0; a && !a->binary && j < a->values->len; j++) {
			const char *value = a->values->pdata[j];
			g_autofree char *text =
			    g_strconcat("smtp:", value, NULL);

			entry_add_address(entry, text, false);
		}
	}
}

static void
take(Entry *entry, const struct entry_attribute *from)
{
	const struct schema_row *row = schema_by_ldap(from->name);
	struct entry_attribute copy = *from;

	if (g_ascii_strcasecmp(from->name, "uniqueMember") == 0)
		copy.name = (char *)"Member";
	else if (row && row->name)
		copy.name = (char *)row->name;
	entry_put(entry, &copy);
	if (row && row->yes_no) {
		const char *value = entry_get(entry, row->name);

		entry_set(entry, row->name,
		    value && g_ascii_strcasecmp(value, "TRUE") == 0 ? "1"
								    : "0");
	}
}

Entry *
wire_to_entry(const char *dn, const GPtrArray *attributes)
{
	const struct entry_attribute *classes = find(attributes, "objectClass");
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	struct schema_signs signs = {
	    .mail = first(attributes, "mail") ||
		    first(attributes, "proxyAddresses") ||
		    first(attributes, "mailNickname") ||
		    first(attributes, "homeMDB"),
	    .target = first(attributes, "targetAddress") &&
		      first(attributes, "homeMDB") == NULL};
	enum recipient_class class;
	bool account_only;
	const char *uid = first(attributes, "uid");
	const char *group_type = first(attributes, "groupType");
	Entry *entry;

	for (guint i = 0; classes && i < classes->values->len; i++)
		g_ptr_array_add(names, classes->values->pdata[i]);
	g_ptr_array_add(names, NULL);
	signs.classes = (const char *const *)names->pdata;
	if (!schema_class(&signs, &class, &account_only))
		return NULL;
	entry = entry_new(class);
	/* A group of AD without mail that only gives rights (groupType has its
	 * highest bit: [MS-ADTS] 2.2.12) is no list of mail. */
	entry->account_only =
	    account_only &&
	    (class != RECIPIENT_LIST || (group_type && *group_type == '-'));
	entry->id = g_strdup(dn);
	for (guint i = 0; i < attributes->len; i++) {
		const struct entry_attribute *a = attributes->pdata[i];

		if (a->values->len > 0 && !is_address(a->name))
			take(entry, a);
	}
	take_addresses(entry, attributes);
	/* An Internet directory: uid is the alias (wizard.md 6.5). */
	if (uid && entry_get(entry, "Mail-nickname") == NULL &&
	    find(attributes, "proxyAddresses") == NULL)
		entry_set(entry, "Mail-nickname", uid);
	return entry;
}

static bool
allowed(const struct wire_profile *profile, const char *const *classes,
    const char *name)
{
	return profile->allows == NULL ||
	       profile->allows(profile->ctx, classes, name);
}

static void
set(GPtrArray *out, const char *name, const char *value)
{
	wire_add(out, name, value, strlen(value));
}

static void
put_addresses(const Entry *entry, const struct wire_profile *profile,
    const char *const *classes, GPtrArray *out, GPtrArray *left_out)
{
	const struct entry_attribute *a = entry_find(entry, "Proxy-Addresses");
	const char *primary = entry_primary(entry, "SMTP");
	const char *target = entry_get(entry, "Target-Address");
	bool others = allowed(profile, classes, "mailAlternateAddress") &&
		      profile->allows != NULL;

	if (primary == NULL && target &&
	    g_ascii_strncasecmp(target, "SMTP:", 5) == 0)
		primary = target + 5;
	if (primary && allowed(profile, classes, "mail"))
		set(out, "mail", primary);
	for (guint i = 0; a && i < a->values->len; i++) {
		const char *value = a->values->pdata[i];
		bool smtp = g_ascii_strncasecmp(value, "smtp:", 5) == 0;

		if (profile->proxies)
			set(out, "proxyAddresses", value);
		else if (smtp && primary &&
			 g_ascii_strcasecmp(value + 5, primary) == 0)
			continue;
		else if (smtp && others)
			set(out, "mailAlternateAddress", value + 5);
		else if (left_out)
			g_ptr_array_add(left_out, g_strdup("Proxy-Addresses"));
	}
	/* AD without Exchange's schema has proxyAddresses and no
	 * targetAddress: the address is not lost. */
	if (target && profile->proxies &&
	    !allowed(profile, classes, "targetAddress") &&
	    !entry_has_address(entry, target))
		set(out, "proxyAddresses", target);
}

static void
put_password(
    const Entry *entry, const struct wire_profile *profile, GPtrArray *out)
{
	const char *password = entry_get(entry, WIRE_PASSWORD);
	g_autofree char *quoted = NULL, *wide = NULL;
	gsize len;

	if (entry->class != RECIPIENT_MAILBOX)
		return;
	if (profile->active_directory) {
		if (entry_get(entry, "userAccountControl") == NULL)
			set(out, "userAccountControl",
			    password ? ACCOUNT_NORMAL : ACCOUNT_DISABLED);
		if (password == NULL)
			return;
		/* [MS-ADTS] 3.1.1.3.1.5.1: in quotation marks, UTF-16 */
		quoted = g_strconcat("\"", password, "\"", NULL);
		wide = g_convert(
		    quoted, -1, "UTF-16LE", "UTF-8", NULL, &len, NULL);
		if (wide) {
			struct entry_attribute *a =
			    wire_attribute(out, "unicodePwd");

			a->binary = true;
			g_ptr_array_add(
			    a->values, g_base64_encode((guint8 *)wide, len));
		}
	} else if (password)
		set(out, "userPassword", password);
}

const char *
wire_name(const char *name, const struct wire_profile *profile)
{
	const struct schema_row *row = schema_by_name(name);

	if (row && strcmp(row->name, "Member") == 0)
		return profile->group_member;
	/* What AD's own tools show as the street is another attribute. */
	if (row && profile->active_directory &&
	    strcmp(row->ldap, "street") == 0)
		return "streetAddress";
	return row ? row->ldap : name;
}

static void
put(const struct entry_attribute *from, const struct wire_profile *profile,
    const char *const *classes, GPtrArray *out, GPtrArray *left_out)
{
	const struct schema_row *row = schema_by_name(from->name);
	const struct schema_row *other =
	    row ? NULL : schema_by_ldap(from->name);
	const char *ldap = wire_name(from->name, profile);
	struct entry_attribute *to;

	if ((other && other->read_only) ||
	    (profile->is_own && profile->is_own(profile->ctx, ldap)))
		return;
	if (!allowed(profile, classes, ldap)) {
		if (left_out && strcmp(ldap, "targetAddress") != 0)
			g_ptr_array_add(left_out, g_strdup(from->name));
		return;
	}
	to = wire_attribute(out, ldap);
	to->binary = from->binary;
	for (guint i = 0; i < from->values->len; i++) {
		const char *value = from->values->pdata[i];

		if (row && row->yes_no)
			value = strcmp(value, "0") == 0 ||
					g_ascii_strcasecmp(value, "FALSE") == 0
				    ? "FALSE"
				    : "TRUE";
		g_ptr_array_add(to->values, g_strdup(value));
	}
}

/* Names that are not attributes there, or are dealt with apart. */
static bool
is_ours(const char *name)
{
	static const char *const names[] = {"objectClass", "Proxy-Addresses",
	    "Obj-Container", "Obj-Admins", "Obj-Perm-Admins", "Obj-Users",
	    "Obj-Search", WIRE_PASSWORD, NULL};

	for (guint i = 0; names[i]; i++)
		if (g_ascii_strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

GPtrArray *
wire_from_entry(
    const Entry *entry, const struct wire_profile *profile, GPtrArray *left_out)
{
	GPtrArray *out = wire_attributes_new();
	const struct entry_attribute *own = entry_find(entry, "objectClass");
	g_autoptr(GPtrArray) classes = g_ptr_array_new();
	const char *name = entry_get(entry, "Common-Name");
	const char *account = entry_get(entry, "Assoc-NT-Account");
	const char *const *list;

	for (guint i = 0; own && i < own->values->len; i++)
		g_ptr_array_add(classes, own->values->pdata[i]);
	for (guint i = 0; own == NULL && profile->classes[entry->class][i]; i++)
		g_ptr_array_add(
		    classes, (char *)profile->classes[entry->class][i]);
	for (guint i = 0; i < classes->len; i++)
		set(out, "objectClass", classes->pdata[i]);
	g_ptr_array_add(classes, NULL);
	list = (const char *const *)classes->pdata;
	for (guint i = 0; i < entry->attributes->len; i++) {
		const struct entry_attribute *a = entry->attributes->pdata[i];
		const char *value =
		    a->values->len > 0 ? a->values->pdata[0] : "";

		/* "~Server" is a place where the importer chooses (7.6). */
		if (is_ours(a->name) ||
		    g_ascii_strcasecmp(value, "~Server") == 0)
			continue;
		put(a, profile, list, out, left_out);
	}
	put_addresses(entry, profile, list, out, left_out);
	/* Persons must have a surname (RFC 4519 3.12), and 7.5. */
	if (entry->class != RECIPIENT_LIST && name && find(out, "sn") == NULL)
		set(out, "sn", name);
	/* A log-in is theirs alone who log in: a contact has none. */
	put_password(entry, profile, out);
	if (profile->domain && account && entry->class == RECIPIENT_MAILBOX &&
	    find(out, "userPrincipalName") == NULL) {
		g_autofree char *upn =
		    g_strconcat(account, "@", profile->domain, NULL);

		set(out, "userPrincipalName", upn);
	}
	if (entry->class == RECIPIENT_LIST && find(out, "groupType") == NULL &&
	    profile->proxies && allowed(profile, list, "groupType"))
		set(out, "groupType", GROUP_UNIVERSAL);
	return out;
}
