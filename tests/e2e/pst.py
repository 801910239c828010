#!/usr/bin/env python3
"""Maildir to .pst, read back with readers that are not ours: pffexport
(libpff), readpst (libpst), and pst-extractor (npm) where
MAILMIG_PST_EXTRACTOR names a directory with its node_modules (make pst-readers).
Our own strict checker must find nothing. MAILMIG_DATA: a folder of public
samples, optional."""
import collections
import email
import email.policy
import email.utils
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import subprocess
import time

import mail
import program
import server
import tap

DATA = os.environ.get("MAILMIG_DATA", "")
EXTRACTOR = os.environ.get("MAILMIG_PST_EXTRACTOR", "")
WALK = """
const {PSTFile} = require('pst-extractor');
const {createHash} = require('crypto');
const out = [];
function bytes(a) {
  const s = a.fileInputStream, h = createHash('sha256');
  if (!s) return 'none';
  const b = Buffer.alloc(8176);
  for (let n; (n = s.read(b)) > 0; ) {
    h.update(b.subarray(0, n));
    if (n < b.length) break;
  }
  return h.digest('hex');
}
function walk(f) {
  for (let m = f.contentCount > 0 ? f.getNextChild() : null; m;
       m = f.getNextChild()) {
    const files = [];
    for (let i = 0; i < m.numberOfAttachments; i++) {
      const a = m.getAttachment(i);
      if (!a.embeddedPSTMessage) files.push(bytes(a));
    }
    const to = [];
    for (let i = 0; i < m.numberOfRecipients; i++)
      to.push(m.getRecipient(i).emailAddress);
    out.push({head: m.transportMessageHeaders, subject: m.subject,
              sender: m.sentRepresentingEmailAddress, to, text: m.body,
              html: m.bodyHTML, date: m.clientSubmitTime, files});
  }
  if (f.hasSubfolders) f.getSubFolders().forEach(walk);
}
walk(new PSTFile(process.argv[1]).getRootFolder());
console.log(JSON.stringify(out));
"""

Item = collections.namedtuple("Item", "subject sender to date text html files")


def norm(text):
    """Line ends and outer blanks are no difference between readers."""
    return re.sub(r"\s+", " ", text or "").strip()


def digest(data):
    return hashlib.sha256(data).hexdigest()


def head_of(raw):
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
    try:
        return norm(head.decode())
    except UnicodeDecodeError:
        return norm(head.decode("cp1252", "replace"))


def expected(raw):
    """What the message says, after Python's reading of it."""
    m = email.message_from_bytes(raw, policy=email.policy.default)
    text, html, files = [], [], []

    def leaf(p):
        kind, name = p.get_content_type(), p.get_filename()
        attached = p.get_content_disposition() == "attachment" or name
        if kind == "message/rfc822":
            return
        if kind == "text/plain" and not attached:
            text.append(p.get_content())
        elif kind == "text/html" and not attached:
            html.append(p.get_content())
        else:
            files.append(digest(p.get_payload(decode=True)))

    def walk(p):
        if p.get_content_maintype() == "multipart":
            for q in p.iter_parts():
                walk(q)
        else:
            leaf(p)
    walk(m)
    sender = email.utils.parseaddr(str(m["From"] or ""))[1]
    to = [a for _, a in email.utils.getaddresses(
        [str(v) for k in ("To", "Cc", "Bcc") for v in m.get_all(k, [])]) if a]
    when = m["Date"].datetime if m["Date"] else None
    return Item(norm(str(m["Subject"] or "")), sender, sorted(to),
                int(when.timestamp()) if when else None, norm("".join(text)),
                norm("".join(html)), sorted(files))


def put(root, path, items):
    """A Maildir++ folder of (octets, flags)."""
    name = "" if path == ["INBOX"] else "." + ".".join(
        mail.utf7(p).strip('"') if not p.isascii() else p.replace("&", "&-")
        for p in path)
    d = os.path.join(root, name)
    for sub in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(d, sub), exist_ok=True)
    for n, (octets, flags) in enumerate(items):
        with open(os.path.join(d, "cur", f"{n:06}.x:2,{flags}"), "wb") as f:
            f.write(octets)


