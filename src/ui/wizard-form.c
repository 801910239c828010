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
#define TEXT_ROWS   24
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
	int known_columns, known_rows;

	newtGetScreenSize(&known_columns, &known_rows);
	ui_size(&columns, &rows);
	if (columns >= UI_COLUMNS_MIN && rows >= UI_ROWS_MIN) {
		if (columns != known_columns || rows != known_rows) {
			newtFinished();
			newtInit();
		}
		return;
	}
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

static const char leave[] = "Leave the wizard? Nothing is kept.";

int
ui_page_width(void)
{
	int width, height;

	ui_size(&width, &height);
	return MIN(width - 6, UI_PAGE_WIDTH_MAX);
}

static newtComponent
add_button(struct ui_page *p, int *x, int y, const char *text)
{
	newtComponent button = newtCompactButton(*x, y, text);

	*x += human_width(text) + (p->narrow ? 3 : 6);
	return button;
}

int
ui_page_open(struct ui_page *p, const char *title, const char *text, int inner,
    const char *next, const char *const *more)
{
	int width, height = 0, top, x = 1, y;
	g_autofree char *body = NULL;

	memset(p, 0, sizeof *p);
	fit_screen();
	width = ui_page_width();
	body = folded(text, width - 2, &height);
	if (*text == '\0')
		height = 0;
	newtCls();
	newtDrawRootText(0, 0, "mailmig");
	newtPushHelpLine(ROOT_TEXT);
	newtCenteredWindow(
	    (unsigned)width, (unsigned)(height + inner + 4), (char *)title);
	p->form = newtForm(NULL, NULL, 0);
	p->leave = leave;
	top = height + 1;
	y = top + inner + 1;
	if (height > 0) {
		p->text = newtTextbox(1, 0, width - 2, height, 0);
		newtTextboxSetText(p->text, body);
		newtFormAddComponent(p->form, p->text);
	}
	p->narrow = more != NULL && g_strv_length((char **)more) > 2;
	p->back = add_button(p, &x, y, "Back");
	p->next = add_button(p, &x, y, next ? next : "Next");
	for (; more != NULL && more[p->n_more] != NULL; p->n_more++) {
		g_assert(p->n_more < UI_MORE_MAX);
		p->more[p->n_more] = add_button(p, &x, y, more[p->n_more]);
	}
	p->cancel = add_button(p, &x, y, "Cancel");
	return top;
}

void
ui_page_close(struct ui_page *p)
{
	newtFormDestroy(p->form);
	newtPopWindow();
	newtPopHelpLine();
}

static void
add_buttons(struct ui_page *p)
{
	if (p->ready)
		return;
	newtFormAddComponents(p->form, p->next, p->back, NULL);
	for (guint i = 0; i < p->n_more; i++)
		newtFormAddComponent(p->form, p->more[i]);
	newtFormAddComponent(p->form, p->cancel);
	newtFormAddHotKey(p->form, NEWT_KEY_F1);
	newtFormAddHotKey(p->form, NEWT_KEY_ESCAPE);
	newtFormAddHotKey(p->form, UI_KEY_CTRL_C);
	p->ready = true;
}

/* As large as its text, which is scrolled where it is longer than the screen.
 */
static void
show_help(const char *help)
{
	int width = ui_page_width() - 4, height = 0;
	g_autofree char *body = folded(help, width - 6, &height);
	int shown = CLAMP(height, 1, MAX(rows - 10, 1));
	newtComponent form = newtForm(NULL, NULL, 0);
	newtComponent box = newtTextbox(
	    1, 1, width - 6, shown, height > shown ? NEWT_FLAG_SCROLL : 0);
	newtComponent ok = newtCompactButton(1, shown + 2, "Ok");
	struct newtExitStruct es;

	newtCenteredWindow((unsigned)width, (unsigned)shown + 3, "Help");
	newtTextboxSetText(box, body);
	newtFormAddComponents(form, box, ok, NULL);
	newtFormSetCurrent(form, height > shown ? box : ok);
	newtFormAddHotKey(form, NEWT_KEY_F1);
	newtFormAddHotKey(form, NEWT_KEY_ENTER);
	newtFormAddHotKey(form, NEWT_KEY_ESCAPE);
	newtFormRun(form, &es);
	newtFormDestroy(form);
	newtPopWindow();
}

