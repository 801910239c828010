"""Mail to migrate, and an independent reader of what arrived (imaplib and the
file system; nothing of the program under test)."""
import base64
import calendar
import collections
import hashlib
import imaplib
import os
import random
import re
import time

imaplib._MAXLINE = 1 << 26

# What is compared of a message. flags: a frozenset of system flags and keywords
# without \\Recent; keywords in lower case (they are not case-sensitive).
Mail = collections.namedtuple("Mail", "digest size received flags")


def utf7(name):
    """Modified UTF-7 (RFC 3501 5.1.3)."""
    out, run = [], ""
    for c in name + "\0":
        if c != "\0" and not 0x20 <= ord(c) <= 0x7e:
            run += c
            continue
        if run:
            b = base64.b64encode(run.encode("utf-16-be")).decode()
            out.append("&" + b.rstrip("=").replace("/", ",") + "-")
            run = ""
        if c != "\0":
            out.append("&-" if c == "&" else c)
    return "".join(out)


def from_utf7(wire):
    def one(m):
        if not m.group(1):
            return "&"
        b = m.group(1).replace(",", "/")
        return base64.b64decode(b + "=" * (-len(b) % 4)).decode("utf-16-be")
    return re.sub(r"&([^-]*)-", one, wire)


def login(port, user, password="secret"):
    m = imaplib.IMAP4("127.0.0.1", port)
    m.login(user, password)
    return m


