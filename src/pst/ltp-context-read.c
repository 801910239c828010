/* Property contexts ([MS-PST] 2.3.3) and table contexts (2.3.4). */
#include "pst/ltp-read.h"

#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

/* Bytes of a fixed-length type; 0 when its values vary. */
static guint
type_size(guint16 type)
{
	switch (type) {
	case PST_T_BOOL:
		return 1;
	case PST_T_INT16:
		return 2;
	case PST_T_INT32:
	case PST_T_FLOAT:
	case PST_T_ERROR:
		return 4;
	case PST_T_DOUBLE:
	case PST_T_CURRENCY:
	case PST_T_APPTIME:
	case PST_T_INT64:
	case PST_T_TIME:
		return 8;
	}
	return 0;
}

/* What a heap-or-node id leads to. */
static enum status
hnid_value(const struct pst_heap *heap, guint32 hnid, struct pst_value *out,
    GError **error)
{
	struct pst_node node;
	enum status st;

	if (hnid == 0)
		return ST_OK;
	if (PST_NID_TYPE(hnid) == PST_HID) {
		st = pst_heap_get(heap, hnid, &out->span, error);
		out->len = out->span.len;
		return st;
	}
	st = pst_sub_node(heap->data.ndb, heap->sub, hnid, &node, error);
	if (st == ST_END)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "subnode %x is missing", hnid);
	if (st < 0)
		return st;
	st = pst_data_open(&out->data, heap->data.ndb, node.data, error);
	out->len = out->data.size;
	return st;
}

struct PstProps {
	struct pst_heap heap;
	GArray *props; /* of struct pst_prop, ascending ids */
};

enum status
pst_props_open(
    PstProps **out, PstNdb *ndb, guint64 data, guint64 sub, GError **error)
{
	g_autoptr(PstProps) props = g_new0(PstProps, 1);
	struct pst_bth_walk walk;
	guint8 record[PST_BTH_RECORD_MAX];
	enum status st;

	*out = NULL;
	props->props = g_array_new(FALSE, FALSE, sizeof(struct pst_prop));
	st = pst_heap_open(&props->heap, ndb, data, sub, error);
	if (st < 0)
		return st;
	if (props->heap.client != PST_HN_PC)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "heap of client %02x where properties belong",
		    props->heap.client);
	st = pst_bth_walk_init(&walk, &props->heap, props->heap.root, error);
	if (st < 0)
		return st;
	if (walk.key_len != 2 || walk.value_len != 6)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "property records of %u and %u bytes", walk.key_len,
		    walk.value_len);
	while ((st = pst_bth_walk_next(&walk, record, error)) == ST_OK) {
		struct pst_prop prop = {.id = get_le16(record),
		    .type = get_le16(record + 2),
		    .raw = get_le32(record + 4)};

		g_array_append_val(props->props, prop);
	}
	if (st < 0)
		return st;
	*out = g_steal_pointer(&props);
	return ST_OK;
}

PstProps *
pst_props_none(void)
{
	PstProps *props = g_new0(PstProps, 1);

	props->props = g_array_new(FALSE, FALSE, sizeof(struct pst_prop));
	return props;
}

void
pst_props_free(PstProps *props)
{
	if (props == NULL)
		return;
	g_array_unref(props->props);
	g_free(props);
}

guint
pst_props_n(const PstProps *props)
{
	return props->props->len;
}

const struct pst_prop *
pst_props_at(const PstProps *props, guint i)
{
	return &g_array_index(props->props, struct pst_prop, i);
}

const struct pst_heap *
pst_props_heap(const PstProps *props)
{
	return &props->heap;
}

