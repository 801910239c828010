/*
 * From keywords to a plan. What the original did with its directory, and what
 * is Windows' own, is not done: a sentence says so, where it was asked for.
 */
#include "cli/cmd_batch.h"

#include "base/option.h"
#include "source/source.h"

#include <string.h>
#include <unistd.h>

static const struct {
	enum cmd_batch_mode mode;
	const char *scheme;
} schemes[] = {
    {BATCH_FILE, "files"},
    {BATCH_MSMAILPC, "msmail"},
    {BATCH_CCMAIL, "ccmail"},
    {BATCH_COLLABRA, "collabra"},
    {BATCH_NOTES, "notes"},
    {BATCH_GRPWISE, "groupwise"},
    {BATCH_GRPWISE5, "groupwise"},
    {BATCH_ADSI, "ldap"},
    {BATCH_IMAP, "imap"},
    {BATCH_EXCHANGE, "exchange"},
};

static const char *
scheme_of(const struct cmd_batch *batch)
{
	for (guint i = 0; i < G_N_ELEMENTS(schemes); i++)
		if (schemes[i].mode == batch->mode)
			return schemes[i].scheme;
	g_assert_not_reached();
}

/* The name in dir that is the same without case, as Windows finds it. */
static char *
entry_of(const char *dir, const char *name)
{
	g_autofree char *exact = g_build_filename(dir, name, NULL);
	g_autofree char *want = g_utf8_casefold(name, -1);
	g_autoptr(GDir) listing = NULL;
	const char *entry;

	if (access(exact, F_OK) == 0)
		return g_steal_pointer(&exact);
	listing = g_dir_open(dir, 0, NULL);
	while (listing != NULL && (entry = g_dir_read_name(listing)) != NULL) {
		g_autofree char *folded = g_utf8_validate(entry, -1, NULL)
					      ? g_utf8_casefold(entry, -1)
					      : NULL;

		if (g_strcmp0(folded, want) == 0)
			return g_build_filename(dir, entry, NULL);
	}
	return g_steal_pointer(&exact);
}

static char *
below(const char *root, const char *windows)
{
	g_auto(GStrv) names = g_strsplit_set(windows, "\\/", -1);
	char *path = g_strdup(root);

	for (guint i = 0; names[i] != NULL; i++) {
		char *next;

		if (*names[i] == '\0' || strcmp(names[i], ".") == 0)
			continue;
		next = entry_of(path, names[i]);
		g_free(path);
		path = next;
	}
	return path;
}

char *
cmd_batch_here(
    struct cmd_batch *batch, enum cmd_batch_key key, const char *path)
{
	bool drive = g_ascii_isalpha(path[0]) && path[1] == ':';
	bool share = g_str_has_prefix(path, "\\\\");

	for (guint i = 0; i < batch->drives->len; i++) {
		const struct cmd_batch_drive *d = batch->drives->pdata[i];
		gsize len = strlen(d->windows);

		if (g_ascii_strncasecmp(path, d->windows, len) == 0)
			return below(d->here, path + len);
	}
	if (!drive && !share) {
		/* One of this machine; a relative one with Windows' slashes. */
		if (*path == '/' || strchr(path, '\\') == NULL)
			return g_strdup(path);
		return below(".", path);
	}
	cmd_batch_error(batch, batch->lines[key],
	    "%s,%s is a place of Windows; say where it is here: --drive "
	    "%.*s=DIRECTORY",
	    cmd_batch_keywords[key].name, path,
	    drive ? 2 : (int)strcspn(path + 2, "\\") + 2, path);
	return NULL;
}

static bool
set(struct cmd_batch *batch, enum cmd_batch_key key, const char *group,
    const char *name, const char *value)
{
	g_autoptr(GError) cause = NULL;

	if (plan_set(batch->cli->plan, group, name, value, &cause) == ST_OK)
		return true;
	return cmd_batch_error(batch, batch->lines[key], "%s: %s",
	    cmd_batch_keywords[key].name, cause->message);
}

static bool
need(struct cmd_batch *batch, enum cmd_batch_key key)
{
	if (batch->values[key] != NULL)
		return true;
	return cmd_batch_error(batch, 0,
	    "required keyword '%s' is missing in the control file %s: Mode,%s "
	    "%sneeds it",
	    cmd_batch_keywords[key].name, batch->path, batch->values[KEY_MODE],
	    batch->mode == BATCH_FILE ? "" : "with its Function ");
}

static bool
is_import(const struct cmd_batch *batch)
{
	return batch->mode == BATCH_FILE ||
	       (batch->mode != BATCH_MSMAILPC &&
		   cmd_batch_is(batch, KEY_FUNCTION, "IMPORT"));
}

