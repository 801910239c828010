#!/usr/bin/env python3
"""Interleaved side-by-side benchmark of mailbox copy tools against two accounts
of one private Dovecot on loopback.  See README.md.

  bench.py --corpus DIR --work DIR --bin DIR --tools mbsync,mailmig,... [--reps 3]
           [--rtt MS] [--hide "MULTIAPPEND"]

For every repetition the tools run in rotated order.  Per tool: destination and
tool state are wiped, Dovecot is started, the tool copies (cold), Dovecot is
stopped (its CPU = wait4 of the master), source and destination are compared on
disk, Dovecot is started again and the same command runs once more (no-op).
One JSON line per run goes to WORK/results.jsonl; a Markdown table is printed.
A tool is a script tools/NAME.sh; see README.md for its environment.
"""
import argparse, collections, hashlib, json, os, pwd, re, resource, shutil, signal, socket, statistics, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))

CONF = """
base_dir = {run}/base
state_dir = {run}/state
log_path = {run}/dovecot.log
info_log_path = {run}/dovecot-info.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_uid = {user}
mail_gid = {group}
mail_max_userip_connections = 100
login_trusted_networks = 127.0.0.0/8
mail_fsync = {fsync}
imap_max_line_length = 1M
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
  service_count = 0
  process_min_avail = 1
}}
service imap {{
  process_limit = 200
  vsz_limit = 0
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password=pass
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {run}/users
}}
mail_location = {fmt}:~/mail
{hide}
namespace inbox {{
  inbox = yes
  separator = /
  prefix =
  mailbox Drafts {{
    special_use = \\Drafts
  }}
  mailbox Junk {{
    special_use = \\Junk
  }}
  mailbox Sent {{
    special_use = \\Sent
  }}
  mailbox Trash {{
    special_use = \\Trash
  }}
}}
"""


# what this server announces when nothing is hidden
CAPS = ("IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY "
        "THREAD=REFERENCES THREAD=REFS THREAD=ORDEREDSUBJECT MULTIAPPEND "
        "URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS "
        "LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES "
        "WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY "
        "PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY "
        "SPECIAL-USE").split()


def free_port(n=3):
    """the first of n ports in a row that nobody listens on"""
    for _ in range(200):
        held = []
        try:
            s = socket.socket()
            held.append(s)
            s.bind(("127.0.0.1", 0))
            first = s.getsockname()[1]
            for i in range(1, n):
                held.append(socket.socket())
                held[-1].bind(("127.0.0.1", first + i))
            return first
        except (OSError, OverflowError):
            continue
        finally:
            for x in held:
                x.close()
    raise SystemExit("no free ports")


def chown_tree(path, uid, gid):
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", f"{uid}:{gid}", path], check=True)


class Dovecot:
    def __init__(self, a):
        self.a = a
        self.pw = pwd.getpwnam(a.user) if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        import grp
        self.group = grp.getgrgid(self.pw.pw_gid).gr_name
        self.run = os.path.join(a.work, "run")
        self.mail = os.path.join(a.work, "mail")
        for d in (self.run, self.run + "/base", self.run + "/state", self.mail):
            os.makedirs(d, exist_ok=True)
        self.conf = os.path.join(self.run, "dovecot.conf")
        with open(self.conf, "w") as f:
            f.write(CONF.format(run=self.run, mail=self.mail, user=self.pw.pw_name, group=self.group,
                                port=a.port, fmt=a.format, fsync=a.fsync, hide=self.caps()))
        with open(os.path.join(self.run, "users"), "w") as f:
            for u, fmt in (("src", a.format), ("dst", getattr(a, "dst_format", "") or a.format)):
                f.write(f"{u}::{self.pw.pw_uid}:{self.pw.pw_gid}::{self.mail}/{u}::userdb_mail={fmt}:~/mail\n")
        for d in (self.run, self.mail):
            chown_tree(d, self.pw.pw_uid, self.pw.pw_gid)
        self.p = None

    def caps(self):
        if not getattr(self.a, "hide", ""):
            return ""
        return "imap_capability = " + " ".join(c for c in CAPS if c not in self.a.hide.split())

    def kw(self):
        return dict(user=self.pw.pw_uid, group=self.pw.pw_gid, extra_groups=[]) if os.getuid() == 0 else {}

    def start(self):
        self.p = subprocess.Popen([shutil.which("dovecot", path=os.environ["PATH"] + ":/usr/sbin:/sbin"), "-F", "-c", self.conf], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, **self.kw())
        for _ in range(200):
            try:
                s = socket.create_connection(("127.0.0.1", self.a.port), 1)
                ok = s.recv(100).startswith(b"* OK")
                s.close()
                if ok:
                    return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("dovecot did not start, see " + self.run + "/dovecot.log")

    def stop(self):
        if not self.p:
            return 0.0
        self.p.send_signal(signal.SIGTERM)
        _, st, ru = os.wait4(self.p.pid, 0)
        self.p.returncode = 0
        self.p = None
        return ru.ru_utime + ru.ru_stime

    def wipe(self, user):
        shutil.rmtree(os.path.join(self.mail, user), ignore_errors=True)
        os.makedirs(os.path.join(self.mail, user))
        chown_tree(os.path.join(self.mail, user), self.pw.pw_uid, self.pw.pw_gid)


