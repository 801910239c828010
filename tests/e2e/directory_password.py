#!/usr/bin/env python3
"""Initial passwords: in the list and at the server, and nowhere else."""
import csv
import os
import subprocess

import directory
import directory_ldap
import program
import tap

BASE = directory_ldap.BASE
ROWS = ("Obj-Class,Mode,Common-Name,Given-Name,Surname,Home-Server\n"
        "mailbox,create,Eva,Eva,Rask,~Server\n"
        "mailbox,create,Omer,Ömer,\"Ünal, \"\"Ö\"\"\",~Server\n")
ANNA = ('Obj-Class,Mode,Common-Name,Target-Address\n'
        'remote,create,AnnaB,"CCMAIL:Berg, Anna at PO1"\n')


def passwords(path):
    with open(path, newline="", encoding="utf-8") as f:
        return {x["Recipient"]: x["Password"] for x in csv.DictReader(f)}


def may_log_in(p, dn, password):
    r = subprocess.run(["ldapwhoami", "-x", "-H", p.slapd.info["url"], "-D",
                        dn, "-w", password], capture_output=True, text=True)
    return r.returncode == 0


def places_of(text, top, but):
    """Files below top that have the text, but for one."""
    found = []
    for root, _, names in os.walk(top):
        for name in names:
            path = os.path.join(root, name)
            with open(path, "rb") as f:
                if path != but and text.encode() in f.read():
                    found.append(path)
    return found


def nowhere_else(state, listed, *results):
    for dn, password in passwords(listed).items():
        tap.equal(places_of(password, state, listed), [],
                  "in no other file: " + dn)
        for r in results:
            tap.ok(password not in r.out + r.err, "nor told", r)


def random_ones():
    p = directory_ldap.place()
    state = p.state()
    listed = state + "/directory-passwords.csv"
    rows = p.write("people.csv", ROWS)
    r = p.run("import", rows, "--initial-password", "random", state=state)
    tap.equal(r.rc, 0, "two mailboxes are made")
    tap.ok("Initial passwords of 2 mailboxes: " + listed in r.out,
           "where their passwords are is told", r.out)
    tap.equal(os.stat(listed).st_mode & 0o777, 0o600, "its owner's alone")
    first = passwords(listed)
    tap.equal(len(set(first.values())), 2, "each has one of its own")
    for dn, password in first.items():
        tap.ok(len(password) == 19 and may_log_in(p, dn, password),
               "logs in: " + dn)
    again = p.run("import", rows, "--initial-password", "random", state=state)
    tap.equal((passwords(listed), "Initial" in again.out), (first, False),
              "a second run makes none")
    plan = p.run("plan", rows, "--initial-password", "random")
    nowhere_else(state, listed, r, again, plan)
    os.chmod(listed, 0o644)
    r = p.run("import", rows, "--initial-password", "random", state=state)
    tap.ok(r.rc != 0 and "others can read it" in r.err and
           len(r.err.splitlines()) == 1, "a list that others can read", r)
    p.slapd.tool("ldapdelete", *first)


def by_a_rule():
    """Q261155: nothing is cut at 14 characters; Q200004: nothing is padded."""
    p = directory_ldap.place()
    state, listed = p.state(), p.d + "/rule.csv"
    rows = p.write("ruled.csv", ROWS +
                   "mailbox,create,Nameless,,,~Server\n")
    rule = "rule:%g.%s-and-forty-characters-of-it-100%%"
    r = p.run("import", rows, "--initial-password", rule, "--password-list",
              listed, state=state)
    tap.equal(r.rc, 2, "one has no given name")
    tap.ok("Nameless" in r.err and "lacks one of the names" in r.err,
           "and is named", r.err)
    got = passwords(listed)
    tail = "-and-forty-characters-of-it-100%"
    tap.equal(sorted(got.values()), ["Eva.Rask" + tail,
                                     'Ömer.Ünal, "Ö"' + tail],
              "by the rule, whole")
    for dn, password in got.items():
        tap.ok(may_log_in(p, dn, password), "logs in: " + dn)
        tap.ok(not may_log_in(p, dn, password[:14]), "but not cut at 14")
    p.slapd.tool("ldapdelete", *got)
    r = p.run("import", rows, "--initial-password", "rule:%x")
    tap.ok(r.rc == 64 and "no pattern" in r.err, "a rule that is none", r)
    r = p.run("import", rows, "--initial-password", "secret")
    tap.ok(r.rc == 64 and "none, random, rule:PATTERN" in r.err,
           "a word that is none", r)


def converted():
    """Cut at every step: the account has the password that is in the list."""
    p = directory_ldap.place()
    directory.write(p.d + "/anna.csv", ANNA)
    dn = "cn=AnnaB,ou=People," + BASE
    n, rc = 1, -9
    while rc not in (0, 1, 2):
        state = p.state()
        p.slapd.forget()
        p.run("import", p.d + "/anna.csv", state=state)
        args = ("convert", "files:" + p.d + "/set", "--initial-password",
                "random")
        first = p.run(*args, state=state, env={"MAILMIG_CUT": str(n)})
        rc = first.rc
        second = p.run(*args, state=state)
        listed = state + "/directory-passwords.csv"
        got = passwords(listed)
        tap.ok(list(got) == [dn] and may_log_in(p, dn, got[dn]),
               f"cut at step {n}: logs in", got)
        nowhere_else(state, listed, first, second)
        n += 1
    tap.ok(n > 5, "several steps were cut", n)
    p.slapd.forget()


def without_a_server():
    """A directory in a file has no log-ins: the list alone, for a script."""
    p = directory_ldap.place()
    state = p.state()
    listed = state + "/directory-passwords.csv"
    directory.write(p.d + "/file.csv", directory.ROWS)
    run = program.mailmig("directory", "import", p.d + "/file.csv", "--state",
                          state)
    r = program.mailmig(
        "import", "files:" + p.d + "/set", "--to", "maildir:" + p.d + "/mail",
        "--directory", f"sqlite:{state}/directory.sqlite", "--state", state,
        "--initial-password", "random", "--mailbox-name", "alias")
    tap.equal(sorted(passwords(listed)), ["cn=AnnaB,cn=Recipients"],
              "the one who was converted by the run")
    nowhere_else(state, listed, run, r)
    program.mailmig("directory", "export", f"exchange:{state}/out", "--state",
                    state)
    nowhere_else(state, listed)


if __name__ == "__main__":
    tap.run(random_ones, by_a_rule, converted, without_a_server)