const struct pst_prop *
pst_props_find(const PstProps *props, guint id)
{
	guint low = 0, high = props->props->len;

	while (low < high) {
		guint mid = (low + high) / 2;
		const struct pst_prop *prop = pst_props_at(props, mid);

		if (prop->id == id)
			return prop;
		if (prop->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

enum status
pst_props_value(const PstProps *props, const struct pst_prop *prop,
    struct pst_value *out, GError **error)
{
	guint size = type_size(prop->type);
	enum status st;

	pst_value_clear(out);
	*out = (struct pst_value){.type = prop->type};
	if (size > 0 && size <= 4) {
		put_le32(out->small, prop->raw);
		out->len = size;
		return ST_OK;
	}
	st = hnid_value(&props->heap, prop->raw, out, error);
	if (st == ST_OK && size > 0 && out->len < size)
		st = fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "only %" G_GUINT64_FORMAT " bytes", out->len);
	if (st < 0)
		g_prefix_error(
		    error, "property %04x%04x: ", prop->id, prop->type);
	return st;
}

static bool
props_value(const PstProps *props, guint id, struct pst_value *out)
{
	const struct pst_prop *prop = pst_props_find(props, id);

	return prop != NULL && pst_props_value(props, prop, out, NULL) == ST_OK;
}

bool
pst_props_int(const PstProps *props, guint id, guint32 *out)
{
	const struct pst_prop *prop = pst_props_find(props, id);

	if (prop == NULL)
		return false;
	if (prop->type == PST_T_INT32 || prop->type == PST_T_ERROR)
		*out = prop->raw;
	else if (prop->type == PST_T_INT16)
		*out = prop->raw & 0xffff;
	else if (prop->type == PST_T_BOOL)
		*out = (prop->raw & 0xff) != 0;
	else
		return false;
	return true;
}

guint32
pst_props_int_or(const PstProps *props, guint id, guint32 fallback)
{
	pst_props_int(props, id, &fallback);
	return fallback;
}

bool
pst_props_int64(const PstProps *props, guint id, guint64 *out)
{
	g_auto(PstValue) value = {0};
	guint8 p[8];
	gsize got;

	if (!props_value(props, id, &value) || type_size(value.type) != 8 ||
	    pst_value_read(&value, 0, p, 8, &got, NULL) < 0 || got != 8)
		return false;
	*out = get_le64(p);
	return true;
}

guint
pst_props_codepage(const PstProps *props)
{
	guint32 cp = 0;

	if (pst_props_int(props, PST_P_MESSAGE_CODEPAGE, &cp) && cp != 0)
		return cp;
	if (pst_props_int(props, PST_P_CODE_PAGE, &cp) && cp != 0)
		return cp;
	return 1252;
}

char *
pst_props_text(const PstProps *props, guint id)
{
	g_auto(PstValue) value = {0};
	char *text;

	if (!props_value(props, id, &value) ||
	    pst_value_text(&value, pst_props_codepage(props), &text, NULL) < 0)
		return NULL;
	return text;
}

GBytes *
pst_props_bytes(const PstProps *props, guint id)
{
	g_auto(PstValue) value = {0};
	GBytes *bytes;

	if (!props_value(props, id, &value) ||
	    pst_value_bytes(&value, &bytes, NULL) < 0)
		return NULL;
	return bytes;
}

/* Values of variable length, one behind the other: count(4), where each begins
 * (4 each, from the start), the values. [MS-PST] 2.3.3.4.2 */
static GPtrArray *
values(const PstProps *props, guint id, bool binary)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(
	    binary ? (GDestroyNotify)g_bytes_unref : g_free);
	const struct pst_prop *prop = id ? pst_props_find(props, id) : NULL;
	g_autoptr(GBytes) bytes = NULL;
	const guint8 *p;
	gsize len, n;

	if (prop == NULL || (binary ? prop->type != PST_T_MV_BINARY
				    : prop->type != PST_T_MV_UNICODE &&
					  prop->type != PST_T_MV_STRING8))
		return out;
	bytes = pst_props_bytes(props, id);
	if (bytes == NULL)
		return out;
	p = g_bytes_get_data(bytes, &len);
	if (len < 4)
		return out;
	n = MIN(MIN(get_le32(p), (len - 4) / 4), PST_VALUES_MAX);
	for (gsize i = 0; i < n; i++) {
		gsize from = get_le32(p + 4 + 4 * i);
		gsize to = i + 1 < n ? get_le32(p + 8 + 4 * i) : len;

		if (from > to || to > len)
			break;
		if (binary)
			g_ptr_array_add(out,
			    g_bytes_new_from_bytes(bytes, from, to - from));
		else if (prop->type == PST_T_MV_UNICODE)
			g_ptr_array_add(
			    out, pst_text_from_utf16(p + from, to - from));
		else
			g_ptr_array_add(
			    out, pst_text_from_string8(p + from, to - from,
				     pst_props_codepage(props)));
	}
	return out;
}

GPtrArray *
pst_props_texts(const PstProps *props, guint id)
{
	return values(props, id, false);
}

GPtrArray *
pst_props_binaries(const PstProps *props, guint id)
{
	return values(props, id, true);
}

/* Table context: [MS-PST] 2.3.4 */

struct PstTable {
	struct pst_heap heap;
	guint n_columns;
	struct pst_column columns[PST_COLUMNS_MAX];
	guint16 ends[4]; /* rgib */
	guint32 index_hid, rows_hnid;
	struct pst_value rows;
	guint per_block; /* rows in a block of the matrix */
	guint64 capacity;
	struct pst_bth_walk walk;
};

/* TCINFO and its TCOLDESCs: 2.3.4.1, 2.3.4.2 */
static enum status
table_info(PstTable *t, const guint8 *p, gsize len, GError **error)
{
	if (len < 22 || p[0] != PST_HN_TC || len < 22 + 8 * (gsize)p[1])
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "table header is damaged");
	t->n_columns = p[1];
	for (guint i = 0; i < 4; i++)
		t->ends[i] = get_le16(p + 2 + 2 * i);
	t->index_hid = get_le32(p + 10);
	t->rows_hnid = get_le32(p + 14);
	if (t->ends[0] > t->ends[1] || t->ends[1] > t->ends[2] ||
	    t->ends[2] > t->ends[3] ||
	    t->ends[3] - t->ends[2] < (int)((t->n_columns + 7) / 8) ||
	    t->ends[3] < 4)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "table header is damaged: rows end at %u %u %u %u",
		    t->ends[0], t->ends[1], t->ends[2], t->ends[3]);
	for (guint i = 0; i < t->n_columns; i++) {
		const guint8 *d = p + 22 + 8 * i;
		struct pst_column *c = &t->columns[i];

		c->tag = get_le32(d);
		c->at = get_le16(d + 4);
		c->len = d[6];
		c->bit = d[7];
		if (c->at + c->len > t->ends[2] ||
		    c->bit / 8 >= t->ends[3] - t->ends[2])
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "column %08x of a table lies outside of its row",
			    c->tag);
	}
	return ST_OK;
}

