#include "base/csv.h"

#include <stdbool.h>
#include <string.h>

struct Csv {
	char *name;
	char *text; /* NUL-terminated, UTF-8; fields are unquoted in a copy */
	gsize len, at;
	int line; /* of at */
	int record_line;
	char separator;
	GString *store; /* the fields of one record, each NUL-terminated */
	GArray *starts; /* of gsize, into store */
	GPtrArray *fields;
};

static char
find_separator(const char *p)
{
	bool quoted = false;
	char found = ',';

	for (; *p && (quoted || (*p != '\n' && *p != '\r')); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (!quoted && *p == ',')
			return ',';
		else if (!quoted && found == ',' && (*p == ';' || *p == '\t'))
			found = *p;
	}
	return found;
}

enum status
csv_open_mem(
    Csv **out, const char *name, const void *data, gsize len, GError **error)
{
	const char *p = data;
	Csv *csv;

	*out = NULL;
	if (len > CSV_FILE_MAX)
		return fail(ST_RUN, error, ERR_LIMIT, RETRY_NEVER,
		    "%s: larger than %d bytes", name, CSV_FILE_MAX);
	if (len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) {
		p += 3;
		len -= 3;
	}
	csv = g_new0(Csv, 1);
	csv->name = g_strdup(name);
	/* A NUL is found record by record, so that the others survive it. */
	if (!g_utf8_validate_len(p, len, NULL) && memchr(p, '\0', len) == NULL)
		csv->text = g_convert_with_fallback(p, (gssize)len, "UTF-8",
		    "WINDOWS-1252", "?", NULL, &csv->len, NULL);
	if (csv->text == NULL) {
		csv->text = g_malloc(len + 1);
		if (len > 0)
			memcpy(csv->text, p, len);
		csv->text[len] = '\0';
		csv->len = len;
	}
	csv->line = 1;
	csv->separator = find_separator(csv->text);
	csv->store = g_string_new(NULL);
	csv->starts = g_array_new(FALSE, FALSE, sizeof(gsize));
	csv->fields = g_ptr_array_new();
	*out = csv;
	return ST_OK;
}

enum status
csv_open(Csv **out, const char *path, GError **error)
{
	g_autofree char *data = NULL;
	g_autoptr(GError) why = NULL;
	gsize len;

	*out = NULL;
	if (!g_file_get_contents(path, &data, &len, &why))
		return fail(
		    ST_RUN, error, ERR_IO, RETRY_NEVER, "%s", why->message);
	return csv_open_mem(out, path, data, len, error);
}

void
csv_close(Csv *csv)
{
	if (csv == NULL)
		return;
	g_free(csv->name);
	g_free(csv->text);
	g_string_free(csv->store, TRUE);
	g_array_free(csv->starts, TRUE);
	g_ptr_array_free(csv->fields, TRUE);
	g_free(csv);
}

int
csv_line(const Csv *csv)
{
	return csv->record_line;
}

static bool
at_eol(const Csv *csv)
{
	return csv->at >= csv->len || csv->text[csv->at] == '\n' ||
	       (csv->text[csv->at] == '\r' &&
		   (csv->at + 1 >= csv->len || csv->text[csv->at + 1] == '\n'));
}

/* Past the line end at the position, or to the end. */
static void
skip_eol(Csv *csv)
{
	if (csv->at < csv->len && csv->text[csv->at] == '\r')
		csv->at++;
	if (csv->at < csv->len && csv->text[csv->at] == '\n') {
		csv->at++;
		csv->line++;
	}
}

static void
skip_line(Csv *csv)
{
	const char *end = memchr(csv->text + csv->at, '\n', csv->len - csv->at);

	csv->at = end ? (gsize)(end - csv->text) : csv->len;
	skip_eol(csv);
}

/* One field to the store; NULL, or what is wrong with it. */
static const char *
take_field(Csv *csv)
{
	bool quoted = csv->at < csv->len && csv->text[csv->at] == '"';
	gsize begin = csv->at;

	g_array_append_val(csv->starts, csv->store->len);
	csv->at += quoted;
	while (quoted) {
		char c;

		if (csv->at >= csv->len) {
			csv->at = begin; /* where it was opened */
			return "a quotation mark is not closed";
		}
		c = csv->text[csv->at++];
		if (c == '\0')
			return "a NUL byte";
		if (c == '\n')
			csv->line++;
		if (c == '"') {
			if (csv->at >= csv->len || csv->text[csv->at] != '"')
				break;
			csv->at++;
		}
		g_string_append_c(csv->store, c);
	}
	while (!at_eol(csv) && csv->text[csv->at] != csv->separator) {
		if (quoted)
			return "text after a closing quotation mark";
		if (csv->text[csv->at] == '\0')
			return "a NUL byte";
		g_string_append_c(csv->store, csv->text[csv->at++]);
	}
	g_string_append_c(csv->store, '\0');
	return NULL;
}

/* Line and column, from 1, of the position; both counted from the beginning of
 * the record. */
static void
place(const Csv *csv, gsize start, int *line, int *column)
{
	*line = csv->record_line;
	*column = 1;
	for (gsize i = start; i < csv->at; i++) {
		char c = csv->text[i];

		*line += c == '\n';
		if (c == '\n')
			*column = 1;
		else if (((guint8)c & 0xC0) != 0x80) /* a character's first */
			++*column;
	}
}

enum status
csv_next(Csv *csv, char *const **fields, guint *n, GError **error)
{
	gsize start;
	const char *wrong = NULL;

	while (csv->at < csv->len && (at_eol(csv) || csv->text[csv->at] == '#'))
		skip_line(csv);
	if (csv->at >= csv->len)
		return ST_END;
	g_string_truncate(csv->store, 0);
	g_array_set_size(csv->starts, 0);
	start = csv->at;
	csv->record_line = csv->line;
	for (;;) {
		if (csv->starts->len == CSV_FIELDS_MAX)
			wrong = "too many fields";
		else
			wrong = take_field(csv);
		if (wrong || at_eol(csv))
			break;
		csv->at++;
	}
	if (wrong) {
		int line, column;

		place(csv, start, &line, &column);
		csv->at = start;
		csv->line = csv->record_line;
		skip_line(csv);
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "%s line %d, column %d: %s", csv->name, line, column,
		    wrong);
	}
	skip_eol(csv);
	g_ptr_array_set_size(csv->fields, 0);
	for (guint i = 0; i < csv->starts->len; i++)
		g_ptr_array_add(csv->fields,
		    csv->store->str + g_array_index(csv->starts, gsize, i));
	*n = csv->fields->len;
	g_ptr_array_add(csv->fields, NULL);
	*fields = (char *const *)csv->fields->pdata;
	return ST_OK;
}

void
csv_put(GString *out, const char *text, char separator)
{
	char special[] = {'"', '\r', '\n', separator, '\0'};
	gsize len = strlen(text);

	if (len > 0 && strpbrk(text, special) == NULL && text[0] != '#' &&
	    text[0] != ' ' && text[len - 1] != ' ') {
		g_string_append(out, text);
		return;
	}
	g_string_append_c(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			g_string_append_c(out, '"');
		g_string_append_c(out, *text);
	}
	g_string_append_c(out, '"');
}
