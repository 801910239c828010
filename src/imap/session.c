#include "imap/session-private.h"

#include <stdarg.h>
#include <string.h>

static const struct {
	const char *name;
	guint32 cap;
} capability_names[] = {
    {"IMAP4REV2", IMAP_CAP_IMAP4REV2},
    {"LITERAL+", IMAP_CAP_LITERAL_PLUS},
    {"LITERAL-", IMAP_CAP_LITERAL_MINUS},
    {"NAMESPACE", IMAP_CAP_NAMESPACE},
    {"SPECIAL-USE", IMAP_CAP_SPECIAL_USE},
    {"CREATE-SPECIAL-USE", IMAP_CAP_CREATE_SPECIAL_USE},
    {"LIST-EXTENDED", IMAP_CAP_LIST_EXTENDED},
    {"LIST-STATUS", IMAP_CAP_LIST_STATUS},
    {"UIDPLUS", IMAP_CAP_UIDPLUS},
    {"MULTIAPPEND", IMAP_CAP_MULTIAPPEND},
    {"CONDSTORE", IMAP_CAP_CONDSTORE},
    {"QRESYNC", IMAP_CAP_QRESYNC},
    {"COMPRESS=DEFLATE", IMAP_CAP_COMPRESS},
    {"ESEARCH", IMAP_CAP_ESEARCH},
    {"ID", IMAP_CAP_ID},
    {"ENABLE", IMAP_CAP_ENABLE},
    {"UTF8=ACCEPT", IMAP_CAP_UTF8_ACCEPT},
    {"UTF8=ONLY", IMAP_CAP_UTF8_ACCEPT},
    {"SASL-IR", IMAP_CAP_SASL_IR},
    {"STARTTLS", IMAP_CAP_STARTTLS},
    {"LOGINDISABLED", IMAP_CAP_LOGINDISABLED},
    {"UNSELECT", IMAP_CAP_UNSELECT},
    {"IDLE", IMAP_CAP_IDLE},
    {"QUOTA", IMAP_CAP_QUOTA},
    {"ACL", IMAP_CAP_ACL},
    {"STATUS=SIZE", IMAP_CAP_STATUS_SIZE},
    {"OBJECTID", IMAP_CAP_OBJECTID},
    {"APPENDLIMIT", IMAP_CAP_APPENDLIMIT},
    {"MOVE", IMAP_CAP_MOVE},
};

/* RFC 9051 Appendix E: what was an extension of IMAP4rev1 and is part of it. */
#define IMAP4REV2_CAPS                                                         \
	(IMAP_CAP_NAMESPACE | IMAP_CAP_UNSELECT | IMAP_CAP_UIDPLUS |           \
	    IMAP_CAP_ESEARCH | IMAP_CAP_ENABLE | IMAP_CAP_IDLE |               \
	    IMAP_CAP_SASL_IR | IMAP_CAP_LIST_EXTENDED | IMAP_CAP_LIST_STATUS | \
	    IMAP_CAP_MOVE | IMAP_CAP_LITERAL_MINUS | IMAP_CAP_SPECIAL_USE |    \
	    IMAP_CAP_STATUS_SIZE)

guint32
imap_cap_from_name(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(capability_names); i++)
		if (g_ascii_strcasecmp(name, capability_names[i].name) == 0)
			return capability_names[i].cap;
	return 0;
}

bool
imap_token_is(const struct imap_token *token, const char *word)
{
	gsize len = strlen(word);

	return token->kind == IMAP_ATOM && token->blob.len == (gint64)len &&
	       g_ascii_strncasecmp((const char *)token->blob.mem, word, len) ==
		   0;
}

char *
imap_token_text(const struct imap_token *token, gsize max)
{
	if (token->kind == IMAP_NIL)
		return g_strdup("");
	if (token->blob.mem == NULL && token->blob.len)
		return NULL;
	if (token->blob.len > (gint64)max ||
	    (token->blob.len &&
		memchr(token->blob.mem, 0, (gsize)token->blob.len)))
		return NULL;
	return g_strndup((const char *)token->blob.mem, (gsize)token->blob.len);
}

