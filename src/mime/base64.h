/*
 * Base64 as nearly all of it comes: whole groups of four characters, nothing
 * strange among them (RFC 2045 6.8, RFC 4648 4).
 */
#ifndef MAILMIG_MIME_BASE64_H
#define MAILMIG_MIME_BASE64_H

#include <glib.h>
#include <stdbool.h>

/*
 * Decode groups of four characters of the alphabet from the beginning of from,
 * up to the first group with anything else in it: padding, a line end, rubbish.
 * to has room for 3 bytes in every 4 of len. Returns the bytes written; *used:
 * characters read, a multiple of 4.
 */
gsize mime_base64_groups(
    guint8 *to, const guint8 *from, gsize len, gsize *used);

/* Watches what the above does not decode, of one text in pieces. */
struct base64_watch {
	guint n;      /* characters of the group that is open, 0 to 3 */
	bool padded;  /* "=" was seen */
	bool strange; /* anything that has no place there */
};
void mime_base64_watch(
    struct base64_watch *watch, const guint8 *from, gsize len);
/* The padding that the last group lacks: "", "=", "=="; NULL: it is cut, and
 * nothing can be made of it. */
const char *mime_base64_end(const struct base64_watch *watch);

#endif
