#!/usr/bin/env python3
"""A destination that hangs up whenever it sees certain messages: each of them
is one failed item with that reason, in the recovery set; all others arrive,
once; the books balance."""
import re
import socket

import mail
import program
import server
import tap
from proxy import Proxy

FOLDERS = [(("INBOX",), 40), (("Sent",), 25), (("Archive",), 30)]


class Filter(Proxy):
    """Cuts where the client's stream holds a marker."""
    markers = ()
    cuts = 0

    def _up(self, client, server_, heard):
        tail = b""
        try:
            while True:
                data = client.recv(1 << 16)
                if not data:
                    break
                tail = tail[-100:] + data
                if any(m in tail for m in self.markers):
                    self.cuts += 1
                    self._drop(client)
                    self._drop(server_)
                    return
                server_.sendall(data)
            server_.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(server_)


def moved(s, t, d, name, user, markers, **options):
    pw = program.secret(d + "/password")
    items = mail.read_imap(s.port, "alice")
    n = mail.count(items)
    state = f"{d}/state-{name}"
    with Filter(t.port) as p:
        p.markers = markers
        args = ["--from", program.url(s), "--to",
                program.url(t, user, port=p.port, compress="no",
                            **options),
                "--password-file", pw, "--state", state]
        r = program.mailmig("migrate", *args, timeout=280)
        tap.equal(r.rc, 2, f"{name}: exit status of failed items")
        if r.rc != 2:
            tap.note(r.err[-1500:])
        tap.note(f"{name}: {p.cuts} cuts, {r.seconds:.0f} s")
        k = len(markers)
        b = program.check_books(state, name, found=n, failed=k)
        tap.equal(b.moved + b.there, n - k, f"{name}: moved, or there")
        reasons = [e.get("reason", "") for e in program.events(state)
                   if e["name"] == "message_failed"]
        tap.ok(len(reasons) == k and
               all("the connection ends" in x for x in reasons),
               f"{name}: the reason is said", reasons)

        def lacking():
            got = mail.read_imap(t.port, user)
            return mail.compare(items, {q: v for q, v in got.items() if v})
        diff = lacking()
        tap.ok(len(diff) == k and all("missing" in x for x in diff),
               f"{name}: all others are there, once", diff[:6])
        # the filter is repaired: the next run brings the rest
        p.markers = ()
        r = program.mailmig("migrate", *args)
        tap.equal(r.rc, 0, f"{name}: without the filter")
        tap.equal(lacking()[:5], [], f"{name}: then all is there")


def hangs_up():
    d = server.temp_dir("hangup")
    with server.Dovecot(d + "/source") as s, \
            server.Dovecot(d + "/dest", DOVECOT_USERS="p q r") as t:
        items = mail.corpus(95, seed=31, folders=FOLDERS)
        bad = {}
        for i in (11, 30, 50, 94):
            mark = b"X-Mark: poison-%d" % i
            octets = mark + b"\r\n" + items[i].octets
            items[i] = items[i]._replace(octets=octets)
            bad[i] = mark
        # one that travels alone
        items[60] = items[60]._replace(
            octets=items[60].octets + b"filler " * 20000 +
            b"\r\nX-Mark: poison-big\r\n")
        mail.fill(s.port, "alice", items, empty=False,
                  paths=[f[0] for f in FOLDERS])
        moved(s, t, d, "one", "p", [bad[30]])
        moved(s, t, d, "several", "q", list(bad.values()))
        moved(s, t, d, "a large one", "r", [b"X-Mark: poison-big"],
              batch_bytes="64KiB")


def without_uidplus():
    """UIDs are asked for later here, so the culprit is not singled out: the
    mailbox is given up and named, and nothing is lost or twice."""
    name = "without UIDPLUS"
    d = server.temp_dir("hangup")
    with server.Dovecot(d + "/source") as s, \
            server.Dovecot(d + "/dest", DOVECOT_HIDE="UIDPLUS") as t:
        items = mail.corpus(95, seed=31, folders=FOLDERS)
        mark = b"X-Mark: poison"
        items[70] = items[70]._replace(
            octets=mark + b"\r\n" + items[70].octets)
        mail.fill(s.port, "alice", items, empty=False,
                  paths=[f[0] for f in FOLDERS])
        want = mail.read_imap(s.port, "alice")
        with Filter(t.port) as p:
            p.markers = [mark]
            args = ["--from", program.url(s), "--to",
                    program.url(t, port=p.port, compress="no"),
                    "--password-file", program.secret(d + "/password"),
                    "--state", d + "/state", "--retries", "1",
                    "--retry-pause", "1"]
            r = program.mailmig("migrate", *args, timeout=120)
            tap.equal(r.rc, 2, f"{name}: exit status 2")
            tap.ok(re.search(r"error: mailbox alice given up: .*connection",
                             r.err), f"{name}: the mailbox and why",
                   r.err[-1500:])
            tap.ok("mailmig resume" in r.err, f"{name}: and what to do",
                   r.err[-1500:])
            tap.note(r.err)
            program.check_books(d + "/state", name)
            got = mail.read_imap(t.port, "alice")
            tap.ok(0 < mail.count(got) < len(items),
                   f"{name}: a part is there", mail.count(got))
            p.markers = ()
            r = program.mailmig("resume", "--state", d + "/state")
            tap.ok(r.rc == 0, f"{name}: without the filter", r.err[-1500:])
            got = mail.read_imap(t.port, "alice")
            tap.equal(mail.compare(want, {q: v for q, v in got.items() if v})
                      [:5], [], f"{name}: then all is there, once")


tap.run(hangs_up, without_uidplus)
