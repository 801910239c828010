/*
 * mailmig: the table of commands, and who is called.
 */
#include "cli/command.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const char *const shown_pass[] = {"from", "to", "accounts", "mailbox",
    "password-file", "since", "max-size", "exclude", "folder-map", "workers",
    "state", "json", "no-progress", NULL};
static const char *const shown_extract[] = {"from", "to", "accounts", "mailbox",
    "password-file", "source-auth-user", "since", "until", "exclude", "workers",
    "state", "json", NULL};
static const char *const shown_import[] = {"to", "mailbox", "accounts",
    "password-file", "dest-auth-user", "since", "exclude", "folder-map",
    "lenient", "state", "json", NULL};
static const char *const shown_verify[] = {"from", "to", "accounts", "mailbox",
    "password-file", "exclude", "folder-map", "workers", "state", "json", NULL};
static const char *const shown_show[] = {"records", "json", "accounts",
    "mailbox", "source-auth-user", "password-file", "token-command", "since",
    "include", NULL};
static const char *const shown_check[] = {"from", "to", "accounts", "mailbox",
    "password-file", "since", "exclude", "max-size", "folder-map", "workers",
    "json", NULL};
static const char *const shown_batch[] = {"from", "to", "accounts",
    "password-file", "workers", "state", "print-plan", "json", "quiet", NULL};
static const char *const shown_run[] = {"from", "to", "accounts", "workers",
    "connections", "state", "print-plan", "json", "quiet", "no-progress", NULL};
static const char *const shown_directory[] = {"directory", "directory-map",
    "no-create-mailboxes", "address-policy", "on-conflict", "initial-password",
    "state", "json", NULL};

#define PASS_SWITCHES                                                          \
	(1u << CLI_JSON | 1u << CLI_QUIET | 1u << CLI_NO_PROGRESS |            \
	    1u << CLI_PRINT_PLAN)
#define PASS_KEYS (CLI_FROM | CLI_TO | CLI_FILTER | CLI_RUN | CLI_DIRECTORY)

const struct command cli_commands[] = {
    {"migrate", "--from URL --to URL", 0, 2,
	"move mail from one place to another, in one step",
	"What moved before is not moved again: call it as often as you "
	"like.",
	"migrate --from imaps://anna@old.example --to maildir:Mail", PASS_KEYS,
	PASS_SWITCHES, shown_pass, cmd_migrate, true},
    {"extract", "--from URL --to files:DIR", 0, 2,
	"first step: write migration files",
	"They can be read, kept, edited, and imported later and elsewhere.",
	"extract --from imaps://anna@old.example --to files:out", PASS_KEYS,
	PASS_SWITCHES, shown_extract, cmd_extract, true},
    {"import", "files:DIR|FILE.PKL --to URL", 1, 2,
	"second step: move migration files to their destination",
	"A recovery set of an earlier run is imported in the same way.",
	"import files:out --to imaps://anna@new.example", PASS_KEYS,
	PASS_SWITCHES, shown_import, cmd_import, true},
    {"run", "PLAN", 1, 1, "do what a plan file says",
	"Options change the plan for this run; the file stays as it is.",
	"run organisation.plan", PASS_KEYS, PASS_SWITCHES, shown_run, cmd_run,
	true},
    {"verify", "--from URL --to URL", 0, 2,
	"read both ends and compare them, message by message",
	"Writes nothing. Exit status 0: everything is at the destination.",
	"verify --from imaps://anna@old.example --to maildir:Mail", PASS_KEYS,
	PASS_SWITCHES, shown_verify, cmd_verify},
    {"show", "URL", 1, 1, "look at mailboxes, folders, records",
	"Counts and sizes; with --records every record of the source.",
	"show imaps://anna@mail.example.org", CLI_FROM | CLI_FILTER,
	1u << CLI_JSON | 1u << CLI_RECORDS, shown_show, cmd_show},
    {"check", "PLAN | --from URL --to URL | URL", 0, 1,
	"what will go wrong, before anything is written",
	"Logs on to every mailbox at both ends, counts, measures. Of a .pst "
	"file\nalone: is it sound? Exit status: 0 yes, 1 warnings, 2 errors.",
	"check --from imaps://anna@old.example --to maildir:Mail",
	CLI_FROM | CLI_TO | CLI_FILTER | CLI_RUN | CLI_DIRECTORY,
	1u << CLI_JSON | 1u << CLI_QUIET | 1u << CLI_NO_PROGRESS, shown_check,
	cmd_check, true},
    {"plan", "--from URL --to URL", 0, 2,
	"write a plan file with a comment on every key",
	"On standard output. Nothing is connected to, and no password is in "
	"it.",
	"plan --from imaps://old.example --to maildir:Mail >my.plan", PASS_KEYS,
	0, shown_run, cmd_plan},
    {"batch", "CONTROLFILE", 0, 64,
	"do what a control file of the Exchange Migration Wizard says",
	"Also its switches, /C:FILE /A:ACCOUNT /P:PASSWORD /S, with / or -.\n"
	"--drive M:=DIR says where a drive or share of Windows lies here.\n"
	"Exit status: 0 clean, 1 warnings, 2 errors.",
	"batch /C:region1.ctl --drive M:=/mnt/region1 --to maildir:Mail",
	PASS_KEYS, PASS_SWITCHES, shown_batch, cmd_batch, true},
    {"wizard", "[PLAN]", 0, 1, "pages that lead through a migration",
	"They edit a plan, which is then run, or saved for later. 'mailmig'\n"
	"alone, on a terminal, does the same.",
	"wizard organisation.plan", 0, 0, NULL, cmd_wizard, true},
    {"status", "[RUN]", 0, 1, "the mailboxes of a run and their counts",
	"Without RUN, of the last one.", "status --state mailmig-state",
	CLI_STATE, 1u << CLI_JSON, NULL, cmd_status},
    {"resume", "[RUN]", 0, 1,
	"go on with a run that was stopped or had failures",
	"Only mailboxes that are not done are looked at.", "resume", CLI_STATE,
	1u << CLI_JSON | 1u << CLI_QUIET | 1u << CLI_NO_PROGRESS, NULL,
	cmd_resume, true},
    {"runs", "", 0, 0, "the runs that a state directory knows", "", "runs",
	CLI_STATE, 1u << CLI_JSON, NULL, cmd_runs},
    {"report", "[RUN]", 0, 1, "how a run went, as HTML, CSV and JSON files",
	"Without RUN, of the last one. Each run writes them at its end, too.",
	"report --state mailmig-state", CLI_STATE,
	1u << CLI_JSON | 1u << CLI_HTML | 1u << CLI_CSV | 1u << CLI_FAILURES,
	NULL, cmd_report},
    {"directory", "import|export|convert|match|plan [FILE|URL] [FILE]", 1, 3,
	"people: find, make and convert recipients of a directory",
	"import: a directory file, LDIF, IMAP user list, ldap:, or files:DIR.\n"
	"export csv:, ldif:, imap-users:FILE, or exchange:DIR (PowerShell).\n"
	"match SOURCE [FILE]: who gets which mailbox; writes a mapping file.\n"
	"convert SOURCE: custom recipients become mailboxes.\n"
	"plan SOURCE: what import and convert would do; writes nothing.\n"
	"Without --directory, the one in the state directory.",
	"directory match files:out map.csv --directory csv:people.csv",
	CLI_FROM | CLI_DIRECTORY | CLI_STATE, 1u << CLI_JSON | 1u << CLI_QUIET,
	shown_directory, cmd_directory},
    {"events", "[EVENT]", 0, 1, "what events mean, and what to do", "",
	"events 14002", 0, 1u << CLI_JSON, NULL, cmd_events},
    {"completion", "bash|zsh|fish", 1, 1, "words for a shell to complete", "",
	"completion bash >/etc/bash_completion.d/mailmig", 0, 0, NULL,
	cmd_completion},
    {"drivers", "[DRIVER]", 0, 1, "sources, destinations, their options", "",
	"drivers imap", 0, 1u << CLI_JSON, NULL, cmd_drivers},
    {NULL},
};

