/*
 * Outlook personal folder files and .ost files as a source.
 *
 *	pst:FILE.pst	one mailbox
 *	pst:DIR		each .pst and .ost in it is a mailbox
 *
 * What a user sees is given: the folders below the store's top one. Keys are
 *node ids, which stay the same as long as the file does. A password mark is not
 * needed to read a file ([MS-PST] 4.2).
 */
#include "source/pst.h"

#include "base/url.h"
#include "imap/session.h"
#include "pst/check.h"
#include "pst/contact-read.h"
#include "pst/bytes.h"
#include "pst/format.h"
#include "pst/mime-from-mapi.h"

#include <errno.h>
#include <string.h>

static const char *const schemes[] = {"pst", NULL};

static const struct option options[] = {
    {"strict", OPTION_BOOL, "no", NULL,
	"check: also the rules that mailmig's own files keep"},
    {NULL},
};

struct box {
	struct folder folder;
	guint32 nid;
	guint32 messages; /* as the folder says */
};

struct pst_source {
	struct source_base base;
	char *dir, *file; /* file: the only one, or NULL */
	bool strict;
	/* The job: */
	const struct job *job;
	Pst *pst;
	PstContent *content;
	GPtrArray *boxes; /* of struct box * */
	guint at;
	PstFolder *open; /* boxes[at], once RECORD_FOLDER was given */
	gint64 found, skipped;
	guint64 damage;	  /* checksums that were wrong so far */
	bool searched;	  /* it was told that the trees are damaged */
	GPtrArray *words; /* keywords, NULL-ended */
	struct pst_card contact;
	GArray *members; /* of struct person, of the contact that is a list */
	char key[12];
};

static void
box_free(gpointer data)
{
	struct box *box = data;

	g_strfreev(box->folder.path);
	g_free(box->folder.class);
	g_free(box);
}

static enum status
pst_source_open(Source **out, const struct end *end, GError **error)
{
	const char *path = end->url->path;
	struct pst_source *s;

	*out = NULL;
	if (path == NULL || *path == '\0' ||
	    !g_file_test(path, G_FILE_TEST_EXISTS))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "pst: cannot find %s; write pst:FILE.pst, or pst:DIR for "
		    "all files in it",
		    path ? path : "a file");
	s = g_new0(struct pst_source, 1);
	s->base.driver = &source_pst_driver;
	s->strict = options_bool(end->options, "strict");
	if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
		s->dir = g_strdup(path);
	} else {
		s->dir = g_path_get_dirname(path);
		s->file = g_path_get_basename(path);
	}
	*out = (Source *)s;
	return ST_OK;
}

static bool
is_ours(const char *file)
{
	g_autofree char *lower = g_ascii_strdown(file, -1);

	return g_str_has_suffix(lower, ".pst") ||
	       g_str_has_suffix(lower, ".ost");
}

static void
list_one(GPtrArray *out, const char *file)
{
	g_autofree char *name = g_filename_display_name(file);

	if (is_ours(name))
		name[strlen(name) - 4] = '\0';
	g_ptr_array_add(out, mailbox_new(name, file));
}

static int
by_name(gconstpointer a, gconstpointer b)
{
	const struct mailbox *x = *(struct mailbox *const *)a;
	const struct mailbox *y = *(struct mailbox *const *)b;

	return strcmp(x->name, y->name);
}

static enum status
pst_source_list(Source *source, GPtrArray *out, GError **error)
{
	struct pst_source *s = (struct pst_source *)source;
	const char *name;
	GDir *dir;

	if (s->file) {
		list_one(out, s->file);
		return ST_OK;
	}
	dir = g_dir_open(s->dir, 0, error);
	if (dir == NULL) {
		g_prefix_error(error, "pst: ");
		return ST_RUN;
	}
	while ((name = g_dir_read_name(dir)))
		if (is_ours(name))
			list_one(out, name);
	g_dir_close(dir);
	g_ptr_array_sort(out, by_name);
	if (out->len == 0)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "pst: no .pst or .ost file in %s", s->dir);
	return ST_OK;
}

