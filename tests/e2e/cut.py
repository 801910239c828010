#!/usr/bin/env python3
"""Cut a migration, resume it, compare: nothing lost, nothing twice, the books
balance. At every step (MAILMIG_CUT=n, see src/base/step.h) of a small one, at
random moments (SIGKILL of everything) of a larger one, and by cutting both
connections. 10 kills, 50 with SOAK=1."""
import concurrent.futures
import os
import random
import shutil
import time

import mail
import program
import server
import tap
from proxy import Proxy

KILLS = 50 if tap.SOAK else 10
SMALL = [(("INBOX",), 4), (("Archive", "2019"), 5), (("Projects", "Beta & Co"), 3),
         (("Empty",), 0)]
STEPS_MAX = 2000  # more is a runaway
AT_ONCE = 6  # steps cut side by side


class Ends:
    """Fresh destinations, one after the other."""

    def __init__(self, d, server_, users):
        self.d, self.server, self.users, self.n = d, server_, users, 0

    def fresh(self, kind):
        """(URL, function that reads it) of an empty destination."""
        self.n += 1
        if kind == "imap":
            user = f"u{self.n}"
            assert self.n <= self.users, "not enough users"
            return program.url(self.server, user, batch_messages=2), \
                lambda: mail.read_imap(self.server.port, user)
        path = f"{self.d}/{kind}{self.n}"
        if kind == "maildir":
            return "maildir:" + path, lambda: program.read_maildir_dest(path)
        return "files:" + path, lambda: program.read_files_dest(path)


def small_source(d, s):
    """The same dozen messages in an account, a Maildir and migration files."""
    items = mail.corpus(12, seed=5, folders=SMALL)
    mail.fill(s.port, "alice", items, empty=False,
              paths=[f[0] for f in SMALL])
    want = mail.read_imap(s.port, "alice")
    pw = program.secret(d + "/password")
    out = {"imap": program.url(s)}
    for kind, to in (("files", f"files:{d}/src-files"),
                     ("maildir", f"maildir:{d}/src-maildir")):
        r = program.mailmig("migrate", "--from", program.url(s), "--to", to,
                            "--password-file", pw, "--state", f"{d}/st-{kind}")
        assert r.rc == 0, r.err
        out[kind] = to
    return want, out


def one_step(n, source, kind_to, to, read, state, pw, want):
    """Cut at step n, resume, run once more: whether it was cut, and what is wrong
    after the resume, in the books, after the last run."""
    lost = books = tail = None
    args = ["--from", source, "--to", to, "--state", state, "--password-file",
            pw, "--retries", "0"]
    r = program.mailmig("migrate", *args, timeout=60,
                        env={"MAILMIG_CUT": str(n)})
    cut = r.rc != 0 or any(e["name"] == "worker_died"
                           for e in program.events(state))
    if r.rc != 0:
        # a cut before the ledger was made leaves nothing to resume
        r2 = program.mailmig("resume", "--state", state, timeout=60)
        if r2.rc not in (0, 1):
            r2 = program.mailmig("migrate", *args, timeout=60)
        if r2.rc != 0:
            lost = f"resumed with exit status {r2.rc}: {r2.err[-500:]}"

    def difference():
        got = {p: v for p, v in read().items() if v or p in want}
        return mail.compare(want, got, keep_empty=kind_to != "imap")[:3]
    lost = lost or difference()
    r3 = program.mailmig("migrate", *args, timeout=60)
    b = program.books(state, run=-1)
    if r3.rc != 0 or not b.balanced() or b.found != mail.count(want) \
            or b.moved or b.failed:
        books = f"{r3.rc} {b}"
    tail = difference()
    shutil.rmtree(state, ignore_errors=True)
    return cut, lost, books, tail


def every_step(pairs):
    """Steps are independent of each other, and mostly wait for a server to be
    quiet: several at a time."""
    d = server.temp_dir("cut")
    users = " ".join(f"u{i}" for i in range(1, 600))
    with server.Dovecot(d + "/dovecot", DOVECOT_USERS=users) as s, \
            concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        ends = Ends(d, s, 600)
        want, sources = small_source(d, s)
        for kind_from, kind_to in pairs:
            name = f"{kind_from} to {kind_to}"
            results = {}
            while len(results) < STEPS_MAX and \
                    all(r[0] for r in results.values()):
                first = len(results) + 1
                some = {n: pool.submit(
                    one_step, n, sources[kind_from], kind_to,
                    *ends.fresh(kind_to), f"{d}/state-{n}", d + "/password",
                    want) for n in range(first, first + AT_ONCE)}
                results.update((n, f.result()) for n, f in some.items())
            cuts = sum(r[0] for r in results.values())
            lost, books, tails = ([f"step {n}: {r[k]}" for n, r in
                                   results.items() if r[k]] for k in (1, 2, 3))
            tap.note(f"{name}: {cuts} steps")
            tap.ok(cuts > 3, f"{name}: was cut at steps", f"{cuts} cuts")
            tap.equal(lost[:5], [], f"{name}: cut at every step and resumed: "
                      "nothing lost, nothing twice")
            tap.equal(books[:5], [], f"{name}: books balance")
            tap.equal(tails[:5], [], f"{name}: a run after that changes nothing")


