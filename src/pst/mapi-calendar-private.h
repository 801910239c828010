/* What the files of pst/mapi-from-calendar.h share. */
#ifndef MAILMIG_PST_MAPI_CALENDAR_PRIVATE_H
#define MAILMIG_PST_MAPI_CALENDAR_PRIVATE_H

#include "pst/mapi-parts.h"

#include <libical/ical.h>

/* The object that is being written. */
struct pst_calendar {
	const struct pst_mapi *m;
	icalcomponent *root, *event;
	struct icaltimetype start, end;
	icaltimezone *zone; /* NULL: UTC, or none is said */
	const char *more;   /* what properties cannot say; NULL: nothing */
};

/* People of the event, where the message itself names none, as a stored
 * appointment does. n: attendees. */
enum status pst_calendar_people(struct pst_calendar *calendar,
    const struct envelope *envelope, guint *n, GError **error);
/* Is all of a meeting in the properties and the recipients? If not, the object
 * is kept beside them, but need not be shown. */
bool pst_calendar_is_said(
    icalcomponent *event, const struct envelope *envelope);

#endif
