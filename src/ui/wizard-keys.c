/*
 * Pages whose fields are keys of the plan: their defaults, their help and what
 * they take come from the table of keys (engine/plan.h).
 */
#include "ui/wizard-private.h"

#include <string.h>
#include <unistd.h>

/* A value of a form into the plan; an empty one takes it out. False: it does
 * not fit, which has been said. */
bool
ui_wizard_put(
    struct wizard *w, const char *group, const char *key, const char *value)
{
	g_autoptr(GError) error = NULL;

	plan_unset(w->plan, group, key);
	if (*value == '\0' || plan_set(w->plan, group, key, value, &error) >= 0)
		return true;
	ui_message("This does not fit", error->message);
	return false;
}

/* The same for a list: values joined by ';'. */
bool
ui_wizard_put_list(
    struct wizard *w, const char *group, const char *key, const char *text)
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

/* A field, and the key that it edits. */
struct key {
	const char *label, *group, *key;
};

static const struct plan_key *
find_key(const struct key *key)
{
	const struct plan_key *k = plan_keys;

	while (
	    strcmp(k->group, key->group) != 0 || strcmp(k->key, key->key) != 0)
		k++;
	return k;
}

static char *
help_of(const char *help, const struct key *keys, guint n)
{
	GString *out = g_string_new(help);

	for (guint i = 0; i < n; i++)
		g_string_append_printf(out, "\n%s%s: %s.", keys[i].label,
		    g_str_has_prefix(find_key(&keys[i])->option, "no-")
			? " (switched off)"
			: "",
		    find_key(&keys[i])->summary);
	return g_string_free(out, FALSE);
}

/* What is not given is as the table says; what is as the table says is not
 * given. */
static bool
put_key(struct wizard *w, const struct key *key, const char *value)
{
	const struct plan_key *k = find_key(key);

	if (g_strcmp0(k->fallback, value) == 0)
		value = "";
	return k->type == PLAN_LIST
		   ? ui_wizard_put_list(w, key->group, key->key, value)
		   : ui_wizard_put(w, key->group, key->key, value);
}

/* A form of keys. */
static enum ui_answer
page_keys(struct wizard *w, const char *title, const char *text,
    const char *help, const struct key *keys, guint n)
{
	g_autofree char *all = help_of(help, keys, n);

	for (;;) {
		struct ui_field fields[UI_FIELDS_MAX] = {0};
		enum ui_answer answer;
		bool good = true;

		for (guint i = 0; i < n; i++) {
			const struct plan_key *k = find_key(&keys[i]);

			fields[i].label = keys[i].label;
			fields[i].is_switch = k->type == PLAN_BOOL;
			fields[i].value = plan_get(w->plan, k->group, k->key);
			if (fields[i].value == NULL)
				fields[i].value = g_strdup(k->fallback);
		}
		answer = ui_form(title, text, all, fields, n, NULL);
		for (guint i = 0; i < n; i++) {
			if (answer == ANSWER_NEXT && good)
				good = put_key(w, &keys[i], fields[i].value);
			g_free(fields[i].value);
		}
		if (good)
			return answer;
	}
}

static const char *const kind_labels[] = {"Mail", "Calendars",
    "Address books (contacts)", "Tasks", "Notes", "Journal",
    "Public folders, shared by all"};

/* One switch for each kind that can be left out. */
enum ui_answer
ui_wizard_kinds(struct wizard *w)
{
	struct ui_field fields[G_N_ELEMENTS(kind_labels)] = {0};
	g_autoptr(GString) without = g_string_new(NULL);
	enum ui_answer answer;

	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		bool out = filter_without(&w->plan->filter, filter_kinds[i]);

		fields[i].label = kind_labels[i];
		fields[i].is_switch = true;
		fields[i].value = g_strdup(out ? "no" : "yes");
	}
	answer = ui_form("What to take",
	    "All of it, as far as the source has it and the destination takes "
	    "it. Space switches.",
	    "A folder is of a kind by what its system says it is for, else by "
	    "its name. What the destination has no place for becomes messages "
	    "there, or is counted and named: an IMAP server and a Maildir keep "
	    "contacts as vCards and appointments as iCalendar in messages. "
	    "Permissions of public folders stay where they are.",
	    fields, G_N_ELEMENTS(fields), NULL);
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		if (strcmp(fields[i].value, "no") == 0)
			g_string_append_printf(without, "%s;", filter_kinds[i]);
		g_free(fields[i].value);
	}
	if (answer == ANSWER_NEXT)
		ui_wizard_put_list(w, "filter", "without", without->str);
	return answer;
}

