/*
 * A run as the wizard shows it: a page with a bar for each worker and one for
 * all, the last troubles, and a way to stop; and in the end a page with the
 * books. All of it is made of the events of the run.
 *
 * The run is more than its page: when the terminal goes away, nothing is drawn
 * any more, and the run goes on.
 */
#ifndef MAILMIG_UI_LIVE_H
#define MAILMIG_UI_LIVE_H

#include "engine/plan.h"
#include "ui/report.h"

typedef struct UiLive UiLive;

/* Takes the terminal; the plan lives as long as the page. */
UiLive *ui_live_open(const Plan *plan);
/* Gives it back. */
void ui_live_close(UiLive *live);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UiLive, ui_live_close)

void ui_live_event(UiLive *live, const Event *event);
/* Several times a second: draws, and reads the keys. *stop is set when the user
 * asks for it twice. */
void ui_live_tick(UiLive *live, volatile int *stop);

/* It could not begin. False: leave; true: back to the pages. */
bool ui_live_failed(UiLive *live, const char *why);
/*
 * It came to its end. report_path: of the HTML page, or NULL. True: back to the
 * pages.
 */
bool ui_live_result(
    UiLive *live, const UiReport *report, const char *report_path);
/* The text of that page, of lines that are not folded; g_free(). */
char *ui_live_text(
    const UiReport *report, const char *report_path, const char *state_dir);

#endif
