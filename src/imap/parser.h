/*
 * The parser of server responses (RFC 9051 section 9 "response", RFC 3501),
 * fed with whatever has arrived. It reads what real servers send, not only what
 * they should: bare LF, several blanks, empty lines between responses, quoted
 * strings with 8-bit text. It gives up (ERR_PROTOCOL) where going on would mean
 * guessing where a message ends.
 *
 * Limits: IMAP_LINE_MAX, IMAP_TOKENS_MAX and IMAP_LITERAL_MAX of session.h; the
 * literals of one response stay in the input up to SPOOL_MEMORY_MAX together,
 * those beyond go to a spool.
 */
#ifndef MAILMIG_IMAP_PARSER_H
#define MAILMIG_IMAP_PARSER_H

#include "imap/session.h"

#define IMAP_TAG_LETTER 'm' /* our tags: m1, m2, ... */

typedef struct ImapParser ImapParser;

/* spool_dir: for literals beyond SPOOL_MEMORY_MAX; copied. */
ImapParser *imap_parser_new(const char *spool_dir);
void imap_parser_free(ImapParser *parser);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImapParser, imap_parser_free)

/* Not while a response is arriving: between two replies only. */
void imap_parser_spool_dir(ImapParser *parser, const char *spool_dir);

/*
 * Look at data: all that has arrived and was not yet called used. *used is how
 * many octets of it are done with; the next call's data begins behind them.
 * ST_OK: *reply is one response; its pointers lead into data (which must stay
 * where it is, although it is used) and into the parser, until the next call.
 * ST_END: there is no complete response yet; *reply is untouched.
 * ST_LINK: ERR_PROTOCOL or ERR_LIMIT; nothing more can be read. ST_MAILBOX: the
 * spool could not be written.
 */
enum status imap_parser_run(ImapParser *parser, const guint8 *data, gsize len,
    gsize *used, struct imap_reply *reply, GError **error);

#endif
