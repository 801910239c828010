#!/usr/bin/env python3
"""Address books to servers and Maildirs: each entry one message with a vCard in
the folder Contacts, counted like mail, once however often it is run or cut."""
import email
import email.header
import os
import shutil

import mail
import program
import server
import tap

BOOK = os.path.join(program.ROOT, "tests", "golden", "iff", "address-book")
NAME = "HOSTMAIL:KLIPPE(IDAS)"
TITLES = ["Family", "Nina Æby", "Post", "Uncle Leo"]


def cards(read, folder=("Contacts",)):
    """{subject: lines of the card, unfolded} of what lies in a folder."""
    out, bodies = {}, {}
    for item in read(bodies).get(folder, []):
        m = email.message_from_bytes(bodies[item.digest])
        assert m.get_content_type() == "text/vcard", m.get_content_type()
        subject = str(email.header.make_header(
            email.header.decode_header(m["Subject"])))
        assert subject not in out, f"{subject} is there twice"
        text = m.get_payload(decode=True).decode("utf-8")
        out[subject] = text.replace("\r\n ", "").split("\r\n")
    return out


def read_maildir(path, bodies):
    root = program.maildir_root(path, NAME)
    return mail.read_maildir(root, bodies) if os.path.isdir(root) else {}


def right(name, got):
    tap.equal(sorted(got), TITLES, f"{name}: every entry once")
    nina, family = got.get("Nina Æby", []), got.get("Family", [])
    for line in ("FN:Nina Æby", "N:Æby;Nina;;;",
                 "EMAIL;PREF=1:nina@example.net",
                 "NOTE:Likes tea.\\nAllergic to nuts."):
        tap.ok(line in nina, f"{name}: an entry has {line}", nina)
    for line in ("KIND:group", "FN:Family",
                 "MEMBER;X-CN=Nina Æby:mailto:nina@example.net"):
        tap.ok(line in family, f"{name}: a list has {line}", family)


def both():
    d = server.temp_dir("contacts")
    users = " ".join(f"u{i}" for i in range(1, 60)) + " outlook"
    with server.Dovecot(d + "/s", DOVECOT_USERS=users) as s:
        pw = program.secret(d + "/password")
        accounts = f"{d}/accounts"

        def fresh(kind, n):
            if kind == "maildir":
                to = f"{d}/to-{n}"
                return ["--to", "maildir:" + to], \
                    lambda bodies: read_maildir(to, bodies)
            with open(f"{accounts}-{n}", "w", encoding="utf-8") as f:
                f.write(f"source,destination\n{NAME},u{n}\n")
            return ["--to", program.url(s, None), "--accounts",
                    f"{accounts}-{n}", "--password-file", pw], \
                lambda bodies: mail.read_imap(s.port, f"u{n}",
                                              bodies=bodies)
        for kind in ("imap", "maildir"):
            to, read = fresh(kind, 1)
            args = ["--from", "files:" + BOOK, *to]
            for run, want in enumerate(((4, 4, 0), (4, 0, 4))):
                r = program.mailmig("migrate", *args, "--state",
                                    f"{d}/state-{kind}")
                tap.ok(r.rc in (0, 1), f"{kind}: run {run}", r.err)
                b = program.check_books(f"{d}/state-{kind}", kind, run)
                tap.equal((b.found, b.moved, b.there), want,
                          f"{kind}: run {run}: books")
                right(f"{kind}: run {run}", cards(read))
            to, read = fresh(kind, 2)
            r = program.mailmig("migrate", "--from", "files:" + BOOK, *to,
                                "--exclude", "Contacts", "--state",
                                f"{d}/state-none-{kind}")
            b = program.check_books(f"{d}/state-none-{kind}",
                                    f"{kind}: left out")
            tap.equal((r.rc in (0, 1), b.found, b.filtered), (True, 4, 4),
                      f"{kind}: left out: counted")
            tap.equal(cards(read), {}, f"{kind}: left out: not there")
            bad = []
            for n in range(1, 50, 1 if tap.SOAK else 4):
                to, read = fresh(kind, n + 2)
                state = f"{d}/cut-{kind}-{n}"
                args = ["--from", "files:" + BOOK, *to, "--state", state,
                        "--retries", "0"]
                r = program.mailmig("migrate", *args,
                                    env={"MAILMIG_CUT": str(n)})
                if not (r.rc not in (0, 1) or any(
                        e["name"] == "worker_died"
                        for e in program.events(state))):
                    break
                r = program.mailmig("resume", "--state", state)
                for _ in range(2):
                    r = program.mailmig("migrate", *args)
                b = program.books(state, run=-1)
                got = sorted(cards(read))
                if r.rc not in (0, 1) or got != TITLES or b.moved or \
                        b.found != 4 or not b.balanced():
                    bad.append(f"step {n}: {r.rc} {got} {b} {r.err[-300:]}")
                shutil.rmtree(state)
            tap.ok(n > 3, f"{kind}: was cut at steps", n)
            tap.equal(bad[:3], [], f"{kind}: cut at every step and resumed: "
                      "nothing lost, nothing twice, books balance")
        from_outlook(d, program.url(s, "outlook"), pw, lambda bodies:
                     mail.read_imap(s.port, "outlook", bodies=bodies))


def from_outlook(d, to, pw, read):
    """Out of a .pst, whose own folder for contacts is the one they go to."""
    r = program.mailmig("migrate", "--from", "files:" + BOOK, "--to",
                        f"pst:{d}/pst", "--state", d + "/state-pst")
    name, = [n for n in os.listdir(d + "/pst") if "IDAS" in n]
    args = ["--from", f"pst:{d}/pst/{name}", "--to", to, "--password-file", pw]
    for run, want in enumerate(((4, 4, 0), (4, 0, 4))):
        r = program.mailmig("migrate", *args, "--state", d + "/state-outlook")
        tap.equal(r.rc, 0, f"pst: run {run}")
        b = program.check_books(d + "/state-outlook", "pst", run)
        tap.equal((b.found, b.moved, b.there), want, f"pst: run {run}: books")
    tap.equal(sorted(cards(read)), TITLES, "pst: every entry once")
    tap.equal([p for p in read({}) if p[0].startswith("Contacts")],
              [("Contacts",)], "pst: one folder for contacts")
    r = program.mailmig("verify", *args, "--state", d + "/state-verify")
    tap.ok(r.rc == 0 and " 4        4 " in r.out, "pst: verify", r.out + r.err)


if __name__ == "__main__":
    tap.run(both)
