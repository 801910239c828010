#include "pst/rtf-text.h"

#include "base/codepage.h"

#include <stdbool.h>
#include <string.h>

#define WORD_MAX 32 /* letters of a control word; [RTF 1.9.1] "Control Word"   \
		     */
#define PAGES_MAX 8 /* code pages kept open */

/* What a group inherits and its end restores. */
struct state {
	bool skip;     /* a destination that is no text */
	bool tag;      /* \*\htmltag */
	bool suppress; /* \htmlrtf: rich text that the HTML says otherwise */
	bool fonts;    /* \fonttbl */
	guint uc;      /* characters that stand in for a \u */
	guint page;    /* code page; 0: the document's */
};

struct font {
	gint number;
	guint page;
};

struct reader {
	const guint8 *p, *end;
	enum pst_rtf_kind kind;
	struct state now, stack[PST_RTF_DEPTH_MAX];
	guint depth, beyond; /* groups deeper than the stack */
	guint document;	     /* code page of \ansicpg */
	bool star;	     /* \* was read */
	guint passed_over;   /* characters to leave out behind a \u */
	gunichar high;	     /* first half of a character from \u */
	GArray *fonts;	     /* of struct font */
	gint font;	     /* being described in the font table */
	Codepage *pages[PAGES_MAX];
	guint n_pages;
	GByteArray *bytes; /* text that is not decoded yet, in one page */
	guint bytes_page;
	GString *out;
};

/* \fcharset: [RTF 1.9.1] "Font Table" */
static guint
page_of_charset(gint charset)
{
	static const struct {
		guint8 charset;
		guint16 page;
	} pages[] = {{0, 1252}, {77, 10000}, {128, 932}, {129, 949},
	    {130, 1361}, {134, 936}, {136, 950}, {161, 1253}, {162, 1254},
	    {163, 1258}, {177, 1255}, {178, 1256}, {186, 1257}, {204, 1251},
	    {222, 874}, {238, 1250}, {254, 437}, {255, 850}};

	for (guint i = 0; i < G_N_ELEMENTS(pages); i++)
		if (pages[i].charset == charset)
			return pages[i].page;
	return 0;
}

static const Codepage *
open_page(struct reader *r, guint number)
{
	Codepage *page;

	for (guint i = 0; i < r->n_pages; i++)
		if (codepage_number(r->pages[i]) == number)
			return r->pages[i];
	if (codepage_open(&page, number, NULL) < 0)
		return number == 1252 ? NULL : open_page(r, 1252);
	if (r->n_pages == PAGES_MAX)
		codepage_close(r->pages[--r->n_pages]);
	r->pages[r->n_pages++] = page;
	return page;
}

static void
flush(struct reader *r)
{
	const Codepage *page;

	if (r->bytes->len == 0)
		return;
	page = open_page(r, r->bytes_page);
	if (page)
		codepage_decode(page, r->bytes->data, r->bytes->len, true,
		    false, NULL, r->out);
	g_byte_array_set_size(r->bytes, 0);
}

static bool
is_shown(const struct reader *r)
{
	if (r->now.skip || r->beyond > 0)
		return false;
	return r->now.tag || !r->now.suppress;
}

/* One character of text, as a byte of the code page that holds here. */
static void
put_byte(struct reader *r, guint8 byte)
{
	guint page = r->document;

	if (r->passed_over > 0) {
		r->passed_over--;
		return;
	}
	if (!is_shown(r))
		return;
	/* Within a tag the document's page holds: [MS-OXRTFEX] 2.1.3.1 */
	if (!r->now.tag && r->now.page != 0)
		page = r->now.page;
	if (r->bytes->len > 0 && r->bytes_page != page)
		flush(r);
	r->bytes_page = page;
	g_byte_array_append(r->bytes, &byte, 1);
}

static void
put_char(struct reader *r, gunichar c)
{
	if (r->passed_over > 0) {
		r->passed_over--;
		return;
	}
	if (!is_shown(r))
		return;
	flush(r);
	g_string_append_unichar(r->out, c);
}

static void
put_line_end(struct reader *r)
{
	if (!is_shown(r))
		return;
	flush(r);
	g_string_append(r->out, "\r\n");
}

