"""An independent reader of migration files in the ext1 profile: enough to know
which messages a set holds. Nothing of the program under test."""
import calendar
import csv
import io
import os
import re
import time

import mail

ESCAPES = {"5c": "\\", "25": "%", "0d": "\r", "0a": "\n", "00": "\0"}


def packing_lists(root):
    out = []
    for d, _, names in os.walk(root):
        out += [os.path.join(d, n) for n in names if n.upper().endswith(".PKL")]
    return sorted(out)


def folder_path(text):
    if text == "" or text.lower() == "inbox":
        return ("INBOX",)
    parts = [re.sub("%(5c|25|0d|0a|00)", lambda m: ESCAPES[m[1].lower()], p,
                    flags=re.I) for p in text.split("\\") if p]
    if parts[0].lower() == "inbox":
        parts[0] = "INBOX"
    return tuple(parts)


def section(path, offset):
    """(fields of the header, data) of the section at offset."""
    with open(path, "rb") as f:
        f.seek(offset)
        head = f.readline()
        fields = next(csv.reader([head.decode("utf-8").rstrip("\r\n")]))
        data = f.read(int(fields[1]))
        assert len(data) == int(fields[1]), (path, offset)
        return fields, data


def rows(path):
    """(address, {column: value}) of every row of MAILMESSAGE sections."""
    with open(path, "rb") as f:
        text = f.read().decode("utf-8")
    text = "".join(l for l in text.splitlines(True) if not l.startswith("!"))
    text = text.replace("\\\\\r\n", "")
    address, heading = None, None
    for line in text.split("\r\n"):
        if not line:
            continue
        # a pointer is an unquoted #NAME(OFFSET): keep what was quoted apart
        fields = next(csv.reader(io.StringIO(line)))
        if len(fields) == 2 and fields[0] == "MAILMESSAGE":
            address, heading = fields[1], None
        elif len(fields) == 1 or len(fields) == 2:
            address = None
        elif address is not None and heading is None:
            heading = fields
        elif address is not None:
            assert len(fields) == len(heading), (path, line)
            yield address, dict(zip(heading, fields))


def read(root, mailbox=None, bodies=None):
    """{path: [Mail]} of every set below root."""
    out = {}
    for pkl in packing_lists(root):
        base = os.path.dirname(pkl)
        with open(pkl, encoding="utf-8", newline="") as f:
            lines = f.read().split("\r\n")
        assert lines[0] == "! iff-profile=ext1", pkl
        names = [l.rsplit(",", 1) for l in lines if l.endswith((",Primary",
                                                                ",Secondary"))]
        listed = {n for n, k in names}
        for name, kind in names:
            if kind != "Primary":
                continue
            for address, row in rows(os.path.join(base, name)):
                if mailbox and not address.lower().endswith(mailbox):
                    continue
                path = folder_path(row["Folder"])
                msgs = out.setdefault(path, [])
                if row.get("Kind") == "folder":
                    continue
                m = re.fullmatch(r"#([^(]+)\((\d+)\)", row["Body"])
                assert m and m[1] in listed, row
                head, octets = section(os.path.join(base, m[1]), int(m[2]))
                assert head[0] == "Body" and head[2] == "MIME", head
                flags = row.get("Flags", "").split()
                if row["Unread"].upper() == "FALSE":
                    flags.append("\\Seen")
                if row["Unsent"].upper() == "TRUE":
                    flags.append("\\Draft")
                t = calendar.timegm(time.strptime(row["Received-Date"],
                                                  "%Y%m%d%H%M%S"))
                t -= int(row["Received-Zone"]) * 60
                msgs.append(mail.mail_of(octets, t, flags))
                if bodies is not None:
                    bodies[msgs[-1].digest] = octets
    return {p: sorted(v, key=mail.sort_key) for p, v in out.items()}
