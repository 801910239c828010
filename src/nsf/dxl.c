#include "nsf/dxl.h"

#include "nsf/dxl-private.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define PIECE	    16384 /* bytes given to the parser at a time */
#define JULIAN_1970 2440588
#define VALUES_MAX  65535

static void
doc_free(struct nsf_dxl_doc *doc)
{
	if (doc == NULL)
		return;
	nsf_note_clear(&doc->note);
	spool_free(doc->files);
	g_free(doc);
}

static struct nsf_dxl_doc *
doc_new(NsfDxl *x)
{
	struct nsf_dxl_doc *doc = g_new0(struct nsf_dxl_doc, 1);

	nsf_note_init(&doc->note);
	doc->note.class = NSF_CLASS_DOCUMENT;
	doc->files = spool_new(x->spool_dir);
	return doc;
}

/* A file that is not well-formed may hold any bytes: the parser goes on. */
void
nsf_dxl_mend(GString *text)
{
	g_autofree char *valid = NULL;

	if (g_utf8_validate(text->str, (gssize)text->len, NULL))
		return;
	valid = g_utf8_make_valid(text->str, (gssize)text->len);
	g_string_assign(text, valid);
}

const char *
nsf_dxl_attribute(
    int n, const xmlChar **attributes, const char *name, GString *out)
{
	for (int i = 0; i < n; i++) {
		const xmlChar **a = attributes + 5 * i;

		if (strcmp((const char *)a[0], name) != 0)
			continue;
		g_string_assign(out, "");
		g_string_append_len(out, (const char *)a[3], a[4] - a[3]);
		nsf_dxl_mend(out);
		return out->str;
	}
	return NULL;
}

static bool
is_true(int n, const xmlChar **attributes, const char *name, GString *buf)
{
	const char *v = nsf_dxl_attribute(n, attributes, name, buf);

	return v && strcmp(v, "true") == 0;
}

/* The item at hand. */
static struct nsf_item *
item_now(NsfDxl *x)
{
	GArray *items = x->doc->note.items;

	return items->len > 0
		   ? &g_array_index(items, struct nsf_item, items->len - 1)
		   : NULL;
}

/* Strings of an item that came to nothing. */
static void
drop_values(NsfDxl *x)
{
	for (guint i = 0; i < x->values->len; i++)
		g_free(x->values->pdata[i]);
	g_ptr_array_set_size(x->values, 0);
}

static void
item_begin(NsfDxl *x, const char *name, guint16 type)
{
	struct nsf_item item = {
	    .name = g_string_chunk_insert(x->doc->note.texts, name),
	    .type = type,
	    .flags = NSF_ITEM_TYPED | NSF_ITEM_SUMMARY};

	if (x->doc->note.items->len < VALUES_MAX)
		g_array_append_val(x->doc->note.items, item);
	drop_values(x);
	g_byte_array_set_size(x->binary, 0);
	x->in_item = true;
}

static void
store_binary(NsfDxl *x, struct nsf_item *item, const void *data, gsize len)
{
	item->raw = (const guint8 *)g_string_chunk_insert_len(
	    x->doc->note.texts, len ? data : "", (gssize)len);
	item->raw_len = len;
}

/* Texts become the list of the item, numbers and times its canonical value. */
static void
item_end(NsfDxl *x)
{
	struct nsf_item *item = item_now(x);

	x->in_item = false;
	if (item == NULL)
		return;
	if (x->binary->len > 0 && item->type != NSF_TYPE_COMPOSITE) {
		if (item->type == NSF_TYPE_NUMBERS ||
		    item->type == NSF_TYPE_TIMES) {
			guint8 head[4] = {0};
			guint n = x->binary->len / 8;

			head[0] = (guint8)n;
			head[1] = (guint8)(n >> 8);
			g_byte_array_prepend(x->binary, head, sizeof head);
		}
		store_binary(x, item, x->binary->data, x->binary->len);
		return;
	}
	if (item->rich || item->file || item->raw || item->texts)
		return;
	g_ptr_array_add(x->values, NULL);
	item->texts = (char **)g_ptr_array_free(x->values, FALSE);
	x->values = g_ptr_array_new();
}

