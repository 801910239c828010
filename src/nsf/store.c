#include "nsf/store-private.h"

#include "nsf/bytes.h"
#include "nsf/lmbcs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_LEN  0x400
#define TITLE_AT    0xC8
#define TITLE_LEN   128
#define REPLICA_AT  0xB4
#define ODS_FIRST   16 /* Notes 1 */
#define ODS_OLDEST  41 /* spec/notes.md 1.2: nothing older was ever seen */
#define ODS_LAST    60
#define UNUSED	    0xFFFFFFFFu
#define UNUSED_TOO  0x7FFFFFFFu
#define IN_BUCKET   0x80000000u
#define BUCKET_MASK 0xFFFFFFu
#define SLOT_MASK   0x7FFu
#define SECTOR	    512

bool
nsf_is_database(const guint8 *data, gsize len, guint *ods)
{
	guint32 header;

	if (len < 16 || get_le16(data) != 0x001A)
		return false;
	header = get_le32(data + 2);
	*ods = get_le32(data + 6);
	return (header == 0x400 || header == 0x800) && *ods >= ODS_FIRST &&
	       *ods <= ODS_LAST;
}

bool
nsf_is_proven(guint ods)
{
	static const guint8 seen[] = {41, 43, 52, 53, 55};

	return memchr(seen, (int)MIN(ods, 255), sizeof seen) != NULL;
}

