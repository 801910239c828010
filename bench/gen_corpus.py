#!/usr/bin/env python3
"""Deterministic mail corpus generator (Maildir++ tree) for the peer bench.

  gen_corpus.py --out DIR --n 20000 [--seed 1] [--plain] [--one BYTES]

Same arguments => byte-identical tree (names, content, mtimes).
DIR becomes a Maildir++ root (INBOX = DIR/cur, folders = DIR/.A.B/cur).
mtime of a file = INTERNALDATE as Dovecot reports it. Flags are in the file
name, keywords through a dovecot-keywords file.  --plain leaves the odd
messages (duplicates, no Message-ID, raw 8-bit headers, 20 kB lines) out.
A manifest is written to DIR/../<basename>.manifest.json
"""
import argparse, base64, hashlib, json, os, random, sys

FOLDERS = [  # (IMAP name with '/', share of messages)
    ("INBOX", 0.34), ("Sent", 0.20), ("Archive/2019", 0.10), ("Archive/2020", 0.09),
    ("Archive/2021", 0.08), ("Projects/Alpha/Specs", 0.05), ("Projects/Beta & Co", 0.04),
    ("Trash", 0.03), ("Junk", 0.03), ("Drafts", 0.01), ("Entw\u00fcrfe alt/\u65e5\u672c\u8a9e", 0.02),
    ("Lists/linux kernel", 0.01), ("Empty", 0.0),
]
KEYWORDS = ["$Forwarded", "$Label1", "NonJunk"]
WORDS = ("the quarterly report of our migration team shows that most users keep their old "
         "mail in nested folders while attachments grow every year and nobody deletes them "
         "please find the invoice attached regards meeting room budget deadline customer "
         "server backup contract signature Monday release review draft final version").split()