def migrate(d, warnings=False):
    """The only .pst of a run; checked."""
    r = program.mailmig("migrate", "--from", f"maildir:{d}/anna", "--to",
                        f"pst:{d}/out", "--state", d + "/state")
    tap.ok(r.rc in ((0, 1) if warnings else (0,)), "the mailbox is moved",
           r.out + r.err)
    path = f"{d}/out/anna.pst"
    r = program.mailmig("check", f"pst:{path}?strict=yes")
    tap.ok(r.rc == 0, "the checker finds nothing", (r.out + r.err)[:4000])
    return path


def read_file(d, name, encoding="utf-8"):
    try:
        with open(os.path.join(d, name), "rb") as f:
            return f.read().decode(encoding, "replace")
    except FileNotFoundError:
        return ""


def pffexport(pst):
    """[(head, Item)] of every message at the first level."""
    out = pst + ".pff"
    subprocess.run(["pffexport", "-q", "-m", "items", "-f", "all", "-t", out,
                    pst], check=True, stdout=subprocess.DEVNULL)
    items = []
    for d, dirs, names in os.walk(out + ".export"):
        if "OutlookHeaders.txt" not in names:
            continue
        dirs[:] = []  # messages within it are not compared here
        fields = dict(re.findall(r"^([^:\n]+):\t+(.*)$",
                                 read_file(d, "OutlookHeaders.txt"), re.M))
        to = re.findall(r"^Email address:\t+(.*)$",
                        read_file(d, "Recipients.txt"), re.M)
        when = re.sub(r"\.\d+ UTC", "",
                      fields.get("Client submit time", ""))
        files = []
        for f in sorted(os.scandir(d + "/Attachments"), key=lambda e: e.name) \
                if os.path.isdir(d + "/Attachments") else []:
            if f.is_file():
                with open(f.path, "rb") as o:
                    files.append(digest(o.read()))
        try:
            date = int(email.utils.datetime.datetime.strptime(
                when + " +0000", "%b %d, %Y %H:%M:%S %z").timestamp())
        except ValueError:
            date = None
        items.append((norm(read_file(d, "InternetHeaders.txt")), Item(
            norm(fields.get("Subject", "")),
            fields.get("Sent representing email address", "").strip(),
            sorted(t.strip() for t in to), date,
            norm(read_file(d, "Message.txt")),
            norm(read_file(d, "Message.html")), sorted(files))))
    shutil.rmtree(out + ".export")
    return items


