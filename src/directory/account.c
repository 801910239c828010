#include "directory/account.h"

#include <string.h>

/* [MS-SAMR] 3.1.1.6: what a name must not hold. */
static bool
is_refused(gunichar u)
{
	return u < 0x20 ||
	       (u < 0x7f && strchr("\"/\\[]:;|=,+*?<>@", (int)u) != NULL);
}

/* What fits and is allowed of a text; "" when nothing is. g_free(). */
static char *
fit(const char *text)
{
	GString *out = g_string_new(NULL);
	guint n = 0;

	for (; *text && n < ACCOUNT_MAX; text = g_utf8_next_char(text)) {
		gunichar u = g_utf8_get_char(text);

		if (is_refused(u))
			continue;
		g_string_append_unichar(out, u);
		n++;
	}
	while (out->len > 0 && strchr(". ", out->str[out->len - 1]))
		g_string_truncate(out, out->len - 1);
	return g_string_free(out, FALSE);
}

/* anna, anna2: the number takes the place of what is too much. */
static char *
numbered(const char *stem, guint n)
{
	g_autofree char *number = g_strdup_printf("%u", n);
	g_autofree char *head = NULL;
	glong room = ACCOUNT_MAX - (glong)strlen(number);

	if (n < 2)
		return g_strdup(stem);
	head = g_utf8_substring(stem, 0, MIN(g_utf8_strlen(stem, -1), room));
	return g_strconcat(head, number, NULL);
}

enum status
account_name(Store *known, Entry *entry, GError **error)
{
	const char *alias = entry_get(entry, "Mail-nickname");
	const char *name = entry_get(entry, "Common-Name");
	g_autofree char *stem = fit(alias ? alias : name ? name : "");

	if (entry->class == RECIPIENT_CONTACT || *stem == '\0' ||
	    entry_get(entry, "Assoc-NT-Account"))
		return ST_OK;
	for (guint n = 1; n < ACCOUNT_TRIES; n++) {
		g_autoptr(GPtrArray) hits =
		    g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
		g_autofree char *text = numbered(stem, n);
		enum status st =
		    store_search(known, STORE_ACCOUNT, text, hits, error);

		if (st < 0)
			return st;
		if (hits->len == 0) {
			entry_set(entry, "Assoc-NT-Account", text);
			break;
		}
	}
	return ST_OK;
}
