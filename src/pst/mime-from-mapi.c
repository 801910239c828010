#include "pst/mime-from-mapi-private.h"

#include "mime/encode.h"
#include "mime/header.h"
#include "pst/bytes.h"
#include "pst/calendar-read.h"
#include "pst/entry-id.h"
#include "pst/format.h"

#include <string.h>

#define CHUNK	       8192 /* bytes read from the file at a time */
#define CATEGORIES_MAX 1000 /* of one message */

static void
clear(PstContent *c)
{
	struct pst_content *o = &c->out;

	o->raw = blob_from_mem(NULL, 0);
	envelope_reset(&o->envelope);
	g_clear_pointer(&o->headers, g_free);
	g_clear_pointer(&o->class, g_free);
	g_array_set_size(o->parts, 0);
	g_ptr_array_set_size(o->categories, 0);
	g_ptr_array_set_size(o->lost, 0);
	o->received = (struct stamp){0};
	o->flags = 0;
	spool_reset(c->store);
	spool_reset(c->whole);
}

PstContent *
pst_content_new(const char *spool_dir)
{
	PstContent *c = g_new0(PstContent, 1);

	c->spool_dir = g_strdup(spool_dir);
	c->store = spool_new(spool_dir);
	c->whole = spool_new(spool_dir);
	c->out.parts = g_array_new(FALSE, TRUE, sizeof(struct part));
	g_array_set_clear_func(c->out.parts, (GDestroyNotify)part_clear);
	c->out.categories = g_ptr_array_new_with_free_func(g_free);
	c->out.lost = g_ptr_array_new_with_free_func(g_free);
	envelope_init(&c->out.envelope);
	clear(c);
	return c;
}

void
pst_content_free(PstContent *c)
{
	if (c == NULL)
		return;
	pst_content_free(c->inner);
	clear(c);
	g_array_unref(c->out.parts);
	g_ptr_array_unref(c->out.categories);
	g_ptr_array_unref(c->out.lost);
	envelope_clear(&c->out.envelope);
	spool_free(c->store);
	spool_free(c->whole);
	g_free(c->spool_dir);
	g_free(c);
}

const struct pst_content *
pst_content_get(const PstContent *c)
{
	return &c->out;
}

void
pst_content_lose(PstContent *c, const char *what, GError *error)
{
	g_ptr_array_add(c->out.lost, g_strdup_printf("%s: %s", what,
					 error ? error->message : "damaged"));
	g_clear_error(&error);
}

static bool
stamp_of(const PstProps *props, guint id, struct stamp *out)
{
	guint64 time;
	gint64 utc;

	if (!pst_props_int64(props, id, &time) || time == 0)
		return false;
	utc = (gint64)(time / 10000000) - G_GINT64_CONSTANT(11644473600);
	/* Years 1601 to 9999; Outlook's "none" is 4501. */
	if (utc > G_GINT64_CONSTANT(79870000000))
		return false;
	*out = (struct stamp){.utc = utc, .known = true};
	return true;
}

static struct person *
person_of(char *name, char *type, char *address, char *smtp)
{
	struct person *person = NULL;
	const char *kind = type && *type ? type : "SMTP";

	if (smtp && *smtp) {
		g_free(address);
		address = smtp;
		smtp = NULL;
		kind = "SMTP";
	}
	/* What Outlook writes for nobody. */
	if (address &&
	    (*address == '\0' || g_ascii_strcasecmp(kind, "UNKNOWN") == 0)) {
		g_clear_pointer(&address, g_free);
		if (name && g_ascii_strcasecmp(name, "Unknown") == 0)
			g_clear_pointer(&name, g_free);
	}
	/* Outlook puts names into quotes where they are addresses. */
	if (name && address && strcmp(name, address) == 0)
		g_clear_pointer(&name, g_free);
	if ((name && *name) || address)
		person = person_new(name && *name ? name : NULL,
		    address ? kind : NULL, address);
	g_free(name);
	g_free(type);
	g_free(address);
	g_free(smtp);
	return person;
}

