#!/usr/bin/env python3
"""What is written for today's Exchange: every value comes back as it was from
recipients.csv and links.csv, and the script is the same for every directory."""
import csv
import os
import re

import directory
import program
import server
import tap

# Quotation marks of every kind end a string of PowerShell; none of them may
# reach its parser.
NAMES = ["O'Brien \"Pat\" $env:PATH `whoami`", "‘Anna’ ‚Berg‛ “x” „y“",
         "$(Remove-Item x); & calc # <#", "Лидия Ж", "山田 太郎", "علي", "%1%{0}@{",
         "Ünal, Ömer", "=1+1", "-Confirm:$false", "a\\b"]

EXCHANGE = """Add-DistributionGroupMember Enable-Mailbox Get-DistributionGroupMember
Get-Recipient Get-User New-DistributionGroup New-MailContact New-Mailbox"""
SHELL = """ConvertTo-SecureString Export-Csv Format-Table ForEach-Object
Get-Command Group-Object Import-Csv New-Object Out-String Where-Object
Write-Host Write-Warning Remove-Item"""


def q(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'


def rows():
    out = ["Obj-Class,Mode,Common-Name,Display-Name,Mail-nickname,"
           "Proxy-Addresses,Secondary-Proxy-Addresses,Target-Address,"
           "Hide-From-Address-Book,Home-Server,Members,Deliv-Cont-Length"]
    for i, name in enumerate(NAMES):
        out.append(f"mailbox,create,user{i},{q(name)},u{i},"
                   f"SMTP:user{i}@example.org,"
                   f"smtp:old{i}@example.org%MIGRATE:MS:N/P/U{i},,"
                   f"{i % 2},~Server,,{'100' if i == 3 else ''}")
    out.append('remote,create,Out,Outside,out,,"x500:/o=Old/cn=Out",'
               '"CCMAIL:Berg, Anna at PO1",,,,')
    out.append("dl,create,All,All,all,SMTP:all@example.org,,,1,,"
               "user0%Out%Inner,")
    out.append("dl,create,Inner,Inner,inner,SMTP:inner@example.org,,,,,"
               "user1%user2,")
    return "\r\n".join(out) + "\r\n"


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    tap.equal(data[:3], b"\xef\xbb\xbf", "a byte order mark: "
              + os.path.basename(path))
    # as Import-Csv does: fields in quotation marks, doubled inside
    return list(csv.DictReader(data[3:].decode().splitlines(keepends=True),
                               strict=True))


def strip(text):
    """The script without comments and without what its strings hold."""
    text = re.sub(r"<#.*?#>", "", text, flags=re.S)
    text = re.sub(r"'(?:[^']|'')*'", "''", text)
    return re.sub(r"#.*", "", text)


def check_script(text):
    tap.ok(text.isascii(), "the script is ASCII")
    code = strip(text)
    tap.equal(code.count('"'), 2 * len(re.findall(r'"\$\w+ \$\w+"', code)),
              "no string but of two variables is ever expanded")
    for a, b in ("()", "{}", "[]"):
        tap.equal(code.count(a), code.count(b), f"as many {a} as {b}")
    for word in ("Invoke-Expression", "iex", "ScriptBlock", "Remove-"):
        tap.ok(word not in code, f"nothing of {word} in it")
    mine = set(re.findall(r"function ([A-Z]\w+-\w+)", code))
    known = mine | set(EXCHANGE.split()) | set(SHELL.split())
    used = set(re.findall(r"(?<![\w$'-])([A-Z][a-z]+-[A-Z]\w+)", code))
    tap.equal(used - known, set(), "every command is known")
    called = set(re.findall(r"(?<![\w$-])([A-Z]\w+-[A-Z]\w+)", text))
    tap.equal(mine - called, set(), "and every function called")


def main():
    d = server.temp_dir("directory-exchange")
    directory.write(d + "/rows.csv", rows())
    r = program.mailmig("directory", "import", d + "/rows.csv", "--state",
                        d + "/state")
    tap.equal(r.rc, 0, "the rows are imported")
    r = program.mailmig("directory", "export", f"exchange:{d}/out", "--state",
                        d + "/state")
    tap.equal(r.rc, 1, "a value without a place is a warning")
    tap.ok("Deliv-Cont-Length (1)" in r.err, "and named", r.err)
    tap.ok(f"{len(NAMES)} mailboxes, 1 contacts, 2 groups, 5 links" in r.out,
           "what was written is counted", r.out)
    for name in ("recipients.csv", "links.csv", "recipients.ps1"):
        tap.equal(os.stat(f"{d}/out/{name}").st_mode & 0o777, 0o600,
                  name + " is its owner's alone")
    people = {x["Key"]: x for x in read(d + "/out/recipients.csv")}
    by_name = {x["Name"]: x for x in people.values()}
    for i, name in enumerate(NAMES):
        row = by_name[f"user{i}"]
        tap.equal((row["DisplayName"], row["Kind"], row["Hidden"]),
                  (name, "mailbox", "yes" if i % 2 else "no"),
                  f"name {i} is as it was")
        tap.equal(row["PrimarySmtpAddress"], f"user{i}@example.org",
                  "its primary address")
        tap.equal(sorted(row["EmailAddresses"].split("\n")),
                  [f"migrate:MS:N/P/U{i}", f"smtp:old{i}@example.org"],
                  "its other addresses")
    tap.equal(by_name["Out"]["ExternalEmailAddress"],
              "CCMAIL:Berg, Anna at PO1", "a contact's target")
    tap.equal(by_name["Out"]["EmailAddresses"], "X500:/o=Old/cn=Out",
              "the old name is an X500 address")
    tap.equal(by_name["All"]["Hidden"], "yes", "a hidden group")
    links = sorted((people[x["Holder"]]["Name"], x["Relation"],
                    people[x["Target"]]["Name"])
                   for x in read(d + "/out/links.csv"))
    tap.equal(links, [("All", "member", "Inner"), ("All", "member", "Out"),
                      ("All", "member", "user0"), ("Inner", "member", "user1"),
                      ("Inner", "member", "user2")], "members of all kinds")
    with open(d + "/out/recipients.ps1", encoding="utf-8") as f:
        script = f.read()
    check_script(script)

    r = program.mailmig("directory", "export", f"exchange:{d}/out", "--state",
                        d + "/state")
    tap.equal(r.rc, 64, "what is there is not written over")
    program.mailmig("directory", "import", d + "/rows.csv", "--state",
                    d + "/other")
    directory.write(d + "/one.csv", "Obj-Class,Mode,Common-Name,Home-Server\r\n"
                                    "mailbox,create,Eva,~Server\r\n")
    program.mailmig("directory", "import", d + "/one.csv", "--state",
                    d + "/one")
    r = program.mailmig("directory", "export", f"exchange:{d}/one-out",
                        "--state", d + "/one")
    tap.equal(r.rc, 0, "another directory")
    with open(d + "/one-out/recipients.ps1", encoding="utf-8") as f:
        tap.ok(f.read() == script, "the script is the same")


if __name__ == "__main__":
    tap.run(main)
