/*
 * A plan: everything a run needs to know, and nothing that it finds out.
 *
 * The command line, the plan file (mailmig-plan(5)) and later the wizard all
 * edit this one structure through plan_set(), key by key; the table of keys
 * feeds --help, the man page and the error texts. A plan file is a GKeyFile;
 * secrets are references (file, command, environment variable), never inside.
 */
#ifndef MAILMIG_ENGINE_PLAN_H
#define MAILMIG_ENGINE_PLAN_H

#include "base/url.h"
#include "model/job.h"

/* A row of the accounts file (DESIGN 6, wizard.md 6.4). */
struct account {
	char *source; /* login or mailbox name at the source */
	char *destination; /* name at the destination; same as source by default */
	struct login source_login, destination_login;
	char *source_host, *destination_host; /* override the URL, or NULL */
	int source_port; /* 0: the URL's */
	int line; /* in the accounts file, for messages */
};

struct plan_end {
	char *text; /* the URL as given */
	struct url url;
	Options *options; /* of the driver, from the URL's query and plan keys */
	struct login login; /* when there is no accounts file */
};

typedef struct Plan Plan;
struct Plan {
	struct plan_end from, to;
	char *accounts_file;
	GPtrArray *accounts; /* of struct account; empty: what the source lists */
	struct filter filter;
	char *folder_map_file; /* two columns: source folder, destination folder */
	GPtrArray *folder_map; /* pairs of char *: text from, text to */
	char *state_dir; /* "./mailmig-state" */
	guint workers; /* mailboxes at a time; 0: by the number of cores */
	guint connections; /* per mailbox and side */
	guint retries; /* per mailbox */
	guint retry_pause_s; /* seconds before the first retry, doubled each time */
	bool lenient; /* policy of migration-files.md 12.6 */
};

struct plan_key {
	const char *group, *key; /* in the file: [filter] since */
	const char *option; /* on the command line: "since" for --since */
	const char *metavar; /* "DATE", or NULL for a switch */
	const char *fallback; /* the value when not given, or NULL */
	const char *summary;
};
extern const struct plan_key plan_keys[]; /* ends with a row of NULLs */

Plan *plan_new(void);
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)
/* ST_RUN with ERR_CONFIG: unknown key (with the nearest known one) or value. */
enum status plan_set(Plan *plan, const char *group, const char *key,
    const char *value, GError **error);
/* Errors name the file and the line. */
enum status plan_load(Plan *plan, const char *path, GError **error);
/* Resolve URLs, drivers, options, accounts and maps; after this it is complete.
 * need_to: whether a destination must be named. */
enum status plan_finish(Plan *plan, bool need_to, GError **error);
/* The same plan as a file, with a comment on every key. */
char *plan_to_text(const Plan *plan);

#endif
