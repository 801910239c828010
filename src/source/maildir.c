#include "source/maildir.h"

#include "base/digest.h"
#include "base/url.h"
#include "imap/session.h"
#include "maildir/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct option options[] = {
    {"layout", OPTION_CHOICE, "auto", "auto|maildir++|fs",
	"how sub folders lie on disk"},
    {NULL}};

/* One file of the folder that is read. */
struct entry {
	const char *file; /* in names */
	bool is_new;
};

struct box {
	struct folder folder;
	char *dir; /* below the mailbox; "" for the inbox */
};

struct maildir_source {
	struct source_base base;
	char *root; /* as the URL says */
	int rootfd;
	enum maildir_layout layout;
	/* The job: */
	const struct job *job;
	int boxfd;	  /* the mailbox's directory */
	GPtrArray *boxes; /* of struct box * */
	guint at;	  /* the box, */
	guint entry;	  /* and the entry that is next */
	bool opened;	  /* RECORD_FOLDER of boxes[at] was given */
	GStringChunk *names;
	GArray *entries; /* of struct entry */
	struct maildir_keywords keywords;
	bool courier;
	char *state;
	gint64 found, skipped;
	MaildirReader *reader;
	/* What the record points to: */
	GString *key, *last_base, *path;
	guint same;	  /* files before this one with its unique name */
	GPtrArray *words; /* keywords, NULL-ended */
	char **courier_words;
};

static void
box_free(gpointer data)
{
	struct box *box = data;

	g_strfreev(box->folder.path);
	g_free(box->dir);
	g_free(box);
}

static void
maildir_close(Source *source)
{
	struct maildir_source *s = (struct maildir_source *)source;

	if (s->rootfd >= 0)
		close(s->rootfd);
	g_free(s->root);
	g_string_free(s->key, TRUE);
	g_string_free(s->last_base, TRUE);
	g_string_free(s->path, TRUE);
	g_free(s);
}

static enum status
maildir_open(Source **out, const struct end *end, GError **error)
{
	const char *layout = options_text(end->options, "layout");
	const char *path = end->url->path;
	struct maildir_source *s;
	int fd;

	if (!path || !*path)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "maildir: no directory is named; write maildir:DIR");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "maildir: cannot open directory %s: %s", path,
		    g_strerror(errno));
	s = g_new0(struct maildir_source, 1);
	s->root = g_strdup(path);
	s->rootfd = fd;
	s->boxfd = -1;
	s->layout = !strcmp(layout, "fs")	   ? MAILDIR_FS
		    : !strcmp(layout, "maildir++") ? MAILDIR_PLUSPLUS
						   : MAILDIR_AUTO;
	s->key = g_string_new(NULL);
	s->last_base = g_string_new(NULL);
	s->path = g_string_new(NULL);
	s->base.driver = &source_maildir_driver;
	*out = (Source *)s;
	return ST_OK;
}

/* What the mailbox of a single maildir is called: its last path component, but
 * for the usual "Maildir" the one above, which names a person. */
static char *
own_name(const char *root)
{
	g_autofree char *real = realpath(root, NULL);
	g_autofree char *base = g_path_get_basename(real ? real : root);

	if (real && !g_ascii_strcasecmp(base, "Maildir")) {
		g_autofree char *above = g_path_get_dirname(real);

		g_free(base);
		base = g_path_get_basename(above);
	}
	return maildir_name_decode(base, strlen(base));
}

static gint
by_name(gconstpointer a, gconstpointer b)
{
	const struct mailbox *x = *(struct mailbox *const *)a;
	const struct mailbox *y = *(struct mailbox *const *)b;

	return strcmp(x->name, y->name);
}

static enum status
maildir_list(Source *source, GPtrArray *out, GError **error)
{
	struct maildir_source *s = (struct maildir_source *)source;
	struct dirent *entry;
	DIR *d;

	if (maildir_is_one(s->rootfd, "")) {
		g_autofree char *name = own_name(s->root);

		g_ptr_array_add(out, mailbox_new(name, "."));
		return ST_OK;
	}
	d = opendir(s->root);
	if (!d)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "maildir: cannot read directory %s: %s", s->root,
		    g_strerror(errno));
	while ((entry = readdir(d))) {
		g_autofree char *inner = NULL, *name = NULL;

		if (entry->d_name[0] == '.')
			continue;
		inner = g_build_filename(entry->d_name, "Maildir", NULL);
		name =
		    maildir_name_decode(entry->d_name, strlen(entry->d_name));
		if (maildir_is_one(s->rootfd, entry->d_name))
			g_ptr_array_add(out, mailbox_new(name, entry->d_name));
		else if (maildir_is_one(s->rootfd, inner))
			g_ptr_array_add(out, mailbox_new(name, inner));
	}
	closedir(d);
	if (out->len == 0)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "maildir: %s holds no maildir (a directory with cur and "
		    "new)",
		    s->root);
	g_ptr_array_sort(out, by_name);
	return ST_OK;
}

