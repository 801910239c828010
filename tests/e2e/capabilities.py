#!/usr/bin/env python3
"""Each capability hidden in turn at either end; every way to log on; TLS."""
import re

import mail
import program
import server
import tap
from proxy import Proxy

# A capability, and what must not be said to a server that does not offer it.
CAPABILITIES = [
    ("LITERAL+", rb"\{\d+\+\}\r\n"),
    ("MULTIAPPEND", None),  # counted: one APPEND for each message
    ("UIDPLUS", rb"UID EXPUNGE"),
    ("NAMESPACE", rb"(?m)^\S+ NAMESPACE"),
    ("SPECIAL-USE", rb"SPECIAL-USE"),
    ("LIST-EXTENDED", rb"LIST \(|LIST [^\r\n]*RETURN"),
    ("LIST-STATUS", rb"LIST [^\r\n]*RETURN [^\r\n]*STATUS"),
    ("CONDSTORE QRESYNC", rb"(?i)MODSEQ|CONDSTORE|QRESYNC|CHANGEDSINCE"),
    ("QRESYNC", rb"QRESYNC|VANISHED"),
    ("ESEARCH", rb"SEARCH RETURN"),
    ("ENABLE", rb"(?m)^\S+ ENABLE"),
    ("ID", rb"(?m)^\S+ ID "),
    ("SASL-IR", rb"AUTHENTICATE \S+ [A-Za-z0-9+/=]{4}"),
    ("COMPRESS=DEFLATE", rb"COMPRESS"),
    ("UNSELECT", rb"UNSELECT"),
    ("STATUS=SIZE", rb"STATUS [^\r\n]*\bSIZE\b"),
    ("LITERAL+ MULTIAPPEND UIDPLUS", rb"\{\d+\+\}\r\n"),
    ("LITERAL+ MULTIAPPEND UIDPLUS NAMESPACE SPECIAL-USE LIST-EXTENDED "
     "LIST-STATUS CONDSTORE QRESYNC ESEARCH ENABLE ID SASL-IR "
     "COMPRESS=DEFLATE UNSELECT STATUS=SIZE CHILDREN MOVE", None),
]
N = 40


def hidden():
    d = server.temp_dir("caps")
    users = " ".join(f"u{i}" for i in range(2 * len(CAPABILITIES)))
    with server.Dovecot(d + "/all", DOVECOT_TLS="no", DOVECOT_USERS=users) as a:
        items = mail.corpus(N, seed=2)
        mail.fill(a.port, "alice", items)
        want = mail.read_imap(a.port, "alice")
        pw = program.secret(d + "/password")
        for i, (caps, never) in enumerate(CAPABILITIES):
            short = caps if len(caps) < 60 else "all of them"
            with server.Dovecot(f"{d}/h{i}", DOVECOT_TLS="no",
                                DOVECOT_HIDE=caps) as h:
                mail.fill(h.port, "bob", items)
                for side in ("destination", "source"):
                    name = f"without {short} at the {side}"
                    with Proxy(h.port) as proxy:
                        if side == "destination":
                            s, t, who = a.port, proxy.port, "alice"
                            to, at = "alice", h.port
                        else:
                            s, t, who = proxy.port, a.port, "bob"
                            to, at = f"u{i}", a.port
                        args = [
                            "--from", f"imap://{who}@127.0.0.1:{s}/",
                            "--to", f"imap://{to}@127.0.0.1:{t}/",
                            "--password-file", pw, "--state",
                            f"{d}/state-{i}-{side}"]
                        r = program.mailmig("migrate", *args)
                        tap.equal(r.rc, 0, f"{name}: exit status 0")
                        if r.rc:
                            tap.note(r.err[-1500:])
                        got = mail.read_imap(at, to)
                        got = {p: v for p, v in got.items() if v or p in want}
                        tap.equal(mail.compare(want, got)[:5], [],
                                  f"{name}: everything arrived")
                        r = program.mailmig("migrate", *args)
                        b = program.books(f"{d}/state-{i}-{side}", run=-1)
                        tap.ok(r.rc == 0 and b.moved == 0 and b.balanced(),
                               f"{name}: second pass moves nothing",
                               f"{r.rc} {b}")
                        said = proxy.said()
                        if never:
                            m = re.search(never, said)
                            tap.ok(m is None, f"{name}: not used",
                                   m and said[max(0, m.start() - 100):
                                              m.end() + 50])
                        if "MULTIAPPEND" in caps and side == "destination":
                            n = len(re.findall(rb"(?m)^\S+ APPEND ", said))
                            tap.equal(n, N, f"{name}: an APPEND each")


