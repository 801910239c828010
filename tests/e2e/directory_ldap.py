#!/usr/bin/env python3
"""Recipients in a real LDAP server: imported, matched, converted, taken back;
cut at every step; TLS, certificates, lost servers, rights; pages; two at once."""
import os
import re
import shutil
import socket
import subprocess
import threading

import directory
import program
import server
import tap

BASE = "dc=example,dc=test"
ADMIN = "cn=admin," + BASE
PAGED = b"1.2.840.113556.1.4.319"  # RFC 2696
PEOPLE = ["cn=All,ou=Groups", "cn=Eva,ou=People", "cn=AnnaB,ou=People",
          "cn=AnnaB,ou=Contacts"]


class Slapd(server.Server):
    kind = "slapd"

    def __init__(self, directory_, **env):
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        for tool in ("slapd", "ldapsearch"):
            if shutil.which(tool, path=path) is None:
                raise tap.Skip("slapd or ldap-utils is not installed")
        super().__init__("start-slapd", directory_, 2, env)

    def url(self, query="", port=None, scheme="ldap"):
        port = port or self.port + (scheme == "ldaps")
        return f"{scheme}://127.0.0.1:{port}/{BASE}{query}"

    def tool(self, name, *args, text=None):
        return subprocess.run(
            [name, "-x", "-H", self.info["url"], "-D", ADMIN, "-w", "secret",
             *args], input=text, capture_output=True, text=True)

    def configure(self, text):
        p = subprocess.run(
            ["ldapmodify", "-Q", "-Y", "EXTERNAL", "-H",
             self.info["ldapi_url"]], capture_output=True, text=True,
            input="dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\n" +
            text)
        tap.equal((p.returncode, p.stderr), (0, ""), "slapd configured")

    def dump(self, filter_="(objectClass=*)", *attributes):
        """Sorted entries, each with its values sorted."""
        p = self.tool("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", BASE,
                      filter_, *attributes)
        return sorted("\n".join(sorted(x.splitlines()))
                      for x in p.stdout.split("\n\n") if x.strip())

    def forget(self):
        self.tool("ldapdelete", "-c", *(n + "," + BASE for n in PEOPLE))


class Proxy:
    """Between client and server: reads along, and asks before it passes on
    what the client sends; on False it ends the connection."""

    def __init__(self, port, ask):
        self.to, self.ask = port, ask
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
            for x, y, up in ((a, b, True), (b, a, False)):
                threading.Thread(target=self._pass, args=(x, y, up),
                                 daemon=True).start()

    def _pass(self, x, y, up):
        try:
            while data := x.recv(65536):
                if up and not self.ask(data):
                    break
                y.sendall(data)
        except OSError:
            pass
        for s in (x, y):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.s.close()


class Place:
    """One server for all tests; a state directory for each run."""

    def __init__(self):
        self.d = server.temp_dir("directory-ldap")
        self.slapd = Slapd(self.d + "/slapd")
        self.password = program.secret(self.d + "/password")
        directory.write(self.d + "/rows.csv", directory.ROWS)
        directory.make_set(self.d + "/set")
        self.n = 0

    def state(self):
        self.n += 1
        return f"{self.d}/state{self.n}"

    def args(self, *args, state=None, url=None):
        return ("directory", *args, "--directory", url or self.slapd.url(),
                "--directory-user", ADMIN, "--directory-password-file",
                self.password, "--state", state or self.state())

    def run(self, *args, state=None, url=None, **kw):
        return program.mailmig(*self.args(*args, state=state, url=url), **kw)

    def write(self, name, text):
        directory.write(f"{self.d}/{name}", text)
        return f"{self.d}/{name}"


_place = None


def place():
    global _place
    _place = _place or Place()
    return _place


def undo_file(r):
    return re.search(r"directory import (\S+)", r.out).group(1)


