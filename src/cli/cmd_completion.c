/*
 * mailmig completion SHELL: the words that a shell offers, from the tables of
 * commands, options and drivers, so that they cannot differ.
 */
#include "cli/command.h"

#include "dest/dest.h"
#include "source/source.h"

#include <string.h>

/* A word takes a value: of what kind? */
static bool
takes_file(const struct plan_key *key)
{
	return key->metavar != NULL && key->type == PLAN_PATH;
}

static void
put_options(const struct command *c, const char *separator)
{
	for (const struct plan_key *k = plan_keys; k->group != NULL; k++)
		if (cli_key_fits(c, k))
			printf("--%s%s", k->option, separator);
	for (guint i = 0; i < CLI_SWITCHES; i++)
		if (i == CLI_HELP || i == CLI_HELP_ALL ||
		    (c->switches & 1u << i) != 0)
			printf("--%s%s", cli_options[i].name, separator);
}

/* "imap:" and so on: an address begins with them. */
static void
put_schemes(bool source)
{
	if (source) {
		for (guint i = 0; source_drivers[i] != NULL; i++)
			for (guint j = 0; source_drivers[i]->schemes[j]; j++)
				printf("%s: ", source_drivers[i]->schemes[j]);
		return;
	}
	for (guint i = 0; dest_drivers[i] != NULL; i++)
		for (guint j = 0; dest_drivers[i]->schemes[j]; j++)
			printf("%s: ", dest_drivers[i]->schemes[j]);
}

static void
bash(void)
{
	printf("# bash completion of mailmig\n"
	       "_mailmig()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} "
	       "prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
	       "\tif [ \"$COMP_CWORD\" = 1 ]; then\n\t\twords=\"");
	for (const struct command *c = cli_commands; c->name != NULL; c++)
		printf("%s ", c->name);
	printf("--help --version\"\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	       "\t\treturn\n\tfi\n\tcase $prev in\n\t--from) words=\"");
	put_schemes(true);
	printf("\" ;;\n\t--to) words=\"");
	put_schemes(false);
	printf("\" ;;\n\t");
	for (const struct plan_key *k = plan_keys; k->group != NULL; k++)
		if (takes_file(k))
			printf("--%s|", k->option);
	printf("--drive)\n\t\tCOMPREPLY=($(compgen -f -- \"$cur\")); return "
	       ";;\n\tesac\n\tif [ -n \"$words\" ]; then\n"
	       "\t\tcompopt -o nospace\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	       "\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n");
	for (const struct command *c = cli_commands; c->name != NULL; c++) {
		printf("\t%s) words=\"", c->name);
		put_options(c, " ");
		printf("\" ;;\n");
	}
	printf("\tesac\n\tcase $cur in\n"
	       "\t-*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
	       "\t*) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n\tesac\n}\n"
	       "complete -F _mailmig mailmig\n");
}

/* Within single quotes; for zsh also without what has a meaning there. */
static void
put_quoted(const char *text, bool zsh)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			printf(zsh ? "'\\''" : "\\'");
		else if (zsh && strchr("[]:", *text) != NULL)
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void
zsh(void)
{
	printf("#compdef mailmig\n# zsh completion of mailmig\n_mailmig() {\n"
	       "\tlocal -a commands\n\tcommands=(\n");
	for (const struct command *c = cli_commands; c->name != NULL; c++) {
		printf("\t\t'%s:", c->name);
		put_quoted(c->summary, true);
		printf("'\n");
	}
	printf("\t)\n\tif (( CURRENT == 2 )); then\n"
	       "\t\t_describe command commands\n\t\treturn\n\tfi\n"
	       "\tlocal command=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n"
	       "\tcase $command in\n");
	for (const struct command *c = cli_commands; c->name != NULL; c++) {
		printf("\t%s) _arguments", c->name);
		for (const struct plan_key *k = plan_keys; k->group != NULL;
		     k++) {
			if (!cli_key_fits(c, k))
				continue;
			printf(" \\\n\t\t'*--%s[", k->option);
			put_quoted(k->summary, true);
			printf("]%s%s%s'", k->metavar ? ":" : "",
			    k->metavar ? k->metavar : "",
			    takes_file(k) ? ":_files"
			    : k->metavar  ? ": "
					  : "");
		}
		for (guint i = 0; i < CLI_SWITCHES; i++) {
			if (i != CLI_HELP && (c->switches & 1u << i) == 0)
				continue;
			printf(" \\\n\t\t'--%s[", cli_options[i].name);
			put_quoted(cli_options[i].summary, true);
			printf("]'");
		}
		printf(" \\\n\t\t'*:file:_files' ;;\n");
	}
	printf("\tesac\n}\n"
	       "if [ \"$funcstack[1]\" = _mailmig ]; then _mailmig \"$@\"; "
	       "else compdef _mailmig mailmig; fi\n");
}

static void
put_fish_option(const struct command *c, const char *name, char letter,
    const char *summary, bool value, bool file)
{
	printf("complete -c mailmig -n '__fish_seen_subcommand_from %s' -l %s",
	    c->name, name);
	if (letter != '\0')
		printf(" -s %c", letter);
	printf("%s -d '", file ? " -r -F" : value ? " -x" : "");
	put_quoted(summary, false);
	printf("'\n");
}

static void
fish(void)
{
	printf("# fish completion of mailmig\n");
	for (const struct command *c = cli_commands; c->name != NULL; c++) {
		printf("complete -c mailmig -n __fish_use_subcommand -f -a %s "
		       "-d '",
		    c->name);
		put_quoted(c->summary, false);
		printf("'\n");
		for (const struct plan_key *k = plan_keys; k->group != NULL;
		     k++)
			if (cli_key_fits(c, k))
				put_fish_option(c, k->option, '\0', k->summary,
				    k->metavar != NULL, takes_file(k));
		for (guint i = 0; i < CLI_SWITCHES; i++)
			if (i == CLI_HELP || (c->switches & 1u << i) != 0)
				put_fish_option(c, cli_options[i].name,
				    cli_options[i].letter,
				    cli_options[i].summary, false, false);
	}
	printf("complete -c mailmig -n '__fish_seen_argument -l from' -a '");
	put_schemes(true);
	printf("'\ncomplete -c mailmig -n '__fish_seen_argument -l to' -a '");
	put_schemes(false);
	printf("'\n");
}

int
cmd_completion(struct cli *cli)
{
	const char *shell = cli->arguments->pdata[0];

	if (strcmp(shell, "bash") == 0)
		bash();
	else if (strcmp(shell, "zsh") == 0)
		zsh();
	else if (strcmp(shell, "fish") == 0)
		fish();
	else {
		cli_say("completion is for bash, zsh and fish, not for '%s'",
		    shell);
		return CLI_USAGE;
	}
	return 0;
}
