/*
 * Notes and their items (spec/notes.md 3). A Notes document that came from a
 * database or from DXL is the same to whoever converts it: a list of items by
 * name, whose values are asked for as text, numbers or times.
 */
#ifndef MAILMIG_NSF_NOTE_H
#define MAILMIG_NSF_NOTE_H

#include "nsf/store.h"

#define NSF_NOTE_MAX  (256 << 20) /* bytes of items of one note in memory */
#define NSF_ITEM_MAX  (64 << 20)  /* bytes of one inflated value */
#define NSF_TEXTS_MAX 65535	  /* strings in a list: a word counts them */
#define NSF_UNID_HEX  33	  /* chars with the NUL */
#define NSF_TIMEDATE  8		  /* bytes */

/* Classes (3.1) */
#define NSF_CLASS_DOCUMENT 0x0001
#define NSF_CLASS_VIEW	   0x0008
#define NSF_CLASS_MASK	   0x7fff
/* Status */
#define NSF_STATUS_PROFILE  0x0200
#define NSF_STATUS_APPENDED 0x2000

enum nsf_type {
	NSF_TYPE_COMPOSITE = 0x0001,
	NSF_TYPE_OBJECT = 0x0003,
	NSF_TYPE_REFERENCES = 0x0004,
	NSF_TYPE_LINKS = 0x0007,
	NSF_TYPE_HTML = 0x0015,
	NSF_TYPE_MIME_PART = 0x0019,
	NSF_TYPE_NUMBER = 0x0300,
	NSF_TYPE_NUMBERS = 0x0301,
	NSF_TYPE_TIME = 0x0400,
	NSF_TYPE_TIMES = 0x0401,
	NSF_TYPE_TEXT = 0x0500,
	NSF_TYPE_TEXTS = 0x0501,
	NSF_TYPE_RFC822 = 0x0502,
};

/* Flags (3.2) */
#define NSF_ITEM_SEAL	     0x0002
#define NSF_ITEM_SUMMARY     0x0004
#define NSF_ITEM_TYPED	     0x0008
#define NSF_ITEM_PLACEHOLDER 0x0100
#define NSF_ITEM_COMPRESSED  0x8000

/* A file that DXL holds in place. */
struct nsf_inline_file {
	char *name;
	guint compression; /* as in 3.5 */
	gint64 size;	   /* as the file says, bytes */
	gint64 at, len;	   /* in the document's spool; len -1: left out */
};

struct nsf_rich; /* nsf/richtext.h */

struct nsf_item {
	const char *name; /* UTF-8, "" when the file does not say it */
	guint16 type, flags;
	guint8 nth; /* among those of one name */
	/* The value as it is stored, without the word of its type. Asked for by
	 * nsf_item_value(). */
	const guint8 *raw;
	gsize raw_len;
	guint8 *inflated; /* owned, once asked for */
	gsize inflated_len;
	/* From DXL: */
	char **texts; /* UTF-8 */
	struct nsf_rich *rich;
	struct nsf_inline_file *file;
};

struct nsf_note {
	guint32 id;
	char unid[NSF_UNID_HEX]; /* as it is printed */
	guint8 unid_raw[16];
	guint32 sequence;
	guint16 status, class;
	struct stamp created, modified, added;
	guint32 parent; /* note id, 0: none */
	GArray *items;	/* of struct nsf_item */
	bool stub;	/* a deletion stub: nothing else is known */
	bool partial;	/* only summary items have values */
	gsize others;	/* bytes of all values that are not summary */
	/* DXL: the whole message lies in the file spool; len 0: it does not. */
	gint64 whole_at, whole_len;
	GByteArray *buf, *other;
	GStringChunk *texts; /* DXL: names */
};

void nsf_note_init(struct nsf_note *note);
void nsf_note_reset(struct nsf_note *note); /* empty, keeping memory */
void nsf_note_clear(struct nsf_note *note);

/*
 * Read what lies at a place. summary: only what is in the note itself; values
 * of other items are empty then.
 * ST_END: no note (an object), or something else. ST_ITEM: a note that cannot
 * be believed, because its sums do not add up (3.3).
 */
enum status nsf_note_read(struct nsf_note *note, Nsf *nsf, guint32 id,
    const struct nsf_place *place, bool summary, GError **error);

/* The first item of that name (without case), or NULL. */
struct nsf_item *nsf_note_item(const struct nsf_note *note, const char *name);
/* The next one of the same name behind item, or NULL. */
struct nsf_item *nsf_note_next(
    const struct nsf_note *note, const struct nsf_item *item);

/* The value, inflated; until the note changes. ST_ITEM when it is damaged. */
enum status nsf_item_value(
    struct nsf_item *item, const guint8 **data, gsize *len, GError **error);

/*
 * Values of the first item of that name, whatever its type: text and lists give
 * strings, numbers are printed plainly, times as ISO 8601. Never NULL, may be
 * empty. g_strfreev().
 */
char **nsf_note_texts(const struct nsf_note *note, const char *name);
/* The first of them, or NULL when there is none or it is empty. g_free(). */
char *nsf_note_text(const struct nsf_note *note, const char *name);
bool nsf_note_time(
    const struct nsf_note *note, const char *name, struct stamp *out);
/* Appends struct stamp of a list of times. */
void nsf_note_times(const struct nsf_note *note, const char *name, GArray *out);
bool nsf_note_number(
    const struct nsf_note *note, const char *name, double *out);

/*
 * TIMEDATE (2.1). False: it means no date, or an impossible one. *date_only:
 * there was no time in it; the stamp is then midnight UTC of that day.
 */
bool nsf_time(
    const guint8 data[NSF_TIMEDATE], struct stamp *out, bool *date_only);
/* "8525..." 32 digits; raw: dwords a b c d, printed b a d c. */
void nsf_unid_print(const guint8 raw[16], char out[NSF_UNID_HEX]);

#endif
