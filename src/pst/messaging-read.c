#include "pst/messaging-read.h"

#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

#define NAME_STREAM_MAX (4u << 20) /* bytes of each stream of the name map */

/* Property sets, [MS-OXPROPS] 1.3.2; the first three parts little-endian. */
#define GUID_TAIL 0xc0, 0, 0, 0, 0, 0, 0, 0x46
const guint8 pst_guid_mapi[16] = {0x28, 0x03, 0x02, 0, 0, 0, 0, 0, GUID_TAIL};
const guint8 pst_guid_public_strings[16] = {
    0x29, 0x03, 0x02, 0, 0, 0, 0, 0, GUID_TAIL};
const guint8 pst_guid_common[16] = {0x08, 0x20, 0x06, 0, 0, 0, 0, 0, GUID_TAIL};
const guint8 pst_guid_appointment[16] = {
    0x02, 0x20, 0x06, 0, 0, 0, 0, 0, GUID_TAIL};
const guint8 pst_guid_address[16] = {
    0x04, 0x20, 0x06, 0, 0, 0, 0, 0, GUID_TAIL};
const guint8 pst_guid_task[16] = {0x03, 0x20, 0x06, 0, 0, 0, 0, 0, GUID_TAIL};
const guint8 pst_guid_meeting[16] = {0x90, 0xda, 0xd8, 0x6e, 0x0b, 0x45, 0x1b,
    0x10, 0x98, 0xda, 0, 0xaa, 0, 0x3f, 0x13, 0x05};
const guint8 pst_guid_internet_headers[16] = {
    0x86, 0x03, 0x02, 0, 0, 0, 0, 0, GUID_TAIL};

struct Pst {
	PstNdb *ndb;
	PstProps *store;
	bool store_tried, names_tried;
	GArray *names; /* of struct pst_name; index i is property 8000 + i */
	GHashTable *numbered; /* ids of those without text, by key_of() */
	GStringChunk *chunk;
};

enum status
pst_open(Pst **out, const char *path, GError **error)
{
	g_autoptr(Pst) pst = g_new0(Pst, 1);
	enum status st;

	*out = NULL;
	pst->names = g_array_new(FALSE, TRUE, sizeof(struct pst_name));
	pst->numbered =
	    g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	pst->chunk = g_string_chunk_new(4096);
	st = pst_ndb_open(&pst->ndb, path, error);
	if (st < 0)
		return st;
	*out = g_steal_pointer(&pst);
	return ST_OK;
}

void
pst_close(Pst *pst)
{
	if (pst == NULL)
		return;
	pst_props_free(pst->store);
	pst_ndb_close(pst->ndb);
	g_array_unref(pst->names);
	g_hash_table_unref(pst->numbered);
	g_string_chunk_free(pst->chunk);
	g_free(pst);
}

PstNdb *
pst_ndb(Pst *pst)
{
	return pst->ndb;
}

/* A node's properties. ST_ITEM also when there is no such node. */
static enum status
node_props(Pst *pst, guint32 nid, struct pst_node *node, PstProps **out,
    GError **error)
{
	enum status st = pst_ndb_node(pst->ndb, nid, node, error);

	if (st == ST_END)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "node %x is missing", nid);
	if (st == ST_OK)
		st =
		    pst_props_open(out, pst->ndb, node->data, node->sub, error);
	if (st < 0)
		g_prefix_error(error, "node %x: ", nid);
	return st;
}

const PstProps *
pst_store(Pst *pst)
{
	struct pst_node node;

	if (!pst->store_tried)
		node_props(pst, PST_NID_STORE, &node, &pst->store, NULL);
	pst->store_tried = true;
	return pst->store;
}

guint32
pst_top_folder(Pst *pst)
{
	g_autoptr(GBytes) id = NULL;
	struct pst_node node;
	const guint8 *p;
	gsize len;
	guint32 nid;

	if (pst_store(pst))
		id = pst_props_bytes(pst->store, PST_P_IPM_SUBTREE);
	/* EntryID: flags(4), record key of the store(16), node id(4). */
	if (id && (p = g_bytes_get_data(id, &len)) != NULL && len >= 24) {
		nid = get_le32(p + 20);
		if (PST_NID_TYPE(nid) == PST_FOLDER &&
		    pst_ndb_node(pst->ndb, nid, &node, NULL) == ST_OK)
			return nid;
	}
	if (pst_ndb_node(pst->ndb, PST_NID_TOP, &node, NULL) == ST_OK)
		return PST_NID_TOP;
	return PST_NID_ROOT;
}

