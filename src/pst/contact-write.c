#include "pst/contact-write.h"

#include "pst/bytes.h"
#include "pst/kept.h"
#include "pst/mapi-private.h"
#include "pst/ndb-encode.h"

#include <string.h>

#define PHOTO_MAX (16 << 20) /* bytes */

/* Where a text goes: a property of its own, or one of PSETID_Address. */
static const struct {
	guint16 id, lid;
} places[PST_CT_TEXTS] = {
    [PST_CT_NAME] = {PST_P_DISPLAY_NAME, 0},
    [PST_CT_GIVEN] = {0x3a06, 0},
    [PST_CT_MIDDLE] = {0x3a44, 0},
    [PST_CT_SURNAME] = {0x3a11, 0},
    [PST_CT_PREFIX] = {0x3a45, 0},
    [PST_CT_SUFFIX] = {0x3a05, 0},
    [PST_CT_NICKNAME] = {0x3a4f, 0},
    [PST_CT_COMPANY] = {0x3a16, 0},
    [PST_CT_DEPARTMENT] = {0x3a18, 0},
    [PST_CT_TITLE] = {0x3a17, 0},
    [PST_CT_PROFESSION] = {0x3a46, 0},
    [PST_CT_OFFICE] = {0x3a19, 0},
    [PST_CT_ASSISTANT] = {0x3a30, 0},
    [PST_CT_MANAGER] = {0x3a4e, 0},
    [PST_CT_SPOUSE] = {0x3a48, 0},
    [PST_CT_BUSINESS] = {0x3a08, 0},
    [PST_CT_BUSINESS2] = {0x3a1b, 0},
    [PST_CT_HOME] = {0x3a09, 0},
    [PST_CT_HOME2] = {0x3a2f, 0},
    [PST_CT_MOBILE] = {0x3a1c, 0},
    [PST_CT_PAGER] = {0x3a21, 0},
    [PST_CT_CAR] = {0x3a1e, 0},
    [PST_CT_OTHER_PHONE] = {0x3a1f, 0},
    [PST_CT_BUSINESS_FAX] = {0x3a24, 0},
    [PST_CT_HOME_FAX] = {0x3a25, 0},
    [PST_CT_OTHER_FAX] = {0x3a23, 0},
    [PST_CT_ASSISTANT_PHONE] = {0x3a2e, 0},
    [PST_CT_COMPANY_PHONE] = {0x3a57, 0},
    [PST_CT_ISDN] = {0x3a2d, 0},
    [PST_CT_TEXT_PHONE] = {0x3a4b, 0},
    [PST_CT_WEB] = {0x3a51, 0},
    [PST_CT_PRIMARY_PHONE] = {0x3a1a, 0},
    [PST_CT_RADIO] = {0x3a1d, 0},
    [PST_CT_CALLBACK] = {0x3a02, 0},
    [PST_CT_TELEX] = {0x3a2c, 0},
    [PST_CT_FREE_BUSY] = {0, 0x80d8},
    [PST_CT_SOUND_GIVEN] = {0, 0x802c},
    [PST_CT_SOUND_SURNAME] = {0, 0x802d},
    [PST_CT_SOUND_COMPANY] = {0, 0x802e},
    [PST_CT_USER1] = {0, 0x804f},
    [PST_CT_USER2] = {0, 0x8050},
    [PST_CT_USER3] = {0, 0x8051},
    [PST_CT_USER4] = {0, 0x8052},
    [PST_CT_HOME_PAGE] = {0x3a50, 0},
    [PST_CT_CHAT] = {0, 0x8062},
    [PST_CT_NOTE] = {PST_P_BODY, 0},
};

/* [MS-OXOCNTC] 2.2.1.3: street, city, region, code, country, box; whole */
static const struct {
	guint16 ids[PST_CA_LINES]; /* of PSETID_Address from 0x8000 on */
	guint16 whole;
} addresses[PST_CP_PLACES] = {
    {{0x8045, 0x8046, 0x8047, 0x8048, 0x8049, 0x804a}, 0x801b},
    {{0x3a5d, 0x3a59, 0x3a5c, 0x3a5b, 0x3a5a, 0x3a5e}, 0x801a},
    {{0x3a63, 0x3a5f, 0x3a62, 0x3a61, 0x3a60, 0x3a64}, 0x801c},
};
/* The mailing address, which is one of them once more. */
static const guint16 mailing[PST_CA_LINES] = {
    0x3a29, 0x3a27, 0x3a28, 0x3a2a, 0x3a26, 0x3a2b};

