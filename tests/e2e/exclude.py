#!/usr/bin/env python3
"""--exclude, from every source: the folder does not arrive, its messages are
found and filtered, the books balance, and the next run brings them."""
import mail
import program
import server
import tap

FOLDERS = [(("INBOX",), 5), (("Sent",), 3), (("Projects",), 2),
           (("Projects", "Beta"), 4), (("Trash",), 6)]
OUT = ["--exclude", "Projects", "--exclude", "Trash"]


def every_source():
    d = server.temp_dir("exclude")
    with server.Dovecot(d + "/dovecot") as s:
        mail.fill(s.port, "alice", mail.corpus(20, seed=3, folders=FOLDERS),
                  empty=False, paths=[f[0] for f in FOLDERS])
        want = mail.read_imap(s.port, "alice")
        pw = program.secret(d + "/password")
        sources = {"imap": program.url(s)}
        for kind, to in (("files", f"files:{d}/s-files"),
                         ("maildir", f"maildir:{d}/s-maildir")):
            r = program.mailmig("migrate", "--from", sources["imap"], "--to",
                                to, "--password-file", pw, "--state",
                                f"{d}/st-{kind}")
            tap.equal(r.rc, 0, f"{kind}: made")
            sources[kind] = to
        inside = {p: v for p, v in want.items()
                  if p[0] not in ("Projects", "Trash") and v}
        n, kept = mail.count(want), mail.count(inside)
        for kind, source in sources.items():
            args = ["migrate", "--from", source, "--to",
                    f"maildir:{d}/to-{kind}", "--password-file", pw,
                    "--state", f"{d}/out-{kind}"]
            r = program.mailmig(*args, *OUT)
            tap.equal(r.rc, 0, f"{kind}: exit status 0")
            program.check_books(f"{d}/out-{kind}", kind, found=n, moved=kept,
                                filtered=n - kept)
            got = program.read_maildir_dest(f"{d}/to-{kind}")
            tap.equal(mail.compare(inside,
                                   {p: v for p, v in got.items() if v})[:5],
                      [], f"{kind}: what is not excluded")
            tap.ok(not any(p[0] in ("Projects", "Trash") for p in got),
                   f"{kind}: no excluded folder is made", sorted(got))
            r = program.mailmig(*args)
            program.check_books(f"{d}/out-{kind}", f"{kind}, without it",
                                run=1, found=n, moved=n - kept, there=kept)


def generated():
    d = server.temp_dir("exclude")
    for big, n in (("", 20), ("&big=1MiB", 21)):
        state = f"{d}/state{n}"
        r = program.mailmig("migrate", "--from",
                            f"generate:x?messages=20&folders=3{big}", "--to",
                            f"null:{d}/null", "--state", state, "--exclude",
                            "INBOX")
        tap.equal(r.rc, 0, f"generate {n}: exit status 0")
        # three folders in turns: 7 of 20 and the big one in the inbox
        program.check_books(state, f"generate {n}", found=n, moved=13,
                            filtered=n - 13)


tap.run(every_source, generated)
