#!/usr/bin/env python3
"""A second run over folders that changed: with QRESYNC the EXAMINE tells what,
with CONDSTORE a FETCH of what changed since, else every message's flags; the
result is the same."""
import mail
import program
import server
import tap
from proxy import Proxy, Reply

FOLDERS = [(("INBOX",), 30), (("Sent",), 12), (("Still",), 9)]


class Refused(Reply):
    """Offers QRESYNC and does not understand it."""
    told = False

    def line(self, text):
        tag, _, rest = text.partition(b" ")
        if b"[READ-ONLY]" in rest and tag != b"*" and not self.told:
            self.told = True
            return tag + b" BAD unknown parameter\r\n"
        return text


class NoModseq(Reply):
    """Says of each folder that it keeps no mod-sequences, RFC 7162 3.1.2.2."""

    def line(self, text):
        if text.startswith(b"* OK [HIGHESTMODSEQ"):
            return b"* OK [NOMODSEQ] none\r\n"
        return text


WAYS = [("QRESYNC", "", b"(QRESYNC (", (b"CHANGEDSINCE",)),
        ("CONDSTORE", "QRESYNC", b"(CHANGEDSINCE ", (b"QRESYNC",)),
        ("neither", "QRESYNC,CONDSTORE", b"UID FETCH 1:* (UID FLAGS)\r\n",
         (b"QRESYNC", b"CHANGEDSINCE")),
        ("QRESYNC refused", "", b"(CHANGEDSINCE ", ()),
        ("no mod-sequences", "", b"UID FETCH 1:* (UID FLAGS)\r\n", ())]
REPLIES = {3: Refused, 4: NoModseq}


def change(s, user):
    """Flags, keywords, one message removed, two new ones."""
    m = mail.login(s.port, user)
    m.select("INBOX")
    m.store("3:5", "+FLAGS", "(\\Flagged changed)")
    m.store("7", "FLAGS", "()")
    m.store("10", "+FLAGS", "(\\Deleted)")
    m.expunge()
    m.select("Sent")
    m.store("2", "-FLAGS", "(\\Seen)")
    m.logout()
    mail.fill(s.port, user, mail.corpus(2, seed=77, folders=[(("INBOX",), 1),
                                                            (("Sent",), 1)]),
              empty=False)


def second_run(make):
    d = server.temp_dir("changes")
    with make(d + "/source") as s, server.Dovecot(
            d + "/dest", DOVECOT_USERS="w0 w1 w2 w3 w4 f0 f1 f2") as t:
        user = "alice"
        mail.fill(s.port, user, mail.corpus(51, seed=41, folders=FOLDERS),
                  empty=False, paths=[f[0] for f in FOLDERS])
        before = mail.read_imap(s.port, user)
        pw = program.secret(d + "/password")
        with Proxy(s.port) as p:
            def args(i, filtered):
                hide = WAYS[i][1]
                user_ = f"{'f' if filtered else 'w'}{i}"
                a = ["migrate", "--from",
                     program.url(s, user, port=p.port, hide=hide), "--to",
                     program.url(t, user_), "--password-file", pw, "--state",
                     f"{d}/state-{user_}"]
                return a + (["--max-size", "900KiB"] if filtered else []), user_

            both = [(i, f) for i in range(len(WAYS)) for f in (False, True)
                    if i not in REPLIES or not f]
            for i, f in both:
                r = program.mailmig(*args(i, f)[0])
                tap.equal(r.rc, 0, f"{s.kind}: {WAYS[i][0]}: first run")
            change(s, user)
            want = mail.read_imap(s.port, user)
            # what was removed at the source stays where it went
            for path, list_ in before.items():
                there = [x.digest for x in want[path]]
                want[path] = sorted(want[path] + [
                    x for x in list_ if x.digest not in there],
                    key=mail.sort_key)
            want = {q: v for q, v in want.items() if v}
            old = {x.digest: x.flags for v in before.values() for x in v}
            changed = sum(x.flags != old.get(x.digest, x.flags)
                          for v in want.values() for x in v)
            tap.ok(changed > 2, f"{s.kind}: flags were changed", changed)
            for i, f in both:
                name, _, says, never = WAYS[i]
                name = f"{s.kind}: {name}{', filtered' if f else ''}"
                a, user_ = args(i, f)
                p.requests.clear()
                p.reply = REPLIES.get(i)
                r = program.mailmig(*a)
                said = p.said()
                tap.equal(r.rc, 0, f"{name}: exit status 0")
                if r.rc:
                    tap.note(r.err[-1000:])
                # a filter wants dates and sizes, which QRESYNC does not tell
                if not f:
                    tap.ok(says in said, f"{name}: is used", said[-800:])
                    tap.ok(not any(x in said for x in never),
                           f"{name}: and no more than that", said[-800:])
                if i < 2:
                    tap.ok(b"Still" not in said,
                           f"{name}: an unchanged folder is left alone")
                got = mail.read_imap(t.port, user_)
                tap.equal(mail.compare(want, {q: v for q, v in got.items()
                                              if v})[:5], [],
                          f"{name}: flags and new mail arrived")
                b = program.check_books(f"{d}/state-{user_}", name, run=-1,
                                        found=52, moved=2, failed=0)
                tap.equal(b.updated, changed, f"{name}: changed flags")


def dovecot():
    second_run(server.Dovecot)


def cyrus():
    second_run(server.Cyrus)


tap.run(dovecot, cyrus)
