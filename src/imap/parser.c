#include "imap/parser.h"

#include <string.h>

#define SHOWN_MAX 80 /* octets of a bad line in an error message */

/* A literal of the response: where its octets begin in the text, or, when they
 * were spooled (then they take no room in the text), in the spool. */
struct literal {
	gsize at;
	gint64 len;
	gint64 spooled_at; /* -1: in the text */
};

struct ImapParser {
	char *spool_dir;
	Spool *spool;	  /* made when first needed */
	GByteArray *held; /* the response so far, when data was used early */
	GArray *literals; /* of struct literal */
	GArray *tokens;	  /* of struct imap_token */
	GByteArray *unescaped; /* quoted strings with backslashes */
	GString *text, *code, *name;

	/* Framing of the response that is arriving; offsets count from its
	 * beginning, or from behind what is held. */
	gsize line;		/* where the current line begins */
	gsize seen;		/* no line feed before this */
	gsize lines;		/* octets of lines, held ones too */
	gsize literals_in_text; /* octets */
	gint64 spooled;		/* octets */
	gint64 left; /* octets of a literal on their way to the spool */
	bool first;  /* the line is the response's first */
};

ImapParser *
imap_parser_new(const char *spool_dir)
{
	ImapParser *p = g_new0(ImapParser, 1);

	p->spool_dir = g_strdup(spool_dir ? spool_dir : g_get_tmp_dir());
	p->held = g_byte_array_new();
	p->literals = g_array_new(FALSE, FALSE, sizeof(struct literal));
	p->tokens = g_array_new(FALSE, FALSE, sizeof(struct imap_token));
	p->unescaped = g_byte_array_new();
	p->text = g_string_new(NULL);
	p->code = g_string_new(NULL);
	p->name = g_string_new(NULL);
	p->first = true;
	return p;
}

void
imap_parser_spool_dir(ImapParser *p, const char *spool_dir)
{
	if (g_strcmp0(p->spool_dir, spool_dir) == 0 || p->left)
		return;
	g_free(p->spool_dir);
	p->spool_dir = g_strdup(spool_dir);
	g_clear_pointer(&p->spool, spool_free);
	p->spooled = 0;
}

void
imap_parser_free(ImapParser *p)
{
	if (p == NULL)
		return;
	g_free(p->spool_dir);
	spool_free(p->spool);
	g_byte_array_unref(p->held);
	g_array_unref(p->literals);
	g_array_unref(p->tokens);
	g_byte_array_unref(p->unescaped);
	g_string_free(p->text, TRUE);
	g_string_free(p->code, TRUE);
	g_string_free(p->name, TRUE);
	g_free(p);
}

/* A response has been given, or an empty line left out: forget it. */
static void
start_over(ImapParser *p)
{
	g_byte_array_set_size(p->held, 0);
	g_array_set_size(p->literals, 0);
	if (p->spooled)
		spool_reset(p->spool);
	p->line = p->seen = p->lines = p->literals_in_text = 0;
	p->spooled = p->left = 0;
	p->first = true;
}

static enum status
bad(const guint8 *at, gsize len, const char *what, GError **error)
{
	g_autofree char *shown = NULL;
	g_autofree char *valid = NULL;
	const guint8 *nl = memchr(at, '\n', len);

	if (nl)
		len = (gsize)(nl - at);
	valid =
	    g_utf8_make_valid((const char *)at, (gssize)MIN(len, SHOWN_MAX));
	shown = g_strescape(valid, NULL);
	return fail(ST_LINK, error, ERR_PROTOCOL, RETRY_NOW,
	    "the server's answer cannot be understood: %s: \"%s\"", what,
	    shown);
}

static bool
word_is(const guint8 *at, gsize len, const char *word)
{
	gsize n = strlen(word);

	return len == n && g_ascii_strncasecmp((const char *)at, word, n) == 0;
}

static gsize
skip_blanks(const guint8 *s, gsize at, gsize len)
{
	while (at < len && (s[at] == ' ' || s[at] == '\t'))
		at++;
	return at;
}

static gsize
skip_word(const guint8 *s, gsize at, gsize len)
{
	while (at < len && s[at] != ' ' && s[at] != '\r' && s[at] != '\n')
		at++;
	return at;
}

static bool
result_from_word(const guint8 *at, gsize len, enum imap_result *out)
{
	static const char *const words[] = {
	    "OK", "NO", "BAD", "BYE", "PREAUTH"};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (word_is(at, len, words[i])) {
			*out = (enum imap_result)i;
			return true;
		}
	return false;
}

/* Status responses and "+" end in human text: "{5}" there is no literal. */
static bool
line_is_text(const guint8 *s, gsize len)
{
	enum imap_result result;
	gsize at, end;

	if (s[0] != '*')
		return true;
	at = skip_blanks(s, 1, len);
	end = skip_word(s, at, len);
	return result_from_word(s + at, end - at, &result);
}

