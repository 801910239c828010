/*
 * ceil.c - upper-bound IMAP client for the benchmarks. Not a migration tool: no
 * state, no duplicate check, no error recovery. It answers "how fast can ONE
 * (or -j N) connection(s) move these messages at all?".
 *
 *	ceil MODE -s host:port:user:pass -d host:port:user:pass
 *	    [-j N] [-b BATCH] [-f SPOOL] [-S]
 *	MODE
 *	read         one pipelined UID FETCH 1:* per folder, bodies discarded
 *	spool        same, bodies written to SPOOL (framed)
 *	copy-append  source to destination, streaming, pipelined APPEND LITERAL+
 *	copy-multi   the same with MULTIAPPEND, BATCH messages a command
 *	copy-pipe    as copy-multi, but every EXAMINE+FETCH and every CREATE is
 *	             sent up front: the number of round trips does not grow with
 *	             the number of folders
 *	copy-sync    one FETCH, wait; one APPEND {n}, wait +, wait OK
 *	-j N: N processes, folders dealt out by size (largest first)
 *	-S: SELECT the destination folder before appending to it
 *
 * One line of JSON on stdout. Build: cc -O2 -o ceil ceil.c
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HIWAT (8u << 20)
typedef struct {
	char *p;
	size_t off, len, cap;
} buf;
typedef struct {
	int fd;
	buf in, out;
	unsigned tag;
	long pend, bad;
	uint64_t rx, tx;
} conn;
typedef struct {
	char host[64];
	int port;
	char user[128], pass[128];
} ep;
typedef struct {
	char *name;
	long n;
} fold; /* name is wire form, ready to send */

static void
die(const char *f, ...)
{
	va_list a;
	va_start(a, f);
	vfprintf(stderr, f, a);
	va_end(a);
	fputc('\n', stderr);
	exit(1);
}
static void
need(buf *b, size_t n)
{
	if (b->off && b->off == b->len)
		b->off = b->len = 0;
	if (b->len + n <= b->cap)
		return;
	if (b->off) {
		memmove(b->p, b->p + b->off, b->len - b->off);
		b->len -= b->off;
		b->off = 0;
	}
	if (b->len + n > b->cap) {
		size_t c = b->cap ? b->cap : 1 << 16;
		while (c < b->len + n)
			c *= 2;
		b->p = realloc(b->p, c);
		if (!b->p)
			die("oom");
		b->cap = c;
	}
}
static void
put(buf *b, const void *d, size_t n)
{
	need(b, n);
	memcpy(b->p + b->len, d, n);
	b->len += n;
}
static void
putf(buf *b, const char *f, ...)
{
	char t[4096];
	va_list a;
	va_start(a, f);
	int n = vsnprintf(t, sizeof t, f, a);
	va_end(a);
	put(b, t, n);
}
static size_t
pending(buf *b)
{
	return b->len - b->off;
}

