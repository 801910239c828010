#!/usr/bin/env python3
"""Migration files into a Maildir with the real program: the worked examples of
the format's description, built here byte by byte, and every set below
tests/golden. Damage is named by file, line and code, loses nothing else, and
ends with exit status 2."""
import email
import email.policy
import os
import re
import shutil

import files
import mail
import program
import server
import tap

GOLDEN = os.path.join(os.path.dirname(program.HERE), "golden")
HEAD = "Type,Length,Encoding,Islast,Name,Position,Format"
ROW = ("Folder,Sender,To,Cc,Bcc,Subject,Send-Date,Received-Date,Priority,"
       "Unread,Unsent,Body")


class Set:
    """Writes one set; secondary() gives the offset of what it adds."""

    def __init__(self, directory, name, encoding="cp1252"):
        os.makedirs(directory)
        self.dir, self.name, self.encoding = directory, name, encoding
        self.sec = (HEAD + "\r\n").encode()

    def secondary(self, header, data, want=None):
        at = len(self.sec)
        assert want is None or at == want, (at, want)
        self.sec += header.encode(self.encoding) + b"\r\n" + data + b"\r\n"
        return at

    def write(self, codepage, lines, before=""):
        def out(ext, data):
            with open(os.path.join(self.dir, self.name + ext), "wb") as f:
                f.write(data)
        out(".PKL", (f"{before}{codepage}\r\n\r\nFilename,Filetype\r\n"
                     f"{self.name}.PRI,Primary\r\n"
                     f"{self.name}.SEC,Secondary\r\n").encode("ascii"))
        out(".PRI", ("\r\n".join(lines) + "\r\n").encode(self.encoding))
        # nothing needs to follow the last section, and the examples end there
        out(".SEC", self.sec[:-2])


def text(s):
    return s.replace("|", "\r\n").encode("cp1252")


def imported(d, set_, rc, name):
    """Import into a Maildir; {mailbox: {path: [message]}} and the events."""
    r = program.mailmig("import", f"files:{set_.dir}", "--to", f"maildir:{d}/to",
                        "--state", d + "/state", env={"TZ": "UTC"})
    tap.equal(r.rc, rc, f"{name}: exit status {rc}")
    if r.rc != rc:
        tap.note(r.err[-2000:])
    out = {}
    if os.path.isdir(d + "/to"):
        for box in sorted(os.listdir(d + "/to")):
            bodies = {}
            snap = mail.read_maildir(os.path.join(d, "to", box), bodies)
            out[box] = {p: [(email.message_from_bytes(
                bodies[x.digest], policy=email.policy.default), x)
                for x in v] for p, v in snap.items()}
    program.check_books(d + "/state", name)
    return out, program.events(d + "/state"), r


def codes(events):
    """(code, line) of every diagnostic; those of a failed row are in the reason:
    FILE:LINE: CODE: words."""
    out = []
    for e in events:
        m = re.search(r":(\d+): ([A-Z0-9]+_[A-Z0-9_]+):", e.get("reason", ""))
        if e.get("code") and e["level"] in ("warning", "error"):
            out.append((e["code"], int(e.get("line", 0))))
        elif m and e["level"] in ("warning", "error"):
            out.append((m[2], int(m[1])))
    return sorted(out)


def body_of(m):
    part = m.get_body(("plain",)) if m.is_multipart() else m
    return part.get_content().replace("\r\n", "\n") if part is not None else ""


def only(boxes, what):
    """The one mailbox whose name holds what."""
    found = [b for b in boxes if what.lower() in b.lower()]
    assert len(found) == 1, (what, list(boxes))
    return boxes[found[0]]


