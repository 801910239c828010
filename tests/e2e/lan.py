#!/usr/bin/env python3
"""Microsoft Mail and the GroupWise gateway with the real program: one step is
two steps in both profiles of migration files, calendars are calendars at both
ends, what cannot be moved is named (Q234733), and the source stays as it was.
Inputs are made here after doc/spec/msmail.md 6.1, groupwise.md 3 and 4,
migration-files.md 11."""
import os
import re
import stat

import mail
import program
import server
import tap

NL = "\r\n"


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode("cp850"))


def mmff(subject, text, *files):
    head = "".join(f"ATTACHMENT:{n} {len(d)}{NL}" for n, d in files)
    return (f"VERSION:3.00{NL}FROM:N/P/ann{NL}TO:N/P/bo{NL}"
            f"TO:SMTP:cy@example.org{NL}DATE:1996-02-29{NL}TIME:23:44{NL}"
            f"SUBJECT:{subject}{NL}PRIORITY:5{NL}{head}TEXT:{len(text)}{NL}"
            ).encode("cp850") + text.encode("cp850") + \
        b"".join(d for _, d in files)


CALENDAR = NL.join([
    "SCHEDULE+2 EXPORT VERSION 103", "SingleAppointments:", "{",
    'Text: "Ferry; new"', 'Notes: "at the pier"', "Start: 03-09-1998 09:00",
    "End: 03-09-1998 10:30", "BusyType: 1", "Ring: F", "}",
    "RecurringAppointments:", "{", 'Text: "Weekly"', "RecurringType: 48",
    "DayOfWeekMask: 10", "DayOfWeekStart: 1", "WeekInterval: 1",
    "StartRecurringDate: 03-02-1998", "EndRecurringDate: 04-29-1998",
    "StartRecurringTime: 09:00", "EndRecurringTime: 10:00", "Ring: F",
    "Exceptions:", "{", "InstanceDate: 03-09-1998", "Deleted: T", "}", "}",
    "SingleTasks:", "{", 'Text: "Paint"', "EndDate: 03-12-1998", "}",
    "Contacts:", "{", 'FirstName: "Ann"', 'LastName: "Ro"', "}", ""])


def msmail_build(d):
    write(d + "/bo/1.MSG", mmff("Gr\u00fc\u00dfe", "one\r\n",
                                ("a.bin", b"VERSION:3.00\r\n\x00\xff")) +
          mmff("two", "two"))
    write(d + "/bo/CAL.SC2", CALENDAR)
    write(d + "/ann.msg", mmff("three", "3\r\n"))


def gw_file(kind, **fields):
    lines = ["WPC-API= 1.2;", f"Msg-Type= {kind};", "From=", "    WPD= N;",
             "    WPPO= P;", "    WPU= Mia;", "    FN= Mia;", "    LN= H; ;",
             "To=", "    WPD= N;", "    WPPO= P;", "    WPU= Ole; ;",
             "Date-Sent= 3/2/1999 10:4:0 +0;"]
    lines += [f"{k.replace('_', '-')}= {v};" for k, v in fields.items()]
    return NL.join(lines + ["-END-", ""])


FILE = "\n    Current-File= {};\n    Original-File= {}; "


def groupwise_build(d):
    write(d + "/API_OUT/1.API", gw_file(
        "MAIL", Subject="Ferry\\; times", Msg_File="1.bdy", Msg_Id="1",
        Attach_File=FILE.format("1.001", "times.xls")))
    write(d + "/ATT_OUT/1.bdy", "See f\u00e6rge\r\n".encode())
    write(d + "/ATT_OUT/1.001", bytes(range(256)))
    write(d + "/API_OUT/2.API", gw_file(
        "MAIL", Subject="gone", Msg_File="2.bdy", Msg_Id="2"))
    write(d + "/API_OUT/3.API", gw_file(
        "APPT", Subject="Board", Begin_Time="3/3/1999 9:00",
        End_Time="3/3/1999 11:00", Place="Room 5", Msg_Id="3"))
    write(d + "/API_OUT/4.API", gw_file(
        "NOTE", Subject="Holiday", Begin_Time="5/3/1999 0:0", Msg_Id="4"))
    write(d + "/API_OUT/5.API", gw_file(
        "TASK", Subject="Paint", Begin_Time="8/3/1999 0:0",
        End_Time="9/3/1999 0:0", Task_Category="A", Task_Priority="2",
        Msg_Id="5"))


