#include "mime/vcard.h"

#include "mime/text.h"

#include <string.h>

/* Reading */

static void
param_free(gpointer data)
{
	struct vcard_param *p = data;

	g_free(p->name);
	g_ptr_array_unref(p->values);
	g_free(p);
}

static void
line_free(gpointer data)
{
	struct vcard_line *l = data;

	g_free(l->group);
	g_free(l->name);
	g_free(l->value);
	g_ptr_array_unref(l->params);
	g_free(l);
}

void
vcard_init(struct vcard *card)
{
	card->version = 40;
	card->lines = g_ptr_array_new_with_free_func(line_free);
}

void
vcard_clear(struct vcard *card)
{
	g_clear_pointer(&card->lines, g_ptr_array_unref);
}

/* The bytes that are being read. */
struct reader {
	const char *data;
	gsize len, pos;
};

/* A physical line without its end; false behind the last one. */
static bool
physical(struct reader *r, const char **line, gsize *len)
{
	const char *p = r->data + r->pos, *end;
	gsize left = r->len - r->pos;

	if (left == 0)
		return false;
	end = memchr(p, '\n', left);
	*line = p;
	*len = end ? (gsize)(end - p) : left;
	r->pos += *len + (end != NULL);
	if (*len > 0 && p[*len - 1] == '\r')
		(*len)--;
	return true;
}

static bool
has_word(const char *text, gsize len, const char *word)
{
	gsize n = strlen(word);

	for (gsize i = 0; i + n <= len; i++)
		if (g_ascii_strncasecmp(text + i, word, n) == 0)
			return true;
	return false;
}

/* The colon before the value, outside of quotes; NULL: no content line. */
static const char *
find_colon(const char *line, gsize len)
{
	bool quoted = false;

	for (gsize i = 0; i < len; i++)
		if (line[i] == '"')
			quoted = !quoted;
		else if (line[i] == ':' && !quoted)
			return line + i;
	/* An unpaired quotation mark of a careless writer. */
	return memchr(line, ':', len);
}

/* The end of a piece before one of the stops, outside of quotes. */
static gsize
piece(const char *p, gsize len, const char *stops)
{
	bool quoted = false;
	gsize i;

	for (i = 0; i < len; i++) {
		if (p[i] == '"')
			quoted = !quoted;
		else if (!quoted && p[i] && strchr(stops, p[i]))
			break;
	}
	return i;
}

/* Does the part of a line before its colon say that the value is
 * quoted-printable? By the parameter itself: one that only has the words in it
 * would take the next line away from a value that ends with "=". */
static bool
is_qp(const char *head, gsize len)
{
	static const char name[] = "ENCODING=", word[] = "quoted-printable";

	for (;;) {
		gsize n = piece(head, len, ";"), skip;

		if (n == len)
			return false;
		head += n + 1;
		len -= n + 1;
		n = piece(head, len, ";");
		skip = n > sizeof name - 1 && g_ascii_strncasecmp(head, name,
						  sizeof name - 1) == 0
			   ? sizeof name - 1
			   : 0;
		if (n - skip == sizeof word - 1 &&
		    g_ascii_strncasecmp(head + skip, word, n - skip) == 0)
			return true;
	}
}

/*
 * One unfolded line into out. 2.1 folds at a blank, which stays; its
 * quoted-printable goes on behind a last "=", and its base64 until an empty
 * line, whether lines are indented or not. False: no more.
 */
static bool
logical(struct reader *r, guint version, GString *out, bool *too_long)
{
	const char *line, *colon;
	gsize len, at;
	bool qp, base64;

	g_string_truncate(out, 0);
	if (!physical(r, &line, &len))
		return false;
	g_string_append_len(out, line, (gssize)len);
	colon = find_colon(out->str, out->len);
	at = colon ? (gsize)(colon - out->str) : 0;
	qp = is_qp(out->str, at);
	base64 = has_word(out->str, at, "base64");
	while (r->pos < r->len) {
		gsize back = r->pos;
		bool soft = qp && out->len > 0 && out->str[out->len - 1] == '=';
		bool indented;

		if (!physical(r, &line, &len))
			break;
		indented = len > 0 && (*line == ' ' || *line == '\t');
		if (soft) {
			g_string_truncate(out, out->len - 1);
		} else if (indented) {
			if (version != 21 || base64) {
				line++;
				len--;
			}
		} else if (!base64 || version != 21 || len == 0 ||
			   memchr(line, ':', len)) {
			r->pos = back;
			break;
		}
		if (out->len + len > VCARD_LINE_MAX)
			*too_long = true;
		else
			g_string_append_len(out, line, (gssize)len);
	}
	return true;
}

