"""Runs the program under test and reads what it left: event log, books."""
import collections
import json
import os
import signal
import subprocess
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MAILMIG = os.path.abspath(os.environ.get(
    "MAILMIG", os.path.join(ROOT, "build", "src", "cli", "mailmig")))

Result = collections.namedtuple("Result", "rc out err seconds peak seen")


def in_session(sid):
    """Processes of a session: {pid: peak resident KiB}."""
    out = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as f:
                if int(f.read().rsplit(")", 1)[1].split()[3]) != sid:
                    continue
            with open(f"/proc/{name}/status") as f:
                for line in f:
                    if line.startswith("VmHWM:"):
                        out[int(name)] = int(line.split()[1])
        except (OSError, IndexError, ValueError):
            continue
    return out


class Running:
    """A started mailmig, in a session of its own."""

    def __init__(self, *args, env=None, cwd=None, wrap=(), watch=False):
        self.args = args
        self.out = tempfile.TemporaryFile()
        self.err = tempfile.TemporaryFile()
        e = dict(os.environ, LC_ALL="C.UTF-8", NO_COLOR="1")
        e.pop("MAILMIG_CUT", None)
        e.update(env or {})
        self.began = time.monotonic()
        self.p = subprocess.Popen(
            [*wrap, MAILMIG, *map(str, args)], env=e, cwd=cwd,
            stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err,
            start_new_session=True)
        self.peak = 0  # KiB, of the largest process
        self.seen = ""  # command lines and environments while it ran
        self._over = threading.Event()
        self._watcher = None
        if watch:
            self._watcher = threading.Thread(target=self._watch, daemon=True)
            self._watcher.start()

    def _watch(self):
        seen = set()
        while not self._over.wait(0.01):
            for pid, kib in in_session(self.p.pid).items():
                self.peak = max(self.peak, kib)
                if pid not in seen:
                    try:
                        with open(f"/proc/{pid}/cmdline", "rb") as f:
                            line = f.read().replace(b"\0", b" ")
                        if line:
                            seen.add(pid)
                            self.seen += line.decode("utf-8", "replace") + "\n"
                    except OSError:
                        pass

    def kill(self):
        """SIGKILL to everything it started."""
        for pid in [self.p.pid, *in_session(self.p.pid)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def wait(self, timeout=300):
        try:
            rc = self.p.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            self.p.wait()
            rc = "timeout"
        seconds = time.monotonic() - self.began
        self._over.set()
        if self._watcher:
            self._watcher.join()
        # workers of a killed parent must not live on
        for _ in range(200):
            if not in_session(self.p.pid):
                break
            if rc == "timeout" or (isinstance(rc, int) and rc < 0):
                self.kill()
            time.sleep(0.01)
        texts = []
        for f in (self.out, self.err):
            f.seek(0)
            texts.append(f.read().decode("utf-8", "replace"))
            f.close()
        return Result(rc, texts[0], texts[1], seconds, self.peak / 1024,
                      self.seen)


def mailmig(*args, timeout=300, **kw):
    return Running(*args, **kw).wait(timeout)


def secret(path, text="secret"):
    """A password file of the right mode."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w") as f:
        f.write(text + "\n")
    return path


def url(server, user="alice", port=None, scheme="imap", **options):
    """The address of a mailbox on a test server."""
    options.setdefault("ca-file", server.cafile)
    port = port or server.port + (1 if scheme == "imaps" else 0)
    q = "&".join(f"{k.replace('_', '-')}={v}" for k, v in options.items() if v)
    who = user + "@" if user else ""
    return f"{scheme}://{who}127.0.0.1:{port}/" + ("?" + q if q else "")


def events(state):
    """Every event of a state directory, in order."""
    out = []
    d = os.path.join(state, "events")
    names = [n for n in os.listdir(d) if n.endswith(".jsonl")] \
        if os.path.isdir(d) else []
    for name in sorted(names, key=lambda n: int(n.split(".")[0])):
        with open(os.path.join(d, name), encoding="utf-8") as f:
            for line in f:
                # a line that a killed process left half written
                if line.endswith("\n"):
                    out.append(json.loads(line))
    return out


# A message that failed, by whatever number of the original's.
FAILED = ("message_failed", "text_after_quote", "secondary_damaged",
          "pab_heading", "attachment_name_missing", "secondary_heading",
          "bad_section")


class Books:
    """The books of a run, added up from its events and nothing else."""

    def __init__(self, list_):
        self.moved = self.filtered = self.there = self.failed = self.found = 0
        self.totals = None
        self.bytes = self.updated = 0
        self.names = collections.Counter()
        for e in list_:
            n = int(e.get("n", 0))
            name = e["name"]
            self.names[name] += 1
            if name == "messages_moved":
                self.moved += n
                self.bytes += int(e["bytes"])
            elif name == "messages_there":
                self.there += n
            elif name == "message_filtered":
                self.filtered += 1
            elif name in FAILED:
                self.failed += int(e.get("failed", 0))
            elif name == "folder_done":
                self.found += n
            elif name == "folder_unchanged":
                self.found += n
                self.there += n
            elif name == "folder_filtered":
                self.found += n
                self.filtered += n
            elif name == "flags_updated":
                self.updated += n
            elif name == "totals":
                self.totals = e

    def balanced(self):
        t = self.totals
        return self.found == (self.moved + self.filtered + self.there +
                              self.failed) and \
            t is not None and all(
                int(t.get(k, 0)) == getattr(self, k) for k in
                ("found", "moved", "filtered", "there", "failed"))

    def __repr__(self):
        return (f"found {self.found} moved {self.moved} filtered "
                f"{self.filtered} there {self.there} failed {self.failed}; "
                f"totals {self.totals}")


def runs(state):
    """The events of each run, in the order of the runs."""
    by = collections.defaultdict(list)
    for e in events(state):
        by[int(e.get("run", 0))].append(e)
    return [by[k] for k in sorted(by) if k > 0]


def books(state, run=0):
    all_ = runs(state)
    return Books(all_[run] if all_ else [])


def check_books(state, name, run=0, **want):
    import tap
    b = books(state, run)
    tap.ok(b.balanced(), f"{name}: found = moved + filtered + there + failed",
           b)
    for k, v in want.items():
        tap.equal(getattr(b, k), v, f"{name}: {k}")
    return b


def records(address, *args, **kw):
    """`show --records --json`: (exit status, list of objects)."""
    r = mailmig("show", address, "--records", "--json", *args, **kw)
    out = []
    for line in r.out.splitlines():
        out.append(json.loads(line))
    return r, out


# What must differ between two mailboxes that hold the same.
OWN = ("mailbox", "key", "state", "identity", "skipped", "file")


def comparable(list_, drop=OWN, kinds=None):
    """Records as a sorted list of texts."""
    out = []
    for r in list_:
        if kinds and r.get("kind") not in kinds:
            continue
        out.append(json.dumps({k: v for k, v in r.items() if k not in drop},
                              sort_keys=True, ensure_ascii=False))
    return sorted(out)


def difference(a, b):
    """What is only in a and only in b."""
    x, y = collections.Counter(a), collections.Counter(b)
    return [f"only in the first: {t}" for t in (x - y).elements()][:4] + \
        [f"only in the second: {t}" for t in (y - x).elements()][:4]


def maildir_root(path, mailbox="alice"):
    """Where a mailbox lies in a Maildir destination."""
    own = os.path.join(path, mailbox)
    return own if os.path.isdir(own) else path


def read_maildir_dest(path, mailbox="alice"):
    import mail
    root = maildir_root(path, mailbox)
    return mail.read_maildir(root) if os.path.isdir(root) else {}


def read_files_dest(path, mailbox="alice"):
    import files
    return files.read(path, mailbox)
