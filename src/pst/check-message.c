/* The checker: messages, attachments, sizes (spec/pst.md 17.2, 13 and 14). */
#include "pst/check-private.h"

#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

#define SUBJECT_MAX 255 /* UTF-16 units with the marker: spec/pst.md 13.3 */

/* spec/pst.md 14.2: sums, list blocks not counted. */
static guint64
tree_size(struct check *c, guint64 bid, guint depth)
{
	const struct check_block *b = pst_check_block(c, bid);
	g_autoptr(GBytes) bytes = NULL;
	const guint8 *p;
	guint64 sum = 0;
	gsize len;

	if (bid == 0 || b == NULL || depth > 3)
		return 0;
	if ((bid & PST_BID_INTERNAL) == 0)
		return b->cb;
	if (pst_ndb_block(c->ndb, bid, &bytes, NULL) < 0)
		return 0;
	p = g_bytes_get_data(bytes, &len);
	for (gsize at = 8; at + 8 <= len; at += 8)
		sum += tree_size(c, get_le64(p + at), depth + 1);
	return sum;
}

guint64
pst_check_data_size(struct check *c, guint64 data, guint64 sub, guint depth)
{
	guint64 sum = tree_size(c, data, 0);
	struct pst_sub_walk walk;
	struct pst_node node;

	if (depth > 2 * PST_EMBED_MAX)
		return sum;
	pst_sub_walk_init(&walk, c->ndb, sub);
	while (pst_sub_walk_next(&walk, &node, NULL) == ST_OK)
		sum += pst_check_data_size(c, node.data, node.sub, depth + 1);
	return sum;
}

bool
pst_check_value_size(
    const PstProps *props, const struct pst_prop *prop, guint64 *out)
{
	g_auto(PstValue) value = {0};

	if (pst_props_value(props, prop, &value, NULL) < 0)
		return false;
	*out = value.len;
	return true;
}

static const struct {
	guint id;
	guint16 type;
} message_needs[] = {
    {PST_P_MESSAGE_CLASS, PST_T_UNICODE},
    {PST_P_MESSAGE_FLAGS, PST_T_INT32},
    {PST_P_MESSAGE_SIZE, PST_T_INT32},
    {PST_P_CREATION_TIME, PST_T_TIME},
    {PST_P_MODIFICATION_TIME, PST_T_TIME},
    {PST_P_SEARCH_KEY, PST_T_BINARY},
};

static void
check_subject(struct check *c, const PstProps *props, guint32 nid)
{
	g_autoptr(GBytes) bytes = pst_props_bytes(props, PST_P_SUBJECT);
	const guint8 *p;
	gsize len;

	if (bytes == NULL)
		return;
	p = g_bytes_get_data(bytes, &len);
	if (len < 4 || len / 2 > SUBJECT_MAX || get_le16(p) != 1 ||
	    get_le16(p + 2) < 1 || get_le16(p + 2) > len / 2 - 1)
		pst_check_say(c, R_SUBJECT, "message %x", nid);
}

/* Recipients' names by kind, against what the message shows. */
static void
check_recipients(struct check *c, PstMessage *message)
{
	static const guint shown[] = {
	    0, PST_P_DISPLAY_TO, PST_P_DISPLAY_CC, PST_P_DISPLAY_BCC};
	const PstProps *props = pst_message_props(message);
	GString *want[4] = {0};
	g_auto(PstRow) row = {0};
	PstTable *table;
	enum status st = pst_message_recipients(message, &table, NULL);

	if (st != ST_OK) {
		pst_check_say(c, R_MESSAGE,
		    "message %x has no table of recipients",
		    pst_message_nid(message));
		return;
	}
	for (guint i = 1; i < 4; i++)
		want[i] = g_string_new(NULL);
	while ((st = pst_table_next(table, &row, NULL)) != ST_END) {
		g_autofree char *name = NULL;
		guint32 kind = 0;

		if (st < 0)
			continue;
		c->counts->recipients++;
		name = pst_row_text(table, &row, PST_P_DISPLAY_NAME, 0);
		pst_row_int(table, &row, PST_P_RECIPIENT_TYPE, &kind);
		if (kind < 1 || kind > 3 || name == NULL)
			continue;
		if (want[kind]->len > 0)
			g_string_append(want[kind], "; ");
		g_string_append(want[kind], name);
	}
	for (guint i = 1; i < 4; i++) {
		g_autofree char *text = pst_props_text(props, shown[i]);

		if (text ? strcmp(text, want[i]->str) != 0 || *text == '\0'
			 : want[i]->len > 0)
			pst_check_say(c, R_DISPLAY, "message %x, %04x",
			    pst_message_nid(message), shown[i]);
		g_string_free(want[i], TRUE);
	}
}

