/*
 * The chain of sections of one message to a raw blob or to parts
 * (spec/migration-files.md 10.3-10.8, 15.2 points 4 and 5).
 */
#include "iff/message-private.h"
#include "iff/schedule.h"

#include <string.h>

#define SCHEDULE_SAID_MAX 20 /* oddities of one calendar file */

static const char instruction_text[] =
    "The calendar of this mailbox is attached to this message as a "
    "Schedule+ interchange file.\r\nTo import it, save the attachment and "
    "open it with a program that reads such files.\r\n";

static void
section_free(void *p)
{
	struct body_section *section = p;

	g_free(section->encoding);
	g_free(section->name);
	g_free(section->position);
	g_free(section->format);
}

static void
text_free(void *p)
{
	struct body_text *text = p;

	g_free(text->encoding);
	g_free(text->charset);
}

static void
part_free(void *p)
{
	part_clear(p);
}

void
body_init(struct body *body, const char *spool_dir)
{
	*body = (struct body){.raw = {.fd = -1}};
	body->sections = g_array_new(FALSE, TRUE, sizeof(struct body_section));
	g_array_set_clear_func(body->sections, section_free);
	body->texts = g_array_new(FALSE, TRUE, sizeof(struct body_text));
	g_array_set_clear_func(body->texts, text_free);
	body->parts = g_array_new(FALSE, TRUE, sizeof(struct part));
	g_array_set_clear_func(body->parts, part_free);
	body->spool = spool_new(spool_dir);
	body->chunk = g_string_new(NULL);
}

void
body_clear(struct body *body)
{
	g_array_free(body->sections, TRUE);
	g_array_free(body->texts, TRUE);
	g_array_free(body->parts, TRUE);
	spool_free(body->spool);
	g_string_free(body->chunk, TRUE);
	g_free(body->document);
}

void
body_reset(struct body *body)
{
	g_array_set_size(body->sections, 0);
	g_array_set_size(body->texts, 0);
	g_array_set_size(body->parts, 0);
	spool_reset(body->spool);
	body->raw = (struct blob){.fd = -1};
	body->is_mime = body->is_document = false;
	g_clear_pointer(&body->document, g_free);
}

/* The name is data, not a path (10.3 point 7). */
static char *
clean_name(const char *name)
{
	char *out;

	for (const char *p = name; *p; p++)
		if (*p == '\\' || *p == '/' || *p == ':')
			name = p + 1;
	out = g_strdup(name);
	for (char *p = out; *p; p++)
		if ((guint8)*p < 0x20 || *p == 0x7f)
			*p = '_';
	return out;
}

static bool
broken(const Sec *sec, const struct sec_section *section, Diags *diags,
    const char *why)
{
	diags_add(diags, DIAG_SEC_CHAIN_BROKEN, sec_name(sec), section->at,
	    "%s", why);
	return false;
}

static bool
is_encoding(const char *encoding, const char *word)
{
	gsize n = strlen(word);

	return g_ascii_strncasecmp(encoding, word, n) == 0 &&
	       (encoding[n] == '\0' || encoding[n] == ';');
}

static void
keep(struct body *body, const struct sec_section *from)
{
	struct body_section section = {.type = from->type,
	    .data = from->data,
	    .at = from->at,
	    .encoding = g_strdup(from->encoding),
	    .position = g_strdup(from->position),
	    .format = g_strdup(from->format),
	    .place = -1,
	    .byte_place = -1};

	if (from->type != SEC_BODY)
		section.name = clean_name(from->name);
	g_array_append_val(body->sections, section);
}

