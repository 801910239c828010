#include "dest/maildir.h"

#include "base/step.h"
#include "base/url.h"
#include "dest/maildir-private.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (256 << 10) /* bytes at a time of what is larger than memory */
#define SYNC_SINGLY_MAX                                                        \
	8 /* files; more of them are cheaper with one syncfs() */

static const struct option options[] = {
    {"layout", OPTION_CHOICE, "maildir++", "maildir++|fs",
	"how sub folders lie on disk"},
    {"eol", OPTION_CHOICE, "lf", "lf|crlf", "line ends in the files"},
    {"mailbox-dir", OPTION_BOOL, "yes", NULL,
	"a directory per mailbox below the one that is named"},
    {NULL}};

static enum status
maildir_open(Dest **out, const struct end *end, GError **error)
{
	struct maildir_dest *d;

	if (!end->url->path || !*end->url->path)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "maildir: no directory is named; write maildir:DIR");
	if (g_mkdir_with_parents(end->url->path, 0700) < 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "maildir: cannot make directory %s: %s", end->url->path,
		    g_strerror(errno));
	d = g_new0(struct maildir_dest, 1);
	d->root = g_strdup(end->url->path);
	d->layout = !strcmp(options_text(end->options, "layout"), "fs")
			? MAILDIR_FS
			: MAILDIR_PLUSPLUS;
	d->lf = !strcmp(options_text(end->options, "eol"), "lf");
	d->mailbox_dir = options_bool(end->options, "mailbox-dir");
	d->fd = -1;
	d->path = g_string_new(NULL);
	d->name = g_string_new(NULL);
	d->base.driver = &dest_maildir_driver;
	*out = (Dest *)d;
	return ST_OK;
}

static void
maildir_close(Dest *dest)
{
	struct maildir_dest *d = (struct maildir_dest *)dest;

	g_string_free(d->path, TRUE);
	g_string_free(d->name, TRUE);
	g_free(d->buf);
	g_free(d->root);
	g_free(d);
}

static void
pending_clear(gpointer data)
{
	struct maildir_pending *p = data;

	g_free(p->tmp);
	g_free(p->cur);
}

static void
maildir_end(Dest *dest)
{
	struct maildir_dest *d = (struct maildir_dest *)dest;

	for (guint i = 0; d->pending && i < d->pending->len; i++)
		unlinkat(d->fd,
		    g_array_index(d->pending, struct maildir_pending, i).tmp,
		    0);
	g_clear_pointer(&d->pending, g_array_unref);
	g_clear_pointer(&d->ready, g_array_unref);
	g_clear_pointer(&d->dirs, g_hash_table_destroy);
	g_clear_pointer(&d->announced, g_hash_table_destroy);
	g_clear_pointer(&d->maps, g_hash_table_destroy);
	g_clear_pointer(&d->places, g_hash_table_destroy);
	g_clear_pointer(&d->joined, spool_free);
	g_clear_pointer(&d->reader, maildir_reader_free);
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	d->job = NULL;
}

static enum status
maildir_begin(Dest *dest, const struct job *job, GError **error)
{
	struct maildir_dest *d = (struct maildir_dest *)dest;
	g_autofree char *name = maildir_name_encode(job->destination, false);
	g_autofree char *path = NULL;

	d->job = job;
	if (strlen(name) > MAILDIR_NAME_MAX)
		return fail(ST_MAILBOX, error, ERR_LIMIT, RETRY_NEVER,
		    "maildir: %s: this name is too long for a directory; give "
		    "the mailbox another one at the destination",
		    job->destination);
	/* The directory of a set of migration files gets no Maildir. */
	path = d->mailbox_dir && !job->mailbox->no_mail
		   ? g_build_filename(d->root, name, NULL)
		   : g_strdup(d->root);
	d->made = !job->look_only && mkdir(path, 0700) == 0;
	if (!d->made && !job->look_only && errno != EEXIST)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "maildir: %s: cannot make directory %s: %s",
		    job->destination, path, g_strerror(errno));
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0 && !(job->look_only && errno == ENOENT))
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "maildir: %s: cannot open directory %s: %s",
		    job->destination, path, g_strerror(errno));
	d->places = g_hash_table_new_full(NULL, NULL, NULL, maildir_place_free);
	d->maps =
	    g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_strfreev);
	d->dirs = g_hash_table_new(g_str_hash, g_str_equal);
	d->announced = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	d->pending = g_array_new(FALSE, FALSE, sizeof(struct maildir_pending));
	g_array_set_clear_func(d->pending, pending_clear);
	d->ready = g_array_new(FALSE, FALSE, sizeof(struct maildir_ready));
	d->ready_at = 0;
	d->joined = spool_new(job->spool_dir);
	d->reader = maildir_reader_new(job->spool_dir);
	return ST_OK;
}

