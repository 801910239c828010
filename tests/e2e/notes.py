#!/usr/bin/env python3
"""Notes databases to every kind of destination, in one step and in two. Samples
that Notes and Domino wrote are in the nsf/ and dxl/ folders of MAILMIG_DATA;
without it a generated mail file stands for them."""
import csv
import email
import glob
import hashlib
import json
import os
import subprocess

import program
import server
import tap

# Beside the program under test, where the build put it.
GENERATOR = os.path.join(os.path.dirname(program.MAILMIG), "..", "..", "tests",
                         "unit", "nsf_gen")


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def balanced(name, source, to, state):
    """One run; found must be moved + filtered + there + failed."""
    r = program.mailmig("migrate", "--from", source, "--to", to, "--state",
                        state)
    tap.ok(r.rc in (0, 1), f"{name}: exit status", f"{r.rc} {r.err[-1500:]}")
    return program.check_books(state, name, failed=0)


def everywhere(d, name, source, messages):
    tos = {"maildir": f"maildir:{d}/{name}-maildir",
           "plain": f"files:{d}/{name}-plain?profile=plain",
           "ext1": f"files:{d}/{name}-ext1",
           "pst": f"pst:{d}/{name}-pst"}
    for kind, to in tos.items():
        balanced(f"{name} to {kind}", source, to, f"{d}/st-{name}-{kind}")
    if messages:
        # two steps are one
        r = program.mailmig("import", f"files:{d}/{name}-ext1", "--to",
                            f"maildir:{d}/{name}-two", "--state",
                            f"{d}/st-{name}-two")
        tap.ok(r.rc in (0, 1), f"{name}: second step", r.err[-1500:])
        got = []
        for at in f"{d}/{name}-maildir", f"{d}/{name}-two":
            r, list_ = program.records("maildir:" + at)
            got.append(program.comparable(list_))
        tap.equal(program.difference(*got), [],
                  f"{name}: one step = two steps, record for record")


def generated():
    d = server.temp_dir("notes")
    path = f"{d}/mia.nsf"
    subprocess.run([GENERATOR, path, "300", "8000000"], check=True)
    before = digest(path)
    everywhere(d, "generated", "notes:" + path, True)
    tap.equal(digest(path), before, "the database is not touched")
    r = program.mailmig("migrate", "--from", "notes:" + path, "--to",
                        f"maildir:{d}/generated-maildir", "--state",
                        f"{d}/st-generated-maildir")
    tap.ok(r.rc in (0, 1), "second pass", r.err[-500:])
    tap.equal(program.books(f"{d}/st-generated-maildir", 1).moved, 0,
              "second pass: nothing is moved")
    r, list_ = program.records(f"maildir:{d}/generated-maildir")
    files = [x for x in list_ if x["kind"] == "message"]
    tap.equal(len(files), 300, "a second pass leaves no duplicate")


def samples():
    data = os.environ.get("MAILMIG_DATA")
    found = sorted(glob.glob(f"{data}/nsf/*.nsf") +
                   glob.glob(f"{data}/dxl/*.xml")) if data else []
    if not found:
        raise tap.Skip("MAILMIG_DATA has no nsf/ or dxl/")
    d = server.temp_dir("notes-samples")
    for path in found:
        name = os.path.basename(path).rsplit(".", 1)[0]
        everywhere(d, name, "notes:" + path, name in ("MIMEMsg", "discuss"))
    sizes = {}
    for path in glob.glob(f"{d}/MIMEMsg-maildir/**/cur/*", recursive=True):
        with open(path, "rb") as f:
            for part in email.message_from_binary_file(f).walk():
                tap.equal(part.defects, [], "MIMEMsg: a part parses")
                if part.get_filename():
                    sizes[part.get_filename()] = len(
                        part.get_payload(decode=True))
    tap.equal(sizes.get("Plain.txt"), 510, "Plain.txt")
    tap.equal(sizes.get("sampleBMP.bmp"), 296406, "sampleBMP.bmp")