/* Walk the chain; false at the first error. */
static bool
walk(struct body *body, Set *set, Sec *sec, gint64 at, Diags *diags)
{
	bool ext1 = set_is_ext1(set), ok;

	for (guint n = 0;; n++) {
		struct sec_section section;

		if (n == PARTS_MAX) {
			section.at = at;
			return broken(sec, &section, diags,
			    "more sections than one message may have");
		}
		ok = sec_read(sec, at, n > 0, &section, diags);
		if (n == 0)
			set_pointed(
			    set, sec_name(sec), section.encoding != NULL);
		if (!ok && !section.truncated)
			return false;
		if (n == 0 && section.type != SEC_BODY)
			return broken(sec, &section, diags,
			    "the first section of a message must be Body");
		if (section.type == SEC_OTHER)
			return broken(sec, &section, diags,
			    "a section Other where a part of the message was "
			    "promised");
		if (section.type == SEC_BODY && ext1 &&
		    is_encoding(section.encoding, "MIME") &&
		    (n > 0 || !section.last))
			return broken(sec, &section, diags,
			    "a MIME body must be the only section");
		keep(body, &section);
		if (section.type != SEC_BODY) {
			const struct body_section *kept = &g_array_index(
			    body->sections, struct body_section, n);

			if (kept->name[0] == '\0') {
				diags_add(diags, DIAG_SEC_NAME_MISSING,
				    sec_name(sec), section.at,
				    "the attachment has no name");
				g_free(kept->name);
				((struct body_section *)kept)->name =
				    g_strdup("attachment.bin");
				ok = false;
			}
		}
		if (!ok)
			return false;
		if (section.last)
			return true;
		at = section.next;
	}
}

static bool
parse_position(const char *text, gint64 body_len, gint64 *out)
{
	char *end;

	*out = -1;
	if (text[0] == '\0')
		return true;
	*out = g_ascii_strtoll(text, &end, 10);
	if (end != text && *end == '\0' && *out >= -1 && *out <= body_len)
		return true;
	*out = -1;
	return false;
}

/* What comes before the text of a section: is it one we know? */
static bool
text_kind(Set *set, const struct body_section *section,
    const struct message_options *opts, enum part_kind *kind, char **charset)
{
	const char *encoding = section->encoding, *semi;
	char first[6];
	gsize got = 0;

	*charset = NULL;
	*kind = PART_TEXT;
	if (encoding[0] == '\0') {
		if (opts->detect_rtf && section->data.len >= 6 &&
		    blob_read(&section->data, 0, first, 6, &got, NULL) >= 0 &&
		    got == 6 && memcmp(first, "{\\rtf1", 6) == 0)
			*kind = PART_RTF;
		return true;
	}
	if (!set_is_ext1(set))
		return false;
	if (is_encoding(encoding, "HTML"))
		*kind = PART_HTML;
	else if (is_encoding(encoding, "RTF"))
		*kind = PART_RTF;
	else if (!is_encoding(encoding, "TEXT"))
		return false;
	semi = strchr(encoding, ';');
	if (semi && g_ascii_strncasecmp(semi, ";charset=", 9) == 0 &&
	    semi[9] != '\0')
		*charset = g_strdup(semi + 9);
	else if (semi)
		return false;
	return true;
}

static int
by_place(const void *a, const void *b)
{
	const struct body_section *x = *(struct body_section *const *)a,
				  *y = *(struct body_section *const *)b;

	return x->byte_place < y->byte_place ? -1
					     : x->byte_place > y->byte_place;
}

/* Plainest first (15.2 point 4). */
static int
by_richness(const void *a, const void *b)
{
	static const guint8 rank[] = {
	    [PART_TEXT] = 0, [PART_HTML] = 1, [PART_RTF] = 2};
	const struct body_text *x = a, *y = b;

	return (int)rank[x->kind] - (int)rank[y->kind];
}

