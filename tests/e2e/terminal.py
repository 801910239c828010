#!/usr/bin/env python3
"""What a person at a terminal sees: the prompt for a password, progress that
leaves nothing behind, Ctrl-C that says how to go on."""
import fcntl
import glob
import os
import pty
import re
import select
import struct
import termios
import time

import mail
import program
import server
import tap


class Terminal:
    """mailmig on a terminal of its own."""

    def __init__(self, *args, env=None, columns=80, rows=24):
        self.text = b""
        try:
            self.pid, self.fd = pty.fork()
        except OSError as e:
            raise tap.Skip(f"no terminal to be had: {e}")
        if self.pid == 0:
            e = dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8")
            for name in ("NO_COLOR", "MAILMIG_CUT"):
                e.pop(name, None)
            e.update(env or {})
            os.execve(program.MAILMIG, [program.MAILMIG, *map(str, args)], e)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, timeout):
        ready, _, _ = select.select([self.fd], [], [], timeout)
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return None
        self.text += data
        return data or None

    def until(self, pattern, timeout=60):
        """Reads until the pattern is there; says whether it came."""
        end = time.monotonic() + timeout
        while not re.search(pattern, self.text):
            if time.monotonic() > end or self.read(1) is None:
                return re.search(pattern, self.text) is not None
        return True

    def type(self, text):
        os.write(self.fd, text)

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def wait(self):
        """Reads to the end; the exit status."""
        while self.read(60):
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def screen(data):
    """What is left on the screen: a terminal that knows line feed, carriage
    return, cursor up, erase line, erase display, colours."""
    rows, row, column = [""], 0, 0
    text = data.decode("utf-8", "replace")
    for m in re.finditer(r"\x1b\[(\d*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)",
                         text):
        number, kind, cr, lf, plain = m.groups()
        if kind == "A":
            row -= int(number or 1)
            if row < 0:
                raise AssertionError("above the first row")
        elif kind == "K":
            rows[row] = rows[row][:column]
        elif kind == "J":
            rows[row] = rows[row][:column]
            del rows[row + 1:]
        elif kind == "m":
            pass
        elif kind:
            raise AssertionError("ESC [ " + number + kind)
        elif cr:
            column = 0
        elif lf:
            row += 1
            if row == len(rows):
                rows.append("")
        else:
            line = rows[row].ljust(column)
            rows[row] = line[:column] + plain + line[column + len(plain):]
            column += len(plain)
    return rows


def password():
    d = server.temp_dir("terminal")
    with server.Dovecot(d + "/s") as s:
        items = mail.corpus(20, seed=2)
        mail.fill(s.port, "alice", items)
        args = ["migrate", "--from", program.url(s), "--to",
                f"maildir:{d}/to", "--state", d + "/state"]
        t = Terminal(*args)
        tap.ok(t.until(rb"Password for imap://alice@127\.0\.0\.1[^ ]*: "),
               "the password is asked for, with who and where", t.text)
        for _ in range(100):  # the echo goes off before the question is read
            if not t.echoes():
                break
            time.sleep(0.01)
        tap.ok(not t.echoes(), "without an echo")
        t.type(b"secret\n")
        tap.equal(t.wait(), 0, "and taken")
        tap.ok(b"secret" not in t.text, "it is not on the screen", t.text)

        t = Terminal(*args)
        t.until(rb"Password for ")
        for _ in range(100):
            if not t.echoes():
                break
            time.sleep(0.01)
        t.type(b"\x03")
        tap.ok(t.until(rb"no password was typed"), "Ctrl-C at the prompt", t.text)
        tap.ok(t.echoes(), "the echo is back")
        tap.equal(t.wait(), 2, "exit status 2")

        t = Terminal(*args)
        t.until(rb"Password for ")
        t.type(b"wrong\n")
        tap.equal(t.wait(), 2, "a wrong password: exit status 2")
        tap.ok(re.search(rb"\x1b\[31merror:\x1b\[0m.*alice", t.text),
               "an error in red, with the mailbox", t.text)
        t = Terminal(*args, env={"NO_COLOR": "1"})
        t.until(rb"Password for ")
        t.type(b"wrong\n")
        t.wait()
        tap.ok(b"\x1b[31m" not in t.text and b"error: " in t.text,
               "no colour with NO_COLOR", t.text)


def progress():
    d = server.temp_dir("terminal")
    source = "generate:?messages=60000&size=4KiB"
    t = Terminal("migrate", "--from", source, "--to", "null:", "--state",
                 d + "/state", columns=70)
    rc = t.wait()
    rows = screen(t.text)
    tap.equal(rc, 0, "a run with bars: exit status 0")
    tap.ok(re.search(r"about \d+ s left", t.text.decode()), "time left",
           t.text[-1000:])
    tap.ok(b"\x1b[" in t.text and "█".encode() in t.text, "bars were drawn",
           t.text[:2000])
    tap.ok(any(re.search(r"60 000", r) for r in rows) and
           not any("█" in r or "░" in r for r in rows),
           "the table is left, the bars are gone", "\n".join(rows))
    for options in (["--no-progress"], ["--quiet"], ["--json"]):
        t = Terminal("migrate", "--from", source, "--to", "null:", "--state",
                     f"{d}/state{options[0]}", *options)
        rc = t.wait()
        tap.ok(rc == 0 and "█".encode() not in t.text,
               f"{options[0]}: no bars", t.text[:2000])


