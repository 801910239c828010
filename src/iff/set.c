#include "iff/set.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct aim { /* how well pointers into a secondary fared */
	gint64 pointers, missed;
	bool said;
};

struct Set {
	char *dir, *pkl_name;
	int dir_fd;
	struct set_options options;
	Pkl *pkl;
	Codepage *page;
	GArray *notes;	      /* struct diag of the packing list, texts owned */
	GHashTable *files;    /* folded name to index + 1 in pkl->files */
	GHashTable *folded;   /* folded name on disk to name; "" when two */
	GPtrArray *secs;      /* of Sec */
	GPtrArray *mailboxes; /* NULL: not read yet */
	GHashTable *aims;     /* name of a secondary to struct aim */
};

static void
note_clear(void *p)
{
	struct diag *diag = p;

	g_free((char *)diag->text);
}

static void
note_sink(void *ctx, const struct diag *diag)
{
	Set *set = ctx;
	struct diag copy = *diag;

	copy.file = set->pkl_name;
	copy.text = g_strdup(diag->text);
	g_array_append_val(set->notes, copy);
}

static void
mailbox_free(void *p)
{
	struct set_mailbox *mailbox = p;

	g_free(mailbox->name);
	g_array_free(mailbox->places, TRUE);
	g_free(mailbox);
}

static void
sec_free(void *p)
{
	sec_close(p);
}

/* The one packing list of a directory. */
static enum status
find_pkl(Set *set, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GDir) dir = g_dir_open(set->dir, 0, &why);
	const char *name;
	guint n = 0;

	if (dir == NULL)
		return fail(
		    ST_RUN, error, ERR_IO, RETRY_NEVER, "%s", why->message);
	while ((name = g_dir_read_name(dir))) {
		gsize len = strlen(name);

		if (len < 5 || name[0] == '.' ||
		    g_ascii_strcasecmp(name + len - 4, ".PKL") != 0)
			continue;
		if (n++ > 0)
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "%s holds several packing lists (%s, %s); name "
			    "the one that is meant",
			    set->dir, set->pkl_name, name);
		set->pkl_name = g_strdup(name);
	}
	if (n == 0)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s holds no packing list (*.PKL)", set->dir);
	return ST_OK;
}

static enum status
read_pkl(Set *set, GError **error)
{
	g_autofree char *path = g_build_filename(set->dir, set->pkl_name, NULL);
	g_autofree char *data = NULL;
	g_autoptr(GError) why = NULL;
	g_autoptr(Diags) diags = diags_new(note_sink, set);
	struct stat sb;
	gsize len;
	enum status st;

	if (stat(path, &sb) == 0 && sb.st_size > PKL_FILE_MAX)
		return fail(ST_RUN, error, ERR_LIMIT, RETRY_NEVER,
		    "%s: larger than %d bytes", path, PKL_FILE_MAX);
	if (!g_file_get_contents(path, &data, &len, &why))
		return fail(
		    ST_RUN, error, ERR_IO, RETRY_NEVER, "%s", why->message);
	st = pkl_parse(&set->pkl, data, len, set->options.names_codepage,
	    set->options.codepage, diags, NULL);
	if (st == ST_OK)
		return codepage_open(&set->page, set->pkl->codepage, error);
	for (guint i = 0; i < set->notes->len; i++) {
		const struct diag *diag =
		    &g_array_index(set->notes, struct diag, i);

		if (diag_table[diag->code].severity == DIAG_FATAL)
			return fail(st, error, ERR_FORMAT, RETRY_NEVER,
			    "%s:%" G_GINT64_FORMAT ": %s: %s", path, diag->line,
			    diag_table[diag->code].name, diag->text);
	}
	return fail(st, error, ERR_FORMAT, RETRY_NEVER,
	    "%s: not usable as a packing list", path);
}