/* Sort the Body sections into texts; those nobody knows become files. */
static void
collect_texts(struct body *body, Set *set, const struct message_options *opts,
    const char *file, Diags *diags)
{
	bool unknown = false;

	for (guint i = 0; i < body->sections->len; i++) {
		struct body_section *section =
		    &g_array_index(body->sections, struct body_section, i);
		struct body_text text = {0};
		guint j;
		GIConv probe;

		if (section->type != SEC_BODY)
			continue;
		for (j = 0; j < body->texts->len; j++)
			if (strcmp(
				g_array_index(body->texts, struct body_text, j)
				    .encoding,
				section->encoding) == 0)
				break;
		if (j < body->texts->len)
			continue;
		if (text_kind(set, section, opts, &text.kind, &text.charset)) {
			probe = (GIConv)-1;
			if (text.kind == PART_TEXT && text.charset &&
			    (probe = g_iconv_open("UTF-8", text.charset)) ==
				(GIConv)-1)
				g_clear_pointer(&text.charset, g_free);
			else {
				if (probe != (GIConv)-1)
					g_iconv_close(probe);
				text.encoding = g_strdup(section->encoding);
				g_array_append_val(body->texts, text);
				continue;
			}
		}
		diags_add(diags, DIAG_SEC_UNKNOWN_ENCODING, file, section->at,
		    "Encoding \"%.40s\" is not known; the data is kept as the "
		    "attachment body.bin",
		    section->encoding);
		g_free(text.charset);
		section->type = SEC_ATTACHMENT;
		g_clear_pointer(&section->encoding, g_free);
		section->encoding = g_strdup("");
		g_free(section->name);
		section->name = g_strdup("body.bin");
		unknown = true;
	}
	if (unknown && body->texts->len == 0) {
		struct body_text text = {
		    .kind = PART_TEXT, .encoding = g_strdup("\1none")};

		g_array_append_val(body->texts, text);
	}
	if (body->texts->len > 1)
		g_array_sort(body->texts, by_richness);
}

/* Positions: bytes of the first text's sections (10.3 point 8). */
static GPtrArray *
collect_places(struct body *body, const char *file, Diags *diags)
{
	GPtrArray *places = NULL;
	gint64 len = 0;
	const struct body_text *first =
	    body->texts->len > 0
		? &g_array_index(body->texts, struct body_text, 0)
		: NULL;

	for (guint i = 0; first && i < body->sections->len; i++) {
		const struct body_section *section =
		    &g_array_index(body->sections, struct body_section, i);

		if (section->type == SEC_BODY &&
		    strcmp(section->encoding, first->encoding) == 0)
			len += section->data.len;
	}
	for (guint i = 0; i < body->sections->len; i++) {
		struct body_section *section =
		    &g_array_index(body->sections, struct body_section, i);

		if (section->type == SEC_BODY)
			continue;
		if (!parse_position(
			section->position, len, &section->byte_place))
			diags_add(diags, DIAG_SEC_BAD_POSITION, file,
			    section->at,
			    "Position \"%.20s\" is not in the body; the end is "
			    "taken",
			    section->position);
		if (section->byte_place < 0)
			continue;
		if (places == NULL)
			places = g_ptr_array_new();
		g_ptr_array_add(places, section);
	}
	if (places)
		g_ptr_array_sort(places, by_place);
	return places;
}

static gint64
body_length(const struct body *body)
{
	gint64 len = 0;

	for (guint i = 0; i < body->sections->len; i++) {
		const struct body_section *section =
		    &g_array_index(body->sections, struct body_section, i);

		if (section->type == SEC_BODY)
			len += section->data.len;
	}
	return len;
}

struct schedule_said {
	const struct body_section *section;
	const char *file;
	Diags *diags;
	gint64 n;
};

static void
schedule_oddity(void *ctx, enum diag_code code, gint64 line, gint64 offset,
    const char *text)
{
	struct schedule_said *said = ctx;

	if (said->n++ < SCHEDULE_SAID_MAX)
		diags_add(said->diags, code, said->file,
		    said->section->data.off + offset,
		    "%.60s line %" G_GINT64_FORMAT ": %s", said->section->name,
		    line, text);
}

/* Calendar files are attached as they are (11.4); what is wrong with them is
 * said here, where somebody can still look at the source. */
