#include "base/conn-private.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <zlib.h>

#define IN_FIRST	 (256 << 10) /* octets: what one read may bring */
#define IN_TAIL		 (64 << 10)  /* octets of room worth a read */
#define SEGMENTS_AT_ONCE 64	     /* per writev */
#define STATIC_MIN	 1024 /* octets: below, copying is cheaper than a segment */
#define DEFLATE_STEP	 (64 << 10) /* octets deflated before they are written */
#define DEFLATE_LEVEL	 1 /* mail is mostly base64: more finds little */

/* A stretch of queued output: in the copy buffer, in order, when mem is NULL.
 */
struct segment {
	const guint8 *mem;
	gsize len;
};

/* Octets with a head that moves on; the memory stays for the next ones. */
struct fifo {
	guint8 *mem;
	gsize off, len, cap; /* len counts from off */
};

struct Conn {
	struct wire wire;
	guint timeout_ms;
	FILE *trace;
	bool trace_off;
	GError *broken; /* met while another connection was waited for */
	enum status broken_st;

	struct fifo in;	    /* received, inflated, not consumed */
	struct fifo copied; /* memory of copied output */
	GArray *segments;   /* of struct segment, from segment_at on */
	guint segment_at;
	gsize queued; /* octets in segments */

	bool deflating;
	z_stream inflate, deflate;
	struct fifo packed_in, packed_out; /* on the wire's side of DEFLATE */
	bool deflate_dirty; /* something not yet flushed out of zlib */
	bool inflate_full;  /* zlib may hold more than there was room for */

	bool heard; /* something since we last spoke */
	struct conn_stats stats;
};

/* All connections of the thread: whoever waits, writes for all. */
static _Thread_local GPtrArray *all;

/* Room behind the data; moving costs no more than was dropped before. */
static void
fifo_room(struct fifo *f, gsize len)
{
	if (f->cap - f->off - f->len >= len)
		return;
	if (f->off && f->off >= f->len) {
		memmove(f->mem, f->mem + f->off, f->len);
		f->off = 0;
	}
	if (f->cap - f->off - f->len < len) {
		gsize cap = MAX(f->cap, 4096);
		guint8 *mem;

		while (cap - f->len < len)
			cap *= 2;
		mem = g_malloc(cap);
		if (f->len)
			memcpy(mem, f->mem + f->off, f->len);
		g_free(f->mem);
		f->mem = mem;
		f->cap = cap;
		f->off = 0;
	}
}

static void
fifo_put(struct fifo *f, const void *data, gsize len)
{
	if (len == 0)
		return;
	fifo_room(f, len);
	memcpy(f->mem + f->off + f->len, data, len);
	f->len += len;
}

static void
fifo_drop(struct fifo *f, gsize len)
{
	g_assert(len <= f->len);
	f->off += len;
	f->len -= len;
	if (f->len == 0)
		f->off = 0;
}

static void
trace(Conn *conn, const char *mark, const void *data, gsize len)
{
	if (conn->trace == NULL || conn->trace_off)
		return;
	fputs(mark, conn->trace);
	fwrite(data, 1, len, conn->trace);
	fflush(conn->trace);
}

void
conn_trace(Conn *conn, bool on)
{
	conn->trace_off = !on;
}

static enum status
already_broken(Conn *conn, GError **error)
{
	if (conn->broken == NULL)
		return ST_OK;
	if (error)
		*error = g_error_copy(conn->broken);
	return conn->broken_st;
}

/* Remember a failure, so that every later call meets it too. */
static enum status
break_off(Conn *conn, enum status st, GError *why, GError **error)
{
	conn->broken = why;
	conn->broken_st = st;
	return already_broken(conn, error);
}

enum status
conn_open(Conn **out, const struct conn_params *params, GError **error)
{
	g_autoptr(Conn) conn = g_new0(Conn, 1);
	enum status st;

	*out = NULL;
	conn->timeout_ms = params->timeout_ms;
	conn->trace = params->trace;
	conn->segments = g_array_new(FALSE, FALSE, sizeof(struct segment));
	st = wire_open(&conn->wire, params, error);
	if (st < 0)
		return st;
	if (params->tls) {
		st = wire_start_tls(&conn->wire, error);
		if (st < 0)
			return st;
	}
	conn->in.cap = IN_FIRST;
	conn->in.mem = g_malloc(conn->in.cap);
	conn->heard = true;
	if (all == NULL)
		all = g_ptr_array_new();
	g_ptr_array_add(all, conn);
	*out = g_steal_pointer(&conn);
	return ST_OK;
}