static int
rd(conn *c)
{ /* 1 data, 0 would block */
	need(&c->in, 1 << 18);
	ssize_t r = read(c->fd, c->in.p + c->in.len, c->in.cap - c->in.len);
	if (r > 0) {
		c->in.len += r;
		c->rx += r;
		return 1;
	}
	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	die("connection closed (%zd)", r);
	return 0;
}
static void
wr(conn *c)
{
	while (pending(&c->out)) {
		ssize_t r =
		    write(c->fd, c->out.p + c->out.off, pending(&c->out));
		if (r > 0) {
			c->out.off += r;
			c->tx += r;
			continue;
		}
		if (r < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		die("write failed");
	}
	c->out.off = c->out.len = 0;
}
static void
wait_io(conn *c)
{
	struct pollfd p = {c->fd, POLLIN | (pending(&c->out) ? POLLOUT : 0), 0};
	poll(&p, 1, -1);
	if (p.revents & POLLOUT)
		wr(c);
	if (p.revents & (POLLIN | POLLHUP))
		rd(c);
}
/* next full line (without CRLF) of c->in, or NULL */
static char *
line(conn *c, size_t *n)
{
	char *s = c->in.p + c->in.off, *e = memchr(s, '\n', pending(&c->in));
	if (!e)
		return NULL;
	c->in.off += e - s + 1;
	*n = e - s;
	if (*n && s[*n - 1] == '\r')
		--*n;
	return s;
}
static char *
bline(conn *c, size_t *n)
{
	char *l;
	while (!(l = line(c, n))) {
		wr(c);
		wait_io(c);
	}
	return l;
}
/* send a command, wait for its tagged reply; returns 1 on OK; cb sees untagged
 * lines */
static int
cmd(conn *c, void (*cb)(char *, size_t, void *), void *arg, const char *f, ...)
{
	char t[4096], tag[16];
	va_list a;
	va_start(a, f);
	vsnprintf(t, sizeof t, f, a);
	va_end(a);
	int tl = snprintf(tag, sizeof tag, "c%u ", ++c->tag);
	put(&c->out, tag, tl);
	putf(&c->out, "%s\r\n", t);
	wr(c);
	for (;;) {
		size_t n;
		char *l = bline(c, &n);
		if (n > (size_t)tl && !memcmp(l, tag, tl))
			return !memcmp(l + tl, "OK", 2);
		if (cb)
			cb(l, n, arg);
	}
}
static conn *
dial(const ep *e)
{
	conn *c = calloc(1, sizeof *c);
	struct sockaddr_in sa = {
	    .sin_family = AF_INET, .sin_port = htons(e->port)};
	if (inet_pton(AF_INET, e->host, &sa.sin_addr) != 1 ||
	    (ntohl(sa.sin_addr.s_addr) >> 24) != 127)
		die("loopback addresses only");
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(c->fd, (void *)&sa, sizeof sa))
		die("connect %s:%d: %s", e->host, e->port, strerror(errno));
	int one = 1;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	size_t n;
	bline(c, &n);
	if (!cmd(c, 0, 0, "LOGIN \"%s\" \"%s\"", e->user, e->pass))
		die("login failed");
	return c;
}
/* host:port:user:pass */
static void
parse_ep(ep *e, const char *text)
{
	const char *p = strchr(text, ':');
	const char *u = p ? strchr(p + 1, ':') : NULL;
	const char *w = u ? strchr(u + 1, ':') : NULL;

	if (!w)
		die("host:port:user:pass, not %s", text);
	snprintf(e->host, sizeof e->host, "%.*s", (int)(p - text), text);
	e->port = (int)strtol(p + 1, NULL, 10);
	snprintf(e->user, sizeof e->user, "%.*s", (int)(w - u - 1), u + 1);
	snprintf(e->pass, sizeof e->pass, "%s", w + 1);
}

static fold *fo;
static int nf;
static void
on_list(char *l, size_t n, void *a)
{
	(void)a;
	if (n < 7 || memcmp(l, "* LIST ", 7) || memmem(l, n, "\\NoSelect", 9) ||
	    memmem(l, n, "\\Noselect", 9))
		return;
	char *p = memchr(l, ')', n);
	p += 2;
	if (*p == '"')
		p = memchr(p + 1, '"', l + n - p - 1);
	else
		p += 2;
	p += 2; /* past delimiter */
	fo = realloc(fo, (nf + 1) * sizeof *fo);
	char *nm = strndup(p, l + n - p);
	if (*nm != '"') {
		char *q;
		if (asprintf(&q, "\"%s\"", nm) < 0)
			die("oom");
		nm = q;
	}
	fo[nf].name = nm;
	fo[nf++].n = 0;
}
static void
on_status(char *l, size_t n, void *a)
{
	char *p = memmem(l, n, "(MESSAGES ", 10);
	if (p)
		*(long *)a = atol(p + 10);
}
static int
cmpf(const void *a, const void *b)
{
	long x = ((fold *)a)->n, y = ((fold *)b)->n;
	return x < y ? 1 : x > y ? -1 : 0;
}

typedef struct {
	char flags[512], date[64];
	size_t size;
	char *data;
} msg;
static char lasttag; /* first letter of the tag of the last tagged reply */
/* try to cut one FETCH reply with a literal from c->in: 1 got msg, 2 tagged
 * reply, 0 need more */
