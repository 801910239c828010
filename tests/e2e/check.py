#!/usr/bin/env python3
"""mailmig check pst:FILE: clean files, Outlook's own files, and damaged ones:
what is broken is said, with the exit status that fits."""
import json
import os
import struct

import program
import server
import tap

DATA = os.environ.get("MAILMIG_DATA", "")


def check(*args):
    return program.mailmig("check", *args)


def rc_is(r, rc, name):
    tap.ok(r.rc == rc, name, f"{r.rc} {r.out}{r.err}"[:4000])


def crc(data):
    """spec/pst.md 4.1"""
    c = 0
    for b in data:
        c ^= b
        for _ in range(8):
            c = c >> 1 ^ (0xedb88320 if c & 1 else 0)
    return c


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


def ours():
    d = server.temp_dir("check")
    r = program.mailmig("migrate", "--from", "generate:?messages=300&folders=5",
                        "--to", f"pst:{d}/a.pst?name=A", "--state",
                        d + "/state")
    rc_is(r, 0, "a file is written")
    good = open(d + "/a.pst", "rb").read()
    r = check(f"pst:{d}/a.pst?strict=yes")
    rc_is(r, 0, "what we write is clean")
    tap.ok(r.out.startswith("a: clean; ") and "300 items" in r.out,
           "it says so, and what was looked at", r.out)
    r = check(f"pst:{d}/a.pst?strict=yes", "--json")
    tap.equal(json.loads(r.out)["broken"], 0, "the same as JSON")

    # One bit of a block; the maps' free space; the header's checksum; the end.
    cases = [
        ("block", 2, good[:0x6000] + bytes([good[0x6000] ^ 1]) +
         good[0x6001:]),
        ("header-crc", 2, good[:20] + b"x" + good[21:]),
        ("eof", 2, good + bytes(64)),
    ]
    head = bytearray(good[:564])
    head[200] ^= 64
    head[4:8] = struct.pack("<I", crc(head[8:8 + 471]))
    head[524:528] = struct.pack("<I", crc(head[8:8 + 516]))
    cases.append(("amap-free", 1, bytes(head) + good[564:]))
    for rule, rc, data in cases:
        path = write(f"{d}/{rule}.pst", data)
        r = check("pst:" + path)
        rc_is(r, rc, f"{rule}: exit status {rc}")
        word = "broken" if rc == 2 else "warning"
        tap.ok(f"{word}: {rule}: " in r.out, f"{rule}: is named", r.out)
        tap.ok("\n    " in r.out, f"{rule}: with a place", r.out)
        r = check("pst:" + path, "--json")
        lines = [json.loads(x) for x in r.out.splitlines()]
        tap.ok(any(x.get("rule") == rule and x["words"] and x["where"] and
                   x["level"] == word for x in lines), f"{rule}: as JSON",
               r.out)
        tap.equal(open(path, "rb").read(), data, f"{rule}: nothing is written")
    write(d + "/none.pst", b"this is no such file" * 100)
    r = check(f"pst:{d}/none.pst")
    tap.ok(r.rc == 2 and r.err.strip(), "no .pst at all", r.err)
    r = check("pst:" + d)
    tap.ok(r.rc == 2 and "a: clean" in r.out and "eof: " in r.out,
           "every file of a directory", r.out)


def usage():
    d = server.temp_dir("check")
    os.mkdir(d + "/m")
    for args in ([], ["pst:/nonexistent/x.pst"], ["maildir:" + d + "/m"],
                 ["imap://x@127.0.0.1"], ["pst:" + d + "?strikt=yes"]):
        r = check(*args)
        tap.ok(r.rc == 64 and r.err.strip(), f"wrong usage: {args[:1]}", r.err)


def outlook():
    """The rules are Outlook's own. support.pst was made by a server, which left
    counters behind that Outlook counts anew."""
    files = {"outlook-empty": 0, "dist-list": 0, "passworded": 0,
             "ansi-32-bit": 0, "support": 1}
    for name, rc in files.items():
        path = f"{DATA}/pst/{name}.pst"
        if not os.path.exists(path):
            tap.skip(f"{name}.pst: no rule broken", "no sample")
            continue
        r = check("pst:" + path)
        rc_is(r, rc, f"{name}.pst: no rule broken")


tap.run(ours, usage, outlook)