def readpst(pst, of=expected):
    """[Item]: text and files, through the e-mail it makes of an item."""
    out = pst + ".rp"
    os.makedirs(out)
    # -j 0: its parallel jobs may outlive it, their files still half written.
    subprocess.run(["readpst", "-q", "-j", "0", "-D", "-e", "-o", out, pst],
                   check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    items = []
    for d, _, names in os.walk(out):
        for name in names:
            if not name.endswith(".eml"):
                continue
            with open(os.path.join(d, name), "rb") as f:
                items.append(of(f.read()))
    shutil.rmtree(out)
    return items


def extractor(pst):
    """[(head, Item)] of pst-extractor; messages within messages are none."""
    r = subprocess.run(["node", "-e", WALK, pst], capture_output=True,
                       cwd=EXTRACTOR, check=True)
    return [(norm(i["head"]), Item(
        norm(i["subject"]), i["sender"], sorted(i["to"]),
        int(email.utils.datetime.datetime.fromisoformat(
            i["date"].replace("Z", "+00:00")).timestamp())
        if i["date"] else None,
        norm(i["text"]), norm(i["html"]), sorted(i["files"])))
        for i in json.loads(r.stdout)]


# KOI8-R that nothing says to be that: read as Windows-1252, like everybody.
ODD = "\u0441\u0440\u043e\u0447\u043d\u043e!".encode("koi8-r").decode("cp1252")


def odd(raw):
    return not raw.split(b"\r\n\r\n")[0].isascii()


def by_head(messages):
    table = collections.defaultdict(list)
    for raw in messages:
        table[head_of(raw)].append(raw)
    return table


def organisation():
    """The demo organisation's mail: everything equal in every reader."""
    loader = importlib.machinery.SourceFileLoader(
        "organisation", os.path.join(program.ROOT, "demo", "organisation"))
    spec = importlib.util.spec_from_loader("organisation", loader)
    org = importlib.util.module_from_spec(spec)
    loader.exec_module(org)
    d = server.temp_dir("pst")
    messages = []
    for user in ("anna", "chloe", "dmitri", "emi"):
        for path, items in getattr(org, user)():
            octets = [m if isinstance(m, bytes) else m.as_bytes()
                      for m, _, _ in items]
            # One message of 20 MB says as much as ten.
            octets = [o for o in octets if len(o) < 8 << 20]
            put(f"{d}/anna", [user, *path], [(o, "S") for o in octets])
            messages += octets
    put(f"{d}/anna", ["INBOX"], [])
    pst = migrate(d)
    want = by_head(messages)
    got = pffexport(pst)
    tap.equal(len(got), len(messages), "pffexport finds every message")
    wrong = []
    for head, item in got:
        raws = want.get(head)
        if not raws:
            wrong.append(("header", head[:200]))
            continue
        raw = raws.pop()
        if odd(raw):
            tap.equal(item.subject, norm(ODD), "8-bit text without a charset")
            continue
        e = expected(raw)
        wrong += [(field, getattr(item, field), getattr(e, field))
                  for field in Item._fields
                  if getattr(item, field) != getattr(e, field)]
    tap.ok(not wrong, "pffexport: subject, sender, recipients, dates, texts, "
           "attachments", wrong[:5])

    def essence(i):
        return (i.subject, i.sender, i.date, i.text, tuple(i.files))
    # readpst makes a file of a message within a message.
    inner = [m for m in messages if b"message/rfc822" in m or odd(m)]
    inner = {expected(m).subject for m in inner} | {norm(ODD)}
    a = collections.Counter(essence(i) for i in readpst(pst)
                            if i.subject not in inner)
    b = collections.Counter(essence(expected(m)) for m in messages
                            if expected(m).subject not in inner)
    tap.ok(a == b, "readpst: the same", f"{list((a - b).items())[:3]}\n"
           f"{list((b - a).items())[:3]}")
    if not EXTRACTOR:
        tap.skip("pst-extractor: the same", "MAILMIG_PST_EXTRACTOR not set")
        return
    want, wrong = by_head(messages), []
    got = extractor(pst)
    for head, item in got:
        raws = want.get(head)
        if not raws:
            wrong.append(("header", head[:200]))
            continue
        raw = raws.pop()
        if odd(raw) or b"message/rfc822" in raw:
            continue
        e = expected(raw)
        wrong += [(field, getattr(item, field), getattr(e, field))
                  for field in Item._fields
                  if getattr(item, field) != getattr(e, field)]
    tap.ok(not wrong and len(got) == len(messages), "pst-extractor: the same",
           f"{len(got)} of {len(messages)}: {wrong[:5]}")


# Where Python's reading is not that of RFC 5322, or there is no rule:
# file: (field, why).
OTHERWISE = {
    "content_transfer_encoding_empty.eml":
        ("to", 'Python takes "BCc: Array" for an address; an addr-spec has an '
         "@ (3.4.1)"),
    "raw_email_multiple_from.eml":
        ("to", "two addresses without a comma follow no rule: both are taken, "
         "by Python the first"),
    "raw_email_with_at_display_name.eml":
        ("to", "Mikel@Lindsaar <raasdnil@gmail.com>: the address is between "
         "the brackets (3.4), Python takes the name"),
}


def samples():
    """Public samples of odd mail: every one arrives, and what is well-formed
    arrives equal."""
    top = os.path.join(DATA, "mime")
    if not DATA or not os.path.isdir(top):
        raise tap.Skip("MAILMIG_DATA not set")
    messages, names = [], []
    for where, _, files in sorted(os.walk(top)):
        for name in sorted(files):
            if name.endswith(".eml"):
                with open(os.path.join(where, name), "rb") as f:
                    messages.append(re.sub(rb"(?<!\r)\n", b"\r\n",
                                           f.read()))
                    names.append(name)
    d = server.temp_dir("pst")
    put(f"{d}/anna", ["INBOX"], [(m, "") for m in messages])
    pst = migrate(d, warnings=True)
    r = program.mailmig("show", f"pst:{pst}", "--json")
    tap.ok(r.rc == 0, "our reader lists them", r.err)
    for reader in (pffexport, extractor) if EXTRACTOR else (pffexport,):
        compare_samples(reader.__name__, reader(pst), messages, names)


def compare_samples(reader, got, messages, names):
    tap.equal(len(got), len(messages), f"{reader} finds every message")
    table = collections.defaultdict(list)
    for head, item in got:
        table[head].append(item)
    compared, wrong, otherwise = 0, [], set()
    for raw, name in zip(messages, names):
        m = email.message_from_bytes(raw, policy=email.policy.default)
        special = any(p.get_content_type() in (
            "application/ms-tnef", "text/calendar", "multipart/signed",
            "application/pkcs7-mime", "message/rfc822") for p in m.walk())
        items = table.get(head_of(raw))
        if special or not items or any(p.defects for p in m.walk()):
            continue
        try:
            e = expected(raw)
        except (LookupError, ValueError, AttributeError, TypeError):
            continue  # Python cannot read it

        def differences(item):
            # Who is a name alone has no address.
            item = item._replace(to=[a for a in item.to if a])
            return [(k, getattr(item, k), getattr(e, k))
                    for k in ("sender", "to", "date", "files")
                    if getattr(item, k) != getattr(e, k) and
                    getattr(e, k) not in ("", None, [])]
        # Several samples have one header: the one that fits best.
        item = min(items, key=lambda i: len(differences(i)))
        items.remove(item)
        compared += 1
        for field, is_, want in differences(item):
            if OTHERWISE.get(name, ("",))[0] == field:
                otherwise.add(name)
            else:
                wrong.append((name, field, is_, want))
    tap.ok(compared > len(messages) // 2, "most can be compared",
           f"{compared} of {len(messages)}")
    tap.equal(wrong, [], f"{reader}: the well-formed ones are equal")
    tap.equal(otherwise, set(OTHERWISE),
              f"{reader}: but for those that Python reads otherwise")


def bad_input():
    """What mail should not be: stored, and no file that needs a repair."""
    nested = b"Subject: core\r\n\r\nend\r\n"
    for n in range(100):
        nested = (b"Subject: %d\r\nContent-Type: message/rfc822\r\n\r\n" % n +
                  nested)
    part = (b"--b\r\nContent-Type: application/octet-stream; name=\"%d.bin\""
            b"\r\n\r\nfile %d\r\n")
    planes = "".join(chr(0x10000 * p + 0x41) for p in range(0x11)
                     if p not in (0, 0xf, 0x10))
    head = b"Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nSubject: %s\r\n"
    rows = {
        "2000 recipients": head % b"many" + b"To: " + b",\r\n ".join(
            b"Person %d <p%d@example.org>" % (i, i) for i in range(2000)) +
        b"\r\n\r\nx\r\n",
        "500 attachments": head % b"files" +
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
        b"".join(part % (i, i) for i in range(500)) + b"--b--\r\n",
        "100 levels": nested,
        "header of 64 MiB": head % b"long" + b"X-Long: " +
        b"a" * (64 << 20) + b"\r\n\r\nx\r\n",
        "NUL bytes": head % b"nul\0nul" + b"\r\nbe\0fore\0\r\n",
        "no date": b"Subject: undated\r\n\r\nx\r\n",
        "unknown charset": head % b"=?x-nobody?q?=E4?=" +
        b"Content-Type: text/html; charset=x-nobody\r\n\r\n<p>\xe4</p>\r\n",
        "empty attachment": head % b"empty" +
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/csv; name=e.csv\r\n\r\n--b--\r\n",
        "every plane": head % planes.encode() +
        f"From: {planes} <a@example.org>\r\nTo: {planes} <b@example.org>\r\n"
        .encode() + b"Content-Type: text/csv; charset=utf-8; name=\"" +
        planes.encode() + b".csv\"\r\n\r\n1,2\r\n",
        "no end": head % b"open" +
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext",
        "bad base64": head % b"base64" +
        b"Content-Type: application/x; name=b.bin\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!=A=A===\r\n",
        "cut base64": head % b"cut" + b"Content-Type: image/x; name=c.bin"
        b"\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJDRA",
        "no boundary": head % b"boundless" +
        b"Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\ntext\r\n",
        "no parts": head % b"partless" +
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\ntext\r\n",
        "inner without end": head % b"inner" +
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\none"
        b"\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
        "100 multiparts": head % b"deep" + b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
            % (i, i) for i in range(100)) + b"\r\nend\r\n" + b"".join(
                b"--b%d--\r\n" % i for i in reversed(range(100))),
        "NUL name": head % b"nulname" + b"Content-Type: text/csv; "
        b"name=\"a\0b.csv\"\r\n\r\n1,2\r\n",
        "nothing at all": b"\r\n",
    }
    # What is told of each; of all others nothing.
    told = {"100 levels": ["PST_TOO_DEEP"],
            "header of 64 MiB": ["PST_HEADER_CUT"],
            "NUL bytes": ["PST_NUL"], "NUL name": ["PST_NUL"],
            "unknown charset": ["PST_BAD_CHARSET"],
            **{k: ["PST_BROKEN_MIME"] for k in (
                "no end", "bad base64", "cut base64", "no boundary",
                "no parts", "inner without end")}}
    d = server.temp_dir("pst")
    put(f"{d}/anna", ["INBOX"], [(m, "") for m in rows.values()])
    pst = migrate(d, warnings=True)
    codes = collections.defaultdict(list)
    for e in program.events(d + "/state"):
        if e["name"] == "remark_warning":
            codes[list(rows)[int(e["key"].split(".")[0])]].append(e["code"])
    tap.equal({k: sorted(v) for k, v in codes.items()}, told,
              "what was mended is told, item by item")
    got = {i.subject: i for _, i in pffexport(pst)}
    tap.equal(len(got), len(rows), "every one arrives")
    # readpst makes files of messages within messages, and takes characters
    # beyond U+FFFF as pffexport does.
    # What is left of the header with NUL in it wins there over the subject.
    subjects = {s for s in got if s.isascii() and s != "nul nul"}
    read = readpst(pst, lambda raw: norm(str(email.message_from_bytes(
        raw, policy=email.policy.default)["Subject"] or "")))
    tap.equal(subjects - set(read), set(), "readpst reads every one")
    tap.ok(any(s.startswith("nul") and s != "nulname" for s in read),
           "also the one with NUL", read)
    tap.equal(got["cut"].files, [digest(b"ABCD")],
              "base64 without its padding is read to its end")
    for k, text in (("boundless", "--b text"), ("partless", "text"),
                    ("open", "text"), ("inner", "one two"), ("deep", "end")):
        tap.equal(got[k].text, text, f"{k}: its text")
    tap.equal(len(got["many"].to), 2000, "2,000 recipients")
    tap.equal(sorted(got["files"].files), sorted(
        digest(b"file %d" % i) for i in range(500)), "500 attachments")
    tap.equal(got["empty"].files, [digest(b"")], "an empty attachment")
    n = program.mailmig("show", f"pst:{pst}", "--json")
    tap.ok(n.rc == 0, "our reader reads them", n.err)
    # And back: nothing is lost on the way to another destination.
    r = program.mailmig("migrate", "--from", f"pst:{pst}", "--to",
                        f"maildir:{d}/back", "--state", d + "/state2")
    tap.ok(r.rc in (0, 1) and f" {len(rows)} messages" in r.err + r.out,
           "all go back to a Maildir", r.out + r.err)
    # libpff 20180714 reads characters beyond U+FFFF wrong: our reader does not.
    for where, _, names in os.walk(f"{d}/back"):
        for name in names:
            with open(os.path.join(where, name), "rb") as f:
                m = email.message_from_bytes(
                    f.read(4 << 20), policy=email.policy.default)
            if str(m["Subject"]) != planes:
                continue
            tap.ok(planes in str(m["To"]), "names of every plane", m["To"])
            tap.equal([p.get_filename() for p in m.walk()
                       if p.get_content_type() == "text/csv"],
                      [planes + ".csv"], "and its file's")
            return
    tap.ok(False, "a subject of every plane")


