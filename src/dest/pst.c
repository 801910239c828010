/*
 * Outlook personal folder files as a destination: one Unicode .pst for each
 * mailbox and pass, more where it would grow beyond what Outlook opens.
 *
 *	pst:DIR		DIR/NAME.pst for each mailbox
 *	pst:FILE.pst	this file, for one mailbox
 *
 * A second pass writes what is new into NAME.pass-2.pst; parts beyond the first
 * are NAME-2.pst, ... Files are written as .partial beside their names and
 * renamed together at the end; none is ever written over but by the resumption
 * of the very pass that made it.
 */
#include "dest/pst.h"

#include "base/spool.h"
#include "base/step.h"
#include "base/url.h"
#include "dest/pst-address.h"
#include "dest/pst-class.h"
#include "model/address-message.h"
#include "pst/format.h"
#include "pst/mapi-from-vcard.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES 200 /* of a file name, before its ending */

static const char *const schemes[] = {"pst", NULL};

static const struct option options[] = {
    {"split", OPTION_SIZE, "45GiB", NULL,
	"begin another file before one grows beyond this; Outlook opens "
	"up to 50 GB"},
    {"encode", OPTION_BOOL, "yes", NULL,
	"encode data blocks as Outlook does (no protection)"},
    {"name", OPTION_TEXT, NULL, NULL,
	"name of the file as Outlook shows it; else the mailbox's"},
    {NULL},
};

struct put {
	guint64 seq;
	guint part; /* file, from 0 */
	guint32 nid;
};
#define PUTS_AT_ONCE 256 /* read back */

struct pst_dest {
	struct dest_base base;
	char *dir, *file; /* file: its name without ending, or NULL */
	char *shown;
	guint64 part_max; /* bytes */
	bool plain;

	/* one job */
	const struct job *job;
	char *name; /* of the files, without ending */
	PstMapper *mapper;
	PstWriter *writer;
	GPtrArray *parts; /* char *: final paths, the last one being written */
	GHashTable *folders;	     /* struct folder * to NID, in this part */
	GHashTable *paths;	     /* text of a path to NID, in this part */
	const struct record *record; /* being put: what remarks are about */
	const struct folder *contacts; /* the job's own for people, or NULL */
	PstClasses *classes; /* of folders that the source calls plain */
	GArray *split;	     /* of struct part: of a message that is a card */
	Spool *card;	     /* and its content */
	Spool *puts;	     /* of struct put: as many as there are messages */
	struct put
	    back[PUTS_AT_ONCE]; /* the next ones, after the last commit */
	guint64 n_puts, n_given;
	bool committed;
	GString *key;
};

static void pst_dest_end(Dest *dest);

static enum status
pst_dest_open(Dest **out, const struct end *end, GError **error)
{
	const char *path = end->url->path;
	const Options *opts = end->options;
	struct pst_dest *d;

	*out = NULL;
	if (path == NULL || *path == '\0')
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "pst: no place is named; write pst:DIR or pst:FILE.pst");
	d = g_new0(struct pst_dest, 1);
	d->base.driver = &dest_pst_driver;
	d->part_max = (guint64)options_number(opts, "split");
	d->plain = !options_bool(opts, "encode");
	d->shown = g_strdup(options_text(opts, "name"));
	if (g_str_has_suffix(path, ".pst")) {
		g_autofree char *base = g_path_get_basename(path);

		d->dir = g_path_get_dirname(path);
		d->file = g_strndup(base, strlen(base) - 4);
	} else {
		d->dir = g_strdup(path);
	}
	if (g_mkdir_with_parents(d->dir, 0700) < 0) {
		enum status st = fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "pst: cannot make directory %s: %s", d->dir,
		    g_strerror(errno));

		g_free(d->dir);
		g_free(d->file);
		g_free(d->shown);
		g_free(d);
		return st;
	}
	*out = (Dest *)d;
	return ST_OK;
}

