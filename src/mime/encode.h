/*
 * Writing MIME: encoded words, parameters, and content in the transfer encoding
 * that fits it. All line ends are CR LF; the same input gives the same bytes.
 */
#ifndef MAILMIG_MIME_ENCODE_H
#define MAILMIG_MIME_ENCODE_H

#include "base/spool.h"

/*
 * Appends "Name: text" CR LF, folded at ENCODE_LINE chars where it can be;
 * what is not printable ASCII goes into encoded words (RFC 2047). text is UTF-8
 * and on one line.
 */
#define ENCODE_LINE 76 /* chars; RFC 2047 2 */
void encode_text_field(GString *out, const char *name, const char *text);
/* A display name: atoms, a quoted string or encoded words. */
void encode_phrase(GString *out, const char *text);
/* "; name=value", by RFC 2231 when it is not short ASCII. */
void encode_parameter(GString *out, const char *name, const char *value);

enum encoding {
	ENCODING_7BIT,
	ENCODING_8BIT,
	ENCODING_BINARY, /* NUL, bare CR or LF, lines over 998 octets */
	ENCODING_QUOTED,
	ENCODING_BASE64,
};
const char *encoding_name(enum encoding encoding);

/* What content is made of; filled piece by piece, zeroed before. */
struct content_scan {
	gint64 len;	       /* octets */
	gint64 high;	       /* of these above 0x7f */
	gint64 odd;	       /* NUL and other controls, CR or LF alone */
	gint64 line, line_max; /* octets, without CR LF */
	guint8 last;
};
void content_scan(struct content_scan *scan, const guint8 *data, gsize len);
/* For text: 7bit when it may be, quoted-printable while that is readable and
 * not longer, else base64. */
enum encoding content_scan_text(const struct content_scan *scan);
/* For what must not be encoded (message/rfc822, RFC 2046 5.2.1). */
enum encoding content_scan_plain(const struct content_scan *scan);

/* Octets of so many in base64, line ends counted. */
gint64 encode_base64_len(gint64 octets);
/* The blob in that encoding; a line end is at its end whenever len is not 0
 * and the encoding is not one that copies. Errors as blob_read(),
 * spool_write(). */
enum status encode_blob(const struct blob *blob, enum encoding encoding,
    Spool *out, GError **error);

#endif
