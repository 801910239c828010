#include "pst/ltp-read.h"

#include "pst/bytes.h"
#include "pst/format.h"

#include <string.h>

void
pst_span_clear(struct pst_span *span)
{
	g_clear_pointer(&span->owner, g_bytes_unref);
	span->p = NULL;
	span->len = 0;
}

/* Heap-on-node: [MS-PST] 2.3.1 */

enum status
pst_heap_open(struct pst_heap *out, PstNdb *ndb, guint64 data, guint64 sub,
    GError **error)
{
	g_autoptr(GBytes) block = NULL;
	const guint8 *p;
	gsize len;
	enum status st;

	*out = (struct pst_heap){.sub = sub};
	st = pst_data_open(&out->data, ndb, data, error);
	if (st < 0)
		return st;
	if (out->data.n_blocks == 0)
		return fail(
		    ST_ITEM, error, ERR_FORMAT, RETRY_NEVER, "heap is missing");
	st = pst_data_block(&out->data, 0, &block, error);
	if (st < 0)
		return st;
	p = g_bytes_get_data(block, &len);
	if (len < 12 || p[2] != PST_HN_SIG)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "heap is damaged: no signature");
	out->client = p[3];
	out->root = get_le32(p + 4);
	return ST_OK;
}

enum status
pst_heap_get(const struct pst_heap *heap, guint32 hid, struct pst_span *out,
    GError **error)
{
	guint shift = pst_ndb_layout(heap->data.ndb)->hid_shift;
	guint block = hid >> shift, i = (hid & ((1u << shift) - 1)) >> 5;
	guint map, n, from, to;
	const guint8 *p;
	gsize len;
	enum status st;

	pst_span_clear(out);
	if (PST_NID_TYPE(hid) != PST_HID || i == 0)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "%x is no heap id", hid);
	st = pst_data_block(&heap->data, block, &out->owner, error);
	if (st < 0) {
		g_prefix_error(error, "heap item %x: ", hid);
		return st;
	}
	p = g_bytes_get_data(out->owner, &len);
	if (len < 2 || (map = get_le16(p)) + 4u > len)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "heap block %u is damaged: no page map", block);
	n = get_le16(p + map);
	if (i > n || map + 4 + 2 * ((gsize)n + 1) > len)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "heap item %x is not among the %u of its block", hid, n);
	from = get_le16(p + map + 4 + 2 * (i - 1));
	to = get_le16(p + map + 4 + 2 * i);
	if (from > to || to > map)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "heap item %x is damaged: from %u to %u", hid, from, to);
	out->p = p + from;
	out->len = to - from;
	return ST_OK;
}

/* B-tree-on-heap: [MS-PST] 2.3.2 */

enum status
pst_bth_walk_init(struct pst_bth_walk *walk, const struct pst_heap *heap,
    guint32 hid, GError **error)
{
	g_auto(PstSpan) span = {0};
	enum status st;

	*walk = (struct pst_bth_walk){.heap = heap};
	st = pst_heap_get(heap, hid, &span, error);
	if (st < 0)
		return st;
	if (span.len < 8 || span.p[0] != PST_BTH_SIG || span.p[1] == 0 ||
	    span.p[1] > PST_BTH_KEY_MAX || span.p[2] == 0 ||
	    span.p[1] + span.p[2] > PST_BTH_RECORD_MAX ||
	    span.p[3] > PST_DEPTH_MAX)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "B-tree header %x is damaged", hid);
	walk->key_len = span.p[1];
	walk->value_len = span.p[2];
	walk->at[0].level = span.p[3];
	walk->at[0].hid = get_le32(span.p + 4);
	walk->depth = walk->at[0].hid != 0 ? 1 : 0;
	return ST_OK;
}

/* Keys of up to 8 bytes are numbers, longer ones (GUIDs) are bytes. */
static int
key_compare(const guint8 *a, const guint8 *b, guint len)
{
	if (len > 8)
		return memcmp(a, b, len);
	while (len-- > 0)
		if (a[len] != b[len])
			return a[len] < b[len] ? -1 : 1;
	return 0;
}

enum status
pst_bth_walk_next(struct pst_bth_walk *walk, guint8 record[PST_BTH_RECORD_MAX],
    GError **error)
{
	while (walk->depth > 0) {
		guint d = walk->depth - 1, level = walk->at[d].level, i, size;
		g_auto(PstSpan) span = {0};
		const guint8 *e;
		int order;
		enum status st =
		    pst_heap_get(walk->heap, walk->at[d].hid, &span, error);

		if (st < 0) {
			walk->depth--;
			return st;
		}
		size = walk->key_len + (level == 0 ? walk->value_len : 4u);
		i = walk->at[d].next++;
		if (((gsize)i + 1) * size > span.len) {
			walk->depth--;
			continue;
		}
		e = span.p + (gsize)i * size;
		order =
		    walk->begun ? key_compare(e, walk->last, walk->key_len) : 1;
		/* Also what ends the walk of a tree that holds itself. */
		if (order < 0 || (order == 0 && i > 0)) {
			walk->depth--;
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "heap item %x is damaged: its keys are out of "
			    "order",
			    walk->at[d].hid);
		}
		memcpy(walk->last, e, walk->key_len);
		walk->begun = true;
		if (level == 0) {
			memcpy(record, e, size);
			return ST_OK;
		}
		walk->at[d + 1].hid = get_le32(e + walk->key_len);
		walk->at[d + 1].next = 0;
		walk->at[d + 1].level = level - 1;
		walk->depth++;
	}
	return ST_END;
}

