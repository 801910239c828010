/*
 * Schedule+ interchange files, .SC2 (spec/migration-files.md 11): appointments,
 * events, tasks, contacts and projects of one person as lines of text.
 *
 * A cursor over the objects of a file: memory holds one of them, whatever the
 * size of the file. Damage is reported and stepped over (11.1): real files have
 * loose text, quotation marks that are not escaped, strings that do not end.
 */
#ifndef MAILMIG_IFF_SCHEDULE_H
#define MAILMIG_IFF_SCHEDULE_H

#include "base/blob.h"
#include "base/codepage.h"
#include "iff/diag.h"

#include <stdbool.h>

#define SCHEDULE_HEADING   "SCHEDULE+2 EXPORT VERSION 103"
#define SCHEDULE_LINE_MAX  (64 << 10)  /* bytes; writers make 80 */
#define SCHEDULE_VALUE_MAX (256 << 10) /* bytes of UTF-8 of one value */
#define SCHEDULE_BYTES_MAX (4 << 20)   /* of UTF-8, one object with all in it */
#define SCHEDULE_PARTS_MAX 20000       /* properties and objects, likewise */
#define SCHEDULE_DEPTH_MAX 8	       /* two are known: Attendees in items */

enum schedule_type {
	SCHEDULE_EMPTY,	 /* a name without a value */
	SCHEDULE_STRING, /* in quotation marks; binary values too */
	SCHEDULE_NUMBER,
	SCHEDULE_BOOL,	  /* number is 0 or 1 */
	SCHEDULE_MOMENT,  /* date, time or both; of the user's zone */
	SCHEDULE_NO_DATE, /* impossible: no end (885455) */
	SCHEDULE_OTHER,	  /* anything else, as it stands */
};

struct schedule_property {
	char *name, *text; /* the value in UTF-8, without its quotes */
	enum schedule_type type;
	gint64 number;
	bool has_date, has_time;
	guint16 year;
	guint8 month, day, hour, minute; /* month, day from 1 */
	gint64 line;			 /* from 1 */
};

struct schedule_object {
	char *kind;	     /* "SingleAppointments"; "" when it has none */
	GArray *properties;  /* of struct schedule_property, in order */
	GPtrArray *objects;  /* of struct schedule_object: Attendees, ... */
	gint64 line, offset; /* of the line with its kind; from 1; bytes */
};

/* code: SC2_SYNTAX or SC2_BAD_DATE. offset: bytes from the start of the data,
 * where the line begins. text lives during the call. */
typedef void (*schedule_sink)(void *ctx, enum diag_code code, gint64 line,
    gint64 offset, const char *text);

typedef struct Schedule Schedule;

/*
 * data and page live as long as the cursor. undouble: two backslashes are one
 * (Q273356: the wizard's own extractors doubled them); without it they are
 * kept. sink may be NULL.
 */
Schedule *schedule_new(const struct blob *data, const Codepage *page,
    bool undouble, schedule_sink sink, void *ctx);
void schedule_free(Schedule *schedule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Schedule, schedule_free)

/* The next object of the file, valid until the next call. ST_ITEM with ERR_IO
 * when the data cannot be read. */
enum status schedule_next(
    Schedule *schedule, const struct schedule_object **out, GError **error);

/* The first property of the name, without case; or NULL. */
const struct schedule_property *schedule_get(
    const struct schedule_object *object, const char *name);

/* The bytes of a binary value: letters and digits stand for themselves, '/' and
 * two hexadecimal digits for any other; blanks come from continued lines. False
 * when it holds anything else; out then has what came before. */
bool schedule_bytes(const char *text, GByteArray *out);

#endif
