/*
 * Stores of recipients, behind one interface: the embedded default (SQLite in
 * the state directory), LDAP, LDIF, directory files of Exchange (CSV).
 *
 *	sqlite:FILE  ldap://HOST:PORT/BASE  ldaps://  ldif:FILE  csv:FILE
 *
 * A store only does as it is told, one entry at a time; what is found, matched,
 * converted and in which order is decided elsewhere (match.h, import.h,
 * convert.h). Names of entries are distinguished names in every store.
 *
 * Files are read whole into a table of their own and written again, beside the
 * old one and renamed, by store_commit(); ldif and csv are for moderate sizes
 * (a million entries need some 2 GB of temporary disk space, no memory).
 */
#ifndef MAILMIG_DIRECTORY_STORE_H
#define MAILMIG_DIRECTORY_STORE_H

#include "base/option.h"
#include "base/url.h"
#include "directory/entry.h"

/* What can be searched for; texts without case. */
enum store_key {
	STORE_STAMP,   /* Imported-From: our own mark of a source mailbox */
	STORE_ADDRESS, /* "TYPE:address": any proxy, or the target address */
	STORE_ALIAS,   /* Mail-nickname */
	STORE_NAME,    /* Common-Name */
	STORE_DISPLAY, /* Display-Name */
	STORE_ACCOUNT, /* Assoc-NT-Account */
	STORE_KEYS,
};

/* An entry that refers to another one. */
struct store_link {
	char *holder;	       /* its name */
	const char *attribute; /* of entry_links */
};

/* What it takes to open one. */
struct store_where {
	const struct url *url;
	const Options *options; /* of the driver */
	const char *user;	/* name to bind with, or NULL */
	const char *password;	/* or NULL */
	const char *state_dir;	/* for tables of their own; exists */
	/* A line that was left out: the store goes on without it. May be NULL.
	 */
	void (*complain)(void *user, int line, const char *text);
	void *complain_user;
};

typedef struct Store Store; /* each driver defines its own, first member: */
struct store_driver {
	const char *name;
	const char *const *schemes;
	const char *summary;
	const struct option *options;
	bool remote; /* a search is a round trip: look things up in a mirror */
	bool log_in; /* its mailboxes log in: it takes WIRE_PASSWORD (wire.h) */

	enum status (*open)(
	    Store **out, const struct store_where *where, GError **error);
	enum status (*scan)(Store *store, GError **error);
	enum status (*next)(Store *store, Entry **out, GError **error);
	enum status (*search)(Store *store, enum store_key key,
	    const char *value, GPtrArray *out, GError **error);
	enum status (*read)(
	    Store *store, const char *id, Entry **out, GError **error);
	enum status (*links)(
	    Store *store, const char *id, GPtrArray *out, GError **error);
	enum status (*create)(Store *store, Entry *entry, GError **error);
	enum status (*modify)(
	    Store *store, const Entry *old, const Entry *new, GError **error);
	enum status (*remove)(Store *store, const char *id, GError **error);
	enum status (*link)(Store *store, const char *holder,
	    const char *attribute, const char *const *targets, guint n,
	    bool add, GError **error);
	bool (*has_container)(Store *store, const char *dn);
	/* Why entries of this class cannot be made there; NULL: they can. */
	const char *(*refuses)(Store *store, enum recipient_class class);
	enum status (*commit)(Store *store, GError **error);
	void (*close)(Store *store);
};
struct wire_profile;
struct store_base {
	const struct store_driver *driver;
	char *text;			    /* its URL, for messages */
	char *base;			    /* everything is below it; "" */
	const struct wire_profile *profile; /* NULL: wire_ad */
	char *containers[3]; /* where new ones go, by class; DNs */
};
extern const struct store_driver *const store_drivers[]; /* NULL-ended */
extern const struct store_driver store_sqlite_driver, store_ldif_driver,
    store_csv_driver, store_ldap_driver;
const struct store_driver *store_driver_find(const char *scheme);

/*
 * text: a URL as above. Options of the driver are taken from it. ST_RUN with
 * ERR_CONFIG (unknown scheme, option, base), ERR_IO (no such file, no such
 * server), ERR_AUTH, ERR_FORMAT. The store that is there when nothing is named:
 * store_open_default(), STATE/directory.sqlite.
 */
enum status store_open(Store **out, const char *text, const char *user,
    const char *password, const char *state_dir,
    void (*complain)(void *user, int line, const char *text),
    void *complain_user, GError **error);
void store_close(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_close)
const char *store_text(const Store *store);
const char *store_base_dn(const Store *store);
/* Where a new entry of this class goes that names no container. */
const char *store_container(const Store *store, enum recipient_class class);

/* How its entries are written as LDIF (wire.h). */
const struct wire_profile *store_profile(const Store *store);

/* From the beginning. */
enum status store_scan(Store *store, GError **error);
/* The caller's; ST_END after the last. ST_ITEM: one that cannot be read, named
 * in the error (Q221422); the next call goes on. */
enum status store_next(Store *store, Entry **out, GError **error);
/* All that have it; of Entry, appended. */
enum status store_search(Store *store, enum store_key key, const char *value,
    GPtrArray *out, GError **error);
/* ST_END: there is none of this name. */
enum status store_read(
    Store *store, const char *id, Entry **out, GError **error);
/* Who refers to it: of struct store_link, appended; store_link_free(). A remote
 * store tells lists alone; its mirror knows the other links. */
enum status store_links(
    Store *store, const char *id, GPtrArray *out, GError **error);
void store_link_free(struct store_link *link);

/*
 * Writing. create: entry->id is set, from its Common-Name and Obj-Container if
 * it has none. modify: the difference between the two; ST_THERE when there is
 * none. link: n values (at most STORE_LINKS_MAX) of a link attribute, all of
 * them or none; ST_THERE when a single one is (or is not) there already.
 * ST_ITEM with ERR_REFUSED: exists, not allowed, not valid; ST_RUN: the server
 * is gone.
 */
#define STORE_LINKS_MAX 500 /* AD's own limit is 5000 in one operation */
enum status store_create(Store *store, Entry *entry, GError **error);
enum status store_modify(
    Store *store, const Entry *old, const Entry *new, GError **error);
enum status store_remove(Store *store, const char *id, GError **error);
enum status store_link(Store *store, const char *holder, const char *attribute,
    const char *const *targets, guint n, bool add, GError **error);
bool store_has_container(Store *store, const char *dn);
const char *store_refuses(Store *store, enum recipient_class class);
bool store_takes_passwords(const Store *store);
/* What was written survives a crash when it returns. */
enum status store_commit(Store *store, GError **error);

/* The name that a new entry will have: id, or made of its container. g_free().
 */
char *store_new_id(const Store *store, const Entry *entry);
/*
 * A store to look things up in: the store itself, or a copy of it in a
 * temporary table, when every look would be a round trip. Close it with
 * store_mirror_close(). unreadable (may be NULL) gets a text for every entry
 * that could not be read. copy: make one in any case, to try changes in.
 */
enum status store_mirror(Store *store, bool copy, Store **out,
    GPtrArray *unreadable, GError **error);
void store_mirror_close(Store *store, Store *mirror);

#endif
