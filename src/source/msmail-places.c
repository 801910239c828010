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

void
ms_place_add(struct msmail_source *s, enum ms_kind kind, const char *path,
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

/* A file of messages, or Schedule+ text; another one is nobody's. */
static bool
add_file(struct msmail_source *s, const char *path, const char *user)
{
	if (exports_probe(path, mmff_probe))
		ms_place_add(s, MS_MESSAGES, path, user);
	else if (exports_probe(path, ms_schedule_probe))
		ms_place_add(s, MS_SCHEDULE, path, user);
	else
		return false;
	return true;
}

/* The files of one user's directory. */
static void
add_user(struct msmail_source *s, const char *dir, const char *user)
{
	g_autoptr(GPtrArray) names = exports_names(dir);

	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path =
		    g_build_filename(dir, names->pdata[i], NULL);

		add_file(s, path, user);
	}
}

enum status
ms_places_find(struct msmail_source *s, const char *path, GError **error)
{
	g_autoptr(GPtrArray) names = NULL;
	g_autofree char *glb = NULL, *mbg = NULL;

	s->root = g_strdup(path);
	if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
		g_autofree char *user = exports_stem(path);

		if (!add_file(s, path, user))
			return fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
			    "msmail: %s is no file of messages, which begins "
			    "with a line VERSION:, and no Schedule+ text",
			    path);
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
		return ms_office_find(s, error);
	names = exports_names(path);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *inner =
		    g_build_filename(path, names->pdata[i], NULL);
		g_autofree char *user = exports_stem(names->pdata[i]);

		if (g_file_test(inner, G_FILE_TEST_IS_DIR))
			add_user(s, inner, user);
		else
			add_file(s, inner, user);
	}
	return ST_OK;
}
