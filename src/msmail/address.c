#include "msmail/address.h"

#include <string.h>

#define TYPE_MAX_LEN   8
#define ALIAS_COLUMN   2 /* from 0 */
#define ADDRESS_COLUMN 33

static bool
is_administration(const char *field)
{
	return g_ascii_strncasecmp(field, "admd=", 5) == 0 ||
	       g_ascii_strncasecmp(field, "a=", 2) == 0;
}

/* Adds "name=value" unless it has none: such fields made addresses that bounced
 * (Q145585). The ADMD may be blank, as a single space. */
static void
add_field(GString *out, GString *field)
{
	const char *value = strchr(field->str, '=');
	bool blank = value == NULL || value[1 + strspn(value + 1, " ")] == '\0';

	if (field->len > 0 && (!blank || is_administration(field->str))) {
		if (out->len > 0)
			g_string_append_c(out, ';');
		g_string_append(out, field->str);
		if (blank) {
			g_string_truncate(out, out->len - strlen(field->str));
			g_string_append_len(
			    out, field->str, (gssize)(value - field->str + 1));
			g_string_append_c(out, ' ');
		}
	}
	g_string_truncate(field, 0);
}

/*
 * Fields of an X.400 address, one ';' between two. Microsoft Mail also wrote
 * them behind slashes, '$' before a character that is no delimiter (Q159292); a
 * slash with no field behind it is part of a value (Q159291).
 */
static char *
clean_x400(const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GString) field = g_string_new(NULL);
	bool slashes = *text == '/';

	for (const char *p = slashes ? text + 1 : text; *p; p++) {
		const char *next = p + 1;

		while (g_ascii_isalnum(*next) || *next == '.')
			next++;
		if (slashes && *p == '$' && p[1])
			g_string_append_c(field, *++p);
		else if (slashes ? *p == '/' && (*next == '=' || !p[1])
				 : *p == ';')
			add_field(out, field);
		else
			g_string_append_c(field, *p);
	}
	add_field(out, field);
	return g_string_free(g_steal_pointer(&out), FALSE);
}

bool
msmail_address_parse(const char *text, char **type, char **address)
{
	gsize n = 0;

	*type = *address = NULL;
	while (*text == ' ')
		text++;
	while (n <= TYPE_MAX_LEN && g_ascii_isalnum(text[n]))
		n++;
	if (n > 0 && n <= TYPE_MAX_LEN && text[n] == ':') {
		*type = g_ascii_strup(text, (gssize)n);
		text += n + 1;
	} else
		*type = g_strdup("MS");
	if (strcmp(*type, "CSI") == 0 || strcmp(*type, "PCM") == 0) {
		g_free(*type);
		*type = g_strdup("MS");
	}
	*address = strcmp(*type, "X400") == 0 ? clean_x400(text)
					      : g_strstrip(g_strdup(text));
	if (**address)
		return true;
	g_clear_pointer(type, g_free);
	g_clear_pointer(address, g_free);
	return false;
}

const char *
msmail_address_user(const char *address)
{
	const char *one = strchr(address, '/');
	const char *two = one ? strchr(one + 1, '/') : NULL;

	return two && two[1] && strchr(two + 1, '/') == NULL ? two + 1 : NULL;
}

void
msmail_row_clear(struct msmail_row *row)
{
	g_clear_pointer(&row->alias, g_free);
	g_clear_pointer(&row->type, g_free);
	g_clear_pointer(&row->address, g_free);
}

bool
msmail_row_parse(const char *line, struct msmail_row *out)
{
	const char *tab, *rest, *at;
	gsize chars;

	*out = (struct msmail_row){0};
	if (*line == '\0' || strchr("ADMRPGadmrpg", *line) == NULL ||
	    (line[1] != ' ' && line[1] != '\t'))
		return false;
	out->action = g_ascii_toupper(*line);
	rest = line + ALIAS_COLUMN;
	tab = strchr(rest, '\t');
	chars = g_utf8_validate(line, -1, NULL) ? (gsize)g_utf8_strlen(line, -1)
						: 0;
	if (tab) {
		out->alias = g_strndup(rest, (gsize)(tab - rest));
		at = tab + 1;
	} else if (chars > ADDRESS_COLUMN &&
		   *g_utf8_offset_to_pointer(line, ADDRESS_COLUMN - 1) == ' ') {
		at = g_utf8_offset_to_pointer(line, ADDRESS_COLUMN);
		out->alias = g_strndup(rest, (gsize)(at - rest));
	} else {
		/* Edited by hand: the address is the last word with a colon. */
		at = strrchr(rest, ':');
		while (at && at > rest && at[-1] != ' ')
			at--;
		if (at == NULL)
			return false;
		out->alias = g_strndup(rest, (gsize)(at - rest));
	}
	g_strstrip(out->alias);
	if (*out->alias == '\0')
		g_clear_pointer(&out->alias, g_free);
	if (!msmail_address_parse(at, &out->type, &out->address) ||
	    (out->alias == NULL && out->address == NULL)) {
		msmail_row_clear(out);
		return false;
	}
	return true;
}
