#!/usr/bin/env python3
"""verify makes nothing at a destination that is not there."""
import os

import mail
import program
import server
import tap


def makes_nothing():
    d = server.temp_dir("verify")
    with server.Dovecot(d + "/dovecot") as s:
        mail.fill(s.port, "alice", mail.corpus(4, seed=2))
        pw = program.secret(d + "/password")
        for name, make in (("maildir", None), ("maildir", "bo/cur"),
                           ("files", None), ("pst", None)):
            place = f"{d}/to-{name}{'-' + make[:2] if make else ''}"
            if make:  # others have one there
                os.makedirs(f"{place}/{make}")
                os.makedirs(f"{place}/bo/new")
                os.makedirs(f"{place}/anna/cur")
                os.makedirs(f"{place}/anna/new")

            def there():
                return sorted(os.path.join(a, x) for a, b, c in os.walk(place)
                              for x in b + c) + [os.path.exists(place)]
            before = there()
            r = program.mailmig("verify", "--from", program.url(s), "--to",
                                f"{name}:{place}", "--password-file", pw)
            tap.equal(r.rc, 2, f"{name}: it is not there")
            tap.equal(there(), before, f"{name}: and is not made")


tap.run(makes_nothing)
