#include "pst/contact-read.h"

#include "mime/address.h"
#include "mime/vcard.h"
#include "pst/bytes.h"
#include "pst/entry-id.h"
#include "pst/format.h"
#include "pst/kept.h"

#include <string.h>

#define PHOTO_MAX      (8 << 20) /* bytes */
#define CATEGORIES_MAX 1000
#define EMAILS	       3

/* Properties of a contact. Above FFFF: 10000 + number in PSETID_Address, whose
 * id the file chose. [MS-OXOCNTC] 2.2.1 */
#define NAMED 0x10000u

enum column { /* spec/migration-files.md 8 */
	COL_CLASS,
	COL_NAME,
	COL_EMAIL,
	COL_FIRST,
	COL_LAST,
	COL_ADDRESS,
	COL_CITY,
	COL_STATE,
	COL_ZIP,
	COL_COUNTRY,
	COL_TITLE,
	COL_COMPANY,
	COL_DEPARTMENT,
	COL_OFFICE,
	COL_ASSISTANT,
	COL_BUS,
	COL_BUS2,
	COL_ASSIST,
	COL_FAX,
	COL_HOME,
	COL_HOME2,
	COL_MOBILE,
	COL_PAGER,
	COL_NOTE,
	COL_NONE,
};

/* Properties that are a line each. */
static const struct {
	guint32 id;
	const char *name, *params;
	enum column column;
} lines[] = {
    {0x3a08, "TEL", "TYPE=work,voice", COL_BUS},
    {0x3a1b, "TEL", "TYPE=work,voice", COL_BUS2},
    {0x3a09, "TEL", "TYPE=home,voice", COL_HOME},
    {0x3a2f, "TEL", "TYPE=home,voice", COL_HOME2},
    {0x3a1c, "TEL", "TYPE=cell", COL_MOBILE},
    {0x3a21, "TEL", "TYPE=pager", COL_PAGER},
    {0x3a24, "TEL", "TYPE=work,fax", COL_FAX},
    {0x3a25, "TEL", "TYPE=home,fax", COL_NONE},
    {0x3a23, "TEL", "TYPE=fax", COL_NONE},
    {0x3a1a, "TEL", "TYPE=voice;PREF=1", COL_NONE},
    {0x3a1f, "TEL", "TYPE=voice", COL_NONE},
    {0x3a57, "TEL", "TYPE=work,x-company", COL_NONE},
    {0x3a1e, "TEL", "TYPE=car", COL_NONE},
    {0x3a1d, "TEL", "TYPE=x-radio", COL_NONE},
    {0x3a02, "TEL", "TYPE=x-callback", COL_NONE},
    {0x3a2c, "TEL", "TYPE=x-telex", COL_NONE},
    {0x3a2d, "TEL", "TYPE=isdn", COL_NONE},
    {0x3a4b, "TEL", "TYPE=textphone", COL_NONE},
    {0x3a2e, "TEL", "TYPE=x-assistant", COL_ASSIST},
    {0x3a17, "TITLE", NULL, COL_TITLE},
    {0x3a46, "ROLE", NULL, COL_NONE},
    {0x3a4f, "NICKNAME", NULL, COL_NONE},
    {0x3a51, "URL", "TYPE=work", COL_NONE},
    {0x3a50, "URL", "TYPE=home", COL_NONE},
    {NAMED | 0x802b, "URL", NULL, COL_NONE},
    {NAMED | 0x8062, "IMPP", "VALUE=text", COL_NONE},
    {NAMED | 0x80d8, "FBURL", NULL, COL_NONE},
    {0x3a48, "RELATED", "TYPE=spouse;VALUE=text", COL_NONE},
    {0x3a4e, "X-MS-MANAGER", NULL, COL_NONE},
    {0x3a30, "X-MS-ASSISTANT", NULL, COL_ASSISTANT},
    {0x3a19, "X-OFFICE", NULL, COL_OFFICE},
    {NAMED | 0x802c, "X-PHONETIC-FIRST-NAME", NULL, COL_NONE},
    {NAMED | 0x802d, "X-PHONETIC-LAST-NAME", NULL, COL_NONE},
    {NAMED | 0x802e, "X-PHONETIC-ORG", NULL, COL_NONE},
    {NAMED | 0x804f, "X-MS-USERFIELD1", NULL, COL_NONE},
    {NAMED | 0x8050, "X-MS-USERFIELD2", NULL, COL_NONE},
    {NAMED | 0x8051, "X-MS-USERFIELD3", NULL, COL_NONE},
    {NAMED | 0x8052, "X-MS-USERFIELD4", NULL, COL_NONE},
};

