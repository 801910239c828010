#include "engine/plan.h"

#include "base/nearest.h"
#include "base/stamp.h"
#include "engine/plan-private.h"

#include <stddef.h>
#include <string.h>

#define F(member) offsetof(Plan, member)

const struct plan_key plan_keys[] = {
    {"from", "url", "from", "URL", NULL, "where the mail is", PLAN_URL,
	F(from)},
    {"to", "url", "to", "URL", NULL, "where it goes", PLAN_URL, F(to)},
    {"accounts", "file", "accounts", "FILE", NULL,
	"CSV with a line for each mailbox: names, logins", PLAN_PATH,
	F(accounts_file)},
    {"accounts", "mailbox", "mailbox", "NAME", NULL,
	"only this mailbox; may be repeated", PLAN_LIST, F(mailboxes)},

    {"from", "user", "source-user", "NAME", NULL,
	"log-in name at the source (%m: the mailbox)", PLAN_TEXT,
	F(from.login.user)},
    {"from", "auth-user", "source-auth-user", "NAME", NULL,
	"migration account that logs in for the users", PLAN_TEXT,
	F(from.login.authuser)},
    {"from", "password-file", "source-password-file", "FILE", NULL,
	"its first line is the source's password", PLAN_PATH,
	F(from.secret.file)},
    {"from", "password-command", "source-password-command", "COMMAND", NULL,
	"prints the source's password (%m: the mailbox)", PLAN_TEXT,
	F(from.secret.command)},
    {"from", "password-env", "source-password-env", "VARIABLE",
	"MAILMIG_SOURCE_PASSWORD", "environment variable with it", PLAN_TEXT,
	F(from.secret.env)},
    {"from", "token-command", "source-token-command", "COMMAND", NULL,
	"prints an OAuth 2.0 access token", PLAN_TEXT,
	F(from.secret.token_command)},

    {"to", "user", "dest-user", "NAME", NULL, "log-in name at the destination",
	PLAN_TEXT, F(to.login.user)},
    {"to", "auth-user", "dest-auth-user", "NAME", NULL,
	"migration account of the destination", PLAN_TEXT,
	F(to.login.authuser)},
    {"to", "password-file", "dest-password-file", "FILE", NULL,
	"its first line is the destination's password", PLAN_PATH,
	F(to.secret.file)},
    {"to", "password-command", "dest-password-command", "COMMAND", NULL,
	"prints the destination's password", PLAN_TEXT, F(to.secret.command)},
    {"to", "password-env", "dest-password-env", "VARIABLE",
	"MAILMIG_DEST_PASSWORD", "environment variable with it", PLAN_TEXT,
	F(to.secret.env)},
    {"to", "token-command", "dest-token-command", "COMMAND", NULL,
	"prints an OAuth 2.0 access token", PLAN_TEXT,
	F(to.secret.token_command)},

    {"both", "password-file", "password-file", "FILE", NULL,
	"password of every end that has none of its own", PLAN_PATH,
	F(both.file)},
    {"both", "password-command", "password-command", "COMMAND", NULL,
	"the same, printed by a command (%m: the mailbox)", PLAN_TEXT,
	F(both.command)},
    {"both", "token-command", "token-command", "COMMAND", NULL,
	"the same for OAuth 2.0 access tokens", PLAN_TEXT,
	F(both.token_command)},

    {"filter", "since", "since", "DATE", NULL,
	"only mail received on DATE (2026-11-21) or later", PLAN_DATE,
	F(filter.since)},
    {"filter", "until", "until", "DATE", NULL, "only mail received before DATE",
	PLAN_DATE, F(filter.until)},
    {"filter", "include", "include", "GLOB", NULL,
	"only these folders; may be repeated", PLAN_LIST, F(filter.include)},
    {"filter", "exclude", "exclude", "GLOB", NULL,
	"not these folders; may be repeated", PLAN_LIST, F(filter.exclude)},
    {"filter", "without", "without", "KIND", NULL,
	"leave out mail, calendar, contacts, tasks, notes, journal or public "
	"folders; may be repeated",
	PLAN_LIST, F(filter.without)},
    {"filter", "max-size", "max-size", "SIZE", NULL,
	"leave out larger messages (50MB, 20MiB)", PLAN_SIZE,
	F(filter.size_max)},
    {"filter", "deleted", "no-deleted", NULL, "yes",
	"leave out mail that is marked as deleted", PLAN_BOOL,
	F(filter.deleted)},
    {"folders", "map", "folder-map", "FILE", NULL,
	"CSV: source folder, destination folder", PLAN_PATH,
	F(folder_map_file)},
    {"folders", "public-owner", "public-owner", "NAME", NULL,
	"owner of public folders that are made, as the server knows him",
	PLAN_TEXT, F(public_owner)},
    {"folders", "public-rights", "public-rights", "WHICH", NULL,
	"everybody's rights there: none, author or pubeditor", PLAN_TEXT,
	F(public_rights)},

    {"directory", "url", "directory", "URL", NULL,
	"who has which mailbox: sqlite:, ldap://, csv:, ldif:",
	PLAN_TEXT, F(directory.url)},
    {"directory", "user", "directory-user", "DN", NULL,
	"name to log in with at the directory", PLAN_TEXT, F(directory.user)},
    {"directory", "password-file", "directory-password-file", "FILE", NULL,
	"its first line is the directory's password", PLAN_PATH,
	F(directory.password_file)},
    {"directory", "map", "directory-map", "FILE", NULL,
	"CSV: source mailbox, recipient; '-' leaves it out", PLAN_PATH,
	F(directory.map_file)},
    {"directory", "create-mailboxes", "no-create-mailboxes", NULL, "yes",
	"make no recipients, only find and convert them", PLAN_BOOL,
	F(directory.create)},
    {"directory", "mailbox-name", "mailbox-name", "WHICH", "address",
	"a mailbox's name at the destination: address, alias or name",
	PLAN_TEXT, F(directory.name)},
    {"directory", "address", "address-policy", "PATTERN", NULL,
	"address for new mailboxes (%g.%s@example.org); may be repeated",
	PLAN_LIST, F(directory.addresses)},
    {"directory", "alias", "alias-policy", "PATTERN", NULL,
	"alias of new recipients that have none (%1g%s)", PLAN_TEXT,
	F(directory.alias)},
    {"directory", "display-name", "display-name-policy", "PATTERN", NULL,
	"the same of the display name (%s, %g)", PLAN_TEXT,
	F(directory.display)},
    {"directory", "on-conflict", "on-conflict", "WHAT", "skip",
	"an alias that is taken: skip, link or rename", PLAN_TEXT,
	F(directory.conflict)},
    {"directory", "initial-password", "initial-password", "HOW", "none",
	"of new mailboxes: none, random, rule:PATTERN",
	PLAN_TEXT, F(directory.password)},
    {"directory", "password-list", "password-list", "FILE", NULL,
	"where these are written (STATE/directory-passwords.csv)", PLAN_PATH,
	F(directory.password_list)},

    {"run", "state", "state", "DIR", "mailmig-state",
	"ledger, event log and recovery files", PLAN_PATH, F(state_dir)},
    {"run", "workers", "workers", "N", "0",
	"mailboxes at a time; 0: by the machine", PLAN_NUMBER, F(workers),
	PLAN_WORKERS_MAX},
    {"run", "connections", "connections", "N", "1",
	"connections per mailbox and end", PLAN_NUMBER, F(connections),
	PLAN_CONNECTIONS_MAX},
    {"run", "retries", "retries", "N", "3", "times to try a mailbox again",
	PLAN_NUMBER, F(retries), PLAN_RETRIES_MAX},
    {"run", "retry-pause", "retry-pause", "SECONDS", "5",
	"before the first retry; doubled each time", PLAN_NUMBER,
	F(retry_pause_s), 86400},
    {"run", "lenient", "lenient", NULL, "no",
	"import what can be read of damaged rows", PLAN_BOOL,
	F(lenient)},
    {NULL},
};