void
pst_entry_init(struct pst_entry *c)
{
	memset(c, 0, sizeof *c);
	c->emails = g_ptr_array_new_with_free_func((GDestroyNotify)person_free);
	c->categories = g_ptr_array_new_with_free_func(g_free);
}

void
pst_entry_clear(struct pst_entry *c)
{
	for (guint i = 0; i < PST_CT_TEXTS; i++)
		g_free(c->text[i]);
	for (guint i = 0; i < PST_CP_PLACES; i++)
		for (guint k = 0; k < PST_CA_LINES; k++)
			g_free(c->address[i][k]);
	g_clear_pointer(&c->emails, g_ptr_array_unref);
	g_clear_pointer(&c->categories, g_ptr_array_unref);
	g_clear_pointer(&c->photo, g_bytes_unref);
	g_clear_pointer(&c->search_key, g_bytes_unref);
	g_free(c->photo_extension);
	memset(c, 0, sizeof *c);
}

static bool
is_set(const char *text)
{
	return text && *text;
}

/* CR LF between lines. */
static char *
with_crlf(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (guint i = 0; lines[i]; i++) {
		gsize n = strlen(lines[i]);

		if (n > 0 && lines[i][n - 1] == '\r')
			lines[i][n - 1] = '\0';
	}
	return g_strjoinv("\r\n", lines);
}

static enum status
put_text(const struct pst_mapi *m, guint16 id, const char *text, GError **error)
{
	g_autofree char *lines = NULL;

	if (!is_set(text))
		return ST_OK;
	lines = with_crlf(text);
	if (id >= 0x8000)
		return pst_mapi_text(m, pst_set_address, id, lines, error);
	return pst_bag_text(pst_writer_bag(m->w), TEXT(id), lines, -1,
	    id == PST_P_DISPLAY_NAME ? PST_MAPI_NAME_UNITS : 0, error);
}

/* As it stands on an envelope. */
static char *
whole_address(char *const lines[PST_CA_LINES])
{
	GString *out = g_string_new(NULL);
	const char *middle[] = {
	    lines[PST_CA_CITY], lines[PST_CA_REGION], lines[PST_CA_CODE]};
	bool any = false;

	if (is_set(lines[PST_CA_STREET]))
		g_string_append_printf(out, "%s\n", lines[PST_CA_STREET]);
	if (is_set(lines[PST_CA_BOX]))
		g_string_append_printf(out, "%s\n", lines[PST_CA_BOX]);
	for (guint i = 0; i < G_N_ELEMENTS(middle); i++)
		if (is_set(middle[i])) {
			g_string_append_printf(
			    out, "%s%s", any ? " " : "", middle[i]);
			any = true;
		}
	if (any)
		g_string_append_c(out, '\n');
	if (is_set(lines[PST_CA_COUNTRY]))
		g_string_append(out, lines[PST_CA_COUNTRY]);
	if (out->len > 0 && out->str[out->len - 1] == '\n')
		g_string_truncate(out, out->len - 1);
	return g_string_free(out, FALSE);
}

static enum status
put_addresses(
    const struct pst_mapi *m, const struct pst_entry *c, GError **error)
{
	guint32 main = 0;
	enum status st = ST_OK;

	for (guint i = 0; i < PST_CP_PLACES && st == ST_OK; i++) {
		g_autofree char *whole = whole_address(c->address[i]);

		if (*whole == '\0')
			continue;
		for (guint k = 0; k < PST_CA_LINES && st == ST_OK; k++) {
			st = put_text(
			    m, addresses[i].ids[k], c->address[i][k], error);
			if (main == 0 && st == ST_OK)
				st = put_text(
				    m, mailing[k], c->address[i][k], error);
		}
		if (st == ST_OK)
			st = put_text(m, addresses[i].whole, whole, error);
		if (main > 0 || st < 0)
			continue;
		st = put_text(m, 0x3a15, whole, error);
		/* PidLidPostalAddressId: 1 home, 2 work, 3 other */
		main = i == PST_CP_HOME ? 1 : i == PST_CP_BUSINESS ? 2 : 3;
		pst_mapi_int(m, pst_set_address, 0x8022, main);
	}
	return st;
}

