#include "pst/mapi-from-mime.h"

#include "mime/header.h"
#include "mime/text.h"
#include "mime/date.h"
#include "pst/bytes.h"
#include "pst/mapi-parts.h"
#include "pst/mapi-private.h"

#include <string.h>

#define HEADERS_MAX (1 << 20)  /* bytes of header block kept */
#define FIELD_MAX   32768      /* bytes of one field kept as a property */
#define BARE_MAX    (64 << 20) /* bytes of a text without a header */
/* The two units before a subject tell its prefix: spec/pst.md 13.3. */
#define SUBJECT_UNITS (PST_MAPI_NAME_UNITS - 2)

struct PstMapper {
	char *spool_dir;
	char *class;  /* of the last message */
	Spool *store; /* parts of a message that is in no other */
};

PstMapper *
pst_mapper_new(const char *spool_dir)
{
	PstMapper *mapper = g_new0(PstMapper, 1);

	mapper->spool_dir = g_strdup(spool_dir);
	mapper->store = spool_new(spool_dir);
	return mapper;
}

void
pst_mapper_free(PstMapper *mapper)
{
	if (mapper == NULL)
		return;
	g_free(mapper->spool_dir);
	g_free(mapper->class);
	spool_free(mapper->store);
	g_free(mapper);
}

const char *
pst_mapper_class(const PstMapper *mapper)
{
	return mapper->class ? mapper->class : "";
}

void
pst_mapi_class(const struct pst_mapi *m, const char *class)
{
	if (m->embedded)
		return;
	g_free(m->mapper->class);
	m->mapper->class = g_strdup(class);
}

