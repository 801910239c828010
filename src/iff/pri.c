#include "iff/pri.h"
#include "iff/directory.h"
#include "iff/lines.h"
#include "iff/pab.h"

#include <string.h>

const char *const pri_mail_columns[PRI_MAIL_COLUMNS] = {"Folder", "Sender",
    "To", "Cc", "Bcc", "Subject", "Send-Date", "Received-Date", "Priority",
    "Unread", "Unsent", "Body"};

/* Columns behind Body that ext1 knows (15.2 point 3). */
static const char *const ext1_columns[] = {"Kind", "Use", "Flags", "Send-Zone",
    "Received-Zone", "Message-ID", "Class", "Key", "Headers", NULL};

struct Pri {
	int fd;
	const Codepage *page;
	bool ext1;
	Diags *diags;
	Lines *lines;
	GString *text;	 /* the logical line, UTF-8 */
	gsize bad_bytes; /* in it */
	bool too_long;
	gint64 line, start, end; /* of the logical line */
	bool blank_before; /* a blank line or the file's start before it */
	bool blank_seen;   /* since the last logical line */
	bool said_bare_lf;
	struct pri_section section;
	bool want_heading;
	bool held; /* the logical line has been read and not used */
	GArray *fields;
	GString *probe; /* a copy of a line for the section test */
};

static void
section_clear(struct pri_section *section)
{
	g_free(section->owner);
	if (section->columns)
		g_ptr_array_set_size(section->columns, 0);
	*section = (struct pri_section){.columns = section->columns};
}

Pri *
pri_new(int fd, const Codepage *page, bool ext1, Diags *diags, gint64 at,
    gint64 line)
{
	Pri *pri = g_new0(Pri, 1);

	pri->fd = fd;
	pri->page = page;
	pri->ext1 = ext1;
	pri->diags = diags;
	pri->lines = lines_new(fd, at, line);
	pri->text = g_string_new(NULL);
	pri->probe = g_string_new(NULL);
	pri->blank_seen = true;
	pri->fields = g_array_new(FALSE, FALSE, sizeof(struct field));
	pri->section.columns = g_ptr_array_new_with_free_func(g_free);
	return pri;
}

void
pri_free(Pri *pri)
{
	if (pri == NULL)
		return;
	lines_free(pri->lines);
	g_string_free(pri->text, TRUE);
	g_string_free(pri->probe, TRUE);
	g_array_free(pri->fields, TRUE);
	g_free(pri->section.owner);
	g_ptr_array_free(pri->section.columns, TRUE);
	g_free(pri);
}

static struct blob
file_range(const Pri *pri, gint64 start, gint64 end)
{
	return (struct blob){.fd = pri->fd, .off = start, .len = end - start};
}

static char
separator_of(enum pri_kind kind)
{
	switch (kind) {
	case PRI_DIRECTORY:
		return FIELD_DIRECTORY;
	case PRI_PAB:
	case PRI_MAIL:
		return FIELD_LIST;
	case PRI_OUTSIDE:
		break;
	}
	return FIELD_NO_LIST;
}

static void
physical_line_check(Pri *pri, const struct line *line)
{
	if (line->bare_lf && !pri->said_bare_lf) {
		/* Once: a file that went through Unix has nothing else. */
		pri->said_bare_lf = true;
		diags_add_at(pri->diags, DIAG_PRI_BARE_LF, line->number,
		    "the line ends with LF alone; it is taken as a line end, "
		    "here and below");
	}
	if (line->no_eol)
		diags_add_at(pri->diags, DIAG_PRI_NO_FINAL_EOL, line->number,
		    "the last line has no end");
}

static bool
names_section(const guint8 *data, gsize len)
{
	const char *text = (const char *)data;

	return (len >= 4 && g_ascii_strncasecmp(text, "PAB,", 4) == 0) ||
	       (len >= 12 &&
		   g_ascii_strncasecmp(text, "MAILMESSAGE,", 12) == 0);
}

/*
 * Read the next logical line: comments and blank lines passed over, continued
 * lines joined (3.3, 3.4).
 */
