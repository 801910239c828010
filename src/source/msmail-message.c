/*
 * A message of an MMFF file, or a record of a mailbag, as a record
 * (spec/msmail.md 3.2, 5, 6).
 */
#include "source/msmail-private.h"

#include "ccmail/macbinary.h"
#include "iff/value.h"
#include "mime/encode.h"

#include <nettle/sha2.h>
#include <string.h>

#define CHUNK (64 << 10)

char *
ms_text(const struct msmail_source *s, const void *data, gsize len)
{
	g_autoptr(GString) out = g_string_new(NULL);

	codepage_decode(s->page, data, len, true, false, NULL, out);
	for (char *p = out->str; *p; p++)
		if ((guint8)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return g_strstrip(g_string_free(g_steal_pointer(&out), FALSE));
}

static char *
token_text(const struct msmail_source *s, const struct mmff_message *m,
    const char *name)
{
	const struct mmff_token *token = mmff_token(m, name);

	return token ? ms_text(s, token->value, token->len) : NULL;
}

/* "^0D" stands for a CR inside an address (Q94410). */
static char *
clean_address(const char *text)
{
	g_auto(GStrv) pieces = g_strsplit(text, "^0D", -1);

	return g_strstrip(g_strjoinv(" ", pieces));
}

static void
add_person(GPtrArray *list, const char *text)
{
	g_autofree char *type = NULL, *address = NULL, *clean = NULL;
	const char *user;

	if (list->len >= ENVELOPE_PERSONS_MAX ||
	    !msmail_address_parse(text, &type, &address))
		return;
	clean = clean_address(address);
	user = strcmp(type, "MS") == 0 ? msmail_address_user(clean) : NULL;
	/* Everyone has a name, as in migration files, so that one step and two
	 * give the same. */
	g_ptr_array_add(list, person_new(user ? user : clean, type, clean));
}

static void
take_people(struct msmail_source *s, const struct mmff_message *m)
{
	for (guint i = 0; i < m->tokens->len; i++) {
		const struct mmff_token *token =
		    &g_array_index(m->tokens, struct mmff_token, i);
		GPtrArray *list =
		    strcmp(token->name, "FROM") == 0 ? s->envelope.from
		    : strcmp(token->name, "TO") == 0 ? s->envelope.to
		    : strcmp(token->name, "CC") == 0 ? s->envelope.cc
						     : NULL;
		g_autofree char *text = NULL;

		if (list == NULL)
			continue;
		text = ms_text(s, token->value, token->len);
		add_person(list, text);
	}
}

/* DATE yyyy-mm-dd, TIME hh:mm. */
static bool
take_date(const struct msmail_source *s, const struct mmff_message *m,
    struct stamp *out)
{
	g_autofree char *date = token_text(s, m, "DATE");
	g_autofree char *at = token_text(s, m, "TIME");
	char plain[16] = "00000000000000";
	guint n = 0;

	*out = (struct stamp){.known = false};
	for (const char *p = date ? date : ""; *p && n < 8; p++)
		if (g_ascii_isdigit(*p))
			plain[n++] = *p;
	if (n < 8)
		return false;
	for (const char *p = at ? at : ""; *p && n < 12; p++)
		if (g_ascii_isdigit(*p))
			plain[n++] = *p;
	return value_date(plain, s->opts.zone, NULL, out);
}

/* 1, 2 low; 3 normal; 4, 5 high (Q100457). */
static void
take_rest(struct msmail_source *s, const struct mmff_message *m)
{
	static const char *const known[] = {"VERSION", "FROM", "TO", "CC",
	    "DATE", "TIME", "SUBJECT", "TEXT", NULL};

	g_string_truncate(s->headers, 0);
	for (guint i = 0; i < m->tokens->len; i++) {
		const struct mmff_token *token =
		    &g_array_index(m->tokens, struct mmff_token, i);
		g_autofree char *name = NULL, *text = NULL;

		if (g_strv_contains(known, token->name))
			continue;
		text = ms_text(s, token->value, token->len);
		if (strcmp(token->name, "PRIORITY") == 0) {
			s->envelope.priority =
			    *text == '1' || *text == '2'   ? PRIORITY_LOW
			    : *text == '4' || *text == '5' ? PRIORITY_HIGH
							   : PRIORITY_NORMAL;
			if (g_ascii_isdigit(*text))
				continue;
		}
		name = g_strdup_printf("X-MSMail-%s", token->name);
		encode_text_field(s->headers, name, text);
	}
}

enum status
ms_text_put(struct msmail_source *s, const struct blob *blob, GError **error)
{
	g_autofree guint8 *scratch = g_malloc(CHUNK);
	g_autoptr(GString) pending = g_string_new(NULL);
	const guint8 *data;
	gint64 at = 0;
	gsize len, used;
	bool cr = false;
	enum status st;

	while ((st = blob_next(
		    blob, &at, scratch, CHUNK, &data, &len, error)) == ST_OK) {
		g_autoptr(GString) text = g_string_new(NULL);

		g_string_append_len(pending, (const char *)data, (gssize)len);
		codepage_decode(s->page, pending->str, pending->len,
		    at >= blob->len, false, &used, text);
		g_string_erase(pending, 0, (gssize)used);
		g_string_truncate(s->text, 0);
		for (gsize i = 0; i < text->len; i++) {
			char c = text->str[i];

			if (c == '\n' && cr) {
				cr = false;
				continue;
			}
			cr = c == '\r';
			if (c == '\r' || c == '\n')
				g_string_append(s->text, "\r\n");
			else
				g_string_append_c(s->text, c);
		}
		st = spool_write(s->spool, s->text->str, s->text->len, error);
		if (st < 0)
			return st;
	}
	return st < 0 ? st : ST_OK;
}

/* The base name; the path is not ours (Q176397). */
static char *
base_name(char *name)
{
	char *base = name;

	for (char *p = name; *p; p++)
		if (*p == '\\' || *p == '/' || *p == ':')
			base = p + 1;
	return g_strdup(base);
}

static enum status
take_parts(
    struct msmail_source *s, const struct mmff_message *m, GError **error)
{
	struct part body = {.kind = PART_TEXT, .position = -1};
	enum status st;

	spool_reset(s->spool);
	g_array_set_size(s->parts, 0);
	st = ms_text_put(s, &m->text, error);
	if (st < 0)
		return st;
	body.blob = spool_blob(s->spool);
	g_array_append_val(s->parts, body);
	for (guint i = 0; i < m->attachments->len; i++) {
		const struct mmff_attachment *a =
		    &g_array_index(m->attachments, struct mmff_attachment, i);
		g_autofree char *name = ms_text(s, a->name, a->name_len);
		struct part part = {
		    .kind = PART_FILE, .blob = a->data, .position = -1};
		struct macbinary mac;

		part.name = base_name(name);
		if (*part.name == '\0') {
			g_free(part.name);
			part.name = g_strdup_printf("attachment%u.bin", i + 1);
		}
		/* Macintosh clients put a header before theirs (Q104422). */
		if (macbinary_parse(&a->data, &mac)) {
			if (mac.resource.len == 0)
				part.blob = mac.data;
			else
				part.kind = PART_MACBINARY;
		}
		g_array_append_val(s->parts, part);
	}
	return ST_OK;
}

static enum status
make_key(struct msmail_source *s, const struct mmff_message *m, GError **error)
{
	g_autofree guint8 *scratch = g_malloc(CHUNK);
	guint8 digest[16];
	struct sha256_ctx sha;
	enum status st = ST_OK;

	sha256_init(&sha);
	for (guint i = 0; i < m->tokens->len; i++) {
		const struct mmff_token *token =
		    &g_array_index(m->tokens, struct mmff_token, i);

		sha256_update(
		    &sha, strlen(token->name) + 1, (const guint8 *)token->name);
		sha256_update(
		    &sha, token->len + 1, (const guint8 *)token->value);
	}
	for (guint i = 0; i <= m->attachments->len && st >= 0; i++) {
		const struct blob *blob =
		    i == 0 ? &m->text
			   : &g_array_index(
				 m->attachments, struct mmff_attachment, i - 1)
				  .data;
		const guint8 *data;
		gint64 at = 0;
		gsize len;

		while ((st = blob_next(blob, &at, scratch, CHUNK, &data, &len,
			    error)) == ST_OK)
			sha256_update(&sha, len, data);
	}
	sha256_digest(&sha, sizeof digest, digest);
	for (guint i = 0; i < sizeof digest; i++)
		g_snprintf(s->key + 2 * i, 3, "%02x", digest[i]);
	return st < 0 ? st : ST_OK;
}

enum status
ms_message_give(struct msmail_source *s, struct filing_box *box,
    const struct mmff_message *m, struct record *record, GError **error)
{
	struct message *out = &record->message;
	const char *key;
	bool dated;
	enum status st = make_key(s, m, error);

	if (st < 0)
		return ST_MAILBOX;
	key = filing_key(s->filing, s->key);
	dated = take_date(s, m, &out->received);
	out->size = m->text.len;
	out->flags = s->opts.unread ? 0 : MESSAGE_SEEN;
	st = filing_item(s->filing, box, key, record);
	if (st != ST_OK)
		return st == ST_END ? ST_OK : st;
	if (!dated)
		ms_say(s, REMARK_WARNING, "MS_BAD_DATE",
		    "no date that can be read; the message has none", m->at,
		    box, key);
	envelope_reset(&s->envelope);
	take_people(s, m);
	s->envelope.subject = token_text(s, m, "SUBJECT");
	s->envelope.sent = out->received;
	take_rest(s, m);
	st = take_parts(s, m, error);
	if (st < 0)
		return st;
	out->has_body = true;
	out->size = -1;
	out->envelope = &s->envelope;
	out->headers = s->headers->len ? s->headers->str : NULL;
	out->parts = (const struct part *)(void *)s->parts->data;
	out->n_parts = s->parts->len;
	return ST_OK;
}

enum status
ms_mailbag_give(struct msmail_source *s, struct filing_box *box,
    const struct msmail_mbg *bag, struct record *record, GError **error)
{
	struct message *out = &record->message;
	g_autofree char *sender = ms_text(s, bag->sender, strlen(bag->sender));
	char plain[40];
	enum status st;

	g_snprintf(plain, sizeof plain, "%04d%02d%02d%02d%02d00", bag->year,
	    bag->month, bag->day, bag->hour, bag->minute);
	if (!value_date(plain, s->opts.zone, NULL, &out->received))
		out->received = (struct stamp){.known = false};
	envelope_reset(&s->envelope);
	if (*sender)
		g_ptr_array_add(
		    s->envelope.from, person_new(sender, NULL, NULL));
	s->envelope.subject = ms_text(s, bag->subject, strlen(bag->subject));
	s->envelope.sent = out->received;
	out->envelope = &s->envelope;
	out->size = bag->size;
	st = filing_item(
	    s->filing, box, filing_key(s->filing, bag->file), record);
	if (st != ST_OK)
		return st == ST_END ? ST_OK : st;
	if (s->opts.mai)
		return ms_mai_give(s, box, bag, record, error);
	return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
	    "msmail: %s: message %s from %s, \"%s\": nobody has described how "
	    "its text is stored; export the mailbag with APPGET",
	    s->place->user, bag->file, sender, s->envelope.subject);
}