static void
secret_sources_clear(struct plan_secret *secret)
{
	g_clear_pointer(&secret->file, g_free);
	g_clear_pointer(&secret->command, g_free);
	g_clear_pointer(&secret->env, g_free);
	g_clear_pointer(&secret->token_command, g_free);
}

static void
end_clear(struct plan_end *end)
{
	g_clear_pointer(&end->text, g_free);
	url_clear(&end->url);
	g_clear_pointer(&end->options, options_free);
	login_clear(&end->login);
	secret_sources_clear(&end->secret);
	g_clear_pointer(&end->settings, g_ptr_array_unref);
}

void
account_free(struct account *account)
{
	if (account == NULL)
		return;
	g_free(account->source);
	g_free(account->destination);
	login_clear(&account->source_login);
	login_clear(&account->destination_login);
	g_free(account->source_scheme);
	g_free(account->source_host);
	g_free(account->destination_host);
	g_free(account);
}

Plan *
plan_new(void)
{
	Plan *plan = g_new0(Plan, 1);
	guint n = G_N_ELEMENTS(plan_keys) - 1;

	plan->from.settings = g_ptr_array_new_with_free_func(g_free);
	plan->to.settings = g_ptr_array_new_with_free_func(g_free);
	plan->mailboxes = g_ptr_array_new_with_free_func(g_free);
	plan->accounts =
	    g_ptr_array_new_with_free_func((GDestroyNotify)account_free);
	plan->directory.addresses = g_ptr_array_new_with_free_func(g_free);
	plan->folder_map = g_ptr_array_new_with_free_func(g_free);
	plan->texts = g_ptr_array_new_with_free_func(g_free);
	plan->warnings = g_ptr_array_new_with_free_func(g_free);
	plan->base_dir = g_get_current_dir();
	filter_init(&plan->filter);
	g_ptr_array_set_size(plan->texts, (int)n);
	for (guint i = 0; i < n; i++) {
		const struct plan_key *key = &plan_keys[i];

		if (key->fallback != NULL) {
			enum status st = plan_set(
			    plan, key->group, key->key, key->fallback, NULL);

			g_assert(st == ST_OK);
		}
		/* A text is what somebody gave, never the fallback. */
		g_clear_pointer(&plan->texts->pdata[i], g_free);
	}
	return plan;
}

