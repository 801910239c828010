#include "mime/part-private.h"

#include "mime/base64.h"
#include "mime/header.h"
#include "mime/text.h"

#include <gmime/gmime.h>
#include <string.h>

#define LINE_ROOM 1024 /* bytes that a line decodes to, most often */

/* Lines of a message; long ones come in pieces. */
struct reader {
	const struct blob *raw;
	gint64 next;	 /* offset of the first byte not in buf */
	guint8 *scratch; /* for messages in files */
	const guint8 *buf;
	gsize from, len; /* unread: buf[from, len) */
	bool mid_line;	 /* the last piece did not end its line */
};

struct line {
	const guint8 *data;
	gsize len;	  /* bytes, line end included */
	gint64 at;	  /* offset in the message */
	bool whole_start; /* at the start of a line */
};

static void
reader_init(struct reader *r, const struct blob *raw, gint64 at)
{
	memset(r, 0, sizeof(*r));
	r->raw = raw;
	r->next = at;
	if (raw->mem) {
		r->buf = raw->mem;
		r->from = (gsize)MIN(at, raw->len);
		r->len = (gsize)raw->len;
		r->next = raw->len;
	} else {
		r->scratch = g_malloc(PART_CHUNK);
		r->buf = r->scratch;
	}
}

static enum status
reader_next(struct reader *r, struct line *out, GError **error)
{
	const guint8 *lf;
	gsize got, n;
	enum status st;

	lf = memchr(r->buf + r->from, '\n', r->len - r->from);
	if (!lf && r->scratch && r->next < r->raw->len &&
	    r->len - r->from < PART_CHUNK) {
		memmove(r->scratch, r->buf + r->from, r->len - r->from);
		r->len -= r->from;
		r->from = 0;
		st = blob_read(r->raw, r->next, r->scratch + r->len,
		    PART_CHUNK - r->len, &got, error);
		if (st < 0)
			return st;
		r->len += got;
		r->next += (gint64)got;
		lf = memchr(r->buf, '\n', r->len);
	}
	n = lf ? (gsize)(lf + 1 - (r->buf + r->from)) : r->len - r->from;
	if (n == 0)
		return ST_END;
	out->whole_start = !r->mid_line;
	r->mid_line = !lf;
	if (n > PART_CHUNK) {
		n = PART_CHUNK;
		r->mid_line = true;
	}
	/* a CR at the end of a piece waits for its LF */
	if (r->mid_line && n > 1 && r->buf[r->from + n - 1] == '\r')
		n--;
	out->data = r->buf + r->from;
	out->len = n;
	out->at = r->next - (gint64)(r->len - r->from);
	r->from += n;
	return ST_OK;
}

/* A multipart that is open. */
struct frame {
	char *boundary;
	gsize len;   /* bytes */
	bool digest; /* RFC 2046 5.1.5: parts are messages unless they say */
	bool has_parts;
	gint64 body; /* offset of its first byte */
};

enum where { IN_HEADER, IN_LEAF, IN_PREAMBLE, IN_EPILOGUE };

struct splitter {
	struct reader reader;
	GArray *parts;
	Spool *store;
	struct frame *frames;
	guint n_frames;
	enum where where;
	GString *head; /* header block of the entity that begins */
	/* The leaf: */
	struct part part;
	gint64 from; /* offset in store */
	GMimeEncoding decode;
	bool decoding;
	struct base64_watch watch;
	gint64 body;   /* offset of the body of all of it; -1: not come to it */
	bool rest;     /* too many parts: all that follows is one */
	guint8 eol[2]; /* line end held back: it may belong to a boundary */
	gsize n_eol;
	GByteArray *out; /* decoded, not yet in the store */
	gsize n_out;
};

static enum status
flush(struct splitter *s, GError **error)
{
	gsize n = s->n_out;

	s->n_out = 0;
	return spool_write(s->store, s->out->data, n, error);
}

/* What can be decoded of base64 without looking at each character: it begins
 * with a group (state), and between two groups line ends mean nothing. */
static void
decode_groups(struct splitter *s, const guint8 **data, gsize *len)
{
	gsize used;

	if (s->decode.encoding != GMIME_CONTENT_ENCODING_BASE64 ||
	    s->decode.state != 0)
		return;
	s->n_out +=
	    mime_base64_groups(s->out->data + s->n_out, *data, *len, &used);
	while (used < *len && ((*data)[used] == '\r' || (*data)[used] == '\n'))
		used++;
	*data += used;
	*len -= used;
}

