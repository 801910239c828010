#include "nsf_make.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BUCKET	    32768
#define FOOTER	    (BUCKET / 1024)
#define HEADER	    0x400
#define FIRST_ID    0x8F6
#define PER_PAGE    508
#define SUPER_AT    0x400 /* room for superblock and descriptor block is */
#define TABLES_ROOM 0x100 /* made at the end of the file */
#define SUMMARY_PER 570
#define JULIAN_1970 2440588

struct NsfMake {
	int fd;
	gint64 at; /* the end of the file, a multiple of 256 */
	guint ods;
	char *title;
	GArray *buckets; /* gint64: where */
	guint8 *bucket;	 /* the one being filled, or NULL */
	gsize used;	 /* bytes of it */
	guint slots;
	GArray *ids; /* guint64: A | C << 32 */
	GPtrArray *names;
	GHashTable *by_name;
	GString *text;
	GArray *types, *starts; /* guint16, guint32: of names */
	/* The note: */
	guint class, status;
	guint32 parent;
	GByteArray *table, *inner, *outer;
	guint items;
	guint32 serial;
	char unid[NSF_UNID_HEX];
};

static void
le16(guint8 *p, guint n)
{
	p[0] = (guint8)n;
	p[1] = (guint8)(n >> 8);
}

static void
le32(guint8 *p, guint32 n)
{
	le16(p, n & 0xffff);
	le16(p + 2, n >> 16);
}

static void
put16(GByteArray *to, guint n)
{
	guint8 b[2];

	le16(b, n);
	g_byte_array_append(to, b, 2);
}

static void
put32(GByteArray *to, guint32 n)
{
	guint8 b[4];

	le32(b, n);
	g_byte_array_append(to, b, 4);
}

static void
write_at(NsfMake *m, gint64 at, const void *data, gsize len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = pwrite(m->fd, p, len, at);

		g_assert_cmpint(n, >, 0);
		p += n;
		at += n;
		len -= (gsize)n;
	}
}

/* At the end of the file; where. */
static gint64
append(NsfMake *m, const void *data, gsize len)
{
	gint64 at = m->at;

	write_at(m, at, data, len);
	m->at = (at + (gint64)len + 255) & ~(gint64)255;
	return at;
}

void
nsf_make_timedate(guint8 out[8], gint64 utc, int zone, gboolean dst)
{
	guint32 day = (guint32)(utc / 86400 + JULIAN_1970);
	int standard = zone - (dst ? 1 : 0);

	le32(out, (guint32)(utc % 86400 * 100));
	le32(out + 4, day | (guint32)ABS(standard) << 24 |
			  (standard > 0 ? 1u << 30 : 0) | (dst ? 1u << 31 : 0));
}

/* Bits, least significant first. */
struct bits {
	GByteArray *to;
	guint32 held;
	guint n;
};

static void
put_bits(struct bits *b, guint32 value, guint n)
{
	for (guint i = 0; i < n; i++) {
		b->held |= (value >> i & 1) << b->n;
		if (++b->n == 8) {
			guint8 byte = (guint8)b->held;

			g_byte_array_append(b->to, &byte, 1);
			b->held = b->n = 0;
		}
	}
}

static void
put_gamma(struct bits *b, guint g)
{
	guint k = 1;

	while (g > (1u << (k + 1)) - 2)
		k++;
	put_bits(b, 1u << (k - 1), k);
	put_bits(b, g - ((1u << k) - 1), k);
}

