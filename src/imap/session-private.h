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

bool imap_token_is(const struct imap_token *token, const char *word);
/* NUL-terminated copy of a token that is not a list; "" for NIL; NULL when it
 * is longer than max octets or holds a NUL. g_free(). */
char *imap_token_text(const struct imap_token *token, gsize max);
bool imap_token_number(const struct imap_token *token, guint64 *out);

#endif
