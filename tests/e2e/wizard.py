#!/usr/bin/env python3
"""The wizard, driven through a real terminal: whole migrations, screens, the
plan that it makes, and terminals that shrink."""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import directory
import mail
import program
import server
import tap

TMUX = shutil.which("tmux")
WAIT_S = 20


class Terminal:
    """A program in a terminal of its own (tmux)."""

    def __init__(self, d, *args, width=80, height=24):
        self.socket = tempfile.mktemp(prefix="tmux", dir=d)
        words = " ".join([program.MAILMIG, *args])
        env = {k: v for k, v in os.environ.items() if k != "TMUX"}
        env.update(LC_ALL="C.UTF-8", LANG="C.UTF-8", TERM="xterm")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width),
                  "-y", str(height), "-s", "w",
                  f"cd {d} && {words}; echo status=$?; cat", env=env)

    def tmux(self, *args, env=None):
        return subprocess.run([TMUX, "-S", self.socket, *args], env=env,
                              capture_output=True, encoding="utf-8",
                              timeout=60).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", "w")

    def wait(self, text):
        """The screen, once it shows the text."""
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            s = self.screen()
            if re.search(text, s):
                return s
        raise AssertionError(f"{text} did not come:\n{self.screen()}")

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "w", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", "-t", "w", text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")


def choose(t, page, row):
    """Move to a row of a list and take it."""
    s = t.wait(page)
    rows = [x for x in s.splitlines() if re.match(r"\s*│ [a-zA-Z\[]", x)]
    names = [x.strip(" │") for x in rows]
    at = next((i for i, x in enumerate(names) if x.startswith(row)), None)
    first = next(i for i, x in enumerate(names)
                 if x.startswith(("imap ", "One step", "Take all")))
    if at is None:
        raise AssertionError(f"no row {row}:\n{s}")
    t.keys("Home", *["Down"] * (at - first), "Enter")


# Pages whose fields are passed over, and how many there are before Next.
FIELDS = {"What to take": 7, "Which of it": 7, "People and passwords": 10,
          "State directory": 4, "Matching": 1, "1 without a place": 1,
          "Accounts": 1, "Summary": 1,
          "Where the mail is": 1, "Where it goes": 1, "Result": 1}


def on(t, *pages):
    """Through these pages as they are; the last screen of each."""
    out = []
    for page in pages:
        out.append(t.wait(page))
        t.keys(*["Tab"] * FIELDS[page], "Enter")
    return out


def to_source(d, t, kind, *fields):
    choose(t, "What to migrate", kind)
    t.wait("Where the mail is")
    for f in fields:
        if f:
            t.keys("C-u")
            t.type(f)
        t.keys("Tab")


