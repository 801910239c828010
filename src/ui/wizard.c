/*
 * The pages of the wizard, in the original's order (spec/wizard.md 4), and what
 * each of them changes in the plan.
 */
#include "ui/wizard-private.h"

#include "base/secret.h"
#include "dest/dest.h"
#include "source/source.h"

#include <string.h>
#include <unistd.h>

struct wizard {
	Plan *plan;
	const struct source_driver *source;
	const struct dest_driver *dest;
	guint source_at, dest_at, procedure;
	GPtrArray *accounts; /* of struct ui_account; empty: not listed */
	char *path;	     /* of the plan, when it is saved */
	enum ui_wizard_end end;
};

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

static void
account_free_one(void *data)
{
	struct ui_account *account = data;

	g_free(account->name);
	g_free(account);
}

/* A value of a form into the plan; an empty one takes it out. False: it does
 * not fit, which has been said. */
static bool
put(struct wizard *w, const char *group, const char *key, const char *value)
{
	g_autoptr(GError) error = NULL;

	plan_unset(w->plan, group, key);
	if (*value == '\0' || plan_set(w->plan, group, key, value, &error) >= 0)
		return true;
	ui_message("This does not fit", error->message);
	return false;
}

/* The same for a list: values joined by ';'. */
static bool
put_list(struct wizard *w, const char *group, const char *key, const char *text)
{
	g_auto(GStrv) values = g_strsplit(text, ";", -1);
	g_autoptr(GError) error = NULL;

	plan_unset(w->plan, group, key);
	for (guint i = 0; values[i] != NULL; i++) {
		if (*g_strstrip(values[i]) == '\0')
			continue;
		if (plan_set(w->plan, group, key, values[i], &error) < 0) {
			ui_message("This does not fit", error->message);
			return false;
		}
	}
	return true;
}

/* Drivers for tests are not for people. */
static bool
is_for_people(const char *name)
{
	static const char *const others[] = {"generate", "fail", "null", NULL};

	return !g_strv_contains(others, name);
}

static const char kind_help[] =
    "Choose the kind of system that holds the mail now. 'files' are migration "
    "files that an earlier extraction wrote: choosing them is the second step "
    "of a migration in two. A kind that is not here: 'mailmig drivers'.";