/* Values */

void
pst_value_clear(struct pst_value *value)
{
	pst_span_clear(&value->span);
	value->len = 0;
}

enum status
pst_value_read(const struct pst_value *value, guint64 at, void *buf, gsize len,
    gsize *got, GError **error)
{
	const guint8 *p = value->span.p;

	*got = 0;
	if (at >= value->len)
		return ST_OK;
	if (p == NULL && value->data.bid != 0)
		return pst_data_read(&value->data, at, buf, len, got, error);
	if (p == NULL)
		p = value->small;
	*got = (gsize)MIN((guint64)len, value->len - at);
	memcpy(buf, p + at, *got);
	return ST_OK;
}

enum status
pst_value_bytes(const struct pst_value *value, GBytes **out, GError **error)
{
	g_autofree guint8 *p = NULL;
	gsize got;
	enum status st;

	*out = NULL;
	if (value->len > PST_BYTES_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "value of %" G_GUINT64_FORMAT " bytes is too long",
		    value->len);
	if (value->span.p) {
		*out = g_bytes_new(value->span.p, value->len);
		return ST_OK;
	}
	p = g_malloc(value->len + 1);
	st = pst_value_read(value, 0, p, value->len, &got, error);
	if (st < 0)
		return st;
	*out = g_bytes_new_take(g_steal_pointer(&p), got);
	return ST_OK;
}

char *
pst_text_from_utf16(const guint8 *p, gsize len)
{
	GString *out = g_string_sized_new(len / 2 + 1);
	gsize n = len / 2;

	while (n > 0 && get_le16(p + 2 * (n - 1)) == 0)
		n--;
	for (gsize i = 0; i < n; i++) {
		gunichar c = get_le16(p + 2 * i);

		if (c == 0)
			continue;
		if (c < 0x80) {
			g_string_append_c(out, (char)c);
			continue;
		}
		if (c >= 0xd800 && c < 0xdc00 && i + 1 < n) {
			gunichar d = get_le16(p + 2 * (i + 1));

			if (d >= 0xdc00 && d < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + d - 0xdc00;
				i++;
			}
		}
		if (c >= 0xd800 && c < 0xe000)
			c = 0xfffd;
		g_string_append_unichar(out, c);
	}
	return g_string_free(out, FALSE);
}

static bool
is_ascii(const guint8 *p, gsize len)
{
	for (gsize i = 0; i < len; i++)
		if (p[i] >= 0x80 || p[i] == 0x1b) /* ISO 2022 shifts by it */
			return false;
	return true;
}

/* Bytes in a Windows code page; what the converter does not know, as 1252, and
 * what that does not know, as U+FFFD. UTF-8 that is said to be 1252 is met in
 * files of other programs, and cannot be anything else by chance. */
char *
pst_text_from_string8(const guint8 *p, gsize len, guint codepage)
{
	g_autofree char *name = NULL;
	char *text = NULL;
	gsize n = 0;

	while (n < len && p[n] != 0)
		n++;
	if (codepage == 65001 || is_ascii(p, n) ||
	    ((codepage == 0 || codepage == 1252) &&
		g_utf8_validate((const char *)p, (gssize)n, NULL)))
		return g_utf8_make_valid((const char *)p, (gssize)n);
	name = g_strdup_printf("CP%u", codepage);
	if (codepage != 0)
		text = g_convert_with_fallback((const char *)p, (gssize)n,
		    "UTF-8", name, NULL, NULL, NULL, NULL);
	if (text == NULL) {
		GString *out = g_string_sized_new(n);

		for (gsize i = 0; i < n; i++) {
			g_autofree char *one =
			    p[i] < 0x80
				? NULL
				: g_convert((const char *)p + i, 1, "UTF-8",
				      "WINDOWS-1252", NULL, NULL, NULL);

			if (p[i] < 0x80)
				g_string_append_c(out, (char)p[i]);
			else
				g_string_append(
				    out, one ? one : "\xef\xbf\xbd");
		}
		text = g_string_free(out, FALSE);
	}
	return text;
}

enum status
pst_value_text(
    const struct pst_value *value, guint codepage, char **out, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;
	const guint8 *p;
	gsize len;
	enum status st;

	*out = NULL;
	if (value->type != PST_T_UNICODE && value->type != PST_T_STRING8)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "property of type %04x is no text", value->type);
	st = pst_value_bytes(value, &bytes, error);
	if (st < 0)
		return st;
	p = g_bytes_get_data(bytes, &len);
	if (len == 0)
		*out = g_strdup("");
	else if (value->type == PST_T_UNICODE)
		*out = pst_text_from_utf16(p, len);
	else
		*out = pst_text_from_string8(p, len, codepage);
	return ST_OK;
}
