/*
 * Help, and the parts of the manual pages that come from tables.
 */
#include "cli/command.h"

#include "base/human.h"
#include "dest/dest.h"
#include "event/event.h"
#include "source/source.h"

#include <string.h>

#define HELP_COLUMN	 27 /* where the summary of an option begins */
#define HELP_WIDTH	 80
#define HELP_ROWS	 24 /* of a terminal, as small as they come */
#define HELP_ROWS_AROUND 4  /* title, usage, two empty ones */
#define HELP_EXAMPLES	 3
#define MDOC_WIDTH	 78 /* columns of a line of a manual page */

void
cli_help(void)
{
	guint rows = HELP_ROWS_AROUND;

	printf("mailmig moves mail between servers, files and formats.\n"
	       "usage: mailmig COMMAND [OPTION]... "
	       "(mailmig COMMAND --help, man mailmig)\n\n");
	for (const struct command *c = cli_commands; c->name != NULL; c++) {
		printf("  %-10s %s\n", c->name, c->summary);
		rows++;
	}
	putchar('\n');
	for (guint i = 0; i < HELP_EXAMPLES && rows < HELP_ROWS; i++, rows++)
		printf("%-10smailmig %s\n", i == 0 ? "Examples:" : "",
		    cli_commands[i].example);
}

