#!/usr/bin/env python3
"""Recipients in a real Active Directory (Samba): before Exchange's schema is
there and after; TLS, signing, rights; names of every kind; more than a page;
lists that come in ranges, as Windows gives them; cut at every step."""
import base64
import os
import re
import shutil
import socket
import subprocess
import threading

import directory
import directory_ldap
import program
import server
import tap

DOMAIN = "DC=example,DC=test"
BASE = "OU=Migration," + DOMAIN
ADMIN = "administrator@example.test"
PASSWORD = "Passw0rd.Test"
# what the server makes, anew for every object and change
MADE = re.compile(r"^(objectGUID|objectSid|uSN\w+|when\w+|pwdLastSet|"
                  r"dSCorePropagationData)::? .*\n?", re.M)


class Samba(server.Server):
    kind = "samba"

    def __init__(self, directory_, **env):
        if os.getuid() != 0:
            raise tap.Skip("Samba needs root")
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        for tool in ("samba", "samba-tool", "socat", "ldapsearch"):
            if shutil.which(tool, path=path) is None:
                raise tap.Skip(tool + " is not installed")
        super().__init__("start-samba-ad", directory_, 2, env)

    def url(self, query="", port=None, scheme="ldap", base=BASE):
        port = port or self.port + (scheme == "ldaps")
        return f"{scheme}://127.0.0.1:{port}/{base}{query}"

    def tool(self, name, *args, text=None):
        return subprocess.run(
            [name, "-x", "-ZZ", "-H", self.info["url"], "-D", ADMIN, "-w",
             PASSWORD, *args], input=text, capture_output=True, text=True,
            env=dict(os.environ, LDAPTLS_CACERT=self.cafile))

    def dump(self, filter_="(objectClass=*)", *attributes, made=False):
        p = self.tool("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", BASE,
                      filter_, *attributes)
        text = p.stdout if made else MADE.sub("", p.stdout)
        return sorted("\n".join(sorted(x.splitlines()))
                      for x in text.split("\n\n") if x.strip())

    def change(self, text):
        p = self.tool("ldapmodify", text=text)
        tap.equal((p.returncode, p.stderr), (0, ""), "by hand")


class Place(directory_ldap.Place):
    def __init__(self):
        self.d = server.temp_dir("directory-ad")
        self.slapd = Samba(self.d + "/ad", SAMBA_EXCHANGE="no",
                           SAMBA_STRONG="yes")
        self.password = program.secret(self.d + "/password", PASSWORD)
        directory.make_set(self.d + "/set")
        self.n = 0

    def args(self, *args, state=None, url=None):
        url = url or self.slapd.url("?tls=starttls&ca=" + self.slapd.cafile)
        return ("directory", *args, "--directory", url, "--directory-user",
                ADMIN, "--directory-password-file", self.password, "--state",
                state or self.state())

    def extend(self):
        """Exchange's schema, and connections without TLS."""
        if self.slapd.env["SAMBA_EXCHANGE"] != "yes":
            self.slapd.stop()
            self.slapd.env.update(SAMBA_EXCHANGE="yes", SAMBA_STRONG="no")
            self.slapd.start()


def base64_utf16(text):
    return base64.b64encode(text.encode("utf-16-le")).decode()


_place = None


def place():
    global _place
    _place = _place or Place()
    return _place


ROWS = """Obj-Class,Mode,Common-Name,Target-Address,Alias Name,\
E-mail Addresses,Secondary-Proxy-Addresses,Members
remote,create,AnnaB,"CCMAIL:Berg, Anna at PO1",annab,,,
mailbox,create,Eva,,eva,SMTP:eva@example.test,x400:c=no;s=Eva,
dl,create,All,,all,SMTP:all@example.test,,AnnaB%Eva
"""
MAIL_USER = f"""dn: CN=Mail User,OU=People,{BASE}
changetype: add
objectClass: user
sAMAccountName: mailuser
mail: mu@old.example
"""


