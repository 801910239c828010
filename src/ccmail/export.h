/*
 * The text that Lotus cc:Mail's EXPORT writes and IMPORT reads (.CCM, .UND;
 * spec/ccmail.md 3): messages of header lines and items, with octet counts
 * (/ITEMSIZE) or without.
 *
 * A cursor over the messages. Counts are verified before they are believed and
 * never allocated from: a count that does not lead to the next keyword is
 * wrong, and the reader looks for that keyword itself (3.6, 3.9). Nothing here
 * decodes text: values are octets of the export's code page.
 */
#ifndef MAILMIG_CCMAIL_EXPORT_H
#define MAILMIG_CCMAIL_EXPORT_H

#include "base/blob.h"

#include <stdbool.h>

#define CCMAIL_HEADER_MAX                                                      \
	(16 << 20)	      /* octets of one header block; 4096 was          \
			       * Lotus's limit (Q266711), lists are long */
#define CCMAIL_TITLE_MAX 1024 /* octets; Lotus had 30 */

enum ccmail_oddity {
	CCMAIL_UNCOUNTED,   /* no counts: said once for a file (3.7) */
	CCMAIL_BAD_COUNT,   /* leads nowhere; the next keyword was looked for */
	CCMAIL_BLANK_COUNT, /* a place-holder that was not filled (Q287056) */
	CCMAIL_NO_CONTENTS, /* a message without Contents: (Q234745) */
	CCMAIL_TRUNCATED,   /* the file ends inside an item */
	CCMAIL_LOOSE,	    /* octets that no keyword announces */
	CCMAIL_LONG_HEADER, /* more than CCMAIL_HEADER_MAX: the rest is left */
};
const char *ccmail_oddity_name(enum ccmail_oddity oddity); /* "CC_..." */

struct ccmail_field {
	char *name;  /* as it stands, without the colon; ASCII */
	char *value; /* octets, NUL behind them; continued lines with spaces */
	gsize len;
};

enum ccmail_item_kind {
	CCMAIL_TEXT,	/* "Text item:" */
	CCMAIL_FILE,	/* "File item:" */
	CCMAIL_FAX,	/* "Fax item:" (PCX pages) */
	CCMAIL_OTHER,	/* any other "... item:" */
	CCMAIL_NO_ITEM, /* loose octets between items: kept */
};

struct ccmail_item {
	enum ccmail_item_kind kind;
	char *word;  /* "Text", "Graphics": what stands before "item:" */
	char *title; /* octets, NUL behind them; "" when there is none */
	gsize title_len;
	struct blob data;
	bool counted; /* its count was right */
};

struct ccmail_message {
	gint64 at;	/* offset of "Message:" */
	GArray *fields; /* of struct ccmail_field, in order */
	GArray *items;	/* of struct ccmail_item, in order */
	bool has_contents;
};

/* offset: in the file, where the oddity is. */
typedef void (*ccmail_sink)(
    void *ctx, enum ccmail_oddity oddity, gint64 offset, const char *text);

typedef struct CcExport CcExport;

/* data lives as long as the cursor; sink may be NULL. */
CcExport *ccmail_export_new(
    const struct blob *data, ccmail_sink sink, void *ctx);
void ccmail_export_free(CcExport *export);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CcExport, ccmail_export_free)

/* The next message, valid until the next call. ST_ITEM with ERR_IO when the
 * data cannot be read. */
enum status ccmail_export_next(
    CcExport *export, const struct ccmail_message **out, GError **error);

/* Does the data begin like an export: a line "Message:" among the first ones?
 */
bool ccmail_export_probe(const struct blob *data);

/* The first field of the name, without case; or NULL. */
const struct ccmail_field *ccmail_message_field(
    const struct ccmail_message *message, const char *name);

#endif
