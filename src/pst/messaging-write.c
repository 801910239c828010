#include "pst/messaging-write.h"

#include "pst/bytes.h"
#include "pst/format.h"
#include "pst/messaging-write-private.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define TAG(id, type) ((guint32)(id) << 16 | (type))
#define BUFFER_MAX    16384 /* bytes of rows a folder keeps before it spools */
#define BUFFERED_MAX  (16u << 20) /* bytes of all folders */
/* Bytes of text in a folder's rows; more and its table could outgrow 65,536
 * blocks. The rest goes on in a second folder. */
#define FOLDER_TEXT_MAX (440ull << 20)
#define FOLDERS_MAX	65000 /* so that their ids stay below the messages' */

static enum status
random_bytes(void *p, gsize len, GError **error)
{
	if (getrandom(p, len, 0) == (ssize_t)len)
		return ST_OK;
	return fail(ST_RUN, error, ERR_IO, RETRY_NEVER, "no random numbers: %s",
	    g_strerror(errno));
}

static void
folder_free(gpointer data)
{
	struct writer_folder *f = data;

	g_free(f->name);
	g_free(f->class);
	g_free(f->comment);
	if (f->buffer)
		g_byte_array_unref(f->buffer);
	if (f->chunks)
		g_array_unref(f->chunks);
	g_free(f);
}

static void
object_free(gpointer data)
{
	struct writer_object *o = data;

	pst_bag_free(o->bag);
	g_array_unref(o->subnodes);
	g_byte_array_unref(o->rows);
	g_byte_array_unref(o->attachments);
	for (guint i = 1; i < 4; i++)
		g_string_free(o->shown[i], TRUE);
	g_free(o);
}

/* The next number of a row's id, which is nid's. */
static enum status
new_item(PstWriter *w, guint32 nid, guint64 *item, GError **error)
{
	guint8 p[4];

	put_le32(p, nid);
	*item = ++w->items;
	return spool_write(w->item_nids, p, 4, error);
}

static enum status
add_folder(PstWriter *w, guint32 parent, const char *name, const char *class,
    guint32 *nid, GError **error)
{
	struct writer_folder *f = g_new0(struct writer_folder, 1);
	struct writer_folder *up = pst_writer_find(w, parent);

	f->nid = PST_NID(WRITER_FIRST_FOLDER + w->folders->len, PST_FOLDER);
	f->parent = parent;
	f->name = g_strdup(name);
	f->class = g_strdup(class);
	g_ptr_array_add(w->folders, f);
	if (up)
		up->children++;
	if (nid)
		*nid = f->nid;
	return new_item(w, f->nid, &f->item, error);
}

enum status
pst_writer_open(PstWriter **out, const char *path,
    const struct pst_writer_params *params, GError **error)
{
	static const struct {
		guint32 parent;
		const char *name, *comment;
	} system_folders[] = {
	    {PST_NID_ROOT, "Top of Outlook data file", NULL},
	    {PST_NID_ROOT, "Search Root", NULL},
	    {PST_NID_TOP, "Deleted Items", "Deleted Items folder"},
	    {PST_NID_ROOT, "IPM_COMMON_VIEWS", NULL},
	};
	g_autoptr(PstWriter) w = g_new0(PstWriter, 1);
	enum status st;

	*out = NULL;
	st = pst_out_open(
	    &w->out, path, !params->plain, params->spool_dir, error);
	if (st < 0)
		return st;
	w->heap = pst_heap_out_new(w->out, PST_HN_PC);
	w->table = pst_table_out_new(w->out);
	w->data = pst_out_data_new(w->out);
	w->row = pst_bag_new(w->out);
	w->cells = pst_bag_new(w->out);
	w->names = pst_names_out_new();
	w->name = g_strdup(params->name);
	w->item_ids = !params->no_item_ids;
	w->item_nids = spool_new(params->spool_dir);
	w->rows = spool_new(params->spool_dir);
	w->folders = g_ptr_array_new_with_free_func(folder_free);
	w->objects = g_ptr_array_new_with_free_func(object_free);
	w->siblings =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	st = random_bytes(w->store_key, 16, error);
	if (st == ST_OK)
		st = random_bytes(w->replica, 16, error);
	if (st == ST_OK)
		st = random_bytes(w->item_prefix, 8, error);
	for (guint i = 0; i < G_N_ELEMENTS(system_folders) && st == ST_OK;
	     i++) {
		struct writer_folder *f;
		g_autofree char *folded =
		    g_utf8_casefold(system_folders[i].name, -1);

		st = add_folder(w, system_folders[i].parent,
		    system_folders[i].name, NULL, NULL, error);
		f = w->folders->pdata[i];
		f->comment = g_strdup(system_folders[i].comment);
		g_hash_table_add(
		    w->siblings, g_strdup_printf("%x %s", f->parent, folded));
	}
	if (st < 0)
		return st;
	*out = g_steal_pointer(&w);
	return ST_OK;
}

