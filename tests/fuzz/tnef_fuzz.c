#include "pst/tnef.h"

#include "pst/bytes.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static void
check(const Tnef *o, const guint8 *from, gsize len, guint depth)
{
	g_assert(depth < TNEF_DEPTH_MAX);
	g_assert(o->props->len <= TNEF_PROPS_MAX);
	for (guint i = 0; i < o->props->len; i++) {
		const struct tnef_prop *p =
		    &g_array_index(o->props, struct tnef_prop, i);
		g_autofree char *text = tnef_text(o, p);

		g_assert(text == NULL || g_utf8_validate(text, -1, NULL));
		g_assert(p->name == NULL || g_utf8_validate(p->name, -1, NULL));
		g_assert(p->n_values <= TNEF_VALUES_MAX);
		for (guint k = 0; k < p->n_values; k++)
			g_assert(
			    p->values[k].p >= from &&
			    p->values[k].p + p->values[k].len <= from + len);
		tnef_int(p, 0);
	}
	for (guint i = 0; i < o->recipients->len; i++)
		check(o->recipients->pdata[i], from, len, depth);
	for (guint i = 0; i < o->attachments->len; i++) {
		const Tnef *a = o->attachments->pdata[i];

		check(a, from, len, depth);
		if (a->message)
			check(a->message, from, len, depth + 1);
	}
}

/* Make the checksums right, which no mutation would hit. */
static void
sum_up(guint8 *p, gsize len)
{
	for (gsize at = 6; at + 11 <= len;) {
		gsize n = get_le32(p + at + 5);
		guint sum = 0;

		if (n > len - at - 11)
			return;
		for (gsize i = 0; i < n; i++)
			sum += p[at + 9 + i];
		put_le16(p + at + 9 + n, sum & 0xffff);
		at += 11 + n;
	}
}

int
LLVMFuzzerTestOneInput(const guint8 *in, gsize len)
{
	Tnef *tnef;
	g_autofree guint8 *data = g_memdup2(in, len);
	enum status st;

	if (len > 6)
		sum_up(data, len);
	st = tnef_read(&tnef, data, len, NULL);

	g_assert(st == ST_OK || st == ST_ITEM);
	if (st == ST_OK)
		check(tnef, data, len, 0);
	tnef_free(tnef);
	return 0;
}