static void
put_double(guint8 out[8], double number)
{
	union {
		guint64 bits;
		double number;
	} u = {.number = number};

	for (guint i = 0; i < 8; i++)
		out[i] = (guint8)(u.bits >> 8 * i);
}

static bool
digits(const char **p, guint n, int *out)
{
	*out = 0;
	for (guint i = 0; i < n; i++, ++*p) {
		if (!g_ascii_isdigit(**p))
			return false;
		*out = *out * 10 + (**p - '0');
	}
	return true;
}

/* "20140808T131833,00-04": spec/notes.md 7.1. The zone that is printed has the
 * daylight saving in it. */
bool
nsf_dxl_time(const char *text, guint8 out[NSF_TIMEDATE])
{
	int year, month, day, hour = 0, minute = 0, second = 0, hundredth = 0;
	int zh = 0, zm = 0, zone;
	const char *p = text;
	struct stamp stamp;
	guint32 date, time = 0xFFFFFFFF;
	bool timed;

	while (g_ascii_isspace(*p))
		p++;
	if (!digits(&p, 4, &year) || !digits(&p, 2, &month) ||
	    !digits(&p, 2, &day))
		return false;
	timed = *p == 'T';
	if (timed) {
		p++;
		if (!digits(&p, 2, &hour) || !digits(&p, 2, &minute) ||
		    !digits(&p, 2, &second))
			return false;
		if (*p == ',') {
			p++;
			if (!digits(&p, 2, &hundredth))
				return false;
		}
	}
	zone = 0;
	if (*p == '+' || *p == '-') {
		bool west = *p++ == '-';

		if (!digits(&p, 2, &zh))
			return false;
		if (g_ascii_isdigit(*p) && !digits(&p, 2, &zm))
			return false;
		zone = (zh * 60 + zm) * (west ? -1 : 1);
	}
	if (!stamp_from_fields(
		year, month, day, hour, minute, second, zone, &stamp))
		return false;
	date =
	    (guint32)((stamp.utc >= 0 ? stamp.utc : stamp.utc - 86399) / 86400 +
		      JULIAN_1970);
	if (timed) {
		gint64 in_day =
		    stamp.utc - ((gint64)date - JULIAN_1970) * 86400;

		time = (guint32)(in_day * 100 + hundredth);
	}
	date |= (guint32)(ABS(zone) / 60 & 0x0f) << 24;
	date |= (guint32)(ABS(zone) % 60 / 15) << 28;
	if (zone > 0)
		date |= 1u << 30;
	for (guint i = 0; i < 4; i++) {
		out[i] = (guint8)(time >> 8 * i);
		out[4 + i] = (guint8)(date >> 8 * i);
	}
	return true;
}

/* Where a time belongs: to the item, or to the note itself. */
static void
take_time(NsfDxl *x)
{
	struct nsf_note *note = &x->doc->note;
	guint8 value[NSF_TIMEDATE];

	if (!nsf_dxl_time(x->text->str, value))
		return;
	switch (x->info) {
	case INFO_CREATED:
		nsf_time(value, &note->created, NULL);
		break;
	case INFO_MODIFIED:
		nsf_time(value, &note->modified, NULL);
		break;
	case INFO_ADDED:
		nsf_time(value, &note->added, NULL);
		break;
	case INFO_NONE:
		if (x->in_item && x->binary->len < 8 * VALUES_MAX)
			g_byte_array_append(x->binary, value, sizeof value);
		break;
	}
}

