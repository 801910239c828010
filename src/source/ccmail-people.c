/*
 * Entries of directory and list exports as records: recipients of the
 * organisation, entries and lists of one person's address book. Experimental:
 * the layout of these files is believed, not known (ccmail/directory.h).
 */
#include "source/ccmail-private.h"

#include <string.h>

enum { PAB_CLASS = 0, PAB_NAME = 1, PAB_ADDRESS = 2, PAB_NOTE = 23 };

enum status
cc_people_read(struct ccmail_source *s, GError **error)
{
	guint unknown = 0;
	enum status st;

	s->entries = g_ptr_array_new_with_free_func(ccmail_entry_free);
	s->entry = 0;
	st = ccmail_directory_read(
	    &s->data, s->page, s->entries, &unknown, error);
	if (st < 0)
		return st;
	if (unknown > 0) {
		g_autofree char *text = g_strdup_printf(
		    "%u lines that nobody knows are left out", unknown);

		cc_say(s, REMARK_WARNING, "CC_UNKNOWN_FIELD", text, -1, NULL,
		    NULL);
	}
	/* Q229754, Q253196: old tools wrote nothing, and nobody said so. */
	if (s->entries->len == 0)
		cc_say(s, REMARK_WARNING, "CC_NO_ENTRIES",
		    "the file holds no entry; Export 8.3 or later is needed "
		    "for personal lists, 8.30.03 for their Internet addresses",
		    -1, NULL, NULL);
	return ST_OK;
}

static const char *
hold(struct ccmail_source *s, char *text)
{
	g_ptr_array_add(s->attributes, text);
	return text;
}

static void
put(struct ccmail_source *s, guint *n, const char *name, char *value)
{
	if (value == NULL)
		return;
	hold(s, value);
	s->values[*n][0] = value;
	s->values[*n][1] = NULL;
	s->given[*n] = (struct attribute){(char *)name, s->values[*n]};
	(*n)++;
}

/* "Name at PO", or the Internet address; type in *type. */
static char *
address_of(const struct ccmail_source *s, const struct ccmail_entry *entry,
    const char **type)
{
	struct ccmail_address a;
	char *out;

	*type = "CCMAIL";
	if (entry->address && strchr(entry->address, '@')) {
		ccmail_address_parse(entry->address, &a);
		if (a.internet) {
			*type = "SMTP";
			out = g_strdup(a.internet);
			ccmail_address_clear(&a);
			return out;
		}
		ccmail_address_clear(&a);
	}
	if (entry->address && *entry->address)
		return g_strdup_printf("%s at %s", entry->name, entry->address);
	if (s->opts.post_office && *s->opts.post_office)
		return g_strdup_printf(
		    "%s at %s", entry->name, s->opts.post_office);
	return NULL;
}

static bool
is_local(const struct ccmail_entry *entry)
{
	return entry->type == 'L' || entry->type == 'R';
}

static void
recipient(struct ccmail_source *s, const struct ccmail_entry *entry,
    struct record *record)
{
	struct recipient *r = &record->recipient;
	const char *type;
	g_autofree char *address = address_of(s, entry, &type);
	guint n = 0;

	record->kind = RECORD_RECIPIENT;
	r->mode = MODE_CREATE;
	r->class = entry->kind == CCMAIL_LIST ? RECIPIENT_LIST
		   : is_local(entry)	      ? RECIPIENT_MAILBOX
					      : RECIPIENT_CONTACT;
	put(s, &n, "Common-Name", g_strdup(entry->name));
	put(s, &n, "Display-Name", g_strdup(entry->name));
	if (r->class == RECIPIENT_MAILBOX && address) {
		g_autofree char *office = g_strdup(
		    entry->address && *entry->address ? entry->address
						      : s->opts.post_office);

		put(s, &n, "Secondary-Proxy-Addresses",
		    g_strdup_printf(
			"MIGRATE:CCMAIL:%s AT %s", entry->name, office));
	} else if (r->class == RECIPIENT_CONTACT && address)
		put(s, &n, "Target-Address",
		    g_strdup_printf("%s:%s", type, address));
	put(s, &n, "Comment", g_strdup(entry->comment));
	if (r->class == RECIPIENT_LIST && entry->members->len > 0) {
		char **members = g_new0(char *, entry->members->len + 1);

		memcpy(members, entry->members->pdata,
		    entry->members->len * sizeof *members);
		hold(s, (char *)members);
		s->given[n++] = (struct attribute){(char *)"Member", members};
	}
	r->attributes = s->given;
	r->n_attributes = n;
}