static int
next_msg(conn *c, msg *m, int *ok)
{
	for (;;) {
		char *s = c->in.p + c->in.off,
		     *e = memchr(s, '\n', pending(&c->in));
		if (!e)
			return 0;
		size_t n = e - s;
		if (n && s[n - 1] == '\r')
			n--;
		if (*s != '*') {
			lasttag = *s;
			c->in.off += e - s + 1;
			char *k = memchr(s, ' ', n);
			*ok = k && !memcmp(k + 1, "OK", 2);
			return 2;
		}
		if (n && s[n - 1] == '}' && memmem(s, n, " FETCH ", 7)) {
			char *b = memrchr(s, '{', n);
			size_t sz = strtoul(b + 1, 0, 10),
			       all = (e - s + 1) + sz + 3;
			if (pending(&c->in) < all) {
				need(&c->in, all);
				return 0;
			}
			char *t = memchr(s + (e - s + 1) + sz, '\n',
			    pending(&c->in) - (e - s + 1) - sz);
			if (!t)
				return 0;
			char *f = memmem(s, n, "FLAGS (", 7),
			     *d = memmem(s, n, "INTERNALDATE \"", 14);
			m->flags[0] = m->date[0] = 0;
			if (f) {
				char *o = m->flags, *w = f + 7;
				while (*w != ')') {
					if (!strncmp(w, "\\Recent", 7)) {
						w += 7;
						if (*w == ' ')
							w++;
						continue;
					}
					*o++ = *w++;
				}
				if (o > m->flags && o[-1] == ' ')
					o--;
				*o = 0;
			}
			if (d) {
				char *q = memchr(d + 14, '"', 40);
				size_t k = q - d - 14;
				memcpy(m->date, d + 14, k);
				m->date[k] = 0;
			}
			m->data = s + (e - s + 1);
			m->size = sz;
			c->in.off += t - s + 1;
			return 1;
		}
		c->in.off += e - s + 1;
	}
}
static void
drain(conn *d)
{ /* count tagged replies of pipelined APPENDs */
	size_t n;
	char *l;
	while ((l = line(d, &n))) {
		if (*l == '*' || *l == '+')
			continue;
		d->pend--;
		char *k = memchr(l, ' ', n);
		if (*l == 'a' && (!k || memcmp(k + 1, "OK", 2))) {
			d->bad++;
			fprintf(stderr, "dst: %.*s\n", (int)n, l);
		}
	}
}
static int inbatch, selfirst;
static void
emit(conn *d, const char *box, msg *m, int multi, int batch)
{
	if (!multi) {
		putf(&d->out, "a%u APPEND %s (%s) \"%s\" {%zu+}\r\n", ++d->tag,
		    box, m->flags, m->date, m->size);
		put(&d->out, m->data, m->size);
		put(&d->out, "\r\n", 2);
		d->pend++;
		return;
	}
	if (inbatch == 0) {
		putf(&d->out, "a%u APPEND %s", ++d->tag, box);
		d->pend++;
	}
	putf(&d->out, " (%s) \"%s\" {%zu+}\r\n", m->flags, m->date, m->size);
	put(&d->out, m->data, m->size);
	if (++inbatch == batch) {
		put(&d->out, "\r\n", 2);
		inbatch = 0;
	}
}
static void
endbatch(conn *d)
{
	if (inbatch) {
		put(&d->out, "\r\n", 2);
		inbatch = 0;
	}
}
static void
settle(conn *d)
{
	while (pending(&d->out) || d->pend) {
		wr(d);
		wait_io(d);
		drain(d);
	}
}
static void
append_sync(conn *d, const char *box, msg *m)
{
	unsigned t = ++d->tag;
	char tag[16];
	int tl = snprintf(tag, sizeof tag, "a%u ", t);
	size_t n;
	char *l;
	putf(&d->out, "%sAPPEND %s (%s) \"%s\" {%zu}\r\n", tag, box, m->flags,
	    m->date, m->size);
	wr(d);
	for (;;) {
		l = bline(d, &n);
		if (*l == '+')
			break;
		if (!memcmp(l, tag, tl)) {
			d->bad++;
			fprintf(stderr, "dst: %.*s\n", (int)n, l);
			return;
		}
	}
	put(&d->out, m->data, m->size);
	put(&d->out, "\r\n", 2);
	wr(d);
	for (;;) {
		l = bline(d, &n);
		if ((int)n > tl && !memcmp(l, tag, tl)) {
			if (memcmp(l + tl, "OK", 2))
				d->bad++;
			return;
		}
	}
}
static void
on_uid(char *l, size_t n, void *a)
{
	char *p = memmem(l, n, "UID ", 4);
	if (*l == '*' && p && memmem(l, n, " FETCH ", 7)) {
		buf *b = a;
		unsigned u = strtoul(p + 4, 0, 10);
		put(b, &u, sizeof u);
	}
}

#define FETCH_ITEMS "(UID FLAGS INTERNALDATE BODY.PEEK[])"
static int copying, piping, multi, syncing, spooling, batch = 200;
static uint64_t messages, octets;