enum status
nsf_read(Nsf *nsf, gint64 at, void *buf, gsize len, GError **error)
{
	guint8 *p = buf;
	gsize done = 0;

	if (at < 0 || at > nsf->size || (gint64)len > nsf->size - at)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "%" G_GSIZE_FORMAT " bytes at %" G_GINT64_FORMAT
		    " are beyond the end of the file",
		    len, at);
	while (done < len) {
		ssize_t n = pread(
		    nsf->fd, p + done, len - done, (off_t)(at + (gint64)done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(ST_ITEM, error, ERR_IO, RETRY_NEVER,
			    "cannot read at %" G_GINT64_FORMAT ": %s", at,
			    n < 0 ? g_strerror(errno)
				  : "the file became "
				    "shorter");
		done += (gsize)n;
	}
	return ST_OK;
}

/* Title, LF, categories, LF "#1" name, LF "#2" inherits (2.2). */
static void
take_title(Nsf *nsf, const guint8 *header)
{
	const char *text = (const char *)header + TITLE_AT;
	g_auto(GStrv) lines = NULL;
	g_autofree char *raw = g_strndup(text, TITLE_LEN);

	lines = g_strsplit(raw, "\n", 8);
	nsf->info.title = nsf_lmbcs_text(
	    lines[0] ? lines[0] : "", lines[0] ? strlen(lines[0]) : 0);
	g_strstrip(nsf->info.title);
	for (guint i = 0; lines[i]; i++) {
		char **where =
		    g_str_has_prefix(lines[i], "#1")   ? &nsf->info.template_of
		    : g_str_has_prefix(lines[i], "#2") ? &nsf->info.inherits
						       : NULL;

		if (where && !*where)
			*where =
			    nsf_lmbcs_text(lines[i] + 2, strlen(lines[i] + 2));
	}
}

static int
by_first(gconstpointer a, gconstpointer b)
{
	const struct nsf_page *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	/* The one in the superblock wins: put it last. */
	return (x->offset < 0) - (y->offset < 0);
}

void
nsf_pages_sort(Nsf *nsf)
{
	guint n = 0;

	g_array_sort(nsf->pages, by_first);
	for (guint i = 0; i < nsf->pages->len; i++) {
		struct nsf_page *p =
		    &g_array_index(nsf->pages, struct nsf_page, i);

		if (n > 0 &&
		    g_array_index(nsf->pages, struct nsf_page, n - 1).first ==
			p->first)
			n--;
		g_array_index(nsf->pages, struct nsf_page, n++) = *p;
	}
	g_array_set_size(nsf->pages, n);
}

static enum status
open_tables(Nsf *nsf, const guint8 *header, bool rescue, GError **error)
{
	g_autoptr(GError) why = NULL;
	enum status st;

	st = nsf_load_names(nsf, header, &why);
	if (st < 0 && !rescue) {
		g_propagate_error(error, g_steal_pointer(&why));
		return st;
	}
	if (rescue)
		return nsf_scan(nsf, error);
	st = nsf_load_superblock(nsf, header, error);
	if (st < 0)
		g_prefix_error(error,
		    "no usable superblock: the database is encrypted "
		    "locally, or damaged (rescue=yes looks for notes all the "
		    "same): ");
	return st;
}

enum status
nsf_open(Nsf **out, const char *path, bool rescue, GError **error)
{
	g_autoptr(Nsf) nsf = g_new0(Nsf, 1);
	guint8 header[HEADER_LEN] = {0};
	struct stat sb;
	guint ods = 0;
	enum status st;

	*out = NULL;
	nsf->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (nsf->fd < 0 || fstat(nsf->fd, &sb) < 0)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "cannot open %s: %s", path, g_strerror(errno));
	nsf->size = sb.st_size;
	nsf->summary.offsets = g_array_new(FALSE, TRUE, sizeof(gint64));
	nsf->other.offsets = g_array_new(FALSE, TRUE, sizeof(gint64));
	nsf->pages = g_array_new(FALSE, FALSE, sizeof(struct nsf_page));
	st = nsf_read(nsf, 0, header, (gsize)MIN(nsf->size, HEADER_LEN), error);
	if (st < 0)
		return ST_MAILBOX;
	if (!nsf_is_database(header, (gsize)MIN(nsf->size, HEADER_LEN), &ods))
		return fail(ST_MAILBOX, error, ERR_FORMAT, RETRY_NEVER,
		    "%s is no Notes database", path);
	if (ods < ODS_OLDEST)
		return fail(ST_MAILBOX, error, ERR_FORMAT, RETRY_NEVER,
		    "%s is a database of Notes 1 to 4 (structure version %u), "
		    "which cannot be read: make a copy-style compaction with a "
		    "newer client first",
		    path, ods);
	nsf->info.ods = ods;
	nsf->info.rescued = rescue;
	g_snprintf(nsf->info.replica, sizeof nsf->info.replica, "%08X%08X",
	    get_le32(header + REPLICA_AT + 4), get_le32(header + REPLICA_AT));
	take_title(nsf, header);
	st = open_tables(nsf, header, rescue, error);
	if (st < 0) {
		g_prefix_error(error, "%s: ", path);
		return ST_MAILBOX;
	}
	nsf_pages_sort(nsf);
	*out = g_steal_pointer(&nsf);
	return ST_OK;
}

static void
buckets_clear(struct nsf_buckets *b)
{
	for (guint i = 0; i < NSF_CACHE; i++)
		g_free(b->cache[i].data);
	if (b->offsets)
		g_array_unref(b->offsets);
}

void
nsf_close(Nsf *nsf)
{
	if (nsf == NULL)
		return;
	if (nsf->fd >= 0)
		close(nsf->fd);
	buckets_clear(&nsf->summary);
	buckets_clear(&nsf->other);
	if (nsf->pages)
		g_array_unref(nsf->pages);
	if (nsf->found)
		g_array_unref(nsf->found);
	g_free(nsf->current);
	g_free(nsf->names_text);
	g_free(nsf->names);
	g_free(nsf->info.title);
	g_free(nsf->info.template_of);
	g_free(nsf->info.inherits);
	g_free(nsf);
}

const struct nsf_info *
nsf_info(const Nsf *nsf)
{
	return &nsf->info;
}

int
nsf_fd(const Nsf *nsf)
{
	return nsf->fd;
}

gint64
nsf_size(const Nsf *nsf)
{
	return nsf->size;
}

