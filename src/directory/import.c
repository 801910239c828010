#include "directory/import.h"

#include "directory/dn.h"
#include "directory/ldif.h"
#include "directory/rows.h"
#include "directory/schema.h"
#include "directory/wire.h"

#include <string.h>

#define RENAME_MAX 1000 /* anna2 to anna1000 */

struct member { /* who waits until everybody is there */
	char *holder, *attribute, *target, *title;
	bool remove;
};

struct Import {
	Changes *changes;
	const struct policy *policy;
	GArray *members;     /* of struct member */
	GHashTable *renamed; /* folded DN in the file to the one it got */
	guint batch;
	char *numbered; /* why an address of the policy got a number; or NULL */
};

static void
member_clear(void *data)
{
	struct member *member = data;

	g_free(member->holder);
	g_free(member->attribute);
	g_free(member->target);
	g_free(member->title);
}

Import *
import_new(Changes *changes, const struct policy *policy)
{
	Import *im = g_new0(Import, 1);

	im->changes = changes;
	im->policy = policy;
	im->members = g_array_new(FALSE, FALSE, sizeof(struct member));
	g_array_set_clear_func(im->members, member_clear);
	im->renamed =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return im;
}

void
import_free(Import *im)
{
	if (im == NULL)
		return;
	g_array_unref(im->members);
	g_hash_table_unref(im->renamed);
	g_free(im->numbered);
	g_free(im);
}

Changes *
import_changes(Import *im)
{
	return im->changes;
}

static enum status failed(Import *im, const Entry *row, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static enum status
failed(Import *im, const Entry *row, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	changes_tell(im->changes, EVENT_DIRECTORY_FAILED, entry_title(row),
	    row->line, text);
	return ST_ITEM;
}

static bool
taken(void *ctx, const char *address)
{
	Import *im = ctx;
	g_autoptr(GPtrArray) hits =
	    g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);

	if (store_search(changes_store(im->changes), STORE_ADDRESS, address,
		hits, NULL) != ST_OK ||
	    hits->len == 0)
		return false;
	if (im->numbered == NULL)
		im->numbered = g_strdup_printf("the address %s belongs to %s; "
					       "this one gets a number",
		    address, ((Entry *)hits->pdata[0])->id);
	return true;
}

/* Never in silence (Q152927). */
static void
apply_policy(Import *im, Entry *row)
{
	policy_apply(im->policy, row, taken, im);
	if (im->numbered)
		changes_tell(im->changes, EVENT_DIRECTORY_CONFLICT,
		    entry_title(row), row->line, im->numbered);
	g_clear_pointer(&im->numbered, g_free);
}

/* Who of the directory a row is about: the same name, or who has one of its
 * addresses. Two different ones: nobody can say. */
static enum status
find_owner(Import *im, const Entry *row, Entry **out, GError **error)
{
	static const char *const names[] = {
	    "Proxy-Addresses", "Target-Address"};
	Store *store = changes_store(im->changes);
	g_autoptr(GPtrArray) hits =
	    g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
	g_autofree char *id = store_new_id(store, row);
	enum status st = ST_OK;

	*out = NULL;
	if (id && dn_check(id))
		st = store_read(store, id, out, error);
	if (st < 0 || *out)
		return st < 0 ? st : ST_OK;
	st = ST_OK;
	for (guint n = 0; n < G_N_ELEMENTS(names); n++) {
		const struct entry_attribute *a = entry_find(row, names[n]);

		for (guint i = 0; st == ST_OK && a && i < a->values->len; i++)
			st = store_search(store, STORE_ADDRESS,
			    a->values->pdata[i], hits, error);
	}
	if (st < 0)
		return st;
	for (guint i = 1; i < hits->len; i++)
		if (strcmp(((Entry *)hits->pdata[i])->id,
			((Entry *)hits->pdata[0])->id) != 0)
			return failed(im, row,
			    "its addresses belong to %s and to %s; take them "
			    "from one of the two",
			    ((Entry *)hits->pdata[0])->id,
			    ((Entry *)hits->pdata[i])->id);
	if (hits->len > 0)
		*out = entry_copy(hits->pdata[0]);
	return ST_OK;
}

/* An alias or account that somebody else has: by the policy (Q152927). The row
 * may be changed; *other is who is meant instead. */