/* A mailbox's name as a file name: nothing in it leads elsewhere. */
static char *
safe_name(const char *name)
{
	GString *out = g_string_new(NULL);

	for (const char *p = name; *p && out->len < NAME_BYTES;
	     p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (g_unichar_iscntrl(c) ||
		    (c < 128 && strchr("/\\:*?\"<>|", (int)c)))
			c = '_';
		if (c == '.' && out->len == 0)
			c = '_';
		g_string_append_unichar(out, c);
	}
	if (out->len == 0)
		g_string_append_c(out, '_');
	return g_string_free(out, FALSE);
}

static enum status
pst_dest_begin(Dest *dest, const struct job *job, GError **error)
{
	struct pst_dest *d = (struct pst_dest *)dest;
	const char *name = job->destination ? job->destination
			   : job->mailbox   ? job->mailbox->name
					    : "mail";
	g_autofree char *safe = d->file ? g_strdup(d->file) : safe_name(name);

	pst_dest_end(dest);
	d->job = job;
	if (job->pass > 1)
		d->name = g_strdup_printf(
		    "%s.pass-%" G_GUINT64_FORMAT, safe, job->pass);
	else
		d->name = g_steal_pointer(&safe);
	d->mapper = pst_mapper_new(job->spool_dir);
	d->parts = g_ptr_array_new_with_free_func(g_free);
	d->folders = g_hash_table_new(NULL, NULL);
	d->paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	d->classes = pst_classes_new();
	d->contacts = NULL;
	d->split = g_array_new(FALSE, TRUE, sizeof(struct part));
	g_array_set_clear_func(d->split, (GDestroyNotify)part_clear);
	d->card = spool_new(job->spool_dir);
	d->puts = spool_new(job->spool_dir);
	d->key = g_string_new(NULL);
	d->n_puts = d->n_given = 0;
	d->committed = false;
	return ST_OK;
}

static char *
partial_path(const char *path)
{
	return g_strconcat(path, ".partial", NULL);
}

/* The next file of this mailbox. */
static enum status
begin_part(struct pst_dest *d, GError **error)
{
	guint n = d->parts->len + 1;
	g_autofree char *file = n == 1
				    ? g_strdup_printf("%s.pst", d->name)
				    : g_strdup_printf("%s-%u.pst", d->name, n);
	g_autofree char *path = g_build_filename(d->dir, file, NULL);
	g_autofree char *partial = partial_path(path);
	const char *shown = d->shown		  ? d->shown
			    : d->job->destination ? d->job->destination
			    : d->job->mailbox	  ? d->job->mailbox->name
						  : d->name;
	struct pst_writer_params params = {
	    .name = shown, .spool_dir = d->job->spool_dir, .plain = d->plain};
	enum status st;

	/* Only the resumption of the pass that made it may replace a file: that
	 * pass is given once more from its beginning. */
	if (!d->job->interrupted && g_file_test(path, G_FILE_TEST_EXISTS))
		return fail(ST_MAILBOX, error, ERR_REFUSED, RETRY_NEVER,
		    "pst: %s exists; move it away, or name another directory",
		    path);
	/* What a run that was killed left behind is ours and worth nothing. */
	g_unlink(partial);
	st = pst_writer_open(&d->writer, partial, &params, error);
	if (st < 0) {
		g_prefix_error(error, "pst: ");
		return st;
	}
	g_ptr_array_add(d->parts, g_steal_pointer(&path));
	g_hash_table_remove_all(d->folders);
	g_hash_table_remove_all(d->paths);
	return ST_OK;
}

static const char *
class_of(const struct folder *folder)
{
	if (folder->class && g_str_has_prefix(folder->class, "IPF."))
		return folder->class;
	switch (folder->use) {
	case FOLDER_CALENDAR:
		return "IPF.Appointment";
	case FOLDER_CONTACTS:
		return "IPF.Contact";
	case FOLDER_TASKS:
		return "IPF.Task";
	case FOLDER_NOTES:
		return "IPF.StickyNote";
	case FOLDER_JOURNAL:
		return "IPF.Journal";
	case FOLDER_PLAIN:
	case FOLDER_INBOX:
	case FOLDER_SENT:
	case FOLDER_DRAFTS:
	case FOLDER_TRASH:
	case FOLDER_JUNK:
	case FOLDER_ARCHIVE:
	case FOLDER_OUTBOX:
	case FOLDER_FLAGGED:
	case FOLDER_ALL:
		break;
	}
	return "IPF.Note";
}