def there_and_back():
    p = place()
    before = p.slapd.dump()
    r = p.run("import", p.d + "/rows.csv")
    first = undo_file(r)
    tap.equal((r.rc, r.err), (0, ""), "import")
    # who is hidden is a member all the same
    hidden = p.write("hidden.ldif", f"""dn: cn=Hidden,ou=Groups,{BASE}
objectClass: group
objectClass: mailRecipient
cn: Hidden
msExchHideFromAddressLists: TRUE
member: cn=AnnaB,ou=Contacts,{BASE}
managedBy: cn=AnnaB,ou=Contacts,{BASE}

dn: cn=AnnaB,ou=Contacts,{BASE}
changetype: modify
add: legacyExchangeDN
legacyExchangeDN: /o=Old/ou=Site/cn=Recipients/cn=AnnaB
""".replace("objectClass: group", "changetype: add\nobjectClass: group"))
    x = p.slapd.tool("ldapmodify", "-f", hidden)
    tap.equal(x.returncode, 0, "a hidden list by hand")
    imported = p.slapd.dump()
    r = p.run("import", p.d + "/rows.csv")
    tap.equal((r.rc, r.err), (0, ""), "Q170540: import again")
    tap.ok("0 created, 0 converted, 0 changed, 0 removed, 0 memberships"
           in r.out and "Taken back" not in r.out, "writes nothing", r.out)
    tap.equal(p.slapd.dump(), imported, "and the directory is as it was")

    r = p.run("match", "files:" + p.d + "/set", p.d + "/map.csv")
    tap.equal(r.rc, 2, "match: one of three is not known")
    tap.ok(re.search(r"Berg, Anna at PO1 +convert +cn=AnnaB,ou=Contacts",
                     r.out) and re.search(r"EVA +mailbox +cn=Eva", r.out) and
           re.search(r"NOBODY +nobody", r.out), "the table of match", r.out)
    with open(p.d + "/map.csv", encoding="utf-8") as f:
        tap.equal(len(f.read().splitlines()), 4, "the mapping file")
    tap.equal(p.slapd.dump(), imported, "match writes nothing")

    r = p.run("convert", "files:" + p.d + "/set")
    text = "\n".join(p.slapd.dump())
    anna = "".join(p.slapd.dump("(cn=AnnaB)"))
    tap.equal(r.rc, 2, "convert: one has no recipient")
    tap.ok("dn: cn=AnnaB,ou=People" in text and
           "dn: cn=AnnaB,ou=Contacts" not in text, "a mailbox now", text)
    tap.ok("proxyAddresses: x500:/o=Old/ou=Site/cn=Recipients/cn=AnnaB" in
           anna and "proxyAddresses: ccmail:Berg, Anna at PO1" in anna and
           "targetAddress" not in anna, "its old addresses reach it", anna)
    tap.equal((text.count("\nmember: cn=AnnaB,ou=People"),
               text.count("\nmanagedBy: cn=AnnaB,ou=People"),
               text.count("cn=AnnaB,ou=Contacts")), (2, 1, 0),
              "Q194218: in both lists, and owner")
    second = undo_file(r)
    r = p.run("convert", "files:" + p.d + "/set")
    tap.ok("0 created, 0 converted, 0 changed" in r.out, "convert again",
           r.out)
    p.run("import", second)
    tap.equal(p.slapd.dump(), imported, "the undo file takes it back")
    p.slapd.tool("ldapdelete", "cn=Hidden,ou=Groups," + BASE)
    p.run("import", first)
    tap.equal(p.slapd.dump(), before, "that of the import too")


def cut_at_every_step():
    p = place()

    def cut(n):
        state = p.state()
        p.slapd.forget()
        p.run("import", p.d + "/rows.csv", state=state)
        rc = p.run("convert", "files:" + p.d + "/set", state=state,
                   env={"MAILMIG_CUT": str(n)}).rc
        p.run("convert", "files:" + p.d + "/set", state=state)
        return rc, p.slapd.dump()

    _, want = cut(10000)
    tap.equal("\n".join(want).count("\nmember: cn=AnnaB,ou=People"), 1,
              "converted")
    n, rc = 1, -9
    while rc not in (0, 1, 2):
        rc, got = cut(n)
        tap.equal(got, want, f"cut at step {n}: the same directory")
        n += 1
    tap.ok(n > 5, "several steps were cut", n)
    p.slapd.forget()


