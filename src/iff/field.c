#include "iff/field.h"

#include <string.h>

enum field_state
field_scan(enum field_state state, const char *text, gsize len, char separator)
{
	for (gsize i = 0; i < len; i++) {
		char c = text[i];

		switch (state) {
		case FIELD_QUOTED:
			if (c == '"')
				state = FIELD_CLOSED;
			break;
		case FIELD_CLOSED:
			/* A doubled quotation mark opens again. */
			if (c == '"')
				state = FIELD_QUOTED;
			else if (c == ',' || (separator && c == separator))
				state = FIELD_START;
			else
				state = FIELD_PLAIN;
			break;
		case FIELD_START:
			if (c == '"')
				state = FIELD_QUOTED;
			else if (c != ',' && !(separator && c == separator))
				state = FIELD_PLAIN;
			break;
		case FIELD_PLAIN:
			if (c == ',' || (separator && c == separator))
				state = FIELD_START;
			break;
		}
	}
	return state;
}

static bool
complain(Diags *diags, enum diag_code code, guint column)
{
	if (diags)
		diags_add(diags, code, NULL, -1, "field %u: %s", column,
		    diag_table[code].meaning);
	return diag_table[code].severity < DIAG_ERROR;
}

bool
field_split(char *line, gsize len, char separator, GArray *out, Diags *diags)
{
	enum field_state state = FIELD_START;
	struct field field = {.raw = line};
	bool ok = true, bad_here = false;

	g_array_set_size(out, 0);
	for (gsize i = 0; i <= len; i++) {
		char c = i < len ? line[i] : ',';
		enum field_state before = state;

		/* Most of a line is plain text without anything special. */
		if (i == len && state == FIELD_QUOTED) {
			ok = complain(
			    diags, DIAG_PRI_UNTERMINATED_QUOTE, out->len + 1);
			state = FIELD_START;
		} else if (i < len)
			state = field_scan(state, &c, 1, separator);
		else
			state = FIELD_START;
		if (before == FIELD_START && state == FIELD_QUOTED)
			field.quotes = true;
		else if (before == FIELD_CLOSED && state == FIELD_PLAIN) {
			if (!bad_here)
				ok = complain(diags, DIAG_PRI_TEXT_AFTER_QUOTE,
				    out->len + 1);
			bad_here = true;
		} else if (before == FIELD_PLAIN && c == '"' && !bad_here) {
			complain(diags, DIAG_PRI_STRAY_QUOTE, out->len + 1);
			bad_here = true;
		}
		if (c != ',' || state != FIELD_START)
			continue;
		field.len = (gsize)(line + i - field.raw);
		line[i] = '\0';
		if (out->len == FIELDS_MAX)
			return complain(
			    diags, DIAG_PRI_FIELD_COUNT, out->len + 1);
		g_array_append_val(out, field);
		field = (struct field){.raw = line + i + 1};
		bad_here = false;
	}
	return ok;
}

/*
 * Copy the unquoted text of the run at p (up to end) to to, which may be p
 * itself or before it. Returns the end of what was written; *next is set behind
 * the run, at its separator or the end.
 */
static char *
run_copy(
    const char *p, const char *end, char separator, char *to, const char **next)
{
	if (p < end && *p == '"') {
		for (p++; p < end; p++) {
			if (*p == '"') {
				if (p + 1 < end && p[1] == '"')
					p++;
				else
					break;
			}
			*to++ = *p;
		}
		if (p < end)
			p++;
	}
	while (p < end && !(separator && *p == separator))
		*to++ = *p++;
	*next = p;
	return to;
}

char *
field_text(struct field *field, char separator)
{
	const char *p = field->raw, *end = field->raw + field->len;
	char *to = field->raw;

	if (!field->quotes)
		return field->raw;
	for (;;) {
		to = run_copy(p, end, separator, to, &p);
		if (p >= end)
			break;
		*to++ = *p++;
	}
	*to = '\0';
	field->len = (gsize)(to - field->raw);
	field->quotes = false;
	return field->raw;
}

static bool
list_add(const char *p, const char *end, char separator, GString *store,
    GArray *out, GByteArray *tokens)
{
	gsize at = store->len;
	char *to;

	/* A value never grows by unquoting, but each gets its NUL. */
	g_string_set_size(store, at + 2 * (gsize)(end - p) + 2);
	to = store->str + at;
	for (;;) {
		guint8 token = !(p < end && *p == '"');
		char *stop = run_copy(p, end, separator, to, &p);

		if (stop > to) {
			*stop = '\0';
			at = (gsize)(to - store->str);
			to = stop + 1;
			if (out->len == LIST_VALUES_MAX)
				break;
			g_array_append_val(out, at);
			if (tokens)
				g_byte_array_append(tokens, &token, 1);
		}
		if (p >= end) {
			g_string_truncate(store, (gsize)(to - store->str));
			return true;
		}
		p++;
	}
	g_string_truncate(store, (gsize)(to - store->str));
	return false;
}

