#include "directory/changes.h"

#include "base/secret.h"
#include "base/step.h"
#include "directory/account.h"
#include "directory/dn.h"
#include "directory/ldif.h"
#include "directory/wire.h"

#include <string.h>

struct Changes {
	Store *store, *known; /* known: what is looked at; may be the same */
	Journal *journal;     /* NULL when dry */
	struct changes_params params;
	char *state_dir;
	struct changes_counts counts;
	GHashTable *left_out; /* names of attributes that were told */
};

Store *
changes_store(Changes *c)
{
	return c->known;
}

struct changes_counts *
changes_counts(Changes *c)
{
	return &c->counts;
}

const char *
changes_undo_path(const Changes *c)
{
	return c->journal && journal_count(c->journal) > 0
		   ? journal_undo_path(c->journal)
		   : NULL;
}

const Passwords *
changes_passwords(const Changes *c)
{
	return c->params.passwords;
}

void
changes_tell(Changes *c, enum event_id id, const char *name, int line,
    const char *reason)
{
	Event *event = event_new(id);

	switch (event_level_of(event)) {
	case EVENT_WARNING:
		c->counts.warnings++;
		break;
	case EVENT_ERROR:
		c->counts.failed++;
		break;
	case EVENT_DEBUG:
	case EVENT_INFO:
		break;
	}
	/* 8074 and the like are about a mailbox of the source. */
	event_text(event,
	    id == EVENT_MAILBOX_NOT_OPENED ? "mailbox" : "recipient", name);
	event_text(event, "reason", reason);
	if (line > 0)
		event_number(event, "line", line);
	if (c->params.tell)
		c->params.tell(event, c->params.tell_user);
	else
		event_free(event);
}

static void
complain(void *user, int line, const char *text)
{
	changes_tell(user, EVENT_DIRECTORY_REMARK, NULL, line, text);
}

static enum status finish_conversions(Changes *c, GError **error);

/* A file of our own that is not there yet is not made to look into it. */
static char *
url_to_open(const char *url, bool dry)
{
	gsize len = strcspn(url, "?");
	g_autofree char *path = NULL;

	if (!dry || !g_str_has_prefix(url, "sqlite:"))
		return g_strdup(url);
	path = g_strndup(url + 7, len - 7);
	return g_file_test(path, G_FILE_TEST_EXISTS)
		   ? g_strdup(url)
		   : g_strconcat("sqlite::memory:", url + len, NULL);
}

enum status
changes_open(Changes **out, const struct changes_params *params, GError **error)
{
	g_autoptr(Changes) c = g_new0(Changes, 1);
	g_autoptr(GPtrArray) bad = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *fallback =
	    g_strdup_printf("sqlite:%s/directory.sqlite", params->state_dir);
	g_autofree char *url =
	    url_to_open(params->url ? params->url : fallback, params->dry);
	enum status st = ST_OK;

	*out = NULL;
	c->params = *params;
	c->state_dir = g_strdup(params->state_dir);
	c->params.state_dir = c->state_dir;
	c->left_out =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (!params->dry && g_mkdir_with_parents(c->state_dir, 0700) < 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "cannot make the state directory %s", c->state_dir);
	st = store_open(&c->store, url, params->user, params->password,
	    c->state_dir, complain, c, error);
	if (st == ST_OK && !params->dry)
		st = journal_open(
		    &c->journal, c->state_dir, store_text(c->store), error);
	if (st == ST_OK && !params->dry)
		st = finish_conversions(c, error);
	if (st == ST_OK)
		st = store_mirror(c->store, params->dry, &c->known, bad, error);
	for (guint i = 0; i < bad->len; i++)
		changes_tell(
		    c, EVENT_DIRECTORY_UNREADABLE, NULL, 0, bad->pdata[i]);
	if (st == ST_OK)
		*out = g_steal_pointer(&c);
	return st < 0 ? ST_RUN : st;
}

enum status
changes_commit(Changes *c, GError **error)
{
	return c->params.dry ? ST_OK : store_commit(c->store, error);
}

void
changes_close(Changes *c)
{
	if (c == NULL)
		return;
	if (c->known)
		store_mirror_close(c->store, c->known);
	store_close(c->store);
	journal_close(c->journal);
	passwords_close(c->params.passwords);
	g_hash_table_unref(c->left_out);
	g_free(c->state_dir);
	g_free(c);
}

