#!/usr/bin/env python3
"""A custom recipient becomes a mailbox: cut at every step and run again, the
directory ends the same (Q194218); two steps with mailboxes not created, some
without a recipient (Q256199)."""
import csv
import json
import os

import program
import server
import tap

ROWS = """Obj-Class,Mode,Common-Name,Target-Address,Home-Server,Members
remote,create,AnnaB,"CCMAIL:Berg, Anna at PO1",,
mailbox,create,Eva,,~Server,
dl,create,All,,,AnnaB%Eva
"""
HEADING = ("Folder,Sender,To,Cc,Bcc,Subject,Send-Date,Received-Date,Priority,"
           "Unread,Unsent,Body\r\n")
SEC = ("Type,Length,Encoding,Islast,Name,Position,Format\r\n"
       "Body,7,,TRUE,,,\r\nKept.\r\n")


def write(path, text):
    with open(path, "w", newline="") as f:
        f.write(text)


def make_set(d):
    os.mkdir(d)
    write(d + "/A.PKL", "1252\r\n\r\nFilename,Filetype\r\nA.PRI,Primary\r\n"
                        "A.SEC,Secondary\r\n")
    write(d + "/A.SEC", SEC)
    row = "Inbox,Ane,Bo,,,hello,19960101000000,,,,,#A.SEC(50)\r\n"
    write(d + "/A.PRI", "".join(
        f"MAILMESSAGE,{who}\r\n{HEADING}{rows}\r\n" for who, rows in
        (('"CCMAIL:Berg, Anna at PO1"', ""), ("MS:NET/PO/EVA", row),
         ("MS:NET/PO/NOBODY", row))))


def cut(d, n, kind="", what="convert"):
    """The directory after an import or conversion that was cut at step n; in
    the store of our own, or in a file of that kind."""
    name = f"{kind}{what}{n}" if kind or what == "import" else n
    state = f"{d}/state{name}"
    store = ["--directory", f"{kind}:{d}/store{name}"] if kind else []
    args = {"import": [d + "/rows.csv"], "convert": ["files:" + d + "/set"]}
    for step in args:
        run = ["directory", step, *args[step], "--state", state, *store]
        if step == what:
            r = program.mailmig(*run, env={"MAILMIG_CUT": str(n)})
        if step != what or r.rc not in (0, 1, 2):
            program.mailmig(*run)
    out = f"{d}/out{name}.ldif"
    program.mailmig("directory", "export", "ldif:" + out, "--state", state,
                    *store)
    with open(out, encoding="utf-8") as f:
        return r.rc, sorted("\n".join(sorted(x.splitlines()))
                            for x in f.read().split("\n\n") if x.strip())


def main():
    d = server.temp_dir("directory")
    write(d + "/rows.csv", ROWS)
    make_set(d + "/set")
    _, want = cut(d, 10000)
    text = "\n".join(want)
    tap.equal(text.count("member: cn=AnnaB"), 1, "the mailbox is in the list")
    tap.equal(text.count("targetAddress"), 0, "and no contact any more")
    n, rc = 1, -9
    while rc not in (0, 1, 2):
        rc, got = cut(d, n)
        tap.equal(got, want, f"cut at step {n}: the same directory")
        n += 1
    tap.ok(n > 5, "several steps were cut", n)
    for kind in "", "ldif", "csv":
        for what in ("import", "convert") if kind else ("import",):
            n, rc, bad = 1, -9, []
            _, full = cut(d, 10000, kind, what)
            while rc not in (0, 1, 2):
                rc, got = cut(d, n, kind, what)
                bad += [n] if got != full else []
                n += 1
            tap.ok(n > 5 and not bad, f"{kind or 'sqlite'}: {what} cut at "
                   f"each of {n - 2} steps: the same directory", bad)

    store = f"sqlite:{d}/state10000/directory.sqlite"
    r = program.mailmig("import", "files:" + d + "/set", "--to",
                        "maildir:" + d + "/mail", "--directory", store,
                        "--no-create-mailboxes", "--mailbox-name", "alias",
                        "--state", d + "/run")
    tap.equal(r.rc, 2, "Q256199: one has no mailbox")
    tap.ok("NOBODY" in r.err and "mapping file" in r.err,
           "it is named, with the remedies", r.err)
    tap.equal(sorted(os.listdir(d + "/mail")), ["AnnaB", "Eva"],
              "the others went on, those without mail too")

    # the rows as they are now, without the column of all other addresses
    r = program.mailmig("directory", "export", f"csv:{d}/all.csv", "--state",
                        d + "/state10000")
    with open(d + "/all.csv", newline="", encoding="utf-8-sig") as f:
        rows = list(csv.reader(f))
    at = [i for i, name in enumerate(rows[0]) if any(
        "MIGRATE:" in x[i].upper() for x in rows[1:])]
    tap.equal(len(at), 1, "one column has the migrate: addresses")
    stamp = [i for i, name in enumerate(rows[0]) if name == "Imported-From"]
    with open(d + "/less.csv", "w", newline="") as f:
        csv.writer(f).writerows(
            [x for i, x in enumerate(row) if i not in at + stamp]
            for row in rows)
    program.mailmig("directory", "import", d + "/less.csv", "--state",
                    d + "/less")
    r = program.mailmig("directory", "match", "files:" + d + "/set",
                        "--state", d + "/less")
    tap.ok(any("EVA" in x and " mailbox " in x and "cn=Eva" in x
               for x in r.out.splitlines()),
           "Q182665: matched without its migrate: address", r)
    r = program.mailmig("import", "files:" + d + "/set", "--to",
                        "maildir:" + d + "/less-mail", "--directory",
                        f"sqlite:{d}/less/directory.sqlite",
                        "--no-create-mailboxes", "--mailbox-name", "alias",
                        "--state", d + "/less-run")
    tap.ok(r.rc == 2 and "NOBODY" in r.err and
           os.listdir(d + "/less-mail") == ["Eva"],
           "and its mail is moved there", r)