static enum status
settle(Import *im, Entry *row, const char *attribute, enum store_key key,
    Entry **other, GError **error)
{
	Store *store = changes_store(im->changes);
	enum policy_conflict policy =
	    im->policy ? im->policy->conflict : POLICY_SKIP;
	g_autofree char *first = g_strdup(entry_get(row, attribute));
	g_autoptr(Entry) holder = NULL;
	g_autofree char *text = NULL;

	for (guint n = 2; entry_get(row, attribute) && n < RENAME_MAX; n++) {
		g_autoptr(GPtrArray) hits =
		    g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
		g_autofree char *next = g_strdup_printf("%s%u", first, n);
		enum status st = store_search(
		    store, key, entry_get(row, attribute), hits, error);

		if (st < 0)
			return st;
		if (hits->len == 0)
			break;
		if (holder == NULL)
			holder = entry_copy(hits->pdata[0]);
		if (policy != POLICY_RENAME)
			break;
		entry_set(row, attribute, next);
	}
	if (holder == NULL)
		return ST_OK;
	if (policy == POLICY_SKIP)
		return failed(im, row,
		    "%s %s belongs to %s; name it otherwise, or give a policy: "
		    "link or rename",
		    attribute, first, holder->id);
	text = g_strdup_printf("%s %s belongs to %s; %s%s", attribute, first,
	    holder->id,
	    policy == POLICY_LINK ? "that is taken to be the same person"
				  : "the new one is ",
	    policy == POLICY_LINK ? "" : entry_get(row, attribute));
	changes_tell(im->changes, EVENT_DIRECTORY_CONFLICT, entry_title(row),
	    row->line, text);
	if (policy == POLICY_LINK && *other == NULL)
		*other = g_steal_pointer(&holder);
	return ST_OK;
}

/* Nothing is cut in silence (Q261155): a value that is too long is refused. */
static enum status
check_lengths(Import *im, const Entry *row)
{
	for (guint i = 0; i < row->attributes->len; i++) {
		const struct entry_attribute *a = row->attributes->pdata[i];
		const struct schema_row *schema = schema_by_name(a->name);

		for (guint j = 0; schema && schema->limit && j < a->values->len;
		     j++)
			if (g_utf8_strlen(a->values->pdata[j], -1) >
			    (glong)schema->limit)
				return failed(im, row,
				    "%s has more than %u characters: %.40s...",
				    a->name, schema->limit,
				    (char *)a->values->pdata[j]);
	}
	return ST_OK;
}

static void
wait_for(Import *im, const char *holder, const Entry *row, bool remove)
{
	for (guint i = 0; entry_links[i]; i++) {
		const struct entry_attribute *a =
		    entry_find(row, entry_links[i]);

		for (guint j = 0; a && j < a->values->len; j++) {
			struct member member = {g_strdup(holder),
			    g_strdup(entry_links[i]),
			    g_strdup(a->values->pdata[j]),
			    g_strdup(entry_title(row)), remove};

			g_array_append_val(im->members, member);
		}
	}
}

/* 7.5: what is made up when it is missing. */
static void
make_up(Entry *row)
{
	const char *name = entry_get(row, "Common-Name");

	if (row->class == RECIPIENT_LIST) {
		if (entry_get(row, "Display-Name") == NULL)
			entry_set(row, "Display-Name", name);
		return;
	}
	if (entry_get(row, "Display-Name") == NULL) {
		const char *given = entry_get(row, "Given-Name");
		const char *surname = entry_get(row, "Surname");
		g_autofree char *text =
		    given && surname ? g_strdup_printf("%s %s", given, surname)
				     : g_strdup(given	  ? given
						: surname ? surname
							  : name);

		entry_set(row, "Display-Name", text);
	}
	if (entry_get(row, "Surname") == NULL)
		entry_set(row, "Surname", name);
	if (entry_get(row, "Mail-nickname") == NULL &&
	    row->class == RECIPIENT_MAILBOX)
		entry_set(row, "Mail-nickname", name);
}

