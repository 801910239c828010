/* A set of migration files with one file of fuzzed bytes, read through the
 * source driver as the engine does. The first byte chooses profile, code page
 * and policy. */
#ifndef MAILMIG_TESTS_IFF_FUZZ_H
#define MAILMIG_TESTS_IFF_FUZZ_H

#include "base/url.h"
#include "source/files.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

const struct source_driver *const source_drivers[] = {
    &source_files_driver, NULL};

static inline void
fuzz_write(const char *dir, const char *name, const void *data, gsize len)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	g_assert(fd >= 0 && write(fd, data, len) == (gssize)len);
	close(fd);
}

static inline void
fuzz_remark(void *ctx, const struct remark *remark)
{
	g_assert(g_utf8_validate(remark->text, -1, NULL));
	g_assert(remark->code && remark->file);
}

static inline void
fuzz_read_body(const struct blob *blob)
{
	guint8 scratch[4096];
	const guint8 *data;
	gint64 at = 0;
	gsize len;

	while (blob_next(blob, &at, scratch, sizeof scratch, &data, &len,
		   NULL) == ST_OK)
		continue;
}

static inline void
fuzz_set(guint8 choice, const void *pri, gsize pri_len, const void *sec,
    gsize sec_len)
{
	static const char *const pages[] = {"1252", "932", "65001", "437"};
	static char *dir;
	g_autofree char *list = g_strdup_printf(
	    "%s%s\r\n\r\nFilename,Filetype\r\nP.PRI,Primary\r\n"
	    "S.SEC,Secondary\r\n",
	    choice & 1 ? "! iff-profile=ext1\r\n" : "", pages[choice >> 1 & 3]);
	Options *options = options_new(source_files_driver.options);
	g_autoptr(GPtrArray) boxes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	struct url url = {0};
	struct end end = {.url = &url, .options = options};
	Source *source;

	if (dir == NULL)
		dir = g_dir_make_tmp("mailmig-fuzz-XXXXXX", NULL);
	fuzz_write(dir, "T.PKL", list, strlen(list));
	fuzz_write(dir, "P.PRI", pri, pri_len);
	fuzz_write(dir, "S.SEC", sec, sec_len);
	url.path = dir;
	options_set(options, "zone", "0", NULL);
	if (choice & 8)
		options_set(options, "policy", "lenient", NULL);
	if (source_open(&source, &source_files_driver, &end, NULL) < 0)
		g_assert_not_reached();
	source_list(source, boxes, NULL);
	for (guint i = 0; i < boxes->len; i++) {
		struct job job = {.mailbox = boxes->pdata[i],
		    .parts = 1,
		    .spool_dir = dir,
		    .remark = fuzz_remark};
		struct record r;
		gint64 found = 0, given = 0;
		enum status st;

		if (source_begin(source, &job, NULL) < 0)
			g_assert_not_reached();
		while ((st = source_next(source, &r, NULL)) != ST_END) {
			g_assert(st == ST_OK || st == ST_ITEM);
			if (r.kind == RECORD_FOLDER_END)
				found += r.found;
			if (r.kind != RECORD_MESSAGE)
				continue;
			given++;
			g_assert(r.key && r.message.folder->path[0]);
			fuzz_read_body(&r.message.raw);
			for (guint j = 0; j < r.message.n_parts; j++)
				fuzz_read_body(&r.message.parts[j].blob);
		}
		/* The books balance whatever the bytes. */
		g_assert_cmpint(found, ==, given);
		/* The list counts rows without looking where they point. */
		g_assert(choice & 1 || job.mailbox->messages == found);
		source_end(source);
	}
	source_close(source);
	options_free(options);
}

#endif
