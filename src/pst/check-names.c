/* The checker: the name map (spec/pst.md 11) and the id map (10). */
#include "pst/check-private.h"

#include "pst/bytes.h"
#include "pst/format.h"
#include "pst/ndb-decode.h"

#include <string.h>

#define BUCKETS	     251
#define FIRST_BUCKET 0x1000

/* Whether the bucket of (key, word) holds (key, word, index). */
static bool
in_bucket(const PstProps *map, guint32 key, guint word, guint index)
{
	g_autoptr(GBytes) bucket =
	    pst_props_bytes(map, FIRST_BUCKET + (key ^ word) % BUCKETS);
	const guint8 *p;
	gsize len = 0;

	if (bucket == NULL)
		return false;
	p = g_bytes_get_data(bucket, &len);
	for (; len >= 8; p += 8, len -= 8)
		if (get_le32(p) == key && get_le16(p + 4) == word &&
		    get_le16(p + 6) == index)
			return true;
	return false;
}

void
pst_check_names(struct check *c)
{
	const struct pst_node *node = pst_check_node(c, PST_NID_NAMES);
	g_autoptr(PstProps) map = NULL;
	g_autoptr(GBytes) guids = NULL;
	g_autoptr(GBytes) entries = NULL;
	g_autoptr(GBytes) strings = NULL;
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const guint8 *e, *s;
	gsize e_len = 0, s_len = 0;

	if (node == NULL ||
	    pst_props_open(&map, c->ndb, node->data, node->sub, NULL) < 0) {
		pst_check_say(c, R_NAMES, "it cannot be read");
		return;
	}
	guids = pst_props_bytes(map, 2);
	entries = pst_props_bytes(map, 3);
	strings = pst_props_bytes(map, 4);
	/* Independent readers refuse a file where one is missing or empty. */
	if (guids == NULL || entries == NULL || strings == NULL ||
	    g_bytes_get_size(guids) == 0 || g_bytes_get_size(guids) % 16 ||
	    g_bytes_get_size(entries) == 0 || g_bytes_get_size(entries) % 8 ||
	    g_bytes_get_size(strings) == 0) {
		pst_check_say(c, R_NAMES, "a stream is missing or empty");
		return;
	}
	if (pst_props_int_or(map, 1, 0) != BUCKETS)
		pst_check_say(
		    c, R_NAMES, "%u buckets", pst_props_int_or(map, 1, 0));
	e = g_bytes_get_data(entries, &e_len);
	s = g_bytes_get_data(strings, &s_len);
	for (guint i = 0; i < e_len / 8; i++, e += 8) {
		guint32 key = get_le32(e);
		guint kind = get_le16(e + 4), index = get_le16(e + 6);
		g_autofree char *name = NULL;
		g_autofree char *folded = NULL;

		if (index != i) {
			pst_check_say(
			    c, R_NAMES, "entry %u has index %u", i, index);
			continue;
		}
		if (kind >> 1 >= 3 &&
		    16 * ((gsize)(kind >> 1) - 2) > g_bytes_get_size(guids)) {
			pst_check_say(c, R_NAMES, "entry %u has no set", i);
			continue;
		}
		if (kind & 1) {
			guint32 len;

			if (key + 4ull > s_len ||
			    (len = get_le32(s + key)) > s_len - key - 4 ||
			    len == 0 || len % 2) {
				pst_check_say(
				    c, R_NAMES, "entry %u has no string", i);
				continue;
			}
			name = pst_text_from_utf16(s + key + 4, len);
			folded = g_utf8_casefold(name, -1);
			key = pst_crc(s + key + 4, len);
		} else {
			folded = g_strdup_printf("\x01%x", key);
		}
		if (!in_bucket(map, key, kind, index))
			pst_check_say(c, R_NAMES,
			    "entry %u (%s) is not in its bucket", i,
			    name ? name : folded + 1);
		if (!g_hash_table_add(
			seen, g_strdup_printf("%u %s", kind >> 1, folded)))
			pst_check_say(c, R_NAMES,
			    "entry %u (%s) has a name used before", i,
			    name ? name : folded + 1);
	}
}

static int
id_compare(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, 20);
}

void
pst_check_id_map(struct check *c)
{
	const struct pst_node *node = pst_check_node(c, PST_NID_ID_MAP);
	g_auto(PstSpan) span = {0};
	guint8 record[PST_BTH_RECORD_MAX];
	struct pst_heap heap;
	struct pst_bth_walk walk;
	guint i = 0, wrong = 0;

	if (node == NULL ||
	    pst_heap_open(&heap, c->ndb, node->data, node->sub, NULL) < 0 ||
	    heap.client != PST_HN_ID_MAP ||
	    pst_heap_get(&heap, heap.root, &span, NULL) < 0 || span.len < 4 ||
	    pst_bth_walk_init(&walk, &heap, get_le32(span.p), NULL) < 0 ||
	    walk.key_len != 16 || walk.value_len != 4) {
		pst_check_say(c, R_ID_MAP, "it cannot be read");
		return;
	}
	g_array_sort(c->item_ids, id_compare);
	while (pst_bth_walk_next(&walk, record, NULL) == ST_OK) {
		if (i >= c->item_ids->len ||
		    memcmp(record, c->item_ids->data + 20 * (gsize)i, 20) != 0)
			wrong++;
		i++;
	}
	if (wrong > 0 || i != c->item_ids->len)
		pst_check_say(c, R_ID_MAP,
		    "%u records, %u rows with an id, %u differ", i,
		    c->item_ids->len, wrong);
}