/* Post office box, street, city, state, postal code, country. */
static const struct {
	guint32 ids[6];
	const char *params;
} places[] = {
    {{NAMED | 0x804a, NAMED | 0x8045, NAMED | 0x8046, NAMED | 0x8047,
	 NAMED | 0x8048, NAMED | 0x8049},
	"TYPE=work"},
    {{0x3a5e, 0x3a5d, 0x3a59, 0x3a5c, 0x3a5b, 0x3a5a}, "TYPE=home"},
    {{0x3a64, 0x3a63, 0x3a5f, 0x3a62, 0x3a61, 0x3a60}, NULL},
};
/* The postal address, which is one of the above; alone in old files. */
static const guint32 postal[6] = {
    0x3a2b, 0x3a29, 0x3a27, 0x3a28, 0x3a2a, 0x3a26};

struct reading {
	struct pst_card *out;
	Pst *pst;
	PstMessage *message;
	const PstProps *props;
};

void
pst_card_init(struct pst_card *c)
{
	memset(c, 0, sizeof *c);
	c->members =
	    g_ptr_array_new_with_free_func((GDestroyNotify)person_free);
	c->vcard = g_string_new(NULL);
	c->lost = g_ptr_array_new_with_free_func(g_free);
}

void
pst_card_clear(struct pst_card *c)
{
	if (c->vcard == NULL)
		return;
	for (guint i = 0; i < PST_CARD_FIELDS; i++)
		g_free(c->fields[i]);
	g_ptr_array_unref(c->members);
	g_string_free(c->vcard, TRUE);
	g_ptr_array_unref(c->lost);
	memset(c, 0, sizeof *c);
}

bool
pst_card_is(const char *class)
{
	static const char *const classes[] = {"IPM.Contact", "IPM.DistList"};

	for (guint i = 0; class && i < G_N_ELEMENTS(classes); i++) {
		gsize n = strlen(classes[i]);

		if (g_ascii_strncasecmp(class, classes[i], n) == 0 &&
		    (class[n] == '\0' || class[n] == '.'))
			return true;
	}
	return false;
}

static guint
id_of(const struct reading *r, guint32 id)
{
	return id & NAMED
		   ? pst_name_id(r->pst, pst_guid_address, id & 0xffff, NULL)
		   : id;
}

/* A text that says something, or NULL; g_free(). */
static char *
text(const struct reading *r, guint32 id)
{
	guint at = id_of(r, id);
	char *value = at ? pst_props_text(r->props, at) : NULL;

	if (value && *g_strchug(value) == '\0')
		g_clear_pointer(&value, g_free);
	return value;
}

static void
set_column(struct pst_card *c, enum column column, const char *value)
{
	if (column == COL_NONE || value == NULL || c->fields[column] != NULL)
		return;
	c->fields[column] = g_strdup(value);
	/* A column is one line; the vCard has them all. */
	if (column != COL_NOTE)
		g_strdelimit(c->fields[column], "\r\n", ' ');
}

static void
put_names(struct reading *r)
{
	static const guint32 ids[5] = {0x3a11, 0x3a06, 0x3a44, 0x3a45, 0x3a05};
	static const guint32 fallbacks[] = {
	    PST_P_DISPLAY_NAME, NAMED | 0x8005, PST_P_SUBJECT, 0x3a16};
	struct pst_card *c = r->out;
	char *parts[5];
	g_autofree char *company = text(r, 0x3a16);
	g_autofree char *department = text(r, 0x3a18);
	const char *org[2] = {company, department};
	bool named = false;

	for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
		parts[i] = text(r, ids[i]);
		named = named || parts[i];
	}
	for (guint i = 0;
	     c->fields[COL_NAME] == NULL && i < G_N_ELEMENTS(fallbacks); i++) {
		g_autofree char *name = fallbacks[i] == PST_P_SUBJECT
					    ? pst_message_subject(r->message)
					    : text(r, fallbacks[i]);

		if (name && *g_strstrip(name))
			set_column(c, COL_NAME, name);
	}
	set_column(c, COL_LAST, parts[0]);
	set_column(c, COL_FIRST, parts[1]);
	set_column(c, COL_COMPANY, company);
	set_column(c, COL_DEPARTMENT, department);
	vcard_write_text(c->vcard, "FN", NULL,
	    c->fields[COL_NAME] ? c->fields[COL_NAME] : "");
	if (named)
		vcard_write_list(
		    c->vcard, "N", NULL, (const char *const *)parts, 5, ';');
	if (company || department)
		vcard_write_list(
		    c->vcard, "ORG", NULL, org, department ? 2 : 1, ';');
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
		g_free(parts[i]);
}