bool
imap_token_number(const struct imap_token *token, guint64 *out)
{
	guint64 n = 0;

	if ((token->kind != IMAP_ATOM && token->kind != IMAP_STRING) ||
	    token->blob.len == 0)
		return false;
	for (gint64 i = 0; i < token->blob.len; i++) {
		guint8 c = token->blob.mem[i];

		if (!g_ascii_isdigit(c) || n > (G_MAXUINT64 - 9) / 10)
			return false;
		n = n * 10 + (guint64)(c - '0');
	}
	*out = n;
	return true;
}

static void
forget_caps(ImapSession *s)
{
	s->caps = 0;
	s->caps_known = false;
	s->rev1 = false;
	s->append_limit = -1;
	g_ptr_array_set_size(s->mechanisms, 0);
}

static void
take_capability(ImapSession *s, const char *name)
{
	if (g_ascii_strncasecmp(name, "AUTH=", 5) == 0) {
		g_ptr_array_add(s->mechanisms, g_ascii_strup(name + 5, -1));
		return;
	}
	if (g_ascii_strncasecmp(name, "APPENDLIMIT=", 12) == 0) {
		guint64 n;

		/* RFC 7889 2: the number is the same for all mailboxes. */
		s->caps |= IMAP_CAP_APPENDLIMIT;
		if (g_ascii_string_to_unsigned(
			name + 12, 10, 0, G_MAXINT64, &n, NULL))
			s->append_limit = (gint64)n;
		return;
	}
	if (g_ascii_strcasecmp(name, "IMAP4rev1") == 0)
		s->rev1 = true;
	s->caps |= imap_cap_from_name(name);
}

static void
end_capabilities(ImapSession *s)
{
	if (s->caps & IMAP_CAP_IMAP4REV2)
		s->caps |= IMAP4REV2_CAPS;
	if (s->caps & IMAP_CAP_QRESYNC)
		s->caps |= IMAP_CAP_CONDSTORE; /* RFC 7162 3.2.3 */
	s->caps &= ~s->hide;
	if (s->hide & IMAP_CAP_APPENDLIMIT)
		s->append_limit = -1;
	s->caps_known = true;
}

static void
take_code(ImapSession *s, const struct imap_reply *reply)
{
	if (g_ascii_strncasecmp(reply->code, "CAPABILITY ", 11) == 0) {
		g_auto(GStrv) words = g_strsplit(reply->code + 11, " ", -1);

		forget_caps(s);
		for (char **w = words; *w; w++)
			if (**w)
				take_capability(s, *w);
		end_capabilities(s);
	} else if (g_ascii_strcasecmp(reply->code, "ALERT") == 0) {
		/* RFC 9051 7.1: to be shown to the user. */
		g_free(s->alert);
		s->alert = g_strdup(reply->text);
	}
}

static void
take_id(ImapSession *s, const struct imap_reply *reply)
{
	g_autofree char *name = NULL, *version = NULL;

	for (guint i = 1; i + 1 < reply->n_tokens; i += 2) {
		g_autofree char *field =
		    imap_token_text(&reply->tokens[i], 30); /* RFC 2971 3.3 */
		char **out = NULL;

		if (field && g_ascii_strcasecmp(field, "name") == 0)
			out = &name;
		else if (field && g_ascii_strcasecmp(field, "version") == 0)
			out = &version;
		if (out) {
			g_free(*out);
			*out = imap_token_text(&reply->tokens[i + 1], 1024);
		}
	}
	if (name == NULL || !*name)
		return;
	g_free(s->server);
	s->server = g_strjoin(
	    version && *version ? " " : "", name, version ? version : "", NULL);
}