enum status
set_open(Set **out, const char *path, const struct set_options *options,
    GError **error)
{
	Set *set = g_new0(Set, 1);
	enum status st = ST_OK;

	*out = NULL;
	set->dir_fd = -1;
	set->options = *options;
	set->notes = g_array_new(FALSE, FALSE, sizeof(struct diag));
	g_array_set_clear_func(set->notes, note_clear);
	set->secs = g_ptr_array_new_with_free_func(sec_free);
	if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
		set->dir = g_strdup(path);
		st = find_pkl(set, error);
	} else {
		set->dir = g_path_get_dirname(path);
		set->pkl_name = g_path_get_basename(path);
	}
	if (st == ST_OK)
		st = read_pkl(set, error);
	if (st == ST_OK) {
		set->dir_fd =
		    open(set->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (set->dir_fd < 0)
			st = fail(ST_RUN, error, ERR_IO, RETRY_NEVER, "%s: %s",
			    set->dir, g_strerror(errno));
	}
	if (st < 0) {
		set_close(set);
		return st;
	}
	set->files =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < set->pkl->files->len; i++) {
		struct pkl_file *file = g_ptr_array_index(set->pkl->files, i);

		g_hash_table_insert(set->files, g_utf8_casefold(file->name, -1),
		    GUINT_TO_POINTER(i + 1));
	}
	set->aims =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	*out = set;
	return ST_OK;
}

void
set_close(Set *set)
{
	if (set == NULL)
		return;
	g_ptr_array_free(set->secs, TRUE);
	if (set->mailboxes)
		g_ptr_array_free(set->mailboxes, TRUE);
	if (set->files)
		g_hash_table_destroy(set->files);
	if (set->aims)
		g_hash_table_destroy(set->aims);
	if (set->folded)
		g_hash_table_destroy(set->folded);
	g_array_free(set->notes, TRUE);
	pkl_free(set->pkl);
	codepage_close(set->page);
	if (set->dir_fd >= 0)
		close(set->dir_fd);
	g_free(set->dir);
	g_free(set->pkl_name);
	g_free(set);
}

const Pkl *
set_pkl(const Set *set)
{
	return set->pkl;
}

const char *
set_pkl_name(const Set *set)
{
	return set->pkl_name;
}

const char *
set_directory(const Set *set)
{
	return set->dir;
}

const Codepage *
set_page(const Set *set)
{
	return set->page;
}

bool
set_is_ext1(const Set *set)
{
	return set->pkl->ext1;
}

bool
set_is_lenient(const Set *set)
{
	return set->options.lenient;
}

/* The directory's names without case (section 2 point 5), read once. */
static GHashTable *
folded_names(Set *set)
{
	g_autoptr(GDir) dir = NULL;
	const char *name;

	if (set->folded)
		return set->folded;
	set->folded =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	dir = g_dir_open(set->dir, 0, NULL);
	while (dir && (name = g_dir_read_name(dir))) {
		char *key;

		if (!g_utf8_validate(name, -1, NULL))
			continue;
		key = g_utf8_casefold(name, -1);
		g_hash_table_insert(set->folded, key,
		    g_strdup(
			g_hash_table_contains(set->folded, key) ? "" : name));
	}
	return set->folded;
}

char *
set_file_name(Set *set, const char *name)
{
	g_autofree char *key = NULL;
	const char *found;
	struct stat sb;

	if (fstatat(set->dir_fd, name, &sb, 0) == 0 && S_ISREG(sb.st_mode))
		return g_strdup(name);
	key = g_utf8_casefold(name, -1);
	found = g_hash_table_lookup(folded_names(set), key);
	if (found == NULL || found[0] == '\0')
		return NULL;
	if (fstatat(set->dir_fd, found, &sb, 0) < 0 || !S_ISREG(sb.st_mode))
		return NULL;
	return g_strdup(found);
}

