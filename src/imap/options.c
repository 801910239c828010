#include "imap/options.h"

#include "base/secret.h"

#include <string.h>

#define TIMEOUT_MAX_S 86400

static enum status
hidden(const char *text, guint32 *out, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text ? text : "", " ,", -1);

	*out = 0;
	for (guint i = 0; words[i]; i++) {
		guint32 cap = imap_cap_from_name(words[i]);

		if (*words[i] && !cap)
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "imap: option hide: %s is no capability that is "
			    "made use of",
			    words[i]);
		*out |= cap;
	}
	return ST_OK;
}

static enum imap_security
security(const struct url *url, const char *text)
{
	if (strcmp(text, "tls") == 0)
		return IMAP_TLS;
	if (strcmp(text, "starttls") == 0)
		return IMAP_STARTTLS;
	if (strcmp(text, "plain") == 0)
		return IMAP_PLAINTEXT;
	return strcmp(url->scheme, "imaps") == 0 ? IMAP_TLS
						 : IMAP_STARTTLS_AUTO;
}

enum status
imap_params_from(struct imap_params *out, const struct url *url,
    const Options *options, GError **error)
{
	memset(out, 0, sizeof(*out));
	if (url->host == NULL || *url->host == 0)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "imap: the address names no server: write imaps://HOST/");
	out->security = security(url, options_text(options, "security"));
	out->conn.host = url->host;
	out->conn.tls = out->security == IMAP_TLS;
	out->conn.port = url->port ? url->port : out->conn.tls ? 993 : 143;
	out->conn.ca_file = options_text(options, "ca-file");
	out->conn.tls_insecure = options_bool(options, "insecure");
	out->conn.timeout_ms =
	    (guint)CLAMP(options_number(options, "timeout"), 1, TIMEOUT_MAX_S) *
	    1000;
	out->mechanism = options_text(options, "mechanism");
	out->compress = options_text(options, "compress");
	out->prefix = options_text(options, "prefix");
	return hidden(options_text(options, "hide"), &out->hide, error);
}

void
imap_params_copy(struct imap_params *out, const struct imap_params *params)
{
	*out = *params;
	out->conn.host = g_strdup(params->conn.host);
	out->conn.ca_file = g_strdup(params->conn.ca_file);
	out->user = g_strdup(params->user);
	out->authuser = g_strdup(params->authuser);
	out->password = g_strdup(params->password);
	out->token_command = g_strdup(params->token_command);
	out->mechanism = g_strdup(params->mechanism);
	out->compress = g_strdup(params->compress);
	out->prefix = g_strdup(params->prefix);
	out->spool_dir = g_strdup(params->spool_dir);
}

void
imap_params_clear(struct imap_params *params)
{
	g_free((char *)params->conn.host);
	g_free((char *)params->conn.ca_file);
	g_free((char *)params->user);
	g_free((char *)params->authuser);
	secret_free((char *)params->password);
	g_free((char *)params->token_command);
	g_free((char *)params->mechanism);
	g_free((char *)params->compress);
	g_free((char *)params->prefix);
	g_free((char *)params->spool_dir);
	memset(params, 0, sizeof(*params));
}