static enum status
create(Import *im, Entry *row, char **id, GError **error)
{
	Entry *other = NULL;
	enum status st;

	if (im->policy && row->class != RECIPIENT_LIST)
		policy_names(im->policy, row);
	make_up(row);
	st = settle(im, row, "Mail-nickname", STORE_ALIAS, &other, error);
	if (st == ST_OK && row->class == RECIPIENT_MAILBOX)
		st = settle(
		    im, row, "Assoc-NT-Account", STORE_ACCOUNT, &other, error);
	if (st == ST_OK && other) {
		/* The account that is there becomes this one's (136). */
		g_autoptr(Entry) joined = entry_copy(other);
		const char *account = entry_get(other, "Assoc-NT-Account");

		entry_apply(joined, row);
		if (account)
			entry_set(joined, "Assoc-NT-Account", account);
		joined->account_only = false;
		*id = g_strdup(other->id);
		st = changes_modify(im->changes, other, joined, error);
	} else if (st == ST_OK) {
		if (im->policy)
			apply_policy(im, row);
		st = changes_create(im->changes, row, error);
		*id = g_strdup(row->id);
	}
	entry_free(other);
	return st;
}

/* Of a row: is everything that it says true of the entry already? */
static bool
says_nothing_new(const Changes *changes, const Entry *entry, const Entry *row)
{
	g_autoptr(Entry) after = entry_copy(entry);

	entry_apply(after, row);
	return changes_same(changes, entry, after);
}

static enum status
meet(Import *im, Entry *owner, Entry *row, char **id, GError **error)
{
	g_autoptr(Entry) new = NULL;
	const char *source = NULL;
	const struct entry_attribute *a = entry_find(row, "Proxy-Addresses");

	for (guint i = 0; a && i < a->values->len; i++)
		if (g_ascii_strncasecmp(a->values->pdata[i], "MIGRATE:", 8) ==
		    0)
			source = a->values->pdata[i];
	if (row->class == RECIPIENT_MAILBOX &&
	    owner->class == RECIPIENT_CONTACT) {
		g_autoptr(Entry) extra = entry_copy(row);

		make_up(extra);
		if (im->policy) { /* new proxies after a conversion (Q185202) */
			g_autoptr(Entry) both = entry_copy(owner);
			const struct entry_attribute *all;

			entry_apply(both, extra);
			apply_policy(im, both);
			all = entry_find(both, "Proxy-Addresses");
			for (guint i = 0; all && i < all->values->len; i++)
				entry_add_address(extra, all->values->pdata[i],
				    entry_is_primary(all->values->pdata[i]));
		}
		return changes_convert(
		    im->changes, owner, source, extra, id, error);
	}
	*id = g_strdup(owner->id);
	if (row->class != owner->class)
		return failed(im, row, "%s is a %s already, and no %s",
		    owner->id, entry_class_name(owner->class),
		    entry_class_name(row->class));
	if (row->mode == MODE_CREATE &&
	    !says_nothing_new(im->changes, owner, row)) {
		g_autofree char *wanted =
		    store_new_id(changes_store(im->changes), row);
		g_autofree char *x = wanted ? dn_fold(wanted) : NULL;
		g_autofree char *y = dn_fold(owner->id);

		if (g_strcmp0(x, y) == 0)
			return failed(im, row,
			    "%s exists already and is left unchanged; mode "
			    "update changes it",
			    owner->id);
		return failed(im, row, "an address of it belongs to %s already",
		    owner->id);
	}
	new = entry_copy(owner);
	new->line = row->line;
	entry_apply(new, row);
	return changes_modify(im->changes, owner, new, error);
}

static enum status
delete_row(Import *im, const Entry *row, const Entry *owner, GError **error)
{
	if (owner == NULL) {
		changes_tell(im->changes, EVENT_DIRECTORY_REMARK,
		    entry_title(row), row->line,
		    "there is nobody of that name to delete");
		return ST_THERE;
	}
	return changes_remove(im->changes, owner, error);
}

enum status
import_row(Import *im, const Entry *from, GError **error)
{
	g_autoptr(Entry) row = entry_copy(from), owner = NULL;
	g_autofree char *id = NULL, *wanted = NULL;
	enum status st = check_lengths(im, row);

	if (st == ST_OK)
		st = find_owner(im, row, &owner, error);
	if (st < 0)
		return st;
	/* Links are made when everybody is there. */
	for (guint i = 0; entry_links[i]; i++)
		entry_set(row, entry_links[i], NULL);
	wanted = store_new_id(changes_store(im->changes), row);
	if (row->mode == MODE_DELETE)
		return delete_row(im, row, owner, error);
	if (owner == NULL && row->mode == MODE_MODIFY)
		return failed(
		    im, row, "there is nobody of that name to change");
	st = owner ? meet(im, owner, row, &id, error)
		   : create(im, row, &id, error);
	if (st < 0)
		return st;
	if (wanted && id && strcmp(wanted, id) != 0) {
		char *folded = dn_fold(wanted);

		if (folded)
			g_hash_table_insert(im->renamed, folded, g_strdup(id));
	}
	wait_for(im, id, from, false);
	if (++im->batch % IMPORT_BATCH == 0) {
		enum status saved = changes_commit(im->changes, error);

		if (saved < 0)
			return saved;
	}
	return st;
}

