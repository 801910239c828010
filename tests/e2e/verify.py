#!/usr/bin/env python3
"""verify makes nothing at a destination that is not there."""
import os

import mail
import program
import server
import tap


def makes_nothing():
    d = server.temp_dir("verify")
    with server.Dovecot(d + "/dovecot") as s:
        mail.fill(s.port, "alice", mail.corpus(4, seed=2))
        pw = program.secret(d + "/password")
        for name, make in (("maildir", None), ("maildir", "bo/cur"),
                           ("files", None), ("pst", None)):
            place = f"{d}/to-{name}{'-' + make[:2] if make else ''}"
            if make:  # others have one there
                os.makedirs(f"{place}/{make}")
                os.makedirs(f"{place}/bo/new")
                os.makedirs(f"{place}/anna/cur")
                os.makedirs(f"{place}/anna/new")

            def there():
                return sorted(os.path.join(a, x) for a, b, c in os.walk(place)
                              for x in b + c) + [os.path.exists(place)]
            before = there()
            r = program.mailmig("verify", "--from", program.url(s), "--to",
                                f"{name}:{place}", "--password-file", pw,
                                "--state", d + "/state")
            tap.equal(r.rc, 2, f"{name}: it is not there")
            tap.equal(there(), before, f"{name}: and is not made")


def found(r):
    return [line for line in r.out.splitlines() + r.err.splitlines()
            if "missing" in line or "not in the source" in line
            or "differs" in line]


def personal_folders():
    """A .pst keeps what a message says, not its octets: compared is that."""
    d = server.temp_dir("verify")
    with server.Dovecot(d + "/dovecot", DOVECOT_USERS="alice bo") as s:
        items = [i for i in mail.corpus(60, seed=12)
                 if i.path[0] in ("INBOX", "Archive")]
        mail.fill(s.port, "alice", items, empty=False,
                  paths=[("Archive", "2019"), ("Archive", "2020")])
        pw = program.secret(d + "/password")
        to = f"pst:{d}/out.pst"
        r = program.mailmig("migrate", "--from", program.url(s), "--to", to,
                            "--password-file", pw, "--state", d + "/state")
        tap.ok(r.rc in (0, 1), "written", r.err)
        r = program.mailmig("verify", "--from", program.url(s), "--to", to,
                            "--password-file", pw, "--state", d + "/s1")
        tap.equal((r.rc, found(r)[:4]), (0, []), "all of it is there")
        tap.ok("does not keep octets" in r.out + r.err,
               "says what is compared", r.out + r.err)
        # another source, of which the file lacks something
        plain = next(i for i in items if b"Content-Type: text/plain; ch" in
                     i.octets and b"multipart" not in i.octets)
        att = next(i for i in items if b"application/pdf" in i.octets)
        half = att.octets.index(b"base64\r\n\r\n") + 40
        changed = {
            plain.octets: plain.octets.replace(b" the ", b" thy ", 1),
            att.octets: att.octets[:half] + (
                b"A" if att.octets[half:half + 1] != b"A" else b"B") +
            att.octets[half + 1:]}
        others = [i._replace(octets=changed.get(i.octets, i.octets))
                  for i in items]
        others.append(items[0]._replace(
            octets=items[0].octets.replace(b"Message-ID: <", b"Message-ID: <x")))
        mail.fill(s.port, "bo", others, empty=False,
                  paths=[("Archive", "2019"), ("Archive", "2020")])
        r = program.mailmig("verify", "--from", program.url(s, "bo"), "--to",
                            to, "--password-file", pw, "--state", d + "/s2")
        lines = found(r)
        tap.equal(r.rc, 2, "differences are found")
        tap.equal((sum("missing" in x for x in lines),
                   sum("not in the source" in x for x in lines)), (3, 2),
                  "a changed word, a changed attachment, one that is missing")


tap.run(makes_nothing, personal_folders)