static enum status
feed(struct splitter *s, const guint8 *data, gsize len, GError **error)
{
	gsize room =
	    s->decoding ? g_mime_encoding_outlen(&s->decode, len) : len;
	enum status st;

	if (s->n_out + room > s->out->len) {
		if ((st = flush(s, error)) < 0)
			return st;
		if (room > s->out->len)
			g_byte_array_set_size(s->out, (guint)room);
	}
	if (s->decoding) {
		decode_groups(s, &data, &len);
		if (s->decode.encoding == GMIME_CONTENT_ENCODING_BASE64)
			mime_base64_watch(&s->watch, data, len);
		if (len > 0)
			s->n_out +=
			    g_mime_encoding_step(&s->decode, (const char *)data,
				len, (char *)s->out->data + s->n_out);
	} else {
		memcpy(s->out->data + s->n_out, data, len);
		s->n_out += len;
	}
	return ST_OK;
}

/*
 * Lines of base64 that are whole groups and nothing else, straight from the
 * reader: none of them can be a boundary, which begins with two hyphens, and
 * between groups their ends mean nothing. The first line that is otherwise is
 * left for those who look at every character.
 */
static enum status
base64_lines(struct splitter *s, GError **error)
{
	struct reader *r = &s->reader;

	if (s->where != IN_LEAF || !s->decoding || r->mid_line ||
	    s->decode.encoding != GMIME_CONTENT_ENCODING_BASE64 ||
	    s->decode.state != 0)
		return ST_OK;
	while (r->from < r->len) {
		const guint8 *p = r->buf + r->from;
		gsize left = r->len - r->from, room, used, n;

		if (s->out->len - s->n_out < LINE_ROOM) {
			enum status st = flush(s, error);

			if (st < 0)
				return st;
		}
		room = (s->out->len - s->n_out) / 3 * 4;
		n = mime_base64_groups(
		    s->out->data + s->n_out, p, MIN(left, room), &used);
		if (used < left && p[used] == '\r')
			used++;
		if (used == left || p[used] != '\n')
			break;
		s->n_out += n;
		s->n_eol = 0;
		r->from += used + 1;
	}
	return ST_OK;
}

static enum status
leaf_line(struct splitter *s, const struct line *line, GError **error)
{
	gsize len = line->len, eol = 0;
	enum status st;

	if (s->n_eol > 0) {
		st = feed(s, s->eol, s->n_eol, error);
		if (st < 0)
			return st;
	}
	if (line->data[len - 1] == '\n')
		eol = len > 1 && line->data[len - 2] == '\r' ? 2 : 1;
	s->n_eol = eol;
	memcpy(s->eol, line->data + len - eol, eol);
	return len > eol ? feed(s, line->data, len - eol, error) : ST_OK;
}

static enum status
leaf_end(struct splitter *s, bool at_boundary, GError **error)
{
	struct part *part = &s->part;
	bool utf8;
	enum status st;

	if (!at_boundary && s->n_eol > 0 &&
	    (st = feed(s, s->eol, s->n_eol, error)) < 0)
		return st;
	s->n_eol = 0;
	if (s->decoding &&
	    s->decode.encoding == GMIME_CONTENT_ENCODING_BASE64) {
		const char *end = mime_base64_end(&s->watch);

		if (s->watch.strange || s->watch.n > 0)
			part->flaws |= PART_FLAW_BASE64;
		/* or the decoder forgets what it has of the last group */
		if (end &&
		    (st = feed(s, (const guint8 *)end, strlen(end), error)) < 0)
			return st;
	}
	if (s->decoding) {
		guint8 tail[64];
		gsize n =
		    g_mime_encoding_flush(&s->decode, "", 0, (char *)tail);

		s->decoding = false;
		if (n > 0 && (st = feed(s, tail, n, error)) < 0)
			return st;
	}
	if ((st = flush(s, error)) < 0)
		return st;
	/* the range, made a blob when the store is complete */
	part->blob.off = s->from;
	part->blob.len = spool_blob(s->store).len - s->from;
	if (part->kind == PART_TEXT) {
		st = part_text(s->store, s->from, part->charset,
		    &part->blob.off, &part->blob.len, error);
		g_clear_pointer(&part->charset, g_free);
		if (st < 0)
			return st;
	} else if (part->kind == PART_HTML &&
		   part_charset_is_doubtful(part->charset)) {
		st = part_is_utf8(s->store, s->from, &utf8, error);
		if (st < 0)
			return st;
		g_clear_pointer(&part->charset, g_free);
		if (!utf8)
			part->charset = g_strdup("windows-1252");
	}
	g_array_append_val(s->parts, *part);
	memset(part, 0, sizeof(*part));
	return ST_OK;
}

