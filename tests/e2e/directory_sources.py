#!/usr/bin/env python3
"""People out of another directory: LDAP, LDIF, CSV, SQLite, the IMAP user list
of the original, which is written too."""
import csv
import os

import directory
import directory_ldap
import program
import tap

BASE = directory_ldap.BASE
PEOPLE = f"""dn: cn=Nils Holm,ou=People,{BASE}
objectClass: inetOrgPerson
cn: Nils Holm
sn: Holm
givenName: Nils
uid: nholm
mail: nils.holm@example.org
userPassword: geheim-77

dn: cn=No Mail,ou=People,{BASE}
objectClass: inetOrgPerson
cn: No Mail
sn: Mail
uid: nomail

"""
USERS = ("IMAP_Mailbox,IMAP_Password,SMTP_Address,IMAP_Server,Ex_Mailbox,"
         "IMAP_Port,IMAP_SSL\r\n"
         "nholm,pw-not-to-be-kept,nils.holm@example.org,old.example,NilsH,,\r\n"
         "eva,,eva@example.org,old.example,,993,Y\r\n"
         "broken,,no address,old.example,,,\r\n")


def run(d, *args, state="state", **kw):
    return program.mailmig("directory", *args, "--state", f"{d}/{state}", **kw)


def export(d, state="state"):
    out = f"{d}/{state}.ldif"
    if os.path.exists(out):
        os.unlink(out)
    run(d, "export", "ldif:" + out, state=state)
    with open(out, encoding="utf-8") as f:
        return f.read()


def holds(d, text):
    return [os.path.join(r, n) for r, _, names in os.walk(d) for n in names
            if text.encode() in open(os.path.join(r, n), "rb").read()]


def ldap():
    p = directory_ldap.place()
    d = p.d + "/sources"
    os.mkdir(d)
    x = p.slapd.tool("ldapadd", "-f", p.write("people.ldif", PEOPLE))
    tap.equal(x.returncode, 0, "people of an Internet directory")
    before = p.slapd.dump()
    login = ("--source-user", directory_ldap.ADMIN, "--password-file", p.password)
    r = run(d, "import", p.slapd.url(), *login)
    tap.ok(r.rc in (0, 1) and "0 failed" in r.out, "import ldap:", r)
    text = export(d)
    tap.ok("cn=Nils Holm,ou=People," + BASE in text and
           "mailNickname: nholm" in text and
           "SMTP:nils.holm@example.org" in text, "they are there", text)
    tap.equal(holds(d, "geheim-77"), [], "without their passwords")
    r = run(d, "import", p.slapd.url(), *login)
    tap.ok("0 created, 0 converted, 0 changed" in r.out, "Q170540: again", r)
    r = run(d, "match", p.slapd.url(), *login)
    tap.ok(any("nils.holm@example.org" in x and " mailbox " in x
               for x in r.out.splitlines()), "match ldap:", r)
    tap.equal(p.slapd.dump(), before, "nothing was written there")
    r = run(d, "plan", p.slapd.url(), *login, state="planned")
    tap.ok("Would be: " in r.out and not os.path.exists(d + "/planned"),
           "plan ldap: says what would be, and makes nothing", r)

    r = run(d, "export", f"imap-users:{d}/users.csv")
    tap.ok("geheim-77" not in r.out + r.err, "export imap-users:", r)
    with open(d + "/users.csv", newline="", encoding="utf-8") as f:
        text = f.read()
    rows = {x["SMTP_Address"]: x for x in csv.DictReader(text.splitlines())}
    tap.equal(text.splitlines()[0], USERS.splitlines()[0],
              "the heading of the original")
    nils = rows["nils.holm@example.org"]
    tap.equal((nils["IMAP_Mailbox"], nils["IMAP_Password"], nils["Ex_Mailbox"],
               nils["IMAP_Port"]), ("nholm", "", "nholm", "143"),
              "a user, the password left to the administrator")
    r = run(d, "export", f"imap-users:{d}/users.csv")
    tap.ok(r.rc != 0 and "exists" in r.err, "no file is written over", r)
    p.slapd.tool("ldapdelete", "cn=Nils Holm,ou=People," + BASE,
                 "cn=No Mail,ou=People," + BASE)


def user_list():
    p = directory_ldap.place()
    d = p.d + "/list"
    os.mkdir(d)
    directory.write(d + "/Imapusr.csv", USERS)
    r = run(d, "import", d + "/Imapusr.csv")
    tap.equal((r.rc, "2 created" in r.out, r.err.count("SMTP_Address")),
              (2, True, 1), "a user list: one row cannot be used")
    text = export(d)
    tap.ok("migrate:nholm" in text and "cn=NilsH" in text, "as mailboxes",
           text)
    tap.equal(holds(d + "/state", "pw-not-to-be-kept"), [],
              "passwords are not taken")
    r = run(d, "match", "csv:" + d + "/Imapusr.csv")
    tap.ok(any(x.startswith("nholm ") and "MIGRATE:nholm" in x
               for x in r.out.splitlines()), "match csv: a user list", r)


def files():
    """The rows of one directory, matched with another."""
    p = directory_ldap.place()
    d = p.d + "/files"
    os.mkdir(d)
    directory.write(d + "/rows.csv", directory.ROWS)
    run(d, "import", d + "/rows.csv")
    export(d)
    r = run(d, "match", "csv:" + d + "/rows.csv", d + "/map.csv")
    tap.ok("Berg, Anna at PO1" in r.out and " convert " in r.out and
           " mailbox " in r.out, "match csv:", r)
    r = run(d, "match", "ldif:" + d + "/state.ldif")
    tap.ok("Berg, Anna at PO1" in r.out, "match ldif:", r)
    r = run(d, "import", f"sqlite:{d}/state/directory.sqlite", state="copy")
    tap.equal((r.rc, r.err), (0, ""), "import sqlite:")
    tap.equal(sorted(export(d, "copy").split("\n\n")),
              sorted(export(d).split("\n\n")), "all of it")
    r = run(d, "import", f"sqlite:{d}/none.sqlite", state="copy")
    tap.ok(r.rc != 0 and "no such directory" in r.err and
           not os.path.exists(d + "/none.sqlite"), "one that is not there", r)
    r = run(d, "convert", "csv:" + d + "/rows.csv")
    tap.ok("1 converted" in r.out, "convert csv:", r)


if __name__ == "__main__":
    tap.run(ldap, user_list, files)
