#include "iff/pab.h"
#include "iff/value.h"

#include "base/digest.h"

#include <string.h>

enum { PAB_CLASS = 0, PAB_NAME = 1, PAB_ADDRESS = 2, PAB_NOTE = 23 };

struct Pab {
	Set *set;
	GHashTable *entries; /* folded display name to "TYPE:address" */
	const char *fields[ADDRESS_FIELDS];
	GString *store[ADDRESS_FIELDS]; /* values that came by pointer */
	GString *list;
	GArray *list_at;
	GArray *members; /* of struct person */
	char key[DIGEST_HEX];
};

static void
member_clear(void *p)
{
	struct person *person = p;

	g_free(person->name);
	g_free(person->type);
	g_free(person->address);
}

Pab *
pab_new(Set *set)
{
	Pab *pab = g_new0(Pab, 1);

	pab->set = set;
	pab->entries =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	pab->list = g_string_new(NULL);
	pab->list_at = g_array_new(FALSE, FALSE, sizeof(gsize));
	pab->members = g_array_new(FALSE, TRUE, sizeof(struct person));
	g_array_set_clear_func(pab->members, member_clear);
	return pab;
}

void
pab_free(Pab *pab)
{
	if (pab == NULL)
		return;
	g_hash_table_destroy(pab->entries);
	for (guint i = 0; i < ADDRESS_FIELDS; i++)
		if (pab->store[i])
			g_string_free(pab->store[i], TRUE);
	g_string_free(pab->list, TRUE);
	g_array_free(pab->list_at, TRUE);
	g_array_free(pab->members, TRUE);
	g_free(pab);
}

/* The value of a column, through its pointer if it is one. */
static const char *
value_of(Pab *pab, struct pri_item *item, guint column, bool list, Diags *diags)
{
	struct field *field = &item->fields[column];

	if (pab->store[column] == NULL)
		pab->store[column] = g_string_new(NULL);
	pointer_resolve(pab->set, field, list, pab->store[column], diags);
	if (list)
		return field->raw;
	return field_text(field, FIELD_LIST);
}

enum status
pab_section(Pab *pab, int fd, const struct pri_section *section, GError **error)
{
	g_autoptr(Diags) quiet = diags_new(NULL, NULL);
	g_autoptr(Pri) pri = pri_new(fd, set_page(pab->set),
	    set_is_ext1(pab->set), quiet, section->raw.off, section->line);
	struct pri_item item;
	enum status st;
	bool begun = false;

	g_hash_table_remove_all(pab->entries);
	while ((st = pri_next(pri, &item, error)) == ST_OK) {
		const char *name, *address;

		if (item.what == PRI_SECTION && begun)
			break;
		begun = true;
		if (item.what != PRI_ROW)
			continue;
		if (diags_row_error(quiet) == NULL &&
		    g_ascii_strcasecmp(
			value_of(pab, &item, PAB_CLASS, false, quiet), "dl") !=
			0) {
			name = value_of(pab, &item, PAB_NAME, false, quiet);
			address =
			    value_of(pab, &item, PAB_ADDRESS, false, quiet);
			g_hash_table_insert(pab->entries,
			    g_utf8_casefold(name, -1), g_strdup(address));
		}
		diags_row_end(quiet);
	}
	return st < 0 ? st : ST_OK;
}

static void
member(Pab *pab, const char *text, Diags *diags)
{
	struct person person = {NULL};
	gsize type = value_address_type(text);
	g_autofree char *key = NULL;
	const char *address = text;

	if (type == 0) {
		person.name = g_strdup(text);
		key = g_utf8_casefold(text, -1);
		address = g_hash_table_lookup(pab->entries, key);
		if (address == NULL)
			diags_add(diags, DIAG_PAB_MEMBER_UNRESOLVED, NULL, -1,
			    "member \"%.80s\" is no entry of this section; the "
			    "name is kept",
			    text);
		type = address ? value_address_type(address) : 0;
	}
	if (type > 0 && !g_str_has_prefix(address, "USER: ")) {
		person.type = g_strndup(address, type);
		person.address = g_strdup(address + type + 1);
	}
	g_array_append_val(pab->members, person);
}

static void
list_row(Pab *pab, struct pri_item *item, Diags *diags)
{
	bool extra = false;

	g_string_truncate(pab->list, 0);
	g_array_set_size(pab->list_at, 0);
	field_list(&item->fields[PAB_ADDRESS], FIELD_LIST, pab->list,
	    pab->list_at, NULL);
	for (guint i = 0; i < pab->list_at->len; i++)
		member(pab,
		    pab->list->str + g_array_index(pab->list_at, gsize, i),
		    diags);
	pab->fields[PAB_ADDRESS] =
	    field_text(&item->fields[PAB_ADDRESS], FIELD_LIST);
	for (guint i = PAB_ADDRESS + 1; i < PAB_NOTE; i++) {
		extra |= pab->fields[i][0] != '\0';
		pab->fields[i] = "";
	}
	if (extra)
		diags_add(diags, DIAG_PAB_DL_EXTRA_FIELDS, NULL, -1,
		    "a list has a name, members and a note only; the other "
		    "values are ignored");
}

bool
pab_row(Pab *pab, struct pri_item *item, Diags *diags, struct address *out,
    const char **key)
{
	g_autoptr(GString) text = NULL;
	struct digest digest;
	const char *address;

	*out = (struct address){.fields = pab->fields};
	set_trim(pab->set);
	g_array_set_size(pab->members, 0);
	g_snprintf(
	    pab->key, sizeof pab->key, "line-%" G_GINT64_FORMAT, item->line);
	*key = pab->key;
	for (guint i = 0; i < ADDRESS_FIELDS; i++)
		pab->fields[i] = "";
	if (diags_row_error(diags))
		return false;
	pab->fields[PAB_CLASS] = value_of(pab, item, PAB_CLASS, false, diags);
	out->is_list = g_ascii_strcasecmp(pab->fields[PAB_CLASS], "dl") == 0;
	for (guint i = 1; i < ADDRESS_FIELDS; i++)
		pab->fields[i] = value_of(
		    pab, item, i, out->is_list && i == PAB_ADDRESS, diags);
	if (item->n_fields > ADDRESS_FIELDS &&
	    field_is_pointer(&item->fields[ADDRESS_FIELDS]))
		pointer_other(pab->set, &item->fields[ADDRESS_FIELDS],
		    &out->vcard, diags);
	if (out->is_list)
		list_row(pab, item, diags);
	text = g_string_new(NULL);
	for (guint i = 0; i < ADDRESS_FIELDS; i++)
		g_string_append_printf(text, "%s\n", pab->fields[i]);
	digest_mem(text->str, text->len, &digest);
	digest_to_hex(&digest, pab->key);
	pab->key[32] = '\0'; /* 128 bits */
	out->members = (const struct person *)pab->members->data;
	out->n_members = pab->members->len;
	address = pab->fields[PAB_ADDRESS];
	/* "USER: name" is what extractors write for no address at all. */
	out->not_sendable =
	    !out->is_list &&
	    (address[0] == '\0' || value_address_type(address) == 0 ||
		g_ascii_strncasecmp(address, "USER: ", 6) == 0);
	return diags_row_error(diags) == NULL || set_is_lenient(pab->set);
}
