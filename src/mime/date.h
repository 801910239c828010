/*
 * Dates in header fields (RFC 5322 3.3), also the obsolete forms of its section
 * 4.3 and what real mailers write instead.
 */
#ifndef MAILMIG_MIME_DATE_H
#define MAILMIG_MIME_DATE_H

#include "base/stamp.h"

#define DATE_MAX 200 /* bytes of the field looked at; a date has about 40 */

/*
 * text: any bytes, len of them. False, and *out untouched, when there is no
 * date in it. Two-digit years by RFC 5322 4.3. "-0000", an unknown zone name
 * and an impossible offset leave has_zone false, the time is then taken as UTC.
 */
bool date_parse(const char *text, gsize len, struct stamp *out);

/* "Fri, 21 Nov 1997 09:55:06 -0600"; -0000 when there is no zone. */
#define DATE_LEN 40 /* chars with the NUL */
void date_format(const struct stamp *stamp, char out[DATE_LEN]);

#endif
