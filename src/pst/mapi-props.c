#include "pst/mapi-private.h"

#include "pst/bytes.h"

#include <stdarg.h>
#include <string.h>

#define TOPIC_MAX 254 /* units with a conversation id: [MS-OXOMSG] */

const guint8 pst_set_public[16] = {
    0x29, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
const guint8 pst_set_common[16] = {
    0x08, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
const guint8 pst_set_address[16] = {
    0x04, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
const guint8 pst_set_appointment[16] = {
    0x02, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
const guint8 pst_set_meeting[16] = {0x90, 0xda, 0xd8, 0x6e, 0x0b, 0x45, 0x1b,
    0x10, 0x98, 0xda, 0x00, 0xaa, 0x00, 0x3f, 0x13, 0x05};
const guint8 pst_set_task[16] = {
    0x03, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};

void
pst_mapi_remark(
    const struct pst_mapi *m, const char *code, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	if (m->mail->remark == NULL)
		return;
	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	m->mail->remark(m->mail->remark_ctx, code, text);
}

void
pst_mapi_remark_error(
    const struct pst_mapi *m, const char *code, GError **error)
{
	pst_mapi_remark(
	    m, code, "%s", *error ? (*error)->message : "it is damaged");
	g_clear_error(error);
}

guint
pst_subject_prefix(const char *subject)
{
	const char *p = subject;
	guint n = 0;

	/* One to three characters that are neither blank nor digit, a colon,
	 * blanks. */
	while (*p && n < 3 && *p != ':' && *p != ' ' && !g_ascii_isdigit(*p)) {
		p = g_utf8_next_char(p);
		n++;
	}
	if (n == 0 || *p != ':')
		return 0;
	p++;
	n++;
	/* "C:" of a path is none. */
	if (*p != ' ')
		return 0;
	while (*p == ' ') {
		p++;
		n++;
	}
	return n;
}

enum status
pst_mapi_subject(PstBag *bag, const char *subject, GError **error)
{
	g_autoptr(GString) text = g_string_new("\x01");
	guint prefix = pst_subject_prefix(subject);

	if (*subject == '\0')
		return ST_OK;
	/* A prefix that fills the subject is kept within it. */
	g_string_append_unichar(text, 1 + MIN(prefix, PST_MAPI_NAME_UNITS - 3));
	g_string_append(text, subject);
	return pst_bag_text(bag, TEXT(PST_P_SUBJECT), text->str,
	    (gssize)text->len, PST_MAPI_NAME_UNITS, error);
}

/* MD5 over the upper-cased topic in UTF-16: spec/pst.md 13.2. */
static bool
topic_digest(const char *topic, guint8 out[16])
{
	g_autoptr(GChecksum) md5 = g_checksum_new(G_CHECKSUM_MD5);
	gsize len = 16;
	guint units = 0;

	for (const char *p = topic; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_unichar_toupper(g_utf8_get_char(p));
		guint8 wide[4];
		gsize n = 2;

		if (c >= 0x10000) {
			put_le16(wide, 0xd800 + ((c - 0x10000) >> 10));
			put_le16(wide + 2, 0xdc00 + (c & 0x3ff));
			n = 4;
		} else {
			put_le16(wide, c);
		}
		units += (guint)n / 2;
		g_checksum_update(md5, wide, (gssize)n);
	}
	g_checksum_get_digest(md5, out, &len);
	return units > 0 && units <= TOPIC_MAX;
}

enum status
pst_mapi_conversation(const struct pst_mapi *m, const char *subject,
    const char *thread_topic, GBytes *thread_index, GError **error)
{
	PstBag *bag = pst_writer_bag(m->w);
	const char *normal =
	    g_utf8_offset_to_pointer(subject, pst_subject_prefix(subject));
	const char *topic = normal;
	g_autofree char *a = g_utf8_casefold(normal, -1);
	g_autofree char *b =
	    thread_topic ? g_utf8_casefold(thread_topic, -1) : NULL;
	guint8 index[22] = {1}, digest[16];
	const guint8 *given = NULL;
	gsize given_len = 0;
	bool tracking, has_id;
	enum status st = ST_OK;

	if (b && strcmp(a, b) == 0)
		topic = thread_topic;
	if (*topic)
		st = pst_bag_text(bag, TEXT(PST_P_CONVERSATION_TOPIC), topic,
		    -1, PST_MAPI_NAME_UNITS, error);
	has_id = topic_digest(topic, digest);
	if (thread_index)
		given = g_bytes_get_data(thread_index, &given_len);
	tracking =
	    given && given_len >= 22 && given_len < 1024 && given[0] == 1;
	if (!tracking) {
		/* The five high bytes below the first of the time. */
		for (guint i = 0; i < 5; i++)
			index[1 + i] = (guint8)(m->time >> (56 - 8 * i));
		memcpy(index + 6, digest, 16);
		given = index;
		given_len = sizeof index;
	}
	if (st == ST_OK)
		st = pst_bag_bytes(bag, BINARY(PST_P_CONVERSATION_INDEX), given,
		    given_len, error);
	if (tracking)
		pst_bag_int(bag, BOOL(PST_P_CONVERSATION_TRACKING), 1);
	if (st == ST_OK && !m->embedded && (tracking || has_id))
		st = pst_bag_bytes(pst_writer_row(m->w),
		    BINARY(PST_P_CONVERSATION_ID),
		    tracking ? given + 6 : digest, 16, error);
	return st;
}

/* What of a person takes long to make. */
struct person_ids {
	GByteArray *id, *key;
};

static const char *
type_of(const struct person *person)
{
	return person->type ? person->type : "SMTP";
}

static void
person_ids_init(struct person_ids *ids, const struct person *person)
{
	const char *address = person->address ? person->address : "";
	const char *name =
	    person->name && *person->name ? person->name : address;

	ids->id = g_byte_array_new();
	ids->key = g_byte_array_new();
	pst_one_off(ids->id, name, type_of(person), address);
	pst_address_key(ids->key, type_of(person), address);
}

static void
person_ids_clear(struct person_ids *ids)
{
	g_byte_array_unref(ids->id);
	g_byte_array_unref(ids->key);
}

static enum status
put_person(PstBag *bag, const struct person *person,
    const struct person_ids *own, const guint ids[6], GError **error)
{
	const char *address = person->address ? person->address : "";
	const char *type = type_of(person);
	const char *name =
	    person->name && *person->name ? person->name : address;
	enum status st;

	st = pst_bag_text(
	    bag, TEXT(ids[0]), name, -1, PST_MAPI_NAME_UNITS, error);
	if (st == ST_OK)
		st = pst_bag_text(bag, TEXT(ids[1]), type, -1, 0, error);
	if (st == ST_OK)
		st = pst_bag_text(bag, TEXT(ids[2]), address, -1, 0, error);
	if (st == ST_OK)
		st = pst_bag_bytes(
		    bag, BINARY(ids[3]), own->id->data, own->id->len, error);
	if (st == ST_OK)
		st = pst_bag_bytes(
		    bag, BINARY(ids[4]), own->key->data, own->key->len, error);
	if (st == ST_OK && strcmp(type, "SMTP") == 0 && *address)
		st = pst_bag_text(bag, TEXT(ids[5]), address, -1, 0, error);
	return st;
}

enum status
pst_mapi_person(PstBag *bag, const struct person *person, const guint ids[6],
    GError **error)
{
	struct person_ids own;
	enum status st;

	person_ids_init(&own, person);
	st = put_person(bag, person, &own, ids, error);
	person_ids_clear(&own);
	return st;
}

const guint pst_mapi_sender[6] = {PST_P_SENDER_NAME, PST_P_SENDER_ADDRTYPE,
    PST_P_SENDER_EMAIL, PST_P_SENDER_ENTRYID, PST_P_SENDER_SEARCH_KEY,
    PST_P_SENDER_SMTP};
const guint pst_mapi_representing[6] = {PST_P_REPRESENTING_NAME,
    PST_P_REPRESENTING_ADDRTYPE, PST_P_REPRESENTING_EMAIL,
    PST_P_REPRESENTING_ENTRYID, PST_P_REPRESENTING_SEARCH_KEY,
    PST_P_REPRESENTING_SMTP};

/* Senders can be replied to (Q237993): name, type and address of both. */
enum status
pst_mapi_senders(PstBag *bag, const struct person *author,
    const struct person *agent, GError **error)
{
	struct person_ids own;
	enum status st = ST_OK;

	if (author && author == agent) {
		person_ids_init(&own, author);
		st =
		    put_person(bag, author, &own, pst_mapi_representing, error);
		if (st == ST_OK)
			st = put_person(
			    bag, agent, &own, pst_mapi_sender, error);
		person_ids_clear(&own);
		return st;
	}
	if (author)
		st = pst_mapi_person(bag, author, pst_mapi_representing, error);
	if (agent && st == ST_OK)
		st = pst_mapi_person(bag, agent, pst_mapi_sender, error);
	return st;
}

guint32
pst_mapi_tag(
    const struct pst_mapi *m, const guint8 set[16], guint32 lid, guint type)
{
	guint id = pst_writer_name(m->w, set, lid, NULL);

	if (id == 0)
		pst_mapi_remark(m, "PST_NAMES_FULL",
		    "the file has no room for more names of properties: one "
		    "was left out");
	return id ? TAG(id, type) : 0;
}

void
pst_mapi_int(
    const struct pst_mapi *m, const guint8 set[16], guint32 lid, guint32 v)
{
	guint32 tag = pst_mapi_tag(m, set, lid, PST_T_INT32);

	if (tag)
		pst_bag_int(pst_writer_bag(m->w), tag, v);
}

void
pst_mapi_bool(
    const struct pst_mapi *m, const guint8 set[16], guint32 lid, bool v)
{
	guint32 tag = pst_mapi_tag(m, set, lid, PST_T_BOOL);

	if (tag)
		pst_bag_int(pst_writer_bag(m->w), tag, v);
}

void
pst_mapi_time(
    const struct pst_mapi *m, const guint8 set[16], guint32 lid, guint64 v)
{
	guint32 tag = pst_mapi_tag(m, set, lid, PST_T_TIME);

	if (tag)
		pst_bag_int64(pst_writer_bag(m->w), tag, v);
}

enum status
pst_mapi_text(const struct pst_mapi *m, const guint8 set[16], guint32 lid,
    const char *text, GError **error)
{
	guint32 tag;

	if (text == NULL || *text == '\0')
		return ST_OK;
	tag = pst_mapi_tag(m, set, lid, PST_T_UNICODE);
	return tag ? pst_bag_text(pst_writer_bag(m->w), tag, text, -1, 0, error)
		   : ST_OK;
}

enum status
pst_mapi_bytes(const struct pst_mapi *m, const guint8 set[16], guint32 lid,
    const void *p, gsize len, GError **error)
{
	guint32 tag = pst_mapi_tag(m, set, lid, PST_T_BINARY);

	return tag ? pst_bag_bytes(pst_writer_bag(m->w), tag, p, len, error)
		   : ST_OK;
}

enum status
pst_mapi_categories(
    const struct pst_mapi *m, const char *const *words, guint n, GError **error)
{
	guint id = pst_writer_name(m->w, pst_set_public, 0, "Keywords");

	if (n == 0 || id == 0)
		return ST_OK;
	return pst_bag_texts(
	    pst_writer_bag(m->w), TAG(id, PST_T_MV_UNICODE), words, n, error);
}