def prewarm(port, user):
    import imaplib
    imaplib._MAXLINE = 1 << 26
    m = imaplib.IMAP4("127.0.0.1", port)
    m.login(user, "pass")
    for l in m.list()[1]:
        if b"\\noselect" in l.lower():
            continue
        name = l.decode().split(' "/" ', 1)[1]
        if not name.startswith('"'):
            name = '"' + name + '"'
        n = int(m.select(name, True)[1][0])
        for s in range(1, n + 1, 1000):
            m.fetch(f"{s}:{min(n, s + 999)}", "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY.PEEK[HEADER])")
    m.logout()


def scan(root):
    """Maildir++ -> {folder: [(sha1, mtime, flags, mid, size)]}"""
    res = {}
    dirs = [("", root)] + sorted((d, os.path.join(root, d)) for d in os.listdir(root)
                                 if d.startswith(".") and os.path.isdir(os.path.join(root, d)))
    for name, d in dirs:
        res[name] = scan1(d)
    return res


OWN = (b"X-TUID:", b"X-OfflineIMAP:")    # headers that mbsync and offlineimap add


def scan1(d):
    kw = {}
    try:
        for l in open(os.path.join(d, "dovecot-keywords")):
            i, k = l.split()
            kw[chr(97 + int(i))] = k
    except OSError:
        pass
    out = []
    for sub in ("cur", "new"):
        p = os.path.join(d, sub)
        if not os.path.isdir(p):
            continue
        for f in os.scandir(p):
            b = open(f.path, "rb").read().replace(b"\r\n", b"\n")
            h, _, body = b.partition(b"\n\n")
            x = any(b"\n" + o in h or h.startswith(o) for o in OWN)
            if x:
                b = b"\n".join(l for l in h.split(b"\n") if not l.startswith(OWN)) + b"\n\n" + body
            fl = f.name.rsplit(":2,", 1)[1] if ":2," in f.name else ""
            flags = tuple(sorted(kw.get(c, "?" + c) if c.islower() else c for c in fl))
            out.append((hashlib.sha1(b).hexdigest(), int(f.stat().st_mtime), flags, x))
    return out


def scan_any(root):
    """any tree of Maildirs -> one folder "*" (layout ignored, keywords not
    comparable, nor P, which says $Forwarded in a file's name)"""
    out = []
    for d, subs, _ in os.walk(root):
        if "cur" in subs and "new" in subs:
            out += [(h, t, tuple(x for x in f if len(x) == 1 and x != "P"), x) for h, t, f, x in scan1(d)]
    return {"*": out}


def flat(src):
    return {"*": [(h, t, tuple(x for x in f if len(x) == 1 and x != "P"), x) for l in src.values() for h, t, f, x in l]}


def compare(src, dst):
    r = collections.Counter()
    r["folders_missing"] = len([f for f in src if f and f not in dst])
    r["folders_extra"] = len([f for f in dst if f and f not in src])
    for f, ms in src.items():
        S, D = collections.defaultdict(list), collections.defaultdict(list)
        for m in ms: S[m[0]].append(m)
        for m in dst.get(f, []): D[m[0]].append(m); r["own_header"] += m[3]
        r["src"] += len(ms)
        r["dst"] += len(dst.get(f, []))
        for h, l in S.items():
            d = D.pop(h, [])
            r["missing"] += max(0, len(l) - len(d))
            r["extra"] += max(0, len(d) - len(l))
            for a, b in zip(sorted(l), sorted(d)):
                r["date_diff"] += abs(a[1] - b[1]) > 1
                fa, fb = [x for x in a[2] if len(x) == 1], [x for x in b[2] if len(x) == 1]
                r["flag_diff"] += fa != fb
                r["keyword_diff"] += [x for x in a[2] if len(x) > 1] != [x for x in b[2] if len(x) > 1]
        r["altered_or_extra"] += sum(len(x) for x in D.values())
    return {k: int(v) for k, v in r.items() if v or k in ("missing", "src", "dst")}


