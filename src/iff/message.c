#include "iff/message.h"
#include "iff/message-private.h"

#include "base/digest.h"

#include <string.h>

enum column {
	COL_FOLDER,
	COL_SENDER,
	COL_TO,
	COL_CC,
	COL_BCC,
	COL_SUBJECT,
	COL_SENT,
	COL_RECEIVED,
	COL_PRIORITY,
	COL_UNREAD,
	COL_UNSENT,
	COL_BODY,
	/* ext1 */
	COL_KIND,
	COL_USE,
	COL_FLAGS,
	COL_SENT_ZONE,
	COL_RECEIVED_ZONE,
	COL_MESSAGE_ID,
	COL_CLASS,
	COL_KEY,
	COL_HEADERS,
	COL_COUNT
};

static const char *const ext1_names[COL_COUNT] = {[COL_KIND] = "Kind",
    [COL_USE] = "Use",
    [COL_FLAGS] = "Flags",
    [COL_SENT_ZONE] = "Send-Zone",
    [COL_RECEIVED_ZONE] = "Received-Zone",
    [COL_MESSAGE_ID] = "Message-ID",
    [COL_CLASS] = "Class",
    [COL_KEY] = "Key",
    [COL_HEADERS] = "Headers"};

struct MessageReader {
	Set *set;
	struct message_options opts;
	int column[COL_COUNT]; /* index in the row, -1: not there */
	bool is_public;

	struct field none; /* stands for a column that is not there */
	struct field *field[COL_COUNT]; /* of the row */
	GString *store[COL_COUNT]; /* values that came by pointer, or NULL */
	char **path;
	char key[MESSAGE_KEY_MAX];
	GString *list; /* values of a list */
	GArray *list_at;
	struct envelope envelope;
	GPtrArray *keywords; /* of char *, into flags */
	GString *flags, *headers;
	struct body body;
	bool row_ok;
};

MessageReader *
message_reader_new(Set *set, const struct message_options *opts)
{
	MessageReader *reader = g_new0(MessageReader, 1);

	reader->set = set;
	reader->opts = *opts;
	reader->none.raw = (char *)"";
	reader->list = g_string_new(NULL);
	reader->list_at = g_array_new(FALSE, FALSE, sizeof(gsize));
	reader->keywords = g_ptr_array_new();
	reader->flags = g_string_new(NULL);
	reader->headers = g_string_new(NULL);
	envelope_init(&reader->envelope);
	body_init(&reader->body, opts->spool_dir);
	for (int i = 0; i < COL_COUNT; i++)
		reader->column[i] = i <= COL_BODY ? i : -1;
	return reader;
}

void
message_reader_free(MessageReader *reader)
{
	if (reader == NULL)
		return;
	for (int i = 0; i < COL_COUNT; i++)
		if (reader->store[i])
			g_string_free(reader->store[i], TRUE);
	g_strfreev(reader->path);
	g_string_free(reader->list, TRUE);
	g_array_free(reader->list_at, TRUE);
	g_ptr_array_free(reader->keywords, TRUE);
	g_string_free(reader->flags, TRUE);
	g_string_free(reader->headers, TRUE);
	envelope_clear(&reader->envelope);
	body_clear(&reader->body);
	g_free(reader);
}

void
message_section(MessageReader *reader, const struct pri_section *section)
{
	reader->is_public = section->is_public;
	for (int c = COL_KIND; c < COL_COUNT; c++) {
		reader->column[c] = -1;
		for (guint i = PRI_MAIL_COLUMNS;
		     set_is_ext1(reader->set) && i < section->columns->len &&
		     reader->column[c] < 0;
		     i++)
			if (g_ascii_strcasecmp(
				section->columns->pdata[i], ext1_names[c]) == 0)
				reader->column[c] = (int)i;
	}
}

static const char *
text_of(MessageReader *reader, enum column c)
{
	return field_text(reader->field[c], FIELD_LIST);
}

