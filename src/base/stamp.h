/*
 * A point in time as mail knows it: seconds, and the zone of whoever wrote it.
 */
#ifndef MAILMIG_BASE_STAMP_H
#define MAILMIG_BASE_STAMP_H

#include <glib.h>
#include <stdbool.h>

struct stamp {
	gint64 utc; /* seconds since 1970-01-01 00:00 UTC; 0 when !known */
	gint16 zone; /* minutes east of UTC of the writer; 0 when !has_zone */
	bool known;
	bool has_zone;
};

/*
 * "17-Jul-1996 02:44:25 -0700", the date-time of RFC 9051 section 9 without
 * quotation marks (day blank-padded to two). An unknown zone is written +0000.
 */
#define STAMP_IMAP_LEN 27 /* chars with the NUL */
void stamp_to_imap(const struct stamp *stamp, char out[STAMP_IMAP_LEN]);
/* Reads len chars of the same; false, and *out untouched, when it is not one. */
bool stamp_from_imap(const char *text, gsize len, struct stamp *out);

/* "1996-07-17T02:44:25-07:00"; "Z" when there is no zone; "" when unknown.
 * Free with g_free(). */
char *stamp_to_iso(const struct stamp *stamp);
bool stamp_from_iso(const char *text, struct stamp *out);

/* Calendar fields to seconds and back, proleptic Gregorian, years 1..9999. */
bool stamp_from_fields(int year, int month, int day, int hour, int minute,
    int second, int zone_minutes, struct stamp *out);
void stamp_to_fields(const struct stamp *stamp, int *year, int *month, int *day,
    int *hour, int *minute, int *second, int *weekday /* 0 = Sunday */);

#endif