/* The words of a summary, where it begins and below that. */
static void
put_summary(const char *summary, const char *fallback)
{
	g_autofree char *text =
	    g_strdup_printf("%s%s%s%s", summary, fallback ? " (" : "",
		fallback ? fallback : "", fallback ? ")" : "");
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	int column = HELP_COLUMN;

	for (guint i = 0; words[i] != NULL; i++) {
		int width = human_width(words[i]);

		if (i > 0 && column + 1 + width > HELP_WIDTH) {
			printf("\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		} else if (i > 0) {
			putchar(' ');
			column++;
		}
		printf("%s", words[i]);
		column += width;
	}
	putchar('\n');
}

static void
put_option(const char *name, char letter, const char *metavar,
    const char *summary, const char *fallback)
{
	g_autofree char *left = NULL;

	if (letter != '\0')
		left = g_strdup_printf("  -%c, --%s", letter, name);
	else
		left = g_strdup_printf("  --%s%s%s", name, metavar ? " " : "",
		    metavar ? metavar : "");
	if (strlen(left) >= HELP_COLUMN - 1)
		printf("%s\n%*s", left, HELP_COLUMN, "");
	else
		printf("%-*s", HELP_COLUMN, left);
	put_summary(summary, metavar ? fallback : NULL);
}

/* Has the command shown itself this option as one of the usual ones? */
static bool
is_shown(const struct command *command, const char *name, bool all)
{
	return all || command->shown == NULL ||
	       g_strv_contains(command->shown, name);
}

void
cli_help_command(const struct command *command, bool all)
{
	bool some_hidden = false;

	printf("usage: mailmig %s %s\n\n%c%s.\n", command->name,
	    command->arguments, g_ascii_toupper(*command->summary),
	    command->summary + 1);
	if (*command->text != '\0')
		printf("%s\n", command->text);
	putchar('\n');
	for (const struct plan_key *k = plan_keys; k->group != NULL; k++) {
		if (!cli_key_fits(command, k))
			continue;
		if (is_shown(command, k->option, all))
			put_option(
			    k->option, 0, k->metavar, k->summary, k->fallback);
		else
			some_hidden = true;
	}
	for (guint i = 0; i < CLI_SWITCHES; i++) {
		const struct cli_option *o = &cli_options[i];

		if ((command->switches & 1u << i) == 0)
			continue;
		if (is_shown(command, o->name, all))
			put_option(o->name, o->letter, NULL, o->summary, NULL);
		else
			some_hidden = true;
	}
	if (some_hidden)
		put_option("help-all", 0, NULL,
		    "every option, also these "
		    "that are seldom needed",
		    NULL);
	printf("\nExample: mailmig %s\n", command->example);
}

/* A word in mdoc: a dot or an apostrophe at the beginning of a line would make
 * it a request, and a backslash begins an escape. */
static void
put_mdoc_word(const char *word, gsize len, bool begins)
{
	if (begins && (*word == '.' || *word == '\''))
		printf("\\&");
	for (gsize i = 0; i < len; i++) {
		if (word[i] == '\\')
			printf("\\e");
		else
			putchar(word[i]);
	}
}

/* A text in mdoc, without its last line feed: lines of up to MDOC_WIDTH, every
 * sentence on a new one, the first letter a capital. */
static void
put_mdoc(const char *text)
{
	gsize column = 0;
	bool sentence = false;

	while (*text != '\0') {
		gsize len = strcspn(text, " \n");
		g_autofree char *word = g_strndup(text, len);

		if (column > 0 && (sentence || column + 1 + len > MDOC_WIDTH)) {
			putchar('\n');
			column = 0;
		} else if (column > 0) {
			putchar(' ');
			column++;
		}
		put_mdoc_word(word, len, column == 0);
		column += len;
		sentence = len > 0 && strchr(".!?", word[len - 1]) != NULL;
		text += len;
		text += strspn(text, " \n");
	}
}

/* A summary of a table, which has neither capital nor dot, as a sentence. */
static void
put_mdoc_sentence(const char *text)
{
	g_autofree char *sentence =
	    g_strdup_printf("%c%s.", g_ascii_toupper(*text), text + 1);

	put_mdoc(sentence);
	putchar('\n');
}

static void
put_mdoc_fallback(const char *value)
{
	printf("The default is\n.Cm ");
	put_mdoc_word(value, strlen(value), false);
	printf(" .\n");
}

static void
put_mdoc_line(const char *text)
{
	put_mdoc(text);
	putchar('\n');
}

static void
mdoc_commands(void)
{
	printf(".Bl -tag -width Ds\n");
	for (const struct command *c = cli_commands; c->name != NULL; c++) {
		printf(".It Cm %s", c->name);
		if (*c->arguments != '\0') {
			printf(" Ar ");
			put_mdoc(c->arguments);
		}
		putchar('\n');
		put_mdoc_sentence(c->summary);
		if (*c->text != '\0')
			put_mdoc_line(c->text);
	}
	printf(".El\n");
}

static void
mdoc_options(void)
{
	printf(".Bl -tag -width Ds\n");
	for (const struct plan_key *k = plan_keys; k->group != NULL; k++) {
		printf(".It Fl -%s%s%s\n", k->option, k->metavar ? " Ar " : "",
		    k->metavar ? k->metavar : "");
		put_mdoc_sentence(k->summary);
		if (k->fallback != NULL && k->metavar != NULL)
			put_mdoc_fallback(k->fallback);
	}
	for (guint i = 0; i < CLI_SWITCHES; i++) {
		const struct cli_option *o = &cli_options[i];

		printf(".It ");
		if (o->letter != '\0')
			printf("Fl %c , ", o->letter);
		printf("Fl -%s\n", o->name);
		put_mdoc_sentence(o->summary);
	}
	printf(".El\n");
}

static const char *
type_name(enum plan_type type)
{
	switch (type) {
	case PLAN_TEXT:
		return "text";
	case PLAN_URL:
		return "URL";
	case PLAN_PATH:
		return "file name";
	case PLAN_BOOL:
		return "yes or no";
	case PLAN_NUMBER:
		return "number";
	case PLAN_SIZE:
		return "size";
	case PLAN_DATE:
		return "date";
	case PLAN_LIST:
		return "list";
	}
	g_assert_not_reached();
}

static void
mdoc_plan(void)
{
	const char *group = "";

	/* The table is in the order of the help; here, group by group. */
	for (const struct plan_key *g = plan_keys; g->group != NULL; g++) {
		bool seen = false;

		for (const struct plan_key *k = plan_keys; k < g; k++)
			seen |= strcmp(k->group, g->group) == 0;
		if (seen)
			continue;
		group = g->group;
		printf(".Ss Group %s\n.Bl -tag -width Ds\n", group);
		for (const struct plan_key *k = g; k->group != NULL; k++) {
			if (strcmp(k->group, group) != 0)
				continue;
			printf(".It Cm %s Pq %s\n", k->key, type_name(k->type));
			put_mdoc_sentence(k->summary);
			printf("The option is\n.Fl -%s .\n", k->option);
			if (k->fallback != NULL)
				put_mdoc_fallback(k->fallback);
		}
		printf(".El\n");
	}
}

static void
mdoc_event(const struct event_entry *e)
{
	printf(
	    ".It %d Cm %s Pq %s\n", e->id, e->name, event_level_name(e->level));
	put_mdoc_line(e->text);
	if (*e->why != '\0') {
		printf(".Pp\n");
		put_mdoc_line(e->why);
	}
	if (*e->remedy != '\0') {
		printf(".Pp\n");
		put_mdoc_line(e->remedy);
	}
}

static void
mdoc_driver(const char *name, const char *const *schemes, const char *summary,
    const struct option *options)
{
	printf(".Ss %s\n", name);
	put_mdoc_sentence(summary);
	printf("Addresses begin with");
	for (guint i = 0; schemes[i] != NULL; i++)
		printf("%s\n.Cm %s :", i > 0 ? " or" : "", schemes[i]);
	printf("\n");
	if (options->name == NULL)
		return;
	printf(".Bl -tag -width Ds\n");
	for (; options->name != NULL; options++) {
		printf(".It Cm %s\n", options->name);
		put_mdoc_sentence(options->summary);
		if (options->choices != NULL)
			printf("One of\n.Cm %s .\n", options->choices);
		if (options->fallback != NULL && *options->fallback != '\0')
			put_mdoc_fallback(options->fallback);
	}
	printf(".El\n");
}

void
cli_help_mdoc(const char *part)
{
	if (strcmp(part, "commands") == 0) {
		mdoc_commands();
	} else if (strcmp(part, "options") == 0) {
		mdoc_options();
	} else if (strcmp(part, "plan") == 0) {
		mdoc_plan();
	} else if (strcmp(part, "events") == 0) {
		printf(".Bl -tag -width Ds\n");
		for (const struct event_entry *e = event_catalogue; e->id != 0;
		     e++)
			mdoc_event(e);
		printf(".El\n");
	} else if (strcmp(part, "sources") == 0) {
		for (guint i = 0; source_drivers[i] != NULL; i++)
			mdoc_driver(source_drivers[i]->name,
			    source_drivers[i]->schemes,
			    source_drivers[i]->summary,
			    source_drivers[i]->options);
	} else if (strcmp(part, "destinations") == 0) {
		for (guint i = 0; dest_drivers[i] != NULL; i++)
			mdoc_driver(dest_drivers[i]->name,
			    dest_drivers[i]->schemes, dest_drivers[i]->summary,
			    dest_drivers[i]->options);
	}
}
