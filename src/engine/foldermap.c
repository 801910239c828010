/*
 * Folder maps: two columns, so that nobody needs a regular expression.
 */
#include "engine/plan.h"

#include "base/csv.h"

enum status
foldermap_load(GPtrArray *out, const char *path, GError **error)
{
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(Csv) csv = NULL;
	char *const *fields;
	enum status st;
	guint n;

	st = csv_open(&csv, path, error);
	if (st < 0) {
		g_prefix_error(error, "folder map: ");
		return st;
	}
	while ((st = csv_next(csv, &fields, &n, error)) == ST_OK) {
		int line = csv_line(csv);
		gpointer other;

		if (n != 2 || *g_strstrip(fields[0]) == '\0' ||
		    *g_strstrip(fields[1]) == '\0')
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "%s line %d: not two columns, source folder and "
			    "destination folder",
			    path, line);
		if (out->len == 0 && line == 1 &&
		    g_ascii_strcasecmp(fields[0], "source") == 0 &&
		    g_ascii_strcasecmp(fields[1], "destination") == 0)
			continue; /* a heading, as in an accounts file */
		other = g_hash_table_lookup(seen, fields[0]);
		if (other != NULL)
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "%s line %d: folder %s is in line %d already", path,
			    line, fields[0], GPOINTER_TO_INT(other));
		g_hash_table_insert(
		    seen, g_strdup(fields[0]), GINT_TO_POINTER(line));
		g_ptr_array_add(out, g_strdup(fields[0]));
		g_ptr_array_add(out, g_strdup(fields[1]));
	}
	if (st == ST_END)
		return ST_OK;
	g_prefix_error(error, "%s line %d: ", path, csv_line(csv));
	return ST_RUN;
}
