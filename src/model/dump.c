#include "model/dump.h"

#include "base/digest.h"

#include <string.h>

/* One line of JSON (RFC 8259) is written by hand: a large mailbox has millions
 * of them, and every text of a record is valid UTF-8 already. */
static void
string(GString *out, const char *text)
{
	if (!text) {
		g_string_append(out, "null");
		return;
	}
	g_string_append_c(out, '"');
	for (const char *p = text; *p; p++) {
		guint8 c = (guint8)*p;

		if (c == '"' || c == '\\') {
			g_string_append_c(out, '\\');
			g_string_append_c(out, (char)c);
		} else if (c < 0x20 || c == 0x7f) {
			g_string_append_printf(out, "\\u%04x", c);
		} else {
			g_string_append_c(out, (char)c);
		}
	}
	g_string_append_c(out, '"');
}

static void
key(GString *out, const char *name)
{
	char last = out->str[out->len - 1];

	if (last != '{')
		g_string_append_c(out, ',');
	string(out, name);
	g_string_append_c(out, ':');
}

static void
field(GString *out, const char *name, const char *text)
{
	key(out, name);
	string(out, text);
}

static void
number(GString *out, const char *name, gint64 value)
{
	key(out, name);
	g_string_append_printf(out, "%" G_GINT64_FORMAT, value);
}

static void
truth(GString *out, const char *name, bool value)
{
	key(out, name);
	g_string_append(out, value ? "true" : "false");
}

static void
strings(GString *out, const char *name, const char *const *list)
{
	key(out, name);
	g_string_append_c(out, '[');
	for (guint i = 0; list && list[i]; i++) {
		if (i > 0)
			g_string_append_c(out, ',');
		string(out, list[i]);
	}
	g_string_append_c(out, ']');
}

static void
stamp(GString *out, const char *name, const struct stamp *value)
{
	g_autofree char *iso = stamp_to_iso(value);

	field(out, name, value->known ? iso : NULL);
}

static void
person(GString *out, const struct person *p)
{
	g_string_append_c(out, '{');
	field(out, "name", p->name);
	field(out, "type", p->type);
	field(out, "address", p->address);
	g_string_append_c(out, '}');
}

static void
persons(GString *out, const char *name, const GPtrArray *list)
{
	key(out, name);
	g_string_append_c(out, '[');
	for (guint i = 0; list && i < list->len; i++) {
		if (i > 0)
			g_string_append_c(out, ',');
		person(out, g_ptr_array_index(list, i));
	}
	g_string_append_c(out, ']');
}

static enum status
blob(GString *out, const struct blob *b, GError **error)
{
	struct digest digest;
	char hex[DIGEST_HEX];
	enum status st;

	st = digest_blob(b, &digest, error);
	if (st < 0)
		return st;
	digest_to_hex(&digest, hex);
	number(out, "length", b->len);
	field(out, "sha256", hex);
	return ST_OK;
}

static const char *
part_kind_name(enum part_kind kind)
{
	switch (kind) {
	case PART_TEXT:
		return "text";
	case PART_HTML:
		return "html";
	case PART_RTF:
		return "rtf";
	case PART_FILE:
		return "file";
	case PART_MESSAGE:
		return "message";
	case PART_OLE:
		return "ole";
	case PART_DOCUMENT:
		return "document";
	case PART_SCHEDULE:
		return "schedule";
	case PART_MACBINARY:
		return "macbinary";
	}
	g_assert_not_reached();
}

static enum status
part(GString *out, const struct part *p, GError **error)
{
	enum status st;

	g_string_append_c(out, '{');
	field(out, "kind", part_kind_name(p->kind));
	field(out, "name", p->name);
	field(out, "type", p->type);
	field(out, "charset", p->charset);
	field(out, "content_id", p->content_id);
	truth(out, "inline", p->is_inline);
	number(out, "position", p->position);
	st = blob(out, &p->blob, error);
	g_string_append_c(out, '}');
	return st;
}

/* The body: its octets in wire form, joined when it came in parts, so that one
 * message has one digest whichever way it travelled. */
static enum status
body(GString *out, const struct message *m, Spool *scratch, GError **error)
{
	bool raw = m->n_parts == 0 && !m->envelope;
	struct blob octets;
	enum status st;

	key(out, "body");
	if (!m->has_body) {
		g_string_append(out, "null");
		return ST_OK;
	}
	st = message_raw(m, scratch, &octets, error);
	if (st < 0)
		return st;
	g_string_append_c(out, '{');
	field(out, "form", raw ? "raw" : "parts");
	st = blob(out, &octets, error);
	g_string_append_c(out, '}');
	if (raw || st < 0)
		return st;
	key(out, "parts");
	g_string_append_c(out, '[');
	for (guint i = 0; st == ST_OK && i < m->n_parts; i++) {
		if (i > 0)
			g_string_append_c(out, ',');
		st = part(out, &m->parts[i], error);
	}
	g_string_append_c(out, ']');
	return st;
}

