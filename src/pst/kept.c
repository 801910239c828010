#include "pst/kept.h"

#include "pst/format.h"

GBytes *
pst_kept_bytes(
    const PstProps *item, const PstProps *attachment, const char *const *types)
{
	g_autofree char *place =
	    pst_props_text(attachment, PST_P_ATTACH_CONTENT_LOCATION);
	g_autofree char *type = pst_props_text(attachment, PST_P_ATTACH_MIME);
	guint64 made, changed;
	GBytes *bytes;

	if (g_strcmp0(place, PST_KEPT_LOCATION) != 0 || type == NULL ||
	    !g_strv_contains(types, type))
		return NULL;
	/* We write both times alike; Outlook renews the one it changes. */
	if (!pst_props_int64(item, PST_P_CREATION_TIME, &made) ||
	    !pst_props_int64(item, PST_P_MODIFICATION_TIME, &changed) ||
	    made != changed)
		return NULL;
	bytes = pst_props_bytes(attachment, PST_P_ATTACH_DATA);
	if (bytes && (g_bytes_get_size(bytes) == 0 ||
			 g_bytes_get_size(bytes) > PST_KEPT_MAX))
		g_clear_pointer(&bytes, g_bytes_unref);
	return bytes;
}
