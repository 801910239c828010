/*
 * What an IMAP server says of a mailbox before anything is put into it: the
 * room that its quota leaves (RFC 9208), the largest message (RFC 7889), the
 * rights of who is logged on (RFC 4314), and what it calls itself.
 */
#include "dest/imap-private.h"

#include <string.h>

#define QUOTA_UNIT 1024 /* STORAGE counts these; RFC 9208 5.1 */

/* Needed to fill a mailbox: look up, read, keep seen, write flags, insert. What
 * is needed to create folders belongs to the root, which has no name to ask
 * for. */
static const char needed[] = "lrswi";

struct look {
	struct dest_place *place;
	char *rights; /* or NULL: not told */
};

/* * QUOTA name (STORAGE 10 512 MESSAGE 3 100) */
static void
take_quota(const struct imap_reply *reply, struct dest_place *place)
{
	for (guint i = 0; i + 2 < reply->n_tokens; i++) {
		const struct imap_token *t = &reply->tokens[i];
		guint64 used, limit;
		gint64 left;

		if (!imap_token_number(&t[1], &used) ||
		    !imap_token_number(&t[2], &limit) ||
		    limit > G_MAXINT64 / QUOTA_UNIT || used > limit * 2 + 1)
			continue;
		left = used < limit ? (gint64)(limit - used) : 0;
		if (imap_token_is(t, "STORAGE")) {
			left *= QUOTA_UNIT;
			/* Several roots: the narrowest counts. */
			if (place->bytes_left < 0 || left < place->bytes_left)
				place->bytes_left = left;
			i += 2;
		} else if (imap_token_is(t, "MESSAGE")) {
			if (place->messages_left < 0 ||
			    left < place->messages_left)
				place->messages_left = left;
			i += 2;
		}
	}
}

static enum status
each(const struct imap_reply *reply, void *user, GError **error)
{
	struct look *look = user;

	if (reply->name == NULL)
		return ST_OK;
	if (strcmp(reply->name, "QUOTA") == 0) {
		take_quota(reply, look->place);
	} else if (strcmp(reply->name, "MYRIGHTS") == 0 &&
		   reply->n_tokens >= 2) {
		g_free(look->rights);
		look->rights = imap_token_text(&reply->tokens[1], 64);
	}
	return ST_OK;
}

static void
compare_rights(const char *rights, struct dest_place *place)
{
	gsize n = 0;

	for (const char *p = needed; *p != '\0'; p++)
		if (strchr(rights, *p) == NULL)
			place->missing_rights[n++] = *p;
	place->missing_rights[n] = '\0';
}

static char *
capability_text(guint32 caps)
{
	static const struct {
		guint32 cap;
		const char *name;
	} names[] = {
	    {IMAP_CAP_IMAP4REV2, "IMAP4rev2"},
	    {IMAP_CAP_MULTIAPPEND, "MULTIAPPEND"},
	    {IMAP_CAP_LITERAL_PLUS, "LITERAL+"},
	    {IMAP_CAP_LITERAL_MINUS, "LITERAL-"},
	    {IMAP_CAP_UIDPLUS, "UIDPLUS"},
	    {IMAP_CAP_SPECIAL_USE, "SPECIAL-USE"},
	    {IMAP_CAP_LIST_STATUS, "LIST-STATUS"},
	    {IMAP_CAP_CONDSTORE, "CONDSTORE"},
	    {IMAP_CAP_QRESYNC, "QRESYNC"},
	    {IMAP_CAP_QUOTA, "QUOTA"},
	    {IMAP_CAP_ACL, "ACL"},
	    {IMAP_CAP_APPENDLIMIT, "APPENDLIMIT"},
	};
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if ((caps & names[i].cap) != 0)
			g_string_append_printf(
			    out, "%s%s", out->len ? " " : "", names[i].name);
	return g_string_free(out, FALSE);
}

/* A refusal is an answer too: then it is not known. */
static enum status
ask(DestImap *d, struct look *look, const char *command, GError **error)
{
	guint tag = imap_command(d->session, "%s", command);
	enum imap_result result;

	return imap_wait(d->session, tag, each, look, &result, NULL, error);
}

enum status
dest_imap_place(Dest *dest, struct dest_place *out, GError **error)
{
	DestImap *d = (DestImap *)(void *)dest;
	struct look look = {.place = out};
	enum status st = ST_OK;

	if (d->failed < 0)
		return dest_imap_failure(d, error);
	if ((d->caps & IMAP_CAP_QUOTA) != 0)
		st = ask(d, &look, "GETQUOTAROOT INBOX", error);
	if (st == ST_OK && (d->caps & IMAP_CAP_ACL) != 0)
		st = ask(d, &look, "MYRIGHTS INBOX", error);
	if (st == ST_OK && look.rights != NULL)
		compare_rights(look.rights, out);
	g_free(look.rights);
	out->message_max = imap_append_limit(d->session);
	out->server = g_strdup(imap_server(d->session));
	out->capabilities = capability_text(d->caps);
	return st;
}