def example_basic():
    d = server.temp_dir("golden")
    s = Set(d + "/set", "HOLMEN")
    s.secondary("Body,47,,FALSE,,,",
                text("Hello Tove,||the caf\xe9 order is in the file.|"), 50)
    s.secondary("Attachment,21,,TRUE,order.csv,0,",
                text("espresso;4|decaf;1|"), 118)
    s.secondary("Other,22,,TRUE,,,", text('Tove Lind;"Borg, Arne"'), 175)
    s.secondary("Body,19,,TRUE,,,", text("Nothing attached.|"), 218)
    s.write(1252, [
        "! example", "DIRECTORY",
        "Obj-Class,Mode,Common-Name,Display-Name,Secondary-Proxy-Addresses,"
        "Home-Server",
        "mailbox,create,ToveL,Tove Lind,MIGRATE:HOSTMAIL:HOLMEN(TOVEL),~Server",
        "", "MAILMESSAGE,HOSTMAIL:HOLMEN(TOVEL)",
        "Folder,Sender,To,Cc,Bcc,Subject,Send-Date,Received-\\\\",
        "Date,Priority,Unread,Unsent,Body",
        "Orders\\Caf\xe9,\"Borg, Arne\",Tove Lind,,,\"Caf\xe9 order, urgent\","
        "19961104083000,19961104083015,1,,,#HOLMEN.SEC(50)",
        ",\"Borg, Arne\",#HOLMEN.SEC(175),,,Second,19961104090000,,,TRUE,,"
        "#HOLMEN.SEC(218)"])
    boxes, events, r = imported(d, s, r_ok(), "basic")
    box = only(boxes, "TOVEL")
    tap.equal(sorted(p for p, v in box.items() if v),
              [("INBOX",), ("Orders", "Caf\xe9")], "basic: folders")
    m, x = box[("Orders", "Caf\xe9")][0]
    tap.equal(m["Subject"], "Caf\xe9 order, urgent", "basic: subject")
    tap.ok("Borg, Arne" in str(m["From"]) and "Tove Lind" in str(m["To"]),
           "basic: people", f"{m['From']} {m['To']}")
    tap.equal(body_of(m).rstrip("\n"),
              "Hello Tove,\n\nthe caf\xe9 order is in the file.",
              "basic: text")
    att = list(m.iter_attachments())
    tap.equal([(a.get_filename(), a.get_payload(decode=True)) for a in att],
              [("order.csv", b"espresso;4\r\ndecaf;1\r\n")],
              "basic: attachment, byte for byte")
    tap.equal(x.received, 847096215, "basic: received date")
    tap.ok("\\seen" in x.flags, "basic: read", x.flags)
    tap.ok("high" in str(m["Importance"]).lower() or
           str(m["X-Priority"]).startswith("1"), "basic: high priority",
           m.items())
    m, x = box[("INBOX",)][0]
    tap.ok("\\seen" not in x.flags, "basic: unread", x.flags)
    tap.ok("Tove Lind" in str(m["To"]) and "Borg, Arne" in str(m["To"]),
           "basic: list from the secondary file", m["To"])


def r_ok():
    # the directory row is not a Maildir's to take: a warning
    return 1


def example_quoting():
    d = server.temp_dir("golden")
    s = Set(d + "/set", "NOR")
    s.secondary("Body,16,,TRUE,,,", text("See you there.|"), 50)
    s.secondary("Other,38,,TRUE,,,",
                text("Vik, Siri is a name; this is a subject"), 86)
    s.secondary("Body,7,,TRUE,,,", text("Done.|"), 145)
    s.write(1252, [
        "! long lines broken on purpose", "DIRECTORY",
        "Obj-Class,Mode,Common-Name,Display-Name,Secondary-Proxy-Addresses,"
        "Home-Server,Comment",
        "mailbox,create,SiriV,\"Vik, Siri\",MIGRATE:HOSTMAIL:NOR(SIRI),~Server,"
        "\"share is \\\\\\\\nas\\\\siri, 90% full\"", "",
        "MAILMESSAGE,HOSTMAIL:NOR(SIRI)",
        "Folder,Sender,To,Cc,Bcc,Subject,Send-Date,Receiv\\\\",
        "ed-Date,Priority,Unread,Unsent,Body",
        "Inbox\\Done,Per Moe,\"\"\"Dal; Liv\"\";Per Moe[SMTP:per@example.org]\","
        "\"Vik, Siri\";Ola Li,,\"Meeting, \"\"room 5\"\"\",1997052\\\\",
        "8130000,,,,,#NOR.SEC(50)", "",
        "! a blank line and a comment do not end the section",
        "PAB,Per Moe,,,,#NOR.SEC(86),19970529080000,,-1,,,#nor.sec(145)"],
        before="! CodePage\r\n")
    boxes, events, r = imported(d, s, r_ok(), "quoting")
    box = only(boxes, "SIRI")
    tap.equal(sorted((p, len(v)) for p, v in box.items() if v),
              [(("INBOX", "Done"), 1), (("PAB",), 1)], "quoting: folders")
    m, x = box[("INBOX", "Done")][0]
    tap.equal(m["Subject"], 'Meeting, "room 5"', "quoting: subject")
    to = [(a.display_name, a.addr_spec) for a in m["To"].addresses] \
        if m["To"] else []
    # a name without an address is an empty group (RFC 5322 3.4)
    groups = [g.display_name for g in m["To"].groups] if m["To"] else []
    tap.ok(any(n and n.strip('"') == "Dal; Liv" for n in groups) and
           ("Per Moe", "per@example.org") in to, "quoting: To",
           f"{to} {m['To']}")
    m, x = box[("PAB",)][0]
    tap.equal(m["Subject"], "Vik, Siri is a name; this is a subject",
              "quoting: subject from the secondary file")
    tap.equal([c for c in codes(events) if not c[0].startswith("DIR_")], [],
              "quoting: no diagnostics")


