#include "base/option.h"
#include "base/nearest.h"

#include <string.h>

struct Options {
	const struct option *table;
	char **values; /* in the order of the table; NULL: not set */
	gint64 *numbers; /* of OPTION_NUMBER and OPTION_SIZE */
	guint n;
};

static int
find(const struct option *table, const char *name)
{
	for (int i = 0; table[i].name; i++)
		if (strcmp(table[i].name, name) == 0)
			return i;
	return -1;
}

/* "10", "8KiB", "45GiB", "5MB"; false when it is none. */
static bool
parse_size(const char *text, gint64 *out)
{
	static const struct {
		const char *unit;
		gint64 bytes;
	} units[] = {
		{ "", 1 },
		{ "B", 1 },
		{ "K", 1 << 10 },
		{ "KiB", 1 << 10 },
		{ "KB", 1000 },
		{ "M", 1 << 20 },
		{ "MiB", 1 << 20 },
		{ "MB", 1000 * 1000 },
		{ "G", 1 << 30 },
		{ "GiB", 1 << 30 },
		{ "GB", 1000 * 1000 * 1000 },
		{ "TiB", G_GINT64_CONSTANT(1) << 40 },
	};
	char *end;
	guint64 n;

	if (!g_ascii_isdigit(*text))
		return false;
	n = g_ascii_strtoull(text, &end, 10);
	for (guint i = 0; i < G_N_ELEMENTS(units); i++)
		if (g_ascii_strcasecmp(end, units[i].unit) == 0) {
			if (n > (guint64)(G_MAXINT64 / units[i].bytes))
				return false;
			*out = (gint64)n * units[i].bytes;
			return true;
		}
	return false;
}

static int
parse_bool(const char *text)
{
	static const char *const words[] = { "no", "yes", "false", "true",
		"off", "on", "0", "1" };

	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_ascii_strcasecmp(text, words[i]) == 0)
			return (int)(i % 2);
	return -1;
}

static const char *
nearest(const struct option *table, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (; table->name; table++)
		g_ptr_array_add(names, (gpointer)table->name);
	g_ptr_array_add(names, NULL);
	return nearest_word(name, (const char *const *)names->pdata);
}

static bool
is_choice(const char *choices, const char *value)
{
	g_auto(GStrv) words = g_strsplit(choices, "|", -1);

	return g_strv_contains((const char *const *)words, value);
}

static enum status
set(Options *options, int i, const char *value, GError **error)
{
	const struct option *option = &options->table[i];
	const char *want = NULL;

	switch (option->type) {
	case OPTION_BOOL:
		if (parse_bool(value) < 0)
			want = "yes or no";
		else
			value = parse_bool(value) ? "yes" : "no";
		break;
	case OPTION_NUMBER: {
		char *end;

		options->numbers[i] = g_ascii_strtoll(value, &end, 10);
		if (!g_ascii_isdigit(*value) || *end)
			want = "a number";
		break;
	}
	case OPTION_SIZE:
		if (!parse_size(value, &options->numbers[i]))
			want = "a size (such as 512KiB or 45GiB)";
		break;
	case OPTION_TEXT:
		break;
	case OPTION_CHOICE:
		if (!is_choice(option->choices, value))
			want = option->choices;
		break;
	}
	if (want)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "option %s: '%s' is not %s", option->name, value, want);
	g_free(options->values[i]);
	options->values[i] = g_strdup(value);
	return ST_OK;
}

Options *
options_new(const struct option *table)
{
	Options *options = g_new0(Options, 1);

	options->table = table;
	while (table[options->n].name)
		options->n++;
	options->values = g_new0(char *, options->n + 1);
	options->numbers = g_new0(gint64, options->n + 1);
	for (guint i = 0; i < options->n; i++)
		if (table[i].fallback) {
			enum status st =
			    set(options, (int)i, table[i].fallback, NULL);

			g_assert(st == ST_OK);
		}
	return options;
}

void
options_free(Options *options)
{
	if (options == NULL)
		return;
	for (guint i = 0; i < options->n; i++)
		g_free(options->values[i]);
	g_free(options->values);
	g_free(options->numbers);
	g_free(options);
}

enum status
options_set(Options *options, const char *name, const char *value,
    GError **error)
{
	int i = find(options->table, name);

	if (i < 0) {
		const char *near = nearest(options->table, name);

		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    near ? "no option '%s' here; did you mean '%s'?"
			 : "no option '%s' here%s",
		    name, near ? near : "");
	}
	return set(options, i, value, error);
}

static int
must_find(const Options *options, const char *name)
{
	int i = find(options->table, name);

	g_assert(i >= 0);
	return i;
}

const char *
options_text(const Options *options, const char *name)
{
	return options->values[must_find(options, name)];
}

bool
options_bool(const Options *options, const char *name)
{
	const char *value = options_text(options, name);

	return value && strcmp(value, "yes") == 0;
}

gint64
options_number(const Options *options, const char *name)
{
	return options->numbers[must_find(options, name)];
}

bool
options_is_set(const Options *options, const char *name)
{
	return options_text(options, name) != NULL;
}
