#!/usr/bin/env python3
"""A scripted IMAP server: says what a transcript says, and checks that the
client sends what the transcript expects.

    liar.py TRANSCRIPT

Listens on a free port of 127.0.0.1 and prints it. Ends when stdin does; exit
status 0 when every connection went as written, else 1 with the difference on
stderr. The [client] part of a transcript is for the test program.

Lines of the [server] part, in order:
    caps WORDS          capabilities (greeting and after log-on)
    caps-after WORDS    these only after log-on
    list LINE           an answer to LIST; "status LINE" goes with it
    namespace LINE      the answer to NAMESPACE
    greeting LINE       instead of "* OK ..."
    connection          the next connection begins here
    C COMMAND           the client must send this next; * stands for anything,
                        {m1+} and {m1} for a literal that is message m1
    H COMMAND           the same, up to and including the header of a literal,
                        before it is read: {*+}
    S LINE              say this; TAG stands for the tag, \\r\\n for a line's
                        end inside it, {+m1} for a literal with message m1, {=N m1} for one that is said to be N
                        octets long, {<N m1} for its first N octets only
    read N              take N octets of the literal that was announced
    eat                 take the rest of the command, answer nothing
    wait                until the client closes the connection
    drop                close the connection
Log-on, CAPABILITY, ID, NAMESPACE, LIST, STATUS, NOOP, LOGOUT are answered
without being written, unless they are.
"""
import re
import select
import socket
import sys



def message(name):
    """m1, m2x5000 (filled up to 5000 octets): the same in messages.c."""
    number, _, size = name[1:].partition("x")
    text = (f"From: sender{number}@example.org\r\n"
            f"Subject: message {number}\r\n\r\n"
            f"The body of message {number}.\r\n").encode()
    if size:
        text += b"x" * (int(size) - len(text) - 2) + b"\r\n"
    return text


NAMES = {}


def learn(text):
    for name in re.findall(r"\b(m\d+(?:x\d+)?)\b", text):
        NAMES[message(name)] = name


class Script:
    def __init__(self, path):
        self.caps = "IMAP4rev1"
        self.after = None
        self.lists, self.statuses = [], []
        self.namespace = '* NAMESPACE (("" "/")) NIL NIL'
        self.greetings = []
        self.connections = [[]]
        part = None
        for raw in open(path, encoding="utf-8"):
            line = raw.rstrip("\n")
            learn(line)
            if line.startswith("["):
                part = line
            if part != "[server]" or not line or line[0] in "#[":
                continue
            word, _, rest = line.partition(" ")
            if word == "caps":
                self.caps = rest
            elif word == "caps-after":
                self.after = rest
            elif word == "list":
                self.lists.append(rest)
            elif word == "status":
                self.statuses.append(rest)
            elif word == "namespace":
                self.namespace = rest
            elif word == "greeting":
                self.greetings.append(rest)
            elif word == "connection":
                self.connections.append([])
            elif word in ("C", "H", "S", "read", "eat", "wait", "drop"):
                self.connections[-1].append((word, rest))
            else:
                sys.exit(f"{path}: unknown line: {line}")


class Gone(Exception):
    pass


