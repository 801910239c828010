#include "msmail/mmff.h"

#include "base/window.h"

#include <string.h>

#define NAME_MAX_LEN 20 /* of a token */
#define DIGITS_MAX   15
#define SPACE_MAX    256 /* octets of white space between messages */
#define PROBE_LINES  20

struct Mmff {
	struct blob data;
	Window *window;
	mmff_sink sink;
	void *ctx;
	gint64 at;
	struct mmff_message message;
};

static const char *const oddity_names[] = {
    [MMFF_BAD_COUNT] = "MS_BAD_COUNT",
    [MMFF_TRUNCATED] = "MS_TRUNCATED",
    [MMFF_LOOSE] = "MS_LOOSE",
    [MMFF_OUTSIDE] = "MS_OUTSIDE",
};

const char *
mmff_oddity_name(enum mmff_oddity oddity)
{
	return oddity_names[oddity];
}

static void
token_clear(void *p)
{
	struct mmff_token *token = p;

	g_free(token->name);
	g_free(token->value);
}

static void
attachment_clear(void *p)
{
	g_free(((struct mmff_attachment *)p)->name);
}

Mmff *
mmff_new(const struct blob *data, mmff_sink sink, void *ctx)
{
	Mmff *m = g_new0(Mmff, 1);

	m->data = *data;
	m->window = window_new(data);
	m->sink = sink;
	m->ctx = ctx;
	m->message.tokens = g_array_new(FALSE, TRUE, sizeof(struct mmff_token));
	g_array_set_clear_func(m->message.tokens, token_clear);
	m->message.attachments =
	    g_array_new(FALSE, TRUE, sizeof(struct mmff_attachment));
	g_array_set_clear_func(m->message.attachments, attachment_clear);
	return m;
}

void
mmff_free(Mmff *m)
{
	if (m == NULL)
		return;
	window_free(m->window);
	g_array_free(m->message.tokens, TRUE);
	g_array_free(m->message.attachments, TRUE);
	g_free(m);
}

static void
say(Mmff *m, enum mmff_oddity oddity, gint64 at, const char *text)
{
	if (m->sink)
		m->sink(m->ctx, oddity, at, text);
}

/* "NAME:value"; the length of the name, or 0. */
static gsize
token_name(const struct window_line *line)
{
	gsize n = 0;

	while (n < line->len && n < NAME_MAX_LEN &&
	       (g_ascii_isalpha(line->text[n]) || line->text[n] == '-'))
		n++;
	return n > 0 && n < line->len && line->text[n] == ':' ? n : 0;
}

static bool
is_named(const struct window_line *line, const char *name)
{
	gsize n = strlen(name);

	return token_name(line) == n &&
	       g_ascii_strncasecmp(line->text, name, n) == 0;
}

/* "VERSION:3.00", or another number. */
static bool
is_version(const struct window_line *line)
{
	gsize at = 8;

	if (!is_named(line, "VERSION"))
		return false;
	while (at < line->len && line->text[at] == ' ')
		at++;
	return at < line->len && line->len - at <= 10 &&
	       g_ascii_isdigit(line->text[at]);
}

/* Is there nothing but white space and the end, or a VERSION line? */
static enum status
is_boundary(Mmff *m, gint64 at, bool *yes, GError **error)
{
	struct window_line line;
	const guint8 *data;
	gsize len, n = 0;
	enum status st;

	*yes = false;
	if (at > m->data.len)
		return ST_OK;
	st = window_bytes(m->window, at, SPACE_MAX, &data, &len, error);
	if (st < 0)
		return st;
	while (n < len && data[n] && strchr(" \t\r\n\x1a", data[n]))
		n++;
	if (at + (gint64)n >= m->data.len) {
		*yes = true;
		return ST_OK;
	}
	st = window_line(m->window, at + (gint64)n, &line, error);
	*yes = st == ST_OK && is_version(&line);
	return st < 0 ? st : ST_OK;
}

