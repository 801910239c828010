/*
 * The envelope: what a header block says, decoded to UTF-8. Structured sources
 * (migration files, old systems) fill it themselves; for Internet messages it is
 * read from the octets when somebody asks, never before.
 */
#ifndef MAILMIG_MIME_ENVELOPE_H
#define MAILMIG_MIME_ENVELOPE_H

#include "base/blob.h"
#include "base/stamp.h"

struct person {
	char *name; /* display name, or NULL */
	char *type; /* "SMTP", "X400", "CCMAIL", ...; NULL when there is no address */
	char *address; /* or NULL: a name without an address */
};

enum priority { PRIORITY_LOW = -1, PRIORITY_NORMAL = 0, PRIORITY_HIGH = 1 };

#define ENVELOPE_HEADER_MAX (1 << 20) /* bytes of header block looked at */
#define ENVELOPE_PERSONS_MAX 65535 /* per list; spec/migration-files.md 4.6 */

struct envelope {
	GPtrArray *from, *to, *cc, *bcc, *reply_to; /* of struct person; never NULL */
	struct person *sender; /* Sender:, or NULL when it is not said */
	char *subject; /* one line; NULL when there is none */
	char *message_id; /* with angle brackets, or NULL */
	struct stamp sent; /* Date: */
	enum priority priority; /* Importance, X-Priority, Priority */
	char *content_type; /* "multipart/mixed", lower case; NULL: not said */
};

struct person *person_new(const char *name, const char *type,
    const char *address);
void person_free(struct person *person);

void envelope_init(struct envelope *envelope);
void envelope_clear(struct envelope *envelope);
/* Ready for the next message, keeping the memory of the arrays. */
void envelope_reset(struct envelope *envelope);

/*
 * Read the header block of a raw message (RFC 5322, 2047, 2231, 6532; raw 8-bit
 * text is taken as UTF-8 when it is that, else as Windows-1252). Tolerant: what
 * cannot be read is left unknown; doc/VIOLATIONS.md lists what real mail does.
 * ST_ITEM only when the bytes themselves cannot be read.
 */
enum status envelope_parse(const struct blob *raw, struct envelope *out,
    GError **error);

#endif