static const struct wire_profile *
undo_profile(const Changes *c)
{
	return store_profile(c->store);
}

static void
put_undo_entry(Changes *c, GString *out, const Entry *entry)
{
	g_autoptr(GPtrArray) wire =
	    wire_from_entry(entry, undo_profile(c), NULL);

	ldif_put_entry(out, entry->id, "add", wire);
}

static void
put_undo_links(Changes *c, GString *out, const char *holder,
    const char *attribute, const char *const *targets, guint n, bool add)
{
	const char *ldap = wire_name(attribute, undo_profile(c));

	ldif_put(out, "dn", holder, strlen(holder));
	g_string_append_printf(
	    out, "changetype: modify\n%s: %s\n", add ? "delete" : "add", ldap);
	for (guint i = 0; i < n; i++)
		ldif_put(out, ldap, targets[i], strlen(targets[i]));
	g_string_append(out, "-\n\n");
}

/* What a refused change is: told, once, as the row's or entry's failure. */
static enum status
refused(Changes *c, const Entry *entry, const char *name, GError **error,
    GError *why, enum status st)
{
	if (st == ST_ITEM) {
		changes_tell(c, EVENT_DIRECTORY_FAILED,
		    entry ? entry_title(entry) : name, entry ? entry->line : 0,
		    why->message);
		g_error_free(why);
	} else
		g_propagate_error(error, why);
	return st;
}

static enum status
journal(Changes *c, GString *undo, bool durable, GError **error)
{
	enum status st =
	    c->journal ? journal_add(c->journal, undo->str, durable, error)
		       : ST_OK;

	g_string_free(undo, TRUE);
	return st;
}

static bool
two(const Changes *c)
{
	return c->known != c->store;
}

/* What the original refused and no server can do better. */
static enum status
check_new(Changes *c, const Entry *entry, GError **error)
{
	const char *no = store_refuses(c->store, entry->class);
	g_autofree char *id = store_new_id(c->store, entry);

	if (no)
		return fail(ST_ITEM, error, ERR_REFUSED, RETRY_NEVER, "%s", no);
	if (id == NULL || !dn_check(id))
		return fail(
		    ST_ITEM, error, ERR_FORMAT, RETRY_NEVER, "no name for it");
	if (!store_has_container(c->store, dn_parent(id)))
		return fail(ST_ITEM, error, ERR_REFUSED, RETRY_NEVER,
		    "the container %s is not there; make it, or name another "
		    "one",
		    dn_parent(id));
	return ST_OK;
}

/* Made in the store, with its initial password, which is in no copy, journal
 * or mirror of the entry. A store in a file has no log-ins: there it is in the
 * list alone. */
static enum status
make(Changes *c, Store *store, Entry *entry, GError **error)
{
	g_autoptr(Entry) with = NULL;
	struct entry_attribute *a;
	char *password = NULL;
	enum status st = ST_OK;

	if (store == c->store && c->params.passwords && !c->params.dry &&
	    entry->class == RECIPIENT_MAILBOX &&
	    entry_find(entry, "userPassword") == NULL)
		st = passwords_take(
		    c->params.passwords, entry, &password, error);
	if (st < 0)
		return st;
	if (password == NULL || !store_takes_passwords(store)) {
		secret_free(password);
		return store_create(store, entry, error);
	}
	with = entry_copy(entry);
	entry_set(with, WIRE_PASSWORD, password);
	secret_free(password);
	st = store_create(store, with, error);
	a = entry_find(with, WIRE_PASSWORD);
	if (a)
		memset(a->values->pdata[0], 0, strlen(a->values->pdata[0]));
	return st;
}

/* An attribute that this directory lacks is told once: it is the directory's
 * want, not the recipient's. */
static void
tell_left_out(Changes *c, const Entry *entry, const GPtrArray *names)
{
	for (guint i = 0; i < names->len; i++)
		if (g_hash_table_add(c->left_out, g_strdup(names->pdata[i])))
			changes_tell(c, EVENT_DIRECTORY_LEFT_OUT,
			    entry_title(entry), entry->line, names->pdata[i]);
}