def without_exchange():
    """A schema without aliases and target addresses: nothing is lost."""
    p = place()
    before = p.slapd.dump()
    for query, scheme, want in (
            ("?tls=no", "ldap", "TLS only"),
            ("?ca=" + p.slapd.cafile, "ldaps", None),
            ("", "ldaps", "certificate")):
        r = p.run("export", f"ldif:{p.d}/{p.n}.ldif",
                  url=p.slapd.url(query, scheme=scheme))
        if want:
            tap.ok(r.rc not in (0, -6, -11) and want in r.err and
                   len(r.err.splitlines()) == 1, f"{scheme}{query[:7]} is "
                   "refused with one clear line", r)
        else:
            tap.equal((r.rc, r.err), (0, ""), scheme)
    rows = p.write("rows.csv", ROWS)
    r = p.run("import", rows)
    undo = directory_ldap.undo_file(r)
    tap.ok(r.rc == 1 and "3 created" in r.out and
           r.err.count("no attribute for Mail-nickname") == 1 and
           len(r.err.splitlines()) == 1,
           "what the schema lacks is told once", r)
    made = p.slapd.dump()
    text = "\n".join(made)
    tap.ok("proxyAddresses: CCMAIL:Berg, Anna at PO1" in text,
           "the target address of a contact is kept", text)
    tap.ok("sAMAccountName: eva\n" in text and "sAMAccountName: all\n" in text,
           "accounts have a name of people, not of machines", text)
    tap.equal(re.findall("userAccountControl: (\\d+)",
                         "".join(p.slapd.dump("(cn=Eva)"))), ["514"],
              "an account without a password is disabled")
    r = p.run("import", rows)
    tap.ok(r.rc == 0 and "0 created, 0 converted, 0 changed" in r.out,
           "Q170540: a second run writes nothing", r)
    tap.equal(p.slapd.dump(), made, "and all is as it was")
    r = p.run("match", "files:" + p.d + "/set")
    tap.ok(re.search(r"Berg, Anna at PO1 +convert +CN=AnnaB", r.out) and
           re.search(r"EVA +mailbox +CN=Eva.*account EVA", r.out),
           "matched by address, and by account", r.out)
    r = p.run("convert", "files:" + p.d + "/set")
    tap.ok("1 converted" in r.out, "converted", r)
    anna = "".join(p.slapd.dump("(cn=AnnaB)"))
    tap.ok("objectClass: user" in anna and "sAMAccountName: AnnaB" in anna and
           "memberOf: CN=All" in anna and ":CCMAIL:Berg, Anna at PO1" in anna,
           "a user with its address and membership", anna)
    p.run("import", directory_ldap.undo_file(r))
    tap.equal(p.slapd.dump(), made, "the undo file takes it back")
    r = p.run("export", f"csv:{p.d}/domain.csv", url=p.slapd.url(
        "?tls=starttls&ca=" + p.slapd.cafile, base=DOMAIN))
    with open(p.d + "/domain.csv", encoding="utf-8") as f:
        text = f.read()
    tap.ok("without mail are left out" in r.out and "krbtgt" not in text and
           "Domain Admins" not in text and "eva@example.test" in text and
           '"CCMAIL:Berg, Anna at PO1"' in text,
           "log-ins of the domain are no mailboxes", (r, text))
    p.run("import", undo)
    tap.equal(p.slapd.dump(), before, "the undo file of the import too")