static void
begin_document(NsfDxl *x, int n, const xmlChar **attributes)
{
	g_autofree char *form = NULL;
	const char *parent;

	if (x->doc != NULL) /* never nested */
		return;
	x->doc = doc_new(x);
	x->doc_depth = x->depth;
	form = g_strdup(nsf_dxl_attribute(n, attributes, "form", x->buf));
	if (form) {
		item_begin(x, "Form", NSF_TYPE_TEXT);
		g_ptr_array_add(x->values, g_steal_pointer(&form));
		item_end(x);
	}
	parent = nsf_dxl_attribute(n, attributes, "parent", x->buf);
	if (parent && strlen(parent) == NSF_UNID_HEX - 1) {
		item_begin(x, "$REF", NSF_TYPE_REFERENCES);
		g_ptr_array_add(x->values, g_strdup(parent));
		item_end(x);
	}
}

static void
begin_info(NsfDxl *x, int n, const xmlChar **attributes)
{
	struct nsf_note *note = &x->doc->note;
	const char *text = nsf_dxl_attribute(n, attributes, "unid", x->buf);

	if (text)
		g_strlcpy(note->unid, text, sizeof note->unid);
	text = nsf_dxl_attribute(n, attributes, "noteid", x->buf);
	if (text)
		note->id = (guint32)g_ascii_strtoull(text, NULL, 16);
	text = nsf_dxl_attribute(n, attributes, "sequence", x->buf);
	if (text)
		note->sequence = (guint32)g_ascii_strtoull(text, NULL, 10);
}

static void
begin_item(NsfDxl *x, int n, const xmlChar **attributes)
{
	const char *name = nsf_dxl_attribute(n, attributes, "name", x->buf);

	item_begin(x, name ? name : "", NSF_TYPE_TEXT);
	if (is_true(n, attributes, "sealed", x->buf)) {
		item_end(x);
		item_begin(x, "$Seal", NSF_TYPE_TEXT);
	}
}

static void
begin_file(NsfDxl *x, int n, const xmlChar **attributes)
{
	struct nsf_item *item = item_now(x);
	struct nsf_inline_file *file;
	const char *text;

	if (!x->in_item || item == NULL || item->file)
		return;
	item->file = file = g_new0(struct nsf_inline_file, 1);
	item->type = NSF_TYPE_OBJECT;
	file->len = -1;
	file->size = -1;
	file->name = g_strdup(nsf_dxl_attribute(n, attributes, "name", x->buf));
	if (file->name == NULL)
		file->name = g_strdup("");
	text = nsf_dxl_attribute(n, attributes, "size", x->buf);
	if (text)
		file->size = g_ascii_strtoll(text, NULL, 10);
	text = nsf_dxl_attribute(n, attributes, "compression", x->buf);
	file->compression = text == NULL || strcmp(text, "none") == 0 ? 0
			    : strcmp(text, "huffman") == 0	      ? 1
			    : strcmp(text, "lz1") == 0		      ? 2
								      : 15;
}

static void
begin_raw(NsfDxl *x, int n, const xmlChar **attributes)
{
	struct nsf_item *item = item_now(x);
	const char *type = nsf_dxl_attribute(n, attributes, "type", x->buf);

	if (!x->in_item || item == NULL || type == NULL)
		return;
	item->type = (guint16)g_ascii_strtoull(type, NULL, 16);
	g_byte_array_set_size(x->binary, 0);
	nsf_dxl_collect(x, COLLECT_RAW);
}

void
nsf_dxl_collect(NsfDxl *x, enum nsf_dxl_collect what)
{
	x->collect = what;
	x->collect_depth = x->depth;
	g_string_truncate(x->text, 0);
	x->b64_state = 0;
	x->b64_save = 0;
	x->file_at = spool_blob(x->doc->files).len;
}