def many():
    """100,000 notes in one file: all of them, by its tables and without."""
    d = server.temp_dir("notes-many")
    path = f"{d}/many.nsf"
    subprocess.run([GENERATOR, path, "100000"], check=True)
    for how in "", "?rescue=yes":
        r = program.mailmig("show", "--json", f"notes:{path}{how}")
        rows = [json.loads(line) for line in r.out.splitlines()]
        tap.equal(sum(x["messages"] for x in rows if "folder" in x), 100000,
                  f"100,000 notes{how}")


# What an LDAP client gets of Domino: classes and fields of spec/notes.md 9.
LDIF = """version: 1

dn: CN=Mia Holm,O=Fjord
cn: Mia Holm
objectclass: top
objectclass: person
objectclass: organizationalPerson
objectclass: inetOrgPerson
objectclass: dominoPerson
sn: Holm
givenname: Mia
uid: mholm
mail: mia@fjord.example
mailserver: CN=Hub,O=Fjord
mailfile: mail\\mholm
telephonenumber: +47 55 00 00 01

dn: CN=Crew
cn: Crew
objectclass: top
objectclass: groupOfNames
objectclass: dominoGroup
member: CN=Mia Holm,O=Fjord
mail: crew@fjord.example
"""


def rows_of(d, name):
    """The directory of a state directory, by common name."""
    r = program.mailmig("directory", "export", f"csv:{d}/{name}.csv",
                        "--state", f"{d}/{name}")
    tap.equal(r.rc, 0, f"{name}: exported")
    with open(f"{d}/{name}.csv", newline="", encoding="utf-8") as f:
        return {row["Common-Name"]: row for row in csv.DictReader(f)}


def directory():
    """names.nsf, in one step and by migration files, and its LDIF: people
    become recipients, groups become lists of them."""
    d = server.temp_dir("notes-names")
    subprocess.run([GENERATOR, "--names", f"{d}/names.nsf"], check=True)
    r = program.mailmig("directory", "import", f"notes:{d}/names.nsf",
                        "--state", f"{d}/one")
    tap.equal(r.rc, 1, "a member who is not there is a warning")
    tap.ok("5 created" in r.out and "Nobody (Fjord)" in r.err,
           "three persons, two lists; the stranger is named", r.out + r.err)
    one = rows_of(d, "one")
    tap.equal(sorted(one), ["Ann Outside", "Crew", "Deck Hands", "Mia Holm",
                            "Ole Dahl"], "no access list, no server")
    tap.equal([one[x]["Obj-Class"] for x in sorted(one)],
              ["remote", "dl", "dl", "mailbox", "mailbox"], "what they are")
    tap.equal(one["Crew"]["Member"].split("%"),
              ["Recipients/cn=" + x for x in ("Mia Holm", "Ole Dahl",
                                              "Ann Outside", "Deck Hands")],
              "members by every form of their names, a list in a list")
    tap.equal(one["Mia Holm"]["Secondary-Proxy-Addresses"].split("%"),
              ["smtp:mia@fjord.example",
               "notes:CN=Mia Holm/OU=Bergen/O=Fjord"],
              "old mail finds the mailbox")
    r = program.mailmig("extract", "--from", f"notes:{d}/names.nsf", "--to",
                        f"files:{d}/files", "--state", f"{d}/extract")
    tap.ok(r.rc in (0, 1), "extracted", r.err[-500:])
    program.mailmig("directory", "import", f"files:{d}/files", "--state",
                    f"{d}/two")
    tap.equal(rows_of(d, "two"), one, "two steps are one")

    with open(f"{d}/names.ldif", "w", encoding="utf-8") as f:
        f.write(LDIF)
    r = program.mailmig("directory", "import", f"ldif:{d}/names.ldif",
                        "--state", f"{d}/ldif")
    tap.equal(r.rc, 0, "LDIF of Domino")
    got = rows_of(d, "ldif")
    tap.equal(sorted(got), ["Crew", "Mia Holm"], "LDIF: both are there")
    tap.equal(got.get("Mia Holm", {}).get("Mail-nickname"), "mholm",
              "LDIF: the short name is the alias")
    tap.ok("mia@fjord.example" in "%".join(got["Mia Holm"].values()),
           "LDIF: the address", got.get("Mia Holm"))
    tap.ok("Mia Holm" in got.get("Crew", {}).get("Member", ""),
           "LDIF: the list has its member", got.get("Crew"))


if __name__ == "__main__":
    tap.run(generated, many, directory, samples)
