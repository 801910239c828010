/* Values as text, numbers and times: spec/notes.md 2.1, 3.4. */
#include "nsf/note.h"

#include "nsf/bytes.h"
#include "nsf/lmbcs.h"

#include <math.h>
#include <string.h>

#define JULIAN_1970    2440588 /* day number of 1970-01-01 */
#define JULIAN_FIRST   1721426 /* of 0001-01-01 */
#define JULIAN_LAST    5373484 /* of 9999-12-31 */
#define DAY_HUNDREDTHS 8640000
#define NOTHING	       0xFFFFFFFFu
#define DATE_MASK      0xFFFFFFu

bool
nsf_time(const guint8 data[NSF_TIMEDATE], struct stamp *out, bool *date_only)
{
	guint32 time = get_le32(data), date = get_le32(data + 4);
	guint32 day = date & DATE_MASK;
	int zone;

	if (date_only)
		*date_only = time == NOTHING;
	if (date == NOTHING || day < JULIAN_FIRST || day > JULIAN_LAST)
		return false;
	if (time != NOTHING && time >= DAY_HUNDREDTHS)
		return false;
	*out = (struct stamp){.known = true};
	out->utc = ((gint64)day - JULIAN_1970) * 86400;
	if (time == NOTHING)
		return true;
	out->utc += time / 100;
	zone = (int)(date >> 24 & 0x0f) * 60 + (int)(date >> 28 & 3) * 15;
	if (!(date & 1u << 30))
		zone = -zone;
	if (date & 1u << 31)
		zone += 60;
	if (zone >= -14 * 60 && zone <= 15 * 60) {
		out->zone = (gint16)zone;
		out->has_zone = true;
	}
	return true;
}

static void
add_number(GPtrArray *out, double number)
{
	char buf[G_ASCII_DTOSTR_BUF_SIZE];

	/* Locale-free (Q201506). */
	if (fabs(number) < 1e15 && number == floor(number))
		g_ptr_array_add(
		    out, g_strdup_printf("%" G_GINT64_FORMAT, (gint64)number));
	else
		g_ptr_array_add(
		    out, g_strdup(g_ascii_dtostr(buf, sizeof buf, number)));
}

static void
add_time(GPtrArray *out, const guint8 *p)
{
	struct stamp stamp;

	if (nsf_time(p, &stamp, NULL))
		g_ptr_array_add(out, stamp_to_iso(&stamp));
}

static void
add_texts(GPtrArray *out, const guint8 *data, gsize len)
{
	guint n = len >= 2 ? get_le16(data) : 0;
	gsize at = 2 + 2 * (gsize)n;

	for (guint i = 0; i < n && at <= len; i++) {
		gsize size = get_le16(data + 2 + 2 * (gsize)i);

		size = MIN(size, len - at);
		g_ptr_array_add(out, nsf_lmbcs_text(data + at, size));
		at += size;
	}
}

/* Where the values of a list of eight bytes each begin, and how many: single
 * values are lists of one. */
static guint
eights(guint16 type, const guint8 *data, gsize len, const guint8 **first)
{
	guint n;

	if (type == NSF_TYPE_NUMBER || type == NSF_TYPE_TIME) {
		*first = data;
		return len >= 8 ? 1 : 0;
	}
	n = len >= 4 ? get_le16(data) : 0;
	*first = data + 4;
	return len >= 4 ? MIN(n, (guint)((len - 4) / 8)) : 0;
}

static void
item_texts(struct nsf_item *item, GPtrArray *out)
{
	const guint8 *data, *p;
	gsize len;
	guint n;

	if (item->texts) {
		for (guint i = 0; item->texts[i]; i++)
			g_ptr_array_add(out, g_strdup(item->texts[i]));
		return;
	}
	if (nsf_item_value(item, &data, &len, NULL) < 0 || len == 0)
		return;
	switch (item->type) {
	case NSF_TYPE_TEXT:
		g_ptr_array_add(out, nsf_lmbcs_text(data, len));
		break;
	case NSF_TYPE_TEXTS:
		add_texts(out, data, len);
		break;
	case NSF_TYPE_NUMBER:
	case NSF_TYPE_NUMBERS:
		n = eights(item->type, data, len, &p);
		for (guint i = 0; i < n; i++)
			add_number(out, get_double(p + 8 * (gsize)i));
		break;
	case NSF_TYPE_TIME:
	case NSF_TYPE_TIMES:
		n = eights(item->type, data, len, &p);
		for (guint i = 0; i < n; i++)
			add_time(out, p + 8 * (gsize)i);
		break;
	case NSF_TYPE_RFC822:
		/* Native value, name, delimiter, body (section 6). */
		if (len >= 14 && (get_le32(data + 2) & 7) != 1 &&
		    get_le16(data + 6) <= len - 14)
			g_ptr_array_add(
			    out, nsf_lmbcs_text(data + 14, get_le16(data + 6)));
		break;
	default:
		break;
	}
}

char **
nsf_note_texts(const struct nsf_note *note, const char *name)
{
	GPtrArray *out = g_ptr_array_new();
	struct nsf_item *item = nsf_note_item(note, name);

	/* A long list goes on in further items of the same name. */
	for (; item && out->len < NSF_TEXTS_MAX;
	     item = nsf_note_next(note, item))
		item_texts(item, out);
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(out, FALSE);
}

char *
nsf_note_text(const struct nsf_note *note, const char *name)
{
	g_auto(GStrv) texts = nsf_note_texts(note, name);

	if (texts[0] == NULL || texts[0][0] == '\0')
		return NULL;
	return g_strdup(texts[0]);
}

void
nsf_note_times(const struct nsf_note *note, const char *name, GArray *out)
{
	struct nsf_item *item = nsf_note_item(note, name);
	const guint8 *data, *p;
	struct stamp stamp;
	gsize len;
	guint n;

	if (item == NULL || nsf_item_value(item, &data, &len, NULL) < 0)
		return;
	if (item->type == NSF_TYPE_RFC822) {
		if (len >= 22 && (get_le32(data + 2) & 7) == 1 &&
		    get_le16(data + 6) == NSF_TIMEDATE &&
		    nsf_time(data + 14, &stamp, NULL))
			g_array_append_val(out, stamp);
		return;
	}
	if (item->type != NSF_TYPE_TIME && item->type != NSF_TYPE_TIMES)
		return;
	n = eights(item->type, data, len, &p);
	for (guint i = 0; i < n; i++)
		if (nsf_time(p + 8 * (gsize)i, &stamp, NULL))
			g_array_append_val(out, stamp);
}

bool
nsf_note_time(const struct nsf_note *note, const char *name, struct stamp *out)
{
	g_autoptr(GArray) times =
	    g_array_new(FALSE, FALSE, sizeof(struct stamp));

	nsf_note_times(note, name, times);
	if (times->len > 0)
		*out = g_array_index(times, struct stamp, 0);
	return times->len > 0;
}

bool
nsf_note_number(const struct nsf_note *note, const char *name, double *out)
{
	struct nsf_item *item = nsf_note_item(note, name);
	const guint8 *data, *p;
	gsize len;

	if (item == NULL ||
	    (item->type != NSF_TYPE_NUMBER && item->type != NSF_TYPE_NUMBERS) ||
	    nsf_item_value(item, &data, &len, NULL) < 0 ||
	    eights(item->type, data, len, &p) == 0)
		return false;
	*out = get_double(p);
	return isfinite(*out);
}
