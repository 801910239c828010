/*
 * A message of an export as a record: decoded, dated, its items as parts
 * (spec/ccmail.md 3.3-3.5 and the rows of spec/events.md 3.3).
 */
#include "source/ccmail-private.h"

#include "ccmail/macbinary.h"
#include "iff/value.h"
#include "mime/encode.h"

#include <nettle/sha2.h>
#include <string.h>

#define CHUNK	 (64 << 10) /* octets of text decoded at a time */
#define RTF_MARK "{\\rtf"   /* Q216473 */

void
cc_decode(
    const struct ccmail_source *s, const void *data, gsize len, GString *out)
{
	codepage_decode(s->page, data, len, true, false, NULL, out);
}

/* On one line, without control characters. */
char *
cc_text(const struct ccmail_source *s, const void *data, gsize len)
{
	g_autoptr(GString) out = g_string_new(NULL);

	cc_decode(s, data, len, out);
	for (char *p = out->str; *p; p++)
		if ((guint8)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return g_strstrip(g_string_free(g_steal_pointer(&out), FALSE));
}

static char *
field_text(const struct ccmail_source *s, const struct ccmail_message *message,
    const char *name)
{
	const struct ccmail_field *field =
	    *name ? ccmail_message_field(message, name) : NULL;

	return field ? cc_text(s, field->value, field->len) : NULL;
}

static bool
is_name(const char *text, const char *const *names)
{
	for (; *names; names++)
		if (g_ascii_strcasecmp(text, *names) == 0)
			return true;
	return false;
}

/* Folders that every client has, by their names (spec/ccmail.md 4). */
static enum folder_use
use_of(const char *name)
{
	return g_ascii_strcasecmp(name, "Message Log") == 0 ? FOLDER_SENT
							    : filing_use(name);
}

struct filing_box *
cc_message_box(struct ccmail_source *s, const struct ccmail_message *message)
{
	static const char *const inboxes[] = {"", "INBOX", "In box", NULL};
	const char *path[3] = {"INBOX", NULL, NULL};
	g_autofree char *name = NULL;

	if (s->place->kind == CC_BOARD) {
		path[0] = s->opts.boards_root;
		path[1] = s->place->owner;
		return filing_box(s->filing, path, FOLDER_PLAIN, NULL);
	}
	name = field_text(s, message, s->opts.folder_word);
	if (name == NULL || is_name(name, inboxes))
		return filing_box(s->filing, path, FOLDER_INBOX, NULL);
	path[0] = name;
	return filing_box(s->filing, path, use_of(name), NULL);
}

bool
cc_message_is_settings(
    const struct ccmail_source *s, const struct ccmail_message *message)
{
	static const char *const names[] = {
	    "Stationery", "Preferences", "Rules", NULL};
	g_autofree char *folder = field_text(s, message, s->opts.folder_word);
	g_autofree char *subject = field_text(s, message, "Subject");

	if (s->opts.settings || folder == NULL || !is_name(folder, names) ||
	    (subject && *subject))
		return false;
	for (guint i = 0; i < message->items->len; i++)
		if (g_array_index(message->items, struct ccmail_item, i)
			.data.len > 0)
			return false;
	return true;
}

/* People. */

static void
add_person(struct ccmail_source *s, GPtrArray *list, const char *text,
    const char *post_office, const struct filing_box *box, const char *key)
{
	struct ccmail_address a;
	g_autofree char *address = NULL;

	if (*text == '\0')
		return;
	ccmail_address_parse(text, &a);
	if (a.internet)
		g_ptr_array_add(list, person_new(a.name, "SMTP", a.internet));
	else if (a.name == NULL) {
		/* Q249133: only " at POSTOFFICE" */
		cc_say(s, REMARK_WARNING, "CC_NO_NAME",
		    "a recipient without a name; the text is kept and leads "
		    "nowhere",
		    -1, box, key);
		g_ptr_array_add(list, person_new(text, NULL, NULL));
	} else if (a.post_office || (post_office && *post_office)) {
		/* Q241553: without one it is the sender's */
		address = g_strdup_printf("%s at %s", a.name,
		    a.post_office ? a.post_office : post_office);
		g_ptr_array_add(list, person_new(a.name, "CCMAIL", address));
	} else
		g_ptr_array_add(list, person_new(a.name, NULL, NULL));
	ccmail_address_clear(&a);
}

static bool
is_owner(const struct ccmail_source *s, const char *from)
{
	struct ccmail_address a;
	bool yes;

	ccmail_address_parse(from, &a);
	yes = a.name && g_ascii_strcasecmp(a.name, s->place->owner) == 0;
	ccmail_address_clear(&a);
	return yes;
}

static void
take_people(struct ccmail_source *s, const struct ccmail_message *message,
    const struct filing_box *box, const char *key)
{
	struct envelope *e = &s->letter.envelope;
	g_autofree char *from = field_text(s, message, "From");
	g_autofree char *office = g_strdup(s->opts.post_office);
	bool hidden = false;

	if (from) {
		struct ccmail_address a;

		add_person(s, e->from, from, s->opts.post_office, box, key);
		ccmail_address_parse(from, &a);
		if (a.post_office) {
			g_free(office);
			office = g_strdup(a.post_office);
		}
		ccmail_address_clear(&a);
	}
	for (guint i = 0; i < message->fields->len; i++) {
		const struct ccmail_field *field =
		    &g_array_index(message->fields, struct ccmail_field, i);
		g_autofree char *text = NULL;
		GPtrArray *list =
		    g_ascii_strcasecmp(field->name, "To") == 0	  ? e->to
		    : g_ascii_strcasecmp(field->name, "Cc") == 0  ? e->cc
		    : g_ascii_strcasecmp(field->name, "Bcc") == 0 ? e->bcc
								  : NULL;

		if (list == NULL || list->len >= ENVELOPE_PERSONS_MAX)
			continue;
		/* Q181125: only in the sender's own copy */
		if (list == e->bcc && (from == NULL || !is_owner(s, from))) {
			hidden = true;
			continue;
		}
		text = cc_text(s, field->value, field->len);
		add_person(s, list, text, office, box, key);
	}
	if (hidden)
		cc_say(s, REMARK_INFO, "CC_BCC_HIDDEN",
		    "hidden recipients are left out of a recipient's copy", -1,
		    box, key);
}

/* Dates, priority, state. */

static void
take_date(struct ccmail_source *s, const struct ccmail_message *message,
    struct stamp *out, enum ccmail_date_result *result)
{
	g_autofree char *text = field_text(s, message, "Date");
	struct ccmail_date d;
	char plain[VALUE_DATE_LEN + 8];

	*out = (struct stamp){.known = false};
	*result =
	    text ? ccmail_date_parse(text, s->order, &d) : CCMAIL_DATE_NONE;
	if (*result == CCMAIL_DATE_NONE)
		return;
	g_snprintf(plain, sizeof plain, "%04d%02d%02d%02d%02d%02d", d.year,
	    d.month, d.day, d.hour, d.minute, MIN(d.second, 59));
	/* The zone's rules at that date, not today's (Q281734). */
	if (!value_date(plain, s->opts.zone, NULL, out))
		*result = CCMAIL_DATE_NONE;
}

static enum priority
take_priority(
    const struct ccmail_source *s, const struct ccmail_message *message)
{
	static const char *const high[] = {"Urgent", "High", NULL};
	static const char *const low[] = {"Low", NULL};
	g_autofree char *text = field_text(s, message, s->opts.priority_word);

	if (text == NULL)
		return PRIORITY_NORMAL;
	return is_name(text, high)  ? PRIORITY_HIGH
	       : is_name(text, low) ? PRIORITY_LOW
				    : PRIORITY_NORMAL;
}

static bool
is_seen(const struct ccmail_source *s, const struct ccmail_message *message)
{
	static const char *const unread[] = {"Unread", "New", "Not read", NULL};
	static const char *const seen[] = {"Read", "Seen", "Opened", NULL};
	g_autofree char *text = field_text(s, message, s->opts.status_word);

	if (text && is_name(text, unread))
		return false;
	if (text && is_name(text, seen))
		return true;
	return !s->opts.unread;
}

/* What nobody knows is kept in fields of its own (Q262989). */
static void
take_rest(struct ccmail_source *s, const struct ccmail_message *message)
{
	const char *known[] = {"From", "To", "Cc", "Bcc", "Date", "Subject",
	    s->opts.folder_word, s->opts.priority_word, s->opts.status_word,
	    NULL};

	g_string_truncate(s->letter.headers, 0);
	for (guint i = 0; i < message->fields->len; i++) {
		const struct ccmail_field *field =
		    &g_array_index(message->fields, struct ccmail_field, i);
		g_autofree char *name = NULL, *text = NULL;

		if (is_name(field->name, known))
			continue;
		name = g_strdup_printf(
		    "X-ccMail-%s", *field->name ? field->name : "Unknown");
		g_strcanon(name + 9,
		    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "0123456789-",
		    '-');
		text = cc_text(s, field->value, field->len);
		encode_text_field(s->letter.headers, name, text);
	}
}

/* Items. */

static enum status
item_begins(const struct ccmail_item *item, const char *mark, bool *yes)
{
	char first[8];
	gsize got = 0, n = strlen(mark);
	enum status st = blob_read(&item->data, 0, first, n, &got, NULL);

	*yes = st == ST_OK && got == n && memcmp(first, mark, n) == 0;
	return ST_OK;
}

/* Line ends become CR LF (Q192526), codes of highlighting go (Q181130). */
static enum status
put_text(struct ccmail_source *s, const guint8 *data, gsize len, bool *cr,
    GError **error)
{
	GString *out = s->letter.text;

	g_string_truncate(s->letter.line, 0);
	cc_decode(s, data, len, s->letter.line);
	g_string_truncate(out, 0);
	for (gsize i = 0; i < s->letter.line->len; i++) {
		char c = s->letter.line->str[i];

		if (c == '\n' && *cr) {
			*cr = false;
			continue;
		}
		*cr = c == '\r';
		if (c == '\r' || c == '\n')
			g_string_append(out, "\r\n");
		else
			g_string_append_c(out, c);
	}
	return spool_write(s->letter.spool, out->str, out->len, error);
}

static enum status
text_item(
    struct ccmail_source *s, const struct ccmail_item *item, GError **error)
{
	g_autofree guint8 *scratch = g_malloc(CHUNK), *copy = g_malloc(CHUNK);
	const guint8 *data;
	gint64 at = 0;
	gsize len, kept = 0;
	bool cr = false;
	enum status st;

	while ((st = blob_next(&item->data, &at, scratch, CHUNK - kept, &data,
		    &len, error)) == ST_OK) {
		gsize n, cut;

		memcpy(copy + kept, data, len);
		len += kept;
		kept = 0;
		/* Characters of two bytes are not cut: text goes on after the
		 * last line end of the chunk, if it has one. */
		for (cut = len; at < item->data.len && cut > len / 2; cut--)
			if (copy[cut - 1] == '\n')
				break;
		if (at >= item->data.len || cut <= len / 2)
			cut = len;
		kept = len - cut;
		n = ccmail_strip_highlight(copy, cut);
		st = put_text(s, copy, n, &cr, error);
		if (st < 0)
			return st;
		memmove(copy, copy + cut, kept);
	}
	return st < 0 ? st : ST_OK;
}

static void
add_part(struct ccmail_source *s, const struct part *part)
{
	g_array_append_val(s->letter.parts, *part);
}

/* Fax pages are PCX (Q166614); several of them in one file are DCX. */
static void
fax_item(struct ccmail_source *s, const struct ccmail_item *item, guint number)
{
	struct part part = {
	    .kind = PART_FILE, .blob = item->data, .position = -1};
	g_autofree char *title = cc_text(s, item->title, item->title_len);
	const char *end;
	bool dcx = false;

	item_begins(item, "\xb1\x68\xde\x3a", &dcx);
	end = dcx ? ".dcx" : ".pcx";
	part.type = g_strdup(dcx ? "image/x-dcx" : "image/x-pcx");
	part.name = ccmail_file_name(title);
	if (*part.name == '\0' || strchr(part.name, '.') == NULL) {
		char *name = *part.name
				 ? g_strconcat(part.name, end, NULL)
				 : g_strdup_printf("fax%u%s", number, end);

		g_free(part.name);
		part.name = name;
	}
	add_part(s, &part);
}

static enum status
mac_item(struct ccmail_source *s, const struct macbinary *mac, char *name,
    GArray *ranges, GError **error)
{
	struct part part = {
	    .kind = PART_FILE, .blob = mac->data, .position = -1};
	gint64 at = spool_blob(s->letter.spool).len;
	gint64 range[2];
	enum status st;

	if (*name == '\0') {
		g_autoptr(Codepage) roman = NULL;
		g_autoptr(GString) text = g_string_new(NULL);

		if (codepage_open(&roman, 10000, NULL) == ST_OK)
			codepage_decode(roman, mac->name, strlen(mac->name),
			    true, false, NULL, text);
		g_free(name);
		name = g_string_free(g_steal_pointer(&text), FALSE);
	}
	part.name = name;
	if (mac->resource.len == 0) {
		add_part(s, &part);
		return ST_OK;
	}
	/* Both forks (Q174253): the second one beside the first, as Macs keep
	 * it on other systems' disks. */
	st = macbinary_to_appledouble(mac, s->letter.spool, error);
	add_part(s, &part);
	part = (struct part){.kind = PART_FILE, .position = -1};
	part.name = g_strconcat("._", name, NULL);
	part.type = g_strdup("application/applefile");
	add_part(s, &part);
	range[0] = s->letter.parts->len - 1;
	range[1] = at;
	g_array_append_vals(ranges, range, 2);
	return st;
}

static enum status
file_item(struct ccmail_source *s, const struct ccmail_item *item, guint number,
    GArray *ranges, const struct filing_box *box, GError **error)
{
	struct part part = {
	    .kind = PART_FILE, .blob = item->data, .position = -1};
	g_autofree char *title = cc_text(s, item->title, item->title_len);
	struct macbinary mac;

	/* The name is the item's, not the header's (Q237886). */
	part.name = ccmail_file_name(title);
	if (macbinary_parse(&item->data, &mac))
		return mac_item(s, &mac, part.name, ranges, error);
	if (*part.name == '\0') {
		g_free(part.name);
		part.name = g_strdup_printf("attachment%u.bin", number);
		cc_say(s, REMARK_INFO, "CC_NO_FILE_NAME",
		    "an attached file without a name", -1, box, s->letter.key);
	}
	add_part(s, &part);
	return ST_OK;
}

/* Any other kind is kept as it is, under its title or its kind (Q167024). */
static void
other_item(
    struct ccmail_source *s, const struct ccmail_item *item, guint number)
{
	struct part part = {
	    .kind = PART_FILE, .blob = item->data, .position = -1};
	g_autofree char *title = cc_text(s, item->title, item->title_len);

	part.name = ccmail_file_name(title);
	if (*part.name == '\0') {
		g_free(part.name);
		part.name = g_strdup_printf("%s%u.bin",
		    item->kind == CCMAIL_NO_ITEM ? "loose" : item->word,
		    number);
		g_strdelimit(part.name, " /", '-');
	}
	add_part(s, &part);
}

/*
 * All items as parts. Text items become one body, in order; what lies in the
 * spool gets its place when all is in it.
 */
static enum status
take_items(struct ccmail_source *s, const struct ccmail_message *message,
    const struct filing_box *box, GError **error)
{
	g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(gint64));
	struct part body = {.kind = PART_TEXT, .position = -1};
	struct blob all;
	gint64 text_len;
	enum status st = ST_OK;

	spool_reset(s->letter.spool);
	for (guint i = 0; i < message->items->len && st >= 0; i++) {
		const struct ccmail_item *item =
		    &g_array_index(message->items, struct ccmail_item, i);
		bool rtf = false;

		if (item->kind == CCMAIL_TEXT)
			item_begins(item, RTF_MARK, &rtf);
		if (item->kind == CCMAIL_TEXT && !rtf)
			st = text_item(s, item, error);
	}
	text_len = spool_blob(s->letter.spool).len;
	g_array_set_size(s->letter.parts, 0);
	g_array_append_val(s->letter.parts, body);
	for (guint i = 0; i < message->items->len && st >= 0; i++) {
		const struct ccmail_item *item =
		    &g_array_index(message->items, struct ccmail_item, i);
		struct part rtf = {
		    .kind = PART_RTF, .blob = item->data, .position = -1};
		bool is_rtf = false;

		switch (item->kind) {
		case CCMAIL_TEXT:
			item_begins(item, RTF_MARK, &is_rtf);
			if (is_rtf)
				add_part(s, &rtf);
			break;
		case CCMAIL_FAX:
			fax_item(s, item, i + 1);
			break;
		case CCMAIL_FILE:
			st = file_item(s, item, i + 1, ranges, box, error);
			break;
		case CCMAIL_OTHER:
		case CCMAIL_NO_ITEM:
			other_item(s, item, i + 1);
			break;
		}
	}
	if (st < 0)
		return st;
	all = spool_blob(s->letter.spool);
	g_array_index(s->letter.parts, struct part, 0).blob =
	    blob_range(&all, 0, text_len);
	for (guint i = 0; i + 1 < ranges->len; i += 2) {
		gint64 at = g_array_index(ranges, gint64, i + 1);
		gint64 end = i + 3 < ranges->len
				 ? g_array_index(ranges, gint64, i + 3)
				 : all.len;

		g_array_index(s->letter.parts, struct part,
		    (guint)g_array_index(ranges, gint64, i))
		    .blob = blob_range(&all, at, end - at);
	}
	/* Rich text alone: no empty text beside it. */
	if (text_len == 0 && s->letter.parts->len > 1 &&
	    g_array_index(s->letter.parts, struct part, 1).kind == PART_RTF)
		g_array_remove_index(s->letter.parts, 0);
	return ST_OK;
}

