/*
 * The other end of a connection, in a thread of the test: listens on a free
 * port of loopback, takes one connection after the other and runs a function
 * on each.
 */
#ifndef MAILMIG_TESTS_PEER_H
#define MAILMIG_TESTS_PEER_H

#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
	int listener, port;
	void (*run)(int fd, void *user);
	void *user;
	guint connections;
	GThread *thread;
};

static gpointer
peer_thread(gpointer data)
{
	struct peer *peer = data;

	for (guint i = 0; i < peer->connections; i++) {
		int fd = accept(peer->listener, NULL, NULL);

		if (fd < 0)
			break;
		peer->run(fd, peer->user);
		close(fd);
	}
	return NULL;
}

static void
peer_start(struct peer *peer, guint connections,
    void (*run)(int fd, void *user), void *user)
{
	g_autoptr(GInetAddress) any =
	    g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
	g_autoptr(GSocketAddress) address = g_inet_socket_address_new(any, 0);
	gssize size = g_socket_address_get_native_size(address);
	g_autofree struct sockaddr *sa = g_malloc0((gsize)size);
	socklen_t len = (socklen_t)size;

	g_assert_true(
	    g_socket_address_to_native(address, sa, (gsize)size, NULL));
	peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(peer->listener, >=, 0);
	g_assert_cmpint(bind(peer->listener, sa, len), ==, 0);
	g_assert_cmpint(listen(peer->listener, 5), ==, 0);
	g_assert_cmpint(getsockname(peer->listener, sa, &len), ==, 0);
	g_clear_object(&address);
	address = g_socket_address_new_from_native(sa, len);
	peer->port =
	    g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
	peer->run = run;
	peer->user = user;
	peer->connections = connections;
	peer->thread = g_thread_new("peer", peer_thread, peer);
}

static void
peer_stop(struct peer *peer)
{
	g_thread_join(peer->thread);
	close(peer->listener);
}

static void
peer_write(int fd, const void *data, gsize len)
{
	const char *at = data;

	while (len) {
		gssize n = send(fd, at, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		at += n;
		len -= (gsize)n;
	}
}

/* False at the end of the stream. */
static bool
peer_read(int fd, void *data, gsize len)
{
	char *at = data;

	while (len) {
		gssize n = recv(fd, at, len, 0);

		if (n <= 0)
			return false;
		at += n;
		len -= (gsize)n;
	}
	return true;
}

#endif
