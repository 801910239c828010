#include "base/conn.h"

#include "peer.h"

#include <zlib.h>

#define MANY (8 << 20) /* octets: more than the sockets' buffers hold */

static Conn *
dial(const struct peer *peer, guint timeout_ms)
{
	struct conn_params params = {
	    .host = "127.0.0.1", .port = peer->port, .timeout_ms = timeout_ms};
	g_autoptr(GError) error = NULL;
	Conn *conn;

	g_assert_cmpint(conn_open(&conn, &params, &error), ==, ST_OK);
	g_assert_no_error(error);
	return conn;
}

static void
expect(Conn *conn, const char *text)
{
	gsize len;

	conn_data(conn, &len);
	while (len < strlen(text)) {
		g_assert_cmpint(conn_fill(conn, NULL), ==, ST_OK);
		conn_data(conn, &len);
	}
	g_assert_cmpmem(
	    conn_data(conn, &len), strlen(text), text, strlen(text));
	conn_consume(conn, strlen(text));
}

static guint8
octet(gsize i)
{
	return (guint8)(i * 7 + i / 251);
}

/* Send back what comes, until the end. */
static void
run_echo(int fd, void *user)
{
	static char buf[65536];
	gssize n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		peer_write(fd, buf, (gsize)n);
}

static void
test_echo(void)
{
	struct peer peer;
	struct conn_stats stats;
	Conn *conn;

	peer_start(&peer, 1, run_echo, NULL);
	conn = dial(&peer, 5000);
	g_assert_true(conn_is_loopback(conn));
	g_assert_false(conn_is_encrypted(conn));
	conn_printf(conn, "a %d\r\n", 1);
	conn_write(conn, "b\r\n", 3);
	g_assert_cmpuint(conn_pending(conn), ==, 8);
	expect(conn, "a 1\r\nb\r\n");
	g_assert_cmpuint(conn_pending(conn), ==, 0);
	conn_printf(conn, "c\r\n");
	expect(conn, "c\r\n");
	g_assert_cmpint(conn_poll(conn, NULL), ==, ST_OK);
	conn_stats(conn, &stats);
	g_assert_cmpuint(stats.sent, ==, 11);
	g_assert_cmpuint(stats.received, ==, 11);
	g_assert_cmpuint(stats.turnarounds, ==, 2);
	conn_close(conn);
	peer_stop(&peer);
}

/* Copied and borrowed segments, in order, through full sockets, while the
 * answers come back. */
static void
test_much(void)
{
	g_autofree guint8 *data = g_malloc(MANY);
	gsize put = 0, got = 0;
	struct peer peer;
	Conn *conn;

	for (gsize i = 0; i < MANY; i++)
		data[i] = octet(i);
	peer_start(&peer, 1, run_echo, NULL);
	conn = dial(&peer, 5000);
	for (guint i = 0; put < MANY; i++) {
		gsize n = MIN(MANY - put, (gsize)(1 + i * 37 % 50000));

		if (i % 2)
			conn_write(conn, data + put, n);
		else
			conn_write_static(conn, data + put, n);
		put += n;
	}
	g_assert_cmpuint(conn_pending(conn), ==, MANY);
	while (got < MANY) {
		const guint8 *in;
		gsize len;

		in = conn_data(conn, &len);
		g_assert_cmpmem(in, len, data + got, len);
		conn_consume(conn, len);
		got += len;
		if (got < MANY)
			g_assert_cmpint(conn_fill(conn, NULL), ==, ST_OK);
	}
	g_assert_cmpuint(conn_pending(conn), ==, 0);
	conn_close(conn);
	peer_stop(&peer);
}

static void
run_count(int fd, void *user)
{
	static char buf[65536];
	gsize *count = user;
	gssize n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		*count += (gsize)n;
		if (*count == MANY)
			peer_write(fd, "all\r\n", 5);
	}
}

struct handshake {
	GMutex lock;
	GCond cond;
	bool go;
};

static void
run_when_told(int fd, void *user)
{
	struct handshake *h = user;

	g_mutex_lock(&h->lock);
	while (!h->go)
		g_cond_wait(&h->cond, &h->lock);
	g_mutex_unlock(&h->lock);
	peer_write(fd, "now\r\n", 5);
}

static gpointer
tell_when_all(gpointer data)
{
	gpointer *both = data;
	volatile gsize *count = both[0];
	struct handshake *h = both[1];

	while (*count < MANY)
		g_thread_yield();
	g_mutex_lock(&h->lock);
	h->go = true;
	g_cond_signal(&h->cond);
	g_mutex_unlock(&h->lock);
	return NULL;
}

/* Waiting for one connection writes what another has queued: the first says
 * nothing before the second has got all. */
