/* Notes that are stored as MIME: spec/notes.md 6. */
#include "nsf/bytes.h"
#include "nsf/lmbcs.h"
#include "nsf/mail-private.h"

#include "mime/address.h"
#include "mime/date.h"
#include "mime/encode.h"
#include "mime/header.h"

#include <string.h>

#define PART_HEADER   20
#define FIELD_HEADER  14
#define FLAG_OBJECT   4
#define MIME_MAX_PART 100000 /* items of one note */

bool
nsf_is_mime(const struct nsf_note *note)
{
	g_autofree char *native = nsf_note_text(note, "$NoteHasNativeMIME");
	struct nsf_item *body = nsf_note_item(note, "Body");

	/* The body decides; the mark alone is on drafts, too. */
	return body && body->type == NSF_TYPE_MIME_PART &&
	       (native == NULL || strcmp(native, "0") != 0);
}

/* Original header fields, in their order: name, delimiter, body. */
static void
original_fields(const struct nsf_note *note, GString *out)
{
	for (guint i = 0; i < note->items->len; i++) {
		struct nsf_item *item =
		    &g_array_index(note->items, struct nsf_item, i);
		const guint8 *p;
		gsize len, native, text;

		if (item->type != NSF_TYPE_RFC822 ||
		    nsf_item_value(item, &p, &len, NULL) < 0 ||
		    len < FIELD_HEADER)
			continue;
		native = get_le16(p + 6);
		text = (gsize)get_le16(p + 8) + get_le16(p + 10) +
		       get_le16(p + 12);
		if (get_le16(p) != FIELD_HEADER || text == 0 ||
		    native + text > len - FIELD_HEADER)
			continue;
		g_string_append_len(
		    out, (const char *)p + FIELD_HEADER + native, (gssize)text);
		if (!g_str_has_suffix(out->str, "\n"))
			g_string_append(out, "\r\n");
	}
}

static bool
has(const GString *block, const char *name)
{
	struct header_field f;
	gsize pos = 0;

	while (header_next(block->str, block->len, &pos, &f))
		if (header_is(&f, name))
			return true;
	return false;
}

static void
people(GString *out, const char *name, const GPtrArray *persons)
{
	if (persons->len == 0 || has(out, name))
		return;
	g_string_append_printf(out, "%s: ", name);
	for (guint i = 0; i < persons->len; i++) {
		if (i > 0)
			g_string_append(out, ",\r\n\t");
		address_format(persons->pdata[i], out);
	}
	g_string_append(out, "\r\n");
}

/* What the note has as items of its own, where no original field says it. */
void
nsf_mail_fields(const struct nsf_mail *mail, GString *out)
{
	const struct envelope *e = &mail->envelope;
	char date[DATE_LEN];

	if (mail->headers) {
		struct header_field f;
		gsize pos = 0, len = strlen(mail->headers);

		while (header_next(mail->headers, len, &pos, &f)) {
			g_autofree char *name = g_strndup(f.name, f.name_len);

			if (!has(out, name))
				g_string_append_len(
				    out, f.raw, (gssize)f.raw_len);
		}
	}
	if (e->sent.known && !has(out, "Date")) {
		date_format(&e->sent, date);
		g_string_append_printf(out, "Date: %s\r\n", date);
	}
	people(out, "From", e->from);
	if (e->sender && !has(out, "Sender")) {
		g_string_append(out, "Sender: ");
		address_format(e->sender, out);
		g_string_append(out, "\r\n");
	}
	people(out, "Reply-To", e->reply_to);
	people(out, "To", e->to);
	people(out, "Cc", e->cc);
	people(out, "Bcc", e->bcc);
	if (e->subject && !has(out, "Subject"))
		encode_text_field(out, "Subject", e->subject);
	if (e->message_id && !has(out, "Message-ID"))
		g_string_append_printf(
		    out, "Message-ID: %s\r\n", e->message_id);
	if (e->priority != PRIORITY_NORMAL && !has(out, "Importance") &&
	    !has(out, "X-Priority"))
		g_string_append_printf(out, "Importance: %s\r\n",
		    e->priority > 0 ? "high" : "low");
	if (!has(out, "MIME-Version"))
		g_string_append(out, "MIME-Version: 1.0\r\n");
}

/* How the content of an object goes back into the message. "binary" says that
 * Domino decoded it: no mail server takes that, so it becomes base64 again. */
static enum encoding
transfer_encoding(const char *headers, gsize len, bool *rewrite)
{
	struct header_field f;
	gsize pos = 0;

	*rewrite = false;
	while (header_next(headers, len, &pos, &f)) {
		g_autofree char *value = NULL;

		if (!header_is(&f, "Content-Transfer-Encoding"))
			continue;
		value = g_strndup(f.value, f.value_len);
		g_strstrip(value);
		if (g_ascii_strcasecmp(value, "base64") == 0)
			return ENCODING_BASE64;
		if (g_ascii_strcasecmp(value, "quoted-printable") == 0)
			return ENCODING_QUOTED;
		if (g_ascii_strcasecmp(value, "binary") == 0) {
			*rewrite = true;
			return ENCODING_BASE64;
		}
		return ENCODING_8BIT;
	}
	return ENCODING_8BIT;
}