static enum status
name_account(Changes *c, Entry *entry, GError **error)
{
	const struct wire_profile *profile = undo_profile(c);

	return profile->active_directory && profile->allows
		   ? account_name(c->known, entry, error)
		   : ST_OK;
}

enum status
changes_create(Changes *c, Entry *entry, GError **error)
{
	g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) wire = NULL;
	GString *undo;
	GError *why = NULL;
	enum status st = check_new(c, entry, &why);

	if (st == ST_OK)
		st = name_account(c, entry, &why);
	if (st < 0)
		return refused(c, entry, NULL, error, why, st);
	if (entry->id == NULL)
		entry->id = store_new_id(c->store, entry);
	entry_set(entry, "Obj-Container", NULL);
	if (undo_profile(c)->allows) {
		wire = wire_from_entry(entry, undo_profile(c), lost);
		tell_left_out(c, entry, lost);
	}
	undo = g_string_new(NULL);
	ldif_put_entry(undo, entry->id, "delete", NULL);
	st = journal(c, undo, false, error);
	if (st < 0)
		return st;
	step("directory create");
	if (!c->params.dry)
		st = make(c, c->store, entry, &why);
	if (st == ST_OK && two(c))
		st = store_create(c->known, entry, &why);
	if (st < 0)
		return refused(c, entry, NULL, error, why, st);
	c->counts.created++;
	changes_tell(c, EVENT_DIRECTORY_CREATED, entry_title(entry),
	    entry->line, entry_class_name(entry->class));
	return ST_OK;
}

/* As the store keeps it: an attribute that its schema lacks is no difference.
 */
static Entry *
as_kept(const Changes *c, const Entry *entry)
{
	g_autoptr(GPtrArray) wire =
	    wire_from_entry(entry, undo_profile(c), NULL);

	return wire_to_entry(entry->id, wire);
}

bool
changes_same(const Changes *c, const Entry *old, const Entry *new)
{
	g_autoptr(Entry) from = NULL, to = NULL;

	if (entry_equal(old, new))
		return true;
	if (!two(c) || undo_profile(c)->allows == NULL)
		return false;
	from = as_kept(c, old);
	to = as_kept(c, new);
	return from && to && entry_equal(from, to);
}

enum status
changes_modify(Changes *c, const Entry *old, const Entry *new, GError **error)
{
	GString *undo;
	GError *why = NULL;
	g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) from = NULL, to = NULL;
	enum status st;

	if (changes_same(c, old, new)) {
		c->counts.there++;
		return ST_THERE;
	}
	undo = g_string_new(NULL);
	from = wire_from_entry(new, undo_profile(c), lost);
	to = wire_from_entry(old, undo_profile(c), NULL);
	if (undo_profile(c)->allows)
		tell_left_out(c, new, lost);
	ldif_put_difference(undo, old->id, from, to);
	st = journal(c, undo, false, error);
	if (st < 0)
		return st;
	step("directory modify");
	if (!c->params.dry)
		st = store_modify(c->store, old, new, &why);
	if (st >= 0 && two(c))
		st = store_modify(c->known, old, new, &why);
	if (st < 0)
		return refused(c, new, NULL, error, why, st);
	c->counts.changed++;
	changes_tell(
	    c, EVENT_DIRECTORY_CHANGED, entry_title(new), new->line, NULL);
	return ST_OK;
}

/* Lists as they are now, and what else the mirror knows of. */
static enum status
find_links(Changes *c, const char *id, GPtrArray *links, GError **error)
{
	g_autoptr(GPtrArray) more =
	    g_ptr_array_new_with_free_func((GDestroyNotify)store_link_free);
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	enum status st = store_links(c->store, id, links, error);

	if (st == ST_OK && two(c))
		st = store_links(c->known, id, more, error);
	for (guint i = 0; i < links->len; i++) {
		const struct store_link *link = links->pdata[i];
		g_autofree char *holder = dn_fold(link->holder);

		g_hash_table_add(
		    seen, g_strdup_printf("%s %s", link->attribute, holder));
	}
	for (guint i = 0; st == ST_OK && i < more->len; i++) {
		struct store_link *link = more->pdata[i];
		g_autofree char *holder = dn_fold(link->holder);

		if (g_hash_table_add(seen,
			g_strdup_printf("%s %s", link->attribute, holder))) {
			g_ptr_array_add(links, link);
			more->pdata[i] = NULL;
		}
	}
	return st;
}

