#!/usr/bin/env python3
"""Keys while something runs: pause, errors so far, stop after the current
mailboxes; and who else may use a state directory meanwhile, or after a crash."""
import os
import re
import signal
import termios
import time

import program
import server
import tap
from terminal import Terminal, screen

HELP = b"p pause +e errors +s stop after these mailboxes"


def source(mailboxes, messages, size="4KiB"):
    return f"generate:?mailboxes={mailboxes}&messages={messages}&size={size}"


def lines(path):
    """The event log as it is now."""
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines()


def quiet_for(path, seconds):
    """Whether nothing is told for so long; waits up to 20 s for it."""
    end = time.monotonic() + 20
    have, since = None, 0
    while time.monotonic() < end:
        now = lines(path)
        if now != have:
            have, since = now, time.monotonic()
        elif time.monotonic() - since > seconds:
            return True
        time.sleep(0.05)
    return False


def canonical(t):
    return bool(termios.tcgetattr(t.fd)[3] & termios.ICANON) and t.echoes()


def a_run():
    d = server.temp_dir("keys")
    state = d + "/state"
    t = Terminal("migrate", "--from", source(12, 12000), "--to", "null:",
                 "--state", state, "--workers", "2", columns=100)
    tap.ok(t.until(HELP), "run: the keys stand below the bars", t.text)
    tap.ok(not canonical(t), "run: keys come at once")
    t.type(b"p")
    tap.ok(t.until(rb"paused: .*; p goes on"), "run: p rests",
           t.text[-1500:])
    tap.ok(quiet_for(state + "/events/1.jsonl", 1), "run: nothing moves")
    log = "\n".join(lines(state + "/events/1.jsonl"))
    tap.ok('"run_paused"' in log, "run: an event tells of it")
    b = program.books(state)
    tap.ok(0 < b.moved < 12 * 12000, "run: a part was moved", b)
    t.type(b"e")
    tap.ok(t.until(b"no warnings or errors so far"), "run: e shows errors",
           t.text[-1500:])
    t.type(b"x")  # nothing
    t.type(b"s")
    tap.ok(t.until(rb"of \d+ mailboxes.*paused|paused: \d+ of [2-9] "),
           "run: s leaves the others, also while it rests", t.text[-1500:])
    t.type(b" ")
    rc = t.wait()
    rows = "\n".join(screen(t.text))
    tap.equal(rc, 1, "run: stopped early is a warning")
    tap.ok("Stopped before the end. Go on with: mailmig resume" in rows,
           "run: how to go on is said", rows)
    tap.ok(not re.search(HELP, rows.encode()), "run: the keys are gone", rows)
    r = program.mailmig("status", "--state", state)
    done = len(re.findall(r"^user\d+ +done ", r.out, re.M))
    left = len(re.findall(r"^user\d+ +stopped +0 ", r.out, re.M))
    tap.ok(2 <= done < 12 and done + left == 12,
           "run: each mailbox is done or was not begun", r.out)
    b = program.books(state)
    tap.equal((b.moved, b.failed), (done * 12000, 0), "run: none is cut")
    r = program.mailmig("resume", "--state", state)
    tap.equal(r.rc, 0, "run: resumed")
    tap.equal(program.books(state, run=-1).moved, left * 12000,
              "run: the others, and nothing twice")


def comparing():
    d = server.temp_dir("keys")
    from_ = source(3, 9000, "1KiB")
    r = program.mailmig("migrate", "--from", from_, "--to",
                        f"maildir:{d}/to", "--state", d + "/state")
    tap.equal(r.rc, 0, "verify: something to compare")
    ends = ["--from", from_, "--to", f"maildir:{d}/to", "--state",
            d + "/state"]
    t = Terminal("verify", *ends, columns=100)
    tap.ok(t.until(rb"user1 +.* [1-9]\d?%"), "verify: a bar with its end",
           t.text[-1500:])
    t.type(b"p")
    tap.ok(t.until(rb"paused: 0 of 3 mailboxes"), "verify: p rests",
           t.text[-1500:])
    t.type(b"s")
    t.type(b"p")
    rc = t.wait()
    rows = "\n".join(screen(t.text))
    tap.equal(rc, 1, "verify: stopped early is a warning")
    tap.ok(re.search(r"^all +9 000 +9 000 ", rows, re.M),
           "verify: the current mailbox came to its end", rows)
    t = Terminal("verify", *ends, columns=100)
    tap.equal(t.wait(), 0, "verify: to its end")


def checking():
    d = server.temp_dir("keys")
    ends = ["--from", source(40, 20000, "1KiB"), "--to", f"maildir:{d}/to"]
    t = Terminal("check", *ends, "--workers", "2", columns=100)
    tap.ok(t.until(rb"user\d+ +.*%"), "check: bars", t.text[-1500:])
    t.type(b"p")
    tap.ok(t.until(rb"paused: \d+ of 40 mailboxes"), "check: p rests",
           t.text[-1500:])
    t.type(b"p")
    t.type(b"s")
    rc = t.wait()
    rows = "\n".join(screen(t.text))
    tap.equal(rc, 1, "check: stopped early is a warning")
    tap.ok(re.search(r"Stopped before the end: \d+ mailboxes were not looked",
                     rows), "check: says how many are left", rows)
    tap.ok(not os.path.exists(d + "/to"), "check: nothing was written")
    t = Terminal("check", "--from", source(2, 50), *ends[2:], columns=100)
    tap.equal(t.wait(), 0, "check: to its end")
    tap.ok("Stopped" not in "\n".join(screen(t.text)), "check: and all of it")