def split():
    """Parts of a size, each whole in itself."""
    d = server.temp_dir("pst")
    r = program.mailmig("migrate", "--from",
                        "generate:?messages=400&folders=4&size=20000",
                        "--to", f"pst:{d}/out?split=4MiB", "--state",
                        d + "/state")
    tap.ok(r.rc == 0, "a mailbox is split", r.out + r.err)
    parts = sorted(os.listdir(d + "/out"))
    tap.ok(len(parts) > 1 and all(p.endswith(".pst") for p in parts),
           "into several files", parts)
    total = 0
    for p in parts:
        path = f"{d}/out/{p}"
        r = program.mailmig("check", f"pst:{path}?strict=yes")
        tap.ok(r.rc == 0, f"{p} is clean", r.out + r.err)
        tap.ok(os.path.getsize(path) <= 5 << 20, f"{p} keeps the limit",
               os.path.getsize(path))
        total += len(readpst(path))
    tap.equal(total, 400, "and together they hold everything")


def kill():
    """SIGKILL at every step of writing: no half file under the name, and the
    resumed run has everything once."""
    d = server.temp_dir("pst")
    source = "generate:?messages=12&folders=2"
    wrong, n = [], 0
    while n < 60:
        n += 1
        to, state = f"{d}/out{n}", f"{d}/state{n}"
        r = program.mailmig("migrate", "--from", source, "--to",
                            f"pst:{to}?split=640KiB", "--state", state,
                            "--workers", "1", env={"MAILMIG_CUT": str(n)})
        cut = r.rc not in (0, 1)
        for name in os.listdir(to) if os.path.isdir(to) else []:
            with open(f"{to}/{name}", "rb") as f:
                if name.endswith(".pst") and f.read(4) != b"!BDN":
                    wrong.append((n, name, "half"))
        if cut:
            r = program.mailmig("resume", "--state", state)
            if r.rc not in (0, 1):
                wrong.append((n, r.rc, r.err[-500:]))
        left = [f for f in os.listdir(to) if not f.endswith(".pst")]
        if left:
            wrong.append((n, left))
        total = 0
        for name in sorted(os.listdir(to)):
            r = program.mailmig("check", f"pst:{to}/{name}?strict=yes",
                                "--json")
            said = re.search(r"(\d+) items", json.loads(r.out)["summary"])
            if r.rc != 0 or not said:
                wrong.append((n, name, r.out))
            else:
                total += int(said[1])
        if total != 12 and not wrong:
            wrong.append((n, "items", total))
        if wrong or not cut:
            break
        shutil.rmtree(to)
    tap.note(f"{n} cuts")
    tap.ok(not wrong and n > 5, "cut at every step", wrong[:5])


