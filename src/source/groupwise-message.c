/*
 * A header file of the API gateway as a message, or its directory entries as
 * recipients (spec/groupwise.md 4-6).
 */
#include "source/groupwise-private.h"

#include "base/digest.h"
#include "ccmail/macbinary.h"
#include "iff/value.h"
#include "mime/encode.h"
#include "source/calendar-item.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BODY_MAX (64 << 20) /* bytes of a body file; text of mail is smaller   \
			     */

char *
gw_text(const struct groupwise_source *s, const char *octets)
{
	g_autoptr(Codepage) page = NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	guint number = s->codepage;

	if (number == 0)
		number =
		    g_utf8_validate(octets, -1, NULL) ? CODEPAGE_UTF8 : 1252;
	if (number == CODEPAGE_UTF8 && g_utf8_validate(octets, -1, NULL))
		g_string_assign(out, octets);
	else if (codepage_open(&page, number, NULL) == ST_OK)
		codepage_decode(
		    page, octets, strlen(octets), true, false, NULL, out);
	for (char *p = out->str; *p; p++)
		if ((guint8)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return g_strstrip(g_string_free(g_steal_pointer(&out), FALSE));
}

char *
gw_value(
    const struct groupwise_source *s, const GPtrArray *nodes, const char *name)
{
	const char *octets = api_text(nodes, name);

	return octets && *octets ? gw_text(s, octets) : NULL;
}

char *
gw_mailbox(const struct groupwise_source *s, const GPtrArray *element)
{
	g_autofree char *domain = gw_value(s, element, "WPD");
	g_autofree char *office = gw_value(s, element, "WPPO");
	g_autofree char *user = gw_value(s, element, "WPU");

	if (domain == NULL || user == NULL)
		return NULL;
	return office ? g_strdup_printf("GWISE:%s.%s.%s", domain, office, user)
		      : g_strdup_printf("GWISE:%s.%s", domain, user);
}

static const char *
message_type(const struct api_file *api)
{
	const char *type = api_text(api->nodes, "Msg-Type");

	return type && *type ? type : "MAIL";
}

bool
gw_is_message(const struct api_file *api)
{
	const char *type = message_type(api);

	return g_ascii_strcasecmp(type, "MAIL") == 0 ||
	       g_ascii_strcasecmp(type, "PHONE") == 0 || gw_is_calendar(type);
}

/* CDBA of mail from Exchange: what is between "addr" and the next '^'. */
static char *
clean_cdba(char *cdba)
{
	char *addr = *cdba == '^' ? strstr(cdba, "addr") : NULL;
	char *out;

	if (addr == NULL)
		return cdba;
	addr += 4;
	out = g_strndup(addr, strcspn(addr, "^"));
	g_free(cdba);
	return out;
}

static void
add_person(struct groupwise_source *s, GPtrArray *list,
    const GPtrArray *element, const char *display)
{
	g_autofree char *native = gw_mailbox(s, element);
	g_autofree char *cdba = gw_value(s, element, "CDBA");
	g_autofree char *first = gw_value(s, element, "FN");
	g_autofree char *last = gw_value(s, element, "LN");
	g_autofree char *name = NULL, *user = NULL;

	if (first == NULL)
		first = gw_value(s, element, "G");
	if (last == NULL)
		last = gw_value(s, element, "S");
	if (display && *display)
		name = g_strdup(display);
	else if (first || last)
		name = g_strstrip(g_strdup_printf(
		    "%s %s", first ? first : "", last ? last : ""));
	if (cdba)
		cdba = clean_cdba(g_steal_pointer(&cdba));
	if (list->len >= ENVELOPE_PERSONS_MAX)
		return;
	user = gw_value(s, element, "WPU");
	/* Everyone has a name, as in migration files, so that one step and two
	 * give the same. */
	if (cdba && strchr(cdba, '@') && !strpbrk(cdba, " <>"))
		g_ptr_array_add(
		    list, person_new(name ? name : cdba, "SMTP", cdba));
	else if (native)
		g_ptr_array_add(list,
		    person_new(name ? name : user, "GWISE", native + 6));
	else if (cdba && *cdba)
		g_ptr_array_add(
		    list, person_new(name ? name : cdba, "GWISE", cdba));
	else if (name)
		g_ptr_array_add(list, person_new(name, NULL, NULL));
}

/* Of several keywords the first that names anybody. */
static void
take_list(struct groupwise_source *s, GPtrArray *list,
    const char *const *keywords, const char *text_keyword)
{
	g_autofree char *text = gw_value(s, s->api.nodes, text_keyword);

	for (; *keywords && list->len == 0; keywords++) {
		const struct api_node *node = api_find(s->api.nodes, *keywords);
		guint n = node && node->elements ? node->elements->len : 0;

		for (guint i = 0; i < n; i++)
			/* From-Text is one name; To-Text may be many. */
			add_person(s, list, node->elements->pdata[i],
			    strcmp(text_keyword, "From-Text") == 0 ? text
								   : NULL);
		if (node && node->text && *node->text) {
			g_autofree char *bare = gw_text(s, node->text);

			g_ptr_array_add(list,
			    person_new(text ? text : bare, "GWISE", bare));
		}
	}
	if (list->len == 0 && text)
		g_ptr_array_add(list, person_new(text, NULL, NULL));
}

bool
gw_stamp(struct groupwise_source *s, const char *keyword, struct stamp *out)
{
	const char *text = api_text(s->api.nodes, keyword);
	struct api_date d;
	char plain[VALUE_DATE_LEN + 8];
	gint16 zone;

	*out = (struct stamp){.known = false};
	if (text == NULL || !api_date_parse(text, &d))
		return false;
	zone = (gint16)d.zone;
	g_snprintf(plain, sizeof plain, "%04d%02d%02d%02d%02d%02d", d.year,
	    d.month, d.day, d.hour, d.minute, MIN(d.second, 59));
	return value_date(plain, s->zone, d.has_zone ? &zone : NULL, out);
}

void
gw_close_files(struct groupwise_source *s)
{
	for (guint i = 0; s->fds && i < s->fds->len; i++)
		close(g_array_index(s->fds, int, i));
	if (s->fds)
		g_array_set_size(s->fds, 0);
}

/* A body or attachment by its bare name, wherever it is (2). */
static bool
open_part(struct groupwise_source *s, const char *name, struct blob *out)
{
	if (strpbrk(name, "/\\") || *name == '.')
		return false;
	for (guint i = 0; i < G_N_ELEMENTS(s->att_dirs); i++) {
		g_autofree char *path = gw_find(s->att_dirs[i], name);
		struct stat sb;
		int fd;

		if (path == NULL)
			continue;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (fstat(fd, &sb) < 0 || !S_ISREG(sb.st_mode)) {
			close(fd);
			continue;
		}
		g_array_append_val(s->fds, fd);
		*out = (struct blob){.fd = fd, .len = sb.st_size};
		return true;
	}
	return false;
}

static void
put_line(struct groupwise_source *s, const char *label, const char *keyword)
{
	g_autofree char *value = gw_value(s, s->api.nodes, keyword);

	if (value)
		g_string_append_printf(s->text, "%s: %s\r\n", label, value);
}

/* What the text does not say: the caller, or times and place (5). */
static void
put_block(struct groupwise_source *s, const char *type)
{
	static const char *const lines[][2] = {{"Caller", "Caller-Name"},
	    {"Company", "Caller-Company"}, {"Phone", "Caller-Phone"},
	    {"Action", "Call-Action"}, {"Begin", "Begin-Time"},
	    {"End", "End-Time"}, {"Place", "Location"}, {"Place", "Place"},
	    {"Task category", "Task-Category"},
	    {"Task priority", "Task-Priority"}};

	if (g_ascii_strcasecmp(type, "MAIL") == 0)
		return;
	for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
		put_line(s, lines[i][0], lines[i][1]);
	if (s->text->len > 0)
		g_string_append(s->text, "\r\n");
}

static enum status
take_text(struct groupwise_source *s, const char *type,
    const struct filing_box *box, const char *key, GError **error)
{
	g_autofree char *file = gw_value(s, s->api.nodes, "Msg-File");
	g_autofree char *octets = NULL;
	g_autoptr(Codepage) page = NULL;
	g_autoptr(GString) text = g_string_new(NULL);
	struct blob blob;
	gsize got = 0;
	guint number = s->codepage;
	bool cr = false;
	enum status st;

	g_string_truncate(s->text, 0);
	put_block(s, type);
	if (file && !open_part(s, file, &blob)) {
		gw_say(s, REMARK_WARNING, "GW_MISSING",
		    "the file of the text is missing; the message says so", box,
		    key);
		/* Q194920: a header without its body, and nobody knew. */
		g_string_append_printf(
		    s->text, "[mailmig: the text, %s, is missing]\r\n", file);
	} else if (file) {
		if (blob.len > BODY_MAX)
			return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
			    "groupwise: a text of %" G_GINT64_FORMAT " bytes",
			    blob.len);
		octets = g_malloc((gsize)blob.len + 1);
		st = blob_read(&blob, 0, octets, (gsize)blob.len, &got, error);
		if (st < 0)
			return st;
		if (number == 0)
			number = g_utf8_validate(octets, (gssize)got, NULL)
				     ? CODEPAGE_UTF8
				     : 1252;
		st = codepage_open(&page, number, error);
		if (st < 0)
			return st;
		codepage_decode(page, octets, got, true, false, NULL, text);
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
	}
	return ST_OK;
}

