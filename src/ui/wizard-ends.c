/*
 * The pages of the two ends: address, log-in, options; tried before they are
 * left. Also what is listed there.
 */
#include "ui/wizard-private.h"

#include "base/secret.h"
#include "dest/dest.h"
#include "source/source.h"

#include <string.h>

static char *passwords[2]; /* destination, source */

const char *
ui_wizard_password(bool source)
{
	return passwords[source];
}

void
ui_wizard_forget(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(passwords); i++)
		g_clear_pointer(&passwords[i], secret_free);
}

void
ui_account_free(struct ui_account *account)
{
	g_free(account->name);
	g_free(account);
}

/* The options of a driver, as a form. */
static enum ui_answer
page_options(struct wizard *w, const char *group, const struct option *options,
    const char *name)
{
	struct ui_field fields[UI_FIELDS_MAX] = {0};
	enum ui_answer answer;
	GString *help = g_string_new(NULL);
	guint n = 0;
	bool good = true;

	for (; options[n].name != NULL && n < 10; n++) {
		fields[n].label = options[n].name;
		fields[n].value = plan_get(w->plan, group, options[n].name);
		if (fields[n].value == NULL)
			fields[n].value = g_strdup(
			    options[n].fallback ? options[n].fallback : "");
		fields[n].is_switch = options[n].type == OPTION_BOOL;
		g_string_append_printf(help, "%s: %s%s%s\n", options[n].name,
		    options[n].summary, options[n].choices ? ": " : "",
		    options[n].choices ? options[n].choices : "");
	}
	answer = ui_form(name, "Options of the driver; F1 explains them.",
	    help->str, fields, n, NULL);
	for (guint i = 0; i < n; i++) {
		const char *fallback =
		    options[i].fallback ? options[i].fallback : "";

		if (answer == ANSWER_NEXT)
			good &= ui_wizard_put(w, group, options[i].name,
			    strcmp(fields[i].value, fallback) == 0
				? ""
				: fields[i].value);
		g_free(fields[i].value);
	}
	g_string_free(help, TRUE);
	return good ? answer : ANSWER_OTHER;
}

static int
compare_accounts(const void *a, const void *b)
{
	const struct ui_account *const *one = a, *const *two = b;

	return g_utf8_collate((*one)->name, (*two)->name);
}

enum status
ui_wizard_copy(const struct wizard *w, bool need_to, bool everybody, Plan **out,
    GError **error)
{
	g_autofree char *text = plan_to_text(w->plan);
	enum status st;

	*out = plan_new();
	/* A command, or a word that was typed, may be another one now. */
	plan_forget_passwords();
	st = plan_load_text(*out, text, "plan", error);
	if (everybody && (*out)->accounts_file != NULL)
		plan_unset(*out, "accounts", "mailbox");
	if (st == ST_OK)
		st = plan_finish(*out, need_to, error);
	if (st < 0)
		return st;
	if (passwords[true] != NULL)
		plan_set_password(*out, &(*out)->from, passwords[true]);
	if (passwords[false] != NULL && (*out)->to.text != NULL)
		plan_set_password(*out, &(*out)->to, passwords[false]);
	return ST_OK;
}

/* Log on, as the plan says now. boxes: what the source lists; NULL: try the
 * destination. */
static enum status
log_on(
    const struct wizard *w, const Plan *plan, GPtrArray *boxes, GError **error)
{
	g_autoptr(Source) s = NULL;
	g_autoptr(Dest) d = NULL;
	struct plan_route route;
	enum status st = plan_route(plan,
	    plan->accounts->len > 0 ? plan->accounts->pdata[0] : NULL, NULL,
	    &route, error);

	if (st < 0)
		return st;
	if (boxes != NULL) {
		st = source_open(&s, w->source, &route.from, error);
		if (st == ST_OK)
			st = source_list(s, boxes, error);
	} else if (w->dest->accounts) {
		st = dest_open(&d, w->dest, &route.to, error);
	}
	g_clear_pointer(&s, source_close);
	g_clear_pointer(&d, dest_close);
	plan_route_clear(&route);
	return st;
}

static struct ui_account *
add_account(struct wizard *w, const char *name)
{
	struct ui_account *account = g_new0(struct ui_account, 1);

	account->name = g_strdup(name);
	account->messages = account->bytes = -1;
	g_ptr_array_add(w->accounts, account);
	return account;
}

/* Those that the source lists; with a file of accounts, only those in it, as
 * others do not go. */
static void
take_listed(struct wizard *w, const Plan *plan, const GPtrArray *boxes)
{
	g_autoptr(GHashTable) by_name =
	    g_hash_table_new(g_str_hash, g_str_equal);
	bool listed = plan->accounts_file != NULL;

	for (guint i = 0; listed && i < plan->accounts->len; i++) {
		const struct account *row = plan->accounts->pdata[i];
		struct ui_account *account = add_account(w, row->source);

		account->state = "missing";
		g_hash_table_insert(by_name, account->name, account);
	}
	for (guint i = 0; i < boxes->len; i++) {
		const struct mailbox *box = boxes->pdata[i];
		struct ui_account *account;

		if (box->no_mail) /* nobody's: directory rows */
			continue;
		account = listed ? g_hash_table_lookup(by_name, box->name)
				 : add_account(w, box->name);
		if (account == NULL)
			continue;
		account->messages = box->messages;
		account->bytes = box->bytes;
		account->state = NULL;
	}
}

