#include "pst/mapi-from-vcard.h"

#include <string.h>

/* Lines that say nothing a contact should remember. */
static bool
is_idle(const char *name)
{
	static const char *const names[] = {"PRODID", "SOURCE", "NAME",
	    "MAILER", "CLIENTPIDMAP", "X-ABUID", "X-ABSHOWAS", "KIND",
	    "X-ADDRESSBOOKSERVER-KIND", "SORT-STRING", "PROFILE", NULL};

	for (guint i = 0; names[i]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Takes the text over, if the place is free and it says something. */
static bool
take(char **to, char *text)
{
	bool empty = text == NULL || *text == '\0';

	if (empty || *to) {
		g_free(text);
		return empty;
	}
	*to = text;
	return true;
}

static char *
part(const GPtrArray *parts, guint i)
{
	return i < parts->len ? g_strdup(parts->pdata[i]) : NULL;
}

static bool
read_name(struct pst_entry *c, const struct vcard_line *l)
{
	static const enum pst_contact_text order[] = {PST_CT_SURNAME,
	    PST_CT_GIVEN, PST_CT_MIDDLE, PST_CT_PREFIX, PST_CT_SUFFIX};
	g_autoptr(GPtrArray) parts = vcard_line_split(l, ';');
	bool all = true;

	for (guint i = 0; i < G_N_ELEMENTS(order); i++)
		all &= take(&c->text[order[i]], part(parts, i));
	return all;
}

static bool
read_org(struct pst_entry *c, const struct vcard_line *l)
{
	g_autoptr(GPtrArray) parts = vcard_line_split(l, ';');
	bool all = take(&c->text[PST_CT_COMPANY], part(parts, 0)) &&
		   take(&c->text[PST_CT_DEPARTMENT], part(parts, 1));

	return all && take(&c->text[PST_CT_OFFICE], part(parts, 2)) &&
	       parts->len <= 3;
}

static bool
read_address(struct pst_entry *c, const struct vcard_line *l)
{
	enum pst_contact_place place = vcard_line_is(l, "home") ? PST_CP_HOME
				       : vcard_line_is(l, "work")
					   ? PST_CP_BUSINESS
					   : PST_CP_OTHER;
	g_autoptr(GPtrArray) parts = vcard_line_split(l, ';');
	char **to = c->address[place];
	g_autofree char *extended = part(parts, 1);
	g_autofree char *street = part(parts, 2);

	for (guint i = 0; i < PST_CA_LINES; i++)
		if (to[i])
			return false;
	to[PST_CA_BOX] = part(parts, 0);
	if (extended && *extended)
		to[PST_CA_STREET] =
		    street && *street
			? g_strdup_printf("%s\n%s", extended, street)
			: g_steal_pointer(&extended);
	else
		to[PST_CA_STREET] = g_steal_pointer(&street);
	to[PST_CA_CITY] = part(parts, 3);
	to[PST_CA_REGION] = part(parts, 4);
	to[PST_CA_CODE] = part(parts, 5);
	to[PST_CA_COUNTRY] = part(parts, 6);
	return true;
}

static bool
read_telephone(struct pst_entry *c, const struct vcard_line *l)
{
	static const struct {
		const char *type;
		enum pst_contact_text text;
	} kinds[] = {{"cell", PST_CT_MOBILE}, {"pager", PST_CT_PAGER},
	    {"car", PST_CT_CAR}, {"x-car", PST_CT_CAR}, {"isdn", PST_CT_ISDN},
	    {"x-isdn", PST_CT_ISDN}, {"textphone", PST_CT_TEXT_PHONE},
	    {"tty-tdd", PST_CT_TEXT_PHONE},
	    {"x-assistant", PST_CT_ASSISTANT_PHONE},
	    {"x-company", PST_CT_COMPANY_PHONE}, {"x-radio", PST_CT_RADIO},
	    {"x-callback", PST_CT_CALLBACK}, {"x-telex", PST_CT_TELEX}};
	char *text = vcard_line_text(l);
	bool home = vcard_line_is(l, "home"), work = vcard_line_is(l, "work");
	enum pst_contact_text first, second = PST_CT_OTHER_PHONE;

	if (g_ascii_strncasecmp(text, "tel:", 4) == 0)
		memmove(text, text + 4, strlen(text + 4) + 1);
	first = home			   ? PST_CT_HOME
		: work			   ? PST_CT_BUSINESS
		: vcard_line_is(l, "pref") ? PST_CT_PRIMARY_PHONE
					   : PST_CT_OTHER_PHONE;
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (vcard_line_is(l, kinds[i].type)) {
			first = kinds[i].text;
			break;
		}
	if (vcard_line_is(l, "fax"))
		first = home   ? PST_CT_HOME_FAX
			: work ? PST_CT_BUSINESS_FAX
			       : PST_CT_OTHER_FAX;
	if (first == PST_CT_HOME)
		second = PST_CT_HOME2;
	else if (first == PST_CT_BUSINESS)
		second = PST_CT_BUSINESS2;
	if (c->text[first] == NULL)
		return take(&c->text[first], text);
	if (first == PST_CT_HOME_FAX || first == PST_CT_BUSINESS_FAX)
		second = PST_CT_OTHER_FAX;
	return take(&c->text[second], text);
}

/* "19850412", "1985-04-12T...": a day without a year is none for Outlook. */
static bool
read_day(GDate *to, const struct vcard_line *l)
{
	const char *p = l->value;
	guint digits[8], n = 0;

	for (; *p && n < 8 && *p != 'T' && *p != 't'; p++)
		if (g_ascii_isdigit(*p))
			digits[n++] = (guint)(*p - '0');
		else if (*p != '-')
			break;
	if (n < 8 || g_date_valid(to))
		return false;
	n = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3];
	if (!g_date_valid_dmy((GDateDay)(digits[6] * 10 + digits[7]),
		(GDateMonth)(digits[4] * 10 + digits[5]), (GDateYear)n))
		return false;
	g_date_clear(to, 1);
	g_date_set_dmy(to, (GDateDay)(digits[6] * 10 + digits[7]),
	    (GDateMonth)(digits[4] * 10 + digits[5]), (GDateYear)n);
	return true;
}

static bool
read_photo(struct pst_entry *c, const struct vcard_line *l)
{
	GBytes *bytes = vcard_line_bytes(l);
	const char *type = vcard_line_param(l, "TYPE");
	const guint8 *p;
	gsize n;

	if (bytes == NULL || c->photo || g_bytes_get_size(bytes) == 0) {
		g_clear_pointer(&bytes, g_bytes_unref);
		return false;
	}
	c->photo = bytes;
	p = g_bytes_get_data(bytes, &n);
	if (n > 4 && memcmp(p, "\x89PNG", 4) == 0)
		c->photo_extension = g_strdup("png");
	else if (n > 4 && memcmp(p, "GIF8", 4) == 0)
		c->photo_extension = g_strdup("gif");
	else if (type && g_ascii_strcasecmp(type, "bmp") == 0)
		c->photo_extension = g_strdup("bmp");
	else
		c->photo_extension = g_strdup("jpg");
	return true;
}

static bool
read_email(struct pst_entry *c, const struct vcard_line *l)
{
	g_autofree char *text = vcard_line_text(l);
	const char *type = vcard_line_param(l, "X-ADDRTYPE");
	guint at = c->emails->len;

	if (*g_strstrip(text) == '\0')
		return true;
	/* The preferred one comes first. */
	if (vcard_line_is(l, "pref"))
		at = 0;
	g_ptr_array_insert(c->emails, (gint)at,
	    person_new(NULL, type && *type ? type : "SMTP", text));
	return c->emails->len <= PST_CONTACT_EMAILS;
}

/* The name of a member is in a parameter of ours, CN; the standard has none. */
static bool
read_member(struct pst_entry *c, const struct vcard_line *l)
{
	g_autofree char *text = vcard_line_text(l);
	const char *name = vcard_line_param(l, "CN");
	const char *type = vcard_line_param(l, "X-ADDRTYPE");
	const char *address = text;
	g_autofree char *plain = NULL;

	if (name == NULL)
		name = vcard_line_param(l, "X-CN");
	if (g_ascii_strncasecmp(text, "mailto:", 7) == 0) {
		char *query = strchr(text, '?');

		if (query)
			*query = '\0';
		address += 7;
	} else if (g_ascii_strncasecmp(text, "x-mapi:", 7) == 0) {
		address += 7;
	} else if (g_ascii_strncasecmp(text, "urn:", 4) == 0 && name == NULL) {
		return false; /* another card, which we do not have */
	}
	plain = g_uri_unescape_string(address, NULL);
	if (plain == NULL || !g_utf8_validate(plain, -1, NULL)) {
		g_free(plain);
		plain = g_strdup(address);
	}
	g_ptr_array_add(
	    c->emails, person_new(name, type && *type ? type : "SMTP", plain));
	return true;
}

static bool
read_related(struct pst_entry *c, const struct vcard_line *l)
{
	char *text = vcard_line_text(l);

	if (vcard_line_is(l, "spouse"))
		return take(&c->text[PST_CT_SPOUSE], text);
	if (vcard_line_is(l, "assistant"))
		return take(&c->text[PST_CT_ASSISTANT], text);
	if (vcard_line_is(l, "manager"))
		return take(&c->text[PST_CT_MANAGER], text);
	g_free(text);
	return false;
}

static bool
read_url(struct pst_entry *c, const struct vcard_line *l)
{
	return take(
	    &c->text[vcard_line_is(l, "home") ? PST_CT_HOME_PAGE : PST_CT_WEB],
	    vcard_line_text(l));
}

static bool
read_categories(struct pst_entry *c, const struct vcard_line *l)
{
	g_autoptr(GPtrArray) words = vcard_line_split(l, ',');

	for (guint i = 0; i < words->len; i++)
		if (*g_strstrip(words->pdata[i]))
			g_ptr_array_add(
			    c->categories, g_strdup(words->pdata[i]));
	return c->categories->len < 1000;
}

static bool
read_gender(struct pst_entry *c, const struct vcard_line *l)
{
	if (g_ascii_toupper(l->value[0]) == 'F')
		c->gender = 1;
	else if (g_ascii_toupper(l->value[0]) == 'M')
		c->gender = 2;
	return c->gender != 0 && l->value[1] == '\0';
}

static bool
read_birthday(struct pst_entry *c, const struct vcard_line *l)
{
	return read_day(&c->birthday, l);
}

static bool
read_anniversary(struct pst_entry *c, const struct vcard_line *l)
{
	return read_day(&c->anniversary, l);
}

/* The id of an item that we made a card of (pst/contact-read.c): it is that
 * item again. Of ids that others give, a contact knows nothing. */
static bool
read_uid(struct pst_entry *c, const struct vcard_line *l)
{
	static const char own[] = "urn:x-mapi-search-key:";
	const char *hex = l->value + sizeof own - 1;
	guint8 key[32];
	gsize n;

	if (c->search_key || !g_str_has_prefix(l->value, own))
		return true;
	n = strlen(hex);
	if (n % 2 || n > 2 * sizeof key || n < 32 ||
	    strspn(hex, "0123456789abcdef") != n)
		return true;
	n /= 2;
	for (gsize i = 0; i < n; i++)
		key[i] = (guint8)(g_ascii_xdigit_value(hex[2 * i]) << 4 |
				  g_ascii_xdigit_value(hex[2 * i + 1]));
	c->search_key = g_bytes_new(key, n);
	return true;
}

static bool
read_revision(struct pst_entry *c, const struct vcard_line *l)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) t = g_date_time_new_from_iso8601(l->value, utc);

	/* Years that a .pst has times for. */
	if (t && g_date_time_get_year(t) > 1601)
		c->revised = (struct stamp){
		    .utc = g_date_time_to_unix(t), .known = true};
	return true;
}