def every_step_to_imap():
    every_step([("imap", "imap"), ("files", "imap"), ("maildir", "imap")])


def every_step_to_files():
    every_step([("imap", "files"), ("imap", "maildir")])


def killed():
    """SIGKILL to the program and its workers at random moments."""
    d = server.temp_dir("cut")
    rng = random.Random(os.environ.get("SEED", "11"))
    users = " ".join(f"u{i}" for i in range(1, 3 * KILLS + 10))
    n = 4000 if tap.SOAK else 1500
    with server.Dovecot(d + "/dovecot", DOVECOT_USERS=users) as s:
        items = mail.corpus(n, seed=6)
        mail.fill(s.port, "alice", items)
        want = mail.read_imap(s.port, "alice")
        before = mail.status(s.port, "alice")
        ends = Ends(d, s, 3 * KILLS + 10)
        pw = program.secret(d + "/password")
        for kind in ("imap", "maildir"):
            to, read = ends.fresh(kind)
            args = ["--from", program.url(s), "--password-file", pw]
            whole = program.mailmig("migrate", *args, "--to", to, "--state",
                                    f"{d}/whole-{kind}")
            tap.equal(whole.rc, 0, f"killed: {kind}: undisturbed")
            bad, books, there = [], [], []
            for i in range(KILLS):
                to, read = ends.fresh(kind)
                state = f"{d}/kill-{kind}-{i}"
                run = program.Running("migrate", *args, "--to", to, "--state",
                                      state)
                time.sleep(rng.random() * whole.seconds)
                run.kill()
                run.wait()
                part = program.mailmig("resume", "--state", state)
                if part.rc not in (0, 1):  # killed before the ledger was there
                    part = program.mailmig("migrate", *args, "--to", to,
                                           "--state", state)
                got = read()
                got = {p: v for p, v in got.items() if v or p in want}
                diff = mail.compare(want, got, keep_empty=kind != "imap")
                if part.rc != 0 or diff:
                    bad.append(f"kill {i}: {part.rc} {diff[:3]} "
                               f"{part.err[-300:]}")
                again = program.mailmig("migrate", *args, "--to", to,
                                        "--state", state)
                b = program.books(state, run=-1)
                if again.rc != 0 or not b.balanced() or b.moved or \
                        b.found != mail.count(want):
                    books.append(f"kill {i}: {again.rc} {b}")
                there.append(mail.count(got))
                if kind == "maildir":
                    shutil.rmtree(to.split(":", 1)[1], ignore_errors=True)
            tap.equal(bad[:5], [], f"killed: {kind}: {KILLS} times at random "
                      "moments: nothing lost, nothing twice")
            tap.equal(books[:5], [], f"killed: {kind}: books balance")
        tap.equal(mail.status(s.port, "alice"), before,
                  "killed: the source is as before")


def connections_cut():
    """Both connections dropped in the middle: the program goes on by itself."""
    d = server.temp_dir("cut")
    with server.Dovecot(d + "/source") as s, \
            server.Dovecot(d + "/dest", DOVECOT_USERS="u1 u2 u3 u4") as t:
        items = mail.corpus(1500, seed=8)
        mail.fill(s.port, "alice", items)
        want = mail.read_imap(s.port, "alice")
        pw = program.secret(d + "/password")
        for i, share in enumerate((.2, .5, .8)):
            with Proxy(s.port) as ps, Proxy(t.port) as pt:
                total = sum(len(i.octets) for i in items)
                run = program.Running(
                    "migrate", "--from", program.url(s, port=ps.port), "--to",
                    program.url(t, f"u{i + 1}", port=pt.port),
                    "--password-file", pw, "--state", f"{d}/state{i}",
                    "--retry-pause", "1")
                end = time.monotonic() + 60
                while time.monotonic() < end and run.p.poll() is None and \
                        sum(map(len, pt.requests)) < total * share:
                    time.sleep(0.002)
                cut = pt.cut() + ps.cut()
                r = run.wait(120)
                tap.ok(cut > 0, f"connections cut at {share:.0%}: were open")
                tap.ok(r.rc in (0, 1),
                       f"connections cut at {share:.0%}: goes on by itself",
                       f"exit status {r.rc}: {r.err[-1500:]}")
                got = mail.read_imap(t.port, f"u{i + 1}")
                got = {p: v for p, v in got.items() if v or p in want}
                tap.equal(mail.compare(want, got)[:5], [],
                          f"connections cut at {share:.0%}: nothing lost, "
                          "nothing twice")
                program.check_books(f"{d}/state{i}",
                                    f"connections cut at {share:.0%}",
                                    found=mail.count(want))


if __name__ == "__main__":
    tap.run(every_step_to_imap, every_step_to_files, killed, connections_cut)
