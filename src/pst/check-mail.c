/* The checker: nodes, folders, rows (spec/pst.md 17.2, rules 10 to 12, 15). */
#include "pst/check-private.h"

#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

/* spec/pst.md 8; data: it must have a content. */
static const struct {
	guint32 nid;
	bool data;
} needed[] = {
    {PST_NID_STORE, true},
    {PST_NID_NAMES, true},
    {PST_NID_ROOT, true},
    {0x12d, true},
    {0x12e, true},
    {0x12f, true},
    {PST_NID_SEARCH_QUEUE, false},
    {PST_NID_SEARCH_LIST, false},
    {PST_NID_HIERARCHY_TEMPLATE, true},
    {PST_NID_CONTENTS_TEMPLATE, true},
    {PST_NID_ASSOC_TEMPLATE, true},
    {PST_NID_SEARCH_TEMPLATE, true},
    {PST_NID_RECEIVE_FOLDERS, true},
    {PST_NID_OUTGOING, true},
    {PST_NID_ATTACHMENTS, true},
    {PST_NID_RECIPIENTS, true},
};

static void
check_nodes(struct check *c)
{
	for (guint i = 0; i < G_N_ELEMENTS(needed); i++) {
		const struct pst_node *n = pst_check_node(c, needed[i].nid);

		if (n == NULL || (needed[i].data && n->data == 0))
			pst_check_say(
			    c, R_NODES, "node %x is missing", needed[i].nid);
	}
	for (guint i = 0; i < c->nodes->len; i++) {
		const struct pst_node *n =
		    &g_array_index(c->nodes, struct pst_node, i);
		const struct pst_node *parent = pst_check_node(c, n->parent);
		guint type = PST_NID_TYPE(n->nid);
		guint index = PST_NID_INDEX(n->nid);
		guint parent_type = PST_NID_TYPE(n->parent);

		if ((type == PST_MESSAGE && index <= 0x10000) ||
		    (type == PST_FOLDER && index < 0x400 &&
			n->nid != PST_NID_ROOT))
			pst_check_say(c, R_NID,
			    "node %x is in the range that "
			    "Outlook reserves",
			    n->nid);
		switch (type) {
		case PST_FOLDER:
		case PST_SEARCH_FOLDER:
			if (parent == NULL || parent_type != PST_FOLDER ||
			    (n->nid == n->parent) != (n->nid == PST_NID_ROOT))
				pst_check_say(c, R_PARENT,
				    "folder %x has parent %x", n->nid,
				    n->parent);
			break;
		case PST_MESSAGE:
		case PST_ASSOC_MESSAGE:
			if (parent == NULL || parent_type != PST_FOLDER)
				pst_check_say(c, R_PARENT,
				    "message %x has parent %x", n->nid,
				    n->parent);
			break;
		default:
			if (n->parent != 0)
				pst_check_say(c, R_PARENT,
				    "node %x has parent %x", n->nid, n->parent);
		}
	}
}

/* Cells that no object holds, or not as they stand in the row. */
static bool
only_in_row(guint32 tag)
{
	switch (tag >> 16) {
	case PST_P_MESSAGE_STATUS:
	case PST_P_CONVERSATION_ID:
	case PST_P_REPL_ITEM_ID:
	case PST_P_REPL_CHANGE:
	case PST_P_REPL_VERSION:
	case 0x0e38:
	case 0x0e3c:
	case 0x0e3d:
	case PST_P_ROW_ID:
	case PST_P_ROW_VERSION:
		return true;
	}
	return false;
}

static bool
value_equal(const struct pst_value *a, const struct pst_value *b)
{
	guint8 x[4096], y[4096];
	gsize n = 0, m;

	if (a->len != b->len)
		return false;
	for (guint64 at = 0; at < a->len; at += n)
		if (pst_value_read(a, at, x, sizeof x, &n, NULL) < 0 ||
		    pst_value_read(b, at, y, sizeof y, &m, NULL) < 0 ||
		    n != m || n == 0 || memcmp(x, y, n) != 0)
			return false;
	return true;
}

static void
check_row(struct check *c, const PstTable *table, const struct pst_row *row,
    const PstProps *props, guint32 nid)
{
	const struct pst_column *col;
	guint n = pst_table_columns(table, &col);

	if (!c->ours)
		return;
	for (guint i = 0; i < n; i++) {
		g_auto(PstValue) cell = {0}, value = {0};
		const struct pst_prop *prop =
		    pst_props_find(props, col[i].tag >> 16);
		bool in_row, in_object;

		if (only_in_row(col[i].tag))
			continue;
		in_row = pst_row_value(table, row, col[i].tag >> 16, &cell,
			     NULL) == ST_OK;
		in_object = prop && prop->type == (col[i].tag & 0xffff) &&
			    pst_props_value(props, prop, &value, NULL) == ST_OK;
		if (in_row != in_object ||
		    (in_row && !value_equal(&cell, &value)))
			pst_check_say(c, R_ROW,
			    "object %x, column %08x: %s the row, %s the object",
			    nid, col[i].tag, in_row ? "in" : "not in",
			    in_object ? "in" : "not in");
	}
}

