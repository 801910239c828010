/*
 * The accounts page: which mailboxes of the source go. All of them are in the
 * list, however many: tens of thousands stay quick, because rows are put in
 * front of each other (newt walks its list to append), and made anew only when
 * the search changes.
 */
#include "ui/wizard-private.h"

#include "base/human.h"

#include <string.h>

#define COUNT_WIDTH 10 /* columns */
#define SIZE_WIDTH  10
#define STATE_WIDTH 9
#define MARK_WIDTH  4 /* "[*] " */
#define LEAST_ROWS  6 /* of the list */
#define LEAST_NAME  10
#define AROUND	    13 /* rows of the screen that are not of the list */

enum { MORE_ALL, MORE_NONE, MORE_SEARCH, MORE_CSV, MORE_CHECK };

struct list {
	struct ui_page page;
	newtComponent box;
	GPtrArray *accounts; /* of struct ui_account: all */
	GPtrArray *shown;    /* those that the search leaves */
	char *search;	     /* in the form in which it is compared, or "" */
	char *typed;	     /* as it was typed */
	guint wanted;
	int width;
};

static int
name_width(const struct list *list)
{
	int width = list->width - MARK_WIDTH - COUNT_WIDTH - SIZE_WIDTH -
		    STATE_WIDTH - 3;

	return MAX(width, LEAST_NAME);
}

static char *
row_text(const struct list *list, const struct ui_account *account)
{
	g_autofree char *cut = human_cut(account->name, name_width(list));
	g_autofree char *name = human_pad(cut, name_width(list));
	g_autofree char *messages = account->messages >= 0
					? human_count(account->messages)
					: g_strdup("");
	g_autofree char *bytes =
	    account->bytes >= 0 ? human_bytes(account->bytes) : g_strdup("");
	g_autofree char *count = human_pad(messages, -COUNT_WIDTH);
	g_autofree char *size = human_pad(bytes, -SIZE_WIDTH);

	return g_strdup_printf("%s %s %s %s %s",
	    account->wanted ? "[*]" : "[ ]", name, count, size,
	    account->state ? account->state : "");
}

static bool
fits(const struct list *list, const struct ui_account *account)
{
	g_autofree char *name = NULL;

	if (*list->search == '\0')
		return true;
	name = g_utf8_casefold(account->name, -1);
	return strstr(name, list->search) != NULL;
}

/* The rows anew; the current one stays where it is, if it is still there. */
static void
fill(struct list *list, const struct ui_account *current)
{
	int at = 0;

	g_ptr_array_set_size(list->shown, 0);
	list->wanted = 0;
	for (guint i = 0; i < list->accounts->len; i++) {
		struct ui_account *account = list->accounts->pdata[i];

		list->wanted += account->wanted;
		if (!fits(list, account))
			continue;
		if (account == current)
			at = (int)list->shown->len;
		g_ptr_array_add(list->shown, account);
	}
	for (guint i = list->shown->len; i-- > 0;) {
		g_autofree char *row = row_text(list, list->shown->pdata[i]);

		newtListboxInsertEntry(
		    list->box, row, list->shown->pdata[i], NULL);
	}
	if (list->shown->len > 0)
		newtListboxSetCurrent(list->box, at);
}

static void
say_count(struct list *list)
{
	g_autofree char *wanted = human_count(list->wanted);
	g_autofree char *all = human_count(list->accounts->len);
	g_autofree char *shown = human_count(list->shown->len);
	g_autofree char *text =
	    *list->typed
		? g_strdup_printf("%s of %s mailboxes will go; %s with '%s' "
				  "are shown.",
		      wanted, all, shown, list->typed)
		: g_strdup_printf("%s of %s mailboxes will go.", wanted, all);

	newtTextboxSetText(list->page.text, text);
}

static struct ui_account *
current_of(const struct list *list)
{
	return list->shown->len > 0 ? newtListboxGetCurrent(list->box) : NULL;
}

/* Takes the current one or leaves it out, and goes to the next. */
static void
toggle(struct list *list)
{
	struct ui_account *account = current_of(list);
	g_autofree char *row = NULL;
	guint at = 0;

	if (account == NULL || !g_ptr_array_find(list->shown, account, &at))
		return;
	account->wanted = !account->wanted;
	list->wanted += account->wanted ? 1 : (guint)-1;
	row = row_text(list, account);
	newtListboxSetEntry(list->box, (int)at, row);
	if (at + 1 < list->shown->len)
		newtListboxSetCurrent(list->box, (int)at + 1);
}

