/*
 * The command line: GNU long options, taken from the table of plan keys and
 * the table of switches.
 */
#include "cli/command.h"

#include "base/nearest.h"

#include <string.h>

const struct cli_option cli_options[CLI_SWITCHES] = {
    [CLI_HELP] = {"help", 'h', "this text"},
    [CLI_HELP_ALL] = {"help-all", 0, "with every option"},
    [CLI_JSON] = {"json", 0, "one JSON object per line, for machines"},
    [CLI_QUIET] = {"quiet", 'q', "only warnings and errors"},
    [CLI_NO_PROGRESS] = {"no-progress", 0, "no progress on the terminal"},
    [CLI_RECORDS] = {"records", 0, "every record of the source"},
    [CLI_PRINT_PLAN] = {"print-plan", 0,
	"print what would be run, as a plan file; run nothing"},
    [CLI_HTML] = {"html", 0, "the HTML page, on standard output"},
    [CLI_CSV] = {"csv", 0, "a line for each mailbox, as CSV"},
    [CLI_FAILURES] = {"failures", 0, "a line for each failed item, as CSV"},
};

bool
cli_key_fits(const struct command *command, const struct plan_key *key)
{
	static const struct {
		const char *group;
		guint32 takes;
	} groups[] = {
	    {"from", CLI_FROM},
	    {"both", CLI_FROM},
	    {"accounts", CLI_FROM},
	    {"to", CLI_TO},
	    {"filter", CLI_FILTER},
	    {"folders", CLI_FILTER},
	    {"run", CLI_RUN},
	    {"directory", CLI_DIRECTORY},
	};

	if (strcmp(key->option, "state") == 0)
		return (command->takes & (CLI_STATE | CLI_RUN)) != 0;
	for (guint i = 0; i < G_N_ELEMENTS(groups); i++)
		if (strcmp(groups[i].group, key->group) == 0)
			return (command->takes & groups[i].takes) != 0;
	return false;
}

static bool
switch_fits(const struct command *command, guint i)
{
	return i == CLI_HELP || i == CLI_HELP_ALL ||
	       (command->switches & 1u << i) != 0;
}

static const struct plan_key *
find_key(const struct command *command, const char *name)
{
	for (const struct plan_key *k = plan_keys; k->group != NULL; k++)
		if (strcmp(k->option, name) == 0 && cli_key_fits(command, k))
			return k;
	return NULL;
}

const char *
cli_nearest_command(const char *word)
{
	const char *words[32];
	guint n = 0;

	for (const struct command *c = cli_commands; c->name != NULL; c++) {
		g_assert(n < G_N_ELEMENTS(words) - 1);
		words[n++] = c->name;
	}
	words[n] = NULL;
	return nearest_word(word, words);
}

static int
bad_option(const struct command *command, const char *name)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	const char *near;

	for (const struct plan_key *k = plan_keys; k->group != NULL; k++)
		if (cli_key_fits(command, k))
			g_ptr_array_add(words, (char *)k->option);
	for (guint i = 0; i < CLI_SWITCHES; i++)
		if (switch_fits(command, i))
			g_ptr_array_add(words, (char *)cli_options[i].name);
	g_ptr_array_add(words, NULL);
	near = nearest_word(name, (const char *const *)words->pdata);
	if (near != NULL)
		cli_say("%s has no option '--%s'; did you mean '--%s'?",
		    command->name, name, near);
	else
		cli_say("%s has no option '--%s'; see 'mailmig %s --help-all'",
		    command->name, name, command->name);
	return CLI_USAGE;
}

/* An option and its value, waiting until the plan file has been read. */
struct pending {
	const struct plan_key *key;
	const char *value;
};

static int
parse_long(struct cli *cli, int argc, char **argv, int *i, GArray *pending)
{
	const char *word = argv[*i] + 2, *equals = strchr(word, '=');
	g_autofree char *name =
	    equals ? g_strndup(word, (gsize)(equals - word)) : g_strdup(word);
	const struct plan_key *key = find_key(cli->command, name);
	struct pending p = {key, NULL};

	for (guint s = 0; key == NULL && s < CLI_SWITCHES; s++) {
		if (strcmp(cli_options[s].name, name) != 0 ||
		    !switch_fits(cli->command, s))
			continue;
		if (equals != NULL) {
			cli_say("--%s takes no value", name);
			return CLI_USAGE;
		}
		cli->on[s] = true;
		return -1;
	}
	if (key == NULL)
		return bad_option(cli->command, name);
	if (key->metavar == NULL) {
		if (equals != NULL) {
			cli_say("--%s takes no value", name);
			return CLI_USAGE;
		}
		p.value = g_str_has_prefix(name, "no-") ? "no" : "yes";
	} else if (equals != NULL) {
		p.value = equals + 1;
	} else if (*i + 1 < argc) {
		p.value = argv[++*i];
	} else {
		cli_say(
		    "--%s needs a value: --%s %s", name, name, key->metavar);
		return CLI_USAGE;
	}
	g_array_append_val(pending, p);
	return -1;
}

static int
parse_letters(struct cli *cli, const char *word)
{
	for (const char *p = word + 1; *p != '\0'; p++) {
		guint s;

		for (s = 0; s < CLI_SWITCHES; s++)
			if (cli_options[s].letter == *p &&
			    switch_fits(cli->command, s))
				break;
		if (s == CLI_SWITCHES) {
			cli_say("%s has no option '-%c'; options are written "
				"in full, such as --from URL (mailmig %s "
				"--help)",
			    cli->command->name, *p, cli->command->name);
			return CLI_USAGE;
		}
		cli->on[s] = true;
	}
	return -1;
}