static void
say(struct pst_source *s, const char *code, const struct folder *folder,
    const char *key, const char *text)
{
	struct remark remark = {.level = REMARK_WARNING,
	    .code = code,
	    .text = text,
	    .line = -1,
	    .offset = -1,
	    .folder = folder,
	    .key = key};

	if (s->job->remark)
		s->job->remark(s->job->remark_ctx, &remark);
}

/* What the store object says of its folders: node ids by entry id. */
static guint32
named_folder(Pst *pst, guint id)
{
	const PstProps *store = pst_store(pst);
	g_autoptr(GBytes) bytes = store ? pst_props_bytes(store, id) : NULL;
	const guint8 *p;
	gsize len = 0;

	if (bytes == NULL)
		return 0;
	p = g_bytes_get_data(bytes, &len);
	return len >= 24 ? get_le32(p + 20) : 0;
}

static void
guess_use(struct pst_source *s, struct box *box, bool top_level, guint32 *seen)
{
	static const struct {
		const char *class;
		enum folder_use use;
	} classes[] = {
	    {"IPF.Appointment", FOLDER_CALENDAR},
	    {"IPF.Contact", FOLDER_CONTACTS},
	    {"IPF.Task", FOLDER_TASKS},
	    {"IPF.StickyNote", FOLDER_NOTES},
	    {"IPF.Journal", FOLDER_JOURNAL},
	};
	static const struct {
		guint32 imap;
		guint id; /* of the store's property, or 0 */
		enum folder_use use;
	} uses[] = {
	    {IMAP_USE_TRASH, PST_P_WASTEBASKET, FOLDER_TRASH},
	    {IMAP_USE_SENT, 0x35e4, FOLDER_SENT},
	    {0, 0x35e2, FOLDER_OUTBOX},
	    {IMAP_USE_DRAFTS, 0, FOLDER_DRAFTS},
	    {IMAP_USE_JUNK, 0, FOLDER_JUNK},
	    {IMAP_USE_ARCHIVE, 0, FOLDER_ARCHIVE},
	};
	struct folder *f = &box->folder;
	guint32 use;

	for (guint i = 0; f->class && i < G_N_ELEMENTS(classes); i++)
		if (g_str_has_prefix(f->class, classes[i].class))
			f->use = classes[i].use;
	if (!top_level || f->use != FOLDER_PLAIN)
		return;
	use = imap_use_from_name(f->path[0]);
	for (guint i = 0; i < G_N_ELEMENTS(uses); i++) {
		bool named =
		    uses[i].id && named_folder(s->pst, uses[i].id) == box->nid;

		if ((named || (uses[i].imap && use == uses[i].imap)) &&
		    !(*seen & 1u << i)) {
			f->use = uses[i].use;
			*seen |= 1u << i;
			return;
		}
	}
}

struct search {
	GHashTable *nids;  /* folders met: a damaged file may list one twice */
	GHashTable *paths; /* text of each path */
	guint32 uses;
	bool has_inbox;
	guint32 inbox; /* the one that the file names, or 0 */
};

/* Names of siblings may be equal in damaged files; paths must not. */
static char **
make_path(struct search *search, char *const *above, char *name, bool inbox)
{
	GPtrArray *path = g_ptr_array_new();
	char **out;

	for (; above && *above; above++)
		g_ptr_array_add(path, g_strdup(*above));
	if (inbox)
		g_ptr_array_add(path, g_strdup("INBOX"));
	else
		g_ptr_array_add(path, g_strdup(name && *name ? name : "_"));
	g_ptr_array_add(path, NULL);
	out = (char **)g_ptr_array_free(path, FALSE);
	for (guint n = 2;; n++) {
		char *text = folder_path_to_text(out);
		guint last = g_strv_length(out) - 1;

		if (g_hash_table_add(search->paths, text))
			return out;
		g_free(out[last]);
		out[last] =
		    g_strdup_printf("%s (%u)", name && *name ? name : "_", n);
	}
}