static bool
is_inbox(const char *name)
{
	return g_ascii_strcasecmp(name, "INBOX") == 0;
}

/* Outlook has a place for it, whatever it is called. Only folders of the first
 * level, and the inbox: deeper ones are people's own. */
static void
make_special(struct pst_dest *d, const struct folder *folder, guint32 nid)
{
	static const struct {
		enum folder_use use;
		enum pst_special what;
	} uses[] = {
	    {FOLDER_INBOX, PST_SPECIAL_INBOX},
	    {FOLDER_SENT, PST_SPECIAL_SENT},
	    {FOLDER_OUTBOX, PST_SPECIAL_OUTBOX},
	    {FOLDER_CALENDAR, PST_SPECIAL_CALENDAR},
	    {FOLDER_CONTACTS, PST_SPECIAL_CONTACTS},
	    {FOLDER_JOURNAL, PST_SPECIAL_JOURNAL},
	    {FOLDER_NOTES, PST_SPECIAL_NOTES},
	    {FOLDER_TASKS, PST_SPECIAL_TASKS},
	    {FOLDER_DRAFTS, PST_SPECIAL_DRAFTS},
	    {FOLDER_JUNK, PST_SPECIAL_JUNK},
	};

	for (guint i = 0; i < G_N_ELEMENTS(uses); i++)
		if (uses[i].use == folder->use)
			pst_writer_special(d->writer, uses[i].what, nid);
	if (folder->path[1] == NULL && is_inbox(folder->path[0]))
		pst_writer_special(d->writer, PST_SPECIAL_INBOX, nid);
}

/* The folder's node; it and those above it are made when they are not there. */
static enum status
need_folder(struct pst_dest *d, const struct folder *folder, guint32 *nid,
    GError **error)
{
	g_autoptr(GString) path = g_string_new(NULL);
	enum status st;

	*nid = GPOINTER_TO_UINT(g_hash_table_lookup(d->folders, folder));
	if (*nid != 0)
		return ST_OK;
	*nid = PST_NID_TOP;
	/* Outlook has its own place for what was deleted. */
	if (folder->use == FOLDER_TRASH && folder->path[1] == NULL) {
		g_string_printf(path, "%u:%s/", (guint)strlen(folder->path[0]),
		    folder->path[0]);
		if (!g_hash_table_contains(d->paths, path->str))
			g_hash_table_insert(d->paths, g_strdup(path->str),
			    GUINT_TO_POINTER(PST_NID_DELETED));
		g_string_truncate(path, 0);
	}
	for (guint i = 0; folder->path[i]; i++) {
		const char *name = folder->path[i];
		bool inbox = i == 0 && is_inbox(name);
		guint32 parent = *nid;

		/* Lengths keep "a" + "b/c" apart from "a/b" + "c". */
		g_string_append_printf(path, "%u:%s/", (guint)strlen(name),
		    inbox ? "INBOX" : name);
		*nid =
		    GPOINTER_TO_UINT(g_hash_table_lookup(d->paths, path->str));
		if (*nid != 0)
			continue;
		st =
		    pst_writer_folder(d->writer, parent, inbox ? "Inbox" : name,
			folder->path[i + 1] ? "IPF.Note" : class_of(folder),
			nid, error);
		if (st < 0)
			return st;
		g_hash_table_insert(
		    d->paths, g_strdup(path->str), GUINT_TO_POINTER(*nid));
	}
	g_hash_table_insert(
	    d->folders, (gpointer)folder, GUINT_TO_POINTER(*nid));
	make_special(d, folder, *nid);
	return ST_OK;
}

static enum status
put_folder(struct pst_dest *d, const struct folder *folder, GError **error)
{
	guint32 nid;
	enum status st = ST_OK;

	if (folder->use == FOLDER_CONTACTS && d->contacts == NULL)
		d->contacts = folder;
	/* A later pass makes only the folders that get something. */
	if (d->job->pass > 1)
		return ST_OK;
	if (d->writer == NULL)
		st = begin_part(d, error);
	return st < 0 ? st : need_folder(d, folder, &nid, error);
}