/*
 * Does the line (without its line end) end in {n}? RFC 9051 4.3: also {n+}
 * (never from servers, but harmless) and literal8 ~{n}.
 */
static enum status
literal_at_end(const guint8 *s, gsize len, gint64 *out, GError **error)
{
	gsize at = len;
	gint64 n = 0;
	bool digits = false;

	*out = -1;
	if (len < 3 || s[len - 1] != '}')
		return ST_OK;
	at--;
	if (s[at - 1] == '+')
		at--;
	while (at > 0 && g_ascii_isdigit(s[at - 1])) {
		at--;
		digits = true;
	}
	if (!digits || at == 0 || s[at - 1] != '{')
		return ST_OK;
	for (; g_ascii_isdigit(s[at]); at++) {
		n = n * 10 + (s[at] - '0');
		if (n > IMAP_LITERAL_MAX)
			return fail(ST_LINK, error, ERR_LIMIT, RETRY_NEVER,
			    "the server announces a literal beyond %d GiB",
			    (int)(IMAP_LITERAL_MAX >> 30));
	}
	*out = n;
	return ST_OK;
}

/* Text of the server as valid UTF-8 on one line. */
static void
set_text(GString *out, const guint8 *at, gsize len)
{
	g_string_truncate(out, 0);
	if (g_utf8_validate((const char *)at, (gssize)len, NULL)) {
		g_string_append_len(out, (const char *)at, (gssize)len);
	} else {
		g_autofree char *valid =
		    g_utf8_make_valid((const char *)at, (gssize)len);

		g_string_append(out, valid);
	}
}

/* "[CODE args] text", both parts may be missing (RFC 9051 7.1). */
static void
parse_status(ImapParser *p, const guint8 *s, gsize len, struct imap_reply *r)
{
	gsize at = skip_blanks(s, 0, len);

	if (at < len && s[at] == '[') {
		gsize end = at + 1;
		int depth = 0;
		bool quoted = false;

		/* PERMANENTFLAGS and BADCHARSET hold lists, and the first may
		 * name flags with "]" in them. */
		for (; end < len; end++) {
			if (quoted && s[end] == '\\' && end + 1 < len)
				end++;
			else if (s[end] == '"')
				quoted = !quoted;
			else if (!quoted && s[end] == '(')
				depth++;
			else if (!quoted && s[end] == ')')
				depth--;
			else if (!quoted && depth <= 0 && s[end] == ']')
				break;
		}
		if (end == len) { /* unbalanced: the first "]" it is */
			const guint8 *b = memchr(s + at, ']', len - at);

			end = b ? (gsize)(b - s) : len;
		}
		if (end < len) {
			set_text(p->code, s + at + 1, end - at - 1);
			r->code = p->code->str;
			at = skip_blanks(s, end + 1, len);
		}
	}
	set_text(p->text, s + at, len - at);
	r->text = p->text->str;
}

static enum status
parse_quoted(ImapParser *p, const guint8 *s, gsize len, gsize *at,
    struct imap_token *token, GError **error)
{
	gsize from = *at + 1, i = from;
	bool escapes = false;

	for (; i < len && s[i] != '"'; i++) {
		if (s[i] == '\n')
			break;
		if (s[i] == '\\' && i + 1 < len) {
			escapes = true;
			i++;
		}
	}
	if (i >= len || s[i] != '"')
		return bad(
		    s + *at, len - *at, "a quoted string has no end", error);
	*at = i + 1;
	token->kind = IMAP_STRING;
	if (!escapes) {
		token->blob = blob_from_mem(s + from, i - from);
		return ST_OK;
	}
	/* Room for the whole text was made: the array does not move. */
	gsize start = p->unescaped->len, end = start;
	guint8 *out = p->unescaped->data;

	for (gsize j = from; j < i; j++) {
		if (s[j] == '\\')
			j++;
		out[end++] = s[j];
	}
	p->unescaped->len = (guint)end;
	token->blob = blob_from_mem(out + start, end - start);
	return ST_OK;
}

static bool
has_section(const guint8 *s, gsize len)
{
	return word_is(s, len, "BODY") || word_is(s, len, "BINARY") ||
	       word_is(s, len, "BINARY.SIZE") || word_is(s, len, "BODY.PEEK") ||
	       word_is(s, len, "BINARY.PEEK");
}

static bool
ends_atom(guint8 c)
{
	return c == ' ' || c == '\t' || c == '(' || c == ')' || c == '\r' ||
	       c == '\n';
}

