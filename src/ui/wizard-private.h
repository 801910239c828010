/* What the files of the wizard share: newt in words of ours. */
#ifndef MAILMIG_UI_WIZARD_PRIVATE_H
#define MAILMIG_UI_WIZARD_PRIVATE_H

#include "base/option.h"
#include "ui/wizard.h"

#include <newt.h>

/* Of the terminal, now; at least 1. */
void ui_size(int *columns, int *rows);

enum ui_answer {
	ANSWER_NEXT,
	ANSWER_BACK,
	ANSWER_CANCEL,
	ANSWER_OTHER, /* one more button; of a page: there is nothing to ask */
	ANSWER_FIELD, /* Enter in a list; only from ui_page_run() */
	ANSWER_KEY,   /* a hot key; only from ui_page_run() */
};

#define UI_MORE_MAX	  5
#define UI_PAGE_WIDTH_MAX 110 /* wider lines are hard to read */
#define UI_KEY_CTRL_C	  3

/* A window with a text and buttons; what stands between is the caller's. */
struct ui_page {
	newtComponent form, text, next, back, cancel, more[UI_MORE_MAX];
	guint n_more, pressed; /* ANSWER_OTHER: which of them */
	int key;	       /* ANSWER_KEY */
	const char *leave;     /* what Cancel asks; NULL: nothing */
	bool ready, narrow;
};
/* inner: rows between the text and the buttons; returns the first of these.
 * more: texts of further buttons, NULL-ended, or NULL. */
int ui_page_open(struct ui_page *p, const char *title, const char *text,
    int inner, const char *next, const char *const *more);
/* Until something is to be done; may be called again. */
enum ui_answer ui_page_run(struct ui_page *p, const char *help);
void ui_page_close(struct ui_page *p);
int ui_page_width(void); /* columns of a page's window */

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
	const char *state;	/* of a check: "ok", "errors"; NULL: none */
	bool wanted;
};
void ui_account_free(struct ui_account *account);
enum ui_accounts_end {
	UI_ACCOUNTS_NEXT,
	UI_ACCOUNTS_BACK,
	UI_ACCOUNTS_CANCEL,
	UI_ACCOUNTS_CSV,    /* load a list of them */
	UI_ACCOUNTS_CHECK,  /* look at those that are wanted */
	UI_ACCOUNTS_SEARCH, /* these two: only within */
	UI_ACCOUNTS_AGAIN,
};
/* Which of them; wanted is in and out. */
enum ui_accounts_end ui_accounts(
    const char *title, const char *help, GPtrArray *accounts);

/* Logs on to the mailboxes of a finished plan, at both ends, and says what was
 * found; messages, bytes and state of accounts are filled in. Nothing is
 * written. */
void ui_check(const Plan *plan, Starter *starter, GPtrArray *accounts);

struct wizard {
	Plan *plan;
	const struct source_driver *source;
	const struct dest_driver *dest;
	guint source_at, dest_at, procedure;
	GPtrArray *accounts; /* of struct ui_account; empty: not listed */
	char *path;	     /* of the plan, when it is saved */
	Starter *starter; /* of processes that look at the ends */
	enum ui_wizard_end end;
};

/* A value of a form into the plan; an empty one takes it out. False: it does
 * not fit, which has been said. */
bool ui_wizard_put(
    struct wizard *w, const char *group, const char *key, const char *value);
/* The same for a list: values joined by ';'. */
bool ui_wizard_put_list(
    struct wizard *w, const char *group, const char *key, const char *text);
/* What the plan says now, finished; with the passwords that were typed. The
 * plan of the pages stays as it is: it can be changed again. everybody: of the
 * accounts file, and not only those that were chosen. */
enum status ui_wizard_copy(const struct wizard *w, bool need_to, bool everybody,
    Plan **out, GError **error);
/* Pages, in their order: kinds of things, which of them, people, their
 * recipients, the run. */
enum ui_answer ui_wizard_kinds(struct wizard *w);
enum ui_answer ui_wizard_which(struct wizard *w);
enum ui_answer ui_wizard_people(struct wizard *w);
enum ui_answer ui_wizard_match(struct wizard *w);
enum ui_answer ui_wizard_run(struct wizard *w);
/* A page with an address and what its driver needs. */
enum ui_answer ui_wizard_end(struct wizard *w, bool source);
/* Fills w->accounts. ST_RUN and narrower: they cannot be listed. */
enum status ui_wizard_list(struct wizard *w, GError **error);

#endif