def files_to_maildir():
    d = server.temp_dir("wizard")
    # one after the other, so that the set lists them in their order
    program.mailmig("migrate", "--workers", "1",
                    "--from", "generate:?mailboxes=4&messages=10",
                    "--to", "files:src", "--state", d + "/s0", cwd=d)
    with Terminal(d) as t:
        s = t.wait("What to migrate")
        tap.ok("mailboxes of an IMAP server" in s and "F1 help" in s,
               "alone on a terminal: the wizard", s)
        t.keys("F1")
        t.wait("the second")
        t.keys("Enter")
        choose(t, "What to migrate", "files")
        t.wait("Where the mail is")
        t.type("nowhere")
        t.keys("Tab", "Enter")
        s = t.wait("It did not work")
        tap.ok("nowhere" in s, "a source that is not there: said at once", s)
        t.keys("Tab", "Enter")  # correct it
        s = t.wait("files:.*nowhere")
        t.keys("C-u")
        t.type("files:src")
        t.keys("Tab", "Enter")
        choose(t, "Where shall the mail go", "maildir")
        t.wait("Where it goes")
        t.type("out")
        t.keys("Tab", "Enter")
        t.wait("What to take")
        t.keys("Down", "Space", "Up")
        s, = on(t, "What to take")
        tap.ok("[*] Public folders" in s, "kinds of things, all taken", s)
        t.wait("Which of it")
        t.type("yesterday")
        on(t, "Which of it")
        s = t.wait("This does not fit")
        tap.ok("yesterday" in s, "a wrong date: said, with the right form", s)
        t.keys("Enter")
        t.wait("Which of it")
        t.keys("C-u")
        t.type("2001-01-01")
        on(t, "Which of it")
        s = t.wait("4 of 4 mailboxes will go")
        tap.ok("user1" in s and "user4" in s, "the mailboxes are listed", s)
        t.keys("Down", "Space")
        s = t.wait("3 of 4 mailboxes will go")
        tap.ok("[ ] user2" in s, "one is left out", s)
        on(t, "Accounts", "People and passwords", "Matching")
        t.wait("State directory")
        t.keys("C-u")
        t.type("state")
        on(t, "State directory")
        s = t.wait("Summary")
        tap.ok("[from]" in s and "since = 2001-01-01" in s and
               "without = calendar" in s and
               "mailbox = user1;user3;user4;" in s.replace("\n", ""),
               "the summary is the plan", s)
        t.keys("Tab", "Tab", "Tab", "Enter")  # Save and exit
        t.wait("mailmig check FILE")
        t.keys("C-u")
        t.type("my.plan")
        t.keys("Tab", "Enter")
        s = t.wait("status=0")
        tap.ok("mailmig run my.plan" in s, "saved, and what to do next", s)
    with open(d + "/my.plan") as f:
        got = f.read()
    r = program.mailmig("migrate", "--from", "files:src", "--to", "maildir:out",
                        "--since", "2001-01-01", "--without", "calendar",
                        "--mailbox", "user1",
                        "--mailbox", "user3", "--mailbox", "user4", "--state",
                        "state", "--print-plan", cwd=d)
    tap.equal(got, r.out, "the same choices on the command line: the same plan")
    # and again from the file, to the end
    with Terminal(d, "wizard", "my.plan") as t:
        choose(t, "What to migrate", "files")
        s = t.wait("files:.*src")
        t.keys("Tab", "Enter")
        choose(t, "Where shall the mail go", "maildir")
        t.wait("maildir:.*out")
        t.keys("Tab", "Enter")
        on(t, "What to take")
        t.wait("2001-01-01")
        on(t, "Which of it")
        t.wait("3 of 4 mailboxes will go")
        on(t, "Accounts", "People and passwords", "Matching",
           "State directory", "Summary")
        s = t.wait("Result")
        tap.ok(re.search(r"3 mailboxes.*\n.* 30  found", s) and
               re.search(r"= +30  moved", s), "run to the end: the books", s)
        t.keys("Tab", "Enter")
        s = t.wait("status=[0-9]")
        tap.ok("status=0" in s and "Report:" in s, "and again as lines", s)
    tap.equal(sorted(os.listdir(d + "/out")),
              ["user1", "user3", "user4"], "the mail of the chosen is there")


