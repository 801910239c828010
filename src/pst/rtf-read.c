#include "pst/rtf-read.h"

#include "pst/bytes.h"

#include <string.h>

#define HEADER	     16		 /* bytes */
#define COMPRESSED   0x75465a4cu /* "LZFu" */
#define UNCOMPRESSED 0x414c454du /* "MELA" */
#define WINDOW	     4096	 /* bytes of the dictionary */

/* [MS-OXRTFCP] 2.1.2.1: what the dictionary holds at first. */
static const char start[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman "
    "\\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes "
    "New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

enum status
pst_rtf_decompress(const guint8 *p, gsize len, GByteArray **out, GError **error)
{
	guint8 window[WINDOW] = {0};
	guint at = sizeof start - 1;
	gsize raw;
	GByteArray *text;

	*out = NULL;
	if (len < HEADER)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "rich text is damaged: too short");
	raw = get_le32(p + 4);
	if (raw > PST_RTF_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "rich text of %" G_GSIZE_FORMAT " bytes is too long", raw);
	if (get_le32(p + 8) == UNCOMPRESSED) {
		text = g_byte_array_new();
		g_byte_array_append(
		    text, p + HEADER, (guint)MIN(raw, len - HEADER));
		*out = text;
		return ST_OK;
	}
	if (get_le32(p + 8) != COMPRESSED)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "rich text is damaged: no signature");
	text = g_byte_array_new();
	memcpy(window, start, sizeof start - 1);
	p += HEADER;
	len -= HEADER;
	/* Groups of eight: a bit each, 1 for a reference (12 bits where, 4 bits
	 * how long, less two), 0 for a byte. */
	while (len > 0 && text->len < raw) {
		guint flags = *p++;

		len--;
		for (guint bit = 0; bit < 8 && text->len < raw; bit++) {
			guint from, n;

			if (!(flags & 1u << bit)) {
				if (len < 1)
					break;
				g_byte_array_append(text, p, 1);
				window[at] = *p++;
				at = (at + 1) % WINDOW;
				len--;
				continue;
			}
			if (len < 2)
				break;
			from = (guint)p[0] << 4 | p[1] >> 4;
			n = (p[1] & 15u) + 2;
			p += 2;
			len -= 2;
			/* A reference to where we are is the end. */
			if (from == at) {
				*out = text;
				return ST_OK;
			}
			for (; n > 0 && text->len < raw; n--) {
				guint8 b = window[from];

				g_byte_array_append(text, &b, 1);
				window[at] = b;
				at = (at + 1) % WINDOW;
				from = (from + 1) % WINDOW;
			}
		}
	}
	*out = text;
	return ST_OK;
}
