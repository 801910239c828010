#!/usr/bin/env python3
"""What goes wrong in the world: each time a clear sentence that names the mailbox
and what to do, the run goes on where it can, and nothing else is lost."""
import os
import random
import re
import shutil
import subprocess

import files
import mail
import program
import server
import tap
from proxy import Cut, Proxy, Reply

N = 60


def named(name, r, *words):
    """The sentences of a failed run."""
    for w in words:
        tap.ok(re.search(w, r.err + r.out, re.I), f"{name}: says '{w}'",
               r.err[-2000:])


def same(name, want, got):
    got = {p: v for p, v in got.items() if v or p in want}
    return tap.equal(mail.compare(want, got)[:5], [], name)


def trimmed(want, got):
    """got without empty folders that a server made."""
    return {p: v for p, v in got.items() if v or p in want}


def failures(state, run=-1):
    """The events of a run that tell of a message that failed."""
    list_ = program.runs(state)
    return [e for e in (list_[run] if list_ else [])
            if e["name"] in program.FAILED and int(e.get("failed", 0)) > 0]


def recovery(state):
    return [p for p in files.packing_lists(state)]


def wrong_password_of_one():
    name = "wrong password of one of three"
    d = server.temp_dir("bad")
    with server.Dovecot(d + "/s") as s, server.Dovecot(d + "/t") as t:
        want = {}
        for i, u in enumerate(("alice", "bob", "carol")):
            mail.fill(s.port, u, mail.corpus(20, seed=20 + i))
            want[u] = mail.read_imap(s.port, u)
        with open(d + "/accounts.csv", "w") as f:
            f.write("source,source_password,destination,destination_password\n"
                    "alice,secret,alice,secret\nbob,wrong,bob,secret\n"
                    "carol,secret,carol,secret\n")
        os.chmod(d + "/accounts.csv", 0o600)
        args = ["--from", program.url(s, None), "--to", program.url(t, None),
                "--accounts", d + "/accounts.csv", "--state", d + "/state",
                "--retry-pause", "1"]
        r = program.mailmig("migrate", *args)
        tap.equal(r.rc, 2, f"{name}: exit status 2")
        named(name, r, "bob", "password|log-?on|login|auth")
        for u in ("alice", "carol"):
            same(f"{name}: {u} arrived", want[u], mail.read_imap(t.port, u))
        tap.equal(mail.count(mail.read_imap(t.port, "bob")), 0,
                  f"{name}: nothing of bob")
        program.check_books(d + "/state", name, found=40, moved=40)
        bad = [e for e in program.runs(d + "/state")[-1]
               if e["level"] == "error" and e.get("mailbox") == "bob"]
        tap.equal(len(bad), 1, f"{name}: one event for bob")
        # put right, then resumed
        with open(d + "/accounts.csv", "w") as f:
            f.write("source,source_password,destination,destination_password\n"
                    "alice,secret,alice,secret\nbob,secret,bob,secret\n"
                    "carol,secret,carol,secret\n")
        r = program.mailmig("resume", "--state", d + "/state")
        tap.equal(r.rc, 0, f"{name}: resumed when it is right")
        if r.rc:
            tap.note(r.err[-1500:])
        same(f"{name}: then bob arrives", want["bob"],
             mail.read_imap(t.port, "bob"))