/* Learn from a response; true when it was only for us. */
static bool
absorb(ImapSession *s, const struct imap_reply *reply)
{
	if (reply->code)
		take_code(s, reply);
	if (reply->response == IMAP_TAGGED) {
		for (guint i = 0; i < s->own_tags->len; i++)
			if (g_array_index(s->own_tags, guint, i) ==
			    reply->tag) {
				g_array_remove_index(s->own_tags, i);
				return true;
			}
		return false;
	}
	if (reply->name == NULL)
		return false;
	if (strcmp(reply->name, "CAPABILITY") == 0) {
		forget_caps(s);
		for (guint i = 0; i < reply->n_tokens; i++) {
			g_autofree char *w =
			    imap_token_text(&reply->tokens[i], 1024);

			if (w)
				take_capability(s, w);
		}
		end_capabilities(s);
		return true;
	}
	if (strcmp(reply->name, "ENABLED") == 0) {
		for (guint i = 0; i < reply->n_tokens; i++)
			if (imap_token_is(&reply->tokens[i], "UTF8=ACCEPT") ||
			    imap_token_is(&reply->tokens[i], "IMAP4rev2"))
				s->utf8 = true;
		return true;
	}
	if (strcmp(reply->name, "NAMESPACE") == 0) {
		imap_take_namespace(s, reply);
		return true;
	}
	if (strcmp(reply->name, "ID") == 0) {
		take_id(s, reply);
		return true;
	}
	return false;
}

enum status
imap_next(ImapSession *s, struct imap_reply *reply, bool wait, GError **error)
{
	bool polled = false;
	enum status st;

	for (;;) {
		gsize len, used;
		const guint8 *data = conn_data(s->conn, &len);

		st = imap_parser_run(s->parser, data, len, &used, reply, error);
		conn_consume(s->conn, used);
		if (st < 0) {
			g_prefix_error(error, "%s: ", conn_peer(s->conn));
			return st;
		}
		if (st == ST_OK) {
			if (reply->response == IMAP_TAGGED &&
			    reply->tag > s->last_tag)
				return fail(ST_LINK, error, ERR_PROTOCOL,
				    RETRY_NOW,
				    "%s: the server answers a command that "
				    "was not sent",
				    conn_peer(s->conn));
			if (absorb(s, reply))
				continue;
			/* RFC 9051 7.1.5: at any time. */
			if (reply->response == IMAP_UNTAGGED &&
			    reply->result == IMAP_BYE && !s->logging_out)
				return imap_fail(ST_LINK, error, reply->result,
				    reply->code, reply->text,
				    "%s: the server ended the connection",
				    conn_peer(s->conn));
			return ST_OK;
		}
		if (wait) {
			st = conn_fill(s->conn, error);
		} else if (polled) {
			return ST_END;
		} else {
			st = conn_poll(s->conn, error);
			polled = true;
		}
		if (st < 0)
			return st;
	}
}

enum status
imap_wait(ImapSession *s, guint tag, imap_each each, void *user,
    enum imap_result *result, char **words, GError **error)
{
	struct imap_reply reply;
	enum status st;

	if (words)
		*words = NULL;
	for (;;) {
		st = imap_next(s, &reply, true, error);
		if (st < 0)
			return st;
		if (reply.response == IMAP_TAGGED && reply.tag == tag)
			break;
		if (each) {
			st = each(&reply, user, error);
			if (st < 0)
				return st;
		}
	}
	*result = reply.result;
	if (words)
		*words = reply.code ? g_strdup_printf(
					  "[%s] %s", reply.code, reply.text)
				    : g_strdup(reply.text);
	return ST_OK;
}

enum status
imap_settle(ImapSession *s, guint tag, enum imap_result *result, char **words,
    GError **error)
{
	return imap_wait(s, tag, NULL, NULL, result, words, error);
}

/* A command that nobody waits for: its end is swallowed by imap_next(). */
static void
aside(ImapSession *s, const char *command)
{
	guint tag = imap_command(s, "%s", command);

	g_array_append_val(s->own_tags, tag);
}

/* What both sides want to know, together with the first command after the
 * log-on: it costs no round trip of its own. */
static void
introduce(ImapSession *s)
{
	s->introduced = true;
	if (s->caps & IMAP_CAP_ID)
		aside(s, "ID (\"name\" \"mailmig\")");
	if (s->caps & IMAP_CAP_ENABLE) {
		/* RFC 6855 3; a server of IMAP4rev2 alone needs no ENABLE. */
		if (s->caps & IMAP_CAP_UTF8_ACCEPT)
			aside(s, "ENABLE UTF8=ACCEPT");
		else if (!s->rev1 && s->caps & IMAP_CAP_IMAP4REV2)
			s->utf8 = true;
		if (s->qresync && s->caps & IMAP_CAP_QRESYNC)
			aside(s, "ENABLE QRESYNC");
	}
	if (s->caps & IMAP_CAP_NAMESPACE)
		aside(s, "NAMESPACE");
}

