#!/usr/bin/env python3
"""A second pass moves what is new and carries the source's own flag changes; what
people did at the destination meanwhile stays done."""
import re
import subprocess
import time

import mail
import program
import server
import tap


class Pair:
    """A source, a destination and a first pass between them."""

    def __init__(self, d, s, t, n=60):
        self.s, self.t, self.d = s, t, d
        self.items = mail.corpus(n, seed=4)
        mail.fill(s.port, "alice", self.items)
        self.args = ["--from", program.url(s), "--to", program.url(t),
                     "--password-file", program.secret(d + "/password"),
                     "--state", d + "/state"]
        r = program.mailmig("migrate", *self.args)
        tap.equal(r.rc, 0, "first pass")
        if r.rc:
            tap.note(r.err[-2000:])

    def again(self, name, rc=0):
        r = program.mailmig("migrate", *self.args)
        tap.equal(r.rc, rc, f"{name}: exit status {rc}")
        if r.rc != rc:
            tap.note(r.err[-2000:])
        return program.books(self.d + "/state", run=-1)


def by_digest(snapshot):
    return {x.digest: x for v in snapshot.values() for x in v}


def people_are_respected():
    d = server.temp_dir("second")
    with server.Dovecot(d + "/s") as s, server.Dovecot(d + "/t") as t:
        p = Pair(d, s, t)
        n = len(p.items)
        # the user works at the destination
        m = mail.login(t.port, "alice")
        m.select("INBOX")
        m.store("1", "-FLAGS", "(\\Seen \\Flagged $Label1)")
        m.store("2", "+FLAGS", "(\\Seen \\Flagged mine)")  # read
        m.copy("7", '"Archive/2019"')  # moved
        m.store("7", "+FLAGS", "(\\Deleted)")
        m.store("8", "+FLAGS", "(\\Deleted)")  # deleted
        m.expunge()
        m.create('"My own"')
        m.append('"My own"', "", None, b"Subject: mine\r\n\r\nmine\r\n")
        m.delete('"Caf&AOk- 100 #1"')  # a whole folder
        m.logout()
        here = mail.read_imap(t.port, "alice")
        b = p.again("second pass, nothing new")
        tap.ok(b.balanced(), "nothing new: books balance", b)
        tap.equal((b.moved, b.found), (0, n), "nothing new: none moved")
        tap.equal(mail.compare(here, mail.read_imap(t.port, "alice")), [],
                  "nothing that people did is undone")

        # the source goes on too: new mail, a flag on each of three
        m = mail.login(s.port, "alice")
        m.append("INBOX", "(\\Flagged)", mail.internal_date(1500000000),
                 b"Subject: new one\r\n\r\nnew\r\n")
        m.append('"Archive/2020"', "", mail.internal_date(1500000001),
                 b"Subject: new two\r\n\r\nnew\r\n")
        m.create('"New folder"')
        m.append('"New folder"', "", mail.internal_date(1500000002),
                 b"Subject: new three\r\n\r\nnew\r\n")
        m.select("INBOX")
        m.store("1", "+FLAGS", "(\\Answered late)")  # user unset others there
        m.store("2", "-FLAGS", "(\\Answered)")
        m.store("2", "+FLAGS", "($Forwarded)")
        m.store("8", "+FLAGS", "(\\Flagged)")  # gone at the destination
        m.store("9", "+FLAGS", "(\\Flagged)")
        m.store("9", "-FLAGS", "(\\Seen)")
        m.logout()
        source = mail.read_imap(s.port, "alice")
        before = mail.status(s.port, "alice")
        there = by_digest(here)
        b = p.again("third pass")
        tap.ok(b.balanced(), "third pass: books balance", b)
        tap.equal((b.found, b.moved), (n + 3, 3), "third pass: 3 new messages")
        got = mail.read_imap(t.port, "alice")
        tap.equal(len(got[("INBOX",)]), len(here[("INBOX",)]) + 1,
                  "INBOX has one more, the deleted ones stay away")
        tap.equal(len(got[("New folder",)]), 1, "a new folder")
        tap.ok(("Caf\u00e9 100 #1",) not in got or
               not got[("Caf\u00e9 100 #1",)],
               "a folder deleted by its user stays empty")
        inbox = [mail.mail_of(i.octets, i.when, i.flags) for i in p.items
                 if i.path == ("INBOX",)]
        now = by_digest(got)
        src = by_digest(source)
        for i in (0, 1, 8):
            x = inbox[i].digest
            # what changed at the source against what it was there before
            was = inbox[i].flags
            change_plus = src[x].flags - was
            change_minus = was - src[x].flags
            want = (there[x].flags | change_plus) - change_minus
            tap.equal(sorted(now[x].flags), sorted(want),
                      f"message {i + 1}: exactly the source's change")
            tap.ok(change_plus or change_minus, f"message {i + 1}: did change")
        tap.ok(inbox[7].digest not in [x.digest for x in got[("INBOX",)]],
               "a flag change does not bring a deleted message back")
        tap.equal(mail.status(s.port, "alice"), before, "source as before")
        tap.ok(b.updated >= 2, "flag changes are counted", b.updated)

        # and once more nothing
        b = p.again("fourth pass")
        tap.equal((b.moved, b.updated), (0, 0), "fourth pass: nothing")
        tap.equal(mail.compare(got, mail.read_imap(t.port, "alice")), [],
                  "fourth pass changes nothing")


