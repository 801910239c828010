/*
 * From what was asked for to what is meant: drivers, options, logins,
 * accounts, maps.
 */
#include "engine/plan-private.h"

#include "base/nearest.h"
#include "base/secret.h"
#include "dest/dest.h"
#include "source/source.h"

#include <string.h>

/* base/secret.c keeps them from users' commands. */
#define HANDOVER_FROM "MAILMIG_HANDOVER_FROM"
#define HANDOVER_TO   "MAILMIG_HANDOVER_TO"

const char *
plan_handover_name(const Plan *plan, const struct plan_end *end)
{
	return end == &plan->from ? HANDOVER_FROM : HANDOVER_TO;
}

bool
plan_has_mark(const char *text)
{
	return text != NULL && strstr(text, "%m") != NULL;
}

static void
add_schemes(GPtrArray *out, const char *const *schemes)
{
	for (; *schemes != NULL; schemes++)
		g_ptr_array_add(out, (char *)*schemes);
}

static enum status
unknown_scheme(const struct plan_end *end, bool source, GError **error)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	g_autofree char *known = NULL;
	const char *near;

	if (source)
		for (guint i = 0; source_drivers[i] != NULL; i++)
			add_schemes(words, source_drivers[i]->schemes);
	else
		for (guint i = 0; dest_drivers[i] != NULL; i++)
			add_schemes(words, dest_drivers[i]->schemes);
	g_ptr_array_add(words, NULL);
	known = g_strjoinv(": ", (char **)words->pdata);
	near = nearest_word(end->url.scheme, (const char *const *)words->pdata);
	return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
	    "%s: there is no %s '%s:'%s%s%s; known are %s: (see mailmig "
	    "drivers)",
	    end->text, source ? "source" : "destination", end->url.scheme,
	    near ? ", did you mean '" : "", near ? near : "", near ? ":'" : "",
	    known);
}

static enum status
find_driver(struct plan_end *end, bool source, GError **error)
{
	if (source) {
		const struct source_driver *driver =
		    source_driver_find(end->url.scheme);

		if (driver == NULL)
			return unknown_scheme(end, source, error);
		g_clear_pointer(&end->options, options_free);
		end->options = options_new(driver->options);
		end->accounts = driver->accounts;
	} else {
		const struct dest_driver *driver =
		    dest_driver_find(end->url.scheme);

		if (driver == NULL)
			return unknown_scheme(end, source, error);
		g_clear_pointer(&end->options, options_free);
		end->options = options_new(driver->options);
		end->accounts = driver->accounts;
	}
	return ST_OK;
}

static enum status
set_options(struct plan_end *end, GError **error)
{
	enum status st;

	for (guint i = 0; i + 2 < end->settings->len; i += 3) {
		char **setting = (char **)&end->settings->pdata[i];

		st = options_set(end->options, setting[0], setting[1], error);
		if (st < 0) {
			g_prefix_error(
			    error, "%s%s: ", setting[2], end->url.scheme);
			return st;
		}
	}
	/* The URL is nearer to the user than the plan file. */
	for (guint i = 0; end->url.names != NULL && end->url.names[i]; i++) {
		st = options_set(
		    end->options, end->url.names[i], end->url.values[i], error);
		if (st < 0) {
			g_prefix_error(error, "%s: ", end->text);
			return st;
		}
	}
	return ST_OK;
}