void
conn_close(Conn *conn)
{
	if (conn == NULL)
		return;
	if (all) {
		g_ptr_array_remove(all, conn);
		if (all->len == 0)
			g_clear_pointer(&all, g_ptr_array_unref);
	}
	wire_close(&conn->wire, conn->broken == NULL);
	if (conn->deflating) {
		inflateEnd(&conn->inflate);
		deflateEnd(&conn->deflate);
	}
	g_clear_error(&conn->broken);
	g_free(conn->in.mem);
	g_free(conn->copied.mem);
	g_free(conn->packed_in.mem);
	g_free(conn->packed_out.mem);
	if (conn->segments)
		g_array_free(conn->segments, TRUE);
	g_free(conn);
}

ConnSet *
conn_leave(void)
{
	return (ConnSet *)g_steal_pointer(&all);
}

void
conn_take(ConnSet *set)
{
	GPtrArray *more = (GPtrArray *)set;

	if (more == NULL)
		return;
	if (all == NULL)
		all = more;
	else
		g_ptr_array_extend_and_steal(all, more);
}

enum status
conn_start_tls(Conn *conn, GError **error)
{
	GError *why = NULL;
	enum status st;

	g_assert(conn_pending(conn) == 0 && !conn->deflating);
	if (conn->in.len)
		st = fail(ST_RUN, &why, ERR_PROTOCOL, RETRY_NEVER,
		    "%s: plain text arrived where TLS was to begin; somebody "
		    "may be tampering with the connection",
		    conn->wire.peer);
	else
		st = wire_start_tls(&conn->wire, &why);
	return st < 0 ? break_off(conn, st, why, error) : ST_OK;
}

enum status
conn_start_deflate(Conn *conn, GError **error)
{
	g_assert(conn_pending(conn) == 0 && !conn->deflating);
	/* RFC 4978 3: raw DEFLATE, no zlib header. */
	if (inflateInit2(&conn->inflate, -15) != Z_OK)
		return fail(ST_LINK, error, ERR_IO, RETRY_LATER,
		    "%s: no memory for compression", conn->wire.peer);
	if (deflateInit2(&conn->deflate, DEFLATE_LEVEL, Z_DEFLATED, -15, 8,
		Z_DEFAULT_STRATEGY) != Z_OK) {
		inflateEnd(&conn->inflate);
		return fail(ST_LINK, error, ERR_IO, RETRY_LATER,
		    "%s: no memory for compression", conn->wire.peer);
	}
	conn->deflating = true;
	/* What followed the server's OK is compressed already. */
	fifo_put(&conn->packed_in, conn->in.mem + conn->in.off, conn->in.len);
	fifo_drop(&conn->in, conn->in.len);
	return ST_OK;
}

bool
conn_is_encrypted(const Conn *conn)
{
	return conn->wire.tls != NULL;
}

bool
conn_is_loopback(const Conn *conn)
{
	return conn->wire.loopback;
}

const char *
conn_peer(const Conn *conn)
{
	return conn->wire.peer;
}

const guint8 *
conn_data(const Conn *conn, gsize *len)
{
	*len = conn->in.len;
	return conn->in.mem + conn->in.off;
}

void
conn_consume(Conn *conn, gsize len)
{
	g_assert(len <= conn->in.len);
	/* Never back to the start here: what was consumed stays readable until
	 * this connection's next read. */
	conn->in.off += len;
	conn->in.len -= len;
}

/* At least one octet, IN_TAIL if CONN_BUFFER_MAX allows. */
static void
in_room(struct fifo *in)
{
	if (in->off) {
		memmove(in->mem, in->mem + in->off, in->len);
		in->off = 0;
	}
	if (in->cap - in->len < IN_TAIL && in->cap < CONN_BUFFER_MAX) {
		in->cap = MIN(in->cap * 2, CONN_BUFFER_MAX);
		in->mem = g_realloc(in->mem, in->cap);
	}
}