static void
check_schedules(struct body *body, Set *set, const char *file, Diags *diags)
{
	for (guint i = 0; i < body->sections->len; i++) {
		const struct body_section *section =
		    &g_array_index(body->sections, struct body_section, i);
		struct schedule_said said = {section, file, diags, 0};
		const struct schedule_object *object;
		g_autoptr(Schedule) schedule = NULL;

		if (section->type != SEC_SCHEDULE)
			continue;
		schedule = schedule_new(&section->data, set_page(set), false,
		    schedule_oddity, &said);
		/* A failure to read is met again with the part itself. */
		while (schedule_next(schedule, &object, NULL) == ST_OK)
			continue;
		if (said.n > SCHEDULE_SAID_MAX)
			diags_add(diags, DIAG_SC2_SYNTAX, file,
			    section->data.off,
			    "%.60s: %" G_GINT64_FORMAT " more oddities",
			    section->name, said.n - SCHEDULE_SAID_MAX);
	}
}

/* ext1 attachment Encoding: ";type=", ";cid=", ";inline" (15.2 point 5). */
static void
attachment_encoding(struct part *part, const char *encoding)
{
	g_auto(GStrv) words = g_strsplit(encoding, ";", 8);

	if (words[0] == NULL)
		return;
	if (g_ascii_strcasecmp(words[0], "EML") == 0)
		part->kind = PART_MESSAGE;
	else if (g_ascii_strcasecmp(words[0], "OLE") == 0)
		part->kind = PART_OLE;
	for (guint i = 1; words[i]; i++) {
		/* Each once; the first one counts. */
		if (part->type == NULL &&
		    g_ascii_strncasecmp(words[i], "type=", 5) == 0)
			part->type = g_strdup(words[i] + 5);
		else if (part->content_id == NULL &&
			 g_ascii_strncasecmp(words[i], "cid=", 4) == 0)
			part->content_id = g_strdup(words[i] + 4);
		else if (g_ascii_strcasecmp(words[i], "inline") == 0)
			part->is_inline = true;
	}
}

static void
document(struct body *body, struct part *part, const struct body_section *from,
    const char *file, Diags *diags)
{
	if (body_length(body) > 0) {
		diags_add(diags, DIAG_SEC_DOC_BODY, file, from->at,
		    "a document with a body text; it is taken as an "
		    "attachment");
		return;
	}
	part->kind = PART_DOCUMENT;
	if (strchr(part->name, '.') == NULL) {
		char *name = g_strconcat(part->name, ".bin", NULL);

		diags_add(diags, DIAG_SEC_NAME_NO_EXT, file, from->at,
		    "the document \"%s\" has no extension; .bin is added",
		    part->name);
		g_free(part->name);
		part->name = name;
	}
	if (body->document == NULL)
		body->document = g_strdup(part->name);
	body->is_document = true;
}

static void
attachment(struct body *body, Set *set, const struct body_section *section,
    const char *file, Diags *diags)
{
	struct part part = {.kind = PART_FILE,
	    .blob = section->data,
	    .name = g_strdup(section->name),
	    .position = section->place};

	if (section->type == SEC_SCHEDULE)
		part.kind = PART_SCHEDULE;
	else if (section->type == SEC_DOCUMENT)
		document(body, &part, section, file, diags);
	else if (set_is_ext1(set))
		attachment_encoding(&part, section->encoding);
	if (section->type == SEC_ATTACHMENT &&
	    g_ascii_strcasecmp(section->format, "Macbinary") == 0)
		part.kind = PART_MACBINARY;
	else if (section->type == SEC_ATTACHMENT && section->format[0] &&
		 g_ascii_strcasecmp(section->format, "None") != 0)
		diags_add(diags, DIAG_SEC_BAD_FORMAT, file, section->at,
		    "Format \"%.20s\" is neither None nor Macbinary; None is "
		    "taken",
		    section->format);
	g_array_append_val(body->parts, part);
}

