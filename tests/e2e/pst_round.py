#!/usr/bin/env python3
"""pst to IMAP to pst, and pst to pst: nothing is lost on the way, neither of
mail of every kind nor of what Outlook put into its own files."""
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
            back = what(again, False)
            for r in mail_of:
                one = what([r], False)[0]
                tap.ok(one in back, f"{name}: {r['key']} came back as it was",
                       one[:3000] + "\n" + "\n".join(
                           w[:3000] for w in back if r["received"] in w))
            tap.equal(len(back) >= len(what(want)), True,
                      f"{name}: nothing is missing")
            clean(f"{d}/{name}-2.pst")


tap.run(fixtures, outlook)
