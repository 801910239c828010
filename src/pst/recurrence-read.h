/*
 * When an appointment or task takes place again: the recurrence blob
 * ([MS-OXOCAL] 2.2.1.44), and the RRULE that says the same ([MS-OXCICAL]
 * 2.1.3.2.2).
 */
#ifndef MAILMIG_PST_RECURRENCE_READ_H
#define MAILMIG_PST_RECURRENCE_READ_H

#include "base/status.h"

#include <stdbool.h>

#define PST_EXCEPTIONS_MAX 10000 /* changed or left out, of one appointment */

/* Days and times are seconds since 1970 on the wall. */
struct pst_pattern_exception {
	gint64 start, end, original;
	guint flags; /* which of the following it has */
	char *subject, *location;
	guint32 reminder_minutes, reminder_set, busy, all_day;
};
enum pst_pattern_flag { /* OverrideFlags */
	PST_EX_SUBJECT = 0x0001,
	PST_EX_MEETING = 0x0002,
	PST_EX_REMINDER_DELTA = 0x0004,
	PST_EX_REMINDER = 0x0008,
	PST_EX_LOCATION = 0x0010,
	PST_EX_BUSY = 0x0020,
	PST_EX_ATTACHMENT = 0x0040,
	PST_EX_ALL_DAY = 0x0080,
	PST_EX_COLOUR = 0x0100,
	PST_EX_BODY = 0x0200,
};

struct pst_pattern {
	guint
	    frequency;	/* 200A daily, 200B weekly, 200C monthly, 200D yearly */
	guint pattern;	/* PatternType */
	guint calendar; /* 0, 1: Gregorian */
	guint32 period;
	guint32 days; /* mask, bit 0 Sunday; or the day of the month */
	guint32 nth;  /* 1 to 4, 5 the last */
	guint32 end_type, count, first_weekday;
	gint64 first_day, last_day;
	guint32 start_minutes, end_minutes; /* of a day; appointments only */
	GArray *deleted;    /* of gint64: days, those of exceptions too */
	GArray *exceptions; /* of struct pst_pattern_exception */
};
void pst_pattern_clear(struct pst_pattern *recurrence);
typedef struct pst_pattern PstPattern;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstPattern, pst_pattern_clear)

/*
 * task: the blob ends behind the pattern. codepage: of the exceptions' texts
 * where there is no other form of them. ST_ITEM with ERR_FORMAT; exceptions
 * that are cut are left out.
 */
enum status pst_pattern_read(struct pst_pattern *out, const guint8 *p,
    gsize len, bool task, guint codepage, GError **error);
/*
 * Appends "FREQ=..."; until: what UNTIL is, ready made. False when iCalendar
 * has no words for it (calendars that are not Gregorian).
 */
bool pst_pattern_rule(
    const struct pst_pattern *recurrence, const char *until, GString *out);
/* Does it end at a day? */
bool pst_pattern_has_end(const struct pst_pattern *recurrence);

#endif
