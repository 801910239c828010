#include "directory/store.h"

#include "base/nearest.h"
#include "directory/dn.h"
#include "directory/table.h"
#include "directory/wire.h"

#include <string.h>

const struct store_driver *const store_drivers[] = {&store_sqlite_driver,
    &store_ldap_driver, &store_ldif_driver, &store_csv_driver, NULL};

const struct store_driver *
store_driver_find(const char *scheme)
{
	for (guint i = 0; store_drivers[i]; i++)
		for (guint j = 0; store_drivers[i]->schemes[j]; j++)
			if (strcmp(store_drivers[i]->schemes[j], scheme) == 0)
				return store_drivers[i];
	return NULL;
}

static enum status
unknown(const char *scheme, GError **error)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	const char *near;

	for (guint i = 0; store_drivers[i]; i++)
		for (guint j = 0; store_drivers[i]->schemes[j]; j++)
			g_ptr_array_add(
			    words, (char *)store_drivers[i]->schemes[j]);
	g_ptr_array_add(words, NULL);
	near = nearest_word(scheme, (const char *const *)words->pdata);
	return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
	    "directory %s: unknown kind%s%s%s; known are sqlite:FILE, "
	    "ldap://HOST/BASE, ldaps://, ldif:FILE and csv:FILE",
	    scheme, near ? ", did you mean " : "", near ? near : "",
	    near ? ":" : "");
}

enum status
store_open(Store **out, const char *text, const char *user,
    const char *password, const char *state_dir,
    void (*complain)(void *user, int line, const char *text),
    void *complain_user, GError **error)
{
	struct url url;
	const struct store_driver *driver;
	g_autoptr(Options) options = NULL;
	struct store_where where = {.url = &url,
	    .user = user,
	    .password = password,
	    .state_dir = state_dir,
	    .complain = complain,
	    .complain_user = complain_user};
	enum status st = url_parse(text, &url, error);

	*out = NULL;
	if (st < 0)
		return st;
	driver = store_driver_find(url.scheme);
	if (driver == NULL) {
		st = unknown(url.scheme, error);
		url_clear(&url);
		return st;
	}
	options = options_new(driver->options);
	for (guint i = 0; st == ST_OK && url.names && url.names[i]; i++)
		st = options_set(options, url.names[i], url.values[i], error);
	where.options = options;
	if (where.user == NULL)
		where.user = url.user;
	if (where.password == NULL)
		where.password = url.password;
	if (st == ST_OK)
		st = driver->open(out, &where, error);
	if (st == ST_OK)
		((struct store_base *)*out)->text = url_to_text(&url);
	url_clear(&url);
	return st;
}

static struct store_base *
base_of(const Store *store)
{
	return (struct store_base *)store;
}

void
store_close(Store *store)
{
	struct store_base *base = base_of(store);
	const struct store_driver *driver;

	if (store == NULL)
		return;
	driver = base->driver;
	g_free(base->text);
	g_free(base->base);
	for (guint i = 0; i < G_N_ELEMENTS(base->containers); i++)
		g_free(base->containers[i]);
	driver->close(store);
}

const char *
store_text(const Store *store)
{
	return base_of(store)->text ? base_of(store)->text : "directory";
}

const char *
store_base_dn(const Store *store)
{
	return base_of(store)->base ? base_of(store)->base : "";
}

const char *
store_container(const Store *store, enum recipient_class class)
{
	const char *dn = base_of(store)->containers[class];

	return dn ? dn : store_base_dn(store);
}

const struct wire_profile *
store_profile(const Store *store)
{
	const struct wire_profile *profile = base_of(store)->profile;

	return profile ? profile : &wire_ad;
}

void
store_link_free(struct store_link *link)
{
	if (link == NULL)
		return;
	g_free(link->holder);
	g_free(link);
}

enum status
store_scan(Store *store, GError **error)
{
	return base_of(store)->driver->scan(store, error);
}