void
pst_writer_close(PstWriter *w)
{
	if (w == NULL)
		return;
	pst_bag_free(w->row);
	pst_bag_free(w->cells);
	pst_heap_out_free(w->heap);
	pst_table_out_free(w->table);
	pst_out_data_free(w->data);
	pst_names_out_free(w->names);
	g_clear_pointer(&w->objects, g_ptr_array_unref);
	g_clear_pointer(&w->folders, g_ptr_array_unref);
	g_clear_pointer(&w->siblings, g_hash_table_unref);
	spool_free(w->item_nids);
	spool_free(w->rows);
	pst_out_free(w->out);
	g_free(w->name);
	g_free(w);
}

struct writer_folder *
pst_writer_find(PstWriter *w, guint32 nid)
{
	guint i = PST_NID_INDEX(nid) - WRITER_FIRST_FOLDER;

	if (PST_NID_TYPE(nid) != PST_FOLDER || i >= w->folders->len)
		return NULL;
	return w->folders->pdata[i];
}

/* Legal, at most max UTF-16 units, without blanks at its end. */
static char *
clean_name(const char *name, guint max)
{
	GString *out = g_string_new(NULL);
	g_autofree char *valid = g_utf8_make_valid(name, -1);
	guint units = 0;

	for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		units += c >= 0x10000 ? 2 : 1;
		if (units > max)
			break;
		g_string_append_unichar(out, g_unichar_iscntrl(c) ? ' ' : c);
	}
	while (out->len > 0 && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	if (out->len == 0)
		g_string_append_c(out, '_');
	return g_string_free(out, FALSE);
}

enum status
pst_writer_folder(PstWriter *w, guint32 parent, const char *name,
    const char *class, guint32 *nid, GError **error)
{
	g_autofree char *clean = clean_name(name, PST_WRITER_NAME_MAX);

	g_assert(w->depth == 0 && pst_writer_find(w, parent) != NULL);
	if (w->folders->len >= FOLDERS_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "more than %d folders have no room in one .pst",
		    FOLDERS_MAX);
	for (guint n = 1;; n++) {
		g_autofree char *folded = NULL;
		g_autofree char *key = NULL;

		if (n > 1) {
			g_autofree char *base =
			    clean_name(name, PST_WRITER_NAME_MAX - 8);

			g_free(clean);
			clean = g_strdup_printf("%s (%u)", base, n);
		}
		folded = g_utf8_casefold(clean, -1);
		key = g_strdup_printf("%x %s", parent, folded);
		if (g_hash_table_contains(w->siblings, key))
			continue;
		g_hash_table_add(w->siblings, g_steal_pointer(&key));
		break;
	}
	pst_out_nid(w->out, PST_FOLDER);
	pst_out_mark(w->out);
	return add_folder(
	    w, parent, clean, class ? class : "IPF.Note", nid, error);
}

void
pst_writer_folder_class(PstWriter *w, guint32 nid, const char *class)
{
	struct writer_folder *f = pst_writer_find(w, nid);

	g_assert(f != NULL);
	for (; f; f = f->more ? pst_writer_find(w, f->more) : NULL) {
		g_free(f->class);
		f->class = g_strdup(class);
	}
}

void
pst_writer_special(PstWriter *w, enum pst_special what, guint32 nid)
{
	g_assert(pst_writer_find(w, nid) != NULL);
	if (w->special[what] == 0)
		w->special[what] = nid;
}

