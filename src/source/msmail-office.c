/*
 * A post office of Microsoft Mail (spec/msmail.md 2, 3): whose mailbags are in
 * it, who its users and groups are, and whether its files look like one.
 */
#include "source/msmail-private.h"
#include "source/exports.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *
read_file(const char *path, gsize *len)
{
	char *data = NULL;

	*len = 0;
	if (path == NULL || !g_file_get_contents(path, &data, len, NULL))
		return NULL;
	return data;
}

/* Full names by id, from ADMIN.NME: of guint32 to char *; may be empty. */
static GHashTable *
read_names(const char *root, const Codepage *page)
{
	GHashTable *out = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	g_autofree char *dir = ms_find(root, "NME");
	g_autofree char *path = dir ? ms_find(dir, "ADMIN.NME") : NULL;
	gsize len;
	g_autofree char *data = read_file(path, &len);

	for (gsize at = 0; data && at + MSMAIL_NME_RECORD <= len &&
			   at / MSMAIL_NME_RECORD < MSMAIL_USERS_MAX;
	     at += MSMAIL_NME_RECORD) {
		struct msmail_nme nme;
		g_autoptr(GString) text = g_string_new(NULL);

		if (!msmail_nme_parse((const guint8 *)data + at, &nme))
			continue;
		codepage_decode(
		    page, nme.name, strlen(nme.name), true, false, NULL, text);
		g_hash_table_insert(out, GUINT_TO_POINTER(nme.id),
		    g_string_free(g_steal_pointer(&text), FALSE));
	}
	return out;
}

static int
by_id(const void *a, const void *b)
{
	guint x = GPOINTER_TO_UINT(*(const gpointer *)a);
	guint y = GPOINTER_TO_UINT(*(const gpointer *)b);

	return x < y ? -1 : x > y;
}

/* The local members of a group: mailbags' numbers, in a file that is called
 * like the group's own (3.5). NULL: there is none. */
static GPtrArray *
read_members(const char *dir, guint id, GHashTable *names)
{
	g_autofree char *file = g_strdup_printf("%08X.MEM", id);
	g_autofree char *path = dir ? ms_find(dir, file) : NULL;
	gsize len;
	g_autofree char *data = read_file(path, &len);
	GPtrArray *out;

	if (data == NULL)
		return NULL;
	out = g_ptr_array_new_with_free_func(g_free);
	for (gsize at = 0; at + 4 <= MIN(len, 4 * MSMAIL_MEMBERS_MAX);
	     at += 4) {
		guint member = msmail_le32((const guint8 *)data + at);
		const char *name =
		    g_hash_table_lookup(names, GUINT_TO_POINTER(member));

		/* 0: a place that was left. */
		if (member != 0)
			g_ptr_array_add(
			    out, name ? g_strdup(name)
				      : g_strdup_printf("%08X", member));
	}
	return out;
}

/* Who has a mailbag is a user; who has a list of members, a group. Members who
 * are elsewhere are in a chain whose beginning nobody has described. */
static void
find_people(struct msmail_source *s, GHashTable *names, GHashTable *bags)
{
	g_autofree char *dir = ms_find(s->root, "MEM");
	guint n = 0;
	g_autofree gpointer *ids = g_hash_table_get_keys_as_array(names, &n);

	qsort(ids, n, sizeof *ids, by_id);
	for (guint i = 0; i < n; i++) {
		g_autoptr(GPtrArray) members = NULL;
		struct ms_person *person;
		bool local = g_hash_table_contains(bags, ids[i]);

		if (!local)
			members =
			    read_members(dir, GPOINTER_TO_UINT(ids[i]), names);
		if (!local && members == NULL) {
			s->strangers++;
			continue;
		}
		person = ms_person_add(s);
		person->full_name =
		    g_strdup(g_hash_table_lookup(names, ids[i]));
		person->is_local = local;
		person->is_group = !local;
		for (guint k = 0; members && k < members->len; k++)
			g_ptr_array_add(
			    person->members, g_strdup(members->pdata[k]));
	}
}