def there_and_back():
    p = place()
    p.extend()
    before = p.slapd.dump()
    rows = p.write("rows.csv", ROWS)
    r = p.run("import", rows)
    first = directory_ldap.undo_file(r)
    tap.equal((r.rc, r.err), (0, ""), "with Exchange's schema: import")
    p.slapd.change(f"""dn: CN=Hidden,OU=Groups,{BASE}
changetype: add
objectClass: group
groupType: 8
msExchHideFromAddressLists: TRUE
member: CN=AnnaB,OU=Contacts,{BASE}
managedBy: CN=AnnaB,OU=Contacts,{BASE}

dn: CN=AnnaB,OU=Contacts,{BASE}
changetype: modify
add: legacyExchangeDN
legacyExchangeDN: /o=Old/ou=Site/cn=Recipients/cn=AnnaB
""")
    imported = p.slapd.dump()
    r = p.run("convert", "files:" + p.d + "/set")
    tap.ok("1 converted" in r.out, "converted", r)
    second = directory_ldap.undo_file(r)
    text = "\n".join(p.slapd.dump())
    anna = "".join(p.slapd.dump("(cn=AnnaB)"))
    tap.ok("x500:/o=Old/ou=Site/cn=Recipients/cn=AnnaB" in anna and
           "ccmail:Berg, Anna at PO1" in anna and "targetAddress" not in anna
           and "mailNickname: annab" in anna, "its old addresses reach it",
           anna)
    tap.equal((text.count("\nmember: CN=AnnaB,OU=People"),
               text.count("\nmanagedBy: CN=AnnaB,OU=People"),
               text.count("CN=AnnaB,OU=Contacts")), (2, 1, 0),
              "Q194218: in both lists, the hidden one too, and owner")
    r = p.run("convert", "files:" + p.d + "/set")
    tap.ok("0 created, 0 converted, 0 changed" in r.out, "convert again", r)
    p.run("import", second)
    tap.equal(p.slapd.dump(), imported, "the undo file takes it back")
    p.slapd.tool("ldapdelete", "CN=Hidden,OU=Groups," + BASE)
    p.run("import", first)
    tap.equal(p.slapd.dump(), before, "that of the import too")


def an_account_stays():
    """A user with a forwarding address becomes a mailbox, and keeps its SID."""
    p = place()
    p.extend()
    p.slapd.change(MAIL_USER + "targetAddress: CCMAIL:Berg, Anna at PO1\n")
    sid = re.compile("^object(?:Sid|GUID):: .*", re.M)
    find = "(cn=Mail User)"
    was = sid.findall("".join(p.slapd.dump(find, made=True)))
    r = p.run("convert", "files:" + p.d + "/set")
    tap.ok("1 converted" in r.out and "0 changed" in r.out, "converted", r)
    text = "".join(p.slapd.dump(find, made=True))
    tap.equal((len(was), sid.findall(text)), (2, was), "the same object")
    tap.ok("targetAddress" not in text and
           "proxyAddresses: ccmail:Berg, Anna at PO1" in text and
           "sAMAccountName: mailuser" in text, "a mailbox", text)
    p.run("import", directory_ldap.undo_file(r))
    tap.ok("targetAddress: CCMAIL:Berg" in "".join(p.slapd.dump(find)),
           "and back")
    p.slapd.tool("ldapdelete", "CN=Mail User,OU=People," + BASE)


NAMES = ["Berg, Anna", 'Quote "Q" Me', "a+b=c", "back\\\\slash", "<angle>;#1",
         "#hash", "Łódź Žižek", "Ελένη", "Анна Берг", "山田 太郎", "김민수",
         "محمد", "שרה", "สมชาย"]


