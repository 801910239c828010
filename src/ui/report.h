/*
 * The report of a run: what its events add up to, as one HTML page that needs
 * nothing else, and the same as CSV and JSON.
 *
 * It is made of events alone, in any order of the mailboxes, so that it can be
 * written at the end of a run and again, years later, from its event log. The
 * counts are those of books_apply(); nothing is counted a second way.
 */
#ifndef MAILMIG_UI_REPORT_H
#define MAILMIG_UI_REPORT_H

#include "engine/run.h"

/* Failed items that are kept in memory; more are counted, and said to be in
 * the event log alone. 200,000 are 60 MB. */
#define UI_REPORT_ITEMS_MAX 200000
/* Of these, shown in the HTML page; all of them are in the CSV file. */
#define UI_REPORT_PAGE_ITEMS_MAX 20000

struct ui_mailbox {
	char *name;
	char *destination; /* or NULL: not told */
	char *state;	   /* "done", "failed", "stopped"; "cut": no end told */
	char *reason;	   /* why it failed or stopped, or NULL */
	char *recovery;	   /* directory of its recovery set, or NULL */
	gint64 kept;	   /* items in there */
	gint64 begun_us, ended_us; /* since 1970; 0: not told */
	struct books books;
};

/* A message, record, folder or mailbox that failed, and every other error. */
struct ui_item {
	int event;	/* its number: the cause */
	guint mailbox;	/* index in mailboxes; G_MAXUINT: of the run */
	bool message;	/* a message that is counted as failed */
	char *folder;	/* path joined by '/', or NULL, as the others */
	char *key, *subject, *date, *message_id;
	char *side;	/* "source", "destination" */
	char *kind;	/* kind of error: "refused", "limit", ... */
	char *reason;	/* in the words of whoever refused */
	char *file;	/* migration files: the place of the row */
	char *place;	/* in the recovery set, in words, or NULL */
	gint64 line, size; /* 0; -1: not known */
};

/* What was moved in a second of the run. */
struct ui_sample {
	gint64 second; /* since 1970 */
	gint64 messages, bytes;
};

/* The same warning, all over the run. */
struct ui_warning {
	int event;
	gint64 n;
	char *first; /* the text of the first one */
	char *first_mailbox; /* or NULL */
};

typedef struct UiReport UiReport;
struct UiReport {
	guint64 run;
	char *command, *from, *to; /* or NULL: the log does not tell */
	gint64 begun_us, ended_us; /* of the first and the last event */
	bool complete;		   /* the run came to its end */
	bool stopped;		   /* because somebody asked for it */
	bool verify;		   /* it compared, and moved nothing */
	struct books total;
	GPtrArray *mailboxes; /* of struct ui_mailbox, by first event */
	GPtrArray *items;     /* of struct ui_item, by time */
	gint64 items_left_out;
	GPtrArray *warnings; /* of struct ui_warning, by first event */
	GArray *samples;     /* of struct ui_sample, ascending */
	GHashTable *by_name; /* name: index in mailboxes + 1 */
	GHashTable *by_item; /* mailbox, folder, key: struct ui_item */
};

UiReport *ui_report_new(void);
void ui_report_free(UiReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UiReport, ui_report_free)

/* One event more. */
void ui_report_event(UiReport *report, const Event *event);
/* All events of a log; lines that are none are skipped. ST_RUN with ERR_IO:
 * it cannot be read. */
enum status ui_report_read(UiReport *report, const char *path, GError **error);

/* How a mailbox fared, in a word: "ok", "warnings", "errors", "failed",
 * "stopped", "cut". */
const char *ui_mailbox_outcome(const struct ui_mailbox *mailbox);
/* The directory of a set of migration files stands among the mailboxes;
 * without trouble it is of no interest. */
bool ui_mailbox_is_nobody(const struct ui_mailbox *mailbox);
/* Where the item can be had back from: "DIR" of the recovery set, or NULL when
 * it is at the source alone. */
const char *ui_item_recovery(
    const UiReport *report, const struct ui_item *item);

/* Where in there: "MAILMIG.PKL: 00000001.PRI line 4, 00000001.SEC(50)"; NULL
 * when the event log does not tell, or there is none. g_free() */
char *ui_item_place(const UiReport *report, const struct ui_item *item);

/* The texts, appended. version: of the program. */
void ui_report_html(const UiReport *report, const char *version, GString *out);
/* A row for each mailbox; a row for each item. RFC 4180, UTF-8, CR LF. */
void ui_report_csv(const UiReport *report, GString *out);
void ui_report_items_csv(const UiReport *report, GString *out);
void ui_report_json(const UiReport *report, const char *version, GString *out);

/*
 * All four, in dir (made when it is not there, mode 0700): NAME.html, NAME.csv,
 * NAME-failures.csv, NAME.json, mode 0600. ST_RUN with ERR_IO.
 */
enum status ui_report_save(const UiReport *report, const char *dir,
    const char *name, const char *version, GError **error);

#endif
