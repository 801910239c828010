#!/usr/bin/env python3
"""Exit statuses, machine output, and no secret anywhere."""
import json
import os
import re
import stat

import mail
import program
import server
import tap


def usage():
    d = server.temp_dir("usage")
    for name, args in (
            ("no command", []),
            ("unknown command", ["migrat"]),
            ("unknown option", ["migrate", "--form", "imap://x@y"]),
            ("no destination", ["migrate", "--from", "maildir:" + d]),
            ("no source", ["migrate", "--to", "maildir:" + d]),
            ("unknown scheme", ["migrate", "--from", "imapx://a@b", "--to",
                                "maildir:" + d]),
            ("unknown driver option", ["migrate", "--from",
                                       "maildir:" + d + "?colour=red", "--to",
                                       "maildir:" + d + "/x"]),
            ("bad date", ["migrate", "--from", "maildir:" + d, "--to",
                          "maildir:" + d + "/x", "--since", "yesterday"]),
            ("bad number", ["migrate", "--from", "maildir:" + d, "--to",
                            "maildir:" + d + "/x", "--workers", "many"]),
            ("value missing", ["migrate", "--from"])):
        r = program.mailmig(*args, cwd=d)
        tap.equal(r.rc, 64, f"{name}: exit status 64")
        tap.ok(r.err.strip() or name == "no command",
               f"{name}: says what is wrong", r.err)
        lines = [x for x in r.err.splitlines() if x.strip()]
        tap.ok(name == "no command" or len(lines) <= 6, f"{name}: in few lines",
               r.err)
    r = program.mailmig("migrat")
    tap.ok("migrate" in r.err, "unknown command: names the nearest", r.err)
    r = program.mailmig("migrate", "--form", "x")
    tap.ok("--from" in r.err, "unknown option: names the nearest", r.err)
    for args in (["--help"], ["migrate", "--help"], ["--version"], ["drivers"],
                 ["events"], ["drivers", "--json"], ["events", "--json"]):
        r = program.mailmig(*args)
        tap.ok(r.rc == 0 and r.out.strip() and not r.err,
               f"{' '.join(args)}: on stdout, exit status 0", r.err)
        if "--json" in args:
            for line in r.out.splitlines():
                json.loads(line)
    left = [x for x in os.listdir(d) if x != "x"]
    tap.equal(left, [], "wrong usage writes nothing")


def machine_output():
    d = server.temp_dir("usage")
    with server.Dovecot(d + "/s") as s:
        items = mail.corpus(60, seed=2)
        mail.fill(s.port, "alice", items)
        pw = program.secret(d + "/password")
        args = ["--from", program.url(s), "--to", f"maildir:{d}/to",
                "--password-file", pw, "--state", d + "/state"]
        r = program.mailmig("migrate", *args, "--json")
        tap.equal(r.rc, 0, "--json: exit status 0")
        list_ = [json.loads(x) for x in r.out.splitlines()]
        tap.ok(len(list_) > 5, "--json: every line is an object", r.out[:500])
        b = program.Books(list_)
        tap.ok(b.balanced() and b.moved == len(items),
               "--json: the events on stdout balance", b)
        tap.ok(all("t" in e and "id" in e and "name" in e and "level" in e
                   for e in list_), "--json: time, id, name, level on each")
        log = program.books(d + "/state")
        tap.equal((log.found, log.moved), (b.found, b.moved),
                  "the event log says the same")
        r = program.mailmig("migrate", *args)
        tap.ok("\x1b" not in r.err + r.out, "no colours without a terminal")
        tap.ok(re.search(rf"\b{len(items)}\b", r.out), "summary on stdout", r.out)
        for command in ("status", "runs"):
            r = program.mailmig(command, "--state", d + "/state", "--json")
            tap.ok(r.rc == 0 and [json.loads(x) for x in r.out.splitlines()],
                   f"{command} --json: one object a line", r.out + r.err)
            r = program.mailmig(command, "--state", d + "/state")
            tap.ok(r.rc == 0 and r.out.strip(), f"{command}: a table", r.err)
        r, list_ = program.records(program.url(s), "--password-file", pw)
        tap.equal(sum(x["kind"] == "message" for x in list_), len(items),
                  "show --records --json: an object for each message")
        r = program.mailmig("show", program.url(s), "--password-file", pw)
        tap.ok(r.rc == 0 and "INBOX" in r.out, "show: folders and counts",
               r.out + r.err)


def no_secrets():
    d = server.temp_dir("usage")
    with server.Dovecot(d + "/s") as s:
        items = mail.corpus(400, seed=2)
        # a password that occurs nowhere by chance
        pw1, pw2 = "Tr0ub4dor-one", "Tr0ub4dor-two"
        with open(s.dir + "/users", "w") as f:
            f.write(f"alice:{{PLAIN}}{pw1}:::::\nbob:{{PLAIN}}{pw2}:::::\n"
                    "carol:{PLAIN}secret:::::\n")
        mail.fill(s.port, "alice", items, password=pw1)
        old = os.umask(0)  # the program must not depend on it
        try:
            accounts = d + "/accounts.csv"
            with open(accounts, "w") as f:
                f.write("source,source_password,destination,"
                        "destination_password\n"
                        f"alice,{pw1},bob,{pw2}\n")
            os.chmod(accounts, 0o600)
            ways = [
                ("accounts file", ["--accounts", accounts],
                 program.url(s, None), program.url(s, None), {}),
                ("files", ["--source-password-file",
                           program.secret(d + "/p1", pw1),
                           "--dest-password-file",
                           program.secret(d + "/p2", pw2)],
                 program.url(s), program.url(s, "bob"), {}),
                ("command", ["--source-password-command", f"cat {d}/p1",
                             "--dest-password-command", f"cat {d}/p2"],
                 program.url(s), program.url(s, "bob"), {}),
                ("environment", [], program.url(s), program.url(s, "bob"),
                 {"MAILMIG_SOURCE_PASSWORD": pw1,
                  "MAILMIG_DEST_PASSWORD": pw2}),
                ("token", ["--token-command", f"{s.script} token {s.dir} alice"],
                 program.url(s), f"maildir:{d}/token", {}),
            ]
            for name, args, source, to, env in ways:
                state = f"{d}/state-{name.replace(' ', '-')}"
                run = program.Running("migrate", "--from", source, "--to", to,
                                      "--state", state, *args, env=env,
                                      watch=True)
                r = run.wait()
                tap.equal(r.rc, 0, f"{name}: exit status 0")
                if r.rc:
                    tap.note(r.err[-1500:])
                words = [pw1, pw2, "eyJ"]  # the latter begins every token
                found = []
                modes = []
                for root, dirs, files in os.walk(state):
                    for x in dirs + files + [""]:
                        path = os.path.join(root, x)
                        m = stat.S_IMODE(os.lstat(path).st_mode)
                        if m & 0o077:
                            modes.append(f"{path} {m:o}")
                    for f in files:
                        with open(os.path.join(root, f), "rb") as o:
                            data = o.read()
                        found += [f for w in words if w.encode() in data]
                tap.equal(found, [], f"{name}: no secret in the state")
                tap.equal(modes[:5], [], f"{name}: state is its owner's alone")
                tap.ok("mailmig" in r.seen, f"{name}: command lines were seen",
                       r.seen)
                tap.equal([w for w in words if w in r.seen], [],
                          f"{name}: no secret in ps")
                tap.equal([w for w in words if w in r.out + r.err], [],
                          f"{name}: no secret in the output")
        finally:
            os.umask(old)


if __name__ == "__main__":
    tap.run(usage, machine_output, no_secrets)