def names_and_rights():
    p = place()
    p.extend()
    before = p.slapd.dump()
    quoted = ['"' + n.replace('"', '""') + '"' for n in NAMES]
    rows = p.write(
        "names.csv", "Obj-Class,Mode,Common-Name,Target-Address,"
        "Obj-Container,Assoc-NT-Account,Members\n" +
        "".join(f"remote,create,{q},SMTP:n{i}@example.net,,,\n"
                for i, q in enumerate(quoted)) +
        f"mailbox,create,Lost,,\"OU=Nowhere,{BASE}\",,\n"
        "mailbox,create,Taken,,,Administrator,\n"
        f"dl,create,Names,,,,{'%'.join(quoted)}\n")
    state = p.state()
    r = p.run("import", rows, state=state)
    tap.ok(r.rc == 2 and f"{len(NAMES) + 1} created" in r.out and
           f"{len(NAMES)} memberships" in r.out and "2 failed" in r.out,
           "names of every kind", r)
    tap.ok("OU=Nowhere" in r.err and
           re.search("Taken: .*(Administrator|account|exists)", r.err),
           "Q240135: a missing container, an account of somebody else: a "
           "line each", r)
    with open(state + "/directory-rejected.csv", encoding="utf-8") as f:
        tap.equal([x.split(",")[2] for x in f.read().splitlines()[1:]],
                  ["Lost", "Taken"], "and the rows, to be repeated")
    r = p.run("import", rows)
    tap.ok("0 created, 0 converted, 0 changed, 0 removed, 0 memberships" in
           r.out, "found again", r)
    p.run("import", f"{state}/directory-undo-1.ldif")
    tap.equal(p.slapd.dump(), before, "and back")
    # somebody who may read, and no more
    p.slapd.change(f"""dn: CN=Reader,OU=People,{BASE}
changetype: add
objectClass: user
sAMAccountName: reader
userPrincipalName: reader@example.test
unicodePwd:: {base64_utf16('"' + PASSWORD + '"')}
userAccountControl: 512
""")
    r = program.mailmig(
        "directory", "import", p.write("rows.csv", ROWS), "--directory",
        p.slapd.url(), "--directory-user", "reader@example.test",
        "--directory-password-file", p.password, "--state", p.state())
    tap.equal((r.rc, r.err.count("adding refused")), (2, 3),
              "no rights: a line for each")
    p.slapd.tool("ldapdelete", "CN=Reader,OU=People," + BASE)
    tap.equal(p.slapd.dump(), before, "and nothing is written")


def ber(data, at):
    """Tag, begin and end of what is inside."""
    n, at, tag = data[at + 1], at + 2, data[at]
    if n & 0x80:
        size = n & 0x7f
        n, at = int.from_bytes(data[at:at + size], "big"), at + size
    return tag, at, at + n


def parts(data):
    at = 0
    while at < len(data):
        tag, begin, end = ber(data, at)
        yield tag, data[begin:end]
        at = end


def pack(tag, *inside):
    body = b"".join(inside)
    size = len(body).to_bytes(4, "big")
    return bytes([tag, 0x84]) + size + body


class Ranges:
    """Windows gives a long attribute in pieces ([MS-ADTS] 3.1.1.3.1.3.3), and
    Samba only where it is asked to: this is between client and server, and
    cuts what is longer than most, as Windows does."""

    def __init__(self, port, most):
        self.to, self.most, self.asked = port, most, set()
        self.s = socket.create_server(("127.0.0.1", 0))
        self.port = self.s.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                a, _ = self.s.accept()
            except OSError:
                return
            b = socket.create_connection(("127.0.0.1", self.to))
            for x, y, see in ((a, b, self._up), (b, a, self._down)):
                threading.Thread(target=self._pass, args=(x, y, see),
                                 daemon=True).start()

    def _pass(self, x, y, see):
        data = b""
        try:
            while more := x.recv(65536):
                data += more
                while len(data) > 6 and ber(data, 0)[2] <= len(data):
                    end = ber(data, 0)[2]
                    y.sendall(see(data[:end]))
                    data = data[end:]
        except OSError:
            pass
        for s in (x, y):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _up(self, message):
        self.asked |= set(re.findall(rb"member;range=(\d+)-", message))
        return message

    def _down(self, message):
        _, begin, end = ber(message, 0)
        inside = list(parts(message[begin:end]))
        if inside[1][0] != 0x64:  # SearchResultEntry
            return message
        dn, attributes = list(parts(inside[1][1]))
        out = []
        for _, a in parts(attributes[1]):
            (_, name), (_, values) = list(parts(a))
            values = list(parts(values))
            plain, _, option = name.decode().partition(";range=")
            first = int(option.split("-")[0]) if option else 0
            if plain == "member" and len(values) > self.most:
                name = (f"member;range={first}-{first + self.most - 1}"
                        .encode())
                values = values[:self.most]
                if not option:
                    out.append(pack(0x30, pack(4, b"member"), pack(0x31)))
            out.append(pack(0x30, pack(4, name),
                            pack(0x31, *(pack(4, v) for _, v in values))))
        entry = pack(0x64, pack(4, dn[1]), pack(0x30, *out))
        return pack(0x30, pack(*inside[0]), entry,
                    *(pack(*x) for x in inside[2:]))

    def close(self):
        self.s.close()


