#include "nsf/richtext.h"

#include "nsf/bytes.h"
#include "nsf/lmbcs.h"
#include "nsf/note.h"

#include <string.h>

/* Widths of a record's length (4.1). */
#define BYTE_WIDE  0x000
#define WORD_WIDE  0xf00
#define DWORD_WIDE 0x100

enum record {
	CD_PARAGRAPH = 0x81 | BYTE_WIDE,
	CD_PABDEFINITION = 0x82 | WORD_WIDE,
	CD_PABREFERENCE = 0x83 | BYTE_WIDE,
	CD_TEXT = 0x85 | WORD_WIDE,
	CD_BIDI_TEXT = 0xE4 | WORD_WIDE,
	CD_TABLEBEGIN = 0xA3 | BYTE_WIDE,
	CD_TABLECELL = 0xA4 | BYTE_WIDE,
	CD_TABLEEND = 0xA5 | BYTE_WIDE,
	CD_NESTEDBEGIN = 0xCF | BYTE_WIDE,
	CD_NESTEDCELL = 0xD0 | BYTE_WIDE,
	CD_NESTEDEND = 0xD1 | BYTE_WIDE,
	CD_IMAGEHEADER = 0x7D | DWORD_WIDE,
	CD_IMAGESEGMENT = 0x7C | DWORD_WIDE,
	CD_BITMAPHEADER = 0x95 | DWORD_WIDE,
	CD_HOTSPOTBEGIN = 0xA9 | WORD_WIDE,
	CD_HOTSPOTEND = 0xAA | BYTE_WIDE,
	CD_LINK2 = 0x91 | WORD_WIDE,
	CD_LINKEXPORT2 = 0x92 | WORD_WIDE,
	CD_HTMLBEGIN = 0xCC | WORD_WIDE,
	CD_HTMLEND = 0xCD | WORD_WIDE,
	CD_HTMLSEGMENT = 0xB3 | WORD_WIDE,
	CD_HORIZONTALRULE = 0xC9 | WORD_WIDE,
};

#define HOTSPOT_FILE	4
#define HOTSPOT_HOTLINK 11
#define HOTSPOT_URL	0x1000 /* HOTSPOTREC_RUNFLAG_INOTES: data is a URL */
#define LIST_BULLET	0x0400
#define LIST_NUMBER	0x1000
#define FONT_KNOWN	0x3f
#define LINK_LEN	40 /* bytes of a NOTELINK: replica, view, note */
#define STYLES_MAX	65536

struct style {
	guint8 align, list; /* 0 left 1 right 2 block 3 center; 'u' 'o' or 0 */
};

struct table {
	int row;
	bool in_cell;
};

struct reader {
	struct nsf_rich *rich;
	const struct nsf_note *note;
	GHashTable *styles;
	struct style style; /* of the paragraph that is open, or comes */
	bool open;	    /* paragraph */
	guint8 list;	    /* list that is open in HTML */
	guint number;	    /* of the last entry */
	guint8 font;	    /* tags that are open */
	GArray *tables;	    /* of struct table */
	char *href;	    /* link that is open, or NULL */
	guint raw;	    /* depth of passed-through HTML */
	struct nsf_picture *picture;
	gsize picture_size;
};

struct nsf_rich *
nsf_rich_new(void)
{
	struct nsf_rich *rich = g_new0(struct nsf_rich, 1);

	rich->text = g_string_new(NULL);
	rich->html = g_string_new(NULL);
	rich->files = g_ptr_array_new_with_free_func(g_free);
	rich->pictures = g_ptr_array_new();
	return rich;
}

void
nsf_rich_free(struct nsf_rich *rich)
{
	if (rich == NULL)
		return;
	for (guint i = 0; i < rich->pictures->len; i++) {
		struct nsf_picture *p = rich->pictures->pdata[i];

		g_byte_array_unref(p->data);
		g_free(p->content_id);
		g_free(p);
	}
	g_ptr_array_unref(rich->pictures);
	g_ptr_array_unref(rich->files);
	g_string_free(rich->text, TRUE);
	g_string_free(rich->html, TRUE);
	g_free(rich);
}

static void
set_font(struct reader *r, guint8 font)
{
	static const char *const tags[] = {"b", "i", "u", "s", "sup", "sub"};
	GString *html = r->rich->html;

	font &= FONT_KNOWN;
	if (font == r->font)
		return;
	for (int i = G_N_ELEMENTS(tags) - 1; i >= 0; i--)
		if (r->font & 1u << i)
			g_string_append_printf(html, "</%s>", tags[i]);
	for (guint i = 0; i < G_N_ELEMENTS(tags); i++)
		if (font & 1u << i)
			g_string_append_printf(html, "<%s>", tags[i]);
	r->font = font;
}

