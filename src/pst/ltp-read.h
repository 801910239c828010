/*
 * Reading lists, tables and properties ([MS-PST] 2.3): the heap in a node, the
 * B-tree in a heap, property contexts and table contexts on them.
 *
 * Errors as in pst/ndb-read.h: ST_ITEM with ERR_FORMAT for damage, ERR_LIMIT
 * where a maximum named here is exceeded.
 */
#ifndef MAILMIG_PST_LTP_READ_H
#define MAILMIG_PST_LTP_READ_H

#include "pst/ndb-read.h"

#define PST_TEXT_MAX	(64u << 20) /* bytes in the file of a text in memory */
#define PST_BYTES_MAX	(64u << 20) /* bytes of a value taken whole */
#define PST_VALUES_MAX	65535	    /* of a property with several */
#define PST_COLUMNS_MAX 255	    /* of a table: cCols is a byte */

/* Bytes inside a block that the span keeps alive. */
struct pst_span {
	GBytes *owner;
	const guint8 *p;
	gsize len;
};
void pst_span_clear(struct pst_span *span);
typedef struct pst_span PstSpan;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstSpan, pst_span_clear)

struct pst_heap {
	struct pst_data data;
	guint64 sub; /* subnode tree of the node, for values outside the heap */
	guint8 client; /* PST_HN_PC, ... */
	guint32 root;  /* hidUserRoot */
};
enum status pst_heap_open(struct pst_heap *out, PstNdb *ndb, guint64 data,
    guint64 sub, GError **error);
/* One allocation. */
enum status pst_heap_get(const struct pst_heap *heap, guint32 hid,
    struct pst_span *out, GError **error);

/* A B-tree in a heap, walked in the order of its keys. */
#define PST_BTH_KEY_MAX	   16
#define PST_BTH_RECORD_MAX 64 /* bytes of key and value */
struct pst_bth_walk {
	const struct pst_heap *heap;
	guint8 key_len, value_len;
	guint depth;
	struct {
		guint32 hid;
		guint next, level;
	} at[PST_DEPTH_MAX + 1];
	guint8 last[PST_BTH_KEY_MAX];
	bool begun;
};
/* hid: of the header. The heap must outlive the walk. */
enum status pst_bth_walk_init(struct pst_bth_walk *walk,
    const struct pst_heap *heap, guint32 hid, GError **error);
/* Copies the record: key, then value. A damaged part is ST_ITEM, once. */
enum status pst_bth_walk_next(struct pst_bth_walk *walk,
    guint8 record[PST_BTH_RECORD_MAX], GError **error);

/* A value of any size: read by position, never whole unless asked for. */
struct pst_value {
	guint16 type;	      /* enum pst_type */
	guint64 len;	      /* bytes */
	struct pst_span span; /* where it lies in one block, */
	struct pst_data data; /* or in a tree of its own: span.p is NULL */
	guint8 small[8];      /* or here */
};
void pst_value_clear(struct pst_value *value);
typedef struct pst_value PstValue;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstValue, pst_value_clear)
/* Fewer bytes than len only at the end. */
enum status pst_value_read(const struct pst_value *value, guint64 at, void *buf,
    gsize len, gsize *got, GError **error);
/* All of it; ERR_LIMIT beyond PST_BYTES_MAX. *out is the caller's. */
enum status pst_value_bytes(
    const struct pst_value *value, GBytes **out, GError **error);
/*
 * As UTF-8: of type Unicode, or of type String8 in a Windows code page (0:
 * 1252). NULs at the end are cut, others dropped; what is not text becomes
 * U+FFFD. Free with g_free(). ERR_LIMIT beyond PST_TEXT_MAX; ERR_FORMAT when
 * the value is no text.
 */
enum status pst_value_text(
    const struct pst_value *value, guint codepage, char **out, GError **error);
