#!/usr/bin/env python3
"""Large .pst files: 20 GB in one, and 1,000,000 messages in one folder. Memory
stays within its bound, the strict checker finds nothing, and readers that are
not ours (libpff, readpst) find what was put in. For SOAK=1: takes half an hour
and 25 GB in TMPDIR. PST_GB and PST_MESSAGES ask for other sizes."""
import email
import email.policy
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys

import program
import server
import tap

LIMIT = 128  # MiB, of the writer
# MiB more than for a twentieth of the messages: half a dozen spools keep up to
# 1 MiB each in memory, and that is all that grows.
FLAT = 10
GB = float(os.environ.get("PST_GB", "20"))
MESSAGES = int(os.environ.get("PST_MESSAGES", "1000000"))
DISTINCT = 200  # messages; linked into every folder
HOURS = 3 * 3600
# Octets of attachments: none, small ones, those around a block and a list of
# blocks (8,176 and 1,021 of them), 5 MB.
SIZES = [None, 0, 1, 3580, 3581, 8176, 8177, 100_000, 1_000_000, 5_000_000,
         8_347_696, 8_347_697]
# With libpff's Python binding, which may be another Python's than this one's.
SAMPLE = """
import hashlib, json, sys
import pypff
f = pypff.file()
f.open(sys.argv[1])
def walk(folder):
    n = folder.number_of_sub_messages
    for i in sorted({0, n // 3, n // 2, n - 1}) if n else []:
        m = folder.get_sub_message(i)
        files = []
        for k in range(m.number_of_attachments):
            a = m.get_attachment(k)
            h, left = hashlib.sha256(), a.get_size()
            while left > 0:
                p = a.read_buffer(min(left, 1 << 20))
                h.update(p)
                left -= len(p)
            files.append(h.hexdigest())
        print(json.dumps([folder.name, m.subject, m.plain_text_body.decode(),
                          files]))
    for s in folder.sub_folders:
        walk(s)
walk(f.get_root_folder())
"""


def pypff():
    for python in sys.executable, "/usr/bin/python3":
        if os.access(python, os.X_OK) and subprocess.run(
                [python, "-c", "import pypff"],
                capture_output=True).returncode == 0:
            return python
    return None


def need(d, octets):
    free = shutil.disk_usage(d).free
    if free < octets:
        raise tap.Skip(f"needs {octets / 1e9:.0f} GB in TMPDIR, there are "
                       f"{free / 1e9:.0f}")


def write(d, source, name):
    """One .pst of a source: its path and the writer's peak in MiB."""
    r = program.mailmig("migrate", "--from", source, "--to", f"pst:{d}/{name}",
                        "--state", f"{d}/state-{name}", watch=True,
                        timeout=HOURS)
    tap.equal(r.rc, 0, f"{name}: exit status 0")
    if r.rc:
        tap.note(r.err[-1500:])
    files = os.listdir(f"{d}/{name}")
    tap.ok(len(files) == 1 and files[0].endswith(".pst"), f"{name}: one file",
           files)
    path = f"{d}/{name}/{files[0]}"
    size = os.path.getsize(path)
    tap.ok(0 < r.peak <= LIMIT, f"{name}: peak at most {LIMIT} MiB",
           f"{r.peak:.1f} MiB")
    tap.note(f"{name}: {size / 1e9:.2f} GB in {r.seconds:.0f} s, peak "
             f"{r.peak:.1f} MiB")
    return path, r.peak


def clean(path, name, items):
    r = program.mailmig("check", f"pst:{path}?strict=yes", "--json",
                        timeout=HOURS, watch=True)
    tap.equal(r.rc, 0, f"{name}: the strict checker finds nothing")
    said = re.search(r"(\d+) items", json.loads(r.out)["summary"])
    tap.equal(said and int(said[1]), items, f"{name}: messages in it")
    tap.note(f"{name}: checked in {r.seconds:.0f} s, peak {r.peak:.0f} "
             "MiB")