static enum status
inflate_some(Conn *conn, gsize room, gsize *got, GError **error)
{
	z_stream *z = &conn->inflate;
	int r;

	z->next_in = conn->packed_in.mem + conn->packed_in.off;
	z->avail_in = (uInt)conn->packed_in.len;
	z->next_out = conn->in.mem + conn->in.off + conn->in.len;
	z->avail_out = (uInt)room;
	r = inflate(z, Z_SYNC_FLUSH);
	*got = room - z->avail_out;
	conn->inflate_full = z->avail_out == 0;
	fifo_drop(&conn->packed_in, conn->packed_in.len - z->avail_in);
	if (r == Z_STREAM_END && *got == 0)
		return fail(ST_LINK, error, ERR_IO, RETRY_NOW,
		    "%s: connection closed by the server", conn->wire.peer);
	if (r != Z_OK && r != Z_BUF_ERROR && r != Z_STREAM_END)
		return fail(ST_LINK, error, ERR_PROTOCOL, RETRY_NOW,
		    "%s: compressed data is damaged; compress=no does without",
		    conn->wire.peer);
	return ST_OK;
}

/*
 * Take in what is there. move: the buffer may be moved and grow; without it
 * only the room behind the data is used, so that what a caller was handed from
 * this connection stays where it is while another one is waited for.
 */
static enum status
take_in(Conn *conn, bool move, gsize *got, GError **error)
{
	struct fifo *in = &conn->in;
	enum status st;
	gsize room, n;

	*got = 0;
	if (move) {
		if (in->len == 0)
			in->off = 0;
		if (in->cap - in->off - in->len < IN_TAIL) {
			if (in->len >= CONN_BUFFER_MAX)
				return fail(ST_LINK, error, ERR_LIMIT,
				    RETRY_NEVER,
				    "%s: the server's answer is too long",
				    conn->wire.peer);
			in_room(in);
		}
	}
	for (;;) {
		room = in->cap - in->off - in->len;
		if (room == 0)
			return ST_OK;
		if (!conn->deflating) {
			st = wire_read(&conn->wire, in->mem + in->off + in->len,
			    room, &n, error);
			if (st != ST_OK)
				return st < 0 && *got == 0 ? st : ST_OK;
			conn->stats.received += n;
			conn->heard = true;
			trace(conn, "", in->mem + in->off + in->len, n);
			in->len += n;
			*got += n;
			/* A plain socket gave all that it had; TLS gives one
			 * record at a time. */
			if (conn->wire.tls == NULL || *got >= IN_FIRST / 2)
				return ST_OK;
			continue;
		}
		if (conn->packed_in.len || conn->inflate_full) {
			st = inflate_some(conn, room, &n, error);
			if (st < 0)
				return st;
			trace(conn, "", in->mem + in->off + in->len, n);
			in->len += n;
			*got += n;
			if (*got)
				return ST_OK;
		}
		fifo_room(&conn->packed_in, IN_TAIL);
		st = wire_read(&conn->wire,
		    conn->packed_in.mem + conn->packed_in.off +
			conn->packed_in.len,
		    IN_TAIL, &n, error);
		if (st != ST_OK)
			return st < 0 ? st : ST_OK;
		conn->stats.received += n;
		conn->heard = true;
		conn->packed_in.len += n;
	}
}

/* The queue's head as vectors; how many. */
static int
head_of_queue(const Conn *conn, struct iovec *iov, int max)
{
	const guint8 *copied = conn->copied.mem + conn->copied.off;
	int n = 0;

	for (guint i = conn->segment_at; i < conn->segments->len && n < max;
	     i++) {
		const struct segment *s =
		    &g_array_index(conn->segments, struct segment, i);

		iov[n].iov_base = (void *)(s->mem ? s->mem : copied);
		iov[n].iov_len = s->len;
		if (s->mem == NULL)
			copied += s->len;
		n++;
	}
	return n;
}

static void
drop_from_queue(Conn *conn, gsize len)
{
	conn->queued -= len;
	while (len) {
		struct segment *s = &g_array_index(
		    conn->segments, struct segment, conn->segment_at);
		gsize n = MIN(len, s->len);

		if (s->mem)
			s->mem += n;
		else
			fifo_drop(&conn->copied, n);
		s->len -= n;
		len -= n;
		if (s->len == 0)
			conn->segment_at++;
	}
	if (conn->segment_at == conn->segments->len) {
		g_array_set_size(conn->segments, 0);
		conn->segment_at = 0;
	} else if (conn->segment_at >= 1024) {
		g_array_remove_range(conn->segments, 0, conn->segment_at);
		conn->segment_at = 0;
	}
}