static void
start(void *ctx, const xmlChar *local, const xmlChar *prefix,
    const xmlChar *uri, int n_ns, const xmlChar **ns, int n, int n_default,
    const xmlChar **attributes)
{
	NsfDxl *x = ctx;
	const char *name = (const char *)local;
	struct nsf_item *item;

	x->depth++;
	if (x->skip_depth)
		return;
	if (x->doc == NULL) {
		const char *class =
		    nsf_dxl_attribute(n, attributes, "class", x->buf);

		if (strcmp(name, "document") == 0 ||
		    (strcmp(name, "note") == 0 &&
			(class == NULL || strcmp(class, "document") == 0)))
			begin_document(x, n, attributes);
		return;
	}
	if (x->rich) {
		nsf_dxl_rich_start(x, name, n, attributes);
		return;
	}
	item = x->in_item ? item_now(x) : NULL;
	if (strcmp(name, "noteinfo") == 0)
		begin_info(x, n, attributes);
	else if (strcmp(name, "created") == 0)
		x->info = INFO_CREATED;
	else if (strcmp(name, "modified") == 0)
		x->info = INFO_MODIFIED;
	else if (strcmp(name, "addedtofile") == 0)
		x->info = INFO_ADDED;
	else if (strcmp(name, "item") == 0)
		begin_item(x, n, attributes);
	else if (strcmp(name, "mime") == 0 && !x->in_item)
		nsf_dxl_collect(x, COLLECT_MIME);
	else if (strcmp(name, "datetime") == 0)
		nsf_dxl_collect(x, COLLECT_TIME);
	else if (item && strcmp(name, "text") == 0)
		nsf_dxl_collect(x, COLLECT_TEXT);
	else if (item && strcmp(name, "number") == 0)
		nsf_dxl_collect(x, COLLECT_NUMBER);
	else if (item && strcmp(name, "numberlist") == 0)
		item->type = NSF_TYPE_NUMBERS;
	else if (item && strcmp(name, "datetimelist") == 0)
		item->type = NSF_TYPE_TIMES;
	else if (item && strcmp(name, "textlist") == 0)
		item->type = NSF_TYPE_TEXTS;
	else if (item && strcmp(name, "file") == 0)
		begin_file(x, n, attributes);
	else if (item && strcmp(name, "filedata") == 0)
		nsf_dxl_collect(x, COLLECT_FILE);
	else if (item && (strcmp(name, "rawitemdata") == 0 ||
			     strcmp(name, "itemdata") == 0))
		begin_raw(x, n, attributes);
	else if (item && strcmp(name, "richtext") == 0 && !item->rich)
		nsf_dxl_rich_begin(x, item);
	else if (strcmp(name, "break") == 0 && x->collect == COLLECT_TEXT)
		g_string_append_c(x->text, '\n');
}

static void
end_collected(NsfDxl *x)
{
	struct nsf_item *item = x->in_item ? item_now(x) : NULL;
	guint8 number[8];
	double value;

	switch (x->collect) {
	case COLLECT_TEXT:
		nsf_dxl_mend(x->text);
		if (item && x->values->len < VALUES_MAX)
			g_ptr_array_add(x->values, g_strdup(x->text->str));
		break;
	case COLLECT_NUMBER:
		value = g_ascii_strtod(x->text->str, NULL);
		if (item && item->type != NSF_TYPE_NUMBERS)
			item->type = NSF_TYPE_NUMBER;
		put_double(number, value);
		if (x->binary->len < 8 * VALUES_MAX)
			g_byte_array_append(x->binary, number, sizeof number);
		break;
	case COLLECT_TIME:
		if (item && x->info == INFO_NONE &&
		    item->type != NSF_TYPE_TIMES)
			item->type = NSF_TYPE_TIME;
		take_time(x);
		break;
	case COLLECT_RAW:
		if (item)
			store_binary(x, item, x->binary->data, x->binary->len);
		g_byte_array_set_size(x->binary, 0);
		break;
	case COLLECT_FILE:
		if (item && item->file && item->file->len < 0) {
			item->file->at = x->file_at;
			item->file->len =
			    spool_blob(x->doc->files).len - x->file_at;
		}
		break;
	case COLLECT_MIME:
		x->doc->note.whole_at = x->file_at;
		x->doc->note.whole_len =
		    spool_blob(x->doc->files).len - x->file_at;
		break;
	case COLLECT_PICTURE:
	case COLLECT_NOTHING:
		break;
	}
	x->collect = COLLECT_NOTHING;
}

