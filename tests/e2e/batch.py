#!/usr/bin/env python3
"""Batch mode of the original: control files, switches, lists of people."""
import os
import re

import mail
import program
import server
import tap

# Keyword, a value that is not its default, a mode that takes it, and what the
# plan has then (a line of it, or None: nothing, but a word is said).
KEYWORDS = [
    ("Function", "EXTRACT", "CCMAIL", r"^url = files:.*/mig$"),
    ("File", "{d}/in/x.pkl", "FILE", r"^url = files:.*/in/x.pkl$"),
    ("Mailbox", "FALSE", "FILE", r"^url = files:"),
    ("Postoffice", "{d}/po", "CCMAIL", r"^url = ccmail:.*/po$"),
    ("POName", "REGION1", "CCMAIL", r"^post-office = REGION1$"),
    ("Email", "FALSE", "CCMAIL", r"^exclude = \*;$"),
    ("Schedule", "FALSE", "NOTES", r"^exclude = Calendar;$"),
    ("Tasks", "FALSE", "NOTES", r"^exclude = Tasks;$"),
    ("EmailStart", "20020131000000", "CCMAIL",
     r"^since = 2002-01-31T00:00:00Z$"),
    ("EmailEnd", "20031231235959", "CCMAIL", r"^until = 2003-12-31T23:59:59Z$"),
    ("Home-Server", "MAIL01", "FILE", r"^url = imaps://%m@MAIL01$"),
    ("ImportDestination", "PST", "FILE", r"^url = pst:.*/psts$"),
    ("PSTPath", "{d}/psts", "FILE", r"^url = pst:.*/psts$"),
    ("Accounts", "{d}/names.txt", "CCMAIL", r"^mailbox = Anna B;Bj\u00f6rn;$"),
    ("Secure", "TRUE", "IMAP", r"^url = imaps:"),
    ("Encrypted", "TRUE", "IMAP", r"^url = imaps:"),
    ("Public", "FALSE", "CCMAIL", None),
    ("Container", "Recipients/cn=a", "FILE", None),
    ("Template", "boss", "FILE", None),
    ("NTAccounts", "RANDOM", "FILE", None),
    ("NTDomain", "FAB-MAIN", "FILE", None),
    ("DefFldPerms", "Author", "FILE", "public-rights = author"),
    ("FldOwner", "/o=FAB/cn=Boss", "FILE", "public-owner = Boss"),
    ("ExchStore", "a store", "FILE", None),
    ("ExchStoreDN", "cn=x", "FILE", None),
    ("ForcePwdChange", "TRUE", "FILE", None),
    ("SchdStart", "20020101000000", "NOTES", None),
    ("SchdEnd", "20020101000000", "NOTES", None),
    ("Notesini", "{d}/notes.ini", "NOTES", None),
    ("INIFile", "{d}/notes.ini", "NOTES", None),
    ("DocLinkConversion", "URL", "NOTES", None),
]
# Modes for which this program has no source yet: the source is given.
ELSEWHERE = [
    ("PAB", "FALSE", "MSMAILPC"), ("GWDomain", "{d}/dom", "GRPWISE5"),
    ("GWUserGRPName", "everybody", "GRPWISE"), ("GWRTF", "FALSE", "GRPWISE"),
    ("Port", "3389", "ADSI"), ("Phone", "FALSE", "GRPWISE"),
    ("Appointments", "FALSE", "GRPWISE5"), ("Notes", "FALSE", "GRPWISE"),
    ("Exch55", "FALSE", "EXCHANGE"), ("RestrictSearchToSid", "TRUE", "EXCHANGE"),
    ("SubjectFile", "{d}/subjects", "EXCHANGE"),
]


