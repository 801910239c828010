#!/usr/bin/env python3
"""A worker that hangs, and a state directory that cannot be written: told with
the mailbox or the directory and what to do, nothing lost, nothing twice."""
import os
import re
import signal
import sqlite3
import subprocess
import time

import program
import server
import tap

N = 3000  # messages of a mailbox
SOON = 30  # seconds in which a hung worker is seen once its time is up


def source(mailboxes):
    return f"generate:?mailboxes={mailboxes}&messages={N}&size=2KiB"


def arrived(path):
    """Messages that a Maildir destination holds, and their different names."""
    return sum(len(f) for r, _, f in os.walk(path)
               if r.endswith(("/cur", "/new")))


def named(run, name):
    """A process of a run."""
    for pid in program.in_session(run.p.pid):
        try:
            with open(f"/proc/{pid}/comm") as f:
                if f.read().strip() == name:
                    return pid
        except OSError:
            continue
    return None


def ledger(state, sql, *args):
    """Rows, or None while the ledger is not there, or somebody writes."""
    path = os.path.join(state, "ledger.sqlite")
    if not os.path.exists(path):
        return None
    db = sqlite3.connect(path, timeout=0.2)
    try:
        with db:
            return db.execute(sql, args).fetchall()
    except sqlite3.OperationalError:
        return None
    finally:
        db.close()


def stop_a_worker(run, state, mailbox):
    """SIGSTOP to the worker of a mailbox that has begun to move it; then its
    time is up. Says whether that was done."""
    end = time.monotonic() + 60
    while time.monotonic() < end and run.p.poll() is None:
        rows = ledger(
            state, "SELECT s.owner FROM shares s JOIN jobs j ON j.id = s.job"
            " JOIN folders f ON f.job = j.id WHERE s.state = 1 AND"
            " j.mailbox = ? AND f.settled > 0", mailbox)
        pid = named(run, f"mailmig-w{rows[0][0]}") if rows else None
        if pid is None:
            time.sleep(0.01)
            continue
        os.kill(pid, signal.SIGSTOP)
        # not in the middle of a transaction: that would stop us, too
        if ledger(state, "UPDATE shares SET lease = 1 WHERE state = 1 AND"
                  " owner = ?", rows[0][0]) is not None:
            return True
        os.kill(pid, signal.SIGCONT)
    return False


def hung(name, d, *options):
    state, to = f"{d}/state-{name}", f"{d}/to-{name}"
    name = "hung worker, " + name
    r = program.Running("migrate", "--from", source(2), "--to",
                        f"maildir:{to}", "--state", state, *options)
    tap.ok(stop_a_worker(r, state, "user1"), f"{name}: a worker hangs")
    began = time.monotonic()
    r = r.wait(120)
    took = time.monotonic() - began
    tap.ok(took < SOON, f"{name}: it is seen and ended", f"{took:.1f} s")
    tap.ok(re.search(r"warning: .*no sign of life.*user1", r.err),
           f"{name}: a warning that names the mailbox", r.err[-1500:])
    return state, to, r


def hung_worker():
    d = server.temp_dir("stuck")
    state, to, r = hung("tried again", d)
    name = "hung worker, tried again"
    tap.equal(r.rc, 1, f"{name}: a warning, no failure")
    tap.equal(arrived(to), 2 * N, f"{name}: all is there, once")
    program.check_books(state, name, found=2 * N, failed=0)

    state, to, r = hung("no retry", d, "--retries", "0")
    name = "hung worker, no retry"
    tap.equal(r.rc, 2, f"{name}: exit status 2")
    tap.ok(re.search(r"error: mailbox user1 given up: .*no sign of life",
                     r.err), f"{name}: the mailbox is given up", r.err[-1500:])
    tap.ok("mailmig resume" in r.err + r.out, f"{name}: what to do is said",
           r.err[-1500:])
    b = program.check_books(state, name)
    # a batch may be there that was not entered any more
    tap.ok(b.moved <= arrived(to), f"{name}: what is moved is there",
           f"{b.moved} {arrived(to)}")
    tap.ok(N <= b.moved < 2 * N, f"{name}: the other mailbox arrived", b)
    r = program.mailmig("resume", "--state", state)
    tap.ok(r.rc == 0, f"{name}: resumed", r.err[-1500:])
    tap.equal(arrived(to), 2 * N, f"{name}: then all is there, once")