/* Literals, and copies of the last byte or of what lies 300 back. */
GByteArray *
nsf_make_cx(const guint8 *data, gsize len)
{
	struct bits b = {.to = g_byte_array_new()};

	put_bits(&b, 4, 3);
	for (gsize at = 0; at < len;) {
		gsize n = 0, distance = 1;

		while (at > 0 && at + n < len && n < 200 &&
		       data[at + n] == data[at + n - 1])
			n++;
		if (n < 3 && at >= 300) {
			distance = 300;
			for (n = 0; at + n < len && n < 200 &&
				    data[at + n] == data[at + n - 300];)
				n++;
		}
		if (n < 2 || (n == 2 && distance > 255)) {
			put_bits(&b, 0, 1);
			put_bits(&b, data[at++], 8);
			continue;
		}
		put_bits(&b, 1, 1);
		if (n == 2) {
			put_bits(&b, 1, 1);
		} else {
			put_bits(&b, 0, 1);
			put_gamma(&b, (guint)n - 2);
			put_bits(&b, distance < 256, 1);
			if (distance >= 256)
				put_gamma(&b, (guint)(distance / 256));
		}
		put_bits(&b, distance % 256, 8);
		at += n;
	}
	put_bits(&b, 1, 2); /* 1, then 0 */
	put_gamma(&b, 0x100);
	put_bits(&b, 0, 16);
	return b.to;
}

/* A tree of the same depth everywhere: eight bits a byte, written upside down.
 */
GByteArray *
nsf_make_huffman(const guint8 *data, gsize len)
{
	GByteArray *out = g_byte_array_new();
	guint32 sum = 0;

	for (gsize i = 0; i < len; i++)
		sum += data[i];
	put32(out, sum);
	put16(out, 255 * 4);
	/* Pair n has the children 2n+1 and 2n+2; the first word is for a 1. */
	for (int n = 0; n < 255; n++)
		for (int bit = 1; bit >= 0; bit--) {
			int child = 2 * n + 1 + bit;

			put16(out, (guint)(child < 255 ? -child : child - 255));
		}
	g_byte_array_append(out, data, (guint)len);
	return out;
}

NsfMake *
nsf_make_new(const char *path, guint ods, const char *title)
{
	NsfMake *m = g_new0(NsfMake, 1);

	m->fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	g_assert_cmpint(m->fd, >=, 0);
	m->at = HEADER;
	m->ods = ods;
	m->title = g_strdup(title);
	m->buckets = g_array_new(FALSE, FALSE, sizeof(gint64));
	m->ids = g_array_new(FALSE, FALSE, sizeof(guint64));
	m->names = g_ptr_array_new_with_free_func(g_free);
	m->by_name =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	m->text = g_string_new(NULL);
	m->types = g_array_new(FALSE, FALSE, sizeof(guint16));
	m->starts = g_array_new(FALSE, FALSE, sizeof(guint32));
	m->table = g_byte_array_new();
	m->inner = g_byte_array_new();
	m->outer = g_byte_array_new();
	return m;
}

static void
flush_bucket(NsfMake *m)
{
	guint8 *b = m->bucket;
	gint64 at;

	if (b == NULL)
		return;
	b[0] = 0x02;
	b[1] = 0x42;
	le32(b + 2, m->buckets->len);
	le32(b + 6, BUCKET);
	le32(b + 44, m->slots);
	le32(b + 50, FOOTER);
	for (guint k = 0; k < BUCKET / 512; k++) {
		guint8 *p = &b[66 + 512 * k];
		guint8 *keep = &b[BUCKET - 1 - k / 2];

		*keep |= (guint8)(k % 2 ? *p & 0x0f : *p << 4);
		*p = (guint8)((*p & 0xf0) | 0x0a);
	}
	at = append(m, b, BUCKET);
	g_array_append_val(m->buckets, at);
	g_clear_pointer(&m->bucket, g_free);
}

static guint32
add_id(NsfMake *m, guint32 a, guint32 c)
{
	guint64 entry = a | (guint64)c << 32;

	g_array_append_val(m->ids, entry);
	return FIRST_ID + 4 * (m->ids->len - 1);
}

static guint32
next_id(const NsfMake *m)
{
	return FIRST_ID + 4 * m->ids->len;
}

