/* Time zones as calendar items hold them: [MS-OXOCAL] 2.2.1.39 and 2.2.1.41. */
#ifndef MAILMIG_PST_TIMEZONE_WRITE_H
#define MAILMIG_PST_TIMEZONE_WRITE_H

#include <glib.h>
#include <libical/ical.h>
#include <stdbool.h>

/* PidLidTimeZoneStruct of a zone as it is in a year; NULL: UTC. Appended. */
void pst_timezone_struct(GByteArray *out, icaltimezone *zone, int year);
/* PidLidAppointmentTimeZoneDefinition...: the same with a name. recur: for the
 * recurrence. Appended. */
void pst_timezone_definition(
    GByteArray *out, icaltimezone *zone, int year, bool recur);
/* "Europe/Oslo"; "UTC" of none. */
const char *pst_timezone_name(icaltimezone *zone);

#endif
