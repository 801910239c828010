/* The checker: heaps, trees on them, properties and tables (spec/pst.md 17.2,
 * rules 8 to 10 and 16). */
#include "pst/check-private.h"

#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

#define HEAP_BLOCKS_MAX 65536 /* more cannot be named: spec/pst.md 3 */

/* Where we are, for messages: a node, and the node it is a subnode of. */
struct where {
	guint32 nid, owner;
};
#define WHERE	      "node %x of %x: "
#define WHERE_ARGS(w) (w)->nid, (w)->owner

/* spec/pst.md 7.2: a nibble for how much of a heap block is free. */
static guint
fill_level(int free_bytes)
{
	static const int bounds[] = {3584, 2560, 2048, 1792, 1536, 1280, 1024,
	    768, 512, 256, 128, 64, 32, 16, 8};
	guint level = 0;

	while (level < G_N_ELEMENTS(bounds) && free_bytes < bounds[level])
		level++;
	return level;
}

/* All blocks of a heap; *items is how many there are that are not empty. */
static void
check_heap_blocks(struct check *c, const struct pst_data *data,
    const struct where *w, guint64 *items)
{
	guint8 levels[64] = {0};
	guint first = 0; /* block whose level is the first in levels */

	*items = 0;
	if (data->n_blocks > HEAP_BLOCKS_MAX) {
		pst_check_say(c, R_HEAP, WHERE "%u blocks", WHERE_ARGS(w),
		    data->n_blocks);
		return;
	}
	for (guint i = 0; i < data->n_blocks; i++) {
		g_autoptr(GBytes) block = NULL;
		g_autoptr(GError) error = NULL;
		const guint8 *p, *m;
		guint map, n, empty = 0, last, head, level;
		int room = (int)c->layout->block_data;
		bool bitmap = i >= 8 && (i - 8) % 128 == 0;
		gsize len;

		if (pst_data_block(data, i, &block, &error) < 0) {
			pst_check_say(c, R_HEAP, WHERE "%s", WHERE_ARGS(w),
			    error->message);
			return;
		}
		p = g_bytes_get_data(block, &len);
		head = i == 0 ? 12 : bitmap ? 66 : 2;
		if (len < head + 6 || (map = get_le16(p)) % 2 ||
		    map + 6u > len || map < head) {
			pst_check_say(
			    c, R_HEAP, WHERE "block %u", WHERE_ARGS(w), i);
			return;
		}
		if (i == 0)
			memcpy(levels, p + 8, 4);
		else if (bitmap)
			memcpy(levels, p + 2, 64);
		if (bitmap)
			first = i;
		m = p + map;
		n = get_le16(m);
		if (map + 4 + 2 * ((gsize)n + 1) > len) {
			pst_check_say(c, R_HEAP, WHERE "block %u: %u items",
			    WHERE_ARGS(w), i, n);
			return;
		}
		last = get_le16(m + 4);
		if (last != head)
			pst_check_say(c, R_HEAP,
			    WHERE "block %u: first item at %u", WHERE_ARGS(w),
			    i, last);
		for (guint k = 1; k <= n; k++) {
			guint to = get_le16(m + 4 + 2 * k);

			if (to < last || to > map ||
			    to - last > PST_HEAP_ITEM_MAX) {
				pst_check_say(c, R_HEAP,
				    WHERE "block %u: item %u from %u to %u",
				    WHERE_ARGS(w), i, k, last, to);
				return;
			}
			if (to == last)
				empty++;
			last = to;
		}
		*items += n - empty;
		if (map - last > 1 || get_le16(m + 2) != empty)
			pst_check_say(c, R_HEAP,
			    WHERE "block %u: items end at %u, map at %u; %u "
				  "empty, it says %u",
			    WHERE_ARGS(w), i, last, map, empty,
			    get_le16(m + 2));
		if (i + 1 < data->n_blocks && len != c->layout->block_data &&
		    c->unicode)
			pst_check_say(
			    c, R_HEAP_FULL, WHERE "block %u", WHERE_ARGS(w), i);
		room -= (int)(map + 4 + 2 * (n + 1));
		level = levels[(i - first) / 2] >> (i - first) % 2 * 4 & 15;
		if (c->unicode && level != fill_level(room - (int)head) &&
		    !(bitmap && level == fill_level(room - 2)))
			pst_check_say(c, R_HEAP_FILL,
			    WHERE "block %u has level %u, %d bytes are free",
			    WHERE_ARGS(w), i, level, room);
	}
}

