#!/usr/bin/env python3
"""The report of a run: its files, and the page in a real browser."""
import csv
import json
import os
import re
import shutil
import stat
import subprocess
import time

import program
import server
import tap

BROWSER = shutil.which("chromium")
MAILBOXES = 10000
OPEN_S = 2.0


def browse(d, path, *switches):
    """The page as the browser has it after its script ran."""
    return subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu",
         "--disable-dev-shm-usage", f"--user-data-dir={d}/profile", *switches,
         "--dump-dom", "file://" + path], capture_output=True, timeout=120,
        encoding="utf-8").stdout


def at_the_end_of_a_run():
    d = server.temp_dir("report")
    r = program.mailmig("migrate", "--from",
                        "generate:?mailboxes=3&messages=40&fail-at=7", "--to",
                        "maildir:" + d + "/out", "--state", d + "/s")
    tap.equal(r.rc, 2, "a run with failures ends with 2")
    m = re.search(r"^Report: (.*)$", r.out, re.M)
    tap.ok(m and os.path.exists(m.group(1)), "it says where its report is",
           r.out)
    files = ["1-failures.csv", "1.csv", "1.html", "1.json"]
    tap.equal(sorted(os.listdir(d + "/s/reports")), files, "four files")
    tap.ok(all(stat.S_IMODE(os.stat(f"{d}/s/reports/{f}").st_mode) == 0o600
               for f in files), "readable by their owner alone")
    first = {f: open(f"{d}/s/reports/{f}", newline="").read() for f in files}
    r = program.mailmig("report", "--state", d + "/s")
    tap.equal(r.rc, 0, "made again from the event log")
    made = [f for f in files[:2] + files[3:]
            if open(f"{d}/s/reports/{f}", newline="").read() != first[f]]
    tap.equal(made, [], "and the same")
    with open(d + "/s/reports/1.json") as f:
        data = json.load(f)
    t = data["total"]
    tap.equal((t["found"], t["moved"], t["failed"], t["balance"]),
              (120, 117, 3, True), "totals that balance")
    tap.equal(len(data["failures"]), 3, "every failed item")
    tap.ok(all(x["remedy"] and x["reason"] for x in data["failures"]),
           "with its cause and remedy")
    r = program.mailmig("report", "--csv", "--state", d + "/s")
    rows = list(csv.DictReader(r.out.splitlines()))
    tap.equal(sorted((x["mailbox"], x["failed"], x["outcome"]) for x in rows),
              [(f"user{i}", "1", "errors") for i in (1, 2, 3)],
              "the mailboxes as CSV")
    r = program.mailmig("report", "--failures", "--state", d + "/s")
    tap.equal(len(list(csv.DictReader(r.out.splitlines()))), 3,
              "the failures as CSV")
    r = program.mailmig("report", "9", "--state", d + "/s")
    tap.ok(r.rc == 2 and "no run 9" in r.err, "a run that never was", r.err)


def recovery():
    """A message that the destination refused: its place in the recovery set."""
    d = server.temp_dir("report")
    with server.Dovecot(d + "/dovecot", DOVECOT_MAX="20k") as s:
        pw = program.secret(d + "/pw")
        program.mailmig("migrate", "--from", "generate:?messages=5&big=64KiB",
                        "--to", program.url(s), "--password-file", pw,
                        "--state", d + "/s")
    with open(d + "/s/reports/1.json") as f:
        data = json.load(f)
    kept = [x for x in data["failures"] if x["recovery"]]
    tap.ok(kept and os.path.isdir(kept[0]["recovery"]),
           "the item's recovery set is there", data["failures"])
    # MAILMIG.PKL: 00000001.PRI line 4, 00000001.SEC(50)
    m = re.fullmatch(r"(\S+): (\S+) line (\d+), (\S+)\((\d+)\)",
                     kept[0].get("place") or "")
    tap.ok(m, "and its place in there", kept[0])
    at = kept[0]["recovery"]
    with open(f"{at}/{m[1]}", encoding="latin-1") as f:
        tap.ok(m[2] in f.read(), "the packing list names the primary file")
    with open(f"{at}/{m[2]}", encoding="latin-1") as f:
        row = f.read().split("\n")[int(m[3]) - 1]
    tap.ok(f"#{m[4]}({m[5]})" in row and f",{kept[0]['key']}," in row,
           "whose line is the message", row)
    with open(f"{at}/{m[4]}", "rb") as f:
        f.seek(int(m[5]))
        tap.ok(f.read(40).strip(), "which lies in the secondary file")
    with open(d + "/s/reports/1.html", encoding="utf-8") as f:
        tap.ok(kept[0]["place"] in f.read(), "the page says so, too")