def said_before():
    """Q256199: check tells who has no mailbox, before anything is written;
    verify looks where the directory says."""
    d = server.temp_dir("directory-check")
    write(d + "/rows.csv", ROWS)
    make_set(d + "/set")
    state = d + "/state"
    store = f"sqlite:{state}/directory.sqlite"
    program.mailmig("directory", "import", d + "/rows.csv", "--state", state)

    def export(name):
        out = f"{d}/{name}.ldif"
        program.mailmig("directory", "export", "ldif:" + out, "--state", state)
        with open(out, encoding="utf-8") as f:
            return f.read()

    def run(command, *args, directory=store):
        ends = ("files:" + d + "/set",) if command == "import" else (
            "--from", "files:" + d + "/set")
        return program.mailmig(
            command, *ends, "--to", "maildir:" + d + "/mail", "--directory",
            directory, "--mailbox-name", "alias", *args, cwd=d)

    before = export("before")
    r = run("check", "--no-create-mailboxes", "--json")
    events = [json.loads(x) for x in r.out.splitlines()]
    tap.equal(r.rc, 2, "check: one has no mailbox")
    tap.equal([e["mailbox"] for e in events
               if e["name"] == "mailbox_not_opened"], ["MS:NET/PO/NOBODY"],
              "it is named")
    tap.equal(sorted((e["mailbox"], e["destination"]) for e in events
                     if e["name"] == "check_mailbox" and
                     e["mailbox"] != "(directory)"),
              [("CCMAIL:Berg, Anna at PO1", "AnnaB"),
               ("MS:NET/PO/EVA", "Eva")], "the others' places are known")
    r = run("check", "--no-create-mailboxes")
    tap.ok("NOBODY" in r.out and "mapping file" in r.out and
           "leave out --no-create-mailboxes" in r.out and
           "1 of them cannot be moved" in r.out, "with the remedies", r.out)
    tap.equal(export("after"), before, "nothing was written in the directory")
    r = run("check", directory=f"sqlite:{d}/none.sqlite")
    tap.equal((r.rc, [x for x in os.listdir(d) if x.startswith(("none", "mail"))]),
              (2, []), "nor is one made that is not there")

    write(d + "/map.csv", "source,mailbox\nMS:NET/PO/NOBODY,-\n")
    r = run("import", "--directory-map", d + "/map.csv", "--state", state)
    tap.equal(r.rc, 1, "with one left out by the map: moved, and warned of "
              "a name match")
    r = run("verify", "--directory-map", d + "/map.csv", "--state", state)
    tap.equal(r.rc, 0, "verify finds them under their new names")
    r = run("verify", "--state", state)
    tap.ok(r.rc == 2 and "NOBODY" in r.err, "and names who has none", r)

    ends = ("--to", "maildir:" + d + "/plain", "--state", d + "/plain-state")
    program.mailmig("import", "files:" + d + "/set", *ends)
    r = program.mailmig("verify", "--from", "files:" + d + "/set", *ends,
                        "--no-progress")
    tap.ok(r.rc == 0 and "(directory)" not in r.out + r.err,
           "verify without a directory: its rows are no mailbox", r)


if __name__ == "__main__":
    tap.run(main, said_before)
