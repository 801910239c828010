#include "nsf/lmbcs.h"

#include <string.h>
#include <unicode/ucnv.h>

#define PIECE 4096 /* UTF-16 units converted at a time */

/* Opening the converter loads eighteen tables: once for the process. */
static UConverter *
converter(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		UErrorCode status = U_ZERO_ERROR;
		UConverter *c = ucnv_open("LMBCS-1", &status);

		g_once_init_leave(
		    &once, U_SUCCESS(status) ? GPOINTER_TO_SIZE(c) : 1);
	}
	return once == 1 ? NULL : GSIZE_TO_POINTER(once);
}

static gsize
plain(const char *p, gsize len)
{
	gsize n = 0;

	while (n < len && p[n] >= 0x20 && p[n] < 0x7f)
		n++;
	return n;
}

static void
convert(GString *out, const char *p, gsize len)
{
	UConverter *c = converter();
	const char *end = p + len;
	UChar units[PIECE];

	if (c == NULL) {
		for (; p < end; p++)
			g_string_append(out,
			    (guint8)*p < 0x80 ? (char[2]){*p} : "\xef\xbf\xbd");
		return;
	}
	ucnv_reset(c);
	for (;;) {
		UErrorCode status = U_ZERO_ERROR;
		UChar *to = units;
		g_autofree char *utf8 = NULL;

		ucnv_toUnicode(
		    c, &to, units + PIECE, &p, end, NULL, TRUE, &status);
		for (const UChar *u = units; u < to;) {
			gunichar ch = *u++;

			if (ch >= 0xD800 && ch < 0xDC00 && u < to &&
			    *u >= 0xDC00 && *u < 0xE000)
				ch = 0x10000 + ((ch - 0xD800) << 10) +
				     (*u++ - 0xDC00);
			if (ch == 0)
				ch = '\n';
			if (!g_unichar_validate(ch))
				ch = 0xFFFD;
			g_string_append_unichar(out, ch);
		}
		if (status != U_BUFFER_OVERFLOW_ERROR)
			return;
	}
}

void
nsf_lmbcs_append(GString *out, const void *data, gsize len)
{
	const char *p = data, *end = p + len;

	while (p < end) {
		gsize n = plain(p, (gsize)(end - p));
		const char *stop;

		g_string_append_len(out, p, (gssize)n);
		p += n;
		if (p == end)
			return;
		if (*p == '\0' || *p == '\n' || *p == '\t') {
			g_string_append_c(out, *p ? *p : '\n');
			p++;
			continue;
		}
		/* A group byte may be followed by any byte, NUL too (0x14):
		 * the rest goes to the converter, up to a lone NUL. */
		for (stop = p; stop < end;) {
			guint8 b = (guint8)*stop;

			if (b == '\0')
				break;
			if (b == 0x14)
				stop += MIN(3, end - stop);
			else if (b >= 0x10 && b < 0x14)
				stop += MIN(3, end - stop);
			else if (b < 0x20 && b != '\t' && b != '\n' &&
				 b != '\r')
				stop += MIN(2, end - stop);
			else
				stop++;
		}
		convert(out, p, (gsize)(stop - p));
		p = stop;
	}
}

char *
nsf_lmbcs_text(const void *data, gsize len)
{
	GString *out = g_string_sized_new(len + 1);

	nsf_lmbcs_append(out, data, len);
	return g_string_free(out, FALSE);
}
