"""What rules are matched against: an HTTP request or a TCP connection, as Traefik sees it when it routes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from pointsman.tui.answers.ranges import Address, parse_ip

KEPT = frozenset(":/?#[]@!$&'()*+,;=%")
"""Characters whose percent encoding stays in the path that rules see (RFC 3986 2.2, and the percent sign itself)."""
ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
BAD_ENCODING = re.compile(r"%(?![0-9A-Fa-f]{2})")
TOKEN_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
FORWARDED = ("X-Forwarded-Proto", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Server",
             "X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Prefix", "X-Forwarded-Tls-Client-Cert",
             "X-Forwarded-Tls-Client-Cert-Info", "X-Real-Ip")  # fmt: skip
"""What Traefik takes out of requests from clients it does not trust, before it routes."""


def canonical(name: str) -> str:
    """A header's name as Go keeps it (``x-api-key`` → ``X-Api-Key``)."""
    if not TOKEN_NAME.fullmatch(name):
        return name
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def bare_host(host: str) -> str:
    """The Host header without its port, in lower case."""
    text = host.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    if text.count(":") == 1:
        return text.partition(":")[0]
    return text


def routing_path(path: str) -> str:
    """The path that rules see: decoded, but for the encodings of reserved characters."""

    def decoded(match: re.Match[str]) -> str:
        byte = int(match[1], 16)
        # A reserved character stays encoded only in upper-case digits, as RFC 3986 writes it.
        if chr(byte) in KEPT and match[0] == match[0].upper():
            return match[0]
        return chr(byte)

    if "%" not in path:
        return path
    text = ENCODED.sub(decoded, path)
    # Bytes were put as characters one by one: together they are UTF-8.
    try:
        return "".join(text).encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def sanitized(path: str) -> str:
    """The path without ``..``, ``.`` and doubled slashes, as an entry point makes it before rules see it."""
    parts: list[str] = []
    pieces = path.split("/")
    for piece in pieces:
        if piece == "..":
            if parts:
                parts.pop()
        elif piece not in ("", "."):
            parts.append(piece)
    # Go's JoinPath keeps a closing slash only where the path was written with one.
    end = "/" if parts and path.endswith("/") else ""
    return "/" + "/".join(parts) + end


def queries(raw: str, *, semicolons: bool = True) -> dict[str, list[str]]:
    """The query as Go reads it, in which a semicolon separates like ``&`` (entry points allow that)."""
    found: dict[str, list[str]] = {}
    for piece in (raw.replace(";", "&") if semicolons else raw).split("&"):
        if not piece or ";" in piece or BAD_ENCODING.search(piece):
            continue
        key, _, value = piece.partition("=")
        found.setdefault(unquote_plus(key), []).append(unquote_plus(value))
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """An HTTP request. ``host`` is bare and in lower case, ``path`` is what rules see, ``headers`` have Go's names.

    ``client`` is the address Traefik sees as the other end; None where it is not known.
    """

    method: str = "GET"
    host: str = ""
    path: str = "/"
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, list[str]] = field(default_factory=dict)
    client: Address | None = None
    raw_query: str = ""

    @classmethod
    def of(
        cls,
        host: str,
        path: str = "/",
        raw_query: str = "",
        method: str = "GET",
        headers: Iterable[tuple[str, str]] = (),
        client: str = "",
        *,
        sanitize: bool = True,
    ) -> Asked:
        """From a request as it is sent. A ``Host`` header replaces ``host``; X-Forwarded headers are dropped, as Traefik
        drops them."""
        table: dict[str, list[str]] = {}
        for name, value in headers:
            table.setdefault(canonical(name), []).append(value.strip())
        host = table.pop("Host", [host])[0]
        for name in FORWARDED:
            table.pop(name, None)
        clean = path.partition("#")[0] or "/"
        return cls(
            method,
            bare_host(host),
            routing_path(sanitized(clean) if sanitize else clean),
            queries(raw_query),
            table,
            parse_ip(client),
            raw_query,
        )


@dataclass(frozen=True, slots=True)
class Connection:
    """A TCP connection. ``sni`` is in lower case; empty without TLS or without a name."""

    sni: str = ""
    client: Address | None = None
    alpn: tuple[str, ...] = ()
