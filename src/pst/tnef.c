#include "pst/tnef.h"

#include "base/codepage.h"
#include "mime/text.h"
#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

#define SIGNATURE 0x223e9f78u /* [MS-OXTNEF] 2.1.3.1.1 */
#define HEAD	  6	      /* bytes before the first attribute */
#define ATTR_HEAD 9	      /* level, id, length */

/* Attributes: [MS-OXTNEF] 2.1.3.3 */
enum {
	ATT_SUBJECT = 0x00018004,
	ATT_MESSAGE_CLASS = 0x00078008,
	ATT_BODY = 0x0002800c,
	ATT_DATA = 0x0006800f,
	ATT_TITLE = 0x00018010,
	ATT_REND_DATA = 0x00069002,
	ATT_MESSAGE_PROPS = 0x00069003,
	ATT_RECIPIENTS = 0x00069004,
	ATT_ATTACHMENT_PROPS = 0x00069005,
	ATT_CODEPAGE = 0x00069007,
};

/* IID_IMessage: an attachment with this is a message */
static const guint8 iid_message[16] = {
    0x07, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};

struct counts {
	guint props, attachments, recipients;
};

struct reader {
	const guint8 *p;
	gsize left;
	struct counts *counts;
};

static enum status read_stream(Tnef **out, const guint8 *data, gsize len,
    guint depth, struct counts *counts, GError **error);

static enum status
damaged(GError **error, const char *what)
{
	return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
	    "winmail.dat is damaged: %s", what);
}

static enum status
too_many(GError **error, const char *what)
{
	return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
	    "winmail.dat has too many %s", what);
}

static void
prop_clear(gpointer data)
{
	struct tnef_prop *p = data;

	g_free(p->name);
	g_free(p->values);
}

static Tnef *
object_new(guint codepage)
{
	Tnef *o = g_new0(Tnef, 1);

	o->props = g_array_new(FALSE, TRUE, sizeof(struct tnef_prop));
	g_array_set_clear_func(o->props, prop_clear);
	o->recipients =
	    g_ptr_array_new_with_free_func((GDestroyNotify)tnef_free);
	o->attachments =
	    g_ptr_array_new_with_free_func((GDestroyNotify)tnef_free);
	o->codepage = codepage;
	return o;
}

void
tnef_free(Tnef *o)
{
	if (o == NULL)
		return;
	g_array_unref(o->props);
	g_ptr_array_unref(o->recipients);
	g_ptr_array_unref(o->attachments);
	tnef_free(o->message);
	g_free(o);
}

/* n bytes and their padding to four; NULL when there are not so many. */
static const guint8 *
take(struct reader *r, gsize n)
{
	const guint8 *p = r->p;
	gsize padded = (n + 3) & ~(gsize)3;

	if (n > r->left)
		return NULL;
	/* The last value of a list may go without its padding. */
	padded = MIN(padded, r->left);
	r->p += padded;
	r->left -= padded;
	return p;
}

static bool
take_int(struct reader *r, guint32 *out)
{
	const guint8 *p = take(r, 4);

	if (p == NULL)
		return false;
	*out = get_le32(p);
	return true;
}

/* Bytes of a value of a type; 0: it says so itself. */
static gsize
fixed_size(guint type)
{
	switch (type) {
	case PST_T_INT16:
	case PST_T_BOOL:
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
	case PST_T_GUID:
		return 16;
	}
	return 0;
}

static bool
is_variable(guint type)
{
	return type == PST_T_STRING8 || type == PST_T_UNICODE ||
	       type == PST_T_BINARY || type == PST_T_OBJECT;
}

/* Strings end with their first NUL. */
static void
cut_nul(guint type, struct tnef_value *v)
{
	if (type == PST_T_STRING8)
		v->len = strnlen((const char *)v->p, v->len);
	if (type != PST_T_UNICODE)
		return;
	v->len &= ~(gsize)1;
	for (gsize i = 0; i < v->len; i += 2)
		if (v->p[i] == 0 && v->p[i + 1] == 0) {
			v->len = i;
			return;
		}
}