/* Lines by name: a text's place, or how they are read. */
static const struct {
	const char *name;
	enum pst_contact_text text;
	bool (*read)(struct pst_entry *c, const struct vcard_line *l);
} lines[] = {
    {"FN", PST_CT_NAME, NULL},
    {"N", 0, read_name},
    {"NICKNAME", PST_CT_NICKNAME, NULL},
    {"ORG", 0, read_org},
    {"TITLE", PST_CT_TITLE, NULL},
    {"ROLE", PST_CT_PROFESSION, NULL},
    {"ADR", 0, read_address},
    {"TEL", 0, read_telephone},
    {"EMAIL", 0, read_email},
    {"MEMBER", 0, read_member},
    {"X-ADDRESSBOOKSERVER-MEMBER", 0, read_member},
    {"URL", 0, read_url},
    {"BDAY", 0, read_birthday},
    {"ANNIVERSARY", 0, read_anniversary},
    {"X-ANNIVERSARY", 0, read_anniversary},
    {"GENDER", 0, read_gender},
    {"NOTE", PST_CT_NOTE, NULL},
    {"CATEGORIES", 0, read_categories},
    {"PHOTO", 0, read_photo},
    {"UID", 0, read_uid},
    {"REV", 0, read_revision},
    {"IMPP", PST_CT_CHAT, NULL},
    {"RELATED", 0, read_related},
    {"X-SPOUSE", PST_CT_SPOUSE, NULL},
    {"X-ASSISTANT", PST_CT_ASSISTANT, NULL},
    {"X-MANAGER", PST_CT_MANAGER, NULL},
    {"X-OFFICE", PST_CT_OFFICE, NULL},
    {"X-MS-OFFICE", PST_CT_OFFICE, NULL},
    {"FBURL", PST_CT_FREE_BUSY, NULL},
    {"X-PHONETIC-FIRST-NAME", PST_CT_SOUND_GIVEN, NULL},
    {"X-PHONETIC-LAST-NAME", PST_CT_SOUND_SURNAME, NULL},
    {"X-PHONETIC-ORG", PST_CT_SOUND_COMPANY, NULL},
    {"X-MS-USERFIELD1", PST_CT_USER1, NULL},
    {"X-MS-USERFIELD2", PST_CT_USER2, NULL},
    {"X-MS-USERFIELD3", PST_CT_USER3, NULL},
    {"X-MS-USERFIELD4", PST_CT_USER4, NULL},
    {"X-MS-MANAGER", PST_CT_MANAGER, NULL},
    {"X-MS-ASSISTANT", PST_CT_ASSISTANT, NULL},
    {"X-MS-SPOUSE", PST_CT_SPOUSE, NULL},
};

