#include "directory/entry.h"

#include "directory/dn.h"

#include <string.h>

/* What refers to other entries: migration-files.md appendix B, destinations.md
 * 5.1. */
const char *const entry_links[] = {"Member", "Owner", "Alt-Recipient",
    "Auth-Orig", "Unauth-Orig", "DL-Mem-Submit-Perms", "DL-Mem-Reject-Perms",
    "Public-Delegates", "Manager", NULL};

const char *entry_class_name(enum recipient_class class)
{
	static const char *const names[] = {[RECIPIENT_MAILBOX] = "mailbox",
	    [RECIPIENT_CONTACT] = "contact",
	    [RECIPIENT_LIST] = "list"};

	return names[class];
}

bool
entry_is_link(const char *name)
{
	for (guint i = 0; entry_links[i]; i++)
		if (g_ascii_strcasecmp(entry_links[i], name) == 0)
			return true;
	return false;
}

static void
attribute_free(void *data)
{
	struct entry_attribute *attribute = data;

	g_free(attribute->name);
	g_ptr_array_unref(attribute->values);
	g_free(attribute);
}

static struct entry_attribute *
attribute_new(const char *name)
{
	struct entry_attribute *attribute = g_new0(struct entry_attribute, 1);

	attribute->name = g_strdup(name);
	attribute->values = g_ptr_array_new_with_free_func(g_free);
	return attribute;
}

static struct entry_attribute *
attribute_copy(const struct entry_attribute *from)
{
	struct entry_attribute *copy = attribute_new(from->name);

	copy->binary = from->binary;
	for (guint i = 0; i < from->values->len; i++)
		g_ptr_array_add(copy->values, g_strdup(from->values->pdata[i]));
	return copy;
}

Entry *entry_new(enum recipient_class class)
{
	Entry *entry = g_new0(Entry, 1);

	entry->class = class;
	entry->attributes = g_ptr_array_new_with_free_func(attribute_free);
	return entry;
}

void
entry_free(Entry *entry)
{
	if (entry == NULL)
		return;
	g_free(entry->id);
	g_ptr_array_unref(entry->attributes);
	g_clear_pointer(&entry->deletes, g_ptr_array_unref);
	g_free(entry);
}

Entry *
entry_copy(const Entry *entry)
{
	Entry *copy = entry_new(entry->class);

	copy->mode = entry->mode;
	copy->account_only = entry->account_only;
	copy->line = entry->line;
	copy->id = g_strdup(entry->id);
	for (guint i = 0; i < entry->attributes->len; i++)
		g_ptr_array_add(copy->attributes,
		    attribute_copy(entry->attributes->pdata[i]));
	if (entry->deletes == NULL)
		return copy;
	copy->deletes = g_ptr_array_new_with_free_func(attribute_free);
	for (guint i = 0; i < entry->deletes->len; i++)
		g_ptr_array_add(
		    copy->deletes, attribute_copy(entry->deletes->pdata[i]));
	return copy;
}

char *
entry_fold(const char *text)
{
	g_autofree char *nfc = g_utf8_normalize(text, -1, G_NORMALIZE_NFC);

	return g_utf8_casefold(nfc ? nfc : text, -1);
}

static bool
same(const char *a, const char *b)
{
	g_autofree char *x = NULL, *y = NULL;

	if (strcmp(a, b) == 0)
		return true;
	x = entry_fold(a);
	y = entry_fold(b);
	return strcmp(x, y) == 0;
}

struct entry_attribute *
entry_find(const Entry *entry, const char *name)
{
	for (guint i = 0; i < entry->attributes->len; i++) {
		struct entry_attribute *attribute = entry->attributes->pdata[i];

		if (g_ascii_strcasecmp(attribute->name, name) == 0)
			return attribute;
	}
	return NULL;
}

const char *
entry_get(const Entry *entry, const char *name)
{
	const struct entry_attribute *attribute = entry_find(entry, name);

	return attribute && attribute->values->len > 0
		   ? attribute->values->pdata[0]
		   : NULL;
}