static bool
take_value(struct reader *r, guint type, struct tnef_value *out)
{
	gsize n = fixed_size(type);
	guint32 len;

	if (n == 0) {
		if (!take_int(r, &len))
			return false;
		n = len;
	}
	out->p = take(r, n);
	out->len = n;
	if (out->p == NULL)
		return false;
	cut_nul(type, out);
	return true;
}

/* The name of a property: [MS-OXTNEF] 2.1.3.4 PropNameSpace, PropIDType */
static enum status
read_name(struct reader *r, struct tnef_prop *prop, GError **error)
{
	struct tnef_value name;
	const guint8 *guid = take(r, 16);
	guint32 kind;

	if (guid == NULL || !take_int(r, &kind))
		return damaged(error, "a property's name is cut");
	memcpy(prop->guid, guid, 16);
	prop->named = true;
	if (kind == 0)
		return take_int(r, &prop->lid)
			   ? ST_OK
			   : damaged(error, "a property's name is cut");
	if (kind != 1 || !take_value(r, PST_T_UNICODE, &name))
		return damaged(error, "a property's name is none");
	prop->name = tnef_value_text(NULL, PST_T_UNICODE, &name);
	return ST_OK;
}

static enum status
read_prop(struct reader *r, struct tnef_prop *prop, GError **error)
{
	guint32 tag, n = 1;
	guint one;
	bool multi;
	enum status st;

	if (!take_int(r, &tag))
		return damaged(error, "a property list is cut");
	prop->type = tag & 0xffff;
	prop->id = tag >> 16;
	multi = prop->type & PST_T_MULTI;
	one = prop->type & ~PST_T_MULTI;
	if (prop->id >= 0x8000) {
		st = read_name(r, prop, error);
		if (st < 0)
			return st;
	}
	if (fixed_size(one) == 0 && !is_variable(one))
		return damaged(error, "a property has an unknown type");
	if ((multi || is_variable(one)) && !take_int(r, &n))
		return damaged(error, "a property list is cut");
	if (n > TNEF_VALUES_MAX)
		return too_many(error, "values");
	if (multi) {
		prop->values = g_new0(struct tnef_value, MAX(n, 1));
		prop->n_values = n;
	}
	for (guint32 i = 0; i < n; i++) {
		struct tnef_value v;

		if (!take_value(r, one, &v))
			return damaged(error, "a value is cut");
		if (multi)
			prop->values[i] = v;
		else
			prop->value = v;
	}
	return ST_OK;
}

static struct tnef_prop *
add_prop(Tnef *o, const struct tnef_prop *prop)
{
	/* What the property list says wins over the attributes of old; it is
	 * the later one. */
	if (!prop->named)
		for (guint i = 0; i < o->props->len; i++) {
			struct tnef_prop *old =
			    &g_array_index(o->props, struct tnef_prop, i);

			if (!old->named && old->id == prop->id) {
				prop_clear(old);
				*old = *prop;
				return old;
			}
		}
	g_array_append_val(o->props, *prop);
	return &g_array_index(o->props, struct tnef_prop, o->props->len - 1);
}

/* MsgPropertyList: [MS-OXTNEF] 2.1.3.4 */
static enum status
read_props(struct reader *r, Tnef *o, GError **error)
{
	guint32 n;

	if (!take_int(r, &n))
		return damaged(error, "a property list is cut");
	for (guint32 i = 0; i < n; i++) {
		struct tnef_prop prop = {0};
		enum status st;

		if (r->counts->props++ >= TNEF_PROPS_MAX)
			return too_many(error, "properties");
		st = read_prop(r, &prop, error);
		if (st < 0) {
			prop_clear(&prop);
			return st;
		}
		add_prop(o, &prop);
	}
	return ST_OK;
}

static enum status
read_recipients(struct reader *r, Tnef *o, GError **error)
{
	guint32 n;

	if (!take_int(r, &n))
		return damaged(error, "the recipients are cut");
	for (guint32 i = 0; i < n; i++) {
		Tnef *row = object_new(o->codepage);
		enum status st;

		g_ptr_array_add(o->recipients, row);
		if (r->counts->recipients++ >= TNEF_RECIPIENTS_MAX)
			return too_many(error, "recipients");
		st = read_props(r, row, error);
		if (st < 0)
			return st;
	}
	return ST_OK;
}

