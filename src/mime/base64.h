/*
 * Base64 as nearly all of it comes: whole groups of four characters, nothing
 * strange among them (RFC 2045 6.8, RFC 4648 4).
 */
#ifndef MAILMIG_MIME_BASE64_H
#define MAILMIG_MIME_BASE64_H

#include <glib.h>

/*
 * Decode groups of four characters of the alphabet from the beginning of from,
 * up to the first group with anything else in it: padding, a line end, rubbish.
 * to has room for 3 bytes in every 4 of len. Returns the bytes written; *used:
 * characters read, a multiple of 4.
 */
gsize mime_base64_groups(
    guint8 *to, const guint8 *from, gsize len, gsize *used);

#endif