/* The folders below one, depth first. */
static void
find_boxes(struct pst_source *s, struct search *search, guint32 nid,
    char *const *above)
{
	g_autoptr(PstFolder) folder = NULL;
	g_autoptr(GError) error = NULL;
	guint32 child;
	enum status st;

	if (g_strv_length((char **)above) >= FOLDER_DEPTH_MAX)
		return;
	if (pst_folder_open(&folder, s->pst, nid, NULL) < 0)
		say(s, "PST_DAMAGED", NULL, NULL,
		    "a folder is damaged: what is in it is looked for");
	while ((st = pst_folder_next_child(folder, &child, &error)) != ST_END) {
		g_autoptr(PstFolder) one = NULL;
		g_autofree char *name = NULL;
		struct box *box;
		bool top = above[0] == NULL, inbox;

		if (st < 0) {
			say(s, "PST_DAMAGED", NULL, NULL, error->message);
			g_clear_error(&error);
			continue;
		}
		if (!g_hash_table_add(search->nids, GUINT_TO_POINTER(child)))
			continue;
		if (pst_folder_open(&one, s->pst, child, &error) < 0) {
			say(s, "PST_DAMAGED", NULL, NULL, error->message);
			g_clear_error(&error);
		}
		name =
		    pst_props_text(pst_folder_props(one), PST_P_DISPLAY_NAME);
		if (name == NULL)
			name = g_strdup_printf("Folder %x", child);
		/* What the file says, in any language; else by its name. */
		if (search->inbox)
			inbox = child == search->inbox;
		else
			inbox = top && !search->has_inbox && name &&
				(g_ascii_strcasecmp(name, "inbox") == 0 ||
				    strcmp(name, "Posteingang") == 0 ||
				    strcmp(name, "Posta in arrivo") == 0 ||
				    strcmp(name, "Bo\xc3\xaete de r\xc3\xa9"
						 "ception") == 0 ||
				    strcmp(name, "Bandeja de entrada") == 0);
		search->has_inbox = search->has_inbox || inbox;
		box = g_new0(struct box, 1);
		box->nid = child;
		box->folder.path = make_path(search, above, name, inbox);
		box->folder.class = pst_props_text(
		    pst_folder_props(one), PST_P_CONTAINER_CLASS);
		box->messages = pst_props_int_or(
		    pst_folder_props(one), PST_P_CONTENT_COUNT, 0);
		if (inbox)
			box->folder.use = FOLDER_INBOX;
		else
			guess_use(s, box, top, &search->uses);
		if (s->job->filter && filter_folder(s->job->filter,
					  &box->folder) != FILTER_PASS) {
			find_boxes(s, search, child, box->folder.path);
			box_free(box);
			continue;
		}
		g_ptr_array_add(s->boxes, box);
		find_boxes(s, search, child, box->folder.path);
	}
}

static void
pst_source_end(Source *source)
{
	struct pst_source *s = (struct pst_source *)source;

	g_clear_pointer(&s->open, pst_folder_close);
	g_clear_pointer(&s->boxes, g_ptr_array_unref);
	g_clear_pointer(&s->content, pst_content_free);
	g_clear_pointer(&s->words, g_ptr_array_unref);
	g_clear_pointer(&s->members, g_array_unref);
	pst_card_clear(&s->contact);
	g_clear_pointer(&s->pst, pst_close);
	s->job = NULL;
}

/* A reference is the name of a file in the directory, nothing else. g_free() */
static char *
path_of(const struct pst_source *s, const struct mailbox *mailbox)
{
	const char *ref = mailbox->ref ? mailbox->ref : mailbox->name;
	g_autofree char *base = g_path_get_basename(s->file ? s->file : ref);

	return g_build_filename(s->dir, base, NULL);
}

