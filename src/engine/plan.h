/*
 * A plan: everything a run needs to know, and nothing that it finds out.
 *
 * The command line, the plan file (mailmig-plan(5)) and later the wizard all
 * edit this one structure through plan_set(), key by key; the table of keys
 * feeds --help, the man page and the error texts. A plan file is a GKeyFile;
 * secrets are references (file, command, environment variable), never inside.
 *
 * How a worker gets the plan of its run: plan_to_text() in the parent, after
 * plan_finish(); plan_load_text() and plan_finish() in the worker. Passwords
 * that were typed at a prompt, or stood in a URL, are not in that text: the
 * parent leaves them in its environment (MAILMIG_HANDOVER_*), which its
 * workers inherit.
 */
#ifndef MAILMIG_ENGINE_PLAN_H
#define MAILMIG_ENGINE_PLAN_H

#include "base/url.h"
#include "model/job.h"

#define PLAN_WORKERS_MAX 256 /* processes */
#define PLAN_CONNECTIONS_MAX                                                   \
	16 /* per mailbox and side; servers allow 10 to 20 */
#define PLAN_RETRIES_MAX 100

/* A row of the accounts file (DESIGN 6, wizard.md 6.4), or a --mailbox. */
struct account {
	char *source; /* login or mailbox name at the source */
	char *destination; /* its name there; same as source by default */
	/* What the row itself says. */
	struct login source_login, destination_login;
	char *source_scheme; /* "imap", "imaps": not the URL's, or NULL */
	char *source_host, *destination_host; /* not the URL's, or NULL */
	int source_port, destination_port; /* 0: the URL's */
	int line; /* in the accounts file, for messages; 0: none */
};
void account_free(struct account *account);

/*
 * Read an accounts file into out (of struct account, appended). Three headers
 * are understood: ours, the original's, and Microsoft 365's; columns in any
 * order, names without case.
 * ST_RUN with ERR_CONFIG naming the file, and the line where there is one:
 * unreadable, no known header (the missing column is named: Q259525), a row
 * without a name, an unknown column, a mailbox named twice. *exposed tells
 * that it holds passwords and others than its owner can read it.
 */
enum status accounts_load(
    GPtrArray *out, const char *path, bool *exposed, GError **error);

/*
 * Read a folder map: two columns, source folder and destination folder as
 * folder_path_to_text() writes them; appended to out in pairs of char *.
 */
enum status foldermap_load(GPtrArray *out, const char *path, GError **error);

/* Where a password or token comes from. */
struct plan_secret {
	char *file, *command, *env, *token_command;
};

struct plan_end {
	char *text; /* the URL as given, without a password; NULL: not given */
	struct url url;
	Options *options; /* of the driver, from the URL and the plan file */
	struct login login; /* when there is no accounts file */
	struct plan_secret secret;
	/* Driver options of the plan file: name, value, where, in threes. */
	GPtrArray *settings;
	bool accounts; /* the driver needs a login for each mailbox */
};

typedef struct Plan Plan;
struct Plan {
	struct plan_end from, to;
	struct plan_secret both; /* for the end that has none of its own */
	char *accounts_file;
	GPtrArray *mailboxes; /* of char *: --mailbox */
	GPtrArray *accounts; /* of struct account; empty: all the source lists */
	struct filter filter;
	char *folder_map_file;
	char *public_owner, *public_rights; /* model/job.h; or NULL */
	GPtrArray *folder_map; /* pairs of char *: source, destination */
	char *state_dir; /* "./mailmig-state"; absolute */
	guint workers; /* mailboxes at a time */
	guint connections; /* per mailbox and side */
	guint retries; /* per mailbox */
	guint retry_pause_s; /* seconds before the first retry, then doubled */
	bool lenient; /* policy of migration-files.md 12.6 */

	struct plan_directory {
		char *url; /* of the store of recipients; NULL: none is used */
		char *user, *password_file;
		char *map_file;
		bool create; /* mailboxes that the source's rows name */
		char *name; /* of a mailbox at the destination: address, alias */
		GPtrArray *addresses; /* of char *: patterns of the policy */
		char *alias, *display; /* patterns; or NULL */
		char *conflict;
		char *password; /* none, random, rule:PATTERN */
		char *password_list; /* NULL: in the state directory */
	} directory;

	char *base_dir; /* relative names are below it; the current directory */
	GPtrArray *texts; /* the values given, in the order of plan_keys */
	GPtrArray *warnings; /* of char *: for the user, by plan_finish() */
};

