/*
 * Which file of a cc:Mail address is whose.
 *
 *	MAILBOXES.CSV	columns file, kind (mail, board, lists), name: the list
 *			of what was, or is to be, exported
 *	*.CCM *.EXP *.UND *.TXT that begin like an export: a mailbox each
 *	files in BOARDS	a bulletin board each
 *	files in LISTS	the private directory and lists of the user so named
 *	CCMDIR.EXP CCMLIST.EXP CCMBB.EXP	the directory
 *
 * Names of post offices, people and boards never become paths (Q229314,
 * Q238850): the list names the files.
 */
#include "source/ccmail-private.h"
#include "source/exports.h"

#include "base/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INDEX_NAME "MAILBOXES.CSV"

void
cc_place_free(void *p)
{
	struct cc_place *place = p;

	if (place == NULL)
		return;
	g_free(place->file);
	g_free(place->owner);
	g_free(place->mailbox);
	g_free(place);
}

/* As import looks for it: "CCMAIL:user AT postoffice" (Q151826). */
static char *
mailbox_name(const struct ccmail_source *s, const char *owner)
{
	if (s->opts.post_office == NULL || *s->opts.post_office == '\0')
		return g_strdup(owner);
	return g_strdup_printf("CCMAIL:%s AT %s", owner, s->opts.post_office);
}

static void
add(struct ccmail_source *s, enum cc_kind kind, const char *file,
    const char *owner)
{
	struct cc_place *place = g_new0(struct cc_place, 1);
	g_autofree char *path = g_build_filename(s->dir, file, NULL);

	place->kind = kind;
	place->file = g_strdup(file);
	place->owner = g_strdup(owner);
	if (kind == CC_MAIL || kind == CC_LISTS)
		place->mailbox = mailbox_name(s, owner);
	place->exists = g_file_test(path, G_FILE_TEST_IS_REGULAR);
	g_ptr_array_add(s->places, place);
}

/* Relative, and not out of the directory. */
static bool
is_inside(const char *file)
{
	g_auto(GStrv) names = g_strsplit_set(file, "/\\", -1);

	if (g_path_is_absolute(file) || *file == '\0')
		return false;
	return !g_strv_contains((const char *const *)names, "..");
}

static char *
find_name(const char *dir, const char *want)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d)))
		if (g_ascii_strcasecmp(name, want) == 0)
			return g_strdup(name);
	return NULL;
}

static int
column(char *const *fields, guint n, const char *name)
{
	for (guint i = 0; i < n; i++)
		if (g_ascii_strcasecmp(fields[i], name) == 0)
			return (int)i;
	return -1;
}

static enum status
read_index(struct ccmail_source *s, const char *file, GError **error)
{
	static const char *const kinds[] = {"mail", "board", "lists"};
	g_autofree char *path = g_build_filename(s->dir, file, NULL);
	g_autoptr(Csv) csv = NULL;
	char *const *fields;
	int at[3];
	guint n;
	enum status st = csv_open(&csv, path, error);

	if (st == ST_OK)
		st = csv_next(csv, &fields, &n, error);
	if (st < 0)
		return ST_RUN;
	at[0] = column(fields, st == ST_OK ? n : 0, "file");
	at[1] = column(fields, st == ST_OK ? n : 0, "kind");
	at[2] = column(fields, st == ST_OK ? n : 0, "name");
	if (at[0] < 0 || at[2] < 0)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "ccmail: %s needs the columns file and name, and kind "
		    "(mail, board or lists) where it is not mail",
		    path);
	while ((st = csv_next(csv, &fields, &n, error)) == ST_OK) {
		enum cc_kind kind = CC_MAIL;

		if ((int)n <= at[0] || (int)n <= at[2])
			continue;
		if (at[1] >= 0 && (int)n > at[1] && fields[at[1]][0]) {
			guint i = 0;

			while (i < G_N_ELEMENTS(kinds) &&
			       g_ascii_strcasecmp(fields[at[1]], kinds[i]) != 0)
				i++;
			if (i == G_N_ELEMENTS(kinds))
				return fail(ST_RUN, error, ERR_CONFIG,
				    RETRY_NEVER,
				    "ccmail: %s:%d: kind \"%s\" is neither "
				    "mail, board nor lists",
				    path, csv_line(csv), fields[at[1]]);
			kind = (enum cc_kind)i;
		}
		if (fields[at[2]][0] == '\0' || !is_inside(fields[at[0]]))
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "ccmail: %s:%d: needs a name, and a file inside of "
			    "the directory",
			    path, csv_line(csv));
		add(s, kind, fields[at[0]], fields[at[2]]);
	}
	if (st < 0) {
		g_prefix_error(error, "ccmail: %s: ", path);
		return ST_RUN;
	}
	return ST_OK;
}

static bool
is_listed(const struct ccmail_source *s, const char *file)
{
	for (guint i = 0; i < s->places->len; i++) {
		const struct cc_place *place = s->places->pdata[i];

		if (strcmp(place->file, file) == 0)
			return true;
	}
	return false;
}

