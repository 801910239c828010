/*
 * Directories of the GroupWise API gateway as a source (spec/groupwise.md 2-6):
 * header files (*.API) and the bodies and attachments beside them. What the
 * post office itself keeps is closed; GroupWise 5.5 and later speaks IMAP.
 */
#include "source/groupwise.h"
#include "source/groupwise-private.h"

#include "base/url.h"
#include "iff/value.h"

#include <string.h>

#define DIRECTORY_NAME "(directory)"
#define DIRECTORY_REF  "directory"

static const char *const schemes[] = {"groupwise", NULL};

static const struct option options[] = {
    {"mailbox", OPTION_CHOICE, "to", "to|from",
	"whose a message is: the recipients', or the sender's"},
    {"codepage", OPTION_TEXT, "auto", NULL,
	"code page of the character set T50; auto: UTF-8 or 1252"},
    {"zone", OPTION_TEXT, "0", NULL,
	"time zone of dates without one: minutes east of UTC, or a name"},
    {"unread", OPTION_BOOL, "yes", NULL, "take messages for unread"},
    {"calendar", OPTION_BOOL, "no", NULL,
	"experimental: take appointments, notes and tasks, as iCalendar"},
    {NULL},
};

static void
entry_free(void *p)
{
	struct gw_entry *entry = p;

	g_free(entry->file);
	g_free(entry->mailbox);
	g_free(entry);
}

static void
groupwise_close(Source *source)
{
	struct groupwise_source *s = (struct groupwise_source *)source;

	g_clear_pointer(&s->entries, g_ptr_array_unref);
	g_clear_pointer(&s->zone, g_time_zone_unref);
	for (guint i = 0; i < G_N_ELEMENTS(s->att_dirs); i++)
		g_free(s->att_dirs[i]);
	g_free(s->headers_dir);
	g_free(s->root);
	g_free(s);
}

char *
gw_find(const char *dir, const char *want)
{
	g_autoptr(GDir) d = dir ? g_dir_open(dir, 0, NULL) : NULL;
	const char *name;

	while (d && (name = g_dir_read_name(d)))
		if (g_ascii_strcasecmp(name, want) == 0)
			return g_build_filename(dir, name, NULL);
	return NULL;
}

/* The element's file, parsed. False when it cannot be read. */
static bool
load(const char *path, struct api_file *out)
{
	g_autofree char *data = NULL;
	gsize len;

	if (!g_file_get_contents(path, &data, &len, NULL))
		return false;
	api_parse(data, MIN(len, API_FILE_MAX), out);
	return true;
}

static void
add(struct groupwise_source *s, const char *file, char *mailbox)
{
	struct gw_entry *entry = g_new0(struct gw_entry, 1);

	entry->file = g_strdup(file);
	entry->mailbox = mailbox;
	g_ptr_array_add(s->entries, entry);
}

/* Whose the header file is: an entry for each local user. */
static void
index_file(struct groupwise_source *s, const char *path)
{
	static const char *const to[] = {"To", "To-CC", "To-BC", NULL};
	static const char *const from[] = {"From", NULL};
	struct api_file api;
	const char *type;
	guint before = s->entries->len;

	if (!load(path, &api))
		return;
	type = api_text(api.nodes, "Msg-Type");
	if (type && g_ascii_strcasecmp(type, "ADMIN") == 0)
		add(s, path, NULL);
	else if (gw_is_message(&api))
		for (const char *const *n = s->by_sender ? from : to; *n; n++) {
			const struct api_node *node = api_find(api.nodes, *n);

			for (guint i = 0;
			     node && node->elements && i < node->elements->len;
			     i++) {
				char *name =
				    gw_mailbox(s, node->elements->pdata[i]);

				if (name)
					add(s, path, name);
			}
			if (node && node->text && *node->text)
				add(s, path,
				    g_strdup_printf("GWISE:%s", node->text));
		}
	/* Mail of nobody is somebody's all the same: it is not lost. */
	if (gw_is_message(&api) && s->entries->len == before)
		add(s, path, g_strdup("GWISE:(unknown)"));
	api_clear(&api);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum status
find_files(struct groupwise_source *s, GError **error)
{
	static const char *const heads[] = {"API_OUT", "API_IN"};
	static const char *const atts[] = {"ATT_OUT", "ATT_IN"};
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) d = NULL;
	const char *name;

	for (guint i = 0; i < G_N_ELEMENTS(heads) && !s->headers_dir; i++)
		s->headers_dir = gw_find(s->root, heads[i]);
	for (guint i = 0; i < G_N_ELEMENTS(atts); i++)
		s->att_dirs[i] = gw_find(s->root, atts[i]);
	if (s->headers_dir == NULL)
		s->headers_dir = g_strdup(s->root);
	s->att_dirs[2] = g_strdup(s->headers_dir);
	d = g_dir_open(s->headers_dir, 0, error);
	if (d == NULL) {
		g_prefix_error(error, "groupwise: ");
		return ST_RUN;
	}
	while ((name = g_dir_read_name(d))) {
		g_autofree char *lower = g_ascii_strdown(name, -1);

		if (g_str_has_suffix(lower, ".api"))
			g_ptr_array_add(names,
			    g_build_filename(s->headers_dir, name, NULL));
	}
	g_ptr_array_sort(names, by_name);
	for (guint i = 0; i < names->len; i++)
		index_file(s, names->pdata[i]);
	if (names->len == 0) {
		g_autofree char *native = gw_find(s->root, "wphost.db");

		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    native ? "groupwise: %s is a post office; its databases "
			     "cannot be read: read it over IMAP, or through "
			     "the API gateway, see mailmig-lan-mail(7)"
			   : "groupwise: no header file (*.API) in %s, nor in "
			     "an API_OUT below it",
		    s->root);
	}
	return ST_OK;
}

