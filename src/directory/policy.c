#include "directory/policy.h"

#include "base/codepage.h"

#include <string.h>

#define NUMBER_MAX 1000 /* anna2 to anna1000 */

enum status
policy_check(const char *pattern, GError **error)
{
	for (const char *p = pattern; *p; p++) {
		if (*p != '%')
			continue;
		while (g_ascii_isdigit(p[1]))
			p++;
		if (p[1] == '\0' || strchr("gsidm%", p[1]) == NULL)
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "%s: %%%c is no pattern; known are %%g %%s %%i %%d "
			    "%%m",
			    pattern, p[1] ? p[1] : ' ');
		p++;
	}
	return ST_OK;
}

/* Fit for the left side of an address: letters, digits and . - _ (RFC 5322
 * 3.2.3 allows more than people want to type). */
static void
put_plain(GString *out, const char *text)
{
	g_autoptr(GString) ascii = g_string_new(NULL);

	codepage_to_ascii(text, ascii);
	for (const char *p = ascii->str; *p; p++) {
		bool dot = out->len > 0 && out->str[out->len - 1] == '.';

		if (g_ascii_isalnum(*p) || *p == '-' || *p == '_')
			g_string_append_c(out, *p);
		else if ((*p == ' ' || *p == '.') && !dot && out->len > 0)
			g_string_append_c(out, '.');
	}
	while (out->len > 0 && out->str[out->len - 1] == '.')
		g_string_truncate(out, out->len - 1);
}

static const char *
value_of(const Entry *entry, char letter)
{
	static const struct {
		char letter;
		const char *name;
	} names[] = {{'g', "Given-Name"}, {'s', "Surname"}, {'i', "Initials"},
	    {'d', "Display-Name"}, {'m', "Mail-nickname"}};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (names[i].letter == letter)
			return entry_get(entry, names[i].name);
	return NULL;
}

char *
policy_expand(const char *pattern, const Entry *entry, bool address)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (const char *p = pattern; *p; p++) {
		const char *value;
		g_autofree char *part = NULL;
		glong n = 0;

		if (*p != '%') {
			g_string_append_c(out, *p);
			continue;
		}
		for (p++; g_ascii_isdigit(*p); p++)
			n = MIN(n * 10 + (*p - '0'), 1000);
		if (*p == '%') {
			g_string_append_c(out, '%');
			continue;
		}
		value = value_of(entry, *p);
		if (value == NULL || *value == '\0')
			return g_strdup("");
		part = n > 0 ? g_utf8_substring(
				   value, 0, MIN(n, g_utf8_strlen(value, -1)))
			     : g_strdup(value);
		if (address) {
			g_autoptr(GString) plain = g_string_new(NULL);

			put_plain(plain, part);
			/* A name of another script: no look-alike, so no
			 * address is made rather than a wrong one. */
			if (plain->len == 0)
				return g_strdup("");
			g_string_append(out, plain->str);
		} else
			g_string_append(out, part);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *
numbered(const char *address, guint n)
{
	const char *at = strrchr(address, '@');

	return at ? g_strdup_printf(
			"%.*s%u%s", (int)(at - address), address, n, at)
		  : g_strdup_printf("%s%u", address, n);
}

static bool
add(Entry *entry, const char *pattern, bool (*taken)(void *, const char *),
    void *ctx)
{
	g_autofree char *text = policy_expand(pattern, entry, true);
	g_autofree char *whole = NULL, *free_one = NULL, *type = NULL;

	if (*text == '\0')
		return false;
	whole = entry_address_ok(text) ? g_strdup(text)
				       : g_strconcat("SMTP:", text, NULL);
	if (entry_has_address(entry, whole))
		return false;
	free_one = g_strdup(whole);
	for (guint n = 2; taken && taken(ctx, free_one) && n < NUMBER_MAX;
	     n++) {
		g_free(free_one);
		free_one = numbered(whole, n);
		if (entry_has_address(entry, free_one))
			return false;
	}
	type = g_strndup(free_one, strcspn(free_one, ":"));
	return entry_add_address(
	    entry, free_one, entry_primary(entry, type) == NULL);
}

void
policy_names(const struct policy *policy, Entry *entry)
{
	const struct {
		const char *pattern, *attribute;
		bool plain;
	} rules[] = {{policy->display, "Display-Name", false},
	    {policy->alias, "Mail-nickname", true}};

	for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
		g_autofree char *text = NULL;

		if (rules[i].pattern == NULL ||
		    entry_get(entry, rules[i].attribute))
			continue;
		text = policy_expand(rules[i].pattern, entry, rules[i].plain);
		if (*text)
			entry_set(entry, rules[i].attribute, text);
	}
}

bool
policy_apply(const struct policy *policy, Entry *entry,
    bool (*taken)(void *ctx, const char *address), void *ctx)
{
	bool any = false;

	for (guint i = 0; policy->addresses && policy->addresses[i]; i++)
		any |= add(entry, policy->addresses[i], taken, ctx);
	return any;
}
