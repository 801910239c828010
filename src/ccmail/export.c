#include "ccmail/export.h"

#include "base/window.h"

#include <string.h>

#define SPACE_MAX    4096 /* octets of white space behind an item: generous */
#define WORDS_MAX    3	  /* before "item:" */
#define COUNT_DIGITS 15
#define PROBE_LINES  50

struct CcExport {
	struct blob data;
	Window *window;
	ccmail_sink sink;
	void *ctx;
	gint64 at;
	struct ccmail_message message;
	bool counted;	  /* this message has counts */
	gint64 outer_end; /* of the message, when its count is right; or -1 */
	gint64 contents_end; /* likewise */
	gsize header_len;
	bool said_uncounted, said_long;
};

static const char *const oddity_names[] = {
    [CCMAIL_UNCOUNTED] = "CC_UNCOUNTED",
    [CCMAIL_BAD_COUNT] = "CC_BAD_COUNT",
    [CCMAIL_BLANK_COUNT] = "CC_BLANK_COUNT",
    [CCMAIL_NO_CONTENTS] = "CC_NO_CONTENTS",
    [CCMAIL_TRUNCATED] = "CC_TRUNCATED",
    [CCMAIL_LOOSE] = "CC_LOOSE",
    [CCMAIL_LONG_HEADER] = "CC_LONG_HEADER",
};

const char *
ccmail_oddity_name(enum ccmail_oddity oddity)
{
	return oddity_names[oddity];
}

static void
field_clear(void *p)
{
	struct ccmail_field *field = p;

	g_free(field->name);
	g_free(field->value);
}

static void
item_clear(void *p)
{
	struct ccmail_item *item = p;

	g_free(item->word);
	g_free(item->title);
}

CcExport *
ccmail_export_new(const struct blob *data, ccmail_sink sink, void *ctx)
{
	CcExport *e = g_new0(CcExport, 1);

	e->data = *data;
	e->window = window_new(data);
	e->sink = sink;
	e->ctx = ctx;
	e->message.fields =
	    g_array_new(FALSE, TRUE, sizeof(struct ccmail_field));
	g_array_set_clear_func(e->message.fields, field_clear);
	e->message.items = g_array_new(FALSE, TRUE, sizeof(struct ccmail_item));
	g_array_set_clear_func(e->message.items, item_clear);
	return e;
}

void
ccmail_export_free(CcExport *e)
{
	if (e == NULL)
		return;
	window_free(e->window);
	g_array_free(e->message.fields, TRUE);
	g_array_free(e->message.items, TRUE);
	g_free(e);
}

static void
say(CcExport *e, enum ccmail_oddity oddity, gint64 at, const char *text)
{
	if (e->sink)
		e->sink(e->ctx, oddity, at, text);
}

/* Words of a line. */

static bool
is_blank(const struct window_line *line)
{
	for (gsize i = 0; i < line->len; i++)
		if (line->text[i] != ' ' && line->text[i] != '\t')
			return false;
	return true;
}

static bool
is_alone(const struct window_line *line, const char *word)
{
	gsize n = strlen(word);

	if (line->len < n || g_ascii_strncasecmp(line->text, word, n) != 0)
		return false;
	for (gsize i = n; i < line->len; i++)
		if (line->text[i] != ' ' && line->text[i] != '\t')
			return false;
	return true;
}

/* "Text item:", "File item: title". words: bytes before " item:". */
static bool
is_item(const struct window_line *line, gsize *words, gsize *title)
{
	guint spaces = 0;

	for (gsize i = 0; i < line->len && i < 60; i++) {
		char c = line->text[i];

		if (c == ' ') {
			if (line->len - i >= 6 &&
			    g_ascii_strncasecmp(line->text + i, " item:", 6) ==
				0) {
				*words = i;
				*title = i + 6;
				return i > 0;
			}
			if (i == 0 || ++spaces >= WORDS_MAX)
				return false;
		} else if (!g_ascii_isalpha(c) && c != '-' && c != '/')
			return false;
	}
	return false;
}

