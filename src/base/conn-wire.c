#include "base/conn-private.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TLS_RECORD  (16 << 10) /* octets: the most that one record takes */
#define TLS_CLOSE_S 1	       /* seconds that close_notify is worth */

static enum status
wire_failed(const struct wire *wire, int err, const char *doing, GError **error)
{
	return fail(ST_LINK, error, ERR_IO, RETRY_NOW, "%s: %s: %s", wire->peer,
	    doing, g_strerror(err));
}

static bool
is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
		       (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) &&
			   in6->sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
	}
	return sa->sa_family == AF_UNIX;
}

/* For the connection being made; 0: it is (or failed: see SO_ERROR). */
static int
wait_connected(const struct wire *wire)
{
	struct pollfd p = {.fd = wire->fd, .events = POLLOUT};
	gint64 end_us =
	    g_get_monotonic_time() + (gint64)wire->timeout_ms * 1000;

	for (;;) {
		gint64 left_ms = (end_us - g_get_monotonic_time() + 999) / 1000;
		int n;

		if (wire->stop && *wire->stop)
			return ECANCELED;
		if (left_ms <= 0)
			return ETIMEDOUT;
		if (wire->stop)
			left_ms = MIN(left_ms, STOP_LOOK_MS);
		n = poll(&p, 1, (int)left_ms);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return errno;
	}
}

