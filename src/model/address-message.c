#include "model/address-message.h"

#include "mime/encode.h"
#include "model/address-vcard.h"

#include <string.h>

#define CHUNK (64 << 10) /* octets of a card read at a time */

static char *path[] = {(char *)"Contacts", NULL};

const struct folder address_folder = {
    .path = path, .use = FOLDER_CONTACTS, .class = (char *)"IPF.Contact"};

static enum status
encoding_of(const struct blob *card, enum encoding *out, GError **error)
{
	g_autofree guint8 *scratch = g_malloc(CHUNK);
	struct content_scan scan = {0};
	const guint8 *data;
	gint64 at = 0;
	gsize len;
	enum status st;

	while ((st = blob_next(
		    card, &at, scratch, CHUNK, &data, &len, error)) == ST_OK)
		content_scan(&scan, data, len);
	*out = content_scan_text(&scan);
	return st == ST_END ? ST_OK : st;
}

enum status
address_to_message(const struct address *address, GString *text, Spool *out,
    struct message *message, GError **error)
{
	g_autoptr(GString) head = g_string_new(NULL);
	g_autofree char *title = address_title(address);
	struct blob card = address->vcard;
	enum encoding encoding = ENCODING_BASE64;
	enum status st;

	spool_reset(out);
	g_string_truncate(text, 0);
	if (card.len == 0) {
		address_to_vcard(address, text);
		card = blob_from_mem(text->str, text->len);
	}
	st = encoding_of(&card, &encoding, error);
	if (st < 0)
		return st;
	g_string_append(head, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n");
	encode_text_field(head, "Subject", title);
	g_string_append_printf(head,
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/vcard; charset=utf-8\r\n"
	    "Content-Disposition: attachment; filename=\"%s.vcf\"\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    address->is_list ? "list" : "contact", encoding_name(encoding));
	st = spool_write(out, head->str, head->len, error);
	if (st == ST_OK)
		st = encode_blob(&card, encoding, out, error);
	if (st < 0)
		return st;
	*message = (struct message){
	    .flags = MESSAGE_SEEN, /* nobody has to read it */
	    .has_body = true,
	    .raw = spool_blob(out),
	};
	message->size = message->raw.len;
	return ST_OK;
}
