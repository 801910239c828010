/* What the splitter and the joiner share. */
#ifndef MAILMIG_MIME_PART_PRIVATE_H
#define MAILMIG_MIME_PART_PRIVATE_H

#include "mime/part.h"

bool part_is_body(enum part_kind kind); /* TEXT, HTML, RTF */
const char *part_default_type(enum part_kind kind);

#define PART_CHUNK (64 << 10) /* bytes in hand at a time, whatever the size */

/*
 * Turn the bytes of the store from offset from to its end into text: UTF-8, CR
 * LF, no NUL. Appends the result when it differs. *at, *len: where the text is.
 * charset: as the message says, or NULL. ISO-8859-1 means Windows-1252, as
 * everybody reads it (WHATWG Encoding); so does what claims to be ASCII or
 * UTF-8 and is not.
 */
enum status part_text(Spool *store, gint64 from, const char *charset,
    gint64 *at, gint64 *len, GError **error);
/* Are these bytes of the store valid UTF-8 (NUL counts as valid)? */
enum status part_is_utf8(Spool *store, gint64 from, bool *yes, GError **error);
/* "us-ascii", "utf-8" and none: those that must be looked at before believing.
 */
bool part_charset_is_doubtful(const char *charset);

#endif