static void
deflate_some(Conn *conn)
{
	z_stream *z = &conn->deflate;
	struct fifo *out = &conn->packed_out;

	while (
	    out->len < DEFLATE_STEP && (conn->queued || conn->deflate_dirty)) {
		struct iovec iov = {NULL, 0};
		bool last;

		head_of_queue(conn, &iov, 1);
		iov.iov_len = MIN(iov.iov_len, DEFLATE_STEP);
		last = iov.iov_len == conn->queued;
		z->next_in = iov.iov_base;
		z->avail_in = (uInt)iov.iov_len;
		do {
			fifo_room(out, DEFLATE_STEP);
			z->next_out = out->mem + out->off + out->len;
			z->avail_out = DEFLATE_STEP;
			deflate(z, last ? Z_SYNC_FLUSH : Z_NO_FLUSH);
			out->len += DEFLATE_STEP - z->avail_out;
		} while (z->avail_in || z->avail_out == 0);
		drop_from_queue(conn, iov.iov_len);
		conn->deflate_dirty = !last;
	}
}

/* Write what the socket takes now. */
static enum status
push_out(Conn *conn, gsize *put, GError **error)
{
	struct iovec iov[SEGMENTS_AT_ONCE];
	enum status st;
	gsize n;
	int count;

	*put = 0;
	while (conn_pending(conn)) {
		if (conn->deflating) {
			deflate_some(conn);
			iov[0].iov_base =
			    conn->packed_out.mem + conn->packed_out.off;
			iov[0].iov_len = conn->packed_out.len;
			count = 1;
		} else {
			count = head_of_queue(conn, iov, SEGMENTS_AT_ONCE);
		}
		st = wire_write(&conn->wire, iov, count, &n, error);
		if (st == ST_END)
			return ST_OK;
		if (st < 0)
			return st;
		if (conn->heard) {
			conn->heard = false;
			conn->stats.turnarounds++;
		}
		conn->stats.sent += n;
		*put += n;
		if (conn->deflating)
			fifo_drop(&conn->packed_out, n);
		else
			drop_from_queue(conn, n);
	}
	return ST_OK;
}

/* Write for everybody else; take in their answers, so that no server stops
 * reading because we do not. Their troubles are told when their turn comes. */
static void
serve_others(const Conn *self)
{
	for (guint i = 0; i < all->len; i++) {
		Conn *conn = g_ptr_array_index(all, i);
		GError *why = NULL;
		enum status st;
		gsize n;

		if (conn == self || conn->broken || conn_pending(conn) == 0)
			continue;
		st = push_out(conn, &n, &why);
		if (st == ST_OK && conn_pending(conn))
			st = take_in(conn, false, &n, &why);
		if (st < 0)
			break_off(conn, st, why, NULL);
	}
}

/* Sleep until something moves on any connection with business. */
static enum status
sleep_until_ready(
    Conn *conn, gint64 deadline_us, bool stopping, bool want_in, GError **error)
{
	g_autofree struct pollfd *p = g_new(struct pollfd, all->len);
	gint64 left_us = deadline_us - g_get_monotonic_time();
	nfds_t n = 0;
	int r;

	if (left_us <= 0 && stopping)
		return fail(ST_LINK, error, ERR_CANCELLED, RETRY_LATER,
		    "%s: stopped while waiting for the server",
		    conn->wire.peer);
	if (left_us <= 0)
		return fail(ST_LINK, error, ERR_IO, RETRY_NOW,
		    "%s: the server has been silent for %u seconds",
		    conn->wire.peer, conn->timeout_ms / 1000);
	for (guint i = 0; i < all->len; i++) {
		Conn *c = g_ptr_array_index(all, i);
		bool out = conn_pending(c) != 0;
		bool in = c == conn
			      ? want_in
			      : out && c->in.cap - c->in.off - c->in.len > 0;

		if (c->broken || (!in && !out))
			continue;
		p[n].fd = c->wire.fd;
		p[n].events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
		p[n++].revents = 0;
	}
	if (conn->wire.stop && !stopping)
		left_us = MIN(left_us, STOP_LOOK_MS * 1000);
	r = poll(p, n, (int)MIN((left_us + 999) / 1000, G_MAXINT));
	if (r < 0 && errno != EINTR)
		return fail(ST_LINK, error, ERR_IO, RETRY_LATER, "%s: poll: %s",
		    conn->wire.peer, g_strerror(errno));
	return ST_OK;
}

