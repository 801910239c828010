#include "pst/mapi-from-tnef.h"

#include "pst/bytes.h"

#include <string.h>

/* Properties of an object from a TNEF; the rest is for what we add. */
#define PROPS_MAX (PST_OUT_PROPS_MAX - 60)

/* Those that a store computes, or that are said in another way. */
static bool
is_skipped(guint id)
{
	static const guint16 ids[] = {PST_P_SUBJECT, 0x003d, 0x0e1d,
	    PST_P_CONVERSATION_TOPIC, PST_P_CONVERSATION_INDEX,
	    PST_P_MESSAGE_CLASS, PST_P_MESSAGE_FLAGS, PST_P_CONVERSATION_ID,
	    PST_P_CONVERSATION_TRACKING, PST_P_ATTACH_DATA,
	    PST_P_ATTACH_FILENAME, PST_P_ATTACH_LONG_FILENAME,
	    PST_P_ATTACH_EXTENSION, PST_P_ATTACH_METHOD, PST_P_HTML,
	    PST_P_DISPLAY_NAME, PST_P_INTERNET_CODEPAGE};

	for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
		if (ids[i] == id)
			return true;
	/* The store's own: sizes, tables, entry ids, security, replication. */
	if ((id >= 0x0e00 && id <= 0x0eff && id != PST_P_DELIVERY_TIME &&
		id != PST_P_RTF_IN_SYNC && id != PST_P_TODO_FLAGS) ||
	    (id >= 0x0ff0 && id <= 0x0fff) || (id >= 0x6000 && id <= 0x67ff) ||
	    (id >= 0x3400 && id <= 0x36ff))
		return true;
	return id == 0;
}

static guint
tag_id(const struct pst_mapi *m, const struct tnef_prop *p)
{
	if (!p->named)
		return p->id < 0x8000 && !is_skipped(p->id) ? p->id : 0;
	if (p->name && *p->name == '\0')
		return 0;
	return pst_writer_name(m->w, p->guid, p->lid, p->name);
}

static enum status
put_texts(PstBag *bag, guint id, const Tnef *o, const struct tnef_prop *p,
    GError **error)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < p->n_values; i++)
		g_ptr_array_add(texts,
		    tnef_value_text(o, p->type & ~PST_T_MULTI, &p->values[i]));
	return pst_bag_texts(bag, TAG(id, PST_T_MV_UNICODE),
	    (const char *const *)texts->pdata, texts->len, error);
}

static enum status
put_multi(PstBag *bag, guint id, const Tnef *o, const struct tnef_prop *p,
    GError **error)
{
	guint one = p->type & ~PST_T_MULTI;
	g_autoptr(GByteArray) all = g_byte_array_new();

	if (one == PST_T_OBJECT || p->n_values == 0)
		return ST_OK;
	if (one == PST_T_STRING8 || one == PST_T_UNICODE)
		return put_texts(bag, id, o, p, error);
	if (one == PST_T_BINARY) {
		g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(
		    (GDestroyNotify)g_bytes_unref);

		for (guint i = 0; i < p->n_values; i++)
			g_ptr_array_add(values,
			    g_bytes_new(p->values[i].p, p->values[i].len));
		return pst_bag_binaries(bag, TAG(id, PST_T_MV_BINARY),
		    (GBytes *const *)values->pdata, values->len, error);
	}
	for (guint i = 0; i < p->n_values; i++)
		g_byte_array_append(
		    all, p->values[i].p, (guint)p->values[i].len);
	return pst_bag_bytes(bag, TAG(id, p->type), all->data, all->len, error);
}

/* One property, if nothing has said it yet. */
static enum status
put_prop(const struct pst_mapi *m, const Tnef *o, const struct tnef_prop *p,
    GError **error)
{
	PstBag *bag = pst_writer_bag(m->w);
	guint id = tag_id(m, p);
	const guint8 *v = p->value.p;
	guint32 tag =
	    TAG(id, p->type == PST_T_STRING8 ? (guint)PST_T_UNICODE : p->type);
	g_autofree char *text = NULL;
	guint max;

	if (id == 0 || pst_bag_has_id(bag, id))
		return ST_OK;
	if (p->type & PST_T_MULTI)
		return put_multi(bag, id, o, p, error);
	switch (p->type) {
	case PST_T_INT16:
		pst_bag_int(bag, tag, get_le16(v));
		break;
	case PST_T_BOOL:
		pst_bag_int(bag, tag, get_le16(v) != 0);
		break;
	case PST_T_INT32:
	case PST_T_FLOAT:
		pst_bag_int(bag, tag, get_le32(v));
		break;
	case PST_T_DOUBLE:
	case PST_T_CURRENCY:
	case PST_T_APPTIME:
	case PST_T_INT64:
	case PST_T_TIME:
		pst_bag_int64(bag, tag, get_le64(v));
		break;
	case PST_T_GUID:
	case PST_T_BINARY:
		return pst_bag_bytes(bag, tag, v, p->value.len, error);
	case PST_T_STRING8:
	case PST_T_UNICODE:
		text = tnef_text(o, p);
		/* Names are columns of tables, and short there. */
		max = id == PST_P_REPRESENTING_NAME || id == PST_P_SENDER_NAME
			  ? PST_MAPI_NAME_UNITS
			  : 0;
		return pst_bag_text(bag, tag, text, -1, max, error);
	default: /* objects and errors */
		break;
	}
	return ST_OK;
}

