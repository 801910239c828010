#!/usr/bin/env python3
"""Exports of cc:Mail with the real program: mail, boards and personal lists in
one run (Q214836), into a Maildir and an IMAP server; one step is two steps in
both profiles of migration files; everyone gets a section (Q194218). The exports
are made here after doc/spec/ccmail.md 3.2 (counts), 3.5 (dates), 5.4 (boards);
the layout of lists is the one that mailmig(1) assumes."""
import os

import mail
import program
import server
import tap


def item(word, title, data):
    line = f"{word} item:" + (f" {title}" if title else "")
    return line.encode("cp850") + b"\r\n%11d\r\n" % len(data) + data


def message(headers, *items):
    contents = b"".join(items)
    rest = b"".join(h.encode("cp850") + b"\r\n" for h in headers) + \
        b"Contents:\r\n%11d\r\n" % len(contents) + contents
    return b"Message:\r\n%11d\r\n" % len(rest) + rest


def build(d):
    os.makedirs(d + "/boards")
    text = "Gr\u00fc\u00dfe aus dem Hafen,\r\nUwe\r\n".encode("cp850")
    uwe = message(["From: Okafor, Ada at NORTHPO", "Date: 3/29/97 14:05",
                   "To: Brandt, Uwe at NORTHPO", "To: Facilities",
                   "Cc: ann@example.org at GATE", "Subject: Keys",
                   "Priority: urgent"],
                  item("Text", "", b"Please pick them up by noon.\r\n"),
                  item("File", "keys.bin 3/29/97 2:01PM",
                       b"Message:\r\n 12\r\nFrom: nobody\r\n\x00\xff"))
    uwe += message(["From: Brandt, Uwe at NORTHPO", "Date: 12/31/99 23:59",
                    "To: Okafor, Ada at NORTHPO",
                    "Bcc: Hidden, One at NORTHPO", "Folder: Message Log",
                    "Subject: Gr\u00fc\u00dfe"], item("Text", "", text))
    uwe += message(["From: Brandt, Uwe at NORTHPO", "Date: 2/31/00 1:00",
                    "Folder: Projekte \u00e4", "Subject: impossible"],
                   item("Text", "", b"x\r\n"), item("Text", "", b"y\r\n"))
    board = message(["From: Okafor, Ada at NORTHPO", "Date: 5/20/98 8:00",
                     "To: Jobs", "Subject: Harbour master"],
                    item("Text", "", b"Apply in room 5.\r\n"))
    lists = (b"Name: Smith, John\r\nAddr: NORTHPO\r\nList: Team\r\n"
             b"Memb: Smith, John\r\nMemb: Strange, Er\r\n")
    directory = (b"Name: Brandt, Uwe\r\nLocn: L\r\nName: Empty, Ed\r\n"
                 b"Locn: L\r\n")
    for name, data in (("UWE.CCM", uwe), ("ED.CCM", b""),
                       ("boards/JOBS.EXP", board), ("UWE.PML", lists),
                       ("CCMDIR.EXP", directory)):
        with open(f"{d}/{name}", "wb") as f:
            f.write(data)
    with open(d + "/MAILBOXES.CSV", "w", encoding="utf-8") as f:
        f.write('file,kind,name\nUWE.CCM,mail,"Brandt, Uwe"\n'
                'UWE.PML,lists,"Brandt, Uwe"\nED.CCM,mail,"Empty, Ed"\n'
                'LATE.CCM,mail,"Late, Lu"\n')
    return f"ccmail:{d}?directory=yes&post-office=NORTHPO&zone=0"


UWE = "CCMAIL:Brandt, Uwe AT NORTHPO"
WANT = {("INBOX",): 1, ("Message Log",): 1, ("Projekte \u00e4",): 1}


def tree(path):
    """{mailbox: {folder: [octets]}} of a Maildir destination."""
    out = {}
    for box in sorted(os.listdir(path)):
        bodies = {}
        snap = mail.read_maildir(os.path.join(path, box), bodies)
        out[box] = {p: sorted(bodies[x.digest] for x in v)
                    for p, v in snap.items()}
    return out


