/*
 * Time zones of calendar items: PidLidTimeZoneStruct and the definitions that
 * newer Outlooks write beside it ([MS-OXOCAL] 2.2.1.39 and 2.2.1.41), as a
 * VTIMEZONE ([MS-OXCICAL] 2.1.3.1.1.19).
 */
#ifndef MAILMIG_PST_TIMEZONE_READ_H
#define MAILMIG_PST_TIMEZONE_READ_H

#include "base/status.h"

#include <stdbool.h>

/* When the clock is changed: month 0 means never. */
struct pst_zone_change {
	guint year;	      /* 0: every year */
	guint month, weekday; /* 1 to 12; 0 Sunday */
	guint week;	      /* 1 to 4, 5 the last; of a year: the day */
	guint hour, minute;
};
struct pst_zone {
	char *name; /* "W. Europe Standard Time"; never NULL */
	/* Minutes: UTC = local time + bias + one of the two. */
	gint bias, standard_bias, daylight_bias;
	struct pst_zone_change standard, daylight;
};
void pst_zone_clear(struct pst_zone *zone);
typedef struct pst_zone PstZone;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstZone, pst_zone_clear)

/* False when the bytes are no zone. name: copied; NULL: made up. */
bool pst_zone_from_struct(
    struct pst_zone *out, const guint8 *p, gsize len, const char *name);
/* The rule that holds now; recurring: the one of the recurrence. */
bool pst_zone_from_definition(
    struct pst_zone *out, const guint8 *p, gsize len, bool recurring);
/* A zone that never changes: seconds east of UTC. */
void pst_zone_fixed(struct pst_zone *out, gint east);

/* Seconds since 1970, in UTC and on the wall. */
gint64 pst_zone_to_local(const struct pst_zone *zone, gint64 utc);
gint64 pst_zone_to_utc(const struct pst_zone *zone, gint64 local);

/* Appends a VTIMEZONE. */
void pst_zone_write(const struct pst_zone *zone, GString *out);

#endif