class Connection:
    def __init__(self, script, number, sock):
        self.script, self.sock, self.buffer = script, sock, b""
        self.steps = list(script.connections[number])
        self.tag = "*"
        self.errors = []
        greeting = (script.greetings[number]
                    if number < len(script.greetings)
                    else f"* OK [CAPABILITY {script.caps}] liar ready")
        self.say(greeting)

    def fill(self):
        data = self.sock.recv(65536)
        if not data:
            raise Gone
        self.buffer += data

    def line(self):
        while b"\r\n" not in self.buffer:
            self.fill()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("utf-8", "replace")

    def octets(self, count):
        while len(self.buffer) < count:
            self.fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def say(self, text):
        out = b""
        at = 0
        text = text.replace("TAG", self.tag).replace("\\r\\n", "\r\n")
        for m in re.finditer(r"\{([+=<])(?:(\d+) )?(m\d+(?:x\d+)?)\}", text):
            out += text[at:m.start()].encode()
            at = m.end()
            body = message(m[3])
            if m[1] == "<":
                out += f"{{{len(body)}}}\r\n".encode() + body[:int(m[2])]
                self.sock.sendall(out)
                return
            size = int(m[2]) if m[1] == "=" else len(body)
            out += f"{{{size}}}\r\n".encode() + body
        self.sock.sendall(out + text[at:].encode() + b"\r\n")

    def matches(self, text, word):
        if not self.steps or self.steps[0][0] != word:
            return False
        want = self.steps[0][1]
        pattern = ".*".join(re.escape(p) for p in want.split("*"))
        return re.fullmatch(pattern, text, re.S) is not None

    def react(self, literal):
        """The steps after a C or H. True: the command was answered."""
        answered = False
        while self.steps and self.steps[0][0] not in "CH":
            word, rest = self.steps.pop(0)
            if word == "S":
                self.say(rest)
                answered = answered or rest.startswith("TAG ")
            elif word == "read":
                self.octets(int(rest))
                literal -= int(rest)
            elif word == "drop":
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     b"\0" * 8)
                raise Gone
            elif word == "wait":
                while True:
                    self.fill()
            elif word == "eat":
                self.eat(literal)
                return True
        return answered

    def eat(self, literal):
        while True:
            self.octets(literal)
            m = re.search(r"\{(\d+)\+\}$", self.line())
            if not m:
                return
            literal = int(m[1])

    def command(self):
        text = self.line()
        self.tag, _, text = text.partition(" ")
        while True:
            m = re.search(r"\{(\d+)(\+?)\}$", text)
            if not m:
                return text
            size = int(m[1])
            if self.matches(text, "H"):
                self.steps.pop(0)
                if self.react(size):
                    return None
            if not m[2]:
                self.say("+ go on")
            body = self.octets(size)
            name = NAMES.get(body, f"?{size}")
            text = f"{text[:m.start()]}{{{name}{m[2]}}}{self.line()}"

    def usual(self, text):
        word = text.split(" ", 1)[0].upper()
        after = self.script.after or self.script.caps
        if word == "AUTHENTICATE" and text.count(" ") < 2:
            self.say("+ ")
            self.line()
        if word in ("LOGIN", "AUTHENTICATE"):
            self.say(f"TAG OK [CAPABILITY {after}] welcome")
        elif word == "CAPABILITY":
            self.say(f"* CAPABILITY {after}")
            self.say("TAG OK done")
        elif word == "ID":
            self.say('* ID ("name" "liar")')
            self.say("TAG OK done")
        elif word == "NAMESPACE":
            self.say(self.script.namespace)
            self.say("TAG OK done")
        elif word == "LIST":
            for line in self.script.lists:
                self.say(line)
            if "STATUS" in text:
                for line in self.script.statuses:
                    self.say(line)
            self.say("TAG OK done")
        elif word == "STATUS":
            name = text[7:text.rindex(" (")].strip('"')
            for line in self.script.statuses:
                if name in line:
                    self.say(line)
            self.say("TAG OK done")
        elif word in ("NOOP", "ENABLE"):
            self.say("TAG OK done")
        elif word == "LOGOUT":
            self.say("* BYE liar")
            self.say("TAG OK done")
        else:
            return False
        return True

    def run(self):
        try:
            self.react(0)
            while True:
                text = self.command()
                if text is None:
                    continue
                if self.matches(text, "C"):
                    self.steps.pop(0)
                    self.react(0)
                elif not self.usual(text):
                    want = self.steps[0] if self.steps else "nothing more"
                    self.errors.append(f"client said: {text}\n"
                                       f"  expected: {want}")
                    self.say("TAG BAD not in the transcript")
        except (Gone, ConnectionError):
            pass
        self.sock.close()
        for word, rest in self.steps:
            self.errors.append(f"never came to: {word} {rest}")
        return self.errors


def main():
    script = Script(sys.argv[1])
    errors = []
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    for number in range(len(script.connections)):
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if listener not in ready:
            errors.append(f"connection {number + 1} never came")
            break
        sock, _ = listener.accept()
        for e in Connection(script, number, sock).run():
            errors.append(f"connection {number + 1}: {e}")
    for e in errors:
        print(e, file=sys.stderr)
    sys.exit(1 if errors else 0)


main()
