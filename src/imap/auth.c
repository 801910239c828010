/*
 * Logging on: LOGIN, and the SASL mechanisms of RFC 4616 (PLAIN), 5802 and 7677
 * (SCRAM), 7628 (OAUTHBEARER) and Google's XOAUTH2.
 */
#include "imap/session-private.h"

#include "base/secret.h"

#include <gsasl.h>
#include <string.h>

#define CHALLENGE_MAX 65536 /* octets in base64 */
#define ROUNDS_MAX    10    /* challenges of one mechanism */

/* One exchange under way. */
struct exchange {
	const struct imap_params *params;
	const char *token;
	Gsasl_session *sasl;
	bool verified;	    /* the server has proved itself, where it has to */
	GString *complaint; /* what a refused token is answered with */
};

/* Answer challenge (len octets) into out; false: give up. */
typedef bool (*answer_fn)(
    struct exchange *x, const char *challenge, gsize len, GByteArray *out);

struct mechanism {
	const char *name;
	bool plaintext;	     /* the password or token itself travels */
	bool token, authzid; /* what it can do */
	const char *gsasl;
	answer_fn first, next; /* next NULL: no further challenge */
};

static const char *
authcid(const struct imap_params *p)
{
	return p->authuser ? p->authuser : p->user;
}

static void
put(GByteArray *out, const char *text)
{
	g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text));
}

static bool
plain_first(
    struct exchange *x, const char *challenge, gsize len, GByteArray *out)
{
	/* RFC 4616 2: authzid NUL authcid NUL passwd. */
	if (x->params->authuser)
		put(out, x->params->user);
	g_byte_array_append(out, (const guint8 *)"", 1);
	put(out, authcid(x->params));
	g_byte_array_append(out, (const guint8 *)"", 1);
	put(out, x->params->password);
	return true;
}

static bool
scram_next(
    struct exchange *x, const char *challenge, gsize len, GByteArray *out)
{
	char *answer = NULL;
	size_t n = 0;
	int rc;

	rc = gsasl_step(x->sasl, challenge, len, &answer, &n);
	if (rc != GSASL_OK && rc != GSASL_NEEDS_MORE)
		return false;
	if (rc == GSASL_OK)
		x->verified = true;
	g_byte_array_append(out, (const guint8 *)answer, (guint)n);
	gsasl_free(answer);
	return true;
}

static bool
xoauth2_first(
    struct exchange *x, const char *challenge, gsize len, GByteArray *out)
{
	g_autofree char *text = g_strdup_printf(
	    "user=%s\001auth=Bearer %s\001\001", x->params->user, x->token);

	put(out, text);
	memset(text, 0, strlen(text));
	return true;
}

static bool
oauthbearer_first(
    struct exchange *x, const char *challenge, gsize len, GByteArray *out)
{
	g_autoptr(GString) user = g_string_new(NULL);
	g_autofree char *text = NULL;

	for (const char *c = x->params->user; *c; c++) /* RFC 5801 4 */
		if (*c == ',')
			g_string_append(user, "=2C");
		else if (*c == '=')
			g_string_append(user, "=3D");
		else
			g_string_append_c(user, *c);
	text = g_strdup_printf("n,a=%s,\001host=%s\001port=%d\001"
			       "auth=Bearer %s\001\001",
	    user->str, x->params->conn.host, x->params->conn.port, x->token);
	put(out, text);
	memset(text, 0, strlen(text));
	return true;
}

static bool
token_refused(
    struct exchange *x, const char *challenge, gsize len, GByteArray *out)
{
	g_autofree char *valid = g_utf8_make_valid(challenge, (gssize)len);

	g_string_assign(x->complaint, valid);
	g_byte_array_append(
	    out, (const guint8 *)"\001", 1); /* RFC 7628 3.2.3 */
	return true;
}

static bool
xoauth2_refused(
    struct exchange *x, const char *challenge, gsize len, GByteArray *out)
{
	token_refused(x, challenge, len, out);
	g_byte_array_set_size(out, 0); /* an empty line */
	return true;
}

/* In the order of preference within each kind. */
static const struct mechanism mechanisms[] = {
    {"OAUTHBEARER", true, true, false, NULL, oauthbearer_first, token_refused},
    {"XOAUTH2", true, true, false, NULL, xoauth2_first, xoauth2_refused},
    /* Over a safe connection PLAIN: one round trip, and it works with every
     * way of storing passwords. */
    {"PLAIN", true, false, true, NULL, plain_first, NULL},
    {"SCRAM-SHA-256", false, false, true, "SCRAM-SHA-256", scram_next,
	scram_next},
    {"SCRAM-SHA-1", false, false, true, "SCRAM-SHA-1", scram_next, scram_next},
};

static void
send_base64(ImapSession *s, const GByteArray *data)
{
	g_autofree char *text = g_base64_encode(data->data, data->len);

	conn_write(s->conn, text, strlen(text));
	memset(text, 0, strlen(text));
}

