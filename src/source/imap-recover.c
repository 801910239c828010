/*
 * A server that ends the connection because of one message (Dovecot: "BYE FETCH
 * failed: Internal error occurred" when it cannot read a mail file) would do so
 * on every attempt, and nothing behind that message would ever move. So after
 * such a BYE we come back at once, ask for what is missing one by one, and name
 * the message at which it happens again. Lost connections, and servers that
 * want to be left alone, are the engine's business.
 */
#include "source/imap-private.h"

#include <string.h>

#define RECOVERIES_MAX 100 /* per job: each is a log-on */

/* Did it end because of what we were fetching? */
static bool
is_culprits(const SourceImap *s, enum status st, const GError *why)
{
	const struct command *c = g_queue_peek_head((GQueue *)&s->commands);

	return st == ST_LINK && c && c->what == COMMAND_FETCH &&
	       error_kind(why) == ERR_REFUSED &&
	       error_retry(why) == RETRY_NOW && s->recoveries < RECOVERIES_MAX;
}

static enum status
reconnect(SourceImap *s)
{
	ImapSession *again;
	enum status st;

	st = imap_open(&again, &s->address, NULL);
	if (st < 0)
		return st;
	imap_close(s->session);
	s->session = again;
	if (s->job->spool_dir)
		imap_spool_dir(s->session, s->job->spool_dir);
	s->selected = NULL;
	return ST_OK;
}

enum status
source_imap_recover(SourceImap *s, enum status st, GError *why,
    struct record *record, GError **error)
{
	g_autofree struct command *culprit = NULL;
	enum status out = ST_END;

	if (!is_culprits(s, st, why) || reconnect(s) < 0) {
		const struct command *c = g_queue_peek_head(&s->commands);

		g_propagate_prefixed_error(
		    error, why, "folder %s: ", c->box->name);
		return st;
	}
	s->recoveries++;
	culprit = g_queue_pop_head(&s->commands);
	g_free(culprit->box->words);
	culprit->box->words = g_strdup(why->message);
	g_error_free(why);
	g_queue_clear_full(&s->commands, g_free);
	if (culprit->box->step == BOX_SINGLES)
		out = source_imap_box_give_up(
		    s, culprit->box, culprit->missing, record, error);
	for (guint i = 0; i < s->box_at; i++) {
		struct box *box = g_ptr_array_index(s->boxes, i);

		if (box->open)
			source_imap_box_again(s, box, box == culprit->box);
	}
	return out;
}