void
plan_free(Plan *plan)
{
	if (plan == NULL)
		return;
	end_clear(&plan->from);
	end_clear(&plan->to);
	secret_sources_clear(&plan->both);
	g_free(plan->accounts_file);
	g_ptr_array_unref(plan->mailboxes);
	g_ptr_array_unref(plan->accounts);
	filter_clear(&plan->filter);
	g_free(plan->folder_map_file);
	g_free(plan->directory.url);
	g_free(plan->directory.user);
	g_free(plan->directory.password_file);
	g_free(plan->directory.map_file);
	g_free(plan->directory.name);
	g_ptr_array_unref(plan->directory.addresses);
	g_free(plan->public_owner);
	g_free(plan->public_rights);
	g_free(plan->directory.alias);
	g_free(plan->directory.display);
	g_free(plan->directory.conflict);
	g_free(plan->directory.password);
	g_free(plan->directory.password_list);
	g_ptr_array_unref(plan->folder_map);
	g_free(plan->state_dir);
	g_free(plan->base_dir);
	g_ptr_array_unref(plan->texts);
	g_ptr_array_unref(plan->warnings);
	g_free(plan);
}

/* A name as typed, absolute: a run may be resumed from elsewhere. */
static char *
absolute(const Plan *plan, const char *name)
{
	if (g_str_has_prefix(name, "~/"))
		return g_build_filename(g_get_home_dir(), name + 2, NULL);
	return g_canonicalize_filename(name, plan->base_dir);
}

