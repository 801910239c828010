/*
 * The IMAP destination against servers that misbehave. The [client] part of a
 * transcript is what an engine would do:
 *	option NAME VALUE        of the driver, before anything else
 *	folder PATH [USE]        RECORD_FOLDER
 *	put N MESSAGE FLAGS      RECORD_MESSAGE with seq N; `again` the same
 *after a cut; `quiet N ...` without a received date end PATH RECORD_FOLDER_END
 *	commit, last             commit(false), commit(true)
 *	update KEY FLAGS : FLAGS old and new, in the folder named last
 *	fails REACH RETRY WORDS  the step before ended so; without: it was fine
 *	reopen [interrupted]     close, open, begin
 *	pass N                   of the next begin
 *	expect N REACH KEY|WORDS the outcome of seq N
 *	none N                   no outcome for it
 *	remark CODE              was remarked; `silent`: nothing was
 *	map PATH = PATH
 */
#include "dest/imap.h"
#include "script.h"
#include "base/url.h"

#include <glib/gstdio.h>
#include <string.h>

/* Drivers of the program: only this one. */
const struct dest_driver *const dest_drivers[] = {&dest_imap_driver, NULL};

struct outcome_seen {
	enum status st;
	char *key; /* or words */
	char *body;
};

struct engine {
	struct script *script;
	Options *options;
	Dest *dest;
	struct job job;
	struct mailbox mailbox;
	struct known known;
	GHashTable *states;   /* path text -> text */
	GHashTable *taken;    /* "path key" */
	GHashTable *outcomes; /* seq -> struct outcome_seen */
	GHashTable *paths;    /* seq -> path text */
	GPtrArray *folders;   /* struct folder * */
	struct folder *folder;
	GPtrArray *remarks;
	enum status st; /* of the last step */
	GError *error;
	bool checked;
	GPtrArray *bytes;
	char *dir;
};

static const char *
known_dest_state(void *ctx, const struct folder *folder)
{
	struct engine *e = ctx;
	g_autofree char *path = folder_path_to_text(folder->path);

	return g_hash_table_lookup(e->states, path);
}

static void
known_set_dest_state(void *ctx, const struct folder *folder, const char *text)
{
	struct engine *e = ctx;

	g_hash_table_replace(
	    e->states, folder_path_to_text(folder->path), g_strdup(text));
}

static enum status
known_hold(void *ctx, GError **error)
{
	return ST_OK;
}

static bool
known_dest_key_taken(void *ctx, const struct folder *folder, const char *key)
{
	struct engine *e = ctx;
	g_autofree char *path = folder_path_to_text(folder->path);
	g_autofree char *both = g_strdup_printf("%s %s", path, key);

	return g_hash_table_contains(e->taken, both);
}

static void
on_remark(void *ctx, const struct remark *remark)
{
	struct engine *e = ctx;

	g_test_message("remark %s: %s", remark->code, remark->text);
	g_ptr_array_add(e->remarks, g_strdup(remark->code));
}

static void
seen_free(void *data)
{
	struct outcome_seen *seen = data;

	g_free(seen->key);
	g_free(seen->body);
	g_free(seen);
}

/* As the engine does: after every step, all outcomes there are. */
static void
collect(struct engine *e)
{
	struct outcome out;

	while (dest_outcome(e->dest, &out, NULL) == ST_OK) {
		struct outcome_seen *seen = g_new0(struct outcome_seen, 1);
		gpointer seq = GUINT_TO_POINTER((guint)out.seq);

		seen->st = out.st;
		seen->key = g_strdup(
		    out.st == ST_ITEM ? out.error->message : out.dest_key);
		if (out.body.len)
			seen->body = script_message_name(&out.body);
		g_assert_false(g_hash_table_contains(e->outcomes, seq));
		g_hash_table_insert(e->outcomes, seq, seen);
		if (out.dest_key)
			g_hash_table_add(e->taken,
			    g_strdup_printf("%s %s",
				(char *)g_hash_table_lookup(e->paths, seq),
				out.dest_key));
	}
}

static void
check_last(struct engine *e)
{
	if (!e->checked && e->st < 0)
		g_error("%s: a step failed: %s", e->script->path,
		    e->error->message);
	g_clear_error(&e->error);
	e->checked = true;
}

static void
did(struct engine *e, enum status st)
{
	e->st = st;
	e->checked = false;
	g_assert_true((st < 0) == (e->error != NULL));
	if (e->dest)
		collect(e);
}

static void
open_dest(struct engine *e)
{
	g_autofree char *text =
	    g_strdup_printf("imap://user:pass@127.0.0.1:%d/", e->script->port);
	struct url url;
	struct login login = {
	    .user = (char *)"user", .password = (char *)"pass"};
	struct end end = {&url, e->options, &login};
	enum status st;

	g_assert_cmpint(url_parse(text, &url, &e->error), ==, ST_OK);
	st = dest_open(&e->dest, &dest_imap_driver, &end, &e->error);
	if (st == ST_OK)
		st = dest_begin(e->dest, &e->job, &e->error);
	else
		e->dest = NULL;
	url_clear(&url);
	did(e, st);
}