def scan_imap(a, user):
    """read an account over IMAP (ceil spool) -> same shape as scan(); folder names in wire form"""
    sp = os.path.join(a.work, "verify.spool")
    subprocess.run([os.path.join(a.bin, "ceil"), "spool", "-s", f"127.0.0.1:{a.port}:{user}:pass", "-f", sp], check=True, stdout=subprocess.DEVNULL)
    names = {"\\Seen": "S", "\\Answered": "R", "\\Flagged": "F", "\\Deleted": "T", "\\Draft": "D"}
    res, cur = {}, None
    with open(sp, "rb") as f:
        while True:
            l = f.readline()
            if not l:
                break
            if l.startswith(b"B "):
                n = l[2:].decode().strip().strip('"')
                cur = res.setdefault("" if n == "INBOX" else "." + n.replace("/", "."), [])
                continue
            size, date, flags = l[2:].decode().rstrip("\n").split("\t")
            b = f.read(int(size)).replace(b"\r\n", b"\n")
            f.read(1)
            t = int(time.mktime(time.strptime(date.strip()[:20], "%d-%b-%Y %H:%M:%S"))) - time.timezone
            z = date.strip()[-5:]
            t -= (1 if z[0] == "+" else -1) * (int(z[1:3]) * 3600 + int(z[3:5]) * 60)
            h, _, body = b.partition(b"\n\n")
            x = any(b"\n" + o in h or h.startswith(o) for o in OWN)
            if x:
                b = b"\n".join(q for q in h.split(b"\n") if not q.startswith(OWN)) + b"\n\n" + body
            cur.append((hashlib.sha1(b).hexdigest(), t, tuple(sorted(names.get(q, q) for q in flags.split())), x))
    os.unlink(sp)
    return res


def run_tool(a, dv, tool, phase, ports, tdir):
    env = dict(os.environ, SRC_HOST="127.0.0.1", DST_HOST="127.0.0.1", SRC_PORT=str(ports[0]), DST_PORT=str(ports[1]),
               SRC_USER="src", DST_USER="dst", SRC_PASS="pass", DST_PASS="pass", STATE=tdir, PHASE=phase, HERE=HERE,
               DOVECOT_CONF=dv.conf, DOVECOT_USER=dv.pw.pw_name, DST_HOME=os.path.join(dv.mail, "dst"), PB_BIN=a.bin, PB_LABEL=a.label, HOME=tdir, LC_ALL="C.UTF-8")
    log = open(os.path.join(a.work, f"log.{tool}.{phase}"), "wb")
    la = os.getloadavg()[0]
    t = time.monotonic()
    tf = os.path.join(a.work, "time.out")
    # GNU time is small, so the child's peak RSS is not polluted by this interpreter's
    p = subprocess.run(["/usr/bin/time", "-q", "-o", tf, "-f", "%U %S %M", "timeout", str(a.timeout), "bash",
                        os.path.join(HERE, "tools", tool + ".sh")], env=env, stdout=log, stderr=subprocess.STDOUT,
                       stdin=subprocess.DEVNULL, cwd=tdir)
    dt = time.monotonic() - t
    u, k, m = open(tf).read().split()[-3:]
    return {"tool": tool, "phase": phase, "rc": p.returncode, "wall": round(dt, 3), "cpu": round(float(u) + float(k), 2),
            "rss_mb": round(int(m) / 1024, 1), "load_before": round(la, 2)}


def proxies(a, tdir, phase):
    if not a.rtt:
        return [], (a.port, a.port), None
    ps, st = [], []
    for i, off in enumerate((1, 2)):
        f = os.path.join(tdir, f"proxy{i}.{phase}.json")
        ps.append(subprocess.Popen([os.path.join(a.bin, "delayproxy"), str(a.port + off), str(a.port), str(a.rtt / 2), f]))
        st.append(f)
    time.sleep(0.1)
    return ps, (a.port + 1, a.port + 2), st


def main():
    rows, man = measure(sys.argv[1:])
    table(rows, man)