guint64
nsf_torn(const Nsf *nsf)
{
	return nsf->torn;
}

const struct nsf_item_name *
nsf_item_name(const Nsf *nsf, guint index)
{
	return index < nsf->n_names ? &nsf->names[index] : NULL;
}

gsize
nsf_bucket_size(const guint8 *h)
{
	guint32 size = get_le32(h + 6);

	if (h[0] != 0x02 || h[1] != 0x42 || size < 1024 ||
	    size > NSF_BUCKET_MAX || size % SECTOR != 0 ||
	    get_le32(h + 50) != size / 1024)
		return 0;
	return size;
}

/*
 * The byte at 66 of every sector has its low four bits replaced by a tag; the
 * true ones are in the footer, read backwards (spec/notes.md 2.7).
 */
bool
nsf_bucket_mend(guint8 *bucket, gsize size, guint footer)
{
	guint tag = bucket[NSF_BUCKET_HEADER] & 0x0f;
	bool whole = true;

	for (gsize k = 0; k < size / SECTOR && k < 2 * (gsize)footer; k++) {
		guint8 *p = &bucket[NSF_BUCKET_HEADER + SECTOR * k];
		guint8 pair = bucket[size - 1 - k / 2];

		whole = whole && (*p & 0x0f) == tag;
		*p = (guint8)((*p & 0xf0) | (k % 2 ? pair & 0x0f : pair >> 4));
	}
	return whole;
}

/* The bucket, mended, in memory. */
static enum status
bucket_get(Nsf *nsf, struct nsf_buckets *kind, guint32 number,
    struct nsf_cached **out, GError **error)
{
	guint8 head[NSF_BUCKET_HEADER];
	struct nsf_cached *slot = &kind->cache[0];
	gint64 at;
	enum status st;

	for (guint i = 0; i < NSF_CACHE; i++) {
		struct nsf_cached *c = &kind->cache[i];

		if (c->number == number) {
			c->used = ++nsf->clock;
			*out = c;
			return ST_OK;
		}
		if (c->used < slot->used)
			slot = c;
	}
	at = number - 1 < kind->offsets->len
		 ? g_array_index(kind->offsets, gint64, number - 1)
		 : 0;
	if (at <= 0)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "there is no bucket %u", number);
	st = nsf_read(nsf, at, head, sizeof head, error);
	if (st < 0)
		return st;
	slot->number = 0;
	slot->size = nsf_bucket_size(head);
	if (slot->size == 0 || get_le32(head + 2) != number - 1)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "there is no bucket %u at %" G_GINT64_FORMAT, number, at);
	slot->footer = (guint)(slot->size / 1024);
	slot->data = g_realloc(slot->data, slot->size);
	st = nsf_read(nsf, at, slot->data, slot->size, error);
	if (st < 0)
		return st;
	if (!nsf_bucket_mend(slot->data, slot->size, slot->footer))
		nsf->torn++;
	slot->number = number;
	slot->used = ++nsf->clock;
	*out = slot;
	return ST_OK;
}

enum status
nsf_slot(Nsf *nsf, bool summary, guint32 number, guint slot,
    const guint8 **data, gsize *len, GError **error)
{
	struct nsf_cached *c = NULL;
	gsize end, from;
	enum status st;

	if (number == 0)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "there is no bucket 0");
	st = bucket_get(
	    nsf, summary ? &nsf->summary : &nsf->other, number, &c, error);
	if (st < 0)
		return st;
	end = c->size - c->footer;
	if (slot == 0 || slot > get_le32(c->data + 44) ||
	    4 * (gsize)slot > end - NSF_BUCKET_HEADER)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "bucket %u has no slot %u", number, slot);
	from = get_le16(c->data + end - 4 * slot);
	*len = get_le16(c->data + end - 4 * slot + 2);
	if (from < 54 || *len > end || from > end - *len)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "slot %u of bucket %u lies outside of it", slot, number);
	*data = c->data + from;
	return ST_OK;
}