enum status
ui_wizard_list(struct wizard *w, GError **error)
{
	g_autoptr(Plan) plan = NULL;
	g_autoptr(GPtrArray) boxes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	g_autoptr(GHashTable) chosen =
	    g_hash_table_new(g_str_hash, g_str_equal);
	enum status st = ui_wizard_copy(w, false, true, &plan, error);

	g_ptr_array_set_size(w->accounts, 0);
	if (st < 0)
		return st;
	if (plan->from.accounts && plan->accounts->len > 0) {
		/* Each has a log-in of its own: a check logs on to all. */
		for (guint i = 0; i < plan->accounts->len; i++)
			add_account(
			    w, ((struct account *)plan->accounts->pdata[i])
				   ->source);
	} else {
		st = log_on(w, plan, boxes, error);
		if (st < 0)
			return st;
		take_listed(w, plan, boxes);
	}
	if (w->accounts->len == 0)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s: there is no mailbox in it", plan->from.text);
	for (guint i = 0; i < w->plan->mailboxes->len; i++)
		g_hash_table_add(chosen, w->plan->mailboxes->pdata[i]);
	for (guint i = 0; i < w->accounts->len; i++) {
		struct ui_account *account = w->accounts->pdata[i];

		account->wanted = g_hash_table_size(chosen) == 0 ||
				  g_hash_table_contains(chosen, account->name);
	}
	/* Sources list in any order; people look for names. */
	g_ptr_array_sort(w->accounts, compare_accounts);
	return ST_OK;
}

static bool
tried(struct wizard *w, bool source)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Plan) plan = NULL;
	enum status st;

	ui_wait(source ? "Looking at the source..."
		       : "Looking at the destination...");
	if (source)
		st = ui_wizard_list(w, &error);
	else
		st = ui_wizard_copy(w, false, false, &plan, &error);
	if (!source && st == ST_OK)
		st = log_on(w, plan, NULL, &error);
	ui_wait_end();
	return st >= 0 ||
	       ui_ask("It did not work", error->message, "Go on", "Correct it");
}

static const char end_help[] =
    "The address names the system: imaps://SERVER, files:DIRECTORY, "
    "maildir:DIRECTORY. In the log-in name %m stands for each mailbox. A "
    "migration account logs on for all users. A password typed here is kept "
    "for this run only and written nowhere; for later runs name a file that "
    "holds it, or a command that prints it (%m: the mailbox).";

/* An end with log-ins asks for more than a path. */
enum ui_answer
ui_wizard_end(struct wizard *w, bool source)
{
	const char *group = source ? "from" : "to";
	bool accounts = source ? w->source->accounts : w->dest->accounts;
	const char *const *schemes =
	    source ? w->source->schemes : w->dest->schemes;
	const struct option *options =
	    source ? w->source->options : w->dest->options;
	struct plan_end *end = source ? &w->plan->from : &w->plan->to;

	for (;;) {
		struct ui_field fields[] = {
		    {accounts ? "Address" : "Directory or file",
			plan_get(w->plan, group, "url")},
		    {"Log-in name", plan_get(w->plan, group, "user")},
		    {"Migration account",
			plan_get(w->plan, group, "auth-user")},
		    {"Password", g_strdup(passwords[source]), true},
		    {"or a file with it",
			plan_get(w->plan, group, "password-file")},
		    {"or a command for it",
			plan_get(w->plan, group, "password-command")},
		    {"OAuth 2.0 token command",
			plan_get(w->plan, group, "token-command")},
		    {"Accounts file (CSV)",
			plan_get(w->plan, "accounts", "file")},
		};
		guint n = !accounts ? 1 : source ? 8 : 7;
		enum ui_answer answer;
		bool good = true;

		if (end->text == NULL ||
		    !g_strv_contains(schemes, end->url.scheme)) {
			g_free(fields[0].value);
			fields[0].value = g_strdup_printf("%s:%s",
			    accounts && schemes[1] ? schemes[1] : schemes[0],
			    accounts ? "//" : "");
		}
		answer = ui_form(source ? "Where the mail is" : "Where it goes",
		    source ? w->source->summary : w->dest->summary, end_help,
		    fields, n, options->name ? "Options" : NULL);
		if (answer == ANSWER_NEXT || answer == ANSWER_OTHER) {
			good = ui_wizard_put(w, group, "url", fields[0].value);
			if (accounts) {
				good &= ui_wizard_put(
				    w, group, "user", fields[1].value);
				good &= ui_wizard_put(
				    w, group, "auth-user", fields[2].value);
				good &= ui_wizard_put(
				    w, group, "password-file", fields[4].value);
				good &= ui_wizard_put(w, group,
				    "password-command", fields[5].value);
				good &= ui_wizard_put(
				    w, group, "token-command", fields[6].value);
				g_clear_pointer(
				    &passwords[source], secret_free);
				if (*fields[3].value)
					passwords[source] =
					    g_strdup(fields[3].value);
			}
			if (accounts && source)
				good &= ui_wizard_put(
				    w, "accounts", "file", fields[7].value);
		}
		for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
			if (fields[i].hidden)
				secret_free(fields[i].value);
			else
				g_free(fields[i].value);
		if (answer == ANSWER_OTHER && good)
			page_options(w, group, options,
			    source ? w->source->name : w->dest->name);
		else if (answer != ANSWER_NEXT)
			return answer;
		else if (good && tried(w, source))
			return ANSWER_NEXT;
	}
}