/* What the message says, whatever the counts and the place in the file. */
static enum status
make_key(struct ccmail_source *s, const struct ccmail_message *message,
    char key[33], GError **error)
{
	g_autofree guint8 *scratch = g_malloc(CHUNK);
	guint8 digest[16];
	struct sha256_ctx sha;
	enum status st = ST_OK;

	sha256_init(&sha);
	for (guint i = 0; i < message->fields->len; i++) {
		const struct ccmail_field *field =
		    &g_array_index(message->fields, struct ccmail_field, i);

		sha256_update(
		    &sha, strlen(field->name) + 1, (const guint8 *)field->name);
		sha256_update(
		    &sha, field->len + 1, (const guint8 *)field->value);
	}
	for (guint i = 0; i < message->items->len && st >= 0; i++) {
		const struct ccmail_item *item =
		    &g_array_index(message->items, struct ccmail_item, i);
		const guint8 *data;
		gint64 at = 0;
		gsize len;

		sha256_update(
		    &sha, item->title_len + 1, (const guint8 *)item->title);
		while ((st = blob_next(&item->data, &at, scratch, CHUNK, &data,
			    &len, error)) == ST_OK)
			sha256_update(&sha, len, data);
	}
	sha256_digest(&sha, sizeof digest, digest);
	for (guint i = 0; i < sizeof digest; i++)
		g_snprintf(key + 2 * i, 3, "%02x", digest[i]);
	return st < 0 ? st : ST_OK;
}