static void
test_others(void)
{
	g_autofree guint8 *data = g_malloc0(MANY);
	struct handshake h = {.go = false};
	gsize count = 0;
	struct peer talker, taker;
	gpointer both[2] = {&count, &h};
	Conn *in, *out;
	GThread *thread;

	g_mutex_init(&h.lock);
	g_cond_init(&h.cond);
	peer_start(&talker, 1, run_when_told, &h);
	peer_start(&taker, 1, run_count, &count);
	in = dial(&talker, 10000);
	out = dial(&taker, 10000);
	thread = g_thread_new("tell", tell_when_all, both);
	conn_write_static(out, data, MANY);
	expect(in, "now\r\n");
	g_assert_cmpuint(conn_pending(out), ==, 0);
	expect(out, "all\r\n");
	g_thread_join(thread);
	conn_close(in);
	conn_close(out);
	peer_stop(&talker);
	peer_stop(&taker);
}

/* What was handed out from one connection stays where it is while another one
 * is waited for. */
static void
test_stays(void)
{
	g_autofree guint8 *data = g_malloc(MANY);
	struct peer a, b;
	gsize count = 0, len;
	const guint8 *before, *after;
	Conn *one, *two;

	memset(data, 'x', MANY);
	peer_start(&a, 1, run_echo, NULL);
	peer_start(&b, 1, run_count, &count);
	one = dial(&a, 10000);
	two = dial(&b, 10000);
	conn_write(one, "held", 4);
	expect(one, "");
	while (conn_data(one, &len), len < 4)
		g_assert_cmpint(conn_fill(one, NULL), ==, ST_OK);
	before = conn_data(one, &len);
	conn_consume(one, len);
	conn_write_static(one, data, MANY); /* comes back meanwhile */
	conn_write_static(two, data, MANY);
	g_assert_cmpint(conn_flush(two, 0, NULL), ==, ST_OK);
	expect(two, "all\r\n");
	g_assert_cmpmem(before, 4, "held", 4);
	after = conn_data(one, &len);
	g_assert_true(after == before + 4);
	conn_close(one);
	conn_close(two);
	peer_stop(&a);
	peer_stop(&b);
}

static void
run_pour(int fd, void *user)
{
	g_autofree char *data = g_malloc0(CONN_BUFFER_MAX * 2);

	peer_write(fd, data, CONN_BUFFER_MAX * 2);
}

static void
test_limit(void)
{
	g_autoptr(GError) error = NULL;
	struct peer peer;
	enum status st;
	gsize len;
	Conn *conn;

	peer_start(&peer, 1, run_pour, NULL);
	conn = dial(&peer, 5000);
	do
		st = conn_fill(conn, &error);
	while (st == ST_OK);
	g_assert_cmpint(st, ==, ST_LINK);
	g_assert_cmpint(error_kind(error), ==, ERR_LIMIT);
	conn_data(conn, &len);
	g_assert_cmpuint(len, <=, CONN_BUFFER_MAX);
	conn_close(conn);
	peer_stop(&peer);
}

static void
run_bye(int fd, void *user)
{
	peer_write(fd, "bye\r\n", 5);
}

static void
test_ends(void)
{
	g_autoptr(GError) error = NULL, again = NULL;
	g_autofree char *data = g_malloc0(MANY);
	struct peer peer;
	Conn *conn;

	peer_start(&peer, 1, run_bye, NULL);
	conn = dial(&peer, 5000);
	expect(conn, "bye\r\n");
	g_assert_cmpint(conn_fill(conn, &error), ==, ST_LINK);
	g_assert_cmpint(error_retry(error), ==, RETRY_NOW);
	/* Neither a signal nor another story later. */
	conn_write_static(conn, data, MANY);
	g_assert_cmpint(conn_flush(conn, 0, &again), ==, ST_LINK);
	g_assert_cmpstr(again->message, ==, error->message);
	conn_close(conn);
	peer_stop(&peer);
}

static void
run_silent(int fd, void *user)
{
	char c;

	peer_read(fd, &c, 1);
}

static void
test_silence(void)
{
	g_autoptr(GError) error = NULL;
	struct peer peer;
	Conn *conn;

	peer_start(&peer, 1, run_silent, NULL);
	conn = dial(&peer, 50);
	g_assert_cmpint(conn_poll(conn, NULL), ==, ST_OK);
	g_assert_cmpint(conn_fill(conn, &error), ==, ST_LINK);
	g_assert_nonnull(strstr(error->message, "silent"));
	conn_close(conn);
	peer_stop(&peer);
}

static int stop;

static gpointer
set_stop(gpointer unused)
{
	g_usleep(100 * 1000);
	stop = 1;
	return NULL;
}

