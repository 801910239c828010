#include "base/human.h"

#include <stdbool.h>
#include <string.h>

char *
human_count(gint64 n)
{
	g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, n);
	GString *out = g_string_new(NULL);
	gsize len = strlen(digits);

	for (gsize i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			g_string_append_c(out, ' ');
		g_string_append_c(out, digits[i]);
	}
	return g_string_free(out, FALSE);
}

char *
human_bytes(gint64 n)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)n;
	guint unit = 0;

	if (n < 0)
		return g_strdup("?");
	/* 1023.95 would be printed as 1024.0 */
	while (value >= 1023.95 && unit < G_N_ELEMENTS(units) - 1) {
		value /= 1024;
		unit++;
	}
	return g_strdup_printf(
	    unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

char *
human_duration(gint64 seconds)
{
	int s = (int)(seconds % 60), m = (int)(seconds / 60 % 60);
	gint64 h = seconds / 3600;

	if (h > 0)
		return g_strdup_printf(
		    "%" G_GINT64_FORMAT ":%02d:%02d h", h, m, s);
	if (m > 0)
		return g_strdup_printf("%d:%02d min", m, s);
	return g_strdup_printf("%d s", s);
}

static int
char_width(gunichar c)
{
	if (g_unichar_iszerowidth(c))
		return 0;
	return g_unichar_iswide(c) ? 2 : 1;
}

int
human_width(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	int width = 0;

	for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p))
		width += char_width(g_utf8_get_char(p));
	return width;
}

char *
human_pad(const char *text, int width)
{
	int fill = ABS(width) - human_width(text);

	if (fill <= 0)
		return g_strdup(text);
	return width < 0 ? g_strdup_printf("%*s%s", fill, "", text)
			 : g_strdup_printf("%s%*s", text, fill, "");
}

char *
human_cut(const char *text, int width)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	bool cut = human_width(valid) > width;
	int left = cut ? width - 1 : width;
	GString *out = g_string_new(NULL);

	for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c == 0xFFFD)
			c = '?';
		else if (g_unichar_iscntrl(c))
			c = ' ';
		if (char_width(c) > left)
			break;
		left -= char_width(c);
		g_string_append_unichar(out, c);
	}
	if (cut && width > 0)
		g_string_append(out, g_get_charset(NULL) ? "\u2026" : ".");
	return g_string_free(out, FALSE);
}