static enum ui_answer
page_kind(struct wizard *w)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) drivers = g_ptr_array_new();
	enum ui_answer answer;

	for (guint i = 0; source_drivers[i] != NULL; i++) {
		const struct source_driver *d = source_drivers[i];

		if (!is_for_people(d->name) && d != w->source)
			continue;
		if (d == w->source)
			w->source_at = drivers->len;
		g_ptr_array_add(drivers, (void *)d);
		g_ptr_array_add(
		    rows, g_strdup_printf("%-10s %s", d->name, d->summary));
	}
	answer = ui_list("What to migrate",
	    "Mail is copied; the source is never written to. Where is it now?",
	    kind_help, (const char *const *)rows->pdata, rows->len,
	    &w->source_at);
	w->source = drivers->pdata[w->source_at];
	return answer;
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
			good &= put(w, group, options[i].name,
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

/* What the plan says now, finished; with the passwords that were typed. The
 * plan of the pages stays as it is: it can be changed again. */
static enum status
finished_copy(const struct wizard *w, bool need_to, Plan **out, GError **error)
{
	g_autofree char *text = plan_to_text(w->plan);
	enum status st;

	*out = plan_new();
	/* A command, or a word that was typed, may be another one now. */
	plan_forget_passwords();
	st = plan_load_text(*out, text, "plan", error);
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

/* Log on, as the plan says now; the source also lists. */
static enum status
try_end(struct wizard *w, bool source, GError **error)
{
	g_autoptr(Plan) plan = NULL;
	g_autoptr(GPtrArray) boxes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	g_autoptr(GHashTable) chosen =
	    g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(Source) s = NULL;
	g_autoptr(Dest) d = NULL;
	struct plan_route route;
	enum status st = finished_copy(w, false, &plan, error);

	if (st < 0)
		return st;
	st = plan_route(plan,
	    plan->accounts->len > 0 ? plan->accounts->pdata[0] : NULL, NULL,
	    &route, error);
	if (st < 0)
		return st;
	if (source) {
		st = source_open(&s, w->source, &route.from, error);
		if (st == ST_OK)
			st = source_list(s, boxes, error);
	} else if (w->dest->accounts) {
		st = dest_open(&d, w->dest, &route.to, error);
	}
	g_clear_pointer(&s, source_close);
	g_clear_pointer(&d, dest_close);
	plan_route_clear(&route);
	if (st < 0 || !source)
		return st;
	for (guint i = 0; i < w->plan->mailboxes->len; i++)
		g_hash_table_add(chosen, w->plan->mailboxes->pdata[i]);
	g_ptr_array_set_size(w->accounts, 0);
	for (guint i = 0; i < boxes->len; i++) {
		const struct mailbox *box = boxes->pdata[i];
		struct ui_account *account;

		if (box->no_mail) /* nobody's: directory rows */
			continue;
		account = g_new0(struct ui_account, 1);

		account->name = g_strdup(box->name);
		account->messages = box->messages;
		account->bytes = box->bytes;
		account->wanted = g_hash_table_size(chosen) == 0 ||
				  g_hash_table_contains(chosen, box->name);
		g_ptr_array_add(w->accounts, account);
	}
	/* Sources list in any order; people look for names. */
	g_ptr_array_sort(w->accounts, compare_accounts);
	return ST_OK;
}

static bool
tried(struct wizard *w, bool source)
{
	g_autoptr(GError) error = NULL;
	enum status st;

	ui_wait(source ? "Looking at the source..."
		       : "Looking at the destination...");
	st = try_end(w, source, &error);
	ui_wait_end();
	return st >= 0 ||
	       ui_ask("It did not work", error->message, "Go on", "Correct it");
}

static const char end_help[] =
    "The address names the system: imaps://SERVER, files:DIRECTORY, "
    "maildir:DIRECTORY. In the log-in name %m stands for each mailbox. A "
    "migration account logs on for all users. A password typed here is kept "
    "for this run only and written nowhere; for later runs name a file that "
    "holds it.";

/* An end with log-ins asks for more than a path. */
static enum ui_answer
page_end(struct wizard *w, bool source)
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
		    {"Accounts file (CSV)",
			plan_get(w->plan, "accounts", "file")},
		};
		guint n = !accounts ? 1 : source ? 6 : 5;
		enum ui_answer answer;
		bool good = true, listed;

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
			good = put(w, group, "url", fields[0].value);
			if (accounts) {
				good &= put(w, group, "user", fields[1].value);
				good &=
				    put(w, group, "auth-user", fields[2].value);
				good &= put(
				    w, group, "password-file", fields[4].value);
				g_clear_pointer(
				    &passwords[source], secret_free);
				if (*fields[3].value)
					passwords[source] =
					    g_strdup(fields[3].value);
			}
			if (accounts && source)
				good &=
				    put(w, "accounts", "file", fields[5].value);
		}
		/* A list of people is logged on to by 'check', not here. */
		listed = accounts && *(source ? fields[5].value : "") != '\0';
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
		else if (good && (listed || tried(w, source)))
			return ANSWER_NEXT;
	}
}

static enum ui_answer
page_source(struct wizard *w)
{
	return page_end(w, true);
}

static const char procedure_help[] =
    "In one step, mail goes from the source to its destination. In two, it is "
    "first written to migration files, which can be looked at, kept, edited "
    "and imported later and elsewhere.";

static enum ui_answer
page_procedure(struct wizard *w)
{
	static const char *const rows[] = {"One step: to the destination",
	    "Two steps, the first: extract migration files"};

	if (strcmp(w->source->name, "files") == 0)
		return ANSWER_OTHER; /* it is the second step */
	return ui_list("Procedure", "How shall it be done?", procedure_help,
	    rows, G_N_ELEMENTS(rows), &w->procedure);
}

static enum ui_answer
page_dest_kind(struct wizard *w)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) drivers = g_ptr_array_new();
	enum ui_answer answer;

	if (w->procedure == 1 && strcmp(w->source->name, "files") != 0) {
		w->dest = dest_driver_find("files");
		return ANSWER_OTHER;
	}
	for (guint i = 0; dest_drivers[i] != NULL; i++) {
		const struct dest_driver *d = dest_drivers[i];

		if (!is_for_people(d->name) && d != w->dest)
			continue;
		if (d == w->dest)
			w->dest_at = drivers->len;
		g_ptr_array_add(drivers, (void *)d);
		g_ptr_array_add(
		    rows, g_strdup_printf("%-10s %s", d->name, d->summary));
	}
	answer = ui_list("Destination", "Where shall the mail go?",
	    "Choose the kind of system that will hold the mail.",
	    (const char *const *)rows->pdata, rows->len, &w->dest_at);
	w->dest = drivers->pdata[w->dest_at];
	return answer;
}