static void
read_senders(PstContent *c, const PstProps *p)
{
	struct envelope *e = &c->out.envelope;
	struct person *from, *sender;

	from = person_of(pst_props_text(p, PST_P_REPRESENTING_NAME),
	    pst_props_text(p, PST_P_REPRESENTING_ADDRTYPE),
	    pst_props_text(p, PST_P_REPRESENTING_EMAIL),
	    pst_props_text(p, PST_P_REPRESENTING_SMTP));
	sender = person_of(pst_props_text(p, PST_P_SENDER_NAME),
	    pst_props_text(p, PST_P_SENDER_ADDRTYPE),
	    pst_props_text(p, PST_P_SENDER_EMAIL),
	    pst_props_text(p, PST_P_SENDER_SMTP));
	if (from == NULL) {
		from = sender;
		sender = NULL;
	}
	if (from && sender &&
	    (sender->address == NULL ||
		g_strcmp0(from->address, sender->address) == 0))
		g_clear_pointer(&sender, person_free);
	if (from)
		g_ptr_array_add(e->from, from);
	e->sender = sender;
}

static void
read_recipients(PstContent *c, PstMessage *message)
{
	guint codepage = pst_props_codepage(pst_message_props(message));
	g_autoptr(GError) error = NULL;
	g_auto(PstRow) row = {0};
	PstTable *table;
	guint n = 0;
	enum status st = pst_message_recipients(message, &table, &error);

	if (st < 0)
		pst_content_lose(c, "recipients", g_steal_pointer(&error));
	if (st != ST_OK)
		return;
	pst_table_rewind(table);
	while ((st = pst_table_next(table, &row, &error)) != ST_END) {
		struct person *person;
		guint32 kind = PST_TO;

		if (st < 0) {
			pst_content_lose(
			    c, "recipient", g_steal_pointer(&error));
			continue;
		}
		if (n++ >= ENVELOPE_PERSONS_MAX)
			break;
		person = person_of(
		    pst_row_text(table, &row, PST_P_DISPLAY_NAME, codepage),
		    pst_row_text(table, &row, PST_P_ADDRTYPE, codepage),
		    pst_row_text(table, &row, PST_P_EMAIL, codepage),
		    pst_row_text(table, &row, PST_P_SMTP_ADDRESS, codepage));
		if (person == NULL)
			continue;
		pst_row_int(table, &row, PST_P_RECIPIENT_TYPE, &kind);
		/* The upper bits say whether it was submitted. */
		switch (kind & 0xf) {
		case PST_CC:
			g_ptr_array_add(c->out.envelope.cc, person);
			break;
		case PST_BCC:
			g_ptr_array_add(c->out.envelope.bcc, person);
			break;
		case PST_TO:
			g_ptr_array_add(c->out.envelope.to, person);
			break;
		default: /* the originator of a report, a resource */
			person_free(person);
		}
	}
}

static void
read_categories(PstContent *c, Pst *pst, const PstProps *props)
{
	guint id = pst_name_id(pst, pst_guid_public_strings, 0, "Keywords");
	g_autoptr(GPtrArray) words = pst_props_texts(props, id);

	for (guint i = 0; i < words->len && i < CATEGORIES_MAX; i++)
		if (*(const char *)words->pdata[i])
			g_ptr_array_add(
			    c->out.categories, g_strdup(words->pdata[i]));
}

static int
word_compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
pst_content_read_flags(PstContent *c, Pst *pst, PstMessage *message)
{
	const PstProps *p = pst_message_props(message);
	guint32 flags = pst_props_int_or(p, PST_P_MESSAGE_FLAGS, 0);
	guint32 verb = pst_props_int_or(p, PST_P_LAST_VERB, 0);

	clear(c);
	c->out.class = pst_props_text(p, PST_P_MESSAGE_CLASS);
	if (!stamp_of(p, PST_P_DELIVERY_TIME, &c->out.received) &&
	    !stamp_of(p, PST_P_CLIENT_SUBMIT_TIME, &c->out.received))
		stamp_of(p, PST_P_CREATION_TIME, &c->out.received);
	if (flags & PST_MSGFLAG_READ)
		c->out.flags |= PST_MAIL_SEEN;
	if (flags & PST_MSGFLAG_UNSENT)
		c->out.flags |= PST_MAIL_DRAFT;
	/* EXCHIVERB_REPLYTOSENDER, _REPLYTOALL, _FORWARD */
	if (verb == 102 || verb == 103)
		c->out.flags |= PST_MAIL_ANSWERED;
	else if (verb == 104)
		c->out.flags |= PST_MAIL_FORWARDED;
	if (pst_props_int_or(p, PST_P_FLAG_STATUS, 0) == 2)
		c->out.flags |= PST_MAIL_FLAGGED;
	read_categories(c, pst, p);
	g_ptr_array_sort(c->out.categories, word_compare);
	g_ptr_array_add(c->out.categories, NULL);
}

