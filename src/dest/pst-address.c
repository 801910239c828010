#include "dest/pst-address.h"

#include "pst/mapi-from-vcard.h"

#include <string.h>

/* The 24 columns of an address book's row: spec/migration-files.md 8. */
static void
contact_from_fields(struct pst_entry *c, const struct address *a)
{
	static const struct {
		guint column;
		enum pst_contact_text text;
	} texts[] = {{1, PST_CT_NAME}, {3, PST_CT_GIVEN}, {4, PST_CT_SURNAME},
	    {10, PST_CT_TITLE}, {11, PST_CT_COMPANY}, {12, PST_CT_DEPARTMENT},
	    {13, PST_CT_OFFICE}, {14, PST_CT_ASSISTANT}, {15, PST_CT_BUSINESS},
	    {16, PST_CT_BUSINESS2}, {17, PST_CT_ASSISTANT_PHONE},
	    {18, PST_CT_BUSINESS_FAX}, {19, PST_CT_HOME}, {20, PST_CT_HOME2},
	    {21, PST_CT_MOBILE}, {22, PST_CT_PAGER}, {23, PST_CT_NOTE}};
	static const struct {
		guint column;
		enum pst_contact_line line;
	} lines[] = {{5, PST_CA_STREET}, {6, PST_CA_CITY}, {7, PST_CA_REGION},
	    {8, PST_CA_CODE}, {9, PST_CA_COUNTRY}};
	const char *colon;

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		c->text[texts[i].text] = g_strdup(a->fields[texts[i].column]);
	for (guint i = 0; i < G_N_ELEMENTS(lines) && !a->is_list; i++)
		c->address[PST_CP_BUSINESS][lines[i].line] =
		    g_strdup(a->fields[lines[i].column]);
	colon = strchr(a->fields[2], ':');
	/* An entry that nobody can write to has no address. */
	if (!a->is_list && !a->not_sendable && colon && colon[1]) {
		g_autofree char *type =
		    g_strndup(a->fields[2], (gsize)(colon - a->fields[2]));

		g_ptr_array_add(c->emails, person_new(NULL, type, colon + 1));
	}
}

enum status
pst_address_read(const struct address *a, struct pst_entry *c,
    struct blob *card, GError **error)
{
	g_autofree char *text = NULL;
	g_auto(Vcard) v = {0};
	gsize got = 0, pos = 0;
	enum status st;

	*card = blob_from_mem(NULL, 0);
	c->is_list = a->is_list;
	if (a->vcard.len > 0 && a->vcard.len <= VCARD_LINE_MAX) {
		text = g_malloc((gsize)a->vcard.len);
		st = blob_read(
		    &a->vcard, 0, text, (gsize)a->vcard.len, &got, error);
		if (st == ST_OK)
			st = vcard_next(text, got, &pos, &v, NULL);
		if (st == ST_OK) {
			if (!pst_entry_from_vcard(c, &v))
				*card = a->vcard;
		} else if (st == ST_ITEM && got < (gsize)a->vcard.len) {
			return st;
		} else {
			*card = a->vcard;
			contact_from_fields(c, a);
		}
	} else {
		*card = a->vcard;
		contact_from_fields(c, a);
	}
	if (!c->is_list || c->emails->len > 0)
		return ST_OK;
	for (guint i = 0; i < a->n_members; i++)
		g_ptr_array_add(
		    c->emails, person_new(a->members[i].name,
				   a->members[i].type, a->members[i].address));
	return ST_OK;
}
