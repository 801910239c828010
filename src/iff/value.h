/*
 * Values of MAILMESSAGE and PAB columns: dates, flags, people, folder paths
 * (spec/migration-files.md 4.5, 9.3-9.5, 15.2), both ways.
 */
#ifndef MAILMIG_IFF_VALUE_H
#define MAILMIG_IFF_VALUE_H

#include "mime/envelope.h"
#include "model/record.h"

#define VALUE_DATE_LEN 15 /* chars with the NUL */

/* NULL or "local"; minutes east of UTC ("-300"); an IANA name. ST_RUN with
 * ERR_CONFIG. Free with g_time_zone_unref(). */
enum status value_zone(GTimeZone **out, const char *text, GError **error);

/*
 * YYYYMMDDhhmmss in local time of zone, or, when minutes is not NULL, of the
 * zone that many minutes east. Empty is true and unknown; false when it is
 * impossible, and *out unknown then.
 */
bool value_date(const char *text, GTimeZone *zone, const gint16 *minutes,
    struct stamp *out);
/* Writes "" when unknown. keep_zone: the stamp's own zone (UTC without one);
 * else that of zone. */
void value_date_put(const struct stamp *stamp, GTimeZone *zone, bool keep_zone,
    char out[VALUE_DATE_LEN]);

/* TRUE or FALSE in any case; empty is fallback. False when it is neither. */
bool value_bool(const char *text, bool fallback, bool *out);
/* -1, 0, 1; empty is 0. */
bool value_priority(const char *text, enum priority *out);
/* Signed minutes, -1439 to 1439. */
bool value_minutes(const char *text, gint16 *out);

/* "TYPE:address" with a type of 1-8 letters or digits; the length of the type,
 * or 0. */
gsize value_address_type(const char *text);
/* "Name", "Name[TYPE:address]" (9.5). Owned by the caller. */
struct person *value_person(const char *text);
/* The inverse, appended; at least one of name and address is there. */
void value_person_put(GString *out, const struct person *person);

/*
 * A Folder column to a path of names (9.4): empty is the inbox, "Inbox" first
 * is the inbox in any case, empty components are dropped. ext1: the five
 * escapes are turned back. Free with g_strfreev(). NULL when it is deeper than
 * FOLDER_DEPTH_MAX or a name longer than FOLDER_NAME_MAX.
 */
char **value_folder(const char *text, bool ext1, bool is_public);
/* What a first component means by its name (9.4): FOLDER_PLAIN when nothing. */
enum folder_use value_folder_use(char *const *path);
/*
 * The inverse, unquoted, appended. plain: '\' in a name becomes '/', control
 * characters and what would be empty '_'; returns how many names were changed.
 * use: special folders get their names of 9.4 in the plain profile.
 */
guint value_folder_put(GString *out, char *const *path, enum folder_use use,
    bool ext1, bool is_public);

#endif