/* Three addresses: type, address, and the name they were shown with. An
 * Exchange address is shown as the Internet address that it stands for. */
static void
put_emails(struct reading *r)
{
	struct pst_card *c = r->out;
	guint n = 0;

	for (guint i = 0; i < EMAILS; i++) {
		g_autofree char *type = text(r, NAMED | (0x8082 + 16 * i));
		g_autofree char *address = text(r, NAMED | (0x8083 + 16 * i));
		g_autofree char *shown = text(r, NAMED | (0x8084 + 16 * i));
		g_autofree char *column = NULL;
		g_autoptr(GString) params = g_string_new(NULL);

		if (address == NULL)
			continue;
		if (type && g_ascii_strcasecmp(type, "SMTP") != 0 && shown &&
		    address_is_smtp(shown)) {
			g_free(address);
			address = g_steal_pointer(&shown);
			g_clear_pointer(&type, g_free);
		}
		if (n++ == 0)
			g_string_append(params, "PREF=1");
		if (type && g_ascii_strcasecmp(type, "SMTP") != 0)
			vcard_param(params, "X-ADDRTYPE", type);
		vcard_write_text(c->vcard, "EMAIL",
		    params->len ? params->str : NULL, address);
		column =
		    g_strdup_printf("%s:%s", type ? type : "SMTP", address);
		set_column(c, COL_EMAIL, column);
	}
}

static void
put_place(struct reading *r, const guint32 ids[6], const char *params)
{
	static const enum column columns[6] = {
	    COL_NONE, COL_ADDRESS, COL_CITY, COL_STATE, COL_ZIP, COL_COUNTRY};
	char *values[7] = {NULL};
	bool some = false;

	for (guint i = 0; i < 6; i++) {
		char *value = text(r, ids[i]);

		values[i == 0 ? 0 : i + 1] = value;
		some = some || value;
	}
	if (some) {
		/* The columns are of one address, the first. */
		if (r->out->fields[COL_ADDRESS] == NULL &&
		    r->out->fields[COL_CITY] == NULL)
			for (guint i = 1; i < 6; i++)
				set_column(r->out, columns[i], values[i + 1]);
		vcard_write_list(r->out->vcard, "ADR", params,
		    (const char *const *)values, 7, ';');
	}
	for (guint i = 0; i < 7; i++)
		g_free(values[i]);
}

static void
put_places(struct reading *r)
{
	gsize before = r->out->vcard->len;

	for (guint i = 0; i < G_N_ELEMENTS(places); i++)
		put_place(r, places[i].ids, places[i].params);
	if (r->out->vcard->len == before)
		put_place(r, postal, NULL);
}

/* A day. local: as the user sees it; else midnight there, in UTC: half a day
 * later it is that day everywhere. */
static void
put_day(struct reading *r, const char *name, guint32 local, guint id)
{
	guint at = id_of(r, local);
	guint64 time = 0;
	gint64 utc;
	g_autoptr(GDateTime) day = NULL;
	g_autofree char *value = NULL;

	if (at == 0 || !pst_props_int64(r->props, at, &time) || time == 0) {
		if (!pst_props_int64(r->props, id, &time) || time == 0)
			return;
		time += G_GUINT64_CONSTANT(12) * 3600 * 10000000;
	}
	utc = (gint64)(time / 10000000) - G_GINT64_CONSTANT(11644473600);
	/* Outlook's "none" is in 4501. */
	if (utc > G_GINT64_CONSTANT(79870000000))
		return;
	day = g_date_time_new_from_unix_utc(utc);
	if (day == NULL)
		return;
	value = g_date_time_format(day, "%Y%m%d");
	vcard_write_raw(r->out->vcard, name, NULL, value);
}

