/*
 * What conn.c (buffers, waiting) and conn-wire.c (socket, TLS) share. Nobody
 * else includes this.
 */
#ifndef MAILMIG_BASE_CONN_PRIVATE_H
#define MAILMIG_BASE_CONN_PRIVATE_H

#include "base/conn.h"

#include <gio/gio.h>
#include <sys/uio.h>

#define STOP_LOOK_MS 200 /* between looks at the stop flag while waiting */

/* The lowest layer: an octet pipe over a socket, in plain text or TLS. */
struct wire {
	int fd; /* non-blocking; also polled when TLS runs over it */
	bool connected;
	bool loopback;
	char *peer; /* "host:port", for messages */
	char *host;
	int port;
	char *ca_file;
	bool tls_insecure;
	guint timeout_ms;
	volatile int *stop; /* or NULL */
	GSocket *socket; /* owns fd once TLS is on, else NULL */
	GIOStream *tls;
	GPollableInputStream *tls_in; /* borrowed from tls */
	GPollableOutputStream *tls_out;
	gsize tls_retry;  /* bytes of the write that would have blocked, or 0 */
	GString *refusal; /* why the certificate was not accepted */
};

/* conn-wait.c: begin, start the operation with wait->cancel, wire_wait_done and
 * the wait as its user, run, take wait->result (the operation's own finish),
 * end. */
struct wire_wait {
	GMainContext *context;
	GCancellable *cancel;
	GAsyncResult *result;
};
enum wire_wait_end {
	WIRE_WAIT_DONE,	   /* as the result says */
	WIRE_WAIT_STOPPED, /* *wire->stop was set */
	WIRE_WAIT_LATE,	   /* it took timeout_ms */
};
void wire_wait_begin(struct wire_wait *wait);
void wire_wait_done(GObject *source, GAsyncResult *result, gpointer user);
enum wire_wait_end wire_wait_run(
    struct wire_wait *wait, const struct wire *wire);
void wire_wait_end(struct wire_wait *wait);

enum status wire_open(
    struct wire *wire, const struct conn_params *params, GError **error);
enum status wire_start_tls(struct wire *wire, GError **error);
/* ST_OK: *n octets; ST_END: would block; ST_LINK: closed or broken. */
enum status wire_read(
    struct wire *wire, void *buf, gsize len, gsize *n, GError **error);
enum status wire_write(struct wire *wire, const struct iovec *iov, int n_iov,
    gsize *n, GError **error);
void wire_close(struct wire *wire, bool polite);

#endif
