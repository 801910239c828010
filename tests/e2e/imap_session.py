#!/usr/bin/env python3
"""The IMAP source alone, against real servers: every way in, every capability
hidden, second passes, what a server cannot give. IMAP_SESSION names the
program (tests/e2e/imap_session.c)."""
import collections
import os
import subprocess

import mail
import server
import tap

PROGRAM = os.path.abspath(os.environ.get(
    "IMAP_SESSION", os.path.join(os.path.dirname(__file__), "..", "..",
                                 "build", "tests", "e2e", "imap_session")))
FLAGS = {"\\Seen": 1, "\\Answered": 2, "\\Flagged": 4, "\\Deleted": 8,
         "\\Draft": 16}
Read = collections.namedtuple("Read", "rc lines total error")


def read(srv, user="alice", *args, password="secret", authuser=None,
         token=None, port=None, scheme="imap", host="127.0.0.1", ca=True,
         **options):
    env = dict(os.environ, IMAP_PASSWORD=password)
    if authuser:
        env["IMAP_AUTHUSER"] = authuser
    if token:
        env["IMAP_TOKEN_COMMAND"] = token
        del env["IMAP_PASSWORD"]
    if ca:
        options["ca-file"] = srv.cafile
    port = port or srv.port + (scheme == "imaps")
    q = "&".join(f"{k.replace('_', '-')}={v}" for k, v in options.items())
    p = subprocess.run(
        [PROGRAM, *args, f"{scheme}://{user}@{host}:{port}/?{q}"], env=env,
        capture_output=True, text=True, timeout=300)
    lines = [x.split("\t") for x in p.stdout.splitlines()]
    total = [list(map(int, x[1:])) for x in lines if x[0] == "total"]
    error = [x for x in lines if x[0] == "error"]
    if p.stderr:
        tap.note(p.stderr)
    return Read(p.returncode, lines, total[0] if total else None,
                error[0] if error else None)


def stamp(text):
    """ISO with zone to seconds UTC."""
    import datetime
    return int(datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp())


def of_lines(r):
    """{path text: sorted [(digest, length, received, flags)]}, also empty
    folders."""
    out = {}
    for x in r.lines:
        if x[0] == "folder":
            out.setdefault(x[1], [])
        elif x[0] == "message":
            flags = {f.lower() for f, bit in FLAGS.items()
                     if int(x[3], 16) & bit}
            flags |= {k.lower() for k in x[4].split(",") if k}
            out[x[1]].append((x[8], int(x[7]), stamp(x[5]),
                              tuple(sorted(flags))))
    return {k: sorted(v) for k, v in out.items()}


def truth(port, user="alice", password="secret"):
    out = {}
    for path, mails in mail.read_imap(port, user, password).items():
        text = "/".join(p.replace("%", "%25").replace("/", "%2F")
                        for p in path)
        out[text] = sorted(
            (m.digest if isinstance(m.digest, str) else m.digest.hex(),
             m.size, m.received, tuple(sorted(m.flags))) for m in mails)
    return out


def same(r, want, name):
    got = of_lines(r)
    if not tap.ok(r.rc == 0 and got == want, name, r.error or r.total):
        for k in sorted(set(got) | set(want)):
            if got.get(k) != want.get(k):
                a, b = got.get(k), want.get(k)
                tap.note(f"{k}: {a and len(a)} {b and len(b)}")
                if a and b:
                    tap.note(sorted(set(a) - set(b))[:2])
                    tap.note(sorted(set(b) - set(a))[:2])


def ends(r):
    return {x[1]: (int(x[2]), int(x[3])) for x in r.lines if x[0] == "end"}


def both():
    for cls in (server.Dovecot, server.Cyrus):
        try:
            with cls(server.temp_dir("session")) as s:
                yield s
        except tap.Skip as e:
            tap.skip(cls.kind, str(e))


def ways_in():
    for s in both():
        k = s.kind
        mail.fill(s.port, "alice", mail.corpus(120, seed=3))
        want = truth(s.port)
        same(read(s), want, f"{k}: plain text on loopback")
        same(read(s, scheme="imaps"), want, f"{k}: imaps")
        same(read(s, security="starttls"), want, f"{k}: STARTTLS")
        same(read(s, scheme="imaps", host="localhost"), want,
             f"{k}: imaps by name")
        same(read(s, compress="yes"), want, f"{k}: COMPRESS")
        same(read(s, compress="yes", scheme="imaps"), want,
             f"{k}: COMPRESS in TLS")
        for scheme, security in (("imaps", "auto"), ("imap", "starttls")):
            r = read(s, scheme=scheme, security=security, ca=False)
            tap.ok(r.rc == 2 and r.error[1] == "-4" and r.error[2] == "auth"
                   and "certificate refused" in r.error[4],
                   f"{k}: {scheme} refuses an unknown certificate", r)
        same(read(s, scheme="imaps", ca=False, insecure="yes"), want,
             f"{k}: insecure=yes takes it")
        for m in ("LOGIN", "PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"):
            same(read(s, mechanism=m), want, f"{k}: {m}")
            r = read(s, mechanism=m, password="wrong")
            tap.ok(r.rc == 2 and r.error[1] == "-2" and r.error[2] == "auth",
                   f"{k}: {m} with a wrong password", r)
        who = ("migrator", "migsecret") if k == "dovecot" else \
            ("cyrus", "cyrus")
        same(read(s, authuser=who[0], password=who[1]), want,
             f"{k}: migration account")
        tap.equal(truth(s.port), want, f"{k}: the source is as it was")


