#include "pst/entry-id.h"

#include "mime/address.h"
#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

#define WRAPS_MAX  4 /* entry ids within entry ids */
#define PEOPLE_MAX 1000

static const guint8 one_off[16] = {0x81, 0x2b, 0x1f, 0xa4, 0xbe, 0xa3, 0x10,
    0x19, 0x9d, 0x6e, 0x00, 0xdd, 0x01, 0x0f, 0x54, 0x02};
static const guint8 wrapped[16] = {0xc0, 0x91, 0xad, 0xd3, 0x51, 0x9d, 0xcf,
    0x11, 0xa4, 0xa9, 0x00, 0xaa, 0x00, 0x47, 0xfa, 0xa4};
static const guint8 directory[16] = {0xdc, 0xa7, 0x40, 0xc8, 0xc0, 0x42, 0x10,
    0x1a, 0xb4, 0xb9, 0x08, 0x00, 0x2b, 0x2f, 0xe1, 0x82};

/* The next of the strings behind each other; NULL when there is none. */
static char *
next_text(const guint8 **p, gsize *len, bool wide)
{
	gsize n = 0, step = wide ? 2 : 1;
	char *text;

	while (n + step <= *len && ((*p)[n] || (wide && (*p)[n + 1])))
		n += step;
	if (n + step > *len)
		return NULL;
	if (wide)
		text = pst_text_from_utf16(*p, n);
	else
		text = g_convert_with_fallback((const char *)*p, (gssize)n,
		    "UTF-8", "CP1252", "?", NULL, NULL, NULL);
	*p += n + step;
	*len -= n + step;
	return text;
}

static struct person *
one_off_person(const guint8 *p, gsize len)
{
	bool wide;
	g_autofree char *name = NULL, *type = NULL, *address = NULL;

	if (len < 4)
		return NULL;
	wide = get_le16(p + 2) & 0x8000;
	p += 4;
	len -= 4;
	name = next_text(&p, &len, wide);
	if (name)
		type = next_text(&p, &len, wide);
	if (type)
		address = next_text(&p, &len, wide);
	if (name == NULL)
		return NULL;
	if (address == NULL || *address == '\0')
		return *name ? person_new(name, NULL, NULL) : NULL;
	return person_new(*name && strcmp(name, address) != 0 ? name : NULL,
	    type && *type ? type : "SMTP", address);
}

/* A contact or a list in this file: its name and first address. */
static struct person *
contact_person(Pst *pst, guint32 nid, guint which)
{
	g_autoptr(PstMessage) message = NULL;
	const PstProps *props;
	g_autofree char *name = NULL, *type = NULL, *address = NULL;
	g_autofree char *shown = NULL;
	guint base = 0x8080 + 16 * MIN(which, 2u);

	if (PST_NID_TYPE(nid) != PST_MESSAGE ||
	    pst_message_open(&message, pst, nid, NULL) < 0)
		return NULL;
	props = pst_message_props(message);
	name = pst_props_text(props, PST_P_DISPLAY_NAME);
	if (name == NULL)
		name = pst_message_subject(message);
	type = pst_props_text(
	    props, pst_name_id(pst, pst_guid_address, base + 2, NULL));
	address = pst_props_text(
	    props, pst_name_id(pst, pst_guid_address, base + 3, NULL));
	shown = pst_props_text(
	    props, pst_name_id(pst, pst_guid_address, base + 4, NULL));
	if (shown && address_is_smtp(shown) && g_strcmp0(type, "SMTP") != 0)
		return person_new(name, "SMTP", shown);
	if (address && *address)
		return person_new(name, type && *type ? type : "SMTP", address);
	return name && *name ? person_new(name, NULL, NULL) : NULL;
}

static struct person *
person_of(Pst *pst, const guint8 *p, gsize len, guint which, guint depth)
{
	const PstProps *store = pst_store(pst);
	g_autoptr(GBytes) record_key = NULL;
	const guint8 *key = NULL;
	gsize key_len = 0;

	if (len < 20 || depth > WRAPS_MAX)
		return NULL;
	if (memcmp(p + 4, one_off, 16) == 0)
		return one_off_person(p + 20, len - 20);
	/* The type's low bits say what is inside, the next three which of a
	 * contact's addresses. */
	if (memcmp(p + 4, wrapped, 16) == 0 && len > 21)
		return person_of(
		    pst, p + 21, len - 21, p[20] >> 4 & 7, depth + 1);
	/* version(4), type(4), distinguished name, NUL */
	if (memcmp(p + 4, directory, 16) == 0 && len > 28) {
		g_autofree char *dn = g_strndup((const char *)p + 28, len - 28);
		g_autofree char *valid = g_utf8_make_valid(dn, -1);
		const char *cn = strrchr(valid, '=');

		return person_new(cn ? cn + 1 : NULL, "EX", valid);
	}
	if (store)
		record_key = pst_props_bytes(store, PST_P_RECORD_KEY);
	if (record_key)
		key = g_bytes_get_data(record_key, &key_len);
	if (key_len == 16 && len >= 24 && memcmp(p + 4, key, 16) == 0)
		return contact_person(pst, get_le32(p + 20), which);
	return NULL;
}

struct person *
pst_entry_person(Pst *pst, GBytes *id)
{
	gsize len;
	const guint8 *p = g_bytes_get_data(id, &len);

	return person_of(pst, p, len, 0, 0);
}

void
pst_entry_people(Pst *pst, GBytes *list, GPtrArray *out)
{
	gsize len;
	const guint8 *p = g_bytes_get_data(list, &len);
	guint32 n;

	if (len < 8)
		return;
	n = MIN(get_le32(p), PEOPLE_MAX);
	p += 8;
	len -= 8;
	for (; n > 0 && len >= 4; n--) {
		gsize size = get_le32(p);
		struct person *person;

		if (size > len - 4)
			return;
		person = person_of(pst, p + 4, size, 0, 0);
		if (person)
			g_ptr_array_add(out, person);
		size = MIN((size + 3) / 4 * 4, len - 4);
		p += 4 + size;
		len -= 4 + size;
	}
}
