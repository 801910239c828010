#include "maildir/maildir.h"

#include <string.h>

static const char letters[] = "DFPRST"; /* in the order of enum maildir_flag */

static gint64
number_behind(const char *from, const char *end, const char *key)
{
	gsize len = strlen(key);
	const char *p = g_strstr_len(from, end - from, key);
	gint64 value = 0;

	if (!p || p + len >= end || !g_ascii_isdigit(p[len]))
		return -1;
	for (p += len; p < end && g_ascii_isdigit(*p); p++)
		if (value < G_MAXINT64 / 100)
			value = value * 10 + (*p - '0');
	return p == end || *p == ',' ? value : -1;
}

void
maildir_name_parse(const char *file, struct maildir_name *out)
{
	const char *info = NULL;

	memset(out, 0, sizeof(*out));
	for (const char *p = file; *p; p++)
		if ((*p == ':' || *p == ';' || *p == '!') && p[1] == '2' &&
		    p[2] == ',')
			info = p;
	out->base_len = info ? (gsize)(info - file) : strlen(file);
	for (const char *p = info ? info + 3 : ""; *p && *p != ','; p++) {
		const char *letter = strchr(letters, *p);

		if (letter)
			out->flags |= 1U << (letter - letters);
		else if (*p >= 'a' && *p <= 'z')
			out->keywords |= 1U << (*p - 'a');
	}
	out->file_size = number_behind(file, file + out->base_len, ",S=");
	out->wire_size = number_behind(file, file + out->base_len, ",W=");
}

void
maildir_name_add_info(GString *name, guint32 flags, guint32 keywords)
{
	g_string_append(name, ":2,");
	for (guint i = 0; letters[i]; i++)
		if (flags & 1U << i)
			g_string_append_c(name, letters[i]);
	for (guint i = 0; i < MAILDIR_KEYWORDS_MAX; i++)
		if (keywords & 1U << i)
			g_string_append_c(name, (char)('a' + i));
}

static const char digits64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* May this character stand for itself in a directory's name? */
static bool
stands(gunichar c, bool first, bool dots)
{
	if (c < 0x20 || c > 0x7e || c == '/' || c == '&')
		return false;
	/* '~' first: a home to some programs; '.' first: hidden, or ".." */
	return c == '.' ? !dots && !first : !(first && c == '~');
}

static void
add_utf16(GString *out, const guint16 *units, guint n)
{
	guint32 bits = 0, have = 0;

	g_string_append_c(out, '&');
	for (guint i = 0; i < n; i++) {
		bits = bits << 16 | units[i];
		for (have += 16; have >= 6; have -= 6)
			g_string_append_c(
			    out, digits64[bits >> (have - 6) & 63]);
		bits &= (1U << have) - 1;
	}
	if (have > 0)
		g_string_append_c(out, digits64[bits << (6 - have) & 63]);
	g_string_append_c(out, '-');
}

char *
maildir_name_encode(const char *name, bool dots)
{
	GString *out = g_string_new(NULL);
	g_autofree guint16 *units = g_new(guint16, 2 * strlen(name) + 2);
	guint n = 0;
	/* these three are Maildir's own */
	bool own = !strcmp(name, "cur") || !strcmp(name, "new") ||
		   !strcmp(name, "tmp");
	const char *p = name;

	if (!*name) /* a name must have something: U+200B, invisible as well */
		return g_strdup("&IAs-");
	for (; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		bool plain = stands(c, p == name, dots) && !(own && p == name);

		if ((plain || c == '&') && n > 0) {
			add_utf16(out, units, n);
			n = 0;
		}
		if (plain) {
			g_string_append_c(out, (char)c);
		} else if (c == '&') {
			g_string_append(out, "&-");
		} else if (c >= 0x10000) {
			units[n++] = (guint16)(0xd7c0 + (c >> 10));
			units[n++] = (guint16)(0xdc00 | (c & 0x3ff));
		} else {
			units[n++] = (guint16)c;
		}
	}
	if (n > 0)
		add_utf16(out, units, n);
	return g_string_free(out, FALSE);
}

/* One shifted run, from behind '&' to '-'; false: it is not modified UTF-7. */
static bool
take_utf16(const char *p, const char *end, GString *out)
{
	guint32 bits = 0, have = 0;
	gunichar high = 0;

	for (; p < end; p++) {
		const char *d = *p ? strchr(digits64, *p) : NULL;
		gunichar c;

		if (!d)
			return false;
		bits = bits << 6 | (guint32)(d - digits64);
		have += 6;
		if (have < 16)
			continue;
		have -= 16;
		c = bits >> have & 0xffff;
		bits &= (1U << have) - 1;
		if (high) {
			if (c < 0xdc00 || c > 0xdfff)
				return false;
			g_string_append_unichar(out,
			    0x10000 + ((high - 0xd800) << 10) + (c - 0xdc00));
			high = 0;
		} else if (c >= 0xd800 && c <= 0xdbff) {
			high = c;
		} else if ((c >= 0xdc00 && c <= 0xdfff) || c == 0) {
			return false;
		} else {
			g_string_append_unichar(out, c);
		}
	}
	return !high && have < 6 && bits == 0;
}

static bool
decode(const char *p, const char *end, GString *out)
{
	while (p < end) {
		const char *minus;

		if ((guint8)*p >= 0x80 || *p == '\0')
			return false;
		if (*p != '&') {
			g_string_append_c(out, *p++);
			continue;
		}
		minus = memchr(p, '-', (gsize)(end - p));
		if (!minus)
			return false;
		if (minus == p + 1)
			g_string_append_c(out, '&');
		else if (!take_utf16(p + 1, minus, out))
			return false;
		p = minus + 1;
	}
	return true;
}

char *
maildir_name_decode(const char *text, gsize len)
{
	GString *out = g_string_new(NULL);
	g_autofree char *raw = NULL;

	if (decode(text, text + len, out))
		return g_string_free(out, FALSE);
	g_string_free(out, TRUE);
	raw = g_strndup(text, len);
	if (g_utf8_validate(raw, -1, NULL))
		return g_steal_pointer(&raw);
	return g_convert_with_fallback(
	    raw, -1, "UTF-8", "ISO-8859-1", NULL, NULL, NULL, NULL);
}