static void
end_list(struct reader *r)
{
	if (r->list)
		g_string_append(
		    r->rich->html, r->list == 'u' ? "</ul>\n" : "</ol>\n");
	r->list = 0;
}

static void
end_paragraph(struct reader *r)
{
	if (!r->open)
		return;
	set_font(r, 0);
	if (r->href)
		g_string_append(r->rich->html, "</a>");
	g_string_append(r->rich->html, r->list ? "</li>\n" : "</div>\n");
	g_string_append_c(r->rich->text, '\n');
	r->open = false;
}

static void
begin_paragraph(struct reader *r)
{
	static const char *const aligns[] = {
	    "", " align=\"right\"", " align=\"justify\"", " align=\"center\""};
	GString *html = r->rich->html;
	guint align = r->style.align;

	if (r->open)
		return;
	if (r->list != r->style.list) {
		end_list(r);
		r->list = r->style.list;
		r->number = 0;
		if (r->list)
			g_string_append(
			    html, r->list == 'u' ? "<ul>\n" : "<ol>\n");
	}
	g_string_append_printf(html, "<%s%s>", r->list ? "li" : "div",
	    align < G_N_ELEMENTS(aligns) ? aligns[align] : "");
	if (r->list == 'u')
		g_string_append(r->rich->text, "* ");
	else if (r->list == 'o')
		g_string_append_printf(r->rich->text, "%u. ", ++r->number);
	if (r->href)
		g_string_append_printf(html, "<a href=\"%s\">", r->href);
	r->open = true;
}

void
nsf_html_escape(GString *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			g_string_append(out, "&amp;");
			break;
		case '<':
			g_string_append(out, "&lt;");
			break;
		case '>':
			g_string_append(out, "&gt;");
			break;
		case '"':
			g_string_append(out, "&quot;");
			break;
		case '\n':
			g_string_append(out, "<br>\n");
			break;
		default:
			g_string_append_c(out, *text);
		}
}

void
nsf_html_strip(GString *out, const char *html)
{
	static const struct {
		const char *entity;
		char ch;
	} entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'},
	    {"&nbsp;", ' '}, {"&amp;", '&'}};

	while (*html) {
		const char *end;

		if (*html == '<' && (end = strchr(html, '>'))) {
			if (g_ascii_strncasecmp(html, "<br", 3) == 0 ||
			    g_ascii_strncasecmp(html, "<p", 2) == 0 ||
			    g_ascii_strncasecmp(html, "</tr", 4) == 0 ||
			    g_ascii_strncasecmp(html, "</div", 5) == 0)
				g_string_append_c(out, '\n');
			html = end + 1;
			continue;
		}
		end = NULL;
		for (guint i = 0;
		     *html == '&' && !end && i < G_N_ELEMENTS(entities); i++)
			if (g_str_has_prefix(html, entities[i].entity)) {
				g_string_append_c(out, entities[i].ch);
				end = html + strlen(entities[i].entity);
			}
		if (!end) {
			g_string_append_c(out, *html);
			end = html + 1;
		}
		html = end;
	}
}

static void
put_text(struct reader *r, const guint8 *p, gsize len)
{
	g_autofree char *text = NULL;

	if (len < 4)
		return;
	text = nsf_lmbcs_text(p + 4, len - 4);
	if (r->raw) {
		g_string_append(r->rich->html, text);
		nsf_html_strip(r->rich->text, text);
		return;
	}
	begin_paragraph(r);
	set_font(r, p[1]);
	nsf_html_escape(r->rich->html, text);
	g_string_append(r->rich->text, text);
}

static void
define_style(struct reader *r, const guint8 *p, gsize len)
{
	/* id, justification, spacing x 3, margins x 3, n tabs, 20 tabs, flags
	 * (CAPI CDPABDEFINITION) */
	struct style *style;
	guint flags;

	if (len < 60 || g_hash_table_size(r->styles) >= STYLES_MAX)
		return;
	flags = get_le16(p + 58);
	style = g_new0(struct style, 1);
	style->align = (guint8)(get_le16(p + 2) <= 3 ? get_le16(p + 2) : 0);
	style->list = flags & LIST_BULLET ? 'u' : flags & LIST_NUMBER ? 'o' : 0;
	g_hash_table_insert(
	    r->styles, GUINT_TO_POINTER(get_le16(p) + 1u), style);
}