static bool
find_value(
    const struct entry_attribute *attribute, const char *value, guint *at)
{
	bool link = entry_is_link(attribute->name);
	g_autofree char *folded = link ? dn_fold(value) : NULL;

	for (guint i = 0; i < attribute->values->len; i++) {
		const char *have = attribute->values->pdata[i];
		g_autofree char *other = folded ? dn_fold(have) : NULL;

		if (folded ? g_strcmp0(folded, other) == 0
			   : same(have, value)) {
			*at = i;
			return true;
		}
	}
	return false;
}

bool
entry_has(const Entry *entry, const char *name, const char *value)
{
	const struct entry_attribute *attribute = entry_find(entry, name);
	guint at;

	return attribute && find_value(attribute, value, &at);
}

static struct entry_attribute *
need(Entry *entry, const char *name)
{
	struct entry_attribute *attribute = entry_find(entry, name);

	if (attribute == NULL) {
		attribute = attribute_new(name);
		g_ptr_array_add(entry->attributes, attribute);
	}
	return attribute;
}

void
entry_set(Entry *entry, const char *name, const char *value)
{
	struct entry_attribute *attribute = entry_find(entry, name);

	if (value == NULL) {
		if (attribute)
			g_ptr_array_remove(entry->attributes, attribute);
		return;
	}
	attribute = need(entry, name);
	attribute->binary = false;
	g_ptr_array_set_size(attribute->values, 0);
	g_ptr_array_add(attribute->values, g_strdup(value));
}

bool
entry_add(Entry *entry, const char *name, const char *value)
{
	struct entry_attribute *attribute = need(entry, name);
	guint at;

	/* A list of ten thousand is not searched ten thousand times: its
	 * reader drops doubles itself. */
	if (find_value(attribute, value, &at))
		return false;
	g_ptr_array_add(attribute->values, g_strdup(value));
	return true;
}

bool
entry_remove(Entry *entry, const char *name, const char *value)
{
	struct entry_attribute *attribute = entry_find(entry, name);
	guint at;

	if (attribute == NULL || !find_value(attribute, value, &at))
		return false;
	g_ptr_array_remove_index(attribute->values, at);
	if (attribute->values->len == 0)
		g_ptr_array_remove(entry->attributes, attribute);
	return true;
}

void
entry_put(Entry *entry, const struct entry_attribute *attribute)
{
	struct entry_attribute *copy = attribute_copy(attribute);

	entry_set(entry, attribute->name, NULL);
	g_ptr_array_add(entry->attributes, copy);
}

bool
entry_address_ok(const char *text)
{
	const char *colon = strchr(text, ':');

	if (colon == NULL || colon == text || colon - text > ENTRY_TYPE_MAX ||
	    colon[1] == '\0')
		return false;
	for (const char *p = text; p < colon; p++)
		if (!g_ascii_isalnum(*p))
			return false;
	return true;
}

static gsize
type_len(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon ? (gsize)(colon - text) : 0;
}

/* Digits ("X400") have no case. */
bool
entry_is_primary(const char *text)
{
	for (gsize i = 0; i < type_len(text); i++)
		if (g_ascii_islower(text[i]))
			return false;
	return true;
}

static void
set_case(char *text, bool capitals)
{
	for (gsize i = 0, n = type_len(text); i < n; i++)
		text[i] = capitals ? g_ascii_toupper(text[i])
				   : g_ascii_tolower(text[i]);
}

const char *
entry_primary(const Entry *entry, const char *type)
{
	const struct entry_attribute *attribute =
	    entry_find(entry, "Proxy-Addresses");
	gsize n = strlen(type);

	for (guint i = 0; attribute && i < attribute->values->len; i++) {
		const char *value = attribute->values->pdata[i];

		if (type_len(value) == n && entry_is_primary(value) &&
		    g_ascii_strncasecmp(value, type, n) == 0)
			return value + n + 1;
	}
	return NULL;
}

bool
entry_has_address(const Entry *entry, const char *text)
{
	return entry_has(entry, "Proxy-Addresses", text);
}