static void
read_envelope(PstContent *c, Pst *pst, PstMessage *message)
{
	const PstProps *p = pst_message_props(message);
	struct envelope *e = &c->out.envelope;
	guint32 importance = pst_props_int_or(p, PST_P_IMPORTANCE, 1);

	g_autoptr(GBytes) reply_to =
	    pst_props_bytes(p, PST_P_REPLY_RECIPIENT_ENTRIES);

	read_senders(c, p);
	read_recipients(c, message);
	if (reply_to)
		pst_entry_people(pst, reply_to, e->reply_to);
	e->subject = pst_message_subject(message);
	e->message_id = pst_props_text(p, PST_P_INTERNET_MESSAGE_ID);
	stamp_of(p, PST_P_CLIENT_SUBMIT_TIME, &e->sent);
	if (!e->sent.known)
		e->sent = c->out.received;
	e->priority = importance == 0	? PRIORITY_LOW
		      : importance == 2 ? PRIORITY_HIGH
					: PRIORITY_NORMAL;
}

/* Lines between two fields that are none (a filter's report that somebody
 * broke, a name without a colon) become lines of the field before them: they
 * would be passed over for ever. The line of an mbox is not one of them. */
static void
keep_stray(GString *out, const char *p, const char *end)
{
	while (p < end) {
		const char *eol = memchr(p, '\n', (gsize)(end - p));
		const char *next = eol ? eol + 1 : end;
		gsize len = (gsize)(next - p);

		if (len > strspn(p, " \t\r\n") &&
		    strncmp(p, ">From ", 6) != 0) {
			if (*p != ' ' && *p != '\t')
				g_string_append_c(out, ' ');
			g_string_append_len(out, p, (gssize)len);
			if (!eol)
				g_string_append(out, "\r\n");
		}
		p = next;
	}
}

/* The header block, made sure to be one. */
static void
read_headers(PstContent *c, const PstProps *p)
{
	static const char microsoft[] = "Microsoft Mail Internet Headers";
	g_autofree char *text = pst_props_text(p, PST_P_TRANSPORT_HEADERS);
	g_autoptr(GString) out = g_string_new(NULL);
	const char *from = text, *last = NULL;
	struct header_field f;
	gsize pos, len;
	bool fields = false, dated = false;

	if (text == NULL)
		return;
	if (g_str_has_prefix(from, microsoft)) {
		from = strchr(from, '\n');
		if (from == NULL)
			return;
		from++;
	}
	len = strlen(from);
	pos = header_block_start(from, len);
	while (header_next(from, len, &pos, &f)) {
		if (fields)
			keep_stray(out, last, f.raw);
		fields = true;
		dated = dated || header_is(&f, "date");
		g_string_append_len(out, f.raw, (gssize)f.raw_len);
		last = f.raw + f.raw_len;
	}
	if (!fields)
		return;
	keep_stray(out, last, from + pos);
	g_string_append(out, "\r\n");
	c->out.headers = g_string_free(g_steal_pointer(&out), FALSE);
	/* The message said no date: none is made up for it. */
	if (!dated)
		c->out.envelope.sent = (struct stamp){0};
}

/* Content fields of signed or encrypted mail come with its one attachment, or
 * are made for it; all others are those of the header block. */
