#!/usr/bin/env python3
"""Fault series: what is on the destination when a copy is interrupted, and after
the same command is run again?

  fault.py --corpus DIR --tools mbsync,imapsync --fault kill --at 0.5 [bench.py options]

kill: the tool's whole process group gets SIGKILL at FRACTION of its own undisturbed
      time (measured first), then the command is run again.
drop: both TCP connections are cut at that point (proxy restarted at once), the tool is
      left to finish as it likes (its exit status is recorded), then run again.
A sound tool ends with missing=0 extra=0, a source exactly as before, and a non-zero
exit status for the cut run unless it recovered by itself. Source and destination are
made anew for every row.
"""
import argparse, json, os, shutil, signal, subprocess, sys, time
import bench


def popen(a, dv, tool, ports, tdir, tag):
    env = dict(os.environ, SRC_HOST="127.0.0.1", DST_HOST="127.0.0.1", SRC_PORT=str(ports[0]), DST_PORT=str(ports[1]),
               SRC_USER="src", DST_USER="dst", SRC_PASS="pass", DST_PASS="pass", STATE=tdir, PHASE=tag, HERE=bench.HERE,
               DOVECOT_CONF=dv.conf, DOVECOT_USER=dv.pw.pw_name, DST_HOME=os.path.join(dv.mail, "dst"), PB_BIN=a.bin, HOME=tdir, LC_ALL="C.UTF-8")
    log = open(os.path.join(a.work, f"log.{tool}.{tag}"), "wb")
    return subprocess.Popen(["bash", os.path.join(bench.HERE, "tools", tool + ".sh")], env=env, stdout=log,
                            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=tdir, start_new_session=True)


def wait(p, t):
    try:
        return p.wait(t)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        p.wait()
        return "timeout"


def fresh(a, dv, tool):
    dv.stop()
    dv.wipe("src")
    subprocess.run(["cp", "-a", a.corpus, os.path.join(dv.mail, "src", "mail")], check=True)
    bench.chown_tree(os.path.join(dv.mail, "src"), dv.pw.pw_uid, dv.pw.pw_gid)
    dv.wipe("dst")
    dv.start()
    tdir = os.path.join(a.work, "state", tool)
    shutil.rmtree(tdir, ignore_errors=True)
    os.makedirs(tdir)
    os.chmod(tdir, 0o777)
    bench.chown_tree(tdir, dv.pw.pw_uid, dv.pw.pw_gid)
    return tdir


class Proxies:
    def __init__(self, a, tdir):
        self.a, self.tdir, self.ps = a, tdir, []
        self.ports = (a.port + 1, a.port + 2)

    def up(self):
        self.ps = [subprocess.Popen([os.path.join(self.a.bin, "delayproxy"), str(q), str(self.a.port), str(self.a.rtt / 2),
                                     os.path.join(self.tdir, f"p{q}.json")]) for q in self.ports]
        time.sleep(0.1)

    def down(self):
        for p in self.ps:
            p.terminate()
            p.wait()
        self.ps = []


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--corpus", required=True)
    ap.add_argument("--tools", required=True)
    ap.add_argument("--fault", choices=["kill", "drop"], default="kill")
    ap.add_argument("--at", type=float, nargs="*", default=[0.5])
    ap.add_argument("--work", required=True)
    ap.add_argument("--bin", required=True)
    ap.add_argument("--port", type=int, default=0)
    ap.add_argument("--user", default="games")
    ap.add_argument("--format", default="maildir")
    ap.add_argument("--fsync", default="optimized")
    ap.add_argument("--rtt", type=float, default=0)
    ap.add_argument("--timeout", type=int, default=300)
    a = ap.parse_args()
    a.port = a.port or bench.free_port()
    os.makedirs(a.work, exist_ok=True)
    os.chmod(a.work, 0o755)
    dv = bench.Dovecot(a)
    src = os.path.join(dv.mail, "src", "mail")
    S = bench.scan(a.corpus)
    dst = os.path.join(dv.mail, "dst", "mail")
    print("| tool | fault at | exit status of the cut run | after it: there / missing / extra | exit status of the re-run | after it: missing / extra | source afterwards |")
    print("|---|---|---|---|---|---|---|")
    try:
        for tool in a.tools.split(","):
            tdir = fresh(a, dv, tool)
            px = Proxies(a, tdir)
            px.up()
            t = time.monotonic()
            wait(popen(a, dv, tool, px.ports, tdir, "ref"), a.timeout)
            ref = time.monotonic() - t
            for at in a.at:
                px.down()
                tdir = fresh(a, dv, tool)
                px = Proxies(a, tdir)
                px.up()
                p = popen(a, dv, tool, px.ports, tdir, "cut")
                time.sleep(ref * at)
                if a.fault == "kill":
                    try:
                        os.killpg(p.pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                    rc1 = p.wait()
                    time.sleep(0.5)
                else:
                    px.down()
                    px.up()
                    rc1 = wait(p, max(60, 4 * ref))
                v1 = bench.compare(S, bench.scan(dst)) if os.path.isdir(dst) else {}
                rc2 = wait(popen(a, dv, tool, px.ports, tdir, "again"), a.timeout)
                v2 = bench.compare(S, bench.scan(dst)) if os.path.isdir(dst) else {}
                vs = bench.compare(S, bench.scan(src))
                vs = "as before" if not vs.get("extra") and not vs["missing"] else f"{vs.get('extra', 0)} added, {vs['missing']} gone"
                print(f"| {tool} | {a.fault} {at:.0%} | {rc1} | {v1.get('dst', 0)} / {v1.get('missing', len(S))} / {v1.get('extra', 0)} | {rc2} | "
                      f"{v2.get('missing', '?')} / {v2.get('extra', 0)}{' + %d altered' % v2['altered_or_extra'] if v2.get('altered_or_extra') else ''} | {vs} |", flush=True)
            px.down()
    finally:
        dv.stop()


if __name__ == "__main__":
    main()