def how_it_connects():
    p = place()
    s, ca = p.slapd, p.slapd.cafile
    nobody = server.free_ports(1)
    for name, url, want in (
            ("StartTLS", s.url("?tls=starttls&ca=" + ca), None),
            ("ldaps", s.url("?ca=" + ca, scheme="ldaps"), None),
            ("StartTLS, certificate not trusted", s.url("?tls=starttls"),
             "certificate"),
            ("ldaps, certificate not trusted", s.url(scheme="ldaps"),
             "certificate"),
            ("nobody listens", s.url(port=nobody), "does a server listen"),
            ("nobody listens, ldaps", s.url(port=nobody, scheme="ldaps"),
             "does a server listen"),
            ("a base that is not there", s.url().replace(BASE, "dc=none"),
             "nothing of the name dc=none; it has " + BASE),
            ("a container that is not there", s.url("?lists=ou=Nowhere"),
             "no container ou=Nowhere below " + BASE)):
        r = p.run("export", f"ldif:{p.d}/{p.n}.ldif", url=url)
        if want:
            name = "Q216292: " + name
            tap.ok(r.rc not in (0, -6, -11) and want in r.err, name, r)
            tap.ok(("certificate" in r.err) == (want == "certificate") and
                   len(r.err.splitlines()) == 1, name + ": one clear line",
                   r.err)
        else:
            tap.equal((r.rc, r.err), (0, ""), name)
    program.secret(p.d + "/wrong", "wrong")
    r = program.mailmig(
        "directory", "export", "ldif:" + p.d + "/w.ldif", "--directory",
        s.url(), "--directory-user", ADMIN, "--directory-password-file",
        p.d + "/wrong", "--state", p.state())
    tap.ok("name or password" in r.err, "Q216292: a wrong password", r.err)
    r = program.mailmig(
        "directory", "export", "ldif:" + p.d + "/w.ldif", "--directory",
        s.url(), "--directory-user", "anna", "--directory-password-file",
        p.password, "--state", p.state())
    tap.ok("no distinguished name" in r.err, "Q216292: a name that is none",
           r.err)
    for form in ("ou=Contacts," + BASE, "ou=Contacts", "Contacts"):
        r = p.run("export", f"ldif:{p.d}/{p.n}.ldif",
                  url=s.url("?contacts=" + form))
        tap.equal((r.rc, r.err), (0, ""), "Q274393: container as " + form)


def what_is_refused():
    p = place()
    before = p.slapd.dump()
    r = program.mailmig("directory", "import", p.d + "/rows.csv",
                        "--directory", p.slapd.url(), "--state", p.state())
    tap.equal((r.rc, r.err.count("adding refused")), (2, 3),
              "no rights: a line for each")
    tap.equal(p.slapd.dump(), before, "and nothing is written")
    rows = p.write("lost.csv", "Obj-Class,Mode,Common-Name,Obj-Container\n"
                   "mailbox,create,Lost,\"ou=Nowhere," + BASE + "\"\n"
                   "mailbox,create,Eva,\n")
    state = p.state()
    r = p.run("import", rows, state=state)
    tap.ok(r.rc == 2 and "ou=Nowhere" in r.err and "Lost" in r.err and
           "1 created" in r.out, "a missing container: the rest goes on", r)
    with open(state + "/directory-rejected.csv", encoding="utf-8") as f:
        text = f.read()
    tap.ok("Lost" in text and "Eva" not in text, "the row that failed", text)
    p.slapd.forget()


def foreign_objects():
    """Those that this account may read only, or not even that."""
    p = place()
    p.run("import", p.d + "/rows.csv")
    before = p.slapd.dump()
    r = program.mailmig("directory", "convert", "files:" + p.d + "/set",
                        "--directory", p.slapd.url(), "--state", p.state())
    tap.ok(r.rc == 2 and re.search("cn=AnnaB,ou=Contacts.*deleting refused",
                                   r.err),
           "Q162833: one that may not be replaced is named", r)
    tap.equal(p.slapd.dump(), before, "and is as it was")
    eva = f'to dn.exact="cn=Eva,ou=People,{BASE}"'
    p.slapd.configure("add: olcAccess\n"
                      f"olcAccess: {{0}}{eva} attrs=entry by * read\n"
                      f"olcAccess: {{1}}{eva} attrs=objectClass by * search\n"
                      f"olcAccess: {{2}}{eva} by * none\n")
    r = program.mailmig("directory", "match", "files:" + p.d + "/set",
                        "--directory", p.slapd.url(), "--state", p.state())
    tap.ok("cn=Eva,ou=People," + BASE in r.err and
           re.search("PO1 +convert", r.out),
           "Q221422: one that cannot be read is named; the others go on", r)
    p.slapd.configure("-\n".join(
        ["delete: olcAccess\nolcAccess: {0}\n"] * 3))
    p.slapd.forget()