static enum status
logical_line(Pri *pri, GError **error)
{
	bool joins = pri->section.kind != PRI_DIRECTORY, first = true;
	enum field_state state = FIELD_START;
	struct line line;
	enum status st;

	g_string_truncate(pri->text, 0);
	pri->bad_bytes = 0;
	pri->too_long = false;
	for (;;) {
		gsize at = pri->text->len, len;
		bool continued;

		st = lines_next(pri->lines, &line, error);
		if (st == ST_END && !first) {
			diags_add_at(pri->diags, DIAG_PRI_CONT_AT_EOF,
			    pri->line, "the last line is continued by nothing");
			return ST_OK;
		}
		if (st != ST_OK)
			return st;
		physical_line_check(pri, &line);
		if (first && line.len == 0) {
			pri->blank_seen = true;
			continue;
		}
		if (first && line.data[0] == '!')
			continue;
		if (first) {
			/* A section line is read the same whatever section
			 * is before it, or none: places lead right to it. */
			joins = joins || names_section(line.data, line.len);
			pri->line = line.number;
			pri->start = line.start;
			pri->blank_before = pri->blank_seen;
			pri->blank_seen = false;
			first = false;
		}
		pri->end = line.end;
		if (line.too_long || pri->text->len + line.len > LINE_MAX_BYTES)
			pri->too_long = true;
		if (pri->too_long)
			g_string_truncate(pri->text, at);
		pri->bad_bytes += codepage_decode(pri->page, line.data,
		    line.len, true, false, NULL, pri->text);
		len = pri->text->len;
		continued = joins && len - at >= 2 &&
			    pri->text->str[len - 1] == '\\' &&
			    pri->text->str[len - 2] == '\\';
		state = field_scan(state, pri->text->str + at,
		    len - at - (continued ? 2 : 0), FIELD_LIST);
		/* Inside quotation marks it is data, and the quotation then
		 * unterminated. */
		if (!continued || state == FIELD_QUOTED)
			return ST_OK;
		g_string_truncate(pri->text, len - 2);
		if (line.no_eol) {
			diags_add_at(pri->diags, DIAG_PRI_CONT_AT_EOF,
			    pri->line, "the last line is continued by nothing");
			return ST_OK;
		}
	}
}

/* What a line is by its first fields (section 6). */
enum start { NO_START, START_SHORT, START_BROKEN, START_SECTION };

static bool
is_word(const struct field *field, const char *word)
{
	return g_ascii_strcasecmp(field->raw, word) == 0;
}

static enum start
section_test(Pri *pri)
{
	const struct field *fields;
	guint commas = 0;
	bool ok;

	/* A row of twelve fields is no section whatever its folder. */
	for (const char *p = pri->text->str; *p && commas < 2; p++)
		commas += *p == ',';
	if (commas >= 2 && strchr(pri->text->str, '"') == NULL)
		return NO_START;
	if (commas >= 2 &&
	    g_ascii_strncasecmp(pri->text->str, "PAB,", 4) != 0 &&
	    g_ascii_strncasecmp(pri->text->str, "MAILMESSAGE,", 12) != 0)
		return NO_START;
	g_string_assign(pri->probe, pri->text->str);
	ok = field_split(
	    pri->probe->str, pri->probe->len, FIELD_NO_LIST, pri->fields, NULL);
	fields = (const struct field *)pri->fields->data;
	if (pri->fields->len == 1 && is_word(&fields[0], "DIRECTORY"))
		return START_SECTION;
	if (pri->fields->len == 2 &&
	    (is_word(&fields[0], "PAB") || is_word(&fields[0], "MAILMESSAGE")))
		return ok ? START_SECTION : START_BROKEN;
	return pri->fields->len <= 2 ? START_SHORT : NO_START;
}

/* The line, whose fields section_test() has split, begins a section. */
static void
section_start(Pri *pri)
{
	struct field *fields = (struct field *)pri->fields->data;
	struct pri_section *section = &pri->section;
	const char *owner;

	section_clear(section);
	section->line = pri->line;
	section->raw = file_range(pri, pri->start, pri->end);
	if (!pri->blank_before)
		diags_add_at(pri->diags, DIAG_PRI_NO_BLANK_BEFORE_SECTION,
		    pri->line, "no blank line before the section");
	pri->want_heading = true;
	if (is_word(&fields[0], "DIRECTORY")) {
		section->kind = PRI_DIRECTORY;
		return;
	}
	section->kind = is_word(&fields[0], "PAB") ? PRI_PAB : PRI_MAIL;
	owner = field_text(&fields[1], FIELD_NO_LIST);
	if (g_ascii_strncasecmp(owner, "MIGRATE:", 8) == 0)
		owner += 8;
	section->owner = g_strdup(owner);
	/* The SDK text has it without the s (9.1). */
	section->is_public =
	    section->kind == PRI_MAIL &&
	    (g_ascii_strcasecmp(owner, "PublicMessages") == 0 ||
		g_ascii_strcasecmp(owner, "PublicMessage") == 0);
	if (pri->bad_bytes > 0)
		diags_add_at(pri->diags, DIAG_PRI_UNDECODABLE, pri->line,
		    "%" G_GSIZE_FORMAT " bytes are not valid in code page %u",
		    pri->bad_bytes, codepage_number(pri->page));
}