def tree(path):
    """{mailbox: {folder: [octets]}} of a Maildir destination."""
    out = {}
    for box in sorted(os.listdir(path)):
        bodies = {}
        snap = mail.read_maildir(os.path.join(path, box), bodies)
        out[box] = {p: sorted(bodies[x.digest] for x in v)
                    for p, v in snap.items() if v}
    return out


def said(octets):
    """What a calendar item says, whoever wrote it: its own lines, sorted."""
    text = octets.decode("utf-8", "replace").replace("=3D", "=")
    lines = re.sub(r"(?s)BEGIN:VTIMEZONE.*?END:VTIMEZONE", "", text).split(NL)
    keep = re.compile(r"^(BEGIN:V(EVENT|TODO)|SUMMARY|DT(START|END)|DUE|RRULE|"
                      r"EXDATE|DESCRIPTION|LOCATION|PRIORITY)\b")
    return sorted(re.sub(r";TZID=[^:]*", "", x).replace("00Z", "00")
                  for x in lines if keep.match(x))


def meaning(found):
    """What the plain profile can carry: calendar items by what they say, mail
    without header fields of the source's own; a contact's vCard is ext1's."""
    own = re.compile(rb"(?m)^X-GroupWise-.*\r\n")
    return {b: {p: sorted(map(said, v)) if p[0] in ("Calendar", "Tasks")
                else sorted(own.sub(b"", x) for x in v)
                for p, v in f.items() if p[0] != "Contacts"}
            for b, f in found.items()}


def octets_of(d):
    out = {}
    for top, _, names in os.walk(d):
        for n in names:
            path = os.path.join(top, n)
            with open(path, "rb") as f:
                out[path] = f.read(), os.stat(path).st_mtime_ns
    return out


def steps(name, source, d, found, zone=""):
    """One step, and two in both profiles; what is at the destination."""
    r = program.mailmig("migrate", "--from", source, "--to",
                        f"maildir:{d}/one", "--state", d + "/s1")
    tap.ok(r.rc in (0, 1), f"{name}: one step", r.err)
    b = program.books(d + "/s1")
    tap.equal((b.found, b.moved, b.failed), (found, found, 0),
              f"{name}: one step: books")
    one = tree(d + "/one")
    for profile in ("ext1", "plain"):
        files = f"files:{d}/set-{profile}"
        option = "?profile=plain" if profile == "plain" else ""
        r = program.mailmig("extract", "--from", source, "--to",
                            files + option, "--state", f"{d}/x-{profile}")
        tap.ok(r.rc in (0, 1), f"{name}: {profile}: extract", r.err)
        r = program.mailmig("import", files + zone, "--to",
                            f"maildir:{d}/two-{profile}", "--state",
                            f"{d}/i-{profile}", env={"TZ": "UTC"})
        codes = re.findall(r"warning: .*", r.err)
        tap.ok(r.rc in (0, 1) and not any(
            c in r.err for c in ("_SYNTAX", "PAB_", "BAD_")),
            f"{name}: {profile}: import finds nothing wrong (Q214822)", codes)
        two = tree(f"{d}/two-{profile}")
        same = (lambda x: x) if profile == "ext1" else meaning
        tap.equal(same(two), same(one),
                  f"{name}: {profile}: one step = two steps")
    return one