guint64
pst_filetime(gint64 utc)
{
	return (guint64)(utc + G_GINT64_CONSTANT(11644473600)) * 10000000u;
}

/* Objects */

static struct writer_object *
top(PstWriter *w)
{
	g_assert(w->depth > 0);
	return w->objects->pdata[w->depth - 1];
}

static struct writer_object *
push(PstWriter *w, bool is_message)
{
	struct writer_object *o;

	if (w->depth == w->objects->len) {
		o = g_new0(struct writer_object, 1);
		o->bag = pst_bag_new(w->out);
		o->subnodes =
		    g_array_new(FALSE, FALSE, sizeof(struct pst_subnode));
		o->rows = g_byte_array_new();
		o->attachments = g_byte_array_new();
		for (guint i = 1; i < 4; i++)
			o->shown[i] = g_string_new(NULL);
		g_ptr_array_add(w->objects, o);
	}
	o = w->objects->pdata[w->depth++];
	o->is_message = is_message;
	o->nid = pst_out_nid(w->out, is_message ? PST_MESSAGE : PST_ATTACHMENT);
	o->base = pst_out_data_bytes(w->out);
	pst_bag_reset(o->bag);
	g_array_set_size(o->subnodes, 0);
	g_byte_array_set_size(o->rows, 0);
	g_byte_array_set_size(o->attachments, 0);
	o->n_rows = o->n_attachments = 0;
	for (guint i = 1; i < 4; i++)
		g_string_truncate(o->shown[i], 0);
	return o;
}

guint
pst_writer_depth(const PstWriter *w)
{
	return w->depth;
}

enum status
pst_writer_message(PstWriter *w, guint32 folder, GError **error)
{
	struct writer_folder *f = pst_writer_find(w, folder);
	enum status st;

	g_assert(w->depth == 0 && f != NULL);
	while (f->more)
		f = pst_writer_find(w, f->more);
	if (f->text_bytes > FOLDER_TEXT_MAX) {
		st = pst_writer_folder(
		    w, f->parent, f->name, f->class, &f->more, error);
		if (st < 0)
			return st;
		f = pst_writer_find(w, f->more);
	}
	w->folder = f->nid;
	pst_out_mark(w->out);
	pst_bag_reset(w->cells);
	push(w, true);
	return ST_OK;
}

PstBag *
pst_writer_bag(PstWriter *w)
{
	return top(w)->bag;
}

PstBag *
pst_writer_row(PstWriter *w)
{
	return w->cells;
}

PstOutData *
pst_writer_data(PstWriter *w)
{
	return w->data;
}

guint
pst_writer_name(
    PstWriter *w, const guint8 guid[16], guint32 lid, const char *name)
{
	return pst_names_out_id(w->names, guid, lid, name);
}

static void
append_wide(GByteArray *to, const char *text)
{
	g_autofree char *valid = NULL;
	g_autofree gunichar2 *wide = NULL;
	glong n = 0;

	if (g_str_is_ascii(text)) {
		gsize len = strlen(text) + 1;
		guint at = to->len;

		g_byte_array_set_size(to, at + (guint)(2 * len));
		for (gsize i = 0; i < len; i++)
			put_le16(to->data + at + 2 * i, (guint8)text[i]);
		return;
	}
	valid = g_utf8_make_valid(text, -1);
	wide = g_utf8_to_utf16(valid, -1, NULL, &n, NULL);
	for (glong i = 0; i <= n; i++) {
		guint8 unit[2];

		put_le16(unit, i < n ? wide[i] : 0);
		g_byte_array_append(to, unit, 2);
	}
}

void
pst_one_off(
    GByteArray *to, const char *name, const char *type, const char *address)
{
	/* Version 0; Unicode, no rich text: [MS-OXCDATA] 2.2.5.1 */
	static const guint8 head[24] = {0, 0, 0, 0, 0x81, 0x2b, 0x1f, 0xa4,
	    0xbe, 0xa3, 0x10, 0x19, 0x9d, 0x6e, 0x00, 0xdd, 0x01, 0x0f, 0x54,
	    0x02, 0x00, 0x00, 0x01, 0x80};

	g_byte_array_append(to, head, sizeof head);
	append_wide(to, name);
	append_wide(to, type);
	append_wide(to, address);
}