static enum status
put_props(const struct pst_mapi *m, const Tnef *o, GError **error)
{
	enum status st = ST_OK;

	for (guint i = 0; i < o->props->len && st == ST_OK; i++) {
		if (pst_bag_n(pst_writer_bag(m->w)) >= PROPS_MAX) {
			pst_mapi_remark(m, "PST_PROPERTIES_CUT",
			    "winmail.dat has more properties than an object "
			    "may have: %u were left out",
			    o->props->len - i);
			break;
		}
		st = put_prop(
		    m, o, &g_array_index(o->props, struct tnef_prop, i), error);
	}
	return st;
}

/* HTML with its code page, as bytes. */
static enum status
put_html(const struct pst_mapi *m, const Tnef *o, GError **error)
{
	const struct tnef_prop *html = tnef_find(o, PST_P_HTML);
	PstBag *bag = pst_writer_bag(m->w);
	guint32 page =
	    tnef_int(tnef_find(o, PST_P_INTERNET_CODEPAGE), o->codepage);
	g_autofree char *text = NULL;

	if (html == NULL || pst_bag_has(bag, BINARY(PST_P_HTML)))
		return ST_OK;
	if (html->type == PST_T_BINARY) {
		if (html->value.len == 0)
			return ST_OK;
		pst_bag_int(bag, INT(PST_P_INTERNET_CODEPAGE), page);
		return pst_bag_bytes(bag, BINARY(PST_P_HTML), html->value.p,
		    html->value.len, error);
	}
	text = tnef_text(o, html);
	if (text == NULL || *text == '\0')
		return ST_OK;
	pst_bag_int(bag, INT(PST_P_INTERNET_CODEPAGE), 65001);
	return pst_bag_bytes(
	    bag, BINARY(PST_P_HTML), text, strlen(text), error);
}

static enum status
put_recipients(const struct pst_mapi *m, const Tnef *o, GError **error)
{
	enum status st = ST_OK;

	for (guint i = 0; i < o->recipients->len && st == ST_OK; i++) {
		const Tnef *row = o->recipients->pdata[i];
		g_autofree char *name =
		    tnef_text(row, tnef_find(row, PST_P_DISPLAY_NAME));
		g_autofree char *type =
		    tnef_text(row, tnef_find(row, PST_P_ADDRTYPE));
		g_autofree char *email =
		    tnef_text(row, tnef_find(row, PST_P_EMAIL));
		g_autofree char *smtp =
		    tnef_text(row, tnef_find(row, PST_P_SMTP_ADDRESS));
		guint32 kind =
		    tnef_int(tnef_find(row, PST_P_RECIPIENT_TYPE), PST_TO);
		struct pst_recipient r = {.kind = PST_TO,
		    .name = name,
		    .type = type && *type ? type : "SMTP",
		    .address = email};

		if (smtp && *smtp) {
			r.type = "SMTP";
			r.address = smtp;
		}
		if ((kind & 0xf) == PST_CC || (kind & 0xf) == PST_BCC)
			r.kind = kind & 0xf;
		st = pst_writer_recipient(m->w, &r, error);
	}
	return st;
}

enum status
pst_tnef_message(
    struct pst_parts_context *c, const Tnef *o, char **class, GError **error)
{
	const struct envelope *e = c->envelope;
	char *said = tnef_text(o, tnef_find(o, PST_P_MESSAGE_CLASS));
	enum status st = put_props(c->mapi, o, error);

	if (st == ST_OK)
		st = put_html(c->mapi, o, error);
	/* Who it went to is what the header says, and every hop after it. */
	if (st == ST_OK && e->to->len + e->cc->len + e->bcc->len == 0)
		st = put_recipients(c->mapi, o, error);
	if (said && *said && g_ascii_strcasecmp(said, "IPM.Note") != 0) {
		g_free(*class);
		*class = said;
	} else {
		g_free(said);
	}
	return st;
}

