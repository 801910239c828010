#include "msmail/sch.h"

#include "base/window.h"

#include <string.h>

#define NAME_MAX_LEN 64 /* of a field or a kind of block */

struct Sch {
	Window *window;
	gint64 at, len;
	guint loose;
	gsize octets; /* of the block's values */
	struct sch_block block;
};

static void
field_clear(void *p)
{
	struct sch_field *field = p;

	g_free(field->name);
	g_free(field->value);
}

Sch *
sch_new(const struct blob *data)
{
	Sch *sch = g_new0(Sch, 1);

	sch->window = window_new(data);
	sch->len = data->len;
	sch->block.fields = g_array_new(FALSE, TRUE, sizeof(struct sch_field));
	g_array_set_clear_func(sch->block.fields, field_clear);
	return sch;
}

void
sch_free(Sch *sch)
{
	if (sch == NULL)
		return;
	window_free(sch->window);
	g_array_free(sch->block.fields, TRUE);
	g_free(sch->block.kind);
	g_free(sch);
}

guint
sch_loose(const Sch *sch)
{
	return sch->loose;
}

/* The length of the name that the text begins with. */
static gsize
name_len(const char *text, gsize len)
{
	gsize n = 0;

	while (n < len && n < NAME_MAX_LEN && g_ascii_isalnum(text[n]))
		n++;
	return n;
}

/* "FixedAppt:" at the beginning of a line. */
static gsize
opener(const struct window_line *line)
{
	gsize n = name_len(line->text, line->len);

	return n > 0 && n + 1 == line->len && line->text[n] == ':' ? n : 0;
}

static bool
is_end(const struct window_line *line)
{
	gsize at = 0, len = line->len;

	while (at < len && (line->text[at] == '\t' || line->text[at] == ' '))
		at++;
	while (len > at && line->text[len - 1] == ' ')
		len--;
	return len - at == 3 &&
	       g_ascii_strncasecmp(line->text + at, "End", 3) == 0;
}

static void
append(Sch *sch, struct sch_field *field, const char *text, gsize len)
{
	if (len > SCH_BLOCK_MAX - sch->octets) {
		sch->block.cut = true;
		return;
	}
	sch->octets += len + 1;
	field->value = g_realloc(field->value, field->len + len + 2);
	if (field->len > 0)
		field->value[field->len++] = '\n';
	memcpy(field->value + field->len, text, len);
	field->len += len;
	field->value[field->len] = '\0';
}

/* A tab, a name, tabs, a value; any other line goes on with the last one, as
 * that of szText does, whose value is on lines of its own. */
static void
take_line(Sch *sch, const struct window_line *line)
{
	GArray *fields = sch->block.fields;
	const char *p = line->text, *end = p + line->len;
	struct sch_field field = {0}, *last = NULL;
	gsize n;

	if (fields->len > 0)
		last =
		    &g_array_index(fields, struct sch_field, fields->len - 1);
	while (p < end && (*p == '\t' || *p == ' '))
		p++;
	n = name_len(p, (gsize)(end - p));
	if (n == 0 || *line->text != '\t' || !g_ascii_isalpha(*p) ||
	    (p + n < end && p[n] != '\t')) {
		if (last && line->len > 0)
			append(sch, last, p, (gsize)(end - p));
		else
			sch->loose += line->len > 0;
		return;
	}
	/* The text of an entry may be one word: szText has no value yet. */
	if (last && last->len == 0 &&
	    g_ascii_strcasecmp(last->name, "szText") == 0 && p + n == end) {
		append(sch, last, p, n);
		return;
	}
	if (fields->len == SCH_FIELDS_MAX) {
		sch->block.cut = true;
		return;
	}
	field.name = g_strndup(p, n);
	field.value = g_strdup("");
	for (p += n; p < end && (*p == '\t' || *p == ' '); p++)
		continue;
	append(sch, &field, p, (gsize)(end - p));
	g_array_append_val(fields, field);
}

enum status
sch_next(Sch *sch, const struct sch_block **out, GError **error)
{
	struct window_line line;
	bool open = false;
	enum status st;

	*out = NULL;
	g_array_set_size(sch->block.fields, 0);
	sch->block.ended = sch->block.cut = false;
	sch->octets = 0;
	while (
	    (st = window_line(sch->window, sch->at, &line, error)) == ST_OK) {
		gsize n = opener(&line);

		if (n > 0 && open) /* the one before has no End */
			break;
		sch->at = line.next;
		if (n > 0) {
			g_free(sch->block.kind);
			sch->block.kind = g_strndup(line.text, n);
			sch->block.at = line.at;
			open = true;
		} else if (open && is_end(&line)) {
			sch->block.ended = true;
			break;
		} else if (open)
			take_line(sch, &line);
		else
			sch->loose +=
			    line.at > 0 && line.len > 0 && line.text[0] != 0x1a;
	}
	if (st < 0)
		return st;
	if (!open)
		return ST_END;
	*out = &sch->block;
	return ST_OK;
}

bool
sch_probe(const struct blob *data)
{
	char first[sizeof SCH_HEADING - 1];
	gsize got = 0;

	return blob_read(data, 0, first, sizeof first, &got, NULL) >= 0 &&
	       got == sizeof first &&
	       g_ascii_strncasecmp(first, SCH_HEADING, sizeof first) == 0;
}

const struct sch_field *
sch_field(const struct sch_block *block, const char *name)
{
	for (guint i = 0; i < block->fields->len; i++) {
		const struct sch_field *field =
		    &g_array_index(block->fields, struct sch_field, i);

		if (g_ascii_strcasecmp(field->name, name) == 0)
			return field;
	}
	return NULL;
}
