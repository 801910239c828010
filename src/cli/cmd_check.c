/*
 * mailmig check URL: a file at rest, strictly, by the rules of its format. What
 * breaks one is said in words; nothing is written.
 */
#include "cli/command.h"

#include "base/human.h"
#include "source/source.h"

#include <jansson.h>
#include <string.h>

#define PLACES_SHOWN 10	  /* of one rule; --json gives all that were kept */
#define PLACE_WIDTH  1000 /* columns of one place */

static void
put_json(const char *name, const struct source_check *check)
{
	json_t *o;

	for (guint i = 0; check->findings && i < check->findings->len; i++) {
		const struct finding *f = check->findings->pdata[i];

		o = json_pack("{s:s,s:s,s:s,s:s,s:s}", "mailbox", name, "level",
		    f->broken ? "broken" : "warning", "rule", f->rule, "words",
		    f->words, "where", f->where);
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(o);
	}
	o = json_pack("{s:s,s:I,s:I,s:s?}", "mailbox", name, "broken",
	    (json_int_t)check->broken, "warnings", (json_int_t)check->warnings,
	    "summary", check->summary);
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

/* Each rule once, the places where it is broken below. */
static void
put_findings(const GPtrArray *findings)
{
	g_autoptr(GHashTable) said = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < findings->len; i++) {
		const struct finding *f = findings->pdata[i];
		guint n = 0;

		if (!g_hash_table_add(said, (char *)f->rule))
			continue;
		printf("%s: %s: %s\n", f->broken ? "broken" : "warning",
		    f->rule, f->words);
		for (guint k = i; k < findings->len; k++) {
			const struct finding *g = findings->pdata[k];
			g_autofree char *where = NULL;

			if (strcmp(g->rule, f->rule) != 0 ||
			    n++ >= PLACES_SHOWN)
				continue;
			where = human_cut(g->where, PLACE_WIDTH);
			printf("    %s\n", where);
		}
		if (n > PLACES_SHOWN)
			printf("    and %u more\n", n - PLACES_SHOWN);
	}
}

static void
put_text(const char *name, const struct source_check *check)
{
	g_autofree char *clean = human_cut(name, PLACE_WIDTH);

	if (check->findings)
		put_findings(check->findings);
	printf("%s: ", clean);
	if (check->broken + check->warnings == 0)
		printf("clean");
	else
		printf("%" G_GUINT64_FORMAT " broken, %" G_GUINT64_FORMAT
		       " warning%s",
		    check->broken, check->warnings,
		    check->warnings == 1 ? "" : "s");
	printf("%s%s\n", check->summary ? "; " : "",
	    check->summary ? check->summary : "");
}

static enum status
check_all(const struct cli *cli, int *status, GError **error)
{
	g_autoptr(GPtrArray) boxes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	g_autoptr(Source) source = NULL;
	struct plan_route route;
	enum status st = plan_route(cli->plan, NULL, NULL, &route, error);

	if (st < 0)
		return st;
	st = source_open(&source, source_driver_find(route.from_url.scheme),
	    &route.from, error);
	if (st == ST_OK)
		st = source_list(source, boxes, error);
	for (guint i = 0; st == ST_OK && i < boxes->len; i++) {
		const struct mailbox *mailbox = boxes->pdata[i];
		struct source_check check = {0};
		g_autoptr(GError) why = NULL;

		st = source_check(source, mailbox, &check, &why);
		if (st == ST_OK) {
			if (cli->on[CLI_JSON])
				put_json(mailbox->name, &check);
			else
				put_text(mailbox->name, &check);
			*status = MAX(*status, check.broken	? 2
					       : check.warnings ? 1
								: 0);
		} else if (st == ST_RUN) {
			g_propagate_error(error, g_steal_pointer(&why));
		} else {
			/* The next file may be fine. */
			*status = cli_fail(why);
			st = ST_OK;
		}
		source_check_clear(&check);
	}
	g_clear_pointer(&source, source_close);
	plan_route_clear(&route);
	return st;
}

int
cmd_check(struct cli *cli)
{
	g_autoptr(GError) error = NULL;
	const char *url = cli->plan->from.text;
	g_autofree char *scheme = NULL;
	const struct source_driver *driver;
	int status, found = 0;

	if (cli->plan->to.text != NULL || url == NULL)
		return cli_check_ends(cli);
	scheme = g_strndup(url, strcspn(url, ":")); /* parsed below */
	driver = source_driver_find(scheme);

	/* Before a password is asked for. */
	if (driver != NULL && driver->check == NULL) {
		cli_say("%s: there is no check of what it reads; pst: has one",
		    driver->name);
		return CLI_USAGE;
	}
	status = cli_finish_plan(cli, false);
	if (status >= 0)
		return status;
	if (check_all(cli, &found, &error) < 0)
		return cli_fail(error);
	return found;
}
