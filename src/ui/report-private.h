/* What the files of the report share among themselves. */
#ifndef MAILMIG_UI_REPORT_PRIVATE_H
#define MAILMIG_UI_REPORT_PRIVATE_H

#include "ui/report.h"

/* Text of others as HTML: the five characters that mean something there;
 * control characters become blanks. NULL: nothing. */
void ui_html_text(GString *out, const char *text);

/* The charts, as <figure> with an inline SVG and its words. */
void ui_chart_throughput(const UiReport *report, GString *out);
void ui_chart_sizes(const UiReport *report, GString *out);
void ui_chart_causes(const UiReport *report, GString *out);

/* Items by cause: an array of struct ui_cause, the most frequent first. */
struct ui_cause {
	int event;
	const char *kind; /* of the error ("refused"), or NULL; the report's */
	GArray *items; /* of guint: indices in report->items */
};
/* "message failed: refused", g_free() */
char *ui_cause_name(const struct ui_cause *cause);
GPtrArray *ui_causes(const UiReport *report);

/* "2026-11-21 06:33:33 +0100", g_free() */
char *ui_time_text(gint64 t_us);

#endif
