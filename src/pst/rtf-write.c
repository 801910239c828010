#include "pst/rtf-write.h"

#include "pst/bytes.h"
#include "pst/ndb-encode.h"

#include <string.h>

#define HEADER	  16 /* bytes */
#define WINDOW	  4096
#define MATCH_MAX 17 /* bytes of one reference */
#define MATCH_MIN 2
#define CHAIN_MAX 32 /* places tried for a match */

/* [MS-OXRTFCP] 2.1.2.1 */
static const char start[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman "
    "\\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes "
    "New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
#define START (sizeof start - 1)

/* Where a pair of bytes was last seen: chains of places in all that was
 * written, the beginning of the dictionary included. */
struct finder {
	const guint8 *all; /* dictionary's beginning, then the text */
	gsize len;
	gint32 *head; /* by pair of bytes; -1: none */
	gint32 *previous;
};

static void
remember(struct finder *f, gsize at)
{
	guint pair;

	if (at + 1 >= f->len)
		return;
	pair = f->all[at] | (guint)f->all[at + 1] << 8;
	f->previous[at] = f->head[pair];
	f->head[pair] = (gint32)at;
}

/* The longest match for the bytes at a place that the window still has. */
static guint
find(const struct finder *f, gsize at, gsize *where)
{
	guint best = 0, tries = CHAIN_MAX;
	gsize room = MIN(MATCH_MAX, f->len - at);

	if (room < MATCH_MIN)
		return 0;
	for (gint32 p = f->head[f->all[at] | (guint)f->all[at + 1] << 8];
	     p >= 0 && tries-- > 0; p = f->previous[p]) {
		guint n = 0;

		/* A reference to the place of writing would be the end, and
		 * what is a window away is overwritten. */
		if (at - (gsize)p >= WINDOW)
			break;
		while (n < room && f->all[(gsize)p + n] == f->all[at + n])
			n++;
		if (n > best) {
			best = n;
			*where = (gsize)p;
		}
	}
	return best >= MATCH_MIN ? best : 0;
}

void
pst_rtf_compress(GByteArray *out, const guint8 *p, gsize len)
{
	guint base = out->len, flags_at = 0, bit = 8;
	g_autofree guint8 *all = g_malloc(START + len);
	struct finder f = {.all = all, .len = START + len};
	gsize at = START;
	guint8 *h;

	memcpy(all, start, START);
	if (len > 0)
		memcpy(all + START, p, len);
	f.head = g_new(gint32, 65536);
	f.previous = g_new(gint32, f.len + 1);
	for (guint i = 0; i < 65536; i++)
		f.head[i] = -1;
	for (gsize i = 0; i < START; i++)
		remember(&f, i);
	g_byte_array_set_size(out, base + HEADER);
	for (bool last = false; !last;) {
		gsize where = at;
		guint n = at < f.len ? find(&f, at, &where) : 0;
		guint8 two[2];

		last = at >= f.len;
		if (bit == 8) {
			flags_at = out->len;
			g_byte_array_append(out, (const guint8 *)"", 1);
			bit = 0;
		}
		if (n > 0 || last) {
			/* The end: a reference to where we are. */
			guint ref = (guint)(where % WINDOW) << 4 |
				    (last ? 0 : n - MATCH_MIN);

			two[0] = (guint8)(ref >> 8);
			two[1] = (guint8)ref;
			g_byte_array_append(out, two, 2);
			out->data[flags_at] |= (guint8)(1u << bit);
		} else {
			g_byte_array_append(out, all + at, 1);
			n = 1;
		}
		bit++;
		for (; n > 0 && !last; n--)
			remember(&f, at++);
	}
	h = out->data + base;
	put_le32(h, out->len - base - 4);
	put_le32(h + 4, (guint32)len);
	memcpy(h + 8, "LZFu", 4);
	put_le32(h + 12, pst_encode_crc(out->data + base + HEADER,
			     out->len - base - HEADER));
	g_free(f.head);
	g_free(f.previous);
}