def utf7(name):
    out, buf = [], ""
    def flush():
        nonlocal buf
        if buf:
            b = base64.b64encode(buf.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
            out.append("&" + b + "-")
            buf = ""
    for c in name:
        if 0x20 <= ord(c) <= 0x7e:
            flush()
            out.append("&-" if c == "&" else c)
        else:
            buf += c
    flush()
    return "".join(out)


def maildir_name(folder):
    return "" if folder == "INBOX" else "." + utf7(folder).replace("/", ".")


def b64pool(rng, nbytes):
    raw = rng.randbytes(nbytes // 76 * 57 + 57)
    s = base64.b64encode(raw)
    return b"\n".join(s[i:i + 76] for i in range(0, len(s) - 75, 76)) + b"\n"


def text(rng, n):
    out, ln, size = [], [], 0
    while size < n:
        w = rng.choice(WORDS)
        ln.append(w)
        size += len(w) + 1
        if sum(map(len, ln)) + len(ln) > 68:
            out.append(" ".join(ln))
            ln = []
    out.append(" ".join(ln))
    return "\n".join(out).encode() + b"\n"


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", required=True)
    ap.add_argument("--n", type=int, default=5000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--big-per-mille", type=float, default=1.0, help="5 MB messages per 1000")
    ap.add_argument("--plain", action="store_true")
    ap.add_argument("--one", type=int, default=0, help="one more message of this many bytes, in Sent")
    a = ap.parse_args()
    rng = random.Random(a.seed)
    pool = b64pool(rng, 6 * 1024 * 1024)
    lines = len(pool) // 77
    tpool = text(rng, 400_000)
    names = ["anna", "bo", "carla", "dmitri", "eve", "farid", "grete", "hugo", "ines", "jan"]

    def addr():
        n = rng.choice(names)
        return f"{n.title()} Example <{n}{rng.randrange(40)}@corp{rng.randrange(5)}.example>"

    def chunk(n):                       # n bytes of base64 lines from the pool
        k = max(1, n // 77)
        s = rng.randrange(0, max(1, lines - k))
        return pool[s * 77:(s + k) * 77]

    def body_text(n):
        s = rng.randrange(0, len(tpool) - n - 200) if n < len(tpool) - 300 else 0
        s = tpool.find(b"\n", s) + 1
        return tpool[s:s + n].rsplit(b"\n", 1)[0] + b"\n"

    counts = [int(a.n * s) for _, s in FOLDERS]
    counts[0] += a.n - sum(counts)
    man = {"n": a.n, "seed": a.seed, "bytes": 0, "folders": {}, "odd": {}}
    t0 = 1_262_304_000                  # 2010-01-01
    serial = 0
    for (folder, _), cnt in zip(FOLDERS, counts):
        root = os.path.join(a.out, maildir_name(folder)) if folder != "INBOX" else a.out
        for d in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(root, d), exist_ok=True)
        if folder != "INBOX":
            open(os.path.join(root, "maildirfolder"), "w").close()
        with open(os.path.join(root, "dovecot-keywords"), "w") as f:
            for i, k in enumerate(KEYWORDS):
                f.write(f"{i} {k}\n")
        fb, prev = 0, None
        for i in range(cnt):
            serial += 1
            when = t0 + serial * 21_000 + rng.randrange(15_000)
            r = rng.random()
            odd = None
            if not a.plain:
                o = rng.random()
                odd = ("dup" if o < .004 and prev else "noid" if o < .008 else "raw8" if o < .012
                       else "longline" if o < .014 else "noreceived" if o < .018 else None)
            if rng.random() < a.big_per_mille / 1000.0:
                kind, size = "big", 5 * 1024 * 1024
            elif r < 0.50:
                kind, size = "plain", rng.randrange(1200, 7000)
            elif r < 0.80:
                kind, size = "html", rng.randrange(7000, 40000)
            else:
                kind, size = "att", rng.randrange(40000, 200000)
            if odd == "dup":
                msg = prev
            else:
                subj = " ".join(rng.choice(WORDS) for _ in range(rng.randrange(3, 9)))
                hd = []
                if odd not in ("noreceived", "noid"):
                    for h in range(rng.randrange(1, 4)):
                        hd.append(f"Received: from mx{h}.corp{rng.randrange(5)}.example (mx{h} [192.0.2.{rng.randrange(255)}])\n"
                                  f"\tby mail.example with ESMTPS id {rng.randrange(1 << 40):010X}\n"
                                  f"\tfor <user@example>; Fri, 1 Jan 2010 00:00:{rng.randrange(60):02d} +0000")
                hd += [f"From: {addr()}", "To: " + ",\n\t".join(addr() for _ in range(rng.randrange(1, 4)))]
                if odd == "raw8":
                    hd.append("Subject: Gr\u00fc\u00dfe \u00e4\u00f6\u00fc " + subj)
                else:
                    hd.append("Subject: " + subj)
                if odd != "noid":
                    hd.append(f"Message-ID: <{serial}.{rng.randrange(1 << 60):x}@corp.example>")
                d = when - 5
                import time as _t
                hd.append("Date: " + _t.strftime("%a, %d %b %Y %H:%M:%S +0000", _t.gmtime(d)))
                if rng.random() < .3:
                    hd.append(f"References: <{serial-1}.0@corp.example>")
                hd.append("MIME-Version: 1.0")
                H = "\n".join(hd).encode("latin-1" if odd == "raw8" else "utf-8") + b"\n"
                if kind == "plain":
                    b = body_text(size)
                    if odd == "longline":
                        b = b.replace(b"\n", b" ") + b"x" * 20000 + b"\n"
                    msg = H + b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + b
                else:
                    bd = b"=_%x" % rng.randrange(1 << 60)
                    parts = [b"--" + bd + b"\nContent-Type: text/plain; charset=utf-8\n\n" + body_text(min(size // 4, 3000))]
                    if kind == "html":
                        parts.append(b"--" + bd + b"\nContent-Type: text/html; charset=utf-8\n\n<html><body><p>" +
                                     body_text(size - 3000 if size > 4000 else size) + b"</p></body></html>\n")
                        ct = b"multipart/alternative"
                    else:
                        parts.append(b"--" + bd + b"\nContent-Type: application/pdf; name=\"r.pdf\"\nContent-Disposition: attachment; "
                                     b"filename=\"r.pdf\"\nContent-Transfer-Encoding: base64\n\n" + chunk(size))
                        ct = b"multipart/mixed"
                    msg = H + b"Content-Type: " + ct + b"; boundary=\"" + bd + b"\"\n\n" + b"\n".join(parts) + b"\n--" + bd + b"--\n"
            if odd:
                man["odd"][odd] = man["odd"].get(odd, 0) + 1
            prev = msg
            fl = ""
            if folder == "Drafts": fl += "D"
            if rng.random() < .06: fl += "F"
            if rng.random() < .2: fl += "R"
            if rng.random() < .8: fl += "S"
            for k in range(len(KEYWORDS)):
                if rng.random() < .04: fl += "abc"[k]
            w = len(msg) + msg.count(b"\n")
            p = os.path.join(root, "cur", f"{when}.M{serial}P1.bench,S={len(msg)},W={w}:2,{fl}")
            with open(p, "wb") as f:
                f.write(msg)
            os.utime(p, (when, when))
            fb += w
        if a.one and folder == "Sent":
            serial += 1
            cnt += 1
            man["n"] += 1
            h = (f"From: {addr()}\nTo: {addr()}\nSubject: one large message\nMessage-ID: <{serial}.large@corp.example>\n"
                 "MIME-Version: 1.0\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n").encode()
            k = max(0, a.one - len(h) - len(h.splitlines())) // 78
            size, w = len(h) + 77 * k, len(h) + len(h.splitlines()) + 78 * k
            when = t0 + serial * 21_000
            p = os.path.join(root, "cur", f"{when}.M{serial}P1.bench,S={size},W={w}:2,S")
            with open(p, "wb") as f:
                f.write(h)
                while k > 0:
                    f.write(pool[:min(k, lines) * 77])
                    k -= lines
            os.utime(p, (when, when))
            fb += w
        man["folders"][folder] = {"messages": cnt, "bytes": fb}
        man["bytes"] += fb
    with open(os.path.join(a.out, "subscriptions"), "w") as f:
        for folder, _ in FOLDERS:
            if folder != "INBOX":
                f.write(utf7(folder).replace("/", ".") + "\n")
    mp = a.out.rstrip("/") + ".manifest.json"
    with open(mp, "w") as f:
        json.dump(man, f, indent=1, ensure_ascii=False)
    print(json.dumps({k: man[k] for k in ("n", "seed", "bytes", "odd")}))


if __name__ == "__main__":
    main()
