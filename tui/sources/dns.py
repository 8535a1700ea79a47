"""Ask DNS for the addresses of one name: this machine's resolver, or a named server (RFC 1035 over UDP, one try).

The only question a trace asks of the network; it never raises, the answer says why there is none.
"""

from __future__ import annotations

import secrets
import socket
import struct
import threading

from pointsman.tui.answers.ranges import parse_ip
from pointsman.tui.answers.routes.request import Resolution

PORT = 53
KINDS = {1: socket.AF_INET, 28: socket.AF_INET6}
"""A and AAAA."""
CODES = {2: "failed to answer (SERVFAIL)", 3: "knows no such name", 5: "refuses to answer"}


def resolve(host: str, given: str, server: str, seconds: float) -> Resolution:
    """What is known of a host: an address needs no question, ``given`` is taken in place of one; else a server or this
    machine's resolver is asked."""
    if parse_ip(host) is not None:
        return Resolution()
    if given:
        return Resolution((given,), "--resolve")
    return ask(host, server, seconds) if server else ask_here(host, seconds)


def ask_here(host: str, seconds: float) -> Resolution:
    """The resolver of this machine, given so many seconds (it takes no limit itself, so it is left behind in a thread)."""
    source = "this machine's resolver"
    found: list[Resolution] = []

    def work() -> None:
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found.append(Resolution(tuple(dict.fromkeys(str(item[4][0]) for item in answers)), source))
        except (OSError, UnicodeError):
            found.append(Resolution((), source, f"{source} knows no address for it (another network's DNS may)"))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else Resolution(None, source, f"{source} did not answer within {seconds:g} s")


def ask(host: str, server: str, seconds: float, port: int = PORT) -> Resolution:
    """A named server, by its address."""
    addresses: list[str] = []
    for kind in KINDS:
        try:
            said = _exchange(host, kind, server, seconds, port)
        except TimeoutError:
            return Resolution(None, server, f"{server} did not answer within {seconds:g} s")
        except OSError as error:
            return Resolution(None, server, f"{server} cannot be asked: {error.strerror or error}")
        except (ValueError, struct.error, IndexError, UnicodeError):
            return Resolution(None, server, f"{server} gave an answer that is no DNS answer")
        if isinstance(said, str):
            return Resolution((), server, f"{server} {said}")
        addresses += said
    detail = "" if addresses else f"{server} knows the name, but no address for it"
    return Resolution(tuple(dict.fromkeys(addresses)), server, detail)


def _exchange(host: str, kind: int, server: str, seconds: float, port: int) -> list[str] | str:
    number = secrets.randbelow(1 << 16)
    labels = [part.encode("idna") if not part.isascii() else part.encode() for part in host.rstrip(".").split(".")]
    if any(not 0 < len(part) < 64 for part in labels):
        raise ValueError(host)
    name = b"".join(bytes([len(part)]) + part for part in labels) + b"\0"
    query = struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + name + struct.pack(">2H", kind, 1)
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as plug:
        plug.settimeout(seconds)
        plug.connect((server, port))
        plug.send(query)
        while True:
            answer = plug.recv(4096)
            if answer[:2] == query[:2]:
                return _read(answer, kind)


def _read(answer: bytes, kind: int) -> list[str] | str:
    """The addresses, or what the server says in their place."""
    _, flags, questions, count = struct.unpack(">4H", answer[:8])
    if flags & 15:
        return CODES.get(flags & 15, f"answers with the error code {flags & 15}")
    at = 12
    for _ in range(questions):
        at = _skip(answer, at) + 4
    found = []
    for _ in range(count):
        at = _skip(answer, at)
        type_, _, _, size = struct.unpack(">HHIH", answer[at : at + 10])
        if type_ == kind:
            found.append(socket.inet_ntop(KINDS[kind], answer[at + 10 : at + 10 + size]))
        at += 10 + size
    return found


def _skip(answer: bytes, at: int) -> int:
    """Past a name, which ends with a zero or with a pointer."""
    while True:
        size = answer[at]
        if size >= 0xC0:
            return at + 2
        at += size + 1
        if not size:
            return at
