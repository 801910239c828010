#!/usr/bin/env python3
"""Owner and everybody's rights of public folders: as access control lists on
Dovecot and Cyrus; elsewhere one event says that there are none."""
import imaplib
import os
import re

import directory
import program
import server
import tap

FOLDERS = ("News", "Recipes", "Recipes/Bread")


def public_set(d, folders=FOLDERS, messages=3):
    os.mkdir(d)
    directory.write(d + "/A.PKL", "1252\r\n\r\nFilename,Filetype\r\n"
                    "A.PRI,Primary\r\nA.SEC,Secondary\r\n")
    directory.write(d + "/A.SEC", directory.SEC)
    rows = "".join(f"{f},Ane,Bo,,,{n},19960101000000,,,,,#A.SEC(50)\r\n"
                   for n in range(messages)
                   for f in (x.replace("/", "\\") for x in folders))
    directory.write(d + "/A.PRI", "MAILMESSAGE,PublicMessages\r\n"
                    + directory.HEADING + rows)


def rights(port, folders=FOLDERS):
    """{folder: {who: letters}}, and how many messages each has."""
    m = imaplib.IMAP4("127.0.0.1", port)
    m.login("alice", "secret")
    out, counts = {}, {}
    for name in folders:
        line = m.getacl(f'"{name}"')[1][0].decode()
        words = re.findall(r'"[^"]*"|\S+', line)[1:]
        out[name] = {a.strip('"'): set(b)
                     for a, b in zip(words[::2], words[1::2])}
        counts[name] = int(m.select(f'"{name}"', True)[1][0])
    m.logout()
    return out, counts


def move(d, to, state, *args, **kw):
    return program.mailmig(
        "import", "files:" + d + "/set", "--to", to, "--state",
        f"{d}/{state}", "--password-file", program.secret(d + "/pw"), *args,
        **kw)


def on(kind, **env):
    d = server.temp_dir("rights")
    public_set(d + "/set")
    with kind(d + "/srv", **env) as s:
        to = program.url(s)
        give = ("--public-owner", "bob", "--public-rights", "author")
        r = move(d, to, "state", *give)
        tap.equal((r.rc, "PUBLIC_RIGHTS" in r.err), (0, False), "moved")
        got, counts = rights(s.port)
        tap.equal(counts, {f: 3 for f in FOLDERS}, "every message is there")
        for name in FOLDERS:
            tap.ok(got[name].get("bob", set()) >= set("lrswipkxtea"),
                   f"{name}: its owner may do everything", got)
            tap.equal(got[name].get("anyone", set()) - set("cd"),
                      set("lrsip"), f"{name}: everybody reads and adds")
            tap.ok(got[name].get("alice", set("lri")) >= set("lri"),
                   f"{name}: who moved it still sees it", got)
        # a second pass finds the folders: what somebody set stays
        m = imaplib.IMAP4("127.0.0.1", s.port)
        m.login("alice", "secret")
        m.setacl("News", "anyone", "lr")
        m.logout()
        r = move(d, to, "other", *give)
        tap.equal(rights(s.port)[0]["News"]["anyone"], set("lr"),
                  "folders that were there keep their rights")

        m = imaplib.IMAP4("127.0.0.1", s.port)
        m.login("alice", "secret")
        for name in reversed(FOLDERS):
            m.delete(f'"{name}"')
        m.logout()
        r = move(d, to, "editors", "--public-rights", "pubeditor")
        got, _ = rights(s.port)
        tap.ok(r.rc == 0 and all(set("lrswipkte") <= got[f]["anyone"] and
                                 not set("xa") & got[f]["anyone"]
                                 for f in FOLDERS), "publishing editors", got)
        m = imaplib.IMAP4("127.0.0.1", s.port)
        m.login("alice", "secret")
        for name in reversed(FOLDERS):
            m.delete(f'"{name}"')
        m.logout()
        r = move(d, to, "none", "--public-owner", "bob", "--public-rights",
                 "none")
        got, _ = rights(s.port)
        tap.ok(r.rc == 0 and not any(got[f].get("anyone") for f in FOLDERS),
               "none: nobody else", (r.err, got))


def dovecot():
    on(server.Dovecot)


def cyrus():
    on(server.Cyrus)


def cut_at_every_step():
    d = server.temp_dir("rights-cut")
    public_set(d + "/set", ["News"], 1)
    give = ("--public-owner", "bob", "--public-rights", "author")
    with server.Dovecot(d + "/srv") as s:
        n, cut = 1, True
        while cut:
            to = program.url(s, prefix=f"p{n}/", settle="0")
            r = move(d, to, f"state{n}", *give, "--retries", "0",
                     env={"MAILMIG_CUT": str(n)})
            cut = r.rc != 0
            move(d, to, f"state{n}", *give)
            got, counts = rights(s.port, [f"p{n}/News"])
            good = all(x.get("bob", set()) >= set("lrswipkxtea") and
                       x.get("anyone", set()) - set("cd") == set("lrsip")
                       for x in got.values())
            tap.ok(good and set(counts.values()) == {1},
                   f"cut at step {n}: rights and messages", (got, counts))
            n += 1
        tap.ok(n > 5, "several steps were cut", n)


def without():
    d = server.temp_dir("rights-without")
    public_set(d + "/set")
    give = ("--public-owner", "bob", "--public-rights", "author")
    r = move(d, "maildir:" + d + "/mail", "maildir", *give)
    tap.equal((r.rc, r.err.count("no owners and no rights")), (1, 1),
              "a Maildir: said once")
    r = move(d, "maildir:" + d + "/other", "plain")
    tap.equal((r.rc, r.err.count("rights")), (0, 0), "not asked for: not said")
    r = move(d, "maildir:" + d + "/other", "bad", "--public-rights", "all")
    tap.ok(r.rc == 64 and "none, author, pubeditor" in r.err, "a wrong word",
           r)
    with server.Dovecot(d + "/srv", DOVECOT_HIDE="ACL") as s:
        m = imaplib.IMAP4("127.0.0.1", s.port)
        m.login("alice", "secret")
        caps = m.capability()[1][0].decode()
        m.logout()
        tap.ok("ACL" not in caps.split(), "a server without ACL", caps)
        r = move(d, program.url(s), "noacl", *give)
        tap.equal((r.rc, r.err.count("no access control lists")), (1, 1),
                  "said once")


if __name__ == "__main__":
    tap.run(dovecot, cyrus, cut_at_every_step, without)
