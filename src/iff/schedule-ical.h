/*
 * Objects of Schedule+ interchange files as iCalendar (RFC 5545): appointments,
 * events, tasks, with their recurrences and exceptions (spec/migration-files.md
 * 11.2, 11.3), and as entries of an address book.
 */
#ifndef MAILMIG_IFF_SCHEDULE_ICAL_H
#define MAILMIG_IFF_SCHEDULE_ICAL_H

#include "iff/schedule.h"
#include "model/record.h"

enum schedule_kind {
	SCHEDULE_APPOINTMENT, /* a time of a day */
	SCHEDULE_EVENT,	      /* whole days */
	SCHEDULE_TASK,
	SCHEDULE_CONTACT,
	SCHEDULE_PROJECT, /* nothing of its own in iCalendar */
	SCHEDULE_UNKNOWN,
};
enum schedule_kind schedule_kind(const struct schedule_object *object);

struct schedule_ical {
	GString *text;	  /* an iCalendar object: UTF-8, CR LF */
	GString *summary; /* on one line */
	GPtrArray *lost;  /* of char *: what could not be carried, in words */
	char uid[33];	  /* digest of the object: the same on every run */
};
void schedule_ical_init(struct schedule_ical *ical);
void schedule_ical_clear(struct schedule_ical *ical);

/*
 * An appointment, event or task. zone: of the user, whose local times these
 * are; now: seconds UTC, alarms before it are left out (Q195852). False when
 * there is not even a date to put it at; lost says so.
 */
bool schedule_to_ical(const struct schedule_object *object, GTimeZone *zone,
    gint64 now, struct schedule_ical *out);

/* A contact's 24 columns (address_field_names); fields point into the object,
 * or to "". */
void schedule_to_address(
    const struct schedule_object *object, const char *fields[ADDRESS_FIELDS]);

#endif
