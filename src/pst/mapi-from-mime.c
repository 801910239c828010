#include "pst/mapi-from-mime.h"

#include "mime/header.h"
#include "mime/text.h"
#include "mime/date.h"
#include "pst/bytes.h"
#include "pst/format.h"
#include "pst/mapi-parts.h"

#include <string.h>

#define TAG(id, type) ((guint32)(id) << 16 | (type))
#define TEXT(id)      TAG(id, PST_T_UNICODE)
#define INT(id)	      TAG(id, PST_T_INT32)
#define BOOL(id)      TAG(id, PST_T_BOOL)
#define TIME(id)      TAG(id, PST_T_TIME)
#define BINARY(id)    TAG(id, PST_T_BINARY)

#define HEADERS_MAX (1 << 20) /* bytes of header block kept */
#define FIELD_MAX   32768     /* bytes of one field kept as a property */
#define NAME_UNITS  255	      /* UTF-16 units of names and subjects */
#define TOPIC_MAX   254	      /* units with a conversation id: [MS-OXOMSG] */

struct PstMapper {
	char *spool_dir;
};

PstMapper *
pst_mapper_new(const char *spool_dir)
{
	PstMapper *mapper = g_new0(PstMapper, 1);

	mapper->spool_dir = g_strdup(spool_dir);
	return mapper;
}

void
pst_mapper_free(PstMapper *mapper)
{
	if (mapper == NULL)
		return;
	g_free(mapper->spool_dir);
	g_free(mapper);
}

/* What the header says that no envelope holds. */
struct fields {
	char *topic, *references, *in_reply_to, *importance, *sensitivity;
	char *content_type;
	GBytes *index;
	struct stamp received; /* of the newest Received: */
	bool read_receipt, delivery_receipt;
};

static void
fields_clear(struct fields *f)
{
	g_free(f->topic);
	g_free(f->references);
	g_free(f->in_reply_to);
	g_free(f->importance);
	g_free(f->sensitivity);
	g_free(f->content_type);
	g_clear_pointer(&f->index, g_bytes_unref);
}
typedef struct fields Fields;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fields, fields_clear)

static void
take(char **to, const struct header_field *f)
{
	if (*to == NULL)
		*to = mime_text_decode(f->value, MIN(f->value_len, FIELD_MAX));
}