static int
set(struct cli *cli, const char *group, const char *key, const char *value,
    const char *name)
{
	g_autoptr(GError) error = NULL;

	if (plan_set(cli->plan, group, key, value, &error) < 0) {
		g_prefix_error(&error, "%s: ", name);
		return cli_fail(error);
	}
	return -1;
}

/* What import is given is a directory or packing list: "files:" may be left
 * out. */
static char *
as_files(const char *word)
{
	return g_str_has_prefix(word, "files:") || strstr(word, "://") != NULL
		   ? g_strdup(word)
		   : g_strconcat("files:", word, NULL);
}

/* "check PLAN": a word that is no address, and a file. */
static bool
is_plan(const struct cli *cli)
{
	return cli->command->run == cmd_check && cli->arguments->len == 1 &&
	       strchr(cli->arguments->pdata[0], ':') == NULL;
}

static int
apply(struct cli *cli, const GArray *pending)
{
	int status = -1;

	/* "run PLAN": the options change what the file says. */
	if (cli->command->run == cmd_run || is_plan(cli)) {
		g_autoptr(GError) error = NULL;

		if (plan_load(cli->plan, cli->arguments->pdata[0], &error) < 0)
			return cli_fail(error);
	}
	for (guint i = 0; status < 0 && i < pending->len; i++) {
		const struct pending *p =
		    &g_array_index(pending, struct pending, i);
		g_autofree char *name = g_strconcat("--", p->key->option, NULL);

		status = set(cli, p->key->group, p->key->key, p->value, name);
	}
	/* "migrate URL URL", "import URL", "show URL": the ends by place. */
	if ((cli->command->takes & CLI_FROM) == 0 ||
	    cli->command->run == cmd_run || cli->command->run == cmd_batch ||
	    cli->command->run == cmd_directory || is_plan(cli))
		return status;
	for (guint i = 0; status < 0 && i < cli->arguments->len; i++) {
		const char *word = cli->arguments->pdata[i];
		g_autofree char *url = i == 0 && cli->command->run == cmd_import
					   ? as_files(word)
					   : g_strdup(word);

		status = set(cli, i == 0 ? "from" : "to", "url", url, word);
	}
	return status;
}

static int
check_arguments(const struct cli *cli)
{
	const struct command *command = cli->command;

	if (cli->arguments->len < command->min_arguments) {
		cli_say("%s needs %s: mailmig %s %s", command->name,
		    command->arguments, command->name, command->arguments);
		return CLI_USAGE;
	}
	if (cli->arguments->len > command->max_arguments) {
		cli_say("%s: '%s' is one too many: mailmig %s %s",
		    command->name,
		    (char *)cli->arguments->pdata[command->max_arguments],
		    command->name, command->arguments);
		return CLI_USAGE;
	}
	return -1;
}

/* For the ledger: a URL without its password. */
static char *
without_secret(const char *word)
{
	g_autoptr(GRegex) regex =
	    g_regex_new("(://[^:@/?]*):[^/?]*@", 0, 0, NULL);

	/* The original's switch. */
	if (g_ascii_strncasecmp(word, "/P:", 3) == 0 ||
	    g_ascii_strncasecmp(word, "-P:", 3) == 0)
		return g_strdup_printf("%.3s***", word);
	return g_regex_replace(regex, word, -1, 0, "\\1@", 0, NULL);
}

/* The original's switches: 'batch' takes them apart itself. */
static void
take_words(struct cli *cli, char **argv, int *i, guint words)
{
	g_ptr_array_add(cli->arguments, argv[*i]);
	if (words == 2)
		g_ptr_array_add(cli->arguments, argv[++*i]);
}

int
cli_parse(struct cli *cli, int argc, char **argv)
{
	g_autoptr(GArray) pending =
	    g_array_new(FALSE, FALSE, sizeof(struct pending));
	bool options = true;
	int status = -1;

	cli->plan = plan_new();
	cli->arguments = g_ptr_array_new();
	cli->typed = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(cli->typed, g_strdup("mailmig"));
	g_ptr_array_add(cli->typed, g_strdup(cli->command->name));
	for (int i = 0; i < argc; i++)
		g_ptr_array_add(cli->typed, without_secret(argv[i]));

	for (int i = 0; status < 0 && i < argc; i++) {
		guint words = cli->command->run == cmd_batch
				  ? cli_batch_words(argc, argv, i)
				  : 0;

		if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (options && words > 0)
			take_words(cli, argv, &i, words);
		else if (options && g_str_has_prefix(argv[i], "--"))
			status = parse_long(cli, argc, argv, &i, pending);
		else if (options && argv[i][0] == '-' && argv[i][1] != '\0')
			status = parse_letters(cli, argv[i]);
		else
			g_ptr_array_add(cli->arguments, argv[i]);
	}
	if (status >= 0)
		return status;
	if (cli->on[CLI_HELP] || cli->on[CLI_HELP_ALL]) {
		cli_help_command(cli->command, cli->on[CLI_HELP_ALL]);
		return 0;
	}
	status = check_arguments(cli);
	return status < 0 ? apply(cli, pending) : status;
}

void
cli_clear(struct cli *cli)
{
	g_clear_pointer(&cli->plan, plan_free);
	g_clear_pointer(&cli->arguments, g_ptr_array_unref);
	g_clear_pointer(&cli->typed, g_ptr_array_unref);
}