/* One FETCH and one APPEND at a time, each waited for: what most tools do. */
static void
copy_one_by_one(conn *c, conn *dc, const char *box)
{
	buf u = {0};
	msg m, mm;
	int g, got, ok;

	cmd(c, on_uid, &u, "UID FETCH 1:* (UID)");
	for (size_t k = 0; k < u.len / sizeof(unsigned); k++) {
		putf(&c->out, "f%u UID FETCH %u " FETCH_ITEMS "\r\n", ++c->tag,
		    ((unsigned *)(void *)u.p)[k]);
		wr(c);
		got = 0;
		while ((g = next_msg(c, &m, &ok)) != 2) {
			if (g == 0) {
				wait_io(c);
				continue;
			}
			mm = m;
			mm.data = malloc(m.size + 1);
			memcpy(mm.data, m.data, m.size);
			got = 1;
		}
		if (!got)
			continue;
		append_sync(dc, box, &mm);
		messages++;
		octets += mm.size;
		free(mm.data);
	}
	free(u.p);
}

static void
spool_flush(int fd, buf *fb)
{
	if (fb->len && write(fd, fb->p, fb->len) != (ssize_t)fb->len)
		die("spool write");
	fb->len = 0;
}

static void
spool_put(int fd, buf *fb, const msg *m)
{
	putf(fb, "M %zu\t%s\t%s\n", m->size, m->date, m->flags);
	put(fb, m->data, m->size);
	put(fb, "\n", 1);
	if (pending(fb) > HIWAT)
		spool_flush(fd, fb);
}

/* Wait for either side; with full set no more is read from the source. */
static void
pump(conn *c, conn *dc, int full)
{
	struct pollfd p[2] = {
	    {c->fd, !full && pending(&dc->out) < HIWAT ? POLLIN : 0, 0},
	    {dc->fd, POLLIN | (pending(&dc->out) ? POLLOUT : 0), 0}};

	wr(dc);
	poll(p, 2, -1);
	if (p[1].revents & POLLOUT)
		wr(dc);
	if (p[1].revents & POLLIN) {
		rd(dc);
		drain(dc);
	}
	if (p[0].revents & POLLIN)
		rd(c);
}

/* The answer of one FETCH of a whole folder, on its way as it arrives. */
static void
stream(conn *c, conn *dc, const char *box, int fd, buf *fb)
{
	msg m;
	int g, ok;

	for (;;) {
		while ((g = next_msg(c, &m, &ok)) == 1) {
			messages++;
			octets += m.size;
			if (spooling)
				spool_put(fd, fb, &m);
			if (!copying)
				continue;
			emit(dc, box, &m, multi, batch);
			if (pending(&dc->out) > HIWAT)
				break;
		}
		if (g == 2 && lasttag == 'f')
			break;
		if (g == 2)
			continue;
		if (copying)
			pump(c, dc, g == 1);
		else
			wait_io(c);
	}
	if (copying) {
		endbatch(dc);
		if (piping)
			wr(dc);
		else
			settle(dc);
	}
}

static void
one_folder(conn *c, conn *dc, const fold *f, int fd, buf *fb)
{
	if (copying && strcasecmp(f->name, "\"INBOX\"") != 0)
		cmd(dc, 0, 0, "CREATE %s", f->name);
	if (copying && selfirst)
		cmd(dc, 0, 0, "SELECT %s", f->name);
	if (spooling)
		putf(fb, "B %s\n", f->name);
	if (!cmd(c, 0, 0, "EXAMINE %s", f->name) || f->n == 0)
		return;
	if (copying && syncing) {
		copy_one_by_one(c, dc, f->name);
		return;
	}
	putf(&c->out, "f%u UID FETCH 1:* " FETCH_ITEMS "\r\n", ++c->tag);
	wr(c);
	stream(c, dc, f->name, fd, fb);
}

/* Every question of copy-pipe at once; no answer is waited for here. */
static void
ask_all(conn *c, conn *dc, const int *own, int job)
{
	for (int i = 0; i < nf; i++) {
		if (own[i] != job)
			continue;
		if (strcasecmp(fo[i].name, "\"INBOX\"") != 0) {
			putf(&dc->out, "k%u CREATE %s\r\n", ++dc->tag,
			    fo[i].name);
			dc->pend++;
		}
		if (fo[i].n) {
			putf(&c->out,
			    "e%u EXAMINE %s\r\n"
			    "f%u UID FETCH 1:* " FETCH_ITEMS "\r\n",
			    c->tag + 1, fo[i].name, c->tag + 2);
			c->tag += 2;
		}
	}
	wr(c);
}