guint32
pst_receive_folder(Pst *pst)
{
	g_autoptr(PstTable) table = NULL;
	g_auto(PstRow) row = {0};
	struct pst_node node;
	guint32 found = 0;
	enum status st =
	    pst_ndb_node(pst->ndb, PST_NID_RECEIVE_FOLDERS, &node, NULL);

	if (st == ST_OK)
		st =
		    pst_table_open(&table, pst->ndb, node.data, node.sub, NULL);
	if (st != ST_OK)
		return 0;
	/* For every class, unless notes have a place of their own. */
	while ((st = pst_table_next(table, &row, NULL)) != ST_END) {
		g_autofree char *class = NULL;
		guint32 nid = 0;

		if (st < 0 || !pst_row_int(table, &row, 0x6605, &nid) ||
		    PST_NID_TYPE(nid) != PST_FOLDER)
			continue;
		class = pst_row_text(table, &row, PST_P_MESSAGE_CLASS, 0);
		if (class && g_ascii_strcasecmp(class, "IPM.Note") == 0)
			return nid;
		if (class == NULL || *class == '\0' ||
		    g_ascii_strcasecmp(class, "IPM") == 0)
			found = nid;
	}
	return found;
}

bool
pst_has_password(Pst *pst)
{
	guint32 crc = 0;

	return pst_store(pst) &&
	       pst_props_int(pst->store, PST_P_PASSWORD, &crc) && crc != 0;
}

/* Name-to-id map */

static GBytes *
stream(const PstProps *map, guint id)
{
	GBytes *bytes = pst_props_bytes(map, id);

	if (bytes && g_bytes_get_size(bytes) > NAME_STREAM_MAX)
		g_clear_pointer(&bytes, g_bytes_unref);
	return bytes ? bytes : g_bytes_new(NULL, 0);
}

/* Of a numbered name; whoever finds one compares the whole set. */
static gint64
key_of(const guint8 guid[16], guint32 lid)
{
	return (gint64)((guint64)(get_le32(guid) ^ get_le32(guid + 4) ^
				  get_le32(guid + 8) ^ get_le32(guid + 12))
			    << 32 |
			lid);
}

static void
names_load(Pst *pst)
{
	g_autoptr(PstProps) map = NULL;
	g_autoptr(GBytes) guids = NULL, entries = NULL, strings = NULL;
	const guint8 *g, *e, *s;
	gsize g_len, e_len, s_len;
	struct pst_node node;

	pst->names_tried = true;
	if (node_props(pst, PST_NID_NAMES, &node, &map, NULL) < 0)
		return;
	guids = stream(map, 0x0002);
	entries = stream(map, 0x0003);
	strings = stream(map, 0x0004);
	g = g_bytes_get_data(guids, &g_len);
	e = g_bytes_get_data(entries, &e_len);
	s = g_bytes_get_data(strings, &s_len);
	for (; e_len >= 8; e += 8, e_len -= 8) {
		struct pst_name name = {0};
		guint32 n = get_le32(e);
		guint kind = get_le16(e + 4), at = get_le16(e + 6);
		guint set = kind >> 1;

		if (at >= PST_NAMES_MAX)
			continue;
		if (set == 1)
			memcpy(name.guid, pst_guid_mapi, 16);
		else if (set == 2)
			memcpy(name.guid, pst_guid_public_strings, 16);
		else if (set >= 3 && 16 * ((gsize)set - 2) <= g_len)
			memcpy(name.guid, g + 16 * (set - 3), 16);
		else if (set >= 3)
			continue;
		name.lid = n;
		if (kind & 1) {
			g_autofree char *text = NULL;

			if (n + 4ull > s_len || get_le32(s + n) > s_len - n - 4)
				continue;
			text = pst_text_from_utf16(s + n + 4, get_le32(s + n));
			name.name = g_string_chunk_insert(pst->chunk, text);
		}
		if (at >= pst->names->len)
			g_array_set_size(pst->names, at + 1);
		/* An entry that was given up has neither. */
		g_array_index(pst->names, struct pst_name, at) = name;
		if (name.name == NULL) {
			gint64 key = key_of(name.guid, n);

			g_hash_table_insert(pst->numbered,
			    g_memdup2(&key, sizeof key),
			    GUINT_TO_POINTER(0x8000 + at));
		}
	}
}

