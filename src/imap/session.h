/*
 * An IMAP session: the protocol in its own words (RFC 9051, RFC 3501 and the
 * extensions named below), pipelined. It knows nothing of records.
 *
 * Commands are queued with imap_command() or the imap_begin/piece/end family
 * and answered in any number later; imap_next() gives the server's responses
 * one by one, in the order they arrive, each parsed into tokens. Nothing here
 * waits but imap_open(), imap_next() and imap_wait().
 */
#ifndef MAILMIG_IMAP_SESSION_H
#define MAILMIG_IMAP_SESSION_H

#include "base/conn.h"
#include "base/spool.h"

#include <stdbool.h>

/* Capabilities we make use of; each is used when offered, done without else. */
enum imap_cap {
	IMAP_CAP_IMAP4REV2 = 1 << 0,
	IMAP_CAP_LITERAL_PLUS = 1 << 1,	 /* RFC 7888 */
	IMAP_CAP_LITERAL_MINUS = 1 << 2, /* up to 4096 octets */
	IMAP_CAP_NAMESPACE = 1 << 3,
	IMAP_CAP_SPECIAL_USE = 1 << 4, /* RFC 6154 */
	IMAP_CAP_CREATE_SPECIAL_USE = 1 << 5,
	IMAP_CAP_LIST_EXTENDED = 1 << 6,
	IMAP_CAP_LIST_STATUS = 1 << 7, /* RFC 5819 */
	IMAP_CAP_UIDPLUS = 1 << 8,     /* RFC 4315 */
	IMAP_CAP_MULTIAPPEND = 1 << 9, /* RFC 3502 */
	IMAP_CAP_CONDSTORE = 1 << 10,  /* RFC 7162 */
	IMAP_CAP_QRESYNC = 1 << 11,
	IMAP_CAP_COMPRESS = 1 << 12,	/* COMPRESS=DEFLATE, RFC 4978 */
	IMAP_CAP_ESEARCH = 1 << 13,	/* RFC 4731 */
	IMAP_CAP_ID = 1 << 14,		/* RFC 2971 */
	IMAP_CAP_ENABLE = 1 << 15,	/* RFC 5161 */
	IMAP_CAP_UTF8_ACCEPT = 1 << 16, /* RFC 6855 */
	IMAP_CAP_SASL_IR = 1 << 17,	/* RFC 4959 */
	IMAP_CAP_STARTTLS = 1 << 18,
	IMAP_CAP_LOGINDISABLED = 1 << 19,
	IMAP_CAP_UNSELECT = 1 << 20,
	IMAP_CAP_IDLE = 1 << 21,
	IMAP_CAP_QUOTA = 1 << 22,
	IMAP_CAP_ACL = 1 << 23,
	IMAP_CAP_STATUS_SIZE = 1 << 24, /* RFC 8438 */
	IMAP_CAP_OBJECTID = 1 << 25,
	IMAP_CAP_APPENDLIMIT = 1 << 26, /* RFC 7889 */
	IMAP_CAP_MOVE = 1 << 27,
};

enum imap_security {
	IMAP_TLS,	    /* imaps */
	IMAP_STARTTLS,	    /* required */
	IMAP_STARTTLS_AUTO, /* when offered; else plain text only to loopback */
	IMAP_PLAINTEXT,	    /* only when asked for */
};

struct imap_params {
	struct conn_params conn;
	enum imap_security security;
	/* Whose mailbox; it logs on for itself unless there is an authuser,
	 * who then logs on for it (SASL PLAIN authzid = user). */
	const char *user, *authuser;
	const char *password;
	/* Prints a bearer token: XOAUTH2, OAUTHBEARER. Or NULL. */
	const char *token_command;
	const char *mechanism; /* NULL: the best of both sides; else that one */
	const char *compress;  /* "auto" (not on loopback), "yes", "no" */
	bool qresync; /* ENABLE QRESYNC where it is offered (RFC 7162 3.2.3) */
	guint32 hide; /* capabilities to do without (tests, broken servers) */
	/* Directory for literals beyond SPOOL_MEMORY_MAX; NULL: the system's.
	 * imap_spool_dir() changes it later. */
	const char *spool_dir;
	/* In front of every folder but INBOX (wire form), instead of what
	 * NAMESPACE says; or NULL. */
	const char *prefix;
};
/* By its name on the wire ("LIST-STATUS"); 0: none that we use. */
guint32 imap_cap_from_name(const char *name);

typedef struct ImapSession ImapSession;