/* \uN: UTF-16, negative numbers for those above 7FFF. */
static void
put_unicode(struct reader *r, gint n)
{
	gunichar c = (gunichar)(n & 0xffff);

	r->passed_over = 0;
	if ((c & 0xfc00) == 0xd800) {
		r->high = c;
	} else {
		if ((c & 0xfc00) == 0xdc00)
			c = r->high ? 0x10000 + ((r->high - 0xd800) << 10) +
					  (c - 0xdc00)
				    : 0xfffd;
		r->high = 0;
		if (c != 0)
			put_char(r, c);
	}
	r->passed_over = r->now.uc;
}

static void
choose_font(struct reader *r, gint number)
{
	if (r->now.fonts) {
		r->font = number;
		return;
	}
	r->now.page = 0;
	for (guint i = 0; i < r->fonts->len; i++) {
		const struct font *f = &g_array_index(r->fonts, struct font, i);

		if (f->number == number)
			r->now.page = f->page;
	}
}

static void
describe_font(struct reader *r, guint page)
{
	struct font f = {r->font, page};

	if (r->now.fonts && page != 0 && r->fonts->len < PST_RTF_FONTS_MAX)
		g_array_append_val(r->fonts, f);
}

/* Words that are a character. */
static gunichar
char_of_word(const char *word)
{
	static const struct {
		const char *word;
		gunichar c;
	} chars[] = {{"bullet", 0x2022}, {"cell", '\t'}, {"emdash", 0x2014},
	    {"emspace", 0x2003}, {"endash", 0x2013}, {"enspace", 0x2002},
	    {"ldblquote", 0x201c}, {"lquote", 0x2018}, {"nestcell", '\t'},
	    {"rdblquote", 0x201d}, {"rquote", 0x2019}, {"tab", '\t'}};

	for (guint i = 0; i < G_N_ELEMENTS(chars); i++)
		if (strcmp(chars[i].word, word) == 0)
			return chars[i].c;
	return 0;
}

/* Destinations without a star that hold no text. */
static bool
is_no_text(const struct reader *r, const char *word)
{
	static const char *const words[] = {"annotation", "author", "colortbl",
	    "filetbl", "footer", "footerf", "footerl", "footerr", "header",
	    "headerf", "headerl", "headerr", "info", "listtable", "objdata",
	    "pict", "private", "revtbl", "stylesheet", "xe", NULL};

	return g_strv_contains(words, word) ||
	       /* The bullet of a list that the HTML has as a tag. */
	       (r->kind == PST_RTF_HTML && strcmp(word, "pntext") == 0);
}

static void
control_word(struct reader *r, const char *word, bool has_n, gint n)
{
	static const char *const breaks[] = {
	    "par", "line", "row", "nestrow", "sect", "page", NULL};
	gunichar c;
	bool star = r->star;

	r->star = false;
	if (strcmp(word, "bin") == 0) {
		r->p += MIN(MAX(n, 0), r->end - r->p);
	} else if (strcmp(word, "htmltag") == 0 && star) {
		r->now.tag = true;
		r->now.skip = r->kind != PST_RTF_HTML;
	} else if (star) {
		r->now.skip = true;
	} else if (strcmp(word, "u") == 0) {
		put_unicode(r, n);
	} else if (strcmp(word, "uc") == 0) {
		r->now.uc = has_n ? (guint)CLAMP(n, 0, 16) : 1;
	} else if (strcmp(word, "f") == 0) {
		choose_font(r, n);
	} else if (strcmp(word, "plain") == 0) {
		r->now.page = 0;
	} else if (strcmp(word, "fcharset") == 0) {
		describe_font(r, page_of_charset(n));
	} else if (strcmp(word, "cpg") == 0) {
		describe_font(r, (guint)MAX(n, 0));
	} else if (strcmp(word, "ansicpg") == 0) {
		r->document = n > 0 ? (guint)n : 1252;
	} else if (strcmp(word, "mac") == 0) {
		r->document = 10000;
	} else if (strcmp(word, "pc") == 0) {
		r->document = 437;
	} else if (strcmp(word, "fromhtml") == 0) {
		r->kind = PST_RTF_HTML;
	} else if (strcmp(word, "fromtext") == 0) {
		r->kind = PST_RTF_TEXT;
	} else if (strcmp(word, "htmlrtf") == 0) {
		flush(r);
		r->now.suppress = r->kind == PST_RTF_HTML && (!has_n || n != 0);
	} else if (strcmp(word, "fonttbl") == 0) {
		r->now.fonts = r->now.skip = true;
	} else if (g_strv_contains(breaks, word)) {
		put_line_end(r);
	} else if ((c = char_of_word(word)) != 0) {
		put_char(r, c);
	} else if (is_no_text(r, word)) {
		r->now.skip = true;
	}
}

