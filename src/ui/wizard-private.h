/* What the files of the wizard share: newt in words of ours. */
#ifndef MAILMIG_UI_WIZARD_PRIVATE_H
#define MAILMIG_UI_WIZARD_PRIVATE_H

#include "base/option.h"
#include "ui/wizard.h"

#include <newt.h>

/* Of the terminal, now; at least 1. */
void ui_size(int *columns, int *rows);

enum ui_answer { ANSWER_NEXT, ANSWER_BACK, ANSWER_CANCEL, ANSWER_OTHER };

/* One line of a form. */
struct ui_field {
	const char *label;
	char *value;	/* in and out; g_free() */
	bool hidden;	/* a password */
	bool is_switch; /* "yes" or "no" */
};

#define UI_FIELDS_MAX 24 /* more do not fit a screen */

/* A page of fields. other: text of one more button, or NULL. */
enum ui_answer ui_form(const char *title, const char *text, const char *help,
    struct ui_field *fields, guint n, const char *other);
/* A page with a list; *chosen: index, in and out. */
enum ui_answer ui_list(const char *title, const char *text, const char *help,
    const char *const *rows, guint n, guint *chosen);
/* A long text to be read. over: there is nothing to lose by leaving. */
enum ui_answer ui_text(const char *title, const char *text, const char *help,
    const char *next, const char *other, bool over);
/* Something happened; one button. */
void ui_message(const char *title, const char *text);
bool ui_ask(
    const char *title, const char *text, const char *yes, const char *no);
/* While something takes its time: shows a window; ui_wait_end() removes it. */
void ui_wait(const char *text);
void ui_wait_end(void);

/* A mailbox of the source, as the accounts page shows it. */
struct ui_account {
	char *name;
	gint64 messages, bytes; /* -1: not known */
	bool wanted;
};
/* Which of them; wanted is in and out. */
enum ui_answer ui_accounts(
    const char *title, const char *help, GPtrArray *accounts);

#endif