static void
section_spoil(Pri *pri, enum diag_code why, gint64 line, const char *text)
{
	pri->section.bad = true;
	pri->section.why = why;
	diags_add_at(pri->diags, why, line, "%s", text);
}

static bool
is_ext1_column(const char *name)
{
	for (guint i = 0; ext1_columns[i]; i++)
		if (g_ascii_strcasecmp(name, ext1_columns[i]) == 0)
			return true;
	return false;
}

static void
mail_heading(Pri *pri)
{
	GPtrArray *columns = pri->section.columns;
	guint extra = 0;
	const char *first = NULL;

	for (guint i = 0; i < PRI_MAIL_COLUMNS; i++)
		if (i >= columns->len || g_ascii_strcasecmp(columns->pdata[i],
					     pri_mail_columns[i]) != 0) {
			section_spoil(pri, DIAG_PRI_BAD_SECTION_HEADER,
			    pri->line,
			    "the heading is not the twelve columns of a "
			    "MAILMESSAGE section; its rows are skipped");
			return;
		}
	for (guint i = PRI_MAIL_COLUMNS; i < columns->len; i++) {
		if (pri->ext1 && is_ext1_column(columns->pdata[i]))
			continue;
		if (extra++ == 0)
			first = columns->pdata[i];
	}
	if (extra > 0)
		diags_add_at(pri->diags, DIAG_MSG_EXTRA_COLUMNS, pri->line,
		    "%u more columns than are known, from \"%s\" on; they are "
		    "not interpreted",
		    extra, first);
}

static void
pab_heading(Pri *pri)
{
	GPtrArray *columns = pri->section.columns;
	bool ok = columns->len == ADDRESS_FIELDS ||
		  (pri->ext1 && columns->len == ADDRESS_FIELDS + 1 &&
		      g_ascii_strcasecmp(
			  columns->pdata[ADDRESS_FIELDS], "VCard") == 0);

	for (guint i = 0; ok && i < ADDRESS_FIELDS; i++)
		ok = g_ascii_strcasecmp(
			 columns->pdata[i], address_field_names[i]) == 0;
	if (!ok)
		section_spoil(pri, DIAG_PRI_BAD_SECTION_HEADER, pri->line,
		    "the heading is not the 24 columns of a PAB section; its "
		    "rows are skipped");
}

static void
heading(Pri *pri)
{
	struct pri_section *section = &pri->section;
	bool ok;

	pri->want_heading = false;
	section->heading_raw = file_range(pri, pri->start, pri->end);
	ok = !pri->too_long &&
	     field_split(pri->text->str, pri->text->len,
		 separator_of(section->kind), pri->fields, NULL);
	if (!ok) {
		section_spoil(pri,
		    section->kind == PRI_DIRECTORY
			? DIAG_DIR_BAD_HEADING
			: DIAG_PRI_BAD_SECTION_HEADER,
		    pri->line, "quotation marks in the heading are wrong");
		return;
	}
	for (guint i = 0; i < pri->fields->len; i++)
		g_ptr_array_add(section->columns,
		    g_strdup(
			field_text(&g_array_index(pri->fields, struct field, i),
			    separator_of(section->kind))));
	switch (section->kind) {
	case PRI_DIRECTORY:
		if (!directory_heading(
			section->columns, pri->line, pri->diags)) {
			section->bad = true;
			section->why = DIAG_DIR_BAD_HEADING;
		}
		break;
	case PRI_PAB:
		pab_heading(pri);
		break;
	case PRI_MAIL:
		mail_heading(pri);
		break;
	case PRI_OUTSIDE:
		break;
	}
}

/* Is every field from n on empty? */
static bool
rest_empty(const Pri *pri, guint n)
{
	for (guint i = n; i < pri->fields->len; i++)
		if (g_array_index(pri->fields, struct field, i).len > 0)
			return false;
	return true;
}