def long_lists():
    """More recipients than a search gives (1000), in one list."""
    p = place()
    p.extend()
    n = 1100
    rows = p.write(
        "many.csv", "Obj-Class,Mode,Common-Name,Target-Address,Members\n" +
        "".join(f"remote,create,Many{i},SMTP:m{i}@example.net,\n"
                for i in range(n)) +
        "dl,create,Long,,Eve%" + "%".join(f"Many{i}" for i in range(n)) + "\n")
    state = p.state()
    r = p.run("import", rows, state=state)
    tap.ok(r.rc == 1 and f"{n + 1} created" in r.out and
           f"{n} memberships" in r.out and "Eve" in r.err,
           f"a list of {n}, one of them unknown", r)
    tap.equal("".join(p.slapd.dump("(cn=Long)", "member")).count("member:"),
              n, "all are in it")
    proxy = Ranges(p.slapd.port, 300)
    url = p.slapd.url(port=proxy.port)
    r = p.run("import", rows, url=url)
    tap.ok("0 created, 0 converted, 0 changed, 0 removed, 0 memberships" in
           r.out, "found again", r)
    tap.equal(proxy.asked, {b"300", b"600", b"900"}, "piece by piece")
    r = p.run("export", f"csv:{p.d}/many-out.csv", url=url)
    with open(p.d + "/many-out.csv", encoding="utf-8") as f:
        long_ = [x for x in f.read().splitlines() if x.startswith("dl") and
                 ",Long," in x]
    tap.equal(long_[0].count("cn=Many"), n, "exported with every member")
    # the list alone goes, and comes back with every member
    r = p.run("import", p.write("gone.csv", "Obj-Class,Mode,Common-Name\n"
                                "dl,delete,Long\n"))
    tap.ok(r.rc == 0 and "1 removed" in r.out, "the list removed", r)
    back = directory_ldap.undo_file(r)
    for want in ("1 created", "0 created"):
        r = p.run("import", back, url=url)
        tap.ok(r.rc == 0 and want in r.out, "taken back: " + want, r)
        tap.equal("".join(p.slapd.dump("(cn=Long)", "member"))
                  .count("member:"), n, "all are members")
    proxy.close()


def cut_at_every_step():
    p = place()
    p.extend()
    rows = p.write("rows.csv", ROWS)
    before = p.slapd.dump()

    def cut(n):
        state = p.state()
        p.run("import", rows, state=state)
        rc = p.run("convert", "files:" + p.d + "/set", state=state,
                   env={"MAILMIG_CUT": str(n)}).rc
        p.run("convert", "files:" + p.d + "/set", state=state)
        got = p.slapd.dump()
        p.slapd.tool("ldapdelete", *(x + "," + BASE for x in (
            "CN=All,OU=Groups", "CN=Eva,OU=People", "CN=AnnaB,OU=People")))
        return rc, got

    _, want = cut(10000)
    tap.equal("\n".join(want).count("\nmember: CN=AnnaB,OU=People"), 1,
              "converted")
    n, rc = 1, -9
    while rc not in (0, 1, 2):
        rc, got = cut(n)
        tap.equal(got, want, f"cut at step {n}: the same directory")
        n += 1
    tap.ok(n > 5, "several steps were cut", n)
    tap.equal(p.slapd.dump(), before, "nothing else is left")


if __name__ == "__main__":
    tap.run(without_exchange, there_and_back, an_account_stays,
            names_and_rights, cut_at_every_step, long_lists)