/* "%m" is the mailbox's name, and no %XX: it must get through url_parse(). */
static char *
keep_mailbox_mark(const char *text)
{
	g_auto(GStrv) pieces = g_strsplit(text, "%m", -1);

	return g_strjoinv("%25m", pieces);
}

/* imaps://user:password@host/ without ":password". */
static char *
strip_password(const char *text)
{
	const char *start = strstr(text, "://"), *end, *at, *colon;

	if (start == NULL)
		return g_strdup(text);
	start += 3;
	end = start + strcspn(start, "/?");
	at = g_strrstr_len(start, end - start, "@");
	colon = at ? memchr(start, ':', (gsize)(at - start)) : NULL;
	if (colon == NULL)
		return g_strdup(text);
	return g_strdup_printf("%.*s%s", (int)(colon - text), text, at);
}

static enum status
set_url(Plan *plan, struct plan_end *end, const char *value, GError **error)
{
	g_autofree char *text = NULL;
	g_autofree char *plain = strip_password(value);
	const char *colon = strchr(value, ':');
	struct url url;
	enum status st;

	if (colon != NULL && g_str_has_prefix(colon, "://")) {
		text = keep_mailbox_mark(value);
	} else if (colon != NULL && colon[1] != '\0' && colon[1] != '?') {
		gsize len = strcspn(colon + 1, "?");
		g_autofree char *name = g_strndup(colon + 1, len);
		g_autofree char *path = absolute(plan, name);

		text = g_strdup_printf("%.*s:%s%s", (int)(colon - value), value,
		    path, colon + 1 + len);
		g_free(plain);
		plain = g_strdup(text);
	} else {
		text = g_strdup(value);
	}
	st = url_parse(text, &url, error);
	if (st < 0) {
		/* Not with the password in it, as url_parse() would say. */
		if (error != NULL && strcmp(plain, value) != 0 &&
		    strstr((*error)->message, value) != NULL) {
			g_clear_error(error);
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "%s: not a proper address", plain);
		}
		return st;
	}
	url_clear(&end->url);
	end->url = url;
	g_free(end->text);
	end->text = g_steal_pointer(&plain);
	return ST_OK;
}

/* "2026-11-21" is midnight UTC; with a time it is as stamp_from_iso() says. */
static bool
parse_date(const char *value, gint64 *out)
{
	g_autofree char *whole = NULL;
	struct stamp stamp;

	if (strchr(value, 'T') == NULL)
		value = whole = g_strconcat(value, "T00:00:00Z", NULL);
	if (!stamp_from_iso(value, &stamp))
		return false;
	*out = stamp.utc;
	return true;
}

static enum status
bad_value(const struct plan_key *key, const char *value, const char *want,
    GError **error)
{
	return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER, "'%s' is not %s",
	    value, want);
}

/* Sizes and booleans are spelled as in a driver's options. */
static enum status
set_option(const struct plan_key *key, enum option_type type, const char *value,
    void *field, GError **error)
{
	const struct option table[] = {
	    {key->key, type, NULL, NULL, NULL}, {NULL}};
	g_autoptr(Options) options = options_new(table);
	enum status st = options_set(options, key->key, value, NULL);

	if (st < 0)
		return bad_value(key, value,
		    type == OPTION_BOOL	  ? "yes or no"
		    : type == OPTION_SIZE ? "a size (10MB, 512KiB)"
					  : "a number",
		    error);
	if (type == OPTION_BOOL)
		*(bool *)field = options_bool(options, key->key);
	else
		*(gint64 *)field = options_number(options, key->key);
	return ST_OK;
}