static void
add_attachment(struct groupwise_source *s, const GPtrArray *element,
    const struct filing_box *box, const char *key)
{
	struct part part = {.kind = PART_FILE, .position = -1};
	g_autofree char *current = gw_value(s, element, "Current-File");
	g_autofree char *original = gw_value(s, element, "Original-File");
	char *name = original ? original : current;
	struct macbinary mac;

	if (current == NULL)
		return;
	for (char *p = name; *p; p++)
		if (*p == '\\' || *p == '/' || *p == ':')
			name = p + 1;
	if (!open_part(s, current, &part.blob)) {
		gw_say(s, REMARK_WARNING, "GW_MISSING",
		    "an attachment is missing; the message says so", box, key);
		g_string_append_printf(s->text,
		    "[mailmig: the attachment %s, %s, is missing]\r\n", name,
		    current);
		return;
	}
	part.name = g_strdup(*name ? name : current);
	if (macbinary_parse(&part.blob, &mac)) { /* Q174253 */
		if (mac.resource.len == 0)
			part.blob = mac.data;
		else
			part.kind = PART_MACBINARY;
	}
	g_array_append_val(s->parts, part);
}

static enum status
take_parts(struct groupwise_source *s, const char *type,
    const struct filing_box *box, const char *key, GError **error)
{
	const struct api_node *files = api_find(s->api.nodes, "Attach-File");
	struct part body = {.kind = PART_TEXT, .position = -1};
	enum status st;

	g_array_set_size(s->parts, 0);
	st = take_text(s, type, box, key, error);
	if (st < 0)
		return st;
	g_array_append_val(s->parts, body);
	for (guint i = 0; files && files->elements &&
			  i < files->elements->len && i < PARTS_MAX;
	     i++)
		add_attachment(s, files->elements->pdata[i], box, key);
	/* The text grew by what is missing; it has its place now. */
	g_array_index(s->parts, struct part, 0).blob =
	    blob_from_mem(s->text->str, s->text->len);
	return ST_OK;
}