static void
check_attachment(struct check *c, PstAttachment *attachment, guint32 message)
{
	const PstProps *props = pst_attachment_props(attachment);
	g_autoptr(PstMessage) inner = NULL;
	g_autoptr(GError) error = NULL;
	guint64 sum = 0, size;
	guint32 said = 0, inner_size = 0;
	enum status st = pst_attachment_message(attachment, &inner, &error);

	c->counts->attachments++;
	if (st < 0)
		pst_check_say(c, R_ATTACHMENT, "%x of message %x: %s",
		    pst_attachment_nid(attachment), message, error->message);
	if (inner) {
		pst_check_message(c, inner);
		inner_size = pst_props_int_or(
		    pst_message_props(inner), PST_P_MESSAGE_SIZE, 0);
	}
	for (guint i = 0; i < pst_props_n(props); i++) {
		const struct pst_prop *prop = pst_props_at(props, i);

		if (prop->type == PST_T_OBJECT)
			sum += inner_size;
		else if (pst_check_value_size(props, prop, &size))
			sum += size;
	}
	if (!pst_props_int(props, PST_P_ATTACH_SIZE, &said) ||
	    said != (guint32)sum)
		pst_check_say(c, R_ATTACH_SIZE,
		    "%x of message %x says %u, is %" G_GUINT64_FORMAT,
		    pst_attachment_nid(attachment), message, said, sum);
}

/* The table of attachments: each row is a subnode, each subnode a row. */
static void
check_attachments(struct check *c, PstMessage *message, guint64 sub)
{
	g_autoptr(PstTable) table = NULL;
	g_autoptr(GError) error = NULL;
	g_auto(PstRow) row = {0};
	guint32 nid = pst_message_nid(message);
	struct pst_node node;
	PstAttachment *attachment;
	guint n = 0, rows = 0;
	enum status st;

	while ((st = pst_message_next_attachment(
		    message, &attachment, &error)) != ST_END) {
		if (st < 0) {
			pst_check_say(c, R_ATTACHMENT, "%s", error->message);
			g_clear_error(&error);
			continue;
		}
		n++;
		check_attachment(c, attachment, nid);
		pst_attachment_close(attachment);
	}
	if (pst_sub_node(c->ndb, sub, PST_NID_ATTACHMENTS, &node, NULL) ==
	    ST_OK)
		pst_table_open(&table, c->ndb, node.data, node.sub, NULL);
	while (table && (st = pst_table_next(table, &row, NULL)) != ST_END) {
		struct pst_node found;

		rows++;
		if (st == ST_OK &&
		    pst_sub_node(c->ndb, sub, row.id, &found, NULL) != ST_OK)
			pst_check_say(c, R_ATTACHMENT,
			    "message %x lists %x, which is missing", nid,
			    row.id);
	}
	if (rows != n)
		pst_check_say(c, R_ATTACHMENT,
		    "message %x lists %u attachments, has %u", nid, rows, n);
	if (((pst_props_int_or(
		  pst_message_props(message), PST_P_MESSAGE_FLAGS, 0) &
		 PST_MSGFLAG_ATTACH) != 0) != (n > 0))
		pst_check_say(c, R_MESSAGE,
		    "message %x is wrong about having attachments", nid);
}

void
pst_check_message(struct check *c, PstMessage *message)
{
	const PstProps *props = pst_message_props(message);
	const struct pst_heap *heap = pst_props_heap(props);
	guint32 nid = pst_message_nid(message), said = 0;
	guint64 size;

	c->counts->messages++;
	for (guint i = 0; i < G_N_ELEMENTS(message_needs); i++) {
		const struct pst_prop *prop =
		    pst_props_find(props, message_needs[i].id);

		if (prop == NULL || prop->type != message_needs[i].type)
			pst_check_say(c, R_MESSAGE, "message %x has no %04x",
			    nid, message_needs[i].id);
	}
	check_attachments(c, message, heap->sub);
	if (!c->ours)
		return;
	check_subject(c, props, nid);
	check_recipients(c, message);
	size = pst_check_data_size(c, heap->data.bid, heap->sub, 0);
	if (!pst_props_int(props, PST_P_MESSAGE_SIZE, &said) ||
	    said != (guint32)size)
		pst_check_say(c, R_MESSAGE_SIZE,
		    "message %x says %u, is %" G_GUINT64_FORMAT, nid, said,
		    size);
}
