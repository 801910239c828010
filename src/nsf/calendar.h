/*
 * Calendar entries and tasks of Notes to iCalendar (RFC 5545), as far as their
 * items say. No public text names the items of the standard template and no
 * sample was found: what is used here is general knowledge of the product
 * (spec/notes.md 11), so nothing calls it unless asked to.
 */
#ifndef MAILMIG_NSF_CALENDAR_H
#define MAILMIG_NSF_CALENDAR_H

#include "nsf/mail.h"

#define NSF_INSTANCES_MAX 65535 /* of a series: a word counts them */

/* Appends a VCALENDAR with one VEVENT, or VTODO for a task. description: its
 * body as text, or NULL. False: it has no date to stand on. */
bool nsf_calendar_write(const struct nsf_note *note, bool task,
    const char *description, GString *out);

/* Make the message that mail holds (its form says which) one of a single
 * text/calendar part. Without a date it is left as it is. Attachments are kept
 * as they are: the message then has two parts or more. */
enum status nsf_calendar_join(
    struct nsf_mail *mail, const struct nsf_note *note, GError **error);

#endif
