#include "mime/part-private.h"

#include <string.h>

void
part_clear(struct part *part)
{
	g_clear_pointer(&part->name, g_free);
	g_clear_pointer(&part->type, g_free);
	g_clear_pointer(&part->charset, g_free);
	g_clear_pointer(&part->content_id, g_free);
}

bool
part_is_body(enum part_kind kind)
{
	return kind == PART_TEXT || kind == PART_HTML || kind == PART_RTF;
}

const char *
part_default_type(enum part_kind kind)
{
	switch (kind) {
	case PART_TEXT:
		return "text/plain";
	case PART_HTML:
		return "text/html";
	case PART_RTF:
		return "text/rtf";
	case PART_MESSAGE:
		return "message/rfc822";
	case PART_MACBINARY:
		return "application/macbinary";
	case PART_OLE:
		return "application/x-oleobject";
	case PART_FILE:
	case PART_DOCUMENT:
	case PART_SCHEDULE:
		return "application/octet-stream";
	}
	g_assert_not_reached();
}