static void
end(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
	NsfDxl *x = ctx;
	const char *name = (const char *)local;
	guint depth = x->depth--;

	if (x->skip_depth) {
		if (depth == x->skip_depth)
			x->skip_depth = 0;
		return;
	}
	if (x->doc == NULL)
		return;
	if (x->collect != COLLECT_NOTHING && depth == x->collect_depth) {
		end_collected(x);
		if (!x->rich)
			return;
	}
	if (x->rich) {
		nsf_dxl_rich_end(x, name, depth);
		return;
	}
	if (depth == x->doc_depth) {
		if (x->in_item)
			item_end(x);
		g_queue_push_tail(&x->ready, g_steal_pointer(&x->doc));
		return;
	}
	if (strcmp(name, "item") == 0 && x->in_item)
		item_end(x);
	else if (strcmp(name, "created") == 0 ||
		 strcmp(name, "modified") == 0 ||
		 strcmp(name, "addedtofile") == 0)
		x->info = INFO_NONE;
}

/* Base64, decoded as it comes. */
static void
take_base64(NsfDxl *x, const char *text, int len)
{
	g_autofree guint8 *out = g_malloc((gsize)len / 4 * 3 + 6);
	gsize n = g_base64_decode_step(
	    text, (gsize)len, out, &x->b64_state, &x->b64_save);

	if (x->collect == COLLECT_FILE) {
		if (x->trouble == NULL &&
		    spool_write(x->doc->files, out, n, &x->trouble) < 0)
			xmlStopParser(x->parser);
	} else if (x->collect == COLLECT_PICTURE) {
		if (x->picture && x->picture->data->len < NSF_DXL_TEXT_MAX)
			g_byte_array_append(x->picture->data, out, (guint)n);
	} else if (x->binary->len < NSF_DXL_TEXT_MAX) {
		g_byte_array_append(x->binary, out, (guint)n);
	}
}

/* XML has made LF of the line ends of the message. */
static void
take_mime(NsfDxl *x, const char *text, int len)
{
	while (len > 0 && x->trouble == NULL) {
		const char *lf = memchr(text, '\n', (gsize)len);
		gsize n = lf ? (gsize)(lf - text) : (gsize)len;

		if (spool_write(x->doc->files, text, n, &x->trouble) < 0 ||
		    (lf && spool_write(x->doc->files, "\r\n", 2, &x->trouble) <
			       0)) {
			xmlStopParser(x->parser);
			return;
		}
		text += n + (lf != NULL);
		len -= (int)n + (lf != NULL);
	}
}

static void
characters(void *ctx, const xmlChar *ch, int len)
{
	NsfDxl *x = ctx;
	const char *text = (const char *)ch;

	if (x->doc == NULL || x->skip_depth || len <= 0)
		return;
	switch (x->collect) {
	case COLLECT_FILE:
	case COLLECT_RAW:
	case COLLECT_PICTURE:
		take_base64(x, text, len);
		return;
	case COLLECT_MIME:
		take_mime(x, text, len);
		return;
	case COLLECT_TEXT:
	case COLLECT_NUMBER:
	case COLLECT_TIME:
		if (x->text->len < NSF_DXL_TEXT_MAX)
			g_string_append_len(x->text, text, len);
		return;
	case COLLECT_NOTHING:
		if (x->rich)
			nsf_dxl_rich_text(x, text, (gsize)len);
		return;
	}
}

static void
complain(void *ctx, xmlErrorPtr e)
{
	NsfDxl *x = ctx;

	if (x->complaint || e == NULL || e->level < XML_ERR_ERROR ||
	    e->domain == XML_FROM_NAMESPACE)
		return;
	x->complaint = g_strdup_printf("line %d: %s", e->line,
	    e->message ? e->message : "not well-formed");
	g_strdelimit(x->complaint, "\r\n", ' ');
	g_strchomp(x->complaint);
}

