#!/usr/bin/env python3
"""A server that stores what a killed run sent only after the resumed run has
looked and sent it again: a proxy holds the killed connection's octets back.
The second copies go where they are proven to be ours; a message of somebody
else stays, and is named."""
import threading
import time

import mail
import program
import server
import tap
from proxy import Proxy

FOLDERS = [(("INBOX",), 14), (("Archive",), 6)]
WAIT = 60  # seconds: longer than anything here needs


def until(what, condition):
    end = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("never came: " + what)
        time.sleep(0.02)


class Late(Proxy):
    """The first connection that sends APPEND is held from there on. gate() is
    called once, when a later one does so ("before": it is held meanwhile) or
    gets its answer ("after")."""

    def __init__(self, target, when):
        self.when, self.held, self.holder = when, bytearray(), None
        self.gate = lambda: None
        self.released = threading.Event()
        super().__init__(target)

    def _open(self):
        gate, self.gate = self.gate, lambda: None
        gate()

    def _up(self, client, server_, heard):
        try:
            while True:
                data = client.recv(1 << 16)
                if not data:
                    break
                at = data.find(b" APPEND ")
                if self.holder is None and at >= 0:
                    self.holder = heard
                    at = data.rfind(b"\n", 0, at) + 1
                    server_.sendall(data[:at])
                    data = data[at:]
                if self.holder is heard:
                    self.held += data
                    continue
                if at >= 0 and self.when == "before":
                    self._open()
                server_.sendall(data)
        except OSError:
            pass
        try:
            if self.holder is heard:
                self.released.wait(WAIT)
                server_.sendall(self.held)
        finally:
            self._drop_write(server_)

    @staticmethod
    def _drop_write(s):
        try:
            s.shutdown(1)
        except OSError:
            pass

    def _down(self, server_, client, reply):
        try:
            while True:
                data = server_.recv(1 << 16)
                if not data:
                    break
                if b"OK [APPENDUID" in data and self.when == "after":
                    self._open()
                try:
                    client.sendall(data)
                except OSError:
                    pass  # the killed one
            client.shutdown(1)
        except OSError:
            self._drop(client)


def stored(port, user):
    return mail.count(mail.read_imap(port, user))


def late(d, s, t, user, name, when, meanwhile=None, rc=0, **options):
    """Kill, resume, and what comes in between; returns its events."""
    pw = program.secret(d + "/password")
    want = mail.read_imap(s.port, "alice")
    n = mail.count(want)
    state = f"{d}/state-{name}"
    with Late(t.port, when) as p:
        args = ["--from", program.url(s), "--to",
                program.url(t, user, port=p.port, compress="no", settle=1,
                            **options),
                "--password-file", pw, "--state", state]
        octets = sum(m.size for v in want.values() for m in v)
        run = program.Running("migrate", *args)
        until("all of it sent", lambda: len(p.held) > octets and
              p.held.endswith(b"\r\n") and
              p.held.count(b"APPEND") >= 2)
        run.kill()
        run.wait()

        def release():
            p.released.set()
            until("the late ones stored", lambda: stored(t.port, user) >=
                  (n if when == "before" else n + 1))
        p.gate = meanwhile or release
        r = program.mailmig("resume", "--state", state)
        tap.equal(r.rc, rc, f"{name}: exit status")
        if r.rc != rc:
            tap.note(r.err[-2000:])
        tap.ok(p.released.is_set() or meanwhile, f"{name}: came late")
    program.check_books(state, name, run=-1)
    got = mail.read_imap(t.port, user)
    got = {q: v for q, v in got.items() if v or q in want}
    return state, want, got


def remarks(state, code):
    return [e for e in program.events(state) if e.get("code") == code]


def killed_and_late():
    d = server.temp_dir("late")
    with server.Dovecot(d + "/source") as s, \
            server.Dovecot(d + "/dest", DOVECOT_USERS="p q r s") as t, \
            server.Dovecot(d + "/plain", DOVECOT_USERS="p",
                           DOVECOT_HIDE="UIDPLUS") as u:
        items = mail.corpus(20, seed=17, folders=FOLDERS)
        mail.fill(s.port, "alice", items, empty=False,
                  paths=[f[0] for f in FOLDERS])
        for user, when in (("p", "before"), ("q", "after")):
            state, want, got = late(d, s, t, user, when, when)
            tap.equal(mail.compare(want, got)[:5], [],
                      f"{when}: nothing lost, nothing twice")
            told = remarks(state, "LATE_REMOVED")
            tap.ok(told and all(e["level"] == "info" for e in told),
                   f"{when}: told", remarks(state, "LATE_TWINS"))
        state, want, got = late(d, s, t, "r", "kept", "before", rc=1,
                                remove_late="no")
        tap.equal(mail.count(got), 2 * mail.count(want),
                  "kept: with remove-late=no nothing is removed")
        tap.equal(len(remarks(state, "LATE_TWINS")), len(FOLDERS),
                  "kept: one warning a folder")
        state, want, got = late(d, s, u, "p", "no UIDPLUS", "before", rc=1)
        tap.equal(mail.count(got), 2 * mail.count(want),
                  "no UIDPLUS: nothing is removed")
        tap.equal(len(remarks(state, "LATE_TWINS")), len(FOLDERS),
                  "no UIDPLUS: one warning a folder")

        # Somebody else puts copies there: of another date, with other flags,
        # once more than we sent it, and mail that is not ours at all.
        inbox = [i for i in items if i.path == ("INBOX",)]
        by = {}
        for i in inbox:
            by.setdefault(i.octets, []).append(i)
        lone = [v[0] for v in by.values() if len(v) == 1]
        others = [lone[0]._replace(when=lone[0].when + 1),
                  lone[1]._replace(flags=list(set(lone[1].flags) ^
                                              {"\\Flagged"})),
                  lone[2], lone[2],
                  lone[3]._replace(octets=lone[3].octets + b"other\r\n")]

        archive = [i for i in items if i.path == ("Archive",)]
        others.append(archive[2])  # in every detail, but not the first

        def somebody():
            mail.fill(t.port, "s", others, empty=False, paths=[])
        state, want, got = late(d, s, t, "s", "somebody", "before",
                                meanwhile=somebody, rc=1)
        both = mail.snapshot_of(items + others, empty=False)
        tap.equal(mail.compare(both, got)[:5], [],
                  "somebody: every message of theirs stays")
        told = {e["folder"][0]: e["reason"]
                for e in remarks(state, "LATE_TWINS")}
        tap.ok("4 messages" in told.get("INBOX", "") and
               "1 messages" in told.get("Archive", ""),
               "somebody: those that look like ours are named", told)
        tap.equal(remarks(state, "LATE_REMOVED"), [], "somebody: none removed")


tap.run(killed_and_late)