def imap_to_maildir():
    d = server.temp_dir("wizard")
    with server.Dovecot(d + "/dovecot") as s:
        items = mail.corpus(25, seed=5)
        mail.fill(s.port, "alice", items)
        with Terminal(d) as t:
            to_source(d, t, "imap", program.url(s, ""), "alice", "", "wrong")
            # after the password: file, commands, accounts file, Next
            t.keys("Tab", "Tab", "Tab", "Tab", "Enter")
            w = t.wait("It did not work")
            tap.ok("uthentication" in w, "a wrong password: said at once", w)
            tap.ok("wrong" not in w, "and not shown", w)
            t.keys("Tab", "Enter")
            t.wait("Where the mail is")
            t.keys("Tab", "Tab", "Tab", "C-u")
            t.type("secret")
            t.keys("Tab", "Tab", "Tab", "Tab", "Tab", "Enter")
            choose(t, "How shall it be done", "One step")
            choose(t, "Where shall the mail go", "maildir")
            t.wait("Where it goes")
            t.type("out")
            on(t, "Where it goes", "What to take", "Which of it",
               "People and passwords")
            t.wait("State directory")
            # smaller than a page needs: it waits for room
            t.tmux("resize-window", "-t", "w", "-x", "40", "-y", "10")
            t.keys(*["Tab"] * 4, "Enter")
            w = t.wait(r"needs\s+72x20")
            tap.ok(True, "40x10: asks for room")
            t.tmux("resize-window", "-t", "w", "-x", "80", "-y", "24")
            w = t.wait("Summary")
            tap.ok("secret" not in w, "no password in the plan", w)
            t.keys("Tab", "Enter")
            t.wait("All is moved")
            t.keys("Escape")
            w = t.wait("status=[0-9]")
            tap.ok("status=0" in w, "the migration went to its end", w)
    r, list_ = program.records("maildir:" + d + "/out")
    tap.equal(sum(x["kind"] == "message" for x in list_), 25, "all messages")
    text = ""
    for root, _, files in os.walk(d + "/mailmig-state"):
        for name in files:
            with open(os.path.join(root, name), "rb") as f:
                text += f.read().decode("latin-1")
    tap.ok("secret" not in text.replace("alice", ""),
           "no password in the state directory")


def leaving():
    d = server.temp_dir("wizard")
    with Terminal(d) as t:
        t.wait("What to migrate")
        t.keys("Escape")
        t.wait("Nothing is kept")
        t.keys("Enter")
        s = t.wait("status=0")
        tap.ok("nothing was done" in s, "Escape leaves", s)
    left = [x for x in os.listdir(d) if not x.startswith("tmux")]
    tap.equal(left, [], "and nothing is kept")
    r = program.mailmig("wizard")
    tap.ok(r.rc == 64 and "terminal" in r.err, "without a terminal: a sentence",
           r.err)


LARGE = """[from]
url = generate:?mailboxes=3&messages=20000&size=1KiB
[to]
url = null:
[run]
workers = 2
"""


def to_accounts(t):
    """Through the pages of a plan that says everything."""
    t.wait("What to migrate")
    t.keys("Enter")
    t.wait("Where the mail is")
    t.keys("Tab", "Enter")
    t.wait("How shall it be done")
    t.keys("Enter")
    t.wait("Where shall the mail go")
    t.keys("Enter")
    on(t, "Where it goes", "What to take", "Which of it")
    return t.wait("mailboxes will go")


def to_summary(t):
    to_accounts(t)
    on(t, "Accounts", "People and passwords", "Matching", "State directory")
    t.wait("Summary")


def plan_file(d, text):
    with open(d + "/a.plan", "w", encoding="utf-8") as f:
        f.write(text)


class Held:
    """The workers of a run stand still, so that its page can be looked at."""

    def __init__(self, state):
        self.pids = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/comm") as f:
                    worker = f.read().startswith("mailmig-w")
                # it keeps the lock open
                if worker and os.readlink(f"/proc/{name}/fd/3") == \
                        state + "/lock":
                    self.pids.append(int(name))
            except OSError:
                continue

    def kill(self, number):
        for pid in self.pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def __enter__(self):
        self.kill(signal.SIGSTOP)
        return self

    def __exit__(self, *_):
        self.kill(signal.SIGCONT)