def control(d, mode, **more):
    """A control file that is whole for its mode."""
    have = {"File": d + "/mig", "Home-Server": "mail01"}
    if mode in ("CCMAIL", "NOTES"):
        have["Postoffice"] = d + "/po"
    if mode == "IMAP":
        have["Accounts"] = d + "/Imapusr.csv"
    if more.get("ImportDestination") == "PST":
        have["PSTPath"] = d + "/psts"
    if "PSTPath" in more:
        have["ImportDestination"] = "PST"
    if "INIFile" in more:
        have.pop("Notesini", None)
    have.update(more)
    path = d + "/x.ctl"
    with open(path, "w", newline="") as f:
        f.write(f"! a comment\r\nMode,{mode}\r\n")
        for k, v in have.items():
            f.write(f"{k},{v}\r\n")
    return path


def has(mode):
    """Has this program a source for it?"""
    scheme = {"NOTES": "notes"}.get(mode)
    return scheme is None or f" {scheme} " in program.mailmig("drivers").out


def folders():
    d = server.temp_dir("batch")
    for name in ("po", "in", "mig"):
        os.mkdir(d + "/" + name)
    with open(d + "/names.txt", "w", newline="", encoding="cp1252") as f:
        f.write("Anna B\r\nBj\u00f6rn\r\n")
    with open(d + "/Imapusr.csv", "w") as f:
        f.write("IMAP_Mailbox,IMAP_Password,SMTP_Address,IMAP_Server,"
                "Ex_Mailbox,IMAP_Port,IMAP_SSL\n"
                "anna,pw,anna@new.example,127.0.0.1,,1143,N\n")
    return d


def every_keyword():
    d = folders()
    for key, value, mode, want in KEYWORDS:
        value = value.format(d=d)
        path = control(d, mode, **{key: value})
        more = [] if has(mode) else ["--from", "generate:?messages=1"]
        r = program.mailmig("batch", path, "--print-plan", "--state", d + "/s",
                            *more)
        shown = "Notesini" if key == "INIFile" else key
        tap.ok(f"Keyword found: {shown} = {value}" in r.out,
               f"{key}: is echoed", r.out + r.err)
        if want:
            tap.ok(r.rc in (0, 1) and re.search(want, r.out, re.M),
                   f"{key}: is in the plan", r.out + r.err)
            tap.ok("10008" not in r.err, f"{key}: no false alarm", r.err)
        else:
            tap.ok(r.rc == 1 or key == "Public", f"{key}: exit status 1",
                   r.err)
            tap.ok(re.search(f"{shown},.*: ", r.err) and "10008" not in r.err,
                   f"{key}: says what is not done", r.err)
    for key, value, mode in ELSEWHERE:
        value = value.format(d=d)
        path = control(d, mode, **{key: value})
        r = program.mailmig("batch", path, "--print-plan", "--state", d + "/s",
                            "--from", "generate:?messages=1")
        tap.ok(r.rc in (0, 1) and f"Keyword found: {key} = {value}" in r.out
               and "10008" not in r.err, f"{key}: is known", r.out + r.err)
    known = {k for k, *_ in KEYWORDS} | {k for k, *_ in ELSEWHERE}
    table = keyword_table()
    names = {r["name"] for r in table} | \
        {r["alias"] for r in table if r["alias"]}
    tap.equal(sorted(names - known - {"Mode"}), [],
              "every keyword of the program's table has a test")
    tap.equal(sorted(known - names), [], "and there is no other")


def keyword_table():
    """The program's own table of keywords."""
    path = os.path.join(program.ROOT, "src", "cli", "cmd_batch_file.c")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    text = text[text.index("cmd_batch_keywords[BATCH_KEYS] = {"):]
    text = text[:text.index("\n};")]
    text = re.sub(r'"\s*\n\s*"', "", text).replace("BOOLEAN", '"TRUE|FALSE"')
    word = r'(?:"([^"]*)"|NULL)'
    rows = re.findall(r"\[KEY_\w+\] = \{" + word + r",\s*" + word +
                      r",\s*BATCH_\w+,\s*" + word + r",\s*" + word +
                      r",\s*([^}]*)\}", text)
    return [dict(name=n, alias=a, choices=c, fallback=f,
                 modes=set(re.findall(r"\w+", m)))
            for n, a, c, f, m in rows]