def example_damage():
    d = server.temp_dir("golden")
    s = Set(d + "/set", "SKAGEN")
    s.secondary("Body,7,,TRUE,,,", text("Kept.|"), 50)
    s.secondary("Body,8,,TRUE,,,", text("Early.|"), 76)
    s.secondary("Body,14,,FALSE,,,", text("More follows|"), 103)
    row = "Inbox,Ane,Bo,,,{},19960{}000000,,,,,#SKAGEN.SEC({})"
    s.write(1252, [
        "MAILMESSAGE,HOSTMAIL:SKAGEN(BO)", ROW,
        row.format("good", "101", 50), row.format("two bytes early", "230", 74),
        row.format("inside a header", "101", 51),
        row.format("\"no end", "101", 50), row.format("broken chain", "101", 103),
        row.format("good again", "101", 50)])
    boxes, events, r = imported(d, s, 2, "damage")
    box = only(boxes, "BO")
    tap.equal(sorted(m["Subject"] for m, x in box[("INBOX",)]),
              ["good", "good again", "two bytes early"],
              "damage: the other messages arrived")
    tap.equal([body_of(m) for m, x in box[("INBOX",)]
               if m["Subject"] == "two bytes early"], ["Early.\n"],
              "damage: with their text")
    got = codes(events)
    for want in (("SEC_OFFSET_AT_BLANK", 4), ("MSG_BAD_DATE", 4),
                 ("SEC_BAD_SECTION_HEADER", 5), ("PRI_UNTERMINATED_QUOTE", 6),
                 ("SEC_CHAIN_BROKEN", 7)):
        tap.ok(want in got, f"damage: {want[0]} in line {want[1]}", got)
    b = program.books(d + "/state")
    tap.equal((b.found, b.moved, b.failed), (6, 3, 3), "damage: books")
    sets = files.packing_lists(d + "/state")
    tap.equal(len(sets), 1, "damage: one recovery set")
    kept = b""
    for base, _, names in os.walk(d + "/state"):
        for n in names:
            if n.upper().endswith(".PRI"):
                with open(os.path.join(base, n), "rb") as f:
                    kept += f.read()
    for word in (b"inside a header", b"no end", b"broken chain"):
        tap.ok(word in kept, f"damage: row '{word.decode()}' is kept",
               kept[-800:])
    tap.ok(b"good again" not in kept and b"early" not in kept,
           "damage: good rows are not", kept[-800:])
    for word in ("SKAGEN.PRI", "5", "6", "7"):
        tap.ok(word in r.err + r.out, f"damage: output names {word}", r.err)


def nobody_and_the_mailless():
    """Q194218: who has no mail gets a mailbox all the same, also from a section
    without rows; the directory of the set is nobody and gets none."""
    d = server.temp_dir("golden")
    s = Set(d + "/set", "EMPTY")
    s.write(1252, ["DIRECTORY",
                   "Obj-Class,Mode,Common-Name,Display-Name,"
                   "Secondary-Proxy-Addresses,Home-Server",
                   "mailbox,create,BoL,Bo Lind,MIGRATE:HOSTMAIL:BO,~Server", "",
                   "MAILMESSAGE,HOSTMAIL:BO", ROW])
    boxes, events, r = imported(d, s, 1, "no mail")
    tap.equal(list(boxes), ["HOSTMAIL:BO"], "no mail: one Maildir, Bo's")
    tap.ok(any(e["name"] == "not_taken" for e in events),
           "no mail: the directory row is counted as not taken", r.err)


def expected_status(path):
    """0, 1 or 2 as a set's directory says, or None."""
    for name in ("status", "exit"):
        p = os.path.join(path, name)
        if os.path.exists(p):
            with open(p) as f:
                return int(f.read().split()[0])
    return None


def all_sets():
    """Every set of tests/golden: the records shown are what is expected, and an
    import takes all that can be taken."""
    found = sorted(set(os.path.dirname(p) for p in
                       files.packing_lists(GOLDEN)))
    if not found:
        raise tap.Skip("no sets in tests/golden")
    for path in found:
        name = os.path.relpath(path, GOLDEN)
        d = server.temp_dir("golden")
        shutil.copytree(path, d + "/set")
        r = program.mailmig("import", f"files:{d}/set", "--to",
                            f"maildir:{d}/to", "--state", d + "/state",
                            env={"TZ": "UTC"})
        want = expected_status(path)
        errors = [e for e in program.events(d + "/state")
                  if e["level"] == "error"]
        tap.ok(r.rc in (0, 1, 2), f"{name}: ends by itself",
               f"{r.rc} {r.err[-500:]}")
        if want is not None:
            tap.equal(r.rc, want, f"{name}: exit status {want}")
        tap.equal(r.rc == 2, bool(errors) or not program.events(d + "/state"),
                  f"{name}: exit status 2 just with errors")
        b = program.books(d + "/state")
        if b.totals:
            tap.ok(b.balanced(), f"{name}: books balance", b)


if __name__ == "__main__":
    tap.run(example_basic, example_quoting, example_damage, nobody_and_the_mailless,
            all_sets)
