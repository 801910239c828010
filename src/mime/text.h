/*
 * Header text to UTF-8: what every field of an envelope goes through, so that
 * no odd byte of a message reaches a ledger, a log or another format.
 */
#ifndef MAILMIG_MIME_TEXT_H
#define MAILMIG_MIME_TEXT_H

#include "base/status.h"

#include <stdbool.h>

/*
 * Bytes to valid UTF-8 on one line: folded lines are joined (RFC 5322 2.2.3),
 * raw 8-bit text is UTF-8 when it is that, else Windows-1252 (real mail before
 * RFC 6532), control characters and line separators become spaces, outer
 * spaces go. Never NULL; g_free().
 */
char *mime_text_clean(const char *bytes, gsize len);
/* The same, and encoded words decoded (RFC 2047), also where they may not be:
 * in quoted strings, run together, longer than 75 characters. */
char *mime_text_decode(const char *bytes, gsize len);
/* True when clean() would return the bytes as they are but for outer spaces:
 * printable ASCII on one line. */
bool mime_text_is_plain(const char *bytes, gsize len);

/* Appends the UTF-8 form of Windows-1252 bytes; what it leaves undefined is
 * U+FFFD. */
void mime_text_from_1252(GString *out, const guint8 *bytes, gsize len);

/* GMime made ready, once for the process. */
void mime_start(void);

#endif
