/*
 * What servers mean by their refusals: response codes (RFC 9051 7.1, RFC 5530,
 * RFC 7889), and the texts of those that give none.
 */
#include "imap/session.h"

#include <stdarg.h>
#include <string.h>

static const struct code_row {
	const char *code;
	enum err kind;
	enum retry retry;
	bool link; /* the whole connection had better pause */
} codes[] = {
    {"UNAVAILABLE", ERR_REFUSED, RETRY_LATER, true},
    {"LIMIT", ERR_LIMIT, RETRY_LATER, false},
    {"THROTTLED", ERR_LIMIT, RETRY_LATER, true}, /* Gmail, Yahoo */
    {"OVERQUOTA", ERR_LIMIT, RETRY_NEVER, false},
    {"TOOBIG", ERR_LIMIT, RETRY_NEVER, false}, /* RFC 7889 4 */
    {"INUSE", ERR_REFUSED, RETRY_LATER, false},
    {"SERVERBUG", ERR_REFUSED, RETRY_LATER, false},
    {"AUTHENTICATIONFAILED", ERR_AUTH, RETRY_NEVER, false},
    {"AUTHORIZATIONFAILED", ERR_AUTH, RETRY_NEVER, false},
    {"EXPIRED", ERR_AUTH, RETRY_NEVER, false},
    {"PRIVACYREQUIRED", ERR_AUTH, RETRY_NEVER, false},
    {"WEBALERT", ERR_AUTH, RETRY_NEVER, false}, /* Gmail: see a page */
    {"NOPERM", ERR_REFUSED, RETRY_NEVER, false},
    {"CLIENTBUG", ERR_PROTOCOL, RETRY_NEVER, false},
    {"CORRUPTION", ERR_FORMAT, RETRY_NEVER, false},
};

/* Throttling without a code; any case. */
static const char *const throttling[] = {
    "Suggested Backoff Time", /* Exchange Online: Request is throttled */
    "throttl",
    "bandwidth limits", /* Gmail: [OVERQUOTA] Account exceeded command or */
    "rate limit",
    "too many simultaneous", /* Gmail, Courier, Dovecot */
    "too many connections",
    "too many concurrent",
    "too many requests",
    "too many commands",
    "too many login",
    "maximum number of connections", /* Dovecot, mail_max_userip_... */
    "connection limit",
    "connections from your", /* Courier: Can't open more ... */
    "server unavailable",    /* Exchange: BAD Server Unavailable. 15 */
    "server busy",
    "service is temporarily unavailable",
    "authenticated but not connected", /* Exchange, mailbox being moved */
    "temporary system problem",	       /* Gmail */
    "try again later",
    "temporarily unavailable",
    "temporary authentication failure", /* Dovecot without [UNAVAILABLE] */
    "shutting down",
    "backend is unavailable",
};

static const struct code_row *
find_code(const char *code)
{
	for (gsize i = 0; code && i < G_N_ELEMENTS(codes); i++) {
		gsize len = strlen(codes[i].code);

		if (g_ascii_strncasecmp(code, codes[i].code, len) == 0 &&
		    (code[len] == 0 || code[len] == ' ' || code[len] == ']'))
			return &codes[i];
	}
	return NULL;
}

static bool
text_has(const char *text, const char *words)
{
	gsize len = strlen(words);

	for (; *text; text++)
		if (g_ascii_strncasecmp(text, words, len) == 0)
			return true;
	return false;
}

static bool
is_throttling(const char *text)
{
	for (gsize i = 0; i < G_N_ELEMENTS(throttling); i++)
		if (text_has(text, throttling[i]))
			return true;
	return false;
}

void
imap_set_pause(GError *error, const char *text)
{
	gint64 ms = imap_backoff_ms(text);

	if (ms > 0)
		error_set_pause(error, ((guint64)ms + 999) / 1000);
}

enum status
imap_fail(enum status reach, GError **error, enum imap_result result,
    const char *code, const char *text, const char *format, ...)
{
	g_autofree char *what = NULL;
	const struct code_row *row;
	enum retry retry = RETRY_NEVER;
	enum err kind = ERR_REFUSED;
	va_list ap;

	if (text == NULL)
		text = "";
	if (code == NULL && text[0] == '[')
		row = find_code(text + 1);
	else
		row = find_code(code);
	if (row) {
		kind = row->kind;
		retry = row->retry;
		if (row->link)
			reach = MIN(reach, ST_LINK);
	}
	if (is_throttling(text)) {
		retry = RETRY_LATER;
		reach = MIN(reach, ST_LINK);
	}
	/* Idle for too long, or a trouble of this session: a new one may do. */
	if (result == IMAP_BYE && row == NULL && retry == RETRY_NEVER)
		retry = RETRY_NOW;
	va_start(ap, format);
	what = g_strdup_vprintf(format, ap);
	va_end(ap);
	fail(reach, error, kind, retry, "%s: %s%s%s%s", what, code ? "[" : "",
	    code ? code : "", code ? "] " : "",
	    *text ? text : "it did not say why");
	if (error)
		imap_set_pause(*error, text);
	return reach;
}

gint64
imap_backoff_ms(const char *text)
{
	static const char words[] = "Suggested Backoff Time:";
	guint64 n;

	for (; text && *text; text++)
		if (g_ascii_strncasecmp(text, words, strlen(words)) == 0) {
			char *end;

			text += strlen(words);
			while (*text == ' ')
				text++;
			n = g_ascii_strtoull(text, &end, 10);
			if (end == text || n > G_MAXINT32)
				return -1;
			return (gint64)n;
		}
	return -1;
}

static bool
read_uid(const char **p, const char *end, guint32 *out)
{
	const char *start = *p;
	guint64 n = 0;

	for (; *p < end && g_ascii_isdigit(**p) && n <= G_MAXUINT32; ++*p)
		n = n * 10 + (guint64)(**p - '0');
	*out = (guint32)n;
	return *p > start && n > 0 && n <= G_MAXUINT32;
}

bool
imap_esearch_all(const struct imap_reply *reply, guint64 max, GArray *ranges)
{
	const struct imap_token *set = NULL;
	guint64 count = 0;
	const char *p, *end;
	guint32 last = 0;

	for (guint i = 0; i + 1 < reply->n_tokens && !set; i++)
		if (imap_token_is(&reply->tokens[i], "ALL"))
			set = &reply->tokens[i + 1];
	if (!set)
		return true;
	if (set->kind != IMAP_ATOM || set->blob.mem == NULL)
		return false;
	p = (const char *)set->blob.mem;
	end = p + set->blob.len;
	while (p < end) {
		struct imap_range range;

		if (!read_uid(&p, end, &range.from))
			return false;
		range.to = range.from;
		if (p < end && *p == ':') {
			p++;
			if (!read_uid(&p, end, &range.to))
				return false;
		}
		if (range.to < range.from) { /* RFC 9051 9: no direction */
			guint32 swap = range.from;

			range.from = range.to;
			range.to = swap;
		}
		count += (guint64)range.to - range.from + 1;
		if (range.from <= last || count > max)
			return false;
		last = range.to;
		g_array_append_val(ranges, range);
		if (p < end && *p++ != ',')
			return false;
	}
	return true;
}
