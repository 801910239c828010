/* Header blocks, messages in parts and the way back, from any bytes. */
#include "mime/envelope.h"
#include "mime/part.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static void
clear(gpointer part)
{
	part_clear(part);
}

static void
check_person(gpointer data, gpointer user)
{
	const struct person *p = data;

	g_assert(!p->name || g_utf8_validate(p->name, -1, NULL));
	g_assert(!p->address || g_utf8_validate(p->address, -1, NULL));
	g_assert(!p->name || !strpbrk(p->name, "\r\n"));
	g_assert(p->name || p->address);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	struct blob raw = blob_from_mem(data, len);
	g_autoptr(GArray) parts = g_array_new(FALSE, TRUE, sizeof(struct part));
	g_autoptr(GArray) again = g_array_new(FALSE, TRUE, sizeof(struct part));
	g_autoptr(Spool) store = spool_new(g_get_tmp_dir());
	g_autoptr(Spool) store2 = spool_new(g_get_tmp_dir());
	g_autoptr(Spool) joined = spool_new(g_get_tmp_dir());
	struct envelope e, e2;

	g_array_set_clear_func(parts, clear);
	g_array_set_clear_func(again, clear);
	envelope_init(&e);
	envelope_init(&e2);
	g_assert(envelope_parse(&raw, &e, NULL) == ST_OK);
	g_ptr_array_foreach(e.from, check_person, NULL);
	g_ptr_array_foreach(e.to, check_person, NULL);
	g_assert(!e.subject || g_utf8_validate(e.subject, -1, NULL));
	g_assert(part_split(&raw, parts, store, NULL) == ST_OK);
	g_assert(parts->len > 0 && parts->len <= PARTS_MAX);
	for (guint i = 0; i < parts->len; i++) {
		struct part *p = &g_array_index(parts, struct part, i);

		g_assert(!p->name || g_utf8_validate(p->name, -1, NULL));
		g_assert(p->kind != PART_TEXT || p->blob.mem == NULL ||
			 g_utf8_validate_len((const char *)p->blob.mem,
			     (gsize)p->blob.len, NULL));
	}
	g_assert(part_join(&e, NULL, (struct part *)parts->data, parts->len,
		     joined, NULL) == ST_OK);
	raw = spool_blob(joined);
	g_assert(part_split(&raw, again, store2, NULL) == ST_OK);
	g_assert(envelope_parse(&raw, &e2, NULL) == ST_OK);
	g_assert(e.sent.utc == e2.sent.utc);
	/* attachments are all still there */
	for (guint i = 0, k = 0; i < parts->len; i++) {
		struct part *p = &g_array_index(parts, struct part, i);

		if (p->kind != PART_FILE || p->is_inline)
			continue;
		for (;; k++) {
			struct part *q;

			g_assert(k < again->len);
			q = &g_array_index(again, struct part, k);
			if (q->kind == PART_FILE &&
			    q->blob.len == p->blob.len &&
			    (!q->blob.mem || !p->blob.mem ||
				!memcmp(q->blob.mem, p->blob.mem,
				    (gsize)p->blob.len)))
				break;
		}
		k++;
	}
	envelope_clear(&e);
	envelope_clear(&e2);
	return 0;
}
