#include "iff/pkl.h"
#include "base/codepage.h"
#include "iff/field.h"

#include <string.h>

#define PROFILE "! iff-profile="
#define OWNER	"! mailmig owner="
#define ANSI	1252 /* names, 3.1 */

static void
file_free(void *p)
{
	struct pkl_file *file = p;

	g_free(file->name);
	g_free(file->owner);
	g_free(file);
}

Pkl *
pkl_new(guint codepage, bool ext1)
{
	Pkl *pkl = g_new0(Pkl, 1);

	pkl->codepage = codepage;
	pkl->ext1 = ext1;
	pkl->files = g_ptr_array_new_with_free_func(file_free);
	return pkl;
}

void
pkl_free(Pkl *pkl)
{
	if (pkl == NULL)
		return;
	g_ptr_array_free(pkl->files, TRUE);
	g_free(pkl);
}

void
pkl_add(
    Pkl *pkl, const char *name, bool secondary, const char *owner, guint64 job)
{
	struct pkl_file *file = g_new0(struct pkl_file, 1);

	file->name = g_strdup(name);
	file->secondary = secondary;
	file->owner = g_strdup(owner);
	file->job = job;
	g_ptr_array_add(pkl->files, file);
}

/* Names without case (section 2 point 5). */
static char *
fold(const char *name)
{
	return g_utf8_casefold(name, -1);
}

struct pkl_file *
pkl_find(const Pkl *pkl, const char *name)
{
	g_autofree char *want = fold(name);

	for (guint i = 0; i < pkl->files->len; i++) {
		struct pkl_file *file = g_ptr_array_index(pkl->files, i);
		g_autofree char *have = fold(file->name);

		if (strcmp(want, have) == 0)
			return file;
	}
	return NULL;
}

struct parser {
	Pkl *pkl;
	Diags *diags;
	GHashTable *seen; /* folded names */
	GArray *fields;
	char *owner; /* from the comment before the row */
	guint64 job;
	bool has_number, has_heading;
};

static void
parse_comment(struct parser *ps, const char *text)
{
	const char *end;

	if (!g_str_has_prefix(text, OWNER))
		return;
	text += strlen(OWNER);
	end = strchr(text, ' ');
	g_free(ps->owner);
	ps->owner = end ? g_uri_unescape_segment(text, end, NULL)
			: g_uri_unescape_string(text, NULL);
	ps->job = 0;
	if (end && g_str_has_prefix(end, " job="))
		ps->job = g_ascii_strtoull(end + 5, NULL, 10);
}

static bool
parse_number(struct parser *ps, const char *text, guint override, gint64 line)
{
	guint64 number = 0;

	for (const char *p = text; *p && number < 1000000; p++) {
		if (!g_ascii_isdigit(*p)) {
			number = 0;
			break;
		}
		number = number * 10 + (guint64)(*p - '0');
	}
	if (override)
		number = override;
	if (number == 0 || !codepage_is_known((guint)number)) {
		g_autofree char *shown = g_strndup(text, 40);

		diags_add_at(ps->diags, DIAG_PKL_BAD_CODEPAGE, line,
		    "\"%s\" is no code page number that is known; "
		    "put the right one on the first line, or name it as an "
		    "option",
		    shown);
		return false;
	}
	ps->pkl->codepage = (guint)number;
	ps->has_number = true;
	if (number == CODEPAGE_UTF8 && !ps->pkl->ext1)
		diags_add_at(ps->diags, DIAG_PKL_UNICODE_CODEPAGE, line,
		    "code page 65001 in a plain set: read as UTF-8");
	return true;
}

static void
parse_row(struct parser *ps, char *text, gsize len, gint64 line)
{
	struct field *fields;
	const char *name, *kind;
	char *key;
	bool ok = field_split(text, len, FIELD_NO_LIST, ps->fields, NULL);

	fields = (struct field *)ps->fields->data;
	name = field_text(&fields[0], FIELD_NO_LIST);
	kind =
	    ps->fields->len == 2 ? field_text(&fields[1], FIELD_NO_LIST) : "";
	if (!ps->has_heading) {
		ps->has_heading = true;
		if (ok && g_ascii_strcasecmp(name, "Filename") == 0 &&
		    g_ascii_strcasecmp(kind, "Filetype") == 0)
			return;
		diags_add_at(ps->diags, DIAG_PKL_NO_HEADING, line,
		    "the heading Filename,Filetype is missing");
	}
	if (!ok || (g_ascii_strcasecmp(kind, "Primary") != 0 &&
		       g_ascii_strcasecmp(kind, "Secondary") != 0)) {
		diags_add_at(ps->diags, DIAG_PKL_BAD_TYPE, line,
		    "%s: kind \"%s\" is neither Primary nor Secondary; "
		    "the line is ignored",
		    name, kind);
		return;
	}
	/* A name with bytes that mean nothing cannot be opened either. */
	if (!field_name_ok(name) || strstr(name, "\xEF\xBF\xBD")) {
		diags_add_at(ps->diags, DIAG_PKL_BAD_NAME, line,
		    "\"%s\" cannot be the name of a file of a set", name);
		return;
	}
	key = fold(name);
	if (!g_hash_table_add(ps->seen, key)) {
		diags_add_at(ps->diags, DIAG_PKL_DUPLICATE, line,
		    "%s is listed twice; the first one counts", name);
		return;
	}
	pkl_add(ps->pkl, name, g_ascii_strcasecmp(kind, "Secondary") == 0,
	    ps->owner, ps->job);
	((struct pkl_file *)g_ptr_array_index(
	     ps->pkl->files, ps->pkl->files->len - 1))
	    ->line = line;
}