enum status
pst_table_open(
    PstTable **out, PstNdb *ndb, guint64 data, guint64 sub, GError **error)
{
	g_autoptr(PstTable) t = g_new0(PstTable, 1);
	g_auto(PstSpan) span = {0};
	enum status st;

	*out = NULL;
	st = pst_heap_open(&t->heap, ndb, data, sub, error);
	if (st < 0)
		return st;
	if (t->heap.client != PST_HN_TC)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "heap of client %02x where a table belongs",
		    t->heap.client);
	st = pst_heap_get(&t->heap, t->heap.root, &span, error);
	if (st < 0)
		return st;
	st = table_info(t, span.p, span.len, error);
	if (st < 0)
		return st;
	st = hnid_value(&t->heap, t->rows_hnid, &t->rows, error);
	if (st < 0)
		return st;
	/* Rows never straddle blocks. */
	if (t->rows.data.n_blocks > 1) {
		g_autoptr(GBytes) first = NULL;

		st = pst_data_block(&t->rows.data, 0, &first, error);
		if (st < 0)
			return st;
		t->per_block = (guint)(g_bytes_get_size(first) / t->ends[3]);
		t->capacity = (guint64)t->per_block * t->rows.data.n_blocks;
	} else {
		t->per_block = (guint)(t->rows.len / t->ends[3]);
		t->capacity = t->per_block;
	}
	st = pst_bth_walk_init(&t->walk, &t->heap, t->index_hid, error);
	if (st < 0)
		return st;
	/* The value is a row number: 2 bytes in ANSI files. */
	if (t->walk.key_len != 4 ||
	    (t->walk.value_len != 4 && t->walk.value_len != 2))
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "row index of %u and %u bytes", t->walk.key_len,
		    t->walk.value_len);
	*out = g_steal_pointer(&t);
	return ST_OK;
}

void
pst_table_free(PstTable *table)
{
	if (table == NULL)
		return;
	pst_value_clear(&table->rows);
	g_free(table);
}

