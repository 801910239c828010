/*
 * The original's three lists of people: the accounts file (a name on each
 * line), the user list of MS Mail (wizard.md 6.2), and the user list of IMAP,
 * which every accounts file of ours may be.
 */
#include "cli/cmd_batch.h"

#include "base/csv.h"

#include <errno.h>
#include <string.h>

#define LISTED_MAX 1000000 /* people */

/* What becomes of each of them is written to a file beside the ledger, so that
 * it can be looked at, and a resumed run finds it. */
static bool
save(struct cmd_batch *batch, const GString *rows)
{
	Plan *plan = batch->cli->plan;
	g_autofree char *path =
	    g_build_filename(plan->state_dir, "batch-accounts.csv", NULL);
	g_autoptr(GError) cause = NULL;

	if (g_mkdir_with_parents(plan->state_dir, 0700) != 0)
		return cmd_batch_error(batch, 0, "cannot make %s: %s",
		    plan->state_dir, g_strerror(errno));
	if (!g_file_set_contents_full(path, rows->str, (gssize)rows->len,
		G_FILE_SET_CONTENTS_CONSISTENT, 0600, &cause))
		return cmd_batch_error(batch, 0, "%s", cause->message);
	if (plan_set(plan, "accounts", "file", path, &cause) < 0)
		return cmd_batch_error(batch, 0, "%s", cause->message);
	return true;
}

static const char *
field(char *const *fields, guint n, gint at)
{
	return at >= 0 && (guint)at < n ? fields[at] : "";
}

/*
 * MS Mail: two lines of the post office come first, then the header, whose
 * first five columns keep their order. MigrateUser,N leaves somebody out; only
 * mailboxes have mail. The header is never taken for a person (events 7032, 162
 * and 178 of the original, Q180876, Q152321).
 */
static bool
read_msmail(struct cmd_batch *batch, const char *path)
{
	g_autoptr(Csv) csv = NULL;
	g_autoptr(GError) cause = NULL;
	GString *rows = g_string_new("source,destination\n");
	gint name = -1, wanted = -1, class = -1, mode = -1, common = -1;
	char *const *fields;
	guint n, people = 0;
	enum status st = csv_open(&csv, path, &cause);
	bool good;

	while (st == ST_OK && people < LISTED_MAX) {
		const char *destination;

		st = csv_next(csv, &fields, &n, &cause);
		if (st != ST_OK)
			break;
		if (name < 0) {
			for (guint i = 0; i < n; i++) {
				const char *f = fields[i];

				if (!g_ascii_strcasecmp(f, "SFS_UserName"))
					name = (gint)i;
				else if (!g_ascii_strcasecmp(f, "MigrateUser"))
					wanted = (gint)i;
				else if (!g_ascii_strcasecmp(f, "Obj-Class"))
					class = (gint)i;
				else if (!g_ascii_strcasecmp(f, "Mode"))
					mode = (gint)i;
				else if (!g_ascii_strcasecmp(f, "Common-Name"))
					common = (gint)i;
			}
			continue;
		}
		if (*field(fields, n, name) == '\0' ||
		    g_ascii_toupper(*field(fields, n, wanted)) == 'N' ||
		    g_ascii_strcasecmp(field(fields, n, mode), "delete") == 0 ||
		    (class >= 0 && g_ascii_strcasecmp(field(fields, n, class),
				       "mailbox") != 0))
			continue;
		destination = field(fields, n, common);
		csv_put(rows, field(fields, n, name), ',');
		g_string_append_c(rows, ',');
		csv_put(rows,
		    *destination ? destination : field(fields, n, name), ',');
		g_string_append_c(rows, '\n');
		people++;
	}
	if (st < 0)
		good = cmd_batch_error(batch, batch->lines[KEY_FILE],
		    "%s line %d: %s", path, csv ? csv_line(csv) : 0,
		    cause->message);
	else if (name < 0)
		good = cmd_batch_error(batch, batch->lines[KEY_FILE],
		    "%s has no line with the column SFS_UserName, so it is no "
		    "user list of MS Mail",
		    path);
	else if (people == 0)
		good = cmd_batch_error(batch, batch->lines[KEY_FILE],
		    "%s names nobody to migrate (MigrateUser)", path);
	else
		good = save(batch, rows);
	g_string_free(rows, TRUE);
	return good;
}

/* A name on each line, as the original's account page shows it. */
static bool
read_names(struct cmd_batch *batch, const char *path)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) cause = NULL;
	g_auto(GStrv) lines = NULL;
	guint people = 0;

	if (!g_file_get_contents(path, &text, NULL, &cause))
		return cmd_batch_error(batch, batch->lines[KEY_ACCOUNTS],
		    "accounts file cannot be read: %s", cause->message);
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++) {
		g_autofree char *name = g_utf8_validate(lines[i], -1, NULL)
					    ? g_strdup(lines[i])
					    : g_convert(lines[i], -1, "UTF-8",
						  "CP1252", NULL, NULL, NULL);

		if (name == NULL || *g_strstrip(name) == '\0')
			continue;
		if (plan_set(batch->cli->plan, "accounts", "mailbox", name,
			&cause) < 0)
			return cmd_batch_error(batch,
			    batch->lines[KEY_ACCOUNTS], "%s line %u: %s", path,
			    i + 1, cause->message);
		people++;
	}
	if (people == 0)
		return cmd_batch_error(
		    batch, batch->lines[KEY_ACCOUNTS], "%s names nobody", path);
	return true;
}

bool
cmd_batch_people(struct cmd_batch *batch)
{
	g_autoptr(GError) cause = NULL;
	g_autofree char *path = NULL;

	if (batch->cli->plan->accounts_file != NULL)
		return true; /* --accounts */
	if (batch->mode == BATCH_MSMAILPC &&
	    cmd_batch_is(batch, KEY_FUNCTION, "IMPORT")) {
		path = cmd_batch_here(
		    batch, KEY_FILE, cmd_batch_value(batch, KEY_FILE));
		return path != NULL && read_msmail(batch, path);
	}
	if (batch->values[KEY_ACCOUNTS] == NULL) {
		if (batch->mode != BATCH_IMAP ||
		    cmd_batch_is(batch, KEY_FUNCTION, "IMPORT"))
			return true;
		return cmd_batch_error(batch, 0,
		    "required keyword 'Accounts' is missing in the control "
		    "file %s: Mode,IMAP needs its user list (IMAP_Mailbox,"
		    "IMAP_Password,SMTP_Address,IMAP_Server,...)",
		    batch->path);
	}
	path = cmd_batch_here(
	    batch, KEY_ACCOUNTS, cmd_batch_value(batch, KEY_ACCOUNTS));
	if (path == NULL)
		return false;
	if (batch->mode != BATCH_IMAP)
		return read_names(batch, path);
	if (plan_set(batch->cli->plan, "accounts", "file", path, &cause) < 0)
		return cmd_batch_error(
		    batch, batch->lines[KEY_ACCOUNTS], "%s", cause->message);
	return true;
}