def compressed():
    d = server.temp_dir("caps")
    with server.Dovecot(d + "/s", DOVECOT_TLS="no") as s:
        mail.fill(s.port, "alice", mail.corpus(N, seed=2))
        want = mail.read_imap(s.port, "alice")
        pw = program.secret(d + "/password")
        with Proxy(s.port) as a, Proxy(s.port) as b:
            r = program.mailmig(
                "migrate", "--from",
                f"imap://alice@127.0.0.1:{a.port}/?compress=yes", "--to",
                f"imap://bob@127.0.0.1:{b.port}/?compress=yes",
                "--password-file", pw, "--state", d + "/state")
            tap.equal(r.rc, 0, "COMPRESS: exit status 0")
            if r.rc:
                tap.note(r.err[-1500:])
            tap.ok(b"COMPRESS DEFLATE" in a.said(), "COMPRESS: at the source")
            tap.ok(b"COMPRESS DEFLATE" in b.said(),
                   "COMPRESS: at the destination")
            tap.ok(b"APPEND" not in b.said(), "COMPRESS: the rest is packed")
        got = mail.read_imap(s.port, "bob")
        got = {p: v for p, v in got.items() if v or p in want}
        tap.equal(mail.compare(want, got)[:5], [], "COMPRESS: all arrived")