/* What the header says that no envelope holds. */
struct fields {
	char *topic, *references, *in_reply_to, *importance, *sensitivity;
	char *content_type, *content_class;
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
	g_free(f->content_class);
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
		} else if (header_is(&f, "content-class")) {
			take(&out->content_class, &f);
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
put_headers(
    const struct pst_mapi *m, const char *data, gsize len, GError **error)
{
	PstBag *bag = pst_writer_bag(m->w);
	g_autoptr(GString) text = NULL;
	struct header_field f;
	gsize start = header_block_start(data, len), end = start;

	while (header_next(data, len, &end, &f))
		;
	/* Nothing, or an empty line alone. */
	if (end <= start + 2)
		return ST_OK;
	if (len >= HEADERS_MAX && end >= HEADERS_MAX)
		pst_mapi_remark(m, "PST_HEADER_CUT",
		    "the header block has more than %d bytes: what follows was "
		    "left out",
		    HEADERS_MAX);
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

/* Years 1601 to 9999. */
static bool
filetime_fits(gint64 utc)
{
	return utc > -G_GINT64_CONSTANT(11644473600) &&
	       utc < G_GINT64_CONSTANT(253402300800);
}

/* A known time, or now: Outlook shows no message without one. */
static guint64
time_of(
    const struct pst_mapi *m, const struct envelope *e, const struct fields *f)
{
	const struct stamp *stamps[] = {
	    &m->mail->received, &f->received, &e->sent};

	for (guint i = 0; i < G_N_ELEMENTS(stamps); i++)
		if (stamps[i]->known && filetime_fits(stamps[i]->utc))
			return pst_filetime(stamps[i]->utc);
	if (!m->embedded)
		pst_mapi_remark(m, "PST_NO_DATE",
		    "nothing says when the message was sent or received: it "
		    "got the time of now");
	return pst_filetime(g_get_real_time() / G_USEC_PER_SEC);
}

/* Of a text in UTF-16. */
static gsize
units_of(const char *text)
{
	gsize n = 0;

	for (const char *p = text; *p; p = g_utf8_next_char(p))
		n += (guint8)*p >= 0xf0 ? 2 : 1;
	return n;
}

/* Everything but bodies and attachments. */
static enum status
put_envelope(const struct pst_mapi *m, const struct envelope *e,
    const struct fields *f, GError **error)
{
	const struct pst_mail *mail = m->mail;
	PstBag *bag = pst_writer_bag(m->w);
	const char *subject = e->subject ? e->subject : "";
	const struct person *author =
	    e->from->len ? e->from->pdata[0] : e->sender;
	enum status st;

	pst_bag_int(bag, INT(PST_P_IMPORTANCE), (guint32)(e->priority + 1));
	pst_bag_int(bag, INT(PST_P_PRIORITY), (guint32)e->priority);
	pst_bag_int(bag, INT(PST_P_SENSITIVITY), sensitivity(f->sensitivity));
	pst_bag_int(bag, BOOL(PST_P_READ_RECEIPT), f->read_receipt);
	pst_bag_int(bag, BOOL(PST_P_DELIVERY_RECEIPT), f->delivery_receipt);
	pst_bag_int64(bag, TIME(PST_P_DELIVERY_TIME), m->time);
	pst_bag_int64(bag, TIME(PST_P_CLIENT_SUBMIT_TIME),
	    e->sent.known && filetime_fits(e->sent.utc)
		? pst_filetime(e->sent.utc)
		: m->time);
	pst_bag_int64(bag, TIME(PST_P_CREATION_TIME), m->time);
	pst_bag_int64(bag, TIME(PST_P_MODIFICATION_TIME), m->time);
	pst_bag_int(bag, INT(PST_P_MESSAGE_CODEPAGE), 65001);
	pst_bag_int(bag, INT(PST_P_LOCALE), 0x409);
	put_flags(bag, mail, m->time);
	if (units_of(subject) > SUBJECT_UNITS)
		pst_mapi_remark(m, "PST_SUBJECT_CUT",
		    "the subject has more than %d characters: it was cut",
		    SUBJECT_UNITS);
	st = pst_mapi_subject(bag, subject, error);
	if (st == ST_OK)
		st = pst_mapi_conversation(
		    m, subject, f->topic, f->index, error);
	if (st == ST_OK)
		st = pst_mapi_senders(
		    bag, author, e->sender ? e->sender : author, error);
	if (st == ST_OK)
		st = put_recipients(m->w, e, error);
	if (st == ST_OK)
		st = put_reply_to(bag, e, error);
	if (st == ST_OK)
		st = put_texts(bag, e, f, error);
	if (st == ST_OK)
		st = put_search_key(bag, e, m->time, error);
	if (st == ST_OK && mail->categories)
		st = pst_mapi_categories(m, mail->categories,
		    g_strv_length((char **)mail->categories), error);
	return st;
}

/* NUL is in no message (RFC 5322 3.5) but one with binary parts (RFC 3030). Of
 * a message that is not in memory only what reaches a property is looked at. */
static bool
has_nul(const struct blob *raw)
{
	static const char binary[] = "binary";
	gsize len = (gsize)raw->len;

	return raw->mem && len > 0 && memchr(raw->mem, 0, len) &&
	       !memmem(raw->mem, len, binary, sizeof binary - 1);
}

/* Text from its first line on, without any field: the empty line that belongs
 * before it, or all of it would be taken for a header and lost. */
static bool
is_bare(const struct header_block *block, gsize *from)
{
	struct header_field f;
	gsize pos = header_block_start(block->data, block->len);
	const char *p = block->data + pos;

	*from = pos;
	return pos < block->len && *p != '\n' &&
	       !(*p == '\r' && pos + 1 < block->len && p[1] == '\n') &&
	       !header_next(block->data, block->len, &pos, &f);
}

static enum status
mend_bare(struct pst_mapi *m, struct blob *raw, struct header_block *block,
    char **owned, GError **error)
{
	gsize from, len, got;
	enum status st;

	if (!is_bare(block, &from) || raw->len > BARE_MAX)
		return ST_OK;
	pst_mapi_remark(m, "PST_NO_HEADER",
	    "%s without a header: all of it was taken as text",
	    m->embedded ? "a message within the message" : "message");
	len = (gsize)raw->len - from;
	*owned = g_malloc(len + 2);
	memcpy(*owned, "\r\n", 2);
	st = blob_read(raw, (gint64)from, *owned + 2, len, &got, error);
	if (st < 0)
		return st;
	*raw = blob_from_mem(*owned, got + 2);
	header_block_clear(block);
	return header_block_read(raw, HEADERS_MAX, block, error);
}

/* What was mended in reading the parts: a line for each kind of it. */
static void
tell_flaws(const struct pst_mapi *m, const GArray *parts)
{
	static const struct {
		enum part_flaw flaw;
		const char *words;
	} flaws[] = {
	    {PART_FLAW_BASE64,
		"its base64 is broken: what could be decoded is there"},
	    {PART_FLAW_OPEN, "it is the last of a multipart without an end, "
			     "which may be cut"},
	    {PART_FLAW_WHOLE, "it is a multipart without parts: all of it was "
			      "taken as text"},
	    {PART_FLAW_REST, "the message has too many parts: this one is all "
			     "the rest"},
	};

	for (guint k = 0; k < G_N_ELEMENTS(flaws); k++)
		for (guint i = 0; i < parts->len; i++) {
			const struct part *part =
			    &g_array_index(parts, struct part, i);

			if ((part->flaws & flaws[k].flaw) == 0)
				continue;
			pst_mapi_remark(m, "PST_BROKEN_MIME",
			    "%spart %u%s%s: %s",
			    m->embedded ? "a message within the message: " : "",
			    i + 1, part->name ? ", " : "",
			    part->name ? part->name : "", flaws[k].words);
			break;
		}
}

/* The message in the making, at whatever depth. */
static enum status
write_mail(struct pst_mapi *m, GError **error)
{
	const struct pst_mail *mail = m->mail;
	g_autoptr(Spool) own_store =
	    m->embedded ? spool_new(m->mapper->spool_dir) : NULL;
	Spool *store = own_store ? own_store : m->mapper->store;
	g_autoptr(GArray) split = g_array_new(FALSE, TRUE, sizeof(struct part));
	g_auto(Fields) fields = {0};
	struct pst_parts_context context = {.mapi = m,
	    .raw = mail->raw,
	    .parts = mail->parts,
	    .n_parts = mail->n_parts};
	struct blob *raw = &context.raw;
	struct header_block block = {0};
	g_autofree char *mended = NULL;
	struct envelope own;
	const struct envelope *e = mail->envelope;
	enum status st = ST_OK;

	g_array_set_clear_func(split, (GDestroyNotify)part_clear);
	envelope_init(&own);
	if (e == NULL) {
		st = header_block_read(raw, HEADERS_MAX, &block, error);
		if (st == ST_OK)
			st = mend_bare(m, raw, &block, &mended, error);
		if (st == ST_OK)
			st = envelope_parse(raw, &own, error);
		if (st == ST_OK)
			st = part_split(raw, split, store, error);
		if (st == ST_OK)
			tell_flaws(m, split);
		e = &own;
		context.parts = (const struct part *)split->data;
		context.n_parts = split->len;
	} else if (mail->headers) {
		block.data = mail->headers;
		block.len = MIN(strlen(mail->headers), HEADERS_MAX);
	}
	if (st == ST_OK && block.data) {
		fields_parse(block.data, block.len, &fields);
		st = put_headers(m, block.data, block.len, error);
	}
	if (st == ST_OK) {
		m->time = time_of(m, e, &fields);
		st = put_envelope(m, e, &fields, error);
	}
	context.content_type = fields.content_type;
	context.content_class = fields.content_class;
	context.envelope = e;
	if (st == ST_OK)
		st = pst_parts_write(&context, error);
	if (st == ST_OK && ((!m->embedded && has_nul(raw)) ||
			       pst_bag_left_nul(pst_writer_bag(m->w))))
		pst_mapi_remark(m, "PST_NUL",
		    "the text or the header has NUL characters, which no text "
		    "may have: they were replaced or left out");
	spool_reset(store);
	if (block.owned || mail->envelope == NULL)
		header_block_clear(&block);
	envelope_clear(&own);
	return st;
}

enum status
pst_mapi_inner(
    const struct pst_mapi *outer, const struct blob *raw, GError **error)
{
	struct pst_mail mail = {.raw = *raw,
	    .flags = PST_MAIL_SEEN,
	    .remark = outer->mail->remark,
	    .remark_ctx = outer->mail->remark_ctx};
	struct pst_mapi m = {.mapper = outer->mapper,
	    .w = outer->w,
	    .mail = &mail,
	    .embedded = true};

	return write_mail(&m, error);
}

enum status
pst_mapper_write(PstMapper *mapper, PstWriter *w, guint32 folder,
    const struct pst_mail *mail, guint32 *nid, GError **error)
{
	struct pst_mapi m = {.mapper = mapper, .w = w, .mail = mail};
	enum status st = pst_writer_message(w, folder, error);

	if (st == ST_OK)
		st = write_mail(&m, error);
	if (st == ST_OK)
		st = pst_writer_message_end(w, nid, error);
	if (st == ST_ITEM && pst_writer_abort(w, NULL) < 0)
		st = ST_MAILBOX;
	return st;
}
