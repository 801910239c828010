/*
 * A message in parts, and the way to and from raw octets.
 *
 * Structured sources give parts (spec/migration-files.md 10); plain migration
 * files and .pst files want them. Joining is deterministic: the same parts and
 * envelope give the same octets on every run, so that the digest of a joined
 * message recognises it again.
 */
#ifndef MAILMIG_MIME_PART_H
#define MAILMIG_MIME_PART_H

#include "base/spool.h"
#include "mime/envelope.h"

enum part_kind {
	PART_TEXT, /* body text; blob is UTF-8 with CR LF */
	PART_HTML, /* charset as it is in the source, see charset */
	PART_RTF,
	PART_FILE, /* attachment: any octets */
	PART_MESSAGE, /* embedded Internet message (message/rfc822) */
	PART_OLE, /* object storage */
	PART_DOCUMENT, /* free document: the item itself (10.4) */
	PART_SCHEDULE, /* Schedule+ interchange file (10.5, 11) */
	PART_MACBINARY, /* MacBinary container, as it is (10.8) */
};

/* What was mended when a part was read; its octets may not be what was sent. */
enum part_flaw {
	PART_FLAW_BASE64 = 1 << 0, /* characters that are none, or a cut end */
	PART_FLAW_OPEN = 1 << 1, /* the last of a multipart without its end */
	PART_FLAW_WHOLE = 1 << 2, /* a multipart without parts: all is text */
	PART_FLAW_REST = 1 << 3, /* PARTS_MAX: all that follows in one */
};

struct part {
	enum part_kind kind;
	struct blob blob;
	char *name; /* file name, UTF-8, data and never a path; or NULL */
	char *type; /* "image/png"; NULL: by kind */
	char *charset; /* of HTML or RTF text; NULL: UTF-8 */
	char *content_id; /* without angle brackets, or NULL */
	bool is_inline;
	gint64 position; /* in characters of the body text; -1: none (10.2) */
	guint flaws; /* enum part_flaw, or-ed; of part_split() */
};

#define PARTS_MAX 10000 /* per message, all levels */
#define PART_DEPTH_MAX 100 /* nested multiparts; deeper is hostile */

void part_clear(struct part *part);

/*
 * Join: writes a complete Internet message in wire form into out (reset first).
 * headers: an original header block that wins over the envelope, or NULL.
 * With only text parts it is one text/plain entity; alternatives (TEXT, HTML,
 * RTF) become multipart/alternative, everything else multipart/mixed. People
 * whose address is not SMTP keep it in the display name ("Name [X400:...]").
 */
enum status part_join(const struct envelope *envelope, const char *headers,
    const struct part *parts, guint n_parts, Spool *out, GError **error);

/*
 * Split a raw message into its body texts and attachments; decoded content goes
 * into store, whose blobs the parts point to. Whatever cannot be read as MIME
 * becomes one PART_TEXT with all of the body: nothing is dropped.
 * parts: GArray of struct part, cleared first; ST_ITEM on read errors.
 */
enum status part_split(const struct blob *raw, GArray *parts, Spool *store,
    GError **error);

#endif
