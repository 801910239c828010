#!/usr/bin/env python3
"""Ctrl-C while a server says nothing: the program ends soon, not when the
connection's time is up, and a resume brings the rest."""
import os
import signal
import socket
import time

import mail
import program
import server
import tap
from proxy import Proxy, Reply

SOON = 10  # seconds; the timeout of a connection is 120
FOLDERS = [(("INBOX",), 8), (("Sent",), 4)]


def deaf(word):
    """A server that falls silent once it says word."""
    class Deaf(Reply):
        silent = False

        def line(self, text):
            self.silent = self.silent or word in text
            return b"" if self.silent else text

        def literal(self, data, done, length):
            return b"" if self.silent else data
    return Deaf


def stopped(name, s, d, end, word):
    pw = program.secret(d + "/password")
    state = f"{d}/state-{name}"
    user = f"u{name}"
    with Proxy(s.port, deaf(word)) as p:
        ports = {end: p.port}
        ends = {"from": program.url(s, "alice", port=ports.get("from")),
                "to": program.url(s, user, port=ports.get("to"))}
        r = program.Running("migrate", "--from", ends["from"], "--to",
                            ends["to"], "--password-file", pw, "--state",
                            state)
        while not p.connections and time.monotonic() < r.began + 30:
            time.sleep(0.02)
        time.sleep(1)
        began = time.monotonic()
        running = r.p.poll() is None
        os.kill(r.p.pid, signal.SIGINT)
        r = r.wait(60)
        took = time.monotonic() - began
        tap.ok(running, f"{name}: waits for the silent server", r.err)
        tap.ok(took < SOON, f"{name}: ends soon", f"{took:.1f} s, {r.rc}")
        p.reply = None
        r = program.mailmig("resume", "--state", state, timeout=60)
        tap.equal(r.rc, 0, f"{name}: resumed")
        if r.rc:
            tap.note(r.err[-1500:])
    got = mail.read_imap(s.port, user)
    tap.equal(mail.compare(mail.read_imap(s.port, "alice"),
                           {p: v for p, v in got.items() if v})[:5], [],
              f"{name}: nothing lost, nothing twice")


def both_ends():
    d = server.temp_dir("stop")
    cases = [("greeting-from", "from", b"* OK"),
             ("list-from", "from", b"* LIST"),
             ("fetch-from", "from", b" FETCH ("),
             ("greeting-to", "to", b"* OK"),
             ("list-to", "to", b"* LIST"),
             ("append-to", "to", b"APPENDUID")]
    users = " ".join("u" + c[0] for c in cases)
    with server.Dovecot(d + "/dovecot", DOVECOT_USERS=users) as s:
        mail.fill(s.port, "alice", mail.corpus(12, seed=4, folders=FOLDERS),
                  empty=False, paths=[f[0] for f in FOLDERS])
        for name, end, word in cases:
            stopped(name, s, d, end, word)


def no_handshake():
    """A server that takes connections and says nothing: also before TLS."""
    d = server.temp_dir("stop")
    pw = program.secret(d + "/password")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        for end in ("from", "to"):
            maildir = f"{d}/maildir-{end}"
            for sub in ("cur", "new", "tmp"):
                os.makedirs(f"{maildir}/{sub}")
            ends = {"from": "maildir:" + maildir, "to": "maildir:" + maildir}
            ends[end] = f"imaps://alice@127.0.0.1:{port}/"
            r = program.Running("migrate", "--from", ends["from"], "--to",
                                ends["to"], "--password-file", pw, "--state",
                                f"{d}/state-tls-{end}")
            mute.settimeout(30)
            conn, _ = mute.accept()
            hello = conn.recv(1)  # its ClientHello: now it waits
            began = time.monotonic()
            os.kill(r.p.pid, signal.SIGTERM)
            r = r.wait(60)
            took = time.monotonic() - began
            conn.close()
            tap.equal(hello, b"\x16", f"{end}: TLS began")
            tap.ok(took < SOON, f"{end}: ends soon without a handshake",
                   f"{took:.1f} s, {r.rc}")


tap.run(both_ends, no_handshake)