bool
pst_name_of(Pst *pst, guint id, struct pst_name *out)
{
	if (!pst->names_tried)
		names_load(pst);
	if (id < 0x8000 || id - 0x8000 >= pst->names->len)
		return false;
	*out = g_array_index(pst->names, struct pst_name, id - 0x8000);
	return out->name != NULL || out->lid != 0;
}

guint
pst_name_id(Pst *pst, const guint8 guid[16], guint32 lid, const char *name)
{
	const struct pst_name *n;

	if (!pst->names_tried)
		names_load(pst);
	if (name == NULL) {
		gint64 key = key_of(guid, lid);
		guint id =
		    GPOINTER_TO_UINT(g_hash_table_lookup(pst->numbered, &key));

		if (id == 0)
			return 0;
		n = &g_array_index(pst->names, struct pst_name, id - 0x8000);
		if (memcmp(n->guid, guid, 16) == 0)
			return id;
	}
	for (guint i = 0; i < pst->names->len; i++) {
		n = &g_array_index(pst->names, struct pst_name, i);
		if (memcmp(n->guid, guid, 16) != 0)
			continue;
		if (name ? n->name && g_ascii_strcasecmp(n->name, name) == 0
			 : n->name == NULL && n->lid == lid)
			return 0x8000 + i;
	}
	return 0;
}

/* Folders */

/* One of a folder's lists: its table, or what the node tree says of it. */
struct listing {
	guint8 table_type, item_type;
	PstTable *table;
	bool begun, by_tree, table_missing;
	struct pst_walk walk;
};

struct PstFolder {
	Pst *pst;
	guint32 nid;
	PstProps *props;
	struct listing children, messages;
};

enum status
pst_folder_open(PstFolder **out, Pst *pst, guint32 nid, GError **error)
{
	g_autoptr(PstFolder) folder = g_new0(PstFolder, 1);
	struct pst_node node;
	enum status st;

	*out = NULL;
	folder->pst = pst;
	folder->nid = nid;
	folder->children.table_type = PST_HIERARCHY_TABLE;
	folder->children.item_type = PST_FOLDER;
	folder->messages.table_type = PST_CONTENTS_TABLE;
	folder->messages.item_type = PST_MESSAGE;
	st = node_props(pst, nid, &node, &folder->props, error);
	if (folder->props == NULL)
		folder->props = pst_props_none();
	*out = g_steal_pointer(&folder);
	return st;
}

void
pst_folder_close(PstFolder *folder)
{
	if (folder == NULL)
		return;
	pst_props_free(folder->props);
	pst_table_free(folder->children.table);
	pst_table_free(folder->messages.table);
	g_free(folder);
}

guint32
pst_folder_nid(const PstFolder *folder)
{
	return folder->nid;
}

const PstProps *
pst_folder_props(const PstFolder *folder)
{
	return folder->props;
}

static void
listing_by_tree(PstFolder *folder, struct listing *list)
{
	list->by_tree = true;
	pst_walk_init(&list->walk, folder->pst->ndb, PST_PAGE_NBT);
}

/* ST_ITEM when the table cannot be used: said once, then the tree serves. */
static enum status
listing_begin(PstFolder *folder, struct listing *list, GError **error)
{
	struct pst_node node;
	guint32 nid = PST_NID(PST_NID_INDEX(folder->nid), list->table_type);
	enum status st = pst_ndb_node(folder->pst->ndb, nid, &node, error);

	list->begun = true;
	if (st == ST_END)
		st = fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "table is missing");
	else if (st == ST_OK)
		st = pst_table_open(
		    &list->table, folder->pst->ndb, node.data, node.sub, error);
	if (st < 0) {
		g_prefix_error(error, "table %x: ", nid);
		listing_by_tree(folder, list);
	}
	return st;
}