/* A mailbag for each local user: eight hexadecimal digits. */
enum status
ms_office_find(struct msmail_source *s, GError **error)
{
	g_autofree char *dir = ms_find(s->root, "MBG");
	g_autoptr(GPtrArray) names = exports_names(dir);
	g_autoptr(Codepage) page = NULL;
	g_autoptr(GHashTable) known = NULL;
	g_autoptr(GHashTable) bags = g_hash_table_new(NULL, NULL);
	enum status st = codepage_open(
	    &page, s->opts.codepage ? s->opts.codepage : 850, error);

	if (st < 0)
		return st;
	known = read_names(s->root, page);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *stem = exports_stem(names->pdata[i]);
		g_autofree char *path =
		    g_build_filename(dir, names->pdata[i], NULL);
		char *end;
		guint64 id = g_ascii_strtoull(stem, &end, 16);
		const char *name;

		if (strlen(stem) != 8 || *end ||
		    !g_str_has_suffix(path, names->pdata[i]) ||
		    g_ascii_strcasecmp(
			strrchr(path, '.') ? strrchr(path, '.') : "", ".MBG") !=
			0)
			continue;
		name = g_hash_table_lookup(known, GUINT_TO_POINTER((guint)id));
		/* Two people may have one name; the bag is unique. */
		if (name) {
			g_autofree char *user =
			    g_strdup_printf("%s (%s)", name, stem);

			ms_place_add(s, MS_MAILBAG, path, user);
		} else
			ms_place_add(s, MS_MAILBAG, path, stem);
		g_hash_table_add(bags, GUINT_TO_POINTER((guint)id));
	}
	if (*s->opts.users == '\0' && *s->opts.addresses == '\0')
		find_people(s, known, bags);
	return ST_OK;
}

/* Record i of all three is one user's (3.1); the original refused a post office
 * where they disagreed (Q168736). */
static void
check_access(struct msmail_source *s)
{
	static const struct {
		const char *file;
		gint64 record;
	} files[] = {
	    {"ACCESS.GLB", 586}, {"ACCESS2.GLB", 69}, {"ACCESS3.GLB", 512}};
	gint64 n[G_N_ELEMENTS(files)];
	g_autofree char *dir = ms_find(s->root, "GLB");
	g_autofree char *text = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = ms_find(dir, files[i].file);
		struct stat sb;

		if (path == NULL || stat(path, &sb) < 0)
			return;
		n[i] = sb.st_size / files[i].record;
	}
	if (n[0] == n[1] && n[1] == n[2])
		return;
	text = g_strdup_printf("the ACCESS files disagree on how many users "
			       "there are: %" G_GINT64_FORMAT
			       ", %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT
			       "; names and mailbags are read without them",
	    n[0], n[1], n[2]);
	ms_say(s, REMARK_WARNING, "MS_OFFICE", text, -1, NULL, NULL);
}

void
ms_office_check(struct msmail_source *s)
{
	for (const struct msmail_size *size = msmail_sizes; size->file;
	     size++) {
		g_auto(GStrv) names = g_strsplit(size->file, "/", 2);
		g_autofree char *dir = ms_find(s->root, names[0]);
		g_autofree char *path = dir ? ms_find(dir, names[1]) : NULL;
		g_autofree char *text = NULL;
		struct stat sb;
		bool good;

		if (path == NULL || stat(path, &sb) < 0) {
			text = g_strdup_printf(
			    "%s (%s) is not there", size->file, size->what);
			ms_say(s, REMARK_WARNING, "MS_OFFICE", text, -1, NULL,
			    NULL);
			continue;
		}
		good = size->record
			   ? sb.st_size >= size->head &&
				 (sb.st_size - size->head) % size->record == 0
			   : sb.st_size == size->head;
		if (good && size->record)
			text = g_strdup_printf("%s (%s): %" G_GINT64_FORMAT
					       " records",
			    size->file, size->what,
			    (sb.st_size - size->head) / size->record);
		else if (!good)
			text = g_strdup_printf("%s (%s) has %" G_GINT64_FORMAT
					       " bytes, which is no size of "
					       "such a file",
			    size->file, size->what, (gint64)sb.st_size);
		if (text)
			ms_say(s, good ? REMARK_INFO : REMARK_WARNING,
			    "MS_OFFICE", text, -1, NULL, NULL);
	}
	check_access(s);
	if (s->strangers > 0) {
		g_autofree char *text = g_strdup_printf(
		    "%u names of ADMIN.NME have neither a mailbag nor a list "
		    "of local members: addresses elsewhere, or groups of "
		    "them; GIMPORT text has them",
		    s->strangers);

		ms_say(s, REMARK_WARNING, "MS_OFFICE", text, -1, NULL, NULL);
	}
}
