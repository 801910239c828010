/*
 * Pages of the wizard: forms, lists, texts. Each has the same buttons, F1 for
 * help and Escape for Cancel.
 */
#include "ui/wizard-private.h"

#include "base/human.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LABEL_WIDTH 22
#define LIST_ROWS   10
#define LOOK_US	    100000 /* between looks at the size of the terminal */
#define ROOT_TEXT                                                              \
	" F1 help   Tab next field   Space choose   Enter go on   Esc cancel"

static int columns, rows;

/* What the terminal itself says: newt learns of it only within a form. */
static bool
ask_size(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return false;
	columns = size.ws_col;
	rows = size.ws_row;
	return true;
}

void
ui_size(int *columns_out, int *rows_out)
{
	if (!ask_size())
		newtGetScreenSize(&columns, &rows);
	*columns_out = MAX(columns, 1);
	*rows_out = MAX(rows, 1);
}

/* A terminal may be made too small at any time: it is asked for more room,
 * until it has it. */
static void
fit_screen(void)
{
	if (!ask_size())
		newtGetScreenSize(&columns, &rows);
	if (columns >= UI_COLUMNS_MIN && rows >= UI_ROWS_MIN)
		return;
	newtFinished();
	printf("mailmig: the terminal has %dx%d characters, the wizard needs "
	       "%dx%d; make it larger.\n",
	    columns, rows, UI_COLUMNS_MIN, UI_ROWS_MIN);
	fflush(stdout);
	while (ask_size() && (columns < UI_COLUMNS_MIN || rows < UI_ROWS_MIN))
		g_usleep(LOOK_US);
	newtInit();
}

static char *
folded(const char *text, int width, int *height)
{
	int w;
	char *raw = newtReflowText((char *)text, width, 5, 0, &w, height);
	char *out = g_strdup(raw);

	free(raw);
	return out;
}

struct page {
	newtComponent form, next, back, cancel, other;
	const char *leave; /* what Cancel asks; NULL: nothing */
};

static const char leave[] = "Leave the wizard? Nothing is kept.";

/* The window, its text and its buttons; inner: rows of what stands between.
 * Returns the row where that begins. */
static int
open_page(struct page *p, const char *title, const char *text, int inner,
    const char *next, const char *other)
{
	int width, height = 0, top, x = 1;
	g_autofree char *body = NULL;

	fit_screen();
	width = MIN(columns - 6, 74);
	body = folded(text, width - 2, &height);
	newtCls();
	newtDrawRootText(0, 0, "mailmig");
	newtPushHelpLine(ROOT_TEXT);
	newtCenteredWindow(
	    (unsigned)width, (unsigned)(height + inner + 4), (char *)title);
	p->form = newtForm(NULL, NULL, 0);
	top = height + 1;
	if (height > 0) {
		newtComponent box = newtTextbox(1, 0, width - 2, height, 0);

		newtTextboxSetText(box, body);
		newtFormAddComponent(p->form, box);
	}
	p->leave = leave;
	p->back = newtCompactButton(x, top + inner + 1, "Back");
	x += 10;
	p->next = newtCompactButton(x, top + inner + 1, next ? next : "Next");
	x += (int)strlen(next ? next : "Next") + 6;
	p->other = NULL;
	if (other != NULL) {
		p->other = newtCompactButton(x, top + inner + 1, other);
		x += (int)strlen(other) + 6;
	}
	p->cancel = newtCompactButton(x, top + inner + 1, "Cancel");
	return top;
}

static void
close_page(struct page *p)
{
	newtFormDestroy(p->form);
	newtPopWindow();
	newtPopHelpLine();
}

static enum ui_answer
run_page(struct page *p, const char *help)
{
	newtFormAddComponents(p->form, p->next, p->back, NULL);
	if (p->other != NULL)
		newtFormAddComponent(p->form, p->other);
	newtFormAddComponent(p->form, p->cancel);
	newtFormAddHotKey(p->form, NEWT_KEY_F1);
	newtFormAddHotKey(p->form, NEWT_KEY_ESCAPE);
	for (;;) {
		struct newtExitStruct es;

		newtFormRun(p->form, &es);
		if (es.reason == NEWT_EXIT_HOTKEY && es.u.key == NEWT_KEY_F1) {
			ui_message("Help", help);
			continue;
		}
		if (es.reason == NEWT_EXIT_ERROR)
			return ANSWER_CANCEL; /* the terminal is gone */
		if (es.reason == NEWT_EXIT_COMPONENT && es.u.co == p->back)
			return ANSWER_BACK;
		if (es.reason == NEWT_EXIT_COMPONENT && p->other != NULL &&
		    es.u.co == p->other)
			return ANSWER_OTHER;
		if ((es.reason == NEWT_EXIT_HOTKEY &&
			es.u.key == NEWT_KEY_ESCAPE) ||
		    (es.reason == NEWT_EXIT_COMPONENT &&
			es.u.co == p->cancel)) {
			if (p->leave == NULL ||
			    ui_ask("Cancel", p->leave, "Leave", "Stay"))
				return ANSWER_CANCEL;
			continue;
		}
		return ANSWER_NEXT;
	}
}

