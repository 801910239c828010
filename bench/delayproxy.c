/*
 * delayproxy.c - loopback TCP proxy that adds a fixed one-way delay and counts.
 *
 *	delayproxy LISTENPORT TARGETPORT ONEWAY_MS STATSFILE
 *
 * Binds and connects 127.0.0.1 only. Throughput is not limited, each direction
 * queues up to 64 MiB (so delay, not bandwidth, is what is simulated; TCP slow
 * start of a real path is not). On SIGTERM it writes one JSON line:
 *connections, bytes each way and "turnarounds": how often the client sent
 *something after having received something, an upper estimate of the round
 *trips it paid for.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#define QMAX (64u << 20)
typedef struct chunk {
	struct chunk *next;
	uint64_t due;
	size_t len, off;
	char d[];
} chunk;
typedef struct {
	chunk *h, *t;
	size_t q;
	int eof, shut;
} dir;
typedef struct {
	int fd[2];
	dir d[2];
	int last;
} pair; /* d[0]: client->server, d[1]: server->client */
static volatile sig_atomic_t stop;
static void
onterm(int s)
{
	(void)s;
	stop = 1;
}
static uint64_t
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}
int
main(int c, char **v)
{
	if (c < 5)
		return 2;
	uint64_t delay = strtod(v[3], NULL) * 1e6;
	uint64_t by[2] = {0, 0}, turns = 0, conns = 0;
	signal(SIGTERM, onterm);
	signal(SIGINT, onterm);
	signal(SIGPIPE, SIG_IGN);
	int ls = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	setsockopt(ls, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons((int)strtol(v[1], NULL, 10)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (bind(ls, (void *)&a, sizeof a) || listen(ls, 64)) {
		perror("bind");
		return 1;
	}
	pair *ps[256];
	int np = 0;
	static char tmp[1 << 18];
	while (!stop) {
		struct pollfd pf[513];
		int k = 0;
		pf[k++] = (struct pollfd){ls, POLLIN, 0};
		uint64_t t = now(), nd = UINT64_MAX;
		for (int i = 0; i < np; i++)
			for (int s = 0; s < 2; s++) {
				pair *p = ps[i];
				dir *in = &p->d[s], *out = &p->d[!s];
				short ev = 0;
				if (!in->eof && in->q < QMAX)
					ev |= POLLIN;
				if (out->h) {
					if (out->h->due <= t)
						ev |= POLLOUT;
					else if (out->h->due < nd)
						nd = out->h->due;
				}
				pf[k++] =
				    (struct pollfd){ev ? p->fd[s] : -1, ev, 0};
			}
		struct timespec ts, *tp = NULL;
		if (nd != UINT64_MAX) {
			uint64_t w = nd > t ? nd - t : 0;
			ts.tv_sec = w / 1000000000ull;
			ts.tv_nsec = w % 1000000000ull;
			tp = &ts;
		}
		if (ppoll(pf, k, tp, NULL) < 0 && errno != EINTR)
			break;
		t = now();
		for (int i = 0; i < np; i++) {
			pair *p = ps[i];
			for (int s = 0; s < 2; s++) {
				short re = pf[1 + i * 2 + s].revents;
				dir *in = &p->d[s], *out = &p->d[!s];
				if (re & (POLLIN | POLLHUP | POLLERR) &&
				    !in->eof && in->q < QMAX) {
					ssize_t r =
					    read(p->fd[s], tmp, sizeof tmp);
					if (r > 0) {
						chunk *h =
						    malloc(sizeof *h + r);
						h->next = NULL;
						h->due = t + delay;
						h->len = r;
						h->off = 0;
						memcpy(h->d, tmp, r);
						if (in->t)
							in->t->next = h;
						else
							in->h = h;
						in->t = h;
						in->q += r;
						by[s] += r;
						if (s == 0 && p->last == 1)
							turns++;
						p->last = s;
					} else if (r == 0 ||
						   (errno != EAGAIN &&
						       errno != EINTR))
						in->eof = 1;
				}
				while (out->h && out->h->due <= t) {
					chunk *h = out->h;
					ssize_t r = write(p->fd[s],
					    h->d + h->off, h->len - h->off);
					if (r < 0) {
						if (errno != EAGAIN &&
						    errno != EINTR) {
							while (out->h) {
								h = out->h;
								out->h =
								    h->next;
								free(h);
							}
							out->t = NULL;
							out->q = 0;
							out->eof = 1;
						}
						break;
					}
					h->off += r;
					out->q -= r;
					if (h->off < h->len)
						break;
					out->h = h->next;
					if (!out->h)
						out->t = NULL;
					free(h);
				}
			}
		}
		for (int i = 0; i < np; i++) {
			pair *p = ps[i];
			for (int s = 0; s < 2; s++)
				if (p->d[s].eof && !p->d[s].h &&
				    !p->d[s].shut) {
					shutdown(p->fd[!s], SHUT_WR);
					p->d[s].shut = 1;
				}
			if (p->d[0].shut && p->d[1].shut) {
				close(p->fd[0]);
				close(p->fd[1]);
				free(p);
				ps[i--] = ps[--np];
			}
		}
		if (pf[0].revents & POLLIN && np < 256) {
			int f = accept(ls, NULL, NULL);
			if (f < 0)
				continue;
			int g = socket(AF_INET, SOCK_STREAM, 0);
			a.sin_port = htons((int)strtol(v[2], NULL, 10));
			if (connect(g, (void *)&a, sizeof a)) {
				close(f);
				close(g);
				continue;
			}
			setsockopt(
			    f, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
			setsockopt(
			    g, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
			fcntl(f, F_SETFL, O_NONBLOCK);
			fcntl(g, F_SETFL, O_NONBLOCK);
			pair *p = calloc(1, sizeof *p);
			p->fd[0] = f;
			p->fd[1] = g;
			ps[np++] = p;
			conns++;
		}
	}
	FILE *o = fopen(v[4], "w");
	if (o) {
		fprintf(o,
		    "{\"connections\":%lu,\"c2s\":%lu,\"s2c\":%lu,"
		    "\"turnarounds\":%lu}\n",
		    (unsigned long)conns, (unsigned long)by[0],
		    (unsigned long)by[1], (unsigned long)turns);
		fclose(o);
	}
	return 0;
}
