#include "mime/text.h"

#include "mime/words.h"

#include <gmime/gmime.h>
#include <string.h>

/* 0x80 to 0x9f of Windows-1252 (unicode.org, CP1252.TXT); 0: undefined. */
static const guint16 upper_1252[32] = {0x20ac, 0, 0x201a, 0x0192, 0x201e,
    0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d,
    0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc,
    0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178};

void
mime_start(void)
{
	static gsize started;

	if (g_once_init_enter(&started)) {
		g_mime_init();
		g_once_init_leave(&started, 1);
	}
}

void
mime_text_from_1252(GString *out, const guint8 *bytes, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		guint8 c = bytes[i];

		if (c < 0x80)
			g_string_append_c(out, (char)c);
		else if (c >= 0xa0)
			g_string_append_unichar(out, c);
		else
			g_string_append_unichar(out, upper_1252[c - 0x80]
							 ? upper_1252[c - 0x80]
							 : 0xfffd);
	}
}

bool
mime_text_is_plain(const char *bytes, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		guint8 c = (guint8)bytes[i];

		if (c < 0x20 || c > 0x7e)
			return false;
	}
	return true;
}

static bool
breaks_a_line(gunichar c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
	       c == 0x2029;
}

/* Valid UTF-8 in, one line out; a run of CR and LF before a space vanishes, as
 * unfolding asks, any other becomes one space. */
static char *
one_line(const char *text)
{
	GString *out = g_string_sized_new(strlen(text) + 1);
	const char *p = text;

	while (*p) {
		gunichar c = g_utf8_get_char(p);

		if (c == '\r' || c == '\n') {
			while (*p == '\r' || *p == '\n')
				p++;
			if (*p != ' ' && *p != '\t')
				g_string_append_c(out, ' ');
			continue;
		}
		if (breaks_a_line(c))
			g_string_append_c(out, ' ');
		else
			g_string_append_unichar(out, c);
		p = g_utf8_next_char(p);
	}
	return g_strstrip(g_string_free(out, FALSE));
}

char *
mime_text_clean(const char *bytes, gsize len)
{
	g_autofree char *copy = NULL;
	GString *utf8;
	char *line;

	if (mime_text_is_plain(bytes, len))
		return g_strstrip(g_strndup(bytes, len));
	copy = g_memdup2(bytes, len);
	for (gsize i = 0; i < len; i++)
		if (!copy[i]) /* one_line() reads to the NUL */
			copy[i] = ' ';
	utf8 = g_string_sized_new(len + 16);
	if (g_utf8_validate_len(copy, len, NULL))
		g_string_append_len(utf8, copy, (gssize)len);
	else
		mime_text_from_1252(utf8, (const guint8 *)copy, len);
	line = one_line(utf8->str);
	g_string_free(utf8, TRUE);
	return line;
}

char *
mime_text_decode(const char *bytes, gsize len)
{
	g_autofree char *clean = mime_text_clean(bytes, len);
	g_autofree char *decoded = NULL;

	if (!strstr(clean, "=?"))
		return g_steal_pointer(&clean);
	decoded = mime_words_decode(clean);
	/* A decoded word may hold anything, line ends included. */
	return mime_text_clean(decoded, strlen(decoded));
}