/* The same message has the same name on every run: it is made of what names it
 * at the source. salt: counts messages of other content that had the name. */
static void
make_hash(const struct maildir_dest *d, const struct record *record, guint salt,
    char hash[MAILDIR_HASH_LEN + 1])
{
	const struct folder *folder = record->message.folder;
	guint8 digest[MAILDIR_HASH_LEN / 2];
	struct sha256_ctx sha;

	sha256_init(&sha);
#define ADD(text) sha256_update(&sha, strlen(text) + 1, (const guint8 *)(text))
	ADD(d->job->mailbox->name);
	for (char **name = folder->path; *name; name++)
		ADD(*name);
	ADD("");
	ADD(folder->identity ? folder->identity : "");
	ADD(record->key);
#undef ADD
	if (salt)
		sha256_update(&sha, sizeof(salt), (const guint8 *)&salt);
	sha256_digest(&sha, sizeof(digest), digest);
	for (guint i = 0; i < sizeof(digest); i++)
		g_snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

static guint32
letters_of(guint32 flags)
{
	static const struct {
		guint32 maildir, message;
	} table[] = {
	    {MAILDIR_SEEN, MESSAGE_SEEN},
	    {MAILDIR_REPLIED, MESSAGE_ANSWERED},
	    {MAILDIR_FLAGGED, MESSAGE_FLAGGED},
	    {MAILDIR_TRASHED, MESSAGE_DELETED},
	    {MAILDIR_DRAFT, MESSAGE_DRAFT},
	};
	guint32 out = 0;

	for (guint i = 0; i < G_N_ELEMENTS(table); i++)
		if (flags & table[i].message)
			out |= table[i].maildir;
	return out;
}

static bool
has_forwarded(const char *const *keywords)
{
	for (; keywords && *keywords; keywords++)
		if (!g_ascii_strcasecmp(*keywords, "$Forwarded"))
			return true;
	return false;
}

/* What lines the message has. Bare LF, or CR CR LF: taking the CR away could
 * not be undone by who reads it, so the file keeps the octets. */
struct lines {
	gint64 ends; /* CR LF */
	bool odd;
	guint8 last, before;
};

static void
lines_scan(struct lines *l, const guint8 *data, gsize len)
{
	const guint8 *end = data + len, *p = data, *lf;

	while ((lf = memchr(p, '\n', (gsize)(end - p)))) {
		guint8 cr = lf > data ? lf[-1] : l->last;
		guint8 two = lf > data + 1 ? lf[-2]
			     : lf > data   ? l->last
					   : l->before;

		if (cr != '\r' || two == '\r')
			l->odd = true;
		l->ends++;
		p = lf + 1;
	}
	if (len > 1)
		l->before = data[len - 2];
	else if (len == 1)
		l->before = l->last;
	if (len > 0)
		l->last = data[len - 1];
}

/* CR LF to LF; *cr: the last octet of the piece before was a CR, held back. */
static gsize
to_lf(const guint8 *data, gsize len, guint8 *out, bool *cr)
{
	guint8 *to = out;
	const guint8 *end = data + len;

	while (data < end) {
		const guint8 *at;
		gsize n;

		if (*cr && *data != '\n')
			*to++ = '\r';
		*cr = false;
		at = memchr(data, '\r', (gsize)(end - data));
		n = (gsize)((at ? at : end) - data);
		memcpy(to, data, n);
		to += n;
		data += n;
		if (at) {
			*cr = true;
			data++;
		}
	}
	return (gsize)(to - out);
}

static int
write_all(int fd, const guint8 *data, gsize len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (gsize)n;
	}
	return 0;
}

