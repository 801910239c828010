/* The name-to-id map, for writing: spec/pst.md 11. */
#include "pst/messaging-write-private.h"

#include "pst/bytes.h"
#include "pst/format.h"
#include "pst/ndb-encode.h"

#include <string.h>

#define BUCKETS	     251
#define FIRST_BUCKET 0x1000u
#define FIRST_ID     0x8000u
#define SETS_MAX     64	 /* property sets of a file; there are about 20 */
#define NAME_LEN_MAX 254 /* bytes of UTF-8 of a name */

static const guint8 set_mapi[16] = {
    0x28, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
static const guint8 set_public[16] = {
    0x29, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
static const guint8 set_headers[16] = {
    0x86, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};

struct PstNamesOut {
	GHashTable *ids; /* folded name to property id */
	GByteArray *sets, *entries, *strings;
	GByteArray *buckets[BUCKETS];
};

PstNamesOut *
pst_names_out_new(void)
{
	PstNamesOut *names = g_new0(PstNamesOut, 1);

	names->ids =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	names->sets = g_byte_array_new();
	names->entries = g_byte_array_new();
	names->strings = g_byte_array_new();
	/* Never empty: two readers refuse the whole file then. */
	g_byte_array_append(names->sets, set_headers, 16);
	pst_names_out_id(names, set_public, 0, "Keywords");
	return names;
}

void
pst_names_out_free(PstNamesOut *names)
{
	if (names == NULL)
		return;
	g_hash_table_destroy(names->ids);
	g_byte_array_unref(names->sets);
	g_byte_array_unref(names->entries);
	g_byte_array_unref(names->strings);
	for (guint i = 0; i < BUCKETS; i++)
		if (names->buckets[i])
			g_byte_array_unref(names->buckets[i]);
	g_free(names);
}

/* wGuid: 0 when there is no more room. */
static guint
set_number(PstNamesOut *names, const guint8 guid[16])
{
	guint n = names->sets->len / 16;

	if (memcmp(guid, set_mapi, 16) == 0)
		return 1;
	if (memcmp(guid, set_public, 16) == 0)
		return 2;
	for (guint i = 0; i < n; i++)
		if (memcmp(names->sets->data + 16 * i, guid, 16) == 0)
			return 3 + i;
	if (n == SETS_MAX)
		return 0;
	g_byte_array_append(names->sets, guid, 16);
	return 3 + n;
}

guint
pst_names_out_id(
    PstNamesOut *names, const guint8 guid[16], guint32 lid, const char *name)
{
	g_autofree char *folded = name ? g_utf8_casefold(name, -1) : NULL;
	guint set = set_number(names, guid);
	g_autofree char *key = folded ? g_strdup_printf("%u %s", set, folded)
				      : g_strdup_printf("%u \x01%x", set, lid);
	guint id = GPOINTER_TO_UINT(g_hash_table_lookup(names->ids, key));
	guint n = names->entries->len / 8, kind = set << 1 | (name != NULL);
	guint8 entry[8];
	guint32 hash = lid;
	GByteArray **bucket;

	if (id != 0 || set == 0)
		return id;
	if (n == PST_WRITER_NAMES_MAX)
		return 0;
	put_le32(entry, lid);
	if (name) {
		g_autofree gunichar2 *wide = NULL;
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		guint8 len[4];
		glong units = 0;

		if (strlen(name) > NAME_LEN_MAX || *name == '\0' ||
		    (wide = g_utf8_to_utf16(name, -1, NULL, &units, NULL)) ==
			NULL)
			return 0;
		g_byte_array_set_size(bytes, (guint)(2 * units));
		for (glong i = 0; i < units; i++)
			put_le16(bytes->data + 2 * i, wide[i]);
		hash = pst_encode_crc(bytes->data, bytes->len);
		put_le32(entry, names->strings->len);
		put_le32(len, bytes->len);
		g_byte_array_append(names->strings, len, 4);
		g_byte_array_append(names->strings, bytes->data, bytes->len);
		while (names->strings->len % 4)
			g_byte_array_append(
			    names->strings, (const guint8 *)"", 1);
	}
	put_le16(entry + 4, kind);
	put_le16(entry + 6, n);
	g_byte_array_append(names->entries, entry, 8);
	put_le32(entry, hash);
	bucket = &names->buckets[(hash ^ kind) % BUCKETS];
	if (*bucket == NULL)
		*bucket = g_byte_array_new();
	g_byte_array_append(*bucket, entry, 8);
	id = FIRST_ID + n;
	g_hash_table_insert(
	    names->ids, g_steal_pointer(&key), GUINT_TO_POINTER(id));
	return id;
}

enum status
pst_names_out_write(PstNamesOut *names, PstBag *bag, GError **error)
{
	const GByteArray *streams[] = {
	    names->sets, names->entries, names->strings};
	enum status st = ST_OK;

	pst_bag_int(bag, 0x00010003, BUCKETS);
	for (guint i = 0; i < 3 && st == ST_OK; i++)
		st = pst_bag_bytes(bag, (i + 2) << 16 | PST_T_BINARY,
		    streams[i]->data, streams[i]->len, error);
	for (guint i = 0; i < BUCKETS && st == ST_OK; i++)
		if (names->buckets[i])
			st = pst_bag_bytes(bag,
			    (FIRST_BUCKET + i) << 16 | PST_T_BINARY,
			    names->buckets[i]->data, names->buckets[i]->len,
			    error);
	return st;
}