/* What the end of a form means; false: nothing, it goes on. */
static bool
answer_of(struct ui_page *p, const struct newtExitStruct *es, const char *help,
    enum ui_answer *out)
{
	bool cancel = false;

	*out = ANSWER_NEXT;
	if (es->reason == NEWT_EXIT_ERROR) { /* the terminal is gone */
		*out = ANSWER_CANCEL;
		return true;
	}
	if (es->reason == NEWT_EXIT_HOTKEY) {
		p->key = es->u.key;
		cancel = p->key == NEWT_KEY_ESCAPE || p->key == UI_KEY_CTRL_C;
		if (p->key == NEWT_KEY_F1) {
			show_help(help);
			return false;
		}
		*out = ANSWER_KEY;
	} else if (es->u.co == p->back) {
		*out = ANSWER_BACK;
	} else if (es->u.co == p->cancel) {
		cancel = true;
	} else if (es->u.co != p->next) {
		*out = ANSWER_FIELD;
		for (guint i = 0; i < p->n_more; i++)
			if (es->u.co == p->more[i]) {
				*out = ANSWER_OTHER;
				p->pressed = i;
			}
	}
	if (!cancel)
		return true;
	*out = ANSWER_CANCEL;
	return p->leave == NULL || ui_ask("Cancel", p->leave, "Leave", "Stay");
}

enum ui_answer
ui_page_run(struct ui_page *p, const char *help)
{
	struct newtExitStruct es;
	enum ui_answer answer;

	add_buttons(p);
	do
		newtFormRun(p->form, &es);
	while (!answer_of(p, &es, help, &answer));
	return answer;
}

/* Enter in a field, or on a row of a list, goes on. */
static enum ui_answer
run_page(struct ui_page *p, const char *help)
{
	enum ui_answer answer = ui_page_run(p, help);

	return answer == ANSWER_FIELD ? ANSWER_NEXT : answer;
}

enum ui_answer
ui_form(const char *title, const char *text, const char *help,
    struct ui_field *fields, guint n, const char *other)
{
	newtComponent inputs[UI_FIELDS_MAX];
	const char *values[UI_FIELDS_MAX];
	char marks[UI_FIELDS_MAX];
	enum ui_answer answer;
	struct ui_page p;
	const char *const more[] = {other, NULL};
	int top = ui_page_open(&p, title, text, (int)n, NULL, more);
	int width = ui_page_width();

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
			    width - LABEL_WIDTH - 4, &values[i],
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
	ui_page_close(&p);
	return answer;
}

enum ui_answer
ui_list(const char *title, const char *text, const char *help,
    const char *const *items, guint n, guint *chosen)
{
	enum ui_answer answer;
	newtComponent list;
	struct ui_page p;
	int inner = MIN((int)n, LIST_ROWS);
	int top = ui_page_open(&p, title, text, inner, NULL, NULL);
	int width = ui_page_width();

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
	ui_page_close(&p);
	return answer;
}

enum ui_answer
ui_text(const char *title, const char *text, const char *help, const char *next,
    const char *other, bool over)
{
	enum ui_answer answer;
	newtComponent box;
	const char *const more[] = {other, NULL};
	struct ui_page p;
	int inner, top;

	fit_screen();
	inner = MIN(rows - 9, TEXT_ROWS);
	top = ui_page_open(&p, title, "", inner, next, more);
	if (over)
		p.leave = NULL;
	/* newt adds two columns for the bar at its side. */
	box = newtTextbox(1, top, ui_page_width() - 4, inner,
	    NEWT_FLAG_SCROLL | NEWT_FLAG_WRAP);
	newtTextboxSetText(box, text);
	newtFormAddComponent(p.form, box);
	newtFormSetCurrent(p.form, box);
	answer = run_page(&p, help);
	ui_page_close(&p);
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
	newtCenteredWindow(
	    (unsigned)MIN(ui_page_width(), 60), 3, "Please wait");
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