/* Items met: for "none twice, none never". */
static void
use(struct check *c, GArray *used, guint32 hnid)
{
	if (c->ours && hnid != 0 && PST_NID_TYPE(hnid) == PST_HID)
		g_array_append_val(used, hnid);
}

static int
hid_compare(gconstpointer a, gconstpointer b)
{
	guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;

	return x < y ? -1 : x > y;
}

static void
check_used(struct check *c, GArray *used, guint64 items, const struct where *w)
{
	if (!c->ours)
		return;
	g_array_sort(used, hid_compare);
	for (guint i = 1; i < used->len; i++)
		if (g_array_index(used, guint32, i) ==
		    g_array_index(used, guint32, i - 1))
			pst_check_say(c, R_HEAP_ITEM, WHERE "%x twice",
			    WHERE_ARGS(w), g_array_index(used, guint32, i));
	if (used->len != items)
		pst_check_say(c, R_HEAP_ITEM,
		    WHERE "%u items used of %" G_GUINT64_FORMAT, WHERE_ARGS(w),
		    used->len, items);
}

/* The items a tree on the heap lies in; the walk itself is the reader's. */
static void
use_bth(struct check *c, const struct pst_heap *heap, guint32 hid, guint level,
    guint key_len, GArray *used)
{
	g_auto(PstSpan) span = {0};

	if (hid == 0 || used->len > 1u << 22)
		return;
	use(c, used, hid);
	if (level == 0 || pst_heap_get(heap, hid, &span, NULL) < 0)
		return;
	for (gsize at = 0; at + key_len + 4 <= span.len; at += key_len + 4)
		use_bth(c, heap, get_le32(span.p + at + key_len), level - 1,
		    key_len, used);
}

/* Opens the walk; its items are used. */
static bool
begin_bth(struct check *c, struct pst_bth_walk *walk,
    const struct pst_heap *heap, guint32 hid, GArray *used,
    const struct where *w)
{
	g_autoptr(GError) error = NULL;

	if (pst_bth_walk_init(walk, heap, hid, &error) < 0) {
		pst_check_say(
		    c, R_BTH, WHERE "%s", WHERE_ARGS(w), error->message);
		return false;
	}
	use(c, used, hid);
	if (c->ours)
		use_bth(c, heap, walk->at[0].hid, walk->at[0].level,
		    walk->key_len, used);
	return true;
}

static guint
fixed_size(guint type)
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
	case PST_T_OBJECT:
		return 8;
	case PST_T_GUID:
		return 16;
	}
	return 0;
}

static bool
variable_type(guint type)
{
	guint one = type & ~PST_T_MULTI;

	return one == PST_T_STRING8 || one == PST_T_UNICODE ||
	       one == PST_T_BINARY || ((type & PST_T_MULTI) && fixed_size(one));
}

static void
check_text(struct check *c, const struct pst_value *value, guint32 tag,
    const struct where *w)
{
	guint8 p[4096];
	gsize got = 0;
	guint last = 0;

	for (guint64 at = 0; at < value->len; at += got) {
		if (pst_value_read(value, at, p, sizeof p, &got, NULL) < 0 ||
		    got == 0)
			return;
		for (gsize i = 0; i + 1 < got; i += 2) {
			guint u = get_le16(p + i);
			bool low = u >= 0xdc00 && u < 0xe000;
			bool after_high = last >= 0xd800 && last < 0xdc00;

			if (low != after_high) {
				pst_check_say(c, R_PROP_TEXT,
				    WHERE "property %08x", WHERE_ARGS(w), tag);
				return;
			}
			last = u;
		}
	}
	if (value->len > 0 && (last == 0 || (last >= 0xd800 && last < 0xdc00)))
		pst_check_say(
		    c, R_PROP_TEXT, WHERE "property %08x", WHERE_ARGS(w), tag);
}

