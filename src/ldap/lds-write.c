#include "ldap/lds-private.h"

#include <string.h>

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
				  : lds_trouble(lds, rc, "adding", dn, error);
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
	if (n == 1 && changes[0].attribute->values->len == 1 &&
	    (rc == LDAP_TYPE_OR_VALUE_EXISTS || rc == LDAP_NO_SUCH_ATTRIBUTE ||
		(lds->ad && rc == LDAP_ALREADY_EXISTS)))
		return ST_THERE;
	return rc == LDAP_SUCCESS ? ST_OK
				  : lds_trouble(lds, rc, "changing", dn, error);
}

enum status
lds_delete(Lds *lds, const char *dn, GError **error)
{
	int rc = ldap_delete_ext_s(lds->ld, dn, NULL, NULL);

	return rc == LDAP_SUCCESS ? ST_OK
				  : lds_trouble(lds, rc, "deleting", dn, error);
}