static void
put_others(struct reading *r)
{
	struct pst_card *c = r->out;
	g_autofree char *note = text(r, PST_P_BODY);
	g_autoptr(GPtrArray) words = pst_props_texts(r->props,
	    pst_name_id(r->pst, pst_guid_public_strings, 0, "Keywords"));
	g_autoptr(GBytes) key = pst_props_bytes(r->props, PST_P_SEARCH_KEY);
	guint32 gender = pst_props_int_or(r->props, 0x3a4d, 0);
	guint64 time;

	for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *value = text(r, lines[i].id);

		if (value == NULL)
			continue;
		vcard_write_text(
		    c->vcard, lines[i].name, lines[i].params, value);
		set_column(c, lines[i].column, value);
	}
	put_day(r, "BDAY", NAMED | 0x80de, 0x3a42);
	put_day(r, "ANNIVERSARY", NAMED | 0x80df, 0x3a41);
	if (gender == 1 || gender == 2)
		vcard_write_raw(
		    c->vcard, "GENDER", NULL, gender == 1 ? "F" : "M");
	if (note) {
		vcard_write_text(c->vcard, "NOTE", NULL, note);
		set_column(c, COL_NOTE, note);
	}
	if (words->len > 0)
		vcard_write_list(c->vcard, "CATEGORIES", NULL,
		    (const char *const *)words->pdata,
		    MIN(words->len, CATEGORIES_MAX), ',');
	if (key) {
		g_autofree char *uid = g_strdup("urn:x-mapi-search-key:");
		gsize len;
		const guint8 *p = g_bytes_get_data(key, &len);
		g_autoptr(GString) hex = g_string_new(uid);

		for (gsize i = 0; i < MIN(len, 32); i++)
			g_string_append_printf(hex, "%02x", p[i]);
		vcard_write_raw(c->vcard, "UID", NULL, hex->str);
	}
	if (pst_props_int64(r->props, PST_P_MODIFICATION_TIME, &time)) {
		g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc(
		    (gint64)(time / 10000000) - G_GINT64_CONSTANT(11644473600));
		g_autofree char *rev =
		    t ? g_date_time_format(t, "%Y%m%dT%H%M%SZ") : NULL;

		if (rev)
			vcard_write_raw(c->vcard, "REV", NULL, rev);
	}
}

/* The picture, and the card that it was made of; other attachments have no
 * place in a card. */
static enum status
put_attachments(struct reading *r, GBytes **kept, GError **error)
{
	static const char *const cards[] = {"text/vcard", NULL};
	struct pst_card *c = r->out;
	GError *why = NULL;
	PstAttachment *a;
	bool taken = false;
	enum status st;

	while ((st = pst_message_next_attachment(r->message, &a, &why)) !=
	       ST_END) {
		const PstProps *p = a ? pst_attachment_props(a) : NULL;
		g_autofree char *name = NULL;
		g_autoptr(GBytes) bytes = NULL;
		gsize len = 0;
		const guint8 *data = NULL;

		if (st < 0) {
			g_ptr_array_add(c->lost,
			    g_strdup_printf("attachment: %s", why->message));
			g_clear_error(&why);
			continue;
		}
		if (*kept == NULL)
			*kept = pst_kept_bytes(r->props, p, cards);
		if (*kept && !taken) {
			taken = true;
			pst_attachment_close(a);
			continue;
		}
		name = pst_props_text(p, PST_P_ATTACH_LONG_FILENAME);
		if (name == NULL)
			name = pst_props_text(p, PST_P_ATTACH_FILENAME);
		/* PidTagAttachmentContactPhoto */
		if (pst_props_int_or(p, 0x7fff, 0) != 0)
			bytes = pst_props_bytes(p, PST_P_ATTACH_DATA);
		if (bytes)
			data = g_bytes_get_data(bytes, &len);
		if (len > 4 && len <= PHOTO_MAX) {
			g_autofree char *base64 = g_base64_encode(data, len);
			g_autofree char *value =
			    g_strdup_printf("data:image/%s;base64\\,%s",
				memcmp(data, "\x89PNG", 4) == 0 ? "png"
				: memcmp(data, "GIF8", 4) == 0	? "gif"
								: "jpeg",
				base64);

			vcard_write_raw(c->vcard, "PHOTO", NULL, value);
		} else {
			g_ptr_array_add(c->lost,
			    g_strdup_printf("attachment %s: a contact has no "
					    "place for it",
				name ? name : ""));
		}
		pst_attachment_close(a);
	}
	return ST_OK;
}

