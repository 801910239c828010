/*
 * The IMAP source against servers that misbehave. The [client] part of a
 * transcript is what an engine would do:
 *	option NAME VALUE            of the driver, before anything else
 *	folder PATH USE              the next record is RECORD_FOLDER ("-": no
 *use) message KEY MESSAGE FLAGS    RECORD_MESSAGE with these octets, flags
 *	known KEY FLAGS              a settled one, told again
 *	item KEY WORDS               ST_ITEM: this message could not be read
 *	end PATH FOUND SKIPPED       RECORD_FOLDER_END
 *	done                         ST_END
 *	fails REACH RETRY WORDS      the next call, or the last step, ended so
 *	reopen [interrupted]         close, open, begin; what was given is
 *settled remark CODE                  was remarked
 */
#include "source/imap.h"
#include "script.h"
#include "base/url.h"

#include <glib/gstdio.h>
#include <string.h>

/* Drivers of the program: only this one. */
const struct source_driver *const source_drivers[] = {
    &source_imap_driver, NULL};

struct engine {
	struct script *script;
	Options *options;
	Source *source;
	struct job job;
	struct mailbox mailbox;
	struct known known;
	struct filter filter;
	GHashTable *states; /* "path identity" -> state */
	GHashTable *given;  /* "path identity key" */
	GPtrArray *remarks;
	GError *error;
	enum status st; /* of open or begin */
	char *dir;
};

static char *
folder_key(const struct folder *folder)
{
	g_autofree char *path = folder_path_to_text(folder->path);

	return g_strdup_printf(
	    "%s %s", path, folder->identity ? folder->identity : "");
}

static const char *
known_state(void *ctx, const struct folder *folder)
{
	struct engine *e = ctx;
	g_autofree char *key = folder_key(folder);

	return g_hash_table_lookup(e->states, key);
}

static bool
known_is_settled(void *ctx, const struct folder *folder, const char *key)
{
	struct engine *e = ctx;
	g_autofree char *path = folder_key(folder);
	g_autofree char *all = g_strdup_printf("%s %s", path, key);

	return g_hash_table_contains(e->given, all);
}

static void
known_settled_numbers(void *ctx, const struct folder *folder, GArray *out)
{
	for (guint64 uid = 1; uid < 1000; uid++) {
		char key[24];

		g_snprintf(key, sizeof(key), "%" G_GUINT64_FORMAT, uid);
		if (known_is_settled(ctx, folder, key))
			g_array_append_val(out, uid);
	}
}

static gint64
known_settled(void *ctx, const struct folder *folder)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(guint64));

	known_settled_numbers(ctx, folder, all);
	return all->len;
}

static bool
known_claim(void *ctx, const struct folder *folder)
{
	return true;
}

static void
on_remark(void *ctx, const struct remark *remark)
{
	struct engine *e = ctx;

	g_test_message("remark %s: %s", remark->code, remark->text);
	g_ptr_array_add(e->remarks, g_strdup(remark->code));
}

static void
open_source(struct engine *e)
{
	g_autofree char *text =
	    g_strdup_printf("imap://user:pass@127.0.0.1:%d/", e->script->port);
	struct url url;
	struct login login = {
	    .user = (char *)"user", .password = (char *)"pass"};
	struct end end = {&url, e->options, &login};

	g_assert_cmpint(url_parse(text, &url, &e->error), ==, ST_OK);
	e->st = source_open(&e->source, &source_imap_driver, &end, &e->error);
	if (e->st == ST_OK)
		e->st = source_begin(e->source, &e->job, &e->error);
	else
		e->source = NULL;
	url_clear(&url);
}

static void
close_source(struct engine *e)
{
	if (!e->source)
		return;
	source_end(e->source);
	g_clear_pointer(&e->source, source_close);
}

