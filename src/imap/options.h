/*
 * How an address becomes a session: the options that every driver of an IMAP
 * server has, and what they mean.
 */
#ifndef MAILMIG_IMAP_OPTIONS_H
#define MAILMIG_IMAP_OPTIONS_H

#include "base/option.h"
#include "base/url.h"
#include "imap/session.h"

/* Rows for a driver's table of options. */
/* clang-format off */
#define IMAP_OPTIONS                                                           \
	{"security", OPTION_CHOICE, "auto", "auto|tls|starttls|plain",         \
	    "how the connection is secured; auto: TLS with imaps, else "       \
	    "STARTTLS where offered, plain text only to this machine"},        \
	{"ca-file", OPTION_TEXT, NULL, NULL,                                   \
	    "more trusted certificates (PEM)"},                                \
	{"insecure", OPTION_BOOL, "no", NULL, "accept any certificate"},       \
	{"mechanism", OPTION_TEXT, NULL, NULL,                                 \
	    "SASL mechanism or LOGIN; else the best of both sides"},           \
	{"compress", OPTION_CHOICE, "auto", "auto|yes|no",                     \
	    "COMPRESS=DEFLATE; auto: not on loopback"},                        \
	{"timeout", OPTION_NUMBER, "120", NULL,                                \
	    "seconds of silence before a connection counts as lost"},          \
	{"prefix", OPTION_TEXT, NULL, NULL,                                    \
	    "in front of every folder but INBOX, instead of what NAMESPACE "   \
	    "says"},                                                           \
	{"hide", OPTION_TEXT, NULL, NULL,                                      \
	    "capabilities to do without, separated by blanks or commas"}
/* clang-format on */

/*
 * Fill *out but for user, authuser, password, token_command and spool_dir,
 * which are the log-on's. options has the rows of IMAP_OPTIONS. Pointers lead
 * into url and options.
 * ST_RUN with ERR_CONFIG: no host, an unknown capability in hide.
 */
enum status imap_params_from(struct imap_params *out, const struct url *url,
    const Options *options, GError **error);

/* A deep copy, to come back with; imap_params_clear() wipes the password. */
void imap_params_copy(
    struct imap_params *out, const struct imap_params *params);
void imap_params_clear(struct imap_params *params);

#endif
