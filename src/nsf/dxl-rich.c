/* Rich text of Domino XML, to text and HTML as it comes: spec/notes.md 7.1. */
#include "nsf/dxl-private.h"

#include <string.h>

#define STYLES_MAX 65536
#define RUNS_MAX   256 /* open at a time */

/* What a run opened, closed with the element that holds it. */
struct nsf_dxl_end {
	guint depth;
	char tags[32];
};

void
nsf_dxl_rich_begin(NsfDxl *x, struct nsf_item *item)
{
	item->type = NSF_TYPE_COMPOSITE;
	item->rich = nsf_rich_new();
	x->rich = item->rich;
	x->rich_depth = x->depth;
	x->open = false;
	x->list = 0;
	x->table_depth = 0;
	x->cell = 0;
	x->blank = true;
	x->after_break = false;
	x->style = (struct nsf_dxl_style){0};
	g_hash_table_remove_all(x->styles);
	if (x->ends == NULL)
		x->ends = g_array_new(FALSE, TRUE, sizeof(struct nsf_dxl_end));
	g_array_set_size(x->ends, 0);
}

static void
end_list(NsfDxl *x)
{
	if (x->list)
		g_string_append(
		    x->rich->html, x->list == 'u' ? "</ul>\n" : "</ol>\n");
	x->list = 0;
}

static void
begin_paragraph(NsfDxl *x)
{
	if (x->open)
		return;
	if (x->list != x->style.list) {
		end_list(x);
		x->list = x->style.list;
		x->number = 0;
		if (x->list)
			g_string_append(x->rich->html,
			    x->list == 'u' ? "<ul>\n" : "<ol>\n");
	}
	g_string_append_printf(x->rich->html, "<%s", x->list ? "li" : "div");
	if (x->style.align[0])
		g_string_append_printf(
		    x->rich->html, " align=\"%s\"", x->style.align);
	g_string_append_c(x->rich->html, '>');
	if (x->list == 'u')
		g_string_append(x->rich->text, "* ");
	else if (x->list == 'o')
		g_string_append_printf(x->rich->text, "%u. ", ++x->number);
	x->open = true;
	x->blank = true;
	x->after_break = false;
}

static void
end_paragraph(NsfDxl *x)
{
	if (!x->open)
		return;
	g_string_append(x->rich->html, x->list ? "</li>\n" : "</div>\n");
	g_string_append_c(x->rich->text, '\n');
	x->open = false;
}

static void
both(NsfDxl *x, const char *text)
{
	begin_paragraph(x);
	g_string_append(x->rich->text, text);
	nsf_html_escape(x->rich->html, text);
	x->blank = false;
}

static void
define(NsfDxl *x, int n, const xmlChar **attributes)
{
	const char *text = nsf_dxl_attribute(n, attributes, "id", x->buf);
	struct nsf_dxl_style *style;
	g_autofree char *id = g_strdup(text);

	if (id == NULL || g_hash_table_size(x->styles) >= STYLES_MAX)
		return;
	style = g_new0(struct nsf_dxl_style, 1);
	text = nsf_dxl_attribute(n, attributes, "align", x->buf);
	if (text && strcmp(text, "full") == 0)
		text = "justify";
	if (text &&
	    (strcmp(text, "right") == 0 || strcmp(text, "center") == 0 ||
		strcmp(text, "justify") == 0))
		g_strlcpy(style->align, text, sizeof style->align);
	text = nsf_dxl_attribute(n, attributes, "list", x->buf);
	if (text && strcmp(text, "none") != 0)
		style->list = strcmp(text, "number") == 0 ||
				      g_str_has_prefix(text, "roman") ||
				      g_str_has_prefix(text, "alpha")
				  ? 'o'
				  : 'u';
	g_hash_table_replace(x->styles, g_steal_pointer(&id), style);
}

static void
paragraph(NsfDxl *x, int n, const xmlChar **attributes)
{
	const char *id = nsf_dxl_attribute(n, attributes, "def", x->buf);
	const struct nsf_dxl_style *style =
	    id ? g_hash_table_lookup(x->styles, id) : NULL;

	end_paragraph(x);
	if (style)
		x->style = *style;
	else if (id)
		x->style = (struct nsf_dxl_style){0};
	begin_paragraph(x);
}

/* Tags that end with the element that is now open. */
static void
push_end(NsfDxl *x, guint depth, const char *tags)
{
	struct nsf_dxl_end end = {.depth = depth};

	if (x->ends->len >= RUNS_MAX)
		return;
	g_strlcpy(end.tags, tags, sizeof end.tags);
	g_array_append_val(x->ends, end);
}