static gsize
decode_qp(char *text, gsize len)
{
	gsize n = 0;

	for (gsize i = 0; i < len; i++) {
		if (text[i] == '=' && i + 2 < len &&
		    g_ascii_isxdigit(text[i + 1]) &&
		    g_ascii_isxdigit(text[i + 2])) {
			text[n++] =
			    (char)(g_ascii_xdigit_value(text[i + 1]) << 4 |
				   g_ascii_xdigit_value(text[i + 2]));
			i += 2;
		} else {
			text[n++] = text[i];
		}
	}
	return n;
}

/* Bytes to UTF-8 without NUL. */
static GString *
to_utf8(const char *bytes, gsize len, const char *charset)
{
	GString *out;
	g_autofree char *converted = NULL;
	gsize n;

	if (charset && g_ascii_strcasecmp(charset, "utf-8") != 0)
		converted = g_convert_with_fallback(
		    bytes, (gssize)len, "UTF-8", charset, "?", NULL, &n, NULL);
	if (converted && g_utf8_validate_len(converted, n, NULL)) {
		out = g_string_new_len(converted, (gssize)n);
	} else if (g_utf8_validate_len(bytes, len, NULL)) {
		out = g_string_new_len(bytes, (gssize)len);
	} else {
		out = g_string_sized_new(len + 16);
		mime_text_from_1252(out, (const guint8 *)bytes, len);
	}
	for (gsize i = 0; i < out->len; i++)
		if (out->str[i] == '\0')
			out->str[i] = ' ';
	return out;
}

/* A value of 2.1, whose only escape is "\;", in the words of 4.0. */
static char *
value_from_21(const GString *text)
{
	GString *out = g_string_sized_new(text->len + 16);

	for (const char *p = text->str; *p; p++) {
		if (p[0] == '\\' && p[1] == ';') {
			g_string_append(out, "\\;");
			p++;
		} else if (p[0] == '\\' && strchr("nN,\\", p[1]) && p[1]) {
			/* Not of 2.1, but what many write into it. */
			g_string_append_len(out, p, 2);
			p++;
		} else if (*p == '\\') {
			g_string_append(out, "\\\\");
		} else if (*p == ',') {
			g_string_append(out, "\\,");
		} else if (*p == '\n') {
			g_string_append(out, "\\n");
		} else if (*p != '\r') {
			g_string_append_c(out, *p);
		}
	}
	return g_string_free(out, FALSE);
}

/* No line end gets into a value, or it could not be written again. */
static char *
value_plain(GString *text)
{
	for (gsize i = 0; i < text->len; i++)
		if (text->str[i] == '\r' || text->str[i] == '\n')
			text->str[i] = ' ';
	return g_string_free(text, FALSE);
}

/* RFC 6868: ^n, ^^ and ^' */
static char *
param_value(const char *p, gsize len)
{
	g_autoptr(GString) raw = to_utf8(p, len, NULL);
	GString *out = g_string_sized_new(raw->len);

	for (const char *q = raw->str; *q; q++) {
		if (q[0] == '^' &&
		    (q[1] == 'n' || q[1] == '^' || q[1] == '\'')) {
			q++;
			g_string_append_c(out, *q == 'n'   ? '\n'
					       : *q == '^' ? '^'
							   : '"');
		} else if (*q != '"' && !g_ascii_iscntrl(*q)) {
			g_string_append_c(out, *q);
		}
	}
	return g_string_free(out, FALSE);
}

static struct vcard_param *
add_param(struct vcard_line *line, const char *name, gsize len)
{
	struct vcard_param *p;
	g_autofree char *upper = g_ascii_strup(name, (gssize)len);

	for (guint i = 0; i < line->params->len; i++) {
		p = line->params->pdata[i];
		if (strcmp(p->name, upper) == 0)
			return p;
	}
	if (line->params->len >= VCARD_PARAMS_MAX)
		return NULL;
	p = g_new0(struct vcard_param, 1);
	p->name = g_steal_pointer(&upper);
	p->values = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(line->params, p);
	return p;
}

static void
add_value(struct vcard_param *param, const char *p, gsize len)
{
	if (param && param->values->len < VCARD_PARAMS_MAX)
		g_ptr_array_add(param->values, param_value(p, len));
}

static bool
is_name(const char *p, gsize len)
{
	if (len == 0 || len > VCARD_NAME_MAX)
		return false;
	for (gsize i = 0; i < len; i++)
		if (!g_ascii_isalnum(p[i]) && p[i] != '-' && p[i] != '_')
			return false;
	return true;
}