def log_on():
    d = server.temp_dir("caps")
    pw = program.secret(d + "/password")
    mig = program.secret(d + "/migpassword", "migsecret")
    bad = program.secret(d + "/badpassword", "wrong")
    users = " ".join(f"u{i}" for i in range(30))
    with server.Dovecot(d + "/s", DOVECOT_TLS="no", DOVECOT_USERS=users) as s:
        items = mail.corpus(12, seed=2)
        mail.fill(s.port, "alice", items)
        want = mail.read_imap(s.port, "alice")
        n = 0

        def attempt(name, port, args, said, rc=0, query=""):
            """Move alice's mail to somebody new through a recording proxy."""
            nonlocal n
            n += 1
            with Proxy(port) as p:
                r = program.mailmig(
                    "migrate", "--from",
                    f"imap://alice@127.0.0.1:{p.port}/{query}", "--to",
                    f"maildir:{d}/to{n}", "--state", f"{d}/state{n}",
                    "--retries", "0", *args)
                tap.equal(r.rc, rc, f"{name}: exit status {rc}")
                if r.rc != rc:
                    tap.note(r.err[-1500:])
                if said:
                    tap.ok(re.search(said, p.said()), f"{name}: used",
                           p.said()[:300])
            if rc == 0:
                got = program.read_maildir_dest(f"{d}/to{n}")
                got = {q: v for q, v in got.items() if v or q in want}
                tap.equal(mail.compare(want, got)[:5], [],
                          f"{name}: all arrived")
            return r

        attempt("best of all", s.port, ["--password-file", pw],
                rb"AUTHENTICATE SCRAM-SHA-256|LOGIN|AUTHENTICATE PLAIN")
        attempt("migration account", s.port,
                ["--source-auth-user", "migrator", "--source-password-file",
                 mig], rb"AUTHENTICATE PLAIN")
        token = f"{s.script} token {s.dir} alice"
        r = attempt("wrong password", s.port, ["--password-file", bad], None, 2)
        tap.ok("alice" in r.err, "wrong password: names the mailbox", r.err)
        tap.ok("wrong" not in r.err.replace("wrong password", ""),
               "wrong password: does not show it", r.err)
        r = attempt("wrong migration account", s.port,
                    ["--source-auth-user", "migrator", "--source-password-file",
                     bad], None, 2)
        attempt("LOGIN", s.port, ["--password-file", pw],
                rb"(?m)^\S+ (LOGIN|AUTHENTICATE LOGIN)",
                query="?mechanism=LOGIN")
        for mech, said, args in (
                ("plain", rb"AUTHENTICATE PLAIN", ["--password-file", pw]),
                ("scram-sha-256", rb"AUTHENTICATE SCRAM-SHA-256",
                 ["--password-file", pw]),
                ("xoauth2", rb"AUTHENTICATE XOAUTH2",
                 ["--token-command", token]),
                ("oauthbearer", rb"AUTHENTICATE OAUTHBEARER",
                 ["--token-command", token])):
            with server.Dovecot(f"{d}/{mech}", DOVECOT_TLS="no",
                                DOVECOT_AUTH=mech) as one:
                mail_fill_direct(one, items)
                if "oauth" in mech:
                    args = ["--token-command",
                            f"{one.script} token {one.dir} alice"]
                attempt(mech.upper(), one.port, args, said)
                if "oauth" in mech:
                    r = attempt(mech.upper() + " expired", one.port,
                                ["--token-command",
                                 f"{one.script} badtoken {one.dir} alice"],
                                None, 2)
                    tap.ok("alice" in r.err,
                           f"{mech.upper()} expired: names the mailbox", r.err)
                elif mech == "scram-sha-256":
                    attempt("SCRAM-SHA-256 wrong password", one.port,
                            ["--password-file", bad], said, 2)
        # and at the destination
        for name, args in (
                ("migration account", ["--dest-auth-user", "migrator",
                                       "--dest-password-file", mig]),
                ("token", ["--dest-token-command",
                           f"{s.script} token {s.dir} bob"])):
            n += 1
            who = "carol" if name == "migration account" else "bob"
            r = program.mailmig(
                "migrate", "--from", f"imap://alice@127.0.0.1:{s.port}/",
                "--source-password-file", pw, "--to",
                f"imap://{who}@127.0.0.1:{s.port}/", *args, "--state",
                f"{d}/state{n}")
            tap.equal(r.rc, 0, f"destination, {name}: exit status 0")
            if r.rc:
                tap.note(r.err[-1500:])
            got = mail.read_imap(s.port, who)
            got = {p: v for p, v in got.items() if v or p in want}
            tap.equal(mail.compare(want, got)[:5], [],
                      f"destination, {name}: all arrived")


def mail_fill_direct(one, items):
    """A server that takes no LOGIN from imaplib: fill it through the disk."""
    import os
    root = one.mail_dir("alice")
    names = {"\\Seen": "S", "\\Answered": "R", "\\Flagged": "F", "\\Draft": "D"}
    for p in sorted(set(i.path for i in items) |
                    set(f[0] for f in mail.FOLDERS)):
        name = "" if p == ("INBOX",) else \
            "." + ".".join(mail.utf7(x) for x in p)
        for sub in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(root, name, sub), exist_ok=True)
        with open(os.path.join(root, name, "dovecot-keywords"), "w") as f:
            for k, word in enumerate(mail.KEYWORDS):
                f.write(f"{k} {word}\n")
    for n, i in enumerate(items):
        name = "" if i.path == ("INBOX",) else \
            "." + ".".join(mail.utf7(x) for x in i.path)
        flags = "".join(sorted(names.get(f) or
                               chr(97 + mail.KEYWORDS.index(f))
                               for f in i.flags))
        path = os.path.join(root, name, "cur", f"{i.when}.M{n}P1.test:2,{flags}")
        with open(path, "wb") as f:
            f.write(i.octets)
        os.utime(path, (i.when, i.when))
    one.own(root)