/* The key of a row that has none of its own: what it says, but not where in
 * which file its pointers lead, so that a new extraction gives the same. */
static void
digest_key(MessageReader *reader)
{
	g_autoptr(GString) text = g_string_sized_new(512);
	struct digest digest;
	char hex[DIGEST_HEX];

	for (int c = COL_FOLDER; c < COL_BODY; c++) {
		const struct field *field = reader->field[c];

		if (field_is_pointer(field))
			g_string_append_c(text, '#');
		else
			g_string_append_len(
			    text, field->raw, (gssize)field->len);
		g_string_append_c(text, ',');
	}
	digest_mem(text->str, text->len, &digest);
	digest_to_hex(&digest, hex);
	g_strlcpy(reader->key, hex, 33); /* 128 bits */
}

/* Values of all columns but Body and Headers that came by pointer. */
static void
resolve(MessageReader *reader, Diags *diags)
{
	for (int c = 0; c < COL_COUNT; c++) {
		if (c == COL_BODY || c == COL_HEADERS ||
		    !field_is_pointer(reader->field[c]))
			continue;
		if (reader->store[c] == NULL)
			reader->store[c] = g_string_new(NULL);
		if (!pointer_resolve(reader->set, reader->field[c],
			c >= COL_TO && c <= COL_BCC, reader->store[c], diags))
			reader->row_ok = false;
	}
}

static void
clean_key(char *key)
{
	for (; *key; key++)
		if ((guint8)*key < 0x20 || *key == 0x7f)
			*key = '_';
}

bool
message_identify(MessageReader *reader, struct pri_item *item, Diags *diags,
    struct message_id *id)
{
	bool shape = diags_row_error(diags) == NULL;

	set_trim(reader->set);
	body_reset(&reader->body);
	*id = (struct message_id){.use = FOLDER_PLAIN};
	reader->row_ok = shape;
	for (int c = 0; c < COL_COUNT; c++) {
		int at = reader->column[c];

		/* A row that is broken still tells its folder, perhaps. */
		reader->field[c] = at >= 0 && (guint)at < item->n_fields &&
					   (shape || c == COL_FOLDER)
				       ? &item->fields[at]
				       : &reader->none;
	}
	if (shape)
		digest_key(reader);
	else
		g_snprintf(reader->key, sizeof reader->key,
		    "line-%" G_GINT64_FORMAT, item->line);
	if (shape)
		resolve(reader, diags);
	g_strfreev(reader->path);
	reader->path = value_folder(text_of(reader, COL_FOLDER),
	    set_is_ext1(reader->set), reader->is_public);
	if (reader->path == NULL) {
		/* Too deep or too long for anybody: it cannot be made. */
		diags_add(diags, DIAG_MSG_FOLDER_REFUSED, NULL, -1,
		    "the folder is nested deeper than %d or a name is longer "
		    "than %d bytes",
		    FOLDER_DEPTH_MAX, FOLDER_NAME_MAX);
		reader->row_ok = false;
		reader->path = value_folder("", false, reader->is_public);
	}
	id->path = reader->path;
	id->key = reader->key;
	id->unreadable = !shape;
	if (text_of(reader, COL_KEY)[0] != '\0') {
		clean_key(reader->field[COL_KEY]->raw);
		id->key = text_of(reader, COL_KEY);
		id->own_key = true;
	}
	id->use = value_folder_use(reader->path);
	id->is_folder =
	    g_ascii_strcasecmp(text_of(reader, COL_KIND), "folder") == 0;
	if (id->is_folder) {
		const char *class = text_of(reader, COL_CLASS);

		id->has_use =
		    folder_use_from_name(text_of(reader, COL_USE), &id->use);
		id->class = class[0] ? class : NULL;
	}
	return reader->row_ok;
}