void
pst_address_key(GByteArray *to, const char *type, const char *address)
{
	g_autofree char *upper = g_str_is_ascii(address)
				     ? g_ascii_strup(address, -1)
				     : g_utf8_strup(address, -1);

	g_byte_array_append(to, (const guint8 *)type, (guint)strlen(type));
	g_byte_array_append(to, (const guint8 *)":", 1);
	g_byte_array_append(
	    to, (const guint8 *)upper, (guint)strlen(upper) + 1);
}

enum status
pst_writer_recipient(
    PstWriter *w, const struct pst_recipient *r, GError **error)
{
	struct writer_object *o = top(w);
	const char *address = r->address ? r->address : "";
	const char *type = r->type ? r->type : "SMTP";
	g_autofree char *name = clean_name(
	    r->name && *r->name ? r->name : address, PST_WRITER_TEXT_MAX);
	g_autoptr(GByteArray) id = g_byte_array_new();
	g_autoptr(GByteArray) key = g_byte_array_new();
	guint8 record_key[16] = {0};
	guint at = o->rows->len;
	enum status st;

	g_assert(o->is_message && r->kind >= PST_TO && r->kind <= PST_BCC);
	pst_one_off(id, name, type, address);
	pst_address_key(key, type, address);
	/* Unique in the file. */
	memcpy(record_key, w->item_prefix, 8);
	put_le32(record_key + 8, o->nid);
	put_le32(record_key + 12, o->n_rows + 1);
	pst_bag_reset(w->row);
	pst_bag_int(w->row, TAG(PST_P_RECIPIENT_TYPE, PST_T_INT32), r->kind);
	pst_bag_int(w->row, TAG(PST_P_RESPONSIBILITY, PST_T_BOOL), 1);
	pst_bag_int(w->row, TAG(PST_P_OBJECT_TYPE, PST_T_INT32), 6);
	pst_bag_int(w->row, TAG(PST_P_DISPLAY_TYPE, PST_T_INT32), 0);
	pst_bag_int(w->row, TAG(PST_P_SEND_RICH, PST_T_BOOL), 0);
	st = pst_bag_bytes(w->row, TAG(PST_P_RECORD_KEY, PST_T_BINARY),
	    record_key, sizeof record_key, error);
	if (st == ST_OK)
		st = pst_bag_bytes(w->row, TAG(PST_P_ENTRYID, PST_T_BINARY),
		    id->data, id->len, error);
	if (st == ST_OK)
		st = pst_bag_bytes(w->row, TAG(PST_P_SEARCH_KEY, PST_T_BINARY),
		    key->data, key->len, error);
	if (st == ST_OK)
		st = pst_bag_text(w->row,
		    TAG(PST_P_DISPLAY_NAME, PST_T_UNICODE), name, -1, 0, error);
	if (st == ST_OK)
		st = pst_bag_text(w->row,
		    TAG(PST_P_7BIT_DISPLAY_NAME, PST_T_UNICODE), name, -1, 0,
		    error);
	if (st == ST_OK)
		st = pst_bag_text(w->row, TAG(PST_P_ADDRTYPE, PST_T_UNICODE),
		    type, -1, 0, error);
	if (st == ST_OK)
		st = pst_bag_text(w->row, TAG(PST_P_EMAIL, PST_T_UNICODE),
		    address, -1, 0, error);
	if (st < 0)
		return st;
	g_byte_array_set_size(o->rows, at + 4);
	pst_bag_dump(w->row, o->rows);
	put_le32(o->rows->data + at, o->rows->len - at - 4);
	o->n_rows++;
	if (o->shown[r->kind]->len > 0)
		g_string_append(o->shown[r->kind], "; ");
	g_string_append(o->shown[r->kind], name);
	return ST_OK;
}

enum status
pst_writer_attachment(PstWriter *w, GError **error)
{
	g_assert(top(w)->is_message);
	push(w, false);
	return ST_OK;
}

/* Into the bag of rows: what both the object and a table's row have. */
static void
row_from(PstWriter *w, const PstBag *bag, guint32 template)
{
	const struct pst_template *t = pst_template(template);

	pst_bag_reset(w->row);
	for (guint i = 0; i < t->n; i++)
		pst_bag_copy(w->row, bag, t->columns[i].tag);
}

