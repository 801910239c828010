#include "source/calendar-item.h"

#include "iff/schedule-ical.h"
#include "mime/address.h"
#include "mime/date.h"
#include "mime/encode.h"

enum status
calendar_item_write(
    const struct calendar_item *item, Spool *out, GError **error)
{
	struct content_scan scan = {0};
	struct blob body = blob_from_mem(item->ical->str, item->ical->len);
	g_autoptr(GString) head = g_string_new(NULL);
	enum encoding encoding;
	enum status st;

	content_scan(&scan, (const guint8 *)item->ical->str, item->ical->len);
	encoding = content_scan_text(&scan);
	for (guint i = 0; i < item->from->len; i++) {
		g_string_append(head, i > 0 ? ",\r\n\t" : "From: ");
		address_format(item->from->pdata[i], head);
	}
	if (item->from->len > 0)
		g_string_append(head, "\r\n");
	if (item->subject)
		encode_text_field(head, "Subject", item->subject);
	if (item->date.known) {
		char date[DATE_LEN];

		date_format(&item->date, date);
		g_string_append_printf(head, "Date: %s\r\n", date);
	}
	if (item->headers)
		g_string_append(head, item->headers);
	g_string_append_printf(head,
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/calendar; charset=\"utf-8\"\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    encoding_name(encoding));
	spool_reset(out);
	st = spool_write(out, head->str, head->len, error);
	return st == ST_OK ? encode_blob(&body, encoding, out, error) : st;
}

void
calendar_item_contact(const struct schedule_object *object, GString *name,
    const char *fields[ADDRESS_FIELDS], struct record *record)
{
	*record = (struct record){.kind = RECORD_ADDRESS};
	schedule_to_address(object, fields);
	g_string_printf(name, "%s%s%s", fields[3],
	    *fields[3] && *fields[4] ? " " : "", fields[4]);
	fields[1] = name->str;
	record->address.fields = fields;
	record->address.not_sendable = true;
}
