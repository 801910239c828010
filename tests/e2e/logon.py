#!/usr/bin/env python3
"""Both ends of a mailbox are logged on to at the same time; whose fault it is
that one cannot be opened is said all the same."""
import re
import threading

import mail
import program
import server
import tap
from proxy import Proxy

WAIT = 20  # seconds after which nobody comes any more


class Held(Proxy):
    """A server that is deaf until a certain thing has happened."""
    until = None
    reached = None
    happened = False

    def _down(self, server_, client, reply):
        self.reached.set()
        self.happened = self.until.wait(WAIT)
        super()._down(server_, client, reply)


def together():
    d = server.temp_dir("logon")
    pw = program.secret(d + "/password")
    bad = program.secret(d + "/bad", "wrong")
    name = "both at a time"
    with server.Dovecot(d + "/a", DOVECOT_USERS="alice") as s, \
            server.Dovecot(d + "/b", DOVECOT_USERS="alice") as t:
        items = mail.corpus(20, seed=3)
        mail.fill(s.port, "alice", items)
        # each answers only once the other is connected to
        with Held(s.port) as p, Held(t.port) as q:
            p.reached = q.until = threading.Event()
            q.reached = p.until = threading.Event()
            r = program.mailmig(
                "migrate", "--from", program.url(s, port=p.port), "--to",
                program.url(t, port=q.port), "--password-file", pw,
                "--state", d + "/state")
            tap.ok(p.happened and q.happened,
                   f"{name}: neither waits for the other's answer")
        tap.equal(r.rc, 0, f"{name}: moved")
        program.check_books(d + "/state", name, found=20, moved=20)

        def refused(name, sides, source_pw, dest_pw):
            state = d + "/state-" + name.replace(" ", "-")
            r = program.mailmig(
                "migrate", "--from", program.url(s), "--to", program.url(t),
                "--source-password-file", source_pw, "--dest-password-file",
                dest_pw, "--state", state)
            tap.equal(r.rc, 2, f"{name}: exit status 2")
            told = [e for e in program.events(state)
                    if e["level"] == "error" and "side" in e]
            tap.equal([e["side"] for e in told], sides,
                      f"{name}: told once, and of whom")
            tap.equal(len(re.findall("^.*error: ", r.err, re.M)), len(sides),
                      f"{name}: one line of error")

        refused("source refuses", ["source"], bad, pw)
        refused("destination refuses", ["destination"], pw, bad)
        refused("both refuse", ["source"], bad, bad)


if __name__ == "__main__":
    tap.run(together)