static void
leaf_begin(struct splitter *s, enum part_kind kind)
{
	s->where = IN_LEAF;
	s->part.kind = kind;
	s->part.position = -1;
	s->from = spool_blob(s->store).len;
	s->n_eol = 0;
	s->n_out = 0;
}

/* What an entity's header says of it. */
struct entity {
	GMimeContentType *type;
	GMimeContentDisposition *disposition;
	GMimeContentEncoding encoding;
	char *content_id;
};

static void
entity_clear(struct entity *e)
{
	g_clear_object(&e->type);
	g_clear_object(&e->disposition);
	g_clear_pointer(&e->content_id, g_free);
}

static char *
content_id(const char *value, gsize len)
{
	char *id = mime_text_clean(value, len);
	gsize n = strlen(id);

	if (n >= 2 && id[0] == '<' && id[n - 1] == '>') {
		memmove(id, id + 1, n - 2);
		id[n - 2] = '\0';
	}
	return id;
}

static void
entity_parse(struct entity *e, const GString *head, bool digest)
{
	struct header_field f;
	gsize pos = 0;

	memset(e, 0, sizeof(*e));
	e->encoding = GMIME_CONTENT_ENCODING_DEFAULT;
	while (header_next(head->str, head->len, &pos, &f)) {
		g_autofree char *value = NULL;

		if (f.name_len < 10 ||
		    g_ascii_strncasecmp(f.name, "content-", 8))
			continue;
		value = mime_text_clean(f.value, f.value_len);
		if (header_is(&f, "content-type") && !e->type)
			e->type = g_mime_content_type_parse(NULL, value);
		else if (header_is(&f, "content-disposition") &&
			 !e->disposition)
			e->disposition =
			    g_mime_content_disposition_parse(NULL, value);
		else if (header_is(&f, "content-transfer-encoding"))
			e->encoding =
			    g_mime_content_encoding_from_string(value);
		else if (header_is(&f, "content-id") && !e->content_id)
			e->content_id = content_id(f.value, f.value_len);
	}
	if (!e->type)
		e->type = digest ? g_mime_content_type_new("message", "rfc822")
				 : g_mime_content_type_new("text", "plain");
}

/* A file name is data: nothing of it may look like a way to somewhere else. */
static char *
file_name(const struct entity *e)
{
	const char *given = NULL, *p;
	g_autofree char *name = NULL;

	if (e->disposition)
		given = g_mime_content_disposition_get_parameter(
		    e->disposition, "filename");
	if (!given || !*given)
		given = g_mime_content_type_get_parameter(e->type, "name");
	if (!given || !*given)
		return NULL;
	name = mime_text_decode(given, strlen(given));
	if ((p = strrchr(name, '/')) || (p = strrchr(name, '\\'))) {
		const char *q = strrchr(name, '\\');

		p = MAX(p, q ? q : p) + 1;
		return *p ? g_strdup(p) : NULL;
	}
	return *name ? g_steal_pointer(&name) : NULL;
}

static enum part_kind
kind_of(const struct entity *e, const char *name)
{
	static const struct {
		const char *type, *subtype;
		enum part_kind kind;
		bool body; /* unless it is an attachment */
	} kinds[] = {
	    {"text", "plain", PART_TEXT, true},
	    {"text", "html", PART_HTML, true},
	    {"text", "rtf", PART_RTF, true},
	    {"text", "richtext", PART_TEXT, true},
	    {"application", "rtf", PART_RTF, true},
	    {"message", "rfc822", PART_MESSAGE, false},
	    {"message", "global", PART_MESSAGE, false},
	    {"message", "news", PART_MESSAGE, false},
	    {"application", "macbinary", PART_MACBINARY, false},
	    {"application", "x-macbinary", PART_MACBINARY, false},
	};
	bool attached =
	    name || (e->disposition && g_mime_content_disposition_is_attachment(
					   e->disposition));

	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (g_mime_content_type_is_type(
			e->type, kinds[i].type, kinds[i].subtype))
			return kinds[i].body && attached ? PART_FILE
							 : kinds[i].kind;
	return PART_FILE;
}

static void
push(struct splitter *s, const char *boundary, bool digest, gint64 body)
{
	struct frame *f = &s->frames[s->n_frames++];

	f->boundary = g_strdup(boundary);
	f->len = strlen(boundary);
	f->digest = digest;
	f->has_parts = false;
	f->body = body;
	s->where = IN_PREAMBLE;
}