def tls():
    d = server.temp_dir("caps")
    pw = program.secret(d + "/password")
    with server.Dovecot(d + "/s") as s, \
            server.Dovecot(d + "/o", DOVECOT_HOST="other.example") as o:
        items = mail.corpus(12, seed=2)
        for x in (s, o):
            mail.fill(x.port, "alice", items)
        want = mail.read_imap(s.port, "alice")
        n = 0

        def attempt(name, source, rc, words=()):
            nonlocal n
            n += 1
            r = program.mailmig("migrate", "--from", source, "--to",
                                f"maildir:{d}/to{n}", "--password-file", pw,
                                "--state", f"{d}/state{n}", "--retries", "0")
            tap.equal(r.rc, rc, f"{name}: exit status {rc}")
            if r.rc != rc:
                tap.note(r.err[-1500:])
            for w in words:
                tap.ok(re.search(w, r.err, re.I), f"{name}: says {w}", r.err)
            if rc == 0:
                got = program.read_maildir_dest(f"{d}/to{n}")
                got = {q: v for q, v in got.items() if v or q in want}
                tap.equal(mail.compare(want, got)[:5], [],
                          f"{name}: all arrived")
            return r

        attempt("imaps, own certificate authority",
                program.url(s, scheme="imaps"), 0)
        attempt("STARTTLS", program.url(s, security="starttls"), 0)
        with Proxy(s.port) as p:
            attempt("STARTTLS, seen from outside",
                    program.url(s, port=p.port, security="starttls"), 0)
            tap.ok(b"STARTTLS" in p.said() and b"AUTHENTICATE" not in p.said()
                   and b"LOGIN" not in p.said(),
                   "STARTTLS: nothing else in plain text", p.said()[:200])
        certificate = "certificate"
        r = attempt("imaps, unknown certificate",
                    f"imaps://alice@127.0.0.1:{s.port + 1}/", 2,
                    [certificate, "alice|127.0.0.1"])
        tap.equal(r.err.count("certificate refused"), 1,
                  "imaps, unknown certificate: said once")
        attempt("STARTTLS, unknown certificate",
                f"imap://alice@127.0.0.1:{s.port}/?security=starttls", 2,
                [certificate])
        attempt("imaps, certificate of another host",
                program.url(o, scheme="imaps"), 2, [certificate])
        # a server that only one row names: the others go on
        with open(d + "/accounts.csv", "w", encoding="utf-8") as f:
            f.write("source,source_host,source_port\n"
                    f"bob,127.0.0.1,{o.port + 1}\nalice,,\n")
        r = program.mailmig(
            "migrate", "--from", program.url(s, user="", scheme="imaps"),
            "--accounts", d + "/accounts.csv", "--to", f"maildir:{d}/many/%m",
            "--password-file", pw, "--state", d + "/many-state",
            "--workers", "1", "--retries", "0")
        tap.equal(r.rc, 2, "one server of two refused: exit status 2")
        tap.ok(re.search("bob.*certificate", r.err),
               "one server of two refused: says whose", r.err)
        got = program.read_maildir_dest(f"{d}/many/alice")
        got = {q: v for q, v in got.items() if v or q in want}
        tap.equal(mail.compare(want, got)[:5], [],
                  "one server of two refused: the other mailbox arrived")
        with server.Dovecot(d + "/plain", DOVECOT_TLS="no") as x:
            attempt("STARTTLS demanded, not offered",
                    f"imap://alice@127.0.0.1:{x.port}/?security=starttls", 2,
                    ["starttls|tls"])


if __name__ == "__main__":
    tap.run(hidden, compressed, log_on, tls)
