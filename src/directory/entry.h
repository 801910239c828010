/*
 * An entry of a directory: a mailbox, a custom recipient (contact) or a
 * distribution list, with its attributes.
 *
 * Attributes have the schema names of spec/migration-files.md 7.4 and appendix
 * B; those that only LDAP knows keep their name there. All text is UTF-8. Two
 * things are the same in every store:
 *
 * - Proxy-Addresses holds every e-mail address as "TYPE:address"; a type in
 *   capitals makes it the primary one of its type, in small letters a secondary
 *   (E55 xmg03003). What files keep apart in Secondary-Proxy-Addresses is in
 * it.
 * - Member, Owner and the other links hold distinguished names.
 */
#ifndef MAILMIG_DIRECTORY_ENTRY_H
#define MAILMIG_DIRECTORY_ENTRY_H

#include "base/status.h"
#include "model/record.h"

#define ENTRY_VALUES_MAX     1000000 /* of one attribute: members of a list */
#define ENTRY_ATTRIBUTES_MAX 4096

struct entry_attribute {
	char *name;
	GPtrArray *values; /* of char * */
	bool binary;	   /* values are base64 of what is no text */
};

typedef struct Entry Entry;
struct Entry {
	enum recipient_class class;
	enum recipient_mode mode; /* of a row of a file */
	bool account_only;	  /* a log-in that has no mailbox */
	char *id; /* its distinguished name; NULL: not in a store yet */
	GPtrArray *attributes; /* of struct entry_attribute */
	/* Of a row with mode modify or update: values to take away; an
	 * attribute without values means all of its values (~DEL, 7.6). NULL:
	 * none. */
	GPtrArray *deletes;
	int line; /* where it was read, from 1; 0: not from a file */
};

Entry *entry_new(enum recipient_class class);
void entry_free(Entry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Entry, entry_free)
Entry *entry_copy(const Entry *entry);
/* From a record, with the proxies of both columns joined. container: of rows
 * that name none; base: see dn_from_path(). Members become names. */
Entry *entry_from_recipient(
    const struct recipient *recipient, const char *container, const char *base);

const char *entry_class_name(enum recipient_class class); /* "mailbox", ... */

/* NULL when it is not there. Names in any case. */
struct entry_attribute *entry_find(const Entry *entry, const char *name);
/* The first value, or NULL. */
const char *entry_get(const Entry *entry, const char *name);
bool entry_has(const Entry *entry, const char *name, const char *value);
/* value NULL: the attribute goes away. */
void entry_set(Entry *entry, const char *name, const char *value);
/* Unless it is there, without case. True when it was added. */
bool entry_add(Entry *entry, const char *name, const char *value);
bool entry_remove(Entry *entry, const char *name, const char *value);
/* Take over a whole attribute; the old one goes away. */
void entry_put(Entry *entry, const struct entry_attribute *attribute);

/* Note in deletes: value "" means all values; "TYPE:" all addresses of a type.
 */
void entry_delete(Entry *entry, const char *name, const char *value,
    const char *container, const char *base);
/* What a row of mode modify or update makes of an entry that exists: values of
 * lists are added, others replaced, deletes taken away. */
void entry_apply(Entry *entry, const Entry *row);

/* Text for comparison: NFC, folded. g_free(). */
char *entry_fold(const char *text);

/*
 * Addresses. text is "TYPE:address"; comparison is without case. Adding a
 * primary makes the one it replaces a secondary.
 */
#define ENTRY_TYPE_MAX 8 /* characters of an address type (Q184532: 232) */
bool entry_add_address(Entry *entry, const char *text, bool primary);
bool entry_is_primary(const char *text); /* is its type in capitals? */
bool entry_has_address(const Entry *entry, const char *text);
/* The primary address of a type ("SMTP"), without the type; NULL. */
const char *entry_primary(const Entry *entry, const char *type);
/* Is it "TYPE:..." with a type of 1 to ENTRY_TYPE_MAX letters or digits? */
bool entry_address_ok(const char *text);

/* Is it an attribute that holds names of other entries? */
bool entry_is_link(const char *name);
extern const char *const entry_links[]; /* NULL-ended */

/* All of it as bytes that entry_from_bytes() takes; our own form. */
GBytes *entry_to_bytes(const Entry *entry);
Entry *entry_from_bytes(const void *data, gsize len);
/* Same class and the same values in every attribute. */
bool entry_equal(const Entry *a, const Entry *b);

/* Display name, else common name, else id; for messages. */
const char *entry_title(const Entry *entry);

#endif