def tokens():
    with server.Dovecot(server.temp_dir("session")) as s:
        mail.fill(s.port, "alice", mail.corpus(30, seed=4))
        want = truth(s.port)
        good = f"{s.script} token {s.dir} alice"
        bad = f"{s.script} badtoken {s.dir} alice"
        for m in ("XOAUTH2", "OAUTHBEARER"):
            same(read(s, token=good, mechanism=m), want, m)
            same(read(s, token=good, mechanism=m, hide="SASL-IR"), want,
                 m + " without SASL-IR")
            r = read(s, token=bad, mechanism=m)
            tap.ok(r.rc == 2 and r.error[1] == "-2" and r.error[2] == "auth",
                   m + " with an expired token", r)
            once = os.path.join(s.dir, "once." + m)
            renewed = f"if [ -e {once} ]; then {good}; else touch {once}; " \
                f"{bad}; fi"
            same(read(s, token=renewed, mechanism=m), want,
                 m + " asks for a new token when refused")
        r = read(s, token="exit 3")
        tap.ok(r.rc == 2 and r.error[2] == "auth", "token command fails", r)


HIDE = ["SASL-IR", "ID", "ENABLE", "NAMESPACE", "SPECIAL-USE",
        "LIST-EXTENDED", "LIST-STATUS", "CONDSTORE QRESYNC", "QRESYNC",
        "ESEARCH", "LITERAL+", "UNSELECT", "STATUS=SIZE", "COMPRESS=DEFLATE",
        "SASL-IR ID ENABLE NAMESPACE SPECIAL-USE LIST-EXTENDED LIST-STATUS "
        "CONDSTORE QRESYNC ESEARCH LITERAL+ UNSELECT STATUS=SIZE "
        "COMPRESS=DEFLATE"]


def hidden():
    items = mail.corpus(60, seed=5)
    for caps in HIDE:
        with server.Dovecot(server.temp_dir("hide"),
                            DOVECOT_HIDE=caps) as s:
            m = mail.login(s.port, "alice")
            mail.fill(s.port, "alice", items) if "LITERAL+" not in caps \
                else slow_fill(m, items)
            m.logout()
            want = truth(s.port)
            known = os.path.join(s.dir, "known")
            name = "without " + (caps if len(caps) < 40 else "all of them")
            same(read(s, "alice", "--known", known), want, name)
            r = read(s, "alice", "--known", known)
            n = sum(map(len, want.values()))
            tap.ok(r.rc == 0 and r.total[0] == 0 and
                   sum(e[0] for e in ends(r).values()) == n,
                   name + ": again", (r.total, r.error))
            if "ID" in caps.split():
                continue
            same(read(s, hide=caps.replace(" ", ",")), want,
                 name + ", by option")


def slow_fill(m, items):
    made = {()}
    for i in items:
        sep = "/"
        wire = sep.join(mail.utf7(x) for x in i.path)
        if i.path not in made and wire != "INBOX":
            m.create(mail.quote(wire))
        made.add(i.path)
        typ, data = m.append(mail.quote(wire), "(" + " ".join(i.flags) + ")",
                             mail.internal_date(i.when, i.zone), i.octets)
        assert typ == "OK", data