/* By name, as most servers do; each use once, for the first that has it. */
static void
guess_use(struct folder *folder, guint32 *seen)
{
	static const struct {
		guint32 imap;
		enum folder_use use;
	} uses[] = {
	    {IMAP_USE_SENT, FOLDER_SENT},
	    {IMAP_USE_DRAFTS, FOLDER_DRAFTS},
	    {IMAP_USE_TRASH, FOLDER_TRASH},
	    {IMAP_USE_JUNK, FOLDER_JUNK},
	    {IMAP_USE_ARCHIVE, FOLDER_ARCHIVE},
	};
	guint32 use;

	if (!strcmp(folder->path[0], "INBOX") && !folder->path[1]) {
		folder->use = FOLDER_INBOX;
		return;
	}
	if (folder->path[1] &&
	    (strcmp(folder->path[0], "INBOX") || folder->path[2]))
		return;
	use = imap_use_from_name(
	    folder->path[1] ? folder->path[1] : folder->path[0]);
	for (guint i = 0; i < G_N_ELEMENTS(uses); i++)
		if (use == uses[i].imap && !(*seen & 1U << i)) {
			folder->use = uses[i].use;
			*seen |= 1U << i;
		}
}

static enum maildir_layout
layout_of(const char *dir)
{
	return *dir == '.' ? MAILDIR_PLUSPLUS : MAILDIR_FS;
}

/* Two directories can mean one path (".A" beside "A", or a ".INBOX"): the
 * second gets another name rather than none. */
static void
unique_path(GHashTable *paths, char **path)
{
	char *text = folder_path_to_text(path);
	guint last = g_strv_length(path) - 1;

	for (guint i = 2; g_hash_table_contains(paths, text); i++) {
		char *name = g_strdup_printf("%s~%u", path[last], i);

		g_free(path[last]);
		path[last] = name;
		g_free(text);
		text = folder_path_to_text(path);
	}
	g_hash_table_add(paths, text);
}

static enum status
find_boxes(struct maildir_source *s, GError **error)
{
	g_autoptr(GPtrArray) dirs = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) paths =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	guint32 seen = 0;
	enum status st;

	st = maildir_folders(s->boxfd, s->layout, dirs, error);
	if (st < 0)
		return st;
	for (guint i = 0; i < dirs->len; i++) {
		const char *dir = g_ptr_array_index(dirs, i);
		struct box *box = g_new0(struct box, 1);

		box->dir = g_strdup(dir);
		box->folder.path = maildir_folder_from_dir(
		    dir, *dir ? layout_of(dir) : MAILDIR_FS);
		unique_path(paths, box->folder.path);
		guess_use(&box->folder, &seen);
		g_ptr_array_add(s->boxes, box);
	}
	return ST_OK;
}

static void
maildir_end(Source *source)
{
	struct maildir_source *s = (struct maildir_source *)source;

	if (s->boxfd >= 0)
		close(s->boxfd);
	s->boxfd = -1;
	g_clear_pointer(&s->boxes, g_ptr_array_unref);
	g_clear_pointer(&s->names, g_string_chunk_free);
	g_clear_pointer(&s->entries, g_array_unref);
	g_clear_pointer(&s->reader, maildir_reader_free);
	g_clear_pointer(&s->words, g_ptr_array_unref);
	g_clear_pointer(&s->courier_words, g_strfreev);
	g_clear_pointer(&s->state, g_free);
	maildir_keywords_clear(&s->keywords);
	s->job = NULL;
}

