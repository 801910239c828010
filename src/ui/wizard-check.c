/*
 * The check before the flight, as pages: while it goes on, and what it found.
 */
#include "ui/wizard-private.h"

#include "base/human.h"
#include "engine/preflight.h"

#include <string.h>

#define FINDINGS_MAX 200 /* on the page; 'mailmig check' says them all */

struct check {
	GHashTable *by_name; /* struct ui_account */
	GString *findings;
	guint n_findings;
	gint64 looked, mailboxes;
	newtComponent form, label;
	volatile int stop;
};

static void
sink(const Event *event, void *user)
{
	struct check *check = user;
	const char *mailbox = event_get_text(event, "mailbox");
	struct ui_account *account =
	    mailbox ? g_hash_table_lookup(check->by_name, mailbox) : NULL;
	enum event_level level = event_level_of(event);

	if (event_id_of(event) == EVENT_CHECK_BEGUN)
		check->mailboxes = event_get_number(event, "mailboxes");
	check->looked += event_id_of(event) == EVENT_CHECK_MAILBOX ||
			 event_id_of(event) == EVENT_CHECK_NO_SOURCE;
	if (account != NULL && event_id_of(event) == EVENT_CHECK_MAILBOX) {
		account->messages = event_get_number(event, "messages");
		account->bytes = event_get_number(event, "bytes");
		if (account->state == NULL)
			account->state = "ok";
	}
	if (level < EVENT_WARNING)
		return;
	if (account != NULL && level == EVENT_ERROR)
		account->state = "errors";
	else if (account != NULL && g_strcmp0(account->state, "errors") != 0)
		account->state = "warnings";
	if (check->n_findings++ < FINDINGS_MAX) {
		const struct event_entry *entry =
		    event_entry_find(event_id_of(event));
		g_autofree char *text = event_to_text(event);

		g_string_append_printf(check->findings, "%s: %s%s%s\n\n",
		    event_level_name(level), text, *entry->remedy ? "\n  " : "",
		    entry->remedy);
	}
}

static void
tick(void *user)
{
	struct check *check = user;
	struct newtExitStruct es;
	g_autofree char *text =
	    g_strdup_printf("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
			    " mailboxes were looked at",
		check->looked, check->mailboxes);

	if (check->stop)
		return;
	newtLabelSetText(check->label, text);
	newtFormRun(check->form, &es);
	check->stop = es.reason != NEWT_EXIT_TIMER;
}

static void
open_window(struct check *check)
{
	newtComponent stop = newtCompactButton(1, 3, "Stop");

	newtCls();
	newtDrawRootText(0, 0, "mailmig");
	newtCenteredWindow(
	    (unsigned)MIN(ui_page_width(), 60), 4, "Looking at the mailboxes");
	check->form = newtForm(NULL, NULL, 0);
	check->label = newtLabel(1, 1, "");
	newtFormAddComponents(check->form, check->label, stop, NULL);
	newtFormAddHotKey(check->form, NEWT_KEY_ESCAPE);
	newtFormAddHotKey(check->form, UI_KEY_CTRL_C);
	newtFormSetTimer(check->form, 1);
}

static char *
sums_of(const struct check *check, const struct preflight *found)
{
	g_autofree char *mailboxes = human_count(found->mailboxes);
	g_autofree char *failed = human_count(found->failed);
	g_autofree char *messages = human_count(found->messages);
	g_autofree char *bytes = human_bytes(found->bytes);
	GString *out = g_string_new(NULL);

	if (check->stop)
		g_string_append(
		    out, "It was stopped; not all was looked at.\n");
	g_string_append_printf(out,
	    "%s mailboxes, %s of them cannot be moved; %s messages, %s.\n",
	    mailboxes, failed, messages, bytes);
	if (found->estimate_s >= 0) {
		g_autofree char *time = human_duration(found->estimate_s);

		g_string_append_printf(
		    out, "Reading them takes about %s, by a sample.\n", time);
	}
	g_string_append(out, found->errors > 0
				 ? "Some of this will not go well.\n\n"
			     : found->warnings > 0 ? "Look at the warnings.\n\n"
						   : "Nothing stands in the "
						     "way.\n\n");
	g_string_append(out, check->findings->str);
	if (check->n_findings > FINDINGS_MAX)
		g_string_append_printf(out,
		    "and %u more: save the plan, and 'mailmig check' says "
		    "them all\n",
		    check->n_findings - FINDINGS_MAX);
	return g_string_free(out, FALSE);
}

void
ui_check(const Plan *plan, Starter *starter, GPtrArray *accounts)
{
	struct check check = {.findings = g_string_new(NULL),
	    .by_name = g_hash_table_new(g_str_hash, g_str_equal)};
	struct preflight found;
	struct run_params params = {.plan = plan,
	    .starter = starter,
	    .sink = sink,
	    .tick = tick,
	    .user = &check,
	    .stop = &check.stop};
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	enum status st;

	for (guint i = 0; i < accounts->len; i++) {
		struct ui_account *account = accounts->pdata[i];

		account->state = NULL;
		g_hash_table_insert(check.by_name, account->name, account);
	}
	open_window(&check);
	st = preflight_run(&params, &found, &error);
	newtFormDestroy(check.form);
	newtPopWindow();
	if (st < 0)
		ui_message("It did not work", error->message);
	else {
		text = sums_of(&check, &found);
		ui_text("What was found", text,
		    "Nothing was written anywhere. Counts and sizes are now in "
		    "the list of accounts, with who has errors or warnings.",
		    "Go on", NULL, true);
	}
	g_hash_table_unref(check.by_name);
	g_string_free(check.findings, TRUE);
}