def all_at_once():
    d = server.temp_dir("ccmail")
    source = build(d + "/export")
    before = sorted(os.listdir(d + "/export"))
    r = program.mailmig("show", source)
    tap.ok("CC_NOT_EXPORTED: EXPORT /P<password> /BATCH /N\"Late, Lu\" "
           in r.err and "/@LATE.CCM" in r.err,
           "show: prints the command that is still to be run", r.err)
    r = program.mailmig("migrate", "--from", source, "--to",
                        f"maildir:{d}/one", "--state", d + "/s1")
    tap.equal(r.rc, 1, "one step: exit status 1, warnings")
    b = program.books(d + "/s1")
    tap.equal((b.found, b.moved, b.failed), (6, 6, 0), "one step: books")
    program.check_books(d + "/s1", "one step")
    one = tree(d + "/one")
    tap.equal({p: len(v) for p, v in one[UWE].items() if p in WANT}, WANT,
              "one step: Uwe's folders")
    tap.ok(any("Empty, Ed" in n for n in one) and
           any("Late, Lu" in n for n in one),
           "one step: a mailbox for everyone (Q194218)", list(one))
    public = [n for n in one if ("Lotus cc:Mail Bulletin Boards", "JOBS")
              in one[n]]
    tap.equal(len(public), 1, "one step: the board in public folders")
    octets = one[UWE][("INBOX",)][0]
    tap.ok(b"Importance: high" in octets and b"ann@example.org" in octets and
           b"29 Mar 1997 14:05:00" in octets, "one step: header", octets)
    tap.ok(b"Hidden, One" in one[UWE][("Message Log",)][0],
           "one step: hidden recipients in the sender's copy")
    tap.equal(sorted(os.listdir(d + "/export")), before,
              "the source is as it was (Q169536)")

    # again: nothing moves
    r = program.mailmig("migrate", "--from", source, "--to",
                        f"maildir:{d}/one", "--state", d + "/s1")
    b = program.books(d + "/s1")
    tap.equal(tree(d + "/one"), one, "second pass: nothing twice")

    for profile in ("ext1", "plain"):
        files = f"files:{d}/set-{profile}"
        option = "?profile=plain" if profile == "plain" else ""
        r = program.mailmig("extract", "--from", source, "--to",
                            files + option, "--state", f"{d}/x-{profile}")
        tap.equal(r.rc, 1, f"{profile}: extract")
        text = b""
        for n in os.listdir(f"{d}/set-{profile}"):
            if n.upper().endswith(".PRI"):
                with open(f"{d}/set-{profile}/{n}", "rb") as f:
                    text += f.read()
        for who in ("Brandt, Uwe", "Empty, Ed", "Late, Lu"):
            tap.ok(f'"CCMAIL:{who} AT NORTHPO"'.encode() in text,
                   f"{profile}: a section for {who} (Q194218)", text[:2000])
        r = program.mailmig("import", files, "--to",
                            f"maildir:{d}/two-{profile}", "--state",
                            f"{d}/i-{profile}", env={"TZ": "UTC"})
        tap.ok(r.rc in (0, 1), f"{profile}: import", r.err)
        two = tree(f"{d}/two-{profile}")
        # folders without mail have no row in the plain profile, and the
        # folder of sent mail has one name there (migration-files(5))
        renamed = {("Message Log",): ("Sent Items",)} if option else {}
        tap.equal({b: {p: v for p, v in f.items() if v}
                   for b, f in two.items()},
                  {b: {renamed.get(p, p): v for p, v in f.items() if v}
                   for b, f in one.items()},
                  f"{profile}: one step = two steps, octet for octet")
        shown, records = program.records(files)
        kinds = [x["kind"] for x in records]
        tap.ok(kinds.count("address") == 2 and kinds.count("recipient") == 2,
               f"{profile}: personal lists and directory are in it", kinds)


def to_imap():
    d = server.temp_dir("ccmail-imap")
    source = build(d + "/export")
    with open(d + "/accounts.csv", "w", encoding="utf-8") as f:
        f.write(f'source,destination\n"{UWE}",alice\n'
                'PublicMessages,bob\n')
    with server.Dovecot(d + "/dovecot") as s:
        to = program.url(s, "").replace("://", "://%m@")
        r = program.mailmig("migrate", "--from", source, "--to", to,
                            "--accounts", d + "/accounts.csv",
                            "--dest-password-file",
                            program.secret(d + "/password"),
                            "--state", d + "/s")
        tap.equal(r.rc, 1, "imap: exit status 1, warnings")
        if r.rc != 1:
            tap.note(r.err[-2000:])
        program.check_books(d + "/s", "imap")
        got = mail.read_imap(s.port, "alice")
        tap.equal({p: len(v) for p, v in got.items() if v},
                  {("INBOX",): 1, ("Projekte \u00e4",): 1, ("Contacts",): 2,
                   **{p: 1 for p in got if p[0] in ("Sent", "Message Log")
                      and got[p]}}, "imap: Uwe's mail")
        board = mail.read_imap(s.port, "bob")
        tap.equal(sum(len(v) for v in board.values()), 1, "imap: the board")


if __name__ == "__main__":
    tap.run(all_at_once, to_imap)