/* A record into the bucket that is being filled. */
static guint32
add_slot(NsfMake *m, const guint8 *data, gsize len)
{
	g_assert_cmpuint(len, <, BUCKET - 1024);
	if (m->bucket && m->used + len + 4 * (m->slots + 1) > BUCKET - FOOTER)
		flush_bucket(m);
	if (m->bucket == NULL) {
		m->bucket = g_malloc0(BUCKET);
		m->used = 68;
		m->slots = 0;
	}
	memcpy(m->bucket + m->used, data, len);
	m->slots++;
	le16(m->bucket + BUCKET - FOOTER - 4 * m->slots, (guint)m->used);
	le16(m->bucket + BUCKET - FOOTER - 4 * m->slots + 2, (guint)len);
	m->used += len;
	return add_id(m, 0x80000000u | (m->buckets->len + 1), m->slots);
}

void
nsf_make_begin(NsfMake *m, guint class, guint status, guint32 parent)
{
	m->class = class;
	m->status = status;
	m->parent = parent;
	m->items = 0;
	g_byte_array_set_size(m->table, 0);
	g_byte_array_set_size(m->inner, 0);
	g_byte_array_set_size(m->outer, 0);
}

static guint
name_index(NsfMake *m, const char *name, guint16 type)
{
	g_autofree char *key = g_strdup_printf("%s/%x", name, type);
	gpointer index;
	guint32 start;

	if (g_hash_table_lookup_extended(m->by_name, key, NULL, &index))
		return GPOINTER_TO_UINT(index);
	start = (guint32)m->text->len;
	g_string_append(m->text, name);
	g_ptr_array_add(m->names, g_strdup(name));
	g_array_append_val(m->types, type);
	g_array_append_val(m->starts, start);
	g_hash_table_insert(m->by_name, g_steal_pointer(&key),
	    GUINT_TO_POINTER(m->names->len - 1));
	return m->names->len - 1;
}

void
nsf_make_item(NsfMake *m, const char *name, guint16 type, guint16 flags,
    const void *data, gsize len)
{
	GByteArray *to = flags & NSF_ITEM_SUMMARY ? m->inner : m->outer;
	guint16 named = flags & NSF_ITEM_TYPED ? type : 0x0500;
	gsize size = len + (flags & NSF_ITEM_TYPED ? 0 : 2);

	put16(m->table, name_index(m, name, named));
	put16(m->table, flags);
	put16(m->table, (guint)size);
	put16(m->table, 0x0100);
	if (!(flags & NSF_ITEM_TYPED))
		put16(to, type);
	g_byte_array_append(to, data, (guint)len);
	m->items++;
}

void
nsf_make_text(NsfMake *m, const char *name, const char *text)
{
	nsf_make_item(m, name, NSF_TYPE_TEXT, NSF_ITEM_SUMMARY | NSF_ITEM_TYPED,
	    text, strlen(text));
}

void
nsf_make_texts(NsfMake *m, const char *name, const char *const *texts)
{
	g_autoptr(GByteArray) value = g_byte_array_new();
	guint n = g_strv_length((char **)(void *)texts);

	put16(value, n);
	for (guint i = 0; i < n; i++)
		put16(value, (guint)strlen(texts[i]));
	for (guint i = 0; i < n; i++)
		g_byte_array_append(
		    value, (const guint8 *)texts[i], (guint)strlen(texts[i]));
	nsf_make_item(m, name, NSF_TYPE_TEXTS,
	    NSF_ITEM_SUMMARY | NSF_ITEM_TYPED, value->data, value->len);
}

void
nsf_make_time(NsfMake *m, const char *name, gint64 utc, int zone, gboolean dst)
{
	guint8 value[8];

	nsf_make_timedate(value, utc, zone, dst);
	nsf_make_item(m, name, NSF_TYPE_TIME, NSF_ITEM_SUMMARY | NSF_ITEM_TYPED,
	    value, sizeof value);
}

void
nsf_make_number(NsfMake *m, const char *name, double number)
{
	union {
		guint64 bits;
		double number;
	} u = {.number = number};
	guint8 value[8];

	le32(value, (guint32)u.bits);
	le32(value + 4, (guint32)(u.bits >> 32));
	nsf_make_item(m, name, NSF_TYPE_NUMBER,
	    NSF_ITEM_SUMMARY | NSF_ITEM_TYPED, value, sizeof value);
}