def every_default():
    """A keyword with its default says what its absence says."""
    d = folders()
    groups = {"USERS": "CCMAIL", "FOLDERS": "FILE", "GROUPWISE": "GRPWISE",
              "BATCH_ALL": "FILE"}
    n = 0
    for row in keyword_table():
        if not row["fallback"]:
            continue
        modes = row["modes"]
        mode = next((m[6:] for m in sorted(modes) if m.startswith("BATCH_") and
                     m not in ("BATCH_ALL", "BATCH_FILE")), None) or \
            next(groups[m] for m in groups if m in modes)
        if row["name"] == "Function":
            mode = "CCMAIL"
        more = ["--from", "generate:?messages=1", "--print-plan", "--state",
                d + "/s"]

        def plan(**given):
            r = program.mailmig("batch", control(d, mode, **given), *more)
            return r.rc, r.out[r.out.find("["):], r.err
        without, with_ = plan(), plan(**{row["name"]: row["fallback"]})
        tap.ok(without == with_ and without[0] == 0,
               f"{row['name']}: its default is {row['fallback']}",
               f"{mode}\n{without}\n{with_}"[:1500])
        n += 1
    tap.ok(n >= 20, "defaults of the program's table", n)


def a_directory():
    """Where the plan can say it, it does: with a directory of people."""
    d = folders()
    open(d + "/people.csv", "w").close()
    for key, value, want in (
            ("NTAccounts", "RANDOM", r"^initial-password = random$"),
            ("NTAccounts", "ALIAS", r"^initial-password = rule:%m$"),
            ("Mailbox", "FALSE", r"^create-mailboxes = no$")):
        path = control(d, "FILE", **{key: value})
        r = program.mailmig("batch", path, "--print-plan", "--state", d + "/s",
                            "--directory", f"csv:{d}/people.csv")
        tap.ok(r.rc == 0 and re.search(want, r.out, re.M),
               f"{key},{value}: is in the plan", r.out + r.err)


def mistakes():
    d = folders()
    for name, lines, rc, want in (
            ("/kb/Q234057 Mode is missing", ["Function,FULL"], 2,
             ["line 1", "Mode"]),
            ("/kb/Q234057 an empty file", [], 2, ["'Mode' is missing"]),
            ("/kb/Q197397 Function is no unnecessary keyword",
             ["Mode,CCMAIL", "Function,EXTRACT", f"File,{d}/mig",
              f"Postoffice,{d}/po"], 0, []),
            ("10008: unknown keyword",
             ["Mode,FILE", f"File,{d}/mig", "Home-Server,a", "Emial,TRUE"], 1,
             ["10008", "line 4", "'Email'"]),
            ("10008: needless keyword",
             ["Mode,FILE", f"File,{d}/mig", "Home-Server,a", "GWRTF,TRUE"], 1,
             ["10008", "GWRTF"]),
            ("/kb/Q274393 10023: container",
             ["Mode,FILE", f"File,{d}/mig", "Container,Recipients/users"], 2,
             ["10023", "line 3", "column 11"]),
            ("/kb/Q274393 container as a name",
             ["Mode,FILE", f"File,{d}/mig", "Home-Server,a",
              "Container,Recipients"], 0, []),
            ("no comma", ["Mode,FILE", "File"], 2, ["line 2", "column 5"]),
            ("bad value", ["Mode,FILE", "Mailbox,maybe"], 2,
             ["line 2", "column 9", "TRUE|FALSE"]),
            ("bad mode", ["Mode,PROFS"], 2, ["line 1", "MSMAILPC"]),
            ("bad date", ["Mode,CCMAIL", "EmailStart,20020231000000"], 2,
             ["YYYYMMDDHHMMSS"]),
            ("given twice", ["Mode,FILE", "File,a", "File,b"], 2,
             ["line 3", "line 2"]),
            ("required: File", ["Mode,FILE", "Home-Server,a"], 2,
             ["'File' is missing"]),
            ("required: PSTPath",
             ["Mode,FILE", f"File,{d}/mig", "ImportDestination,PST"], 2,
             ["'PSTPath' is missing"]),
            ("required: Accounts", ["Mode,IMAP", "Home-Server,a"], 2,
             ["'Accounts' is missing"]),
            ("required: Home-Server", ["Mode,FILE", f"File,{d}/mig"], 2,
             ["'Home-Server' is missing", "--to"]),
            ("a drive of Windows", ["Mode,FILE", "File,C:\\MIG\\x.pkl"], 2,
             ["line 2", "--drive C:="]),
            ("a share of Windows",
             ["Mode,CCMAIL", "Postoffice,\\\\HKPO\\MAILDATA\\"], 2,
             ["--drive \\\\HKPO="]),
            ("no such source", ["Mode,COLLABRA", "Home-Server,a"], 2,
             ["no source", "--from"])):
        with open(d + "/y.ctl", "w") as f:
            f.write("".join(x + "\n" for x in lines))
        r = program.mailmig("batch", d + "/y.ctl", "--print-plan", "--state",
                            d + "/s")
        tap.ok(r.rc == rc and all(w in r.err for w in want),
               name, f"{r.rc} {r.err}")
    r = program.mailmig("batch", d + "/none.ctl")
    tap.equal(r.rc, 2, "no control file: exit status 2")
    tap.ok(not os.path.exists(d + "/s"), "nothing was written")