static bool
set_source(struct cmd_batch *batch)
{
	const char *scheme = is_import(batch) ? "files" : scheme_of(batch);
	enum cmd_batch_key key = is_import(batch) ? KEY_FILE
				 : batch->mode == BATCH_GRPWISE5
				     ? KEY_GWDOMAIN
				     : KEY_POSTOFFICE;
	g_autofree char *path = NULL;
	g_autofree char *url = NULL;

	if (batch->cli->plan->from.text != NULL)
		return true; /* --from */
	if (source_driver_find(scheme) == NULL)
		return cmd_batch_error(batch, batch->lines[KEY_MODE],
		    "Mode,%s: this program has no source for it ('mailmig "
		    "drivers' lists those it has); give another with --from "
		    "URL",
		    batch->values[KEY_MODE]);
	if (batch->mode == BATCH_IMAP && !is_import(batch))
		return set(batch, KEY_MODE, "from", "url",
		    cmd_batch_is(batch, KEY_SECURE, "TRUE") ||
			    cmd_batch_is(batch, KEY_ENCRYPTED, "TRUE")
			? "imaps:"
			: "imap:");
	if (!need(batch, key) ||
	    (batch->mode == BATCH_GRPWISE5 && !is_import(batch) &&
		!need(batch, KEY_PONAME)))
		return false;
	path = cmd_batch_here(batch, key, batch->values[key]);
	if (path == NULL)
		return false;
	url = g_strconcat(scheme, ":", path, NULL);
	return set(batch, key, "from", "url", url);
}

static bool
set_destination(struct cmd_batch *batch)
{
	g_autofree char *path = NULL;
	g_autofree char *url = NULL;
	enum cmd_batch_key key = KEY_FILE;

	if (batch->cli->plan->to.text != NULL)
		return true; /* --to */
	if (cmd_batch_is(batch, KEY_FUNCTION, "EXTRACT") &&
	    batch->mode != BATCH_FILE) {
		if (!need(batch, KEY_FILE))
			return false;
		path = cmd_batch_here(batch, KEY_FILE, batch->values[KEY_FILE]);
		url = path ? g_strconcat("files:", path, NULL) : NULL;
	} else if (cmd_batch_is(batch, KEY_IMPORTDESTINATION, "PST")) {
		key = KEY_PSTPATH;
		if (!need(batch, KEY_PSTPATH))
			return false;
		path = cmd_batch_here(
		    batch, KEY_PSTPATH, batch->values[KEY_PSTPATH]);
		url = path ? g_strconcat("pst:", path, NULL) : NULL;
	} else {
		key = KEY_HOME_SERVER;
		if (batch->values[KEY_HOME_SERVER] == NULL)
			return cmd_batch_error(batch, 0,
			    "required keyword 'Home-Server' is missing in the "
			    "control file %s; or say where the mail goes with "
			    "--to URL",
			    batch->path);
		url = g_strconcat(
		    "imaps://%m@", batch->values[KEY_HOME_SERVER], NULL);
	}
	return url != NULL && set(batch, key, "to", "url", url);
}

/* "20020131235959" as "2002-01-31T23:59:59Z". */
static char *
iso_date(const char *d)
{
	return g_strdup_printf("%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", d, d + 4,
	    d + 6, d + 8, d + 10, d + 12);
}

static bool
set_filter(struct cmd_batch *batch)
{
	static const struct {
		enum cmd_batch_key key;
		const char *folder;
	} kinds[] = {
	    {KEY_EMAIL, "*"},
	    {KEY_SCHEDULE, "Calendar"},
	    {KEY_APPOINTMENTS, "Calendar"},
	    {KEY_TASKS, "Tasks"},
	    {KEY_NOTES, "Notes"},
	};
	static const struct {
		enum cmd_batch_key key;
		const char *name;
	} dates[] = {{KEY_EMAILSTART, "since"}, {KEY_EMAILEND, "until"}};
	bool good = true;

	for (guint i = 0; i < G_N_ELEMENTS(dates); i++) {
		const char *value = batch->values[dates[i].key];
		g_autofree char *iso = value ? iso_date(value) : NULL;

		if (iso != NULL)
			good &= set(
			    batch, dates[i].key, "filter", dates[i].name, iso);
	}
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (batch->values[kinds[i].key] != NULL &&
		    cmd_batch_is(batch, kinds[i].key, "FALSE"))
			good &= set(batch, kinds[i].key, "filter", "exclude",
			    kinds[i].folder);
	return good;
}

static bool
has_option(const char *scheme, const char *name)
{
	const struct source_driver *driver = source_driver_find(scheme);

	for (const struct option *o = driver ? driver->options : NULL;
	     o != NULL && o->name != NULL; o++)
		if (strcmp(o->name, name) == 0)
			return true;
	return false;
}

/* Keywords that are options of a source here, where it has them. */
static bool
set_options(struct cmd_batch *batch)
{
	static const struct {
		enum cmd_batch_key key;
		const char *option;
	} options[] = {
	    {KEY_PONAME, "post-office"},
	    {KEY_DOCLINK, "doc-links"},
	    {KEY_GWUSERGRPNAME, "group"},
	    {KEY_GWRTF, "rtf"},
	    {KEY_PORT, "port"},
	};
	const char *scheme = batch->cli->plan->from.url.scheme;
	bool good = true;

	for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
		enum cmd_batch_key key = options[i].key;
		g_autofree char *value = NULL;

		if (batch->values[key] == NULL || is_import(batch))
			continue;
		if (has_option(scheme, options[i].option)) {
			value = g_ascii_strdown(batch->values[key], -1);
			good &= set(batch, key, "from", options[i].option,
			    key == KEY_PONAME ? batch->values[key] : value);
		} else if (g_strcmp0(batch->values[key],
			       cmd_batch_keywords[key].fallback) != 0) {
			cmd_batch_warn(batch, batch->lines[key],
			    "%s,%s: the source %s: has no such option; all of "
			    "it is read",
			    cmd_batch_keywords[key].name, batch->values[key],
			    scheme);
		}
	}
	return good;
}