/* Several values in one: spec/pst.md 7.4. */
static bool
multi_is_whole(const struct pst_value *value, guint type)
{
	guint size = fixed_size(type & ~PST_T_MULTI);
	guint8 b[8];
	guint32 n, from = 0;
	gsize got;

	if (size > 0)
		return value->len % size == 0;
	if (value->len == 0)
		return true;
	if (pst_value_read(value, 0, b, 4, &got, NULL) < 0 || got < 4)
		return false;
	n = get_le32(b);
	if (n > value->len / 4)
		return false;
	for (guint32 i = 0; i < n; i++) {
		if (pst_value_read(value, 4 + 4ull * i, b, 4, &got, NULL) < 0 ||
		    got < 4)
			return false;
		if (get_le32(b) < from || get_le32(b) > value->len ||
		    get_le32(b) < 4 + 4ull * n)
			return false;
		from = get_le32(b);
	}
	return true;
}

static void
check_value(struct check *c, const struct pst_value *value, guint32 tag,
    const struct where *w)
{
	guint type = tag & 0xffff, size = fixed_size(type);
	bool right;

	if (size > 0)
		right = value->len == size ||
			(type == PST_T_GUID && value->len == 0);
	else if (type & PST_T_MULTI)
		right = multi_is_whole(value, type);
	else
		right = type != PST_T_UNICODE || value->len % 2 == 0;
	if (!right)
		pst_check_say(c, R_PROP,
		    WHERE "property %08x has %" G_GUINT64_FORMAT " bytes",
		    WHERE_ARGS(w), tag, value->len);
	else if (type == PST_T_UNICODE)
		check_text(c, value, tag, w);
}

static bool
open_heap(struct check *c, struct pst_heap *heap, const struct pst_node *node,
    const struct where *w, guint64 *items)
{
	g_autoptr(GError) error = NULL;

	if (pst_heap_open(heap, c->ndb, node->data, node->sub, &error) < 0) {
		pst_check_say(
		    c, R_HEAP, WHERE "%s", WHERE_ARGS(w), error->message);
		return false;
	}
	check_heap_blocks(c, &heap->data, w, items);
	return true;
}

static void
check_props(struct check *c, const struct pst_node *node, const struct where *w)
{
	g_autoptr(PstProps) props = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) used = g_array_new(FALSE, FALSE, 4);
	struct pst_heap heap;
	struct pst_bth_walk walk;
	guint64 items;

	if (!open_heap(c, &heap, node, w, &items) ||
	    !begin_bth(c, &walk, &heap, heap.root, used, w))
		return;
	if (pst_props_open(&props, c->ndb, node->data, node->sub, &error) < 0) {
		pst_check_say(
		    c, R_BTH, WHERE "%s", WHERE_ARGS(w), error->message);
		return;
	}
	for (guint i = 0; i < pst_props_n(props); i++) {
		const struct pst_prop *prop = pst_props_at(props, i);
		guint32 tag = (guint32)prop->id << 16 | prop->type;
		guint size = fixed_size(prop->type);
		g_auto(PstValue) value = {0};
		struct pst_name name;

		if (size == 0 && !variable_type(prop->type)) {
			pst_check_say(c, R_PROP, WHERE "property %08x",
			    WHERE_ARGS(w), tag);
			continue;
		}
		if (size == 0 || size > 4)
			use(c, used, prop->raw);
		if (pst_props_value(props, prop, &value, &error) < 0) {
			pst_check_say(c, R_PROP, WHERE "%s", WHERE_ARGS(w),
			    error->message);
			g_clear_error(&error);
			continue;
		}
		check_value(c, &value, tag, w);
		if (prop->id >= 0x8000 && !pst_name_of(c->pst, prop->id, &name))
			pst_check_say(c, R_NAMED, WHERE "property %08x",
			    WHERE_ARGS(w), tag);
	}
	check_used(c, used, items, w);
}