guint
pst_table_columns(const PstTable *table, const struct pst_column **out)
{
	*out = table->columns;
	return table->n_columns;
}

const struct pst_heap *
pst_table_heap(const PstTable *table)
{
	return &table->heap;
}

const guint16 *
pst_table_ends(const PstTable *table)
{
	return table->ends;
}

guint32
pst_table_index_hid(const PstTable *table)
{
	return table->index_hid;
}

guint32
pst_table_rows_hnid(const PstTable *table)
{
	return table->rows_hnid;
}

guint64
pst_table_capacity(const PstTable *table)
{
	return table->capacity;
}

void
pst_row_clear(struct pst_row *row)
{
	pst_span_clear(&row->cells);
}

static enum status
row_cells(const PstTable *t, struct pst_row *row, GError **error)
{
	guint size = t->ends[3];
	const guint8 *p;
	gsize len, at;
	enum status st;

	if (row->number >= t->capacity)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "row %u (%x) lies outside of its table", row->number,
		    row->id);
	if (t->rows.span.p) {
		row->cells.owner = g_bytes_ref(t->rows.span.owner);
		row->cells.p = t->rows.span.p + (gsize)row->number * size;
		row->cells.len = size;
		return ST_OK;
	}
	st = pst_data_block(&t->rows.data, row->number / t->per_block,
	    &row->cells.owner, error);
	if (st < 0) {
		g_prefix_error(error, "row %u (%x): ", row->number, row->id);
		return st;
	}
	p = g_bytes_get_data(row->cells.owner, &len);
	at = (gsize)(row->number % t->per_block) * size;
	if (at + size > len)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "row %u (%x) lies beyond the end of its table", row->number,
		    row->id);
	row->cells.p = p + at;
	row->cells.len = size;
	return ST_OK;
}

enum status
pst_table_next(PstTable *table, struct pst_row *out, GError **error)
{
	guint8 record[PST_BTH_RECORD_MAX];
	enum status st;

	pst_row_clear(out);
	out->id = 0;
	st = pst_bth_walk_next(&table->walk, record, error);
	if (st != ST_OK)
		return st;
	out->id = get_le32(record);
	out->number = table->walk.value_len == 2 ? get_le16(record + 4)
						 : get_le32(record + 4);
	return row_cells(table, out, error);
}

void
pst_table_rewind(PstTable *table)
{
	pst_bth_walk_init(&table->walk, &table->heap, table->index_hid, NULL);
}

enum status
pst_row_value(const PstTable *table, const struct pst_row *row, guint id,
    struct pst_value *out, GError **error)
{
	const struct pst_column *c = NULL;
	const guint8 *p;
	guint size;
	enum status st;

	pst_value_clear(out);
	*out = (struct pst_value){0};
	for (guint i = 0; i < table->n_columns && c == NULL; i++)
		if (table->columns[i].tag >> 16 == id)
			c = &table->columns[i];
	if (c == NULL ||
	    !(row->cells.p[table->ends[2] + c->bit / 8] & 0x80 >> c->bit % 8))
		return ST_END;
	out->type = c->tag & 0xffff;
	p = row->cells.p + c->at;
	size = type_size(out->type);
	if (size > 0 ? c->len < size : c->len < 4)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "column %08x is only %u bytes wide", c->tag, c->len);
	if (size > 0) {
		memcpy(out->small, p, size);
		out->len = size;
		return ST_OK;
	}
	st = hnid_value(&table->heap, get_le32(p), out, error);
	if (st < 0)
		g_prefix_error(error, "row %x, column %08x: ", row->id, c->tag);
	return st;
}

bool
pst_row_int(
    const PstTable *table, const struct pst_row *row, guint id, guint32 *out)
{
	g_auto(PstValue) value = {0};

	if (pst_row_value(table, row, id, &value, NULL) != ST_OK ||
	    value.len == 0 || value.len > 4)
		return false;
	*out = get_le32(value.small);
	return true;
}

char *
pst_row_text(
    const PstTable *table, const struct pst_row *row, guint id, guint codepage)
{
	g_auto(PstValue) value = {0};
	char *text;

	if (pst_row_value(table, row, id, &value, NULL) != ST_OK ||
	    pst_value_text(&value, codepage, &text, NULL) < 0)
		return NULL;
	return text;
}
