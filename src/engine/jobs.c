#include "engine/jobs.h"

#include "dest/dest.h"
#include "engine/plan-private.h"
#include "source/source.h"

#include <string.h>

void
wanted_free(struct wanted *wanted)
{
	if (wanted == NULL)
		return;
	g_free(wanted->mailbox);
	g_free(wanted->ref);
	g_free(wanted->destination);
	g_free(wanted);
}

static void
free_one(void *data)
{
	wanted_free(data);
}

static void
mailbox_free_one(void *data)
{
	mailbox_free(data);
}

/* The name of the mailbox at the destination, as plan_route() finds it, but
 * without fetching anybody's password. */
static char *
destination_of(
    const Plan *plan, const struct account *account, const char *mailbox)
{
	const char *user = plan->to.accounts ? plan->to.login.user : NULL;

	if (account)
		return g_strdup(account->destination);
	return user ? plan_expand(user, mailbox) : g_strdup(mailbox);
}

static void
want(const Plan *plan, GPtrArray *out, const struct mailbox *mailbox,
    gint64 account)
{
	struct wanted *wanted = g_new0(struct wanted, 1);

	wanted->mailbox = g_strdup(mailbox->name);
	wanted->ref = g_strdup(mailbox->ref);
	wanted->account = account;
	wanted->messages = mailbox->messages;
	wanted->is_public = mailbox->is_public;
	wanted->no_mail = mailbox->no_mail;
	wanted->destination = destination_of(plan,
	    account >= 0 ? plan->accounts->pdata[account] : NULL,
	    mailbox->name);
	g_ptr_array_add(out, wanted);
}

static enum status
list_source(const Plan *plan, GPtrArray *out, GError **error)
{
	const struct source_driver *driver =
	    source_driver_find(plan->from.url.scheme);
	Source *source = NULL;
	struct plan_route route;
	enum status st = plan_route(plan, NULL, NULL, &route, error);

	if (st == ST_OK)
		st = source_open(&source, driver, &route.from, error);
	if (st == ST_OK)
		st = source_list(source, out, error);
	source_close(source);
	plan_route_clear(&route);
	if (st == ST_OK && out->len == 0)
		st = fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s: no mailbox found", plan->from.text);
	return st < 0 ? ST_RUN : ST_OK;
}

static bool
is_left_out(const Plan *plan, const struct mailbox *mailbox)
{
	return mailbox->is_public && filter_without(&plan->filter, "public");
}

/* Every account must name a mailbox; every mailbox without one stays. */
static void
match(const Plan *plan, const GPtrArray *mailboxes, GPtrArray *out,
    GPtrArray *missing, GPtrArray *left_out)
{
	g_autoptr(GHashTable) by_name =
	    g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < mailboxes->len; i++) {
		struct mailbox *mailbox = mailboxes->pdata[i];

		g_hash_table_insert(by_name, mailbox->name, mailbox);
	}
	for (guint i = 0; i < plan->accounts->len; i++) {
		const struct account *account = plan->accounts->pdata[i];
		const struct mailbox *mailbox =
		    g_hash_table_lookup(by_name, account->source);

		if (mailbox != NULL && is_left_out(plan, mailbox))
			continue;
		if (mailbox == NULL) {
			g_ptr_array_add(missing, g_strdup(account->source));
			continue;
		}
		want(plan, out, mailbox, i);
		g_hash_table_remove(by_name, account->source);
	}
	/* Who named mailboxes one by one knows that the others stay. */
	for (guint i = 0; plan->accounts_file && i < mailboxes->len; i++) {
		const struct mailbox *mailbox = mailboxes->pdata[i];

		if (g_hash_table_contains(by_name, mailbox->name))
			g_ptr_array_add(left_out, g_strdup(mailbox->name));
	}
}

