#include "source/filing.h"

#include "imap/session.h"

#include <string.h>

struct Filing {
	const struct job *job;
	GHashTable *by_path; /* text to struct filing_box */
	GPtrArray *order;
	guint ended;
	GHashTable *seen; /* stem to how often */
	GString *key;
};

static void
box_free(void *p)
{
	struct filing_box *box = p;

	g_strfreev(box->folder.path);
	g_free(box->folder.class);
	g_free(box);
}

Filing *
filing_new(const struct job *job)
{
	Filing *f = g_new0(Filing, 1);

	f->job = job;
	f->by_path =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, box_free);
	f->order = g_ptr_array_new();
	f->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	f->key = g_string_new(NULL);
	return f;
}

void
filing_free(Filing *f)
{
	if (f == NULL)
		return;
	g_hash_table_destroy(f->by_path);
	g_ptr_array_free(f->order, TRUE);
	g_hash_table_destroy(f->seen);
	g_string_free(f->key, TRUE);
	g_free(f);
}

/* A name of a folder: never empty, no control characters, not too long. */
static char *
clean_name(const char *name)
{
	char *out = g_utf8_make_valid(name, -1);
	const char *end;

	for (char *p = out; *p; p++)
		if ((guint8)*p < 0x20 || *p == 0x7f)
			*p = '_';
	g_strstrip(out);
	if (strlen(out) > FOLDER_NAME_MAX) {
		out[FOLDER_NAME_MAX] = '\0';
		if (!g_utf8_validate(out, -1, &end))
			*(char *)end = '\0';
	}
	if (*out == '\0') {
		g_free(out);
		return g_strdup("_");
	}
	return out;
}

struct filing_box *
filing_box(
    Filing *f, const char *const *path, enum folder_use use, const char *class)
{
	const struct known *known = f->job->known;
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *text = NULL;
	struct filing_box *box;

	for (guint i = 0; path[i] && i < FOLDER_DEPTH_MAX; i++)
		g_ptr_array_add(
		    names, i == 0 && g_ascii_strcasecmp(path[i], "INBOX") == 0
			       ? g_strdup("INBOX")
			       : clean_name(path[i]));
	g_ptr_array_add(names, NULL);
	text = folder_path_to_text((char *const *)names->pdata);
	box = g_hash_table_lookup(f->by_path, text);
	if (box)
		return box;
	box = g_new0(struct filing_box, 1);
	box->folder.path = g_strdupv((char **)names->pdata);
	box->folder.use = use;
	if (names->len == 2 && strcmp(box->folder.path[0], "INBOX") == 0)
		box->folder.use = FOLDER_INBOX;
	box->folder.class = g_strdup(class);
	box->mine = known == NULL || known->claim == NULL ||
		    known->claim(known->ctx, &box->folder);
	g_hash_table_insert(f->by_path, g_steal_pointer(&text), box);
	g_ptr_array_add(f->order, box);
	return box;
}

enum folder_use
filing_use(const char *name)
{
	static const struct {
		guint32 imap;
		enum folder_use use;
	} uses[] = {
	    {IMAP_USE_TRASH, FOLDER_TRASH},
	    {IMAP_USE_SENT, FOLDER_SENT},
	    {IMAP_USE_DRAFTS, FOLDER_DRAFTS},
	};
	guint32 use = imap_use_from_name(name);

	for (guint i = 0; i < G_N_ELEMENTS(uses); i++)
		if (use == uses[i].imap)
			return uses[i].use;
	return FOLDER_PLAIN;
}

bool
filing_tell(struct filing_box *box, struct record *record)
{
	if (box->told)
		return false;
	box->told = true;
	*record = (struct record){.kind = RECORD_FOLDER, .key = ""};
	record->folder = &box->folder;
	return true;
}

const char *
filing_key(Filing *f, const char *stem)
{
	guint n = GPOINTER_TO_UINT(g_hash_table_lookup(f->seen, stem));

	g_hash_table_replace(f->seen, g_strdup(stem), GUINT_TO_POINTER(n + 1));
	g_string_assign(f->key, stem);
	if (n > 0)
		g_string_append_printf(f->key, "-%u", n);
	return f->key->str;
}

enum status
filing_item(
    Filing *f, struct filing_box *box, const char *key, struct record *record)
{
	const struct known *known = f->job->known;
	const struct filter *filter = f->job->filter;

	box->found++;
	record->kind = RECORD_MESSAGE;
	record->key = key;
	record->message.folder = &box->folder;
	if (known && known->is_settled &&
	    known->is_settled(known->ctx, &box->folder, key)) {
		record->known = true;
		box->skipped++;
		return ST_THERE;
	}
	if (filter &&
	    (filter_folder(filter, &box->folder) != FILTER_PASS ||
		filter_message(filter, &record->message) != FILTER_PASS))
		return ST_END;
	return ST_OK;
}

bool
filing_end(Filing *f, struct record *record)
{
	while (f->ended < f->order->len) {
		struct filing_box *box = f->order->pdata[f->ended++];

		if (!box->mine || !box->told)
			continue;
		*record = (struct record){.kind = RECORD_FOLDER_END, .key = ""};
		record->folder = &box->folder;
		record->found = box->found;
		record->skipped = box->skipped;
		return true;
	}
	return false;
}

void
filing_say(const struct job *job, enum remark_level level, const char *code,
    const char *text, const char *file, gint64 line, gint64 offset,
    const struct filing_box *box, const char *key)
{
	struct remark remark = {.level = level,
	    .code = code,
	    .text = text,
	    .file = file,
	    .line = line,
	    .offset = offset,
	    .folder = box ? &box->folder : NULL,
	    .key = key};

	if (job->remark)
		job->remark(job->remark_ctx, &remark);
}