def samples():
    """The samples of Q198957, with the drives named as a user would."""
    d = folders()
    os.makedirs(d + "/c/Migrate")
    os.mkdir(d + "/m")
    open(d + "/c/Migrate/ccpo1225.PKL", "w").close()
    for name, lines, want in (
            ("import", [
                "! This is a control file for 'File' Migrations (that is, "
                "Import)", "Mode,File<BR/>",
                "File,C:\\Migrate\\Ccpo1225.pkl<BR/>",
                "Home-Server,HONGKONG01<BR/>", "Public,TRUE<BR/>",
                "DefFldPerms,none<BR/>",
                "FldOwner,/o=FAB/ou=AP/cn=Recipients/cn=Administrator<BR/>",
                "Container,none<BR/>", "NTAccounts,RANDOM<BR/>",
                "NTDomain,FAB-MAIN"], r"^url = files:.*/c/Migrate/ccpo1225.PKL"),
            ("cc:Mail extract", [
                "Mode,CCMAIL<BR/>", "File,C:\\MIGRATE\\ <BR/>",
                "Function,EXTRACT<BR/>", "Public,FALSE<BR/>",
                "Postoffice,M:\\ <BR/>", "POName,Region1PO"],
             r"^url = ccmail:.*/m$"),
            ("cc:Mail one step", [
                "Mode,CCMAIL", "File,C:\\MIGRATE\\", "Function,FULL",
                "Public,FALSE", "Postoffice,M:\\", "POName,Region1PO",
                "Home-Server,HONGKONG01", "NTAccounts,RANDOM",
                "NTDomain,FAB-MAIN"], r"^url = imaps://%m@HONGKONG01"),
            ("ours", [
                "! extract then import one cc:Mail post office",
                "Mode,CCMAIL", "Function,FULL", "Postoffice,M:\\",
                "POName,REGION1", "File,D:\\MIG", "Public,FALSE",
                "Home-Server,MAIL01", "NTAccounts,NO"],
             r"^post-office = REGION1")):
        with open(d + "/z.ctl", "w", newline="") as f:
            f.write("".join(x + "\r\n" for x in lines))
        r = program.mailmig("batch", "/C:" + d + "/z.ctl", "--drive",
                            f"C:={d}/c", f"--drive=M:={d}/m", "--print-plan")
        tap.ok(r.rc in (0, 1) and re.search(want, r.out, re.M) and
               "10008" not in r.err, f"sample: {name}", r.out[-800:] + r.err)