/* [MS-OXOCNTC] 2.2.1.2 */
static enum status
put_email(const struct pst_mapi *m, guint n, const struct person *p,
    const char *name, GError **error)
{
	guint32 base = 0x8080 + 0x10 * n;
	const char *type = p->type ? p->type : "SMTP";
	const char *address = p->address ? p->address : "";
	const char *own = is_set(p->name) ? p->name : name;
	g_autofree char *shown = is_set(own) && strcmp(own, address) != 0
				     ? g_strdup_printf("%s (%s)", own, address)
				     : g_strdup(address);
	const char *texts[] = {shown, NULL, type, address, address};
	g_autoptr(GByteArray) id = g_byte_array_new();
	enum status st = ST_OK;

	for (guint i = 0; i < G_N_ELEMENTS(texts) && st == ST_OK; i++)
		st = pst_mapi_text(
		    m, pst_set_address, base + i, texts[i], error);
	pst_one_off(id, is_set(own) ? own : address, type, address);
	if (st == ST_OK)
		st = pst_mapi_bytes(
		    m, pst_set_address, base + 5, id->data, id->len, error);
	return st;
}

static enum status
put_emails(const struct pst_mapi *m, const struct pst_entry *c, GError **error)
{
	guint n = MIN(c->emails->len, PST_CONTACT_EMAILS);
	guint8 list[4 * PST_CONTACT_EMAILS];
	guint32 tag;
	enum status st = ST_OK;

	for (guint i = 0; i < n && st == ST_OK; i++) {
		st = put_email(
		    m, i, c->emails->pdata[i], c->text[PST_CT_NAME], error);
		put_le32(list + 4 * i, i);
	}
	if (st < 0 || n == 0)
		return st;
	pst_mapi_int(m, pst_set_address, 0x8029, (1u << n) - 1);
	tag =
	    pst_mapi_tag(m, pst_set_address, 0x8028, PST_T_MULTI | PST_T_INT32);
	return tag ? pst_bag_bytes(
			 pst_writer_bag(m->w), tag, list, 4 * n, error)
		   : ST_OK;
}

/* 11:59 UTC, so that it is that day almost everywhere: [MS-OXOCNTC] 2.2.1.5 */
static void
put_day(const struct pst_mapi *m, guint16 id, const GDate *day)
{
	g_autoptr(GDateTime) t = NULL;

	if (!g_date_valid(day) || g_date_get_year(day) < 1601)
		return;
	t = g_date_time_new_utc(g_date_get_year(day),
	    (gint)g_date_get_month(day), g_date_get_day(day), 11, 59, 0);
	if (t)
		pst_bag_int64(pst_writer_bag(m->w), TIME(id),
		    pst_filetime(g_date_time_to_unix(t)));
}

static enum status
put_photo(const struct pst_mapi *m, const struct pst_entry *c, GError **error)
{
	const char *ext =
	    is_set(c->photo_extension) && strlen(c->photo_extension) < 6
		? c->photo_extension
		: "jpg";
	g_autofree char *name = g_strdup_printf("ContactPicture.%s", ext);
	gsize len;
	const guint8 *p;
	PstBag *bag;
	enum status st;

	if (c->photo == NULL || g_bytes_get_size(c->photo) == 0 ||
	    g_bytes_get_size(c->photo) > PHOTO_MAX)
		return ST_OK;
	p = g_bytes_get_data(c->photo, &len);
	pst_mapi_bool(m, pst_set_address, 0x8015, true);
	st = pst_writer_attachment(m->w, error);
	if (st < 0)
		return st;
	bag = pst_writer_bag(m->w);
	st = pst_bag_text(bag, TEXT(PST_P_ATTACH_FILENAME), name, -1, 0, error);
	if (st == ST_OK)
		st = pst_bag_text(
		    bag, TEXT(PST_P_ATTACH_LONG_FILENAME), name, -1, 0, error);
	pst_bag_int(bag, BOOL(0x7fff), 1); /* PidTagAttachmentContactPhoto */
	pst_bag_int(bag, BOOL(PST_P_ATTACH_HIDDEN), 1);
	if (st == ST_OK)
		st = pst_bag_bytes(
		    bag, BINARY(PST_P_ATTACH_DATA), p, len, error);
	return st < 0 ? st : pst_writer_attachment_end(m->w, error);
}

