/* Who is in a directory: addresses and entries by the names people have there
 * (spec/notes.md 5.1, 9). */
#include "source/notes-private.h"

#include <string.h>

#define COMMON_MAX 64 /* chars of Common-Name */

/* Somebody, by one of the names. */
struct known_as {
	char *full; /* the first of the names; NULL: several have this one */
	char *smtp; /* or NULL */
	bool group;
	bool first; /* this is that one, which wins over aliases */
};

struct NotesNames {
	GHashTable *people;  /* by name_key(): struct known_as */
	GHashTable *commons; /* casefolded: how many have it */
};

static void
known_as_free(void *data)
{
	struct known_as *known = data;

	g_free(known->full);
	g_free(known->smtp);
	g_free(known);
}

/* "CN=Jo Berry/O=Acme@ACME" and "Jo Berry/Acme" are one; an Internet address is
 * another than the name before its @. */
static char *
name_key(const char *name)
{
	gsize len =
	    nsf_name_is_internet(name) ? strlen(name) : strcspn(name, "@");
	g_autofree char *bare = g_strndup(name, len);
	g_autofree char *plain = nsf_name_abbreviate(g_strstrip(bare));

	return g_utf8_casefold(plain, -1);
}

/* What directory files take for a name, of what a person or group has. */
static char *
clean(char *name)
{
	char *end;

	g_strdelimit(name, "/%\r\n\t", '-');
	if (g_utf8_strlen(name, -1) > COMMON_MAX) {
		end = g_utf8_offset_to_pointer(name, COMMON_MAX);
		*end = '\0';
	}
	return g_strstrip(name);
}

/* Only persons' names have parts; a '/' in that of a group means nothing. */
static char *
common_part(const char *full, bool group, const char **rest)
{
	g_autofree char *plain = nsf_name_abbreviate(full);
	char *slash = group ? NULL : strchr(plain, '/');

	if (rest)
		*rest = NULL;
	if (slash == NULL)
		return clean(g_steal_pointer(&plain));
	*slash = '\0';
	if (rest)
		*rest = strchr(full, '/') + 1;
	return clean(g_steal_pointer(&plain));
}

/* "Jo Berry (Sales, Acme)" */
static char *
common_with_rest(const char *common, const char *rest)
{
	g_autofree char *plain = nsf_name_abbreviate(rest);
	g_auto(GStrv) parts = g_strsplit(plain, "/", -1);
	g_autofree char *joined = g_strjoinv(", ", parts);

	return clean(g_strdup_printf("%s (%s)", common, joined));
}

char *
notes_names_common(NotesNames *names, const char *full, bool group)
{
	const char *rest = NULL;
	g_autofree char *common = common_part(full, group, &rest);
	g_autofree char *folded = g_utf8_casefold(common, -1);
	guint n = names ? GPOINTER_TO_UINT(
			      g_hash_table_lookup(names->commons, folded))
			: 1;

	if (n > 1 && rest)
		return common_with_rest(common, rest);
	return g_steal_pointer(&common);
}

char *
notes_names_entry(NotesNames *names, const char *name)
{
	const char *rest = NULL;
	const struct known_as *known = NULL;
	g_autofree char *common = NULL;

	if (*name == '\0')
		return NULL;
	if (names) {
		g_autofree char *key = name_key(name);

		known = g_hash_table_lookup(names->people, key);
	}
	if (known && known->full)
		return notes_names_common(names, known->full, known->group);
	if (nsf_name_is_internet(name))
		return g_strdup(name);
	/* Without an index all that can be said is the common name. */
	common = common_part(name, false, &rest);
	return rest && names ? common_with_rest(common, rest)
			     : g_steal_pointer(&common);
}

/* A name for somebody; one that two have, and neither as the first, means
 * nobody. */
static void
add_name(
    NotesNames *names, const char *name, const struct known_as *who, bool first)
{
	g_autofree char *key = name_key(name);
	struct known_as *known;

	if (*key == '\0')
		return;
	known = g_hash_table_lookup(names->people, key);
	if (known == NULL) {
		known = g_new0(struct known_as, 1);
		g_hash_table_insert(
		    names->people, g_steal_pointer(&key), known);
	} else if (known->first || !first) {
		if (first == known->first &&
		    g_strcmp0(known->full, who->full) != 0) {
			g_clear_pointer(&known->full, g_free);
			g_clear_pointer(&known->smtp, g_free);
		}
		return;
	}
	g_free(known->full);
	g_free(known->smtp);
	*known = (struct known_as){.full = g_strdup(who->full),
	    .smtp = g_strdup(who->smtp),
	    .group = who->group,
	    .first = first};
}

static void
add_person(NotesNames *names, const struct nsf_note *note, bool group)
{
	static const char *const items[] = {
	    "FullName", "ListName", "ShortName"};
	g_autofree char *smtp = notes_internet_address(note);
	g_autofree char *full =
	    nsf_note_text(note, group ? "ListName" : "FullName");
	g_autofree char *common = NULL;
	const struct known_as who = {full, smtp, group, false};
	char *folded;
	guint n;

	if (full == NULL && smtp == NULL)
		return;
	for (guint which = 0; which < G_N_ELEMENTS(items); which++) {
		g_auto(GStrv) all = nsf_note_texts(note, items[which]);

		for (guint i = 0; all[i]; i++)
			add_name(names, all[i], &who, i == 0 && which < 2);
	}
	if (smtp)
		add_name(names, smtp, &who, false);
	if (full == NULL)
		return;
	common = common_part(full, group, NULL);
	folded = g_utf8_casefold(common, -1);
	n = GPOINTER_TO_UINT(g_hash_table_lookup(names->commons, folded));
	g_hash_table_replace(names->commons, folded, GUINT_TO_POINTER(n + 1));
}

NotesNames *
notes_names_of(Nsf *nsf)
{
	NotesNames *names = g_new0(NotesNames, 1);
	struct nsf_cursor cursor = {0};
	struct nsf_place place;
	struct nsf_note note;
	guint32 id;
	enum status st;

	names->people = g_hash_table_new_full(
	    g_str_hash, g_str_equal, g_free, known_as_free);
	names->commons =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	nsf_note_init(&note);
	while ((st = nsf_next(nsf, &cursor, &id, &place, NULL)) != ST_END) {
		enum nsf_form form;

		if (st < 0 ||
		    nsf_note_read(&note, nsf, id, &place, true, NULL) !=
			ST_OK ||
		    note.stub ||
		    (note.class & NSF_CLASS_MASK) != NSF_CLASS_DOCUMENT)
			continue;
		form = nsf_form_of(&note);
		/* Mail-in databases have an address, too. */
		add_person(names, &note, form == NSF_FORM_GROUP);
	}
	nsf_note_clear(&note);
	return names;
}

enum status
notes_names_open(NotesNames **out, const char *path, GError **error)
{
	g_autoptr(Nsf) nsf = NULL;
	enum status st;

	*out = NULL;
	st = nsf_open(&nsf, path, false, error);
	if (st == ST_OK)
		*out = notes_names_of(nsf);
	return st;
}

void
notes_names_close(NotesNames *names)
{
	if (names == NULL)
		return;
	g_hash_table_unref(names->people);
	g_hash_table_unref(names->commons);
	g_free(names);
}

char *
notes_names_smtp(void *ctx, const char *name)
{
	NotesNames *names = ctx;
	const struct known_as *known;
	g_autofree char *key = NULL;

	if (names == NULL)
		return NULL;
	key = name_key(name);
	known = g_hash_table_lookup(names->people, key);
	return known ? g_strdup(known->smtp) : NULL;
}