/* The inbox that the file names, directly below the top folder, or 0. */
static guint32
inbox_of(Pst *pst, guint32 top)
{
	guint32 nid = pst_receive_folder(pst);
	struct pst_node node;

	if (nid == 0 || nid == top ||
	    pst_ndb_node(pst_ndb(pst), nid, &node, NULL) != ST_OK ||
	    node.parent != top)
		return 0;
	return nid;
}

static enum status
pst_source_check(Source *source, const struct mailbox *mailbox,
    struct source_check *out, GError **error)
{
	const struct pst_source *s = (const struct pst_source *)source;
	g_autofree char *path = path_of(s, mailbox);
	g_autoptr(PstReport) report = NULL;
	struct pst_report_counts n;
	enum status st = pst_check(&report, path, s->strict, error);

	if (st < 0) {
		g_prefix_error(error, "pst: ");
		return st;
	}
	for (guint i = 0; i < pst_report_n(report); i++) {
		const struct pst_finding *f = pst_report_at(report, i);

		source_check_add(
		    out, f->rule, f->words, f->what, f->grade == PST_BROKEN);
	}
	pst_report_counts(report, &n);
	out->broken = n.broken;
	out->warnings = n.findings - n.broken;
	out->summary =
	    g_strdup_printf("%" G_GUINT64_FORMAT " folders, %" G_GUINT64_FORMAT
			    " items, %" G_GUINT64_FORMAT
			    " attachments, %" G_GUINT64_FORMAT " blocks",
		n.folders, n.messages, n.attachments, n.blocks);
	return ST_OK;
}

static enum status
pst_source_begin(Source *source, const struct job *job, GError **error)
{
	struct pst_source *s = (struct pst_source *)source;
	g_autofree char *path = path_of(s, job->mailbox);
	char *none[] = {NULL};
	g_autoptr(PstFolder) top = NULL;
	g_autoptr(GError) why = NULL;
	struct search search = {0};
	guint32 nid;
	enum status st;

	pst_source_end(source);
	s->job = job;
	st = pst_open(&s->pst, path, error);
	if (st < 0) {
		g_prefix_error(error, "pst: ");
		s->job = NULL;
		return st;
	}
	s->content = pst_content_new(job->spool_dir);
	s->boxes = g_ptr_array_new_with_free_func(box_free);
	s->words = g_ptr_array_new();
	s->members = g_array_new(FALSE, FALSE, sizeof(struct person));
	pst_card_init(&s->contact);
	s->at = 0;
	s->damage = 0;
	s->searched = false;
	search.nids = g_hash_table_new(NULL, NULL);
	search.paths =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	/* The folder that users see, else the one above all. */
	nid = pst_top_folder(s->pst);
	pst_folder_open(&top, s->pst, nid, &why);
	search.inbox = inbox_of(s->pst, nid);
	find_boxes(s, &search, nid, none);
	if (why && g_hash_table_size(search.nids) == 0 && nid != PST_NID_ROOT)
		find_boxes(s, &search, PST_NID_ROOT, none);
	st = why && g_hash_table_size(search.nids) == 0 ? ST_MAILBOX : ST_OK;
	g_hash_table_destroy(search.nids);
	g_hash_table_destroy(search.paths);
	if (st < 0) {
		g_propagate_prefixed_error(error, g_steal_pointer(&why),
		    "pst: %s: no folder is left: ", path);
		pst_source_end(source);
	}
	return st;
}

