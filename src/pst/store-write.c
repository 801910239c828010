/* What a file needs besides its messages, written at the end: spec/pst.md 8. */
#include "pst/messaging-write-private.h"

#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

#define TAG(id, type) ((guint32)(id) << 16 | (type))

static enum status
empty_table(PstWriter *w, guint32 template, guint64 *bid, GError **error)
{
	guint64 sub;
	enum status st =
	    pst_table_out_begin(w->table, pst_template(template), 0, error);

	if (st == ST_OK)
		st = pst_table_out_end(w->table, bid, &sub, error);
	return st;
}

/* A node whose content is the bag. */
static enum status
props_node(PstWriter *w, guint32 nid, guint32 parent, GError **error)
{
	g_autoptr(GArray) subnodes =
	    g_array_new(FALSE, FALSE, sizeof(struct pst_subnode));
	guint64 data, sub;
	enum status st =
	    pst_props_write(w->row, w->heap, subnodes, -1, &data, error);

	if (st == ST_OK)
		st = pst_out_subnodes(w->out, subnodes, &sub, error);
	if (st == ST_OK)
		st = pst_out_node(w->out, nid, data, sub, parent, error);
	return st;
}

static enum status
text(PstBag *bag, guint id, const char *value, GError **error)
{
	return pst_bag_text(bag, TAG(id, PST_T_UNICODE), value, -1, 0, error);
}

static enum status
entry_id(PstWriter *w, guint id, guint32 nid, GError **error)
{
	guint8 p[24] = {0};

	memcpy(p + 4, w->store_key, 16);
	put_le32(p + 20, nid);
	return pst_bag_bytes(w->row, TAG(id, PST_T_BINARY), p, sizeof p, error);
}

/* 8.1 */
static enum status
write_store(PstWriter *w, GError **error)
{
	static const struct {
		guint id;
		guint32 nid;
	} folders[] = {
	    {PST_P_IPM_SUBTREE, PST_NID_TOP},
	    {PST_P_WASTEBASKET, PST_NID_DELETED},
	    {PST_P_COMMON_VIEWS, PST_NID_COMMON_VIEWS},
	    {PST_P_FINDER, PST_NID_SEARCH_ROOT},
	};
	static const struct {
		guint id, bit;
		enum pst_special what;
	} specials[] = {
	    {PST_P_OUTBOX, 0x04, PST_SPECIAL_OUTBOX},
	    {PST_P_SENT, 0x10, PST_SPECIAL_SENT},
	};
	guint8 replica[24] = {1};
	guint32 mask = 0xc9;
	enum status st;

	memcpy(replica + 4, w->replica, 16);
	replica[20] = 1;
	pst_bag_reset(w->row);
	st = pst_bag_bytes(w->row, TAG(PST_P_REPL_VERSION, PST_T_BINARY),
	    replica, sizeof replica, error);
	pst_bag_int(w->row, 0x0e380003, 0);
	if (st == ST_OK)
		st = pst_bag_bytes(w->row, TAG(PST_P_RECORD_KEY, PST_T_BINARY),
		    w->store_key, 16, error);
	if (st == ST_OK)
		st = text(w->row, PST_P_DISPLAY_NAME, w->name, error);
	for (guint i = 0; i < G_N_ELEMENTS(folders) && st == ST_OK; i++)
		st = entry_id(w, folders[i].id, folders[i].nid, error);
	for (guint i = 0; i < G_N_ELEMENTS(specials) && st == ST_OK; i++) {
		if (w->special[specials[i].what] == 0)
			continue;
		mask |= specials[i].bit;
		st = entry_id(
		    w, specials[i].id, w->special[specials[i].what], error);
	}
	/* Which one it is, the table of receive folders says. */
	if (w->special[PST_SPECIAL_INBOX])
		mask |= 0x02;
	pst_bag_int(w->row, TAG(PST_P_VALID_FOLDER_MASK, PST_T_INT32), mask);
	pst_bag_int(w->row, 0x6633000b, 1);
	pst_bag_int(w->row, 0x66fa0003, 0x000e0011);
	pst_bag_int(w->row, 0x66fc0003, get_le32(w->replica + 4) & 0x7fffff);
	/* 0: no password. */
	pst_bag_int(w->row, TAG(PST_P_PASSWORD, PST_T_INT32), 0);
	if (st == ST_OK)
		st = props_node(w, PST_NID_STORE, 0, error);
	return st;
}