enum status
pst_writer_attachment_end(PstWriter *w, GError **error)
{
	struct writer_object *o = top(w), *message;
	const guint32 size_tag = TAG(PST_P_ATTACH_SIZE, PST_T_INT32);
	const guint32 place = TAG(PST_P_RENDERING_POSITION, PST_T_INT32);
	const guint32 method = TAG(PST_P_ATTACH_METHOD, PST_T_INT32);
	struct pst_subnode sub = {.nid = o->nid};
	guint8 head[8];
	guint at;
	enum status st;

	g_assert(!o->is_message);
	message = w->objects->pdata[w->depth - 2];
	if (!pst_bag_has(o->bag, place))
		pst_bag_int(o->bag, place, 0xffffffff);
	if (!pst_bag_has(o->bag, method))
		pst_bag_int(o->bag, method, PST_ATTACH_BY_VALUE);
	pst_bag_int(o->bag, size_tag, 0);
	pst_bag_int(o->bag, size_tag,
	    (guint32)MIN(pst_bag_size(o->bag), PST_OUT_VALUE_MAX));
	st =
	    pst_props_write(o->bag, w->heap, o->subnodes, -1, &sub.data, error);
	if (st == ST_OK)
		st = pst_out_subnodes(w->out, o->subnodes, &sub.sub, error);
	if (st < 0)
		return st;
	g_array_append_val(message->subnodes, sub);
	row_from(w, o->bag, PST_NID_ATTACHMENTS);
	at = message->attachments->len;
	put_le32(head, o->nid);
	g_byte_array_append(message->attachments, head, 8);
	pst_bag_dump(w->row, message->attachments);
	put_le32(message->attachments->data + at + 4,
	    message->attachments->len - at - 8);
	message->n_attachments++;
	w->depth--;
	return ST_OK;
}

enum status
pst_writer_embedded(PstWriter *w, GError **error)
{
	g_assert(!top(w)->is_message);
	if (w->depth / 2 >= PST_WRITER_DEPTH_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "messages within messages, more than %d deep",
		    PST_WRITER_DEPTH_MAX);
	push(w, true);
	return ST_OK;
}

/* The tables of a message, as its subnodes. */
static enum status
message_tables(PstWriter *w, struct writer_object *o, GError **error)
{
	struct pst_subnode sub = {.nid = PST_NID_RECIPIENTS};
	const guint8 *p = o->rows->data;
	enum status st = pst_table_out_begin(
	    w->table, pst_template(PST_NID_RECIPIENTS), o->n_rows, error);

	for (guint i = 1; i <= o->n_rows && st == ST_OK; i++) {
		guint32 len = get_le32(p);

		pst_bag_reset(w->row);
		pst_bag_load(w->row, p + 4, len);
		pst_bag_unshare(w->row);
		st =
		    pst_table_out_row(w->table, i, ++w->version, w->row, error);
		p += 4 + len;
	}
	if (st == ST_OK)
		st = pst_table_out_end(w->table, &sub.data, &sub.sub, error);
	if (st < 0)
		return st;
	g_array_append_val(o->subnodes, sub);
	if (o->n_attachments == 0)
		return ST_OK;
	sub.nid = PST_NID_ATTACHMENTS;
	p = o->attachments->data;
	st = pst_table_out_begin(w->table, pst_template(PST_NID_ATTACHMENTS),
	    o->n_attachments, error);
	for (guint i = 0; i < o->n_attachments && st == ST_OK; i++) {
		guint32 len = get_le32(p + 4);

		pst_bag_reset(w->row);
		pst_bag_load(w->row, p + 8, len);
		st = pst_table_out_row(
		    w->table, get_le32(p), ++w->version, w->row, error);
		p += 8 + len;
	}
	if (st == ST_OK)
		st = pst_table_out_end(w->table, &sub.data, &sub.sub, error);
	if (st == ST_OK)
		g_array_append_val(o->subnodes, sub);
	return st;
}

