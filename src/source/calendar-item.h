/*
 * What sources of calendars share: an iCalendar object as the message that it
 * is on its way (RFC 5545, without METHOD), in a folder for calendars or tasks.
 */
#ifndef MAILMIG_SOURCE_CALENDAR_ITEM_H
#define MAILMIG_SOURCE_CALENDAR_ITEM_H

#include "iff/schedule.h"
#include "model/record.h"

struct calendar_item {
	const GPtrArray *from; /* of struct person; may be empty */
	const char *subject;   /* UTF-8, or NULL */
	struct stamp date;
	const char *headers; /* more fields, each with its CR LF; or NULL */
	const GString *ical; /* UTF-8, CR LF */
};

/* The message, one entity text/calendar, into out (reset first). The same item
 * gives the same octets. Errors as spool_write(). */
enum status calendar_item_write(
    const struct calendar_item *item, Spool *out, GError **error);

/* A contact of a Schedule+ interchange file as an entry of the address book.
 * name holds one of its fields; both live as long as the record. */
void calendar_item_contact(const struct schedule_object *object, GString *name,
    const char *fields[ADDRESS_FIELDS], struct record *record);

#endif