/* One line without its end; false after a fatal diagnostic. */
static bool
parse_line(struct parser *ps, GString *text, guint override, gint64 line)
{
	if (line == 1 && g_str_has_prefix(text->str, PROFILE)) {
		const char *value = text->str + strlen(PROFILE);

		if (strcmp(value, "ext1") != 0) {
			diags_add_at(ps->diags, DIAG_PKL_BAD_PROFILE, line,
			    "profile \"%s\" is not known to this version",
			    value);
			return false;
		}
		ps->pkl->ext1 = true;
		return true;
	}
	if (text->str[0] == '!') {
		parse_comment(ps, text->str);
		return true;
	}
	if (text->len == 0)
		return true;
	if (!ps->has_number)
		return parse_number(ps, text->str, override, line);
	parse_row(ps, text->str, text->len, line);
	g_clear_pointer(&ps->owner, g_free);
	ps->job = 0;
	return true;
}

static bool
parse(struct parser *ps, const char *p, gsize len, const Codepage *names,
    guint override)
{
	g_autoptr(GString) text = g_string_new(NULL);
	const char *end = p + len;
	bool primary = false;

	for (gint64 line = 1; p < end; line++) {
		const char *lf = memchr(p, '\n', (gsize)(end - p));
		gsize n = (gsize)((lf ? lf : end) - p);

		if (lf && n > 0 && p[n - 1] == '\r')
			n--;
		g_string_truncate(text, 0);
		codepage_decode(names, p, n, true, false, NULL, text);
		if (!parse_line(ps, text, override, line))
			return false;
		p = lf ? lf + 1 : end;
	}
	if (!ps->has_number) {
		diags_add_at(ps->diags, DIAG_PKL_BAD_CODEPAGE, 0,
		    "there is no code page number");
		return false;
	}
	for (guint i = 0; i < ps->pkl->files->len && !primary; i++)
		primary =
		    !((struct pkl_file *)g_ptr_array_index(ps->pkl->files, i))
			 ->secondary;
	if (!primary)
		diags_add_at(ps->diags, DIAG_PKL_NO_PRIMARY, 0,
		    "no primary file is listed");
	return primary;
}

enum status
pkl_parse(Pkl **out, const void *data, gsize len, guint names_codepage,
    guint override, Diags *diags, GError **error)
{
	struct parser ps = {.diags = diags};
	g_autoptr(Codepage) names = NULL;
	enum status st;
	bool ok;

	*out = NULL;
	st = codepage_open(
	    &names, names_codepage ? names_codepage : ANSI, error);
	if (st < 0)
		return st;
	ps.pkl = pkl_new(0, false);
	ps.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	ps.fields = g_array_new(FALSE, FALSE, sizeof(struct field));
	ok = parse(&ps, data, len, names, override);
	g_hash_table_destroy(ps.seen);
	g_array_free(ps.fields, TRUE);
	g_free(ps.owner);
	if (!ok) {
		pkl_free(ps.pkl);
		return fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
		    "the packing list cannot be used");
	}
	*out = ps.pkl;
	return ST_OK;
}

void
pkl_format(const Pkl *pkl, GString *out)
{
	g_autoptr(Codepage) names = NULL;
	g_autoptr(GString) row = g_string_new(NULL);

	if (codepage_open(&names, ANSI, NULL) < 0)
		g_assert_not_reached();
	if (pkl->ext1)
		g_string_append(out, PROFILE "ext1\r\n");
	g_string_append_printf(
	    out, "%u\r\n\r\nFilename,Filetype\r\n", pkl->codepage);
	for (guint i = 0; i < pkl->files->len; i++) {
		const struct pkl_file *file = g_ptr_array_index(pkl->files, i);

		if (file->owner) {
			g_string_append(out, OWNER);
			g_string_append_uri_escaped(
			    out, file->owner, "@", FALSE);
			g_string_append_printf(
			    out, " job=%" G_GUINT64_FORMAT "\r\n", file->job);
		}
		g_string_truncate(row, 0);
		field_put(row, file->name);
		g_string_append(
		    row, file->secondary ? ",Secondary\r\n" : ",Primary\r\n");
		codepage_encode(names, row->str, row->len, true, NULL, out);
	}
}