static void
take_envelope(struct groupwise_source *s, const char *type)
{
	static const char *const from[] = {"From", NULL};
	static const char *const to[] = {"All-To", "To", NULL};
	static const char *const cc[] = {"All-To-CC", "To-CC", NULL};
	static const char *const bc[] = {"To-BC", NULL};
	static const char *const kept[] = {
	    "Msg-View", "Security", "Respond-By", "Orig-Msg-Id", "Msg-Id"};
	struct envelope *e = &s->envelope;
	const char *priority = api_text(s->api.nodes, "Msg-Priority");

	envelope_reset(e);
	take_list(s, e->from, from, "From-Text");
	take_list(s, e->to, to, "To-Text");
	take_list(s, e->cc, cc, "To-CC-Text");
	if (s->by_sender)
		take_list(s, e->bcc, bc, "To-BC-Text");
	e->subject = gw_value(s, s->api.nodes, "Subject");
	if (e->subject == NULL && g_ascii_strcasecmp(type, "PHONE") == 0) {
		g_autofree char *caller =
		    gw_value(s, s->api.nodes, "Caller-Name");

		e->subject = g_strdup_printf(
		    "Phone message from %s", caller ? caller : "?");
	}
	gw_stamp(s, "Date-Sent", &e->sent);
	if (priority)
		e->priority = g_ascii_strcasecmp(priority, "High") == 0
				  ? PRIORITY_HIGH
			      : g_ascii_strcasecmp(priority, "Low") == 0
				  ? PRIORITY_LOW
				  : PRIORITY_NORMAL;
	g_string_truncate(s->head, 0);
	for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
		g_autofree char *value = gw_value(s, s->api.nodes, kept[i]);
		g_autofree char *name =
		    g_strconcat("X-GroupWise-", kept[i], NULL);

		if (value)
			encode_text_field(s->head, name, value);
	}
}