guint
imap_begin(ImapSession *s)
{
	if (!s->introduced)
		introduce(s);
	conn_printf(s->conn, "%c%u ", IMAP_TAG_LETTER, ++s->last_tag);
	return s->last_tag;
}

void
imap_piece(ImapSession *s, const void *data, gsize len)
{
	conn_write(s->conn, data, len);
}

void
imap_piece_static(ImapSession *s, const void *data, gsize len)
{
	conn_write_static(s->conn, data, len);
}

void
imap_end(ImapSession *s)
{
	conn_write(s->conn, "\r\n", 2);
}

guint
imap_command(ImapSession *s, const char *format, ...)
{
	g_autofree char *text = NULL;
	guint tag = imap_begin(s);
	va_list ap;

	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	conn_write(s->conn, text, strlen(text));
	imap_end(s);
	return tag;
}

guint
imap_last_tag(const ImapSession *s)
{
	return s->last_tag;
}

void
imap_spool_dir(ImapSession *s, const char *dir)
{
	imap_parser_spool_dir(s->parser, dir);
}

guint32
imap_caps(const ImapSession *s)
{
	return s->caps;
}

Conn *
imap_conn(ImapSession *s)
{
	return s->conn;
}

gint64
imap_append_limit(const ImapSession *s)
{
	return s->append_limit;
}

const char *
imap_prefix(const ImapSession *s)
{
	return s->prefix;
}

char
imap_separator(const ImapSession *s)
{
	return s->separator;
}

bool
imap_utf8(const ImapSession *s)
{
	return s->utf8;
}

const char *
imap_alert(const ImapSession *s)
{
	return s->alert;
}

const char *
imap_server(const ImapSession *s)
{
	return s->server;
}

bool
imap_has_mechanism(const ImapSession *s, const char *mechanism)
{
	for (guint i = 0; i < s->mechanisms->len; i++)
		if (strcmp(g_ptr_array_index(s->mechanisms, i), mechanism) == 0)
			return true;
	return false;
}

static enum status
learn_caps(ImapSession *s, GError **error)
{
	enum imap_result result;
	enum status st;

	if (s->caps_known)
		return ST_OK;
	st =
	    imap_settle(s, imap_command(s, "CAPABILITY"), &result, NULL, error);
	if (st < 0)
		return st;
	/* A server that does not know CAPABILITY can nothing beyond RFC 3501.
	 */
	s->caps_known = true;
	return ST_OK;
}

static enum status
greet(ImapSession *s, bool *preauth, GError **error)
{
	struct imap_reply reply;
	enum status st;

	st = imap_next(s, &reply, true, error);
	if (st < 0) {
		struct conn_stats stats;

		conn_stats(s->conn, &stats);
		if (st == ST_LINK && stats.received == 0)
			g_prefix_error(error, "no greeting (is it the right "
					      "one of imap and imaps?): ");
		return st;
	}
	*preauth = reply.result == IMAP_PREAUTH;
	if (reply.response != IMAP_UNTAGGED ||
	    (reply.result != IMAP_OK && reply.result != IMAP_PREAUTH))
		return fail(ST_LINK, error, ERR_PROTOCOL, RETRY_NEVER,
		    "%s: this is no IMAP server; check host, port and imaps or "
		    "imap",
		    conn_peer(s->conn));
	return ST_OK;
}