/* The entry a member's name means: its DN, who that row became, its common
 * name or alias, or an address. */
static enum status
find_member(Import *im, const char *target, char **out, GError **error)
{
	static const enum store_key keys[] = {STORE_NAME, STORE_ALIAS};
	Store *store = changes_store(im->changes);
	g_autofree char *folded = dn_fold(target), *name = dn_name(target);
	const char *renamed =
	    folded ? g_hash_table_lookup(im->renamed, folded) : NULL;
	g_autoptr(GPtrArray) hits =
	    g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
	g_autoptr(Entry) entry = NULL;
	enum status st;

	*out = NULL;
	st = store_read(store, renamed ? renamed : target, &entry, error);
	for (guint i = 0;
	     st == ST_END && name && hits->len == 0 && i < G_N_ELEMENTS(keys);
	     i++) {
		st = store_search(store, keys[i], name, hits, error);
		st = st == ST_OK ? ST_END : st;
	}
	if (st == ST_END && hits->len == 0 && name && strchr(name, '@')) {
		g_autofree char *smtp = entry_address_ok(name)
					    ? g_strdup(name)
					    : g_strconcat("SMTP:", name, NULL);

		st = store_search(store, STORE_ADDRESS, smtp, hits, error);
		st = st == ST_OK ? ST_END : st;
	}
	if (st < 0)
		return st;
	if (entry)
		*out = g_strdup(entry->id);
	else if (hits->len == 1)
		*out = g_strdup(((Entry *)hits->pdata[0])->id);
	return ST_OK;
}

/* A member from outside, by its address: a custom recipient for it. */
static enum status
make_outsider(Import *im, const char *target, char **out, GError **error)
{
	g_autofree char *name = dn_name(target);
	g_autofree char *address = NULL;
	g_autoptr(Entry) entry = NULL;
	enum status st;

	if (name == NULL || strchr(name, '@') == NULL)
		return ST_END;
	address = entry_address_ok(name) ? g_strdup(name)
					 : g_strconcat("SMTP:", name, NULL);
	entry = entry_new(RECIPIENT_CONTACT);
	entry_set(entry, "Common-Name", strchr(address, ':') + 1);
	entry_set(entry, "Display-Name", strchr(address, ':') + 1);
	entry_set(entry, "Target-Address", address);
	entry_add_address(entry, address, true);
	st = changes_create(im->changes, entry, error);
	if (st == ST_OK)
		*out = g_strdup(entry->id);
	return st;
}

/* The members from at on that belong to one attribute of one holder. */
static guint
batch_end(const Import *im, guint at)
{
	const struct member *first =
	    &g_array_index(im->members, struct member, at);

	for (; at < im->members->len; at++) {
		const struct member *m =
		    &g_array_index(im->members, struct member, at);

		if (strcmp(m->holder, first->holder) != 0 ||
		    strcmp(m->attribute, first->attribute) != 0 ||
		    m->remove != first->remove)
			break;
	}
	return at;
}

static enum status
link_batch(Import *im, guint from, guint to, GError **error)
{
	const struct member *first =
	    &g_array_index(im->members, struct member, from);
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	enum status st = ST_OK;

	for (guint i = from; st >= ST_ITEM && i < to; i++) {
		const struct member *member =
		    &g_array_index(im->members, struct member, i);
		g_autofree char *text = NULL;
		char *id = NULL;

		st = find_member(im, member->target, &id, error);
		if (st == ST_OK && id == NULL)
			st = make_outsider(im, member->target, &id, error);
		if (st >= 0 && id)
			g_ptr_array_add(ids, id);
		else if (st >= 0) {
			text = g_strdup_printf("%s %s is not there",
			    member->attribute, member->target);
			changes_tell(im->changes, EVENT_DIRECTORY_MEMBER,
			    member->title, 0, text);
		}
	}
	if (st >= ST_ITEM && ids->len > 0)
		st = changes_link(im->changes, first->holder, first->attribute,
		    ids, !first->remove, error);
	return st;
}

