#include "directory/dn.h"

#include <string.h>

static void
escape_to(GString *out, const char *value)
{
	gsize len = strlen(value);

	for (gsize i = 0; i < len; i++) {
		char c = value[i];
		bool outer = c == ' ' && (i == 0 || i + 1 == len);

		if (outer || (c == '#' && i == 0) ||
		    (c != '\0' && strchr(",+\"\\<>;=", c)))
			g_string_append_printf(out, "\\%c", c);
		else if ((guchar)c < 0x20 || c == 0x7f)
			g_string_append_printf(out, "\\%02X", (guchar)c);
		else
			g_string_append_c(out, c);
	}
}

char *
dn_escape(const char *value)
{
	GString *out = g_string_new(NULL);

	escape_to(out, value);
	return g_string_free(out, FALSE);
}

char *
dn_child(const char *type, const char *value, const char *parent)
{
	GString *out = g_string_new(type);

	g_string_append_c(out, '=');
	escape_to(out, value);
	if (parent != NULL && *parent != '\0')
		g_string_append_printf(out, ",%s", parent);
	return g_string_free(out, FALSE);
}

/* The end of the RDN at p: its ',' (or, of old, ';'), or the end of text. */
static const char *
rdn_end(const char *p)
{
	bool quoted = false;

	for (; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && (*p == ',' || *p == ';'))
			break;
	}
	return p;
}

/* An attribute value as RFC 4514 writes it, or RFC 1779 in quotes. */
static char *
unescape(const char *p, const char *end)
{
	GString *out = g_string_new(NULL);
	bool quoted = false;
	gsize kept = 0; /* an escaped blank at the end stays */

	while (p < end && *p == ' ')
		p++;
	for (; p < end; p++) {
		if (*p == '"' && (quoted || out->len == 0)) {
			quoted = !quoted;
			kept = out->len;
		} else if (*p == '\\' && p + 2 < end &&
			   g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2])) {
			g_string_append_c(
			    out, (char)(g_ascii_xdigit_value(p[1]) * 16 +
					g_ascii_xdigit_value(p[2])));
			p += 2;
			kept = out->len;
		} else if (*p == '\\' && p + 1 < end) {
			g_string_append_c(out, *++p);
			kept = out->len;
		} else {
			g_string_append_c(out, *p);
			if (*p != ' ' || quoted)
				kept = out->len;
		}
	}
	g_string_truncate(out, kept);
	if (memchr(out->str, '\0', out->len) ||
	    !g_utf8_validate(out->str, (gssize)out->len, NULL)) {
		g_string_free(out, TRUE);
		return NULL;
	}
	return g_string_free(out, FALSE);
}

/* The RDN at p: its type in lower case and its value, or false. */
static bool
rdn_take(const char *p, const char *end, char **type, char **value)
{
	const char *equals = memchr(p, '=', (gsize)(end - p));
	g_autofree char *text = NULL;

	if (equals == NULL)
		return false;
	text = g_strndup(p, (gsize)(equals - p));
	g_strstrip(text);
	if (*text == '\0' ||
	    text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")])
		return false;
	*value = unescape(equals + 1, end);
	if (*value == NULL)
		return false;
	*type = g_ascii_strdown(text, -1);
	return true;
}

char *
dn_name(const char *dn)
{
	g_autofree char *type = NULL;
	char *value;

	return rdn_take(dn, rdn_end(dn), &type, &value) ? value : NULL;
}

const char *
dn_parent(const char *dn)
{
	const char *end = rdn_end(dn);

	if (*end != '\0')
		end++;
	while (*end == ' ')
		end++;
	return end;
}

char *
dn_fold(const char *dn)
{
	g_autoptr(GString) out = g_string_new(NULL);
	guint depth = 0;

	if (strlen(dn) > DN_MAX)
		return NULL;
	while (*dn != '\0') {
		g_autofree char *type = NULL, *value = NULL, *folded = NULL;

		if (++depth > DN_DEPTH_MAX ||
		    !rdn_take(dn, rdn_end(dn), &type, &value))
			return NULL;
		folded = g_utf8_casefold(value, -1);
		if (out->len > 0)
			g_string_append_c(out, ',');
		g_string_append_printf(out, "%s=", type);
		escape_to(out, folded);
		dn = dn_parent(dn);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

bool
dn_check(const char *dn)
{
	g_autofree char *folded = dn_fold(dn);

	return folded != NULL && *folded != '\0';
}

bool
dn_is_below(const char *dn, const char *base)
{
	g_autofree char *a = dn_fold(dn), *b = dn_fold(base);
	gsize n, m;

	if (a == NULL || b == NULL)
		return false;
	n = strlen(a);
	m = strlen(b);
	return m == 0 || (n >= m && strcmp(a + n - m, b) == 0 &&
			     (n == m || a[n - m - 1] == ','));
}

char *
dn_from_path(const char *path, const char *container, const char *base)
{
	g_auto(GStrv) names = NULL;
	GString *out;
	bool full = *path == '/';

	if (!full && strchr(path, '/') == NULL) {
		if (g_ascii_strncasecmp(path, "cn=", 3) == 0)
			path += 3;
		return *path ? dn_child("cn", path, container) : NULL;
	}
	names = g_strsplit(path + full, "/", DN_DEPTH_MAX + 1);
	if (g_strv_length(names) > DN_DEPTH_MAX)
		return NULL;
	out = g_string_new(NULL);
	for (guint i = g_strv_length(names); i-- > 0;) {
		const char *equals = strchr(names[i], '=');
		gsize len = equals ? (gsize)(equals - names[i]) : 0;
		bool typed =
		    len > 0 && len <= 4 &&
		    strspn(names[i], "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
		g_autofree char *type =
		    typed ? g_ascii_strdown(names[i], (gssize)len)
			  : g_strdup("cn");
		const char *value = typed ? equals + 1 : names[i];

		if (*value == '\0')
			continue;
		if (out->len > 0)
			g_string_append_c(out, ',');
		g_string_append_printf(out, "%s=", type);
		escape_to(out, value);
	}
	if (!full && base != NULL && *base != '\0')
		g_string_append_printf(out, "%s%s", out->len ? "," : "", base);
	return g_string_free(out, FALSE);
}

char *
dn_to_path(const char *dn, const char *base)
{
	bool below = dn_is_below(dn, base);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *end = dn_fold(base ? base : "");
	GString *out = g_string_new(NULL);

	while (*dn != '\0') {
		g_autofree char *here = dn_fold(dn), *type = NULL,
				*value = NULL;

		if (here == NULL || (below && strcmp(here, end) == 0) ||
		    !rdn_take(dn, rdn_end(dn), &type, &value))
			break;
		g_ptr_array_add(names, g_strdup_printf("%s=%s", type, value));
		dn = dn_parent(dn);
	}
	for (guint i = names->len; i-- > 0;) {
		const char *name = names->pdata[i];

		/* "Recipients/cn=Branch": the first of a relative path has no
		 * type (Q165319). */
		if (out->len == 0 && below && g_str_has_prefix(name, "cn="))
			name += 3;
		else if (out->len > 0 || !below)
			g_string_append_c(out, '/');
		g_string_append(out, name);
	}
	return g_string_free(out, FALSE);
}
