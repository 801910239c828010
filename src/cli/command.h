/*
 * Commands of mailmig: one table, one file each (cmd_NAME.c). The table feeds
 * the parser, the help and the manual page.
 */
#ifndef MAILMIG_CLI_COMMAND_H
#define MAILMIG_CLI_COMMAND_H

#include "engine/plan.h"
#include "engine/starter.h"
#include "ui/report.h"

#include <stdio.h>

/* sysexits(3): the command line was used incorrectly. */
#define CLI_USAGE 64

/* Groups of plan keys that a command takes as options. */
enum cli_takes {
	CLI_FROM = 1 << 0, /* [from], [both] and [accounts] */
	CLI_TO = 1 << 1,
	CLI_FILTER = 1 << 2, /* and [folders] */
	CLI_RUN = 1 << 3,
	CLI_STATE = 1 << 4, /* --state alone */
	CLI_DIRECTORY = 1 << 5,
};

/* Switches that are not of the plan. */
enum cli_switch {
	CLI_HELP,
	CLI_HELP_ALL,
	CLI_JSON,
	CLI_QUIET,
	CLI_NO_PROGRESS,
	CLI_RECORDS,
	CLI_PRINT_PLAN,
	CLI_HTML,
	CLI_CSV,
	CLI_FAILURES,
	CLI_SWITCHES,
};
struct cli_option {
	const char *name; /* "no-progress" */
	char letter;	  /* 'q' for -q, or 0 */
	const char *summary;
};
extern const struct cli_option cli_options[CLI_SWITCHES];

/* Somebody who shows a pass instead of the lines on stderr (the wizard). */
struct cli_screen {
	void (*begin)(void *user, const Plan *plan); /* it is finished */
	void (*event)(void *user, const Event *event);
	void (*tick)(void *user, volatile int *stop);
	void (*failed)(void *user, const GError *error); /* to begin */
	/* path: of the report as a page, or NULL */
	void (*end)(void *user, const UiReport *report, const char *path);
	void *user;
};

struct cli {
	const struct command *command;
	Plan *plan;	      /* with the options applied, not finished */
	GPtrArray *arguments; /* of char *, those that are no options */
	bool on[CLI_SWITCHES];
	GPtrArray *typed; /* of char *: the command as typed, without secrets */
	Starter *starter; /* of a command that runs workers, or NULL */
	const struct cli_screen *screen; /* or NULL */
};

struct command {
	const char *name;
	const char *arguments; /* "[URL URL]", as in the synopsis */
	guint min_arguments, max_arguments;
	const char *summary; /* one line, no dot */
	const char *text;    /* a few lines more, for its help */
	const char *example; /* one line, without the program's name */
	guint32 takes;	     /* enum cli_takes, or-ed */
	guint32 switches; /* 1u << enum cli_switch, or-ed; --help is with all */
	const char *const *shown;    /* options in its help; NULL: all */
	int (*run)(struct cli *cli); /* the exit status */
	bool works;		     /* it has a starter of workers */
};
extern const struct command cli_commands[]; /* ends with a name of NULL */

int cmd_migrate(struct cli *cli);
int cmd_extract(struct cli *cli);
int cmd_import(struct cli *cli);
int cmd_run(struct cli *cli);
int cmd_verify(struct cli *cli);
int cmd_show(struct cli *cli);
int cmd_check(struct cli *cli);
int cmd_status(struct cli *cli);
int cmd_resume(struct cli *cli);
int cmd_runs(struct cli *cli);
int cmd_report(struct cli *cli);
int cmd_completion(struct cli *cli);
int cmd_wizard(struct cli *cli);
int cmd_batch(struct cli *cli);
int cmd_plan(struct cli *cli);
int cmd_directory(struct cli *cli);
int cmd_events(struct cli *cli);
int cmd_drivers(struct cli *cli);

/* parse.c: argv without program and command name. -1 to go on, else the exit
 * status: what is wrong has been said on stderr. */
int cli_parse(struct cli *cli, int argc, char **argv);
void cli_clear(struct cli *cli);
const char *cli_nearest_command(const char *word); /* or NULL */
bool cli_key_fits(const struct command *command, const struct plan_key *key);

/* help.c */
void cli_help(void); /* all commands */
void cli_help_command(const struct command *command, bool all);
void cli_help_mdoc(const char *part); /* "options", "plan", "events", ... */

/* output.c: what goes to stderr, and tables on stdout. */
/* "mailmig: TEXT", the text in one line. */
void cli_say(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Says the error and gives the exit status that fits it: CLI_USAGE for
 * ERR_CONFIG, else 2. */
int cli_fail(const GError *error);
bool cli_colour(int fd); /* a terminal, and NO_COLOR is not set */
/* Text in columns: rows of n cells; the first row is the heading. Columns whose
 * bit is set in right are aligned to the right. */
void cli_table(FILE *out, const GPtrArray *cells, guint n, guint32 right);

/* Where a report lies: state_dir/reports/NAMESUFFIX. g_free() */
char *cli_report_path(
    const char *state_dir, const char *name, const char *suffix);

/* cmd_check_ends.c: both ends of a migration. */
int cli_check_ends(struct cli *cli);

/* cmd_batch.c: how many words from argv[i] are for it alone (its switches are
 * not written like others). */
guint cli_batch_words(int argc, char **argv, int i);

/* pass.c: what migrate, extract, import, run, resume and verify share. */
int cli_pass(struct cli *cli, bool verify, bool resume);
/* Finish the plan: warnings said, passwords asked for. -1 to go on. */
int cli_finish_plan(struct cli *cli, bool need_to);

#endif