/* The header is complete: a multipart opens, or a leaf begins. body: offset. */
static void
begin(struct splitter *s, gint64 body)
{
	bool digest = s->n_frames > 0 && s->frames[s->n_frames - 1].digest;
	struct entity e;
	const char *boundary, *charset;
	char *name, *p;

	if (s->body < 0)
		s->body = body;
	entity_parse(&e, s->head, digest);
	if (g_mime_content_type_is_type(e.type, "multipart", "*") &&
	    s->n_frames < PART_DEPTH_MAX) {
		boundary =
		    g_mime_content_type_get_parameter(e.type, "boundary");
		if (boundary && *boundary)
			push(s, boundary,
			    g_mime_content_type_is_type(
				e.type, "multipart", "digest"),
			    body);
		else { /* no way to find its parts: RFC 2046 5.1.1 */
			leaf_begin(s, PART_TEXT);
			s->part.flaws |= PART_FLAW_WHOLE;
		}
		entity_clear(&e);
		return;
	}
	name = file_name(&e);
	leaf_begin(s, kind_of(&e, name));
	s->part.name = name;
	if (!part_is_body(s->part.kind)) {
		p = g_mime_content_type_get_mime_type(e.type);
		s->part.type = g_ascii_strdown(p, -1);
		g_free(p);
	}
	charset = g_mime_content_type_get_parameter(e.type, "charset");
	if (charset && *charset && s->part.kind != PART_MESSAGE)
		s->part.charset = mime_text_clean(charset, strlen(charset));
	if (e.content_id && *e.content_id)
		s->part.content_id = g_steal_pointer(&e.content_id);
	s->part.is_inline =
	    e.disposition
		? !g_ascii_strcasecmp(
		      g_mime_content_disposition_get_disposition(e.disposition),
		      "inline")
		: s->part.content_id != NULL;
	if (part_is_body(s->part.kind)) {
		s->part.is_inline = false;
		g_clear_pointer(&s->part.content_id, g_free);
	}
	switch (e.encoding) {
	case GMIME_CONTENT_ENCODING_BASE64:
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
	case GMIME_CONTENT_ENCODING_UUENCODE:
		g_mime_encoding_init_decode(&s->decode, e.encoding);
		s->watch = (struct base64_watch){0};
		s->decoding = true;
		break;
	default:
		s->decoding = false;
	}
	entity_clear(&e);
}

/* A range of the raw message as one text. */
static enum status
add_text(
    struct splitter *s, gint64 from, gint64 to, guint flaws, GError **error)
{
	g_autofree guint8 *scratch = g_malloc(PART_CHUNK);
	struct blob range = blob_range(s->reader.raw, from, to - from);
	const guint8 *data;
	enum status st;
	gint64 at = 0;
	gsize len;

	leaf_begin(s, PART_TEXT);
	s->part.flaws = flaws;
	s->decoding = false;
	while ((st = blob_next(&range, &at, scratch, PART_CHUNK, &data, &len,
		    error)) == ST_OK)
		if ((st = feed(s, data, len, error)) < 0)
			break;
	return st < 0 ? st : leaf_end(s, false, error);
}

/* Close the innermost multipart; to: offset of its end; ended: by a delimiter
 * of its own. One whose boundary never came is text: nobody would look for it
 * in a preamble. */
static enum status
pop(struct splitter *s, gint64 to, bool ended, GError **error)
{
	struct frame *f = &s->frames[--s->n_frames];
	enum status st = ST_OK;

	if (!f->has_parts && to > f->body)
		st = add_text(s, f->body, to, PART_FLAW_WHOLE, error);
	else if (!ended && s->parts->len > 0)
		g_array_index(s->parts, struct part, s->parts->len - 1).flaws |=
		    PART_FLAW_OPEN;
	g_clear_pointer(&f->boundary, g_free);
	return st;
}

/* Which open multipart's delimiter is this, from 1; 0: none. */
static guint
boundary_of(const struct splitter *s, const struct line *line, bool *closes)
{
	if (!line->whole_start || line->len < 3 || line->data[0] != '-' ||
	    line->data[1] != '-')
		return 0;
	for (guint i = s->n_frames; i > 0; i--) {
		const struct frame *f = &s->frames[i - 1];
		const guint8 *p = line->data + 2 + f->len;
		const guint8 *end = line->data + line->len;

		if (line->len < 2 + f->len ||
		    memcmp(line->data + 2, f->boundary, f->len) != 0)
			continue;
		*closes = end - p >= 2 && p[0] == '-' && p[1] == '-';
		if (*closes)
			p += 2;
		while (p < end && g_ascii_isspace(*p))
			p++;
		if (p == end)
			return i;
	}
	return 0;
}

