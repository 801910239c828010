/*
 * Calendar entries and tasks of Notes to iCalendar (RFC 5545), as far as their
 * items say. The items are those of the standard mail template as the C API
 * user guide describes them, chapter 12-15, Calendar and Scheduling
 * (HCL-TECH-SOFTWARE/domino-c-api-docs); of tasks, whose items it does not
 * describe, general knowledge of the product. No sample of either was ever
 * seen, so nothing calls this unless asked to.
 */
#ifndef MAILMIG_NSF_CALENDAR_H
#define MAILMIG_NSF_CALENDAR_H

#include "nsf/mail.h"

/* The note that a series was made from ($CSFlags has "c"): its instances are
 * notes of their own, which say what became of each. Needs summary items. */
bool nsf_calendar_is_parent(const struct nsf_note *note);
/* UNID of the note that this one answers, or is an instance of ($REF). */
bool nsf_note_reference(const struct nsf_note *note, guint8 unid[16]);

/* Appends a VCALENDAR with one VEVENT, or VTODO for a task. description: its
 * body as text, or NULL. False: it has no date to stand on. */
bool nsf_calendar_write(const struct nsf_note *note, bool task,
    const char *description, GString *out);

/* Make the message that mail holds (its form says which) one of a single
 * text/calendar part. Without a date it is left as it is. Attachments are kept
 * as they are: the message then has two parts or more, and so has the notice of
 * an invitation or a cancellation, which remains mail. Other notices, and
 * entries whose text is MIME, are left as they are. */
enum status nsf_calendar_join(
    struct nsf_mail *mail, const struct nsf_note *note, GError **error);

#endif
