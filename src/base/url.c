#include "base/url.h"

#include <stdbool.h>
#include <string.h>

static enum status
bad(GError **error, const char *text, const char *why)
{
	return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER, "%s: %s", text, why);
}

/* %XX decoded; NULL when one is malformed or means NUL. */
static char *
decode(const char *text, gssize len)
{
	return g_uri_unescape_segment(text, text + len, NULL);
}

static bool
parse_query(const char *query, struct url *out)
{
	g_auto(GStrv) pairs = g_strsplit_set(query, "&", -1);
	guint n = g_strv_length(pairs), at = 0;

	out->names = g_new0(char *, n + 1);
	out->values = g_new0(char *, n + 1);
	for (guint i = 0; i < n; i++) {
		const char *eq = strchr(pairs[i], '=');
		gssize len = eq ? eq - pairs[i] : (gssize)strlen(pairs[i]);

		if (len == 0)
			continue;
		out->names[at] = decode(pairs[i], len);
		/* a bare name is a switch: "?insecure" */
		out->values[at] = eq ? decode(eq + 1, (gssize)strlen(eq + 1))
				     : g_strdup("yes");
		at++;
		if (out->names[at - 1] == NULL || out->values[at - 1] == NULL)
			return false;
	}
	return true;
}

static enum status
parse_authority(const char *text, const char *authority, gsize len,
    struct url *out, GError **error)
{
	g_autofree char *copy = g_strndup(authority, len);
	char *host = copy, *at = strrchr(copy, '@'), *colon;

	if (at) {
		*at = '\0';
		host = at + 1;
		colon = strchr(copy, ':');
		if (colon) {
			out->password =
			    decode(colon + 1, (gssize)strlen(colon + 1));
			if (out->password == NULL)
				return bad(error, text, "bad % in password");
			*colon = '\0';
		}
		out->user = decode(copy, (gssize)strlen(copy));
		if (out->user == NULL)
			return bad(error, text, "bad % in user name");
	}
	if (*host == '[') {
		char *close = strchr(host, ']');

		if (close == NULL)
			return bad(error, text, "']' missing after the address");
		*close = '\0';
		colon = close[1] == ':' ? close + 1 : NULL;
		host++;
	} else {
		colon = strchr(host, ':');
	}
	if (colon) {
		char *end;
		gint64 port = g_ascii_strtoll(colon + 1, &end, 10);

		if (!g_ascii_isdigit(colon[1]) || *end || port < 1 ||
		    port > 65535)
			return bad(error, text, "the port is not 1 to 65535");
		out->port = (int)port;
		*colon = '\0';
	}
	if (*host)
		out->host = g_strdup(host);
	return ST_OK;
}

enum status
url_parse(const char *text, struct url *out, GError **error)
{
	const char *colon = strchr(text, ':'), *p, *query;
	gsize len;
	enum status st;

	memset(out, 0, sizeof *out);
	if (colon == NULL || colon == text)
		return bad(error, text,
		    "not an address: it begins with a scheme, as in "
		    "imaps://user@host or maildir:DIR");
	for (p = text; p < colon; p++)
		if (!g_ascii_isalnum(*p) && *p != '+' && *p != '-' && *p != '.')
			return bad(error, text,
			    "not an address: it begins with a scheme, as in "
			    "imaps://user@host or maildir:DIR");
	out->scheme = g_ascii_strdown(text, colon - text);
	p = colon + 1;
	query = strchr(p, '?');
	len = query ? (gsize)(query - p) : strlen(p);
	if (query && !parse_query(query + 1, out)) {
		url_clear(out);
		return bad(error, text, "bad % in an option");
	}
	if (g_str_has_prefix(p, "//")) {
		const char *slash = memchr(p + 2, '/', len - 2);
		gsize end = slash ? (gsize)(slash - p) : len;

		st = parse_authority(text, p + 2, end - 2, out, error);
		if (st < 0) {
			url_clear(out);
			return st;
		}
		if (slash && len - end > 1) {
			out->path =
			    decode(slash + 1, (gssize)(len - end - 1));
			if (out->path == NULL) {
				url_clear(out);
				return bad(error, text, "bad % in the path");
			}
		}
		return ST_OK;
	}
	if (len > 0) {
		g_autofree char *raw = g_strndup(p, len);
		g_auto(GStrv) pieces = g_strsplit(raw, "%3F", -1);

		out->path = g_strjoinv("?", pieces);
	}
	return ST_OK;
}

void
url_clear(struct url *url)
{
	g_free(url->scheme);
	g_free(url->user);
	if (url->password)
		memset(url->password, 0, strlen(url->password));
	g_free(url->password);
	g_free(url->host);
	g_free(url->path);
	g_strfreev(url->names);
	g_strfreev(url->values);
	memset(url, 0, sizeof *url);
}

char *
url_to_text(const struct url *url)
{
	GString *out = g_string_new(url->scheme);

	g_string_append_c(out, ':');
	if (url->host || url->user) {
		g_string_append(out, "//");
		if (url->user) {
			g_string_append_uri_escaped(
			    out, url->user, "*!$&'()+,;=", TRUE);
			g_string_append_c(out, '@');
		}
		if (url->host)
			g_string_append_printf(out,
			    strchr(url->host, ':') ? "[%s]" : "%s", url->host);
		if (url->port)
			g_string_append_printf(out, ":%d", url->port);
		if (url->path)
			g_string_append_c(out, '/');
	}
	if (url->path)
		g_string_append(out, url->path);
	return g_string_free(out, FALSE);
}