static enum status
delimiter(struct splitter *s, guint frame, bool closes, const struct line *line,
    GError **error)
{
	enum status st = ST_OK;

	if (s->where == IN_HEADER)
		begin(s, line->at); /* header without a body */
	if (s->where == IN_LEAF)
		st = leaf_end(s, true, error);
	while (st == ST_OK && s->n_frames > frame)
		st = pop(s, line->at, false, error);
	if (st < 0)
		return st;
	if (closes) {
		if ((st = pop(s, line->at, true, error)) < 0)
			return st;
		/* what follows belongs to the multipart around it */
		s->where = IN_EPILOGUE;
		return ST_OK;
	}
	s->frames[frame - 1].has_parts = true;
	g_string_truncate(s->head, 0);
	s->where = IN_HEADER;
	if (s->parts->len + 1 >= PARTS_MAX) {
		s->rest = true; /* all the rest, whatever it is, in one */
		leaf_begin(s, PART_FILE);
		s->part.flaws |= PART_FLAW_REST;
		s->decoding = false;
	}
	return ST_OK;
}

static enum status
take_line(struct splitter *s, const struct line *line, GError **error)
{
	bool closes = false;
	guint frame = s->rest ? 0 : boundary_of(s, line, &closes);

	if (frame > 0)
		return delimiter(s, frame, closes, line, error);
	switch (s->where) {
	case IN_HEADER:
		if (line->whole_start &&
		    (line->data[0] == '\n' ||
			(line->len == 2 && line->data[0] == '\r'))) {
			begin(s, line->at + (gint64)line->len);
			return ST_OK;
		}
		if (s->head->len + line->len <= ENVELOPE_HEADER_MAX)
			g_string_append_len(s->head, (const char *)line->data,
			    (gssize)line->len);
		return ST_OK;
	case IN_LEAF:
		return leaf_line(s, line, error);
	case IN_PREAMBLE:
	case IN_EPILOGUE:
		return ST_OK;
	}
	g_assert_not_reached();
}

static enum status
split(struct splitter *s, GError **error)
{
	struct line line;
	enum status st;

	while ((st = base64_lines(s, error)) == ST_OK &&
	       (st = reader_next(&s->reader, &line, error)) == ST_OK)
		if ((st = take_line(s, &line, error)) < 0)
			return st;
	if (st < 0)
		return st;
	st = ST_OK;
	if (s->where == IN_HEADER && s->parts->len == 0)
		begin(s, s->reader.raw->len);
	if (s->where == IN_LEAF)
		st = leaf_end(s, false, error);
	while (st == ST_OK && s->n_frames > 0)
		st = pop(s, s->reader.raw->len, s->rest, error);
	/* delimiters and nothing between them: show what there is */
	if (st == ST_OK && s->parts->len == 0)
		st = add_text(
		    s, s->body, s->reader.raw->len, PART_FLAW_WHOLE, error);
	return st;
}

enum status
part_split(const struct blob *raw, GArray *parts, Spool *store, GError **error)
{
	struct splitter s = {.parts = parts, .store = store};
	struct header_block block;
	struct blob all;
	enum status st;
	gsize start;

	mime_start();
	g_array_set_size(parts, 0);
	spool_reset(store);
	st = header_block_read(raw, ENVELOPE_HEADER_MAX, &block, error);
	if (st < 0)
		return st;
	start = header_block_start(block.data, block.len);
	header_block_clear(&block);
	s.frames = g_new0(struct frame, PART_DEPTH_MAX);
	s.head = g_string_new(NULL);
	s.out = g_byte_array_new();
	/* Most mail is small, and so much memory is not for nothing. */
	g_byte_array_set_size(s.out,
	    (guint)CLAMP(raw->len, (gint64)(2 * LINE_ROOM), PART_CHUNK));
	reader_init(&s.reader, raw, (gint64)start);
	st = split(&s, error);
	all = spool_blob(store);
	for (guint i = 0; i < parts->len; i++) {
		struct part *part = &g_array_index(parts, struct part, i);

		part->blob = blob_range(&all, part->blob.off, part->blob.len);
	}
	while (s.n_frames > 0)
		g_free(s.frames[--s.n_frames].boundary);
	part_clear(&s.part);
	g_free(s.frames);
	g_string_free(s.head, TRUE);
	g_byte_array_free(s.out, TRUE);
	g_free(s.reader.scratch);
	return st;
}