static gsize
atom_end(const guint8 *s, gsize at, gsize len)
{
	gsize from = at;

	while (at < len && !ends_atom(s[at])) {
		/* BODY[HEADER.FIELDS (DATE)]<0> is one word. */
		if (s[at] == '[' && has_section(s + from, at - from)) {
			const guint8 *b = memchr(s + at, ']', len - at);

			if (b)
				at = (gsize)(b - s);
		}
		at++;
	}
	return at;
}

/* From at on: what stands behind the response's name. */
static enum status
parse_tokens(ImapParser *p, const guint8 *s, gsize at, gsize len,
    struct imap_reply *r, GError **error)
{
	guint literal = 0, depth = 0;
	enum status st;

	g_array_set_size(p->tokens, 0);
	g_byte_array_set_size(p->unescaped, (guint)p->lines);
	p->unescaped->len = 0;
	for (;;) {
		struct imap_token token = {0};
		gsize from;

		at = skip_blanks(s, at, len);
		if (at >= len || s[at] == '\r' || s[at] == '\n')
			break;
		if (p->tokens->len >= IMAP_TOKENS_MAX)
			return fail(ST_LINK, error, ERR_LIMIT, RETRY_NEVER,
			    "the server's answer has more than %d words",
			    IMAP_TOKENS_MAX);
		from = at;
		switch (s[at]) {
		case '(':
			token.kind = IMAP_OPEN;
			token.blob = blob_from_mem(s + at++, 1);
			depth++;
			break;
		case ')':
			if (depth == 0)
				return bad(s + at, len - at,
				    "a list ends that did not begin", error);
			token.kind = IMAP_CLOSE;
			token.blob = blob_from_mem(s + at++, 1);
			depth--;
			break;
		case '"':
			st = parse_quoted(p, s, len, &at, &token, error);
			if (st < 0)
				return st;
			break;
		default:
			at = atom_end(s, at, len);
			token.kind = word_is(s + from, at - from, "NIL")
					 ? IMAP_NIL
					 : IMAP_ATOM;
			token.blob = blob_from_mem(s + from, at - from);
			if (at < len && s[at] == '\r')
				at++;
			if (at < len && s[at] == '\n' &&
			    literal < p->literals->len &&
			    g_array_index(p->literals, struct literal, literal)
				    .at == at + 1) {
				const struct literal *l = &g_array_index(
				    p->literals, struct literal, literal++);

				at++;
				token.kind = IMAP_LITERAL;
				if (l->spooled_at < 0) {
					token.blob = blob_from_mem(
					    s + at, (gsize)l->len);
					at += (gsize)l->len;
				} else {
					struct blob all = spool_blob(p->spool);

					token.blob = blob_range(
					    &all, l->spooled_at, l->len);
				}
				/* What follows shows whether the length was
				 * true: a lie must not cut a message short. */
				if (at < len &&
				    (s[at] == '(' || !ends_atom(s[at])))
					return bad(s + at, len - at,
					    "it announced a literal of "
					    "another length",
					    error);
			}
		}
		g_array_append_val(p->tokens, token);
	}
	if (depth)
		return bad(s, len, "a list has no end", error);
	if (literal != p->literals->len)
		return bad(s, len, "a literal stands where none can be", error);
	r->tokens = (const struct imap_token *)(void *)p->tokens->data;
	r->n_tokens = p->tokens->len;
	return ST_OK;
}

static bool
number_from_word(const guint8 *s, gsize len, guint64 *out)
{
	guint64 n = 0;

	if (len == 0)
		return false;
	for (gsize i = 0; i < len; i++) {
		if (!g_ascii_isdigit(s[i]) || n > (G_MAXUINT64 - 9) / 10)
			return false;
		n = n * 10 + (guint64)(s[i] - '0');
	}
	*out = n;
	return true;
}

