#!/usr/bin/env python3
"""The plan file that `plan` writes, and the check before a migration."""
import json
import os
import re

import mail
import program
import server
import tap


def snapshot(d):
    out = {}
    for root, dirs, files in os.walk(d):
        for name in files:
            path = os.path.join(root, name)
            out[path] = (os.stat(path).st_size, os.stat(path).st_mtime_ns)
    return out


def plan_file():
    d = server.temp_dir("plan")
    r = program.mailmig("plan", "--from", "imaps://old.example", "--to",
                        "maildir:Mail", "--workers", "3", "--since",
                        "2020-01-01", cwd=d)
    tap.equal(r.rc, 0, "plan: exit status")
    tap.ok("workers = 3" in r.out and "since = 2020-01-01" in r.out,
           "options are in it")
    tap.ok("#security = " in r.out, "the driver's options are shown", r.out)
    keys = re.findall(r"^#?([a-z-]+) =", r.out, re.M)
    lines = r.out.splitlines()
    bare = [x for i, x in enumerate(lines) if re.match(r"#?[a-z-]+ =", x)
            and not lines[i - 1].startswith("# ") and x != "format = 1"]
    tap.ok(len(keys) > 40 and not bare, "a comment on every key", bare)
    with open(d + "/a.plan", "w") as f:
        f.write(r.out)
    again = program.mailmig("run", d + "/a.plan", "--print-plan")
    tap.ok(again.rc == 0 and "workers = 3" in again.out,
           "run reads what plan wrote", again.err)
    tap.equal(os.listdir(d), ["a.plan"], "nothing else was written")
    for text, what, want in (
            ("[plan]\nformat = 2\n[odd]\nkey = 1\n", "a newer plan",
             ("line 2", "newer mailmig", "format 2")),
            ("[plan]\nformat = x\n", "no number", ("line 2", "number")),
            ("[from]\nurl = maildir:x\n[run]\nworkrs = 4\n", "unknown key",
             ("line 4", "'workers'")),
            ("[from]\nurl = maildir:x\n[filters]\nsince = 4\n",
             "unknown group", ("line 4", "'filter'"))):
        with open(d + "/b.plan", "w") as f:
            f.write(text)
        r = program.mailmig("run", d + "/b.plan")
        tap.ok(r.rc == 64 and all(w in r.err for w in want),
               f"{what}: refused with the line", r.err)
    r = program.mailmig("plan", "--from", "imaps://anna:secret@old.example",
                        "--to", "maildir:Mail", cwd=d)
    tap.ok("secret" not in r.out and "password" in r.err,
           "no password in a plan, and a word about it", r.err)


def servers():
    d = server.temp_dir("check")
    with server.Dovecot(d + "/old", DOVECOT_USERS="erika") as old, \
            server.Dovecot(d + "/there", DOVECOT_QUOTA="40k", DOVECOT_MAX="20k",
                           DOVECOT_SAY="APPENDLIMIT=2000",
                           DOVECOT_SEP=".") as new:
        items = mail.corpus(40, seed=3)
        mail.fill(old.port, "alice", items)
        mail.fill(old.port, "erika", mail.corpus(3, seed=4))
        pw = program.secret(d + "/pw")
        with open(d + "/people.csv", "w") as f:
            f.write("source,destination\nalice,alice\nbob,bob\n"
                    "erika,erika\nnobody,carol\ncarol,dave\n")
        os.mkdir(d + "/cwd")
        args = ["check", "--from", program.url(old, "%m"), "--to",
                program.url(new, "%m"), "--accounts", d + "/people.csv",
                "--password-file", pw, "--workers", "3"]
        before = snapshot(d + "/there")
        r = program.mailmig(*args, "--json", cwd=d + "/cwd")
        tap.equal(r.rc, 2, "exit status 2")
        if r.err:
            tap.note(r.err[-1500:])
        events = [json.loads(x) for x in r.out.splitlines()]
        named = {}
        for e in events:
            named.setdefault(e["name"], []).append(e)
        got = {e["mailbox"]: e["messages"] for e in named["check_mailbox"]}
        tap.equal(got, {"alice": 40, "bob": 0, "carol": 0, "erika": 3},
                  "every mailbox was counted")
        tap.equal([e["mailbox"] for e in named.get("check_no_source", [])],
                  ["nobody"], "a log-on that the source refuses")
        tap.equal([e["mailbox"] for e in named.get("check_no_destination", [])],
                  ["erika"], "/kb/Q256199: a person without a mailbox")
        tap.equal([e["mailbox"] for e in named.get("check_quota", [])],
                  ["alice"], "more than the quota leaves")
        large = named.get("check_too_large", [{}])[0]
        tap.ok(large.get("mailbox") == "alice" and large["limit"] == 2000 and
               0 < large["n"] < 40 and large["largest"] > 2000,
               "messages larger than the destination takes", large)
        end = named["check_ended"][0]
        tap.equal((end["mailboxes"], end["failed"], end["exit"]), (5, 2, 2),
                  "the sums")
        tap.ok(end.get("estimate_s", 0) > 0, "a time is estimated")
        tap.equal(os.listdir(d + "/cwd"), [], "no state directory was made")
        after = {k: v for k, v in snapshot(d + "/there").items()
                 if "/cur/" in k or "/new/" in k}
        tap.equal(after, {k: v for k, v in before.items()
                          if "/cur/" in k or "/new/" in k},
                  "no message was written")
        r = program.mailmig(*args, cwd=d + "/cwd")
        tap.ok("erika" in r.out and "Nothing was written" in r.out,
               "for people: a table and what to do", r.out)
        tap.ok("secret" not in r.out + r.err, "no secret")
        r = program.mailmig("check", "--from", program.url(old, "bob"), "--to",
                            program.url(new, "bob"), "--password-file", pw)
        tap.equal(r.rc, 0, "nothing stands in the way: exit status 0")
        # a plan file says the same
        r = program.mailmig("plan", "--from", program.url(old, "bob"), "--to",
                            program.url(new, "bob"), "--password-file", pw)
        with open(d + "/x.plan", "w") as f:
            f.write(r.out)
        r = program.mailmig("check", d + "/x.plan")
        tap.equal(r.rc, 0, "check PLAN")


def local():
    d = server.temp_dir("check")
    r = program.mailmig("check", "--from", "generate:?mailboxes=5&messages=20",
                        "--to", "maildir:" + d + "/a/b", "--json")
    tap.equal(r.rc, 0, "to a directory: exit status 0")
    events = [json.loads(x) for x in r.out.splitlines()]
    room = [e for e in events if e["name"] == "check_room"]
    tap.ok(room and room[0]["path"] == d and room[0]["free"] > 0,
           "the room is measured", room)
    tap.equal(os.listdir(d), [], "and nothing is made")
    with open(d + "/map", "w") as f:
        f.write("Ordner \u00e41,INBOX\n")
    r = program.mailmig("check", "--from", "generate:?messages=20", "--to",
                        "maildir:" + d + "/a", "--folder-map", d + "/map",
                        "--json")
    names = [json.loads(x)["name"] for x in r.out.splitlines()]
    tap.ok(r.rc == 1 and "check_clash" in names,
           "folders that fall together: exit status 1", names)


if __name__ == "__main__":
    tap.run(plan_file, servers, local)