def runs():
    """For real: IMAP by its user list, two steps, all three lists."""
    d = folders()
    with server.Dovecot(d + "/dovecot", DOVECOT_USERS="u1") as s:
        items = mail.corpus(30, seed=8)
        mail.fill(s.port, "alice", items)
        with open(d + "/Imapusr.csv", "w") as f:
            f.write("IMAP_Mailbox,IMAP_Password,SMTP_Address,IMAP_Server,"
                    "Ex_Mailbox,IMAP_Port,IMAP_SSL\n"
                    f"alice,secret,alice@new.example,127.0.0.1,,{s.port},N\n")
        os.chmod(d + "/Imapusr.csv", 0o600)
        path = control(d, "IMAP", Function="EXTRACT", File=d + "/mig")
        r = program.mailmig("batch", "-C:" + path, "-S", "--state", d + "/s1")
        tap.ok(r.rc == 0 and "Keyword" not in r.out,
               "extract by a user list of IMAP, silent", r.out + r.err)
        tap.ok("Report:" in r.out and "secret" not in r.out + r.err,
               "with a report, without a secret")
    path = control(d, "FILE", File=d + "/mig", ImportDestination="PST",
                   PSTPath=d + "/psts")
    r = program.mailmig("batch", path, "--state", d + "/s2")
    tap.ok(r.rc in (0, 1) and "Import mode: FILE IMPORT" in r.out,
           "import to .pst", r.out + r.err)
    psts = [x for x in os.listdir(d + "/psts") if x.endswith(".pst")]
    tap.ok("alice@new.example.pst" in psts, "a .pst file", psts)
    # the list of MS Mail: two lines of the post office, header, people
    with open(d + "/Userlist.csv", "w", newline="") as f:
        f.write("NET,PO\r\n1.0,x\r\nSFS_UserName,SFS_FullName,MigrateUser,"
                "Obj-Class,Mode,Common-Name,Display-Name,Home-Server\r\n"
                "user1,\"One, User\",Y,mailbox,create,one,One,~SERVER\r\n"
                "user2,Two,N,mailbox,create,two,Two,~SERVER\r\n"
                "user3,Three,Y,dl,create,three,Three,~SERVER\r\n")
    path = control(d, "MSMAILPC", Function="IMPORT", File=d + "/Userlist.csv",
                   Postoffice=d + "/po")
    r = program.mailmig("batch", path, "--from",
                        "generate:?mailboxes=3&messages=4", "--to",
                        f"maildir:{d}/out/%m", "--state", d + "/s3")
    tap.equal(r.rc, 0, "/kb/Q180876 /kb/Q152321: no false alarm about headers")
    if r.rc:
        tap.note(r.out + r.err)
    tap.equal(sorted(os.listdir(d + "/out")), ["one"],
              "a user list of MS Mail: who is to go, by the new name")
    path = control(d, "CCMAIL", Accounts=d + "/names2.txt")
    with open(d + "/names2.txt", "w") as f:
        f.write("user2\r\n")
    r = program.mailmig("batch", path, "/A:boss", "/P:hush", "--from",
                        "generate:?mailboxes=3&messages=4", "--to",
                        f"maildir:{d}/out2/%m", "--state", d + "/s4")
    tap.ok(r.rc == 1 and os.listdir(d + "/out2") == ["user2"],
           "an accounts file; /P is warned of", r.out + r.err)
    runs_ = program.mailmig("runs", "--state", d + "/s4")
    tap.ok("hush" not in runs_.out + r.out + r.err and "/P:***" in runs_.out,
           "and never kept", runs_.out)
    r = program.mailmig("batch", "/?")
    tap.ok(r.rc == 0 and "CONTROLFILE" in r.out, "/? is help", r.out)


if __name__ == "__main__":
    tap.run(every_keyword, every_default, a_directory, mistakes, samples, runs)