/* A directory of boards or lists: each file is one. */
static void
add_all(struct ccmail_source *s, enum cc_kind kind, const char *sub)
{
	g_autofree char *dir = g_build_filename(s->dir, sub, NULL);
	g_autoptr(GPtrArray) names = exports_names(dir);

	for (guint i = 0; i < names->len; i++) {
		g_autofree char *file =
		    g_build_filename(sub, names->pdata[i], NULL);
		g_autofree char *path = g_build_filename(s->dir, file, NULL);
		g_autofree char *owner = exports_stem(file);

		if (!is_listed(s, file) &&
		    g_file_test(path, G_FILE_TEST_IS_REGULAR))
			add(s, kind, file, owner);
	}
}

static void
add_found(struct ccmail_source *s, const char *name, bool indexed)
{
	static const char *const ours[] = {
	    "CCMDIR.EXP", "CCMLIST.EXP", "CCMBB.EXP"};
	static const char *const ends[] = {".ccm", ".exp", ".und", ".txt"};
	g_autofree char *path = g_build_filename(s->dir, name, NULL);
	g_autofree char *lower = g_ascii_strdown(name, -1);
	g_autofree char *owner = exports_stem(name);

	for (guint i = 0; i < G_N_ELEMENTS(ours); i++)
		if (g_ascii_strcasecmp(name, ours[i]) == 0) {
			add(s, CC_ENTRIES, name, owner);
			return;
		}
	if (g_ascii_strcasecmp(name, "boards") == 0)
		add_all(s, CC_BOARD, name);
	else if (g_ascii_strcasecmp(name, "lists") == 0)
		add_all(s, CC_LISTS, name);
	for (guint i = 0; !indexed && i < G_N_ELEMENTS(ends); i++)
		if (g_str_has_suffix(lower, ends[i]) &&
		    exports_probe(path, ccmail_export_probe))
			add(s, CC_MAIL, name, owner);
}

/*
 * Which EXPORT a post office needs, by the names of its databases, which nobody
 * has published (spec/ccmail.md 1, 7; Q170011, Q174740). NULL: it is none.
 */
static const char *
native_tool(const GPtrArray *names)
{
	const char *tool = NULL;

	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];

		if (g_ascii_strncasecmp(name, "CCPOMBOX.", 9) == 0)
			return "6.0 or later (DB8; the 32-bit one for release "
			       "8.5)";
		if (g_ascii_strcasecmp(name, "CLANDATA") == 0 ||
		    g_ascii_strcasecmp(name, "MLANDATA") == 0)
			tool = "5.14 or later (DB6)";
	}
	return tool;
}

enum status
cc_places_find(struct ccmail_source *s, const char *path, GError **error)
{
	g_autoptr(GPtrArray) names = NULL;
	g_autofree char *index = NULL;
	enum status st = ST_OK;

	s->places = g_ptr_array_new_with_free_func(cc_place_free);
	if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
		g_autofree char *file = g_path_get_basename(path);
		g_autofree char *owner = exports_stem(file);

		s->dir = g_path_get_dirname(path);
		if (!exports_probe(path, ccmail_export_probe))
			return fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
			    "ccmail: %s is no cc:Mail export: no line "
			    "\"Message:\" near its start",
			    path);
		add(s, CC_MAIL, file, owner);
		return ST_OK;
	}
	s->dir = g_strdup(path);
	if (!g_file_test(path, G_FILE_TEST_IS_DIR))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "ccmail: cannot find %s; write ccmail:FILE for one export, "
		    "or ccmail:DIR for all in it",
		    path);
	index = find_name(path, INDEX_NAME);
	if (index)
		st = read_index(s, index, error);
	names = exports_names(path);
	for (guint i = 0; st == ST_OK && i < names->len; i++)
		add_found(s, names->pdata[i], index != NULL);
	if (st == ST_OK && s->places->len == 0) {
		const char *tool = native_tool(names);

		if (tool)
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "ccmail: %s is a post office; its databases cannot "
			    "be read: export it with Lotus's EXPORT, %s, see "
			    "mailmig-lan-mail(7)",
			    path, tool);
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "ccmail: no export in %s, and no " INDEX_NAME, path);
	}
	return st;
}

enum status
cc_place_open(struct ccmail_source *s, GError **error)
{
	g_autofree char *path = g_build_filename(s->dir, s->place->file, NULL);
	struct stat sb;

	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &sb) < 0)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "ccmail: cannot read %s: %s", path, g_strerror(errno));
	s->data = (struct blob){.fd = s->fd, .len = sb.st_size};
	return ST_OK;
}

void
cc_place_close(struct ccmail_source *s)
{
	g_clear_pointer(&s->export, ccmail_export_free);
	g_clear_pointer(&s->page, codepage_close);
	g_clear_pointer(&s->by_name, g_hash_table_unref);
	g_clear_pointer(&s->entries, g_ptr_array_unref);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->place = NULL;
	s->held = NULL;
}

/* Q194869, Q229314, Q186740: as the original's extractor ran it. */
char *
cc_place_command(const struct ccmail_source *s, const struct cc_place *place)
{
	if (strchr(place->owner, '"'))
		return g_strdup_printf("EXPORT takes no name that holds a "
				       "quotation mark; rename %s first",
		    place->owner);
	return g_strdup_printf("EXPORT /P<password> /BATCH /N\"%s\" /D%s "
			       "/DATE/1 /FILES/MACBIN2 /ITEMSIZE /FOLDER "
			       "/MSGS/ALL /@%s",
	    place->owner, s->opts.office_path, place->file);
}