/* Columns of the templates: spec/pst.md 9. */
static const struct {
	guint type;	     /* of the node */
	const guint32 *tags; /* ending with 0 */
} templates[] = {
    {PST_HIERARCHY_TABLE,
	(const guint32[]){0x0E300102, 0x0E330014, 0x0E340102, 0x0E380003,
	    0x3001001F, 0x36020003, 0x36030003, 0x360A000B, 0x3613001F,
	    0x66350003, 0x66360003, 0x67F20003, 0x67F30003, 0}},
    {PST_CONTENTS_TABLE,
	(const guint32[]){0x00170003, 0x001A001F, 0x00360003, 0x0037001F,
	    0x00390040, 0x0042001F, 0x0057000B, 0x0058000B, 0x0070001F,
	    0x00710102, 0x0E03001F, 0x0E04001F, 0x0E060040, 0x0E070003,
	    0x0E080003, 0x0E170003, 0x0E300102, 0x0E330014, 0x0E340102,
	    0x0E380003, 0x0E3C0102, 0x0E3D0102, 0x10970003, 0x30080040,
	    0x30130102, 0x65C60003, 0x67F20003, 0x67F30003, 0}},
    {PST_ASSOC_TABLE, (const guint32[]){0x001A001F, 0x0E070003, 0x0E170003,
			  0x3001001F, 0x67F20003, 0x67F30003, 0x6800001F,
			  0x6803000B, 0x68051003, 0x682F001F, 0x70030003,
			  0x70040102, 0x70050102, 0x7006001F, 0x70070003, 0}},
    {PST_SEARCH_TABLE,
	(const guint32[]){0x00170003, 0x001A001F, 0x00360003, 0x0037001F,
	    0x0042001F, 0x0057000B, 0x0058000B, 0x0E03001F, 0x0E04001F,
	    0x0E05001F, 0x0E060040, 0x0E070003, 0x0E080003, 0x0E170003,
	    0x0E2A000B, 0x30080040, 0x67F10003, 0x67F20003, 0x67F30003, 0}},
    {PST_RECEIVE_TABLE,
	(const guint32[]){0x001A001F, 0x66050003, 0x67F20003, 0x67F30003, 0}},
    {PST_OUTGOING_TABLE, (const guint32[]){0x00390040, 0x0E100003, 0x0E140003,
			     0x67F20003, 0x67F30003, 0}},
    {PST_ATTACHMENT_TABLE, (const guint32[]){0x0E200003, 0x3704001F, 0x37050003,
			       0x370B0003, 0x67F20003, 0x67F30003, 0}},
    {PST_RECIPIENT_TABLE,
	(const guint32[]){0x0C150003, 0x0E0F000B, 0x0FF90102, 0x0FFE0003,
	    0x0FFF0102, 0x3001001F, 0x3002001F, 0x3003001F, 0x300B0102,
	    0x39000003, 0x39FF001F, 0x3A40000B, 0x67F20003, 0x67F30003, 0}},
    {0x16, (const guint32[]){0x0E330014, 0x0E370102, 0x0E380003, 0x67F20003,
	       0x67F30003, 0}},
    {0x17, (const guint32[]){0x001A001F, 0x0E300102, 0x0E310102, 0x0E330014,
	       0x0E340102, 0x0E380003, 0x0E3E0102, 0x67F20003, 0x67F30003, 0}},
    {0x18,
	(const guint32[]){0x0E330014, 0x30070040, 0x67F20003, 0x67F30003, 0}},
};

/* Columns of the contents table that Outlook 2003 and 2007 did not have yet. */
static bool
is_new(guint32 tag)
{
	return tag >> 16 == PST_P_REPL_ITEM_ID ||
	       tag >> 16 == PST_P_REPL_CHANGE ||
	       tag >> 16 == PST_P_REPL_VERSION || tag == 0x0E380003 ||
	       tag == 0x0E3C0102 || tag == 0x0E3D0102 || tag == 0x30080040 ||
	       tag == 0x30130102;
}