static void
fields_parse(const char *data, gsize len, struct fields *out)
{
	struct header_field f;
	gsize pos = header_block_start(data, len);

	while (header_next(data, len, &pos, &f)) {
		if (header_is(&f, "thread-topic")) {
			take(&out->topic, &f);
		} else if (header_is(&f, "references")) {
			take(&out->references, &f);
		} else if (header_is(&f, "in-reply-to")) {
			take(&out->in_reply_to, &f);
		} else if (header_is(&f, "sensitivity")) {
			take(&out->sensitivity, &f);
		} else if (header_is(&f, "content-type")) {
			take(&out->content_type, &f);
		} else if (header_is(&f, "disposition-notification-to")) {
			out->read_receipt = true;
		} else if (header_is(&f, "return-receipt-to")) {
			out->delivery_receipt = true;
		} else if (header_is(&f, "thread-index") &&
			   out->index == NULL) {
			g_autofree char *text = mime_text_clean(
			    f.value, MIN(f.value_len, FIELD_MAX));
			gsize n;
			guchar *bytes = g_base64_decode(text, &n);

			out->index = g_bytes_new_take(bytes, n);
		} else if (header_is(&f, "received") && !out->received.known) {
			const char *semicolon =
			    memrchr(f.value, ';', f.value_len);

			if (semicolon)
				date_parse(semicolon + 1,
				    f.value_len -
					(gsize)(semicolon + 1 - f.value),
				    &out->received);
		}
	}
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

static enum status
put_subject(PstBag *bag, const char *subject, GError **error)
{
	g_autoptr(GString) text = g_string_new("\x01");
	guint prefix = pst_subject_prefix(subject);

	if (*subject == '\0')
		return ST_OK;
	/* A prefix that fills the subject is kept within it. */
	g_string_append_unichar(text, 1 + MIN(prefix, NAME_UNITS - 3));
	g_string_append(text, subject);
	return pst_bag_text(bag, TEXT(PST_P_SUBJECT), text->str,
	    (gssize)text->len, NAME_UNITS, error);
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

static enum status
put_conversation(PstWriter *w, PstBag *bag, const char *subject,
    const struct fields *f, guint64 time, bool embedded, GError **error)
{
	const char *normal =
	    g_utf8_offset_to_pointer(subject, pst_subject_prefix(subject));
	const char *topic = normal;
	g_autofree char *a = g_utf8_casefold(normal, -1);
	g_autofree char *b = f->topic ? g_utf8_casefold(f->topic, -1) : NULL;
	guint8 index[22] = {1}, digest[16];
	const guint8 *given = NULL;
	gsize given_len = 0;
	bool tracking, has_id;
	enum status st = ST_OK;

	if (b && strcmp(a, b) == 0)
		topic = f->topic;
	if (*topic)
		st = pst_bag_text(bag, TEXT(PST_P_CONVERSATION_TOPIC), topic,
		    -1, NAME_UNITS, error);
	has_id = topic_digest(topic, digest);
	if (f->index)
		given = g_bytes_get_data(f->index, &given_len);
	tracking =
	    given && given_len >= 22 && given_len < 1024 && given[0] == 1;
	if (!tracking) {
		/* The five high bytes below the first of the time. */
		for (guint i = 0; i < 5; i++)
			index[1 + i] = (guint8)(time >> (56 - 8 * i));
		memcpy(index + 6, digest, 16);
		given = index;
		given_len = sizeof index;
	}
	if (st == ST_OK)
		st = pst_bag_bytes(bag, BINARY(PST_P_CONVERSATION_INDEX), given,
		    given_len, error);
	if (tracking)
		pst_bag_int(bag, BOOL(PST_P_CONVERSATION_TRACKING), 1);
	if (st == ST_OK && !embedded && (tracking || has_id))
		st = pst_bag_bytes(pst_writer_row(w),
		    BINARY(PST_P_CONVERSATION_ID),
		    tracking ? given + 6 : digest, 16, error);
	return st;
}

/* One of the two senders. */
static enum status
put_person(PstBag *bag, const struct person *person, const guint ids[6],
    GError **error)
{
	const char *address = person->address ? person->address : "";
	const char *type = person->type ? person->type : "SMTP";
	const char *name =
	    person->name && *person->name ? person->name : address;
	g_autoptr(GByteArray) id = g_byte_array_new();
	g_autoptr(GByteArray) key = g_byte_array_new();
	enum status st;

	st = pst_bag_text(bag, TEXT(ids[0]), name, -1, NAME_UNITS, error);
	if (st == ST_OK)
		st = pst_bag_text(bag, TEXT(ids[1]), type, -1, 0, error);
	if (st == ST_OK)
		st = pst_bag_text(bag, TEXT(ids[2]), address, -1, 0, error);
	pst_one_off(id, name, type, address);
	pst_address_key(key, type, address);
	if (st == ST_OK)
		st = pst_bag_bytes(
		    bag, BINARY(ids[3]), id->data, id->len, error);
	if (st == ST_OK)
		st = pst_bag_bytes(
		    bag, BINARY(ids[4]), key->data, key->len, error);
	if (st == ST_OK && strcmp(type, "SMTP") == 0 && *address)
		st = pst_bag_text(bag, TEXT(ids[5]), address, -1, 0, error);
	return st;
}

/* Senders can be replied to (Q237993): name, type and address of both. */
static enum status
put_senders(PstBag *bag, const struct envelope *e, GError **error)
{
	static const guint sender[6] = {PST_P_SENDER_NAME,
	    PST_P_SENDER_ADDRTYPE, PST_P_SENDER_EMAIL, PST_P_SENDER_ENTRYID,
	    PST_P_SENDER_SEARCH_KEY, PST_P_SENDER_SMTP};
	static const guint from[6] = {PST_P_REPRESENTING_NAME,
	    PST_P_REPRESENTING_ADDRTYPE, PST_P_REPRESENTING_EMAIL,
	    PST_P_REPRESENTING_ENTRYID, PST_P_REPRESENTING_SEARCH_KEY,
	    PST_P_REPRESENTING_SMTP};
	const struct person *author =
	    e->from->len ? e->from->pdata[0] : e->sender;
	const struct person *agent = e->sender ? e->sender : author;
	enum status st = ST_OK;

	if (author)
		st = put_person(bag, author, from, error);
	if (agent && st == ST_OK)
		st = put_person(bag, agent, sender, error);
	return st;
}

static enum status
put_recipients(PstWriter *w, const struct envelope *e, GError **error)
{
	const struct {
		const GPtrArray *people;
		enum pst_recipient_kind kind;
	} lists[] = {{e->to, PST_TO}, {e->cc, PST_CC}, {e->bcc, PST_BCC}};
	enum status st = ST_OK;

	for (guint k = 0; k < G_N_ELEMENTS(lists); k++)
		for (guint i = 0; i < lists[k].people->len && st == ST_OK;
		     i++) {
			const struct person *p = lists[k].people->pdata[i];
			struct pst_recipient r = {.kind = lists[k].kind,
			    .name = p->name,
			    .type = p->type,
			    .address = p->address};

			st = pst_writer_recipient(w, &r, error);
		}
	return st;
}

/* FLATENTRYLIST: [MS-OXCDATA] 2.3.3 */
static enum status
put_reply_to(PstBag *bag, const struct envelope *e, GError **error)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	g_autoptr(GString) names = g_string_new(NULL);
	enum status st;

	if (e->reply_to->len == 0)
		return ST_OK;
	g_byte_array_set_size(list, 8);
	for (guint i = 0; i < e->reply_to->len; i++) {
		const struct person *p = e->reply_to->pdata[i];
		const char *address = p->address ? p->address : "";
		const char *name = p->name && *p->name ? p->name : address;
		guint at = list->len;

		g_byte_array_set_size(list, at + 4);
		pst_one_off(list, name, p->type ? p->type : "SMTP", address);
		put_le32(list->data + at, list->len - at - 4);
		while (list->len % 4)
			g_byte_array_append(list, (const guint8 *)"", 1);
		if (i > 0)
			g_string_append(names, "; ");
		g_string_append(names, name);
	}
	put_le32(list->data, e->reply_to->len);
	put_le32(list->data + 4, list->len - 8);
	st = pst_bag_bytes(bag, BINARY(PST_P_REPLY_RECIPIENT_ENTRIES),
	    list->data, list->len, error);
	if (st == ST_OK)
		st = pst_bag_text(bag, TEXT(PST_P_REPLY_RECIPIENT_NAMES),
		    names->str, -1, 0, error);
	return st;
}

static guint32
sensitivity(const char *text)
{
	static const char *const words[] = {
	    "personal", "private", "company-confidential"};

	for (guint i = 0; text && i < G_N_ELEMENTS(words); i++)
		if (g_ascii_strcasecmp(text, words[i]) == 0)
			return i + 1;
	return 0;
}

static void
put_flags(PstBag *bag, const struct pst_mail *mail, guint64 time)
{
	guint32 flags = mail->flags, out = 0;

	if (flags & PST_MAIL_SEEN)
		out |= PST_MSGFLAG_READ;
	if (flags & PST_MAIL_DRAFT)
		out |= PST_MSGFLAG_UNSENT;
	pst_bag_int(bag, INT(PST_P_MESSAGE_FLAGS), out);
	pst_bag_int(bag, INT(PST_P_ICON_INDEX),
	    flags & PST_MAIL_ANSWERED	 ? 0x105
	    : flags & PST_MAIL_FORWARDED ? 0x106
					 : 0xffffffff);
	if (flags & (PST_MAIL_ANSWERED | PST_MAIL_FORWARDED)) {
		pst_bag_int(bag, INT(PST_P_LAST_VERB),
		    flags & PST_MAIL_ANSWERED ? 102 : 104);
		pst_bag_int64(bag, TIME(PST_P_LAST_VERB_TIME), time);
	}
	if (flags & PST_MAIL_FLAGGED) {
		pst_bag_int(bag, INT(PST_P_FLAG_STATUS), 2);
		pst_bag_int(bag, INT(PST_P_FOLLOWUP_ICON), 6);
		pst_bag_int(bag, INT(PST_P_TODO_FLAGS), 1);
	}
}

/* The header block as it stands, to its empty line; what is no UTF-8 is read as
 * Windows-1252. */
static enum status
put_headers(PstBag *bag, const char *data, gsize len, GError **error)
{
	g_autoptr(GString) text = NULL;
	struct header_field f;
	gsize start = header_block_start(data, len), end = start;

	while (header_next(data, len, &end, &f))
		;
	if (end <= start)
		return ST_OK;
	text = g_string_sized_new(end - start + 16);
	if (g_utf8_validate(data + start, (gssize)(end - start), NULL))
		g_string_append_len(text, data + start, (gssize)(end - start));
	else
		mime_text_from_1252(
		    text, (const guint8 *)data + start, end - start);
	return pst_bag_text(bag, TEXT(PST_P_TRANSPORT_HEADERS), text->str,
	    (gssize)text->len, 0, error);
}

static enum status
put_texts(PstBag *bag, const struct envelope *e, const struct fields *f,
    GError **error)
{
	const struct {
		guint id;
		const char *text;
	} texts[] = {{PST_P_INTERNET_MESSAGE_ID, e->message_id},
	    {PST_P_INTERNET_REFERENCES, f->references},
	    {PST_P_IN_REPLY_TO, f->in_reply_to}};
	enum status st = ST_OK;

	for (guint i = 0; i < G_N_ELEMENTS(texts) && st == ST_OK; i++)
		if (texts[i].text && *texts[i].text)
			st = pst_bag_text(bag, TEXT(texts[i].id), texts[i].text,
			    -1, 0, error);
	return st;
}

/* Stable for the same message: from its id, times and subject. */
static enum status
put_search_key(
    PstBag *bag, const struct envelope *e, guint64 time, GError **error)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 key[32];
	gsize len = sizeof key;

	g_checksum_update(sum, (const guint8 *)&time, sizeof time);
	if (e->message_id)
		g_checksum_update(sum, (const guint8 *)e->message_id, -1);
	if (e->subject)
		g_checksum_update(sum, (const guint8 *)e->subject, -1);
	g_checksum_get_digest(sum, key, &len);
	return pst_bag_bytes(bag, BINARY(PST_P_SEARCH_KEY), key, 16, error);
}

