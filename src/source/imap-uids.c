#include "source/imap-private.h"

void
source_imap_uids_init(UidSet *set)
{
	set->ranges = g_array_new(FALSE, FALSE, sizeof(struct uid_range));
	set->count = 0;
}

void
source_imap_uids_clear(UidSet *set)
{
	if (set->ranges)
		g_array_unref(set->ranges);
	set->ranges = NULL;
	set->count = 0;
}

static struct uid_range *
range_at(const UidSet *set, guint i)
{
	return &g_array_index(set->ranges, struct uid_range, i);
}

/* The first range that does not end before uid. */
static guint
find(const UidSet *set, guint32 uid)
{
	guint low = 0, high = set->ranges->len;

	while (low < high) {
		guint mid = low + (high - low) / 2;

		if (range_at(set, mid)->to < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
source_imap_uids_has(const UidSet *set, guint32 uid)
{
	guint i = find(set, uid);

	return i < set->ranges->len && range_at(set, i)->from <= uid;
}

bool
source_imap_uids_add(UidSet *set, guint32 uid)
{
	struct uid_range one = {uid, uid};
	guint n = set->ranges->len, i = n;

	if (n == 0 || range_at(set, n - 1)->to >= uid)
		i = find(set, uid);
	if (i < n && range_at(set, i)->from <= uid)
		return false;
	set->count++;
	if (i > 0 && range_at(set, i - 1)->to == uid - 1) {
		range_at(set, i - 1)->to = uid;
		if (i < n && range_at(set, i)->from == uid + 1) {
			range_at(set, i - 1)->to = range_at(set, i)->to;
			g_array_remove_index(set->ranges, i);
		}
		return true;
	}
	if (i < n && range_at(set, i)->from == uid + 1)
		range_at(set, i)->from = uid;
	else
		g_array_insert_val(set->ranges, i, one);
	return true;
}

void
source_imap_uids_extend(UidSet *set, guint32 uid, bool adjacent)
{
	struct uid_range one = {uid, uid};
	guint n = set->ranges->len;

	set->count++;
	if (n && range_at(set, n - 1)->to < uid &&
	    (adjacent || range_at(set, n - 1)->to == uid - 1))
		range_at(set, n - 1)->to = uid;
	else
		g_array_append_val(set->ranges, one);
}

char *
source_imap_uids_text(const UidSet *set, guint *at, gsize max)
{
	GString *out = g_string_new(NULL);

	for (; *at < set->ranges->len && out->len < max; (*at)++) {
		const struct uid_range *r = range_at(set, *at);

		g_string_append_printf(
		    out, "%s%" G_GUINT32_FORMAT, out->len ? "," : "", r->from);
		if (r->to != r->from)
			g_string_append_printf(
			    out, ":%" G_GUINT32_FORMAT, r->to);
	}
	return g_string_free(out, FALSE);
}