/*
 * The one loop: until at least want octets more are in, or (want 0) fewer than
 * below octets are pending.
 */
static enum status
work(Conn *conn, gsize want, gsize below, GError **error)
{
	gint64 limit_us = (gint64)conn->timeout_ms * 1000;
	gint64 deadline_us = 0;
	gsize taken = 0;
	bool stopping = false;
	GError *why = NULL;
	enum status st;

	st = already_broken(conn, error);
	if (st < 0)
		return st;
	for (;;) {
		gsize in = 0, out = 0;

		st = push_out(conn, &out, &why);
		if (st < 0)
			return break_off(conn, st, why, error);
		if (want == 0 && conn_pending(conn) < MAX(below, 1))
			return ST_OK;
		serve_others(conn);
		if (want || conn->in.len < CONN_BUFFER_MAX / 2) {
			st = take_in(conn, true, &in, &why);
			if (st < 0)
				return break_off(conn, st, why, error);
		}
		taken += in;
		if (want && taken >= want)
			return ST_OK;
		if (deadline_us == 0 || in || out)
			deadline_us = g_get_monotonic_time() + limit_us;
		if (!stopping && conn->wire.stop && *conn->wire.stop) {
			stopping = true;
			limit_us = MIN(limit_us, CONN_STOP_MS * 1000);
			deadline_us =
			    MIN(deadline_us, g_get_monotonic_time() + limit_us);
		}
		st = sleep_until_ready(conn, deadline_us, stopping,
		    want || conn->in.len < CONN_BUFFER_MAX / 2, &why);
		if (st < 0)
			return break_off(conn, st, why, error);
	}
}

enum status
conn_fill(Conn *conn, GError **error)
{
	return work(conn, 1, 0, error);
}

enum status
conn_poll(Conn *conn, GError **error)
{
	GError *why = NULL;
	enum status st;
	gsize n;

	st = already_broken(conn, error);
	if (st < 0)
		return st;
	st = push_out(conn, &n, &why);
	if (st == ST_OK && conn->in.len < CONN_BUFFER_MAX)
		st = take_in(conn, true, &n, &why);
	if (st < 0)
		return break_off(conn, st, why, error);
	return ST_OK;
}

void
conn_write(Conn *conn, const void *data, gsize len)
{
	struct segment *last = NULL;

	if (len == 0)
		return;
	trace(conn, "", data, len);
	fifo_put(&conn->copied, data, len);
	conn->queued += len;
	if (conn->segments->len > conn->segment_at)
		last = &g_array_index(
		    conn->segments, struct segment, conn->segments->len - 1);
	if (last && last->mem == NULL) {
		last->len += len;
	} else {
		struct segment s = {NULL, len};

		g_array_append_val(conn->segments, s);
	}
}

void
conn_write_static(Conn *conn, const void *data, gsize len)
{
	struct segment s = {data, len};

	if (len < STATIC_MIN) {
		conn_write(conn, data, len);
		return;
	}
	trace(conn, "", data, len);
	conn->queued += len;
	g_array_append_val(conn->segments, s);
}

void
conn_printf(Conn *conn, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	conn_write(conn, text, strlen(text));
}

gsize
conn_pending(const Conn *conn)
{
	return conn->queued + conn->packed_out.len +
	       (conn->deflate_dirty ? 1 : 0);
}

enum status
conn_flush(Conn *conn, gsize wait_below, GError **error)
{
	GError *why = NULL;
	enum status st;
	gsize n;

	st = already_broken(conn, error);
	if (st < 0)
		return st;
	if (wait_below == G_MAXSIZE) {
		st = push_out(conn, &n, &why);
		return st < 0 ? break_off(conn, st, why, error) : ST_OK;
	}
	return work(conn, 0, wait_below, error);
}

void
conn_stats(const Conn *conn, struct conn_stats *out)
{
	*out = conn->stats;
}