/* A font stands at the beginning of its run and rules the rest of it. */
static void
font(NsfDxl *x, int n, const xmlChar **attributes)
{
	static const struct {
		const char *style, *open, *close;
	} map[] = {
	    {"bold", "<b>", "</b>"},
	    {"italic", "<i>", "</i>"},
	    {"underline", "<u>", "</u>"},
	    {"strikethrough", "<s>", "</s>"},
	};
	const char *text = nsf_dxl_attribute(n, attributes, "style", x->buf);
	g_auto(GStrv) words = g_strsplit(text ? text : "", " ", 16);
	g_autoptr(GString) close = g_string_new(NULL);

	if (x->ends->len >= RUNS_MAX)
		return;
	begin_paragraph(x);
	for (guint i = 0; i < G_N_ELEMENTS(map); i++)
		if (g_strv_contains((const char *const *)words, map[i].style)) {
			g_string_append(x->rich->html, map[i].open);
			g_string_prepend(close, map[i].close);
		}
	/* With the run, which is one level above. */
	if (close->len > 0)
		push_end(x, x->depth - 1, close->str);
}

static void
link_url(NsfDxl *x, const char *url)
{
	begin_paragraph(x);
	g_string_append(x->rich->html, "<a href=\"");
	nsf_html_escape(x->rich->html, url);
	g_string_append(x->rich->html, "\">");
	push_end(x, x->depth, "</a>");
}

static void
link_notes(NsfDxl *x, int n, const xmlChar **attributes)
{
	static const char *const names[] = {"database", "view", "document"};
	g_autoptr(GString) url = g_string_new("notes://");
	const char *text;
	g_autofree char *shown =
	    g_strdup(nsf_dxl_attribute(n, attributes, "description", x->buf));

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		text = nsf_dxl_attribute(n, attributes, names[i], x->buf);
		if (text == NULL && i == 1 &&
		    nsf_dxl_attribute(n, attributes, "document", x->buf))
			text = "0";
		if (text)
			g_string_append_printf(url, "/%s", text);
	}
	link_url(x, url->str);
	if (shown && *shown)
		both(x, shown);
	else
		nsf_html_escape(x->rich->html, url->str);
	g_string_append_printf(
	    x->rich->text, "%s<%s>", shown && *shown ? " " : "", url->str);
}

static void
attachment(NsfDxl *x, int n, const xmlChar **attributes)
{
	g_autofree char *name =
	    g_strdup(nsf_dxl_attribute(n, attributes, "name", x->buf));
	const char *shown =
	    nsf_dxl_attribute(n, attributes, "displayname", x->buf);
	g_autofree char *mark =
	    g_strdup_printf("[attachment: %s]", shown  ? shown
						: name ? name
						       : "?");

	both(x, mark);
	if (name)
		g_ptr_array_add(x->rich->files, g_steal_pointer(&name));
	x->skip_depth = x->depth; /* its picture */
}

static void
picture(NsfDxl *x, const char *type)
{
	struct nsf_picture *p;

	if (x->rich->pictures->len >= NSF_PICTURES_MAX)
		return;
	p = g_new0(struct nsf_picture, 1);
	p->data = g_byte_array_new();
	p->type = type;
	p->content_id = g_strdup_printf("picture%u.%s@notes.invalid",
	    x->rich->pictures->len + 1, x->doc->note.unid);
	g_ptr_array_add(x->rich->pictures, p);
	begin_paragraph(x);
	g_string_append_printf(
	    x->rich->html, "<img src=\"cid:%s\" alt=\"\">", p->content_id);
	g_string_append(x->rich->text, "[picture]");
	x->picture = p;
	nsf_dxl_collect(x, COLLECT_PICTURE);
}

static void
table(NsfDxl *x, const char *name)
{
	if (strcmp(name, "table") == 0) {
		end_paragraph(x);
		end_list(x);
		x->table_depth++;
		g_string_append(x->rich->html, "<table border=\"1\">\n");
	} else if (strcmp(name, "tablerow") == 0) {
		g_string_append(x->rich->html, "<tr>");
		x->cell = 0;
	} else {
		if (x->cell++ > 0)
			g_string_append_c(x->rich->text, '\t');
		g_string_append(x->rich->html, "<td>");
		x->style = (struct nsf_dxl_style){0};
	}
}