/* 2.1 writes TEL;WORK;VOICE, NOTE;QUOTED-PRINTABLE. */
static void
bare_param(struct vcard_line *line, const char *p, gsize len)
{
	static const char *const encodings[] = {
	    "quoted-printable", "base64", "8bit", "7bit"};
	const char *name = "TYPE";

	for (guint i = 0; i < G_N_ELEMENTS(encodings); i++)
		if (len == strlen(encodings[i]) &&
		    g_ascii_strncasecmp(p, encodings[i], len) == 0)
			name = "ENCODING";
	add_value(add_param(line, name, strlen(name)), p, len);
}

static void
read_params(struct vcard_line *line, const char *p, gsize len)
{
	while (len > 0) {
		gsize n = piece(p, len, ";");
		const char *eq = memchr(p, '=', n);
		struct vcard_param *param = NULL;

		if (eq && is_name(p, (gsize)(eq - p))) {
			const char *v = eq + 1;
			gsize left = n - (gsize)(v - p);

			param = add_param(line, p, (gsize)(eq - p));
			for (;;) {
				gsize m = piece(v, left, ",");

				add_value(param, v, m);
				if (m == left)
					break;
				v += m + 1;
				left -= m + 1;
			}
		} else if (!eq && n > 0) {
			bare_param(line, p, n);
		}
		if (n == len)
			break;
		p += n + 1;
		len -= n + 1;
	}
}

/* Take one value from a parameter, or all when it is NULL. */
static void
drop_param(struct vcard_line *line, const char *name, const char *value)
{
	for (guint i = 0; i < line->params->len; i++) {
		struct vcard_param *p = line->params->pdata[i];

		if (strcmp(p->name, name) != 0)
			continue;
		for (guint k = p->values->len; value && k-- > 0;)
			if (g_ascii_strcasecmp(p->values->pdata[k], value) == 0)
				g_ptr_array_remove_index(p->values, k);
		if (value == NULL || p->values->len == 0)
			g_ptr_array_remove_index(line->params, i);
		return;
	}
}

/* An unfolded line; NULL when it is none. */
static struct vcard_line *
read_line(GString *text, guint version)
{
	const char *colon = find_colon(text->str, text->len), *dot, *name;
	struct vcard_line *line;
	const char *encoding, *charset;
	g_autoptr(GString) value = NULL;
	char *bytes;
	gsize head, n, len;

	if (colon == NULL)
		return NULL;
	head = (gsize)(colon - text->str);
	n = piece(text->str, head, ";");
	name = text->str;
	dot = memchr(name, '.', n);
	if (dot) {
		if (!is_name(name, (gsize)(dot - name)))
			return NULL;
		n -= (gsize)(dot + 1 - name);
		name = dot + 1;
	}
	if (!is_name(name, n))
		return NULL;
	line = g_new0(struct vcard_line, 1);
	line->params = g_ptr_array_new_with_free_func(param_free);
	line->name = g_ascii_strup(name, (gssize)n);
	if (dot)
		line->group = g_strndup(text->str, (gsize)(dot - text->str));
	if (name + n < colon)
		read_params(line, name + n + 1, (gsize)(colon - name - n) - 1);

	bytes = text->str + head + 1;
	len = text->len - head - 1;
	encoding = vcard_line_param(line, "ENCODING");
	charset = vcard_line_param(line, "CHARSET");
	if (encoding && g_ascii_strcasecmp(encoding, "quoted-printable") == 0)
		len = decode_qp(bytes, len);
	else
		encoding = NULL;
	value = to_utf8(bytes, len, charset);
	if (version == 21 || encoding)
		line->value = value_from_21(value);
	else
		line->value = value_plain(g_steal_pointer(&value));
	/* It is that no more, and must not say so when it is written again. */
	drop_param(line, "ENCODING", encoding ? NULL : "quoted-printable");
	drop_param(line, "CHARSET", NULL);
	return line;
}

static bool
is_line(const GString *text, const char *whole)
{
	gsize len = text->len;

	while (len > 0 &&
	       (text->str[len - 1] == ' ' || text->str[len - 1] == '\t'))
		len--;
	return len == strlen(whole) &&
	       g_ascii_strncasecmp(text->str, whole, len) == 0;
}