/* Is the whole field one quoted run? */
static bool
one_quoted_run(const struct field *field)
{
	const char *end = field->raw + field->len;

	if (field->len < 2 || field->raw[0] != '"')
		return false;
	for (const char *p = field->raw + 1; p < end; p++)
		if (*p == '"') {
			if (p + 1 == end)
				return true;
			if (p[1] != '"')
				return false;
			p++;
		}
	return false;
}

bool
field_list(const struct field *field, char separator, GString *store,
    GArray *out, GByteArray *tokens)
{
	const char *end = field->raw + field->len;

	/* Form A; in DIRECTORY a '%' inside quotes is no separator (4.3). */
	if (separator == FIELD_LIST && one_quoted_run(field)) {
		g_autofree char *inner = g_malloc(field->len + 1);
		const char *next;
		char *stop = run_copy(field->raw, end, separator, inner, &next);

		return list_add(inner, stop, separator, store, out, tokens);
	}
	return list_add(field->raw, end, separator, store, out, tokens);
}

bool
field_is_pointer(const struct field *field)
{
	return field->raw[0] == '#';
}

bool
field_name_ok(const char *name)
{
	if (name[0] == '\0' || name[0] == '.')
		return false;
	for (const char *p = name; *p; p++)
		if ((guint8)*p < 0x20 || *p == 0x7f ||
		    strchr("#();,\\/:*?\"<>|", *p))
			return false;
	return true;
}

bool
field_pointer(struct field *field, const char **name, gint64 *offset)
{
	char *open, *p;
	gint64 value = 0;

	if (!field_is_pointer(field) || field->quotes)
		return false;
	open = strchr(field->raw, '(');
	if (open == NULL || !g_ascii_isdigit(open[1]))
		return false;
	for (p = open + 1; g_ascii_isdigit(*p); p++) {
		if (value > (G_MAXINT64 - 9) / 10)
			value = G_MAXINT64; /* and stays there */
		else
			value = value * 10 + (*p - '0');
	}
	if (*p != ')' || p + 1 != field->raw + field->len)
		return false;
	*open = '\0';
	*name = field->raw + 1;
	*offset = value;
	if (field_name_ok(*name))
		return true;
	*open = '(';
	return false;
}

static void
put_quoted(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			g_string_append_c(out, '"');
		g_string_append_c(out, *p);
	}
	g_string_append_c(out, '"');
}

static void
put_unless(GString *out, const char *text, const char *special)
{
	gsize len = strlen(text);

	if (len > 0 && (text[strcspn(text, special)] || text[0] == ' ' ||
			   text[len - 1] == ' '))
		put_quoted(out, text);
	else
		g_string_append_len(out, text, (gssize)len);
}

void
field_put(GString *out, const char *text)
{
	put_unless(out, text, "#!,\\\"%;");
}

void
field_put_path(GString *out, const char *text)
{
	gsize len = strlen(text);

	/* A path that ends the line in "\\" would be taken for continued. */
	if (len > 0 && text[len - 1] == '\\')
		put_quoted(out, text);
	else
		put_unless(out, text, "#!,\"%;");
}

void
field_put_directory(GString *out, const char *text)
{
	g_autoptr(GString) escaped = NULL;

	if (text[strcspn(text, "\\\r\n")]) {
		escaped = g_string_new(NULL);
		for (const char *p = text; *p; p++) {
			if (*p == '\\')
				g_string_append(escaped, "\\\\");
			else if (*p == '\r')
				g_string_append(escaped, "\\r");
			else if (*p == '\n')
				g_string_append(escaped, "\\n");
			else
				g_string_append_c(escaped, *p);
		}
		text = escaped->str;
	}
	/* Tokens mean something only outside quotes (7.6). */
	if (text[0] == '~' && g_ascii_strcasecmp(text, "~Server") != 0)
		put_quoted(out, text);
	else if (text[0] == '=')
		put_quoted(out, text);
	else
		put_unless(out, text, "#!,\\\"%");
}

void
field_put_list(GString *out, char *const *values, guint n)
{
	g_autoptr(GString) list = NULL;
	bool form_a = false;

	for (guint i = 0; i < n && !form_a; i++)
		form_a = values[i][strcspn(values[i], ";,\"")] != '\0';
	list = g_string_new(NULL);
	for (guint i = 0; i < n; i++) {
		if (i > 0)
			g_string_append_c(list, ';');
		/* Inside form A only an inner pair of quotes protects. */
		if (form_a && values[i][strcspn(values[i], ";\"")])
			put_quoted(list, values[i]);
		else
			g_string_append(list, values[i]);
	}
	if (form_a)
		put_quoted(out, list->str);
	else
		put_unless(out, list->str, "#!,\\\"%");
}