enum status
store_next(Store *store, Entry **out, GError **error)
{
	return base_of(store)->driver->next(store, out, error);
}

enum status
store_search(Store *store, enum store_key key, const char *value,
    GPtrArray *out, GError **error)
{
	return base_of(store)->driver->search(store, key, value, out, error);
}

enum status
store_read(Store *store, const char *id, Entry **out, GError **error)
{
	return base_of(store)->driver->read(store, id, out, error);
}

enum status
store_links(Store *store, const char *id, GPtrArray *out, GError **error)
{
	return base_of(store)->driver->links(store, id, out, error);
}

enum status
store_create(Store *store, Entry *entry, GError **error)
{
	if (entry->id == NULL)
		entry->id = store_new_id(store, entry);
	if (entry->id == NULL || !dn_check(entry->id))
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "%s: no name for it: a Common-Name is needed",
		    entry_title(entry));
	entry_set(entry, "Obj-Container", NULL); /* is in the name now */
	return base_of(store)->driver->create(store, entry, error);
}

enum status
store_modify(Store *store, const Entry *old, const Entry *new, GError **error)
{
	return base_of(store)->driver->modify(store, old, new, error);
}

enum status
store_remove(Store *store, const char *id, GError **error)
{
	return base_of(store)->driver->remove(store, id, error);
}

enum status
store_link(Store *store, const char *holder, const char *attribute,
    const char *const *targets, guint n, bool add, GError **error)
{
	g_assert(n > 0 && n <= STORE_LINKS_MAX);
	return base_of(store)->driver->link(
	    store, holder, attribute, targets, n, add, error);
}

bool
store_has_container(Store *store, const char *dn)
{
	return base_of(store)->driver->has_container(store, dn);
}

bool
store_takes_passwords(const Store *store)
{
	return base_of(store)->driver->log_in;
}

const char *
store_refuses(Store *store, enum recipient_class class)
{
	const struct store_driver *driver = base_of(store)->driver;

	return driver->refuses ? driver->refuses(store, class) : NULL;
}

enum status
store_commit(Store *store, GError **error)
{
	return base_of(store)->driver->commit(store, error);
}

char *
store_new_id(const Store *store, const Entry *entry)
{
	const char *name = entry_get(entry, "Common-Name");
	const char *container = entry_get(entry, "Obj-Container");

	if (entry->id)
		return g_strdup(entry->id);
	if (name == NULL || *name == '\0')
		return NULL;
	if (container == NULL || *container == '\0')
		container = store_container(store, entry->class);
	return dn_child("cn", name, container);
}

enum status
store_mirror(Store *store, bool copy_always, Store **out, GPtrArray *unreadable,
    GError **error)
{
	Store *copy = NULL;
	enum status st;

	*out = store;
	if (!base_of(store)->driver->remote && !copy_always)
		return ST_OK;
	st = table_open_private(&copy, store_text(store), error);
	if (st == ST_OK)
		st = store_scan(store, error);
	while (st == ST_OK) {
		g_autoptr(Entry) entry = NULL;
		g_autoptr(GError) why = NULL;

		st = store_next(store, &entry, &why);
		if (st == ST_ITEM) {
			if (unreadable)
				g_ptr_array_add(
				    unreadable, g_strdup(why->message));
			st = ST_OK;
		} else if (st == ST_OK)
			st = store_create(copy, entry, error);
		else if (st < 0)
			g_propagate_error(error, g_steal_pointer(&why));
	}
	if (st == ST_END)
		st = store_commit(copy, error);
	if (st < 0) {
		store_close(copy);
		return st;
	}
	base_of(copy)->base = g_strdup(store_base_dn(store));
	for (guint i = 0; i < 3; i++)
		base_of(copy)->containers[i] =
		    g_strdup(base_of(store)->containers[i]);
	*out = copy;
	return ST_OK;
}

void
store_mirror_close(Store *store, Store *mirror)
{
	if (mirror != store)
		store_close(mirror);
}