static enum status
listing_next(
    PstFolder *folder, struct listing *list, guint32 *nid, GError **error)
{
	enum status st;

	*nid = 0;
	if (!list->begun) {
		st = listing_begin(folder, list, error);
		if (st < 0)
			return st;
	}
	while (list->by_tree) {
		struct pst_node node;

		st = pst_walk_node(&list->walk, &node, error);
		if (st != ST_OK)
			return st;
		*nid = node.nid;
		if (node.parent == folder->nid && node.nid != folder->nid &&
		    PST_NID_TYPE(node.nid) == list->item_type)
			return ST_OK;
	}
	for (;;) {
		g_auto(PstRow) row = {0};

		st = pst_table_next(list->table, &row, error);
		*nid = row.id;
		/* The id alone is what we need; the cells may be damaged. */
		if (st < 0 && row.id != 0) {
			g_clear_error(error);
			st = ST_OK;
		}
		if (st < 0) {
			g_prefix_error(error, "table %x: ",
			    PST_NID(
				PST_NID_INDEX(folder->nid), list->table_type));
			return st;
		}
		if (st != ST_OK || (PST_NID_TYPE(*nid) == list->item_type &&
				       *nid != folder->nid))
			return st;
	}
}

enum status
pst_folder_next_child(PstFolder *folder, guint32 *nid, GError **error)
{
	return listing_next(folder, &folder->children, nid, error);
}

enum status
pst_folder_next_message(PstFolder *folder, guint32 *nid, GError **error)
{
	return listing_next(folder, &folder->messages, nid, error);
}

static void
listing_rewind(PstFolder *folder, struct listing *list)
{
	if (list->by_tree)
		listing_by_tree(folder, list);
	else if (list->table)
		pst_table_rewind(list->table);
}

void
pst_folder_rewind(PstFolder *folder)
{
	listing_rewind(folder, &folder->children);
	listing_rewind(folder, &folder->messages);
}

/* Messages */

struct PstMessage {
	Pst *pst;
	struct pst_node node;
	guint depth; /* 0: in a folder */
	PstProps *props;
	PstTable *recipients;
	struct pst_sub_walk walk; /* over attachments */
};

struct PstAttachment {
	Pst *pst;
	struct pst_node node;
	guint depth;
	PstProps *props;
};

static enum status
message_open(PstMessage **out, Pst *pst, const struct pst_node *node,
    guint depth, GError **error)
{
	g_autoptr(PstMessage) message = g_new0(PstMessage, 1);
	enum status st;

	*out = NULL;
	message->pst = pst;
	message->node = *node;
	message->depth = depth;
	pst_sub_walk_init(&message->walk, pst->ndb, node->sub);
	st = pst_props_open(
	    &message->props, pst->ndb, node->data, node->sub, error);
	if (st < 0) {
		g_prefix_error(error, "message %x: ", node->nid);
		return st;
	}
	*out = g_steal_pointer(&message);
	return ST_OK;
}

enum status
pst_message_open(PstMessage **out, Pst *pst, guint32 nid, GError **error)
{
	struct pst_node node;
	enum status st = pst_ndb_node(pst->ndb, nid, &node, error);

	*out = NULL;
	if (st == ST_END)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "message %x is missing", nid);
	if (st < 0)
		return st;
	return message_open(out, pst, &node, 0, error);
}

void
pst_message_close(PstMessage *message)
{
	if (message == NULL)
		return;
	pst_props_free(message->props);
	pst_table_free(message->recipients);
	g_free(message);
}

guint32
pst_message_nid(const PstMessage *message)
{
	return message->node.nid;
}

guint32
pst_message_parent(const PstMessage *message)
{
	return message->node.parent;
}

const PstProps *
pst_message_props(const PstMessage *message)
{
	return message->props;
}

char *
pst_message_subject(const PstMessage *message)
{
	char *text = pst_props_text(message->props, PST_P_SUBJECT);

	/* U+0001, then the length of the prefix as a character. */
	if (text && text[0] == '\x01' && text[1] != '\0') {
		const char *rest = g_utf8_next_char(text + 1);

		memmove(text, rest, strlen(rest) + 1);
	}
	return text;
}