/* Novell's names of the folders that everyone has (Q176740). */
static struct filing_box *
box_of(struct groupwise_source *s, const char *type)
{
	g_autofree char *name = gw_value(s, s->api.nodes, "Folder-Name");
	const char *path[] = {"INBOX", NULL};
	const char *class = NULL;
	enum folder_use use = FOLDER_INBOX;

	if (gw_is_task(type)) {
		path[0] = "Tasks";
		use = FOLDER_TASKS;
		class = "IPF.Task";
	} else if (gw_is_calendar(type)) {
		path[0] = "Calendar";
		use = FOLDER_CALENDAR;
		class = "IPF.Appointment";
	} else if (name && g_ascii_strcasecmp(name, "Mail Box") != 0 &&
		   g_ascii_strcasecmp(name, "Mailbox") != 0 &&
		   g_ascii_strcasecmp(name, "Inbox") != 0) {
		path[0] = name;
		use = filing_use(name); /* Q253564 */
	} else if (s->by_sender) {
		path[0] = "Sent Items";
		use = FOLDER_SENT;
	}
	return filing_box(s->filing, path, use, class);
}

static void
make_key(struct groupwise_source *s, const struct gw_entry *entry)
{
	const char *id = api_text(s->api.nodes, "Msg-Id");
	g_autofree char *base = g_path_get_basename(entry->file);
	struct digest digest;
	char hex[DIGEST_HEX];

	/* Msg-Id occurs once in a post office (5); without one, the file. */
	if (id == NULL || *id == '\0')
		id = base;
	digest_mem(id, strlen(id), &digest);
	digest_to_hex(&digest, hex);
	hex[32] = '\0';
	g_strlcpy(s->key, hex, sizeof s->key);
}

/*
 * An entry of the calendar: one text/calendar entity, or that beside its
 * attachments. Octets, made once and here: in one step and in two the same
 * message. ST_END: it has no date to put it at.
 */
static enum status
give_calendar(struct groupwise_source *s, const char *type,
    const struct filing_box *box, const char *key, struct message *m,
    GError **error)
{
	struct part *first;
	enum status st = take_parts(s, "MAIL", box, key, error);

	if (st < 0)
		return st;
	if (!gw_calendar_write(s, type, s->key, s->text->str, s->ical)) {
		gw_say(s, REMARK_WARNING, "GW_BAD_DATE",
		    "no date to put it at in a calendar: it is a message "
		    "with its text",
		    box, key);
		return ST_END;
	}
	if (s->parts->len == 1)
		st = calendar_item_write(
		    &(const struct calendar_item){.from = s->envelope.from,
			.subject = s->envelope.subject,
			.date = s->envelope.sent,
			.headers = s->head->len ? s->head->str : NULL,
			.ical = s->ical},
		    s->spool, error);
	else {
		first = &g_array_index(s->parts, struct part, 0);
		first->kind = PART_FILE;
		first->type = g_strdup("text/calendar");
		first->name = g_strdup("calendar.ics");
		first->blob = blob_from_mem(s->ical->str, s->ical->len);
		st = part_join(&s->envelope,
		    s->head->len ? s->head->str : NULL,
		    (const struct part *)(void *)s->parts->data, s->parts->len,
		    s->spool, error);
	}
	if (st < 0)
		return st;
	m->class = gw_is_task(type) ? "IPM.Task" : "IPM.Appointment";
	m->envelope = NULL;
	m->has_body = true;
	m->raw = spool_blob(s->spool);
	m->size = m->raw.len;
	return ST_OK;
}

enum status
gw_message_give(struct groupwise_source *s, const struct gw_entry *entry,
    struct record *record, GError **error)
{
	const char *type = message_type(&s->api), *key;
	struct filing_box *box = box_of(s, type);
	struct message *m = &record->message;
	enum status st;