static enum status
maildir_begin(Source *source, const struct job *job, GError **error)
{
	struct maildir_source *s = (struct maildir_source *)source;
	const char *ref =
	    job->mailbox->ref ? job->mailbox->ref : job->mailbox->name;
	enum status st;

	s->job = job;
	s->at = 0;
	s->opened = false;
	s->boxfd = openat(s->rootfd, ref, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->boxfd < 0)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "maildir: %s: cannot open %s/%s: %s", job->mailbox->name,
		    s->root, ref, g_strerror(errno));
	s->boxes = g_ptr_array_new_with_free_func(box_free);
	s->names = g_string_chunk_new(64 << 10);
	s->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	s->words = g_ptr_array_new();
	s->reader = maildir_reader_new(job->spool_dir);
	st = find_boxes(s, error);
	for (guint i = 0; st == ST_OK && i < s->boxes->len; i++)
		if (job->known && job->known->announce)
			job->known->announce(job->known->ctx,
			    &((struct box *)s->boxes->pdata[i])->folder);
	if (st < 0) {
		g_prefix_error(error, "%s: ", job->mailbox->name);
		maildir_end(source);
	}
	return st;
}

static gint
by_file(gconstpointer a, gconstpointer b)
{
	return strcmp(
	    ((const struct entry *)a)->file, ((const struct entry *)b)->file);
}

static enum status
read_dir(struct maildir_source *s, const char *dir, bool is_new, GError **error)
{
	g_autofree char *path =
	    g_build_filename(*dir ? dir : ".", is_new ? "new" : "cur", NULL);
	int fd = openat(s->boxfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "maildir: %s: cannot read folder directory %s: %s",
		    s->job->mailbox->name, path, g_strerror(errno));
	}
	errno = 0;
	while ((entry = readdir(d))) {
		struct entry e = {.is_new = is_new};

		/* maildir(5): names that begin with a dot are no mail */
		if (entry->d_name[0] == '.' || entry->d_type == DT_DIR)
			continue;
		e.file = g_string_chunk_insert(s->names, entry->d_name);
		g_array_append_val(s->entries, e);
		errno = 0;
	}
	closedir(d);
	if (errno)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "maildir: %s: cannot read folder directory %s: %s",
		    s->job->mailbox->name, path, g_strerror(errno));
	return ST_OK;
}

/* The folder as its names show it: flags are part of them, so an unchanged
 * digest means that nothing came, went or changed its flags. */
static char *
make_state(struct maildir_source *s)
{
	struct sha256_ctx sha;
	struct digest digest;
	char hex[DIGEST_HEX];

	sha256_init(&sha);
	for (guint i = 0; i < s->entries->len; i++) {
		struct entry *e = &g_array_index(s->entries, struct entry, i);

		sha256_update(&sha, 1, (const guint8 *)(e->is_new ? "n" : "c"));
		sha256_update(
		    &sha, strlen(e->file) + 1, (const guint8 *)e->file);
	}
	for (guint i = 0; i < MAILDIR_KEYWORDS_MAX; i++) {
		const char *name = s->keywords.names[i];

		if (name)
			sha256_update(
			    &sha, strlen(name) + 1, (const guint8 *)name);
		sha256_update(&sha, 1, (const guint8 *)"");
	}
	sha256_digest(&sha, sizeof(digest.b), digest.b);
	digest_to_hex(&digest, hex);
	return g_strdup_printf("names-1 %u %s", s->entries->len, hex);
}

static enum status
open_box(struct maildir_source *s, struct box *box, GError **error)
{
	const struct known *known = s->job->known;
	g_autofree char *courier = NULL;
	const char *old;
	struct stat sb;
	enum status st;

	g_string_chunk_clear(s->names);
	g_array_set_size(s->entries, 0);
	s->entry = 0;
	s->found = s->skipped = 0;
	g_string_truncate(s->last_base, 0);
	st = read_dir(s, box->dir, false, error);
	if (st == ST_OK)
		st = read_dir(s, box->dir, true, error);
	if (st < 0)
		return st;
	if (s->job->filter &&
	    filter_folder(s->job->filter, &box->folder) != FILTER_PASS) {
		/* it is named and counted, and nothing of it is read */
		g_clear_pointer(&s->state, g_free);
		s->found = s->entry = s->entries->len;
		return ST_OK;
	}
	g_array_sort(s->entries, by_file);
	maildir_keywords_read(s->boxfd, box->dir, &s->keywords);
	courier = g_build_filename(
	    *box->dir ? box->dir : ".", "courierimapkeywords", NULL);
	s->courier = fstatat(s->boxfd, courier, &sb, 0) == 0;
	g_free(s->state);
	/* Courier's keywords are not in the names. */
	s->state = s->courier ? NULL : make_state(s);
	if (!known || !known->state || !known->settled || !s->state)
		return ST_OK;
	old = known->state(known->ctx, &box->folder);
	if (!old || strcmp(old, s->state) ||
	    known->settled(known->ctx, &box->folder) != s->entries->len)
		return ST_OK;
	s->found = s->skipped = s->entries->len;
	s->entry = s->entries->len;
	return ST_OK;
}