static enum ui_answer
page_dest(struct wizard *w)
{
	return page_end(w, false);
}

static const char what_help[] =
    "Dates are written 2026-11-21 and are those of arrival; mail without a "
    "date is always taken. Sizes are written 50MB. Folders are patterns, "
    "joined by ';', such as Trash;Archive/20*; what is below goes with them. "
    "The folder map is a CSV file of two columns: folder there, folder here.";

static enum ui_answer
page_what(struct wizard *w)
{
	static const struct {
		const char *label, *group, *key;
		bool list, is_switch;
	} table[] = {
	    {"Since", "filter", "since"},
	    {"Before", "filter", "until"},
	    {"Not larger than", "filter", "max-size"},
	    {"Only folders", "filter", "include", true},
	    {"Not folders", "filter", "exclude", true},
	    {"Folder map (CSV)", "folders", "map"},
	    {"Mail marked as deleted too", "filter", "deleted", false, true},
	};

	for (;;) {
		struct ui_field fields[G_N_ELEMENTS(table)] = {0};
		enum ui_answer answer;
		bool good = true;

		for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
			fields[i].label = table[i].label;
			fields[i].is_switch = table[i].is_switch;
			fields[i].value =
			    plan_get(w->plan, table[i].group, table[i].key);
			if (fields[i].value == NULL && table[i].is_switch)
				fields[i].value = g_strdup("yes");
		}
		answer = ui_form("What to take",
		    "Everything, unless it is narrowed here.", what_help,
		    fields, G_N_ELEMENTS(table), NULL);
		for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
			const char *value = fields[i].value;

			if (answer == ANSWER_NEXT && table[i].list)
				good &= put_list(
				    w, table[i].group, table[i].key, value);
			else if (answer == ANSWER_NEXT)
				good &= put(w, table[i].group, table[i].key,
				    table[i].is_switch &&
					    strcmp(value, "yes") == 0
					? ""
					: value);
			g_free(fields[i].value);
		}
		if (good)
			return answer;
	}
}

static const char accounts_help[] =
    "These are the mailboxes of the source. Enter on one takes it or leaves it "
    "out. With thousands, search first, then take all or none of what is "
    "shown.";

static enum ui_answer
page_accounts(struct wizard *w)
{
	enum ui_answer answer;
	bool all = true;

	if (w->accounts->len < 2)
		return ANSWER_OTHER;
	answer = ui_accounts("Accounts", accounts_help, w->accounts);
	if (answer != ANSWER_NEXT)
		return answer;
	plan_unset(w->plan, "accounts", "mailbox");
	for (guint i = 0; i < w->accounts->len; i++)
		all &= ((struct ui_account *)w->accounts->pdata[i])->wanted;
	for (guint i = 0; !all && i < w->accounts->len; i++) {
		const struct ui_account *account = w->accounts->pdata[i];

		if (account->wanted)
			plan_set(w->plan, "accounts", "mailbox", account->name,
			    NULL);
	}
	return ANSWER_NEXT;
}

static enum ui_answer
page_run(struct wizard *w)
{
	for (;;) {
		struct ui_field fields[] = {
		    {"State directory", plan_get(w->plan, "run", "state")},
		    {"Mailboxes at a time",
			plan_get(w->plan, "run", "workers")},
		};
		enum ui_answer answer;
		bool good = true;

		if (fields[0].value == NULL)
			fields[0].value = g_strdup("mailmig-state");
		answer = ui_form("The run",
		    "The state directory remembers what was moved: with it, a "
		    "run that was cut goes on, and a later one moves only what "
		    "is new.",
		    "Keep the state directory until the migration is over. "
		    "Mailboxes at a time: nothing, and the machine decides.",
		    fields, G_N_ELEMENTS(fields), NULL);
		if (answer == ANSWER_NEXT) {
			good = put(w, "run", "state", fields[0].value);
			good &= put(w, "run", "workers", fields[1].value);
		}
		g_free(fields[0].value);
		g_free(fields[1].value);
		if (good)
			return answer;
	}
}

