/*
 * mailmig drivers [DRIVER]: what can be read and written, and with what
 * options.
 */
#include "cli/command.h"

#include "base/nearest.h"
#include "dest/dest.h"
#include "source/source.h"

#include <jansson.h>
#include <string.h>

#define LINE_COLUMNS 80

/* What both kinds of driver have in common. */
struct entry {
	const char *side; /* "source", "destination" */
	const char *name;
	const char *const *schemes;
	const char *summary;
	const struct option *options;
	guint32 kinds;
	bool accounts;
};

static GArray *
entries(void)
{
	GArray *out = g_array_new(FALSE, FALSE, sizeof(struct entry));

	for (guint i = 0; source_drivers[i] != NULL; i++) {
		const struct source_driver *d = source_drivers[i];
		struct entry e = {"source", d->name, d->schemes, d->summary,
		    d->options, d->gives, d->accounts};

		g_array_append_val(out, e);
	}
	for (guint i = 0; dest_drivers[i] != NULL; i++) {
		const struct dest_driver *d = dest_drivers[i];
		struct entry e = {"destination", d->name, d->schemes,
		    d->summary, d->options, d->takes, d->accounts};

		g_array_append_val(out, e);
	}
	return out;
}

static const char *
type_text(const struct option *option)
{
	switch (option->type) {
	case OPTION_BOOL:
		return "yes|no";
	case OPTION_NUMBER:
		return "NUMBER";
	case OPTION_SIZE:
		return "SIZE";
	case OPTION_TEXT:
		return "TEXT";
	case OPTION_CHOICE:
		return option->choices;
	}
	g_assert_not_reached();
}

static void
put_json(const struct entry *e)
{
	json_t *schemes = json_array(), *options = json_array();
	json_t *kinds = json_array(), *object;

	for (guint i = 0; e->schemes[i] != NULL; i++)
		json_array_append_new(schemes, json_string(e->schemes[i]));
	for (int k = RECORD_FOLDER; k <= RECORD_ADDRESS; k++)
		if ((e->kinds & 1u << k) != 0)
			json_array_append_new(kinds,
			    json_string(record_kind_name((enum record_kind)k)));
	for (const struct option *o = e->options; o->name != NULL; o++)
		json_array_append_new(
		    options, json_pack("{s:s,s:s,s:s?,s:s}", "name", o->name,
				 "type", type_text(o), "default", o->fallback,
				 "summary", o->summary));
	object = json_pack("{s:s,s:s,s:o,s:s,s:b,s:o,s:o}", "side", e->side,
	    "name", e->name, "schemes", schemes, "summary", e->summary,
	    "accounts", (int)e->accounts, "kinds", kinds, "options", options);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void
put_options(const struct entry *e)
{
	printf("%s %s: %s\n", e->side, e->name, e->summary);
	printf("  addresses:");
	for (guint i = 0; e->schemes[i] != NULL; i++)
		printf(" %s%s", e->schemes[i],
		    e->accounts ? "://USER@HOST" : ":DIR");
	printf("\n");
	for (const struct option *o = e->options; o->name != NULL; o++) {
		g_autofree char *left =
		    g_strdup_printf("?%s=%s", o->name, type_text(o));

		printf("  %-34s %s%s%s%s\n", left, o->summary,
		    o->fallback ? " (" : "", o->fallback ? o->fallback : "",
		    o->fallback ? ")" : "");
	}
}

/* In the list: what is too long goes on below itself. */
static void
put_line(const struct entry *e)
{
	g_auto(GStrv) words = g_strsplit(e->summary, " ", -1);
	int column = printf("%-12s %-9s", e->side, e->name);
	const int left = column;

	for (guint i = 0; words[i] != NULL; i++) {
		int width = (int)g_utf8_strlen(words[i], -1) + 1;

		if (column + width >= LINE_COLUMNS && column > left) {
			printf("\n%*s", left, "");
			column = left;
		}
		printf(" %s", words[i]);
		column += width;
	}
	putchar('\n');
}

static bool
is_named(const struct entry *e, const char *word)
{
	g_autofree char *name = g_ascii_strdown(word, -1);

	g_strdelimit(name, ":", '\0');
	return strcmp(e->name, name) == 0 || g_strv_contains(e->schemes, name);
}

static int
unknown(const GArray *all, const char *word)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	const char *near;

	for (guint i = 0; i < all->len; i++)
		g_ptr_array_add(
		    words, (char *)g_array_index(all, struct entry, i).name);
	g_ptr_array_add(words, NULL);
	near = nearest_word(word, (const char *const *)words->pdata);
	cli_say("there is no driver '%s'%s%s%s", word,
	    near ? "; did you mean '" : "", near ? near : "",
	    near ? "'?" : "; 'mailmig drivers' lists them");
	return CLI_USAGE;
}

int
cmd_drivers(struct cli *cli)
{
	g_autoptr(GArray) all = entries();
	const char *word =
	    cli->arguments->len > 0 ? cli->arguments->pdata[0] : NULL;
	guint found = 0;

	for (guint i = 0; i < all->len; i++) {
		const struct entry *e = &g_array_index(all, struct entry, i);

		if (word != NULL && !is_named(e, word))
			continue;
		if (cli->on[CLI_JSON])
			put_json(e);
		else if (word != NULL)
			put_options(e);
		else
			put_line(e);
		found++;
	}
	if (found == 0)
		return unknown(all, word ? word : "");
	if (word == NULL && !cli->on[CLI_JSON])
		printf(
		    "\nmailmig drivers NAME lists the options of one, which "
		    "are written behind its\naddress: files:DIR?NAME=VALUE\n");
	return 0;
}
