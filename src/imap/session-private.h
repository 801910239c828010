/*
 * What the files of the session share: session.c (opening, reading), auth.c,
 * list.c. Nobody else includes this.
 */
#ifndef MAILMIG_IMAP_SESSION_PRIVATE_H
#define MAILMIG_IMAP_SESSION_PRIVATE_H

#include "imap/parser.h"

struct ImapSession {
	Conn *conn;
	ImapParser *parser;
	const struct imap_params *params; /* only while imap_open() runs */
	guint32 hide;
	bool qresync;	 /* asked for */
	bool introduced; /* or not to be: imap_open() still runs */
	guint32 caps;
	bool
	    caps_known; /* for the present state: they change with TLS, login */
	GPtrArray *mechanisms; /* upper case names of AUTH=... */
	gint64 append_limit;
	bool rev1; /* IMAP4rev1 is offered */
	bool utf8; /* names are UTF-8: UTF8=ACCEPT or IMAP4rev2 enabled */
	bool logging_out;
	guint last_tag;
	GArray *own_tags;   /* of guint: commands whose end nobody waits for */
	bool has_namespace; /* the answer came */
	bool prefix_given; /* by params: NAMESPACE does not change it */
	char *prefix;	    /* personal namespace, wire form; never NULL */
	char separator;
	GPtrArray *personal; /* all prefixes of the personal namespace */
	GPtrArray *foreign; /* prefixes of other users' and shared namespaces */
	char *server;	    /* name and version from ID, or NULL */
	char *alert;	    /* the last [ALERT], or NULL */
};

/* imap_next() without a caller's interest: waits for tag, all else is
 * dropped. *result NO or BAD is not an error here. */
enum status imap_settle(ImapSession *session, guint tag,
    enum imap_result *result, char **words, GError **error);

/* Log on (auth.c). */
enum status imap_auth(ImapSession *session, GError **error);

/* Does the server offer AUTH=mechanism? */
bool imap_has_mechanism(const ImapSession *session, const char *mechanism);

/* NAMESPACE response into prefix, separator, foreign (list.c). */
void imap_take_namespace(ImapSession *session, const struct imap_reply *reply);

/* Give a use by its name to mailboxes of struct imap_mailbox *, one for each
 * use that the server has not said (names.c). */
void imap_guess_uses(GPtrArray *mailboxes);

#endif