/* What every message must have: spec/pst.md 13.2. */
static enum status
message_defaults(PstWriter *w, struct writer_object *o, GError **error)
{
	static const guint shown[] = {
	    0, PST_P_DISPLAY_TO, PST_P_DISPLAY_CC, PST_P_DISPLAY_BCC};
	static const guint32 times[] = {TAG(PST_P_CREATION_TIME, PST_T_TIME),
	    TAG(PST_P_MODIFICATION_TIME, PST_T_TIME)};
	const guint32 flags = TAG(PST_P_MESSAGE_FLAGS, PST_T_INT32);
	const guint32 key = TAG(PST_P_SEARCH_KEY, PST_T_BINARY);
	const guint32 class = TAG(PST_P_MESSAGE_CLASS, PST_T_UNICODE);
	guint32 now = pst_bag_get_int(o->bag, flags, 0) & ~PST_MSGFLAG_ATTACH;
	enum status st = ST_OK;

	pst_bag_int(
	    o->bag, flags, now | (o->n_attachments ? PST_MSGFLAG_ATTACH : 0));
	for (guint i = 0; i < G_N_ELEMENTS(times); i++)
		if (!pst_bag_has(o->bag, times[i]))
			pst_bag_int64(
			    o->bag, times[i], pst_filetime(time(NULL)));
	if (!pst_bag_has(o->bag, class))
		st = pst_bag_text(o->bag, class, "IPM.Note", -1, 0, error);
	if (!pst_bag_has(o->bag, key) && st == ST_OK) {
		guint8 p[16] = {0};

		memcpy(p, w->item_prefix, 8);
		put_le32(p + 8, o->nid);
		st = pst_bag_bytes(o->bag, key, p, sizeof p, error);
	}
	for (guint i = 1; i < 4 && st == ST_OK; i++)
		if (o->shown[i]->len > 0)
			st = pst_bag_text(o->bag, TAG(shown[i], PST_T_UNICODE),
			    o->shown[i]->str, (gssize)o->shown[i]->len, 0,
			    error);
	return st;
}

static enum status
message_write(PstWriter *w, struct writer_object *o, guint64 *data,
    guint64 *sub, GError **error)
{
	enum status st = message_defaults(w, o, error);

	if (st == ST_OK)
		st = message_tables(w, o, error);
	if (st == ST_OK)
		st = pst_props_write(
		    o->bag, w->heap, o->subnodes, (gint64)o->base, data, error);
	if (st == ST_OK)
		st = pst_out_subnodes(w->out, o->subnodes, sub, error);
	return st;
}

enum status
pst_writer_embedded_end(PstWriter *w, GError **error)
{
	struct writer_object *o = top(w), *attachment;
	struct pst_subnode sub = {.nid = o->nid};
	enum status st;

	g_assert(o->is_message && w->depth >= 3);
	attachment = w->objects->pdata[w->depth - 2];
	st = message_write(w, o, &sub.data, &sub.sub, error);
	if (st < 0)
		return st;
	g_array_append_val(attachment->subnodes, sub);
	pst_bag_int(attachment->bag, TAG(PST_P_ATTACH_METHOD, PST_T_INT32),
	    PST_ATTACH_EMBEDDED);
	pst_bag_object(attachment->bag, TAG(PST_P_ATTACH_DATA, PST_T_OBJECT),
	    o->nid,
	    pst_bag_get_int(o->bag, TAG(PST_P_MESSAGE_SIZE, PST_T_INT32), 0));
	w->depth--;
	return ST_OK;
}

enum status
pst_writer_item_cells(PstWriter *w, PstBag *row, guint64 item, GError **error)
{
	guint8 id[16], version[24] = {1};
	guint64 big = GUINT64_TO_BE(item);
	enum status st;

	if (!w->item_ids)
		return ST_OK;
	memcpy(id, w->item_prefix, 8);
	memcpy(id + 8, &big, 8);
	memcpy(version + 4, w->replica, 16);
	version[20] = 1;
	st = pst_bag_bytes(
	    row, TAG(PST_P_REPL_ITEM_ID, PST_T_BINARY), id, sizeof id, error);
	pst_bag_int64(row, TAG(PST_P_REPL_CHANGE, PST_T_INT64), item);
	if (st == ST_OK)
		st = pst_bag_bytes(row, TAG(PST_P_REPL_VERSION, PST_T_BINARY),
		    version, sizeof version, error);
	return st;
}

