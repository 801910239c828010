#!/usr/bin/env python3
"""Several connections for one mailbox: each part names the folders as the
others do, so what clashes, is renamed or lies below arrives as it does over one
connection; also after a kill; and the next run moves nothing."""
import mail
import program
import server
import tap

# The destination's separator is a dot: these are renamed there, and meet.
CLASH = [(("INBOX",), 9), (("v1.0",), 6), (("v1.0", "sub.a"), 5),
         (("v1.0", "sub.a", "deep"), 4), (("v1_0",), 7), (("v1_0", "sub_a"), 3),
         (("v1-0",), 8), (("v1-0", "sub-a"), 2), (("Sent",), 6), (("Trash",), 5),
         (("Drafts",), 3), (("Case",), 4), (("case",), 4), (("Case", "a.b"), 3),
         (("case", "a_b"), 3), (("case", "a.b"), 2)]


def snapshot(port, user):
    return {p: v for p, v in mail.read_imap(port, user).items() if v}


def as_over_one():
    d = server.temp_dir("parts")
    kills = 12 if tap.SOAK else 4
    users = " ".join(["one", "two", "six"] + [f"k{i}" for i in range(kills)])
    with server.Dovecot(d + "/source", DOVECOT_MAIL="sdbox") as s, \
            server.Dovecot(d + "/dest", DOVECOT_SEP=".",
                           DOVECOT_USERS=users) as t:
        n = sum(c for _, c in CLASH)
        mail.fill(s.port, "alice", mail.corpus(n, seed=21, folders=CLASH),
                  empty=False, paths=[f[0] for f in CLASH])
        tap.equal(mail.count(mail.read_imap(s.port, "alice")), n,
                  "source filled")
        pw = program.secret(d + "/password")

        def args(user, connections):
            return ["--from", program.url(s), "--to",
                    program.url(t, user, batch_messages=2), "--password-file",
                    pw, "--state", f"{d}/state-{user}", "--connections",
                    connections]

        r = program.mailmig("migrate", *args("one", 1))
        tap.equal(r.rc, 1, "one connection: warnings, folders are renamed")
        want = snapshot(t.port, "one")
        renamed = program.books(d + "/state-one").names["remark_warning"]
        tap.ok(renamed > 3, "one connection: names clash", renamed)
        tap.equal(mail.count(want), n, "one connection: all of it")

        def check(user, connections, name):
            got = snapshot(t.port, user)
            tap.equal(mail.compare(want, got)[:6], [],
                      f"{name}: the same folders, nothing lost, nothing twice")
            r = program.mailmig("migrate", *args(user, connections))
            tap.equal(r.rc, 0, f"{name}: another run")
            program.check_books(f"{d}/state-{user}", f"{name}, again",
                                    run=-1, found=n, moved=0, there=n)
            tap.equal(mail.compare(want, snapshot(t.port, user))[:6], [],
                      f"{name}: it changes nothing")

        for user, connections in (("two", 2), ("six", 6)):
            name = f"{connections} connections"
            r = program.mailmig("migrate", *args(user, connections))
            b = program.books(f"{d}/state-{user}")
            tap.equal(b.names["remark_warning"], renamed,
                      f"{name}: each new name is told once")
            program.check_books(f"{d}/state-{user}", name, found=n, moved=n)
            check(user, connections, name)
        for i in range(kills):
            user = f"k{i}"
            at = str(40 + 23 * i)
            r = program.mailmig("migrate", *args(user, 2), "--retries", "0",
                                env={"MAILMIG_CUT": at}, timeout=60)
            tap.ok(r.rc != 0 or any(e["name"] == "worker_died" for e in
                                    program.events(f"{d}/state-{user}")),
                   f"killed at step {at}")
            r = program.mailmig("resume", "--state", f"{d}/state-{user}",
                                timeout=60)
            tap.ok(r.rc in (0, 1), f"killed at step {at}: resumed",
                   f"{r.rc} {r.err[-800:]}")
            check(user, 2, f"killed at step {at}")


tap.run(as_over_one)