/* Length of the name of "Name: value" at the line's start, or 0. */
static gsize
header_name(const struct window_line *line)
{
	for (gsize i = 0; i < line->len && i < 40; i++) {
		char c = line->text[i];

		if (c == ':')
			return i + 1 == line->len || line->text[i + 1] == ' ' ||
				       line->text[i + 1] == '\t'
				   ? i
				   : 0;
		if (!g_ascii_isalnum(c) && !(i > 0 && strchr(" -#/_", c)))
			return 0;
	}
	return 0;
}

static bool
is_known_header(const struct window_line *line)
{
	static const char *const known[] = {"From", "To", "Cc", "Bcc", "Date",
	    "Subject", "RRT", "Folder", "Priority"};
	gsize n = header_name(line);

	for (guint i = 0; n > 0 && i < G_N_ELEMENTS(known); i++)
		if (strlen(known[i]) == n &&
		    g_ascii_strncasecmp(line->text, known[i], n) == 0)
			return true;
	return false;
}

enum count { COUNT_NONE, COUNT_BLANK, COUNT_NUMBER };

/* A line of digits and blanks; one of blanks alone is a place-holder. */
static enum count
line_count(const struct window_line *line, gint64 *value)
{
	gsize i = 0, digits = 0;

	*value = 0;
	if (line->len == 0 || line->len > 80)
		return COUNT_NONE;
	while (i < line->len && (line->text[i] == ' ' || line->text[i] == '\t'))
		i++;
	for (; i < line->len && g_ascii_isdigit(line->text[i]); i++)
		if (++digits <= COUNT_DIGITS)
			*value = *value * 10 + (line->text[i] - '0');
	while (i < line->len && (line->text[i] == ' ' || line->text[i] == '\t'))
		i++;
	if (i < line->len || digits > COUNT_DIGITS)
		return COUNT_NONE;
	return digits > 0 ? COUNT_NUMBER : COUNT_BLANK;
}

/*
 * Is "Message:" at this line the start of one? Text and attachments may hold
 * the word (Q233054): a count or a header line must follow.
 */
static enum status
is_message(
    CcExport *e, const struct window_line *line, bool *yes, GError **error)
{
	struct window_line next;
	gint64 value, at = line->next;
	enum count count;
	enum status st;
	gsize words, title;

	*yes = false;
	if (!is_alone(line, "Message:"))
		return ST_OK;
	st = window_line(e->window, at, &next, error);
	if (st < 0)
		return st;
	count = line_count(&next, &value);
	if (st == ST_OK && count != COUNT_NONE)
		st = window_line(e->window, next.next, &next, error);
	if (st < 0)
		return st;
	*yes = st == ST_END || is_known_header(&next) ||
	       is_alone(&next, "Contents:") ||
	       (count != COUNT_NONE &&
		   (header_name(&next) > 0 || is_item(&next, &words, &title)));
	return ST_OK;
}

/* The same for an item met while looking for the end of another. */
static enum status
is_next_item(
    CcExport *e, const struct window_line *line, bool *yes, GError **error)
{
	static const char *const known[] = {
	    "Text", "File", "Fax", "Graphics", "Snapshot"};
	struct window_line next;
	gsize words, title;
	gint64 value;
	enum status st;

	*yes = false;
	if (!is_item(line, &words, &title))
		return ST_OK;
	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		*yes = *yes || (strlen(known[i]) == words &&
				   g_ascii_strncasecmp(
				       line->text, known[i], words) == 0);
	if (!*yes || !e->counted)
		return ST_OK;
	st = window_line(e->window, line->next, &next, error);
	if (st < 0)
		return st;
	*yes = st == ST_OK && line_count(&next, &value) != COUNT_NONE;
	return ST_OK;
}

/* Does a thing end here: behind white space comes the end of the file, a
 * message, or (items) an item? */
static enum status
is_boundary(CcExport *e, gint64 at, bool items, bool *yes, GError **error)
{
	struct window_line line;
	const guint8 *data;
	gsize len, n = 0, words, title;
	enum status st;

	*yes = false;
	if (at > e->data.len)
		return ST_OK;
	st = window_bytes(e->window, at, SPACE_MAX, &data, &len, error);
	if (st < 0)
		return st;
	while (n < len && strchr(" \t\r\n\x1a", data[n]) && data[n])
		n++;
	if (at + (gint64)n >= e->data.len) {
		*yes = true;
		return ST_OK;
	}
	st = window_line(e->window, at + (gint64)n, &line, error);
	if (st < 0)
		return st;
	if (items && is_item(&line, &words, &title)) {
		*yes = true;
		return ST_OK;
	}
	return is_message(e, &line, yes, error);
}

