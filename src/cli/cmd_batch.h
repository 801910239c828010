/*
 * Batch mode of the Exchange Migration Wizard: its control file and switches
 * (spec/wizard.md 7), read into a plan of ours.
 */
#ifndef MAILMIG_CLI_CMD_BATCH_H
#define MAILMIG_CLI_CMD_BATCH_H

#include "cli/command.h"

/* The original's modes, as bits: which keyword is good for which. */
enum cmd_batch_mode {
	BATCH_FILE = 1 << 0,
	BATCH_MSMAILPC = 1 << 1,
	BATCH_CCMAIL = 1 << 2,
	BATCH_COLLABRA = 1 << 3,
	BATCH_NOTES = 1 << 4,
	BATCH_GRPWISE = 1 << 5,
	BATCH_GRPWISE5 = 1 << 6,
	BATCH_ADSI = 1 << 7,
	BATCH_IMAP = 1 << 8,
	BATCH_EXCHANGE = 1 << 9,
};
#define BATCH_ALL 0x3ff

enum cmd_batch_key {
	KEY_MODE,
	KEY_FUNCTION,
	KEY_FILE,
	KEY_ACCOUNTS,
	KEY_MAILBOX,
	KEY_POSTOFFICE,
	KEY_PONAME,
	KEY_GWDOMAIN,
	KEY_GWUSERGRPNAME,
	KEY_GWRTF,
	KEY_NOTESINI,
	KEY_DOCLINK,
	KEY_SECURE,
	KEY_ENCRYPTED,
	KEY_PORT,
	KEY_EMAIL,
	KEY_PUBLIC,
	KEY_PAB,
	KEY_SCHEDULE,
	KEY_PHONE,
	KEY_APPOINTMENTS,
	KEY_NOTES,
	KEY_TASKS,
	KEY_EMAILSTART,
	KEY_EMAILEND,
	KEY_SCHDSTART,
	KEY_SCHDEND,
	KEY_HOME_SERVER,
	KEY_CONTAINER,
	KEY_TEMPLATE,
	KEY_NTACCOUNTS,
	KEY_NTDOMAIN,
	KEY_DEFFLDPERMS,
	KEY_FLDOWNER,
	KEY_IMPORTDESTINATION,
	KEY_PSTPATH,
	KEY_EXCHSTORE,
	KEY_EXCHSTOREDN,
	KEY_EXCH55,
	KEY_RESTRICT,
	KEY_SUBJECTFILE,
	KEY_FORCEPWD,
	BATCH_KEYS,
};

enum cmd_batch_type {
	BATCH_TEXT,
	BATCH_PATH, /* of Windows */
	BATCH_CHOICE,
	BATCH_DATE, /* YYYYMMDDHHMMSS */
	BATCH_NUMBER,
	BATCH_CONTAINER,
};

struct cmd_batch_keyword {
	const char *name, *alias; /* without case */
	enum cmd_batch_type type;
	const char *choices;  /* "TRUE|FALSE" */
	const char *fallback; /* or NULL: none */
	guint32 modes;	      /* others are told that it is not needed */
};
extern const struct cmd_batch_keyword cmd_batch_keywords[BATCH_KEYS];

/* A drive or share of Windows, and where it lies here. */
struct cmd_batch_drive {
	char *windows, *here;
};

struct cmd_batch {
	struct cli *cli;
	char *path;		  /* of the control file */
	char *values[BATCH_KEYS]; /* as given, or NULL */
	int lines[BATCH_KEYS];	  /* where, 0: not given */
	guint32 mode;
	GPtrArray *drives;	  /* of struct cmd_batch_drive */
	char *account, *password; /* /A, /P */
	bool silent, no_ole;
	guint warnings, errors;
};

/* cmd_batch_file.c: reads batch->path. False: it cannot be used, which has been
 * said. Echoes what it finds, unless silent. */
bool cmd_batch_read(struct cmd_batch *batch);
/* The value, given or not. */
const char *cmd_batch_value(
    const struct cmd_batch *batch, enum cmd_batch_key key);
bool cmd_batch_is(
    const struct cmd_batch *batch, enum cmd_batch_key key, const char *value);
/* Said with the file and the line of the keyword, and counted. */
void cmd_batch_warn(struct cmd_batch *batch, int line, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
bool cmd_batch_error(struct cmd_batch *batch, int line, const char *format, ...)
    G_GNUC_PRINTF(3, 4); /* false */

/* cmd_batch_plan.c: the same in words of ours. */
bool cmd_batch_plan(struct cmd_batch *batch);
/* A path of Windows as one of this machine, or NULL: refused in words. */
char *cmd_batch_here(
    struct cmd_batch *batch, enum cmd_batch_key key, const char *path);

/* cmd_batch_people.c: the original's lists of people. */
bool cmd_batch_people(struct cmd_batch *batch);

#endif
