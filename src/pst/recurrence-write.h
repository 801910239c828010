/* Recurring appointments: an iCalendar rule as PidLidAppointmentRecur,
 * [MS-OXOCAL] 2.2.1.44. */
#ifndef MAILMIG_PST_RECURRENCE_WRITE_H
#define MAILMIG_PST_RECURRENCE_WRITE_H

#include <glib.h>
#include <libical/ical.h>
#include <stdbool.h>

#define PST_RECURRENCE_EXCEPTIONS_MAX 1000 /* of one item, deleted ones too */

/* An occurrence that differs from the others. */
struct pst_exception {
	icalcomponent *event;
	/* Times on the clock of the series. */
	struct icaltimetype original, start, end;
};

struct pst_recurrence {
	guint type;	     /* PidLidRecurrenceType: 1 daily ... 4 yearly */
	guint32 first, last; /* minutes since 1601: days of the series */
	GArray *exceptions;  /* of struct pst_exception, by original start */
};

/*
 * The recurrence of an event that begins at start and ends at end, with its
 * exceptions among the events of calendar; appended to out. NULL: it was
 * written; else why the format cannot say it, and nothing was.
 */
const char *pst_recurrence_write(GByteArray *out, icalcomponent *calendar,
    icalcomponent *event, struct icaltimetype start, struct icaltimetype end,
    struct pst_recurrence *info);
void pst_recurrence_clear(struct pst_recurrence *info);

/* Minutes from 1601 of a time on its own clock. */
guint32 pst_recurrence_minutes(struct icaltimetype t);

#endif
