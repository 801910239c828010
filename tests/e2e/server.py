"""Private servers for one test, on free ports, always stopped."""
import atexit
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import tap

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(os.path.dirname(HERE), "servers")
sys.path.append(os.path.join(os.path.dirname(HERE), "fail"))
_running = []
_temp = []


def _end():
    while _running:
        _running[-1].stop()
    while _temp:
        shutil.rmtree(_temp.pop(), ignore_errors=True)


atexit.register(_end)
for _s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(_s, lambda n, f: sys.exit(128 + n))


def temp_dir(name):
    """A directory that every user may enter, gone at the end (KEEP=1 keeps)."""
    path = tempfile.mkdtemp(prefix=f"mailmig-{name}-")
    os.chmod(path, 0o755)
    if os.environ.get("KEEP"):
        tap.note("kept: " + path)
    else:
        _temp.append(path)
    return path


def free_ports(n):
    """The first of n ports in a row that nobody listens on; below those that
    the kernel gives to outgoing connections, so that they stay free."""
    for _ in range(1000):
        held = []
        first = random.randrange(10240, 32768 - n)
        try:
            for i in range(n):
                held.append(socket.socket())
                held[-1].bind(("127.0.0.1", first + i))
            return first
        except OSError:
            continue
        finally:
            for s in held:
                s.close()
    raise RuntimeError("no free ports")


class Server:
    """One of the scripts in tests/servers. user: whose mailbox."""

    def __init__(self, script, directory, ports, env):
        self.script = os.path.join(SCRIPTS, script)
        self.dir = directory
        self.env = {k: str(v) for k, v in env.items()}
        self.ports = ports
        self.port = None
        self.start()

    def start(self):
        """Start, or start again: then on the same port, with the same mail."""
        again = self.port
        for attempt in range(5):
            self.port = again or free_ports(self.ports)
            p = subprocess.run([self.script, self.dir, str(self.port)],
                               env=dict(os.environ, **self.env),
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
            if p.returncode == 0:
                break
        else:
            raise RuntimeError(f"{self.script}: {p.stderr}")
        self.info = dict(x.split("=", 1) for x in p.stdout.splitlines()
                         if "=" in x)
        self.cafile = os.path.join(self.dir, "cert.pem")
        _running.append(self)

    def stop(self):
        if self in _running:
            _running.remove(self)
        subprocess.run([self.script, "stop", self.dir],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Dovecot(Server):
    """Dovecot(dir, DOVECOT_HIDE="MULTIAPPEND", ...)"""
    kind = "dovecot"

    def __init__(self, directory, **env):
        if shutil.which("dovecot", path=os.environ["PATH"] +
                        ":/usr/sbin:/sbin") is None:
            raise tap.Skip("dovecot-imapd is not installed")
        super().__init__("start-dovecot", directory, 2, env)

    def token(self, user, kind="token"):
        return subprocess.run([self.script, kind, self.dir, user], check=True,
                              capture_output=True, text=True).stdout.strip()

    def mail_dir(self, user):
        return os.path.join(self.dir, "mail", user)

    def wipe(self, user):
        """Forget a mailbox (no session may be open)."""
        shutil.rmtree(self.mail_dir(user), ignore_errors=True)
        shutil.rmtree(self.mail_dir(user) + ".home", ignore_errors=True)

    def own(self, path):
        """Files made by a test: give them to the server's user."""
        if os.getuid() == 0:
            pw = pwd.getpwnam("mail")
            for root, dirs, files in os.walk(path):
                os.chown(root, pw.pw_uid, pw.pw_gid)
                for f in files:
                    os.chown(os.path.join(root, f), pw.pw_uid, pw.pw_gid)


class Cyrus(Server):
    kind = "cyrus"

    def __init__(self, directory, **env):
        if os.getuid() != 0:
            raise tap.Skip("Cyrus needs root")
        if not os.path.exists("/usr/lib/cyrus/bin/master"):
            raise tap.Skip("cyrus-common is not installed")
        super().__init__("start-cyrus", directory, 3, env)