class CutInLiteral(Reply):
    """Drops the connection in the middle of the n-th large literal, on the
    connections that `when` names."""
    at = 3
    when = staticmethod(lambda number: True)

    def __init__(self, number):
        super().__init__(number)
        self.seen = 0

    def literal(self, data, done, length):
        if length > 1000 and done == 0:
            self.seen += 1
        if self.seen == self.at and self.when(self.number):
            raise Cut(data[:length // 2])
        return data


def cut_in_literal():
    d = server.temp_dir("bad")
    with server.Dovecot(d + "/s", DOVECOT_TLS="no") as s, \
            server.Dovecot(d + "/t") as t:
        mail.fill(s.port, "alice", mail.corpus(N, seed=30))
        mail.fill(s.port, "bob", mail.corpus(20, seed=31))
        want = {u: mail.read_imap(s.port, u) for u in ("alice", "bob")}
        pw = program.secret(d + "/password")

        name = "connection dropped in a literal, twice"

        class Twice(CutInLiteral):
            when = staticmethod(lambda number: number <= 2)

        with Proxy(s.port, Twice) as p:
            r = program.mailmig(
                "migrate", "--from", f"imap://alice@127.0.0.1:{p.port}/",
                "--to", program.url(t), "--password-file", pw, "--state",
                d + "/state", "--retry-pause", "1")
            tap.ok(r.rc in (0, 1), f"{name}: goes on", f"{r.rc} {r.err[-900:]}")
            tap.ok(p.connections >= 3, f"{name}: connected again",
                   p.connections)
        same(f"{name}: everything arrived, nothing twice", want["alice"],
             mail.read_imap(t.port, "alice"))
        program.check_books(d + "/state", name,
                            found=mail.count(want["alice"]))

        # always, for one of two mailboxes
        name = "connection always dropped in a literal"

        class Always(CutInLiteral):
            at = 1

        with Proxy(s.port, Always) as p:
            with open(d + "/accounts.csv", "w") as f:
                f.write("source,source_password,source_host,source_port,"
                        "destination,destination_password\n"
                        f"alice,secret,127.0.0.1,{p.port},carol,secret\n"
                        f"bob,secret,127.0.0.1,{s.port},dave,secret\n")
            os.chmod(d + "/accounts.csv", 0o600)
            r = program.mailmig(
                "migrate", "--from", "imap://127.0.0.1/", "--to",
                program.url(t, None), "--accounts", d + "/accounts.csv",
                "--state", d + "/state2", "--retries", "2", "--retry-pause",
                "1")
            tap.equal(r.rc, 2, f"{name}: exit status 2")
            named(name, r, "alice", "connection|closed|lost")
        same(f"{name}: the other mailbox arrived", want["bob"],
             mail.read_imap(t.port, "dave"))
        got = mail.read_imap(t.port, "carol")
        extra = [x for x in mail.compare(want["alice"], trimmed(
            want["alice"], got)) if "too many" in x or "became" in x]
        tap.equal(extra, [], f"{name}: no half message arrived")


class Busy(Reply):
    """Not now, says the first greeting; the second connection gets a BYE in the
    middle of a folder; from then on all is well."""

    def __init__(self, number):
        super().__init__(number)
        self.fetched = 0

    def line(self, text):
        if self.number == 1:
            raise Cut(b"* BYE [UNAVAILABLE] too many connections, try again\r\n")
        if self.number == 2 and b" FETCH " in text:
            self.fetched += 1
            if self.fetched == 4:
                raise Cut(b"* BYE server is going down\r\n")
        return text


def throttled():
    d = server.temp_dir("bad")
    with server.Dovecot(d + "/s", DOVECOT_TLS="no") as s:
        mail.fill(s.port, "alice", mail.corpus(N, seed=29))
        want = mail.read_imap(s.port, "alice")
        pw = program.secret(d + "/password")
        for side in ("source", "destination"):
            name = f"throttled {side}"
            with Proxy(s.port, Busy) as p:
                a, b = (p.port, s.port) if side == "source" else (s.port, p.port)
                who = "bob" if side == "source" else "carol"
                r = program.mailmig(
                    "migrate", "--from", f"imap://alice@127.0.0.1:{a}/", "--to",
                    f"imap://{who}@127.0.0.1:{b}/", "--password-file", pw,
                    "--state", f"{d}/state-{side}", "--retry-pause", "1")
                tap.ok(r.rc in (0, 1), f"{name}: waits and goes on",
                       f"{r.rc} {r.err[-1500:]}")
                tap.ok(p.connections >= (3 if side == "source" else 2),
                       f"{name}: connected again", p.connections)
            same(f"{name}: everything arrived, nothing twice", want,
                 mail.read_imap(s.port, who))
            program.check_books(f"{d}/state-{side}", name,
                                found=mail.count(want))


class Liar(Reply):
    """Says a wrong size for the n-th large literal; by is added to it."""
    by = 7
    at = 4

    def __init__(self, number):
        super().__init__(number)
        self.seen = 0

    def line(self, text):
        m = re.search(rb"\{(\d+)\}\r\n$", text)
        if m and int(m[1]) > 1000 and b"FETCH" in text:
            self.seen += 1
            if self.seen == self.at:
                return text[:m.start()] + b"{%d}\r\n" % (int(m[1]) + self.by)
        return text


class WrongSizes(Reply):
    """RFC822.SIZE is a hint, and often a wrong one."""

    def line(self, text):
        return re.sub(rb"RFC822\.SIZE (\d+)", lambda m: b"RFC822.SIZE %d" % (
            int(m[1]) * 2 // 3), text)


def lying_sizes():
    d = server.temp_dir("bad")
    with server.Dovecot(d + "/s", DOVECOT_TLS="no") as s, \
            server.Dovecot(d + "/t", DOVECOT_USERS="u0 u1 u2 u3 u4") as t:
        mail.fill(s.port, "alice", mail.corpus(N, seed=32))
        want = mail.read_imap(s.port, "alice")
        pw = program.secret(d + "/password")
        for i, (by, what) in enumerate(((7, "7 too many"), (-7, "7 too few"),
                                        (1 << 40, "a terabyte too many"))):
            name = f"literal size: {what}"

            class This(Liar):
                pass

            This.by = by
            with Proxy(s.port, This) as p:
                args = ["--from", f"imap://alice@127.0.0.1:{p.port}/?timeout=5",
                        "--to", program.url(t, f"u{i}"), "--password-file", pw,
                        "--state", f"{d}/state{i}", "--retries", "1",
                        "--retry-pause", "1"]
                r = program.mailmig("migrate", *args, timeout=120)
                tap.equal(r.rc, 2, f"{name}: exit status 2")
                named(name, r, "alice")
                got = trimmed(want, mail.read_imap(t.port, f"u{i}"))
                wrong = [x for x in mail.compare(want, got)
                         if "too many" in x or "became" in x]
                tap.equal(wrong, [], f"{name}: nothing altered arrived")
                p.reply = None
                r = program.mailmig("migrate", *args)
                tap.equal(r.rc, 0, f"{name}: mended: exit status 0")
                same(f"{name}: mended: all there, nothing twice", want,
                     mail.read_imap(t.port, f"u{i}"))
        with Proxy(s.port, WrongSizes) as p:
            name = "wrong RFC822.SIZE"
            r = program.mailmig(
                "migrate", "--from", f"imap://alice@127.0.0.1:{p.port}/",
                "--to", program.url(t, "u4"), "--password-file", pw,
                "--state", f"{d}/state4")
            tap.equal(r.rc, 0, f"{name}: the body is the truth")
            if r.rc:
                tap.note(r.err[-1500:])
        same(f"{name}: everything arrived", want, mail.read_imap(t.port, "u4"))


NAMES = ["a.b", "we%20ird", "semi;colon", "#hash", "CON", "x*y", "dot.",
         "Reports", "reports", "REPORTS", "a\\\\b", "q\\\"q", "sp ace ",
         "x|y<z>", "A&-B", "Gr&APwA3w-e"]


def folder_names():
    """Names illegal somewhere, and names that differ only in case."""
    d = server.temp_dir("bad")
    with server.Dovecot(d + "/s", DOVECOT_MAIL="mdbox") as s, \
            server.Dovecot(d + "/t", DOVECOT_SEP=".") as t, \
            server.Dovecot(d + "/u") as u:
        m = mail.login(s.port, "alice")
        for n, wire in enumerate(NAMES):
            typ, text = m.create(f'"{wire}"')
            assert typ == "OK", (wire, text)
            m.append(f'"{wire}"', "(\\Seen)", mail.internal_date(1400000000),
                     b"Subject: %d\r\n\r\nin %s\r\n" % (n, wire.encode()))
        m.logout()
        want = mail.read_imap(s.port, "alice")
        digests = {v[0].digest: p for p, v in want.items() if v}
        pw = program.secret(d + "/password")
        places = [("Dovecot with dots", program.url(t),
                   lambda: mail.read_imap(t.port, "alice")),
                  ("Dovecot", program.url(u),
                   lambda: mail.read_imap(u.port, "alice")),
                  ("Maildir", f"maildir:{d}/md",
                   lambda: program.read_maildir_dest(d + "/md")),
                  ("files", f"files:{d}/files",
                   lambda: program.read_files_dest(d + "/files"))]
        cyrus = None
        try:
            cyrus = server.Cyrus(d + "/c")
            places.append(("Cyrus", program.url(cyrus),
                           lambda: mail.read_imap(cyrus.port, "alice")))
        except tap.Skip as e:
            tap.skip("names: Cyrus", str(e))
        for name, to, read in places:
            name = "names: " + name
            state = f"{d}/state-{name.replace(' ', '-')}"
            args = ["--from", program.url(s), "--to", to, "--password-file",
                    pw, "--state", state]
            r = program.mailmig("migrate", *args)
            tap.ok(r.rc in (0, 1), f"{name}: no failure",
                   f"{r.rc} {r.err[-1500:]}")
            got = read()
            where = {x.digest: (p, len(v)) for p, v in got.items() for x in v}
            tap.equal(sorted(digests[x] for x in set(digests) - set(where)), [],
                      f"{name}: every message arrived")
            tap.equal([p for p, n in where.values() if n > 1], [],
                      f"{name}: no two folders became one")
            program.check_books(state, name, found=len(NAMES))
            changed = {digests[x]: where[x][0] for x in digests
                       if x in where and where[x][0] != digests[x]}
            told = {tuple(e.get("folder", ())) for e in program.events(state)
                    if e["name"] == "folder_renamed" or
                    e.get("code") == "FOLDER_RENAMED"}
            tap.equal(told, set(changed),
                      f"{name}: an event for each folder that was renamed")
            tap.note(f"{name}: {changed}")
            r = program.mailmig("migrate", *args)
            b = program.books(state, run=-1)
            tap.ok(r.rc in (0, 1) and b.moved == 0 and b.balanced(),
                   f"{name}: second pass moves nothing", f"{r.rc} {b}")
            tap.equal(mail.compare(got, read()), [],
                      f"{name}: second pass changes nothing")
        if cyrus:
            cyrus.stop()


def refused(name, d, source, want, culprits, to, read, pw,
            words, recover):
    """Everything but the culprits arrives; those are named once, kept in the
    recovery set, and come from there when the cause is gone."""
    args = ["--from", source, "--to", to, "--password-file", pw, "--state",
            f"{d}/state", "--retry-pause", "1"]
    r = program.mailmig("migrate", *args)
    tap.equal(r.rc, 2, f"{name}: exit status 2")
    if r.rc != 2:
        tap.note(r.err[-1500:])
    named(name, r, *words)
    rest = {p: [x for x in v if x.digest not in culprits]
            for p, v in want.items()}
    same(f"{name}: all others arrived", rest, read())
    fails = failures(d + "/state")
    tap.equal(len(fails), len(culprits), f"{name}: one event for each")
    tap.ok(all(e.get("mailbox") and e.get("folder") and e.get("reason")
               for e in fails), f"{name}: with mailbox, folder and reason",
           fails[:1])
    program.check_books(d + "/state", name, found=mail.count(want),
                        failed=len(culprits),
                        moved=mail.count(want) - len(culprits))
    sets = recovery(d + "/state")
    tap.equal(len(sets), 1, f"{name}: one recovery set")
    kept = {}
    for s in sets:
        for p, v in files.read(os.path.dirname(s)).items():
            for x in v:
                kept[x.digest] = (p, x)
    expected = {x.digest: (p, x) for p, v in want.items() for x in v
                if x.digest in culprits}
    tap.equal(kept, expected, f"{name}: the recovery set holds just those")
    if not sets:
        return
    to, read = recover()
    r = program.mailmig("import", sets[0], "--to", to, "--password-file", pw,
                        "--state", f"{d}/state-recovery")
    tap.equal(r.rc, 0, f"{name}: the recovery set can be imported")
    if r.rc:
        tap.note(r.err[-1500:])
    got = {x.digest for v in read().values() for x in v}
    tap.ok(set(culprits) <= got, f"{name}: and is all there then")


def too_big():
    name = "message larger than the destination takes"
    d = server.temp_dir("bad")
    with server.Dovecot(d + "/s") as s, \
            server.Dovecot(d + "/t", DOVECOT_MAX="150k") as t:
        items = mail.corpus(N, seed=33)
        for k in range(3):
            items.append(mail.Item(("Sent",), mail.message(
                random.Random(k), 9000 + k, "att", 300000), 1400000000 + k, 0,
                ["\\Seen"]))
        mail.fill(s.port, "alice", items)
        want = mail.read_imap(s.port, "alice")
        culprits = [mail.mail_of(i.octets, 0, []).digest for i in items[-3:]]
        before = mail.status(s.port, "alice")

        def recover():
            return f"maildir:{d}/md", \
                lambda: program.read_maildir_dest(d + "/md")

        refused(name, d, program.url(s), want, culprits, program.url(t),
                lambda: mail.read_imap(t.port, "alice"),
                program.secret(d + "/password"), ["alice", "Sent", "size|large"],
                recover)
        tap.equal(mail.status(s.port, "alice"), before, f"{name}: source as before")


def nul_in_message():
    name = "NUL in a message, to Cyrus"
    d = server.temp_dir("bad")
    with server.Dovecot(d + "/s") as s, server.Cyrus(d + "/t") as t:
        items = mail.corpus(N, seed=34)
        mail.fill(s.port, "alice", items)
        pw = program.secret(d + "/password")
        r = program.mailmig("migrate", "--from", program.url(s), "--to",
                            f"maildir:{d}/md", "--password-file", pw,
                            "--state", d + "/state-md")
        assert r.rc == 0, r.err
        root = program.maildir_root(d + "/md")
        octets = b"Subject: nul\r\n\r\nbefore\0after\r\n"
        path = os.path.join(root, "cur", "1400000000.M9P9.test:2,S")
        with open(path, "wb") as f:
            f.write(octets)
        os.utime(path, (1400000000, 1400000000))
        want = program.read_maildir_dest(d + "/md")

        def recover():
            return f"maildir:{d}/md2", \
                lambda: program.read_maildir_dest(d + "/md2")

        refused(name, d, f"maildir:{d}/md", want,
                [mail.mail_of(octets, 0, []).digest], program.url(t),
                lambda: mail.read_imap(t.port, "alice"), pw,
                ["alice", "INBOX", "NUL"], recover)


def full_quota():
    name = "full quota"
    d = server.temp_dir("bad")
    with server.Dovecot(d + "/s") as s, \
            server.Dovecot(d + "/t", DOVECOT_QUOTA="300K") as t:
        want = {}
        mail.fill(s.port, "alice", mail.corpus(150, seed=35))
        mail.fill(s.port, "bob", mail.corpus(15, seed=36))
        want = {u: mail.read_imap(s.port, u) for u in ("alice", "bob")}
        with open(d + "/accounts.csv", "w") as f:
            f.write("source,source_password,destination,destination_password\n"
                    "alice,secret,alice,secret\nbob,secret,bob,secret\n")
        os.chmod(d + "/accounts.csv", 0o600)
        r = program.mailmig(
            "migrate", "--from", program.url(s, None), "--to",
            program.url(t, None), "--accounts", d + "/accounts.csv", "--state",
            d + "/state", "--retry-pause", "1")
        tap.equal(r.rc, 2, f"{name}: exit status 2")
        named(name, r, "alice", "quota")
        same(f"{name}: the small mailbox arrived", want["bob"],
             mail.read_imap(t.port, "bob"))
        got = mail.read_imap(t.port, "alice")
        wrong = [x for x in mail.compare(want["alice"], got)
                 if "too many" in x or "became" in x]
        tap.equal(wrong, [], f"{name}: nothing altered, nothing twice")
        tap.ok(mail.count(got) > 0, f"{name}: what fits is there")
        b = program.books(d + "/state", -1)
        tap.equal(b.moved, mail.count(got) + 15, f"{name}: moved is what is there")
        t.stop()
        t.env["DOVECOT_QUOTA"] = "1G"
        t.start()
        r = program.mailmig("resume", "--state", d + "/state")
        tap.equal(r.rc, 0, f"{name}: goes on when there is room")
        if r.rc:
            tap.note(r.err[-1500:])
        same(f"{name}: then everything is there", want["alice"],
             mail.read_imap(t.port, "alice"))


def full_disk():
    d = server.temp_dir("bad")
    with server.Dovecot(d + "/s") as s:
        mail.fill(s.port, "alice", mail.corpus(150, seed=37))
        want = mail.read_imap(s.port, "alice")
        total = sum(x.size for v in want.values() for x in v)
        pw = program.secret(d + "/password")
        for kind in ("maildir", "files"):
            name = f"full disk, {kind}"
            mnt = f"{d}/mnt-{kind}"
            os.makedirs(mnt)
            p = subprocess.run(["mount", "-t", "tmpfs", "-o",
                                f"size={total // 2 // 4096 * 4}k", "tmpfs", mnt],
                               capture_output=True, text=True)
            if p.returncode:
                tap.skip(name, "no right to mount")
                continue
            try:
                args = ["--from", program.url(s), "--to", f"{kind}:{mnt}/to",
                        "--password-file", pw, "--state", f"{d}/st-{kind}",
                        "--retries", "0"]
                r = program.mailmig("migrate", *args)
                tap.equal(r.rc, 2, f"{name}: exit status 2")
                named(name, r, "alice|run", "space|full|room")
                if kind == "maildir":
                    got = program.read_maildir_dest(mnt + "/to")
                    wrong = [x for x in mail.compare(want, got)
                             if "too many" in x or "became" in x]
                    tap.equal(wrong, [], f"{name}: nothing half, nothing twice")
                    b = program.books(f"{d}/st-{kind}", -1)
                    tap.equal(b.moved, mail.count(got),
                              f"{name}: moved is what is there")
                else:
                    tap.equal(files.packing_lists(mnt), [],
                              f"{name}: no set that looks complete")
                subprocess.run(["mount", "-o", "remount,size=1g", mnt],
                               check=True)
                r = program.mailmig("migrate", *args)
                tap.equal(r.rc, 0, f"{name}: goes on when there is room")
                if r.rc:
                    tap.note(r.err[-1500:])
                got = program.read_maildir_dest(mnt + "/to") \
                    if kind == "maildir" else \
                    program.read_files_dest(mnt + "/to")
                same(f"{name}: then everything is there", want, got)
                program.check_books(f"{d}/st-{kind}", name, run=-1,
                                    found=mail.count(want))
            finally:
                subprocess.run(["umount", mnt])
        # the state directory's own disk
        name = "full disk, state"
        mnt = f"{d}/mnt-state"
        os.makedirs(mnt)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs",
                           mnt], capture_output=True).returncode:
            tap.skip(name, "no right to mount")
            return
        try:
            args = ["--from", program.url(s), "--to", f"maildir:{d}/to-state",
                    "--password-file", pw, "--state", mnt + "/state",
                    "--retries", "0"]
            r = program.mailmig("migrate", *args, timeout=60)
            tap.equal(r.rc, 2, f"{name}: exit status 2")
            named(name, r, "space|full|room|disk")
            subprocess.run(["mount", "-o", "remount,size=1g", mnt], check=True)
            r = program.mailmig("migrate", *args)
            tap.equal(r.rc, 0, f"{name}: goes on when there is room")
            if r.rc:
                tap.note(r.err[-1500:])
            same(f"{name}: then everything is there, nothing twice", want,
                 program.read_maildir_dest(d + "/to-state"))
        finally:
            subprocess.run(["umount", mnt])


def tree(root):
    """Every file: size, mode, time of change, content's time."""
    out = {}
    for base, dirs, names in os.walk(root):
        for n in dirs + names:
            st = os.lstat(os.path.join(base, n))
            out[os.path.relpath(os.path.join(base, n), root)] = (
                st.st_size if n in names else 0, st.st_mode, st.st_mtime_ns,
                st.st_ctime_ns, st.st_ino)
    return out


def read_only_source():
    d = server.temp_dir("bad")
    with server.Dovecot(d + "/s") as s:
        mail.fill(s.port, "alice", mail.corpus(N, seed=38))
        want = mail.read_imap(s.port, "alice")
        pw = program.secret(d + "/password")
        for kind in ("maildir", "files"):
            name = f"read-only source, {kind}"
            r = program.mailmig("migrate", "--from", program.url(s), "--to",
                                f"{kind}:{d}/{kind}", "--password-file", pw,
                                "--state", f"{d}/st0-{kind}")
            assert r.rc == 0, r.err
            before = tree(f"{d}/{kind}")
            ro = f"{d}/ro-{kind}"
            os.makedirs(ro)
            mounted = subprocess.run(
                ["mount", "--bind", f"{d}/{kind}", ro],
                capture_output=True).returncode == 0
            if mounted:
                subprocess.run(["mount", "-o", "remount,ro,bind", ro],
                               check=True)
            else:
                ro = f"{d}/{kind}"
                subprocess.run(["chmod", "-R", "a-w", ro], check=True)
                before = tree(ro)
            try:
                for i in (1, 2):
                    r = program.mailmig("migrate", "--from", f"{kind}:{ro}",
                                        "--to", f"maildir:{d}/from-{kind}",
                                        "--state", f"{d}/st1-{kind}")
                    tap.equal(r.rc, 0, f"{name}: pass {i}")
                    if r.rc:
                        tap.note(r.err[-1500:])
                same(f"{name}: everything arrived", want,
                     program.read_maildir_dest(f"{d}/from-{kind}"))
                tap.equal(tree(f"{d}/{kind}"), before,
                          f"{name}: not a byte, not a date has changed")
            finally:
                if mounted:
                    subprocess.run(["umount", ro])
                else:
                    subprocess.run(["chmod", "-R", "u+w", ro])


def missing_secondary():
    d = server.temp_dir("bad")
    with server.Dovecot(d + "/s") as s:
        want = {}
        for i, u in enumerate(("alice", "bob")):
            mail.fill(s.port, u, mail.corpus(30, seed=40 + i))
            want[u] = mail.read_imap(s.port, u)
        with open(d + "/accounts.csv", "w") as f:
            f.write("source,source_password\nalice,secret\nbob,secret\n")
        os.chmod(d + "/accounts.csv", 0o600)
        r = program.mailmig("extract", "--from", program.url(s, None), "--to",
                            f"files:{d}/files", "--accounts",
                            d + "/accounts.csv", "--state", d + "/state")
        tap.equal(r.rc, 0, "two mailboxes extracted")
        if r.rc:
            tap.note(r.err[-1500:])
            return
        secs = {}
        for base, _, names in os.walk(d + "/files"):
            for n in names:
                if n.upper().endswith(".SEC"):
                    path = os.path.join(base, n)
                    pri = path[:-4] + path[-4:].replace("SEC", "PRI").replace(
                        "sec", "pri")
                    with open(pri, "rb") as f:
                        who = "alice" if b"alice" in f.read().split(
                            b"MAILMESSAGE", 1)[1][:200] else "bob"
                    secs[who] = path
        tap.equal(sorted(secs), ["alice", "bob"], "a secondary file for each")
        for what in ("missing", "truncated"):
            name = f"{what} secondary file"
            copy = f"{d}/{what}"
            shutil.copytree(d + "/files", copy)
            sec = copy + secs["alice"][len(d + "/files"):]
            size = os.path.getsize(sec)
            if what == "missing":
                os.unlink(sec)
            else:
                os.truncate(sec, size // 2)
            args = [f"files:{copy}", "--to", f"maildir:{d}/to-{what}",
                    "--state", f"{d}/st-{what}"]
            r = program.mailmig("import", *args)
            tap.equal(r.rc, 2, f"{name}: exit status 2")
            named(name, r, "alice", os.path.basename(sec))
            got = program.read_maildir_dest(f"{d}/to-{what}", "bob")
            same(f"{name}: the other mailbox is complete", want["bob"], got)
            got = program.read_maildir_dest(f"{d}/to-{what}", "alice")
            wrong = [x for x in mail.compare(want["alice"], got)
                     if "too many" in x or "became" in x]
            tap.equal(wrong, [], f"{name}: nothing half arrived")
            if what == "truncated":
                tap.ok(0 < mail.count(got) < 30,
                       f"{name}: what is before the damage arrived",
                       mail.count(got))
            b = program.check_books(f"{d}/st-{what}", name, run=-1, found=60)
            tap.equal(b.failed, 30 - mail.count(got),
                      f"{name}: each row that fails is counted")
            tap.equal(len(failures(f"{d}/st-{what}")), b.failed,
                      f"{name}: and named once")
            # the set is copied again
            shutil.copyfile(secs["alice"], sec)
            r = program.mailmig("import", *args)
            tap.equal(r.rc, 0, f"{name}: complete set: exit status 0")
            if r.rc:
                tap.note(r.err[-1500:])
            same(f"{name}: complete set: everything arrived once",
                 want["alice"],
                 program.read_maildir_dest(f"{d}/to-{what}", "alice"))


if __name__ == "__main__":
    tap.run(wrong_password_of_one, cut_in_literal, throttled,
            lying_sizes, folder_names,
            too_big, nul_in_message, full_quota, full_disk, read_only_source,
            missing_secondary)