enum plan_type {
	PLAN_TEXT,
	PLAN_URL,
	PLAN_PATH, /* made absolute below base_dir */
	PLAN_BOOL,
	PLAN_NUMBER,
	PLAN_SIZE,
	PLAN_DATE, /* 2026-11-21, or with T03:15:00 and a zone */
	PLAN_LIST, /* given several times; in a file, ';' between values */
};
#define PLAN_TEXT_MAX 65536 /* bytes of one value */
#define PLAN_FILE_MAX (16 << 20) /* bytes */
/* [plan] format: raised when an older program would misunderstand a plan. */
#define PLAN_FORMAT 1

struct plan_key {
	const char *group, *key; /* in the file: [filter] since */
	/* On the command line, --since; a switch of "no-" says no. */
	const char *option;
	const char *metavar; /* "DATE", or NULL for a switch */
	const char *fallback; /* the value when not given, or NULL */
	const char *summary;
	enum plan_type type;
	gsize field; /* offset in struct Plan */
	guint max; /* PLAN_NUMBER */
};
extern const struct plan_key plan_keys[]; /* ends with a row of NULLs */

Plan *plan_new(void);
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)
/* ST_RUN with ERR_CONFIG: unknown key (with the nearest known one) or value.
 * In groups [from] and [to], a key that is not in the table is an option of
 * the driver; it is checked by plan_finish(). */
enum status plan_set(Plan *plan, const char *group, const char *key,
    const char *value, GError **error);
/* As if the key had never been given; an unknown one is an assertion. */
void plan_unset(Plan *plan, const char *group, const char *key);
/* What was given for a key, as a plan file has it (a list: its values joined by
 * ';'), or NULL. Of [from] and [to] also options of the driver. g_free(). */
char *plan_get(const Plan *plan, const char *group, const char *key);
/* Errors name the file and the line; relative names in it are taken from the
 * directory of the file. */
enum status plan_load(Plan *plan, const char *path, GError **error);
enum status plan_load_text(
    Plan *plan, const char *text, const char *name, GError **error);
/* Resolve URLs, drivers, options, accounts, maps and passwords; after this it
 * is complete. need_to: whether a destination must be named. */
enum status plan_finish(Plan *plan, bool need_to, GError **error);
/* After plan_finish(): a password is needed at this end, and none was found.
 * Whoever has a terminal asks for it and sets it; the others go on without
 * (an account may need none), and the server says what it thinks of that. */
bool plan_needs_password(const Plan *plan, const struct plan_end *end);
void plan_set_password(Plan *plan, struct plan_end *end, const char *password);
/* What plan_finish() and plan_set_password() left for workers is taken back:
 * another plan is to be finished. */
void plan_forget_passwords(void);
/* The same plan as a file, with a comment on every key. g_free(). */
char *plan_to_text(const Plan *plan);
/* The same, to begin with: also the options that the drivers of both ends have,
 * and what an accounts file looks like. */
char *plan_example(const Plan *plan);
/* Only the drivers of both ends and their options are looked up: nothing is
 * asked for, nothing is opened. */
enum status plan_check_ends(Plan *plan, bool need_to, GError **error);

/*
 * The plan of a run, kept in the state directory (plans/RUN.plan, mode 0600)
 * for its workers and for whoever resumes it. ST_RUN with ERR_IO, ERR_CONFIG.
 */
enum status plan_run_save(const Plan *plan, guint64 run, GError **error);
enum status plan_run_load(Plan *plan, const char *state_dir, guint64 run,
    GError **error);

/*
 * The way of one mailbox: both ends with everything in its place. In URLs,
 * logins and commands %m is replaced by the mailbox's name there; a row of the
 * accounts file wins over the plan; passwords that are taken from a command
 * with %m are fetched now.
 */
struct plan_route {
	struct end from, to; /* point into this structure and into the plan */
	struct url from_url, to_url;
	struct login from_login, to_login;
	char *destination; /* the mailbox's name there */
};
/*
 * account: of plan->accounts, or NULL when the source lists its mailboxes.
 * mailbox: its name at the source; NULL, with account NULL, for the end that
 * only lists. *out must not move in memory until plan_route_clear().
 * ST_MAILBOX when a password command fails for this mailbox; ST_RUN with
 * ERR_CONFIG when a URL cannot name it.
 */
enum status plan_route(const Plan *plan, const struct account *account,
    const char *mailbox, struct plan_route *out, GError **error);
void plan_route_clear(struct plan_route *route);
/*
 * What the source lists must fit the destination: several mailboxes cannot go
 * into one login. mailboxes: of struct mailbox. ST_RUN with ERR_CONFIG.
 */
enum status plan_check_mailboxes(
    const Plan *plan, const GPtrArray *mailboxes, GError **error);

#endif
