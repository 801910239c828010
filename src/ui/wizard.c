/*
 * The pages of the wizard, in the original's order (spec/wizard.md 4), and what
 * each of them changes in the plan.
 */
#include "ui/wizard-private.h"

#include "dest/dest.h"
#include "source/source.h"

#include <string.h>
#include <unistd.h>

#define LINE_MAX_SHOWN 200 /* bytes of a line of the summary */

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

static enum ui_answer
page_source(struct wizard *w)
{
	return ui_wizard_end(w, true);
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
	return ui_wizard_end(w, false);
}

static const char accounts_help[] =
    "These are the mailboxes of the source. Space takes one or leaves it out, "
    "+ and - all or none of those that are shown, / searches. CSV file: a file "
    "with a line for each mailbox that goes, with log-in, password and name at "
    "the destination (see 'man mailmig', ACCOUNTS). Check: logs on to all that "
    "are chosen, at both ends, counts and measures, and writes nothing.";

/* Those that are wanted, into the plan. */
static void
put_accounts(struct wizard *w)
{
	bool all = true;

	plan_unset(w->plan, "accounts", "mailbox");
	for (guint i = 0; i < w->accounts->len; i++)
		all &= ((struct ui_account *)w->accounts->pdata[i])->wanted;
	for (guint i = 0; !all && i < w->accounts->len; i++) {
		const struct ui_account *account = w->accounts->pdata[i];

		if (account->wanted)
			plan_set(w->plan, "accounts", "mailbox", account->name,
			    NULL);
	}
}

/* A list of people, read before it is taken. */
static void
load_csv(struct wizard *w)
{
	g_autofree char *before = plan_get(w->plan, "accounts", "file");
	struct ui_field field = {"File", g_strdup(before)};

	while (ui_form("Accounts file",
		   "A CSV file with a line for each mailbox that goes. "
		   "Nothing: no file.",
		   accounts_help, &field, 1, NULL) == ANSWER_NEXT) {
		g_autoptr(GError) error = NULL;

		if (!ui_wizard_put(w, "accounts", "file", field.value))
			continue;
		plan_unset(w->plan, "accounts", "mailbox");
		if (ui_wizard_list(w, &error) >= 0) {
			g_free(field.value);
			return;
		}
		ui_message("It did not work", error->message);
	}
	g_free(field.value);
	ui_wizard_put(w, "accounts", "file", before ? before : "");
	ui_wizard_list(w, NULL);
}

static void
check_accounts(struct wizard *w)
{
	g_autoptr(Plan) plan = NULL;
	g_autoptr(GError) error = NULL;

	put_accounts(w);
	if (ui_wizard_copy(w, true, false, &plan, &error) < 0)
		ui_message("It did not work", error->message);
	else
		ui_check(plan, w->starter, w->accounts);
}

static enum ui_answer
page_accounts(struct wizard *w)
{
	/* After a run the pages begin at their end. */
	if (w->accounts->len == 0)
		ui_wizard_list(w, NULL);
	if (w->accounts->len == 0 ||
	    (w->accounts->len < 2 && w->plan->accounts_file == NULL))
		return ANSWER_OTHER;
	for (;;) {
		switch (ui_accounts("Accounts", accounts_help, w->accounts)) {
		case UI_ACCOUNTS_NEXT:
			put_accounts(w);
			return ANSWER_NEXT;
		case UI_ACCOUNTS_BACK:
			return ANSWER_BACK;
		case UI_ACCOUNTS_CANCEL:
			return ANSWER_CANCEL;
		case UI_ACCOUNTS_CSV:
			load_csv(w);
			break;
		case UI_ACCOUNTS_CHECK:
			check_accounts(w);
			break;
		case UI_ACCOUNTS_SEARCH:
		case UI_ACCOUNTS_AGAIN:
			g_assert_not_reached();
		}
	}
}

/* Thousands of mailboxes are not read by anybody, and take newt seconds. */
static void
append_line(GString *out, const char *line)
{
	const char *end;
	guint more = 0;

	if (strlen(line) <= LINE_MAX_SHOWN) {
		g_string_append_printf(out, "%s\n", line);
		return;
	}
	end = g_utf8_find_prev_char(line, line + LINE_MAX_SHOWN);
	for (const char *p = end; *p != '\0'; p++)
		more += *p == ';';
	g_string_append_printf(
	    out, "%.*s... and %u more\n", (int)(end - line), line, more);
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
		append_line(out, lines[i]);
	}
	if (ui_wizard_password(false) || ui_wizard_password(true))
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

	if (ui_wizard_copy(w, true, false, &plan, &error) == ST_OK)
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
ui_wizard(Plan *plan, Starter *starter, bool again, enum ui_wizard_end *end,
    char **path, GError **error)
{
	/* A page that has nothing to ask answers OTHER: it is passed over in
	 * the direction of the way. */
	static enum ui_answer (*const pages[])(struct wizard *) = {page_kind,
	    page_source, page_procedure, page_dest_kind, page_dest,
	    ui_wizard_kinds, ui_wizard_which, page_accounts, ui_wizard_people,
	    ui_wizard_match, ui_wizard_run, page_summary};
	struct wizard w = {.plan = plan, .starter = starter, .end = UI_CANCEL};
	int at = 0, way = 1;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "the wizard needs a terminal; 'mailmig plan --from URL "
		    "--to URL' writes a plan without one");
	w.accounts =
	    g_ptr_array_new_with_free_func((GDestroyNotify)ui_account_free);
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