/* UTF-16LE as above; len in bytes. */
char *pst_text_from_utf16(const guint8 *p, gsize len);
/* In a code page, as above, up to a NUL. */
char *pst_text_from_string8(const guint8 *p, gsize len, guint codepage);

/* A property context: all properties of an object, by id. */
typedef struct PstProps PstProps;
struct pst_prop {
	guint16 id, type;
	guint32 raw; /* the value itself, or where it is */
};
enum status pst_props_open(
    PstProps **out, PstNdb *ndb, guint64 data, guint64 sub, GError **error);
/* No properties at all: of an object whose own cannot be read. */
PstProps *pst_props_none(void);
void pst_props_free(PstProps *props);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstProps, pst_props_free)
guint pst_props_n(const PstProps *props);
const struct pst_prop *pst_props_at(const PstProps *props, guint i);
const struct pst_prop *pst_props_find(const PstProps *props, guint id);
const struct pst_heap *pst_props_heap(const PstProps *props);
enum status pst_props_value(const PstProps *props, const struct pst_prop *prop,
    struct pst_value *out, GError **error);

/* Shortcuts. What is absent, of another type or unreadable gives false, NULL
 * or the fallback; those who must know which use pst_props_value(). */
bool pst_props_int(const PstProps *props, guint id, guint32 *out); /* or bool */
guint32 pst_props_int_or(const PstProps *props, guint id, guint32 fallback);
bool pst_props_int64(const PstProps *props, guint id, guint64 *out); /* time */
char *pst_props_text(const PstProps *props, guint id); /* g_free() */
GBytes *pst_props_bytes(const PstProps *props, guint id);
/* Of several values: char * in UTF-8, or GBytes *. Empty when there is none,
 * at most PST_VALUES_MAX; never NULL, g_ptr_array_unref(). */
GPtrArray *pst_props_texts(const PstProps *props, guint id);
GPtrArray *pst_props_binaries(const PstProps *props, guint id);
/* For String8: PidTagMessageCodepage and its like, else 1252. */
guint pst_props_codepage(const PstProps *props);

/* A table context. */
typedef struct PstTable PstTable;
struct pst_column {  /* TCOLDESC */
	guint32 tag; /* id and type */
	guint16 at;  /* ibData */
	guint8 len;  /* cbData */
	guint8 bit;  /* iBit */
};
enum status pst_table_open(
    PstTable **out, PstNdb *ndb, guint64 data, guint64 sub, GError **error);
void pst_table_free(PstTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstTable, pst_table_free)
guint pst_table_columns(const PstTable *table, const struct pst_column **out);
const struct pst_heap *pst_table_heap(const PstTable *table);
/* rgib: ends of the 8- and 4-byte, 2-byte, 1-byte cells and of the row. */
const guint16 *pst_table_ends(const PstTable *table);
guint32 pst_table_index_hid(const PstTable *table);
guint32 pst_table_rows_hnid(const PstTable *table);
/* Rows there is room for in the row matrix: at least as many as there are. */
guint64 pst_table_capacity(const PstTable *table);

struct pst_row {
	guint32 id;	/* in the row index */
	guint32 number; /* in the matrix */
	struct pst_span cells;
};
void pst_row_clear(struct pst_row *row);
typedef struct pst_row PstRow;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstRow, pst_row_clear)
/*
 * The next row in the order of the ids; *out is cleared first. ST_END; ST_ITEM
 * for a row or a part of the index that is damaged, and the next call goes on.
 */
enum status pst_table_next(
    PstTable *table, struct pst_row *out, GError **error);
void pst_table_rewind(PstTable *table);
/* ST_END: the row has no such cell, or the table no such column. */
enum status pst_row_value(const PstTable *table, const struct pst_row *row,
    guint id, struct pst_value *out, GError **error);
bool pst_row_int(
    const PstTable *table, const struct pst_row *row, guint id, guint32 *out);
char *pst_row_text(
    const PstTable *table, const struct pst_row *row, guint id, guint codepage);

#endif