/* The key is the unique name, made plain text whatever the file is called. */
static void
make_key(struct maildir_source *s, const char *file, gsize len)
{
	g_string_truncate(s->key, 0);
	for (gsize i = 0; i < len; i++) {
		guint8 c = (guint8)file[i];

		if (c > 32 && c < 127 && c != '%' && c != '#')
			g_string_append_c(s->key, (char)c);
		else
			g_string_append_printf(s->key, "%%%02X", c);
	}
	/* A unique name that is there twice: in new and cur, or with other
	 * flags after a crash of whoever renamed it. */
	if (s->last_base->len == len && !memcmp(s->last_base->str, file, len)) {
		g_string_append_printf(s->key, "#%u", ++s->same + 1);
	} else {
		s->same = 0;
		g_string_truncate(s->last_base, 0);
		g_string_append_len(s->last_base, file, (gssize)len);
	}
}

static gint
by_word(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_word(GPtrArray *words, char *word)
{
	for (guint i = 0; i < words->len; i++)
		if (!strcmp(g_ptr_array_index(words, i), word))
			return;
	g_ptr_array_add(words, word);
}

static void
take_flags(struct maildir_source *s, const struct entry *e, const char *dir,
    const struct maildir_name *name, struct message *m)
{
	static char forwarded[] = "$Forwarded";
	static const struct {
		guint32 maildir, message;
	} flags[] = {
	    {MAILDIR_SEEN, MESSAGE_SEEN},
	    {MAILDIR_REPLIED, MESSAGE_ANSWERED},
	    {MAILDIR_FLAGGED, MESSAGE_FLAGGED},
	    {MAILDIR_TRASHED, MESSAGE_DELETED},
	    {MAILDIR_DRAFT, MESSAGE_DRAFT},
	};

	for (guint i = 0; i < G_N_ELEMENTS(flags); i++)
		if (name->flags & flags[i].maildir)
			m->flags |= flags[i].message;
	if (e->is_new) /* nobody has looked at it yet, maildir(5) */
		m->flags &= ~(guint32)MESSAGE_SEEN;
	g_ptr_array_set_size(s->words, 0);
	for (guint i = 0; i < MAILDIR_KEYWORDS_MAX; i++)
		if (name->keywords & 1U << i && s->keywords.names[i])
			add_word(s->words, s->keywords.names[i]);
	g_clear_pointer(&s->courier_words, g_strfreev);
	if (s->courier) {
		g_autofree char *base = g_strndup(e->file, name->base_len);

		s->courier_words =
		    maildir_courier_keywords(s->boxfd, dir, base);
		for (char **w = s->courier_words; w && *w; w++)
			add_word(s->words, *w);
	}
	if (name->flags & MAILDIR_PASSED)
		add_word(s->words, forwarded);
	if (s->words->len == 0)
		return;
	g_ptr_array_sort(s->words, by_word);
	g_ptr_array_add(s->words, NULL);
	m->keywords = (const char *const *)s->words->pdata;
}

/* Date and announced size without opening the file. */
static enum status
take_stat(struct maildir_source *s, const struct maildir_name *name,
    struct message *m, GError **error)
{
	struct stat sb;

	if (fstatat(s->boxfd, s->path->str, &sb, 0) < 0)
		return fail(ST_ITEM, error, ERR_IO, RETRY_NEVER,
		    "maildir: cannot read %s: %s", s->path->str,
		    g_strerror(errno));
	m->received = (struct stamp){.utc = sb.st_mtime, .known = true};
	m->size = name->wire_size >= 0 ? name->wire_size : sb.st_size;
	return ST_OK;
}

static enum status
give_message(struct maildir_source *s, struct box *box, struct record *record,
    GError **error)
{
	const struct entry *e =
	    &g_array_index(s->entries, struct entry, s->entry);
	const struct known *known = s->job->known;
	const struct filter *filter = s->job->filter;
	struct message *m = &record->message;
	struct maildir_name name;
	gint64 mtime;
	enum status st;

	s->entry++;
	s->found++;
	maildir_name_parse(e->file, &name);
	make_key(s, e->file, name.base_len);
	record->kind = RECORD_MESSAGE;
	record->key = s->key->str;
	m->folder = &box->folder;
	m->size = name.wire_size;
	take_flags(s, e, box->dir, &name, m);
	g_string_printf(s->path, "%s%s%s/%s", box->dir, *box->dir ? "/" : "",
	    e->is_new ? "new" : "cur", e->file);
	if (known && known->is_settled &&
	    known->is_settled(known->ctx, &box->folder, record->key)) {
		record->known = true;
		s->skipped++;
		return ST_OK;
	}
	if (filter && filter_needs_metadata(filter)) {
		st = take_stat(s, &name, m, error);
		if (st < 0)
			return st;
		if (filter_message(filter, m) != FILTER_PASS)
			return ST_OK;
	}
	st = maildir_read(
	    s->reader, s->boxfd, s->path->str, &m->raw, &mtime, error);
	if (st < 0) {
		g_prefix_error(error, "%s: ", s->job->mailbox->name);
		return st;
	}
	m->received = (struct stamp){.utc = mtime, .known = true};
	if (m->size < 0)
		m->size = m->raw.len;
	m->has_body = true;
	return ST_OK;
}

static enum status
maildir_next(Source *source, struct record *record, GError **error)
{
	struct maildir_source *s = (struct maildir_source *)source;
	const struct known *known = s->job->known;
	struct box *box;
	enum status st;

	memset(record, 0, sizeof(*record));
	for (;;) {
		if (s->at >= s->boxes->len)
			return ST_END;
		if (s->job->stop && *s->job->stop)
			return fail(ST_RUN, error, ERR_CANCELLED, RETRY_LATER,
			    "stopped by the user");
		box = g_ptr_array_index(s->boxes, s->at);
		if (s->opened || !known || !known->claim ||
		    known->claim(known->ctx, &box->folder))
			break;
		s->at++;
	}
	if (!s->opened) {
		st = open_box(s, box, error);
		if (st < 0)
			return st;
		s->opened = true;
		record->kind = RECORD_FOLDER;
		record->folder = &box->folder;
		return ST_OK;
	}
	if (s->entry < s->entries->len)
		return give_message(s, box, record, error);
	record->kind = RECORD_FOLDER_END;
	record->folder = &box->folder;
	record->found = s->found;
	record->skipped = s->skipped;
	record->state = s->state;
	s->opened = false;
	s->at++;
	return ST_OK;
}

static const char *const schemes[] = {"maildir", NULL};

/* Names in a directory, which no folder of this job has been read for yet. */
static gint64
count_dir(const struct maildir_source *s, const char *dir, const char *which)
{
	g_autofree char *path = g_build_filename(*dir ? dir : ".", which, NULL);
	int fd = openat(s->boxfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	gint64 n = 0;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((entry = readdir(d)))
		n += entry->d_name[0] != '.' && entry->d_type != DT_DIR;
	closedir(d);
	return n;
}

static gint64
maildir_expect(const Source *source)
{
	const struct maildir_source *s = (const struct maildir_source *)source;
	gint64 n = 0;

	for (guint i = 0; i < s->boxes->len; i++) {
		const struct box *box = s->boxes->pdata[i];

		if (s->job->filter &&
		    filter_folder(s->job->filter, &box->folder) != FILTER_PASS)
			continue;
		n += count_dir(s, box->dir, "cur") +
		     count_dir(s, box->dir, "new");
	}
	return n;
}

const struct source_driver source_maildir_driver = {
    .name = "maildir",
    .schemes = schemes,
    .summary = "Maildir and Maildir++ directories",
    .options = options,
    .gives =
	1u << RECORD_FOLDER | 1u << RECORD_MESSAGE | 1u << RECORD_FOLDER_END,
    .announces = true,
    .open = maildir_open,
    .list = maildir_list,
    .begin = maildir_begin,
    .expect = maildir_expect,
    .next = maildir_next,
    .end = maildir_end,
    .close = maildir_close,
};
