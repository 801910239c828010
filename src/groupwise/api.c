#include "groupwise/api.h"

#include <string.h>

struct parser {
	const char *p, *end;
	guint nodes;
	struct api_file *file;
};

static void
node_free(void *p)
{
	struct api_node *node = p;

	if (node == NULL)
		return;
	g_free(node->name);
	g_free(node->text);
	if (node->elements)
		g_ptr_array_unref(node->elements);
	g_free(node);
}

void
api_clear(struct api_file *file)
{
	g_clear_pointer(&file->nodes, g_ptr_array_unref);
}

static bool
at_end(const struct parser *a)
{
	return a->p >= a->end;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_line(struct parser *a)
{
	while (!at_end(a) && *a->p != '\n')
		a->p++;
	if (!at_end(a))
		a->p++;
}

/* Blanks, line ends and comments. Comments begin at a line's start. */
static void
skip_space(struct parser *a, bool line_start)
{
	while (!at_end(a)) {
		if (*a->p == '\n')
			line_start = true;
		else if (*a->p == '#' && line_start) {
			skip_line(a);
			continue;
		} else if (!is_blank(*a->p))
			return;
		a->p++;
	}
}

/* "NAME=" at p: the length of the name, or 0. */
static gsize
name_at(const char *p, const char *end)
{
	gsize n = 0;

	while (p + n < end && n < 64 &&
	       (g_ascii_isalnum(p[n]) || p[n] == '-' || p[n] == '_'))
		n++;
	if (n == 0 || p[0] == '-')
		return 0;
	for (gsize i = n; p + i < end; i++) {
		if (p[i] == '=')
			return n;
		if (p[i] != ' ')
			return 0;
	}
	return 0;
}

/* Up to the ';' that closes it; a line end becomes a blank. */
static char *
read_simple(struct parser *a)
{
	GString *out = g_string_new(NULL);
	bool kept = false; /* the last character was escaped */

	while (!at_end(a) && *a->p != ';') {
		char c = *a->p++;

		kept = c == '\\' && !at_end(a);
		if (kept)
			c = *a->p++;
		else if (c == '\r' || c == '\n') {
			while (!at_end(a) && is_blank(*a->p))
				a->p++;
			c = ' ';
		}
		if (c != '\0')
			g_string_append_c(out, c);
	}
	if (at_end(a))
		a->file->odd++;
	else
		a->p++;
	while (out->len > 0 && is_blank(out->str[out->len - 1]) && !kept)
		g_string_truncate(out, out->len - 1);
	return g_string_free(out, FALSE);
}

static GPtrArray *
nodes_new(void)
{
	return g_ptr_array_new_with_free_func(node_free);
}

static struct api_node *read_node(struct parser *a, gsize name, guint depth);

/* Sub-keywords, elements parted by ',', up to the ';' that stands alone. */
static GPtrArray *
read_struct(struct parser *a, guint depth)
{
	GPtrArray *elements =
	    g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	GPtrArray *element = nodes_new();

	for (;;) {
		const char *line;
		gsize name;

		skip_space(a, false);
		if (at_end(a)) {
			a->file->odd++;
			break;
		}
		if (*a->p == ';') {
			a->p++;
			break;
		}
		if (*a->p == ',') {
			a->p++;
			g_ptr_array_add(elements, element);
			element = nodes_new();
			continue;
		}
		/* A keyword at column 0 is a new one of the file: the closing
		 * ';' is missing. */
		line = a->p;
		name = name_at(a->p, a->end);
		if (line[-1] == '\n' && (name > 0 || *a->p == '-')) {
			a->file->odd++;
			break;
		}
		if (name > 0) {
			g_ptr_array_add(element, read_node(a, name, depth));
			continue;
		}
		/* A flag, "-CONVERSION-ALLOWED-", is nothing to us here. */
		if (*a->p != '-')
			a->file->odd++;
		while (!at_end(a) && !strchr(" \t\r\n;,", *a->p))
			a->p++;
		if (a->p == line)
			a->p++;
	}
	g_ptr_array_add(elements, element);
	return elements;
}

/*
 * The value behind "NAME=". It is a structure when a line end and an indented
 * "NAME=" follow (3); anything else is a simple one, which may hold '='.
 */
static struct api_node *
read_node(struct parser *a, gsize name, guint depth)
{
	struct api_node *node = g_new0(struct api_node, 1);
	bool line_end = false;

	node->name = g_strndup(a->p, name);
	a->nodes++;
	a->p += name;
	while (!at_end(a) && *a->p != '=')
		a->p++;
	if (!at_end(a))
		a->p++;
	while (!at_end(a) && is_blank(*a->p)) {
		line_end = line_end || *a->p == '\n' || *a->p == '\r';
		a->p++;
	}
	if (line_end && !at_end(a) && depth < API_DEPTH_MAX &&
	    a->nodes < API_NODES_MAX && a->p[-1] != '\n' &&
	    name_at(a->p, a->end) > 0)
		node->elements = read_struct(a, depth + 1);
	else if (line_end && !at_end(a) && a->p[-1] == '\n') {
		/* Nothing at all: the next line is another keyword. */
		node->text = g_strdup("");
		a->file->odd++;
	} else
		node->text = read_simple(a);
	return node;
}

/* "-NAME-" at a line's start. */
static bool
read_flag(struct parser *a)
{
	gsize n = 1;
	struct api_node *node;

	while (a->p + n < a->end && n < 64 &&
	       (g_ascii_isalnum(a->p[n]) || a->p[n] == '-'))
		n++;
	if (n < 3 || a->p[n - 1] != '-')
		return false;
	node = g_new0(struct api_node, 1);
	node->name = g_strndup(a->p + 1, n - 2);
	a->nodes++;
	a->p += n;
	if (g_ascii_strcasecmp(node->name, "END") == 0)
		a->file->ended = true;
	g_ptr_array_add(a->file->nodes, node);
	return true;
}

void
api_parse(const char *data, gsize len, struct api_file *out)
{
	struct parser a = {data, data + len, 0, out};

	*out = (struct api_file){.nodes = nodes_new()};
	skip_space(&a, true);
	while (!at_end(&a) && !out->ended && a.nodes < API_NODES_MAX) {
		gsize name = name_at(a.p, a.end);

		if (name > 0)
			g_ptr_array_add(out->nodes, read_node(&a, name, 0));
		else if (*a.p == ';')
			a.p++; /* one more than was open */
		else if (*a.p != '-' || !read_flag(&a)) {
			out->odd++;
			skip_line(&a);
		}
		skip_space(&a, false);
	}
}

const struct api_node *
api_find(const GPtrArray *nodes, const char *name)
{
	for (guint i = 0; i < nodes->len; i++) {
		const struct api_node *node = nodes->pdata[i];

		if (g_ascii_strcasecmp(node->name, name) == 0)
			return node;
	}
	return NULL;
}

const char *
api_text(const GPtrArray *nodes, const char *name)
{
	const struct api_node *node = api_find(nodes, name);

	return node ? node->text : NULL;
}

bool
api_flag(const GPtrArray *nodes, const char *name)
{
	const struct api_node *node = api_find(nodes, name);

	return node && node->text == NULL && node->elements == NULL;
}

static bool
number(const char **p, int *out)
{
	int n = 0;

	while (**p == ' ')
		(*p)++;
	*out = 0;
	while (g_ascii_isdigit(**p) && n++ < 4)
		*out = *out * 10 + (*(*p)++ - '0');
	return n > 0;
}

bool
api_date_parse(const char *text, struct api_date *out)
{
	const char *p = text;
	int sign = 1, hours = 0, minutes = 0;

	*out = (struct api_date){0};
	if (!number(&p, &out->day) || *p++ != '/' || !number(&p, &out->month) ||
	    *p++ != '/' || !number(&p, &out->year))
		return false;
	if (out->year < 100)
		out->year += out->year < 70 ? 2000 : 1900;
	if (number(&p, &out->hour)) {
		if (*p++ != ':' || !number(&p, &out->minute))
			return false;
		if (*p == ':') {
			p++;
			if (!number(&p, &out->second))
				return false;
		}
		while (*p == ' ')
			p++;
		if (*p == '+' || *p == '-')
			sign = *p++ == '-' ? -1 : 1;
		if (number(&p, &hours)) {
			if (*p == ':') {
				p++;
				number(&p, &minutes);
			}
			out->has_zone = hours < 24 && minutes < 60;
			out->zone = sign * (hours * 60 + minutes);
		}
	}
	return out->month >= 1 && out->month <= 12 && out->day >= 1 &&
	       out->hour < 24 && out->minute < 60 && out->second < 61 &&
	       out->year >= 1 &&
	       out->day <= g_date_get_days_in_month(
			       (GDateMonth)out->month, (GDateYear)out->year);
}