bool
pst_entry_from_vcard(struct pst_entry *c, const struct vcard *card)
{
	bool all = true;

	for (guint i = 0; i < card->lines->len; i++) {
		const struct vcard_line *l = card->lines->pdata[i];
		bool known = is_idle(l->name);

		if ((strcmp(l->name, "KIND") == 0 ||
			strcmp(l->name, "X-ADDRESSBOOKSERVER-KIND") == 0) &&
		    g_ascii_strcasecmp(l->value, "group") == 0)
			c->is_list = true;
		for (guint k = 0; k < G_N_ELEMENTS(lines) && !known; k++) {
			if (strcmp(lines[k].name, l->name) != 0)
				continue;
			known = lines[k].read ? lines[k].read(c, l)
					      : take(&c->text[lines[k].text],
						    vcard_line_text(l));
			break;
		}
		all &= known;
	}
	return all;
}

enum status
pst_entry_item(const struct pst_mapi *m, const char *text, gsize len,
    char **class, enum pst_item_kept *kept, GError **error)
{
	g_auto(Vcard) card = {0};
	g_auto(Vcard) next = {0};
	g_auto(PstEntry) contact = {0};
	g_autoptr(GError) why = NULL;
	gsize pos = 0;
	bool all;
	enum status st = vcard_next(text, len, &pos, &card, &why);

	if (st != ST_OK) {
		pst_mapi_remark(m, "PST_CONTACT_KEPT",
		    "%s: it is kept as an attachment",
		    why ? why->message : "the card is empty");
		return ST_OK;
	}
	pst_entry_init(&contact);
	all = pst_entry_from_vcard(&contact, &card);
	/* Several cards are an address book, not a contact. */
	if (vcard_next(text, len, &pos, &next, NULL) == ST_OK &&
	    next.lines->len > 0)
		return ST_OK;
	st = pst_mapi_contact(m, &contact, error);
	if (st < 0)
		return st;
	g_free(*class);
	*class = g_strdup(contact.is_list ? "IPM.DistList" : "IPM.Contact");
	if (!all)
		pst_mapi_remark(m, "PST_CONTACT_KEPT",
		    "the contact cannot say all of the card: that is kept as "
		    "an attachment");
	*kept = all ? PST_ITEM_WHOLE : PST_ITEM_VISIBLE;
	return ST_OK;
}