/* What the plan says, without what it leaves as it is. */
static char *
summary_of(const struct wizard *w)
{
	g_autofree char *text = plan_to_text(w->plan);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GString *out = g_string_new(NULL);
	const char *group = NULL; /* nothing of it was said yet */

	for (guint i = 0; lines[i] != NULL; i++) {
		if (*lines[i] == '#' || *lines[i] == '\0')
			continue;
		if (*lines[i] == '[') {
			group = lines[i];
			continue;
		}
		if (group != NULL)
			g_string_append_printf(out, "%s\n", group);
		group = NULL;
		g_string_append_printf(out, "%s\n", lines[i]);
	}
	if (passwords[0] != NULL || passwords[1] != NULL)
		g_string_append(out,
		    "\nThe passwords that were typed are for this run; they "
		    "are not saved.\n");
	return g_string_free(out, FALSE);
}

static enum ui_answer
page_save(struct wizard *w)
{
	struct ui_field field = {
	    "File", g_strdup(w->path ? w->path : "migration.plan")};
	enum ui_answer answer = ui_form("Save and exit",
	    "The plan is a text file. 'mailmig check FILE' tries it, 'mailmig "
	    "run FILE' runs it.",
	    "A file that is there is replaced.", &field, 1, NULL);

	g_free(w->path);
	w->path = field.value;
	return answer;
}

/* Nothing that is known before would end the run at once. */
static bool
is_ready(const struct wizard *w)
{
	g_autoptr(Plan) plan = NULL;
	g_autoptr(GError) error = NULL;

	if (finished_copy(w, true, &plan, &error) == ST_OK)
		return true;
	ui_message("It cannot begin", error->message);
	return false;
}

static enum ui_answer
page_summary(struct wizard *w)
{
	for (;;) {
		g_autofree char *text = summary_of(w);
		enum ui_answer answer =
		    ui_text("Summary: this will be done", text,
			"Run begins at once and shows its progress; Save and "
			"exit writes the plan to a file for later.",
			"Run", "Save and exit", false);

		if (answer == ANSWER_NEXT && !is_ready(w))
			continue;
		if (answer == ANSWER_NEXT) {
			w->end = UI_RUN;
			return answer;
		}
		if (answer != ANSWER_OTHER)
			return answer;
		answer = page_save(w);
		if (answer == ANSWER_NEXT && *w->path != '\0') {
			w->end = UI_SAVE;
			return answer;
		}
		if (answer == ANSWER_CANCEL)
			return answer;
	}
}

/* What a plan that is there already chose. */
static void
find_drivers(struct wizard *w)
{
	const struct plan_end *from = &w->plan->from, *to = &w->plan->to;

	w->source = from->text ? source_driver_find(from->url.scheme) : NULL;
	w->dest = to->text ? dest_driver_find(to->url.scheme) : NULL;
	w->procedure = w->dest != NULL && strcmp(w->dest->name, "files") == 0;
}

enum status
ui_wizard(Plan *plan, bool again, enum ui_wizard_end *end, char **path,
    GError **error)
{
	/* A page that has nothing to ask answers OTHER: it is passed over in
	 * the direction of the way. */
	static enum ui_answer (*const pages[])(struct wizard *) = {page_kind,
	    page_source, page_procedure, page_dest_kind, page_dest, page_what,
	    page_accounts, page_run, page_summary};
	struct wizard w = {.plan = plan, .end = UI_CANCEL};
	int at = 0, way = 1;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "the wizard needs a terminal; 'mailmig plan --from URL "
		    "--to URL' writes a plan without one");
	w.accounts = g_ptr_array_new_with_free_func(account_free_one);
	find_drivers(&w);
	if (again)
		at = (int)G_N_ELEMENTS(pages) - 1;
	newtInit();
	while (at < (int)G_N_ELEMENTS(pages)) {
		enum ui_answer answer = pages[at](&w);

		if (answer == ANSWER_CANCEL)
			break;
		if (answer != ANSWER_OTHER)
			way = answer == ANSWER_NEXT ? 1 : -1;
		at = MAX(at + way, 0);
	}
	newtFinished();
	g_ptr_array_unref(w.accounts);
	*end = w.end;
	*path = w.path;
	return ST_OK;
}