def accounts():
    """The list of mailboxes: search, all, none, sizes, a CSV file."""
    d = server.temp_dir("wizard")
    plan_file(d, "[from]\nurl = generate:?mailboxes=12&messages=10\n"
              "[to]\nurl = maildir:out\n")
    for name, text in (("good", "source,destination\nuser3,anna\nuser5,b\n"),
                       ("open", 'source,destination\nuser1,a\n"user2,b\n'),
                       ("word", "source,destinatoin\nuser1,a\n")):
        with open(f"{d}/{name}.csv", "w", encoding="utf-8") as f:
            f.write(text)
    with Terminal(d, "wizard", "a.plan") as t:
        to_accounts(t)
        t.keys("-")
        t.wait("0 of 12 mailboxes")
        t.keys("Tab", "Enter")
        t.wait("No mailbox is chosen")
        t.keys("Enter")
        t.keys("BTab", "/")
        t.wait("Part of the name")
        t.type("R1")
        t.keys("Tab", "Enter")
        s = t.wait("0 of 12 mailboxes will go; 4 with 'R1' are shown")
        tap.ok("user12" in s and "user2" not in s, "searched, in any case", s)
        t.keys("+")
        t.wait("4 of 12 mailboxes will go")
        t.keys("/")
        t.wait("Part of the name")
        t.keys("C-u", "Tab", "Enter")
        s = t.wait("4 of 12 mailboxes will go[.]")
        tap.ok("[*] user10" in s and "[ ] user2" in s,
               "all of those that were shown", s)
        t.keys(*["BTab"] * 2, "Enter")  # Check
        s = t.wait("What was found")
        tap.ok("4 mailboxes, 0 of them cannot be moved; 40 messages" in s,
               "a check of those that are chosen", s)
        t.keys("Tab", "Enter")
        s = t.wait("mailboxes will go")
        tap.ok(re.search("user10 +10 +[0-9.]+ KiB ok", s) and
               re.search("user2 +10 *│", s.replace("▮", "").replace("▒", "")),
               "counts and sizes are in the list", s)
        for name, words in (("nowhere", "nowhere.csv"),
                            ("open", "open.csv line 3, column 1: a quotation"),
                            ("word", "word.csv line 1: unknown column "
                             "'destinatoin'; did you mean")):
            t.keys(*["BTab"] * 3, "Enter")  # CSV file
            t.wait("Accounts file")
            t.keys("C-u")
            t.type(name + ".csv")
            t.keys("Tab", "Enter")
            s = t.wait("It did not work")
            flat = re.sub(r"[ │\n]+", "", s)
            tap.ok(words.replace(" ", "") in flat,
                   name + ".csv: said, with the place", s)
            t.keys("Enter")
            t.wait("Accounts file")
            t.keys("BTab", "BTab", "Enter")  # Back
            t.wait("mailboxes will go")
        t.keys(*["BTab"] * 3, "Enter")
        t.wait("Accounts file")
        t.type("good.csv")
        t.keys("Tab", "Enter")
        s = t.wait("2 of 2 mailboxes will go")
        tap.ok("user3" in s and "user5" in s and "user1 " not in s,
               "a CSV file: those in it", s)
        on(t, "Accounts", "People and passwords", "State directory")
        s = t.wait("Summary")
        tap.ok(f"file = {d}/good.csv" in s and "mailbox =" not in s,
               "it is in the plan", s)


MANY = 20000
QUICK_S = 3  # milliseconds on an idle machine; tests share theirs


def many():
    """20,000 mailboxes: all of them in the list, and it stays quick."""
    d = server.temp_dir("wizard")
    with open(d + "/many.csv", "w", encoding="utf-8") as f:
        f.write("source,source_password\n")
        f.writelines(f"user{i:05}@old.example,x\n" for i in range(MANY))
    plan_file(d, "[from]\nurl = imap://127.0.0.1:1\n[to]\n"
              "url = maildir:out\n[accounts]\nfile = many.csv\n")
    worst = 0.0
    with Terminal(d, "wizard", "a.plan") as t:
        t.wait("What to migrate")
        t.keys("Enter")
        t.wait("Where the mail is")
        t.keys(*["Tab"] * 8, "Enter")
        # nobody listens there: only a check would notice
        t.wait("How shall it be done")
        t.keys("Enter")
        t.wait("Where shall the mail go")
        t.keys("Enter")
        on(t, "Where it goes", "What to take")
        t.wait("Which of it")
        for keys, want in ((["Tab"] * 7 + ["Enter"], "20 000 of 20 000"),
                           (["End"], "user19999@old"),
                           (["Space"], "19 999 of 20 000"),
                           (["-"], "  0 of 20 000| 0 of 20 000"),
                           (["+"], "20 000 of 20 000"),
                           (["/"], "Part of the name"),
                           ([*"12345", "Tab", "Enter"],
                            "; 1 with '12345' are"),
                           (["Space"], "19 999 of 20 000"),
                           (["Tab", "Enter"], "People and"),
                           (["Tab"] * 10 + ["Enter"], "State directory"),
                           (["Tab"] * 4 + ["Enter"], "Summary")):
            began = time.monotonic()
            t.keys(*keys)
            s = t.wait(want)
            worst = max(worst, time.monotonic() - began)
        tap.ok(re.search("and 199[0-9]{2} more", s),
               "the summary says how many more there are", s)
    tap.ok(worst < QUICK_S, f"{MANY} mailboxes: each key is answered soon",
           f"{worst:.2f} s")