static enum status
put_part_headers(struct nsf_mail *mail, const char *headers, gsize len,
    bool rewrite, GError **error)
{
	g_autoptr(GString) out = NULL;
	struct header_field f;
	gsize pos = 0;

	if (!rewrite)
		return spool_write(mail->store, headers, len, error);
	out = g_string_new(NULL);
	while (header_next(headers, len, &pos, &f))
		if (header_is(&f, "Content-Transfer-Encoding"))
			g_string_append(
			    out, "Content-Transfer-Encoding: base64\r\n");
		else
			g_string_append_len(out, f.raw, (gssize)f.raw_len);
	g_string_append(out, "\r\n");
	return spool_write(mail->store, out->str, out->len, error);
}

/* The $FILE item of that name. */
static struct nsf_item *
find_file(const struct nsf_note *note, const char *name, struct nsf_file *file)
{
	for (struct nsf_item *i = nsf_note_item(note, "$FILE"); i;
	     i = nsf_note_next(note, i)) {
		if (nsf_file_read(i, file, NULL) != ST_OK)
			continue;
		if (g_ascii_strcasecmp(file->name, name) == 0)
			return i;
		nsf_file_clear(file);
	}
	return NULL;
}

static enum status
put_object(struct nsf_mail *mail, Nsf *nsf, const struct nsf_note *note,
    Spool *files, const char *name, enum encoding encoding, GError **error)
{
	g_autoptr(Spool) encoded = NULL;
	g_autoptr(GError) why = NULL;
	g_autofree guint8 *scratch = g_malloc(65536);
	struct nsf_mail inner = {.store = spool_new(mail->dir)};
	struct nsf_file file;
	struct blob blob, all;
	const guint8 *data;
	gint64 at = 0;
	gsize len;
	enum status st;

	inner.lost = mail->lost;
	inner.lz1 = mail->lz1;
	encoded = spool_new(mail->dir);
	if (find_file(note, name, &file) == NULL) {
		nsf_lose(mail, "attachment %s is named and not there", name);
		spool_free(inner.store);
		return ST_OK;
	}
	st = nsf_file_blob(&inner, nsf, &file, files, &blob, &why);
	nsf_file_clear(&file);
	if (st == ST_OK && blob.fd == -1 && blob.mem == NULL) {
		all = spool_blob(inner.store);
		blob = blob_range(&all, blob.off, blob.len);
	}
	if (st == ST_OK)
		st = encode_blob(&blob, encoding, encoded, &why);
	all = spool_blob(encoded);
	while (st == ST_OK && (st = blob_next(&all, &at, scratch, 65536, &data,
				   &len, &why)) == ST_OK)
		st = spool_write(mail->store, data, len, &why);
	spool_free(inner.store);
	if (st == ST_ITEM) {
		nsf_lose(mail, "attachment %s: %s", name, why->message);
		return ST_OK;
	}
	if (st < 0) {
		g_propagate_error(error, g_steal_pointer(&why));
		return st;
	}
	return ST_OK;
}

static enum status
put_part(struct nsf_mail *mail, Nsf *nsf, const struct nsf_note *note,
    Spool *files, const guint8 *p, gsize len, GError **error)
{
	guint flags = get_le32(p + 2), boundary = get_le16(p + 10);
	guint headers = get_le16(p + 12);
	const char *text = (const char *)p + PART_HEADER;
	gsize rest = len - PART_HEADER;
	enum encoding encoding;
	bool rewrite = false;
	g_autofree char *name = NULL;
	enum status st;

	if ((gsize)boundary + headers > rest)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "a MIME part of it is cut");
	if (!(flags & FLAG_OBJECT))
		return spool_write(mail->store, text, rest, error);
	encoding = transfer_encoding(text + boundary, headers, &rewrite);
	st = spool_write(mail->store, text, boundary, error);
	if (st == ST_OK)
		st = put_part_headers(
		    mail, text + boundary, headers, rewrite, error);
	name = nsf_lmbcs_text(
	    text + boundary + headers, rest - boundary - headers);
	if (st == ST_OK)
		st = put_object(
		    mail, nsf, note, files, g_strstrip(name), encoding, error);
	if (st == ST_OK && encoding == ENCODING_8BIT)
		st = spool_write(mail->store, "\r\n", 2, error);
	return st;
}

enum status
nsf_mime_join(struct nsf_mail *mail, Nsf *nsf, const struct nsf_note *note,
    Spool *files, GError **error)
{
	g_autoptr(GString) block = g_string_new(NULL);
	struct nsf_item *item = nsf_note_item(note, "Body");
	guint n = 0;
	enum status st;

	original_fields(note, block);
	nsf_mail_fields(mail, block);
	st = spool_write(mail->store, block->str, block->len, error);
	for (; st == ST_OK && item; item = nsf_note_next(note, item)) {
		const guint8 *p;
		gsize len;

		if (item->type != NSF_TYPE_MIME_PART)
			continue;
		st = nsf_item_value(item, &p, &len, error);
		if (st < 0)
			break;
		if (len < PART_HEADER || ++n > MIME_MAX_PART)
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "a MIME part of it is damaged");
		/* The first part's headers go on with those of the message; a
		 * body without any needs the empty line. */
		if (n == 1 && get_le16(p + 12) == 0)
			st = spool_write(mail->store, "\r\n", 2, error);
		if (st == ST_OK)
			st = put_part(mail, nsf, note, files, p, len, error);
	}
	if (st < 0)
		return st;
	mail->raw = spool_blob(mail->store);
	return ST_OK;
}