/* The entry whole and every link to it: the way back. */
static enum status
undo_of_removal(Changes *c, GString *undo, const Entry *old, GPtrArray *links,
    GError **error)
{
	enum status st = find_links(c, old->id, links, error);

	put_undo_entry(c, undo, old);
	for (guint i = 0; st == ST_OK && i < links->len; i++) {
		const struct store_link *link = links->pdata[i];

		put_undo_links(c, undo, link->holder, link->attribute,
		    (const char *const *)&old->id, 1, false);
	}
	return st;
}

enum status
changes_remove(Changes *c, const Entry *old, GError **error)
{
	g_autoptr(GPtrArray) links =
	    g_ptr_array_new_with_free_func((GDestroyNotify)store_link_free);
	GString *undo = g_string_new(NULL);
	GError *why = NULL;
	enum status st = undo_of_removal(c, undo, old, links, &why);

	if (st < 0) {
		g_string_free(undo, TRUE);
		return refused(c, old, NULL, error, why, st);
	}
	st = journal(c, undo, true, error);
	if (st < 0)
		return st;
	step("directory remove");
	if (!c->params.dry)
		st = store_remove(c->store, old->id, &why);
	if (st == ST_OK && two(c))
		st = store_remove(c->known, old->id, &why);
	if (st < 0)
		return refused(c, old, NULL, error, why, st);
	c->counts.removed++;
	changes_tell(
	    c, EVENT_DIRECTORY_REMOVED, entry_title(old), old->line, NULL);
	return ST_OK;
}

/* Those of the targets that are not as they shall be; pointers into them. */
static enum status
missing_links(Changes *c, const char *holder, const char *attribute,
    const GPtrArray *targets, bool add, GPtrArray *out, GError **error)
{
	g_autoptr(Entry) entry = NULL;
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const struct entry_attribute *a;
	enum status st = store_read(c->known, holder, &entry, error);

	if (st < 0)
		return st;
	a = entry ? entry_find(entry, attribute) : NULL;
	for (guint i = 0; a && i < a->values->len; i++)
		g_hash_table_add(seen, dn_fold(a->values->pdata[i]));
	for (guint i = 0; i < targets->len; i++) {
		g_autofree char *folded = dn_fold(targets->pdata[i]);
		bool there = folded && g_hash_table_contains(seen, folded);

		if (there == add) {
			c->counts.there++;
			continue;
		}
		if (add && folded)
			g_hash_table_add(seen, g_steal_pointer(&folded));
		else if (folded)
			g_hash_table_remove(seen, folded);
		g_ptr_array_add(out, targets->pdata[i]);
	}
	return ST_OK;
}

static enum status
put_links(Changes *c, const char *holder, const char *attribute,
    const char *const *targets, guint n, bool add, GError **error)
{
	GString *undo = g_string_new(NULL);
	GError *why = NULL;
	enum status st;

	put_undo_links(c, undo, holder, attribute, targets, n, add);
	st = journal(c, undo, false, error);
	if (st < 0)
		return st;
	step("directory link");
	if (!c->params.dry)
		st = store_link(
		    c->store, holder, attribute, targets, n, add, &why);
	if (st >= 0 && two(c))
		st = store_link(
		    c->known, holder, attribute, targets, n, add, &why);
	/* One of them is refused: which one? */
	if (st == ST_ITEM && n > 1) {
		g_clear_error(&why);
		st = ST_OK;
		for (guint i = 0; st >= ST_ITEM && i < n; i++)
			st = put_links(
			    c, holder, attribute, targets + i, 1, add, error);
		return st < ST_ITEM ? st : ST_OK;
	}
	if (st < 0)
		return refused(c, NULL, holder, error, why, st);
	c->counts.linked += st == ST_OK ? n : 0;
	return st;
}

enum status
changes_link(Changes *c, const char *holder, const char *attribute,
    const GPtrArray *targets, bool add, GError **error)
{
	g_autoptr(GPtrArray) missing = g_ptr_array_new();
	guint before = c->counts.linked, failed = c->counts.failed;
	enum status st =
	    missing_links(c, holder, attribute, targets, add, missing, error);

	for (guint i = 0; st >= ST_ITEM && i < missing->len;
	     i += STORE_LINKS_MAX)
		st = put_links(c, holder, attribute,
		    (const char *const *)missing->pdata + i,
		    MIN(missing->len - i, STORE_LINKS_MAX), add, error);
	if (st < ST_ITEM)
		return st;
	return c->counts.failed > failed   ? ST_ITEM
	       : c->counts.linked > before ? ST_OK
					   : ST_THERE;
}