static char *
file_as(const struct pst_entry *c)
{
	char *const *t = c->text;

	if (!c->is_list && is_set(t[PST_CT_SURNAME]))
		return is_set(t[PST_CT_GIVEN])
			   ? g_strdup_printf(
				 "%s, %s", t[PST_CT_SURNAME], t[PST_CT_GIVEN])
			   : g_strdup(t[PST_CT_SURNAME]);
	return g_strdup(is_set(t[PST_CT_NAME])	    ? t[PST_CT_NAME]
			: is_set(t[PST_CT_COMPANY]) ? t[PST_CT_COMPANY]
						    : "");
}

static enum status
put_contact(const struct pst_mapi *m, const struct pst_entry *c, GError **error)
{
	enum status st = ST_OK;

	for (guint i = 0; i < PST_CT_TEXTS && st == ST_OK; i++) {
		if (i == PST_CT_NAME)
			continue;
		if (places[i].id)
			st = put_text(m, places[i].id, c->text[i], error);
		if (places[i].lid && st == ST_OK)
			st = put_text(m, places[i].lid, c->text[i], error);
	}
	if (st == ST_OK)
		st = put_addresses(m, c, error);
	if (st == ST_OK)
		st = put_emails(m, c, error);
	put_day(m, 0x3a42, &c->birthday);
	put_day(m, 0x3a41, &c->anniversary);
	if (c->gender)
		pst_bag_int(
		    pst_writer_bag(m->w), TAG(0x3a4d, PST_T_INT16), c->gender);
	return st < 0 ? st : put_photo(m, c, error);
}

/* Members as one-off entries; the checksum is over the first of the two lists
 * (seen in Outlook's own). [MS-OXOCNTC] 2.2.2.2 */
static enum status
put_list(const struct pst_mapi *m, const struct pst_entry *c, GError **error)
{
	static const guint16 lids[] = {0x8055, 0x8054};
	g_autoptr(GPtrArray) ids =
	    g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	g_autoptr(GByteArray) all = g_byte_array_new();
	enum status st = ST_OK;

	for (guint i = 0; i < c->emails->len; i++) {
		const struct person *p = c->emails->pdata[i];
		const char *address = p->address ? p->address : "";
		GByteArray *id = g_byte_array_new();

		pst_one_off(id, is_set(p->name) ? p->name : address,
		    p->type ? p->type : "SMTP", address);
		g_byte_array_append(all, id->data, id->len);
		g_ptr_array_add(ids, g_byte_array_free_to_bytes(id));
	}
	for (guint i = 0; i < G_N_ELEMENTS(lids) && ids->len > 0; i++) {
		guint32 tag =
		    pst_mapi_tag(m, pst_set_address, lids[i], PST_T_MV_BINARY);

		if (tag && st == ST_OK)
			st = pst_bag_binaries(pst_writer_bag(m->w), tag,
			    (GBytes *const *)ids->pdata, ids->len, error);
	}
	pst_mapi_int(m, pst_set_address, 0x804c,
	    pst_encode_crc(
		all->data ? all->data : (const guint8 *)"", all->len));
	if (st == ST_OK)
		st = pst_mapi_text(
		    m, pst_set_address, 0x8053, c->text[PST_CT_NAME], error);
	if (st == ST_OK)
		st = put_text(m, PST_P_BODY, c->text[PST_CT_NOTE], error);
	return st;
}