/* The 16-byte id of a row, for the id map. */
static void
take_item_id(struct check *c, const PstTable *table, const struct pst_row *row)
{
	g_auto(PstValue) value = {0};
	guint8 record[20];
	gsize got;

	if (!c->ours ||
	    pst_row_value(table, row, PST_P_REPL_ITEM_ID, &value, NULL) !=
		ST_OK ||
	    value.len != 16 ||
	    pst_value_read(&value, 0, record, 16, &got, NULL) < 0)
		return;
	put_le32(record + 16, row->id);
	g_array_append_vals(c->item_ids, record, 1);
}

struct mail {
	struct check *c;
	guint8 *listed; /* per node: 1 listed */
	guint depth;
};

static guint
node_index(struct check *c, const struct pst_node *node)
{
	return (guint)(node - &g_array_index(c->nodes, struct pst_node, 0));
}

static PstTable *
folder_table(struct check *c, guint32 nid, guint type)
{
	const struct pst_node *n =
	    pst_check_node(c, PST_NID(PST_NID_INDEX(nid), type));
	PstTable *table = NULL;

	if (n == NULL || n->data == 0)
		pst_check_say(
		    c, R_FOLDER, "folder %x has no table %02x", nid, type);
	else
		pst_table_open(&table, c->ndb, n->data, n->sub, NULL);
	return table;
}

static void
check_contents(struct mail *mail, guint32 nid, const PstProps *folder)
{
	struct check *c = mail->c;
	g_autoptr(PstTable) table = folder_table(c, nid, PST_CONTENTS_TABLE);
	g_auto(PstRow) row = {0};
	guint32 rows = 0, unread = 0, count = 0, said = 0, flags;
	enum status st;

	while (table && (st = pst_table_next(table, &row, NULL)) != ST_END) {
		g_autoptr(PstMessage) message = NULL;
		g_autoptr(GError) error = NULL;
		const struct pst_node *node;

		if (st < 0)
			continue;
		rows++;
		if (!pst_row_int(table, &row, PST_P_MESSAGE_FLAGS, &flags) ||
		    !(flags & PST_MSGFLAG_READ))
			unread++;
		node = pst_check_node(c, row.id);
		if (node == NULL || node->parent != nid ||
		    mail->listed[node_index(c, node)]++) {
			pst_check_say(c, R_LISTED,
			    "folder %x lists %x, which is %s", nid, row.id,
			    node == NULL	  ? "missing"
			    : node->parent != nid ? "in another folder"
						  : "listed already");
			continue;
		}
		take_item_id(c, table, &row);
		if (pst_message_open(&message, c->pst, row.id, &error) < 0) {
			pst_check_say(c, R_LISTED, "%s", error->message);
			continue;
		}
		check_row(c, table, &row, pst_message_props(message), row.id);
		pst_check_message(c, message);
	}
	pst_props_int(folder, PST_P_CONTENT_COUNT, &count);
	pst_props_int(folder, PST_P_CONTENT_UNREAD, &said);
	if (count != rows || said != unread)
		pst_check_say(c, R_FOLDER_COUNTS,
		    "folder %x says %u and %u unread, has %u and %u", nid,
		    count, said, rows, unread);
}

static void
check_folder(struct mail *mail, guint32 nid)
{
	struct check *c = mail->c;
	g_autoptr(PstFolder) folder = NULL;
	g_autoptr(PstTable) children = NULL;
	g_autoptr(PstTable) assoc = NULL;
	g_autoptr(GError) error = NULL;
	g_auto(PstRow) row = {0};
	guint32 n = 0;
	enum status st;

	c->counts->folders++;
	if (pst_folder_open(&folder, c->pst, nid, &error) < 0) {
		pst_check_say(c, R_FOLDER, "%s", error->message);
		return;
	}
	if (pst_props_find(pst_folder_props(folder), PST_P_DISPLAY_NAME) ==
	    NULL)
		pst_check_say(c, R_FOLDER, "folder %x has no name", nid);
	assoc = folder_table(c, nid, PST_ASSOC_TABLE);
	check_contents(mail, nid, pst_folder_props(folder));
	children = folder_table(c, nid, PST_HIERARCHY_TABLE);
	while (
	    children && (st = pst_table_next(children, &row, NULL)) != ST_END) {
		const struct pst_node *node;

		if (st < 0)
			continue;
		node = pst_check_node(c, row.id);
		if (node == NULL || node->parent != nid ||
		    mail->listed[node_index(c, node)]++) {
			pst_check_say(c, R_FOLDER,
			    "folder %x lists %x, which is %s", nid, row.id,
			    node == NULL	  ? "missing"
			    : node->parent != nid ? "not its child"
						  : "listed already");
			continue;
		}
		n++;
		if (PST_NID_TYPE(row.id) == PST_FOLDER)
			take_item_id(c, children, &row);
		if (c->ours) {
			g_autoptr(PstProps) props = NULL;

			if (pst_props_open(&props, c->ndb, node->data,
				node->sub, NULL) == ST_OK)
				check_row(c, children, &row, props, row.id);
		}
		/* Listed once each, so that this ends. */
		if (PST_NID_TYPE(row.id) == PST_FOLDER && mail->depth < 500) {
			mail->depth++;
			check_folder(mail, row.id);
			mail->depth--;
		}
	}
	if ((pst_props_int_or(pst_folder_props(folder), PST_P_SUBFOLDERS, 0) !=
		0) != (n > 0))
		pst_check_say(c, R_FOLDER_COUNTS,
		    "folder %x is wrong about having subfolders", nid);
}

