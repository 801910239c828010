#include "mime/part-private.h"

#include "mime/address.h"
#include "mime/date.h"
#include "mime/encode.h"
#include "mime/header.h"

#include <nettle/sha2.h>
#include <string.h>

#define BOUNDARY_BYTES 18 /* of the digest; 36 hexadecimal digits */

/* spec/migration-files.md 10.5: the importer supplies a text. */
static const char schedule_text[] =
    "The attached file holds a calendar in Schedule+ interchange format.\r\n"
    "Save it, then import it with your calendar program.\r\n";

/* The order of alternatives, plainest first (RFC 2046 5.1.4). */
static const enum part_kind body_kinds[] = {PART_TEXT, PART_RTF, PART_HTML};
#define BODY_KINDS ((guint)G_N_ELEMENTS(body_kinds))

/* All texts of one kind: one entity, nothing between them (10.3). */
struct body {
	guint n;	     /* parts */
	const char *charset; /* of the first */
	struct content_scan scan;
	enum encoding encoding;
};

struct joiner {
	const struct envelope *envelope;
	const char *headers;
	const struct part *parts;
	guint n_parts;
	Spool *out;
	GString *text; /* header lines on their way to out */
	struct body bodies[BODY_KINDS];
	guint n_bodies;		    /* kinds that are there */
	guint n_related;	    /* pictures that the HTML text shows */
	guint n_others;		    /* attachments */
	struct content_scan *scans; /* per part; of messages only */
	enum encoding widest;	    /* of what cannot be encoded */
	char boundary[2 * BOUNDARY_BYTES + 1];
};

static guint
body_index(enum part_kind kind)
{
	for (guint i = 0; i < BODY_KINDS; i++)
		if (body_kinds[i] == kind)
			return i;
	g_assert_not_reached();
}

/* Is the part shown with the body text? One whose charset is not that of the
 * first of its kind cannot be glued to it and becomes an attachment. */
static bool
is_body(const struct joiner *j, const struct part *part)
{
	const char *charset;

	if (!part_is_body(part->kind))
		return false;
	charset = j->bodies[body_index(part->kind)].charset;
	return g_ascii_strcasecmp(charset ? charset : "utf-8",
		   part->charset ? part->charset : "utf-8") == 0;
}

/* Who is a body, before anything is read. */
static void
arrange_bodies(struct joiner *j)
{
	for (guint i = 0; i < j->n_parts; i++) {
		const struct part *part = &j->parts[i];
		struct body *b;

		if (!part_is_body(part->kind))
			continue;
		b = &j->bodies[body_index(part->kind)];
		if (b->n == 0)
			b->charset = part->charset;
		if (is_body(j, part) && b->n++ == 0)
			j->n_bodies++;
	}
}

static bool
is_related(const struct joiner *j, const struct part *part)
{
	return part->kind == PART_FILE && part->is_inline && part->content_id &&
	       j->bodies[body_index(PART_HTML)].n > 0;
}

static void
hash_text(struct sha256_ctx *sha, const char *text)
{
	if (text)
		sha256_update(sha, strlen(text), (const guint8 *)text);
	sha256_update(sha, 1, (const guint8 *)"");
}

/* Read everything once: what each part is made of, and the digest that the
 * boundaries come from. No content can hold them by chance, and the same
 * message gets the same ones. */
static enum status
survey(struct joiner *j, GError **error)
{
	g_autofree guint8 *scratch = g_malloc(PART_CHUNK);
	guint8 digest[BOUNDARY_BYTES];
	struct sha256_ctx sha;
	enum status st;

	sha256_init(&sha);
	hash_text(&sha, j->envelope->message_id);
	hash_text(&sha, j->envelope->subject);
	for (guint i = 0; i < j->n_parts; i++) {
		const struct part *part = &j->parts[i];
		const guint8 *data;
		gint64 at = 0;
		gsize len;

		hash_text(&sha, part_default_type(part->kind));
		hash_text(&sha, part->name);
		while ((st = blob_next(&part->blob, &at, scratch, PART_CHUNK,
			    &data, &len, error)) == ST_OK) {
			sha256_update(&sha, len, data);
			/* What is encoded anyhow is not looked at. */
			if (part->kind == PART_MESSAGE)
				content_scan(&j->scans[i], data, len);
			if (is_body(j, part))
				content_scan(
				    &j->bodies[body_index(part->kind)].scan,
				    data, len);
		}
		if (st < 0) {
			g_prefix_error(error, "part %u: ", i + 1);
			return st;
		}
	}
	sha256_digest(&sha, sizeof(digest), digest);
	for (guint i = 0; i < BOUNDARY_BYTES; i++)
		g_snprintf(j->boundary + 2 * i, 3, "%02x", digest[i]);
	return ST_OK;
}

