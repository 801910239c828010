#!/usr/bin/env python3
"""pst to IMAP to pst, and pst to pst: nothing is lost on the way, neither of
mail of every kind nor of what Outlook put into its own files."""
import base64
import os

import mail
import program
import server
import tap

DATA = os.environ.get("MAILMIG_DATA", "")
SAMPLES = ("support", "dist-list", "passworded", "ansi-32-bit")
# What a message is, apart from where it lies. The class is by content; the
# octets are joined anew from the same parts. A plain charset is none.
SAME = ("folder", "subject", "sent", "received", "flags", "keywords",
        "message_id", "priority")
PEOPLE = ("from", "to", "cc", "bcc", "reply_to")
PART = ("kind", "name", "type", "content_id", "length", "sha256")


def what(records, addresses=True):
    """Messages as a sorted list: fields, addresses, digests of all parts. (The
    header block wins over the table of recipients, which may say otherwise: of
    Outlook's own files only how many there are is compared.)"""
    out = []
    for r in records:
        if r["kind"] != "message":
            continue
        parts = [{k: p[k] for k in PART} for p in r.get("parts", [])]
        who = [(k, [p["address"] for p in r[k]] if addresses else len(r[k]))
               for k in PEOPLE]
        out.append(repr([[(k, r[k] or None) for k in SAME], who,
                         parts or r["body"]["sha256"]]))
    return sorted(out)


def people(records):
    return sorted(repr((r["fields"], r["members"])) for r in records
                  if r["kind"] == "address")


def show(address, *args):
    r, list_ = program.records(address, *args)
    tap.equal(r.rc, 0, f"{address.split('/')[-1]}: shown")
    return list_


def move(name, d, source, to, *args):
    r = program.mailmig("migrate", "--from", source, "--to", to, *args,
                        "--state", f"{d}/state-{name.replace(' ', '-')}")
    tap.ok(r.rc in (0, 1), name, f"{r.rc} {r.err[-1500:]}")


def clean(path):
    r = program.mailmig("check", f"pst:{path}?strict=yes")
    tap.ok(r.rc == 0, f"{os.path.basename(path)}: keeps every rule", r.out)


def fixtures():
    d = server.temp_dir("pst")
    with server.Dovecot(d + "/s", DOVECOT_USERS="bob") as s:
        pw = ("--password-file", program.secret(d + "/password"))
        items = mail.corpus(150, seed=31)
        mail.fill(s.port, "alice", items)
        move("imap to pst", d, program.url(s), f"pst:{d}/a.pst", *pw)
        move("pst to imap", d, f"pst:{d}/a.pst", program.url(s, "bob"), *pw)
        move("imap to pst again", d, program.url(s, "bob"), f"pst:{d}/b.pst",
             *pw)
        a, b = show(f"pst:{d}/a.pst"), show(f"pst:{d}/b.pst")
        tap.equal(len(what(a)), len(items), "every message is in the file")
        tap.equal(program.difference(what(a), what(b)), [],
                  "pst to IMAP to pst: the same messages, part for part")
        clean(d + "/a.pst")
        clean(d + "/b.pst")


def outlook():
    """Outlook's files, over a server and directly."""
    have = [n for n in SAMPLES if os.path.exists(f"{DATA}/pst/{n}.pst")]
    if not have:
        raise tap.Skip("no samples")
    d = server.temp_dir("pst")
    with server.Dovecot(d + "/s", DOVECOT_USERS=" ".join(have)) as s:
        pw = ("--password-file", program.secret(d + "/password"))
        for name in have:
            source = f"pst:{DATA}/pst/{name}.pst"
            want = show(source)
            move(f"{name} to pst", d, source, f"pst:{d}/{name}-1.pst")
            got = show(f"pst:{d}/{name}-1.pst")
            tap.equal(len(what(got)), len(what(want)), f"{name}: messages")
            tap.equal(people(got), people(want), f"{name}: contacts, lists")
            clean(f"{d}/{name}-1.pst")
            move(f"{name} to imap", d, source, program.url(s, name), *pw)
            move(f"{name} from imap", d, program.url(s, name),
                 f"pst:{d}/{name}-2.pst", *pw)
            again = show(f"pst:{d}/{name}-2.pst")
            mail_of = [r for r in want if r["kind"] == "message" and
                       r["class"].startswith("IPM.Note")]
            tap.equal(people(again), people(want),
                      f"{name}: contacts and lists over IMAP")
            tap.equal(program.difference(
                *(whole([r for r in x if r["kind"] in ("message", "address")
                         and r.get("class") != "IPM.Note"])
                  for x in (got, again))), [],
                f"{name}: the same items, directly and over IMAP")
            back = what(again, False)
            for r in mail_of:
                one = what([r], False)[0]
                tap.ok(one in back, f"{name}: {r['key']} came back as it was",
                       one[:3000] + "\n" + "\n".join(
                           w[:3000] for w in back if r["received"] in w))
            tap.equal(len(back) >= len(what(want)), True,
                      f"{name}: nothing is missing")
            clean(f"{d}/{name}-2.pst")