/* A page of the table; valid until the next call. */
static enum status
page_get(Nsf *nsf, guint index, const guint8 **data, gsize *len, GError **error)
{
	const struct nsf_page *p =
	    &g_array_index(nsf->pages, struct nsf_page, index);
	enum status st;

	if (p->offset < 0) {
		*data = nsf->current;
		*len = nsf->current_len;
		return ST_OK;
	}
	*data = nsf->page_data;
	*len = NSF_RRV_PAGE;
	if (nsf->page_at == p->offset)
		return ST_OK;
	nsf->page_at = 0;
	st = nsf_read(nsf, p->offset, nsf->page_data, NSF_RRV_PAGE, error);
	if (st < 0)
		return st;
	if (nsf->page_data[0] != 0x06 || nsf->page_data[1] != 0x20)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the page of note ids at %" G_GINT64_FORMAT " is damaged",
		    p->offset);
	nsf->page_at = p->offset;
	return ST_OK;
}

/* False: the entry is not in use. */
static bool
entry_place(const guint8 *entry, struct nsf_place *out)
{
	guint32 a = get_le32(entry), c = get_le32(entry + 4);

	if (a == UNUSED || a == UNUSED_TOO || (a == 0 && c == 0))
		return false;
	*out = (struct nsf_place){.in_bucket = (a & IN_BUCKET) != 0};
	if (out->in_bucket) {
		out->bucket = a & BUCKET_MASK;
		out->slot = c & SLOT_MASK;
	} else {
		out->offset = (gint64)a * NSF_POSITION;
	}
	return true;
}

enum status
nsf_locate(Nsf *nsf, guint32 id, struct nsf_place *out, GError **error)
{
	guint low = 0, high = nsf->pages->len;
	const guint8 *page;
	guint32 first;
	gsize len, at;
	enum status st;

	while (low < high) {
		guint mid = low + (high - low) / 2;

		if (g_array_index(nsf->pages, struct nsf_page, mid).first <= id)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "nothing has the id %X", id);
	first = g_array_index(nsf->pages, struct nsf_page, low - 1).first;
	at = NSF_RRV_HEADER + (gsize)(id - first) / 4 * NSF_RRV_ENTRY;
	st = page_get(nsf, low - 1, &page, &len, error);
	if (st < 0)
		return st;
	if (at + NSF_RRV_ENTRY > len || !entry_place(page + at, out))
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "nothing has the id %X", id);
	return ST_OK;
}

enum status
nsf_next(Nsf *nsf, struct nsf_cursor *c, guint32 *id, struct nsf_place *out,
    GError **error)
{
	if (nsf->found) {
		const struct nsf_found *f;

		if (c->entry >= nsf->found->len)
			return ST_END;
		f = &g_array_index(nsf->found, struct nsf_found, c->entry++);
		*id = f->id;
		*out = f->place;
		return ST_OK;
	}
	for (; c->page < nsf->pages->len; c->page++, c->entry = 0) {
		const struct nsf_page *p =
		    &g_array_index(nsf->pages, struct nsf_page, c->page);
		/* A page may reach into the ids of the next one: those count
		 * there. */
		guint32 end =
		    c->page + 1 < nsf->pages->len ? p[1].first : G_MAXUINT32;
		const guint8 *page;
		gsize len;
		enum status st;

		st = page_get(nsf, c->page, &page, &len, error);
		if (st < 0) {
			c->page++;
			c->entry = 0;
			return st;
		}
		for (;;) {
			gsize at =
			    NSF_RRV_HEADER + (gsize)c->entry * NSF_RRV_ENTRY;

			if (at + NSF_RRV_ENTRY > len)
				break;
			*id = p->first + 4 * c->entry;
			if (*id >= end || *id < p->first)
				break;
			c->entry++;
			if (entry_place(page + at, out))
				return ST_OK;
		}
	}
	return ST_END;
}