static void
use_style(struct reader *r, const guint8 *p, gsize len)
{
	const struct style *style = NULL;

	if (len >= 2)
		style = g_hash_table_lookup(
		    r->styles, GUINT_TO_POINTER(get_le16(p) + 1u));
	r->style = style ? *style : (struct style){0};
}

static void
end_cell(struct reader *r, struct table *t)
{
	gsize text = r->rich->text->len;

	end_paragraph(r);
	end_list(r);
	if (!t->in_cell)
		return;
	g_string_append(r->rich->html, "</td>");
	/* Cells are kept apart by a tab, not by the line end of their last
	 * paragraph. */
	if (text > 0 && r->rich->text->len > 0 &&
	    r->rich->text->str[r->rich->text->len - 1] == '\n')
		g_string_truncate(r->rich->text, r->rich->text->len - 1);
	t->in_cell = false;
}

static void
table_begin(struct reader *r)
{
	struct table table = {.row = -1};

	end_paragraph(r);
	end_list(r);
	if (r->tables->len >= NSF_RICH_DEPTH_MAX)
		return;
	g_array_append_val(r->tables, table);
	g_string_append(r->rich->html, "<table border=\"1\">\n");
}

static void
table_cell(struct reader *r, const guint8 *p, gsize len)
{
	struct table *t;
	int row;

	if (r->tables->len == 0 || len < 2)
		return;
	t = &g_array_index(r->tables, struct table, r->tables->len - 1);
	row = p[0];
	if (t->in_cell) {
		end_cell(r, t);
		g_string_append_c(r->rich->text, row == t->row ? '\t' : '\n');
	}
	if (row != t->row) {
		if (t->row >= 0)
			g_string_append(r->rich->html, "</tr>\n");
		g_string_append(r->rich->html, "<tr>");
		t->row = row;
	}
	g_string_append(r->rich->html, "<td>");
	t->in_cell = true;
	r->style = (struct style){0};
}

static void
table_end(struct reader *r)
{
	struct table *t;

	if (r->tables->len == 0)
		return;
	t = &g_array_index(r->tables, struct table, r->tables->len - 1);
	end_cell(r, t);
	g_string_append(
	    r->rich->html, t->row >= 0 ? "</tr>\n</table>\n" : "</table>\n");
	g_string_append_c(r->rich->text, '\n');
	g_array_set_size(r->tables, r->tables->len - 1);
}

static void
image_begin(struct reader *r, const guint8 *p, gsize len)
{
	static const char *const types[] = {
	    NULL, "image/gif", "image/jpeg", "image/bmp", "image/png"};
	struct nsf_picture *picture;
	guint type = len >= 6 ? get_le16(p) : 0;

	r->picture = NULL;
	if (type == 0 || type >= G_N_ELEMENTS(types) || len < 10 ||
	    r->rich->pictures->len >= NSF_PICTURES_MAX) {
		r->rich->dropped++;
		return;
	}
	picture = g_new0(struct nsf_picture, 1);
	picture->data = g_byte_array_new();
	picture->type = types[type];
	picture->content_id = g_strdup_printf("picture%u.%s@notes.invalid",
	    r->rich->pictures->len + 1, r->note->unid);
	r->picture_size = get_le32(p + 6);
	r->picture = picture;
	g_ptr_array_add(r->rich->pictures, picture);
	begin_paragraph(r);
	g_string_append_printf(r->rich->html,
	    "<img src=\"cid:%s\" width=\"%u\" height=\"%u\" alt=\"\">",
	    picture->content_id, get_le16(p + 2), get_le16(p + 4));
	g_string_append(r->rich->text, "[picture]");
}

static void
image_segment(struct reader *r, const guint8 *p, gsize len)
{
	gsize n = len >= 4 ? get_le16(p) : 0;

	if (r->picture == NULL || n > len - 4)
		return;
	n = MIN(n, r->picture_size - r->picture->data->len);
	g_byte_array_append(r->picture->data, p + 4, (guint)n);
}

static void
put_mark(struct reader *r, const char *what, const char *name)
{
	g_autofree char *mark = g_strdup_printf(
	    "[%s%s%s]", what, name && *name ? ": " : "", name ? name : "");

	begin_paragraph(r);
	g_string_append(r->rich->text, mark);
	nsf_html_escape(r->rich->html, mark);
}

static void
end_href(struct reader *r)
{
	if (r->href == NULL)
		return;
	set_font(r, 0);
	if (r->open)
		g_string_append(r->rich->html, "</a>");
	g_clear_pointer(&r->href, g_free);
}

