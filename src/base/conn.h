/*
 * A connection: TCP, then perhaps TLS, then perhaps DEFLATE, as one pair of
 * buffers. Output is queued and written when the socket takes it; whoever
 * waits for input, on whatever connection, also writes the output that all
 * other connections of this process have queued. So a source that waits for
 * its server keeps the destination's pipe full without knowing that there is
 * one.
 *
 * A connection belongs to the thread that opened it, and what is said here of a
 * process is so of a thread; conn_leave() and conn_take() hand connections on.
 */
#ifndef MAILMIG_BASE_CONN_H
#define MAILMIG_BASE_CONN_H

#include "base/status.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct Conn Conn;

struct conn_params {
	const char *host;
	int port;
	bool tls; /* from the first byte (imaps); else conn_start_tls() */
	const char *ca_file; /* more trusted certificates (PEM), or NULL */
	bool tls_insecure; /* accept any certificate; only when asked for */
	guint timeout_ms; /* for connecting, and for silence while waiting */
	/* Set by a signal: from then on CONN_STOP_MS of silence are enough, and
	 * the wait ends with ST_LINK, ERR_CANCELLED. What a server that is at
	 * work still answers is heard. Looking up the name, connecting and the
	 * handshake of TLS end at once. Or NULL. */
	volatile int *stop;
	FILE *trace; /* protocol trace, or NULL; secrets are the caller's care */
};

/* ST_LINK when it could not be reached (RETRY_LATER); ST_RUN with ERR_AUTH when
 * the certificate is refused (the text says why, and the option that trusts). */
enum status conn_open(Conn **out, const struct conn_params *params,
    GError **error);
void conn_close(Conn *conn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Conn, conn_close)

/* All connections of this thread, for another one that waits until this one has
 * called conn_leave(): they are the other's from its conn_take() on, which must
 * come. */
typedef struct ConnSet ConnSet;
ConnSet *conn_leave(void); /* or NULL: none */
void conn_take(ConnSet *set); /* NULL: nothing happens */

/* Both need empty buffers; bytes that came in plain text before the handshake
 * are ST_RUN with ERR_PROTOCOL (injection, RFC 9051 11.1). */
enum status conn_start_tls(Conn *conn, GError **error);
enum status conn_start_deflate(Conn *conn, GError **error);
bool conn_is_encrypted(const Conn *conn);
bool conn_is_loopback(const Conn *conn);
const char *conn_peer(const Conn *conn); /* "host:port", for messages */
/* Interrupt the protocol trace while secrets pass; it starts on. */
void conn_trace(Conn *conn, bool on);

/* Input: the bytes received and not consumed, contiguous. They, and those
 * consumed since, stay where they are until the next conn_fill(), conn_poll()
 * or waiting conn_flush() of this same connection; waiting for another one
 * does not move them. */
const guint8 *conn_data(const Conn *conn, gsize *len);
void conn_consume(Conn *conn, gsize len);
/*
 * Wait until at least one more byte than now is there, writing all queued
 * output of the process meanwhile. The buffer grows up to CONN_BUFFER_MAX: a
 * caller must consume before that (ERR_LIMIT, ST_LINK).
 * ST_LINK: closed by the peer, reset, or silent for timeout_ms.
 */
#define CONN_STOP_MS 2000 /* of silence, once *stop is set */
/* bytes: a message of SPOOL_MEMORY_MAX, its line, and room to read into */
#define CONN_BUFFER_MAX ((2 << 20) + (128 << 10))
enum status conn_fill(Conn *conn, GError **error);
/* Take what is there without waiting; ST_OK also when nothing is. */
enum status conn_poll(Conn *conn, GError **error);

/* Output. conn_write() copies; conn_write_static() queues a pointer that must
 * stay valid until conn_pending() has fallen below what was queued after it:
 * for batches that are kept anyway. Nothing blocks here. */
void conn_write(Conn *conn, const void *data, gsize len);
void conn_write_static(Conn *conn, const void *data, gsize len);
void conn_printf(Conn *conn, const char *format, ...) G_GNUC_PRINTF(2, 3);
gsize conn_pending(const Conn *conn); /* bytes queued, not yet written */
/* Wait until fewer than wait_below bytes are pending (0: all gone); input that
 * arrives meanwhile is taken in. G_MAXSIZE: only write what the socket takes
 * now, without waiting and without touching the input. */
enum status conn_flush(Conn *conn, gsize wait_below, GError **error);

/* For reports: bytes on the wire, and how often we spoke after having heard. */
struct conn_stats {
	guint64 received, sent; /* bytes */
	guint64 turnarounds;
};
void conn_stats(const Conn *conn, struct conn_stats *out);

#endif