def measure(argv):
    """run one series; returns its rows and the corpus's manifest"""
    ap = argparse.ArgumentParser()
    ap.add_argument("--corpus", required=True)
    ap.add_argument("--tools", required=True)
    ap.add_argument("--reps", type=int, default=3)
    ap.add_argument("--work", required=True)
    ap.add_argument("--bin", required=True, help="built ceil and delayproxy")
    ap.add_argument("--port", type=int, default=0, help="first of three; 0: free ones")
    ap.add_argument("--hide", default="", help="capabilities that the server leaves out")
    ap.add_argument("--user", default="games", help="unprivileged user for Dovecot when run as root")
    ap.add_argument("--format", default="maildir")
    ap.add_argument("--dst-format", default="", help="other storage for the destination: sdbox, mdbox (compared over IMAP)")
    ap.add_argument("--fsync", default="optimized", choices=["optimized", "always", "never"])
    ap.add_argument("--rtt", type=float, default=0, help="simulated round trip in ms on each side")
    ap.add_argument("--timeout", type=int, default=900)
    ap.add_argument("--no-noop", action="store_true")
    ap.add_argument("--label", default="")
    a = ap.parse_args(argv)
    a.port = a.port or free_port()
    os.makedirs(a.work, exist_ok=True)
    os.chmod(a.work, 0o755)
    dv = Dovecot(a)
    man = json.load(open(a.corpus.rstrip("/") + ".manifest.json"))
    dv.wipe("src")
    subprocess.run(["cp", "-a", a.corpus, os.path.join(dv.mail, "src", "mail")], check=True)
    chown_tree(os.path.join(dv.mail, "src"), dv.pw.pw_uid, dv.pw.pw_gid)
    dv.wipe("dst")
    dv.start()
    try:
        prewarm(a.port, "src")
        os.environ["PB_SPOOL"] = os.path.join(a.work, "spool")
    finally:
        dv.stop()
    S = scan(os.path.join(dv.mail, "src", "mail"))
    tools = a.tools.split(",")
    resf = open(os.path.join(a.work, "results.jsonl"), "a")
    rows = []
    try:
        for rep in range(a.reps):
            order = tools[rep % len(tools):] + tools[:rep % len(tools)]
            for tool in order:
                tdir = os.path.join(a.work, "state", tool)
                shutil.rmtree(tdir, ignore_errors=True)
                os.makedirs(tdir)
                os.chmod(tdir, 0o777)
                chown_tree(tdir, dv.pw.pw_uid, dv.pw.pw_gid)
                dv.wipe("dst")
                for phase in ("cold",) if a.no_noop or tool.startswith("ceil-") else ("cold", "noop"):
                    ps, ports, pst = proxies(a, tdir, phase)
                    dv.start()
                    r = run_tool(a, dv, tool, phase, ports, tdir)
                    for p in ps:
                        p.terminate(); p.wait()
                    r["server_cpu"] = round(dv.stop(), 2)
                    if a.dst_format and tool not in ("ceil-read", "ceil-spool"):
                        dv.start()
                        r["verify"] = compare(S, scan_imap(a, "dst"))
                        dv.stop()
                    if pst:
                        r["proxy"] = [json.load(open(f)) for f in pst]
                    d = os.path.join(dv.mail, "dst", "mail")
                    out = os.path.join(tdir, "OUT")          # tools that write a local Maildir tree say so here
                    if os.path.exists(out):
                        r["verify"] = compare(flat(S), scan_any(open(out).read().strip()))
                    elif tool not in ("ceil-read", "ceil-spool") and os.path.isdir(d) and a.format == "maildir" and not a.dst_format:
                        r["verify"] = compare(S, scan(d))
                    r.update(ended=time.strftime('%H:%M:%S'), rep=rep, n=man["n"], bytes=man["bytes"], rtt=a.rtt, fmt=(a.dst_format or a.format), fsync=a.fsync, label=a.label)
                    resf.write(json.dumps(r) + "\n"); resf.flush()
                    rows.append(r)
                    print(json.dumps(r), file=sys.stderr, flush=True)
                    if r["rc"] == 124:
                        break
    finally:
        dv.stop()
    return rows, man


def table(rows, man):
    g = collections.defaultdict(list)
    for r in rows:
        g[r["tool"], r["phase"]].append(r)
    print(f"\n{man['n']} messages, {man['bytes']/1e6:.0f} MB on the wire\n")
    print("| tool | phase | wall s (min/med/max) | msg/s | MB/s | client CPU s | server CPU s | peak RSS MB | check |")
    print("|---|---|---|---|---|---|---|---|---|")
    for (t, ph), l in sorted(g.items(), key=lambda x: (x[0][1], statistics.median(r["wall"] for r in x[1]))):
        w = sorted(r["wall"] for r in l)
        med = statistics.median(w)
        v = l[-1].get("verify", {})
        chk = f"rc={l[-1]['rc']} " + " ".join(f"{k}={x}" for k, x in v.items() if k not in ("src",) and (x or k == "missing"))
        print(f"| {t} | {ph} | {w[0]:.2f}/{med:.2f}/{w[-1]:.2f} | {man['n']/med:.0f} | {man['bytes']/1e6/med:.1f} | "
              f"{statistics.median(r['cpu'] for r in l):.1f} | {statistics.median(r['server_cpu'] for r in l):.1f} | "
              f"{max(r['rss_mb'] for r in l):.0f} | {chk} |")


if __name__ == "__main__":
    main()
