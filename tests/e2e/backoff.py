#!/usr/bin/env python3
"""A server that is busy and says for how long: the program stays away as long
as that, though its own pause is shorter, and then goes on."""
import mail
import program
import server
import tap
from proxy import Proxy, Reply

FOLDERS = [(("INBOX",), 6), (("Sent",), 3)]
WORDS = b"Request is throttled. Suggested Backoff Time: 4200 milliseconds"
PAUSE = 5  # seconds, rounded up


class Busy(Reply):
    """Throttles the first connection: at log-on, or at an APPEND."""
    at = b" OK"

    def line(self, text):
        tag, _, rest = text.partition(b" ")
        if self.number == 1 and tag not in (b"*", b"+") and self.at in text:
            return tag + b" NO " + WORDS + b"\r\n"
        return text


class BusyAppend(Busy):
    at = b"APPENDUID"


def waited(s, d, name, end, reply):
    pw = program.secret(d + "/password")
    state = f"{d}/state-{name}"
    with Proxy(s.port, reply) as p:
        port = {end: p.port}
        r = program.mailmig("migrate", "--from",
                            program.url(s, port=port.get("from")), "--to",
                            program.url(s, "u" + name, port=port.get("to")),
                            "--password-file", pw, "--state", state,
                            "--retry-pause", "1", timeout=60)
    tap.equal(r.rc, 0, f"{name}: exit status 0")
    if r.rc:
        tap.note(r.err[-1500:])
    waits = [int(e["pause_s"]) for e in program.events(state)
             if e["name"] == "waiting"]
    tap.equal(waits, [PAUSE], f"{name}: the pause that was asked for")
    tap.ok(r.seconds >= PAUSE - 1, f"{name}: it was kept", r.seconds)
    tap.equal(mail.compare(mail.read_imap(s.port, "alice"),
                           {q: v for q, v in mail.read_imap(
                               s.port, "u" + name).items() if v})[:5], [],
              f"{name}: all is there, once")


def is_kept():
    d = server.temp_dir("backoff")
    with server.Dovecot(d + "/dovecot", DOVECOT_USERS="usource udest") as s:
        mail.fill(s.port, "alice", mail.corpus(9, seed=8, folders=FOLDERS),
                  empty=False, paths=[f[0] for f in FOLDERS])
        waited(s, d, "source", "from", Busy)
        waited(s, d, "dest", "to", BusyAppend)


tap.run(is_kept)