static enum status
start_tls(ImapSession *s, bool preauth, GError **error)
{
	enum imap_security security = s->params->security;
	enum imap_result result;
	g_autofree char *words = NULL;
	enum status st;

	if (security != IMAP_STARTTLS && security != IMAP_STARTTLS_AUTO)
		return ST_OK;
	/* RFC 3501 7.1.4: STARTTLS is impossible after PREAUTH. */
	if (preauth) {
		if (security == IMAP_STARTTLS || !conn_is_loopback(s->conn))
			return fail(ST_RUN, error, ERR_AUTH, RETRY_NEVER,
			    "%s: the server skips log-on, so TLS cannot be "
			    "started; use imaps",
			    conn_peer(s->conn));
		return ST_OK;
	}
	st = learn_caps(s, error);
	if (st < 0)
		return st;
	if (!(s->caps & IMAP_CAP_STARTTLS)) {
		if (security == IMAP_STARTTLS)
			return fail(ST_RUN, error, ERR_AUTH, RETRY_NEVER,
			    "%s: the server does not offer STARTTLS; use "
			    "imaps, or security=plain to send everything in "
			    "plain "
			    "text",
			    conn_peer(s->conn));
		return ST_OK;
	}
	/* To ourselves there is nobody to hide from. */
	if (security == IMAP_STARTTLS_AUTO && conn_is_loopback(s->conn))
		return ST_OK;
	st =
	    imap_settle(s, imap_command(s, "STARTTLS"), &result, &words, error);
	if (st < 0)
		return st;
	if (result != IMAP_OK)
		return imap_fail(ST_LINK, error, result, NULL, words,
		    "%s: STARTTLS refused", conn_peer(s->conn));
	/* RFC 9051 6.2.1: all that was learned in plain text is void. */
	forget_caps(s);
	return conn_start_tls(s->conn, error);
}

static enum status
compress(ImapSession *s, GError **error)
{
	const char *mode = s->params->compress;
	enum imap_result result;
	enum status st;

	if (!(s->caps & IMAP_CAP_COMPRESS) || g_strcmp0(mode, "no") == 0)
		return ST_OK;
	if (g_strcmp0(mode, "yes") != 0 && conn_is_loopback(s->conn))
		return ST_OK;
	/* RFC 4978 3: nothing may be sent until the answer is there. */
	st = imap_settle(
	    s, imap_command(s, "COMPRESS DEFLATE"), &result, NULL, error);
	if (st < 0)
		return st;
	if (result == IMAP_OK)
		return conn_start_deflate(s->conn, error);
	return ST_OK;
}

static enum status
open_session(ImapSession *s, const struct imap_params *params, GError **error)
{
	struct conn_params conn = params->conn;
	bool preauth;
	enum status st;

	conn.tls = params->security == IMAP_TLS;
	st = conn_open(&s->conn, &conn, error);
	if (st < 0)
		return st;
	st = greet(s, &preauth, error);
	if (st < 0)
		return st;
	st = start_tls(s, preauth, error);
	if (st < 0)
		return st;
	if (!preauth) {
		st = learn_caps(s, error);
		if (st < 0)
			return st;
		st = imap_auth(s, error);
		if (st < 0)
			return st;
	}
	st = learn_caps(s, error);
	if (st < 0)
		return st;
	return compress(s, error);
}

enum status
imap_open(ImapSession **out, const struct imap_params *params, GError **error)
{
	g_autoptr(ImapSession) s = g_new0(ImapSession, 1);
	enum status st;

	*out = NULL;
	s->params = params;
	s->hide = params->hide;
	s->parser = imap_parser_new(params->spool_dir);
	s->mechanisms = g_ptr_array_new_with_free_func(g_free);
	s->own_tags = g_array_new(FALSE, FALSE, sizeof(guint));
	s->foreign = g_ptr_array_new_with_free_func(g_free);
	s->personal = g_ptr_array_new_with_free_func(g_free);
	s->prefix = g_strdup(params->prefix ? params->prefix : "");
	s->prefix_given = params->prefix != NULL;
	s->append_limit = -1;
	s->qresync = params->qresync;
	s->introduced = true; /* not before we are in */
	st = open_session(s, params, error);
	s->introduced = false;
	s->params = NULL;
	if (st < 0)
		return st;
	*out = g_steal_pointer(&s);
	return ST_OK;
}

void
imap_close(ImapSession *s)
{
	if (s == NULL)
		return;
	if (s->conn) {
		/* No wait: all that matters has been answered. */
		s->logging_out = true;
		s->introduced = true;
		if (conn_pending(s->conn) == 0) {
			imap_command(s, "LOGOUT");
			conn_flush(s->conn, G_MAXSIZE, NULL);
		}
		conn_close(s->conn);
	}
	imap_parser_free(s->parser);
	g_ptr_array_unref(s->mechanisms);
	g_array_unref(s->own_tags);
	g_ptr_array_unref(s->foreign);
	g_ptr_array_unref(s->personal);
	g_free(s->prefix);
	g_free(s->server);
	g_free(s->alert);
	g_free(s);
}