bool
entry_add_address(Entry *entry, const char *text, bool primary)
{
	struct entry_attribute *attribute = need(entry, "Proxy-Addresses");
	gsize n = type_len(text);
	bool found = false, changed = false;

	for (guint i = 0; i < attribute->values->len; i++) {
		char *value = attribute->values->pdata[i];
		bool was = entry_is_primary(value);

		if (same(value, text)) {
			found = true;
			if (primary && !was) {
				set_case(value, true);
				changed = true;
			}
		} else if (primary && was && type_len(value) == n &&
			   g_ascii_strncasecmp(value, text, n) == 0) {
			set_case(value, false);
			changed = true;
		}
	}
	if (!found) {
		char *value = g_strdup(text);

		set_case(value, primary);
		g_ptr_array_add(attribute->values, value);
		changed = true;
	}
	return changed;
}

const char *
entry_title(const Entry *entry)
{
	const char *text = entry_get(entry, "Display-Name");

	if (text == NULL)
		text = entry_get(entry, "Common-Name");
	return text ? text : entry->id ? entry->id : "(no name)";
}

static void
take_values(Entry *entry, const struct attribute *from, const char *container,
    const char *base)
{
	bool proxies = strcmp(from->name, "Proxy-Addresses") == 0;
	bool secondary = strcmp(from->name, "Secondary-Proxy-Addresses") == 0;
	bool link = entry_is_link(from->name);
	g_autoptr(GHashTable) seen = NULL;
	struct entry_attribute *to;

	for (guint i = 0; (proxies || secondary) && from->values[i]; i++)
		entry_add_address(entry, from->values[i], proxies);
	if (proxies || secondary)
		return;
	to = need(entry, from->name);
	seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; from->values[i]; i++) {
		g_autofree char *dn =
		    link ? dn_from_path(from->values[i], container, base)
			 : NULL;
		const char *value = dn ? dn : from->values[i];

		if (g_hash_table_add(seen, entry_fold(value)))
			g_ptr_array_add(to->values, g_strdup(value));
	}
}

Entry *
entry_from_recipient(
    const struct recipient *recipient, const char *container, const char *base)
{
	Entry *entry = entry_new(recipient->class);
	const char *where;
	g_autofree char *place = NULL;

	entry->mode = recipient->mode;
	for (guint i = 0; i < recipient->n_attributes; i++)
		if (strcmp(recipient->attributes[i].name, "Obj-Container") == 0)
			entry_set(entry, "Obj-Container",
			    recipient->attributes[i].values[0]);
	where = entry_get(entry, "Obj-Container");
	if (where)
		place = strchr(where, '=') && strchr(where, '/') == NULL
			    ? g_strdup(where)
			    : dn_from_path(where, base, base);
	entry_set(entry, "Obj-Container", place ? place : container);
	for (guint i = 0; i < recipient->n_attributes; i++)
		if (strcmp(recipient->attributes[i].name, "Obj-Container") != 0)
			take_values(
			    entry, &recipient->attributes[i], container, base);
	return entry;
}

void
entry_delete(Entry *entry, const char *name, const char *value,
    const char *container, const char *base)
{
	struct entry_attribute *a;
	g_autofree char *dn = NULL;

	if (strcmp(name, "Secondary-Proxy-Addresses") == 0)
		name = "Proxy-Addresses";
	if (*value && entry_is_link(name))
		dn = dn_from_path(value, container, base);
	if (entry->deletes == NULL)
		entry->deletes = g_ptr_array_new_with_free_func(attribute_free);
	a = attribute_new(name);
	if (*value)
		g_ptr_array_add(a->values, g_strdup(dn ? dn : value));
	g_ptr_array_add(entry->deletes, a);
}

/* All addresses of a type; "": all. The primary one of SMTP stays: a recipient
 * without any is nobody's. */
static void
delete_addresses(Entry *entry, const char *type)
{
	struct entry_attribute *a = entry_find(entry, "Proxy-Addresses");

	for (guint i = a ? a->values->len : 0; i-- > 0;) {
		const char *value = a->values->pdata[i];
		bool match = *type == '\0' || g_ascii_strncasecmp(value, type,
						  strlen(type)) == 0;

		if (match && !(*type == '\0' && entry_is_primary(value)))
			g_ptr_array_remove_index(a->values, i);
	}
}

static void
apply_delete(Entry *entry, const struct entry_attribute *a)
{
	const char *value = a->values->len > 0 ? a->values->pdata[0] : "";
	bool proxies = strcmp(a->name, "Proxy-Addresses") == 0;

	if (proxies && (*value == '\0' || g_str_has_suffix(value, ":")))
		delete_addresses(entry, value);
	else if (*value == '\0')
		entry_set(entry, a->name, NULL);
	else
		entry_remove(entry, a->name, value);
}

