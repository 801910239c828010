#include "source/imap-private.h"
#include "imap/options.h"

#include <string.h>

#define AHEAD	     32 /* folders that have been asked for and not been read */
#define AHEAD_SHARED 2	/* the same, when others take folders too */

static const struct option source_imap_options[] = {
    IMAP_OPTIONS,
    {NULL},
};

static const struct {
	guint32 imap;
	enum folder_use use;
} uses[] = {
    {IMAP_USE_ALL, FOLDER_ALL},
    {IMAP_USE_ARCHIVE, FOLDER_ARCHIVE},
    {IMAP_USE_DRAFTS, FOLDER_DRAFTS},
    {IMAP_USE_FLAGGED, FOLDER_FLAGGED},
    {IMAP_USE_JUNK, FOLDER_JUNK},
    {IMAP_USE_SENT, FOLDER_SENT},
    {IMAP_USE_TRASH, FOLDER_TRASH},
};

static void
source_imap_end(Source *source)
{
	SourceImap *s = (SourceImap *)source;

	/* Bodies may still be on their way: nobody wants to read past them. */
	if (!g_queue_is_empty(&s->commands))
		s->broken = true;
	g_queue_clear_full(&s->commands, g_free);
	g_queue_clear_full(&s->ready, g_free);
	g_ptr_array_set_size(s->boxes, 0);
	s->box_at = s->active = s->recoveries = 0;
	s->selected = NULL;
	s->job = NULL;
}

static void
source_imap_close(Source *source)
{
	SourceImap *s = (SourceImap *)source;

	source_imap_end(source);
	imap_close(s->session);
	g_ptr_array_unref(s->boxes);
	source_imap_fetched_clear(&s->fetched);
	source_imap_fetched_clear(&s->before);
	imap_params_clear(&s->address);
	g_free(s->user);
	g_free(s);
}

static enum status
source_imap_open(Source **out, const struct end *end, GError **error)
{
	struct imap_params params;
	const struct login *login = end->login;
	SourceImap *s;
	enum status st;

	*out = NULL;
	st = imap_params_from(&params, end->url, end->options, error);
	if (st < 0)
		return st;
	params.conn.stop = end->stop;
	params.qresync = true;
	params.user = login && login->user ? login->user : end->url->user;
	params.authuser = login ? login->authuser : NULL;
	params.password =
	    login && login->password ? login->password : end->url->password;
	params.token_command = login ? login->token_command : NULL;
	s = g_new0(SourceImap, 1);
	s->base.driver = &source_imap_driver;
	s->user = g_strdup(params.user ? params.user : "");
	s->boxes = g_ptr_array_new_with_free_func(
	    (GDestroyNotify)source_imap_box_free);
	g_queue_init(&s->commands);
	g_queue_init(&s->ready);
	source_imap_fetched_init(&s->fetched);
	source_imap_fetched_init(&s->before);
	imap_params_copy(&s->address, &params);
	st = imap_open(&s->session, &params, error);
	if (st < 0) {
		g_prefix_error(error, "imap: ");
		source_imap_close((Source *)s);
		return st;
	}
	*out = (Source *)s;
	return ST_OK;
}

static enum status
source_imap_list(Source *source, GPtrArray *out, GError **error)
{
	SourceImap *s = (SourceImap *)source;
	g_autoptr(GPtrArray) list =
	    g_ptr_array_new_with_free_func((GDestroyNotify)imap_mailbox_free);
	struct mailbox *mailbox;
	enum status st;

	st = imap_list(s->session, true, list, error);
	if (st < 0) {
		g_prefix_error(error, "imap: %s: ", s->user);
		return st;
	}
	mailbox = mailbox_new(s->user, NULL);
	mailbox->messages = 0;
	mailbox->bytes = -1;
	for (guint i = 0; i < list->len; i++) {
		const struct imap_mailbox *m = g_ptr_array_index(list, i);

		if (m->selectable && m->has_status)
			mailbox->messages += (gint64)m->messages;
	}
	g_ptr_array_add(out, mailbox);
	return ST_OK;
}

static bool
is_sound(const struct imap_mailbox *m)
{
	guint depth = g_strv_length(m->path);

	if (depth > FOLDER_DEPTH_MAX)
		return false;
	for (guint i = 0; i < depth; i++)
		if (strlen(m->path[i]) > FOLDER_NAME_MAX)
			return false;
	return true;
}