void
nsf_make_rich(NsfMake *m, const char *name, const GByteArray *records)
{
	nsf_make_item(m, name, NSF_TYPE_COMPOSITE, NSF_ITEM_TYPED,
	    records->data, records->len);
}

void
nsf_make_file(NsfMake *m, const char *name, guint32 object, guint compression,
    guint32 size)
{
	g_autoptr(GByteArray) v = g_byte_array_new();
	guint8 times[16] = {0};

	put16(v, 0);
	put32(v, object);
	put16(v, (guint)strlen(name));
	put16(v, 0);
	put16(v, compression);
	put16(v, 0);
	put16(v, 2);
	put32(v, size);
	g_byte_array_append(v, times, sizeof times);
	g_byte_array_append(v, (const guint8 *)name, (guint)strlen(name));
	nsf_make_item(
	    m, "$FILE", NSF_TYPE_OBJECT, NSF_ITEM_SUMMARY, v->data, v->len);
}

guint32
nsf_make_end(NsfMake *m, gboolean alone, int lie)
{
	g_autoptr(GByteArray) note = g_byte_array_new();
	guint8 head[100] = {0}, pad[12] = {0};
	guint8 *unid = head + 10;
	guint32 id = next_id(m), sum;
	gboolean appended = (m->status & NSF_STATUS_APPENDED) != 0;

	m->serial++;
	le16(head, 0x0004);
	le32(head + 6, id);
	le32(unid, 0x01020304);
	le32(unid + 4, m->serial);
	nsf_make_timedate(unid + 8, 946684800 + m->serial, 0, FALSE);
	nsf_unid_print(unid, m->unid);
	le32(head + 26, 1);
	le16(head + 38, m->status);
	le16(head + 40, m->class);
	nsf_make_timedate(head + 42, 946684800 + 86400, 0, FALSE);
	le16(head + 50, m->items);
	nsf_make_timedate(head + 72, 946684800, 0, FALSE);
	le32(head + 80, m->parent);
	if (m->outer->len > 0 && !appended) {
		g_autoptr(GByteArray) record = g_byte_array_new();
		guint8 other[68] = {0};

		le16(other, 0x0010);
		le32(other + 2, 68 + m->outer->len);
		le32(other + 6, id);
		memcpy(other + 10, unid, 16);
		g_byte_array_append(record, other, sizeof other);
		g_byte_array_append(record, m->outer->data, m->outer->len);
		le32(head + 56,
		    (guint32)(append(m, record->data, record->len) / 256));
		le32(head + 60, 68 + m->outer->len);
	} else {
		le32(head + 60, m->outer->len);
	}
	if (lie)
		le16(m->table->data + m->table->len - 4,
		    (guint)(m->table->data[m->table->len - 4] + lie));
	g_byte_array_append(note, head, sizeof head);
	g_byte_array_append(note, m->table->data, m->table->len);
	g_byte_array_append(note, m->inner->data, m->inner->len);
	if (appended)
		g_byte_array_append(note, m->outer->data, m->outer->len);
	sum = note->len;
	g_byte_array_append(note, pad, (guint)((4 - sum % 4) % 4 + 8));
	le32(note->data + 2, note->len);
	if (!alone && note->len < BUCKET - 1024)
		return add_slot(m, note->data, note->len);
	return add_id(m, (guint32)(append(m, note->data, note->len) / 256), 0);
}

const char *
nsf_make_unid(const NsfMake *m)
{
	return m->unid;
}

guint32
nsf_make_object(NsfMake *m, const void *data, gsize len)
{
	guint header = m->ods >= 52 ? 115 : 22;
	guint8 head[115] = {0};
	gint64 at = m->at;

	le16(head, m->ods >= 52 ? 0x001B : 0x0007);
	le32(head + 2, (guint32)(len + header));
	write_at(m, at, head, header);
	write_at(m, at + header, data, len);
	m->at = (at + header + (gint64)len + 255) & ~(gint64)255;
	return add_id(m, (guint32)(at / 256), 0);
}

