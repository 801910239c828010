/*
 * iCalendar (RFC 5545) as Outlook's items: [MS-OXCICAL], [MS-OXOCAL],
 * [MS-OXOTASK]. A message with a METHOD is a meeting request, response or
 * cancellation; without one, in a calendar folder, an appointment or a task.
 */
#ifndef MAILMIG_PST_MAPI_FROM_CALENDAR_H
#define MAILMIG_PST_MAPI_FROM_CALENDAR_H

#include "pst/mapi-parts.h"

/* The part and its bytes (text: NUL-terminated); *class is replaced when it is
 * an item. ST_ITEM as pst_mapper_write(). */
enum status pst_calendar_item(struct pst_parts_context *context,
    const struct part *part, const char *text, gsize len, char **class,
    enum pst_item_kept *kept, GError **error);

/* The id that copies of a meeting share: [MS-OXOCAL] 2.2.1.27. Appended. */
void pst_calendar_global_id(GByteArray *out, const char *uid);

#endif
