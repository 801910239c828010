/*
 * The container of a Notes database (.nsf), read only: header, superblock,
 * descriptor block, the table from note ids to places, buckets (spec/notes.md
 * 2). On-disk structures 43 to 55.
 *
 * Nothing is kept whole in memory but the tables of buckets; what is damaged
 * costs one bucket. Without a usable superblock, or when asked to, the file is
 * scanned for its buckets instead (rescue).
 */
#ifndef MAILMIG_NSF_STORE_H
#define MAILMIG_NSF_STORE_H

#include "base/blob.h"
#include "base/stamp.h"

#define NSF_POSITION	 256	    /* bytes; a position counts these */
#define NSF_BUCKET_MAX	 65536	    /* bytes: offsets in a bucket are words */
#define NSF_INFLATED_MAX (64 << 20) /* bytes of superblock: 2 TB of buckets */
#define NSF_NAMES_MAX	 65536	    /* item names: their index is a word */
#define NSF_NOTES_MAX	 (1 << 28)  /* note ids; more cannot be numbered */

typedef struct Nsf Nsf;

struct nsf_info {
	guint ods;
	char replica[17];  /* 16 hexadecimal digits */
	char *title;	   /* UTF-8, "" when there is none */
	char *template_of; /* this is the template of that name, or NULL */
	char *inherits;	   /* inherits its design from, or NULL */
	bool rescued;	   /* buckets were found by scanning */
};

struct nsf_item_name {
	const char *name; /* UTF-8; until nsf_close() */
	guint16 type;	  /* class * 256 + type */
};

/* Where a note, a non-summary record or an object lies. */
struct nsf_place {
	bool in_bucket;
	guint32 bucket; /* number, from 1 */
	guint slot;	/* from 1 */
	gint64 offset;	/* bytes in the file, when not in a bucket */
};

/*
 * Does it begin as a database does? Fewer than 16 bytes are enough to say no.
 * *ods: its structure version, which may be one that nsf_open() refuses.
 */
bool nsf_is_database(const guint8 *data, gsize len, guint *ods);

/* Was a real database of that structure version read? */
bool nsf_is_proven(guint ods);
/*
 * rescue: do not trust the tables, look at every page of the file.
 * ST_MAILBOX: ERR_FORMAT for what is no database, is of Notes 1 to 4, encrypted
 * or damaged beyond use (the words say which); ERR_IO when it cannot be read.
 */
enum status nsf_open(Nsf **out, const char *path, bool rescue, GError **error);
void nsf_close(Nsf *nsf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Nsf, nsf_close)

const struct nsf_info *nsf_info(const Nsf *nsf);
int nsf_fd(const Nsf *nsf);	  /* for blobs; until nsf_close() */
gint64 nsf_size(const Nsf *nsf);  /* bytes of the file */
guint64 nsf_torn(const Nsf *nsf); /* buckets found torn so far */
/* NULL when there is no such name. */
const struct nsf_item_name *nsf_item_name(const Nsf *nsf, guint index);

/* ST_ITEM with ERR_IO, or ERR_FORMAT beyond the end of the file. */
enum status nsf_read(Nsf *nsf, gint64 at, void *buf, gsize len, GError **error);
/*
 * What a slot of a summary or non-summary bucket holds; valid until the next
 * call of the same kind. ST_ITEM: no such bucket, or damaged.
 */
enum status nsf_slot(Nsf *nsf, bool summary, guint32 bucket, guint slot,
    const guint8 **data, gsize *len, GError **error);
/* The place of a note or object. ST_ITEM when nothing has that id. */
enum status nsf_locate(
    Nsf *nsf, guint32 id, struct nsf_place *out, GError **error);

/*
 * Everything that has an id, in the order of the file's own table; notes and
 * objects alike. ST_END; ST_ITEM for a page of the table that is damaged, and
 * the next call goes on behind it.
 */
struct nsf_cursor {
	guint page, entry;
};
enum status nsf_next(Nsf *nsf, struct nsf_cursor *cursor, guint32 *id,
    struct nsf_place *out, GError **error);

#endif