static bool
number(const char *p, gsize len, gint64 *out)
{
	gsize n = 0;

	*out = 0;
	while (len > 0 && *p == ' ') {
		p++;
		len--;
	}
	for (; n < len && g_ascii_isdigit(p[n]); n++)
		if (n < DIGITS_MAX)
			*out = *out * 10 + (p[n] - '0');
	if (n == 0 || n > DIGITS_MAX)
		return false;
	for (; n < len; n++)
		if (p[n] != ' ' && p[n] != '\t')
			return false;
	return true;
}

/* "name, space, size": the size is behind the last space. */
static void
add_attachment(Mmff *m, const char *p, gsize len)
{
	struct mmff_attachment a = {.size = -1, .data = {.fd = -1}};
	gsize at;

	while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'))
		len--;
	for (at = len; at > 0 && p[at - 1] != ' '; at--)
		continue;
	if (at > 0 && number(p + at, len - at, &a.size))
		len = at;
	else
		a.size = 0;
	while (len > 0 && p[len - 1] == ' ')
		len--;
	while (len > 0 && *p == ' ') {
		p++;
		len--;
	}
	a.name = g_malloc(len + 1);
	memcpy(a.name, p, len);
	a.name[len] = '\0';
	a.name_len = len;
	g_array_append_val(m->message.attachments, a);
}

static void
add_token(Mmff *m, const struct window_line *line, gsize name)
{
	struct mmff_token token = {
	    .name = g_ascii_strup(line->text, (gssize)name)};

	token.len = line->len - name - 1;
	token.value = g_malloc(token.len + 1);
	memcpy(token.value, line->text + name + 1, token.len);
	token.value[token.len] = '\0';
	g_array_append_val(m->message.tokens, token);
}

/* The token lines; *text is how long the body is (-1: no TEXT), *at behind the
 * last line. */
static enum status
read_tokens(Mmff *m, gint64 *at, gint64 *text, GError **error)
{
	struct window_line line;
	enum status st;

	*text = -1;
	while ((st = window_line(m->window, *at, &line, error)) == ST_OK) {
		gsize name = token_name(&line);
		bool outside =
		    is_named(&line, "XTEXT") || is_named(&line, "XATTACH");

		if (m->message.tokens->len > 0 && is_version(&line))
			break;
		if (name == 0) {
			/* EXT has its value on the next line (Q147034). */
			if (line.len == 0 || m->message.tokens->len == 0 ||
			    strcmp(g_array_index(m->message.tokens,
				       struct mmff_token,
				       m->message.tokens->len - 1)
				       .name,
				"EXT") != 0)
				break;
		} else if (is_named(&line, "ATTACHMENT") ||
			   is_named(&line, "ATTACHMENTS"))
			add_attachment(
			    m, line.text + name + 1, line.len - name - 1);
		else if (m->message.tokens->len < MMFF_TOKENS_MAX)
			add_token(m, &line, name);
		*at = line.next;
		if (is_named(&line, "TEXT")) {
			if (!number(line.text + name + 1, line.len - name - 1,
				text))
				*text = 0;
			m->message.has_text = true;
			break;
		}
		if (outside)
			say(m, MMFF_OUTSIDE, line.at,
			    "a part is in a file of its own, which is not "
			    "read");
	}
	return st < 0 ? st : ST_OK;
}

static gint64
sum_of(const Mmff *m)
{
	gint64 sum = 0;

	for (guint i = 0; i < m->message.attachments->len; i++) {
		gint64 size = g_array_index(
		    m->message.attachments, struct mmff_attachment, i)
				  .size;

		if (size > m->data.len - sum)
			return -1;
		sum += size;
	}
	return sum;
}

/* Where the next VERSION line is, or the end. */
static enum status
find_next(Mmff *m, gint64 at, gint64 *end, GError **error)
{
	struct window_line line;
	enum status st;

	while ((st = window_line(m->window, at, &line, error)) == ST_OK) {
		if (is_version(&line)) {
			*end = line.at;
			return ST_OK;
		}
		at = line.next;
	}
	*end = m->data.len;
	return st < 0 ? st : ST_OK;
}

