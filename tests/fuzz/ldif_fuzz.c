#include "directory/dn.h"
#include "directory/ldif.h"
#include "directory/wire.h"
#include "dirfile_fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

/* As a store in a file writes it and reads it again. */
static Entry *
written_and_read(const Entry *entry, const struct wire_profile *profile)
{
	g_autoptr(GPtrArray) wire = wire_from_entry(entry, profile, NULL);
	g_autoptr(GString) out = g_string_new("version: 1\n\n");
	g_autoptr(Ldif) ldif = NULL;
	struct ldif_record *record = NULL;
	Entry *again;

	ldif_put_entry(out, entry->id, NULL, wire);
	g_assert(
	    ldif_open(&ldif, dirfile_put(out->str, out->len), NULL) == ST_OK);
	g_assert(ldif_next(ldif, &record, NULL) == ST_OK);
	g_assert(strcmp(record->dn, entry->id) == 0);
	again = wire_to_entry(record->dn, record->attributes);
	ldif_record_free(record);
	g_assert(ldif_next(ldif, &record, NULL) == ST_END);
	return again;
}

static void
check(const struct ldif_record *record)
{
	static const struct wire_profile *const profiles[] = {
	    &wire_ad, &wire_openldap, &wire_inetorg};
	g_autoptr(Entry) entry = wire_to_entry(record->dn, record->attributes);
	g_autoptr(GBytes) bytes = entry ? entry_to_bytes(entry) : NULL;
	g_autoptr(Entry) copy = NULL;

	if (entry == NULL || !dn_check(record->dn))
		return;
	copy = entry_from_bytes(
	    g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	g_assert(copy && entry_equal(entry, copy));
	for (guint i = 0; i < G_N_ELEMENTS(profiles); i++) {
		g_autoptr(Entry) once = written_and_read(entry, profiles[i]);
		g_autoptr(Entry) twice =
		    once ? written_and_read(once, profiles[i]) : NULL;

		/* The second time nothing is added any more. */
		g_assert(once && twice && entry_equal(once, twice));
	}
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	g_autoptr(Ldif) ldif = NULL;
	g_autoptr(GPtrArray) records =
	    g_ptr_array_new_with_free_func((GDestroyNotify)ldif_record_free);
	struct ldif_record *record;
	enum status st;

	if (ldif_open(&ldif, dirfile_put(data, len), NULL) < 0)
		return 0;
	while ((st = ldif_next(ldif, &record, NULL)) != ST_END)
		if (st == ST_OK)
			g_ptr_array_add(records, record);
	for (guint i = 0; i < records->len; i++) {
		const struct ldif_record *r = records->pdata[i];

		if (r->change == LDIF_CONTENT || r->change == LDIF_ADD)
			check(r);
		for (guint k = 0; r->mods && k < r->mods->len; k++)
			g_assert(((struct ldif_mod *)r->mods->pdata[k])
				     ->attribute->name);
	}
	return 0;
}