static void
check_columns(struct check *c, const PstTable *table, const struct where *w)
{
	const struct pst_column *col;
	guint n = pst_table_columns(table, &col);
	const guint16 *ends = pst_table_ends(table);
	g_autofree guint8 *taken = g_malloc0(ends[3] + 1u);
	guint8 bits[32] = {0};
	bool broken = ends[3] != ends[2] + (n + 7) / 8;

	for (guint i = 0; i < n; i++) {
		guint size = fixed_size(col[i].tag & 0xffff);

		if (size == 0 || size > 8)
			size = 4;
		if (i > 0 && col[i].tag <= col[i - 1].tag)
			broken = true;
		if (col[i].len != size || col[i].bit >= n ||
		    bits[col[i].bit / 8] & 1 << col[i].bit % 8)
			broken = true;
		bits[col[i].bit / 8] |= (guint8)(1 << col[i].bit % 8);
		for (guint k = 0; k < col[i].len; k++)
			if (taken[col[i].at + k]++)
				broken = true;
		if (col[i].tag == 0x67F20003 && (col[i].at || col[i].bit))
			broken = true;
		if (col[i].tag == 0x67F30003 &&
		    (col[i].at != 4 || col[i].bit != 1))
			broken = true;
	}
	if (broken)
		pst_check_say(c, R_TABLE, WHERE "%u columns, rows of %u bytes",
		    WHERE_ARGS(w), n, ends[3]);
	if (!c->unicode)
		return;
	for (guint i = 0; i < G_N_ELEMENTS(templates); i++) {
		if (templates[i].type != PST_NID_TYPE(w->nid))
			continue;
		for (const guint32 *tag = templates[i].tags; *tag; tag++) {
			guint k = 0;

			while (k < n && col[k].tag != *tag)
				k++;
			if (k == n)
				pst_check_say(c,
				    is_new(*tag) ? R_TABLE_NEW
						 : R_TABLE_COLUMNS,
				    WHERE "column %08x is missing",
				    WHERE_ARGS(w), *tag);
		}
	}
}

static void
check_row(struct check *c, const PstTable *table, const struct pst_row *row,
    GArray *used, const struct where *w)
{
	const struct pst_column *col;
	guint n = pst_table_columns(table, &col);
	const guint16 *ends = pst_table_ends(table);
	const guint8 *ceb = row->cells.p + ends[2];
	guint32 version;

	if (row->id == 0 || get_le32(row->cells.p) != row->id)
		pst_check_say(c, R_TABLE_ROWS,
		    WHERE "row %u is %x in the index and %x itself",
		    WHERE_ARGS(w), row->number, row->id,
		    get_le32(row->cells.p));
	for (guint b = n; b < 8u * (ends[3] - ends[2]); b++)
		if (ceb[b / 8] & 0x80 >> b % 8) {
			pst_check_say(c, R_TABLE_ROWS,
			    WHERE "row %x has cells that are no column's",
			    WHERE_ARGS(w), row->id);
			break;
		}
	if (pst_row_int(table, row, PST_P_ROW_VERSION, &version))
		g_array_append_val(c->versions, version);
	for (guint i = 0; i < n; i++) {
		g_auto(PstValue) value = {0};
		g_autoptr(GError) error = NULL;
		guint size = fixed_size(col[i].tag & 0xffff);
		enum status st =
		    pst_row_value(table, row, col[i].tag >> 16, &value, &error);

		if (st == ST_END)
			continue;
		if (size == 0 || size > 8)
			use(c, used, get_le32(row->cells.p + col[i].at));
		if (st < 0)
			pst_check_say(c, R_PROP, WHERE "%s", WHERE_ARGS(w),
			    error->message);
		else
			check_value(c, &value, col[i].tag, w);
	}
}