def calendar(*lines, maker="-//Example//EN"):
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:" + maker,
                        *lines, "END:VCALENDAR", ""))


def event(uid, *lines):
    return ("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20250101T120000Z",
            "DTSTART:20250310T090000Z", "DTEND:20250310T100000Z",
            f"SUMMARY:Event {uid}", *lines, "END:VEVENT")


def item(name, text, klass="appointment", extra=""):
    """A message that is an item, as a server of mail has it."""
    head = (f"Date: Mon, 03 Mar 2025 10:00:00 +0000\r\nSubject: {name}\r\n"
            "MIME-Version: 1.0\r\n")
    if klass:
        head = f"Content-Class: urn:content-classes:{klass}\r\n" + head
    part = ("Content-Type: text/calendar; charset=utf-8\r\n"
            "Content-Disposition: inline\r\n\r\n" + text)
    if extra:
        part = ('Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n' +
                part + "\r\n--b\r\n" + extra + "\r\n--b--\r\n")
    return (head + part).encode()


# Each of an item is one again; a letter is none, whatever it says.
ITEMS = {
    ("Calendar",): [
        item("single", calendar(*event("single", "LOCATION:Here",
                                       "DESCRIPTION:Two\\nlines",
                                       "CATEGORIES:Red"))),
        item("ours", calendar(*event("ours"), maker="-//mailmig//EN"), None),
        item("series", calendar(
            *event("series", "RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO",
                   "EXDATE:20250317T090000Z",
                   "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x",
                   "TRIGGER:-PT15M", "END:VALARM"),
            *event("series", "RECURRENCE-ID:20250324T090000Z",
                   "LOCATION:Elsewhere"))),
        item("people", calendar(*event(
            "people", "ORGANIZER;CN=Ida:mailto:ida@example.net",
            "ATTENDEE;CN=Bo;PARTSTAT=ACCEPTED:mailto:bo@example.net"))),
        item("more", calendar(*event(
            "more", "ATTACH:https://example.net/agenda.pdf"))),
        item("file", calendar(*event("file")), extra=(
            "Content-Type: application/pdf; name=a.pdf\r\n"
            "Content-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF")),
    ],
    ("Tasks", "Deep"): [
        item("task", calendar(
            "BEGIN:VTODO", "UID:task", "SUMMARY:Do it",
            "DUE;VALUE=DATE:20250401", "PERCENT-COMPLETE:50",
            "STATUS:IN-PROCESS", "END:VTODO"), "task"),
        item("recurs", calendar(
            "BEGIN:VTODO", "UID:recurs", "SUMMARY:Again",
            "DTSTART;VALUE=DATE:20250401", "RRULE:FREQ=DAILY", "END:VTODO"),
            "task"),
        item("published", calendar(
            "METHOD:PUBLISH", "BEGIN:VTODO", "UID:published",
            "SUMMARY:Published", "RRULE:FREQ=DAILY", "END:VTODO"), "task"),
    ],
    ("Letters",): [
        b"From: a@example.net\r\n" + item(
            "sent", calendar(*event("sent")), None),
        b"From: a@example.net\r\nTo: b@example.net\r\nSubject: request\r\n"
        b"Content-Type: text/calendar; method=REQUEST\r\n\r\n" +
        calendar("METHOD:REQUEST", *event(
            "asked", "ORGANIZER:mailto:a@example.net",
            "ATTENDEE:mailto:b@example.net")).encode(),
        b"From: a@example.net\r\nSubject: card\r\n"
        b"Content-Type: text/vcard; charset=utf-8\r\n\r\nBEGIN:VCARD\r\n"
        b"VERSION:4.0\r\nFN:Ida\r\nEND:VCARD\r\n",
    ],
}
# Cards as address books become messages; the second says more than a contact.
CARDS = (("contact", "Ida Lie", "EMAIL;PREF=1:ida@example.net\r\n"
          "TEL;TYPE=work:1\r\nBDAY:19850412\r\n"),
         ("contact", "Bo Ek", "GEO:geo:59.9\\,10.7\r\n"),
         ("list", "Friends", "KIND:group\r\n"
          "MEMBER;X-CN=Ida Lie:mailto:ida@example.net\r\n"))