def quote(name):
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def internal_date(when, zone=0):
    """Seconds UTC and minutes east of it as IMAP's date-time."""
    t = time.gmtime(when + zone * 60)
    mon = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    return '"%02d-%s-%04d %02d:%02d:%02d %s%02d%02d"' % (
        t.tm_mday, mon[t.tm_mon - 1], t.tm_year, t.tm_hour, t.tm_min, t.tm_sec,
        "-" if zone < 0 else "+", abs(zone) // 60, abs(zone) % 60)


def parse_date(text):
    m = re.match(r"([ \d]\d)-(\w+)-(\d+) (\d+):(\d+):(\d+) ([+-])(\d\d)(\d\d)",
                 text)
    mon = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split().index(m[2])
    t = calendar.timegm((int(m[3]), mon + 1, int(m[1]), int(m[4]), int(m[5]),
                         int(m[6])))
    z = int(m[8]) * 3600 + int(m[9]) * 60
    return t - z if m[7] == "+" else t + z


def folders(m):
    """[(path as a tuple, wire name, selectable)] of a logged-on imaplib."""
    out = []
    for line in m.list()[1]:
        if line is None:
            continue
        if isinstance(line, tuple):
            head, name = line[0].decode(), line[1].decode()
        else:
            t = line.decode()
            g = re.match(r'\(([^)]*)\) (NIL|"(?:\\.|[^"])*") (.*)$', t)
            head, name = f"({g[1]}) {g[2]} ", g[3]
            if name.startswith('"'):
                name = re.sub(r"\\(.)", r"\1", name[1:-1])
        g = re.match(r'\(([^)]*)\) (NIL|"(?:\\.|[^"])*")', head)
        sep = re.sub(r"\\(.)", r"\1", g[2][1:-1]) if g[2] != "NIL" else ""
        parts = name.split(sep) if sep else [name]
        flags = g[1].lower()
        if parts[0].upper() == "INBOX":
            parts[0] = "INBOX"
        out.append((tuple(from_utf7(p) for p in parts), name,
                    "\\noselect" not in flags and
                    "\\nonexistent" not in flags))
    return out


def read_imap(port, user, password="secret", bodies=None):
    """{path: [Mail, ...]} of an account, each folder sorted; bodies: a dict that
    gets digest -> octets."""
    m = login(port, user, password)
    out = {}
    for path, wire, selectable in folders(m):
        if not selectable:
            continue
        typ, n = m.select(quote(wire), readonly=True)
        assert typ == "OK", (wire, n)
        msgs = []
        if int(n[0]):
            for first in range(1, int(n[0]) + 1, 500):
                typ, data = m.fetch(
                    f"{first}:{min(int(n[0]), first + 499)}",
                    "(FLAGS INTERNALDATE BODY.PEEK[])")
                assert typ == "OK", data
                msgs += parse_fetch(data, bodies)
        assert len(msgs) == int(n[0]), (path, len(msgs), n)
        out[path] = sorted(msgs, key=sort_key)
    m.logout()
    return out


def sort_key(mail):
    return (mail.digest, mail.received, sorted(mail.flags))


def parse_fetch(data, bodies=None):
    """imaplib's answer: tuples (head with {n}, octets) and tails between them."""
    out = []
    i = 0
    while i < len(data):
        if not isinstance(data[i], tuple):
            i += 1
            continue
        head, octets = data[i]
        tail = b""
        if i + 1 < len(data) and not isinstance(data[i + 1], tuple):
            tail = data[i + 1] or b""
        text = (head + b" " + tail).decode("latin-1")
        flags = re.search(r"FLAGS \(([^)]*)\)", text)[1].split()
        date = re.search(r'INTERNALDATE "([^"]*)"', text)[1]
        out.append(mail_of(octets, parse_date(date), flags))
        if bodies is not None:
            bodies[out[-1].digest] = octets
        i += 1
    return out


def mail_of(octets, received, flags):
    return Mail(hashlib.sha256(octets).hexdigest(), len(octets), received,
                frozenset(f.lower() for f in flags if f.lower() != "\\recent"))


def status(port, user, password="secret"):
    """What must not change at a source: STATUS of every folder."""
    m = login(port, user, password)
    out = {}
    for path, wire, selectable in folders(m):
        if selectable:
            out[path] = m.status(
                quote(wire), "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY"
                " HIGHESTMODSEQ)")[1][0].decode().rsplit("(", 1)[1]
    m.logout()
    return out


def compare(want, got, keep_empty=True):
    """Differences between two snapshots as a list of sentences."""
    out = []
    for path in sorted(set(want) | set(got)):
        w, g = want.get(path), got.get(path)
        if w is None or g is None:
            n = len(w if g is None else g)
            if n or keep_empty:
                out.append(f"folder {'/'.join(path)}: {n} messages, "
                           f"{'missing' if g is None else 'not asked for'}")
            continue
        a = collections.Counter(x.digest for x in w)
        b = collections.Counter(x.digest for x in g)
        for d, n in (a - b).items():
            size = next(x.size for x in w if x.digest == d)
            out.append(f"folder {'/'.join(path)}: {n} x {d[:12]} ({size} "
                       "octets) missing")
        for d, n in (b - a).items():
            size = next(x.size for x in g if x.digest == d)
            out.append(f"folder {'/'.join(path)}: {n} x {d[:12]} ({size} "
                       "octets) too many")
        if a == b and w != g:
            for x, y in zip(w, g):
                if x != y:
                    out.append(
                        f"folder {'/'.join(path)}: {x.digest[:12]}: "
                        f"{x.received} {sorted(x.flags)} became "
                        f"{y.received} {sorted(y.flags)}")
    return out


def count(snapshot):
    return sum(len(v) for v in snapshot.values())


# ---- Maildir -------------------------------------------------------------

LETTERS = {"S": "\\seen", "R": "\\answered", "F": "\\flagged",
           "T": "\\deleted", "D": "\\draft", "P": "$forwarded"}


def read_maildir(root, bodies=None):
    """{path: [Mail]} of a Maildir++ tree as Dovecot reads it: bare LF counts as
    CR LF, the file's time is the received date, dovecot-keywords names the
    letters a to z."""
    out = {}
    for name in [""] + sorted(os.listdir(root)):
        d = os.path.join(root, name)
        if not os.path.isdir(os.path.join(d, "cur")):
            continue
        if name and not name.startswith("."):
            continue
        path = tuple(from_utf7(p) for p in name[1:].split(".")) if name \
            else ("INBOX",)
        keywords = {}
        try:
            with open(os.path.join(d, "dovecot-keywords")) as f:
                for line in f:
                    i, k = line.split()
                    keywords[chr(97 + int(i))] = k
        except FileNotFoundError:
            pass
        msgs = []
        for sub in ("cur", "new"):
            for f in os.scandir(os.path.join(d, sub)):
                with open(f.path, "rb") as o:
                    octets = o.read()
                octets = re.sub(rb"(?<!\r)\n", b"\r\n", octets)
                info = f.name.rsplit(":2,", 1)[1] if ":2," in f.name else ""
                flags = [LETTERS.get(c) or keywords.get(c, "?" + c)
                         for c in info]
                msgs.append(mail_of(octets, int(f.stat().st_mtime), flags))
                if bodies is not None:
                    bodies[msgs[-1].digest] = octets
        out[path] = sorted(msgs, key=sort_key)
    return out


# ---- the corpus ----------------------------------------------------------

FOLDERS = [  # path, share, flags it comes with
    (("INBOX",), 30), (("Sent",), 14), (("Drafts",), 4), (("Trash",), 4),
    (("Archive", "2019"), 12), (("Archive", "2020"), 10),
    (("Projects", "Alpha", "Specs"), 8), (("Projects", "Beta & Co"), 6),
    (("Entw\u00fcrfe alt", "\u65e5\u672c\u8a9e"), 5),
    (("Lists", "linux kernel"), 4), (("Caf\u00e9 100 #1",), 3), (("Empty",), 0),
    (("Projects", "Empty too"), 0),
]
KEYWORDS = ["$Forwarded", "$Label1", "NonJunk", "Important"]
SYSTEM = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft"]
WORDS = ("the quarterly report of our team shows that most users keep old mail "
         "in nested folders while attachments grow every year please find the "
         "invoice attached regards meeting room budget deadline customer server"
         ).split()

# One of a corpus: folder path, octets, seconds, zone in minutes, flags.
Item = collections.namedtuple("Item", "path octets when zone flags")


def body_text(rng, n):
    out = []
    size = 0
    while size < n:
        line = " ".join(rng.choice(WORDS) for _ in range(10))
        out.append(line)
        size += len(line) + 2
    return "\r\n".join(out) + "\r\n"


def message(rng, serial, kind, size=3000):
    """Octets in wire form. kind: plain html att noid raw8 longline headeronly
    empty tail big nested"""
    head = ["Received: from mx.example (mx [192.0.2.%d])\r\n\tby mail.example "
            "with ESMTPS; Fri, 1 Jan 2010 00:00:00 +0000" % rng.randrange(255),
            f"From: Anna Example <anna{rng.randrange(9)}@example.org>",
            "To: Bo <bo@example.org>,\r\n\t=?utf-8?Q?J=C3=B6rg?= <j@example.org>",
            "Date: Tue, 02 Mar 2010 11:22:33 +0100"]
    subject = " ".join(rng.choice(WORDS) for _ in range(5))
    if kind == "raw8":
        subject = "Gr\xfc\xdfe \xe4\xf6\xfc " + subject
    head.append("Subject: " + subject)
    if kind != "noid":
        head.append(f"Message-ID: <{serial}.{rng.randrange(1 << 50):x}@example>")
    head.append("MIME-Version: 1.0")
    h = ("\r\n".join(head) + "\r\n").encode("latin-1")
    if kind == "headeronly":
        return h + b"\r\n"
    if kind == "empty":
        return b"\r\n"
    if kind == "tail":  # no line end at the end
        return h + b"\r\nno newline at the end"
    if kind in ("plain", "noid", "raw8"):
        return h + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + \
            body_text(rng, size).encode()
    if kind == "longline":
        return h + b"\r\n" + b"x" * 20000 + b"\r\n" + b"y" * 20000 + b"\r\n"
    b = b"=_%x" % rng.randrange(1 << 60)
    parts = [b"--" + b + b"\r\nContent-Type: text/plain\r\n\r\n" +
             body_text(rng, 800).encode()]
    if kind == "html":
        parts.append(b"--" + b + b"\r\nContent-Type: text/html\r\n\r\n<p>" +
                     body_text(rng, size).encode() + b"</p>\r\n")
    elif kind == "nested":
        parts.append(b"--" + b + b"\r\nContent-Type: message/rfc822\r\n\r\n" +
                     message(rng, serial, "att", size))
    else:
        raw = base64.b64encode(rng.randbytes(size // 78 * 57 + 57))
        parts.append(
            b"--" + b + b"\r\nContent-Type: application/pdf; name=\"r.pdf\"\r\n"
            b"Content-Disposition: attachment; filename=\"r.pdf\"\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" +
            b"\r\n".join(raw[i:i + 76] for i in range(0, len(raw), 76)) +
            b"\r\n")
    return h + b"Content-Type: multipart/mixed; boundary=\"" + b + \
        b"\"\r\n\r\n" + b"\r\n".join(parts) + b"\r\n--" + b + b"--\r\n"


def corpus(n, seed=1, big=0, folders=FOLDERS, size=3000):
    """n messages dealt over folders, plus one of big octets. The first of every
    folder are the odd ones, so that small corpora have them too."""
    rng = random.Random(seed)
    total = sum(f[1] for f in folders)
    odd = ["raw8", "noid", "longline", "dup", "dup", "tail", "headeronly",
           "nested", "html", "att"]
    out = []
    serial = 0
    counts = [n * share // total for path, share in folders]
    counts[0] += n - sum(counts)
    for (path, share), k in zip(folders, counts):
        prev = None
        for i in range(k):
            serial += 1
            kind = odd[i] if i < len(odd) and path in (
                ("INBOX",), ("Archive", "2019")) else rng.choices(
                ["plain", "html", "att", "noid", "raw8"], [60, 20, 15, 3, 2])[0]
            if kind == "dup" and prev is None:
                kind = "plain"
            octets = prev if kind == "dup" else message(rng, serial, kind,
                                                        rng.randrange(size // 3, size * 2))
            flags = [f for f in SYSTEM if rng.random() < .35 and f != "\\Draft"]
            if path[0] == "Drafts":
                flags.append("\\Draft")
            flags += [k for k in KEYWORDS if rng.random() < .1]
            out.append(Item(path, octets, 1262304000 + serial * 21001,
                            rng.choice([0, 60, -300, 330]), flags))
            prev = octets
    if big:
        out.append(Item(("Projects", "Alpha", "Specs"),
                        message(rng, serial + 1, "att", big), 1400000000, 60,
                        ["\\Seen", "$Label1"]))
    return out


def make_folders(m, paths):
    """CREATE what is not there; m is a logged-on imaplib."""
    have = {p: w for p, w, s in folders(m)}
    sep = "/"
    for line in m.list('""', '""')[1]:
        g = re.match(rb'\([^)]*\) "(\\?.)"', line or b"")
        if g:
            sep = g[1].decode()[-1]
    for path in paths:
        if path not in have:
            wire = sep.join(utf7(p) for p in path)
            typ, text = m.create(quote(wire))
            assert typ == "OK", (path, text)
    return sep


def fill(port, user, items, password="secret", empty=True, paths=None):
    """Put items into an account by APPEND; every folder of FOLDERS is made."""
    m = login(port, user, password)
    want = set(i.path for i in items)
    if empty:
        want |= set(f[0] for f in FOLDERS)
    sep = make_folders(m, sorted(paths or want))
    wires = {p: sep.join(utf7(x) for x in p) for p in want}
    # pipelined with LITERAL+: a thousand messages a second instead of a hundred
    out = []
    waiting = 0
    for i, item in enumerate(items):
        out.append(b"f%d APPEND %s (%s) %s {%d+}\r\n" % (
            i, quote(wires[item.path]).encode(), " ".join(item.flags).encode(),
            internal_date(item.when, item.zone).encode(), len(item.octets)))
        out.append(item.octets)
        out.append(b"\r\n")
        waiting += 1
        if waiting == 50 or i == len(items) - 1:
            m.send(b"".join(out))
            out = []
            while waiting:
                line = m.readline()
                if re.match(rb"f\d+ ", line):
                    assert b" OK" in line, line
                    waiting -= 1
    m.logout()


def snapshot_of(items, empty=True):
    """What read_imap() must give for these items."""
    out = {f[0]: [] for f in FOLDERS} if empty else {}
    for i in items:
        out.setdefault(i.path, []).append(mail_of(i.octets, i.when, i.flags))
    return {p: sorted(v, key=sort_key) for p, v in out.items()}
