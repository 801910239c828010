/*
 * A header block as it stands: fields one by one, nothing copied or decoded.
 */
#ifndef MAILMIG_MIME_HEADER_H
#define MAILMIG_MIME_HEADER_H

#include "base/blob.h"

#include <stdbool.h>

struct header_field {
	const char *name;
	gsize name_len;	   /* bytes */
	const char *value; /* without the first spaces and the last line end */
	gsize value_len;   /* bytes; folded lines are still folded */
	const char *raw;   /* all of it */
	gsize raw_len;	   /* bytes, last line end included */
};

struct header_block {
	const char *data;
	gsize len; /* bytes; may run on into the body */
	void *owned;
};

/*
 * The first bytes of a message, up to max, with the whole header block in them
 * when it is not longer. In memory nothing is copied. Errors as blob_read().
 */
enum status header_block_read(const struct blob *raw, gsize max,
    struct header_block *out, GError **error);
void header_block_clear(struct header_block *block);

/*
 * Where the first field begins: behind a byte order mark, a line "From " of an
 * mbox, and empty lines that a field follows (GroupWise writes them).
 */
gsize header_block_start(const char *data, gsize len);
/*
 * The field at *pos, which is moved behind it; lines that are no field are
 * passed over. False at the empty line that ends the block, with *pos behind
 * it, or at the end of the bytes.
 */
bool header_next(
    const char *data, gsize len, gsize *pos, struct header_field *out);
/* Name of the field, without case. */
bool header_is(const struct header_field *field, const char *name);

#endif