/* The count line behind a keyword, if there is one; *at moves behind it. */
static enum status
read_count(
    CcExport *e, gint64 *at, enum count *count, gint64 *value, GError **error)
{
	struct window_line line;
	enum status st = window_line(e->window, *at, &line, error);

	*count = COUNT_NONE;
	if (st != ST_OK)
		return st < 0 ? st : ST_OK;
	*count = line_count(&line, value);
	if (*count != COUNT_NONE)
		*at = line.next;
	return ST_OK;
}

/* What an outer count says, when it is right (3.9 rule 4); or -1. */
static enum status
outer_count(CcExport *e, gint64 *at, gint64 *end, GError **error)
{
	gint64 value = 0;
	enum count count;
	bool yes = false;
	enum status st = read_count(e, at, &count, &value, error);

	*end = -1;
	e->counted = e->counted || count != COUNT_NONE;
	if (st < 0 || count != COUNT_NUMBER || value > e->data.len - *at)
		return st;
	st = is_boundary(e, *at + value, false, &yes, error);
	if (yes)
		*end = *at + value;
	return st;
}

static void
add_field(CcExport *e, const struct window_line *line, gsize name)
{
	struct ccmail_field field = {.name = g_strndup(line->text, name)};
	const char *p = line->text + name + 1;
	gsize n = line->len - name - 1;

	while (n > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	field.value = g_malloc(n + 1);
	memcpy(field.value, p, n);
	field.value[n] = '\0';
	field.len = n;
	g_array_append_val(e->message.fields, field);
}

/* A line without a name of its own goes on with the one before (3.9 rule 2). */
static void
continue_field(CcExport *e, const struct window_line *line)
{
	struct ccmail_field *field;

	if (e->message.fields->len == 0) {
		struct ccmail_field none = {
		    .name = g_strdup(""), .value = g_strdup("")};

		g_array_append_val(e->message.fields, none);
	}
	field = &g_array_index(
	    e->message.fields, struct ccmail_field, e->message.fields->len - 1);
	field->value = g_realloc(field->value, field->len + line->len + 2);
	if (field->len > 0)
		field->value[field->len++] = ' ';
	memcpy(field->value + field->len, line->text, line->len);
	field->len += line->len;
	field->value[field->len] = '\0';
}

static void
header_line(CcExport *e, const struct window_line *line)
{
	gsize name = header_name(line);

	e->header_len += line->len + 1;
	if (e->header_len > CCMAIL_HEADER_MAX) {
		if (!e->said_long)
			say(e, CCMAIL_LONG_HEADER, line->at,
			    "the header is longer than any; the rest of it is "
			    "left out");
		e->said_long = true;
	} else if (name > 0)
		add_field(e, line, name);
	else if (!is_blank(line))
		continue_field(e, line);
}

/* Header lines up to the contents, an item, or the next message. *items: there
 * may be items at *at. */
static enum status
read_header(CcExport *e, gint64 *at, bool *items, GError **error)
{
	struct window_line line;
	enum status st;

	*items = false;
	e->header_len = 0;
	e->said_long = false;
	while ((st = window_line(e->window, *at, &line, error)) == ST_OK) {
		bool yes = false;

		if (is_alone(&line, "Contents:")) {
			*at = line.next;
			e->message.has_contents = *items = true;
			return outer_count(e, at, &e->contents_end, error);
		}
		st = is_next_item(e, &line, &yes, error);
		if (st < 0)
			return st;
		if (yes) {
			*items = true;
			break;
		}
		/* The line may have moved: it is asked for again. */
		st = window_line(e->window, *at, &line, error);
		if (st >= 0)
			st = is_message(e, &line, &yes, error);
		if (st >= 0 && !yes)
			st = window_line(e->window, *at, &line, error);
		if (st < 0)
			return st;
		if (yes)
			break;
		header_line(e, &line);
		*at = line.next;
	}
	if (st >= 0)
		say(e, CCMAIL_NO_CONTENTS, e->message.at,
		    "the message has no Contents: line");
	return st < 0 ? st : ST_OK;
}

/* Where the item that begins at start ends: at the next keyword, or where the
 * counts around it say, if they are right. */
static enum status
find_end(CcExport *e, gint64 start, gint64 *end, GError **error)
{
	struct window_line line;
	gint64 at = start;
	enum status st;

	while ((st = window_line(e->window, at, &line, error)) == ST_OK) {
		gint64 next = line.next;
		bool yes = false;

		*end = at;
		if (e->contents_end >= start && at >= e->contents_end) {
			*end = e->contents_end;
			return ST_OK;
		}
		st = is_next_item(e, &line, &yes, error);
		if (st == ST_OK && !yes && at >= e->outer_end) {
			st = window_line(e->window, at, &line, error);
			if (st >= 0)
				st = is_message(e, &line, &yes, error);
		}
		if (st < 0)
			return st;
		if (yes)
			return ST_OK;
		at = next;
	}
	*end = e->data.len;
	return st < 0 ? st : ST_OK;
}

static enum ccmail_item_kind
item_kind(const char *word)
{
	return g_ascii_strcasecmp(word, "Text") == 0   ? CCMAIL_TEXT
	       : g_ascii_strcasecmp(word, "File") == 0 ? CCMAIL_FILE
	       : g_ascii_strcasecmp(word, "Fax") == 0  ? CCMAIL_FAX
						       : CCMAIL_OTHER;
}

static void
take_title(struct ccmail_item *item, const char *p, gsize n)
{
	while (n > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	n = MIN(n, CCMAIL_TITLE_MAX);
	item->title = g_malloc(n + 1);
	memcpy(item->title, p, n);
	item->title[n] = '\0';
	item->title_len = n;
}

/* The keyword line is at *at; the item is read, and *at is behind it. */
static enum status
read_item(CcExport *e, gint64 *at, GError **error)
{
	struct ccmail_item item = {.data = {.fd = -1}};
	struct window_line line;
	gsize words = 0, title = 0;
	gint64 value = 0, after, end = 0;
	enum count count;
	bool yes = false;
	enum status st = window_line(e->window, *at, &line, error);

	if (st < 0)
		return st;
	if (!is_item(&line, &words, &title))
		g_assert_not_reached();
	item.word = g_strndup(line.text, words);
	item.kind = item_kind(item.word);
	take_title(&item, line.text + title, line.len - title);
	after = line.next;
	st = read_count(e, &after, &count, &value, error);
	if (st >= 0 && count == COUNT_NUMBER && value <= e->data.len - after)
		st = is_boundary(e, after + value, true, &yes, error);
	if (st >= 0 && yes) {
		item.counted = true;
		end = after + value;
	} else if (st >= 0) {
		bool cut = count == COUNT_NUMBER && value > e->data.len - after;

		/* In an export without counts a number is text. */
		if (!e->counted || count == COUNT_NONE)
			after = line.next;
		else if (count == COUNT_NUMBER)
			say(e, cut ? CCMAIL_TRUNCATED : CCMAIL_BAD_COUNT,
			    line.at,
			    cut ? "an item is longer than the rest of the "
				  "file; what is there is taken"
				: "the count of an item is wrong; it ends at "
				  "the next keyword");
		else
			say(e, CCMAIL_BLANK_COUNT, line.at,
			    "an item has no count; it ends at the next "
			    "keyword");
		st = find_end(e, after, &end, error);
	}
	if (st < 0) {
		item_clear(&item);
		return st;
	}
	item.data = blob_range(&e->data, after, end - after);
	*at = end;
	g_array_append_val(e->message.items, item);
	return ST_OK;
}

/* Octets between items that nothing announces: kept. */
static enum status
read_loose(CcExport *e, gint64 *at, GError **error)
{
	struct ccmail_item item = {.kind = CCMAIL_NO_ITEM};
	gint64 end = *at;
	enum status st = find_end(e, *at, &end, error);

	if (st < 0)
		return st;
	say(e, CCMAIL_LOOSE, *at,
	    "octets that belong to no item; they are kept as an attachment");
	item.word = g_strdup("");
	item.title = g_strdup("");
	if (end == *at)
		end++;
	item.data = blob_range(&e->data, *at, end - *at);
	*at = end;
	g_array_append_val(e->message.items, item);
	return ST_OK;
}

static enum status
read_items(CcExport *e, gint64 *at, GError **error)
{
	struct window_line line;
	gsize words, title;
	enum status st;

	for (;;) {
		const guint8 *data;
		gsize len, n = 0;
		bool yes = false;

		st =
		    window_bytes(e->window, *at, SPACE_MAX, &data, &len, error);
		if (st < 0)
			return st;
		/* 1A: DOS's end of a text file. */
		while (n < len && data[n] && strchr(" \t\r\n\x1a", data[n]))
			n++;
		*at += (gint64)n;
		if (n > 0 && n == len)
			continue;
		st = window_line(e->window, *at, &line, error);
		if (st != ST_OK)
			return st < 0 ? st : ST_OK;
		if (is_item(&line, &words, &title))
			st = read_item(e, at, error);
		else {
			st = is_message(e, &line, &yes, error);
			if (st >= 0 && yes)
				return ST_OK;
			if (st >= 0)
				st = read_loose(e, at, error);
		}
		if (st < 0)
			return st;
	}
}

/* The next "Message:" line; what is before it is said once. */
static enum status
find_message(CcExport *e, struct window_line *line, GError **error)
{
	gint64 junk = -1;
	enum status st;

	while ((st = window_line(e->window, e->at, line, error)) == ST_OK) {
		gint64 next = line->next, at = line->at;
		bool yes = false;

		if (junk < 0 && !is_blank(line) &&
		    !(line->len == 1 && line->text[0] == 0x1a) &&
		    !is_alone(line, "Message:"))
			junk = at;
		st = is_message(e, line, &yes, error);
		if (st < 0)
			return st;
		if (yes) {
			st = window_line(e->window, at, line, error);
			break;
		}
		e->at = next;
	}
	if (junk >= 0 && st >= 0)
		say(e, CCMAIL_LOOSE, junk,
		    "text before a message belongs to none; it is skipped");
	return st;
}

enum status
ccmail_export_next(
    CcExport *e, const struct ccmail_message **out, GError **error)
{
	struct window_line line;
	bool items;
	enum status st;

	*out = NULL;
	g_array_set_size(e->message.fields, 0);
	g_array_set_size(e->message.items, 0);
	e->message.has_contents = false;
	st = find_message(e, &line, error);
	if (st != ST_OK)
		return st;
	e->message.at = line.at;
	e->at = line.next;
	e->counted = false;
	e->contents_end = -1;
	st = outer_count(e, &e->at, &e->outer_end, error);
	if (st >= 0)
		st = read_header(e, &e->at, &items, error);
	if (st >= 0 && !e->counted && !e->said_uncounted) {
		say(e, CCMAIL_UNCOUNTED, e->message.at,
		    "no counts (/ITEMSIZE): text that looks like a keyword "
		    "would end an item");
		e->said_uncounted = true;
	}
	if (st >= 0 && items)
		st = read_items(e, &e->at, error);
	if (st < 0)
		return st;
	*out = &e->message;
	return ST_OK;
}

bool
ccmail_export_probe(const struct blob *data)
{
	g_autoptr(CcExport) e = ccmail_export_new(data, NULL, NULL);
	struct window_line line;
	gint64 at = 0;

	for (guint i = 0; i < PROBE_LINES; i++) {
		bool yes = false;

		if (window_line(e->window, at, &line, NULL) != ST_OK)
			return false;
		at = line.next;
		if (is_message(e, &line, &yes, NULL) == ST_OK && yes)
			return true;
	}
	return false;
}

const struct ccmail_field *
ccmail_message_field(const struct ccmail_message *message, const char *name)
{
	for (guint i = 0; i < message->fields->len; i++) {
		const struct ccmail_field *field =
		    &g_array_index(message->fields, struct ccmail_field, i);

		if (g_ascii_strcasecmp(field->name, name) == 0)
			return field;
	}
	return NULL;
}
