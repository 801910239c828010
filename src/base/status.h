/*
 * How far a failure reaches, and what kind it is.
 *
 * The return value of a function that can fail says how far the damage
 * reaches; the GError says in words what happened. Each level may add what it
 * knows with g_prefix_error(); a wider reach is passed on untouched; only the
 * engine reports. Misuse of an internal interface is a g_assert(), never this.
 */
#ifndef MAILMIG_BASE_STATUS_H
#define MAILMIG_BASE_STATUS_H

#include <glib.h>

enum status {
	ST_OK = 0,
	ST_END = 1, /* normal end of a sequence; never a failure */
	ST_THERE = 2, /* nothing written, it was already there */
	ST_ITEM = -1, /* this record only; the next one may be fine */
	ST_MAILBOX = -2, /* this mailbox; the next one may be fine */
	ST_LINK = -3, /* the connection; reopen, go on from the ledger */
	ST_RUN = -4, /* nothing more can be done; stop */
};

/* What kind of failure; the low byte of GError.code in STATUS_ERROR. */
enum err {
	ERR_IO = 1, /* the operating system said no: disk, network */
	ERR_PROTOCOL, /* the peer broke its protocol */
	ERR_REFUSED, /* the peer understood and declined */
	ERR_AUTH, /* who we are was not accepted, or is not allowed */
	ERR_FORMAT, /* the data is not what its format says */
	ERR_LIMIT, /* a named maximum was exceeded (quota, size, depth) */
	ERR_CONFIG, /* what the user asked for cannot be meant */
	ERR_CANCELLED, /* the user stopped it */
};

/* When trying again makes sense; the next byte of GError.code. */
enum retry {
	RETRY_NEVER,
	RETRY_LATER, /* after a pause: throttled, unavailable, busy */
	RETRY_NOW, /* at once, with a new connection */
};
/* Above these two bytes: how long to pause, see error_set_pause(). */

#define STATUS_ERROR status_error_quark()
GQuark status_error_quark(void);

/*
 * Set *error and return reach, so that failing is one line:
 *	return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER, "no date in %s", s);
 * The text is one line without a final dot or newline, names who and what and
 * what to do next, and holds no secret.
 */
enum status fail(enum status reach, GError **error, enum err kind,
    enum retry retry, const char *format, ...) G_GNUC_PRINTF(5, 6);

/* The two halves of the code of an error made by fail(); a foreign error
 * (g_io_error and the like) counts as ERR_IO, RETRY_NEVER. */
enum err error_kind(const GError *error);
enum retry error_retry(const GError *error);
/* The pause that the peer asked for, in seconds; 0: it named none. */
#define ERROR_PAUSE_MAX_S 32767
void error_set_pause(GError *error, guint64 pause_s); /* NULL: does nothing */
guint error_pause_s(const GError *error);
const char *error_kind_name(enum err kind); /* "io", "protocol", ... */

#endif
