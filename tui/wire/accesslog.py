"""Traefik's access log, a line at a time, as flows: JSON (told from the general log by ``RequestMethod``) and the common form.

A line tells of one request that was answered. Keys that are absent stay unknown: without a router nothing matched, without
a service Traefik itself answered (a redirect, a 401 of a middleware, a 404), and then it cannot be said that it was
forwarded. A flow here is L7; the backend is the destination, the client the source.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

import msgspec

from pointsman.tui.model.flows import L7, TRAEFIK_LOG, Flow, Peer, mask_url
from pointsman.tui.wire import hubble

LONGEST_LINE: Final = 64 * 1024
OWN_MAKING: Final = (502, 503, 504)
"""What Traefik answers for a backend that it does not reach, and logs as if it were the backend's own: whether there was
an answer is left open."""
_COMMON: Final = re.compile(
    r'(?P<host>\S+) - (?P<user>\S+) \[(?P<at>[^\]]{20,40})\] "(?P<method>\S+) (?P<path>\S*) (?P<protocol>[^"]*)" '
    r'(?P<status>\d{3}|-) (?P<size>\d+|-) "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)" '
    r'(?P<count>\d+|-) "(?P<router>[^"]*)" "(?P<server>[^"]*)" (?P<took>\d+(?:\.\d+)?)ms\s*'
)
_document = msgspec.json.Decoder()


def parse_line(line: bytes, node: str = "") -> Flow | None:
    """The flow of a line of a Traefik pod's log; None for a line of the general log, or one that is not understood.

    ``node`` is where the pod runs.
    """
    if len(line) > LONGEST_LINE:
        return None
    text = line.strip()
    if text.startswith(b"{"):
        try:
            found = _document.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return _from_json(found, text, node) if isinstance(found, dict) and "RequestMethod" in found else None
    match = _COMMON.fullmatch(text.decode("utf-8", "replace"))
    return None if match is None else _from_common(match, text, node)


def _from_json(found: dict[str, Any], line: bytes, node: str) -> Flow:
    def text(key: str) -> str:
        value = found.get(key)
        return value if isinstance(value, str) else ""

    def number(key: str) -> int | None:
        value = found.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

    client = text("ClientAddr")
    host, port = _address(client) if client else (text("ClientHost"), None)
    service = text("ServiceName")
    backend = text("ServiceAddr") or _authority(text("ServiceURL"))
    path = text("RequestPath")
    asked = text("RequestHost") or text("RequestAddr")
    scheme = text("RequestScheme")
    clear = f"{scheme}://{asked}{path}" if scheme and asked else f"{asked}{path}"
    router = text("RouterName")
    return _flow(
        ns=_instant(text("StartUTC") or text("time")),
        client=(host or text("ClientHost"), port),
        backend=backend,
        node=node,
        line=line,
        reached=bool(number("OriginStatus")) and number("OriginStatus") not in OWN_MAKING,
        l7=L7(
            "http",
            "RESPONSE",
            number("Duration"),
            number("DownstreamStatus"),
            text("RequestMethod"),
            mask_url(clear),
            text("RequestProtocol"),
            entry_point=text("entryPointName"),
            router=router,
            service=service,
            backend=backend,
            size=number("DownstreamContentSize"),
        ),
        masked=mask_url(clear) != clear or any(key.startswith(("request_", "downstream_")) for key in found),
    )


def _from_common(match: re.Match[str], line: bytes, node: str) -> Flow:
    try:
        at: int | None = int(datetime.strptime(match["at"], "%d/%b/%Y:%H:%M:%S %z").timestamp()) * 10**9
    except ValueError:
        at = None
    server = "" if match["server"] == "-" else match["server"]
    url = mask_url(match["path"])
    status = None if match["status"] == "-" else int(match["status"])
    return _flow(
        ns=at,
        client=(match["host"], None),
        backend=_authority(server),
        node=node,
        line=line,
        # The common form does not tell the backend's own status; with a server's address one was asked.
        reached=bool(server) and status not in OWN_MAKING,
        l7=L7(
            "http",
            "RESPONSE",
            round(float(match["took"]) * 1e6),
            status,
            match["method"],
            url,
            match["protocol"],
            router="" if match["router"] == "-" else match["router"],
            backend=_authority(server),
            size=None if match["size"] == "-" else int(match["size"]),
        ),
        masked=url != match["path"],
    )


def _flow(
    *,
    ns: int | None,
    client: tuple[str, int | None],
    backend: str,
    node: str,
    line: bytes,
    reached: bool,
    l7: L7,
    masked: bool,
) -> Flow:
    host, port = _address(backend) if backend else ("", None)
    took = "" if l7.latency_ns is None else f" {l7.latency_ns / 1e6:.0f}ms"
    return Flow(
        TRAEFIK_LOG,
        ns,
        "FORWARDED" if reached else "VERDICT_UNKNOWN",
        "ingress",
        Peer(ip=client[0], port=client[1]),
        Peer(ip=host, port=port),
        "TCP",
        "http-response",
        hubble.ACCESS_LOG,
        summary=f"{l7.protocol or 'HTTP'} {l7.code or '-'}{took} ({l7.method} {l7.url})",
        is_reply=False,
        node=node,
        l7=l7,
        masked=masked,
        raw=line,
    )


def _address(text: str) -> tuple[str, int | None]:
    """``10.0.0.7:8080``, ``[fd00::1]:80`` or a bare address."""
    host, colon, port = text.rpartition(":")
    if colon and port.isdecimal() and len(port) <= 5 and (host.startswith("[") or ":" not in host):
        return host.strip("[]"), int(port)
    return text.strip("[]"), None


def _authority(url: str) -> str:
    return url.partition("://")[2].partition("/")[0] if "://" in url else url


def _instant(text: str) -> int | None:
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", text)
    if match is None:
        return None
    try:
        zone = "+00:00" if match[3] == "Z" else match[3]
        return int(datetime.fromisoformat(match[1] + zone).timestamp()) * 10**9 + int((match[2] or "0").ljust(9, "0"))
    except ValueError:
        return None