static void
row_count_check(Pri *pri)
{
	guint want = pri->section.columns->len, have = pri->fields->len;
	enum diag_code code = DIAG_PRI_FIELD_COUNT;

	if (want == have)
		return;
	if (pri->section.kind == PRI_PAB && have < want) {
		struct field empty = {.raw = (char *)""};

		/* A published sample row has 23 (8). With the VCard column
		 * of ext1 too. */
		diags_add(pri->diags, DIAG_PAB_SHORT_ROW, NULL, -1,
		    "%u of %u fields; the others are taken as empty", have,
		    want);
		while (pri->fields->len < want)
			g_array_append_val(pri->fields, empty);
		return;
	}
	if (pri->section.kind == PRI_PAB && rest_empty(pri, want))
		return;
	if (pri->section.kind == PRI_DIRECTORY)
		code = DIAG_DIR_FIELD_COUNT;
	diags_add(pri->diags, code, NULL, -1,
	    "the row has %u fields, the heading %u", have, want);
}

static void
row(Pri *pri, struct pri_item *out)
{
	bool ok = true;

	out->what = PRI_ROW;
	diags_row(pri->diags, pri->line);
	g_array_set_size(pri->fields, 0);
	if (pri->too_long)
		diags_add(pri->diags, DIAG_PRI_LINE_TOO_LONG, NULL, -1,
		    "longer than %d bytes", LINE_MAX_BYTES);
	else
		ok = field_split(pri->text->str, pri->text->len,
		    separator_of(pri->section.kind), pri->fields, pri->diags);
	if (ok && !pri->too_long)
		row_count_check(pri);
	if (pri->bad_bytes > 0)
		diags_add(pri->diags, DIAG_PRI_UNDECODABLE, NULL, -1,
		    "%" G_GSIZE_FORMAT " bytes are not valid in code page %u",
		    pri->bad_bytes, codepage_number(pri->page));
	out->fields = (struct field *)pri->fields->data;
	out->n_fields = pri->fields->len;
}

static void
skipped(Pri *pri, struct pri_item *out)
{
	out->what = PRI_SKIPPED;
	out->why = pri->section.why;
}

/* An unknown section, or rows before any: both end at the next section. */
static void
outside(Pri *pri, enum diag_code why, const char *text)
{
	section_clear(&pri->section);
	pri->section.line = pri->line;
	pri->want_heading = false;
	section_spoil(pri, why, pri->line, text);
}

static enum status
headless(Pri *pri, struct pri_item *out)
{
	pri->want_heading = false;
	section_spoil(pri, DIAG_PRI_BAD_SECTION_HEADER, pri->section.line,
	    "the section has no heading");
	out->what = PRI_SECTION;
	out->line = pri->section.line;
	out->raw = pri->section.raw;
	return ST_OK;
}

/* A short line behind a blank one, where rows are long (section 6). */
static bool
unknown_start(const Pri *pri)
{
	return pri->blank_before &&
	       (pri->section.kind == PRI_PAB || pri->section.kind == PRI_MAIL);
}

enum status
pri_next(Pri *pri, struct pri_item *out, GError **error)
{
	for (;;) {
		enum status st = ST_OK;
		enum start start;

		*out = (struct pri_item){.section = &pri->section};
		if (!pri->held)
			st = logical_line(pri, error);
		pri->held = false;
		if (st == ST_END && pri->want_heading)
			return headless(pri, out);
		if (st != ST_OK)
			return st;
		out->line = pri->line;
		out->raw = file_range(pri, pri->start, pri->end);
		start = pri->too_long ? NO_START : section_test(pri);
		if (start == START_SHORT && !unknown_start(pri))
			start = NO_START;
		if (start != NO_START && pri->want_heading) {
			pri->held = true;
			return headless(pri, out);
		}
		if (start == START_SECTION) {
			section_start(pri);
			continue;
		}
		if (start == START_BROKEN) {
			/* Its rows must not go to the owner before. */
			outside(pri, DIAG_PRI_UNTERMINATED_QUOTE,
			    "the section line's quotation marks are wrong; "
			    "everything up to the next section is skipped");
			skipped(pri, out);
			return ST_OK;
		}
		if (start == START_SHORT) {
			outside(pri, DIAG_PRI_UNKNOWN_SECTION,
			    "no section of this name is known; everything up "
			    "to the next section is skipped");
			skipped(pri, out);
			return ST_OK;
		}
		if (pri->want_heading) {
			heading(pri);
			out->what = PRI_SECTION;
			return ST_OK;
		}
		if (pri->section.kind == PRI_OUTSIDE && !pri->section.bad)
			outside(pri, DIAG_PRI_DATA_OUTSIDE_SECTION,
			    "there is no section line before; everything up "
			    "to the first section is skipped");
		if (pri->section.bad)
			skipped(pri, out);
		else
			row(pri, out);
		return ST_OK;
	}
}

void
pri_skip_section(Pri *pri, enum diag_code why)
{
	pri->section.bad = true;
	pri->section.why = why;
}