/* Flags and keywords of what the content holds. */
static void
take_flags(struct pst_source *s, struct message *m)
{
	static const struct {
		guint32 pst, message;
	} flags[] = {
	    {PST_MAIL_SEEN, MESSAGE_SEEN},
	    {PST_MAIL_ANSWERED, MESSAGE_ANSWERED},
	    {PST_MAIL_FLAGGED, MESSAGE_FLAGGED},
	    {PST_MAIL_DRAFT, MESSAGE_DRAFT},
	};
	static char forwarded[] = "$Forwarded";
	const struct pst_content *c = pst_content_get(s->content);

	for (guint i = 0; i < G_N_ELEMENTS(flags); i++)
		if (c->flags & flags[i].pst)
			m->flags |= flags[i].message;
	g_ptr_array_set_size(s->words, 0);
	/* In byte order: "$" comes before letters. */
	if (c->flags & PST_MAIL_FORWARDED)
		g_ptr_array_add(s->words, forwarded);
	for (guint i = 0; c->categories->pdata[i]; i++)
		g_ptr_array_add(s->words, c->categories->pdata[i]);
	m->received = c->received;
	m->class = c->class;
	if (s->words->len == 0)
		return;
	g_ptr_array_add(s->words, NULL);
	m->keywords = (const char *const *)s->words->pdata;
}

/* Checksums that were wrong since the last record. */
static void
say_checksums(struct pst_source *s, const struct folder *folder)
{
	guint64 damage = pst_ndb_damage(pst_ndb(s->pst));

	if (pst_ndb_searched(pst_ndb(s->pst)) && !s->searched) {
		s->searched = true;
		say(s, "PST_DAMAGED", NULL, NULL,
		    "the index of the file is damaged: all of the file was "
		    "searched for what is in it");
	}
	if (damage > s->damage)
		say(s, "PST_CHECKSUM", folder, s->key,
		    "a checksum is wrong: what was read may not be what was "
		    "written");
	s->damage = damage;
}

static enum status
give_address(struct pst_source *s, struct box *box, PstMessage *message,
    struct record *record, GError **error)
{
	struct pst_card *c = &s->contact;
	struct address *a = &record->address;
	enum status st;

	G_STATIC_ASSERT(PST_CARD_FIELDS == ADDRESS_FIELDS);
	memset(a, 0, sizeof *a);
	record->kind = RECORD_ADDRESS;
	st = pst_card_read(c, s->pst, message, error);
	if (st < 0)
		return st;
	for (guint i = 0; i < c->lost->len; i++)
		say(s, "PST_LEFT_OUT", &box->folder, s->key, c->lost->pdata[i]);
	say_checksums(s, &box->folder);
	g_array_set_size(s->members, 0);
	for (guint i = 0; i < c->members->len; i++)
		g_array_append_vals(s->members, c->members->pdata[i], 1);
	a->is_list = c->is_list;
	a->not_sendable = c->not_sendable;
	a->fields = (const char *const *)c->fields;
	a->members = (const struct person *)s->members->data;
	a->n_members = s->members->len;
	a->vcard = blob_from_mem(c->vcard->str, c->vcard->len);
	return ST_OK;
}

static enum status
give_message(struct pst_source *s, struct box *box, guint32 nid,
    struct record *record, GError **error)
{
	const struct known *known = s->job->known;
	const struct filter *filter = s->job->filter;
	struct message *m = &record->message;
	const struct pst_content *c = pst_content_get(s->content);
	g_autoptr(PstMessage) message = NULL;
	g_autoptr(GError) why = NULL;
	g_autofree char *class = NULL;
	guint32 size;
	enum status st;

