/*
 * Which file of a Microsoft Mail address is whose: files of messages (MMFF) one
 * by one, or in a directory for each user; or the mailbags of a post office.
 */
#include "source/msmail-private.h"
#include "source/exports.h"

#include <string.h>
#include <sys/stat.h>

void
ms_place_free(void *p)
{
	struct ms_place *place = p;

	if (place == NULL)
		return;
	g_free(place->path);
	g_free(place->user);
	g_free(place->mailbox);
	g_free(place);
}

static void
add(struct msmail_source *s, enum ms_kind kind, const char *path,
    const char *user)
{
	struct ms_place *place = g_new0(struct ms_place, 1);

	place->kind = kind;
	place->path = g_strdup(path);
	place->user = g_strdup(user);
	/* As import looks for it (Q182665): MS:NETWORK/POSTOFFICE/MAILBOX. */
	place->mailbox = *s->opts.post_office ? g_strdup_printf("MS:%s/%s",
						    s->opts.post_office, user)
					      : g_strdup(user);
	g_ptr_array_add(s->places, place);
}

char *
ms_find(const char *dir, const char *want)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d)))
		if (g_ascii_strcasecmp(name, want) == 0)
			return g_build_filename(dir, name, NULL);
	return NULL;
}

/* The files of one user's directory. */
static void
add_user(struct msmail_source *s, const char *dir, const char *user)
{
	g_autoptr(GPtrArray) names = exports_names(dir);

	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path =
		    g_build_filename(dir, names->pdata[i], NULL);

		if (exports_probe(path, mmff_probe))
			add(s, MS_MESSAGES, path, user);
	}
}

static char *
read_file(const char *path, gsize *len)
{
	char *data = NULL;

	*len = 0;
	if (path == NULL || !g_file_get_contents(path, &data, len, NULL))
		return NULL;
	return data;
}

GHashTable *
ms_office_names(const char *root, const Codepage *page)
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

/* A mailbag for each local user: eight hexadecimal digits. */
static enum status
find_mailbags(struct msmail_source *s, GError **error)
{
	g_autofree char *dir = ms_find(s->root, "MBG");
	g_autoptr(GPtrArray) names = exports_names(dir);
	g_autoptr(Codepage) page = NULL;
	g_autoptr(GHashTable) known = NULL;
	enum status st = codepage_open(
	    &page, s->opts.codepage ? s->opts.codepage : 850, error);

	if (st < 0)
		return st;
	known = ms_office_names(s->root, page);
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

			add(s, MS_MAILBAG, path, user);
		} else
			add(s, MS_MAILBAG, path, stem);
	}
	return ST_OK;
}

enum status
ms_places_find(struct msmail_source *s, const char *path, GError **error)
{
	g_autoptr(GPtrArray) names = NULL;
	g_autofree char *glb = NULL, *mbg = NULL;

	s->root = g_strdup(path);
	if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
		g_autofree char *user = exports_stem(path);

		if (!exports_probe(path, mmff_probe))
			return fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
			    "msmail: %s is no file of messages: it does not "
			    "begin with a line VERSION:",
			    path);
		add(s, MS_MESSAGES, path, user);
		return ST_OK;
	}
	if (!g_file_test(path, G_FILE_TEST_IS_DIR))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "msmail: cannot find %s; write msmail:FILE for one file of "
		    "messages, or msmail:DIR for all in it",
		    path);
	glb = ms_find(path, "GLB");
	mbg = ms_find(path, "MBG");
	s->is_office = glb && mbg;
	if (s->is_office)
		return find_mailbags(s, error);
	names = exports_names(path);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *inner =
		    g_build_filename(path, names->pdata[i], NULL);
		g_autofree char *user = exports_stem(names->pdata[i]);

		if (g_file_test(inner, G_FILE_TEST_IS_DIR))
			add_user(s, inner, user);
		else if (exports_probe(inner, mmff_probe))
			add(s, MS_MESSAGES, inner, user);
	}
	return ST_OK;
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
}
