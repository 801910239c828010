#include "iff/schedule-ical.h"
#include "iff/schedule-write.h"
#include "iff/schedule.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static guint
check(const struct schedule_object *object, guint depth)
{
	guint parts = object->properties->len + object->objects->len;

	g_assert(depth < SCHEDULE_DEPTH_MAX);
	g_assert(g_utf8_validate(object->kind, -1, NULL));
	for (guint i = 0; i < object->properties->len; i++) {
		const struct schedule_property *p = &g_array_index(
		    object->properties, struct schedule_property, i);
		g_autoptr(GByteArray) bytes = g_byte_array_new();

		g_assert(p->line >= object->line);
		g_assert(g_utf8_validate(p->text, -1, NULL));
		if (p->type == SCHEDULE_MOMENT && p->has_date)
			g_assert(g_date_valid_dmy(p->day, p->month, p->year));
		schedule_bytes(p->text, bytes);
	}
	for (guint i = 0; i < object->objects->len; i++)
		parts += check(object->objects->pdata[i], depth + 1);
	return parts;
}

struct place {
	gint64 len;
};

static void
oddity(void *ctx, enum diag_code code, gint64 line, gint64 offset,
    const char *text)
{
	const struct place *place = ctx;

	g_assert(code == DIAG_SC2_SYNTAX || code == DIAG_SC2_BAD_DATE);
	g_assert(offset >= 0 && offset <= place->len && line >= 0);
	g_assert(g_utf8_validate(text, -1, NULL));
}

/* As iCalendar: text, and the same uid for the same object. */
static void
convert(const struct schedule_object *object, bool by_name)
{
	static GTimeZone *zones[2];
	static struct schedule_ical ical;

	if (zones[0] == NULL) {
		zones[0] = g_time_zone_new_offset(-3600 * 5 - 1800);
		zones[1] = g_time_zone_new_identifier("Europe/Oslo");
		schedule_ical_init(&ical);
	}
	if (schedule_to_ical(object, zones[by_name && zones[1]], 0, &ical)) {
		g_assert(g_utf8_validate(ical.text->str, -1, NULL));
		g_assert(g_str_has_prefix(ical.text->str, "BEGIN:VCALENDAR"));
		g_assert(strlen(ical.uid) == 32);
	} else
		g_assert(ical.lost->len > 0);
}

/* The first byte chooses code page, undoubling and zone. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	static const guint pages[] = {1252, 932, 65001, 437};
	static Codepage *page[G_N_ELEMENTS(pages)];
	struct place place = {(gint64)len - 1};
	const struct schedule_object *object;
	struct blob blob;
	Schedule *schedule;
	guint at;

	if (len == 0)
		return 0;
	at = data[0] & 3;
	if (page[at] == NULL && codepage_open(&page[at], pages[at], NULL) < 0)
		g_assert_not_reached();
	blob = blob_from_mem(data + 1, len - 1);
	schedule = schedule_new(&blob, page[at], data[0] & 4, oddity, &place);
	while (schedule_next(schedule, &object, NULL) == ST_OK) {
		g_assert(check(object, 0) <= SCHEDULE_PARTS_MAX);
		convert(object, data[0] & 8);
	}
	schedule_free(schedule);
	if (data[0] & 16) {
		g_autoptr(GTimeZone) zone = g_time_zone_new_offset(3600);
		g_autoptr(GString) out = g_string_new(NULL);

		schedule_from_ical((const char *)data + 1, len - 1, zone, out);
	}
	return 0;
}