static void
add_line(struct vcard *out, GString *text, bool *too_many)
{
	struct vcard_line *line = read_line(text, out->version);

	if (line == NULL)
		return;
	if (strcmp(line->name, "VERSION") == 0) {
		out->version = g_str_has_prefix(line->value, "2")   ? 21
			       : g_str_has_prefix(line->value, "3") ? 30
								    : 40;
		line_free(line);
	} else if (strcmp(line->name, "BEGIN") == 0 ||
		   strcmp(line->name, "END") == 0) {
		/* Of something else, or damaged: no property has these names,
		 * and written again they would end the card. */
		line_free(line);
	} else if (out->lines->len >= VCARD_LINES_MAX) {
		*too_many = true;
		line_free(line);
	} else {
		g_ptr_array_add(out->lines, line);
	}
}

enum status
vcard_next(
    const char *data, gsize len, gsize *pos, struct vcard *out, GError **error)
{
	struct reader r = {data, len, *pos};
	g_autoptr(GString) text = g_string_new(NULL);
	guint depth = 0;
	bool too_long = false, too_many = false, began = false;

	vcard_clear(out);
	vcard_init(out);
	if (*pos == 0 && len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		r.pos = 3;
	for (;;) {
		gsize before = r.pos;

		if (!logical(&r, out->version, text, &too_long))
			break;
		if (is_line(text, "BEGIN:VCARD")) {
			/* 2.1 puts one card into another behind "AGENT:";
			 * otherwise the last one was not ended. */
			if (depth == 1 && out->lines->len > 0) {
				struct vcard_line *last =
				    out->lines->pdata[out->lines->len - 1];

				if (strcmp(last->name, "AGENT") != 0) {
					r.pos = before;
					break;
				}
			}
			depth++;
			began = true;
			if (depth > VCARD_DEPTH_MAX)
				too_many = true;
		} else if (depth > 0 && is_line(text, "END:VCARD")) {
			if (--depth == 0)
				break;
		} else if (depth == 1) {
			add_line(out, text, &too_many);
		}
	}
	if (*pos < len && r.pos == *pos)
		r.pos = len;
	*pos = r.pos;
	if (too_long || too_many) {
		vcard_clear(out);
		vcard_init(out);
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "vCard with more than %d lines, or a line of more than "
		    "%d bytes",
		    VCARD_LINES_MAX, VCARD_LINE_MAX);
	}
	return began ? ST_OK : ST_END;
}

/* Looking */

const struct vcard_line *
vcard_find(const struct vcard *card, const char *name, guint *at)
{
	while (*at < card->lines->len) {
		const struct vcard_line *line = card->lines->pdata[(*at)++];

		if (strcmp(line->name, name) == 0)
			return line;
	}
	return NULL;
}

const char *
vcard_line_param(const struct vcard_line *line, const char *name)
{
	for (guint i = 0; i < line->params->len; i++) {
		const struct vcard_param *p = line->params->pdata[i];

		if (strcmp(p->name, name) == 0 && p->values->len > 0)
			return p->values->pdata[0];
	}
	return NULL;
}

bool
vcard_line_is(const struct vcard_line *line, const char *type)
{
	for (guint i = 0; i < line->params->len; i++) {
		const struct vcard_param *p = line->params->pdata[i];

		if (strcmp(p->name, "PREF") == 0 &&
		    g_ascii_strcasecmp(type, "pref") == 0)
			return p->values->len > 0 &&
			       strcmp(p->values->pdata[0], "1") == 0;
		if (strcmp(p->name, "TYPE") != 0)
			continue;
		for (guint k = 0; k < p->values->len; k++) {
			/* TYPE="work,voice" is one quoted text, read as two. */
			g_auto(GStrv) words =
			    g_strsplit(p->values->pdata[k], ",", 0);

			for (guint w = 0; words[w]; w++)
				if (g_ascii_strcasecmp(
					g_strstrip(words[w]), type) == 0)
					return true;
		}
	}
	return false;
}

/* The text of one component that ends at end. */
static char *
unescape(const char *p, const char *end)
{
	GString *out = g_string_sized_new((gsize)(end - p));

	for (; p < end; p++) {
		if (*p == '\\' && p + 1 < end) {
			p++;
			g_string_append_c(
			    out, *p == 'n' || *p == 'N' ? '\n' : *p);
		} else {
			g_string_append_c(out, *p);
		}
	}
	return g_string_free(out, FALSE);
}

char *
vcard_line_text(const struct vcard_line *line)
{
	return unescape(line->value, line->value + strlen(line->value));
}