static bool
wants_schedule_text(const struct joiner *j)
{
	bool schedule = false;

	for (guint i = 0; i < j->n_parts; i++)
		if (j->parts[i].kind == PART_SCHEDULE)
			schedule = true;
	for (guint i = 0; i < BODY_KINDS; i++)
		if (j->bodies[i].scan.len > 0)
			return false;
	return schedule;
}

static void
arrange(struct joiner *j)
{
	j->widest = ENCODING_7BIT;
	for (guint i = 0; i < BODY_KINDS; i++) {
		struct body *b = &j->bodies[i];

		b->encoding = content_scan_text(&b->scan);
		/* the pieces are encoded one by one, which base64 ends */
		if (b->n > 1 && b->encoding == ENCODING_BASE64)
			b->encoding = ENCODING_QUOTED;
	}
	for (guint i = 0; i < j->n_parts; i++) {
		const struct part *part = &j->parts[i];

		if (is_body(j, part))
			continue;
		if (is_related(j, part))
			j->n_related++;
		else
			j->n_others++;
		if (part->kind == PART_MESSAGE)
			j->widest =
			    MAX(j->widest, content_scan_plain(&j->scans[i]));
	}
}

static enum status
put(struct joiner *j, GError **error)
{
	enum status st;

	st = spool_write(j->out, j->text->str, j->text->len, error);
	g_string_truncate(j->text, 0);
	return st;
}

/* "Content-Type: multipart/x; boundary=..." and the empty line behind it. The
 * letter keeps the boundaries of nested multiparts apart; "=_" cannot stand in
 * quoted-printable or base64 (RFC 2045 6.7). */
static void
multipart(struct joiner *j, const char *subtype, char letter)
{
	g_string_append_printf(j->text,
	    "Content-Type: multipart/%s;\r\n\tboundary=\"=_%c%s\"\r\n", subtype,
	    letter, j->boundary);
	if (j->widest != ENCODING_7BIT && letter == 'm')
		g_string_append_printf(j->text,
		    "Content-Transfer-Encoding: %s\r\n",
		    encoding_name(j->widest));
	g_string_append(j->text, "\r\n");
}

static void
delimiter(struct joiner *j, char letter, bool last)
{
	g_string_append_printf(j->text, "\r\n--=_%c%s%s\r\n", letter,
	    j->boundary, last ? "--" : "");
}