void
entry_apply(Entry *entry, const Entry *row)
{
	for (guint i = 0; row->deletes && i < row->deletes->len; i++)
		apply_delete(entry, row->deletes->pdata[i]);
	for (guint i = 0; i < row->attributes->len; i++) {
		const struct entry_attribute *a = row->attributes->pdata[i];

		if (strcmp(a->name, "Obj-Container") == 0 ||
		    strcmp(a->name, "Common-Name") == 0)
			continue; /* what it is called stays */
		if (strcmp(a->name, "Proxy-Addresses") == 0)
			for (guint j = 0; j < a->values->len; j++)
				entry_add_address(entry, a->values->pdata[j],
				    entry_is_primary(a->values->pdata[j]));
		else if (entry_is_link(a->name))
			for (guint j = 0; j < a->values->len; j++)
				entry_add(entry, a->name, a->values->pdata[j]);
		else
			entry_put(entry, a);
	}
}

#define BYTES_TYPE "(ibsa(sbas))"

GBytes *
entry_to_bytes(const Entry *entry)
{
	GVariantBuilder all;
	g_autoptr(GVariant) bytes = NULL;

	g_variant_builder_init(&all, G_VARIANT_TYPE("a(sbas)"));
	for (guint i = 0; i < entry->attributes->len; i++) {
		const struct entry_attribute *a = entry->attributes->pdata[i];

		g_variant_builder_open(&all, G_VARIANT_TYPE("(sbas)"));
		g_variant_builder_add(&all, "s", a->name);
		g_variant_builder_add(&all, "b", a->binary);
		g_variant_builder_open(&all, G_VARIANT_TYPE("as"));
		for (guint j = 0; j < a->values->len; j++)
			g_variant_builder_add(
			    &all, "s", (char *)a->values->pdata[j]);
		g_variant_builder_close(&all);
		g_variant_builder_close(&all);
	}
	bytes =
	    g_variant_ref_sink(g_variant_new(BYTES_TYPE, (gint32)entry->class,
		entry->account_only, entry->id ? entry->id : "", &all));
	return g_variant_get_data_as_bytes(bytes);
}

Entry *
entry_from_bytes(const void *data, gsize len)
{
	g_autoptr(GBytes) bytes = g_bytes_new(data, len);
	g_autoptr(GVariant) all = g_variant_ref_sink(
	    g_variant_new_from_bytes(G_VARIANT_TYPE(BYTES_TYPE), bytes, FALSE));
	GVariantIter *iter, *values;
	const char *id, *name, *value;
	gboolean account_only, binary;
	gint32 class;
	Entry *entry;

	g_variant_get(all, "(ib&sa(sbas))", &class, &account_only, &id, &iter);
	entry = entry_new(class >= 0 && class <= RECIPIENT_LIST
			      ? (enum recipient_class) class
			      : RECIPIENT_MAILBOX);
	entry->account_only = account_only;
	entry->id = *id ? g_strdup(id) : NULL;
	while (g_variant_iter_next(iter, "(&sbas)", &name, &binary, &values)) {
		struct entry_attribute *a = attribute_new(name);

		a->binary = binary;
		while (g_variant_iter_next(values, "&s", &value))
			g_ptr_array_add(a->values, g_strdup(value));
		g_ptr_array_add(entry->attributes, a);
		g_variant_iter_free(values);
	}
	g_variant_iter_free(iter);
	return entry;
}

bool
entry_equal(const Entry *a, const Entry *b)
{
	if (a->class != b->class || a->attributes->len != b->attributes->len)
		return false;
	for (guint i = 0; i < a->attributes->len; i++) {
		const struct entry_attribute *x = a->attributes->pdata[i];
		const struct entry_attribute *y = entry_find(b, x->name);

		if (y == NULL || x->values->len != y->values->len)
			return false;
		for (guint j = 0; j < x->values->len; j++)
			if (strcmp(x->values->pdata[j], y->values->pdata[j]) !=
			    0)
				return false;
	}
	return true;
}