/* A known time, or now: Outlook shows no message without one. */
static guint64
time_of(const struct pst_mail *mail, const struct envelope *e,
    const struct fields *f)
{
	const struct stamp *stamps[] = {
	    &mail->received, &f->received, &e->sent};

	for (guint i = 0; i < G_N_ELEMENTS(stamps); i++)
		if (stamps[i]->known)
			return pst_filetime(stamps[i]->utc);
	return pst_filetime(g_get_real_time() / G_USEC_PER_SEC);
}

/* Everything but bodies and attachments. */
static enum status
put_envelope(PstWriter *w, const struct pst_mail *mail,
    const struct envelope *e, const struct fields *f, bool embedded,
    GError **error)
{
	PstBag *bag = pst_writer_bag(w);
	const char *subject = e->subject ? e->subject : "";
	guint64 time = time_of(mail, e, f);
	enum status st;

	pst_bag_int(bag, INT(PST_P_IMPORTANCE), (guint32)(e->priority + 1));
	pst_bag_int(bag, INT(PST_P_PRIORITY), (guint32)e->priority);
	pst_bag_int(bag, INT(PST_P_SENSITIVITY), sensitivity(f->sensitivity));
	pst_bag_int(bag, BOOL(PST_P_READ_RECEIPT), f->read_receipt);
	pst_bag_int(bag, BOOL(PST_P_DELIVERY_RECEIPT), f->delivery_receipt);
	pst_bag_int64(bag, TIME(PST_P_DELIVERY_TIME), time);
	pst_bag_int64(bag, TIME(PST_P_CLIENT_SUBMIT_TIME),
	    e->sent.known ? pst_filetime(e->sent.utc) : time);
	pst_bag_int64(bag, TIME(PST_P_CREATION_TIME), time);
	pst_bag_int64(bag, TIME(PST_P_MODIFICATION_TIME), time);
	pst_bag_int(bag, INT(PST_P_MESSAGE_CODEPAGE), 65001);
	pst_bag_int(bag, INT(PST_P_LOCALE), 0x409);
	put_flags(bag, mail, time);
	st = put_subject(bag, subject, error);
	if (st == ST_OK)
		st =
		    put_conversation(w, bag, subject, f, time, embedded, error);
	if (st == ST_OK)
		st = put_senders(bag, e, error);
	if (st == ST_OK)
		st = put_recipients(w, e, error);
	if (st == ST_OK)
		st = put_reply_to(bag, e, error);
	if (st == ST_OK)
		st = put_texts(bag, e, f, error);
	if (st == ST_OK)
		st = put_search_key(bag, e, time, error);
	if (st == ST_OK && mail->categories && mail->categories[0]) {
		static const guint8 public_strings[16] = {
		    0x29, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
		guint id = pst_writer_name(w, public_strings, 0, "Keywords");

		st = pst_bag_texts(bag, TAG(id, PST_T_MV_UNICODE),
		    mail->categories, g_strv_length((char **)mail->categories),
		    error);
	}
	return st;
}

static enum status write_inner(
    struct pst_parts_context *context, const struct blob *raw, GError **error);

/* The message in the making, at whatever depth. */
static enum status
write_mail(PstMapper *mapper, PstWriter *w, const struct pst_mail *mail,
    bool embedded, GError **error)
{
	g_autoptr(Spool) store = spool_new(mapper->spool_dir);
	g_autoptr(GArray) split = g_array_new(FALSE, TRUE, sizeof(struct part));
	g_auto(Fields) fields = {0};
	struct pst_parts_context context = {.mapper = mapper,
	    .writer = w,
	    .raw = mail->raw,
	    .parts = mail->parts,
	    .n_parts = mail->n_parts,
	    .class = mail->class,
	    .embed = write_inner};
	struct header_block block = {0};
	struct envelope own;
	const struct envelope *e = mail->envelope;
	enum status st = ST_OK;

	g_array_set_clear_func(split, (GDestroyNotify)part_clear);
	envelope_init(&own);
	if (e == NULL) {
		st = header_block_read(&mail->raw, HEADERS_MAX, &block, error);
		if (st == ST_OK)
			st = envelope_parse(&mail->raw, &own, error);
		if (st == ST_OK)
			st = part_split(&mail->raw, split, store, error);
		e = &own;
		context.parts = (const struct part *)split->data;
		context.n_parts = split->len;
	} else if (mail->headers) {
		block.data = mail->headers;
		block.len = MIN(strlen(mail->headers), HEADERS_MAX);
	}
	if (st == ST_OK && block.data) {
		fields_parse(block.data, block.len, &fields);
		st = put_headers(
		    pst_writer_bag(w), block.data, block.len, error);
	}
	context.content_type = fields.content_type;
	if (st == ST_OK)
		st = put_envelope(w, mail, e, &fields, embedded, error);
	if (st == ST_OK)
		st = pst_parts_write(&context, error);
	if (block.owned || mail->envelope == NULL)
		header_block_clear(&block);
	envelope_clear(&own);
	return st;
}

static enum status
write_inner(
    struct pst_parts_context *context, const struct blob *raw, GError **error)
{
	struct pst_mail mail = {.raw = *raw, .flags = PST_MAIL_SEEN};

	return write_mail(context->mapper, context->writer, &mail, true, error);
}

enum status
pst_mapper_write(PstMapper *mapper, PstWriter *w, guint32 folder,
    const struct pst_mail *mail, guint32 *nid, GError **error)
{
	enum status st = pst_writer_message(w, folder, error);

	if (st == ST_OK)
		st = write_mail(mapper, w, mail, false, error);
	if (st == ST_OK)
		st = pst_writer_message_end(w, nid, error);
	if (st == ST_ITEM && pst_writer_abort(w, NULL) < 0)
		st = ST_MAILBOX;
	return st;
}
