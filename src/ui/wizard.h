/*
 * The wizard: pages that edit a plan, in a terminal. It can do nothing that a
 * plan file cannot say; driver tables make its lists and forms.
 *
 * Passwords that are typed stay in the plan structure in memory (and are handed
 * to workers as if asked for at a prompt); they are in no file.
 */
#ifndef MAILMIG_UI_WIZARD_H
#define MAILMIG_UI_WIZARD_H

#include "engine/plan.h"
#include "engine/starter.h"

#define UI_COLUMNS_MIN 72 /* a smaller terminal is asked to become larger */
#define UI_ROWS_MIN    20

enum ui_wizard_end {
	UI_CANCEL,
	UI_SAVE, /* *path: where the user wants the plan */
	UI_RUN,
};

/*
 * starter: of processes that look at both ends. again: after a run, with the
 * same plan: it begins with the last page. ST_RUN with ERR_CONFIG: there is no
 * terminal. *path is the caller's.
 */
enum status ui_wizard(Plan *plan, Starter *starter, bool again,
    enum ui_wizard_end *end, char **path, GError **error);
/* What was typed as passwords, or NULL; after ui_wizard() until
 * ui_wizard_forget(), which wipes them. */
const char *ui_wizard_password(bool source);
void ui_wizard_forget(void);

#endif
