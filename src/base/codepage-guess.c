#include "base/codepage-guess.h"

#include <stdbool.h>

/* Length of the UTF-8 character there, or 0 (RFC 3629 4). */
static gsize
utf8_len(const guint8 *p, gsize len)
{
	gsize n = *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : 2;

	if (*p < 0xC2 || *p > 0xF4 || n > len)
		return 0;
	for (gsize i = 1; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	return n;
}

static bool
is_letter(guint8 c)
{
	return g_ascii_isalpha((char)c) || c >= 0x80;
}

/* Shift-JIS: lead and trail bytes of JIS X 0208, appendix of RFC 1468's sets.
 */
static gsize
sjis_len(const guint8 *p, gsize len)
{
	bool lead = (*p >= 0x81 && *p <= 0x9F) || (*p >= 0xE0 && *p <= 0xFC);

	if (*p >= 0xA1 && *p <= 0xDF)
		return 1; /* half-width katakana */
	if (!lead || len < 2 || p[1] < 0x40 || p[1] == 0x7F || p[1] > 0xFC)
		return 0;
	return 2;
}

void
codepage_guess_add(struct codepage_guess *g, const guint8 *data, gsize len)
{
	gsize utf8_next = 0, sjis_next = 0, n;

	for (gsize i = 0; i < len; i++) {
		guint8 before = i > 0 ? data[i - 1] : 0;
		guint8 after = i + 1 < len ? data[i + 1] : 0;

		if (data[i] < 0x80)
			continue;
		g->high++;
		if (i >= utf8_next) {
			n = utf8_len(data + i, len - i);
			g->utf8 += n > 0;
			g->bad_utf8 += n == 0;
			utf8_next = i + (n ? n : 1);
		}
		if (i >= sjis_next) {
			n = sjis_len(data + i, len - i);
			g->bad_932 += n == 0;
			g->kana +=
			    n == 2 && (data[i] == 0x82 || data[i] == 0x83);
			sjis_next = i + (n ? n : 1);
		}
		if (is_letter(before) || is_letter(after)) {
			g->oem += data[i] <= 0xA5;
			g->ansi += data[i] >= 0xC0;
		}
	}
}

guint
codepage_guess_number(const struct codepage_guess *g, guint oem)
{
	if (g->high == 0)
		return 0;
	if (g->utf8 > 0 && g->bad_utf8 == 0)
		return 65001;
	/* Japanese has kana in every sentence: a third of its characters. */
	if (g->kana >= 2 && g->bad_932 * 50 <= g->kana &&
	    g->kana * 8 >= g->high)
		return 932;
	return g->ansi > g->oem ? 1252 : oem;
}