static void warn(Plan *plan, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
warn(Plan *plan, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	g_ptr_array_add(plan->warnings, g_strdup_vprintf(format, ap));
	va_end(ap);
}

static void
take_password(struct plan_end *end, char *password)
{
	secret_free(end->login.password);
	end->login.password = password;
}

/*
 * The password of an end, from the first of: the parent of this worker, a file,
 * a command without %m (one with it is asked for each mailbox), a variable of
 * the environment, the URL. What is not there a second time, or not to be asked
 * for twice, is left in the environment for the workers.
 */
static enum status
find_password(Plan *plan, struct plan_end *end, GError **error)
{
	const char *handover = plan_handover_name(plan, end);
	const char *value = g_getenv(handover);
	char *password = NULL;
	bool exposed = false;
	enum status st;

	if (value != NULL) {
		take_password(end, g_strdup(value));
		return ST_OK;
	}
	if (end->secret.file != NULL) {
		st = secret_from_file(
		    &password, end->secret.file, &exposed, error);
		if (st < 0)
			return st;
		if (exposed)
			warn(plan,
			    "password file %s can be read by others; chmod 600",
			    end->secret.file);
		take_password(end, password);
		return ST_OK;
	}
	if (end->secret.command != NULL) {
		if (plan_has_mark(end->secret.command))
			return ST_OK;
		st = secret_from_command(&password, end->secret.command, error);
		if (st < 0)
			return ST_RUN;
		take_password(end, password);
		g_setenv(handover, password, TRUE);
		return ST_OK;
	}
	value = g_getenv(end->secret.env);
	if (value != NULL && *value != '\0') {
		take_password(end, g_strdup(value));
		return ST_OK;
	}
	if (end->url.password != NULL) {
		warn(plan,
		    "%s: a password in a URL is seen by everybody on this "
		    "machine; use --password-file, or be asked for it",
		    end->text);
		take_password(end, g_strdup(end->url.password));
		g_setenv(handover, end->url.password, TRUE);
	}
	return ST_OK;
}

static void
inherit_secrets(const struct plan_secret *both, struct plan_end *end)
{
	struct plan_secret *own = &end->secret;

	/* One kind given for this end alone hides all kinds for both. */
	if (own->file != NULL || own->command != NULL ||
	    own->token_command != NULL)
		return;
	own->file = g_strdup(both->file);
	own->command = g_strdup(both->command);
	own->token_command = g_strdup(both->token_command);
}

static enum status
finish_end(Plan *plan, struct plan_end *end, bool source, GError **error)
{
	enum status st;

	st = find_driver(end, source, error);
	if (st < 0)
		return st;
	st = set_options(end, error);
	if (st < 0)
		return st;
	if (!end->accounts)
		return ST_OK;
	if (end->login.user == NULL)
		end->login.user = g_strdup(end->url.user);
	inherit_secrets(&plan->both, end);
	end->login.token_command = g_strdup(end->secret.token_command);
	if (end->login.token_command != NULL)
		return ST_OK;
	return find_password(plan, end, error);
}

/* With an accounts file, --mailbox picks from it. */
static enum status
pick_accounts(Plan *plan, GError **error)
{
	g_autoptr(GHashTable) there = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) wanted =
	    g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *all = plan->accounts;

	for (guint i = 0; i < all->len; i++)
		g_hash_table_add(
		    there, ((struct account *)all->pdata[i])->source);
	for (guint i = 0; i < plan->mailboxes->len; i++) {
		char *name = plan->mailboxes->pdata[i];

		if (!g_hash_table_contains(there, name))
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "--mailbox %s: no such source mailbox in %s", name,
			    plan->accounts_file);
		g_hash_table_add(wanted, name);
	}
	plan->accounts =
	    g_ptr_array_new_with_free_func((GDestroyNotify)account_free);
	g_ptr_array_set_free_func(all, NULL);
	for (guint i = 0; i < all->len; i++) {
		struct account *account = all->pdata[i];

		if (g_hash_table_contains(wanted, account->source))
			g_ptr_array_add(plan->accounts, account);
		else
			account_free(account);
	}
	g_ptr_array_unref(all);
	return ST_OK;
}

static enum status
load_accounts(Plan *plan, GError **error)
{
	bool exposed = false;
	enum status st;

	if (plan->accounts_file != NULL) {
		st = accounts_load(
		    plan->accounts, plan->accounts_file, &exposed, error);
		if (st < 0)
			return st;
		if (exposed)
			warn(plan,
			    "%s holds passwords and can be read by others; "
			    "chmod 600",
			    plan->accounts_file);
	}
	if (plan->accounts_file == NULL) {
		for (guint i = 0; i < plan->mailboxes->len; i++) {
			struct account *account = g_new0(struct account, 1);

			account->source = g_strdup(plan->mailboxes->pdata[i]);
			account->destination = g_strdup(account->source);
			g_ptr_array_add(plan->accounts, account);
		}
		return ST_OK;
	}
	return plan->mailboxes->len > 0 ? pick_accounts(plan, error) : ST_OK;
}

/* With a list of mailboxes, a fixed log-in name would open one and the same
 * for all of them. */
static enum status
check_end(
    const Plan *plan, const struct plan_end *end, bool source, GError **error)
{
	const char *side = source ? "source" : "dest";
	const char *user = end->login.user;

	if (!end->accounts)
		return ST_OK;
	if (plan->accounts->len == 0) {
		if (source && (user == NULL || plan_has_mark(user)))
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "%s: whose mailbox? write %s://USER@HOST, or name "
			    "them with --mailbox or --accounts",
			    end->text, end->url.scheme);
		if (end->url.host == NULL)
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "%s: no server; write %s://USER@HOST", end->text,
			    end->url.scheme);
		return ST_OK;
	}
	for (guint i = 0; end->url.host == NULL && i < plan->accounts->len;
	     i++) {
		const struct account *account = plan->accounts->pdata[i];

		if ((source ? account->source_host
			    : account->destination_host) != NULL)
			continue;
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "mailbox %s: no server at this end; write %s://HOST, or "
		    "name one in the accounts file",
		    account->source, end->url.scheme);
	}
	if (user != NULL && !plan_has_mark(user) && plan->accounts->len > 1)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s: %s cannot be the log-in name of %u mailboxes; write "
		    "%%m in its place, or --%s-auth-user %s when it is a "
		    "migration account",
		    end->text, user, plan->accounts->len, side, user);
	return ST_OK;
}