def people():
    """A directory: who is found, converted, made; what is decided by hand."""
    d = server.temp_dir("wizard")
    directory.write(d + "/rows.csv", directory.ROWS +
                    "mailbox,create,Ole,,~Server,\n")
    directory.make_set(d + "/set")
    program.mailmig("directory", "import", "rows.csv", "--state", "state",
                    cwd=d)
    plan_file(d, "[from]\nurl = files:set\n[to]\nurl = maildir:out\n"
              "[run]\nstate = state\n")
    with Terminal(d, "wizard", "a.plan", width=100, height=30) as t:
        t.wait("What to migrate")
        t.keys("Enter")
        on(t, "Where the mail is")
        t.wait("Where shall the mail go")
        t.keys("Enter")
        on(t, "Where it goes", "What to take", "Which of it", "Accounts")
        t.wait("People and passwords")
        t.keys("F1")
        tap.ok("initial-password" not in t.wait("of new mailboxes: none"),
               "F1 says what may be said")
        t.keys("Enter")
        t.wait("People and passwords")
        t.type("nowhere:")
        on(t, "People and passwords")
        s = t.wait("It did not work")
        tap.ok("nowhere" in s, "no such kind of directory: said", s)
        t.keys("Enter")
        t.wait("People and passwords")
        t.keys("C-u")
        t.type(f"sqlite:{d}/state/directory.sqlite")
        on(t, "People and passwords")
        s = t.wait("3 mailboxes, 1 without a place")
        tap.ok(re.search("Berg, Anna at PO1 +convert +AnnaB", s) and
               re.search("MS:NET/PO/EVA +mailbox +Eva", s) and
               re.search("NOBODY +nobody", s),
               "found, to be converted, nobody", s)
        t.keys("End", "Enter")
        t.wait("Where shall MS:NET/PO/NOBODY go")
        t.keys("End", "Enter")
        t.wait("distinguished name")
        t.type("Ole")
        t.keys("Tab", "Enter")
        t.wait("by hand +Ole")
        t.keys("Tab", "Enter")
        t.wait("kept in a CSV file")
        t.keys("Tab", "Enter")
        on(t, "State directory")
        s, = on(t, "Summary")
        tap.ok("url = sqlite:" in s and f"map = {d}/mapping.csv" in s,
               "in the plan", s)
        s = t.wait("Result")
        tap.ok(re.search("= +2  moved", s), "and run", s)
        t.keys("Tab", "Enter")
        t.wait("status=")
    # nobody decided, and one has no recipient
    plan_file(d, "[from]\nurl = files:set\n[to]\nurl = maildir:out2\n"
              f"[directory]\nurl = sqlite:{d}/state2/directory.sqlite\n"
              "[run]\nstate = state2\n")
    program.mailmig("directory", "import", "rows.csv", "--state", "state2",
                    cwd=d)
    with Terminal(d, "wizard", "a.plan", width=100, height=30) as t:
        t.wait("What to migrate")
        t.keys("Enter")
        on(t, "Where the mail is")
        t.wait("Where shall the mail go")
        t.keys("Enter")
        on(t, "Where it goes", "What to take", "Which of it", "Accounts",
           "People and passwords")
        on(t, "1 without a place", "State directory", "Summary")
        s, = on(t, "Result")
        tap.ok("but something failed" in s and "- MS:NET/PO/NOBODY" in s,
               "who has no recipient is on the result page", s)
        tap.ok("status=2" in t.wait("status="), "exit status 2")
    with open(d + "/mapping.csv", newline="", encoding="utf-8") as f:
        tap.equal(f.read(), "source,mailbox\r\nMS:NET/PO/NOBODY,Ole\r\n",
                  "the mapping file")
    tap.equal(sorted(os.listdir(d + "/out")), ["AnnaB", "Eva", "Ole"],
              "the mail is with those who own it")


