#include "engine/rescue.h"

#include "base/url.h"
#include "dest/dest.h"
#include "engine/boxes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Rescue {
	struct job job;
	struct mailbox mailbox;
	struct url url;
	Options *options;
	struct login login;
	Dest *dest;
	bool begun;
	GHashTable *folders; /* const struct folder * that were put */
	guint64 seq, n;
	GPtrArray *items;   /* of struct rescue_item */
	GHashTable *by_seq; /* the same, until their outcomes come */
	char *trouble; /* why nothing can be kept */
};

/* A mailbox's name as the name of a directory: it may come from a file, so it
 * must not lead anywhere. */
static void
put_name(GString *out, const char *name)
{
	for (const char *p = name; *p; p++)
		if (g_ascii_isalnum(*p) || strchr("@_-+=,", *p) ||
		    (*p == '.' && p > name) || (guchar)*p >= 0x80)
			g_string_append_c(out, *p);
		else
			g_string_append_printf(out, "%%%02X", (guchar)*p);
}

char *
rescue_dir(const char *state_dir, guint64 run, const char *mailbox,
    guint part, guint parts)
{
	GString *out = g_string_new(NULL);

	g_string_printf(
	    out, "%s/recovery/%" G_GUINT64_FORMAT "/", state_dir, run);
	put_name(out, mailbox);
	if (parts > 1)
		g_string_append_printf(out, ".part%u", part);
	return g_string_free(out, FALSE);
}

static void
no_remark(void *ctx, const struct remark *remark)
{
}

static void
item_free(void *data)
{
	struct rescue_item *item = data;

	g_strfreev(item->folder);
	g_free(item->key);
	g_free(item->entry);
	g_free(item->list);
	g_free(item->file);
	g_free(item);
}

Rescue *
rescue_new(const struct job *job)
{
	Rescue *rescue = g_new0(Rescue, 1);

	rescue->job = *job;
	rescue->job.pass = 1;
	rescue->job.part = 0;
	rescue->job.parts = 1;
	rescue->job.known = &boxes_nothing;
	rescue->job.interrupted = false;
	rescue->job.remark = no_remark;
	rescue->job.destination = job->mailbox->name;
	rescue->folders = g_hash_table_new(NULL, NULL);
	rescue->items = g_ptr_array_new_with_free_func(item_free);
	rescue->by_seq = g_hash_table_new(NULL, NULL);
	return rescue;
}

void
rescue_free(Rescue *rescue)
{
	if (rescue == NULL)
		return;
	if (rescue->begun)
		dest_end(rescue->dest);
	dest_close(rescue->dest);
	g_clear_pointer(&rescue->options, options_free);
	url_clear(&rescue->url);
	g_hash_table_unref(rescue->folders);
	g_hash_table_unref(rescue->by_seq);
	if (rescue->items)
		g_ptr_array_unref(rescue->items);
	g_free(rescue->trouble);
	g_free(rescue);
}

static bool
has_option(const struct option *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return true;
	return false;
}

static enum status
begin(Rescue *rescue, GError **error)
{
	const struct dest_driver *driver = dest_driver_find("files");
	struct end end = {&rescue->url, NULL, &rescue->login};
	enum status st;

	if (driver == NULL)
		return fail(ST_MAILBOX, error, ERR_CONFIG, RETRY_NEVER,
		    "this program was built without migration files");
	if (g_mkdir_with_parents(rescue->job.recovery_dir, 0700) < 0)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_LATER,
		    "cannot make %s: %s", rescue->job.recovery_dir,
		    g_strerror(errno));
	rescue->url.scheme = g_strdup("files");
	rescue->url.path = g_strdup(rescue->job.recovery_dir);
	rescue->options = options_new(driver->options);
	end.options = rescue->options;
	/* Every octet is wanted back. */
	if (has_option(driver->options, "profile")) {
		st = options_set(rescue->options, "profile", "ext1", error);
		if (st < 0)
			return st;
	}
	st = dest_open(&rescue->dest, driver, &end, error);
	if (st == ST_OK)
		st = dest_begin(rescue->dest, &rescue->job, error);
	rescue->begun = st == ST_OK;
	return st;
}

/* Outcomes come at the last commit; a refusal here has no second place to go.
 */
static enum status
drain(Rescue *rescue, GError **error)
{
	struct outcome out;
	enum status st;

	while ((st = dest_outcome(rescue->dest, &out, error)) == ST_OK) {
		struct rescue_item *item = g_hash_table_lookup(
		    rescue->by_seq, GSIZE_TO_POINTER(out.seq));

		if (out.st < 0)
			return fail(ST_MAILBOX, error, error_kind(out.error),
			    RETRY_NEVER, "%s",
			    out.error ? out.error->message : "refused");
		if (item != NULL)
			item->entry = g_strdup(out.dest_key);
	}
	return st == ST_END ? ST_OK : st;
}

