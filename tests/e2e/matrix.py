#!/usr/bin/env python3
"""IMAP to IMAP between real servers: content byte for byte, received dates,
flags, keywords, folders; a second run with nothing to do; the source as before.
2,000 messages, 20,000 with SOAK=1."""

import mail
import program
import server
import tap

N = 20000 if tap.SOAK else 2000
BIG = 30 << 20


def between(make_source, make_destination, name):
    d = server.temp_dir("matrix")
    with make_source(d + "/source") as s, make_destination(d + "/dest") as t:
        items = mail.corpus(N, seed=7, big=BIG)
        mail.fill(s.port, "alice", items)
        want = mail.read_imap(s.port, "alice")
        tap.equal(mail.compare(mail.snapshot_of(items), want)
                  if s.kind == "dovecot" else [], [], f"{name}: corpus is there")
        before = mail.status(s.port, "alice")
        pw = program.secret(d + "/password")
        args = ["--from", program.url(s), "--to", program.url(t),
                "--password-file", pw, "--state", d + "/state"]
        r = program.mailmig("migrate", *args, timeout=1200)
        tap.equal(r.rc, 0, f"{name}: exit status 0")
        if r.rc != 0:
            tap.note(r.err[-3000:])
        tap.note(f"{name}: {mail.count(want)} messages in {r.seconds:.2f} s")
        got = mail.read_imap(t.port, "alice")
        # servers make the parents of a folder, and folders of their own
        extra = [p for p in got if p not in want and not got[p]]
        for p in extra:
            del got[p]
        tap.equal(mail.compare(want, got)[:20], [],
                  f"{name}: every octet, date, flag and keyword")
        tap.equal(mail.status(s.port, "alice"), before,
                  f"{name}: source as before")
        program.check_books(d + "/state", f"{name}: first run",
                            found=mail.count(want), moved=mail.count(want))

        there = mail.status(t.port, "alice")
        r = program.mailmig("migrate", *args)
        tap.equal(r.rc, 0, f"{name}: second run: exit status 0")
        tap.ok(r.seconds < 2, f"{name}: second run under 2 s",
               f"{r.seconds:.2f} s")
        tap.equal(mail.status(t.port, "alice"), there,
                  f"{name}: second run changes nothing")
        program.check_books(d + "/state", f"{name}: second run", run=-1,
                            moved=0, found=mail.count(want))

        r = program.mailmig("verify", *args, timeout=1200)
        tap.equal(r.rc, 0, f"{name}: verify is clean")
        if r.rc != 0:
            tap.note(r.out[-2000:] + r.err[-2000:])
        # and verify does see what is wrong
        m = mail.login(t.port, "alice")
        m.select('"Archive/2020"')
        m.store("3", "+FLAGS", "(\\Deleted)")
        m.expunge()
        m.logout()
        r = program.mailmig("verify", *args, timeout=1200)
        tap.equal(r.rc, 2, f"{name}: verify sees a message that is gone")
        tap.ok("Archive/2020" in r.out + r.err,
               f"{name}: verify names the folder", r.out[-2000:] + r.err[-500:])
        tap.equal(mail.status(s.port, "alice"), before,
                  f"{name}: source as before after verify")


def dovecot_to_dovecot():
    between(server.Dovecot, server.Dovecot, "Dovecot to Dovecot")


def dovecot_to_cyrus():
    between(server.Dovecot, server.Cyrus, "Dovecot to Cyrus")


def cyrus_to_dovecot():
    between(server.Cyrus, server.Dovecot, "Cyrus to Dovecot")


def separators():
    """A dot on one side and a slash on the other; Cyrus below INBOX."""
    for name, make in (
            ("dot", lambda p: server.Dovecot(p, DOVECOT_SEP=".")),
            ("Cyrus without altnamespace",
             lambda p: server.Cyrus(p, CYRUS_SEP=".", CYRUS_ALT="no"))):
        d = server.temp_dir("matrix")
        try:
            with server.Dovecot(d + "/source") as s, make(d + "/dest") as t:
                items = mail.corpus(100, seed=3)
                mail.fill(s.port, "alice", items)
                want = mail.read_imap(s.port, "alice")
                pw = program.secret(d + "/password")
                r = program.mailmig(
                    "migrate", "--from", program.url(s), "--to",
                    program.url(t), "--password-file", pw, "--state",
                    d + "/state")
                tap.equal(r.rc, 0, f"separators: {name}: exit status 0")
                got = mail.read_imap(t.port, "alice")
                # below the personal namespace's prefix
                got = {p[1:] if len(p) > 1 and p[0] == "INBOX" and
                       p[1:] in want else p: v for p, v in got.items()}
                got = {p: v for p, v in got.items() if v or p in want}
                tap.equal(mail.compare(want, got), [],
                          f"separators: {name}: everything arrived")
        except tap.Skip as e:
            tap.skip(f"separators: {name}", str(e))


if __name__ == "__main__":
    tap.run(dovecot_to_dovecot, dovecot_to_cyrus, cyrus_to_dovecot, separators)
