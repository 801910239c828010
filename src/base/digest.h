/*
 * The content digest: SHA-256 over the octets of a message in wire form
 * (RFC 5322, CR LF). Equal digest means equal message: it decides whether a
 * message already arrived, so it must be one nobody can forge.
 */
#ifndef MAILMIG_BASE_DIGEST_H
#define MAILMIG_BASE_DIGEST_H

#include "base/blob.h"

#include <stdbool.h>

#define DIGEST_LEN 32 /* bytes */
#define DIGEST_HEX (2 * DIGEST_LEN + 1) /* chars with the NUL */

struct digest {
	guint8 b[DIGEST_LEN];
};

/* Errors as blob_read(). */
enum status digest_blob(const struct blob *blob, struct digest *out,
    GError **error);
void digest_mem(const void *data, gsize len, struct digest *out);
void digest_to_hex(const struct digest *digest, char hex[DIGEST_HEX]);
bool digest_equal(const struct digest *a, const struct digest *b);

#endif