GPtrArray *
vcard_line_split(const struct vcard_line *line, char separator)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	const char *p = line->value, *start = p;

	for (;; p++) {
		if (*p == '\\' && p[1]) {
			p++;
		} else if (*p == separator || *p == '\0') {
			g_ptr_array_add(out, unescape(start, p));
			if (*p == '\0')
				return out;
			start = p + 1;
		}
	}
}

GBytes *
vcard_line_bytes(const struct vcard_line *line)
{
	const char *encoding = vcard_line_param(line, "ENCODING");
	g_autofree char *text = NULL;
	const char *p;
	guchar *bytes;
	gsize n;

	text = vcard_line_text(line);
	p = text;
	if (g_ascii_strncasecmp(text, "data:", 5) == 0) {
		const char *comma = strchr(text, ',');

		if (comma == NULL ||
		    !has_word(text, (gsize)(comma - text), ";base64"))
			return NULL;
		p = comma + 1;
	} else if (encoding == NULL ||
		   (g_ascii_strcasecmp(encoding, "b") != 0 &&
		       g_ascii_strcasecmp(encoding, "base64") != 0)) {
		return NULL;
	}
	bytes = g_base64_decode(p, &n);
	return g_bytes_new_take(bytes, n);
}

/* Writing */

#define FOLD 75 /* octets of a line without its end: RFC 6350 3.2 */

void
vcard_escape(GString *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '\n') {
			g_string_append(out, "\\n");
		} else if (*p == '\r') {
			if (p[1] != '\n')
				g_string_append(out, "\\n");
		} else {
			if (*p == '\\' || *p == ',' || *p == ';')
				g_string_append_c(out, '\\');
			g_string_append_c(out, *p);
		}
	}
}

void
vcard_param(GString *params, const char *name, const char *value)
{
	bool quote = strpbrk(value, ",:;") != NULL;

	if (params->len > 0)
		g_string_append_c(params, ';');
	g_string_append_printf(params, "%s=%s", name, quote ? "\"" : "");
	for (const char *p = value; *p; p++) {
		if (*p == '\n')
			g_string_append(params, "^n");
		else if (*p == '^')
			g_string_append(params, "^^");
		else if (*p == '"')
			g_string_append(params, "^'");
		else if (*p != '\r')
			g_string_append_c(params, *p);
	}
	if (quote)
		g_string_append_c(params, '"');
}

/* Append one line, folded. */
static void
fold(GString *out, const char *line)
{
	gsize room = FOLD;

	while (*line) {
		gsize n = (gsize)(g_utf8_next_char(line) - line);

		n = strnlen(line, n);
		/* No control characters but tabs: RFC 6350 3.3 */
		if ((guchar)*line >= 0x20 ? *line != 0x7f : *line == '\t') {
			if (n > room) {
				g_string_append(out, "\r\n ");
				room = FOLD - 1;
			}
			g_string_append_len(out, line, (gssize)n);
			room -= n;
		}
		line += n;
	}
	g_string_append(out, "\r\n");
}

void
vcard_write_raw(
    GString *out, const char *name, const char *params, const char *value)
{
	g_autofree char *line = NULL;

	line = g_strconcat(name, params && *params ? ";" : "",
	    params ? params : "", ":", value, NULL);
	fold(out, line);
}

void
vcard_write_text(
    GString *out, const char *name, const char *params, const char *text)
{
	g_autoptr(GString) value = g_string_new(NULL);

	vcard_escape(value, text);
	vcard_write_raw(out, name, params, value->str);
}

void
vcard_write_list(GString *out, const char *name, const char *params,
    const char *const *texts, guint n, char separator)
{
	g_autoptr(GString) value = g_string_new(NULL);

	for (guint i = 0; i < n; i++) {
		if (i > 0)
			g_string_append_c(value, separator);
		if (texts[i])
			vcard_escape(value, texts[i]);
	}
	vcard_write_raw(out, name, params, value->str);
}

void
vcard_write_line(GString *out, const struct vcard_line *line)
{
	g_autoptr(GString) params = g_string_new(NULL);
	g_autofree char *name = g_strconcat(line->group ? line->group : "",
	    line->group ? "." : "", line->name, NULL);

	for (guint i = 0; i < line->params->len; i++) {
		const struct vcard_param *p = line->params->pdata[i];

		for (guint k = 0; k < p->values->len; k++)
			vcard_param(params, p->name, p->values->pdata[k]);
	}
	vcard_write_raw(out, name, params->str, line->value);
}

void
vcard_write_begin(GString *out)
{
	g_string_append(out, "BEGIN:VCARD\r\nVERSION:4.0\r\n");
}

void
vcard_write_end(GString *out)
{
	g_string_append(out, "END:VCARD\r\n");
}