static enum status
refused(ImapSession *s, enum imap_result result, const char *code,
    const char *text, const char *complaint, GError **error)
{
	GError *why = NULL;
	enum status st;

	st = imap_fail(ST_MAILBOX, &why, result, code, text,
	    "%s: log-on of %s refused", conn_peer(s->conn), authcid(s->params));
	if (complaint && *complaint) {
		g_autofree char *more = g_strescape(complaint, "\"");
		char *all = g_strdup_printf("%s (%s)", why->message, more);

		g_free(why->message);
		why->message = all;
	}
	if (error_kind(why) == ERR_REFUSED && st == ST_MAILBOX)
		why->code = (int)ERR_AUTH | (int)error_retry(why) << 8;
	g_propagate_error(error, why);
	return st;
}

static enum status
run_mechanism(ImapSession *s, const struct mechanism *m, struct exchange *x,
    GError **error)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	bool ir = (s->caps & IMAP_CAP_SASL_IR) != 0, first = true;
	struct imap_reply reply;
	enum status st;
	int rounds = 0;
	guint tag;

	if (ir && !m->first(x, NULL, 0, out))
		return fail(ST_MAILBOX, error, ERR_AUTH, RETRY_NEVER,
		    "%s: user name or password cannot be said in %s",
		    conn_peer(s->conn), m->name);
	tag = imap_begin(s);
	conn_printf(s->conn, "AUTHENTICATE %s", m->name);
	if (ir) {
		conn_write(s->conn, out->len ? " " : " =", out->len ? 1 : 2);
		send_base64(s, out);
		first = false;
	}
	imap_end(s);
	for (;;) {
		g_autofree guchar *challenge = NULL;
		gsize len = 0;
		bool ok = true;

		st = imap_next(s, &reply, true, error);
		if (st < 0)
			return st;
		if (reply.response == IMAP_TAGGED && reply.tag == tag)
			break;
		if (reply.response != IMAP_CONTINUE)
			continue;
		if (strlen(reply.text) > CHALLENGE_MAX || ++rounds > ROUNDS_MAX)
			return fail(ST_LINK, error, ERR_PROTOCOL, RETRY_NEVER,
			    "%s: the server asks too much for %s",
			    conn_peer(s->conn), m->name);
		challenge = g_base64_decode(reply.text, &len);
		g_byte_array_set_size(out, 0);
		if (first)
			ok = m->first(x, NULL, 0, out);
		else if (m->next)
			ok = m->next(x, (const char *)challenge, len, out);
		else
			ok = false;
		first = false;
		if (ok)
			send_base64(s, out);
		else
			conn_write(s->conn, "*", 1); /* RFC 9051 6.2.2 */
		imap_end(s);
	}
	if (out->len)
		memset(out->data, 0, out->len);
	if (reply.result != IMAP_OK)
		return refused(s, reply.result, reply.code, reply.text,
		    x->complaint->str, error);
	if (m->gsasl && !x->verified)
		return fail(ST_RUN, error, ERR_AUTH, RETRY_NEVER,
		    "%s: the server accepts the password without showing that "
		    "it knows it; it may not be the one it says it is",
		    conn_peer(s->conn));
	return ST_OK;
}

static enum status
with_gsasl(ImapSession *s, const struct mechanism *m, struct exchange *x,
    GError **error)
{
	const struct imap_params *p = s->params;
	Gsasl *ctx = NULL;
	enum status st;
	int rc;

	rc = gsasl_init(&ctx);
	if (rc == GSASL_OK)
		rc = gsasl_client_start(ctx, m->gsasl, &x->sasl);
	if (rc != GSASL_OK) {
		if (ctx)
			gsasl_done(ctx);
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "libgsasl: %s: %s", m->gsasl, gsasl_strerror(rc));
	}
	gsasl_property_set(x->sasl, GSASL_AUTHID, authcid(p));
	if (p->authuser)
		gsasl_property_set(x->sasl, GSASL_AUTHZID, p->user);
	gsasl_property_set(x->sasl, GSASL_PASSWORD, p->password);
	/* Both empty: no channel binding, so no -PLUS. */
	st = run_mechanism(s, m, x, error);
	gsasl_finish(x->sasl);
	x->sasl = NULL;
	gsasl_done(ctx);
	return st;
}

static enum status
with_mechanism(ImapSession *s, const struct mechanism *m, GError **error)
{
	const struct imap_params *p = s->params;
	struct exchange x = {.params = p};
	enum status st = ST_OK;

	x.complaint = g_string_new(NULL);
	/* A token may have been revoked or have expired a moment ago: a fresh
	 * one is asked for once. */
	for (int round = 0; round < (m->token ? 2 : 1); round++) {
		char *token = NULL;

		if (m->token) {
			st = secret_from_command(
			    &token, p->token_command, error);
			if (st < 0)
				break;
			x.token = token;
		}
		st = m->gsasl ? with_gsasl(s, m, &x, error)
			      : run_mechanism(s, m, &x, error);
		secret_free(token);
		if (st != ST_MAILBOX || !m->token || round == 1)
			break;
		if (error)
			g_clear_error(error);
		g_string_truncate(x.complaint, 0);
	}
	g_string_free(x.complaint, TRUE);
	return st;
}

