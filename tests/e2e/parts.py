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


# Folders that clash with these come later, and would be first in a list.
LATER = [(("v1%0",), 3), (("V1.0",), 2)]


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


def args_of(d, pw, from_, to, user, connections):
    return ["--from", from_, "--to", to, "--password-file", pw, "--state",
            f"{d}/state-{user}", "--connections", connections]


def from_files():
    """Maildir knows its folders at once, migration files only as they are
    read: one connection then."""
    d = server.temp_dir("parts")
    with server.Dovecot(d + "/source", DOVECOT_MAIL="sdbox") as s, \
            server.Dovecot(d + "/dest", DOVECOT_SEP=".",
                           DOVECOT_USERS="m1 m3 f1 f3") as t:
        n = sum(c for _, c in CLASH)
        mail.fill(s.port, "alice", mail.corpus(n, seed=21, folders=CLASH),
                  empty=False, paths=[f[0] for f in CLASH])
        pw = program.secret(d + "/password")
        for kind in ("maildir", "files"):
            store = f"{kind}:{d}/{kind}"
            r = program.mailmig("migrate", *args_of(
                d, pw, program.url(s), store, kind, 1))
            tap.ok(r.rc in (0, 1), f"{kind} filled", r.err)
            want = None
            for connections in (1, 3):
                user = f"{kind[0]}{connections}"
                args = args_of(d, pw, store,
                               program.url(t, user, batch_messages=2), user,
                               connections)
                r = program.mailmig("migrate", *args)
                tap.equal(r.rc, 1, f"{user}: renamed")
                got = snapshot(t.port, user)
                want = want or got
                tap.equal(mail.count(got), n, f"{user}: all of it")
                tap.equal(mail.compare(want, got)[:6], [],
                          f"{user}: the same folders")
                r = program.mailmig("migrate", *args)
                program.check_books(f"{d}/state-{user}", f"{user}, again",
                                    run=-1, found=n, moved=0)


def later_passes():
    """A folder keeps its name: with new mail in one of those that clash, with
    new folders that clash with them, and when people removed one."""
    d = server.temp_dir("parts")
    with server.Dovecot(d + "/source", DOVECOT_MAIL="sdbox") as s, \
            server.Dovecot(d + "/dest", DOVECOT_SEP=".",
                           DOVECOT_USERS="one four") as t:
        n = sum(c for _, c in CLASH)
        first = mail.corpus(n, seed=21, folders=CLASH)
        mail.fill(s.port, "alice", first, empty=False,
                  paths=[f[0] for f in CLASH])
        pw = program.secret(d + "/password")
        users = (("one", 1), ("four", 4))
        args = {u: args_of(d, pw, program.url(s), program.url(t, u), u, c)
                for u, c in users}
        for user, _ in users:
            tap.equal(program.mailmig("migrate", *args[user]).rc, 1,
                      f"{user}: renamed")
        got = snapshot(t.port, "one")
        home = {}
        for path in [f[0] for f in CLASH]:
            own = {mail.mail_of(i.octets, i.when, i.flags).digest
                   for i in first if i.path == path}
            home[path] = [q for q, v in got.items()
                          if own == {m.digest for m in v}]
            tap.equal(len(home[path]), 1, f"{'/'.join(path)}: has a folder")
        # one after the other, so that no other is filled in that pass
        for path in (("v1_0",), ("v1.0",), ("case", "a_b"), ("Case", "a.b")):
            new = [i for i in first if i.path == path][:1]
            new = [new[0]._replace(octets=new[0].octets + b"new\r\n")]
            mail.fill(s.port, "alice", new, empty=False, paths=[])
            digest = mail.mail_of(new[0].octets, 0, []).digest
            for user, _ in users:
                r = program.mailmig("migrate", *args[user])
                tap.equal(r.rc, 0, f"{user}: new mail in {'/'.join(path)}")
                got = snapshot(t.port, user)
                tap.equal([q for q, v in got.items()
                           if digest in [m.digest for m in v]], home[path],
                          f"{user}: it is in the same folder")
        # new folders, whose names would come first
        mail.fill(s.port, "alice", mail.corpus(5, seed=3, folders=LATER),
                  empty=False, paths=[f[0] for f in LATER])
        more = [i._replace(octets=i.octets + b"newer\r\n") for i in first
                if i.path in (("v1_0",), ("v1.0",))][:9]
        mail.fill(s.port, "alice", more, empty=False, paths=[])
        # and a parent without new mail goes, with what is below it
        removed = [("case", "a_b"), ("case", "a.b"), ("case",)]
        for user, _ in users:
            m = mail.login(t.port, user)
            for path in removed:
                m.delete(mail.quote(".".join(mail.utf7(p) for p in
                                             home[path][0])))
            m.logout()
        was = snapshot(t.port, "one")
        for user, _ in users:
            r = program.mailmig("migrate", *args[user])
            tap.ok(r.rc in (0, 1), f"{user}: new folders", r.err)
        got = snapshot(t.port, "one")
        tap.equal(mail.compare(got, snapshot(t.port, "four"))[:6], [],
                  "one connection or four: the same folders")
        tap.equal(mail.count(got), mail.count(was) + 14, "all that was new")
        for path in (("v1_0",), ("v1.0",)):
            new = [m for m in got[home[path][0]]
                   if m not in was[home[path][0]]]
            want = sorted(mail.mail_of(i.octets, 0, []).digest
                          for i in more if i.path == path)
            tap.equal(sorted(m.digest for m in new), want,
                      f"{'/'.join(path)}: kept its name")
        for user, _ in users:
            have = mail.read_imap(t.port, user)
            tap.equal([q for q in removed if home[q][0] in have], [],
                      f"{user}: what people removed is not made again")


def uses_by_name():
    """Without SPECIAL-USE at the destination a folder is known by its name:
    not one that came from a folder of that name."""
    d = server.temp_dir("parts")
    boxes = [(("INBOX",), 4), (("Gesendet",), 6), (("Sent",), 5)]
    with server.Dovecot(d + "/source") as s, \
            server.Dovecot(d + "/dest", DOVECOT_USERS="u1 u4",
                           DOVECOT_HIDE="SPECIAL-USE CREATE-SPECIAL-USE") as t:
        m = mail.login(s.port, "alice")
        have = {p for p, _, _ in mail.folders(m)}
        if ("Sent",) not in have:
            m.create("Sent")
        m._simple_command("CREATE", "Gesendet", "(USE (\\Sent))")
        m.logout()
        items = mail.corpus(15, seed=9, folders=boxes)
        mail.fill(s.port, "alice", items, empty=False, paths=[])
        pw = program.secret(d + "/password")
        new = [i._replace(octets=i.octets + b"new\r\n") for i in items
               if i.path[0] != "INBOX"]
        want = None
        for again in (False, True):
            if again:
                mail.fill(s.port, "alice", new, empty=False, paths=[])
            for user, connections in (("u1", 1), ("u4", 4)):
                r = program.mailmig("migrate", *args_of(
                    d, pw, program.url(s), program.url(t, user), user,
                    connections))
                tap.ok(r.rc in (0, 1), f"{user}: uses", r.err)
                want = snapshot(s.port, "alice")
                tap.equal(mail.compare(want, snapshot(t.port, user))[:4], [],
                          f"{user}: {'second' if again else 'first'} pass: "
                          "each in its own folder")


tap.run(as_over_one, from_files, later_passes, uses_by_name)
