#include "mime/vcard.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static void
check(const struct vcard *card)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_auto(Vcard) again = {0};
	gsize pos = 0;

	g_assert(card->lines->len <= VCARD_LINES_MAX);
	vcard_write_begin(out);
	for (guint i = 0; i < card->lines->len; i++) {
		const struct vcard_line *l = card->lines->pdata[i];
		g_autofree char *text = vcard_line_text(l);
		g_autoptr(GPtrArray) parts = vcard_line_split(l, ';');
		GBytes *bytes = vcard_line_bytes(l);

		g_assert(g_utf8_validate(l->value, -1, NULL));
		g_assert(g_utf8_validate(text, -1, NULL));
		g_assert(parts->len > 0 && strpbrk(l->value, "\r\n") == NULL);
		vcard_line_is(l, "pref");
		vcard_write_line(out, l);
		g_clear_pointer(&bytes, g_bytes_unref);
	}
	vcard_write_end(out);
	/* What was read can be written and is the same again. */
	g_assert(vcard_next(out->str, out->len, &pos, &again, NULL) == ST_OK);
	g_assert(again.version == 40 && pos == out->len);
	g_assert(again.lines->len == card->lines->len);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	g_auto(Vcard) card = {0};
	gsize pos = 0;
	enum status st;

	while ((st = vcard_next((const char *)data, len, &pos, &card, NULL)) !=
	       ST_END)
		if (st == ST_OK)
			check(&card);
	return 0;
}