def killed():
    """SIGKILL to the program and its workers at many moments of writing: what
    has the name of a .pst is whole, and the resumed run has everything once."""
    d = server.temp_dir("pst")
    n = 2000
    args = ["--from", f"generate:?messages={n}&size=8000&big=3000000",
            "--workers", "1"]
    whole = program.mailmig("migrate", *args, "--to", f"pst:{d}/whole",
                            "--state", d + "/state-whole")
    tap.equal(whole.rc, 0, "undisturbed")
    wrong, early, moments = [], 0, 40 if tap.SOAK else 8

    def look(to):
        """Messages in the .pst files of a folder, which must be clean."""
        total = 0
        for name in sorted(os.listdir(to) if os.path.isdir(to) else []):
            if not name.endswith(".pst"):
                continue
            r = program.mailmig("check", f"pst:{to}/{name}?strict=yes",
                                "--json")
            said = re.search(r"(\d+) items", json.loads(r.out)["summary"]) \
                if r.rc == 0 else None
            if not said:
                wrong.append((to, name, r.out + r.err))
            else:
                total += int(said[1])
        return total

    for i in range(moments):
        to, state = f"{d}/out{i}", f"{d}/state{i}"
        run = program.Running("migrate", *args, "--to", f"pst:{to}",
                              "--state", state)
        if i % 2:  # as soon as a file was begun, and later
            while not os.path.isdir(to) or not os.listdir(to):
                if run.p.poll() is not None:
                    break
                time.sleep(0.001)
            time.sleep(whole.seconds * (i - 1) / (2 * moments))
        else:
            time.sleep(whole.seconds * (i + 1) / (moments + 2))
        run.kill()
        run.wait()
        there = os.listdir(to) if os.path.isdir(to) else []
        early += any(f.endswith(".partial") for f in there)
        look(to)
        r = program.mailmig("resume", "--state", state)
        if r.rc not in (0, 1):  # killed before the ledger was there
            r = program.mailmig("migrate", *args, "--to", f"pst:{to}",
                                "--state", state)
        if r.rc != 0:
            wrong.append((i, r.rc, r.err[-500:]))
        if os.listdir(to) != ["user1.pst"] or look(to) != n + 1:
            wrong.append((i, os.listdir(to), look(to)))
        shutil.rmtree(to)
    tap.ok(early > 0, "killed while a file was being written", early)
    tap.equal(wrong[:3], [], f"killed at {moments} moments, {early} of them "
              "in the middle of a file: whole or not there, and resumed")


for tool in ("pffexport", "readpst"):
    if not shutil.which(tool):
        print(f"1..0 # SKIP {tool} is not installed")
        raise SystemExit(0)
tap.run(organisation, samples, bad_input, split, kill, killed)
