/* Files of Macintoshes, for the tests of sources that carry them. */
#ifndef MAILMIG_TESTS_MAC_FILE_H
#define MAILMIG_TESTS_MAC_FILE_H

#include <glib.h>
#include <string.h>

static inline guint16
mac_crc(const guint8 *p, gsize len)
{
	guint16 crc = 0;

	for (gsize i = 0; i < len; i++) {
		crc = (guint16)(crc >> 8 | crc << 8);
		crc ^= p[i];
		crc ^= (crc & 0xff) >> 4;
		crc ^= (guint16)(crc << 12);
		crc ^= (guint16)((crc & 0xff) << 5);
	}
	return crc;
}

/* MacBinary II by its description: offsets of name, type, forks, checksum. */
static inline GString *
mac_file(const char *name, const char *data, const char *resource)
{
	guint8 h[128] = {0};
	GString *out = g_string_new(NULL);
	guint16 crc;

	h[1] = (guint8)strlen(name);
	memcpy(h + 2, name, strlen(name));
	memcpy(h + 65, "TEXTttxt", 8);
	h[86] = (guint8)strlen(data);
	h[90] = (guint8)strlen(resource);
	h[122] = h[123] = 129;
	crc = mac_crc(h, 124);
	h[124] = (guint8)(crc >> 8);
	h[125] = (guint8)crc;
	g_string_append_len(out, (const char *)h, sizeof h);
	g_string_append(out, data);
	while (out->len % 128)
		g_string_append_c(out, '\0');
	g_string_append(out, resource);
	while (out->len % 128)
		g_string_append_c(out, '\0');
	return out;
}

#endif
