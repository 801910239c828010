#include "iff/schedule-ical.h"
#include "iff/schedule-write.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

/* Damaged text is the reader's word for what is no object. */
static void
oddity(void *ctx, enum diag_code code, gint64 line, gint64 offset,
    const char *text)
{
	(void)line;
	(void)offset;
	(void)text;
	*(guint *)ctx += code == DIAG_SC2_SYNTAX;
}

/* iCalendar to Schedule+ text and back: what is written can be read, and is an
 * item again. The first byte chooses the zone. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	static GTimeZone *zones[2];
	static Codepage *page;
	static struct schedule_ical ical;
	g_autoptr(GString) out = g_string_new(NULL);
	const struct schedule_object *object;
	struct blob blob;
	Schedule *schedule;
	guint odd = 0, n = 0;

	if (len == 0)
		return 0;
	if (page == NULL) {
		zones[0] = g_time_zone_new_offset(-3600 * 5 - 1800);
		zones[1] = g_time_zone_new_identifier("Europe/Oslo");
		if (codepage_open(&page, CODEPAGE_UTF8, NULL) < 0)
			g_assert_not_reached();
		schedule_ical_init(&ical);
	}
	if (!schedule_from_ical((const char *)data + 1, len - 1,
		zones[data[0] & 1 && zones[1]], out))
		return 0;
	blob = blob_from_mem(out->str, out->len);
	schedule = schedule_new(&blob, page, false, oddity, &odd);
	while (schedule_next(schedule, &object, NULL) == ST_OK) {
		g_assert(schedule_kind(object) != SCHEDULE_UNKNOWN);
		schedule_to_ical(
		    object, zones[data[0] & 1 && zones[1]], 0, &ical);
		n++;
	}
	schedule_free(schedule);
	g_assert(odd == 0);
	g_assert(n == 1);
	return 0;
}