/* A custom recipient that is an account too (a mail user): to delete and make
 * it again would cost its password, its rights, its SID. It is changed. */
static bool
logs_in(const Entry *entry)
{
	return entry_has(entry, "objectClass", "user") ||
	       entry_has(entry, "objectClass", "inetOrgPerson");
}

/* The mailbox that a custom recipient becomes. */
static Entry *
converted(Changes *c, const Entry *old, const char *source, const Entry *extra)
{
	static const char *const dropped[] = {"objectClass", "Target-Address",
	    "Legacy-Exchange-DN", "msExchRecipientTypeDetails",
	    "msExchRecipientDisplayType", NULL};
	Entry *new = entry_copy(old);
	const char *target = entry_get(old, "Target-Address");
	const char *legacy = entry_get(old, "Legacy-Exchange-DN");
	bool was_mailbox = old->class == RECIPIENT_MAILBOX;
	bool stays = was_mailbox || logs_in(old);

	new->class = RECIPIENT_MAILBOX;
	new->account_only = false;
	new->mode = MODE_CREATE;
	for (guint i = 0; !stays && dropped[i]; i++)
		entry_set(new, dropped[i], NULL);
	if (!was_mailbox && stays)
		entry_set(new, "Target-Address", NULL);
	if (!stays) {
		const char *place =
		    store_container(c->store, RECIPIENT_MAILBOX);
		const char *contacts =
		    store_container(c->store, RECIPIENT_CONTACT);
		g_autofree char *name = dn_name(old->id);

		/* Beside where it was, unless the two have places of their
		 * own. */
		if (name && strcmp(place, contacts) != 0) {
			g_free(new->id);
			new->id = dn_child("cn", name, place);
		}
	}
	/* Everything by which others have written to it reaches it still. */
	if (!was_mailbox && target)
		entry_add_address(new, target, false);
	if (!stays && legacy) {
		g_autofree char *x500 = g_strconcat("X500:", legacy, NULL);

		entry_add_address(new, x500, false);
	}
	if (extra) {
		g_autoptr(Entry) row = entry_copy(extra);

		entry_set(row, "Target-Address", NULL);
		entry_apply(new, row);
	}
	if (source && *source) {
		const char *bare =
		    g_ascii_strncasecmp(source, "MIGRATE:", 8) == 0 ? source + 8
								    : source;
		g_autofree char *text = g_strconcat("MIGRATE:", bare, NULL);
		g_autofree char *stamp = g_strconcat(MATCH_STAMP, bare, NULL);

		/* Its absence hid the mailbox from later runs (Q183312). */
		if (!entry_has_address(new, text))
			entry_add_address(new, text, false);
		if (entry_get(new, "Imported-From") == NULL)
			entry_set(new, "Imported-From", stamp);
	}
	return new;
}

static enum status
relink(Changes *c, Store *store, const char *target, const GPtrArray *links,
    GError **error)
{
	for (guint i = 0; i < links->len; i++) {
		const struct store_link *link = links->pdata[i];
		g_autoptr(GError) why = NULL;
		enum status st = store_link(store, link->holder,
		    link->attribute, &target, 1, true, &why);

		step("directory convert: linked");
		if (st == ST_ITEM)
			changes_tell(c, EVENT_DIRECTORY_FAILED, link->holder, 0,
			    why->message);
		else if (st < 0) {
			g_propagate_error(error, g_steal_pointer(&why));
			return st;
		}
	}
	return ST_OK;
}