def gone():
    """The terminal closes (SIGHUP): the run goes on to its end."""
    d = server.temp_dir("terminal")
    args = ["--from", "generate:?messages=60000&size=4KiB", "--to", "null:",
            "--state", d + "/state"]
    t = Terminal("migrate", *args)
    tap.ok(t.until("[█░]".encode()), "a run with bars", t.text)
    log = glob.glob(d + "/state/events/*.jsonl")
    with open(log[0], encoding="utf-8") as f:
        tap.ok("run_ended" not in f.read(), "which is under way")
    os.close(t.fd)
    _, status = os.waitpid(t.pid, 0)
    tap.ok(os.WIFEXITED(status), "nothing kills it", status)
    program.check_books(d + "/state", "no terminal", found=60000, moved=60000)
    r = program.mailmig("migrate", *args)
    tap.equal(r.rc, 0, "and a later pass finds the state as it should be")
    program.check_books(d + "/state", "the later pass", run=-1, moved=0)


def unwritable():
    """A state directory that cannot be written: said at once, with its
    name, and nothing is begun."""
    d = server.temp_dir("terminal")
    with open(d + "/file", "w", encoding="utf-8"):
        pass
    for state in (d + "/file", d + "/file/below", "/proc/nowhere"):
        r = program.mailmig("migrate", "--from", "generate:?messages=5",
                            "--to", f"maildir:{d}/to", "--state", state)
        tap.equal(r.rc, 2, f"{os.path.basename(state)}: exit status 2")
        tap.ok(f"cannot make the state directory {state}: " in r.err and
               len(r.err.splitlines()) == 1, "a sentence that names it", r.err)
    tap.ok(not os.path.exists(d + "/to"), "and nothing was begun")


def interrupted():
    d = server.temp_dir("terminal")
    source = "generate:?messages=200000&size=20KiB"
    args = ["migrate", "--from", source, "--to", f"maildir:{d}/to",
            "--state", d + "/state"]
    t = Terminal(*args)
    tap.ok(t.until(r"all +█".encode()), "under way", t.text[-2000:])
    t.type(b"\x03")
    rc = t.wait()
    rows = "\n".join(screen(t.text))
    tap.ok("Stopped before the end" in rows, "Ctrl-C is heard", rows)
    tap.ok(re.search(r"mailmig resume --state \S*state", rows),
           "and how to go on is said", rows)
    tap.ok(rc in (1, 2), "it did not end well", f"exit status {rc}")
    b = program.books(d + "/state", run=-1)
    tap.ok(0 < b.moved < 200000, "a part was moved", b)
    n = sum(len(f) for r, _, f in os.walk(d + "/to") if r.endswith("/cur"))
    tap.equal(n, b.moved, "and is there")
    r = program.mailmig("status", "--state", d + "/state")
    tap.ok(r.rc == 0 and "stopped" in r.out, "status says so", r.out + r.err)
    r = program.mailmig("resume", "--state", d + "/state-of-nobody")
    tap.equal(r.rc, 2, "resume without a ledger: exit status 2")
    tap.ok("--state" in r.err, "and what to do", r.err)


def resumed():
    """Ctrl-C, then just the command that was named, on the same terminal."""
    n = 20000
    d = server.temp_dir("terminal")
    t = Terminal("migrate", "--from", f"generate:?messages={n}&size=2KiB",
                 "--to", f"maildir:{d}/to", "--state", d + "/state",
                 columns=200)
    tap.ok(t.until(r"all +█".encode()), "resume: under way", t.text[-2000:])
    t.type(b"\x03")
    t.wait()
    m = re.search(r"mailmig (resume --state \S+)", "\n".join(screen(t.text)))
    tap.ok(m, "resume: the command is named", t.text[-2000:])
    first = program.books(d + "/state")
    tap.ok(0 < first.moved < n and first.balanced(),
           "resume: a part was moved, and the books balance", first)
    t = Terminal(*m[1].split(), columns=200)
    rc = t.wait()
    tap.equal(rc, 0, "resume: exit status 0")
    rows = "\n".join(screen(t.text))
    tap.ok("Stopped" not in rows and "█" not in rows,
           "resume: a table, and no bars are left", rows)
    b = program.books(d + "/state", run=-1)
    tap.ok(b.balanced() and b.failed == 0, "resume: the books balance", b)
    tap.equal(first.moved + b.moved, n, "resume: moved is the rest")
    names = [f for r, _, f in os.walk(d + "/to") if r.endswith("/cur")]
    tap.equal(sum(map(len, names)), n, "resume: all is there, once")
    r = program.mailmig("resume", "--state", d + "/state")
    tap.ok(r.rc == 0 and program.books(d + "/state", run=-1).moved in
           (0, b.moved), "resume: and then there is nothing left",
           r.out + r.err)
    tap.equal(sum(len(f) for r, _, f in os.walk(d + "/to")
                  if r.endswith("/cur")), n, "resume: nothing comes twice")


if __name__ == "__main__":
    tap.run(password, progress, interrupted, resumed, gone,
            unwritable)