static void
make_parts(struct body *body, Set *set, const char *file, Diags *diags)
{
	struct blob spool = spool_blob(body->spool);

	for (guint i = 0; i < body->texts->len; i++) {
		struct body_text *text =
		    &g_array_index(body->texts, struct body_text, i);
		struct part part = {.kind = text->kind, .position = -1};

		part.blob = blob_range(&spool, text->at, text->len);
		if (text->kind != PART_TEXT)
			part.charset = g_strdup(text->charset);
		g_array_append_val(body->parts, part);
	}
	for (guint i = 0; i < body->sections->len; i++) {
		const struct body_section *section =
		    &g_array_index(body->sections, struct body_section, i);

		if (section->type != SEC_BODY)
			attachment(body, set, section, file, diags);
	}
	/* A free document is the item itself: it has no text (10.4). */
	if (body->is_document && body->texts->len == 1)
		g_array_remove_index(body->parts, 0);
}

/* Text that the file does not hold: instructions, remarks on what is lost. */
static enum status
own_text(struct body *body, const char *words, GError **error)
{
	struct body_text *text;

	if (body->texts->len == 0) {
		struct body_text none = {
		    .kind = PART_TEXT, .encoding = g_strdup("\1none")};

		none.at = spool_blob(body->spool).len;
		g_array_append_val(body->texts, none);
	}
	/* Only the text that was written last can grow; it is written last. */
	text = &g_array_index(body->texts, struct body_text, 0);
	if (text->kind != PART_TEXT)
		return ST_OK;
	text->len += (gint64)strlen(words);
	return spool_write(body->spool, words, strlen(words), error);
}

static bool
has_schedule(const struct body *body)
{
	for (guint i = 0; i < body->sections->len; i++)
		if (g_array_index(body->sections, struct body_section, i)
			.type == SEC_SCHEDULE)
			return true;
	return false;
}

enum status
body_read(struct body *body, Set *set, const struct message_options *opts,
    Sec *sec, gint64 offset, Diags *diags, bool *ok, GError **error)
{
	const char *file = sec ? sec_name(sec) : NULL;
	g_autoptr(GPtrArray) places = NULL;
	enum status st = ST_OK;
	const struct diag *why;

	*ok = sec == NULL || walk(body, set, sec, offset, diags);
	if (!*ok && !set_is_lenient(set))
		return ST_OK;
	if (body->sections->len > 0 && set_is_ext1(set) &&
	    is_encoding(
		g_array_index(body->sections, struct body_section, 0).encoding,
		"MIME")) {
		body->is_mime = true;
		body->raw =
		    g_array_index(body->sections, struct body_section, 0).data;
		return ST_OK;
	}
	collect_texts(body, set, opts, file, diags);
	places = collect_places(body, file, diags);
	/* The first text comes last, so that words of ours can follow it. */
	for (guint i = body->texts->len; i-- > 0 && st >= 0;) {
		struct body_text *text =
		    &g_array_index(body->texts, struct body_text, i);

		if (text->kind == PART_TEXT)
			st = body_text_decode(body, set, text,
			    i == 0 ? places : NULL, diags, file, error);
		else
			st = body_text_copy(body, text, error);
	}
	if (st >= 0 && has_schedule(body) && body_length(body) == 0)
		st = own_text(body,
		    opts->instruction ? opts->instruction : instruction_text,
		    error);
	why = diags_row_error(diags);
	if (st >= 0 && why) {
		g_autofree char *words = g_strdup_printf(
		    "\r\n[mailmig: a part of this message could not be read: "
		    "%s, %s]\r\n",
		    diag_table[why->code].name, why->text);

		st = own_text(body, words, error);
	}
	if (st == ST_ITEM) {
		/* The secondary itself cannot be read here. */
		diags_add(diags, DIAG_SEC_TRUNCATED, file, offset,
		    "the data cannot be read: %s",
		    error && *error ? (*error)->message : "read error");
		if (error)
			g_clear_error(error);
		*ok = false;
		st = ST_OK;
	}
	if (st < 0)
		return st;
	check_schedules(body, set, file, diags);
	make_parts(body, set, file, diags);
	return ST_OK;
}