/* 8.2: into w->row, the same for the object and for the parent's row. */
static enum status
folder_props(PstWriter *w, const struct writer_folder *f, GError **error)
{
	enum status st;

	pst_bag_reset(w->row);
	st = text(w->row, PST_P_DISPLAY_NAME, f->name, error);
	pst_bag_int(
	    w->row, TAG(PST_P_CONTENT_COUNT, PST_T_INT32), (guint32)f->rows);
	pst_bag_int(
	    w->row, TAG(PST_P_CONTENT_UNREAD, PST_T_INT32), (guint32)f->unread);
	pst_bag_int(w->row, TAG(PST_P_SUBFOLDERS, PST_T_BOOL), f->children > 0);
	if (f->class && st == ST_OK) {
		st = text(w->row, PST_P_CONTAINER_CLASS, f->class, error);
		pst_bag_int(w->row, TAG(PST_P_HIDDEN_COUNT, PST_T_INT32), 0);
		pst_bag_int(w->row, TAG(PST_P_HIDDEN_UNREAD, PST_T_INT32), 0);
	}
	return st;
}

static enum status
contents_rows(PstWriter *w, const guint8 *p, gsize len, GError **error)
{
	while (len > 0) {
		guint32 nid = get_le32(p), n = get_le32(p + 4);
		enum status st;

		g_assert(len >= 8 && n <= len - 8);
		pst_bag_reset(w->row);
		if (!pst_bag_load(w->row, p + 8, n))
			g_assert_not_reached();
		st = pst_table_out_row(
		    w->table, nid, ++w->version, w->row, error);
		if (st < 0)
			return st;
		p += 8 + n;
		len -= 8 + n;
	}
	return ST_OK;
}

static enum status
contents_table(PstWriter *w, struct writer_folder *f, guint64 *data,
    guint64 *sub, GError **error)
{
	struct blob all;
	g_autofree guint8 *buf = NULL;
	enum status st = pst_writer_spool_rows(w, f, error);

	if (st < 0)
		return st;
	all = spool_blob(w->rows);
	st = pst_table_out_begin(
	    w->table, pst_template(PST_NID_CONTENTS_TEMPLATE), f->rows, error);
	for (guint i = 0; st == ST_OK && f->chunks && i < f->chunks->len; i++) {
		const struct writer_chunk *c =
		    &g_array_index(f->chunks, struct writer_chunk, i);
		gsize got;

		buf = g_realloc(buf, c->len);
		if (blob_read(&all, c->at, buf, c->len, &got, error) < 0)
			return ST_MAILBOX;
		st = contents_rows(w, buf, c->len, error);
	}
	if (st == ST_OK)
		st = pst_table_out_end(w->table, data, sub, error);
	return st;
}

/* One node of a folder's tables: its own, or the empty one that all share. */
static enum status
table_node(PstWriter *w, guint32 folder, guint type, guint64 data, guint64 sub,
    guint64 empty, GError **error)
{
	if (data == 0) {
		data = empty;
		pst_out_refer(w->out, empty);
	}
	return pst_out_node(
	    w->out, PST_NID(PST_NID_INDEX(folder), type), data, sub, 0, error);
}

struct empties {
	guint64 hierarchy, contents, assoc, search;
};

static const char spam_name[] = "SPAM Search Folder 2";

/* Properties of the search folder, and its row. */
static enum status
spam_props(PstWriter *w, GError **error)
{
	pst_bag_reset(w->row);
	pst_bag_int(w->row, TAG(PST_P_CONTENT_COUNT, PST_T_INT32), 0);
	pst_bag_int(w->row, TAG(PST_P_CONTENT_UNREAD, PST_T_INT32), 0);
	pst_bag_int(w->row, TAG(PST_P_SUBFOLDERS, PST_T_BOOL), 0);
	return text(w->row, PST_P_DISPLAY_NAME, spam_name, error);
}

/* The rows of a folder's subfolders, by parent; ids ascend as they were made.
 */