/* The octets into fd, as the file will hold them. */
static enum status
write_body(struct maildir_dest *d, int fd, const struct blob *raw, bool lf,
    GError **error)
{
	gsize want = raw->mem ? (gsize)raw->len : CHUNK;
	g_autofree guint8 *scratch = raw->mem ? NULL : g_malloc(CHUNK);
	const guint8 *data;
	gint64 at = 0;
	bool cr = false;
	enum status st;
	gsize len;

	if (lf && d->room < want) {
		g_free(d->buf);
		d->room = want + 1;
		d->buf = g_malloc(d->room);
	}
	while ((st = blob_next(raw, &at, scratch, want, &data, &len, error)) ==
	       ST_OK) {
		if (lf) {
			/* one more than went in, when a CR was held back */
			if (d->room < len + 1)
				d->buf = g_realloc(d->buf, d->room = len + 1);
			len = to_lf(data, len, d->buf, &cr);
			data = d->buf;
		}
		if (write_all(fd, data, len) < 0)
			return maildir_io_fail(
			    d, "write", d->path->str, errno, error);
	}
	if (st < 0)
		return st;
	if (cr && write_all(fd, (const guint8 *)"\r", 1) < 0)
		return maildir_io_fail(d, "write", d->path->str, errno, error);
	return ST_OK;
}

static enum status
scan_body(const struct blob *raw, struct lines *l, GError **error)
{
	g_autofree guint8 *scratch = raw->mem ? NULL : g_malloc(CHUNK);
	const guint8 *data;
	enum status st;
	gint64 at = 0;
	gsize len;

	memset(l, 0, sizeof(*l));
	while ((st = blob_next(raw, &at, scratch,
		    raw->mem ? (gsize)raw->len : CHUNK, &data, &len, error)) ==
	       ST_OK)
		lines_scan(l, data, len);
	return st < 0 ? st : ST_OK;
}

static enum status
same_content(struct maildir_dest *d, const struct maildir_place *place,
    const char *file, const struct blob *raw, bool *same, GError **error)
{
	g_autofree char *path =
	    g_build_filename(*place->dir ? place->dir : ".", file, NULL);
	g_autofree guint8 *a = g_malloc(2 * CHUNK);
	guint8 *b = a + CHUNK;
	struct blob there;
	gint64 mtime, at = 0;
	enum status st;
	gsize n, m;

	*same = false;
	if (maildir_read(d->reader, d->fd, path, &there, &mtime, NULL) < 0 ||
	    there.len != raw->len)
		return ST_OK;
	for (; at < raw->len; at += (gint64)n) {
		if ((st = blob_read(raw, at, a, CHUNK, &n, error)) < 0)
			return st;
		if (blob_read(&there, at, b, CHUNK, &m, NULL) < 0 || m != n ||
		    memcmp(a, b, n))
			return ST_OK;
	}
	*same = true;
	return ST_OK;
}

/* Find the name for a message; ST_THERE when it is stored already. */
static enum status
find_name(struct maildir_dest *d, struct maildir_place *place,
    const struct record *record, const struct blob *raw,
    char hash[MAILDIR_HASH_LEN + 1], GError **error)
{
	const char *file;
	enum status st;
	bool same;

	make_hash(d, record, 0, hash);
	/* in a folder that this job made, nobody else writes our names */
	if (!place->existed && !record->again)
		return ST_OK;
	for (guint salt = 1; (file = maildir_place_look(d, place, hash, false));
	     salt++) {
		st = same_content(d, place, file, raw, &same, error);
		if (st < 0)
			return st;
		if (same)
			return ST_THERE;
		make_hash(d, record, salt, hash);
	}
	return ST_OK;
}