def msmail():
    d = server.temp_dir("msmail")
    msmail_build(d + "/in")
    os.symlink(d + "/in", d + "/a link")  # RN50 5.3: any path
    for top, dirs, names in os.walk(d + "/in"):
        for n in names:
            os.chmod(os.path.join(top, n), stat.S_IRUSR)
        os.chmod(top, stat.S_IRUSR | stat.S_IXUSR)
    before = octets_of(d + "/in")
    source = f"msmail:{d}/a link?zone=0&post-office=N/P"
    one = steps("msmail", source, d, 7)
    bo = one["MS:N&AC8-P&AC8-bo"] if "MS:N&AC8-P&AC8-bo" in one else \
        next(v for k, v in one.items() if k.endswith("bo"))
    tap.equal({p: len(v) for p, v in bo.items() if p[0] != "Contacts"},
              {("INBOX",): 2, ("Calendar",): 2, ("Tasks",): 1},
              "msmail: mail, calendar and tasks")
    weekly = b"".join(bo[("Calendar",)])
    tap.ok(b"RRULE:FREQ=3DWEEKLY" in weekly.replace(b"FREQ=W", b"FREQ=3DW") and
           b"EXDATE" in weekly, "msmail: a series and its exception", weekly)
    tap.equal(octets_of(d + "/in"), before,
              "msmail: read-only is enough, the source is as it was (Q158489)")

    # Q190423: what came later, once
    os.chmod(d + "/in/bo", 0o700)
    write(d + "/in/bo/2.MSG", mmff("late", "4"))
    program.mailmig("migrate", "--from", source, "--to", f"maildir:{d}/one",
                    "--state", d + "/s1")
    b = program.books(d + "/s1", 1)
    tap.equal(b.moved, 1, "msmail: a second pass moves what is new (Q190423)")
    tap.equal(sum(len(v) for f in tree(d + "/one").values()
                  for v in f.values()),
              sum(len(v) for f in one.values() for v in f.values()) + 1,
              "msmail: and nothing twice")


def groupwise():
    d = server.temp_dir("groupwise")
    groupwise_build(d + "/in")
    # Q174037: 20 MB, of which most is a hole
    write(d + "/in/API_OUT/6.API", gw_file(
        "MAIL", Subject="large", Msg_Id="6",
        Attach_File=FILE.format("6.001", "big.ole")))
    with open(d + "/in/ATT_OUT/6.001", "wb") as f:
        f.truncate(20 << 20)
    source = f"groupwise:{d}/in"
    r = program.mailmig("migrate", "--from", source, "--to",
                        f"maildir:{d}/mail", "--state", d + "/s0")
    b = program.books(d + "/s0")
    tap.equal((r.rc, b.found, b.moved, b.failed), (2, 6, 3, 3),
              "groupwise: calendars only when asked for; each one is named")
    tap.equal(len(re.findall(r"experimental, and not asked for", r.err)), 3,
              "groupwise: with the reason for each (Q234733)")
    large = max((x for f in tree(d + "/mail").values()
                 for v in f.values() for x in v), key=len)
    tap.ok(len(large) > (20 << 20) * 4 // 3, "groupwise: 20 MB (Q174037)",
           len(large))
    os.remove(d + "/in/API_OUT/6.API")
    one = steps("groupwise", source + "?calendar=yes", d, 5)
    ole = next(iter(one.values()))
    tap.equal({p: len(v) for p, v in ole.items()},
              {("INBOX",): 2, ("Calendar",): 2, ("Tasks",): 1},
              "groupwise: mail, calendar and tasks")
    tap.ok(any(b"the text, 2.bdy, is missing" in x for x in ole[("INBOX",)]),
           "groupwise: a text that is missing is told (Q194920)")

    # real items in a .pst, and calendar parts again on the way out
    r = program.mailmig("migrate", "--from", source + "?calendar=yes", "--to",
                        f"pst:{d}/pst/%m.pst", "--state", d + "/s2")
    tap.ok(r.rc in (0, 1), "groupwise: into a .pst", r.err)
    files = [os.path.join(d, "pst", n) for n in os.listdir(d + "/pst")
             if n.endswith(".pst")]
    tap.equal(len(files), 1, "groupwise: one .pst")
    rc, records = program.records("pst:" + files[0])
    classes = sorted(x.get("class") or "" for x in records
                     if x["kind"] == "message")
    tap.ok(classes.count("IPM.Appointment") == 2 and
           classes.count("IPM.Task") == 1,
           "groupwise: appointments and tasks are items there", classes)


if __name__ == "__main__":
    tap.run(msmail, groupwise)