/*
 * Connect, secure, log on, learn capabilities, compress. Round trips are the
 * least the server allows: capabilities are taken from the greeting and from
 * the tagged OK when they are there; ID, ENABLE and NAMESPACE go out with the
 * first command after this.
 * ST_LINK: not reached, or BYE/[UNAVAILABLE] (RETRY_LATER); ST_MAILBOX with
 * ERR_AUTH: log-on refused, in the server's words; ST_RUN with ERR_AUTH:
 * certificate, or no permitted mechanism.
 */
enum status imap_open(
    ImapSession **out, const struct imap_params *params, GError **error);
/* LOGOUT is sent, not waited for longer than it is worth. */
void imap_close(ImapSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImapSession, imap_close)

void imap_spool_dir(ImapSession *session, const char *dir);

guint32 imap_caps(const ImapSession *session);
Conn *imap_conn(ImapSession *session);
/* After UTF8=ACCEPT (RFC 6855) names are UTF-8, and a message with raw UTF-8 in
 * its header is appended as UTF8 (~{n}...). Known once the first response after
 * imap_open() was read. */
bool imap_utf8(const ImapSession *session);
const char *imap_server(const ImapSession *session); /* its ID, or NULL */
/* The last [ALERT] text: to be shown to people (RFC 9051 7.1); or NULL. */
const char *imap_alert(const ImapSession *session);
gint64 imap_append_limit(const ImapSession *session); /* octets; -1 unknown */
/* Personal namespace (RFC 2342): prefix in wire form, separator or 0. Filled
 * once the answer came; imap_list() waits for it, and guesses both where
 * NAMESPACE is not offered: call it before imap_wire_name(). */
const char *imap_prefix(const ImapSession *session);
char imap_separator(const ImapSession *session);

/*
 * Queue a command; returns its tag, a number that counts up from 1. format may
 * hold plain printf conversions; mailbox names go in quoted by
 * imap_quote(). No literal; those are made of pieces:
 */