/* The texts of one kind, behind the header lines that are due. */
static enum status
put_body(struct joiner *j, guint index, GError **error)
{
	const struct body *b = &j->bodies[index];
	const char *charset = b->charset;
	enum status st;

	if (!charset)
		charset = b->scan.high ? "utf-8" : "us-ascii";
	g_string_append_printf(
	    j->text, "Content-Type: %s", part_default_type(body_kinds[index]));
	encode_parameter(j->text, "charset", charset);
	g_string_append_printf(j->text,
	    "\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	    encoding_name(b->encoding));
	st = put(j, error);
	for (guint i = 0; st == ST_OK && i < j->n_parts; i++)
		if (j->parts[i].kind == body_kinds[index] &&
		    is_body(j, &j->parts[i]))
			st = encode_blob(
			    &j->parts[i].blob, b->encoding, j->out, error);
	return st;
}

static enum status
put_schedule_text(struct joiner *j, GError **error)
{
	g_string_append(j->text,
	    "Content-Type: text/plain; charset=\"us-ascii\"\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n");
	g_string_append(j->text, schedule_text);
	return put(j, error);
}

static enum status
put_attachment(struct joiner *j, guint i, GError **error)
{
	const struct part *part = &j->parts[i];
	const char *type = part->type;
	enum encoding encoding = ENCODING_BASE64;
	enum status st;

	if (part->kind == PART_MESSAGE)
		encoding = content_scan_plain(&j->scans[i]);
	/* A type that could open a structure of its own, or is none, would make
	 * the octets mean something else. */
	if (!type || !strchr(type, '/') || strpbrk(type, " \t\r\n;\"") ||
	    !g_str_is_ascii(type) ||
	    (part->kind != PART_MESSAGE &&
		(!g_ascii_strncasecmp(type, "multipart/", 10) ||
		    !g_ascii_strcasecmp(type, "message/rfc822"))) ||
	    (part->kind == PART_MESSAGE &&
		g_ascii_strncasecmp(type, "message/", 8)))
		type = part_default_type(part->kind);
	g_string_append_printf(j->text, "Content-Type: %s", type);
	if (part->charset && part->kind != PART_MESSAGE)
		encode_parameter(j->text, "charset", part->charset);
	g_string_append_printf(j->text, "\r\nContent-Transfer-Encoding: %s\r\n",
	    encoding_name(encoding));
	if (part->content_id && !strpbrk(part->content_id, "\r\n<> "))
		g_string_append_printf(
		    j->text, "Content-ID: <%s>\r\n", part->content_id);
	g_string_append_printf(j->text, "Content-Disposition: %s",
	    part->is_inline ? "inline" : "attachment");
	if (part->name)
		encode_parameter(j->text, "filename", part->name);
	g_string_append(j->text, "\r\n\r\n");
	st = put(j, error);
	return st < 0 ? st : encode_blob(&part->blob, encoding, j->out, error);
}

/* All body text: one entity, or its alternatives. */
static enum status
put_bodies(struct joiner *j, GError **error)
{
	enum status st = ST_OK;

	if (wants_schedule_text(j))
		return put_schedule_text(j, error);
	if (j->n_bodies <= 1) {
		for (guint i = 0; i < BODY_KINDS; i++)
			if (j->bodies[i].n > 0)
				return put_body(j, i, error);
		return put_body(j, body_index(PART_TEXT), error);
	}
	multipart(j, "alternative", 'a');
	for (guint i = 0; st == ST_OK && i < BODY_KINDS; i++) {
		if (j->bodies[i].n == 0)
			continue;
		delimiter(j, 'a', false);
		st = put_body(j, i, error);
	}
	delimiter(j, 'a', true);
	return st;
}

static enum status
put_related(struct joiner *j, GError **error)
{
	enum status st;

	if (j->n_related == 0)
		return put_bodies(j, error);
	multipart(j, "related", 'r');
	delimiter(j, 'r', false);
	st = put_bodies(j, error);
	for (guint i = 0; st == ST_OK && i < j->n_parts; i++) {
		if (is_body(j, &j->parts[i]) || !is_related(j, &j->parts[i]))
			continue;
		delimiter(j, 'r', false);
		st = put_attachment(j, i, error);
	}
	delimiter(j, 'r', true);
	return st;
}

static enum status
put_content(struct joiner *j, GError **error)
{
	enum status st = ST_OK;

	/* a free document is the item itself (10.4) */
	if (j->n_parts == 1 && j->parts[0].kind == PART_DOCUMENT)
		return put_attachment(j, 0, error);
	if (j->n_others == 0)
		return put_related(j, error);
	multipart(j, "mixed", 'm');
	if (j->n_bodies > 0 || wants_schedule_text(j)) {
		delimiter(j, 'm', false);
		st = put_related(j, error);
	}
	for (guint i = 0; st == ST_OK && i < j->n_parts; i++) {
		if (is_body(j, &j->parts[i]) || is_related(j, &j->parts[i]))
			continue;
		delimiter(j, 'm', false);
		st = put_attachment(j, i, error);
	}
	delimiter(j, 'm', true);
	return st;
}

static void
put_persons(struct joiner *j, const char *name, const GPtrArray *persons)
{
	if (!persons || persons->len == 0)
		return;
	g_string_append_printf(j->text, "%s: ", name);
	for (guint i = 0; i < persons->len; i++) {
		if (i > 0)
			g_string_append(j->text, ",\r\n\t");
		address_format(g_ptr_array_index(persons, i), j->text);
	}
	g_string_append(j->text, "\r\n");
}

static bool
has_field(const char *headers, const char *name)
{
	struct header_field f;
	gsize pos = 0, len;

	if (!headers)
		return false;
	len = strlen(headers);
	while (header_next(headers, len, &pos, &f))
		if (header_is(&f, name))
			return true;
	return false;
}

/* The original fields as they stand, line ends made CR LF; but those that
 * describe the old content. */
static void
put_original(struct joiner *j)
{
	struct header_field f;
	gsize pos, len = strlen(j->headers);

	pos = header_block_start(j->headers, len);
	while (header_next(j->headers, len, &pos, &f)) {
		if (header_is(&f, "MIME-Version") ||
		    (f.name_len > 8 &&
			!g_ascii_strncasecmp(f.name, "Content-", 8)))
			continue;
		for (gsize i = 0; i < f.raw_len; i++)
			if (f.raw[i] != '\r' && f.raw[i] != '\n')
				g_string_append_c(j->text, f.raw[i]);
			else if (f.raw[i] == '\n')
				g_string_append(j->text, "\r\n");
		if (f.raw[f.raw_len - 1] != '\n')
			g_string_append(j->text, "\r\n");
	}
}

static void
put_header(struct joiner *j)
{
	const struct envelope *e = j->envelope;
	const char *h = j->headers;
	char date[DATE_LEN];

	if (h)
		put_original(j);
	if (e->sent.known && !has_field(h, "Date")) {
		date_format(&e->sent, date);
		g_string_append_printf(j->text, "Date: %s\r\n", date);
	}
	if (!has_field(h, "From"))
		put_persons(j, "From", e->from);
	if (e->sender && !has_field(h, "Sender")) {
		g_string_append(j->text, "Sender: ");
		address_format(e->sender, j->text);
		g_string_append(j->text, "\r\n");
	}
	if (!has_field(h, "Reply-To"))
		put_persons(j, "Reply-To", e->reply_to);
	if (!has_field(h, "To"))
		put_persons(j, "To", e->to);
	if (!has_field(h, "Cc"))
		put_persons(j, "Cc", e->cc);
	if (!has_field(h, "Bcc"))
		put_persons(j, "Bcc", e->bcc);
	if (e->subject && !has_field(h, "Subject"))
		encode_text_field(j->text, "Subject", e->subject);
	if (e->message_id && !has_field(h, "Message-ID"))
		g_string_append_printf(
		    j->text, "Message-ID: %s\r\n", e->message_id);
	if (e->priority != PRIORITY_NORMAL && !has_field(h, "Importance") &&
	    !has_field(h, "X-Priority"))
		g_string_append_printf(j->text, /* 9.6 */
		    "Importance: %s\r\nX-Priority: %d\r\n",
		    e->priority > 0 ? "high" : "low", e->priority > 0 ? 1 : 5);
	g_string_append(j->text, "MIME-Version: 1.0\r\n");
}

enum status
part_join(const struct envelope *envelope, const char *headers,
    const struct part *parts, guint n_parts, Spool *out, GError **error)
{
	struct joiner j = {.envelope = envelope,
	    .headers = headers,
	    .parts = parts,
	    .n_parts = n_parts,
	    .out = out};
	struct envelope empty;
	enum status st;

	spool_reset(out);
	if (n_parts > PARTS_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "message has %u parts; at most %d can be joined", n_parts,
		    PARTS_MAX);
	envelope_init(&empty);
	if (!envelope)
		j.envelope = &empty;
	j.text = g_string_new(NULL);
	j.scans = g_new0(struct content_scan, n_parts + 1);
	arrange_bodies(&j);
	st = survey(&j, error);
	if (st == ST_OK) {
		arrange(&j);
		put_header(&j);
		st = put_content(&j, error);
	}
	if (st == ST_OK)
		st = put(&j, error);
	envelope_clear(&empty);
	g_free(j.scans);
	g_string_free(j.text, TRUE);
	return st;
}