/* A quoted string where that is possible, else a literal; waits for "+" when
 * the server wants to be asked (RFC 9051 4.3). */
static enum status
put_astring(ImapSession *s, const char *text, GError **error)
{
	gsize len = strlen(text);
	bool plus = (s->caps & IMAP_CAP_LITERAL_PLUS) ||
		    (s->caps & IMAP_CAP_LITERAL_MINUS && len <= 4096);
	struct imap_reply reply;
	enum status st;
	bool quotable = true;

	for (gsize i = 0; i < len; i++)
		if ((guint8)text[i] >= 0x7f || (guint8)text[i] < 0x20)
			quotable = false;
	if (quotable) {
		g_autofree char *quoted = imap_quote(text);

		conn_printf(s->conn, " %s", quoted);
		memset(quoted, 0, strlen(quoted));
		return ST_OK;
	}
	conn_printf(s->conn, " {%zu%s}\r\n", len, plus ? "+" : "");
	while (!plus) {
		st = imap_next(s, &reply, true, error);
		if (st < 0)
			return st;
		if (reply.response == IMAP_CONTINUE)
			break;
		if (reply.response == IMAP_TAGGED)
			return refused(s, reply.result, reply.code, reply.text,
			    NULL, error);
	}
	conn_write(s->conn, text, len);
	return ST_OK;
}

static enum status
with_login(ImapSession *s, GError **error)
{
	struct imap_reply reply;
	enum status st;
	guint tag = imap_begin(s);

	conn_write(s->conn, "LOGIN", 5);
	st = put_astring(s, s->params->user, error);
	if (st == ST_OK)
		st = put_astring(s, s->params->password, error);
	if (st < 0)
		return st;
	imap_end(s);
	do {
		st = imap_next(s, &reply, true, error);
		if (st < 0)
			return st;
	} while (reply.response != IMAP_TAGGED || reply.tag != tag);
	if (reply.result != IMAP_OK)
		return refused(
		    s, reply.result, reply.code, reply.text, NULL, error);
	return ST_OK;
}

static enum status
choose(
    ImapSession *s, bool *login, const struct mechanism **out, GError **error)
{
	const struct imap_params *p = s->params;
	const char *asked = p->mechanism;
	bool safe = conn_is_encrypted(s->conn) || conn_is_loopback(s->conn) ||
		    p->security == IMAP_PLAINTEXT;
	bool token = p->token_command != NULL, unsafe_offered = false;

	if (asked && g_ascii_strcasecmp(asked, "auto") == 0)
		asked = NULL;
	*login = false;
	*out = NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
		const struct mechanism *m = &mechanisms[i];

		if (m->token != token || (!token && p->authuser && !m->authzid))
			continue;
		if (asked ? g_ascii_strcasecmp(asked, m->name) != 0
			  : !imap_has_mechanism(s, m->name))
			continue;
		if (m->plaintext && !safe) {
			unsafe_offered = true;
			continue;
		}
		*out = m;
		return ST_OK;
	}
	if (!token && !p->authuser &&
	    (asked ? g_ascii_strcasecmp(asked, "LOGIN") == 0
		   : !(s->caps & IMAP_CAP_LOGINDISABLED))) {
		if (safe) {
			*login = true;
			return ST_OK;
		}
		unsafe_offered = true;
	}
	if (unsafe_offered)
		return fail(ST_RUN, error, ERR_AUTH, RETRY_NEVER,
		    "%s: the connection is not encrypted, and the password "
		    "would travel in plain text; use imaps, or security=plain "
		    "to allow "
		    "it",
		    conn_peer(s->conn));
	if (s->caps & IMAP_CAP_LOGINDISABLED && !conn_is_encrypted(s->conn))
		return fail(ST_RUN, error, ERR_AUTH, RETRY_NEVER,
		    "%s: the server takes no log-on without encryption; use "
		    "imaps or security=starttls",
		    conn_peer(s->conn));
	return fail(ST_RUN, error, ERR_AUTH, RETRY_NEVER,
	    "%s: the server offers no way to log on with %s%s%s",
	    conn_peer(s->conn), token ? "a token" : "a password",
	    p->authuser ? " for another user (SASL PLAIN)" : "",
	    asked ? " and the chosen mechanism" : "");
}

enum status
imap_auth(ImapSession *s, GError **error)
{
	const struct imap_params *p = s->params;
	const struct mechanism *m;
	enum status st;
	bool login;

	if (p->user == NULL ||
	    (p->token_command == NULL && p->password == NULL))
		return fail(ST_MAILBOX, error, ERR_AUTH, RETRY_NEVER,
		    "%s: no user name or password given", conn_peer(s->conn));
	st = choose(s, &login, &m, error);
	if (st < 0)
		return st;
	/* RFC 9051 6.2.2, 6.2.3: capabilities may change with the log-on; an
	 * answer that names them is taken, else they are asked for again. */
	conn_trace(s->conn, false);
	s->caps_known = false;
	st = login ? with_login(s, error) : with_mechanism(s, m, error);
	conn_trace(s->conn, true);
	return st;
}
