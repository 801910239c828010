/*
 * Series of Notes' calendar: every instance by its own date, as Notes keeps
 * them, and the rule that gives exactly these dates where there is one, since
 * other calendars keep rules. Zones as StartTimeZone says them.
 */
#ifndef MAILMIG_NSF_CALENDAR_SERIES_H
#define MAILMIG_NSF_CALENDAR_SERIES_H

#include "nsf/note.h"

#include <libical/ical.h>

#define NSF_INSTANCES_MAX 65535 /* of a series: a word counts them */

/*
 * "Z=5$DO=1$DL=3 2 1 11 1 1$ZX=40$ZN=Eastern": hours west of Greenwich (with
 * minutes as hundreds: -3005 is 5:30 east); daylight saving; month, week (-1:
 * the last) and day (1: Sunday) of its beginning and of its end; a name. The
 * hour of the change is not in it: two o'clock.
 * A VTIMEZONE; NULL when it is none of these. icalcomponent_free().
 */
icalcomponent *nsf_zone_from_text(const char *text);

/*
 * Adds start and further instances to an event, and to the calendar around it
 * the zone that a rule stands on. times: of struct stamp, at least one.
 * zone_text: as above, or NULL.
 */
void nsf_series_add(icalcomponent *calendar, icalcomponent *event,
    const GArray *times, bool all_day, const char *zone_text);

#endif
