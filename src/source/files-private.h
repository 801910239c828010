/* What files.c (the set, its places, the order of things) and files-row.c (one
 * row after the other) share. */
#ifndef MAILMIG_SOURCE_FILES_PRIVATE_H
#define MAILMIG_SOURCE_FILES_PRIVATE_H

#include "iff/directory.h"
#include "iff/message.h"
#include "iff/pab.h"
#include "iff/recovery.h"
#include "source/source.h"

struct files_box { /* a folder of the job */
	struct folder folder;
	gint64 found, skipped;
	bool mine;
};

struct files_calendar; /* a calendar file that is given item by item */
/* What becomes of calendar files: items, the file as it is, or both. */
enum files_calendar_mode {
	FILES_CALENDAR_ITEMS,
	FILES_CALENDAR_FILE,
	FILES_CALENDAR_ICS, /* the file, and its items as one .ics */
	FILES_CALENDAR_BOTH,
};

enum phase { PHASE_PLACES, PHASE_ENDS, PHASE_DONE };

struct files_source {
	struct source_base base;
	char *path;
	Set *set;
	GTimeZone *zone;
	bool detect_rtf, below_inbox;
	enum files_calendar_mode calendar_mode;

	/* one job */
	const struct job *job;
	bool is_directory;
	Diags *diags;
	MessageReader *reader;
	Pab *pab;
	Directory *directory;
	Recovery *recovery;
	GArray *places; /* of struct set_place */
	guint place;
	enum phase phase;
	int fd;
	const char *file; /* name of the primary */
	Pri *pri;
	struct pri_item item;
	bool section_begun;
	bool row_open; /* the item is a row that diags waits for */
	bool in_row;   /* its diagnostics are being sent */
	bool held_row; /* the row follows the RECORD_FOLDER just given */
	struct message_id id;
	struct files_box *box;
	GHashTable *boxes; /* path as folded text to struct files_box */
	GPtrArray *box_order;
	guint ended;	  /* boxes whose end was given */
	GHashTable *seen; /* digest keys, first 64 bits, to occurrences */
	GString *key;
	GArray *held; /* of struct diag: said before we know whose it is */
	struct files_calendar *calendar; /* of the row just read, or NULL */
	GArray *ics_parts; /* struct part of the reader's, and one more; NULL */
	Spool *ics;	   /* likewise: what is in that one */
};

/* What was said before a section's first item is the mailbox's, or is not. */
void files_release_held(struct files_source *fs, bool ours);

/* All three make a record of fs->item. ST_THERE: there is nothing to give, go
 * on; ST_ITEM: it is lost, and in the recovery set. */

/* An item of the pass over the whole set, for the directory. */
enum status files_set_item(
    struct files_source *fs, struct record *record, GError **error);
/* An item of a mailbox. ST_END: its section is over. */
enum status files_box_item(
    struct files_source *fs, struct record *record, GError **error);
/* The row whose folder was given before it (fs->held_row). */
enum status files_held_item(
    struct files_source *fs, struct record *record, GError **error);

/* The folder of a row; *is_new: it was not there before. */
struct files_box *files_box_of(
    struct files_source *fs, const struct message_id *id, bool *is_new);

/* The message holds calendar files, and their items are wanted: true, and
 * fs->calendar gives them. alone: nothing else is in the message, so it is not
 * given itself. */
bool files_calendar_begin(
    struct files_source *fs, const struct message *message, bool *alone);
/* The message holds calendar files, and an .ics beside them is wanted: it gets
 * one more part with all of their items, one iCalendar object after the other
 * (RFC 5545 3.4). Its parts live until the next message. */
enum status files_calendar_attach(
    struct files_source *fs, struct message *message, GError **error);
/* The next record of fs->calendar. ST_END: it was the last. */
enum status files_calendar_next(
    struct files_source *fs, struct record *record, GError **error);
void files_calendar_free(struct files_calendar *calendar);

#endif