void
nsf_make_folder(NsfMake *m, const char *title, const guint32 *ids, guint n)
{
	g_autoptr(GByteArray) table = g_byte_array_new();
	g_autoptr(GByteArray) item = g_byte_array_new();
	guint8 time[8] = {0}, run = 0;

	put32(table, 4);
	put16(table, n);
	put16(table, n);
	put16(table, 1);
	g_byte_array_append(table, time, sizeof time);
	for (guint i = 0; i < n; i++) {
		g_byte_array_append(table, &run, 1);
		put32(table, ids[i]);
	}
	put16(item, 10);
	put32(item, nsf_make_object(m, table->data, table->len));
	nsf_make_begin(m, NSF_CLASS_VIEW, 0x0004, 0);
	nsf_make_text(m, "$TITLE", title);
	nsf_make_text(m, "$Flags", "3FY");
	nsf_make_item(m, "$FolderIDTable", NSF_TYPE_OBJECT, NSF_ITEM_SUMMARY,
	    item->data, item->len);
	nsf_make_end(m, FALSE, 0);
}

void
nsf_make_stub(NsfMake *m)
{
	guint8 stub[64] = {0};

	le16(stub, 0x0004);
	le32(stub + 2, sizeof stub);
	le32(stub + 6, next_id(m));
	add_slot(m, stub, sizeof stub);
}

void
nsf_make_cd(
    GByteArray *to, guint8 signature, char width, const void *data, gsize len)
{
	guint8 pad = 0;

	g_byte_array_append(to, &signature, 1);
	if (width == 'b') {
		guint8 n = (guint8)(len + 2);

		g_byte_array_append(to, &n, 1);
	} else if (width == 'w') {
		guint8 mark = 0xff;

		g_byte_array_append(to, &mark, 1);
		put16(to, (guint)len + 4);
	} else {
		g_byte_array_append(to, &pad, 1);
		put32(to, (guint32)len + 6);
	}
	if (len > 0)
		g_byte_array_append(to, data, (guint)len);
	if (len % 2)
		g_byte_array_append(to, &pad, 1);
}

void
nsf_make_cd_text(GByteArray *to, guint8 font, const char *text)
{
	g_autoptr(GByteArray) value = g_byte_array_new();
	guint8 id[4] = {1, font, 0, 10};

	g_byte_array_append(value, id, sizeof id);
	g_byte_array_append(value, (const guint8 *)text, (guint)strlen(text));
	nsf_make_cd(to, 0x85, 'w', value->data, value->len);
}

/* A page of ids from the n-th on. */
static void
make_page(const NsfMake *m, guint n, guint8 page[4096])
{
	memset(page, 0, 4096);
	page[0] = 0x06;
	page[1] = 0x20;
	le32(page + 6, FIRST_ID + 4 * n);
	for (guint i = 0; i < PER_PAGE; i++) {
		guint64 e = n + i < m->ids->len
				? g_array_index(m->ids, guint64, n + i)
				: G_MAXUINT32;

		le32(page + 32 + 8 * i, (guint32)e);
		le32(page + 36 + 8 * i, (guint32)(e >> 32));
	}
}