static int
number_compare(gconstpointer a, gconstpointer b)
{
	guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;

	return x < y ? -1 : x > y;
}

static void
check_versions(struct check *c)
{
	g_array_sort(c->versions, number_compare);
	for (guint i = 0; i < c->versions->len; i++) {
		guint32 v = g_array_index(c->versions, guint32, i);

		if (v >= c->header->unique)
			pst_check_say(c, R_ROW_VERSION,
			    "version %u, the header's counter is %u", v,
			    c->header->unique);
		if (i > 0 && v == g_array_index(c->versions, guint32, i - 1))
			pst_check_say(c, R_ROW_VERSION, "version %u twice", v);
	}
}

/* Properties of the store object that name folders: spec/pst.md 8.1. */
static void
check_store(struct check *c)
{
	static const struct {
		guint id, bit;
	} folders[] = {
	    {PST_P_IPM_SUBTREE, 0x01},
	    {0x35e1, 0x02},
	    {0x35e2, 0x04},
	    {PST_P_WASTEBASKET, 0x08},
	    {0x35e4, 0x10},
	    {0x35e5, 0x20},
	    {PST_P_COMMON_VIEWS, 0x40},
	    {PST_P_FINDER, 0x80},
	};
	const PstProps *store = pst_store(c->pst);
	g_autoptr(GBytes) key = NULL;
	guint32 mask = 0, password;

	if (store == NULL) {
		pst_check_say(c, R_STORE, "it cannot be read");
		return;
	}
	key = pst_props_bytes(store, PST_P_RECORD_KEY);
	if (key == NULL || g_bytes_get_size(key) != 16)
		pst_check_say(c, R_STORE, "no record key");
	if (!pst_props_int(store, PST_P_PASSWORD, &password))
		pst_check_say(c, R_STORE, "no password field");
	pst_props_int(store, PST_P_VALID_FOLDER_MASK, &mask);
	for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autoptr(GBytes) id = pst_props_bytes(store, folders[i].id);
		const guint8 *p;

		if (id == NULL) {
			if ((mask & folders[i].bit) && (folders[i].bit & 0xc9))
				pst_check_say(c, R_STORE,
				    "the folder mask promises %04x",
				    folders[i].id);
			continue;
		}
		p = g_bytes_get_data(id, NULL);
		if (g_bytes_get_size(id) != 24 || key == NULL ||
		    memcmp(p + 4, g_bytes_get_data(key, NULL), 16) != 0 ||
		    pst_check_node(c, get_le32(p + 20)) == NULL)
			pst_check_say(c, R_STORE,
			    "entry id %04x leads to no folder of this file",
			    folders[i].id);
	}
}

void
pst_check_mail(struct check *c)
{
	struct mail mail = {.c = c};
	const struct pst_node *root;

	mail.listed = g_malloc0(c->nodes->len + 1u);
	check_nodes(c);
	check_store(c);
	root = pst_check_node(c, PST_NID_ROOT);
	if (root) {
		mail.listed[node_index(c, root)] = 1;
		check_folder(&mail, PST_NID_ROOT);
	}
	for (guint i = 0; i < c->nodes->len; i++) {
		const struct pst_node *n =
		    &g_array_index(c->nodes, struct pst_node, i);
		guint type = PST_NID_TYPE(n->nid);

		if (mail.listed[i])
			continue;
		if (type == PST_MESSAGE)
			pst_check_say(c, R_LISTED,
			    "message %x is in no folder's table", n->nid);
		else if (type == PST_FOLDER)
			pst_check_say(c, R_FOLDER,
			    "folder %x is in no folder's table", n->nid);
	}
	g_free(mail.listed);
	check_versions(c);
	pst_check_names(c);
	if (c->ours)
		pst_check_id_map(c);
}
