#include "model/address-message.h"

#include "mime/encode.h"
#include "mime/header.h"
#include "model/address-vcard.h"

#include <string.h>

#define CHUNK	 (64 << 10) /* octets of a card read at a time */
#define HEAD_MAX (64 << 10) /* octets of a header that we made */
#define DATE	 "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"

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
	g_string_append(head, DATE);
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

/* All of its fields are those of address_to_message(), and none other. */
static bool
is_made(const struct header_block *block)
{
	static const struct {
		const char *name, *value; /* value: what it begins with */
	} fields[] = {{"Date", ""}, {"Subject", ""}, {"MIME-Version", "1.0"},
	    {"Content-Type", "text/vcard;"},
	    {"Content-Disposition", "attachment; filename="},
	    {"Content-Transfer-Encoding", ""}};
	struct header_field f;
	gsize pos = 0;
	guint n = 0;

	for (; header_next(block->data, block->len, &pos, &f); n++) {
		const char *value;

		if (n == G_N_ELEMENTS(fields) || !header_is(&f, fields[n].name))
			return false;
		value = fields[n].value;
		if (f.value_len < strlen(value) ||
		    memcmp(f.value, value, strlen(value)) != 0)
			return false;
	}
	return n == G_N_ELEMENTS(fields);
}

enum status
address_from_message(const struct message *message, GArray *parts, Spool *store,
    struct address *address, GError **error)
{
	char first[sizeof DATE];
	struct header_block block;
	const struct part *part;
	bool made;
	gsize got;
	enum status st;

	if (!message->has_body || message->raw.len < (gint64)sizeof DATE)
		return ST_END;
	st = blob_read(&message->raw, 0, first, sizeof DATE - 1, &got, error);
	if (st < 0 || got < sizeof DATE - 1 || memcmp(first, DATE, got) != 0)
		return st < 0 ? st : ST_END;
	st = header_block_read(&message->raw, HEAD_MAX, &block, error);
	if (st < 0)
		return st;
	made = is_made(&block);
	header_block_clear(&block);
	if (!made)
		return ST_END;
	st = part_split(&message->raw, parts, store, error);
	if (st < 0)
		return st;
	part = (const struct part *)parts->data;
	if (parts->len != 1 || g_strcmp0(part->type, "text/vcard") != 0 ||
	    part->name == NULL)
		return ST_END;
	*address = (struct address){
	    .is_list = strcmp(part->name, "list.vcf") == 0,
	    .vcard = part->blob,
	};
	return ST_OK;
}