static enum status
groupwise_open(Source **out, const struct end *end, GError **error)
{
	struct groupwise_source *s = g_new0(struct groupwise_source, 1);
	const Options *o = end->options;
	const char *page = options_text(o, "codepage");
	char *last;
	enum status st;

	*out = NULL;
	s->base.driver = &source_groupwise_driver;
	s->root = g_strdup(end->url->path ? end->url->path : ".");
	s->entries = g_ptr_array_new_with_free_func(entry_free);
	s->by_sender = strcmp(options_text(o, "mailbox"), "from") == 0;
	s->unread = options_bool(o, "unread");
	s->calendar = options_bool(o, "calendar");
	st = value_zone(&s->zone, options_text(o, "zone"), error);
	if (st == ST_OK && strcmp(page, "auto") != 0) {
		guint64 number = g_ascii_strtoull(page, &last, 10);

		s->codepage = (guint)number;
		if (*last || number > G_MAXUINT16 ||
		    !codepage_is_known(s->codepage))
			st = fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "groupwise: code page \"%s\" is not known", page);
	}
	if (st == ST_OK)
		st = find_files(s, error);
	if (st < 0) {
		groupwise_close((Source *)s);
		return st;
	}
	*out = (Source *)s;
	return ST_OK;
}

static enum status
groupwise_list(Source *source, GPtrArray *out, GError **error)
{
	struct groupwise_source *s = (struct groupwise_source *)source;
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	struct mailbox *one;

	for (guint i = 0; i < s->entries->len; i++) {
		const struct gw_entry *entry = s->entries->pdata[i];
		const char *name =
		    entry->mailbox ? entry->mailbox : DIRECTORY_NAME;

		if (!g_hash_table_add(seen, (gpointer)name))
			continue;
		one = mailbox_new(name, entry->mailbox ? NULL : DIRECTORY_REF);
		one->messages = entry->mailbox ? -1 : 0;
		one->bytes = -1;
		one->no_mail = entry->mailbox == NULL;
		g_ptr_array_add(out, one);
	}
	return ST_OK;
}

void
gw_say(struct groupwise_source *s, enum remark_level level, const char *code,
    const char *text, const struct filing_box *box, const char *key)
{
	const struct gw_entry *entry =
	    s->at < s->mine->len ? s->mine->pdata[s->at] : NULL;

	filing_say(s->job, level, code, text, entry ? entry->file : NULL, -1,
	    -1, box, key);
}

static enum status
groupwise_begin(Source *source, const struct job *job, GError **error)
{
	struct groupwise_source *s = (struct groupwise_source *)source;

	s->job = job;
	s->directory = g_strcmp0(job->mailbox->ref, DIRECTORY_REF) == 0;
	s->filing = filing_new(job);
	s->mine = g_ptr_array_new();
	s->at = 0;
	s->told_inbox = s->directory;
	s->spool = spool_new(job->spool_dir);
	s->parts = g_array_new(FALSE, TRUE, sizeof(struct part));
	g_array_set_clear_func(s->parts, (GDestroyNotify)part_clear);
	s->fds = g_array_new(FALSE, FALSE, sizeof(int));
	envelope_init(&s->envelope);
	s->head = g_string_new(NULL);
	s->text = g_string_new(NULL);
	s->ical = g_string_new(NULL);
	s->kept = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < s->entries->len; i++) {
		struct gw_entry *entry = s->entries->pdata[i];

		if (s->directory
			? entry->mailbox == NULL && job->part == 0
			: g_strcmp0(entry->mailbox, job->mailbox->name) == 0)
			g_ptr_array_add(s->mine, entry);
	}
	return ST_OK;
}