static void
take_shown(struct list *list, bool wanted)
{
	for (guint i = 0; i < list->shown->len; i++)
		((struct ui_account *)list->shown->pdata[i])->wanted = wanted;
}

static void
search_for(struct list *list, const char *help)
{
	struct ui_field field = {"Part of the name", g_strdup(list->typed)};

	if (ui_form("Search",
		"Only mailboxes whose name holds this are shown. "
		"Nothing: all.",
		help, &field, 1, NULL) == ANSWER_NEXT) {
		g_free(list->search);
		g_free(list->typed);
		list->search = g_utf8_casefold(field.value, -1);
		list->typed = g_strdup(field.value);
	}
	g_free(field.value);
}

static void
open_list(struct list *list, const char *title)
{
	static const char *const more[] = {
	    "All", "None", "Search", "CSV file", "Check", NULL};
	g_autofree char *heading = NULL;
	int columns, rows, inner, top;

	ui_size(&columns, &rows);
	inner = CLAMP((int)list->accounts->len, LEAST_ROWS,
	    MAX(rows - AROUND, LEAST_ROWS));
	/* The text is as wide as it may become. */
	top = ui_page_open(&list->page, title, "-", inner + 1, NULL, more);
	list->width = ui_page_width() - 5;
	heading = g_strdup_printf("    %-*s %*s %*s", name_width(list),
	    "mailbox", COUNT_WIDTH, "messages", SIZE_WIDTH, "size");
	newtFormAddComponent(list->page.form, newtLabel(1, top, heading));
	list->box = newtListbox(
	    1, top + 1, inner, NEWT_FLAG_RETURNEXIT | NEWT_FLAG_SCROLL);
	newtListboxSetWidth(list->box, list->width + 3);
	newtFormAddComponent(list->page.form, list->box);
	newtFormSetCurrent(list->page.form, list->box);
	newtFormAddHotKey(list->page.form, ' ');
	newtFormAddHotKey(list->page.form, '+');
	newtFormAddHotKey(list->page.form, '-');
	newtFormAddHotKey(list->page.form, '/');
	newtPopHelpLine();
	newtPushHelpLine(" F1 help  Space one  + all  - none  / search  "
			 "Tab buttons  Enter go on");
}

/* One thing that a key or button does; false: the page is over. */
static bool
act(struct list *list, enum ui_answer answer, enum ui_accounts_end *end)
{
	int key = answer == ANSWER_KEY ? list->page.key : 0;
	guint button = answer == ANSWER_OTHER ? list->page.pressed : G_MAXUINT;

	*end = UI_ACCOUNTS_AGAIN;
	if (key == ' ' || answer == ANSWER_FIELD) {
		toggle(list);
		return true;
	}
	if (key == '+' || key == '-' || button == MORE_ALL ||
	    button == MORE_NONE) {
		take_shown(list, key == '+' || button == MORE_ALL);
	} else if (key == '/' || button == MORE_SEARCH) {
		*end = UI_ACCOUNTS_SEARCH;
	} else if (button == MORE_CSV || button == MORE_CHECK) {
		*end = button == MORE_CSV ? UI_ACCOUNTS_CSV : UI_ACCOUNTS_CHECK;
	} else {
		*end = answer == ANSWER_BACK	 ? UI_ACCOUNTS_BACK
		       : answer == ANSWER_CANCEL ? UI_ACCOUNTS_CANCEL
						 : UI_ACCOUNTS_NEXT;
		if (*end == UI_ACCOUNTS_NEXT && list->wanted == 0) {
			ui_message("Accounts", "No mailbox is chosen.");
			return true;
		}
	}
	return false;
}

enum ui_accounts_end
ui_accounts(const char *title, const char *help, GPtrArray *accounts)
{
	struct list list = {.accounts = accounts,
	    .shown = g_ptr_array_new(),
	    .search = g_strdup(""),
	    .typed = g_strdup("")};
	enum ui_accounts_end end;
	struct ui_account *current = NULL;

	do {
		open_list(&list, title);
		fill(&list, current);
		do
			say_count(&list);
		while (act(&list, ui_page_run(&list.page, help), &end));
		current = current_of(&list);
		ui_page_close(&list.page);
		if (end == UI_ACCOUNTS_SEARCH)
			search_for(&list, help);
	} while (end == UI_ACCOUNTS_SEARCH || end == UI_ACCOUNTS_AGAIN);
	g_ptr_array_unref(list.shown);
	g_free(list.search);
	g_free(list.typed);
	return end;
}