static void
flags_text(GString *out, const struct message *m)
{
	static const char *const names[] = {
	    "\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (m->flags & 1u << i)
			g_string_append_printf(out, " %s", names[i]);
	for (guint i = 0; m->keywords && m->keywords[i]; i++)
		g_string_append_printf(out, " %s", m->keywords[i]);
}

/* The next record as a line of a transcript. */
static char *
next_line(struct engine *e)
{
	struct record r;
	GString *out = g_string_new(NULL);
	g_autofree char *path = NULL;
	enum status st;

	memset(&r, 0, sizeof(r));
	if (e->st < 0)
		st = e->st;
	else
		st = source_next(e->source, &r, &e->error);
	if (st == ST_END) {
		g_string_append(out, "done");
		return g_string_free(out, FALSE);
	}
	if (st < ST_ITEM) {
		static const char *const reach[] = {"MAILBOX", "LINK", "RUN"};
		static const char *const retry[] = {"NEVER", "LATER", "NOW"};

		g_string_printf(out, "fails %s %s %s", reach[-2 - st],
		    retry[error_retry(e->error)], e->error->message);
		g_clear_error(&e->error);
		e->st = ST_OK;
		return g_string_free(out, FALSE);
	}
	if (st == ST_ITEM) {
		g_string_printf(out, "item %s %s", r.key, e->error->message);
		g_clear_error(&e->error);
		return g_string_free(out, FALSE);
	}
	g_assert_cmpint(st, ==, ST_OK);
	switch (r.kind) {
	case RECORD_FOLDER:
		path = folder_path_to_text(r.folder->path);
		g_string_printf(out, "folder %s %s", path,
		    r.folder->use == FOLDER_PLAIN
			? "-"
			: folder_use_name(r.folder->use));
		break;
	case RECORD_MESSAGE: {
		g_autofree char *key = folder_key(r.message.folder);

		if (r.known) {
			g_assert_false(r.message.has_body);
			g_string_printf(out, "known %s", r.key);
		} else {
			g_autofree char *name =
			    script_message_name(&r.message.raw);

			g_string_printf(out, "message %s %s", r.key, name);
			g_hash_table_add(
			    e->given, g_strdup_printf("%s %s", key, r.key));
		}
		flags_text(out, &r.message);
		break;
	}
	case RECORD_FOLDER_END:
		path = folder_path_to_text(r.folder->path);
		g_string_printf(out,
		    "end %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, path,
		    r.found, r.skipped);
		if (r.state)
			g_hash_table_replace(
			    e->states, folder_key(r.folder), g_strdup(r.state));
		break;
	case RECORD_RECIPIENT:
	case RECORD_ADDRESS:
		g_assert_not_reached();
	}
	return g_string_free(out, FALSE);
}

static void
one(struct engine *e, char *line)
{
	g_autofree char *is = NULL;

	if (g_str_has_prefix(line, "option ")) {
		char *rest = line + 7;
		const char *name = script_word(&rest);

		g_assert_cmpint(
		    options_set(e->options, name, rest, NULL), ==, ST_OK);
		return;
	}
	if (g_str_has_prefix(line, "reopen")) {
		close_source(e);
		e->job.interrupted = strstr(line, "interrupted") != NULL;
		e->job.pass++;
		open_source(e);
		return;
	}
	if (g_str_has_prefix(line, "remark ")) {
		g_ptr_array_add(e->remarks, NULL);
		g_assert_true(g_strv_contains(
		    (const char *const *)e->remarks->pdata, line + 7));
		g_ptr_array_set_size(e->remarks, (int)e->remarks->len - 1);
		return;
	}
	if (!e->source && e->st == ST_OK)
		open_source(e);
	is = next_line(e);
	g_test_message("is: %s", is);
	if (g_str_has_prefix(line, "fails ") ||
	    g_str_has_prefix(line, "item ")) {
		/* reach and key exactly, words somewhere */
		char *words = strchr(strchr(line, ' ') + 1, ' ');
		bool fine;

		if (*line == 'f')
			words = strchr(words + 1, ' ');
		*words++ = '\0';
		fine = g_str_has_prefix(is, line) && strstr(is, words);
		if (!fine)
			g_error("%s: \"%s %s\" but it is \"%s\"",
			    e->script->path, line, words, is);
	} else if (strcmp(is, line) != 0) {
		g_error(
		    "%s: \"%s\" but it is \"%s\"", e->script->path, line, is);
	}
}

static void
run(struct script *script)
{
	struct engine e = {.script = script};

	e.options = options_new(source_imap_driver.options);
	e.states =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	e.given = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	e.remarks = g_ptr_array_new_with_free_func(g_free);
	e.dir = g_dir_make_tmp("transcript-XXXXXX", NULL);
	filter_init(&e.filter);
	e.mailbox.name = (char *)"user";
	e.known = (struct known){.ctx = &e,
	    .state = known_state,
	    .settled = known_settled,
	    .is_settled = known_is_settled,
	    .settled_numbers = known_settled_numbers,
	    .claim = known_claim};
	e.job = (struct job){.id = 1,
	    .pass = 1,
	    .mailbox = &e.mailbox,
	    .destination = "user",
	    .parts = 1,
	    .filter = &e.filter,
	    .known = &e.known,
	    .spool_dir = e.dir,
	    .remark = on_remark,
	    .remark_ctx = &e};
	options_set(e.options, "security", "plain", NULL);
	options_set(e.options, "timeout", "20", NULL);
	for (guint i = 0; i < script->lines->len; i++)
		one(&e, script->lines->pdata[i]);
	close_source(&e);
	g_assert_no_error(e.error);
	g_ptr_array_unref(e.remarks);
	g_hash_table_unref(e.states);
	g_hash_table_unref(e.given);
	options_free(e.options);
	filter_clear(&e.filter);
	g_rmdir(e.dir);
	g_free(e.dir);
}

int
main(int argc, char **argv)
{
	return script_main(argc, argv, "imap-source", run);
}