/* s, len: the whole response with its last line end. */
static enum status
parse_response(ImapParser *p, const guint8 *s, gsize len, struct imap_reply *r,
    GError **error)
{
	gsize at, end, text_end = len;
	guint64 tag;

	memset(r, 0, sizeof(*r));
	r->result = IMAP_NONE;
	while (text_end > 0 &&
	       (s[text_end - 1] == '\n' || s[text_end - 1] == '\r'))
		text_end--;
	if (s[0] == '+') {
		r->response = IMAP_CONTINUE;
		at = skip_blanks(s, 1, text_end);
		set_text(p->text, s + at, text_end - at);
		r->text = p->text->str;
		return ST_OK;
	}
	end = skip_word(s, 0, text_end);
	at = skip_blanks(s, end, text_end);
	if (s[0] != '*') {
		if (s[0] != IMAP_TAG_LETTER ||
		    !number_from_word(s + 1, end - 1, &tag) || tag == 0 ||
		    tag > G_MAXUINT)
			return bad(s, len, "it belongs to no command", error);
		r->response = IMAP_TAGGED;
		r->tag = (guint)tag;
		end = skip_word(s, at, text_end);
		if (!result_from_word(s + at, end - at, &r->result) ||
		    r->result > IMAP_BAD)
			return bad(s, len,
			    "a command ended neither OK, NO "
			    "nor BAD",
			    error);
		parse_status(p, s + end, text_end - end, r);
		return ST_OK;
	}
	if (end != 1)
		return bad(s, len, "no blank behind \"*\"", error);
	end = skip_word(s, at, text_end);
	if (number_from_word(s + at, end - at, &r->number)) {
		at = skip_blanks(s, end, text_end);
		end = skip_word(s, at, text_end);
	}
	if (end == at)
		return bad(s, len, "a response without a name", error);
	if (result_from_word(s + at, end - at, &r->result)) {
		parse_status(p, s + end, text_end - end, r);
		return ST_OK;
	}
	/* "* LIST(\HasNoChildren) ..." has been seen. */
	for (gsize i = at; i < end; i++)
		if (s[i] == '(')
			end = i;
	set_text(p->name, s + at, end - at);
	g_string_ascii_up(p->name);
	r->name = p->name->str;
	return parse_tokens(p, s, end, len, r, error);
}

static enum status
begin_literal(ImapParser *p, gint64 n, gsize at, GError **error)
{
	struct literal l = {at, n, -1};

	if (n > SPOOL_MEMORY_MAX - (gint64)p->literals_in_text) {
		if (p->spool == NULL)
			p->spool = spool_new(p->spool_dir);
		if (n > IMAP_LITERAL_MAX - p->spooled)
			return fail(ST_LINK, error, ERR_LIMIT, RETRY_NEVER,
			    "the server's answer is longer than %d GiB",
			    (int)(IMAP_LITERAL_MAX >> 30));
		l.spooled_at = p->spooled;
		p->spooled += n;
		p->left = n;
	} else {
		p->literals_in_text += (gsize)n;
	}
	g_array_append_val(p->literals, l);
	return ST_OK;
}

enum status
imap_parser_run(ImapParser *p, const guint8 *data, gsize len, gsize *used,
    struct imap_reply *reply, GError **error)
{
	gsize base = 0; /* the part of data that is held or spooled */
	enum status st;

	*used = 0;
	if (p->first && p->line == 0 && p->seen == 0)
		start_over(p);
	for (;;) {
		const guint8 *nl, *s;
		gint64 literal = -1;
		gsize line_len;

		if (p->left) {
			gsize n = (gsize)MIN(p->left, (gint64)(len - base));

			st = spool_write(p->spool, data + base, n, error);
			if (st < 0)
				return st;
			base += n;
			*used = base;
			p->left -= (gint64)n;
			if (p->left)
				return ST_END;
		}
		s = data + base;
		if (p->line > len - base) /* a literal has not all arrived */
			return ST_END;
		p->seen = MAX(p->seen, p->line);
		nl = p->seen < len - base
			 ? memchr(s + p->seen, '\n', len - base - p->seen)
			 : NULL;
		line_len = (nl ? (gsize)(nl - s) + 1 : len - base) - p->line;
		if (line_len > IMAP_LINE_MAX - p->lines)
			return fail(ST_LINK, error, ERR_LIMIT, RETRY_NEVER,
			    "a line of the server's answer is longer than %d "
			    "KiB",
			    IMAP_LINE_MAX >> 10);
		if (nl == NULL) {
			p->seen = len - base;
			return ST_END;
		}
		p->lines += line_len;
		while (line_len && (s[p->line + line_len - 1] == '\n' ||
				       s[p->line + line_len - 1] == '\r'))
			line_len--;
		if (p->first && line_len == 0) {
			base += (gsize)(nl - s) + 1;
			*used = base;
			start_over(p);
			continue;
		}
		if (!p->first || !line_is_text(s, line_len)) {
			st = literal_at_end(
			    s + p->line, line_len, &literal, error);
			if (st < 0)
				return st;
		}
		p->first = false;
		p->line = p->seen = (gsize)(nl - s) + 1;
		if (literal < 0)
			break;
		st = begin_literal(p, literal, p->held->len + p->line, error);
		if (st < 0)
			return st;
		if (p->left) {
			g_byte_array_append(p->held, s, (guint)p->line);
			base += p->line;
			*used = base;
			p->line = p->seen = 0;
		} else {
			p->line += (gsize)literal;
		}
	}
	*used = base + p->line;
	if (p->held->len) {
		g_byte_array_append(p->held, data + base, (guint)p->line);
		st = parse_response(
		    p, p->held->data, p->held->len, reply, error);
	} else {
		st = parse_response(p, data + base, p->line, reply, error);
	}
	/* The next call forgets this response. */
	p->line = p->seen = 0;
	p->first = true;
	return st;
}