int
set_open_file(Set *set, const char *name)
{
	g_autofree char *real = set_file_name(set, name);

	if (real == NULL)
		return -1;
	return openat(set->dir_fd, real, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

void
set_report(Set *set, Diags *diags)
{
	diags_file(diags, set->pkl_name);
	for (guint i = 0; i < set->notes->len; i++) {
		const struct diag *diag =
		    &g_array_index(set->notes, struct diag, i);

		diags_add_at(diags, diag->code, diag->line, "%s", diag->text);
	}
	for (guint i = 0; i < set->pkl->files->len; i++) {
		const struct pkl_file *file =
		    g_ptr_array_index(set->pkl->files, i);
		g_autofree char *real = set_file_name(set, file->name);

		if (real == NULL)
			diags_add_at(diags, DIAG_PKL_FILE_MISSING, file->line,
			    "%s is not in %s", file->name, set->dir);
	}
}

Sec *
set_sec(Set *set, const char *name, Diags *diags)
{
	g_autofree char *key = g_utf8_casefold(name, -1);
	guint at = GPOINTER_TO_UINT(g_hash_table_lookup(set->files, key));
	const struct pkl_file *file;
	Sec *sec;
	int fd;

	file = at ? g_ptr_array_index(set->pkl->files, at - 1) : NULL;
	if (file == NULL || !file->secondary) {
		diags_add(diags, DIAG_MSG_SEC_NOT_LISTED, name, -1,
		    "%s is not a secondary file of %s", name, set->pkl_name);
		return NULL;
	}
	for (guint i = 0; i < set->secs->len; i++) {
		sec = g_ptr_array_index(set->secs, i);
		if (strcmp(sec_name(sec), file->name) == 0)
			return sec;
	}
	fd = set_open_file(set, file->name);
	if (fd < 0 || sec_open(&sec, fd, file->name, set->page,
			  set->options.lenient, NULL) < 0) {
		diags_add(diags, DIAG_MSG_SEC_MISSING, file->name, -1,
		    "%s is listed but cannot be opened", file->name);
		return NULL;
	}
	g_ptr_array_add(set->secs, sec);
	return sec;
}

void
set_pointed(Set *set, const char *name, bool hit)
{
	struct aim *aim = g_hash_table_lookup(set->aims, name);

	if (aim == NULL) {
		aim = g_new0(struct aim, 1);
		g_hash_table_insert(set->aims, g_strdup(name), aim);
	}
	aim->pointers++;
	aim->missed += !hit;
}

void
set_suspects(Set *set, Diags *diags)
{
	diags_file(diags, set->pkl_name);
	for (guint i = 0; i < set->pkl->files->len; i++) {
		const struct pkl_file *file =
		    g_ptr_array_index(set->pkl->files, i);
		struct aim *aim = g_hash_table_lookup(set->aims, file->name);

		if (aim == NULL || aim->said || aim->missed < SET_MISSES_MIN ||
		    aim->missed * 2 <= aim->pointers)
			continue;
		aim->said = true;
		diags_line(diags, file->line);
		diags_add(diags, DIAG_SEC_TRANSFER, file->name, -1,
		    "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
		    " pointers into %s miss a section header: it was probably "
		    "changed in transfer; copy the set again, as binary files",
		    aim->missed, aim->pointers, file->name);
	}
}

void
set_trim(Set *set)
{
	if (set->secs->len > SET_SECS_OPEN)
		g_ptr_array_remove_range(
		    set->secs, 0, set->secs->len - SET_SECS_OPEN);
}

static guint
kind_column(const struct pri_section *section, bool ext1)
{
	for (guint i = PRI_MAIL_COLUMNS; ext1 && i < section->columns->len; i++)
		if (g_ascii_strcasecmp(section->columns->pdata[i], "Kind") == 0)
			return i;
	return G_MAXUINT;
}

static bool
is_folder_row(const struct pri_item *item, guint kind)
{
	return item->what == PRI_ROW && kind < item->n_fields &&
	       g_ascii_strcasecmp(
		   field_text(&item->fields[kind], FIELD_LIST), "folder") == 0;
}

/* Add the sections of one primary to the mailboxes. */
static void
index_primary(Set *set, guint file, int fd, GHashTable *by_name, Diags *diags)
{
	g_autoptr(Pri) pri =
	    pri_new(fd, set->page, set->pkl->ext1, diags, 0, 1);
	struct set_mailbox *mailbox = NULL;
	struct pri_item item;
	guint kind = G_MAXUINT;

	while (pri_next(pri, &item, NULL) == ST_OK) {
		if (item.what == PRI_SECTION) {
			const struct pri_section *section = item.section;
			struct set_place place = {
			    file, section->raw.off, section->line};
			char *key;

			mailbox = NULL;
			if (section->owner == NULL)
				continue;
			key = section->is_public
				  ? g_strdup("PublicMessages")
				  : g_utf8_casefold(section->owner, -1);
			mailbox = g_hash_table_lookup(by_name, key);
			if (mailbox == NULL) {
				mailbox = g_new0(struct set_mailbox, 1);
				mailbox->name = g_strdup(section->is_public
							     ? "PublicMessages"
							     : section->owner);
				mailbox->is_public = section->is_public;
				mailbox->places = g_array_new(
				    FALSE, FALSE, sizeof(struct set_place));
				g_ptr_array_add(set->mailboxes, mailbox);
				g_hash_table_insert(by_name, key, mailbox);
			} else
				g_free(key);
			g_array_append_val(mailbox->places, place);
			kind = section->kind == PRI_MAIL
				   ? kind_column(section, set->pkl->ext1)
				   : G_MAXUINT;
			continue;
		}
		if (mailbox && item.section->kind == PRI_MAIL &&
		    !is_folder_row(&item, kind))
			mailbox->messages++;
		if (item.section->kind == PRI_OUTSIDE)
			mailbox = NULL;
		if (item.what == PRI_ROW)
			diags_row_end(diags);
	}
}

const GPtrArray *
set_mailboxes(Set *set)
{
	g_autoptr(GHashTable) by_name = NULL;
	g_autoptr(Diags) diags = NULL;

	if (set->mailboxes)
		return set->mailboxes;
	set->mailboxes = g_ptr_array_new_with_free_func(mailbox_free);
	by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	diags = diags_new(NULL, NULL);
	for (guint i = 0; i < set->pkl->files->len; i++) {
		const struct pkl_file *file =
		    g_ptr_array_index(set->pkl->files, i);
		int fd;

		if (file->secondary)
			continue;
		fd = set_open_file(set, file->name);
		if (fd < 0)
			continue;
		index_primary(set, i, fd, by_name, diags);
		close(fd);
	}
	return set->mailboxes;
}

static void
stamp_add(GChecksum *sum, int dir_fd, const char *name)
{
	struct stat sb;
	gint64 numbers[3] = {0};

	if (fstatat(dir_fd, name, &sb, 0) == 0) {
		numbers[0] = sb.st_size;
		numbers[1] = sb.st_mtim.tv_sec;
		numbers[2] = sb.st_mtim.tv_nsec;
	}
	g_checksum_update(sum, (const guchar *)name, (gssize)strlen(name));
	g_checksum_update(sum, (const guchar *)numbers, sizeof numbers);
}

char *
set_stamp(Set *set, const struct set_mailbox *mailbox)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	char *word;

	stamp_add(sum, set->dir_fd, set->pkl_name);
	for (guint i = 0; i < mailbox->places->len; i++) {
		const struct set_place *place =
		    &g_array_index(mailbox->places, struct set_place, i);
		const struct pkl_file *file;

		if (place->file >= set->pkl->files->len)
			continue;
		file = g_ptr_array_index(set->pkl->files, place->file);
		stamp_add(sum, set->dir_fd, file->name);
	}
	word = g_strdup(g_checksum_get_string(sum));
	word[16] = '\0';
	return word;
}