def renamed():
    """Without a directory: other names, kept in an accounts file."""
    d = server.temp_dir("wizard")
    plan_file(d, "[from]\nurl = generate:?mailboxes=3&messages=2\n"
              "[to]\nurl = maildir:out\n")
    with Terminal(d, "wizard", "a.plan") as t:
        to_accounts(t)
        t.keys("Space")
        t.wait("2 of 3")
        on(t, "Accounts", "People and passwords")
        s = t.wait("2 mailboxes, 0 without")
        tap.ok(re.search("user2 +the same +user2", s), "names stay", s)
        t.keys("Enter")
        t.wait("Where shall user2 go")
        t.keys("End", "Enter")
        t.wait("Name")
        t.keys("C-u")
        t.type("anna")
        t.keys("Tab", "Enter")
        t.wait("user2 +by hand +anna")
        t.keys("Tab", "Enter")
        t.wait("kept in a CSV file")
        t.keys("Tab", "Enter")
        on(t, "State directory", "Summary", "Result")
        t.wait("status=0")
    tap.equal(sorted(os.listdir(d + "/out")), ["anna", "user3"], "renamed")


GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wizard")


def golden(t, name, wait, *subs):
    """The screen is as it was; GOLDEN_WRITE=1 makes it so."""
    t.wait(wait)
    path = os.path.join(GOLDEN, name + ".txt")
    # drawn in more than one piece: it is looked at until it stands as it was
    until = time.monotonic() + 5
    while True:
        s = "\n".join(x.rstrip() for x in t.screen().splitlines()) + "\n"
        for old, new in subs:
            s = re.sub(old, new, s)
        if os.environ.get("GOLDEN_WRITE"):
            time.sleep(0.3)
            os.makedirs(GOLDEN, exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(s)
            return
        with open(path, encoding="utf-8") as f:
            want = f.read()
        if s == want or time.monotonic() > until:
            break
        time.sleep(0.02)
    tap.ok(s == want, f"screen {name}", f"got\n{s}\nwant\n{want}")


def all_pages():
    """Extract, import and .pst through the pages, each screen as it was; the
    plan of the pages is that of the command line."""
    d = server.temp_dir("wizard")
    # the length of a name decides how it is drawn
    cut = (re.escape(d) + "[^ _│]*", "DIR")
    blanks = (r"DIR[_ ]*│", "DIR │")
    program.mailmig("migrate", "--workers", "1", "--from",
                    "generate:?mailboxes=3&messages=7&size=1KiB",
                    "--to", "maildir:src", "--state", d + "/s0", cwd=d)
    # the first step: extract
    with Terminal(d) as t:
        golden(t, "kind", "What to migrate")
        choose(t, "What to migrate", "maildir")
        golden(t, "source", "Where the mail is")
        t.type("src")
        t.keys("Tab", "Enter")
        golden(t, "procedure", "How shall it be done")
        choose(t, "How shall it be done", "Two steps")
        t.wait("Where it goes")
        t.type("set")
        t.keys("Tab", "Enter")
        golden(t, "kinds", "What to take")
        on(t, "What to take")
        golden(t, "which", "Which of it")
        on(t, "Which of it")
        golden(t, "accounts", "mailboxes will go")
        on(t, "Accounts")
        golden(t, "people", "People and passwords")
        on(t, "People and passwords")
        golden(t, "matching", "Matching")
        on(t, "Matching")
        golden(t, "run", "State directory", cut, blanks)
        t.keys("C-u")
        t.type("one")
        on(t, "State directory")
        golden(t, "summary", "Summary", cut, blanks)
        t.keys("Tab", "Tab", "Tab", "Enter")
        t.wait("mailmig check FILE")
        golden(t, "save", "migration.plan")
        t.keys("Escape")
        golden(t, "cancel", "Leave the wizard")
        t.keys("Tab", "Enter")
        t.wait("migration.plan")
        t.keys("Tab", "Enter")
        t.wait("status=0")
    with open(d + "/migration.plan", encoding="utf-8") as f:
        got = f.read()
    r = program.mailmig("extract", "--from", "maildir:src", "--to",
                        "files:set", "--state", "one", "--print-plan", cwd=d)
    tap.equal(got, r.out, "extract: the plan is that of the command line")
    r = program.mailmig("run", "migration.plan", cwd=d)
    tap.equal(r.rc, 0, "and runs")
    # the second: import, into Outlook's files
    with Terminal(d) as t:
        choose(t, "What to migrate", "files")
        t.wait("Where the mail is")
        t.type("set")
        t.keys("Tab", "Enter")
        golden(t, "destination", "Where shall the mail go")
        choose(t, "Where shall the mail go", "pst")
        t.wait("Where it goes")
        t.type("pst")
        on(t, "Where it goes", "What to take", "Which of it", "Accounts",
           "People and passwords", "Matching")
        t.wait("State directory")
        t.keys("C-u")
        t.type("two")
        on(t, "State directory", "Summary")
        golden(t, "result", "Result", cut, blanks,
               (r"[0-9.]+ [KM]?i?B, in .* s", "SIZE, in TIME s"),
               (r" *(│\n)", r" \1"))
        on(t, "Result")
        t.wait("status=0")
    tap.ok({"user1.pst", "user2.pst", "user3.pst"} <=
           set(os.listdir(d + "/pst")), "import: .pst files")
    r, list_ = program.records(f"pst:{d}/pst")
    tap.equal(sum(x["kind"] == "message" for x in list_), 21,
              "with all messages")


def bad():
    """Plans and directories that cannot be used."""
    d = server.temp_dir("wizard")
    plan_file(d, "[plan]\nformat = 2\n[from]\nurl = imap://x\n")
    with Terminal(d, "wizard", "a.plan") as t:
        s = t.wait("status=")
        tap.ok("status=64" in s and "newer" in s, "a plan of a newer version",
               s)
    plan_file(d, "[from]\nurl = imap://x\n[form]\nurl = y\n")
    with Terminal(d, "wizard", "a.plan") as t:
        s = t.wait("status=")
        tap.ok("status=64" in s and "line 4" in s and "from" in s,
               "a key that is not known", s)
    os.mkdir(d + "/empty")
    plan_file(d, "[from]\nurl = files:empty\n[to]\nurl = maildir:out\n")
    with Terminal(d, "wizard", "a.plan") as t:
        t.wait("What to migrate")
        t.keys("Enter")
        on(t, "Where the mail is")
        s = t.wait("It did not work")
        tap.ok("empty" in s, "no accounts: said with the name", s)
    with open(d + "/file", "w", encoding="utf-8"):
        pass
    plan_file(d, "[from]\nurl = generate:?mailboxes=1\n[to]\n"
              "url = maildir:out\n[run]\nstate = file/below\n")
    with Terminal(d, "wizard", "a.plan") as t:
        t.wait("What to migrate")
        t.keys("Enter")
        on(t, "Where the mail is")
        t.wait("How shall it be done")
        t.keys("Enter")
        t.wait("Where shall the mail go")
        t.keys("Enter")
        on(t, "Where it goes", "What to take", "Which of it",
           "People and passwords", "State directory")
        s = t.wait("This does not fit")
        flat = re.sub(r"[ │\n]+", "", s)
        tap.ok("file/belowcannotbewritten" in flat,
               "a state directory that cannot be written", s)
        t.keys("Enter")
        t.wait("State directory")
    tap.ok(not os.path.exists(d + "/out"), "nothing was begun")


def live():
    """The page of a run: bars, help, stop, and on from there."""
    d = server.temp_dir("wizard")
    plan_file(d, LARGE)
    with Terminal(d, "wizard", "a.plan") as t:
        to_summary(t)
        t.keys("Tab", "Enter")
        s = t.wait("all .*█")
        with Held(d + "/mailmig-state") as held:
            tap.equal(len(held.pids), 2, "under way, and held")
            s = t.screen()
            tap.ok(re.search("user[1-3] +[█░]{20}.*\n"
                             "(.*user[1-3] +[█░]{20}.*\n)?"
                             ".*all +█.*messages.*\n.*of 3 mailboxes", s),
                   "a bar for each mailbox under way and for all", s)
            t.keys("F1")
            tap.ok("mailmig resume" in t.wait("Stop ends the run"), "F1: help")
            t.tmux("resize-window", "-t", "w", "-x", "40", "-y", "10")
            s = t.wait("(?m)^ +│ all .*\n(.*\n)*.*<Stop>")
            tap.ok(max(map(len, s.splitlines())) <= 40, "40x10: still bars", s)
            t.tmux("resize-window", "-t", "w", "-x", "80", "-y", "24")
            t.wait("generate:.* -> null:")
            t.keys("Enter")
            t.wait("Stop\\? Once more")
            t.keys("Enter")
            t.wait("Stopping when what is under way")
        s = t.wait("Result")
        tap.ok("stopped before the end" in s and "mailmig resume" in s,
               "stopped, and how to go on", s)
        first = program.books(d + "/mailmig-state")
        tap.ok(first.balanced() and 0 < first.moved < 60000,
               "the books balance", first)
        t.keys("BTab", "BTab", "Enter")  # Back
        t.wait("Summary")
        t.keys("Tab", "Enter")
        s = t.wait("Result")
        t.keys("Tab", "Enter")
        tap.ok("All is moved" in s, "back to the pages, and on", s)
        t.wait("status=0")
    both = program.books(d + "/mailmig-state", run=1)
    tap.equal(first.moved + both.moved, 60000, "everything once")


def gone():
    """The terminal closes: the run goes on; before it, nothing was done."""
    d = server.temp_dir("wizard")
    plan_file(d, LARGE)
    with Terminal(d, "wizard", "a.plan") as t:
        t.wait("What to migrate")
    tap.equal([x for x in os.listdir(d) if not x.startswith("tmux")],
              ["a.plan"],
              "gone at a page: nothing was done")
    with Terminal(d, "wizard", "a.plan") as t:
        to_summary(t)
        t.keys("Tab", "Enter")
        t.wait("all .*█")
        with Held(d + "/mailmig-state") as held:
            b = program.books(d + "/mailmig-state")
            tap.ok(b.totals is None and held.pids, "a run is under way", b)
            t.tmux("kill-server")
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until and b.totals is None:
        time.sleep(0.05)
        b = program.books(d + "/mailmig-state")
    tap.ok(b.balanced() and b.moved == 60000, "it went to its end", b)
    r = program.mailmig("resume", "--state", d + "/mailmig-state")
    tap.equal(r.rc, 0, "and nothing is left to resume")


def main():
    if not TMUX:
        raise tap.Skip("no tmux")


if __name__ == "__main__":
    if TMUX:
        tap.run(files_to_maildir, imap_to_maildir, all_pages, bad,
                accounts, many, people, renamed, live, gone, leaving)
    else:
        tap.run(main)