/* Deal the octets from start to end: text, then attachments. */
static void
deal(Mmff *m, gint64 start, gint64 text, gint64 end)
{
	gint64 at = start;

	if (m->message.attachments->len == 0)
		text = end - start;
	text = CLAMP(text, 0, end - at);
	m->message.text = blob_range(&m->data, at, text);
	at += text;
	for (guint i = 0; i < m->message.attachments->len; i++) {
		struct mmff_attachment *a = &g_array_index(
		    m->message.attachments, struct mmff_attachment, i);
		gint64 size = MIN(a->size, end - at);

		/* What is left over is the last one's: nothing is lost. */
		if (i + 1 == m->message.attachments->len)
			size = end - at;
		a->data = blob_range(&m->data, at, size);
		at += size;
	}
}

static enum status
read_body(Mmff *m, gint64 at, gint64 text, gint64 *next, GError **error)
{
	gint64 files = sum_of(m), end = 0;
	struct window_line line;
	bool yes = false;
	enum status st = ST_OK;

	if (text >= 0 && files >= 0 && text <= m->data.len - at - files)
		st = is_boundary(m, at + text + files, &yes, error);
	if (st >= 0 && !yes && text >= 0 && files >= 0) {
		/* A blank line before the body that TEXT does not count? */
		st = window_line(m->window, at, &line, error);
		if (st == ST_OK && line.len == 0 &&
		    text <= m->data.len - line.next - files) {
			st = is_boundary(
			    m, line.next + text + files, &yes, error);
			if (yes)
				at = line.next;
		}
	}
	if (st < 0)
		return st;
	if (yes)
		end = at + text + files;
	else {
		st = find_next(m, at, &end, error);
		if (st < 0)
			return st;
		say(m, end == m->data.len ? MMFF_TRUNCATED : MMFF_BAD_COUNT,
		    m->message.at,
		    "the counts do not lead to the end of the message; it "
		    "ends at the next VERSION line");
		/* Sizes of files are counted by a program, that of the text
		 * changes with every line end on the way (Q103801). */
		if (files >= 0 && files <= end - at)
			text = end - at - files;
	}
	deal(m, at, text, end);
	*next = end;
	return ST_OK;
}

static enum status
find_message(Mmff *m, struct window_line *line, GError **error)
{
	bool said = false;
	enum status st;

	while ((st = window_line(m->window, m->at, line, error)) == ST_OK) {
		if (is_version(line))
			return ST_OK;
		if (!said && line->len > 0 && line->text[0] != 0x1a)
			say(m, MMFF_LOOSE, line->at,
			    "octets before a VERSION line belong to no "
			    "message; they are skipped");
		said = said || line->len > 0;
		m->at = line->next;
	}
	return st;
}

enum status
mmff_next(Mmff *m, const struct mmff_message **out, GError **error)
{
	struct window_line line;
	gint64 text;
	enum status st;

	*out = NULL;
	g_array_set_size(m->message.tokens, 0);
	g_array_set_size(m->message.attachments, 0);
	m->message.has_text = false;
	st = find_message(m, &line, error);
	if (st != ST_OK)
		return st;
	m->message.at = m->at = line.at;
	st = read_tokens(m, &m->at, &text, error);
	if (st == ST_OK)
		st = read_body(m, m->at, text, &m->at, error);
	if (st < 0)
		return st;
	*out = &m->message;
	return ST_OK;
}

bool
mmff_probe(const struct blob *data)
{
	g_autoptr(Window) window = window_new(data);
	struct window_line line;
	gint64 at = 0;

	for (guint i = 0; i < PROBE_LINES; i++) {
		if (window_line(window, at, &line, NULL) != ST_OK)
			return false;
		if (is_version(&line))
			return true;
		if (line.len > 0)
			return false;
		at = line.next;
	}
	return false;
}

const struct mmff_token *
mmff_token(const struct mmff_message *message, const char *name)
{
	for (guint i = 0; i < message->tokens->len; i++) {
		const struct mmff_token *token =
		    &g_array_index(message->tokens, struct mmff_token, i);

		if (strcmp(token->name, name) == 0)
			return token;
	}
	return NULL;
}
