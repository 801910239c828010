#include "dest/imap-private.h"

#include <string.h>

/* Flags and keywords are atoms (RFC 9051 9, flag-keyword). */
#define NOT_IN_ATOM "(){ %*\"\\]"

static gsize
wire_length(const char *name)
{
	g_autofree char *wire = imap_utf7_from_utf8(name);

	return wire ? strlen(wire) : G_MAXSIZE;
}

/* Cut to max octets on the wire; what was cut off lives on as four digits of a
 * digest, so that two long names stay two. */
static char *
cut(const char *name, gsize max)
{
	GString *out = g_string_new(name);
	char hex[DIGEST_HEX];
	struct digest digest;

	digest_mem(name, strlen(name), &digest);
	digest_to_hex(&digest, hex);
	while (out->len > 0 && wire_length(out->str) + 5 > max) {
		const char *last =
		    g_utf8_find_prev_char(out->str, out->str + out->len);

		g_string_truncate(
		    out, last ? (gsize)(last - out->str) : out->len - 1);
	}
	g_string_append_printf(out, "~%.4s", hex);
	return g_string_free(out, FALSE);
}

/*
 * One name of a path as every server should take it: the separator, '*' and '%'
 * (wildcards of LIST; many servers refuse them) and control characters become
 * '_', blanks at the end go, an empty name becomes "_", and one that is longer
 * than max octets on the wire is cut. g_free().
 */
char *
dest_imap_name(const char *name, char separator, gsize max)
{
	GString *out = g_string_new(NULL);
	char *cut_name;

	for (const char *p = name; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == '*' ||
		    c == '%' || (separator && c == (gunichar)separator))
			g_string_append_c(out, '_');
		else
			g_string_append_unichar(out, c);
	}
	while (out->len > 0 && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	if (out->len == 0)
		g_string_append_c(out, '_');
	if (wire_length(out->str) <= max)
		return g_string_free(out, FALSE);
	cut_name = cut(out->str, max);
	g_string_free(out, TRUE);
	return cut_name;
}

/* For servers that refused the name: letters, digits, blanks, '-' and '_' only,
 * and at most 60 octets. g_free(). */
char *
dest_imap_plain_name(const char *name)
{
	GString *out = g_string_new(NULL);
	char *plain;

	for (const char *p = name; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (g_unichar_isalnum(c) || c == '-' || (c == ' ' && out->len))
			g_string_append_unichar(out, c);
		else
			g_string_append_c(out, '_');
	}
	plain = dest_imap_name(out->str, '\0', 60);
	g_string_free(out, TRUE);
	return plain;
}

/* "Sent" and 2: "Sent (2)". g_free(). */
char *
dest_imap_numbered(const char *name, guint number)
{
	g_autofree char *base = dest_imap_name(name, '\0', 240);

	return g_strdup_printf("%s (%u)", base, number);
}

bool
dest_imap_keyword_legal(const char *keyword)
{
	if (*keyword == '\0')
		return false;
	for (const char *p = keyword; *p; p++)
		if ((guchar)*p <= 0x20 || (guchar)*p >= 0x7f ||
		    strchr(NOT_IN_ATOM, *p))
			return false;
	return true;
}

static bool
number(const char **p, guint32 *out)
{
	guint64 value = 0;
	const char *start = *p;

	for (; g_ascii_isdigit(**p); ++*p) {
		value = value * 10 + (guint64)(**p - '0');
		if (value > G_MAXUINT32)
			return false;
	}
	*out = (guint32)value;
	return *p > start && value > 0;
}

bool
dest_imap_appenduid(
    const char *code, guint n, guint32 *uidvalidity, GArray *uids)
{
	const char *p = code;

	g_array_set_size(uids, 0);
	if (!code || g_ascii_strncasecmp(p, "APPENDUID ", 10) != 0)
		return false;
	p += 10;
	if (!number(&p, uidvalidity) || *p++ != ' ')
		return false;
	do {
		guint32 from, to;

		if (!number(&p, &from))
			return false;
		to = from;
		if (*p == ':') {
			p++;
			if (!number(&p, &to))
				return false;
		}
		if (to < from) { /* a range has no direction (RFC 9051 9) */
			guint32 swap = from;

			from = to;
			to = swap;
		}
		if (to - from >= n || uids->len + (to - from) >= n)
			return false; /* more than we sent */
		for (guint32 uid = from;; uid++) {
			/* RFC 9051 2.3.1.1: they ascend, or it is a lie */
			if (uids->len &&
			    uid <= g_array_index(uids, guint32, uids->len - 1))
				return false;
			g_array_append_val(uids, uid);
			if (uid == to)
				break;
		}
	} while (*p++ == ',');
	return p[-1] == '\0' && uids->len == n;
}

char *
dest_imap_set(const GArray *uids, guint *at, gsize max)
{
	GString *out = g_string_new(NULL);

	while (*at < uids->len && out->len + 24 <= max) {
		guint32 from = g_array_index(uids, guint32, *at), to = from;

		while (++*at < uids->len &&
		       (g_array_index(uids, guint32, *at) == to + 1 ||
			   g_array_index(uids, guint32, *at) == to))
			to = g_array_index(uids, guint32, *at);
		if (out->len)
			g_string_append_c(out, ',');
		g_string_append_printf(out, "%u", from);
		if (to > from)
			g_string_append_printf(out, ":%u", to);
	}
	return g_string_free(out, FALSE);
}

bool
dest_imap_key(const char *key, guint32 *uidvalidity, guint32 *uid)
{
	const char *p = key;

	return p && number(&p, uidvalidity) && *p++ == '.' && number(&p, uid) &&
	       *p == '\0';
}

void
dest_imap_flags(GString *out, guint32 flags)
{
	static const struct {
		guint32 flag;
		const char *name;
	} names[] = {
	    {MESSAGE_SEEN, "\\Seen"},
	    {MESSAGE_ANSWERED, "\\Answered"},
	    {MESSAGE_FLAGGED, "\\Flagged"},
	    {MESSAGE_DELETED, "\\Deleted"},
	    {MESSAGE_DRAFT, "\\Draft"},
	};
	const char *sep = "";

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (flags & names[i].flag) {
			g_string_append(out, sep);
			g_string_append(out, names[i].name);
			sep = " ";
		}
}
