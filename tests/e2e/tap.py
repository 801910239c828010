"""Results as TAP (testanything.org): every check is one line, a test that
raises is one failed line, and the plan comes last."""
import os
import sys
import time
import traceback

SOAK = os.environ.get("SOAK", "") not in ("", "0")
_count = 0
_failed = 0


def note(text):
    for line in str(text).splitlines():
        print("# " + line, flush=True)


def ok(cond, name, why=""):
    """One check; why is printed when it failed."""
    global _count, _failed
    _count += 1
    print(f"{'ok' if cond else 'not ok'} {_count} - {name}", flush=True)
    if not cond:
        _failed += 1
        if why not in ("", None):
            note(why)
    return bool(cond)


def equal(got, want, name):
    return ok(got == want, name, f"got  {got!r}\nwant {want!r}"[:4000])


def skip(name, reason):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {reason}", flush=True)


class Skip(Exception):
    """Raised by a test that cannot run here."""


def run(*tests):
    """Run functions one after the other; names on the command line choose.
    Never returns."""
    chosen = sys.argv[1:]
    for test in tests:
        name = test.__name__.replace("_", " ")
        if chosen and test.__name__ not in chosen:
            continue
        began = time.monotonic()
        try:
            test()
        except Skip as e:
            skip(name, str(e))
        except Exception:
            ok(False, name + " ran to its end", traceback.format_exc())
        note(f"{name}: {time.monotonic() - began:.1f} s")
    print(f"1..{_count}", flush=True)
    sys.exit(1 if _failed else 0)