enum status
nsf_dxl_open(
    NsfDxl **out, const char *path, const char *spool_dir, GError **error)
{
	xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
	    .startElementNs = start,
	    .endElementNs = end,
	    .characters = characters,
	    .ignorableWhitespace = characters,
	    .cdataBlock = characters,
	    .serror = (xmlStructuredErrorFunc)complain};
	g_autoptr(NsfDxl) x = g_new0(NsfDxl, 1);

	*out = NULL;
	x->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (x->fd < 0)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "cannot open %s: %s", path, g_strerror(errno));
	x->path = g_strdup(path);
	x->spool_dir = g_strdup(spool_dir);
	x->buf = g_string_new(NULL);
	x->text = g_string_new(NULL);
	x->values = g_ptr_array_new();
	x->binary = g_byte_array_new();
	x->styles =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_queue_init(&x->ready);
	x->parser = xmlCreatePushParserCtxt(&sax, x, NULL, 0, NULL);
	if (x->parser == NULL)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "no memory to read %s", path);
	/* Nothing is fetched, no entity is put in: a file cannot make us read
	 * another one, nor grow without bounds. */
	xmlCtxtUseOptions(x->parser, XML_PARSE_NONET | XML_PARSE_RECOVER);
	*out = g_steal_pointer(&x);
	return ST_OK;
}

void
nsf_dxl_close(NsfDxl *x)
{
	if (x == NULL)
		return;
	if (x->fd >= 0)
		close(x->fd);
	if (x->parser) {
		xmlFreeDoc(x->parser->myDoc);
		xmlFreeParserCtxt(x->parser);
	}
	doc_free(x->doc);
	doc_free(x->given);
	if (x->buf) {
		g_queue_clear_full(&x->ready, (GDestroyNotify)doc_free);
		g_string_free(x->buf, TRUE);
		g_string_free(x->text, TRUE);
		drop_values(x);
		g_ptr_array_unref(x->values);
		g_byte_array_unref(x->binary);
		g_hash_table_unref(x->styles);
		if (x->ends)
			g_array_unref(x->ends);
	}
	g_clear_error(&x->trouble);
	g_free(x->complaint);
	g_free(x->path);
	g_free(x->spool_dir);
	g_free(x);
}

/* Give the parser more until a document is whole. */
static enum status
more(NsfDxl *x, GError **error)
{
	char buf[PIECE];

	while (g_queue_is_empty(&x->ready) && !x->dry) {
		ssize_t n = read(x->fd, buf, sizeof buf);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(ST_MAILBOX, error, ERR_IO, RETRY_LATER,
			    "cannot read %s: %s", x->path, g_strerror(errno));
		x->dry = n == 0;
		xmlParseChunk(x->parser, buf, (int)n, n == 0);
		if (x->trouble) {
			g_propagate_error(error, g_steal_pointer(&x->trouble));
			return ST_MAILBOX;
		}
	}
	return ST_OK;
}

enum status
nsf_dxl_next(NsfDxl *x, struct nsf_note *note, GError **error)
{
	enum status st = more(x, error);

	if (st < 0)
		return st;
	g_clear_pointer(&x->given, doc_free);
	x->given = g_queue_pop_head(&x->ready);
	if (x->given == NULL) {
		if (x->complaint || x->doc)
			return fail(ST_MAILBOX, error, ERR_FORMAT, RETRY_NEVER,
			    "%s is no whole XML file: %s; the documents before "
			    "that were read",
			    x->path,
			    x->complaint ? x->complaint : "it ends early");
		return ST_END;
	}
	nsf_note_clear(note);
	*note = x->given->note;
	memset(&x->given->note, 0, sizeof x->given->note);
	if (note->unid[0] == '\0') {
		/* Never without a key: its place in the file. */
		g_snprintf(
		    note->unid, sizeof note->unid, "document-%u", ++x->unnamed);
	}
	return ST_OK;
}

Spool *
nsf_dxl_files(NsfDxl *x)
{
	return x->given ? x->given->files : NULL;
}
