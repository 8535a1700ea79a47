"""What a trace is asked for: a URL, ``tcp://host:port`` or ``udp://host:port``, and what goes with it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pointsman.tui.answers.ranges import parse_ip
from pointsman.tui.answers.routes.language.requests import TOKEN_NAME

SCHEMES = {"http": 80, "https": 443, "tcp": 0, "udp": 0}
HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_*-]+(\.[A-Za-z0-9_-]+)*\.?")
MOST = 8192
"""Characters of a URL; proxies refuse longer ones too."""


class RequestError(ValueError):
    """Words that are no request; the text is a sentence without its full stop."""


@dataclass(frozen=True, slots=True)
class Request:
    """``host`` is a name or an address, ``client`` the address it comes from (empty: not known), ``sni`` the TLS name of a
    TCP connection (None: no TLS)."""

    scheme: str
    host: str
    port: int
    path: str = "/"
    query: str = ""
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    client: str = ""
    sni: str | None = None
    url: str = ""

    @property
    def http(self) -> bool:
        return self.scheme in ("http", "https")

    @property
    def protocol(self) -> str:
        return "udp" if self.scheme == "udp" else "tcp"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What DNS says. ``addresses`` None: nobody asked; empty: the name has none. ``source`` says who said it."""

    addresses: tuple[str, ...] | None = None
    source: str = ""
    detail: str = ""


def parse_request(
    text: str, method: str = "GET", headers: tuple[str, ...] = (), client: str = "", sni: str | None = None
) -> Request:
    """Read the words of a request. Raises RequestError."""
    if len(text) > MOST:
        raise RequestError(f"the URL has {len(text):,} characters; {MOST:,} are the most")
    if any(ord(sign) < 33 or ord(sign) == 127 for sign in text.strip()):
        raise RequestError("the URL holds blanks or control characters")
    text = text.strip()
    scheme, mark, rest = text.partition("://")
    if not mark:
        scheme, rest = "https", text
    scheme = scheme.lower()
    if scheme not in SCHEMES:
        raise RequestError(f"unknown scheme {scheme}:// (http, https, tcp, udp)")
    cut = re.search(r"[/?#]", rest)
    where, tail = (rest[: cut.start()], rest[cut.start() :]) if cut else (rest, "")
    if "@" in where:
        raise RequestError("a URL with user and password is not traced; use --header 'Authorization: …'")
    host, port = _place(where, scheme)
    target = tail.partition("#")[0]
    path, _, query = target.partition("?")
    if scheme in ("tcp", "udp") and (path not in ("", "/") or query):
        raise RequestError(f"{scheme}:// takes host and port, no path")
    if client and parse_ip(client) is None:
        raise RequestError(f"--client-ip {client!r} is not an address")
    method = method.upper()
    if not TOKEN_NAME.fullmatch(method):
        raise RequestError(f"{method!r} is not a method")
    if sni is None and scheme == "https":
        sni = host if parse_ip(host) is None else ""
    return Request(scheme, host, port, path or "/", query, method, tuple(map(_header, headers)), client, sni, text)


def _place(where: str, scheme: str) -> tuple[str, int]:
    if where.startswith("["):
        host, close, rest = where[1:].partition("]")
        port = rest.removeprefix(":")
        if not close or (rest and not rest.startswith(":")) or parse_ip(host) is None:
            raise RequestError(f"{where!r} is not an address in brackets")
    else:
        host, _, port = where.partition(":")
    if not host or not (HOST.fullmatch(host) or parse_ip(host) is not None):
        raise RequestError(f"{host!r} is not a host name or address")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise RequestError(f"{port!r} is not a port")
    if not port and not SCHEMES[scheme]:
        raise RequestError(f"{scheme}:// needs a port ({scheme}://{host}:22)")
    return host.lower(), int(port) if port else SCHEMES[scheme]


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not TOKEN_NAME.fullmatch(name.strip()) or any(sign in text for sign in "\r\n\0"):
        raise RequestError(f"{text!r} is not a header ('Name: value')")
    return name.strip(), value.strip()