static enum status
put_message(struct maildir_dest *d, const struct record *record, guint64 seq,
    GError **error)
{
	const struct message *m = &record->message;
	struct maildir_pending p = {.seq = seq};
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
	struct lines lines;
	struct blob raw;
	enum status st;
	guint32 flags, letters;
	int fd;

	st = maildir_place_find(d, m->folder, &p.place, error);
	if (st == ST_OK)
		st = message_raw(m, d->joined, &raw, error);
	if (st == ST_OK)
		st = find_name(d, p.place, record, &raw, p.hash, error);
	if (st == ST_OK)
		st = scan_body(&raw, &lines, error);
	if (st != ST_OK)
		return st;
	if (!d->lf)
		lines.odd = true;
	flags = letters_of(m->flags) |
		(has_forwarded(m->keywords) ? MAILDIR_PASSED : 0);
	letters = maildir_place_keywords(d, p.place, m->keywords);
	/* S: octets of the file, W: of the message (Dovecot, Maildir++ quota).
	 * Equal, they say that the file is to be read octet for octet. */
	g_string_printf(d->name,
	    "%" G_GINT64_FORMAT ".%s.mailmig,S=%" G_GINT64_FORMAT
	    ",W=%" G_GINT64_FORMAT,
	    m->received.known ? MAX(m->received.utc, 0) : 0, p.hash,
	    lines.odd ? raw.len : raw.len - lines.ends, raw.len);
	g_string_printf(d->path, "%s%stmp/%s.%ld", p.place->dir,
	    *p.place->dir ? "/" : "", d->name->str, (long)getpid());
	fd = openat(d->fd, d->path->str,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return maildir_io_fail(d, "make", d->path->str, errno, error);
	st = write_body(d, fd, &raw, !lines.odd, error);
	if (st == ST_OK && m->received.known) {
		times[1].tv_sec = m->received.utc;
		if (futimens(fd, times) < 0)
			st = maildir_io_fail(
			    d, "set the date of", d->path->str, errno, error);
	}
	if (close(fd) < 0 && st == ST_OK)
		st = maildir_io_fail(d, "write", d->path->str, errno, error);
	if (st < 0) {
		unlinkat(d->fd, d->path->str, 0);
		return st;
	}
	step("maildir: message in tmp");
	p.tmp = g_strdup(d->path->str);
	maildir_name_add_info(d->name, flags, letters);
	p.cur = g_strdup_printf(
	    "%s%scur/%s", p.place->dir, *p.place->dir ? "/" : "", d->name->str);
	g_array_append_val(d->pending, p);
	return ST_OK;
}

static enum status
maildir_put(
    Dest *dest, const struct record *record, guint64 seq, GError **error)
{
	struct maildir_dest *d = (struct maildir_dest *)dest;
	struct maildir_place *place;

	switch (record->kind) {
	case RECORD_FOLDER:
		return maildir_place_find(d, record->folder, &place, error);
	case RECORD_MESSAGE:
		return put_message(d, record, seq, error);
	case RECORD_FOLDER_END:
		return ST_OK;
	case RECORD_RECIPIENT:
	case RECORD_ADDRESS:
		break;
	}
	return fail(ST_ITEM, error, ERR_REFUSED, RETRY_NEVER,
	    "maildir: a %s has no place in a maildir",
	    record_kind_name(record->kind));
}

static enum status
sync_path(struct maildir_dest *d, const char *path, int how, GError **error)
{
	int fd = openat(d->fd, path, O_RDONLY | O_CLOEXEC | how);
	int err = fd < 0 || fsync(fd) < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return err ? maildir_io_fail(d, "sync", path, err, error) : ST_OK;
}

/* Content first, then names: a name in cur never leads to half a message. */
static enum status
sync_content(struct maildir_dest *d, GError **error)
{
	enum status st = ST_OK;

	if (d->pending->len > SYNC_SINGLY_MAX)
		return syncfs(d->fd) < 0
			   ? maildir_io_fail(d, "sync", "", errno, error)
			   : ST_OK;
	for (guint i = 0; st == ST_OK && i < d->pending->len; i++)
		st = sync_path(d,
		    g_array_index(d->pending, struct maildir_pending, i).tmp, 0,
		    error);
	return st;
}

static enum status
rename_all(struct maildir_dest *d, GError **error)
{
	for (guint i = 0; i < d->pending->len; i++) {
		struct maildir_pending *p =
		    &g_array_index(d->pending, struct maildir_pending, i);
		struct maildir_ready ready = {.seq = p->seq};

		if (renameat(d->fd, p->tmp, d->fd, p->cur) < 0) {
			enum status st = maildir_io_fail(
			    d, "rename to", p->cur, errno, error);

			/* renamed ones are in doubt until their sync */
			g_array_remove_range(d->pending, 0, i);
			return st;
		}
		step("maildir: message in cur");
		p->place->touched = true;
		memcpy(ready.hash, p->hash, sizeof(ready.hash));
		g_array_append_val(d->ready, ready);
		if (p->place->index)
			g_hash_table_replace(p->place->index, g_strdup(p->hash),
			    g_strdup_printf(
				"cur/%s", strrchr(p->cur, '/') + 1));
	}
	g_array_set_size(d->pending, 0);
	return ST_OK;
}

static enum status
each_place(struct maildir_dest *d,
    enum status (*what)(
	struct maildir_dest *, struct maildir_place *, GError **),
    GError **error)
{
	GHashTableIter iter;
	gpointer place;
	enum status st = ST_OK;

	g_hash_table_iter_init(&iter, d->places);
	while (st == ST_OK && g_hash_table_iter_next(&iter, NULL, &place))
		st = what(d, place, error);
	return st;
}

static enum status
save_keywords(
    struct maildir_dest *d, struct maildir_place *place, GError **error)
{
	enum status st;

	if (!place->keywords_new)
		return ST_OK;
	st = maildir_keywords_write(d->fd, place->dir, &place->keywords, error);
	if (st == ST_OK)
		place->keywords_new = false;
	return st;
}

static enum status
sync_place(struct maildir_dest *d, struct maildir_place *place, GError **error)
{
	g_autofree char *cur =
	    g_build_filename(*place->dir ? place->dir : ".", "cur", NULL);
	enum status st;

	if (!place->touched)
		return ST_OK;
	st = sync_path(d, cur, O_DIRECTORY, error);
	if (st == ST_OK)
		st = sync_path(
		    d, *place->dir ? place->dir : ".", O_DIRECTORY, error);
	if (st == ST_OK)
		place->touched = false;
	return st;
}

static enum status
was_synced(struct maildir_dest *d, struct maildir_place *place, GError **error)
{
	place->touched = false;
	return ST_OK;
}

/* Whoever has no mail gets a Maildir too, also where the source names no folder
 * (Q194218). */
static enum status
make_root(struct maildir_dest *d, GError **error)
{
	static const char *const subs[] = {"tmp", "new", "cur"};

	for (guint i = 0; i < G_N_ELEMENTS(subs); i++) {
		if (mkdirat(d->fd, subs[i], 0700) == 0)
			d->made = true;
		else if (errno != EEXIST)
			return maildir_io_fail(
			    d, "make directory", subs[i], errno, error);
	}
	return ST_OK;
}

static enum status
maildir_commit(Dest *dest, bool last, GError **error)
{
	struct maildir_dest *d = (struct maildir_dest *)dest;
	guint before = d->ready->len;
	enum status st = ST_OK;

	if (last && !d->job->mailbox->no_mail)
		st = make_root(d, error);
	if (st == ST_OK && d->pending->len > 0) {
		st = sync_content(d, error);
		if (st == ST_OK)
			st = each_place(d, save_keywords, error);
		step("maildir: contents are durable");
		if (st == ST_OK)
			st = rename_all(d, error);
	}
	/* A new folder's directory hangs in others that are not synced yet. */
	if (st == ST_OK && d->made && syncfs(d->fd) < 0)
		st = maildir_io_fail(d, "sync", "", errno, error);
	if (st == ST_OK)
		st = each_place(d, d->made ? was_synced : sync_place, error);
	if (st == ST_OK)
		d->made = false;
	if (st < 0) /* without a sync nothing is certain */
		g_array_set_size(d->ready, before);
	else
		step("maildir: names are durable");
	return st;
}

static enum status
maildir_outcome(Dest *dest, struct outcome *out, GError **error)
{
	struct maildir_dest *d = (struct maildir_dest *)dest;
	struct maildir_ready *ready;

	if (d->ready_at >= d->ready->len) {
		g_array_set_size(d->ready, 0);
		d->ready_at = 0;
		return ST_END;
	}
	ready = &g_array_index(d->ready, struct maildir_ready, d->ready_at++);
	*out = (struct outcome){
	    .seq = ready->seq, .st = ST_OK, .dest_key = ready->hash};
	return ST_OK;
}

/* The name with exactly the difference between the old and the new flags. */
static void
make_update(struct maildir_dest *d, struct maildir_place *place,
    const struct message *m, guint32 old_flags, const char *const *old_keywords,
    const char *file, GString *out)
{
	struct maildir_name name;
	guint32 was = letters_of(old_flags), is = letters_of(m->flags);
	guint32 kw_was = maildir_place_keywords(d, place, old_keywords);
	guint32 kw_is = maildir_place_keywords(d, place, m->keywords);

	if (has_forwarded(old_keywords))
		was |= MAILDIR_PASSED;
	if (has_forwarded(m->keywords))
		is |= MAILDIR_PASSED;
	maildir_name_parse(file, &name);
	name.flags = (name.flags & ~(was & ~is)) | (is & ~was);
	name.keywords =
	    (name.keywords & ~(kw_was & ~kw_is)) | (kw_is & ~kw_was);
	g_string_append_len(out, file, (gssize)name.base_len);
	maildir_name_add_info(out, name.flags, name.keywords);
}

static enum status
maildir_update(Dest *dest, const struct record *record, const char *dest_key,
    guint32 old_flags, const char *const *old_keywords, GError **error)
{
	struct maildir_dest *d = (struct maildir_dest *)dest;
	const struct message *m = &record->message;
	struct maildir_place *place;
	enum status st;

	st = maildir_place_find(d, m->folder, &place, error);
	if (st < 0)
		return st;
	/* Somebody may rename it between our look and ours: look once more. */
	for (guint i = 0; i < 2; i++) {
		const char *at = maildir_place_look(d, place, dest_key, i > 0);
		const char *sep = *place->dir ? "/" : "";
		g_autofree char *from = NULL;

		if (!at)
			continue;
		from = g_strdup_printf("%s%s%s", place->dir, sep, at);
		g_string_printf(d->path, "%s%scur/", place->dir, sep);
		make_update(
		    d, place, m, old_flags, old_keywords, at + 4, d->path);
		st = save_keywords(d, place, error);
		if (st < 0 || !strcmp(d->path->str, from))
			return st;
		if (renameat(d->fd, from, d->fd, d->path->str) == 0) {
			step("maildir: flags changed");
			place->touched = true;
			g_hash_table_replace(place->index, g_strdup(dest_key),
			    g_strdup_printf(
				"cur/%s", strrchr(d->path->str, '/') + 1));
			return ST_OK;
		}
		if (errno != ENOENT)
			return maildir_io_fail(d, "rename", from, errno, error);
	}
	return ST_THERE; /* gone: its owner's wish */
}

static char *const *
maildir_map(Dest *dest, const struct folder *folder)
{
	struct maildir_dest *d = (struct maildir_dest *)dest;
	struct maildir_place *place = g_hash_table_lookup(d->places, folder);
	char **path = g_hash_table_lookup(d->maps, folder);
	g_autofree char *dir = NULL;

	if (place)
		return place->path;
	if (!path) { /* asked before the folder came: where it would go */
		dir = maildir_folder_to_dir(folder->path, d->layout, NULL);
		path = maildir_folder_from_dir(
		    dir, *dir == '.' ? MAILDIR_PLUSPLUS : MAILDIR_FS);
		g_hash_table_insert(d->maps, (gpointer)folder, path);
	}
	return path;
}

static enum status
maildir_announce(Dest *dest, const struct folder *folder, GError **error)
{
	maildir_place_announce((struct maildir_dest *)dest, folder);
	return ST_OK;
}

static const char *const schemes[] = {"maildir", NULL};

const struct dest_driver dest_maildir_driver = {
    .name = "maildir",
    .schemes = schemes,
    .summary = "Maildir++ directories, one per mailbox",
    .options = options,
    .takes =
	1u << RECORD_FOLDER | 1u << RECORD_MESSAGE | 1u << RECORD_FOLDER_END,
    .open = maildir_open,
    .begin = maildir_begin,
    .announce = maildir_announce,
    .put = maildir_put,
    .outcome = maildir_outcome,
    .update = maildir_update,
    .commit = maildir_commit,
    .map = maildir_map,
    .end = maildir_end,
    .close = maildir_close,
};