enum status
import_end(Import *im, GError **error)
{
	enum status st = ST_OK;
	guint to, since = 0;

	for (guint i = 0; i < im->members->len && st >= ST_ITEM; i = to) {
		to = batch_end(im, i);
		st = link_batch(im, i, to, error);
		since += to - i;
		if (since >= IMPORT_BATCH && st >= ST_ITEM) {
			enum status saved = changes_commit(im->changes, error);

			st = saved < 0 ? saved : st;
			since = 0;
		}
	}
	g_array_set_size(im->members, 0);
	return st < ST_ITEM ? st : changes_commit(im->changes, error);
}

static enum status
reject(GString *rejected, const Rows *rows)
{
	if (rejected->len == 0)
		g_string_append_printf(rejected, "%s\r\n", rows_heading(rows));
	g_string_append_printf(rejected, "%s\r\n", rows_raw(rows));
	return ST_OK;
}

static void
odd(void *user, int line, const char *text)
{
	changes_tell(user, EVENT_DIRECTORY_REMARK, NULL, line, text);
}

static enum status
import_rows(Import *im, const char *path, const char *rejects, GError **error)
{
	Store *store = changes_store(im->changes);
	g_autoptr(GString) rejected = g_string_new(NULL);
	g_autoptr(Rows) rows = NULL;
	enum status st =
	    rows_open(&rows, path, store_container(store, RECIPIENT_MAILBOX),
		store_base_dn(store), odd, im->changes, error);

	while (st == ST_OK) {
		g_autoptr(Entry) row = NULL;
		g_autoptr(GError) why = NULL;

		st = rows_next(rows, &row, &why);
		if (st == ST_ITEM)
			changes_tell(im->changes, EVENT_DIRECTORY_FAILED, "row",
			    rows_line(rows), why->message);
		else if (st < 0)
			g_propagate_error(error, g_steal_pointer(&why));
		if (st == ST_OK) {
			const char *where = entry_get(row, "Obj-Container");

			/* The reader's default is that of mailboxes. */
			if (g_strcmp0(where,
				store_container(store, RECIPIENT_MAILBOX)) == 0)
				entry_set(row, "Obj-Container",
				    store_container(store, row->class));
			st = import_row(im, row, error);
		}
		if (st == ST_ITEM)
			st = reject(rejected, rows);
		else if (st == ST_THERE)
			st = ST_OK;
	}
	if (rejects && rejected->len > 0)
		g_file_set_contents_full(rejects, rejected->str,
		    (gssize)rejected->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
		    NULL);
	return st == ST_END ? import_end(im, error) : st;
}

static bool
names(const struct ldif_record *record, const char *name)
{
	for (guint i = 0; i < record->mods->len; i++) {
		const struct ldif_mod *mod = record->mods->pdata[i];

		if (g_ascii_strcasecmp(mod->attribute->name, name) == 0)
			return true;
	}
	return false;
}

/* A change record, on the entry as LDAP has it. */
static enum status
apply_modify(Import *im, const struct ldif_record *record, GError **error)
{
	static const char *const made[] = {
	    "objectClass", "userAccountControl", "groupType"};
	Store *store = changes_store(im->changes);
	g_autoptr(Entry) old = NULL, new = NULL;
	g_autoptr(GPtrArray) wire = NULL;
	enum status st = store_read(store, record->dn, &old, error);

	if (st != ST_OK) {
		if (st == ST_END)
			changes_tell(im->changes, EVENT_DIRECTORY_FAILED,
			    record->dn, record->line, "is not there");
		return st == ST_END ? ST_ITEM : st;
	}
	wire = wire_from_entry(old, store_profile(store), NULL);
	for (guint i = 0; i < record->mods->len; i++) {
		const struct ldif_mod *mod = record->mods->pdata[i];
		struct entry_attribute *a =
		    wire_attribute(wire, mod->attribute->name);
		bool all = mod->attribute->values->len == 0;

		if (mod->op == LDIF_MOD_REPLACE ||
		    (mod->op == LDIF_MOD_DELETE && all))
			g_ptr_array_set_size(a->values, 0);
		for (guint j = 0; j < mod->attribute->values->len; j++) {
			const char *value = mod->attribute->values->pdata[j];
			guint at;

			bool there = g_ptr_array_find_with_equal_func(
			    a->values, value, g_str_equal, &at);

			if (mod->op == LDIF_MOD_DELETE && there)
				g_ptr_array_remove_index(a->values, at);
			else if (mod->op != LDIF_MOD_DELETE && !there)
				g_ptr_array_add(a->values, g_strdup(value));
		}
		a->binary = a->binary || mod->attribute->binary;
	}
	new = wire_to_entry(record->dn, wire);
	if (new == NULL) {
		changes_tell(im->changes, EVENT_DIRECTORY_FAILED, record->dn,
		    record->line, "would be no recipient any more");
		return ST_ITEM;
	}
	new->line = record->line;
	/* What LDIF must have, and this store does not. */
	for (guint i = 0; i < G_N_ELEMENTS(made); i++)
		if (entry_find(old, made[i]) == NULL && !names(record, made[i]))
			entry_set(new, made[i], NULL);
	st = changes_modify(im->changes, old, new, error);
	return st == ST_THERE ? ST_OK : st;
}