/* A server that says nothing keeps nobody who was told to stop. */
static void
test_stop(void)
{
	g_autoptr(GError) error = NULL, again = NULL;
	struct conn_params params = {
	    .host = "127.0.0.1", .timeout_ms = 60000, .stop = &stop};
	gint64 began = g_get_monotonic_time();
	GThread *thread;
	struct peer peer;
	Conn *conn;

	peer_start(&peer, 1, run_silent, NULL);
	params.port = peer.port;
	stop = 0;
	g_assert_cmpint(conn_open(&conn, &params, NULL), ==, ST_OK);
	thread = g_thread_new("stop", set_stop, NULL);
	g_assert_cmpint(conn_fill(conn, &error), ==, ST_LINK);
	g_assert_cmpint(error_kind(error), ==, ERR_CANCELLED);
	g_assert_cmpint(
	    g_get_monotonic_time() - began, <, 4 * CONN_STOP_MS * 1000);
	g_thread_join(thread);
	conn_close(conn);
	peer_stop(&peer);
}

/* What a server that is at work says is heard all the same. */
static void
test_stop_heard(void)
{
	struct conn_params params = {
	    .host = "127.0.0.1", .timeout_ms = 60000, .stop = &stop};
	struct peer peer;
	Conn *conn;

	peer_start(&peer, 1, run_echo, NULL);
	params.port = peer.port;
	stop = 0;
	g_assert_cmpint(conn_open(&conn, &params, NULL), ==, ST_OK);
	stop = 1;
	conn_printf(conn, "hello\r\n");
	expect(conn, "hello\r\n");
	conn_close(conn);
	peer_stop(&peer);
}

static void
run_swallow(int fd, void *user)
{
	char buf[4096];

	while (recv(fd, buf, sizeof(buf), 0) > 0)
		;
}

static void
stopped_in_open(struct conn_params *params, const char *words)
{
	g_autoptr(GError) error = NULL, late = NULL;
	gint64 began = g_get_monotonic_time();
	GThread *thread;
	Conn *conn;

	params->timeout_ms = 60000;
	params->stop = &stop;
	stop = 0;
	thread = g_thread_new("stop", set_stop, NULL);
	g_assert_cmpint(conn_open(&conn, params, &error), ==, ST_LINK);
	g_assert_cmpint(error_kind(error), ==, ERR_CANCELLED);
	g_assert_nonnull(strstr(error->message, words));
	g_assert_cmpint(
	    g_get_monotonic_time() - began, <, 4 * CONN_STOP_MS * 1000);
	g_thread_join(thread);
	/* and without a signal its time is up some day */
	stop = 0;
	params->timeout_ms = 50;
	g_assert_cmpint(conn_open(&conn, params, &late), ==, ST_LINK);
	g_assert_cmpint(error_kind(late), ==, ERR_IO);
	g_assert_cmpint(error_retry(late), ==, RETRY_LATER);
}

/* A server that takes the connection and never shakes hands. */
static void
test_stop_handshake(void)
{
	struct conn_params params = {.host = "127.0.0.1", .tls = true};
	struct peer peer;

	peer_start(&peer, 2, run_swallow, NULL);
	params.port = peer.port;
	stopped_in_open(&params, "TLS handshake");
	peer_stop(&peer);
}

/* A resolver whose name servers are all away. */
typedef GResolver SlowResolver;
typedef GResolverClass SlowResolverClass;
GType slow_resolver_get_type(void);
G_DEFINE_TYPE(SlowResolver, slow_resolver, G_TYPE_RESOLVER)

static gboolean
slow_cancelled(GCancellable *cancel, gpointer data)
{
	GTask *task = data;

	g_task_return_error_if_cancelled(task);
	return G_SOURCE_REMOVE;
}

static void
slow_look_up(GResolver *resolver, const char *name, GCancellable *cancel,
    GAsyncReadyCallback done, gpointer user)
{
	GTask *task = g_task_new(resolver, cancel, done, user);
	g_autoptr(GSource) source = g_cancellable_source_new(cancel);

	g_source_set_callback(
	    source, G_SOURCE_FUNC(slow_cancelled), task, g_object_unref);
	g_source_attach(source, g_task_get_context(task));
}