/* One process: its share of the folders over its own two connections. */
static void
work(const ep *s, const ep *d, const int *own, int job, const char *spool,
    uint64_t *res)
{
	conn *c = dial(s);
	conn *dc = copying ? dial(d) : NULL;
	buf fb = {0};
	int fd = -1;

	if (spooling &&
	    (fd = open(spool, O_WRONLY | O_CREAT | O_TRUNC, 0600)) < 0)
		die("cannot make the spool");
	if (piping)
		ask_all(c, dc, own, job);
	for (int i = 0; i < nf; i++) {
		if (own[i] != job)
			continue;
		if (!piping)
			one_folder(c, dc, &fo[i], fd, &fb);
		else if (fo[i].n)
			stream(c, dc, fo[i].name, fd, &fb);
	}
	if (piping)
		settle(dc);
	if (spooling) {
		spool_flush(fd, &fb);
		close(fd);
	}
	cmd(c, 0, 0, "LOGOUT");
	if (copying)
		cmd(dc, 0, 0, "LOGOUT");
	res[0] = messages;
	res[1] = octets;
	res[2] = copying ? dc->bad : 0;
}

/* Which process takes which folder: the largest first, to the least loaded. */
static int *
deal(int jobs)
{
	long *load = calloc(jobs, sizeof *load);
	int *own = calloc(nf + 1, sizeof *own);

	for (int i = 0; i < nf; i++) {
		int k = 0;
		for (int j = 1; j < jobs; j++)
			if (load[j] < load[k])
				k = j;
		own[i] = k;
		load[k] += fo[i].n;
	}
	free(load);
	return own;
}

static void
list_folders(const ep *s)
{
	conn *c = dial(s);

	cmd(c, on_list, 0, "LIST \"\" \"*\"");
	for (int i = 0; i < nf; i++)
		cmd(c, on_status, &fo[i].n, "STATUS %s (MESSAGES)", fo[i].name);
	cmd(c, 0, 0, "LOGOUT");
	close(c->fd);
	qsort(fo, nf, sizeof *fo, cmpf);
}

int
main(int argc, char **argv)
{
	char *mode = argc > 1 ? argv[1] : "", *spool = NULL;
	ep s = {0}, d = {0};
	int jobs = 1, o, st, rc = 0;
	struct timespec t0, t1;

	optind = 2;
	while ((o = getopt(argc, argv, "s:d:j:b:f:S")) != -1)
		switch (o) {
		case 's':
			parse_ep(&s, optarg);
			break;
		case 'd':
			parse_ep(&d, optarg);
			break;
		case 'j':
			jobs = (int)strtol(optarg, NULL, 10);
			break;
		case 'b':
			batch = (int)strtol(optarg, NULL, 10);
			break;
		case 'f':
			spool = optarg;
			break;
		case 'S':
			selfirst = 1;
			break;
		default:
			return 2;
		}
	copying = strncmp(mode, "copy", 4) == 0;
	piping = strstr(mode, "pipe") != NULL;
	multi = piping || strstr(mode, "multi") != NULL;
	syncing = strstr(mode, "sync") != NULL;
	spooling = strcmp(mode, "spool") == 0;
	if (!*s.host || (copying && !*d.host) || (spooling && !spool))
		die("usage: see the head of ceil.c");
	uint64_t *res = mmap(0, jobs * 4 * sizeof *res, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	list_folders(&s);
	int *own = deal(jobs);
	for (int j = 0; j < jobs; j++)
		if (fork() == 0) {
			work(&s, &d, own, j, spool, res + j * 4);
			_exit(0);
		}
	while (wait(&st) > 0)
		if (st)
			rc = 1;
	if (rc)
		die("a worker failed");
	clock_gettime(CLOCK_MONOTONIC, &t1);
	double t = (t1.tv_sec - t0.tv_sec) + (t1.tv_nsec - t0.tv_nsec) / 1e9;
	uint64_t n = 0, by = 0, bad = 0;
	for (int j = 0; j < jobs; j++) {
		n += res[j * 4];
		by += res[j * 4 + 1];
		bad += res[j * 4 + 2];
	}
	printf("{\"mode\":\"%s\",\"jobs\":%d,\"seconds\":%.3f,"
	       "\"messages\":%lu,\"bytes\":%lu,\"errors\":%lu,"
	       "\"msgs_per_s\":%.0f,\"mb_per_s\":%.1f}\n",
	    mode, jobs, t, (unsigned long)n, (unsigned long)by,
	    (unsigned long)bad, n / t, by / t / 1e6);
	return bad ? 1 : 0;
}