enum ui_answer
ui_form(const char *title, const char *text, const char *help,
    struct ui_field *fields, guint n, const char *other)
{
	newtComponent inputs[UI_FIELDS_MAX];
	const char *values[UI_FIELDS_MAX];
	char marks[UI_FIELDS_MAX];
	enum ui_answer answer;
	struct page p;
	int top = open_page(&p, title, text, (int)n, NULL, other);

	g_assert(n <= UI_FIELDS_MAX);
	for (guint i = 0; i < n; i++) {
		int y = top + (int)i;

		if (fields[i].is_switch) {
			inputs[i] = newtCheckbox(1, y, fields[i].label,
			    g_strcmp0(fields[i].value, "yes") == 0 ? '*' : ' ',
			    " *", &marks[i]);
		} else {
			newtFormAddComponent(
			    p.form, newtLabel(1, y, fields[i].label));
			inputs[i] = newtEntry(LABEL_WIDTH + 2, y,
			    fields[i].value ? fields[i].value : "",
			    MIN(columns - 6, 74) - LABEL_WIDTH - 4, &values[i],
			    NEWT_FLAG_SCROLL |
				(fields[i].hidden ? NEWT_FLAG_PASSWORD : 0));
		}
		newtFormAddComponent(p.form, inputs[i]);
	}
	answer = run_page(&p, help);
	for (guint i = 0; i < n; i++) {
		g_free(fields[i].value);
		fields[i].value = fields[i].is_switch
				      ? g_strdup(marks[i] == '*' ? "yes" : "no")
				      : g_strstrip(g_strdup(values[i]));
	}
	close_page(&p);
	return answer;
}

enum ui_answer
ui_list(const char *title, const char *text, const char *help,
    const char *const *items, guint n, guint *chosen)
{
	enum ui_answer answer;
	newtComponent list;
	struct page p;
	int inner = MIN((int)n, LIST_ROWS);
	int top = open_page(&p, title, text, inner, NULL, NULL);
	int width = MIN(columns - 6, 74);

	list =
	    newtListbox(1, top, inner, NEWT_FLAG_RETURNEXIT | NEWT_FLAG_SCROLL);
	newtListboxSetWidth(list, width - 2);
	for (guint i = 0; i < n; i++) {
		g_autofree char *cut = human_cut(items[i], width - 5);

		newtListboxAppendEntry(list, cut, GUINT_TO_POINTER(i + 1));
	}
	newtListboxSetCurrent(list, (int)*chosen);
	newtFormAddComponent(p.form, list);
	answer = run_page(&p, help);
	*chosen = GPOINTER_TO_UINT(newtListboxGetCurrent(list)) - 1;
	close_page(&p);
	return answer;
}

enum ui_answer
ui_text(const char *title, const char *text, const char *help, const char *next,
    const char *other, bool over)
{
	enum ui_answer answer;
	newtComponent box;
	struct page p;
	int inner, top;

	fit_screen();
	inner = MIN(rows - 9, 16);
	top = open_page(&p, title, "", inner, next, other);
	if (over)
		p.leave = NULL;
	/* newt adds two columns for the bar at its side. */
	box = newtTextbox(1, top, MIN(columns - 6, 74) - 4, inner,
	    NEWT_FLAG_SCROLL | NEWT_FLAG_WRAP);
	newtTextboxSetText(box, text);
	newtFormAddComponent(p.form, box);
	newtFormSetCurrent(p.form, box);
	answer = run_page(&p, help);
	close_page(&p);
	return answer;
}

void
ui_message(const char *title, const char *text)
{
	newtWinMessage((char *)title, "Ok", "%s", text);
}

bool
ui_ask(const char *title, const char *text, const char *yes, const char *no)
{
	return newtWinChoice(
		   (char *)title, (char *)yes, (char *)no, "%s", text) == 1;
}

void
ui_wait(const char *text)
{
	newtComponent form;

	fit_screen();
	newtCenteredWindow((unsigned)MIN(columns - 6, 60), 3, "Please wait");
	form = newtForm(NULL, NULL, 0);
	newtFormAddComponent(form, newtLabel(1, 1, text));
	newtDrawForm(form);
	newtRefresh();
	newtFormDestroy(form);
}

void
ui_wait_end(void)
{
	newtPopWindow();
}
