#!/usr/bin/env python3
"""Peak resident memory of every process: at most 32 MiB, for one very large
message and as flat for many messages as for few. 200 MB and 1,000 to 5,000;
1 GB and 20,000 with SOAK=1."""
import os

import mail
import program
import server
import tap

LIMIT = 32  # MiB
LARGE = 1 << 30 if tap.SOAK else 200_000_000
# About 20 kB each: a thousand fill every buffer that has a bound.
FEW, MANY = 1000, 20000 if tap.SOAK else 5000
# More messages may cost what the source's list of their numbers costs.
FLAT = 4  # MiB


def put_large(s, user, octets):
    """One message of about so many octets, straight into the Maildir."""
    root = s.mail_dir(user)
    for sub in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(root, sub), exist_ok=True)
    line = b"A" * 76 + b"\r\n"
    block = line * 10000
    path = os.path.join(root, "cur", "1400000000.M1P1.test:2,S")
    with open(path, "wb") as f:
        f.write(b"Subject: large\r\nMessage-ID: <large@example>\r\n"
                b"Content-Transfer-Encoding: base64\r\n\r\n")
        for _ in range(octets // len(block)):
            f.write(block)
    os.utime(path, (1400000000, 1400000000))
    s.own(root)


def one_large_message():
    d = server.temp_dir("memory")
    with server.Dovecot(d + "/s") as s, server.Dovecot(d + "/t") as t:
        put_large(s, "alice", LARGE)
        pw = program.secret(d + "/password")
        for name, source, to in (
                ("IMAP to IMAP", program.url(s), program.url(t)),
                ("IMAP to files", program.url(s), f"files:{d}/files"),
                ("files to Maildir", f"files:{d}/files", f"maildir:{d}/md"),
                ("Maildir to IMAP", f"maildir:{d}/md", program.url(t, "bob"))):
            r = program.mailmig("migrate", "--from", source, "--to", to,
                                "--password-file", pw, "--state",
                                f"{d}/state-{name.replace(' ', '-')}",
                                watch=True, timeout=1200)
            tap.equal(r.rc, 0, f"{LARGE} octets, {name}: exit status 0")
            if r.rc:
                tap.note(r.err[-1500:])
            tap.ok(0 < r.peak <= LIMIT,
                   f"{LARGE} octets, {name}: peak at most {LIMIT} MiB",
                   f"{r.peak:.1f} MiB")
            tap.note(f"{name}: {r.peak:.1f} MiB, {r.seconds:.1f} s")
        with open(os.path.join(s.mail_dir("alice"), "cur",
                               "1400000000.M1P1.test:2,S"), "rb") as f:
            want = [len(f.read())]
        for user in ("alice", "bob"):
            m = mail.login(t.port, user)
            m.select("INBOX", readonly=True)
            n = [int(x.decode().split("RFC822.SIZE ")[1].rstrip(")"))
                 for x in m.fetch("1:*", "(RFC822.SIZE)")[1]]
            m.logout()
            tap.equal(n, want, f"large message at {user}: all octets")


def many_messages():
    d = server.temp_dir("memory")
    peaks = {}
    with server.Dovecot(d + "/s") as s, server.Dovecot(d + "/t") as t:
        pw = program.secret(d + "/password")
        for n, user in (FEW, "alice"), (MANY, "bob"):
            # large enough for the few to fill the buffers too (2 x 6 MiB)
            items = mail.corpus(n, seed=3, size=20000)
            mail.fill(s.port, user, items)
            del items
            for name, to in (("IMAP", program.url(t, user)),
                             ("files", f"files:{d}/files-{user}"),
                             ("Maildir", f"maildir:{d}/md-{user}")):
                r = program.mailmig("migrate", "--from", program.url(s, user),
                                    "--to", to, "--password-file", pw,
                                    "--state", f"{d}/state-{user}-{name}",
                                    watch=True)
                tap.equal(r.rc, 0, f"{n} messages to {name}: exit status 0")
                if r.rc:
                    tap.note(r.err[-1500:])
                peaks[n, name] = r.peak
                tap.ok(0 < r.peak <= LIMIT,
                       f"{n} messages to {name}: peak at most {LIMIT} MiB",
                       f"{r.peak:.1f} MiB")
                tap.note(f"{n} messages to {name}: {r.peak:.1f} MiB, "
                         f"{r.seconds:.1f} s")
        for name in ("IMAP", "files", "Maildir"):
            tap.ok(peaks[MANY, name] - peaks[FEW, name] <= FLAT,
                   f"to {name}: flat from {FEW} to {MANY} messages",
                   f"{peaks[FEW, name]:.1f} and {peaks[MANY, name]:.1f} MiB")


if __name__ == "__main__":
    tap.run(one_large_message, many_messages)