def second_passes():
    for s in both():
        k = s.kind
        mail.fill(s.port, "alice", mail.corpus(150, seed=6))
        known = os.path.join(s.dir, "known")
        n = sum(map(len, truth(s.port).values()))
        r = read(s, "alice", "--known", known)
        tap.equal(r.total[:4], [n, 0, 0, 0], f"{k}: first pass")
        r = read(s, "alice", "--known", known)
        tap.equal(r.total[:4], [0, 0, 0, 0], f"{k}: nothing new, none read")
        tap.equal(sum(e[0] for e in ends(r).values()), n, f"{k}: all found")
        tap.equal(sum(e[1] for e in ends(r).values()), n,
                  f"{k}: all skipped")
        m = mail.login(s.port, "alice")
        m.select("INBOX")
        have = int(m.status("INBOX", "(MESSAGES)")[1][0].split()[-1]
                   .strip(b")"))
        m.store("2", "+FLAGS", "(\\Flagged New)")
        m.store("1,3", "+FLAGS", "(\\Deleted)")
        m.expunge()
        m.append("INBOX", "(\\Seen)", None, b"Subject: new\r\n\r\nnew\r\n")
        m.logout()
        r = read(s, "alice", "--known", known)
        tap.equal(r.total[0], 1, f"{k}: the new one")
        changed = [x for x in r.lines if x[0] == "known"]
        tap.ok(len(changed) == 1 and int(changed[0][3], 16) & 4 and
               "New" in changed[0][4], f"{k}: the changed flags", changed)
        tap.equal(ends(r)["INBOX"], (have - 1, have - 2),
                  f"{k}: found and skipped after an expunge")
        r = read(s, "alice", "--known", known)
        tap.equal(r.total[:4], [0, 0, 0, 0],
                  f"{k}: quiet again, although some have gone")
        m = mail.login(s.port, "alice")
        other = '"Lists/linux kernel"'
        tap.equal(m.delete(other)[0], "OK", f"{k}: a folder goes")
        m.create(other)
        m.append(other, "()", None, b"Subject: other\r\n\r\nother\r\n")
        m.logout()
        r = read(s, "alice", "--known", known)
        tap.ok(r.total[0] == 1 and ends(r)["Lists/linux kernel"] == (1, 0),
               f"{k}: another UIDVALIDITY", (r.total, ends(r)))


def cut_pass():
    """A past that ended in the middle: only what is missing is read."""
    for s in both():
        k = s.kind
        mail.fill(s.port, "alice", mail.corpus(150, seed=7))
        known = os.path.join(s.dir, "known")
        n = read(s, "alice", "--known", known).total[0]
        with open(known) as f:
            lines = [x for x in f if x.startswith("key")]
        with open(known, "w") as f:
            f.writelines(lines[::3])
        r = read(s, "alice", "--known", known)
        tap.equal(r.total[0], n - len(lines[::3]), f"{k}: the rest")
        tap.equal(r.total[1], len(lines[::3]), f"{k}: flags of the others")
        tap.equal(sum(e[0] for e in ends(r).values()), n, f"{k}: all found")


def filters():
    with server.Dovecot(server.temp_dir("filter")) as s:
        items = mail.corpus(200, seed=8)
        mail.fill(s.port, "alice", items)
        want = truth(s.port)
        flat = [(p, x) for p, v in want.items() for x in v]
        middle = sorted(x[2] for _, x in flat)[len(flat) // 2]
        r = read(s, "alice", "--since", str(middle))
        n = sum(x[2] >= middle for _, x in flat)
        tap.equal(r.total[:4], [n, 0, len(flat) - n, 0], "since")
        size = sorted(x[1] for _, x in flat)[len(flat) // 2]
        r = read(s, "alice", "--size", str(size))
        n = sum(x[1] <= size for _, x in flat)
        tap.equal(r.total[:4], [n, 0, len(flat) - n, 0], "size limit")
        n = sum("\\deleted" not in x[3] for _, x in flat)
        r = read(s, "alice", "--no-deleted")
        tap.equal(r.total[:4], [n, 0, len(flat) - n, 0], "without \\Deleted")
        r = read(s, "alice", "--exclude", "INBOX")
        n = len([1 for p, _ in flat if not p.startswith("INBOX")])
        tap.equal(r.total[0], n, "an excluded folder is not read")
        tap.equal(ends(r)["INBOX"][0], len(want["INBOX"]),
                  "but it is counted")
        r = read(s, "alice", "--parts", "3")
        same(r, want, "as one of several parts")


def unreadable():
    """Mail that the server lists and cannot give, and a folder that nobody
    may open: each is named, all else comes."""
    with server.Dovecot(server.temp_dir("unreadable")) as s:
        mail.fill(s.port, "alice", mail.corpus(60, seed=9))
        m = mail.login(s.port, "alice")
        m.create("Locked")
        m.append("Locked", "()", None, b"Subject: x\r\n\r\nx\r\n")
        m.logout()
        n = sum(map(len, truth(s.port).values()))
        base = s.mail_dir("alice")
        cur = os.path.join(base, "cur")
        victims = sorted(os.listdir(cur))[2:4]
        for v in victims:
            os.chmod(os.path.join(cur, v), 0)
        with open(os.path.join(base, ".Locked", "dovecot-acl"), "w") as f:
            f.write("owner l\n")
        s.own(base)
        r = read(s)
        failed = [x for x in r.lines if x[0] == "failed"]
        tap.ok(r.rc == 0, "the run goes on", r.error)
        tap.equal(len([x for x in failed if x[1] == "INBOX"]), 2,
                  "two messages are named")
        tap.equal(len([x for x in failed if x[1] == "Locked"]), 1,
                  "the folder is named")
        tap.equal(r.total and r.total[0], n - 3, "all else is read")
        tap.note(failed)


if __name__ == "__main__":
    tap.run(ways_in, tokens, hidden, second_passes, cut_pass, filters,
            unreadable)