static enum status
envelope(GString *out, const struct message *m, GError **error)
{
	static const char *const priorities[] = {"low", "normal", "high"};
	struct envelope scratch;
	const struct envelope *e;
	enum status st;

	envelope_init(&scratch);
	st = message_envelope(m, &scratch, &e, error);
	if (st == ST_OK) {
		stamp(out, "sent", &e->sent);
		persons(out, "from", e->from);
		key(out, "sender");
		if (e->sender)
			person(out, e->sender);
		else
			g_string_append(out, "null");
		persons(out, "reply_to", e->reply_to);
		persons(out, "to", e->to);
		persons(out, "cc", e->cc);
		persons(out, "bcc", e->bcc);
		field(out, "subject", e->subject);
		field(out, "message_id", e->message_id);
		field(out, "priority", priorities[e->priority + 1]);
		field(out, "content_type", e->content_type);
	}
	envelope_clear(&scratch);
	return st;
}

static enum status
message(GString *out, const struct message *m, Spool *scratch, GError **error)
{
	static const struct {
		guint32 flag;
		const char *name;
	} names[] = {
	    {MESSAGE_ANSWERED, "answered"},
	    {MESSAGE_DELETED, "deleted"},
	    {MESSAGE_DRAFT, "draft"},
	    {MESSAGE_FLAGGED, "flagged"},
	    {MESSAGE_SEEN, "seen"},
	};
	const char *set[G_N_ELEMENTS(names) + 1];
	guint n = 0;
	enum status st;

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (m->flags & names[i].flag)
			set[n++] = names[i].name;
	set[n] = NULL;
	strings(out, "flags", set);
	strings(out, "keywords", m->keywords);
	stamp(out, "received", &m->received);
	number(out, "size", m->size);
	field(out, "class", m->class);
	if (m->has_body || m->envelope) {
		st = envelope(out, m, error);
		if (st < 0)
			return st;
	}
	if (m->headers)
		field(out, "headers", m->headers);
	return body(out, m, scratch, error);
}

static void
folder(GString *out, const struct folder *f)
{
	strings(out, "folder", (const char *const *)f->path);
}

static void
recipient(GString *out, const struct recipient *r)
{
	static const char *const classes[] = {"mailbox", "contact", "list"};
	static const char *const modes[] = {
	    "create", "update", "modify", "delete"};

	field(out, "class", classes[r->class]);
	field(out, "mode", modes[r->mode]);
	/* in the source's order; a name may come twice, so no object */
	key(out, "attributes");
	g_string_append_c(out, '[');
	for (guint i = 0; i < r->n_attributes; i++) {
		g_string_append(out, i > 0 ? ",{" : "{");
		field(out, "name", r->attributes[i].name);
		strings(out, "values",
		    (const char *const *)r->attributes[i].values);
		g_string_append_c(out, '}');
	}
	g_string_append_c(out, ']');
}

static enum status
address(GString *out, const struct address *a, GError **error)
{
	enum status st = ST_OK;

	truth(out, "list", a->is_list);
	truth(out, "not_sendable", a->not_sendable);
	key(out, "fields");
	g_string_append_c(out, '{');
	for (guint i = 0; i < ADDRESS_FIELDS; i++)
		field(out, address_field_names[i], a->fields[i]);
	g_string_append_c(out, '}');
	key(out, "members");
	g_string_append_c(out, '[');
	for (guint i = 0; i < a->n_members; i++) {
		if (i > 0)
			g_string_append_c(out, ',');
		person(out, &a->members[i]);
	}
	g_string_append_c(out, ']');
	key(out, "vcard");
	if (a->vcard.len == 0) {
		g_string_append(out, "null");
	} else {
		g_string_append_c(out, '{');
		st = blob(out, &a->vcard, error);
		g_string_append_c(out, '}');
	}
	return st;
}

static enum status
dump(const struct record *record, const char *mailbox, Spool *scratch,
    GString *out, GError **error)
{
	g_string_append_c(out, '{');
	field(out, "kind", record_kind_name(record->kind));
	if (mailbox)
		field(out, "mailbox", mailbox);
	switch (record->kind) {
	case RECORD_FOLDER:
		folder(out, record->folder);
		field(out, "use", folder_use_name(record->folder->use));
		field(out, "class", record->folder->class);
		field(out, "identity", record->folder->identity);
		return ST_OK;
	case RECORD_FOLDER_END:
		folder(out, record->folder);
		number(out, "found", record->found);
		number(out, "skipped", record->skipped);
		field(out, "state", record->state);
		return ST_OK;
	case RECORD_MESSAGE:
		folder(out, record->message.folder);
		field(out, "key", record->key);
		if (record->known)
			truth(out, "known", true);
		return message(out, &record->message, scratch, error);
	case RECORD_RECIPIENT:
		field(out, "key", record->key);
		recipient(out, &record->recipient);
		return ST_OK;
	case RECORD_ADDRESS:
		field(out, "key", record->key);
		return address(out, &record->address, error);
	}
	g_assert_not_reached();
}

enum status
record_dump(const struct record *record, const char *mailbox, Spool *scratch,
    GString *out, GError **error)
{
	gsize before = out->len;
	enum status st;

	st = dump(record, mailbox, scratch, out, error);
	if (st < 0) /* half a line is no line */
		g_string_truncate(out, before);
	else
		g_string_append(out, "}\n");
	return st;
}