/* Finish the file that is being written and go on in another. */
static enum status
next_part(struct pst_dest *d, GError **error)
{
	enum status st;

	pst_classes_settle(d->classes, d->writer);
	st = pst_writer_finish(d->writer, error);
	g_clear_pointer(&d->writer, pst_writer_close);
	return st < 0 ? st : begin_part(d, error);
}

static guint32
flags_of(const struct message *m)
{
	guint32 flags = 0;

	if (m->flags & MESSAGE_SEEN)
		flags |= PST_MAIL_SEEN;
	if (m->flags & MESSAGE_ANSWERED)
		flags |= PST_MAIL_ANSWERED;
	if (m->flags & MESSAGE_FLAGGED)
		flags |= PST_MAIL_FLAGGED;
	/* Outlook goes on writing only what is unsent; many clients leave a
	 * draft without its flag, and then it looks like sent mail (Q200278).
	 */
	if (m->flags & MESSAGE_DRAFT || m->folder->use == FOLDER_DRAFTS)
		flags |= PST_MAIL_DRAFT;
	for (guint i = 0; m->keywords && m->keywords[i]; i++)
		if (g_ascii_strcasecmp(m->keywords[i], "$Forwarded") == 0)
			flags |= PST_MAIL_FORWARDED;
	return flags;
}

/* Keywords are categories, but for those that IMAP keeps for itself. */
static const char **
categories_of(const struct message *m)
{
	GPtrArray *out = g_ptr_array_new();

	for (guint i = 0; m->keywords && m->keywords[i]; i++)
		if (m->keywords[i][0] != '$')
			g_ptr_array_add(out, (gpointer)m->keywords[i]);
	g_ptr_array_add(out, NULL);
	return (const char **)g_ptr_array_free(out, FALSE);
}

static enum pst_place
place_of(const struct folder *folder)
{
	const char *class = folder->class ? folder->class : "";

	if (folder->use == FOLDER_CALENDAR || folder->use == FOLDER_TASKS ||
	    g_str_has_prefix(class, "IPF.Appointment") ||
	    g_str_has_prefix(class, "IPF.Task"))
		return PST_PLACE_CALENDAR;
	if (folder->use == FOLDER_CONTACTS ||
	    g_str_has_prefix(class, "IPF.Contact"))
		return PST_PLACE_CONTACTS;
	return PST_PLACE_MAIL;
}

/* What was mended or could not be kept becomes an event that names the item. */
static void
remark(void *ctx, const char *code, const char *text)
{
	struct pst_dest *d = ctx;
	const struct record *r = d->record;
	struct remark out = {.level = REMARK_WARNING,
	    .code = code,
	    .text = text,
	    .file = d->parts->len ? d->parts->pdata[d->parts->len - 1] : NULL,
	    .line = -1,
	    .offset = -1,
	    .folder = r->kind == RECORD_MESSAGE ? r->message.folder : NULL,
	    .key = r->key};

	if (d->job->remark)
		d->job->remark(d->job->remark_ctx, &out);
}

static gint64
bytes_of(const struct message *m)
{
	gint64 sum = m->raw.len;

	for (guint i = 0; i < m->n_parts; i++)
		sum += m->parts[i].blob.len;
	return sum;
}

/* A file that has room for so many bytes more. */
static enum status
need_part(struct pst_dest *d, guint64 room, GError **error)
{
	if (d->writer == NULL)
		return begin_part(d, error);
	if (d->n_puts > 0 && pst_writer_size(d->writer) + room > d->part_max)
		return next_part(d, error);
	return ST_OK;
}

/* To tell its outcome at the end. */
static enum status
keep_put(struct pst_dest *d, struct put *put, GError **error)
{
	put->part = d->parts->len - 1;
	d->n_puts++;
	return spool_write(d->puts, put, sizeof *put, error);
}