/* One address; the errno of the failure, 0 when connected. */
static int
connect_address(struct wire *wire, GInetAddress *address)
{
	g_autoptr(GSocketAddress) full =
	    g_inet_socket_address_new(address, (guint16)wire->port);
	struct sockaddr_storage sa;
	int one = 1, err = 0;
	socklen_t len = sizeof(err);

	if (!g_socket_address_to_native(full, &sa, sizeof(sa), NULL))
		return EAFNOSUPPORT;
	wire->fd =
	    socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (wire->fd < 0)
		return errno;
	if (connect(wire->fd, (struct sockaddr *)&sa,
		(socklen_t)g_socket_address_get_native_size(full)) != 0) {
		if (errno != EINPROGRESS) {
			err = errno;
			goto out;
		}
		err = wait_connected(wire);
		if (err == 0 &&
		    getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
			err = errno;
	}
	if (err == 0) {
		/* Pipelined commands must not wait for one another's ACK. */
		setsockopt(
		    wire->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		setsockopt(
		    wire->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
		wire->loopback = is_loopback((struct sockaddr *)&sa);
		return 0;
	}
out:
	close(wire->fd);
	wire->fd = -1;
	return err;
}

static enum status
stopped_while(const struct wire *wire, const char *doing, GError **error)
{
	return fail(ST_LINK, error, ERR_CANCELLED, RETRY_LATER,
	    "%s: stopped while %s", wire->peer, doing);
}

/* The addresses of the host; free with g_resolver_free_addresses(). */
static enum status
look_up(struct wire *wire, GList **out, GError **error)
{
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	g_autoptr(GError) why = NULL;
	struct wire_wait wait;
	enum wire_wait_end end;

	wire_wait_begin(&wait);
	g_resolver_lookup_by_name_async(
	    resolver, wire->host, wait.cancel, wire_wait_done, &wait);
	end = wire_wait_run(&wait, wire);
	*out = g_resolver_lookup_by_name_finish(resolver, wait.result, &why);
	wire_wait_end(&wait);
	if (*out)
		return ST_OK;
	if (end == WIRE_WAIT_STOPPED)
		return stopped_while(wire, "looking its address up", error);
	return fail(ST_LINK, error, ERR_IO,
	    end == WIRE_WAIT_LATE || g_error_matches(why, G_RESOLVER_ERROR,
					 G_RESOLVER_ERROR_TEMPORARY_FAILURE)
		? RETRY_LATER
		: RETRY_NEVER,
	    "%s: host name not found (%s); check its spelling", wire->peer,
	    end == WIRE_WAIT_LATE ? "no name server answers" : why->message);
}

enum status
wire_open(struct wire *wire, const struct conn_params *params, GError **error)
{
	GList *list = NULL;
	int last = EHOSTUNREACH;
	enum status st;

	wire->fd = -1;
	wire->host = g_strdup(params->host);
	wire->port = params->port;
	wire->peer =
	    g_strdup_printf(strchr(params->host, ':') ? "[%s]:%d" : "%s:%d",
		params->host, params->port);
	wire->ca_file = g_strdup(params->ca_file);
	wire->tls_insecure = params->tls_insecure;
	wire->timeout_ms = params->timeout_ms;
	wire->stop = params->stop;
	st = look_up(wire, &list, error);
	if (st < 0)
		return st;
	for (const GList *l = list; l; l = l->next) {
		last = connect_address(wire, l->data);
		if (last == 0 || last == ECANCELED)
			break;
	}
	g_resolver_free_addresses(list);
	if (last == ECANCELED)
		return stopped_while(wire, "connecting", error);
	if (last != 0)
		return fail(ST_LINK, error, ERR_IO, RETRY_LATER,
		    "%s: cannot connect: %s; is the server up and the port "
		    "right?",
		    wire->peer, g_strerror(last));
	wire->connected = true;
	return ST_OK;
}

static void
refusal_from_flags(GString *out, GTlsCertificateFlags flags)
{
	static const struct {
		GTlsCertificateFlags flag;
		const char *words;
	} table[] = {
	    {G_TLS_CERTIFICATE_UNKNOWN_CA, "its issuer is not trusted"},
	    {G_TLS_CERTIFICATE_BAD_IDENTITY, "it is for another host name"},
	    {G_TLS_CERTIFICATE_NOT_ACTIVATED, "it is not valid yet"},
	    {G_TLS_CERTIFICATE_EXPIRED, "it has expired"},
	    {G_TLS_CERTIFICATE_REVOKED, "it is revoked"},
	    {G_TLS_CERTIFICATE_INSECURE, "its algorithms are not safe"},
	    {G_TLS_CERTIFICATE_GENERIC_ERROR, "it cannot be verified"},
	};

	g_string_truncate(out, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
		if (flags & table[i].flag)
			g_string_append_printf(
			    out, "%s%s", out->len ? ", " : "", table[i].words);
}

/* The first verdict came from ca_file or, without one, from the system's
 * certificates; ca_file only adds to those. */
static gboolean
on_accept_certificate(GTlsConnection *tls, GTlsCertificate *cert,
    GTlsCertificateFlags flags, gpointer user)
{
	struct wire *wire = user;

	if (wire->tls_insecure)
		return TRUE;
	if (wire->ca_file) {
		g_autoptr(GTlsDatabase) db = g_tls_backend_get_default_database(
		    g_tls_backend_get_default());
		GSocketConnectable *identity =
		    g_tls_client_connection_get_server_identity(
			G_TLS_CLIENT_CONNECTION(tls));

		if (db &&
		    g_tls_database_verify_chain(db, cert,
			G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER, identity,
			NULL, G_TLS_DATABASE_VERIFY_NONE, NULL, NULL) == 0)
			return TRUE;
	}
	refusal_from_flags(wire->refusal, flags);
	return FALSE;
}

static bool
handshake(struct wire *wire, enum wire_wait_end *end, GError **error)
{
	GTlsConnection *tls = G_TLS_CONNECTION(wire->tls);
	struct wire_wait wait;
	bool ok;

	wire_wait_begin(&wait);
	g_tls_connection_handshake_async(
	    tls, G_PRIORITY_DEFAULT, wait.cancel, wire_wait_done, &wait);
	*end = wire_wait_run(&wait, wire);
	ok = g_tls_connection_handshake_finish(tls, wait.result, error);
	wire_wait_end(&wait);
	return ok;
}

enum status
wire_start_tls(struct wire *wire, GError **error)
{
	g_autoptr(GSocketConnection) base = NULL;
	g_autoptr(GSocketConnectable) identity = NULL;
	g_autoptr(GError) why = NULL;
	enum wire_wait_end end;
	GInputStream *in;
	GOutputStream *out;

	g_assert(wire->tls == NULL);
	if (!g_tls_backend_supports_tls(g_tls_backend_get_default()))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s: no TLS on this machine; install glib-networking",
		    wire->peer);
	wire->socket = g_socket_new_from_fd(wire->fd, &why);
	if (wire->socket == NULL)
		return fail(ST_LINK, error, ERR_IO, RETRY_NOW, "%s: %s",
		    wire->peer, why->message);
	g_socket_set_timeout(wire->socket, (wire->timeout_ms + 999) / 1000);
	base = g_socket_connection_factory_create_connection(wire->socket);
	identity = g_network_address_new(wire->host, (guint16)wire->port);
	wire->tls =
	    g_tls_client_connection_new(G_IO_STREAM(base), identity, &why);
	if (wire->tls == NULL)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s: TLS: %s", wire->peer, why->message);
	wire->refusal = g_string_new(NULL);
	if (wire->ca_file) {
		g_autoptr(GTlsDatabase) db =
		    g_tls_file_database_new(wire->ca_file, &why);

		if (db == NULL)
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "%s: cannot read certificates: %s", wire->ca_file,
			    why->message);
		g_tls_connection_set_database(G_TLS_CONNECTION(wire->tls), db);
	}
	/* Many servers close without close_notify; IMAP says BYE. */
	g_tls_connection_set_require_close_notify(
	    G_TLS_CONNECTION(wire->tls), FALSE);
	g_signal_connect(wire->tls, "accept-certificate",
	    G_CALLBACK(on_accept_certificate), wire);
	if (!handshake(wire, &end, &why)) {
		if (end == WIRE_WAIT_STOPPED)
			return stopped_while(
			    wire, "waiting for its TLS handshake", error);
		if (wire->refusal->len)
			return fail(ST_RUN, error, ERR_AUTH, RETRY_NEVER,
			    "%s: certificate refused: %s; trust its issuer "
			    "with ca-file=FILE, or use the name it was made "
			    "for",
			    wire->peer, wire->refusal->str);
		return fail(ST_LINK, error, ERR_IO, RETRY_LATER,
		    "%s: TLS handshake failed: %s", wire->peer,
		    end == WIRE_WAIT_LATE ? "the server does not answer"
					  : why->message);
	}
	in = g_io_stream_get_input_stream(wire->tls);
	out = g_io_stream_get_output_stream(wire->tls);
	wire->tls_in = G_POLLABLE_INPUT_STREAM(in);
	wire->tls_out = G_POLLABLE_OUTPUT_STREAM(out);
	return ST_OK;
}

enum status
wire_read(struct wire *wire, void *buf, gsize len, gsize *n, GError **error)
{
	gssize r;

	*n = 0;
	if (wire->tls) {
		g_autoptr(GError) why = NULL;

		r = g_pollable_input_stream_read_nonblocking(
		    wire->tls_in, buf, len, NULL, &why);
		if (r < 0) {
			if (g_error_matches(
				why, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
				return ST_END;
			return fail(ST_LINK, error, ERR_IO, RETRY_NOW,
			    "%s: connection lost: %s", wire->peer,
			    why->message);
		}
	} else {
		do
			r = recv(wire->fd, buf, len, 0);
		while (r < 0 && errno == EINTR);
		if (r < 0) {
			if (errno == EAGAIN || errno == EWOULDBLOCK)
				return ST_END;
			return wire_failed(
			    wire, errno, "connection lost", error);
		}
	}
	if (r == 0)
		return fail(ST_LINK, error, ERR_IO, RETRY_NOW,
		    "%s: connection closed by the server", wire->peer);
	*n = (gsize)r;
	return ST_OK;
}

enum status
wire_write(struct wire *wire, const struct iovec *iov, int n_iov, gsize *n,
    GError **error)
{
	struct msghdr msg = {
	    .msg_iov = (struct iovec *)iov, .msg_iovlen = (gsize)n_iov};
	gssize r;

	*n = 0;
	if (wire->tls) {
		g_autoptr(GError) why = NULL;
		/* A write that would have blocked must be repeated with the
		 * same octets; the queue is first in, first out, so only the
		 * number has to be remembered (GPollableOutputStream). */
		gsize len = wire->tls_retry ? wire->tls_retry
					    : MIN(iov->iov_len, TLS_RECORD);

		r = g_pollable_output_stream_write_nonblocking(
		    wire->tls_out, iov->iov_base, len, NULL, &why);
		if (r < 0) {
			if (g_error_matches(
				why, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
				wire->tls_retry = len;
				return ST_END;
			}
			return fail(ST_LINK, error, ERR_IO, RETRY_NOW,
			    "%s: connection lost: %s", wire->peer,
			    why->message);
		}
		wire->tls_retry = 0;
	} else {
		do
			r = sendmsg(wire->fd, &msg, MSG_NOSIGNAL);
		while (r < 0 && errno == EINTR);
		if (r < 0) {
			if (errno == EAGAIN || errno == EWOULDBLOCK)
				return ST_END;
			return wire_failed(
			    wire, errno, "connection lost", error);
		}
	}
	*n = (gsize)r;
	return ST_OK;
}

void
wire_close(struct wire *wire, bool polite)
{
	if (wire->tls && polite && wire->tls_in) {
		g_socket_set_timeout(wire->socket, TLS_CLOSE_S);
		g_io_stream_close(wire->tls, NULL, NULL);
	}
	g_clear_object(&wire->tls);
	if (wire->socket)
		g_clear_object(&wire->socket); /* closes fd */
	else if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
	if (wire->refusal)
		g_string_free(wire->refusal, TRUE);
	g_free(wire->peer);
	g_free(wire->host);
	g_free(wire->ca_file);
	memset(wire, 0, sizeof(*wire));
	wire->fd = -1;
}