static void
close_file(struct groupwise_source *s)
{
	gw_close_files(s);
	if (s->open)
		api_clear(&s->api);
	s->open = false;
}

/* The recipients of an answer to -GET-DIRECTORY-. */
static bool
next_recipient(struct groupwise_source *s, struct record *record)
{
	while (s->node < s->api.nodes->len)
		if (gw_recipient(s, s->api.nodes->pdata[s->node++], record))
			return true;
	return false;
}

static enum status
open_file(struct groupwise_source *s)
{
	const struct gw_entry *entry = s->mine->pdata[s->at];

	if (!load(entry->file, &s->api))
		return ST_ITEM;
	s->open = true;
	s->node = 0;
	if (s->api.odd > 0 || !s->api.ended)
		gw_say(s, REMARK_WARNING, "GW_SYNTAX",
		    s->api.ended ? "the header file has places that fit no rule"
				 : "the header file has no -END-",
		    NULL, NULL);
	return ST_OK;
}

static enum status
groupwise_next(Source *source, struct record *record, GError **error)
{
	static const char *const inbox[] = {"INBOX", NULL};
	struct groupwise_source *s = (struct groupwise_source *)source;
	enum status st;

	for (;;) {
		*record = (struct record){.kind = RECORD_MESSAGE, .key = ""};
		if (s->job->stop && *s->job->stop)
			return fail(ST_RUN, error, ERR_CANCELLED, RETRY_LATER,
			    "stopped by the user");
		if (!s->told_inbox) {
			struct filing_box *box =
			    filing_box(s->filing, inbox, FOLDER_INBOX, NULL);

			s->told_inbox = true;
			if (box->mine && filing_tell(box, record))
				return ST_OK;
		}
		if (s->at >= s->mine->len)
			break;
		if (!s->open && open_file(s) < 0) {
			const struct gw_entry *entry = s->mine->pdata[s->at++];

			return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
			    "groupwise: cannot read %s", entry->file);
		}
		if (s->directory) {
			if (next_recipient(s, record))
				return ST_OK;
			st = ST_THERE;
		} else
			st = gw_message_give(
			    s, s->mine->pdata[s->at], record, error);
		/* Its folder was given; the message is next. */
		if (st == ST_OK && record->kind == RECORD_FOLDER)
			return ST_OK;
		if (st == ST_THERE) {
			close_file(s);
			s->at++;
			continue;
		}
		/* What the record points to lives until the next call. */
		if (s->open)
			api_clear(&s->api);
		s->open = false;
		s->at++;
		return st;
	}
	return filing_end(s->filing, record) ? ST_OK : ST_END;
}

static void
groupwise_end(Source *source)
{
	struct groupwise_source *s = (struct groupwise_source *)source;

	if (s->job == NULL)
		return;
	close_file(s);
	g_clear_pointer(&s->filing, filing_free);
	g_clear_pointer(&s->mine, g_ptr_array_unref);
	g_clear_pointer(&s->spool, spool_free);
	g_clear_pointer(&s->parts, g_array_unref);
	g_clear_pointer(&s->fds, g_array_unref);
	envelope_clear(&s->envelope);
	g_string_free(s->head, TRUE);
	g_string_free(s->text, TRUE);
	g_string_free(s->ical, TRUE);
	g_clear_pointer(&s->kept, g_ptr_array_unref);
	s->job = NULL;
}

const struct source_driver source_groupwise_driver = {
    .name = "groupwise",
    .schemes = schemes,
    .summary = "GroupWise: directories of the API gateway (its post offices "
	       "are not read: they speak IMAP)",
    .options = options,
    .gives = 1u << RECORD_FOLDER | 1u << RECORD_MESSAGE |
	     1u << RECORD_FOLDER_END | 1u << RECORD_RECIPIENT,
    .open = groupwise_open,
    .list = groupwise_list,
    .begin = groupwise_begin,
    .next = groupwise_next,
    .end = groupwise_end,
    .close = groupwise_close,
};