def uidvalidity_changes():
    d = server.temp_dir("second")
    with server.Dovecot(d + "/s") as s, server.Dovecot(d + "/t") as t:
        p = Pair(d, s, t)
        got = mail.read_imap(t.port, "alice")
        # as after a restore of the source from its backup
        uidvalidity = mail.status(s.port, "alice")
        subprocess.run(["doveadm", "-c", s.dir + "/dovecot.conf", "mailbox",
                        "update", "-u", "alice", "--uid-validity", "77777",
                        "INBOX"], check=True)
        m = mail.login(s.port, "alice")
        m.delete('"Archive/2019"')
        m.create('"Archive/2019"')
        for i in p.items:
            if i.path == ("Archive", "2019"):
                m.append('"Archive/2019"', "(" + " ".join(i.flags) + ")",
                         mail.internal_date(i.when, i.zone), i.octets)
        m.append('"Archive/2019"', "", mail.internal_date(1500000000),
                 b"Subject: after the restore\r\n\r\nnew\r\n")
        m.logout()
        now = mail.status(s.port, "alice")
        for path in (("INBOX",), ("Archive", "2019")):
            a, b = (re.search(r"UIDVALIDITY (\d+)", x[path])[1]
                    for x in (uidvalidity, now))
            tap.ok(a != b, f"UIDVALIDITY of {'/'.join(path)} did change", a)
        b = p.again("after the source's UIDVALIDITY changed")
        tap.ok(b.balanced(), "UIDVALIDITY: books balance", b)
        now = mail.read_imap(t.port, "alice")
        tap.equal(mail.compare(mail.read_imap(s.port, "alice"),
                               {k: v for k, v in now.items()}), [],
                  "UIDVALIDITY: nothing twice, the new message there")
        tap.equal(mail.count(now), mail.count(got) + 1,
                  "UIDVALIDITY: one message more")
        tap.equal(b.moved, 1, "UIDVALIDITY: one message moved")


def filters():
    d = server.temp_dir("second")
    with server.Dovecot(d + "/s", DOVECOT_USERS="") as s, \
            server.Dovecot(d + "/t") as t:
        items = mail.corpus(60, seed=12)
        mail.fill(s.port, "alice", items)
        m = mail.login(s.port, "alice")
        m.select("Sent")
        m.store("1:2", "+FLAGS", "(\\Deleted)")
        m.logout()
        src = mail.read_imap(s.port, "alice")
        whole = [(p, x) for p, v in src.items() for x in v]
        pw = program.secret(d + "/password")
        since = sorted(x.received for p, x in whole)[20]
        day = since - since % 86400
        text = time.strftime("%Y-%m-%d", time.gmtime(day))
        cases = [
            ("since", ["--since", text], lambda p, x: x.received >= day),
            ("until", ["--until", text], lambda p, x: x.received < day),
            ("size", ["--max-size", "10000"], lambda p, x: x.size <= 10000),
            ("include", ["--include", "Archive*"],
             lambda p, x: p[0] == "Archive"),
            ("exclude", ["--exclude", "Trash", "--exclude", "Projects"],
             lambda p, x: p[0] not in ("Trash", "Projects")),
            ("deleted", ["--no-deleted"],
             lambda p, x: "\\deleted" not in x.flags),
        ]
        for (name, args, keep), user in zip(
                cases, ["alice", "bob", "carol", "dave", None, None]):
            to = program.url(t, user) if user else f"maildir:{d}/{name}"
            r = program.mailmig("migrate", "--from", program.url(s), "--to", to,
                                "--password-file", pw, "--state",
                                f"{d}/state-{name}", *args,
                                env={"TZ": "UTC"})
            want = {}
            for p, x in whole:
                if keep(p, x):
                    want.setdefault(p, []).append(x)
            got = mail.read_imap(t.port, user) if user else \
                program.read_maildir_dest(f"{d}/{name}")
            got = {p: v for p, v in got.items() if v}
            tap.equal(r.rc, 0, f"{name}: exit status 0")
            if r.rc:
                tap.note(r.err[-1500:])
            tap.equal(mail.compare(want, got)[:5], [], f"{name}: what it says")
            tap.ok(0 < mail.count(want) < len(whole), f"{name}: leaves some out")
            b = program.check_books(f"{d}/state-{name}", name,
                                    found=len(whole), moved=mail.count(want))
            tap.equal(b.filtered, len(whole) - mail.count(want),
                      f"{name}: filtered counted")
        # folder map
        with open(d + "/map.csv", "w") as f:
            f.write("Archive/2019,Old/Nineteen\nSent,Gesendet\n")
        r = program.mailmig("migrate", "--from", program.url(s), "--to",
                            f"maildir:{d}/map", "--password-file", pw,
                            "--state", d + "/state-map", "--folder-map",
                            d + "/map.csv")
        tap.equal(r.rc, 0, "folder map: exit status 0")
        got = program.read_maildir_dest(d + "/map")
        want = {{("Archive", "2019"): ("Old", "Nineteen"),
                 ("Sent",): ("Gesendet",)}.get(p, p): v
                for p, v in src.items()}
        got = {p: v for p, v in got.items() if v or p in want}
        tap.equal(mail.compare(want, got)[:5], [], "folder map: as it says")


if __name__ == "__main__":
    tap.run(people_are_respected, uidvalidity_changes, filters)
