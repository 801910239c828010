/* A writer's inside. */
#ifndef MAILMIG_PST_MESSAGING_WRITE_PRIVATE_H
#define MAILMIG_PST_MESSAGING_WRITE_PRIVATE_H

#include "base/spool.h"
#include "pst/messaging-write.h"

/* Name-to-id map in the making. */
typedef struct PstNamesOut PstNamesOut;
PstNamesOut *pst_names_out_new(void);
void pst_names_out_free(PstNamesOut *names);
guint pst_names_out_id(
    PstNamesOut *names, const guint8 guid[16], guint32 lid, const char *name);
enum status pst_names_out_write(
    PstNamesOut *names, PstBag *bag, GError **error);

struct writer_chunk {
	gint64 at;   /* in the spool of rows */
	guint32 len; /* bytes */
};

struct writer_folder {
	guint32 nid, parent;
	char *name, *class, *comment; /* class: NULL for system folders */
	guint64 rows, unread, children;
	guint64 item;	    /* number of its item id */
	guint64 text_bytes; /* of its rows: room in its table */
	GByteArray *buffer; /* rows that are not spooled yet, or NULL */
	GArray *chunks;	    /* of struct writer_chunk, or NULL */
	guint32 more; /* the folder that takes what has no room here, or 0 */
};

/* What is being made: messages and attachments, alternating. */
struct writer_object {
	bool is_message;
	guint32 nid;
	guint64 base; /* data bytes before it */
	PstBag *bag;
	GArray *subnodes; /* of struct pst_subnode */
	GByteArray *rows; /* recipients: length(4), dumped bag */
	guint n_rows;
	GByteArray *attachments; /* rows: id(4), length(4), dumped bag */
	guint n_attachments;
	GString *shown[4]; /* names by kind */
};

struct PstWriter {
	PstOut *out;
	PstHeapOut *heap;
	PstTableOut *table;
	PstOutData *data;
	PstNamesOut *names;
	char *name;
	bool item_ids;
	guint8 store_key[16], replica[16], item_prefix[8];
	guint32 version;  /* last row version */
	guint64 items;	  /* last item number */
	Spool *item_nids; /* 4 bytes each, by item number */
	Spool *rows;
	gint64 spooled;	      /* bytes in rows */
	gsize buffered;	      /* bytes in all folders' buffers */
	GPtrArray *folders;   /* of struct writer_folder, by index from 401 */
	GHashTable *siblings; /* "parent folded-name" */
	GPtrArray
	    *objects; /* of struct writer_object: a stack, kept for reuse */
	guint depth;
	guint32 folder; /* of the message in the making */
	guint32 special[PST_SPECIALS]; /* folders, or 0 */
	PstBag *row;	/* for rows */
	PstBag *cells; /* of the message\'s row only */
};

#define WRITER_FIRST_FOLDER 0x401
struct writer_folder *pst_writer_find(PstWriter *w, guint32 nid);
/* Cells that rows of folders and messages have, by item number. */
enum status pst_writer_item_cells(
    PstWriter *w, PstBag *row, guint64 item, GError **error);
enum status pst_writer_spool_rows(
    PstWriter *w, struct writer_folder *f, GError **error);
/* Everything but the messages: spec/pst.md 8. */
enum status pst_writer_store(PstWriter *w, GError **error);

#endif