static void
remember(Rescue *rescue, const struct record *record)
{
	struct rescue_item *item;

	if (rescue->items->len >= RESCUE_ITEMS_MAX)
		return;
	item = g_new0(struct rescue_item, 1);
	item->folder = g_strdupv(record->message.folder->path);
	item->key = g_strdup(record->key);
	g_ptr_array_add(rescue->items, item);
	g_hash_table_insert(
	    rescue->by_seq, GSIZE_TO_POINTER(rescue->seq), item);
}

static enum status
put(Rescue *rescue, const struct record *record, GError **error)
{
	enum status st = ST_OK;

	if (!rescue->begun)
		st = begin(rescue, error);
	if (st == ST_OK && record->kind == RECORD_MESSAGE &&
	    g_hash_table_add(
		rescue->folders, (void *)record->message.folder)) {
		struct record folder = {.kind = RECORD_FOLDER,
		    .key = "",
		    .folder = record->message.folder};

		st = dest_put(rescue->dest, &folder, ++rescue->seq, error);
	}
	if (st >= 0)
		st = dest_put(rescue->dest, record, ++rescue->seq, error);
	if (st >= 0 && record->kind == RECORD_MESSAGE)
		remember(rescue, record);
	if (st >= 0)
		st = drain(rescue, error);
	return st < 0 ? ST_MAILBOX : ST_OK;
}

enum status
rescue_put(Rescue *rescue, const struct record *record, GError **error)
{
	g_autoptr(GError) local = NULL;

	if (rescue->trouble == NULL) {
		if (put(rescue, record, &local) == ST_OK) {
			rescue->n++;
			return ST_OK;
		}
		rescue->trouble = g_strdup(local->message);
	}
	return fail(
	    ST_MAILBOX, error, ERR_IO, RETRY_LATER, "%s", rescue->trouble);
}

/* A row refers to the secondary file by "#NAME(OFFSET)" (migration-files(5)).
 */
static void
look_at_line(GHashTable *by_entry, const char *list, const char *file,
    gint64 number, char *line)
{
	for (char *at = strchr(line, '#'); at; at = strchr(at + 1, '#')) {
		struct rescue_item *item;
		char *end = strchr(at, ')');
		char after;

		if (end == NULL)
			return;
		after = end[1];
		end[1] = '\0';
		item = g_hash_table_lookup(by_entry, at + 1);
		end[1] = after;
		if (item == NULL || item->file != NULL)
			continue;
		item->list = g_strdup(list);
		item->file = g_strdup(file);
		item->line = number;
	}
}

static void
look_at_primary(
    GHashTable *by_entry, const char *dir, const char *list, const char *file)
{
	g_autofree char *path = g_build_filename(dir, file, NULL);
	FILE *in = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	gint64 number = 0;

	while (in && getline(&line, &size, in) >= 0)
		look_at_line(by_entry, list, file, ++number, line);
	free(line);
	if (in)
		fclose(in);
}

/* In which line of which file each of them stands: found in what was written,
 * so that it is what a reader finds. */
static void
find_places(Rescue *rescue)
{
	g_autoptr(GHashTable) by_entry =
	    g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *list = NULL;
	const char *dir = rescue->job.recovery_dir, *name;
	GDir *listing = g_dir_open(dir, 0, NULL);

	for (guint i = 0; i < rescue->items->len; i++) {
		struct rescue_item *item = rescue->items->pdata[i];

		if (item->entry)
			g_hash_table_insert(by_entry, item->entry, item);
	}
	while (listing && (name = g_dir_read_name(listing)) != NULL) {
		gsize len = strlen(name);

		if (len > 4 && !g_ascii_strcasecmp(name + len - 4, ".PRI"))
			g_ptr_array_add(files, g_strdup(name));
		if (len > 4 && !g_ascii_strcasecmp(name + len - 4, ".PKL") &&
		    strstr(name, ".RECOVERY.") == NULL) {
			g_free(list);
			list = g_strdup(name);
		}
	}
	g_clear_pointer(&listing, g_dir_close);
	for (guint i = 0; i < files->len; i++)
		look_at_primary(by_entry, dir, list, files->pdata[i]);
}

enum status
rescue_finish(Rescue *rescue, guint64 *n, GError **error)
{
	enum status st = ST_OK;

	*n = 0;
	if (rescue->trouble)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_LATER, "%s",
		    rescue->trouble);
	if (!rescue->begun)
		return ST_OK;
	st = dest_commit(rescue->dest, true, error);
	if (st == ST_OK)
		st = drain(rescue, error);
	if (st < 0)
		return ST_MAILBOX;
	dest_end(rescue->dest);
	rescue->begun = false;
	*n = rescue->n;
	find_places(rescue);
	return ST_OK;
}

GPtrArray *
rescue_items(Rescue *rescue)
{
	return g_steal_pointer(&rescue->items);
}
