/*
 * Objects, attached files above all (spec/notes.md 3.5).
 */
#ifndef MAILMIG_NSF_OBJECT_H
#define MAILMIG_NSF_OBJECT_H

#include "base/spool.h"
#include "nsf/note.h"

enum nsf_object_kind {
	NSF_OBJECT_FILE = 0,
	NSF_OBJECT_FOLDER = 10, /* the notes of a folder */
};

enum nsf_compression {
	NSF_PLAIN = 0,
	NSF_HUFFMAN = 1,
	NSF_LZ1 = 2, /* never seen in a sample: not verified */
};

#define NSF_FILE_NAME_MAX                                                      \
	4096 /* bytes; a word counts them, nobody needs them */

/* A $FILE item. */
struct nsf_file {
	char *name; /* UTF-8, as it is stored: internal for OLE streams */
	guint32 object;
	guint host, compression, flags;
	gint64 size; /* bytes, as it was before compression */
	struct stamp modified;
	const struct nsf_inline_file *from_dxl; /* or NULL */
};
#define NSF_FILE_MIME 4 /* flag: carries MIME data (section 6) */

/* Kind of an object item; false when it is none. */
bool nsf_object_kind(struct nsf_item *item, guint *kind, guint32 *id);
/* ST_END: not a file. ST_ITEM: damaged. */
enum status nsf_file_read(
    struct nsf_item *item, struct nsf_file *out, GError **error);
void nsf_file_clear(struct nsf_file *file);

/*
 * The stored bytes of an object: a range of the database.
 * ST_ITEM with ERR_FORMAT: it is not there; the words say when it seems to be
 * kept outside of the database (DAOS).
 */
enum status nsf_object_open(
    Nsf *nsf, guint32 id, struct blob *out, GError **error);

/* *verified false: nothing in the file vouches for the content. */
enum status nsf_file_content(Nsf *nsf, const struct nsf_file *file,
    Spool *store, struct blob *out, bool *verified, GError **error);
/* The same for stored bytes that are at hand (DXL). The result is in out,
 * unless NSF_PLAIN: then it is stored itself. */
enum status nsf_file_decode(guint compression, gint64 size,
    const struct blob *stored, Spool *out, struct blob *content, bool *verified,
    GError **error);

#endif