/* Two strings, each ended by a NUL: internal name, shown name. */
static void
hotspot_file(struct reader *r, const char *p, gsize len)
{
	gsize first = strnlen(p, len);
	gsize rest = first < len ? first + 1 : len;
	char *name = nsf_lmbcs_text(p, first);
	g_autofree char *shown =
	    nsf_lmbcs_text(p + rest, strnlen(p + rest, len - rest));

	put_mark(r, "attachment", *shown ? shown : name);
	g_ptr_array_add(r->rich->files, name);
}

static void
hotspot_begin(struct reader *r, const guint8 *p, gsize len)
{
	guint type, n;
	guint32 flags;

	if (len < 8)
		return;
	type = get_le16(p);
	flags = get_le32(p + 2);
	n = MIN(get_le16(p + 6), (guint)(len - 8));
	if (type == HOTSPOT_FILE) {
		hotspot_file(r, (const char *)p + 8, n);
	} else if (type == HOTSPOT_HOTLINK && flags & HOTSPOT_URL) {
		g_autofree char *url =
		    nsf_lmbcs_text(p + 8, strnlen((const char *)p + 8, n));
		g_autoptr(GString) escaped = g_string_new(NULL);

		end_href(r);
		begin_paragraph(r);
		set_font(r, 0);
		g_strdelimit(url, "\r\n", ' ');
		nsf_html_escape(escaped, url);
		r->href = g_string_free(g_steal_pointer(&escaped), FALSE);
		g_string_append_printf(
		    r->rich->html, "<a href=\"%s\">", r->href);
	}
}

/* notes:///REPLICA/VIEW/DOCUMENT (4.3); parts that are all zero are left out
 * from the end. */
static void
put_link(struct reader *r, const guint8 *link, const char *comment)
{
	static const guint8 nothing[16];
	char view[NSF_UNID_HEX] = "0", unid[NSF_UNID_HEX];
	g_autoptr(GString) url = g_string_new("notes:///");

	g_string_append_printf(
	    url, "%08X%08X", get_le32(link + 4), get_le32(link));
	if (memcmp(link + 8, nothing, 16) != 0)
		nsf_unid_print(link + 8, view);
	if (memcmp(link + 24, nothing, 16) != 0) {
		nsf_unid_print(link + 24, unid);
		g_string_append_printf(url, "/%s/%s", view, unid);
	} else if (view[1]) {
		g_string_append_printf(url, "/%s", view);
	}
	begin_paragraph(r);
	set_font(r, 0);
	g_string_append_printf(r->rich->html, "<a href=\"%s\">", url->str);
	nsf_html_escape(
	    r->rich->html, comment && *comment ? comment : url->str);
	g_string_append(r->rich->html, "</a>");
	if (comment && *comment)
		g_string_append_printf(r->rich->text, "%s ", comment);
	g_string_append_printf(r->rich->text, "<%s>", url->str);
}

static void
doclink(struct reader *r, guint which, const guint8 *rest, gsize len)
{
	struct nsf_item *item = nsf_note_item(r->note, "$Links");
	g_autofree char *comment =
	    nsf_lmbcs_text(rest, strnlen((const char *)rest, len));
	const guint8 *data;
	gsize n;

	g_strdelimit(comment, "\r\n", ' ');
	if (item == NULL || nsf_item_value(item, &data, &n, NULL) < 0 ||
	    n < 2 || which >= get_le16(data) ||
	    n < 2 + LINK_LEN * ((gsize)which + 1)) {
		put_mark(r, "link", comment);
		return;
	}
	put_link(r, data + 2 + LINK_LEN * (gsize)which, comment);
}

