/*
 * The way of one mailbox through a plan.
 */
#include "engine/plan-private.h"

#include "base/secret.h"

#include <string.h>

char *
plan_expand(const char *text, const char *mailbox)
{
	g_auto(GStrv) pieces = NULL;

	if (text == NULL)
		return NULL;
	pieces = g_strsplit(text, "%m", -1);
	return g_strjoinv(mailbox, pieces);
}

/* A mailbox's name as a part of a path of the file system: it may come from
 * somebody else's files and must not lead out of the directory. */
static char *
file_name(const char *mailbox)
{
	GString *out = g_string_new(NULL);

	for (const char *p = mailbox; *p != '\0'; p++) {
		bool hidden = *p == '.' && p == mailbox;

		if (*p == '/' || *p == '%' || hidden || g_ascii_iscntrl(*p))
			g_string_append_printf(out, "%%%02X", (guchar)*p);
		else
			g_string_append_c(out, *p);
	}
	return g_string_free(out, FALSE);
}

/* A mailbox's name within a command line for /bin/sh. */
static char *
expand_command(const char *command, const char *mailbox)
{
	g_autofree char *quoted = g_shell_quote(mailbox);

	return plan_expand(command, quoted);
}

static void
route_url(const struct url *url, const char *mailbox, struct url *out)
{
	memset(out, 0, sizeof *out);
	out->scheme = g_strdup(url->scheme);
	out->host = g_strdup(url->host);
	out->port = url->port;
	out->names = g_strdupv(url->names);
	out->values = g_strdupv(url->values);
	if (mailbox != NULL) {
		g_autofree char *name =
		    url->host ? g_strdup(mailbox) : file_name(mailbox);

		out->user = plan_expand(url->user, mailbox);
		out->path = plan_expand(url->path, name);
	} else {
		out->user = g_strdup(url->user);
		out->path = g_strdup(url->path);
	}
}

/*
 * The login of one mailbox. row: what its row of the accounts file says, or
 * NULL; name: the mailbox there, or NULL for the end that only lists.
 */
static enum status
route_login(const struct plan_end *end, const struct login *row,
    const char *name, struct login *out, GError **error)
{
	memset(out, 0, sizeof *out);
	if (!end->accounts)
		return ST_OK;
	if (row != NULL && row->user != NULL)
		out->user = g_strdup(row->user);
	else if (name != NULL && plan_has_mark(end->login.user))
		out->user = plan_expand(end->login.user, name);
	else if (end->login.user != NULL)
		out->user = g_strdup(end->login.user);
	else
		out->user = g_strdup(name);
	out->authuser = g_strdup(row != NULL && row->authuser != NULL
				     ? row->authuser
				     : end->login.authuser);

	if (row != NULL &&
	    (row->password != NULL || row->token_command != NULL)) {
		out->password = g_strdup(row->password);
		out->token_command =
		    row->token_command && name
			? expand_command(row->token_command, name)
			: g_strdup(row->token_command);
		return ST_OK;
	}
	if (end->login.token_command != NULL) {
		out->token_command =
		    name ? expand_command(end->login.token_command, name)
			 : g_strdup(end->login.token_command);
		return ST_OK;
	}
	if (end->login.password == NULL && name != NULL &&
	    plan_has_mark(end->secret.command)) {
		g_autofree char *command =
		    expand_command(end->secret.command, name);

		return secret_from_command(&out->password, command, error);
	}
	out->password = g_strdup(end->login.password);
	return ST_OK;
}

static void
override(struct url *url, const char *scheme, const char *host, int port)
{
	if (scheme != NULL) {
		g_free(url->scheme);
		url->scheme = g_strdup(scheme);
	}
	if (host != NULL) {
		g_free(url->host);
		url->host = g_strdup(host);
		url->port = 0; /* the URL's port belongs to the URL's host */
	}
	if (port != 0)
		url->port = port;
}

enum status
plan_route(const Plan *plan, const struct account *account, const char *mailbox,
    struct plan_route *out, GError **error)
{
	const char *name = account ? account->source : mailbox;
	enum status st;

	memset(out, 0, sizeof *out);
	st = route_login(&plan->from, account ? &account->source_login : NULL,
	    name, &out->from_login, error);
	if (st < 0)
		goto failed;
	route_url(&plan->from.url, name, &out->from_url);
	if (account != NULL)
		override(&out->from_url, account->source_scheme,
		    account->source_host, account->source_port);
	out->from =
	    (struct end){&out->from_url, plan->from.options, &out->from_login};
	if (plan->to.text == NULL)
		return ST_OK;

	if (account != NULL)
		name = account->destination;
	st =
	    route_login(&plan->to, account ? &account->destination_login : NULL,
		name, &out->to_login, error);
	if (st < 0)
		goto failed;
	route_url(&plan->to.url, name, &out->to_url);
	if (account != NULL)
		override(&out->to_url, NULL, account->destination_host,
		    account->destination_port);
	out->to = (struct end){&out->to_url, plan->to.options, &out->to_login};
	/* The name there: who is logged in, if anybody is. */
	out->destination = g_strdup(
	    account == NULL && out->to_login.user ? out->to_login.user : name);
	return ST_OK;

failed:
	if (name != NULL)
		g_prefix_error(error, "%s: ", name);
	plan_route_clear(out);
	return st;
}

void
plan_route_clear(struct plan_route *route)
{
	url_clear(&route->from_url);
	url_clear(&route->to_url);
	login_clear(&route->from_login);
	login_clear(&route->to_login);
	g_clear_pointer(&route->destination, g_free);
	memset(route, 0, sizeof *route);
}

enum status
plan_check_mailboxes(
    const Plan *plan, const GPtrArray *mailboxes, GError **error)
{
	const char *user = plan->to.login.user;
	guint n = 0;

	for (guint i = 0; i < mailboxes->len; i++) {
		const struct mailbox *mailbox = mailboxes->pdata[i];

		n += !mailbox->no_mail;
	}
	if (plan->to.text == NULL || plan->accounts->len > 0 || n < 2)
		return ST_OK;
	if (plan->to.accounts && user != NULL && !plan_has_mark(user))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s holds %u mailboxes, and %s is one; pick one with "
		    "--mailbox, write %%m in place of %s, or give --accounts",
		    plan->from.text, n, plan->to.text, user);
	return ST_OK;
}
