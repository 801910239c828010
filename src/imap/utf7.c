/* Mailbox names on the wire: modified UTF-7, RFC 3501 5.1.3. */
#include "imap/session.h"

#include <string.h>

/* Like base64 with "," for "/" and without padding. */
static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static void
put_units(GString *out, const gunichar2 *units, glong n)
{
	guint32 bits = 0;
	int have = 0;

	g_string_append_c(out, '&');
	for (glong i = 0; i < n; i++) {
		bits = bits << 16 | units[i];
		have += 16;
		while (have >= 6) {
			have -= 6;
			g_string_append_c(out, digits[bits >> have & 63]);
		}
		bits &= (1u << have) - 1;
	}
	if (have)
		g_string_append_c(out, digits[bits << (6 - have) & 63]);
	g_string_append_c(out, '-');
}

char *
imap_utf7_from_utf8(const char *name)
{
	GString *out = g_string_new(NULL);

	while (*name) {
		const char *from = name;

		if (*name == '&') {
			g_string_append(out, "&-");
			name++;
			continue;
		}
		if (*name >= 0x20 && *name <= 0x7e) {
			g_string_append_c(out, *name++);
			continue;
		}
		while (*name && (*name < 0x20 || *name > 0x7e))
			name = g_utf8_next_char(name);
		glong n;
		g_autofree gunichar2 *units =
		    g_utf8_to_utf16(from, (glong)(name - from), NULL, &n, NULL);

		if (units)
			put_units(out, units, n);
	}
	return g_string_free(out, FALSE);
}

/* The UTF-16 behind "&", up to "-"; the octets read, or 0. */
static gsize
take_units(const char *wire, GArray *units)
{
	const char *at = wire;
	guint32 bits = 0;
	int have = 0;

	g_array_set_size(units, 0);
	for (; *at && *at != '-'; at++) {
		const char *digit = strchr(digits, *at);

		if (digit == NULL)
			return 0;
		bits = bits << 6 | (guint32)(digit - digits);
		have += 6;
		if (have >= 16) {
			gunichar2 unit = (gunichar2)(bits >> (have - 16));

			g_array_append_val(units, unit);
			have -= 16;
			bits &= (1u << have) - 1;
		}
	}
	/* Padding is less than a digit, and zero. */
	if (*at != '-' || have >= 6 || bits != 0 || units->len == 0)
		return 0;
	return (gsize)(at - wire) + 1;
}

char *
imap_utf7_to_utf8(const char *wire)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GArray) units = g_array_new(FALSE, FALSE, sizeof(gunichar2));

	while (*wire) {
		g_autofree char *text = NULL;
		gsize n;

		if (*wire < 0x20 || *wire > 0x7e)
			return NULL;
		if (*wire != '&') {
			g_string_append_c(out, *wire++);
			continue;
		}
		if (wire[1] == '-') {
			g_string_append_c(out, '&');
			wire += 2;
			continue;
		}
		n = take_units(wire + 1, units);
		if (n == 0)
			return NULL;
		text = g_utf16_to_utf8((const gunichar2 *)(void *)units->data,
		    (glong)units->len, NULL, NULL, NULL);
		if (text == NULL || strlen(text) == 0)
			return NULL;
		g_string_append(out, text);
		wire += 1 + n;
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

char *
imap_quote(const char *bytes)
{
	GString *out = g_string_new("\"");

	/* CR and LF have no quoted form; 8-bit text goes as it came. */
	if (strpbrk(bytes, "\r\n")) {
		g_string_printf(out, "{%zu+}\r\n%s", strlen(bytes), bytes);
		return g_string_free(out, FALSE);
	}
	for (; *bytes; bytes++) {
		if (*bytes == '"' || *bytes == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *bytes);
	}
	g_string_append_c(out, '"');
	return g_string_free(out, FALSE);
}