static void
do_folder(struct engine *e, char *line)
{
	struct record record = {.kind = RECORD_FOLDER};
	const char *path = script_word(&line);
	const char *use = script_word(&line);

	e->folder = g_new0(struct folder, 1);
	e->folder->path = script_path(path);
	if (use)
		g_assert_true(folder_use_from_name(use, &e->folder->use));
	g_ptr_array_add(e->folders, e->folder);
	record.folder = e->folder;
	did(e, dest_put(e->dest, &record, 9000 + e->folders->len, &e->error));
}

static void
do_put(struct engine *e, char *line, bool again, bool dated)
{
	struct record record = {.kind = RECORD_MESSAGE, .again = again};
	struct message *m = &record.message;
	g_autoptr(GPtrArray) keywords = g_ptr_array_new();
	const char *key = script_word(&line);
	const char *name = script_word(&line);
	guint seq = (guint)g_ascii_strtoull(key, NULL, 10);
	GBytes *bytes = script_message(name);
	gsize len;
	gconstpointer mem = g_bytes_get_data(bytes, &len);

	g_ptr_array_add(e->bytes, bytes);
	record.key = key;
	m->folder = e->folder;
	m->flags = script_flags(&line, keywords);
	m->keywords = (const char *const *)keywords->pdata;
	m->size = -1;
	m->has_body = true;
	m->raw = blob_from_mem(mem, len);
	if (dated)
		g_assert_true(stamp_from_imap(
		    "10-Jan-2026 10:00:00 +0000", 26, &m->received));
	g_hash_table_replace(e->paths, GUINT_TO_POINTER(seq),
	    folder_path_to_text(e->folder->path));
	did(e, dest_put(e->dest, &record, seq, &e->error));
}

static void
do_update(struct engine *e, char *line)
{
	struct record record = {.kind = RECORD_MESSAGE, .known = true};
	struct message *m = &record.message;
	g_autoptr(GPtrArray) before = g_ptr_array_new();
	g_autoptr(GPtrArray) after = g_ptr_array_new();
	const char *key = script_word(&line);
	char *colon = strchr(line, ':'), *now = colon + 1;
	guint32 flags;

	*colon = '\0';
	flags = script_flags(&line, before);
	record.key = key;
	m->folder = e->folder;
	m->flags = script_flags(&now, after);
	m->keywords = (const char *const *)after->pdata;
	did(e, dest_update(e->dest, &record, key, flags,
		   (const char *const *)before->pdata, &e->error));
}

static void
do_fails(struct engine *e, char *line)
{
	static const char *const retries[] = {"NEVER", "LATER", "NOW"};
	enum status st = script_status(script_word(&line));
	const char *retry = script_word(&line);

	if (st != e->st)
		g_error("%s: ended %d, not %d: %s", e->script->path, e->st, st,
		    e->error ? e->error->message : "fine");
	g_assert_cmpstr(retries[error_retry(e->error)], ==, retry);
	if (!strstr(e->error->message, line))
		g_error("%s: \"%s\" is not in \"%s\"", e->script->path, line,
		    e->error->message);
	g_test_message("failed as it should: %s", e->error->message);
	e->checked = true;
}

static void
do_expect(struct engine *e, char *line)
{
	guint seq = (guint)g_ascii_strtoull(script_word(&line), NULL, 10);
	enum status st = script_status(script_word(&line));
	struct outcome_seen *seen =
	    g_hash_table_lookup(e->outcomes, GUINT_TO_POINTER(seq));

	if (!seen)
		g_error("%s: no outcome for %u", e->script->path, seq);
	if (seen->st != st)
		g_error("%s: %u ended %d, not %d: %s", e->script->path, seq,
		    seen->st, st, seen->key);
	if (st == ST_ITEM) {
		char *body = script_word(&line);

		g_assert_cmpstr(seen->body ? seen->body : "-", ==, body);
		if (!strstr(seen->key, line))
			g_error("%s: \"%s\" is not in \"%s\"", e->script->path,
			    line, seen->key);
	} else {
		g_assert_cmpstr(
		    seen->key ? seen->key : "-", ==, script_word(&line));
	}
}

static void
do_map(struct engine *e, char *line)
{
	g_auto(GStrv) from = script_path(script_word(&line));

	g_assert_cmpstr(script_word(&line), ==, "=");
	for (guint i = 0; i < e->folders->len; i++) {
		struct folder *folder = e->folders->pdata[i];
		g_autofree char *is = NULL;

		if (!folder_path_equal(folder->path, from) ||
		    strcmp(folder->path[0], from[0]) != 0)
			continue;
		is = folder_path_to_text(dest_map(e->dest, folder));
		g_assert_cmpstr(is, ==, line);
		return;
	}
	g_assert_not_reached();
}