static enum status
put_mail(struct pst_dest *d, const struct record *record, guint64 seq,
    GError **error)
{
	const struct message *m = &record->message;
	g_autofree const char **categories = categories_of(m);
	struct pst_mail mail = {.raw = m->raw,
	    .envelope = m->n_parts ? m->envelope : NULL,
	    .headers = m->headers,
	    .parts = m->parts,
	    .n_parts = m->n_parts,
	    .class = m->class,
	    .received = m->received,
	    .flags = flags_of(m),
	    .categories = categories,
	    .place = place_of(m->folder),
	    .remark = remark,
	    .remark_ctx = d};
	struct put put = {.seq = seq};
	guint32 folder;
	enum status st;

	if (mail.envelope == NULL && m->envelope && m->raw.len == 0)
		mail.envelope = m->envelope;
	/* Text of one byte becomes two, so does a header kept besides. */
	st = need_part(d, (guint64)bytes_of(m) * 2, error);
	if (st == ST_OK)
		st = need_folder(d, m->folder, &folder, error);
	if (st == ST_OK)
		st = pst_mapper_write(
		    d->mapper, d->writer, folder, &mail, &put.nid, error);
	if (st < 0)
		return st;
	pst_classes_add(
	    d->classes, m->folder, folder, pst_mapper_class(d->mapper));
	return keep_put(d, &put, error);
}

/* A contact or list into a folder. received: of a message that it was. */
static enum status
put_contact(struct pst_dest *d, const struct address *address,
    const struct folder *where, const struct stamp *received, guint64 seq,
    GError **error)
{
	struct pst_mail mail = {.remark = remark, .remark_ctx = d};
	struct put put = {.seq = seq};
	g_auto(PstEntry) contact = {0};
	guint32 folder;
	enum status st;

	if (received)
		mail.received = *received;
	pst_entry_init(&contact);
	st = pst_address_read(address, &contact, &mail.raw, error);
	if (st == ST_OK)
		st = need_part(d, (guint64)address->vcard.len * 2, error);
	if (st == ST_OK)
		st = need_folder(d, where, &folder, error);
	if (st == ST_OK)
		st = pst_mapper_contact(d->mapper, d->writer, folder, &contact,
		    &mail, &put.nid, error);
	if (st < 0)
		return st;
	pst_classes_add(d->classes, where, folder,
	    contact.is_list ? "IPM.DistList" : "IPM.Contact");
	return keep_put(d, &put, error);
}

/* Address books lie in the folder that Outlook looks for people in: the
 * source's own, where it has one. */
static enum status
put_address(struct pst_dest *d, const struct record *record, guint64 seq,
    GError **error)
{
	return put_contact(d, &record->address,
	    d->contacts ? d->contacts : &address_folder, NULL, seq, error);
}

/* What we made of an address for a place that has only messages becomes one
 * again, where it lies. */
static enum status
put_message(struct pst_dest *d, const struct record *record, guint64 seq,
    GError **error)
{
	const struct message *m = &record->message;
	struct address address;
	enum status st =
	    address_from_message(m, d->split, d->card, &address, error);

	if (st == ST_OK)
		return put_contact(
		    d, &address, m->folder, &m->received, seq, error);
	return st < 0 ? st : put_mail(d, record, seq, error);
}

static enum status
pst_dest_put(
    Dest *dest, const struct record *record, guint64 seq, GError **error)
{
	struct pst_dest *d = (struct pst_dest *)dest;

	d->record = record;
	switch (record->kind) {
	case RECORD_FOLDER:
		return put_folder(d, record->folder, error);
	case RECORD_MESSAGE:
		return put_message(d, record, seq, error);
	case RECORD_ADDRESS:
		return put_address(d, record, seq, error);
	case RECORD_FOLDER_END:
	case RECORD_RECIPIENT:
		break;
	}
	return ST_OK;
}