/* Behind a backslash. */
static void
control(struct reader *r)
{
	char word[WORD_MAX + 1];
	gsize len = 0;
	bool has_n = false, negative = false;
	gint64 n = 0;
	guint8 c;

	if (r->p >= r->end)
		return;
	c = *r->p;
	if (!g_ascii_isalpha(c)) {
		r->p++;
		switch (c) {
		case '\'':
			if (r->end - r->p >= 2 && g_ascii_isxdigit(r->p[0]) &&
			    g_ascii_isxdigit(r->p[1])) {
				put_byte(r,
				    (guint8)(g_ascii_xdigit_value((char)r->p[0])
						 << 4 |
					     g_ascii_xdigit_value(
						 (char)r->p[1])));
				r->p += 2;
			}
			break;
		case '*':
			r->star = true;
			break;
		case '~':
			put_char(r, 0xa0);
			break;
		case '_': /* [MS-OXRTFEX] 2.1.3.2: &shy; */
			put_char(r, r->kind == PST_RTF_HTML ? 0xad : 0x2011);
			break;
		case '-':
			put_char(r, 0xad);
			break;
		case '\r':
		case '\n':
			put_line_end(r);
			break;
		case '{':
		case '}':
		case '\\':
			put_byte(r, c);
			break;
		default:
			break;
		}
		return;
	}
	while (r->p < r->end && g_ascii_isalpha(*r->p)) {
		if (len < WORD_MAX)
			word[len++] = (char)*r->p;
		r->p++;
	}
	word[len] = '\0';
	if (r->p + 1 < r->end && *r->p == '-' && g_ascii_isdigit(r->p[1])) {
		negative = true;
		r->p++;
	}
	while (r->p < r->end && g_ascii_isdigit(*r->p)) {
		has_n = true;
		n = MIN(n * 10 + (*r->p - '0'), G_MAXINT32);
		r->p++;
	}
	if (r->p < r->end && *r->p == ' ')
		r->p++;
	control_word(r, word, has_n, (gint)(negative ? -n : n));
}

static void
group_begin(struct reader *r)
{
	r->passed_over = 0;
	if (r->depth >= PST_RTF_DEPTH_MAX) {
		r->beyond++;
		return;
	}
	flush(r);
	r->stack[r->depth++] = r->now;
	r->star = false;
}

/* False at the end of the document. */
static bool
group_end(struct reader *r)
{
	r->passed_over = 0;
	if (r->beyond > 0) {
		r->beyond--;
		return true;
	}
	if (r->depth == 0)
		return false;
	flush(r);
	r->now = r->stack[--r->depth];
	return r->depth > 0;
}

enum status
pst_rtf_text(const guint8 *p, gsize len, enum pst_rtf_kind *kind, GString *out,
    GError **error)
{
	struct reader r = {.p = p,
	    .end = p + len,
	    .document = 1252,
	    .now = {.uc = 1},
	    .out = out};
	bool more = true;

	*kind = PST_RTF_OWN;
	if (len < 5 || memcmp(p, "{\\rtf", 5) != 0)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "rich text is damaged: no header");
	r.fonts = g_array_new(FALSE, FALSE, sizeof(struct font));
	r.bytes = g_byte_array_new();
	while (more && r.p < r.end) {
		guint8 c = *r.p++;

		switch (c) {
		case '{':
			group_begin(&r);
			break;
		case '}':
			more = group_end(&r);
			break;
		case '\\':
			control(&r);
			break;
		case '\0':
		case '\r':
		case '\n': /* of the file, not of the text */
			break;
		case '\t':
			put_char(&r, '\t');
			break;
		default:
			put_byte(&r, c);
		}
	}
	flush(&r);
	*kind = r.kind;
	for (guint i = 0; i < r.n_pages; i++)
		codepage_close(r.pages[i]);
	g_array_unref(r.fonts);
	g_byte_array_unref(r.bytes);
	return ST_OK;
}
