/*
 * mailmig events [EVENT]: the catalogue.
 */
#include "cli/command.h"

#include "base/nearest.h"
#include "event/event.h"

#include <jansson.h>
#include <string.h>

static void
put_json(const struct event_entry *e)
{
	json_t *object = json_pack("{s:i,s:s,s:s,s:s,s:s,s:s}", "id", e->id,
	    "name", e->name, "level", event_level_name(e->level), "text",
	    e->text, "why", e->why, "remedy", e->remedy);

	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void
put_entry(const struct event_entry *e)
{
	printf("%d  %s  (%s)\n\n  %s\n", e->id, e->name,
	    event_level_name(e->level), e->text);
	if (*e->why != '\0')
		printf("\nWhat it means:\n  %s\n", e->why);
	if (*e->remedy != '\0')
		printf("\nWhat to do:\n  %s\n", e->remedy);
}

static const struct event_entry *
find(const char *word)
{
	char *end;
	gint64 id = g_ascii_strtoll(word, &end, 10);

	if (end != word && *end == '\0')
		return id > 0 && id < G_MAXINT ? event_entry_find((int)id)
					       : NULL;
	for (const struct event_entry *e = event_catalogue; e->id != 0; e++)
		if (g_ascii_strcasecmp(e->name, word) == 0)
			return e;
	return NULL;
}

static int
unknown(const char *word)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	const char *near;

	for (const struct event_entry *e = event_catalogue; e->id != 0; e++)
		g_ptr_array_add(words, (char *)e->name);
	g_ptr_array_add(words, NULL);
	near = nearest_word(word, (const char *const *)words->pdata);
	cli_say("there is no event '%s'%s%s%s", word,
	    near ? "; did you mean '" : "", near ? near : "",
	    near ? "'?" : "; 'mailmig events' lists them");
	return CLI_USAGE;
}

int
cmd_events(struct cli *cli)
{
	if (cli->arguments->len > 0) {
		const char *word = cli->arguments->pdata[0];
		const struct event_entry *e = find(word);

		if (e == NULL)
			return unknown(word);
		if (cli->on[CLI_JSON])
			put_json(e);
		else
			put_entry(e);
		return 0;
	}
	for (const struct event_entry *e = event_catalogue; e->id != 0; e++) {
		if (cli->on[CLI_JSON])
			put_json(e);
		else
			printf("%5d  %-7s  %-24s  %s\n", e->id,
			    event_level_name(e->level), e->name, e->text);
	}
	return 0;
}