/* The policy for damaged rows belongs to the plan, the option to the driver. */
static void
set_lenient(Plan *plan)
{
	const struct source_driver *driver =
	    source_driver_find(plan->from.url.scheme);

	for (const struct option *o = driver->options; o->name != NULL; o++)
		if (strcmp(o->name, "lenient") == 0)
			options_set(plan->from.options, "lenient", "yes", NULL);
}

static enum status
check_given(const Plan *plan, bool need_to, GError **error)
{
	if (plan->from.text == NULL)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "no source is named; add --from URL, such as --from "
		    "imaps://anna@mail.example.org");
	if (need_to && plan->to.text == NULL)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "no destination is named; add --to URL, such as --to "
		    "maildir:DIR");
	for (guint i = 0; i < plan->filter.without->len; i++) {
		const char *word = plan->filter.without->pdata[i];
		g_autofree char *known =
		    g_strjoinv(", ", (char **)filter_kinds);

		if (!g_strv_contains(filter_kinds, word))
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "--without %s: it is none of %s", word, known);
	}
	if (plan->filter.since >= plan->filter.until)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "--since is not before --until: no message fits");
	return ST_OK;
}

enum status
plan_check_ends(Plan *plan, bool need_to, GError **error)
{
	enum status st = check_given(plan, need_to, error);

	if (st == ST_OK)
		st = find_driver(&plan->from, true, error);
	if (st == ST_OK)
		st = set_options(&plan->from, error);
	if (st == ST_OK && plan->to.text != NULL)
		st = find_driver(&plan->to, false, error);
	if (st == ST_OK && plan->to.text != NULL)
		st = set_options(&plan->to, error);
	return st;
}

static enum status
check_rights(const Plan *plan, GError **error)
{
	static const char *const words[] = {
	    "none", "author", "pubeditor", NULL};

	return plan->public_rights == NULL ||
		       g_strv_contains(words, plan->public_rights)
		   ? ST_OK
		   : fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			 "--public-rights is one of none, author, pubeditor, "
			 "not %s",
			 plan->public_rights);
}

enum status
plan_finish(Plan *plan, bool need_to, GError **error)
{
	enum status st = check_given(plan, need_to, error);

	if (st < 0)
		return st;
	st = finish_end(plan, &plan->from, true, error);
	if (st < 0)
		return st;
	if (plan->to.text != NULL) {
		st = finish_end(plan, &plan->to, false, error);
		if (st < 0)
			return st;
	}
	st = load_accounts(plan, error);
	if (st < 0)
		return st;
	st = check_end(plan, &plan->from, true, error);
	if (st == ST_OK && plan->to.text != NULL)
		st = check_end(plan, &plan->to, false, error);
	if (st < 0)
		return st;
	if (plan->folder_map_file != NULL) {
		st = foldermap_load(
		    plan->folder_map, plan->folder_map_file, error);
		if (st < 0)
			return st;
	}
	st = check_rights(plan, error);
	if (st < 0)
		return st;
	if (plan->lenient)
		set_lenient(plan);
	if (plan->workers == 0)
		plan->workers = CLAMP(g_get_num_processors(), 1, 8);
	plan->connections = MAX(plan->connections, 1);
	return ST_OK;
}

bool
plan_needs_password(const Plan *plan, const struct plan_end *end)
{
	bool source = end == &plan->from;

	if (!end->accounts || end->login.password != NULL ||
	    end->login.token_command != NULL || end->secret.command != NULL)
		return false;
	if (plan->accounts->len == 0)
		return true;
	for (guint i = 0; i < plan->accounts->len; i++) {
		const struct account *account = plan->accounts->pdata[i];
		const struct login *login = source
						? &account->source_login
						: &account->destination_login;

		if (login->password == NULL && login->token_command == NULL)
			return true;
	}
	return false;
}

void
plan_set_password(Plan *plan, struct plan_end *end, const char *password)
{
	take_password(end, g_strdup(password));
	g_setenv(plan_handover_name(plan, end), password, TRUE);
}

void
plan_forget_passwords(void)
{
	g_unsetenv(HANDOVER_FROM);
	g_unsetenv(HANDOVER_TO);
}
