#include "directory/dn.h"
#include "directory/rows.h"
#include "directory/table.h"
#include "dirfile_fuzz.h"

#include <glib/gstdio.h>
#include <string.h>

#define BASE	  "o=Fjord"
#define CONTAINER "cn=Recipients," BASE

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static void
complain(void *user, int line, const char *text)
{
	g_assert(line > 0 && text && g_utf8_validate(text, -1, NULL));
}

/* Every row into the store, if there is one; how many were taken. */
static guint
read_rows(const char *path, Store *store, guint *bad)
{
	g_autoptr(Rows) rows = NULL;
	guint n = 0;
	enum status st;

	*bad = 0;
	if (rows_open(&rows, path, CONTAINER, BASE, complain, NULL, NULL) < 0)
		return 0;
	for (;;) {
		g_autoptr(Entry) row = NULL;
		g_autoptr(GError) error = NULL;

		st = rows_next(rows, &row, &error);
		if (st == ST_END)
			return n;
		g_assert(rows_line(rows) > 0 && rows_raw(rows));
		if (st == ST_ITEM) {
			g_assert(error);
			++*bad;
			continue;
		}
		g_assert(st == ST_OK && entry_get(row, "Common-Name"));
		if (row->mode == MODE_DELETE || row->deletes)
			continue;
		if (store_create(store, row, NULL) == ST_OK)
			n++;
	}
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	g_autofree char *path =
	    g_strdup_printf("/dev/shm/rows-fuzz-%d", (int)getpid());
	Store *store = NULL, *again = NULL;
	struct rows_count count;
	guint n, bad;

	g_assert(table_open_private(&store, "fuzz", NULL) == ST_OK);
	n = read_rows(dirfile_put(data, len), store, &bad);
	if (n > 0) {
		/* What was written can be read, every row of it. */
		g_assert(rows_write(store, path, &count, NULL) == ST_OK);
		g_assert(count.written == n);
		g_assert(table_open_private(&again, "fuzz", NULL) == ST_OK);
		g_assert(read_rows(path, again, &bad) == n && bad == 0);
		store_close(again);
		g_unlink(path);
	}
	store_close(store);
	return 0;
}