def ten_thousand():
    """A list of 10,000 in, out, back, and its members converted."""
    p = place()
    n = 10000
    rows = p.write(
        "long.csv", "Obj-Class,Mode,Common-Name,Target-Address,Members\n" +
        "".join(f"remote,create,L{i},SMTP:l{i}@example.net,\n"
                for i in range(n)) +
        "dl,create,Long,,Nobody%" + "%".join(f"L{i}" for i in range(n)) + "\n")

    def members():
        return "".join(p.slapd.dump("(cn=Long)", "member")).count("member:")

    state = p.state()
    r = p.run("import", rows, state=state)
    tap.ok(r.rc == 1 and f"{n} memberships" in r.out and "Nobody" in r.err,
           "imported; one of them is nobody", r)
    tap.equal(members(), n, "all are in it")
    r = p.run("import", rows)
    tap.ok("0 created, 0 converted, 0 changed, 0 removed, 0 memberships" in
           r.out, "Q170540: a second run writes nothing", r)
    r = p.run("import", p.write("turn.csv", "Obj-Class,Mode,Common-Name,"
                                "E-mail Addresses\n"
                                "mailbox,create,LX,SMTP:l77@example.net\n"))
    tap.ok("1 converted" in r.out, "one of them becomes a mailbox", r)
    text = "".join(p.slapd.dump("(cn=Long)", "member"))
    tap.ok(members() == n and "cn=L77,ou=People" in text,
           "and is a member still", text[-300:])
    r = p.run("export", f"csv:{p.d}/long-out.csv")
    with open(p.d + "/long-out.csv", encoding="utf-8") as f:
        long_ = [x for x in f.read().splitlines() if x.startswith("dl")]
    tap.ok(any(x.count("cn=L") == n for x in long_), "exported whole")
    r = p.run("import", p.write("gone.csv", "Obj-Class,Mode,Common-Name\n"
                                "dl,delete,Long\n"))
    back = undo_file(r)
    r = p.run("import", back)
    tap.ok("1 created" in r.out and members() == n, "removed, and back", r)


def server_is_lost():
    p = place()
    rows = p.write("gone.csv", "Obj-Class,Mode,Common-Name\n" + "".join(
        f"mailbox,create,Gone{i}\n" for i in range(40)))
    sent = [0]

    def ask(data):
        sent[0] += b"cn=Gone" in data
        return sent[0] < 20

    proxy, state = Proxy(p.slapd.port, ask), p.state()
    r = p.run("import", rows, state=state, url=p.slapd.url(port=proxy.port))
    tap.ok(r.rc not in (0, -6, -11) and "the server is gone" in r.err and
           len(r.err.splitlines()) == 1, "one clear line", r)
    tap.equal(len(p.slapd.dump("(cn=Gone*)")), 19, "it was in the middle")
    r = p.run("import", rows, state=state)
    tap.ok(r.rc == 0 and "21 created" in r.out, "the rest in a further run",
           r)
    proxy.close()


def more_than_a_page():
    p = place()
    rows = p.write("many.csv", "Obj-Class,Mode,Common-Name,E-mail-Addresses\n"
                   + "".join(f"mailbox,create,Many{i},SMTP:m{i}@example.test\n"
                             for i in range(1500)))
    r = p.run("import", rows)
    tap.ok(r.rc == 0 and "1500 created" in r.out, "1500 made", r)
    pages = [0]

    def ask(data):
        pages[0] += PAGED in data and b"person" in data
        return True

    proxy = Proxy(p.slapd.port, ask)
    r = p.run("import", rows, url=p.slapd.url(port=proxy.port))
    tap.ok(r.rc == 0 and "0 created" in r.out and "1500 as they were" in r.out,
           "all are found again", r)
    tap.ok(pages[0] >= 4, "in pages", pages[0])
    r = p.run("export", f"ldif:{p.d}/many.ldif")
    with open(p.d + "/many.ldif", encoding="utf-8") as f:
        tap.equal(f.read().count("dn: cn=Many"), 1500, "and exported")
    proxy.close()


def two_at_once():
    """Both have read the list before either of them writes to it."""
    p = place()
    p.run("import", p.write("both.csv", "Obj-Class,Mode,Common-Name\n"
                            "dl,create,Both\n"))
    gate, local, met = threading.Barrier(2, timeout=60), threading.local(), []

    def ask(data):
        if b"cn=Both" in data and not getattr(local, "met", False):
            local.met = True
            gate.wait()
            met.append(1)
        return True

    proxy, running = Proxy(p.slapd.port, ask), []
    for who in "AB":
        rows = p.write(who + ".csv", "Obj-Class,Mode,Common-Name,Members\n" +
                       "".join(f"mailbox,create,{who}{i},\n"
                               for i in range(30)) + "dl,update,Both," +
                       "%".join(f"{who}{i}" for i in range(30)) + "\n")
        running.append(program.Running(*p.args(
            "import", rows, url=p.slapd.url(port=proxy.port))))
    for r in [x.wait() for x in running]:
        tap.equal((r.rc, r.err), (0, ""), "one of two imports")
    tap.equal(len(met), 2, "they ran at once")
    text = "".join(p.slapd.dump("(cn=Both)"))
    tap.equal(text.count("member: cn="), 60, "Q195911: no member is lost")
    proxy.close()


if __name__ == "__main__":
    tap.run(there_and_back, cut_at_every_step, how_it_connects,
            what_is_refused, foreign_objects, server_is_lost,
            more_than_a_page, two_at_once, ten_thousand)