static gint64
octets(const struct ccmail_message *message)
{
	gint64 sum = 0;

	for (guint i = 0; i < message->items->len; i++)
		sum += g_array_index(message->items, struct ccmail_item, i)
			   .data.len;
	return sum;
}

enum status
cc_message_give(struct ccmail_source *s, struct filing_box *box,
    const struct ccmail_message *message, struct record *record, GError **error)
{
	struct cc_letter *letter = &s->letter;
	struct message *m = &record->message;
	enum ccmail_date_result dated;
	const char *key;
	enum status st;

	st = make_key(s, message, letter->key, error);
	if (st < 0) {
		box->found++;
		record->kind = RECORD_MESSAGE;
		record->key = filing_key(s->filing, "unreadable");
		m->folder = &box->folder;
		return st;
	}
	key = filing_key(s->filing, letter->key);
	take_date(s, message, &m->received, &dated);
	m->size = octets(message);
	m->flags = is_seen(s, message) ? MESSAGE_SEEN : 0;
	if (box->folder.use == FOLDER_DRAFTS)
		m->flags |= MESSAGE_DRAFT;
	st = filing_item(s->filing, box, key, record);
	if (st != ST_OK)
		return st == ST_END ? ST_OK : st;
	if (dated != CCMAIL_DATE_GOOD)
		cc_say(s, REMARK_WARNING, "CC_BAD_DATE",
		    dated == CCMAIL_DATE_NONE
			? "no date that can be read; the message has none"
			: "the date is impossible; the nearest one is taken",
		    message->at, box, key);
	envelope_reset(&letter->envelope);
	take_people(s, message, box, key);
	letter->envelope.subject = field_text(s, message, "Subject");
	letter->envelope.sent = m->received;
	letter->envelope.priority = take_priority(s, message);
	take_rest(s, message);
	st = take_items(s, message, box, error);
	if (st < 0)
		return st;
	m->has_body = true;
	m->size = -1;
	m->envelope = &letter->envelope;
	m->headers = letter->headers->len ? letter->headers->str : NULL;
	m->parts = (const struct part *)(void *)letter->parts->data;
	m->n_parts = letter->parts->len;
	return ST_OK;
}