static void
check_table(struct check *c, const struct pst_node *node, const struct where *w)
{
	g_autoptr(PstTable) table = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) used = g_array_new(FALSE, FALSE, 4);
	g_autofree guint8 *seen = NULL;
	g_auto(PstRow) row = {0};
	struct pst_bth_walk walk;
	struct pst_heap heap;
	guint64 items, rows = 0, capacity;
	enum status st;

	if (!open_heap(c, &heap, node, w, &items))
		return;
	/* Results of searches have a form of their own, not published. */
	if (PST_NID_TYPE(w->nid) == PST_SEARCH_TABLE &&
	    heap.client != PST_HN_TC)
		return;
	if (pst_table_open(&table, c->ndb, node->data, node->sub, &error) < 0) {
		pst_check_say(
		    c, R_TABLE, WHERE "%s", WHERE_ARGS(w), error->message);
		return;
	}
	use(c, used, heap.root);
	use(c, used, pst_table_rows_hnid(table));
	if (!begin_bth(c, &walk, &heap, pst_table_index_hid(table), used, w))
		return;
	check_columns(c, table, w);
	capacity = pst_table_capacity(table);
	seen = g_malloc0(capacity / 8 + 1);
	while ((st = pst_table_next(table, &row, &error)) != ST_END) {
		if (st < 0) {
			pst_check_say(c, R_TABLE_ROWS, WHERE "%s",
			    WHERE_ARGS(w), error->message);
			g_clear_error(&error);
			continue;
		}
		rows++;
		if (seen[row.number / 8] & 1 << row.number % 8)
			pst_check_say(c, R_TABLE_ROWS,
			    WHERE "row %u is listed twice", WHERE_ARGS(w),
			    row.number);
		seen[row.number / 8] |= (guint8)(1 << row.number % 8);
		check_row(c, table, &row, used, w);
	}
	/* Rows are numbered without gaps. */
	for (guint64 i = 0; i < rows && i < capacity; i++)
		if (!(seen[i / 8] & 1 << i % 8)) {
			pst_check_say(c, R_TABLE_ROWS,
			    WHERE "row %" G_GUINT64_FORMAT " is not listed",
			    WHERE_ARGS(w), i);
			break;
		}
	check_used(c, used, items, w);
}

/* A node with a context, and what hangs below it. */
static void
check_object(
    struct check *c, const struct pst_node *node, guint32 owner, guint depth)
{
	struct where w = {.nid = node->nid, .owner = owner};
	struct pst_sub_walk walk;
	struct pst_node sub;
	enum status st;

	switch (PST_NID_TYPE(node->nid)) {
	case PST_FOLDER:
	case PST_SEARCH_FOLDER:
	case PST_MESSAGE:
	case PST_ASSOC_MESSAGE:
	case PST_ATTACHMENT:
		check_props(c, node, &w);
		break;
	case PST_INTERNAL:
		if (node->nid == PST_NID_STORE || node->nid == PST_NID_NAMES)
			check_props(c, node, &w);
		return;
	case PST_RECEIVE_TABLE:
	case PST_OUTGOING_TABLE:
	case PST_HIERARCHY_TABLE:
	case PST_CONTENTS_TABLE:
	case PST_ASSOC_TABLE:
	case PST_SEARCH_TABLE:
	case PST_ATTACHMENT_TABLE:
	case PST_RECIPIENT_TABLE:
	case 0x16:
	case 0x17:
	case 0x18:
		if (node->data != 0)
			check_table(c, node, &w);
		return;
	default:
		return;
	}
	if (depth > 2 * PST_EMBED_MAX)
		return;
	pst_sub_walk_init(&walk, c->ndb, node->sub);
	while ((st = pst_sub_walk_next(&walk, &sub, NULL)) != ST_END)
		if (st == ST_OK)
			check_object(c, &sub, node->nid, depth + 1);
}

void
pst_check_contexts(struct check *c)
{
	for (guint i = 0; i < c->nodes->len; i++) {
		struct pst_node node =
		    g_array_index(c->nodes, struct pst_node, i);

		check_object(c, &node, node.parent, 0);
	}
}