static const struct command *
find_command(const char *name)
{
	for (const struct command *c = cli_commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static int
usage(const char *word)
{
	const char *near = cli_nearest_command(word);

	if (*word == '-')
		cli_say("'%s' comes after the command: mailmig COMMAND %s ...",
		    word, word);
	else if (near != NULL)
		cli_say(
		    "there is no command '%s'; did you mean '%s'?", word, near);
	else
		cli_say("there is no command '%s'; 'mailmig --help' lists them",
		    word);
	return CLI_USAGE;
}

static int
help(int argc, char **argv)
{
	const struct command *command;

	if (argc < 3) {
		cli_help();
		return 0;
	}
	command = find_command(argv[2]);
	if (command == NULL)
		return usage(argv[2]);
	cli_help_command(command, false);
	return 0;
}

int
main(int argc, char **argv)
{
	char *alone[] = {argv[0], (char *)"wizard", NULL};
	g_autoptr(GError) error = NULL;
	struct cli cli = {0};
	int status;

	setlocale(LC_ALL, "");
	/* A reader that went away is an error of write(2), never our death. */
	signal(SIGPIPE, SIG_IGN);
	/* Nor is a limit of ulimit -f: like a full disk, it is told. */
	signal(SIGXFSZ, SIG_IGN);
	if (argc < 2 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
		argv = alone;
		argc = 2;
	}
	if (argc < 2) {
		cli_help();
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--dump-mdoc") == 0 && argc == 3) {
		cli_help_mdoc(argv[2]);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("mailmig %s\n", MAILMIG_VERSION);
		return 0;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return help(argc, argv);

	cli.command = find_command(argv[1]);
	if (cli.command == NULL)
		return usage(argv[1]);
	status = cli_parse(&cli, argc - 2, argv + 2);
	/* Before anything has made a thread or opened a file. */
	if (status < 0 && cli.command->works &&
	    starter_new(&cli.starter, &error) < 0)
		status = cli_fail(error);
	if (status < 0)
		status = cli.command->run(&cli);
	starter_free(cli.starter);
	cli_clear(&cli);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		/* Who read has seen enough ("| head"): no reason to complain.
		 */
		if (errno != EPIPE)
			cli_say("standard output could not be written: %s",
			    g_strerror(errno));
		return status == 0 ? 2 : status;
	}
	return status;
}