static void
people(MessageReader *reader, enum column c, GPtrArray *out)
{
	g_string_truncate(reader->list, 0);
	g_array_set_size(reader->list_at, 0);
	field_list(
	    reader->field[c], FIELD_LIST, reader->list, reader->list_at, NULL);
	for (guint i = 0; i < reader->list_at->len; i++)
		g_ptr_array_add(out,
		    value_person(reader->list->str +
				 g_array_index(reader->list_at, gsize, i)));
}

static void
date(MessageReader *reader, enum column c, enum column zone_column,
    Diags *diags, struct stamp *out)
{
	const char *zone_text = text_of(reader, zone_column);
	bool has_zone = zone_text[0] != '\0';
	gint16 zone = 0;
	bool ok = true;

	if (has_zone && !value_minutes(zone_text, &zone))
		ok = has_zone = false;
	if (!value_date(text_of(reader, c), reader->opts.zone,
		has_zone ? &zone : NULL, out))
		ok = false;
	if (!ok && diags)
		diags_add(diags, DIAG_MSG_BAD_DATE, NULL, -1,
		    "%s \"%.20s\" is not a possible date; it is taken as %s",
		    pri_mail_columns[c], text_of(reader, c),
		    out->known ? "local time" : "unknown");
}

static bool
flag(MessageReader *reader, enum column c, Diags *diags)
{
	bool value;

	if (!value_bool(text_of(reader, c), false, &value) && diags)
		diags_add(diags, DIAG_MSG_BAD_BOOL, NULL, -1,
		    "%s \"%.20s\" is neither TRUE nor FALSE; FALSE is taken",
		    pri_mail_columns[c], text_of(reader, c));
	return value;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
flags_column(MessageReader *reader, struct message *out)
{
	static const struct {
		const char *name;
		guint32 flag;
	} system[] = {{"\\Answered", MESSAGE_ANSWERED},
	    {"\\Flagged", MESSAGE_FLAGGED}, {"\\Deleted", MESSAGE_DELETED}};
	char *p;

	g_string_assign(reader->flags, text_of(reader, COL_FLAGS));
	g_ptr_array_set_size(reader->keywords, 0);
	for (p = reader->flags->str; *p;) {
		char *word = p;
		guint i;

		p += strcspn(p, " ");
		if (*p)
			*p++ = '\0';
		for (i = 0; i < G_N_ELEMENTS(system); i++)
			if (g_ascii_strcasecmp(word, system[i].name) == 0)
				break;
		if (i < G_N_ELEMENTS(system))
			out->flags |= system[i].flag;
		else if (word[0] && word[0] != '\\')
			g_ptr_array_add(reader->keywords, word);
	}
	out->keywords = NULL;
	if (reader->keywords->len == 0)
		return;
	g_ptr_array_sort(reader->keywords, by_bytes);
	g_ptr_array_add(reader->keywords, NULL);
	out->keywords = (const char *const *)reader->keywords->pdata;
}

static void
values(MessageReader *reader, Diags *diags, struct message *out)
{
	struct envelope *envelope = &reader->envelope;
	const char *text;
	bool unread, unsent;

	envelope_reset(envelope);
	if (text_of(reader, COL_SENDER)[0])
		g_ptr_array_add(
		    envelope->from, value_person(text_of(reader, COL_SENDER)));
	people(reader, COL_TO, envelope->to);
	people(reader, COL_CC, envelope->cc);
	people(reader, COL_BCC, envelope->bcc);
	text = text_of(reader, COL_SUBJECT);
	g_free(envelope->subject);
	envelope->subject =
	    text[0] ? g_strdelimit(g_strdup(text), "\r\n", ' ') : NULL;
	date(reader, COL_SENT, COL_SENT_ZONE, diags, &envelope->sent);
	date(reader, COL_RECEIVED, COL_RECEIVED_ZONE, diags, &out->received);
	if (!value_priority(
		text_of(reader, COL_PRIORITY), &envelope->priority) &&
	    diags)
		diags_add(diags, DIAG_MSG_BAD_PRIORITY, NULL, -1,
		    "Priority \"%.20s\" is not -1, 0 or 1; 0 is taken",
		    text_of(reader, COL_PRIORITY));
	unread = flag(reader, COL_UNREAD, diags);
	unsent = flag(reader, COL_UNSENT, diags);
	out->flags = (unread ? 0 : MESSAGE_SEEN) | (unsent ? MESSAGE_DRAFT : 0);
	flags_column(reader, out);
	text = text_of(reader, COL_MESSAGE_ID);
	g_free(envelope->message_id);
	envelope->message_id = text[0] ? g_strdup(text) : NULL;
	text = text_of(reader, COL_CLASS);
	out->class = text[0] ? text : NULL;
	/* Where the source has only one date, it serves for both (4.5). */
	out->size = -1;
}

void
message_values(MessageReader *reader, struct message *out)
{
	const struct folder *folder = out->folder;

	*out = (struct message){.folder = folder};
	values(reader, NULL, out);
}

/* The original header block (15.2 point 3). */
static void
headers_column(MessageReader *reader, Diags *diags, struct message *out)
{
	struct blob blob;
	gsize got = 0;

	if (!field_is_pointer(reader->field[COL_HEADERS]))
		return;
	if (!pointer_other(
		reader->set, reader->field[COL_HEADERS], &blob, diags)) {
		reader->row_ok = false;
		return;
	}
	if (blob.len == 0 || blob.len > ENVELOPE_HEADER_MAX)
		return;
	g_string_set_size(reader->headers, (gsize)blob.len);
	if (blob_read(&blob, 0, reader->headers->str, (gsize)blob.len, &got,
		NULL) < 0)
		return;
	g_string_truncate(reader->headers, got);
	/* The block is a C string; what follows a NUL in it is not header. */
	out->headers = reader->headers->str;
}

static void
document_values(MessageReader *reader, struct message *out)
{
	struct envelope *envelope = &reader->envelope;

	/* The item's title is the file name; the subject is ignored (10.4). */
	g_free(envelope->subject);
	envelope->subject = g_strdup(reader->body.document);
	if (out->class == NULL)
		out->class = "IPM.Document";
}

enum status
message_read(MessageReader *reader, Diags *diags, bool *ok, struct message *out,
    GError **error)
{
	struct field *body = reader->field[COL_BODY];
	const struct folder *folder = out->folder;
	bool body_ok = true;
	enum status st = ST_OK;
	gint64 offset = 0;
	Sec *sec = NULL;

	*out = (struct message){.folder = folder};
	if (body->len > 0 && !field_is_pointer(body)) {
		diags_add(diags, DIAG_MSG_BAD_POINTER, NULL, -1,
		    "Body \"%.20s\" is not a pointer", body->raw);
		reader->row_ok = false;
	} else if (body->len > 0 &&
		   !pointer_find(reader->set, body, &sec, &offset, diags))
		reader->row_ok = false;
	else if (body->len == 0)
		diags_add(diags, DIAG_MSG_NO_BODY_POINTER, NULL, -1,
		    "the Body column is empty: a message without text");
	/* In lenient policy a line at the end says what is missing, so the
	 * body comes when all errors are known. */
	headers_column(reader, diags, out);
	st = body_read(&reader->body, reader->set, &reader->opts, sec, offset,
	    diags, &body_ok, error);
	if (st < 0)
		return st;
	if (!body_ok || diags_row_error(diags))
		reader->row_ok = false;
	values(reader, diags, out);
	if (reader->body.is_document)
		document_values(reader, out);
	out->has_body = true;
	if (reader->body.is_mime) {
		out->raw = reader->body.raw;
		out->size = out->raw.len;
		out->headers = NULL;
	} else {
		out->parts = (const struct part *)reader->body.parts->data;
		out->n_parts = reader->body.parts->len;
		out->envelope = &reader->envelope;
	}
	*ok = reader->row_ok || set_is_lenient(reader->set);
	return ST_OK;
}