static enum status
set_field(
    Plan *plan, const struct plan_key *key, const char *value, GError **error)
{
	void *field = (char *)plan + key->field;
	enum status st;
	gint64 number;

	switch (key->type) {
	case PLAN_TEXT:
		g_free(*(char **)field);
		*(char **)field = g_strdup(value);
		return ST_OK;
	case PLAN_PATH:
		g_free(*(char **)field);
		*(char **)field = absolute(plan, value);
		return ST_OK;
	case PLAN_URL:
		return set_url(plan, field, value, error);
	case PLAN_BOOL:
		return set_option(key, OPTION_BOOL, value, field, error);
	case PLAN_SIZE:
		return set_option(key, OPTION_SIZE, value, field, error);
	case PLAN_NUMBER:
		st = set_option(key, OPTION_NUMBER, value, &number, error);
		if (st < 0)
			return st;
		if (number > key->max)
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "%s is more than the greatest possible, %u", value,
			    key->max);
		*(guint *)field = (guint)number;
		return ST_OK;
	case PLAN_DATE:
		if (!parse_date(value, field))
			return bad_value(key, value,
			    "a date, such as 2026-11-21 or "
			    "2026-11-21T18:00:00+01:00",
			    error);
		return ST_OK;
	case PLAN_LIST:
		g_ptr_array_add(*(GPtrArray **)field, g_strdup(value));
		return ST_OK;
	}
	g_assert_not_reached();
}

/* What plan_to_text() will say of it: absolute, without a secret. */
static void
set_text(Plan *plan, guint i, const char *value)
{
	const struct plan_key *key = &plan_keys[i];
	void *field = (char *)plan + key->field;
	char **text = (char **)&plan->texts->pdata[i];

	g_free(*text);
	switch (key->type) {
	case PLAN_PATH:
		*text = g_strdup(*(char **)field);
		break;
	case PLAN_URL:
		*text = g_strdup(((struct plan_end *)field)->text);
		break;
	case PLAN_TEXT:
	case PLAN_BOOL:
	case PLAN_NUMBER:
	case PLAN_SIZE:
	case PLAN_DATE:
	case PLAN_LIST: /* its values are read from the field */
		*text = g_strdup(value);
		break;
	}
}

static enum status
unknown_key(const char *group, const char *key, GError **error)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	bool group_known = false;
	const char *near;

	for (const struct plan_key *k = plan_keys; k->group != NULL; k++)
		group_known |= strcmp(k->group, group) == 0;
	for (const struct plan_key *k = plan_keys; k->group != NULL; k++) {
		if (!group_known)
			g_ptr_array_add(words, (char *)k->group);
		else if (strcmp(k->group, group) == 0)
			g_ptr_array_add(words, (char *)k->key);
	}
	g_ptr_array_add(words, NULL);
	near = nearest_word(
	    group_known ? key : group, (const char *const *)words->pdata);
	return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
	    "a plan has no %s '%s'%s%s%s", group_known ? "key" : "group",
	    group_known ? key : group, near ? "; did you mean '" : "",
	    near ? near : "", near ? "'?" : "");
}

enum status
plan_set_where(Plan *plan, const char *group, const char *key,
    const char *value, const char *where, GError **error)
{
	if (strlen(value) > PLAN_TEXT_MAX || !g_utf8_validate(value, -1, NULL))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s: not UTF-8 text of at most %d bytes", key,
		    PLAN_TEXT_MAX);
	for (guint i = 0; plan_keys[i].group != NULL; i++) {
		enum status st;

		if (strcmp(plan_keys[i].group, group) != 0 ||
		    strcmp(plan_keys[i].key, key) != 0)
			continue;
		st = set_field(plan, &plan_keys[i], value, error);
		if (st < 0)
			return st;
		set_text(plan, i, value);
		return ST_OK;
	}
	if (strcmp(group, "from") == 0 || strcmp(group, "to") == 0) {
		GPtrArray *settings =
		    *group == 'f' ? plan->from.settings : plan->to.settings;

		g_ptr_array_add(settings, g_strdup(key));
		g_ptr_array_add(settings, g_strdup(value));
		g_ptr_array_add(settings, g_strdup(where));
		return ST_OK;
	}
	return unknown_key(group, key, error);
}

enum status
plan_set(Plan *plan, const char *group, const char *key, const char *value,
    GError **error)
{
	return plan_set_where(plan, group, key, value, "", error);
}