enum ui_answer
ui_wizard_which(struct wizard *w)
{
	static const struct key keys[] = {
	    {"Since", "filter", "since"},
	    {"Before", "filter", "until"},
	    {"Not larger than", "filter", "max-size"},
	    {"Only folders", "filter", "include"},
	    {"Not folders", "filter", "exclude"},
	    {"Folder map (CSV)", "folders", "map"},
	    {"Mail marked as deleted too", "filter", "deleted"},
	};

	return page_keys(w, "Which of it",
	    "Everything, unless it is narrowed here.",
	    "Dates are written 2026-11-21 and are those of arrival; mail "
	    "without a date is always taken. Sizes are written 50MB. Folders "
	    "are patterns, joined by ';', such as Trash;Archive/20*; what is "
	    "below goes with them.",
	    keys, G_N_ELEMENTS(keys));
}

enum ui_answer
ui_wizard_people(struct wizard *w)
{
	static const struct key keys[] = {
	    {"Directory", "directory", "url"},
	    {"Log-in name", "directory", "user"},
	    {"File with its password", "directory", "password-file"},
	    {"Mapping file (CSV)", "directory", "map"},
	    {"Create mailboxes", "directory", "create-mailboxes"},
	    {"Mailbox is called by", "directory", "mailbox-name"},
	    {"Addresses", "directory", "address"},
	    {"If an alias is taken", "directory", "on-conflict"},
	    {"Initial passwords", "directory", "initial-password"},
	    {"List of these in", "directory", "password-list"},
	};

	return page_keys(w, "People and passwords",
	    "With a directory, each mailbox goes to its recipient there: one "
	    "that is found, a contact that is converted, or a new one. Without "
	    "one, mailboxes keep their names.",
	    "The directory is ldap://HOST/BASE of a server, sqlite:FILE of our "
	    "own, csv:FILE or ldif:FILE. Nothing is written in it before the "
	    "run. The next page shows who was found.",
	    keys, G_N_ELEMENTS(keys));
}

/* What would stop the run at its first step. */
static bool
is_writable(struct wizard *w)
{
	g_autofree char *dir = g_strdup(w->plan->state_dir);
	g_autofree char *why = NULL;

	while (!g_file_test(dir, G_FILE_TEST_EXISTS)) {
		char *parent = g_path_get_dirname(dir);

		g_free(dir);
		dir = parent;
	}
	if (g_file_test(dir, G_FILE_TEST_IS_DIR) && access(dir, W_OK) == 0)
		return true;
	why = g_strdup_printf("%s cannot be written: %s is %s. Name another "
			      "directory.",
	    w->plan->state_dir, dir,
	    g_file_test(dir, G_FILE_TEST_IS_DIR) ? "not yours to write in"
						 : "no directory");
	ui_message("This does not fit", why);
	return false;
}

enum ui_answer
ui_wizard_run(struct wizard *w)
{
	static const struct key keys[] = {
	    {"State directory", "run", "state"},
	    {"Mailboxes at a time", "run", "workers"},
	    {"Connections for each", "run", "connections"},
	    {"Try again, times", "run", "retries"},
	};
	enum ui_answer answer;

	do
		answer = page_keys(w, "The run",
		    "The state directory remembers what was moved: with it, a "
		    "run that was cut goes on, and a later one moves only what "
		    "is new.",
		    "Keep the state directory until the migration is over.",
		    keys, G_N_ELEMENTS(keys));
	while (answer == ANSWER_NEXT && !is_writable(w));
	return answer;
}