def large_log(d):
    """The event log of a run over many mailboxes, as the engine writes it."""
    program.mailmig("migrate", "--from", "generate:?messages=1", "--to",
                    "null:", "--state", d)
    with open(d + "/events/1.jsonl", "w") as f:
        def put(second, number, name, level, **more):
            t = time.strftime("%Y-%m-%dT%H:%M:%S.000Z",
                              time.gmtime(1790000000 + second))
            f.write(json.dumps({"t": t, "id": number, "name": name,
                                "level": level, **more, "run": 1}) + "\n")
        put(0, 10002, "run_begun", "info", command="mailmig run x.plan",
            **{"from": "imaps://old.example", "to": "imaps://new.example"})
        for i in range(MAILBOXES):
            who = {"mailbox": f"user{i}@old.example", "worker": i % 8 + 1,
                   "job": i + 1}
            bad = i % 50 == 0
            put(i, 30000, "job_begun", "info",
                destination=f"user{i}@new.example", **who)
            put(i, 30010, "messages_moved", "info", folder=["INBOX"], n=i,
                bytes=i * 40000, **who)
            if bad:
                put(i, 30020, "message_failed", "error", folder=["INBOX"],
                    key="1", failed=1, subject="<script>alert(1)</script>",
                    reason="NO [TOOBIG]", error="limit",
                    side="destination", **who)
            put(i, 30014, "folder_done", "info", folder=["INBOX"],
                n=i + bad, **who)
            put(i, 30001, "job_ended", "info", state="done", failed=0, **who)
        put(MAILBOXES, 10068, "run_ended", "info")


def ten_thousand_mailboxes():
    if not BROWSER:
        raise tap.Skip("no chromium")
    d = server.temp_dir("report")
    large_log(d)
    r = program.mailmig("report", "--state", d)
    tap.equal(r.rc, 0, "the report is made")
    tap.ok(r.seconds < 5, f"in {r.seconds:.1f} s")
    page = d + "/reports/1.html"
    with open(page, encoding="utf-8") as f:
        text = f.read()
    rows = len(re.findall("<tr data-outcome", text))
    tap.equal(rows, MAILBOXES, "a row for each mailbox")
    tap.ok("The books balance" in text, "the books balance")
    tap.ok("<script>alert" not in text, "no subject becomes a script")
    empty = d + "/empty.html"
    with open(empty, "w") as f:
        f.write("<p>nothing")
    browse(d, empty)  # the profile is made
    began = time.monotonic()
    browse(d, empty)
    base = time.monotonic() - began
    began = time.monotonic()
    dom = browse(d, page)
    took = time.monotonic() - began - base
    tap.ok('data-ready="yes"' in dom, "its script ran to the end")
    tap.ok(took < OPEN_S, f"opened in {took:.2f} s, less than {OPEN_S} s",
           f"an empty page takes {base:.2f} s")
    tap.ok(dom.count("<tr data-outcome") == 100 and "page 1 of 100" in dom,
           "a page of the table is laid out, and can be turned")
    # without the script: everything is there
    tap.ok("tbody[hidden]{display:table-row-group}" in text,
           "and without a script")

    # sort, filter and search, as a user would
    driver = text.replace("</body>", """<script>
const box = document.querySelector("#mailboxes"), out = [];
const names = () => [...box.querySelectorAll("tbody th")].slice(0, 2)
    .map(x => x.firstChild.textContent.trim()).join(",");
const click = n => box.querySelectorAll("thead button")[n].click();
click(2); out.push("found " + names());
click(2); out.push("again " + names());
const select = box.querySelector("select"); select.value = "errors";
select.dispatchEvent(new Event("change"));
out.push("errors " + box.querySelector(".count").textContent.replace(/\\D+/g, " "));
const search = box.querySelector("input"); search.value = "USER77 50@";
search.dispatchEvent(new Event("input"));
out.push("search " + names());
out.push("sorted " + box.querySelectorAll("thead th")[2].getAttribute("aria-sort"));
dispatchEvent(new Event("beforeprint"));
out.push("closed " + document.querySelectorAll("details:not([open])").length);
document.title = out.join("|");
</script></body>""")
    with open(d + "/driver.html", "w", encoding="utf-8") as f:
        f.write(driver)
    dom = browse(d, d + "/driver.html")
    title = re.search("<title>(.*?)</title>", dom, re.S).group(1)
    tap.equal(title.split("|"),
              ["found user9999@old.example,user9998@old.example",
               "again user0@old.example,user1@old.example",
               "errors 200 10 000 ", "search user7750@old.example",
               "sorted ascending", "closed 0"],
              "sorts, filters, searches, opens for print")


def accessible():
    d = server.temp_dir("report")
    program.mailmig("migrate", "--from", "generate:?messages=20&fail-at=3",
                    "--to", "maildir:" + d + "/out", "--state", d + "/s")
    with open(d + "/s/reports/1.html", encoding="utf-8") as f:
        text = f.read()
    tap.ok('<html lang="en">' in text, "says its language")
    tap.equal(text.count("<table"), text.count("<caption"),
              "every table has a caption")
    tap.equal(len(re.findall("<th(?![a-z])(?![^>]*scope=)", text)), 0,
              "every heading has a scope")
    tap.ok(all('role="img"' in x and "aria-label=" in x
               for x in re.findall("<svg[^>]*>", text)),
           "every chart says what it shows")
    tap.equal(text.count("<svg"), 3, "three charts")
    tap.equal(re.findall(r'(?:src|href)="(?!#)[^"]*"', text), [],
              "nothing is loaded")
    tap.ok("prefers-color-scheme: dark" in text and "@media print" in text,
           "for the dark and for paper")


if __name__ == "__main__":
    tap.run(at_the_end_of_a_run, recovery, ten_thousand_mailboxes, accessible)
