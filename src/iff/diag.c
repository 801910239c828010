#include "iff/diag.h"

#define DIAG_ROW_MAX 1000 /* collected for one row; a hostile row has more */

const struct diag_info diag_table[DIAG_COUNT] = {
#define DIAG(code, severity, scope, meaning, original)                         \
	[DIAG_##code] = {                                                      \
	    #code, DIAG_##severity, DIAG_##scope, meaning, original},
#include "iff/codes.def"
#undef DIAG
};

struct Diags {
	diag_sink sink;
	void *ctx;
	char *file;
	gint64 line;
	bool in_row;
	GArray *row;	 /* of struct diag, texts owned */
	int first_error; /* index in row, -1 when none */
};

static void
clear_one(void *p)
{
	struct diag *diag = p;

	g_free((char *)diag->file);
	g_free((char *)diag->other_file);
	g_free((char *)diag->text);
}

Diags *
diags_new(diag_sink sink, void *ctx)
{
	Diags *diags = g_new0(Diags, 1);

	diags->sink = sink;
	diags->ctx = ctx;
	diags->row = g_array_new(FALSE, TRUE, sizeof(struct diag));
	g_array_set_clear_func(diags->row, clear_one);
	diags->first_error = -1;
	return diags;
}

void
diags_free(Diags *diags)
{
	if (diags == NULL)
		return;
	g_array_free(diags->row, TRUE);
	g_free(diags->file);
	g_free(diags);
}

void
diags_file(Diags *diags, const char *file)
{
	g_free(diags->file);
	diags->file = g_strdup(file);
	diags->line = 0;
}

void
diags_line(Diags *diags, gint64 line)
{
	diags->line = line;
}

/* One line of valid text, whatever was quoted and cut in it. */
static char *
make_text(const char *format, va_list ap)
{
	g_autofree char *text = g_strdup_vprintf(format, ap);
	char *line = g_utf8_make_valid(text, -1);

	for (char *p = line; *p; p++)
		if ((guint8)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return line;
}

static void
send(Diags *diags, const struct diag *diag)
{
	if (diags->sink)
		diags->sink(diags->ctx, diag);
}

void
diags_add(Diags *diags, enum diag_code code, const char *other_file,
    gint64 offset, const char *format, ...)
{
	struct diag diag = {.code = code,
	    .file = diags->file,
	    .line = diags->line,
	    .other_file = other_file,
	    .offset = offset};
	bool error = diag_table[code].severity >= DIAG_ERROR;
	g_autofree char *text = NULL;
	va_list ap;

	if (diags->in_row && diags->row->len >= DIAG_ROW_MAX && !error)
		return;
	if (diags->in_row && error && diags->first_error >= 0)
		return;
	va_start(ap, format);
	text = make_text(format, ap);
	va_end(ap);
	diag.text = text;
	if (!diags->in_row) {
		send(diags, &diag);
		return;
	}
	if (error)
		diags->first_error = (int)diags->row->len;
	diag.file = g_strdup(diag.file);
	diag.other_file = g_strdup(other_file);
	diag.text = g_steal_pointer(&text);
	g_array_append_val(diags->row, diag);
}

void
diags_add_at(
    Diags *diags, enum diag_code code, gint64 line, const char *format, ...)
{
	struct diag diag = {
	    .code = code, .file = diags->file, .line = line, .offset = -1};
	g_autofree char *text = NULL;
	va_list ap;

	if (diags->sink == NULL)
		return;
	va_start(ap, format);
	text = make_text(format, ap);
	va_end(ap);
	diag.text = text;
	send(diags, &diag);
}

void
diags_row(Diags *diags, gint64 line)
{
	g_array_set_size(diags->row, 0);
	diags->first_error = -1;
	diags->line = line;
	diags->in_row = true;
}

const struct diag *
diags_row_error(const Diags *diags)
{
	if (diags->first_error < 0)
		return NULL;
	return &g_array_index(diags->row, struct diag, diags->first_error);
}

static void
row_end(Diags *diags, bool all)
{
	g_assert(diags->in_row);
	diags->in_row = false;
	if (!all && diags->first_error >= 0)
		send(diags, diags_row_error(diags));
	else
		for (guint i = 0; i < diags->row->len; i++)
			send(diags, &g_array_index(diags->row, struct diag, i));
	g_array_set_size(diags->row, 0);
	diags->first_error = -1;
}

void
diags_row_end(Diags *diags)
{
	row_end(diags, false);
}

void
diags_row_end_lenient(Diags *diags)
{
	row_end(diags, true);
}
