#include "mime/words.h"

#include "mime/text.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <stdbool.h>
#include <string.h>

#define CHARSET_MAX 40 /* chars of a charset's name */

struct word {
	char charset[CHARSET_MAX + 1];
	char encoding; /* 'q' or 'b' */
	const char *text;
	gsize len;	 /* bytes of text */
	const char *end; /* behind ?= */
};

/* Is there a word at p, which points to "=?"? Blanks and question marks inside
 * are forbidden but written. */
static bool
read_word(const char *p, struct word *out)
{
	const char *name = p + 2, *q = strchr(name, '?'), *star;
	gsize n;

	if (!q || q == name || !q[1] || q[2] != '?')
		return false;
	star = memchr(name, '*', (gsize)(q - name)); /* RFC 2231 5: language */
	n = (gsize)((star ? star : q) - name);
	if (n == 0 || n > CHARSET_MAX || memchr(name, ' ', n))
		return false;
	memcpy(out->charset, name, n);
	out->charset[n] = '\0';
	out->encoding = g_ascii_tolower(q[1]);
	if (out->encoding != 'q' && out->encoding != 'b')
		return false;
	out->text = q + 3;
	p = strstr(out->text, "?=");
	if (!p)
		return false;
	out->len = (gsize)(p - out->text);
	out->end = p + 2;
	return true;
}

static void
add_q(GByteArray *out, const char *text, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		guint8 c = (guint8)text[i];

		if (c == '_') {
			c = ' ';
		} else if (c == '=' && i + 2 < len &&
			   g_ascii_isxdigit(text[i + 1]) &&
			   g_ascii_isxdigit(text[i + 2])) {
			c = (guint8)(g_ascii_xdigit_value(text[i + 1]) << 4 |
				     g_ascii_xdigit_value(text[i + 2]));
			i += 2;
		}
		g_byte_array_append(out, &c, 1);
	}
}

static void
add_b(GByteArray *out, const char *text, gsize len)
{
	guint room = out->len;
	int state = 0;
	guint save = 0;
	gsize n;

	g_byte_array_set_size(out, room + (guint)(len / 4 * 3 + 3));
	n = g_base64_decode_step(text, len, out->data + room, &state, &save);
	/* GLib keeps back the last one or two bytes when padding is missing */
	if (state == 2 || state == 3) {
		n += g_base64_decode_step("==", (gsize)(4 - state),
		    out->data + room + n, &state, &save);
	}
	g_byte_array_set_size(out, room + (guint)n);
}

static void
from_charset(GString *out, const char *charset, const guint8 *bytes, gsize len)
{
	bool latin = !g_ascii_strcasecmp(charset, "iso-8859-1");
	bool utf8 = !g_ascii_strcasecmp(charset, "utf-8");
	GIConv cd = (GIConv)-1;
	char buf[512];
	char *p = (char *)bytes;

	/* these lie now and then, and need no table */
	if (!latin && !utf8 && g_ascii_strcasecmp(charset, "us-ascii"))
		cd = g_iconv_open("UTF-8", g_mime_charset_iconv_name(charset));
	if (cd == (GIConv)-1) {
		if (!latin && g_utf8_validate_len(p, len, NULL)) {
			g_string_append_len(out, p, (gssize)len);
		} else if (utf8) {
			g_autofree char *valid =
			    g_utf8_make_valid(p, (gssize)len);

			g_string_append(out, valid);
		} else {
			mime_text_from_1252(out, bytes, len);
		}
		return;
	}
	while (len > 0) {
		char *to = buf;
		gsize room = sizeof(buf);
		gsize r = g_iconv(cd, &p, &len, &to, &room);
		int err = errno;

		g_string_append_len(out, buf, (gssize)(sizeof(buf) - room));
		if (r == (gsize)-1 && err != E2BIG && len > 0) {
			g_string_append(out, "\xef\xbf\xbd");
			p++;
			len--;
		}
	}
	g_iconv_close(cd);
}

char *
mime_words_decode(const char *text)
{
	GString *out = g_string_sized_new(strlen(text) + 1);
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	char charset[CHARSET_MAX + 1] = "";
	bool after_word = false;
	struct word w;

	mime_start();
	while (*text) {
		const char *next = strstr(text, "=?");
		gsize gap;

		if (!next)
			break;
		gap = (gsize)(next - text);
		if (!read_word(next, &w)) {
			gap += 2;
			next += 2;
			w.end = NULL;
		}
		/* Blanks between two words are not part of the text
		 * (RFC 2047 6.2). */
		if (!w.end || !after_word || strspn(text, " ") < gap ||
		    g_ascii_strcasecmp(charset, w.charset)) {
			if (bytes->len > 0)
				from_charset(
				    out, charset, bytes->data, bytes->len);
			g_byte_array_set_size(bytes, 0);
			if (!w.end || !after_word || strspn(text, " ") < gap)
				g_string_append_len(out, text, (gssize)gap);
		}
		after_word = w.end != NULL;
		if (!w.end) {
			text = next;
			continue;
		}
		memcpy(charset, w.charset, sizeof(charset));
		if (w.encoding == 'q')
			add_q(bytes, w.text, w.len);
		else
			add_b(bytes, w.text, w.len);
		text = w.end;
	}
	if (bytes->len > 0)
		from_charset(out, charset, bytes->data, bytes->len);
	g_string_append(out, text);
	for (gsize i = 0; i < out->len; i++)
		if (!out->str[i])
			out->str[i] = ' ';
	return g_string_free(out, FALSE);
}