enum status
pst_mapi_contact(
    const struct pst_mapi *m, const struct pst_entry *c, GError **error)
{
	PstBag *bag = pst_writer_bag(m->w);
	g_autofree char *as = file_as(c);
	const char *name =
	    is_set(c->text[PST_CT_NAME]) ? c->text[PST_CT_NAME] : as;
	enum status st = pst_mapi_subject(bag, name, error);

	if (st == ST_OK)
		st = pst_mapi_conversation(m, name, NULL, NULL, error);
	if (st == ST_OK && *name)
		st = put_text(m, PST_P_DISPLAY_NAME, name, error);
	if (st == ST_OK)
		st = pst_mapi_text(m, pst_set_address, 0x8005, as, error);
	if (!c->is_list) /* a text of its own */
		pst_mapi_int(m, pst_set_address, 0x8006, 0xffffffff);
	pst_bag_int(bag, INT(PST_P_ICON_INDEX), c->is_list ? 0x202 : 0x200);
	if (st == ST_OK &&
	    (m->mail->categories == NULL || m->mail->categories[0] == NULL))
		st = pst_mapi_categories(m,
		    (const char *const *)c->categories->pdata,
		    c->categories->len, error);
	if (st < 0)
		return st;
	return c->is_list ? put_list(m, c, error) : put_contact(m, c, error);
}

static enum status
put_card(const struct pst_mapi *m, GError **error)
{
	PstBag *bag;
	enum status st;

	if (m->mail->raw.len == 0)
		return ST_OK;
	st = pst_writer_attachment(m->w, error);
	if (st < 0)
		return st;
	bag = pst_writer_bag(m->w);
	st = pst_bag_text(
	    bag, TEXT(PST_P_ATTACH_FILENAME), "contact.vcf", -1, 0, error);
	if (st == ST_OK)
		st = pst_bag_text(bag, TEXT(PST_P_ATTACH_LONG_FILENAME),
		    "contact.vcf", -1, 0, error);
	if (st == ST_OK)
		st = pst_bag_text(
		    bag, TEXT(PST_P_ATTACH_MIME), "text/vcard", -1, 0, error);
	if (st == ST_OK)
		st = pst_bag_text(bag, TEXT(PST_P_ATTACH_CONTENT_LOCATION),
		    PST_KEPT_LOCATION, -1, 0, error);
	if (st == ST_OK)
		st = pst_bag_bytes_blobs(
		    bag, BINARY(PST_P_ATTACH_DATA), &m->mail->raw, 1, error);
	return st < 0 ? st : pst_writer_attachment_end(m->w, error);
}

enum status
pst_mapper_contact(PstMapper *mapper, PstWriter *w, guint32 folder,
    const struct pst_entry *contact, const struct pst_mail *mail, guint32 *nid,
    GError **error)
{
	struct pst_mapi m = {.mapper = mapper, .w = w, .mail = mail};
	const struct stamp *stamp =
	    contact->revised.known ? &contact->revised : &mail->received;
	PstBag *bag;
	enum status st = pst_writer_message(w, folder, error);

	if (st < 0)
		return st;
	bag = pst_writer_bag(w);
	m.time = pst_filetime(
	    stamp->known ? stamp->utc : g_get_real_time() / G_USEC_PER_SEC);
	pst_bag_int64(bag, TIME(PST_P_CREATION_TIME), m.time);
	pst_bag_int64(bag, TIME(PST_P_MODIFICATION_TIME), m.time);
	pst_bag_int64(bag, TIME(PST_P_DELIVERY_TIME), m.time);
	pst_bag_int64(bag, TIME(PST_P_CLIENT_SUBMIT_TIME), m.time);
	pst_bag_int(bag, INT(PST_P_MESSAGE_FLAGS), PST_MSGFLAG_READ);
	pst_bag_int(bag, INT(PST_P_IMPORTANCE), 1);
	pst_bag_int(bag, INT(PST_P_PRIORITY), 0);
	pst_bag_int(bag, INT(PST_P_SENSITIVITY), 0);
	st = pst_bag_text(bag, TEXT(PST_P_MESSAGE_CLASS),
	    contact->is_list ? "IPM.DistList" : "IPM.Contact", -1, 0, error);
	if (contact->search_key && st == ST_OK)
		st = pst_bag_bytes(bag, BINARY(PST_P_SEARCH_KEY),
		    g_bytes_get_data(contact->search_key, NULL),
		    g_bytes_get_size(contact->search_key), error);
	if (st == ST_OK)
		st = pst_mapi_contact(&m, contact, error);
	if (st == ST_OK)
		st = put_card(&m, error);
	if (st == ST_OK)
		st = pst_writer_message_end(w, nid, error);
	if (st == ST_ITEM && pst_writer_abort(w, NULL) < 0)
		st = ST_MAILBOX;
	return st;
}
