#!/usr/bin/env python3
"""One step is two steps, record for record, for every source and destination:
source -> destination beside source -> migration files -> destination."""
import mail
import program
import server
import tap

FOLDERS = [(("INBOX",), 6), (("Sent",), 3), (("Drafts",), 2),
           (("Archive", "2019"), 8),
           (("Entw\u00fcrfe alt", "\u65e5\u672c\u8a9e"), 3),
           (("Projects", "Beta & Co"), 4), (("Empty",), 0)]
DESTINATIONS = ("imap", "files", "plain", "maildir")


def address(kind, path):
    return {"files": f"files:{path}", "plain": f"files:{path}?profile=plain",
            "maildir": f"maildir:{path}"}[kind]


def every_pair():
    d = server.temp_dir("onetwo")
    users = " ".join(f"u{i}" for i in range(60))
    with server.Dovecot(d + "/dovecot", DOVECOT_USERS=users) as s:
        items = mail.corpus(120, seed=9, folders=FOLDERS)
        mail.fill(s.port, "alice", items, empty=False,
                  paths=[f[0] for f in FOLDERS])
        want = mail.read_imap(s.port, "alice")
        pw = program.secret(d + "/password")
        n = 0

        def move(command, source, to):
            nonlocal n
            n += 1
            source = ["--from", source] if command == "migrate" else [source]
            return program.mailmig(command, *source, "--to", to,
                                   "--password-file", pw, "--state",
                                   f"{d}/state{n}")

        # the sources, all of the same mail
        sources = {"imap": program.url(s)}
        for kind in ("files", "plain", "maildir"):
            r = move("migrate", sources["imap"], address(kind, f"{d}/s-{kind}"))
            tap.ok(r.rc in (0, 1), f"source {kind} made", r.err[-1000:])
            sources[kind] = address(kind, f"{d}/s-{kind}").split("?")[0]

        user = 0
        for src in sources:
            # the files between, made once for each source
            files = f"{d}/between-{src}"
            r = program.mailmig("extract", "--from", sources[src], "--to",
                                "files:" + files, "--password-file", pw,
                                "--state", f"{d}/state-x-{src}")
            tap.equal(r.rc, 0, f"{src}: extract to migration files")
            if r.rc:
                tap.note(r.err[-1500:])
            for dst in DESTINATIONS:
                name = f"{src} to {dst}"
                got = []
                for way in ("one", "two"):
                    if dst == "imap":
                        to = at = program.url(s, f"u{user}")
                        user += 1
                    else:
                        to = address(dst, f"{d}/{src}-{dst}-{way}")
                        at = to.split("?")[0]
                    if way == "one":
                        r = move("migrate", sources[src], to)
                    else:
                        r = move("import", "files:" + files, to)
                    tap.ok(r.rc in (0, 1), f"{name}, {way} step(s)",
                           f"{r.rc} {r.err[-1500:]}")
                    r, list_ = program.records(at, "--password-file", pw)
                    tap.equal(r.rc, 0, f"{name}, {way} step(s): shown")
                    messages = [x for x in list_ if x["kind"] == "message"]
                    tap.equal(len(messages), len(items),
                              f"{name}, {way} step(s): all messages")
                    got.append(program.comparable(list_))
                tap.equal(program.difference(*got), [],
                          f"{name}: one step = two steps, record for record")
                if dst == "imap" and src in ("imap", "files", "maildir"):
                    for u in (user - 2, user - 1):
                        snap = mail.read_imap(s.port, f"u{u}")
                        snap = {p: v for p, v in snap.items() if v or p in want}
                        tap.equal(mail.compare(want, snap)[:5], [],
                                  f"{name}: octet for octet at the server")


if __name__ == "__main__":
    tap.run(every_pair)