static void
one(struct engine *e, char *line)
{
	const char *word = script_word(&line);

	if (strcmp(word, "fails") == 0) {
		do_fails(e, line);
		return;
	}
	check_last(e);
	if (strcmp(word, "option") == 0) {
		const char *name = script_word(&line);

		did(e, options_set(e->options, name, line, &e->error));
		return;
	}
	if (strcmp(word, "pass") == 0) {
		e->job.pass = g_ascii_strtoull(line, NULL, 10);
		return;
	}
	if (!e->dest)
		open_dest(e);
	if (strcmp(word, "open") == 0)
		return;
	if (strcmp(word, "folder") == 0) {
		check_last(e);
		do_folder(e, line);
	} else if (strcmp(word, "into") == 0) {
		g_auto(GStrv) path = script_path(line);

		for (guint i = 0; i < e->folders->len; i++) {
			struct folder *f = e->folders->pdata[i];

			if (folder_path_equal(f->path, path))
				e->folder = f;
		}
	} else if (strcmp(word, "put") == 0) {
		do_put(e, line, false, true);
	} else if (strcmp(word, "again") == 0) {
		do_put(e, line, true, true);
	} else if (strcmp(word, "quiet") == 0) {
		do_put(e, line, false, false);
	} else if (strcmp(word, "end") == 0) {
		struct record record = {
		    .kind = RECORD_FOLDER_END, .folder = e->folder};

		did(e, dest_put(e->dest, &record, 0, &e->error));
	} else if (strcmp(word, "commit") == 0) {
		did(e, dest_commit(e->dest, false, &e->error));
	} else if (strcmp(word, "last") == 0) {
		did(e, dest_commit(e->dest, true, &e->error));
	} else if (strcmp(word, "update") == 0) {
		do_update(e, line);
	} else if (strcmp(word, "reopen") == 0) {
		e->job.interrupted = strstr(line, "interrupted") != NULL;
		dest_end(e->dest);
		g_clear_pointer(&e->dest, dest_close);
		open_dest(e);
	} else if (strcmp(word, "expect") == 0) {
		do_expect(e, line);
	} else if (strcmp(word, "none") == 0) {
		guint seq = (guint)g_ascii_strtoull(line, NULL, 10);

		g_assert_false(
		    g_hash_table_contains(e->outcomes, GUINT_TO_POINTER(seq)));
	} else if (strcmp(word, "remark") == 0) {
		g_ptr_array_add(e->remarks, NULL);
		g_assert_true(g_strv_contains(
		    (const char *const *)e->remarks->pdata, line));
		g_ptr_array_set_size(e->remarks, (int)e->remarks->len - 1);
	} else if (strcmp(word, "silent") == 0) {
		g_assert_cmpuint(e->remarks->len, ==, 0);
	} else if (strcmp(word, "map") == 0) {
		do_map(e, line);
	} else {
		g_error("%s: unknown step: %s", e->script->path, word);
	}
}

static void
run(struct script *script)
{
	struct engine e = {.script = script};
	struct filter filter;

	e.options = options_new(dest_imap_driver.options);
	e.states =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	e.taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	e.outcomes = g_hash_table_new_full(NULL, NULL, NULL, seen_free);
	e.paths = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	e.folders = g_ptr_array_new();
	e.bytes = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	e.remarks = g_ptr_array_new_with_free_func(g_free);
	e.dir = g_dir_make_tmp("transcript-XXXXXX", NULL);
	e.checked = true;
	filter_init(&filter);
	e.mailbox.name = (char *)"user";
	e.known = (struct known){.ctx = &e,
	    .dest_state = known_dest_state,
	    .set_dest_state = known_set_dest_state,
	    .hold = known_hold,
	    .dest_key_taken = known_dest_key_taken};
	e.job = (struct job){.id = 1,
	    .pass = 1,
	    .mailbox = &e.mailbox,
	    .destination = "user",
	    .parts = 1,
	    .filter = &filter,
	    .known = &e.known,
	    .spool_dir = e.dir,
	    .remark = on_remark,
	    .remark_ctx = &e};
	g_assert_cmpint(
	    options_set(e.options, "security", "plain", NULL), ==, ST_OK);
	g_assert_cmpint(
	    options_set(e.options, "timeout", "20", NULL), ==, ST_OK);
	/* a scripted server stores nothing late */
	g_assert_cmpint(options_set(e.options, "settle", "0", NULL), ==, ST_OK);
	for (guint i = 0; i < script->lines->len; i++) {
		g_test_message("%s", (char *)script->lines->pdata[i]);
		one(&e, script->lines->pdata[i]);
	}
	check_last(&e);
	if (e.dest) {
		dest_end(e.dest);
		dest_close(e.dest);
	}
	for (guint i = 0; i < e.folders->len; i++) {
		struct folder *folder = e.folders->pdata[i];

		g_strfreev(folder->path);
		g_free(folder);
	}
	g_ptr_array_unref(e.folders);
	g_ptr_array_unref(e.bytes);
	g_ptr_array_unref(e.remarks);
	g_hash_table_unref(e.states);
	g_hash_table_unref(e.taken);
	g_hash_table_unref(e.outcomes);
	g_hash_table_unref(e.paths);
	options_free(e.options);
	filter_clear(&filter);
	g_rmdir(e.dir);
	g_free(e.dir);
}

int
main(int argc, char **argv)
{
	return script_main(argc, argv, "imap-dest", run);
}