/* Lists of thousands of people are looked up in books of as many. */
static const struct ccmail_entry *
find_entry(struct ccmail_source *s, const char *name)
{
	g_autofree char *folded = g_ascii_strdown(name, -1);

	if (s->by_name == NULL) {
		s->by_name = g_hash_table_new_full(
		    g_str_hash, g_str_equal, g_free, NULL);
		for (guint i = s->entries->len; i-- > 0;) {
			struct ccmail_entry *entry = s->entries->pdata[i];

			if (entry->kind == CCMAIL_ENTRY)
				g_hash_table_replace(s->by_name,
				    g_ascii_strdown(entry->name, -1), entry);
		}
	}
	return g_hash_table_lookup(s->by_name, folded);
}

/* Members by the address book itself; who is not in it stays, as a name
 * (Q214838). */
static void
list(struct ccmail_source *s, const struct ccmail_entry *entry,
    struct address *out)
{
	g_autoptr(GString) text = g_string_new(NULL);

	g_array_set_size(s->members, 0);
	for (guint i = 0; i < entry->members->len; i++) {
		const char *name = entry->members->pdata[i];
		const struct ccmail_entry *one = find_entry(s, name);
		struct ccmail_address a;
		struct person person = {0};

		ccmail_address_parse(name, &a);
		person.name = (char *)hold(s, g_strdup(a.name ? a.name : name));
		if (a.internet) {
			person.type = (char *)"SMTP";
			person.address =
			    (char *)hold(s, g_steal_pointer(&a.internet));
		} else if (a.post_office && a.name) {
			person.type = (char *)"CCMAIL";
			person.address = (char *)hold(s, g_strdup(name));
		} else if (one) {
			const char *type;
			char *address = address_of(s, one, &type);

			if (address) {
				person.type = (char *)type;
				person.address = (char *)hold(s, address);
			}
		}
		ccmail_address_clear(&a);
		g_array_append_val(s->members, person);
		g_string_append_printf(
		    text, "%s%s", i > 0 ? ";" : "", person.name);
	}
	out->is_list = true;
	out->members = (const struct person *)(void *)s->members->data;
	out->n_members = s->members->len;
	s->fields[PAB_ADDRESS] =
	    hold(s, g_string_free(g_steal_pointer(&text), FALSE));
}

static void
address(struct ccmail_source *s, const struct ccmail_entry *entry,
    struct record *record)
{
	struct address *a = &record->address;
	const char *type, *comma = strchr(entry->name, ',');
	g_autofree char *to = address_of(s, entry, &type);

	record->kind = RECORD_ADDRESS;
	for (guint i = 0; i < ADDRESS_FIELDS; i++)
		s->fields[i] = "";
	a->fields = s->fields;
	s->fields[PAB_CLASS] = entry->kind == CCMAIL_LIST ? "dl" : "mailuser";
	s->fields[PAB_NAME] = entry->name;
	s->fields[PAB_NOTE] = entry->comment ? entry->comment : "";
	if (entry->kind == CCMAIL_LIST) {
		list(s, entry, a);
		return;
	}
	if (comma) { /* Q154053: usually "Last, First" */
		s->fields[4] = hold(
		    s, g_strndup(entry->name, (gsize)(comma - entry->name)));
		s->fields[3] = hold(s, g_strstrip(g_strdup(comma + 1)));
	}
	a->not_sendable = to == NULL;
	s->fields[PAB_ADDRESS] =
	    hold(s, to ? g_strdup_printf("%s:%s", type, to)
		       : g_strdup_printf("USER: %s", entry->name));
}

enum status
cc_people_next(struct ccmail_source *s, struct record *record)
{
	const struct ccmail_entry *entry;
	g_autofree char *stem = NULL;

	do {
		if (s->entry >= s->entries->len)
			return ST_END;
		entry = s->entries->pdata[s->entry++];
		/* Post offices and boards are no people. */
	} while (entry->kind == CCMAIL_BOARD || entry->type == 'P' ||
		 entry->type == 'p');
	g_ptr_array_set_size(s->attributes, 0);
	stem = g_strdup_printf("%s %s",
	    entry->kind == CCMAIL_LIST ? "list" : "entry", entry->name);
	if (s->place->kind == CC_ENTRIES)
		recipient(s, entry, record);
	else
		address(s, entry, record);
	record->key = filing_key(s->filing, stem);
	return ST_OK;
}