/* What has nothing to say to a reader. */
static bool
is_silent(const char *name)
{
	static const char *const names[] = {"code", "formula", "lotusscript",
	    "javascript", "popuptext", "compositedata", "notesbitmap", "cgm",
	    "border", "tablecolumn", "caption", "imagemap", "spanbegin",
	    "datalabel", "objectref", "eventcode"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

void
nsf_dxl_rich_start(
    NsfDxl *x, const char *name, int n, const xmlChar **attributes)
{
	const char *url;

	if (is_silent(name)) {
		if (strcmp(name, "notesbitmap") == 0 ||
		    strcmp(name, "cgm") == 0)
			x->rich->dropped++;
		x->skip_depth = x->depth;
	} else if (strcmp(name, "pardef") == 0) {
		define(x, n, attributes);
	} else if (strcmp(name, "par") == 0) {
		paragraph(x, n, attributes);
	} else if (strcmp(name, "font") == 0) {
		font(x, n, attributes);
	} else if (strcmp(name, "break") == 0) {
		both(x, "\n");
		x->blank = true;
	} else if (strcmp(name, "table") == 0 ||
		   strcmp(name, "tablerow") == 0 ||
		   strcmp(name, "tablecell") == 0) {
		table(x, name);
	} else if (strcmp(name, "attachmentref") == 0) {
		attachment(x, n, attributes);
	} else if (strcmp(name, "doclink") == 0 ||
		   strcmp(name, "viewlink") == 0 ||
		   strcmp(name, "databaselink") == 0) {
		link_notes(x, n, attributes);
	} else if (strcmp(name, "urllink") == 0) {
		url = nsf_dxl_attribute(n, attributes, "href", x->buf);
		if (url) {
			g_autofree char *copy = g_strdup(url);

			link_url(x, copy);
		}
	} else if (strcmp(name, "horizrule") == 0) {
		end_paragraph(x);
		end_list(x);
		g_string_append(x->rich->html, "<hr>\n");
		g_string_append(x->rich->text, "--------\n");
	} else if (strcmp(name, "gif") == 0) {
		picture(x, "image/gif");
	} else if (strcmp(name, "jpeg") == 0) {
		picture(x, "image/jpeg");
	} else if (strcmp(name, "png") == 0) {
		picture(x, "image/png");
	} else if (strcmp(name, "sectiontitle") == 0) {
		end_paragraph(x);
		begin_paragraph(x);
	}
}

void
nsf_dxl_rich_end(NsfDxl *x, const char *name, guint depth)
{
	while (x->ends->len > 0) {
		const struct nsf_dxl_end *end = &g_array_index(
		    x->ends, struct nsf_dxl_end, x->ends->len - 1);

		if (end->depth < depth)
			break;
		g_string_append(x->rich->html, end->tags);
		g_array_set_size(x->ends, x->ends->len - 1);
	}
	if (depth == x->rich_depth) {
		end_paragraph(x);
		end_list(x);
		nsf_dxl_mend(x->rich->text);
		nsf_dxl_mend(x->rich->html);
		x->rich = NULL;
	} else if (strcmp(name, "par") == 0 ||
		   strcmp(name, "sectiontitle") == 0) {
		end_paragraph(x);
	} else if (strcmp(name, "tablecell") == 0) {
		gsize len = x->rich->text->len;

		end_paragraph(x);
		end_list(x);
		g_string_append(x->rich->html, "</td>");
		len = x->rich->text->len;
		/* Cells are kept apart by tabs. */
		if (len > 0 && x->rich->text->str[len - 1] == '\n')
			g_string_truncate(x->rich->text, len - 1);
	} else if (strcmp(name, "tablerow") == 0) {
		g_string_append(x->rich->html, "</tr>\n");
		g_string_append_c(x->rich->text, '\n');
	} else if (strcmp(name, "table") == 0 && x->table_depth > 0) {
		x->table_depth--;
		g_string_append(x->rich->html, "</table>\n");
	}
}

/* Line breaks and the blanks behind them go; one without a blank before it is a
 * blank (keepindentation false). Nothing outside of a paragraph is text. */
void
nsf_dxl_rich_text(NsfDxl *x, const char *text, gsize len)
{
	char one[2] = {0};

	if (!x->open || x->rich->html->len > NSF_RICH_MAX)
		return;
	for (gsize i = 0; i < len; i++) {
		if (text[i] == '\n' || text[i] == '\r') {
			if (!x->blank)
				g_string_append_c(x->rich->text, ' ');
			if (!x->blank)
				g_string_append_c(x->rich->html, ' ');
			x->blank = true;
			x->after_break = true;
			continue;
		}
		if (x->after_break && (text[i] == ' ' || text[i] == '\t'))
			continue;
		x->after_break = false;
		x->blank = text[i] == ' ';
		g_string_append_c(x->rich->text, text[i]);
		one[0] = text[i];
		nsf_html_escape(x->rich->html, one);
	}
}
