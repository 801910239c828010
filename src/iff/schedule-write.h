/*
 * iCalendar as Schedule+ interchange text, for the plain profile
 * (spec/migration-files.md 11, 15.3): the inverse of schedule-ical.h.
 */
#ifndef MAILMIG_IFF_SCHEDULE_WRITE_H
#define MAILMIG_IFF_SCHEDULE_WRITE_H

#include <glib.h>
#include <stdbool.h>

/*
 * ical: an iCalendar object with one event or task, and the changed instances
 * of it. out: UTF-8 with CR LF, to be put into the set's code page. Times
 * become local to zone. False, out without meaning, when it cannot be said in
 * that format: no such component, a rule that is none of the six (11.3).
 */
bool schedule_from_ical(
    const char *ical, gsize len, GTimeZone *zone, GString *out);

#endif