def card(name, title, lines):
    return ("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
            f"Subject: {title}\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/vcard; charset=utf-8\r\n"
            f'Content-Disposition: attachment; filename="{name}.vcf"\r\n'
            "Content-Transfer-Encoding: 7bit\r\n\r\nBEGIN:VCARD\r\n"
            f"VERSION:4.0\r\nFN:{title}\r\n{lines}END:VCARD\r\n").encode()


# Names of the file and of places in it; and the header of a message that was
# joined anew from the same parts.
OWN = ("mailbox", "key", "identity", "state", "skipped", "headers", "size")


def whole(records):
    """All that `show` says of what lies in the file."""
    full = {tuple(r["folder"]) for r in records
            if r["kind"] == "folder-end" and r["found"]}
    return sorted(repr(sorted((k, v) for k, v in r.items() if k not in OWN))
                  for r in records if "folder" not in r or
                  tuple(r["folder"]) in full)


def items():
    """Contacts, lists, appointments, tasks and letters that lie on a server as
    messages are items of a .pst, and the same ones after another round."""
    d = server.temp_dir("pst")
    with server.Dovecot(d + "/s", DOVECOT_USERS="bob") as s:
        pw = ("--password-file", program.secret(d + "/password"))
        mail.fill(s.port, "alice", [
            mail.Item(path, octets, 1741000000 + 60 * n, 0, ["\\Seen"])
            for path, list_ in {**ITEMS, ("People",): [card(*c)
                                                       for c in CARDS]}.items()
            for n, octets in enumerate(list_)], empty=False)
        move("items to pst", d, program.url(s), f"pst:{d}/a.pst", *pw)
        a = show(f"pst:{d}/a.pst")
        clean(d + "/a.pst")
        tap.equal({(*r["folder"], r["subject"]): r["class"]
                   for r in a if r["kind"] == "message"}, {
            **{("Calendar", n): "IPM.Appointment" for n in (
                "single", "ours", "series", "people", "more", "file")},
            ("Tasks", "Deep", "task"): "IPM.Task",
            ("Tasks", "Deep", "recurs"): "IPM.Task",
            ("Tasks", "Deep", "published"): "IPM.Task",
            ("Letters", "sent"): "IPM.Note", ("Letters", "card"): "IPM.Note",
            ("Letters", "request"): "IPM.Schedule.Meeting.Request"},
            "every message is what it was")
        tap.equal(sorted((r["fields"]["Display-Name"], r["list"]) for r in a
                         if r["kind"] == "address"),
                  [("Bo Ek", False), ("Friends", True), ("Ida Lie", False)],
                  "contacts and a list")
        tap.equal({tuple(r["folder"]): r["use"] for r in a
                   if r["kind"] == "folder" and r["use"] in (
                       "contacts", "calendar", "tasks")},
                  {("People",): "contacts", ("Calendar",): "calendar",
                   ("Tasks", "Deep"): "tasks"}, "folders are theirs")
        move("items back", d, f"pst:{d}/a.pst", program.url(s, "bob"), *pw)
        got = {}
        back = mail.read_imap(s.port, "bob", bodies=got)
        for path, name in ((("Calendar",), b"agenda.pdf"),
                           (("People",), b"GEO:geo:59.9")):
            one = [got[m.digest] for m in back[path] if name in got[m.digest] or
                   name in base64.b64decode(got[m.digest].split(
                       b"\r\n\r\n", 1)[1] + b"==")]
            tap.equal([(o.count(b"Content-Type:"), o.count(b"BEGIN:V"))
                       for o in one], [(1, one[0].count(b"BEGIN:V"))],
                      f"{path[0]}: what an item cannot say is there once")
        move("items to pst again", d, program.url(s, "bob"), f"pst:{d}/b.pst",
             *pw)
        tap.equal(program.difference(whole(a), whole(show(f"pst:{d}/b.pst"))),
                  [], "pst to IMAP to pst: the same items")
        clean(d + "/b.pst")
        r = program.mailmig("verify", "--from", program.url(s, "bob"), "--to",
                            f"pst:{d}/b.pst", *pw, "--state", d + "/verify")
        tap.ok(r.rc == 0, "verify finds them equal", r.out + r.err)


tap.run(fixtures, items, outlook)