static void remark(SourceImap *s, const char *code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void
remark(SourceImap *s, const char *code, const char *format, ...)
{
	g_autofree char *text = NULL;
	struct remark r = {
	    .level = REMARK_WARNING, .code = code, .line = -1, .offset = -1};
	va_list ap;

	if (s->job->remark == NULL)
		return;
	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	r.text = text;
	s->job->remark(s->job->remark_ctx, &r);
}

/* Takes mailbox over. */
static void
add_box(SourceImap *s, struct imap_mailbox *m)
{
	struct box *box = g_new0(struct box, 1);

	box->mailbox = m;
	box->folder.path = g_strdupv(m->path);
	box->name = folder_path_to_text(m->path);
	if (m->has_status)
		box->folder.identity =
		    g_strdup_printf("%" G_GUINT32_FORMAT, m->uidvalidity);
	if (g_ascii_strcasecmp(m->wire, "INBOX") == 0)
		box->folder.use = FOLDER_INBOX;
	for (guint i = 0; i < G_N_ELEMENTS(uses); i++)
		if (m->use == uses[i].imap && box->folder.use == FOLDER_PLAIN)
			box->folder.use = uses[i].use;
	/* It is named and counted, and nothing of it is read. */
	box->left_out =
	    filter_folder(s->job->filter, &box->folder) != FILTER_PASS;
	g_ptr_array_add(s->boxes, box);
}

static gint
largest_first(gconstpointer a, gconstpointer b)
{
	const struct box *x = *(struct box *const *)a;
	const struct box *y = *(struct box *const *)b;

	if (x->mailbox->messages == y->mailbox->messages)
		return strcmp(x->name, y->name);
	return x->mailbox->messages < y->mailbox->messages ? 1 : -1;
}

static enum status
find_boxes(SourceImap *s, GError **error)
{
	g_autoptr(GPtrArray) list =
	    g_ptr_array_new_with_free_func((GDestroyNotify)imap_mailbox_free);
	enum status st;

	st = imap_list(s->session, true, list, error);
	if (st < 0)
		return st;
	for (guint i = 0; i < list->len; i++) {
		struct imap_mailbox *m = g_ptr_array_index(list, i);

		/* A parent that holds no mail is not a mailbox: the destination
		 * makes it when a child needs it. */
		if (!m->selectable)
			continue;
		if (!is_sound(m)) {
			remark(s, "FOLDER_NAME",
			    "imap: %s: a folder whose name is longer than %d "
			    "octets or deeper than %d levels is left out",
			    s->user, FOLDER_NAME_MAX, FOLDER_DEPTH_MAX);
			continue;
		}
		list->pdata[i] = NULL;
		add_box(s, m);
	}
	for (guint i = 0; i < s->boxes->len; i++) {
		struct box *box = g_ptr_array_index(s->boxes, i);

		if (!box->mailbox->has_status && !box->left_out)
			return source_imap_box_examine_all(s, error);
	}
	return ST_OK;
}

static void
push_folder(SourceImap *s, struct box *box)
{
	struct ready *ready = g_new0(struct ready, 1);

	/* Learned by EXAMINE, when STATUS was refused. */
	if (box->folder.identity == NULL && box->mailbox->has_status)
		box->folder.identity = g_strdup_printf(
		    "%" G_GUINT32_FORMAT, box->mailbox->uidvalidity);
	ready->kind = RECORD_FOLDER;
	ready->box = box;
	g_queue_push_tail(&s->ready, ready);
}

static bool
claim(SourceImap *s, struct box *box)
{
	const struct known *known = s->job->known;

	return known == NULL || known->claim == NULL ||
	       known->claim(known->ctx, &box->folder);
}

/* Ask ahead for more folders. */
static void
top_up(SourceImap *s)
{
	bool shared = s->job->parts > 1;
	guint ahead = shared ? AHEAD_SHARED : AHEAD;

	while (s->box_at < s->boxes->len && s->active < ahead) {
		struct box *box = g_ptr_array_index(s->boxes, s->box_at++);

		if (shared) {
			if (!claim(s, box))
				continue;
			push_folder(s, box);
		}
		source_imap_box_begin(s, box);
	}
}

/* In the server's order, as one connection alone would give them: other parts
 * may count other messages, but see the same folders. */
static void
announce(SourceImap *s)
{
	const struct known *known = s->job->known;

	if (known == NULL || known->announce == NULL)
		return;
	for (guint i = 0; i < s->boxes->len; i++) {
		struct box *box = g_ptr_array_index(s->boxes, i);

		known->announce(known->ctx, &box->folder);
	}
}

static enum status
start(SourceImap *s, GError **error)
{
	enum status st;

	st = find_boxes(s, error);
	if (st < 0)
		return st;
	announce(s);
	if (s->job->parts > 1) {
		g_ptr_array_sort(s->boxes, largest_first);
	} else {
		for (guint i = 0; i < s->boxes->len;) {
			struct box *box = g_ptr_array_index(s->boxes, i);

			if (claim(s, box)) {
				push_folder(s, box);
				i++;
			} else {
				g_ptr_array_remove_index(s->boxes, i);
			}
		}
	}
	top_up(s);
	return conn_flush(imap_conn(s->session), G_MAXSIZE, error);
}

static enum status
source_imap_begin(Source *source, const struct job *job, GError **error)
{
	SourceImap *s = (SourceImap *)source;
	enum status st;

	if (s->broken)
		return fail(ST_LINK, error, ERR_IO, RETRY_NOW,
		    "imap: %s: the last job was left in the middle", s->user);
	source_imap_end(source);
	s->job = job;
	if (job->spool_dir)
		imap_spool_dir(s->session, job->spool_dir);
	st = start(s, error);
	if (st < 0)
		g_prefix_error(error, "imap: %s: ", s->user);
	return st;
}

static enum status
give_ready(SourceImap *s, struct record *record, GError **error)
{
	struct ready *ready = g_queue_peek_head(&s->ready);
	struct box *box = ready->box;

	memset(record, 0, sizeof(*record));
	record->kind = ready->kind;
	record->key = box->name;
	record->folder = &box->folder;
	if (ready->kind == RECORD_FOLDER_END && box->refused && !box->told) {
		box->told = true;
		record->kind = RECORD_FOLDER;
		return fail(ST_ITEM, error, ERR_REFUSED, RETRY_LATER,
		    "imap: %s: folder %s cannot be read: %s", s->user,
		    box->name, box->words ? box->words : "no reason given");
	}
	if (ready->kind == RECORD_FOLDER_END) {
		record->found = box->given + box->skipped;
		record->skipped = box->skipped;
		record->state = box->state;
	}
	g_free(g_queue_pop_head(&s->ready));
	return ST_OK;
}

static enum status
read_more(SourceImap *s, struct record *record, GError **error)
{
	struct imap_reply reply;
	GError *why = NULL;
	enum status st;

	st = imap_next(s->session, &reply, true, &why);
	if (st == ST_OK)
		return source_imap_box_take(s, &reply, record, error);
	return source_imap_recover(s, st, why, record, error);
}

static enum status
source_imap_next(Source *source, struct record *record, GError **error)
{
	SourceImap *s = (SourceImap *)source;
	enum status st;

	for (;;) {
		if (!g_queue_is_empty(&s->ready))
			return give_ready(s, record, error);
		top_up(s);
		if (!g_queue_is_empty(&s->ready))
			continue;
		if (g_queue_is_empty(&s->commands))
			return ST_END;
		st = read_more(s, record, error);
		if (st <= ST_MAILBOX) {
			g_prefix_error(error, "imap: %s: ", s->user);
			s->broken = true;
		}
		if (st != ST_END)
			return st;
	}
}

static gint64
source_imap_expect(const Source *source)
{
	const SourceImap *s = (const SourceImap *)source;
	gint64 n = 0;

	for (guint i = 0; i < s->boxes->len; i++) {
		const struct box *box = g_ptr_array_index(s->boxes, i);

		if (!box->left_out && box->mailbox->has_status)
			n += (gint64)box->mailbox->messages;
	}
	return n;
}

const struct source_driver source_imap_driver = {
    .name = "imap",
    .schemes = (const char *const[]){"imap", "imaps", NULL},
    .summary = "mailboxes of an IMAP server",
    .options = source_imap_options,
    .gives =
	1u << RECORD_FOLDER | 1u << RECORD_MESSAGE | 1u << RECORD_FOLDER_END,
    .accounts = true,
    .announces = true,
    .open = source_imap_open,
    .list = source_imap_list,
    .begin = source_imap_begin,
    .expect = source_imap_expect,
    .next = source_imap_next,
    .end = source_imap_end,
    .close = source_imap_close,
};