def no_starter():
    """Whatever ends the process that starts workers."""
    d = server.temp_dir("stuck")
    state, to = d + "/state", d + "/to"
    name = "starter killed"
    r = program.Running("migrate", "--from", source(2), "--to",
                        f"maildir:{to}", "--state", state)
    end = time.monotonic() + 60
    killed = False
    while not killed and time.monotonic() < end and r.p.poll() is None:
        if not ledger(state, "SELECT 1 FROM folders WHERE settled > 0"):
            time.sleep(0.01)
            continue
        os.kill(named(r, "mailmig-starter"), signal.SIGKILL)
        killed = True
    r = r.wait(60)
    tap.ok(killed, f"{name}: in the middle of a run")
    tap.equal(r.rc, 2, f"{name}: exit status 2")
    tap.ok(re.search("error: .*process that starts workers", r.err),
           f"{name}: an error says so", r.err[-1500:])
    tap.ok("mailmig resume" in r.err + r.out, f"{name}: what to do is said",
           r.err[-1500:])
    r = program.mailmig("resume", "--state", state)
    tap.ok(r.rc == 0, f"{name}: resumed", r.err[-1500:])
    tap.equal(arrived(to), 2 * N, f"{name}: then all is there, once")


def full_ledger():
    """No room for the ledger and the event log, in the middle of a run."""
    d = server.temp_dir("stuck")
    args = ["migrate", "--from", source(2), "--to", f"maildir:{d}/to",
            "--retry-pause", "1"]
    name = "full disk under the ledger"
    mnt = d + "/mnt"
    os.makedirs(mnt)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", mnt],
        capture_output=True).returncode == 0
    if not mounted:
        tap.skip(name, "no right to mount")
    else:
        try:
            args += ["--state", mnt + "/state"]
            r = program.mailmig(*args, timeout=120)
            tap.equal(r.rc, 2, f"{name}: exit status 2")
            tap.ok(re.search(r"error: .*(full|space|room)", r.err),
                   f"{name}: an error says so", r.err[-1500:])
            tap.ok(mnt + "/state" in r.err, f"{name}: and where",
                   r.err[-1500:])
            tap.ok("mailmig resume" in r.err + r.out,
                   f"{name}: what to do is said", r.err[-1500:])
            tap.ok(arrived(d + "/to") < 2 * N, f"{name}: a part was moved",
                   arrived(d + "/to"))
            subprocess.run(["mount", "-o", "remount,size=1g", mnt],
                           check=True)
            r = program.mailmig("resume", "--state", mnt + "/state")
            tap.ok(r.rc == 0, f"{name}: resumed when there is room",
                   f"{r.rc} {r.err[-1500:]}")
            tap.equal(arrived(d + "/to"), 2 * N,
                      f"{name}: then all is there, once")
        finally:
            subprocess.run(["umount", mnt])
    # the same from a limit, which everybody may set
    name = "file size limit under the ledger"
    state = d + "/state-limit"
    args = ["migrate", "--from", source(2), "--to", f"maildir:{d}/to-limit",
            "--retry-pause", "1", "--state", state]
    r = program.mailmig(*args, wrap=["prlimit", "--fsize=300000", "--core=0"],
                        timeout=120)
    tap.equal(r.rc, 2, f"{name}: exit status 2")
    tap.ok(state in r.err, f"{name}: an error says where", r.err[-1500:])
    tap.ok(arrived(d + "/to-limit") < 2 * N, f"{name}: a part was moved")
    r = program.mailmig("resume", "--state", state)
    tap.ok(r.rc == 0, f"{name}: resumed without the limit",
           f"{r.rc} {r.err[-1500:]}")
    tap.equal(arrived(d + "/to-limit"), 2 * N,
              f"{name}: then all is there, once")


def no_state():
    """A state directory for which one lacks the right."""
    d = server.temp_dir("stuck")
    args = ["migrate", "--from", "generate:?messages=20", "--to",
            f"maildir:{d}/to"]

    def refused(name, state, wrap=()):
        r = program.mailmig(*args, "--state", state, wrap=wrap)
        tap.equal(r.rc, 2, f"{name}: exit status 2")
        tap.ok(re.search("state directory " + re.escape(state) + ":", r.err),
               f"{name}: says which", r.err[-1500:])
        tap.ok("--state" in r.err, f"{name}: and what to do", r.err[-1500:])
        tap.ok(not os.path.exists(d + "/to"), f"{name}: nothing was moved")

    os.makedirs(d + "/ro")
    os.chmod(d + "/ro", 0o555)
    # root writes all the same, but for its right to
    wrap = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] \
        if os.getuid() == 0 else []
    refused("state in a directory of others", d + "/ro/state", wrap)
    refused("state is a directory of others", d + "/ro", wrap)
    os.chmod(d + "/ro", 0o755)


if __name__ == "__main__":
    tap.run(hung_worker, no_starter, full_ledger, no_state)
