/*
 * Reads one account through the IMAP source and prints what it gives, a line
 * for each record; with a file of what earlier passes settled, as the engine
 * would keep it. For imap_session.py.
 *
 *	imap_session [--known FILE] [--quiet] [--parts N] [--since S] [--size N]
 *	    [--no-deleted] [--exclude GLOB] [--spool DIR] URL
 *
 * Password in IMAP_PASSWORD, migration account in IMAP_AUTHUSER, token command
 * in IMAP_TOKEN_COMMAND.
 */
#include "base/digest.h"
#include "base/url.h"
#include "source/imap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct past {
	GHashTable *states; /* path text to state */
	GHashTable *keys;   /* path text to GHashTable of keys */
};

static char *known_file;
static gboolean quiet, no_deleted;
static int parts = 1;
static gint64 since = G_MININT64, size_max = G_MAXINT64;
static char *exclude, *spool_dir;

static const GOptionEntry entries[] = {
    {"known", 0, 0, G_OPTION_ARG_FILENAME, &known_file, NULL, NULL},
    {"quiet", 0, 0, G_OPTION_ARG_NONE, &quiet, NULL, NULL},
    {"parts", 0, 0, G_OPTION_ARG_INT, &parts, NULL, NULL},
    {"since", 0, 0, G_OPTION_ARG_INT64, &since, NULL, NULL},
    {"size", 0, 0, G_OPTION_ARG_INT64, &size_max, NULL, NULL},
    {"no-deleted", 0, 0, G_OPTION_ARG_NONE, &no_deleted, NULL, NULL},
    {"exclude", 0, 0, G_OPTION_ARG_STRING, &exclude, NULL, NULL},
    {"spool", 0, 0, G_OPTION_ARG_FILENAME, &spool_dir, NULL, NULL},
    {NULL},
};

static GHashTable *
keys_of(struct past *past, const char *path)
{
	GHashTable *keys = g_hash_table_lookup(past->keys, path);

	if (keys == NULL) {
		keys = g_hash_table_new_full(
		    g_str_hash, g_str_equal, g_free, NULL);
		g_hash_table_insert(past->keys, g_strdup(path), keys);
	}
	return keys;
}

static void
past_load(struct past *past)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (known_file == NULL ||
	    !g_file_get_contents(known_file, &text, NULL, NULL))
		return;
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l; l++) {
		g_auto(GStrv) w = g_strsplit(*l, "\t", 3);

		if (g_strv_length(w) != 3)
			continue;
		if (strcmp(w[0], "state") == 0)
			g_hash_table_insert(
			    past->states, g_strdup(w[1]), g_strdup(w[2]));
		else
			g_hash_table_add(keys_of(past, w[1]), g_strdup(w[2]));
	}
}

static void
past_save(struct past *past)
{
	GHashTableIter i, j;
	gpointer path, value, key;
	g_autoptr(GString) out = g_string_new(NULL);

	if (known_file == NULL)
		return;
	g_hash_table_iter_init(&i, past->states);
	while (g_hash_table_iter_next(&i, &path, &value))
		g_string_append_printf(
		    out, "state\t%s\t%s\n", (char *)path, (char *)value);
	g_hash_table_iter_init(&i, past->keys);
	while (g_hash_table_iter_next(&i, &path, &value)) {
		g_hash_table_iter_init(&j, value);
		while (g_hash_table_iter_next(&j, &key, NULL))
			g_string_append_printf(
			    out, "key\t%s\t%s\n", (char *)path, (char *)key);
	}
	g_file_set_contents(known_file, out->str, (gssize)out->len, NULL);
}

static const char *
past_state(void *ctx, const struct folder *folder)
{
	struct past *past = ctx;
	g_autofree char *path = folder_path_to_text(folder->path);

	return g_hash_table_lookup(past->states, path);
}

static gint64
past_settled(void *ctx, const struct folder *folder)
{
	g_autofree char *path = folder_path_to_text(folder->path);

	return g_hash_table_size(keys_of(ctx, path));
}

static gint
compare(gconstpointer a, gconstpointer b)
{
	guint64 x = *(const guint64 *)a, y = *(const guint64 *)b;

	return x < y ? -1 : x > y;
}

static void
past_numbers(void *ctx, const struct folder *folder, GArray *out)
{
	g_autofree char *path = folder_path_to_text(folder->path);
	GHashTableIter i;
	gpointer key;

	g_hash_table_iter_init(&i, keys_of(ctx, path));
	while (g_hash_table_iter_next(&i, &key, NULL)) {
		guint64 n = g_ascii_strtoull(key, NULL, 10);

		g_array_append_val(out, n);
	}
	g_array_sort(out, compare);
}

