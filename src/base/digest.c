#include "base/digest.h"

#include <nettle/sha2.h>
#include <string.h>

#define DIGEST_CHUNK (64 << 10) /* bytes read from a file at a time */

void
digest_mem(const void *data, gsize len, struct digest *out)
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, len, data);
	sha256_digest(&ctx, DIGEST_LEN, out->b);
}

enum status
digest_blob(const struct blob *blob, struct digest *out, GError **error)
{
	struct sha256_ctx ctx;
	guint8 scratch[DIGEST_CHUNK];
	const guint8 *data;
	gint64 at = 0;
	gsize len;
	enum status st;

	if (blob->mem) {
		digest_mem(blob->mem, (gsize)blob->len, out);
		return ST_OK;
	}
	sha256_init(&ctx);
	while ((st = blob_next(blob, &at, scratch, sizeof scratch, &data, &len,
		    error)) == ST_OK)
		sha256_update(&ctx, len, data);
	if (st < 0)
		return st;
	sha256_digest(&ctx, DIGEST_LEN, out->b);
	return ST_OK;
}

void
digest_to_hex(const struct digest *digest, char hex[DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (guint i = 0; i < DIGEST_LEN; i++) {
		hex[2 * i] = digits[digest->b[i] >> 4];
		hex[2 * i + 1] = digits[digest->b[i] & 15];
	}
	hex[2 * DIGEST_LEN] = '\0';
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->b, b->b, DIGEST_LEN) == 0;
}