/* With --directory, mailboxes are made there: what the original asked of its
 * own directory for them is asked of ours. */
static bool
set_directory(struct cmd_batch *batch)
{
	bool good = true;

	if (batch->cli->plan->directory.url == NULL)
		return true;
	if (cmd_batch_is(batch, KEY_MAILBOX, "FALSE"))
		good &= set(batch, KEY_MAILBOX, "directory", "create-mailboxes",
		    "no");
	if (cmd_batch_is(batch, KEY_NTACCOUNTS, "RANDOM"))
		good &= set(batch, KEY_NTACCOUNTS, "directory",
		    "initial-password", "random");
	if (cmd_batch_is(batch, KEY_NTACCOUNTS, "ALIAS"))
		good &= set(batch, KEY_NTACCOUNTS, "directory",
		    "initial-password", "rule:%m");
	return good;
}

/* A directory name of Exchange ends with the one by which a server of today may
 * know the person: "/o=FAB/ou=AP/cn=Recipients/cn=Boss". */
static bool
set_rights(struct cmd_batch *batch)
{
	const char *owner = batch->values[KEY_FLDOWNER];
	const char *rights = batch->values[KEY_DEFFLDPERMS];
	const char *last = owner ? strrchr(owner, '=') : NULL;
	g_autofree char *word = rights ? g_ascii_strdown(rights, -1) : NULL;
	bool good = true;

	if (owner)
		good &= set(batch, KEY_FLDOWNER, "folders", "public-owner",
		    last ? last + 1 : owner);
	if (word && (owner || strcmp(word, "none") != 0))
		good &= set(
		    batch, KEY_DEFFLDPERMS, "folders", "public-rights", word);
	return good;
}

/* What is asked for and not done, each with what to do instead. A value that
 * is the default asks for nothing. */
static void
tell_undone(struct cmd_batch *batch)
{
	static const struct {
		enum cmd_batch_key key;
		const char *words;
	} undone[] = {
	    {KEY_PUBLIC,
		"public folders of the source are moved if it has any; "
		"leave them out with --exclude"},
	    {KEY_PAB, "address books are moved if the source has any"},
	    {KEY_PHONE, "phone messages are mail, and are moved"},
	    {KEY_SCHDSTART, "dates of calendars are not looked at; all entries "
			    "are moved"},
	    {KEY_SCHDEND, "dates of calendars are not looked at; all entries "
			  "are moved"},
	    {KEY_CONTAINER,
		"mailboxes are made only where --directory says; else make "
		"them at the destination first ('mailmig check' names those "
		"that are missing)"},
	    {KEY_TEMPLATE, "no template is used for mailboxes"},
	    {KEY_NTACCOUNTS, "without --directory no accounts are made, and no "
			     "passwords; make them first"},
	    {KEY_NTDOMAIN, "no Windows accounts are made in any domain"},
	    {KEY_EXCHSTORE, "where a server keeps a mailbox is its own affair"},
	    {KEY_EXCHSTOREDN,
		"where a server keeps a mailbox is its own affair"},
	    {KEY_EXCH55, "the version of the source is found by itself"},
	    {KEY_RESTRICT, "accounts are matched by name, not by SID"},
	    {KEY_SUBJECTFILE, "no message is left out by its subject"},
	    {KEY_FORCEPWD, "no passwords are made, so none must be changed"},
	    {KEY_NOTESINI, "no Notes client is used, so its settings are not "
			   "needed"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(undone); i++) {
		enum cmd_batch_key key = undone[i].key;
		const char *value = batch->values[key];
		const char *usual = cmd_batch_keywords[key].fallback;

		if (key == KEY_NTACCOUNTS && batch->cli->plan->directory.url)
			continue;
		if (value == NULL || g_ascii_strcasecmp(value, "none") == 0 ||
		    (usual && g_ascii_strcasecmp(value, usual) == 0))
			continue;
		cmd_batch_warn(batch, batch->lines[key], "%s,%s: %s",
		    cmd_batch_keywords[key].name, value, undone[i].words);
	}
	if (batch->no_ole)
		cmd_batch_warn(batch, 0,
		    "/G:O: OLE objects are attachments here, and are moved");
}

bool
cmd_batch_plan(struct cmd_batch *batch)
{
	bool good = set_source(batch);

	good &= set_destination(batch);
	good &= cmd_batch_people(batch);
	good &= set_filter(batch);
	if (good)
		good = set_options(batch) && set_directory(batch) &&
		       set_rights(batch);
	if (batch->account != NULL)
		good &=
		    set(batch, KEY_MODE, "from", "auth-user", batch->account);
	if (good)
		tell_undone(batch);
	return good;
}
