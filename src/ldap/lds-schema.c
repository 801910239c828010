#include "ldap/lds-private.h"

#include <ldap_schema.h>
#include <string.h>

static void
class_free(void *data)
{
	ldap_objectclass_free(data);
}

static void
rule_free(void *data)
{
	ldap_contentrule_free(data);
}

void
lds_schema_clear(Lds *lds)
{
	g_clear_pointer(&lds->own, g_hash_table_unref);
	g_clear_pointer(&lds->attributes, g_hash_table_unref);
	g_clear_pointer(&lds->classes, g_hash_table_unref);
	g_clear_pointer(&lds->rules, g_hash_table_unref);
	g_clear_pointer(&lds->class_list, g_ptr_array_unref);
	g_clear_pointer(&lds->rule_list, g_ptr_array_unref);
}

static void
read_rules(Lds *lds, const GPtrArray *schema)
{
	const struct lds_attribute *a = lds_find(schema, "dITContentRules");
	const char *where;
	int code;

	for (guint i = 0; a && i < a->values->len; i++) {
		g_autofree char *text = lds_text_of(a, i);
		LDAPContentRule *rule = ldap_str2contentrule(
		    text, &code, &where, LDAP_SCHEMA_ALLOW_ALL);

		if (rule == NULL)
			continue;
		g_ptr_array_add(lds->rule_list, rule);
		for (int k = 0; rule->cr_names && rule->cr_names[k]; k++)
			g_hash_table_insert(lds->rules,
			    g_ascii_strdown(rule->cr_names[k], -1), rule);
	}
}

static void
read_schema(Lds *lds)
{
	static const char *const names[] = {
	    "attributeTypes", "objectClasses", "dITContentRules", NULL};
	g_autoptr(GPtrArray) schema = NULL;
	const struct lds_attribute *a;
	const char *where;
	int code;

	if (lds->schema_read)
		return;
	lds->schema_read = true;
	lds->own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lds->attributes =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lds->classes =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lds->class_list = g_ptr_array_new_with_free_func(class_free);
	lds->rules =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lds->rule_list = g_ptr_array_new_with_free_func(rule_free);
	if (lds->schema_dn == NULL)
		return;
	schema = lds_read_entry(lds, lds->schema_dn, names);
	a = lds_find(schema, "attributeTypes");
	for (guint i = 0; a && i < a->values->len; i++) {
		g_autofree char *text = lds_text_of(a, i);
		LDAPAttributeType *type = ldap_str2attributetype(
		    text, &code, &where, LDAP_SCHEMA_ALLOW_ALL);

		for (int k = 0; type && type->at_names && type->at_names[k];
		     k++)
			g_hash_table_add(
			    type->at_no_user_mod ? lds->own : lds->attributes,
			    g_ascii_strdown(type->at_names[k], -1));
		if (type)
			ldap_attributetype_free(type);
	}
	read_rules(lds, schema);
	a = lds_find(schema, "objectClasses");
	for (guint i = 0; a && i < a->values->len; i++) {
		g_autofree char *text = lds_text_of(a, i);
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
	       g_hash_table_contains(lds->attributes, key) ||
	       g_hash_table_contains(lds->own, key);
}

bool
lds_is_own(Lds *lds, const char *name)
{
	g_autofree char *key = g_ascii_strdown(name, -1);

	read_schema(lds);
	return g_hash_table_contains(lds->own, key);
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

/* What auxiliary classes of the schema add that no entry names: AD's way of
 * having mail attributes at users (RFC 4512 4.1.6). */
static bool
rule_allows(Lds *lds, const char *class, const char *name)
{
	g_autofree char *key = g_ascii_strdown(class, -1);
	const LDAPContentRule *rule = g_hash_table_lookup(lds->rules, key);

	if (rule == NULL)
		return false;
	if (listed(rule->cr_at_oids_must, name) ||
	    listed(rule->cr_at_oids_may, name))
		return true;
	for (int i = 0; rule->cr_oc_oids_aux && rule->cr_oc_oids_aux[i]; i++)
		if (class_allows(lds, rule->cr_oc_oids_aux[i], name, 0))
			return true;
	return false;
}

bool
lds_allows(Lds *lds, const char *const *classes, const char *name)
{
	read_schema(lds);
	if (g_hash_table_size(lds->classes) == 0)
		return true;
	/* An AD that hides its rules: the server itself will have to say. */
	if (lds->ad && g_hash_table_size(lds->rules) == 0)
		return lds_knows_attribute(lds, name);
	for (guint i = 0; classes[i]; i++)
		if (class_allows(lds, classes[i], name, 0) ||
		    rule_allows(lds, classes[i], name))
			return true;
	return false;
}