	g_snprintf(s->key, sizeof s->key, "%x", nid);
	record->key = s->key;
	st = pst_message_open(&message, s->pst, nid, &why);
	if (st == ST_OK)
		class = pst_props_text(
		    pst_message_props(message), PST_P_MESSAGE_CLASS);
	if (pst_card_is(class))
		return give_address(s, box, message, record, error);
	s->found++;
	record->kind = RECORD_MESSAGE;
	m->folder = &box->folder;
	m->size = -1;
	record->known =
	    known && known->is_settled &&
	    known->is_settled(known->ctx, &box->folder, record->key);
	if (record->known)
		s->skipped++;
	if (st < 0 && record->known)
		return ST_OK;
	if (st < 0) {
		g_propagate_error(error, g_steal_pointer(&why));
		return st;
	}
	pst_content_read_flags(s->content, s->pst, message);
	take_flags(s, m);
	if (pst_props_int(
		pst_message_props(message), PST_P_MESSAGE_SIZE, &size))
		m->size = size;
	if (record->known || (filter && filter_needs_metadata(filter) &&
				 filter_message(filter, m) != FILTER_PASS))
		return ST_OK;
	st = pst_content_read(s->content, s->pst, message, error);
	if (st < 0)
		return st;
	/* Its words moved. */
	m->flags = 0;
	take_flags(s, m);
	for (guint i = 0; i < c->lost->len; i++)
		say(s, "PST_DAMAGED", &box->folder, s->key, c->lost->pdata[i]);
	say_checksums(s, &box->folder);
	m->has_body = true;
	if (c->raw.len > 0) {
		m->raw = c->raw;
		m->size = c->raw.len;
		return ST_OK;
	}
	m->envelope = &c->envelope;
	m->headers = c->headers;
	m->parts = (const struct part *)c->parts->data;
	m->n_parts = c->parts->len;
	return ST_OK;
}

static enum status
pst_source_next(Source *source, struct record *record, GError **error)
{
	struct pst_source *s = (struct pst_source *)source;
	const struct known *known = s->job->known;
	struct box *box;
	guint32 nid;
	enum status st;

	memset(record, 0, sizeof *record);
	for (;;) {
		if (s->at >= s->boxes->len)
			return ST_END;
		if (s->job->stop && *s->job->stop)
			return fail(ST_RUN, error, ERR_CANCELLED, RETRY_LATER,
			    "stopped by the user");
		box = s->boxes->pdata[s->at];
		if (s->open || !known || !known->claim ||
		    known->claim(known->ctx, &box->folder))
			break;
		s->at++;
	}
	if (s->open == NULL) {
		record->kind = RECORD_FOLDER;
		record->folder = &box->folder;
		s->found = s->skipped = 0;
		/* begin() told of it when it is damaged. */
		pst_folder_open(&s->open, s->pst, box->nid, NULL);
		return ST_OK;
	}
	for (;;) {
		g_autoptr(GError) why = NULL;

		st = pst_folder_next_message(s->open, &nid, &why);
		if (st == ST_OK)
			return give_message(s, box, nid, record, error);
		if (st == ST_END)
			break;
		/* A damaged table: the tree of nodes serves instead. */
		say(s, "PST_DAMAGED", &box->folder, NULL, why->message);
	}
	record->kind = RECORD_FOLDER_END;
	record->folder = &box->folder;
	record->found = s->found;
	record->skipped = s->skipped;
	g_clear_pointer(&s->open, pst_folder_close);
	s->at++;
	return ST_OK;
}

static void
pst_source_close(Source *source)
{
	struct pst_source *s = (struct pst_source *)source;

	pst_source_end(source);
	g_free(s->dir);
	g_free(s->file);
	g_free(s);
}

static gint64
pst_source_expect(const Source *source)
{
	const struct pst_source *s = (const struct pst_source *)source;
	gint64 n = 0;

	for (guint i = 0; i < s->boxes->len; i++)
		n += ((const struct box *)s->boxes->pdata[i])->messages;
	return n;
}

const struct source_driver source_pst_driver = {
    .name = "pst",
    .schemes = schemes,
    .summary = "Outlook personal folder files (.pst, .ost)",
    .options = options,
    .gives = 1u << RECORD_FOLDER | 1u << RECORD_MESSAGE |
	     1u << RECORD_FOLDER_END | 1u << RECORD_ADDRESS,
    .open = pst_source_open,
    .list = pst_source_list,
    .begin = pst_source_begin,
    .expect = pst_source_expect,
    .next = pst_source_next,
    .end = pst_source_end,
    .close = pst_source_close,
    .check = pst_source_check,
};