/* A member's address, as a URI: RFC 6350 6.6.5. */
static void
put_member(struct pst_card *c, const struct person *p)
{
	g_autoptr(GString) params = g_string_new(NULL);
	g_autoptr(GString) uri = g_string_new(NULL);

	if (p->name)
		vcard_param(params, "X-CN", p->name);
	if (p->address && g_strcmp0(p->type, "SMTP") == 0) {
		g_string_append(uri, "mailto:");
		g_string_append_uri_escaped(uri, p->address, "@+", TRUE);
	} else if (p->address) {
		vcard_param(params, "X-ADDRTYPE", p->type);
		vcard_escape(uri, p->address);
	}
	vcard_write_raw(
	    c->vcard, "MEMBER", params->len ? params->str : NULL, uri->str);
}

/* [MS-OXOCNTC] 2.2.2.2: Members, entry ids of any kind; and OneOffMembers, with
 * name and address of each, in the same order. */
static void
put_members(struct reading *r)
{
	guint members_id = id_of(r, NAMED | 0x8055);
	guint one_off_id = id_of(r, NAMED | 0x8054);
	g_autoptr(GPtrArray) members = pst_props_binaries(r->props, members_id);
	g_autoptr(GPtrArray) one_offs =
	    pst_props_binaries(r->props, one_off_id);
	guint n = MIN(MAX(members->len, one_offs->len), PST_CARD_MEMBERS_MAX);

	for (guint i = 0; i < n; i++) {
		GBytes *a = i < one_offs->len ? one_offs->pdata[i] : NULL;
		GBytes *b = i < members->len ? members->pdata[i] : NULL;
		struct person *p = a ? pst_entry_person(r->pst, a) : NULL;

		if (p == NULL || p->address == NULL ||
		    g_strcmp0(p->type, "SMTP") != 0) {
			struct person *other =
			    b ? pst_entry_person(r->pst, b) : NULL;

			if (p == NULL || (other && other->address)) {
				person_free(p);
				p = other;
			} else {
				person_free(other);
			}
		}
		if (p == NULL) {
			g_ptr_array_add(r->out->lost,
			    g_strdup_printf(
				"member %u: it cannot be read who it is",
				i + 1));
			continue;
		}
		put_member(r->out, p);
		g_ptr_array_add(r->out->members, p);
	}
}

enum status
pst_card_read(struct pst_card *c, Pst *pst, PstMessage *message, GError **error)
{
	struct reading r = {c, pst, message, pst_message_props(message)};
	g_autofree char *class = pst_props_text(r.props, PST_P_MESSAGE_CLASS);
	g_autoptr(GBytes) kept = NULL;
	enum status st;

	pst_card_clear(c);
	pst_card_init(c);
	c->is_list =
	    class && g_ascii_strncasecmp(class, "IPM.DistList", 12) == 0;
	set_column(c, COL_CLASS, c->is_list ? "dl" : "entry");
	vcard_write_begin(c->vcard);
	if (c->is_list) {
		g_autofree char *name = text(&r, NAMED | 0x8053);

		set_column(c, COL_NAME, name);
		vcard_write_raw(c->vcard, "KIND", NULL, "group");
	}
	put_names(&r);
	if (c->is_list)
		put_members(&r);
	put_emails(&r);
	put_places(&r);
	put_others(&r);
	st = put_attachments(&r, &kept, error);
	vcard_write_end(c->vcard);
	if (kept) {
		g_string_truncate(c->vcard, 0);
		g_string_append_len(c->vcard, g_bytes_get_data(kept, NULL),
		    (gssize)g_bytes_get_size(kept));
	}
	c->not_sendable = !c->is_list && c->fields[COL_EMAIL] == NULL;
	if (c->not_sendable) {
		g_autofree char *user = g_strdup_printf(
		    "USER: %s", c->fields[COL_NAME] ? c->fields[COL_NAME] : "");

		set_column(c, COL_EMAIL, user);
	}
	for (guint i = 0; i < PST_CARD_FIELDS; i++)
		if (c->fields[i] == NULL)
			c->fields[i] = g_strdup("");
	return st;
}
