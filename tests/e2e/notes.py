#!/usr/bin/env python3
"""Notes databases to every kind of destination, in one step and in two. Samples
that Notes and Domino wrote are in the nsf/ and dxl/ folders of MAILMIG_DATA;
without it a generated mail file stands for them."""
import email
import glob
import hashlib
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


if __name__ == "__main__":
    tap.run(generated, samples)
