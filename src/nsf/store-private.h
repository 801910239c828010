/* What the files of the container share. */
#ifndef MAILMIG_NSF_STORE_PRIVATE_H
#define MAILMIG_NSF_STORE_PRIVATE_H

#include "nsf/store.h"

#define NSF_RRV_PAGE	  4096
#define NSF_RRV_HEADER	  32
#define NSF_RRV_ENTRY	  8
#define NSF_BUCKET_HEADER 66 /* bytes before the first tagged nibble, too */
#define NSF_CACHE	  48 /* buckets of a kind in memory: 3 MiB at most */

/* A page of the table from ids to places. */
struct nsf_page {
	guint32 first; /* id of its first entry */
	gint64 offset; /* in the file; -1: in the superblock, see current */
};

struct nsf_cached {
	guint32 number; /* 0: nothing here */
	guint64 used;	/* when */
	guint8 *data;	/* mended */
	gsize size;
	guint footer;
};

/* The buckets of one kind. */
struct nsf_buckets {
	GArray *offsets; /* gint64 by number - 1; 0: not known */
	struct nsf_cached cache[NSF_CACHE];
};

struct Nsf {
	int fd;
	gint64 size;
	guint64 clock, torn;
	struct nsf_info info;
	struct nsf_buckets summary, other;
	GArray *pages;	 /* of struct nsf_page, by first */
	guint8 *current; /* the page that is in the superblock */
	gsize current_len;
	guint8 page_data[NSF_RRV_PAGE];
	gint64 page_at; /* what page_data holds; 0: nothing */
	char *names_text;
	struct nsf_item_name *names;
	guint n_names;
	GArray *found; /* rescue: of struct nsf_found; else NULL */
};

/* A note that the scan met. */
struct nsf_found {
	guint32 id;
	struct nsf_place place;
};

/* Superblock and descriptor block: store-tables.c */
enum status nsf_load_superblock(Nsf *nsf, const guint8 *header, GError **error);
enum status nsf_load_names(Nsf *nsf, const guint8 *header, GError **error);
/* The whole file: store-scan.c */
enum status nsf_scan(Nsf *nsf, GError **error);
/* Is this the beginning of a bucket? Its size, or 0. */
gsize nsf_bucket_size(const guint8 *header /* NSF_BUCKET_HEADER bytes */);
/* Put the nibbles back in place; false when the bucket is torn. */
bool nsf_bucket_mend(guint8 *bucket, gsize size, guint footer);
void nsf_pages_sort(Nsf *nsf);

#endif