static Tnef *
last_attachment(Tnef *o)
{
	return o->attachments->len == 0
		   ? NULL
		   : o->attachments->pdata[o->attachments->len - 1];
}

/* The properties of an attachment; a message among them is read too. */
static enum status
read_attachment(struct reader *r, Tnef *a, guint depth, GError **error)
{
	const struct tnef_prop *data;
	enum status st = read_props(r, a, error);

	if (st < 0)
		return st;
	data = tnef_find(a, PST_P_ATTACH_DATA);
	if (data == NULL || data->type != PST_T_OBJECT ||
	    data->value.len < 16 || memcmp(data->value.p, iid_message, 16) != 0)
		return ST_OK;
	return read_stream(&a->message, data->value.p + 16,
	    data->value.len - 16, depth + 1, r->counts, error);
}

static void
string_attr(Tnef *o, guint16 id, const guint8 *p, gsize len)
{
	struct tnef_prop prop = {
	    .type = PST_T_STRING8, .id = id, .value = {p, len}};

	cut_nul(PST_T_STRING8, &prop.value);
	/* Of old and said again by the property list, often in Unicode. */
	if (tnef_find(o, id) == NULL)
		add_prop(o, &prop);
}

/* The classes of Microsoft Mail: [MS-OXTNEF] 2.1.3.3.6 */
static void
class_attr(Tnef *o, const guint8 *p, gsize len)
{
	static const struct {
		const char *old, *class;
	} classes[] = {
	    {"IPM.Microsoft Mail.Note", "IPM.Note"},
	    {"IPM.Microsoft Mail.Read Receipt", "REPORT.IPM.Note.IPNRN"},
	    {"IPM.Microsoft Mail.Non-Delivery", "REPORT.IPM.Note.NDR"},
	    {"IPM.Microsoft Schedule.MtgReq", "IPM.Schedule.Meeting.Request"},
	    {"IPM.Microsoft Schedule.MtgRespP",
		"IPM.Schedule.Meeting.Resp.Pos"},
	    {"IPM.Microsoft Schedule.MtgRespN",
		"IPM.Schedule.Meeting.Resp.Neg"},
	    {"IPM.Microsoft Schedule.MtgRespA",
		"IPM.Schedule.Meeting.Resp.Tent"},
	    {"IPM.Microsoft Schedule.MtgCncl", "IPM.Schedule.Meeting.Canceled"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(classes); i++) {
		gsize n = strlen(classes[i].old);

		if (len >= n && memcmp(p, classes[i].old, n) == 0 &&
		    (len == n || p[n] == 0)) {
			p = (const guint8 *)classes[i].class;
			len = strlen(classes[i].class);
			break;
		}
	}
	string_attr(o, PST_P_MESSAGE_CLASS, p, len);
}

static enum status
attribute(Tnef *o, guint32 id, const guint8 *p, gsize len, guint depth,
    struct counts *counts, GError **error)
{
	struct reader r = {p, len, counts};
	Tnef *a = last_attachment(o);

	switch (id) {
	case ATT_CODEPAGE:
		if (len >= 4 && codepage_is_known(get_le32(p)))
			o->codepage = get_le32(p);
		break;
	case ATT_MESSAGE_CLASS:
		class_attr(o, p, len);
		break;
	case ATT_SUBJECT:
		string_attr(o, PST_P_SUBJECT, p, len);
		break;
	case ATT_BODY:
		string_attr(o, PST_P_BODY, p, len);
		break;
	case ATT_MESSAGE_PROPS:
		return read_props(&r, o, error);
	case ATT_RECIPIENTS:
		return read_recipients(&r, o, error);
	case ATT_REND_DATA:
		if (counts->attachments++ >= TNEF_ATTACHMENTS_MAX)
			return too_many(error, "attachments");
		g_ptr_array_add(o->attachments, object_new(o->codepage));
		break;
	case ATT_TITLE:
		if (a)
			string_attr(a, PST_P_ATTACH_FILENAME, p, len);
		break;
	case ATT_DATA:
		if (a) {
			a->data = (struct tnef_value){p, len};
			a->has_data = true;
		}
		break;
	case ATT_ATTACHMENT_PROPS:
		if (a == NULL)
			return damaged(error, "properties of no attachment");
		return read_attachment(&r, a, depth, error);
	default:
		/* The rest is said by the properties too, or is of no use. */
		break;
	}
	return ST_OK;
}

static enum status
read_stream(Tnef **out, const guint8 *data, gsize len, guint depth,
    struct counts *counts, GError **error)
{
	g_autoptr(Tnef) o = object_new(1252);

	if (depth >= TNEF_DEPTH_MAX)
		return too_many(error, "messages within messages");
	if (len < HEAD || get_le32(data) != SIGNATURE)
		return damaged(error, "no signature");
	data += HEAD;
	len -= HEAD;
	while (len > 0) {
		guint32 id, n;
		guint sum = 0;
		enum status st;

		/* No attribute of a message or an attachment: what some
		 * gateways leave behind the end. */
		if (data[0] != 1 && data[0] != 2)
			break;
		if (len < ATTR_HEAD + 2)
			return damaged(error, "an attribute is cut");
		id = get_le32(data + 1);
		n = get_le32(data + 5);
		if (n > len - ATTR_HEAD - 2)
			return damaged(error, "an attribute is cut");
		for (guint32 i = 0; i < n; i++)
			sum += data[ATTR_HEAD + i];
		if ((sum & 0xffff) != get_le16(data + ATTR_HEAD + n))
			return damaged(error, "a checksum is wrong");
		st =
		    attribute(o, id, data + ATTR_HEAD, n, depth, counts, error);
		if (st < 0)
			return st;
		data += ATTR_HEAD + n + 2;
		len -= ATTR_HEAD + n + 2;
	}
	*out = g_steal_pointer(&o);
	return ST_OK;
}

enum status
tnef_read(Tnef **out, const guint8 *data, gsize len, GError **error)
{
	struct counts counts = {0};

	*out = NULL;
	if (len > TNEF_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "winmail.dat has more than %d MiB", TNEF_MAX >> 20);
	return read_stream(out, data, len, 0, &counts, error);
}

const struct tnef_prop *
tnef_find(const Tnef *o, guint16 id)
{
	for (guint i = 0; i < o->props->len; i++) {
		const struct tnef_prop *p =
		    &g_array_index(o->props, struct tnef_prop, i);

		if (!p->named && p->id == id)
			return p;
	}
	return NULL;
}

char *
tnef_value_text(const Tnef *o, guint16 type, const struct tnef_value *value)
{
	g_autoptr(Codepage) page = NULL;
	GString *out;

	if (type == PST_T_UNICODE) {
		out = g_string_sized_new(value->len);
		for (gsize i = 0; i + 1 < value->len; i += 2) {
			gunichar c = get_le16(value->p + i);

			if ((c & 0xfc00) == 0xd800 && i + 3 < value->len &&
			    (get_le16(value->p + i + 2) & 0xfc00) == 0xdc00) {
				c = 0x10000 + ((c & 0x3ff) << 10) +
				    (get_le16(value->p + i + 2) & 0x3ff);
				i += 2;
			} else if ((c & 0xf800) == 0xd800 || c == 0) {
				c = 0xfffd;
			}
			g_string_append_unichar(out, c);
		}
		return g_string_free(out, FALSE);
	}
	if (type != PST_T_STRING8)
		return NULL;
	out = g_string_new(NULL);
	if (codepage_open(&page, o->codepage, NULL) == ST_OK)
		codepage_decode(
		    page, value->p, value->len, true, false, NULL, out);
	else
		mime_text_from_1252(out, value->p, value->len);
	return g_string_free(out, FALSE);
}

char *
tnef_text(const Tnef *o, const struct tnef_prop *prop)
{
	return prop ? tnef_value_text(o, prop->type, &prop->value) : NULL;
}

guint32
tnef_int(const struct tnef_prop *prop, guint32 fallback)
{
	if (prop == NULL)
		return fallback;
	switch (prop->type) {
	case PST_T_INT32:
	case PST_T_ERROR:
		return get_le32(prop->value.p);
	case PST_T_INT16:
	case PST_T_BOOL:
		return get_le16(prop->value.p);
	}
	return fallback;
}
