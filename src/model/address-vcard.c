#include "model/address-vcard.h"

#include "mime/vcard.h"

#include <string.h>

/* Columns, spec/migration-files.md 8. */
enum column {
	COL_CLASS,
	COL_NAME,
	COL_EMAIL,
	COL_FIRST,
	COL_LAST,
	COL_STREET,
	COL_CITY,
	COL_STATE,
	COL_ZIP,
	COL_COUNTRY,
	COL_TITLE,
	COL_COMPANY,
	COL_DEPARTMENT,
	COL_OFFICE,
	COL_ASSISTANT,
	COL_WORK,
	COL_WORK2,
	COL_ASSISTANT_PHONE,
	COL_FAX,
	COL_HOME,
	COL_HOME2,
	COL_MOBILE,
	COL_PAGER,
	COL_NOTE,
};
G_STATIC_ASSERT(COL_NOTE == ADDRESS_FIELDS - 1);

static const char *
column(const struct address *a, enum column i)
{
	return a->fields && a->fields[i] ? a->fields[i] : "";
}

/* Columns of one property each. The standard has no word for an assistant and
 * her telephone; it has names for what it has none for (RFC 6350 3.3). */
static const struct {
	enum column column;
	const char *name, *params;
} lines[] = {
    {COL_TITLE, "TITLE", NULL},
    {COL_ASSISTANT, "RELATED", "TYPE=x-assistant;VALUE=text"},
    {COL_WORK, "TEL", "TYPE=work"},
    {COL_WORK2, "TEL", "TYPE=work"},
    {COL_ASSISTANT_PHONE, "TEL", "TYPE=x-assistant"},
    {COL_FAX, "TEL", "TYPE=work,fax"},
    {COL_HOME, "TEL", "TYPE=home"},
    {COL_HOME2, "TEL", "TYPE=home"},
    {COL_MOBILE, "TEL", "TYPE=cell"},
    {COL_PAGER, "TEL", "TYPE=pager"},
};

static bool
is_smtp(const char *type)
{
	return type == NULL || g_ascii_strcasecmp(type, "SMTP") == 0;
}

static void
put_list(GString *out, const char *name, const char *params,
    const char *const *texts, guint n)
{
	for (guint i = 0; i < n; i++)
		if (texts[i] && *texts[i]) {
			vcard_write_list(out, name, params, texts, n, ';');
			return;
		}
}

/* "TYPE:address" of an entry; "USER: name" is none. */
static void
put_email(const struct address *a, GString *out)
{
	const char *text = column(a, COL_EMAIL);
	const char *colon = strchr(text, ':');
	g_autofree char *type = NULL;
	g_autoptr(GString) params = g_string_new("PREF=1");

	if (a->not_sendable || colon == NULL || colon[1] == '\0')
		return;
	type = g_strndup(text, (gsize)(colon - text));
	if (!is_smtp(type))
		vcard_param(params, "X-ADDRTYPE", type);
	vcard_write_text(out, "EMAIL", params->str, colon + 1);
}

static void
put_entry(const struct address *a, GString *out)
{
	const char *const name[] = {
	    column(a, COL_LAST), column(a, COL_FIRST), NULL, NULL, NULL};
	const char *const org[] = {column(a, COL_COMPANY),
	    column(a, COL_DEPARTMENT), column(a, COL_OFFICE)};
	const char *const place[] = {NULL, NULL, column(a, COL_STREET),
	    column(a, COL_CITY), column(a, COL_STATE), column(a, COL_ZIP),
	    column(a, COL_COUNTRY)};
	guint units = *org[2] ? 3 : *org[1] ? 2 : 1;

	put_list(out, "N", NULL, name, G_N_ELEMENTS(name));
	put_list(out, "ORG", NULL, org, units);
	put_email(a, out);
	put_list(out, "ADR", "TYPE=work", place, G_N_ELEMENTS(place));
	for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
		if (*column(a, lines[i].column))
			vcard_write_text(out, lines[i].name, lines[i].params,
			    column(a, lines[i].column));
}

/* RFC 6350 6.6.5: a member is a URI. Its name has no place in the standard, nor
 * has an address of another kind: they are in parameters. */
static void
put_member(const struct person *p, GString *out)
{
	g_autoptr(GString) params = g_string_new(NULL);
	g_autoptr(GString) uri = g_string_new(NULL);

	if (p->name && *p->name)
		vcard_param(params, "X-CN", p->name);
	if (p->address && *p->address) {
		bool smtp = is_smtp(p->type);

		if (!smtp)
			vcard_param(params, "X-ADDRTYPE", p->type);
		g_string_append(uri, smtp ? "mailto:" : "x-mapi:");
		g_string_append_uri_escaped(uri, p->address, "@+", TRUE);
	}
	if (params->len || uri->len)
		vcard_write_raw(
		    out, "MEMBER", params->len ? params->str : NULL, uri->str);
}

char *
address_title(const struct address *a)
{
	static const enum column names[] = {COL_NAME, COL_COMPANY, COL_EMAIL};
	const char *first = column(a, COL_FIRST), *last = column(a, COL_LAST);
	char *title = g_strdup(column(a, COL_NAME));

	if (*title == '\0' && (*first || *last)) {
		g_free(title);
		title = g_strdup_printf(
		    "%s%s%s", first, *first && *last ? " " : "", last);
	}
	for (guint i = 1; *title == '\0' && i < G_N_ELEMENTS(names); i++) {
		g_free(title);
		title = g_strdup(column(a, names[i]));
	}
	g_strdelimit(title, "\r\n", ' ');
	return title;
}

void
address_to_vcard(const struct address *a, GString *out)
{
	g_autofree char *title = address_title(a);

	vcard_write_begin(out);
	if (a->is_list)
		vcard_write_raw(out, "KIND", NULL, "group");
	vcard_write_text(out, "FN", NULL, title);
	if (!a->is_list)
		put_entry(a, out);
	if (*column(a, COL_NOTE))
		vcard_write_text(out, "NOTE", NULL, column(a, COL_NOTE));
	for (guint i = 0; a->is_list && i < a->n_members; i++)
		put_member(&a->members[i], out);
	vcard_write_end(out);
}