static GList *
slow_finish(GResolver *resolver, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

static void
slow_resolver_class_init(SlowResolverClass *class)
{
	class->lookup_by_name_async = slow_look_up;
	class->lookup_by_name_finish = slow_finish;
}

static void
slow_resolver_init(SlowResolver *resolver)
{
}

static void
test_stop_name(void)
{
	struct conn_params params = {.host = "mail.example", .port = 143};
	g_autoptr(GResolver) usual = g_resolver_get_default();
	g_autoptr(GResolver) slow =
	    g_object_new(slow_resolver_get_type(), NULL);

	g_resolver_set_default(slow);
	stopped_in_open(&params, "looking its address up");
	g_resolver_set_default(usual);
}

static void
test_refused(void)
{
	struct conn_params params = {.host = "127.0.0.1", .timeout_ms = 1000};
	g_autoptr(GError) error = NULL, no_name = NULL;
	struct peer peer;
	Conn *conn;

	/* A port that was free a moment ago. */
	peer_start(&peer, 0, run_silent, NULL);
	peer_stop(&peer);
	params.port = peer.port;
	g_assert_cmpint(conn_open(&conn, &params, &error), ==, ST_LINK);
	g_assert_cmpint(error_retry(error), ==, RETRY_LATER);
	g_assert_null(conn);
	params.host = "no-such-host.invalid";
	g_assert_cmpint(conn_open(&conn, &params, &no_name), ==, ST_LINK);
}

/* Echo with DEFLATE (RFC 4978), each answer split at odd places. */
static void
run_deflate(int fd, void *user)
{
	static guint8 in[4096], plain[65536], out[131072];
	z_stream inflater = {0}, deflater = {0};
	gssize n;

	inflateInit2(&inflater, -15);
	deflateInit2(&deflater, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
	while ((n = recv(fd, in, sizeof(in), 0)) > 0) {
		inflater.next_in = in;
		inflater.avail_in = (uInt)n;
		do {
			gsize len;

			inflater.next_out = plain;
			inflater.avail_out = sizeof(plain);
			inflate(&inflater, Z_SYNC_FLUSH);
			len = sizeof(plain) - inflater.avail_out;
			if (len == 0)
				break;
			deflater.next_in = plain;
			deflater.avail_in = (uInt)len;
			deflater.next_out = out;
			deflater.avail_out = sizeof(out);
			deflate(&deflater, Z_SYNC_FLUSH);
			peer_write(fd, out, sizeof(out) - deflater.avail_out);
		} while (inflater.avail_out == 0);
	}
	inflateEnd(&inflater);
	deflateEnd(&deflater);
}

static void
test_deflate(void)
{
	const gsize much = 3 << 20;
	g_autofree guint8 *data = g_malloc(much);
	struct conn_stats stats;
	struct peer peer;
	gsize got = 0;
	Conn *conn;

	/* Half of it packs very well: a small read brings a lot. */
	for (gsize i = 0; i < much; i++)
		data[i] = i < much / 2 ? 'z' : octet(i) ^ (guint8)(i >> 9);
	peer_start(&peer, 1, run_deflate, NULL);
	conn = dial(&peer, 5000);
	g_assert_cmpint(conn_start_deflate(conn, NULL), ==, ST_OK);
	conn_write(conn, "small\r\n", 7);
	expect(conn, "small\r\n");
	conn_write_static(conn, data, much);
	while (got < much) {
		const guint8 *in;
		gsize len;

		g_assert_cmpint(conn_fill(conn, NULL), ==, ST_OK);
		in = conn_data(conn, &len);
		g_assert_cmpmem(in, len, data + got, len);
		conn_consume(conn, len);
		got += len;
	}
	g_assert_cmpuint(conn_pending(conn), ==, 0);
	conn_stats(conn, &stats);
	g_assert_cmpuint(stats.sent, <, much / 2 + much / 4);
	conn_close(conn);
	peer_stop(&peer);
}

static void
run_garbage(int fd, void *user)
{
	static const char text[] = "\xff\xff\xff\xff this is no DEFLATE";

	peer_write(fd, text, sizeof(text) - 1);
}

static void
test_not_deflate(void)
{
	g_autoptr(GError) error = NULL;
	struct peer peer;
	Conn *conn;

	peer_start(&peer, 1, run_garbage, NULL);
	conn = dial(&peer, 5000);
	g_assert_cmpint(conn_start_deflate(conn, NULL), ==, ST_OK);
	g_assert_cmpint(conn_fill(conn, &error), ==, ST_LINK);
	g_assert_cmpint(error_kind(error), ==, ERR_PROTOCOL);
	conn_close(conn);
	peer_stop(&peer);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/conn/echo", test_echo);
	g_test_add_func("/conn/much", test_much);
	g_test_add_func("/conn/others", test_others);
	g_test_add_func("/conn/stays", test_stays);
	g_test_add_func("/conn/limit", test_limit);
	g_test_add_func("/conn/ends", test_ends);
	g_test_add_func("/conn/silence", test_silence);
	g_test_add_func("/conn/stop", test_stop);
	g_test_add_func("/conn/stop/heard", test_stop_heard);
	g_test_add_func("/conn/stop/handshake", test_stop_handshake);
	g_test_add_func("/conn/stop/name", test_stop_name);
	g_test_add_func("/conn/refused", test_refused);
	g_test_add_func("/conn/deflate", test_deflate);
	g_test_add_func("/conn/not deflate", test_not_deflate);
	return g_test_run();
}