def two_steps():
    """Migration files know how much they hold before they are read."""
    d = server.temp_dir("keys")
    t = Terminal("extract", "--from", source(2, 4000, "1KiB"), "--to",
                 f"files:{d}/set", "--state", d + "/s1", columns=100)
    tap.equal(t.wait(), 0, "extract: done")
    t = Terminal("import", f"files:{d}/set", "--to", f"maildir:{d}/to",
                 "--state", d + "/s2", columns=100)
    tap.ok(t.until(rb"user\d +\S+ +[1-9]\d?% "), "import: a bar with its end",
           t.text[-1500:])
    tap.equal(t.wait(), 0, "import: done")
    with open(d + "/s2/events/1.jsonl", encoding="utf-8") as f:
        sizes = re.findall(r'"job_sized".*"messages":(\d+)', f.read())
    tap.equal(sizes, ["4000", "4000"], "import: the sizes were told")
    t = Terminal("migrate", "--from", f"maildir:{d}/to", "--to", "null:",
                 "--state", d + "/s3", columns=100)
    tap.equal(t.wait(), 0, "maildir: done")
    with open(d + "/s3/events/1.jsonl", encoding="utf-8") as f:
        sizes = re.findall(r'"job_sized".*"messages":(\d+)', f.read())
    tap.equal(sizes, ["4000", "4000"], "maildir: the sizes were told")


def modes():
    """No keys where nothing is drawn; the terminal is as it was, whatever
    happens."""
    d = server.temp_dir("keys")
    n = 0
    for options, help_ in ((["--quiet"], False), (["--json"], False),
                           (["--no-progress"], False), ([], True)):
        n += 1
        t = Terminal("migrate", "--from", source(1, 60000), "--to", "null:",
                     "--state", f"{d}/state{n}", *options,
                     env={"TERM": "dumb"})
        rc = t.wait()
        tap.ok(rc == 0 and bool(re.search(HELP, t.text)) == help_ and
               b"\x1b" not in t.text, f"plain {options}: "
               f"{'the keys are said once' if help_ else 'no keys'}",
               t.text[-1500:])
    t = Terminal("migrate", "--from", source(2, 400000), "--to", "null:",
                 "--state", d + "/state")
    t.until(HELP)
    # a look from outside: our end of the terminal dies with the process
    other = os.open(f"/proc/{t.pid}/fd/0", os.O_RDWR | os.O_NOCTTY)

    def usual():
        return bool(termios.tcgetattr(other)[3] & termios.ECHO)

    tap.ok(not usual(), "Ctrl-C: keys come at once")
    t.type(b"\x03")
    end = time.monotonic() + 20
    while time.monotonic() < end and not usual():
        time.sleep(0.01)
    tap.ok(usual(), "Ctrl-C: keys are keys again")
    os.close(other)
    t.type(b"\x03")
    tap.ok(t.wait() in (1, -signal.SIGINT), "Ctrl-C twice: it ends")


def one_at_a_time():
    """A second run in the same directory is refused at once; after a crash of
    everything the next one begins at once."""
    d = server.temp_dir("keys")
    state = d + "/state"
    n = 60000
    args = ["migrate", "--from", source(2, n, "2KiB"), "--to",
            f"maildir:{d}/to", "--state", state]
    r = program.Running(*args)
    end = time.monotonic() + 60
    while time.monotonic() < end and not (
            os.path.exists(state + "/events/1.jsonl") and
            "messages_moved" in "\n".join(lines(state + "/events/1.jsonl"))):
        time.sleep(0.02)
    for command in (["resume", "--state", state], args):
        second = program.mailmig(*command)
        tap.equal(second.rc, 2, f"{command[0]}: a second one is refused")
        tap.ok(second.seconds < 1.5, f"{command[0]}: at once",
               f"{second.seconds:.1f} s")
        tap.ok(f"in use by another run, process {r.p.pid}" in second.err,
               f"{command[0]}: and says by whom", second.err)
    os.kill(r.p.pid, signal.SIGSTOP)  # so that nobody can tidy up
    r.kill()
    r.wait(60)
    before = program.books(state).moved
    tap.ok(0 < before < 2 * n, "crash: in the middle", before)
    r = program.Running("resume", "--state", state)
    began = time.monotonic()
    path = state + "/events/2.jsonl"
    while time.monotonic() < began + 60 and not (
            os.path.exists(path) and
            '"job_begun"' in "\n".join(lines(path))):
        time.sleep(0.02)
    tap.ok(time.monotonic() - began < 10, "crash: a resume begins at once",
           f"{time.monotonic() - began:.1f} s")
    # the parent alone: its workers finish their batch, nobody else may begin
    # before, and then somebody may
    os.kill(r.p.pid, signal.SIGKILL)
    third = program.Running("resume", "--state", state)
    third = third.wait(120)
    r.wait(60)
    tap.equal(third.rc, 0, "killed parent: resumed")
    tap.equal(sum(len(f) for r, _, f in os.walk(d + "/to")
                  if r.endswith(("/cur", "/new"))), 2 * n,
              "killed parent: all is there, once")


if __name__ == "__main__":
    tap.run(a_run, comparing, checking, two_steps, modes, one_at_a_time)