static void
one_record(struct reader *r, guint what, const guint8 *p, gsize len)
{
	switch (what) {
	case CD_PARAGRAPH:
		begin_paragraph(r); /* an empty one counts too */
		end_paragraph(r);
		break;
	case CD_PABDEFINITION:
		define_style(r, p, len);
		break;
	case CD_PABREFERENCE:
		if (r->open)
			end_paragraph(r);
		use_style(r, p, len);
		break;
	case CD_TEXT:
	case CD_BIDI_TEXT:
		put_text(r, p, len);
		break;
	case CD_TABLEBEGIN:
	case CD_NESTEDBEGIN:
		table_begin(r);
		break;
	case CD_TABLECELL:
	case CD_NESTEDCELL:
		table_cell(r, p, len);
		break;
	case CD_TABLEEND:
	case CD_NESTEDEND:
		table_end(r);
		break;
	case CD_IMAGEHEADER:
		image_begin(r, p, len);
		break;
	case CD_IMAGESEGMENT:
		image_segment(r, p, len);
		break;
	case CD_BITMAPHEADER:
		r->rich->dropped++;
		put_mark(r, "picture", NULL);
		break;
	case CD_HOTSPOTBEGIN:
		hotspot_begin(r, p, len);
		break;
	case CD_HOTSPOTEND:
		end_href(r);
		break;
	case CD_LINK2:
		if (len >= 2)
			doclink(r, get_le16(p), p + 2, len - 2);
		break;
	case CD_LINKEXPORT2:
		if (len >= LINK_LEN) {
			g_autofree char *comment = nsf_lmbcs_text(
			    p + LINK_LEN, strnlen((const char *)p + LINK_LEN,
					      len - LINK_LEN));

			g_strdelimit(comment, "\r\n", ' ');
			put_link(r, p, comment);
		}
		break;
	case CD_HTMLBEGIN:
		end_paragraph(r);
		end_list(r);
		r->raw++;
		break;
	case CD_HTMLEND:
		r->raw -= r->raw > 0;
		break;
	case CD_HTMLSEGMENT:
		if (len > 2) {
			g_autofree char *html = nsf_lmbcs_text(p + 2, len - 2);

			end_paragraph(r);
			g_string_append(r->rich->html, html);
			nsf_html_strip(r->rich->text, html);
		}
		break;
	case CD_HORIZONTALRULE:
		end_paragraph(r);
		end_list(r);
		g_string_append(r->rich->html, "<hr>\n");
		g_string_append(r->rich->text, "--------\n");
		break;
	default:
		r->rich->unknown++;
	}
}

/* Walk the records (4.1). */
static void
walk(struct reader *r, const guint8 *data, gsize len)
{
	gsize at = 0;

	while (at + 2 <= len && r->rich->html->len < NSF_RICH_MAX) {
		guint h = data[at + 1], head = 2, what = data[at];
		gsize n = h;

		if (h == 0xff && at + 4 <= len) {
			n = get_le16(data + at + 2);
			head = 4;
			what |= WORD_WIDE;
		} else if (h == 0 && at + 6 <= len) {
			n = get_le32(data + at + 2);
			head = 6;
			what |= DWORD_WIDE;
		} else if (h == 0 || h == 0xff) {
			r->rich->damaged = true;
			return;
		}
		if (n < head || n > len - at) {
			r->rich->damaged = true;
			return;
		}
		one_record(r, what, data + at + head, n - head);
		at += n + (n & 1);
	}
}

bool
nsf_rich_read(
    struct nsf_rich *rich, const struct nsf_note *note, const char *name)
{
	struct reader r = {.rich = rich, .note = note};
	struct nsf_item *item = nsf_note_item(note, name);
	bool any = item != NULL;

	r.styles = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	r.tables = g_array_new(FALSE, TRUE, sizeof(struct table));
	for (; item; item = nsf_note_next(note, item)) {
		const guint8 *data;
		gsize len;

		if (nsf_item_value(item, &data, &len, NULL) < 0) {
			rich->damaged = true;
			continue;
		}
		if (item->rich) {
			g_string_append(rich->text, item->rich->text->str);
			g_string_append(rich->html, item->rich->html->str);
			for (guint i = 0; i < item->rich->files->len; i++)
				g_ptr_array_add(rich->files,
				    g_strdup(item->rich->files->pdata[i]));
			/* Pictures change hands. */
			while (item->rich->pictures->len > 0)
				g_ptr_array_add(rich->pictures,
				    g_ptr_array_remove_index(
					item->rich->pictures, 0));
		} else if (item->type == NSF_TYPE_COMPOSITE) {
			walk(&r, data, len);
		} else if (item->type == NSF_TYPE_HTML) {
			g_autofree char *html = nsf_lmbcs_text(data, len);

			g_string_append(rich->html, html);
			nsf_html_strip(rich->text, html);
		} else if (item->type == NSF_TYPE_TEXT ||
			   item->type == NSF_TYPE_TEXTS) {
			g_auto(GStrv) texts = nsf_note_texts(note, name);

			for (guint i = 0; texts[i]; i++) {
				g_string_append(rich->text, texts[i]);
				g_string_append_c(rich->text, '\n');
				g_string_append(rich->html, "<div>");
				nsf_html_escape(rich->html, texts[i]);
				g_string_append(rich->html, "</div>\n");
			}
			break; /* all of them at once */
		}
	}
	end_href(&r);
	while (r.tables->len > 0)
		table_end(&r);
	end_paragraph(&r);
	end_list(&r);
	g_hash_table_unref(r.styles);
	g_array_unref(r.tables);
	return any;
}