enum status
pst_message_recipients(PstMessage *message, PstTable **out, GError **error)
{
	struct pst_node node;
	enum status st;

	*out = message->recipients;
	if (*out)
		return ST_OK;
	st = pst_sub_node(message->pst->ndb, message->node.sub,
	    PST_NID_RECIPIENTS, &node, error);
	if (st == ST_OK)
		st = pst_table_open(&message->recipients, message->pst->ndb,
		    node.data, node.sub, error);
	if (st < 0)
		g_prefix_error(
		    error, "recipients of message %x: ", message->node.nid);
	*out = message->recipients;
	return st;
}

enum status
pst_message_next_attachment(
    PstMessage *message, PstAttachment **out, GError **error)
{
	struct pst_node node;
	enum status st;

	*out = NULL;
	while (
	    (st = pst_sub_walk_next(&message->walk, &node, error)) == ST_OK) {
		g_autoptr(PstAttachment) attachment = NULL;

		if (PST_NID_TYPE(node.nid) != PST_ATTACHMENT)
			continue;
		attachment = g_new0(PstAttachment, 1);
		attachment->pst = message->pst;
		attachment->node = node;
		attachment->depth = message->depth;
		st = pst_props_open(&attachment->props, message->pst->ndb,
		    node.data, node.sub, error);
		if (st == ST_OK)
			*out = g_steal_pointer(&attachment);
		break;
	}
	if (st < 0)
		g_prefix_error(
		    error, "attachment of message %x: ", message->node.nid);
	return st;
}

void
pst_message_rewind_attachments(PstMessage *message)
{
	pst_sub_walk_init(&message->walk, message->pst->ndb, message->node.sub);
}

void
pst_attachment_close(PstAttachment *attachment)
{
	if (attachment == NULL)
		return;
	pst_props_free(attachment->props);
	g_free(attachment);
}

const PstProps *
pst_attachment_props(const PstAttachment *attachment)
{
	return attachment->props;
}

guint32
pst_attachment_nid(const PstAttachment *attachment)
{
	return attachment->node.nid;
}

enum status
pst_attachment_value(
    PstAttachment *attachment, struct pst_value *out, GError **error)
{
	const struct pst_prop *prop =
	    pst_props_find(attachment->props, PST_P_ATTACH_DATA);
	g_auto(PstSpan) span = {0};
	struct pst_node node;
	enum status st;

	if (prop == NULL)
		return ST_END;
	if (prop->type != PST_T_OBJECT)
		return pst_props_value(attachment->props, prop, out, error);
	/* PtypObject: node id(4), size(4); [MS-PST] 2.3.3.5 */
	st = pst_heap_get(
	    pst_props_heap(attachment->props), prop->raw, &span, error);
	if (st < 0)
		return st;
	if (span.len < 4)
		return ST_END;
	st = pst_sub_node(attachment->pst->ndb, attachment->node.sub,
	    get_le32(span.p), &node, error);
	if (st == ST_END)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "object %x is missing", get_le32(span.p));
	if (st < 0)
		return st;
	out->type = PST_T_BINARY;
	st = pst_data_open(&out->data, attachment->pst->ndb, node.data, error);
	out->len = out->data.size;
	return st;
}

enum status
pst_attachment_message(
    PstAttachment *attachment, PstMessage **out, GError **error)
{
	const struct pst_prop *prop =
	    pst_props_find(attachment->props, PST_P_ATTACH_DATA);
	g_auto(PstSpan) span = {0};
	struct pst_node node;
	enum status st;

	*out = NULL;
	if (pst_props_int_or(attachment->props, PST_P_ATTACH_METHOD, 0) !=
		PST_ATTACH_EMBEDDED ||
	    prop == NULL || prop->type != PST_T_OBJECT)
		return ST_END;
	if (attachment->depth >= PST_EMBED_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "messages within messages, more than %d deep",
		    PST_EMBED_MAX);
	/* PtypObject: node id(4), size(4); [MS-PST] 2.3.3.5 */
	st = pst_heap_get(
	    pst_props_heap(attachment->props), prop->raw, &span, error);
	if (st == ST_OK && span.len < 4)
		st = fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "embedded message is damaged: no node id");
	if (st < 0)
		return st;
	st = pst_sub_node(attachment->pst->ndb, attachment->node.sub,
	    get_le32(span.p), &node, error);
	if (st == ST_END)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "embedded message %x is missing", get_le32(span.p));
	if (st < 0)
		return st;
	return message_open(
	    out, attachment->pst, &node, attachment->depth + 1, error);
}
