"""A server between client and server that records, cuts and lies.

    with Proxy(target_port) as p:            # p.port is what the client gets
        p.reply = function                   # server's stream, see Reply
        p.cut()                              # both halves of every connection

Everything on loopback; a thread for each direction of each connection."""
import re
import socket
import threading


class Reply:
    """The server's stream of one connection, taken apart: lines and literals.
    Override line() and literal(); what they return goes to the client. Raise
    Cut to drop the connection there."""

    def __init__(self, number):
        self.number = number  # of the connection, from 1
        self._buf = b""
        self._left = 0
        self._length = 0
        self.quote = b""  # the line a literal belongs to

    def line(self, text):
        return text

    def literal(self, data, done, length):
        """data: the next piece; done: octets of this literal before it."""
        return data

    def feed(self, data):
        out = []
        try:
            self._feed(data, out)
        except Cut as e:
            raise Cut(b"".join(out) + e.data) from None
        return b"".join(out)

    def _feed(self, data, out):
        self._buf += data
        while self._buf:
            if self._left:
                piece = self._buf[:self._left]
                self._buf = self._buf[len(piece):]
                done = self._length - self._left
                self._left -= len(piece)
                out.append(self.literal(piece, done, self._length))
                continue
            end = self._buf.find(b"\n")
            if end < 0:
                break
            text, self._buf = self._buf[:end + 1], self._buf[end + 1:]
            m = re.search(rb"\{(\d+)\}\r\n$", text)
            if m:
                self._left = self._length = int(m[1])
                self.quote = text
            out.append(self.line(text))

    def rest(self):
        """At the end: what no line end followed."""
        return self._buf


class Cut(Exception):
    """Drop the connection; data is still delivered."""

    def __init__(self, data=b""):
        super().__init__("cut")
        self.data = data


class Proxy:
    def __init__(self, target, reply=None):
        self.target = target
        self.reply = reply  # called with the connection's number: a Reply
        self.refuse = False  # close new connections at once
        self.requests = []  # what each connection's client said, bytearrays
        self._lock = threading.Lock()
        self._pairs = []
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        self._stop = False
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._stop = True
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self.cut()

    def cut(self):
        """Reset every open connection; how many there were."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for s in pair:
                self._drop(s)
        return len(pairs)

    @property
    def connections(self):
        return len(self.requests)

    def said(self):
        """All that clients sent, connections joined."""
        return b"\n".join(bytes(r) for r in self.requests)

    @staticmethod
    def _drop(s):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        try:
            s.close()
        except OSError:
            pass

    def _accept(self):
        while not self._stop:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.refuse:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            for s in (client, server):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            heard = bytearray()
            with self._lock:
                self.requests.append(heard)
                n = len(self.requests)
                self._pairs.append((client, server))
            reply = self.reply(n) if self.reply else None
            threading.Thread(target=self._up, args=(client, server, heard),
                             daemon=True).start()
            threading.Thread(target=self._down, args=(server, client, reply),
                             daemon=True).start()

    def _up(self, client, server, heard):
        try:
            while True:
                data = client.recv(1 << 16)
                if not data:
                    break
                if len(heard) < 1 << 24:
                    heard += data
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(server)

    def _down(self, server, client, reply):
        try:
            while True:
                data = server.recv(1 << 16)
                if not data:
                    break
                if reply:
                    data = reply.feed(data)
                client.sendall(data)
            if reply:
                client.sendall(reply.rest())
            client.shutdown(socket.SHUT_WR)
        except Cut as e:
            try:
                client.sendall(e.data)
            except OSError:
                pass
            self._drop(client)
            self._drop(server)
        except OSError:
            self._drop(client)
