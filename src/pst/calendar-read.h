/*
 * Appointments, tasks and meeting messages of a .pst ([MS-OXOCAL],
 * [MS-OXOTASK]) as iCalendar (RFC 5545), after [MS-OXCICAL]: time zones,
 * recurrence with exceptions, attendees and their answers, reminders.
 *
 * Attachments are not in it: they stand beside it in the message.
 */
#ifndef MAILMIG_PST_CALENDAR_READ_H
#define MAILMIG_PST_CALENDAR_READ_H

#include "mime/envelope.h"
#include "pst/messaging-read.h"

enum pst_calendar_kind {
	PST_CALENDAR_NONE,
	PST_CALENDAR_EVENT,   /* IPM.Appointment */
	PST_CALENDAR_TASK,    /* IPM.Task */
	PST_CALENDAR_MEETING, /* IPM.Schedule.Meeting.*: mail with a METHOD */
};

/* method: "REQUEST", of a meeting; else NULL. It may be NULL itself. */
enum pst_calendar_kind pst_calendar_kind(
    const char *class, const char **method);

/*
 * Appends a VCALENDAR to out. envelope: of the message. lost: char *, a line is
 * added on each thing that cannot be said or read. False, and nothing appended,
 * when there is no time in it.
 */
bool pst_calendar_read(Pst *pst, PstMessage *message,
    const struct envelope *envelope, GString *out, GPtrArray *lost);

/* Is this attachment one of the exceptions of a recurring appointment, which
 * pst_calendar_read() has said? [MS-OXOCAL] 2.2.10.1 */
bool pst_calendar_is_exception(const PstProps *attachment);

#endif