enum status
pst_writer_spool_rows(PstWriter *w, struct writer_folder *f, GError **error)
{
	struct writer_chunk chunk = {.at = w->spooled};
	enum status st;

	if (f->buffer == NULL || f->buffer->len == 0)
		return ST_OK;
	chunk.len = f->buffer->len;
	st = spool_write(w->rows, f->buffer->data, f->buffer->len, error);
	if (st < 0)
		return st;
	w->spooled += chunk.len;
	w->buffered -= chunk.len;
	if (f->chunks == NULL)
		f->chunks =
		    g_array_new(FALSE, FALSE, sizeof(struct writer_chunk));
	g_array_append_val(f->chunks, chunk);
	g_clear_pointer(&f->buffer, g_byte_array_unref);
	return ST_OK;
}

/* The message's row, for its folder's table. */
static enum status
add_row(PstWriter *w, struct writer_object *o, guint64 item, GError **error)
{
	struct writer_folder *f = pst_writer_find(w, w->folder);
	guint32 flags =
	    pst_bag_get_int(o->bag, TAG(PST_P_MESSAGE_FLAGS, PST_T_INT32), 0);
	guint8 head[8];
	guint at;
	enum status st;

	row_from(w, o->bag, PST_NID_CONTENTS_TEMPLATE);
	pst_bag_int(w->row, TAG(PST_P_MESSAGE_STATUS, PST_T_INT32), 0);
	pst_bag_copy(
	    w->row, w->cells, TAG(PST_P_CONVERSATION_ID, PST_T_BINARY));
	st = pst_writer_item_cells(w, w->row, item, error);
	if (st < 0)
		return st;
	if (f->buffer == NULL)
		f->buffer = g_byte_array_new();
	at = f->buffer->len;
	put_le32(head, o->nid);
	g_byte_array_append(f->buffer, head, 8);
	pst_bag_dump(w->row, f->buffer);
	put_le32(f->buffer->data + at + 4, f->buffer->len - at - 8);
	w->buffered += f->buffer->len - at;
	f->text_bytes += pst_bag_size(w->row);
	f->rows++;
	if (!(flags & PST_MSGFLAG_READ))
		f->unread++;
	if (f->buffer->len > BUFFER_MAX)
		st = pst_writer_spool_rows(w, f, error);
	for (guint i = 0;
	     w->buffered > BUFFERED_MAX && st == ST_OK && i < w->folders->len;
	     i++)
		st = pst_writer_spool_rows(w, w->folders->pdata[i], error);
	return st;
}

enum status
pst_writer_message_end(PstWriter *w, guint32 *nid, GError **error)
{
	struct writer_object *o = top(w);
	guint64 data, sub, item;
	enum status st;

	g_assert(w->depth == 1);
	st = message_write(w, o, &data, &sub, error);
	if (st == ST_OK)
		st = pst_out_node(w->out, o->nid, data, sub, w->folder, error);
	if (st < 0)
		return st;
	/* From here on there is no way back: what fails is the disk. */
	st = new_item(w, o->nid, &item, error);
	if (st == ST_OK)
		st = add_row(w, o, item, error);
	if (st == ST_OK)
		st = pst_out_keep(w->out, error);
	if (nid)
		*nid = o->nid;
	w->depth = 0;
	return st < 0 ? ST_MAILBOX : st;
}

enum status
pst_writer_abort(PstWriter *w, GError **error)
{
	if (w->depth == 0)
		return ST_OK;
	w->depth = 0;
	/* What it holds belongs to the message. */
	pst_out_data_free(w->data);
	w->data = pst_out_data_new(w->out);
	return pst_out_rollback(w->out, error);
}

guint64
pst_writer_size(const PstWriter *w)
{
	/* Rows are about as long in the tables as in the spool. */
	return pst_out_size(w->out) + (guint64)w->spooled + w->buffered +
	       20 * w->items;
}

enum status
pst_writer_finish(PstWriter *w, GError **error)
{
	enum status st;

	g_assert(w->depth == 0);
	st = pst_writer_store(w, error);
	if (st == ST_OK)
		st = pst_out_finish(w->out, w->version + 1, error);
	return st < 0 ? ST_MAILBOX : st;
}
