/* One file of fuzzed bytes, read through a source driver as the engine does.
 * What must hold: no failure but named ones, unique keys, balanced books. */
#ifndef MAILMIG_TESTS_OLD_FUZZ_H
#define MAILMIG_TESTS_OLD_FUZZ_H

#include "base/url.h"
#include "source/source.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static inline void
old_fuzz_write(const char *dir, const char *name, const void *data, gsize len)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	g_assert(fd >= 0 && write(fd, data, len) == (gssize)len);
	close(fd);
}

static inline void
old_fuzz_remark(void *ctx, const struct remark *remark)
{
	g_assert(g_utf8_validate(remark->text, -1, NULL));
	g_assert(remark->code);
}

static inline void
old_fuzz_blob(const struct blob *blob)
{
	guint8 scratch[4096];
	const guint8 *data;
	gint64 at = 0;
	gsize len;

	while (blob_next(blob, &at, scratch, sizeof scratch, &data, &len,
		   NULL) == ST_OK)
		continue;
	g_assert_cmpint(at, ==, blob->len);
}

static inline void
old_fuzz_person(gpointer data, gpointer ctx)
{
	const struct person *person = data;

	g_assert(person->name || person->address);
	g_assert(!person->name || g_utf8_validate(person->name, -1, NULL));
	g_assert(
	    !person->address || g_utf8_validate(person->address, -1, NULL));
}

static inline void
old_fuzz_record(const struct record *r, GHashTable *keys)
{
	const struct message *m = &r->message;

	if (r->kind != RECORD_MESSAGE)
		return;
	g_assert(g_hash_table_add(keys, g_strdup(r->key)));
	g_assert(m->folder->path[0]);
	if (m->envelope) {
		g_ptr_array_foreach(m->envelope->from, old_fuzz_person, NULL);
		g_ptr_array_foreach(m->envelope->to, old_fuzz_person, NULL);
		g_ptr_array_foreach(m->envelope->cc, old_fuzz_person, NULL);
		g_assert(!m->envelope->subject ||
			 g_utf8_validate(m->envelope->subject, -1, NULL));
	}
	if (m->has_body && m->n_parts == 0)
		old_fuzz_blob(&m->raw);
	for (guint i = 0; i < m->n_parts; i++) {
		g_assert(!m->parts[i].name ||
			 g_utf8_validate(m->parts[i].name, -1, NULL));
		old_fuzz_blob(&m->parts[i].blob);
	}
}

/* options: "name=value&name=value". */
static inline void
old_fuzz_read(const struct source_driver *driver, const char *path,
    const char *options, const char *spool)
{
	Options *opts = options_new(driver->options);
	g_autoptr(GPtrArray) boxes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	g_autofree char *text =
	    g_strdup_printf("%s:%s?%s", driver->name, path, options);
	struct login login = {NULL};
	struct url url;
	struct end end = {&url, opts, &login, NULL};
	Source *source = NULL;

	g_assert(url_parse(text, &url, NULL) == ST_OK);
	for (guint i = 0; url.names && url.names[i]; i++)
		g_assert(options_set(opts, url.names[i], url.values[i], NULL) ==
			 ST_OK);
	if (source_open(&source, driver, &end, NULL) == ST_OK &&
	    source_list(source, boxes, NULL) == ST_OK)
		for (guint i = 0; i < boxes->len; i++) {
			struct job job = {.mailbox = boxes->pdata[i],
			    .parts = 1,
			    .spool_dir = spool,
			    .remark = old_fuzz_remark};
			g_autoptr(GHashTable) keys = g_hash_table_new_full(
			    g_str_hash, g_str_equal, g_free, NULL);
			gint64 found = 0;
			struct record r;
			enum status st;

			if (source_begin(source, &job, NULL) < 0)
				continue;
			while ((st = source_next(source, &r, NULL)) != ST_END) {
				if (st < ST_ITEM)
					break;
				if (r.kind == RECORD_FOLDER_END)
					found += r.found;
				old_fuzz_record(&r, keys);
			}
			if (st == ST_END)
				g_assert_cmpint(
				    found, ==, g_hash_table_size(keys));
			source_end(source);
		}
	if (source)
		source_close(source);
	url_clear(&url);
	options_free(opts);
}

#endif