static enum status
pst_dest_outcome(Dest *dest, struct outcome *out, GError **error)
{
	struct pst_dest *d = (struct pst_dest *)dest;
	const struct put *put;
	g_autofree char *base = NULL;

	*out = (struct outcome){.st = ST_OK};
	if (!d->committed || d->n_given >= d->n_puts)
		return ST_END;
	if (d->n_given % PUTS_AT_ONCE == 0) {
		struct blob all = spool_blob(d->puts);
		gsize got;

		if (blob_read(&all, (gint64)(d->n_given * sizeof *put), d->back,
			sizeof d->back, &got, error) < 0)
			return ST_MAILBOX;
	}
	put = &d->back[d->n_given++ % PUTS_AT_ONCE];
	base = g_path_get_basename(d->parts->pdata[put->part]);
	g_string_printf(d->key, "%s(%x)", base, put->nid);
	out->seq = put->seq;
	out->dest_key = d->key->str;
	return ST_OK;
}

static enum status
sync_dir(struct pst_dest *d, GError **error)
{
	int fd = open(d->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	if (!good)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_LATER,
		    "pst: cannot sync %s: %s", d->dir, g_strerror(errno));
	return ST_OK;
}

static enum status
pst_dest_commit(Dest *dest, bool last, GError **error)
{
	struct pst_dest *d = (struct pst_dest *)dest;
	enum status st = ST_OK;

	/* A whole file: nothing counts before its end. */
	if (!last || d->committed)
		return ST_OK;
	/* An empty mailbox still gets its file (Q174749); a later pass that
	 * found nothing new does not. */
	if (d->writer == NULL && d->job->pass <= 1)
		st = begin_part(d, error);
	if (st == ST_OK && d->writer) {
		pst_classes_settle(d->classes, d->writer);
		st = pst_writer_finish(d->writer, error);
	}
	g_clear_pointer(&d->writer, pst_writer_close);
	if (st < 0)
		return st;
	step("pst: written");
	for (guint i = 0; i < d->parts->len; i++) {
		const char *path = d->parts->pdata[i];
		g_autofree char *partial = partial_path(path);

		if (g_rename(partial, path) < 0)
			return fail(ST_MAILBOX, error, ERR_IO, RETRY_LATER,
			    "pst: cannot rename %s: %s", partial,
			    g_strerror(errno));
		step("pst: renamed");
	}
	if (d->parts->len > 0)
		st = sync_dir(d, error);
	d->committed = st == ST_OK;
	return st;
}

static void
pst_dest_end(Dest *dest)
{
	struct pst_dest *d = (struct pst_dest *)dest;

	if (d->job == NULL)
		return;
	g_clear_pointer(&d->writer, pst_writer_close);
	for (guint i = 0; !d->committed && i < d->parts->len; i++) {
		g_autofree char *partial = partial_path(d->parts->pdata[i]);

		g_unlink(partial);
	}
	g_clear_pointer(&d->name, g_free);
	g_clear_pointer(&d->mapper, pst_mapper_free);
	g_clear_pointer(&d->parts, g_ptr_array_unref);
	g_clear_pointer(&d->folders, g_hash_table_unref);
	g_clear_pointer(&d->paths, g_hash_table_unref);
	g_clear_pointer(&d->classes, pst_classes_free);
	g_clear_pointer(&d->split, g_array_unref);
	g_clear_pointer(&d->card, spool_free);
	g_clear_pointer(&d->puts, spool_free);
	g_string_free(d->key, TRUE);
	d->key = NULL;
	d->job = NULL;
}

static void
pst_dest_close(Dest *dest)
{
	struct pst_dest *d = (struct pst_dest *)dest;

	pst_dest_end(dest);
	g_free(d->dir);
	g_free(d->file);
	g_free(d->shown);
	g_free(d);
}

const struct dest_driver dest_pst_driver = {
    .name = "pst",
    .schemes = schemes,
    .summary = "Outlook personal folder files (.pst)",
    .options = options,
    .takes = 1u << RECORD_FOLDER | 1u << RECORD_MESSAGE |
	     1u << RECORD_FOLDER_END | 1u << RECORD_ADDRESS,
    .whole = true,
    .rejoins = true,
    .open = pst_dest_open,
    .begin = pst_dest_begin,
    .put = pst_dest_put,
    .outcome = pst_dest_outcome,
    .commit = pst_dest_commit,
    .end = pst_dest_end,
    .close = pst_dest_close,
};