enum status
jobs_list(const Plan *plan, GPtrArray *out, GPtrArray *missing,
    GPtrArray *left_out, GError **error)
{
	const char *user = plan->from.login.user;
	g_autoptr(GPtrArray) mailboxes =
	    g_ptr_array_new_with_free_func(mailbox_free_one);
	enum status st;

	g_ptr_array_set_free_func(out, free_one);
	if (plan->from.accounts && plan->accounts->len > 0) {
		for (guint i = 0; i < plan->accounts->len; i++) {
			const struct account *account =
			    plan->accounts->pdata[i];

			want(plan, out,
			    &(const struct mailbox){
				.name = account->source, .messages = -1},
			    i);
		}
		return ST_OK;
	}
	/* One login is one mailbox: no need to ask for its name. */
	if (plan->from.accounts && user && !plan_has_mark(user)) {
		want(plan, out,
		    &(const struct mailbox){
			.name = (char *)user, .messages = -1},
		    -1);
		return ST_OK;
	}
	st = list_source(plan, mailboxes, error);
	if (st == ST_OK)
		st = plan_check_mailboxes(plan, mailboxes, error);
	if (st < 0)
		return st;
	if (plan->accounts->len > 0) {
		match(plan, mailboxes, out, missing, left_out);
		return ST_OK;
	}
	for (guint i = 0; i < mailboxes->len; i++) {
		const struct mailbox *mailbox = mailboxes->pdata[i];

		if (is_left_out(plan, mailbox))
			continue;
		/* Where each mailbox has a login of its own name, nobody can
		 * log in as the directory. */
		if (mailbox->no_mail && plan->to.accounts &&
		    (plan->to.login.user == NULL ||
			plan_has_mark(plan->to.login.user)))
			continue;
		want(plan, out, mailbox, -1);
	}
	return ST_OK;
}

static void
put_end(GString *out, const char *driver, const struct url *url,
    const char *host, int port, const char *name)
{
	g_autofree char *path = url->path && !url->host
				    ? g_canonicalize_filename(url->path, NULL)
				    : g_strdup(url->path);

	g_string_append_printf(out, "%s|%s|%d|%s|%s\n", driver,
	    host	? host
	    : url->host ? url->host
			: "",
	    port   ? port
	    : host ? 0
		   : url->port,
	    path ? path : "", name);
}

/* What makes it the same job on every run: both ends and both names. Not how
 * one gets there: users, options, TLS. */
static char *
identity(const Plan *plan, const struct wanted *wanted)
{
	const struct account *account =
	    wanted->account >= 0 ? plan->accounts->pdata[wanted->account]
				 : NULL;
	GString *out = g_string_new(NULL);

	put_end(out, source_driver_find(plan->from.url.scheme)->name,
	    &plan->from.url, account ? account->source_host : NULL,
	    account ? account->source_port : 0, wanted->mailbox);
	put_end(out, dest_driver_find(plan->to.url.scheme)->name, &plan->to.url,
	    account ? account->destination_host : NULL,
	    account ? account->destination_port : 0, wanted->destination);
	return g_string_free(out, FALSE);
}

enum status
jobs_enter(Ledger *ledger, const Plan *plan, guint64 run,
    const GPtrArray *wanted, bool unfinished_only, guint *jobs, guint *shares,
    GError **error)
{
	const struct source_driver *source =
	    source_driver_find(plan->from.url.scheme);
	const struct dest_driver *driver =
	    dest_driver_find(plan->to.url.scheme);
	enum status st = ledger_begin(ledger, false, error);

	*jobs = *shares = 0;
	for (guint i = 0; st == ST_OK && i < wanted->len; i++) {
		struct wanted *w = wanted->pdata[i];
		g_autofree char *same = identity(plan, w);
		struct ledger_job job = {
		    .identity = same,
		    .mailbox = w->mailbox,
		    .ref = w->ref,
		    .destination = w->destination,
		    .account = w->account,
		    .is_public = w->is_public,
		    .no_mail = w->no_mail,
		    /* One file is written by one, and names are found by
		     * one where not all can be known before. */
		    .parts = driver->whole ||
				     (driver->announce && !source->announces)
				 ? 1
				 : plan->connections,
		};
		bool entered = false;

		st = ledger_job_enter(
		    ledger, run, &job, unfinished_only, &entered, error);
		w->entered = entered;
		*jobs += entered;
		*shares += entered ? job.parts : 0;
	}
	if (st == ST_OK)
		st = ledger_commit(ledger, error);
	ledger_rollback(ledger);
	return st;
}