static enum status
hierarchy_table(PstWriter *w, guint32 nid, guint64 children,
    const GArray *by_parent, guint *at, guint64 *data, guint64 *sub,
    GError **error)
{
	bool root = nid == PST_NID_ROOT;
	enum status st = pst_table_out_begin(w->table,
	    pst_template(PST_NID_HIERARCHY_TEMPLATE), children + root, error);

	if (root && st == ST_OK) {
		st = spam_props(w, error);
		if (st == ST_OK)
			st = pst_table_out_row(w->table, PST_NID_SPAM_SEARCH,
			    ++w->version, w->row, error);
	}
	for (; st == ST_OK && *at < by_parent->len; (*at)++) {
		const struct writer_folder *f =
		    g_array_index(by_parent, const struct writer_folder *, *at);

		if (f->parent != nid)
			break;
		st = folder_props(w, f, error);
		if (st == ST_OK)
			st = pst_writer_item_cells(w, w->row, f->item, error);
		if (st == ST_OK)
			st = pst_table_out_row(
			    w->table, f->nid, ++w->version, w->row, error);
	}
	if (st == ST_OK)
		st = pst_table_out_end(w->table, data, sub, error);
	return st;
}

static int
parent_compare(gconstpointer a, gconstpointer b)
{
	const struct writer_folder *x = *(struct writer_folder *const *)a;
	const struct writer_folder *y = *(struct writer_folder *const *)b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return x->nid < y->nid ? -1 : x->nid > y->nid;
}