/* An undo file that was cut is applied again: what was made by it and is as it
 * says is not made twice, but may lack members. */
static enum status
apply_add(Import *im, Entry *entry, GError **error)
{
	g_autoptr(Entry) there = NULL, bare = entry_copy(entry);
	enum status st =
	    store_read(changes_store(im->changes), entry->id, &there, error);

	if (st < 0)
		return st;
	for (guint i = 0; entry_links[i]; i++)
		entry_set(bare, entry_links[i], NULL);
	if (st == ST_END || there->class != entry->class ||
	    !says_nothing_new(im->changes, there, bare))
		return changes_create(im->changes, entry, error);
	for (guint i = 0; st >= ST_ITEM && entry_links[i]; i++) {
		const struct entry_attribute *a =
		    entry_find(entry, entry_links[i]);

		if (a)
			st = changes_link(im->changes, there->id, a->name,
			    a->values, true, error);
	}
	return st;
}

static enum status
apply_record(Import *im, const struct ldif_record *record, GError **error)
{
	g_autoptr(Entry) entry = NULL;
	enum status st;

	switch (record->change) {
	case LDIF_MODIFY:
		return apply_modify(im, record, error);
	case LDIF_DELETE:
		st = store_read(
		    changes_store(im->changes), record->dn, &entry, error);
		if (st == ST_OK)
			return changes_remove(im->changes, entry, error);
		return st == ST_END ? ST_OK : st;
	case LDIF_CONTENT:
	case LDIF_ADD:
		break;
	}
	entry = wire_to_entry(record->dn, record->attributes);
	if (entry == NULL)
		return ST_OK; /* a container, a computer */
	entry->line = record->line;
	/* Content is what shall be; an add record is what shall be made. */
	if (record->change == LDIF_ADD)
		return apply_add(im, entry, error);
	if (entry_get(entry, "Common-Name") == NULL) {
		g_autofree char *name = dn_name(record->dn);

		entry_set(entry, "Common-Name", name);
	}
	entry->mode = MODE_UPDATE;
	return import_row(im, entry, error);
}

static enum status
import_ldif(Import *im, const char *path, GError **error)
{
	g_autoptr(Ldif) ldif = NULL;
	enum status st = ldif_open(&ldif, path, error);

	while (st == ST_OK) {
		struct ldif_record *record = NULL;
		g_autoptr(GError) why = NULL;

		st = ldif_next(ldif, &record, &why);
		if (st == ST_ITEM)
			changes_tell(im->changes, EVENT_DIRECTORY_FAILED,
			    "record", 0, why->message);
		else if (st < 0)
			g_propagate_error(error, g_steal_pointer(&why));
		else if (st == ST_OK && !dn_check(record->dn)) {
			changes_tell(im->changes, EVENT_DIRECTORY_FAILED,
			    record->dn, record->line, "no valid name");
			st = ST_ITEM;
		} else if (st == ST_OK)
			st = apply_record(im, record, error);
		ldif_record_free(record);
		if (st == ST_ITEM || st == ST_THERE)
			st = ST_OK;
	}
	return st == ST_END ? import_end(im, error) : st;
}

enum status
import_file(Import *im, const char *path, const char *rejects, GError **error)
{
	bool ldif = g_str_has_suffix(path, ".ldif") ||
		    g_str_has_suffix(path, ".ldi") ||
		    g_str_has_suffix(path, ".LDIF");
	enum status st = ldif ? import_ldif(im, path, error)
			      : import_rows(im, path, rejects, error);

	return st < 0 ? ST_RUN : ST_OK;
}