def make(d, folders):
    """A Maildir of so many folders with the same messages, linked: {subject:
    (text, digests of files)}, octets of one folder's attachments."""
    rng = random.Random(7)
    want, octets = {}, 0
    os.makedirs(d + "/box")
    for n in range(DISTINCT):
        size = SIZES[n % len(SIZES)]
        m = email.message.EmailMessage(policy=email.policy.SMTP)
        m["From"], m["To"] = "Anna <anna@example.org>", "Bob <bob@example.org>"
        m["Subject"] = f"large {n}"
        m["Date"] = "Wed, 01 Jan 2020 00:00:00 +0000"
        m["Message-ID"] = f"<{n}@example.org>"
        text = f"message {n}\n" * (1 + n * 7 % 300)
        m.set_content(text)
        files = []
        if size is not None:
            data = rng.randbytes(size)
            m.add_attachment(data, maintype="application",
                             subtype="x-test", filename=f"{n}.bin")
            files.append(hashlib.sha256(data).hexdigest())
            octets += size
        want[m["Subject"]] = (text.replace("\n", "\r\n"), files)
        for f in range(folders):
            cur = f"{d}/box/.F{f}/cur"
            path = f"{cur}/{1_500_000_000 + n}.M{n}P1.test:2,S"
            if n == 0:
                for sub in ("cur", "new", "tmp"):
                    os.makedirs(f"{d}/box/.F{f}/{sub}")
            if f == 0:
                with open(path, "wb") as o:
                    o.write(bytes(m))
                first = path
            else:
                os.link(first, path)
    for sub in ("cur", "new", "tmp"):
        os.makedirs(f"{d}/box/{sub}")
    return want, octets


def large():
    """Real attachments, to GB gigabytes: beyond 4 GB and every kind of map."""
    d = server.temp_dir("pst-large")
    need(d, GB * 1.1e9 + 2e9)
    want, octets = make(d + "/one", 1)
    shutil.rmtree(d + "/one")
    folders = int(GB * 1e9 / octets) + 1
    make(d, folders)
    path, _ = write(d, f"maildir:{d}/box", f"{GB:g} GB")
    tap.ok(os.path.getsize(path) >= GB * 1e9, "as large as it should be",
           os.path.getsize(path))
    clean(path, f"{GB:g} GB", folders * DISTINCT)
    r = subprocess.run(["pffinfo", path], capture_output=True, text=True)
    tap.ok(r.returncode == 0 and "File content type:" in r.stdout,
           "pffinfo opens it", r.stdout + r.stderr)
    python = pypff()
    if python is None:
        tap.skip("samples", "python3-pypff is not installed")
        return
    r = subprocess.run([python, "-c", SAMPLE, path],
                       capture_output=True, text=True)
    tap.equal(r.returncode, 0, "libpff reads samples")
    seen, wrong = set(), []
    for line in r.stdout.splitlines():
        folder, subject, text, files = json.loads(line)
        seen.add(folder)
        if want.get(subject) != (text.rstrip("\0"), files):
            wrong.append((folder, subject, len(text), files))
    tap.equal(len(seen), folders, "samples of every folder")
    tap.equal(wrong[:5], [], f"{len(r.stdout.splitlines())} samples are as "
              "they were sent")


def many():
    """MESSAGES small ones in one folder."""
    d = server.temp_dir("pst-many")
    need(d, MESSAGES * 15e3)
    peaks = []
    for n in MESSAGES // 20, MESSAGES:
        path, peak = write(
            d, f"generate:?messages={n}&folders=1&size=2048", f"{n} messages")
        peaks.append(peak)
    tap.ok(peaks[1] - peaks[0] <= FLAT,
           f"memory is flat: at most {FLAT} MiB more", peaks)
    clean(path, f"{MESSAGES} messages", MESSAGES)
    os.makedirs(d + "/readpst")
    subprocess.run(["readpst", "-q", "-j", "0", "-o", d + "/readpst", path],
                   check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    seen = bytearray(MESSAGES + 1)
    line = re.compile(rb"Subject: Message (\d+)\r?\n")
    for name in os.listdir(d + "/readpst"):
        with open(f"{d}/readpst/{name}", "rb") as f:
            for text in f:
                m = text.startswith(b"Subject:") and line.fullmatch(text)
                if m and int(m[1]) <= MESSAGES:
                    seen[int(m[1])] += 1
    tap.ok(seen[0] == 0 and seen[1:].count(1) == MESSAGES,
           "readpst reads every one of them, once", f"{sum(seen)} read")


for tool in ("pffinfo", "readpst"):
    if not shutil.which(tool):
        print(f"1..0 # SKIP {tool} is not installed")
        raise SystemExit(0)
tap.run(large, many)