/* Delete, add, links: from whichever of these an earlier run came to. */
static enum status
carry_out(Changes *c, Store *store, const Entry *old, Entry *new,
    const GPtrArray *links, GError **error)
{
	g_autoptr(Entry) now = NULL, there = NULL;
	g_autoptr(GError) why = NULL;
	enum status st = store_read(store, old->id, &now, error);

	if (st >= 0)
		st = store_read(store, new->id, &there, error);
	if (st < 0)
		return st;
	if (now && now->class != RECIPIENT_MAILBOX) {
		st = store_remove(store, old->id, error);
		if (st == ST_OK)
			st = store_commit(store, error);
		if (st < 0)
			return st;
		step("directory convert: deleted");
		if (there && there->class != RECIPIENT_MAILBOX)
			g_clear_pointer(&there, entry_free);
	}
	if (there == NULL || there->class != RECIPIENT_MAILBOX) {
		st = make(c, store, new, &why);
		if (st == ST_ITEM) {
			/* Nobody is lost: the old one comes back. */
			g_autoptr(Entry) back = entry_copy(old);
			GError *worse = NULL;

			if (store_create(store, back, &worse) < 0)
				g_prefix_error(
				    &why, "%s; and: ", worse->message);
			g_clear_error(&worse);
			if (relink(c, store, old->id, links, &worse) < 0)
				g_clear_error(&worse);
			if (store_commit(store, &worse) < 0)
				g_clear_error(&worse);
		}
		if (st < 0) {
			g_propagate_error(error, g_steal_pointer(&why));
			return st;
		}
		st = store_commit(store, error);
		if (st < 0)
			return st;
		step("directory convert: added");
	}
	st = relink(c, store, new->id, links, error);
	return st == ST_OK ? store_commit(store, error) : st;
}

static enum status
finish_conversions(Changes *c, GError **error)
{
	for (;;) {
		g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func(
		    (GDestroyNotify)store_link_free);
		g_autoptr(Entry) old = NULL, new = NULL;
		GError *why = NULL;
		gint64 id;
		enum status st = journal_open_convert(
		    c->journal, &old, &new, links, &id, error);

		if (st != ST_OK)
			return st == ST_END ? ST_OK : st;
		st = carry_out(c, c->store, old, new, links, &why);
		if (st < 0 && st != ST_ITEM) {
			g_propagate_error(error, why);
			return st;
		}
		if (st == ST_ITEM)
			refused(c, old, NULL, error, why, st);
		else
			changes_tell(c, EVENT_DIRECTORY_RESUMED,
			    entry_title(new), 0, NULL);
		st = journal_end_convert(c->journal, id, error);
		if (st < 0)
			return st;
	}
}

enum status
changes_convert(Changes *c, const Entry *old, const char *source,
    const Entry *extra, char **id, GError **error)
{
	g_autoptr(GPtrArray) links =
	    g_ptr_array_new_with_free_func((GDestroyNotify)store_link_free);
	g_autoptr(Entry) new = converted(c, old, source, extra);
	g_autoptr(GString) undo = NULL;
	GError *why = NULL;
	gint64 row = 0;
	enum status st;

	if (id)
		*id = g_strdup(new->id);
	if (old->class == RECIPIENT_MAILBOX)
		return changes_modify(c, old, new, error);
	if (logs_in(old)) {
		st = changes_modify(c, old, new, error);
		if (st == ST_OK) {
			c->counts.changed--;
			c->counts.converted++;
		}
		return st;
	}
	st = check_new(c, new, &why);
	if (st == ST_OK)
		st = name_account(c, new, &why);
	undo = g_string_new(NULL);
	if (st == ST_OK) {
		ldif_put_entry(undo, new->id, "delete", NULL);
		st = undo_of_removal(c, undo, old, links, &why);
	}
	if (st == ST_OK && c->journal)
		st = journal_begin_convert(
		    c->journal, undo->str, old, new, links, &row, &why);
	step("directory convert: entered");
	if (st == ST_OK && !c->params.dry)
		st = carry_out(c, c->store, old, new, links, &why);
	if (st == ST_OK && two(c))
		st = carry_out(c, c->known, old, new, links, &why);
	if (st >= -1 && c->journal && row) {
		GError *other = NULL;

		if (journal_end_convert(c->journal, row, &other) < 0) {
			g_clear_error(&why);
			g_propagate_error(error, other);
			return ST_RUN;
		}
		step("directory convert: ended");
	}
	if (st < 0)
		return refused(c, old, NULL, error, why, st);
	c->counts.converted++;
	changes_tell(
	    c, EVENT_DIRECTORY_CONVERTED, entry_title(new), old->line, old->id);
	return ST_OK;
}