static enum status
make_raw(PstContent *c, bool is_signed, GError **error)
{
	const struct part *part = &g_array_index(c->out.parts, struct part, 0);
	g_autoptr(GString) head = g_string_new(NULL);
	struct header_field f;
	const char *h = c->out.headers;
	gsize len = strlen(h), pos = header_block_start(h, len);
	guint8 scratch[CHUNK];
	const guint8 *p;
	gint64 at = 0;
	gsize n;
	enum status st;

	while (header_next(h, len, &pos, &f)) {
		bool content = f.name_len > 8 &&
			       g_ascii_strncasecmp(f.name, "content-", 8) == 0;

		if (!content || (!is_signed && header_is(&f, "content-type")))
			g_string_append_len(head, f.raw, (gssize)f.raw_len);
	}
	if (!is_signed)
		g_string_append(
		    head, "Content-Transfer-Encoding: base64\r\n\r\n");
	st = spool_write(c->whole, head->str, head->len, error);
	if (st == ST_OK && !is_signed)
		st = encode_blob(&part->blob, ENCODING_BASE64, c->whole, error);
	while (st == ST_OK && is_signed) {
		st = blob_next(
		    &part->blob, &at, scratch, sizeof scratch, &p, &n, error);
		if (st == ST_OK)
			st = spool_write(c->whole, p, n, error);
	}
	if (st < 0)
		return st;
	c->out.raw = spool_blob(c->whole);
	return ST_OK;
}

/* Is it mail whose octets are in its only attachment? */
static bool
is_smime(const PstContent *c, bool *is_signed)
{
	const struct part *only = NULL;
	const char *class = c->out.class ? c->out.class : "";

	for (guint i = 0; i < c->out.parts->len; i++) {
		const struct part *part =
		    &g_array_index(c->out.parts, struct part, i);

		if (part->kind != PART_FILE)
			continue;
		if (only)
			return false;
		only = part;
	}
	if (c->out.headers == NULL || only == NULL)
		return false;
	*is_signed =
	    g_ascii_strcasecmp(class, "IPM.Note.SMIME.MultipartSigned") == 0 &&
	    g_strcmp0(only->type, "multipart/signed") == 0;
	return *is_signed || g_ascii_strcasecmp(class, "IPM.Note.SMIME") == 0;
}

/* Is the attachment one that the calendar has already, or that it comes from?
 * method: of a meeting; NULL of a stored item. */
static bool
is_of_calendar(PstContent *c, const PstProps *item, const PstProps *attachment,
    const char *method, GString *calendar, enum status *st, GError **error)
{
	if (pst_calendar_is_exception(attachment))
		return true;
	return method ? pst_content_calendar_kept(
			    item, attachment, method, calendar)
		      : pst_content_calendar_stored(
			    c, item, attachment, st, error);
}

enum status
pst_content_read(PstContent *c, Pst *pst, PstMessage *message, GError **error)
{
	const PstProps *p = pst_message_props(message);
	PstAttachment *a;
	GError *why = NULL;
	g_autoptr(GString) calendar = g_string_new(NULL);
	const char *method = NULL;
	struct blob all;
	bool is_signed, stored;
	guint n = 0;
	enum status st;

	pst_content_read_flags(c, pst, message);
	read_envelope(c, pst, message);
	read_headers(c, p);
	st = pst_content_calendar(
	    c, pst, message, &method, calendar, &stored, error);
	if (st == ST_OK)
		st = pst_content_journal(c, pst, p, error);
	/* The text of a stored item is in its calendar. */
	if (st == ST_OK && !stored)
		st = pst_content_bodies(c, p, error);
	while (st == ST_OK) {
		st = pst_message_next_attachment(message, &a, &why);
		if (st == ST_END)
			break;
		if (st < 0) {
			pst_content_lose(
			    c, "attachment", g_steal_pointer(&why));
			st = ST_OK;
			continue;
		}
		if (n++ < PARTS_MAX &&
		    !(calendar->len > 0 &&
			is_of_calendar(c, p, pst_attachment_props(a), method,
			    calendar, &st, error)) &&
		    st == ST_OK)
			st = pst_content_attachment(c, pst, a, error);
		pst_attachment_close(a);
	}
	if (st < 0)
		return st;
	all = spool_blob(c->store);
	for (guint i = 0; i < c->out.parts->len; i++) {
		struct part *part =
		    &g_array_index(c->out.parts, struct part, i);

		part->blob = blob_range(&all, part->blob.off, part->blob.len);
	}
	if (calendar->len > 0)
		return pst_content_calendar_raw(
		    c, stored ? NULL : method, calendar, error);
	if (is_smime(c, &is_signed)) {
		/* The attachment comes first for make_raw(). */
		while (g_array_index(c->out.parts, struct part, 0).kind !=
		       PART_FILE)
			g_array_remove_index(c->out.parts, 0);
		return make_raw(c, is_signed, error);
	}
	return pst_content_report(c, error);
}