guint imap_command(ImapSession *session, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
/* A command of pieces. The caller takes care that literals are allowed. */
guint imap_begin(ImapSession *session);
void imap_piece(ImapSession *session, const void *data, gsize len);
void imap_piece_static(ImapSession *session, const void *data, gsize len);
void imap_end(ImapSession *session); /* the CR LF */
guint imap_last_tag(const ImapSession *session);

enum imap_response {
	IMAP_UNTAGGED, /* "* ..." */
	IMAP_TAGGED,   /* the end of a command */
	IMAP_CONTINUE, /* "+ ..." */
};
enum imap_result {
	IMAP_OK,
	IMAP_NO,
	IMAP_BAD,
	IMAP_BYE,
	IMAP_PREAUTH,
	IMAP_NONE
};

/* One token of a response line. Atoms are case-kept bytes; a literal is a blob
 * (in the input buffer, or spooled when larger than SPOOL_MEMORY_MAX). */
enum imap_token_kind {
	IMAP_ATOM, /* also numbers, flags (\Seen), BODY[...]<0> section names */
	IMAP_STRING, /* quoted, unescaped */
	IMAP_LITERAL,
	IMAP_NIL,
	IMAP_OPEN,  /* ( */
	IMAP_CLOSE, /* ) */
};
struct imap_token {
	enum imap_token_kind kind;
	struct blob blob; /* ATOM, STRING: always in memory */
};

bool imap_token_is(const struct imap_token *token, const char *word);
/* NUL-terminated copy of a token that is not a list; "" for NIL; NULL when it
 * is longer than max octets or holds a NUL. g_free(). */
char *imap_token_text(const struct imap_token *token, gsize max);
bool imap_token_number(const struct imap_token *token, guint64 *out);

#define IMAP_LINE_MAX                                                          \
	(1 << 20) /* bytes of one response, literals not counted */
#define IMAP_TOKENS_MAX                                                        \
	200000 /* per response (a FLAGS or LIST line is small) */
#define IMAP_LITERAL_MAX                                                       \
	(G_GINT64_CONSTANT(4) << 30) /* octets; more is a liar */

struct imap_reply {
	enum imap_response response;
	guint tag;		 /* IMAP_TAGGED */
	enum imap_result result; /* status responses; IMAP_NONE for data */
	const char *code; /* response code, "APPENDUID 38505 3955" without the
			     brackets, or NULL */
	const char *text; /* human text of a status response, valid UTF-8; or
			     the whole of a "+" line */
	guint64 number;	  /* "* 23 FETCH", "* 3 EXISTS": 23, 3; else 0 */
	const char *name; /* upper case: "FETCH", "LIST", "STATUS", "EXISTS" */
	const struct imap_token *tokens; /* what follows the name */
	guint n_tokens;
};

/*
 * The next response; everything in *reply lives until the next call. With wait
 * false: ST_END when no complete response has arrived.
 * ST_LINK: connection lost, silence, or BYE (ERR_REFUSED, with the server's
 * words; RETRY_LATER for [UNAVAILABLE], [LIMIT], throttling texts); also when
 * the server breaks the protocol (ERR_PROTOCOL): there is no way to go on.
 */
enum status imap_next(
    ImapSession *session, struct imap_reply *reply, bool wait, GError **error);
/*
 * Wait for the end of command tag. Every response before it goes to each()
 * (or nowhere when NULL), then *result and, when not NULL, *words (the server's
 * text with its code, g_free()) are set.
 */
typedef enum status (*imap_each)(
    const struct imap_reply *reply, void *user, GError **error);
enum status imap_wait(ImapSession *session, guint tag, imap_each each,
    void *user, enum imap_result *result, char **words, GError **error);

/*
 * Refusals in words. Sets *error from a NO, BAD or BYE: "<format>: <server's
 * words>", its kind and retry from the response code (with or without its
 * arguments; NULL: taken from the start of text when that is "[CODE] ...") and,
 * where there is none, from the texts that servers use for throttling. Returns
 * reach, or ST_LINK where the server wants to be left alone for a while
 * (RETRY_LATER); a narrower reach than asked for is never returned.
 */
enum status imap_fail(enum status reach, GError **error,
    enum imap_result result, const char *code, const char *text,
    const char *format, ...) G_GNUC_PRINTF(6, 7);
/* "... Suggested Backoff Time: 299961 milliseconds" (Exchange Online); -1: none
 * is named. */
gint64 imap_backoff_ms(const char *text);
/* Such a time becomes the error's pause (imap_fail() has done so). */
void imap_set_pause(GError *error, const char *text);

/* Names on the wire: modified UTF-7 (RFC 3501 5.1.3) or UTF-8 after ENABLE. */
char *imap_utf7_from_utf8(const char *name); /* g_free() */
char *imap_utf7_to_utf8(const char *wire);   /* NULL when it is not valid */
/* A quoted string (8-bit octets as they are); a name with CR or LF becomes a
 * literal {n+}, for which imap_can_say() must have been asked. */
char *imap_quote(const char *bytes);
bool imap_can_say(const ImapSession *session, const char *bytes);

/*
 * What "* ESEARCH (TAG "x") UID ALL 5:7,9" names (RFC 4731 3.1): appends a
 * struct imap_range for each, ascending, as a server must give them (RFC 9051
 * 7.3.4); none when there is no ALL. False: it cannot be understood, or names
 * more than max.
 */
struct imap_range {
	guint32 from, to; /* both in it */
};
bool imap_esearch_all(
    const struct imap_reply *reply, guint64 max, GArray *ranges);

/* Mailboxes of the account. */
struct imap_mailbox {
	char *wire; /* as the server spells it */
	char **path; /* UTF-8 names below the prefix; INBOX = {"INBOX"} */
	char separator;
	bool selectable; /* no \Noselect, no \NonExistent */
	/* One IMAP_USE_* or 0: as the server says it (RFC 6154), else for the
	 * first folder with such a name in one of thirty languages. */
	guint32 use;
	bool use_guessed;
	bool has_status; /* the five below are known */
	guint32 uidvalidity, uidnext;
	guint64 messages, highestmodseq; /* highestmodseq 0: not kept */
	gint64 size;			 /* STATUS=SIZE, or -1 */
};
enum imap_use {
	IMAP_USE_ALL = 1,
	IMAP_USE_ARCHIVE,
	IMAP_USE_DRAFTS,
	IMAP_USE_FLAGGED,
	IMAP_USE_JUNK,
	IMAP_USE_SENT,
	IMAP_USE_TRASH,
};
/* What a UTF-8 name stands for, or 0; imap_list() has applied it. */
guint32 imap_use_from_name(const char *name);
#define IMAP_MAILBOXES_MAX 1000000
void imap_mailbox_free(struct imap_mailbox *mailbox);
/*
 * LIST of the personal namespace with special uses and STATUS (MESSAGES UIDNEXT
 * UIDVALIDITY HIGHESTMODSEQ), in one round trip where LIST-STATUS is offered,
 * two (all STATUS commands pipelined) where not. Names that are not valid
 * modified UTF-7 are kept byte for byte as far as UTF-8 allows. Appends struct
 * imap_mailbox * to out, in the server's order.
 */
enum status imap_list(
    ImapSession *session, bool with_status, GPtrArray *out, GError **error);
/* Path to wire form: prefix, separator, encoding. NULL when a name cannot be
 * said there (it holds the separator). g_free(). */
char *imap_wire_name(const ImapSession *session, char *const *path);

#endif