/* Where the children of a folder begin in the sorted list. */
static guint
first_child(const GArray *by_parent, guint32 nid)
{
	guint low = 0, high = by_parent->len;

	while (low < high) {
		guint mid = (low + high) / 2;

		if (g_array_index(by_parent, struct writer_folder *, mid)
			->parent < nid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* [MS-OXOSFLD] 2.2.3: the root and the inbox say where the others are. */
static enum status
special_folders(PstWriter *w, GError **error)
{
	static const struct {
		guint id;
		enum pst_special what;
	} ids[] = {
	    {0x36d0, PST_SPECIAL_CALENDAR},
	    {0x36d1, PST_SPECIAL_CONTACTS},
	    {0x36d2, PST_SPECIAL_JOURNAL},
	    {0x36d3, PST_SPECIAL_NOTES},
	    {0x36d4, PST_SPECIAL_TASKS},
	    {0x36d7, PST_SPECIAL_DRAFTS},
	};
	GBytes *others[6];
	guint8 junk[24] = {0};
	enum status st = ST_OK;

	for (guint i = 0; i < G_N_ELEMENTS(ids) && st == ST_OK; i++)
		if (w->special[ids[i].what])
			st = entry_id(
			    w, ids[i].id, w->special[ids[i].what], error);
	if (w->special[PST_SPECIAL_JUNK] == 0 || st < 0)
		return st;
	/* Conflicts, three kinds of failures, junk, and one more. */
	memcpy(junk + 4, w->store_key, 16);
	put_le32(junk + 20, w->special[PST_SPECIAL_JUNK]);
	for (guint i = 0; i < G_N_ELEMENTS(others); i++)
		others[i] = i == 4 ? g_bytes_new(junk, sizeof junk)
				   : g_bytes_new(NULL, 0);
	st = pst_bag_binaries(w->row, TAG(0x36d8, PST_T_MV_BINARY), others,
	    G_N_ELEMENTS(others), error);
	for (guint i = 0; i < G_N_ELEMENTS(others); i++)
		g_bytes_unref(others[i]);
	return st;
}

static enum status
write_folder(PstWriter *w, struct writer_folder *f, const GArray *by_parent,
    const struct empties *e, GError **error)
{
	guint64 data = 0, sub = 0, hierarchy = 0, hierarchy_sub = 0;
	guint at = first_child(by_parent, f->nid);
	enum status st = folder_props(w, f, error);

	/* What system folders have besides goes into no row. */
	if (f->comment && st == ST_OK)
		st = text(w->row, PST_P_COMMENT, f->comment, error);
	if (st == ST_OK &&
	    (f->nid == PST_NID_ROOT || f->nid == w->special[PST_SPECIAL_INBOX]))
		st = special_folders(w, error);
	if (st == ST_OK)
		st = props_node(w, f->nid, f->parent, error);
	if (st == ST_OK && (f->children > 0 || f->nid == PST_NID_ROOT))
		st = hierarchy_table(w, f->nid, f->children, by_parent, &at,
		    &hierarchy, &hierarchy_sub, error);
	if (st == ST_OK && f->rows > 0)
		st = contents_table(w, f, &data, &sub, error);
	if (st == ST_OK)
		st = table_node(w, f->nid, PST_HIERARCHY_TABLE, hierarchy,
		    hierarchy_sub, e->hierarchy, error);
	if (st == ST_OK)
		st = table_node(w, f->nid, PST_CONTENTS_TABLE, data, sub,
		    e->contents, error);
	if (st == ST_OK)
		st = table_node(
		    w, f->nid, PST_ASSOC_TABLE, 0, 0, e->assoc, error);
	/* Blocks of tables must not pile up in memory until the end. */
	if (st == ST_OK)
		st = pst_out_keep(w->out, error);
	return st;
}

static enum status
write_folders(PstWriter *w, const struct empties *e, GError **error)
{
	g_autoptr(GArray) by_parent =
	    g_array_new(FALSE, FALSE, sizeof(struct writer_folder *));
	struct writer_folder root = {
	    .nid = PST_NID_ROOT, .parent = PST_NID_ROOT, .name = (char *)""};
	enum status st = ST_OK;

	for (guint i = 0; i < w->folders->len; i++) {
		struct writer_folder *f = w->folders->pdata[i];

		if (f->parent == PST_NID_ROOT)
			root.children++;
		g_array_append_val(by_parent, f);
	}
	g_array_sort(by_parent, parent_compare);
	st = write_folder(w, &root, by_parent, e, error);
	for (guint i = 0; i < w->folders->len && st == ST_OK; i++)
		st = write_folder(w, w->folders->pdata[i], by_parent, e, error);
	return st;
}

/* Templates; the first four serve for all tables that are empty. */
static enum status
write_templates(PstWriter *w, struct empties *e, GError **error)
{
	static const guint32 nids[] = {PST_NID_HIERARCHY_TEMPLATE,
	    PST_NID_CONTENTS_TEMPLATE, PST_NID_ASSOC_TEMPLATE,
	    PST_NID_SEARCH_TEMPLATE, PST_NID_OUTGOING, PST_NID_ATTACHMENTS,
	    PST_NID_RECIPIENTS, PST_NID_CONTENTS_INDEX, PST_NID_SEARCH_INDEX,
	    PST_NID_ATTACHMENT_INDEX};
	guint64 *keep[] = {&e->hierarchy, &e->contents, &e->assoc, &e->search};
	enum status st = ST_OK;

	for (guint i = 0; i < G_N_ELEMENTS(nids) && st == ST_OK; i++) {
		guint64 bid = 0;

		st = empty_table(w, nids[i], &bid, error);
		if (i < G_N_ELEMENTS(keep))
			*keep[i] = bid;
		if (st == ST_OK)
			st = pst_out_node(w->out, nids[i], bid, 0, 0, error);
	}
	return st;
}

/* 62B: the folder for any message class; with an inbox, rows as Outlook has
 * them. */
static enum status
write_receive_folders(PstWriter *w, GError **error)
{
	static const char *const classes[] = {"", "IPM", "Report.IPM", "IPC"};
	guint32 inbox = w->special[PST_SPECIAL_INBOX];
	guint n = inbox ? G_N_ELEMENTS(classes) : 1;
	guint64 data, sub;
	enum status st = pst_table_out_begin(
	    w->table, pst_template(PST_NID_RECEIVE_FOLDERS), n, error);

	for (guint i = 0; i < n && st == ST_OK; i++) {
		pst_bag_reset(w->row);
		st = text(w->row, PST_P_MESSAGE_CLASS, classes[i], error);
		pst_bag_int(
		    w->row, 0x66050003, inbox && i < 3 ? inbox : PST_NID_ROOT);
		if (st == ST_OK)
			st = pst_table_out_row(
			    w->table, i + 1, ++w->version, w->row, error);
	}
	if (st == ST_OK)
		st = pst_table_out_end(w->table, &data, &sub, error);
	if (st == ST_OK)
		st = pst_out_node(
		    w->out, PST_NID_RECEIVE_FOLDERS, data, sub, 0, error);
	return st;
}

static enum status
write_searches(PstWriter *w, const struct empties *e, GError **error)
{
	static const guint32 empty[] = {PST_NID_SEARCH_QUEUE,
	    PST_NID_SEARCH_DOMAIN, 0xe41, 0xec1, 0xf21, 0x2226};
	guint8 list[4];
	guint64 bid;
	enum status st = ST_OK;

	for (guint i = 0; i < G_N_ELEMENTS(empty) && st == ST_OK; i++)
		st = pst_out_node(w->out, empty[i], 0, 0, 0, error);
	put_le32(list, PST_NID_SPAM_SEARCH);
	if (st == ST_OK)
		st = pst_out_block(w->out, list, 4, false, &bid, error);
	if (st == ST_OK)
		st =
		    pst_out_node(w->out, PST_NID_SEARCH_LIST, bid, 0, 0, error);
	if (st == ST_OK)
		st = spam_props(w, error);
	if (st == ST_OK)
		st = props_node(w, PST_NID_SPAM_SEARCH, PST_NID_ROOT, error);
	pst_bag_reset(w->row);
	pst_bag_int(w->row, 0x660b0003, 0);
	if (st == ST_OK)
		st = props_node(w, 0x2227, 0, error);
	pst_out_refer(w->out, e->search);
	if (st == ST_OK)
		st = pst_out_node(w->out, 0x2230, e->search, 0, 0, error);
	return st;
}

/* C01: the ids of rows, in their order: spec/pst.md 10. */
static enum status
write_id_map(PstWriter *w, GError **error)
{
	g_autoptr(PstHeapOut) heap = pst_heap_out_new(w->out, PST_HN_ID_MAP);
	g_autoptr(PstBthOut) bth = NULL;
	struct blob nids = spool_blob(w->item_nids);
	guint8 scratch[4096], record[20], *link, *header;
	const guint8 *p;
	guint32 link_hid, header_hid;
	guint64 item = 0, bid;
	gint64 at = 0;
	gsize n;
	enum status st;

	st = pst_heap_out_item(heap, 4, &link_hid, &link, error);
	if (st == ST_OK)
		st = pst_heap_out_item(heap, 8, &header_hid, &header, error);
	if (st < 0)
		return st;
	put_le32(link, header_hid);
	bth = pst_bth_out_new(heap, header, 16, 4);
	memcpy(record, w->item_prefix, 8);
	while (w->item_ids && st == ST_OK) {
		st = blob_next(
		    &nids, &at, scratch, sizeof scratch, &p, &n, error);
		for (; st == ST_OK && n >= 4; n -= 4, p += 4) {
			guint64 big;

			item++;
			big = GUINT64_TO_BE(item);
			memcpy(record + 8, &big, 8);
			memcpy(record + 16, p, 4);
			st = pst_bth_out_add(bth, record, error);
		}
	}
	if (st >= 0)
		st = pst_bth_out_end(bth, error);
	if (st == ST_OK)
		st = pst_heap_out_end(
		    heap, link_hid, NULL, 0, NULL, &bid, error);
	if (st == ST_OK)
		st = pst_out_node(w->out, PST_NID_ID_MAP, bid, 0, 0, error);
	return st < 0 ? ST_MAILBOX : st;
}

static enum status
write_names(PstWriter *w, GError **error)
{
	enum status st;

	pst_bag_reset(w->row);
	st = pst_names_out_write(w->names, w->row, error);
	if (st == ST_OK)
		st = props_node(w, PST_NID_NAMES, 0, error);
	return st;
}

enum status
pst_writer_store(PstWriter *w, GError **error)
{
	struct empties e = {0};
	enum status st = write_templates(w, &e, error);

	if (st == ST_OK)
		st = write_folders(w, &e, error);
	if (st == ST_OK)
		st = write_receive_folders(w, error);
	if (st == ST_OK)
		st = write_searches(w, &e, error);
	if (st == ST_OK)
		st = write_id_map(w, error);
	if (st == ST_OK)
		st = write_names(w, error);
	if (st == ST_OK)
		st = write_store(w, error);
	return st;
}