	gw_close_files(s);
	if (!box->mine)
		return ST_THERE;
	if (filing_tell(box, record))
		return ST_OK;
	make_key(s, entry);
	key = filing_key(s->filing, s->key);
	if (!gw_stamp(s, "Distribute-Date", &m->received))
		gw_stamp(s, "Date-Sent", &m->received);
	m->flags = s->unread ? 0 : MESSAGE_SEEN;
	m->size = -1;
	st = filing_item(s->filing, box, key, record);
	if (st != ST_OK)
		return st == ST_END ? ST_OK : st;
	take_envelope(s, type);
	m->envelope = &s->envelope;
	if (gw_is_calendar(type) && !s->calendar)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "groupwise: %s: %s \"%s\": experimental, and not asked for "
		    "(calendar=yes)",
		    entry->file, type,
		    s->envelope.subject ? s->envelope.subject : "");
	if (gw_is_calendar(type)) {
		st = give_calendar(s, type, box, key, m, error);
		if (st != ST_END)
			return st;
	}
	if (!m->received.known)
		gw_say(s, REMARK_WARNING, "GW_BAD_DATE",
		    "no date that can be read; the message has none", box, key);
	st = take_parts(s, type, box, key, error);
	if (st < 0)
		return st;
	m->has_body = true;
	m->headers = s->head->len ? s->head->str : NULL;
	m->parts = (const struct part *)(void *)s->parts->data;
	m->n_parts = s->parts->len;
	return ST_OK;
}

static void
put(struct groupwise_source *s, const char *name, char *value)
{
	char **values;

	if (value == NULL || s->n_given == GW_ATTRIBUTES_MAX ||
	    strcmp(value, "\\") == 0) { /* a cleared field (3) */
		g_free(value);
		return;
	}
	values = g_new0(char *, 2);
	values[0] = value;
	g_ptr_array_add(s->kept, value);
	g_ptr_array_add(s->kept, values);
	s->given[s->n_given++] = (struct attribute){(char *)name, values};
}

bool
gw_recipient(struct groupwise_source *s, const struct api_node *node,
    struct record *record)
{
	static const char *const plain[][2] = {{"Given-Name", "First-Name"},
	    {"Surname", "Last-Name"}, {"Title", "Title"},
	    {"Department", "Department"}, {"Telephone-Office1", "Phone"},
	    {"Telephone-Fax", "Fax"}, {"Comment", "Description"}};
	struct recipient *r = &record->recipient;
	bool user = g_ascii_strcasecmp(node->name, "DS-User") == 0;
	bool group = g_ascii_strcasecmp(node->name, "DS-Group") == 0;
	bool resource = g_ascii_strcasecmp(node->name, "DS-Resource") == 0;
	const GPtrArray *e;
	g_autofree char *domain = NULL, *office = NULL, *object = NULL;
	g_autofree char *first = NULL, *last = NULL, *address = NULL;
	g_autofree char *seen = NULL, *name = NULL;
	const struct api_node *alias;

	if ((!user && !group && !resource) || node->elements == NULL ||
	    node->elements->len == 0)
		return false;
	e = node->elements->pdata[0];
	domain = gw_value(s, e, "Domain");
	office = gw_value(s, e, "Post-Office");
	object = gw_value(s, e, "Object");
	if (object == NULL)
		return false;
	g_ptr_array_set_size(s->kept, 0);
	s->n_given = 0;
	first = gw_value(s, e, "First-Name");
	last = gw_value(s, e, "Last-Name");
	seen = gw_value(s, e, "Visibility");
	address = g_strdup_printf(
	    "%s.%s.%s", domain ? domain : "", office ? office : "", object);
	record->kind = RECORD_RECIPIENT;
	r->class = group ? RECIPIENT_LIST : RECIPIENT_MAILBOX;
	r->mode = MODE_CREATE;
	name = g_strstrip(
	    g_strdup_printf("%s %s", first ? first : "", last ? last : ""));
	put(s, "Common-Name", g_strdup(object));
	put(s, "Display-Name", g_strdup(*name ? name : object));
	if (!group)
		put(s, "Secondary-Proxy-Addresses",
		    g_strdup_printf("MIGRATE:GWISE:%s", address));
	for (guint i = 0; i < G_N_ELEMENTS(plain); i++)
		put(s, plain[i][0], gw_value(s, e, plain[i][1]));
	alias = api_find(e, "Gw-Alias");
	for (guint i = 0; alias && alias->elements && i < alias->elements->len;
	     i++) {
		g_autofree char *type =
		    gw_value(s, alias->elements->pdata[i], "Type");
		g_autofree char *external =
		    gw_value(s, alias->elements->pdata[i], "External-Name");

		if (type && external &&
		    (g_ascii_strcasecmp(type, "smtp") == 0 ||
			g_ascii_strcasecmp(type, "internet") == 0))
			put(s, "Proxy-Addresses",
			    g_strdup_printf("SMTP:%s", external));
	}
	if (seen && g_ascii_strcasecmp(seen, "None") == 0)
		put(s, "Hide-From-Address-Book", g_strdup("1"));
	r->attributes = s->given;
	r->n_attributes = s->n_given;
	record->key = filing_key(s->filing, address);
	return true;
}
