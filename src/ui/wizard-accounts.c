/*
 * The accounts page: which mailboxes of the source go. However many there are,
 * only what a search leaves of them is in the list, and no more than anybody
 * would look through.
 */
#include "ui/wizard-private.h"

#include "base/human.h"

#include <string.h>

#define SHOWN_MAX 500 /* rows; a search narrows them */

static char *
row_text(const struct ui_account *account)
{
	g_autofree char *cut = human_cut(account->name, 40);
	g_autofree char *padded = human_pad(cut, 40);
	g_autofree char *count =
	    account->messages >= 0 ? human_count(account->messages) : NULL;
	g_autofree char *size =
	    account->bytes >= 0 ? human_bytes(account->bytes) : NULL;

	return g_strdup_printf("[%c] %s %9s %s", account->wanted ? '*' : ' ',
	    padded, count ? count : "", size ? size : "");
}

static bool
fits(const struct ui_account *account, const char *search)
{
	g_autofree char *name = g_utf8_casefold(account->name, -1);
	g_autofree char *want = g_utf8_casefold(search, -1);

	return strstr(name, want) != NULL;
}

static guint
count_wanted(const GPtrArray *accounts)
{
	guint n = 0;

	for (guint i = 0; i < accounts->len; i++)
		n += ((struct ui_account *)accounts->pdata[i])->wanted;
	return n;
}

/* The commands stand above the mailboxes, in the same list. */
enum { ALL, NONE, SEARCH, COMMANDS };

static void
search_for(char **search, const char *help)
{
	struct ui_field field = {"Part of the name", g_strdup(*search)};

	if (ui_form("Search",
		"Only mailboxes whose name holds this are shown. "
		"Nothing: all.",
		help, &field, 1, NULL) == ANSWER_NEXT) {
		g_free(*search);
		*search = g_strdup(field.value);
	}
	g_free(field.value);
}

enum ui_answer
ui_accounts(const char *title, const char *help, GPtrArray *accounts)
{
	g_autofree char *search = g_strdup("");
	guint chosen = COMMANDS, done = G_MAXUINT;

	for (;;) {
		g_autoptr(GPtrArray) rows =
		    g_ptr_array_new_with_free_func(g_free);
		g_autoptr(GPtrArray) shown = g_ptr_array_new();
		g_autofree char *text = NULL;
		enum ui_answer answer;

		for (guint i = 0; i < accounts->len && shown->len < SHOWN_MAX;
		     i++)
			if (fits(accounts->pdata[i], search))
				g_ptr_array_add(shown, accounts->pdata[i]);
		g_ptr_array_add(rows, g_strdup("Take all that are shown"));
		g_ptr_array_add(rows, g_strdup("Take none that are shown"));
		g_ptr_array_add(
		    rows, g_strdup_printf("Search: %s",
			      *search ? search : "(all are shown)"));
		for (guint i = 0; i < shown->len; i++)
			g_ptr_array_add(rows, row_text(shown->pdata[i]));
		g_ptr_array_add(rows, g_strdup("Done: go on with these"));
		done = rows->len - 1;
		text =
		    g_strdup_printf("%u of %u mailboxes will go. Enter takes "
				    "one or leaves it out; Done goes on.",
			count_wanted(accounts), accounts->len);
		chosen = MIN(chosen, done);
		answer = ui_list(title, text, help,
		    (const char *const *)rows->pdata, rows->len, &chosen);
		if (answer != ANSWER_NEXT)
			return answer;
		if (chosen == done) {
			if (count_wanted(accounts) > 0)
				return ANSWER_NEXT;
			ui_message(title, "No mailbox is chosen.");
		} else if (chosen == SEARCH) {
			search_for(&search, help);
		} else if (chosen < COMMANDS) {
			for (guint i = 0; i < shown->len; i++)
				((struct ui_account *)shown->pdata[i])->wanted =
				    chosen == ALL;
			chosen = done;
		} else {
			struct ui_account *account =
			    shown->pdata[chosen - COMMANDS];

			account->wanted = !account->wanted;
			chosen++;
		}
	}
}