static void
write_descriptor(NsfMake *m, const GByteArray *pages, guint8 *header)
{
	g_autoptr(GByteArray) data = g_byte_array_new();
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autoptr(GByteArray) cx = NULL;
	guint8 head[0x42] = {0};
	gint64 at;

	g_byte_array_append(data, pages->data, pages->len);
	for (guint i = 0; i < m->names->len; i++) {
		guint16 type = g_array_index(m->types, guint16, i);
		guint8 key[10] = {0};

		le32(key, g_array_index(m->starts, guint32, i));
		le16(key + 4, (guint)strlen(m->names->pdata[i]));
		key[6] = (guint8)type;
		key[7] = (guint8)(type >> 8);
		g_byte_array_append(data, key, sizeof key);
	}
	put32(data, (guint32)m->text->len);
	g_byte_array_append(
	    data, (const guint8 *)m->text->str, (guint)m->text->len);
	cx = nsf_make_cx(data->data, data->len);
	le16(head, 0x0001);
	le16(head + 4, 1);
	le32(head + 6, data->len);
	le32(head + 10, 7);
	le32(head + 26, m->names->len);
	le32(head + 34, (guint32)m->text->len);
	le32(head + 38, pages->len / 8);
	g_byte_array_append(out, head, sizeof head);
	put32(out, cx->len);
	g_byte_array_append(out, cx->data, cx->len);
	at = append(m, out->data, out->len);
	le32(header + 0x270, out->len);
	le32(header + 0x274, (guint32)(at / 256));
}

static void
write_superblock(NsfMake *m, const guint8 *page, guint8 *header)
{
	g_autoptr(GByteArray) data = g_byte_array_new();
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autoptr(GByteArray) cx = NULL;
	guint n = m->buckets->len, pages = (n + SUMMARY_PER - 1) / SUMMARY_PER;
	guint8 head[100] = {0};
	gint64 at;

	for (guint i = 0; i < pages; i++) {
		guint8 one[8206] = {0};

		for (guint k = 0; k < SUMMARY_PER && i * SUMMARY_PER + k < n;
		     k++)
			le32(one + 224 + 14 * k,
			    (guint32)(g_array_index(m->buckets, gint64,
					  i * SUMMARY_PER + k) /
				      256));
		g_byte_array_append(data, one, sizeof one);
	}
	g_byte_array_append(data, page, 4096);
	cx = nsf_make_cx(data->data, data->len);
	le16(head, 0x000E);
	le32(head + 10, data->len);
	le32(head + 14, n);
	le32(head + 26, 4096);
	le32(head + 60, 9);
	le16(head + 68, 1);
	le32(head + 70, pages);
	g_byte_array_append(out, head, sizeof head);
	put32(out, cx->len);
	g_byte_array_append(out, cx->data, cx->len);
	at = append(m, out->data, out->len);
	le32(header + 0x230, (guint32)(at / 256));
	le32(header + 0x234, out->len);
}

void
nsf_make_close(NsfMake *m)
{
	g_autoptr(GByteArray) pages = g_byte_array_new();
	guint8 header[HEADER] = {0}, page[4096];
	guint n = 0;

	flush_bucket(m);
	/* The last page of ids is in the superblock alone. */
	for (; n + PER_PAGE < m->ids->len; n += PER_PAGE) {
		guint8 entry[8];

		make_page(m, n, page);
		m->at = (m->at + 511) & ~(gint64)511; /* bit 0 is a flag */
		le32(entry, (guint32)(append(m, page, sizeof page) / 256));
		le32(entry + 4, FIRST_ID + 4 * n);
		g_byte_array_append(pages, entry, sizeof entry);
	}
	make_page(m, n, page);
	le16(header, 0x001A);
	le32(header + 2, HEADER);
	le32(header + 6, m->ods);
	le32(header + 0xB4, 0x11223344);
	le32(header + 0xB8, 0x55667788);
	g_strlcpy((char *)header + 0xC8, m->title, 128);
	write_descriptor(m, pages, header);
	write_superblock(m, page, header);
	le32(header + 0x58, (guint32)(m->at / 256));
	write_at(m, 0, header, sizeof header);
	g_assert_cmpint(ftruncate(m->fd, m->at), ==, 0);
	close(m->fd);
	g_array_unref(m->buckets);
	g_array_unref(m->ids);
	g_array_unref(m->types);
	g_array_unref(m->starts);
	g_ptr_array_unref(m->names);
	g_hash_table_unref(m->by_name);
	g_string_free(m->text, TRUE);
	g_byte_array_unref(m->table);
	g_byte_array_unref(m->inner);
	g_byte_array_unref(m->outer);
	g_free(m->title);
	g_free(m);
}