/* A message within the TNEF: everything it has is in its properties. */
static enum status
write_inner(struct pst_parts_context *outer, const Tnef *o, GError **error)
{
	const struct pst_mapi *above = outer->mapi;
	struct pst_mail mail = {.remark = above->mail->remark,
	    .remark_ctx = above->mail->remark_ctx};
	struct pst_mapi m = {.mapper = above->mapper,
	    .w = above->w,
	    .mail = &mail,
	    .embedded = true,
	    .time = above->time};
	struct pst_parts_context c = {.mapi = &m};
	PstBag *bag = pst_writer_bag(m.w);
	const struct tnef_prop *p = tnef_find(o, PST_P_DELIVERY_TIME);
	g_autofree char *subject = tnef_text(o, tnef_find(o, PST_P_SUBJECT));
	g_autofree char *topic =
	    tnef_text(o, tnef_find(o, PST_P_CONVERSATION_TOPIC));
	g_autofree char *class =
	    tnef_text(o, tnef_find(o, PST_P_MESSAGE_CLASS));
	g_autoptr(GBytes) index = NULL;
	guint32 flags =
	    tnef_int(tnef_find(o, PST_P_MESSAGE_FLAGS), PST_MSGFLAG_READ);
	enum status st;

	if (p && p->type == PST_T_TIME)
		m.time = get_le64(p->value.p);
	p = tnef_find(o, PST_P_CONVERSATION_INDEX);
	if (p && p->type == PST_T_BINARY)
		index = g_bytes_new_static(p->value.p, p->value.len);
	pst_bag_int(bag, INT(PST_P_MESSAGE_FLAGS),
	    flags & (PST_MSGFLAG_READ | PST_MSGFLAG_UNSENT));
	st = pst_mapi_subject(bag, subject ? subject : "", error);
	if (st == ST_OK)
		st = pst_mapi_conversation(
		    &m, subject ? subject : "", topic, index, error);
	if (st == ST_OK)
		st = pst_bag_text(bag, TEXT(PST_P_MESSAGE_CLASS),
		    class && *class ? class : "IPM.Note", -1,
		    PST_MAPI_NAME_UNITS, error);
	if (st == ST_OK)
		st = put_props(&m, o, error);
	if (st == ST_OK)
		st = put_html(&m, o, error);
	if (st == ST_OK)
		st = put_recipients(&m, o, error);
	if (st == ST_OK)
		st = pst_tnef_attachments(&c, o, error);
	return st;
}

/* The bytes of an attachment. */
static enum status
put_data(const struct pst_mapi *m, const Tnef *a, GError **error)
{
	PstBag *bag = pst_writer_bag(m->w);
	const struct tnef_prop *data = tnef_find(a, PST_P_ATTACH_DATA);
	struct tnef_value v = a->data;

	if (data && (data->type == PST_T_OBJECT ||
			(data->type == PST_T_BINARY && !a->has_data))) {
		v = data->value;
		/* Behind the interface's name: a stream, or a storage. */
		if (data->type == PST_T_OBJECT && v.len >= 16) {
			v.p += 16;
			v.len -= 16;
		}
	}
	return pst_bag_bytes(bag, BINARY(PST_P_ATTACH_DATA),
	    v.p ? v.p : (const guint8 *)"", v.len, error);
}

static enum status
put_name(const struct pst_mapi *m, const Tnef *a, guint number, GError **error)
{
	static const guint16 ids[] = {PST_P_ATTACH_LONG_FILENAME,
	    PST_P_ATTACH_FILENAME, PST_P_DISPLAY_NAME};
	g_autofree char *name = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(ids) && name == NULL; i++) {
		name = tnef_text(a, tnef_find(a, ids[i]));
		if (name && *g_strstrip(name) == '\0')
			g_clear_pointer(&name, g_free);
	}
	if (name == NULL)
		name = a->message
			   ? g_strdup("message")
			   : g_strdup_printf("attachment-%u.bin", number);
	return pst_parts_name(pst_writer_bag(m->w), name, error);
}

static enum status
put_attachment(
    struct pst_parts_context *c, const Tnef *a, guint number, GError **error)
{
	const struct pst_mapi *m = c->mapi;
	bool as_message =
	    a->message && pst_writer_depth(m->w) / 2 + 1 < PST_WRITER_DEPTH_MAX;
	enum status st = pst_writer_attachment(m->w, error);

	if (st == ST_OK)
		st = put_name(m, a, number, error);
	if (st == ST_OK)
		st = put_props(m, a, error);
	if (a->message && !as_message)
		pst_mapi_remark(m, "PST_TOO_DEEP",
		    "messages within messages, more than %d deep: the inner "
		    "ones are a file",
		    PST_WRITER_DEPTH_MAX);
	if (as_message && st == ST_OK) {
		st = pst_writer_embedded(m->w, error);
		if (st == ST_OK)
			st = write_inner(c, a->message, error);
		if (st == ST_OK)
			st = pst_writer_embedded_end(m->w, error);
	} else if (st == ST_OK) {
		st = put_data(m, a, error);
	}
	if (st == ST_OK)
		st = pst_writer_attachment_end(m->w, error);
	return st;
}

enum status
pst_tnef_attachments(struct pst_parts_context *c, const Tnef *o, GError **error)
{
	enum status st = ST_OK;

	for (guint i = 0; i < o->attachments->len && st == ST_OK; i++)
		st = put_attachment(c, o->attachments->pdata[i], i + 1, error);
	return st;
}
