/*
 * For the tests of sources that read old mail systems' files: a directory made
 * of strings, and what the driver says of it as text, one line per record or
 * remark.
 */
#ifndef MAILMIG_TESTS_OLD_MAIL_H
#define MAILMIG_TESTS_OLD_MAIL_H

#include "iff_set.h"

struct old_file {
	const char *name; /* may have directories in it */
	const char *data;
	gssize len; /* -1: a string */
};

static inline void
old_write(const char *dir, const struct old_file *file)
{
	g_autofree char *path = g_build_filename(dir, file->name, NULL);
	g_autofree char *above = g_path_get_dirname(path);

	g_mkdir_with_parents(above, 0700);
	g_assert_true(g_file_set_contents(path, file->data, file->len, NULL));
}

static inline void
old_remark(void *ctx, const struct remark *r)
{
	static const char levels[] = "IWE";

	g_assert_true(g_utf8_validate(r->text, -1, NULL));
	g_string_append_printf(
	    ctx, "%c %s: %s\n", levels[r->level], r->code, r->text);
}

/* All of one mailbox. Keys are unique, the books of the folders balance. */
static inline void
old_read_box(Source *source, const struct mailbox *mailbox, const char *spool,
    GString *out)
{
	g_autoptr(GHashTable) keys =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct job job = {.mailbox = mailbox,
	    .parts = 1,
	    .spool_dir = spool,
	    .remark = old_remark,
	    .remark_ctx = out};
	gint64 given = 0, found = 0;
	struct record r;
	enum status st;

	g_string_append_printf(out, "== %s%s%s\n", mailbox->name,
	    mailbox->is_public ? " public" : "",
	    mailbox->no_mail ? " nobody" : "");
	st = source_begin(source, &job, NULL);
	g_assert_cmpint(st, ==, ST_OK);
	for (;;) {
		g_autoptr(GError) error = NULL;

		st = source_next(source, &r, &error);
		if (st == ST_END)
			break;
		if (st < ST_ITEM) {
			g_string_append_printf(
			    out, "failed: %s\n", error->message);
			break;
		}
		if (r.kind == RECORD_MESSAGE) {
			given++;
			g_assert_true(g_hash_table_add(keys, g_strdup(r.key)));
		}
		if (r.kind == RECORD_FOLDER_END)
			found += r.found;
		if (st == ST_OK)
			set_show_record(&r, out);
		else
			g_string_append_printf(
			    out, "lost: %s\n", error->message);
	}
	if (st == ST_END)
		g_assert_cmpint(given, ==, found);
	source_end(source);
}

/* address: "scheme:%s?options", %s the directory. */
static inline char *
old_read(const struct source_driver *driver, const char *address,
    const char *dir, const char *spool)
{
	GString *out = g_string_new(NULL);
	g_auto(GStrv) around = g_strsplit(address, "%s", 2);
	g_autofree char *text = g_strconcat(around[0], dir, around[1], NULL);
	g_autoptr(GPtrArray) boxes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	g_autoptr(GError) error = NULL;
	Options *options = options_new(driver->options);
	struct login login = {NULL};
	struct url url;
	struct end end = {&url, options, &login, NULL};
	Source *source = NULL;

	g_assert_cmpint(url_parse(text, &url, &error), ==, ST_OK);
	for (guint i = 0; url.names && url.names[i]; i++)
		g_assert_cmpint(
		    options_set(options, url.names[i], url.values[i], &error),
		    ==, ST_OK);
	if (source_open(&source, driver, &end, &error) < 0) {
		g_string_append_printf(out, "refused: %s\n", error->message);
	} else {
		g_assert_cmpint(source_list(source, boxes, &error), ==, ST_OK);
		for (guint i = 0; i < boxes->len; i++)
			old_read_box(source, boxes->pdata[i], spool, out);
		source_close(source);
	}
	url_clear(&url);
	options_free(options);
	return g_string_free(out, FALSE);
}

/* A row: what is read, and what must, and must not, be in what comes out. */
#define OLD_FILES 6
#define OLD_WANTS 12
struct old_row {
	const char *path; /* of the test */
	const char *address;
	struct old_file files[OLD_FILES]; /* up to the one without a name */
	const char *wants[OLD_WANTS];	  /* "!text": must not be there */
};

static inline void
old_check(const struct source_driver *driver, const struct old_row *row)
{
	g_autofree char *dir = set_dir_new(), *spool = set_dir_new();
	g_autofree char *out = NULL;

	for (guint i = 0; i < OLD_FILES && row->files[i].name; i++)
		old_write(dir, &row->files[i]);
	out = old_read(driver, row->address, dir, spool);
	for (guint i = 0; i < OLD_WANTS && row->wants[i]; i++) {
		const char *want = row->wants[i];
		bool there = strstr(out, want + (*want == '!')) != NULL;

		if (there == (*want == '!'))
			g_test_fail_printf("\"%s\" in:\n%s", want, out);
	}
	set_dir_remove(dir);
	set_dir_remove(spool);
}

#endif