static void
print_message(const struct record *record, const char *path)
{
	const struct message *m = &record->message;
	g_autofree char *when = stamp_to_iso(&m->received);
	g_autofree char *keywords =
	    m->keywords ? g_strjoinv(",", (char **)m->keywords) : g_strdup("");
	char hex[DIGEST_HEX] = "-";

	if (m->has_body) {
		struct digest digest;

		if (digest_blob(&m->raw, &digest, NULL) == ST_OK)
			digest_to_hex(&digest, hex);
	}
	printf("%s\t%s\t%s\t%x\t%s\t%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT
	       "\t%s\n",
	    record->known ? "known"
	    : m->has_body ? "message"
			  : "filtered",
	    path, record->key, m->flags, keywords, when, m->size,
	    m->has_body ? m->raw.len : -1, hex);
}

static enum status
run(Source *source, struct past *past, GError **error)
{
	gint64 messages = 0, known = 0, filtered = 0, failed = 0, bytes = 0;
	enum status st;

	for (;;) {
		g_autofree char *path = NULL;
		g_autoptr(GError) why = NULL;
		struct record record;

		st = source_next(source, &record, &why);
		if (st == ST_END)
			break;
		if (st < 0 && st != ST_ITEM) {
			g_propagate_error(error, g_steal_pointer(&why));
			return st;
		}
		path = folder_path_to_text(record.kind == RECORD_MESSAGE
					       ? record.message.folder->path
					       : record.folder->path);
		if (st == ST_ITEM) {
			failed++;
			printf("failed\t%s\t%s\t%s\n", path, record.key,
			    why->message);
			continue;
		}
		if (record.kind == RECORD_FOLDER && !quiet)
			printf("folder\t%s\t%s\t%s\n", path,
			    folder_use_name(record.folder->use),
			    record.folder->identity ? record.folder->identity
						    : "");
		if (record.kind == RECORD_FOLDER_END) {
			if (!quiet)
				printf("end\t%s\t%" G_GINT64_FORMAT
				       "\t%" G_GINT64_FORMAT "\t%s\n",
				    path, record.found, record.skipped,
				    record.state ? record.state : "");
			if (record.state)
				g_hash_table_insert(past->states,
				    g_strdup(path), g_strdup(record.state));
		}
		if (record.kind != RECORD_MESSAGE)
			continue;
		if (record.known) {
			known++;
		} else if (!record.message.has_body) {
			filtered++;
		} else {
			messages++;
			bytes += record.message.raw.len;
			if (known_file)
				g_hash_table_add(
				    keys_of(past, path), g_strdup(record.key));
		}
		if (!quiet)
			print_message(&record, path);
	}
	printf("total\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT
	       "\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT
	       "\n",
	    messages, known, filtered, failed, bytes);
	return ST_OK;
}

static enum status
read_account(const char *address, GError **error)
{
	g_autoptr(Options) options = options_new(source_imap_driver.options);
	g_autoptr(Source) source = NULL;
	struct login login = {0};
	struct url url = {0};
	struct filter filter;
	struct past past = {
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
		(GDestroyNotify)g_hash_table_unref),
	};
	struct known known = {.ctx = &past,
	    .state = past_state,
	    .settled = past_settled,
	    .settled_numbers = past_numbers};
	struct job job = {.parts = (guint)parts,
	    .filter = &filter,
	    .known = &known,
	    .spool_dir = spool_dir};
	struct end end = {&url, options, &login};
	enum status st;

	filter_init(&filter);
	filter.since = since;
	filter.size_max = size_max;
	filter.deleted = !no_deleted;
	if (exclude)
		g_ptr_array_add(filter.exclude, g_strdup(exclude));
	past_load(&past);
	login.password = getenv("IMAP_PASSWORD");
	login.authuser = getenv("IMAP_AUTHUSER");
	login.token_command = getenv("IMAP_TOKEN_COMMAND");
	st = url_parse(address, &url, error);
	for (guint i = 0; st == ST_OK && url.names && url.names[i]; i++)
		st = options_set(options, url.names[i], url.values[i], error);
	login.user = url.user;
	if (st == ST_OK)
		st = source_open(&source, &source_imap_driver, &end, error);
	if (st == ST_OK)
		st = source_begin(source, &job, error);
	if (st == ST_OK)
		st = run(source, &past, error);
	if (source) {
		source_end(source);
		g_clear_pointer(&source, source_close);
	}
	if (st == ST_OK)
		past_save(&past);
	url_clear(&url);
	filter_clear(&filter);
	g_hash_table_unref(past.states);
	g_hash_table_unref(past.keys);
	return st;
}

const struct source_driver *const source_drivers[] = {
    &source_imap_driver, NULL};

int
main(int argc, char **argv)
{
	g_autoptr(GOptionContext) context = g_option_context_new("URL");
	g_autoptr(GError) error = NULL;
	enum status st;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) ||
	    argc != 2) {
		fprintf(stderr, "usage: imap_session [OPTIONS] URL\n");
		return 64;
	}
	st = read_account(argv[1], &error);
	if (st < 0) {
		printf("error\t%d\t%s\t%d\t%s\n", (int)st,
		    error_kind_name(error_kind(error)), (int)error_retry(error),
		    error->message);
		return 2;
	}
	return 0;
}
